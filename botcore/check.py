"""`botcore check`: a line for each thing that must be right, and what to do where it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from pydantic import TypeAdapter

from .adapter import Adapter, Finding
from .app import Bot
from .config import Config
from .control import ask_running
from .draw import draw_card
from .host import Host, PluginState
from .models import Role
from .pacing import Urgency
from .provider import AuthFailed, Capability, ProviderError
from .store.port import StoreError, Tx
from .store.sqlite import AlreadyRunning, damaged
from .text import money
from .trying import try_channels
from .ui import Card, Reply, Table, Text


class Checklist:
    def __init__(self) -> None:
        self.failed = False

    def good(self, what: str) -> None:
        print(f"ok      {what}", flush=True)

    def note(self, what: str) -> None:
        print(f"note    {what}", flush=True)

    def bad(self, what: str) -> None:
        self.failed = True
        print(f"FAILED  {what}", flush=True)

    def take(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            (self.good if finding.ok else self.bad)(finding.text)


async def check(config: Config, host: Host, *, send: bool = False) -> int:
    """Checks settings, keys and reachability; returns 1 where anything failed. `send`: a test goes to every channel of
    notices."""
    todo = Checklist()
    todo.good(f"{config.path}: read")
    for plugin in host.plugins:
        if plugin.state is not PluginState.RUNNING or plugin.error:
            todo.bad(f"plugin {plugin.name}: {plugin.error}")
    try:
        bot = await Bot.open(config, host)
    except AlreadyRunning:
        await _ask_running(config, todo, send=send)
        host.close()
    except StoreError as error:
        todo.bad(str(error))
        host.close()
    else:
        try:
            await _check_database(bot, todo)
            await asyncio.gather(
                *(_check_account(bot, name, todo) for name in bot.accounts),
                *(_check_adapter(name, adapter, todo) for name, adapter in bot.adapters.items()),
            )
            if send:
                todo.take(await try_channels(bot, running=False))
        finally:
            await bot.stop()
    _check_settings(config, todo)
    return 1 if todo.failed else 0


async def _ask_running(config: Config, todo: Checklist, *, send: bool) -> None:
    """A running bot has the database: it asks the marketplaces itself, and knows what is wrong."""
    balance = await _card_of_running(config, "balance")
    status = await _card_of_running(config, "status")
    if status is None:
        todo.bad(
            f"{config.bot.database}: in use by something that does not answer; stop it, or wait until it has started"
        )
        return
    todo.good(f"{config.bot.database}: in use by a running bot, which was asked instead")
    if balance is not None:
        todo.good(f"accounts:\n{draw_card(balance)}")
    if send and (answer := await ask_running(config.bot.database, "/try", {})):
        todo.take(Finding(ok, text) for ok, text in answer["told"])
    for block in status.blocks:
        if isinstance(block, Text):
            todo.bad(block.text)
        elif isinstance(block, Table):
            for part, state, _, connection in block.rows:
                if part.startswith("adapter ") and state == "running":
                    todo.good(f"{part}: {state}, {connection}" if connection != "—" else f"{part}: {state}")


async def _card_of_running(config: Config, line: str) -> Card | None:
    answer = await ask_running(config.bot.database, "/do", {"line": line, "yes": False, "wait": False})
    return None if answer is None else TypeAdapter(Reply).validate_python(answer["reply"]).card


async def _check_database(bot: Bot, todo: Checklist) -> None:
    path = bot.config.bot.database
    try:
        await bot.store.tx(_write_something)
        answer = await bot.store.read(lambda reader: reader.value("PRAGMA quick_check(1)"))
        if answer != "ok":
            raise damaged(path)
    except StoreError as error:
        todo.bad(str(error))
    else:
        todo.good(f"{path}: can be written, and is whole")


def _write_something(tx: Tx) -> None:
    tx.q("INSERT OR REPLACE INTO meta (key, value) VALUES ('checked', hex(randomblob(32)))")


async def _check_account(bot: Bot, name: str, todo: Checklist) -> None:
    account = bot.accounts[name]
    what = f"account {name} ({account.provider.title})"
    try:
        if Capability.BALANCE in account.provider.capabilities:
            balance = await account.call(lambda p: p.balance(), Urgency.PERSON)
            todo.good(f"{what}: reached, {money(balance.spendable)} to spend")
        else:
            await account.call(lambda p: p.waiting(), Urgency.PERSON)
            todo.good(f"{what}: reached")
    except AuthFailed as error:
        todo.bad(f"{what}: {error}; check its keys in the config")
    except ProviderError as error:
        todo.bad(f"{what}: {error}; check base_url and the connection")
    if not account.hook_secret and Capability.WEBHOOKS in account.provider.capabilities:
        todo.note(f"{what}: no webhook_secret, so new work is only found by polling")


async def _check_adapter(name: str, adapter: Adapter, todo: Checklist) -> None:
    todo.take(replace(finding, text=f"adapter {name}: {finding.text}") for finding in await adapter.check())


def _check_settings(config: Config, todo: Checklist) -> None:
    if not config.accounts:
        todo.bad("no account: add one under [accounts.NAME]")
    if not config.adapters:
        todo.bad("no messenger: add one, such as [adapters.web]")
    for channel in config.channels:
        todo.good(f"channel {channel.name}: {channel.adapter}, {channel.shown}")
    if not any(channel.purpose == "review" for channel in config.channels):
        todo.bad('no channel of purpose "review": submissions have nowhere to go')
    if not any(person.role is Role.OWNER for person in config.people):
        todo.note("no owner among [people]: only this machine's user can do what needs one")
    if config.limits.max_bonus is None:
        todo.note("limits.max_bonus is not set: there are no bonuses")
    if config.limits.daily_spend is None:
        todo.note("limits.daily_spend is not set: there is no limit on what is spent in a day")
