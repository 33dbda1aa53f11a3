"""Every dollar is spent once and as it was confirmed, though the bot is killed at any moment and answers are lost."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.orders import ACCOUNTS, SpendingTally
from tests.journeys.soaking import DOUBT
from tests.journeys.spending_reckoning import SpendingReckoning, reckon_spending, spending_report
from tests.journeys.spending_soak import SpendingSoak


async def soak_spending(
    make_town: Callable[..., Any], until: Callable[..., Any], seed: int, size: int, longest: float
) -> tuple[SpendingTally, SpendingReckoning]:
    """Until so many operations and bonuses were let go."""
    town = await make_town(waiting=2, interval=0, page_size=7, seed=seed, doubt=DOUBT, accounts=ACCOUNTS)
    soaking = SpendingSoak(town, seed, longest)
    try:
        await soaking.sign_in()
        while soaking.spent_times() < size:
            await soaking.round()
        await soaking.settle(until, 120 + size / 2)
    finally:
        await soaking.close()
    return soaking.spending, reckon_spending(town, soaking.spending)


@pytest.mark.timeout(240)
async def test_through_kills_and_faults_every_dollar_is_spent_once(
    make_town: Callable[..., Any], until: Callable[..., Any]
) -> None:
    tally, result = await soak_spending(make_town, until, seed=5, size=10, longest=6)

    assert not result.wrongs, "\n".join(result.wrongs)
    assert result.ends["post job done"] > 0
    assert sum(tally.faults.values()) > 0


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_five_hundred_times_something_is_spent(
    make_town: Callable[..., Any], until: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """`BOTCORE_SOAK_SEED` repeats what was drawn, though not to the millisecond; `BOTCORE_SOAK_SPENDINGS` makes it
    shorter."""
    seed = int(os.environ.get("BOTCORE_SOAK_SEED") or random.SystemRandom().randrange(10**6))
    size = int(os.environ.get("BOTCORE_SOAK_SPENDINGS") or 500)
    with capsys.disabled():
        sys.stdout.write(f"\nBOTCORE_SOAK_SEED={seed} BOTCORE_SOAK_SPENDINGS={size}\n")

    tally, result = await soak_spending(make_town, until, seed, size, longest=16)

    with capsys.disabled():
        sys.stdout.write(spending_report(tally, result, seed))
    assert not result.wrongs, "\n".join(result.wrongs)
