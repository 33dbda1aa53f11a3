"""Many decided at once: what was shown is what is done, once, and it can be taken back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest

from botcore.adapter import Actor
from botcore.bulk import desk as bulk_desk
from botcore.bulk.asking import Confirmer, bulk_name, confirm, parse_bulk
from botcore.clock import ManualClock
from botcore.draw import draw_card
from botcore.flags import add_flag
from botcore.models import Proof, ProofKind, Role, RoleGrant, SightingState, Verdict
from botcore.operations import parse_operation
from botcore.review import NotPossible
from botcore.store.backup import RESTORED
from botcore.store.port import Tx
from botcore.text import parse_short_id
from botcore.ui import Card, Fields, Form, Reply, Result, Table
from tests.core.market import DAY, HOUR, START, refuses
from tests.core.rig import INBOX, LIMITS, PEOPLE, FlakyStore, Rig, Rigs, Setup, until

P = ParamSpec("P")
T = TypeVar("T")

LENIENT = Setup(limits=replace(LIMITS, bulk_reject_share=Decimal(1)))
WHY = 'reason="Not yours."'


async def waiting(rig: Rig, count: int, **more: Any) -> None:
    """So many of job J1 wait, named t1, t2, and so on."""
    have = len(rig.market.tasks)
    for number in range(have + 1, have + count + 1):
        rig.market.add(f"t{number}", **more)
    await rig.poll()


async def confirmed(rig: Rig, line: str, who: str = "mia") -> Reply:
    """Asked for and confirmed; it is not decided before the engine comes to it."""
    asked = await rig.say(who, line)
    assert asked.result is Result.NEEDS_CONFIRMATION, asked.text
    return await rig.press(who, f"confirm-all:{bulk_name(asked.bulks[0])}:0")


def facts(card: Card | None) -> dict[str, str]:
    assert card is not None
    return {f.name: f.value for block in card.blocks if isinstance(block, Fields) for f in block.fields}


def rows(card: Card | None) -> list[tuple[str, ...]]:
    assert card is not None
    return [row for block in card.blocks if isinstance(block, Table) for row in block.rows]


def verbs(card: Card | None) -> list[str]:
    assert card is not None
    return [button.id.partition(":")[0] for button in card.buttons]


def in_channel(rig: Rig) -> Card:
    """The card of the bulk in the channel, as it shows now."""
    (card,) = [card for card in rig.adapter.shown() if card.subject.startswith("bulk:")]
    return card


class Falls(FlakyStore):
    """A database that is gone after so many more chunks of a bulk."""

    chunks = 1_000

    async def tx(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if fn.__name__ == "_decide_some":
            self.down = self.down or not self.chunks
            self.chunks -= 1
        return await super().tx(fn, *args, **kwargs)


@pytest.fixture
def two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_desk, "CHUNK", 2)


async def falls_after(rigs: Rigs, chunks: int, count: int, setup: Setup = LENIENT) -> Rig:
    """A bot of which `count` wait, whose disk goes after so many chunks of a bulk."""
    rig = await rigs.start(replace(setup, store=Falls))
    await waiting(rig, count)
    assert isinstance(rig.store, Falls)
    rig.store.chunks = chunks
    return rig


async def until_down(rig: Rig) -> None:
    await until(lambda: rig.store.down)


# --- what is asked


async def test_first_one_sees_the_count_the_money_and_three_examples_and_nothing_is_done(rig: Rig) -> None:
    await waiting(rig, 3)
    await waiting(rig, 1, price=Decimal("0.125"))
    reply = await rig.say("rob", "approve-all J1")
    assert (reply.result, reply.bulks) == (Result.NEEDS_CONFIRMATION, (1,))
    assert reply.card is not None
    assert (reply.card.title, reply.card.badge) == ("Approve 4 submissions", "Confirm?")
    assert facts(reply.card) == {"Job": "Job J1 (J1)", "Pays the workers": "$0.425"}
    assert rows(reply.card) == [
        ("A1", "w-t1", "proof of t1", ""),
        ("A2", "w-t2", "proof of t2", ""),
        ("A3", "w-t3", "proof of t3", ""),
    ]
    assert verbs(reply.card) == ["confirm-all", "cancel-all"]
    await rig.turn(HOUR)
    assert (await rig.states(), rig.market.sent) == ([], [])


async def test_flagged_ones_are_the_first_examples_and_can_be_left_out(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(advise=lambda s: ["Looks\nlike an ad"] if s.task_id == "t4" else []))
    await waiting(rig, 5)
    card = (await rig.say("rob", "approve-all J1")).card
    assert rows(card)[0] == ("A4", "w-t4", "proof of t4", "Looks like an ad")
    assert card is not None
    assert "1 of them is flagged; `without-flags` leaves those out." in draw_card(card)
    for line in ("approve-all J1 without-flags", "approve-all J1 without-flags=yes", "approve-all J1 Without_Flags"):
        card = (await rig.say("rob", line)).card
        assert card is not None
        assert (card.title, facts(card)["Left out"]) == ("Approve 4 submissions", "1 flagged")


async def test_what_was_not_compared_yet_is_said_and_left_out_with_the_flagged(rig: Rig) -> None:
    await waiting(rig, 2)
    await waiting(rig, 1, proofs=(Proof(ProofKind.PICTURE, "A screenshot", url="https://example.com/1.png"),))
    card = (await rig.say("rob", "approve-all J1")).card
    assert card is not None
    assert "1 of them is not compared with others yet." in draw_card(card)
    card = (await rig.say("rob", "approve-all J1 without-flags")).card
    assert card is not None
    assert (card.title, facts(card)["Left out"]) == ("Approve 2 submissions", "1 not compared with others yet")


async def test_what_is_flagged_between_the_question_and_confirm_is_looked_at_again(rig: Rig) -> None:
    await waiting(rig, 3)
    await rig.say("rob", "approve-all J1")
    await rig.store.tx(add_flag, 2, "text", "Same text as #A1")
    again = await rig.press("rob", "confirm-all:b-1:0")
    assert (again.result, again.replaces) == (Result.NEEDS_CONFIRMATION, True)
    assert again.text == "1 submission of it was flagged since you asked. Look at it again before you confirm."
    assert rows(again.card)[0] == ("A2", "w-t2", "proof of t2", "Same text as #A1")
    assert (await rig.press("rob", "confirm-all:b-1:0")).result is Result.DONE


async def test_a_second_press_does_not_approve_what_was_flagged_and_not_seen(rig: Rig) -> None:
    await waiting(rig, 3)
    card = (await rig.say("rob", "approve-all J1")).card
    assert card is not None
    await rig.store.tx(add_flag, 2, "text", "Same text as #A1")
    for _ in range(2):
        again = await rig.press("rob", card.buttons[0].id)
        assert again.text == "1 submission of it was flagged since you asked. Look at it again before you confirm."
    assert again.card is not None
    assert (await rig.press("rob", again.card.buttons[0].id)).result is Result.DONE


async def test_what_nobody_confirmed_within_a_day_is_asked_for_again(rig: Rig) -> None:
    await waiting(rig, 4)
    await rig.say("rob", "approve-all J1")
    await confirmed(rig, f"reject-all J1 {WHY} number=4")
    await rig.turn(DAY + 60)
    for who, bulk in (("rob", "b-1"), ("olga", "b-2")):
        reply = await rig.press(who, f"confirm-all:{bulk}:0")
        assert reply.text == "This was asked more than a day ago: ask for it again."
    assert (await rig.press("rob", "cancel-all:b-1:0")).result is Result.DONE
    await rig.say("rob", "approve-all J1")
    await rig.settle()
    assert in_channel(rig).badge == "Cancelled"
    assert await rig.states() == []


async def test_it_can_be_about_one_worker_and_says_what_it_leaves_out(rig: Rig) -> None:
    await waiting(rig, 2, worker_id="w1")
    await waiting(rig, 3, worker_id="w2")
    await rig.press("rob", "approve:A5:0")
    card = (await rig.say("rob", "approve-all J1 worker=w2")).card
    assert card is not None
    assert card.title == "Approve 2 submissions"
    assert (facts(card)["Worker"], facts(card)["Left out"]) == ("w2", "1 decided already, 2 of other workers")
    reply = await rig.say("rob", "approve-all J1 worker=w9")
    assert reply.text.startswith("Nothing waits to be decided there (1 decided already, 4 of other workers left out")


async def test_a_price_that_nobody_told_is_not_taken_for_nothing(rig: Rig) -> None:
    await waiting(rig, 1)
    await waiting(rig, 2, price=None)
    card = (await rig.say("rob", "approve-all J1")).card
    assert facts(card)["Pays the workers"] == "$0.10, and 2 of unknown price"


async def test_a_job_that_is_not_there_or_in_two_accounts_is_said(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(accounts=("main", "other")))
    for name, market in rig.markets.items():
        market.add("t1")
        await rig.poll(name)
    assert (await rig.say("rob", "approve-all J7")).text == "There is no job J7; see `pending`."
    assert (
        await rig.say("rob", "approve-all J1")
    ).text == "J1 is in several accounts: say account= one of main, other."
    card = (await rig.say("rob", "approve-all J1 account=other")).card
    assert card is not None
    assert card.subtitle == "b-1 · other"


async def test_a_proof_that_is_hostile_is_one_clean_short_line(rig: Rig) -> None:
    text = "a\n\u202eb" + "x" * 500
    proof = replace(rig.market.add("x").proofs[0], text=text)
    rig.market.tasks.clear()
    await waiting(rig, 1, proofs=(proof,))
    (example,) = rows((await rig.say("rob", "approve-all J1")).card)
    assert example[2].startswith("a bxxx")
    assert len(example[2]) == 80


# --- what is confirmed


async def test_confirmed_all_of_it_is_decided_and_leaves_together(rig: Rig) -> None:
    await waiting(rig, 8)
    reply = await confirmed(rig, "approve-all J1", "rob")
    assert (reply.result, reply.text) == (Result.DONE, "Confirmed.")
    await rig.settle()
    assert [made.verdict for made in rig.decided] == [Verdict.APPROVE] * 8
    audit = await rig.rows("SELECT person, act, subject FROM audit ORDER BY id")
    assert (audit[0]["act"], audit[0]["subject"]) == ("confirm", "bulk:1")
    assert [(a["person"], a["act"]) for a in audit[1:]] == [("rob", "approve")] * 8
    await rig.turn(29)
    assert rig.market.sent == []
    await rig.turn(2)
    assert rig.market.sizes() == [8]
    assert rig.market.ledger() == {f"t{n}": 1 for n in range(1, 9)}


async def test_what_comes_in_later_is_not_part_of_it(rig: Rig) -> None:
    await waiting(rig, 2)
    asked = await rig.say("rob", "approve-all J1")
    await waiting(rig, 1)
    rig.clock.advance(1)
    rig.market.hand_in_again("t1")
    await rig.poll(sweep=True)
    await rig.press("rob", f"confirm-all:b-{asked.bulks[0]}:0")
    await rig.turn(60)
    assert rig.market.ledger() == {"t2": 1}
    assert rows((await rig.say("vera", "bulk show b-1")).card)[0] == (
        "A1",
        "w-t1",
        "not decided here",
        "A1 has a newer revision: decide that one",
    )


async def test_of_two_who_confirm_at_once_one_does(rig: Rig) -> None:
    await waiting(rig, 3)
    await rig.say("rob", "approve-all J1")
    replies = await asyncio.gather(*(rig.press(who, "confirm-all:b-1:0") for who in ("rob", "mia")))
    assert sorted(reply.result for reply in replies) == [Result.DONE, Result.REFUSED]
    (loser,) = [reply for reply in replies if reply.result is Result.REFUSED]
    assert loser.text.endswith(" confirmed this already.")
    await rig.turn(60)
    assert rig.market.ledger() == {"t1": 1, "t2": 1, "t3": 1}


async def test_what_was_cancelled_cannot_be_confirmed(rig: Rig) -> None:
    await waiting(rig, 2)
    await rig.say("rob", "approve-all J1")
    reply = await rig.press("rob", "cancel-all:b-1:0")
    assert (reply.text, reply.card and reply.card.badge) == ("Cancelled; nothing was done.", "Cancelled")
    reply = await rig.press("rob", "confirm-all:b-1:0")
    assert (reply.result, reply.text) == (Result.REFUSED, "This was cancelled (rob): ask for it again.")
    await rig.turn(HOUR)
    assert await rig.states() == []


async def test_a_question_of_yesterday_is_asked_again(rig: Rig) -> None:
    await waiting(rig, 2)
    await rig.say("rob", "approve-all J1")
    await rig.turn(DAY + 1)
    await rig.say("rob", "approve-all J1")
    reply = await rig.press("rob", "confirm-all:b-1:0")
    assert reply.text == "This was cancelled (nobody confirmed it in time): ask for it again."
    assert (await rig.press("rob", "confirm-all:b-2:0")).result is Result.DONE


async def test_who_decided_one_meanwhile_was_first(rig: Rig) -> None:
    await waiting(rig, 3)
    await rig.say("rob", "approve-all J1")
    await rig.fill_in("mia", "reject:A2:0", words="no")
    await rig.press("rob", "confirm-all:b-1:0")
    rig.market.rate_on_website("t3", SightingState.REJECTED)
    await rig.turn(60)
    assert {r.task_id: r.verdict for r in rig.market.effects} == {"t1": Verdict.APPROVE, "t2": Verdict.REJECT}
    assert facts(in_channel(rig)) == {
        "Job": "Job J1 (J1)",
        "Pays the workers": "$0.30",
        "Confirmed by": "rob",
        "Decided": "2 of 3",
        "Confirmed": "1",
        "Rated elsewhere first": "1",
        "Not decided here": "1",
    }
    assert ("A2", "w-t2", "not decided here", "mia was first: rejected A2") in rows(
        (await rig.press("vera", "results:b-1:0")).card
    )


async def test_what_is_flagged_after_it_was_asked_for_is_left_out_where_flags_matter(rig: Rig) -> None:
    await waiting(rig, 3)
    await rig.say("rob", "approve-all J1 without-flags")
    await rig.store.tx(add_flag, 2, "picture", "Same picture as #A1")
    await rig.press("rob", "confirm-all:b-1:0")
    await rig.turn(60)
    assert rig.market.ledger() == {"t1": 1, "t3": 1}
    assert rows((await rig.say("vera", "bulk show b-1")).card)[0][3] == "flagged since this was asked for"


# --- the undo window


@pytest.mark.parametrize(
    ("count", "bot_ms", "window"), [(5, 20_000, 20), (6, 20_000, 30), (6, 45_000, 45), (3, 0, 0), (6, 0, 30)]
)
async def test_more_than_a_handful_can_be_undone_for_half_a_minute_at_least(
    rigs: Rigs, count: int, bot_ms: int, window: int
) -> None:
    rig = await rigs.start(Setup(hold_ms=bot_ms))
    await waiting(rig, count)
    await confirmed(rig, "approve-all J1", "rob")
    await rig.settle()
    dues = {(row["due_at"] - rig.clock.ms()) / 1000 for row in await rig.rows("SELECT due_at FROM decisions")}
    assert len(dues) == 1
    assert 0 <= dues.pop() - window <= 0.01


async def test_who_runs_a_command_and_goes_has_no_undo_window(rig: Rig) -> None:
    await waiting(rig, 9)
    await rig.say("rob", "approve-all J1")
    who = Confirmer(person="rob", role=Role.REVIEWER, via="local", hold_ms=None)
    assert await rig.store.tx(confirm, 1, who, LIMITS, rig.clock.ms())
    await rig.settle()
    assert len(rig.market.effects) == 9


async def test_what_is_near_its_deadline_does_not_wait_for_the_rest(rig: Rig) -> None:
    await waiting(rig, 1, deadline=START + timedelta(minutes=30))
    await waiting(rig, 2)
    await confirmed(rig, "approve-all J1", "rob")
    await rig.settle()
    assert rig.market.ledger() == {"t1": 1}
    reply = await rig.press("rob", "undo-all:b-1:0")
    assert reply.text == "Undone: 2 submissions of b-1 wait again."
    await rig.turn(HOUR)
    assert rig.market.ledger() == {"t1": 1}


async def test_undo_all_takes_back_what_is_held(rig: Rig) -> None:
    await waiting(rig, 7)
    await confirmed(rig, "approve-all J1", "rob")
    await rig.turn(29)
    assert verbs(in_channel(rig)) == ["undo-all", "results"]
    assert (await rig.press("rob", "undo:A3:0")).result is Result.DONE
    reply = await rig.press("mia", "undo-all:b-1:0")
    assert (reply.result, reply.text) == (Result.DONE, "Undone: 6 submissions of b-1 wait again.")
    await rig.turn(HOUR)
    assert rig.market.sent == []
    assert (in_channel(rig).badge, verbs(in_channel(rig))) == ("Undone", ["results"])
    assert Counter(await rig.states("submissions")) == {"shown": 7}
    assert (await rig.say("rob", "approve-all J1")).card is not None


async def test_undo_all_comes_too_late_once_it_has_left(rig: Rig) -> None:
    await waiting(rig, 3)
    await confirmed(rig, "approve-all J1", "rob")
    await rig.turn(21)
    assert verbs(in_channel(rig)) == ["results"]
    reply = await rig.press("rob", "undo-all:b-1:0")
    assert reply.result is Result.REFUSED
    assert reply.text == "Too late to undo: all of it is on its way, or was undone before."
    assert len(rig.market.effects) == 3


async def test_undo_all_in_the_middle_stops_the_rest(rigs: Rigs, two_at_a_time: None) -> None:
    rig = await falls_after(rigs, 2, 9)
    await confirmed(rig, "approve-all J1", "rob")
    await until_down(rig)
    rig.store.down = False
    card = (await rig.say("vera", "bulk show b-1")).card
    assert card is not None
    assert (card.badge, verbs(card)) == ("4 of 9", ["undo-all", "results"])
    reply = await rig.press("rob", "undo-all:b-1:0")
    assert reply.text == "Undone: 9 submissions of b-1 wait again."
    rig.clock.advance(2)  # the engine looks at its disk again
    await rig.turn(HOUR)
    assert rig.market.sent == []
    assert Counter(row[2] for row in rows((await rig.say("vera", "bulk show b-1")).card)) == {
        "undone": 4,
        "stopped": 5,
    }


async def test_there_is_nothing_to_undo_before_it_is_confirmed(rig: Rig) -> None:
    await waiting(rig, 2)
    await rig.say("rob", "approve-all J1")
    for button, said in (("b-1", "this waits to be confirmed"), ("b-9", "there is no b-9")):
        reply = await rig.press("rob", f"undo-all:{button}:0")
        assert reply.text == f"There is nothing to undo: {said}."


# --- its card


async def test_the_card_tells_how_it_went(rig: Rig) -> None:
    await waiting(rig, 7)
    rig.market.steps = [refuses("t4", "t6", words="Not\nthis one.")]
    await confirmed(rig, "approve-all J1", "rob")
    await rig.settle()
    assert (in_channel(rig).badge, facts(in_channel(rig))["Can be undone"]) == ("7 approved", "7")
    await rig.turn(HOUR)
    found = facts(in_channel(rig))
    assert (found["Confirmed"], found["Refused by the marketplace"]) == ("5", "2")
    results = rows((await rig.press("vera", "results:b-1:0")).card)
    assert [row[:3] for row in results[:3]] == [
        ("A4", "w-t4", "refused"),
        ("A6", "w-t6", "refused"),
        ("A1", "w-t1", "confirmed"),
    ]
    assert results[0][3] == "Not this one."
    assert await rig.value("SELECT count(*) FROM work WHERE kind = 'bulk'") == 0


async def test_the_results_show_fifty_and_the_worst_of_them_first(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(channels=()))
    await waiting(rig, 120)
    await rig.say("rob", "approve-all J1")
    await rig.press("mia", "approve:A120:0")
    await rig.press("rob", "confirm-all:b-1:0")
    await rig.settle()
    card = (await rig.press("vera", "results:b-1:0")).card
    assert card is not None
    assert (len(rows(card)), card.footer) == (50, "70 more, which went no worse")
    assert rows(card)[0][3] == "mia was first: approved A120"


async def test_many_chunks_are_a_few_edits_of_one_card(rigs: Rigs, two_at_a_time: None) -> None:
    rig = await rigs.start(Setup(channels=(replace(INBOX, queue_above=5),)))
    await waiting(rig, 40)
    await confirmed(rig, "approve-all J1", "rob")
    await rig.turn(HOUR)
    (shown,) = [cards for cards in rig.adapter.messages.values() if cards[0].subject == "bulk:b-1"]
    assert len(shown) <= 8
    assert facts(shown[-1])["Confirmed"] == "40"


async def test_a_bulk_is_shown_where_its_account_is_reviewed(rigs: Rigs) -> None:
    setup = Setup(
        accounts=("main", "other"),
        channels=(replace(INBOX, accounts=("main",)), replace(INBOX, name="second", accounts=("other",))),
    )
    rig = await rigs.start(setup)
    rig.market.add("t1")
    await rig.poll("main")
    await confirmed(rig, "approve-all J1", "rob")
    await rig.settle()
    assert await rig.value("SELECT group_concat(channel) FROM deliveries WHERE subject = 'bulk:1'") == "inbox"


# --- rejections


async def test_a_rejection_of_many_takes_a_manager_at_every_step(rigs: Rigs) -> None:
    rig = await rigs.start(LENIENT)
    await waiting(rig, 3)
    needs = "eeds a manager; you are a reviewer."
    assert (await rig.say("rob", f"reject-all J1 {WHY}")).text.endswith(needs)
    assert (await rig.press("rob", "reject-all:A1:0")).text.endswith(needs)
    assert (await rig.fill_in("rob", "reject-all:A1:0", words="no", number="3")).text.endswith(needs)
    await rig.say("mia", f"reject-all J1 {WHY} number=3")
    assert (await rig.press("rob", "confirm-all:b-1:0")).text == "This needs a manager."
    assert (await rig.fill_in("rob", "confirm-all:b-1:0", number="3")).text == "This needs a manager."
    assert (await rig.press("rob", "cancel-all:b-1:0")).text == "This needs a manager."
    assert await rig.value("SELECT state FROM bulks") == "quoted"
    assert (await rig.press("mia", "confirm-all:b-1:0")).result is Result.DONE


async def test_a_rejection_of_many_takes_a_reason(rig: Rig) -> None:
    await waiting(rig, 2)
    assert (await rig.say("mia", "reject-all J1")).text.startswith("Reason is missing: type `reject-all JOB reason=")
    assert "needs a reason" in (await rig.say("mia", 'reject-all J1 reason=" "')).text
    assert await rig.value("SELECT count(*) FROM bulks") == 0


async def test_a_canned_reason_is_told_to_the_workers(rigs: Rigs) -> None:
    rig = await rigs.start(LENIENT)
    await waiting(rig, 2)
    await confirmed(rig, "reject-all J1 reason=spam without-flags number=2")
    await rig.turn(HOUR)
    ratings = {(r.verdict, r.satisfaction, r.comment) for r in rig.market.effects}
    assert [(str(v), str(s), c) for v, s, c in ratings] == [
        ("reject", "spam", "The submission has nothing to do with the job.")
    ]
    assert facts(in_channel(rig))["The workers do not get"] == "$0.20"


async def test_the_number_is_typed_where_it_is_confirmed(rigs: Rigs) -> None:
    rig = await rigs.start(LENIENT)
    await waiting(rig, 3)
    await rig.say("mia", f"reject-all J1 {WHY}")
    opened = await rig.press("mia", "confirm-all:b-1:0")
    assert opened.form is not None
    assert (opened.form.id, opened.form.intro) == (
        "confirm-all:b-1:0",
        "To reject 3 submissions, type that number: 3.",
    )
    assert opened.result is Result.NEEDS_CONFIRMATION
    for wrong in ("", "4", "three", "３", "-3", "3.0", "9" * 40):
        again = await rig.fill_in("mia", opened.form.id, number=wrong)
        assert again.result is Result.REFUSED
        assert again.form is not None
        assert again.form.inputs[0].error == "to reject 3 submissions, type that number: 3"
    await rig.settle()
    assert await rig.states() == []
    assert (await rig.fill_in("mia", opened.form.id, number=" 3 ")).result is Result.DONE
    await rig.turn(HOUR)
    assert len(rig.market.effects) == 3


async def test_a_command_takes_the_number_with_it(rigs: Rigs) -> None:
    rig = await rigs.start(LENIENT)
    await waiting(rig, 3)
    reply = await rig.say("mia", f"reject-all J1 {WHY} number=4")
    assert (reply.result, reply.text) == (Result.REFUSED, "To reject 3 submissions, type that number: 3.")
    assert await rig.value("SELECT count(*) FROM bulks") == 0
    assert (await confirmed(rig, f"reject-all J1 {WHY} number=3")).result is Result.DONE


async def test_a_number_that_somebody_else_typed_does_not_count(rigs: Rigs) -> None:
    rig = await rigs.start(LENIENT)
    await waiting(rig, 3)
    await rig.say("mia", f"reject-all J1 {WHY} number=3")
    assert (await rig.press("olga", "confirm-all:b-1:0")).form is not None
    assert await rig.value("SELECT state FROM bulks") == "quoted"


# --- from a card's menu


async def test_the_menu_offers_it_where_something_waits(rig: Rig) -> None:
    await waiting(rig, 2)
    more = (await rig.press("vera", "more:A1:0")).card
    assert verbs(more)[-2:] == ["approve-all", "reject-all"]
    await rig.press("rob", "approve:A1:0")
    assert not {"approve-all", "reject-all"} & set(verbs((await rig.press("rob", "more:A1:0")).card))


async def test_approve_all_of_this_job_is_a_question_about_its_job(rig: Rig) -> None:
    await waiting(rig, 2)
    rig.market.add("other", "J2")
    await rig.poll()
    assert (await rig.press("vera", "approve-all:A1:0")).text == "This needs a reviewer; you are a viewer."
    reply = await rig.press("rob", "approve-all:A1:0")
    assert (reply.result, reply.card and reply.card.title) == (Result.NEEDS_CONFIRMATION, "Approve 2 submissions")


async def test_reject_all_of_this_job_asks_for_the_reason_and_the_number_at_once(rigs: Rigs) -> None:
    rig = await rigs.start(LENIENT)
    await waiting(rig, 3)
    opened = (await rig.press("mia", "reject-all:A2:0")).form
    assert opened is not None
    assert opened.intro.startswith("3 submissions of this job wait.")
    assert [item.name for item in opened.inputs] == ["reason", "words", "number"]

    def errors(form: Form | None) -> list[str]:
        assert form is not None
        return [item.error for item in form.inputs if item.error]

    reply = await rig.fill_in("mia", opened.id, number="3")
    assert errors(reply.form) == ["choose a reason or write one: the workers are told why"]
    reply = await rig.fill_in("mia", opened.id, reason="Spam", number="2")
    assert errors(reply.form) == ["to reject 3 submissions, type that number: 3"]
    reply = await rig.fill_in("mia", opened.id, reason="Spam", words="Bye.", number="3")
    assert (reply.result, verbs(reply.card)) == (Result.NEEDS_CONFIRMATION, ["confirm-all", "cancel-all"])
    assert (await rig.press("mia", "confirm-all:b-1:0")).result is Result.DONE
    await rig.turn(HOUR)
    assert [r.comment for r in rig.market.effects] == ["The submission has nothing to do with the job. Bye."] * 3


# --- the brake


async def test_more_than_a_share_of_a_job_takes_a_second_manager(rig: Rig) -> None:
    await waiting(rig, 4)
    reply = await confirmed(rig, f"reject-all J1 {WHY} number=4")
    assert (reply.result, reply.card and reply.card.badge) == (Result.NEEDS_CONFIRMATION, "Needs a second manager")
    await rig.turn(60)
    assert await rig.states() == []
    card = in_channel(rig)
    assert "4 of the 4 submissions of J1 are rejected within a day" in draw_card(card)
    assert verbs(card) == ["confirm-all", "cancel-all"]

    reply = await rig.press("mia", "confirm-all:b-1:0")
    assert reply.text == "You have confirmed this: now a second manager must."
    assert (await rig.press("rob", "confirm-all:b-1:0")).text == "This needs a manager."
    opened = await rig.press("olga", "confirm-all:b-1:0")
    assert opened.form is not None
    assert (await rig.fill_in("olga", opened.form.id, number="5")).result is Result.REFUSED
    assert (await rig.fill_in("olga", opened.form.id, number="4")).result is Result.DONE
    await rig.turn(HOUR)
    assert len(rig.market.effects) == 4
    assert facts(in_channel(rig))["Confirmed by"] == "mia and olga"
    acts = await rig.rows("SELECT person FROM audit WHERE act = 'confirm' ORDER BY id")
    assert [row["person"] for row in acts] == ["mia", "olga"]


async def test_the_second_manager_may_say_no(rig: Rig) -> None:
    await waiting(rig, 4)
    await confirmed(rig, f"reject-all J1 {WHY} number=4")
    await rig.settle()
    assert (await rig.press("rob", "cancel-all:b-1:0")).result is Result.REFUSED
    assert (await rig.press("olga", "cancel-all:b-1:0")).result is Result.DONE
    await rig.settle()
    assert (in_channel(rig).badge, verbs(in_channel(rig))) == ("Cancelled", [])


async def test_the_share_itself_takes_one_person(rig: Rig) -> None:
    await waiting(rig, 2, worker_id="bad")
    await waiting(rig, 2)
    assert (await confirmed(rig, f"reject-all J1 {WHY} worker=bad number=2")).result is Result.DONE


async def test_what_was_rejected_within_a_day_counts_whoever_did_it(rig: Rig) -> None:
    await waiting(rig, 2, worker_id="bad")
    await waiting(rig, 4)
    line = f"reject-all J1 {WHY} worker=bad number=2"
    await rig.fill_in("rob", "reject:A5:0", words="no")
    await rig.fill_in("rob", "reject:A6:0", words="no")
    assert (await confirmed(rig, line)).result is Result.NEEDS_CONFIRMATION
    await rig.press("rob", "undo:A6:0")
    assert (await confirmed(rig, line)).result is Result.DONE


async def test_what_was_rejected_a_day_ago_does_not_count(rig: Rig) -> None:
    await waiting(rig, 2, worker_id="bad")
    await waiting(rig, 2)
    await rig.fill_in("rob", "reject:A4:0", words="no")
    await rig.turn(DAY - 1)
    line = f"reject-all J1 {WHY} worker=bad number=2"
    assert (await confirmed(rig, line)).result is Result.NEEDS_CONFIRMATION
    await rig.turn(2)
    assert (await confirmed(rig, line)).result is Result.DONE


async def test_a_rejection_cannot_be_cut_in_pieces_faster_than_it_is_decided(rigs: Rigs) -> None:
    rig = await falls_after(rigs, 0, 0, Setup())
    await waiting(rig, 2, worker_id="w1")
    await waiting(rig, 2, worker_id="w2")
    assert (await confirmed(rig, f"reject-all J1 {WHY} worker=w1 number=2")).result is Result.DONE
    await until_down(rig)
    rig.store.down = False
    assert await rig.states() == []
    assert (await confirmed(rig, f"reject-all J1 {WHY} worker=w2 number=2")).result is Result.NEEDS_CONFIRMATION


async def test_what_was_handed_in_anew_counts_once(rig: Rig) -> None:
    await waiting(rig, 4)
    for number in range(1, 5):
        await rig.fill_in("rob", f"revise:A{number}:0", words="Again, please.")
    await rig.turn(60)
    for task in list(rig.market.tasks):
        rig.market.hand_in_again(task)
    await rig.poll()
    reply = await confirmed(rig, f"reject-all J1 {WHY} number=4")
    assert (reply.result, reply.card and reply.card.badge) == (Result.NEEDS_CONFIRMATION, "Needs a second manager")


async def test_a_second_manager_may_be_one_by_a_messengers_role(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(people=tuple(person for person in PEOPLE if person.name in ("mia", "rob"))))
    await waiting(rig, 4)
    line = f"reject-all J1 {WHY} number=4"
    asked = await confirmed(rig, line)
    assert "there is no second manager here" in asked.text
    rig.people.trust([RoleGrant("memory", "mods", Role.MANAGER)])
    assert (await confirmed(rig, line)).text == "A second manager must confirm this too: a card asks for one."
    zed = Actor("memory", "77", "Zed", roles=("mods",))
    opened = await rig.dispatch.press(zed, "confirm-all:b-2:0")
    assert opened.form is not None
    assert (await rig.dispatch.submit_form(zed, opened.form.id, {"number": "4"})).result is Result.DONE


async def test_who_was_let_out_is_no_first_manager(rig: Rig) -> None:
    await rig.say("olga", "person add eve manager memory=77")
    await waiting(rig, 4)
    eve = Actor("memory", "77", "Eve")
    await rig.dispatch.command(eve, f"reject-all J1 {WHY} number=4")
    assert (await rig.dispatch.press(eve, "confirm-all:b-1:0")).result is Result.NEEDS_CONFIRMATION
    await rig.say("olga", "person remove eve")
    reply = await rig.press("mia", "confirm-all:b-1:0")
    assert reply.text == "Eve, who confirmed this first, may not any more: ask for it again."
    assert await rig.states() == []


async def test_the_second_managers_undo_takes_it_back(rig: Rig) -> None:
    await waiting(rig, 4)
    await waiting(rig, 1, job="J2")
    await confirmed(rig, f"reject-all J1 {WHY} number=4")
    await rig.say("olga", "approve A5")
    opened = await rig.press("olga", "confirm-all:b-1:0")
    assert opened.form is not None
    await rig.fill_in("olga", opened.form.id, number="4")
    await rig.settle()
    assert (await rig.say("olga", "undo")).text == "Undone: 4 submissions of b-1 wait again."
    assert (await rig.say("olga", "undo")).text == "Undone: A5 waits again."


async def test_an_approval_knows_no_brake(rig: Rig) -> None:
    await waiting(rig, 4)
    assert (await confirmed(rig, "approve-all J1", "rob")).result is Result.DONE


async def test_where_there_is_no_second_manager_the_setting_is_named(rig: Rig) -> None:
    await waiting(rig, 4)
    await rig.say("mia", f"reject-all J1 {WHY} number=4")
    who = Confirmer(person="mia", role=Role.MANAGER, via="memory", hold_ms=0, alone=True)
    with pytest.raises(NotPossible, match=r"no second manager here: let one in .*, or raise bulk_reject_share"):
        await rig.store.tx(confirm, 1, who, LIMITS, rig.clock.ms())
    assert await rig.value("SELECT state FROM bulks") == "quoted"


# --- crashes


async def test_a_kill_in_the_middle_goes_on_where_it_was_and_decides_nothing_twice(
    rigs: Rigs, two_at_a_time: None
) -> None:
    rig = await falls_after(rigs, 3, 9)
    await confirmed(rig, "approve-all J1", "rob")
    await until_down(rig)
    assert len(await rig.states()) == 6
    after = await rigs.killed(rig)
    await after.turn(HOUR)
    assert after.market.ledger() == {f"t{n}": 1 for n in range(1, 10)}
    assert await after.states() == ["confirmed"] * 9
    assert (in_channel(after).badge, facts(in_channel(after))["Confirmed"]) == ("9 approved", "9")


async def test_after_a_long_night_all_of_it_still_has_one_window(
    rigs: Rigs, clock: ManualClock, two_at_a_time: None
) -> None:
    rig = await falls_after(rigs, 2, 9)
    await confirmed(rig, "approve-all J1", "rob")
    await until_down(rig)
    clock.advance(HOUR)
    after = await rigs.killed(rig)
    await after.settle()
    assert after.market.sent == []
    assert len({row["due_at"] for row in await after.rows("SELECT due_at FROM decisions")}) == 1
    await after.turn(29)
    assert (await after.press("rob", "undo-all:b-1:0")).text == "Undone: 9 submissions of b-1 wait again."
    await after.turn(HOUR)
    assert after.market.sent == []


async def test_a_restored_backup_decides_nothing_more_by_itself(rigs: Rigs, two_at_a_time: None) -> None:
    rig = await falls_after(rigs, 2, 9)
    await rig.say("rob", "approve-all J1")
    await confirmed(rig, "approve-all J1", "rob")
    await until_down(rig)
    rig.store.down = False
    await rig.store.tx(lambda tx: tx.q("INSERT INTO meta (key, value) VALUES (:key, 'yes')", key=RESTORED))
    after = await rigs.killed(rig)
    await after.turn(HOUR)
    assert len(await after.states()) == 4
    results = rows((await after.say("vera", "bulk show b-2")).card)
    assert results[0][3] == "stopped: the database was restored from a backup"
    assert (await after.press("rob", "confirm-all:b-1:0")).result is Result.REFUSED


async def test_an_account_that_is_gone_is_decided_no_further(rigs: Rigs) -> None:
    rig = await falls_after(rigs, 0, 3)
    await confirmed(rig, "approve-all J1", "rob")
    await until_down(rig)
    after = await rigs.start(replace(rig.setup, accounts=("other",)), path=rigs.copy(rig))
    await after.settle()
    assert await after.states() == []
    assert "is not in the config any more" in rows((await after.say("vera", "bulk show b-1")).card)[0][3]


# --- what cannot be read


@pytest.mark.parametrize("name", ["b-7", "7", "A1", "b-0"])
async def test_what_is_no_bulk_cannot_be_shown(rig: Rig, name: str) -> None:
    reply = await rig.say("vera", f"bulk show {name}")
    assert reply.text == f"There is no {name}; they are called b-7 and the like."


@pytest.mark.parametrize("verb", ["confirm-all", "cancel-all", "undo-all", "results"])
async def test_a_forged_button_is_answered_and_no_more(rig: Rig, verb: str) -> None:
    for subject in ("b-0", "b-", "B-1", "A1", "b-1x", "op-1", "b-99999999999999999"):
        reply = await rig.press("olga", f"{verb}:{subject}:0")
        assert (reply.result, reply.text) == (
            Result.REFUSED,
            "This button cannot be read: look at the newest card.",
        )
    assert (await rig.press("olga", f"{verb}:b-7:0")).text.endswith("here is no b-7.")


def test_no_bulk_is_called_like_a_submission_or_an_operation() -> None:
    for number in (1, 9, 999, 1000, 123_456_789_012):
        name = bulk_name(number)
        assert parse_bulk(name) == number
        assert (parse_short_id(name), parse_operation(name)) == (None, None)
        assert len(f"confirm-all:{name}:0".encode()) <= 64
