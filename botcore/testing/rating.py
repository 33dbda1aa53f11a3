"""Rating: what it does, what is said of it, and what is found out about it afterwards."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ..models import Satisfaction, SightingState, Verdict, Verdicted
from ..provider import Capability, OutcomeUnknown, ProviderError, Refused
from ..sandbox import FaultKind
from .market import SITE, STATES, WORDS, Contract, Market, a_rating

NOBODYS = "404404"  # an id of nothing
COMMENT = 'Café “naïve” \\ "quotes" <b>&amp;</b> 100% 😀\nand a second line'


class RatingContract(Contract):
    @pytest.mark.parametrize("verdict", Verdict)
    async def test_a_rating_does_what_it_says(self, market: Market, verdict: Verdict) -> None:
        rated, other = market.submit(2)
        (result,) = await market.rate(a_rating(rated, verdict, comment=COMMENT))
        assert (result.task_id, result.ok) == (rated, True)
        assert market.rated() == {rated: SITE[verdict]}
        assert market.entry()["comment"] == COMMENT
        assert [one.task_id for one in await market.read()] == [other]
        assert (await market.look(rated))[0] in market.told(STATES[verdict])

    async def test_a_rating_without_words_is_done_or_refused_and_told_truly(self, market: Market) -> None:
        for task_id, verdict in zip(market.submit(3), Verdict, strict=True):
            assert await was_taken(market, task_id, verdict, comment="") is (task_id in market.rated())

    async def test_what_cannot_be_rated_is_told(self, market: Market) -> None:
        (rated,) = market.submit()
        market.rate_on_site(rated, Verdict.APPROVE)
        for task_id in (rated, NOBODYS):
            assert not await was_taken(market, task_id, Verdict.REJECT)
        assert market.rated() == {}

    async def test_a_bonus_arrives_to_the_cent_or_is_refused(self, market: Market) -> None:
        (task_id,) = market.submit()
        before = market.spendable()
        if market.can(Capability.BONUS):
            await market.rate(a_rating(task_id, bonus=Decimal("0.35")))
            assert Decimal(market.entry()["bonus"]) == before - market.spendable() == Decimal("0.35")
        else:
            assert not await was_taken(market, task_id, bonus=Decimal("0.35"))
            assert market.rated() == {}

    async def test_no_bonus_goes_with_a_rejection(self, market: Market) -> None:
        (task_id,) = market.submit()
        before = market.spendable()
        await was_taken(market, task_id, Verdict.REJECT, bonus=Decimal("0.35"))
        assert market.spendable() == before

    async def test_a_satisfaction_arrives_where_it_is_declared(self, market: Market) -> None:
        for task_id, satisfaction in zip(market.submit(len(Satisfaction)), Satisfaction, strict=True):
            (result,) = await market.rate(a_rating(task_id, satisfaction.verdict, satisfaction=satisfaction))
            assert result.ok
            assert market.rated()[task_id] == SITE[satisfaction.verdict]
            assert not market.can(Capability.SATISFACTION) or market.entry()["satisfaction"] == satisfaction.value

    async def test_a_worker_is_blocked_while_rating_where_it_is_declared(self, market: Market) -> None:
        plain, blocking = market.submit(2)
        await market.rate(a_rating(plain, Verdict.REJECT))
        assert market.entry()["block_worker"] is False
        await market.rate(a_rating(blocking, Verdict.REJECT, block=True))
        assert market.entry()["block_worker"] is market.can(Capability.BLOCK_WHILE_RATING)

    # --- batches

    async def test_many_are_rated_at_once_exactly_where_that_is_declared(self, market: Market) -> None:
        assert market.can(Capability.BATCH_RATING) is (market.kind.batch_size > 1)
        ids = market.submit(min(5, market.kind.batch_size))
        before = market.server.requests.all.total()
        results = await market.rate(*(a_rating(task_id) for task_id in ids))
        assert {result.task_id: result.ok for result in results} == dict.fromkeys(ids, True)
        assert market.rated() == dict.fromkeys(ids, "ok")
        assert market.server.requests.all.total() == before + 1

    async def test_a_batch_that_fails_in_part_tells_of_each(self, market: Market) -> None:
        ids = market.submit(min(5, market.kind.batch_size))
        for gone in ids[1::2]:
            market.rate_on_site(gone, Verdict.REJECT)
        results = await market.rate(*(a_rating(task_id) for task_id in ids))
        assert {result.task_id: result.ok for result in results} == {task_id: task_id in ids[::2] for task_id in ids}
        assert len(results) == len(ids)
        assert market.rated() == dict.fromkeys(ids[::2], "ok")

    @pytest.mark.parametrize("fault", [FaultKind.PARTIAL, FaultKind.SHIFTED])
    async def test_an_answer_with_something_missing_makes_nobody_say_what_is_not_so(
        self, market: Market, fault: FaultKind
    ) -> None:
        for _ in range(4):
            ids = market.submit(min(5, market.kind.batch_size))
            market.break_change(fault)
            try:
                results = await market.rate(*(a_rating(task_id) for task_id in ids))
            except OutcomeUnknown:
                continue
            assert len({result.task_id for result in results}) == len(results)
            for result in results:
                assert result.ok is (result.task_id in market.rated())

    # --- what became of it

    async def test_what_became_of_a_rating_is_never_told_wrong(self, market: Market) -> None:
        waiting, *others = market.submit(4)
        truth = dict(zip(others, Verdict, strict=True))
        await market.read()
        for task_id, verdict in truth.items():
            market.rate_on_site(task_id, verdict)
        for verdict in Verdict:
            assert (await market.outcome(a_rating(waiting, verdict))).verdicted is Verdicted.NOT_YET
            for task_id, happened in truth.items():
                outcome = await market.outcome(a_rating(task_id, verdict))
                right = Verdicted.MATCHES if verdict is happened else Verdicted.DIFFERS
                may = {right} if STATES[happened] in market.tells else {right, Verdicted.CANNOT_TELL}
                assert outcome.verdicted in may, (happened, outcome)

    async def test_what_cannot_be_verified_of_a_rating_is_named(self, market: Market) -> None:
        (task_id,) = market.submit()
        await market.rate(a_rating(task_id))
        outcome = await market.outcome(a_rating(task_id))
        assert outcome.verdicted is not Verdicted.MATCHES or "comment" in outcome.unverified

    async def test_a_rating_is_not_taken_for_one_of_the_next_revision(self, market: Market) -> None:
        (task_id,) = market.submit()
        await market.read()
        await market.rate(a_rating(task_id, Verdict.REVISE))
        market.server.advance(5)
        market.server.resubmit("", task_id)
        for verdict in (Verdict.APPROVE, Verdict.REJECT):
            assert (await market.outcome(a_rating(task_id, verdict))).verdicted in (
                Verdicted.DIFFERS,
                Verdicted.CANNOT_TELL,
            )
        sent_back = await market.outcome(a_rating(task_id, Verdict.REVISE))
        assert sent_back.verdicted in (Verdicted.MATCHES, Verdicted.CANNOT_TELL)
        again = await market.outcome(a_rating(task_id, Verdict.APPROVE, revision=1))
        assert again.verdicted is Verdicted.NOT_YET

    async def test_many_outcomes_are_told_at_once(self, market: Market) -> None:
        waiting, approved = market.submit(2)
        market.rate_on_site(approved, Verdict.APPROVE)
        ratings = [a_rating(waiting), a_rating(approved)]
        outcomes = {one.task_id: one.verdicted for one in await market.provider.outcome(market.job_id, ratings)}
        told = Verdicted.MATCHES if SightingState.APPROVED in market.tells else Verdicted.CANNOT_TELL
        assert outcomes == {waiting: Verdicted.NOT_YET, approved: told}


async def was_taken(market: Market, task_id: str, verdict: Verdict = Verdict.APPROVE, **more: object) -> bool:
    """Whether the provider says that this rating was taken; a clear no is a result or `Refused`."""
    try:
        (result,) = await market.rate(a_rating(task_id, verdict, **{"comment": WORDS, **more}))
    except Refused:
        return False
    except ProviderError as error:
        raise AssertionError(f"not a clear no: {error!r}") from error
    assert result.task_id == task_id
    assert result.ok or result.message
    return result.ok
