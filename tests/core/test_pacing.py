"""The gate: one request at a time, far enough apart, the most urgent first, whatever the clock does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from botcore.accounts import gate_for
from botcore.clock import ManualClock
from botcore.pacing import PacedGate, Urgency, urgency
from botcore.store.port import StoreError
from tests.core.rig import FlakyStore, on_disk, until


class Caller:
    """Goes through a gate, and notes when each request left."""

    def __init__(self, gate: PacedGate, clock: ManualClock) -> None:
        self.gate = gate
        self.clock = clock
        self.left: list[tuple[str, int]] = []  # and after how many ms
        self.inside = 0
        self._began = clock.ms()

    async def __call__(self, name: str, level: Urgency = Urgency.POLLING, takes: float = 0.0) -> None:
        with urgency(level):
            async with self.gate.turn():
                self.inside += 1
                assert self.inside == 1
                self.left.append((name, self.clock.ms() - self._began))
                await self.clock.sleep(takes)
                self.inside -= 1

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.left]


class TurnableClock(ManualClock):
    """A clock that somebody can also set back, while waits go on as before."""

    def __init__(self) -> None:
        super().__init__()
        self.set_back_by = timedelta(0)
        self.waited = False

    def now(self) -> datetime:
        return super().now() - self.set_back_by

    async def sleep(self, seconds: float) -> None:
        self.waited = True
        await super().sleep(seconds)


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


class Memory:
    """The row of an account, as quick as a test's clock."""

    def __init__(self) -> None:
        self.at = 0

    async def load(self) -> int:
        return self.at

    async def save(self, at: int) -> None:
        self.at = at


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def gate(memory: Memory, clock: ManualClock) -> PacedGate:
    return PacedGate(clock, 1.0, memory.load, memory.save)


@pytest.fixture
def call(gate: PacedGate, clock: ManualClock) -> Caller:
    return Caller(gate, clock)


async def pump() -> None:
    """Lets everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def turn(clock: ManualClock, seconds: float) -> None:
    for _ in range(round(seconds * 10)):
        await pump()
        clock.advance(0.1)
    await pump()


async def test_a_second_passes_from_an_answer_to_the_next_request(call: Caller, clock: ManualClock) -> None:
    tasks = [asyncio.create_task(call(name, takes=2.5)) for name in "abc"]
    await turn(clock, 12)
    await asyncio.gather(*tasks)
    assert call.left == [("a", 0), ("b", 3500), ("c", 7000)]


async def test_when_the_next_may_leave_is_durable_before_a_request_leaves(
    store: FlakyStore, clock: ManualClock
) -> None:
    saved = "SELECT next_call_at FROM accounts WHERE name = 'main'"
    gate = gate_for(store, clock, "main", 1.0)
    async with gate.turn():
        assert on_disk(store.path, saved) == [(clock.ms() + 1000,)]
        await gate.pause(10)
        assert on_disk(store.path, saved) == [(clock.ms() + 10_000,)]


async def test_a_restart_remembers_when_the_next_may_leave(store: FlakyStore, clock: TurnableClock) -> None:
    gate = gate_for(store, clock, "main", 1.0)
    async with gate.turn():
        await gate.pause(10)
    entered = asyncio.create_task(_go_through(gate_for(store, clock, "main", 1.0)))
    await until(lambda: clock.waited)
    clock.advance(9.9)
    await pump()
    assert not entered.done()
    clock.advance(0.1)
    async with asyncio.timeout(60):
        await entered


async def test_a_request_does_not_leave_where_that_cannot_be_saved(store: FlakyStore, clock: ManualClock) -> None:
    gate = gate_for(store, clock, "main", 1.0)
    store.down = True
    with pytest.raises(StoreError):
        async with gate.turn():
            pytest.fail("it left")
    store.down = False
    clock.advance(1)
    async with asyncio.timeout(60):
        await _go_through(gate)


async def _go_through(gate: PacedGate) -> None:
    async with gate.turn():
        pass


async def test_the_most_urgent_goes_first(call: Caller, clock: ManualClock) -> None:
    tasks = [asyncio.create_task(call("running", takes=1))]
    await pump()
    for level in (Urgency.POLLING, Urgency.RATING, Urgency.DEADLINE, Urgency.PERSON, Urgency.PERSON):
        tasks.append(asyncio.create_task(call(level.name, level)))
    await turn(clock, 8)
    await asyncio.gather(*tasks)
    assert call.names == ["running", "PERSON", "PERSON", "DEADLINE", "RATING", "POLLING"]


async def test_a_person_overtakes_who_still_waits_for_the_second_to_pass(call: Caller, clock: ManualClock) -> None:
    await call("earlier")
    polling = asyncio.create_task(call("polling"))
    await turn(clock, 0.5)
    person = asyncio.create_task(call("person", Urgency.PERSON))
    await turn(clock, 3)
    await asyncio.gather(polling, person)
    assert call.left == [("earlier", 0), ("person", 1000), ("polling", 2000)]


async def test_an_account_told_to_slow_down_stops_for_everybody(
    gate: PacedGate, call: Caller, clock: ManualClock
) -> None:
    async with gate.turn():
        await gate.pause(10)
    tasks = [asyncio.create_task(call("person", Urgency.PERSON)), asyncio.create_task(call("polling"))]
    await turn(clock, 12)
    await asyncio.gather(*tasks)
    assert call.left == [("person", 10_000), ("polling", 11_000)]


async def test_a_shorter_pause_does_not_cut_a_longer_one(gate: PacedGate, call: Caller, clock: ManualClock) -> None:
    async with gate.turn():
        await gate.pause(10)
        await gate.pause(2)
    task = asyncio.create_task(call("after"))
    await turn(clock, 11)
    await task
    assert call.left == [("after", 10_000)]


async def test_a_pause_before_the_first_request_does_not_shorten_what_was_remembered(
    memory: Memory, gate: PacedGate, call: Caller, clock: ManualClock
) -> None:
    memory.at = clock.ms() + 10_000
    await gate.pause(2)
    memory.at = clock.ms() + 10_000
    task = asyncio.create_task(call("after"))
    await turn(clock, 11)
    await task
    assert call.left == [("after", 10_000)]


@pytest.mark.parametrize("busy", [False, True])
async def test_a_clock_set_back_an_hour_does_not_stop_an_account_for_an_hour(
    call: Caller, clock: TurnableClock, busy: bool
) -> None:
    await call("before")
    tasks = []
    if busy:
        tasks.append(asyncio.create_task(call("waiting")))
        await turn(clock, 0.5)
    clock.set_back_by = timedelta(hours=1)
    tasks.append(asyncio.create_task(call("after")))
    await turn(clock, 4)
    assert all(task.done() for task in tasks)
    await asyncio.gather(*tasks)


async def test_a_clock_set_back_does_not_shorten_a_pause_either(
    gate: PacedGate, call: Caller, clock: TurnableClock
) -> None:
    async with gate.turn():
        await gate.pause(10)
    clock.set_back_by = timedelta(hours=1)
    task = asyncio.create_task(call("after"))
    await turn(clock, 9)
    assert call.left == []
    await turn(clock, 2)
    await task


async def test_a_clock_set_back_before_a_restart_costs_a_minute_at_most(
    memory: Memory, gate: PacedGate, clock: TurnableClock
) -> None:
    await _go_through(gate)
    clock.set_back_by = timedelta(hours=1)
    task = asyncio.create_task(_go_through(PacedGate(clock, 1.0, memory.load, memory.save)))
    await turn(clock, 60)
    await task


@pytest.mark.parametrize("when", ["waiting for a turn", "waiting for the time", "sending"])
async def test_who_gives_up_leaves_the_gate_open(call: Caller, clock: ManualClock, when: str) -> None:
    first = asyncio.create_task(call("first", takes=100 if when == "sending" else 0))
    await pump()
    second = asyncio.create_task(call("second"))
    await pump()
    third = asyncio.create_task(call("third"))
    await pump()
    gives_up = {"waiting for a turn": third, "waiting for the time": second, "sending": first}[when]
    gives_up.cancel()
    call.inside = 0
    await turn(clock, 4)
    assert gives_up.cancelled()
    fourth = asyncio.create_task(call("fourth"))
    await turn(clock, 4)
    await asyncio.gather(first, second, third, fourth, return_exceptions=True)
    assert call.names[-1] == "fourth"


async def test_a_turn_that_comes_at_the_moment_of_giving_up_is_passed_on(gate: PacedGate, clock: ManualClock) -> None:
    turns: list[Callable[[], None]] = []
    entered: list[str] = []

    async def hold(name: str) -> None:
        done = asyncio.Event()
        async with gate.turn():
            entered.append(name)
            turns.append(done.set)
            await done.wait()

    first = asyncio.create_task(hold("first"))
    await pump()
    second = asyncio.create_task(hold("second"))
    third = asyncio.create_task(hold("third"))
    await pump()
    turns[0]()
    await asyncio.gather(first)
    second.cancel()  # it has been given the turn, and has not run since
    await turn(clock, 3)
    assert entered == ["first", "third"]
    turns[-1]()
    await asyncio.gather(second, third, return_exceptions=True)


async def test_the_gate_never_lets_two_through_at_once_whatever_happens(gate: PacedGate, clock: ManualClock) -> None:
    call = Caller(gate, clock)
    levels = list(Urgency)
    tasks = [asyncio.create_task(call(f"{n}", levels[n % 4])) for n in range(40)]
    for number, task in enumerate(tasks):
        if number % 5 == 3:
            await pump()
            task.cancel()
            clock.advance(0.3)
    while not all(task.done() for task in tasks):
        await pump()
        clock.advance(1)
    times = [at for _, at in call.left]
    assert all(later - earlier >= 1000 for earlier, later in pairwise(times))
    assert len(times) >= 32
