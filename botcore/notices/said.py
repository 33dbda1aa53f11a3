"""What was said in chats of what channels hear: kept, and looked up."""

from __future__ import annotations

from collections.abc import Sequence

from ..store.port import Reader, Row, Tx
from .noting import look_at_deadlines
from .routing import ALL, Said


def read_said(reader: Reader, channel: str) -> Said:
    """What counts for a channel now."""
    rows = read_all(reader, channel)
    return Said(
        frozenset(row["event"] for row in rows if not row["muted"]),
        {row["event"]: row["until"] for row in rows if row["muted"]},
    )


def read_all(reader: Reader, channel: str) -> Sequence[Row]:
    """By whom and when, too."""
    return reader.q("SELECT * FROM subscriptions WHERE channel = :channel ORDER BY event", channel=channel)


def mute(tx: Tx, channel: str, events: Sequence[str], until: int | None, person: str, now: int) -> None:
    """No more of these in a channel until then (ms; None: for good). No events: of nothing."""
    for event in events or [ALL]:
        _say(tx, channel, event, 1, until, person, now)


def unmute(tx: Tx, channel: str, events: Sequence[str]) -> int:
    """Takes back what was muted; no events: all of it. Returns how much that was."""
    taken = 0
    for row in read_all(tx, channel):
        if row["muted"] and (not events or row["event"] in events):
            tx.q(
                "DELETE FROM subscriptions WHERE channel = :channel AND event = :event",
                channel=channel,
                event=row["event"],
            )
            taken += 1
    return taken


def subscribe(tx: Tx, channel: str, events: Sequence[str], person: str, now: int) -> None:
    """These are heard in a channel, whatever its settings say."""
    for event in events:
        _say(tx, channel, event, 0, None, person, now)
    look_at_deadlines(tx)


def _say(tx: Tx, channel: str, event: str, muted: int, until: int | None, person: str, now: int) -> None:
    tx.q(
        """INSERT INTO subscriptions (channel, event, muted, until, person, at)
           VALUES (:channel, :event, :muted, :until, :person, :now)
           ON CONFLICT (channel, event) DO UPDATE SET
               muted = excluded.muted, until = excluded.until, person = excluded.person, at = excluded.at""",
        channel=channel,
        event=event,
        muted=muted,
        until=until,
        person=person,
        now=now,
    )
