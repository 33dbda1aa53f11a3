"""How much a bot may say: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts is each message sent or edited; each picture of an album is one."""

    group_per_minute: int = 20  # groups and channels
    private_per_second: float = 1.0
    private_burst: int = 3
    overall_per_second: int = 30


@dataclass(frozen=True, slots=True)
class Broken:
    """A call that was too much, and was answered 429. `at`: seconds of the server's clock."""

    method: str
    chat: int
    at: float
    which: str  # "group", "private" or "overall"
    retry_after: float


@dataclass(slots=True)
class Meter:
    """What was said lately, and what was too much. Moments in seconds of the server's clock."""

    limits: Limits
    broken: list[Broken] = field(default_factory=list)
    said: int = 0
    _groups: defaultdict[int, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _private: dict[int, tuple[float, float]] = field(default_factory=dict)  # tokens left, at
    _overall: deque[float] = field(default_factory=deque)

    def ask(self, method: str, chat: int, cost: int, now: float, *, private: bool) -> float:
        """0 where it may be said now, and is counted; else the seconds until it may, and it is on record."""
        over = self._overall_wait(cost, now)
        here = self._private_wait(chat, cost, now) if private else self._group_wait(chat, cost, now)
        wait = max(over, here)
        if wait > 0:
            which = "overall" if over >= here else "private" if private else "group"
            self.broken.append(Broken(method, chat, now, which, wait))
            return wait
        self._overall.extend([now] * cost)
        self.said += cost
        if private:
            tokens, _ = self._tokens(chat, now)
            self._private[chat] = (tokens - cost, now)
        else:
            self._groups[chat].extend([now] * cost)
        return 0.0

    def _overall_wait(self, cost: int, now: float) -> float:
        return _window_wait(self._overall, cost, now, self.limits.overall_per_second, 1.0)

    def _group_wait(self, chat: int, cost: int, now: float) -> float:
        return _window_wait(self._groups[chat], cost, now, self.limits.group_per_minute, MINUTE)

    def _private_wait(self, chat: int, cost: int, now: float) -> float:
        tokens, _ = self._tokens(chat, now)
        # an album may be larger than the burst: it goes when the chat has been silent long enough
        missing = min(cost, self.limits.private_burst) - tokens
        return max(0.0, missing / self.limits.private_per_second)

    def _tokens(self, chat: int, now: float) -> tuple[float, float]:
        tokens, at = self._private.get(chat, (float(self.limits.private_burst), now))
        filled = tokens + (now - at) * self.limits.private_per_second
        # what a moment's worth of floating point is missing is not missing
        return min(float(self.limits.private_burst), filled + 1e-9), now


def _window_wait(said: deque[float], cost: int, now: float, most: int, seconds: float) -> float:
    """How long until `cost` more fit into the last `seconds`."""
    while said and said[0] <= now - seconds + 1e-9:
        said.popleft()
    too_many = len(said) + cost - most
    if too_many <= 0 or not said:  # what never fits goes alone
        return 0.0
    return said[min(too_many, len(said)) - 1] + seconds - now
