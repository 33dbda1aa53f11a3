"""Approve with a bonus: a button behind More, and its form."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from ..accounts import can_serve
from ..models import Satisfaction, Verdict
from ..provider import Capability
from ..spending import OverLimit
from ..store.port import Row
from ..text import clean, money, short_id
from ..ui import Choice, Form, Input, InputKind, Reply, Result, Tone
from .deciding import decide_for, held_words, still_open
from .finding import chosen_accounts, pressed_submission
from .parse import BadInput, parse_money

if TYPE_CHECKING:
    from ..dispatch import Context

SATISFACTIONS = (
    Choice("", "not said"),
    Choice("excellent", "Excellent"),
    Choice("good", "Good"),
    Choice("ok", "OK"),
)


async def press_bonus(context: Context, subject: str, revision: int) -> Reply:
    limit = context.house.limits.max_bonus
    if limit is None:
        raise OverLimit("bonuses are off: set max_bonus under [limits] in the config to allow them")
    row = await pressed_submission(context, subject)
    chosen_accounts(context, row, Capability.BONUS)
    await still_open(context, row["id"])
    return Reply(form=_form(context, row, revision, limit))


async def submit_bonus(context: Context, subject: str, revision: int, values: Mapping[str, str]) -> Reply:
    limit = context.house.limits.max_bonus or Decimal(0)
    row = await pressed_submission(context, subject)
    try:
        bonus = parse_money(values.get("bonus", ""), "a bonus")
    except BadInput as error:
        return Reply(form=_form(context, row, revision, limit, str(error), values), result=Result.REFUSED)
    if bonus > limit:
        said = f"at most {money(limit)}, which is max_bonus"
        return Reply(form=_form(context, row, revision, limit, said, values), result=Result.REFUSED)
    chosen = next((choice.value for choice in SATISFACTIONS if choice.value == values.get("satisfaction")), "")
    satisfaction = Satisfaction(chosen) if chosen else None
    comment = clean(values.get("words", "")).strip()
    made = await decide_for(context, row["id"], revision, Verdict.APPROVE, satisfaction, comment, bonus)
    words = f"{subject} approved with a bonus of {money(bonus)}." if bonus else f"{subject} approved."
    return Reply(f"{words} {held_words(context, [made])}".strip(), decisions=(made.id,))


def _form(
    context: Context, row: Row, revision: int, limit: Decimal, error: str = "", values: Mapping[str, str] | None = None
) -> Form:
    values = values or {}
    name, account = short_id(row["id"]), context.house.accounts.get(row["account"])
    inputs = [
        Input(
            "bonus",
            "Bonus in dollars",
            InputKind.MONEY,
            True,
            values.get("bonus", ""),
            help=f"at most {money(limit)}",
            error=error,
        )
    ]
    if account and can_serve(account, Capability.SATISFACTION):
        said = values.get("satisfaction", "")
        inputs.append(Input("satisfaction", "Satisfaction", InputKind.CHOICE, value=said, choices=SATISFACTIONS))
    inputs.append(Input("words", "Words to the worker", InputKind.PARAGRAPH, value=values.get("words", "")))
    title = f"Approve {name} with a bonus"
    return Form(f"bonus:{name}:{revision}", title, tuple(inputs), "Approve", Tone.SUCCESS)
