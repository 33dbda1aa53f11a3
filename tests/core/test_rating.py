"""Ratings."""

from __future__ import annotations
from tests.core.market import lost_after
from tests.core.rig import Rig


async def test_x(rig: Rig) -> None:
    rig.market.add("t1")
    await rig.poll()
    assert rig.adapter.badges() == ["Waiting"]
    reply = await rig.press("rob", "approve:A1:0")
    assert reply.text == "A1 approved. Undo within 20 s."
    rig.market.steps = [lost_after]
    await rig.turn(20)
    assert await rig.states() == ["in doubt"]
    await rig.turn(60)
    assert await rig.states() == ["confirmed"]
    assert rig.adapter.badges() == ["Approved by rob"]
