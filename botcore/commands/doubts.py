"""It went through / Send again / Leave it: what a person says of what the marketplace did not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import operations, rating
from ..cards import DOUBT
from ..models import Role
from ..review import NotPossible, current_decision
from ..ui import Reply
from .finding import pressed_number

if TYPE_CHECKING:
    from ..dispatch import Context


async def press_doubt(context: Context, subject: str, revision: int, answer: str) -> Reply:
    """Of a submission or an operation."""
    who = (context.person.name, context.actor.adapter, context.now())
    store = context.house.store
    if operation := operations.parse_operation(subject):
        await _check_role(context, operation)
        await store.tx(
            operations.answer_doubt, operation, answer, *who[:2], context.house.kinds, context.house.limits, who[2]
        )
    else:
        decision = await store.read(current_decision, pressed_number(subject))
        if decision is None:
            raise NotPossible("this is settled already")
        await store.tx(rating.answer_doubt, decision["id"], answer, *who)
    return Reply(f"{dict(DOUBT)[answer]}: noted for {subject}.")


async def _check_role(context: Context, operation: int) -> None:
    """Who may not let an operation go may not say what became of it either."""
    kind = await context.house.store.read(lambda r: r.value("SELECT kind FROM operations WHERE id = :id", id=operation))
    known = context.house.kinds.get(kind) if kind else None
    needed = known.role if known else Role.OWNER
    if not context.may(needed):
        raise NotPossible(f"this needs {needed.one}")
