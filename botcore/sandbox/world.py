"""The simulated world: one clock, one seed, one database file, and an agenda of what will happen by itself.

Whatever happens, happens in a transaction, at a moment, and draws its luck from the seed and its own name: a
world that is killed and opened again goes on exactly as it would have.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..clock import Clock, from_ms, to_ms
from .base import Sandbox
from .clock import SandboxClock
from .schema import SCHEMA, VERSION

_AT_ONCE = 200  # events in one transaction


class OtherVersion(OSError):  # noqa: N818
    """The file holds a world of another version of this program, which cannot go on here."""


@dataclass(frozen=True, slots=True)
class Books:
    """An account's books in one transaction. `at` is when it happens, `now` what the clock says (ms); `site` the
    marketplace that they are kept at."""

    db: sqlite3.Connection
    site: Sandbox
    account: str
    at: int
    now: int
    seed: int

    @property
    def provider(self) -> str:
        return self.site.name

    def ago(self, ms: int) -> Books:
        """The same books so much earlier, for what happened before."""
        return replace(self, at=self.at - ms)

    def q(self, sql: str, **params: object) -> list[sqlite3.Row]:
        """Runs one statement with `:named` parameters and returns all its rows."""
        return self.db.execute(sql, params).fetchall()

    def one(self, sql: str, **params: object) -> sqlite3.Row | None:
        rows = self.q(sql, **params)
        return rows[0] if rows else None

    def value(self, sql: str, **params: object) -> Any:
        """The first column of the first row, or None."""
        row = self.one(sql, **params)
        return None if row is None else row[0]

    def chance(self, *name: object) -> random.Random:
        """The luck of the thing so named: the same in every run with the same seed."""
        return random.Random(":".join(map(str, (self.seed, self.provider, *name))))

    def ident(self, length: int, *name: object) -> str:
        """A hexadecimal id for the thing so named."""
        text = ":".join(map(str, (self.seed, self.provider, *name)))
        return hashlib.sha256(text.encode()).hexdigest()[:length]

    def later(self, due: int, kind: str, subject: str, **data: object) -> None:
        """Puts something on the agenda; the same kind and subject again moves it."""
        self.q(
            "INSERT INTO agenda (due_ms, account, kind, subject, data) VALUES (:due, :account, "
            ":kind, :subject, :data) "
            "ON CONFLICT (account, kind, subject) DO UPDATE SET due_ms = excluded.due_ms, data = "
            "excluded.data",
            due=due, account=self.account, kind=kind, subject=subject, data=json.dumps(data),
        )  # fmt: skip

    def never(self, kind: str, subject: str) -> None:
        """Takes something off the agenda."""
        self.q(
            "DELETE FROM agenda WHERE account = :account AND kind = :kind AND subject = :subject",
            account=self.account, kind=kind, subject=subject,
        )  # fmt: skip

    def announce(self) -> None:
        """There is news for the webhook."""
        every = self.site.tells_every * 1000
        self.later((self.at // every + 1) * every if every else self.at, "announce", "")

    def quirk(self, name: str) -> str:
        """How the marketplace is, for this account, in something that its document leaves open."""
        value = self.value("SELECT value FROM quirk WHERE account = :account AND name = :name",
                           account=self.account, name=name)  # fmt: skip
        return self.site.quirks[name][0] if value is None else str(value)

    def note(self, kind: str, made_by: str = "api", /, **data: object) -> None:
        """Writes one effect into the ledger."""
        self.q(
            "INSERT INTO ledger (at_ms, account, kind, made_by, data) VALUES (:at, :account, :kind, "
            ":made_by, :data)",
            at=self.at, account=self.account, kind=kind, made_by=made_by, data=json.dumps(data),
        )  # fmt: skip

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """What is done inside is kept whole or, when it raises, not at all."""
        self.db.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK TO attempt")
            raise
        finally:
            self.db.execute("RELEASE attempt")


Event = Callable[[Books, Mapping[str, Any]], None]


class World:
    """The world in one SQLite file (None: in memory). Everything in it runs on the event loop's thread. Its
    marketplaces, `sites`, can be added later. Raises `OtherVersion` where the file is of
    another version."""

    def __init__(
        self,
        database: Path | None,
        sites: Mapping[str, Sandbox],
        *,
        seed: int,
        speed: float = 1.0,
        clock: Clock | None = None,
    ) -> None:
        self.db = sqlite3.connect(database or ":memory:", isolation_level=None)
        self.db.row_factory = sqlite3.Row
        try:
            self._build(database)
        except BaseException:
            self.db.close()
            raise
        self.sites = sites
        self.seed = self._remember("seed", seed)
        self.clock = clock or SandboxClock(speed, from_ms(max(self._remember("now", 0), to_ms(SandboxClock().now()))))
        self.changed = asyncio.Event()  # something was written: what is due next may be another thing
        self._events: dict[str, Event] = {}

    def on(self, kind: str, event: Event) -> None:
        """What to do when something of this kind on the agenda is due."""
        self._events[kind] = event

    @contextmanager
    def turn(self, account: str, provider: str, at: int | None = None) -> Iterator[Books]:
        """One transaction on an account's books: durable once this returns, undone if it raises."""
        now = self.clock.ms()
        with self._transaction():
            yield Books(self.db, self.sites[provider], account, now if at is None else at, now, self.seed)

    def catch_up(self) -> None:
        """Lets everything happen that is due by now, in its order."""
        while (due := self.next_due()) is not None and due <= self.clock.ms():
            with self._transaction():
                for _ in range(_AT_ONCE):
                    if not self._next_event():
                        break

    def next_due(self) -> int | None:
        """When the next thing on the agenda is due, in ms since the epoch."""
        row = self._next()
        return None if row is None else int(row["due_ms"])

    @property
    def served(self) -> str:
        """The marketplaces that are served, as JSON: nothing happens at one that a file knows and nobody serves."""
        return json.dumps(list(self.sites))

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        before = self.db.total_changes
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
            if self.db.total_changes != before:
                self.db.execute("UPDATE meta SET value = ? WHERE key = 'now'", (self.clock.ms(),))
            self.db.execute("COMMIT")
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        if self.db.total_changes != before:
            self.changed.set()

    def _next_event(self) -> bool:
        now = self.clock.ms()
        row = self._next()
        if row is None or row["due_ms"] > now:
            return False
        self.db.execute("DELETE FROM agenda WHERE n = ?", (row["n"],))
        books = Books(self.db, self.sites[row["provider"]], row["account"], row["due_ms"], now, self.seed)
        self._events[row["kind"]](books, {"subject": row["subject"], **json.loads(row["data"])})
        return True

    def _next(self) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self.db.execute(
            "SELECT a.*, account.provider FROM agenda a JOIN account ON account.name = a.account "
            "WHERE provider IN (SELECT value FROM json_each(?)) ORDER BY due_ms, n LIMIT 1",
            (self.served,),
        ).fetchone()
        return found

    def _build(self, database: Path | None) -> None:
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = NORMAL")
        empty = self.db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        if not empty and self.db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            raise OtherVersion(f"{database} holds a simulation of another version: start with a new file")
        self.db.executescript(f"{SCHEMA}; PRAGMA user_version = {VERSION}")

    def _remember(self, key: str, value: int) -> int:
        self.db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, value))
        return int(self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0])
