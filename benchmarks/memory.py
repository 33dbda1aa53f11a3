"""How much memory a running bot takes: the web adapter, one account, some submissions with their pictures."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession

from benchmarks.figures import Figure
from benchmarks.town import town

WAITING = 20
SETTLE_SECONDS = 5.0  # after the last card, for pictures still being read


async def memory(folder: Path) -> Figure:
    """What is resident once all cards are out; the note is the most it ever was."""
    async with town(folder, "memory", waiting=WAITING) as config, _bot(config) as (pid, url):
        async with ClientSession() as session:
            while await _waiting(session, url) < WAITING:  # noqa: ASYNC110 - another process counts
                await asyncio.sleep(0.1)
        await asyncio.sleep(SETTLE_SECONDS)
        resident, peak = _megabytes(pid, "VmRSS"), _megabytes(pid, "VmHWM")
    return Figure("a running bot", resident, 80, "MB", _bare(), "for an idle python", note=f"at most {peak:.3g}")


@asynccontextmanager
async def _bot(config: Path) -> AsyncIterator[tuple[int, str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "botcore", "run", "--config", str(config),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        url = ""
        while not url:
            line = (await process.stdout.readline()).decode()
            if not line:
                raise RuntimeError("the bot did not start")
            if found := re.search(r"The page: (\S+)", line):
                url = found[1]
        yield process.pid, url
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _waiting(session: ClientSession, url: str) -> int:
    async with session.get(f"{url}/metrics") as response:
        found = re.search(r'botcore_now\{what="waiting"\} (\d+)', await response.text())
    return int(found[1]) if found else 0


def _bare() -> float:
    code = "import sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as python:
        assert python.stdin is not None
        assert python.stdout is not None
        python.stdout.readline()
        resident = _megabytes(python.pid, "VmRSS")
        python.stdin.close()
    return resident


def _megabytes(pid: int, name: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"{name}:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0
