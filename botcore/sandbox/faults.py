"""What goes wrong on purpose: per endpoint, by luck or by number, counted."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase


class FaultKind(StrEnum):
    """How a request goes wrong. "After": its effect is done and kept."""

    RATE_LIMIT = "429"
    UNAUTHORIZED = "401"  # the key is good and not accepted; nothing is done
    ERROR = "5xx"
    ERROR_AFTER = "5xx_after"
    ERROR_LATE = "5xx_late"  # an error at once; the effect lands `seconds` later
    REFUSE = "refuse"  # the connection is closed before anything is done
    REDIRECT = "redirect"  # to a page for browsers; nothing is done
    REDIRECT_AFTER = "redirect_after"
    HANG_BEFORE = "hang_before"  # no answer and no effect
    HANG_AFTER = "hang_after"  # no answer
    LATE = "late"  # no answer; the effect lands `seconds` after the client gave up
    SLOW = "slow"  # done; the answer takes `seconds`
    DROP = "drop"  # done; the connection is closed instead of an answer
    CUT = "cut"  # done; the answer breaks off
    GARBAGE = "garbage"  # done; the answer is not JSON
    PARTIAL = "partial"  # done; the answer leaves something out
    MISCOUNT = "miscount"  # done; what the answer counts is counted wrong
    SHIFTED = "shifted"  # done; of a list in the answer one thing is left out, and another is there twice
    STALE = "stale"  # what reads is answered as it was up to `seconds` ago; what changes something, as ever


_SECONDS = {FaultKind.LATE: 30.0, FaultKind.ERROR_LATE: 30.0, FaultKind.SLOW: 5.0, FaultKind.STALE: 5.0}
_HANG_SECONDS = 600.0


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
    luck: random.Random = field(default_factory=random.Random, repr=False)

    @property
    def wait(self) -> float:
        """How long it takes: until a hanging connection is closed, a late effect lands or a slow answer comes;
        of a stale answer, how old it may be."""
        return _SECONDS.get(self.kind, _HANG_SECONDS) if self.seconds is None else self.seconds

    def strikes(self, endpoint: str) -> bool:
        if self.count is not None and self.fired >= self.count:
            return False
        if not fnmatchcase(endpoint, self.endpoint) or self.luck.random() >= self.probability:
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
        fault = Fault(endpoint, FaultKind(kind), probability, count, seconds, status, self._made, luck=luck)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        self._faults.clear()

    def strike(self, endpoint: str) -> Fault | None:
        """The fault that befalls this request."""
        return next((fault for fault in self._faults if fault.strikes(endpoint)), None)

    def all(self) -> list[Fault]:
        return list(self._faults)
