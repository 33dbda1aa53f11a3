"""What the core and its plugins talk about: frozen, typed. Money is Decimal, time is aware UTC, ids are strings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from .notices.kinds import Hearing


class Verdict(StrEnum):
    """What a reviewer says of a submission."""

    APPROVE = "approve"
    REVISE = "revise"
    REJECT = "reject"

    @property
    def past(self) -> str:
        return {"approve": "approved", "revise": "sent back for revision", "reject": "rejected"}[self.value]


class Satisfaction(StrEnum):
    """How well a submission did; the first three go with an approval, the others with a rejection."""

    EXCELLENT = "excellent"
    GOOD = "good"
    OK = "ok"
    INCORRECT = "incorrect"
    SPAM = "spam"
    DUPE = "dupe"

    @property
    def verdict(self) -> Verdict:
        happy = (Satisfaction.EXCELLENT, Satisfaction.GOOD, Satisfaction.OK)
        return Verdict.APPROVE if self in happy else Verdict.REJECT


class Role(StrEnum):
    """What a person may do; each role may do all that the ones after it may."""

    OWNER = "owner"
    MANAGER = "manager"
    REVIEWER = "reviewer"
    VIEWER = "viewer"

    @property
    def one(self) -> str:
        """Somebody who has it, in words: an owner, a viewer."""
        return f"{'an' if self is Role.OWNER else 'a'} {self.value}"

    def covers(self, needed: Role) -> bool:
        order = list(Role)
        return order.index(self) <= order.index(needed)


class ProofKind(StrEnum):
    TEXT = "text"
    PICTURE = "picture"


class JobStatus(StrEnum):
    """A job's state in neutral words; `Job.status_text` keeps the marketplace's own."""

    RUNNING = "running"
    PAUSED = "paused"
    REVIEW = "in review"
    FINISHED = "finished"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Proof:
    """One piece of evidence: `text` as the worker wrote it (hostile), or the address of a picture."""

    kind: ProofKind
    prompt: str  # what the job asked for; empty where the marketplace does not say
    text: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class EarlierRevision:
    """What a worker handed in before, and what they were told."""

    proofs: tuple[Proof, ...]
    comment: str
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One worker's work on one job in one revision, as a marketplace reports it."""

    account: str
    job_id: str
    task_id: str
    revision: int
    worker_id: str
    submitted_at: datetime
    deadline: datetime | None  # when it is paid whatever it is worth; None where there is no deadline
    price: Decimal | None  # US dollars
    proofs: tuple[Proof, ...]
    earlier: tuple[EarlierRevision, ...] = ()
    country: str = ""  # two letters, upper case, as the marketplace spells it
    ip_address: str = ""
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ProofSlot:
    """What a job asks its workers to hand in."""

    kind: ProofKind
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as a marketplace reports it."""

    account: str
    id: str
    title: str
    status: JobStatus
    status_text: str  # in the marketplace's own words
    price: Decimal | None  # for one task, US dollars
    positions: int
    done: int
    unrated: int | None  # None where the marketplace does not tell
    rate_within_days: int | None  # days after a submission until it is rated and paid by itself
    created_at: datetime | None
    instructions: tuple[str, ...] = ()
    notes: str = ""
    proofs: tuple[ProofSlot, ...] = ()
    zone: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class JobChange:
    """What a marketplace answered to a change of a job. `cost` in US dollars, only where it tells; `job_id`: of a job
    that was made."""

    message: str
    cost: Decimal | None = None
    job_id: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job with unrated work, and how much of it; None where the marketplace does not tell.

    `quiet`: nothing says that it has changed, so that only the slow full sweep reads it.
    """

    job: Job
    count: int | None
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class SubmissionPage:
    """One page of unrated work. `pages` is the marketplace's own count at that moment; 0 where it tells none.
    `unreadable`: how many on it had to be left out."""

    submissions: tuple[Submission, ...]
    number: int
    pages: int
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Balance:
    """An account's money in US dollars; `extra` holds what else the marketplace tells, by its name."""

    spendable: Decimal
    extra: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Rating:
    """A decision as it goes to the marketplace."""

    task_id: str
    revision: int
    verdict: Verdict
    satisfaction: Satisfaction | None = None
    comment: str = ""
    bonus: Decimal = Decimal(0)
    block: bool = False  # keeps the worker from future jobs too; only where `BLOCK_WHILE_RATING`


@dataclass(frozen=True, slots=True)
class RatingResult:
    """The marketplace's answer to one rating; `message` in its own words."""

    task_id: str
    ok: bool
    message: str = ""


class SightingState(StrEnum):
    """Where a submission stands at the marketplace."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    REVISED = "revised"  # sent back to the worker, not handed in again
    REPORTED = "reported"  # the marketplace itself looks at it: undecided, and nobody else can rate it
    RATED = "rated"  # rated, and the marketplace does not say how
    ABSENT = "absent"  # in none of the lists, which were read completely


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a complete look at the marketplace told of one task. `revision` counts from 0; None where untold."""

    task_id: str
    state: SightingState
    revision: int | None = None
    said: tuple[str, ...] = ()  # the comments sent with earlier revisions, oldest first


class Verdicted(StrEnum):
    """Whether a rating of unknown outcome took effect."""

    MATCHES = "matches"
    DIFFERS = "differs"
    NOT_YET = "not yet"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to "did this rating take effect?", and what of it could not be verified (such as a bonus)."""

    task_id: str
    verdicted: Verdicted
    unverified: tuple[str, ...] = ()
    note: str = ""
    sure: bool = True  # False: told by its absence alone, so two more looks must say the same


@dataclass(frozen=True, slots=True)
class Zone:
    """Where a job's workers may come from."""

    id: str
    name: str
    excludable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of job, with the least it may pay a task by zone, in US dollars; `over`: it must pay more than that."""

    id: str
    name: str
    minimum: Mapping[str, Decimal] = field(default_factory=dict)
    over: bool = False


@dataclass(frozen=True, slots=True)
class Country:
    """A country as a marketplace knows it; `id` is the one it takes."""

    id: str
    name: str
    continent: str = ""


@dataclass(frozen=True, slots=True)
class WorkerList:
    """A buyer's own list of workers. `workers`: how many; None where untold."""

    id: str
    name: str
    workers: int | None


@dataclass(frozen=True, slots=True)
class Hints:
    """What a webhook made worth reading again; never believed, only looked up."""

    tasks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # job id -> task ids
    jobs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A webhook's request as it came in: `body` is raw, header names are lower case."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may use the bot. `identities`: the adapter's name -> the user's id there. `since`: when they were
    let in, in milliseconds; 0 for who is in the config. Who has the name of somebody shut out before has another."""

    name: str
    role: Role
    identities: Mapping[str, str] = field(default_factory=dict)
    from_config: bool = False
    since: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """Who has a role of a messenger's own (`Actor.roles`) has one of ours."""

    adapter: str
    theirs: str
    role: Role


@dataclass(frozen=True, slots=True)
class Channel:
    """A place where cards go. `accounts` empty: those of every account. `to` may hold keys: show `shown` instead."""

    name: str
    adapter: str
    to: str = field(repr=False)
    purpose: str = "review"
    accounts: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    queue_above: int = 5  # more waiting than these are one queue
    hears: Hearing = field(default_factory=Hearing)
    secret: bool = False  # `to` came from the environment or a file, or is a URL

    @property
    def shown(self) -> str:
        """`to` as people may see it: `slack://…`."""
        if not self.secret:
            return self.to
        scheme, sign, _ = self.to.partition("://")
        return f"{scheme}://…" if sign else "…"

    def takes(self, account: str) -> bool:
        return not self.accounts or account in self.accounts
