"""Telegram as an adapter: what the core asks of it. The library is loaded once one of them is asked to work."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from botcore import Adapter, AdapterTools, Dispatch
from botcore.adapter import ChannelBroken, Finding, MessageGone, SendFailed, Traffic
from botcore.lean import without
from botcore.models import Channel, Role
from botcore.ui import Card, MessageRef

from .chats import Chats
from .pacing import Pacer
from .settings import ChannelOptions, TelegramSettings
from .webhook import Webhook

if TYPE_CHECKING:
    from aiohttp.web import Application

    from .service import Service

ADMINISTRATOR = "administrator"  # of a channel's group: the one role that Telegram has
CONNECTING = 1.0  # seconds until it may be connected


class TelegramAdapter(Adapter):
    name = "telegram"
    Settings = TelegramSettings
    ChannelOptions = ChannelOptions

    def __init__(self, settings: Any, tools: AdapterTools) -> None:
        super().__init__(settings, tools)
        self._settings: TelegramSettings = settings
        self._pacer = Pacer(tools.clock, tools.store)
        self._chats = Chats(tools.store, tools.clock, tools.channels)
        self._webhook = Webhook(settings)
        self._mounted = False
        self._service: Service | None = None

    async def start(self, dispatch: Dispatch) -> None:
        if self._settings.mode == "webhook" and not (self.tools.public_url and self._mounted):
            raise ChannelBroken('mode = "webhook" needs [bot] public_url, and [server] webhooks = true')
        _need_library()
        with without("httpx._main"):  # its command line, and all that draws it
            from .api import trust
            from .service import Service

        await asyncio.to_thread(trust)  # what else starts goes on meanwhile
        service = Service(self._settings, self.tools, self._chats, self._pacer, self._webhook)
        await service.start(dispatch)
        self._service = service

    async def stop(self) -> None:
        service, self._service = self._service, None
        if service is not None:
            await service.stop()

    async def send(self, channel: Channel, card: Card, key: str) -> MessageRef:
        number = await self._running().cards.send(channel, card, key)
        return MessageRef(self.name, channel.name, str(number))

    async def edit(self, ref: MessageRef, card: Card) -> None:
        if not (ref.id.isascii() and ref.id.isdigit()):
            raise MessageGone(f"there is no card {ref.id}")
        await self._running().cards.edit(int(ref.id), card)

    def pause(self, channel: Channel, traffic: Traffic) -> float:
        if self._service is None:
            return CONNECTING  # for the whole channel: nothing of it is tried, card by card
        place = self._chats.place(channel.name)
        return self._pacer.pause(place.chat, traffic) if place else 0.0

    def grants(self) -> Mapping[str, Role]:
        trusted = self._settings.trust_admins_as
        return {ADMINISTRATOR: trusted} if trusted else {}

    async def check(self) -> Sequence[Finding]:
        try:
            _need_library()
        except ChannelBroken as error:
            return [Finding(ok=False, text=str(error))]
        from .api import Api
        from .checking import findings

        api = Api(self._settings, self._pacer)
        await self._chats.open()
        try:
            await api.open()
            return await findings(api, self._settings, self._chats, self.tools.channels, self.tools.public_url)
        finally:
            await api.close()

    async def sync(self, dispatch: Dispatch) -> str:
        """Tells Telegram which commands there are, whatever it was told before. Works without `start`."""
        _need_library()
        from .api import Api
        from .menu import tell_commands

        api = Api(self._settings, self._pacer)
        try:
            await api.open()
            count = await tell_commands(api, self.tools.store, self._settings.bot_id, dispatch, again=True)
        finally:
            await api.close()
        return f"{count} commands"

    def condition(self) -> str:
        return self._service.condition() if self._service else ""

    def mount_hooks(self, app: Application, base: str) -> None:
        if self._settings.mode == "webhook":
            self._webhook.mount(app)
            self._mounted = True

    def _running(self) -> Service:
        if self._service is None:
            raise SendFailed("Telegram is not connected", CONNECTING)
        return self._service


def _need_library() -> None:
    """Raises `ChannelBroken` where what speaks to Telegram is not installed."""
    if find_spec("telegram") is None:
        raise ChannelBroken('python-telegram-bot is not installed: pip install "botcore[telegram]"')
