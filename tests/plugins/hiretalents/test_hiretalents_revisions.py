"""Revisions of applications, which nothing in the answers numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcore.clock import ManualClock
from botcore.memory import Memory, ShortMemory, StoredMemory
from botcore.models import Job, Rating, Sighting, SightingState, Verdict, Verdicted
from botcore.sandbox import SandboxServer
from botcore.store.sqlite import SqliteStore
from botcore_hiretalents.provider import HireTalentsProvider
from botcore_hiretalents.revisions import APPROVED, DECLINED, NOT_COMPLETED, PENDING, QUIET_MS, REPORTED, History, see
from botcore_hiretalents.wire import WireApplication
from tests.plugins.hiretalents.buyer import Buyer
from tests.plugins.hiretalents.site import Site, application, listed_job

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugins.hiretalents.conftest import OpenProvider

NOW = 1_700_000_000_000
LATER = NOW + QUIET_MS


def handed_in(text: str = "first", status: int = PENDING, **more: object) -> WireApplication:
    return WireApplication.model_validate(application(proof=text, status=status, **more))


def seen(*steps: tuple[WireApplication, int]) -> list[int]:
    """The revision of each, read one after the other."""
    history: History = ()
    numbers = []
    for one, now in steps:
        history, number = see(history, one, now)
        numbers.append(number)
    return numbers


def test_the_same_work_is_the_same_revision() -> None:
    assert seen(*[(handed_in(), NOW)] * 3) == [0, 0, 0]


@pytest.mark.parametrize(
    "changed",
    [
        {"proof": "second"},
        {"appdate": 1643857019},
        {"screenshot": '["2.jpg"]'},
        {"screenshot_url": ["https://x/2.jpg"]},
    ],
)
def test_another_text_date_or_picture_is_the_next(changed: dict[str, object]) -> None:
    first, second = (WireApplication.model_validate(application(**more)) for more in ({}, changed))
    assert seen((first, NOW), (second, NOW), (second, NOW)) == [0, 1, 1]


def test_how_a_picture_is_written_down_makes_no_revision() -> None:
    ways: list[dict[str, Any]] = [
        {"screenshot": '["a.jpg"]', "screenshot_url": ["https://x/a.jpg"]},
        {"screenshot": ["a.jpg"]},
        {"screenshot_url": ["https://y/a.jpg"], "screenshot": "[]"},
    ]
    assert seen(*((handed_in(**way), NOW) for way in ways)) == [0, 0, 0]


def test_an_old_page_read_late_has_the_old_number() -> None:
    assert seen((handed_in("a"), NOW), (handed_in("b"), NOW), (handed_in("a"), NOW)) == [0, 1, 0]


def test_the_same_work_that_came_back_is_the_next() -> None:
    back = handed_in(status=NOT_COMPLETED)
    assert seen((handed_in(), NOW), (back, NOW), (back, LATER), (handed_in(), LATER), (handed_in(), LATER)) == [
        0, 0, 0, 1, 1,
    ]  # fmt: skip


def test_a_page_from_before_it_was_sent_back_is_not_taken_for_new_work() -> None:
    back = handed_in(status=NOT_COMPLETED)
    assert seen((handed_in(), NOW), (back, NOW), (handed_in(), NOW + 1000), (handed_in("b"), NOW + 2000)) == [
        0,
        0,
        0,
        1,
    ]


@pytest.mark.parametrize("status", [DECLINED, APPROVED, NOT_COMPLETED, REPORTED])
def test_what_is_not_pending_is_never_new(status: int) -> None:
    """The marketplace may change what it says of an application when it is rated."""
    assert seen((handed_in(), NOW), (handed_in("touched by the site", status), NOW)) == [0, 0]


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(1, 5), st.integers(0, 2 * QUIET_MS)), min_size=1, max_size=12
    )
)
def test_numbers_only_grow_and_follow_one_another(steps: list[tuple[str, int, int]]) -> None:
    now, highest = NOW, 0
    history: History = ()
    for text, status, passed in steps:
        now += passed
        before = history
        history, number = see(history, handed_in(text, status), now)
        assert 0 <= number < len(history) <= len(before) + 1
        assert [edition.mark for edition in history[: len(before)]] == [edition.mark for edition in before]
        highest = max(highest, number)
    assert highest <= len(history) - 1


# --- kept


@pytest.fixture(params=["in the database", "for a while"])
async def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "for a while":
        yield ShortMemory()
        return
    store = await SqliteStore.open(tmp_path / "bot.db")
    yield StoredMemory(store, "hire", ManualClock())
    await store.close()


async def test_a_revision_is_the_same_after_a_restart(site: Site, open_provider: OpenProvider, memory: Memory) -> None:
    site.says("job/15356", listed_job())
    for revision, text in enumerate(("first", "second", "second")):
        provider = open_provider(memory, base_url=site.base_url)
        site.lists("job/15356/applications/4", [application(proof=text)])
        assert await revisions(provider) == [min(revision, 1)]


async def test_what_is_kept_is_one_accounts_own_and_can_be_forgotten(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "bot.db")
    one, other = (StoredMemory(store, name, ManualClock()) for name in ("one", "other"))
    await one.change(["a", "b"], lambda kept: {"a": "1", "b": "2"})
    await one.change(["a"], lambda kept: {"a": kept["a"] + "!", "c": ""})
    assert await one.change(["a", "b", "c"], dict) == {"a": "1!", "b": "2"}
    assert await other.change(["a"], dict) == {}
    await one.change(["a"], lambda kept: {"a": ""})
    assert await one.change(["a", "b"], dict) == {"b": "2"}
    await store.close()


async def test_what_nothing_has_changed_about_for_long_is_forgotten_where_it_is_asked_for(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "bot.db")
    clock = ManualClock()
    one, other = (StoredMemory(store, name, clock) for name in ("one", "other"))
    for memory in (one, other):
        await memory.change(["x:1", "x:2", "y:1"], lambda kept: dict.fromkeys(("x:1", "x:2", "y:1"), "old"))
    clock.advance(10)
    await one.change(["x:2"], lambda kept: {"x:2": "new"})
    await one.forget("x:", clock.ms())
    assert await one.change(["x:1", "x:2", "y:1"], dict) == {"x:2": "new", "y:1": "old"}
    assert len(await other.change(["x:1", "x:2", "y:1"], dict)) == 3
    await store.close()


# --- what it is for


async def revisions(provider: HireTalentsProvider, job_id: str = "15356") -> list[int]:
    job = await provider.job(job_id)
    return [one.revision async for page in provider.pending(job) for one in page.submissions]


async def test_a_worker_who_hands_in_again_is_shown_anew_with_what_they_were_told(
    sandbox: SandboxServer, live: HireTalentsProvider, buyer: Buyer, sandbox_clock: ManualClock
) -> None:
    one = (await buyer.pending())[0]
    job, task = await live.job(str(one["jobid"])), str(one["id"])
    await read(live, job, task)
    assert (await live.rate(job.id, [Rating(task, 0, Verdict.REVISE, comment="The name, please")]))[0].ok
    assert await read(live, job, task) == []
    [sighting] = await live.look(job.id, [task])
    assert (sighting.state, sighting.revision, sighting.said) == (SightingState.REVISED, 0, ("The name, please",))
    sandbox_clock.advance(60)
    [again] = await read(live, job, task)
    assert (again.revision, [one.comment for one in again.earlier]) == (1, ["The name, please"])
    assert await live.look(job.id, [task]) == [Sighting(task, SightingState.WAITING, 1)]


async def read(provider: HireTalentsProvider, job: Job, task: str) -> list[Any]:
    return [one async for page in provider.pending(job, [task]) for one in page.submissions]


@pytest.mark.parametrize(
    ("verdict", "verdicted"), [(Verdict.REVISE, Verdicted.MATCHES), (Verdict.APPROVE, Verdicted.DIFFERS)]
)
async def test_a_rating_in_doubt_is_not_sent_again_onto_newer_work(
    verdict: Verdict,
    verdicted: Verdicted,
    sandbox: SandboxServer,
    live: HireTalentsProvider,
    buyer: Buyer,
    sandbox_clock: ManualClock,
) -> None:
    one = (await buyer.pending())[0]
    job, task = await live.job(str(one["jobid"])), str(one["id"])
    await read(live, job, task)
    await buyer.rate(one["id"], 5, "Once more")
    sandbox_clock.advance(60)
    [outcome] = await live.outcome(job.id, [Rating(task, 0, verdict, comment="Once more")])
    assert outcome.verdicted is verdicted
