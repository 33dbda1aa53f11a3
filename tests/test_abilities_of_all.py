"""The marketplaces that ship, an account at each: every command is refused where it cannot be served, by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from botcore.accounts import can_serve
from botcore.app import Bot
from botcore.config import ConfigError, load_config
from botcore.control import OWNER
from botcore.host import Host
from botcore.text import sentence
from botcore.ui import Result, Table
from tests.core.market import make_submission

TITLES = {"sprout": "SproutGigs", "pico": "Picoworkers", "hire": "HireTalents"}
KEYS = {
    "sprout": 'provider = "sproutgigs"\nuser_id = "1"\napi_secret = "a-secret-of-twenty-characters"',
    "pico": 'provider = "picoworkers"\nuser_id = "1"\napi_secret = "a-secret-of-twenty-characters"',
    "hire": 'provider = "hiretalents"\napi_key = "a-secret-of-twenty-characters"',
}
RULE = """
[[rules]]
name = "code"
{accounts}
when = [{{ contains = "x" }}]
max_per_day = 1
max_dollars_per_day = 1
satisfaction = "good"
"""

# each command that not every marketplace can serve, with an account that can, where there is one
LINES: Mapping[str, str] = {
    "balance": "balance {account}",
    "job pause": "job pause J1 account={account}",
    "job resume": "job resume J1 account={account}",
    "job stop": "job stop J1 account={account}",
    "job restart": "job restart J1 account={account}",
    "job add-positions": "job add-positions J1 10 account={account}",
    "job speed": "job speed J1 5 account={account}",
    "job ttr": "job ttr J1 3 account={account}",
    "job feature": "job feature J1 5 account={account}",
    "job position": "job position 5 category=0101 account={account}",
    "job update": "job update J1 title=New account={account}",
    "job reopen": "job reopen J1 10 tweet account={account}",
    "job applications": "job applications J1 account={account}",
    "worker block": "worker block w-{account} account={account}",
    "worker unblock": "worker unblock w-{account} account={account}",
    "catalogue zones": "catalogue zones {account}",
    "catalogue categories": "catalogue categories {account}",
    "catalogue countries": "catalogue countries {account}",
    "catalogue lists": "catalogue lists {account}",
    "list show": "list show {account}",
    "list add": "list add 7 w1 account={account}",
    "team list": "team list {account}",
    "team create": "team create Crew account={account}",
    "team rename": "team rename 1 Crew account={account}",
    "team delete": "team delete 1 account={account}",
    "team members": "team members 1 account={account}",
    "team add": "team add 1 w1 account={account}",
    "team remove": "team remove 1 w1 account={account}",
    "gig categories": "gig categories {account}",
    "gig search": "gig search {account} logo",
    "gig show": "gig show 1 account={account}",
    "gig questions": "gig questions 1 account={account}",
    "gig reviews": "gig reviews 1 account={account}",
    "deposit": "deposit {account} 10",
    "job post": "job post account={account}",
    "job clone": "job clone J1 account={account}",
    "job drafts": "job drafts",
    "job draft": "job draft d-1",
    "job blank": "job blank {account}",
    "template list": "template list",
    "template show": "template show copy",
    "template save": "template save d-1 copy",
    "template delete": "template delete copy",
    "template rename": "template rename copy other",
    "template export": "template export copy",
    "template import": "template import file=copy.toml account={account}",
}


async def opened(folder: Path, accounts: list[str], more: str = "") -> Bot:
    """A bot that is put together and not started: nothing of it calls a marketplace by itself."""
    sections = "\n\n".join(f'[accounts.{name}]\n{KEYS[name]}\nbase_url = "http://127.0.0.1:9/"' for name in accounts)
    (folder / "config.toml").write_text(f'[bot]\ndatabase = "bot.db"\n\n{sections}\n{more}')
    host = Host()
    host.load()
    return await Bot.open(load_config(folder / "config.toml"), host)


async def test_a_command_asked_of_an_account_that_cannot_names_those_that_can(tmp_path: Path) -> None:
    bot = await opened(tmp_path, list(KEYS))
    try:
        await bot.intake.ingest([make_submission(f"t-{name}", account=name, worker_id=f"w-{name}") for name in KEYS])
        special = [c for c in bot.dispatcher.house.commands if c.needs is not None or c.provider]
        assert {command.name for command in special} == set(LINES)
        refused = 0
        for command in special:
            able = [name for name, one in bot.accounts.items() if can_serve(one, command.needs, command.provider)]
            assert able, command.name
            for name in KEYS.keys() - able:
                reply = await bot.dispatcher.command(OWNER, LINES[command.name].format(account=name))
                said = f"{name} ({TITLES[name]}) cannot do that; these can: {', '.join(able)}"
                assert (reply.text, reply.result) == (sentence(said), Result.REFUSED), command.name
                refused += 1
        assert refused > len(special)
        assert await bot.store.read(lambda r: r.value("SELECT count(*) FROM operations")) == 0
    finally:
        await bot.stop()


@pytest.mark.parametrize("name", KEYS)
async def test_help_and_completion_have_what_the_one_account_can_and_nothing_else(tmp_path: Path, name: str) -> None:
    bot = await opened(tmp_path, [name])
    try:
        account = bot.accounts[name]
        wanted = [c.name for c in bot.dispatcher.house.commands if can_serve(account, c.needs, c.provider)]
        assert [command.name for command in await bot.dispatcher.commands(OWNER)] == wanted
        helped = await bot.dispatcher.command(OWNER, "help")
        assert helped.card is not None
        (table,) = helped.card.blocks
        assert isinstance(table, Table)
        shown = [next(c for c in wanted if f"{row[0]} ".startswith(f"{c} ")) for row in table.rows]
        assert shown == wanted
        for command in bot.dispatcher.house.commands:
            if command.name not in wanted:
                line = LINES[command.name].replace("account={account}", "").format(account="")
                reply = await bot.dispatcher.command(OWNER, line)
                assert reply.result is Result.REFUSED, command.name
                assert "o configured account can" in reply.text or "has been seen of" in reply.text, reply.text
    finally:
        await bot.stop()


@pytest.mark.parametrize(
    ("accounts", "where", "refused"),
    [
        (["sprout"], 'accounts = ["sprout"]', ""),
        (["sprout", "hire"], 'jobs = ["J1"]', ""),
        (["sprout", "hire"], 'accounts = ["sprout", "hire"]', "hire"),
        (["hire"], 'jobs = ["J1"]', "hire"),
    ],
)
async def test_a_rule_tells_a_satisfaction_only_where_one_can_be_told(
    tmp_path: Path, accounts: list[str], where: str, refused: str
) -> None:
    rule = RULE.format(accounts=where)
    if not refused:
        await (await opened(tmp_path, accounts, rule)).stop()
        return
    with pytest.raises(ConfigError) as caught:
        await opened(tmp_path, accounts, rule)
    said = f"{refused} cannot tell it to workers: leave it out, or in a rule of its own"
    assert f"rules[0].satisfaction: {said}" in caught.value.lines
