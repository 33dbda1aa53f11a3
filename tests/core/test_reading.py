"""New work is read cheaply, and nothing is missed for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import cast

import pytest

from botcore.models import Hints, Job, SightingState, SubmissionPage, Waiting
from botcore.provider import OutcomeUnknown, Unavailable
from botcore.ui import Result
from tests.core.market import DAY, HOUR, START, Market, ScriptedProvider, raises
from tests.core.rig import Rig, Rigs, Setup

MINUTE = 60


@dataclass
class Shop(Market):
    """Counts its pages, and counts its tasks as a test says."""

    pages: list[int] = field(default_factory=list)
    done_means: str = "rated"  # or: handed in, nothing
    oldest_first: bool = False
    untold: bool = False  # how many there are
    slow: int = 0  # counted though they are rated
    ghosts: int = 0  # counted, and on no page
    torn: int = 0  # counted, and unreadable

    def fill(self, count: int, job: str = "J1") -> None:
        for _ in range(count):
            self.hand_in(job)

    def hand_in(self, job: str = "J1") -> str:
        task = f"t{len(self.tasks)}"
        self.add(task, job, submitted_at=START + timedelta(seconds=len(self.tasks)))
        return task

    def told(self, job: str) -> Job:
        of_job = [t for t in self.tasks.values() if t.submission.job_id == job]
        done = {"rated": self.job(job).done, "handed in": len(of_job), "nothing": 0}[self.done_means]
        return replace(self.job(job), done=done)


class ShopProvider(ScriptedProvider):
    @property
    def shop(self) -> Shop:
        return cast(Shop, self.market)

    async def waiting(self) -> Sequence[Waiting]:
        shop = self.shop
        more = shop.slow + shop.ghosts + shop.torn
        return [
            Waiting(shop.told(one.job.id), None if shop.untold else (one.count or 0) + more)
            for one in await super().waiting()
        ]

    async def pending(self, job: Job, ids: Sequence[str] | None = None) -> AsyncIterator[SubmissionPage]:
        if ids is not None:
            async for page in super().pending(job, ids):
                yield page
            return
        async for page in super().pending(job):
            self.shop.pages.append(page.number)
            yield replace(page, unreadable=self.shop.torn if page.number == 1 else 0)


@pytest.fixture
async def rig(rigs: Rigs) -> Rig:
    rig = await rigs.start(Setup(provider=ShopProvider, market=Shop, channels=()))
    shop(rig).page_size = 10
    return rig


def shop(rig: Rig) -> Shop:
    return cast(Shop, rig.market)


async def pages(rig: Rig, *, sweep: bool = False) -> int:
    """How many pages the next poll reads, a minute later."""
    await rig.turn(MINUTE)
    shop(rig).pages.clear()
    await rig.poll(sweep=sweep)
    return len(shop(rig).pages)


async def waiting(rig: Rig) -> set[str]:
    rows = await rig.rows("SELECT task_id FROM submissions WHERE state IN ('new', 'shown', 'decided')")
    return {row["task_id"] for row in rows}


def unrated(rig: Rig) -> set[str]:
    return {s.task_id for s in rig.market.waiting()}


# --- the cheap way


async def test_ten_thousand_at_the_first_start_are_exactly_their_pages_and_then_nothing(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(provider=ShopProvider, market=Shop, channels=()))
    shop(rig).page_size = 200
    shop(rig).fill(10_000)
    assert await pages(rig) == 50
    assert len(await waiting(rig)) == 10_000
    assert [await pages(rig) for _ in range(3)] == [0, 0, 0]


@pytest.mark.parametrize("done_means", ["rated", "handed in", "nothing"])
async def test_what_is_new_costs_a_page(rig: Rig, done_means: str) -> None:
    shop(rig).done_means = done_means
    shop(rig).fill(95)
    assert await pages(rig) == 10
    for count in (1, 3, 5):
        shop(rig).fill(count)
        assert await pages(rig) == 1
        assert await waiting(rig) == unrated(rig)
        assert await pages(rig) == 0


async def test_more_new_ones_than_a_page_holds_are_read_until_what_is_known(rig: Rig) -> None:
    shop(rig).fill(95)
    await pages(rig)
    shop(rig).fill(25)
    assert await pages(rig) == 3
    assert await waiting(rig) == unrated(rig)


@pytest.mark.parametrize("done_means", ["rated", "handed in", "nothing"])
async def test_ratings_of_our_own_cost_at_most_a_page(rig: Rig, done_means: str) -> None:
    shop(rig).done_means = done_means
    shop(rig).fill(95)
    await pages(rig)
    for number in range(5):
        await rig.say("rob", f"approve t{number}")
        await rig.turn(20)
        assert await pages(rig) <= 1
    assert await waiting(rig) == unrated(rig)
    assert await pages(rig) == 0


async def test_ratings_and_new_ones_at_once_cost_a_page(rig: Rig) -> None:
    shop(rig).fill(95)
    await pages(rig)
    for number in range(5):
        await rig.say("rob", f"approve t{number}")
        await rig.turn(20)
        shop(rig).fill(2)
        assert await pages(rig) == 1
        assert await waiting(rig) == unrated(rig)


async def test_a_marketplace_that_counts_late_is_not_read_whole_for_that(rig: Rig) -> None:
    shop(rig).fill(95)
    await pages(rig)
    await rig.say("rob", "approve t1 t2 t3")
    shop(rig).slow = 3
    await rig.turn(20)
    assert await pages(rig) <= 1
    shop(rig).slow = 0
    assert await pages(rig) <= 1
    assert await pages(rig) == 0


async def test_a_rating_in_doubt_is_no_reason_to_read(rig: Rig) -> None:
    shop(rig).fill(95)
    await pages(rig)
    rig.market.steps = [raises(OutcomeUnknown("no answer"))]
    rig.market.errors["look"] = [Unavailable("down")] * 1000
    await rig.say("rob", "approve t1")
    await rig.turn(20)
    assert await rig.states() == ["in doubt"]
    assert [await pages(rig) for _ in range(3)] == [0, 0, 0]
    rig.market.rate_on_website("t1", SightingState.APPROVED)  # it had worked, and shows late
    assert await pages(rig) <= 1
    assert await pages(rig) == 0
    new = shop(rig).hand_in()
    assert await pages(rig) == 1
    assert new in await waiting(rig)


async def test_where_nobody_tells_how_many_there_are_a_page_is_read_each_time(rig: Rig) -> None:
    shop(rig).untold = True
    shop(rig).done_means = "nothing"
    shop(rig).fill(95)
    assert await pages(rig) == 10
    assert await pages(rig) == 1
    shop(rig).fill(12)
    assert await pages(rig) == 2
    assert await waiting(rig) == unrated(rig)


async def test_what_lapsed_is_asked_after_by_its_id(rig: Rig) -> None:
    shop(rig).fill(95)
    for number in range(4):
        task = rig.market.tasks[f"t{number}"]
        task.submission = replace(task.submission, deadline=START + timedelta(seconds=HOUR))
    await pages(rig)
    await rig.turn(HOUR)
    await rig.poll()
    for number in range(4):
        rig.market.rate_on_website(f"t{number}", SightingState.APPROVED)
    rig.market.looks.clear()
    assert await pages(rig) <= 1
    assert sorted(rig.market.looks[0]) == ["t0", "t1", "t2", "t3"]
    assert await waiting(rig) == unrated(rig)
    assert await rig.value("SELECT count(*) FROM submissions WHERE state = 'lapsed'") == 4


# --- what the counts cannot explain


async def test_one_rated_elsewhere_is_found_by_a_complete_read_and_then_it_is_quiet(rig: Rig) -> None:
    shop(rig).fill(95)
    await pages(rig)
    rig.market.rate_on_website("t7", SightingState.REJECTED)
    assert await pages(rig) == 10
    assert await waiting(rig) == unrated(rig)
    assert await pages(rig) == 0


@pytest.mark.parametrize("flaw", ["torn", "ghosts"])
async def test_what_cannot_be_read_is_looked_for_less_and_less_often(rig: Rig, flaw: str) -> None:
    setattr(shop(rig), flaw, 3)
    shop(rig).fill(92)
    read = [await pages(rig) for _ in range(33)]
    assert sum(read) == 10 * sum(map(bool, read))
    assert sum(map(bool, read)) <= 8
    shop(rig).fill(1)
    assert await pages(rig) == 1
    setattr(shop(rig), flaw, 4)
    shop(rig).fill(1)
    await pages(rig)
    assert await waiting(rig) == unrated(rig)


@pytest.mark.parametrize("lies", ["ghosts", "slow"])
async def test_a_count_that_is_wrong_for_a_moment_hides_nothing_for_long(rig: Rig, lies: str) -> None:
    shop(rig).fill(95)
    await pages(rig)
    setattr(shop(rig), lies, -2)
    await pages(rig)
    setattr(shop(rig), lies, 0)
    shop(rig).fill(2)
    for _ in range(2):
        await pages(rig)
    assert await waiting(rig) == unrated(rig)
    assert await pages(rig) == 0


async def test_a_list_that_is_cut_short_twice_hides_nothing_for_long(rig: Rig) -> None:
    shop(rig).fill(95)
    shop(rig).hidden = {"t1", "t2"}
    shop(rig).ghosts = 2
    await pages(rig)
    await pages(rig)
    shop(rig).hidden = set()
    shop(rig).ghosts = 0
    for _ in range(2):
        await pages(rig)
    assert await waiting(rig) == unrated(rig)


async def test_what_can_be_read_again_is(rig: Rig) -> None:
    shop(rig).fill(92)
    shop(rig).hidden.add("t5")
    shop(rig).ghosts = 1
    for _ in range(3):
        await pages(rig)
    shop(rig).hidden.clear()
    shop(rig).ghosts = 0
    await pages(rig, sweep=True)
    assert await waiting(rig) == unrated(rig)
    assert await pages(rig) == 0


async def test_what_a_person_left_as_it_is_does_not_make_every_poll_read_all_of_it(rig: Rig) -> None:
    shop(rig).fill(95)
    await pages(rig)
    rig.market.steps = [raises(OutcomeUnknown("no answer"))]
    rig.market.errors["look"] = [Unavailable("down")] * 12
    await rig.say("rob", "approve t1")
    await rig.turn(10 * MINUTE)
    assert (await rig.press("mia", "leave:A94:0")).result is Result.DONE
    assert sum([bool(await pages(rig)) for _ in range(30)]) <= 8
    shop(rig).fill(2)
    assert await pages(rig) == 1
    assert await waiting(rig) == unrated(rig) - {"t1"}


async def test_a_new_one_deep_in_the_list_is_found(rig: Rig) -> None:
    shop(rig).fill(95)
    await pages(rig)
    rig.market.add("deep", submitted_at=START - timedelta(seconds=DAY))
    assert await pages(rig) == 10
    assert "deep" in await waiting(rig)
    assert await pages(rig) == 0


@pytest.mark.parametrize("on_top", [True, False])
async def test_a_task_that_is_handed_in_again_is_found_wherever_it_stands(rig: Rig, on_top: bool) -> None:
    shop(rig).fill(95)
    await pages(rig)
    await rig.say("rob", "revise t3 reason=More please")
    await rig.turn(20)
    await pages(rig)
    when = START + timedelta(seconds=DAY if on_top else 3)
    rig.market.hand_in_again("t3")
    task = rig.market.tasks["t3"]
    task.submission = replace(task.submission, submitted_at=when)
    assert await pages(rig) == (1 if on_top else 10)
    assert await waiting(rig) == unrated(rig)
    assert await rig.value("SELECT max(revision) FROM submissions WHERE task_id = 't3'") == 1


async def test_a_swap_that_no_count_tells_of_is_found_by_the_next_sweep(rig: Rig) -> None:
    shop(rig).done_means = "nothing"
    shop(rig).fill(95)
    await pages(rig)
    rig.market.rate_on_website("t7", SightingState.REJECTED)
    shop(rig).hand_in()
    for _ in range(16):
        await pages(rig)
    assert await waiting(rig) == unrated(rig)


@pytest.mark.parametrize("done_means", ["rated", "handed in"])
async def test_a_swap_that_a_count_tells_of_is_found_by_the_next_poll_at_the_latest(rig: Rig, done_means: str) -> None:
    shop(rig).done_means = done_means
    shop(rig).fill(95)
    await pages(rig)
    rig.market.rate_on_website("t7", SightingState.REJECTED)
    new = shop(rig).hand_in()
    assert await pages(rig) == 1
    assert new in await waiting(rig)
    assert await pages(rig) == 10
    assert await waiting(rig) == unrated(rig)


# --- lists that shift


@pytest.mark.parametrize("at_once", [1, 3, 12])
async def test_new_ones_that_come_during_the_read_are_all_found(rig: Rig, at_once: int) -> None:
    shop(rig).fill(95)
    for _ in range(3):
        much = iter(range(8))
        rig.market.between_pages = lambda much=much: shop(rig).fill(at_once if next(much, None) is not None else 0)  # type: ignore[misc]
        await pages(rig)
    rig.market.between_pages = lambda: None
    await pages(rig)
    await pages(rig)
    assert await waiting(rig) == unrated(rig)
    assert await pages(rig) == 0


@pytest.mark.parametrize("done_means", ["rated", "handed in", "nothing"])
async def test_ones_that_leave_during_the_first_read_hide_nothing(rig: Rig, done_means: str) -> None:
    shop(rig).done_means = done_means
    shop(rig).fill(95)
    doomed = iter([f"t{number}" for number in range(94, 60, -4)])

    def somebody_rates() -> None:
        if task := next(doomed, None):
            rig.market.rate_on_website(task, SightingState.APPROVED)

    rig.market.between_pages = somebody_rates
    await pages(rig)
    rig.market.between_pages = lambda: None
    for _ in range(3):
        await pages(rig)
    assert await waiting(rig) == unrated(rig)
    assert await pages(rig) == 0


async def test_our_own_ratings_during_the_first_read_hide_nothing(rig: Rig) -> None:
    shop(rig).fill(95)
    steps: list[Callable[[], None]] = []
    rig.market.between_pages = lambda: steps.pop(0)() if steps else None
    steps = [lambda: None] * 3
    await rig.poll()
    await rig.say("rob", "approve " + " ".join(f"t{n}" for n in range(85, 95)))
    await rig.turn(20)
    shop(rig).fill(3)
    await pages(rig)
    await pages(rig)
    assert await waiting(rig) == unrated(rig)
    assert await pages(rig) == 0


async def test_a_read_that_fails_half_way_is_made_good(rig: Rig) -> None:
    shop(rig).fill(95)
    calls = 0

    def fail() -> None:
        nonlocal calls
        calls += 1
        if calls % 7 == 3:
            raise Unavailable("down")

    rig.market.between_pages = fail
    for _ in range(3):
        with pytest.raises(Unavailable):
            await pages(rig)
        calls = 0
    rig.market.between_pages = lambda: None
    assert await pages(rig) == 10
    assert await waiting(rig) == unrated(rig)


async def test_a_hint_that_comes_while_it_is_counted_is_not_taken_for_one_too_many(rig: Rig) -> None:
    shop(rig).fill(95)
    await pages(rig)
    new = shop(rig).hand_in()
    await rig.intake.take_hints("main", Hints(tasks={"J1": (new,)}))
    await rig.settle()
    assert await pages(rig) == 0
    assert await waiting(rig) == unrated(rig)
