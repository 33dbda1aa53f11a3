"""Picoworkers for botcore: SproutGigs under its old name, in an older dialect. Builds on that plugin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from botcore import hookimpl

if TYPE_CHECKING:
    from botcore import Command, OperationKind, Provider
    from botcore.sandbox import Sandbox


@hookimpl
def register_providers() -> Mapping[str, type[Provider]]:
    from .provider import PicoworkersProvider

    return {"picoworkers": PicoworkersProvider}


@hookimpl
def register_commands() -> Sequence[Command]:
    from .commands import COMMANDS

    return COMMANDS


@hookimpl
def register_operations() -> Sequence[OperationKind]:
    from .commands import OPERATIONS

    return OPERATIONS


@hookimpl
def register_sandboxes() -> Mapping[str, type[Sandbox]]:
    from .sandbox import PicoworkersSandbox

    return {"picoworkers": PicoworkersSandbox}
