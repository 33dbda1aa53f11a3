"""HireTalents' own commands, and the core's at a HireTalents account: a whole bot on the simulated site."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from botcore.app import Bot
from botcore.config import load_config
from botcore.control import EXIT, Done, run_line
from botcore.host import Host
from botcore.models import WorkerList
from botcore.pacing import Urgency
from botcore.provider import AuthFailed
from botcore.sandbox import SandboxServer
from botcore.ui import Result
from botcore_hiretalents.commands import COMMANDS
from tests.plugins.hiretalents.buyer import Buyer

DONE, REFUSED, ASKED, IN_DOUBT = (
    EXIT[result] for result in (Result.DONE, Result.REFUSED, Result.NEEDS_CONFIRMATION, Result.IN_DOUBT)
)

CONFIG = """
[bot]
database = "bot.db"
undo_seconds = 0
doubt_seconds = 1

[accounts.hire]
provider = "hiretalents"
requests_per_second = 20
{settings}

[people.ana]
role = "owner"
"""


class Chat:
    """The local owner, who types."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot

    async def say(self, line: str, *, yes: bool = False) -> Done:
        return await run_line(self.bot, line, yes=yes, wait=True)

    async def done(self, line: str, *, yes: bool = False) -> str:
        """All the words of the answer to something that must work."""
        answer = await self.say(line, yes=yes)
        assert answer.exit == DONE, answer.reply
        return words(answer)


def words(done: Done) -> str:
    return " ".join(_texts(done.reply))


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return [value] if isinstance(value, str) else []


@pytest.fixture
async def chat(tmp_path: Path, sandbox: SandboxServer) -> AsyncIterator[Chat]:
    settings = "\n".join(f'{name} = "{value}"' for name, value in sandbox.accounts[0].settings.items())
    (tmp_path / "config.toml").write_text(CONFIG.format(settings=settings))
    host = Host()
    host.load()
    bot = await Bot.open(load_config(tmp_path / "config.toml"), host, immediate=True)
    await bot.work_alone()
    yield Chat(bot)
    await bot.stop()


@pytest.fixture
def kinds(sandbox: SandboxServer) -> Callable[[], list[str]]:
    return lambda: [entry["kind"] for entry in sandbox.ledger()]


# --- teams


async def test_a_team_from_chat(chat: Chat, buyer: Buyer, kinds: Callable[[], list[str]]) -> None:
    worker = str((await buyer.pending())[0]["user_id"])
    assert "Regulars" in await chat.done("team list hire")
    assert "one team is called “Night owls”" in await chat.done("team create Night owls")
    assert "called “Early birds”" in await chat.done('team rename night "Early birds"')
    added = await chat.done(f"team add early {worker} quick and neat")
    assert f"Worker {worker} is in the team, which has one member" in added
    assert "quick and neat" in await chat.done("team members Early")
    assert "is not in the team" in await chat.done(f"team remove early {worker}")
    quoted = await chat.say("team delete early account=hire")
    assert quoted.exit == ASKED
    assert "cannot be brought back" in words(quoted)
    assert "delete_team" not in kinds()
    assert "There is no team" in await chat.done("team delete early", yes=True)
    assert kinds() == ["create_team", "rename_team", "add_member", "delete_member", "delete_team"]


async def test_a_worker_may_be_named_by_a_submission_and_gets_a_note(chat: Chat) -> None:
    await chat.bot.intake.poll(chat.bot.accounts["hire"], Urgency.PERSON)
    await chat.done("team create Owls")
    worker = await chat.bot.store.read(lambda r: r.value("SELECT worker_id FROM submissions WHERE id = 2"))
    assert f"Put worker {worker} in the team “Owls”, as “{worker}”" in await chat.done("team add owls A2")


UNCLEAR = {
    "team members nobody": "there is no team “nobody”",
    "team delete a": "could be several teams",
    "team rename regulars": "title",
    "team create": "title",
    "team list sprout": "there is no account",
    "job update 1 title=x": "there is no job",
}


async def test_what_is_not_clear_is_asked_back(chat: Chat, kinds: Callable[[], list[str]]) -> None:
    for line, said in UNCLEAR.items():
        answer = await chat.say(line)
        assert answer.exit == REFUSED, line
        assert said.lower() in words(answer).lower()
    assert kinds() == []


async def test_a_refusal_is_told_in_the_marketplaces_words(chat: Chat) -> None:
    answer = await chat.say("team add regulars 1")
    assert answer.exit == REFUSED
    assert "The selected user_id is invalid" in words(answer)


# --- jobs


async def test_a_job_is_written_anew(chat: Chat, buyer: Buyer) -> None:
    job_id = await buyer.create()
    line = f'job update {job_id} title="New one" time=9 limit=10/day restart=6h'
    said = await chat.done(f'{line} instructions="Open it | Look" proofs="text: your name | image: the page"')
    assert all(part in said for part in ("“New one”", "“9”", "“10/day”", "“Open it | Look”"))
    now = await buyer.get(f"job/{job_id}")
    assert (now["title"], now["time"], now["expected"]) == ("New one", 9, ["Open it", "Look"])
    assert now["proof"] == [{"desc": "your name", "type": "text"}, {"desc": "the page", "type": "image"}]
    assert (now["hourseats"], now["limitfreqseconds"]) == (10, 86_400)


async def test_a_change_that_makes_no_sense_is_not_sent(
    chat: Chat, buyer: Buyer, kinds: Callable[[], list[str]]
) -> None:
    job_id = await buyer.create()
    for change in ("", "limit=ten", "restart=59", "proofs=name", "time=0", 'title=" "'):
        assert (await chat.say(f"job update {job_id} {change}")).exit == REFUSED, change
    assert kinds() == ["post_job"]


async def test_applications_in_all_states(chat: Chat, buyer: Buyer, sandbox: SandboxServer) -> None:
    job_id = (await buyer.pending())[0]["jobid"]
    one, two, three = sandbox.submit("hire", str(job_id), count=3)
    await buyer.rate(int(one), 1, "a blank page")
    await buyer.rate(int(two), 3)
    sandbox.report("hire", three)
    assert "a blank page" in await chat.done(f"job applications {job_id} state=declined")
    assert two in await chat.done(f"job applications {job_id} state=approved")
    assert three in await chat.done(f"job applications {job_id} state=reported")
    everything = await chat.done(f"job applications {job_id}")
    assert all(state in everything for state in ("declined", "approved", "reported", "pending"))
    assert "@" not in everything
    assert "There are no more." in await chat.done(f"job applications {job_id} page=99")
    assert (await chat.say(f"job applications {job_id} page=0")).exit == REFUSED


async def test_money_is_quoted_asked_about_and_told(chat: Chat, buyer: Buyer, kinds: Callable[[], list[str]]) -> None:
    job_id = await buyer.create(availseats=20, price="0.20")
    quoted = await chat.say(f"job add-positions {job_id} 10")
    assert quoted.exit == ASKED
    assert "$2.35 (an estimate)" in words(quoted)
    assert "$2.35" in await chat.done(f"job add-positions {job_id} 10", yes=True)
    assert "at HireTalents that ends it" in words(await chat.say(f"job pause {job_id}"))
    assert (await chat.say(f"job resume {job_id}")).exit == REFUSED
    await chat.done(f"job pause {job_id}", yes=True)
    assert "Finished" in await chat.done(f"job show {job_id}")
    assert "$2.35" in await chat.done(f"job resume {job_id} 10", yes=True)
    await chat.done(f"job restart {job_id}", yes=True)
    assert kinds() == ["post_job", "add_positions", "pause", "resume", "restart"]


@pytest.mark.parametrize(("flags", "cost"), [("tweet hide", "$2.85"), ("hide", "$2.35"), ("", "$2.35")])
async def test_a_job_is_put_back_announced_and_hidden(chat: Chat, buyer: Buyer, flags: str, cost: str) -> None:
    job_id = await buyer.create(availseats=20, price="0.20")
    await chat.done(f"job pause {job_id}", yes=True)
    quoted = await chat.say(f"job reopen {job_id} 10 {flags}")
    assert quoted.exit == ASKED
    assert f"{cost} (an estimate)" in words(quoted)
    assert ("announced on the marketplace's Twitter page" in words(quoted)) == ("tweet" in flags)
    assert ("hidden from search engines" in words(quoted)) == ("hide" in flags)
    assert cost in await chat.done(f"job reopen {job_id} 10 {flags}", yes=True)
    now = await buyer.get(f"job/{job_id}")
    assert (now["availseats"], now["send_tweet"]) == (10, int("tweet" in flags))
    assert (await chat.say(f"job reopen {job_id} 0")).exit == REFUSED


async def test_positions_of_a_job_that_is_checked_automatically_are_quoted(chat: Chat, buyer: Buyer) -> None:
    proof = [{"desc": "like_tweet", "type": "like_tweet"}]
    job_id = await buyer.create(category="114", automated="1", proof=proof)
    assert "(an estimate)" in words(await chat.say(f"job add-positions {job_id} 10"))


async def test_teams_are_listed_though_another_account_cannot_be_read(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = chat.bot.accounts["hire"]
    sick = replace(account, name="sick", provider=copy(account.provider))

    async def fail() -> Sequence[WorkerList]:
        raise AuthFailed("wrong key")

    monkeypatch.setattr(sick.provider, "teams", fail)
    monkeypatch.setattr(chat.bot.accounts, "_accounts", {"sick": sick, "hire": account})
    listed = await chat.done("team list")
    assert "Regulars" in listed
    assert "sick: wrong key" in listed
    await chat.done("team members regulars")
    missing = await chat.say("team members nobody")
    assert (missing.exit, "wrong key" in words(missing)) == (REFUSED, True)
    assert (await chat.say("team list sick")).exit == REFUSED


async def test_what_hiretalents_cannot_do_is_not_pretended(chat: Chat, buyer: Buyer) -> None:
    job_id = (await buyer.pending())[0]["jobid"]
    for line in (f"job stop {job_id}", f"job speed {job_id} 5", f"job ttr {job_id} 3", "block W1", "list show"):
        assert (await chat.say(line, yes=True)).exit == REFUSED, line


async def test_an_answer_that_was_lost_is_a_doubt_that_says_how_things_stand(
    chat: Chat, sandbox: SandboxServer
) -> None:
    sandbox.faults.add("teams/create", "drop", count=1)
    answer = await chat.say("team create Lost")
    assert answer.exit == IN_DOUBT
    assert "one team is called “Lost”" in words(answer)


def test_own_commands_are_shown_only_where_there_is_such_an_account() -> None:
    assert {command.provider for command in COMMANDS} == {"hiretalents"}


# --- reviewing


async def test_a_review_from_the_first_look_to_the_ledger(chat: Chat, buyer: Buyer, sandbox: SandboxServer) -> None:
    await chat.bot.intake.poll(chat.bot.accounts["hire"], Urgency.PERSON)
    assert " waiting" in await chat.done("pending hire")
    await chat.done("approve A1")
    await chat.done('reject A2 reason="a blank page"')
    await chat.done('revise A3 reason="the name, please"')
    assert [entry["rating"] for entry in sandbox.ledger()] == ["ok", "not_ok", "revise"]
    assert (await chat.say("approve A1")).exit == REFUSED
    assert len(sandbox.ledger()) == 3


async def test_what_is_reported_cannot_be_rated_and_says_so(chat: Chat, sandbox: SandboxServer) -> None:
    account = chat.bot.accounts["hire"]
    await chat.bot.intake.poll(account, Urgency.PERSON)
    task = await chat.bot.store.read(lambda r: r.value("SELECT task_id FROM submissions WHERE id = 1"))
    sandbox.report("hire", task)
    answer = await chat.say("approve A1")
    assert answer.exit == REFUSED
    assert "the marketplace looks at it" in words(answer)
    assert sandbox.ledger() == []
