"""How often a channel is written to: below what Discord allows, so that its refusals stay the exception."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from botcore.clock import Clock

CALLS, PERIOD = 5, 5.5  # messages in so many seconds, and as many edits; Discord counts 5 in 5


@dataclass(slots=True)
class _Window:
    left: deque[int]  # when the last calls did
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Pace:
    """A window of calls for each name, in the order of who came."""

    def __init__(self, clock: Clock, calls: int = CALLS, period: float = PERIOD) -> None:
        self._clock = clock
        self._calls = calls
        self._period_ms = round(period * 1000)
        self._windows: dict[str, _Window] = {}

    async def turn(self, name: str) -> None:
        """Waits until a call may leave."""
        window = self._windows.setdefault(name, _Window(deque(maxlen=self._calls)))
        async with window.lock:
            if len(window.left) == self._calls:
                wait = window.left[0] + self._period_ms - self._clock.ms()
                if 0 < wait <= self._period_ms:  # longer ones come of a clock that was set back
                    await self._clock.sleep(wait / 1000)
            window.left.append(self._clock.ms())
