"""Keeps the long-lived parts of the bot running: an account's polling, an adapter, the engine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Any

from .adapter import AdapterError, ChannelBroken, SendFailed
from .clock import Clock
from .logs import reference
from .problems import ConfigError
from .provider import AuthFailed, ProviderError, RateLimited
from .store.port import StoreError

log = logging.getLogger(__name__)


class NeedsPerson(Exception):  # noqa: N818
    """Raised by a part that only a person can help. The message is short and safe to show."""


MENDED_BY_PEOPLE = (NeedsPerson, AuthFailed, ChannelBroken, ConfigError)
SAFE_TO_SHOW = (NeedsPerson, ProviderError, AdapterError, ConfigError, StoreError)


class PartState(StrEnum):
    STARTING = "starting"
    RUNNING = "running"
    BACKING_OFF = "backing off"
    NEEDS_ATTENTION = "needs attention"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class PartStatus:
    """How a part is. `error`, the last one, is safe to show; `next_try` is set while it waits for one."""

    name: str
    state: PartState
    since: datetime
    restarts: int
    error: str = ""
    next_try: datetime | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds, before a part is started again."""

    first: float = 1.0
    longest: float = 120.0
    healthy: float = 60.0  # after running so long a part is as good as new
    person: float = 1800.0  # where only a person can help; a `poke` is quicker

    def pause(self, failures: int, random: Random) -> float:
        """Doubles with each failure in a row; up to half is taken off, so that parts come back apart."""
        return min(self.longest, self.first * 2.0 ** min(failures - 1, 30)) * random.uniform(0.5, 1.0)


Factory = Callable[[Callable[[], None]], Coroutine[Any, Any, None]]


class Supervisor:
    """Runs parts and starts them again when they fail.

    A part is a coroutine function. It is given `ready`, to call once it works, and runs until it is
    cancelled; when it returns, it is done. After an error of `MENDED_BY_PEOPLE` it waits for a person, after
    any other for a growing pause, which is no shorter than the error's `retry_after`.
    """

    def __init__(self, clock: Clock, *, patience: Patience | None = None, random: Random | None = None) -> None:
        self._clock = clock
        self._patience = patience or Patience()
        self._random = random or Random()  # noqa: S311 - it only spreads retries
        self._parts: dict[str, _Part] = {}
        self._stopping = False

    def supervise(self, name: str, factory: Factory) -> None:
        """Starts a part on the running event loop. Raises `ValueError` where the name is taken."""
        if self._stopping:
            raise RuntimeError("the supervisor has stopped")
        if name in self._parts:
            raise ValueError(f"there is already a part {name}")
        self._parts[name] = _Part(name, factory, self._clock, self._patience, self._random)

    def statuses(self) -> Sequence[PartStatus]:
        """How every part is, in the order they were started."""
        return [part.status for part in self._parts.values()]

    def status(self, name: str) -> PartStatus:
        """How one part is; raises `KeyError` where there is none."""
        return self._parts[name].status

    def poke(self, name: str) -> None:
        """Starts a part that waits again at once, as after a person mended something. Raises `KeyError`."""
        self._parts[name].poked.set()

    async def stop(self, limit: float = 5.0) -> Sequence[str]:
        """Cancels all parts and waits up to `limit` real seconds; returns the names of those that went on."""
        self._stopping = True
        tasks = {part.task: part.name for part in self._parts.values()}
        for task in tasks:
            task.cancel()
        if not tasks:
            return []
        _, going_on = await asyncio.wait(tasks, timeout=limit)
        names = sorted(tasks[task] for task in going_on)
        for name in names:
            log.error("%s did not stop within %g s", name, limit)
        return names


class _Part:
    def __init__(self, name: str, factory: Factory, clock: Clock, patience: Patience, random: Random) -> None:
        self.name = name
        self.poked = asyncio.Event()
        self._factory = factory
        self._clock = clock
        self._patience = patience
        self._random = random
        self._failures = 0  # in a row
        self._ready_at: datetime | None = None  # in this run
        self.status = PartStatus(name, PartState.STARTING, clock.now(), 0)
        self.task = asyncio.create_task(self._keep(), name=f"part {name}")

    async def _keep(self) -> None:
        try:
            while (error := await self._run()) is not None:
                pause = self._note(error)
                self.poked.clear()
                await self._wait(pause)
                self._become(PartState.STARTING, restarts=self.status.restarts + 1, next_try=None)
        finally:
            self._become(PartState.STOPPED, next_try=None)

    async def _run(self) -> BaseException | None:
        """What the part raised; None where it is done, or stopped."""
        self._ready_at = None
        task = asyncio.current_task()
        try:
            await self._factory(self._ready)
        except asyncio.CancelledError as error:
            if task is None or task.cancelling():
                raise
            return error  # somebody inside was cancelled, not the part
        except Exception as error:
            if task is None or not task.cancelling():
                return error
            log.exception("%s failed as it stopped", self.name)
        return None

    def _ready(self) -> None:
        if self.status.state is PartState.STARTING:
            self._ready_at = self._clock.now()
            self._become(PartState.RUNNING)

    def _note(self, error: BaseException) -> float:
        """Keeps and logs what happened; returns for how long to wait, in seconds."""
        now = self._clock.now()
        if self._ready_at and now - self._ready_at >= timedelta(seconds=self._patience.healthy):
            self._failures = 0
        self._failures += 1
        if isinstance(error, MENDED_BY_PEOPLE):
            state, pause = PartState.NEEDS_ATTENTION, self._patience.person
        else:
            state, pause = PartState.BACKING_OFF, self._patience.pause(self._failures, self._random)
        if isinstance(error, RateLimited | SendFailed):
            pause = max(pause, error.retry_after)
        self._become(state, error=self._tell(error), next_try=now + timedelta(seconds=pause))
        log.info("%s: %s, again in %.0f s", self.name, state, pause)
        return pause

    def _tell(self, error: BaseException) -> str:
        """An error in words that are safe to show; whatever is not goes to the log alone."""
        if isinstance(error, SAFE_TO_SHOW) and str(error):
            text = " ".join(str(error).split())
            log.warning("%s: %s", self.name, text)
            return text
        ref = reference()
        text = f"{type(error).__name__} (ref {ref})"
        log.error("%s failed", self.name, exc_info=error, extra={"ref": ref})
        return text

    async def _wait(self, seconds: float) -> None:
        waits = [
            asyncio.ensure_future(self._clock.sleep(seconds)),
            asyncio.ensure_future(self.poked.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _become(self, state: PartState, **changes: Any) -> None:
        self.status = replace(self.status, state=state, since=self._clock.now(), **changes)
