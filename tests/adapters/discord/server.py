"""A small Discord on loopback: its HTTP API and its gateway, as strict as the real one where a bot can notice."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from typing import Any

from aiohttp import BodyPartReader, web

from tests.adapters.discord import rules
from tests.adapters.discord.acts import Acts
from tests.adapters.discord.limits import Fault, Limits, Trouble
from tests.adapters.discord.sockets import Gateway
from tests.adapters.discord.world import (
    ATTACH,
    HISTORY,
    IN_TIME,
    REVIEW,
    SEND,
    TOKEN_LIFE,
    VIEW,
    Interaction,
    Message,
    User,
    World,
)
from tests.ports import free_port

TOKEN = "MTA.fake-token.of-a-bot"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refusal(Exception):  # noqa: N818
    """What Discord says no with."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class FakeDiscord(Acts):
    """`async with FakeDiscord() as discord:` - its address is `base_url`, what is there is in `world`.

    `now` turns the clock of limits and ids; without `told_limits` the answers have no rate limit headers, so that a
    client does not wait by itself. An interaction that nobody acknowledged `in_time` (in seconds) has failed. What
    breaks a rule of Discord's is refused as there, and noted in `violations`.
    """

    def __init__(
        self, now: Callable[[], float] = time.time, *, told_limits: bool = True, in_time: float = IN_TIME
    ) -> None:
        world = World(now)
        super().__init__(world, Gateway(world, TOKEN), in_time)
        self.limits = Limits(now)
        self.faults: list[Fault] = []
        self.violations: list[str] = []
        self.largest = 0  # bytes of a request that it takes, where that is set
        self.requests: list[tuple[str, str]] = []
        self.uplink = 0.0  # bytes in a second that it takes, where that is set
        self._told_limits = told_limits
        self._runner: web.AppRunner | None = None
        self._closing = asyncio.Event()
        self._port = free_port()

    async def __aenter__(self) -> FakeDiscord:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Opens it, every time on the same port."""
        self._closing.clear()
        app = web.Application(middlewares=[self._middleware], client_max_size=64 * 2**20)
        app.router.add_get("/gateway", self.gateway.serve)
        base = "/api/v10"
        for method, path, handler in (
            ("GET", "/users/@me", self._me),
            ("GET", "/oauth2/applications/@me", self._application),
            ("GET", "/gateway/bot", self._gateway_bot),
            ("GET", "/guilds/{guild}", self._guild),
            ("GET", "/guilds/{guild}/members/{user}", self._member),
            ("GET", "/channels/{channel}", self._channel),
            ("GET", "/channels/{channel}/messages", self._history),
            ("POST", "/channels/{channel}/messages", self._post),
            ("PATCH", "/channels/{channel}/messages/{message}", self._patch),
            ("PUT", "/applications/{application}/guilds/{guild}/commands", self._overwrite),
            ("POST", "/interactions/{interaction}/{token}/callback", self._callback),
            ("PATCH", "/webhooks/{application}/{token}/messages/@original", self._edit_original),
            ("POST", "/webhooks/{application}/{token}", self._follow_up),
        ):
            app.router.add_route(method, base + path, handler)
        app.router.add_get("/ephemeral-attachments/{upload}/{name}", self._upload)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self.gateway.url = f"ws://127.0.0.1:{self._port}/gateway"
        self.world.cdn = f"http://127.0.0.1:{self._port}"

    async def stop(self) -> None:
        self._closing.set()
        await self.gateway.drop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/v10"

    def fault(self, trouble: Trouble, method: str, path: str, **more: Any) -> Fault:
        """What the next such requests meet. `path` is a pattern, without the base."""
        self.faults.append(Fault(trouble, method, path, **more))
        return self.faults[-1]

    # --- HTTP

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path.removeprefix("/api/v10")
        if path == "/gateway":
            return await handler(request)
        self.requests.append((request.method, path))
        if path.startswith("/ephemeral-attachments/"):
            return await handler(request)
        fault = next((f for f in self.faults if f.takes(request.method, path)), None)
        if fault is not None and (answer := await self._before(fault, request)) is not None:
            return answer
        if self.uplink:
            await asyncio.sleep((request.content_length or 0) / self.uplink)
        try:
            if self.largest and (request.content_length or 0) > self.largest:
                await request.read()
                raise Refusal(413, 40005, "Request entity too large")
            answer = await self._answer(request, path, handler)
        except Refusal as refusal:
            if refusal.code == 50035:
                self.violations.append(f"{request.method} {path}: {refusal}")
            answer = reply({"code": refusal.code, "message": str(refusal)}, refusal.status)
        if fault is not None:
            answer = await self._after(fault, request, answer)
        answer.headers["Date"] = formatdate(self.world.now(), usegmt=True)
        return answer

    async def _answer(self, request: web.Request, path: str, handler: Handler) -> web.StreamResponse:
        needs_none = path.startswith(("/interactions/", "/webhooks/"))
        if not needs_none and request.headers.get("Authorization") != f"Bot {TOKEN}":
            return reply({"message": "401: Unauthorized", "code": 0}, 401)
        if path.startswith("/channels/") and request.method in ("POST", "PATCH"):
            bucket = f"{request.method} {request.match_info['channel']}"
            if (wait := self.limits.wait(bucket)) > 0:
                return pause(wait, everything=False)
            answer = await handler(request)
            if self._told_limits:
                left, after = self.limits.left(bucket)
                answer.headers["X-RateLimit-Bucket"] = request.method.lower()
                answer.headers["X-RateLimit-Limit"] = str(self.limits.calls)
                answer.headers["X-RateLimit-Remaining"] = str(left)
                answer.headers["X-RateLimit-Reset-After"] = f"{after:.3f}"
                answer.headers["X-RateLimit-Reset"] = f"{self.world.now() + after:.3f}"
            return answer
        return await handler(request)

    async def _before(self, fault: Fault, request: web.Request) -> web.StreamResponse | None:
        match fault.trouble:
            case Trouble.ERROR_BEFORE:
                return reply({"message": "bad gateway"}, 502)
            case Trouble.UNAVAILABLE:
                return reply({"message": "unavailable"}, 503)
            case Trouble.PAUSE | Trouble.PAUSE_ALL:
                return pause(fault.seconds, everything=fault.trouble is Trouble.PAUSE_ALL)
            case Trouble.FORBIDDEN:
                return reply({"message": "Missing Access", "code": 50001}, 403)
            case Trouble.REFUSED:
                return reply({"message": "Invalid Form Body", "code": 50035}, 400)
            case Trouble.OLD_EDITS:
                words = "Maximum number of edits to messages older than 1 hour reached."
                return reply({"message": words, "code": 30046}, 400)
            case Trouble.BANNED:
                return web.Response(text="error code: 1015", status=429, headers={"Retry-After": "90"})
            case Trouble.CUT_BEFORE:
                await request.read()
                _cut(request)
                return reply({}, 500)
        return None

    async def _after(self, fault: Fault, request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        match fault.trouble:
            case Trouble.ERROR_AFTER:
                return reply({"message": "bad gateway"}, 502)
            case Trouble.UNAVAILABLE_AFTER:
                return reply({"message": "unavailable"}, 503)
            case Trouble.CUT_AFTER:
                _cut(request)
            case Trouble.HANG_AFTER:
                await self._closing.wait()
                _cut(request)
        return answer

    async def _upload(self, request: web.Request) -> web.Response:
        upload = self.world.uploads.get(request.match_info["upload"])
        if upload is None:
            return web.Response(status=404)
        return web.Response(body=upload.content, content_type="text/plain", charset="utf-8")

    async def _me(self, request: web.Request) -> web.Response:
        return reply(self.world.me.payload())

    async def _application(self, request: web.Request) -> web.Response:
        return reply(
            {
                "id": self.world.application,
                "name": "Review bot",
                "icon": None,
                "description": "",
                "bot_public": False,
                "bot_require_code_grant": False,
                "summary": "",
                "verify_key": "0" * 64,
                "flags": 0,
                "team": None,
                "owner": User("300000000000000099", "owner").payload(),
            }
        )

    async def _gateway_bot(self, request: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": self.gateway.left, "reset_after": 3_600_000, "max_concurrency": 1}
        return reply({"url": self.gateway.url, "shards": 1, "session_start_limit": limit})

    async def _guild(self, request: web.Request) -> web.Response:
        self._here(request)
        return reply(self.world.guild_payload())

    async def _member(self, request: web.Request) -> web.Response:
        self._here(request)
        return reply(self.world.me.member())

    async def _channel(self, request: web.Request) -> web.Response:
        return reply(self.world.channel_payload(self._place(request, VIEW)))

    async def _history(self, request: web.Request) -> web.Response:
        channel = self._place(request, VIEW | HISTORY)
        after, limit = int(request.query.get("after", 0)), int(request.query.get("limit", 50))
        found = [m for m in self.world.shown(channel) if int(m.id) > after][:limit]
        # newest first, and without the nonces
        return reply([self.world.message_payload(message) for message in reversed(found)])

    async def _post(self, request: web.Request) -> web.Response:
        channel = self._place(request, VIEW | SEND)
        payload, files = await _body(request)
        self._check(rules.check_message, payload, list(files))
        if files:
            self._place(request, ATTACH)
        nonce = str(payload.get("nonce") or "")
        if len(nonce) > 25:
            raise Refusal(400, 50035, "a nonce is of 25 characters at most")
        same = self.world.same(channel, nonce) if nonce and payload.get("enforce_nonce") else None
        message = same or self.world.add(channel, payload, files)
        return reply({**self.world.message_payload(message), "nonce": nonce})

    async def _patch(self, request: web.Request) -> web.Response:
        self._place(request, VIEW)
        message = self.world.messages.get(request.match_info["message"])
        if message is None or message.deleted or message.is_private:
            raise Refusal(404, 10008, "Unknown Message")
        await self._change(message, request)
        return reply(self.world.message_payload(message))

    async def _change(self, message: Message, request: web.Request) -> None:
        payload, files = await _body(request)
        kept = message.files if "attachments" not in payload else {}
        self._check(rules.check_message, {"flags": message.flags, **payload}, [*kept, *files])
        self.world.edit(message, payload, files)

    async def _overwrite(self, request: web.Request) -> web.Response:
        self._here(request)
        self.world.commands = await request.json()
        self._check(rules.check_commands, self.world.commands)
        self.world.overwrites += 1
        return reply([])

    async def _callback(self, request: web.Request) -> web.Response:
        interaction = self.world.interactions.get(request.match_info["token"])
        took = self.world.now() - interaction.began if interaction else 0.0
        if interaction is None or interaction.id != request.match_info["interaction"] or took > self.in_time:
            if interaction is not None:
                interaction.refused.append("too late")
            raise Refusal(404, 10062, "Unknown interaction")
        if interaction.kind:
            interaction.refused.append("twice")
            raise Refusal(400, 40060, "Interaction has already been acknowledged.")
        payload, files = await _body(request)
        made = self._first_answer(interaction, payload["type"], payload.get("data") or {}, files)
        interaction.kind, interaction.took = payload["type"], took
        interaction.acknowledged.set()
        told: dict[str, Any] = {"id": interaction.id, "type": interaction.type}
        answer: dict[str, Any] = {"interaction": told}
        if made is not None:
            told["response_message_id"] = made.id
            told["response_message_loading"] = interaction.kind == 5
            told["response_message_ephemeral"] = made.is_private
            answer["resource"] = {"type": interaction.kind, "message": self.world.message_payload(made)}
        return reply(answer)

    def _first_answer(
        self, interaction: Interaction, kind: int, data: Mapping[str, Any], files: Mapping[str, bytes]
    ) -> Message | None:
        channel = interaction.message.channel if interaction.message else REVIEW
        match kind:
            case 4:
                self._check(rules.check_message, data, list(files))
                interaction.original = self.world.add(channel, data, files)
            case 5:
                interaction.original = self.world.add(channel, {"components": [], **data}, {})
            case 6 | 7 if interaction.message is not None:
                interaction.original = interaction.message
                if kind == 7:
                    if interaction.message.deleted:
                        raise Refusal(404, 10008, "Unknown Message")
                    self._check(
                        rules.check_message,
                        {"flags": interaction.message.flags, **data},
                        [*interaction.message.files, *files],
                    )
                    self.world.edit(interaction.message, data, files)
            case 8 if interaction.type == 4:
                interaction.choices = data["choices"]
                if len(data["choices"]) > 25 or any(not 1 <= len(c["name"]) <= 100 for c in data["choices"]):
                    raise Refusal(400, 50035, "what completes")
            case 9 if interaction.type != 5:
                self._check(rules.check_modal, data)
                interaction.asked = data
            case _:
                raise Refusal(400, 50035, f"an answer of type {kind} to an interaction of type {interaction.type}")
        return interaction.original

    async def _edit_original(self, request: web.Request) -> web.Response:
        interaction = self._answered(request)
        message = interaction.original
        if message is None or message.deleted:
            raise Refusal(404, 10008, "Unknown Message")
        payload, files = await _body(request)
        message.flags |= payload.get("flags", 0) & rules.V2
        kept = message.files if "attachments" not in payload else {}
        self._check(rules.check_message, {"flags": message.flags, **payload}, [*kept, *files])
        self.world.edit(message, payload, files)
        return reply(self.world.message_payload(message))

    async def _follow_up(self, request: web.Request) -> web.Response:
        interaction = self._answered(request)
        payload, files = await _body(request)
        self._check(rules.check_message, payload, list(files))
        channel = interaction.message.channel if interaction.message else REVIEW
        message = self.world.add(channel, payload, files)
        interaction.whispers.append(message)
        return reply(self.world.message_payload(message))

    def _answered(self, request: web.Request) -> Interaction:
        interaction = self.world.interactions.get(request.match_info["token"])
        if interaction is None or not interaction.kind or self.world.now() - interaction.began > TOKEN_LIFE:
            raise Refusal(404, 10015, "Unknown Webhook")
        return interaction

    def _here(self, request: web.Request) -> None:
        guild = request.match_info["guild"]
        if guild != self.world.guild or guild not in self.world.member_of:
            raise Refusal(404, 10004, "Unknown Guild")

    def _place(self, request: web.Request, needed: int) -> str:
        channel = request.match_info["channel"]
        if channel not in self.world.channels:
            raise Refusal(404, 10003, "Unknown Channel")
        if needed & ~self.world.permissions(channel):
            missing_view = VIEW & ~self.world.permissions(channel)
            raise Refusal(403, 50001, "Missing Access") if missing_view else Refusal(403, 50013, "Missing Permissions")
        return channel

    def _check(self, check: Callable[..., None], *what: Any) -> None:
        try:
            check(*what)
        except rules.Invalid as error:
            raise Refusal(400, 50035, f"Invalid Form Body: {error}") from error


def reply(data: object, status: int = 200) -> web.Response:
    """Its type is exactly what clients compare with."""
    return web.Response(
        body=json.dumps(data).encode(), status=status, headers={"Content-Type": "application/json", "Via": "1.1 fake"}
    )


def pause(seconds: float, *, everything: bool) -> web.Response:
    body = {"message": "You are being rate limited.", "retry_after": seconds, "global": everything}
    answer = reply(body, 429)
    answer.headers["Retry-After"] = f"{seconds:.3f}"
    if everything:
        answer.headers["X-RateLimit-Global"] = "true"
    return answer


async def _body(request: web.Request) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The JSON of a request, and its files by name."""
    if not request.content_type.startswith("multipart/"):
        return await request.json(), {}
    payload: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    reader = await request.multipart()
    async for part in reader:
        assert isinstance(part, BodyPartReader)
        content = bytes(await part.read())
        if part.name == "payload_json":
            payload = json.loads(content)
        else:
            files[part.filename or ""] = content
    if "attachments" in payload:
        assert {entry["filename"] for entry in payload["attachments"]} == set(files)
        payload["attachments"] = [entry for entry in payload["attachments"] if entry["filename"] not in files]
    return payload, files


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
