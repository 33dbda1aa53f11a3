"""Copies of the database: made while the bot runs, and put back in its place."""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from .port import StoreError
from .sqlite import explained, take_lock

RESTORED = "restored"  # the mark in `meta`: at the next start, what had not left is in doubt


def backup(database: Path, target: Path) -> int:
    """A consistent copy of a database that may be in use; returns its size in bytes. Raises `StoreError`."""
    if not database.exists():
        raise StoreError(f"{database}: there is no such database yet")
    if target.exists():
        raise StoreError(f"{target} is there already: choose another name")
    if not target.parent.is_dir():
        raise StoreError(f"{target.parent}: there is no such folder; make it first")
    partial = target.with_name(target.name + ".part")
    partial.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(partial)) as copy,
        ):
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            _check(copy, partial)
    except (sqlite3.Error, OSError) as error:
        partial.unlink(missing_ok=True)
        raise explained(error, target) from error
    except StoreError:
        partial.unlink(missing_ok=True)
        raise
    _put_in_place(partial, target)
    return target.stat().st_size


def restore(source: Path, database: Path) -> Path | None:
    """Puts a backup in a database's place; returns where the old one went. Raises `StoreError`.

    Everything that had not left when the backup was made may have left since: it is marked, so that the next start
    asks before anything is sent. At every moment either the old one is in place or the new one, whole.
    """
    if not source.exists():
        raise StoreError(f"{source}: there is no such file")
    database.parent.mkdir(parents=True, exist_ok=True)
    with take_lock(database):
        partial = database.with_name(database.name + ".restoring")
        partial.unlink(missing_ok=True)
        try:
            with closing(sqlite3.connect(source)) as backed, closing(sqlite3.connect(partial)) as copy:
                backed.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
                _check(copy, source)
                with copy:
                    copy.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, 'yes')", (RESTORED,))
        except (sqlite3.Error, OSError) as error:
            partial.unlink(missing_ok=True)
            raise StoreError(f"{source} is not a backup of botcore's: {error}") from error
        except StoreError:
            partial.unlink(missing_ok=True)
            raise
        try:
            kept = _keep(database)
            _put_in_place(partial, database)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise explained(error, database) from error
    return kept


def _check(conn: sqlite3.Connection, path: Path) -> None:
    answer = conn.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if answer != "ok":
        raise StoreError(f"{path} is damaged: {answer}")


def _keep(database: Path) -> Path | None:
    """Gives the old database a second name, and takes its log away: one left behind would be read into the new one."""
    log, index = database.with_name(database.name + "-wal"), database.with_name(database.name + "-shm")
    if database.exists():
        with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = _free_name(database)
    if database.exists():
        _link(database, kept)
    if log.exists():
        log.replace(kept.with_name(kept.name + "-wal"))
    index.unlink(missing_ok=True)
    return kept if kept.exists() else None


def _link(file: Path, name: Path) -> None:
    try:
        name.hardlink_to(file)
    except OSError:  # there are file systems without
        shutil.copy2(file, name)


def _put_in_place(file: Path, name: Path) -> None:
    """Renames a file that is complete, so that also a power cut leaves the one or the other there."""
    _sync(file)
    file.replace(name)
    _sync(name.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _free_name(database: Path) -> Path:
    stem = f"{database.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    names = (database.with_name(stem + (f"-{n}" if n else "")) for n in itertools.count())
    return next(path for path in names if not any(Path(f"{path}{suffix}").exists() for suffix in ("", "-wal", "-shm")))
