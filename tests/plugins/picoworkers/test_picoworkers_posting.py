"""Posting in the older dialect: fewer fields, other bounds, and the newest jobs on the last page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from botcore.draft import JobDraft, Offers
from botcore.draft_text import read_draft
from botcore.models import ProofKind, ProofSlot
from botcore.testing.market import opened
from botcore_picoworkers.provider import PicoworkersProvider
from botcore_picoworkers.sandbox import PicoworkersSandbox
from botcore_sproutgigs.provider import SproutGigsProvider

if TYPE_CHECKING:
    from tests.plugins.sproutgigs.answering import Marketplace

JOBS = "jobs/get-jobs.php"
SINCE = datetime(2026, 1, 2, 8, 0, tzinfo=UTC)

EVERYTHING = {
    "title": "Follow our hiking club",
    "category": "1504",
    "zone": "asia1",
    "price": "0.065",
    "positions": "10",
    "instructions": "Open the page of {{CITY}}",  # here, these are words like others
    "proofs": "text: Your name",
    "notes": "Thank you",
    "excluded": "bd, pk",
    "level": "advanced",
    "per_worker": "10",
    "distribution": "25",
    "challenges": "What colour is the logo? = green",
    "challenge_action": "rate_nok",
    "auto_rate": "V",
    "days_to_rate": "3",
    "speed": "1",
    "hold_minutes": "90",
    "hold_required": "no",
    "pause_after_approval": "no",
    "notify_followers": "yes",
    "premium": "50",
}


def jobs(marketplace: Marketplace, *found: tuple[str, str], number: int, pages: int) -> dict[str, Any]:
    listed = (marketplace.job(id=job_id, created_at=f"2026-01-02T{at}Z") for job_id, at in found)
    return marketplace.page("jobs", *listed, number=number, pages=pages)


def test_the_fields_are_those_of_the_younger_dialect_but_for_what_its_document_has_otherwise() -> None:
    ours, theirs = ({one.name: one for one in kind.draft_fields} for kind in (PicoworkersProvider, SproutGigsProvider))
    assert set(theirs) - set(ours) == {"variables", "start", "end"}
    assert {name for name, one in ours.items() if one != theirs[name]} == {
        "instructions",
        "proofs",
        "days_to_rate",
        "hold_minutes",
    }
    assert (ours["days_to_rate"].least, ours["days_to_rate"].most) == PicoworkersProvider.time_to_rate_range
    assert ours["hold_minutes"].default == "5"


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("proofs", "\n".join(["text: Your name"] * 5), "takes at most 4 proofs; there are 5"),
        ("days_to_rate", "8", "is from 1 to 7"),
        ("hold_minutes", "4", "is from 5 to 90"),
    ],
)
def test_its_own_bounds_are_named(name: str, typed: str, said: str) -> None:
    _, wrong = read_draft("pico", PicoworkersProvider.draft_fields, {name: typed}, Offers())
    assert [problem.text for problem in wrong if problem.field == name] == [said]


async def test_the_simulated_marketplace_gets_exactly_every_field() -> None:
    async with opened(PicoworkersProvider, PicoworkersSandbox, {}, frozenset(), EVERYTHING) as market:
        draft = await market.draft()
        assert list(market.provider.problems(draft, await market.offers())) == []
        posted = await market.provider.post(draft)
        assert market.entry()["posted"] == {
            "title": "Follow our hiking club",
            "category_id": "1504",
            "zone_id": "asia1",
            "task_value": "0.065",
            "num_tasks": 10,
            "instructions": ["Open the page of {{CITY}}"],
            "proofs": [{"type": "text", "description": "Your name"}],
            "notes": "Thank you",
            "excluded_countries": ["bd", "pk"],
            "workers_level": "advanced",
            "workers_max_tasks": 10,
            "distribution": 25,
            "challenges": [{"question": "What colour is the logo?", "answer": "green"}],
            "challenge_action": "rate_nok",
            "autorate": "V",
            "ttr": 3,
            "speed": 1,
            "hold_time": 90,
            "hold_required": 0,
            "pause_after_approval": 0,
            "notify_followers": 1,
            "premium_amount": 50,
        }
        told = await market.provider.draft_of(posted.job_id)
        untold = {"distribution", "hold_required", "notify_followers", "premium"}
        assert told == {name: answer for name, answer in EVERYTHING.items() if name not in untold}


async def test_a_job_can_be_posted_without_instructions_and_proofs() -> None:
    answers = {"title": "Follow us", "category": "1504", "zone": "int", "price": "0.05"}
    async with opened(PicoworkersProvider, PicoworkersSandbox, {}, frozenset(), answers) as market:
        draft = await market.draft()
        assert list(market.provider.problems(draft, await market.offers())) == []
        await market.provider.quote(draft)
        job = await market.provider.job((await market.provider.post(draft)).job_id)
        assert (job.title, job.instructions, job.proofs) == ("Follow us", (), ())


async def test_the_newest_jobs_are_looked_for_from_the_last_page(
    marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    marketplace.says(
        JOBS,
        jobs(marketplace, ("a", "05:00:00"), number=1, pages=9),
        jobs(marketplace, ("d", "08:00:00"), ("e", "08:00:01"), number=9, pages=9),
        jobs(marketplace, ("b", "06:00:00"), ("c", "07:00:00"), number=8, pages=9),
    )
    assert [job.id for job in await provider.posted_since(SINCE)] == ["e", "d"]
    assert [query["page"] for query in marketplace.queries(JOBS)] == ["1", "9", "8"]


async def test_a_job_that_opens_a_new_last_page_meanwhile_is_found(
    marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    marketplace.says(
        JOBS,
        jobs(marketplace, ("a", "05:00:00"), ("b", "06:00:00"), number=1, pages=2),
        jobs(marketplace, ("c", "07:00:00"), ("d", "07:30:00"), number=2, pages=3),
        jobs(marketplace, ("e", "08:00:01"), number=3, pages=3),
    )
    assert [job.id for job in await provider.posted_since(SINCE)] == ["e"]


async def test_braces_mean_nothing_here(provider: PicoworkersProvider) -> None:
    draft = JobDraft(
        "pico",
        {"zone": "int", "instructions": ("{{ }}",), "proofs": (ProofSlot(ProofKind.TEXT, "x"),)},
    )
    assert list(provider.problems(draft, Offers())) == []
