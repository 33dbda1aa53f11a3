"""All that the pretended Telegram knows, and who may write where."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from PIL import Image, UnidentifiedImageError

from tests.adapters.telegram.limits import Limits, Meter
from tests.adapters.telegram.updates import Updates
from tests.adapters.telegram.wire import ApiError, Call, Upload, bad_request, forbidden
from tests.adapters.telegram.world import GENERAL, Chat, File, Json, Member, Message, Shown, User

PHOTO_BYTES = 10 * 1024 * 1024
FILE_BYTES = 50 * 1024 * 1024
PHOTO_SIDES = 10_000  # width and height together
PHOTO_RATIO = 20
TOO_OLD = 15 * 60.0  # seconds until a press can no longer be answered


@dataclass(slots=True)
class Answer:
    """How a press was answered: what pops up, as a line or (`alert`) as a box to be closed."""

    text: str = ""
    alert: bool = False
    url: str = ""


@dataclass(slots=True)
class Press:
    """A button that somebody pressed."""

    id: str
    user: User
    message: Message
    data: str
    at: float
    update: Json = field(default_factory=dict)
    answer: Answer | None = None


@dataclass(slots=True)
class World:
    """People, chats, files, presses. `wrongs`: what no bot and no server should ever send."""

    bot: User
    now: Callable[[], float]
    limits: Limits
    privacy: bool = True  # in groups the bot sees commands, replies to it, and what it administers
    users: dict[int, User] = field(default_factory=dict)
    chats: dict[int, Chat] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    presses: list[Press] = field(default_factory=list)
    commands: dict[tuple[str, int, int, str], list[Json]] = field(default_factory=dict)
    actions: list[tuple[int, str]] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)
    meter: Meter = field(init=False)
    updates: Updates = field(init=False)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.meter = Meter(self.limits)
        self.updates = Updates(self.now, self.wrongs)
        self.users[self.bot.id] = self.bot

    def number(self) -> int:
        """One that was not given before."""
        return next(self._numbers)

    def seconds(self) -> int:
        return int(self.now())

    def chat(self, call: Call, access: Literal["read", "edit", "write"] = "write") -> Chat:
        """The chat that a call is about. Raises `ApiError` where the bot has no such access to it."""
        if not call.text("chat_id"):
            raise bad_request("chat_id is empty")
        chat = self.chats.get(call.chat_id or 0)
        if chat is None or (chat.kind == "private" and access == "read" and not chat.started):
            raise bad_request("chat not found")
        if chat.migrated_to and access != "read":
            words = "group chat was upgraded to a supergroup chat"
            raise bad_request(words, migrate_to_chat_id=chat.migrated_to)
        if chat.kind == "private":
            self._check_private(chat)
        else:
            self._check_membership(chat, access)
        return chat

    def topic(self, chat: Chat, call: Call) -> int:
        """The topic that a call names, 0 for none; where there are no topics, it is not looked at."""
        topic = call.integer("message_thread_id")
        if not topic or not chat.is_forum:
            return 0
        if topic == GENERAL or topic not in chat.topics:
            raise bad_request("message thread not found")
        if topic in chat.closed_topics:
            raise bad_request("TOPIC_CLOSED")
        return topic

    def may(self, chat: Chat, right: str, words: str) -> None:
        """Raises `ApiError` where the bot may not send such things there."""
        if chat.kind == "private":
            return
        me = chat.members[self.bot.id]
        if chat.kind == "channel":
            if not me.is_admin or "can_post_messages" in me.denied:
                raise bad_request("need administrator rights in the channel chat")
        elif not me.may(right):
            raise bad_request(f"not enough rights to send {words} to the chat")

    def spend(self, call: Call, chat: Chat, cost: int = 1) -> None:
        """Counts messages and edits. Raises `ApiError` 429 where they are too many."""
        wait = self.meter.ask(call.method, chat.id, cost, self.now(), private=chat.kind == "private")
        if wait > 0:
            seconds = max(1, -int(-wait // 1))
            raise ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)

    def post(self, chat: Chat, sender: User | None, shown: Shown, **more: Any) -> Message:
        """A new message in a chat."""
        message = Message(chat.next_id, chat, sender, self.seconds(), shown, **more)
        chat.next_id += 1
        chat.messages.append(message)
        return message

    def keep(self, upload: Upload, kind: Literal["photo", "document"]) -> File:
        """A file that was uploaded. Raises `ApiError` where it cannot be what it is sent as."""
        if len(upload.content) > FILE_BYTES:
            raise ApiError(413, "Request Entity Too Large")
        if not upload.content:
            raise bad_request("file must be non-empty")
        width, height = _sides(upload.content)
        if kind == "photo":
            _check_photo(upload, width, height)
        code = {"photo": "AgACAgIAAx", "document": "BQACAgIAAx"}[kind]
        file = File(f"{code}{self.number():06}", upload.name, upload.content, upload.media_type, width, height)
        self.files[file.id] = file
        return file

    def person_may_be_heard(self, message: Message) -> bool:
        """Whether the bot is told of what a person wrote."""
        chat = message.chat
        if chat.kind != "group" and chat.kind != "supergroup":
            return True
        me = chat.members[self.bot.id]
        if not me.is_in:
            return False
        if not self.privacy or me.is_admin:
            return True
        original = chat.find(message.reply_to)
        if original is not None and original.sender == self.bot:
            return True
        first = message.entities[0] if message.entities else None
        if first is None or first.type != "bot_command" or first.offset:
            return f"@{self.bot.username}".lower() in message.text.lower()
        to = message.text.split()[0].partition("@")[2]
        return not to or to.lower() == self.bot.username.lower()

    def _check_private(self, chat: Chat) -> None:
        if chat.blocked:
            raise forbidden("bot was blocked by the user")
        if not chat.started:
            raise forbidden("bot can't initiate conversation with a user")

    def _check_membership(self, chat: Chat, access: str) -> None:
        me = chat.members[self.bot.id]
        if access == "read" and chat.kind == "group":
            return
        if me.standing == "kicked":
            raise forbidden(f"bot was kicked from the {chat.kind} chat")
        if me.standing == "left":
            raise forbidden(f"bot is not a member of the {chat.kind} chat")


def member_of(chat: Chat, user: User) -> Member:
    """Somebody's standing; who never was there has left."""
    return chat.members.get(user.id) or Member(user, "left")


def _sides(content: bytes) -> tuple[int, int]:
    try:
        with Image.open(io.BytesIO(content)) as image:
            return image.size
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return 0, 0


def _check_photo(upload: Upload, width: int, height: int) -> None:
    if len(upload.content) > PHOTO_BYTES:
        raise bad_request(
            f"file of size {len(upload.content)} bytes is too big for a photo; the maximum size is {PHOTO_BYTES} bytes"
        )
    if not width:
        raise bad_request("IMAGE_PROCESS_FAILED")
    if width + height > PHOTO_SIDES or max(width, height) > PHOTO_RATIO * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
