"""Where plugins' code runs: beside the bot's event loop, so that whatever hangs there, the bot does not.

A plain function runs on a thread of its own, a coroutine on the one event loop that its plugin has, which is
on another thread. The threads are daemons: nobody waits for them at the end of the process.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import inspect
import threading
from collections.abc import Callable
from typing import Any


class Isolated:
    """One plugin's side of the fence. Its thread starts with the first call."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed: asyncio.Event | None = None

    def submit(self, function: Callable[..., Any], *args: object) -> concurrent.futures.Future[Any]:
        """Calls it, and awaits what it returns if that is awaitable. Cancel the future to give up on it."""
        if self._loop is None:
            self._loop = self._start()
        return asyncio.run_coroutine_threadsafe(_invoke(self._name, function, args), self._loop)

    def close(self) -> None:
        """Cancels what still runs on the plugin's event loop. Does not wait: it may be hanging."""
        if self._loop is not None and self._closed is not None:
            self._loop.call_soon_threadsafe(self._closed.set)
            self._loop = None

    def _start(self) -> asyncio.AbstractEventLoop:
        started = threading.Event()
        loops: list[asyncio.AbstractEventLoop] = []

        async def until_closed(closed: asyncio.Event) -> None:
            loops.append(asyncio.get_running_loop())
            started.set()
            await closed.wait()

        self._closed = asyncio.Event()
        _daemon(f"plugin {self._name}", asyncio.run, until_closed(self._closed))
        started.wait()
        return loops[0]


async def _invoke(name: str, function: Callable[..., Any], args: tuple[object, ...]) -> Any:
    try:
        if inspect.iscoroutinefunction(function):
            result = function(*args)
        else:
            result = await _on_a_thread(name, function, args)
        return await result if inspect.isawaitable(result) else result
    except (SystemExit, KeyboardInterrupt, StopIteration) as error:
        # these would end the plugin's event loop, or cannot pass through a coroutine
        raise RuntimeError(f"raised {type(error).__name__}") from error


async def _on_a_thread(name: str, function: Callable[..., Any], args: tuple[object, ...]) -> Any:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()

    def settle(result: object, error: BaseException | None) -> None:
        if not ended.done():  # or it was given up on
            ended.set_result((result, error))

    def work() -> None:
        result, error = None, None
        try:
            result = function(*args)
        except BaseException as raised:  # noqa: BLE001 - raised again where somebody waits for it
            error = raised
        with contextlib.suppress(RuntimeError):  # the event loop has closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, error)

    _daemon(f"plugin {name}: {getattr(function, '__name__', 'call')}", work)
    result, error = await ended
    if error is not None:
        raise error
    return result


def _daemon(name: str, target: Callable[..., object], *args: object) -> None:
    threading.Thread(target=target, args=args, name=name, daemon=True).start()
