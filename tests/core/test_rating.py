"""Ratings leave together, in time, and once; what is refused is said."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from botcore.models import Rating, RatingResult, Satisfaction, Sighting, SightingState, Verdict
from botcore.pacing import Urgency, _urgency
from botcore.provider import AuthFailed, ProviderError, RateLimited, Refused, Unavailable
from botcore.spending import spent
from tests.core.market import HOUR, LOST, START, OneByOne, ScriptedProvider, Step, lands_late, raises, refuses
from tests.core.rig import LIMITS, Rig, Rigs, Setup, words

# --- leaving


async def test_the_ratings_of_one_job_leave_in_one_call(rig: Rig) -> None:
    rig.market.add("other", "J2")
    rig.market.add("t0")
    await rig.poll()
    await rig.decide(*(f"t{n}" for n in range(1, 30)))
    await rig.say("rob", "approve other")
    await rig.turn(20)
    assert sorted(rig.market.sizes()) == [1, 29]
    assert await rig.states() == ["confirmed"] * 30
    assert len(rig.confirmed) == 30


async def test_where_a_call_takes_one_they_leave_one_by_one(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(provider=OneByOne))
    await rig.approve("a", "b", "c")
    assert rig.market.sizes() == [1, 1, 1]
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
    await rig.approve("a", "b")
    assert seen == [["sending", "sending"]]


async def test_a_worker_has_a_record_of_what_was_confirmed(rig: Rig) -> None:
    rig.market.steps = [refuses("b")]
    await rig.approve("a", "b", worker_id="w1")
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
    await rig.approve("a")
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
    await rig.approve(*(f"t{n}" for n in range(50)))
    await rig.turn(10 * 60)
    assert len(rig.market.sent) <= 20
    assert Counter(await rig.states()) == {"due": 50}
    rig.market.steps = []
    await rig.turn(60)
    assert Counter(await rig.states()) == {"confirmed": 50}
    assert rig.market.ledger() == {f"t{n}": 1 for n in range(50)}


async def test_a_wrong_key_is_tried_once_a_minute_however_many_jobs_wait(rig: Rig) -> None:
    wrong: list[BaseException] = [AuthFailed("wrong key")] * 1000
    rig.market.errors |= {"rate": wrong, "look": wrong}
    for number in range(40):
        rig.market.add(f"t{number}", f"J{number}")
    await rig.poll()
    await rig.say("rob", f"approve {' '.join(rig.market.tasks)}")
    await rig.turn(10 * 60)
    tried = 1000 - len(wrong)
    assert tried <= 40 + 11  # the works that are under way when the first answer comes, then one a minute
    wrong.clear()
    await rig.turn(3 * 60)
    assert set(await rig.states()) == {"confirmed"}


async def test_why_it_does_not_leave_is_on_the_card(rig: Rig) -> None:
    rig.market.steps = [raises(AuthFailed("the key was not accepted"))]
    await rig.approve("a")
    await rig.turn(5)
    assert "On its way to the marketplace: the key was not accepted" in words(rig.adapter.shown()[0])
    assert rig.account.needs_person


# --- refused


async def test_one_that_is_refused_costs_only_itself(rig: Rig) -> None:
    rig.market.steps = [refuses("b", words="The bonus is too high.")]
    await rig.approve("a", "b", "c")
    assert await rig.states() == ["confirmed", "refused", "confirmed"]
    card = rig.adapter.shown()[1]
    assert card.badge == "Refused"
    assert "Approved by rob, but the marketplace refused it: The bonus is too high." in words(card)
    assert [button.label for button in card.buttons] == ["Approve", "Revise", "Reject", "More"]


async def test_a_refusal_is_believed_only_after_asking_what_happened(rig: Rig) -> None:
    rig.market.steps = [refuses("a")]
    await rig.approve("a")
    assert rig.market.looks == [["a"]]


async def test_a_call_that_is_refused_for_one_of_them_costs_only_that_one(rig: Rig) -> None:
    async def chokes(market: Any, job: str, ratings: Any) -> Any:
        if any(rating.task_id == "t11" for rating in ratings):
            raise Refused("A comment is too long.")
        return market.take(ratings)

    rig.market.steps = [chokes] * 100
    await rig.approve(*(f"t{n}" for n in range(40)))
    await rig.settle()
    assert Counter(await rig.states()) == {"confirmed": 39, "refused": 1}
    assert rig.market.ledger() == {f"t{n}": 1 for n in range(40) if n != 11}
    assert len(rig.market.sent) <= 12
    assert "A comment is too long." in words(rig.adapter.shown()[11])


async def test_where_each_call_is_refused_all_are_after_a_few(rig: Rig) -> None:
    rig.market.steps = [raises(Refused("The job is blocked."))] * 1000
    await rig.approve(*(f"t{n}" for n in range(60)))
    await rig.settle()
    assert Counter(await rig.states()) == {"refused": 60}
    assert len(rig.market.sent) <= 30
    assert rig.market.effects == []


async def test_a_kill_while_a_refused_call_is_narrowed_down_loses_and_doubles_nothing(rigs: Rigs) -> None:
    rig = await rigs.start()
    hang = rigs.hang(effect=True)
    rig.market.steps = [raises(Refused("Not all of these.")), hang]
    await rig.decide(*(f"t{n}" for n in range(8)))
    rig.clock.advance(20)
    await asyncio.wait_for(hang.reached.wait(), 60)
    after = await rigs.killed(rig)
    await after.turn(10 * 60)
    assert set(await after.states()) == {"confirmed"}
    assert after.market.ledger() == {f"t{n}": 1 for n in range(8)}


async def test_a_narrowed_call_that_does_not_leave_goes_on_where_it_was(rig: Rig) -> None:
    async def chokes(market: Any, job: str, ratings: Any) -> Any:
        if any(rating.task_id == "bad" for rating in ratings):
            raise Refused("Not this.")
        return market.take(ratings)

    rig.market.steps = [chokes, raises(Unavailable("down")), *[chokes] * 100]
    await rig.approve("t0", "t1", "t2", "bad", "t3", "t4", "t5", "t6")
    await rig.turn(60)
    assert rig.market.sizes()[:3] == [8, 4, 2]
    assert Counter(await rig.states()) == {"confirmed": 7, "refused": 1}


async def test_a_refusal_because_the_website_was_first_is_no_refusal(rig: Rig) -> None:
    await rig.decide("same", "other")
    rig.market.rate_on_website("same", SightingState.APPROVED)
    rig.market.rate_on_website("other", SightingState.REJECTED)
    await rig.turn(20)
    assert await rig.states() == ["overtaken", "overtaken"]
    assert await rig.states("submissions") == ["elsewhere", "elsewhere"]
    assert rig.market.effects == []


async def test_a_refusal_after_a_lost_answer_means_that_it_had_worked(rig: Rig) -> None:
    rig.market.steps = [lands_late, lambda market, job, ratings: _land_and_take(market, ratings)]
    await rig.approve("a")
    await rig.turn(5 * 60)
    assert rig.market.sizes() == [1, 1]
    assert await rig.states() == ["confirmed"]
    assert rig.market.ledger() == {"a": 1}


async def _land_and_take(market: Any, ratings: Any) -> Any:
    market.land()
    return market.take(ratings)


async def test_a_rating_that_an_answer_leaves_out_is_in_doubt(rig: Rig) -> None:
    async def leaves_out_b(market: Any, job: str, ratings: Any) -> Any:
        return [result for result in market.take(ratings) if result.task_id != "b"]

    rig.market.steps = [leaves_out_b]
    await rig.approve("a", "b")
    assert await rig.states() == ["confirmed", "in doubt"]
    await rig.turn(60)
    assert await rig.states() == ["confirmed", "confirmed"]


async def test_an_answer_about_somebody_else_changes_nothing(rig: Rig) -> None:
    async def nonsense(market: Any, job: str, ratings: Any) -> Any:
        return [*market.take(ratings), RatingResult("stranger", ok=False), RatingResult("a", ok=True)]

    rig.market.steps = [nonsense]
    await rig.approve("a")
    assert await rig.states() == ["confirmed"]


# --- after a silence


async def _night(rigs: Rigs, rig: Rig, seconds: float = 8 * HOUR) -> Rig:
    """The bot is killed, and starts again so much later."""
    path = rigs.copy(rig)
    rig.store.down = True
    rig.clock.advance(seconds)
    return await rigs.start(rig.setup, path=path, world=rig)


async def test_what_was_handed_in_anew_while_the_bot_was_down_is_not_rated_in_its_place(rigs: Rigs) -> None:
    rig = await rigs.start()
    await rig.decide("again", "same")
    rig.market.rate_on_website("again", SightingState.REVISED)
    rig.market.hand_in_again("again")
    after = await _night(rigs, rig)
    await after.settle()
    assert after.market.ledger() == {"same": 1}
    assert await after.states() == ["overtaken", "confirmed"]
    assert await after.states("submissions") == ["superseded", "rated", "shown"]


async def test_a_rating_that_was_to_be_sent_again_is_looked_at_anew_after_a_start(rigs: Rigs) -> None:
    rig = await rigs.start()
    rig.market.steps = [LOST, raises(Unavailable("down"))]
    await rig.approve("a")
    await rig.turn(2 * 60)
    await rig.store.tx(lambda tx: tx.q("UPDATE decisions SET state = 'due'"))  # killed right before it left again
    rig.market.rate_on_website("a", SightingState.REVISED)
    rig.market.hand_in_again("a")
    after = await _night(rigs, rig)
    await after.turn(10 * 60)
    assert after.market.effects == []
    assert await after.states() == ["overtaken"]


async def test_while_the_marketplace_cannot_be_looked_at_nothing_leaves_blindly(rigs: Rigs) -> None:
    rig = await rigs.start()
    await rig.decide("a")
    rig.market.errors["look"] = [Unavailable("down")] * 3
    after = await _night(rigs, rig)
    await after.settle()
    assert after.market.sent == []
    assert await after.states() == ["held"]
    await after.turn(60)
    assert after.market.ledger() == {"a": 1}
    assert await after.states() == ["confirmed"]


async def test_what_is_known_to_be_handed_in_anew_stays_where_it_is_though_it_cannot_be_read(rigs: Rigs) -> None:
    rig = await rigs.start()
    await rig.decide("again", "same")
    rig.market.rate_on_website("again", SightingState.REVISED)
    rig.market.hand_in_again("again")
    rig.market.errors["pending"] = [Unavailable("down")]
    after = await _night(rigs, rig)
    await after.settle()
    assert await after.states() == ["overtaken", "held"]
    await after.turn(60)
    assert after.market.ledger() == {"same": 1}
    await after.poll()
    assert await after.states("submissions") == ["superseded", "rated", "shown"]


class Forgetful(ScriptedProvider):
    """Its first answer to a look leaves one task out."""

    async def look(self, job_id: str, ids: Sequence[str]) -> Sequence[Sighting]:
        seen = await super().look(job_id, ids)
        if len(self.market.looks) > 1:
            return seen
        return [Sighting(one.task_id, SightingState.ABSENT) if one.task_id == "again" else one for one in seen]


async def test_what_a_look_left_out_is_looked_at_again_before_it_is_rated(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(provider=Forgetful))
    await rig.decide("again", "same")
    rig.market.rate_on_website("again", SightingState.REVISED)
    rig.market.hand_in_again("again")
    after = await _night(rigs, rig)
    await after.turn(60)
    assert after.market.ledger() == {"same": 1}
    assert await after.states() == ["overtaken", "confirmed"]


async def test_who_has_polled_lately_need_not_look_before_a_rating(rig: Rig) -> None:
    await rig.decide("a")
    rig.clock.advance(100)
    await rig.poll()
    await rig.turn(60)
    assert rig.market.looks == []
    assert rig.market.ledger() == {"a": 1}


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
    assert rig.market.ledger() == {"a": 1}


async def test_a_rating_near_its_deadline_goes_before_the_others(rig: Rig) -> None:
    seen: list[Urgency] = []

    async def note(market: Any, job: str, ratings: Any) -> Any:
        seen.append(_urgency.get())
        return market.take(ratings)

    rig.market.steps = [note, note]
    await rig.approve("far")
    await rig.approve("near", deadline=START + timedelta(minutes=59))
    assert seen == [Urgency.RATING, Urgency.DEADLINE]


async def test_ratings_of_an_account_that_is_not_configured_wait_for_it(rigs: Rigs) -> None:
    rig = await rigs.start()
    await rig.decide("a")
    path = rigs.copy(rig)
    rig.store.down = True
    orphan = await rigs.start(Setup(accounts=("other",)), path=path)
    await orphan.turn(2 * HOUR)
    assert await orphan.states() == ["held"]
    assert rig.market.effects == []
