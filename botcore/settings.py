"""The sections of config.toml that the core itself understands, each as a frozen model."""

from __future__ import annotations

import ipaddress
import math
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StrictBool,
    StrictInt,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from .models import Role, Satisfaction, Verdict
from .notices.kinds import Audience, Hearing, Level, Quiet
from .notices.settings import EventName, QuietHours, Span
from .notices.spans import parse_hours
from .problems import did_you_mean

NAME = re.compile(r"[a-z0-9_-]{1,32}")
NAME_RULE = "1 to 32 of a-z, 0-9, _ and -"
DAY = 86_400
_HOST = re.compile(r"\.?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def own_hosts(base_url: str) -> tuple[str, ...]:
    """Where a marketplace on loopback has its pictures: its host with the port. None for any other."""
    parts = urlsplit(base_url)
    return (parts.netloc,) if is_loopback(parts.hostname or "") else ()


def split_listen(listen: str) -> tuple[str, int]:
    """`host:port` in its parts; an IPv6 host stands in brackets. Raises `ValueError`."""
    host, _, port = listen.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""
    if not host or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise ValueError("must be host:port, such as 127.0.0.1:8080 (port 0 takes any free one)")
    return host, int(port)


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError(f"must be {NAME_RULE}")
    return value


def _number(value: object) -> Decimal:
    """TOML's numbers arrive as int or Decimal; true and false are ints to Python, but none to a person."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("must be a number, without quotes")  # noqa: TRY004 - pydantic wants a ValueError
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value if isinstance(value, Decimal) else Decimal(str(value))


def user_id(value: object) -> str:
    """A user's, chat's or place's id as text. Raises `ValueError`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be an id: text in quotes, or a whole number")
    return value.strip()


def _listen(value: str) -> str:
    split_listen(value)
    return value


def _public_url(value: str) -> str:
    if not value:
        return ""
    what = "must be an https address, such as https://bot.example.com (http only on loopback)"
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(what) from None
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"{what}, without a user, ? or #")
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        raise ValueError(what)
    return value.rstrip("/")


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (OSError, ValueError, LookupError):
        near = did_you_mean(value, available_timezones())
        raise ValueError(f"must be a time zone's name, such as Europe/Madrid or UTC{near}") from None
    return value


def _timezone_or_none(value: str) -> str:
    return _timezone(value) if value else value


def _filled(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().strip():
        raise ValueError("must not be empty")
    return value


def secrets_in(settings: BaseModel) -> list[str]:
    """The values of an account's settings that nobody may see."""
    return [value.get_secret_value() for _, value in settings if isinstance(value, SecretStr)]


def _host(value: str) -> str:
    host = value.strip().lower()
    if not _HOST.fullmatch(host):
        raise ValueError("must be a host name, such as img.example.com, or .example.com for all below it")
    return host


Name = Annotated[str, AfterValidator(_name)]
Id = Annotated[str, BeforeValidator(user_id)]
Seconds = Annotated[float, BeforeValidator(_number)]
Number = Annotated[Decimal, BeforeValidator(_number)]
Money = Annotated[Number, Field(ge=0)]
Secret = Annotated[SecretStr, AfterValidator(_filled)]
PictureHost = Annotated[str, AfterValidator(_host)]  # of what an account's pictures may be fetched from


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BotSettings(Section):
    """`[bot]`. Validated with the config's folder as context, which relative paths start from."""

    database: Path = Field(default=Path("botcore.db"), validate_default=True)
    listen: Annotated[str, AfterValidator(_listen)] = "127.0.0.1:8080"
    public_url: Annotated[str, AfterValidator(_public_url)] = ""  # "" where none is configured
    undo_seconds: Annotated[Seconds, Field(ge=0, le=DAY)] = 20
    poll_seconds: Annotated[Seconds, Field(gt=0, le=DAY)] = 60
    doubt_seconds: Annotated[Seconds, Field(ge=0, le=DAY)] = 60
    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"

    @field_validator("database", mode="before")
    @classmethod
    def _beside_config(cls, value: object, info: ValidationInfo) -> Path:
        if not isinstance(value, str | Path) or not str(value):
            raise ValueError('must be a path in quotes, such as "botcore.db"')
        path = Path(value).expanduser()
        return info.context / path if isinstance(info.context, Path) else path

    @property
    def host(self) -> str:
        return split_listen(self.listen)[0]

    @property
    def port(self) -> int:
        return split_listen(self.listen)[1]


class ServerSettings(Section):
    """`[server]`: what the bot serves over HTTP."""

    page: StrictBool = True
    webhooks: StrictBool = True
    metrics: StrictBool = True


class Limits(Section):
    """`[limits]`, in US dollars. None: no bonuses; no limit to a day's spending, or to a job's; nothing takes two."""

    max_bonus: Money | None = None
    daily_spend: Money | None = None
    per_job: Money | None = None
    second_person_above: Money | None = None
    bulk_reject_share: Annotated[Money, Field(le=1)] = Decimal("0.5")  # of a job's submissions, within a day


class ChannelSection(Section):
    """One of `[[channels]]`. Keys beyond these are its adapter's."""

    model_config = ConfigDict(extra="allow")

    name: Name
    adapter: Name
    to: Id
    purpose: Literal["review", "notify"] = "review"
    accounts: tuple[Name, ...] | None = None  # None: those of every account
    queue_above: Annotated[StrictInt, Field(ge=0)] = 5  # more waiting than these are one queue
    events: tuple[EventName, ...] | None = None  # None: what its audience hears
    jobs: tuple[Id, ...] | None = None
    audience: Audience = Audience.TEAM
    min_level: Level = Level.INFO
    quiet_hours: QuietHours = ""  # "": none
    timezone: Annotated[str, AfterValidator(_timezone_or_none)] = ""  # "": the bot's
    digest: Span = 3_600  # seconds

    @field_validator("accounts", "events", "jobs")
    @classmethod
    def _some(cls, named: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        if named == ():
            one = {"accounts": "an account", "events": "an event", "jobs": "a job"}[info.field_name or ""]
            what = "the usual ones" if info.field_name == "events" else "all of them"
            raise ValueError(f"must name {one}; leave it out for {what}")
        return named

    def hearing(self, zone: str) -> Hearing:
        """What is heard there, and when; `zone` is the bot's."""
        return Hearing(
            events=self.events,
            jobs=self.jobs or (),
            audience=self.audience,
            min_level=self.min_level,
            quiet=Quiet(*parse_hours(self.quiet_hours), self.timezone or zone) if self.quiet_hours else None,
            digest=self.digest,
            zone=self.timezone,
        )


class PersonSection(Section):
    """One of `[people.NAME]`. Keys beyond these name adapters."""

    model_config = ConfigDict(extra="allow")

    role: Role


class RoleSection(Section):
    """One of `[[roles]]`. The key ADAPTER_role names the messenger's own role: `discord_role = 333`."""

    model_config = ConfigDict(extra="allow")

    adapter: Name
    role: Role


class Reason(Section):
    """One of `[[reasons]]`: a canned answer to a worker, for one verdict."""

    verdict: Verdict
    label: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
    satisfaction: Satisfaction | None = Field(default=None, validate_default=True)

    @field_validator("satisfaction")
    @classmethod
    def _fits_verdict(cls, satisfaction: Satisfaction | None, info: ValidationInfo) -> Satisfaction | None:
        verdict = info.data.get("verdict")
        if verdict is Verdict.REJECT and satisfaction is None:
            return Satisfaction.INCORRECT
        if satisfaction is None or verdict is None:
            return satisfaction
        fitting = [s.value for s in Satisfaction if s.verdict is verdict]
        if satisfaction not in fitting:
            allowed = f"must be {', '.join(fitting)}" if fitting else "must be left out"
            raise ValueError(f"{allowed} where the verdict is {verdict.value}")
        return satisfaction


DEFAULT_REASONS = (
    Reason(
        verdict=Verdict.REJECT,
        label="Not what was asked",
        text="The proof does not show what the job asked for.",
    ),
    Reason(
        verdict=Verdict.REJECT,
        label="Spam",
        text="The submission has nothing to do with the job.",
        satisfaction=Satisfaction.SPAM,
    ),
    Reason(
        verdict=Verdict.REJECT,
        label="Copied",
        text="The same proof has been handed in before.",
        satisfaction=Satisfaction.DUPE,
    ),
    Reason(
        verdict=Verdict.REVISE,
        label="Proof missing",
        text="Part of the proof is missing. Please add everything the job asks for.",
    ),
    Reason(
        verdict=Verdict.REVISE,
        label="Picture unclear",
        text="The picture is hard to read. Please send a clear one that shows the whole page.",
    ),
    Reason(
        verdict=Verdict.REVISE,
        label="One step left",
        text="One of the steps was left out. Please finish it and hand in again.",
    ),
)
