"""review, and the buttons of queues: they are about the submission in hand, and go on to the next."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..models import Role
from ..notices.cards import news_of, parse_bulletin
from ..queue_cards import queue_card
from ..queues import open_own, parse_queue, queue_name, skip, stop_own, take
from ..review import NotPossible
from ..spending import OverLimit
from ..store.port import Reader, Row, Tx
from ..text import sentence, short_id
from ..ui import Card, Reply, Result
from .finding import ACCOUNT_FIRST, chosen_accounts, pressed_number
from .parse import BadInput
from .registry import Command

if TYPE_CHECKING:
    from ..dispatch import Context


@dataclass(frozen=True, slots=True)
class Target:
    """The submission that a button means, and the queue that it was pressed in. `revision` None: the one of that
    number, whatever revision it is."""

    submission: int
    revision: int | None
    queue: Row | None = None

    @property
    def name(self) -> str:
        return short_id(self.submission)


async def find_target(context: Context, subject: str, revision: int) -> Target:
    """What `verb:A31:0` and `verb:q-3:31` are about. Raises `BadInput`, and `NotPossible` for somebody else's queue."""
    queue = parse_queue(subject)
    if queue is None:
        return Target(pressed_number(subject), revision)
    return Target(revision, None, await find_queue(context, queue))


async def go_on(context: Context, target: Target, act: Awaitable[Reply]) -> Reply:
    """What a person sees of an act: in a queue of their own, also when it failed, the submission that is next."""
    if target.queue is None or not target.queue["person"]:
        return await act
    try:
        reply = await act
    except (NotPossible, OverLimit) as error:
        reply = Reply(sentence(str(error)), result=Result.REFUSED)
    if reply.form is not None:
        return reply
    return replace(reply, card=await _look(context, target.queue["id"]), replaces=True)


async def _review(context: Context, values: Mapping[str, Any]) -> Reply:
    names = [account.name for account in chosen_accounts(context, values)] if "account" in values else None
    number = await context.house.store.tx(
        open_own, context.person.name, json.dumps(names) if names else None, context.now()
    )
    return Reply(card=await _look(context, number))


async def press_alone(context: Context, subject: str, revision: int) -> Reply:
    """Review alone, of the same accounts."""
    target = await find_target(context, subject, revision)
    accounts = target.queue["accounts"] if target.queue else None
    number = await context.house.store.tx(open_own, context.person.name, accounts, context.now())
    return Reply(card=await _look(context, number))


async def press_review(context: Context, subject: str, revision: int) -> Reply:
    """A queue of one's own, of what a piece of news was about. One that is open already goes on."""
    number = parse_bulletin(subject)
    if number is None:
        raise BadInput("this button cannot be read: type `review`")
    news = await context.house.store.read(news_of, number)
    names = sorted({one.account for one in news if one.account})

    def open_it(tx: Tx) -> int:
        asked = json.dumps(names) if names and set(names) != set(context.house.accounts) else None
        return open_own(tx, context.person.name, asked, context.now())

    return Reply(card=await _look(context, await context.house.store.tx(open_it)))


async def press_skip(context: Context, subject: str, revision: int) -> Reply:
    target = await find_target(context, subject, revision)
    if target.queue is None or not target.submission:
        raise BadInput("this button cannot be read: look at the newest card")
    queue = target.queue["id"]

    def move_on(tx: Tx) -> str:
        if take(tx, queue, context.now()) != target.submission:
            return "The queue has moved on already."
        skip(tx, queue, target.submission, context.now())
        held = take(tx, queue, context.now())
        return "There is no other." if held == target.submission else f"{target.name} comes again after the others."

    words = await context.house.store.tx(move_on)
    if target.queue["person"]:
        return Reply(words, card=await _look(context, queue), replaces=True)
    return Reply(words)


async def press_stop(context: Context, subject: str, revision: int) -> Reply:
    target = await find_target(context, subject, revision)
    if target.queue is None or not target.queue["person"]:
        raise BadInput("this button cannot be read: look at the newest card")
    await context.house.store.tx(stop_own, target.queue["id"], context.now())
    return Reply(card=await _look(context, target.queue["id"]), replaces=True)


async def find_queue(context: Context, number: int) -> Row:
    """A queue that who asks may use. Raises `NotPossible`."""

    def find(reader: Reader) -> Row | None:
        return reader.one("SELECT * FROM queues WHERE id = :id", id=number)

    queue = await context.house.store.read(find)
    if queue is None:
        raise NotPossible("there is no such queue")
    if queue["person"] not in ("", context.person.name):
        raise NotPossible(f"{queue_name(number)} is the queue of {queue['person']}: `review` opens your own")
    return queue


async def _look(context: Context, number: int) -> Card | None:
    """A person's own queue, with what they have in hand now."""
    store = context.house.store
    await store.tx(take, number, context.now())
    return await store.read(queue_card, number, context.now())


COMMANDS = (
    Command(
        "review",
        "a queue of your own: one submission after the other, seen by you alone",
        Role.REVIEWER,
        _review,
        (ACCOUNT_FIRST,),
        reads_work=True,
    ),
)
