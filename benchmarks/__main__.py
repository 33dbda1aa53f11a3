"""`make bench`: what the bot promises to stay within, measured here and now. `make bench ARGS="intake presses"` runs
only those."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from benchmarks.calls import calls
from benchmarks.commands import commands
from benchmarks.figures import Figure, table
from benchmarks.history import history
from benchmarks.hour import hour
from benchmarks.intake import intake
from benchmarks.memory import memory, messengers_memory
from benchmarks.messengers import discord, telegram
from benchmarks.presses import presses
from benchmarks.starting import messengers_starting, starting
from benchmarks.storms import storms
from benchmarks.webhooks import webhooks

TOPICS: Mapping[str, Callable[[Path], Awaitable[list[Figure]]]] = {
    "intake": intake,
    "presses": presses,
    "commands": commands,
    "discord": discord,
    "telegram": telegram,
    "webhooks": webhooks,
    "calls": calls,
    "storms": storms,
    "history": history,
    "starting": starting,
    "starting-messengers": messengers_starting,
    "memory": memory,
    "memory-messengers": messengers_memory,
    "hour": hour,
}


async def main(wanted: list[str]) -> int:
    if unknown := set(wanted) - set(TOPICS):
        print(f"there is no {', '.join(sorted(unknown))}; these there are: {', '.join(TOPICS)}")
        return 2
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a process that compiles everything anew says nothing of a start
    logging.disable()  # marketplaces that nobody can reach are not worth a line
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="botcore-bench-") as folder:
        try:
            for name in wanted or TOPICS:
                began = time.monotonic()
                figures += await TOPICS[name](Path(folder))
                print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
        finally:  # also of those that were measured before something broke, or somebody had no more time
            print(table(figures))
    return 0 if all(figure.ok for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
