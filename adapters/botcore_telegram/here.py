"""/here: the lines of the config that make a channel of the chat it is said in."""

from __future__ import annotations

import html
import re

from .acts import Place

_HERE = re.compile(r"/here(?:@(\w+))?(?:\s|$)", re.IGNORECASE)


def asks_for_it(text: str, username: str) -> bool:
    """Whether somebody said `/here`, to this bot."""
    match = _HERE.match(text)
    return match is not None and (match[1] or username).lower() == username.lower()


def block(place: Place) -> str:
    """What to paste, as HTML."""
    topic = f"\ntopic = {place.thread}" if place.thread else ""
    text = f'[[channels]]\nname = "review"\nadapter = "telegram"\nto = "{place.chat}"{topic}\npurpose = "review"\n'
    where = "this topic" if topic else "this chat"
    return (
        f"Put this into the config to have cards in {where}, then restart the bot. "
        f"The name is yours to choose.\n<pre>{html.escape(text, quote=False)}</pre>"
    )
