"""A bot's core with Telegram's adapter on it, at a pretended Telegram, on a clock that a test turns."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import SecretStr

from botcore.adapter import AdapterTools
from botcore.clock import ManualClock
from botcore.models import Channel, Person, Role
from botcore_telegram.adapter import TelegramAdapter
from botcore_telegram.schema import telegram
from botcore_telegram.settings import TelegramSettings
from tests.adapters.telegram.server import FakeTelegram, Message, User
from tests.adapters.telegram.world import Chat
from tests.core.rig import Rig, Rigs, Setup

GROUP = -1001
PEOPLE = (
    Person("olga", Role.OWNER, {"telegram": "101"}, from_config=True),
    Person("mia", Role.MANAGER, {"telegram": "102"}, from_config=True),
    Person("rob", Role.REVIEWER, {"telegram": "103"}, from_config=True),
)
REVIEW = Channel("review", "telegram", str(GROUP))


@dataclass
class Bench:
    """The fake, its people (`mallory` is nobody's friend), a group that is a channel, and the bot behind it."""

    fake: FakeTelegram
    rigs: Rigs
    clock: ManualClock
    olga: User
    mia: User
    rob: User
    mallory: User
    group: Chat
    settings: dict[str, Any] = field(default_factory=dict)
    channels: tuple[Channel, ...] = (REVIEW,)
    setup: Setup = field(default_factory=lambda: Setup(people=PEOPLE, migrations=(telegram,)))
    _started: list[TelegramAdapter] = field(default_factory=list)
    _rig: Rig | None = None

    @property
    def rig(self) -> Rig:
        assert self._rig is not None
        return self._rig

    @property
    def adapter(self) -> TelegramAdapter:
        return self._started[-1]

    async def start(self, *, listen: bool = True) -> Rig:
        """Starts the bot; with `listen` it hears what people do."""
        setup = replace(self.setup, channels=self.channels, messengers={"telegram": self._make})
        self._rig = await self.rigs.start(setup)
        if listen:
            await self.adapter.start(self.rig.dispatch)
        return self.rig

    async def kill(self) -> Rig:
        """Ends the bot where it stands, and starts another on what it left on the disk."""
        rig = self.rig
        path = self.rigs.copy(rig)
        rig.store.down = True
        await asyncio.gather(self.adapter.stop(), return_exceptions=True)
        self._rig = await self.rigs.start(rig.setup, path=path, world=rig)
        await self.adapter.start(self.rig.dispatch)
        return self.rig

    async def come_in(self, *tasks: str, **more: Any) -> None:
        for task in tasks:
            self.rig.market.add(task, **more)
        await self.rig.poll()

    async def card(self, words: str = "Waiting") -> Message:
        return await self.fake.card(self.group, words)

    async def until_answered(self, seconds: float = 20.0) -> None:
        """Turns the clock until every update was handled."""
        for _ in range(round(seconds * 10)):
            await self.rig.settle()
            if not self.fake.updates.pending and not await self.open_updates():
                return
            await asyncio.sleep(0.01)
            self.clock.advance(0.1)
        raise AssertionError(f"not handled in {seconds} s\n{self.fake.describe()}")

    async def open_updates(self) -> int:
        count: int = await self.rig.value("SELECT count(*) FROM telegram_updates WHERE handled_at IS NULL")
        return count

    async def turn_until(self, condition: Any, seconds: float = 120.0, step: float = 0.5) -> Any:
        """Turns the clock until it is so; returns what the condition gave."""
        for _ in range(round(seconds / step)):
            if found := condition():
                return found
            await self.rig.turn(step)
            await asyncio.sleep(0.002)
        raise AssertionError(f"not so within {seconds} s\n{self.fake.describe()}")

    async def stop(self) -> None:
        for adapter in self._started:
            await adapter.stop()
        await self.fake.stop()

    def _make(self, tools: AdapterTools) -> TelegramAdapter:
        values: Mapping[str, Any] = {
            "token": SecretStr(self.fake.token),
            "base_url": self.fake.base_url,
            **self.settings,
        }
        self._started.append(TelegramAdapter(TelegramSettings(**values), tools))
        return self._started[-1]


async def make_bench(rigs: Rigs, clock: ManualClock) -> Bench:
    fake = FakeTelegram(clock=lambda: clock.now().timestamp())
    await fake.start()
    olga, mia, rob = fake.user("Olga", 101), fake.user("Mia", 102), fake.user("Rob", 103)
    mallory = fake.user("Mallory", 666)
    group = fake.supergroup(GROUP, "Reviewers", olga, mia, rob, mallory)
    return Bench(fake, rigs, clock, olga, mia, rob, mallory, group)
