"""The database: what is answered is durable, and what fails is not half-written."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Awaitable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database, Migrations

from botcore.store.port import Reader, StoreError, Tx
from botcore.store.sqlite import AlreadyRunning, SqliteStore
from tests.core.rig import on_disk, until

PRAGMAS = ("journal_mode", "synchronous", "foreign_keys")


def put(tx: Tx, key: str, value: str = "") -> None:
    tx.q("INSERT INTO meta (key, value) VALUES (:key, :value)", key=key, value=value)


def keys(reader: Reader) -> list[str]:
    return [row["key"] for row in reader.q("SELECT key FROM meta ORDER BY key")]


class Plug:
    """Keeps the writing thread in one transaction, so that what is asked for meanwhile goes into one group."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.go = threading.Event()

    def __call__(self, tx: Tx) -> None:
        self.entered.set()
        assert self.go.wait(60)


async def plugged(store: SqliteStore) -> tuple[Plug, asyncio.Task[None]]:
    plug = Plug()
    task = asyncio.create_task(store.tx(plug))
    await until(plug.entered.is_set)
    return plug, task


async def ended(*awaitables: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*awaitables, return_exceptions=True)


# --- group commit


async def test_nobody_is_answered_before_the_commit_of_all(store: SqliteStore) -> None:
    first, opening = await plugged(store)
    second = Plug()
    early = asyncio.create_task(store.tx(put, "early"))
    late = asyncio.create_task(store.tx(second))
    await asyncio.sleep(0)
    first.go.set()
    await until(second.entered.is_set)
    await opening

    assert not early.done()
    assert on_disk(store.path, "SELECT key FROM meta") == []

    second.go.set()
    await asyncio.gather(early, late)
    assert on_disk(store.path, "SELECT key FROM meta") == [("early",)]


async def test_many_transactions_share_a_commit(store: SqliteStore) -> None:
    plug, opening = await plugged(store)
    seen: list[int] = []

    def count(tx: Tx, number: int) -> None:
        put(tx, f"{number:03}")
        seen.append(len(on_disk(store.path, "SELECT key FROM meta")))

    tasks = [asyncio.create_task(store.tx(count, number)) for number in range(100)]
    await asyncio.sleep(0)
    plug.go.set()
    await asyncio.gather(opening, *tasks)

    assert seen == [0] * 100  # nothing of the others was committed while each of them ran
    assert len(await store.read(keys)) == 100


async def test_many_rows_are_one_transactions_like_one(store: SqliteStore) -> None:
    sql = "INSERT INTO meta (key, value) VALUES (:key, '')"
    await store.tx(lambda tx: tx.many(sql, [{"key": "a"}, {"key": "b"}]))
    failed, done = await ended(store.tx(lambda tx: tx.many(sql, [{"key": "c"}, {"key": "a"}])), store.tx(put, "d"))
    assert isinstance(failed, sqlite3.IntegrityError)
    assert done is None
    assert await store.read(keys) == ["a", "b", "d"]


async def test_a_transaction_that_raises_leaves_its_neighbours_alone(store: SqliteStore) -> None:
    def half(tx: Tx, error: Exception) -> None:
        put(tx, "half")
        raise error

    plug, opening = await plugged(store)
    wrong = [ValueError("no"), sqlite3.IntegrityError("twice"), sqlite3.DataError("too big")]
    tasks = [
        store.tx(put, "a"),
        *(store.tx(half, error) for error in wrong),
        store.tx(lambda tx: tx.q("SELECT nonsense")),
        store.tx(put, "b"),
        store.tx(put, "a"),
    ]
    asking = asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)
    plug.go.set()
    await opening
    results = await asking

    assert results[0] is None
    assert results[1] is wrong[0]
    assert results[2] is wrong[1]
    assert isinstance(results[3], StoreError)
    assert isinstance(results[4], StoreError)
    assert results[5] is None
    assert isinstance(results[6], sqlite3.IntegrityError)
    assert await store.read(keys) == ["a", "b"]


async def test_who_stops_waiting_does_not_stop_the_others(store: SqliteStore) -> None:
    plug, opening = await plugged(store)
    impatient = asyncio.create_task(store.tx(put, "a"))
    patient = asyncio.create_task(store.tx(put, "b"))
    await asyncio.sleep(0)
    impatient.cancel()
    plug.go.set()
    await opening
    await patient
    assert await store.read(keys) == ["a", "b"]


async def test_what_follows_a_commit_is_told_only_of_what_was_kept(store: SqliteStore) -> None:
    told: list[str] = []

    def kept(tx: Tx) -> None:
        put(tx, "a")
        tx.after_commit(lambda: told.append("kept"))

    def lost(tx: Tx) -> None:
        tx.after_commit(lambda: told.append("lost"))
        raise ValueError

    await ended(store.tx(kept), store.tx(lost))
    assert told == ["kept"]


async def test_a_failure_of_what_follows_a_commit_keeps_nobody_waiting(store: SqliteStore) -> None:
    def fail() -> None:
        raise RuntimeError("after the fact")

    def follow(tx: Tx) -> None:
        put(tx, "a")
        tx.after_commit(fail)

    plug, opening = await plugged(store)
    tasks = [asyncio.create_task(store.tx(follow)), asyncio.create_task(store.tx(put, "b"))]
    await asyncio.sleep(0)
    plug.go.set()
    await opening
    async with asyncio.timeout(60):
        assert await asyncio.gather(*tasks) == [None, None]


async def test_the_engine_is_told_of_work_once_it_is_durable(store: SqliteStore) -> None:
    seen: list[int] = []
    store.on_work = lambda: seen.append(len(on_disk(store.path, "SELECT id FROM work")))
    await store.tx(lambda tx: tx.put("kind", "key", "part"))
    await store.tx(put, "no work")
    assert seen == [1]


async def test_a_commit_survives_a_power_cut(store: SqliteStore) -> None:
    pragmas = await store.tx(lambda tx: {name: tx.value(f"PRAGMA {name}") for name in PRAGMAS})
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


async def test_reads_run_beside_a_writer(store: SqliteStore) -> None:
    await store.tx(put, "a")
    plug, writing = await plugged(store)
    assert await store.read(keys) == ["a"]
    plug.go.set()
    await writing


async def test_a_read_sees_one_moment(store: SqliteStore) -> None:
    await store.tx(put, "a")
    half_way, go_on = threading.Event(), threading.Event()

    def look_twice(reader: Reader) -> tuple[list[str], list[str]]:
        before = keys(reader)
        half_way.set()
        assert go_on.wait(60)
        return before, keys(reader)

    looking = asyncio.create_task(store.read(look_twice))
    await until(half_way.is_set)
    await store.tx(put, "b")
    go_on.set()
    assert await looking == (["a"], ["a"])


async def test_a_read_cannot_write(store: SqliteStore) -> None:
    with pytest.raises(StoreError):
        await store.read(lambda r: r.q("INSERT INTO meta (key, value) VALUES ('a', '')"))


# --- when the disk says no


async def test_a_full_disk_is_said_and_nothing_is_half_written(store: SqliteStore) -> None:
    await store.tx(put, "before")
    pages = await store.read(lambda r: r.value("PRAGMA page_count"))
    await store.tx(lambda tx: tx.q(f"PRAGMA max_page_count = {pages + 2}"))

    def much(tx: Tx) -> None:
        put(tx, "small")
        put(tx, "large", "x" * 1_000_000)

    with pytest.raises(StoreError, match="is full: nothing was saved; make room"):
        await store.tx(much)
    assert await store.read(keys) == ["before"]

    await store.tx(lambda tx: tx.q(f"PRAGMA max_page_count = {pages + 100_000}"))
    await store.tx(much)
    assert await store.read(keys) == ["before", "large", "small"]


async def test_a_full_disk_fails_those_who_do_not_fit_and_no_others(store: SqliteStore) -> None:
    pages = await store.read(lambda r: r.value("PRAGMA page_count"))
    await store.tx(lambda tx: tx.q(f"PRAGMA max_page_count = {pages + 2}"))
    plug, opening = await plugged(store)
    asking = asyncio.gather(
        store.tx(put, "a"), store.tx(put, "large", "x" * 1_000_000), store.tx(put, "b"), return_exceptions=True
    )
    await asyncio.sleep(0)
    plug.go.set()
    await opening
    first, large, last = await asking
    assert (first, last) == (None, None)
    assert isinstance(large, StoreError)
    assert await store.read(keys) == ["a", "b"]


LIMITED = """
import asyncio, resource, signal, sys
from pathlib import Path
from botcore.store.port import StoreError
from botcore.store.sqlite import SqliteStore

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = await SqliteStore.open(Path(sys.argv[1]))
    def put(tx, key, value):
        tx.q("INSERT INTO meta (key, value) VALUES (:key, :value)", key=key, value=value)
    await store.tx(put, "before", "")
    used = Path(sys.argv[1] + "-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (used + 8192, resource.RLIM_INFINITY))
    try:
        await store.tx(put, "large", "x" * 1_000_000)
    except StoreError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await store.tx(put, "after", "")
    print(await store.read(lambda r: [row["key"] for row in r.q("SELECT key FROM meta ORDER BY key")]))
    await store.close()

asyncio.run(main())
"""


def test_a_write_that_the_system_cuts_short_is_as_if_it_had_not_been(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path / "limited.db")], capture_output=True, text=True, timeout=60
    )
    said, kept = ran.stdout.splitlines()
    assert "nothing was saved" in said
    assert kept == "['after', 'before']"
    assert on_disk(tmp_path / "limited.db", "PRAGMA integrity_check") == [("ok",)]


async def test_a_database_that_became_read_only_is_said(store: SqliteStore) -> None:
    await store.tx(lambda tx: tx.q("PRAGMA query_only = ON"))
    with pytest.raises(StoreError, match="cannot be written: check its permissions"):
        await store.tx(put, "a")
    assert await store.read(keys) == []


UNPRIVILEGED = """
import asyncio, os, sys
from pathlib import Path
from botcore.store.port import StoreError
from botcore.store.sqlite import SqliteStore

if os.getuid() == 0:
    os.setuid(65534)

async def main():
    try:
        await SqliteStore.open(Path(sys.argv[1]))
    except StoreError as error:
        print(error)

asyncio.run(main())
"""


def test_a_folder_that_cannot_be_written_is_said() -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are private, also to whom we become
        Path(folder).chmod(0o555)
        path = Path(folder).resolve() / "bot.db"
        ran = subprocess.run(
            [sys.executable, "-c", UNPRIVILEGED, str(path)], capture_output=True, text=True, timeout=60, cwd="/"
        )
    assert ran.stdout == f"cannot write {path}.lock: Permission denied\n", ran.stderr


@pytest.mark.parametrize("path", ["a-file/bot.db", "a-folder"])
async def test_a_place_where_no_database_can_be_is_said(tmp_path: Path, path: str) -> None:
    (tmp_path / "a-file").write_text("")
    (tmp_path / "a-folder").mkdir()
    with pytest.raises(StoreError, match="cannot"):
        await SqliteStore.open(tmp_path / path)


async def test_what_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    path.write_bytes(b"my holiday notes\n" * 1000)
    with pytest.raises(StoreError, match="is damaged: stop the bot and run `botcore restore`"):
        await SqliteStore.open(path)
    assert path.read_bytes() == b"my holiday notes\n" * 1000


async def test_a_schema_that_went_bad_is_said_whatever_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE t (a)")
        conn.execute("PRAGMA writable_schema = ON")
        conn.execute("UPDATE sqlite_schema SET sql = CAST(x'43524541544520fffe' AS TEXT)")
        conn.commit()
    with pytest.raises(StoreError, match="is damaged"):
        await SqliteStore.open(path)


async def test_a_page_that_went_bad_is_said(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    store = await SqliteStore.open(path)
    await asyncio.gather(*(store.tx(put, f"{number:04}", "x" * 900) for number in range(600)))
    await store.close()
    with path.open("r+b") as file:
        size = path.stat().st_size  # most of it are rows
        file.seek(size // 2)
        file.write(random.Random(1).randbytes(size - size // 2))

    store = await SqliteStore.open(path)
    try:
        with pytest.raises(StoreError, match="is damaged"):
            await store.read(keys)
        with pytest.raises(StoreError, match="is damaged"):
            await store.tx(lambda tx: tx.q("UPDATE meta SET value = ''"))
    finally:
        await store.close()


# --- one owner


async def test_a_second_opener_is_told_who_is_there(store: SqliteStore) -> None:
    with pytest.raises(AlreadyRunning, match="another botcore is using"):
        await SqliteStore.open(store.path)
    await store.tx(put, "still mine")


async def test_closing_lets_the_next_one_in(tmp_path: Path) -> None:
    for number in range(3):
        store = await SqliteStore.open(tmp_path / "bot.db")
        await store.tx(put, f"{number}")
        await store.close()
    assert on_disk(tmp_path / "bot.db", "SELECT key FROM meta") == [("0",), ("1",), ("2",)]


async def test_what_was_asked_before_closing_is_done_and_nothing_after(store: SqliteStore) -> None:
    last = asyncio.create_task(store.tx(put, "last words"))
    await asyncio.sleep(0)
    await store.close()
    await last
    with pytest.raises(StoreError, match="closed"):
        await store.tx(put, "too late")
    with pytest.raises(StoreError, match="closed"):
        await store.read(keys)
    await store.close()


async def test_a_migration_that_fails_keeps_nothing_and_lets_go_of_the_database(tmp_path: Path) -> None:
    half = Migrations("half")

    @half()
    def one(db: Database) -> None:
        db.execute("CREATE TABLE theirs (a)")
        raise RuntimeError("cannot")

    path = tmp_path / "bot.db"
    with pytest.raises(RuntimeError, match="cannot"):
        await SqliteStore.open(path, [half])
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == []
    await (await SqliteStore.open(path)).close()
