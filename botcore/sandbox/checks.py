"""The fields of a request, each with its rule; whatever is wrong is a `Refusal` that names the field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from .base import Refusal
from .money import dollars, units

T = TypeVar("T")
_WHOLE = re.compile(r"-?[0-9]{1,12}", re.ASCII)


class Fields:
    """The named values of a query string or a JSON object. Null and "" count as left out."""

    def __init__(self, values: Mapping[str, Any], where: str = "") -> None:
        self._values = values
        self._where = where

    def given(self, name: str) -> bool:
        return self._values.get(name) not in (None, "")

    def raw(self, name: str) -> Any:
        """The value as it came, or None."""
        return self._values.get(name)

    def sent(self) -> dict[str, Any]:
        """All of it as it came, with amounts as the text that they were sent as."""
        return {name: _told(value) for name, value in self._values.items()}

    def array(self, name: str) -> list[Any]:
        """A list of anything."""
        return self._list(name, 0, 1_000_000, True)

    def text(self, name: str, default: str | None = None) -> str:
        """A string; required without a default."""
        if not self.given(name):
            return self._left_out(name, default)
        value = self._values[name]
        if not isinstance(value, str) or not _speakable(value) or (default is None and not value.strip()):
            raise self._wrong(name, "must be a string")
        return value

    def integer(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number in a range, also where it comes as digits in a string."""
        if not self.given(name):
            return self._left_out(name, default)
        value = self._values[name]
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(name, "must be an integer")
        if not low <= value <= high:
            raise self._wrong(name, f"must be between {low} and {high}")
        return value

    def flag(self, name: str) -> bool:
        """True or false, 1 or 0; false where it is left out."""
        if isinstance(self._values.get(name), bool):
            return bool(self._values[name])
        return self.integer(name, 0, 1, 0) == 1

    def money(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """Dollars in a range; the range and the result in units."""
        if not self.given(name):
            return self._left_out(name, default)
        try:
            amount = units(self._values[name])
        except ValueError:
            raise self._wrong(name, "must be an amount with at most four decimals") from None
        if not low <= amount <= high:
            raise self._wrong(name, f"must be between {dollars(low)} and {dollars(high)}")
        return amount

    def choice(self, name: str, allowed: Iterable[str], default: str | None = None) -> str:
        """One of these words."""
        if not self.given(name):
            return self._left_out(name, default)
        value, words = self._values[name], list(allowed)
        if value not in words:
            raise self._wrong(name, "must be one of " + ", ".join(words))
        return str(value)

    def strings(self, name: str, low: int, high: int, *, required: bool = True) -> list[str]:
        """A list of non-empty strings, between so many and so many."""
        values = self._list(name, low, high, required)
        if not all(isinstance(value, str) and _speakable(value) and value.strip() for value in values):
            raise self._wrong(name, "must hold non-empty strings")
        return values

    def objects(self, name: str, low: int, high: int, *, required: bool = True) -> list[Fields]:
        """A list of objects, between so many and so many."""
        values = self._list(name, low, high, required)
        if not all(isinstance(value, dict) for value in values):
            raise self._wrong(name, "must hold objects")
        return [Fields(value, f"{self._where}{name}[{i}].") for i, value in enumerate(values)]

    def _list(self, name: str, low: int, high: int, required: bool) -> list[Any]:
        if not self.given(name):
            return self._left_out(name, None if required else [])
        values = self._values[name]
        if not isinstance(values, list):
            raise self._wrong(name, "must be an array")
        if not (low if required or values else 0) <= len(values) <= high:
            raise self._wrong(name, f"must have between {low} and {high} elements")
        return values

    def _left_out(self, name: str, default: T | None) -> T:
        if default is None:
            raise self._wrong(name, "is required")
        return default

    def _wrong(self, name: str, rule: str) -> Refusal:
        return Refusal(f"{self._where}{name} {rule}.", f"{self._where}{name}")


def _told(value: Any) -> Any:
    match value:
        case Decimal():
            return str(value)
        case Mapping():
            return {name: _told(part) for name, part in value.items()}
        case list():
            return [_told(part) for part in value]
    return value


def _speakable(text: str) -> bool:
    """Whether a string is text at all: JSON can spell halves of characters, which no database takes."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)
