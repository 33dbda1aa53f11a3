"""What the core lends messengers, and what it does with one whose connection is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from botcore import hookimpl
from botcore.adapter import Adapter, AdapterTools, Dispatch, Finding, SendFailed
from botcore.app import Bot
from botcore.commands.registry import Command
from botcore.config import load_config
from botcore.control import Door, ask_running, sync_all
from botcore.drawing import draw_named
from botcore.host import Host
from botcore.models import Channel, Role
from botcore.queues import open_own
from botcore.ui import Card, MessageRef
from tests.core.market import NoSettings
from tests.core.rig import Rig, Rigs, Setup, until

CONFIG = """
[bot]
database = "bot.db"
listen = "127.0.0.1:0"

[adapters.wire]
"""


class Wire(Adapter):
    """A messenger at the other end of a line that a test cuts."""

    name: ClassVar[str] = "wire"
    Settings: ClassVar[type[BaseModel]] = NoSettings

    def __init__(self, settings: Any, tools: AdapterTools) -> None:
        super().__init__(settings, tools)
        self.did: list[str] = []
        self.cut = asyncio.Event()
        self.told: int | None = None

    async def start(self, dispatch: Dispatch) -> None:
        self.did.append("start")

    async def serve(self) -> None:
        await self.cut.wait()
        self.cut.clear()
        raise SendFailed("the line is cut", 0.0)

    async def stop(self) -> None:
        self.did.append("stop")

    async def sync(self, dispatch: Dispatch) -> str:
        if self.told is None:
            raise SendFailed("nobody listens")
        self.told = len(await dispatch.all_commands())
        return f"{self.told} commands"

    async def send(self, channel: Channel, card: Card, key: str) -> MessageRef:
        raise SendFailed("not here")

    async def edit(self, ref: MessageRef, card: Card) -> None:
        raise SendFailed("not here")


class WirePlugin:
    @hookimpl
    def register_adapters(self) -> Mapping[str, type[Adapter]]:
        return {"wire": Wire}


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    (tmp_path / "config.toml").write_text(CONFIG)
    host = Host()
    host.register("wire", WirePlugin())
    bot = await Bot.open(load_config(tmp_path / "config.toml"), host)
    yield bot
    await bot.stop()


def wire_of(bot: Bot) -> Wire:
    wire = bot.adapters["wire"]
    assert isinstance(wire, Wire)
    return wire


async def test_a_messenger_whose_connection_is_lost_is_stopped_and_started_again(bot: Bot) -> None:
    await bot.start()
    wire = wire_of(bot)
    await until(lambda: wire.did == ["start"])
    wire.cut.set()
    await until(lambda: wire.did == ["start", "stop", "start"])


async def test_commands_are_told_again_through_a_running_bot_and_without_one(bot: Bot) -> None:
    wire = wire_of(bot)
    assert await sync_all(bot) == [Finding(False, "adapter wire: nobody listens")]
    wire.told = 0
    assert (await sync_all(bot))[0].ok
    door = Door(bot)
    await door.open()
    answer = await ask_running(bot.config.bot.database, "/sync", {})
    await door.close()
    assert answer == {"told": [[True, f"adapter wire: {wire.told} commands"]]}
    assert wire.told > 10


async def test_a_list_of_all_commands_leaves_out_what_no_account_can_serve(rigs: Rigs) -> None:
    async def run(*_: Any) -> Any: ...

    anybody = Command("anybody", "x", Role.OWNER, run)
    teams = Command("teams", "x", Role.VIEWER, run, provider="elsewhere")
    rig = await rigs.start(Setup(commands=(anybody, teams)))
    names = [command.name for command in await rig.dispatch.all_commands()]
    assert "anybody" in names
    assert "teams" not in names


@pytest.mark.parametrize("name", ["submission:A1", "A1", "queue:q-1", "q-1"])
async def test_a_card_is_drawn_by_its_own_name(rig: Rig, name: str) -> None:
    rig.market.add("a")
    await rig.poll()
    await rig.store.tx(open_own, "rob", None, rig.clock.ms())
    card = await draw_named(rig.store, rig.clock, name)
    assert card is not None
    assert card.subject.endswith(name)


@pytest.mark.parametrize("name", ["", "A2", "submission:q-1", "person:A1", "A1:0", "submission:", ":A1"])
async def test_what_names_nothing_has_no_card(rig: Rig, name: str) -> None:
    rig.market.add("a")
    await rig.poll()
    assert await draw_named(rig.store, rig.clock, name) is None
