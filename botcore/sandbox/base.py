"""What a simulated marketplace is: its endpoints, its shapes and its first jobs. The rest of this package is
around it."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from .world import Books


class Refusal(Exception):  # noqa: N818
    """The marketplace says no, in the words of the message; nothing was done."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the API. `content` is its body as text."""

    endpoint: str
    query: Mapping[str, str]
    content: str = ""

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


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of the API. `answer` runs in a transaction and returns the payload, or raises `Refusal`."""

    method: str
    answer: Callable[[Books, Call], Any]


@dataclass(frozen=True, slots=True)
class Login:
    """An account's keys."""

    account: str
    provider: str
    user_id: str
    api_secret: str
    webhook_secret: str


class Sandbox(ABC):
    """A simulated marketplace. Its API is served under `/{name}/api/`, its workers' pictures under
    `/{name}/pictures/`.

    `url` is where that `/{name}` is, without a slash at its end; `page_size` how many things a page of any
    list holds.
    """

    name: ClassVar[str]  # the provider's name
    title: ClassVar[str]
    account_name: ClassVar[str]  # what the account is called where nobody says

    def __init__(self, url: str, page_size: int = 50) -> None:
        self.url = url
        self.page_size = page_size

    @abstractmethod
    def endpoints(self) -> Mapping[str, Endpoint]:
        """The API by path below `/{name}/api/`; anything else is a 404."""

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
    def webhook(
        self, tasks: Mapping[str, Sequence[str]], when: datetime, secret: str | None
    ) -> tuple[bytes, dict[str, str]]:
        """The body and headers that tell of submitted tasks (job id -> task ids), signed where a secret is
        given."""

    def picture(self, picture_id: str) -> str:
        """A picture's address."""
        return f"{self.url}/pictures/{picture_id}.png"
