"""What comes in, worked off: each update once, everybody's acts in their order. Loaded only where Telegram is used."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from weakref import WeakValueDictionary

from botcore import Dispatch
from botcore.adapter import AdapterError
from botcore.clock import Clock
from botcore.logs import reference
from botcore.models import Role
from botcore.store.port import StoreError

from .acts import Dialogs, Pressed, Said
from .answers import Answers, Asked
from .api import Api
from .cards import Cards
from .chats import Chats
from .here import asks_for_it, block
from .inbox import Inbox, Update
from .native import OWN, RUN, TURN
from .reading import Act, Migrated, Nameless, read_act
from .rights import Rights
from .toasts import Toast, answering

log = logging.getLogger(__name__)

AT_ONCE = 256  # updates that are handled at the same time: most of them wait for something
GRACE = 1.0  # seconds that what is under way is given when this stops
HITCH = 5.0  # seconds until a database that says no is asked again
NAMELESS = "I cannot tell who you are: switch off “remain anonymous” in your administrator rights, and say it again."


class Desk:
    """Handles what the inbox has. `run` until cancelled; `wake` when there is more."""

    def __init__(
        self,
        *,
        inbox: Inbox,
        api: Api,
        chats: Chats,
        cards: Cards,
        rights: Rights,
        answers: Answers,
        dialogs: Dialogs,
        dispatch: Dispatch,
        clock: Clock,
        username: str,
    ) -> None:
        self._inbox = inbox
        self._api = api
        self._chats = chats
        self._cards = cards
        self._rights = rights
        self._answers = answers
        self._dialogs = dialogs
        self._dispatch = dispatch
        self._clock = clock
        self._username = username
        self._running: dict[int, asyncio.Task[None]] = {}
        self._orders: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        try:
            while True:
                self._woken.clear()
                try:
                    updates = await self._inbox.waiting(self._running, AT_ONCE - len(self._running))
                except Exception as error:
                    log.error("updates wait for the database: %s", error, exc_info=not isinstance(error, StoreError))
                    await self._clock.sleep(HITCH)
                    continue
                for update in updates:
                    self._running[update.id] = asyncio.create_task(self._handle(update))
                await self._woken.wait()
        finally:
            if running := set(self._running.values()):
                _, late = await asyncio.wait(running, timeout=GRACE)
                for task in late:
                    task.cancel()  # not handled: the next start does it
                await asyncio.gather(*late, return_exceptions=True)

    async def _handle(self, update: Update) -> None:
        try:
            try:
                if (act := read_act(update.body, self._api.bot)) is not None:
                    await self._do(act)
            except StoreError:
                raise
            except Exception:
                log.exception("an update could not be handled", extra={"ref": reference()})
            await self._inbox.handled(update.id)
        except StoreError as error:
            log.error("an update waits for the database: %s", error)
            await self._clock.sleep(HITCH)
        finally:
            self._running.pop(update.id, None)
            self._woken.set()

    async def _do(self, act: Act) -> None:
        match act:
            case Migrated():
                if self._chats.obeys(act.chat):
                    await self._chats.moved(act.chat, act.to)
            case Nameless():
                if self._chats.obeys(act.place.chat) and act.text.startswith("/"):
                    await self._answers.tell(NAMELESS, act.place, act.message)
            case Said():
                await self._said(act)
            case Pressed():
                async with answering(self._api, act.query, self._clock) as toast:
                    await self._pressed(act, toast)

    def _in_order(self, user: str) -> asyncio.Lock:
        """One after the other of what somebody says."""
        lock = self._orders.get(user)
        if lock is None:
            lock = self._orders[user] = asyncio.Lock()
        return lock

    async def _said(self, act: Said) -> None:
        if asks_for_it(act.text, self._username):
            person = await self._dispatch.person(act.actor)
            if person is not None and person.role.covers(Role.OWNER):
                await self._answers.tell(block(act.place), act.place, act.message)
            return
        if not act.place.private and not self._chats.obeys(act.place.chat):
            return
        actor = await self._rights.of(act.actor, act.place)
        act = replace(act, actor=actor)
        person = await self._dispatch.person(actor)
        if person is None:
            if _is_start(act.text):
                reply = await self._dispatch.command(actor, "start")
                await self._answers.brush_off(reply.text, act.place, act.message)
        elif _is_start(act.text):
            await self._answers.give(await self._dispatch.command(actor, "help"), Asked.said(act), self._dispatch)
        else:
            await self._talk(act)

    async def _talk(self, act: Said) -> None:
        """What somebody says is understood in its order; what it leads to keeps nothing else of theirs waiting."""
        asked = Asked.said(act)
        async with self._in_order(act.actor.user_id):
            step = await self._dialogs.said(act, self._dispatch)
            if step is not None and not (step.line or step.form):
                await self._answers.take(step, asked, self._dispatch)
                return
        if step is not None:
            await self._answers.take(step, asked, self._dispatch)

    async def _pressed(self, act: Pressed, toast: Toast) -> None:
        if not act.place.private and not self._chats.obeys(act.place.chat):
            return
        actor = await self._rights.of(act.actor, act.place)
        act = replace(act, actor=actor)
        asked = Asked.by_press(act, toast)
        dispatch = self._dispatch
        if not act.data.startswith(OWN) or await dispatch.person(actor) is None:
            await self._answers.give(await dispatch.press(actor, act.data), asked, dispatch)
        elif act.data.startswith(RUN):
            reply = await dispatch.command(actor, act.data.removeprefix(RUN))
            await self._answers.give(reply, asked, dispatch)
        elif act.data.startswith(TURN):
            await self._turn(act, toast)
        else:
            async with self._in_order(actor.user_id):
                await self._answers.take(await self._dialogs.pressed(act, dispatch), asked, dispatch)

    async def _turn(self, act: Pressed, toast: Toast) -> None:
        number = act.data.removeprefix(TURN)
        if not (number.isascii() and number.isdigit() and len(number) < 4):
            return
        await toast.say()
        try:
            await self._cards.turn(act.place, act.message, int(number))
        except AdapterError as error:
            log.warning("a picture was not shown: %s", error)


def _is_start(text: str) -> bool:
    return re.match(r"/start(?:@\w+)?(?:\s|$)", text) is not None
