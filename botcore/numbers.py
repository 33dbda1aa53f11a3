"""Numbers that buttons carry. After a restore they go on elsewhere: cards from between still hang there, and their
buttons must never mean something that was made later."""

from __future__ import annotations

import secrets

from .store.port import Reader, Tx

NUMBERED = ("operations", "decisions", "bulks", "drafts", "job_names")  # submissions have names that must stay short
FAR_ON = 100_000  # more than can have been made since a backup
SPREAD = 1_000_000_000  # two restores of one backup go on in different places


def next_number(reader: Reader, table: str) -> int:
    """The number of a new row in one of these tables."""
    last: int = reader.value(f"SELECT coalesce(max(id), 0) FROM {_known(table)}")  # noqa: S608
    return max(last + 1, int(reader.value("SELECT value FROM meta WHERE key = :key", key=_key(table)) or 0))


def go_on_elsewhere(tx: Tx) -> None:
    """After a restore."""
    for table in NUMBERED:
        tx.q(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (:key, :value)",
            key=_key(table),
            value=str(next_number(tx, table) + FAR_ON + secrets.randbelow(SPREAD)),
        )


def _known(table: str) -> str:
    if table not in NUMBERED:
        raise ValueError(f"{table} has no numbers of its own")
    return table


def _key(table: str) -> str:
    return f"numbers of {table}"
