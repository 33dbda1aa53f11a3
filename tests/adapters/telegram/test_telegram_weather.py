"""Bad weather between the bot and Telegram: every press counts once, and every card comes to show what was decided."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from botcore.models import Channel
from tests.adapters.telegram.bench import GROUP, Bench
from tests.adapters.telegram.faults import Weather
from tests.adapters.telegram.server import Message

SHARE = 0.25  # of all calls, polls and answers to presses too
METHODS = frozenset({"getUpdates", "sendMessage", "editMessageText", "answerCallbackQuery", "sendChatAction"})
SEEDS = [pytest.param(seed, marks=pytest.mark.soak if seed > 1 else ()) for seed in range(1, 21)]


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_goes_wrong_on_the_way_changes_nothing_that_people_decide(bench: Bench, seed: int) -> None:
    bench.channels = (Channel("review", "telegram", str(GROUP), queue_above=100),)
    await bench.start()
    bench.fake.faults.weather(Weather(seed, SHARE, methods=METHODS, seconds=0.02))
    tasks = [f"t{number}" for number in range(8)]
    await bench.come_in(*tasks)
    names = [f"A{number + 1}" for number in range(8)]
    await _turn_until(bench, lambda: all(_cards(bench, name) for name in names))
    for name in names:
        bench.fake.press(bench.rob, _cards(bench, name)[0], "Approve")
        bench.fake.press(bench.mia, _cards(bench, name)[-1], "Approve")
        await _turn_until(bench, lambda: not bench.fake.updates.pending)
    bench.fake.faults.weather(None)
    await _turn_until(bench, lambda: all("Approved by" in _cards(bench, name)[-1].text for name in names), seconds=900)
    await _turn_until(bench, lambda: len(bench.rig.confirmed) == 8)

    assert len(bench.fake.faults.happened) >= 5
    assert await bench.rig.states() == ["confirmed"] * 8
    assert sorted(one.task_id for batch in bench.rig.market.sent for one in batch) == tasks
    assert bench.fake.broken_limits == []


def _cards(bench: Bench, name: str) -> list[Message]:
    """All messages that are a card of a submission: an answer that was lost makes one more."""
    return [message for message in bench.fake.from_bot(bench.group) if f"#{name} " in message.text]


async def _turn_until(bench: Bench, condition: Callable[[], object], seconds: float = 600.0) -> None:
    for _ in range(round(seconds / 0.25)):
        if condition():
            return
        await bench.rig.settle()
        await asyncio.sleep(0.002)
        bench.clock.advance(0.25)
    raise AssertionError(f"not so within {seconds} s\n{bench.fake.describe()}")
