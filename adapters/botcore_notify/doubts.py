"""How often a notice may have arrived. The places that Apprise knows take no key that would tell a repeated send from a
new one: a notice that may be there is sent once more, and then never again."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from botcore.store.port import Tx

KEPT_MS = 60 * 86_400_000

notify = Migrations("notify")


@notify()
def first(db: Database) -> None:
    db.execute(
        """CREATE TABLE notify_doubts (
            key TEXT PRIMARY KEY,     -- of the delivery
            times INTEGER NOT NULL,   -- that it may have arrived, the one that is under way with them
            at INTEGER NOT NULL       -- ms since the epoch
        ) STRICT, WITHOUT ROWID"""
    )


def begin(tx: Tx, key: str, now: int) -> int:
    """Notes that a notice is about to be sent; returns how often it may have arrived once it is."""
    tx.q("DELETE FROM notify_doubts WHERE at < :before", before=now - KEPT_MS)
    times: int = tx.value(
        """INSERT INTO notify_doubts (key, times, at) VALUES (:key, 1, :now)
           ON CONFLICT (key) DO UPDATE SET times = times + 1, at = :now RETURNING times""",
        key=key,
        now=now,
    )
    return times


def not_sent(tx: Tx, key: str) -> None:
    """It surely did not arrive this time."""
    tx.q("UPDATE notify_doubts SET times = times - 1 WHERE key = :key AND times > 0", key=key)


def settle(tx: Tx, key: str) -> None:
    """It is there, or given up."""
    tx.q("DELETE FROM notify_doubts WHERE key = :key", key=key)
