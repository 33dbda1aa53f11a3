"""What spends or cannot be undone: quoted, confirmed once by a person, and never repeated blindly."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from botcore.cards import operation_card
from botcore.core_kinds import BLOCK, CORE_KINDS
from botcore.kinds import Args, OperationKind
from botcore.models import JobChange, Role
from botcore.operations import Proposal, Stale, cancel, confirm, operation_name, parse_operation, quote, requote
from botcore.provider import AuthFailed, OutcomeUnknown, Provider, ProviderError, RateLimited, Refused, Unavailable
from botcore.review import NotPossible
from botcore.set_back import set_back
from botcore.spending import OverLimit, spent
from botcore.text import parse_short_id
from botcore.ui import Reply, Result
from tests.core.market import HOUR, ScriptedProvider
from tests.core.rig import LIMITS, Rig, Rigs, Setup, until


async def _spend(provider: Provider, args: Args) -> str:
    """Something that must not be done twice, as a deposit."""
    assert isinstance(provider, ScriptedProvider)
    market = provider.market
    market.done.append(f"spend {args['amount']}")
    if errors := market.errors.get("spend"):
        raise errors.pop(0)
    return "Thank you."


SPEND = OperationKind("spend", Role.OWNER, _spend)


@pytest.fixture
async def rig(rigs: Rigs) -> Rig:
    return await start(rigs)


async def start(rigs: Rigs) -> Rig:
    """A bot with a kind of operation that costs, as a plugin's would."""
    return await rigs.start(Setup(kinds={**CORE_KINDS, SPEND.name: SPEND}))


async def quoted(rig: Rig, kind: OperationKind = SPEND, cost: str = "1.00", about: str = "") -> int:
    proposal = Proposal(
        kind=kind,
        account="main",
        args={"amount": cost, "workers": "w1"},
        summary=f"Spend {cost}.",
        person="olga",
        via="memory",
        cost=Decimal(cost) if kind.name == SPEND.name else Decimal(0),
        about=about,
    )
    rig.clock.advance(0.001)
    return await rig.store.tx(quote, proposal, rig.clock.ms())


async def let_go(rig: Rig, number: int, who: str = "olga") -> None:
    await rig.store.tx(confirm, number, who, "memory", LIMITS, rig.clock.ms())


async def spent_today(rig: Rig) -> Decimal:
    return await rig.store.read(spent, LIMITS, rig.clock.ms())


# --- confirmed once


async def test_nothing_happens_before_it_is_confirmed(rig: Rig) -> None:
    number = await quoted(rig)
    await rig.turn(300)
    assert rig.market.done == []
    await let_go(rig, number)
    await rig.settle()
    assert rig.market.done == ["spend 1.00"]
    assert await rig.states("operations") == ["done"]


async def test_two_who_confirm_at_once_confirm_once(rig: Rig) -> None:
    number = await quoted(rig)
    results = await asyncio.gather(*(let_go(rig, number, who) for who in ("olga", "mia")), return_exceptions=True)
    assert results[0] is None
    assert str(results[1]) == "olga confirmed this already"
    await rig.settle()
    assert rig.market.done == ["spend 1.00"]
    assert await spent_today(rig) == 1


async def test_of_cancel_and_confirm_the_first_wins(rig: Rig) -> None:
    number = await quoted(rig)
    await rig.store.tx(cancel, number, "olga", "memory", rig.clock.ms())
    with pytest.raises(NotPossible, match="this was cancelled already"):
        await let_go(rig, number)
    other = await quoted(rig)
    await let_go(rig, other)
    await rig.settle()
    with pytest.raises(NotPossible, match="olga confirmed this already"):
        await rig.store.tx(cancel, other, "olga", "memory", rig.clock.ms())
    await rig.settle()
    assert len(rig.market.done) == 1


async def test_the_days_limit_is_checked_as_it_is_confirmed(rig: Rig) -> None:
    numbers = [await quoted(rig, cost="3.00") for _ in range(2)]
    await let_go(rig, numbers[0])
    with pytest.raises(OverLimit, match=r"that would make \$6\.00 today; daily_spend is \$5\.00"):
        await let_go(rig, numbers[1])
    await rig.settle()
    assert await rig.states("operations") == ["done", "quoted"]
    rig.clock.advance(24 * HOUR)
    with pytest.raises(Stale, match="more than 10 minutes ago"):
        await let_go(rig, numbers[1])
    await rig.store.tx(requote, numbers[1], Decimal("3.00"), (), rig.clock.ms(), estimate=False)
    await let_go(rig, numbers[1])
    await rig.settle()
    assert await rig.states("operations") == ["done", "done"]


async def test_a_price_does_not_stay_fresh_for_a_clock_that_was_set_back(rig: Rig) -> None:
    number = await quoted(rig)
    rig.clock.set_by(-HOUR)
    await rig.store.tx(set_back, rig.clock.ms())
    rig.clock.advance(11 * 60)
    with pytest.raises(Stale, match="more than 10 minutes ago"):
        await let_go(rig, number)


async def test_a_doubt_is_told_apart_after_the_clock_was_set_back(rig: Rig) -> None:
    early = await quoted(rig, about="job:J1")
    rig.market.errors["spend"] = [OutcomeUnknown("no answer")]
    rig.clock.set_by(-HOUR)
    await rig.store.tx(set_back, rig.clock.ms())
    other = await quoted(rig, about="job:J1")
    await let_go(rig, other)
    await rig.settle()
    assert await rig.states("operations") == ["quoted", "in doubt"]
    with pytest.raises(NotPossible, match=f"op-{other} is in doubt since this was asked"):
        await let_go(rig, early)


async def test_there_is_nothing_to_confirm_where_there_is_nothing(rig: Rig) -> None:
    with pytest.raises(NotPossible, match="no such operation"):
        await let_go(rig, 77)


# --- how it ends


async def test_a_refusal_ends_it_and_frees_the_money(rig: Rig) -> None:
    rig.market.errors["spend"] = [Refused("Not enough money.")]
    await let_go(rig, await quoted(rig))
    await rig.settle()
    row = (await rig.rows("SELECT * FROM operations"))[0]
    assert (row["state"], row["message"]) == ("refused", "Not enough money.")
    assert await spent_today(rig) == 0


@pytest.mark.parametrize("error", [Unavailable("down"), RateLimited("slow", 10), AuthFailed("wrong key")])
async def test_what_surely_was_not_done_is_tried_until_it_is(rig: Rig, error: ProviderError) -> None:
    rig.market.errors["spend"] = [error] * 3
    await let_go(rig, await quoted(rig))
    await rig.turn(HOUR)
    assert await rig.states("operations") == ["done"]
    assert len(rig.market.done) == 4


@pytest.mark.parametrize("error", [OutcomeUnknown("no answer"), RuntimeError("a bug"), asyncio.CancelledError()])
async def test_what_may_have_been_done_is_never_repeated_by_itself(rig: Rig, error: BaseException) -> None:
    rig.market.errors["spend"] = [error]
    await let_go(rig, await quoted(rig))
    await rig.turn(24 * HOUR)
    assert await rig.states("operations") == ["in doubt"]
    assert len(rig.market.done) == 1
    assert await rig.value("SELECT count(*) FROM spending") == 1


@pytest.mark.parametrize(
    ("answer", "state", "done", "amount"), [("went", "done", 1, 1), ("again", "done", 2, 2), ("leave", "refused", 1, 1)]
)
async def test_a_person_decides_what_became_of_it(rig: Rig, answer: str, state: str, done: int, amount: int) -> None:
    rig.market.errors["spend"] = [OutcomeUnknown("no answer")]
    await let_go(rig, await quoted(rig))
    await rig.settle()
    refused = await rig.press("mia", f"{answer}:op-1:0")  # who may not spend may not spend again
    assert refused.text == "This needs an owner."
    reply = await rig.press("olga", f"{answer}:op-1:0")
    assert reply.result is Result.DONE, reply.text
    await rig.settle()
    assert await rig.states("operations") == [state]
    assert len(rig.market.done) == done
    assert await spent_today(rig) == amount
    again = await rig.press("olga", f"{answer}:op-1:0")
    assert again.result is Result.REFUSED


async def test_each_of_several_sends_counts_whatever_the_clock_says(rig: Rig) -> None:
    rig.market.errors["spend"] = [OutcomeUnknown("no answer")] * 3
    await let_go(rig, await quoted(rig))
    await rig.settle()
    for _ in range(2):  # at the same moment, as where the clock is set back
        reply = await rig.press("olga", "again:op-1:0")
        assert reply.result is Result.DONE, reply.text
        await rig.settle()
    assert await rig.states("operations") == ["in doubt"]
    assert await spent_today(rig) == 3


async def test_a_refusal_after_send_again_may_mean_that_the_first_worked(rig: Rig) -> None:
    rig.market.errors["spend"] = [OutcomeUnknown("no answer"), Refused("It is done already.")]
    await let_go(rig, await quoted(rig))
    await rig.settle()
    await rig.press("olga", "again:op-1:0")
    await rig.settle()
    assert await rig.states("operations") == ["in doubt"]
    card = next(card for card in rig.adapter.shown() if card.subject == "operation:op-1")
    assert [button.id.partition(":")[0] for button in card.buttons] == ["went", "again", "leave"]
    assert "refused when it was sent again (It is done already.); the time before may have worked" in str(card)
    assert await spent_today(rig) == 1  # what the first may have cost; the second cost nothing
    await rig.press("olga", "leave:op-1:0")
    assert await rig.states("operations") == ["refused"]
    assert await spent_today(rig) == 1


async def test_a_refusal_after_a_lost_answer_is_not_believed_either(rig: Rig) -> None:
    rig.market.errors["block"] = [OutcomeUnknown("no answer"), Refused("There is no such worker.")]
    await let_go(rig, await quoted(rig, BLOCK))
    await rig.turn(HOUR)
    assert await rig.states("operations") == ["in doubt"]


async def test_what_cannot_be_sent_yet_can_be_cancelled(rig: Rig) -> None:
    rig.market.errors["spend"] = [AuthFailed("wrong key")] * 9
    await let_go(rig, await quoted(rig))
    await rig.settle()
    card = await rig.store.read(operation_card, 1)
    assert card is not None
    assert [button.id for button in card.buttons] == ["cancel:op-1:0"]
    assert "wrong key" in str(card)
    assert (await rig.press("rob", "cancel:op-1:0")).text == "This needs an owner."
    assert (await rig.press("olga", "cancel:op-1:0")).text == "Cancelled; nothing was done."
    rig.market.errors.clear()
    await rig.turn(HOUR)
    assert await rig.states("operations") == ["cancelled"]
    assert len(rig.market.done) == 1  # the send that was turned away
    assert await spent_today(rig) == 0


async def test_what_may_have_been_sent_cannot_be_cancelled(rig: Rig) -> None:
    rig.market.errors["block"] = [OutcomeUnknown("no answer"), *[Unavailable("down")] * 9]
    await let_go(rig, await quoted(rig, BLOCK))
    await rig.turn(5)
    assert await rig.states("operations") == ["confirmed"]
    assert (await rig.press("olga", "cancel:op-1:0")).text == "Olga confirmed this already."
    await rig.turn(HOUR)
    assert await rig.states("operations") == ["done"]


async def test_a_cost_that_only_the_answer_tells_counts(rig: Rig) -> None:
    async def free(provider: Provider, args: Args) -> JobChange:
        return JobChange("Done.", Decimal("0.75"))

    rig.setup.kinds["spend"] = replace(SPEND, send=free)
    await let_go(rig, await quoted(rig, cost="0"))
    await rig.settle()
    assert await rig.states("operations") == ["done"]
    assert await spent_today(rig) == Decimal("0.75")


async def test_sending_again_is_guarded_by_the_days_limit_too(rig: Rig) -> None:
    rig.market.errors["spend"] = [OutcomeUnknown("no answer")]
    await let_go(rig, await quoted(rig, cost="3.00"))
    await rig.settle()
    reply = await rig.press("olga", "again:op-1:0")
    assert reply.result is Result.REFUSED
    assert "daily_spend is $5.00" in reply.text
    assert await rig.states("operations") == ["in doubt"]
    assert len(rig.market.done) == 1


async def test_what_was_quoted_long_ago_is_asked_again(rig: Rig) -> None:
    number = await quoted(rig)
    rig.clock.advance(25 * HOUR)
    with pytest.raises(NotPossible, match="ask for it again"):
        await let_go(rig, number)
    assert await rig.states("operations") == ["quoted"]


async def test_what_is_harmless_to_repeat_is_repeated_when_an_answer_is_lost(rig: Rig) -> None:
    rig.market.errors["block"] = [OutcomeUnknown("no answer")] * 3
    await let_go(rig, await quoted(rig, BLOCK))
    await rig.turn(HOUR)
    assert await rig.states("operations") == ["done"]
    assert await rig.value("SELECT blocked FROM worker_records WHERE worker_id = 'w1'") == 1


async def test_in_the_end_a_person_is_asked_all_the_same(rig: Rig) -> None:
    rig.market.errors["block"] = [OutcomeUnknown("no answer")] * 100
    await let_go(rig, await quoted(rig, BLOCK))
    await rig.turn(HOUR)
    assert await rig.states("operations") == ["in doubt"]
    assert len(rig.market.errors["block"]) == 95


async def test_an_outage_does_not_use_up_the_tries_of_a_lost_answer(rig: Rig) -> None:
    rig.market.errors["block"] = [*[Unavailable("down")] * 8, OutcomeUnknown("no answer")]
    await let_go(rig, await quoted(rig, BLOCK))
    await rig.turn(HOUR)
    assert await rig.states("operations") == ["done"]


# --- crashes


async def hangs(rig: Rig) -> tuple[OperationKind, asyncio.Event, asyncio.Event]:
    reached, go = asyncio.Event(), asyncio.Event()

    async def send(provider: Provider, args: Args) -> str:
        answer = await _spend(provider, args)
        reached.set()
        await go.wait()
        return answer

    return replace(SPEND, send=send), reached, go


@pytest.mark.parametrize("repeatable", [True, False])
async def test_a_kill_in_the_middle_asks_a_person_where_repeating_would_harm(rigs: Rigs, repeatable: bool) -> None:
    rig = await start(rigs)
    hanging, reached, go = await hangs(rig)
    rig.setup.kinds["spend"] = hanging
    await let_go(rig, await quoted(rig, replace(hanging, repeatable=repeatable)))
    await asyncio.wait_for(reached.wait(), 60)
    rig.setup.kinds["spend"] = SPEND
    after = await rigs.killed(rig)
    await after.turn(HOUR)
    assert await after.states("operations") == ["done" if repeatable else "in doubt"]
    assert len(after.market.done) == (2 if repeatable else 1)
    go.set()


async def test_a_kill_before_it_left_sends_it(rigs: Rigs) -> None:
    rig = await start(rigs)
    rig.market.errors["spend"] = [Unavailable("down")]
    await let_go(rig, await quoted(rig))
    await rig.settle()
    after = await rigs.killed(rig)
    await after.settle()
    assert await after.states("operations") == ["done"]


async def test_an_end_that_cannot_be_saved_is_no_reason_to_repeat_it(rigs: Rigs) -> None:
    rig = await start(rigs)

    async def fill_the_disk(provider: Provider, args: Args) -> str:
        rig.store.down = True
        return await _spend(provider, args)

    rig.setup.kinds["spend"] = replace(SPEND, send=fill_the_disk)
    await let_go(rig, await quoted(rig))
    await until(lambda: rig.store.down)
    for _ in range(4):
        rig.clock.advance(10)
        await asyncio.sleep(0.002)
    rig.store.down = False
    for _ in range(4):
        rig.clock.advance(60)
        await rig.settle()
    assert await rig.states("operations") == ["in doubt"]
    assert rig.market.done == ["spend 1.00"]


async def test_an_account_that_is_gone_refuses_it(rigs: Rigs) -> None:
    rig = await start(rigs)
    number = await quoted(rig)
    await rig.store.tx(lambda tx: tx.q("UPDATE operations SET account = 'gone'"))
    await let_go(rig, number)
    await rig.settle()
    assert await rig.states("operations") == ["refused"]
    assert await spent_today(rig) == 0


# --- by button


async def ask_to_block(rig: Rig) -> Reply:
    rig.market.add("a")
    await rig.poll()
    return await rig.press("mia", "block:A1:0")


async def test_a_block_is_a_question_first(rig: Rig) -> None:
    reply = await ask_to_block(rig)
    assert reply.result is Result.NEEDS_CONFIRMATION
    assert reply.card is not None
    assert [button.id for button in reply.card.buttons] == ["confirm:op-1:0", "cancel:op-1:0"]
    assert rig.market.done == []
    done = await rig.patiently(rig.press("mia", "confirm:op-1:0"))
    assert (done.result, done.card and done.card.badge) == (Result.DONE, "Done")
    assert rig.market.done == ["block w-a"]


async def test_a_block_that_was_cancelled_is_not_done(rig: Rig) -> None:
    await ask_to_block(rig)
    assert (await rig.press("mia", "cancel:op-1:0")).text == "Cancelled; nothing was done."
    assert (await rig.press("mia", "confirm:op-1:0")).result is Result.REFUSED
    await rig.settle()
    assert rig.market.done == []


async def test_to_confirm_takes_the_role_of_what_is_confirmed(rig: Rig) -> None:
    await ask_to_block(rig)
    reply = await rig.press("rob", "confirm:op-1:0")
    assert (reply.result, reply.text) == (Result.REFUSED, "This needs a manager.")
    assert await rig.states("operations") == ["quoted"]


async def test_to_block_by_a_card_means_its_worker_whatever_others_are_called(rig: Rig) -> None:
    rig.market.add("a", worker_id="w1")
    await rig.poll()
    rig.market.add("b", worker_id="A1")
    await rig.poll()
    await rig.press("mia", "block:A1:0")
    await rig.patiently(rig.press("mia", "confirm:op-1:0"))
    assert rig.market.done == ["block w1"]


async def test_a_worker_is_added_to_a_list(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    opened = await rig.press("rob", "list:A1:0")
    assert opened.form is not None
    assert [choice.label for choice in opened.form.inputs[0].choices] == ["Good ones (3)"]
    reply = await rig.patiently(rig.fill_in("rob", opened.form.id, list="7"))
    assert reply.result is Result.DONE
    assert rig.market.done == ["list 7 w-a"]


def test_no_operation_is_called_like_a_submission() -> None:
    for number in (1, 9, 99, 999, 1000, 123_456_789_012):
        assert parse_operation(operation_name(number)) == number
        assert parse_short_id(operation_name(number)) is None
    for other in ("O5", "op-0", "op-", "op-1x", "op-²", "OP-1", "A31", "op-" + "9" * 40):
        assert parse_operation(other) is None


async def test_what_a_plugin_that_is_gone_was_doing_asks_a_person(rigs: Rigs) -> None:
    rig = await start(rigs)
    hanging, reached, go = await hangs(rig)
    rig.setup.kinds["spend"] = hanging
    await let_go(rig, await quoted(rig))
    await asyncio.wait_for(reached.wait(), 60)
    del rig.setup.kinds["spend"]
    after = await rigs.killed(rig)
    await after.settle()
    assert await after.states("operations") == ["in doubt"]
    go.set()


async def test_what_only_a_plugin_that_is_gone_could_do_is_refused(rig: Rig) -> None:
    number = await quoted(rig)
    del rig.setup.kinds["spend"]
    assert (await rig.press("olga", f"confirm:op-{number}:0")).text == "No plugin offers spend any more."
    await let_go(rig, number)
    await rig.settle()
    assert await rig.states("operations") == ["refused"]
    assert await spent_today(rig) == 0


async def test_a_second_one_about_the_same_thing_is_asked_anew_once_the_first_is_in_doubt(rig: Rig) -> None:
    rig.market.errors["spend"] = [OutcomeUnknown("no answer")]
    first, second = [await quoted(rig, about="job:J1") for _ in range(2)]
    await let_go(rig, first)
    await rig.settle()
    with pytest.raises(NotPossible, match="op-1 is in doubt since this was asked"):
        await let_go(rig, second)
    assert await rig.states("operations") == ["in doubt", "quoted"]
    await let_go(rig, await quoted(rig, about="job:J1"))  # who asks now has been told of the doubt
    await rig.settle()
    assert await rig.states("operations") == ["in doubt", "quoted", "done"]
