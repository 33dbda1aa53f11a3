"""A clock that is set, back or forward: nothing is lost or doubled, and nothing waits an hour for it."""

from __future__ import annotations

import asyncio

import pytest

from botcore.models import SightingState
from botcore.provider import Unavailable
from botcore.ui import Result
from tests.core.market import HOUR, LOST, lost_after, raises
from tests.core.rig import Rig, Rigs

MINUTE = 60


async def minutes(rig: Rig, count: int) -> None:
    """As they pass on the wall, whatever the clock says; the engine looks at it in each."""
    for _ in range(count * 4):
        rig.clock.advance(15)
        rig.engine.wake()
        await noticed(rig)
        await rig.settle()


async def noticed(rig: Rig) -> None:
    """Until the engine has looked at the clock."""
    async with asyncio.timeout(60):
        while not -1 < rig.clock.ms() - await seen(rig) < 10_000:  # noqa: ASYNC110 - it has no event for that
            await asyncio.sleep(0.001)


async def seen(rig: Rig) -> int:
    return int(await rig.value("SELECT value FROM meta WHERE key = 'clock'") or 0)


async def test_a_decision_leaves_within_its_window_though_the_clock_is_set_back(rig: Rig) -> None:
    await rig.decide("a")
    rig.clock.set_by(-HOUR)
    await minutes(rig, 2)
    assert await rig.states() == ["confirmed"]
    assert rig.market.ledger() == {"a": 1}


async def test_a_decision_can_be_undone_after_the_clock_was_set_back(rig: Rig) -> None:
    await rig.decide("a")
    rig.clock.set_by(-HOUR)
    rig.clock.advance(5)
    assert (await rig.press("rob", "undo:A1:0")).result is Result.DONE
    await minutes(rig, 5)
    assert await rig.states() == ["undone"]
    assert rig.market.sent == []


async def test_a_decision_made_just_after_has_the_whole_of_its_window(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    rig.clock.set_by(-HOUR)
    await rig.say("rob", "approve a")
    await rig.turn(19)
    assert await rig.states() == ["held"]
    await rig.turn(1)
    assert await rig.states() == ["confirmed"]


async def test_what_could_not_be_sent_is_tried_again_soon(rig: Rig) -> None:
    rig.market.steps = [raises(Unavailable("down"))] * 4
    await rig.approve("a")
    assert await rig.states() == ["due"]
    rig.clock.set_by(-HOUR)
    await minutes(rig, 3)
    assert await rig.states() == ["confirmed"]


@pytest.mark.parametrize("worked", [True, False])
async def test_a_doubt_is_settled_in_minutes(rig: Rig, worked: bool) -> None:
    rig.market.steps = [lost_after if worked else LOST]
    await rig.approve("a")
    assert await rig.states() == ["in doubt"]
    rig.clock.set_by(-HOUR)
    await minutes(rig, 5)
    assert await rig.states() == ["confirmed"]
    assert rig.market.ledger() == {"a": 1}


async def test_a_start_after_the_clock_was_set_back_goes_on_at_once(rigs: Rigs) -> None:
    rig = await rigs.start()
    rig.market.steps = [LOST]
    await rig.decide("a", job="J1")
    await rig.turn(20)
    await rig.decide("b", job="J2")
    rig.clock.set_by(-HOUR)
    after = await rigs.killed(rig)
    await minutes(after, 5)
    assert await after.states() == ["confirmed", "confirmed"]
    assert after.market.ledger() == {"a": 1, "b": 1}


async def test_a_clock_set_forward_sends_what_was_held_once(rig: Rig) -> None:
    await rig.decide("a")
    rig.clock.set_by(HOUR)
    assert (await rig.press("rob", "undo:A1:0")).result is Result.REFUSED
    await minutes(rig, 2)
    assert await rig.states() == ["confirmed"]
    assert rig.market.ledger() == {"a": 1}


async def test_a_clock_set_forward_does_not_make_two_looks_one(rig: Rig) -> None:
    rig.market.steps = [LOST]
    await rig.approve("a")
    rig.clock.set_by(HOUR)
    rig.engine.wake()
    await noticed(rig)
    await rig.turn(59)
    assert (len(rig.market.looks), rig.market.sizes()) == (1, [1])
    await minutes(rig, 2)
    assert (len(rig.market.looks), rig.market.sizes()) == (2, [1, 1])


async def test_back_and_forward_again_rates_once(rig: Rig) -> None:
    rig.market.steps = [LOST, lost_after]
    await rig.decide("a", "b")
    for by in (-HOUR, HOUR, -3 * HOUR, 3 * HOUR):
        rig.clock.set_by(by)
        await minutes(rig, 3)
    assert set(await rig.states()) == {"confirmed"}
    assert rig.market.ledger() == {"a": 1, "b": 1}


async def test_a_claim_ends_in_its_time(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    await rig.say("rob", "review")
    until_then = await rig.value("SELECT held_until FROM queues WHERE person = 'rob'")
    assert until_then > rig.clock.ms()
    rig.clock.set_by(-HOUR)
    await minutes(rig, 2)
    left = await rig.value("SELECT held_until FROM queues WHERE person = 'rob'") - rig.clock.ms()
    assert left <= 10 * MINUTE * 1000


async def test_polling_and_its_sweep_go_on(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    rig.clock.set_by(-HOUR)
    await minutes(rig, 1)
    rig.market.rate_on_website("a", SightingState.REJECTED)
    rig.market.add("b")
    await rig.poll()
    assert await rig.states("submissions") == ["elsewhere", "shown"]
    rig.market.hand_in_again("b")
    await minutes(rig, 16)
    await rig.poll()
    assert (await rig.states("submissions"))[1:] == ["superseded", "shown"]


async def test_what_waits_for_later_waits_as_long_as_it_was_to(rig: Rig) -> None:
    later = rig.clock.ms() + 20 * MINUTE * 1000
    await rig.store.tx(lambda tx: tx.put("calm", "k", "k", 50, later, queue=1))
    await rig.settle()
    rig.clock.set_by(-24 * HOUR)
    await minutes(rig, 19)
    assert await rig.value("SELECT key FROM work") == "k"
    await minutes(rig, 2)
    assert await rig.value("SELECT key FROM work") is None


async def test_a_clock_set_back_while_nothing_waits_is_noticed(rig: Rig) -> None:
    await noticed(rig)
    rig.clock.set_by(-HOUR)
    async with asyncio.timeout(60):
        while await seen(rig) > rig.clock.ms():
            rig.clock.advance(30)
            await asyncio.sleep(0.001)
