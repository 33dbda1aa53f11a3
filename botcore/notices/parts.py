"""How the bot's own parts are, as news knows it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from ..accounts import Account
from ..clock import Clock
from ..store.port import Store, StoreError
from ..supervisor import PartState, PartStatus
from .conditions import Condition, State, note_conditions

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
AGAIN_MS = 30_000
ACCOUNT = "account "
RUNNING, UNKNOWN = Condition(State.UP), Condition(State.UNKNOWN)


class Watchman:
    """Looks every few seconds how all parts are, and writes down where that is news."""

    def __init__(self, store: Store, clock: Clock, look: Callable[[], Mapping[str, Condition]]) -> None:
        self._store = store
        self._clock = clock
        self._look = look
        self._seen: Mapping[str, Condition] = {}
        self._at = 0

    async def watch(self) -> None:
        while True:
            try:
                await self.note()
            except StoreError as error:
                log.warning("how the parts are is not noted: %s", error)
            await self._clock.sleep(LOOK_SECONDS)

    async def note(self) -> None:
        """One look. What has not changed is written down again now and then: only what lasts is told."""
        now, parts = self._clock.ms(), self._look()
        lasting = any(part.state is State.DOWN and not part.at_once for part in parts.values())
        if parts == self._seen and not (lasting and abs(now - self._at) >= AGAIN_MS):
            return
        await self._store.tx(note_conditions, parts, now)
        self._seen, self._at = parts, now


def conditions_of(
    parts: Sequence[PartStatus],
    accounts: Mapping[str, Account],
    broken: Mapping[str, str],
    reached: Collection[str],
    rules: Mapping[str, str],
) -> dict[str, Condition]:
    """By name. `broken`: channels and why; `reached`: those that something went to since the start; `rules`: broken
    ones and why."""
    found = {part.name: _part(part, accounts.get(part.name.removeprefix(ACCOUNT))) for part in parts}
    found |= dict(_channels(broken, reached))
    found |= {f"rule {name}": Condition(State.DOWN, why, at_once=True) for name, why in rules.items()}
    return found


def _part(part: PartStatus, account: Account | None) -> Condition:
    if account is not None and account.needs_person:
        return Condition(State.DOWN, account.problem, at_once=True)
    match part.state:
        case PartState.RUNNING:
            return RUNNING
        case PartState.NEEDS_ATTENTION:
            return Condition(State.DOWN, part.error, at_once=True)
        case PartState.BACKING_OFF:
            return Condition(State.DOWN, part.error)
    # on its way up again: it is as wrong as it was
    return Condition(State.DOWN, part.error) if part.error and part.restarts else UNKNOWN


def _channels(broken: Mapping[str, str], reached: Collection[str]) -> Iterator[tuple[str, Condition]]:
    for name in reached:
        yield f"channel {name}", RUNNING
    for name, why in broken.items():
        yield f"channel {name}", Condition(State.DOWN, why, at_once=True)
