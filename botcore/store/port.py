"""What the bot asks of its database and of the engine that works through what was enqueued in it.

Written so that another database and another queue could stand behind it: plain SQL with `:named` parameters,
`ON CONFLICT`, `RETURNING`, and conditional writes wherever a race must have one winner.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Row = Mapping[str, Any]


class StoreError(Exception):
    """The database said no (full, read-only, corrupt): nothing of the transaction was kept."""


class Reader(ABC):
    """One consistent view of the data."""

    @abstractmethod
    def q(self, sql: str, **params: object) -> Sequence[Row]:
        """Runs one statement and returns all its rows."""

    def one(self, sql: str, **params: object) -> Row | None:
        """The first row, or None."""
        rows = self.q(sql, **params)
        return rows[0] if rows else None

    def value(self, sql: str, **params: object) -> Any:
        """The first column of the first row, or None."""
        row = self.one(sql, **params)
        return None if row is None else next(iter(row.values()))


class Tx(Reader):
    """A transaction: what is written and what is enqueued in it become durable together, or not at all."""

    @abstractmethod
    def many(self, sql: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Runs one statement for each of these rows of parameters; it returns nothing."""

    @abstractmethod
    def put(self, kind: str, key: str, part: str, prio: int = 50, not_before: int = 0, **args: str | int) -> None:
        """Enqueues work. Of live work with the same `key` there is one: a second `put` brings it forward
        (the earlier `not_before`, the smaller `prio`), replaces its arguments, and makes it run once more if it
        is running just now. Work of one `part` never runs concurrently, and of parts that share what is before a
        slash (`ratings:main/J1`) only a few run at a time: what they all wait for must not take everybody's room.
        `not_before`: ms since the epoch."""

    @abstractmethod
    def after_commit(self, call: Callable[[], None]) -> None:
        """Runs `call` on the event loop once this is durable; never if it is not."""


class Store(ABC):
    """A database."""

    @abstractmethod
    async def tx(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `fn` in a transaction and returns once it is durable. `fn` does no I/O and may be run again.
        Raises what `fn` raises (then nothing of it is kept), or `StoreError`."""

    @abstractmethod
    async def read(self, fn: Callable[Concatenate[Reader, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `fn` on a read-only view, beside the writers."""

    @abstractmethod
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Work:
    """Something enqueued: run at least once. `attempt` counts from 0; a smaller `prio` is more urgent."""

    id: int
    kind: str
    key: str
    part: str
    args: Mapping[str, Any]
    attempt: int
    prio: int = 50


class Later(Exception):  # noqa: N818 - not an error: the work is not done yet
    """Raised by a handler: not now, again in `seconds`. `quiet`: this does not count as an attempt. `part`: what else
    is waiting in its part, and is no more urgent, waits as long."""

    def __init__(self, seconds: float, why: str = "", *, quiet: bool = False, part: bool = False) -> None:
        super().__init__(why)
        self.seconds = seconds
        self.quiet = quiet
        self.part = part


Handler = Callable[[Work], Awaitable[None]]


def being_cancelled() -> bool:
    """Whether a `CancelledError` is meant for the running task, and did not come out of something it awaited."""
    task = asyncio.current_task()
    return task is None or bool(task.cancelling())


class Engine(ABC):
    """Runs what was enqueued."""

    @abstractmethod
    async def run(self, handlers: Mapping[str, Handler]) -> None:
        """Works until cancelled. A handler that raises is tried again with a growing pause."""

    @abstractmethod
    async def idle(self, kinds: frozenset[str] | None = None) -> None:
        """Returns when nothing of these kinds is running or due."""
