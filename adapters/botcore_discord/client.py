"""The library's client with our address, and what its errors mean."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from email.utils import parsedate_to_datetime
from os import SEEK_END
from typing import Any

import aiohttp
import discord
from discord.http import Route
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from botcore.adapter import AdapterError, ChannelBroken, MessageGone, SendFailed, SendUnknown
from botcore.clock import Clock
from botcore.text import clean, one_line

log = logging.getLogger(__name__)

ANSWER_SECONDS = 60.0  # for one request, beside its files; the library sets no limit of its own
UPLOAD_SPEED = 32 * 2**10  # bytes in a second, of the slowest connection by which files still arrive
CONNECT_SECONDS = 10.0
OLD_EDITS_PAUSE = 60.0  # seconds, after Discord had enough edits of messages over an hour old
REFUSED_PAUSE = 600.0  # seconds until a card that Discord will not take is tried again
BANNED_PAUSE = 300.0  # seconds, where a 429 does not say how long

UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, UNKNOWN_INTERACTION = 10003, 10008, 10062
NOT_OURS, ANSWERED, OLD_EDITS, TOO_LARGE = 50005, 40060, 30046, 40005

discord.VoiceClient.warn_nacl = False  # nobody wants to hear that there is no voice
discord.VoiceClient.warn_dave = False

Handler = Callable[[discord.Interaction], Awaitable[None]]


class Client(discord.Client):
    """Asks for nothing but the server's own events, keeps no messages, and mentions nobody."""

    def __init__(self, base_url: str, clock: Clock, guild: str = "", on_interaction: Handler | None = None) -> None:
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._note_time)
        super().__init__(
            intents=discord.Intents(guilds=True),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            http_trace=trace,
        )
        self.put_out = asyncio.Event()  # of the server
        self.connected = asyncio.Event()  # and told what people do
        self.ahead = timedelta()  # of Discord's clock is ours, by so much
        self._clock = clock
        self._guild = guild
        self._webhooks = _Webhooks(base_url)
        self._on_interaction = on_interaction
        request = self.http.request  # on this client alone: Route.BASE is everybody's

        async def at_base_url(route: Route, **kwargs: Any) -> Any:
            seconds = ANSWER_SECONDS + sum(map(_size, kwargs.get("files") or ())) / UPLOAD_SPEED
            kwargs.setdefault("timeout", aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS))
            return await request(_moved(route, base_url), **kwargs)

        self.http.request = at_base_url  # type: ignore[method-assign]

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if self._on_interaction is not None:
            await self._on_interaction(interaction)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """The gateway has waited already."""

    async def on_connect(self) -> None:
        self.connected.set()

    async def on_resumed(self) -> None:
        self.connected.set()

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        if str(guild.id) == self._guild:
            self.put_out.set()

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        log.exception("Discord's event %s could not be handled", event_method)

    async def _note_time(self, session: object, context: object, params: aiohttp.TraceRequestEndParams) -> None:
        try:
            self.ahead = self._clock.now() - parsedate_to_datetime(params.response.headers["Date"])
        except (KeyError, TypeError, ValueError):
            return  # it will be said again

    def answer_at_base_url(self) -> None:
        """Has answers to interactions go to this client's address: those of this task and of the tasks it starts."""
        async_context.set(self._webhooks)


class _Webhooks(AsyncWebhookAdapter):
    def __init__(self, base_url: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._base_url = base_url

    async def request(self, route: Route, session: aiohttp.ClientSession, **kwargs: Any) -> Any:
        return await super().request(_moved(route, self._base_url), session, **kwargs)


def _moved(route: Route, base_url: str) -> Route:
    route.url = base_url + route.url.removeprefix(Route.BASE)
    return route


def _size(file: discord.File) -> int:
    at = file.fp.tell()
    size = file.fp.seek(0, SEEK_END) - at
    file.fp.seek(at)
    return size


def meaning(error: Exception) -> AdapterError:
    """What it means for a message that a request for it ended so."""
    match error:
        case AdapterError():
            return error
        case discord.LoginFailure():
            return ChannelBroken("Discord does not accept the token: make a new one in the developer portal")
        case discord.HTTPException():
            return _answered(error)
        case aiohttp.ClientConnectorError():
            return SendFailed("Discord cannot be reached")
        case aiohttp.ClientError() | TimeoutError() | OSError():
            return SendUnknown("Discord did not answer")
    raise error


def _answered(error: discord.HTTPException) -> AdapterError:
    match error.status, error.code:
        case 401, _:
            return ChannelBroken("Discord does not accept the token any more")
        case 429, _ if error.code != OLD_EDITS:
            return SendFailed("Discord asks for a pause", pause_asked(error, BANNED_PAUSE))
        case _, code if code == OLD_EDITS:
            return SendFailed("too many edits of messages over an hour old", pause_asked(error, OLD_EDITS_PAUSE))
        case _, code if code in (UNKNOWN_MESSAGE, NOT_OURS):
            return MessageGone("the message is not there any more")
        case 403, _:
            return ChannelBroken(f"Discord refuses: {words(error)}; `botcore check` tells which permission is missing")
        case 404, _:
            return ChannelBroken("there is no such channel, or the bot cannot see it")
        case status, _ if status >= 500:
            return SendUnknown(f"Discord is in trouble (HTTP {status})")
    log.error("Discord refuses a message (HTTP %s, code %s): %s", error.status, error.code, error.text)
    return SendFailed(f"Discord refuses this card (code {error.code})", REFUSED_PAUSE)


def pause_asked(error: discord.HTTPException, usual: float) -> float:
    """Seconds, of a 429 that the library does not wait for itself."""
    try:
        return max(1.0, float(error.response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return usual


def words(error: discord.HTTPException) -> str:
    """Discord's own words, short enough to show."""
    return clean(one_line(error.text), 100) or f"HTTP {error.status}"
