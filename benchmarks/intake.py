"""Submissions that polls of three accounts bring at once: how many a second become durable."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.figures import Figure, in_turns
from benchmarks.samples import bare_database, open_bot, pages, unreachable, write_config
from botcore.clock import to_ms
from botcore.intake import Intake
from botcore.models import Submission
from botcore.store.codec import dump

ACCOUNTS = ("one", "two", "three")
EACH = 1500

TABLE = """
CREATE TABLE submissions (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, job_id TEXT NOT NULL, task_id TEXT NOT NULL,
    revision INTEGER NOT NULL, worker_id TEXT NOT NULL, submitted_at INTEGER NOT NULL, deadline INTEGER, price TEXT,
    country TEXT NOT NULL, ip_address TEXT NOT NULL, data TEXT NOT NULL, UNIQUE (account, task_id, revision))
"""
INSERT = """
INSERT INTO submissions (account, job_id, task_id, revision, worker_id, submitted_at, deadline, price, country,
    ip_address, data)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, task_id, revision) DO NOTHING
"""


async def intake(folder: Path) -> list[Figure]:
    """Beside one row and one commit for each, in a table with one key: no flags, no pictures, no cards."""
    work = {name: pages(name, EACH) for name in ACCOUNTS}
    names = (f"intake-{number}" for number in itertools.count())
    ours, bare = await in_turns(
        lambda: _ours(folder, next(names), work),
        lambda: _bare(folder / f"{next(names)}.db", work),
    )
    return [
        Figure(
            what="durable intake",
            ours=ours,
            baseline=bare,
            unit="/s",
            of="of one row and one commit",
            least=5000,
            least_ratio=1,
        )
    ]


async def _ours(folder: Path, name: str, work: dict[str, list[list[Submission]]]) -> float:
    async with open_bot(write_config(folder, name, unreachable(ACCOUNTS))) as bot:
        began = time.perf_counter()
        await asyncio.gather(*(_account(bot.intake, account) for account in work.values()))
        return EACH * len(work) / (time.perf_counter() - began)


async def _account(intake: Intake, work: Sequence[Sequence[Submission]]) -> None:
    for page in work:
        await intake.ingest(page)


async def _bare(path: Path, work: dict[str, list[list[Submission]]]) -> float:
    rows = [_row(submission) for account in work.values() for page in account for submission in page]
    with closing(bare_database(path)) as conn:
        conn.execute(TABLE)
        began = time.perf_counter()
        for row in rows:
            conn.execute("BEGIN IMMEDIATE")
            conn.execute(INSERT, row)
            conn.execute("COMMIT")
        return len(rows) / (time.perf_counter() - began)


def _row(s: Submission) -> tuple[object, ...]:
    times = (to_ms(s.submitted_at), to_ms(s.deadline) if s.deadline else None)
    who = (s.account, s.job_id, s.task_id, s.revision, s.worker_id)
    return (*who, *times, str(s.price), s.country, s.ip_address, dump(s))
