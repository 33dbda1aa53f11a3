"""What webhooks made worth reading, kept until it was read."""

from __future__ import annotations

from collections.abc import Sequence

from .models import Hints
from .store.port import Reader, Tx

AT_ONCE = 10_000  # tasks of one job that are asked for together


def keep_hints(tx: Tx, account: str, hints: Hints) -> None:
    """Has what a webhook named followed, each job by a work `hint` of its own."""
    tx.many(
        "INSERT OR IGNORE INTO hints (account, job_id, task_id) VALUES (:account, :job, :task)",
        [{"account": account, "job": job, "task": task} for job, tasks in hints.tasks.items() for task in tasks],
    )
    for job in hints.tasks:
        _enqueue(tx, account, job)
    for job in hints.jobs:
        part = f"hints:{account}"
        tx.put("hint", f"hint-job:{account}:{job}", part, 30, 0, account=account, job=job, named=1)


def hinted_tasks(reader: Reader, account: str, job: str) -> list[str]:
    """Tasks of a job that a webhook named and nobody has read since."""
    rows = reader.q(
        "SELECT task_id FROM hints WHERE account = :account AND job_id = :job LIMIT :most",
        account=account,
        job=job,
        most=AT_ONCE,
    )
    return [row["task_id"] for row in rows]


def hinted_jobs(reader: Reader, account: str) -> list[tuple[str, bool]]:
    """Jobs with tasks that nobody has looked for yet, each with whether the job itself is known."""
    rows = reader.q(
        """SELECT h.job_id, EXISTS (SELECT 1 FROM jobs j WHERE j.account = h.account AND j.id = h.job_id) AS known
           FROM (SELECT DISTINCT account, job_id FROM hints WHERE account = :account AND NOT tried) h""",
        account=account,
    )
    return [(row["job_id"], bool(row["known"])) for row in rows]


def drop_found(tx: Tx, account: str, since: int) -> int:
    """What was seen among the unrated work at `since` or later (ms) is not hinted at any more; returns how many."""
    return len(
        tx.q(
            """DELETE FROM hints WHERE account = :account AND EXISTS (
                   SELECT 1 FROM submissions s WHERE s.account = hints.account AND s.task_id = hints.task_id
                   AND s.seen_at >= :since) RETURNING task_id""",
            account=account,
            since=since,
        )
    )


def keep_apart(tx: Tx, account: str) -> None:
    """What a look at everything did not find is followed job by job."""
    tx.q("UPDATE hints SET tried = 1 WHERE account = :account AND NOT tried", account=account)


def drop_hints(tx: Tx, account: str, job: str, tasks: Sequence[str]) -> None:
    """These were read; what else there is of the job comes next."""
    tx.many(
        "DELETE FROM hints WHERE account = :account AND job_id = :job AND task_id = :task",
        [{"account": account, "job": job, "task": task} for task in tasks],
    )
    if tx.one("SELECT 1 FROM hints WHERE account = :account AND job_id = :job LIMIT 1", account=account, job=job):
        _enqueue(tx, account, job)


def _enqueue(tx: Tx, account: str, job: str) -> None:
    tx.put("hint", f"hint:{account}:{job}", f"hints:{account}", 30, 0, account=account, job=job)
