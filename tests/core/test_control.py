"""The local door of a running bot, and what a command line through it comes to."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from botcore import hookimpl
from botcore.app import Bot
from botcore.config import load_config
from botcore.control import LONGEST_PATH, BotGone, Door, ask_running, run_line, socket_path
from botcore.host import Host
from botcore.models import Role
from botcore.provider import AuthFailed, OutcomeUnknown, Provider, ProviderTools, Refused, Unavailable
from botcore.store.port import StoreError
from tests.core.market import Market, ScriptedProvider, raises, refuses
from tests.core.rig import on_disk, until

CONFIG = """
[bot]
database = "bot.db"
listen = "127.0.0.1:0"
undo_seconds = 0.2
doubt_seconds = 0.1

[accounts.main]
provider = "scripted"

[limits]
max_bonus = 1.00
"""


class ScriptedPlugin:
    """The marketplace of a test, registered as a plugin's."""

    def __init__(self, market: Market) -> None:
        class Mine(ScriptedProvider):
            def __init__(self, settings: Any, tools: ProviderTools) -> None:
                super().__init__(tools, market)

        self._provider = Mine

    @hookimpl
    def register_providers(self) -> Mapping[str, type[Provider]]:
        return {"scripted": self._provider}


@pytest.fixture
def market() -> Market:
    market = Market()
    for task in ("a", "b"):
        market.add(task)
    return market


@pytest.fixture
async def bot(tmp_path: Path, market: Market) -> AsyncIterator[Bot]:
    """A bot that works as under `botcore do`, without the messengers."""
    (tmp_path / "config.toml").write_text(CONFIG)
    host = Host()
    host.register("scripted", ScriptedPlugin(market))
    bot = await Bot.open(load_config(tmp_path / "config.toml"), host)
    await bot.work_alone()
    for account in bot.accounts.values():
        await bot.intake.poll(account)
    yield bot
    await bot.stop()


@pytest.fixture
async def door(bot: Bot) -> AsyncIterator[Door]:
    door = Door(bot)
    await door.open()
    yield door
    await door.close()


async def ask(bot: Bot, line: str, *, yes: bool = False, wait: bool = False) -> tuple[int, str]:
    answer = await ask_running(bot.config.bot.database, "/do", {"line": line, "yes": yes, "wait": wait})
    assert answer is not None
    return answer["exit"], answer["reply"]["text"]


# --- the socket


@pytest.mark.parametrize("runtime", [True, False])
def test_a_socket_lies_beside_its_database_or_under_a_name_that_fits(
    monkeypatch: pytest.MonkeyPatch, runtime: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder if runtime else "")
        _lies_well()


def _lies_well() -> None:
    assert socket_path(Path("/srv/bot.db")) == Path("/srv/bot.db.sock")
    deep = Path("/srv") / ("x" * 90) / "bot.db"
    other = Path("/srv") / ("y" * 90) / "bot.db"
    assert len(bytes(socket_path(deep))) <= LONGEST_PATH
    assert socket_path(deep) != socket_path(other)
    assert socket_path(deep) == socket_path(deep)


async def test_only_its_own_user_can_open_the_door(door: Door) -> None:
    assert door.path.stat().st_mode & 0o777 == 0o600


async def test_a_door_left_by_a_kill_is_in_nobodys_way(bot: Bot) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(socket_path(bot.config.bot.database)))
    assert await ask_running(bot.config.bot.database, "/do", {}) is None
    door = Door(bot)
    await door.open()
    assert (await ask(bot, "whoami"))[0] == 0
    await door.close()
    assert not door.path.exists()
    assert await ask_running(bot.config.bot.database, "/do", {}) is None


async def test_a_bot_that_goes_while_it_is_asked_is_not_taken_for_none(tmp_path: Path) -> None:
    async def die(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    app = web.Application()
    app.router.add_post("/do", die)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.UnixSite(runner, str(socket_path(tmp_path / "bot.db"))).start()
    try:
        with pytest.raises(BotGone, match="see `botcore do history` before you repeat it"):
            await ask_running(tmp_path / "bot.db", "/do", {"line": "approve A1", "yes": True, "wait": True})
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("body", [{}, {"line": "whoami"}])
async def test_nonsense_through_the_door_is_an_error_and_no_end_of_it(
    bot: Bot, door: Door, body: dict[str, Any]
) -> None:
    with pytest.raises(StoreError):
        await ask_running(bot.config.bot.database, "/do", body)
    assert (await ask(bot, "whoami"))[0] == 0


async def test_a_link_is_for_somebody_who_is_known(bot: Bot, door: Door) -> None:
    assert await ask_running(bot.config.bot.database, "/link", {"person": "zoe"}) == {"known": False, "link": None}


# --- what it comes to


async def test_through_the_door_one_is_an_owner(bot: Bot, door: Door) -> None:
    code, text = await ask(bot, "whoami")
    assert (code, text) == (0, "You are local owner, owner. Your id here is owner (local).")


async def test_a_command_returns_when_the_decision_is_durable(bot: Bot, door: Door, market: Market) -> None:
    code, text = await ask(bot, "approve a")
    assert (code, text.split(".")[0]) == (0, "A1 approved")
    assert on_disk(bot.config.bot.database, "SELECT verdict FROM decisions") == [("approve",)]


async def test_with_wait_it_returns_when_the_decision_has_settled(bot: Bot, door: Door, market: Market) -> None:
    assert await ask(bot, "approve a", wait=True) == (0, "confirmed (Task rated successfully.)")
    assert len(market.effects) == 1


async def test_what_the_marketplace_refuses_is_exit_1(bot: Bot, door: Door, market: Market) -> None:
    market.steps = [refuses("a", words="The bonus is too high.")]
    assert await ask(bot, "approve a bonus=1", wait=True) == (1, "refused (The bonus is too high.)")


async def test_what_stays_in_doubt_is_exit_4(bot: Bot, door: Door, market: Market) -> None:
    market.steps = [raises(OutcomeUnknown("no answer"))]
    asking = asyncio.create_task(ask(bot, "approve a", wait=True))
    await until(lambda: bool(market.sent))
    market.hidden.add("a")
    code, text = await asking
    assert code == 4
    assert text.startswith("in doubt")


async def test_an_outage_is_waited_for(bot: Bot, door: Door, market: Market) -> None:
    market.steps = [raises(Unavailable("down"))]
    assert (await ask(bot, "approve a", wait=True))[0] == 0


async def test_a_wrong_key_is_not_waited_for(bot: Bot, door: Door, market: Market) -> None:
    market.steps = [raises(AuthFailed("the key was not accepted"))] * 99
    async with asyncio.timeout(60):
        assert await ask(bot, "approve a", wait=True) == (4, "due (the key was not accepted)")


async def test_what_was_not_found_among_several_stays_said(bot: Bot, door: Door) -> None:
    code, text = await ask(bot, "approve a nope", wait=True)
    assert code == 1
    assert "there is no submission nope" in text
    assert "confirmed" in text


async def test_what_cannot_be_undone_needs_a_yes(bot: Bot, door: Door, market: Market) -> None:
    assert (await ask(bot, "worker block w-a"))[0] == 3
    assert market.done == []
    assert (await ask(bot, "worker block w-a", yes=True))[0] == 0
    assert market.done == ["block w-a"]


async def test_a_block_with_a_rejection_needs_a_yes(bot: Bot, door: Door, market: Market) -> None:
    code, text = await ask(bot, "reject a reason=no block", wait=True)
    assert (code, text) == (3, "A worker who is blocked with a rejection stays so: run it again with `--yes`.")
    assert market.sent == []
    assert (await ask(bot, "reject a reason=no block", yes=True, wait=True))[0] == 0
    assert [(rating.task_id, rating.block) for rating in market.effects] == [("a", True)]


async def test_many_at_once_need_a_yes_and_are_waited_for(bot: Bot, door: Door, market: Market) -> None:
    assert (await ask(bot, "approve-all J1", wait=True))[0] == 3
    assert await ask(bot, "approve-all J1", yes=True, wait=True) == (0, "2 confirmed")
    assert market.ledger() == {"a": 1, "b": 1}


async def test_many_at_once_of_which_one_is_refused_are_exit_1(bot: Bot, door: Door, market: Market) -> None:
    market.steps = [refuses("b")]
    done = await run_line(bot, "approve-all J1", yes=True, wait=True)
    assert (done.exit, sorted(done.reply["text"].split("; "))) == (1, ["1 confirmed", "1 refused"])
    assert done.reply["card"]["subject"] == "bulk:b-1"


async def test_a_yes_to_a_rejection_of_many_takes_its_number_and_a_second_manager(
    bot: Bot, door: Door, market: Market
) -> None:
    code, text = await ask(bot, "reject-all J1 reason=no", yes=True, wait=True)
    assert (code, text) == (3, "To reject 2 submissions, type that number: 2. With a command: number=2.")
    code, text = await ask(bot, "reject-all J1 reason=no number=2", yes=True, wait=True)
    assert (code, text.partition(", and ")[2]) == (
        1,
        "there is no second manager here: let one in (`person add`), or raise bulk_reject_share.",
    )
    await bot.people.add("mia", Role.MANAGER, {"web": "mia"}, by="test", now=0)
    assert (await ask(bot, "reject-all J1 reason=no number=2", yes=True, wait=True))[0] == 3
    assert market.sent == []


async def test_an_operation_that_is_refused_is_exit_1(bot: Bot, door: Door, market: Market) -> None:
    market.errors["block"] = [Refused("There is no such worker.")]
    code, text = await ask(bot, "worker block w-a", yes=True, wait=True)
    assert (code, text) == (1, "refused (There is no such worker.)")


async def test_a_mistake_is_exit_1_and_a_line(bot: Bot, door: Door) -> None:
    assert await ask(bot, "aprove a") == (1, "There is no command `aprove`; did you mean `approve`?")


async def test_the_card_is_the_one_after_it_settled(bot: Bot) -> None:
    done = await run_line(bot, "approve a", yes=False, wait=True)
    assert done.reply["card"]["badge"] == "Approved by local owner"
    assert any(block.get("text") == "Confirmed" for block in done.reply["card"]["blocks"])
