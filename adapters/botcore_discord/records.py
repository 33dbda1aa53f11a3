"""What the adapter remembers in the database: sends, the messages that came of them, and interactions it took."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from botcore.clock import Clock
from botcore.store.port import Reader, Row, Store, Tx

NONCE = 25  # characters, the most that Discord takes
DAY = 86_400_000
SENDS_KEPT, MESSAGES_KEPT = 60 * DAY, 60 * DAY
PRIVATE_KEPT = DAY  # its buttons work for longer: they only do not change the card at once
INTERACTIONS_KEPT = DAY
PRUNED = 500  # rows at a time


@dataclass(frozen=True, slots=True)
class Begun:
    """A send, committed before its request leaves. `mark` is a component's id, by which a card without buttons is
    known again. Moments in ms; `message` is "" until Discord has said its id."""

    nonce: str
    mark: int
    first_at: int
    tries: int  # this one included
    message: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a message is about, and the media types of the pictures attached to it, by key."""

    subject: str
    files: Mapping[str, str]


class Records:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def begin(self, key: str, channel: str) -> Begun:
        return await self._store.tx(_begin, key, channel, self._clock.ms())

    async def sent(self, key: str, message: str, shown: Shown) -> None:
        await self._store.tx(_sent, key, message, shown, self._clock.ms())

    async def is_known(self, message: str) -> bool:
        """Whether a message came of a send that is settled."""
        return await self._store.read(_is_known, message)

    async def shown(self, message: str) -> Shown | None:
        return await self._store.read(_shown, message)

    async def note(self, message: str, shown: Shown, *, private: bool = False) -> None:
        await self._store.tx(_note, message, shown, private, self._clock.ms())

    async def claim(self, interaction: str) -> bool:
        """Takes an interaction; False where it was taken before."""
        return await self._store.tx(_claim, interaction, self._clock.ms())

    async def prune(self) -> None:
        while await self._store.tx(_prune, self._clock.ms()):
            pass


def begun(salt: str, row: Row) -> Begun:
    """The nonce and the mark are the same for every try of one send, and of no other: where a backup was restored,
    its keys are used again, but at another time."""
    digest = hashlib.sha256(f"{salt}/{row['key']}/{row['first_at']}".encode()).digest()
    nonce = base64.b32encode(digest).decode().lower()[:NONCE]
    mark = int.from_bytes(digest[-4:]) & 0x3FFFFFFF | 0x40000000
    return Begun(nonce, mark, row["first_at"], row["tries"], row["message"] or "")


def _salt(tx: Tx) -> str:
    tx.q(
        "INSERT INTO discord_meta (key, value) VALUES ('salt', :fresh) ON CONFLICT (key) DO NOTHING",
        fresh=secrets.token_hex(16),
    )
    salt: str = tx.value("SELECT value FROM discord_meta WHERE key = 'salt'")
    return salt


def _begin(tx: Tx, key: str, channel: str, now: int) -> Begun:
    salt = _salt(tx)
    (row,) = tx.q(
        """INSERT INTO discord_sends (key, channel, first_at, last_at, tries) VALUES (:key, :channel, :now, :now, 1)
           ON CONFLICT (key) DO UPDATE SET last_at = excluded.last_at, tries = tries + 1 RETURNING *""",
        key=key,
        channel=channel,
        now=now,
    )
    return begun(salt, row)


def _sent(tx: Tx, key: str, message: str, shown: Shown, now: int) -> None:
    tx.q("UPDATE discord_sends SET message = :message WHERE key = :key", key=key, message=message)
    _note(tx, message, shown, False, now)


def _is_known(reader: Reader, message: str) -> bool:
    return reader.one("SELECT 1 FROM discord_sends WHERE message = :message", message=message) is not None


def _shown(reader: Reader, message: str) -> Shown | None:
    row = reader.one("SELECT * FROM discord_messages WHERE id = :id", id=message)
    return Shown(row["subject"], json.loads(row["files"])) if row else None


def _note(tx: Tx, message: str, shown: Shown, private: bool, now: int) -> None:
    tx.q(
        """INSERT INTO discord_messages (id, subject, files, private, at)
           VALUES (:id, :subject, :files, :private, :now)
           ON CONFLICT (id) DO UPDATE SET subject = excluded.subject, files = excluded.files, at = excluded.at""",
        id=message,
        subject=shown.subject,
        files=json.dumps(dict(shown.files)),
        private=int(private),
        now=now,
    )


def _claim(tx: Tx, interaction: str, now: int) -> bool:
    return bool(
        tx.q(
            "INSERT INTO discord_interactions (id, at) VALUES (:id, :now) ON CONFLICT (id) DO NOTHING RETURNING id",
            id=interaction,
            now=now,
        )
    )


def _prune(tx: Tx, now: int) -> bool:
    """Whether there may be more."""
    sends = tx.q(
        """DELETE FROM discord_sends WHERE key IN (SELECT key FROM discord_sends
           WHERE last_at < :before AND message IS NOT NULL LIMIT :most) RETURNING 1""",
        before=now - SENDS_KEPT,
        most=PRUNED,
    )
    messages = [
        tx.q(
            """DELETE FROM discord_messages WHERE id IN (SELECT id FROM discord_messages
               WHERE private = :private AND at < :before LIMIT :most) RETURNING 1""",
            private=private,
            before=now - kept,
            most=PRUNED,
        )
        for private, kept in ((0, MESSAGES_KEPT), (1, PRIVATE_KEPT))
    ]
    interactions = tx.q(
        """DELETE FROM discord_interactions WHERE id IN
           (SELECT id FROM discord_interactions WHERE at < :before LIMIT :most) RETURNING 1""",
        before=now - INTERACTIONS_KEPT,
        most=PRUNED,
    )
    return any(len(gone) == PRUNED for gone in (sends, *messages, interactions))
