"""Who keeps the provider contract, and that its tests see who does not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from botcore.draft import JobDraft, Posted, Quote
from botcore.models import (
    Balance,
    Job,
    Outcome,
    Rating,
    RatingResult,
    Sighting,
    SightingState,
    SubmissionPage,
    Verdicted,
)
from botcore.pacing import OpenGate
from botcore.provider import Capability, OutcomeUnknown, ProviderError, Unavailable
from botcore.sandbox import FaultKind
from botcore.testing import ProviderContract
from botcore.testing.market import PAGE_SIZE, opened
from botcore.testing.posting import with_value
from botcore_hiretalents.provider import HireTalentsProvider
from botcore_hiretalents.sandbox import HireTalentsSandbox
from botcore_picoworkers.provider import PicoworkersProvider
from botcore_picoworkers.sandbox import PicoworkersSandbox
from botcore_sproutgigs.provider import SproutGigsProvider
from botcore_sproutgigs.sandbox import SproutGigsSandbox

GUIDE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text()
SPROUT_DRAFT = {
    "title": "Join the garden forum",
    "category": "0501",
    "zone": "int",
    "price": "0.125",
    "instructions": "Open the forum\nMake an account: “{{NAME}}” will do",
    "variables": "NAME: rose | tulip",
    "proofs": "screenshot: Your profile page\ntext: Your name there",
    "notes": "Thank you.\n\nCome again: <b>soon</b>",
    "notify_followers": "yes",
}
PICO_DRAFT = {name: answer for name, answer in SPROUT_DRAFT.items() if name != "variables"}
HIRE_DRAFT = {
    "title": "Join the garden forum",
    "category": "13",
    "price": "0.0325",
    "positions": "12",
    "countries": "Nepal, Germany",
    "instructions": "Open the forum\nMake an account: “rose” will do",
    "proofs": "screenshot: Your profile page\ntext: Your name there",
    "limit": "10/day",
    "tweet": "yes",
    "hidden": "yes",
}
SPROUT_TELLS = frozenset({SightingState.WAITING, SightingState.APPROVED, SightingState.REJECTED})


def guides(name: str) -> Any:
    """A module as the guide has it."""
    (source,) = re.findall(rf"^```python\n(# {name}\.py\n.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    module = ModuleType(name)
    exec(compile(source, f"{name}.py", "exec", dont_inherit=True), module.__dict__)
    return module


class TestSproutGigs(ProviderContract):
    provider = SproutGigsProvider
    sandbox = SproutGigsSandbox
    tells = SPROUT_TELLS
    answers = SPROUT_DRAFT


class TestPicoworkers(ProviderContract):
    provider = PicoworkersProvider
    sandbox = PicoworkersSandbox
    tells = frozenset({SightingState.WAITING})
    answers = PICO_DRAFT


class TestHireTalents(ProviderContract):
    provider = HireTalentsProvider
    sandbox = HireTalentsSandbox
    answers = HIRE_DRAFT


class TestTheGuidesExample(ProviderContract):
    provider = guides("botcore_pennies").PenniesProvider
    sandbox = guides("botcore_pennies_sandbox").PenniesSandbox


# --- providers that break it


class Hopeful(SproutGigsProvider):
    """No answer: then it was not done."""

    async def rate(self, job_id: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
        try:
            return await super().rate(job_id, ratings)
        except OutcomeUnknown as error:
            raise Unavailable(str(error)) from error


class Stubborn(SproutGigsProvider):
    """No answer: then once more."""

    async def rate(self, job_id: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
        try:
            return await super().rate(job_id, ratings)
        except OutcomeUnknown:
            return await super().rate(job_id, ratings)


class Cheerful(SproutGigsProvider):
    """All went well."""

    async def rate(self, job_id: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
        return [replace(result, ok=True) for result in await super().rate(job_id, ratings)]


class Stuttering(SproutGigsProvider):
    async def pending(self, job: Job, ids: Sequence[str] | None = None) -> AsyncIterator[SubmissionPage]:
        async for page in super().pending(job, ids):
            yield page
            yield page


class Hasty(SproutGigsProvider):
    """The first page will do."""

    async def pending(self, job: Job, ids: Sequence[str] | None = None) -> AsyncIterator[SubmissionPage]:
        async for page in super().pending(job, ids):
            yield page
            return


class Timeless(SproutGigsProvider):
    async def pending(self, job: Job, ids: Sequence[str] | None = None) -> AsyncIterator[SubmissionPage]:
        async for page in super().pending(job, ids):
            naive = (replace(one, submitted_at=one.submitted_at.replace(tzinfo=None)) for one in page.submissions)
            yield replace(page, submissions=tuple(naive))


class Floating(SproutGigsProvider):
    async def balance(self) -> Balance:
        return Balance((await super().balance()).spendable + Decimal.from_float(0.1) - Decimal("0.1"))


class Guessing(SproutGigsProvider):
    """What is gone was surely approved."""

    async def look(self, job_id: str, ids: Sequence[str]) -> Sequence[Sighting]:
        seen = await super().look(job_id, ids)
        return [replace(s, state=SightingState.APPROVED) if s.state is SightingState.ABSENT else s for s in seen]


class Certain(SproutGigsProvider):
    async def outcome(self, job_id: str, ratings: Sequence[Rating]) -> Sequence[Outcome]:
        return [Outcome(rating.task_id, Verdicted.MATCHES) for rating in ratings]


class Pushing(SproutGigsProvider):
    """Does not wait for its turn."""

    def __init__(self, settings: Any, tools: Any) -> None:
        super().__init__(settings, replace(tools, gate=OpenGate()))


class Persistent(SproutGigsProvider):
    """No answer: then once more."""

    async def post(self, draft: JobDraft) -> Posted:
        try:
            return await super().post(draft)
        except OutcomeUnknown:
            return await super().post(draft)


class Sure(SproutGigsProvider):
    """No answer: then it was not posted."""

    async def post(self, draft: JobDraft) -> Posted:
        try:
            return await super().post(draft)
        except OutcomeUnknown as error:
            raise Unavailable(str(error)) from error


class Trying(SproutGigsProvider):
    """Posts it to see whether it can be."""

    async def quote(self, draft: JobDraft) -> Quote:
        await self.post(draft)
        return self.estimate(draft)


class Rounding(SproutGigsProvider):
    """Whole cents will do."""

    async def post(self, draft: JobDraft) -> Posted:
        return await super().post(with_value(draft, "price", round(draft.money("price") or Decimal(0), 2)))


class Cheap(SproutGigsProvider):
    """Leaves out what comes on top."""

    def estimate(self, draft: JobDraft) -> Quote:
        return Quote(super().estimate(draft).lines[:1])


class Forgetful(SproutGigsProvider):
    """The first of them will do."""

    async def posted_since(self, since: datetime) -> Sequence[Job]:
        return (await super().posted_since(since))[:PAGE_SIZE]


class Lavish(SproutGigsProvider):
    """All of them may have been posted since then."""

    async def posted_since(self, since: datetime) -> Sequence[Job]:
        return await self.jobs()


class Inventive(SproutGigsProvider):
    async def draft_of(self, job_id: str) -> Mapping[str, str]:
        return {**await super().draft_of(job_id), "hold_minutes": "5"}


class Modest(SproutGigsProvider):
    """Can do more than it says."""

    capabilities = frozenset({Capability.BALANCE})


class Boasting(PicoworkersProvider):
    capabilities = PicoworkersProvider.capabilities | {Capability.COUNTRIES}


@pytest.mark.parametrize(
    ("kind", "test", "more"),
    [
        (Hopeful, "test_a_rating_that_was_done_without_an_answer_is_in_doubt", (FaultKind.DROP,)),
        (Hopeful, "test_a_rating_that_lands_late_is_found_when_it_has_landed", ()),
        (Stubborn, "test_a_rating_in_doubt_was_sent_once", ()),
        (Cheerful, "test_a_batch_that_fails_in_part_tells_of_each", ()),
        (Cheerful, "test_what_cannot_be_rated_is_told", ()),
        (Stuttering, "test_all_unrated_work_is_read_once", ()),
        (Hasty, "test_all_unrated_work_is_read_once", ()),
        (Hasty, "test_tasks_are_read_by_their_ids", (7,)),
        (Timeless, "test_a_submission_is_told_as_it_is", ()),
        (Floating, "test_the_balance_is_what_can_be_spent", ()),
        (Guessing, "test_a_look_tells_where_each_task_stands", ()),
        (Guessing, "test_what_became_of_a_rating_is_never_told_wrong", ()),
        (Certain, "test_what_became_of_a_rating_is_never_told_wrong", ()),
        (Certain, "test_what_cannot_be_verified_of_a_rating_is_named", ()),
        (Pushing, "test_every_request_passes_the_gate_one_at_a_time", ()),
        (Persistent, "test_a_post_in_doubt_was_sent_once", ()),
        (Sure, "test_a_post_that_was_done_without_an_answer_is_in_doubt_and_found", (FaultKind.CUT,)),
        (Trying, "test_a_quote_posts_nothing_and_costs_nothing", ()),
        (Rounding, "test_a_post_makes_exactly_this_job_once", ()),
        (Cheap, "test_a_post_makes_exactly_this_job_once", ()),
        (Forgetful, "test_the_jobs_since_a_moment_are_told_whole_and_the_newest_first", ()),
        (Lavish, "test_a_post_that_was_not_done_without_an_answer_is_in_doubt_and_not_found", (FaultKind.ERROR,)),
        (Lavish, "test_a_post_that_lands_late_is_found_when_it_has_landed", ()),
        (Inventive, "test_a_posted_job_is_told_as_the_answers_it_was_posted_with", ()),
        (Modest, "test_what_is_not_declared_is_not_there", ()),
    ],
)
async def test_who_breaks_the_contract_is_seen(
    kind: type[SproutGigsProvider], test: str, more: tuple[object, ...]
) -> None:
    async with opened(kind, SproutGigsSandbox, {}, SPROUT_TELLS, SPROUT_DRAFT) as market:
        with pytest.raises((AssertionError, pytest.fail.Exception, ProviderError)):
            await getattr(TestSproutGigs(), test)(market, *more)


async def test_who_declares_what_is_not_there_is_seen() -> None:
    async with opened(Boasting, PicoworkersSandbox, {}, TestPicoworkers.tells) as market:
        with pytest.raises(NotImplementedError):
            await TestPicoworkers().test_the_catalogue_is_told(market, Capability.COUNTRIES)
