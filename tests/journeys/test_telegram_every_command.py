"""Every command of the bot, said to it in Telegram: none is without a try."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from botcore.app import Bot
from botcore.commands.parse import ATTACHED, find_command, parse_values
from botcore.commands.registry import Command, Kind
from botcore.ui import File
from tests.adapters.telegram.server import FakeTelegram
from tests.core.test_commands import LINES as CORE_LINES
from tests.journeys.conftest import until
from tests.journeys.office import Office, open_office

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


@pytest.fixture
async def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    monkeypatch.chdir(tmp_path)
    async with open_office(tmp_path, waiting=2, channel=True) as office:
        yield office


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
