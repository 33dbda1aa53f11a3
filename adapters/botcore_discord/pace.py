"""How often a channel is written to: below what Discord allows, so that its refusals stay the exception."""

from __future__ import annotations

from collections import deque

from botcore.clock import Clock

CALLS, PERIOD = 5, 5.5  # messages in so many seconds, and as many edits; Discord counts 5 in 5


class Pace:
    """A window of calls for each name. Who waits longest goes first."""

    def __init__(self, clock: Clock, calls: int = CALLS, period: float = PERIOD) -> None:
        self._clock = clock
        self._calls = calls
        self._period_ms = round(period * 1000)
        self._turns: dict[str, deque[int]] = {}  # when the last calls left, or will

    async def turn(self, name: str) -> None:
        """Waits until a call may leave."""
        now = self._clock.ms()
        turns = self._turns.setdefault(name, deque(maxlen=self._calls))
        if turns and turns[-1] > now + self._period_ms * self._calls:  # the clock was set back
            turns.clear()
        at = max(now, turns[0] + self._period_ms) if len(turns) == self._calls else now
        turns.append(at)
        if at > now:
            await self._clock.sleep((at - now) / 1000)
