"""A marketplace that does what a test says, and a provider of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from pydantic import BaseModel

from botcore.draft import (
    CostLine,
    DraftField,
    JobDraft,
    Offers,
    Posted,
    Problem,
    Quote,
    Shape,
    Source,
)
from botcore.models import (
    Balance,
    Category,
    Country,
    EarlierRevision,
    Job,
    JobChange,
    JobStatus,
    Proof,
    ProofKind,
    Rating,
    RatingResult,
    Sighting,
    SightingState,
    Submission,
    SubmissionPage,
    Verdict,
    Waiting,
    WorkerList,
    Zone,
)
from botcore.provider import Capability, OutcomeUnknown, Provider, ProviderTools, Refused
from botcore.text import money

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = 3600
DAY = 24 * HOUR

Step = Callable[["Market", str, Sequence[Rating]], Awaitable[Sequence[RatingResult]]]


class NoSettings(BaseModel):
    """Nothing to set."""


@dataclass
class Task:
    """A worker's task as the marketplace has it."""

    submission: Submission
    state: SightingState = SightingState.WAITING
    said: tuple[str, ...] = ()
    rated_revision: int | None = None


@dataclass
class Market:
    """What is true at the marketplace, whoever asks; it outlives a killed bot."""

    tasks: dict[str, Task] = field(default_factory=dict)
    sent: list[list[Rating]] = field(default_factory=list)  # every call, arrived or not
    effects: list[Rating] = field(default_factory=list)  # what took effect: the ledger
    looks: list[list[str]] = field(default_factory=list)
    reads: list[tuple[str, tuple[str, ...] | None]] = field(default_factory=list)  # job, ids
    together: int = 0  # pages of the list of all jobs that were read
    underway: list[Rating] = field(default_factory=list)  # left the bot, and will land when the test says so
    steps: list[Step] = field(default_factory=list)  # what the next calls of `rate` come to; then all is taken
    errors: dict[str, list[BaseException]] = field(default_factory=dict)  # by method: raised once each
    hidden: set[str] = field(default_factory=set)  # in no list
    unlisted: set[str] = field(default_factory=set)  # found by those who ask for it by its id alone
    blocked: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)  # calls of block, pause and the like that took effect
    edits: dict[str, dict[str, Any]] = field(default_factory=dict)  # of jobs; one without tasks is there by its edits
    unanswered: set[str] = field(default_factory=set)  # changes of jobs that take effect once and are not answered
    offers: dict[str, list[Any]] = field(default_factory=dict)  # the catalogue: by method
    asked: Counter[str] = field(default_factory=Counter)  # reads of the catalogue, by method
    posts: list[JobDraft] = field(default_factory=list)  # every call that posts, arrived or not
    posted: list[str] = field(default_factory=list)  # jobs that were: the ledger
    late: list[JobDraft] = field(default_factory=list)  # left the bot, and will be posted when the test says so
    fee: Decimal = Decimal(0)  # of a posted job, for each dollar
    told_cost: Decimal | None = None  # what changes of jobs are answered to have cost
    between_pages: Callable[[], None] = lambda: None
    page_size: int = 50
    tells_revision: bool = True
    now: Callable[[], datetime] = lambda: START

    def add(self, task: str, job: str = "J1", **more: Any) -> Submission:
        """A worker hands in."""
        submission = make_submission(task, job, **{"submitted_at": self.now(), **more})
        self.tasks[task] = Task(submission)
        return submission

    def hand_in_again(self, task: str, **more: Any) -> Submission:
        """The worker answers a revise."""
        old = self.tasks[task]
        self.tasks[task] = Task(
            replace(old.submission, revision=old.submission.revision + 1, submitted_at=self.now(), **more),
            said=old.said,
        )
        return self.tasks[task].submission

    def rate_on_website(self, task: str, state: SightingState) -> None:
        self.tasks[task].state = state

    def take(self, ratings: Sequence[Rating]) -> list[RatingResult]:
        """Ratings arrive: one that is rated already is turned down. The marketplace looks at no revision."""
        results = []
        for one in ratings:
            task = self.tasks[one.task_id]
            if task.state is not SightingState.WAITING:
                results.append(RatingResult(one.task_id, ok=False, message="Task cannot be rated."))
                continue
            task.state = {
                Verdict.APPROVE: SightingState.APPROVED,
                Verdict.REJECT: SightingState.REJECTED,
                Verdict.REVISE: SightingState.REVISED,
            }[one.verdict]
            task.rated_revision = task.submission.revision
            if one.verdict is Verdict.REVISE:
                task.said = (*task.said, one.comment)
            self.effects.append(one)
            results.append(RatingResult(one.task_id, ok=True, message="Task rated successfully."))
        return results

    def land(self) -> None:
        """What left and was not answered arrives now."""
        underway, self.underway = self.underway, []
        self.take(underway)

    def post(self, draft: JobDraft) -> str:
        """A job is posted."""
        job = f"P{len(self.posted) + 1}"
        self.posted.append(job)
        self.edits[job] = {
            "title": draft.text("title"),
            "price": draft.money("price"),
            "positions": draft.number("positions") or 0,
            "instructions": draft.texts("instructions"),
            "proofs": draft.proofs,
            "created_at": self.now(),
        }
        return job

    def post_late(self) -> None:
        """What left and was not answered arrives now."""
        late, self.late = self.late, []
        for draft in late:
            self.post(draft)

    def ledger(self) -> Counter[str]:
        """How often each task was rated."""
        return Counter(rating.task_id for rating in self.effects)

    def sizes(self) -> list[int]:
        """How many ratings each call held."""
        return [len(batch) for batch in self.sent]

    def waiting(self, job: str | None = None) -> list[Submission]:
        """Unrated work, newest first."""
        found = [t.submission for t in self.tasks.values() if t.state is SightingState.WAITING]
        found = [s for s in found if job in (None, s.job_id) and s.task_id not in self.hidden | self.unlisted]
        return sorted(found, key=lambda s: s.submitted_at, reverse=True)

    def job(self, job: str) -> Job:
        rated = [t for t in self.tasks.values() if t.submission.job_id == job and t.state is not SightingState.WAITING]
        return replace(make_job(job, done=len(rated), unrated=len(self.waiting(job))), **self.edits.get(job, {}))


# --- what a call of `rate` comes to


def raises(error: BaseException) -> Step:
    """An error, and nothing took effect."""

    async def step(market: Market, job: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
        raise error

    return step


LOST = raises(OutcomeUnknown("no answer"))  # before it had any effect


async def lost_after(market: Market, job: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
    """It took effect, and the answer was lost."""
    market.take(ratings)
    raise OutcomeUnknown("no answer")


async def lands_late(market: Market, job: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
    """No answer; it takes effect when the test says `market.land()`."""
    market.underway.extend(ratings)
    raise OutcomeUnknown("no answer")


def refuses(*tasks: str, words: str = "Not this one.") -> Step:
    """Says no to these tasks and takes the others."""

    async def step(market: Market, job: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
        taken = market.take([r for r in ratings if r.task_id not in tasks])
        return [*taken, *(RatingResult(task, ok=False, message=words) for task in tasks)]

    return step


class Hang:
    """A call that is not answered until the test lets it; `reached` is set once it got there."""

    def __init__(self, *, effect: bool) -> None:
        self.reached = asyncio.Event()
        self.go = asyncio.Event()
        self._effect = effect

    async def __call__(self, market: Market, job: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
        if self._effect:
            market.take(ratings)
        self.reached.set()
        await self.go.wait()
        raise OutcomeUnknown("the connection was closed")


DRAFT_FIELDS = (
    DraftField(name="title", label="Title", shape=Shape.LINE, required=True, longest=100),
    DraftField(name="category", label="Category", shape=Shape.ONE, source=Source.CATEGORIES, also=("category_id",)),
    DraftField(name="zone", label="Where", shape=Shape.ONE, source=Source.ZONES, default="int"),
    DraftField(name="price", label="Price", shape=Shape.MONEY, required=True),
    DraftField(name="positions", label="How many", shape=Shape.NUMBER, required=True, least=10, most=9999),
    DraftField(name="instructions", label="Instructions", shape=Shape.LINES, required=True),
    DraftField(name="proofs", label="Proofs", shape=Shape.PROOFS, most=4),
    DraftField(name="notes", label="Notes", shape=Shape.PARAGRAPH, group="Extras"),
    DraftField(name="quiet", label="Hidden", shape=Shape.FLAG, group="Extras"),
    DraftField(name="excluded", label="Not from", shape=Shape.SOME, group="Who", source=Source.EXCLUDABLE),
)


class ScriptedProvider(Provider):
    """One account at the marketplace of a test."""

    name: ClassVar[str] = "scripted"
    title: ClassVar[str] = "Scripted"
    Settings: ClassVar[type[BaseModel]] = NoSettings
    capabilities: ClassVar[frozenset[Capability]] = frozenset(Capability)
    batch_size: ClassVar[int] = 1000
    draft_fields: ClassVar[tuple[DraftField, ...]] = DRAFT_FIELDS

    def __init__(self, tools: ProviderTools, market: Market) -> None:
        super().__init__(NoSettings(), tools)
        self.market = market

    def _trip(self, method: str) -> None:
        if errors := self.market.errors.get(method):
            raise errors.pop(0)

    async def balance(self) -> Balance:
        self._trip("balance")
        return Balance(Decimal("12.34"))

    async def jobs(self) -> Sequence[Job]:
        self._trip("jobs")
        return [self._ours(job) for job in self._job_ids()]

    async def job(self, job_id: str) -> Job:
        self._trip("job")
        if job_id not in self._job_ids():
            raise Refused("there is no such job")
        return self._ours(job_id)

    async def waiting(self) -> Sequence[Waiting]:
        self._trip("waiting")
        counts = [(job, len(self.market.waiting(job))) for job in self._job_ids()]
        return [Waiting(self._ours(job), count) for job, count in counts if count]

    async def pending(self, job: Job, ids: Sequence[str] | None = None) -> AsyncIterator[SubmissionPage]:
        self._trip("pending")
        self.market.reads.append((job.id, None if ids is None else tuple(ids)))
        number, size = 1, self.market.page_size
        while True:
            # page by page from a list that may shift meanwhile, as over HTTP
            found = [s for s in self.market.waiting(job.id) if ids is None or s.task_id in ids]
            page = found[(number - 1) * size : number * size]
            pages = -(-len(found) // size)
            yield SubmissionPage(tuple(replace(s, account=self.tools.account) for s in page), number, pages)
            if number >= pages:
                return
            self.market.between_pages()
            number += 1

    async def pending_of(self, jobs: Sequence[Job]) -> AsyncIterator[SubmissionPage]:
        self._trip("pending_of")
        number, size, wanted = 1, self.market.page_size, {job.id for job in jobs}
        while True:
            self.market.together += 1
            found = self.market.waiting()
            page = found[(number - 1) * size : number * size]
            ours = tuple(replace(s, account=self.tools.account) for s in page if s.job_id in wanted)
            pages = max(1, -(-len(found) // size))
            yield SubmissionPage(ours, number, pages)
            if number >= pages:
                return
            self.market.between_pages()
            number += 1

    async def look(self, job_id: str, ids: Sequence[str]) -> Sequence[Sighting]:
        self._trip("look")
        self.market.looks.append(list(ids))
        return [self._sighting(task) for task in ids]

    def _sighting(self, task_id: str) -> Sighting:
        task = self.market.tasks.get(task_id)
        if task is None or task_id in self.market.hidden:
            return Sighting(task_id, SightingState.ABSENT)
        revision = task.submission.revision if self.market.tells_revision else None
        return Sighting(task_id, task.state, revision, task.said)

    async def rate(self, job_id: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
        self._trip("rate")
        self.market.sent.append(list(ratings))
        if self.market.steps:
            return await self.market.steps.pop(0)(self.market, job_id, ratings)
        return self.market.take(ratings)

    async def block(self, worker_ids: Sequence[str]) -> str:
        return self._do("block", worker_ids)

    async def unblock(self, worker_ids: Sequence[str]) -> str:
        return self._do("unblock", worker_ids)

    async def add_to_list(self, list_id: str, worker_ids: Sequence[str]) -> str:
        return self._do(f"list {list_id}", worker_ids)

    async def lists(self) -> Sequence[WorkerList]:
        return self._offer("lists", WorkerList("7", "Good ones", 3))

    async def teams(self) -> Sequence[WorkerList]:
        return self._offer("teams", WorkerList("t1", "The crew", None))

    async def zones(self) -> Sequence[Zone]:
        return self._offer("zones", Zone("int", "International", ("pk", "bd")))

    async def countries(self) -> Sequence[Country]:
        return self._offer("countries", Country("1282988", "Nepal", "AS"))

    async def categories(self) -> Sequence[Category]:
        cheap, dear = {"int": Decimal("0.05")}, {"int": Decimal("0.10"), "usa": Decimal("0.30")}
        return self._offer("categories", Category("0105", "Sign up + review", dear), Category("0101", "Sign up", cheap))

    async def pause(self, job_id: str) -> JobChange:
        return self._change("pause", job_id, status=JobStatus.PAUSED, status_text="PAUSED")

    async def resume(self, job_id: str, positions: int | None = None) -> JobChange:
        return self._change("resume", job_id, positions, status=JobStatus.RUNNING, status_text="RUNNING")

    async def stop(self, job_id: str) -> JobChange:
        return self._change("stop", job_id, status=JobStatus.FINISHED, status_text="FINISHED")

    async def restart(self, job_id: str, positions: int | None = None) -> JobChange:
        return self._change("restart", job_id, positions, status=JobStatus.RUNNING, status_text="RUNNING")

    async def add_positions(self, job_id: str, count: int) -> JobChange:
        return self._change("add_positions", job_id, count, positions=self.market.job(job_id).positions + count)

    async def set_speed(self, job_id: str, speed: int) -> JobChange:
        return self._change("set_speed", job_id, speed)

    async def set_time_to_rate(self, job_id: str, days: int) -> JobChange:
        return self._change("set_time_to_rate", job_id, days, rate_within_days=days)

    def problems(self, draft: JobDraft, offers: Offers) -> Sequence[Problem]:
        category, price = offers.category(draft.text("category")), draft.money("price")
        least = category.minimum.get(draft.text("zone") or "int") if category else None
        if least is not None and price is not None and price < least:
            return [Problem("price", f"is at least {money(least)} in this category")]
        return []

    def estimate(self, draft: JobDraft) -> Quote:
        price, positions = draft.money("price") or Decimal(0), draft.number("positions") or 0
        lines = [CostLine(f"{positions} × {money(price)}", price * positions)]
        if self.market.fee:
            lines.append(CostLine("Fee", price * positions * self.market.fee, estimate=True))
        return Quote(tuple(lines))

    async def quote(self, draft: JobDraft) -> Quote:
        self._trip("quote")
        return replace(self.estimate(draft), notes=("Checked.",))

    async def post(self, draft: JobDraft) -> Posted:
        self.market.posts.append(draft)
        if "late" in self.market.unanswered:
            self.market.unanswered.remove("late")
            self.market.late.append(draft)
            raise OutcomeUnknown("no answer")
        self._trip("post")
        job = self.market.post(draft)
        if "post" in self.market.unanswered:
            self.market.unanswered.remove("post")
            raise OutcomeUnknown("no answer")
        return Posted(job, "Posted.", self.market.told_cost)

    async def posted_since(self, since: datetime) -> Sequence[Job]:
        self._trip("posted_since")
        jobs = [self._ours(job) for job in reversed(self.market.posted)]
        return [job for job in jobs if job.created_at is None or job.created_at >= since]

    async def draft_of(self, job_id: str) -> Mapping[str, str]:
        job = await self.job(job_id)
        steps = "\n".join(job.instructions) or "Do it."
        return {"title": job.title, "price": str(job.price), "positions": str(job.positions), "instructions": steps}

    def _offer(self, shelf: str, *usual: Any) -> list[Any]:
        self.market.asked[shelf] += 1
        self._trip(shelf)
        return self.market.offers.get(shelf, [*usual])

    def _change(self, what: str, job: str, number: int | None = None, **edits: Any) -> JobChange:
        self._trip(what)
        self.market.edits.setdefault(job, {}).update(edits)
        self.market.done.append(f"{what} {job}" + (f" {number}" if number is not None else ""))
        if what in self.market.unanswered:
            self.market.unanswered.remove(what)
            raise OutcomeUnknown("no answer")
        return JobChange("Done.", self.market.told_cost)

    def _do(self, what: str, worker_ids: Sequence[str]) -> str:
        self._trip(what.split()[0])
        self.market.done.append(f"{what} {','.join(worker_ids)}")
        return "Done."

    def _ours(self, job: str) -> Job:
        return replace(self.market.job(job), account=self.tools.account)

    def _job_ids(self) -> list[str]:
        return list(dict.fromkeys([t.submission.job_id for t in self.market.tasks.values()] + [*self.market.edits]))


class OneByOne(ScriptedProvider):
    """A marketplace that takes one rating a call."""

    batch_size: ClassVar[int] = 1


def make_submission(task: str, job: str = "J1", **more: Any) -> Submission:
    given: dict[str, Any] = {
        "account": "main",
        "job_id": job,
        "task_id": task,
        "revision": 0,
        "worker_id": f"w-{task}",
        "submitted_at": START,
        "deadline": START + timedelta(days=6),
        "price": Decimal("0.10"),
        "proofs": (Proof(ProofKind.TEXT, "Your name", f"proof of {task}"),),
        **more,
    }
    return Submission(**given)


def make_job(job: str = "J1", *, done: int = 0, unrated: int = 0) -> Job:
    return Job(
        account="main",
        id=job,
        title=f"Job {job}",
        status=JobStatus.RUNNING,
        status_text="RUNNING",
        price=Decimal("0.10"),
        positions=100,
        done=done,
        unrated=unrated,
        rate_within_days=7,
        created_at=START,
    )


def earlier(text: str, comment: str) -> EarlierRevision:
    return EarlierRevision((Proof(ProofKind.TEXT, "Your name", text),), comment, START)
