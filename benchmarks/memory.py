"""How much memory a running bot takes: the web adapter, one account, some submissions with their pictures."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

from aiohttp import ClientSession

from benchmarks.figures import Figure
from benchmarks.process import megabytes, running
from benchmarks.samples import write_config
from botcore.demo import account_sections
from botcore.host import Host
from botcore.sandbox import SandboxServer

WAITING = 20
SETTLE_SECONDS = 5.0  # after the last of them came in, for pictures still being read


async def memory(folder: Path) -> list[Figure]:
    """What is resident once all is in, beside a Python that does nothing."""
    host = Host()
    host.load()
    sandbox = SandboxServer(
        host.sandboxes(), accounts={"sprout": "sproutgigs"}, waiting=WAITING, busy=False, page_size=1000
    )
    await sandbox.start()
    try:
        async with running(write_config(folder, "memory", account_sections(sandbox.accounts))) as bot:
            async with ClientSession() as session:
                while await _waiting(session, bot.url) < WAITING:  # noqa: ASYNC110 - another process counts
                    await asyncio.sleep(0.1)
            await asyncio.sleep(SETTLE_SECONDS)
            resident = megabytes(bot.pid)
    finally:
        await sandbox.stop()
        host.close()
    return [Figure(what="a running bot", ours=resident, baseline=_idle(), unit="MB", of="for an idle Python", most=80)]


async def _waiting(session: ClientSession, url: str) -> int:
    async with session.get(f"{url}/metrics") as response:
        found = re.search(r'botcore_now\{what="waiting"\} (\d+)', await response.text())
    return int(found[1]) if found else 0


def _idle() -> float:
    code = "import sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as python:
        assert python.stdin is not None
        assert python.stdout is not None
        python.stdout.readline()
        resident = megabytes(python.pid)
        python.stdin.close()
    return resident
