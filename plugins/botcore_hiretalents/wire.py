"""The marketplace's JSON as typed values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator

from botcore.transport import decode
from botcore.wire import (
    Count,
    Id,
    Items,
    MaybeCount,
    MaybeMoment,
    MaybeMoney,
    Money,
    Text,
    Texts,
    Wire,
    as_count,
    as_flag,
    as_text,
    items,
    or_none,
)

DEEPEST = 6  # of categories in categories


def unfolded(value: object) -> object:
    """A list or an object that came as JSON in a text; anything else as it is."""
    if isinstance(value, str) and value.strip()[:1] in ("[", "{"):
        unfolded, is_json = decode(value)
        return unfolded if is_json else value
    return value


def as_names(value: object) -> tuple[str, ...]:
    """The texts of a list, whether it came as one, as JSON in a text, alone, or not at all."""
    return tuple(text for item in items(unfolded(value)) if (text := as_text(item).strip()))


def as_shown(value: object) -> str:
    """What a worker wrote; the JSON of what is not a text, so that nothing of it is lost."""
    if value is None or (isinstance(value, str | int) and not isinstance(value, bool)):
        return as_text(value)
    return as_text(json.dumps(value, default=str, ensure_ascii=False))


def as_places(value: object) -> str:
    """A job's country or countries, as one text."""
    return ", ".join(as_names(value))


def as_number(text: str) -> int | str:
    """An id as the number that the document has it as; as it is where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else text


def as_unix(value: object) -> datetime:
    """A moment from Unix seconds. Raises `ValueError`."""
    try:
        moment = datetime.fromtimestamp(as_count(value), UTC)
    except (OverflowError, OSError):
        raise ValueError("not a moment") from None
    if not 2000 <= moment.year < 2200:
        raise ValueError("not a moment of this age")
    return moment


Names = Annotated[tuple[str, ...], BeforeValidator(as_names)]
Shown = Annotated[str, BeforeValidator(as_shown)]
Places = Annotated[str, BeforeValidator(as_places)]
UnixMoment = Annotated[datetime, BeforeValidator(as_unix)]
Yes = Annotated[bool, BeforeValidator(lambda value: or_none(value, as_flag) is True)]
Folded = Annotated[Items, BeforeValidator(unfolded)]
FoldedTexts = Annotated[Texts, BeforeValidator(unfolded)]


class WireAccount(Wire):
    """Of `me`, which also tells the buyer's name and address: they are not read."""

    current_balance: Money


class WireJob(Wire):
    """A job, of `job/{id}` and `jobs/{status}/{page}`."""

    id: Id
    title: Text = ""
    status: MaybeCount = None
    price: MaybeMoney = None
    availseats: MaybeCount = None
    total_app: MaybeCount = None
    time: MaybeCount = None
    category: Text = ""
    country: Places = ""
    expected: FoldedTexts = ()
    proof: Folded = ()
    hourseats: MaybeCount = None  # so many in `limitfreqseconds`
    limitfreqseconds: MaybeCount = None
    started: MaybeCount = None  # Unix seconds; 0: not yet
    send_tweet: Yes = False
    dec_reason: Text = ""
    rep_reason: Text = ""
    created_at: MaybeMoment = None


class WireApplication(Wire):
    """An application. Its worker's e-mail address ends here, unread."""

    id: Id
    jobid: Text = ""
    user_id: Id
    status: Count
    appdate: UnixMoment
    proof: Shown = ""
    showcause: Text = ""
    screenshot: Names = ()
    screenshot_url: Names = ()

    @property
    def address(self) -> str:
        """The worker's e-mail address, where the config asks for it."""
        return ""

    @property
    def mark(self) -> str:
        """The same for the same work, and another one for whatever its worker hands in under this id next."""
        pictures = self.screenshot or [url.rpartition("/")[2] for url in self.screenshot_url]
        work = json.dumps([int(self.appdate.timestamp()), self.proof.strip(), list(pictures)])
        return hashlib.sha256(work.encode()).hexdigest()[:16]


class WireApplicationWithAddress(WireApplication):
    email: Text = ""

    @property
    def address(self) -> str:
        return self.email.strip()


class WireCountry(Wire):
    country_id: Id
    name: Text = ""
    nameTranslated: Text = ""  # noqa: N815 - its own name
    continent: Text = ""


class WireCategory(Wire):
    id: Id
    title: Text = ""
    cost: MaybeMoney = None
    subcat: Items = ()


class WireTeam(Wire):
    id: Id
    title: Text = ""


class WireMember(Wire):
    worker_id: Id
    note: Text = ""
    created_at: MaybeMoment = None


class WireChange(Wire):
    """What is told of a change beside its result."""

    cost: MaybeMoney = None
    job_id: Text = ""
    app_id: Text = ""


def categories_in(listed: object, above: str = "", depth: int = DEEPEST) -> Iterator[tuple[str, Any]]:
    """All categories of a list or an object, however deep, each with the titles above it."""
    for item in items(listed) if depth else ():
        yield above, item
        if isinstance(item, Mapping):
            title = as_text(item.get("title"))
            yield from categories_in(item.get("subcat"), f"{above}: {title}" if above else title, depth - 1)
