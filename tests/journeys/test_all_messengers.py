"""Telegram, Discord and the page side by side: whatever is decided in one is so in all of them, once."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from aiohttp import ClientError

from tests.adapters.discord.server import TOKEN, FakeDiscord
from tests.adapters.discord.world import REVIEW, Interaction
from tests.adapters.discord.world import Message as DiscordMessage
from tests.adapters.telegram.faults import hang
from tests.adapters.telegram.server import Message as TelegramMessage
from tests.journeys.conftest import BotProcess
from tests.journeys.telegram_town import MakeTown, Place, telegram_town
from tests.journeys.visitor import Visitor
from tests.ports import free_port

Until = Callable[..., Any]

PATIENCE = 60.0  # seconds, on a machine that has much else to do
WORDS = "Please show your user name"
DISCORD = """
[adapters.discord]
token = "{token}"
guild = "{guild}"
base_url = "{base_url}"

[[channels]]
name = "server"
adapter = "discord"
to = "{channel}"
queue_above = 1000
"""


@dataclass(frozen=True)
class Look:
    """What somebody sees of a submission in a messenger."""

    where: str
    text: str
    can_approve: bool


@dataclass(frozen=True)
class Cards:
    """Those of one submission that people can press."""

    telegram: TelegramMessage
    discord: DiscordMessage


@dataclass
class Square:
    """The town with everything on. Ana and Ben are in each messenger, and Ana's browser is at the page."""

    place: Place
    discord: FakeDiscord
    until: Until
    page: Visitor

    async def bot(self) -> BotProcess:
        """Starts it; it is ready when both messengers have it."""
        identified = self.discord.gateway.identified
        bot = await self.place.bot()
        await self.until(
            lambda: self.discord.gateway.identified > identified and self.discord.gateway.connected, PATIENCE
        )
        if not self.page.url:
            self.page.url = bot.url
            await self.page.sign_in(bot.link)
        return bot

    async def cards(self, name: str) -> Cards:
        """The cards of a submission that waits, once it is to be seen everywhere."""

        async def so() -> bool:
            looks = await self.looks(name)
            return sum(look.can_approve for look in looks) == 3

        await self.until(so, PATIENCE)
        (discord,) = self.discord_cards(name)
        return Cards(await self.place.card(name), discord)

    def discord_cards(self, name: str) -> list[DiscordMessage]:
        return [m for m in self.discord.world.shown(REVIEW) if f"#{name} " in m.text]

    async def looks(self, name: str) -> list[Look]:
        """How every card of a submission looks."""
        looks = [Look("Telegram", m.text, "Approve" in m.labels) for m in self.place.cards(name)]
        looks += [Look("Discord", m.text, "Approve" in m.buttons) for m in self.discord_cards(name)]
        articles = re.findall(r"<article\b.*?</article>", await self._page(), re.DOTALL)
        looks += [
            Look("the page", unescape(article), f'data-press="approve:{name}:' in article)
            for article in articles
            if f">{name}</span>" in article
        ]
        return looks

    async def all_say(self, name: str, words: str) -> Mapping[str, float]:
        """Waits until every messenger says so, and nobody may decide any more; returns the seconds each took."""
        began = time.monotonic()
        took: dict[str, float] = {}
        looks: list[Look] = []

        async def so() -> bool:
            await asyncio.sleep(0.05)  # the page is drawn anew each time
            looks[:] = await self.looks(name)
            for look in looks:
                if words in look.text and not look.can_approve:
                    took.setdefault(look.where, time.monotonic() - began)
            return len(took) == 3

        try:
            await self.until(so, PATIENCE)
        except AssertionError:
            raise AssertionError(f"not everybody says {words!r}: {looks}") from None
        return took

    async def opened(self, act: Callable[[], Awaitable[Interaction]]) -> Interaction:
        """Does what opens a form in Discord; once more where the bot found no time to open one."""

        async def do() -> Interaction | None:
            interaction = await act()
            return interaction if interaction.kind == 9 else None

        asked: Interaction = await self.until(do, PATIENCE)
        return asked

    async def _page(self) -> str:
        try:
            return await self.page.page()
        except ClientError:
            return ""  # it is starting


@asynccontextmanager
async def square(make_town: MakeTown, until: Until) -> AsyncIterator[Square]:
    """Everything but a bot. What either messenger would have refused fails the test in the end."""
    async with FakeDiscord(in_time=PATIENCE) as discord, telegram_town(make_town, poll=0.3, hurried=True) as place:
        world, config = discord.world, place.town.config.read_text()
        for person in (place.ana, place.ben):
            line = f"telegram = {person.id}\n"
            assert line in config
            config = config.replace(line, f"{line}discord = {world.user(person.name.lower()).id}\n")
        more = DISCORD.format(token=TOKEN, guild=world.guild, base_url=discord.base_url, channel=REVIEW)
        config = config.replace("127.0.0.1:0", f"127.0.0.1:{free_port()}")  # a browser comes back to where it was
        place.town.config.write_text(config + more)
        page = Visitor("")
        try:
            yield Square(place, discord, until, page)
        finally:
            await page.close()
    errors = (place.town.folder / "stderr.txt").read_text()
    assert "raceback" not in errors, errors[-4000:]
    assert TOKEN not in errors
    assert place.fake.token not in errors
    assert discord.violations == []


@pytest.mark.timeout(600)
async def test_what_is_decided_in_one_messenger_is_so_in_all_of_them_though_the_bot_is_killed(
    make_town: MakeTown, until: Until
) -> None:
    async with square(make_town, until) as here:
        place, discord, town = here.place, here.discord, here.place.town
        ana, ben = place.ana, discord.world.user("ben")
        bot = await here.bot()
        names = [await place.submit(text=f"I did it, says worker {number}") for number in range(4)]
        approved, rejected, _, pressed = [await here.cards(name) for name in names]

        place.fake.press(ana, approved.telegram, "Approve")
        tell("Telegram", await here.all_say(names[0], "Approved by ana"))

        asked = await here.opened(lambda: discord.click(ben, rejected.discord, "Reject"))
        await discord.fill_in(ben, asked, reason="Spam")
        tell("Discord", await here.all_say(names[1], "Rejected by ben"))

        await here.page.post("/form", form=f"revise:{names[2]}:0", **{"in.words": WORDS})
        tell("the page", await here.all_say(names[2], "Sent back by ana"))

        for name in names[:3]:
            await here.all_say(name, "Confirmed")

        # it is killed between a rating and its answer, while Telegram still asks everybody to decide
        place.fake.faults.add("editMessageText", hang(effect=False))
        answerless = town.sandbox.faults.add("jobs/rate-*", "hang_after", count=1)
        await discord.click(ben, pressed.discord, "Approve")
        await until(lambda: answerless.fired, PATIENCE)
        assert "Approve" in pressed.telegram.labels
        await bot.kill()
        place.fake.faults.clear()
        await here.bot()
        await here.all_say(names[3], "Approved by ben")
        await here.all_say(names[3], "Confirmed")
        for name, words in zip(
            names, ("Approved by ana", "Rejected by ben", "Sent back by ana", "Approved by ben"), strict=True
        ):
            looks = await here.looks(name)
            assert [look.where for look in looks] == ["Telegram", "Discord", "the page"], "one card in each"
            assert all(words in look.text and "Confirmed" in look.text and not look.can_approve for look in looks), (
                looks
            )

        assert [(rating["rating"], rating["comment"]) for rating in town.ratings()] == [
            ("ok", ""),
            ("not_ok", "The submission has nothing to do with the job."),
            ("revise", WORDS),
            ("ok", ""),
        ]
        assert len({rating["task_id"] for rating in town.ratings()}) == 4
        status = str(await town.ask("status"))
        assert all(words in status for words in ("All is well", "by polling", "connected, ")), status
        assert "Shard ID" not in (town.folder / "stderr.txt").read_text(), "the library talks to itself"


def tell(where: str, seconds: Mapping[str, float]) -> None:
    """How long after a press it was seen: two seconds at most, where the machine has little else to do."""
    said = ", ".join(f"{took:.2f} s in {it}" for it, took in seconds.items())
    print(f"decided in {where}; seen after {said}")  # noqa: T201 - for whoever runs it with -s
