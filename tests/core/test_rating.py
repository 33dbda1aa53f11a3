"""Ratings leave once, whatever happens on the way; what was not answered is found out before it is repeated."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from botcore.models import Rating, RatingResult, Satisfaction, SightingState, Verdict
from botcore.pacing import Urgency, _urgency
from botcore.provider import AuthFailed, OutcomeUnknown, ProviderError, RateLimited, Refused, Unavailable
from botcore.spending import spent
from botcore.ui import Card, Result, Text
from tests.core.market import HOUR, START, OneByOne, Step, lands_late, lost_after, raises, refuses
from tests.core.rig import LIMITS, Rig, Rigs, Setup, until

LOST = raises(OutcomeUnknown("no answer"))


async def approve(rig: Rig, *tasks: str, **more: Any) -> None:
    """These hand in and are approved, and their undo windows pass."""
    await decide(rig, *tasks, **more)
    await rig.turn(20)


async def decide(rig: Rig, *tasks: str, **more: Any) -> None:
    for task in tasks:
        rig.market.add(task, **more)
    await rig.poll()
    reply = await rig.say("rob", f"approve {' '.join(tasks)}")
    assert reply.result is Result.DONE, reply.text


async def ledger(rig: Rig) -> Counter[str]:
    return Counter(rating.task_id for rating in rig.market.effects)


def sizes(rig: Rig) -> list[int]:
    return [len(batch) for batch in rig.market.sent]


def words(card: Card) -> str:
    return " ".join(block.text for block in card.blocks if isinstance(block, Text))


# --- leaving


async def test_the_ratings_of_one_job_leave_in_one_call(rig: Rig) -> None:
    rig.market.add("other", "J2")
    rig.market.add("t0")
    await rig.poll()
    await decide(rig, *(f"t{n}" for n in range(1, 30)))
    await rig.say("rob", "approve other")
    await rig.turn(20)
    assert sorted(sizes(rig)) == [1, 29]
    assert await rig.states() == ["confirmed"] * 30
    assert len(rig.confirmed) == 30


async def test_where_a_call_takes_one_they_leave_one_by_one(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(provider=OneByOne))
    await approve(rig, "a", "b", "c")
    assert sizes(rig) == [1, 1, 1]
    assert await rig.states() == ["confirmed"] * 3


async def test_a_rating_says_what_was_decided(rig: Rig) -> None:
    for task in ("a", "b", "c"):
        rig.market.add(task)
    await rig.poll()
    await rig.say("rob", "approve a bonus=0.25 satisfaction=excellent reason=Well done")
    await rig.say("rob", "reject b reason=Not yours satisfaction=dupe")
    await rig.say("rob", "revise c reason=One page is missing")
    await rig.turn(20)
    assert sorted(rig.market.effects, key=lambda r: r.task_id) == [
        Rating("a", 0, Verdict.APPROVE, Satisfaction.EXCELLENT, "Well done", Decimal("0.25")),
        Rating("b", 0, Verdict.REJECT, Satisfaction.DUPE, "Not yours"),
        Rating("c", 0, Verdict.REVISE, None, "One page is missing"),
    ]


async def test_a_decision_later_than_the_others_does_not_hold_them_up(rig: Rig) -> None:
    rig.market.add("a")
    rig.market.add("b")
    await rig.poll()
    await rig.say("rob", "approve a")
    await rig.turn(15)
    await rig.say("rob", "approve b")
    await rig.turn(5)
    assert [[r.task_id for r in batch] for batch in rig.market.sent] == [["a"]]
    await rig.turn(15)
    assert [[r.task_id for r in batch] for batch in rig.market.sent] == [["a"], ["b"]]


async def test_sending_is_committed_before_the_call_leaves(rig: Rig) -> None:
    seen: list[list[str]] = []

    async def look(market: Any, job: str, ratings: Any) -> Any:
        seen.append(await rig.states())
        return market.take(ratings)

    rig.market.steps = [look]
    await approve(rig, "a", "b")
    assert seen == [["sending", "sending"]]


async def test_a_worker_has_a_record_of_what_was_confirmed(rig: Rig) -> None:
    rig.market.steps = [refuses("b")]
    await approve(rig, "a", "b", worker_id="w1")
    row = (await rig.rows("SELECT * FROM worker_records"))[0]
    assert (row["worker_id"], row["approved"], row["rejected"], row["revised"]) == ("w1", 1, 0, 0)


# --- surely not sent


@pytest.mark.parametrize(
    ("error", "pauses"),
    [
        (Unavailable("down"), [1, 2, 4, 8]),
        (RateLimited("slow down", 10), [10, 10, 10, 10]),
        (AuthFailed("wrong key"), [60, 60, 60, 60]),
    ],
)
async def test_what_did_not_leave_is_due_again_after_a_pause(rig: Rig, error: ProviderError, pauses: list[int]) -> None:
    times: list[float] = []

    def at(step: Step) -> Step:
        async def noted(market: Any, job: str, ratings: Any) -> Any:
            times.append(rig.clock.ms() / 1000)
            return await step(market, job, ratings)

        return noted

    rig.market.steps = [at(raises(error))] * 4
    rig.market.steps.append(at(lambda market, job, ratings: _take(market, ratings)))
    await approve(rig, "a")
    assert await rig.states() == ["due"]
    await rig.turn(sum(pauses))
    assert await rig.states() == ["confirmed"]
    assert [round(b - a) for a, b in pairwise(times)] == pauses


async def _take(market: Any, ratings: Any) -> Any:
    return market.take(ratings)


@pytest.mark.parametrize("error", [Unavailable("down"), AuthFailed("wrong key")])
async def test_many_that_wait_make_no_storm_of_tries(rigs: Rigs, error: ProviderError) -> None:
    rig = await rigs.start(Setup(provider=OneByOne))
    rig.market.steps = [raises(error)] * 1000
    await approve(rig, *(f"t{n}" for n in range(50)))
    await rig.turn(10 * 60)
    assert len(rig.market.sent) <= 20
    assert Counter(await rig.states()) == {"due": 50}
    rig.market.steps = []
    await rig.turn(60)
    assert Counter(await rig.states()) == {"confirmed": 50}
    assert await ledger(rig) == {f"t{n}": 1 for n in range(50)}


async def test_why_it_does_not_leave_is_on_the_card(rig: Rig) -> None:
    rig.market.steps = [raises(AuthFailed("the key was not accepted"))]
    await approve(rig, "a")
    await rig.turn(5)
    assert "On its way to the marketplace: the key was not accepted" in words(rig.adapter.shown()[0])
    assert rig.account.needs_person


# --- refused


async def test_one_that_is_refused_costs_only_itself(rig: Rig) -> None:
    rig.market.steps = [refuses("b", words="The bonus is too high.")]
    await approve(rig, "a", "b", "c")
    assert await rig.states() == ["confirmed", "refused", "confirmed"]
    card = rig.adapter.shown()[1]
    assert (card.badge, words(card)) == ("Refused", "proof of b The bonus is too high.")
    assert [button.label for button in card.buttons] == ["Approve", "Revise", "Reject", "More"]


async def test_a_refusal_is_believed_only_after_asking_what_happened(rig: Rig) -> None:
    rig.market.steps = [refuses("a")]
    await approve(rig, "a")
    assert rig.market.looks == [["a"]]


async def test_a_refusal_of_the_whole_call_is_one_of_each(rig: Rig) -> None:
    rig.market.steps = [raises(Refused("The job is blocked."))]
    await approve(rig, "a", "b")
    assert await rig.states() == ["refused", "refused"]


async def test_a_refusal_because_the_website_was_first_is_no_refusal(rig: Rig) -> None:
    await decide(rig, "same", "other")
    rig.market.rate_on_website("same", SightingState.APPROVED)
    rig.market.rate_on_website("other", SightingState.REJECTED)
    await rig.turn(20)
    assert await rig.states() == ["overtaken", "overtaken"]
    assert await rig.states("submissions") == ["elsewhere", "elsewhere"]
    assert rig.market.effects == []


async def test_a_refusal_after_a_lost_answer_means_that_it_had_worked(rig: Rig) -> None:
    rig.market.steps = [lands_late, lambda market, job, ratings: _land_and_take(market, ratings)]
    await approve(rig, "a")
    await rig.turn(5 * 60)
    assert sizes(rig) == [1, 1]
    assert await rig.states() == ["confirmed"]
    assert await ledger(rig) == {"a": 1}


async def _land_and_take(market: Any, ratings: Any) -> Any:
    market.land()
    return market.take(ratings)


async def test_a_rating_that_an_answer_leaves_out_is_in_doubt(rig: Rig) -> None:
    async def leaves_out_b(market: Any, job: str, ratings: Any) -> Any:
        return [result for result in market.take(ratings) if result.task_id != "b"]

    rig.market.steps = [leaves_out_b]
    await approve(rig, "a", "b")
    assert await rig.states() == ["confirmed", "in doubt"]
    await rig.turn(60)
    assert await rig.states() == ["confirmed", "confirmed"]


async def test_an_answer_about_somebody_else_changes_nothing(rig: Rig) -> None:
    async def nonsense(market: Any, job: str, ratings: Any) -> Any:
        return [*market.take(ratings), RatingResult("stranger", ok=False), RatingResult("a", ok=True)]

    rig.market.steps = [nonsense]
    await approve(rig, "a")
    assert await rig.states() == ["confirmed"]


# --- in doubt


@pytest.mark.parametrize("error", [OutcomeUnknown("no answer"), RuntimeError("a bug"), asyncio.CancelledError()])
async def test_whatever_ends_a_call_without_an_answer_leaves_doubt(rig: Rig, error: BaseException) -> None:
    rig.market.steps = [raises(error)]
    await approve(rig, "a")
    assert await rig.states() == ["in doubt"]
    assert "sent and not answered" in words(rig.adapter.shown()[0])
    await rig.turn(10 * 60)
    assert await rig.states() == ["confirmed"]
    assert await ledger(rig) == {"a": 1}


async def test_doubt_is_settled_after_a_quiet_period_and_not_before(rig: Rig) -> None:
    rig.market.steps = [lost_after]
    await approve(rig, "a", "b")
    await rig.turn(59)
    assert rig.market.looks == []
    await rig.turn(1)
    assert rig.market.looks == [["a", "b"]]
    assert await rig.states() == ["confirmed", "confirmed"]
    assert sizes(rig) == [2]


async def test_what_could_not_be_verified_is_said(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    rig.market.steps = [lost_after]
    await rig.say("rob", "approve a bonus=0.50")
    await rig.turn(80)
    assert await rig.states() == ["confirmed"]
    assert "its bonus could not be verified" in words(rig.adapter.shown()[0])


async def test_a_doubt_that_the_website_settled_otherwise_is_overtaken(rig: Rig) -> None:
    rig.market.steps = [LOST]
    await approve(rig, "a")
    rig.market.rate_on_website("a", SightingState.REJECTED)
    await rig.turn(60)
    assert await rig.states() == ["overtaken"]
    assert rig.adapter.badges() == ["Rated elsewhere"]
    assert "rob had approved it here; that does not count." in words(rig.adapter.shown()[0])


async def test_while_it_still_reads_as_unrated_it_is_sent_again_after_two_looks(rig: Rig) -> None:
    rig.market.steps = [LOST]
    await approve(rig, "a")
    await rig.turn(60)
    assert (len(rig.market.looks), sizes(rig)) == (1, [1])
    await rig.turn(60)
    assert (len(rig.market.looks), sizes(rig)) == (2, [1, 1])
    assert await rig.states() == ["confirmed"]
    assert await ledger(rig) == {"a": 1}


async def test_an_effect_that_lands_after_the_first_look_is_not_repeated(rig: Rig) -> None:
    rig.market.steps = [lands_late]
    await approve(rig, "a")
    await rig.turn(90)
    assert len(rig.market.looks) == 1
    rig.market.land()
    await rig.turn(HOUR)
    assert sizes(rig) == [1]
    assert await rig.states() == ["confirmed"]
    assert await ledger(rig) == {"a": 1}


async def test_what_is_in_doubt_goes_again_in_halves_with_growing_pauses_and_then_to_a_person(rig: Rig) -> None:
    times: list[int] = []

    async def lose(market: Any, job: str, ratings: Any) -> Any:
        times.append(rig.clock.ms())
        raise OutcomeUnknown("no answer")

    rig.market.steps = [lose] * 1000
    await approve(rig, *(f"t{n}" for n in range(8)))
    await rig.turn(6 * HOUR)
    tries = Counter(rating.task_id for batch in rig.market.sent for rating in batch)
    assert set(tries.values()) == {6}  # once, and five times again
    sent = [tuple(r.task_id for r in batch) for batch in rig.market.sent if any(r.task_id == "t0" for r in batch)]
    assert [len(batch) for batch in sent] == [8, 4, 2, 1, 1, 1]
    of_t0 = [at for at, batch in zip(times, rig.market.sent, strict=True) if any(r.task_id == "t0" for r in batch)]
    pauses = [round((b - a) / 1000) for a, b in pairwise(of_t0)]
    assert pauses == sorted(pauses)
    assert pauses[0] == 120
    assert pauses[-1] > 900
    assert set(await rig.states()) == {"in doubt"}
    assert {row["asks"] for row in await rig.rows("SELECT asks FROM decisions")} == {
        "sent 6 times without an answer, and still unrated"
    }
    assert rig.market.effects == []
    card = rig.adapter.shown()[0]
    assert [button.label for button in card.buttons] == ["It went through", "Send again", "Leave it"]
    await rig.turn(6 * HOUR)
    assert len(rig.market.sent) == len(times)


async def test_no_more_goes_into_the_dark_than_has_to(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(provider=OneByOne))
    rig.market.steps = [LOST] * 1000
    await approve(rig, *(f"t{n}" for n in range(100)))
    await rig.turn(10 * 60)
    assert len(rig.market.sent) <= 25


async def test_a_batch_that_fails_for_one_of_them_is_narrowed_down_to_it(rig: Rig) -> None:
    async def poisoned(market: Any, job: str, ratings: Any) -> Any:
        if any(r.task_id == "bad" for r in ratings):
            raise OutcomeUnknown("500")
        return market.take(ratings)

    rig.market.steps = [poisoned] * 1000
    await approve(rig, "t0", "t1", "t2", "bad", "t3", "t4", "t5", "t6")
    await rig.turn(6 * HOUR)
    assert await ledger(rig) == {f"t{n}": 1 for n in range(7)}
    assert sorted(await rig.states()) == ["confirmed"] * 7 + ["in doubt"]


@pytest.mark.parametrize("gone", ["hidden", "rated somehow"])
async def test_where_the_marketplace_cannot_tell_a_person_is_asked(rig: Rig, gone: str) -> None:
    rig.market.steps = [LOST]
    await approve(rig, "a")
    if gone == "hidden":
        rig.market.hidden.add("a")
    else:
        rig.market.rate_on_website("a", SightingState.RATED)
    await rig.turn(60)
    assert await rig.value("SELECT asks FROM decisions") is None
    await rig.turn(60)
    assert "the marketplace does not say how" in await rig.value("SELECT asks FROM decisions")
    assert "Look at the website, then say what happened." in words(rig.adapter.shown()[0])
    assert sizes(rig) == [1]


async def test_where_the_marketplace_refuses_to_tell_a_person_is_asked(rig: Rig) -> None:
    rig.market.steps = [LOST]
    rig.market.errors["look"] = [Refused("no such job"), Refused("no such job")]
    await approve(rig, "a")
    await rig.turn(5 * 60)
    assert await rig.value("SELECT asks FROM decisions") == "no such job"


async def test_a_look_that_fails_settles_nothing(rig: Rig) -> None:
    rig.market.steps = [LOST]
    rig.market.errors["look"] = [
        Unavailable("down"),
        RateLimited("slow down", 10),
        RuntimeError("bug"),
        Unavailable(""),
    ]
    await approve(rig, "a")
    await rig.turn(60)
    assert await rig.states() == ["in doubt"]
    await rig.turn(10 * 60)
    assert await rig.states() == ["confirmed"]
    assert await ledger(rig) == {"a": 1}


async def test_only_one_of_them_at_a_time_asks_and_sends_for_a_job(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(provider=OneByOne))
    hang = rigs.hang(effect=True)
    rig.market.steps = [LOST, hang]
    await decide(rig, "a", "b")
    rig.clock.advance(20)
    await until(lambda: len(rig.market.sent) == 1)
    rig.clock.advance(60)
    await asyncio.wait_for(hang.reached.wait(), 5)
    rig.clock.advance(60)
    await asyncio.sleep(0.02)
    assert rig.market.looks == []
    hang.go.set()
    await rig.turn(5 * 60)
    assert await ledger(rig) == {"a": 1, "b": 1}


# --- what a person says of a doubt


@dataclass(frozen=True)
class Answer:
    verb: str
    state: str
    effects: int
    submission: str


ANSWERS = [
    Answer("went", "confirmed", 0, "rated"),
    Answer("again", "confirmed", 1, "rated"),
    Answer("leave", "overtaken", 0, "elsewhere"),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.verb)
async def test_a_person_settles_what_nobody_else_can(rig: Rig, answer: Answer) -> None:
    rig.market.steps = [LOST]
    await approve(rig, "a")
    rig.market.hidden.add("a")
    await rig.turn(120)
    rig.market.hidden.clear()
    reply = await rig.press("mia", f"{answer.verb}:A1:0")
    assert reply.result is Result.DONE, reply.text
    await rig.turn(HOUR)
    assert await rig.states() == [answer.state]
    assert await rig.states("submissions") == [answer.submission]
    assert len(rig.market.effects) == answer.effects
    again = await rig.press("mia", f"{answer.verb}:A1:0")
    assert (again.result, again.text) == (Result.REFUSED, "This is settled already.")


async def test_sent_again_by_a_person_though_it_had_worked_it_counts_as_ours(rig: Rig) -> None:
    rig.market.steps = [lost_after]
    await approve(rig, "a")
    rig.market.hidden.add("a")
    await rig.turn(120)
    rig.market.hidden.clear()
    await rig.press("mia", "again:A1:0")
    await rig.turn(HOUR)
    assert await rig.states() == ["confirmed"]
    assert await ledger(rig) == {"a": 1}


async def test_a_doubt_that_settles_itself_takes_no_answer(rig: Rig) -> None:
    rig.market.steps = [LOST]
    await approve(rig, "a")
    reply = await rig.press("mia", "went:A1:0")
    assert reply.result is Result.REFUSED
    assert await rig.states() == ["in doubt"]


# --- revisions


@pytest.mark.parametrize("tells_revision", [True, False])
async def test_a_verdict_is_never_sent_again_to_a_newer_revision(rig: Rig, tells_revision: bool) -> None:
    rig.market.tells_revision = tells_revision
    rig.market.steps = [LOST]
    await approve(rig, "a")
    rig.market.hand_in_again("a")  # somebody sent it back on the website
    await rig.poll(sweep=True)
    await rig.turn(HOUR)
    assert sizes(rig) == [1]
    assert rig.market.effects == []
    assert await rig.states() == ["overtaken"]
    assert rig.adapter.badges()[-1] == "Waiting"


@pytest.mark.parametrize("tells_revision", [True, False])
async def test_a_revise_in_doubt_is_proven_by_the_revision_that_follows(rig: Rig, tells_revision: bool) -> None:
    rig.market.tells_revision = tells_revision
    rig.market.add("a")
    await rig.poll()
    rig.market.steps = [lost_after]
    await rig.say("rob", "revise a reason=More please")
    await rig.turn(20)
    rig.market.hand_in_again("a")
    await rig.poll(sweep=True)
    await rig.turn(HOUR)
    assert await rig.states() == ["confirmed"]
    assert await ledger(rig) == {"a": 1}
    assert rig.adapter.badges() == ["Sent back by rob", "Waiting"]


async def test_a_revise_with_other_words_was_somebody_elses(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    rig.market.steps = [LOST]
    await rig.say("rob", "revise a reason=More please")
    await rig.turn(20)
    rig.market.tasks["a"].said = ("Something else",)
    rig.market.hand_in_again("a")
    await rig.turn(120)
    assert await rig.states() == ["overtaken"]


async def test_a_revision_that_comes_while_it_could_not_be_sent_is_not_rated_in_its_place(rigs: Rigs) -> None:
    rig = await rigs.start()
    reached, go = asyncio.Event(), asyncio.Event()

    async def slow_no(market: Any, job: str, ratings: Any) -> Any:
        reached.set()
        await go.wait()
        raise Unavailable("never left")

    rig.market.steps = [slow_no]
    await decide(rig, "a")
    rig.clock.advance(20)
    await asyncio.wait_for(reached.wait(), 5)
    rig.market.hand_in_again("a")
    await rig.intake.poll(rig.account, sweep=True)
    go.set()
    await rig.turn(60)
    assert rig.market.effects == []
    assert await rig.states() == ["overtaken"]
    assert await rig.states("submissions") == ["superseded", "shown"]


# --- crashes


@pytest.mark.parametrize("effect", [True, False])
async def test_a_kill_between_the_call_and_its_answer_rates_once_in_all(rigs: Rigs, effect: bool) -> None:
    rig = await rigs.start()
    hang = rigs.hang(effect=effect)
    rig.market.steps = [hang]
    await decide(rig, "a", "b")
    rig.clock.advance(20)
    await asyncio.wait_for(hang.reached.wait(), 5)

    after = await rigs.killed(rig)
    await after.settle()
    assert await after.states() == ["in doubt", "in doubt"]
    assert "sent and not answered" in words((await after.say("rob", "show a")).card or Card(""))
    await after.turn(10 * 60)
    assert await after.states() == ["confirmed", "confirmed"]
    assert await ledger(after) == {"a": 1, "b": 1}
    assert sizes(after) == ([2] if effect else [2, 1, 1])


async def test_a_kill_before_the_window_ends_loses_nothing(rigs: Rigs) -> None:
    rig = await rigs.start()
    await decide(rig, "a")
    after = await rigs.killed(rig)
    await after.turn(19)
    assert await after.states() == ["held"]
    await after.turn(1)
    assert await after.states() == ["confirmed"]
    assert await ledger(after) == {"a": 1}


async def test_a_kill_after_each_step_of_a_doubt_still_rates_once(rigs: Rigs) -> None:
    rig = await rigs.start()
    rig.market.steps = [lands_late, LOST, LOST]
    await decide(rig, "a", "b")
    for _ in range(60):
        await rig.turn(30)
        rig = await rigs.killed(rig)
        await rig.settle()
        if set(await rig.states()) == {"confirmed"}:
            break
        if len(rig.market.sent) == 2:
            rig.market.land()
    assert set(await rig.states()) == {"confirmed"}
    assert await ledger(rig) == {"a": 1, "b": 1}


async def test_an_answer_that_cannot_be_saved_is_found_out_later(rigs: Rigs) -> None:
    rig = await rigs.start()

    async def fill_the_disk(market: Any, job: str, ratings: Any) -> Any:
        rig.store.down = True
        return market.take(ratings)

    rig.market.steps = [fill_the_disk]
    await decide(rig, "a", "b")
    rig.clock.advance(20)
    await until(lambda: rig.store.down)
    for _ in range(5):
        rig.clock.advance(10)
        await asyncio.sleep(0.002)
    rig.store.down = False
    for _ in range(10):
        rig.clock.advance(30)
        await rig.settle()
    assert await rig.states() == ["confirmed", "confirmed"]
    assert await ledger(rig) == {"a": 1, "b": 1}


# --- money and deadlines


async def test_a_bonus_in_doubt_stays_counted_until_it_is_known_not_to_be_paid(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    rig.market.steps = [LOST]
    await rig.say("rob", "approve a bonus=1")
    await rig.turn(20)
    assert await rig.store.read(spent, LIMITS, rig.clock.ms()) == 1
    rig.market.rate_on_website("a", SightingState.REJECTED)
    await rig.turn(60)
    assert await rig.store.read(spent, LIMITS, rig.clock.ms()) == 0


async def test_a_late_effect_is_ours_even_if_the_poll_sees_it_first(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    rig.market.steps = [lands_late, raises(Unavailable("down")), raises(Unavailable("down"))]
    await rig.say("rob", "approve a bonus=1")
    await rig.turn(20 + 120)
    assert len(rig.market.sent) == 2
    rig.market.land()
    await rig.poll(sweep=True)
    await rig.turn(10 * 60)
    assert await rig.states() == ["confirmed"]
    assert await rig.states("submissions") == ["rated"]
    assert await rig.store.read(spent, LIMITS, rig.clock.ms()) == 1
    assert await ledger(rig) == {"a": 1}


async def test_a_rating_near_its_deadline_goes_before_the_others(rig: Rig) -> None:
    seen: list[Urgency] = []

    async def note(market: Any, job: str, ratings: Any) -> Any:
        seen.append(_urgency.get())
        return market.take(ratings)

    rig.market.steps = [note, note]
    await approve(rig, "far")
    await approve(rig, "near", deadline=START + timedelta(minutes=59))
    assert seen == [Urgency.RATING, Urgency.DEADLINE]


async def test_ratings_of_an_account_that_is_not_configured_wait_for_it(rigs: Rigs) -> None:
    rig = await rigs.start()
    await decide(rig, "a")
    path = rigs.copy(rig)
    rig.store.down = True
    orphan = await rigs.start(Setup(accounts=("other",)), path=path)
    await orphan.turn(2 * HOUR)
    assert await orphan.states() == ["held"]
    assert rig.market.effects == []
