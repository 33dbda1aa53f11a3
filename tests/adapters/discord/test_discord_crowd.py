"""A thousand submissions in one channel: every one can be decided, and no limit of Discord's is ever broken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import pytest
from pydantic import SecretStr
from sqlite_utils import Migrations

from botcore.adapter import AdapterTools
from botcore.clock import ManualClock
from botcore.drawing import draw_named
from botcore.models import Channel, Role
from botcore.store.port import Reader, Tx
from botcore.ui import Card, MessageRef
from botcore_discord.engine import Engine
from botcore_discord.schema import discord as tables
from botcore_discord.settings import DiscordSettings
from tests.adapters.discord.post import Album
from tests.adapters.discord.server import REVIEW, TOKEN, FakeDiscord
from tests.adapters.discord.world import Interaction, Message
from tests.core.rig import FlakyStore, MemoryAdapter, Rig, Rigs, Setup

P = ParamSpec("P")
T = TypeVar("T")

EVERY_SECONDS = 1.1  # a channel takes five messages, and five edits, in 5.5 s


class BusyStore(FlakyStore):
    """A database with the adapter's tables, which says whether it has something to do."""

    active = 0

    @classmethod
    async def open(cls, path: Path, migrations: Iterable[Migrations] = ()) -> Self:
        return await super().open(path, [tables])

    async def tx(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self.active += 1
        try:
            return await super().tx(fn, *args, **kwargs)
        finally:
            self.active -= 1

    async def read(self, fn: Callable[Concatenate[Reader, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self.active += 1
        try:
            return await super().read(fn, *args, **kwargs)
        finally:
            self.active -= 1


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
        self.requests = 0  # under way

    @property
    def cards(self) -> list[Message]:
        return self.fake.world.shown()

    async def start(self) -> None:
        rig, fake = self.rig, self.fake
        tools = AdapterTools(
            rig.store, rig.clock, Album(), rig.people, "", rig.setup.channels, partial(draw_named, rig.store, rig.clock)
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
        assert isinstance(self.rig.store, BusyStore)
        began, quiet = self.rig.clock.now(), 0
        while not condition():
            busy = self.requests or self.rig.store.active
            await asyncio.sleep(0.001 if busy else 0)
            quiet = 0 if busy else quiet + 1
            if quiet > 30:
                self.rig.clock.advance(0.25)
                quiet = 0
        return (self.rig.clock.now() - began).total_seconds()

    async def approve(self, message: Message) -> Interaction:
        click = await self.fake.click(self.rob, message, "Approve", wait=False)
        await self.until(click.acknowledged.is_set)
        return click


@asynccontextmanager
async def a_crowd(folder: Path, queue_above: int) -> AsyncIterator[Crowd]:
    clock = ManualClock()
    rigs = Rigs(folder, clock)
    async with FakeDiscord(lambda: clock.now().timestamp(), told_limits=False) as fake:
        channel = Channel("inbox", "memory", REVIEW, queue_above=queue_above)
        rig = await rigs.start(Setup(store=BusyStore, adapter=Through, channels=(channel,), hold_ms=0))
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


async def decide_all(crowd: Crowd, count: int) -> tuple[float, float]:
    """A card for each, all of them decided; returns how long by the clock showing and deciding them took."""
    for number in range(count):
        crowd.rig.market.add(f"t{number}")
    await crowd.rig.intake.poll(crowd.rig.account)
    shown = await crowd.until(lambda: len(crowd.fake.world.messages) == count)
    for message in crowd.cards:
        click = await crowd.approve(message)
        assert click.kind in (6, 7)
    left = crowd.cards

    def all_confirmed() -> bool:
        while left and "onfirmed" in left[-1].text:
            left.pop()
        return not left

    decided = await crowd.until(all_confirmed)
    assert await crowd.rig.states() == ["confirmed"] * count
    return shown, decided


async def work_through_queue(crowd: Crowd, count: int) -> None:
    """One card, which goes on to the next with each decision, in the answer to the click."""
    for number in range(count):
        crowd.rig.market.add(f"t{number}")
    await crowd.rig.intake.poll(crowd.rig.account)
    await crowd.until(lambda: len(crowd.cards) == 1)
    (card,) = crowd.cards
    for left in range(count - 1, 0, -1):
        click = await crowd.approve(card)
        assert click.kind in (6, 7)
        await crowd.until(lambda left=left: f"{left} waiting" in card.text)  # type: ignore[misc]
    await crowd.approve(card)
    await crowd.until(lambda: "done" in card.text.lower())
    assert len(await crowd.rig.states()) == count
    assert crowd.cards == [card]


async def test_a_card_for_each_of_many_is_there_within_the_limits_and_all_are_decided(tmp_path: Path) -> None:
    async with a_crowd(tmp_path, queue_above=5_000) as crowd:
        shown, _ = await decide_all(crowd, 30)
        assert shown < 30 * EVERY_SECONDS + 5


async def test_a_queue_goes_on_with_each_click_whatever_its_length(tmp_path: Path) -> None:
    async with a_crowd(tmp_path, queue_above=5) as crowd:
        await work_through_queue(crowd, 30)


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_a_thousand_cards_are_shown_and_decided_within_the_limits(tmp_path: Path) -> None:
    async with a_crowd(tmp_path, queue_above=5_000) as crowd:
        shown, decided = await decide_all(crowd, 1_000)
        assert shown < 1_000 * EVERY_SECONDS * 1.1
        assert decided < 1_000 * EVERY_SECONDS * 1.1, "one edit each, beside the answer to the click"


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_a_queue_of_a_thousand_is_worked_through_on_one_card(tmp_path: Path) -> None:
    async with a_crowd(tmp_path, queue_above=5) as crowd:
        await work_through_queue(crowd, 1_000)
