"""Asks Telegram for updates, and confirms them once they are durable. Loaded only where Telegram is used."""

from __future__ import annotations

import logging
from collections.abc import Callable
from random import Random

from botcore.adapter import AdapterError, ChannelBroken
from botcore.clock import Clock
from botcore.store.port import StoreError

from .api import Api
from .errors import Elsewhere
from .inbox import Inbox, Update

log = logging.getLogger(__name__)

LONGEST_PAUSE = 20.0  # seconds between tries while Telegram cannot be reached
CONFLICT_PAUSE = 10.0
REFUSED_PAUSE = 300.0  # while only a person can help
HITCH = 5.0  # while the database says no


class Poller:
    """`run` until cancelled. `trouble` says in words what is wrong just now, "" for nothing."""

    def __init__(
        self, api: Api, inbox: Inbox, clock: Clock, concerns_us: Callable[[Update], bool], arrived: Callable[[], None]
    ) -> None:
        self._api = api
        self._inbox = inbox
        self._clock = clock
        self._concerns_us = concerns_us
        self._arrived = arrived
        self._random = Random()  # noqa: S311 - it only spreads retries
        self._failures = 0  # in a row
        self.trouble = ""

    async def run(self) -> None:
        offset: int | None = None  # none: what was not confirmed comes again, and is known
        while True:
            try:
                offset = await self._once(offset)
            except (AdapterError, StoreError) as error:
                await self._clock.sleep(self._pause(error))
            except Exception:
                log.exception("asking for updates failed")
                self.trouble = "updates cannot be read: see the log"
                await self._clock.sleep(LONGEST_PAUSE)

    async def _once(self, offset: int | None) -> int | None:
        bodies = await self._api.updates(offset)
        self._failures, self.trouble = 0, ""
        updates = [Update(number, body) for body in bodies if isinstance(number := body.get("update_id"), int)]
        ours = [update for update in updates if self._concerns_us(update)]
        await self._inbox.take(ours)
        if ours:
            self._arrived()
        return updates[-1].id + 1 if updates else offset

    def _pause(self, error: Exception) -> float:
        self._failures += 1
        if not self.trouble:
            log.warning("no updates from Telegram: %s", error)
        self.trouble = str(error)
        match error:
            case StoreError():
                return HITCH
            case Elsewhere():
                return CONFLICT_PAUSE
            case ChannelBroken():
                return REFUSED_PAUSE
        pause = min(LONGEST_PAUSE, 2.0 ** min(self._failures - 1, 10)) * self._random.uniform(0.5, 1.0)
        return max(pause, getattr(error, "retry_after", 0.0) if self._failures > 1 else 0.0)
