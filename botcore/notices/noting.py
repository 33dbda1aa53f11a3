"""News is written down in the transaction of what caused it: once, whatever happens after."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from ..clock import to_ms
from ..models import Job, JobStatus
from ..store.port import Row, Tx
from .kinds import KINDS, Event, Level

PART = "notices"  # of the work that tells it
ROUTE = "route"
REMIND = "remind"
FLAP_MS = 3_600_000  # so long the same is not said again of a job


def note(
    tx: Tx,
    event: Event,
    key: str,
    now: int,
    data: Mapping[str, object],
    *,
    account: str = "",
    job: str = "",
    level: Level | None = None,
) -> bool:
    """Writes something down, to be told; False where it was written down before under this `key`. `data`: its numbers
    and names, for `cards`."""
    fresh = tx.q(
        """INSERT INTO notices (key, event, level, account, job_id, data, at)
           VALUES (:key, :event, :level, :account, :job, :data, :now) ON CONFLICT (key) DO NOTHING RETURNING id""",
        key=f"{event}:{key}",
        event=event,
        level=level or KINDS[event].level,
        account=account,
        job=job,
        data=json.dumps(dict(data)),
        now=now,
    )
    if fresh:
        tx.put(ROUTE, ROUTE, PART, 50, 0)
    return bool(fresh)


def note_waiting(tx: Tx, new: Sequence[tuple[str, str, int]], now: int) -> None:
    """Submissions came in: the account, the job and the number of each."""
    counts = Counter((account, job) for account, job, _ in new)
    for (account, job), count in counts.items():
        first = min(number for a, j, number in new if (a, j) == (account, job))
        note(tx, Event.WAITING, f"{first}", now, {"count": count}, account=account, job=job)
    if counts:
        look_at_deadlines(tx)


def look_at_deadlines(tx: Tx) -> None:
    """There are deadlines that were not there before, or others: when to remind of them is worked out anew."""
    tx.put(REMIND, REMIND, PART, 50, 0)


def note_lapsed(tx: Tx, row: Row, now: int, *, sure: bool) -> None:
    """A submission (its row) was paid by itself at its deadline; not `sure`: the marketplace does not say how it ended,
    and its deadline is over."""
    note(
        tx,
        Event.LAPSED,
        f"{row['id']}",
        now,
        {"submission": row["id"], "price": row["price"], "sure": sure},
        account=row["account"],
        job=row["job_id"],
    )


def note_rating(tx: Tx, event: Event, decision: Row, message: str, now: int) -> None:
    """A rating was refused, or waits for a person to say what became of it."""
    of = tx.one("SELECT account, job_id FROM submissions WHERE id = :id", id=decision["submission"])
    if of:
        said = {name: decision[name] for name in ("submission", "verdict", "person")} | {"message": message}
        key = f"d-{decision['id']}:{decision['tries']}"
        note(tx, event, key, now, said, account=of["account"], job=of["job_id"])


def note_operation(tx: Tx, operation: int, now: int) -> None:
    """An operation has ended, or nobody knows whether it has: tells of its money, or asks for a person. What may have
    made something is looked for before anybody is asked."""
    row = tx.one(
        """SELECT * FROM operations WHERE id = :id AND (state = 'done'
               OR state = 'in doubt' AND (found IS NOT NULL OR about NOT LIKE 'new:%'))""",
        id=operation,
    )
    if row is None:
        return
    told = {name: row[name] for name in ("summary", "cost", "message")}
    told["person"] = row["confirmed_by"] or row["person"]
    if row["state"] == "in doubt":
        note(tx, Event.DOUBT, f"op-{operation}:{row['sent_at']}", now, told, account=row["account"])
    elif Decimal(row["cost"]) > 0:
        note(tx, Event.SPENT, f"op-{operation}", now, told, account=row["account"])


def note_job(tx: Tx, before: Job | None, job: Job, since: int | None, now: int) -> None:
    """What a look at a job tells beside the look before it. `since`: when its account's jobs were all looked at first
    (ms), None: not yet; what is seen for the first time and is older was there before anybody watched."""
    event = what_happened(before, job)
    if before is None and (since is None or (job.created_at and to_ms(job.created_at) < since)):
        return
    if event is None or tx.value(
        """SELECT 1 FROM notices WHERE event = :event AND at > :since AND account = :account AND job_id = :job
           LIMIT 1""",
        event=event,
        account=job.account,
        job=job.id,
        since=now - FLAP_MS,
    ):
        return
    told = {
        "title": job.title,
        "price": None if job.price is None else str(job.price),
        "positions": job.positions,
        "done": job.done,
        "status": job.status_text,
        "message": job.notes if event in (Event.JOB_BLOCKED, Event.JOB_DECLINED) else "",
    }
    note(tx, event, f"{job.account}:{job.id}:{now}", now, told, account=job.account, job=job.id)


def what_happened(before: Job | None, after: Job) -> Event | None:
    """What two looks at a job tell, one after the other; None where that is no news."""
    if before and before.status is after.status and before.status_text == after.status_text:
        return None
    if _is_declined(after):
        return Event.JOB_DECLINED
    if before is None:
        return Event.JOB_BLOCKED if after.status is JobStatus.BLOCKED else Event.JOB_POSTED
    match after.status:
        case JobStatus.BLOCKED:
            return Event.JOB_BLOCKED
        case JobStatus.FINISHED:
            return Event.JOB_FINISHED if before.status is not JobStatus.FINISHED else None
        case JobStatus.RUNNING | JobStatus.PAUSED if before.status is JobStatus.REVIEW:
            return Event.JOB_APPROVED
        case JobStatus.RUNNING if before.status is JobStatus.UNKNOWN:
            return Event.JOB_APPROVED  # of a marketplace that has no word for a job that it looks at
    return None


def _is_declined(job: Job) -> bool:
    """Marketplaces that tell it have a status of that name, or one without a name and the reason."""
    if job.status is JobStatus.UNKNOWN:
        return job.notes.startswith("Declined: ")
    return job.status is JobStatus.BLOCKED and "declin" in job.status_text.lower()
