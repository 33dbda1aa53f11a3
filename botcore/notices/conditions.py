"""What is wrong just now: told once it lasts, and once more when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from ..store.port import Tx
from .kinds import Event
from .noting import note

NOTHING_MORE: Mapping[str, object] = MappingProxyType({})
LASTS_MS = 120_000  # what mends itself sooner is no news


class State(Enum):
    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"  # as after a start, before anything is known


@dataclass(frozen=True, slots=True)
class Condition:
    """How something is. `at_once`: it does not mend itself, so that nothing is waited for."""

    state: State
    why: str = ""
    at_once: bool = False


def note_conditions(tx: Tx, parts: Mapping[str, Condition], now: int) -> None:
    """How all parts are; what is wrong with one that is there no more is forgotten."""
    for name, condition in parts.items():
        settle(tx, name, condition, now)
    for row in tx.q("SELECT name FROM conditions WHERE name NOT LIKE 'balance %'"):
        if row["name"] not in parts:
            tx.q("DELETE FROM conditions WHERE name = :name", name=row["name"])


def settle(
    tx: Tx,
    name: str,
    condition: Condition,
    now: int,
    *,
    event: Event = Event.ATTENTION,
    account: str = "",
    more: Mapping[str, object] = NOTHING_MORE,
) -> None:
    """Notes how one thing is, and tells where that is news, with what `more` is to be said of it."""
    known = tx.one("SELECT * FROM conditions WHERE name = :name", name=name)
    if condition.state is State.DOWN:
        since = min(known["since"], now) if known else now
        told = bool(known and known["told"])
        tell = not told and (condition.at_once or now - since >= LASTS_MS)
        tx.q(
            """INSERT INTO conditions (name, why, since, told) VALUES (:name, :why, :since, :told)
               ON CONFLICT (name) DO UPDATE SET why = excluded.why, told = excluded.told""",
            name=name,
            why=condition.why,
            since=since,
            told=told or tell,
        )
        if tell:
            data = {"part": name, "state": "down", "since": since, "why": condition.why, **more}
            note(tx, event, f"{name}:{since}:down", now, data, account=account)
    elif condition.state is State.UP and known is not None:
        tx.q("DELETE FROM conditions WHERE name = :name", name=name)
        if known["told"]:
            data = {"part": name, "state": "up", "since": known["since"], "why": known["why"], **more}
            note(tx, event, f"{name}:{known['since']}:up", now, data, account=account)
