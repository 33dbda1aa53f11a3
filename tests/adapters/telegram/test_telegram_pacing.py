"""Telegram's limits, kept on our side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from botcore.adapter import Traffic
from botcore.clock import ManualClock
from botcore_telegram.pacing import MARGIN_MS, SHARES, Busy, Pacer
from botcore_telegram.schema import telegram
from tests.core.rig import FlakyStore

GROUP, OTHER, PERSON = -1, -2, 5
MARGIN = MARGIN_MS / 1000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FlakyStore]:
    store = await FlakyStore.open(tmp_path / "store.db", (telegram,))
    yield store
    await store.close()


@pytest.fixture
def pacer(clock: ManualClock, store: FlakyStore) -> Pacer:
    return Pacer(clock, store)


async def write(pacer: Pacer, chat: int, times: int = 1, traffic: Traffic = Traffic.ANSWER, cost: int = 1) -> None:
    for _ in range(times):
        async with pacer.slot(chat, traffic, cost, patient=False):
            pass


async def test_a_group_takes_twenty_a_minute_and_each_picture_counts(pacer: Pacer, clock: ManualClock) -> None:
    await write(pacer, GROUP, cost=10)
    clock.advance(1.5)  # all of them take no more than thirty a second
    await write(pacer, GROUP, 9)
    assert pacer.pause(GROUP, Traffic.ANSWER) == 0
    assert pacer.pause(GROUP, Traffic.ANSWER, 2) == pytest.approx(58.5 + MARGIN)
    clock.advance(58.5 + MARGIN)
    await write(pacer, GROUP, 11)
    assert pacer.pause(GROUP, Traffic.ANSWER) > 0


async def test_a_full_group_holds_up_no_other(pacer: Pacer, clock: ManualClock) -> None:
    await write(pacer, GROUP, 20)
    clock.advance(1.1)
    assert pacer.pause(OTHER, Traffic.OTHER) == 0
    assert pacer.pause(PERSON, Traffic.OTHER) == 0


async def test_there_is_always_room_left_for_what_is_more_urgent(pacer: Pacer, clock: ManualClock) -> None:
    for traffic in sorted(SHARES, reverse=True):
        while not pacer.pause(GROUP, traffic):
            await write(pacer, GROUP, 1, traffic)
    assert [SHARES[traffic] for traffic in sorted(SHARES)] == [20, 19, 17, 10]
    clock.advance(30)
    assert all(pacer.pause(GROUP, traffic) > 0 for traffic in Traffic)


async def test_cards_that_change_every_minute_in_twenty_groups_hold_up_no_decision_and_few_new_cards(
    pacer: Pacer, clock: ManualClock
) -> None:
    groups = range(-20, 0)
    for _ in range(180):
        for group in groups:  # dozens of them are there, and all that may be shown is
            while not pacer.pause(group, Traffic.OTHER):
                await write(pacer, group, 1, Traffic.OTHER)
        assert not any(pacer.pause(group, Traffic.DECISION) for group in groups)
        clock.advance(1)
    clock.advance(1)
    for group in groups[:4]:
        await write(pacer, group, 7, Traffic.NEW)
        await write(pacer, group, 2, Traffic.DECISION)
        clock.advance(1)


async def test_a_person_takes_one_a_second_and_after_an_album_its_time(pacer: Pacer, clock: ManualClock) -> None:
    await write(pacer, PERSON)
    assert pacer.pause(PERSON, Traffic.ANSWER) == pytest.approx(1 + MARGIN)
    clock.advance(1 + MARGIN)
    await write(pacer, PERSON, cost=3)
    assert pacer.pause(PERSON, Traffic.ANSWER) == pytest.approx(3 * (1 + MARGIN))


async def test_all_chats_together_take_thirty_a_second(pacer: Pacer, clock: ManualClock) -> None:
    for chat in range(1, 31):
        await write(pacer, chat)
    assert pacer.pause(99, Traffic.ANSWER) == pytest.approx(1 + MARGIN)
    waiting = asyncio.create_task(_aside(pacer))
    await asyncio.sleep(0)
    assert not waiting.done()
    clock.advance(1 + MARGIN)
    await asyncio.wait_for(waiting, 60)


async def test_what_is_under_way_counts_until_a_minute_after_it_was_answered(pacer: Pacer, clock: ManualClock) -> None:
    await write(pacer, GROUP, 19)
    async with pacer.slot(GROUP, Traffic.ANSWER):
        clock.advance(59)  # Telegram may count it only now
        assert pacer.pause(GROUP, Traffic.ANSWER) > 0
    clock.advance(59)
    assert pacer.pause(GROUP, Traffic.ANSWER, 20) == pytest.approx(1 + MARGIN)


async def test_who_is_patient_waits_and_others_hear_how_long(pacer: Pacer, clock: ManualClock) -> None:
    await write(pacer, PERSON)
    with pytest.raises(Busy) as caught:
        await write(pacer, PERSON)
    assert caught.value.retry_after == pytest.approx(1 + MARGIN)

    async def patiently() -> int:
        async with pacer.slot(PERSON, Traffic.ANSWER):
            return clock.ms()

    began, waiting = clock.ms(), asyncio.create_task(patiently())
    await asyncio.sleep(0)
    assert not waiting.done()
    clock.advance(1 + MARGIN)
    assert await asyncio.wait_for(waiting, 60) == began + 1000 + MARGIN_MS


async def test_a_pause_that_telegram_asks_for_is_this_chats_alone(pacer: Pacer, clock: ManualClock) -> None:
    pacer.hold(GROUP, 30)
    assert pacer.pause(GROUP, Traffic.ANSWER) == pytest.approx(30 + MARGIN)
    assert pacer.pause(OTHER, Traffic.OTHER) == 0
    clock.advance(30 + MARGIN)
    assert pacer.pause(GROUP, Traffic.OTHER) == 0


async def test_a_clock_that_is_set_back_stops_nothing(pacer: Pacer, clock: ManualClock) -> None:
    await write(pacer, GROUP, 20)
    pacer.hold(OTHER, 30)
    clock.set_by(-3600)
    assert pacer.pause(GROUP, Traffic.ANSWER) <= 60 + MARGIN
    assert pacer.pause(OTHER, Traffic.ANSWER) == 0
    clock.advance(61)
    assert pacer.pause(GROUP, Traffic.ANSWER) == 0


async def test_what_was_written_before_a_restart_counts(pacer: Pacer, clock: ManualClock, store: FlakyStore) -> None:
    await write(pacer, GROUP, 17)
    async with pacer.slot(GROUP, Traffic.ANSWER, 3):  # on its way when the bot was killed
        clock.advance(10)
        restarted = Pacer(clock, store)
        await restarted.open()
        assert restarted.pause(GROUP, Traffic.ANSWER) == pytest.approx(52 + MARGIN)
        assert restarted.pause(OTHER, Traffic.OTHER) == 0


async def test_a_full_disk_keeps_nobody_from_writing(pacer: Pacer, clock: ManualClock, store: FlakyStore) -> None:
    store.down = True
    await write(pacer, GROUP, 20)
    assert pacer.pause(GROUP, Traffic.ANSWER) == pytest.approx(60 + MARGIN)


async def _aside(pacer: Pacer) -> None:
    async with pacer.aside():
        pass
