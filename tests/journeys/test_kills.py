"""kill -9 at any moment: every acknowledged decision ends in exactly one rating."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

WORDS = {"approve": "ok", "reject": "not_ok", "revise": "revise"}


def rows(database: Path, sql: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as conn:
        conn.row_factory = sqlite3.Row
        return [dict(row) for row in conn.execute(sql)]


def decisions(database: Path) -> list[dict[str, Any]]:
    return rows(
        database,
        "SELECT d.*, s.task_id, s.revision FROM decisions d JOIN submissions s ON s.id = d.submission",
    )


async def settle(town: Any, until: Callable[..., Any]) -> list[dict[str, Any]]:
    """Waits until no decision is on its way; what waits for a person counts as settled."""

    def settled() -> bool:
        return not [
            d
            for d in decisions(town.folder / "bot.db")
            if d["state"] in ("held", "due", "sending", "in doubt") and not d["asks"]
        ]

    await until(settled, 60)
    return decisions(town.folder / "bot.db")


def check_ledger(town: Any, ended: list[dict[str, Any]]) -> Counter[str]:
    """One ledger entry for each confirmed decision, equal in everything; none for the others."""
    ledger = Counter(
        (e["task_id"], e["revision"], e["rating"], e["comment"] or "", f"{float(e['bonus']):.2f}")
        for e in town.ratings()
    )
    expected = Counter(
        (d["task_id"], d["revision"], WORDS[d["verdict"]], d["comment"], f"{float(d['bonus']):.2f}")
        for d in ended
        if d["state"] == "confirmed"
    )
    asked = {d["task_id"] for d in ended if d["asks"]}
    assert all(count == 1 for count in ledger.values()), "a rating arrived twice"
    assert not (expected - ledger), "a confirmed decision has no rating"
    assert {key[0] for key in ledger - expected} <= asked, "a rating without its decision"
    return Counter(d["state"] for d in ended)


async def press_until_killed(town: Any, dice: random.Random, acknowledged: dict[str, str]) -> None:
    """Decides what is waiting, one after the other, until the bot is gone."""
    while True:
        waiting = [
            row["task_id"]
            for row in rows(town.folder / "bot.db", "SELECT task_id FROM submissions WHERE state IN ('new', 'shown')")
        ]
        if not waiting:
            if await town.ask("whoami") is None:
                return
            continue
        task = dice.choice(waiting)
        line = dice.choice(
            [f"approve {task}", f"approve {task} bonus=0.10", f"reject {task} reason=wrong page",
             f"revise {task} reason=please show your name"]
        )  # fmt: skip
        answer = await town.ask(line)
        if answer is None:
            return
        if answer["exit"] == 0:
            acknowledged[task] = line.split()[0]


async def rounds(make_town: Callable[..., Any], until: Callable[..., Any], seed: int, count: int) -> None:
    dice = random.Random(seed)
    town = await make_town(waiting=count * 3, undo=0.2, doubt=1, seed=seed)
    acknowledged: dict[str, str] = {}
    first = await town.bot()
    await until(lambda: len(rows(town.folder / "bot.db", "SELECT id FROM submissions")) == count * 3)
    await first.kill()
    for _ in range(count):
        bot = await town.bot()
        pressing = asyncio.create_task(press_until_killed(town, dice, acknowledged))
        await asyncio.sleep(dice.uniform(0.1, 2.5))
        await bot.kill()
        await pressing
    bot = await town.bot()
    ended = await settle(town, until)
    assert await bot.stop() == 0
    assert check_ledger(town, ended)["confirmed"] >= count
    assert set(acknowledged) <= {d["task_id"] for d in ended}, "an acknowledged decision was lost"


async def test_killed_at_random_moments_nothing_is_lost_and_nothing_doubled(
    make_town: Callable[..., Any], until: Callable[..., Any]
) -> None:
    await rounds(make_town, until, seed=7, count=6)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(3))
async def test_killed_at_twenty_random_moments(
    make_town: Callable[..., Any], until: Callable[..., Any], seed: int
) -> None:
    await rounds(make_town, until, seed=100 + seed, count=20)


async def test_a_restored_backup_rates_nothing_again(make_town: Callable[..., Any], until: Callable[..., Any]) -> None:
    town = await make_town(waiting=10, undo=3, doubt=1)
    bot = await town.bot()
    database = town.folder / "bot.db"
    await until(lambda: len(rows(database, "SELECT id FROM submissions WHERE state = 'shown'")) == 10)
    for row in rows(database, "SELECT task_id FROM submissions"):
        answer = await town.ask(f"approve {row['task_id']}")
        assert answer is not None
        assert answer["exit"] == 0
    assert await botcore(town, "backup", "then.db") == 0
    await until(lambda: len(town.ratings()) == 10)
    assert await bot.stop() == 0
    assert await botcore(town, "restore", "then.db") == 0

    await town.bot()
    ended = await settle(town, until)

    assert len(town.ratings()) == 10
    assert check_ledger(town, ended) == {"confirmed": 10}


async def botcore(town: Any, *argv: str) -> int:
    import sys

    command, *rest = argv
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "botcore", command, "--config", str(town.config), *rest, cwd=town.folder
    )
    return await process.wait()
