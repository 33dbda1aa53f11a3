"""The command line as its users have it: in a process of its own, with its exit code and both its streams."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Browser

LONGEST = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Ran:
    """A process that has ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What stdout holds, which must be exactly one JSON document."""
        return json.loads(self.out)


Botcore = Callable[..., Awaitable[Ran]]


@pytest.fixture
def botcore(tmp_path: Path) -> Botcore:
    """`await botcore("do", "pending")`, in `tmp_path` unless a `folder` is named; `env` adds to the environment."""

    async def run(*argv: str, folder: Path = tmp_path, env: Mapping[str, str] | None = None) -> Ran:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "botcore",
            *argv,
            cwd=folder,
            env={**os.environ, **(env or {})},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(), LONGEST)
        except BaseException:
            process.kill()
            await process.wait()
            raise
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    return run


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """The system's Chromium, or Playwright's own; without one the test is skipped, and where CI is true it fails."""
    from playwright.async_api import async_playwright

    names = (os.environ.get("BOTCORE_CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
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
