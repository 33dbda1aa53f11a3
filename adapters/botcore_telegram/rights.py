"""Who administers the channels' groups, where that gives somebody a role. Loaded only where Telegram is used."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from telegram import ChatMember

from botcore import Actor
from botcore.adapter import AdapterError
from botcore.clock import Clock

from .acts import Place
from .api import Api
from .chats import Chats

log = logging.getLogger(__name__)

ADMINISTRATOR = "administrator"  # the role that `Actor.roles` names, and `grants` trusts
REMEMBERED_MS = 5 * 60_000
_ADMINS = (ChatMember.ADMINISTRATOR, ChatMember.OWNER)


class Rights:
    def __init__(self, api: Api, chats: Chats, clock: Clock, *, trusted: bool) -> None:
        self._api = api
        self._chats = chats
        self._clock = clock
        self._trusted = trusted
        self._known: dict[tuple[int, int], tuple[bool, int]] = {}  # (chat, user) -> administrator?, since when

    async def of(self, actor: Actor, place: Place) -> Actor:
        """Somebody with the roles they have where they act; in private, with those they have in any channel's group."""
        if not self._trusted:
            return actor
        for chat in self._asked(place):
            if await self._is_admin(chat, int(actor.user_id)):
                return replace(actor, roles=(ADMINISTRATOR,))
        return actor

    def _asked(self, place: Place) -> Sequence[int]:
        return [chat for chat in self._chats.all() if chat < 0] if place.private else [place.chat]

    async def _is_admin(self, chat: int, user: int) -> bool:
        now = self._clock.ms()
        is_admin, since = self._known.get((chat, user), (False, None))
        if since is not None and 0 <= now - since < REMEMBERED_MS:
            return is_admin
        try:
            member = await self._api.member(chat, user)
        except AdapterError as error:
            log.warning("nobody knows who administers %s: %s", chat, error)
            return False
        is_admin = member.status in _ADMINS
        self._known = {key: kept for key, kept in self._known.items() if 0 <= now - kept[1] < REMEMBERED_MS}
        self._known[chat, user] = (is_admin, now)
        return is_admin
