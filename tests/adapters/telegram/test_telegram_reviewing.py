"""From the marketplace to a Telegram group and back."""

from __future__ import annotations

import pytest

from tests.adapters.telegram.bench import Bench


async def test_a_submission_is_a_card_and_a_press_decides(bench: Bench) -> None:
    await bench.start()
    await bench.come_in("a")
    card = await bench.card()
    popped_up = await bench.fake.presses(bench.rob, card, "Approve")
    await bench.rig.settle()
    assert "Approved" in card.text
    assert "rob" in card.text
    assert popped_up.text
    assert await bench.rig.states() == ["held"]


async def test_a_command_is_answered_where_it_was_said(bench: Bench) -> None:
    await bench.start()
    asked = await bench.fake.says(bench.rob, bench.group, "/balance")
    answer = await bench.fake.reply_to(asked)
    assert "Balance" in answer.text


@pytest.mark.parametrize("times", [2])
async def test_a_press_that_arrives_twice_decides_once(bench: Bench, times: int) -> None:
    await bench.start()
    await bench.come_in("a")
    card = await bench.card()
    press = bench.fake.press(bench.rob, card, "Approve")
    for _ in range(times):
        bench.fake.repeat(press)
    await bench.until_answered()
    assert await bench.rig.states() == ["held"]
    assert bench.fake.unanswered == []
