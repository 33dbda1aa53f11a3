"""What a marketplace plugin implements: one instance per configured account, all of it async."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from .draft import DraftField, JobDraft, Offers, Posted, Problem, Quote
from .memory import Memory, ShortMemory
from .models import (
    Balance,
    Category,
    Country,
    Hints,
    Job,
    JobChange,
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

if TYPE_CHECKING:
    from pydantic import BaseModel

    from .clock import Clock
    from .pacing import Gate


# why a submission is out of reach, and may wait again
REPORTED = "reported: the marketplace looks at it"
NOT_LISTED = "no longer waiting; the marketplace does not say how"


class ProviderError(Exception):
    """A marketplace could not do it. The message is short and safe to show to a person."""


class AuthFailed(ProviderError):  # noqa: N818
    """The key was not accepted: a person must act, no retry helps."""


class RateLimited(ProviderError):  # noqa: N818
    """Too many requests. Surely not done; again after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Refused(ProviderError):  # noqa: N818
    """The marketplace said no, in the words of the message: final.

    `status` is that of the HTTP answer which said so; 0 where it was said in another way.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Unavailable(ProviderError):  # noqa: N818
    """Surely not done (never left, or a read that failed): retry."""


class OutcomeUnknown(ProviderError):  # noqa: N818
    """Sent, and no answer that tells: it may have happened. Ask before repeating."""


class Capability(StrEnum):
    """What an account can do; declared, never probed by failing."""

    BALANCE = "balance"
    WEBHOOKS = "webhooks"
    BATCH_RATING = "batch rating"
    BONUS = "bonus"
    SATISFACTION = "satisfaction"
    ZONES = "zones"
    CATEGORIES = "categories"
    COUNTRIES = "countries"
    LISTS = "lists"
    ADD_TO_LIST = "add to list"
    TEAMS = "teams"
    BLOCK = "block"
    UNBLOCK = "unblock"
    BLOCK_WHILE_RATING = "block while rating"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    RESTART = "restart"
    ADD_POSITIONS = "add positions"
    SPEED = "speed"
    TIME_TO_RATE = "time to rate"
    POST = "post"


@dataclass(frozen=True, slots=True)
class ProviderTools:
    """What the core lends a provider."""

    account: str  # the account's name in the config
    gate: Gate  # every HTTP request to the marketplace passes it
    clock: Clock
    memory: Memory = field(default_factory=ShortMemory)  # what must outlive a restart


class Provider(ABC):
    """One account at one marketplace.

    Every method may raise `AuthFailed`, `RateLimited`, `Unavailable`; those that change something also `Refused`
    and `OutcomeUnknown`. A method whose capability is not declared raises `NotImplementedError`.
    """

    name: ClassVar[str]  # the word after `provider =` in the config
    title: ClassVar[str]  # how a person calls this marketplace
    Settings: ClassVar[type[BaseModel]]  # the account's own keys in the config
    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    batch_size: ClassVar[int] = 1  # ratings of one job in one call, at most
    reads_together: ClassVar[bool] = False  # one list has the unrated work of all jobs
    pause_ends: ClassVar[bool] = False  # pausing ends the job and refunds what is not used
    resume_needs_positions: ClassVar[bool] = False  # resuming asks for a number of positions and charges them
    restart_costs: ClassVar[bool] = True  # restarting pays for all positions again
    restart_adds: ClassVar[bool] = False  # restarting can add positions, which are paid like those still open
    speed_range: ClassVar[tuple[int, int]] = (1, 1000)  # the least and the most that `set_speed` takes
    time_to_rate_range: ClassVar[tuple[int, int]] = (1, 90)  # days
    positions_range: ClassVar[tuple[int, int]] = (1, 9999)  # in one `add_positions` or `resume`
    draft_fields: ClassVar[tuple[DraftField, ...]] = ()  # what a new job is made of, in the order of the forms

    def __init__(self, settings: Any, tools: ProviderTools) -> None:
        self.settings = settings
        self.tools = tools

    async def close(self) -> None:
        """Gives connections back; called once."""

    # --- reading

    @abstractmethod
    async def balance(self) -> Balance: ...

    @abstractmethod
    async def jobs(self) -> Sequence[Job]:
        """All jobs the marketplace lists, newest first."""

    @abstractmethod
    async def job(self, job_id: str) -> Job:
        """One job; raises `Refused` where there is none."""

    @abstractmethod
    async def waiting(self) -> Sequence[Waiting]:
        """Which jobs have unrated work, and how much: cheap."""

    @abstractmethod
    def pending(self, job: Job, ids: Sequence[str] | None = None) -> AsyncIterator[SubmissionPage]:
        """A job's unrated work, page by page (the list may shift meanwhile), or only these tasks.

        All of it comes newest first, as far as the marketplace allows: who reads stops where it is known.
        """

    def pending_of(self, jobs: Sequence[Job]) -> AsyncIterator[SubmissionPage]:
        """The same of many jobs, from one list of all that waits, where the marketplace has one (`reads_together`)."""
        raise NotImplementedError

    @abstractmethod
    async def look(self, job_id: str, ids: Sequence[str]) -> Sequence[Sighting]:
        """Where these tasks stand, each from complete reads: one sighting per id."""

    # --- changing

    @abstractmethod
    async def rate(self, job_id: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
        """Sends up to `batch_size` ratings of one job; one result per rating, in any order."""

    async def outcome(self, job_id: str, ratings: Sequence[Rating]) -> Sequence[Outcome]:
        """Whether ratings of unknown outcome took effect."""
        seen = {s.task_id: s for s in await self.look(job_id, [r.task_id for r in ratings])}
        return [judge(rating, seen.get(rating.task_id)) for rating in ratings]

    async def block(self, worker_ids: Sequence[str]) -> str:
        """Blocks workers from future jobs; returns the marketplace's words. Harmless to repeat."""
        raise NotImplementedError

    async def unblock(self, worker_ids: Sequence[str]) -> str:
        """Lets blocked workers work again; returns the marketplace's words. Harmless to repeat."""
        raise NotImplementedError

    async def add_to_list(self, list_id: str, worker_ids: Sequence[str]) -> str:
        """Adds workers to one of the buyer's lists; returns the marketplace's words. Harmless to repeat."""
        raise NotImplementedError

    # --- a job's life

    async def pause(self, job_id: str) -> JobChange:
        """Takes a job off the market; for good, with a refund, where `pause_ends`. Harmless to repeat."""
        raise NotImplementedError

    async def resume(self, job_id: str, positions: int | None = None) -> JobChange:
        """Puts a paused job back. `positions` is given exactly where `resume_needs_positions`, and charged.

        Not to be repeated unasked where it charges.
        """
        raise NotImplementedError

    async def stop(self, job_id: str) -> JobChange:
        """Ends a job. Harmless to repeat."""
        raise NotImplementedError

    async def restart(self, job_id: str, positions: int | None = None) -> JobChange:
        """Starts a finished job again; where `restart_costs`, all its positions are paid again: not to be repeated.

        `positions`, to be added, are given only where `restart_adds`.
        """
        raise NotImplementedError

    async def add_positions(self, job_id: str, count: int) -> JobChange:
        """Adds `count` positions, within `positions_range`, and charges them. Not to be repeated: it adds again."""
        raise NotImplementedError

    async def set_speed(self, job_id: str, speed: int) -> JobChange:
        """Sets the speed, within `speed_range`, in the marketplace's own measure. Harmless to repeat."""
        raise NotImplementedError

    async def set_time_to_rate(self, job_id: str, days: int) -> JobChange:
        """Sets after how many days, within `time_to_rate_range`, work is paid unrated. Harmless to repeat."""
        raise NotImplementedError

    def cost_of_positions(self, job: Job, count: int) -> Decimal | None:
        """What `count` positions of a job cost in US dollars, with the fee where it is known: an estimate for quotes.

        None where it cannot be told. Makes no request.
        """
        return None if job.price is None else job.price * count

    async def quoted_positions(self, job: Job, count: int) -> Decimal | None:
        """The same, as the marketplace itself tells it where it can be asked. Changes nothing; where it turns out that
        it may have, `OutcomeUnknown`."""
        return self.cost_of_positions(job, count)

    # --- posting

    def problems(self, draft: JobDraft, offers: Offers) -> Sequence[Problem]:
        """What is wrong with a draft beyond what its fields say of themselves: rules about several of them together,
        or about the catalogue. Makes no request."""
        return ()

    def estimate(self, draft: JobDraft) -> Quote:
        """What posting would cost, as far as it can be told without asking; also of a draft that lacks something.
        Makes no request."""
        raise NotImplementedError

    async def quote(self, draft: JobDraft) -> Quote:
        """The same, with the marketplace's own look at the draft, which posts nothing. Raises `Refused` with what it
        says against it, and `OutcomeUnknown` where it may have posted it all the same."""
        raise NotImplementedError

    async def post(self, draft: JobDraft) -> Posted:
        """Posts a job and pays for it. Never to be repeated unasked: it would be posted twice."""
        raise NotImplementedError

    async def posted_since(self, since: datetime) -> Sequence[Job]:
        """The jobs that were made since then, or may have been, newest first and each with its texts: what is looked
        through where it is unknown whether a job was posted."""
        raise NotImplementedError

    async def draft_of(self, job_id: str) -> Mapping[str, str]:
        """A job as a draft's answers, as they are typed, as far as the marketplace tells them."""
        raise NotImplementedError

    # --- the catalogue

    async def zones(self) -> Sequence[Zone]:
        raise NotImplementedError

    async def countries(self) -> Sequence[Country]:
        raise NotImplementedError

    async def categories(self) -> Sequence[Category]:
        raise NotImplementedError

    async def lists(self) -> Sequence[WorkerList]:
        """The buyer's own lists of workers, as `add_to_list` takes them."""
        raise NotImplementedError

    async def teams(self) -> Sequence[WorkerList]:
        """The buyer's teams; what can be done with them is up to the marketplace's own commands."""
        raise NotImplementedError

    # --- webhooks

    def hints(self, request: WebhookRequest) -> Hints:
        """What a webhook made worth reading. Raises `ValueError` for a body that is not one of the marketplace's,
        `PermissionError` for one whose signature is required and wrong."""
        raise NotImplementedError

    def picture_hosts(self) -> Sequence[str]:
        """Host names (exact, or `.example.com` for all below) that worker pictures may be fetched from."""
        return ()


def judge(rating: Rating, sighting: Sighting | None) -> Outcome:
    """What a complete look says of a rating: the general reading, right where a task keeps its id when resubmitted."""
    task = rating.task_id
    if sighting is None:
        return Outcome(task, Verdicted.CANNOT_TELL, note="the marketplace did not mention it")
    later = sighting.revision is not None and sighting.revision > rating.revision
    if later:
        if rating.verdict is not Verdict.REVISE:
            return Outcome(task, Verdicted.DIFFERS, note="a newer revision has come in")
        said = rating.comment.strip() in (text.strip() for text in sighting.said)
        if sighting.said and not said:
            return Outcome(task, Verdicted.DIFFERS, note="it was sent back with other words")
        return Outcome(task, Verdicted.MATCHES, () if said else ("comment",))
    match sighting.state:
        case SightingState.WAITING:
            return Outcome(task, Verdicted.NOT_YET)
        case SightingState.REPORTED:
            return Outcome(task, Verdicted.NOT_YET, note=REPORTED)
        case SightingState.RATED:
            return Outcome(task, Verdicted.CANNOT_TELL, note="it was rated; the marketplace does not say how")
        case SightingState.ABSENT:
            return Outcome(task, Verdicted.CANNOT_TELL, note="no longer waiting; the marketplace does not say how")
        case SightingState.APPROVED:
            same = rating.verdict is Verdict.APPROVE
        case SightingState.REJECTED:
            same = rating.verdict is Verdict.REJECT
        case SightingState.REVISED:
            same = rating.verdict is Verdict.REVISE
    if not same:
        return Outcome(task, Verdicted.DIFFERS)
    # it may have been rated the same way on the website
    untold = {"bonus": rating.bonus, "comment": rating.comment, "block": rating.block}
    return Outcome(task, Verdicted.MATCHES, tuple(name for name, value in untold.items() if value))
