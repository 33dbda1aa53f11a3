"""A verdict as people give it, by a command, a button or a form: what all of these have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from ..accounts import can_serve
from ..models import Satisfaction, Verdict
from ..provider import Capability
from ..review import Ask, Made, NotPossible, TooLate, decide, why_closed
from ..store.port import Reader, Tx
from ..text import clean
from .finding import chosen_accounts

if TYPE_CHECKING:
    from ..dispatch import Context


async def decide_for(
    context: Context,
    number: int,
    revision: int | None,
    verdict: Verdict,
    satisfaction: Satisfaction | None,
    comment: str,
    bonus: Decimal = Decimal(0),
    block: bool = False,
) -> Made:
    """Decides in the name of who asks. Raises `NotPossible`, `TooLate`, `OverLimit`, and `BadInput` for what the
    account cannot do."""
    ask = Ask(
        submission=number,
        verdict=verdict,
        person=context.person.name,
        via=context.actor.adapter,
        hold_ms=context.hold_ms,
        satisfaction=satisfaction,
        comment=clean(comment).strip()[:2000],
        bonus=bonus,
        block=block,
        revision=revision,
    )
    made = await context.house.store.tx(_decide_if_possible, context, ask, context.now())
    context.house.decided(made)
    return made


async def still_open(context: Context, number: int) -> None:
    """Nobody fills in a form for what is decided already. Raises `NotPossible`, `TooLate`."""

    def check(reader: Reader) -> None:
        row = reader.one("SELECT * FROM submissions WHERE id = :id", id=number)
        if row is None:
            raise NotPossible("there is no such submission")
        if row["state"] not in ("new", "shown"):
            raise TooLate(why_closed(reader, row))

    await context.house.store.read(check)


def held_words(context: Context, made: Sequence[Made]) -> str:
    """How long decisions can be undone; "" where they cannot."""
    left = max((m.due_at for m in made), default=0) - context.now()
    return f"Undo within {-(-left // 1000)} s." if left > 0 else ""


def _decide_if_possible(tx: Tx, context: Context, ask: Ask, now: int) -> Made:
    """A decision that could never leave is not taken, and no satisfaction kept that nobody is told."""
    name = tx.value("SELECT account FROM submissions WHERE id = :id", id=ask.submission)
    if name is None:
        raise NotPossible("there is no such submission")
    account = context.house.accounts.get(name)
    if account is None:
        raise NotPossible(f"the account {name} is not in the config any more")
    if ask.bonus:
        chosen_accounts(context, {"account": name}, Capability.BONUS)
    if ask.block:
        chosen_accounts(context, {"account": name}, Capability.BLOCK_WHILE_RATING)
    if not can_serve(account, Capability.SATISFACTION):
        ask = replace(ask, satisfaction=None)
    return decide(tx, ask, context.house.limits, now)
