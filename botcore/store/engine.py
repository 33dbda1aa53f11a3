"""The engine on SQLite: takes what is due out of the `work` table, and runs it at least once."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..clock import Clock
from .port import Engine, Handler, Later, Reader, Store, StoreError, Tx, Work, being_cancelled

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

NEVER = 2**62  # `not_before` of what is running just now
AT_ONCE = 64  # works running at the same time
OF_A_GROUP = 4  # and of those whose parts share what is before a slash
GRACE = 1.5  # seconds that running work is given when the engine stops
LONGEST_PAUSE = 300.0  # seconds between tries of work that keeps failing
LONGEST_NAP = 60.0  # seconds until the clock is looked at again: it may have been set
LOOK_EVERY_MS = 10_000  # so exactly is it known by how much the clock was set back
LONGEST_HITCH = 30.0  # seconds between tries of a database that says no

# The first in each lane (a kind, a part, a priority), found by skipping from lane to lane: their number counts, and
# never how much waits behind them.
HEADS = """
WITH RECURSIVE head (id) AS (
    SELECT (SELECT id FROM work WHERE kind = k.value ORDER BY part, prio, not_before, id LIMIT 1)
    FROM json_each(:kinds) k
    UNION ALL
    SELECT coalesce(
        (SELECT n.id FROM work n WHERE n.kind = w.kind AND n.part = w.part AND n.prio > w.prio
         ORDER BY n.prio, n.not_before, n.id LIMIT 1),
        (SELECT n.id FROM work n WHERE n.kind = w.kind AND n.part > w.part
         ORDER BY n.part, n.prio, n.not_before, n.id LIMIT 1))
    FROM head h JOIN work w ON w.id = h.id
)
SELECT w.id, w.part, w.prio, w.not_before FROM head h JOIN work w ON w.id = h.id WHERE w.not_before < :never
"""
TAKE = """
UPDATE work SET not_before = :never WHERE id = :id RETURNING id, kind, key, part, args, attempt, prio, version
"""
CLOCK = "clock"  # in `meta`: what the clock said at about the last look

SetBack = Callable[[Tx, int], None]


class SqliteEngine(Engine):
    """`on_set_back` is told, in the transaction that finds it out, that the clock was set back, and the time."""

    def __init__(self, store: Store, clock: Clock, on_set_back: SetBack = lambda tx, now: None) -> None:
        self._store = store
        self._clock = clock
        self._on_set_back = on_set_back
        self._woken = asyncio.Event()
        self._took_something = asyncio.Event()  # the database, since it last said no
        self._settled = asyncio.Event()
        self._running: dict[str, asyncio.Task[None]] = {}
        self.failures = 0  # works that raised, since the start

    def wake(self) -> None:
        """Something was enqueued."""
        self._woken.set()
        self._took_something.set()

    async def run(self, handlers: Mapping[str, Handler]) -> None:
        await self._insist(_give_back)
        try:
            while True:
                self._woken.clear()
                taken, next_at = await self._insist(self._take, frozenset(handlers))
                for work, version in taken:
                    task = asyncio.create_task(self._work(work, version, handlers[work.kind]), name=work.key)
                    self._running[work.part] = task
                    task.add_done_callback(partial(self._done, work.part))
                await self._sleep_until(next_at)
        finally:
            if self._running:
                _, late = await asyncio.wait(self._running.values(), timeout=GRACE)
                for task in late:
                    task.cancel()
                await asyncio.gather(*late, return_exceptions=True)

    async def idle(self, kinds: frozenset[str] | None = None) -> None:
        while True:
            self._settled.clear()
            names = None if kinds is None else json.dumps(sorted(kinds))
            live = await self._store.read(_live, self._clock.ms(), names)
            if not live:
                return
            await self._settled.wait()

    async def _work(self, work: Work, version: int, handler: Handler) -> None:
        whole_part = False
        try:
            await handler(work)
        except asyncio.CancelledError:
            if being_cancelled():
                raise  # not finished: the next start runs it again
            pause, attempt = _pause(work), work.attempt + 1
            log.error("%s was given up on by what it called; again in %.0f s", work.key, pause)
        except Later as later:
            pause, attempt, whole_part = later.seconds, work.attempt + (not later.quiet), later.part
            if str(later):
                log.info("%s: again in %.0f s: %s", work.key, pause, later)
        except StoreError as error:
            pause, attempt = _pause(work), work.attempt + 1
            log.error("%s: again in %.0f s: %s", work.key, pause, error)
        except Exception:
            self.failures += 1
            pause, attempt = _pause(work), work.attempt + 1
            log.exception("%s failed; again in %.0f s", work.key, pause)
        else:
            await self._insist(_finish, work.id, version)
            return
        again_at = self._clock.ms() + round(pause * 1000)
        await self._insist(_put_back, work, attempt, again_at, whole_part)

    def _take(self, tx: Tx, kinds: frozenset[str]) -> tuple[list[tuple[Work, int]], int | None]:
        now = self._clock.ms()
        if _was_set_back(tx, now):
            log.warning("the clock was set back: what waits for its time waits no longer for it")
            self._on_set_back(tx, now)
        return _take(tx, now, frozenset(self._running), AT_ONCE - len(self._running), kinds)

    async def _insist(self, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """A transaction of the engine's own: a disk that is full now may have room again, and the engine goes on.
        That something else was enqueued meanwhile shows that it has."""
        pause = 1.0
        while True:
            try:
                return await self._store.tx(fn, *args, **kwargs)
            except StoreError as error:
                log.error("the engine waits %.0f s for the database: %s", pause, error)
            self._took_something.clear()
            await _first(self._clock.sleep(pause), self._took_something.wait())
            pause = min(pause * 2, LONGEST_HITCH)

    def _done(self, part: str, _: asyncio.Task[None]) -> None:
        self._running.pop(part, None)
        self._settled.set()
        self._woken.set()

    async def _sleep_until(self, next_at: int | None) -> None:
        """Until something is enqueued or done, or the next work is due, or the clock is to be looked at."""
        await _first(self._nap(next_at), self._woken.wait())

    async def _nap(self, next_at: int | None) -> None:
        wait = LONGEST_NAP if next_at is None else (next_at - self._clock.ms()) / 1000
        await self._clock.sleep(min(max(wait, 0.0), LONGEST_NAP))


async def _first(*waits: Coroutine[Any, Any, object]) -> None:
    """Until any of them is over; the others are given up."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


def _pause(work: Work) -> float:
    return min(2.0 ** min(work.attempt, 30), LONGEST_PAUSE)


def _take(
    tx: Tx, now: int, busy: frozenset[str], room: int, kinds: frozenset[str]
) -> tuple[list[tuple[Work, int]], int | None]:
    """Marks what can run now, and tells when the next thing is due (None: nothing before something changes)."""
    heads = [head for head in tx.q(HEADS, kinds=json.dumps(sorted(kinds)), never=NEVER) if head["part"] not in busy]
    due = [head for head in heads if head["not_before"] <= now]
    taken: dict[str, tuple[Work, int]] = {}
    running = Counter(_group(part) for part in busy)
    for head in sorted(due, key=lambda h: (h["prio"], h["not_before"], h["id"])):
        if len(taken) == room:
            break
        if head["part"] not in taken and running[_group(head["part"])] < OF_A_GROUP:
            taken[head["part"]] = _mark(tx, head["id"])
            running[_group(head["part"])] += 1
    if len(taken) == room:
        return list(taken.values()), None  # the end of any of them wakes us
    # of a group that is full nothing is waited for either
    waiting = [h["not_before"] for h in heads if h["part"] not in taken and running[_group(h["part"])] < OF_A_GROUP]
    return list(taken.values()), min(waiting, default=None)


def _group(part: str) -> str:
    """What a part shares with others; a part without a slash is a group of its own."""
    return part.partition("/")[0]


def _mark(tx: Tx, id: int) -> tuple[Work, int]:  # noqa: A002
    (row,) = tx.q(TAKE, id=id, never=NEVER)
    work = Work(row["id"], row["kind"], row["key"], row["part"], json.loads(row["args"]), row["attempt"], row["prio"])
    return work, row["version"]


def _was_set_back(tx: Tx, now: int) -> bool:
    """Remembers the time, also for the next start. Where it was later before, all waits are as long as they were."""
    seen = int(tx.value("SELECT value FROM meta WHERE key = :key", key=CLOCK) or 0)
    if seen <= now < seen + LOOK_EVERY_MS:
        return False
    tx.q("INSERT OR REPLACE INTO meta (key, value) VALUES (:key, :now)", key=CLOCK, now=str(now))
    if now >= seen:
        return False
    tx.q(
        "UPDATE work SET not_before = not_before - :back WHERE not_before > :now AND not_before < :never",
        back=seen - now,
        now=now,
        never=NEVER,
    )
    return True


def _finish(tx: Tx, id: int, version: int) -> None:  # noqa: A002
    """Prunes finished work, unless it was put again while it ran: then it stays and is due when that put said."""
    tx.q("DELETE FROM work WHERE id = :id AND version = :version", id=id, version=version)


def _put_back(tx: Tx, work: Work, attempt: int, again_at: int, whole_part: bool) -> None:
    tx.q(
        "UPDATE work SET not_before = min(not_before, :again_at), attempt = :attempt WHERE id = :id",
        id=work.id,
        attempt=attempt,
        again_at=again_at,
    )
    if whole_part:
        tx.q(
            """UPDATE work SET not_before = :again_at
               WHERE kind = :kind AND part = :part AND prio >= :prio AND not_before < :again_at AND id != :id""",
            kind=work.kind,
            part=work.part,
            prio=work.prio,
            again_at=again_at,
            id=work.id,
        )


def _give_back(tx: Tx) -> None:
    """What was running when the process ended is due again."""
    tx.q("UPDATE work SET not_before = 0 WHERE not_before = :never", never=NEVER)


def _live(reader: Reader, now: int, kinds: str | None) -> bool:
    return bool(
        reader.value(
            """SELECT 1 FROM work INDEXED BY work_due
               WHERE (not_before <= :now OR not_before = :never)
               AND (:kinds IS NULL OR kind IN (SELECT value FROM json_each(:kinds))) LIMIT 1""",
            now=now,
            never=NEVER,
            kinds=kinds,
        )
    )
