"""A thousand submissions in one channel: every one can be decided, and no limit of Discord's is ever broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.discord.crowd import Crowd, a_crowd

EVERY_SECONDS = 1.1  # a channel takes five messages, and five edits, in 5.5 s


async def decide_all(crowd: Crowd, count: int) -> tuple[float, float]:
    """A card for each, all of them decided; returns how long by the clock showing and deciding them took."""
    for number in range(count):
        crowd.rig.market.add(f"t{number}")
    await crowd.rig.intake.poll(crowd.rig.account)
    shown = await crowd.until(lambda: len(crowd.fake.world.messages) == count)
    for message in crowd.cards:
        click = await crowd.click(message, "Approve")
        assert click.kind in (6, 7)
    left = crowd.cards

    def all_confirmed() -> bool:
        while left and "onfirmed" in left[-1].text:
            left.pop()
        return not left

    decided = await crowd.until(all_confirmed)
    assert await crowd.rig.states() == ["confirmed"] * count
    return shown, decided


async def work_through_queue(crowd: Crowd, count: int) -> None:
    """One card, which goes on to the next with each decision, in the answer to the click."""
    for number in range(count):
        crowd.rig.market.add(f"t{number}")
    await crowd.rig.intake.poll(crowd.rig.account)
    await crowd.until(lambda: len(crowd.cards) == 1)
    (card,) = crowd.cards
    for left in range(count - 1, 0, -1):
        click = await crowd.click(card, "Approve")
        assert click.kind in (6, 7)
        await crowd.until(lambda left=left: f"{left} waiting" in card.text)  # type: ignore[misc]
    await crowd.click(card, "Approve")
    await crowd.until(lambda: "done" in card.text.lower())
    assert len(await crowd.rig.states()) == count
    assert crowd.cards == [card]


async def test_a_card_for_each_of_many_is_there_within_the_limits_and_all_are_decided(tmp_path: Path) -> None:
    async with a_crowd(tmp_path, queue_above=5_000) as crowd:
        shown, _ = await decide_all(crowd, 30)
        assert shown < 30 * EVERY_SECONDS + 5


async def test_a_queue_goes_on_with_each_click_whatever_its_length(tmp_path: Path) -> None:
    async with a_crowd(tmp_path, queue_above=5) as crowd:
        await work_through_queue(crowd, 30)


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_a_thousand_cards_are_shown_and_decided_within_the_limits(tmp_path: Path) -> None:
    async with a_crowd(tmp_path, queue_above=5_000) as crowd:
        shown, decided = await decide_all(crowd, 1_000)
        assert shown < 1_000 * EVERY_SECONDS * 1.1
        assert decided < 1_000 * EVERY_SECONDS * 1.1, "one edit each, beside the answer to the click"


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_a_queue_of_a_thousand_is_worked_through_on_one_card(tmp_path: Path) -> None:
    async with a_crowd(tmp_path, queue_above=5) as crowd:
        await work_through_queue(crowd, 1_000)
