"""The methods that make no message: https://core.telegram.org/bots/api#available-methods."""

from __future__ import annotations

import re

from tests.adapters.telegram.state import TOO_OLD, Answer, World, member_of
from tests.adapters.telegram.wire import Call, bad_request
from tests.adapters.telegram.world import Chat, Json

ANSWER_LENGTH = 200
MOST_COMMANDS = 100
ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}


def get_me(world: World, call: Call) -> Json:
    return world.bot.to_json() | {
        "can_join_groups": True,
        "can_read_all_group_messages": not world.privacy,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def answer_callback_query(world: World, call: Call) -> bool:
    """Once for each press, and not long after it."""
    asked = call.text("callback_query_id")
    text = call.text("text")
    if len(text) > ANSWER_LENGTH:
        raise bad_request("MESSAGE_TOO_LONG")
    for press in world.presses:
        if press.id == asked and press.answer is None and world.now() - press.at < TOO_OLD:
            press.answer = Answer(text, call.flag("show_alert"), call.text("url"))
            return True
    raise bad_request("query is too old and response timeout expired or query ID is invalid")


def get_chat(world: World, call: Call) -> Json:
    return world.chat(call, "read").to_full_json()


def get_chat_member(world: World, call: Call) -> Json:
    chat = _with_members(world, call)
    user = world.users.get(call.integer("user_id"))
    if user is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return member_of(chat, user).to_json(chat.kind)


def get_chat_administrators(world: World, call: Call) -> list[Json]:
    chat = _with_members(world, call)
    admins = [member for member in chat.members.values() if member.is_admin]
    return [admin.to_json(chat.kind) for admin in admins if admin.user == world.bot or not admin.user.is_bot]


def get_chat_member_count(world: World, call: Call) -> int:
    return sum(member.is_in for member in _with_members(world, call).members.values())


def send_chat_action(world: World, call: Call) -> bool:
    chat = world.chat(call)
    action = call.text("action")
    if action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    world.actions.append((chat.id, action))
    return True


def set_my_commands(world: World, call: Call) -> bool:
    commands = call.json("commands")
    if not isinstance(commands, list) or len(commands) > MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", command.get("command", "")):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command.get("description", "")) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    world.commands[_scope(world, call)] = commands
    return True


def get_my_commands(world: World, call: Call) -> list[Json]:
    return world.commands.get(_scope(world, call), [])


def delete_my_commands(world: World, call: Call) -> bool:
    world.commands.pop(_scope(world, call), None)
    return True


def get_file(world: World, call: Call) -> Json:
    file = world.files.get(call.text("file_id"))
    if file is None:
        raise bad_request("invalid file_id")
    return {
        "file_id": file.id,
        "file_unique_id": file.unique_id,
        "file_size": len(file.content),
        "file_path": f"files/{file.id}",
    }


def set_webhook(world: World, call: Call) -> bool:
    return world.updates.set_webhook(call)


def delete_webhook(world: World, call: Call) -> bool:
    return world.updates.delete_webhook(call)


def get_webhook_info(world: World, call: Call) -> Json:
    return world.updates.webhook_info()


def _with_members(world: World, call: Call) -> Chat:
    chat = world.chat(call, "read")
    if chat.kind == "channel" and not chat.members[world.bot.id].is_admin:
        raise bad_request("member list is inaccessible")
    return chat


def _scope(world: World, call: Call) -> tuple[str, int, int, str]:
    scope = call.json("scope")
    scope = scope if isinstance(scope, dict) else {"type": "default"}
    chat, user = int(scope.get("chat_id", 0)), int(scope.get("user_id", 0))
    if chat and chat not in world.chats:
        raise bad_request("chat not found")
    return scope["type"], chat, user, call.text("language_code")
