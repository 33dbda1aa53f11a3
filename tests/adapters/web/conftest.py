from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from botcore.clock import ManualClock, SystemClock
from tests.chromium import running_chromium

from .desk import Desk, desk


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def site(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Desk]:
    """The page, served on loopback."""
    async with desk(tmp_path, clock) as here:
        await here.serve()
        yield here


@pytest_asyncio.fixture(loop_scope="session")
async def live_site(tmp_path: Path) -> AsyncIterator[Desk]:
    """The same by the system's clock, as a browser has it."""
    async with desk(tmp_path, SystemClock()) as here:
        await here.serve()
        yield here


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all; tests that use it run on the session's event loop, each in a context of its own."""
    async with running_chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, live_site: Desk) -> AsyncIterator[Page]:
    """Ana's page, signed in. What its console complains about fails the test."""
    context = await browser.new_context(reduced_motion="reduce")
    here = await context.new_page()
    complaints: list[str] = []
    here.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    here.on("pageerror", lambda error: complaints.append(str(error)))
    await here.goto(await live_site.link())
    await here.get_by_text("waiting", exact=False).first.wait_for()
    try:
        yield here
    finally:
        await context.close()
    serious = [c for c in complaints if "net::ERR" not in c and "Failed to load resource" not in c]
    assert not serious
