"""A town that reviews in a Telegram group: the bot is a process of its own, Telegram is pretended in this one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from botcore.sandbox.proofs import Proof
from tests.adapters.telegram.server import Chat, FakeTelegram, Message, User
from tests.journeys.conftest import BotProcess, Town, until

MakeTown = Callable[..., Awaitable[Town]]

ANA, BEN, GROUP = 111, 222, -1001234
SENT = "SELECT id FROM deliveries WHERE channel = 'phones' AND subject = :subject AND state = 'sent'"
SECTION = """
[adapters.telegram]
token = "{token}"
base_url = "{base_url}"
{more}

[[channels]]
name = "phones"
adapter = "telegram"
to = "{group}"
queue_above = {queue_above}
"""


@dataclass
class Place:
    """The town, its Telegram, and who is there: Ana owns, Ben reviews, both are in the group."""

    town: Town
    fake: FakeTelegram
    ana: User
    ben: User
    group: Chat
    bots: list[BotProcess] = field(default_factory=list)

    async def bot(self) -> BotProcess:
        """Starts it; it is ready when it has asked Telegram for updates."""
        polls = self.fake.updates.polls
        bot = await self.town.bot()
        self.bots.append(bot)
        await self.fake.until(
            lambda: self.fake.updates.polls > polls or self.fake.updates.webhook, why="the bot asks for nothing"
        )
        return bot

    async def submit(self, pictures: int = 0, text: str = "I did it all") -> str:
        """A worker hands in a text and so many screenshots, which others handed in before; returns its card's name."""
        proofs = [Proof("text", text)]
        if pictures:
            urls = await until(lambda: self._pictures(pictures))
            proofs += [Proof("url", url) for url in urls]
        (task,) = self.town.sandbox.submit("sprout", proofs=proofs)
        return await self.name_of(task)

    async def name_of(self, task: str) -> str:
        """What the bot calls a task, once it knows of it."""

        def find() -> str | None:
            rows = self.town.rows("SELECT id FROM submissions WHERE task_id = :task", task=task)
            return f"A{rows[0]['id']}" if rows else None

        return str(await until(find))

    async def card(self, name: str) -> Message:
        """The message in the group that has the buttons of a submission, once the bot knows that it is there."""

        def find() -> Message | None:
            return next((m for m in reversed(self.cards(name)) if m.keyboard), None)

        card = await self.fake.until(find, why=f"no card of {name}")
        await self.fake.until(lambda: self.town.rows(SENT, subject=f"submission:{name[1:]}"), why=f"{name} is not sent")
        return card

    def cards(self, name: str) -> list[Message]:
        """All messages of the bot in the group that are a card of a submission."""
        return [message for message in self.fake.from_bot(self.group) if f"#{name} " in f"{message.text} "]

    def states(self) -> list[str]:
        return [row["state"] for row in self.town.rows("SELECT state FROM decisions ORDER BY id")]

    def ratings_of(self, task: str) -> list[str]:
        return [entry["rating"] for entry in self.town.ratings() if entry["task_id"] == task]

    def _pictures(self, count: int) -> list[str] | None:
        rows = self.town.rows("SELECT url FROM pictures WHERE state = 'ready' ORDER BY url")
        return [row["url"] for row in rows[:count]] if len(rows) >= count else None


@asynccontextmanager
async def telegram_town(
    make_town: MakeTown,
    *,
    waiting: int = 0,
    queue_above: int = 1_000,
    more: str = "",
    **settings: Any,
) -> AsyncIterator[Place]:
    """A town with a group in Telegram; what was sent wrong, or too much, fails the test at the end. `more`: lines for
    `[adapters.telegram]`."""
    fake = FakeTelegram()
    await fake.start()
    ana, ben = fake.user("Ana", ANA, username="ana"), fake.user("Ben", BEN)
    group = fake.supergroup(GROUP, "Reviewers", ana, ben)
    town = await make_town(waiting=waiting, **settings)
    section = SECTION.format(token=fake.token, base_url=fake.base_url, group=GROUP, queue_above=queue_above, more=more)
    config = town.config.read_text() + section
    for name, number in (("ana", ANA), ("ben", BEN)):
        role = "owner" if name == "ana" else "reviewer"
        entry = f'[people.{name}]\nrole = "{role}"\n'
        assert entry in config
        config = config.replace(entry, f"{entry}telegram = {number}\n")
    town.config.write_text(config)
    try:
        yield Place(town, fake, ana, ben, group)
    finally:
        await town.close()
        await fake.stop()
    fake.check()
