"""The commands that Telegram offers while somebody types. Loaded only where Telegram is used.

It keeps lists by kind of chat, not by what somebody may do: all are offered, and whoever may not is told so.
"""

from __future__ import annotations

import hashlib
import json

from telegram import BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats

from botcore import Dispatch
from botcore.store.port import Store

from .api import Api
from .commands import menu
from .kept import keep_note, note

SCOPES = (BotCommandScopeAllPrivateChats, BotCommandScopeAllGroupChats)


async def tell_commands(api: Api, store: Store, bot: int, dispatch: Dispatch, *, again: bool = False) -> int:
    """Tells Telegram which commands there are, where it was told otherwise before (or `again`); returns how many."""
    entries = menu(await dispatch.all_commands())
    digest = hashlib.sha256(json.dumps(entries).encode()).hexdigest()
    key = f"commands of {bot}"
    if again or await store.read(note, key) != digest:
        for scope in SCOPES:
            await api.set_commands(entries, scope())
        await store.tx(keep_note, key, digest)
    return len(entries)
