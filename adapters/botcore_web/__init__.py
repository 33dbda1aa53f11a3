"""The web adapter: a page on the bot's own server, where reviewers work without any messenger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from botcore import Adapter, hookimpl

if TYPE_CHECKING:
    from sqlite_utils import Migrations


@hookimpl
def register_adapters() -> Mapping[str, type[Adapter]]:
    from .adapter import WebAdapter

    return {"web": WebAdapter}


@hookimpl
def register_migrations() -> Migrations:
    from .schema import web

    return web
