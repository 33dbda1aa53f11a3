"""One request a second an account, and ten seconds of nothing for who asks sooner."""

from __future__ import annotations


class RateLimit:
    """Counts from the arrival of one admitted request to the arrival of the next, in ms.

    The document gives the rate and not how it is measured; arrivals are what a server can see. Requests
    within the penalty are turned away too, without making it longer.
    """

    def __init__(self, interval: float = 1.0, penalty: float = 10.0, tolerance: float = 0.05) -> None:
        self._interval = round(1000 * (interval - tolerance))
        self._penalty = round(1000 * (penalty - tolerance))
        self._last: dict[str, int] = {}
        self._closed_until: dict[str, int] = {}

    def admit(self, account: str, now: int) -> bool:
        if now < self._closed_until.get(account, 0):
            return False
        if account in self._last and now - self._last[account] < self._interval:
            self.punish(account, now)
            return False
        self._last[account] = now
        return True

    def punish(self, account: str, now: int) -> None:
        """No request is admitted until the penalty is over."""
        self._closed_until[account] = now + self._penalty
