"""What a soak is made of: a marketplace that lies, a crowd, and a bot that is killed again and again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from botcore.control import ask_running
from botcore.sandbox import FaultKind
from tests.journeys.crowd import Door, Manager, Marketplace, Page, Reviewer, Tally
from tests.journeys.reckoning import what_is_open
from tests.journeys.visitor import Visitor
from tests.ports import free_port

LATE = 0.6  # seconds until a late effect, which must be less than DOUBT
DOUBT = 1.0
PATIENCE = 0.5  # seconds that the bot waits for an answer

# How many of a hundred calls go wrong in each way, of those that read and of those that rate: 20 in all. The ways
# that cost seconds are rare, or there would be no time for the others.
FAULTS: dict[FaultKind, tuple[float, float]] = {
    FaultKind.RATE_LIMIT: (0.1, 0.1),
    FaultKind.UNAUTHORIZED: (0.2, 0.2),
    FaultKind.ERROR: (2.5, 1.7),
    FaultKind.ERROR_AFTER: (0.6, 2.5),
    FaultKind.ERROR_LATE: (0.5, 2.5),
    FaultKind.REFUSE: (2.0, 1.5),
    FaultKind.REDIRECT: (1.5, 0.8),
    FaultKind.REDIRECT_AFTER: (0.5, 1.0),
    FaultKind.HANG_BEFORE: (0.3, 0.5),
    FaultKind.HANG_AFTER: (0.3, 0.7),
    FaultKind.LATE: (0.3, 1.5),
    FaultKind.SLOW: (0.7, 0.5),
    FaultKind.DROP: (1.0, 2.5),
    FaultKind.CUT: (1.5, 1.0),
    FaultKind.GARBAGE: (2.0, 1.0),
    FaultKind.PARTIAL: (1.5, 1.5),
    FaultKind.MISCOUNT: (1.5, 0.2),
    FaultKind.SHIFTED: (1.5, 0.2),
    FaultKind.STALE: (1.5, 0.1),
}
SECONDS = {FaultKind.LATE: LATE, FaultKind.ERROR_LATE: LATE, FaultKind.SLOW: PATIENCE / 2, FaultKind.STALE: LATE}

HASTY = f'''
"""The marketplace as it is, but asked more often and with less patience."""

from botcore import hookimpl
from botcore.transport import Transport, basic_auth
from botcore_sproutgigs.provider import SproutGigsProvider


class Hasty(SproutGigsProvider):
    name = "hasty"
    seconds_between_calls = 0.03

    def __init__(self, settings, tools):
        super().__init__(settings, tools)
        key = basic_auth(settings.user_id, settings.api_secret.get_secret_value())
        self.transport = Transport(settings.base_url, tools.gate, headers=key, read_timeout={PATIENCE})
        self.api = self.api_class(self.transport)


@hookimpl
def register_providers():
    return {{"hasty": Hasty}}
'''


def make_hasty(town: Any) -> None:
    """Its bots use a provider that is installed beside the others and waits for nothing for long. They are all served
    at one port: a session belongs to an address."""
    town.plug_in("hasty", HASTY)
    town.config.write_text(town.config.read_text().replace("127.0.0.1:0", f"127.0.0.1:{free_port()}"))


class Soak:
    """Rounds of a bot that is started and killed. What is drawn comes from the seed; when it happens does not.

    `reads` and `changes` are the endpoints that fail, `people` those who open the page, and `doubts` what asks the
    database whether there is any.
    """

    reads: ClassVar[Sequence[str]] = ("*/get-*",)
    changes: ClassVar[Sequence[str]] = ("jobs/rate-*",)
    people: ClassVar[Sequence[str]] = ("ana", "ben")
    doubts: ClassVar[str] = "SELECT 1 FROM decisions WHERE state = 'in doubt' AND asks IS NULL"

    def __init__(self, town: Any, seed: int, longest: float = 4.0, tally: Tally | None = None) -> None:
        """`longest`: seconds of a life."""
        self.town = town
        self.tally = tally or Tally()
        self._longest = longest
        self._dice = random.Random(seed)
        self._visitors: dict[str, Visitor] = {}
        self._began = time.monotonic()
        for place, endpoints in enumerate((self.reads, self.changes)):
            for endpoint in endpoints:
                _add_faults(town, endpoint, place)

    async def sign_in(self) -> None:
        """People open the page, once: their sessions outlive every kill."""
        bot = await self.town.bot()
        for name in self.people:
            link = await ask_running(self.town.database, "/link", {"person": name})
            assert link is not None
            self._visitors[name] = await Visitor(bot.url).sign_in(link["link"])
        await bot.kill()

    async def round(self) -> None:
        """One life of the bot, from a start to a kill -9."""
        self.tally.rounds += 1
        if self._dice.random() < 0.1:
            self.night()
        bot = self.town.new_process()
        if self._dice.random() < 0.08:
            await bot.spawn()
            await asyncio.sleep(self._dice.uniform(0.05, 0.9))
            await bot.kill()
            self.tally.kills_at_start += 1
        else:
            await bot.start()
            await self._live(bot)
        self.tally.kills += 1

    async def settle(self, until: Any, seconds: float) -> None:
        """The marketplace tells the truth from now on, and the bot is left alone until it knows it."""
        self.tally.calls, self.tally.faults = self.town.sandbox.requests.all.total(), self._fired()
        self.town.sandbox.faults.clear()
        began = time.monotonic()
        bot = await self.town.bot()
        started = _resident(bot.pid)
        try:
            await until(lambda: not self.what_is_open(), seconds)
        except AssertionError:
            raise AssertionError(f"not settled after {seconds:.0f} s: {self.what_is_open()[:20]}") from None
        self.tally.memory.append((started, _resident(bot.pid)))
        assert await bot.stop() == 0
        self.tally.seconds, self.tally.settling = time.monotonic() - self._began, time.monotonic() - began

    async def some_time(self) -> None:
        """Until any moment of a life."""
        await asyncio.sleep(self._dice.uniform(0.2, self._longest))

    def night(self) -> None:
        """What happens now and then while the bot is down."""
        Marketplace(self.town, self._new_dice()).night()

    def what_is_open(self) -> list[str]:
        """What the bot still has to do."""
        return what_is_open(self.town)

    def crowd(self, gone: asyncio.Event) -> Iterator[Coroutine[Any, Any, None]]:
        """What people, and others, do until the bot is gone."""
        for visitor in self._visitors.values():
            dice = self._new_dice()
            yield Reviewer(self.town, Page(self.town, visitor, dice), self.tally, dice).go_on(gone)
        yield Reviewer(self.town, Door(self.town), self.tally, self._new_dice(), at_once=4).go_on(gone)
        yield Manager(self.town, self.tally, self._new_dice()).go_on(gone)
        yield Marketplace(self.town, self._new_dice()).go_on(gone)

    async def close(self) -> None:
        for visitor in self._visitors.values():
            await visitor.close()

    async def _live(self, bot: Any) -> None:
        started = _resident(bot.pid)
        account = self.town.sandbox.accounts[0]
        await self.town.sandbox.set_webhook(
            account.name, f"{bot.url}/hooks/{account.name}/{account.settings['webhook_secret']}"
        )
        gone = asyncio.Event()
        async with asyncio.TaskGroup() as crowd:
            for visitor in self._visitors.values():
                visitor.url = bot.url
            for one in self.crowd(gone):
                crowd.create_task(one)
            await self._wait_for_the_moment()
            self.tally.memory.append((started, _resident(bot.pid)))
            gone.set()
            await bot.kill()

    async def _wait_for_the_moment(self) -> None:
        """Any moment; in a third of the rounds one at which a doubt is being settled."""
        if self.tally.rounds % 3:
            await self.some_time()
            return
        for _ in range(200):
            if self.town.rows(self.doubts):
                break
            await asyncio.sleep(0.02)
        await asyncio.sleep(self._dice.uniform(0.0, 1.5 * DOUBT))
        self.tally.kills_in_doubt += bool(self.town.rows(self.doubts))

    def _new_dice(self) -> random.Random:
        return random.Random(self._dice.getrandbits(64))

    def _fired(self) -> dict[str, int]:
        fired: dict[str, int] = {}
        for fault in self.town.sandbox.faults.all():
            fired[fault.kind] = fired.get(fault.kind, 0) + fault.fired
        return fired


def _add_faults(town: Any, endpoint: str, place: int) -> None:
    """Those of FAULTS, as often as they befall what is in this place there."""
    left = 100.0  # the calls that no fault before this one has struck
    for kind, shares in FAULTS.items():
        chance = shares[place] / left
        town.sandbox.faults.add(endpoint, kind, probability=chance, seconds=SECONDS.get(kind), status=502)
        left -= shares[place]


def _resident(pid: int) -> float:
    """Megabytes in memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")
