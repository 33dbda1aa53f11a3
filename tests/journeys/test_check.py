"""`botcore check` beside a running bot."""

from __future__ import annotations

import sys
from asyncio import create_subprocess_exec, subprocess
from collections.abc import Callable
from typing import Any


async def test_a_running_bot_is_asked_instead(make_town: Callable[..., Any]) -> None:
    town = await make_town(waiting=1)
    await town.bot()
    check = await create_subprocess_exec(
        sys.executable, "-m", "botcore", "check", "--config", str(town.config), cwd=town.folder, stdout=subprocess.PIPE
    )
    out, _ = await check.communicate()
    assert check.returncode == 0
    assert "in use by a running bot" in out.decode()
    assert "$250.00" in out.decode()
