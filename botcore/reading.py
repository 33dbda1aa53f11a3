"""Which jobs are read, and how far: what a marketplace counts as unrated is held against what we hold.

Counts are a hint, and the slow full sweep is the proof: a read that stops early may be wrong until the next of those,
and no longer.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .accounts import save_job
from .models import Job, SubmissionPage, Waiting
from .store.port import Reader, Row, Tx

SWEEP_MS = 15 * 60_000  # so often everything unrated is read, whatever the counts say
DOUBT_MS = 15_000  # a difference is looked into again after twice as long, and twice as long again each time

STILL_OPEN = """
SELECT s.* FROM submissions s WHERE s.state IN ('new', 'shown', 'decided')
AND s.account = :account AND s.job_id = :job AND (s.state IN ('new', 'shown') OR (s.state = 'decided' AND EXISTS (
    SELECT 1 FROM decisions d WHERE d.submission = s.id AND d.state IN ('held', 'due') AND d.tries = 0)))
"""  # a decision that may have left is settled by whoever sent it

HELD = """
SELECT count(*) FROM submissions WHERE state IN ('new', 'shown', 'decided') AND account = :account AND job_id = :job
"""
CAME = """
SELECT count(*) FROM submissions NOT INDEXED
WHERE id > :newest AND state IN ('new', 'shown', 'decided') AND account = :account AND job_id = :job
"""
LEAVING = """
SELECT count(*) FROM decisions d JOIN submissions s ON s.id = d.submission
WHERE d.state IN ('held', 'due', 'sending', 'in doubt') AND (d.state IN ('sending', 'in doubt') OR d.tries > 0)
AND s.state = 'decided' AND s.account = :account AND s.job_id = :job
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a poll reads. `newest`: the number of our newest submission when the marketplace counted.

    `stale`: jobs to be read until what is known; `whole`: all of it. `overdue`, `vanished`: by job, tasks to be asked
    after by their ids, since their time is over and since the marketplace lists their job no more.
    """

    newest: int
    stale: frozenset[str]
    whole: frozenset[str]
    overdue: Mapping[str, Sequence[str]]
    vanished: Mapping[str, Sequence[str]]
    sweep_due: bool
    rated: Mapping[str, int]  # by job: ratings of ours that were confirmed by then


@dataclass(frozen=True, slots=True)
class Held:
    """How many of a job we hold as unrated, and what of that the marketplace may count otherwise."""

    total: int
    came: int  # since it counted
    leaving: int  # sent, and not yet known to have arrived
    left: int  # rated by us since the poll before: it may take a while to count that

    def agrees(self, told: int, more: int = 0) -> bool:
        return self.total - self.came - self.leaving <= told <= self.total + self.left + more


class Share:
    """What one list of all that waits has told of several jobs. `seen`: their tasks on it, by job."""

    def __init__(self, items: Mapping[str, Waiting], whole: Collection[str]) -> None:
        self.seen: dict[str, set[str]] = {job: set() for job in items}
        self.unreadable = 0
        self._items = dict(items)
        self._whole = whole
        self._read = 0
        self._apart = 0  # calls that it takes to read them one by one
        self._pages = 0  # of all of the list

    def note(self, page: SubmissionPage) -> None:
        """A page was read."""
        self._read += 1
        self.unreadable += page.unreadable
        for submission in page.submissions:
            if submission.job_id in self.seen:
                self.seen[submission.job_id].add(submission.task_id)
        if self._read == 1:
            size = max(1, len(page.submissions) + page.unreadable)
            pages = {job: max(1, -(-(item.count or 0) // size)) for job, item in self._items.items()}
            self._apart = sum(count if job in self._whole else min(count, 2) for job, count in pages.items())
            self._pages = page.pages

    def goes_on(self, left: Collection[str]) -> bool:
        """Whether to read on for these: not where it would take more calls than one by one."""
        if any(job in self._whole for job in left):
            return self._pages <= self._apart
        return self._read < self._apart


def newest_known(reader: Reader) -> int:
    number: int = reader.value("SELECT max(id) FROM submissions") or 0
    return number


def plan(tx: Tx, account: str, waiting: Sequence[Waiting], newest: int, now: int) -> Plan:
    """Keeps the jobs as they were told, and says which of them are to be read."""
    stale, whole = set[str](), set[str]()
    overdue: dict[str, list[str]] = {}
    rated: dict[str, int] = {}
    for item in waiting:
        row = _notes(tx, item.job)
        save_job(tx, item.job, now)
        if item.quiet:
            continue
        if row is None or row["read_done"] is None or _is_doubtful(row, now):
            whole.add(item.job.id)
            continue
        rated[item.job.id] = row["rated"]
        holding = _held(tx, item.job, row, newest)
        if not _is_known(item, row, holding):
            stale.add(item.job.id)
        if item.count is not None and item.count - row["drift"] < holding.total:
            late = tx.q(STILL_OPEN + "AND s.deadline <= :now", account=account, job=item.job.id, now=now)
            overdue[item.job.id] = [one["task_id"] for one in late]
    swept = tx.value("SELECT swept_at FROM accounts WHERE name = :account", account=account)
    return Plan(
        newest,
        frozenset(stale),
        frozenset(whole),
        overdue,
        _vanished(tx, account, {item.job.id for item in waiting}),
        swept is None or not 0 <= now - swept < SWEEP_MS,
        rated,
    )


def read_enough(tx: Tx, item: Waiting, newest: int) -> bool:
    """Whether we hold by now what was counted, drift aside: then the rest of the pages is known."""
    row = _notes(tx, item.job)
    if row is None or row["read_done"] is None:
        return False
    if item.count is not None and not _held(tx, item.job, row, newest).agrees(item.count - row["drift"]):
        return False
    tx.q(
        "UPDATE jobs SET read_done = :done, read_count = :count WHERE account = :account AND id = :id",
        account=item.job.account,
        id=item.job.id,
        done=item.job.done,
        count=item.count,
    )
    return True


def unseen(reader: Reader, job: Job, seen: set[str], newest: int) -> list[str]:
    """The tasks we held open that a complete read did not show."""
    rows = reader.q(STILL_OPEN + "AND s.id <= :newest", account=job.account, job=job.id, newest=newest)
    return [row["task_id"] for row in rows if row["task_id"] not in seen]


def end_read(tx: Tx, item: Waiting, newest: int, found: int, missing: Sequence[str], now: int) -> None:
    """After all pages were read and what they did not show was asked after: keeps by how much the marketplace counts
    otherwise. A difference is believed for a while, and for longer each time. `found`: what the pages held, readable
    or not."""
    row = _notes(tx, item.job)
    if row is None:
        return
    holding = _held(tx, item.job, row, newest)
    told = found if item.count is None else item.count
    # pages shift while they are read, so this may be what they missed
    short = max(0, told - found - len(missing) - holding.leaving - holding.left)
    drift = 0
    if item.count is not None and not holding.agrees(told, len(missing)):
        at_most = holding.total + holding.left + len(missing)
        drift = told - at_most if told > at_most else told - holding.total + holding.came + holding.leaving
    same = (short, drift) == (row["short"], row["drift"])
    agreed = row["agreed"] + 1 if same else 1
    again = (short and agreed == 1) or _is_any_absent(tx, item.job, missing)
    tx.q(
        """UPDATE jobs SET read_done = :done, read_count = :count, drift = :drift, short = :short, agreed = :agreed,
               whole_at = :now
           WHERE account = :account AND id = :id""",
        account=item.job.account,
        id=item.job.id,
        done=None if again else item.job.done,
        count=item.count,
        drift=drift,
        short=short,
        agreed=agreed,
        now=now,
    )


def note_poll(tx: Tx, account: str, done: Plan, swept: bool, now: int) -> None:
    """A poll has read all that it meant to."""
    tx.q(
        """INSERT INTO accounts (name, polled_at, swept_at) VALUES (:account, :now, :swept)
           ON CONFLICT (name) DO UPDATE SET polled_at = excluded.polled_at,
               swept_at = coalesce(excluded.swept_at, swept_at)""",
        account=account,
        now=now,
        swept=now if swept else None,
    )
    for job, rated in done.rated.items():
        tx.q(
            """UPDATE jobs SET rated_then = :rated
               WHERE account = :account AND id = :job AND rated_then != :rated""",
            account=account,
            job=job,
            rated=rated,
        )


def _is_known(item: Waiting, row: Row, holding: Held) -> bool:
    """Whether the counts say that nothing came and nothing went."""
    if item.count is None or row["read_done"] != item.job.done:
        return False
    told = item.count - row["drift"]
    if holding.came or not holding.total - holding.leaving <= told <= holding.total:
        return False
    return not holding.leaving or item.count == row["read_count"]


def _is_doubtful(row: Row, now: int) -> bool:
    """Whether a difference was believed for long enough: the marketplace may only have been wrong for a moment."""
    if not (row["short"] or row["drift"]):
        return False
    return not 0 <= now - row["whole_at"] < min(DOUBT_MS << min(row["agreed"], 10), SWEEP_MS)


def _notes(reader: Reader, job: Job) -> Row | None:
    return reader.one(
        """SELECT read_done, read_count, drift, short, agreed, whole_at, rated, rated_then FROM jobs
           WHERE account = :account AND id = :id""",
        account=job.account,
        id=job.id,
    )


def _held(reader: Reader, job: Job, row: Row, newest: int) -> Held:
    of_job = {"account": job.account, "job": job.id}
    return Held(
        total=reader.value(HELD, **of_job),
        came=reader.value(CAME, newest=newest, **of_job),
        leaving=reader.value(LEAVING, **of_job),
        left=row["rated"] - row["rated_then"],
    )


def _is_any_absent(reader: Reader, job: Job, tasks: Sequence[str]) -> bool:
    """Whether one of them was in no list for the first time: it is looked for once more."""
    return bool(
        reader.value(
            """SELECT 1 FROM json_each(:tasks) t JOIN submissions s ON s.account = :account AND s.task_id = t.value
               WHERE s.state IN ('new', 'shown', 'decided') AND s.missed > 0 LIMIT 1""",
            tasks=json.dumps(tasks),
            account=job.account,
        )
    )


def _vanished(reader: Reader, account: str, named: set[str]) -> dict[str, list[str]]:
    vanished: dict[str, list[str]] = {}
    for row in reader.q(
        """SELECT DISTINCT job_id FROM submissions
           WHERE account = :account AND state IN ('new', 'shown', 'decided')""",
        account=account,
    ):
        if row["job_id"] not in named:
            tasks = [r["task_id"] for r in reader.q(STILL_OPEN, account=account, job=row["job_id"])]
            if tasks:
                vanished[row["job_id"]] = tasks
    return vanished
