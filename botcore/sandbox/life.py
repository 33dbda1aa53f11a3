"""What happens by itself: workers come, hand in and hand in again, deadlines pass, the site looks at new
jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from . import jobs, money, tasks
from .base import Refusal
from .proofs import Proof
from .workers import Worker, answer, find_worker, who_takes
from .world import Books, World

_GAP_SPREAD = (4 / 7, 10 / 7)  # of the mean time between two arrivals
_ASLEEP_MS = 600_000  # workers do not make up for more than this
_SEED_GAP_MS = 540_000  # between two submissions of those that are there at the start
_SEED_SPAN_MS = 2 * jobs.DAY_MS
FIRST_JOBS_MS = 3 * jobs.DAY_MS  # how old the first jobs are at the start


def start(world: World, gap: float) -> None:
    """Tells the world what to do when something on its agenda is due; `gap`: mean seconds between two arrivals."""
    world.on("approval", jobs.approve)
    world.on("arrival", partial(_arrive, gap))
    world.on("deadline", tasks.lapse)
    world.on("deposit", money.arrive)
    world.on("restart", jobs.forget_again)
    world.on("report", tasks.report)
    world.on("report settled", tasks.settle_report)
    world.on("resubmit", lambda books, data: tasks.resubmit(books, data["subject"]))


def keep_coming(books: Books, gap: float) -> None:
    """From now on, workers submit by themselves, about every `gap` seconds."""
    if books.one("SELECT 1 FROM agenda WHERE account = :account AND kind = 'arrival'", account=books.account) is None:
        _expect(books, (books.value("SELECT max(n) FROM task") or 0) + 1, gap)


def stop_coming(books: Books) -> None:
    """From now on, workers submit only when told to."""
    books.never("arrival", "")


def begin(books: Books, job_ids: Sequence[str], waiting: int) -> None:
    """Fills new jobs with submissions of the last hours, taking turns."""
    gap = min(_SEED_GAP_MS, _SEED_SPAN_MS // max(1, waiting))
    for i in range(waiting):
        then = books.ago((waiting - i) * gap)
        hand_in(then, job_ids[i % len(job_ids)], announce=False)


def hand_in(
    books: Books,
    job_id: str,
    *,
    worker: Worker | None = None,
    proofs: Sequence[Proof] | None = None,
    country: str = "",
    ip: str = "",
    announce: bool = True,
) -> str:
    """A worker (or whoever comes) hands in proofs (or what they think fit); returns the task's id."""
    job = jobs.find(books, job_id)
    n = (books.value("SELECT max(n) FROM task") or 0) + 1
    worker = worker or who_takes(books, job, books.chance("visitor", books.account, n))
    if worker is None:
        raise Refusal("Nobody is left who may do this job.")
    if proofs is None:
        proofs = answer(books, job, worker, n)
    return tasks.submit(books, job, worker, proofs, country=country, ip=ip, announce=announce)


def visit(books: Books, job_id: str | None, worker_id: str | None, count: int, **what: Any) -> list[str]:
    """Makes workers submit now, one after the other; returns the tasks' ids. Raises `Refusal`."""
    worker = None if worker_id is None else find_worker(books, worker_id)
    made = []
    for _ in range(count):
        chosen = job_id or _any_open(books)
        if chosen is None:
            raise Refusal("No running job has an open position.")
        made.append(hand_in(books, chosen, worker=worker, **what))
    return made


def _arrive(gap: float, books: Books, data: Mapping[str, Any]) -> None:
    late = books.now - books.at > _ASLEEP_MS
    job_id = _any_open(books)
    if job_id is not None:
        with suppress(Refusal):  # a job for a list whose workers have all done it
            hand_in(books, job_id)
    _expect(replace(books, at=books.now) if late else books, data["n"] + 1, gap)


def _expect(books: Books, n: int, gap: float) -> None:
    least, most = _GAP_SPREAD
    seconds = books.chance("arrival", books.account, n).uniform(gap * least, gap * most)
    books.later(books.at + round(seconds * 1000), "arrival", "", n=n)


def _any_open(books: Books) -> str | None:
    ids = [
        row["id"]
        for row in books.q(
            "SELECT id FROM job WHERE account = :account AND status = 'running' AND NOT dry AND filled < positions "
            "AND (pace_most IS NULL OR pace_most > "
            "(SELECT count(*) FROM task WHERE job_id = job.id AND finished_ms > :at - pace_ms)) ORDER BY n",
            account=books.account,
            at=books.at,
        )
    ]
    n = books.value("SELECT count(*) FROM task")
    return books.chance("job", books.account, n).choice(ids) if ids else None
