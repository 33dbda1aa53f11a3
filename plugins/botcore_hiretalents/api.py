"""The marketplace's endpoints, one thin method each: JSON goes in and typed values come out.

Source: HireTalents' API documentation; the names of endpoints and fields are its own.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import ValidationError

from botcore.pages import read_page, readable
from botcore.provider import AuthFailed, OutcomeUnknown, Refused, Unavailable
from botcore.redaction import Redactor
from botcore.transport import Transport, message_in
from botcore.wire import Wire, as_flag, as_text, or_none, wrong_fields

from .wire import (
    WireAccount,
    WireApplication,
    WireApplicationWithAddress,
    WireCategory,
    WireChange,
    WireCountry,
    WireJob,
    WireMember,
    WireTeam,
    as_number,
    categories_in,
)

log = logging.getLogger(__name__)

W = TypeVar("W", bound=Wire)

ALL = "all"
DONE = "Done."  # where a change was made without a word

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_REFUSALS = ("error", "errors", "fail", "failed", "failure", "no", "ko")
_redact = Redactor()


class HireTalentsTransport(Transport):
    """Messages can quote a worker's e-mail address: no error keeps one."""

    def safe(self, text: str) -> str:
        return super().safe(_redact(text))


@dataclass(frozen=True, slots=True)
class Page(Generic[W]):
    """One page of a list. `ids`: of all on it, also of those that could not be read; `lost`: how many those are."""

    number: int
    items: tuple[W, ...]
    ids: tuple[str, ...]
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """What was answered to a change that was made; `cost` in US dollars where it is told."""

    message: str
    cost: Decimal | None = None
    job_id: str = ""


class HireTalentsApi:
    """One account's endpoints. `unreadable` counts items that were left out of lists, by endpoint.

    Reads raise `AuthFailed`, `RateLimited`, `Refused` and `Unavailable`; what changes something also
    `OutcomeUnknown`.
    """

    most_pages: ClassVar[int] = 2000  # a list that goes on for longer is broken

    def __init__(self, transport: Transport, *, keep_emails: bool = False) -> None:
        self.transport = transport
        self.unreadable: Counter[str] = Counter()
        self._application = WireApplicationWithAddress if keep_emails else WireApplication

    # --- account

    async def balance(self) -> Decimal:
        """What can be spent, in US dollars."""
        return self._one("me", await self._read("me"), WireAccount).current_balance

    # --- jobs

    async def job(self, job_id: str) -> WireJob:
        """Raises `Refused` where there is no such job."""
        return self._same("job", job_id, self._one("job", await self._read(f"job/{_part(job_id, 'job')}"), WireJob))

    async def jobs(self, status: str, page: int) -> Page[WireJob]:
        """`status`: `all`, 1 (online) or 3 (finished)."""
        return await self._page("jobs", f"jobs/{status}", page, WireJob)

    async def countries(self) -> Sequence[WireCountry]:
        return self._several("countries", _listed(await self._read("countries")), WireCountry)

    async def categories(self) -> Sequence[tuple[str, WireCategory]]:
        """Every category, also those in others, with the titles above it."""
        data = _listed(await self._read("categories"))
        if data is None:
            raise _unreadable("categories", "list")
        found = list(categories_in(data))
        read = [(above, self._several("categories", [item], WireCategory)) for above, item in found]
        return [(above, one) for above, some in read for one in some]

    async def create(self, terms: Mapping[str, object]) -> Said:
        """Posts a job, and charges it. Not to be repeated; an answer without the job's id is `OutcomeUnknown`."""
        said = await self._change("jobs/create", terms)
        if not _is_a_job(said.job_id):
            raise OutcomeUnknown("jobs/create answered without a readable job_id: it may have been posted")
        return said

    async def cost(self, terms: Mapping[str, object]) -> Decimal:
        """What posting such a job would cost, all fees included, in US dollars. Creates nothing; raises
        `OutcomeUnknown` where the marketplace answers as if it had. The document does not show an answer to this
        question: the cost alone is one, too."""
        data = _alone(await self._question("jobs/create", {**terms, "get_cost": 1}))
        made = as_text(data.get("job_id")).strip() if isinstance(data, Mapping) else ""
        if _is_a_job(made):
            log.error("jobs/create was asked for a cost alone, and answered with job %s", made)
            raise OutcomeUnknown(
                f"asked for a cost alone, the marketplace answered with job {made}: "
                "look on its website whether it was posted, and stop it there"
            )
        if isinstance(data, Mapping) and data.keys().isdisjoint(("result", "ok")):
            data = {**data, "result": "ok"}
        try:
            said = self._said("jobs/create", data)
        except OutcomeUnknown as error:
            raise Unavailable(str(error)) from error
        if said.cost is None:
            raise _unreadable("jobs/create", "cost")
        return said.cost

    async def update(self, job_id: str, changes: Mapping[str, object]) -> Said:
        return await self._change_job(job_id, "update", changes)

    async def add_seats(self, job_id: str, count: int) -> Said:
        return await self._change_job(job_id, "add_seat", {"seat_count": count})

    async def pause(self, job_id: str) -> Said:
        return await self._change_job(job_id, "pause")

    async def resume(self, job_id: str, count: int, extras: Mapping[str, object] | None = None) -> Said:
        """`extras`: `send_tweet` and `hide_search_engines`, each 1 or left out."""
        return await self._change_job(job_id, "resume", {"seat_count": count, **(extras or {})})

    async def restart(self, job_id: str) -> Said:
        return await self._change_job(job_id, "restart")

    # --- applications

    async def applications(self, job_id: str, status: int | str, page: int) -> Page[WireApplication]:
        """`status`: 1 to 5, or `all`."""
        path = f"job/{_part(job_id, 'job')}/applications/{status}"
        return await self._page("applications", path, page, self._application)

    async def application(self, application_id: str) -> WireApplication:
        """Raises `Refused` with the status 404 where there is no such application."""
        data = await self._read(f"application/{_part(application_id, 'application')}")
        return self._same("application", application_id, self._one("application", data, self._application))

    async def rate(self, application_id: str, status: int, reason: str) -> Said:
        """Sets an application's status: 1, 3 or 5."""
        body: dict[str, object] = {"status": status}
        if reason:
            body["reason"] = reason
        path = f"application/{_part(application_id, 'application')}/set"
        return await self._change(path, body, app_id=application_id)

    # --- teams

    async def teams(self) -> Sequence[WireTeam]:
        return self._several("teams", _listed(await self._read("teams")), WireTeam)

    async def create_team(self, title: str) -> WireTeam:
        return self._made("teams/create", await self._post("teams/create", {"title": title}))

    async def rename_team(self, team_id: str, title: str) -> WireTeam:
        return self._made("teams/update", await self._post("teams/update", {"id": as_number(team_id), "title": title}))

    async def delete_team(self, team_id: str) -> Said:
        """Deletes a team where the document says to, and else where its name says: the former may be a slip, and then
        answers as to a change of the team's name, or that it misses one."""
        body = {"id": as_number(team_id)}
        first: Refused | None = None
        try:
            data = await self._post("teams/update", body)
            if not (isinstance(data, Mapping) and "id" in data and "ok" not in data):
                return self._said("teams/update", data)
        except Refused as error:
            if error.status not in (404, 405, 422):
                raise
            first = error
        try:
            return await self._change("teams/delete", body)
        except Refused as error:
            if first is not None and error.status in (404, 405):
                raise first from None
            raise

    async def members(self, team_id: str) -> Sequence[WireMember]:
        """Who is in a team. It reads, by a POST."""
        data = await self._question("teams/members", {"team_id": as_number(team_id)})
        return self._several("teams/members", _listed(data), WireMember)

    async def add_member(self, team_id: str, worker_id: str, note: str) -> Said:
        body = {"team_id": as_number(team_id), "user_id": as_number(worker_id), "note": note}
        return await self._change("teams/add_member", body)

    async def delete_member(self, team_id: str, worker_id: str) -> Said:
        body = {"team_id": as_number(team_id), "user_id": as_number(worker_id)}
        return await self._change("teams/delete_member", body)

    # --- how lists are read

    async def all_pages(self, read: Callable[[int], Awaitable[Page[W]]]) -> AsyncIterator[Page[W]]:
        """Every page of a list, the first also where it is empty, until one is empty or comes again: their number is
        not told. Raises `Unavailable` without an end."""
        before: set[frozenset[str]] = set()
        for number in range(1, self.most_pages + 1):
            page = await read_page(read, number)
            if number > 1 and (not page.ids or frozenset(page.ids) in before):
                return
            before.add(frozenset(page.ids))
            yield page
            if not page.ids:
                return
        raise Unavailable("the marketplace's list has no end")

    # --- what all endpoints share

    async def _read(self, path: str) -> Any:
        return self._checked(path, (await self.transport.get(path)).data)

    async def _post(self, path: str, body: Mapping[str, object] | None) -> Any:
        return self._checked(path, (await self.transport.post(path, body)).data)

    async def _question(self, path: str, body: Mapping[str, object]) -> Any:
        """What a POST answers that changes nothing."""
        try:
            return await self._post(path, body)
        except OutcomeUnknown as error:
            raise Unavailable(str(error)) from error

    async def _change(self, path: str, body: Mapping[str, object] | None, **about: str) -> Said:
        return self._said(path, await self._post(path, body), **about)

    async def _change_job(self, job_id: str, what: str, body: Mapping[str, object] | None = None) -> Said:
        return await self._change(f"job/{_part(job_id, 'job')}/{what}", body, job_id=job_id)

    def _checked(self, path: str, data: Any) -> Any:
        """An answer that is no refusal: those can also come with a 200."""
        if not isinstance(data, Mapping):
            return data
        words = self.transport.safe(message_in(data))
        if words.rstrip(".!").lower() in ("unauthenticated", "unauthorized"):
            raise AuthFailed(f"the marketplace does not accept the key: {words}")
        result = as_text(data.get("result")).strip().lower()
        if result in _REFUSALS or data.get("error") or data.get("errors"):
            raise Refused(words or f"{path} said no")
        return data

    def _said(self, path: str, data: Any, **about: str) -> Said:
        if isinstance(data, list) and len(data) == 1:
            data = self._checked(path, data[0])
        if not isinstance(data, Mapping):
            raise OutcomeUnknown(f"{path} answered without a result")
        word = as_text(data.get("result")).strip().lower()
        ok = True if word in ("ok", "success") else or_none(data.get("result", data.get("ok")), as_flag)
        words = self.transport.safe(message_in(data))
        if ok is False:
            raise Refused(words or f"{path} said no")
        told = or_none(data, WireChange.model_validate)
        if ok is None or told is None:
            raise OutcomeUnknown(f"{path} answered without a result")
        for name, wanted in about.items():
            if getattr(told, name) not in ("", wanted):
                raise OutcomeUnknown(f"{path} answered about another {name}")
        return Said(words or DONE, told.cost, told.job_id)

    def _made(self, path: str, data: Any) -> WireTeam:
        """A team as it is after a change of it."""
        try:
            return WireTeam.model_validate(data)
        except ValidationError as error:
            raise OutcomeUnknown(f"{path} answered without a readable {wrong_fields(error)}") from None

    async def _page(self, endpoint: str, path: str, number: int, kind: type[W]) -> Page[W]:
        listed = _listed(await self._read(f"{path}/{number}"))
        found = self._several(endpoint, listed, kind)
        ids = tuple(_id_of(item) for item in listed or ())
        return Page(number, found, ids, len(ids) - len(found))

    def _one(self, endpoint: str, data: object, kind: type[W]) -> W:
        try:
            return kind.model_validate(data)
        except ValidationError as error:
            raise _unreadable(endpoint, wrong_fields(error)) from None

    def _same(self, endpoint: str, wanted: str, found: W) -> W:
        if getattr(found, "id", None) != wanted:
            raise _unreadable(endpoint, "id")
        return found

    def _several(self, endpoint: str, data: Sequence[object] | None, kind: type[W]) -> tuple[W, ...]:
        if data is None:
            raise _unreadable(endpoint, "list")
        return readable(endpoint, data, kind, self.unreadable)


def _listed(data: object) -> list[Any] | None:
    """A list, whether it came as one or as an object with numbered names."""
    if isinstance(data, list):
        return data
    if isinstance(data, Mapping) and all(str(key).isdigit() for key in data):
        return list(data.values())
    return None


def _id_of(item: object) -> str:
    return as_text(item.get("id")).strip() if isinstance(item, Mapping) else repr(type(item))


def _part(text: str, what: str) -> str:
    """An id as a part of a path. Raises `Refused` for what would be another path."""
    if not _ID.fullmatch(text):
        raise Refused(f"there is no such {what}", 404)
    return text


def _alone(data: Any) -> Any:
    """What is alone in a list, as it is without one."""
    return data[0] if isinstance(data, list) and len(data) == 1 else data


def _is_a_job(job_id: str) -> bool:
    return job_id != "0" and _ID.fullmatch(job_id) is not None


def _unreadable(endpoint: str, field: str) -> Unavailable:
    return Unavailable(f"{endpoint} answered without a readable {field}")
