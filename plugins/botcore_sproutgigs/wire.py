"""The marketplace's JSON as typed values: forgiving of what does not matter, strict about what does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

MOST_MONEY = Decimal(10) ** 12  # beyond it a number is a mistake, and would only cost memory to print
LONGEST_ID = 128


def as_text(value: object) -> str:
    """Text that can be stored and shown; "" for what is neither text nor a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return ""
    text = value if isinstance(value, str) else str(value)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can spell and nothing else can hold
        return text.encode(errors="replace").decode()
    return text


def as_id(value: object) -> str:
    """An id as text, whether it came as one or as a number. Raises `ValueError`."""
    text = as_text(value).strip()
    if not text or len(text) > LONGEST_ID or not text.isprintable():
        raise ValueError("not an id")
    return text


def as_money(value: object) -> Decimal:
    """US dollars from text or a number. Raises `ValueError`."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("not an amount")  # noqa: TRY004 - pydantic wants a ValueError
    try:
        amount = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        raise ValueError("not an amount") from None
    if not amount.is_finite() or abs(amount) > MOST_MONEY or int(amount.as_tuple().exponent) < -12:
        raise ValueError("not an amount")
    return amount


def as_count(value: object) -> int:
    """A whole number that is not negative, from text or a number. Raises `ValueError`."""
    amount = as_money(value)
    if amount < 0 or amount != int(amount):
        raise ValueError("not a count")
    return int(amount)


def as_moment(value: object) -> datetime:
    """A moment from ISO 8601, in UTC where no zone is given. Raises `ValueError`."""
    moment = datetime.fromisoformat(as_text(value).strip())
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    if not 2000 <= moment.year < 2200:
        raise ValueError("not a moment of this age")
    return moment.astimezone(UTC)


def as_flag(value: object) -> bool:
    """Yes or no, as JSON or as PHP spells them. Raises `ValueError`: a result is never guessed."""
    word = as_text(value).strip().lower() if not isinstance(value, bool) else str(value).lower()
    if word in ("true", "1"):
        return True
    if word in ("false", "0"):
        return False
    raise ValueError("neither yes nor no")


def _or_none(value: object, read: Any) -> Any:
    try:
        return read(value)
    except ValueError:
        return None


Id = Annotated[str, BeforeValidator(as_id)]
Text = Annotated[str, BeforeValidator(as_text)]
Money = Annotated[Decimal, BeforeValidator(as_money)]
Moment = Annotated[datetime, BeforeValidator(as_moment)]
Count = Annotated[int, BeforeValidator(as_count)]
Flag = Annotated[bool, BeforeValidator(as_flag)]
MaybeMoney = Annotated[Decimal | None, BeforeValidator(lambda v: _or_none(v, as_money))]
MaybeCount = Annotated[int | None, BeforeValidator(lambda v: _or_none(v, as_count))]
MaybeMoment = Annotated[datetime | None, BeforeValidator(lambda v: _or_none(v, as_moment))]
Texts = Annotated[tuple[str, ...], BeforeValidator(lambda v: tuple(map(as_text, items(v))))]
Items = Annotated[tuple[Any, ...], BeforeValidator(lambda v: tuple(items(v)))]


def items(value: object) -> list[Any]:
    """A list as it is, PHP's numbered objects as lists, nothing as none, anything else as the only one."""
    if value is None:
        return []
    if isinstance(value, list):
        return value
    if isinstance(value, Mapping) and all(str(key).isdigit() for key in value):
        return list(value.values())
    return [value]


class Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class WireJob(Wire):
    """A job, of jobs/get-job and jobs/get-jobs."""

    id: Id
    title: Text = ""
    status: Text = ""
    task_value: MaybeMoney = None
    num_tasks: MaybeCount = None
    tasks_done: MaybeCount = None
    unrated_tasks: MaybeCount = None
    ttr: MaybeCount = None
    created_at: MaybeMoment = None
    instructions: Texts = ()
    notes: Text = ""
    proofs: Items = ()
    zone_id: Text = ""
    category_id: Text = ""


class WireEarlier(Wire):
    """What was handed in before, of a task's previous_proofs."""

    employer_comment: Text = Field("", validation_alias=AliasChoices("employer_comment", "buyer_comment"))
    finished_at: MaybeMoment = None
    proofs: Items = ()


def _earlier(value: object) -> tuple[WireEarlier, ...]:
    earlier = [WireEarlier.model_validate(item) for item in items(value) if isinstance(item, Mapping)]
    if all(one.finished_at for one in earlier):
        earlier.sort(key=lambda one: one.finished_at or datetime.max.replace(tzinfo=UTC))
    return tuple(earlier)


class WireStanding(Wire):
    """As much of a task as tells where it stands."""

    id: Id
    job_id: Text = ""
    status: Text = ""
    revision_number: MaybeCount = None
    previous_proofs: Annotated[tuple[WireEarlier, ...], BeforeValidator(_earlier)] = ()

    @property
    def revision(self) -> int:
        return len(self.previous_proofs) if self.revision_number is None else self.revision_number


class WireTask(WireStanding):
    """A whole task, of jobs/get-unrated-tasks."""

    worker_id: Id
    finished_at: Moment
    ip_address: Text = ""
    country_code: Text = ""
    variables: Items = ()
    proofs: Items = ()


class WireZone(Wire):
    id: Id
    zone: Text = ""
    excludable_countries: Texts = ()


class WireCategory(Wire):
    id: Id
    category: Text = ""
    subcategory: Text = ""
    min_task_value: Annotated[dict[str, Decimal], BeforeValidator(lambda v: amounts(v))] = Field(default_factory=dict)

    @property
    def name(self) -> str:
        return ": ".join(filter(None, (self.category, self.subcategory))) or self.id


class WireList(Wire):
    id: Id
    name: Text = ""
    workers: MaybeCount = None


class WireResult(Wire):
    """One task's result, of jobs/rate-multiple-tasks."""

    id: Id
    ok: Flag
    message: Text = Field("", validation_alias=AliasChoices("message", "notice"))


def amounts(value: object) -> dict[str, Decimal]:
    """The amounts of an object, by name; what is not an amount is left out."""
    if not isinstance(value, Mapping):
        return {}
    read = {as_text(name): _or_none(amount, as_money) for name, amount in value.items()}
    return {name: amount for name, amount in read.items() if amount is not None}
