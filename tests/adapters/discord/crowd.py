"""A bot's core behind the whole adapter, at a small Discord, all on one clock that goes on when nothing else does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, Self, TypeVar

from pydantic import SecretStr
from sqlite_utils import Migrations

from botcore.adapter import AdapterTools
from botcore.clock import ManualClock
from botcore.commands.registry import Command
from botcore.drawing import draw_named
from botcore.models import Channel, Role
from botcore.ui import Card, MessageRef
from botcore_discord.engine import Engine
from botcore_discord.schema import discord as tables
from botcore_discord.settings import DiscordSettings
from tests.adapters.discord.post import Album
from tests.adapters.discord.server import TOKEN, FakeDiscord
from tests.adapters.discord.world import REVIEW, Interaction, Message, User
from tests.core.rig import FlakyStore, MemoryAdapter, Rig, Rigs, Setup

P = ParamSpec("P")
T = TypeVar("T")


class Store(FlakyStore):
    """A database with the adapter's tables."""

    @classmethod
    async def open(cls, path: Path, migrations: Iterable[Migrations] = ()) -> Self:
        return await super().open(path, [tables])


class Through(MemoryAdapter):
    """The rig's messenger is Discord."""

    engine: Engine
    active = 0

    async def send(self, channel: Channel, card: Card, key: str) -> MessageRef:
        return await self.engine.sends.send(channel, card, key)

    async def edit(self, ref: MessageRef, card: Card) -> None:
        await self.engine.sends.edit(ref, card)


class Crowd:
    def __init__(self, rig: Rig, fake: FakeDiscord) -> None:
        self.rig = rig
        self.fake = fake
        self.rob = fake.world.user("rob")
        self.album = Album()
        self.requests = 0  # under way

    @property
    def cards(self) -> list[Message]:
        return self.fake.world.shown()

    async def start(self) -> None:
        rig, fake = self.rig, self.fake
        tools = AdapterTools(
            rig.store,
            rig.clock,
            self.album,
            rig.people,
            "",
            rig.setup.channels,
            partial(draw_named, rig.store, rig.clock),
        )
        settings = DiscordSettings(token=SecretStr(TOKEN), guild=fake.world.guild, base_url=fake.base_url)
        engine = Engine(settings, tools, rig.dispatch)
        request = engine.client.http.request

        async def counted(*args: Any, **kwargs: Any) -> Any:
            self.requests += 1
            try:
                return await request(*args, **kwargs)
            finally:
                self.requests -= 1

        engine.client.http.request = counted  # type: ignore[method-assign]
        assert isinstance(rig.adapter, Through)
        rig.adapter.engine = engine
        await rig.people.add("rob-d", Role.REVIEWER, {"discord": self.rob.id}, by="test", now=rig.clock.ms())
        await engine.start()

    async def until(self, condition: Callable[[], bool]) -> float:
        """Lets everything run, and the clock go on whenever nothing else does; returns how long that took by it."""
        began, quiet = self.rig.clock.now(), 0
        while not condition():
            busy = self.requests or self.rig.store.active
            await asyncio.sleep(0.001 if busy else 0)
            quiet = 0 if busy else quiet + 1
            if quiet > 30:
                self.rig.clock.advance(0.25)
                quiet = 0
        return (self.rig.clock.now() - began).total_seconds()

    async def click(self, message: Message, label: str) -> Interaction:
        return await self._acknowledged(await self.fake.click(self.rob, message, label, wait=False))

    async def slash(self, name: str, user: User | None = None, **options: Any) -> Interaction:
        return await self._acknowledged(await self.fake.slash(user or self.rob, name, options, wait=False))

    async def fill_in(self, asked: Interaction, **values: str) -> Interaction:
        return await self._acknowledged(await self.fake.fill_in(self.rob, asked, wait=False, **values))

    async def _acknowledged(self, interaction: Interaction) -> Interaction:
        await self.until(interaction.acknowledged.is_set)
        return interaction


@asynccontextmanager
async def a_crowd(
    folder: Path, queue_above: int = 5_000, *, ahead: float = 0.0, commands: tuple[Command, ...] = ()
) -> AsyncIterator[Crowd]:
    """`ahead`: how much later it is by the bot's clock than by Discord's, in seconds. What breaks a limit fails."""
    clock = ManualClock()
    rigs = Rigs(folder, clock)
    async with FakeDiscord(lambda: clock.now().timestamp() - ahead, told_limits=False) as fake:
        channel = Channel("inbox", "memory", REVIEW, queue_above=queue_above)
        setup = Setup(store=Store, adapter=Through, channels=(channel,), hold_ms=0, commands=commands)
        rig = await rigs.start(setup)
        crowd = Crowd(rig, fake)
        await crowd.start()
        try:
            yield crowd
        finally:
            assert isinstance(rig.adapter, Through)
            await rig.adapter.engine.close()
            await rigs.close()
    assert fake.limits.broken == []
    assert fake.violations == []
