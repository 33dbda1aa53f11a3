"""How much memory a running bot takes: one account, some submissions with their pictures, and its messengers."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

from aiohttp import ClientSession

from benchmarks.figures import Figure
from benchmarks.messenger import pretended
from benchmarks.process import megabytes, running
from benchmarks.samples import write_config
from botcore.demo import account_sections
from botcore.host import Host
from botcore.sandbox import SandboxServer

WAITING = 20
SETTLE_SECONDS = 5.0  # after the last of them came in, for pictures still being read


async def memory(folder: Path) -> list[Figure]:
    """With the web adapter alone, beside a Python that does nothing."""
    resident = await _resident(folder, "memory")
    return [
        Figure(what="a running bot", ours=resident, baseline=_python(), unit="MB", of="for an idle Python", most=80)
    ]


async def messengers_memory(folder: Path) -> list[Figure]:
    """With Discord and Telegram, and the cards in both, beside a Python that has imported their libraries."""
    async with pretended("discord") as discord, pretended("telegram") as telegram:
        places = (discord, telegram)
        adapters = "".join(place.section for place in places) + "".join(place.review_channel for place in places)
        resident = await _resident(folder, "memory-messengers", adapters)
    return [
        Figure(
            what="a running bot with both messengers",
            ours=resident,
            baseline=_python("discord, telegram, "),
            unit="MB",
            of="for a Python with their libraries",
            most=130,
        )
    ]


async def _resident(folder: Path, name: str, adapters: str = "") -> float:
    """What is resident once all is in."""
    host = Host()
    host.load()
    sandbox = SandboxServer(
        host.sandboxes(), accounts={"sprout": "sproutgigs"}, waiting=WAITING, busy=False, page_size=1000
    )
    await sandbox.start()
    try:
        config = write_config(folder, name, account_sections(sandbox.accounts), adapters=adapters)
        async with running(config) as bot:
            async with ClientSession() as session:
                while await _waiting(session, bot.url) < WAITING:  # noqa: ASYNC110 - another process counts
                    await asyncio.sleep(0.1)
            await asyncio.sleep(SETTLE_SECONDS)
            return megabytes(bot.pid)
    finally:
        await sandbox.stop()
        host.close()


async def _waiting(session: ClientSession, url: str) -> int:
    async with session.get(f"{url}/metrics") as response:
        found = re.search(r'botcore_now\{what="waiting"\} (\d+)', await response.text())
    return int(found[1]) if found else 0


def _python(libraries: str = "") -> float:
    code = f"import {libraries}sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as python:
        assert python.stdin is not None
        assert python.stdout is not None
        python.stdout.readline()
        resident = megabytes(python.pid)
        python.stdin.close()
    return resident
