"""Which revision of an application this is: the marketplace does not number them.

A worker who was asked to complete their work hands in again under the same application id, and nothing in the answer
counts how often. So whatever differs in date, text or pictures from all that was seen under the id is the next
revision; and so is the very same that is pending again after it was sent back. Only what is pending can be new:
what the marketplace changes about an application when it is rated is nobody's work.

What was seen is kept in the account's memory, by application: in the bot's own database, so it survives a restart,
and an older backup forgets revisions together with the submissions that had them. Numbers only grow, and a number
once given to some work stays its own: whoever reads an old page again gets the old number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from botcore.memory import Memory

from .wire import WireApplication

DECLINED, REPORTED, APPROVED, PENDING, NOT_COMPLETED = 1, 2, 3, 4, 5

QUIET_MS = 120_000  # for so long after it was sent back, the same work may still be listed as pending by mistake
KEEP_MS = 365 * 86_400_000
LONGEST = 2_000  # characters kept of what a worker was told


@dataclass(frozen=True, slots=True)
class Edition:
    """Work as it was handed in. `sent_back_at` (ms): when it was seen to be with its worker again."""

    mark: str
    said: str = ""
    sent_back_at: int | None = None


History = tuple[Edition, ...]


class Revisions:
    """Numbers applications, from 0 on."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def number(self, applications: Sequence[WireApplication], now: int) -> Mapping[str, History]:
        """By application, its editions up to this one: the last of them is what was handed in."""
        found: dict[str, History] = {}

        def see_all(kept: Mapping[str, str]) -> Mapping[str, str]:
            found.clear()
            after = dict(kept)
            for application in applications:
                key = _key(application.id)
                history, number = see(_load(after.get(key, "")), application, now)
                found[application.id] = history[: number + 1]
                after[key] = _dump(history)
            return after

        await self._memory.change([_key(application.id) for application in applications], see_all)
        return found

    async def forget_old(self, now: int) -> None:
        """Of applications that nothing has changed about for a year, nobody hears again."""
        await self._memory.forget(_key(""), now - KEEP_MS)

    async def sent_back(self, application_id: str, revision: int, said: str, now: int) -> None:
        """Notes that a revision went back to its worker."""
        key = _key(application_id)

        def note(kept: Mapping[str, str]) -> Mapping[str, str]:
            history = _load(kept.get(key, ""))
            if len(history) != revision + 1:
                return {}
            return {key: _dump(_returned(history, said, now))}

        await self._memory.change([key], note)


def see(history: History, application: WireApplication, now: int) -> tuple[History, int]:
    """The history with this application in it, and the number of its revision."""
    if not history:
        history = (Edition(application.mark),)
    last = history[-1]
    if application.status == NOT_COMPLETED and last.sent_back_at is None:
        history = _returned(history, application.showcause, now)
    if application.status != PENDING:
        return history, len(history) - 1
    marks = [edition.mark for edition in history]
    is_back = last.sent_back_at is not None and now - last.sent_back_at >= QUIET_MS
    if is_back or application.mark not in marks:
        history = (*history[:-1], replace(last, said=last.said or application.showcause[:LONGEST]))
        return (*history, Edition(application.mark)), len(history)
    return history, len(marks) - 1 - marks[::-1].index(application.mark)


def _returned(history: History, said: str, now: int) -> History:
    return (*history[:-1], replace(history[-1], said=said[:LONGEST], sent_back_at=now))


def _key(application_id: str) -> str:
    return f"application:{application_id}"


def _dump(history: History) -> str:
    return json.dumps([[edition.mark, edition.said, edition.sent_back_at] for edition in history])


def _load(text: str) -> History:
    return tuple(Edition(*parts) for parts in json.loads(text)) if text else ()
