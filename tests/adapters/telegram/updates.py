"""Updates on their way to the bot: by long polling, or posted to its webhook."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from tests.adapters.telegram.schema import wrong_in_update
from tests.adapters.telegram.wire import ApiError, Call, bad_request
from tests.adapters.telegram.world import Json

log = logging.getLogger(__name__)

LONGEST_POLL = 50.0
ONLY_ON_REQUEST = {"chat_member", "message_reaction", "message_reaction_count"}
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


@dataclass(slots=True)
class Webhook:
    url: str
    secret: str
    max_connections: int = 40
    last_error: str = ""
    last_error_at: int = 0


@dataclass(slots=True)
class Posted:
    """One try to reach the webhook. `status` 0: no answer."""

    update_id: int
    status: int


@dataclass(slots=True)
class Updates:
    """The queue. An update is in it until the bot confirmed it. `webhook_pause`: seconds before it is posted again."""

    now: Callable[[], float]
    wrongs: list[str]
    webhook_pause: float = 0.1
    webhook: Webhook | None = None
    pending: dict[int, Json] = field(default_factory=dict)
    posted: list[Posted] = field(default_factory=list)
    polls: int = 0
    conflicts: int = 0
    allowed: frozenset[str] = frozenset()  # empty: all but those that must be asked for
    _next_id: int = 700_000_001
    _again: dict[int, Json] = field(default_factory=dict)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _polling: asyncio.Future[None] | None = None
    _poster: asyncio.Task[None] | None = None

    def put(self, kind: str, content: Json) -> int:
        """Queues an update, unless the bot does not want such; returns its id, or 0."""
        if (kind not in self.allowed) if self.allowed else (kind in ONLY_ON_REQUEST):
            return 0
        number = self._next_id
        self._next_id += 1
        update = {"update_id": number, kind: content}
        self.wrongs += wrong_in_update(update)
        self.pending[number] = update
        self._arrived.set()
        return number

    def repeat(self, update: Json) -> None:
        """Telegram delivers an update once more, as it does when an answer was lost."""
        self._again[update["update_id"]] = update
        self._arrived.set()

    async def poll(self, call: Call) -> list[Json]:
        """getUpdates: waits for something new as long as it was asked to. Raises `ApiError`."""
        self.polls += 1
        if self.webhook:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._allow(call)
        offset, limit = call.integer("offset"), call.integer("limit", 100) or 100
        if not 1 <= limit <= 100:
            raise bad_request("limit must be between 1 and 100")
        self._confirm(offset)
        self._interrupt("terminated by other getUpdates request; make sure that only one bot instance is running")
        mine = self._polling = asyncio.get_running_loop().create_future()
        try:
            await self._something(mine, min(float(call.integer("timeout")), LONGEST_POLL))
        finally:
            if self._polling is mine:
                self._polling = None
        again, self._again = list(self._again.values()), {}
        return [*again, *self.pending.values()][:limit]

    def set_webhook(self, call: Call) -> bool:
        """setWebhook, which takes no address but one on this machine here."""
        url = call.text("url")
        self._allow(call)
        if call.flag("drop_pending_updates"):
            self.pending.clear()
        if not url:
            return self.delete_webhook(call)
        if not url.startswith(("https://", "http://127.0.0.1")):
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        self._interrupt("terminated by setWebhook request")
        self.webhook = Webhook(url, call.text("secret_token"), call.integer("max_connections", 40))
        if self._poster is None or self._poster.done():
            self._poster = asyncio.create_task(self._post_all())
        return True

    def delete_webhook(self, call: Call) -> bool:
        if call.flag("drop_pending_updates"):
            self.pending.clear()
        self.webhook = None
        self._arrived.set()
        return True

    def webhook_info(self) -> Json:
        found: Json = {
            "url": self.webhook.url if self.webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self.pending),
        }
        if self.webhook:
            found["max_connections"] = self.webhook.max_connections
            if self.webhook.last_error:
                found |= {
                    "last_error_date": self.webhook.last_error_at,
                    "last_error_message": self.webhook.last_error,
                }
        if self.allowed:
            found["allowed_updates"] = sorted(self.allowed)
        return found

    async def stop(self) -> None:
        """Whoever waits for updates is told nothing more."""
        if self._polling and not self._polling.done():
            self._polling.cancel()
        if self._poster:
            self._poster.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._poster
            self._poster = None

    def resume(self) -> None:
        """The server is back: what waits for a webhook is posted again."""
        if self.webhook and self._poster is None:
            self._poster = asyncio.create_task(self._post_all())

    def _allow(self, call: Call) -> None:
        asked: Any = call.json("allowed_updates")
        if isinstance(asked, list):
            self.allowed = frozenset(asked)

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            offset = sorted(self.pending)[offset:][0] if self.pending else 0
        for number in [number for number in self.pending if number < offset]:
            del self.pending[number]

    def _interrupt(self, words: str) -> None:
        if self._polling and not self._polling.done():
            self.conflicts += 1
            self._polling.set_exception(ApiError(409, f"Conflict: {words}"))

    async def _something(self, mine: asyncio.Future[None], seconds: float) -> None:
        """Until there is an update, or the time is over. Raises what ended the wait from outside."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not self.pending and not self._again:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                break
            self._arrived.clear()
            arrived = asyncio.create_task(self._wait())
            try:
                await asyncio.wait([arrived, mine], timeout=left, return_when=asyncio.FIRST_COMPLETED)
            finally:
                arrived.cancel()
            if mine.done():
                break
        if mine.done():
            mine.result()

    async def _wait(self) -> None:
        await self._arrived.wait()

    async def _post_all(self) -> None:
        async with ClientSession(timeout=ClientTimeout(total=10)) as session:
            while True:
                webhook = self.webhook
                waiting = {**self._again, **self.pending}
                if webhook is None or not waiting:
                    self._arrived.clear()
                    await self._arrived.wait()
                    continue
                number = next(iter(waiting))
                status = await self._post(session, webhook, waiting[number])
                self.posted.append(Posted(number, status))
                if 200 <= status < 300:
                    if self._again.pop(number, None) is None:
                        self.pending.pop(number, None)
                else:
                    webhook.last_error = f"Wrong response from the webhook: {status}" if status else "Read timeout"
                    webhook.last_error_at = int(self.now())
                    await asyncio.sleep(self.webhook_pause)

    async def _post(self, session: ClientSession, webhook: Webhook, update: Json) -> int:
        headers = {SECRET_HEADER: webhook.secret} if webhook.secret else {}
        try:
            async with session.post(webhook.url, json=update, headers=headers) as response:
                await response.read()
                return response.status
        except (ClientError, TimeoutError, OSError) as error:
            log.info("the webhook did not answer: %r", error)
            return 0
