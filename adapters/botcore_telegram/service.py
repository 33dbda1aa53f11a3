"""A running connection to Telegram: its parts, from the first call to the last. Loaded only where it is used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from botcore import AdapterTools, Dispatch
from botcore.adapter import AdapterError
from botcore.store.port import StoreError

from .answers import Answers
from .api import Api
from .cards import Cards
from .chats import Chats
from .desk import Desk
from .dialogs import Talk
from .here import asks_for_it
from .inbox import Inbox, Update
from .menu import tell_commands
from .pacing import Pacer
from .polling import Poller
from .reading import chat_in
from .rights import Rights
from .sender import Sender
from .settings import TelegramSettings
from .webhook import Webhook

log = logging.getLogger(__name__)

HOUSEKEEPING_SECONDS = 3600.0


class Service:
    """`start`, then `cards` and all that people do, then `stop`."""

    cards: Cards

    def __init__(
        self, settings: TelegramSettings, tools: AdapterTools, chats: Chats, pacer: Pacer, webhook: Webhook
    ) -> None:
        self._settings = settings
        self._tools = tools
        self._chats = chats
        self._pacer = pacer
        self._webhook = webhook
        self._api = Api(settings, pacer)
        self._inbox = Inbox(tools.store, tools.clock)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._poller: Poller | None = None
        self._desk: Desk | None = None
        self._username = ""

    async def start(self, dispatch: Dispatch) -> None:
        """Raises `ChannelBroken` where a person must help, `SendFailed` or `SendUnknown` where time will."""
        try:
            await self._start(dispatch)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Ends it all. What was not handled is, at the next start. Harmless to repeat."""
        self._webhook.take = None
        self._chats.on_move = lambda: None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._api.close()

    def condition(self) -> str:
        if self._poller is not None and self._poller.trouble:
            return self._poller.trouble
        latency = f", {self._api.latency_ms} ms" if self._api.latency_ms is not None else ""
        return f"@{self._username} by {self._settings.mode}{latency}"

    # --- inside

    async def _start(self, dispatch: Dispatch) -> None:
        tools, clock = self._tools, self._tools.clock
        await self._api.open()
        me = await self._api.me()
        self._username = me.username or ""
        await self._chats.open()
        await self._pacer.open()
        sender = Sender(self._api, tools.store, clock, self._chats, me.id)
        self.cards = Cards(sender, self._pacer, self._chats, tools.store, clock, tools.pictures)
        dialogs = Talk(tools.store, clock, self._username)
        answers = Answers(self._api, sender, self.cards, dialogs, clock, self._username)
        self._desk = Desk(
            inbox=self._inbox,
            api=self._api,
            chats=self._chats,
            cards=self.cards,
            rights=Rights(self._api, self._chats, clock, trusted=self._settings.trust_admins_as is not None),
            answers=answers,
            dialogs=dialogs,
            dispatch=dispatch,
            clock=clock,
            username=self._username,
        )
        self._chats.on_move = lambda: self._spawn(self.cards.bring_along())
        await self._listen()
        self._spawn(self._desk.run())
        self._spawn(self.cards.bring_along())
        self._spawn(self._keep_house(dialogs, dispatch))

    async def _listen(self) -> None:
        if self._settings.mode == "webhook":
            self._webhook.take = self._take
            await self._api.set_webhook(self._tools.public_url + self._webhook.path, self._webhook.header_secret)
            return
        await self._api.delete_webhook()
        self._poller = Poller(self._api, self._inbox, self._tools.clock, self._concerns_us, self._wake)
        self._spawn(self._poller.run())

    async def _take(self, update: Update) -> None:
        if self._concerns_us(update):
            await self._inbox.take([update])
            self._wake()

    def _wake(self) -> None:
        if self._desk is not None:
            self._desk.wake()

    def _concerns_us(self, update: Update) -> bool:
        """What people say elsewhere leaves no trace; but an owner may ask in any chat what its number is."""
        chat, anywhere, text = chat_in(update.body)
        return bool(chat) and (anywhere or self._chats.obeys(chat) or asks_for_it(text, self._username))

    async def _keep_house(self, dialogs: Talk, dispatch: Dispatch) -> None:
        while True:
            try:
                await tell_commands(self._api, self._tools.store, self._settings.bot_id, dispatch)
                await dialogs.prune()
            except (AdapterError, StoreError) as error:
                log.warning("left for later: %s", error)
            await self._tools.clock.sleep(HOUSEKEEPING_SECONDS)

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(_log_death)


def _log_death(task: asyncio.Task[Any]) -> None:
    if task.cancelled() or (error := task.exception()) is None:
        return
    if isinstance(error, AdapterError | StoreError):
        log.warning("%s", error)
    else:
        log.error("a part of Telegram's adapter ended unexpectedly", exc_info=error)
