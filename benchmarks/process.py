"""A bot in a process of its own, and what its process takes."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Running:
    pid: int
    url: str


@asynccontextmanager
async def running(config: Path) -> AsyncIterator[Running]:
    """`botcore run`, from when it has said where its page is."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "botcore", "run", "--config", str(config),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            if found := re.search(r"The page: (\S+)", line.decode()):
                yield Running(process.pid, found[1])
                return
        raise RuntimeError("the bot did not start")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def megabytes(pid: int | str, name: str = "VmRSS") -> float:
    """What of a process is resident (`VmHWM`: the most that ever was); `pid` may be "self"."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0
