"""SproutGigs as a provider: its tasks are submissions, its words are ours.

Source: SproutGigs' API documentation of 4 March 2024.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel

from botcore.models import (
    Balance,
    Category,
    Hints,
    Job,
    Outcome,
    Rating,
    RatingResult,
    Sighting,
    SightingState,
    SubmissionPage,
    Verdict,
    Verdicted,
    Waiting,
    WebhookRequest,
    WorkerList,
    Zone,
)
from botcore.provider import Capability, OutcomeUnknown, Provider, ProviderTools, Refused, Unavailable, judge
from botcore.settings import is_loopback
from botcore.transport import Transport, basic_auth

from .api import Page, Said, SproutGigsApi
from .mapping import job_of, rated_sighting, submission_of, waiting_sighting
from .settings import SproutGigsSettings
from .webhook import check_signature, read_hints
from .wire import WireJob, WireStanding, WireTask

T = TypeVar("T", bound=WireStanding)
ReadTasks = Callable[[int, str, Sequence[str] | None, type[T]], Awaitable[Page[T]]]


class SproutGigsProvider(Provider):
    """One account at SproutGigs."""

    name: ClassVar[str] = "sproutgigs"
    title: ClassVar[str] = "SproutGigs"
    Settings: ClassVar[type[BaseModel]] = SproutGigsSettings
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.BALANCE,
            Capability.WEBHOOKS,
            Capability.BATCH_RATING,
            Capability.BONUS,
            Capability.SATISFACTION,
            Capability.ZONES,
            Capability.CATEGORIES,
            Capability.LISTS,
            Capability.ADD_TO_LIST,
            Capability.BLOCK,
            Capability.UNBLOCK,
        }
    )
    batch_size: ClassVar[int] = 1000
    hosts: ClassVar[tuple[str, ...]] = ("sproutgigs.com", ".sproutgigs.com", "static.sproutgugs.com")
    api_class: ClassVar[type[SproutGigsApi]] = SproutGigsApi

    def __init__(self, settings: Any, tools: ProviderTools) -> None:
        super().__init__(settings, tools)
        secret = settings.api_secret.get_secret_value()
        self.transport = Transport(
            settings.base_url,
            tools.gate,
            headers=basic_auth(settings.user_id, secret),
            secrets=[secret],
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
        return [job_of(self.tools.account, job) for job in await self._all_jobs(unrated_only=False)]

    async def job(self, job_id: str) -> Job:
        return job_of(self.tools.account, await self.api.job(job_id))

    async def waiting(self) -> Sequence[Waiting]:
        found = await self._all_jobs(unrated_only=True)
        # where the count is missing, being listed tells of one
        return [
            Waiting(job_of(self.tools.account, job), 1 if job.unrated_tasks is None else job.unrated_tasks)
            for job in found
            if job.unrated_tasks != 0
        ]

    async def pending(self, job: Job, ids: Sequence[str] | None = None) -> AsyncIterator[SubmissionPage]:
        seen: set[tuple[str, int]] = set()
        for group in [None] if ids is None else self.api.chunks(job.id, ids):
            async for page in self._tasks(self.api.unrated, job.id, group, WireTask):
                fresh = {(task.id, task.revision): task for task in page.items}
                submissions = [submission_of(job, task) for key, task in fresh.items() if key not in seen]
                seen |= fresh.keys()
                yield SubmissionPage(tuple(submissions), page.number, page.pages)

    async def look(self, job_id: str, ids: Sequence[str]) -> Sequence[Sighting]:
        """Unrated first, then rated; what is in neither is looked for among the unrated once more, since a
        task can come back between the two reads. Raises `Unavailable` rather than saying `ABSENT` of a task
        that may be among what could not be read."""
        asked = list(dict.fromkeys(ids))
        found: dict[str, Sighting] = {}
        whole = True
        for read, sighting in self.lists_to_look_in():
            for group in self.api.chunks(job_id, (task for task in asked if task not in found)):
                async for page in self._tasks(read, job_id, group, WireStanding):
                    found |= {task.id: sighting(task) for task in page.items}
                    whole = whole and not page.broken
        if not whole and len(found) < len(asked):
            raise Unavailable("the marketplace's lists could not be read completely")
        return [found.get(task) or Sighting(task, SightingState.ABSENT) for task in asked]

    def lists_to_look_in(
        self,
    ) -> Sequence[tuple[ReadTasks[WireStanding], Callable[[WireStanding], Sighting]]]:
        """The lists that `look` asks, in their order, and what it means to be found in each."""
        unrated = (self.api.unrated, waiting_sighting)
        return [unrated, (self.api.rated, rated_sighting), unrated]

    # --- changing

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
        if len(good) == 1:
            said = {good[0].task_id: await self.api.rate_one(job_id, good[0])}
        else:
            said = await self.api.rate_many(job_id, good)
        told = [
            RatingResult(rating.task_id, said[rating.task_id].ok, said[rating.task_id].message)
            for rating in good
            if rating.task_id in said
        ]
        if not told:
            raise OutcomeUnknown("the marketplace answered without a result")
        return results + told

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

    async def outcome(self, job_id: str, ratings: Sequence[Rating]) -> Sequence[Outcome]:
        """A task that was sent back is in neither list until its worker hands it in again."""
        looked = await self.look(job_id, [rating.task_id for rating in ratings])
        seen = {sighting.task_id: sighting for sighting in looked}
        return [self.judge(rating, seen.get(rating.task_id)) for rating in ratings]

    def judge(self, rating: Rating, sighting: Sighting | None) -> Outcome:
        absent = sighting is not None and sighting.state is SightingState.ABSENT
        if absent and rating.verdict is Verdict.REVISE:
            return Outcome(rating.task_id, Verdicted.MATCHES, ("comment",))
        return judge(rating, sighting)

    async def block(self, worker_ids: Sequence[str]) -> str:
        return _done(await self.api.block_workers(_some(worker_ids)))

    async def unblock(self, worker_ids: Sequence[str]) -> str:
        return _done(await self.api.unblock_workers(_some(worker_ids)))

    async def add_to_list(self, list_id: str, worker_ids: Sequence[str]) -> str:
        return _done(await self.api.add_workers(list_id, _some(worker_ids)))

    # --- the catalogue

    async def zones(self) -> Sequence[Zone]:
        return [Zone(one.id, one.zone or one.id, one.excludable_countries) for one in await self.api.zones()]

    async def categories(self) -> Sequence[Category]:
        return [Category(one.id, one.name, one.min_task_value) for one in await self.api.categories()]

    async def lists(self) -> Sequence[WorkerList]:
        return [WorkerList(one.id, one.name or one.id, one.workers or 0) for one in await self.api.lists()]

    # --- webhooks and pictures

    def hints(self, request: WebhookRequest) -> Hints:
        secret = self.settings.signature_secret
        if secret is not None:
            check_signature(request, secret.get_secret_value())
        return read_hints(request)

    def picture_hosts(self) -> Sequence[str]:
        """The marketplace's hosts, those of the settings, and a loopback `base_url`'s own (with its port)."""
        base = urlsplit(self.settings.base_url)
        own = (base.netloc,) if is_loopback(base.hostname or "") else ()
        return (*self.hosts, *self.settings.picture_hosts, *own)

    # --- how the lists are read

    async def _all_jobs(self, *, unrated_only: bool) -> list[WireJob]:
        async def read(number: int) -> Page[WireJob]:
            return await self.api.jobs(number, unrated_only=unrated_only)

        found: dict[str, WireJob] = {}
        async for page in self.api.all_pages(read):
            for job in page.items:
                found.setdefault(job.id, job)
        return list(found.values())

    async def _tasks(
        self, read: ReadTasks[T], job_id: str, ids: Sequence[str] | None, kind: type[T]
    ) -> AsyncIterator[Page[T]]:
        """A list's pages with what was asked for and nothing else, should the marketplace send more."""

        async def one(number: int) -> Page[T]:
            return await read(number, job_id, ids, kind)

        wanted = None if ids is None else frozenset(ids)
        async for page in self.api.all_pages(one):
            ours = [task for task in page.items if task.job_id in ("", job_id)]
            yield replace(page, items=tuple(task for task in ours if wanted is None or task.id in wanted))


def _some(worker_ids: Sequence[str]) -> Sequence[str]:
    if not worker_ids:
        raise Refused("no worker was named")
    return worker_ids


def _done(said: Said) -> str:
    if not said.ok:
        raise Refused(said.message)
    return said.message
