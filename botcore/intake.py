"""Hints and polls become submissions: each once, whatever order the marketplace tells them in."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from .accounts import Account, Accounts, known_job, save_job
from .clock import Clock
from .delivery import touch
from .keeping import NOT_LISTED, OnKept, Ready, keep, key_of, known, make_ready, see_again, supersede
from .likeness.desk import ask_to_liken
from .models import Channel, Hints, Job, Sighting, SightingState, Submission, Waiting
from .pacing import Urgency, urgency
from .provider import REPORTED, ProviderError, Refused, Unavailable
from .queues import present
from .reading import STILL_OPEN, end_read, newest_known, note_poll, plan, read_enough, unseen
from .settling import overtake
from .store.port import Later, Reader, Row, Store, Tx, Work

log = logging.getLogger(__name__)

PICTURE_WAIT_MS = 4_000  # a card waits so long for its pictures
ASK = 200  # tasks asked after in one go

Advise = Callable[[Submission], Awaitable[Sequence[str]]]


async def no_advice(submission: Submission) -> Sequence[str]:
    return ()


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
        on_kept: OnKept = lambda tx, submission, number: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._accounts = accounts
        self._channels = [channel for channel in channels if channel.purpose == "review"]
        self._advise = advise
        self._on_received = on_received
        self._on_kept = on_kept

    async def poll(self, account: Account, level: Urgency = Urgency.POLLING, *, sweep: bool = False) -> None:
        """One look at an account: reads the jobs whose counts say that something is new or gone."""
        newest, began = await self._store.read(newest_known), self._clock.ms()
        waiting = await account.call(lambda p: p.waiting(), level)
        todo = await self._store.tx(plan, account.name, waiting, newest, self._clock.ms())
        sweep = sweep or todo.sweep_due
        whole = {item.job.id for item in waiting} if sweep else todo.whole
        first: ProviderError | None = None
        for read in (
            *(partial(self.ask_after, account, job, tasks, level) for job, tasks in todo.overdue.items()),
            *(
                partial(self._read_job, account, item, newest, level, whole=item.job.id in whole)
                for item in waiting
                if item.job.id in todo.stale | whole
            ),
            *(partial(self.ask_after, account, job, tasks, level) for job, tasks in todo.vanished.items()),
        ):
            try:
                await read()
            except (Unavailable, Refused) as error:  # one job that cannot be read must not hide the others
                first = first or error
            except ProviderError as error:
                account.failed(error)
                raise
        if first is not None:
            account.failed(first)
            raise first
        await self._store.tx(note_poll, account.name, todo, sweep, began)

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

    async def ingest(self, submissions: Sequence[Submission]) -> int:
        """Keeps submissions; what is new goes to the channels. Returns how many were not known."""
        page = {key_of(s): s for s in submissions}
        there = await self._store.read(known, list(page.values()))
        fresh = [make_ready(s, await self._advise(s)) for key, s in page.items() if key not in there]
        for submission, number in await self._store.tx(self._keep, fresh, list(there.values()), self._clock.ms()):
            self._on_received(submission, number)
        return len(fresh)

    def _keep(self, tx: Tx, fresh: Sequence[Ready], there: Sequence[int], now: int) -> Sequence[tuple[Submission, int]]:
        added, shown = keep(tx, fresh, self._on_kept, now)
        if added:
            ask_to_liken(tx)
        present(tx, self._channels, [*shown, *see_again(tx, there, now)], now, PICTURE_WAIT_MS)
        return added

    async def _job(self, account: Account, job_id: str, *, fresh: bool = False) -> Job:
        if not fresh and (known := await self._store.read(known_job, account.name, job_id)):
            return known
        job = await account.call(lambda p: p.job(job_id), Urgency.POLLING)
        await self._store.tx(save_job, job, self._clock.ms())
        return job

    async def _read_job(self, account: Account, item: Waiting, newest: int, level: Urgency, *, whole: bool) -> None:
        """The unrated work of a job: until what is known, or (`whole`) all of it. The list may shift meanwhile: what
        was not seen is asked after by its id."""
        seen: set[str] = set()
        unreadable = 0
        with urgency(level):
            async for page in account.provider.pending(item.job):
                fresh = await self.ingest(page.submissions)
                seen.update(s.task_id for s in page.submissions)
                unreadable += page.unreadable
                among_known = fresh < len(page.submissions)
                if among_known and not whole and await self._store.tx(read_enough, item, newest):
                    return
        missing = await self._store.read(unseen, item.job, seen, newest)
        await self.ask_after(account, item.job.id, missing, level)
        await self._store.tx(end_read, item, newest, len(seen) + unreadable, missing, self._clock.ms())

    async def ask_after(self, account: Account, job_id: str, tasks: Sequence[str], level: Urgency) -> None:
        """Asks where these tasks stand, and keeps what is not as we hold it."""
        for start in range(0, len(tasks), ASK):
            some = tasks[start : start + ASK]
            sightings = await account.call(lambda p, some=some: p.look(job_id, some), level)  # type: ignore[misc]
            newer = await self._store.tx(_note_sightings, account.name, job_id, sightings, self._clock.ms())
            if newer:
                await self.find(account, job_id, newer)


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
        if sighting.state is SightingState.WAITING and (sighting.revision or 0) > row["revision"]:
            newer.append(sighting.task_id)
            supersede(tx, row, now)  # whether or not the newer one can be read just now
            continue
        if sighting.state is SightingState.WAITING:
            tx.q("UPDATE submissions SET missed = 0, seen_at = :now WHERE id = :id", id=row["id"], now=now)
            continue
        if sighting.revision is not None and sighting.revision < row["revision"]:
            continue  # looked at before the newer one came in
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
        SightingState.REPORTED: REPORTED,
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
        overtake(tx, held, now, _why_first(sighting.state, paid=paid))
    touch(tx, f"submission:{row['id']}")


def _why_first(state: SightingState, *, paid: bool) -> str:
    if state is SightingState.REPORTED:
        return REPORTED
    return "paid automatically at its deadline" if paid else "rated on the website first"


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
