"""HireTalents as a provider: its applications are submissions, its words are ours.

Source: HireTalents' API documentation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice, pairwise
from typing import Any, ClassVar

from pydantic import BaseModel

from botcore.draft import DraftField, JobDraft, Offers, Posted, Problem, Quote
from botcore.models import (
    Balance,
    Category,
    Country,
    Hints,
    Job,
    JobChange,
    Rating,
    RatingResult,
    Sighting,
    SightingState,
    Submission,
    SubmissionPage,
    Verdict,
    Waiting,
    WebhookRequest,
    WorkerList,
)
from botcore.provider import Capability, OutcomeUnknown, Provider, ProviderTools, Refused, Unavailable
from botcore.settings import own_hosts, secrets_in

from .api import ALL, DONE, HireTalentsApi, HireTalentsTransport, Said
from .fields import FIELDS
from .mapping import INTERNATIONAL, job_of, sighting_of, submission_of
from .posting import answers_of, estimate_of, problems_in, quote_of, terms_like, terms_of
from .revisions import APPROVED, DECLINED, NOT_COMPLETED, PENDING, Revisions
from .settings import HireTalentsSettings
from .watch import Watch
from .webhook import read_hints
from .wire import WireApplication, WireJob

WORDS = {Verdict.APPROVE: APPROVED, Verdict.REVISE: NOT_COMPLETED, Verdict.REJECT: DECLINED}
ONLINE, FINISHED = "1", "3"

ORDERS = "a question for a cost was taken for an order"  # in the account's memory

DAY_MS = 86_400_000
FEW = 2  # applications that are rather asked for one by one than looked for in a list
MOST_ALONE = 100  # of what a callback named, asked for one by one; the next poll finds the rest


@dataclass(frozen=True, slots=True)
class Member:
    """A worker in a team, with the buyer's own words for them."""

    worker_id: str
    note: str


class HireTalentsProvider(Provider):
    """One account at HireTalents."""

    name: ClassVar[str] = "hiretalents"
    title: ClassVar[str] = "HireTalents"
    Settings: ClassVar[type[BaseModel]] = HireTalentsSettings
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.BALANCE,
            Capability.WEBHOOKS,
            Capability.CATEGORIES,
            Capability.COUNTRIES,
            Capability.TEAMS,
            Capability.PAUSE,
            Capability.RESUME,
            Capability.RESTART,
            Capability.ADD_POSITIONS,
            Capability.POST,
        }
    )
    pause_ends: ClassVar[bool] = True
    resume_needs_positions: ClassVar[bool] = True
    restart_costs: ClassVar[bool] = False
    draft_fields: ClassVar[tuple[DraftField, ...]] = FIELDS
    hosts: ClassVar[tuple[str, ...]] = ("hiretalents.com", ".hiretalents.com")

    def __init__(self, settings: Any, tools: ProviderTools) -> None:
        super().__init__(settings, tools)
        key = settings.api_key.get_secret_value()
        self.transport = HireTalentsTransport(
            settings.base_url, tools.gate, headers={"Authorization": f"Bearer {key}"}, secrets=secrets_in(settings)
        )
        self.api = HireTalentsApi(self.transport, keep_emails=settings.keep_emails)
        self._revisions = Revisions(tools.memory)
        self._watch = Watch(tools.memory)
        self._forgot_at = 0

    async def close(self) -> None:
        await self.transport.close()

    # --- reading

    async def balance(self) -> Balance:
        return Balance(await self.api.balance())

    async def jobs(self) -> Sequence[Job]:
        return [self._job_of(job) for job in await self._jobs(ALL)]

    async def job(self, job_id: str) -> Job:
        return self._job_of(await self.api.job(job_id))

    async def waiting(self) -> Sequence[Waiting]:
        """No job tells how much of it waits: each that may hold something is named, see `watch`."""
        online = await self._jobs(ONLINE)
        running = [self._job_of(job) for job in online]
        wanted = self._watch.wants_finished(running, self._now())
        over = await self._jobs(FINISHED) if wanted else []
        if not 0 <= self._now() - self._forgot_at < DAY_MS:
            self._forgot_at = self._now()
            await self._revisions.forget_old(self._now())
        finished = [self._job_of(job) for job in over] if wanted else None
        counts = {job.id: job.total_app or 0 for job in (*over, *online)}
        return await self._watch.waiting(running, finished, counts, self._now())

    async def pending(self, job: Job, ids: Sequence[str] | None = None) -> AsyncIterator[SubmissionPage]:
        if ids is not None:
            async for some in self._of_these(job, ids):
                yield some
            return
        seen: set[tuple[str, int]] = set()
        async for page in self.api.all_pages(lambda number: self.api.applications(job.id, PENDING, number)):
            if page.number == 1:
                await self._watch.note_read(job, empty=not page.ids, now=self._now())
            found = await self._submissions(job, page.items)
            fresh = [one for one in found if (one.task_id, one.revision) not in seen]
            seen |= {(one.task_id, one.revision) for one in found}
            yield SubmissionPage(tuple(fresh), page.number, 0, page.lost)

    async def look(self, job_id: str, ids: Sequence[str]) -> Sequence[Sighting]:
        """Each from an answer that holds it: many from the job's lists while those tell of several at once, the
        others by their ids."""
        left = dict.fromkeys(ids)
        found: dict[str, Sighting] = {}
        if len(left) > FEW:
            async for page in self.api.all_pages(lambda number: self.api.applications(job_id, ALL, number)):
                some = [one for one in page.items if one.id in left]
                found |= await self._sightings(some)
                for one in some:
                    left.pop(one.id, None)
                if len(some) < FEW or len(left) <= FEW:
                    break
        for task in left:
            try:
                application = await self.api.application(task)
            except Refused as error:
                if error.status != 404:
                    raise
                found[task] = Sighting(task, SightingState.ABSENT)
            else:
                if not _is_of(application, job_id):
                    raise Unavailable("application answered without a readable jobid")
                found |= await self._sightings([application])
        return [found[task] for task in dict.fromkeys(ids)]

    async def in_state(self, job_id: str, status: int | str, number: int) -> Sequence[WireApplication]:
        """A page of a job's applications in one of their states (`all`: in any), as the marketplace orders them."""
        return (await self.api.applications(job_id, status, number)).items

    # --- changing

    async def rate(self, job_id: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
        """A rating that the marketplace would surely turn down is not sent."""
        if len(ratings) != 1:
            raise ValueError("one rating a call")
        rating = ratings[0]
        if flaw := self.flaw(rating):
            return [RatingResult(rating.task_id, ok=False, message=flaw)]
        said = await self.api.rate(rating.task_id, WORDS[rating.verdict], rating.comment.strip())
        if rating.verdict is Verdict.REVISE:
            await self._revisions.sent_back(rating.task_id, rating.revision, rating.comment, self._now())
            await self._watch.note_sent_back(job_id, self._now())
        return [RatingResult(rating.task_id, ok=True, message=said.message)]

    def flaw(self, rating: Rating) -> str:
        """Why a rating cannot be sent; "" where it can."""
        if rating.verdict is not Verdict.APPROVE and not rating.comment.strip():
            return "a reason is needed to reject or to send back"
        if rating.bonus:
            return f"{self.title} has no bonus"
        return ""

    # --- a job's life

    async def pause(self, job_id: str) -> JobChange:
        return _change(await self.api.pause(job_id))

    async def resume(self, job_id: str, positions: int | None = None) -> JobChange:
        if positions is None:
            raise Refused("a number of new positions is needed")
        return _change(await self.api.resume(job_id, positions))

    async def reopen(self, job_id: str, positions: int, *, tweet: bool, hidden: bool) -> JobChange:
        """Resumes a job with new positions, announced on the marketplace's Twitter page, or hidden from search engines
        and visitors. Not to be repeated: it charges."""
        return _change(await self.api.resume(job_id, positions, _extras(tweet=tweet, hidden=hidden)))

    async def restart(self, job_id: str, positions: int | None = None) -> JobChange:
        return _change(await self.api.restart(job_id))

    async def add_positions(self, job_id: str, count: int) -> JobChange:
        return _change(await self.api.add_seats(job_id, count))

    async def update(self, job_id: str, changes: Mapping[str, object]) -> JobChange:
        """Changes what a job says, in the marketplace's own names and values. Harmless to repeat."""
        return _change(await self.api.update(job_id, changes))

    async def quoted_positions(self, job: Job, count: int) -> Decimal | None:
        """Asks what a new job like this one, of so many positions, would cost: with the fees, which are nowhere
        documented. None where such a job cannot be posted any more."""
        return await self.quoted_reopening(job, count, tweet=False, hidden=False)

    async def quoted_reopening(self, job: Job, count: int, *, tweet: bool, hidden: bool) -> Decimal | None:
        """The same, where it is announced or hidden as well. Where it is not to be asked this is the price alone."""
        try:
            terms = terms_like(await self.api.job(job.id), count)
            quoted = await self.quoted({**terms, **_extras(tweet=tweet, hidden=hidden)})
        except Refused:
            return None
        return self.cost_of_positions(job, count) if quoted is None else quoted

    # --- posting

    def problems(self, draft: JobDraft, offers: Offers) -> Sequence[Problem]:
        return problems_in(draft, offers)

    def estimate(self, draft: JobDraft) -> Quote:
        return estimate_of(draft)

    async def quote(self, draft: JobDraft) -> Quote:
        return quote_of(draft, await self.quoted(terms_of(draft)))

    async def quoted(self, terms: Mapping[str, object]) -> Decimal | None:
        """What posting a job of these terms (of jobs/create) would cost, in US dollars; raises `Refused` with what is
        wrong with them. Creates nothing. None once the question was taken for an order: it is not asked again."""
        if await self.tools.memory.change([ORDERS], dict):
            return None
        try:
            return await self.api.cost(terms)
        except OutcomeUnknown as error:
            said = str(error)
            await self.tools.memory.change([ORDERS], lambda kept: {ORDERS: said})
            raise

    async def post(self, draft: JobDraft) -> Posted:
        said = await self.api.create(terms_of(draft))
        return Posted(said.job_id, "" if said.message == DONE else said.message, said.cost)

    async def posted_since(self, since: datetime) -> Sequence[Job]:
        """Its lists are read on until they are older, where they come newest first: the document does not say so."""
        since = since.replace(microsecond=0)  # its own dates may be cut to the second
        found: dict[str, Job] = {}
        dates: list[datetime] = []
        async for page in self.api.all_pages(lambda number: self.api.jobs(ALL, number)):
            if page.lost:
                raise Unavailable("a job in the marketplace's list cannot be read")
            jobs = [self._job_of(job) for job in page.items]
            dates += [job.created_at for job in jobs if job.created_at is not None]
            recent = [job for job in jobs if job.created_at is None or job.created_at >= since]
            for job in recent:
                found.setdefault(job.id, job)
            if not recent and _fall(dates):
                break
        return sorted(found.values(), key=_age, reverse=True)

    async def draft_of(self, job_id: str) -> Mapping[str, str]:
        return answers_of(await self.api.job(job_id))

    # --- the catalogue

    async def countries(self) -> Sequence[Country]:
        return [
            Country(one.country_id, one.name or one.nameTranslated or one.country_id, one.continent)
            for one in await self.api.countries()
        ]

    async def categories(self) -> Sequence[Category]:
        """Each with what a task must pay more than, wherever its workers are."""
        return [
            Category(
                one.id,
                ": ".join(filter(None, (above, one.title))) or one.id,
                {} if one.cost is None else {INTERNATIONAL: one.cost},
                over=True,
            )
            for above, one in await self.api.categories()
        ]

    async def teams(self) -> Sequence[WorkerList]:
        return [WorkerList(one.id, one.title or one.id, None) for one in await self.api.teams()]

    # --- teams

    async def create_team(self, title: str) -> WorkerList:
        """Makes a team. Not to be repeated: it makes another one."""
        made = await self.api.create_team(title)
        return WorkerList(made.id, made.title or title, None)

    async def rename_team(self, team_id: str, title: str) -> WorkerList:
        """Harmless to repeat."""
        renamed = await self.api.rename_team(team_id, title)
        return WorkerList(renamed.id, renamed.title or title, None)

    async def delete_team(self, team_id: str) -> str:
        """Cannot be undone; harmless to repeat."""
        return (await self.api.delete_team(team_id)).message

    async def members(self, team_id: str) -> Sequence[Member]:
        return [Member(one.worker_id, one.note) for one in await self.api.members(team_id)]

    async def add_member(self, team_id: str, worker_id: str, note: str) -> str:
        """Puts a worker in a team, under a note. Harmless to repeat."""
        return (await self.api.add_member(team_id, worker_id, note)).message

    async def remove_member(self, team_id: str, worker_id: str) -> str:
        """Harmless to repeat."""
        return (await self.api.delete_member(team_id, worker_id)).message

    # --- webhooks and pictures

    def hints(self, request: WebhookRequest) -> Hints:
        return read_hints(request)

    def picture_hosts(self) -> Sequence[str]:
        return (*self.hosts, *self.settings.picture_hosts, *own_hosts(self.settings.base_url))

    # --- how it is read

    def _now(self) -> int:
        return self.tools.clock.ms()

    def _job_of(self, job: WireJob) -> Job:
        return job_of(self.tools.account, job, self.settings.days_to_rate)

    async def _jobs(self, status: str) -> list[WireJob]:
        found: dict[str, WireJob] = {}
        async for page in self.api.all_pages(lambda number: self.api.jobs(status, number)):
            for job in page.items:
                found.setdefault(job.id, job)
        return list(found.values())

    async def _of_these(self, job: Job, ids: Sequence[str]) -> AsyncIterator[SubmissionPage]:
        """Many from the job's list, the newest first as callbacks name them, while it tells of several at once; the
        others by their ids."""
        left = dict.fromkeys(ids)
        if len(left) > FEW:
            async for page in self.api.all_pages(lambda number: self.api.applications(job.id, PENDING, number)):
                some = [one for one in page.items if one.id in left]
                for one in some:
                    left.pop(one.id, None)
                yield await self._found(job, some, page.number)
                if len(some) < FEW or len(left) <= FEW:
                    break
        for task in islice(left, MOST_ALONE):
            try:
                yield await self._found(job, [await self.api.application(task)], 1)
            except Refused as error:
                if error.status != 404:
                    raise

    async def _found(self, job: Job, applications: Sequence[WireApplication], number: int) -> SubmissionPage:
        found = await self._submissions(job, applications)
        if found:
            await self._watch.note_found(job.id)
        return SubmissionPage(tuple(found), number, 0)

    async def _submissions(self, job: Job, applications: Sequence[WireApplication]) -> list[Submission]:
        """Those that are pending and of this job, each in its revision."""
        ours = {one.id: one for one in applications if one.status == PENDING and _is_of(one, job.id)}
        editions = await self._revisions.number(list(ours.values()), self._now())
        return [submission_of(job, one, editions[one.id]) for one in ours.values()]

    async def _sightings(self, applications: Sequence[WireApplication]) -> dict[str, Sighting]:
        editions = await self._revisions.number(applications, self._now())
        return {one.id: sighting_of(one, editions[one.id]) for one in applications}


def _fall(dates: Sequence[datetime]) -> bool:
    """Whether each is before the last or at the same time, and not all are the same."""
    return bool(dates) and dates[0] > dates[-1] and all(a >= b for a, b in pairwise(dates))


def _age(job: Job) -> tuple[datetime, int, str]:
    """Sorts jobs by their creation, the oldest first; where that is not told, they may be the newest."""
    return job.created_at or datetime.max.replace(tzinfo=UTC), len(job.id), job.id


def _extras(*, tweet: bool, hidden: bool) -> Mapping[str, object]:
    return {name: 1 for name, wanted in (("send_tweet", tweet), ("hide_search_engines", hidden)) if wanted}


def _is_of(application: WireApplication, job_id: str) -> bool:
    return application.jobid in ("", job_id)


def _change(said: Said) -> JobChange:
    return JobChange(said.message, said.cost)
