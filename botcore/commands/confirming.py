"""Confirm and Cancel, and the wait for an operation's end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..cards import operation_card
from ..operations import cancel, confirm, parse_operation, waits_for
from ..review import NotPossible
from ..ui import Reply, Result
from .parse import BadInput

if TYPE_CHECKING:
    from ..dispatch import Context

WAIT = 10.0  # seconds a person waits for an operation's end before they are told that it is on its way


async def press_confirm(context: Context, subject: str, revision: int) -> Reply:
    """Confirms an operation and waits a little for its end."""
    number = _operation(subject)
    store = context.house.store
    name = await store.read(lambda r: r.value("SELECT kind FROM operations WHERE id = :id", id=number))
    if name is None:
        raise NotPossible("there is no such operation")
    kind = context.house.kinds.get(name)
    if kind is None:
        raise NotPossible(f"no plugin offers {name} any more")
    if not context.may(kind.role):
        raise NotPossible(f"this needs {kind.role.one}")
    await store.tx(confirm, number, context.person.name, context.actor.adapter, context.house.limits, context.now())
    return await see_out(context, number)


async def press_cancel(context: Context, subject: str, revision: int) -> Reply:
    """Drops what nobody has confirmed, and what could not be sent yet: that takes somebody who could confirm it."""
    number = _operation(subject)
    row = await context.house.store.read(
        lambda r: r.one("SELECT kind, state FROM operations WHERE id = :id", id=number)
    )
    kind = context.house.kinds.get(row["kind"]) if row else None
    if kind and row and row["state"] == "confirmed" and not context.may(kind.role):
        raise NotPossible(f"this needs {kind.role.one}")
    await context.house.store.tx(cancel, number, context.person.name, context.actor.adapter, context.now())
    return Reply("Cancelled; nothing was done.")


async def see_out(context: Context, number: int) -> Reply:
    """The card of a confirmed operation once it has ended and been looked at, or a little later."""
    store = context.house.store
    until = context.now() + WAIT * 1000
    while context.now() < until and await store.read(waits_for, number, context.house.kinds):
        await context.house.clock.sleep(0.05)
    state = await store.read(lambda r: r.value("SELECT state FROM operations WHERE id = :id", id=number))
    result = {"refused": Result.REFUSED, "cancelled": Result.REFUSED, "in doubt": Result.IN_DOUBT}.get(
        state, Result.DONE
    )
    return Reply(card=await store.read(operation_card, number), result=result, operations=(number,))


def _operation(subject: str) -> int:
    number = parse_operation(subject)
    if number is None:
        raise BadInput("this button cannot be read: look at the newest card")
    return number
