"""Calls that block, each on a thread that nobody has to wait for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from botcore.clock import Clock

T = TypeVar("T")


class Late(Exception):  # noqa: N818
    """It goes on; nobody knows when it ends."""


class Line(Generic[T]):
    """One call at a time. What takes too long goes on by itself, and keeps the line busy; a thread that never ends ends
    with the process, which does not wait for it."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._key = ""
        self._under_way: asyncio.Future[T] | None = None

    @property
    def is_busy(self) -> bool:
        return self._under_way is not None and not self._under_way.done()

    def came_late(self, key: str) -> T | None:
        """What came of the call under this key that was given up, once it has ended. Told once."""
        done = self._under_way
        if key != self._key or done is None or not done.done() or done.cancelled() or done.exception():
            return None
        self._under_way = None
        return done.result()

    async def call(self, key: str, work: Callable[[], T], seconds: float) -> T:
        """What `work` returns or raises; raises `Late` where that takes longer than `seconds`, or the line is busy."""
        if self.is_busy:
            raise Late
        self._key, self._under_way = key, in_thread(self._name, work)
        limit = asyncio.ensure_future(self._clock.sleep(seconds))
        waits: set[asyncio.Future[Any]] = {self._under_way, limit}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            limit.cancel()
        if not self._under_way.done():
            raise Late
        done, self._under_way = self._under_way, None
        return done.result()


def in_thread(name: str, work: Callable[[], T]) -> asyncio.Future[T]:
    """What `work` comes to on a thread of its own; unlike an executor's, it does not keep the process from ending."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def give(result: T | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
            future.exception()  # it may be that nobody asks any more
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, failed = None, None
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            failed = error
        try:
            loop.call_soon_threadsafe(give, result, failed)
        except RuntimeError:
            return  # the bot has stopped

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
