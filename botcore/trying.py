"""A test message to every channel of notices: what `botcore check --send` does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import web

from .adapter import Adapter, AdapterError, Finding
from .app import Bot
from .assembly import log_death
from .models import Channel
from .store.port import StoreError
from .ui import Card, Text

LIMIT = 60.0  # seconds for a messenger to start, and for a channel to take its test
CARD = Card("A test of botcore", blocks=(Text("Whoever reads this gets the notices of this channel."),))


async def try_channels(bot: Bot, *, running: bool) -> list[Finding]:
    """Sends a test to each channel whose purpose is `notify`, whatever messenger it is of. A bot that is not `running`
    starts the messengers that have one, for as long as that takes."""
    channels = {
        name: [channel for channel in bot.config.channels if channel.adapter == name and channel.purpose == "notify"]
        for name in bot.adapters
    }
    if not any(channels.values()):
        return [Finding(False, 'no channel of purpose "notify": there is nowhere to send a test to')]
    tries = (_try(bot, bot.adapters[name], own, running=running) for name, own in channels.items() if own)
    return [finding for found in await asyncio.gather(*tries) for finding in found]


async def _try(bot: Bot, adapter: Adapter, channels: Sequence[Channel], *, running: bool) -> list[Finding]:
    try:
        if not running:
            adapter.mount_hooks(web.Application(), bot.url)  # which nobody calls: it is for what `start` asks for
            async with asyncio.timeout(LIMIT):
                await adapter.start(bot.dispatcher)
        return [await _send(bot, adapter, channel) for channel in channels]
    except (AdapterError, StoreError, TimeoutError) as error:
        why = "did not start in time" if isinstance(error, TimeoutError) else str(error)
        return [Finding(False, f"channel {channel.name}: no test was sent: {why}") for channel in channels]
    finally:
        if not running:
            await adapter.stop()


async def _send(bot: Bot, adapter: Adapter, channel: Channel) -> Finding:
    sending = asyncio.ensure_future(adapter.send(channel, CARD, f"try-{bot.clock.ms()}-{channel.name}"))
    sending.add_done_callback(log_death)
    await asyncio.wait({sending}, timeout=LIMIT)  # a send is never cut short: it ends by itself
    if not sending.done():
        return Finding(False, f"channel {channel.name}: no answer to the test within {LIMIT:g} s")
    try:
        sending.result()
    except (AdapterError, StoreError) as error:
        return Finding(False, f"channel {channel.name}: the test did not go through: {error}")
    return Finding(True, f"channel {channel.name}: a test was sent; look whether it is there")
