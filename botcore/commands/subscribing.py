"""mute, unmute, subscribe, subscriptions: what a channel hears of, said in its chat or by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..access import LOCAL
from ..clock import from_ms
from ..models import Channel, Role
from ..notices.kinds import KINDS, Event
from ..notices.routing import ALL, heard_in
from ..notices.said import mute, read_said, subscribe, unmute
from ..notices.spans import parse_span, span_words
from ..review import note_act
from ..store.port import Tx
from ..text import one_line
from ..ui import Card, Completion, Field, Fields, Reply, Table
from .parse import BadInput, shown
from .registry import Command, Param

if TYPE_CHECKING:
    from ..dispatch import Context

FOR_GOOD = "until somebody says `unmute`"


async def _complete_channel(context: Context, typed: str) -> Sequence[Completion]:
    return [
        Completion(channel.name, channel.name, f"{channel.purpose}, {channel.adapter}")
        for channel in context.house.newsroom.channels
        if channel.name.startswith(typed.lower())
    ]


async def _complete_event(context: Context, typed: str) -> Sequence[Completion]:
    return [Completion(event, event, KINDS[event].about) for event in Event if event.startswith(typed.lower())]


async def _mute(context: Context, values: Mapping[str, Any]) -> Reply:
    channel, events = _channel(context, values), _events(values)
    until = _until(context, values)

    def run(tx: Tx) -> None:
        mute(tx, channel.name, events, until, context.person.name, context.now())
        _note(tx, context, "mute", channel, events)

    await context.house.store.tx(run)
    how_long = FOR_GOOD if until is None else f"until {from_ms(until):%Y-%m-%d %H:%M} UTC"
    what = ", ".join(events) or "everything"
    return Reply(f"{channel.name} hears nothing of {what} {how_long}. Last reminders before a deadline still come.")


async def _unmute(context: Context, values: Mapping[str, Any]) -> Reply:
    channel, events = _channel(context, values), _events(values)

    def run(tx: Tx) -> int:
        taken = unmute(tx, channel.name, events)
        if taken:
            _note(tx, context, "unmute", channel, events)
        return taken

    if not await context.house.store.tx(run):
        return Reply(f"Nothing of that is muted in {channel.name}: see `subscriptions`.")
    return Reply(f"{channel.name} hears of {', '.join(events) or 'everything that it did'} again.")


async def _subscribe(context: Context, values: Mapping[str, Any]) -> Reply:
    channel, events = _channel(context, values), _events(values)

    def run(tx: Tx) -> None:
        subscribe(tx, channel.name, events, context.person.name, context.now())
        _note(tx, context, "subscribe", channel, events)

    await context.house.store.tx(run)
    return Reply(f"{channel.name} hears of {', '.join(events)} from now on.")


async def _subscriptions(context: Context, values: Mapping[str, Any]) -> Reply:
    channel = _channel(context, values)
    said = await context.house.store.read(read_said, channel.name)
    hears, now = channel.hears, context.now()
    rows = []
    for event in Event:
        until = said.muted.get(event, said.muted.get(ALL, 0))
        if until is None:
            how = "muted"
        elif until > now:
            how = f"muted until {from_ms(until):%Y-%m-%d %H:%M} UTC"
        else:
            how = "yes" if heard_in(channel, event, said) else "—"
        rows.append((event, how, KINDS[event].about))
    facts = [
        Field("For", hears.audience),
        Field("Accounts", ", ".join(channel.accounts) or "all"),
        Field("Jobs", ", ".join(hears.jobs) or "all"),
        Field("From", hears.min_level),
        Field("Digest every", span_words(hears.digest)),
    ]
    if hears.quiet:
        start, end = (f"{minute // 60:02}:{minute % 60:02}" for minute in (hears.quiet.start, hears.quiet.end))
        facts.append(Field("Quiet", f"{start}-{end} ({hears.quiet.zone}), deadlines excepted"))
    blocks = (Fields(tuple(facts)), Table(("Event", "Heard", "It is"), tuple(rows)))
    return Reply(card=Card(f"What {channel.name} hears of", blocks=blocks))


def _channel(context: Context, values: Mapping[str, Any]) -> Channel:
    """The channel that was named, or the one that this was typed in. Raises `BadInput`."""
    channels = context.house.newsroom.channels
    names = ", ".join(channel.name for channel in channels) or "none is configured"
    name = values.get("channel")
    if name is not None:
        found = [channel for channel in channels if channel.name == name]
        if not found:
            raise BadInput(f"there is no channel {shown(name)}; one of: {names}")
        return found[0]
    here = [c for c in channels if c.adapter == context.actor.adapter and c.to == context.actor.chat_id]
    if len(here) == 1:
        return here[0]
    if not here and len(channels) == 1 and context.actor.adapter in (LOCAL, channels[0].adapter):
        return channels[0]
    raise BadInput(f"say which channel: channel= one of {names}")


def _events(values: Mapping[str, Any]) -> list[str]:
    """Raises `BadInput` for what is no event."""
    found = [word.lower() for word in values.get("events", ())]
    for word in found:
        if word not in set(Event):
            raise BadInput(f"there is no event {shown(word)}; one of: {', '.join(Event)}")
    return list(dict.fromkeys(found))


def _until(context: Context, values: Mapping[str, Any]) -> int | None:
    if "for" not in values:
        return None
    try:
        span = timedelta(seconds=parse_span(values["for"]))
    except ValueError as error:
        raise BadInput(f"for {error}") from None
    return context.now() + round(span.total_seconds() * 1000)


def _note(tx: Tx, context: Context, act: str, channel: Channel, events: Sequence[str]) -> None:
    detail = one_line(", ".join(events))
    note_act(tx, context.now(), context.person.name, context.actor.adapter, act, f"channel:{channel.name}", detail)


CHANNEL = Param(
    "channel", "the channel's name in the config; left out: this one", named_only=True, complete=_complete_channel
)
EVENTS = Param("events", "kinds of news, such as waiting; left out: all", many=True, complete=_complete_event)

COMMANDS = (
    Command(
        "mute",
        "no more of some news in a channel, or of any",
        Role.MANAGER,
        _mute,
        (EVENTS, Param("for", "how long, such as 2h; left out: until unmute", named_only=True), CHANNEL),
    ),
    Command("unmute", "take back what was muted", Role.MANAGER, _unmute, (EVENTS, CHANNEL)),
    Command(
        "subscribe",
        "hear of some news in a channel, whatever its settings say",
        Role.MANAGER,
        _subscribe,
        (
            Param("events", "kinds of news, such as lapsed", required=True, many=True, complete=_complete_event),
            CHANNEL,
        ),
    ),
    Command("subscriptions", "what a channel hears of", Role.VIEWER, _subscriptions, (CHANNEL,)),
)
