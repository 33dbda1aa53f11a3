"""A marketplace that does not answer costs a person a little while, and nobody else anything."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from botcore import accounts
from botcore.models import Balance, Job, Zone
from botcore.provider import AuthFailed, Provider, Refused, Unavailable
from botcore.ui import Result
from tests.core.market import ScriptedProvider
from tests.core.rig import Rig, Rigs, Setup, words

SHORT = 0.05


class SometimesSilent(ScriptedProvider):
    """Does not answer, where the account is called `silent`."""

    async def _wait(self) -> None:
        if self.tools.account == "silent":
            await asyncio.Event().wait()

    async def balance(self) -> Balance:
        await self._wait()
        return await super().balance()

    async def jobs(self) -> Sequence[Job]:
        await self._wait()
        return await super().jobs()

    async def job(self, job_id: str) -> Job:
        await self._wait()
        return await super().job(job_id)

    async def zones(self) -> Sequence[Zone]:
        await self._wait()
        return await super().zones()


@pytest.fixture
async def two(rigs: Rigs) -> Rig:
    rig = await rigs.start(Setup(provider=SometimesSilent, accounts=("silent", "loud")))
    rig.accounts["silent"].patience = SHORT
    rig.markets["loud"].add("a", "J1")
    return rig


async def silence(provider: Provider) -> None:
    await asyncio.Event().wait()


async def raises(error: Exception) -> None:
    raise error


async def test_a_person_waits_only_so_long_and_is_told(two: Rig) -> None:
    account = two.accounts["silent"]
    with pytest.raises(Unavailable, match=r"no answer within 0.05 s"):
        await account.ask(silence)
    assert account.problem == "no answer within 0.05 s"


async def test_who_did_not_answer_lately_is_waited_for_less(two: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    account = two.accounts["loud"]
    monkeypatch.setattr(accounts, "LITTLE_PATIENCE", SHORT)
    with pytest.raises(Unavailable, match="down"):
        await account.ask(lambda p: raises(Unavailable("down")))
    with pytest.raises(Unavailable, match=r"within 0.05 s"):
        await account.ask(silence)
    assert account.problem == "down"
    with pytest.raises(Refused):
        await account.ask(lambda p: raises(Refused("no")))  # an answer all the same
    assert (account.problem, account.heard) == ("", True)
    account.patience = 2 * SHORT
    with pytest.raises(Unavailable, match=r"within 0.1 s"):
        await account.ask(silence)


async def test_a_wrong_key_stays_known_while_nothing_answers(two: Rig) -> None:
    account = two.accounts["silent"]
    with pytest.raises(AuthFailed):
        await account.ask(lambda p: raises(AuthFailed("wrong key")))
    with pytest.raises(Unavailable):
        await account.ask(silence)
    assert (account.problem, account.needs_person) == ("wrong key", True)


async def test_a_time_out_of_the_marketplaces_own_is_not_taken_for_a_persons(two: Rig) -> None:
    with pytest.raises(TimeoutError, match="theirs"):
        await two.accounts["silent"].ask(lambda p: raises(TimeoutError("theirs")))


@pytest.mark.parametrize(
    ("line", "there", "missing"),
    [
        ("balance", "$12.34", "no answer within"),
        ("job list", "Job J1", "silent: no answer within"),
        ("catalogue zones", "International", "silent: no answer within"),
    ],
)
async def test_what_all_accounts_are_asked_shows_those_that_answer(
    two: Rig, line: str, there: str, missing: str
) -> None:
    reply = await two.say("olga", line)
    assert reply.card is not None
    shown = f"{reply.card.blocks} {words(reply.card)}"
    assert there in shown
    assert missing in shown


async def test_a_job_is_found_though_another_account_does_not_answer(two: Rig) -> None:
    reply = await two.say("olga", "job show J1")
    assert reply.card is not None
    assert (reply.result, reply.card.subtitle) == (Result.DONE, "J1 · loud")
    reply = await two.say("olga", "job show J2")
    assert (reply.result, reply.text) == (Result.REFUSED, "Silent: no answer within 0.05 s.")


async def test_a_page_that_cannot_be_read_is_the_accounts_problem(rig: Rig) -> None:
    rig.market.add("a")
    rig.market.errors["pending"] = [AuthFailed("wrong key")]
    with pytest.raises(AuthFailed):
        await rig.poll()
    assert (rig.account.problem, rig.account.needs_person) == ("wrong key", True)
