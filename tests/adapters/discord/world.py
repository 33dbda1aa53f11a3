"""A Discord server as it stands: its channels, its messages, its people and what they do."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.adapters.discord.rules import BUTTON, EPHEMERAL, GALLERY, TEXT, every

REVIEW, SECOND = "200000000000000001", "200000000000000002"  # channels
EPOCH = 1_420_070_400_000
IN_TIME = 3.0  # seconds until an interaction that nobody acknowledged has failed
TOKEN_LIFE = 900.0
NONCES = 180.0  # seconds that Discord remembers one

VIEW, SEND, ATTACH, HISTORY = 1 << 10, 1 << 11, 1 << 15, 1 << 16
ALL = VIEW | SEND | ATTACH | HISTORY


@dataclass
class User:
    id: str
    name: str
    roles: tuple[str, ...] = ()
    bot: bool = False

    def payload(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "username": self.name,
            "discriminator": "0",
            "global_name": self.name.title(),
            "avatar": None,
            "bot": self.bot,
        }

    def member(self) -> dict[str, Any]:
        return {
            "user": self.payload(),
            "roles": list(self.roles),
            "joined_at": "2026-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
            "permissions": "0",
        }


@dataclass(frozen=True)
class Upload:
    """A file that somebody chooses for an option. `size` and `url` may be told wrongly."""

    name: str
    content: bytes
    size: int | None = None
    url: str = ""


@dataclass
class Message:
    """`components` are as they were sent; `files` are the attachments by name."""

    id: str
    channel: str
    components: Sequence[Mapping[str, Any]]
    files: dict[str, bytes]
    nonce: str = ""
    flags: int = 0
    at: float = 0.0
    edits: int = 0
    deleted: bool = False
    versions: list[str] = field(default_factory=list)  # all texts, of every state it ever showed

    @property
    def text(self) -> str:
        return "\n".join(c["content"] for c in every(self.components) if c["type"] == TEXT)

    @property
    def buttons(self) -> dict[str, str]:
        """Custom ids by label."""
        return {c["label"]: c["custom_id"] for c in every(self.components) if c["type"] == BUTTON and "custom_id" in c}

    @property
    def pictures(self) -> list[bytes]:
        """What its galleries show."""
        items = [item for c in every(self.components) if c["type"] == GALLERY for item in c["items"]]
        return [self.files[item["media"]["url"].removeprefix("attachment://")] for item in items]

    @property
    def is_private(self) -> bool:
        return bool(self.flags & EPHEMERAL)


@dataclass
class Interaction:
    """One act of a person, and how it was answered. `kind`: of the first answer; `asked`: the modal's data."""

    id: str
    token: str
    user: User
    type: int
    data: Mapping[str, Any]
    began: float
    message: Message | None = None
    kind: int = 0
    took: float = 0.0  # seconds until it was acknowledged
    asked: Mapping[str, Any] | None = None
    choices: Sequence[Mapping[str, Any]] = ()
    original: Message | None = None  # the first answer, where it is a message
    whispers: list[Message] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # answers that came too late or twice
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def said(self) -> str:
        """All that this person alone was told."""
        private = [self.original] if self.original is not None and self.original is not self.message else []
        return "\n".join(message.text for message in (*private, *self.whispers))


class World:
    """`now` is in seconds since the epoch: of the system's clock, or of one that a test turns."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.me = User("900000000000000001", "reviewbot", ("800000000000000001",), bot=True)
        self.application = "900000000000000001"
        self.guild = "100000000000000001"
        self.other_guild = "100000000000000002"
        self.channels: dict[str, str] = {REVIEW: "review", SECOND: "second"}
        self.threads: dict[str, str] = {}  # and the channel that each is in
        self.denied: dict[str, int] = {}  # permissions that the bot lacks, by channel
        self.member_of = {self.guild}
        self.messages: dict[str, Message] = {}
        self.interactions: dict[str, Interaction] = {}  # by token
        self.commands: Sequence[Mapping[str, Any]] = ()
        self.overwrites = 0
        self.users: dict[str, User] = {}
        self.uploads: dict[str, Upload] = {}
        self.cdn = ""  # where the files are that people chose
        self._ids = 0

    def new_id(self, at: float | None = None) -> str:
        self._ids += 1
        ms = round((self.now() if at is None else at) * 1000) - EPOCH
        return str((ms << 22) | (self._ids & 0x3FFFFF))

    def user(self, name: str, *roles: str, id: str = "") -> User:  # noqa: A002
        if name not in self.users:
            self.users[name] = User(id or str(300000000000000001 + len(self.users)), name, roles)
        return self.users[name]

    def shown(self, channel: str = REVIEW) -> list[Message]:
        """What is in a channel, oldest first."""
        return [m for m in self.messages.values() if m.channel == channel and not m.deleted and not m.is_private]

    def add(self, channel: str, payload: Mapping[str, Any], files: Mapping[str, bytes]) -> Message:
        message = Message(
            self.new_id(),
            channel,
            numbered(payload["components"]),
            dict(files),
            str(payload.get("nonce") or ""),
            payload.get("flags", 0),
            self.now(),
        )
        message.versions.append(message.text)
        self.messages[message.id] = message
        return message

    def edit(self, message: Message, payload: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
        """`attachments` in the payload says which are kept; without it all are."""
        if "attachments" in payload:
            kept = {entry.get("filename") for entry in payload["attachments"]}
            message.files = {name: content for name, content in message.files.items() if name in kept}
        message.files |= files
        message.components = numbered(payload["components"])
        message.edits += 1
        message.versions.append(message.text)

    def attachment(self, upload: Upload) -> dict[str, Any]:
        """Keeps a file that was chosen for an option, and tells of it as an interaction does."""
        number = self.new_id()
        self.uploads[number] = upload
        url = upload.url or f"{self.cdn}/ephemeral-attachments/{number}/{upload.name}"
        return {
            "id": number,
            "filename": upload.name,
            "size": len(upload.content) if upload.size is None else upload.size,
            "url": url,
            "proxy_url": url,
            "content_type": "text/plain; charset=utf-8",
            "ephemeral": True,
        }

    def same(self, channel: str, nonce: str) -> Message | None:
        """The message that was sent with this nonce a short while ago."""
        for message in reversed(self.messages.values()):
            if message.channel == channel and message.nonce == nonce and self.now() - message.at <= NONCES:
                return message
        return None

    def permissions(self, channel: str) -> int:
        return ALL & ~self.denied.get(channel, 0)

    # --- as Discord tells it

    def message_payload(self, message: Message) -> dict[str, Any]:
        stamp = datetime.fromtimestamp(message.at, UTC).isoformat()
        return {
            "id": message.id,
            "channel_id": message.channel,
            "author": self.me.payload(),
            "content": "",
            "timestamp": stamp,
            "edited_timestamp": stamp if message.edits else None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [
                {
                    "id": str(int(message.id) + number),
                    "filename": name,
                    "size": len(content),
                    "url": f"https://cdn.invalid/{name}",
                    "proxy_url": f"https://cdn.invalid/{name}",
                }
                for number, (name, content) in enumerate(message.files.items(), 1)
            ],
            "embeds": [],
            "pinned": False,
            "type": 0,
            "flags": message.flags,
            "components": message.components,
        }

    def guild_payload(self) -> dict[str, Any]:
        return {
            "id": self.guild,
            "name": "Reviewers",
            "icon": None,
            "owner_id": "300000000000000099",
            "region": "",
            "afk_channel_id": None,
            "afk_timeout": 300,
            "verification_level": 0,
            "default_message_notifications": 1,
            "explicit_content_filter": 0,
            "roles": [
                _role(self.guild, "@everyone", 0),
                _role("800000000000000001", "reviewbot", ALL),
                _role("800000000000000002", "reviewers", 0),
            ],
            "emojis": [],
            "features": [],
            "mfa_level": 0,
            "application_id": None,
            "system_channel_id": None,
            "system_channel_flags": 0,
            "rules_channel_id": None,
            "premium_tier": 0,
            "preferred_locale": "en-US",
            "nsfw_level": 0,
            "stickers": [],
            "premium_progress_bar_enabled": False,
        }

    def channel_payload(self, channel: str) -> dict[str, Any]:
        if parent := self.threads.get(channel):
            return {
                "id": channel,
                "type": 11,
                "guild_id": self.guild,
                "name": self.channels[channel],
                "parent_id": parent,
                "owner_id": self.me.id,
                "message_count": 1,
                "member_count": 1,
                "thread_metadata": {
                    "archived": False,
                    "auto_archive_duration": 1440,
                    "archive_timestamp": "2026-01-01T00:00:00+00:00",
                    "locked": False,
                },
            }
        denied = self.denied.get(channel, 0)
        return {
            "id": channel,
            "type": 0,
            "guild_id": self.guild,
            "name": self.channels.get(channel, "elsewhere"),
            "position": 0,
            "permission_overwrites": [{"id": self.me.id, "type": 1, "allow": "0", "deny": str(denied)}],
            "nsfw": False,
            "topic": None,
            "last_message_id": None,
            "rate_limit_per_user": 0,
            "parent_id": None,
        }

    def guild_create(self) -> dict[str, Any]:
        return {
            **self.guild_payload(),
            "joined_at": "2026-01-01T00:00:00+00:00",
            "large": False,
            "member_count": 3,
            "members": [self.me.member()],
            "channels": [self.channel_payload(channel) for channel in self.channels],
            "threads": [],
            "presences": [],
            "voice_states": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

    def interaction_payload(self, interaction: Interaction, channel: str, guild: str) -> dict[str, Any]:
        payload = {
            "id": interaction.id,
            "application_id": self.application,
            "type": interaction.type,
            "token": interaction.token,
            "version": 1,
            "guild_id": guild,
            "guild": {"id": guild, "features": [], "locale": "en-US"},
            "channel_id": channel,
            "channel": self.channel_payload(channel),
            "member": interaction.user.member(),
            "locale": "en-US",
            "guild_locale": "en-US",
            "app_permissions": str(self.permissions(channel)),
            "entitlements": [],
            "authorizing_integration_owners": {"0": guild},
            "context": 0,
            "attachment_size_limit": 10_485_760,
            "data": interaction.data,
        }
        if interaction.message is not None:
            payload["message"] = self.message_payload(interaction.message)
        return payload


def numbered(components: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """As Discord keeps them: each has an id, those that were sent without get the lowest that are free."""
    copied: list[dict[str, Any]] = json.loads(json.dumps(components))
    taken = {c["id"] for c in every(copied) if c.get("id")}
    free = (number for number in range(1, 1000) if number not in taken)
    for component in _changeable(copied):
        component["id"] = component.get("id") or next(free)
    return copied


def _changeable(components: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for component in components:
        yield component
        yield from _changeable(component.get("components", []))
        if "accessory" in component:
            yield component["accessory"]


def _role(role: str, name: str, permissions: int) -> dict[str, Any]:
    return {
        "id": role,
        "name": name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": 0,
        "permissions": str(permissions),
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }
