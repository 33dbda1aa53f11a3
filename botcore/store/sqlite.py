"""The store on SQLite: one writing connection on one thread, group commit, and read-only connections beside it."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Concatenate, Generic, ParamSpec, Self, TypeVar

from .lean import Database, Migrations
from .port import Reader, Row, Store, StoreError, Tx
from .schema import core

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R", bound=Reader)

READERS = 2
GROUP = 512  # transactions committed together, at most
NOT_ALLOWED = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)

PUT = """
INSERT INTO work (kind, key, part, prio, not_before, args) VALUES (:kind, :key, :part, :prio, :not_before, :args)
ON CONFLICT (key) DO UPDATE SET
    prio = min(prio, excluded.prio), not_before = min(not_before, excluded.not_before),
    args = excluded.args, attempt = 0, version = version + 1
"""


class AlreadyRunning(StoreError):  # noqa: N818
    """Another process has this database open for writing."""


class SqliteReader(Reader):
    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    def q(self, sql: str, **params: object) -> Sequence[Row]:
        return self._conn.execute(sql, params).fetchall()


class SqliteTx(SqliteReader, Tx):
    def __init__(self, conn: sqlite3.Connection) -> None:
        super().__init__(conn)
        self.hooks: list[Callable[[], None]] = []
        self.enqueued = False

    def many(self, sql: str, rows: Iterable[Mapping[str, object]]) -> None:
        self._conn.executemany(sql, rows)

    def put(self, kind: str, key: str, part: str, prio: int = 50, not_before: int = 0, **args: str | int) -> None:
        self.enqueued = True
        self.q(PUT, kind=kind, key=key, part=part, prio=prio, not_before=not_before, args=json.dumps(args))

    def after_commit(self, call: Callable[[], None]) -> None:
        self.hooks.append(call)


class SqliteStore(Store):
    """Opened with `await SqliteStore.open(path)`; `on_work` is called on the event loop after work was enqueued."""

    def __init__(self, path: Path, lock: IO[bytes] | None) -> None:
        self.path = path
        self.on_work: Callable[[], None] = lambda: None
        self._lock = lock
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Job[Tx] | None] = queue.SimpleQueue()
        self._reads: queue.SimpleQueue[_Job[Reader] | None] = queue.SimpleQueue()
        self._readers = [
            threading.Thread(target=self._read_forever, name="botcore-read", daemon=True) for _ in range(READERS)
        ]
        self._writer = threading.Thread(target=self._write_forever, name="botcore-write", daemon=True)
        self._ready: Future[None] = Future()
        self._migrations: Sequence[Migrations] = ()
        self._closed = False

    @classmethod
    async def open(cls, path: Path, migrations: Iterable[Migrations] = ()) -> Self:
        """Opens (or makes) the database and brings its tables up to date.
        Raises `AlreadyRunning` while another process has it, `StoreError` where it cannot be used."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make the folder {path.parent}: {error.strerror}") from error
        store = cls(path, take_lock(path))
        store._migrations = (core, *migrations)
        store._writer.start()
        try:
            await asyncio.wrap_future(store._ready)
        except BaseException:
            await store.close()
            raise
        for reader in store._readers:
            reader.start()
        return store

    async def tx(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self._closed:
            raise StoreError("the database is closed")
        done: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Job(lambda tx: fn(tx, *args, **kwargs), done))
        return await done

    async def read(self, fn: Callable[Concatenate[Reader, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self._closed:
            raise StoreError("the database is closed")
        done: asyncio.Future[T] = self._loop.create_future()
        self._reads.put(_Job(lambda reader: fn(reader, *args, **kwargs), done))
        return await done

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for _ in self._readers:
            self._reads.put(None)
        for reader in self._readers:
            if reader.is_alive():  # before the writer: the last to close folds the log into the file
                await asyncio.to_thread(reader.join)
        self._queue.put(None)
        if self._writer.is_alive():
            await asyncio.to_thread(self._writer.join)
        if self._lock:
            self._lock.close()

    # --- the reading threads: plain ones, as an executor's futures cost more than most of what is read

    def _read_forever(self) -> None:
        conn: sqlite3.Connection | None = None
        while (job := self._reads.get()) is not None:
            conn = self._read(job, conn)
        if conn is not None:
            conn.close()

    def _read(self, job: _Job[Reader], conn: sqlite3.Connection | None) -> sqlite3.Connection | None:
        """Answers one read; returns the connection for the next."""
        value: Any = None
        failure: BaseException | None = None
        try:
            conn = conn or connect(self.path, readonly=True)
            value = _look(conn, job.run)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            failure = explained(error, self.path)
        except BaseException as error:  # noqa: BLE001 - it is handed to whoever awaits this read
            failure = error
        with suppress(RuntimeError):  # the loop is gone: nobody waits any more
            self._loop.call_soon_threadsafe(job.answer, value, failure)
        return conn

    # --- the writing thread

    def _write_forever(self) -> None:
        try:
            conn = connect(self.path)
            prepare(conn, self._migrations)
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            self._ready.set_exception(explained(error, self.path))
            return
        except BaseException as error:  # noqa: BLE001 - a plugin's migration may raise anything; open() re-raises it
            self._ready.set_exception(error)
            return
        self._ready.set_result(None)
        try:
            while (job := self._queue.get()) is not None:
                group, ended = self._drain(job)
                self._commit(conn, group)
                if ended:
                    break
        finally:
            with suppress(sqlite3.Error):
                conn.execute("PRAGMA optimize")
            conn.close()

    def _drain(self, first: _Job[Tx]) -> tuple[list[_Job[Tx]], bool]:
        group = [first]
        while len(group) < GROUP:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return group, True
            group.append(job)
        return group, False

    def _commit(self, conn: sqlite3.Connection, group: list[_Job[Tx]]) -> None:
        """One transaction for all of them, a savepoint each; each is answered only after the COMMIT."""
        answers: list[tuple[_Job[Tx], Any, BaseException | None, SqliteTx | None]] = []
        try:
            conn.execute("BEGIN IMMEDIATE")
            for job in group:
                tx = SqliteTx(conn)
                conn.execute("SAVEPOINT one")
                try:
                    value = job.run(tx)
                except sqlite3.IntegrityError as error:
                    self._undo_one(conn)
                    answers.append((job, None, error, None))
                except sqlite3.Error:
                    raise  # full, read-only, corrupt: nobody's in this group is kept
                except BaseException as error:  # noqa: BLE001 - it is handed to whoever awaits this transaction
                    self._undo_one(conn)
                    answers.append((job, None, error, None))
                else:
                    conn.execute("RELEASE one")
                    answers.append((job, value, None, tx))
            conn.execute("COMMIT")
        except sqlite3.Error as error:
            log.error("the database refused a commit: %s", error)
            with suppress(sqlite3.Error):
                conn.execute("ROLLBACK")
            if len(group) > 1:
                for job in group:  # one bad statement must not fail its neighbours
                    self._commit(conn, [job])
                return
            failure = explained(error, self.path)
            answers = [(job, None, failure, None) for job in group]
        with suppress(RuntimeError):  # the loop is gone: nobody waits any more
            self._loop.call_soon_threadsafe(self._answer, answers)

    @staticmethod
    def _undo_one(conn: sqlite3.Connection) -> None:
        conn.execute("ROLLBACK TO one")
        conn.execute("RELEASE one")

    def _answer(self, answers: list[tuple[_Job[Tx], Any, BaseException | None, SqliteTx | None]]) -> None:
        enqueued = False
        for job, value, error, tx in answers:
            if tx is not None:
                enqueued = enqueued or tx.enqueued
                for hook in tx.hooks:
                    _tell(hook)
            job.answer(value, error)
        if enqueued:
            self.on_work()


class _Job(Generic[R]):
    """What a thread shall do, and who waits for it on the event loop."""

    __slots__ = ("_done", "run")

    def __init__(self, run: Callable[[R], Any], done: asyncio.Future[Any]) -> None:
        self.run = run
        self._done = done

    def answer(self, value: Any, error: BaseException | None) -> None:
        if self._done.done():
            return
        if error is not None:
            self._done.set_exception(error)
        else:
            self._done.set_result(value)


def connect(path: Path, *, readonly: bool = False) -> sqlite3.Connection:
    """A connection as the store uses them, for one thread."""
    uri = f"{path.resolve().as_uri()}?mode={'ro' if readonly else 'rwc'}"
    conn = sqlite3.connect(
        uri,
        uri=True,
        isolation_level=None,
        timeout=5.0,
        cached_statements=256,
    )
    conn.row_factory = _as_dict
    conn.execute("PRAGMA busy_timeout = 5000")
    if not readonly:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA synchronous = FULL")
        conn.execute("PRAGMA foreign_keys = ON")
    return conn


def _look(conn: sqlite3.Connection, run: Callable[[Reader], T]) -> T:
    """Runs one read on one consistent view."""
    conn.execute("BEGIN")
    try:
        return run(SqliteReader(conn))
    finally:
        conn.execute("ROLLBACK")


def prepare(conn: sqlite3.Connection, migrations: Iterable[Migrations]) -> None:
    """Applies what migrations are pending, all in one transaction."""
    factory, conn.row_factory = conn.row_factory, None  # sqlite-utils wants tuples
    try:
        db = Database(conn, execute_plugins=False)
        conn.execute("BEGIN IMMEDIATE")
        try:
            for migration in migrations:
                migration.apply(db)
            conn.execute("COMMIT")
        except BaseException:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            raise
    finally:
        conn.row_factory = factory


def take_lock(path: Path) -> IO[bytes]:
    """Holds the database for this process: two bots must never share one. Released by closing, or by any death."""
    lock_path = path.with_name(path.name + ".lock")
    try:
        lock = lock_path.open("ab")
    except OSError as error:
        raise StoreError(f"cannot write {lock_path}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise AlreadyRunning(f"another botcore is using {path}: stop it first, or use another database") from error
    with suppress(OSError):  # who holds it is only for people to read; there may be no room for it
        os.ftruncate(lock.fileno(), 0)
        os.write(lock.fileno(), str(os.getpid()).encode())
    return lock


def explained(error: Exception, path: Path) -> StoreError:
    """What a person can do about it."""
    if isinstance(error, UnicodeDecodeError):  # SQLite quotes broken text where it complains of it
        return damaged(path)
    text = str(error)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    number = getattr(error, "errno", None)
    if code == sqlite3.SQLITE_FULL or number in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(f"the disk of {path} is full: nothing was saved; make room and try again")
    if code in NOT_ALLOWED or number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreError(f"{path} cannot be written: check its permissions and its folder's")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or "malformed" in text or "decode to UTF-8" in text:
        return damaged(path)
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(f"{path}: nothing was saved, the disk failed or is full ({text})")
    return StoreError(f"{path}: {text}")


def damaged(path: Path) -> StoreError:
    return StoreError(f"{path} is damaged: stop the bot and run `botcore restore` with your newest backup")


def _tell(hook: Callable[[], None]) -> None:
    """What one transaction wanted to be told of must not keep the others from their answers."""
    try:
        hook()
    except Exception:
        log.exception("what follows a commit failed")


def _as_dict(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip((column[0] for column in cursor.description), row, strict=True))
