"""`botcore check` beside a running bot."""

from __future__ import annotations

import sys
from asyncio import create_subprocess_exec, subprocess
from collections.abc import Callable
from typing import Any


async def check(town: Any) -> tuple[int, str]:
    """Its exit code, and what it said."""
    process = await create_subprocess_exec(
        sys.executable, "-m", "botcore", "check", "--config", str(town.config), cwd=town.folder, stdout=subprocess.PIPE
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def test_a_running_bot_is_asked_instead(make_town: Callable[..., Any]) -> None:
    town = await make_town(waiting=1)
    await town.bot()
    code, said = await check(town)
    assert code == 0
    assert "in use by a running bot" in said
    assert "ok      adapter web: running\n" in said
    assert "$250.00" in said


async def test_what_a_running_bot_finds_wrong_is_told_with_what_to_do(make_town: Callable[..., Any]) -> None:
    town = await make_town(waiting=1, accounts={"sprout": "sproutgigs", "second": "sproutgigs"})
    secret = town.sandbox.accounts[1].settings["api_secret"]
    town.config.write_text(town.config.read_text().replace(secret, "a-key-that-nobody-ever-made"))
    await town.bot()
    code, said = await check(town)
    assert code == 1
    assert "FAILED  account second: the marketplace does not accept the key: Unauthorized. Check the keys" in said
    assert "$250.00" in said
