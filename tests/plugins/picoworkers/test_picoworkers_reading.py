"""What is read in the older dialect: jobs from the end, tasks without asking for their ids, and no rated ones."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from botcore.models import (
    Balance,
    Category,
    Job,
    JobStatus,
    Proof,
    ProofKind,
    ProofSlot,
    Rating,
    SightingState,
    Submission,
    Verdict,
    Verdicted,
    WorkerList,
    Zone,
)
from botcore.provider import Unavailable

if TYPE_CHECKING:
    from botcore_picoworkers.provider import PicoworkersProvider
    from tests.plugins.sproutgigs.answering import Marketplace

JOBS = "jobs/get-jobs.php"
UNRATED = "jobs/get-unrated-tasks.php"
JOB = "7c1d0a9be210"


@pytest.fixture
async def job(marketplace: Marketplace, provider: PicoworkersProvider) -> Job:
    marketplace.says("jobs/get-job.php", marketplace.job())
    return await provider.job(JOB)


def tasks(marketplace: Marketplace, *numbers: int, number: int = 1, pages: int = 1) -> dict[str, object]:
    """A page of tasks, of which a higher number is a newer one."""
    found = [marketplace.task(id=f"t{n}", finished_at=f"2026-01-04T10:{n:02}:00Z") for n in numbers]
    return marketplace.page("tasks", *found, number=number, pages=pages)


async def submissions(provider: PicoworkersProvider, job: Job, ids: list[str] | None = None) -> list[Submission]:
    return [one async for page in provider.pending(job, ids) for one in page.submissions]


# --- jobs


async def test_a_job_and_its_tasks_are_read_whole(
    job: Job, marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    assert (job.title, job.status, job.price) == ("Join the garden forum", JobStatus.RUNNING, Decimal("0.12"))
    assert (job.positions, job.done, job.unrated, job.rate_within_days) == (80, 31, 3, 4)
    assert job.proofs[1] == ProofSlot(ProofKind.PICTURE, "Your profile page")
    marketplace.says(UNRATED, marketplace.page("tasks", marketplace.task()))
    [found] = await submissions(provider, job)
    assert found == Submission(
        account="main",
        job_id=JOB,
        task_id="90001a",
        revision=0,
        worker_id="w77",
        submitted_at=datetime(2026, 1, 4, 10, 20, 30, tzinfo=UTC),
        deadline=datetime(2026, 1, 8, 10, 20, 30, tzinfo=UTC),
        price=Decimal("0.12"),
        proofs=(Proof(ProofKind.TEXT, "Your name there", text="rose42"),),
        country="UK",
        ip_address="192.0.2.7",
    )


async def test_jobs_are_read_from_the_end_and_told_newest_first(
    marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    def jobs(number: int, *ids: str) -> dict[str, object]:
        return marketplace.page("jobs", *(marketplace.job(id=one) for one in ids), number=number, pages=3)

    marketplace.says(JOBS, jobs(1, "a", "b"), jobs(3, "e"), jobs(2, "c", "d"))
    assert [job.id for job in await provider.jobs()] == ["e", "d", "c", "b", "a"]
    assert marketplace.queries(JOBS) == [{"page": "1"}, {"page": "3"}, {"page": "2"}]


async def test_jobs_that_move_while_they_are_read_are_each_told_once(
    marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    def jobs(number: int, pages: int, *ids: str) -> dict[str, object]:
        return marketplace.page("jobs", *(marketplace.job(id=one) for one in ids), number=number, pages=pages)

    marketplace.says(JOBS, jobs(1, 3, "a", "b"), jobs(3, 2), jobs(2, 2, "d", "e"), jobs(1, 2, "b", "c"))
    assert sorted(job.id for job in await provider.jobs()) == ["a", "b", "c", "d", "e"]


async def test_waiting_asks_only_for_jobs_with_unrated_work(
    marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    marketplace.says(JOBS, marketplace.page("jobs", marketplace.job(unrated_tasks=0), marketplace.job(id="busy")))
    assert [(one.job.id, one.count) for one in await provider.waiting()] == [("busy", 3)]
    assert marketplace.queries(JOBS) == [{"page": "1", "unrated_tasks": "1"}]


# --- tasks


async def test_new_work_is_read_from_the_end_where_it_is(
    job: Job, marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    marketplace.says(
        UNRATED,
        tasks(marketplace, 1, 2, pages=3),
        tasks(marketplace, 5, number=3, pages=3),
        tasks(marketplace, 3, 4, number=2, pages=3),
    )
    assert [one.task_id for one in await submissions(provider, job)] == ["t1", "t2", "t5", "t3", "t4"]
    assert [query["page"] for query in marketplace.queries(UNRATED)] == ["1", "3", "2"]


async def test_tasks_are_found_by_their_ids_by_reading_until_they_are(
    job: Job, marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    marketplace.says(
        UNRATED,
        tasks(marketplace, 1, 2, pages=9),
        tasks(marketplace, 17, 18, number=9, pages=9),
        tasks(marketplace, 15, 16, number=8, pages=9),
    )
    assert [one.task_id for one in await submissions(provider, job, ["t15", "t2", "t15"])] == ["t2", "t15"]
    assert marketplace.queries(UNRATED) == [{"page": page, "job_id": JOB} for page in ("1", "9", "8")]


async def test_asking_for_no_ids_asks_nothing(
    job: Job, marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    before = len(marketplace.heard)
    assert await submissions(provider, job, []) == []
    assert await provider.look(JOB, []) == []
    assert len(marketplace.heard) == before


async def test_where_tasks_stand_is_told_by_the_unrated_list_alone(
    marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    marketplace.says(UNRATED, tasks(marketplace, 1, 2, pages=2), tasks(marketplace, 3, number=2, pages=2))
    seen = await provider.look(JOB, ["t1", "gone"])
    assert [(one.task_id, one.state) for one in seen] == [
        ("t1", SightingState.WAITING),
        ("gone", SightingState.ABSENT),
    ]
    assert len(marketplace.heard) == 2


async def test_what_may_be_among_the_unreadable_is_not_called_absent(
    marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    marketplace.says(UNRATED, marketplace.page("tasks", marketplace.task(), {"no": "id"}))
    with pytest.raises(Unavailable, match="completely"):
        await provider.look(JOB, ["gone"])


@pytest.mark.parametrize("verdict", list(Verdict))
async def test_of_what_no_longer_waits_nothing_is_guessed(
    verdict: Verdict, marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    marketplace.says(UNRATED, tasks(marketplace, 1))
    [outcome] = await provider.outcome(JOB, [Rating("gone", 0, verdict, comment="no")])
    assert outcome.verdicted is Verdicted.CANNOT_TELL
    assert outcome.note == "no longer waiting; the marketplace does not say how"


async def test_what_still_waits_is_not_rated_yet_and_a_newer_revision_tells_the_older_ones_fate(
    marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    again = marketplace.task(id="t2", revision_number=1)
    marketplace.says(UNRATED, marketplace.page("tasks", marketplace.task(id="t1"), again))
    asked = [Rating("t1", 0, Verdict.APPROVE), Rating("t2", 0, Verdict.REVISE, comment="name it")]
    still, sent_back = await provider.outcome(JOB, asked)
    assert still.verdicted is Verdicted.NOT_YET
    assert (sent_back.verdicted, sent_back.unverified) == (Verdicted.MATCHES, ("comment",))


# --- balance and catalogue


async def test_balance_zones_categories_and_lists(marketplace: Marketplace, provider: PicoworkersProvider) -> None:
    marketplace.says("users/get-balances.php", {"earned": "1.2500", "spendable": "7.3050"})
    marketplace.says("jobs/get-zones.php", [{"id": "latin", "zone": "Latin", "excludable_countries": ["ar", "uy"]}])
    marketplace.says(
        "jobs/get-categories.php",
        [{"id": "0501", "category": "Sign up", "subcategory": "Simple", "min_task_value": {"int": "0.080"}}],
    )
    marketplace.says("jobs/get-lists.php", [{"id": 15237, "name": "Good ones", "workers": 18}])
    assert await provider.balance() == Balance(Decimal("7.3050"), (("earned", Decimal("1.2500")),))
    assert await provider.zones() == [Zone("latin", "Latin", ("ar", "uy"))]
    assert await provider.categories() == [Category("0501", "Sign up: Simple", {"int": Decimal("0.080")})]
    assert await provider.lists() == [WorkerList("15237", "Good ones", 18)]
