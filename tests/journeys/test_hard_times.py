"""A disk that is full, closed or damaged, and a second bot: each is told in words, and nothing is lost."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from botcore.store.port import Tx
from botcore.store.sqlite import SqliteStore
from tests.disks import SmallDisk, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk") as disk:
        yield disk


async def botcore(town: Any, command: str, *before: str) -> tuple[int, str]:
    """Its exit code, and all that it said."""
    process = await asyncio.create_subprocess_exec(
        *before, sys.executable, "-m", "botcore", command, "--config", str(town.config),
        cwd=town.folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def both(town: Any, *before: str) -> list[tuple[int, str]]:
    """What `run` and `check` say."""
    return [await botcore(town, command, *before) for command in ("run", "check")]


def move(town: Any, folder: Path) -> None:
    """Its database is there from now on."""
    town.database = folder / "bot.db"
    town.config.write_text(town.config.read_text().replace('database = "bot.db"', f'database = "{town.database}"'))


async def make_database(path: Path) -> None:
    def fill(tx: Tx) -> None:
        tx.many(
            """INSERT INTO submissions (account, job_id, task_id, revision, worker_id, submitted_at, country,
                   ip_address, data, received_at, seen_at)
               VALUES ('main', 'J', :task, 0, 'w', 1, '', '', :data, 1, 1)""",
            [{"task": f"t{number}", "data": "x" * 1_000} for number in range(500)],
        )

    store = await SqliteStore.open(path)
    await store.tx(fill)
    await store.close()


async def test_a_second_bot_is_told_of_the_first_which_goes_on(make_town: Callable[..., Any]) -> None:
    town = await make_town(waiting=1)
    await town.bot()
    code, said = await botcore(town, "run")
    assert code == 1
    assert said == f"botcore: another botcore is using {town.database}: stop it first, or use another database\n"
    assert (await town.ask("whoami"))["exit"] == 0


@pytest.mark.parametrize("harm", ["head", "middle"])
async def test_a_damaged_database_is_named_and_not_touched(make_town: Callable[..., Any], harm: str) -> None:
    town = await make_town(waiting=1)
    await make_database(town.database)
    content = bytearray(town.database.read_bytes())
    begin, end = (0, 100) if harm == "head" else (len(content) // 4, len(content) - 4096)
    content[begin:end] = random.Random(harm).randbytes(end - begin)
    town.database.write_bytes(content)
    (ran, running), (checked, checking) = await both(town)
    words = f"{town.database} is damaged: stop the bot and run `botcore restore` with your newest backup"
    assert (ran, checked) == (1, 1)
    assert f"botcore: {words}" in running
    assert f"FAILED  {words}" in checking
    assert "Traceback" not in running + checking
    assert town.database.read_bytes()[begin:end] == content[begin:end]


@pytest.mark.skipif(os.getuid() == 0 and not shutil.which("setpriv"), reason="root may write whatever it wants")
async def test_a_database_that_may_not_be_written_is_named(make_town: Callable[..., Any]) -> None:
    town = await make_town(waiting=1)
    await make_database(town.database)
    town.database.chmod(0o444)
    humbly = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.getuid() == 0 else []
    (ran, running), (checked, checking) = await both(town, *humbly)
    words = f"{town.database} cannot be written: check its permissions and its folder's"
    assert (ran, running) == (1, f"botcore: {words}\n")
    assert checked == 1
    assert f"FAILED  {words}" in checking


async def test_a_disk_that_was_closed_for_writing_is_named(disk: SmallDisk, make_town: Callable[..., Any]) -> None:
    town = await make_town(waiting=1)
    move(town, disk.path)
    await make_database(town.database)
    disk.close_for_writing()
    code, said = await botcore(town, "run")
    assert code == 1
    assert said == f"botcore: cannot write {town.database}.lock: Read-only file system\n"


async def test_a_start_on_a_full_disk_says_so(disk: SmallDisk, make_town: Callable[..., Any]) -> None:
    town = await make_town(waiting=1)
    move(town, disk.path)
    await make_database(town.database)
    disk.fill()
    (ran, running), (checked, checking) = await both(town)
    assert (ran, checked) == (1, 1)
    for said in (running, checking):
        assert str(town.database) in said
        assert "full" in said
        assert "Traceback" not in said


async def test_a_disk_that_is_full_for_a_while_costs_presses_and_nothing_else(
    disk: SmallDisk, make_town: Callable[..., Any], until: Callable[..., Any]
) -> None:
    town = await make_town(waiting=2, undo=0.2, doubt=0.5, poll=5)
    move(town, disk.path)
    bot = await town.bot()
    await until(lambda: len(town.rows("SELECT id FROM submissions WHERE state = 'shown'")) == 2)
    tasks = [row["task_id"] for row in town.rows("SELECT task_id FROM submissions ORDER BY id")]
    assert (await town.ask(f"approve {tasks[0]}"))["exit"] == 0
    disk.fill()
    for task in tasks[1:]:
        answer = await town.ask(f"approve {task}")
        assert answer["exit"] == 1
        assert f"not saved: the disk of {town.database} is full" in answer["reply"]["text"]
    assert len(town.rows("SELECT id FROM decisions")) == 1
    assert (await town.ask("pending"))["exit"] == 0

    disk.make_room()
    for task in tasks[1:]:
        await until(lambda task=task: _is_taken(town, task))
    await until(lambda: {row["state"] for row in town.rows("SELECT state FROM decisions")} == {"confirmed"})
    assert sorted(entry["task_id"] for entry in town.ratings()) == sorted(tasks)
    assert "Traceback" not in bot.errors.read_text()


async def _is_taken(town: Any, task: str) -> bool:
    answer = await town.ask(f"approve {task}")
    return bool(answer["exit"] == 0)
