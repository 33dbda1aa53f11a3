"""What goes wrong on purpose: per endpoint, by luck or by number, counted."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

HANG_SECONDS = 600.0
LATE_SECONDS = 30.0


class FaultKind(StrEnum):
    """How a request goes wrong. "After": its effect is done and kept."""

    RATE_LIMIT = "429"
    ERROR = "5xx"
    ERROR_AFTER = "5xx_after"
    REFUSE = "refuse"  # the connection is closed before anything is done
    HANG_BEFORE = "hang_before"  # no answer and no effect
    HANG_AFTER = "hang_after"  # no answer
    LATE = "late"  # no answer; the effect lands `seconds` after the client gave up
    GARBAGE = "garbage"  # done; the answer is not JSON
    DROP = "drop"  # done; the connection is closed instead of an answer


@dataclass(slots=True)
class Fault:
    """A rule. `endpoint` may hold wildcards; `count` None means for ever. `seconds` are of the sandbox's
    clock."""

    endpoint: str
    kind: FaultKind
    probability: float = 1.0
    count: int | None = None
    seconds: float | None = None
    status: int = 500
    n: int = 0
    fired: int = 0
    _luck: random.Random = field(default_factory=random.Random, repr=False)

    @property
    def wait(self) -> float:
        """How long it takes: until a hanging connection is closed, or until a late effect lands."""
        if self.seconds is not None:
            return self.seconds
        return LATE_SECONDS if self.kind is FaultKind.LATE else HANG_SECONDS

    def strikes(self, endpoint: str) -> bool:
        if self.count is not None and self.fired >= self.count:
            return False
        if not fnmatchcase(endpoint, self.endpoint) or self._luck.random() >= self.probability:
            return False
        self.fired += 1
        return True


class FaultBook:
    """The faults in force; of several that would strike, the one set first does. Kept in memory only."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._made = 0
        self._faults: list[Fault] = []

    def add(
        self,
        endpoint: str,
        kind: FaultKind | str,
        *,
        probability: float = 1.0,
        count: int | None = None,
        seconds: float | None = None,
        status: int = 500,
    ) -> Fault:
        """Sets a fault; the one returned counts how often it `fired`. Raises `ValueError` for an unknown
        kind."""
        self._made += 1
        luck = random.Random(f"{self._seed}:fault:{self._made}")
        fault = Fault(endpoint, FaultKind(kind), probability, count, seconds, status, self._made, _luck=luck)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        self._faults.clear()

    def strike(self, endpoint: str) -> Fault | None:
        """The fault that befalls this request."""
        return next((fault for fault in self._faults if fault.strikes(endpoint)), None)

    def all(self) -> list[Fault]:
        return list(self._faults)
