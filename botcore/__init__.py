"""What a plugin author imports, and nothing else. Names are loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .adapter import Actor, Adapter, AdapterTools, Dispatch
    from .commands.registry import Command, Kind, Param
    from .hookspecs import hookimpl
    from .kinds import OperationKind
    from .provider import Capability, Provider, ProviderTools
    from .transport import Transport
    from .ui import Card, Reply

__version__ = "0.1.0"

_HOME = {
    "Actor": "adapter",
    "Adapter": "adapter",
    "AdapterTools": "adapter",
    "Capability": "provider",
    "Card": "ui",
    "Command": "commands.registry",
    "Dispatch": "adapter",
    "Kind": "commands.registry",
    "OperationKind": "kinds",
    "Param": "commands.registry",
    "Provider": "provider",
    "ProviderTools": "provider",
    "Reply": "ui",
    "Transport": "transport",
    "hookimpl": "hookspecs",
}

__all__ = [
    "Actor",
    "Adapter",
    "AdapterTools",
    "Capability",
    "Card",
    "Command",
    "Dispatch",
    "Kind",
    "OperationKind",
    "Param",
    "Provider",
    "ProviderTools",
    "Reply",
    "Transport",
    "hookimpl",
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
