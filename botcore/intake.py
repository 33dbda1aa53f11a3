"""Hints and polls become submissions: each once, whatever order the marketplace tells them in."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial

from .accounts import Account, Accounts, known_job, save_job
from .clock import Clock
from .delivery import touch
from .hints import drop_found, drop_hints, hinted_jobs, hinted_tasks, keep_apart, keep_hints
from .keeping import OnKept, Ready, keep, key_of, known, make_ready, see_again, supersede
from .likeness.desk import ask_to_liken
from .models import Channel, Hints, Job, Sighting, SightingState, Submission, Waiting
from .notices.noting import note_lapsed, note_waiting
from .pacing import Urgency, urgency
from .provider import NOT_LISTED, REPORTED, ProviderError, Refused, Unavailable
from .queues import present
from .reading import STILL_OPEN, Share, end_read, newest_known, note_poll, plan, read_enough, unseen
from .settling import overtake
from .store.port import Later, Row, Store, Tx, Work

log = logging.getLogger(__name__)

PICTURE_WAIT_MS = 4_000  # a card waits so long for its pictures
ASK = 200  # tasks asked after in one go
MANY = 3  # jobs that are rather read together than one by one
HINTED = 5  # and that a webhook named
LOOKS = 3  # tries at what many hints named, in vain, before they are followed one by one

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
        self._polls: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # by account: one at a time

    async def poll(self, account: Account, level: Urgency = Urgency.POLLING, *, sweep: bool = False) -> None:
        """One look at an account: reads the jobs whose counts say that something is new or gone."""
        async with self._polls[account.name]:
            await self._poll(account, level, sweep)

    async def _poll(self, account: Account, level: Urgency, sweep: bool) -> None:
        newest, began = await self._store.read(newest_known), self._clock.ms()
        waiting = await account.call(lambda p: p.waiting(), level)
        todo = await self._store.tx(plan, account.name, waiting, newest, self._clock.ms())
        sweep = sweep or todo.sweep_due
        whole = {item.job.id for item in waiting} if sweep else todo.whole
        unread = {item.job.id: item for item in waiting if item.job.id in todo.stale | whole}
        first: ProviderError | None = None
        for read in (
            *(partial(self.ask_after, account, job, tasks, level) for job, tasks in todo.overdue.items()),
            partial(self._read_together, account, waiting, unread, newest, level, whole),
            *(partial(self._read_job, account, unread, job, newest, level, whole=job in whole) for job in [*unread]),
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
        await self._store.tx(keep_hints, account, hints)

    async def follow(self, work: Work) -> None:
        """Handles the work `hint`: reads the tasks of one job that a webhook named, or the job where that was named."""
        account = self._accounts.get(work.args["account"])
        if account is None:
            raise Later(3600, quiet=True)
        account.keep_off(self._clock.ms())
        job_id = str(work.args["job"])
        ids: list[str] = []
        try:
            await self._follow_many(account, work.attempt)
            ids = await self._store.read(hinted_tasks, account.name, job_id)
            if ids or "named" in work.args:
                job = await self._job(account, job_id, fresh="named" in work.args)
            if ids:
                async for page in account.provider.pending(job, ids):
                    await self.ingest(page.submissions)
        except Refused as error:
            log.info("%s: a webhook named a job that cannot be read: %s", account.name, error)
        except ProviderError as error:
            account.failed(error)
            raise Later(min(2.0 ** (min(work.attempt, 10) + 1), 60.0), str(error)) from error
        await self._store.tx(drop_hints, account.name, job_id, ids)

    async def _follow_many(self, account: Account, attempt: int) -> None:
        """A look at all that waits, where it takes fewer calls than a webhook named jobs: it finds most of them."""
        jobs = await self._store.read(hinted_jobs, account.name)
        if account.provider.reads_together and len(jobs) >= HINTED:
            began = self._clock.ms()
            try:
                await self.poll(account)
            except (Unavailable, Refused) as error:
                found = await self._store.tx(drop_found, account.name, began)
                if isinstance(error, Unavailable) and not found and attempt < LOOKS:
                    raise
                log.info("%s: not all that waits could be read: %s", account.name, error)
            await self._store.tx(drop_found, account.name, began)
        elif sum(not known for _, known in jobs) >= HINTED:
            waiting = await account.call(lambda p: p.waiting(), Urgency.POLLING)
            await self._store.tx(_save_jobs, [item.job for item in waiting], self._clock.ms())
        else:
            return
        await self._store.tx(keep_apart, account.name)

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
        note_waiting(tx, [(s.account, s.job_id, number) for s, number in added], now)
        present(tx, self._channels, [*shown, *see_again(tx, there, now)], now, PICTURE_WAIT_MS)
        return added

    async def _job(self, account: Account, job_id: str, *, fresh: bool = False) -> Job:
        if not fresh and (known := await self._store.read(known_job, account.name, job_id)):
            return known
        job = await account.call(lambda p: p.job(job_id), Urgency.POLLING)
        await self._store.tx(save_job, job, self._clock.ms())
        return job

    async def _read_together(
        self,
        account: Account,
        waiting: Sequence[Waiting],
        unread: dict[str, Waiting],
        newest: int,
        level: Urgency,
        whole: Collection[str],
    ) -> None:
        """Reads several jobs from one list of all that waits, while that takes fewer calls than one by one. What was
        read of them is not `unread` any more."""
        told = all(item.count is not None for item in unread.values())
        if not account.provider.reads_together or len(unread) < MANY or not told:
            return
        share = Share(unread, whole)
        try:
            with urgency(level):
                async for page in account.provider.pending_of([item.job for item in waiting]):
                    fresh = await self.ingest(page.submissions)
                    share.note(page)
                    if fresh < len(page.submissions):
                        for job in unread.keys() - set(whole):
                            if await self._store.tx(read_enough, unread[job], newest):
                                del unread[job]
                    if not unread or not share.goes_on(unread):
                        return
        except (Unavailable, Refused) as error:
            log.info("%s: its jobs are read one by one: %s", account.name, error)
            return
        for job in [*unread] if not share.unreadable else []:
            await self._end_read(account, unread.pop(job), share.seen[job], newest, level)

    async def _read_job(
        self, account: Account, unread: Mapping[str, Waiting], job: str, newest: int, level: Urgency, *, whole: bool
    ) -> None:
        """The unrated work of a job: until what is known, or (`whole`) all of it. The list may shift meanwhile: what
        was not seen is asked after by its id."""
        if (item := unread.get(job)) is None:
            return
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
        await self._end_read(account, item, seen, newest, level, unreadable)

    async def _end_read(
        self, account: Account, item: Waiting, seen: set[str], newest: int, level: Urgency, unreadable: int = 0
    ) -> None:
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


def _save_jobs(tx: Tx, jobs: Sequence[Job], now: int) -> None:
    for job in jobs:
        save_job(tx, job, now)


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
    untold = sighting.state in (SightingState.ABSENT, SightingState.RATED)
    if paid or (untold and row["deadline"] is not None and now >= row["deadline"]):
        note_lapsed(tx, row, now, sure=paid)
    if held:
        overtake(tx, held, now, _why_first(sighting.state, paid=paid))
    touch(tx, f"submission:{row['id']}")


def _why_first(state: SightingState, *, paid: bool) -> str:
    if state is SightingState.REPORTED:
        return REPORTED
    return "paid automatically at its deadline" if paid else "rated on the website first"
