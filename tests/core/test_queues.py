"""Many waiting: one card that goes from one submission to the next, and queues that people have to themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from botcore.adapter import MessageGone
from botcore.models import Channel, SightingState
from botcore.provider import OutcomeUnknown
from botcore.queues import CALM_MS, CLAIM_MS
from botcore.ui import Card, Fields, Result
from tests.core.market import START, raises, refuses
from tests.core.rig import INBOX, Rig, Rigs, Setup, words

FEW = Channel("inbox", "memory", "here", queue_above=5)


@pytest.fixture
async def rig(rigs: Rigs) -> Rig:
    return await rigs.start(Setup(channels=(FEW,)))


async def crowd(rig: Rig, count: int = 8, start: int = 1) -> None:
    """`count` submissions, the first with the farthest deadline: the order of the queue is not that of arrival."""
    for number in range(start, start + count):
        rig.market.add(f"t{number}", deadline=START + timedelta(days=30, hours=-number))
    await rig.poll()


def queue(rig: Rig) -> Card:
    """The newest card about a queue."""
    return [card for card in rig.adapter.shown() if card.subject.startswith("queue:")][-1]


def singles(rig: Rig) -> list[str]:
    return [card.subject for card in rig.adapter.shown() if card.subject.startswith("submission:")]


def button(card: Card | None, verb: str) -> str:
    assert card is not None
    return next(b.id for b in card.buttons if b.id.startswith(f"{verb}:"))


def verbs(card: Card) -> list[str]:
    return [b.id.partition(":")[0] for b in card.buttons]


def in_hand(card: Card | None) -> str:
    """The submission that a queue's card shows."""
    assert card is not None
    return card.subtitle.partition(" ")[0]


def facts(card: Card) -> dict[str, str]:
    block = card.blocks[0]
    assert isinstance(block, Fields)
    return {f.name: f.value or (f"{f.when:%d %H:%M}" if f.when else "") for f in block.fields}


# --- a channel's


async def test_a_few_are_cards_of_their_own_and_more_are_one_queue(rig: Rig) -> None:
    await crowd(rig, 5)
    assert len(singles(rig)) == 5
    await crowd(rig, 1, start=6)
    assert len(singles(rig)) == 5
    assert queue(rig).count == 6
    assert queue(rig).badge == "6 waiting"
    assert in_hand(queue(rig)) == "#A6"


async def test_a_first_start_with_thousands_makes_one_card(rig: Rig) -> None:
    await crowd(rig, 3_000)
    assert len(rig.adapter.messages) == 1
    assert queue(rig).badge == "3000 waiting"
    assert facts(queue(rig)) == {
        "Waiting": "3,000",
        "Oldest": f"{rig.market.now():%d %H:%M}",
        "Next deadline": f"{START + timedelta(days=30, hours=-3000):%d %H:%M}",
    }


async def test_whoever_decides_and_wherever_the_queue_goes_on_nearest_deadline_first(rig: Rig) -> None:
    await crowd(rig)
    assert in_hand(queue(rig)) == "#A8"
    reply = await rig.press("rob", button(queue(rig), "approve"))
    assert reply.text.startswith("A8 approved. Undo within")
    await rig.settle()
    assert (in_hand(queue(rig)), queue(rig).count) == ("#A7", 7)
    assert "Last: A8 approved by rob" in words(queue(rig))
    await rig.say("mia", "reject A7 reason=no")
    await rig.settle()
    assert (in_hand(queue(rig)), queue(rig).count) == ("#A6", 6)
    rig.market.rate_on_website("t6", SightingState.APPROVED)
    await rig.turn(1)
    await rig.poll(sweep=True)
    assert (in_hand(queue(rig)), queue(rig).count) == ("#A5", 5)


async def test_a_late_press_never_hits_the_next_one(rig: Rig) -> None:
    await crowd(rig)
    late = button(queue(rig), "approve")
    await rig.press("rob", late)
    again = await rig.press("mia", late)
    assert again.result is Result.REFUSED
    assert again.text == "Rob was first: approved A8."
    assert await rig.states() == ["held"]


async def test_reject_in_a_queue_asks_for_the_reason_and_then_goes_on(rig: Rig) -> None:
    await crowd(rig)
    asked = await rig.press("rob", button(queue(rig), "reject"))
    assert asked.form is not None
    assert asked.form.title == "Reject A8"
    empty = await rig.fill_in("rob", asked.form.id)
    assert empty.form is not None
    reply = await rig.fill_in("rob", asked.form.id, words="Blurred.")
    assert reply.text.startswith("A8 rejected.")
    await rig.settle()
    assert in_hand(queue(rig)) == "#A7"


async def test_undo_last_takes_the_submission_back_into_the_hand(rig: Rig) -> None:
    await crowd(rig)
    await rig.press("rob", button(queue(rig), "approve"))
    await rig.settle()
    undo = button(queue(rig), "undo")
    reply = await rig.press("rob", undo)
    assert reply.text == "Undone: A8 waits again."
    await rig.settle()
    assert (in_hand(queue(rig)), queue(rig).count) == ("#A8", 8)
    assert "undo" not in verbs(queue(rig))
    assert (await rig.press("rob", undo)).result is Result.REFUSED


async def test_undo_is_offered_only_while_it_can_be_done(rig: Rig) -> None:
    await crowd(rig)
    await rig.press("rob", button(queue(rig), "approve"))
    await rig.settle()
    assert "undo" in verbs(queue(rig))
    await rig.turn(60)
    assert "undo" not in verbs(queue(rig))


async def test_what_is_skipped_comes_again_after_all_others(rig: Rig) -> None:
    await crowd(rig, 6)
    seen = []
    for _ in range(8):
        seen.append(in_hand(queue(rig)))
        await rig.press("rob", button(queue(rig), "skip"))
        await rig.settle()
    assert seen == ["#A6", "#A5", "#A4", "#A3", "#A2", "#A1", "#A6", "#A5"]


async def test_a_double_click_on_skip_skips_one(rig: Rig) -> None:
    await crowd(rig)
    skip = button(queue(rig), "skip")
    assert (await rig.press("rob", skip)).text == "A8 comes again after the others."
    assert (await rig.press("rob", skip)).text == "The queue has moved on already."
    await rig.settle()
    assert in_hand(queue(rig)) == "#A7"


async def test_what_was_decided_meanwhile_does_not_come_again(rig: Rig) -> None:
    await crowd(rig)
    skips = [button(queue(rig), "skip"), button((await rig.say("rob", "review")).card, "skip")]
    await rig.say("mia", "approve A7 A8")
    for skip in skips:
        assert (await rig.press("rob", skip)).text == "The queue has moved on already."
    assert await rig.value("SELECT count(*) FROM queue_skips") == 0


async def test_a_flagged_submission_is_marked(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(channels=(FEW,), advise=lambda s: ["Looks odd"] if s.task_id == "t8" else []))
    await crowd(rig)
    assert queue(rig).badge == "8 waiting, this one flagged"
    await rig.press("rob", button(queue(rig), "approve"))
    await rig.settle()
    assert queue(rig).badge == "7 waiting"


async def test_a_queue_ends_when_nothing_can_come_back_to_it(rig: Rig) -> None:
    await crowd(rig, 6)
    for _ in range(6):
        await rig.press("rob", button(queue(rig), "approve"))
        await rig.settle()
    assert queue(rig).badge == "0 waiting"
    assert "Nothing is left to decide." in words(queue(rig))
    await rig.turn(120)
    assert (queue(rig).badge, queue(rig).buttons) == ("Done", ())
    await crowd(rig, 1, start=7)
    assert singles(rig) == ["submission:A7"]


async def test_a_refused_rating_comes_back_into_the_queue(rig: Rig) -> None:
    await crowd(rig, 6)
    rig.market.steps = [refuses("t6")]
    for _ in range(6):
        await rig.press("rob", button(queue(rig), "approve"))
        await rig.settle()
    await rig.turn(300)
    assert in_hand(queue(rig)) == "#A6"
    assert queue(rig).count == 1


async def test_a_new_burst_after_the_end_makes_a_new_card(rig: Rig) -> None:
    await crowd(rig, 6)
    for _ in range(6):
        await rig.press("rob", button(queue(rig), "approve"))
        await rig.settle()
    await rig.turn(120)
    await crowd(rig, 6, start=11)
    cards = [card for card in rig.adapter.shown() if card.subject.startswith("queue:")]
    assert [card.badge for card in cards] == ["Done", "6 waiting"]


async def test_the_last_few_become_cards_of_their_own_once_nobody_touches_them(rig: Rig) -> None:
    await crowd(rig, 7)
    for _ in range(3):
        await rig.press("rob", button(queue(rig), "approve"))
        await rig.settle()
    await rig.turn(CALM_MS / 1000 - 60)
    assert singles(rig) == []
    await rig.press("rob", button(queue(rig), "skip"))  # somebody is there
    await rig.turn(CALM_MS / 1000 - 10)
    assert singles(rig) == []
    await rig.turn(20)
    assert sorted(singles(rig)) == ["submission:A1", "submission:A2", "submission:A3", "submission:A4"]
    assert queue(rig).badge == "Done"
    assert "4 more wait" in words(queue(rig))


async def test_a_big_queue_that_nobody_touches_stays_a_queue(rig: Rig) -> None:
    await crowd(rig, 7)
    await rig.turn(3 * CALM_MS / 1000)
    assert singles(rig) == []
    assert queue(rig).count == 7


async def test_a_rating_that_a_person_must_settle_gets_a_card_of_its_own(rig: Rig) -> None:
    await crowd(rig)
    rig.market.steps = [raises(OutcomeUnknown("no answer"))]
    rig.market.hidden.add("t8")
    await rig.press("rob", button(queue(rig), "approve"))
    await rig.turn(600)
    assert singles(rig) == ["submission:A8"]
    (card,) = [card for card in rig.adapter.shown() if card.subject == "submission:A8"]
    assert verbs(card) == ["went", "again", "leave"]


async def test_a_restart_goes_on_with_the_same_card(rigs: Rigs, rig: Rig) -> None:
    await crowd(rig)
    await rig.press("rob", button(queue(rig), "approve"))
    await rig.settle()
    again = await rigs.killed(rig)
    await again.press("rob", button(queue(again), "approve"))
    await again.settle()
    assert len(again.adapter.messages) == 1
    assert in_hand(queue(again)) == "#A6"


async def test_a_channel_that_is_new_in_the_config_starts_with_a_queue(rigs: Rigs, rig: Rig) -> None:
    await crowd(rig)
    second = Channel("second", "memory", "there", queue_above=5)
    again = await rigs.start(replace(rig.setup, channels=(FEW, second)), path=rigs.copy(rig), world=rig)
    await again.settle()
    cards = {again.adapter.where[key]: versions[-1] for key, versions in again.adapter.messages.items()}
    assert cards["second"].badge == cards["inbox"].badge == "8 waiting"
    await again.press("rob", button(cards["second"], "approve"))
    await again.settle()
    assert {in_hand(card) for card in again.adapter.shown()} == {"#A7"}


async def test_a_channel_that_is_gone_from_the_config_has_no_queue_any_more(rigs: Rigs, rig: Rig) -> None:
    await crowd(rig)
    again = await rigs.start(replace(rig.setup, channels=()), path=rigs.copy(rig), world=rig)
    assert await again.value("SELECT count(*) FROM queues WHERE closed_at IS NULL") == 0


async def test_a_channel_of_one_account_has_only_that_accounts_work(rigs: Rigs) -> None:
    ours = Channel("inbox", "memory", "here", accounts=("main",), queue_above=2)
    rig = await rigs.start(Setup(accounts=("main", "other"), channels=(ours,)))
    for account in ("main", "other"):
        for number in range(3):
            rig.markets[account].add(f"{account}{number}")
        await rig.poll(account)
    assert queue(rig).count == 3


async def test_with_a_limit_of_nothing_there_is_always_a_queue(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(channels=(replace(INBOX, queue_above=0),)))
    await crowd(rig, 1)
    assert queue(rig).count == 1


# --- a person's own


async def test_review_gives_a_queue_of_ones_own_that_goes_on_in_place(rig: Rig) -> None:
    await crowd(rig)
    card = (await rig.say("rob", "review")).card
    assert in_hand(card) == "#A7"  # the channel looks at A8 just now
    reply = await rig.press("rob", button(card, "approve"))
    assert reply.replaces
    assert reply.text.startswith("A7 approved.")
    assert in_hand(reply.card) == "#A6"
    assert reply.card is not None
    assert {"undo", "stop", "skip"} <= set(verbs(reply.card))


async def test_two_queues_never_hold_the_same_submission(rig: Rig) -> None:
    await crowd(rig, 40)
    cards: dict[str, Card | None] = {who: (await rig.say(who, "review")).card for who in ("rob", "mia", "olga")}
    for turn in range(24):
        assert len({in_hand(card) for card in cards.values()}) == 3
        who = ("rob", "mia", "olga")[turn * 7 % 3]
        verb = ("approve", "skip", "approve")[turn % 3]
        cards[who] = (await rig.press(who, button(cards[who], verb))).card


async def test_a_claim_runs_out_and_the_next_one_gets_it(rig: Rig) -> None:
    await crowd(rig, 6)
    mine = (await rig.say("rob", "review")).card
    assert in_hand(mine) == "#A5"
    rig.clock.advance(CLAIM_MS / 1000 - 1)
    assert in_hand((await rig.say("mia", "review")).card) == "#A4"
    await rig.press("mia", button((await rig.say("mia", "review")).card, "stop"))
    rig.clock.advance(2)
    assert in_hand((await rig.say("mia", "review")).card) == "#A5"
    late = await rig.press("rob", button(mine, "skip"))
    assert in_hand(late.card) == "#A4"


async def test_who_comes_late_to_a_submission_is_told_and_sees_the_next(rig: Rig) -> None:
    await crowd(rig)
    card = (await rig.say("rob", "review")).card
    await rig.say("mia", "approve A7")
    reply = await rig.press("rob", button(card, "approve"))
    assert reply.result is Result.REFUSED
    assert reply.text == "Mia was first: approved A7."
    assert in_hand(reply.card) == "#A6"


async def test_reject_and_undo_in_a_queue_of_ones_own(rig: Rig) -> None:
    await crowd(rig)
    card = (await rig.say("rob", "review")).card
    asked = await rig.press("rob", button(card, "reject"))
    assert asked.form is not None
    rejected = await rig.fill_in("rob", asked.form.id, words="Blurred.")
    assert (in_hand(rejected.card), rejected.replaces) == ("#A6", True)
    undone = await rig.press("rob", button(rejected.card, "undo"))
    assert in_hand(undone.card) == "#A7"
    assert undone.text == "Undone: A7 waits again."


async def test_nobody_presses_in_somebody_elses_queue(rig: Rig) -> None:
    await crowd(rig)
    card = (await rig.say("rob", "review")).card
    for verb in ("approve", "reject", "skip", "stop"):
        reply = await rig.press("mia", button(card, verb))
        assert reply.result is Result.REFUSED
        assert "is the queue of rob" in reply.text
    assert await rig.states() == []


async def test_a_viewer_has_no_queue(rig: Rig) -> None:
    await crowd(rig)
    assert "needs a reviewer" in (await rig.say("vera", "review")).text
    for verb in ("approve", "skip", "alone"):
        assert "needs a reviewer" in (await rig.press("vera", button(queue(rig), verb))).text


async def test_review_alone_takes_the_accounts_of_the_channel(rigs: Rigs) -> None:
    ours = Channel("inbox", "memory", "here", accounts=("other",), queue_above=2)
    rig = await rigs.start(Setup(accounts=("main", "other"), channels=(ours,)))
    for account in ("main", "other"):
        for number in range(4):
            rig.markets[account].add(f"{account}{number}")
        await rig.poll(account)
    card = (await rig.press("rob", button(queue(rig), "alone"))).card
    assert card is not None
    assert card.count == 4


async def test_stop_gives_back_what_was_held(rig: Rig) -> None:
    await crowd(rig, 6)
    card = (await rig.say("rob", "review")).card
    stopped = await rig.press("rob", button(card, "stop"))
    assert stopped.card is not None
    assert (stopped.card.badge, stopped.card.buttons, stopped.replaces) == ("Done", (), True)
    assert in_hand((await rig.say("mia", "review")).card) == in_hand(card)


async def test_the_channels_card_moves_on_when_its_last_one_is_claimed(rig: Rig) -> None:
    await crowd(rig, 6)
    for who in ("rob", "mia", "olga"):
        await rig.say(who, "review")
    for _ in range(3):
        await rig.press("rob", button(queue(rig), "approve"))
        await rig.settle()
    assert "The rest is being reviewed by others." in words(queue(rig))
    card = (await rig.say("rob", "review")).card
    await rig.press("rob", button(card, "stop"))
    await rig.settle()
    assert in_hand(queue(rig)) == in_hand(card)


async def test_with_nothing_waiting_review_says_so(rig: Rig) -> None:
    reply = await rig.say("rob", "review")
    assert reply.card is not None
    assert "Nothing is left to decide." in words(reply.card)


async def test_a_card_that_somebody_deleted_comes_anew_with_the_next_submission(rig: Rig) -> None:
    await crowd(rig)
    rig.adapter.errors = [MessageGone("deleted")]
    await rig.press("rob", "approve:A8:0")
    await rig.settle()
    await crowd(rig, 1, start=9)
    assert queue(rig).subject == "queue:q-2"
    assert [row["state"] for row in await rig.rows("SELECT state FROM deliveries ORDER BY id")] == ["gone", "sent"]
    await rig.press("rob", button(queue(rig), "approve"))
    assert len(await rig.states()) == 2


async def test_forged_queue_buttons_do_nothing(rig: Rig) -> None:
    await crowd(rig)
    for forged in (
        "approve:q-99:8",
        "skip:q-0:8",
        "skip:q-1:0",
        "skip:A8:0",
        "stop:q-1:0",
        "alone:q-7:1",
        "approve:q-1:999",
        "undo:q-1:5",
    ):
        reply = await rig.press("rob", forged)
        assert reply.result is Result.REFUSED, forged
    for forged in ("reject:q-1:0", "revise:q-1:0", "revise:q-1:999"):
        for why in ("", "Blurred."):
            reply = await rig.fill_in("rob", forged, words=why)
            assert (reply.result, reply.text) == (Result.REFUSED, "There is no such submission."), forged
    assert await rig.states() == []


async def test_review_of_another_account_is_another_queue(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(accounts=("main", "other"), channels=(FEW,)))
    for account in ("main", "other"):
        rig.markets[account].add(f"{account}1")
        await rig.poll(account)
    first = (await rig.say("rob", "review main")).card
    other = (await rig.say("rob", "review other")).card
    assert (in_hand(first), in_hand(other)) == ("#A1", "#A2")
    assert in_hand((await rig.say("rob", "review")).card) == "#A2"  # the one he has


@pytest.fixture
async def pair(rigs: Rigs) -> Rig:
    """Two accounts where one submission each waits: A1 and A2."""
    rig = await rigs.start(Setup(accounts=("main", "other"), channels=(FEW,)))
    for account in ("main", "other"):
        rig.markets[account].add(f"{account}1")
        await rig.poll(account)
    return rig


async def test_review_opens_all_accounts_once_nothing_is_left_in_one(pair: Rig) -> None:
    limited = (await pair.say("rob", "review main")).card
    assert limited is not None
    assert facts(limited)["Accounts"] == "main only"
    done = (await pair.press("rob", button(limited, "approve"))).card
    assert done is not None
    assert "Nothing is left in main." in words(done)
    card = (await pair.say("rob", "review")).card
    assert card is not None
    assert (in_hand(card), "Accounts" in facts(card)) == ("#A2", False)


async def test_a_queue_of_one_account_is_looked_at_again_as_it_is(pair: Rig) -> None:
    """As the page does while nothing is left in it."""
    done = (await pair.press("rob", button((await pair.say("rob", "review main")).card, "approve"))).card
    again = (await pair.press("rob", f"alone:{button(done, 'stop').split(':')[1]}:0")).card
    assert done is not None
    assert again is not None
    assert again.subject == done.subject
    assert "Nothing is left in main." in words(again)


async def test_what_somebody_else_decided_is_nothing_left_in_an_account(pair: Rig) -> None:
    await pair.say("rob", "review main")
    await pair.say("mia", "approve A1")
    assert in_hand((await pair.say("rob", "review")).card) == "#A2"
