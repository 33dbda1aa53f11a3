"""A command from its line to its answer: the role looked up, the line understood, the submission read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.figures import Figure, in_turns
from benchmarks.samples import open_bot, pages, unreachable, write_config
from botcore.adapter import Actor
from botcore.app import Bot
from botcore.cards import submission_card
from botcore.models import Role
from botcore.text import short_id
from botcore.ui import Result

MESSAGES, AT_ONCE = 1600, 32
ROB = Actor("web", "rob", "Rob")  # a person kept in the database, so that his role is looked up there


async def commands(folder: Path) -> list[Figure]:
    """`show A31`, beside a task for each message that reads the same card and knows neither people nor commands."""
    async with open_bot(write_config(folder, "commands", unreachable(["one"]))) as bot:
        await bot.people.add("rob", Role.VIEWER, {"web": "rob"}, by="ana", now=0)
        for page in pages("one", MESSAGES):
            await bot.intake.ingest(page)

        async def command(number: int) -> None:
            reply = await bot.dispatcher.command(ROB, f"show {short_id(number)}")
            if reply.result is not Result.DONE:
                raise RuntimeError(reply.text)

        async def read(number: int) -> None:
            await bot.store.read(submission_card, number, bot.clock.ms(), whole=True)

        ours, bare = await in_turns(lambda: _a_second(command, bot), lambda: _a_second(read, bot))
    return [Figure(what="command `show`", ours=ours, baseline=bare, unit="/s", of="of a bare task a message")]


async def _a_second(handle: Callable[[int], Awaitable[None]], bot: Bot) -> float:
    began = time.perf_counter()
    for start in range(0, MESSAGES, AT_ONCE):
        async with asyncio.TaskGroup() as tasks:
            for number in range(start + 1, start + AT_ONCE + 1):
                tasks.create_task(_message(handle, number))
    return MESSAGES / (time.perf_counter() - began)


async def _message(handle: Callable[[int], Awaitable[None]], number: int) -> None:
    await handle(number)
