"""How fast Telegram is written to: windows that slide, for each chat and for all of them, kept on our side.

What was sent counts from the moment it was answered: Telegram counted it no later than that, so that its windows are
never fuller than ours. https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType

from botcore.adapter import SendFailed, Traffic
from botcore.clock import Clock
from botcore.store.port import Store, StoreError

from .kept import written, wrote

log = logging.getLogger(__name__)

GROUP_MESSAGES, GROUP_SECONDS = 20, 60.0  # edits and each picture of an album count
PRIVATE_MESSAGES, PRIVATE_SECONDS = 1, 1.0
ALL_MESSAGES, ALL_SECONDS = 30, 1.0
LATE_MS = 2_000  # after which what left has arrived
MARGIN_MS = 20  # clocks differ in how they round
LEAST = 0.01  # seconds: a pause is never so short that nothing passes

# How much of a group's minute each may fill, so that there is room left for what is more urgent.
SHARES: Mapping[Traffic, int] = MappingProxyType(
    {Traffic.ANSWER: GROUP_MESSAGES, Traffic.DECISION: 19, Traffic.NEW: 17, Traffic.OTHER: 10}
)
UNHURRIED = 20  # of a second's thirty over all chats: what nobody looks for never fills it


class Busy(SendFailed):
    """There is no room just now, but after `retry_after`."""

    def __init__(self, seconds: float) -> None:
        super().__init__("as much was written there as Telegram allows", seconds)


class Pacer:
    """Says when a chat may be written to, and holds back whoever writes until then. What goes to a group is noted
    before it leaves, so that a restart knows of it: see `open`."""

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock = clock
        self._store = store
        self._all = _Window(ALL_MESSAGES, ALL_SECONDS)
        self._chats: dict[int, _Window] = {}
        self._held: dict[int, tuple[int, int]] = {}  # chat -> from when, until when, in ms

    async def open(self) -> None:
        """Counts what was written shortly before this process began. Raises `StoreError`."""
        now = self._clock.ms()
        self._chats.clear()
        for chat, at, messages in await self._store.read(written, now):
            self._window(chat).done(min(at + LATE_MS, now), messages)

    def pause(self, chat: int, traffic: Traffic, cost: int = 1) -> float:
        """Seconds until `cost` messages may go to a chat, 0 for now."""
        now = self._clock.ms()
        window = self._window(chat)
        share = SHARES[traffic] if window.limit == GROUP_MESSAGES else window.limit
        of_all = UNHURRIED if traffic is Traffic.OTHER else ALL_MESSAGES
        wait = max(
            self._all.wait(now, min(cost, of_all), of_all),
            window.wait(now, min(cost, share), share),
            self._rest(chat, now),
        )
        return max(wait / 1000, LEAST) if wait > 0 else 0.0

    @asynccontextmanager
    async def slot(self, chat: int, traffic: Traffic, cost: int = 1, *, patient: bool = True) -> AsyncIterator[None]:
        """Room for one request of `cost` messages. Raises `Busy` where there is none and nobody is `patient`."""
        while seconds := self.pause(chat, traffic, cost):
            if not patient:
                raise Busy(seconds)
            await self._clock.sleep(seconds)
        window = self._window(chat)
        with _under_way(window, cost, self._clock), _under_way(self._all, cost, self._clock):
            if window.limit == GROUP_MESSAGES:
                await self._note(chat, cost)
            yield

    @asynccontextmanager
    async def aside(self) -> AsyncIterator[None]:
        """Room for a request that counts for no chat, such as the answer to a press."""
        while wait := self._all.wait(self._clock.ms(), 1, ALL_MESSAGES):
            await self._clock.sleep(max(wait / 1000, LEAST))
        with _under_way(self._all, 1, self._clock):
            yield

    def hold(self, chat: int, seconds: float) -> None:
        """Telegram itself says for how long a chat is to be left alone; others go on."""
        now = self._clock.ms()
        self._held[chat] = (now, now + round(seconds * 1000) + MARGIN_MS)

    async def _note(self, chat: int, messages: int) -> None:
        try:
            await self._store.tx(wrote, chat, messages, self._clock.ms())
        except StoreError as error:
            log.warning("a restart will not know how much was written: %s", error)

    def _rest(self, chat: int, now: int) -> int:
        since, until = self._held.get(chat, (0, 0))
        if since <= now < until:
            return until - now
        self._held.pop(chat, None)  # over, or the clock was set back
        return 0

    def _window(self, chat: int) -> _Window:
        if chat not in self._chats:
            private = chat > 0
            limit, seconds = (PRIVATE_MESSAGES, PRIVATE_SECONDS) if private else (GROUP_MESSAGES, GROUP_SECONDS)
            self._forget_quiet()
            self._chats[chat] = _Window(limit, seconds)
        return self._chats[chat]

    def _forget_quiet(self) -> None:
        now = self._clock.ms()
        for chat in [chat for chat, window in self._chats.items() if window.is_empty(now)]:
            del self._chats[chat]


class _Window:
    """What was written within a time that ends now. Where one message is the limit, an album has its time after it."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit = limit
        self._ms = round(seconds * 1000) + MARGIN_MS
        self._done: deque[int] = deque()  # when, oldest first
        self._under_way = 0
        self._seen = 0  # what the clock said last

    def wait(self, now: int, cost: int, share: int) -> int:
        """Ms until there is room for `cost` more among `share`."""
        self._forget(now)
        over = len(self._done) + self._under_way + cost - share
        if over <= 0:
            return 0
        if over <= len(self._done):
            return self._done[over - 1] + self._ms - now
        return self._ms  # what is under way counts at least for so long

    def begin(self, cost: int) -> None:
        self._under_way += cost

    def end(self, now: int, cost: int) -> None:
        self._under_way -= cost
        self.done(now, cost)

    def done(self, at: int, cost: int) -> None:
        apart = self._ms if self.limit == 1 else 0
        self._done.extend(at + apart * number for number in range(cost))

    def is_empty(self, now: int) -> bool:
        self._forget(now)
        return not self._done and not self._under_way

    def _forget(self, now: int) -> None:
        if now < self._seen:  # the clock was set back
            self._done = deque(at - (self._seen - now) for at in self._done)
        self._seen = now
        while self._done and self._done[0] + self._ms <= now:
            self._done.popleft()


class _under_way:  # noqa: N801 - used as a function
    def __init__(self, window: _Window, cost: int, clock: Clock) -> None:
        self._window, self._cost, self._clock = window, cost, clock

    def __enter__(self) -> None:
        self._window.begin(self._cost)

    def __exit__(self, *_: object) -> None:
        self._window.end(self._clock.ms(), self._cost)
