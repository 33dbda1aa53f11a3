"""Presses of Approve: how soon they are durable when 500 come every second, and how many there can be."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.figures import Figure, in_turns
from benchmarks.samples import bare_database, open_bot, pages, unreachable, write_config
from botcore.adapter import Actor
from botcore.app import Bot
from botcore.models import Role, Verdict
from botcore.review import Ask, decide
from botcore.store.sqlite import SqliteTx, connect
from botcore.text import short_id
from botcore.ui import Result

OFFERED, PACED = 500, 750  # presses a second, and how many
MANY, AT_ONCE = 1500, 64  # presses, and people who press again as soon as they are answered

ROB = Actor("web", "rob", "Rob")  # a person kept in the database, so that his role is looked up there

TABLES = """
CREATE TABLE people (user_id TEXT PRIMARY KEY, role TEXT NOT NULL);
CREATE TABLE submissions (id INTEGER PRIMARY KEY, revision INTEGER NOT NULL, state TEXT NOT NULL);
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY, submission INTEGER NOT NULL UNIQUE, verdict TEXT NOT NULL, person TEXT NOT NULL,
    decided_at INTEGER NOT NULL);
INSERT INTO people VALUES ('rob', 'reviewer');
"""

ROLE = "SELECT role FROM people JOIN identities ON person = name WHERE adapter = 'web' AND user_id = :user"

Press = Callable[[int], Awaitable[None]]
Offer = Callable[[Press, Sequence[int]], Awaitable[float]]


async def presses(folder: Path) -> list[Figure]:
    """Beside two handlers that know no people but by a look-up, and commit each press by itself: one writes all that
    a decision of ours writes (its audit, its rating that is to leave, its card that is to change), one two rows."""
    names = (f"presses-{number}" for number in itertools.count())
    paced = await in_turns(
        lambda: _ours(folder, next(names), PACED, _paced, started=True),
        lambda: _two_rows(folder / f"{next(names)}.db", PACED, _paced),
        rounds=3,
    )
    rounds = [
        (
            await _ours(folder, next(names), MANY, _saturated, started=False),
            await _same_rows(folder, next(names), MANY, _saturated),
            await _two_rows(folder / f"{next(names)}.db", MANY, _saturated),
        )
        for _ in range(5)
    ]
    ours, same, two = (statistics.median(column) for column in zip(*rounds, strict=True))
    what = "presses, saturated"
    return [
        Figure(
            what="press at 500/s, median",
            ours=paced[0],
            baseline=paced[1],
            unit="ms",
            of="of two rows and a commit",
            most=50,
        ),
        Figure(what=what, ours=ours, baseline=same, unit="/s", of="of the same rows and a commit", least_ratio=2),
        Figure(what=what, ours=ours, baseline=two, unit="/s", of="of two rows and a commit"),
    ]


async def _ours(folder: Path, name: str, count: int, offer: Offer, *, started: bool) -> float:
    async with open_bot(write_config(folder, name, unreachable(["one"])), started=started) as bot:
        await bot.people.add("rob", Role.REVIEWER, {"web": "rob"}, by="ana", now=0)
        for page in pages("one", count, pictured=False):
            await bot.intake.ingest(page)

        async def press(number: int) -> None:
            reply = await bot.dispatcher.press(ROB, f"approve:{short_id(number)}:0")
            if reply.result is not Result.DONE:
                raise RuntimeError(reply.text)

        return await offer(press, await _waiting(bot))


async def _same_rows(folder: Path, name: str, count: int, offer: Offer) -> float:
    async with open_bot(write_config(folder, name, unreachable(["one"]))) as bot:
        await bot.people.add("rob", Role.REVIEWER, {"web": "rob"}, by="ana", now=0)
        for page in pages("one", count, pictured=False):
            await bot.intake.ingest(page)
        limits = bot.limits
    with closing(connect(folder / f"{name}.db")) as conn:
        tx = SqliteTx(conn)

        async def press(number: int) -> None:
            ask = Ask(submission=number, verdict=Verdict.APPROVE, person="rob", via="web", hold_ms=600_000, revision=0)
            conn.execute("BEGIN IMMEDIATE")
            if tx.value(ROLE, user="rob") != "reviewer":
                raise RuntimeError("rob may not")
            decide(tx, ask, limits, time.time_ns() // 1_000_000)
            conn.execute("COMMIT")

        return await offer(press, range(1, count + 1))


async def _two_rows(path: Path, count: int, offer: Offer) -> float:
    with closing(bare_database(path)) as conn:
        conn.executescript(TABLES)
        conn.executemany("INSERT INTO submissions VALUES (?, 0, 'shown')", [(n,) for n in range(1, count + 1)])

        async def press(number: int) -> None:
            _decide(conn, number, "rob")

        return await offer(press, range(1, count + 1))


def _decide(conn: sqlite3.Connection, number: int, user_id: str) -> None:
    conn.execute("BEGIN IMMEDIATE")
    role = conn.execute("SELECT role FROM people WHERE user_id = ?", (user_id,)).fetchone()
    found = conn.execute("SELECT revision, state FROM submissions WHERE id = ?", (number,)).fetchone()
    if role != ("reviewer",) or found != (0, "shown"):
        raise RuntimeError("it cannot be decided")
    conn.execute(
        "INSERT INTO decisions (submission, verdict, person, decided_at) VALUES (?, 'approve', ?, ?)",
        (number, user_id, time.time_ns() // 1_000_000),
    )
    conn.execute("UPDATE submissions SET state = 'decided' WHERE id = ?", (number,))
    conn.execute("COMMIT")


async def _waiting(bot: Bot) -> list[int]:
    rows = await bot.store.read(lambda r: r.q("SELECT id FROM submissions ORDER BY id"))
    return [row["id"] for row in rows]


async def _paced(press: Press, numbers: Sequence[int]) -> float:
    """The median in ms from when a press was due to its answer: one that has to wait for others waited too."""
    began = time.perf_counter()
    times: list[float] = []

    async def one(number: int, due: float) -> None:
        await press(number)
        times.append(time.perf_counter() - due)

    async with asyncio.TaskGroup() as tasks:
        for i, number in enumerate(numbers):
            due = began + i / OFFERED
            if (left := due - time.perf_counter()) > 0:
                await asyncio.sleep(left)
            tasks.create_task(one(number, due))
    return statistics.median(times) * 1000


async def _saturated(press: Press, numbers: Sequence[int]) -> float:
    """Presses a second."""
    left = iter(numbers)

    async def reviewer(left: Iterable[int]) -> None:
        for number in left:
            await press(number)

    began = time.perf_counter()
    await asyncio.gather(*(reviewer(left) for _ in range(AT_ONCE)))
    return len(numbers) / (time.perf_counter() - began)
