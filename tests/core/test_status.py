"""What `status` counts."""

from __future__ import annotations

from botcore.provider import OutcomeUnknown
from botcore.status import read_counts
from tests.core.market import raises
from tests.core.rig import Rig


async def test_operations_in_doubt_are_counted_with_the_ratings_in_doubt(rig: Rig) -> None:
    rig.market.add("a")
    rig.market.add("b")
    await rig.poll()
    rig.market.unanswered.add("add_positions")
    quoted = await rig.say("mia", "job add-positions J1 5")
    (number,) = quoted.operations
    assert (await rig.store.read(read_counts))["doubt"] == 0
    await rig.patiently(rig.press("mia", f"confirm:op-{number}:0"))
    counts = await rig.store.read(read_counts)
    assert (counts["doubt"], counts["asks"], counts["sending"], counts["waiting"]) == (1, 1, 0, 2)

    rig.market.steps = [raises(OutcomeUnknown("no answer"))]
    await rig.say("rob", "approve a")
    await rig.turn(20)
    counts = await rig.store.read(read_counts)
    assert (counts["doubt"], counts["asks"]) == (2, 1)
