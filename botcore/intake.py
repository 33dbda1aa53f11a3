"""Hints and polls become submissions: each once, whatever order the marketplace tells them in."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from .accounts import Account, Accounts, known_job, save_job
from .clock import Clock, to_ms
from .delivery import announce, touch
from .flags import flag_copies, keep_prints
from .models import Channel, Hints, Job, ProofKind, Sighting, SightingState, Submission, Waiting
from .pacing import Urgency, urgency
from .pictures import remember
from .provider import ProviderError, Refused, Unavailable
from .settling import overtake
from .store.codec import dump
from .store.port import Later, Reader, Row, Store, Tx, Work

log = logging.getLogger(__name__)

SWEEP_MS = 15 * 60_000  # so often everything unrated is read, whatever the counts say
PICTURE_WAIT_MS = 4_000  # a card waits so long for its pictures
ASK = 200  # tasks asked after in one go

Advise = Callable[[Submission], Awaitable[Sequence[str]]]


async def no_advice(submission: Submission) -> Sequence[str]:
    return ()


NOT_LISTED = "no longer waiting; the marketplace does not say how"
STILL_OPEN = """
SELECT s.* FROM submissions s WHERE s.state IN ('new', 'shown', 'decided')
AND s.account = :account AND s.job_id = :job AND (s.state IN ('new', 'shown') OR (s.state = 'decided' AND EXISTS (
    SELECT 1 FROM decisions d WHERE d.submission = s.id AND d.state IN ('held', 'due') AND d.tries = 0)))
"""  # a decision that may have left is settled by whoever sent it


class Intake:
    """Polls accounts, follows hints, and keeps what it finds. One instance serves all accounts."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        accounts: Accounts,
        channels: Sequence[Channel],
        *,
        advise: Advise = no_advice,
        on_received: Callable[[Submission, int], None] = lambda submission, number: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._accounts = accounts
        self._channels = [channel for channel in channels if channel.purpose == "review"]
        self._advise = advise
        self._on_received = on_received

    async def poll(self, account: Account, level: Urgency = Urgency.POLLING, *, sweep: bool = False) -> None:
        """One look at an account: reads the jobs whose counts say that something is new or gone."""
        now = self._clock.ms()
        waiting = await account.call(lambda p: p.waiting(), level)
        plan = await self._store.tx(_plan, account.name, waiting, now)
        sweep = sweep or plan.sweep_due
        first: ProviderError | None = None
        for read in (
            *(partial(self._read_job, account, i, level) for i in waiting if sweep or i.job.id in plan.stale),
            *(partial(self._ask_after, account, job, tasks, level) for job, tasks in plan.vanished.items()),
        ):
            try:
                await read()
            except (Unavailable, Refused) as error:  # one job that cannot be read must not hide the others
                first = first or error
        if first is not None:
            account.failed(first)
            raise first
        await self._store.tx(_note_poll, account.name, self._clock.ms(), sweep)

    async def take_hints(self, account: str, hints: Hints) -> None:
        """Makes a webhook's hints durable; they are followed at once."""
        await self._store.tx(_keep_hints, account, hints)

    async def follow(self, work: Work) -> None:
        """Handles the work `hint`: reads the tasks of one job that a webhook named."""
        account = self._accounts.get(work.args["account"])
        if account is None:
            raise Later(3600, quiet=True)
        account.keep_off(self._clock.ms())
        job_id = str(work.args["job"])
        ids = await self._store.read(_hinted, account.name, job_id)
        try:
            job = await self._job(account, job_id, fresh=not ids)
            if ids:
                async for page in account.provider.pending(job, ids):
                    await self.ingest(page.submissions)
        except Refused as error:
            log.info("%s: a webhook named a job that cannot be read: %s", account.name, error)
        except ProviderError as error:
            account.failed(error)
            raise Later(min(2.0 ** (min(work.attempt, 10) + 1), 60.0), str(error)) from error
        await self._store.tx(_forget_hints, account.name, job_id, ids)

    async def find(self, account: Account, job_id: str, ids: Sequence[str]) -> None:
        """Reads these tasks now, for a person who waits."""
        job = await self._job(account, job_id)
        async for page in account.provider.pending(job, ids):
            await self.ingest(page.submissions)

    async def ingest(self, submissions: Sequence[Submission]) -> None:
        """Keeps submissions; what is new goes to the channels."""
        known = await self._store.read(_known, submissions)
        fresh = [s for s in submissions if (s.account, s.task_id, s.revision) not in known]
        advice = {(s.task_id, s.revision): tuple(await self._advise(s)) for s in fresh}
        added = await self._store.tx(_ingest, submissions, advice, self._channels, self._clock.ms())
        for submission, number in added:
            self._on_received(submission, number)

    async def _job(self, account: Account, job_id: str, *, fresh: bool = False) -> Job:
        if not fresh and (known := await self._store.read(known_job, account.name, job_id)):
            return known
        job = await account.call(lambda p: p.job(job_id), Urgency.POLLING)
        await self._store.tx(save_job, job, self._clock.ms())
        return job

    async def _read_job(self, account: Account, item: Waiting, level: Urgency) -> None:
        """All unrated work of a job. The list may shift meanwhile: what was not seen is asked after by its id."""
        began = self._clock.ms()
        seen: set[tuple[str, int]] = set()
        with urgency(level):
            async for page in account.provider.pending(item.job):
                await self.ingest(page.submissions)
                seen.update((s.task_id, s.revision) for s in page.submissions)
        tasks = {task for task, _ in seen}
        missing = await self._store.tx(_end_read, item.job, tasks, len(tasks) >= item.count, began)
        await self._ask_after(account, item.job.id, missing, level)

    async def _ask_after(self, account: Account, job_id: str, tasks: Sequence[str], level: Urgency) -> None:
        for start in range(0, len(tasks), ASK):
            some = tasks[start : start + ASK]
            sightings = await account.call(lambda p, some=some: p.look(job_id, some), level)  # type: ignore[misc]
            newer = await self._store.tx(_note_sightings, account.name, job_id, sightings, self._clock.ms())
            if newer:
                await self.find(account, job_id, newer)


class _Plan:
    def __init__(self, stale: set[str], vanished: Mapping[str, list[str]], sweep_due: bool) -> None:
        self.stale = stale
        self.vanished = vanished
        self.sweep_due = sweep_due


def _plan(tx: Tx, account: str, waiting: Sequence[Waiting], now: int) -> _Plan:
    stale: set[str] = set()
    for item in waiting:
        row = tx.one(
            "SELECT read_done FROM jobs WHERE account = :account AND id = :id",
            account=account,
            id=item.job.id,
        )
        save_job(tx, item.job, now)
        ours = tx.value(
            """SELECT count(*) FROM submissions WHERE account = :account AND job_id = :job
               AND state IN ('new', 'shown', 'decided')""",
            account=account,
            job=item.job.id,
        )
        if row is None or row["read_done"] != item.job.done or ours != item.count:
            stale.add(item.job.id)
    named = {item.job.id for item in waiting}
    vanished: dict[str, list[str]] = {}
    for row in tx.q(
        """SELECT DISTINCT job_id FROM submissions
           WHERE account = :account AND state IN ('new', 'shown', 'decided')""",
        account=account,
    ):
        if row["job_id"] not in named:
            tasks = [r["task_id"] for r in tx.q(STILL_OPEN, account=account, job=row["job_id"])]
            if tasks:
                vanished[row["job_id"]] = tasks
    swept = tx.value("SELECT swept_at FROM accounts WHERE name = :account", account=account)
    return _Plan(stale, vanished, swept is None or now - swept >= SWEEP_MS)


def _note_poll(tx: Tx, account: str, now: int, sweep: bool) -> None:
    tx.q(
        """INSERT INTO accounts (name, polled_at, swept_at) VALUES (:account, :now, :swept)
           ON CONFLICT (name) DO UPDATE SET polled_at = excluded.polled_at,
               swept_at = coalesce(excluded.swept_at, swept_at)""",
        account=account,
        now=now,
        swept=now if sweep else None,
    )


def _end_read(tx: Tx, job: Job, seen: set[str], whole: bool, began: int) -> list[str]:
    """The tasks we hold open that this read did not show. Only a read that saw as many as were told counts as whole."""
    if whole:
        tx.q(
            "UPDATE jobs SET read_done = :done WHERE account = :account AND id = :id",
            account=job.account,
            id=job.id,
            done=job.done,
        )
    rows = tx.q(STILL_OPEN + "AND s.received_at < :began", account=job.account, job=job.id, began=began)
    return [row["task_id"] for row in rows if row["task_id"] not in seen]


def _note_sightings(tx: Tx, account: str, job_id: str, sightings: Sequence[Sighting], now: int) -> list[str]:
    """Says on its card what became of a submission that is no longer waiting; returns tasks with a newer revision."""
    newer: list[str] = []
    for sighting in sightings:
        row = tx.one(
            STILL_OPEN + "AND s.task_id = :task ORDER BY s.revision DESC LIMIT 1",
            account=account,
            job=job_id,
            task=sighting.task_id,
        )
        if row is None:
            continue
        if sighting.state is SightingState.WAITING:
            tx.q("UPDATE submissions SET missed = 0 WHERE id = :id", id=row["id"])
            if sighting.revision is not None and sighting.revision > row["revision"]:
                newer.append(sighting.task_id)
            continue
        if sighting.state is SightingState.ABSENT:
            missed = tx.value(
                "UPDATE submissions SET missed = missed + 1 WHERE id = :id RETURNING missed", id=row["id"]
            )
            if missed < 2:
                continue
        _leave(tx, row, sighting, now)
    return newer


def _leave(tx: Tx, row: Row, sighting: Sighting, now: int) -> None:
    paid = sighting.state is SightingState.APPROVED and row["deadline"] is not None and now >= row["deadline"]
    state = "lapsed" if paid else "elsewhere"
    note = {
        SightingState.APPROVED: "approved",
        SightingState.REJECTED: "rejected",
        SightingState.REVISED: "sent back for revision",
        SightingState.RATED: "",
        SightingState.ABSENT: NOT_LISTED,
        SightingState.WAITING: "",
    }[sighting.state]
    held = tx.one(
        "SELECT * FROM decisions WHERE submission = :id AND state IN ('held', 'due')",
        id=row["id"],
    )
    tx.q(
        "UPDATE submissions SET state = :state, state_note = :note WHERE id = :id",
        id=row["id"],
        state=state,
        note="" if paid else note,
    )
    if held:
        overtake(tx, held, now, "paid automatically at its deadline" if paid else "rated on the website first")
    touch(tx, f"submission:{row['id']}")


def _known(reader: Reader, submissions: Sequence[Submission]) -> set[tuple[str, str, int]]:
    return {
        (s.account, s.task_id, s.revision)
        for s in submissions
        if reader.one(
            "SELECT 1 FROM submissions WHERE account = :account AND task_id = :task AND revision = :revision",
            account=s.account,
            task=s.task_id,
            revision=s.revision,
        )
    }


INSERT = """
INSERT INTO submissions (account, job_id, task_id, revision, worker_id, submitted_at, deadline, price, country,
    ip_address, data, received_at, seen_at)
VALUES (:account, :job, :task, :revision, :worker, :submitted, :deadline, :price, :country, :ip, :data, :now, :now)
ON CONFLICT (account, task_id, revision) DO NOTHING RETURNING id
"""


def _ingest(
    tx: Tx,
    submissions: Sequence[Submission],
    advice: Mapping[tuple[str, int], tuple[str, ...]],
    channels: Sequence[Channel],
    now: int,
) -> list[tuple[Submission, int]]:
    added: list[tuple[Submission, int]] = []
    for s in submissions:
        row = tx.one(
            INSERT,
            account=s.account,
            job=s.job_id,
            task=s.task_id,
            revision=s.revision,
            worker=s.worker_id,
            submitted=to_ms(s.submitted_at),
            deadline=None if s.deadline is None else to_ms(s.deadline),
            price=None if s.price is None else str(s.price),
            country=s.country,
            ip=s.ip_address,
            data=dump(s),
            now=now,
        )
        if row is None:
            _see_again(tx, s, now)
            continue
        number: int = row["id"]
        if _is_old(tx, s):  # read before the newer one, and told after it
            tx.q("UPDATE submissions SET state = 'superseded' WHERE id = :id", id=number)
            continue
        _supersede(tx, s, number, now)
        keep_prints(tx, number, s)
        flag_copies(tx, number, s, advice.get((s.task_id, s.revision), ()))
        pictures = [proof.url for proof in s.proofs if proof.kind is ProofKind.PICTURE and proof.url]
        for url in pictures:
            remember(tx, url, s.account, now)
            tx.q(
                "INSERT OR IGNORE INTO submission_pictures (submission, url) VALUES (:id, :url)",
                id=number,
                url=url,
            )
            tx.put("picture", f"picture:{url}", f"picture:{hash_part(url)}", 45, 0, url=url, account=s.account)
        targets = [channel for channel in channels if channel.takes(s.account)]
        announce(tx, targets, f"submission:{number}", now, now + PICTURE_WAIT_MS if pictures else 0)
        added.append((s, number))
    return added


REOPEN = """
UPDATE submissions SET state = 'shown', state_note = '' WHERE id = :id AND NOT EXISTS
    (SELECT 1 FROM decisions d WHERE d.submission = submissions.id AND d.state NOT IN ('undone', 'refused'))
RETURNING id
"""


def _see_again(tx: Tx, s: Submission, now: int) -> None:
    """Notes that it is still unrated; what was only thought gone, because no list had it, waits again."""
    row = tx.one(
        """UPDATE submissions SET seen_at = :now, missed = 0
           WHERE account = :account AND task_id = :task AND revision = :revision RETURNING id, state, state_note""",
        now=now,
        account=s.account,
        task=s.task_id,
        revision=s.revision,
    )
    if row and row["state"] == "elsewhere" and row["state_note"] == NOT_LISTED and tx.q(REOPEN, id=row["id"]):
        touch(tx, f"submission:{row['id']}")


def _is_old(reader: Reader, s: Submission) -> bool:
    return bool(
        reader.value(
            "SELECT 1 FROM submissions WHERE account = :account AND task_id = :task AND revision > :revision",
            account=s.account,
            task=s.task_id,
            revision=s.revision,
        )
    )


def hash_part(url: str) -> int:
    """Pictures are fetched a few at a time: one of four lanes."""
    return sum(url.encode()) % 4


def _supersede(tx: Tx, s: Submission, number: int, now: int) -> None:
    """A newer revision closes the older ones."""
    rows = tx.q(
        """SELECT * FROM submissions WHERE account = :account AND task_id = :task AND revision < :revision
           AND state IN ('new', 'shown', 'decided') AND id != :id""",
        account=s.account,
        task=s.task_id,
        revision=s.revision,
        id=number,
    )
    for row in rows:
        held = tx.one("SELECT * FROM decisions WHERE submission = :id AND state IN ('held', 'due')", id=row["id"])
        if row["state"] == "decided" and held is None:
            continue  # on its way or in doubt: its own settling tells what became of it
        tx.q("UPDATE submissions SET state = 'superseded' WHERE id = :id", id=row["id"])
        if held:
            overtake(tx, held, now, "a newer revision came in first")
        touch(tx, f"submission:{row['id']}")


def _keep_hints(tx: Tx, account: str, hints: Hints) -> None:
    for job_id, tasks in hints.tasks.items():
        for task in tasks:
            tx.q(
                "INSERT OR IGNORE INTO hints (account, job_id, task_id) VALUES (:account, :job, :task)",
                account=account,
                job=job_id,
                task=task,
            )
    for job_id in {*hints.tasks, *hints.jobs}:
        tx.put("hint", f"hint:{account}:{job_id}", f"hints:{account}", 30, 0, account=account, job=job_id)


def _hinted(reader: Reader, account: str, job_id: str) -> list[str]:
    rows = reader.q(
        "SELECT task_id FROM hints WHERE account = :account AND job_id = :job LIMIT 1000",
        account=account,
        job=job_id,
    )
    return [row["task_id"] for row in rows]


def _forget_hints(tx: Tx, account: str, job_id: str, tasks: Sequence[str]) -> None:
    for task in tasks:
        tx.q(
            "DELETE FROM hints WHERE account = :account AND job_id = :job AND task_id = :task",
            account=account,
            job=job_id,
            task=task,
        )
    if tx.one("SELECT 1 FROM hints WHERE account = :account AND job_id = :job", account=account, job=job_id):
        tx.put("hint", f"hint:{account}:{job_id}", f"hints:{account}", 30, 0, account=account, job=job_id)
