"""Posting: what is asked and what it costs is told before, a job is posted once, and what is in doubt can be found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from ..draft import JobDraft, Offers, Quote, Shape, Source
from ..draft_text import read_draft
from ..models import Job
from ..provider import AuthFailed, Capability, OutcomeUnknown, RateLimited, Refused, Unavailable
from ..sandbox import FaultKind, jobs
from .market import ACCOUNT, PAGE_SIZE, Contract, Market, assert_exact, error_of
from .trouble import DONE, LATE, NOT_DONE, UNANSWERED

NOWHERE = "404404"  # an id of nothing
TOO_LITTLE = Decimal("0.0001")  # for any task
HOUR = 3600.0  # seconds

Call = Callable[[], Awaitable[object]]


class PostingContract(Contract):
    @pytest.fixture
    def poster(self, market: Market) -> Market:
        """The market, where jobs can be posted."""
        if not market.can(Capability.POST):
            pytest.skip("it posts no jobs")
        return market

    # --- what a draft is made of

    async def test_the_fields_of_a_new_job_are_told_apart_and_explained(self, poster: Market) -> None:
        fields = poster.kind.draft_fields
        names = [name for one in fields for name in {one.name, *one.also}]
        assert len(set(names)) == len(names)
        assert {"title", "price", "positions"} <= {one.name for one in fields}
        assert [bool(one.group) for one in fields] == sorted(bool(one.group) for one in fields), "the basics come first"
        groups = [one.group for one in fields]
        assert groups == sorted(groups, key=groups.index), "what belongs together stands together"
        for one in fields:
            assert one.label.strip()
            assert one.help.strip()
            assert one.source is Source.FIXED or one.shape in (Shape.ONE, Shape.SOME)
            assert not one.options or one.shape in (Shape.ONE, Shape.SOME)

    async def test_what_a_new_draft_begins_with_is_allowed(self, poster: Market) -> None:
        begun = {one.name: one.default for one in poster.kind.draft_fields}
        draft, wrong = read_draft(ACCOUNT, poster.kind.draft_fields, begun, await poster.offers())
        assert all(problem.text == "is missing" for problem in wrong)
        assert {name for name, default in begun.items() if default} == set(draft.values)

    async def test_a_good_draft_has_no_problem_and_looking_at_it_asks_nothing(self, poster: Market) -> None:
        draft, offers = await poster.draft(), await poster.offers()
        before = poster.server.requests.all.total()
        assert list(poster.provider.problems(draft, offers)) == []
        assert list(poster.provider.problems(draft, Offers())) == [], "nothing can be said without the catalogue"
        assert poster.server.requests.all.total() == before

    async def test_a_problem_names_its_field_whatever_a_draft_lacks(self, poster: Market) -> None:
        draft, offers = await poster.draft(), await poster.offers()
        names = {one.name for one in poster.kind.draft_fields}
        for lacking in (JobDraft(ACCOUNT), *(without(draft, name) for name in draft.values)):
            for problem in [*poster.provider.problems(lacking, offers), *poster.provider.problems(lacking, Offers())]:
                assert problem.field in names
                assert problem.text.strip()

    # --- what it costs

    async def test_an_estimate_is_money_and_asks_nothing_whatever_a_draft_lacks(self, poster: Market) -> None:
        draft = await poster.draft()
        before = poster.server.requests.all.total()
        for lacking in (draft, JobDraft(ACCOUNT), *(without(draft, name) for name in draft.values)):
            assert_money(poster.provider.estimate(lacking))
        assert poster.server.requests.all.total() == before

    async def test_a_quote_posts_nothing_and_costs_nothing(self, poster: Market) -> None:
        draft, before = await poster.draft(), poster.spendable()
        listed = [job.id for job in await poster.provider.jobs()]
        for _ in range(2):
            quote = await poster.provider.quote(draft)
            assert_money(quote)
            assert quote.total > 0
        assert poster.server.ledger() == []
        assert poster.spendable() == before
        assert [job.id for job in await poster.provider.jobs()] == listed

    @pytest.mark.parametrize("fault", [*UNANSWERED, FaultKind.REDIRECT, FaultKind.ERROR_AFTER])
    async def test_a_quote_without_an_answer_posts_nothing(self, poster: Market, fault: FaultKind) -> None:
        draft, before = await poster.draft(), poster.spendable()
        poster.break_change(fault)
        await error_of(poster, poster.provider.quote(draft), Unavailable, OutcomeUnknown)
        poster.repair()
        assert poster.server.ledger() == []
        assert poster.spendable() == before

    # --- posting

    async def test_a_post_makes_exactly_this_job_once(self, poster: Market) -> None:
        draft, before = await poster.draft(), poster.spendable()
        quote = await poster.provider.quote(draft)
        posted = await poster.provider.post(draft)
        (entry,) = poster.server.ledger()
        cost = before - poster.spendable()
        assert (entry["kind"], entry["job_id"], Decimal(entry["cost"])) == ("post_job", posted.job_id, cost)
        assert quote.estimate or quote.total == cost
        if posted.cost is not None:
            assert_exact(posted.cost)
            assert posted.cost == cost
        assert_is(await poster.provider.job(posted.job_id), draft)

    async def test_what_the_marketplace_refuses_is_told_and_not_posted(self, poster: Market) -> None:
        draft, before = await poster.draft(), poster.spendable()
        for wrong in (with_value(draft, "price", TOO_LITTLE), with_value(draft, "category", NOWHERE)):
            await error_of(poster, poster.provider.quote(wrong), Refused)
            await error_of(poster, poster.provider.post(wrong), Refused)
        assert poster.server.ledger() == []
        assert poster.spendable() == before

    # --- doubts

    @pytest.mark.parametrize("fault", DONE)
    async def test_a_post_that_was_done_without_an_answer_is_in_doubt_and_found(
        self, poster: Market, fault: FaultKind
    ) -> None:
        draft, since = await poster.draft(), poster.clock.now()
        poster.break_change(fault)
        await error_of(poster, poster.provider.post(draft), OutcomeUnknown)
        poster.repair()
        (entry,) = poster.server.ledger()
        found = {job.id: job for job in await poster.provider.posted_since(since)}
        assert_is(found[entry["job_id"]], draft)

    @pytest.mark.parametrize("fault", NOT_DONE)
    async def test_a_post_that_was_not_done_without_an_answer_is_in_doubt_and_not_found(
        self, poster: Market, fault: FaultKind
    ) -> None:
        poster.server.advance(HOUR)
        draft, since = await poster.draft(), poster.clock.now()
        poster.break_change(fault)
        await error_of(poster, poster.provider.post(draft), OutcomeUnknown)
        poster.repair()
        assert poster.server.ledger() == []
        assert list(await poster.provider.posted_since(since)) == []

    async def test_a_post_that_lands_late_is_found_when_it_has_landed(self, poster: Market) -> None:
        poster.server.advance(HOUR)
        draft, since = await poster.draft(), poster.clock.now()
        poster.break_change(FaultKind.ERROR_LATE, seconds=LATE)
        await error_of(poster, poster.provider.post(draft), OutcomeUnknown)
        poster.repair()
        assert list(await poster.provider.posted_since(since)) == []
        poster.server.advance(LATE)
        (job,) = await poster.provider.posted_since(since)
        assert_is(job, draft)

    async def test_a_post_in_doubt_was_sent_once(self, poster: Market) -> None:
        draft = await poster.draft()
        for fault in (FaultKind.ERROR, FaultKind.DROP):
            poster.break_change(fault)
            before = poster.server.requests.all.total()
            await error_of(poster, poster.provider.post(draft), OutcomeUnknown)
            assert poster.server.requests.all.total() == before + 1
        assert len(poster.server.ledger()) == 1

    async def test_the_jobs_since_a_moment_are_told_whole_and_the_newest_first(self, poster: Market) -> None:
        draft, start = await poster.draft(), poster.clock.now()
        with poster.books() as books:
            there = jobs.find(books, poster.job_id).terms
            earlier = [jobs.post(books, there, running=True) for _ in range(PAGE_SIZE + 1)]
        poster.server.advance(HOUR)
        since, made = poster.clock.now(), list[str]()
        for _ in range(PAGE_SIZE + 1):
            made.append((await poster.provider.post(draft)).job_id)
            poster.server.advance(2)
        found = await poster.provider.posted_since(since)
        assert [job.id for job in found] == made[::-1]
        for job in found:
            assert_is(job, draft)
        assert {job.id for job in await poster.provider.posted_since(start)} >= {*earlier, *made}

    # --- an existing job as a draft

    async def test_a_posted_job_is_told_as_the_answers_it_was_posted_with(self, poster: Market) -> None:
        draft = await poster.draft()
        posted = await poster.provider.post(draft)
        told = await poster.provider.draft_of(posted.job_id)
        assert told.keys() <= {one.name for one in poster.kind.draft_fields}
        assert told.keys() >= {"title", "price", "positions"}
        again, wrong = read_draft(ACCOUNT, poster.kind.draft_fields, told, await poster.offers())
        assert not [problem for problem in wrong if told.get(problem.field)]
        for name in told.keys() & draft.values.keys():
            assert again.values.get(name) == draft.values[name], name

    async def test_there_is_no_draft_of_a_job_that_is_not_there(self, poster: Market) -> None:
        await error_of(poster, poster.provider.draft_of(NOWHERE), Refused)

    # --- trouble

    async def test_too_many_requests_post_nothing_and_wait(self, poster: Market) -> None:
        for what in await calls(poster):
            poster.break_all(FaultKind.RATE_LIMIT)
            await error_of(poster, what(), RateLimited)
            poster.server.advance(60)
        assert poster.server.ledger() == []

    async def test_a_key_that_is_not_accepted_posts_nothing_and_needs_a_person(self, poster: Market) -> None:
        for what in await calls(poster):
            poster.break_all(FaultKind.UNAUTHORIZED)
            await error_of(poster, what(), AuthFailed)
        assert poster.server.ledger() == []

    async def test_a_marketplace_that_is_not_there_has_surely_posted_nothing(self, poster: Market) -> None:
        tried = await calls(poster)
        await poster.server.stop()
        for what in tried:
            await error_of(poster, what(), Unavailable)

    async def test_what_was_posted_cannot_be_looked_for_while_nothing_can_be_read(self, poster: Market) -> None:
        for fault in UNANSWERED:
            poster.break_all(fault)
            await error_of(poster, poster.provider.posted_since(poster.clock.now()), Unavailable)

    async def test_every_request_for_posting_passes_the_gate_one_at_a_time(self, poster: Market) -> None:
        draft, since = await poster.draft(), poster.clock.now()
        await poster.provider.quote(draft)
        posted = await poster.provider.post(draft)
        await poster.provider.posted_since(since)
        await poster.provider.draft_of(posted.job_id)
        assert poster.gate.turns == poster.server.requests.all.total()
        assert poster.gate.most_inside == 1


async def calls(market: Market) -> list[Call]:
    """Each thing that is asked of the marketplace when a job is posted."""
    draft = await market.draft()
    return [
        lambda: market.provider.quote(draft),
        lambda: market.provider.post(draft),
        lambda: market.provider.posted_since(market.clock.now()),
        lambda: market.provider.draft_of(market.job_id),
    ]


def without(draft: JobDraft, name: str) -> JobDraft:
    return replace(draft, values={other: value for other, value in draft.values.items() if other != name})


def with_value(draft: JobDraft, name: str, value: str | Decimal) -> JobDraft:
    return replace(draft, values={**draft.values, name: value})


def assert_money(quote: Quote) -> None:
    for line in quote.lines:
        assert line.what.strip()
        assert_exact(line.amount)
        assert line.amount >= 0
    assert_exact(quote.total)
    assert all(note.strip() for note in quote.notes)


def assert_is(job: Job, draft: JobDraft) -> None:
    """A job as it is told is that of the draft, with all of its texts somewhere in it."""
    assert (job.account, job.title) == (ACCOUNT, draft.text("title"))
    assert (job.price, job.positions) == (draft.money("price"), draft.number("positions"))
    assert job.category in (draft.text("category"), "")
    text = "\n".join([*job.instructions, job.notes, *(slot.description for slot in job.proofs)])
    for line in (*draft.texts("instructions"), *(slot.description for slot in draft.proofs)):
        assert line in text
