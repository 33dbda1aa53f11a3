"""The methods that make, change and take back messages: https://core.telegram.org/bots/api#available-methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from tests.adapters.telegram.markup import Parsed
from tests.adapters.telegram.reading import read_file, read_force_reply, read_keyboard, read_reply, read_text
from tests.adapters.telegram.state import World
from tests.adapters.telegram.wire import ApiError, Call, bad_request
from tests.adapters.telegram.world import Chat, Json, Message, Shown

DAYS_TO_DELETE = 2
TOO_LONG = {"text": "message is too long", "caption": "message caption is too long"}
EDITED_TOO_LONG = {"text": "MESSAGE_TOO_LONG", "caption": "MEDIA_CAPTION_TOO_LONG"}


def send_message(world: World, call: Call) -> Json:
    chat = world.chat(call)
    world.may(chat, "can_send_messages", "text messages")
    parsed = read_text(call, call.params, "text", TOO_LONG["text"])
    return _send(world, call, chat, Shown(parsed, preview=_preview(call)))


def send_photo(world: World, call: Call) -> Json:
    return _send_file(world, call, "photo")


def send_document(world: World, call: Call) -> Json:
    return _send_file(world, call, "document")


def send_media_group(world: World, call: Call) -> list[Json]:
    chat = world.chat(call)
    items = call.json("media")
    if not isinstance(items, list) or not 2 <= len(items) <= 10:
        raise bad_request("media must include from 2 to 10 items")
    kinds = {item.get("type") for item in items}
    if not kinds <= {"photo", "document"} or len(kinds) > 1:
        raise bad_request("can't use the media of the specified type in the album")
    kind: Literal["photo", "document"] = kinds.pop()
    world.may(chat, f"can_send_{kind}s", f"{kind}s")
    topic, reply_to = world.topic(chat, call), read_reply(chat, call)
    all_shown = []
    for number, item in enumerate(items, 1):
        try:
            all_shown.append(_media(world, call, item))
        except ApiError as error:
            words = error.description.removeprefix("Bad Request: ")
            raise bad_request(f'failed to send message #{number} with the error message "{words}"') from None
    world.spend(call, chat, len(items))
    album = f"{13_000_000_000 + world.number()}"
    sent = [
        world.post(
            chat,
            world.bot,
            shown,
            topic=topic,
            reply_to=reply_to,
            album=album,
            silent=call.flag("disable_notification"),
        )
        for shown in all_shown
    ]
    return [message.to_json() for message in sent]


def edit_message_text(world: World, call: Call) -> Json:
    chat, message = _mine(world, call)
    parsed = read_text(call, call.params, "text", EDITED_TOO_LONG["text"])
    if message.kind != "text":
        raise bad_request("there is no text in the message to edit")
    keyboard = read_keyboard(world, call)
    return _edit(world, call, chat, message, Shown(parsed, keyboard, preview=_preview(call)))


def edit_message_caption(world: World, call: Call) -> Json:
    chat, message = _mine(world, call)
    parsed = read_text(call, call.params, "caption", EDITED_TOO_LONG["caption"])
    if message.kind not in ("photo", "document"):
        raise bad_request("there is no caption in the message to edit")
    keyboard = read_keyboard(world, call)
    return _edit(world, call, chat, message, Shown(parsed, keyboard, message.shown.file, message.kind))


def edit_message_media(world: World, call: Call) -> Json:
    """Also makes a message with a file of one that was text."""
    chat, message = _mine(world, call)
    item = call.json("media")
    if not isinstance(item, dict) or item.get("type") not in ("photo", "document"):
        raise bad_request("can't parse InputMedia: invalid media type specified")
    if message.album and item["type"] != message.kind:
        raise bad_request("can't use the media of the specified type in the album")
    shown = _media(world, call, item, EDITED_TOO_LONG["caption"])
    keyboard = read_keyboard(world, call)
    return _edit(world, call, chat, message, Shown(shown.parsed, keyboard, shown.file, shown.kind))


def edit_message_reply_markup(world: World, call: Call) -> Json:
    chat, message = _mine(world, call)
    old = message.shown
    shown = Shown(old.parsed, read_keyboard(world, call), old.file, old.kind, old.preview)
    return _edit(world, call, chat, message, shown)


def delete_message(world: World, call: Call) -> bool:
    chat = world.chat(call, "edit")
    message = chat.find(call.integer("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    is_admin = chat.kind != "private" and chat.members[world.bot.id].is_admin
    is_old = world.now() - message.date > DAYS_TO_DELETE * 86_400
    if is_old or (message.sender != world.bot and chat.kind != "private" and not is_admin):
        raise bad_request("message can't be deleted")
    message.deleted = True
    return True


def pin_chat_message(world: World, call: Call) -> bool:
    chat = world.chat(call)
    message = chat.find(call.integer("message_id"))
    if message is None:
        raise bad_request("message to pin not found")
    if chat.kind != "private" and not chat.members[world.bot.id].is_admin:
        raise bad_request("not enough rights to manage pinned messages in the chat")
    message.pinned = True
    return True


def unpin_chat_message(world: World, call: Call) -> bool:
    chat = world.chat(call)
    message = chat.find(call.integer("message_id"))
    if message is None:
        raise bad_request("message to unpin not found")
    message.pinned = False
    return True


def _send_file(world: World, call: Call, kind: Literal["photo", "document"]) -> Json:
    chat = world.chat(call)
    world.may(chat, f"can_send_{kind}s", f"{kind}s")
    parsed = read_text(call, call.params, "caption", TOO_LONG["caption"])
    file = read_file(world, call, call.params.get(kind), kind, kind)
    return _send(world, call, chat, Shown(parsed, file=file, kind=kind))


def _send(world: World, call: Call, chat: Chat, shown: Shown) -> Json:
    topic, reply_to = world.topic(chat, call), read_reply(chat, call)
    keyboard, question = read_keyboard(world, call), read_force_reply(call)
    world.spend(call, chat)
    message = world.post(
        chat,
        None if chat.kind == "channel" else world.bot,
        Shown(shown.parsed, keyboard, shown.file, shown.kind, shown.preview),
        topic=topic,
        reply_to=reply_to,
        force_reply=question,
        silent=call.flag("disable_notification"),
    )
    return message.to_json()


def _media(world: World, call: Call, item: Mapping[str, Any], too_long: str = TOO_LONG["caption"]) -> Shown:
    kind: Literal["photo", "document"] = "photo" if item.get("type") == "photo" else "document"
    parsed = read_text(call, item, "caption", too_long)
    return Shown(parsed, file=read_file(world, call, item.get("media"), kind), kind=kind)


def _mine(world: World, call: Call) -> tuple[Chat, Message]:
    """The message to edit. Raises `ApiError` where it is none of the bot's."""
    chat = world.chat(call, "edit")
    message = chat.find(call.integer("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if message.kind == "service" or message.sender != (None if chat.kind == "channel" else world.bot):
        raise bad_request("message can't be edited")
    return chat, message


def _edit(world: World, call: Call, chat: Chat, message: Message, shown: Shown) -> Json:
    if message.album and shown.keyboard:
        raise bad_request("REPLY_MARKUP_INVALID")
    if shown.content == message.shown.content:
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same as a "
            "current content and reply markup of the message"
        )
    world.spend(call, chat)
    message.edits.append(message.shown)
    message.shown = shown
    message.edited = world.seconds()
    return message.to_json()


def _preview(call: Call) -> bool:
    options = call.json("link_preview_options")
    return not (isinstance(options, dict) and options.get("is_disabled"))


def nothing_shown() -> Shown:
    """What a message of the service shows."""
    return Shown(Parsed(""), kind="service")
