"""What `[adapters.telegram]` and the channels in it may say."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StrictInt

from botcore.models import Channel, Role
from botcore.settings import is_loopback

_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{10,200}")
_CHAT = re.compile(r"-?[0-9]{1,19}")


def _token(value: SecretStr) -> SecretStr:
    if not _TOKEN.fullmatch(value.get_secret_value().strip()):
        raise ValueError('must be a token as @BotFather gives it, such as "123456:ABC-..."')
    return SecretStr(value.get_secret_value().strip())


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    host = parts.hostname or ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        raise ValueError("must be an https address, such as https://api.telegram.org/bot (http only on loopback)")
    return value


class TelegramSettings(BaseModel):
    """`[adapters.telegram]`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    token: Annotated[SecretStr, AfterValidator(_token)]
    base_url: Annotated[str, AfterValidator(_base_url)] = "https://api.telegram.org/bot"
    mode: Literal["polling", "webhook"] = "polling"
    trust_admins_as: Role | None = None  # what administrators of the channels' groups may do, without an entry

    @property
    def file_url(self) -> str:
        """Where Telegram has what people sent."""
        server, _, name = self.base_url.rpartition("/")
        return f"{server}/file/{name}"

    @property
    def bot_id(self) -> int:
        return int(self.token.get_secret_value().partition(":")[0])


class ChannelOptions(BaseModel):
    """The keys of `[[channels]]` that are Telegram's."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    topic: Annotated[StrictInt, Field(ge=1)] | None = None


def chat_of(channel: Channel) -> int | None:
    """The chat that a channel names; None for what is no chat's number."""
    return int(channel.to) if _CHAT.fullmatch(channel.to) else None


def thread_of(options: ChannelOptions) -> int | None:
    """The topic to name to Telegram: the General one, which is 1, must not be."""
    return options.topic if options.topic != 1 else None
