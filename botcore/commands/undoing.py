"""undo, and the button: a decision is taken back before it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..bulk.asking import bulk_name, submissions
from ..bulk.desk import bulk_of, last_confirmed, undo_all
from ..models import Role
from ..queues import hand_back
from ..review import NotPossible, TooLate, current_decision, last_undoable, parse_decision, undo
from ..store.port import Row, Tx
from ..text import short_id
from ..ui import Reply
from .finding import ACCOUNT, complete_submission, find_submission
from .queueing import Target, find_queue, find_target, go_on
from .registry import Command, Param

if TYPE_CHECKING:
    from ..dispatch import Context


async def _undo(context: Context, values: Mapping[str, Any]) -> Reply:
    if "id" in values:
        row = await find_submission(context, values["id"], values.get("account"))
        return await _take_back(context, row["id"])
    return Reply(await context.house.store.tx(_undo_last, context))


def _undo_last(tx: Tx, context: Context) -> str:
    """The last thing that who asks has decided or confirmed; returns what waits again."""
    who = (context.person.name, context.actor.adapter, context.now())
    decision = last_undoable(tx, context.person.name, context.now())
    bulk = last_confirmed(tx, context.person.name, context.now())
    if bulk is not None and (decision is None or bulk["confirmed_at"] >= decision["decided_at"]):
        return _undo_bulk(tx, bulk["id"], *who)
    if decision is None:
        raise NotPossible("none of your decisions can be undone any more")
    if (number := bulk_of(tx, decision["id"])) is not None:
        return _undo_bulk(tx, number, *who)
    return undone(short_id(undo(tx, decision["id"], *who)))


def _undo_bulk(tx: Tx, bulk: int, person: str, via: str, now: int) -> str:
    back = undo_all(tx, bulk, person, via, now)
    return undone(f"{submissions(back)} of {bulk_name(bulk)}", back)


async def press_undo(context: Context, subject: str, revision: int) -> Reply:
    """Takes back the decision that the card showed. `undo:d-57:3`: decision 57, in queue 3 (0: in none)."""
    decision = parse_decision(subject)
    if decision is None:  # of a card that was drawn by an older version: whatever decision there is
        target = await find_target(context, subject, revision)
        return await go_on(context, target, _take_back(context, target.submission, target.queue))
    number = await context.house.store.read(
        lambda r: r.value("SELECT submission FROM decisions WHERE id = :id", id=decision)
    )
    if number is None:
        raise NotPossible("there is no such decision")
    target = Target(number, None, await find_queue(context, revision) if revision else None)
    return await go_on(context, target, _take_back(context, number, target.queue, decision))


async def _take_back(context: Context, number: int, queue: Row | None = None, decision: int | None = None) -> Reply:
    """Takes a submission's decision back; where that was asked in a queue, the submission is in its hand again.
    `decision`: the one that was seen; another one since then stays."""

    def take_back(tx: Tx) -> None:
        current = current_decision(tx, number)
        if current is None:
            raise NotPossible(f"nobody has decided {short_id(number)}")
        if decision is not None and decision != current["id"]:
            raise TooLate(f"that was undone already, and {current['person']} has decided {short_id(number)} since")
        undo(tx, current["id"], context.person.name, context.actor.adapter, context.now())
        if queue:
            hand_back(tx, queue["id"], number, context.now())

    await context.house.store.tx(take_back)
    return Reply(undone(short_id(number)))


def undone(what: str, count: int = 1) -> str:
    """What is told of `count` submissions that wait again."""
    return f"Undone: {what} wait{'s' if count == 1 else ''} again."


COMMANDS = (
    Command(
        "undo",
        "take back your last decision (all of a bulk), or the one on a submission",
        Role.REVIEWER,
        _undo,
        (Param("id", "A31; left out: your last", complete=complete_submission), ACCOUNT),
    ),
)
