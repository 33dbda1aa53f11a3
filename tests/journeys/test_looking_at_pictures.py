"""A running bot has every picture looked at, stays small meanwhile, and leaves nothing behind when it is killed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.journeys.conftest import Town

MakeTown = Callable[..., Awaitable[Town]]
Until = Callable[..., Awaitable[Any]]

LEFT = """
SELECT count(*) AS n FROM submission_pictures l JOIN pictures p ON p.url = l.url
WHERE p.state = 'loading' OR NOT l.compared
"""
MEMORY = 80 * 1024  # kB


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_pictures_are_looked_at_and_a_kill_leaves_nobody_looking(make_town: MakeTown, until: Until) -> None:
    town = await make_town(waiting=12, hurried=True)
    bot = await town.bot()
    await until(lambda: town.rows("SELECT count(*) AS n FROM looks")[0]["n"] >= 1)
    (looker,) = children(bot.pid)
    await bot.kill()
    await until(lambda: not runs(looker))
    bot = await town.bot()
    await until(lambda: town.rows("SELECT count(*) AS n FROM submissions")[0]["n"] >= 12)
    await until(lambda: town.rows(LEFT)[0]["n"] == 0)
    assert town.rows("SELECT count(*) AS n FROM looks WHERE hash IS NULL")[0]["n"] == 0
    kept = town.rows("SELECT DISTINCT sha256 FROM pictures WHERE state = 'ready'")
    assert len(town.rows("SELECT id FROM looks")) == len(kept) > 5
    assert town.rows("SELECT value FROM meta WHERE key = 'likened'") == [{"value": "12"}]
    assert resident(bot.pid) < MEMORY
