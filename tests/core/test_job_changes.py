"""A job's life: what costs or cannot be undone is asked about, the rest is done at once, and nothing is done twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

import pytest

from botcore.models import Job
from botcore.provider import AuthFailed, Capability, OutcomeUnknown, Refused, Unavailable
from botcore.spending import spent
from botcore.ui import Card, Fields, Reply, Result
from tests.core.market import DAY, HOUR, START, ScriptedProvider
from tests.core.rig import INBOX, LIMITS, Rig, Rigs, Setup, actor, words

FREE = [
    ("job pause J1", "pause J1"),
    ("job speed J1 500", "set_speed J1 500"),
    ("job ttr J1 9", "set_time_to_rate J1 9"),
]
ASKED = [
    ("job resume J1", "resume J1"),
    ("job stop J1", "stop J1"),
    ("job restart J1", "restart J1"),
    ("job add-positions J1 20", "add_positions J1 20"),
    ("job ttr J1 3", "set_time_to_rate J1 3"),
]


class Ending(ScriptedProvider):
    """Where a pause is the end, and to resume takes new positions."""

    title: ClassVar[str] = "Ending"
    capabilities: ClassVar[frozenset[Capability]] = frozenset(Capability) - {Capability.SPEED, Capability.TIME_TO_RATE}
    pause_ends: ClassVar[bool] = True
    resume_needs_positions: ClassVar[bool] = True
    restart_costs: ClassVar[bool] = False

    def cost_of_positions(self, job: Job, count: int) -> Decimal | None:
        return None if job.price is None else job.price * count * Decimal("1.1")


class Adding(ScriptedProvider):
    """Where positions can be added to a job with its restart."""

    restart_adds: ClassVar[bool] = True


@pytest.fixture
async def rig(rigs: Rigs) -> Rig:
    return await with_job(await rigs.start())


async def with_job(rig: Rig) -> Rig:
    for market in rig.markets.values():
        market.edits["J1"] = {}
    return rig


async def confirmed(rig: Rig, reply: Reply) -> Reply:
    assert reply.result is Result.NEEDS_CONFIRMATION, reply.text
    return await rig.patiently(rig.press("mia", f"confirm:op-{reply.operations[0]}:0"))


async def asked_and_confirmed(rig: Rig, line: str) -> Reply:
    return await confirmed(rig, await rig.say("mia", line))


def facts(reply: Reply) -> dict[str, str]:
    return {f.name: f.value for block in card(reply).blocks if isinstance(block, Fields) for f in block.fields}


def card(reply: Reply) -> Card:
    assert reply.card is not None, reply.text
    return reply.card


# --- asked about, or done at once


@pytest.mark.parametrize(("line", "call"), FREE)
async def test_what_is_free_and_can_be_taken_back_is_done_at_once(rig: Rig, line: str, call: str) -> None:
    reply = await rig.patiently(rig.say("mia", line))
    assert (reply.result, card(reply).badge) == (Result.DONE, "Done")
    assert rig.market.done == [call]
    assert await rig.states("operations") == ["done"]


@pytest.mark.parametrize(("line", "call"), ASKED)
async def test_what_costs_or_cannot_be_undone_waits_for_confirm(rig: Rig, line: str, call: str) -> None:
    rig.market.edits["J1"] = {"positions": 40}
    reply = await rig.say("mia", line)
    assert [button.label for button in card(reply).buttons] == ["Confirm", "Cancel"]
    await rig.turn(HOUR)
    assert rig.market.done == []
    done = await confirmed(rig, reply)
    assert (done.result, card(done).badge) == (Result.DONE, "Done")
    assert rig.market.done == [call]


@pytest.mark.parametrize(
    ("line", "cost", "then"),
    [
        ("job add-positions J1 20", "$2.00 (an estimate)", "$12.34, then about $10.34"),
        ("job restart J1", "$10.00 (an estimate)", "$12.34, then about $2.34"),
        ("job resume J1", "", ""),
        ("job stop J1", "", ""),
    ],
)
async def test_a_quote_says_what_it_costs_and_what_is_left(rig: Rig, line: str, cost: str, then: str) -> None:
    shown = facts(await rig.say("mia", line))
    assert (shown.get("Cost", ""), shown.get("Balance", "")) == (cost, then)
    assert shown["Job"] == "Job J1 (J1)"
    assert shown["Now"] == "running, 0 of 100 positions done"


async def test_a_balance_that_cannot_be_read_is_left_out(rig: Rig) -> None:
    rig.market.errors["balance"] = [Unavailable("down")]
    shown = facts(await rig.say("mia", "job add-positions J1 20"))
    assert shown["Cost"] == "$2.00 (an estimate)"
    assert "Balance" not in shown


@pytest.mark.parametrize("line", ["job add-positions J1 20", "job stop J1"])
async def test_a_balance_is_read_again_once_something_was_spent_or_given_back(rig: Rig, line: str) -> None:
    assert "Balance" in facts(await rig.say("mia", "job add-positions J1 20"))
    await asked_and_confirmed(rig, line)
    rig.market.errors["balance"] = [Unavailable("down")]
    assert "Balance" not in facts(await rig.say("mia", "job add-positions J1 20"))


async def test_the_days_limit_stops_what_would_go_over_it(rig: Rig) -> None:
    reply = await rig.say("mia", "job restart J1")
    over = await rig.press("mia", f"confirm:op-{reply.operations[0]}:0")
    assert over.text == "That would make $10.00 today; daily_spend is $5.00."
    assert rig.market.done == []


async def test_what_costs_nobody_knows_how_much_is_not_done_under_a_days_limit(rigs: Rigs) -> None:
    rig = await rigs.start()
    rig.market.edits["J1"] = {"price": None}
    reply = await rig.say("mia", "job add-positions J1 20")
    assert reply.text == "What this costs cannot be told, and daily_spend is set: do it on the website."
    free = await rigs.start(Setup(limits=replace(LIMITS, daily_spend=None)), world=rig)
    assert facts(await free.say("mia", "job add-positions J1 20"))["Cost"] == "cannot be told"


async def test_what_the_marketplace_says_it_cost_counts(rig: Rig) -> None:
    rig.market.told_cost = Decimal("2.13")
    reply = await asked_and_confirmed(rig, "job add-positions J1 20")
    assert facts(reply)["Cost"] == "$2.13"
    assert await rig.store.read(spent, LIMITS, rig.clock.ms()) == Decimal("2.13")


# --- a shorter time to rate


async def test_a_shorter_time_to_rate_says_how_many_would_be_paid_at_once(rig: Rig) -> None:
    for task, days in (("a", 5), ("b", 4), ("c", 1)):
        rig.market.add(task, submitted_at=START - timedelta(days=days))
    await rig.poll()
    rig.market.add("d")
    said = words(card(await rig.say("mia", "job ttr J1 3")))
    assert "2 of 3 waiting submissions would be paid at once, unrated." in said
    assert "1 more wait at Scripted that are not read yet." in said
    assert "(7 now)" in said


async def test_deadlines_follow_the_new_time_to_rate(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    await asked_and_confirmed(rig, "job ttr J1 3")
    assert await rig.value("SELECT deadline - submitted_at FROM submissions") == 3 * DAY * 1000
    assert "Time left" in str(rig.adapter.shown()[0])
    await rig.patiently(rig.say("mia", "job ttr J1 30"))
    assert await rig.value("SELECT found FROM operations ORDER BY id DESC") == "There are 30 days to rate now."
    assert await rig.value("SELECT deadline - submitted_at FROM submissions") == 30 * DAY * 1000


async def test_deadlines_follow_a_time_to_rate_that_was_set_elsewhere(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    for told, days in ((3, 3), (None, 3), (9, 9)):
        rig.market.edits["J1"] = {"rate_within_days": told}
        await rig.poll()
        assert await rig.value("SELECT deadline - submitted_at FROM submissions") == days * DAY * 1000


async def test_a_time_to_rate_that_is_told_late_sets_deadlines(rig: Rig) -> None:
    rig.market.edits["J1"] = {"rate_within_days": None}
    await rig.intake.ingest([replace(rig.market.add("a"), deadline=None)])
    await rig.poll()
    rig.market.edits["J1"] = {"rate_within_days": 3}
    await rig.poll()
    assert await rig.value("SELECT deadline - submitted_at FROM submissions") == 3 * DAY * 1000


async def test_a_time_to_rate_that_is_not_told_is_asked_about(rig: Rig) -> None:
    rig.market.edits["J1"] = {"rate_within_days": None}
    assert "what it has now is not told" in words(card(await rig.say("mia", "job ttr J1 30")))


# --- what a marketplace is like


async def test_a_pause_that_ends_the_job_is_asked_about(rigs: Rigs) -> None:
    rig = await with_job(await rigs.start(Setup(provider=Ending)))
    reply = await rig.say("mia", "job pause J1")
    assert "at Ending that ends it" in words(card(reply))
    assert "about $11.00" in words(card(reply))
    await confirmed(rig, reply)
    assert rig.market.done == ["pause J1"]


async def test_to_resume_with_new_positions_costs_them(rigs: Rigs) -> None:
    rig = await with_job(await rigs.start(Setup(provider=Ending)))
    assert (await rig.say("mia", "job resume J1")).text == (
        "A job at Ending is resumed with new positions: type `job resume J1 POSITIONS`."
    )
    reply = await rig.say("mia", "job resume J1 20")
    assert facts(reply)["Cost"] == "$2.20 (an estimate)"
    await confirmed(rig, reply)
    assert rig.market.done == ["resume J1 20"]


async def test_positions_are_not_taken_where_none_are_needed(rig: Rig) -> None:
    assert "leave the number out" in (await rig.say("mia", "job resume J1 20")).text


async def test_a_restart_that_is_free_costs_nothing(rigs: Rigs) -> None:
    rig = await with_job(await rigs.start(Setup(provider=Ending)))
    assert "Cost" not in facts(await rig.say("mia", "job restart J1"))


async def test_a_restart_with_more_positions_pays_them_and_those_still_open(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(provider=Adding))
    rig.market.edits["J1"] = {"positions": 20, "done": 15}
    reply = await rig.say("mia", "job restart J1 20")
    assert facts(reply)["Cost"] == "$2.50 (an estimate)"
    assert "with 20 more positions, which are paid now with the 5 that are open" in words(card(reply))
    await confirmed(rig, reply)
    assert rig.market.done == ["restart J1 20"]


async def test_a_restart_takes_no_positions_where_it_cannot_add_them(rig: Rig) -> None:
    assert "leave the number out" in (await rig.say("mia", "job restart J1 20")).text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("job speed J1 0", "Speed is a number from 1 to 1000 there."),
        ("job ttr J1 91", "Days is a number from 1 to 90 there."),
        ("job add-positions J1 10000", "Positions is a number from 1 to 9999 there."),
        ("job add-positions J1 many", "Positions is a whole number, such as 10."),
        ("job stop nope", "There is no job nope; see `job list`."),
    ],
)
async def test_what_cannot_be_is_refused_before_anything_is_asked(rig: Rig, line: str, said: str) -> None:
    assert await rig.say("mia", line) == Reply(said, result=Result.REFUSED)
    assert await rig.states("operations") == []


async def test_an_account_that_cannot_names_those_that_can(rigs: Rigs) -> None:
    rig = await with_job(await rigs.start(Setup(accounts=("main", "hire"))))
    rig.accounts["hire"].provider = Ending(rig.accounts["hire"].provider.tools, rig.markets["hire"])
    said = "Hire (Ending) cannot do that; these can: main."
    assert (await rig.say("mia", "job speed J1 5 account=hire")).text == said
    del rig.market.edits["J1"]
    assert (await rig.say("mia", "job speed J1 5")).text == said
    assert "job speed" in [command.name for command in await rig.dispatch.commands(actor("mia"))]


async def test_a_command_that_no_account_can_serve_is_not_offered(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(provider=Ending))
    offered = [command.name for command in await rig.dispatch.commands(actor("mia"))]
    assert "job pause" in offered
    assert not {"job speed", "job ttr"} & set(offered)
    assert (await rig.say("mia", "job speed J1 5 account=main")).text == (
        "Main (Ending) cannot do that; no configured account can."
    )


async def test_a_job_in_two_accounts_asks_which(rigs: Rigs) -> None:
    rig = await with_job(await rigs.start(Setup(accounts=("main", "second"))))
    assert (await rig.say("mia", "job stop J1")).text == (
        "J1 is in several accounts: say account= one of main, second."
    )
    await asked_and_confirmed(rig, "job stop J1 account=second")
    assert (rig.market.done, rig.markets["second"].done) == ([], ["stop J1"])


# --- what became of it


@pytest.mark.parametrize(("line", "call"), FREE)
async def test_a_lost_answer_to_what_is_harmless_to_repeat_is_no_doubt(rig: Rig, line: str, call: str) -> None:
    rig.market.unanswered.add(call.split()[0])
    assert (await rig.patiently(rig.say("mia", line))).result is Result.DONE
    assert rig.market.done == [call, call]


@pytest.mark.parametrize("line", ["job resume J1", "job restart J1", "job add-positions J1 20"])
async def test_a_lost_answer_to_what_would_be_paid_twice_is_a_doubt(rigs: Rigs, line: str) -> None:
    rig = await with_job(await rigs.start(Setup(limits=replace(LIMITS, daily_spend=Decimal(50)))))
    rig.market.unanswered.add(line.split()[1].replace("-", "_"))
    reply = await asked_and_confirmed(rig, line)
    assert reply.result is Result.IN_DOUBT
    await rig.turn(DAY)
    assert len(rig.market.done) == 1


async def test_a_doubt_shows_the_job_as_it_is_read_again(rig: Rig) -> None:
    rig.market.unanswered.add("add_positions")
    await asked_and_confirmed(rig, "job add-positions J1 20")
    await rig.settle()
    (shown,) = rig.adapter.shown()
    assert rig.adapter.where == {"1": INBOX.name}
    assert "The job is running, 0 of 120 positions done (before: running, 0 of 100 positions done)." in words(shown)
    assert [button.label for button in shown.buttons] == ["It went through", "Send again", "Leave it"]
    assert (await rig.press("mia", "went:op-1:0")).result is Result.DONE
    assert await rig.states("operations") == ["done"]
    assert await rig.store.read(spent, LIMITS, rig.clock.ms()) == 2


async def test_who_asks_for_the_same_again_is_told_of_the_doubt(rig: Rig) -> None:
    rig.market.unanswered.add("add_positions")
    await asked_and_confirmed(rig, "job add-positions J1 20")
    again = facts(await rig.say("mia", "job add-positions J1 20"))
    assert again["op-1 is in doubt"] == "Add 20 positions to “Job J1”: 120 in all."


async def test_a_job_that_cannot_be_read_again_is_said_so(rig: Rig) -> None:
    rig.market.unanswered.add("restart")
    rig.market.edits["J1"] = {"positions": 10}
    reply = await rig.say("mia", "job restart J1")
    rig.market.errors["job"] = [Refused("there is no such job")]
    said = words(card(await confirmed(rig, reply)))
    assert "How it stands now could not be read: there is no such job." in said


async def test_a_job_that_cannot_be_read_just_now_is_read_a_little_later(rig: Rig) -> None:
    reply = await rig.say("mia", "job stop J1")
    rig.market.errors["job"] = [Unavailable("down"), AuthFailed("no"), OutcomeUnknown("what?")]
    await confirmed(rig, reply)
    await rig.turn(HOUR)
    assert await rig.value("SELECT found FROM operations") == "How it stands now could not be read: what?."
    assert rig.market.done == ["stop J1"]


async def test_after_a_change_the_job_is_known_as_it_is_now(rig: Rig) -> None:
    reply = await asked_and_confirmed(rig, "job stop J1")
    assert "The job is finished, 0 of 100 positions done" in words(card(reply))
    assert '"status":"finished"' in await rig.value("SELECT data FROM jobs WHERE id = 'J1'")


async def test_a_refusal_is_told_in_the_marketplaces_words_and_frees_the_money(rig: Rig) -> None:
    rig.market.errors["add_positions"] = [Refused("Not enough money.")]
    reply = await asked_and_confirmed(rig, "job add-positions J1 20")
    assert reply.result is Result.REFUSED
    assert "Not enough money." in words(card(reply))
    assert await rig.store.read(spent, LIMITS, rig.clock.ms()) == 0


async def test_of_two_changes_of_one_job_the_first_ends_before_the_second_leaves(rig: Rig) -> None:
    rig.market.errors["pause"] = [Unavailable("down")]
    slow = await rig.patiently(rig.say("mia", "job pause J1"))
    assert slow.result is Result.DONE
    rig.market.errors["pause"] = [Unavailable("down")] * 9
    await rig.patiently(rig.say("mia", "job pause J1"))
    refused = await rig.press("mia", f"confirm:op-{(await rig.say('mia', 'job resume J1')).operations[0]}:0")
    assert refused.text == "Op-2 (pause job) is still on its way; wait for its end."
    other = await rig.patiently(rig.say("mia", "job speed J1 5"))
    assert other.text == "Op-2 (pause job) is still on its way; wait for its end."
    await rig.turn(HOUR)
    assert (await rig.patiently(rig.press("mia", "confirm:op-3:0"))).result is Result.DONE
    assert rig.market.done == ["pause J1", "pause J1", "resume J1"]


async def test_a_kill_while_it_was_sent_is_a_doubt_with_a_look_at_the_job(rigs: Rigs) -> None:
    rig = await with_job(await rigs.start())
    number = (await rig.say("mia", "job add-positions J1 20")).operations[0]
    await rig.store.tx(lambda tx: tx.q("UPDATE operations SET state = 'sending' WHERE id = :id", id=number))
    rig.market.edits["J1"] = {"positions": 120}
    after = await rigs.killed(rig)
    await after.settle()
    assert await after.states("operations") == ["in doubt"]
    assert "0 of 120 positions" in await after.value("SELECT found FROM operations")
    assert after.market.done == []


async def test_a_restored_change_of_a_job_is_a_doubt_and_never_repeated(rigs: Rigs) -> None:
    rig = await with_job(await rigs.start())
    rig.market.errors["pause"] = [Unavailable("down")] * 9
    await rig.patiently(rig.say("mia", "job pause J1"))
    await rig.store.tx(lambda tx: tx.q("INSERT INTO meta (key, value) VALUES ('restored', '1')"))
    rig.market.errors.clear()
    after = await rigs.killed(rig)
    await after.turn(HOUR)
    assert await after.states("operations") == ["in doubt"]


async def test_what_it_costs_is_not_guessed_where_the_marketplace_does_not_answer(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A marketplace may have fees that it tells only when it is asked: the limits would count too little."""

    async def away(job: Job, count: int) -> Decimal:
        raise Unavailable("down")

    rig.market.edits["J1"] = {"positions": 40}
    monkeypatch.setattr(rig.account.provider, "quoted_positions", away)
    refused = await rig.say("mia", "job add-positions J1 20")
    assert (refused.result, refused.operations) == (Result.REFUSED, ())
    assert refused.text == "The marketplace: down."
