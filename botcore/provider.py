"""What a marketplace plugin implements: one instance per configured account, all of it async."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from .models import (
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

if TYPE_CHECKING:
    from pydantic import BaseModel

    from .clock import Clock
    from .pacing import Gate


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
    """The marketplace said no, in the words of the message: final."""


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
    LISTS = "lists"
    ADD_TO_LIST = "add to list"
    BLOCK = "block"
    UNBLOCK = "unblock"


@dataclass(frozen=True, slots=True)
class ProviderTools:
    """What the core lends a provider."""

    account: str  # the account's name in the config
    gate: Gate  # every HTTP request to the marketplace passes it
    clock: Clock


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
        """A job's unrated work, page by page (the list may shift meanwhile), or only these tasks."""

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

    # --- the catalogue

    async def zones(self) -> Sequence[Zone]:
        raise NotImplementedError

    async def categories(self) -> Sequence[Category]:
        raise NotImplementedError

    async def lists(self) -> Sequence[WorkerList]:
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
        case SightingState.RATED:
            return Outcome(task, Verdicted.CANNOT_TELL, note="it was rated; the marketplace does not say how")
        case SightingState.ABSENT:
            return Outcome(task, Verdicted.CANNOT_TELL, note="no longer waiting; the marketplace does not say how")
        case SightingState.APPROVED:
            same = rating.verdict is Verdict.APPROVE
            unverified = ("bonus",) if same and rating.bonus else ()
        case SightingState.REJECTED:
            same, unverified = rating.verdict is Verdict.REJECT, ()
        case SightingState.REVISED:
            same, unverified = rating.verdict is Verdict.REVISE, ()
    return Outcome(task, Verdicted.MATCHES if same else Verdicted.DIFFERS, unverified)
