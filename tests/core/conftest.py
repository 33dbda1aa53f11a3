"""What the tests of the core start from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from botcore.clock import ManualClock
from tests.core.market import START
from tests.core.rig import FlakyStore, Rig, Rigs


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
async def rigs(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Rigs]:
    rigs = Rigs(tmp_path, clock)
    yield rigs
    await rigs.close()


@pytest.fixture
async def rig(rigs: Rigs) -> Rig:
    return await rigs.start()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FlakyStore]:
    store = await FlakyStore.open(tmp_path / "store.db")
    yield store
    await store.close()
