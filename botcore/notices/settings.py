"""`[notices]` of config.toml, and the keys of a channel that say what is heard there."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from ..problems import did_you_mean
from .kinds import Event
from .spans import parse_hours, parse_span, parse_time

MOST_REMINDERS = 6
LONGEST_REMINDER = 14 * 86_400  # seconds


def _event(value: object) -> Event:
    if not isinstance(value, str) or value not in set(Event):
        near = did_you_mean(value, list(Event)) if isinstance(value, str) else ""
        raise ValueError(f"must be one of {', '.join(Event)}{near}")
    return Event(value)


def _time_or_none(value: str) -> str:
    if value:
        parse_time(value)
    return value


def _hours_or_none(value: str) -> str:
    if value:
        parse_hours(value)
    return value


def _amount(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number, without quotes")  # noqa: TRY004 - pydantic wants a ValueError
    return Decimal(value)


EventName = Annotated[Event, BeforeValidator(_event)]
Span = Annotated[int, BeforeValidator(parse_span)]  # seconds
QuietHours = Annotated[str, AfterValidator(_hours_or_none)]
Amount = Annotated[Decimal, BeforeValidator(_amount), Field(ge=0)]


class NoticeSettings(BaseModel):
    """`[notices]`. `reminders` in seconds before a deadline, the longest first; amounts in US dollars."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reminders: tuple[Span, ...] = (86_400, 21_600, 3_600)
    summary_at: Annotated[str, AfterValidator(_time_or_none)] = "08:00"  # "": no summary
    big_spend: Amount = Decimal(25)
    low_balance: Amount = Decimal(1)  # as a share of what the running jobs need; 0: never

    @field_validator("reminders")
    @classmethod
    def _rising(cls, reminders: tuple[int, ...]) -> tuple[int, ...]:
        if len(reminders) > MOST_REMINDERS or any(one > LONGEST_REMINDER for one in reminders):
            raise ValueError(f"must be at most {MOST_REMINDERS} time spans, none of more than 14d")
        return tuple(sorted(set(reminders), reverse=True))
