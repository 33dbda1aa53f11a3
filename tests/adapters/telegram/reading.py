"""What messages are made of, read out of a call: text with markup, keyboards, pictures, replies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from tests.adapters.telegram.markup import Entity, MarkupError, Parsed, finish, parse_html, utf16_length
from tests.adapters.telegram.state import World
from tests.adapters.telegram.wire import Call, bad_request
from tests.adapters.telegram.world import Button, Chat, File, ForceReply, Json, Keyboard

TEXT_LENGTH = 4096
CAPTION_LENGTH = 1024
DATA_BYTES = 64
MOST_BUTTONS = 100
MOST_IN_A_ROW = 8
STYLES = ("", "danger", "success", "primary")


def read_text(call: Call, fields: Mapping[str, Any], name: Literal["text", "caption"], too_long: str) -> Parsed:
    """The text or caption of a call, or of a part of it, as people will see it. Raises `ApiError`."""
    source = str(fields.get(name) or "")
    mode = str(fields.get("parse_mode") or "")
    given = fields.get("entities" if name == "text" else "caption_entities")
    if mode.lower() == "html":
        try:
            parsed = parse_html(source)
        except MarkupError as error:
            raise bad_request(f"can't parse entities: {error}") from None
    elif mode:
        raise bad_request("unsupported parse_mode")
    else:
        parsed = Parsed(source, tuple(_entity(item) for item in given or ()))
    parsed = finish(parsed)
    if utf16_length(parsed.text) > (TEXT_LENGTH if name == "text" else CAPTION_LENGTH):
        raise bad_request(too_long)
    if name == "text" and not parsed.text:
        raise bad_request("message text is empty")
    return parsed


def read_keyboard(world: World, call: Call) -> Keyboard:
    """The buttons under a message. Raises `ApiError`."""
    markup = call.json("reply_markup")
    if not isinstance(markup, dict) or "inline_keyboard" not in markup:
        return ()
    rows = tuple(tuple(_button(button) for button in row) for row in markup["inline_keyboard"] if row)
    if sum(map(len, rows)) > MOST_BUTTONS:
        raise bad_request("reply markup is too long")
    if any(len(row) > MOST_IN_A_ROW for row in rows):
        world.wrongs.append(f"{call.method}: a row of buttons has room for {MOST_IN_A_ROW}")
    return rows


def read_force_reply(call: Call) -> ForceReply | None:
    """The question that a message asks to be replied to, None where it asks none."""
    markup = call.json("reply_markup")
    if not isinstance(markup, dict) or not markup.get("force_reply"):
        return None
    placeholder = str(markup.get("input_field_placeholder", ""))
    if len(placeholder) > 64:
        raise bad_request("input field placeholder is too long")
    return ForceReply(placeholder, bool(markup.get("selective")))


def read_reply(chat: Chat, call: Call) -> int:
    """The message that a call replies to, 0 for none. Raises `ApiError`."""
    asked = call.json("reply_parameters")
    wanted = asked if isinstance(asked, dict) else {}
    number = int(wanted.get("message_id", 0)) or call.integer("reply_to_message_id")
    if not number or chat.find(number):
        return number
    if wanted.get("allow_sending_without_reply") or call.flag("allow_sending_without_reply"):
        return 0
    raise bad_request("message to be replied not found")


def read_file(world: World, call: Call, given: object, kind: Literal["photo", "document"], name: str = "") -> File:
    """A file sent along, one sent earlier (by its id), or one that `attach://` names. Raises `ApiError`."""
    if isinstance(given, str) and given.startswith("attach://"):
        name = given.removeprefix("attach://")
        if name not in call.files:
            raise bad_request(f"can't find file {name} in the request")
    elif isinstance(given, str) and given:
        known = world.files.get(given) or world.files.get(given.removesuffix("s"))
        if known is None or (kind == "photo") != known.id.startswith("AgAC"):
            raise bad_request("wrong file identifier/HTTP URL specified")
        return known
    if name not in call.files:
        raise bad_request(f"there is no {kind} in the request")
    return world.keep(call.files[name], kind)


def _entity(item: Json) -> Entity:
    return Entity(item["type"], item["offset"], item["length"], item.get("url", ""), item.get("language", ""))


def _button(button: Json) -> Button:
    label, data = str(button.get("text", "")), str(button.get("callback_data", ""))
    url, style = str(button.get("url", "")), str(button.get("style", "")).lower()
    if not label.strip():
        raise bad_request("can't parse inline keyboard button: BUTTON_TEXT_INVALID")
    if style not in STYLES:
        raise bad_request("can't parse inline keyboard button: invalid button style specified")
    if not data and not url and "copy_text" not in button:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(data.encode()) > DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    return Button(label, data, style, url)
