"""Several jobs are read from one list of all that waits while that takes fewer calls, and nothing is missed for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

import pytest

from botcore.models import Hints, SightingState, SubmissionPage, Waiting
from botcore.provider import Refused, Unavailable
from tests.core.market import DAY, START, ScriptedProvider, make_submission
from tests.core.rig import Rig, Rigs, Setup

JOBS = [f"J{number}" for number in range(6)]


class Together(ScriptedProvider):
    """Has a list of all jobs' work."""

    reads_together: ClassVar[bool] = True


@pytest.fixture
async def rig(rigs: Rigs) -> Rig:
    """A backlog of six jobs, ten a page, that was read; the newest first by their times."""
    rig = await rigs.start(Setup(provider=Together, channels=()))
    rig.market.page_size = 10
    fill(rig, 5)
    await rig.poll()
    rig.market.reads.clear()
    rig.market.together = 0
    rig.clock.advance(60)
    return rig


def fill(rig: Rig, each: int, *jobs: str) -> list[str]:
    """So many more of these jobs, one a second, of all jobs in turn."""
    new = []
    for _ in range(each):
        for job in jobs or JOBS:
            number = len(rig.market.tasks)
            rig.market.add(f"t{number}", job, submitted_at=START - timedelta(hours=1) + timedelta(seconds=number))
            new.append(f"t{number}")
    return new


async def open_tasks(rig: Rig) -> set[str]:
    return {row["task_id"] for row in await rig.rows("SELECT task_id FROM submissions WHERE state IN ('new', 'shown')")}


def unrated(rig: Rig) -> set[str]:
    return {submission.task_id for submission in rig.market.waiting()}


async def test_a_first_look_at_many_jobs_reads_each_page_of_the_one_list_once(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(provider=Together, channels=()))
    rig.market.page_size = 10
    fill(rig, 5)
    await rig.poll()
    assert (rig.market.together, rig.market.reads) == (3, [])
    assert await open_tasks(rig) == unrated(rig)
    await rig.poll()
    assert (rig.market.together, rig.market.reads) == (3, [])  # nothing is new: nothing is read


async def test_what_is_new_in_many_jobs_takes_one_page(rig: Rig) -> None:
    fill(rig, 1)
    await rig.poll()
    assert (rig.market.together, rig.market.reads) == (1, [])
    assert await open_tasks(rig) == unrated(rig)


async def test_what_is_new_in_two_jobs_is_read_from_theirs(rig: Rig) -> None:
    fill(rig, 1, "J0", "J3")
    await rig.poll()
    assert rig.market.together == 0
    assert [job for job, _ in rig.market.reads] == ["J0", "J3"]


async def test_a_list_that_is_longer_than_all_of_theirs_is_left_after_a_page(rig: Rig) -> None:
    """New work that is handed in under old dates is far behind in the list of all."""
    fill(rig, 30, "J5")
    await rig.poll()
    rig.market.reads.clear()
    rig.market.together = 0
    for job in JOBS[:3]:
        rig.market.add(f"old-{job}", job, submitted_at=START - timedelta(days=1))
    await rig.poll()
    assert rig.market.together == 3  # as many as one by one
    assert [job for job, _ in rig.market.reads] == JOBS[:3]
    assert await open_tasks(rig) == unrated(rig)


async def test_few_new_jobs_beside_a_long_list_are_read_from_theirs(rig: Rig) -> None:
    fill(rig, 1, "new-1", "new-2", "new-3")
    await rig.poll()
    assert rig.market.together == 1  # it tells that it has four pages
    assert [job for job, _ in rig.market.reads] == ["new-1", "new-2", "new-3"]
    assert await open_tasks(rig) == unrated(rig)


async def test_one_list_that_cannot_be_read_costs_calls_and_nothing_else(rig: Rig) -> None:
    fill(rig, 1)
    rig.market.errors["pending_of"] = [Unavailable("down")]
    await rig.poll()
    assert [job for job, _ in rig.market.reads] == JOBS
    assert await open_tasks(rig) == unrated(rig)
    assert rig.account.problem == ""


async def test_what_left_a_list_that_was_read_to_its_end_is_asked_after(rig: Rig) -> None:
    rig.market.rate_on_website("t0", SightingState.APPROVED)
    rig.clock.advance(DAY)
    await rig.poll(sweep=True)
    assert rig.market.reads == []
    assert rig.market.looks == [["t0"]]
    assert await open_tasks(rig) == unrated(rig)


async def test_an_unreadable_item_of_nobodys_has_its_jobs_read_one_by_one(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def damaged(provider: Together, jobs: object) -> object:
        yield SubmissionPage((make_submission("t0", "J0"),), 1, 1, unreadable=1)

    monkeypatch.setattr(Together, "pending_of", damaged)
    fill(rig, 1)
    await rig.poll(sweep=True)
    assert [job for job, _ in rig.market.reads] == JOBS
    assert await open_tasks(rig) == unrated(rig)


# --- what webhooks name


def hints(rig: Rig, tasks: list[str]) -> Hints:
    jobs: dict[str, list[str]] = {}
    for task in tasks:
        jobs.setdefault(rig.market.tasks[task].submission.job_id, []).append(task)
    return Hints(tasks={job: tuple(named) for job, named in jobs.items()})


async def test_hints_of_many_jobs_are_one_look(rig: Rig) -> None:
    await rig.intake.take_hints("main", hints(rig, fill(rig, 1)))
    await rig.settle()
    assert (rig.market.together, rig.market.reads) == (1, [])
    assert await open_tasks(rig) == unrated(rig)
    assert await rig.rows("SELECT * FROM hints") == []


async def test_what_the_look_does_not_find_is_followed_by_itself_and_the_look_made_once(rig: Rig) -> None:
    new = fill(rig, 1)
    for task in new[:2]:
        rig.market.rate_on_website(task, SightingState.APPROVED)
    await rig.intake.take_hints("main", hints(rig, new))
    await rig.settle()
    assert rig.market.together == 1
    assert rig.market.reads == [("J0", (new[0],)), ("J1", (new[1],))]
    assert await open_tasks(rig) == unrated(rig)
    assert await rig.rows("SELECT * FROM hints") == []
    assert await rig.value("SELECT count(*) FROM work WHERE kind = 'hint'") == 0


async def test_an_outage_keeps_hints_together_until_it_is_over(rig: Rig) -> None:
    rig.market.errors["waiting"] = [Unavailable("down")] * 2
    await rig.intake.take_hints("main", hints(rig, fill(rig, 1)))
    await rig.turn(60)
    assert (rig.market.together, rig.market.reads) == (1, [])
    assert await open_tasks(rig) == unrated(rig)


@pytest.mark.parametrize("error", [Unavailable("no list"), Refused("not allowed")])
async def test_a_look_that_never_works_does_not_keep_hints_from_being_followed(rig: Rig, error: Exception) -> None:
    rig.market.errors["waiting"] = [error] * 99
    await rig.intake.take_hints("main", hints(rig, fill(rig, 1)))
    await rig.turn(600)
    assert {job for job, _ in rig.market.reads} == set(JOBS)
    assert await open_tasks(rig) == unrated(rig)
    assert await rig.rows("SELECT * FROM hints") == []


async def test_a_job_that_is_named_itself_is_read_again_whatever_its_tasks_came_to(rig: Rig) -> None:
    (new,) = fill(rig, 1, "J0")
    await rig.intake.take_hints("main", Hints(tasks={"J0": (new,)}, jobs=("J0",)))
    await rig.settle()
    assert rig.market.reads == [("J0", (new,))]
    assert '"unrated":6' in await rig.value("SELECT data FROM jobs WHERE id = 'J0'")


async def test_jobs_that_nobody_knows_are_read_by_one_list_of_jobs(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(channels=()))  # it has no list of all jobs' work
    new = fill(rig, 2)
    rig.market.errors["job"] = [AssertionError("one by one")] * 9
    await rig.intake.take_hints("main", hints(rig, new))
    await rig.settle()
    assert {job: len(ids or ()) for job, ids in rig.market.reads} == dict.fromkeys(JOBS, 2)
    assert await open_tasks(rig) == unrated(rig)


async def test_two_looks_at_an_account_are_one_after_the_other(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    look = Together.waiting

    async def waiting(provider: Together) -> Sequence[Waiting]:
        seen.append("look")
        return await look(provider)

    monkeypatch.setattr(Together, "waiting", waiting)
    rig.market.between_pages = lambda: seen.append("page")
    await asyncio.gather(*(rig.intake.poll(rig.account, sweep=True) for _ in range(2)))
    assert seen == ["look", "page", "page"] * 2
