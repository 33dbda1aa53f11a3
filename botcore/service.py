"""`botcore run`: a bot from its start to a signal."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from contextlib import suppress

from .app import Bot
from .config import Config
from .control import Door
from .host import Host

log = logging.getLogger(__name__)


async def run_service(config: Config, host: Host) -> int:
    """Runs until SIGINT or SIGTERM; returns the exit code."""
    stop = stop_on_signal()
    bot = await Bot.open(config, host)
    door = Door(bot)
    try:
        await bot.start()
        await door.open()
        await announce(bot)
        _keep_all_there_is()
        await stop.wait()
        log.info("stopping")
    finally:
        with suppress(OSError):
            await door.close()
        await bot.stop()
    return 0


def _keep_all_there_is() -> None:
    """What was made by now is needed to the end, mostly: nobody looks for garbage in it again."""
    gc.collect()
    gc.freeze()
    gc.enable()


def stop_on_signal() -> asyncio.Event:
    """Set by the first SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def announce(bot: Bot) -> None:
    """Says where to go: the owner's link bare on its own line, before any other address. Never through the log."""
    if not bot.config.server.page:
        print("The page is off ([server] page).", flush=True)
        return
    if link := await bot.owner_link():
        print("Open this to sign in (it works once):", flush=True)
        print(link, flush=True)
    print(f"The page: {bot.url}", flush=True)
