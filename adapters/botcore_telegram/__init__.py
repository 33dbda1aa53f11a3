"""The Telegram adapter: cards with buttons, commands and forms in groups, topics and private chats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from botcore import Adapter, hookimpl

if TYPE_CHECKING:
    from sqlite_utils import Migrations


@hookimpl
def register_adapters() -> Mapping[str, type[Adapter]]:
    from .adapter import TelegramAdapter  # python-telegram-bot itself is imported where one is started

    return {"telegram": TelegramAdapter}


@hookimpl
def register_migrations() -> Migrations:
    from .schema import telegram

    return telegram
