"""What is read from the marketplace, and what is made of its oddities."""

from __future__ import annotations

import json
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
    Sighting,
    SightingState,
    Submission,
    WorkerList,
    Zone,
)
from botcore.provider import AuthFailed, Refused, Unavailable

if TYPE_CHECKING:
    from botcore_sproutgigs.provider import SproutGigsProvider
    from tests.plugins.sproutgigs.answering import Marketplace

JOBS = "jobs/get-jobs.php"
JOB = "jobs/get-job.php"
UNRATED = "jobs/get-unrated-tasks.php"
RATED = "jobs/get-rated-tasks.php"


@pytest.fixture
async def job(marketplace: Marketplace, provider: SproutGigsProvider) -> Job:
    marketplace.says(JOB, marketplace.job())
    return await provider.job("7c1d0a9be210")


async def submissions(provider: SproutGigsProvider, job: Job, ids: list[str] | None = None) -> list[Submission]:
    return [one async for page in provider.pending(job, ids) for one in page.submissions]


# --- balance and catalogue


async def test_balance_is_exact_and_keeps_what_else_is_told(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says("users/get-balances.php", '{"earned": "1.2500", "spendable": 7.3050, "currency": "USD"}')
    balance = await provider.balance()
    assert balance == Balance(Decimal("7.3050"), (("earned", Decimal("1.2500")),))
    assert str(balance.spendable) == "7.3050"
    assert marketplace.heard[0].headers["Authorization"].startswith("Basic ")


async def test_a_missing_balance_names_endpoint_and_field(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says("users/get-balances.php", {"earned": "1.0"})
    with pytest.raises(Unavailable, match=r"users/get-balances\.php .* spendable"):
        await provider.balance()


async def test_zones_categories_and_lists_keep_their_ids_as_text(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(
        "jobs/get-zones.php",
        [{"id": "west1", "zone": "USA", "excludable_countries": ["us", "uk"]}, {"zone": "?"}],
    )
    marketplace.says(
        "jobs/get-categories.php",
        [
            {
                "id": "0501",
                "category": "Sign up",
                "subcategory": "Simple",
                "min_task_value": {"int": "0.080", "west1": 0.24, "bad": "free"},
            },
            {"id": "0502", "category": "Other", "min_task_value": []},
        ],
    )
    marketplace.says("jobs/get-lists.php", [{"id": 15237, "name": "Good ones", "workers": 18}, None])
    assert await provider.zones() == [Zone("west1", "USA", ("us", "uk"))]
    assert await provider.categories() == [
        Category("0501", "Sign up: Simple", {"int": Decimal("0.080"), "west1": Decimal("0.24")}),
        Category("0502", "Other", {}),
    ]
    assert await provider.lists() == [WorkerList("15237", "Good ones", 18)]
    assert provider.api.unreadable == {"jobs/get-zones.php": 1, "jobs/get-lists.php": 1}


# --- jobs


async def test_a_job_is_read_whole(job: Job) -> None:
    assert job == Job(
        account="main",
        id="7c1d0a9be210",
        title="Join the garden forum",
        status=JobStatus.RUNNING,
        status_text="RUNNING",
        price=Decimal("0.12"),
        positions=80,
        done=31,
        unrated=3,
        rate_within_days=4,
        created_at=datetime(2026, 1, 2, 8, tzinfo=UTC),
        instructions=("Open the forum", "Make an account"),
        proofs=(
            ProofSlot(ProofKind.TEXT, "Your name there"),
            ProofSlot(ProofKind.PICTURE, "Your profile page"),
        ),
        zone="west1",
        category="0501",
    )


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("FINISHED", JobStatus.FINISHED),
        ("PENDING_REVIEW", JobStatus.REVIEW),
        ("PENDING_RESTART", JobStatus.REVIEW),
        ("PAUSED", JobStatus.PAUSED),
        ("paused_system", JobStatus.PAUSED),
        ("PAUSED_ADMIN", JobStatus.PAUSED),
        ("BLOCKED", JobStatus.BLOCKED),
        ("DECLINED", JobStatus.BLOCKED),
        ("ASLEEP", JobStatus.UNKNOWN),
    ],
)
async def test_job_statuses(
    word: str, status: JobStatus, marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(JOB, marketplace.job(status=word))
    job = await provider.job("7c1d0a9be210")
    assert (job.status, job.status_text) == (status, word)


async def test_a_job_with_nothing_but_its_id_is_a_job(marketplace: Marketplace, provider: SproutGigsProvider) -> None:
    marketplace.says(JOB, {"id": 42})
    job = await provider.job("42")
    assert (job.id, job.price, job.rate_within_days, job.status) == ("42", None, None, JobStatus.UNKNOWN)


@pytest.mark.parametrize("answer", [{"ok": False, "message": "Job not found"}, [], None])
async def test_a_job_that_does_not_exist_is_refused(
    answer: object, marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(JOB, answer)
    with pytest.raises(Refused, match=r"(?i)job"):
        await provider.job("nope")


async def test_another_job_than_asked_for_is_not_believed(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(JOB, marketplace.job(id="other"))
    with pytest.raises(Unavailable, match="id"):
        await provider.job("7c1d0a9be210")


async def test_all_pages_of_jobs_are_read_newest_first_and_each_job_once(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(
        JOBS,
        marketplace.page("jobs", marketplace.job(id="c"), marketplace.job(id="b"), pages=2),
        marketplace.page("jobs", marketplace.job(id="b"), marketplace.job(id="a"), number=2, pages=2),
    )
    assert [job.id for job in await provider.jobs()] == ["c", "b", "a"]
    assert marketplace.queries(JOBS) == [{"page": "1", "order": "desc"}, {"page": "2", "order": "desc"}]


async def test_waiting_asks_only_for_jobs_with_unrated_work_of_any_status(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    bare = marketplace.job(id="bare")
    del bare["unrated_tasks"]
    jobs = (marketplace.job(id="done", status="FINISHED"), marketplace.job(id="none", unrated_tasks=0), bare)
    marketplace.says(JOBS, marketplace.page("jobs", *jobs))
    assert [(one.job.id, one.count) for one in await provider.waiting()] == [("done", 3), ("bare", None)]
    assert marketplace.queries(JOBS) == [{"page": "1", "unrated_tasks": "1", "order": "desc"}]


@pytest.mark.parametrize("pages", ["2", 2.0, 2])
async def test_a_list_that_shrinks_while_it_is_read_ends(
    pages: object, marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    first = marketplace.page("jobs", marketplace.job()) | {"pages": pages}
    marketplace.says(JOBS, first, marketplace.page("jobs", marketplace.job(), number=1, pages=1))
    assert len(await provider.jobs()) == 1
    assert len(marketplace.heard) == 2


async def test_a_list_without_an_end_is_given_up_on(
    marketplace: Marketplace, provider: SproutGigsProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(provider.api), "most_pages", 3)
    endless = marketplace.page("jobs", marketplace.job(), pages=10**9)
    del endless["current_page"]
    marketplace.says(JOBS, endless)
    with pytest.raises(Unavailable, match="no end"):
        await provider.jobs()
    assert len(marketplace.heard) == 3


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({"current_page": 1, "jobs": []}, "pages"),
        ({"current_page": 1, "pages": "many", "jobs": []}, "pages"),
        ({"current_page": 1, "pages": 1}, "jobs"),
        ({"current_page": 1, "pages": 1, "jobs": {"a": 1}}, "jobs"),
        ([], "jobs"),
        ("null", "jobs"),
    ],
)
async def test_a_page_that_cannot_be_read_names_endpoint_and_field(
    answer: object, field: str, marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(JOBS, answer)
    with pytest.raises(Unavailable, match=rf"jobs/get-jobs\.php .* {field}"):
        await provider.jobs()


# --- submissions


async def test_a_submission_is_read_whole(job: Job, marketplace: Marketplace, provider: SproutGigsProvider) -> None:
    task = marketplace.task(
        revision_number=1,
        variables=[{"name": "CITY", "value": "Lugo"}, {"COUNTRY": "Spain"}],
        proofs=[{"text": "rose42"}, {"screenshot": "https://static.sproutgigs.com/p/1"}],
        previous_proofs=[
            {
                "employer_comment": "The name is missing.",
                "finished_at": "2026-01-03 09:59:41",
                "proofs": [{"text": ""}, {"text": "https://static.sproutgigs.com/p/0"}],
            }
        ],
    )
    marketplace.says(UNRATED, marketplace.page("tasks", task))
    [found] = await submissions(provider, job)
    name, profile = "Your name there", "Your profile page"
    assert found == Submission(
        account="main",
        job_id="7c1d0a9be210",
        task_id="90001a",
        revision=1,
        worker_id="w77",
        submitted_at=datetime(2026, 1, 4, 10, 20, 30, tzinfo=UTC),
        deadline=datetime(2026, 1, 8, 10, 20, 30, tzinfo=UTC),
        price=Decimal("0.12"),
        proofs=(
            Proof(ProofKind.TEXT, name, text="rose42"),
            Proof(ProofKind.PICTURE, profile, url="https://static.sproutgigs.com/p/1"),
        ),
        earlier=found.earlier,
        country="UK",
        ip_address="192.0.2.7",
        variables=(("CITY", "Lugo"), ("COUNTRY", "Spain")),
    )
    [earlier] = found.earlier
    assert earlier.comment == "The name is missing."
    assert earlier.submitted_at == datetime(2026, 1, 3, 9, 59, 41, tzinfo=UTC)
    assert earlier.proofs == (
        Proof(ProofKind.TEXT, name),
        Proof(ProofKind.PICTURE, profile, url="https://static.sproutgigs.com/p/0"),
    )


async def test_pages_of_submissions_that_shift_give_each_of_them_once(
    job: Job, marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    one, two, three = (marketplace.task(id=f"t{n}") for n in (1, 2, 3))
    newer = marketplace.task(id="t1", revision_number=1)
    marketplace.says(
        UNRATED,
        marketplace.page("tasks", one, two, pages=2),
        marketplace.page("tasks", two, newer, three, number=2, pages=2),
    )
    pages = [page async for page in provider.pending(job)]
    assert [(page.number, page.pages) for page in pages] == [(1, 2), (2, 2)]
    assert [(s.task_id, s.revision) for page in pages for s in page.submissions] == [
        ("t1", 0),
        ("t2", 0),
        ("t1", 1),
        ("t3", 0),
    ]


async def test_one_bad_task_costs_only_itself_and_is_counted(
    job: Job, marketplace: Marketplace, provider: SproutGigsProvider, caplog: pytest.LogCaptureFixture
) -> None:
    bad = [
        marketplace.task(finished_at="the proof of a worker"),
        marketplace.task(finished_at="9999-12-31T23:59:59Z"),
        marketplace.task(finished_at="0001-01-01T00:00:00+10:00"),
        marketplace.task(worker_id=None),
        None,
        5,
        {},
    ]
    marketplace.says(UNRATED, marketplace.page("tasks", *bad, marketplace.task(id="good")))
    assert [s.task_id for s in await submissions(provider, job)] == ["good"]
    assert provider.api.unreadable[UNRATED] == len(bad)
    assert "finished_at" in caplog.text
    assert "proof of a worker" not in caplog.text


async def test_optional_fields_can_be_missing_or_odd(
    job: Job, marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    bare = {"id": 90001, "worker_id": 77, "finished_at": "2026-01-04 10:20:30"}
    odd = bare | {"id": "odd", "ip_address": [], "country_code": None, "revision_number": "x", "proofs": {}}
    odd |= {"variables": {}, "previous_proofs": [None, {"employer_comment": 5, "finished_at": False}]}
    marketplace.says(UNRATED, marketplace.page("tasks", bare, odd))
    first, second = await submissions(provider, job)
    assert (first.task_id, first.worker_id, first.job_id) == ("90001", "77", job.id)
    assert first.submitted_at == datetime(2026, 1, 4, 10, 20, 30, tzinfo=UTC)
    assert (second.proofs, second.country, second.ip_address) == ((), "", "")
    assert second.revision == len(second.earlier) == 1


async def test_asking_by_ids_keeps_every_address_short_and_returns_only_those(
    job: Job, marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    ids = [f"{number:014x}" for number in range(1200)]
    stranger = marketplace.task(id="stranger")
    elsewhere = marketplace.task(id=ids[0], job_id="another")
    marketplace.says(UNRATED, marketplace.page("tasks", stranger, elsewhere, marketplace.task(id=ids[5])))
    found = await submissions(provider, job, [*ids, *ids])
    assert [s.task_id for s in found] == [ids[5]]
    asked = [query["task_ids"].split(",") for query in marketplace.queries(UNRATED)]
    assert [one for group in asked for one in group] == ids
    assert len(asked) > 1
    origin = len(marketplace.base_url.removesuffix("/api/"))
    assert all(len(heard.target) + origin < 8192 for heard in marketplace.heard)


async def test_asking_for_no_ids_asks_nothing(job: Job, marketplace: Marketplace, provider: SproutGigsProvider) -> None:
    before = len(marketplace.heard)
    assert await submissions(provider, job, []) == []
    assert await provider.look(job.id, []) == []
    assert len(marketplace.heard) == before


async def test_half_a_surrogate_pair_loses_no_submission(
    job: Job, marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    task = marketplace.task(proofs=[{"text": "a\ud83e"}], country_code="\ud83e", variables=[{"\ud83e": "\ud83e"}])
    marketplace.says(UNRATED, marketplace.page("tasks", task))
    [found] = await submissions(provider, job)
    json.dumps([found.proofs[0].text, found.country, found.variables], ensure_ascii=False).encode()
    assert found.proofs[0].text.startswith("a")


# --- where tasks stand


async def test_look_asks_the_unrated_then_the_rated_then_the_unrated_again(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    revised = marketplace.task(
        id="back",
        revision_number=2,
        previous_proofs=[
            {"employer_comment": "second", "finished_at": "2026-01-03 10:00:00"},
            {"employer_comment": "first", "finished_at": "2026-01-02 10:00:00"},
        ],
    )
    marketplace.says(UNRATED, marketplace.page("tasks", marketplace.task(id="new")), marketplace.page("tasks", revised))
    statuses = {"yes": "OK", "no": "NOT_OK", "nok": "nok", "again": "REVISE", "odd": "SOMEHOW"}
    rated = [marketplace.task(id=one, status=word) for one, word in statuses.items()]
    marketplace.says(RATED, marketplace.page("tasks", *rated))
    found = await provider.look("7c1d0a9be210", ["new", *statuses, "back", "gone", "new"])
    assert found == [
        Sighting("new", SightingState.WAITING, 0),
        Sighting("yes", SightingState.APPROVED, 0),
        Sighting("no", SightingState.REJECTED, 0),
        Sighting("nok", SightingState.REJECTED, 0),
        Sighting("again", SightingState.REVISED, 0),
        Sighting("odd", SightingState.RATED, 0),
        Sighting("back", SightingState.WAITING, 2, ("first", "second")),
        Sighting("gone", SightingState.ABSENT),
    ]
    asked = [(one.endpoint, one.query["task_ids"]) for one in marketplace.heard]
    assert asked == [
        (UNRATED, "new,yes,no,nok,again,odd,back,gone"),
        (RATED, "yes,no,nok,again,odd,back,gone"),
        (UNRATED, "back,gone"),
    ]


async def test_look_reads_every_page(marketplace: Marketplace, provider: SproutGigsProvider) -> None:
    marketplace.says(
        UNRATED,
        marketplace.page("tasks", marketplace.task(id="a"), pages=2),
        marketplace.page("tasks", marketplace.task(id="b"), number=2, pages=2),
    )
    found = await provider.look("7c1d0a9be210", ["a", "b"])
    assert [one.state for one in found] == [SightingState.WAITING] * 2
    assert len(marketplace.heard) == 2


@pytest.mark.parametrize("broken", [{"tasks": [{"id": None}]}, {"pages": 2, "tasks": []}])
async def test_look_calls_nothing_absent_that_may_only_have_been_unreadable(
    broken: dict[str, object], marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(UNRATED, marketplace.page("tasks"))
    marketplace.says(RATED, marketplace.page("tasks") | broken)
    with pytest.raises(Unavailable, match="completely"):
        await provider.look("7c1d0a9be210", ["gone"])


async def test_look_needs_no_more_of_a_task_than_tells_where_it_stands(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(UNRATED, marketplace.page("tasks", {"id": "a"}))
    assert await provider.look("7c1d0a9be210", ["a"]) == [Sighting("a", SightingState.WAITING, 0)]


# --- a key that is not accepted


@pytest.mark.parametrize("status", [200, 401, 403])
@pytest.mark.parametrize("endpoint", ["users/get-balances.php", JOBS])
async def test_unauthorized_needs_a_person_with_whatever_status(
    status: int, endpoint: str, marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(endpoint, {"message": "Unauthorized"}, status=status)
    with pytest.raises(AuthFailed):
        await (provider.jobs() if endpoint == JOBS else provider.balance())
