"""What all endpoints share: what is asked, how an answer is read, and what its errors mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from botcore.pages import readable
from botcore.provider import AuthFailed, OutcomeUnknown, Refused, Unavailable
from botcore.transport import Answer, Params, Transport, message_in
from botcore.wire import Count, MaybeCount, Wire, as_flag, or_none, wrong_fields

from .pages import Page, Pages

W = TypeVar("W", bound=Wire)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer to something that was to be done: whether it was, in the marketplace's words."""

    ok: bool
    message: str


class Calls(Pages):
    """One account's connection. `unreadable` counts items that were left out of lists, by endpoint.

    Reads raise `AuthFailed`, `RateLimited`, `Refused` and `Unavailable`; what changes something also
    `OutcomeUnknown`.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.unreadable: Counter[str] = Counter()

    async def read(
        self, endpoint: str, params: Params | None = None, *, body: Mapping[str, object] | None = None
    ) -> Any:
        """The JSON of a GET, whose parameters are a query or, for some endpoints, a JSON body."""
        data = self._checked(await self.transport.get(endpoint, params, json=body))
        return self.agreed(endpoint, data)

    async def change(self, endpoint: str, body: Mapping[str, object]) -> Said:
        return self.said(endpoint, await self.send(endpoint, body))

    async def send(self, endpoint: str, body: Mapping[str, object]) -> Any:
        """The JSON of a POST, whatever it says."""
        return self._checked(await self.transport.post(endpoint, body))

    def agreed(self, endpoint: str, data: Any) -> Any:
        """An answer that does not say no. Raises `Refused`."""
        if isinstance(data, Mapping) and "ok" in data and or_none(data["ok"], as_flag) is False:
            raise Refused(self._words(data) or f"{endpoint} said no")
        return data

    def said(self, endpoint: str, data: object) -> Said:
        ok: bool | None = or_none(data.get("ok"), as_flag) if isinstance(data, Mapping) else None
        if ok is None:
            raise OutcomeUnknown(f"{endpoint} answered without a result")
        return Said(ok, self._words(data) or ("Done." if ok else f"{endpoint} said no"))

    def reader(self, endpoint: str, params: Params, key: str, kind: type[W]) -> Callable[[int], Awaitable[Page[W]]]:
        """What reads the pages of a list by their numbers."""

        async def read(asked: int) -> Page[W]:
            data = await self.read(endpoint, {"page": asked, **params})
            listed = listed_in(endpoint, data, key)
            numbers = self.one(endpoint, data, _WirePage)
            found, lost = self.several(endpoint, listed, kind)
            number = asked if numbers.current_page is None else numbers.current_page
            return Page(found, number, numbers.pages, lost > 0 or (not found and number < numbers.pages), lost)

        return read

    async def catalogue(self, endpoint: str, kind: type[W]) -> tuple[W, ...]:
        """A list that comes whole."""
        data = await self.read(endpoint)
        if not isinstance(data, list):
            raise unreadable(endpoint, "the list")
        return self.several(endpoint, data, kind)[0]

    def one(self, endpoint: str, data: object, kind: type[W]) -> W:
        try:
            return kind.model_validate(data)
        except ValidationError as error:
            raise unreadable(endpoint, wrong_fields(error)) from None

    def several(self, endpoint: str, data: Sequence[object], kind: type[W]) -> tuple[tuple[W, ...], int]:
        """What can be read of a list, and how many cannot."""
        found = readable(endpoint, data, kind, self.unreadable)
        return found, len(data) - len(found)

    def _checked(self, answer: Answer) -> Any:
        data = answer.data
        if isinstance(data, Mapping) and message_in(data).strip().rstrip(".!").lower() == "unauthorized":
            raise AuthFailed("the marketplace does not accept the key: Unauthorized")
        return data

    def _words(self, data: object) -> str:
        return self.transport.safe(message_in(data))


def listed_in(endpoint: str, data: object, key: str) -> list[Any]:
    """The list that an answer has under a name. Raises `Unavailable`."""
    listed = data.get(key) if isinstance(data, Mapping) else None
    if not isinstance(listed, list):
        raise unreadable(endpoint, key)
    return listed


def unreadable(endpoint: str, field: str) -> Unavailable:
    return Unavailable(f"{endpoint} answered without a readable {field}")


class _WirePage(Wire):
    pages: Count
    current_page: MaybeCount = None
