"""A bot's core behind the adapter, and Discord played by simcord: no network, and people who click and type."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import discord
import simcord
from sqlite_utils import Migrations

from botcore.adapter import AdapterTools
from botcore.clock import ManualClock
from botcore.drawing import draw_named
from botcore.models import Channel, Role
from botcore.ui import Card, MessageRef
from botcore_discord.engine import Engine
from botcore_discord.schema import discord as tables
from botcore_discord.settings import DiscordSettings
from tests.core.rig import FlakyStore, MemoryAdapter, Rig, Rigs, Setup

T = TypeVar("T")

PEOPLE = {"olga": Role.OWNER, "mia": Role.MANAGER, "rob": Role.REVIEWER, "vera": Role.VIEWER}
GUILD, TICK = 777_000_000_000_000_000, 0.05


class Store(FlakyStore):
    """A database that has the adapter's tables too."""

    @classmethod
    async def open(cls, path: Path, migrations: Iterable[Migrations] = ()) -> Self:
        return await super().open(path, [tables])


class Through(MemoryAdapter):
    """The rig's messenger is Discord."""

    engine: Engine

    async def send(self, channel: Channel, card: Card, key: str) -> MessageRef:
        return await self.engine.sends.send(channel, card, key)

    async def edit(self, ref: MessageRef, card: Card) -> None:
        await self.engine.sends.edit(ref, card)


class Album:
    """Pictures by key."""

    def __init__(self) -> None:
        self.pictures: dict[str, tuple[bytes, str]] = {}

    async def read(self, key: str) -> tuple[bytes, str] | None:
        return self.pictures.get(key)


@dataclass
class Simulated:
    """A server with one channel, people of every role in it, and the bot."""

    env: simcord.Env
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    members: Mapping[str, simcord.MemberActor]
    rig: Rig
    album: Album

    @property
    def messages(self) -> list[discord.Message]:
        """What stands in the channel, oldest first."""
        return self.channel.history()

    @property
    def engine(self) -> Engine:
        assert isinstance(self.rig.adapter, Through)
        return self.rig.adapter.engine

    def new_engine(self) -> Engine:
        """The adapter as it is after a start, connected to nothing."""
        rig = self.rig
        channels = rig.setup.channels
        tools = AdapterTools(
            rig.store, rig.clock, self.album, rig.people, "", channels, partial(draw_named, rig.store, rig.clock)
        )
        settings = DiscordSettings(token="t", guild=str(self.guild.id))  # type: ignore[arg-type]
        return Engine(settings, tools, rig.dispatch)

    async def start(self) -> None:
        """Starts the bot anew, as it would be after its process ended."""
        assert isinstance(self.rig.adapter, Through)
        self.rig.adapter.engine = engine = self.new_engine()
        await self.env.restart_bot(engine.client)

    async def slash(self, who: str, name: str, /, **options: Any) -> simcord.InteractionResult:
        return await self.meanwhile(self.members[who].slash(self.channel, name, **options))

    async def complete(self, who: str, name: str, option: str, value: str, /, **filled: Any) -> list[dict[str, Any]]:
        return await self.members[who].autocomplete(self.channel, name, option, value, **filled)

    async def click(
        self, who: str, message: discord.Message | simcord.ResponseMessage, label: str
    ) -> simcord.InteractionResult:
        return await self.meanwhile(self.members[who].click(message, label=label))

    async def fill_in(self, who: str, shown: simcord.InteractionResult, /, **values: Any) -> simcord.InteractionResult:
        return await self.meanwhile(self.members[who].submit_modal(shown, values))

    async def poll(self) -> None:
        """Reads the marketplace and shows what there is."""
        await self.meanwhile(self.rig.poll())

    async def turn(self, seconds: float) -> None:
        await self.meanwhile(self.rig.turn(seconds))

    async def meanwhile(self, act: Coroutine[Any, Any, T]) -> T:
        """The bot's clock and Discord's are the same, and go on while something is waited for."""
        clock = self.env.backend.clock
        clock.elapsed += max((self.rig.clock.now() - clock.now()).total_seconds(), 0)
        task = asyncio.create_task(act)
        await asyncio.wait({task}, timeout=0.1)
        while not task.done():
            if not self.rig.store.active:
                self.rig.clock.advance(TICK)
            await asyncio.wait({task}, timeout=0.005)
        return await task


@asynccontextmanager
async def simulated(folder: Path, setup: Setup | None = None) -> AsyncIterator[Simulated]:
    """A server with a bot in it that has told its commands."""
    env = simcord.Env(discord.Client(intents=discord.Intents(guilds=True)))  # until the bot knows its server
    await env.start()
    guild = env.create_guild("Reviewers", id=GUILD)
    channel = guild.create_text_channel("inbox")
    trusted = guild.create_role("Trusted", permissions=discord.Permissions(manage_guild=True))
    roles = {"olga": [trusted], "mia": [trusted]}
    members = {name: guild.add_member(env.create_user(name), roles=roles.get(name, ())) for name in (*PEOPLE, "nobody")}
    setup = setup or Setup()
    setup.store, setup.adapter = Store, Through
    setup.channels = tuple(replace(one, to=str(channel.id)) for one in setup.channels)
    rigs = Rigs(folder, ManualClock(env.now()))
    try:
        rig = await rigs.start(setup)
        for name, role in PEOPLE.items():
            identities = {"discord": str(members[name].id)}
            await rig.people.add(f"{name}-d", role, identities, by="test", now=rig.clock.ms())
        town = Simulated(env, guild, channel, members, rig, Album())
        await town.start()
        await town.engine.sync()
        yield town
        await env.settle()
        env.raise_errors()
    finally:
        await env.shutdown()
        await rigs.close()


def said(result: simcord.InteractionResult) -> list[list[dict[str, Any]]]:
    """The components of every message of an answer, all of them private."""
    messages = [*([result.response] if result.response else []), *result.followups]
    assert all(message.ephemeral for message in messages)
    return [message.components for message in messages]
