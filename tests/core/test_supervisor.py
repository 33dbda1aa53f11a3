"""The supervisor: parts that fail come back, but not in a storm."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from random import Random

import pytest

from botcore.adapter import ChannelBroken, SendFailed
from botcore.clock import ManualClock
from botcore.config import ConfigError
from botcore.provider import AuthFailed, RateLimited, Unavailable
from botcore.supervisor import NeedsPerson, PartState, Patience, Supervisor

Ready = Callable[[], None]
PATIENCE = Patience(first=1, longest=60, healthy=30, person=1800)


class Part:
    """A part that does in each run what the test tells it to; after that it just runs."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.runs = 0
        self.fail: asyncio.Future[None] | None = None

    async def __call__(self, ready: Ready) -> None:
        self.runs += 1
        if self.errors:
            raise self.errors.pop(0)
        ready()
        self.fail = asyncio.get_running_loop().create_future()
        await self.fail


class FullJitter(Random):
    """Takes nothing off the pauses, so that a test can name them."""

    def uniform(self, a: float, b: float) -> float:
        return b


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def supervisor(clock: ManualClock) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(clock, patience=PATIENCE, random=FullJitter())
    yield supervisor
    await supervisor.stop()


async def settle() -> None:
    """Lets everything run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def pass_time(clock: ManualClock, seconds: float) -> None:
    clock.advance(seconds)
    await settle()


async def test_a_part_is_starting_until_it_says_that_it_works(supervisor: Supervisor) -> None:
    works = asyncio.Event()

    async def part(ready: Ready) -> None:
        await works.wait()
        ready()
        await asyncio.Event().wait()

    supervisor.supervise("adapter web", part)
    await settle()
    assert supervisor.status("adapter web").state is PartState.STARTING
    works.set()
    await settle()
    assert supervisor.status("adapter web").state is PartState.RUNNING


async def test_a_part_that_fails_comes_back_after_growing_pauses(supervisor: Supervisor, clock: ManualClock) -> None:
    part = Part(*(Unavailable("no route") for _ in range(8)))
    supervisor.supervise("account main", part)
    await settle()
    pauses = []
    while part.errors or part.fail is None:
        status = supervisor.status("account main")
        assert (status.state, status.error) == (PartState.BACKING_OFF, "no route")
        assert status.next_try is not None
        pauses.append((status.next_try - clock.now()).total_seconds())
        runs = part.runs
        await pass_time(clock, pauses[-1] - 0.01)
        assert part.runs == runs
        await pass_time(clock, 0.01)
        assert part.runs == runs + 1
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    status = supervisor.status("account main")
    assert (status.state, status.restarts, status.next_try) == (PartState.RUNNING, 8, None)
    assert status.error == "no route"
    assert status.since == clock.now()


async def test_pauses_are_spread_and_never_longer_than_the_longest() -> None:
    random = Random(7)
    pauses = [PATIENCE.pause(failures, random) for failures in (1, 4, 7, 50, 5000)]
    assert [top / 2 <= pause <= top for pause, top in zip(pauses, (1, 8, 60, 60, 60), strict=True)] == [True] * 5
    assert len(set(pauses)) == 5
    assert pauses[0] == PATIENCE.pause(1, Random(7))


async def test_after_a_healthy_while_the_pauses_begin_anew(supervisor: Supervisor, clock: ManualClock) -> None:
    part = Part(*(Unavailable("no route") for _ in range(3)))
    supervisor.supervise("account main", part)
    await settle()
    for pause in (1, 2, 4):
        await pass_time(clock, pause)
    for healthy_for, next_pause in ((29, 8), (30, 1)):
        assert part.fail is not None
        await pass_time(clock, healthy_for)
        part.fail.set_exception(Unavailable("again"))
        await settle()
        status = supervisor.status("account main")
        assert status.next_try is not None
        assert (status.next_try - clock.now()).total_seconds() == next_pause
        await pass_time(clock, next_pause)


@pytest.mark.parametrize(
    "error",
    [
        AuthFailed("wrong key"),
        ChannelBroken("wrong key"),
        ConfigError(["wrong key"]),
        NeedsPerson("wrong key"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_needs_a_person_is_not_retried_in_a_storm(
    supervisor: Supervisor, clock: ManualClock, error: Exception
) -> None:
    part = Part(error, error)
    supervisor.supervise("account main", part)
    await settle()
    status = supervisor.status("account main")
    assert (status.state, status.error) == (PartState.NEEDS_ATTENTION, "wrong key")
    await pass_time(clock, 1799)
    assert part.runs == 1
    await pass_time(clock, 1)
    assert part.runs == 2
    assert supervisor.status("account main").state is PartState.NEEDS_ATTENTION


@pytest.mark.parametrize("error", [AuthFailed("wrong key"), Unavailable("no route")])
async def test_a_poke_starts_a_waiting_part_at_once(supervisor: Supervisor, error: Exception) -> None:
    part = Part(error)
    supervisor.supervise("account main", part)
    await settle()
    supervisor.poke("account main")
    await settle()
    assert part.runs == 2
    assert supervisor.status("account main").state is PartState.RUNNING


async def test_a_poke_of_a_running_part_changes_nothing_now_or_later(supervisor: Supervisor) -> None:
    part = Part()
    supervisor.supervise("account main", part)
    await settle()
    supervisor.poke("account main")
    await settle()
    assert (part.runs, supervisor.status("account main").state) == (1, PartState.RUNNING)
    assert part.fail is not None
    part.fail.set_exception(Unavailable("no route"))
    await settle()
    assert (part.runs, supervisor.status("account main").state) == (1, PartState.BACKING_OFF)


@pytest.mark.parametrize("error", [RateLimited("slow down", 300), SendFailed("slow down", 300)])
async def test_a_pause_that_was_asked_for_is_kept(supervisor: Supervisor, clock: ManualClock, error: Exception) -> None:
    part = Part(error)
    supervisor.supervise("account main", part)
    await settle()
    await pass_time(clock, 299)
    assert part.runs == 1
    await pass_time(clock, 1)
    assert part.runs == 2


async def test_an_unforeseen_error_is_shown_by_kind_and_told_in_full_in_the_log(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        supervisor.supervise("account main", Part(ValueError("the worker's address is x")))
        await settle()
    (record,) = caplog.records
    assert supervisor.status("account main").error == f"ValueError (ref {vars(record)['ref']})"
    assert "the worker's address is x" in caplog.text


async def test_a_part_that_cannot_even_be_called_backs_off(supervisor: Supervisor) -> None:
    def factory(ready: Ready) -> asyncio.Future[None]:
        raise TypeError("broken")

    supervisor.supervise("adapter chat", factory)  # type: ignore[arg-type]
    await settle()
    assert supervisor.status("adapter chat").state is PartState.BACKING_OFF


async def test_a_cancellation_inside_a_part_counts_as_a_failure(supervisor: Supervisor) -> None:
    part = Part(asyncio.CancelledError())
    supervisor.supervise("account main", part)
    await settle()
    status = supervisor.status("account main")
    assert status.state is PartState.BACKING_OFF
    assert status.error.startswith("CancelledError (ref ")


async def test_one_parts_failure_leaves_the_others_running(supervisor: Supervisor) -> None:
    supervisor.supervise("account main", Part(ValueError()))
    supervisor.supervise("account second", Part())
    await settle()
    assert [(status.name, status.state) for status in supervisor.statuses()] == [
        ("account main", PartState.BACKING_OFF),
        ("account second", PartState.RUNNING),
    ]


async def test_a_part_that_returns_is_done(supervisor: Supervisor, clock: ManualClock) -> None:
    async def part(ready: Ready) -> None:
        ready()

    supervisor.supervise("errand", part)
    await settle()
    await pass_time(clock, 10_000)
    status = supervisor.status("errand")
    assert (status.state, status.restarts) == (PartState.STOPPED, 0)


async def test_two_parts_cannot_share_a_name(supervisor: Supervisor) -> None:
    supervisor.supervise("account main", Part())
    with pytest.raises(ValueError, match="already a part account main"):
        supervisor.supervise("account main", Part())


async def test_stop_ends_running_and_waiting_parts_and_lets_them_clean_up(supervisor: Supervisor) -> None:
    cleaned = []

    async def tidy(ready: Ready) -> None:
        ready()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append("tidy")

    supervisor.supervise("tidy", tidy)
    supervisor.supervise("waiting", Part(Unavailable("no route")))
    supervisor.supervise("attention", Part(AuthFailed("wrong key")))
    await settle()
    assert await supervisor.stop() == []
    assert cleaned == ["tidy"]
    assert {status.state for status in supervisor.statuses()} == {PartState.STOPPED}
    await settle()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    with pytest.raises(RuntimeError, match="has stopped"):
        supervisor.supervise("late", Part())


async def test_a_part_that_fails_as_it_stops_is_not_started_again(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    async def clumsy(ready: Ready) -> None:
        ready()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ValueError("dropped it") from None

    supervisor.supervise("clumsy", clumsy)
    await settle()
    assert await supervisor.stop() == []
    assert supervisor.status("clumsy").state is PartState.STOPPED
    assert "dropped it" in caplog.text


async def test_stop_does_not_wait_for_ever(supervisor: Supervisor) -> None:
    release = asyncio.Event()

    async def stubborn(ready: Ready) -> None:
        ready()
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    supervisor.supervise("stubborn", stubborn)
    supervisor.supervise("meek", Part())
    await settle()
    assert await supervisor.stop(limit=0.05) == ["stubborn"]
    assert supervisor.status("meek").state is PartState.STOPPED
    release.set()
