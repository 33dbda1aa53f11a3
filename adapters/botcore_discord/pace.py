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

    def wait(self, name: str, calls: int) -> float:
        """Seconds until fewer than so many calls have left within the period."""
        window, now = self._windows.get(name), self._clock.ms()
        ends = [at + self._period_ms for at in window.left] if window else []
        left = [end - now for end in ends if 0 < end - now <= self._period_ms]
        return left[-calls] / 1000 if len(left) >= calls else 0.0

    async def turn(self, name: str) -> None:
        """Waits until a call may leave."""
        window = self._windows.setdefault(name, _Window(deque(maxlen=self._calls)))
        async with window.lock:
            if len(window.left) == self._calls:
                wait = window.left[0] + self._period_ms - self._clock.ms()
                if 0 < wait <= self._period_ms:  # longer ones come of a clock that was set back
                    await self._clock.sleep(wait / 1000)
            window.left.append(self._clock.ms())
