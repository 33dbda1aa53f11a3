"""Discord's limits, counted as it does, and its bad days, one after the other as a test says."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum


class Trouble(Enum):
    ERROR_BEFORE = "a 502, nothing done"
    ERROR_AFTER = "a 502, though it is done"
    UNAVAILABLE = "a 503, nothing done"
    UNAVAILABLE_AFTER = "a 503, though it is done"
    CUT_BEFORE = "the connection breaks, nothing done"
    CUT_AFTER = "it is done, and the connection breaks"
    HANG_AFTER = "it is done, and no answer comes"
    PAUSE = "429 for this route"
    PAUSE_ALL = "429 for everything"
    FORBIDDEN = "403"
    REFUSED = "400"
    OLD_EDITS = "429 for edits of old messages"
    BANNED = "429 that is not Discord's own"


@dataclass
class Fault:
    """Hits the next `times` requests of a method whose path matches; `seconds` is how long a pause is asked for."""

    trouble: Trouble
    method: str
    path: str
    times: int = 1
    seconds: float = 0.2
    met: int = 0

    def takes(self, method: str, path: str) -> bool:
        if self.times <= self.met or method != self.method or not re.fullmatch(self.path, path):
            return False
        self.met += 1
        return True


@dataclass
class Limits:
    """Messages and edits in each channel, and everything together. `broken` says where more came than is allowed."""

    now: Callable[[], float]
    calls: int = 5
    period: float = 5.0
    all_calls: int = 50  # in a second
    broken: list[str] = field(default_factory=list)
    _seen: dict[str, deque[float]] = field(default_factory=dict)

    def wait(self, bucket: str) -> float:
        """Takes one call; 0, or in how many seconds it may come again."""
        return self._count(bucket, self.calls, self.period) or self._count("everything", self.all_calls, 1.0)

    def left(self, bucket: str) -> tuple[int, float]:
        """How many calls are left, and in how many seconds one more is."""
        seen = self._seen.get(bucket, deque())
        oldest = seen[0] if seen else self.now()
        return self.calls - len(seen), max(0.0, oldest + self.period - self.now())

    def _count(self, bucket: str, calls: int, period: float) -> float:
        now, seen = self.now(), self._seen.setdefault(bucket, deque())
        while seen and seen[0] <= now - period:
            seen.popleft()
        if len(seen) >= calls:
            self.broken.append(bucket)
            return seen[0] + period - now
        seen.append(now)
        return 0.0
