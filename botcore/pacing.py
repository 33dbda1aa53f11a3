"""Gates: who may call next, and when. One per account, so that a marketplace's rate limit is never broken."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from enum import IntEnum

from .clock import Clock

LONGEST_REMEMBERED_MS = 60_000  # of a wait from before a restart: the clock may have been set back since


class Urgency(IntEnum):
    """Who goes first where calls must wait for each other."""

    PERSON = 0  # somebody is waiting for the answer
    DEADLINE = 1  # a rating whose deadline is near
    RATING = 2
    POLLING = 3


_urgency: ContextVar[Urgency] = ContextVar("urgency", default=Urgency.POLLING)


@contextmanager
def urgency(level: Urgency) -> Iterator[None]:
    """Marketplace calls made inside go through their gate at this level."""
    token = _urgency.set(level)
    try:
        yield
    finally:
        _urgency.reset(token)


class Gate(ABC):
    """Held for one HTTP request at a time."""

    @abstractmethod
    def turn(self) -> AbstractAsyncContextManager[None]:
        """Waits for the turn; the next one comes only after this request's answer and the account's interval."""

    @abstractmethod
    async def pause(self, seconds: float) -> None:
        """No request of any kind for so long (after a 429)."""


class OpenGate(Gate):
    """Lets everyone through: for tests and one-off tools."""

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        yield

    def turn(self) -> AbstractAsyncContextManager[None]:
        return self._open()

    async def pause(self, seconds: float) -> None:
        return None


class PacedGate(Gate):
    """One request at a time, `interval` seconds from an answer to the next request, the most urgent first.

    When the next call may leave is kept in the database (`load` and `save`, in ms since the epoch), committed before
    a request goes out, so that a restart does not forget it. A clock that is set back adds nothing to a wait.
    """

    def __init__(
        self,
        clock: Clock,
        interval: float,
        load: Callable[[], Awaitable[int]],
        save: Callable[[int], Awaitable[None]],
    ) -> None:
        self._clock = clock
        self._interval = interval
        self._load = load
        self._save = save
        self._loaded = False
        self._next_call = 0
        self._looked_at = 0  # what the clock said when `_next_call` was last held against it
        self._busy = False
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def turn(self) -> AbstractAsyncContextManager[None]:
        return self._turn()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        await self._enter()
        try:
            yield
        finally:
            self._put_off(self._interval)
            self._leave()

    async def pause(self, seconds: float) -> None:
        self._put_off(seconds)
        await self._save(self._next_call)

    async def _enter(self) -> None:
        place = (int(_urgency.get()), next(self._order))
        if self._busy:
            await self._queue(place)
        self._busy = True
        while True:
            with self._left_on_error():
                await self._wait_for_time()
                if not self._waiting or place < self._waiting[0][:2]:
                    self._put_off(self._interval)
                    await self._save(self._next_call)
                    return
            await self._queue(place, self._leave)  # who came meanwhile is more urgent

    async def _queue(self, place: tuple[int, int], then: Callable[[], None] = lambda: None) -> None:
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (*place, mine))
        then()
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._leave()  # the turn came at the moment of giving up: pass it on
            raise

    async def _wait_for_time(self) -> None:
        if not self._loaded:
            at = min(await self._load(), self._clock.ms() + LONGEST_REMEMBERED_MS)
            self._loaded, self._next_call, self._looked_at = True, max(at, self._next_call), self._clock.ms()
        while (wait := self._wait_ms()) > 0:
            await self._clock.sleep(min(wait / 1000, 60.0))

    def _wait_ms(self) -> int:
        now = self._clock.ms()
        if now < self._looked_at:  # set back: what was left to wait then is left now
            self._next_call -= self._looked_at - now
        self._looked_at = now
        return self._next_call - now

    def _put_off(self, seconds: float) -> None:
        later = self._wait_ms()
        self._next_call = self._looked_at + max(later, round(seconds * 1000))

    def _leave(self) -> None:
        while self._waiting:
            _, _, heir = heapq.heappop(self._waiting)
            if not heir.done():
                heir.set_result(None)
                return
        self._busy = False

    @contextmanager
    def _left_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._leave()
            raise
