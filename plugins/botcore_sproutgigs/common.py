"""What SproutGigs and Picoworkers have in common: one product, under its new name and its old one.

A plugin for the older dialect builds on this; what differs is an attribute or a method that is not private.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Generic, TypeVar

from botcore.draft import DraftField, JobDraft, Offers, Posted, Problem, Quote
from botcore.models import (
    Balance,
    Category,
    Job,
    JobChange,
    Rating,
    RatingResult,
    Sighting,
    SightingState,
    SubmissionPage,
    Verdict,
    Waiting,
    WorkerList,
    Zone,
)
from botcore.provider import Capability, OutcomeUnknown, Provider, ProviderTools, Refused, Unavailable
from botcore.settings import own_hosts, secrets_in
from botcore.transport import Transport, basic_auth

from .api import CommonApi
from .calls import Said
from .mapping import job_of, submission_of, waiting_sighting
from .pages import Page
from .posting.cost import estimate, with_fee
from .posting.fields import FIELDS
from .posting.rules import COMMON, Rule
from .posting.terms import answers_of, terms_of
from .wire import WireJob, WireStanding, WireTask, WireTerms

A = TypeVar("A", bound=CommonApi)
ORDERS = "a test of a draft was taken for an order"  # in the account's memory
TEXTS = frozenset({"title", "instructions", "proofs", "notes"})  # of a job, where it is told whole
ReadTasks = Callable[[str, Sequence[str], type[WireStanding]], AsyncIterator[Page[WireStanding]]]


class CommonProvider(Provider, Generic[A]):
    """One account, with what both documents have."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.BALANCE,
            Capability.BLOCK_WHILE_RATING,
            Capability.BONUS,
            Capability.SATISFACTION,
            Capability.ZONES,
            Capability.CATEGORIES,
            Capability.LISTS,
            Capability.ADD_TO_LIST,
            Capability.PAUSE,
            Capability.RESUME,
            Capability.STOP,
            Capability.RESTART,
            Capability.ADD_POSITIONS,
            Capability.SPEED,
            Capability.TIME_TO_RATE,
            Capability.POST,
        }
    )
    restart_adds: ClassVar[bool] = True
    reads_together: ClassVar[bool] = True
    draft_fields: ClassVar[tuple[DraftField, ...]] = FIELDS
    rules: ClassVar[tuple[Rule, ...]] = COMMON  # that a draft must keep
    hosts: ClassVar[tuple[str, ...]]  # that workers' pictures come from
    api_class: type[A]

    def __init__(self, settings: Any, tools: ProviderTools) -> None:
        super().__init__(settings, tools)
        secret = settings.api_secret.get_secret_value()
        self.transport = Transport(
            settings.base_url,
            tools.gate,
            headers=basic_auth(settings.user_id, secret),
            secrets=secrets_in(settings),
        )
        self.api = self.api_class(self.transport)

    async def close(self) -> None:
        await self.transport.close()

    # --- reading

    async def balance(self) -> Balance:
        amounts = await self.api.balances()
        spendable = amounts.pop("spendable")
        return Balance(spendable, tuple(sorted(amounts.items())))

    async def jobs(self) -> Sequence[Job]:
        return [job_of(self.tools.account, job) for job in await self.api.jobs()]

    async def job(self, job_id: str) -> Job:
        return job_of(self.tools.account, await self.api.job(job_id))

    async def waiting(self) -> Sequence[Waiting]:
        found = await self.api.jobs(unrated_only=True)
        return [Waiting(job_of(self.tools.account, job), job.unrated_tasks) for job in found if job.unrated_tasks != 0]

    async def pending(self, job: Job, ids: Sequence[str] | None = None) -> AsyncIterator[SubmissionPage]:
        seen: set[tuple[str, int]] = set()
        pages = self.api.unrated(job.id) if ids is None else self.api.unrated_of(job.id, ids, WireTask)
        async for page in pages:
            fresh = {(task.id, task.revision): task for task in page.items}
            submissions = [submission_of(job, task) for key, task in fresh.items() if key not in seen]
            seen |= fresh.keys()
            yield SubmissionPage(tuple(submissions), page.number, page.pages, page.lost)

    async def pending_of(self, jobs: Sequence[Job]) -> AsyncIterator[SubmissionPage]:
        seen: set[tuple[str, int]] = set()
        known = {job.id: job for job in jobs}
        async for page in self.api.unrated():
            fresh = {(task.id, task.revision): task for task in page.items}
            submissions = [
                submission_of(known[task.job_id], task)
                for key, task in fresh.items()
                if key not in seen and task.job_id in known
            ]
            seen |= fresh.keys()
            homeless = sum(not task.job_id for task in fresh.values())
            yield SubmissionPage(tuple(submissions), page.number, page.pages, page.lost + homeless)

    async def look(self, job_id: str, ids: Sequence[str]) -> Sequence[Sighting]:
        """Raises `Unavailable` rather than saying `ABSENT` of a task that may be among what could not be read."""
        asked = list(dict.fromkeys(ids))
        found: dict[str, Sighting] = {}
        whole = True
        for read, sighting in self.lists_to_look_in():
            async for page in read(job_id, [task for task in asked if task not in found], WireStanding):
                found |= {task.id: sighting(task) for task in page.items}
                whole = whole and not page.broken
        if not whole and len(found) < len(asked):
            raise Unavailable("the marketplace's lists could not be read completely")
        return [found.get(task) or Sighting(task, SightingState.ABSENT) for task in asked]

    def lists_to_look_in(self) -> Sequence[tuple[ReadTasks, Callable[[WireStanding], Sighting]]]:
        """The lists that `look` asks, in their order, and what it means to be found in each."""
        return [(self.api.unrated_of, waiting_sighting)]

    # --- rating

    async def rate(self, job_id: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
        """A rating that the marketplace would surely turn down is not sent. Where its answer leaves out a
        task, so does this: that result is not known. Raises `OutcomeUnknown` where it tells of none."""
        if len(ratings) > self.batch_size or len({rating.task_id for rating in ratings}) < len(ratings):
            raise ValueError(f"at most {self.batch_size} ratings, of different tasks")
        flaws = {rating.task_id: flaw for rating in ratings if (flaw := self.flaw(rating))}
        results = [RatingResult(task, ok=False, message=flaw) for task, flaw in flaws.items()]
        good = [rating for rating in ratings if rating.task_id not in flaws]
        if not good:
            return results
        said = await self.send(job_id, good)
        told = [
            RatingResult(rating.task_id, said[rating.task_id].ok, said[rating.task_id].message)
            for rating in good
            if rating.task_id in said
        ]
        if not told:
            raise OutcomeUnknown("the marketplace answered without a result")
        return results + told

    async def send(self, job_id: str, ratings: Sequence[Rating]) -> Mapping[str, Said]:
        """One call with these ratings, `batch_size` at most; what was said of each task."""
        (rating,) = ratings
        return {rating.task_id: await self.api.rate_one(job_id, rating)}

    def flaw(self, rating: Rating) -> str:
        """Why a rating cannot be sent; "" where it can."""
        if rating.verdict is not Verdict.APPROVE:
            if not rating.comment.strip():
                return "a comment is needed to reject or to send back"
            if rating.bonus:
                return "a bonus goes only with an approval"
        if not rating.bonus.is_finite() or rating.bonus < 0:
            return "a bonus must be a positive amount"
        if rating.satisfaction is not None and rating.satisfaction.verdict is not rating.verdict:
            return f"{rating.satisfaction.value!r} does not go with this verdict"
        return ""

    # --- a job's life, and lists

    async def pause(self, job_id: str) -> JobChange:
        return JobChange(done(await self.api.pause(job_id)))

    async def resume(self, job_id: str, positions: int | None = None) -> JobChange:
        return JobChange(done(await self.api.resume(job_id)))

    async def stop(self, job_id: str) -> JobChange:
        return JobChange(done(await self.api.stop(job_id)))

    async def restart(self, job_id: str, positions: int | None = None) -> JobChange:
        return JobChange(done(await self.api.restart(job_id, positions)))

    async def add_positions(self, job_id: str, count: int) -> JobChange:
        return JobChange(done(await self.api.add_positions(job_id, count)))

    async def set_speed(self, job_id: str, speed: int) -> JobChange:
        return JobChange(done(await self.api.set_speed(job_id, speed)))

    async def set_time_to_rate(self, job_id: str, days: int) -> JobChange:
        return JobChange(done(await self.api.set_ttr(job_id, days)))

    def cost_of_positions(self, job: Job, count: int) -> Decimal | None:
        return None if job.price is None else with_fee(job.price * count, self.settings.fee_percent)

    async def add_to_list(self, list_id: str, worker_ids: Sequence[str]) -> str:
        return done(await self.api.add_workers(list_id, some(worker_ids)))

    # --- posting

    def problems(self, draft: JobDraft, offers: Offers) -> Sequence[Problem]:
        return [problem for rule in self.rules for problem in rule(draft, offers)]

    def estimate(self, draft: JobDraft) -> Quote:
        return estimate(draft, self.settings.fee_percent)

    async def quote(self, draft: JobDraft) -> Quote:
        """Once a test was taken for an order, none is made any more, and the quote says so."""
        estimated = self.estimate(draft)
        if await self.tools.memory.change([ORDERS], dict):
            note = f"Not checked by {self.title}: it took such a test for an order once."
            return replace(estimated, notes=(*estimated.notes, note))
        try:
            done(await self.api.try_job(terms_of(draft, self.draft_fields)))
        except OutcomeUnknown as error:
            said = str(error)
            await self.tools.memory.change([ORDERS], lambda kept: {ORDERS: said})
            raise
        return replace(estimated, notes=(*estimated.notes, f"{self.title} has checked it: it can be posted."))

    async def post(self, draft: JobDraft) -> Posted:
        job_id, said = await self.api.post_job(terms_of(draft, self.draft_fields))
        return Posted(job_id, done(said))

    async def posted_since(self, since: datetime) -> Sequence[Job]:
        found = [await self._whole(job) for job in await self.api.jobs_since(since)]
        return [job_of(self.tools.account, job) for job in found]

    async def draft_of(self, job_id: str) -> Mapping[str, str]:
        return answers_of(await self.api.job_as(WireTerms, job_id), self.draft_fields)

    async def _whole(self, job: WireJob) -> WireJob:
        """A job of a list with its texts, also where the list leaves them out."""
        if job.model_fields_set >= TEXTS:
            return job
        try:
            return await self.api.job(job.id)
        except Refused:
            return job

    # --- the catalogue, and pictures

    async def zones(self) -> Sequence[Zone]:
        return [Zone(one.id, one.zone or one.id, one.excludable_countries) for one in await self.api.zones()]

    async def categories(self) -> Sequence[Category]:
        return [Category(one.id, one.name, one.min_task_value) for one in await self.api.categories()]

    async def lists(self) -> Sequence[WorkerList]:
        return [WorkerList(one.id, one.name or one.id, one.workers) for one in await self.api.lists()]

    def picture_hosts(self) -> Sequence[str]:
        return (*self.hosts, *self.settings.picture_hosts, *own_hosts(self.settings.base_url))


def some(worker_ids: Sequence[str]) -> Sequence[str]:
    """Workers that are not none. Raises `Refused`."""
    if not worker_ids:
        raise Refused("no worker was named")
    return worker_ids


def done(said: Said) -> str:
    """The marketplace's words for a yes. Raises `Refused` for a no."""
    if not said.ok:
        raise Refused(said.message)
    return said.message
