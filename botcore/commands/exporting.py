"""export: decisions and spending as a file, for whoever asks."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..accounts import known_job
from ..clock import from_ms, to_ms
from ..models import Role
from ..notices.figures import JOB_OF, days_until
from ..notices.kinds import Event
from ..store.port import Reader
from ..text import clean, short_id
from ..text import days as days_of
from ..ui import File, Reply
from .registry import Command, Param
from .reporting import DAYS, days_asked

if TYPE_CHECKING:
    from ..dispatch import Context

USUAL = 30  # days
MOST = 200_000  # rows of a file
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # begins what a spreadsheet would run

DECIDED = """
SELECT d.*, s.account, s.job_id, s.task_id, s.revision, s.worker_id, s.price, s.submitted_at
FROM decisions d JOIN submissions s ON s.id = d.submission WHERE d.decided_at >= :start ORDER BY d.id LIMIT :limit
"""
RATED = """
SELECT d.id, d.settled_at AS at, d.bonus, d.person, s.id AS submission, s.account, s.job_id, s.price FROM decisions d
JOIN submissions s ON s.id = d.submission
WHERE d.state = 'confirmed' AND d.settled_at >= :start AND d.verdict = 'approve' ORDER BY d.settled_at LIMIT :limit
"""
LAPSED = """
SELECT n.at, n.account, n.job_id, json_extract(n.data, '$.submission') AS submission,
    json_extract(n.data, '$.price') AS price
FROM notices n WHERE n.event = :event AND n.at >= :start ORDER BY n.at LIMIT :limit
"""
BOUGHT = f"""
SELECT o.id, o.settled_at AS at, o.account, {JOB_OF} AS job_id, o.kind, o.summary, o.cost, o.estimate,
    o.confirmed_by, o.message
FROM operations o WHERE o.state = 'done' AND o.settled_at >= :start AND o.cost != '0' ORDER BY o.settled_at LIMIT :limit
"""  # noqa: S608 - our words

DECISIONS = (
    *("decided_at", "submission", "account", "job", "job_title", "task", "revision", "worker", "submitted_at"),
    *("verdict", "satisfaction", "comment", "price", "bonus", "person", "via", "state", "settled_at", "answer"),
)
SPENDING = ("at", "what", "account", "job", "submission", "amount", "estimate", "person", "detail", "answer")


async def _export(context: Context, values: Mapping[str, Any]) -> Reply:
    what, number = values["what"], days_asked(values, USUAL)
    days = days_until(context.house.clock.now(), number, context.house.limits.zone)
    columns, rows = (DECISIONS, _decisions) if what == "decisions" else (SPENDING, _spending)
    text, count, more = await context.house.store.read(_file, columns, rows, days[0].start)
    until = f"{from_ms(to_ms(context.house.clock.now())):%Y-%m-%d}"
    name = f"botcore-{what}-{until}.csv"
    told = f"{count:,} {'row' if count == 1 else 'rows'} of the last {days_of(number)}."
    if more:
        told += f" There are more, and a file holds {MOST:,}: ask for fewer days."
    return Reply(told, file=File(name, text, "text/csv"))


Rows = Callable[[Reader, int], Iterator[Sequence[object]]]


def _file(reader: Reader, columns: Sequence[str], rows: Rows, start: int) -> tuple[str, int, bool]:
    """The oldest rows that a file holds, how many they are, and whether there are more."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    count = 0
    found = rows(reader, start)
    for row in islice(found, MOST):
        writer.writerow([safe(cell) for cell in row])
        count += 1
    return out.getvalue(), count, next(found, None) is not None


def safe(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula: what others wrote may be one."""
    text = "" if cell is None else clean(str(cell))
    return f"'{text}" if text.startswith(FORMULA) else text


def _decisions(reader: Reader, start: int) -> Iterator[Sequence[object]]:
    titles: dict[tuple[str, str], str] = {}
    for row in reader.q(DECIDED, start=start, limit=MOST + 1):
        key = row["account"], row["job_id"]
        if key not in titles:
            job = known_job(reader, *key)
            titles[key] = job.title if job else ""
        yield (
            _moment(row["decided_at"]),
            short_id(row["submission"]),
            row["account"],
            row["job_id"],
            titles[key],
            row["task_id"],
            row["revision"],
            row["worker_id"],
            _moment(row["submitted_at"]),
            row["verdict"],
            row["satisfaction"],
            row["comment"],
            row["price"],
            row["bonus"],
            row["person"],
            row["via"],
            row["state"],
            _moment(row["settled_at"]),
            row["message"],
        )


def _spending(reader: Reader, start: int) -> Iterator[Sequence[object]]:
    """What workers were paid, bonuses and lapses apart, and what the bot bought; in the order of time."""
    lines: list[tuple[int, Sequence[object]]] = []
    for row in reader.q(RATED, start=start, limit=MOST + 1):
        name, where = short_id(row["submission"]), (row["account"], row["job_id"])
        lines.append((row["at"], ("approval", *where, name, row["price"], "", row["person"], "", "")))
        if row["bonus"] != "0":
            lines.append((row["at"], ("bonus", *where, name, row["bonus"], "", row["person"], "", "")))
    for row in reader.q(LAPSED, event=Event.LAPSED, start=start, limit=MOST + 1):
        name = short_id(row["submission"])
        lines.append((row["at"], ("paid unseen", row["account"], row["job_id"], name, row["price"], "", "", "", "")))
    for row in reader.q(BOUGHT, start=start, limit=MOST + 1):
        estimate = "yes" if row["estimate"] else ""
        by = row["confirmed_by"]
        said = row["summary"], row["message"]
        lines.append((row["at"], (row["kind"], row["account"], row["job_id"], "", row["cost"], estimate, by, *said)))
    for at, cells in sorted(lines, key=lambda line: line[0]):
        yield (_moment(at), *cells)


def _moment(ms: int | None) -> str:
    return "" if ms is None else from_ms(ms).isoformat(timespec="seconds")


COMMANDS = (
    Command(
        "export",
        "decisions or spending as a CSV file, to you alone",
        Role.MANAGER,
        _export,
        (
            Param("what", "decisions or spending", required=True, choices=("decisions", "spending")),
            DAYS,
        ),
    ),
)
