"""Numbers that buttons carry. After a restore they go on elsewhere: cards from between still hang there, and their
buttons must never mean something that was made later."""

from __future__ import annotations

import secrets

from .store.port import Tx

NUMBERED = ("operations", "decisions", "bulks", "drafts", "job_names")  # submissions have names that must stay short
FAR_ON = 100_000  # more than can have been made since a backup
SPREAD = 1_000_000_000  # two restores of one backup go on in different places


def next_number(table: str) -> str:
    """The number of a new row in one of these tables, as SQL: a statement of its own would cost a press as much as the
    rest of it."""
    return f"""max((SELECT coalesce(max(id), 0) + 1 FROM {_known(table)}),
        coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = '{_key(table)}'), 0))"""  # noqa: S608


def go_on_elsewhere(tx: Tx) -> None:
    """After a restore."""
    for table in NUMBERED:
        tx.q(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (:key, :value)",
            key=_key(table),
            value=str(tx.value(f"SELECT {next_number(table)}") + FAR_ON + secrets.randbelow(SPREAD)),
        )


def _known(table: str) -> str:
    if table not in NUMBERED:
        raise ValueError(f"{table} has no numbers of its own")
    return table


def _key(table: str) -> str:
    return f"numbers of {table}"
