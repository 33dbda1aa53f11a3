"""Copies of a database in use, and old ones put back without rating or paying anything again."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from botcore.core_kinds import BLOCK
from botcore.models import SightingState
from botcore.operations import Proposal, confirm, quote
from botcore.provider import Unavailable
from botcore.spending import spent
from botcore.store.backup import backup, restore
from botcore.store.port import StoreError, Tx
from botcore.store.sqlite import AlreadyRunning, SqliteStore
from botcore.ui import Result
from tests.core.market import HOUR
from tests.core.rig import LIMITS, FlakyStore, Rig, Rigs, on_disk


def put(tx: Tx, key: str) -> None:
    tx.q("INSERT INTO meta (key, value) VALUES (:key, '')", key=key)


def keys(path: Path) -> list[str]:
    return [row[0] for row in on_disk(path, "SELECT key FROM meta ORDER BY key")]


async def put_back(rigs: Rigs, rig: Rig, copy: Path, folder: Path) -> Rig:
    """A bot on a restored backup, after the one that went on is gone."""
    rig.store.down = True
    database = folder / "restored.db"
    restore(copy, database)
    return await rigs.start(rig.setup, path=database, world=rig)


# --- the copy


async def test_a_backup_of_a_database_in_use_is_whole(store: FlakyStore, tmp_path: Path) -> None:
    for number in range(50):
        await store.tx(put, f"{number:02}")
    writing = asyncio.gather(*(store.tx(put, f"later{number}") for number in range(200)))
    size = await asyncio.to_thread(backup, store.path, tmp_path / "copy.db")
    await writing
    assert size == (tmp_path / "copy.db").stat().st_size
    assert keys(tmp_path / "copy.db")[:50] == [f"{number:02}" for number in range(50)]


async def test_a_backup_overwrites_nothing(store: FlakyStore, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("something else")
    with pytest.raises(StoreError, match="is there already: choose another name"):
        backup(store.path, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "something else"


def test_there_is_no_backup_of_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such database yet"):
        backup(tmp_path / "bot.db", tmp_path / "copy.db")


async def test_a_backup_that_cannot_be_written_leaves_nothing(store: FlakyStore, tmp_path: Path) -> None:
    backup(store.path, tmp_path / "good.db")
    assert not (tmp_path / "good.db.part").exists()
    with pytest.raises(StoreError, match="folder: there is no such folder; make it first"):
        backup(store.path, tmp_path / "no" / "such" / "folder" / "copy.db")


# --- putting it back


async def test_a_running_bot_is_not_restored_under_its_feet(store: FlakyStore, tmp_path: Path) -> None:
    backup(store.path, tmp_path / "copy.db")
    with pytest.raises(AlreadyRunning):
        restore(tmp_path / "copy.db", store.path)
    await store.tx(put, "still here")


async def test_what_was_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    store = await SqliteStore.open(path)
    await store.tx(put, "old")
    backup(path, tmp_path / "copy.db")
    await store.tx(put, "new")
    await store.close()

    kept = [restore(tmp_path / "copy.db", path) for _ in range(3)]
    assert keys(path) == ["old", "restored"]
    assert len(set(kept)) == 3
    assert kept[0] is not None
    assert keys(kept[0]) == ["new", "old"]


async def test_a_kill_at_any_moment_of_a_restore_leaves_one_of_them_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bot.db"
    store = await SqliteStore.open(path)
    await store.tx(put, "old")
    backup(path, tmp_path / "copy.db")
    await store.tx(put, "new")
    await store.close()
    steps = 0

    def counted(do: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **more: Any) -> Any:
            nonlocal steps
            steps -= 1
            if steps == 0:
                raise KeyboardInterrupt
            return do(*args, **more)

        return step

    for name in ("replace", "unlink", "hardlink_to"):
        monkeypatch.setattr(Path, name, counted(getattr(Path, name)))
    monkeypatch.setattr(os, "fsync", counted(os.fsync))
    found: list[list[str]] = []
    for number in range(1, 100):
        steps = number
        try:
            restore(tmp_path / "copy.db", path)
        except KeyboardInterrupt:
            found.append(keys(path))
        else:
            break
    assert found[0] == ["new", "old"]
    assert all(one in (["new", "old"], ["old", "restored"]) for one in found)
    assert keys(path) == ["old", "restored"]


@pytest.mark.parametrize("content", [b"", b"my holiday notes\n" * 999])
def test_what_is_no_backup_is_not_put_in_a_databases_place(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bot.db").write_bytes(b"what was there")
    (tmp_path / "copy.db").write_bytes(content)
    with pytest.raises(StoreError, match=r"copy\.db"):
        restore(tmp_path / "copy.db", tmp_path / "bot.db")
    assert (tmp_path / "bot.db").read_bytes() == b"what was there"
    assert not list(tmp_path.glob("*.restoring*"))


async def test_a_damaged_backup_is_refused(store: FlakyStore, tmp_path: Path) -> None:
    for number in range(500):
        await store.tx(put, f"{number:04}" + "x" * 500)
    copy = tmp_path / "copy.db"
    backup(store.path, copy)
    content = bytearray(copy.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    copy.write_bytes(content)
    with pytest.raises(StoreError, match=r"copy\.db"):
        restore(copy, tmp_path / "bot.db")
    assert not (tmp_path / "bot.db").exists()


async def test_the_log_of_a_database_that_was_thrown_away_is_not_read_into_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    store = await SqliteStore.open(path)
    await store.tx(put, "old")
    backup(path, tmp_path / "copy.db")
    for number in range(20):
        await store.tx(put, f"after{number}")
    log = path.with_name("bot.db-wal")
    shutil.copy(log, tmp_path / "log")
    await store.close()
    path.unlink()
    shutil.copy(tmp_path / "log", log)  # as after a kill, and a hand that deleted the damaged file

    restore(tmp_path / "copy.db", path)
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert keys(path) == ["old", "restored"]


# --- what an old file must not do


async def test_a_restored_backup_rates_nothing_again(rigs: Rigs, tmp_path: Path) -> None:
    rig = await rigs.start()
    for number in range(10):
        rig.market.add(f"t{number}")
    await rig.poll()
    for number in range(5):
        await rig.say("rob", f"approve t{number} bonus=0.10")
    copy = tmp_path / "copy.db"
    backup(rig.store.path, copy)
    for number in range(5, 10):
        await rig.say("rob", f"approve t{number}")
    await rig.turn(20)
    assert len(rig.market.effects) == 10
    calls = len(rig.market.sent)

    after = await put_back(rigs, rig, copy, tmp_path)
    await after.turn(HOUR)
    await after.poll()
    await after.turn(HOUR)
    assert len(rig.market.effects) == 10
    assert len(rig.market.sent) == calls
    assert Counter(await after.states()) == {"confirmed": 5}
    assert Counter(await after.states("submissions")) == {"rated": 5, "elsewhere": 5}
    assert await after.rows("SELECT * FROM meta WHERE key = 'restored'") == []


async def test_what_had_not_left_still_leaves_once(rigs: Rigs, tmp_path: Path) -> None:
    rig = await rigs.start()
    for task in ("a", "b"):
        rig.market.add(task)
    await rig.poll()
    await rig.say("rob", "approve a b")
    backup(rig.store.path, tmp_path / "copy.db")
    rig.market.rate_on_website("b", SightingState.REJECTED)

    after = await put_back(rigs, rig, tmp_path / "copy.db", tmp_path)
    assert await after.states() == ["in doubt", "in doubt"]
    assert after.market.sent == []
    await after.turn(HOUR)
    assert await after.states() == ["confirmed", "overtaken"]
    assert [rating.task_id for rating in after.market.effects] == ["a"]


async def test_a_second_start_does_not_doubt_again(rigs: Rigs, tmp_path: Path) -> None:
    rig = await rigs.start()
    rig.market.add("a")
    await rig.poll()
    backup(rig.store.path, tmp_path / "copy.db")
    after = await put_back(rigs, rig, tmp_path / "copy.db", tmp_path)
    await after.say("rob", "approve a")
    again = await rigs.killed(after)
    assert await again.states() == ["held"]
    await again.turn(20)
    assert await again.states() == ["confirmed"]


async def test_a_restored_approval_of_what_the_newer_file_had_rated_is_refused_and_settled(
    rigs: Rigs, tmp_path: Path
) -> None:
    rig = await rigs.start()
    rig.market.add("a")
    await rig.poll()
    backup(rig.store.path, tmp_path / "copy.db")
    await rig.say("rob", "approve a bonus=1")
    await rig.turn(20)
    after = await put_back(rigs, rig, tmp_path / "copy.db", tmp_path)
    await after.say("mia", "approve a bonus=1")
    await after.turn(HOUR)
    assert [rating.bonus for rating in after.market.effects] == [Decimal(1)]
    assert await after.states() == ["overtaken"]
    assert await after.store.read(spent, LIMITS, after.clock.ms()) == 0


async def test_an_operation_that_only_waits_for_a_yes_asks_anew_after_a_restore(rigs: Rigs, tmp_path: Path) -> None:
    rig = await rigs.start()
    proposal = Proposal(
        kind=BLOCK, account="main", args={"workers": "w1"}, summary="Block.", person="mia", via="memory"
    )
    quoted = await rig.store.tx(quote, proposal, rig.clock.ms())
    confirmed = await rig.store.tx(quote, proposal, rig.clock.ms())
    rig.market.errors["block"] = [Unavailable("down")]
    await rig.store.tx(confirm, confirmed, "mia", "memory", LIMITS, rig.clock.ms())
    await rig.settle()
    backup(rig.store.path, tmp_path / "copy.db")

    after = await put_back(rigs, rig, tmp_path / "copy.db", tmp_path)
    await after.turn(HOUR)
    states = {row["id"]: row["state"] for row in await after.rows("SELECT id, state FROM operations")}
    assert states[quoted] == "cancelled"
    assert states[confirmed] == "done"  # harmless to repeat
    assert after.market.done == ["block w1"]


async def test_a_button_from_after_one_restore_means_nothing_after_another(rigs: Rigs, tmp_path: Path) -> None:
    rig = await rigs.start()
    backup(rig.store.path, tmp_path / "copy.db")
    buttons = []
    for task in ("a", "b"):
        folder = tmp_path / task
        folder.mkdir()
        rig = await put_back(rigs, rig, tmp_path / "copy.db", folder)
        rig.market.tasks.clear()
        rig.market.add(task)
        await rig.poll()
        buttons.append(next(b.id for b in rig.adapter.shown()[-1].buttons if b.id.startswith("approve:")))
    assert (await rig.press("rob", buttons[0])).result is Result.REFUSED
    assert (await rig.press("rob", buttons[1])).result is Result.DONE


async def test_a_confirm_from_before_a_restore_lets_nothing_newer_go(rigs: Rigs, tmp_path: Path) -> None:
    rig = await rigs.start()
    rig.market.edits["J1"] = {}
    backup(rig.store.path, tmp_path / "copy.db")
    old = (await rig.say("mia", "job stop J1")).operations
    after = await put_back(rigs, rig, tmp_path / "copy.db", tmp_path)
    newer = (await after.say("mia", "job stop J1")).operations
    assert set(old).isdisjoint(newer)
    assert (await after.press("mia", f"confirm:op-{old[0]}:0")).text == "There is no such operation."
    assert await after.states("operations") == ["quoted"]
