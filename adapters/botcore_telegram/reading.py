"""Updates as acts. Loaded only where Telegram is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telegram import Bot, CallbackQuery, Message, Update, User

from botcore import Actor

from .acts import Attached, Place, Pressed, Said

NAME = "telegram"


@dataclass(frozen=True, slots=True)
class Nameless:
    """Somebody wrote in the name of a chat: nobody can tell who."""

    place: Place
    message: int
    text: str


@dataclass(frozen=True, slots=True)
class Migrated:
    """A group became a supergroup."""

    chat: int
    to: int


Act = Said | Pressed | Nameless | Migrated


def read_act(body: Mapping[str, Any], bot: Bot) -> Act | None:
    """What somebody did; None for what concerns nobody here."""
    update = Update.de_json(dict(body), bot)
    if update.callback_query is not None:
        return _pressed(update.callback_query)
    return _said(update.message) if update.message is not None else None


def chat_in(body: Mapping[str, Any]) -> tuple[int, bool, str]:
    """The chat that an update is of (0 where it has none), whether it is heard wherever it is, as what is private or
    about a message of ours, and the text that was said."""
    query = body.get("callback_query")
    message = query.get("message") if isinstance(query, Mapping) else body.get("message")
    chat = message.get("chat") if isinstance(message, Mapping) else None
    if not isinstance(message, Mapping) or not isinstance(chat, Mapping):
        return 0, False, ""
    text = "" if query else message.get("text") or message.get("caption")
    number = chat.get("id")
    return (
        number if isinstance(number, int) else 0,
        chat.get("type") == "private" or bool(query),
        text if isinstance(text, str) else "",
    )


def _said(message: Message) -> Act | None:
    if message.migrate_to_chat_id:
        return Migrated(message.chat.id, message.migrate_to_chat_id)
    if message.migrate_from_chat_id:
        return Migrated(message.migrate_from_chat_id, message.chat.id)
    text, file = message.text or message.caption or "", _attached(message)
    if not (message.text or file) or message.forward_origin is not None or message.via_bot is not None:
        return None  # what somebody else wrote is no command, whoever passed it on
    place = _place(message)
    if message.sender_chat is not None:
        return Nameless(place, message.message_id, text) if message.sender_chat.id == message.chat.id else None
    if message.from_user is None or message.from_user.is_bot:
        return None
    answered = message.reply_to_message
    return Said(
        actor=_actor(message.from_user, place),
        place=place,
        message=message.message_id,
        text=text,
        reply_to=answered.message_id if answered else None,
        file=file,
    )


def _attached(message: Message) -> Attached | None:
    if message.document is not None:
        found = message.document
        return Attached(found.file_id, found.file_name or "file", found.file_size or 0)
    return Attached("", "picture") if message.photo else None


def _pressed(query: CallbackQuery) -> Act | None:
    message = query.message
    if message is None or not query.data:
        return None
    if isinstance(message, Message):
        place = _place(message)
    else:  # too old to be shown whole
        place = Place(message.chat.id, None, message.chat.type == "private")
    return Pressed(_actor(query.from_user, place), place, message.message_id, query.data, query.id)


def _place(message: Message) -> Place:
    thread = message.message_thread_id if message.is_topic_message else None
    return Place(message.chat.id, thread, message.chat.type == "private")


def _actor(user: User, place: Place) -> Actor:
    return Actor(NAME, str(user.id), user.full_name, str(place.chat))
