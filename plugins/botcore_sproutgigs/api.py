"""The marketplace's endpoints, one thin method each: JSON goes in and typed values come out.

Sources: SproutGigs' API documentation of 4 March 2024, and Picoworkers' of 29 June 2022, which is the same product's
before it had its new name; the names of endpoints and fields are their own.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import ClassVar, TypeVar
from urllib.parse import quote

from botcore.models import Rating, Satisfaction, Verdict
from botcore.provider import OutcomeUnknown, Refused, Unavailable

from .calls import Calls, Said, unreadable
from .pages import Page
from .posting.terms import posted_id
from .wire import (
    WireCategory,
    WireJob,
    WireList,
    WirePosition,
    WireResult,
    WireStanding,
    WireTask,
    WireZone,
    amounts,
)

log = logging.getLogger(__name__)

T = TypeVar("T", bound=WireStanding)
J = TypeVar("J", bound=WireJob)

JOBS = "jobs/get-jobs.php"
UNRATED = "jobs/get-unrated-tasks.php"
RATED = "jobs/get-rated-tasks.php"
POST = "jobs/post-job.php"

LATEST = datetime.max.replace(tzinfo=UTC)  # where it is not told when a job was created
UNPREFIXED = ("block_worker",)  # under the same name for one task as for many
WORDS = {Verdict.APPROVE: "ok", Verdict.REVISE: "revise", Verdict.REJECT: "not_ok"}


class CommonApi(Calls):
    """The endpoints that both documents have, as the older one has them."""

    # --- users and lists

    async def balances(self) -> dict[str, Decimal]:
        """Every balance by its name, in US dollars; `spendable` is always there."""
        endpoint = "users/get-balances.php"
        read = amounts(await self.read(endpoint))
        if "spendable" not in read:
            raise unreadable(endpoint, "spendable")
        return read

    async def add_workers(self, list_id: str, workers: Sequence[str]) -> Said:
        """Adds workers to a list; the marketplace silently skips who is blocked or not known to it."""
        number = int(list_id) if list_id.isascii() and list_id.isdigit() else list_id
        return await self.change("lists/add-workers.php", {"list_id": number, "workers": list(workers)})

    # --- what is read of jobs

    async def jobs(self, *, unrated_only: bool = False) -> list[WireJob]:
        """All jobs, the newest first, each once. They are listed with the oldest first."""
        pages = [page async for page in self.from_the_end(self.reader(JOBS, _unrated(unrated_only), "jobs", WireJob))]
        pages.sort(key=lambda page: page.number, reverse=True)
        return _each_once(job for page in pages for job in reversed(page.items))

    async def jobs_since(self, since: datetime) -> list[WireJob]:
        """The jobs that were created since then, or may have been, the newest first: read only as far as needed.
        Raises `Unavailable` where such a one may be among what could not be read."""
        listed: list[WireJob] = []
        async for page in self.newest_jobs():
            if page.broken:
                raise Unavailable("the marketplace's list of jobs could not be read completely")
            listed += page.items
            if _all_before(since, page.items) and _newest_first(listed):
                break
        found = [job for job in _each_once(listed) if not _before(since, job)]
        return sorted(found, key=lambda job: job.created_at or LATEST, reverse=True)

    def newest_jobs(self) -> AsyncIterator[Page[WireJob]]:
        """The pages of all jobs, the newest first. They are listed with the oldest first."""
        return _turned(self.backward(self.reader(JOBS, {}, "jobs", WireJob)))

    async def job(self, job_id: str) -> WireJob:
        """Raises `Refused` where there is no such job."""
        return await self.job_as(WireJob, job_id)

    async def job_as(self, kind: type[J], job_id: str) -> J:
        """The same; `kind` says how much of it is read."""
        endpoint = "jobs/get-job.php"
        data = await self.read(endpoint, {"job_id": job_id})
        if not data:
            raise Refused(f"there is no job {job_id}")
        job = self.one(endpoint, data, kind)
        if job.id != job_id:
            raise unreadable(endpoint, "id")
        return job

    async def unrated(self, job_id: str = "") -> AsyncIterator[Page[WireTask]]:
        """A job's unrated tasks, or those of all jobs, the newest first."""
        params = {"job_id": job_id} if job_id else {}
        async for page in self.newest_first(self.reader(UNRATED, params, "tasks", WireTask)):
            yield _only(page, job_id) if job_id else page

    async def unrated_of(self, job_id: str, ids: Sequence[str], kind: type[T]) -> AsyncIterator[Page[T]]:
        """Those of a job's unrated tasks that have these ids; `kind` says how much of them is read. They cannot be
        asked for by id, so all are read until these are found."""
        missing = set(ids)
        if not missing:
            return
        async for page in self.from_the_end(self.reader(UNRATED, {"job_id": job_id}, "tasks", kind)):
            wanted = _only(page, job_id, missing)
            yield wanted
            missing -= {task.id for task in wanted.items}
            if not missing:
                return

    async def zones(self) -> tuple[WireZone, ...]:
        return await self.catalogue("jobs/get-zones.php", WireZone)

    async def categories(self) -> tuple[WireCategory, ...]:
        return await self.catalogue("jobs/get-categories.php", WireCategory)

    async def lists(self) -> tuple[WireList, ...]:
        return await self.catalogue("jobs/get-lists.php", WireList)

    # --- what changes jobs

    async def post_job(self, terms: Mapping[str, object]) -> tuple[str, Said]:
        """Posts a job of these terms: its id, which only an address tells, and what was said. A yes without an id, or
        an id without a yes, is `OutcomeUnknown`."""
        data = await self.send(POST, terms)
        job_id = posted_id(data.get("url")) if isinstance(data, Mapping) else ""
        said = self.said(POST, data)
        if said.ok is not bool(job_id):
            raise OutcomeUnknown(f"{POST} answered without the new job's address: it may have been posted")
        return job_id, said

    async def try_job(self, terms: Mapping[str, object]) -> Said:
        """The marketplace's look at such a job, which posts nothing. Raises `OutcomeUnknown` where it answers as if it
        had."""
        try:
            data = await self.send(POST, {"test": 1, **terms})
        except OutcomeUnknown as error:  # a question, though it is a POST
            raise Unavailable(str(error)) from error
        if isinstance(data, Mapping) and data.get("url"):
            job = f"job {posted_id(data['url']) or 'of an unreadable id'}"
            log.error("%s was asked for a test alone, and answered with %s", POST, job)
            raise OutcomeUnknown(
                f"asked for a test alone, the marketplace answered with {job}: "
                "look on its website whether it was posted, and stop it there"
            )
        try:
            return self.said(POST, data)
        except OutcomeUnknown as error:
            raise Unavailable(str(error)) from error

    async def rate_one(self, job_id: str, rating: Rating) -> Said:
        body: dict[str, object] = {"job_id": job_id, "task_id": rating.task_id}
        body |= {name if name in UNPREFIXED else f"task_{name}": value for name, value in rating_fields(rating).items()}
        return await self.change("jobs/rate-single-task.php", body)

    async def pause(self, job_id: str) -> Said:
        return await self.change("jobs/job-pause.php", {"job_id": job_id})

    async def resume(self, job_id: str) -> Said:
        return await self.change("jobs/job-resume.php", {"job_id": job_id})

    async def stop(self, job_id: str) -> Said:
        return await self.change("jobs/job-stop.php", {"job_id": job_id})

    async def restart(self, job_id: str, positions: int | None = None) -> Said:
        """Starts a finished job again, with so many more positions."""
        body: dict[str, object] = {"job_id": job_id}
        return await self.change("jobs/job-restart.php", body | ({} if positions is None else {"positions": positions}))

    async def add_positions(self, job_id: str, positions: int) -> Said:
        return await self.change("jobs/add-positions.php", {"job_id": job_id, "positions": positions})

    async def set_speed(self, job_id: str, speed: int) -> Said:
        return await self.change("jobs/set-speed.php", {"job_id": job_id, "speed": speed})

    async def set_ttr(self, job_id: str, days: int) -> Said:
        return await self.change("jobs/set-ttr.php", {"job_id": job_id, "ttr": days})


class SproutGigsApi(CommonApi):
    """The endpoints of SproutGigs' document, but for those of gigs."""

    address_bytes: ClassVar[int] = 8000  # of a URL with task ids in it, at most

    async def jobs(self, *, unrated_only: bool = False) -> list[WireJob]:
        params: dict[str, str | int] = {**_unrated(unrated_only), "order": "desc"}
        pages = [page async for page in self.all_pages(self.reader(JOBS, params, "jobs", WireJob))]
        return _each_once(job for page in pages for job in page.items)

    def newest_jobs(self) -> AsyncIterator[Page[WireJob]]:
        return self.all_pages(self.reader(JOBS, {"order": "desc"}, "jobs", WireJob))

    async def unrated_of(self, job_id: str, ids: Sequence[str], kind: type[T]) -> AsyncIterator[Page[T]]:
        """Those of a job's unrated tasks that have these ids; `kind` says how much of them is read."""
        async for page in self._of(UNRATED, job_id, ids, kind):
            yield page

    async def rated_of(self, job_id: str, ids: Sequence[str], kind: type[T]) -> AsyncIterator[Page[T]]:
        """Those of a job's rated tasks that have these ids."""
        async for page in self._of(RATED, job_id, ids, kind):
            yield page

    async def rate_many(self, job_id: str, ratings: Sequence[Rating]) -> dict[str, Said]:
        """Results by task id. One that is not there, or not clear, is unknown."""
        endpoint = "jobs/rate-multiple-tasks.php"
        tasks = [{"id": rating.task_id, **rating_fields(rating)} for rating in ratings]
        data = await self.send(endpoint, {"job_id": job_id, "tasks": tasks})
        listed = data.get("tasks") if isinstance(data, Mapping) else None
        if not isinstance(listed, list):
            said = self.said(endpoint, data)
            if not said.ok:
                raise Refused(said.message)
            raise OutcomeUnknown(f"{endpoint} answered without the results")
        results, _ = self.several(endpoint, listed, WireResult)
        said_of = Counter(result.id for result in results)
        return {
            result.id: Said(result.ok, self.transport.safe(result.message))
            for result in results
            if said_of[result.id] == 1  # two answers to one question are none
        }

    async def block_workers(self, workers: Sequence[str]) -> Said:
        return await self.change("lists/block-workers.php", {"workers": list(workers)})

    async def unblock_workers(self, workers: Sequence[str]) -> Said:
        return await self.change("lists/unblock-workers.php", {"workers": list(workers)})

    async def feature(self, job_id: str, amount: Decimal) -> Said:
        """Pays for a job to be shown before others."""
        return await self.change("jobs/feature-job.php", {"job_id": job_id, "amount": amount})

    async def predicted_position(self, category_id: str, amount: Decimal) -> WirePosition:
        """Where a job would be shown for this much. A question, though it is a POST."""
        endpoint = "jobs/get-predicted-position.php"
        try:
            data = await self.send(endpoint, {"category_id": category_id, "amount": amount})
        except OutcomeUnknown as error:
            raise Unavailable(str(error)) from error
        return self.one(endpoint, self.agreed(endpoint, data), WirePosition)

    async def _of(self, endpoint: str, job_id: str, ids: Sequence[str], kind: type[T]) -> AsyncIterator[Page[T]]:
        for group in self._groups(job_id, ids):
            params: dict[str, str | int] = {"job_id": job_id, "task_ids": ",".join(group)}
            async for page in self.all_pages(self.reader(endpoint, params, "tasks", kind)):
                yield _only(page, job_id, frozenset(group))

    def _groups(self, job_id: str, ids: Iterable[str]) -> list[list[str]]:
        """Ids in groups that each fit in an address; every id once."""
        room = self.address_bytes - len(self.transport.base_url) - len(quote(job_id, safe="")) - 100
        groups: list[list[str]] = []
        left = 0
        for task_id in dict.fromkeys(ids):
            size = len(quote(task_id, safe="")) + len("%2C")
            if size > left:
                groups.append([])
                left = room
            groups[-1].append(task_id)
            left -= size
        return groups


def rating_fields(rating: Rating) -> dict[str, object]:
    """A rating under the names of the many; those of the one are the same with `task_` before most of them."""
    satisfaction = rating.satisfaction
    if satisfaction is None and rating.verdict is Verdict.REJECT:
        satisfaction = Satisfaction.INCORRECT
    fields: dict[str, object] = {"rating": WORDS[rating.verdict]}
    if satisfaction is not None:
        fields["satisfaction"] = satisfaction.value
    if rating.comment:
        fields["comment"] = rating.comment
    if rating.bonus:
        fields["bonus"] = rating.bonus
    if rating.block:
        fields["block_worker"] = True
    return fields


def _unrated(only: bool) -> dict[str, str | int]:
    return {"unrated_tasks": 1} if only else {}


async def _turned(pages: AsyncIterator[Page[J]]) -> AsyncIterator[Page[J]]:
    async for page in pages:
        yield replace(page, items=page.items[::-1])


def _before(since: datetime, job: WireJob) -> bool:
    """Whether a job was surely created before; the marketplace tells whole seconds."""
    return job.created_at is not None and job.created_at < since.replace(microsecond=0)


def _all_before(since: datetime, jobs: Sequence[WireJob]) -> bool:
    dated = [job for job in jobs if job.created_at is not None]
    return bool(dated) and all(_before(since, job) for job in dated)


def _newest_first(jobs: Sequence[WireJob]) -> bool:
    """Whether the list is in the order that it was asked for in."""
    moments = [job.created_at for job in jobs if job.created_at is not None]
    return all(later >= earlier for later, earlier in pairwise(moments))


def _each_once(jobs: Iterable[WireJob]) -> list[WireJob]:
    found: dict[str, WireJob] = {}
    for job in jobs:
        found.setdefault(job.id, job)
    return list(found.values())


def _only(page: Page[T], job_id: str, ids: Iterable[str] | None = None) -> Page[T]:
    """What was asked for, should the marketplace answer with more."""
    ours = (task for task in page.items if task.job_id in ("", job_id))
    return replace(page, items=tuple(task for task in ours if ids is None or task.id in ids))
