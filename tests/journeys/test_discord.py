"""Reviewers in Discord: a bot of its own process, at a small Discord and a simulated marketplace."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.adapters.discord.server import REVIEW, TOKEN, FakeDiscord
from tests.adapters.discord.world import Interaction, Message, User

MORE = """
[adapters.discord]
token = "{token}"
guild = "{guild}"
base_url = "{base_url}"

[[channels]]
name = "discord"
adapter = "discord"
to = "{channel}"
queue_above = {queue_above}

[people.dora]
role = "owner"
discord = {dora}

[people.rick]
role = "reviewer"
discord = {rick}

[[roles]]
adapter = "discord"
discord_role = "800000000000000002"
role = "reviewer"
"""


@dataclass
class Place:
    """A marketplace, a Discord, and the people of both."""

    town: Any
    discord: FakeDiscord
    until: Callable[..., Any]
    dora: User
    rick: User
    guest: User  # no entry in the config: let in by a role of the server's
    stranger: User

    async def bot(self) -> Any:
        bot = await self.town.bot()
        await self.until(lambda: self.discord.gateway.connected)
        return bot

    async def cards(self, count: int) -> list[Message]:
        """The cards in the channel, once there are so many."""
        await self.until(lambda: len(self.discord.world.shown()) >= count)
        return self.discord.world.shown()

    async def says(self, message: Message, words: str) -> None:
        await self.until(lambda: words in message.text)

    async def told(self, interaction: Interaction, words: str) -> None:
        await self.until(lambda: words in interaction.said)


@pytest.fixture
async def make_place(make_town: Callable[..., Any], until: Callable[..., Any]) -> AsyncIterator[Callable[..., Any]]:
    opened: list[FakeDiscord] = []

    async def make(*, queue_above: int = 1_000, **settings: Any) -> Place:
        discord = FakeDiscord()
        await discord.start()
        opened.append(discord)
        world = discord.world
        dora, rick = world.user("dora"), world.user("rick")
        more = MORE.format(
            token=TOKEN,
            guild=world.guild,
            base_url=discord.base_url,
            channel=REVIEW,
            dora=dora.id,
            rick=rick.id,
            queue_above=queue_above,
        )
        town = await make_town(more=more, **settings)
        guest = world.user("guest", "800000000000000002")
        return Place(town, discord, until, dora, rick, guest, world.user("stranger"))

    yield make
    for discord in opened:
        await discord.stop()
        assert discord.violations == []
        assert discord.limits.broken == []


async def test_a_submission_with_two_screenshots_becomes_a_card_that_is_approved_with_a_click(
    make_place: Callable[..., Any],
) -> None:
    place: Place = await make_place(waiting=1)
    await place.bot()
    (card,) = await place.cards(1)
    await place.until(lambda: card.pictures)
    click = await place.discord.click(place.rick, card, "Approve")
    assert click.kind == 7, "the answer to the click is the changed card"
    assert "rick" in card.text
    await place.until(lambda: len(place.town.ratings()) == 1)
    await place.says(card, "onfirmed")
