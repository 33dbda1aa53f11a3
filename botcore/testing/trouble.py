"""Trouble: which error says what surely did not happen, and what may have."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ..models import SubmissionPage, Verdict, Verdicted
from ..provider import AuthFailed, OutcomeUnknown, RateLimited, Unavailable
from ..sandbox import FaultKind
from .market import SITE, STATES, Contract, Market, a_rating, error_of

UNANSWERED = (FaultKind.ERROR, FaultKind.REFUSE, FaultKind.DROP, FaultKind.CUT, FaultKind.GARBAGE)
DONE = (FaultKind.ERROR_AFTER, FaultKind.DROP, FaultKind.CUT, FaultKind.GARBAGE, FaultKind.REDIRECT_AFTER)
NOT_DONE = (FaultKind.ERROR, FaultKind.REFUSE, FaultKind.REDIRECT)
LATE = 5.0  # seconds


class TroubleContract(Contract):
    @pytest.mark.parametrize("fault", UNANSWERED)
    async def test_a_read_without_an_answer_is_unavailable(self, market: Market, fault: FaultKind) -> None:
        for read in await reads(market):
            market.break_all(fault)
            await error_of(market, read(), Unavailable)
            market.repair()
            await read()

    async def test_a_lost_read_is_not_repeated_past_the_gate(self, market: Market) -> None:
        for read in await reads(market):
            market.break_all(FaultKind.DROP)
            await error_of(market, read(), Unavailable)
        assert market.gate.turns == market.server.requests.all.total()

    @pytest.mark.parametrize("fault", DONE)
    async def test_a_rating_that_was_done_without_an_answer_is_in_doubt(self, market: Market, fault: FaultKind) -> None:
        tried = dict(zip(market.submit(3), Verdict, strict=True))
        await market.read()
        for task_id, verdict in tried.items():
            market.break_change(fault)
            await error_of(market, market.rate(a_rating(task_id, verdict)), OutcomeUnknown)
            market.repair()
            assert market.rated()[task_id] == SITE[verdict]
            await assert_done(market, task_id, verdict)

    @pytest.mark.parametrize("fault", NOT_DONE)
    async def test_a_rating_that_was_not_done_without_an_answer_is_in_doubt(
        self, market: Market, fault: FaultKind
    ) -> None:
        (task_id,) = market.submit()
        market.break_change(fault)
        await error_of(market, market.rate(a_rating(task_id)), OutcomeUnknown)
        market.repair()
        assert market.rated() == {}
        assert (await market.outcome(a_rating(task_id))).verdicted is Verdicted.NOT_YET

    async def test_a_rating_in_doubt_was_sent_once(self, market: Market) -> None:
        (task_id,) = market.submit()
        market.break_all(FaultKind.ERROR)
        before = market.server.requests.all.total()
        await error_of(market, market.rate(a_rating(task_id)), OutcomeUnknown, Unavailable)
        assert market.server.requests.all.total() == before + 1

    async def test_a_rating_that_lands_late_is_found_when_it_has_landed(self, market: Market) -> None:
        tried = dict(zip(market.submit(3), Verdict, strict=True))
        await market.read()
        for task_id, verdict in tried.items():
            market.break_change(FaultKind.ERROR_LATE, seconds=LATE)
            await error_of(market, market.rate(a_rating(task_id, verdict)), OutcomeUnknown)
            market.repair()
            assert (await market.outcome(a_rating(task_id, verdict))).verdicted is Verdicted.NOT_YET
            market.server.advance(LATE)
            assert market.rated()[task_id] == SITE[verdict]
            await assert_done(market, task_id, verdict)

    @pytest.mark.parametrize("fault", [FaultKind.ERROR, FaultKind.DROP])
    async def test_a_batch_without_an_answer_is_in_doubt_as_a_whole(self, market: Market, fault: FaultKind) -> None:
        ids = market.submit(min(4, market.kind.batch_size))
        ratings = [a_rating(task_id) for task_id in ids]
        market.break_change(fault)
        await error_of(market, market.rate(*ratings), OutcomeUnknown)
        market.repair()
        told = {one.verdicted for one in await market.provider.outcome(market.job_id, ratings)}
        assert told <= ({Verdicted.MATCHES, Verdicted.CANNOT_TELL} if market.rated() else {Verdicted.NOT_YET})

    async def test_what_becomes_of_a_rating_cannot_be_told_while_nothing_can_be_read(self, market: Market) -> None:
        (task_id,) = market.submit()
        market.break_all(FaultKind.ERROR)
        await error_of(market, market.outcome(a_rating(task_id)), Unavailable)

    async def test_too_many_requests_are_surely_not_done_and_wait(self, market: Market) -> None:
        for what in await calls(market):
            market.break_all(FaultKind.RATE_LIMIT)
            error = await error_of(market, what(), RateLimited)
            assert isinstance(error, RateLimited)
            assert error.retry_after > 0
            market.server.advance(60)
        assert market.rated() == {}

    async def test_a_key_that_is_not_accepted_needs_a_person(self, market: Market) -> None:
        wrong = {
            name: value[::-1] + "1" for name, value in market.server.accounts[0].settings.items() if value == market.key
        }
        assert wrong, "the sandbox's settings have its account's api_secret"
        tried = await calls(market)
        await market.restart(**wrong)
        for what in tried:
            await error_of(market, what(), AuthFailed)
        assert market.rated() == {}

    async def test_a_key_that_is_no_longer_accepted_needs_a_person(self, market: Market) -> None:
        for what in await calls(market):
            market.break_all(FaultKind.UNAUTHORIZED)
            await error_of(market, what(), AuthFailed)
        assert market.rated() == {}

    async def test_a_marketplace_that_is_not_there_has_surely_done_nothing(self, market: Market) -> None:
        tried = await calls(market)
        await market.server.stop()
        for what in tried:
            await error_of(market, what(), Unavailable)

    async def test_a_call_that_was_given_up_breaks_nothing(self, market: Market) -> None:
        (task_id,) = market.submit()
        fault = market.break_all(FaultKind.HANG_BEFORE)
        given_up = asyncio.create_task(market.rate(a_rating(task_id)))
        while not fault.fired:
            done, _ = await asyncio.wait({given_up}, timeout=0.005)
            assert not done, "nothing is answered"
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        market.repair()
        assert market.gate.inside == 0
        (result,) = await market.rate(a_rating(task_id))
        assert result.ok


Call = Callable[[], Awaitable[object]]


async def calls(market: Market) -> list[Call]:
    """Each way of reading, and a rating."""
    (task_id,) = market.submit()
    return [*await reads(market), lambda: market.rate(a_rating(task_id))]


async def reads(market: Market) -> list[Call]:
    """Each way of reading, to be tried."""
    (task_id,) = market.submit()
    job = await market.provider.job(market.job_id)

    async def pending(ids: list[str] | None) -> list[SubmissionPage]:
        return [page async for page in market.provider.pending(job, ids)]

    return [
        lambda: market.provider.balance(),
        lambda: market.provider.jobs(),
        lambda: market.provider.job(market.job_id),
        lambda: market.provider.waiting(),
        lambda: pending(None),
        lambda: pending([task_id]),
        lambda: market.provider.look(market.job_id, [task_id]),
        lambda: market.provider.look(market.job_id, [task_id, "404404", "404405", "404406"]),
    ]


async def assert_done(market: Market, task_id: str, verdict: Verdict) -> None:
    """Nothing but what happened is told of a rating, and that it did wherever the marketplace tells."""
    outcome = await market.outcome(a_rating(task_id, verdict))
    may = {Verdicted.MATCHES} if STATES[verdict] in market.tells else {Verdicted.MATCHES, Verdicted.CANNOT_TELL}
    assert outcome.verdicted in may, outcome
