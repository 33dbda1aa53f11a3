"""Hostile input, and what it must leave as it was."""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from botcore.store.port import Reader, Store, Tx
from botcore.text import storable

T = TypeVar("T")

EXAMPLES = 10_000  # of each check in a soak
MANY = (pytest.mark.soak, pytest.mark.timeout(3600))

Rows = Sequence[Mapping[str, Any]]
Dump = Mapping[str, Rows]

# What JSON can spell and databases cannot, what ends lines and strings, and what turns its surroundings around.
ODD = [*(" ", "\x00", "\ud800", "\udfff", "\u202e", "\ufeff", "\r\n"), *"İ²٣'\"\\%😀", "", "x" * 5000]
TEXTS = st.text(max_size=40) | st.text(st.characters(categories=["Cs", "Cc", "Cf", "Nd", "Zs"]), max_size=10)
NASTY = TEXTS | st.sampled_from(ODD)
NUMBERS = st.integers(-(2**70), 2**70) | st.sampled_from([0, 1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, 10**40])
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT GLOB '_sqlite*'"


class Ears(logging.Handler):
    """Remembers what was logged as an error: nothing that comes from outside may be the cause of one."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        breaks_the_log = storable(line) != line
        if record.levelno >= logging.ERROR or record.exc_info or breaks_the_log:
            self.heard.append(storable(line))


class Fuzz:
    """`fuzz(strategy, check)` awaits the check with one example after the other."""

    def __init__(
        self, name: str, runner: asyncio.Runner, ears: Ears, capsys: pytest.CaptureFixture[str], *, many: bool
    ) -> None:
        self._name = name
        self._runner = runner
        self._ears = ears
        self._capsys = capsys
        self._many = many

    def __call__(self, strategy: st.SearchStrategy[T], check: Callable[[T], Awaitable[None]], *, some: int) -> None:
        """`some`: how many examples in every run. A soak tries others every time; BOTCORE_SEED repeats them."""

        async def try_one(example: T) -> None:
            self._ears.heard.clear()
            async with asyncio.timeout(60):
                await check(example)
            assert not self._ears.heard, self._ears.heard

        @settings(
            max_examples=EXAMPLES if self._many else some,
            derandomize=not self._many,
            database=None,
            deadline=None,
            phases=[phase for phase in Phase if phase is not Phase.explain],
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def trying(example: T) -> None:
            self._runner.run(try_one(example))

        if self._many:
            number = int(os.environ.get("BOTCORE_SEED") or random.SystemRandom().randrange(2**32))
            with self._capsys.disabled():
                print(f"\n{self._name}: BOTCORE_SEED={number}")  # noqa: T201
            trying = seed(number)(trying)
        trying()


@contextmanager
def entered(runner: asyncio.Runner, opened: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """What is open on this loop until the end of a module."""
    stack = AsyncExitStack()

    async def enter() -> T:
        return await stack.enter_async_context(opened)

    yield runner.run(enter())
    runner.run(stack.aclose())


class Snapshot:
    """All of a database at one moment: what changed since, and the way back."""

    def __init__(self, store: Store, tables: Dump) -> None:
        self._store = store
        self._tables = tables

    @classmethod
    async def of(cls, store: Store) -> Snapshot:
        return cls(store, await store.read(_dump))

    def __getitem__(self, table: str) -> Rows:
        return self._tables[table]

    async def now(self) -> Snapshot:
        return await Snapshot.of(self._store)

    def changed(self, later: Snapshot) -> set[str]:
        return {table for table, rows in self._tables.items() if rows != later[table]}

    async def restore(self) -> None:
        """Puts everything back, for the next example."""
        await self._store.tx(_restore, self._tables)


def near(text: str) -> st.SearchStrategy[str]:
    """Almost this, and never this."""
    places = st.integers(0, len(text))
    added = st.tuples(places, NASTY).map(lambda at: text[: at[0]] + at[1] + text[at[0] :])
    cut = places.map(lambda end: text[:end])
    whole = st.sampled_from(
        [text.upper(), text.lower(), text[::-1], text + text, f" {text}", f"{text}\x00", f'"{text}"']
    )
    return (added | cut | whole).filter(lambda made: made != text)


def mangled(value: Any, junk: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """JSON with up to three of its places replaced, emptied, doubled or taken away."""
    places = list(_places(value, ()))
    change = st.tuples(st.sampled_from(places), st.sampled_from(["put", "put", "drop", "double", "swap"]), junk)
    other = st.sampled_from(places)
    return st.lists(st.tuples(change, other), min_size=1, max_size=3).map(lambda changes: _mangle(value, changes))


def _places(value: Any, path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    keys: Any = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [path, *(place for key in keys for place in _places(value[key], (*path, key)))]


def _mangle(value: Any, changes: Sequence[tuple[tuple[tuple[Any, ...], str, Any], tuple[Any, ...]]]) -> Any:
    made = value
    for (path, how, junk), other in changes:
        made = _with(made, path, how, _at(value, other) if how == "swap" else junk)
    return made


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _with(value: Any, path: tuple[Any, ...], how: str, junk: Any) -> Any:
    """A copy with this done at that place, where it is still there."""
    if not path:
        return [value, value] if how == "double" else None if how == "drop" else junk
    key, rest = path[0], path[1:]
    if isinstance(value, dict) and key in value:
        if not rest and how == "drop":
            return {name: part for name, part in value.items() if name != key}
        return {**value, key: _with(value[key], rest, how, junk)}
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        if not rest and how in ("drop", "double"):
            return value[:key] + [value[key]] * (2 if how == "double" else 0) + value[key + 1 :]
        return [*value[:key], _with(value[key], rest, how, junk), *value[key + 1 :]]
    return value


def _dump(reader: Reader) -> Dump:
    tables = [row["name"] for row in reader.q(TABLES)]
    return {table: reader.q(f"SELECT * FROM {table}") for table in tables}


def _restore(tx: Tx, tables: Dump) -> None:
    tx.q("PRAGMA defer_foreign_keys = ON")
    for table, rows in tables.items():
        tx.q(f"DELETE FROM {table}")
        if rows:
            names = list(rows[0])
            tx.many(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(f':{n}' for n in names)})", rows)
