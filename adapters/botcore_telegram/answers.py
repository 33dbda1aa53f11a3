"""What people get back, and where: the core's replies, the dialogs' questions. Loaded only where Telegram is used."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from botcore import Actor, Card, Dispatch, Reply
from botcore.adapter import AdapterError, ChannelBroken, MessageGone, SendFailed
from botcore.attached import BadFile, file_name, read_file
from botcore.clock import Clock
from botcore.text import sentence
from botcore.ui import File, Result

from .acts import Attached, Dialogs, Place, Pressed, Said, Step
from .api import Api, Sent, Way
from .cards import Cards
from .errors import Refused
from .forms import check_file
from .html import CAPTION_UNITS, units
from .native import Note
from .render import is_queue, says
from .sender import Sender
from .toasts import Toast

log = logging.getLogger(__name__)

T = TypeVar("T")

TRIES = 8  # to send what surely was not sent
MESSAGES = 3  # that a text may take; a longer one is a file
HEAD = 300  # characters of a longer one that are on the message
FILE_BYTES = 50_000_000  # of a document that Telegram takes


@dataclass(frozen=True, slots=True)
class Asked:
    """Who waits for an answer, and where. `pressed`: the message whose button led to it."""

    actor: Actor
    place: Place
    answers: int | None  # the message to answer to
    pressed: int | None = None
    toast: Toast | None = None

    @classmethod
    def said(cls, act: Said) -> Asked:
        return cls(act.actor, act.place, act.message)

    @classmethod
    def by_press(cls, act: Pressed, toast: Toast) -> Asked:
        return cls(act.actor, act.place, act.message, act.message, toast)


class Answers:
    """Sends them, patiently: what cannot be sent after all is logged, and what led to it is done all the same."""

    def __init__(self, api: Api, sender: Sender, cards: Cards, dialogs: Dialogs, clock: Clock, username: str) -> None:
        self._api = api
        self._sender = sender
        self._cards = cards
        self._dialogs = dialogs
        self._clock = clock
        self._username = username

    async def give(self, reply: Reply, asked: Asked, dispatch: Dispatch) -> None:
        """What the core says."""
        if reply.file is not None:
            await self._file(reply.file, reply.text, asked)
        elif reply.text:
            await self._say(reply.text, asked, alert=reply.result is not Result.DONE)
        if reply.card is not None:
            await self._card(reply.card, asked, replaces=reply.replaces)
        if reply.form is not None:
            step = await self._dialogs.begin(asked.actor, asked.place, reply.form, asked.pressed, dispatch)
            await self.take(step, asked, dispatch)

    async def take(self, step: Step, asked: Asked, dispatch: Dispatch) -> None:
        """What a dialog says."""
        if asked.toast and (step.toast or step.note):
            await asked.toast.say(step.toast)
        for message in step.drop:
            await self._drop(asked.place, message)
        for note, box in ((step.note, False), (step.box, True)):
            if note is None:
                continue
            shown = await self._note(note, asked, replaces=step.replaces and not box)
            if shown is not None and step.dialog:
                await self._dialogs.asked(step.dialog, shown, box=box)
        if step.line:
            await self.give(await self._run(step, asked.actor, dispatch), asked, dispatch)
        if step.form:
            reply = await dispatch.submit_form(asked.actor, step.form, step.values)
            await self.give(reply, replace(asked, pressed=step.origin), dispatch)

    async def tell(self, html: str, place: Place, reply_to: int) -> None:
        """A message of the adapter's own."""
        await self._send(place, Note(html), reply_to)

    async def brush_off(self, text: str, place: Place, reply_to: int) -> None:
        """Says something to a stranger, if there is room for it just now: they keep nobody waiting."""
        try:
            await self._sender.note(Way(place, patient=False, reply_to=reply_to), says(text)[0])
        except AdapterError as error:
            log.info("a stranger was not answered: %s", error)

    # --- inside

    async def _run(self, step: Step, actor: Actor, dispatch: Dispatch) -> Reply:
        """The answer to a command, with the file that came with it."""
        if step.file is None:
            return await dispatch.command(actor, step.line)
        try:
            return await dispatch.command(actor, step.line, await self._fetch(step.file))
        except BadFile as error:
            return Reply(sentence(str(error)), result=Result.REFUSED)
        except AdapterError as error:
            log.warning("a file was not fetched: %s", error)
            return Reply("The file could not be fetched from Telegram: send it again.", result=Result.REFUSED)

    async def _fetch(self, attached: Attached) -> File:
        """Raises `BadFile`, and `AdapterError` where Telegram does not give it."""
        check_file(attached)
        size, fetch = await self._insist(lambda: self._api.file(attached.id))
        check_file(replace(attached, size=size))
        return read_file(attached.name, await self._insist(fetch))

    async def _file(self, file: File, text: str, asked: Asked) -> None:
        """What is in a file may be private: it is for whoever asked, in their own chat."""
        content = file.text.encode()
        if not 0 < len(content) <= FILE_BYTES:
            why = "is empty" if not content else "is too large for Telegram: ask for less of it, or in a terminal"
            await self._say(f"{text} {file.name} {why}.".strip(), asked, alert=True)
            return
        notes = says(text) if text else (Note(""),)
        if len(notes) > 1 or units(text) > CAPTION_UNITS:
            await self._say(text, asked)
            notes = (Note(""),)
        note = replace(notes[0], file=content, file_name=file_name(file))
        if asked.place.private:
            await self._send(asked.place, note, asked.answers)
            return
        if await self._at_home(lambda home: self._sender.note(Way(home), note), asked, "a file"):
            await self._say(f"The file is in our own chat, @{self._username}.", asked)

    async def _say(self, text: str, asked: Asked, *, alert: bool = False) -> None:
        if asked.toast and await asked.toast.say(text, alert=alert):
            return
        notes = says(text)
        if len(notes) > MESSAGES:
            head = says(f"{text[:HEAD]}…")[0]
            notes = (replace(head, file=text.encode(), file_name="answer.txt"),)
        for note in notes:
            await self._send(asked.place, note, asked.answers)

    async def _card(self, card: Card, asked: Asked, *, replaces: bool) -> None:
        if replaces and asked.pressed is not None:
            pressed = asked.pressed
            try:
                await self._insist(lambda: self._cards.replace(asked.place, pressed, card))
            except MessageGone:
                pass  # shown anew
            else:
                return
        if is_queue(card) and not asked.place.private:
            await self._alone(card, asked)
        else:
            await self._quietly(lambda: self._cards.answer(asked.place, card, asked.answers))

    async def _alone(self, card: Card, asked: Asked) -> None:
        """A queue of somebody's own, which only they see."""
        if await self._at_home(lambda home: self._cards.answer(home, card, None), asked, "a queue"):
            await self._say(f"Your queue is in our own chat, @{self._username}.", asked)

    async def _at_home(self, send: Callable[[Place], Awaitable[object]], asked: Asked, what: str) -> bool:
        """Sends something to whoever asked, in their own chat with the bot; whether it is there."""
        home = Place(int(asked.actor.user_id), private=True)
        try:
            await self._insist(lambda: send(home))
        except ChannelBroken:
            await self._say(
                f"I cannot write to you yet: open @{self._username}, press Start, and ask again.", asked, alert=True
            )
        except AdapterError as error:
            log.warning("%s was not sent: %s", what, error)
        else:
            return True
        return False

    async def _note(self, note: Note, asked: Asked, *, replaces: bool) -> int | None:
        if replaces and asked.pressed is not None:
            pressed = asked.pressed
            try:
                await self._insist(lambda: self._sender.edit(Way(asked.place), pressed, note, ("", "")))
            except (MessageGone, Refused):
                pass  # asked anew
            except AdapterError as error:
                log.warning("a question was not shown: %s", error)
                return None
            else:
                return pressed
        return await self._send(asked.place, note, asked.answers)

    async def _send(self, place: Place, note: Note, reply_to: int | None) -> int | None:
        """The message that it became; None where it could not be sent."""
        sent: Sent | None = await self._quietly(lambda: self._sender.note(Way(place, reply_to=reply_to), note))
        return sent.message if sent else None

    async def _drop(self, place: Place, message: int) -> None:
        try:
            await self._api.delete(place.chat, message)
        except AdapterError as error:
            log.debug("a question stays: %s", error)

    async def _quietly(self, send: Callable[[], Awaitable[T]]) -> T | None:
        try:
            return await self._insist(send)
        except AdapterError as error:
            log.warning("an answer was not sent: %s", error)
            return None

    async def _insist(self, send: Callable[[], Awaitable[T]]) -> T:
        """Tries again what surely was not sent."""
        for _ in range(TRIES - 1):
            try:
                return await send()
            except Refused:
                raise
            except SendFailed as error:
                await self._clock.sleep(error.retry_after)
        return await send()
