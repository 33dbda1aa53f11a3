"""What the marketplace itself looks at: nobody can rate it, it is no verdict, and it may come back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest

from botcore.models import SightingState, Waiting
from tests.core.market import ScriptedProvider
from tests.core.rig import Rig, Rigs, Setup, words

WORDS = "Reported: the marketplace looks at it."


async def next_poll(rig: Rig, *, sweep: bool = False) -> None:
    await rig.turn(60)
    await rig.poll(sweep=sweep)


async def reported(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    rig.market.rate_on_website("a", SightingState.REPORTED)


async def test_it_is_shown_as_what_it_is_and_cannot_be_decided(rig: Rig) -> None:
    await reported(rig)
    await next_poll(rig)
    card = rig.adapter.shown()[0]
    assert (card.badge, card.buttons) == ("Reported", ())
    assert WORDS in words(card)


async def test_what_comes_back_can_be_decided_again(rig: Rig) -> None:
    await reported(rig)
    await next_poll(rig)
    rig.market.rate_on_website("a", SightingState.WAITING)
    await next_poll(rig)
    assert rig.adapter.badges() == ["Waiting"]
    await rig.say("rob", "approve A1")
    await rig.turn(60)
    assert rig.market.ledger() == {"a": 1}


async def test_a_decision_it_overtook_is_not_sent_and_does_not_stand_in_the_way(rig: Rig) -> None:
    await rig.decide("a")
    rig.market.rate_on_website("a", SightingState.REPORTED)
    await rig.poll()
    assert await rig.states() == ["overtaken"]
    rig.market.rate_on_website("a", SightingState.WAITING)
    await next_poll(rig)
    assert rig.market.sent == []
    await rig.say("rob", "approve A1")
    await rig.turn(60)
    assert rig.market.ledger() == {"a": 1}


async def test_a_rating_that_was_refused_since_it_is_reported_says_so(rig: Rig) -> None:
    await rig.decide("a")
    rig.market.rate_on_website("a", SightingState.REPORTED)  # seen by nobody until it is rated
    await rig.turn(120)
    assert rig.market.effects == []
    assert await rig.states() == ["overtaken"]
    assert rig.adapter.badges() == ["Reported"]


class Quiet(ScriptedProvider):
    """Names its jobs, says nothing of how much waits, and asks for none to be read."""

    async def waiting(self) -> Sequence[Waiting]:
        jobs = sorted({task.submission.job_id for task in self.market.tasks.values()})
        return [Waiting(self.market.job(job), None, quiet=True) for job in jobs]


@pytest.fixture
async def quiet(rigs: Rigs) -> Rig:
    return await rigs.start(Setup(provider=cast("type[ScriptedProvider]", Quiet)))


async def test_a_job_that_is_quiet_is_read_by_sweeps_alone(quiet: Rig) -> None:
    quiet.market.add("a")
    await next_poll(quiet)  # the first poll is a sweep
    quiet.market.reads.clear()
    quiet.market.add("b")
    await next_poll(quiet)
    assert quiet.market.reads == []
    await next_poll(quiet, sweep=True)
    assert quiet.market.reads == [("J1", None)]
    assert await quiet.states("submissions") == ["shown", "shown"]


async def test_what_is_held_of_a_quiet_job_is_not_taken_for_vanished(quiet: Rig) -> None:
    quiet.market.add("a")
    await next_poll(quiet)
    for _ in range(3):
        await next_poll(quiet)
    assert quiet.market.looks == []
