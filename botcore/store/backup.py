"""Copies of the database: made while the bot runs, and put back in its place."""

from __future__ import annotations

import itertools
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
    partial.replace(target)
    return target.stat().st_size


def restore(source: Path, database: Path) -> Path | None:
    """Puts a backup in a database's place; returns where the old one went. Raises `StoreError`.

    Everything that had not left when the backup was made may have left since: it is marked, so that the next start
    asks before anything is sent.
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
                _check(copy, source)
                with copy:
                    copy.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, 'yes')", (RESTORED,))
        except (sqlite3.Error, OSError) as error:
            partial.unlink(missing_ok=True)
            raise StoreError(f"{source} is not a backup of botcore's: {error}") from error
        except StoreError:
            partial.unlink(missing_ok=True)
            raise
        kept = _set_aside(database)
        partial.replace(database)
    return kept


def _check(conn: sqlite3.Connection, path: Path) -> None:
    answer = conn.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if answer != "ok":
        raise StoreError(f"{path} is damaged: {answer}")


def _set_aside(database: Path) -> Path | None:
    """Renames the old database, with all that is not yet in its main file: a log left behind would be read into
    the new one."""
    if database.exists():
        with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = _free_name(database)
    moved = None
    for suffix in ("-wal", "-shm", ""):
        left = database.with_name(database.name + suffix)
        if left.exists():
            moved = left.replace(kept.with_name(kept.name + suffix))
    return moved


def _free_name(database: Path) -> Path:
    stem = f"{database.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    names = (database.with_name(stem + (f"-{n}" if n else "")) for n in itertools.count())
    return next(path for path in names if not any(Path(f"{path}{suffix}").exists() for suffix in ("", "-wal", "-shm")))
