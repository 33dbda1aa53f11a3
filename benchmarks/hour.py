"""Whether memory stays where it is through an hour of heavy traffic, which passes in a minute or two."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout, CookieJar

from benchmarks.figures import Figure
from benchmarks.process import megabytes
from benchmarks.samples import write_config
from botcore.demo import account_sections
from botcore.host import Host
from botcore.sandbox import SandboxServer
from botcore.sandbox.jobs import Slot, listed, post
from botcore.sandbox.money import refund

MINUTES, WARM = 60, 20  # of simulated time
SPEED = 36.0
A_MINUTE = 340  # submissions
JOBS, PICTURED = 4, 50  # jobs of text alone, and how many submissions of a job with a picture come for each of them


async def hour(folder: Path) -> list[Figure]:
    """At its end, beside what it was after the first third of it."""
    host = Host()
    host.load()
    sandbox = SandboxServer(
        host.sandboxes(),
        accounts={"sprout": "sproutgigs"},
        database=folder / "hour-market.db",
        waiting=0,
        busy=False,
        page_size=1000,
        speed=SPEED,
    )
    await sandbox.start()
    try:
        jobs = _post_jobs(sandbox)
        config = write_config(folder, "hour", account_sections(sandbox.accounts), undo=20, poll=15)
        async with _bot(config, sandbox) as (pid, url, link):
            account = sandbox.accounts[0]
            await sandbox.set_webhook(account.name, f"{url}/hooks/{account.name}/{account.settings['webhook_secret']}")
            async with _page(url, link):
                warm = await _traffic(sandbox, jobs, pid, WARM)
                end = await _traffic(sandbox, jobs, pid, MINUTES - WARM)
            handed_in, rated = await _totals(sandbox)
    finally:
        await sandbox.stop()
        host.close()
    if rated < handed_in * 0.98:
        raise RuntimeError(f"it did not keep up: {rated} of {handed_in} are rated")
    return [
        Figure(
            what=f"memory after an hour, {handed_in:,} submissions",
            ours=end,
            baseline=warm,
            unit="MB",
            of="after a third",
            most_ratio=1.1,
        )
    ]


def _post_jobs(sandbox: SandboxServer) -> list[str]:
    """Jobs that ask for a text, and at the end one that asks for a picture too; as wide as all that will come."""
    account = sandbox.accounts[0]
    text, picture = Slot("text", "Say in two sentences what you liked"), Slot("screenshot", "The page after signing up")
    with sandbox.world.turn(account.name, account.provider) as books:
        like = listed(books)[0][0].terms
        wide = replace(like, positions=A_MINUTE * MINUTES, list_id=None, countries=(), excluded=())
        refund(books, wide.price * wide.positions * (JOBS + 1))
        slots = [(text,)] * JOBS + [(text, picture)]
        return [post(books, replace(wide, title=f"Look {n}", slots=s), running=True) for n, s in enumerate(slots)]


async def _traffic(sandbox: SandboxServer, jobs: list[str], pid: int, minutes: int) -> float:
    """So many minutes of it; the least megabytes that the bot had in the last of them."""
    began, made = sandbox.clock.now(), 0
    seen: list[float] = []
    while (passed := (sandbox.clock.now() - began).total_seconds() / 60) < minutes:
        for n in range(made, int(passed * A_MINUTE)):
            sandbox.submit(job_id=jobs[-1] if n % PICTURED == 0 else jobs[n % JOBS])
            made += 1
            await asyncio.sleep(0)
        if passed > minutes - 1:
            seen.append(megabytes(pid))
        await asyncio.sleep(0.02)
    return min(seen)


async def _totals(sandbox: SandboxServer) -> tuple[int, int]:
    """How many were handed in, and how many are rated once no more are."""
    rated = -1
    while True:
        tasks = next(iter(sandbox.state()["accounts"].values()))["tasks"]
        if tasks["ok"] + tasks["not_ok"] == rated:
            return sum(tasks.values()), rated
        rated = tasks["ok"] + tasks["not_ok"]
        await asyncio.sleep(3)


@asynccontextmanager
async def _bot(config: Path, sandbox: SandboxServer) -> AsyncIterator[tuple[int, str, str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.fast_bot", str(config), str(SPEED), sandbox.clock.now().isoformat(),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        url, link = (await process.stdout.readline()).decode().split()
        yield process.pid, url, link
    finally:
        await process.communicate(b"")  # which ends its input


@asynccontextmanager
async def _page(url: str, link: str) -> AsyncIterator[None]:
    """Somebody has the page open, and somebody else opens it again and again."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True), timeout=ClientTimeout(total=None)) as visitor:
        async with visitor.post(link, headers={"Origin": url}, raise_for_status=True):
            pass
        watching = [asyncio.create_task(_watch(visitor, url)), asyncio.create_task(_reload(visitor, url))]
        try:
            yield
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)


async def _watch(visitor: ClientSession, url: str) -> None:
    async with visitor.get(f"{url}/events", raise_for_status=True) as response:
        async for _ in response.content.iter_any():
            pass


async def _reload(visitor: ClientSession, url: str) -> None:
    while True:
        async with visitor.get(f"{url}/", raise_for_status=True) as response:
            await response.read()
        await asyncio.sleep(0.5)
