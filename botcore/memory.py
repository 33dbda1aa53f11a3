"""What a provider must not forget: small texts by key, in the bot's database and so in its backups."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from .clock import Clock
from .store.port import Reader, Store, Tx

Change = Callable[[Mapping[str, str]], Mapping[str, str]]


class Memory(ABC):
    """One account's, kept over restarts."""

    @abstractmethod
    async def change(self, keys: Sequence[str], how: Change) -> Mapping[str, str]:
        """Gives `how` what is kept under these keys (those that are) and keeps what it returns; an empty text is
        forgotten. All of it is one step, durable when this returns what `how` did, which does no I/O and may be run
        more than once."""

    async def forget(self, prefix: str, before: int) -> None:
        """Forgets what is under keys that begin so and was last changed before a moment (ms)."""


class ShortMemory(Memory):
    """Lasts as long as it does: for tests and one-off tools."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    async def change(self, keys: Sequence[str], how: Change) -> Mapping[str, str]:
        after = how({key: self._kept[key] for key in keys if key in self._kept})
        self._kept = {key: text for key, text in {**self._kept, **after}.items() if text}
        return after


class StoredMemory(Memory):
    """In the database."""

    def __init__(self, store: Store, account: str, clock: Clock) -> None:
        self._store = store
        self._account = account
        self._clock = clock

    async def change(self, keys: Sequence[str], how: Change) -> Mapping[str, str]:
        before = await self._store.read(_kept, self._account, keys)
        after = how(before)
        if all(before.get(key, "") == text for key, text in after.items()):
            return after  # as mostly: it costs no write
        return await self._store.tx(_change, self._account, keys, how, self._clock.ms())

    async def forget(self, prefix: str, before: int) -> None:
        await self._store.tx(_forget, self._account, prefix, before)


def _kept(reader: Reader, account: str, keys: Sequence[str]) -> dict[str, str]:
    rows = reader.q(
        """SELECT key, text FROM memories WHERE account = :account
           AND key IN (SELECT value FROM json_each(:keys))""",
        account=account,
        keys=json.dumps(list(keys)),
    )
    return {row["key"]: row["text"] for row in rows}


def _forget(tx: Tx, account: str, prefix: str, before: int) -> None:
    tx.q(
        "DELETE FROM memories WHERE account = :account AND key >= :prefix AND key < :prefix || :last AND at < :before",
        account=account,
        prefix=prefix,
        last=chr(0x10FFFF),
        before=before,
    )


def _change(tx: Tx, account: str, keys: Sequence[str], how: Change, now: int) -> Mapping[str, str]:
    after = how(_kept(tx, account, keys))
    tx.many(
        "INSERT OR REPLACE INTO memories (account, key, text, at) VALUES (:account, :key, :text, :now)",
        [{"account": account, "key": key, "text": text, "now": now} for key, text in after.items()],
    )
    tx.many(
        "DELETE FROM memories WHERE account = :account AND key = :key",
        [{"account": account, "key": key} for key, text in after.items() if not text],
    )
    return after
