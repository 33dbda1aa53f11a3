"""The marketplace's endpoints, one thin method each: JSON goes in and typed values come out.

Source: SproutGigs' API documentation of 4 March 2024; the names of endpoints and fields are its own.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Generic, TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from botcore.models import Rating, Satisfaction, Verdict
from botcore.provider import AuthFailed, OutcomeUnknown, Refused, Unavailable
from botcore.transport import Answer, Params, Transport, message_in

from .wire import (
    Count,
    MaybeCount,
    Wire,
    WireCategory,
    WireJob,
    WireList,
    WireResult,
    WireStanding,
    WireZone,
    amounts,
    as_flag,
)

log = logging.getLogger(__name__)

W = TypeVar("W", bound=Wire)
T = TypeVar("T", bound=WireStanding)

WORDS = {Verdict.APPROVE: "ok", Verdict.REVISE: "revise", Verdict.REJECT: "not_ok"}


@dataclass(frozen=True, slots=True)
class Page(Generic[W]):
    """One page of a list, with the marketplace's own count of pages at that moment.

    `broken`: some of it is missing, since an item could not be read or it was empty before the last page.
    """

    items: tuple[W, ...]
    number: int
    pages: int
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """An answer to something that was to be done: whether it was, in the marketplace's words."""

    ok: bool
    message: str


class SproutGigsApi:
    """One account's endpoints. `unreadable` counts items that were left out of lists, by endpoint.

    Reads raise `AuthFailed`, `RateLimited`, `Refused` and `Unavailable`; what changes something also
    `OutcomeUnknown`.
    """

    address_bytes: ClassVar[int] = 8000  # of a URL with task ids in it, at most
    most_pages: ClassVar[int] = 2000  # a list that goes on for longer is broken
    orders_jobs: ClassVar[bool] = True  # get-jobs can give the newest first

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.unreadable: Counter[str] = Counter()

    # --- users

    async def balances(self) -> dict[str, Decimal]:
        """Every balance by its name, in US dollars; `spendable` is always there."""
        endpoint = "users/get-balances.php"
        read = amounts(await self._read(endpoint))
        if "spendable" not in read:
            raise _unreadable(endpoint, "spendable")
        return read

    # --- jobs

    async def jobs(self, page: int, *, unrated_only: bool = False) -> Page[WireJob]:
        params: dict[str, str | int] = {"page": page}
        if unrated_only:
            params["unrated_tasks"] = 1
        if self.orders_jobs:
            params["order"] = "desc"
        return await self._page("jobs/get-jobs.php", params, "jobs", WireJob)

    async def job(self, job_id: str) -> WireJob:
        """Raises `Refused` where there is no such job."""
        endpoint = "jobs/get-job.php"
        data = await self._read(endpoint, {"job_id": job_id})
        if not data:
            raise Refused(f"there is no job {job_id}")
        job = self._one(endpoint, data, WireJob)
        if job.id != job_id:
            raise _unreadable(endpoint, "id")
        return job

    async def unrated(self, page: int, job_id: str, ids: Sequence[str] | None, kind: type[T]) -> Page[T]:
        """A page of a job's unrated tasks, or of those with these ids; `kind` says how much is read."""
        params = self._task_params(page, job_id, ids)
        return await self._page("jobs/get-unrated-tasks.php", params, "tasks", kind)

    async def rated(self, page: int, job_id: str, ids: Sequence[str] | None, kind: type[T]) -> Page[T]:
        """A page of a job's rated tasks, or of those of them with these ids."""
        params = self._task_params(page, job_id, ids)
        return await self._page("jobs/get-rated-tasks.php", params, "tasks", kind)

    async def rate_one(self, job_id: str, rating: Rating) -> Said:
        fields = rating_fields(rating)
        body: dict[str, object] = {"job_id": job_id, "task_id": rating.task_id}
        body |= {f"task_{name}": value for name, value in fields.items()}
        return await self._change("jobs/rate-single-task.php", body)

    async def rate_many(self, job_id: str, ratings: Sequence[Rating]) -> dict[str, Said]:
        """Results by task id. One that is not there, or not clear, is unknown."""
        endpoint = "jobs/rate-multiple-tasks.php"
        tasks = [{"id": rating.task_id, **rating_fields(rating)} for rating in ratings]
        data = self._checked(await self.transport.post(endpoint, {"job_id": job_id, "tasks": tasks}))
        listed = data.get("tasks") if isinstance(data, Mapping) else None
        if not isinstance(listed, list):
            said = self._said(endpoint, data)
            if not said.ok:
                raise Refused(said.message)
            raise OutcomeUnknown(f"{endpoint} answered without the results")
        results, _ = self._several(endpoint, listed, WireResult)
        said_of = Counter(result.id for result in results)
        return {
            result.id: Said(result.ok, self.transport.safe(result.message))
            for result in results
            if said_of[result.id] == 1  # two answers to one question are none
        }

    async def zones(self) -> tuple[WireZone, ...]:
        return await self._catalogue("jobs/get-zones.php", WireZone)

    async def categories(self) -> tuple[WireCategory, ...]:
        return await self._catalogue("jobs/get-categories.php", WireCategory)

    async def lists(self) -> tuple[WireList, ...]:
        return await self._catalogue("jobs/get-lists.php", WireList)

    # --- lists

    async def add_workers(self, list_id: str, workers: Sequence[str]) -> Said:
        """Adds workers to a list; the marketplace silently skips who is blocked or not known to it."""
        number = int(list_id) if list_id.isascii() and list_id.isdigit() else list_id
        return await self._change("lists/add-workers.php", {"list_id": number, "workers": list(workers)})

    async def block_workers(self, workers: Sequence[str]) -> Said:
        return await self._change("lists/block-workers.php", {"workers": list(workers)})

    async def unblock_workers(self, workers: Sequence[str]) -> Said:
        return await self._change("lists/unblock-workers.php", {"workers": list(workers)})

    # --- how lists are read

    async def all_pages(self, read: Callable[[int], Awaitable[Page[W]]]) -> AsyncIterator[Page[W]]:
        """Every page of a list, by the count that the latest tells. Raises `Unavailable` without an end."""
        for number in range(1, self.most_pages + 1):
            page = await read(number)
            yield page
            if number >= page.pages or page.number < number:  # the last one, or that again: it has shrunk
                return
        raise Unavailable("the marketplace's list has no end")

    def chunks(self, job_id: str, ids: Iterable[str]) -> list[list[str]]:
        """Ids in groups that each fit in an address; every id once."""
        room = self.address_bytes - len(self.transport.base_url) - len(quote(job_id, safe="")) - 100
        groups: list[list[str]] = []
        left = 0
        for task_id in dict.fromkeys(ids):
            size = len(quote(task_id, safe="")) + len("%2C")
            if size > left:
                groups.append([])
                left = room
            groups[-1].append(task_id)
            left -= size
        return groups

    # --- what all endpoints share

    def _task_params(self, page: int, job_id: str, ids: Sequence[str] | None) -> dict[str, str | int]:
        params: dict[str, str | int] = {"page": page, "job_id": job_id}
        if ids is not None:
            params["task_ids"] = ",".join(ids)
        return params

    async def _read(self, endpoint: str, params: Params | None = None) -> Any:
        data = self._checked(await self.transport.get(endpoint, params))
        if isinstance(data, Mapping) and "ok" in data and _flag(data["ok"]) is False:
            raise Refused(self._words(data) or f"{endpoint} said no")
        return data

    async def _change(self, endpoint: str, body: Mapping[str, object]) -> Said:
        return self._said(endpoint, self._checked(await self.transport.post(endpoint, body)))

    def _said(self, endpoint: str, data: object) -> Said:
        ok = _flag(data.get("ok")) if isinstance(data, Mapping) else None
        if ok is None:
            raise OutcomeUnknown(f"{endpoint} answered without a result")
        return Said(ok, self._words(data) or ("Done." if ok else f"{endpoint} said no"))

    def _checked(self, answer: Answer) -> Any:
        data = answer.data
        if isinstance(data, Mapping) and message_in(data).strip().rstrip(".!").lower() == "unauthorized":
            raise AuthFailed("the marketplace does not accept the key: Unauthorized")
        return data

    def _words(self, data: object) -> str:
        return self.transport.safe(message_in(data))

    async def _page(self, endpoint: str, params: Params, key: str, kind: type[W]) -> Page[W]:
        data = await self._read(endpoint, params)
        if not isinstance(data, Mapping) or not isinstance(data.get(key), list):
            raise _unreadable(endpoint, key)
        numbers = self._one(endpoint, data, _WirePage)
        found, lost = self._several(endpoint, data[key], kind)
        number = int(params["page"]) if numbers.current_page is None else numbers.current_page
        return Page(found, number, numbers.pages, lost > 0 or (not found and number < numbers.pages))

    async def _catalogue(self, endpoint: str, kind: type[W]) -> tuple[W, ...]:
        data = await self._read(endpoint)
        if not isinstance(data, list):
            raise _unreadable(endpoint, "the list")
        return self._several(endpoint, data, kind)[0]

    def _one(self, endpoint: str, data: object, kind: type[W]) -> W:
        try:
            return kind.model_validate(data)
        except ValidationError as error:
            raise _unreadable(endpoint, _fields(error)) from None

    def _several(self, endpoint: str, data: Sequence[object], kind: type[W]) -> tuple[tuple[W, ...], int]:
        """What can be read of a list. One bad item must not lose the others: it is logged and counted."""
        found: list[W] = []
        for item in data:
            try:
                found.append(kind.model_validate(item))
            except ValidationError as error:
                self.unreadable[endpoint] += 1
                log.warning("%s: an item was left out: %s", endpoint, _fields(error))
        return tuple(found), len(data) - len(found)


class _WirePage(Wire):
    pages: Count
    current_page: MaybeCount = None


def rating_fields(rating: Rating) -> dict[str, object]:
    """A rating under the names of the many; those of the one are the same with `task_` before them."""
    satisfaction = rating.satisfaction
    if satisfaction is None and rating.verdict is Verdict.REJECT:
        satisfaction = Satisfaction.INCORRECT
    fields: dict[str, object] = {"rating": WORDS[rating.verdict]}
    if satisfaction is not None:
        fields["satisfaction"] = satisfaction.value
    if rating.comment:
        fields["comment"] = rating.comment
    if rating.bonus:
        fields["bonus"] = rating.bonus
    return fields


def _flag(value: object) -> bool | None:
    try:
        return as_flag(value)
    except ValueError:
        return None


def _fields(error: ValidationError) -> str:
    """Which fields were wrong; never with their values, which are somebody's work."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    places = (".".join(map(str, detail["loc"])) or "not an object" for detail in details)
    return ", ".join(dict.fromkeys(places))


def _unreadable(endpoint: str, field: str) -> Unavailable:
    return Unavailable(f"{endpoint} answered without a readable {field}")
