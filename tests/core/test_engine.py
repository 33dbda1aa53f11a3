"""The engine: at least once, one of a part at a time, in the right order, through every crash."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

from botcore.clock import ManualClock
from botcore.store.engine import AT_ONCE, OF_A_GROUP, SqliteEngine
from botcore.store.port import Handler, Later, Tx, Work
from botcore.store.sqlite import SqliteStore
from tests.core.rig import FlakyStore, until

Run = Callable[..., SqliteEngine]


@pytest.fixture
async def run(store: SqliteStore, clock: ManualClock) -> AsyncIterator[Run]:
    """Starts an engine with these handlers."""
    tasks: list[asyncio.Task[None]] = []

    def start(handlers: Mapping[str, Handler], on: SqliteStore | None = None) -> SqliteEngine:
        engine = SqliteEngine(on or store, clock)
        (on or store).on_work = engine.wake
        tasks.append(asyncio.create_task(engine.run(handlers)))
        return engine

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Worker:
    """A handler that notes what it was given, and does what the test wants of each call."""

    def __init__(self, *ends: BaseException | None) -> None:
        self.ran: list[Work] = []
        self.ends = list(ends)
        self.gates: dict[str, asyncio.Event] = {}  # a work with a gate waits at it
        self.running: Counter[str] = Counter()
        self.most: Counter[str] = Counter()  # of one part at the same time

    async def __call__(self, work: Work) -> None:
        self.ran.append(work)
        self.running[work.part] += 1
        self.most[work.part] = max(self.most[work.part], self.running[work.part])
        try:
            if gate := self.gates.get(work.key):
                await gate.wait()
            if self.ends and (end := self.ends.pop(0)) is not None:
                raise end
        finally:
            self.running[work.part] -= 1

    def gate(self, key: str) -> asyncio.Event:
        return self.gates.setdefault(key, asyncio.Event())

    @property
    def keys(self) -> list[str]:
        return [work.key for work in self.ran]


def put(tx: Tx, /, key: str, part: str = "", prio: int = 50, not_before: int = 0, **args: str | int) -> None:
    tx.put("do", key, part or key, prio, not_before, **args)


async def idle(engine: SqliteEngine) -> None:
    await asyncio.wait_for(engine.idle(), 60)


async def left(store: SqliteStore) -> int:
    count: int = await store.read(lambda r: r.value("SELECT count(*) FROM work"))
    return count


async def test_work_runs_with_its_arguments_and_is_pruned(store: SqliteStore, run: Run) -> None:
    worker = Worker()
    engine = run({"do": worker})
    await store.tx(put, "k", "p", number=7, text="ü")
    await idle(engine)
    (work,) = worker.ran
    assert (work.kind, work.key, work.part, work.args, work.attempt) == ("do", "k", "p", {"number": 7, "text": "ü"}, 0)
    assert await left(store) == 0


async def test_work_of_a_transaction_that_failed_never_runs(store: SqliteStore, run: Run) -> None:
    worker = Worker()
    engine = run({"do": worker})

    def fail(tx: Tx) -> None:
        put(tx, "k")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await store.tx(fail)
    await idle(engine)
    assert worker.ran == []


async def test_of_live_work_with_one_key_there_is_one_with_the_last_arguments(
    store: SqliteStore, run: Run, clock: ManualClock
) -> None:
    worker = Worker()
    await store.tx(put, "k", not_before=clock.ms() + 5000, number=1)
    await store.tx(put, "k", not_before=clock.ms() + 9000, number=2)
    engine = run({"do": worker})
    await idle(engine)
    assert worker.ran == []
    clock.advance(5)
    await idle(engine)
    assert [work.args for work in worker.ran] == [{"number": 2}]


async def test_work_is_not_run_before_its_time(store: SqliteStore, run: Run, clock: ManualClock) -> None:
    worker = Worker()
    engine = run({"do": worker})
    await store.tx(put, "k", not_before=clock.ms() + 10_000)
    clock.advance(9.9)
    await idle(engine)
    assert worker.ran == []
    clock.advance(0.1)
    await idle(engine)
    assert worker.keys == ["k"]


async def test_work_far_away_is_found_when_its_time_comes(store: SqliteStore, run: Run, clock: ManualClock) -> None:
    worker = Worker()
    engine = run({"do": worker})
    await store.tx(put, "k", not_before=clock.ms() + 86_400_000)
    await idle(engine)
    clock.advance(86_400)
    await until(lambda: worker.keys == ["k"])
    await idle(engine)


async def test_a_part_never_runs_twice_at_once(store: SqliteStore, run: Run) -> None:
    worker = Worker()
    first = worker.gate("p0")
    engine = run({"do": worker})
    for number in range(20):
        await store.tx(put, f"p{number}", "p")
        await store.tx(put, f"q{number}", f"q{number % 3}")
    await until(lambda: sum(key.startswith("q") for key in worker.keys) == 20)
    assert [key for key in worker.keys if key.startswith("p")] == ["p0"]
    first.set()
    await idle(engine)
    assert max(worker.most.values()) == 1
    assert len(worker.ran) == 40


async def test_only_so_many_run_at_once(store: SqliteStore, run: Run) -> None:
    worker = Worker()
    gates = [worker.gate(f"{number}") for number in range(AT_ONCE + 10)]
    engine = run({"do": worker})

    def all_of_them(tx: Tx) -> None:
        for number in range(len(gates)):
            put(tx, f"{number}")

    await store.tx(all_of_them)
    await until(lambda: len(worker.ran) == AT_ONCE)
    await asyncio.sleep(0.02)
    assert len(worker.ran) == AT_ONCE
    for gate in gates:
        gate.set()
    await idle(engine)
    assert len(worker.ran) == len(gates)


async def test_what_hangs_of_one_group_leaves_room_for_all_others(store: SqliteStore, run: Run) -> None:
    worker = Worker()
    gates = [worker.gate(f"hung{number}") for number in range(AT_ONCE + 10)]
    engine = run({"do": worker})

    def all_of_them(tx: Tx) -> None:
        for number in range(len(gates)):
            put(tx, f"hung{number}", part=f"sick/{number}")
        put(tx, "healthy", part="well/1", prio=60)
        put(tx, "later", part="well/2", prio=60, not_before=1)

    await store.tx(all_of_them)
    await until(lambda: {"healthy", "later"} <= set(worker.keys))
    assert len(worker.ran) == OF_A_GROUP + 2
    gates[0].set()
    await until(lambda: len(worker.ran) == OF_A_GROUP + 3)  # the next of them comes when one has ended
    for gate in gates:
        gate.set()
    await idle(engine)
    assert len(worker.ran) == len(gates) + 2


async def test_what_is_put_while_it_runs_runs_once_more(store: SqliteStore, run: Run) -> None:
    worker = Worker()
    gate = worker.gate("k")
    engine = run({"do": worker})
    await store.tx(put, "k", number=1)
    await until(lambda: len(worker.ran) == 1)
    for number in (2, 3):
        await store.tx(put, "k", number=number)
    gate.set()
    await idle(engine)
    assert [work.args["number"] for work in worker.ran] == [1, 3]
    assert await left(store) == 0


async def test_what_is_put_while_it_runs_runs_when_that_put_said(
    store: SqliteStore, run: Run, clock: ManualClock
) -> None:
    worker = Worker()
    gate = worker.gate("k")
    engine = run({"do": worker})
    await store.tx(put, "k")
    await until(lambda: len(worker.ran) == 1)
    await store.tx(put, "k", not_before=clock.ms() + 30_000)
    gate.set()
    await idle(engine)
    clock.advance(29)
    await idle(engine)
    assert len(worker.ran) == 1
    clock.advance(1)
    await idle(engine)
    assert len(worker.ran) == 2


async def test_what_is_put_while_it_runs_does_not_wait_for_the_pause_of_the_one_that_failed(
    store: SqliteStore, run: Run
) -> None:
    worker = Worker(Later(3600), None)
    gate = worker.gate("k")
    engine = run({"do": worker})
    await store.tx(put, "k", number=1)
    await until(lambda: len(worker.ran) == 1)
    await store.tx(put, "k", number=2)
    gate.set()
    await idle(engine)
    assert [work.args["number"] for work in worker.ran] == [1, 2]


async def test_later_means_later(store: SqliteStore, run: Run, clock: ManualClock) -> None:
    worker = Worker(Later(30), Later(5, quiet=True), None)
    engine = run({"do": worker})
    await store.tx(put, "k")
    await idle(engine)
    clock.advance(29)
    await idle(engine)
    assert len(worker.ran) == 1
    clock.advance(1)
    await idle(engine)
    clock.advance(5)
    await idle(engine)
    assert [work.attempt for work in worker.ran] == [0, 1, 1]
    assert await left(store) == 0


async def test_a_part_may_wait_as_a_whole_but_for_what_is_more_urgent(
    store: SqliteStore, run: Run, clock: ManualClock
) -> None:
    worker = Worker(Later(30, quiet=True, part=True))
    for key, prio in (("first", 40), ("second", 40), ("third", 60)):
        await store.tx(put, key, "busy", prio)
    await store.tx(put, "elsewhere", "free", 60)
    engine = run({"do": worker})
    await idle(engine)
    assert worker.keys == ["first", "elsewhere"]
    await store.tx(put, "urgent", "busy", 20)
    await idle(engine)
    assert worker.keys == ["first", "elsewhere", "urgent"]
    clock.advance(30)
    await idle(engine)
    assert sorted(worker.keys[3:]) == ["first", "second", "third"]
    assert worker.keys[-1] == "third"
    assert {work.attempt for work in worker.ran} == {0}


async def test_a_put_brings_forward_what_waits(store: SqliteStore, run: Run, clock: ManualClock) -> None:
    worker = Worker(Later(3600))
    engine = run({"do": worker})
    await store.tx(put, "k")
    await idle(engine)
    await store.tx(put, "k", not_before=clock.ms())
    await idle(engine)
    assert [work.attempt for work in worker.ran] == [0, 0]


async def test_what_keeps_failing_is_tried_less_and_less_often(
    store: SqliteStore, run: Run, clock: ManualClock
) -> None:
    worker = Worker(*(RuntimeError("again") for _ in range(12)))
    engine = run({"do": worker})
    await store.tx(put, "k")
    await idle(engine)
    pauses: list[int] = []
    while len(worker.ran) < 13:
        tried, waited = len(worker.ran), 0
        while len(worker.ran) == tried:
            clock.advance(1)
            waited += 1
            await idle(engine)
        pauses.append(waited)
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert engine.failures == 12
    assert await left(store) == 0


async def test_a_failure_after_a_thousand_others_is_no_different(
    store: SqliteStore, run: Run, clock: ManualClock
) -> None:
    worker = Worker(RuntimeError("again"), None)
    await store.tx(put, "k")
    await store.tx(lambda tx: tx.q("UPDATE work SET attempt = 5000"))
    engine = run({"do": worker})
    await idle(engine)
    clock.advance(300)
    await idle(engine)
    assert [work.attempt for work in worker.ran] == [5000, 5001]


async def test_one_that_fails_does_not_hold_up_its_part(store: SqliteStore, run: Run) -> None:
    worker = Worker(RuntimeError("poison"))
    engine = run({"do": worker})
    await store.tx(put, "bad", "p")
    await store.tx(put, "good", "p")
    await idle(engine)
    assert worker.keys == ["bad", "good"]


async def test_something_cancelled_inside_a_work_does_not_lose_it(
    store: SqliteStore, run: Run, clock: ManualClock
) -> None:
    worker = Worker(asyncio.CancelledError(), None)
    engine = run({"do": worker})
    await store.tx(put, "k")
    await idle(engine)
    clock.advance(1)
    await idle(engine)
    assert worker.keys == ["k", "k"]
    assert await left(store) == 0


async def test_a_kill_in_the_middle_runs_it_again(
    store: SqliteStore, run: Run, clock: ManualClock, tmp_path: Path
) -> None:
    first, second = Worker(), Worker()
    gate = first.gate("k")
    run({"do": first})
    await store.tx(put, "k", number=1)
    await until(lambda: first.keys == ["k"])
    for suffix in ("", "-wal"):
        shutil.copy(f"{store.path}{suffix}", tmp_path / f"copy.db{suffix}")
    gate.set()

    copy = await SqliteStore.open(tmp_path / "copy.db")
    try:
        engine = run({"do": second}, copy)
        await idle(engine)
        assert [(work.key, work.args) for work in second.ran] == [("k", {"number": 1})]
    finally:
        await copy.close()


async def test_stopping_gives_what_runs_a_moment_and_keeps_what_does_not_end(
    store: SqliteStore, clock: ManualClock
) -> None:
    worker = Worker()
    quick = worker.gate("quick")
    worker.gate("stuck")
    engine = SqliteEngine(store, clock)
    store.on_work = engine.wake
    task = asyncio.create_task(engine.run({"do": worker}))
    await store.tx(put, "quick")
    await store.tx(put, "stuck")
    await until(lambda: len(worker.ran) == 2)
    task.cancel()
    await asyncio.sleep(0)
    quick.set()
    await asyncio.gather(task, return_exceptions=True)
    keys = await store.read(lambda r: [row["key"] for row in r.q("SELECT key FROM work")])
    assert keys == ["stuck"]
    assert worker.running == {"quick": 0, "stuck": 0}


async def test_the_most_urgent_goes_first_then_the_oldest(store: SqliteStore, run: Run, clock: ManualClock) -> None:
    worker = Worker()
    gate = worker.gate("first")
    engine = run({"do": worker})
    await store.tx(put, "first", "p")
    await until(lambda: worker.keys == ["first"])
    for key, prio, at in (("c", 50, 2), ("d", 50, 2), ("b", 50, 1), ("a", 10, 3)):
        await store.tx(put, key, "p", prio, at)
    gate.set()
    await idle(engine)
    assert worker.keys == ["first", "a", "b", "c", "d"]


async def test_five_thousand_of_one_part_starve_nobody(store: SqliteStore, run: Run) -> None:
    worker = Worker()
    gate = worker.gate("many0")

    def flood(tx: Tx) -> None:
        for number in range(5000):
            put(tx, f"many{number}", "many", prio=1)

    await store.tx(flood)
    run({"do": worker})
    await until(lambda: "many0" in worker.keys)
    await store.tx(put, "other", "other", prio=90)
    await until(lambda: "other" in worker.keys)
    assert worker.keys == ["many0", "other"]
    gate.set()


async def test_work_of_a_plugin_that_is_not_there_waits_and_blocks_nobody(
    store: SqliteStore, run: Run, clock: ManualClock
) -> None:
    worker = Worker()
    engine = run({"do": worker})
    await store.tx(lambda tx: tx.put("theirs", "t", "t", 1))
    await store.tx(put, "k")
    await asyncio.wait_for(engine.idle(frozenset({"do"})), 60)
    assert worker.keys == ["k"]
    assert await left(store) == 1


async def test_the_engine_outlives_a_database_that_says_no_for_a_while(
    store: FlakyStore, run: Run, clock: ManualClock
) -> None:
    worker = Worker()
    gate = worker.gate("a")
    engine = run({"do": worker})
    await store.tx(put, "a")
    await until(lambda: worker.keys == ["a"])
    await store.tx(put, "b", not_before=clock.ms() + 1000)
    store.down = True
    gate.set()
    for _ in range(5):
        clock.advance(30)
        await asyncio.sleep(0.002)
    assert worker.keys == ["a"]

    store.down = False
    clock.advance(30)
    await idle(engine)
    assert worker.keys == ["a", "b"]
    assert await left(store) == 0


async def test_a_database_that_takes_something_again_is_asked_again_at_once(store: FlakyStore, run: Run) -> None:
    worker = Worker()
    gate = worker.gate("a")
    engine = run({"do": worker})
    await store.tx(put, "a")
    await until(lambda: worker.keys == ["a"])
    store.down = True
    gate.set()
    await until(lambda: store.said_no == 1)  # to that it is finished
    store.down = False
    await store.tx(put, "b")
    await idle(engine)
    assert worker.keys == ["a", "b"]


async def test_kinds_that_share_a_part_take_turns_by_urgency(store: SqliteStore, run: Run) -> None:
    worker = Worker()
    gate = worker.gate("first")
    engine = run({"do": worker, "see": worker})
    await store.tx(put, "first", "p")
    await until(lambda: worker.keys == ["first"])
    for kind, key, prio, at in (("see", "b", 20, 5), ("do", "d", 30, 1), ("see", "c", 20, 6), ("do", "a", 20, 4)):
        await store.tx(lambda tx, k=kind, n=key, p=prio, t=at: tx.put(k, n, "p", p, t))  # type: ignore[misc]
    gate.set()
    await idle(engine)
    assert worker.keys == ["first", "a", "b", "c", "d"]
    assert worker.most["p"] == 1


async def test_what_is_not_due_yet_hides_nothing_behind_it(store: SqliteStore, run: Run, clock: ManualClock) -> None:
    worker = Worker()
    engine = run({"do": worker})

    def fill(tx: Tx) -> None:
        for number in range(100):
            put(tx, f"later{number}", "p", prio=number % 7, not_before=clock.ms() + 60_000 + number)
        put(tx, "now", "p", prio=90)
        put(tx, "soon", "q", prio=90, not_before=clock.ms() + 5_000)

    await store.tx(fill)
    await idle(engine)
    assert worker.keys == ["now"]
    clock.advance(5)
    await idle(engine)
    assert worker.keys == ["now", "soon"]
