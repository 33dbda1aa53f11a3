"""What the bot asks of a marketplace, counted there: a simulated one, over HTTP, whose time is the bot's."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.samples import open_bot, write_config
from botcore.adapter import Actor
from botcore.app import Bot
from botcore.demo import account_sections
from botcore.host import Host
from botcore.sandbox import SandboxServer
from botcore.text import short_id
from botcore.ui import Result

WAITING, PAGE = 10_000, 1000
LIST = "jobs/get-unrated-tasks.php"
STAGGERED, GAP = 100, 0.25  # presses, and seconds between them
TOGETHER = 1000
UNDO = 600.0
SPEED = 20.0
PATIENCE = 180.0  # real seconds
ANA = Actor("web", "ana", "Ana")


async def calls(folder: Path) -> list[Figure]:
    """Beside what it comes to when every call counts."""
    host = Host()
    host.load()
    sandbox = SandboxServer(
        host.sandboxes(), accounts={"sprout": "sproutgigs"}, waiting=WAITING, busy=False, page_size=PAGE, speed=SPEED
    )
    await sandbox.start()
    try:
        config = write_config(folder, "calls", account_sections(sandbox.accounts), undo=UNDO, poll=86_400)
        async with open_bot(config, started=True, clock=sandbox.clock) as bot:
            return [
                await _reading(bot, sandbox),
                await _staggered(bot, sandbox, (await _jobs(bot))[0]),
                await _together(bot, sandbox, (await _jobs(bot))[1]),
            ]
    finally:
        await sandbox.stop()
        host.close()


async def _reading(bot: Bot, sandbox: SandboxServer) -> Figure:
    async with asyncio.timeout(PATIENCE):
        while await _count(bot, "SELECT count(polled_at) FROM accounts") < 1:  # noqa: ASYNC110 - it polls by itself
            await asyncio.sleep(0.1)
    jobs = await bot.store.read(lambda r: r.q("SELECT count(*) AS n FROM submissions GROUP BY job_id"))
    pages = sum(math.ceil(row["n"] / PAGE) for row in jobs)
    asked = sum(count for (_, endpoint), count in sandbox.requests.all.items() if endpoint == LIST)
    return Figure(
        what=f"calls to list {WAITING:,} that wait", ours=asked, baseline=pages, unit="calls", of="pages", most_ratio=1
    )


async def _staggered(bot: Bot, sandbox: SandboxServer, numbers: Sequence[int]) -> Figure:
    began = sandbox.clock.now()
    for number in numbers[:STAGGERED]:
        await _approve(bot, number)
        await sandbox.clock.sleep(GAP)
    sandbox.advance(UNDO - (sandbox.clock.now() - began).total_seconds())  # the first is due, and the others follow
    moments = await _rated(sandbox, STAGGERED)
    seconds = (max(moments) - min(moments)).total_seconds() + 1
    return Figure(
        what=f"rating calls, {STAGGERED} presses one after the other",
        ours=len(moments),
        baseline=seconds,
        unit="calls",
        of="at one a second",
        most_ratio=1,
    )


async def _together(bot: Bot, sandbox: SandboxServer, numbers: Sequence[int]) -> Figure:
    before = len(await _rated(sandbox, STAGGERED))
    await asyncio.gather(*(_approve(bot, number) for number in numbers[:TOGETHER]))
    sandbox.advance(UNDO)
    moments = await _rated(sandbox, STAGGERED + TOGETHER)
    return Figure(
        what=f"rating calls, {TOGETHER:,} due together",
        ours=len(moments) - before,
        baseline=1,
        unit="calls",
        of="",
        most_ratio=1,
    )


async def _approve(bot: Bot, number: int) -> None:
    reply = await bot.dispatcher.press(ANA, f"approve:{short_id(number)}:0")
    if reply.result is not Result.DONE:
        raise RuntimeError(reply.text)


async def _rated(sandbox: SandboxServer, count: int) -> Counter[datetime]:
    """When ratings came in, once there are so many, and how many at each moment: those are one call's."""
    async with asyncio.timeout(PATIENCE):
        while len(ratings := [e for e in sandbox.ledger() if e["kind"] == "rate"]) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return Counter(datetime.fromisoformat(entry["at"]) for entry in ratings)


async def _jobs(bot: Bot) -> list[list[int]]:
    """The numbers of what waits, by job."""
    jobs: dict[str, list[int]] = {}
    for row in await bot.store.read(lambda r: r.q("SELECT id, job_id FROM submissions ORDER BY id")):
        jobs.setdefault(row["job_id"], []).append(row["id"])
    return list(jobs.values())


async def _count(bot: Bot, sql: str) -> int:
    found: int = await bot.store.read(lambda r: r.value(sql))
    return found
