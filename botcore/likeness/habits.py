"""Answers that came too fast, and bursts from one country."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..models import Job
from ..store.port import Reader, Row, Tx
from ..text import country, short_id

READ_SPEED = 50  # characters a second, faster than anybody reads instructions
SHORTEST, LONGEST = 5, 60  # seconds that every job takes at least, and that are asked of none
NEIGHBOURS = 20  # submissions of the same worker that are looked at

SPAN_MS = 300_000
WINDOW = 2  # spans: a burst is what came within ten minutes,
BURST = 20  # with so many from one country or more,
HALF = 0.5  # which are so much of all that the job got in that time,
TIMES = 2  # and so many times their usual share of it,
USUAL = 20  # where that is known from so many earlier ones
LOOK_BACK = 200  # tallies of the job that its usual shares are taken from

Tally = tuple[str, str, int, str]  # account, job, span, country


def needed_ms(job: Job | None) -> int:
    """How long it takes at the very least to do a job: its instructions have to be read."""
    words = "" if job is None else "".join((*job.instructions, job.notes))
    return 1000 * max(SHORTEST, min(len(words) // READ_SPEED, LONGEST))


def neighbours(reader: Reader, row: Row) -> list[Row]:
    """What the same worker handed in lately for other tasks, as far as it is known, newest first."""
    rows = reader.q(
        """SELECT id, account, job_id, task_id, submitted_at, state FROM submissions
           WHERE worker_id = :worker AND account = :account AND id < :id ORDER BY id DESC LIMIT :most""",
        worker=row["worker_id"],
        account=row["account"],
        id=row["id"],
        most=NEIGHBOURS,
    )
    return [other for other in rows if other["task_id"] != row["task_id"]]


def haste(row: Row, other: Row, job: Job | None) -> str:
    """What to say of a submission that came so soon after `other`, of the same worker; empty where it took its time.

    The marketplaces do not tell when a worker began: after the one before, at the earliest.
    """
    gap = row["submitted_at"] - other["submitted_at"]
    if not 0 <= gap < needed_ms(job):
        return ""
    return f"Handed in {gap // 1000} s after #{short_id(other['id'])}, by the same worker"


def tally(row: Row) -> Tally:
    return row["account"], row["job_id"], row["submitted_at"] // SPAN_MS, row["country"]


def keep_tallies(tx: Tx, tallies: Mapping[Tally, int]) -> None:
    for (account, job, span, land), n in tallies.items():
        tx.q(
            """INSERT INTO tallies (account, job_id, span, country, n) VALUES (:account, :job, :span, :land, :n)
               ON CONFLICT (account, job_id, span, country) DO UPDATE SET n = n + excluded.n""",
            account=account,
            job=job,
            span=span,
            land=land,
            n=n,
        )


def bursts(reader: Reader, tallies: Iterable[Tally]) -> dict[int, str]:
    """What to say of the open submissions that are part of a burst in the spans of these tallies, by number."""
    found: dict[int, str] = {}
    windows = {
        (account, job, first, land) for account, job, span, land in tallies if land for first in (span - 1, span)
    }
    for account, job, first, land in windows:
        if not _is_burst(reader, account, job, first, land):
            continue
        rows = reader.q(
            """SELECT id FROM submissions WHERE state IN ('new', 'shown', 'decided') AND account = :account
               AND job_id = :job AND submitted_at >= :start AND submitted_at < :end AND country = :land
               AND NOT EXISTS (SELECT 1 FROM flags f WHERE f.submission = submissions.id AND f.kind = 'burst')""",
            account=account,
            job=job,
            start=first * SPAN_MS,
            end=(first + WINDOW) * SPAN_MS,
            land=land,
        )
        # the same words in every window, so that nobody is flagged twice
        found |= {row["id"]: f"One of unusually many from {country(land)} within minutes" for row in rows}
    return found


def _is_burst(reader: Reader, account: str, job: str, first: int, land: str) -> bool:
    now = reader.one(
        """SELECT coalesce(sum(n) FILTER (WHERE country = :land), 0) AS ours, coalesce(sum(n), 0) AS everybody
           FROM tallies WHERE account = :account AND job_id = :job AND span >= :first AND span < :end""",
        account=account,
        job=job,
        first=first,
        end=first + WINDOW,
        land=land,
    )
    if now is None or now["ours"] < BURST or now["ours"] < HALF * now["everybody"]:
        return False
    before = reader.one(
        """SELECT coalesce(sum(n) FILTER (WHERE country = :land), 0) AS ours, coalesce(sum(n), 0) AS everybody
           FROM (SELECT country, n FROM tallies WHERE account = :account AND job_id = :job AND span < :first
                 ORDER BY span DESC LIMIT :most)""",
        account=account,
        job=job,
        first=first,
        land=land,
        most=LOOK_BACK,
    )
    if before is None or before["everybody"] < USUAL:
        return False
    usual = before["ours"] / before["everybody"]
    return bool(now["ours"] >= TIMES * usual * now["everybody"])
