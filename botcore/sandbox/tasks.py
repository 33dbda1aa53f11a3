"""Tasks: handed in, rated, sent back, handed in again, and rated by the site when nobody does.

A task keeps its id through its revisions. While its worker is at work again it counts as neither unrated nor
rated, and no deadline runs; handing in starts a new one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from . import jobs, people
from .base import Missing, Refusal
from .money import dollars, spend
from .proofs import Proof, dump, load
from .workers import Worker, answer, find_worker
from .world import Books

State = Literal["unrated", "revise", "ok", "not_ok", "reported"]

RATED: tuple[State, ...] = ("ok", "not_ok")
UNRATED: tuple[State, ...] = ("unrated",)

_ANSWER_SECONDS = (15, 60)  # how soon a worker hands in again
_LOOK_MS = 2 * jobs.DAY_MS  # how long the site takes to look at what was reported


@dataclass(frozen=True, slots=True)
class Revision:
    """What was handed in before, and what its worker was told."""

    finished_ms: int
    proofs: tuple[Proof, ...]
    comment: str


@dataclass(frozen=True, slots=True)
class Task:
    id: str
    n: int
    job_id: str
    worker_id: str
    country: str
    ip: str
    state: State
    revision: int
    finished_ms: int
    proofs: tuple[Proof, ...]
    comment: str  # what its worker was last told
    earlier: tuple[Revision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A rating as it came in. Bonus in units."""

    job_id: str
    task_id: str
    rating: Literal["ok", "not_ok", "revise"]
    satisfaction: str | None = None
    comment: str = ""
    bonus: int = 0
    list_id: int | None = None
    block_worker: bool = False


def submit(
    books: Books,
    job: jobs.Job,
    worker: Worker,
    proofs: Sequence[Proof],
    *,
    country: str = "",
    ip: str = "",
    announce: bool = True,
) -> str:
    """A worker hands in a task; returns its id."""
    n = (books.value("SELECT max(n) FROM task") or 0) + 1
    task_id = books.site.task_id(books, n)
    books.q(
        "INSERT INTO task "
        "(n, id, account, job_id, worker_id, country, ip, state, finished_ms, proofs, announced) "
        "VALUES (:n, :id, :account, :job, :worker, :country, :ip, 'unrated', :at, :proofs, :announced)",
        n=n, id=task_id, account=books.account, job=job.id, worker=worker.id,
        country=country or worker.country, ip=ip or worker.ip, at=books.at,
        proofs=dump(proofs), announced=not announce,
    )  # fmt: skip
    jobs.fill_position(books, job)
    _await_rating(books, job, task_id, worker)
    if announce:
        books.announce()
    return task_id


def resubmit(books: Books, task_id: str, proofs: Sequence[Proof] | None = None) -> None:
    """A worker hands in a task again, better than before unless told what. Raises `Refusal` where nobody
    asked."""
    row = books.one(
        "SELECT * FROM task WHERE id = :id AND account = :account AND state = 'revise'",
        id=task_id,
        account=books.account,
    )
    if row is None:
        raise Refusal("Nobody asked for a revision of this task.")
    job, revision = jobs.find(books, row["job_id"]), row["revision"] + 1
    worker = find_worker(books, row["worker_id"])
    if proofs is None:
        proofs = answer(books, job, worker, row["n"], revision)
    books.q(
        "UPDATE task SET state = 'unrated', revision = :revision, finished_ms = :at, proofs = "
        ":proofs, announced = 0 "
        "WHERE id = :id",
        revision=revision, at=books.at, proofs=dump(proofs), id=task_id,
    )  # fmt: skip
    books.never("resubmit", task_id)
    _await_rating(books, job, task_id, worker)
    books.announce()


def rate(books: Books, judgement: Judgement, made_by: str = "api") -> None:
    """Rates a task once and for all, with everything that goes with it. Raises `Refusal`, and then did
    nothing."""
    with books.attempt():
        task = _take(books, judgement)
        job = jobs.find(books, task.job_id)
        if judgement.bonus:
            spend(books, judgement.bonus)
        match judgement.rating:
            case "ok":
                jobs.pay_position(books, job)
            case "not_ok":
                jobs.free_position(books, job)
            case "revise":
                _send_back(books, task, judgement.comment)
        if judgement.list_id is not None:
            people.add_to_list(books, judgement.list_id, [task.worker_id])
        if judgement.block_worker:
            people.block(books, [task.worker_id])
        books.never("deadline", task.id)
        books.note(
            "rate", made_by, job_id=task.job_id, task_id=task.id, revision=task.revision,
            rating=judgement.rating, satisfaction=judgement.satisfaction, comment=judgement.comment,
            bonus=dollars(judgement.bonus), list_id=judgement.list_id, block_worker=judgement.block_worker,
        )  # fmt: skip


def report(books: Books, data: Mapping[str, Any]) -> None:
    """Something is wrong with an unrated task: until the site has looked at it, nobody can rate it."""
    reported = books.q(
        "UPDATE task SET state = 'reported' WHERE id = :id AND state = 'unrated' RETURNING job_id", id=data["subject"]
    )
    if reported:
        books.never("deadline", data["subject"])
        books.note("report", "auto", job_id=reported[0]["job_id"], task_id=data["subject"])
        books.later(books.at + _LOOK_MS, "report settled", data["subject"])


def settle_report(books: Books, data: Mapping[str, Any]) -> None:
    """The site has looked at a reported task, and is not satisfied."""
    task = find(books, data["subject"])
    books.q("UPDATE task SET state = 'unrated' WHERE id = :id", id=task.id)
    rate(books, Judgement(job_id=task.job_id, task_id=task.id, rating="not_ok", comment="Against the rules."), "auto")


def find(books: Books, task_id: str) -> Task:
    """A task of one of the buyer's jobs. Raises `Refusal` where there is none."""
    row = books.one("SELECT * FROM task WHERE id = :id AND account = :account", id=task_id, account=books.account)
    if row is None:
        raise Missing("Task not found.")
    return _task(books, row)


def lapse(books: Books, data: Mapping[str, Any]) -> None:
    """Nobody rated a task in time: the site is satisfied with it."""
    job_id = books.value("SELECT job_id FROM task WHERE id = :id", id=data["subject"])
    rate(books, Judgement(job_id=job_id, task_id=data["subject"], rating="ok"), "auto")


def listed(
    books: Books,
    states: Sequence[State],
    *,
    job_id: str | None = None,
    ids: Sequence[str] | None = None,
    newest_first: bool = False,
    limit: int = -1,
    offset: int = 0,
) -> tuple[list[Task], int]:
    """A page of tasks in the order they first came in, and how many there are in all."""
    # written out, since only a literal lets SQLite use the index of what is unrated
    words = ", ".join(f"'{state}'" for state in states)
    where = (
        f"account = :account AND state IN ({words})" if len(states) > 1 else f"account = :account AND state = {words}"
    )
    if job_id is not None:
        where += " AND job_id = :job"
    if ids is not None:
        where += " AND id IN (SELECT value FROM json_each(:ids))"
    params = {"account": books.account, "job": job_id, "ids": json.dumps(ids)}
    total = books.value(f"SELECT count(*) FROM task WHERE {where}", **params)  # noqa: S608
    order = "n DESC" if newest_first else "n"
    rows = books.q(
        f"SELECT * FROM task WHERE {where} ORDER BY {order} LIMIT :limit OFFSET :offset",  # noqa: S608
        **params, limit=limit, offset=offset,
    )  # fmt: skip
    return [_task(books, row) for row in rows], int(total)


def _take(books: Books, judgement: Judgement) -> Task:
    taken = books.q(
        "UPDATE task SET state = :state, comment = :comment "
        "WHERE id = :id AND job_id = :job AND account = :account AND state = 'unrated' RETURNING *",
        state=judgement.rating, comment=judgement.comment,
        id=judgement.task_id, job=judgement.job_id, account=books.account,
    )  # fmt: skip
    if not taken:
        raise Refusal("Task cannot be rated.")
    return _task(books, taken[0])


def _send_back(books: Books, task: Task, comment: str) -> None:
    books.q(
        "INSERT INTO revision VALUES (:id, :number, :finished, :proofs, :comment)",
        id=task.id, number=task.revision, finished=task.finished_ms, proofs=dump(task.proofs),
        comment=comment,
    )  # fmt: skip
    seconds = books.chance("answer", task.id, task.revision).uniform(*_ANSWER_SECONDS)
    books.later(books.at + round(seconds * 1000), "resubmit", task.id)


def _await_rating(books: Books, job: jobs.Job, task_id: str, worker: Worker) -> None:
    if job.terms.ttr_days:
        books.later(books.at + job.terms.ttr_days * jobs.DAY_MS, "deadline", task_id)
    books.site.handed_in(books, job.id, task_id, worker)


def _task(books: Books, row: sqlite3.Row) -> Task:
    earlier: tuple[Revision, ...] = ()
    if row["revision"] or row["state"] == "revise":
        rows = books.q("SELECT * FROM revision WHERE task_id = :id ORDER BY number", id=row["id"])
        earlier = tuple(Revision(r["finished_ms"], load(r["proofs"]), r["comment"]) for r in rows)
    return Task(
        row["id"],
        row["n"],
        row["job_id"],
        row["worker_id"],
        row["country"],
        row["ip"],
        row["state"],
        row["revision"],
        row["finished_ms"],
        load(row["proofs"]),
        row["comment"],
        earlier,
    )
