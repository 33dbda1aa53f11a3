"""The Discord adapter: cards with buttons in a server's channels, slash commands, and forms as modals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from botcore import Adapter, hookimpl

if TYPE_CHECKING:
    from sqlite_utils import Migrations


@hookimpl
def register_adapters() -> Mapping[str, type[Adapter]]:
    from .adapter import DiscordAdapter

    return {"discord": DiscordAdapter}


@hookimpl
def register_migrations() -> Migrations:
    from .schema import discord

    return discord
