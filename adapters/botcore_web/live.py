"""The stream of server-sent events that keeps an open page up to date."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

from aiohttp import web

from botcore.clock import Clock

from .messages import Message, Messages, Totals, is_news, is_queue
from .render import Look, render_card

HEARTBEAT = 5.0  # real seconds; how soon at the latest a stream notices a lost browser or a removed person
FAR_BEHIND = 400  # changes; whoever missed more is told to read the whole board again


class Wakers:
    """Tells every open stream that there is something new, or that it is time to end."""

    def __init__(self) -> None:
        self.open = True
        self._events: set[asyncio.Event] = set()

    def wake(self) -> None:
        for event in self._events:
            event.set()

    def close(self) -> None:
        """Ends the streams, and every new one at once, until `reopen`."""
        self.open = False
        self.wake()

    def reopen(self) -> None:
        self.open = True

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        self._events.add(event)
        try:
            yield event
        finally:
            self._events.discard(event)


class Stream:
    """One open page's stream. `allowed` is asked again before anything is sent."""

    def __init__(
        self,
        messages: Messages,
        wakers: Wakers,
        clock: Clock,
        look: Look,
        allowed: Callable[[], Awaitable[bool]],
    ) -> None:
        self._messages = messages
        self._wakers = wakers
        self._clock = clock
        self._look = look
        self._allowed = allowed

    async def run(self, response: web.StreamResponse, cursor: int) -> None:
        """Sends what changed after `cursor`, and goes on until the person, the browser or the bot is gone. The state is
        told with changes and as a heartbeat, and not whenever somebody did something."""
        clock = asyncio.get_running_loop().time
        due = clock()  # when the state is told next
        with self._wakers.listening() as woken, suppress(ConnectionError):
            await response.write(b"retry: 1000\n\n")
            while self._wakers.open:
                woken.clear()
                if not await self._allowed():
                    await response.write(_event("bye", {}))
                    return
                changes = await self._messages.since(cursor)
                if not 0 <= changes.latest - cursor <= FAR_BEHIND:
                    cursor, due = changes.latest, clock()
                    await response.write(_event("board", {}, cursor))
                    continue
                for message in changes.messages:
                    cursor, due = message.version, clock()
                    await response.write(_event("card", self._card(message), cursor))
                if not changes.complete:
                    continue
                cursor = changes.latest
                if clock() >= due:
                    await response.write(_event("state", state_of(changes.totals, self._clock, self._look), cursor))
                    due = clock() + HEARTBEAT
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(due):
                        await woken.wait()

    def _card(self, message: Message) -> dict[str, object]:
        return {
            "id": message.id,
            "version": message.version,
            "waiting": message.waiting,
            "queue": is_queue(message.card),
            "news": is_news(message.card),
            "html": render_card(message, self._clock.now(), self._look),
        }


def state_of(totals: Totals, clock: Clock, look: Look) -> dict[str, object]:
    """What the page's head shows, the bot's time, and the build of the scripts that a page should run."""
    return {"waiting": totals.waiting, "cards": totals.cards, "now": clock.ms(), "build": look.build}


def cursor_of(request: web.Request) -> int:
    """The last change a page has seen: what the browser repeats after a lost connection, or what it first asked."""
    for text in (request.headers.get("Last-Event-ID", ""), request.query.get("since", "")):
        if text.isascii() and text.isdigit() and len(text) <= 18:
            return int(text)
    return 0


def _event(name: str, data: dict[str, object], version: int | None = None) -> bytes:
    number = "" if version is None else f"id: {version}\n"
    return f"event: {name}\n{number}data: {json.dumps(data)}\n\n".encode()
