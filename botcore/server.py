"""The bot's HTTP server: webhooks, health, metrics, and the pages that adapters mount on it."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import hmac
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from .logs import reference
from .metrics import CONTENT_TYPE, Metrics
from .models import WebhookRequest
from .provider import ProviderError
from .store.port import StoreError

log = logging.getLogger(__name__)

HOOK_BYTES = 1024 * 1024
HOOK_SECONDS = 30.0  # for a body to arrive
PAGE_BYTES = 256 * 1024
RETRY_SECONDS = 30
STOP_SECONDS = 0.2  # for requests under way, and once more for those that were cancelled

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class CannotListen(OSError):  # noqa: N818
    """The address is taken or not ours. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Health:
    """Whether all that is vital works, and how many parts are in which state. Strangers see it: no names."""

    ok: bool
    parts: Mapping[str, int] = field(default_factory=dict)


class Server:
    """`bind` takes the port, `start` answers on it, `stop` ends it within a second. Pages go on `app` before `start`.

    `listen`: a host and a port, 0 for any free one. `accept_hook` returns once a webhook is durable; it raises
    `ValueError` for what is no webhook of the account's marketplace, `PermissionError` for a wrong signature.
    `hook_secret` tells an account's secret, None where there is no such account or it has none.
    """

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
        self._socket: socket.socket | None = None
        self._runner: web.AppRunner | None = None
        self.port = listen[1]  # the real one, once it is bound
        self.app = web.Application(client_max_size=PAGE_BYTES, middlewares=[self._shield])
        self.app.on_response_prepare.append(_secure)
        self.app.router.add_get("/healthz", self._answer_health)
        if metrics:
            self.app.router.add_get("/metrics", self._answer_metrics)
        if webhooks:
            hooks = _Hooks(accept_hook, hook_secret, numbers)
            self.app.router.add_post("/hooks/{account}/{secret}", hooks.answer)
            self.app.router.add_get("/hooks/{account}/{secret}", hooks.answer, allow_head=False)

    @property
    def url(self) -> str:
        """Where it is reached on this machine, without a slash at its end."""
        host = self._listen[0]
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def bind(self) -> None:
        """Takes the port, so that `url` is known before anything is answered. Raises `CannotListen`."""
        self._socket = _listening(*self._listen)
        self.port = self._socket.getsockname()[1]

    async def start(self) -> None:
        """Answers requests from now on, on a port that was bound."""
        if self._socket is None:
            raise RuntimeError("bind first")
        self._runner = web.AppRunner(
            self.app,
            access_log=None,  # its lines hold paths, and those hold secrets
            logger=_protocol_log(),
            auto_decompress=False,  # nobody who is welcome sends anything compressed
            shutdown_timeout=STOP_SECONDS,
        )
        try:
            await self._runner.setup()
            await web.SockSite(self._runner, self._socket).start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Ends what is under way, endless event streams too, and gives the port back. Harmless to repeat."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        if self._socket is not None:
            self._socket.close()

    # --- inside

    async def _answer_health(self, request: web.Request) -> web.Response:
        health = self._health()
        body = {"status": "ok" if health.ok else "failing", "parts": dict(health.parts)}
        return web.json_response(body, status=200 if health.ok else 503)

    async def _answer_metrics(self, request: web.Request) -> web.Response:
        body = self._numbers.render(await self._gauges())
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})

    @web.middleware
    async def _shield(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Nobody sees a traceback, and the log sees which route failed, never which path was asked."""
        try:
            return await handler(request)
        except (web.HTTPException, asyncio.CancelledError):
            raise
        except web.RequestPayloadError as error:
            raise web.HTTPBadRequest(text="The request broke off.\n") from error
        except StoreError as error:
            log.error("%s: %s", _route(request), error)
            return _try_again()
        except Exception as error:
            if isinstance(error, ConnectionError) and _is_gone(request):
                raise
            ref = reference()
            log.exception("%s failed", _route(request), extra={"ref": ref})
            self._numbers.failed("server")
            if request.writer.output_size:
                raise ConnectionAbortedError("the answer had begun") from error
            return web.Response(status=500, text=f"Something went wrong ({ref}).\n")


class _Hooks:
    """`/hooks/ACCOUNT/SECRET`: 200 only for what has been committed."""

    def __init__(
        self,
        accept: Callable[[str, WebhookRequest], Awaitable[None]],
        secret_of: Callable[[str], str | None],
        numbers: Metrics,
    ) -> None:
        self._accept = accept
        self._secret_of = secret_of
        self._numbers = numbers
        self._nobodys = secrets.token_urlsafe()

    async def answer(self, request: web.Request) -> web.Response:
        account = request.match_info["account"]
        if not self._knows(account, request.match_info["secret"]):
            self._numbers.hook("unknown")
            raise web.HTTPNotFound
        try:
            async with asyncio.timeout(HOOK_SECONDS):
                body = await _read(request, HOOK_BYTES)
        except TimeoutError:
            self._numbers.hook("too slow")
            return web.Response(status=408, text="too slow\n")
        if body is None:
            self._numbers.hook("too large")
            return web.Response(status=413, text="too large\n")
        headers = {name.lower(): value for name, value in request.headers.items()}
        result, answer = await self._take(account, WebhookRequest(request.method, dict(request.query), headers, body))
        self._numbers.hook(result)
        return answer

    async def _take(self, account: str, hook: WebhookRequest) -> tuple[str, web.Response]:
        try:
            await self._accept(account, hook)
        except PermissionError:
            log.warning("a webhook for %s was not signed: check signature_secret", account)
            return "unsigned", web.Response(status=403, text="not signed\n")
        except ValueError:
            log.info("a webhook for %s could not be read", account)
            return "unreadable", web.Response(status=400, text="not a webhook of this marketplace\n")
        except (StoreError, ProviderError) as error:
            log.error("a webhook for %s was not taken: %s", account, error)
        except Exception:  # whatever it was, nothing was kept: they shall send it again
            log.exception("a webhook for %s was not taken", account)
        else:
            return "taken", web.Response(text="ok\n")
        return "failed", _try_again()

    def _knows(self, account: str, given: str) -> bool:
        """Takes as long for an account that there is not as for a wrong secret."""
        secret = self._secret_of(account)
        same = hmac.compare_digest(_digest(given), _digest(secret or self._nobodys))
        return same and bool(secret)


async def _read(request: web.Request, limit: int) -> bytes | None:
    """The body; None for one that is larger, whatever it says of its length."""
    if (request.content_length or 0) > limit:
        return None
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


def _digest(text: str) -> bytes:
    """Of one length for all, as the comparison's time tells the length."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _try_again() -> web.Response:
    return web.Response(status=503, text="try again later\n", headers={"Retry-After": str(RETRY_SECONDS)})


async def _secure(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in SECURITY.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "botcore"


def _route(request: web.Request) -> str:
    """What was asked for as the log may know it: a path can hold a secret."""
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical if resource else '(no route)'}"


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _protocol_log() -> logging.Logger:
    """Where aiohttp tells of what never became a request, without what strangers made of it."""
    protocol_log = logging.Logger(f"{__name__}.protocol")
    protocol_log.parent = log
    protocol_log.addFilter(_is_ours)
    return protocol_log


def _is_ours(record: logging.LogRecord) -> bool:
    """False for malformed requests, whose errors quote them, and for connections that strangers broke off."""
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    return not isinstance(error, HttpProcessingError | ConnectionError)


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server((address[0], port), family=family, backlog=128)
    except OSError as error:
        match error.errno:
            case errno.EADDRINUSE:
                why = "another program is there already; stop it, or change listen under [bot]"
            case errno.EACCES:
                why = "this user may not; change listen under [bot] to a port from 1024 on"
            case _:
                why = f"{error.strerror or error}; change listen under [bot]"
        raise CannotListen(error.errno, f"cannot listen on {host}:{port}: {why}") from error
