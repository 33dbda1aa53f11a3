"""A Telegram for each test, checked at its end."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.adapters.telegram.server import FakeTelegram


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    """A Telegram; the test fails where something was sent that it would not take, or too much."""
    fake = FakeTelegram()
    await fake.start()
    yield fake
    await fake.stop()
    fake.check()
