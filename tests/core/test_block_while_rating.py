"""A worker blocked together with a rejection: by managers, where the marketplace can, and told for certain only."""

from __future__ import annotations

from typing import ClassVar

from botcore.models import SightingState
from botcore.provider import Capability, OutcomeUnknown
from botcore.ui import Result
from tests.core.market import HOUR, ScriptedProvider
from tests.core.rig import Rig, Rigs, Setup


class Lenient(ScriptedProvider):
    """Where nobody can be blocked with a rating."""

    title: ClassVar[str] = "Lenient"
    capabilities: ClassVar[frozenset[Capability]] = frozenset(Capability) - {Capability.BLOCK_WHILE_RATING}


async def blocked(rig: Rig) -> int:
    return int(await rig.value("SELECT count(*) FROM worker_records WHERE blocked"))


async def waiting(rig: Rig, task: str = "t1") -> Rig:
    rig.market.add(task)
    await rig.poll()
    return rig


async def test_a_block_goes_with_the_rejection_and_can_be_undone_before(rig: Rig) -> None:
    await waiting(rig)
    assert (await rig.say("mia", "reject t1 reason=Not your own work block")).result is Result.DONE
    await rig.say("mia", "undo")
    await rig.turn(HOUR)
    assert rig.market.sent == []
    done = await rig.say("mia", "reject t1 reason=Not your own work block=yes")
    assert "blocked with it" in str(done.card)
    assert await blocked(rig) == 0
    await rig.turn(HOUR)
    assert [(one.task_id, one.block) for one in rig.market.effects] == [("t1", True)]
    assert await blocked(rig) == 1


async def test_a_rejection_without_it_blocks_nobody(rig: Rig) -> None:
    await waiting(rig)
    await rig.say("mia", "reject t1 reason=Not your own work")
    await rig.turn(HOUR)
    assert [one.block for one in rig.market.effects] == [False]
    assert await blocked(rig) == 0


async def test_a_block_whose_answer_was_lost_is_not_believed(rig: Rig) -> None:
    await waiting(rig)
    rig.market.errors["rate"] = [OutcomeUnknown("no answer")]
    await rig.say("mia", "reject t1 reason=Not your own work block")
    await rig.turn(30)
    rig.market.rate_on_website("t1", SightingState.REJECTED)
    await rig.turn(HOUR)
    assert await rig.value("SELECT unverified FROM decisions") == "comment, block"
    assert await blocked(rig) == 0


async def test_only_managers_block(rig: Rig) -> None:
    await waiting(rig)
    assert (await rig.say("rob", "reject t1 reason=Copied block")).text == "To block a worker needs a manager."
    assert await rig.value("SELECT count(*) FROM decisions") == 0


async def test_where_it_cannot_be_done_nothing_is_decided(rigs: Rigs) -> None:
    rig = await waiting(await rigs.start(Setup(provider=Lenient)))
    reply = await rig.say("mia", "reject t1 reason=Copied block")
    assert "Main (Lenient) cannot block a worker with a rating; no configured account can" in reply.text
    assert await rig.value("SELECT count(*) FROM decisions") == 0
