"""The kinds of news, how much each matters, and what a channel hears of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Level(StrEnum):
    """How much something matters; each matters more than the ones before it."""

    INFO = "info"
    WARNING = "warning"
    URGENT = "urgent"

    def reaches(self, least: Level) -> bool:
        order = list(Level)
        return order.index(self) >= order.index(least)


class Audience(StrEnum):
    """Whom a channel is for: what is heard there where its settings say nothing else."""

    TEAM = "team"
    REVIEWERS = "reviewers"
    OWNER = "owner"


class Event(StrEnum):
    """A kind of news. Settings and commands call it by its value."""

    JOB_POSTED = "job-posted"
    JOB_APPROVED = "job-approved"
    JOB_FINISHED = "job-finished"
    JOB_BLOCKED = "job-blocked"
    JOB_DECLINED = "job-declined"
    WAITING = "waiting"
    DEADLINE = "deadline"
    LAPSED = "lapsed"
    REFUSED = "refused"
    DOUBT = "doubt"
    BALANCE = "balance"
    SPENT = "spent"
    ATTENTION = "attention"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Kind:
    """What is known of a kind. `gather`: seconds that the first waits for others like it, which join it; `apart`:
    seconds between two messages of it in one channel, at least."""

    level: Level
    about: str  # in a few words, for lists
    audiences: frozenset[Audience]
    gather: float = 10.0
    apart: float = 300.0
    of_jobs: bool = True  # it is about a job or its submissions: a channel's `jobs` choose


_ALL = frozenset(Audience)
_TEAM = frozenset({Audience.TEAM})
_WORK = frozenset({Audience.TEAM, Audience.REVIEWERS})
_OWNED = frozenset({Audience.TEAM, Audience.OWNER})

KINDS: dict[Event, Kind] = {
    Event.JOB_POSTED: Kind(Level.INFO, "a job was posted", _TEAM),
    Event.JOB_APPROVED: Kind(Level.INFO, "the marketplace lets a job run", _TEAM),
    Event.JOB_FINISHED: Kind(Level.INFO, "a job is finished", _TEAM),
    Event.JOB_BLOCKED: Kind(Level.WARNING, "the marketplace blocked a job", _OWNED),
    Event.JOB_DECLINED: Kind(Level.WARNING, "the marketplace declined a job", _OWNED),
    Event.WAITING: Kind(Level.INFO, "submissions came in: how many wait, now and then", _TEAM, gather=60.0),
    Event.DEADLINE: Kind(Level.INFO, "submissions are about to be paid unseen", _ALL, gather=0.0, apart=0.0),
    Event.LAPSED: Kind(Level.WARNING, "submissions were paid unseen, and what that cost", _ALL, gather=60.0),
    Event.REFUSED: Kind(Level.WARNING, "the marketplace refused a rating", _WORK),
    Event.DOUBT: Kind(Level.WARNING, "nobody knows what became of something: a person must look", _WORK),
    Event.BALANCE: Kind(
        Level.WARNING, "an account can spend less than its running jobs need", _OWNED, apart=0.0, of_jobs=False
    ),
    Event.SPENT: Kind(Level.WARNING, "a big spend", _OWNED, of_jobs=False),
    Event.ATTENTION: Kind(
        Level.URGENT, "an account, a messenger or a channel needs somebody, or works again", _OWNED, of_jobs=False
    ),
    Event.SUMMARY: Kind(Level.INFO, "the day in figures", _OWNED, gather=0.0, apart=0.0, of_jobs=False),
}

# from which reminder on a deadline is heard: from the channel to the reviewers to the owner
FIRST_REMINDER = {Audience.TEAM: Level.INFO, Audience.REVIEWERS: Level.WARNING, Audience.OWNER: Level.URGENT}


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of a day in which a channel is left alone, in minutes since midnight in `zone`. They may span midnight."""

    start: int
    end: int
    zone: str = "UTC"

    def until(self, now: datetime) -> datetime | None:
        """When the quiet hours that `now` is in are over; None where it is in none."""
        local = now.astimezone(ZoneInfo(self.zone))
        minute = local.hour * 60 + local.minute
        inside = self.start <= minute < self.end
        if self.start > self.end:
            inside = minute >= self.start or minute < self.end
        if not inside:
            return None
        day = local.date() + timedelta(days=minute >= self.end)  # it ends tomorrow where its end has been today
        end = datetime(day.year, day.month, day.day, self.end // 60, self.end % 60, tzinfo=local.tzinfo)
        return end.astimezone(now.tzinfo)


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a channel hears of, as its settings say. `events` None: what its audience hears; `jobs` empty: every job.
    `digest`: seconds between two words on what waits; `zone`: where its times are told, "" for the bot's."""

    events: tuple[Event, ...] | None = None
    jobs: tuple[str, ...] = ()
    audience: Audience = Audience.TEAM
    min_level: Level = Level.INFO
    quiet: Quiet | None = None
    digest: float = 3600.0
    zone: str = ""
