"""audit: who did what, when, and what the marketplace said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..clock import from_ms
from ..models import Role
from ..operations import operation_name
from ..store.port import Reader, Row
from ..text import clean, one_line, short_id
from ..ui import Card, Reply, Table
from .paging import paged
from .registry import Command, Param
from .reporting import DAYS, days_asked

if TYPE_CHECKING:
    from ..dispatch import Context

USUAL = 7  # days
MOST = 2_000  # rows
LENGTH = 120  # characters of what was said

ACTS = """
SELECT * FROM audit WHERE at >= :start AND (:person = '' OR person = :person)
ORDER BY id DESC LIMIT :limit
"""
STATES = {
    "held": "held",
    "due": "on its way",
    "sending": "on its way",
    "confirmed": "confirmed",
    "undone": "undone",
    "overtaken": "overtaken",
    "refused": "refused",
    "in doubt": "in doubt",
    "done": "done",
    "cancelled": "cancelled",
    "quoted": "not confirmed",
}


async def _audit(context: Context, values: Mapping[str, Any]) -> Reply:
    days = days_asked(values, USUAL)
    start = context.now() - round(timedelta(days=days).total_seconds() * 1000)
    rows = await context.house.store.read(_rows, start, values.get("person", ""))
    table = Table(("When (UTC)", "Who", "Did", "What", "With", "Answer"), tuple(rows), empty="Nobody did anything.")
    more = f"the newest {MOST}" if len(rows) == MOST else ""
    return await paged(context, Card("Who did what", badge=f"{len(rows)} acts", blocks=(table,), footer=more))


def _rows(reader: Reader, start: int, person: str) -> list[tuple[str, ...]]:
    found = reader.q(ACTS, start=start, person=person, limit=MOST)
    return [
        (
            f"{from_ms(row['at']):%Y-%m-%d %H:%M:%S}",
            one_line(row["person"]) + (f" in {row['via']}" if row["via"] else ""),
            row["act"],
            _name(row["subject"]),
            one_line(clean(row["detail"], LENGTH)) or "—",
            _answer(reader, row) or "—",
        )
        for row in found
    ]


def _name(subject: str) -> str:
    kind, _, number = subject.partition(":")
    if kind == "submission" and number.isdecimal():
        return short_id(int(number))
    if kind == "operation" and number.isdecimal():
        return operation_name(int(number))
    return one_line(subject) or "—"


def _answer(reader: Reader, row: Row) -> str:
    """What became of it, and the marketplace's words."""
    kind, _, number = row["subject"].partition(":")
    if not number.isdecimal():
        return ""
    found: Sequence[Row] = ()
    if kind == "submission":
        found = reader.q(
            """SELECT state, message FROM decisions WHERE submission = :id AND decided_at <= :at AND verdict = :act
               ORDER BY id DESC LIMIT 1""",
            id=int(number),
            at=row["at"],
            act=row["act"],
        )
    elif kind == "operation" and row["act"] == "confirm":
        found = reader.q("SELECT state, message FROM operations WHERE id = :id", id=int(number))
    if not found:
        return ""
    state = STATES[found[0]["state"]]
    message = one_line(clean(found[0]["message"], LENGTH))
    return f"{state}: {message}" if message else state


COMMANDS = (
    Command(
        "audit",
        "who did what, when, and what the marketplace answered",
        Role.MANAGER,
        _audit,
        (DAYS, Param("person", "only of this person")),
    ),
)
