"""Picoworkers as a provider: SproutGigs under its old name, in an older dialect, so it builds on that plugin.

It rates one task at a time, lists none that are rated, cannot be asked for tasks by their ids, and tells nothing by
itself. Of a task that is no longer waiting it cannot say what became of it.

Source: Picoworkers' API documentation of 29 June 2022.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from pydantic import BaseModel

from botcore.draft import DraftField
from botcore_sproutgigs.common import CommonProvider, done

from .api import PicoworkersApi
from .posting import FIELDS
from .settings import PicoworkersSettings


class PicoworkersProvider(CommonProvider[PicoworkersApi]):
    """One account at Picoworkers."""

    name: ClassVar[str] = "picoworkers"
    title: ClassVar[str] = "Picoworkers"
    Settings: ClassVar[type[BaseModel]] = PicoworkersSettings
    time_to_rate_range: ClassVar[tuple[int, int]] = (1, 7)
    draft_fields: ClassVar[tuple[DraftField, ...]] = FIELDS
    hosts: ClassVar[tuple[str, ...]] = ("picoworkers.com", ".picoworkers.com")
    api_class = PicoworkersApi

    async def deposit(self, amount: Decimal) -> str:
        """Charges the account's credit card with so many US dollars; returns the marketplace's words. Never to be
        repeated unasked: it charges again."""
        return done(await self.api.deposit(amount))
