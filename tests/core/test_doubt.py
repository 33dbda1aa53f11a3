"""What was sent and not answered is found out before it is repeated, through every crash."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from botcore.models import Outcome, Rating, RatingResult, Sighting, SightingState, Verdicted
from botcore.provider import OutcomeUnknown, RateLimited, Refused, Unavailable
from botcore.ui import Card, Result
from tests.core.market import HOUR, LOST, Market, OneByOne, ScriptedProvider, Step, lands_late, lost_after, raises
from tests.core.rig import Rig, Rigs, Setup, until, words

# --- in doubt


@pytest.mark.parametrize("error", [OutcomeUnknown("no answer"), RuntimeError("a bug"), asyncio.CancelledError()])
async def test_whatever_ends_a_call_without_an_answer_leaves_doubt(rig: Rig, error: BaseException) -> None:
    rig.market.steps = [raises(error)]
    await rig.approve("a")
    assert await rig.states() == ["in doubt"]
    assert "sent and not answered" in words(rig.adapter.shown()[0])
    await rig.turn(10 * 60)
    assert await rig.states() == ["confirmed"]
    assert rig.market.ledger() == {"a": 1}


async def test_doubt_is_settled_after_a_quiet_period_and_not_before(rig: Rig) -> None:
    rig.market.steps = [lost_after]
    await rig.approve("a", "b")
    await rig.turn(59)
    assert rig.market.looks == []
    await rig.turn(1)
    assert rig.market.looks == [["a", "b"]]
    assert await rig.states() == ["confirmed", "confirmed"]
    assert rig.market.sizes() == [2]


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
    await rig.approve("a")
    rig.market.rate_on_website("a", SightingState.REJECTED)
    await rig.turn(60)
    assert await rig.states() == ["overtaken"]
    assert rig.adapter.badges() == ["Rated elsewhere"]
    assert "rob had approved it here; that does not count." in words(rig.adapter.shown()[0])


async def test_while_it_still_reads_as_unrated_it_is_sent_again_after_two_looks(rig: Rig) -> None:
    rig.market.steps = [LOST]
    await rig.approve("a")
    await rig.turn(60)
    assert (len(rig.market.looks), rig.market.sizes()) == (1, [1])
    await rig.turn(60)
    assert (len(rig.market.looks), rig.market.sizes()) == (2, [1, 1])
    assert await rig.states() == ["confirmed"]
    assert rig.market.ledger() == {"a": 1}


async def test_an_effect_that_lands_after_the_first_look_is_not_repeated(rig: Rig) -> None:
    rig.market.steps = [lands_late]
    await rig.approve("a")
    await rig.turn(90)
    assert len(rig.market.looks) == 1
    rig.market.land()
    await rig.turn(HOUR)
    assert rig.market.sizes() == [1]
    assert await rig.states() == ["confirmed"]
    assert rig.market.ledger() == {"a": 1}


async def test_between_any_two_sends_there_is_a_look(rig: Rig) -> None:
    looks: list[int] = []

    def counted(step: Step) -> Step:
        async def count(market: Market, job: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
            looks.append(len(market.looks))
            return await step(market, job, ratings)

        return count

    rig.market.steps = [
        counted(step) for step in (LOST, raises(Unavailable("down")), raises(Unavailable("down")), LOST)
    ]
    await rig.approve("a")
    await rig.turn(HOUR)
    assert looks == sorted(set(looks))
    assert rig.market.sizes() == [1, 1, 1, 1, 1]
    assert await rig.states() == ["confirmed"]


async def test_a_marketplace_that_cannot_be_asked_for_long_is_a_persons_to_look_at(rig: Rig) -> None:
    rig.market.steps = [LOST]
    rig.market.errors["look"] = [Unavailable("down")] * 1000
    await rig.approve("a")
    await rig.turn(10 * 60)
    assert await rig.value("SELECT asks FROM decisions") == "the marketplace could not be asked: down"
    assert rig.market.sizes() == [1]


@pytest.mark.parametrize("worked", [True, False])
async def test_a_doubt_that_a_person_was_told_of_settles_when_the_marketplace_is_back(rig: Rig, worked: bool) -> None:
    rig.market.steps = [lost_after if worked else LOST]
    rig.market.errors["look"] = [Unavailable("down")] * 30
    await rig.approve("a")
    await rig.turn(30 * 60)
    assert await rig.value("SELECT asks FROM decisions") is not None
    assert "Look at the website" in words(rig.adapter.shown()[0])
    before = rig.adapter.edits
    await rig.turn(30 * 60)
    assert rig.adapter.edits == before  # told once
    await rig.turn(2 * HOUR)
    assert await rig.states() == ["confirmed"]
    assert rig.adapter.badges() == ["Approved by rob"]
    assert rig.market.ledger() == {"a": 1}


async def test_a_person_may_settle_what_the_marketplace_could_not_be_asked_about(rig: Rig) -> None:
    rig.market.steps = [lost_after]
    rig.market.errors["look"] = [Unavailable("down")] * 1000
    await rig.approve("a")
    await rig.turn(10 * 60)
    assert (await rig.press("mia", "went:A1:0")).result is Result.DONE
    left = len(rig.market.errors["look"])
    await rig.turn(2 * HOUR)
    assert len(rig.market.errors["look"]) >= left - 1
    assert await rig.states() == ["confirmed"]


async def test_a_person_who_answers_while_the_marketplace_is_asked_was_first(rigs: Rigs) -> None:
    reached, go = asyncio.Event(), asyncio.Event()

    class Slow(ScriptedProvider):
        async def look(self, job_id: str, ids: Sequence[str]) -> Sequence[Sighting]:
            found = await super().look(job_id, ids)
            if not self.market.errors["look"]:
                reached.set()
                await go.wait()
            return found

    rig = await rigs.start(Setup(provider=Slow))
    rig.market.steps = [LOST]
    rig.market.errors["look"] = [Unavailable("down")] * 12
    await rig.approve("a")
    for _ in range(1000):
        if reached.is_set():
            break
        rig.clock.advance(10)
        await asyncio.sleep(0.001)
    rig.market.hidden.add("a")
    assert (await rig.press("mia", "leave:A1:0")).result is Result.DONE
    go.set()
    await rig.turn(HOUR)
    assert await rig.states() == ["overtaken"]
    assert await rig.value("SELECT asks FROM decisions") is None
    assert rig.market.sizes() == [1]


async def test_two_looks_that_tell_different_things_are_not_two_that_agree(rig: Rig) -> None:
    rig.market.steps = [LOST]
    await rig.approve("a")
    rig.market.hidden.add("a")
    await rig.turn(60)
    rig.market.hidden.clear()
    await rig.turn(60)
    assert (len(rig.market.looks), rig.market.sizes()) == (2, [1])
    await rig.turn(60)
    assert (len(rig.market.looks), rig.market.sizes()) == (3, [1, 1])
    assert rig.market.ledger() == {"a": 1}


async def test_looks_that_never_agree_end_with_a_person(rig: Rig) -> None:
    rig.market.steps = [LOST]
    await rig.approve("a")
    for _ in range(20):
        rig.market.hidden ^= {"a"}
        await rig.turn(60)
    assert await rig.value("SELECT asks FROM decisions") == "the marketplace tells now one thing, now another"
    assert rig.market.sizes() == [1]


async def test_what_is_in_doubt_goes_again_in_halves_with_growing_pauses_and_then_to_a_person(rig: Rig) -> None:
    times: list[int] = []

    async def lose(market: Any, job: str, ratings: Any) -> Any:
        times.append(rig.clock.ms())
        raise OutcomeUnknown("no answer")

    rig.market.steps = [lose] * 1000
    await rig.approve(*(f"t{n}" for n in range(8)))
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
    await rig.approve(*(f"t{n}" for n in range(100)))
    await rig.turn(10 * 60)
    assert len(rig.market.sent) <= 25


async def test_a_batch_that_fails_for_one_of_them_is_narrowed_down_to_it(rig: Rig) -> None:
    async def poisoned(market: Any, job: str, ratings: Any) -> Any:
        if any(r.task_id == "bad" for r in ratings):
            raise OutcomeUnknown("500")
        return market.take(ratings)

    rig.market.steps = [poisoned] * 1000
    await rig.approve("t0", "t1", "t2", "bad", "t3", "t4", "t5", "t6")
    await rig.turn(6 * HOUR)
    assert rig.market.ledger() == {f"t{n}": 1 for n in range(7)}
    assert sorted(await rig.states()) == ["confirmed"] * 7 + ["in doubt"]


class AbsentIsSentBack(ScriptedProvider):
    """A marketplace that lists what was sent back nowhere."""

    async def outcome(self, job_id: str, ratings: Sequence[Rating]) -> Sequence[Outcome]:
        seen = {sighting.task_id: sighting.state for sighting in await self.look(job_id, [r.task_id for r in ratings])}
        return [self._judge(rating.task_id, seen[rating.task_id]) for rating in ratings]

    def _judge(self, task: str, state: SightingState) -> Outcome:
        if state is SightingState.WAITING:
            return Outcome(task, Verdicted.NOT_YET)
        return Outcome(task, Verdicted.DIFFERS, note="sent back for revision", sure=False)


async def test_what_absence_alone_tells_counts_once_it_was_told_three_times(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(provider=AbsentIsSentBack))
    rig.market.steps = [LOST]
    await rig.approve("a")
    rig.market.hidden.add("a")
    await rig.turn(60)
    await rig.turn(60)
    assert await rig.states() == ["in doubt"]
    await rig.turn(60)
    assert await rig.states() == ["overtaken"]
    assert len(rig.market.looks) == 3


@pytest.mark.parametrize("times", [1, 2])
async def test_a_list_that_left_something_out_once_or_twice_settles_nothing(rigs: Rigs, times: int) -> None:
    rig = await rigs.start(Setup(provider=AbsentIsSentBack))
    rig.market.steps = [LOST]
    await rig.approve("a")
    await rig.turn(60)
    assert len(rig.market.looks) == 1
    rig.market.hidden.add("a")
    await rig.turn(60 * times)
    rig.market.hidden.clear()
    await rig.turn(10 * 60)
    assert await rig.states() == ["confirmed"]
    assert rig.market.ledger() == {"a": 1}


@pytest.mark.parametrize("gone", ["hidden", "rated somehow"])
async def test_where_the_marketplace_cannot_tell_a_person_is_asked(rig: Rig, gone: str) -> None:
    rig.market.steps = [LOST]
    await rig.approve("a")
    if gone == "hidden":
        rig.market.hidden.add("a")
    else:
        rig.market.rate_on_website("a", SightingState.RATED)
    await rig.turn(60)
    assert await rig.value("SELECT asks FROM decisions") is None
    await rig.turn(60)
    assert "the marketplace does not say how" in await rig.value("SELECT asks FROM decisions")
    assert "Look at the website, then say what happened." in words(rig.adapter.shown()[0])
    assert rig.market.sizes() == [1]


async def test_where_the_marketplace_refuses_to_tell_a_person_is_asked(rig: Rig) -> None:
    rig.market.steps = [LOST]
    rig.market.errors["look"] = [Refused("no such job"), Refused("no such job")]
    await rig.approve("a")
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
    await rig.approve("a")
    await rig.turn(60)
    assert await rig.states() == ["in doubt"]
    await rig.turn(10 * 60)
    assert await rig.states() == ["confirmed"]
    assert rig.market.ledger() == {"a": 1}


async def test_only_one_of_them_at_a_time_asks_and_sends_for_a_job(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(provider=OneByOne))
    hang = rigs.hang(effect=True)
    rig.market.steps = [LOST, hang]
    await rig.decide("a", "b")
    rig.clock.advance(20)
    await until(lambda: len(rig.market.sent) == 1)
    rig.clock.advance(60)
    await asyncio.wait_for(hang.reached.wait(), 60)
    rig.clock.advance(60)
    await asyncio.sleep(0.02)
    assert rig.market.looks == []
    hang.go.set()
    await rig.turn(5 * 60)
    assert rig.market.ledger() == {"a": 1, "b": 1}


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
    await rig.approve("a")
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
    await rig.approve("a")
    rig.market.hidden.add("a")
    await rig.turn(120)
    rig.market.hidden.clear()
    await rig.press("mia", "again:A1:0")
    await rig.turn(HOUR)
    assert await rig.states() == ["confirmed"]
    assert rig.market.ledger() == {"a": 1}


async def test_a_doubt_that_settles_itself_takes_no_answer(rig: Rig) -> None:
    rig.market.steps = [LOST]
    await rig.approve("a")
    reply = await rig.press("mia", "went:A1:0")
    assert reply.result is Result.REFUSED
    assert await rig.states() == ["in doubt"]


# --- revisions


@pytest.mark.parametrize("tells_revision", [True, False])
async def test_a_verdict_is_never_sent_again_to_a_newer_revision(rig: Rig, tells_revision: bool) -> None:
    rig.market.tells_revision = tells_revision
    rig.market.steps = [LOST]
    await rig.approve("a")
    rig.market.hand_in_again("a")  # somebody sent it back on the website
    await rig.poll(sweep=True)
    await rig.turn(HOUR)
    assert rig.market.sizes() == [1]
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
    assert rig.market.ledger() == {"a": 1}
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


async def test_two_revisions_of_one_task_in_doubt_at_once_are_not_taken_for_each_other(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    rig.market.steps = [LOST, lost_after]
    await rig.say("rob", "revise a reason=More please")
    await rig.turn(20)
    rig.market.tasks["a"].said = ("Written on the website",)
    rig.market.hand_in_again("a")
    await rig.poll(sweep=True)
    rig.market.errors["look"] = [Unavailable("down")] * 8
    assert (await rig.say("rob", "approve A2")).result is Result.DONE
    await rig.turn(HOUR)
    assert await rig.states() == ["overtaken", "confirmed"]
    assert rig.market.ledger() == {"a": 1}


async def test_a_revision_that_comes_while_it_could_not_be_sent_is_not_rated_in_its_place(rigs: Rigs) -> None:
    rig = await rigs.start()
    reached, go = asyncio.Event(), asyncio.Event()

    async def slow_no(market: Any, job: str, ratings: Any) -> Any:
        reached.set()
        await go.wait()
        raise Unavailable("never left")

    rig.market.steps = [slow_no]
    await rig.decide("a")
    rig.clock.advance(20)
    await asyncio.wait_for(reached.wait(), 60)
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
    await rig.decide("a", "b")
    rig.clock.advance(20)
    await asyncio.wait_for(hang.reached.wait(), 60)

    after = await rigs.killed(rig)
    await after.settle()
    assert await after.states() == ["in doubt", "in doubt"]
    assert "sent and not answered" in words((await after.say("rob", "show a")).card or Card(""))
    await after.turn(10 * 60)
    assert await after.states() == ["confirmed", "confirmed"]
    assert after.market.ledger() == {"a": 1, "b": 1}
    assert after.market.sizes() == ([2] if effect else [2, 1, 1])


async def test_a_kill_before_the_window_ends_loses_nothing(rigs: Rigs) -> None:
    rig = await rigs.start()
    await rig.decide("a")
    after = await rigs.killed(rig)
    await after.turn(19)
    assert await after.states() == ["held"]
    await after.turn(1)
    assert await after.states() == ["confirmed"]
    assert after.market.ledger() == {"a": 1}


async def test_a_kill_after_each_step_of_a_doubt_still_rates_once(rigs: Rigs) -> None:
    rig = await rigs.start()
    rig.market.steps = [lands_late, LOST, LOST]
    await rig.decide("a", "b")
    for _ in range(60):
        await rig.turn(30)
        rig = await rigs.killed(rig)
        await rig.settle()
        if set(await rig.states()) == {"confirmed"}:
            break
        if len(rig.market.sent) == 2:
            rig.market.land()
    assert set(await rig.states()) == {"confirmed"}
    assert rig.market.ledger() == {"a": 1, "b": 1}


async def test_an_answer_that_cannot_be_saved_is_found_out_later(rigs: Rigs) -> None:
    rig = await rigs.start()

    async def fill_the_disk(market: Any, job: str, ratings: Any) -> Any:
        rig.store.down = True
        return market.take(ratings)

    rig.market.steps = [fill_the_disk]
    await rig.decide("a", "b")
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
    assert rig.market.ledger() == {"a": 1, "b": 1}
