"""A job that is being written: what a marketplace asks for, what was typed for it, and what that means.

A provider declares its fields; everything else (forms, files, templates, what is wrong) follows from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from .models import Category, Country, ProofSlot, WorkerList, Zone


class Shape(StrEnum):
    """What the answer to a field is, and how it is typed."""

    LINE = "line"
    PARAGRAPH = "paragraph"
    LINES = "lines"  # one a line
    PROOFS = "proofs"  # `screenshot: Your profile page`, one a line
    VARIABLES = "variables"  # `CITY: Rome | Paris`, one a line
    CHALLENGES = "challenges"  # `What colour is the logo? = blue`, one a line
    MONEY = "money"  # US dollars
    NUMBER = "number"
    FLAG = "flag"
    ONE = "one"  # of the choices
    SOME = "some"  # of the choices, with commas between
    TIME = "time"  # HH:mm, in UTC; 24:00 is the end of the day


class Source(StrEnum):
    """Where a field's choices come from, beside those that are fixed in the field itself: the account's catalogue."""

    FIXED = ""
    ZONES = "zones"
    CATEGORIES = "categories"
    COUNTRIES = "countries"
    LISTS = "lists"
    TEAMS = "teams"
    EXCLUDABLE = "excludable"  # the countries that can be left out of the draft's zone


@dataclass(frozen=True, slots=True)
class Option:
    """One of a field's choices. `id` is what the marketplace takes; `note` says more, such as a category's minimum."""

    id: str
    label: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Variable:
    """What differs from one worker to the next: {{NAME}} in the instructions is one of the values."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Challenge:
    """A question whose answer shows that a worker has done the work."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftField:
    """One thing that a marketplace wants to know of a new job.

    `name` is how files and forms call it; where several marketplaces have the same thing, it has one name (`title`,
    `category`, `price`, `positions`, `instructions`, `proofs`, `notes`, `zone`, `list`, `team`, `countries`). Fields
    without a `group` are the basics, which everybody fills in; the others stand under that heading of "More options".
    `default` is what a new draft begins with, as it is typed, but for one that says something in the field `unless`;
    what is left empty is left to the marketplace.
    `least` and `most` bound a number, an amount, or how many lines, proofs or choices there may be; `longest`: the
    characters of a text, or of each line. `also`: what the marketplace itself calls it, which files may say too.
    """

    name: str
    label: str
    shape: Shape
    group: str = ""
    help: str = ""
    required: bool = False
    default: str = ""
    unless: str = ""
    source: Source = Source.FIXED
    options: tuple[Option, ...] = ()
    least: Decimal | int | None = None
    most: Decimal | int | None = None
    longest: int = 2_000
    also: tuple[str, ...] = ()


def with_defaults(fields: Sequence[DraftField], answers: Mapping[str, str]) -> dict[str, str]:
    """What a new draft with these answers begins with."""
    defaults = {one.name: one.default for one in fields if one.default and not answers.get(one.unless)}
    return {**defaults, **answers}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a draft: with which field, and what is allowed there."""

    field: str
    text: str


Value = (
    str | int | bool | Decimal | tuple[str, ...] | tuple[ProofSlot, ...] | tuple[Variable, ...] | tuple[Challenge, ...]
)


@dataclass(frozen=True, slots=True)
class JobDraft:
    """A draft whose answers have been read: each is of its field's shape, and what was left empty is absent."""

    account: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str:
        """A line, a paragraph, a time, or the id of one choice; "" where it was left empty."""
        value = self.values.get(name, "")
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int | None:
        value = self.values.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def money(self, name: str) -> Decimal | None:
        value = self.values.get(name)
        return value if isinstance(value, Decimal) else None

    def flag(self, name: str) -> bool:
        return self.values.get(name) is True

    def texts(self, name: str) -> tuple[str, ...]:
        """Lines, or the ids of several choices."""
        return tuple(item for item in self._items(name) if isinstance(item, str))

    @property
    def proofs(self) -> tuple[ProofSlot, ...]:
        return tuple(item for item in self._items("proofs") if isinstance(item, ProofSlot))

    @property
    def variables(self) -> tuple[Variable, ...]:
        return tuple(item for item in self._items("variables") if isinstance(item, Variable))

    @property
    def challenges(self) -> tuple[Challenge, ...]:
        return tuple(item for item in self._items("challenges") if isinstance(item, Challenge))

    def _items(self, name: str) -> tuple[object, ...]:
        value = self.values.get(name)
        return value if isinstance(value, tuple) else ()


@dataclass(frozen=True, slots=True)
class Offers:
    """What an account's catalogue held when it was last read; None: never read, so nothing can be said against it."""

    zones: Sequence[Zone] | None = None
    categories: Sequence[Category] | None = None
    countries: Sequence[Country] | None = None
    lists: Sequence[WorkerList] | None = None
    teams: Sequence[WorkerList] | None = None

    def category(self, category_id: str) -> Category | None:
        return next((one for one in self.categories or () if one.id == category_id), None)

    def zone(self, zone_id: str) -> Zone | None:
        return next((one for one in self.zones or () if one.id == zone_id), None)

    def list(self, list_id: str) -> WorkerList | None:
        return next((one for one in self.lists or () if one.id == list_id), None)


@dataclass(frozen=True, slots=True)
class CostLine:
    """One part of what a job costs, in US dollars."""

    what: str
    amount: Decimal
    estimate: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """What posting a job would cost. `notes`: what else is to be said, such as that the marketplace has checked it."""

    lines: tuple[CostLine, ...]
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> Decimal:
        """In US dollars, to the last digit."""
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def estimate(self) -> bool:
        return any(line.estimate for line in self.lines)


@dataclass(frozen=True, slots=True)
class Posted:
    """A job that was posted: its id, the marketplace's words, and what it cost, where that is told (US dollars)."""

    job_id: str
    message: str = ""
    cost: Decimal | None = None
