"""Every command of the bot, of its core and of the plugins that come with it, chosen by somebody in Discord."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from botcore.commands.parse import ATTACHED, find_command, parse_values
from botcore.commands.registry import Command, Kind
from botcore.ui import File, Reply, Table
from tests.adapters.discord.marketplaces import at_all_marketplaces
from tests.adapters.discord.reading import broken_limits, texts
from tests.adapters.discord.simulated import Simulated, said
from tests.core.rig import Rig
from tests.core.test_commands import LINES

# as LINES has them for the core; {job} and the like are found at the marketplace
PLUGINS = {
    "team create": "team create Testers account=hire",
    "team list": "team list account=hire",
    "team rename": "team rename {team} title=Reviewers account=hire",
    "team members": "team members {team} account=hire",
    "team remove": "team remove {team} {member} account=hire",
    "team add": 'team add {team} {member} note="Quick and kind" account=hire',
    "team delete": "team delete {team} account=hire",
    "job update": 'job update {hire} title="Another title" account=hire',
    "job reopen": "job reopen {hire} 5 account=hire",
    "job applications": "job applications {hire} account=hire",
    "deposit": "deposit account=pico amount=10",
    "gig categories": "gig categories account=sprout words=music",
    "gig search": "gig search account=sprout",
    "gig show": "gig show {gig} account=sprout",
    "gig questions": "gig questions {gig} account=sprout",
    "gig reviews": "gig reviews {gig} account=sprout",
    "job feature": "job feature {sprout} 2 account=sprout",
    "job position": "job position {category} 2.50 account=sprout",
}
MISREAD = ("missing: type", "too much: type", "it is typed", "There is no command", "configured account", "went wrong")


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Simulated]:
    async with at_all_marketplaces(tmp_path) as (town, _):
        yield town


JOB = File("job.toml", 'title = "Sign up"\n')


def options(commands: list[Command], line: str) -> dict[str, Any]:
    """A line as somebody fills it in who chooses the command in Discord, with a file where it takes one."""
    command, words = find_command(commands, line)
    files = {ATTACHED: JOB} if any(param.kind is Kind.FILE for param in command.params) else {}
    return {name: _option(value) for name, value in parse_values(command, words, files).items()}


def _option(value: object) -> object:
    match value:
        case tuple():
            return " ".join(value)
        case Decimal():
            return float(value)
        case File():
            return value.name, value.text.encode()
    return value


async def found(rig: Rig) -> Mapping[str, str]:
    """What the marketplaces have, by the names in PLUGINS."""

    async def first(line: str) -> str:
        reply: Reply = await rig.say("olga", line)
        assert reply.card is not None, reply.text
        rows = [row for block in reply.card.blocks if isinstance(block, Table) for row in block.rows]
        return rows[0][0]

    jobs = {name: (await rig.accounts[name].provider.jobs())[0].id for name in ("hire", "sprout")}
    team = await first("team list account=hire")
    return {
        **jobs,
        "team": team,
        "member": await first(f"team members {team} account=hire"),
        "gig": await first("gig search account=sprout"),
        "category": "0501",
    }


async def test_every_command_of_the_bot_answers_who_chooses_it(
    town: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fetch(told: Mapping[str, Any], base_url: str) -> File:
        assert told["url"].startswith("https://cdn.simcord.invalid/")  # where nobody is
        assert (told["filename"], told["size"]) == (JOB.name, len(JOB.text))
        return JOB

    monkeypatch.setattr("botcore_discord.interactions.fetch", fetch)
    rig = town.rig
    commands = list(await rig.dispatch.all_commands())
    for task in ("a", "b", "c"):
        rig.market.add(task)
    await town.poll()
    await rig.say("olga", "person add ann viewer memory=50")
    ids = await town.meanwhile(found(rig))
    tries = {**LINES, **PLUGINS}
    assert tries.keys() == {command.name for command in commands}, "a command that nobody tries in Discord"
    for name, line in tries.items():
        result = await town.slash("olga", name, **options(commands, line.format(**ids)))
        assert result.acknowledged, name
        if result.modal is not None:  # it asks
            continue
        answer = said(result)
        assert answer, name
        words = " ".join(text for components in answer for text in texts(components))
        assert words, name
        assert not [mistake for mistake in MISREAD if mistake in words], f"{name}: {words}"
        assert [broken for components in answer for broken in broken_limits(components)] == [], name
