"""Which jobs are read for pending applications, and at how many calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from botcore.clock import ManualClock
from botcore.memory import ShortMemory
from botcore.models import Rating, Verdict
from botcore_hiretalents.provider import HireTalentsProvider
from botcore_hiretalents.watch import BACK_MS, EMPTY_MS, LIST_MS, MOST_AT_ONCE
from tests.plugins.hiretalents.site import Site, application, job

if TYPE_CHECKING:
    from tests.plugins.hiretalents.conftest import OpenProvider


def jobs(*ids: int, **more: object) -> list[object]:
    return [job(id=number, **more) for number in ids]


def stand(site: Site, running: Sequence[object], finished: Sequence[object]) -> None:
    site.lists("jobs/1", *([list(running)] if running else []))
    site.lists("jobs/3", *([list(finished)] if finished else []))
    for number in range(1, 60):
        site.answers.setdefault(f"job/{number}/applications/4/1", [(200, "[]", {})])


async def named(provider: HireTalentsProvider) -> dict[str, bool]:
    """The jobs that may hold something, and whether they are read at once; those are read."""
    found = await provider.waiting()
    for item in found:
        assert item.count is None
        if not item.quiet:
            async for _ in provider.pending(item.job):
                break
    return {item.job.id: not item.quiet for item in found}


async def sweep(provider: HireTalentsProvider) -> None:
    for item in await provider.waiting():
        async for _ in provider.pending(item.job):
            pass


async def test_online_jobs_are_read_at_every_poll_and_finished_ones_by_the_sweep(
    site: Site, hire: HireTalentsProvider
) -> None:
    stand(site, jobs(1, 2), jobs(3, status=3))
    assert await named(hire) == {"1": True, "2": True, "3": False}
    assert await named(hire) == {"1": True, "2": True, "3": False}


async def test_a_finished_job_that_was_empty_is_left_alone_also_after_a_restart(
    site: Site, open_provider: OpenProvider, sandbox_clock: ManualClock
) -> None:
    memory = ShortMemory()
    stand(site, jobs(1), jobs(3, 4, status=3, total_app=7))
    site.answers["job/4/applications/4/1"] = []
    site.lists("job/4/applications/4", [application(jobid=4)])
    await sweep(open_provider(memory, base_url=site.base_url))
    again = open_provider(memory, base_url=site.base_url)
    assert await named(again) == {"1": True, "4": False}
    sandbox_clock.advance(2 * EMPTY_MS / 1000)
    assert await named(again) == {"1": True, "4": False, "3": True}
    assert await named(again) == {"1": True, "4": False}


async def test_a_finished_job_of_which_something_was_sent_back_is_swept_though_it_was_empty(
    site: Site, open_provider: OpenProvider, sandbox_clock: ManualClock
) -> None:
    memory = ShortMemory()
    hire = open_provider(memory, base_url=site.base_url)
    stand(site, [], jobs(3, 4, status=3, total_app=7))
    site.says("application/77/set", {"result": "ok", "app_id": 77})
    await hire.rate("3", [Rating("77", revision=0, verdict=Verdict.REVISE, comment="Show more.")])
    await sweep(hire)
    assert await named(hire) == {"3": False}
    assert await named(open_provider(memory, base_url=site.base_url)) == {"3": False}
    sandbox_clock.advance(BACK_MS / 1000)
    assert "3" in await named(hire)  # as any that was empty, for once
    assert await named(hire) == {}


async def test_a_finished_job_is_read_when_its_applications_change_in_number(
    site: Site, hire: HireTalentsProvider, sandbox_clock: ManualClock
) -> None:
    stand(site, [], jobs(3, status=3, total_app=7))
    await sweep(hire)
    assert await named(hire) == {}
    stand(site, [], jobs(3, status=3, total_app=8))
    assert await named(hire) == {}
    sandbox_clock.advance(LIST_MS / 1000)
    assert await named(hire) == {"3": True}
    assert await named(hire) == {}


async def test_a_job_that_ends_is_read_at_once(site: Site, hire: HireTalentsProvider) -> None:
    stand(site, jobs(1, 2), [])
    await named(hire)
    site.lists("job/2/applications/4", [application(jobid=2)])
    stand(site, jobs(1), jobs(2, status=3))
    assert await named(hire) == {"1": True, "2": True}
    assert await named(hire) == {"1": True, "2": False}


async def test_a_callback_brings_back_a_job_that_was_empty(site: Site, hire: HireTalentsProvider) -> None:
    stand(site, [], jobs(3, status=3))
    await sweep(hire)
    site.says("job/3", job(id=3, status=3))
    site.says("application/5", application(id=5, jobid=3))
    async for _ in hire.pending(await hire.job("3"), ["5"]):
        pass
    assert list(await named(hire)) == ["3"]


async def test_a_job_that_runs_again_is_read_again(site: Site, hire: HireTalentsProvider) -> None:
    stand(site, [], jobs(3, status=3))
    await sweep(hire)
    stand(site, jobs(3), [])
    assert await named(hire) == {"3": True}


async def test_hundreds_of_old_jobs_are_looked_at_a_few_at_a_time(
    site: Site, hire: HireTalentsProvider, sandbox_clock: ManualClock
) -> None:
    stand(site, [], jobs(*range(1, 60), status=3))
    await sweep(hire)
    sandbox_clock.advance(2 * EMPTY_MS / 1000)
    assert [len(await named(hire)) for _ in range(4)] == [MOST_AT_ONCE, MOST_AT_ONCE, 59 - 2 * MOST_AT_ONCE, 0]


@pytest.mark.parametrize("online", [0, 1, 5])
async def test_a_poll_where_nothing_is_new_costs_a_call_for_each_online_job(
    online: int, site: Site, hire: HireTalentsProvider
) -> None:
    stand(site, jobs(*range(1, online + 1)), jobs(40, 41, status=3))
    await sweep(hire)
    site.heard.clear()
    await named(hire)
    assert len(site.heard) == online + (2 if online else 1)  # and the list, which ends with an empty page
