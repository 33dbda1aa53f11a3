"""What can go wrong between a bot and Telegram, scripted call by call or thrown by dice."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["slow", "hang", "cut", "garbage", "broken", "too many"]
KINDS: tuple[Kind, ...] = ("slow", "hang", "cut", "garbage", "broken", "too many")


@dataclass(frozen=True, slots=True)
class Fault:
    """`effect`: it is done all the same, and only its answer goes wrong."""

    kind: Kind
    effect: bool = False
    seconds: float = 0.0
    status: int = 502


def slow(seconds: float) -> Fault:
    """Answered rightly, but late."""
    return Fault("slow", effect=True, seconds=seconds)


def hang(*, effect: bool) -> Fault:
    """Never answered, as long as the server lives."""
    return Fault("hang", effect)


def cut(*, effect: bool) -> Fault:
    """The connection is reset."""
    return Fault("cut", effect)


def garbage(*, effect: bool) -> Fault:
    """200 with something that is not JSON."""
    return Fault("garbage", effect)


def broken(status: int = 502, *, effect: bool) -> Fault:
    """A 5xx with a page of HTML, as a gateway gives it."""
    return Fault("broken", effect, status=status)


def too_many(seconds: float) -> Fault:
    """429 with `retry_after`, and not done; it is not recorded as a limit that the bot broke."""
    return Fault("too many", seconds=seconds)


@dataclass(frozen=True, slots=True)
class Weather:
    """Faults by seed: `share` of all calls of these methods (all but getUpdates where there are none)."""

    seed: int
    share: float
    kinds: tuple[Kind, ...] = ("slow", "cut", "garbage", "broken", "too many")
    methods: frozenset[str] = frozenset()
    seconds: float = 0.2


@dataclass(slots=True)
class Faults:
    """What will go wrong. `happened`: what did, in its order, as (method, fault)."""

    happened: list[tuple[str, Fault]] = field(default_factory=list)
    _scripted: list[tuple[str, int | None, Fault]] = field(default_factory=list)
    _weather: Weather | None = None
    _dice: random.Random = field(default_factory=random.Random)

    def add(self, method: str, *faults: Fault, times: int = 1, chat: int | None = None) -> None:
        """The next calls of a method (in a chat) meet these, one each; `*` is any method."""
        self._scripted += [(method, chat, fault) for _ in range(times) for fault in faults]

    def weather(self, weather: Weather | None) -> None:
        self._weather = weather
        self._dice = random.Random(weather.seed if weather else 0)

    def clear(self) -> None:
        self._scripted.clear()
        self._weather = None

    @property
    def left(self) -> int:
        """Scripted ones that nothing has met yet."""
        return len(self._scripted)

    def take(self, method: str, chat: int | None) -> Fault | None:
        """What goes wrong with this call."""
        fault = self._next(method, chat)
        if fault:
            self.happened.append((method, fault))
        return fault

    def _next(self, method: str, chat: int | None) -> Fault | None:
        for number, (wanted, where, fault) in enumerate(self._scripted):
            if wanted in ("*", method) and where in (None, chat):
                del self._scripted[number]
                return fault
        weather = self._weather
        if weather is None or (method not in weather.methods if weather.methods else method == "getUpdates"):
            return None
        if self._dice.random() >= weather.share:
            return None
        kind = self._dice.choice(weather.kinds)
        effect = kind == "slow" or (kind != "too many" and self._dice.random() < 0.5)
        return Fault(kind, effect, weather.seconds)
