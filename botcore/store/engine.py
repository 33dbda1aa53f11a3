"""The engine on SQLite: takes what is due out of the `work` table, and runs it at least once."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from ..clock import Clock
from .port import Engine, Handler, Later, Reader, Store, StoreError, Tx, Work, being_cancelled

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

NEVER = 2**62  # `not_before` of what is running just now
AT_ONCE = 32  # works running at the same time
GRACE = 1.5  # seconds that running work is given when the engine stops
LONGEST_PAUSE = 300.0  # seconds between tries of work that keeps failing
LONGEST_NAP = 60.0  # seconds until the clock is looked at again: it may have been set
LONGEST_HITCH = 30.0  # seconds between tries of a database that says no

TAKE = """
UPDATE work SET not_before = :never WHERE id = (
    SELECT id FROM work
    WHERE not_before <= :now AND part NOT IN (SELECT value FROM json_each(:busy))
    ORDER BY prio, not_before, id LIMIT 1)
RETURNING id, kind, key, part, args, attempt, version
"""


class SqliteEngine(Engine):
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._woken = asyncio.Event()
        self._settled = asyncio.Event()
        self._running: dict[str, asyncio.Task[None]] = {}
        self.failures = 0  # works that raised, since the start

    def wake(self) -> None:
        """Something was enqueued."""
        self._woken.set()

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
        try:
            await handler(work)
        except asyncio.CancelledError:
            if being_cancelled():
                raise  # not finished: the next start runs it again
            pause, attempt = _pause(work), work.attempt + 1
            log.error("%s was given up on by what it called; again in %.0f s", work.key, pause)
        except Later as later:
            pause, attempt = later.seconds, work.attempt + (not later.quiet)
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
        await self._insist(_put_back, work.id, attempt, again_at)

    def _take(self, tx: Tx, kinds: frozenset[str]) -> tuple[list[tuple[Work, int]], int | None]:
        return _take(tx, self._clock.ms(), list(self._running), AT_ONCE - len(self._running), kinds)

    async def _insist(self, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """A transaction of the engine's own: a disk that is full now may have room again, and the engine goes on."""
        pause = 1.0
        while True:
            try:
                return await self._store.tx(fn, *args, **kwargs)
            except StoreError as error:
                log.error("the engine waits %.0f s for the database: %s", pause, error)
            await self._clock.sleep(pause)
            pause = min(pause * 2, LONGEST_HITCH)

    def _done(self, part: str, _: asyncio.Task[None]) -> None:
        self._running.pop(part, None)
        self._settled.set()
        self._woken.set()

    async def _sleep_until(self, next_at: int | None) -> None:
        """Until something is enqueued or done, or the next work is due."""
        if next_at is None:
            await self._woken.wait()
            return
        sleeper = asyncio.ensure_future(self._nap(next_at))
        waker = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait({sleeper, waker}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeper.cancel()
            waker.cancel()

    async def _nap(self, next_at: int) -> None:
        wait = (next_at - self._clock.ms()) / 1000
        await self._clock.sleep(min(max(wait, 0.0), LONGEST_NAP))


def _pause(work: Work) -> float:
    return min(2.0 ** min(work.attempt, 30), LONGEST_PAUSE)


def _take(
    tx: Tx, now: int, busy: list[str], room: int, kinds: frozenset[str]
) -> tuple[list[tuple[Work, int]], int | None]:
    """Marks what can run now, and tells when the next thing is due (None: nothing before something changes)."""
    taken: list[tuple[Work, int]] = []
    parts = list(busy)
    while len(taken) < room:
        row = tx.one(TAKE, now=now, never=NEVER, busy=json.dumps(parts))
        if row is None:
            break
        if row["kind"] not in kinds:  # of a plugin that is not loaded: it waits for it
            tx.q("UPDATE work SET not_before = :later WHERE id = :id", id=row["id"], later=now + 60_000)
            continue
        parts.append(row["part"])
        work = Work(row["id"], row["kind"], row["key"], row["part"], json.loads(row["args"]), row["attempt"])
        taken.append((work, row["version"]))
    if len(taken) == room:
        return taken, None  # the end of any of them wakes us
    next_at: int | None = tx.value(
        """SELECT min(not_before) FROM work
           WHERE not_before < :never AND part NOT IN (SELECT value FROM json_each(:busy))""",
        never=NEVER,
        busy=json.dumps(parts),
    )
    return taken, next_at


def _finish(tx: Tx, id: int, version: int) -> None:  # noqa: A002
    """Prunes finished work, unless it was put again while it ran: then it stays and is due when that put said."""
    tx.q("DELETE FROM work WHERE id = :id AND version = :version", id=id, version=version)


def _put_back(tx: Tx, id: int, attempt: int, again_at: int) -> None:  # noqa: A002
    tx.q(
        "UPDATE work SET not_before = min(not_before, :again_at), attempt = :attempt WHERE id = :id",
        id=id,
        attempt=attempt,
        again_at=again_at,
    )


def _give_back(tx: Tx) -> None:
    """What was running when the process ended is due again."""
    tx.q("UPDATE work SET not_before = 0 WHERE not_before = :never", never=NEVER)


def _live(reader: Reader, now: int, kinds: str | None) -> int:
    count: int = reader.value(
        """SELECT count(*) FROM work WHERE (not_before <= :now OR not_before = :never)
           AND (:kinds IS NULL OR kind IN (SELECT value FROM json_each(:kinds)))""",
        now=now,
        never=NEVER,
        kinds=kinds,
    )
    return count
