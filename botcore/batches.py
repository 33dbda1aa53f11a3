"""Which ratings of a job leave together, in which order, and what of it is left.

Functions of a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

from .delivery import LAZY, touch
from .review import enqueue_rating
from .settling import OPEN_OF_JOB, TELL_SLOWLY_MS, find_unfinished, newer_known, overtake, put_back
from .store.port import Reader, Row, Tx


def begin_batch(tx: Tx, account: str, job: str, size: int, now: int) -> list[Row]:
    """Marks one batch of what is due as being sent; what was in doubt before goes in half the number it went in."""
    find_unfinished(tx, account, job, now)
    tx.q(
        """UPDATE decisions SET state = 'due'
           WHERE state IN ('held', 'due', 'sending', 'in doubt') AND state = 'held' AND due_at <= :now
           AND (SELECT account = :account AND job_id = :job AND state = 'decided'
                FROM submissions s WHERE s.id = decisions.submission)""",
        account=account,
        job=job,
        now=now,
    )
    due: list[Row] = []
    for row in tx.q(
        OPEN_OF_JOB + "AND d.due_at <= :now ORDER BY d.tries, d.due_at, d.id",
        state="due",
        account=account,
        job=job,
        now=now,
    ):
        if newer_known(tx, row):  # it would be rated in its place
            overtake(tx, row, now, "a newer revision came in first", "superseded")
        else:
            due.append(row)
    batch: list[Row] = []
    if due:
        again = _is_narrowed(due[0])
        limit = max(1, due[0]["batch"] // 2) if again else size
        batch = [row for row in due if _is_narrowed(row) == again][: min(limit, size)]
    for row in batch:
        tx.q(
            """UPDATE decisions SET state = 'sending', sent_at = :now, batch = :size, reads = 0, read_as = NULL
               WHERE id = :id""",
            id=row["id"],
            now=now,
            size=len(batch),
        )
        touch(tx, f"submission:{row['submission']}", now + TELL_SLOWLY_MS, LAZY)
    if not batch:
        enqueue_next(tx, account, job, now)
    return batch


def unseen(reader: Reader, account: str, job: str, now: int, since: int) -> list[str]:
    """The tasks of a job whose ratings are due, and that nobody has seen since `since`. A poll alone does not count:
    what was sent back and handed in again between two of them leaves its counts as they were."""
    rows = reader.q(
        """SELECT s.task_id FROM decisions d JOIN submissions s ON s.id = d.submission
           WHERE d.state IN ('held', 'due', 'sending', 'in doubt') AND d.state IN ('held', 'due') AND d.tries = 0
           AND d.due_at <= :now AND s.state = 'decided' AND s.account = :account AND s.job_id = :job
           AND s.seen_at NOT BETWEEN :since AND :now""",
        account=account,
        job=job,
        now=now,
        since=since,
    )
    return [row["task_id"] for row in rows]


def narrow_down(tx: Tx, account: str, job: str, batch: Sequence[Row], words: str, now: int) -> None:
    """All of a batch was refused: it leaves again in halves, so that one bad rating does not cost the others."""
    for row in batch:
        put_back(tx, row, words)
    enqueue_next(tx, account, job, now)


def enqueue_next(tx: Tx, account: str, job: str, at: int) -> None:
    """What is left of the job leaves when it is due, and not before `at`. Not for a batch that is surely not sent:
    that one's pause is for all of them."""
    next_at = tx.value(
        """SELECT min(d.due_at) FROM decisions d JOIN submissions s ON s.id = d.submission
           WHERE d.state IN ('held', 'due', 'sending', 'in doubt') AND d.state IN ('held', 'due')
           AND s.state = 'decided' AND s.account = :account AND s.job_id = :job""",
        account=account,
        job=job,
    )
    if next_at is not None:
        enqueue_rating(tx, account, job, max(next_at, at))


def _is_narrowed(row: Row) -> bool:
    """Whether it left with others before, in vain: in doubt, or refused together with them."""
    return bool(row["tries"] or row["said_no"])
