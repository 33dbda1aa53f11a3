"""The HTTP server: health, metrics, webhooks, and the pages that adapters mount."""

from __future__ import annotations

import hmac
import json
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from .metrics import CONTENT_TYPE, Metrics
from .models import WebhookRequest
from .provider import ProviderError
from .store.port import StoreError

log = logging.getLogger(__name__)

HOOK_BYTES = 1024 * 1024
PAGE_BYTES = 256 * 1024
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the bot works, and how many parts are in which state."""

    ok: bool
    parts: Mapping[str, int] = field(default_factory=dict)


class Server:
    """Adapters mount their pages on `app` before `start`."""

    def __init__(
        self,
        listen: tuple[str, int],
        *,
        webhooks: bool,
        metrics: bool,
        numbers: Metrics,
        gauges: Callable[[], Awaitable[Mapping[str, int]]],
        health: Callable[[], Health],
        accept_hook: Callable[[str, WebhookRequest], Awaitable[None]],
        hook_secret: Callable[[str], str | None],
    ) -> None:
        self._listen = listen
        self._numbers = numbers
        self._gauges = gauges
        self._health = health
        self._accept = accept_hook
        self._secret = hook_secret
        self._runner: web.AppRunner | None = None
        self._socket: socket.socket | None = None
        self.port = listen[1]
        self.app = web.Application(client_max_size=PAGE_BYTES, middlewares=[_guarded])
        self.app.on_response_prepare.append(_secure)
        self.app.router.add_get("/healthz", self._healthz)
        if metrics:
            self.app.router.add_get("/metrics", self._metrics)
        if webhooks:
            self.app.router.add_route("GET", "/hooks/{account}/{secret}", self._hook)
            self.app.router.add_post("/hooks/{account}/{secret}", self._hook)

    @property
    def url(self) -> str:
        host = self._listen[0]
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def bind(self) -> None:
        """Takes the port, so that `url` is known; 0 takes a free one. Raises `OSError` where it is taken."""
        host, port = self._listen
        try:
            self._socket = socket.create_server(
                (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=128
            )
        except OSError as error:
            raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from None
        self.port = self._socket.getsockname()[1]

    async def start(self) -> None:
        """Answers requests from now on."""
        if self._socket is None:
            raise RuntimeError("bind first")
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
        if self._socket:
            self._socket.close()

    async def _healthz(self, request: web.Request) -> web.Response:
        health = self._health()
        body = {"status": "ok" if health.ok else "failing", "parts": dict(health.parts)}
        return web.json_response(body, status=200 if health.ok else 503)

    async def _metrics(self, request: web.Request) -> web.Response:
        body = self._numbers.render(await self._gauges())
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})

    async def _hook(self, request: web.Request) -> web.Response:
        account = request.match_info["account"]
        if not self._knows(account, request.match_info["secret"]):
            self._numbers.hook("unknown")
            raise web.HTTPNotFound
        body = await _read(request, HOOK_BYTES)
        if body is None:
            self._numbers.hook("too large")
            return web.Response(status=413, text="too large")
        hint = WebhookRequest(
            request.method,
            dict(request.query),
            {name.lower(): value for name, value in request.headers.items()},
            body,
        )
        try:
            await self._accept(account, hint)
        except PermissionError:
            result, answer = "unsigned", web.Response(status=403, text="not signed")
        except ValueError:
            result, answer = "unreadable", web.Response(status=400, text="not a webhook of this marketplace")
        except (StoreError, ProviderError, NotImplementedError) as error:
            log.error("a webhook for %s was not taken: %s", account, error)
            result, answer = "failed", web.Response(status=503, text="try again later")
        else:
            result, answer = "taken", web.Response(text="ok")
        self._numbers.hook(result)
        return answer

    def _knows(self, account: str, secret: str) -> bool:
        """Takes as long for an account that there is not as for a wrong secret."""
        expected = self._secret(account)
        same = hmac.compare_digest(secret.encode(errors="replace"), (expected or "-").encode())
        return same and expected is not None


async def _read(request: web.Request, limit: int) -> bytes | None:
    """The body; None for one that is larger. Its own word about its length is not believed."""
    if request.content_length is not None and request.content_length > limit:
        return None
    body = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


@web.middleware
async def _guarded(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """A client's mistake is theirs to read, ours is for the log."""
    try:
        return await handler(request)
    except (json.JSONDecodeError, UnicodeDecodeError):
        return web.Response(status=400, text="cannot be read")
    except StoreError as error:
        log.error("%s: %s", request.method, error)
        return web.Response(status=503, text="try again later")


async def _secure(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in SECURITY.items():
        response.headers.setdefault(name, value)
