"""Two submissions side by side, as a button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..flags import compared_with
from ..likeness.card import compare_card
from ..review import NotPossible
from ..text import parse_short_id
from ..ui import Reply
from .parse import BadInput

if TYPE_CHECKING:
    from ..dispatch import Context


async def press_compare(context: Context, subject: str, revision: int) -> Reply:
    """`subject`: a submission, beside the first that its flags name; or two of them, as `A40-A31`."""
    ours, dash, theirs = subject.partition("-")
    number = parse_short_id(ours)
    other = parse_short_id(theirs) if dash else None
    if number is None or (dash and other is None):
        raise BadInput("this button cannot be read: look at the newest card")
    store = context.house.store
    if other is None:
        named = await store.read(compared_with, number)
        if not named:
            raise NotPossible("its flags name no other submission")
        other = named[0]
    card = await store.read(compare_card, number, other)
    if card is None:
        raise NotPossible("there is no such submission")
    return Reply(card=card, replaces=bool(dash))
