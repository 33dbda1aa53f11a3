"""A bot in a process of its own whose hours pass in minutes, with reviewers who decide whatever waits.

Prints where its page is and a link that signs in; ends when its input does.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from benchmarks.samples import open_bot
from botcore.adapter import Actor
from botcore.app import Bot
from botcore.clock import FastClock
from botcore.store.port import Reader, Row
from botcore.text import short_id

REVIEWERS = 4
ANA = Actor("web", "ana", "Ana")
REASON = {"reason": "", "words": "The code is not the one that the page shows."}


async def main(config: Path, speed: float, start: datetime) -> None:
    logging.disable()
    async with open_bot(config, started=True, clock=FastClock(speed, start)) as bot:
        print(bot.url, await bot.owner_link(), flush=True)
        reviewing = [asyncio.create_task(_review(bot, number)) for number in range(REVIEWERS)]
        await asyncio.to_thread(sys.stdin.read)
        for task in reviewing:
            task.cancel()
        await asyncio.gather(*reviewing, return_exceptions=True)


async def _review(bot: Bot, reviewer: int) -> None:
    """Every fourth submission, in one of three ways: mostly approved, some rejected, some undone and approved again."""
    after = 0
    while True:
        for row in await bot.store.read(_waiting, reviewer, after):
            after = row["id"]
            await _decide(bot, short_id(after), after // REVIEWERS % 20)
        await asyncio.sleep(0.02)


def _waiting(reader: Reader, reviewer: int, after: int) -> Sequence[Row]:
    return reader.q(
        """SELECT id FROM submissions WHERE state IN ('new', 'shown') AND id > :after AND id % :all = :mine
           ORDER BY id LIMIT 50""",
        after=after,
        all=REVIEWERS,
        mine=reviewer,
    )


async def _decide(bot: Bot, name: str, luck: int) -> None:
    if luck == 0:
        await bot.dispatcher.submit_form(ANA, f"reject:{name}:0", REASON)
        return
    await bot.dispatcher.press(ANA, f"approve:{name}:0")
    if luck == 1:
        await bot.dispatcher.press(ANA, f"undo:{name}:0")
        await bot.dispatcher.command(ANA, f"approve {name}")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2]), datetime.fromisoformat(sys.argv[3])))
