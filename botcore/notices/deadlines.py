"""Reminders: what nobody has decided is told before it is paid unseen, a few times and ever more urgently."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from ..clock import Clock
from ..models import Person, Role
from ..store.port import Later, Reader, Row, Store, Tx, Work
from .desk import Newsroom, is_anybody_told
from .kinds import Event, Level
from .noting import note

AHEAD = 8  # a reminder is of all whose time comes within an eighth of it, too: one message instead of many
LONGEST_NAP = 3600.0  # seconds until the next look, at most: the clock may have been set

SOON = """
SELECT s.id, s.account, s.job_id, s.deadline, s.reminded FROM submissions s WHERE s.state IN ('new', 'shown')
AND ifnull(s.deadline, 9223372036854775807) > :now AND ifnull(s.deadline, 9223372036854775807) <= :until
ORDER BY ifnull(s.deadline, 9223372036854775807)
"""
AFTER = """
SELECT min(ifnull(s.deadline, 9223372036854775807)) FROM submissions s WHERE s.state IN ('new', 'shown')
AND ifnull(s.deadline, 9223372036854775807) > :until AND ifnull(s.deadline, 9223372036854775807) < 9223372036854775807
"""

Everybody = Callable[[], Awaitable[Sequence[Person]]]


@dataclass(frozen=True, slots=True)
class Reminder:
    """One reminder of one job. `span`: seconds before a deadline that it goes at; `until`: the last deadline that it is
    of (ms)."""

    account: str
    job: str
    span: int
    level: Level
    first: int
    until: int
    submissions: tuple[int, ...]


def level_of(span: int, spans: Sequence[int]) -> Level:
    """How urgent the reminder so long before is: the last of all is urgent, the one before it a warning."""
    behind = sum(other < span for other in spans)
    return Level.URGENT if behind == 0 else Level.WARNING if behind == 1 else Level.INFO


def due_reminders(rows: Sequence[Row], spans: Sequence[int], now: int) -> list[Reminder]:
    """What to remind of now. Of several reminders that a submission missed, only the last one goes."""
    fresh: dict[tuple[str, str, int], list[Row]] = {}
    for row in rows:
        if (span := _span_at(row, spans, now, ahead=False)) is not None:
            fresh.setdefault((row["account"], row["job_id"], span), []).append(row)
    found = []
    for (account, job, span), own in fresh.items():
        others = [
            row
            for row in rows
            if (row["account"], row["job_id"]) == (account, job) and _span_at(row, spans, now, ahead=True) == span
        ]
        together = {row["id"]: row for row in (*own, *others)}
        deadlines = [row["deadline"] for row in together.values()]
        level = level_of(span, spans)
        found.append(Reminder(account, job, span, level, min(deadlines), max(deadlines), tuple(together)))
    return found


def next_look(rows: Sequence[Row], spans: Sequence[int], after: int | None, now: int) -> int | None:
    """When the next reminder is due (ms); None where there is no deadline. `after`: the first one beyond `rows`."""
    moments = [
        row["deadline"] - span * 1000
        for row in rows
        for span in spans
        if row["deadline"] - span * 1000 > now and span < (row["reminded"] or span + 1)
    ]
    if after is not None:
        moments.append(after - max(spans) * 1000)
    return min(moments, default=None)


def _span_at(row: Row, spans: Sequence[int], now: int, *, ahead: bool) -> int | None:
    """The reminder whose time has come for a submission, and that it has not had; `ahead`: or is about to."""
    left = row["deadline"] - now
    passed = [span for span in spans if left <= span * 1000 * (1 + 1 / AHEAD if ahead else 1)]
    span = min(passed, default=None)
    return None if span is None or (row["reminded"] is not None and row["reminded"] <= span) else span


class ReminderDesk:
    """Handles the work `remind`."""

    def __init__(self, store: Store, clock: Clock, room: Newsroom, everybody: Everybody) -> None:
        self._store = store
        self._clock = clock
        self._room = room
        self._spans = room.settings.reminders
        self._everybody = everybody

    async def remind(self, work: Work) -> None:
        """Where nobody is told, nothing is looked at, until somebody subscribes or the bot starts anew."""
        if not self._spans or not await self._store.read(is_anybody_told, self._room, Event.DEADLINE):
            return
        people = await self._everybody()
        names = {
            Level.INFO: [],
            Level.WARNING: [person.name for person in people if person.role in (Role.REVIEWER, Role.MANAGER)],
            Level.URGENT: [person.name for person in people if person.role is Role.OWNER],
        }
        at = await self._store.tx(remind, self._spans, names, self._clock.ms())
        if at is not None:
            raise Later(min((at - self._clock.ms()) / 1000, LONGEST_NAP), quiet=True)


def remind(tx: Tx, spans: Sequence[int], names: Mapping[Level, Sequence[str]], now: int) -> int | None:
    """Writes down what is to be reminded of now; returns when to look again (ms), None where there is nothing."""
    rows = _soon(tx, spans, now)
    for reminder in due_reminders(rows, spans, now):
        for submission in reminder.submissions:
            tx.q("UPDATE submissions SET reminded = :span WHERE id = :id", id=submission, span=reminder.span)
        note(
            tx,
            Event.DEADLINE,
            f"{min(reminder.submissions)}:{reminder.span}:{reminder.first}",
            now,
            {"first": reminder.first, "until": reminder.until, "people": list(names[reminder.level])},
            account=reminder.account,
            job=reminder.job,
            level=reminder.level,
        )
    until = _until(spans, now)
    after = tx.value(AFTER, until=until)
    return next_look(_soon(tx, spans, now), spans, after, now)


def _soon(reader: Reader, spans: Sequence[int], now: int) -> Sequence[Row]:
    return reader.q(SOON, now=now, until=_until(spans, now))


def _until(spans: Sequence[int], now: int) -> int:
    return now + round(max(spans) * 1000 * (1 + 1 / AHEAD))
