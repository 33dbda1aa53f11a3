"""Two people press different buttons on one card at the same moment, again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from botcore.control import ask_running
from botcore.text import short_id
from tests.journeys.visitor import Visitor


@pytest.mark.timeout(600)
@pytest.mark.parametrize("rounds", [100, pytest.param(1000, marks=pytest.mark.soak)])
async def test_one_of_two_wins_again_and_again(
    make_town: Callable[..., Any], until: Callable[..., Any], rounds: int
) -> None:
    town = await make_town(waiting=rounds, page_size=500, undo=0, hurried=True)
    bot = await town.bot()
    link = await ask_running(town.database, "/link", {"person": "ben"})
    assert link is not None
    ana = await Visitor(bot.url).sign_in(bot.link)
    ben = await Visitor(bot.url).sign_in(link["link"])

    async def all_in() -> bool:
        answer = await town.ask("pending")
        return bool(answer and answer["reply"]["card"]["badge"] == f"{rounds} waiting")

    await until(all_in)
    won = {"ana": 0, "ben": 0}
    for number in range(1, rounds + 1):
        name = short_id(number)
        presses = [
            ana.post("/act", button=f"approve:{name}:0"),
            ben.post("/form", form=f"reject:{name}:0", **{"in.reason": "Spam"}),
        ]
        if number % 2:
            presses.reverse()
        said = [answer["text"] for answer in await asyncio.gather(*presses)]
        approved, rejected = reversed(said) if number % 2 else said
        first = "ana" if "was first" in rejected else "ben"
        won[first] += 1
        loser = rejected if first == "ana" else approved
        winner = approved if first == "ana" else rejected
        assert f"{first} was first" in loser.lower() or f"{first.capitalize()} was first" in loser
        assert "first" not in winner
    await until(lambda: len(town.ratings()) >= rounds, 120)

    by_task = {entry["task_id"]: entry["rating"] for entry in town.ratings()}
    assert len(town.ratings()) == len(by_task) == rounds
    verdicts = list(by_task.values())
    assert (verdicts.count("ok"), verdicts.count("not_ok")) == (won["ana"], won["ben"])
    await ana.close()
    await ben.close()
