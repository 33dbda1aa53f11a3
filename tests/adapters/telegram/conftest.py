"""A Telegram for each test, checked at its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from botcore.clock import ManualClock
from tests.adapters.telegram.bench import Bench, make_bench
from tests.adapters.telegram.server import FakeTelegram
from tests.core.market import START
from tests.core.rig import Rigs


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    """A Telegram; the test fails where something was sent that it would not take, or too much."""
    fake = FakeTelegram()
    await fake.start()
    yield fake
    await fake.stop()
    fake.check()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
async def rigs(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Rigs]:
    rigs = Rigs(tmp_path, clock)
    yield rigs
    await rigs.close()


@pytest.fixture
async def bench(rigs: Rigs, clock: ManualClock) -> AsyncIterator[Bench]:
    """A bot that is not started yet, and the Telegram it is at, checked as `telegram` is."""
    bench = await make_bench(rigs, clock)
    yield bench
    await bench.stop()
    bench.fake.check()
