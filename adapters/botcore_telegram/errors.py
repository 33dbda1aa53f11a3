"""What went wrong between us and Telegram, in the core's words. Loaded only where Telegram is used.

The library wraps whatever happened on the way; `__cause__` tells whether the request had left.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from botcore.adapter import AdapterError, ChannelBroken, MessageGone, SendFailed, SendUnknown

NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
REFUSED_PAUSE = 300.0  # seconds until what Telegram refused for a reason of its own is tried again
TOKEN_REFUSED = "Telegram refuses the token: get a new one from @BotFather, and put it under [adapters.telegram]"  # noqa: S105

_GONE = ("message to edit not found", "message_id_invalid", "message can't be edited", "message to delete not found")
_BROKEN = (
    ("chat not found", "Telegram knows no such chat: is the bot a member there, and `to` its number?"),
    ("bot was blocked", "the bot was blocked there"),
    ("bot can't initiate conversation", "the person has not started the bot yet"),
    ("user is deactivated", "that account was deleted"),
    ("bot was kicked", "the bot was removed from the chat: add it again"),
    ("bot is not a member", "the bot is not a member of the chat: add it"),
    ("group chat was deactivated", "the group is gone"),
    ("group chat was deleted", "the group is gone"),
    ("message thread not found", "the topic is gone: choose another `topic`"),
    ("topic_closed", "the topic is closed: open it, or let the bot manage topics"),
    ("topic_deleted", "the topic is gone: choose another `topic`"),
    ("not enough rights to send photos", "the bot may not send photos there: allow it"),
    ("not enough rights to send documents", "the bot may not send files there: allow it"),
    ("not enough rights", "the bot may not write there: let it send messages, photos and files"),
    ("need administrator rights", "the bot must be an administrator of that channel"),
    ("have no rights to send", "the bot may not write there: let it send messages, photos and files"),
    ("chat_write_forbidden", "the bot may not write there: let it send messages, photos and files"),
    ("chat_admin_required", "the bot must be an administrator there"),
    ("chat_restricted", "the bot may not write there: let it send messages, photos and files"),
    ("chat_send_photos_forbidden", "the bot may not send photos there: allow it"),
    ("chat_send_docs_forbidden", "the bot may not send files there: allow it"),
    ("chat_send_media_forbidden", "the bot may not send photos there: allow it"),
    ("peer_id_invalid", "Telegram knows no such chat: is `to` its number?"),
)


class Moved(AdapterError):  # noqa: N818
    """The group became a supergroup, which is `chat`."""

    def __init__(self, chat: int) -> None:
        super().__init__("the group became a supergroup")
        self.chat = chat


class Held(SendFailed):
    """Telegram asks for a pause in this chat."""


class NotModified(AdapterError):  # noqa: N818
    """The message shows that already."""


class TooLate(AdapterError):  # noqa: N818
    """A press is answered within some seconds or not at all. Whatever it did is done."""


class Refused(SendFailed):
    """Telegram read it and said no, in `words` of its own: the same again is refused again."""

    def __init__(self, words: str) -> None:
        super().__init__(f"Telegram refused it: {words}", REFUSED_PAUSE)
        self.words = words.lower()


class Elsewhere(AdapterError):  # noqa: N818
    """Somebody else reads this bot's updates."""


@contextmanager
def translated() -> Iterator[None]:
    """Raises what the library raises as an `AdapterError`. None of them quotes an address: it would hold the token."""
    try:
        yield
    except RetryAfter as error:
        raise Held("Telegram asks for a pause", max(_pause(error), 1.0)) from error
    except ChatMigrated as error:
        raise Moved(error.new_chat_id) from error
    except Conflict as error:
        raise Elsewhere("another program reads this bot's updates: stop it, or give each its own bot") from error
    except (InvalidToken, EndPointNotFound) as error:
        raise ChannelBroken(TOKEN_REFUSED) from error
    except Forbidden as error:
        raise ChannelBroken(_broken(error.message) or f"Telegram forbids it: {error.message}") from error
    except BadRequest as error:
        raise _refusal(error.message) from error
    except NetworkError as error:
        raise _lost(error) from error
    except TelegramError as error:
        raise SendUnknown("Telegram's answer could not be read") from error


def _pause(error: RetryAfter) -> float:
    """Seconds. The library announces another type for it: both are taken."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _broken(message: str) -> str:
    lower = message.lower()
    return next((advice for words, advice in _BROKEN if words in lower), "")


def _refusal(message: str) -> AdapterError:
    lower = message.lower()
    if "message is not modified" in lower:
        return NotModified("it shows that already")
    if "query is too old" in lower or "query id is invalid" in lower or "query_id_invalid" in lower:
        return TooLate("the press is too long ago to be answered")
    if any(words in lower for words in _GONE):
        return MessageGone("the message is not there any more")
    if advice := _broken(message):
        return ChannelBroken(advice)
    return Refused(message)


def _lost(error: NetworkError) -> AdapterError:
    cause = error.__cause__
    if isinstance(cause, NEVER_LEFT):
        return SendFailed("Telegram cannot be reached")
    if isinstance(cause, httpx.HTTPError):
        return SendUnknown("Telegram did not answer")
    return SendUnknown("Telegram has trouble of its own")  # an error 5xx may have come after the message was sent
