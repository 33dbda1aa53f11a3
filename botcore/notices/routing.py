"""Which channel hears of what, and when. Pure: from the settings, what was said in chats, and the moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..clock import from_ms, to_ms
from ..models import Channel
from .kinds import FIRST_REMINDER, KINDS, Event, Level

ALL = "*"  # in the place of an event: all of them


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened, as it was written down. `at` in ms."""

    id: int
    event: Event
    level: Level
    account: str
    job: str
    at: int
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def part(self) -> str:
        """What needs somebody, or works again; "" where that is not what it tells."""
        return str(self.data.get("part", ""))

    @property
    def over(self) -> bool:
        """Whether it tells that something told before is over."""
        return self.data.get("state") == "up"

    @property
    def alike(self) -> str:
        """The same for news that make one message."""
        if self.event is Event.DEADLINE:
            return f"{self.event}:{self.level}"
        return f"{self.event}:over" if self.over else str(self.event)


@dataclass(frozen=True, slots=True)
class Said:
    """What was said in chats of one channel: events that are heard whatever the settings say, and those that are muted
    until then (ms; None: for good)."""

    on: frozenset[str] = frozenset()
    muted: Mapping[str, int | None] = field(default_factory=dict)

    def mutes(self, event: Event, level: Level, now: int) -> bool:
        """The last reminder before money goes unseen is never muted."""
        if event is Event.DEADLINE and level is Level.URGENT:
            return False
        for name in (event, ALL):
            if name in self.muted:
                until = self.muted[name]
                if until is None or now < until:
                    return True
        return False


def heard_in(channel: Channel, event: Event, said: Said) -> bool:
    """Whether this kind is heard in a channel at all. Channels to review in hear what they name, and nothing else."""
    if event in said.on or ALL in said.on:
        return True
    if channel.hears.events is not None:
        return event in channel.hears.events
    return channel.purpose == "notify" and channel.hears.audience in KINDS[event].audiences


def hears(channel: Channel, news: News, said: Said, now: int) -> bool:
    """Whether a channel hears of this. Of its own trouble it does not: it is told where that can be read."""
    if not heard_in(channel, news.event, said) or said.mutes(news.event, news.level, now):
        return False
    if news.account and not channel.takes(news.account):
        return False
    if KINDS[news.event].of_jobs and channel.hears.jobs and news.job not in channel.hears.jobs:
        return False
    if news.part in (f"channel {channel.name}", f"adapter {channel.adapter}"):
        return False
    if news.event is Event.DEADLINE and not news.level.reaches(FIRST_REMINDER[channel.hears.audience]):
        return False
    return news.level.reaches(channel.hears.min_level) or news.event in said.on


def due_at(channel: Channel, event: Event, now: int, last_due: int | None) -> int:
    """When a message of this kind goes to a channel (ms). `last_due`: when the one before it did."""
    kind = KINDS[event]
    apart = round(1000 * (channel.hears.digest if event is Event.WAITING else kind.apart))
    due = now + round(1000 * kind.gather)
    if last_due is not None:  # one that is still to come was noted by a clock that was set back since
        due = max(due, min(last_due, now) + apart)
    return due + quiet_ms(channel, event, due)


def quiet_ms(channel: Channel, event: Event, at: int) -> int:
    """How long a channel wants to be left alone with this from `at` on (ms). Deadlines wait for nobody's sleep."""
    if event is Event.DEADLINE or channel.hears.quiet is None:
        return 0
    until = channel.hears.quiet.until(from_ms(at))
    return 0 if until is None else to_ms(until) - at
