"""A bot in the test's own process, with an account at each marketplace, which somebody uses from their phone alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botcore.adapter import Actor
from botcore.app import Bot
from botcore.clock import FastClock
from botcore.commands.registry import Command
from botcore.config import load_config
from botcore.demo import account_sections
from botcore.host import Host
from botcore.sandbox import SandboxServer
from botcore.ui import Reply
from tests.adapters.telegram.server import FakeTelegram, User

SPEED = 60.0  # a private chat takes a message a second
ACCOUNTS = {"sprout": "sproutgigs", "pico": "picoworkers", "hire": "hiretalents"}
CONFIG = """
[bot]
database = "bot.db"
listen = "127.0.0.1:0"
poll_seconds = 600

{accounts}
[adapters.telegram]
token = "{token}"
base_url = "{base_url}"

[people.ana]
role = "owner"
telegram = 111
"""


CHANNEL = """
[[channels]]
name = "phones"
adapter = "telegram"
to = "111"
"""


@dataclass
class Office:
    """A bot in this process, whose clock runs fast, with an account at each marketplace; Ana writes to it alone."""

    bot: Bot
    sandbox: SandboxServer
    fake: FakeTelegram
    ana: User
    said: list[tuple[str, Reply]]  # what reached the core, and what it answered

    @property
    def commands(self) -> Sequence[Command]:
        return self.bot.dispatcher.house.commands


@asynccontextmanager
async def open_office(folder: Path, *, waiting: int = 0, channel: bool = False) -> AsyncIterator[Office]:
    """`waiting`: submissions of each job that are there already. `channel`: Ana's chat has cards of its own."""
    host = Host()
    host.load()
    sandbox = SandboxServer(host.sandboxes(), accounts=ACCOUNTS, waiting=waiting, busy=False, interval=0)
    await sandbox.start()
    clock = FastClock(SPEED)
    fake = FakeTelegram(clock=lambda: clock.now().timestamp())
    await fake.start()
    path = folder / "config.toml"
    filled = CONFIG.format(accounts=account_sections(sandbox.accounts), token=fake.token, base_url=fake.base_url)
    path.write_text(filled + CHANNEL * channel)
    ana = fake.user("Ana", 111)
    bot = await Bot.open(load_config(path), host, clock)
    said: list[tuple[str, Reply]] = []
    command = bot.dispatcher.command

    async def heard(actor: Actor, line: str, *more: Any, **named: Any) -> Reply:
        reply = await command(actor, line, *more, **named)
        said.append((line, reply))
        return reply

    bot.dispatcher.command = heard  # type: ignore[method-assign]
    await bot.start()
    yield Office(bot, sandbox, fake, ana, said)
    await bot.stop()
    await fake.stop()
    await sandbox.stop()
    fake.check()
