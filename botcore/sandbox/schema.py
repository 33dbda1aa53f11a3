"""The tables of the simulated world. Money is in ten-thousandths of a dollar, time in ms since the epoch."""

from __future__ import annotations

VERSION = 3

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS account (
    name TEXT PRIMARY KEY, provider TEXT NOT NULL,
    user_id TEXT NOT NULL, api_secret TEXT NOT NULL, webhook_secret TEXT NOT NULL,
    spendable INTEGER NOT NULL DEFAULT 0 CHECK (spendable >= 0), earned INTEGER NOT NULL DEFAULT 0,
    webhook_url TEXT NOT NULL DEFAULT '', signature_secret TEXT
);

CREATE TABLE IF NOT EXISTS job (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, created_ms INTEGER NOT NULL,
    status TEXT NOT NULL, stopped INTEGER NOT NULL DEFAULT 0,
    title TEXT NOT NULL, price INTEGER NOT NULL,
    positions INTEGER NOT NULL, filled INTEGER NOT NULL DEFAULT 0,
    reserved INTEGER NOT NULL CHECK (reserved >= 0), ttr_days INTEGER NOT NULL, per_worker INTEGER NOT NULL,
    countries TEXT NOT NULL, excluded TEXT NOT NULL, list_id INTEGER, slots TEXT NOT NULL, data TEXT NOT NULL,
    started_ms INTEGER NOT NULL DEFAULT 0, remembers_after INTEGER NOT NULL DEFAULT 0,
    pace_most INTEGER, pace_ms INTEGER, reason TEXT NOT NULL DEFAULT '', dry INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS job_account ON job (account, n);

CREATE TABLE IF NOT EXISTS job_change (
    n INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, job_id TEXT NOT NULL, status TEXT NOT NULL,
    at_ms INTEGER NOT NULL, announced INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS job_change_unannounced ON job_change (account) WHERE announced = 0;

CREATE TABLE IF NOT EXISTS task (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, job_id TEXT NOT NULL,
    worker_id TEXT NOT NULL, country TEXT NOT NULL, ip TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('unrated', 'revise', 'ok', 'not_ok', 'reported')),
    revision INTEGER NOT NULL DEFAULT 0, finished_ms INTEGER NOT NULL, proofs TEXT NOT NULL,
    announced INTEGER NOT NULL, comment TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS task_job_worker ON task (job_id, worker_id);
CREATE INDEX IF NOT EXISTS task_job_n ON task (job_id, n);
CREATE INDEX IF NOT EXISTS task_unrated ON task (account, job_id, n) WHERE state = 'unrated';
CREATE INDEX IF NOT EXISTS task_unannounced ON task (account) WHERE announced = 0;

CREATE TABLE IF NOT EXISTS revision (
    task_id TEXT NOT NULL, number INTEGER NOT NULL, finished_ms INTEGER NOT NULL,
    proofs TEXT NOT NULL, comment TEXT NOT NULL, PRIMARY KEY (task_id, number)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS picture (id TEXT PRIMARY KEY, recipe TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS worker (
    n INTEGER NOT NULL, provider TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, country TEXT NOT NULL,
    ip TEXT NOT NULL, habit TEXT NOT NULL, PRIMARY KEY (provider, n), UNIQUE (provider, id)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS list (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL,
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS member (
    n INTEGER PRIMARY KEY, list_id INTEGER NOT NULL, worker_id TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '', added_ms INTEGER NOT NULL, UNIQUE (list_id, worker_id)
);
CREATE TABLE IF NOT EXISTS blocked (
    account TEXT NOT NULL, worker_id TEXT NOT NULL, PRIMARY KEY (account, worker_id)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS quirk (
    account TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (account, name)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS ledger (
    n INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, account TEXT NOT NULL,
    kind TEXT NOT NULL, made_by TEXT NOT NULL, data TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS agenda (
    n INTEGER PRIMARY KEY AUTOINCREMENT, due_ms INTEGER NOT NULL, account TEXT NOT NULL,
    kind TEXT NOT NULL, subject TEXT NOT NULL, data TEXT NOT NULL, UNIQUE (account, kind, subject)
);
CREATE INDEX IF NOT EXISTS agenda_due ON agenda (due_ms, n);

CREATE TABLE IF NOT EXISTS webhook_post (
    n INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, news TEXT NOT NULL,
    created_ms INTEGER NOT NULL, next_ms INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'given up', 'dropped'))
);
CREATE INDEX IF NOT EXISTS webhook_post_due ON webhook_post (next_ms) WHERE state = 'waiting';
"""
