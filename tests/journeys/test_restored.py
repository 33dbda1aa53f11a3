"""An old database must not rate or pay again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tests.journeys.reckoning import reckon, what_is_open
from tests.journeys.soaking import make_hasty


async def test_a_restored_backup_rates_nothing_again(
    make_town: Callable[..., Any], until: Callable[..., Any], botcore: Callable[..., Awaitable[Any]]
) -> None:
    town = await make_town(waiting=10, interval=0, undo=3, doubt=1)
    make_hasty(town)
    bot = await town.bot()
    await until(lambda: len(town.rows("SELECT id FROM submissions WHERE state = 'shown'")) == 10)
    for row in town.rows("SELECT task_id FROM submissions"):
        answer = await town.ask(f"approve {row['task_id']}")
        assert answer is not None
        assert answer["exit"] == 0
    assert (await botcore("backup", "--config", "config.toml", "then.db", env=town.env)).code == 0
    await until(lambda: len(town.ratings()) == 10)
    assert await bot.stop() == 0
    assert (await botcore("restore", "--config", "config.toml", "then.db", env=town.env)).code == 0

    bot = await town.bot()
    await until(lambda: not what_is_open(town))
    assert await bot.stop() == 0

    result = reckon(town)
    assert result.wrongs == []
    assert result.ends == {"confirmed": 10}
