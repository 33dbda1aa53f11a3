"""The cards that were sent to the page, kept in the database with a count of their changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from botcore.adapter import MessageGone, SendFailed
from botcore.clock import Clock, from_ms
from botcore.models import Channel
from botcore.store.port import Reader, Row, Store, StoreError, Tx
from botcore.ui import Card, card_from_json, to_json

OPEN_SHOWN = 200
RECENT_SHOWN = 50
BATCH = 50  # changed cards read at once
ASIDE = frozenset({"undo", "more", "all"})  # verbs of buttons that decide nothing

_NEXT = "(SELECT coalesce(max(version), 0) + 1 FROM web_messages)"
_OURS = "channel IN (SELECT value FROM json_each(:channels))"

PUT = f"""
INSERT INTO web_messages (channel, key, card, waiting, sent_at, updated_at, version)
VALUES (:channel, :key, :card, :waiting, :now, :now, {_NEXT})
ON CONFLICT (key) DO UPDATE SET
    card = excluded.card, waiting = excluded.waiting, updated_at = excluded.updated_at, version = excluded.version
WHERE card <> excluded.card
"""  # noqa: S608 - made of constants

EDIT = f"""
UPDATE web_messages SET card = :card, waiting = :waiting, updated_at = :now, version = {_NEXT}
WHERE id = :id AND card <> :card
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
class Board:
    """What the page shows: what waits, oldest first, and what was settled lately, newest first."""

    waiting: tuple[Message, ...]
    recent: tuple[Message, ...]
    total: int  # how many wait in all
    version: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed after some version, in the order of the changes; `latest` is the newest version there is."""

    messages: tuple[Message, ...]
    total: int  # how many wait in all
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
            return await self._store.tx(
                self._put, channel, key, to_json(card), waits_for_somebody(card), self._clock.ms()
            )
        except StoreError as error:
            raise SendFailed(str(error)) from error

    async def edit(self, message: int, card: Card) -> None:
        """Raises `MessageGone` where there is none, `SendFailed` where the database refuses."""
        try:
            there = await self._store.tx(self._edit, message, to_json(card), waits_for_somebody(card), self._clock.ms())
        except StoreError as error:
            raise SendFailed(str(error)) from error
        if not there:
            raise MessageGone(f"there is no card {message} on the page")

    async def board(self) -> Board:
        return await self._store.read(_board, self._channels)

    async def since(self, version: int) -> Changes:
        """What changed after `version`, a batch at most."""
        return await self._store.read(_since, self._channels, version)

    def _put(self, tx: Tx, channel: str, key: str, card: str, waiting: bool, now: int) -> int:
        tx.q(PUT, channel=channel, key=key, card=card, waiting=int(waiting), now=now)
        tx.after_commit(self._changed)
        message: int = tx.value("SELECT id FROM web_messages WHERE key = :key", key=key)
        return message

    def _edit(self, tx: Tx, message: int, card: str, waiting: bool, now: int) -> bool:
        tx.q(EDIT, id=message, card=card, waiting=int(waiting), now=now)
        tx.after_commit(self._changed)
        return tx.one("SELECT 1 FROM web_messages WHERE id = :id", id=message) is not None


def waits_for_somebody(card: Card) -> bool:
    """Whether a card asks for a decision. A settled one may still offer to undo it, or more to read."""
    return any(button.id.partition(":")[0] not in ASIDE for button in card.buttons)


def _board(reader: Reader, channels: str) -> Board:
    waiting = reader.q(
        f"SELECT * FROM web_messages WHERE waiting = 1 AND {_OURS} ORDER BY id LIMIT :limit",  # noqa: S608
        channels=channels,
        limit=OPEN_SHOWN,
    )
    recent = reader.q(
        f"SELECT * FROM web_messages WHERE waiting = 0 AND {_OURS} ORDER BY version DESC LIMIT :limit",  # noqa: S608
        channels=channels,
        limit=RECENT_SHOWN,
    )
    return Board(tuple(map(_message, waiting)), tuple(map(_message, recent)), _total(reader, channels), _latest(reader))


def _since(reader: Reader, channels: str, version: int) -> Changes:
    rows = reader.q(
        f"SELECT * FROM web_messages WHERE version > :version AND {_OURS} ORDER BY version LIMIT :limit",  # noqa: S608
        channels=channels,
        version=version,
        limit=BATCH,
    )
    return Changes(tuple(map(_message, rows)), _total(reader, channels), _latest(reader))


def _total(reader: Reader, channels: str) -> int:
    total: int = reader.value(
        f"SELECT count(*) FROM web_messages WHERE waiting = 1 AND {_OURS}",  # noqa: S608
        channels=channels,
    )
    return total


def _latest(reader: Reader) -> int:
    latest: int = reader.value("SELECT coalesce(max(version), 0) FROM web_messages")
    return latest


def _message(row: Row) -> Message:
    return Message(
        id=row["id"],
        channel=row["channel"],
        card=card_from_json(row["card"]),
        waiting=bool(row["waiting"]),
        sent_at=from_ms(row["sent_at"]),
        version=row["version"],
    )
