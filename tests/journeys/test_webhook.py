"""New work comes in by webhook, long before the next poll."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from aiohttp import ClientSession


async def test_a_webhook_brings_new_submissions_at_once(
    make_town: Callable[..., Any], until: Callable[..., Any]
) -> None:
    town = await make_town(waiting=1)
    town.config.write_text(town.config.read_text().replace("poll_seconds = 2", "poll_seconds = 3600"))
    bot = await town.bot()

    async def waiting(count: int) -> bool:
        answer = await town.ask("pending")
        return bool(answer and answer["reply"]["card"]["badge"] == f"{count} waiting")

    await until(lambda: waiting(1))
    account = town.sandbox.accounts[0]
    secret = account.settings["webhook_secret"]
    await town.sandbox.set_webhook(account.name, f"{bot.url}/hooks/{account.name}/{secret}")
    town.sandbox.submit(count=3)
    town.sandbox.advance(61)

    await until(lambda: waiting(4))
    assert secret not in bot.errors.read_text()


async def test_a_wrong_secret_finds_nothing_there(make_town: Callable[..., Any]) -> None:
    town = await make_town(waiting=0)
    bot = await town.bot()
    name = town.sandbox.accounts[0].name
    secret = town.sandbox.accounts[0].settings["webhook_secret"]
    async with ClientSession() as session:
        for path, body, status in (
            (f"/hooks/{name}/wrong", b"{}", 404),
            (f"/hooks/nobody/{secret}", b"{}", 404),
            (f"/hooks/{name}/{secret}", b"{}", 200),
            (f"/hooks/{name}/{secret}", b"not json", 400),
            (f"/hooks/{name}/{secret}", BytesIO(b" " * (1024 * 1024 + 1)), 413),
        ):
            async with session.post(bot.url + path, data=body) as response:
                assert response.status == status, path
