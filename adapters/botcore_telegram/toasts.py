"""The answer to a press: one, within moments, whatever the press leads to. Loaded only where Telegram is used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from botcore.adapter import AdapterError
from botcore.clock import Clock

from .api import Api

log = logging.getLogger(__name__)

PROMPT = 1.5  # seconds after which a press is answered, though nothing can be said yet
LENGTH = 200  # of what an answer says


class Toast:
    """Shows a few words to who pressed, once."""

    def __init__(self, api: Api, query: str) -> None:
        self._api = api
        self._query = query
        self._answered = False

    async def say(self, text: str = "", *, alert: bool = False) -> bool:
        """Answers the press. False where it was answered before, or this cannot be said so: too long."""
        text = text.replace("`", "")
        if self._answered or len(text) > LENGTH:
            return False
        self._answered = True
        try:
            await self._api.answer(self._query, text, alert=alert)
        except AdapterError as error:  # what was pressed is done, or said in another way
            log.info("a press was not answered: %s", error)
        return True


@asynccontextmanager
async def answering(api: Api, query: str, clock: Clock) -> AsyncIterator[Toast]:
    """Sees to it that a press is answered in time, and at all."""
    toast = Toast(api, query)

    async def in_time() -> None:
        await clock.sleep(PROMPT)
        await toast.say()

    timer = asyncio.create_task(in_time())
    try:
        yield toast
    finally:
        timer.cancel()
        await asyncio.gather(timer, return_exceptions=True)
        await toast.say()
