"""SproutGigs for botcore: the provider and its simulation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from botcore import hookimpl

if TYPE_CHECKING:
    from botcore import Provider
    from botcore.sandbox import Sandbox


@hookimpl
def register_providers() -> Mapping[str, type[Provider]]:
    from .provider import SproutGigsProvider

    return {"sproutgigs": SproutGigsProvider}


@hookimpl
def register_sandboxes() -> Mapping[str, type[Sandbox]]:
    from .sandbox import SproutGigsSandbox

    return {"sproutgigs": SproutGigsSandbox}
