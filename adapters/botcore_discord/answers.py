"""Answers to one interaction: within three seconds there must be a first one, and what follows goes another way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

import aiohttp
import discord

from .client import ANSWERED, UNKNOWN_INTERACTION

if TYPE_CHECKING:
    from .seams import Drawn

log = logging.getLogger(__name__)

UNKNOWN_WEBHOOK, EXPIRED = 10015, 50027


class TooLate(Exception):  # noqa: N818
    """Discord takes no answer to this interaction any more, and has told the person so."""


class _State(Enum):
    OPEN = "open"
    THINKING = "a private message is promised, and not there yet"
    ANSWERED = "answered"


class Answer:
    """Raises `TooLate`, and what the library and its HTTP client raise where Discord did not take an answer."""

    def __init__(self, interaction: discord.Interaction) -> None:
        self._interaction = interaction
        self._state = _State.OPEN
        self._one = asyncio.Lock()  # there is one first answer, whoever gives it

    async def defer(self) -> None:
        """Says that an answer will come, where there is none yet."""
        async with self._one:
            if self._state is not _State.OPEN:
                return
            response, promised = self._interaction.response, self._interaction.message is None
            await self._first(lambda: response.defer(ephemeral=True, thinking=promised))
            self._state = _State.THINKING if promised else _State.ANSWERED

    async def ask(self, modal: discord.ui.Modal) -> bool:
        """Shows a modal; False where that is not possible (any more): only a first answer can, and none to a modal."""
        async with self._one:
            if self._state is not _State.OPEN or self._interaction.type is discord.InteractionType.modal_submit:
                return False
            await self._first(lambda: self._interaction.response.send_modal(modal))
            self._state = _State.ANSWERED
        return True

    async def change(self, drawn: Drawn, *, new_files: bool) -> None:
        """Changes the message that was clicked; without `new_files` it keeps those it has."""
        if new_files:
            await self.defer()  # an upload may take longer than there is time
        async with self._one:
            if self._state is _State.OPEN:
                await self._first(lambda: self._interaction.response.edit_message(view=drawn.view))
                self._state = _State.ANSWERED
                return
        if new_files:
            attachments = list(drawn.files)
            await _in_time(self._interaction.edit_original_response(view=drawn.view, attachments=attachments))
        else:
            await _in_time(self._interaction.edit_original_response(view=drawn.view))

    async def whisper(self, drawn: Drawn) -> str:
        """A message that this person alone sees; its id, "" where Discord does not say."""
        if drawn.files:
            await self.defer()
        async with self._one:
            if self._state is _State.OPEN:
                response = self._interaction.response
                made = await self._first(lambda: response.send_message(view=drawn.view, ephemeral=True))
                self._state = _State.ANSWERED
                return str(made.message_id or "") if made is not None else ""
            promised = self._state is _State.THINKING
        files = list(drawn.files)
        if promised:
            made = await _in_time(self._interaction.edit_original_response(view=drawn.view, attachments=files))
            self._state = _State.ANSWERED
        else:
            followup = self._interaction.followup
            made = await _in_time(followup.send(view=drawn.view, files=files, ephemeral=True, wait=True))
        return str(made.id)

    async def _first(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """The first answer. Once more where the connection broke: a kept one may have been dead. The library repeats
        it, too, where Discord had trouble; what is answered already was answered by us."""
        again = False
        while True:
            try:
                return await _in_time(call())
            except discord.HTTPException as error:
                if error.code != ANSWERED:
                    raise
                return None
            except (aiohttp.ClientError, OSError) as error:
                if again:
                    raise
                again = True
                log.info("Discord: answering again: %s", type(error).__name__)


async def _in_time(call: Awaitable[Any]) -> Any:
    try:
        return await call
    except discord.HTTPException as error:
        if error.code in (UNKNOWN_INTERACTION, UNKNOWN_WEBHOOK, EXPIRED):
            raise TooLate from error
        raise
