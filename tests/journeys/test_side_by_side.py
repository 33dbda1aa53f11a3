"""Accounts side by side, two of them in trouble: the others do not notice, and people are told what to do."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.journeys.visitor import Visitor

ACCOUNTS = {"sprout": "sproutgigs", "second": "sproutgigs", "pico": "picoworkers", "hire": "hiretalents"}
WRONG = "a-key-that-nobody-ever-made"
KEY = (
    "account second: the marketplace does not accept the key: Unauthorized. "
    "Check the keys in [accounts.second], and start the bot again."
)
SILENT = "account hire: no answer yet, for "
WHAT_TO_DO = " s. It is tried again by itself, just now; if this lasts, check base_url in [accounts.hire]."


@asynccontextmanager
async def silent_server() -> AsyncIterator[str]:
    """An address where every connection is taken, and nothing is ever answered."""
    opened: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: opened.append(writer), "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v1/"
    finally:
        server.close()
        for writer in opened:
            writer.close()


def spoil(town: Any, silent: str) -> None:
    """Gives one account a wrong key, and has another ask where nobody answers."""
    config = town.config.read_text()
    settings = {account.name: account.settings for account in town.sandbox.accounts}
    for old, new in ((settings["second"]["api_secret"], WRONG), (settings["hire"]["base_url"], silent)):
        assert config.count(old) == 1
        config = config.replace(old, new)
    town.config.write_text(config)


def polls(town: Any, account: str) -> int:
    """How often it was asked for jobs that have something to rate."""
    count: int = town.sandbox.requests.all[account, "jobs/get-jobs.php"]
    return count


async def test_accounts_in_trouble_cost_the_others_nothing(
    make_town: Callable[..., Any], until: Callable[..., Any]
) -> None:
    town = await make_town(accounts=ACCOUNTS, waiting=1, poll=1)
    async with silent_server() as silent:
        spoil(town, silent)
        bot = await town.bot()
        await until(lambda: len(town.rows("SELECT id FROM submissions WHERE state = 'shown'")) == 2)
        seen = {row["account"] for row in town.rows("SELECT account FROM submissions")}
        assert seen == {"sprout", "pico"}

        async with asyncio.timeout(60):  # `hire` is still being asked for the first time
            for name in ("sprout", "pico"):
                assert (await town.ask(f"balance {name}"))["exit"] == 0
            rated = await asyncio.gather(*(town.ask(f"approve A{number}", wait=True) for number in (1, 2)))
        assert [answer["exit"] for answer in rated] == [0, 0]
        assert len(town.ratings()) == 2
        before = {name: polls(town, name) for name in ("sprout", "pico")}
        await until(lambda: all(polls(town, name) >= count + 1 for name, count in before.items()))

        visitor = await Visitor(bot.url).sign_in(bot.link)
        try:
            page = await until(lambda: told_of_both(visitor))
        finally:
            await visitor.close()
        for words in (KEY, SILENT, WHAT_TO_DO, "Needs attention"):
            assert words in page
        status = await town.ask("status")
        said = [block["text"] for block in status["reply"]["card"]["blocks"] if "text" in block]
        assert said[0] == KEY
        assert said[1].startswith(SILENT)
        assert len(said) == 2
        assert WRONG not in f"{page} {status} {bot.errors.read_text()}"


async def told_of_both(visitor: Visitor) -> str:
    """What the page says of how things are, once it knows of both."""
    answer = await visitor.post("/command", line="status")
    page = html.unescape(str(answer))
    return page if "[accounts.hire]" in page else ""
