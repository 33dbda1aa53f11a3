"""The day in figures, at a set time: each day once, and after a downtime all that were missed as one."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ..clock import Clock, to_ms
from ..store.port import Later, Store, Tx, Work
from .desk import Newsroom
from .kinds import Event
from .noting import PART, note
from .spans import parse_time

TOLD = "summary_to"  # in `meta`: up to when all was told (ms)
KEPT_MS = 400 * 86_400_000  # so long news stay in the database; the figures need what lapsed
SHORT_MS = 40 * 86_400_000  # and so long all else of it
LONGEST_NAP = 3600.0  # seconds until the clock is looked at again: it may have been set


def ask_for_summary(tx: Tx) -> None:
    """At a start."""
    tx.put("summary", "summary", PART, 60, 0)


class SummaryDesk:
    """Handles the work `summary`."""

    def __init__(self, store: Store, clock: Clock, room: Newsroom) -> None:
        self._store = store
        self._clock = clock
        self._at = room.settings.summary_at
        self._zone = ZoneInfo(room.zone)

    async def summarise(self, work: Work) -> None:
        now = self._clock.now()
        await self._store.tx(forget_old, to_ms(now))
        if not self._at:
            return
        minute = parse_time(self._at)
        await self._store.tx(tell_day, to_ms(last_time(now, minute, self._zone)), to_ms(now))
        left = (next_time(now, minute, self._zone) - now).total_seconds()
        raise Later(min(left, LONGEST_NAP), quiet=True)


def last_time(now: datetime, minute: int, zone: ZoneInfo) -> datetime:
    """When the clocks of `zone` last showed so many minutes after midnight."""
    day = now.astimezone(zone).date()
    for back in (0, 1):
        moment = _at(day - timedelta(days=back), minute, zone)
        if moment <= now:
            return moment
    return _at(day - timedelta(days=2), minute, zone)


def next_time(now: datetime, minute: int, zone: ZoneInfo) -> datetime:
    """When they will next."""
    day = now.astimezone(zone).date()
    today = _at(day, minute, zone)
    return today if today > now else _at(day + timedelta(days=1), minute, zone)


def _at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(minute // 60, minute % 60), zone)


def tell_day(tx: Tx, until: int, now: int) -> None:
    """Writes down what is to be told up to `until` (ms). At the very first start nothing has happened yet."""
    told = tx.value("SELECT value FROM meta WHERE key = :key", key=TOLD)
    if told is None or int(told) < until:
        tx.q("INSERT OR REPLACE INTO meta (key, value) VALUES (:key, :until)", key=TOLD, until=str(until))
    if told is not None and int(told) < until:
        note(tx, Event.SUMMARY, f"{until}", now, {"from": int(told), "to": until})


def forget_old(tx: Tx, now: int) -> None:
    old = """SELECT id FROM notices WHERE event = :event AND at < :before"""
    for event in Event:
        before = now - (KEPT_MS if event is Event.LAPSED else SHORT_MS)
        tx.q(f"DELETE FROM bulletin_items WHERE notice IN ({old})", event=event, before=before)  # noqa: S608
        tx.q(f"DELETE FROM notices WHERE id IN ({old})", event=event, before=before)  # noqa: S608
    tx.q(
        "DELETE FROM bulletins WHERE opened_at < :before AND id NOT IN (SELECT bulletin FROM bulletin_items)",
        before=now - SHORT_MS,
    )
