"""The sandbox's own clock: it can run fast, and it can jump."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from ..clock import FastClock


@runtime_checkable
class Turnable(Protocol):
    """A clock that can be moved on."""

    def advance(self, seconds: float) -> None: ...


class SandboxClock(FastClock):
    """Runs `speed` times as fast as the system's clock; a jump wakes who would have slept until then."""

    def __init__(self, speed: float = 1.0, start: datetime | None = None) -> None:
        super().__init__(speed, start)
        self._jumped = asyncio.Event()

    def advance(self, seconds: float) -> None:
        """Jumps ahead. Call it on the event loop's thread."""
        self._origin += timedelta(seconds=seconds)
        self._jumped.set()
        self._jumped = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        until = self.now() + timedelta(seconds=seconds)
        while (left := (until - self.now()).total_seconds()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left / self.speed):  # wait_for would swallow a cancel that meets a jump
                    await self._jumped.wait()


async def first_of(*waits: Coroutine[object, object, object]) -> None:
    """Returns when the first of these is done; the others are cancelled."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
