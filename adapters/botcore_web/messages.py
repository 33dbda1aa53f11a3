"""The cards that were sent to the page, kept in the database with a count of their changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from botcore.adapter import MessageGone, SendFailed
from botcore.clock import Clock, from_ms
from botcore.models import Channel
from botcore.store.port import Reader, Row, Store, StoreError, Tx
from botcore.ui import Button, Card, card_from_json, to_json

OPEN_SHOWN = 200
RECENT_SHOWN = 50
NEWS_SHOWN = 30
BATCH = 50  # changed cards read at once
KEPT_MS = 30 * 86_400_000  # settled cards are forgotten so long after their last change,
KEPT = 1_000  # but not while they are among so many of the newest changes
FORGOTTEN = 20  # at most with each card sent
# verbs of buttons that decide nothing: about what was decided or is to be decided, and those that a job always has
ASIDE = frozenset(
    {"undo", "more", "all", "record", "compare", "skip", "alone", "stop", "results", "undo-all", "refresh", "review"}
    | {"job-pause", "job-resume", "job-stop", "job-restart", "job-add", "clone"}
)

_NEXT = "(SELECT coalesce(max(version), 0) + 1 FROM web_messages)"
_OURS = "channel IN (SELECT value FROM json_each(:channels))"

PUT = f"""
INSERT INTO web_messages (channel, key, card, waiting, queue, news, sent_at, updated_at, version)
VALUES (:channel, :key, :card, :waiting, :queue, :news, :now, :now, {_NEXT})
ON CONFLICT (key) DO UPDATE SET card = excluded.card, waiting = excluded.waiting, queue = excluded.queue,
    updated_at = excluded.updated_at, version = excluded.version
WHERE card <> excluded.card
"""  # noqa: S608 - made of constants

EDIT = f"""
UPDATE web_messages
SET card = :card, waiting = :waiting, queue = :queue, news = :news, updated_at = :now, version = {_NEXT}
WHERE id = :id AND card <> :card
"""  # noqa: S608

# the oldest changes come first and are the only ones looked at; a queue that is done may open again
FORGET = """
DELETE FROM web_messages WHERE id IN (SELECT id FROM
    (SELECT id, queue, updated_at, version FROM web_messages WHERE waiting = 0 ORDER BY version LIMIT :most)
WHERE queue = 0 AND updated_at < :before AND version <= (SELECT max(version) FROM web_messages) - :kept)
"""

# of a channel, what is on cards of their own is in its queue, too
TOTALS = f"""
SELECT coalesce(sum(n), 0) AS waiting, coalesce(sum(cards), 0) AS cards FROM (
    SELECT max(sum(queue = 0), max(queue * waiting)) AS n, count(*) AS cards
    FROM web_messages WHERE waiting > 0 AND {_OURS} GROUP BY channel)
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Message:
    """A card on the page. `version` is that of its last change."""

    id: int
    channel: str
    card: Card
    waiting: bool
    sent_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class Totals:
    """How many submissions wait for a decision, and how many cards ask for one."""

    waiting: int
    cards: int


@dataclass(frozen=True, slots=True)
class Board:
    """What the page shows: what waits, queues before single cards and those oldest first, what was settled lately and
    what was told lately, newest first."""

    waiting: tuple[Message, ...]
    recent: tuple[Message, ...]
    news: tuple[Message, ...]
    totals: Totals
    version: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed after some version, in the order of the changes; `latest` is the newest version there is."""

    messages: tuple[Message, ...]
    totals: Totals
    latest: int

    @property
    def complete(self) -> bool:
        """Whether there is nothing behind these."""
        return len(self.messages) < BATCH


class Messages:
    """Sends, edits and reads cards. `changed` is called on the event loop after each change is durable."""

    def __init__(self, store: Store, clock: Clock, channels: Sequence[Channel], changed: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._channels = json.dumps(sorted({channel.name for channel in channels}))
        self._changed = changed

    async def send(self, channel: str, card: Card, key: str) -> int:
        """Puts a card up and returns its id; with a key that was used before, that card is the one shown."""
        try:
            return await self._store.tx(self._put, channel, key, _values(card), self._clock.ms())
        except StoreError as error:
            raise SendFailed(str(error)) from error

    async def edit(self, message: int, card: Card) -> None:
        """Raises `MessageGone` where there is none, `SendFailed` where the database refuses."""
        try:
            there = await self._store.tx(self._edit, message, _values(card), self._clock.ms())
        except StoreError as error:
            raise SendFailed(str(error)) from error
        if not there:
            raise MessageGone(f"there is no card {message} on the page")

    async def board(self) -> Board:
        return await self._store.read(_board, self._channels)

    async def since(self, version: int) -> Changes:
        """What changed after `version`, a batch at most."""
        return await self._store.read(_since, self._channels, version)

    async def totals(self) -> Totals:
        return await self._store.read(_totals, self._channels)

    def _put(self, tx: Tx, channel: str, key: str, values: Mapping[str, object], now: int) -> int:
        tx.q(PUT, channel=channel, key=key, now=now, **values)
        tx.q(FORGET, most=FORGOTTEN, kept=KEPT, before=now - KEPT_MS)
        tx.after_commit(self._changed)
        message: int = tx.value("SELECT id FROM web_messages WHERE key = :key", key=key)
        return message

    def _edit(self, tx: Tx, message: int, values: Mapping[str, object], now: int) -> bool:
        tx.q(EDIT, id=message, now=now, **values)
        tx.after_commit(self._changed)
        return tx.one("SELECT 1 FROM web_messages WHERE id = :id", id=message) is not None


def is_queue(card: Card) -> bool:
    """Whether a card shows one thing after the other, and stands for all of them."""
    return card.subject.startswith("queue:")


def is_news(card: Card) -> bool:
    """Whether a card only tells something."""
    return card.subject.startswith("notice:")


def waits_for_somebody(card: Card) -> bool:
    """Whether a card asks for a decision. A settled one may still offer to undo it, or more to read."""
    return any(verb_of(button) not in ASIDE for button in card.buttons)


def verb_of(button: Button) -> str:
    return button.id.partition(":")[0]


def _values(card: Card) -> dict[str, object]:
    queue = is_queue(card)
    waiting = max(card.count, 0) if queue else int(waits_for_somebody(card))
    return {"card": to_json(card), "waiting": waiting, "queue": int(queue), "news": int(is_news(card))}


def _board(reader: Reader, channels: str) -> Board:
    waiting = reader.q(
        f"SELECT * FROM web_messages WHERE waiting > 0 AND {_OURS} ORDER BY queue DESC, id LIMIT :limit",  # noqa: S608
        channels=channels,
        limit=OPEN_SHOWN,
    )
    recent = reader.q(
        f"SELECT * FROM web_messages WHERE waiting = 0 AND news = 0 AND {_OURS} ORDER BY version DESC LIMIT :limit",  # noqa: S608
        channels=channels,
        limit=RECENT_SHOWN,
    )
    news = reader.q(
        f"SELECT * FROM web_messages WHERE waiting = 0 AND news = 1 AND {_OURS} ORDER BY version DESC LIMIT :limit",  # noqa: S608
        channels=channels,
        limit=NEWS_SHOWN,
    )
    return Board(_messages(waiting), _messages(recent), _messages(news), _totals(reader, channels), _latest(reader))


def _since(reader: Reader, channels: str, version: int) -> Changes:
    rows = reader.q(
        f"SELECT * FROM web_messages WHERE version > :version AND {_OURS} ORDER BY version LIMIT :limit",  # noqa: S608
        channels=channels,
        version=version,
        limit=BATCH,
    )
    return Changes(_messages(rows), _totals(reader, channels), _latest(reader))


def _totals(reader: Reader, channels: str) -> Totals:
    row = reader.one(TOTALS, channels=channels)
    return Totals(**row) if row else Totals(0, 0)


def _latest(reader: Reader) -> int:
    latest: int = reader.value("SELECT coalesce(max(version), 0) FROM web_messages")
    return latest


def _messages(rows: Sequence[Row]) -> tuple[Message, ...]:
    return tuple(
        Message(
            id=row["id"],
            channel=row["channel"],
            card=card_from_json(row["card"]),
            waiting=bool(row["waiting"]),
            sent_at=from_ms(row["sent_at"]),
            version=row["version"],
        )
        for row in rows
    )
