"""What a span of time came to, counted in the database: for summaries, reports and their charts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from ..clock import to_ms
from ..store.port import Reader
from .kinds import Event

NOBODY = "?"

SUBMITTED = """
SELECT s.account, s.job_id, count(*) AS n FROM submissions s
WHERE s.received_at >= :start AND s.received_at < :end
AND (:accounts IS NULL OR s.account IN (SELECT value FROM json_each(:accounts)))
AND (:jobs IS NULL OR s.job_id IN (SELECT value FROM json_each(:jobs)))
GROUP BY s.account, s.job_id
"""
RATED = """
SELECT s.account, s.job_id, d.person, d.verdict, s.price, d.bonus, count(*) AS n
FROM decisions d JOIN submissions s ON s.id = d.submission
WHERE d.state = 'confirmed' AND d.settled_at >= :start AND d.settled_at < :end
AND (:accounts IS NULL OR s.account IN (SELECT value FROM json_each(:accounts)))
AND (:jobs IS NULL OR s.job_id IN (SELECT value FROM json_each(:jobs)))
GROUP BY s.account, s.job_id, d.person, d.verdict, s.price, d.bonus
"""
LAPSED = """
SELECT n.account, n.job_id, json_extract(n.data, '$.price') AS price, count(*) AS n FROM notices n
WHERE n.event = :event AND n.at >= :start AND n.at < :end
AND (:accounts IS NULL OR n.account IN (SELECT value FROM json_each(:accounts)))
AND (:jobs IS NULL OR n.job_id IN (SELECT value FROM json_each(:jobs)))
GROUP BY n.account, n.job_id, price
"""
JOB_OF = "CASE WHEN o.made != '' THEN o.made WHEN o.about LIKE 'job:%' THEN substr(o.about, 5) ELSE '' END"
BOUGHT = f"""
SELECT o.account, {JOB_OF} AS job_id, o.cost FROM operations o
WHERE o.state = 'done' AND o.settled_at >= :start AND o.settled_at < :end AND o.cost != '0'
AND (:accounts IS NULL OR o.account IN (SELECT value FROM json_each(:accounts)))
AND (:jobs IS NULL OR {JOB_OF} IN (SELECT value FROM json_each(:jobs)))
"""  # noqa: S608 - our words


@dataclass(frozen=True, slots=True)
class Scope:
    """What is counted. Empty: all accounts, all jobs."""

    accounts: Sequence[str] = ()
    jobs: Sequence[str] = ()

    def params(self) -> dict[str, str | None]:
        return {
            "accounts": json.dumps(list(self.accounts)) if self.accounts else None,
            "jobs": json.dumps(list(self.jobs)) if self.jobs else None,
        }


@dataclass(slots=True)
class Tally:
    """Counts, and US dollars. `paid`: to workers, by approvals, bonuses and lapses (which are paid unseen); `bought`:
    by operations of the bot, such as new positions, from which workers may be paid later."""

    submitted: int = 0
    approved: int = 0
    rejected: int = 0
    revised: int = 0
    lapsed: int = 0
    paid: Decimal = Decimal(0)
    lost: Decimal = Decimal(0)  # of what was paid, for lapses
    bonuses: Decimal = Decimal(0)  # of what was paid
    bought: Decimal = Decimal(0)

    @property
    def is_empty(self) -> bool:
        return self == Tally()


@dataclass(slots=True)
class Figures:
    """A span of time: in all, by job (account and id), and by who decided."""

    total: Tally = field(default_factory=Tally)
    jobs: dict[tuple[str, str], Tally] = field(default_factory=lambda: defaultdict(Tally))
    people: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))


@dataclass(frozen=True, slots=True)
class Day:
    """One of several spans, with its name. Moments in ms."""

    label: str
    start: int
    end: int


def days_until(end: datetime, count: int, zone: ZoneInfo) -> list[Day]:
    """The `count` days before `end`, each from its time of day to the same on the next: as long as a day is there."""
    local = end.astimezone(zone)
    edges = [_at(local.date() - timedelta(days=back), local, zone) for back in range(count, 0, -1)]
    moments = [*(to_ms(edge) for edge in edges), to_ms(end)]
    return [
        Day(day_name(edge.date()), start, stop) for edge, start, stop in zip(edges, moments, moments[1:], strict=False)
    ]


def day_name(day: date) -> str:
    return f"{day.day} {day:%b}"


def _at(day: date, like: datetime, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, like.hour, like.minute, tzinfo=zone)


def count(reader: Reader, scope: Scope, start: int, end: int) -> Figures:
    """What happened from `start` to before `end` (ms)."""
    asked: Mapping[str, object] = {**scope.params(), "start": start, "end": end}
    found = Figures()
    for row in reader.q(SUBMITTED, **asked):
        for tally in (found.total, found.jobs[row["account"], row["job_id"]]):
            tally.submitted += row["n"]
    for row in reader.q(RATED, **asked):
        paid = _dollars(row["price"]) if row["verdict"] == "approve" else Decimal(0)
        bonus = _dollars(row["bonus"])
        for tally in (found.total, found.jobs[row["account"], row["job_id"]], found.people[row["person"] or NOBODY]):
            _add_verdict(tally, row["verdict"], row["n"])
            tally.paid += (paid + bonus) * row["n"]
            tally.bonuses += bonus * row["n"]
    for row in reader.q(LAPSED, event=Event.LAPSED, **asked):
        cost = _dollars(row["price"]) * row["n"]
        for tally in (found.total, found.jobs[row["account"], row["job_id"]]):
            tally.lapsed += row["n"]
            tally.lost += cost
            tally.paid += cost
    for row in reader.q(BOUGHT, **asked):
        cost = _dollars(row["cost"])
        found.total.bought += cost
        if row["job_id"]:
            found.jobs[row["account"], row["job_id"]].bought += cost
    return found


def _add_verdict(tally: Tally, verdict: str, n: int) -> None:
    match verdict:
        case "approve":
            tally.approved += n
        case "reject":
            tally.rejected += n
        case _:
            tally.revised += n


def _dollars(text: str | None) -> Decimal:
    return Decimal(text) if text else Decimal(0)
