"""From what happened to messages: news goes to every channel that hears of it, and joins what is alike."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..clock import Clock
from ..delivery import announce
from ..models import Channel
from ..store.port import Reader, Row, Store, Tx, Work
from .cards import news_from
from .kinds import Event
from .noting import PART, ROUTE
from .routing import News, due_at, heard_in, hears, quiet_ms
from .said import read_said
from .settings import NoticeSettings

AT_ONCE = 500  # in one transaction
LONGEST_WAIT_MS = 3 * 86_400_000  # of a message for its time; more, and the clock was set back
SUBJECT = "notice:"


@dataclass(frozen=True, slots=True)
class Newsroom:
    """What is needed to tell news: the channels, `[notices]`, the bot's time zone by name, and how many seconds there
    are between two looks at an account's jobs and money."""

    channels: Sequence[Channel]
    settings: NoticeSettings
    zone: str = "UTC"
    look_seconds: float = 600.0


NO_NEWS = Newsroom((), NoticeSettings())


class NoticeDesk:
    """Handles the work `route`, and knows what is not to be sent just now."""

    def __init__(self, store: Store, clock: Clock, room: Newsroom) -> None:
        self._store = store
        self._clock = clock
        self.room = room
        self._channels = {channel.name: channel for channel in room.channels}

    async def route(self, work: Work) -> None:
        await self._store.tx(route, self.room, self._clock.ms())

    async def hold(self, delivery: Row) -> float:
        """Seconds that a delivery must wait for its time, such as the end of quiet hours; 0 for none."""
        channel = self._channels.get(delivery["channel"])
        if channel is None or not delivery["subject"].startswith(SUBJECT):
            return 0.0
        bulletin = await self._store.read(_bulletin, int(delivery["subject"].removeprefix(SUBJECT)))
        if bulletin is None:
            return 0.0
        now = self._clock.ms()
        early = bulletin["due_at"] - now
        wait = early if 0 < early <= LONGEST_WAIT_MS else 0
        return max(wait, quiet_ms(channel, Event(bulletin["event"]), now)) / 1000


def route(tx: Tx, room: Newsroom, now: int) -> None:
    """Every channel that hears of it gets what has been written down since the last time."""
    said = {channel.name: read_said(tx, channel.name) for channel in room.channels}
    rows = tx.q("SELECT * FROM notices WHERE routed = 0 ORDER BY id LIMIT :limit", limit=AT_ONCE)
    for row in rows:
        news, told = news_from(row), False
        if not _is_small(news, room.settings):
            for channel in room.channels:
                if hears(channel, news, said[channel.name], now):
                    told = _put_up(tx, room, channel, news, now) or told
        if news.event is Event.WAITING and not told:  # there are many, and nobody counts them
            tx.q("DELETE FROM notices WHERE id = :id", id=news.id)
        else:
            tx.q("UPDATE notices SET routed = 1 WHERE id = :id", id=news.id)
    if len(rows) == AT_ONCE:
        tx.put(ROUTE, ROUTE, PART, 50, 0)


def is_anybody_told(reader: Reader, room: Newsroom, *events: Event) -> bool:
    """Whether a channel hears of any of these."""
    return any(
        heard_in(channel, event, read_said(reader, channel.name)) for channel in room.channels for event in events
    )


def _is_small(news: News, settings: NoticeSettings) -> bool:
    """Of spends, those below the setting are in summaries alone."""
    return news.event is Event.SPENT and Decimal(news.data["cost"]) < settings.big_spend


def _put_up(tx: Tx, room: Newsroom, channel: Channel, news: News, now: int) -> bool:
    if news.over and not _was_told(tx, channel, news):
        return False
    bulletin = _open_bulletin(tx, channel, news.alike) or _new_bulletin(tx, room, channel, news, now)
    tx.q(
        "INSERT OR IGNORE INTO bulletin_items (bulletin, notice) VALUES (:bulletin, :notice)",
        bulletin=bulletin,
        notice=news.id,
    )
    return True


def _was_told(tx: Tx, channel: Channel, news: News) -> bool:
    """Whether a channel was told of the trouble that is over. Where the message has not left, it need not any more."""
    last = tx.one(
        """SELECT i.bulletin, n.id, d.state FROM bulletins b
           JOIN bulletin_items i ON i.bulletin = b.id JOIN notices n ON n.id = i.notice
           JOIN deliveries d ON d.channel = b.channel AND d.subject = 'notice:' || b.id
           WHERE b.channel = :channel AND b.alike = :alike AND json_extract(n.data, '$.part') = :part
           AND n.id < :id AND json_extract(n.data, '$.since') = :since ORDER BY n.id DESC LIMIT 1""",
        channel=channel.name,
        alike=str(news.event),
        part=news.part,
        since=news.data["since"],
        id=news.id,
    )
    if last is not None and last["state"] == "due":
        tx.q(
            "DELETE FROM bulletin_items WHERE bulletin = :bulletin AND notice = :id",
            bulletin=last["bulletin"],
            id=last["id"],
        )

    return last is not None and last["state"] not in ("due", "gone")


def _open_bulletin(tx: Tx, channel: Channel, alike: str) -> int | None:
    """A message of the kind that has surely not left."""
    found: int | None = tx.value(
        """SELECT b.id FROM bulletins b JOIN deliveries d ON d.channel = b.channel AND d.subject = 'notice:' || b.id
           WHERE b.channel = :channel AND b.alike = :alike AND d.state = 'due' ORDER BY b.id DESC LIMIT 1""",
        channel=channel.name,
        alike=alike,
    )
    return found


def _new_bulletin(tx: Tx, room: Newsroom, channel: Channel, news: News, now: int) -> int:
    last = tx.value(
        "SELECT due_at FROM bulletins WHERE channel = :channel AND alike = :alike ORDER BY id DESC LIMIT 1",
        channel=channel.name,
        alike=news.alike,
    )
    due = due_at(channel, news.event, now, last)
    number: int = tx.value(
        """INSERT INTO bulletins (channel, alike, event, level, accounts, jobs, zone, due_at, opened_at)
           VALUES (:channel, :alike, :event, :level, :accounts, :jobs, :zone, :due, :now) RETURNING id""",
        channel=channel.name,
        alike=news.alike,
        event=news.event,
        level=news.level,
        accounts=json.dumps(channel.accounts) if channel.accounts else None,
        jobs=json.dumps(channel.hears.jobs) if channel.hears.jobs else None,
        zone=channel.hears.zone or room.zone,
        due=due,
        now=now,
    )
    announce(tx, [channel], f"{SUBJECT}{number}", now, due)
    return number


def _bulletin(reader: Reader, number: int) -> Row | None:
    return reader.one("SELECT event, due_at FROM bulletins WHERE id = :id", id=number)
