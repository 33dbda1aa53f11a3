"""How much is tried, where it happens, and what must not be heard meanwhile."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.machine import SHARED_MEMORY
from tests.fuzz.fuzzing import MANY, Ears, Fuzz


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all examples of a module."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """In memory where there is such a place: nothing here is about disks."""
    made = Path(tempfile.mkdtemp(dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None))
    yield made
    shutil.rmtree(made)


@pytest.fixture(params=[pytest.param(False, id="some"), pytest.param(True, id="many", marks=MANY)])
def fuzz(request: pytest.FixtureRequest, runner: asyncio.Runner, capsys: pytest.CaptureFixture[str]) -> Iterator[Fuzz]:
    """Tries a check with examples: some in every run, very many in a soak."""
    ears = Ears()
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.INFO)  # also what is logged only there must be fit to be logged
    root.addHandler(ears)
    yield Fuzz(request.node.name, runner, ears, capsys, many=request.param)
    root.removeHandler(ears)
    root.setLevel(level)
