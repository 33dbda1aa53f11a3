"""The connection by which Discord tells what people do: kept up for as long as the bot runs.

A connection that breaks is taken up again where it was (RESUME), which costs nothing. New sessions are counted by
Discord, about a thousand a day, and a bot that uses them up loses its token: each waits longer than the one before,
and the last of a day are spread over what is left of it.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from enum import StrEnum
from random import Random

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from botcore.adapter import ChannelBroken, SendFailed
from botcore.clock import Clock

from .client import Client, meaning

log = logging.getLogger(__name__)

FIRST, LONGEST = 1.0, 120.0  # seconds between tries
RESUMES = 5  # tries in a row to take up a session, where nothing answers at its address
HEALTHY = 60.0  # a connection that held so long was a good one
OPENING = 60.0  # seconds to say hello
APART = 5.0  # seconds between new sessions, which Discord insists on
FEW = 100  # new sessions left for the day: from here on they are spread over the rest of it
PATIENCE = 60.0  # seconds that a start waits for a new session to be allowed
MENDED_BY_PEOPLE = {
    4004: "Discord does not accept the token: make a new one in the developer portal",
    4010: "Discord refuses the connection (invalid shard)",
    4011: "Discord asks for sharding: the bot is in too many servers",
    4012: "Discord refuses the connection (API version)",
    4013: "Discord refuses the connection (intents)",
    4014: "Discord refuses the intents that the bot asks for",
}


class State(StrEnum):
    CONNECTING = "connecting"
    CONNECTED = "connected"
    LOST = "connection lost, trying again"
    SPARING = "waiting: few new sessions are left for today"


@dataclass(frozen=True, slots=True)
class _Session:
    """What it takes to go on where a connection broke."""

    id: str
    sequence: int | None
    gateway: yarl.URL


class Gateway:
    """One connection. `run` ends only by an error; `client.connected` is set while it holds."""

    def __init__(self, client: Client, clock: Clock, random: Random | None = None) -> None:
        self._client = client
        self._clock = clock
        self._random = random or Random()  # noqa: S311 - it only spreads tries
        self._failures = 0  # in a row
        self._sessions = 0  # begun here
        self._begun_at = 0  # when the last of them was, in ms
        self._sparing = False

    async def run(self) -> None:
        """Keeps the connection. Raises `ChannelBroken` where only a person can help, and `SendFailed` where the first
        one is not allowed yet."""
        self._client.answer_at_base_url()
        session: _Session | None = None
        while True:
            try:
                ws = await self._open(session)
            except ReconnectWebSocket as error:
                session = session if error.resume else None
                await self._pause("was closed at once")
                continue
            except discord.ConnectionClosed as error:
                _raise_if_mended_by_people(error)
                await self._pause(f"was closed at once ({error.code})")
                continue
            except (
                discord.HTTPException,
                discord.GatewayNotFound,
                aiohttp.ClientError,
                OSError,
                TimeoutError,
            ) as error:
                found = meaning(_reason(error))
                if isinstance(found, ChannelBroken):
                    raise found from error
                if self._failures >= RESUMES:
                    session = None  # its address may be gone; Discord tells another one for a new session
                await self._pause(f"failed: {found}")
                continue
            session = await self._listen(ws)

    @property
    def state(self) -> State:
        if self._client.connected.is_set():
            return State.CONNECTED
        if self._sparing:
            return State.SPARING
        return State.LOST if self._sessions > 1 or self._failures else State.CONNECTING

    async def _open(self, session: _Session | None) -> DiscordWebSocket:
        if session is not None:
            opening = DiscordWebSocket.from_client(
                self._client,
                gateway=session.gateway,
                session=session.id,
                sequence=session.sequence,
                resume=True,
            )
        else:
            gateway = await self._may_begin()
            self._sessions += 1
            self._begun_at = self._clock.ms()
            opening = DiscordWebSocket.from_client(self._client, gateway=gateway)
        async with asyncio.timeout(OPENING):
            return await opening

    async def _listen(self, ws: DiscordWebSocket) -> _Session | None:
        """Until the connection breaks: the session to go on with, None where it is over."""
        self._client.ws = ws
        began = self._clock.ms()
        why, resume = "broke", True
        try:
            await self._poll(ws)
            self._begun_at = self._clock.ms()  # by its first event Discord has heard of it, and counts from then
            while True:
                await self._poll(ws)
        except ReconnectWebSocket as error:
            resume = error.resume
            why = "is to be made anew" if error.resume else "is over: a new session"
        except discord.ConnectionClosed as error:
            _raise_if_mended_by_people(error)
            why = f"was closed ({error.code})"
        except (aiohttp.ClientError, OSError, TimeoutError):
            pass
        finally:
            self._client.connected.clear()
        session = None
        if resume and ws.session_id:
            session = _Session(ws.session_id, ws.sequence, ws.gateway)
        if self._clock.ms() - began >= HEALTHY * 1000:
            self._failures = 0
        if session is None or self._failures:
            await self._pause(why)
        else:
            self._failures = 1  # the first time at once
            log.info("Discord: the connection %s", why)
        return session

    async def _poll(self, ws: DiscordWebSocket) -> None:
        """The next event. One that the library cannot read costs nothing but itself."""
        try:
            await ws.poll_event()
        except (LookupError, TypeError, ValueError, AttributeError):
            log.exception("Discord sent something that cannot be read")
            if not ws.open:
                raise ReconnectWebSocket(None) from None

    async def _may_begin(self) -> yarl.URL:
        """Where to connect, once a new session may be begun."""
        if self._sessions:
            since = max(0, self._clock.ms() - self._begun_at) / 1000
            await self._clock.sleep(APART - since)
        _, url, limit = await self._client.http.get_bot_gateway()
        remaining, reset_in = limit["remaining"], limit["reset_after"] / 1000
        if remaining <= FEW:
            pause = reset_in / (remaining + 1)
            if pause > PATIENCE and not self._sessions:
                raise SendFailed("Discord allows no new session yet: too many today", pause)
            log.warning("Discord: %d new sessions are left for %.0f s; waiting %.0f s", remaining, reset_in, pause)
            self._sparing = True
            try:
                await self._clock.sleep(pause)
            finally:
                self._sparing = False
        return yarl.URL(url)

    async def _pause(self, why: str) -> None:
        self._failures += 1
        pause = min(LONGEST, FIRST * 2.0 ** min(self._failures - 1, 20)) * self._random.uniform(0.5, 1.0)
        log.info("Discord: the connection %s; again in %.1f s", why, pause)
        await self._clock.sleep(pause)


def _reason(error: Exception) -> Exception:
    """The library says only that it found no gateway; its cause says why."""
    if isinstance(error, discord.GatewayNotFound) and isinstance(error.__cause__, discord.HTTPException):
        return error.__cause__
    return error


def _raise_if_mended_by_people(error: discord.ConnectionClosed) -> None:
    if error.code in MENDED_BY_PEOPLE:
        raise ChannelBroken(MENDED_BY_PEOPLE[error.code]) from error
