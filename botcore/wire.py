"""Marketplaces' JSON as typed values: forgiving of what does not matter, strict about what does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from .text import storable

MOST_MONEY = Decimal(10) ** 12  # beyond it a number is a mistake, and would only cost memory to print
DECIMALS = 8  # of an amount: further ones are what binary fractions add to it
MOST_DECIMALS = 30  # beyond them, too, it is a mistake
LONGEST_ID = 128
LONGEST_ADDRESS = 4096


def as_text(value: object) -> str:
    """Text that can be stored and shown; "" for what is neither text nor a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return ""
    return storable(value if isinstance(value, str) else str(value))


def as_id(value: object) -> str:
    """An id as text, whether it came as one or as a number. Raises `ValueError`."""
    text = as_text(value).strip()
    if not text or len(text) > LONGEST_ID or not text.isprintable():
        raise ValueError("not an id")
    return text


def as_money(value: object) -> Decimal:
    """US dollars from text or a number, exact to the eighth decimal: marketplaces that reckon in binary fractions tell
    0.3 as 0.30000000000000004. Raises `ValueError`."""
    amount = _number(value)
    if int(amount.as_tuple().exponent) >= -DECIMALS:
        return amount
    return Decimal(format(round(amount, DECIMALS), "f").rstrip("0").rstrip("."))


def as_count(value: object) -> int:
    """A whole number that is not negative, from text or a number. Raises `ValueError`."""
    count = _number(value)
    if count < 0 or count != int(count):
        raise ValueError("not a count")
    return int(count)


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("not an amount")  # noqa: TRY004 - pydantic wants a ValueError
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        raise ValueError("not an amount") from None
    if not number.is_finite() or abs(number) > MOST_MONEY or int(number.as_tuple().exponent) < -MOST_DECIMALS:
        raise ValueError("not an amount")
    return number


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


def or_none(value: object, read: Any) -> Any:
    """What `read` makes of a value; None where it raises `ValueError`."""
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
MaybeMoney = Annotated[Decimal | None, BeforeValidator(lambda v: or_none(v, as_money))]
MaybeCount = Annotated[int | None, BeforeValidator(lambda v: or_none(v, as_count))]
MaybeMoment = Annotated[datetime | None, BeforeValidator(lambda v: or_none(v, as_moment))]
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
    """What is read of an object; all else in it is dropped, and no error quotes it."""

    # a marketplace that nobody uses costs the start nothing
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, defer_build=True)


def wrong_fields(error: ValidationError) -> str:
    """Which fields were wrong; never with their values, which are somebody's work."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    places = (".".join(map(str, detail["loc"])) or "not an object" for detail in details)
    return ", ".join(dict.fromkeys(places))


def web_address(value: str) -> str:
    """The http(s) address that a value is and nothing else, or ""."""
    address = value.strip()
    if len(address) > LONGEST_ADDRESS or any(c.isspace() for c in address):
        return ""
    if address.startswith("//"):
        address = f"https:{address}"
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in ("http", "https") and parts.hostname else ""
