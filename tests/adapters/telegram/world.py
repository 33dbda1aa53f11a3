"""Who and what there is at the pretended Telegram: people, chats, messages, and how they look on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from tests.adapters.telegram.markup import Entity, Parsed

Json = dict[str, Any]
ChatKind = Literal["private", "group", "supergroup", "channel"]
Standing = Literal["creator", "administrator", "member", "restricted", "left", "kicked"]
MessageKind = Literal["text", "photo", "document", "service"]

GENERAL = 1  # the topic whose id is never said
ANONYMOUS_ADMIN = 1087968824
RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
)
RIGHTS_IN: dict[ChatKind, tuple[str, ...]] = {
    "private": (),
    "group": ("can_pin_messages",),
    "supergroup": ("can_pin_messages", "can_manage_topics"),
    "channel": ("can_post_messages", "can_edit_messages"),
}
PERMISSIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
    "can_react_to_messages",
    "can_edit_tag",
)


@dataclass(frozen=True, slots=True)
class User:
    id: int
    name: str
    username: str = ""
    is_bot: bool = False

    def to_json(self) -> Json:
        found: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.name}
        return found | ({"username": self.username} if self.username else {})


@dataclass(slots=True)
class Member:
    """Somebody's standing in a chat. `denied`: what a restricted one may not, or an administrator was not given."""

    user: User
    standing: Standing = "member"
    denied: frozenset[str] = frozenset()
    anonymous: bool = False

    @property
    def is_in(self) -> bool:
        return self.standing not in ("left", "kicked")

    @property
    def is_admin(self) -> bool:
        return self.standing in ("creator", "administrator")

    def may(self, right: str) -> bool:
        return self.is_in and right not in self.denied

    def to_json(self, kind: ChatKind) -> Json:
        found: Json = {"status": self.standing, "user": self.user.to_json()}
        match self.standing:
            case "creator":
                found["is_anonymous"] = self.anonymous
            case "administrator":
                found |= {right: right not in self.denied for right in (*RIGHTS, *RIGHTS_IN[kind])}
                found |= {"can_be_edited": False, "is_anonymous": self.anonymous}
            case "restricted":
                found |= {right: right not in self.denied for right in PERMISSIONS}
                found |= {"is_member": True, "until_date": 0}
            case "kicked":
                found["until_date"] = 0
        return found


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    data: str = ""
    style: str = ""
    url: str = ""

    def to_json(self) -> Json:
        found = {"text": self.label}
        if self.data:
            found["callback_data"] = self.data
        if self.url:
            found["url"] = self.url
        if self.style:
            found["style"] = self.style
        return found


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class ForceReply:
    placeholder: str = ""
    selective: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """Something uploaded. Sides in pixels, 0 where it is no picture."""

    id: str
    name: str
    content: bytes
    media_type: str
    width: int = 0
    height: int = 0

    @property
    def unique_id(self) -> str:
        return f"u{self.id}"

    def as_document(self) -> Json:
        return {
            "file_id": self.id,
            "file_unique_id": self.unique_id,
            "file_name": self.name,
            "mime_type": self.media_type,
            "file_size": len(self.content),
        }

    def as_photo(self) -> list[Json]:
        """The sizes that Telegram offers: a small one and the whole."""
        sizes = []
        for suffix, width in (("s", min(90, self.width)), ("", self.width)):
            height = max(1, round(self.height * width / max(1, self.width)))
            sizes.append(
                {
                    "file_id": f"{self.id}{suffix}",
                    "file_unique_id": f"{self.unique_id}{suffix}",
                    "width": width,
                    "height": height,
                    "file_size": len(self.content),
                }
            )
        return sizes


@dataclass(frozen=True, slots=True)
class Shown:
    """What a message shows, or showed before an edit."""

    parsed: Parsed = field(default_factory=lambda: Parsed(""))
    keyboard: Keyboard = ()
    file: File | None = None
    kind: MessageKind = "text"
    preview: bool = True  # links in it would be shown with a preview

    @property
    def content(self) -> tuple[object, ...]:
        """What Telegram compares to say that nothing was modified."""
        return (self.parsed, self.keyboard, self.kind, self.file.content if self.file else b"")


@dataclass(slots=True)
class Message:
    """A message as it stands now; `edits` are its earlier states, oldest first."""

    id: int
    chat: Chat
    sender: User | None  # None: a channel's post
    date: int
    shown: Shown
    topic: int = 0  # 0: none, or General
    reply_to: int = 0
    album: str = ""
    force_reply: ForceReply | None = None
    silent: bool = False
    anonymous: bool = False
    service: Json = field(default_factory=dict)
    edits: list[Shown] = field(default_factory=list)
    edited: int = 0
    deleted: bool = False
    pinned: bool = False

    @property
    def kind(self) -> MessageKind:
        return self.shown.kind

    @property
    def text(self) -> str:
        """Its text or caption, as people read it."""
        return self.shown.parsed.text

    @property
    def entities(self) -> tuple[Entity, ...]:
        return self.shown.parsed.entities

    @property
    def parsed(self) -> Parsed:
        return self.shown.parsed

    @property
    def keyboard(self) -> Keyboard:
        return self.shown.keyboard

    @property
    def picture(self) -> bytes:
        """The bytes of its photo or document; empty where it has none."""
        return self.shown.file.content if self.shown.file else b""

    @property
    def file_name(self) -> str:
        return self.shown.file.name if self.shown.file else ""

    @property
    def preview(self) -> bool:
        """Whether people see a preview of a link under it."""
        return self.shown.preview and any(entity.type in ("url", "text_link") for entity in self.entities)

    @property
    def buttons(self) -> list[Button]:
        return [button for row in self.keyboard for button in row]

    @property
    def labels(self) -> list[str]:
        return [button.label for button in self.buttons]

    def button(self, wanted: str) -> Button:
        """By its label, its data, the label without what stands before its first letter, or the data's verb."""
        for name in (
            lambda b: b.label,
            lambda b: b.data,
            lambda b: _words(b.label),
            lambda b: b.data.partition(":")[0],
        ):
            found = [button for button in self.buttons if name(button) == wanted]
            if len(found) == 1:
                return found[0]
            if found:
                raise AssertionError(f"several buttons {wanted!r} under {self.text[:60]!r}: {self.labels}")
        raise AssertionError(f"no button {wanted!r} under {self.text[:60]!r}: {self.labels}")

    def to_json(self, *, with_reply: bool = True) -> Json:
        found: Json = {"message_id": self.id, "date": self.date, "chat": self.chat.to_json()}
        if self.anonymous:
            found["from"] = User(ANONYMOUS_ADMIN, "Group", "GroupAnonymousBot", is_bot=True).to_json()
            found["sender_chat"] = self.chat.to_json()
        elif self.sender is None or self.chat.kind == "channel":
            found["sender_chat"] = self.chat.to_json()
        else:
            found["from"] = self.sender.to_json()
        if self.edited:
            found["edit_date"] = self.edited
        if self.topic:
            found |= {"message_thread_id": self.topic, "is_topic_message": True}
        if self.album:
            found["media_group_id"] = self.album
        found |= self._content_json() | self.service
        if self.keyboard:
            found["reply_markup"] = {"inline_keyboard": [[b.to_json() for b in row] for row in self.keyboard]}
        if with_reply:
            found |= self._reply_json()
        return found

    def _content_json(self) -> Json:
        entities = [entity.to_json() for entity in self.entities]
        file = self.shown.file
        if self.kind == "text":
            return {"text": self.text} | ({"entities": entities} if entities else {})
        if file is None:
            return {}
        found: Json = {"photo": file.as_photo()} if self.kind == "photo" else {"document": file.as_document()}
        if self.text:
            found |= {"caption": self.text} | ({"caption_entities": entities} if entities else {})
        return found

    def _reply_json(self) -> Json:
        original = self.chat.find(self.reply_to or self.topic)
        if original is None:
            return {}
        found: Json = {"reply_to_message": original.to_json(with_reply=False)}
        if self.chat.kind == "supergroup" and not self.topic:
            # where there are no topics, it names the first message of a thread of replies
            found["message_thread_id"] = self.chat.root(original).id
        return found


@dataclass(slots=True)
class Chat:
    """A place. `topics`: by id, where it is a forum. `started`: whether a person ever wrote to the bot, in private."""

    id: int
    kind: ChatKind
    title: str
    user: User | None = None
    topics: dict[int, str] = field(default_factory=dict)
    closed_topics: set[int] = field(default_factory=set)
    members: dict[int, Member] = field(default_factory=dict)
    started: bool = True
    blocked: bool = False
    migrated_to: int = 0
    messages: list[Message] = field(default_factory=list)
    next_id: int = 1

    @property
    def is_forum(self) -> bool:
        return self.kind == "supergroup" and bool(self.topics)

    def find(self, message_id: int) -> Message | None:
        """A message that is there, deleted ones not."""
        for message in self.messages:
            if message.id == message_id and not message.deleted:
                return message
        return None

    def root(self, message: Message) -> Message:
        """The first message of a thread of replies."""
        while message.reply_to and (earlier := self.find(message.reply_to)):
            message = earlier
        return message

    def to_json(self) -> Json:
        found: Json = {"id": self.id, "type": self.kind}
        if self.user:
            return (
                found
                | {"first_name": self.user.name}
                | ({"username": self.user.username} if self.user.username else {})
            )
        found["title"] = self.title
        if self.is_forum:
            found["is_forum"] = True
        return found

    def to_full_json(self) -> Json:
        """What getChat says."""
        found = self.to_json() | {
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": dict.fromkeys(
                (
                    "unlimited_gifts",
                    "limited_gifts",
                    "unique_gifts",
                    "premium_subscription",
                    "gifts_from_channels",
                ),
                False,
            ),
        }
        if self.kind in ("group", "supergroup"):
            found["permissions"] = dict.fromkeys(PERMISSIONS, True)
        return found


def _words(label: str) -> str:
    """A label without the sign in front of it."""
    for at, char in enumerate(label):
        if char.isalnum():
            return label[at:]
    return label
