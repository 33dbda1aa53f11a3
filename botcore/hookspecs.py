"""Every hook a plugin can implement. A plugin is a module (or object) with functions marked `@hookimpl`."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from sqlite_utils import Migrations

    from .adapter import Adapter
    from .commands.registry import Command
    from .kinds import OperationKind
    from .models import Rating, Submission
    from .provider import Provider
    from .sandbox import Sandbox

PROJECT = "botcore"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


# Registration hooks: called once at start. Return factories that import what is heavy only when called.


@hookspec
def register_providers() -> Mapping[str, type[Provider]] | None:
    """Marketplaces: the word after `provider =` in the config -> the class, possibly lazily imported."""


@hookspec
def register_adapters() -> Mapping[str, type[Adapter]] | None:
    """Messengers: the word after `adapter =` in the config -> the class."""


@hookspec
def register_commands() -> Sequence[Command] | None:
    """Slash commands of the plugin's own."""


@hookspec
def register_operations() -> Sequence[OperationKind] | None:
    """Kinds of operations that the plugin's commands ask for: what spends or cannot be undone."""


@hookspec
def register_migrations() -> Migrations | None:
    """The plugin's own tables: a `sqlite_utils.Migrations` set named after the plugin."""


@hookspec
def register_sandboxes() -> Mapping[str, type[Sandbox]] | None:
    """Simulated marketplaces for the demo and for tests, by provider name."""


# Event hooks: told after the fact; may return an awaitable, which is given a few seconds.


@hookspec
def submission_received(submission: Submission, short_id: str) -> Awaitable[None] | None:
    """A submission was seen for the first time and is durably stored."""


@hookspec
def decision_made(submission: Submission, short_id: str, rating: Rating, person: str) -> Awaitable[None] | None:
    """Somebody decided; the rating has not left yet and may be undone."""


@hookspec
def rating_confirmed(submission: Submission, short_id: str, rating: Rating) -> Awaitable[None] | None:
    """The marketplace took the rating."""


@hookspec
def bot_started() -> Awaitable[None] | None:
    """Everything that starts has started."""


@hookspec
def bot_stopping() -> Awaitable[None] | None:
    """The bot is about to stop."""


# Advice hooks: may change what reviewers see.


@hookspec
def advise(submission: Submission) -> Sequence[str] | None:
    """Flags to show on a submission's card: short sentences; a flag is never a verdict. Must not block."""
