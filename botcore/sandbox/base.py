"""What a simulated marketplace is: its endpoints, its shapes and its first jobs. The rest of this package is
around it."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from .jobs import Job
    from .workers import Worker
    from .world import Books


class Refusal(Exception):  # noqa: N818
    """The marketplace says no, in the words of the message; nothing was done. `field`: what of the request was
    wrong, where it was one thing."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Missing(Refusal):
    """What was asked for is not there."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the API. `content` is its body as text, `parts` what stood in the path by name."""

    endpoint: str
    query: Mapping[str, str]
    content: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> Mapping[str, Any]:
        """The JSON object in the body, its fractions as Decimal. Raises `Refusal` where there is none."""
        try:
            body = json.loads(self.content, parse_float=Decimal)
        except (ValueError, RecursionError):
            raise Refusal("The request body is not valid JSON.") from None
        if not isinstance(body, dict):
            raise Refusal("The request body must be a JSON object.")
        return body


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back as JSON."""

    payload: Any
    status: int = 200


Answerer = Callable[["Books", Call], Any]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of the API. `answer` runs in a transaction and returns the payload, or raises `Refusal`."""

    method: str
    answer: Answerer


def by_method(gets: Mapping[str, Answerer], posts: Mapping[str, Answerer]) -> dict[str, Endpoint]:
    """Endpoints by path, of those that are read and those that are posted to."""
    return {
        **{path: Endpoint("GET", answer) for path, answer in gets.items()},
        **{path: Endpoint("POST", answer) for path, answer in posts.items()},
    }


@dataclass(frozen=True, slots=True)
class Post:
    """A request to a buyer's webhook; the `query` is added to its address."""

    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    query: Mapping[str, str] = field(default_factory=dict)


class JobChange(NamedTuple):
    """A job is in another status since then."""

    job_id: str
    status: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Login:
    """An account's keys."""

    account: str
    provider: str
    user_id: str
    api_secret: str
    webhook_secret: str


class Sandbox(ABC):
    """A simulated marketplace. Its API is served under `/{name}/{api_folder}/`, its workers' pictures under
    `/{name}/{picture_folder}/`.

    `url` is where that `/{name}` is, without a slash at its end; `page_size` how many things a page of any
    list holds.
    """

    name: ClassVar[str]  # the provider's name
    title: ClassVar[str]
    account_name: ClassVar[str]  # what the account is called where nobody says
    counts: ClassVar[frozenset[str]] = frozenset()  # the names under which its answers count things
    api_folder: ClassVar[str] = "api"
    picture_folder: ClassVar[str] = "pictures"
    picture_type: ClassVar[str] = "png"  # or jpg
    paced: ClassVar[bool] = True  # it has a rate limit
    tells: ClassVar[bool] = True  # it has a webhook
    tells_every: ClassVar[int] = 60  # seconds for which news are gathered before the webhook is called; 0: at once
    tells_again: ClassVar[bool] = True  # it repeats what the webhook did not take
    quirks: ClassVar[Mapping[str, Sequence[str]]] = {}  # what its document leaves open: how it is first, then may be

    def __init__(self, url: str, page_size: int = 50) -> None:
        self.url = url
        self.page_size = page_size

    @abstractmethod
    def endpoints(self) -> Mapping[str, Endpoint]:
        """The API by path, in which `{name}` stands for one segment; anything else is a 404."""

    @abstractmethod
    def opens(self, authorization: str, login: Login) -> bool:
        """Whether this Authorization header is the account's."""

    @abstractmethod
    def settings(self, login: Login) -> dict[str, str]:
        """The keys of an account in the bot's configuration, `provider` left out."""

    @abstractmethod
    def unauthorized(self) -> Answer: ...

    @abstractmethod
    def too_many(self) -> Answer: ...

    @abstractmethod
    def refused(self, refusal: Refusal) -> Answer: ...

    @abstractmethod
    def furnish(self, books: Books, room: int) -> Sequence[str]:
        """Money, lists and first jobs of a new account, each with room for so many submissions and for more;
        returns the jobs' ids."""

    @abstractmethod
    def news(self, books: Books, tasks: Mapping[str, Sequence[str]], changes: Sequence[JobChange]) -> Sequence[Any]:
        """What to tell a webhook of submitted tasks (job id -> task ids) and of jobs: JSON, one thing a post."""

    @abstractmethod
    def webhook(self, books: Books, news: Any, when: datetime, secret: str | None) -> Post:
        """The post that tells one of the `news`, signed where a secret is given."""

    def speaks(self, accept: str) -> bool:
        """Whether a client with this Accept header is told in JSON what went wrong, or sent to a page."""
        return True

    def handed_in(self, books: Books, job_id: str, task_id: str, worker: Worker) -> None:
        """What else happens when a worker hands in."""

    def fees_back(self, job: Job) -> int:
        """What goes back, beside the price, of a job's open positions when the site itself ends it; in units."""
        return 0

    def picture(self, picture_id: str) -> str:
        """A picture's address."""
        return f"{self.url}/{self.picture_folder}/{picture_id}.{self.picture_type}"

    # What its things are called; `n` counts all of a kind from 1.

    def job_id(self, books: Books, n: int) -> str:
        return books.ident(12, books.account, "job", n)

    def task_id(self, books: Books, n: int) -> str:
        return books.ident(14, books.account, "task", n)

    def worker_id(self, books: Books, n: int) -> str:
        return books.ident(8, "worker", n)

    def picture_id(self, books: Books, task_n: int, revision: int, i: int) -> str:
        """In hexadecimal digits and `_`."""
        return books.ident(24, books.account, "picture", task_n, revision, i)
