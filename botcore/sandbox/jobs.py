"""Jobs and their money.

A job's whole price is set aside when it is posted. A satisfied rating pays from it; a rejected task frees its
position for another worker; stopping gives back what no submission has a claim on, and from then on
rejections give back theirs.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from .base import Missing, Refusal
from .money import refund, spend
from .world import Books

DAY_MS = 86_400_000
_UNRATED_OF_JOB = "FROM task WHERE account = :account AND job_id = job.id AND state = 'unrated'"
_APPROVAL_SECONDS = (60, 180)  # how long the site takes to look at a new job


class Status(StrEnum):
    RUNNING = "running"
    FINISHED = "finished"
    PENDING_REVIEW = "pending_review"
    PENDING_RESTART = "pending_restart"
    PAUSED = "paused"
    PAUSED_SYSTEM = "paused_system"
    PAUSED_ADMIN = "paused_admin"
    BLOCKED = "blocked"
    DECLINED = "declined"


_GOING = (Status.RUNNING, Status.PAUSED, Status.PENDING_REVIEW, Status.PENDING_RESTART)


@dataclass(frozen=True, slots=True)
class Slot:
    """A proof that a job asks for: `type` is text or screenshot."""

    type: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A job as its buyer wrote it; `data` is what only that marketplace knows of. Price in units, `ttr_days` 0
    where nothing is rated by the site, `pace`: so many tasks in so many ms."""

    title: str
    price: int
    positions: int
    ttr_days: int
    slots: tuple[Slot, ...]
    per_worker: int = 1
    countries: tuple[str, ...] = ()  # none: from everywhere
    excluded: tuple[str, ...] = ()
    list_id: int | None = None
    pace: tuple[int, int] | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    id: str
    created_ms: int
    status: Status
    stopped: bool
    filled: int
    reserved: int
    unrated: int
    started_ms: int  # when it began to run; 0: not yet
    remembers_after: int  # what workers did up to this task (its n) counts no more
    reason: str  # why it was declined or blocked
    terms: Terms

    @property
    def open(self) -> int:
        """Positions that nobody has filled."""
        return self.terms.positions - self.filled


def post(books: Books, terms: Terms, *, extras: int = 0, paused: bool = False, running: bool = False) -> str:
    """Posts a job and pays for it; the site looks at it before it runs, unless it is `running` at once."""
    price = terms.price * terms.positions
    spend(books, price + extras)
    n = (books.value("SELECT max(n) FROM job") or 0) + 1
    job_id = books.site.job_id(books, n)
    books.q(
        "INSERT INTO job (n, id, account, created_ms, started_ms, status, title, price, positions, reserved, "
        "ttr_days, per_worker, countries, excluded, list_id, slots, data, pace_most, pace_ms) "
        "VALUES (:n, :id, :account, :created, :started, :status, :title, :price, :positions, :reserved, "
        ":ttr, :per_worker, :countries, :excluded, :list_id, :slots, :data, :most, :span)",
        n=n, id=job_id, account=books.account, created=books.at, started=books.at if running else 0,
        status=Status.RUNNING if running else Status.PENDING_REVIEW,
        title=terms.title, price=terms.price, positions=terms.positions, reserved=price,
        ttr=terms.ttr_days, per_worker=terms.per_worker, countries=json.dumps(terms.countries),
        excluded=json.dumps(terms.excluded), list_id=terms.list_id, **_amendable(terms),
    )  # fmt: skip
    if not running:
        seconds = books.chance("approval", n).uniform(*_APPROVAL_SECONDS)
        books.later(books.at + round(seconds * 1000), "approval", job_id, paused=paused)
    return job_id


def approve_at_once(books: Books, job_id: str) -> None:
    """The site looks at a new job now. Raises `Refusal` where it has."""
    due = books.q(
        "UPDATE agenda SET due_ms = :at WHERE account = :account AND kind = 'approval' AND subject = :id RETURNING n",
        at=books.at, account=books.account, id=job_id,
    )  # fmt: skip
    if not due:
        raise Refusal("The site has looked at this job already.")


def approve(books: Books, data: Mapping[str, Any]) -> None:
    """The site has looked at a new job and lets it run."""
    status = Status.PAUSED if data["paused"] else Status.RUNNING
    approved = books.q(
        "UPDATE job SET status = :status, started_ms = :at WHERE id = :id AND status = :pending RETURNING id",
        status=status, at=books.at, id=data["subject"], pending=Status.PENDING_REVIEW,
    )  # fmt: skip
    if approved:
        _tell(books, data["subject"], status)


def find(books: Books, job_id: str) -> Job:
    """One of the buyer's jobs. Raises `Refusal` where it is none of theirs."""
    found = _select(books, "AND id = :id", id=job_id)
    if not found:
        raise Missing("Job not found.")
    return found[0]


def listed(
    books: Books,
    *,
    statuses: Sequence[str] = (),
    unrated: bool = False,
    newest_first: bool = False,
    limit: int = -1,
    offset: int = 0,
) -> tuple[list[Job], int]:
    """A page of the buyer's jobs by date of creation, in these statuses where some are given, and how many there
    are in all."""
    where = "AND (:statuses = '[]' OR status IN (SELECT value FROM json_each(:statuses)))"
    asked = json.dumps([str(status) for status in statuses])
    if unrated:
        where += f" AND EXISTS (SELECT 1 {_UNRATED_OF_JOB})"
    count = f"SELECT count(*) FROM job WHERE account = :account {where}"  # noqa: S608
    total = books.value(count, account=books.account, statuses=asked)
    order = f"{where} ORDER BY n {'DESC' if newest_first else 'ASC'} LIMIT :limit OFFSET :offset"
    return _select(books, order, statuses=asked, limit=limit, offset=offset), int(total)


def pause(books: Books, job_id: str) -> None:
    _change(books, job_id, (Status.RUNNING,), Status.PAUSED, "Only a running job can be paused.")


def resume(books: Books, job_id: str) -> None:
    _change(books, job_id, (Status.PAUSED,), Status.RUNNING, "Only a paused job can be resumed.")


def stop(books: Books, job_id: str) -> int:
    """Ends a job; returns what goes back to the balance."""
    return _end(books, job_id, _GOING, Status.FINISHED, "The job is not running.")


def decline(books: Books, job_id: str, reason: str) -> int:
    """The site does not want a new job; returns what goes back to the balance."""
    new = (Status.PENDING_REVIEW, Status.PENDING_RESTART)
    return _end(books, job_id, new, Status.DECLINED, "The site has looked at this job already.", reason)


def block(books: Books, job_id: str, reason: str) -> int:
    """The site ends a job; returns what goes back to the balance."""
    return _end(books, job_id, _GOING, Status.BLOCKED, "The job has ended already.", reason)


def restart(books: Books, job_id: str, positions: int) -> int:
    """Runs a finished job again, with more positions where asked; returns what it costs."""
    job = _change(books, job_id, (Status.FINISHED,), Status.RUNNING, "Only a finished job can be restarted.")
    if job.open + positions < 1:
        raise Refusal("The job has no open positions.")
    cost = job.terms.price * (positions + (job.open if job.stopped else 0))
    books.q("UPDATE job SET stopped = 0 WHERE id = :id", id=job_id)
    _extend(books, job_id, positions, cost)
    return cost


def add_positions(books: Books, job_id: str, positions: int) -> int:
    """Adds positions to a job that has not ended; returns what they cost."""
    job = find(books, job_id)
    if job.status not in (Status.RUNNING, Status.PAUSED, Status.PENDING_REVIEW):
        raise Refusal("Positions can only be added to an active job.")
    cost = job.terms.price * positions
    _extend(books, job_id, positions, cost)
    return cost


def set_data(books: Books, job_id: str, name: str, value: object) -> None:
    """Changes one of the settings that only this marketplace knows of."""
    job = find(books, job_id)
    amend(books, job_id, replace(job.terms, data={**job.terms.data, name: value}))


def amend(books: Books, job_id: str, terms: Terms) -> None:
    """Changes a job's title, proofs, pace and data to these."""
    books.q(
        "UPDATE job SET title = :title, slots = :slots, data = :data, pace_most = :most, pace_ms = :span "
        "WHERE id = :id",
        id=job_id, title=terms.title, **_amendable(terms),
    )  # fmt: skip


def forget_workers(books: Books, job_id: str) -> None:
    """Who has done the job may do it again."""
    books.q("UPDATE job SET remembers_after = (SELECT coalesce(max(n), 0) FROM task) WHERE id = :id", id=job_id)


def forget_regularly(books: Books, job_id: str, seconds: int) -> None:
    """Who has done the job may do it again, every so many seconds from now on; 0: no longer by itself."""
    if seconds:
        books.later(books.at + seconds * 1000, "restart", job_id, seconds=seconds)
    else:
        books.never("restart", job_id)


def forget_again(books: Books, data: Mapping[str, Any]) -> None:
    """The time is over after which who has done a job may do it again."""
    forget_workers(books, data["subject"])
    books.note("restart", "auto", job_id=data["subject"])
    late = books.now - books.at > data["seconds"] * 1000
    forget_regularly(replace(books, at=books.now) if late else books, data["subject"], data["seconds"])


def drop_open(books: Books, job_id: str) -> None:
    """The positions of a stopped job that nobody filled, and that were paid back, are no more."""
    books.q("UPDATE job SET positions = filled WHERE id = :id AND stopped", id=job_id)


def set_ttr(books: Books, job_id: str, days: int) -> None:
    """Moves the deadline of everything unrated, too; what is over it by then is rated by the site at once."""
    find(books, job_id)
    books.q("UPDATE job SET ttr_days = :days WHERE id = :id", days=days, id=job_id)
    books.q(
        "UPDATE agenda SET due_ms = (SELECT finished_ms FROM task WHERE id = subject) + :span WHERE "
        "account = :account "
        "AND kind = 'deadline' AND subject IN "
        "(SELECT id FROM task WHERE account = :account AND job_id = :id AND state = 'unrated')",
        span=days * DAY_MS, account=books.account, id=job_id,
    )  # fmt: skip


def fill_position(books: Books, job: Job) -> None:
    """A worker took one of the positions; with the last one the job is finished."""
    after = books.value(
        "UPDATE job SET filled = filled + 1, "
        "status = CASE WHEN filled + 1 >= positions THEN 'finished' ELSE status END WHERE id = :id RETURNING status",
        id=job.id,
    )
    if after != job.status:
        _tell(books, job.id, after)


def free_position(books: Books, job: Job) -> None:
    """A task was rejected: its position is open again, or its price goes back where the job was stopped."""
    if job.stopped:
        _release(books, job)
        refund(books, job.terms.price)
    after = books.value(
        "UPDATE job SET filled = filled - 1, "
        "status = CASE WHEN status = 'finished' AND NOT stopped THEN 'running' ELSE status END "
        "WHERE id = :id RETURNING status",
        id=job.id,
    )
    if after != job.status:
        _tell(books, job.id, after)


def pay_position(books: Books, job: Job) -> None:
    """A task was satisfying: its price leaves what was set aside."""
    _release(books, job)


def _release(books: Books, job: Job) -> None:
    books.q("UPDATE job SET reserved = reserved - price WHERE id = :id", id=job.id)


def _extend(books: Books, job_id: str, positions: int, cost: int) -> None:
    spend(books, cost)
    books.q(
        "UPDATE job SET positions = positions + :positions, reserved = reserved + :cost WHERE id = :id",
        positions=positions, cost=cost, id=job_id,
    )  # fmt: skip


def _change(books: Books, job_id: str, before: Sequence[Status], after: Status, otherwise: str) -> Job:
    job = find(books, job_id)
    if job.status not in before:
        raise Refusal(otherwise)
    books.q("UPDATE job SET status = :after WHERE id = :id", after=after, id=job_id)
    _tell(books, job_id, after)
    return job


def _end(books: Books, job_id: str, before: Sequence[Status], after: Status, otherwise: str, reason: str = "") -> int:
    """For good, or until it is restarted; returns what goes back: the price of what no submission has a claim on."""
    job = _change(books, job_id, before, after, otherwise)
    books.never("approval", job_id)
    back = job.open * job.terms.price
    books.q(
        "UPDATE job SET stopped = 1, reserved = reserved - :back, reason = :reason WHERE id = :id",
        back=back, reason=reason, id=job_id,
    )  # fmt: skip
    refund(books, back)
    return back


def _tell(books: Books, job_id: str, status: str) -> None:
    books.q(
        "INSERT INTO job_change (account, job_id, status, at_ms) VALUES (:account, :job, :status, :at)",
        account=books.account, job=job_id, status=str(status), at=books.at,
    )  # fmt: skip
    books.announce()


def _amendable(terms: Terms) -> dict[str, object]:
    most, span = terms.pace or (None, None)
    slots = json.dumps([[slot.type, slot.description] for slot in terms.slots])
    return {"slots": slots, "data": json.dumps(terms.data), "most": most, "span": span}


def _select(books: Books, where: str, **params: object) -> list[Job]:
    unrated = f"(SELECT count(*) {_UNRATED_OF_JOB}) AS unrated"
    sql = f"SELECT *, {unrated} FROM job WHERE account = :account {where}"  # noqa: S608
    rows = books.q(sql, account=books.account, **params)
    return [_job(row) for row in rows]


def _job(row: sqlite3.Row) -> Job:
    terms = Terms(
        title=row["title"],
        price=row["price"],
        positions=row["positions"],
        ttr_days=row["ttr_days"],
        slots=tuple(Slot(*slot) for slot in json.loads(row["slots"])),
        per_worker=row["per_worker"],
        countries=tuple(json.loads(row["countries"])),
        excluded=tuple(json.loads(row["excluded"])),
        list_id=row["list_id"],
        pace=(row["pace_most"], row["pace_ms"]) if row["pace_most"] else None,
        data=json.loads(row["data"]),
    )
    return Job(
        row["id"],
        row["created_ms"],
        Status(row["status"]),
        bool(row["stopped"]),
        row["filled"],
        row["reserved"],
        row["unrated"],
        row["started_ms"],
        row["remembers_after"],
        row["reason"],
        terms,
    )
