"""What people wait for, in a database with a long past beside one with a short one; 200 wait in both."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession, CookieJar

from benchmarks.figures import Figure
from benchmarks.old import add_old
from benchmarks.samples import open_bot, pages, unreachable, write_config
from botcore.adapter import Actor
from botcore.app import Bot
from botcore.text import short_id
from botcore.ui import Result

LONG, SHORT = 1_000_000, 10_000
WAITING = 200
TIMES = 60
ANA = Actor("web", "ana", "Ana")


@dataclass(frozen=True, slots=True)
class Past:
    """A bot with a past, and somebody at its page."""

    bot: Bot
    visitor: ClientSession
    waiting: Sequence[int]

    async def pending(self, turn: int) -> None:
        _done((await self.bot.dispatcher.command(ANA, "pending")).result)

    async def press(self, turn: int) -> None:
        _done((await self.bot.dispatcher.press(ANA, f"approve:{short_id(self.waiting[turn])}:0")).result)

    async def page(self, turn: int) -> None:
        async with self.visitor.get(f"{self.bot.url}/", raise_for_status=True) as response:
            await response.read()


async def history(folder: Path) -> list[Figure]:
    """One after the other at both, in turns, once what the last one set off is done."""
    async with _past(folder, "short", SHORT) as short, _past(folder, "long", LONG) as long:
        return [
            await _compare("`pending`", long.pending, short.pending, long, short),
            await _compare("the page", long.page, short.page, long, short),
            await _compare("a press", long.press, short.press, long, short),
        ]


async def _compare(
    what: str,
    long: Callable[[int], Awaitable[None]],
    short: Callable[[int], Awaitable[None]],
    *pasts: Past,
) -> Figure:
    times: dict[Callable[[int], Awaitable[None]], list[float]] = {long: [], short: []}
    for turn in range(TIMES):
        for act, taken in times.items():
            for past in pasts:
                await past.bot.engine.idle()
            began = time.perf_counter()
            await act(turn)
            taken.append((time.perf_counter() - began) * 1000)
    return Figure(
        what=f"{what} with {LONG:,} old",
        ours=statistics.median(times[long]),
        baseline=statistics.median(times[short]),
        unit="ms",
        of=f"with {SHORT:,} old",
        most_ratio=1.5,
    )


@asynccontextmanager
async def _past(folder: Path, name: str, old: int) -> AsyncIterator[Past]:
    config = write_config(folder, name, unreachable(["one"]))
    async with open_bot(config):
        pass  # it has made its tables
    await asyncio.to_thread(add_old, folder / f"{name}.db", old)
    async with open_bot(config, started=True) as bot, ClientSession(cookie_jar=CookieJar(unsafe=True)) as visitor:
        for some in pages("one", WAITING, pictured=False):
            await bot.intake.ingest(some)
        link = await bot.owner_link()
        assert link is not None
        async with visitor.post(link, headers={"Origin": bot.url}, raise_for_status=True):
            pass
        rows = await bot.store.read(
            lambda r: r.q("SELECT id FROM submissions WHERE state IN ('new', 'shown') ORDER BY id")
        )
        yield Past(bot, visitor, [row["id"] for row in rows])


def _done(result: Result) -> None:
    if result is not Result.DONE:
        raise RuntimeError(f"it was {result}")
