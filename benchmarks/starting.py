"""How long people wait for a bot that starts, and for `botcore --help`."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import sys
import time
from pathlib import Path

from benchmarks.figures import Figure, in_turns
from benchmarks.messenger import pretended
from benchmarks.process import running
from benchmarks.samples import unreachable, write_config

ROUNDS = 7
# pydantic loads what is asked of it and no more
LIBRARIES = "import aiohttp.web, jinja2, pluggy, prometheus_client, sqlite_utils; from pydantic import BaseModel, Field"
MESSENGERS = "; import discord, telegram"


async def starting(folder: Path) -> list[Figure]:
    """To the line that tells where the page is, beside a Python that imports what such a bot is built on."""
    names = (f"starting-{number}" for number in itertools.count())
    ready, imports = await in_turns(lambda: _start(folder, next(names)), lambda: _run("-c", LIBRARIES), ROUNDS)
    said, nothing = await in_turns(lambda: _run("-m", "botcore", "--help"), lambda: _run("-c", "pass"), ROUNDS)
    return [
        Figure(
            what="start to ready, web only",
            ours=ready,
            baseline=imports,
            unit="s",
            of="to import its libraries",
            most_ratio=1.5,
        ),
        Figure(what="`botcore --help`", ours=said, baseline=nothing, unit="s", of="for `python -c pass`", most=0.5),
    ]


async def messengers_starting(folder: Path) -> list[Figure]:
    """To when a bot listens to Discord and to Telegram, beside a Python that imports what it is built on, and one that
    imports the two libraries and no more."""
    names = (f"starting-messengers-{number}" for number in itertools.count())
    async with pretended("discord") as discord, pretended("telegram") as telegram:
        adapters = discord.section + telegram.section

        async def start() -> float:
            config = write_config(folder, next(names), unreachable(["one"]), adapters=adapters)
            began = time.perf_counter()
            async with running(config):
                await asyncio.gather(discord.ready(), telegram.ready())
                return time.perf_counter() - began

        rounds = [
            (await start(), await _run("-c", LIBRARIES + MESSENGERS), await _run("-c", MESSENGERS[2:]))
            for _ in range(ROUNDS)
        ]
    ready, everything, two = (statistics.median(column) for column in zip(*rounds, strict=True))
    what = "start to ready, both messengers"
    return [
        Figure(what=what, ours=ready, baseline=everything, unit="s", of="to import its libraries", most_ratio=1.5),
        Figure(what=what, ours=ready, baseline=two, unit="s", of="to import the two alone"),
    ]


async def _start(folder: Path, name: str) -> float:
    config = write_config(folder, name, unreachable(["one"]))
    began = time.perf_counter()
    async with running(config):
        return time.perf_counter() - began


async def _run(*argv: str) -> float:
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(sys.executable, *argv, stdout=asyncio.subprocess.DEVNULL)
    if await process.wait():
        raise RuntimeError(f"{' '.join(argv)} failed")
    return time.perf_counter() - began
