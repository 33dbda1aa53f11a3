"""`[[rules]]` of config.toml: what may be approved without a person, and how much of it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    field_validator,
    model_validator,
)

from ..models import Satisfaction, Verdict
from ..settings import Id, Money, Name, Number, Section
from ..text import plain

T = TypeVar("T")

LONGEST_PATTERN = 1_000  # characters
TESTS = ("is", "one_of", "contains", "matches")
NOWHERE = "is required, or accounts: a rule holds for what it names, and for nothing else"
ONLY_APPROVES = "is no key of a rule: a rule only approves; to reject or send back takes a person"


def _comparable(value: str) -> str:
    words = plain(value)
    if not words:
        raise ValueError("must not be empty")
    return words


def _which(value: object) -> object:
    if isinstance(value, str) and re.search(r"\w", value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise ValueError('must be a proof\'s number, such as 1, or a word of what it is asked by, such as "code"')


def _pattern(value: str) -> str:
    import regex  # only where a rule has a pattern

    if not 1 <= len(value) <= LONGEST_PATTERN:
        raise ValueError(f"must be 1 to {LONGEST_PATTERN} characters")
    try:
        regex.compile(value)
    except regex.error as error:
        raise ValueError(f"is no pattern: {error}") from None
    except RecursionError:
        raise ValueError("is no pattern: too many brackets nested") from None
    return value


def _some(values: tuple[T, ...]) -> tuple[T, ...]:
    if not values:
        raise ValueError("must not be empty")
    return values


Words = Annotated[str, AfterValidator(_comparable)]
Some = AfterValidator(_some)


class Condition(Section):
    """One of a rule's `when`: what a proof's text must be. `proof` None: any of them."""

    proof: Annotated[int | str | None, BeforeValidator(_which)] = None
    is_: Words | None = Field(default=None, alias="is")
    one_of: Annotated[tuple[Words, ...], Some] | None = None
    contains: Words | None = None
    matches: Annotated[str, AfterValidator(_pattern)] | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Condition:
        if sum(test is not None for test in (self.is_, self.one_of, self.contains, self.matches)) != 1:
            raise ValueError(f"must have one of {', '.join(TESTS)}")
        return self


class Rule(Section):
    """One of `[[rules]]`. `accounts` and `jobs` None: all of them; `sample` is a share of what holds."""

    name: Name
    accounts: Annotated[tuple[Name, ...], Some] | None = None
    jobs: Annotated[tuple[Id, ...], Some] | None = None
    when: Annotated[tuple[Condition, ...], Some]
    min_approvals: Annotated[StrictInt, Field(ge=0)] = 1
    max_per_day: Annotated[StrictInt, Field(ge=1)]
    max_dollars_per_day: Annotated[Money, Field(gt=0)]
    shadow: StrictBool = True
    sample: Annotated[Number, Field(ge=0, le=1)] = Decimal("0.1")
    satisfaction: Satisfaction | None = None
    comment: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)] = ""

    @field_validator("satisfaction")
    @classmethod
    def _of_an_approval(cls, satisfaction: Satisfaction | None) -> Satisfaction | None:
        if satisfaction and satisfaction.verdict is not Verdict.APPROVE:
            happy = [s.value for s in Satisfaction if s.verdict is Verdict.APPROVE]
            raise ValueError(f"must be {', '.join(happy)}: a rule only approves")
        return satisfaction

    @property
    def person(self) -> str:
        """Who its decisions are by; no person can be called so."""
        return f"rule {self.name}"

    def covers(self, account: str, job: str) -> bool:
        return (self.accounts is None or account in self.accounts) and (self.jobs is None or job in self.jobs)
