"""The notify adapter: notices by e-mail, to Slack, ntfy and whatever else Apprise has an address for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from botcore import Adapter, hookimpl

if TYPE_CHECKING:
    from sqlite_utils import Migrations


@hookimpl
def register_adapters() -> Mapping[str, type[Adapter]]:
    from .adapter import NotifyAdapter  # Apprise itself is imported where one is started

    return {"notify": NotifyAdapter}


@hookimpl
def register_migrations() -> Migrations:
    from .doubts import notify

    return notify
