"""How many calls it takes to read a webhook storm and a backlog, beside the fewest that each marketplace allows."""

from __future__ import annotations

import asyncio
import math
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.samples import open_bot, write_config
from botcore.app import Bot
from botcore.demo import account_sections
from botcore.host import Host
from botcore.models import Hints
from botcore.sandbox import SandboxServer, jobs

SPEED = 300.0  # the bot waits a second between calls, in the marketplace's time
UNHURRIED = 10.0  # where what was handed in is reported after ten minutes
PATIENCE = 100.0  # real seconds
ADDRESS_BYTES = 7_800  # of a URL: room for so many ids
ID_BYTES = 20  # of one of them


@dataclass(frozen=True, slots=True)
class Size:
    """So many wait, evenly over so many jobs; `page` of them on a page of any list."""

    waiting: int
    jobs: int
    page: int

    def pages(self, things: int) -> int:
        return math.ceil(things / self.page)

    @property
    def each(self) -> int:
        return self.waiting // self.jobs


@dataclass(frozen=True, slots=True)
class Told:
    """Calls by endpoint, and the fewest there can be of all of them."""

    calls: Counter[str]
    fewest: int
    read: int


SIZES = (Size(10_000, 100, 50), Size(10_000, 100, 1000))
WEBHOOKS = ("sproutgigs", "hiretalents")
MARKETPLACES = ("sproutgigs", "picoworkers", "hiretalents")


async def storms(folder: Path) -> list[Figure]:
    """Told by the count of requests that came in there."""
    figures = []
    for size in SIZES:
        about = f"of {size.waiting:,} in {size.jobs} jobs, {size.page} a page"
        for name in WEBHOOKS:
            told = await storm(folder, name, size)
            figures.append(_figure(f"{name}: webhooks {about}", told))
        for name in MARKETPLACES:
            told = await backlog(folder, name, size)
            figures.append(_figure(f"{name}: a backlog {about}", told))
    return figures


async def backlog(folder: Path, provider: str, size: Size) -> Told:
    """The first look at an account where all of it waits."""
    async with _scene(folder, provider, size) as scene:
        scene.post(size)
        await scene.bot.intake.poll(scene.bot.accounts["it"])
        if provider == "hiretalents":  # the end of a list is known by the page behind it
            fewest = scene.lists(size) + size.jobs * (size.pages(size.each) + 1)
            fewest += scene.there - size.jobs  # what has nothing is seen to be empty
        else:
            fewest = size.pages(size.jobs) + size.pages(size.waiting)
        return await scene.told(fewest)


async def storm(folder: Path, provider: str, size: Size) -> Told:
    """A webhook names all of it, of jobs that nobody has seen before."""
    async with _scene(folder, provider, size) as scene:
        hints = Hints(tasks=scene.post(size))
        await scene.bot.intake.take_hints("it", hints)
        await scene.follow()
        if provider == "hiretalents":
            fewest = min(scene.lists(size), size.jobs) + size.jobs * size.pages(size.each)
        else:
            apart = size.jobs * max(size.pages(size.each), math.ceil(size.each * ID_BYTES / ADDRESS_BYTES))
            fewest = min(size.pages(size.jobs), size.jobs) + min(size.pages(size.waiting), apart)
        return await scene.told(fewest)


@dataclass
class _Scene:
    bot: Bot
    sandbox: SandboxServer
    there: int = 0  # jobs

    def post(self, size: Size) -> dict[str, tuple[str, ...]]:
        """What waits: tasks by job."""
        account = self.sandbox.accounts[0]
        with self.sandbox.world.turn(account.name, account.provider) as books:
            listed = jobs.listed(books)[0]
            terms = replace(listed[0].terms, positions=size.each + 1, price=1)  # it goes on running
            posted = [jobs.post(books, terms, running=True) for _ in range(size.jobs)]
            self.there = len(listed) + len(posted)
        tasks = {job: tuple(self.sandbox.submit(job_id=job, count=size.each)) for job in posted}
        self.sandbox.requests.all.clear()
        return tasks

    def lists(self, size: Size) -> int:
        """Calls for HireTalents' jobs: those online up to an empty page, and the finished, of which there are none."""
        return size.pages(self.there) + 1 + 1

    async def follow(self) -> None:
        bot = self.bot
        bot.store.on_work = bot.engine.wake
        engine = asyncio.create_task(bot.engine.run({"hint": bot.intake.follow}))
        try:
            async with asyncio.timeout(PATIENCE):
                while await bot.store.read(lambda r: r.value("SELECT count(*) FROM work WHERE kind = 'hint'")):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        finally:
            engine.cancel()
            await asyncio.gather(engine, return_exceptions=True)

    async def told(self, fewest: int) -> Told:
        read = await self.bot.store.read(lambda r: r.value("SELECT count(*) FROM submissions"))
        calls: Counter[str] = Counter()
        for (_, endpoint), count in self.sandbox.requests.all.items():
            calls[endpoint] += count
        return Told(calls, fewest, read)


@asynccontextmanager
async def _scene(folder: Path, provider: str, size: Size) -> AsyncIterator[_Scene]:
    host = Host()
    host.load()
    hurried = provider != "hiretalents"
    sandbox = SandboxServer(
        host.sandboxes(),
        accounts={"it": provider},
        waiting=0,
        busy=False,
        page_size=size.page,
        speed=SPEED if hurried else UNHURRIED,
        interval=0,
    )
    await sandbox.start()
    try:
        accounts = account_sections(sandbox.accounts) + ("" if hurried else "requests_per_second = 20\n")
        config = write_config(folder, f"storm-{uuid.uuid4().hex}", accounts, poll=86_400)
        async with open_bot(config, clock=sandbox.clock) as bot:
            yield _Scene(bot, sandbox)
    finally:
        await sandbox.stop()
        host.close()


def _figure(what: str, told: Told) -> Figure:
    ours = told.calls.total()
    return Figure(what=what, ours=ours, baseline=told.fewest, unit="calls", of="at least", most_ratio=1)
