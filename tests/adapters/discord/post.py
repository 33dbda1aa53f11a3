"""The adapter's sending half in this process, at a small Discord, on a clock that a test turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from botcore.clock import ManualClock
from botcore.models import Channel
from botcore.ui import Button, Card, Picture, PictureState, Text
from botcore_discord.client import Client
from botcore_discord.pace import Pace
from botcore_discord.records import Records
from botcore_discord.render import CardDrawing
from botcore_discord.schema import discord as tables
from botcore_discord.sends import Sends
from tests.adapters.discord.server import TOKEN, FakeDiscord
from tests.adapters.discord.world import REVIEW
from tests.core.rig import FlakyStore

P = ParamSpec("P")
T = TypeVar("T")

CHANNEL = Channel("discord", "discord", REVIEW)


class Album:
    """Pictures that are there."""

    def __init__(self) -> None:
        self.pictures: dict[str, bytes] = {}
        self.reads = 0

    async def read(self, key: str) -> tuple[bytes, str] | None:
        self.reads += 1
        return (self.pictures[key], "image/png") if key in self.pictures else None


class Post:
    def __init__(self, store: FlakyStore, clock: ManualClock, fake: FakeDiscord) -> None:
        self.store = store
        self.clock = clock
        self.fake = fake
        self.album = Album()
        self.records = Records(store, clock)
        self.active = 0  # requests under way
        self.client = self._new_client()
        self.sends = self._new_sends()

    async def log_in(self) -> None:
        await self.client.login(TOKEN)

    async def again(self) -> None:
        """What a restart leaves: the database, and nothing in memory."""
        await self.client.close()
        self.client = self._new_client()
        self.sends = self._new_sends()
        await self.log_in()

    async def patiently(self, work: Awaitable[T], step: float = 0.1) -> T:
        """For what waits for its turn: the clock goes on whenever nothing else does."""
        task = asyncio.ensure_future(work)
        quiet = 0
        while not task.done():
            await asyncio.sleep(0)
            quiet = 0 if self.active or self.store.active else quiet + 1
            if quiet > 20:
                self.clock.advance(step)
                quiet = 0
        return await task

    def _new_client(self) -> Client:
        client = Client(self.fake.base_url, self.clock)
        request = client.http.request

        async def counted(*args: Any, **kwargs: Any) -> Any:
            self.active += 1
            try:
                return await request(*args, **kwargs)
            finally:
                self.active -= 1

        client.http.request = counted  # type: ignore[method-assign]
        return client

    def _new_sends(self) -> Sends:
        return Sends(self.client, self.clock, self.records, self.album, CardDrawing(), Pace(self.clock), {CHANNEL.to})


@asynccontextmanager
async def a_post(folder: Path) -> AsyncIterator[Post]:
    clock = ManualClock(datetime(2026, 1, 5, 12, tzinfo=UTC))
    store = await FlakyStore.open(folder / "bot.db", [tables])
    async with FakeDiscord(lambda: clock.now().timestamp(), told_limits=False) as fake:
        post = Post(store, clock, fake)
        await post.log_in()
        try:
            yield post
        finally:
            await post.client.close()
            await store.close()
    assert fake.violations == []


def card(name: str = "A1", words: str = "Waiting", *, buttons: bool = True, pictures: Mapping[str, str] = {}) -> Card:
    """A card about `name`; `pictures` are titles by key."""
    return Card(
        f"Submission {name}",
        f"submission:{name}",
        blocks=(Text(words), *(Picture(key, title, PictureState.READY) for key, title in pictures.items())),
        buttons=(Button(f"approve:{name}:0", "Approve"),) if buttons else (),
    )
