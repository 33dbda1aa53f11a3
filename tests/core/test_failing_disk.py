"""A disk that is full for a while: everybody is told, nothing is half-done, and it goes on by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from botcore.clock import ManualClock
from botcore.models import Hints, Rating, RatingResult
from botcore.store.port import StoreError
from botcore.ui import Result
from tests.core.market import HOUR, Market
from tests.core.rig import Rig, Rigs, on_disk, until
from tests.disks import SmallDisk, small_disk


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[SmallDisk]:
    with small_disk(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
async def rigs(disk: SmallDisk, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Rigs]:
    rigs = Rigs(tmp_path, clock)
    yield rigs
    disk.make_room()
    await rigs.close()


@pytest.fixture
async def rig(rigs: Rigs, disk: SmallDisk) -> Rig:
    """A bot on the small disk, with three submissions on cards."""
    rig = await rigs.start(path=disk.path / "bot.db")
    for task in ("a", "b", "c"):
        rig.market.add(task)
    await rig.poll()
    return rig


async def room(rig: Rig, disk: SmallDisk) -> None:
    """There is room again; who waits for that looks twice a minute."""
    disk.make_room()
    await pass_time(rig, 60)


async def pass_time(rig: Rig, seconds: int) -> None:
    """As it passes while nothing can be saved."""
    for _ in range(seconds // 10):
        rig.clock.advance(10)
        await asyncio.sleep(0.002)


async def test_a_press_is_told_that_it_was_not_saved(rig: Rig, disk: SmallDisk) -> None:
    disk.fill()
    full = f"not saved: the disk of {rig.store.path} is full: nothing was saved; make room and try again."
    for line in ("approve a", "reject b reason=No", "approve-all J1"):
        reply = await rig.say("mia", line)
        assert reply.result is Result.REFUSED
        assert reply.text.lower().endswith(full.lower())
    assert (await rig.press("rob", "approve:A1:0")).text.startswith("Not saved: ")
    assert on_disk(rig.store.path, "SELECT count(*) FROM decisions") == [(0,)]
    assert on_disk(rig.store.path, "SELECT DISTINCT state FROM submissions") == [("shown",)]
    assert (await rig.say("vera", "pending")).result is Result.DONE  # to read needs no room

    await room(rig, disk)
    assert (await rig.say("rob", "approve a")).result is Result.DONE
    await rig.turn(20)
    assert await rig.states() == ["confirmed"]


async def test_what_cannot_be_marked_as_being_sent_is_not_sent(rig: Rig, disk: SmallDisk) -> None:
    await rig.say("rob", "approve a b c")
    disk.fill()
    await pass_time(rig, 600)
    assert rig.market.sent == []
    await room(rig, disk)
    await rig.turn(60)
    assert await rig.states() == ["confirmed"] * 3
    assert rig.market.sizes() == [3]


async def test_an_undo_that_was_not_saved_says_so_and_the_decision_stands(rig: Rig, disk: SmallDisk) -> None:
    await rig.say("rob", "approve a")
    disk.fill()
    assert (await rig.press("rob", "undo:A1:0")).text.startswith("Not saved: ")
    disk.make_room()
    assert (await rig.press("rob", "undo:A1:0")).result is Result.DONE
    await pass_time(rig, 60)
    await rig.turn(HOUR)
    assert rig.market.sent == []


async def test_an_answer_that_cannot_be_saved_is_found_out_when_there_is_room(rig: Rig, disk: SmallDisk) -> None:
    async def fill(market: Market, job: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
        disk.fill()
        return market.take(ratings)

    rig.market.steps = [fill]
    await rig.say("rob", "approve a b")
    rig.clock.advance(20)
    await until(lambda: len(rig.market.effects) == 2)
    await pass_time(rig, 120)
    assert on_disk(rig.store.path, "SELECT DISTINCT state FROM decisions") == [("sending",)]
    await room(rig, disk)
    await rig.turn(HOUR)
    assert await rig.states() == ["confirmed", "confirmed"]
    assert rig.market.ledger() == {"a": 1, "b": 1}


async def test_what_comes_in_meanwhile_comes_in_later(rig: Rig, disk: SmallDisk) -> None:
    disk.fill()
    rig.market.add("d")
    rig.market.add("e", "J2")
    with pytest.raises(StoreError, match="is full"):
        await rig.intake.poll(rig.account)
    with pytest.raises(StoreError, match="is full"):
        await rig.intake.take_hints("main", Hints(tasks={"J2": ("e",)}))
    await room(rig, disk)
    await rig.poll()
    assert await rig.states("submissions") == ["shown"] * 5
    assert len(rig.adapter.messages) == 5


async def test_a_card_that_was_sent_and_not_noted_is_not_lost(rig: Rig, disk: SmallDisk) -> None:
    async def fill() -> None:
        disk.fill()

    rig.adapter.before_send = fill
    rig.market.add("d")
    await rig.intake.poll(rig.account)
    await until(lambda: len(rig.adapter.messages) == 4)
    await pass_time(rig, 60)
    rig.adapter.before_send = None
    await room(rig, disk)
    await rig.turn(600)
    assert await rig.states("submissions") == ["shown"] * 4
    assert set(await rig.states("deliveries")) == {"sent"}


async def test_a_start_on_a_full_disk_says_so_and_the_next_one_finds_everything(
    rigs: Rigs, rig: Rig, disk: SmallDisk
) -> None:
    await rig.say("rob", "approve a")
    await rig.kill()
    disk.fill()
    with pytest.raises(StoreError, match="full"):
        await rigs.start(path=rig.store.path, world=rig)
    disk.make_room()
    after = await rigs.start(path=rig.store.path, world=rig)
    await after.turn(60)
    assert await after.states() == ["confirmed"]
    assert after.market.ledger() == {"a": 1}
