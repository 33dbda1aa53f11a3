"""Simulated marketplaces over real HTTP: the demo's other side, and what tests count in. Names load on first
use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base import Answer, Call, Endpoint, JobChange, Missing, Post, Refusal, Sandbox
    from .clock import SandboxClock
    from .faults import Fault, FaultKind
    from .server import SandboxAccount, SandboxServer
    from .world import Books, OtherVersion, World

_HOME = {
    "Answer": "base",
    "Books": "world",
    "Call": "base",
    "Endpoint": "base",
    "Fault": "faults",
    "FaultKind": "faults",
    "JobChange": "base",
    "Missing": "base",
    "OtherVersion": "world",
    "Post": "base",
    "Refusal": "base",
    "Sandbox": "base",
    "SandboxAccount": "server",
    "SandboxClock": "clock",
    "SandboxServer": "server",
    "World": "world",
}

__all__ = [
    "Answer",
    "Books",
    "Call",
    "Endpoint",
    "Fault",
    "FaultKind",
    "JobChange",
    "Missing",
    "OtherVersion",
    "Post",
    "Refusal",
    "Sandbox",
    "SandboxAccount",
    "SandboxClock",
    "SandboxServer",
    "World",
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
