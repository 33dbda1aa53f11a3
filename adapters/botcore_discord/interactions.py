"""What people do in Discord: commands, presses and forms, each acknowledged in time and done once.

Presses find their way by the button's id alone. Nothing of a message is kept in memory for that, so a button of last
month, or of a version before this one, is as good as a new one: what it may do is looked up when it is pressed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp
import discord

from botcore.adapter import Actor, Dispatch
from botcore.attached import BadFile
from botcore.store.port import StoreError
from botcore.text import sentence
from botcore.ui import Card, File, Reply, Result

from .answers import Answer, TooLate
from .attachments import attached, fetch
from .client import UNKNOWN_MESSAGE
from .forms import OPEN
from .records import Records, Shown
from .seams import Filled
from .sends import Sends, as_carried, digest_of, types

if TYPE_CHECKING:
    from botcore.adapter import Draw

    from .seams import Commands, Drawing, Drawn, Forms, Loaded

log = logging.getLogger(__name__)

DECIDED = 1.5  # seconds until an answer is promised instead of given
STALE = timedelta(seconds=2.5)  # older ones may be past answering: no form is opened before that is known
COMPLETED = 1.0  # seconds for what could be typed next
ELSEWHERE = "This bot works in another server."
SLOW = "That took too long to open: press it once more."

Data = Mapping[str, Any]


class Interactions:
    """Takes every interaction of one server. `age` tells how old one is; `draw` makes a card as it is now."""

    def __init__(
        self,
        guild: str,
        base_url: str,
        dispatch: Dispatch,
        age: Callable[[discord.Interaction], timedelta],
        records: Records,
        sends: Sends,
        draw: Draw,
        native: tuple[Drawing, Forms, Commands],
    ) -> None:
        self._guild = guild
        self._base_url = base_url
        self._dispatch = dispatch
        self._age = age
        self._records = records
        self._sends = sends
        self._draw = draw
        self._drawing, self._forms, self._commands = native
        self._under_way: set[asyncio.Task[Any]] = set()
        self._next: set[str] = set()  # messages that somebody waits to draw

    async def handle(self, interaction: discord.Interaction) -> None:
        """Never raises: whatever goes wrong is said, or logged where there is nobody to say it to."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that runs has one
        self._under_way.add(task)
        try:
            if interaction.type is discord.InteractionType.autocomplete:
                await self._complete(interaction)
            else:
                await self._take(interaction)
        except TooLate:
            log.info("Discord: interaction %s could not be answered in time", interaction.id)
        except (discord.HTTPException, aiohttp.ClientError, OSError, StoreError) as error:
            log.warning("Discord: interaction %s was not answered: %s", interaction.id, type(error).__name__)
        finally:
            self._under_way.discard(task)

    async def finish(self, seconds: float) -> None:
        """Lets what is under way end."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)

    # --- taking

    async def _take(self, interaction: discord.Interaction) -> None:
        answer = Answer(interaction)
        age = self._age(interaction)
        if age > STALE:  # as after a connection that broke; the person may have been told that it failed
            log.info("Discord: interaction %s is %.1f s old", interaction.id, age.total_seconds())
            await answer.defer()
        work = asyncio.create_task(self._do(interaction, answer))
        done, _ = await asyncio.wait({work}, timeout=max(0.0, DECIDED - max(0.0, age.total_seconds())))
        if not done:
            try:
                await answer.defer()
            finally:
                await work  # in any case: it is done, and the cards will show it
        await work

    async def _do(self, interaction: discord.Interaction, answer: Answer) -> None:
        outcome = await self._outcome(interaction)
        if outcome is not None:
            await self._show(interaction, answer, outcome)

    async def _outcome(self, interaction: discord.Interaction) -> Reply | Drawn | discord.ui.Modal | None:
        """What came of it; None where it was taken before."""
        try:
            if not await self._records.claim(str(interaction.id)):
                return None
            if str(interaction.guild_id) != self._guild:
                return Reply(ELSEWHERE, result=Result.REFUSED)
            return await self._act(interaction, actor_of(interaction))
        except Exception as error:  # noqa: BLE001 - logged there
            return _failed(error)

    async def _act(self, interaction: discord.Interaction, actor: Actor) -> Reply | Drawn | discord.ui.Modal:
        data: Data = interaction.data or {}
        match interaction.type:
            case discord.InteractionType.application_command:
                return await self._command(actor, data)
            case discord.InteractionType.modal_submit:
                return await self._handed_in(
                    actor, await self._forms.take(actor, data["custom_id"], data["components"])
                )
        custom_id = str(data.get("custom_id", ""))
        if custom_id.startswith("~all:"):
            return await self._dispatch.command(actor, f"show {custom_id.removeprefix('~all:')}")
        if custom_id.startswith("~"):
            return await self._handed_in(actor, await self._forms.reopen(actor, custom_id))
        return await self._dispatch.press(actor, custom_id)

    async def _handed_in(
        self, actor: Actor, taken: Filled | Drawn | discord.ui.Modal
    ) -> Reply | Drawn | discord.ui.Modal:
        """What the core says to a form, once all of it is there."""
        if not isinstance(taken, Filled):
            return taken
        try:
            reply = await self._dispatch.submit_form(actor, taken.form, taken.values)
            shown: Reply | Drawn = reply
            if reply.form is not None:  # a modal cannot follow a modal
                shown = await self._forms.invite(actor, reply.form, reply.text, taken)
        except Exception as error:  # noqa: BLE001 - logged there
            reply = shown = _failed(error)
        if shown is reply and reply.result is Result.REFUSED and reply.card is None:
            return await self._forms.refused(taken, reply.text) or reply
        await self._forms.settled(taken)
        return shown

    async def _command(self, actor: Actor, data: Data) -> Reply:
        line, told = self._commands.line(data), attached(data)
        if told is None or await self._dispatch.person(actor) is None:  # nothing is fetched for strangers
            return await self._dispatch.command(actor, line)
        try:
            file = await fetch(told, self._base_url)
        except BadFile as error:
            return Reply(sentence(str(error)), result=Result.REFUSED)
        return await self._dispatch.command(actor, line, file)

    async def _complete(self, interaction: discord.Interaction) -> None:
        data: Data = interaction.data or {}
        choices: Iterable[discord.app_commands.Choice[str]] = ()
        if str(interaction.guild_id) == self._guild:
            try:
                async with asyncio.timeout(COMPLETED):
                    commands = await self._dispatch.all_commands()
                    line = self._commands.partial_line(commands, data)
                    found = await self._dispatch.complete(actor_of(interaction), line)
                    choices = self._commands.choices(commands, data, found)
            except (TimeoutError, StoreError) as error:
                log.info("Discord: no completion: %s", type(error).__name__)
        await interaction.response.autocomplete(list(choices))

    # --- showing

    async def _show(
        self, interaction: discord.Interaction, answer: Answer, outcome: Reply | Drawn | discord.ui.Modal
    ) -> None:
        if isinstance(outcome, discord.ui.Modal):
            if not await answer.ask(outcome):
                await answer.whisper(self._drawing.draw(None, SLOW))
        elif isinstance(outcome, Reply):
            await self._reply(interaction, answer, outcome)
        else:
            await self._in_place(interaction, answer, outcome)

    async def _reply(self, interaction: discord.Interaction, answer: Answer, reply: Reply) -> None:
        if reply.form is not None:
            actor = actor_of(interaction)
            if not await answer.ask(await self._forms.open(actor, reply.form)):
                await self._in_place(interaction, answer, await self._forms.invite(actor, reply.form, reply.text))
            return
        if reply.file is not None:
            await self._hand_over(answer, reply, reply.file, interaction.filesize_limit)
            return
        message = interaction.message
        private = message is not None and message.flags.ephemeral
        if message is not None and private and reply.card is not None and (reply.replaces or is_prompt(message)):
            if not await _is_there(self._replace(str(message.id), answer, reply.card, reply.text)):
                await self._whisper(answer, reply.card, reply.text)
            return
        if message is not None and is_prompt(message) and reply.card is None:
            await self._in_place(interaction, answer, self._drawing.draw(None, reply.text))
            return
        aside = reply.card is not None and reply.result is Result.DONE  # something to read, which changes nothing
        changed, lost = False, None
        if message is not None and not aside:
            changed, lost = await self._refresh(interaction, message, answer)
        card = reply.card or (None if reply.text else lost)
        if (changed and card is None and reply.result is Result.DONE) or not (reply.text or card):
            await answer.defer()  # the card says it
        else:
            await self._whisper(answer, card, reply.text)

    async def _hand_over(self, answer: Answer, reply: Reply, file: File, most: int) -> None:
        """A file, after whatever card comes with it."""
        if reply.card is not None:
            await self._whisper(answer, reply.card, "")
        if 0 < len(file.text.encode()) <= most:
            await answer.whisper(self._drawing.draw_file(file, reply.text))
        else:
            why = "too large for Discord: ask for less of it, or in a terminal" if file.text else "empty"
            await self._whisper(answer, None, f"{reply.text} {file.name} is {why}.".strip())

    async def _refresh(
        self, interaction: discord.Interaction, clicked: discord.Message, answer: Answer
    ) -> tuple[bool, Card | None]:
        """Shows at once what became of a card; whether there is anything new to see on it, and the card itself where
        its message was deleted."""
        message, private = str(clicked.id), clicked.flags.ephemeral
        if message in self._next:
            return True, None  # somebody waits to draw it, later than what happened here
        self._next.add(message)
        waiting = True
        try:
            async with self._sends.alone(message):
                self._next.discard(message)
                waiting = False
                shown = await self._records.shown(message)
                subject = shown.subject if shown else "" if private else _pressed_name(interaction)
                self._sends.drawing(message)
                card = await self._draw(subject) if subject else None
                if card is None or self._sends.digest(message) == digest_of(card):
                    return False, None
                if not await _is_there(self._change(message, answer, card, shown, private=private)):
                    return False, card
        except StoreError as error:
            log.warning("Discord: a card is not drawn: %s", error)
            return False, None
        finally:
            if waiting:
                self._next.discard(message)
        return True, None

    async def _change(self, message: str, answer: Answer, card: Card, shown: Shown | None, *, private: bool) -> None:
        self._sends.uncertain(message)
        files = shown.files if shown else {}
        if not await self._changed_as_it_is(answer, self._sends.drawn_again(card, shown)):
            await answer.defer()
            loaded = await self._sends.load(card, self._drawing.pictures_of(card))
            files = await self._changed_with(answer, card, "", loaded)
        await self._sends.changed(message, card, files, private=private)

    async def _changed_with(self, answer: Answer, card: Card, text: str, loaded: Loaded) -> Mapping[str, str]:
        """The media types of the pictures that it has now."""
        _, loaded = await as_carried(
            loaded, lambda loaded: answer.change(self._drawing.draw(card, text, loaded), new_files=True)
        )
        return types(loaded)

    async def _changed_as_it_is(self, answer: Answer, drawn: Drawn | None) -> bool:
        """Whether the pictures that a message has will do."""
        if drawn is None:
            return False
        try:
            await answer.change(drawn, new_files=False)
        except discord.HTTPException as error:
            if error.status != 400:
                raise
            return False  # it does not have those that are noted for it
        return True

    async def _replace(self, message: str, answer: Answer, card: Card, text: str) -> None:
        """A private card takes the place of the one that was pressed."""
        async with self._sends.alone(message):
            shown = await self._records.shown(message)
            keys = list(self._drawing.pictures_of(card))
            files = shown.files if shown else {}
            there = {key: (b"", media_type) for key, media_type in files.items()}
            same = list(files) == keys
            drawn = self._drawing.draw(card, text, there, upload=False) if same else None
            if not await self._changed_as_it_is(answer, drawn):
                await answer.defer()
                loaded = await self._sends.load(card, keys)
                files = await self._changed_with(answer, card, text, loaded)
            await self._sends.changed(message, card, files, private=True)

    async def _whisper(self, answer: Answer, card: Card | None, text: str) -> None:
        loaded: Loaded = {}
        if card is not None and (keys := self._drawing.pictures_of(card, whole=True)):
            await answer.defer()
            loaded = await self._sends.load(card, keys)
        count = len(self._drawing.draw_all(card, text, loaded))
        for number in range(count):
            message, carried = await as_carried(loaded, partial(self._whispered, answer, card, text, number))
            if message and card is not None and card.subject and count == 1:
                await self._sends.changed(message, card, types(carried), private=True)

    async def _whispered(self, answer: Answer, card: Card | None, text: str, number: int, loaded: Loaded) -> str:
        """One of the messages that it takes; there are as many without pictures."""
        return await answer.whisper(self._drawing.draw_all(card, text, loaded)[number])

    async def _in_place(self, interaction: discord.Interaction, answer: Answer, drawn: Drawn) -> None:
        """What follows a form's own message takes its place; else it is a message of its own."""
        message = interaction.message
        if message is None or not is_prompt(message) or not await _is_there(answer.change(drawn, new_files=False)):
            await answer.whisper(drawn)


def _failed(error: Exception) -> Reply:
    if isinstance(error, StoreError):
        return Reply(sentence(f"not saved: {error}"), result=Result.REFUSED)
    log.error("Discord: an interaction failed", exc_info=error)
    return Reply("Something went wrong here.", result=Result.REFUSED)


async def _is_there(change: Awaitable[None]) -> bool:
    """Whether the message was there to be changed."""
    try:
        await change
    except discord.NotFound as error:
        if error.code != UNKNOWN_MESSAGE:
            raise
        return False
    return True


def actor_of(interaction: discord.Interaction) -> Actor:
    """Who this is, with the roles that Discord says they have at this moment."""
    user = interaction.user
    # the public `roles` leaves out those that are not cached
    roles = tuple(str(role) for role in user._roles) if isinstance(user, discord.Member) else ()
    return Actor("discord", str(user.id), user.display_name, str(interaction.channel_id or ""), roles)


def _pressed_name(interaction: discord.Interaction) -> str:
    """What a public card is about by its button alone: it may be there before its send is known to have ended."""
    data: Data = interaction.data or {}
    parts = str(data.get("custom_id", "")).split(":")
    return parts[1] if len(parts) == 3 else ""


def is_prompt(message: discord.Message) -> bool:
    """Whether it is a private message of the adapter's own, with a button that opens a form."""
    return message.flags.ephemeral and any(
        str(getattr(component, "custom_id", "") or "").startswith(OPEN) for component in _walk(message.components)
    )


def _walk(components: Iterable[Any]) -> Iterable[Any]:
    for component in components:
        yield component
        yield from _walk(getattr(component, "children", ()))
