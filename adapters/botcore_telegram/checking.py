"""`botcore check` for Telegram: the token, the chats, and what the bot may do there. Loaded only where it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from telegram import ChatFullInfo, ChatMember, ChatMemberAdministrator, ChatMemberRestricted

from botcore.adapter import AdapterError, Finding
from botcore.models import Channel

from .api import Api
from .chats import Chats
from .errors import Moved
from .settings import TelegramSettings

RIGHTS: Mapping[str, str] = {
    "can_send_messages": "send messages",
    "can_send_photos": "send photos",
    "can_send_documents": "send files",
}
OUT = (ChatMember.LEFT, ChatMember.BANNED)


async def findings(
    api: Api, settings: TelegramSettings, chats: Chats, channels: Sequence[Channel], public_url: str
) -> Sequence[Finding]:
    """What is right and what is not; changes nothing."""
    try:
        me = await api.me()
    except AdapterError as error:
        return [Finding(ok=False, text=str(error))]
    found = [Finding(ok=True, text=f"the token is that of @{me.username}")]
    found += await _mode(api, settings, public_url)
    for channel in channels:
        found += await _channel(api, chats, channel, me.id)
    return found


async def _mode(api: Api, settings: TelegramSettings, public_url: str) -> Sequence[Finding]:
    if settings.mode == "polling":
        return []
    if not public_url:
        return [Finding(ok=False, text='mode = "webhook" needs [bot] public_url, where Telegram reaches the bot')]
    try:
        hook = await api.webhook()
    except AdapterError as error:
        return [Finding(ok=False, text=str(error))]
    if hook.url and hook.last_error_message:
        return [Finding(ok=False, text=f"Telegram's last call of the webhook failed: {hook.last_error_message}")]
    return [Finding(ok=True, text=f"webhook at {public_url}")]


async def _channel(api: Api, chats: Chats, channel: Channel, me: int) -> Sequence[Finding]:
    what = f"channel {channel.name}"
    place = chats.place(channel.name)
    if place is None:
        return [Finding(ok=False, text=f'{what}: "{channel.to}" is no chat; say /here in it to see its number')]
    try:
        try:
            chat = await api.chat(place.chat)
        except Moved as error:
            return [Finding(ok=False, text=f'{what}: the group is a supergroup now; put to = "{error.chat}"')]
        if place.private:
            return [Finding(ok=True, text=f"{what}: the chat with {chat.full_name or chat.id}")]
        return [Finding(ok=ok, text=f"{what}: {text}") for ok, text in _rights(chat, await api.member(chat.id, me))] + [
            Finding(ok=ok, text=f"{what}: {text}") for ok, text in _topic(chat, place.thread, channel)
        ]
    except AdapterError as error:
        return [Finding(ok=False, text=f"{what}: {error}")]


def _rights(chat: ChatFullInfo, member: ChatMember) -> list[tuple[bool, str]]:
    title = chat.title or str(chat.id)
    if member.status in OUT:
        return [(False, f"the bot is not a member of {title}: add it")]
    if chat.type == chat.CHANNEL:
        if isinstance(member, ChatMemberAdministrator) and member.can_post_messages:
            return [(True, f"{title}, and the bot may post there")]
        return [(False, f"the bot may not post in {title}: make it an administrator who may post messages")]
    missing = [words for right, words in RIGHTS.items() if not _may(chat, member, right)]
    if missing:
        return [(False, f"the bot may not {', '.join(missing)} in {title}: allow it, or make it an administrator")]
    return [(True, f"{title}, and the bot may write there")]


def _may(chat: ChatFullInfo, member: ChatMember, right: str) -> bool:
    if member.status in (ChatMember.ADMINISTRATOR, ChatMember.OWNER):
        return True
    everybody = chat.permissions is None or bool(getattr(chat.permissions, right, True))
    return everybody and (not isinstance(member, ChatMemberRestricted) or bool(getattr(member, right)))


def _topic(chat: ChatFullInfo, thread: int | None, channel: Channel) -> list[tuple[bool, str]]:
    if thread is not None and not chat.is_forum:
        return [(False, f"topic = {thread}, but {chat.title or chat.id} has no topics: leave it out")]
    return []
