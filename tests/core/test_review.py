"""Who was first, what can be undone, and what money may go: decided in the transaction that writes it down."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from botcore.models import Satisfaction, SightingState, Verdict
from botcore.provider import Unavailable
from botcore.review import Ask, Made, NotPossible, TooLate, decide, last_undoable, undo, why_closed
from botcore.spending import Limits, OverLimit, spent
from botcore.store.port import Tx
from botcore.ui import Reply, Result
from tests.core.market import HOUR, START, raises, refuses
from tests.core.rig import LIMITS, Rig, Rigs, Setup


async def one(rig: Rig, task: str = "t1", **more: Any) -> int:
    """A submission that waits; returns its number."""
    rig.market.add(task, **more)
    await rig.poll()
    number: int = await rig.value("SELECT max(id) FROM submissions")
    return number


async def say(
    rig: Rig, number: int, verdict: Verdict = Verdict.APPROVE, person: str = "rob", limits: Limits = LIMITS, **more: Any
) -> Made:
    given = {"hold_ms": 20_000, "via": "memory", "submission": number, "verdict": verdict, "person": person, **more}
    return await rig.store.tx(decide, Ask(**given), limits, rig.clock.ms())


async def spent_today(rig: Rig, limits: Limits = LIMITS) -> Decimal:
    return await rig.store.read(spent, limits, rig.clock.ms())


# --- the first click wins


async def test_of_two_different_verdicts_at_once_one_wins_and_the_other_is_told_who(rig: Rig) -> None:
    number = await one(rig)
    results = await asyncio.gather(
        say(rig, number, Verdict.APPROVE, "ana"),
        say(rig, number, Verdict.REJECT, "bob", comment="no", satisfaction=Satisfaction.SPAM),
        return_exceptions=True,
    )
    assert isinstance(results[0], Made)
    assert isinstance(results[1], TooLate)
    assert str(results[1]) == "ana was first: approved A1"


async def test_a_thousand_rounds_of_two_people_on_one_card_have_one_winner_each(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(channels=()))
    chance = random.Random(1)
    rounds = 1000
    for number in range(rounds):
        rig.market.add(f"t{number}")
    await rig.poll()

    async def click(who: str, number: int) -> Reply:
        await asyncio.sleep(chance.random() / 1000)
        if who == "rob":
            return await rig.press(who, f"approve:{name(number)}:0")
        return await rig.fill_in(who, f"reject:{name(number)}:0", words="no")

    def name(number: int) -> str:
        return f"A{number}" if number <= 999 else f"B{number - 999}"

    winners: Counter[str] = Counter()
    for start in range(1, rounds + 1, 50):
        numbers = range(start, start + 50)
        clicks = [click(who, number) for number in numbers for who in chance.sample(("rob", "mia"), 2)]
        replies = await asyncio.gather(*clicks)
        for left, right in zip(replies[::2], replies[1::2], strict=True):
            assert sorted([left.result, right.result]) == [Result.DONE, Result.REFUSED]
            loser = left if left.result is Result.REFUSED else right
            assert " was first: " in loser.text
            winners[loser.text.split()[0].lower()] += 1
    assert winners["rob"] + winners["mia"] == rounds
    assert min(winners.values()) > 0

    await rig.turn(20)
    assert Counter(rating.task_id for rating in rig.market.effects) == {f"t{n}": 1 for n in range(rounds)}
    verdicts = await rig.rows("SELECT s.task_id, d.verdict FROM decisions d JOIN submissions s ON s.id = d.submission")
    assert {r.task_id: r.verdict for r in rig.market.effects} == {r["task_id"]: r["verdict"] for r in verdicts}


async def test_the_database_itself_allows_one_decision_that_counts(rig: Rig) -> None:
    number = await one(rig)
    await say(rig, number)
    await rig.store.tx(lambda tx: tx.q("UPDATE submissions SET state = 'shown'"))  # as after a mistake of ours
    with pytest.raises(TooLate, match="rob was first"):
        await say(rig, number, person="ana")


async def test_a_decision_is_on_a_revision_that_was_seen(rig: Rig) -> None:
    number = await one(rig)
    with pytest.raises(TooLate, match="a newer revision has come in"):
        await say(rig, number, revision=1)
    assert await rig.states() == []


async def test_there_is_nothing_to_decide_where_there_is_no_submission(rig: Rig) -> None:
    with pytest.raises(NotPossible, match="no such submission"):
        await say(rig, 99)


async def test_who_did_what_is_kept(rig: Rig) -> None:
    number = await one(rig)
    made = await say(rig, number, Verdict.REVISE, comment="The second page is missing.")
    await rig.store.tx(undo, made.id, "mia", "memory", rig.clock.ms())
    acts = [(r["person"], r["act"], r["detail"]) for r in await rig.rows("SELECT * FROM audit ORDER BY id")]
    assert acts == [("rob", "revise", "The second page is missing."), ("mia", "undo", "")]


# --- undo


async def test_undo_within_the_window_lets_the_submission_wait_again_and_nothing_leaves(rig: Rig) -> None:
    number = await one(rig)
    made = await say(rig, number)
    await rig.turn(19.9)
    await rig.store.tx(undo, made.id, "rob", "memory", rig.clock.ms())
    await rig.turn(HOUR)
    assert rig.market.sent == []
    assert rig.adapter.badges() == ["Waiting"]
    assert await rig.states("submissions") == ["shown"]
    await say(rig, number, Verdict.REJECT, comment="no")
    await rig.turn(20)
    assert [r.verdict for r in rig.market.effects] == [Verdict.REJECT]


async def test_undo_at_the_end_of_the_window_is_too_late(rig: Rig) -> None:
    made = await say(rig, await one(rig))
    rig.clock.advance(20)
    with pytest.raises(TooLate, match="too late to undo: it is on its way"):
        await rig.store.tx(undo, made.id, "rob", "memory", rig.clock.ms())
    await rig.settle()
    with pytest.raises(TooLate, match="the marketplace has it, and ratings are final"):
        await rig.store.tx(undo, made.id, "rob", "memory", rig.clock.ms())
    assert len(rig.market.effects) == 1


@pytest.mark.parametrize("early_ms", [1, 0])
async def test_of_an_undo_and_the_moment_of_leaving_one_wins(rigs: Rigs, early_ms: int) -> None:
    """The press and the engine come at the same moment, in either order."""
    for round_ in range(10):
        rig = await rigs.start()
        made = await say(rig, await one(rig))
        rig.clock.advance(20 - early_ms / 1000)
        undoing = asyncio.create_task(rig.store.tx(undo, made.id, "rob", "memory", rig.clock.ms()))
        if round_ % 2:
            await asyncio.sleep(0)
        rig.clock.advance(early_ms / 1000)
        (result,) = await asyncio.gather(undoing, return_exceptions=True)
        await rig.settle()
        undone = not isinstance(result, TooLate)
        assert await rig.states() == (["undone"] if undone else ["confirmed"])
        assert len(rig.market.effects) == (0 if undone else 1)
        assert undone == bool(early_ms)


async def test_an_undo_can_be_done_once(rig: Rig) -> None:
    made = await say(rig, await one(rig))
    results = await asyncio.gather(
        *(rig.store.tx(undo, made.id, who, "memory", rig.clock.ms()) for who in ("rob", "mia")), return_exceptions=True
    )
    assert results[0] == 1
    assert str(results[1]) == "too late to undo: it was undone already"


async def test_within_an_hour_of_the_deadline_nothing_is_held(rig: Rig) -> None:
    late = await one(rig, "late", deadline=START + timedelta(hours=1) - timedelta(milliseconds=1))
    early = await one(rig, "early", deadline=START + timedelta(hours=1))
    made = await say(rig, late)
    assert made.due_at == rig.clock.ms()
    assert (await say(rig, early)).due_at == rig.clock.ms() + 20_000
    await rig.settle()
    assert [r.task_id for r in rig.market.effects] == ["late"]
    with pytest.raises(TooLate):
        await rig.store.tx(undo, made.id, "rob", "memory", rig.clock.ms())


async def test_the_last_decision_to_undo_is_ones_own_and_the_newest(rig: Rig) -> None:
    numbers = [await one(rig, f"t{n}") for n in range(3)]
    first = await say(rig, numbers[0], person="rob")
    rig.clock.advance(1)
    second = await say(rig, numbers[1], person="rob")
    await say(rig, numbers[2], person="ana")
    assert (await rig.store.read(last_undoable, "rob", rig.clock.ms()) or {})["id"] == second.id
    await rig.store.tx(undo, second.id, "rob", "memory", rig.clock.ms())
    assert (await rig.store.read(last_undoable, "rob", rig.clock.ms()) or {})["id"] == first.id
    assert await rig.store.read(last_undoable, "rob", rig.clock.ms() + 20_000) is None


# --- what a decision needs


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.REVISE])
@pytest.mark.parametrize("comment", ["", "  \n "])
async def test_a_worker_is_told_why(rig: Rig, verdict: Verdict, comment: str) -> None:
    number = await one(rig)
    with pytest.raises(NotPossible, match="needs a reason: the worker is told why"):
        await say(rig, number, verdict, comment=comment)
    assert await rig.states() == []


@pytest.mark.parametrize(
    ("verdict", "satisfaction"),
    [
        (Verdict.APPROVE, Satisfaction.SPAM),
        (Verdict.REJECT, Satisfaction.GOOD),
        (Verdict.REVISE, Satisfaction.GOOD),
        (Verdict.REVISE, Satisfaction.SPAM),
    ],
)
async def test_a_satisfaction_goes_with_its_verdict(rig: Rig, verdict: Verdict, satisfaction: Satisfaction) -> None:
    number = await one(rig)
    with pytest.raises(NotPossible, match=f"{satisfaction} does not go with {verdict}"):
        await say(rig, number, verdict, comment="why", satisfaction=satisfaction)


@pytest.mark.parametrize("bonus", ["-0.01", "NaN", "Infinity", "-Infinity"])
async def test_a_bonus_is_an_amount_of_money(rig: Rig, bonus: str) -> None:
    number = await one(rig)
    with pytest.raises(NotPossible, match="a bonus is an amount of dollars"):
        await say(rig, number, bonus=Decimal(bonus))


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.REVISE])
async def test_a_bonus_goes_only_with_an_approval(rig: Rig, verdict: Verdict) -> None:
    number = await one(rig)
    with pytest.raises(NotPossible, match="only with an approval"):
        await say(rig, number, verdict, comment="why", bonus=Decimal("0.10"))


# --- limits


async def test_a_bonus_is_limited_and_off_without_a_limit(rig: Rig) -> None:
    number = await one(rig)
    with pytest.raises(OverLimit, match=r"a bonus of \$1\.01 is over max_bonus, which is \$1\.00"):
        await say(rig, number, bonus=Decimal("1.01"))
    with pytest.raises(OverLimit, match="bonuses are off: set max_bonus"):
        await say(rig, number, bonus=Decimal("0.01"), limits=Limits(None, None, ZoneInfo("UTC")))
    await say(rig, number, bonus=Decimal("1.00"))
    await rig.turn(20)
    assert [r.bonus for r in rig.market.effects] == [Decimal("1.00")]


async def test_bonuses_count_toward_the_day_to_the_last_cent(rig: Rig) -> None:
    limits = Limits(Decimal("1.00"), Decimal("2.50"), ZoneInfo("UTC"))
    numbers = [await one(rig, f"t{n}") for n in range(4)]
    for number in numbers[:2]:
        await say(rig, number, bonus=Decimal("1.00"), limits=limits)
    with pytest.raises(OverLimit, match=r"that would make \$2\.51 today; daily_spend is \$2\.50"):
        await say(rig, numbers[2], bonus=Decimal("0.51"), limits=limits)
    assert await rig.states() == ["held", "held"]  # nothing of the third was kept
    await say(rig, numbers[2], bonus=Decimal("0.50"), limits=limits)
    await say(rig, numbers[3], limits=limits)  # an approval alone is no spending
    assert await spent_today(rig) == Decimal("2.50")


async def test_two_bonuses_at_once_do_not_both_fit_where_one_does(rig: Rig) -> None:
    limits = Limits(Decimal("1.00"), Decimal("1.00"), ZoneInfo("UTC"))
    numbers = [await one(rig, f"t{n}") for n in range(5)]
    results = await asyncio.gather(
        *(say(rig, number, bonus=Decimal("0.60"), limits=limits) for number in numbers), return_exceptions=True
    )
    assert [type(result) for result in results].count(Made) == 1
    assert await spent_today(rig) == Decimal("0.60")


async def test_what_was_not_spent_is_free_again(rig: Rig) -> None:
    undone, refused, overtaken, paid = [await one(rig, f"t{n}") for n in range(4)]
    made = [await say(rig, number, bonus=Decimal("1.00")) for number in (undone, refused, overtaken, paid)]
    assert await spent_today(rig) == Decimal("4.00")
    await rig.store.tx(undo, made[0].id, "rob", "memory", rig.clock.ms())
    assert await spent_today(rig) == Decimal("3.00")
    rig.market.rate_on_website("t2", SightingState.REJECTED)
    rig.clock.advance(1)
    await rig.poll()
    assert await spent_today(rig) == Decimal("2.00")
    rig.market.steps = [refuses("t1")]
    await rig.turn(20)
    assert await rig.states() == ["undone", "refused", "overtaken", "confirmed"]
    assert await spent_today(rig) == Decimal("1.00")


async def test_a_day_ends_at_midnight_of_the_bots_time_zone(rig: Rig) -> None:
    limits = Limits(Decimal("1.00"), Decimal("1.00"), ZoneInfo("Asia/Tokyo"))  # noon in UTC is 21:00 there
    first, second = await one(rig, "t1"), await one(rig, "t2")
    await say(rig, first, bonus=Decimal("1.00"), limits=limits)
    rig.clock.advance(3 * HOUR - 1)
    with pytest.raises(OverLimit):
        await say(rig, second, bonus=Decimal("1.00"), limits=limits)
    rig.clock.advance(1)
    await say(rig, second, bonus=Decimal("1.00"), limits=limits)


# --- what the marketplace knew before us


async def closed(rig: Rig) -> str:
    def why(tx: Tx) -> str:
        row = tx.one("SELECT * FROM submissions ORDER BY id LIMIT 1")
        return why_closed(tx, row) if row else ""

    return await rig.store.tx(why)


async def test_who_comes_after_the_website_is_told_so(rig: Rig) -> None:
    number = await one(rig)
    rig.market.rate_on_website("t1", SightingState.REJECTED)
    rig.clock.advance(1)
    await rig.poll()
    with pytest.raises(TooLate, match=r"^A1 was rated on the website \(rejected\)$"):
        await say(rig, number)


async def test_who_comes_after_the_deadline_is_told_so(rig: Rig) -> None:
    number = await one(rig, deadline=START + timedelta(hours=2))
    rig.clock.advance(2 * HOUR)
    rig.market.rate_on_website("t1", SightingState.APPROVED)
    await rig.poll()
    with pytest.raises(TooLate, match=r"^A1 was paid automatically at its deadline$"):
        await say(rig, number)


async def test_who_comes_after_a_newer_revision_is_told_so(rig: Rig) -> None:
    number = await one(rig)
    rig.market.hand_in_again("t1")
    await rig.poll(sweep=True)
    with pytest.raises(TooLate, match=r"^A1 has a newer revision: decide that one$"):
        await say(rig, number)


async def test_after_a_refusal_anybody_can_decide_again(rig: Rig) -> None:
    number = await one(rig)
    rig.market.steps = [refuses("t1", words="Bonus too high.")]
    await say(rig, number, bonus=Decimal("0.50"))
    await rig.turn(20)
    assert await rig.states() == ["refused"]
    assert rig.adapter.badges() == ["Refused"]
    await say(rig, number, person="ana")
    await rig.turn(20)
    assert await rig.states() == ["refused", "confirmed"]
    assert rig.adapter.badges() == ["Approved by ana"]
    assert await closed(rig) == "ana was first: approved A1"


async def test_a_held_decision_waits_through_an_outage(rig: Rig) -> None:
    number = await one(rig)
    rig.market.steps = [raises(Unavailable("down"))] * 3
    await say(rig, number)
    await rig.turn(60)
    assert [len(batch) for batch in rig.market.sent] == [1, 1, 1, 1]
    assert await rig.states() == ["confirmed"]
