"""The simulated Discord with an account at every marketplace that there is a plugin for, beside a scripted one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from botcore.accounts import can_serve
from botcore.catalogue import SHELVES, keep_stock
from botcore.commands.core import KINDS
from botcore.host import Host
from botcore.pacing import OpenGate
from botcore.provider import ProviderTools
from botcore.sandbox import SandboxServer
from tests.adapters.discord.simulated import Simulated, simulated
from tests.core.rig import LIMITS, Rig, Setup

ACCOUNTS = {"hire": "hiretalents", "pico": "picoworkers", "sprout": "sproutgigs"}


@asynccontextmanager
async def at_all_marketplaces(folder: Path, daily_spend: int = 50) -> AsyncIterator[tuple[Simulated, SandboxServer]]:
    """`daily_spend`: dollars that may be spent."""
    host = Host()
    host.load()
    server = SandboxServer(host.sandboxes(), accounts=ACCOUNTS, busy=False, interval=0)
    await server.start()
    setup = Setup(
        accounts=("main", *ACCOUNTS),
        commands=tuple(host.commands()),
        kinds={**host.operations(taken=KINDS), **KINDS},
        limits=replace(LIMITS, daily_spend=Decimal(daily_spend)),
    )
    async with simulated(folder, setup) as town:
        opened = []
        for account in server.accounts:
            kind = host.providers()[account.provider]
            settings = kind.Settings.model_validate(account.settings)
            opened.append(kind(settings, ProviderTools(account.name, OpenGate(), town.rig.clock)))
            town.rig.accounts[account.name].provider = opened[-1]
        await town.engine.sync()
        yield town, server
        for provider in opened:
            await provider.close()
    await server.stop()
    host.close()


async def read_catalogues(rig: Rig) -> None:
    """Reads what every marketplace offers, as the bot does in the background."""
    for name in ACCOUNTS:
        account = rig.accounts[name]
        for shelf in SHELVES.values():
            if can_serve(account, shelf.needs):
                items = await shelf.read(account.provider)
                await rig.store.tx(keep_stock, name, shelf, items, rig.clock.ms())
