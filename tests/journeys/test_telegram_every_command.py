"""Every command of the bot, said to it in Telegram: none is without a try."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from botcore.adapter import Actor
from botcore.app import Bot
from botcore.clock import FastClock
from botcore.commands.parse import ATTACHED, find_command, parse_values
from botcore.commands.registry import Command, Kind
from botcore.config import load_config
from botcore.demo import account_sections
from botcore.host import Host
from botcore.sandbox import SandboxServer
from botcore.ui import File, Reply
from tests.adapters.telegram.server import FakeTelegram, User
from tests.core.test_commands import LINES as CORE_LINES
from tests.journeys.conftest import until

SPEED = 60.0  # a private chat takes a message a second
PLUGIN_LINES = {
    "team list": "team list",
    "team create": "team create Crew",
    "team rename": "team rename T1 Others",
    "team delete": "team delete T1",
    "team members": "team members T1",
    "team add": "team add T1 W1",
    "team remove": "team remove T1 W1",
    "job update": "job update H1 title=Better",
    "job reopen": "job reopen H1 5",
    "job applications": "job applications H1 state=all",
    "deposit": "deposit pico 10",
    "gig categories": "gig categories sprout",
    "gig search": "gig search sprout a video",
    "gig show": "gig show g1",
    "gig questions": "gig questions g1",
    "gig reviews": "gig reviews g1",
    "job feature": "job feature J1 5",
    "job position": "job position 0501 3.10",
}
LINES = CORE_LINES | PLUGIN_LINES | {"person add": "person add ann viewer telegram=50"}
CONFIG = """
[bot]
database = "bot.db"
listen = "127.0.0.1:0"
poll_seconds = 600

{accounts}
[adapters.telegram]
token = "{token}"
base_url = "{base_url}"

[[channels]]
name = "phones"
adapter = "telegram"
to = "111"

[people.ana]
role = "owner"
telegram = 111
"""


@dataclass
class Office:
    """A bot in this process, whose clock runs fast, with an account at each marketplace; Ana writes to it alone."""

    bot: Bot
    fake: FakeTelegram
    ana: User
    said: list[tuple[str, Reply]]  # what reached the core, and what it answered

    @property
    def commands(self) -> Sequence[Command]:
        return self.bot.dispatcher.house.commands


@pytest.fixture
async def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    host = Host()
    host.load()
    accounts = {"sprout": "sproutgigs", "pico": "picoworkers", "hire": "hiretalents"}
    sandbox = SandboxServer(host.sandboxes(), accounts=accounts, waiting=2, busy=False, interval=0)
    await sandbox.start()
    clock = FastClock(SPEED)
    fake = FakeTelegram(clock=lambda: clock.now().timestamp())
    await fake.start()
    path = tmp_path / "config.toml"
    filled = CONFIG.format(accounts=account_sections(sandbox.accounts), token=fake.token, base_url=fake.base_url)
    path.write_text(filled)
    monkeypatch.chdir(tmp_path)
    ana = fake.user("Ana", 111)
    bot = await Bot.open(load_config(path), host, clock)
    said: list[tuple[str, Reply]] = []
    command = bot.dispatcher.command

    async def heard(actor: Actor, line: str, file: File | None = None) -> Reply:
        reply = await command(actor, line, file)
        said.append((line, reply))
        return reply

    monkeypatch.setattr(bot.dispatcher, "command", heard)
    await bot.start()
    yield Office(bot, fake, ana, said)
    await bot.stop()
    await fake.stop()
    await sandbox.stop()
    fake.check()


async def test_every_command_is_tried_and_answered(office: Office) -> None:
    assert {command.name for command in office.commands} == set(LINES), "a command has no line here"
    submissions = await until(lambda: _all_in(office.bot))
    names = {"A1": "A1", "J1": submissions["sprout"], "H1": submissions["hire"], "T1": "1", "W1": "w1"}
    offered = await until(lambda: _menu(office.fake))
    assert offered == {command.name.replace(" ", "_").replace("-", "_") for command in office.commands}

    for name, line in LINES.items():
        words = line.removeprefix(name).split()
        slash = f"/{name.replace(' ', '_').replace('-', '_')} {' '.join(names.get(word, word) for word in words)}"
        file = _file(next(command for command in office.commands if command.name == name))
        before = len(office.said)
        if file is not None:
            asked = await office.fake.sends(office.ana, office.ana, file.name, file.text.encode(), slash.strip())
        else:
            asked = await office.fake.says(office.ana, office.ana, slash.strip())
        await office.fake.until(lambda before=before: len(office.said) > before, why=slash)  # type: ignore[misc]
        typed, reply = office.said[before]
        command, rest = find_command(office.commands, typed)
        assert command.name == name
        parse_values(command, rest, {ATTACHED: file} if file else {})
        assert "Something went wrong" not in reply.text, slash
        start = reply.card.title if reply.card else reply.form.title if reply.form else reply.text.partition("\n")[0]
        await office.fake.until(
            lambda asked=asked, start=start: any(  # type: ignore[misc]
                start[:30].replace("`", "") in message.text.replace("`", "")
                for message in office.fake.from_bot(office.ana, after=asked)
            ),
            why=f"{slash}: {start!r}",
        )


def _file(command: Command) -> File | None:
    """What goes with a command that takes a file."""
    takes_one = any(param.kind is Kind.FILE for param in command.params)
    return File("job.toml", 'title = "Sign up"\n') if takes_one else None


async def _all_in(bot: Bot) -> dict[str, str] | None:
    """A job with submissions of each account, once all have been read."""
    rows = await bot.store.read(lambda r: r.q("SELECT account, min(job_id) AS job FROM submissions GROUP BY account"))
    return {row["account"]: row["job"] for row in rows} if len(rows) == 3 else None


def _menu(fake: FakeTelegram) -> set[str]:
    """What people are offered when they type a slash in private."""
    commands = fake.world.commands
    private = commands.get(("chat", 111, 0, "")) or commands.get(("all_private_chats", 0, 0, "")) or []
    return {command["command"] for command in private}
