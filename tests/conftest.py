"""The command line as its users have it: in a process of its own, with its exit code and both its streams."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from tests.chromium import running_chromium

if TYPE_CHECKING:
    from playwright.async_api import Browser

LONGEST = 60.0  # seconds

settings.register_profile("the same every time", derandomize=True, deadline=None)  # what differs is in the soak
settings.load_profile("the same every time")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """What `-n auto` comes to: tests wait more than they compute."""
    cores = len(os.sched_getaffinity(0))
    return 3 * cores


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
    async with running_chromium() as running:
        yield running
