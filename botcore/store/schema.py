"""The core's tables. Moments are INTEGER milliseconds since the epoch; money is TEXT, a plain decimal."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

core = Migrations("core")

WORK = """
CREATE TABLE work (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    part TEXT NOT NULL,
    prio INTEGER NOT NULL,
    not_before INTEGER NOT NULL,            -- while it is running: the end of time
    args TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 0      -- counts its puts: put again while it ran, it runs once more
) STRICT;
CREATE INDEX work_due ON work (not_before);
CREATE INDEX work_order ON work (prio, not_before, id);
"""

MARKETPLACE = """
CREATE TABLE accounts (
    name TEXT PRIMARY KEY,
    next_call_at INTEGER NOT NULL DEFAULT 0,
    polled_at INTEGER,                      -- last poll that read all it meant to
    swept_at INTEGER,                       -- last complete read of everything unrated
    spendable TEXT,
    balance_at INTEGER
) STRICT;

CREATE TABLE jobs (
    account TEXT NOT NULL,
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    data TEXT NOT NULL,                     -- models.Job as JSON
    read_at INTEGER NOT NULL,
    read_done INTEGER,                      -- how much of it was done at the last complete read of its unrated work
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE submissions (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    job_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    worker_id TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'new' CHECK (state IN
        ('new', 'shown', 'decided', 'rated', 'elsewhere', 'lapsed', 'superseded')),
    state_note TEXT NOT NULL DEFAULT '',
    submitted_at INTEGER NOT NULL,
    deadline INTEGER,
    price TEXT,
    country TEXT NOT NULL,
    ip_address TEXT NOT NULL,
    data TEXT NOT NULL,                     -- models.Submission as JSON
    received_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,               -- last read of the marketplace that had it as unrated
    missed INTEGER NOT NULL DEFAULT 0,      -- complete reads in a row without it
    UNIQUE (account, task_id, revision)
) STRICT;
CREATE INDEX submissions_open ON submissions (account, job_id, submitted_at) WHERE state IN ('new', 'shown', 'decided');
CREATE INDEX submissions_worker ON submissions (worker_id, account);
CREATE INDEX submissions_task ON submissions (task_id);

CREATE TABLE hints (                        -- what webhooks made worth reading
    account TEXT NOT NULL,
    job_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    PRIMARY KEY (account, job_id, task_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE worker_records (
    account TEXT NOT NULL,
    worker_id TEXT NOT NULL,
    approved INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    revised INTEGER NOT NULL DEFAULT 0,
    blocked INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, worker_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE prints (                       -- fingerprints, for exact copies
    kind TEXT NOT NULL,                     -- text | picture | ip
    print TEXT NOT NULL,
    submission INTEGER NOT NULL REFERENCES submissions (id),
    PRIMARY KEY (kind, print, submission)
) STRICT, WITHOUT ROWID;
CREATE INDEX prints_submission ON prints (submission);

CREATE TABLE flags (
    submission INTEGER NOT NULL REFERENCES submissions (id),
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (submission, kind, text)
) STRICT, WITHOUT ROWID;

CREATE TABLE pictures (
    url TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('loading', 'ready', 'refused')),
    sha256 TEXT,
    media_type TEXT,
    width INTEGER,
    height INTEGER,
    bytes INTEGER,
    note TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0,
    fetched_at INTEGER,
    used_at INTEGER
) STRICT;
CREATE INDEX pictures_sha256 ON pictures (sha256);

CREATE TABLE submission_pictures (
    submission INTEGER NOT NULL REFERENCES submissions (id),
    url TEXT NOT NULL,
    PRIMARY KEY (submission, url)
) STRICT, WITHOUT ROWID;
CREATE INDEX submission_pictures_url ON submission_pictures (url);
"""

MONEY = """
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY,
    submission INTEGER NOT NULL REFERENCES submissions (id),
    verdict TEXT NOT NULL CHECK (verdict IN ('approve', 'revise', 'reject')),
    satisfaction TEXT,
    comment TEXT NOT NULL DEFAULT '',
    bonus TEXT NOT NULL DEFAULT '0',
    person TEXT NOT NULL,
    via TEXT NOT NULL,                      -- the adapter it was made in
    decided_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,                -- until then it can be undone
    state TEXT NOT NULL CHECK (state IN
        ('held', 'undone', 'overtaken', 'due', 'sending', 'confirmed', 'refused', 'in doubt')),
    sent_at INTEGER,
    settled_at INTEGER,
    message TEXT NOT NULL DEFAULT '',       -- the marketplace's words, or ours
    unverified TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0,       -- sends that ended in doubt
    batch INTEGER NOT NULL DEFAULT 0,       -- how many left together, last time
    reads INTEGER NOT NULL DEFAULT 0,       -- complete reads in this doubt that did not settle it
    said_no INTEGER NOT NULL DEFAULT 0,     -- the marketplace refused it; asked what happened before that counts
    asks TEXT                               -- why it waits for a person, where it does
) STRICT;
CREATE UNIQUE INDEX one_decision ON decisions (submission) WHERE state NOT IN ('undone', 'refused');
CREATE INDEX decisions_open ON decisions (state, due_at) WHERE state IN ('held', 'due', 'sending', 'in doubt');
CREATE INDEX decisions_person ON decisions (person, decided_at);
CREATE INDEX decisions_submission ON decisions (submission);

CREATE TABLE operations (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    args TEXT NOT NULL,
    summary TEXT NOT NULL,                  -- what it will do, in a sentence
    cost TEXT NOT NULL DEFAULT '0',
    person TEXT NOT NULL,
    via TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('quoted', 'cancelled', 'confirmed', 'sending', 'done', 'refused', 'in doubt')),
    created_at INTEGER NOT NULL,
    confirmed_by TEXT,
    confirmed_at INTEGER,
    sent_at INTEGER,
    settled_at INTEGER,
    tries INTEGER NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX operations_open ON operations (state) WHERE state IN ('confirmed', 'sending', 'in doubt');

CREATE TABLE spending (                     -- what counts toward the day's limit
    ref TEXT PRIMARY KEY,                   -- decision:7 | operation:3
    day TEXT NOT NULL,                      -- the date in the bot's time zone
    amount TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spending_day ON spending (day);
"""

MESSENGERS = """
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    adapter TEXT NOT NULL,
    subject TEXT NOT NULL,                  -- submission:31 | operation:3
    state TEXT NOT NULL CHECK (state IN ('due', 'sending', 'sent', 'edit due', 'editing', 'in doubt', 'gone')),
    ref TEXT,                               -- ui.MessageRef as JSON, once sent
    wanted INTEGER NOT NULL DEFAULT 1,      -- counts the changes of what it is about
    shown INTEGER NOT NULL DEFAULT 0,       -- the change that was drawn last
    created_at INTEGER NOT NULL,
    sent_at INTEGER,
    note TEXT NOT NULL DEFAULT '',
    UNIQUE (channel, subject)
) STRICT;
CREATE INDEX deliveries_subject ON deliveries (subject);
CREATE INDEX deliveries_open ON deliveries (state) WHERE state NOT IN ('sent', 'gone');

CREATE TABLE people (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    added_by TEXT NOT NULL,
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE identities (
    adapter TEXT NOT NULL,
    user_id TEXT NOT NULL,
    person TEXT NOT NULL REFERENCES people (name) ON DELETE CASCADE,
    PRIMARY KEY (adapter, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (                        -- who did what, when
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    person TEXT NOT NULL,
    via TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE cache (                        -- catalogues and the like, with their age
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""


def run_statements(db: Database, script: str) -> None:
    """Runs a script statement by statement (`executescript` would commit the migration's transaction)."""
    for statement in script.split(";\n"):
        if statement.strip():
            db.execute(statement)


@core()
def first(db: Database) -> None:
    for script in (WORK, MARKETPLACE, MONEY, MESSENGERS):
        run_statements(db, script)
