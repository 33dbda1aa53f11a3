"""From a press of Approve to a decision that survives a power cut, in a bot that has nothing else to do."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import time
from contextlib import closing
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.town import town
from botcore.adapter import Actor
from botcore.app import Bot
from botcore.config import load_config
from botcore.host import Host
from botcore.store.port import Reader
from botcore.text import short_id
from botcore.ui import Result

PRESSES = 200
ANA = Actor("web", "ana", "Ana")


async def press(folder: Path) -> Figure:
    """The median, beside that of a commit of one row to a database on the same disk."""
    async with town(folder, "press", waiting=PRESSES) as config:
        host = Host()
        host.load()
        bot = await Bot.open(load_config(config), host)
        try:
            await bot.start()
            times = [await _press(bot, number) for number in await _submissions(bot)]
        finally:
            await bot.stop()
    worst = sorted(times)[int(len(times) * 0.95)]
    return Figure(
        "press to durable decision",
        statistics.median(times),
        5,
        "ms",
        _bare_commits(folder / "bare.db"),
        "for a bare commit",
        note=f"95 % within {worst:.3g}",
    )


async def _submissions(bot: Bot) -> list[int]:
    while len(found := await bot.store.read(_waiting)) < PRESSES:  # noqa: ASYNC110 - the bot reads at its own pace
        await asyncio.sleep(0.1)
    return found


def _waiting(reader: Reader) -> list[int]:
    return [row["id"] for row in reader.q("SELECT id FROM submissions WHERE state IN ('new', 'shown') ORDER BY id")]


async def _press(bot: Bot, number: int) -> float:
    """Milliseconds; waits first until the last card has been redrawn."""
    await bot.engine.idle()
    began = time.perf_counter()
    reply = await bot.dispatcher.press(ANA, f"approve:{short_id(number)}:0")
    taken = time.perf_counter() - began
    if reply.result is not Result.DONE:
        raise RuntimeError(reply.text)
    return taken * 1000


def _bare_commits(path: Path) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA synchronous = FULL")
        conn.execute("CREATE TABLE decisions (id INTEGER PRIMARY KEY, verdict TEXT)")
        return statistics.median(_commit(conn) for _ in range(PRESSES))


def _commit(conn: sqlite3.Connection) -> float:
    began = time.perf_counter()
    conn.execute("BEGIN IMMEDIATE")
    conn.execute("INSERT INTO decisions (verdict) VALUES ('approve')")
    conn.execute("COMMIT")
    return (time.perf_counter() - began) * 1000
