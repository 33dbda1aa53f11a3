"""HireTalents for botcore: the provider, its own commands, and its simulation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from botcore import hookimpl

if TYPE_CHECKING:
    from botcore import Command, OperationKind, Provider
    from botcore.sandbox import Sandbox


@hookimpl
def register_providers() -> Mapping[str, type[Provider]]:
    from .provider import HireTalentsProvider

    return {"hiretalents": HireTalentsProvider}


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
    from .sandbox import HireTalentsSandbox

    return {"hiretalents": HireTalentsSandbox}
