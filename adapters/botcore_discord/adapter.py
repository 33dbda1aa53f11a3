"""Discord as an adapter. The library is imported when it is needed first: never where the config has no Discord."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botcore import Adapter, AdapterTools, Dispatch
from botcore.adapter import ChannelBroken, Finding, SendFailed, Traffic
from botcore.models import Channel
from botcore.ui import Card, MessageRef

from .settings import DiscordSettings

if TYPE_CHECKING:
    from .engine import Engine

NOT_INSTALLED = "discord.py is not installed: install botcore with its extra, botcore[discord]"

CONNECTING = 1.0  # seconds until it may be connected


class DiscordAdapter(Adapter):
    name = "discord"
    Settings = DiscordSettings
    idempotent_sends = True

    def __init__(self, settings: Any, tools: AdapterTools) -> None:
        super().__init__(settings, tools)
        self._engine: Engine | None = None

    async def start(self, dispatch: Dispatch) -> None:
        engine = self.engine(dispatch)
        try:
            await engine.start()
        except BaseException:
            await engine.close()
            raise
        self._engine = engine

    async def serve(self) -> None:
        if self._engine is not None:
            await self._engine.serve()

    async def stop(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.close()

    async def send(self, channel: Channel, card: Card, key: str) -> MessageRef:
        return await self._running().sends.send(channel, card, key)

    async def edit(self, ref: MessageRef, card: Card) -> None:
        await self._running().sends.edit(ref, card)

    def pause(self, channel: Channel, traffic: Traffic) -> float:
        if self._engine is None:
            return CONNECTING  # for the whole channel: nothing of it is tried, card by card
        return self._engine.sends.pause(channel.to) if traffic is Traffic.OTHER else 0.0

    async def check(self) -> Sequence[Finding]:
        try:
            from .checking import check
        except ImportError:
            return [Finding(False, NOT_INSTALLED)]
        return await check(self.settings, self.tools)

    async def sync(self, dispatch: Dispatch) -> str:
        engine = self.engine(dispatch)
        try:
            return await engine.sync()
        finally:
            await engine.close()

    def condition(self) -> str:
        return self._engine.condition() if self._engine else ""

    def engine(self, dispatch: Dispatch) -> Engine:
        """Everything that talks to Discord, put together and not connected. Raises `ChannelBroken`."""
        try:
            from .engine import Engine
        except ImportError as error:
            raise ChannelBroken(NOT_INSTALLED) from error
        return Engine(self.settings, self.tools, dispatch)

    def _running(self) -> Engine:
        if self._engine is None:
            raise SendFailed("Discord is not connected", CONNECTING)
        return self._engine
