"""What Telegram tells, in the order in which it came: durable before it is confirmed, and handled once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botcore.clock import Clock
from botcore.store.port import Reader, Store, Tx

KEPT_MS = 3 * 86_400_000  # that an update was handled is remembered so long; Telegram repeats none after a day
FORGOTTEN = 500  # at most at once


@dataclass(frozen=True, slots=True)
class Update:
    """An update as it came. `id` is Telegram's."""

    id: int
    body: Mapping[str, Any]


class Inbox:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def take(self, updates: Iterable[Update]) -> None:
        """Returns once these are durable; those that came before are left as they are. Raises `StoreError`."""
        bodies = [(update.id, json.dumps(update.body, separators=(",", ":"))) for update in updates]
        if bodies:
            await self._store.tx(_take, bodies, self._clock.ms())

    async def waiting(self, but: Iterable[int], most: int) -> Sequence[Update]:
        """The oldest that are not handled, leaving out those of `but`."""
        return await self._store.read(_waiting, json.dumps(list(but)), most)

    async def handled(self, update: int) -> None:
        """Forgets what was in it, and remembers that it was handled."""
        await self._store.tx(_handled, update, self._clock.ms())


def _take(tx: Tx, bodies: Sequence[tuple[int, str]], now: int) -> None:
    for number, body in bodies:
        tx.q(
            "INSERT INTO telegram_updates (id, body, came_at) VALUES (:id, :body, :now) ON CONFLICT (id) DO NOTHING",
            id=number,
            body=body,
            now=now,
        )
    tx.q(
        """DELETE FROM telegram_updates WHERE id IN
           (SELECT id FROM telegram_updates WHERE handled_at < :before ORDER BY handled_at LIMIT :most)""",
        before=now - KEPT_MS,
        most=FORGOTTEN,
    )


def _waiting(reader: Reader, but: str, most: int) -> list[Update]:
    rows = reader.q(
        """SELECT id, body FROM telegram_updates
           WHERE handled_at IS NULL AND id NOT IN (SELECT value FROM json_each(:but)) ORDER BY id LIMIT :most""",
        but=but,
        most=most,
    )
    return [Update(row["id"], json.loads(row["body"])) for row in rows]


def _handled(tx: Tx, update: int, now: int) -> None:
    tx.q("UPDATE telegram_updates SET handled_at = :now, body = NULL WHERE id = :id", id=update, now=now)
