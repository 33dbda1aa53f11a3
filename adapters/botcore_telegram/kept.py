"""What the adapter keeps: where each card is, which groups moved, which pictures Telegram has. Functions of a
transaction, and what comes out of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from botcore.store.port import Reader, Row, Tx
from botcore.ui import Card, card_from_json, to_json

from .acts import Place

CARDS_KEPT_MS = 60 * 86_400_000  # a card that was not touched for so long is not followed any more
FILES_KEPT_MS = 30 * 86_400_000
WRITTEN_KEPT_MS = 60_000
FORGOTTEN = 50  # at most at once
NO_PHOTO = "-"  # instead of a file: Telegram does not take this picture as a photo


@dataclass(frozen=True, slots=True)
class Kept:
    """A card, and where it is. `message` None: not sent yet, as far as is known; `doubtful`: yet it may be there.

    `before`: the messages ahead of it, each by what was in it: a picture's key, or a running number for a text.
    `media` and `shown`: what its message is made of (`api.Sent`), and the key of the picture in it.
    """

    id: int
    channel: str
    place: Place
    card: Card
    message: int | None = None
    before: Mapping[str, int] = field(default_factory=dict)
    media: str = ""
    shown: str = ""
    picture: int = 0
    drawn: str = ""
    doubtful: bool = False
    was_doubtful: bool = False  # before this try


def begin_send(tx: Tx, key: str, channel: str, place: Place, card: Card, now: int) -> Kept:
    """Notes that a card is about to be sent; a card of this key that was begun before goes on."""
    row = tx.one("SELECT * FROM telegram_cards WHERE key = :key", key=key)
    if row is None:
        return insert(tx, key, channel, place, card, now)
    tx.q("UPDATE telegram_cards SET card = :card, doubtful = 1 WHERE id = :id", card=to_json(card), id=row["id"])
    return replace(_kept(row), card=card, doubtful=True, was_doubtful=bool(row["doubtful"]))


def insert(tx: Tx, key: str | None, channel: str, place: Place, card: Card, now: int) -> Kept:
    """A new card; without a `key` it is somebody's answer, which is edited only when they press something on it."""
    tx.q(
        """DELETE FROM telegram_cards WHERE id IN
           (SELECT id FROM telegram_cards WHERE updated_at < :before ORDER BY updated_at LIMIT :most)""",
        before=now - CARDS_KEPT_MS,
        most=FORGOTTEN,
    )
    row = tx.one(
        """INSERT INTO telegram_cards (key, channel, chat, thread, private, card, doubtful, updated_at)
           VALUES (:key, :channel, :chat, :thread, :private, :card, 1, :now) RETURNING *""",
        key=key,
        channel=channel,
        chat=place.chat,
        thread=place.thread,
        private=int(place.private),
        card=to_json(card),
        now=now,
    )
    assert row is not None  # noqa: S101 - it was inserted just now
    return _kept(row)


def save(tx: Tx, kept: Kept, now: int) -> None:
    """Keeps how a card is now."""
    tx.q(
        """UPDATE telegram_cards SET chat = :chat, thread = :thread, message = :message, before = :before,
               media = :media, shown = :shown, picture = :picture, drawn = :drawn, doubtful = :doubtful,
               card = :card, updated_at = :now
           WHERE id = :id""",
        id=kept.id,
        chat=kept.place.chat,
        thread=kept.place.thread,
        message=kept.message,
        before=json.dumps(kept.before),
        media=kept.media,
        shown=kept.shown,
        picture=kept.picture,
        drawn=kept.drawn,
        doubtful=int(kept.doubtful),
        card=to_json(kept.card),
        now=now,
    )


def by_id(reader: Reader, number: int) -> Kept | None:
    return _maybe(reader.one("SELECT * FROM telegram_cards WHERE id = :id", id=number))


def by_message(reader: Reader, chat: int, message: int) -> Kept | None:
    return _maybe(
        reader.one("SELECT * FROM telegram_cards WHERE chat = :chat AND message = :message", chat=chat, message=message)
    )


# --- what was written lately


def wrote(tx: Tx, chat: int, messages: int, now: int) -> None:
    """Notes that something is about to be written to a group."""
    tx.q("DELETE FROM telegram_written WHERE at < :before OR at > :now", before=now - WRITTEN_KEPT_MS, now=now)
    tx.q("INSERT INTO telegram_written (chat, at, messages) VALUES (:chat, :now, :n)", chat=chat, now=now, n=messages)


def written(reader: Reader, now: int) -> Sequence[tuple[int, int, int]]:
    """Chats, moments and counts of what was written within the last minute, oldest first."""
    rows = reader.q(
        "SELECT * FROM telegram_written WHERE at BETWEEN :since AND :now ORDER BY at",
        since=now - WRITTEN_KEPT_MS,
        now=now,
    )
    return [(row["chat"], row["at"], row["messages"]) for row in rows]


# --- groups that became supergroups


def moves(reader: Reader) -> dict[int, int]:
    return {row["chat"]: row["now"] for row in reader.q("SELECT chat, now FROM telegram_moves")}


def move(tx: Tx, chat: int, to: int, now: int) -> None:
    """Follows a group to its new id. Its old messages stay behind, where nobody can edit them: those cards that are in
    a channel are sent anew (`unsent`), or with their next edit."""
    tx.q(
        """INSERT INTO telegram_moves (chat, now, moved_at) VALUES (:chat, :to, :now)
           ON CONFLICT (chat) DO UPDATE SET now = excluded.now""",
        chat=chat,
        to=to,
        now=now,
    )
    tx.q("UPDATE telegram_moves SET now = :to WHERE now = :chat", chat=chat, to=to)
    tx.q(
        """UPDATE telegram_cards SET chat = :to, thread = NULL, message = NULL, before = '{}', media = '', shown = '',
               drawn = '', doubtful = 0 WHERE chat = :chat""",
        chat=chat,
        to=to,
    )


def unsent(reader: Reader, since: int) -> list[Kept]:
    """Cards that were left behind in a group and ask for something."""
    rows = reader.q(
        """SELECT * FROM telegram_cards WHERE message IS NULL AND doubtful = 0 AND key IS NOT NULL
           AND chat IN (SELECT now FROM telegram_moves) AND updated_at > :since ORDER BY id""",
        since=since,
    )
    return [kept for kept in map(_kept, rows) if kept.card.buttons]


# --- pictures that Telegram has


def files(reader: Reader, bot: int, keys: Iterable[str]) -> dict[tuple[str, str], str]:
    """What names these pictures at Telegram, by key and kind."""
    rows = reader.q(
        """SELECT key, kind, file_id FROM telegram_files
           WHERE bot = :bot AND key IN (SELECT value FROM json_each(:keys))""",
        bot=bot,
        keys=json.dumps(list(keys)),
    )
    return {(row["key"], row["kind"]): row["file_id"] for row in rows}


def keep_files(tx: Tx, bot: int, found: Mapping[tuple[str, str], str], now: int) -> None:
    for (key, kind), file in found.items():
        tx.q(
            """INSERT INTO telegram_files (bot, key, kind, file_id, used_at) VALUES (:bot, :key, :kind, :file, :now)
               ON CONFLICT (bot, key, kind) DO UPDATE SET file_id = excluded.file_id, used_at = excluded.used_at""",
            bot=bot,
            key=key,
            kind=kind,
            file=file,
            now=now,
        )
    tx.q("DELETE FROM telegram_files WHERE used_at < :before", before=now - FILES_KEPT_MS)


def forget_files(tx: Tx, bot: int, keys: Iterable[str]) -> None:
    tx.q(
        """DELETE FROM telegram_files
           WHERE bot = :bot AND key IN (SELECT value FROM json_each(:keys)) AND file_id != :no""",
        bot=bot,
        keys=json.dumps(list(keys)),
        no=NO_PHOTO,
    )


# --- what Telegram was told


def note(reader: Reader, name: str) -> str:
    return reader.value("SELECT value FROM telegram_notes WHERE name = :name", name=name) or ""


def keep_note(tx: Tx, name: str, value: str) -> None:
    tx.q(
        """INSERT INTO telegram_notes (name, value) VALUES (:name, :value)
           ON CONFLICT (name) DO UPDATE SET value = excluded.value""",
        name=name,
        value=value,
    )


def _maybe(row: Row | None) -> Kept | None:
    return None if row is None else _kept(row)


def _kept(row: Row) -> Kept:
    return Kept(
        id=row["id"],
        channel=row["channel"],
        place=Place(row["chat"], row["thread"], bool(row["private"])),
        card=card_from_json(row["card"]),
        message=row["message"],
        before=json.loads(row["before"]),
        media=row["media"],
        shown=row["shown"],
        picture=row["picture"],
        drawn=row["drawn"],
        doubtful=bool(row["doubtful"]),
    )
