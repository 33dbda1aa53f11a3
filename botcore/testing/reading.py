"""Reading: all of it, once, as it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ..clock import from_ms
from ..models import JobStatus, SightingState, Submission, Verdict
from ..provider import Refused
from ..sandbox import jobs, tasks
from ..sandbox.money import UNIT
from .market import ACCOUNT, PAGE_SIZE, Contract, Market, a_rating, assert_exact, error_of

SECOND = timedelta(seconds=1)
MANY = 3 * PAGE_SIZE + 1
NOBODYS = "404404"  # an id of nothing


class ReadingContract(Contract):
    async def test_the_balance_is_what_can_be_spent(self, market: Market) -> None:
        balance = await market.provider.balance()
        for amount in (balance.spendable, *(amount for _, amount in balance.extra)):
            assert_exact(amount)
        assert balance.spendable == market.spendable()

    async def test_all_jobs_are_listed_once_and_the_newest_first(self, market: Market) -> None:
        for _ in range(PAGE_SIZE):
            with market.books() as books:
                jobs.post(books, jobs.find(books, market.job_id).terms, running=True)
        with market.books() as books:
            there, _ = jobs.listed(books, newest_first=True)
        assert [job.id for job in await market.provider.jobs()] == [job.id for job in there]

    async def test_a_job_is_told_as_it_is(self, market: Market) -> None:
        market.submit(2)
        with market.books() as books:
            truth = jobs.find(books, market.job_id)
        listed = {job.id: job for job in await market.provider.jobs()}
        for job in (listed[market.job_id], await market.provider.job(market.job_id)):
            assert (job.account, job.id, job.title) == (ACCOUNT, truth.id, truth.terms.title)
            assert (job.status, job.positions, job.done) == (JobStatus.RUNNING, truth.terms.positions, 2)
            assert job.unrated in (2, None)
            assert job.status_text
            assert_exact(job.price)
            assert job.price == truth.terms.price * UNIT
            assert [slot.description for slot in job.proofs] == [slot.description for slot in truth.terms.slots]
            if job.created_at is not None:
                assert_is_when(job.created_at, truth.created_ms)

    async def test_a_job_that_is_not_there_is_refused(self, market: Market) -> None:
        await error_of(market, market.provider.job(NOBODYS), Refused)

    async def test_jobs_with_unrated_work_are_waiting(self, market: Market) -> None:
        market.submit(2)
        (rated,) = market.submit(1, market.other_job_id)
        market.rate_on_site(rated, Verdict.APPROVE)
        found = {waiting.job.id: waiting for waiting in await market.provider.waiting()}
        assert found[market.job_id].count in (2, None)
        assert not found[market.job_id].quiet
        assert market.other_job_id not in found or found[market.other_job_id].count is None

    async def test_nothing_waits_where_nothing_was_handed_in(self, market: Market) -> None:
        assert all(waiting.count is None for waiting in await market.provider.waiting())
        assert await market.read() == []

    async def test_all_unrated_work_is_read_once(self, market: Market) -> None:
        ids = market.submit(MANY)
        market.submit(2, market.other_job_id)
        market.rate_on_site(ids.pop(4), Verdict.APPROVE)
        assert sorted(one.task_id for one in await market.read()) == sorted(ids)

    async def test_the_unrated_work_of_all_jobs_is_read_once_where_one_list_has_it(self, market: Market) -> None:
        if not market.provider.reads_together:
            pytest.skip("it has no such list")
        ids = [*market.submit(MANY), *market.submit(PAGE_SIZE, market.other_job_id)]
        market.rate_on_site(ids.pop(), Verdict.APPROVE)
        listed = [await market.provider.job(job) for job in (market.job_id, market.other_job_id)]
        for wanted in (listed, listed[:1]):
            pages = [page async for page in market.provider.pending_of(wanted)]
            found = [one for page in pages for one in page.submissions]
            there = [one.task_id for job in wanted async for page in market.provider.pending(job)
                     for one in page.submissions]  # fmt: skip
            assert sorted(one.task_id for one in found) == sorted(there)
            assert {one.job_id for one in found} == {job.id for job in wanted}
            assert not any(page.unreadable for page in pages)

    async def test_pages_are_numbered_and_nothing_on_them_is_lost(self, market: Market) -> None:
        market.submit(MANY)
        pages = [page async for page in market.provider.pending(await market.provider.job(market.job_id))]
        assert all(page.number >= 1 and page.pages >= 0 for page in pages)
        assert not any(page.unreadable for page in pages)

    async def test_nothing_is_missed_or_read_twice_while_more_comes_in(self, market: Market) -> None:
        there = market.submit(MANY)
        job, read = await market.provider.job(market.job_id), list[str]()
        async for page in market.provider.pending(job):
            read += [one.task_id for one in page.submissions]
            market.submit()
        assert set(there) <= set(read)
        assert len(set(read)) == len(read)

    async def test_nothing_is_read_twice_and_the_next_reading_has_all_while_somebody_rates(
        self, market: Market
    ) -> None:
        left = market.submit(MANY)
        job, read = await market.provider.job(market.job_id), list[str]()
        async for page in market.provider.pending(job):
            read += [one.task_id for one in page.submissions]
            if (rated := next((task_id for task_id in read if task_id in left), None)) is not None:
                market.rate_on_site(rated, Verdict.APPROVE)
                left.remove(rated)
        assert len(set(read)) == len(read)
        assert sorted(one.task_id for one in await market.read()) == sorted(left)

    @pytest.mark.parametrize("count", [1, MANY - 2], ids=["a few", "many"])
    async def test_tasks_are_read_by_their_ids(self, market: Market, count: int) -> None:
        rated, *ids = market.submit(MANY)
        market.rate_on_site(rated, Verdict.REJECT)
        wanted = ids[-count:]
        found = await market.read(ids=[*wanted, rated, NOBODYS])
        assert sorted(one.task_id for one in found) == sorted(wanted)

    async def test_a_submission_is_told_as_it_is(self, market: Market) -> None:
        (task_id,) = market.submit(ago=3600.0)
        (one,) = await market.read()
        job = await market.provider.job(market.job_id)
        with market.books() as books:
            truth = tasks.find(books, task_id)
        assert (one.account, one.job_id, one.task_id) == (ACCOUNT, market.job_id, task_id)
        assert (one.worker_id, one.revision, one.earlier) == (truth.worker_id, 0, ())
        assert_is_when(one.submitted_at, truth.finished_ms)
        days = job.rate_within_days
        assert one.deadline == (None if days is None else one.submitted_at + timedelta(days=days))
        assert one.price == job.price
        assert one.country in (truth.country, "")
        assert one.ip_address in (truth.ip, "")
        assert one.proofs
        with market.books() as books:
            for proof in truth.proofs:
                shown = books.site.picture(proof.value) if proof.kind == "picture" else proof.value
                assert any(shown in (got.url or got.text) for got in one.proofs)

    @pytest.mark.parametrize("restarted", [False, True], ids=["at once", "after a restart"])
    async def test_what_is_handed_in_again_is_the_next_revision(self, market: Market, restarted: bool) -> None:
        (task_id,) = market.submit()
        assert [revision_of(one) for one in await market.read()] == [(task_id, 0)]
        await market.rate(a_rating(task_id, Verdict.REVISE))
        if restarted:
            await market.restart()
        market.server.advance(5)
        market.server.resubmit("", task_id)
        assert [revision_of(one) for one in await market.read()] == [(task_id, 1)]
        (sighting,) = await market.provider.look(market.job_id, [task_id])
        assert (sighting.state, sighting.revision) in ((SightingState.WAITING, 1), (SightingState.WAITING, None))

    async def test_a_look_tells_where_each_task_stands(self, market: Market) -> None:
        waiting, approved, revised, rejected, reported = ids = market.submit(5)
        market.rate_on_site(approved, Verdict.APPROVE)
        market.rate_on_site(revised, Verdict.REVISE)
        market.rate_on_site(rejected, Verdict.REJECT)
        market.server.report("", reported)
        stand = {
            waiting: market.told(SightingState.WAITING),
            approved: market.told(SightingState.APPROVED),
            revised: market.told(SightingState.REVISED),
            rejected: market.told(SightingState.REJECTED),
            reported: market.told(SightingState.REPORTED),
            NOBODYS: {SightingState.ABSENT},
        }
        assert SightingState.WAITING in market.tells, "who cannot tell what waits cannot rate safely"
        together = await market.provider.look(market.job_id, [*stand, ids[0]])
        assert sorted(sighting.task_id for sighting in together) == sorted(stand)
        alone = [sighting for task_id in stand for sighting in await market.provider.look(market.job_id, [task_id])]
        for sighting in (*together, *alone):
            assert sighting.state in stand[sighting.task_id], sighting

    async def test_every_request_passes_the_gate_one_at_a_time(self, market: Market) -> None:
        rated, *_ = market.submit(MANY)
        await market.provider.balance()
        await market.provider.jobs()
        await market.provider.waiting()
        await market.read()
        await market.look(rated)
        await market.rate(a_rating(rated))
        assert market.gate.turns == market.server.requests.all.total()
        assert market.gate.most_inside == 1


def assert_is_when(told: datetime, truth_ms: int) -> None:
    assert told.utcoffset() == timedelta(0)
    assert told.tzinfo is UTC or told.tzname() == "UTC"
    assert abs(told - from_ms(truth_ms)) < SECOND


def revision_of(one: Submission) -> tuple[str, int]:
    return one.task_id, one.revision
