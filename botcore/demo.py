"""`botcore demo`: simulated marketplaces, the bot and its page, over real HTTP here. And `botcore sandbox`."""

from __future__ import annotations

import logging
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from .app import Bot
from .config import load_config
from .control import Door
from .host import Host
from .sandbox import OtherVersion, SandboxAccount, SandboxServer
from .service import announce, stop_on_signal

log = logging.getLogger(__name__)

DATABASE, SANDBOX, CONFIG = "demo.db", "sandbox.db", "demo.toml"
_GAP = 14.0  # mean seconds between two submissions, at all marketplaces together


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    folder: Path
    fresh: bool
    port: int
    sandbox_port: int
    seed: int
    speed: float
    waiting: int  # at all marketplaces together
    busy: bool


async def run_demo(options: DemoOptions) -> int:
    """Runs until Ctrl-C; a kill loses nothing, and the next start goes on. What another version of this program
    left is forgotten: it was simulated."""
    stop = stop_on_signal()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.fresh:
        _forget(options.folder)
    host = Host()
    host.load()
    try:
        sandbox = _marketplaces(host, options)
    except OtherVersion:
        print(f"What is in {options.folder} was left by another version of botcore: the demo starts anew.")
        _forget(options.folder)
        sandbox = _marketplaces(host, options)
    await sandbox.start(port=free_port(options.sandbox_port))
    try:
        port = free_port(options.port)
        path = options.folder / CONFIG
        path.write_text(demo_config(sandbox.accounts, port))
        bot = await Bot.open(load_config(path), host, sandbox.clock)  # its time is the bot's too
        door = Door(bot)
        try:
            await bot.start()
            await door.open()
            for account in sandbox.accounts:
                if secret := account.settings.get("webhook_secret"):
                    await sandbox.set_webhook(account.name, f"{bot.url}/hooks/{account.name}/{secret}")
            await announce(bot)
            print(f"The simulated marketplaces: {sandbox.url}/_sandbox/ledger lists what they accepted")
            print(f"Try too: botcore do --config {path} pending", flush=True)
            await stop.wait()
        finally:
            await door.close()
            await bot.stop()
    finally:
        await sandbox.stop()
    return 0


async def run_sandbox(
    *,
    port: int,
    database: Path | None,
    seed: int,
    speed: float,
    waiting: int,
    page_size: int,
    busy: bool,
    webhook: str | None,
) -> int:
    """Serves the simulated marketplaces of all plugins until Ctrl-C, and prints what a config needs to use them."""
    stop = stop_on_signal()
    host = Host()
    host.load()
    sandbox = SandboxServer(
        host.sandboxes(), database=database, seed=seed, speed=speed, waiting=waiting, busy=busy, page_size=page_size
    )
    await sandbox.start(port=port)
    try:
        if webhook:
            for account in sandbox.accounts:
                if "webhook_secret" in account.settings:
                    await sandbox.set_webhook(account.name, webhook)
        print(f"# {sandbox.url}, its ledger at {sandbox.url}/_sandbox/ledger; for a config:")
        print(account_sections(sandbox.accounts), flush=True)
        await stop.wait()
    finally:
        await sandbox.stop()
        host.close()
    return 0


def demo_config(accounts: list[SandboxAccount], port: int) -> str:
    """A config as a person would write it."""
    return f"""# Written by `botcore demo`, anew at every start.
[bot]
database = "{DATABASE}"
listen = "127.0.0.1:{port}"
poll_seconds = 15

{account_sections(accounts)}
[adapters.web]

[[channels]]
name = "review"
adapter = "web"
to = "inbox"
purpose = "review"

[[channels]]
name = "news"
adapter = "web"
to = "news"
purpose = "notify"

[people.owner]
role = "owner"
web = true

[limits]
max_bonus = 1.00
daily_spend = 50.00
"""


def account_sections(accounts: list[SandboxAccount]) -> str:
    """The accounts' part of a config."""
    return "\n".join(
        "\n".join(
            [
                f"[accounts.{account.name}]",
                f'provider = "{account.provider}"',
                *(f'{key} = "{value}"' for key, value in account.settings.items()),
                "",
            ]
        )
        for account in accounts
    )


def free_port(wanted: int) -> int:
    """This port, or a free one if it is taken."""
    for port in (wanted, 0):
        try:
            with socket.create_server(("127.0.0.1", port)) as probe:
                found: int = probe.getsockname()[1]
                return found
        except OSError:
            continue
    raise OSError("no port is free on 127.0.0.1")


def _marketplaces(host: Host, options: DemoOptions) -> SandboxServer:
    """An account at each simulated marketplace that there is a provider for; they share the work to be reviewed,
    so that the first page is not flooded."""
    sandboxes = {name: kind for name, kind in host.sandboxes().items() if name in host.providers()}
    return SandboxServer(
        sandboxes,
        database=options.folder / SANDBOX,
        seed=options.seed,
        speed=options.speed,
        waiting=-(-options.waiting // max(1, len(sandboxes))),
        busy=options.busy,
        gap=_GAP * len(sandboxes),
    )


def _forget(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name.startswith((DATABASE, SANDBOX, CONFIG)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
