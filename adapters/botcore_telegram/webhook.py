"""Updates that Telegram posts to us: 200 only for what is durable."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from .inbox import Update
from .settings import TelegramSettings

log = logging.getLogger(__name__)

HEADER = "X-Telegram-Bot-Api-Secret-Token"
ROUTE = "/telegram/hooks/updates/{secret}"  # the logs hide what comes after /hooks/NAME/


class Webhook:
    """`take` returns once an update is durable; it is None while the adapter is not started."""

    def __init__(self, settings: TelegramSettings) -> None:
        token = settings.token.get_secret_value()
        self._path_secret = _derived(token, "path")
        self.header_secret = _derived(token, "header")
        self.take: Callable[[Update], Awaitable[None]] | None = None

    @property
    def path(self) -> str:
        return ROUTE.replace("{secret}", self._path_secret)

    def mount(self, app: web.Application) -> None:
        app.router.add_post(ROUTE, self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        given = request.match_info["secret"], request.headers.get(HEADER, "")
        same = [
            hmac.compare_digest(theirs.encode("utf-8", "surrogateescape"), ours.encode())
            for theirs, ours in zip(given, (self._path_secret, self.header_secret), strict=True)
        ]
        if not all(same):
            raise web.HTTPNotFound
        if self.take is None:
            return web.Response(status=503, text="not started\n", headers={"Retry-After": "5"})
        if (update := _read(await request.read())) is None:
            log.warning("what came to Telegram's webhook is no update")
            return web.Response(status=400, text="not an update\n")
        await self.take(update)
        return web.Response(text="ok\n")


def _read(body: bytes) -> Update | None:
    try:
        found = json.loads(body)
    except ValueError:
        return None
    number = found.get("update_id") if isinstance(found, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**63:
        return None
    return Update(number, found)


def _derived(token: str, purpose: str) -> str:
    """A secret that is the same after every start, and tells nothing of the token."""
    return hmac.new(token.encode(), f"botcore webhook {purpose}".encode(), hashlib.sha256).hexdigest()
