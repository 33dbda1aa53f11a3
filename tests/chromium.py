"""The browser of the browser tests."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 30_000.0  # ms until what is expected of a page must be so: as long as Playwright gives a click


@asynccontextmanager
async def running_chromium() -> AsyncIterator[Browser]:
    """The system's Chromium, or Playwright's own; without one the test is skipped, and where CI is true it fails."""
    from playwright.async_api import async_playwright, expect

    expect.set_options(timeout=PATIENCE)  # its own five seconds are too few where much else runs
    names = (os.environ.get("BOTCORE_CHROMIUM"), *NAMES)
    path = next((found for name in names if name and (found := shutil.which(name))), None)
    async with async_playwright() as playwright:
        if path is None and not await asyncio.to_thread(Path(playwright.chromium.executable_path).exists):
            if os.environ.get("CI") == "true":
                pytest.fail("there is no Chromium")
            pytest.skip("there is no Chromium")
        running = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield running
        finally:
            await running.close()
