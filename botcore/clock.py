"""The one clock. Everything that asks for the time or waits for it does so here, so that tests can turn it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta


class Clock(ABC):
    """Tells the time (aware, UTC) and waits for it."""

    @abstractmethod
    def now(self) -> datetime: ...

    @abstractmethod
    async def sleep(self, seconds: float) -> None: ...

    def ms(self) -> int:
        """Now in milliseconds since the epoch: how the store keeps time."""
        return to_ms(self.now())


class SystemClock(Clock):
    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


class FastClock(Clock):
    """Runs `speed` times as fast as the system's clock, from `start` (or now) on."""

    def __init__(self, speed: float = 1.0, start: datetime | None = None) -> None:
        self.speed = speed
        self._origin = start or datetime.now(UTC)
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self._origin + timedelta(seconds=(time.monotonic() - self._began) * self.speed)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self.speed)


class ManualClock(Clock):
    """Stands still until it is told to move: for tests."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 5, 12, tzinfo=UTC)
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._count = itertools.count()

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + timedelta(seconds=seconds), next(self._count), woken))
        await woken

    def advance(self, seconds: float) -> None:
        """Moves on and wakes who slept until then, in their order. Call it on the event loop's thread."""
        self._now += timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= self._now:
            woken = heapq.heappop(self._sleepers)[2]
            if not woken.done():
                woken.set_result(None)

    def set_by(self, seconds: float) -> None:
        """Somebody sets it: who sleeps wakes no sooner and no later for that. Negative: back."""
        by = timedelta(seconds=seconds)
        self._now += by
        self._sleepers = [(at + by, count, woken) for at, count, woken in self._sleepers]


def to_ms(moment: datetime) -> int:
    """An aware moment as milliseconds since the epoch."""
    return round(moment.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    """Milliseconds since the epoch as an aware moment in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)
