"""The gateway: sessions that begin, go on and end, and every event of theirs in its order."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.adapters.discord.world import World

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11
PRIVILEGED = 1 << 1 | 1 << 8 | 1 << 15


@dataclass
class Session:
    id: str
    events: list[dict[str, Any]] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None


class Gateway:
    """`identified_at` has each new session's second; `resumed` counts; `left` is what `session_start_limit` answers."""

    def __init__(self, world: World, token: str) -> None:
        self.identified_at: list[float] = []
        self.resumed = 0
        self.left = 1000
        self.url = ""
        self.intents = 0
        self.close_with: int | None = None  # who identifies is closed with this code
        self._world = world
        self._token = token
        self._sessions: dict[str, Session] = {}
        self._sockets: set[web.WebSocketResponse] = set()
        self._changed = asyncio.Event()

    @property
    def identified(self) -> int:
        return len(self.identified_at)

    @property
    def connected(self) -> bool:
        return any(s.socket is not None for s in self._sessions.values())

    async def serve(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        session: Session | None = None
        try:
            await self._send(socket, {"op": HELLO, "d": {"heartbeat_interval": 41250}})
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    break
                session = await self._take(socket, json.loads(message.data), session)
        finally:
            self._sockets.discard(socket)
            if session is not None and session.socket is socket:
                session.socket = None
        return socket

    async def _take(
        self, socket: web.WebSocketResponse, message: dict[str, Any], session: Session | None
    ) -> Session | None:
        data = message["d"]
        match message["op"]:
            case 1:
                await self._send(socket, {"op": ACK})
            case 2:
                return await self._identify(socket, data)
            case 6:
                return await self._resume(socket, data)
        return session

    async def _identify(self, socket: web.WebSocketResponse, data: dict[str, Any]) -> Session | None:
        self.identified_at.append(self._world.now())
        self.left -= 1
        self.intents = data["intents"]
        if data["token"] != self._token:
            await socket.close(code=4004)
        elif self.close_with is not None:
            await socket.close(code=self.close_with)
        elif self.intents & PRIVILEGED:
            await socket.close(code=4014)
        else:
            session = Session(f"session-{self.identified}", socket=socket)
            self._sessions[session.id] = session
            world = self._world
            ready = {
                "v": 10,
                "user": world.me.payload(),
                "guilds": [{"id": guild, "unavailable": True} for guild in world.member_of],
                "session_id": session.id,
                "resume_gateway_url": self.url,
                "application": {"id": world.application, "flags": 0},
            }
            await self._dispatch(session, "READY", ready)
            if world.guild in world.member_of:
                await self._dispatch(session, "GUILD_CREATE", world.guild_create())
            return session
        return None

    async def _resume(self, socket: web.WebSocketResponse, data: dict[str, Any]) -> Session | None:
        session = self._sessions.get(data["session_id"])
        if session is None:
            await self._send(socket, {"op": INVALID, "d": False})
            return None
        self.resumed += 1
        session.socket = socket
        for event in session.events:
            if event["s"] > data["seq"]:
                await self._send(socket, event)
        await self._dispatch(session, "RESUMED", {})
        return session

    async def tell(self, event: str, data: dict[str, Any]) -> None:
        """To every session; one that is not connected just now gets it when it goes on."""
        for session in self._sessions.values():
            await self._dispatch(session, event, data)

    async def drop(self, code: int = 0) -> None:
        """Breaks every connection: without a word, or closed with a code."""
        for socket in list(self._sockets):
            if code:
                await socket.close(code=code)
            elif socket._req is not None and socket._req.transport is not None:
                socket._req.transport.abort()
        for session in self._sessions.values():
            session.socket = None

    async def forget(self) -> None:
        """Ends every session: none can be resumed."""
        self._sessions.clear()
        await self.drop()

    async def ask_to_reconnect(self) -> None:
        for socket in list(self._sockets):
            await self._send(socket, {"op": RECONNECT, "d": None})

    async def _dispatch(self, session: Session, event: str, data: dict[str, Any]) -> None:
        message = {"op": DISPATCH, "t": event, "s": len(session.events) + 1, "d": data}
        session.events.append(message)
        if session.socket is not None:
            await self._send(session.socket, message)

    async def _send(self, socket: web.WebSocketResponse, message: dict[str, Any]) -> None:
        try:
            await socket.send_str(json.dumps(message))
        except (ConnectionError, RuntimeError):
            return  # it is gone; a session keeps its events
