"""Nothing lost and nothing doubled, though the bot is killed at any moment and the marketplace fails in every way."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.crowd import Tally
from tests.journeys.reckoning import Reckoning, reckon, report
from tests.journeys.soaking import DOUBT, FAULTS, Soak, make_hasty


async def soak(
    make_town: Callable[..., Any], until: Callable[..., Any], seed: int, rounds: int, longest: float = 4.0
) -> tuple[Tally, Reckoning]:
    town = await make_town(
        waiting=12 + rounds, interval=0, page_size=7, seed=seed, undo=0.4, doubt=DOUBT, poll=0.5, queue_above=5
    )
    make_hasty(town)
    soaking = Soak(town, seed, longest)
    try:
        await soaking.sign_in()
        for _ in range(rounds):
            await soaking.round()
        await soaking.settle(until, 90 + rounds)
    finally:
        await soaking.close()
    return soaking.tally, reckon(town, soaking.tally)


async def test_through_kills_and_faults_nothing_is_lost_and_nothing_doubled(
    make_town: Callable[..., Any], until: Callable[..., Any]
) -> None:
    tally, result = await soak(make_town, until, seed=8, rounds=4, longest=1.5)

    assert not result.wrongs, "\n".join(result.wrongs)
    assert result.ends["confirmed"] > 0
    assert sum(tally.faults.values()) > 0


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_two_hundred_rounds(
    make_town: Callable[..., Any], until: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """`BOTCORE_SOAK_SEED` repeats what was drawn, though not to the millisecond; `BOTCORE_SOAK_ROUNDS` makes it
    shorter."""
    seed = int(os.environ.get("BOTCORE_SOAK_SEED") or random.SystemRandom().randrange(10**6))
    rounds = int(os.environ.get("BOTCORE_SOAK_ROUNDS") or 200)
    with capsys.disabled():
        sys.stdout.write(f"\nBOTCORE_SOAK_SEED={seed} BOTCORE_SOAK_ROUNDS={rounds}\n")

    tally, result = await soak(make_town, until, seed, rounds)

    with capsys.disabled():
        sys.stdout.write(report(tally, result, seed))
    assert not result.wrongs, "\n".join(result.wrongs)


def test_a_fifth_of_all_calls_goes_wrong() -> None:
    for shares in zip(*FAULTS.values(), strict=True):
        assert sum(shares) == pytest.approx(20)
