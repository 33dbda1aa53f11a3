"""A command and a press through a messenger: how long people wait for it, and what it takes of the processor."""

from __future__ import annotations

import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.bare import bare_discord, bare_telegram
from benchmarks.figures import Figure
from benchmarks.messenger import Pretended, pretended
from benchmarks.samples import open_bot, pages, unreachable, write_config
from botcore.app import Bot
from botcore.models import Role
from botcore.text import short_id

CLICKS = 603  # a round: three of each of the 201 people in Discord
PACED = 60  # a round, in Telegram: two of each of 30 people
WARM = 20  # before, so that connections are open and code is loaded
ROUNDS = 3
PROMPT = 1.0  # seconds until an acknowledgement, of 99 in 100; Discord waits for 3

BARE = {"discord": bare_discord, "telegram": bare_telegram}
LIBRARY = {"discord": "bare discord.py", "telegram": "bare python-telegram-bot"}


async def discord(folder: Path) -> list[Figure]:
    """201 people who press again as soon as they are acknowledged; the time is from the click to the acknowledgement,
    by Discord's clock."""
    async with pretended("discord") as place:
        ours, bare = await _rounds(folder, place, CLICKS)
    waits = {
        "median": ([statistics.median(w) for w in ours.waits], [statistics.median(w) for w in bare.waits]),
        "99th percentile": ([_percentile(w) for w in ours.waits], [_percentile(w) for w in bare.waits]),
    }
    figures = [
        Figure(
            what=f"Discord: a click among 200 others, {which}",
            ours=statistics.median(mine) * 1000,
            baseline=statistics.median(theirs) * 1000,
            unit="ms",
            of=f"of {LIBRARY['discord']}",
            most=PROMPT * 1000 if which != "median" else None,
        )
        for which, (mine, theirs) in waits.items()
    ]
    return [*figures, *_costs("Discord", place, ours, bare)]


async def telegram(folder: Path) -> list[Figure]:
    """As many as Telegram lets a bot answer, so that it is only told what each takes."""
    async with pretended("telegram") as place:
        ours, bare = await _rounds(folder, place, PACED)
    return _costs("Telegram", place, ours, bare)


class _Measured:
    """Of each round: seconds that people waited for a press, and CPU seconds of a command and of a press."""

    def __init__(self) -> None:
        self.waits: list[list[float]] = []
        self.commands: list[float] = []
        self.presses: list[float] = []

    async def measure(self, place: Pretended, shown: Sequence[str], pressed: Sequence[str]) -> None:
        await place.command(shown[:WARM])
        began = time.process_time()
        await place.command(shown)
        between = time.process_time()
        self.waits.append(await place.press(pressed))
        self.presses.append((time.process_time() - between) / len(pressed))
        self.commands.append((between - began) / len(shown))


async def _rounds(folder: Path, place: Pretended, count: int) -> tuple[_Measured, _Measured]:
    ours, bare = _Measured(), _Measured()
    for number in range(ROUNDS):
        names = [short_id(n) for n in range(1, count + 1)]
        async with _bot(folder, f"{place.messenger}-{number}", place, count, place.section):
            await place.ready()
            await ours.measure(place, names, names)
        async with (
            _bot(folder, f"{place.messenger}-bare-{number}", place, count, "") as bot,
            BARE[place.messenger](place, bot),
        ):
            await bare.measure(place, names, names)
    return ours, bare


@asynccontextmanager
async def _bot(folder: Path, name: str, place: Pretended, count: int, adapter: str) -> AsyncIterator[Bot]:
    """A running one whose reviewers are the messenger's people."""
    config = write_config(folder, name, unreachable(["one"]), adapters=adapter)
    async with open_bot(config) as bot:
        for number, user in enumerate(place.people):
            await bot.people.add(f"person-{number}", Role.REVIEWER, {place.messenger: user}, by="ana", now=0)
        for page in pages("one", count, pictured=False):
            await bot.intake.ingest(page)
        await bot.start()
        yield bot


def _costs(messenger: str, place: Pretended, ours: _Measured, bare: _Measured) -> list[Figure]:
    return [
        Figure(
            what=f"{messenger}: processor for {what}",
            ours=statistics.median(mine) * 1000,
            baseline=statistics.median(theirs) * 1000,
            unit="ms",
            of=f"of {LIBRARY[place.messenger]}",
        )
        for what, mine, theirs in (
            ("a command", ours.commands, bare.commands),
            ("a press", ours.presses, bare.presses),
        )
    ]


def _percentile(waits: Sequence[float]) -> float:
    return statistics.quantiles(waits, n=100)[98]
