"""Libraries without what they load merely because it is installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(module: str) -> Iterator[None]:
    """What is imported in it finds no such module. Does nothing where the module is loaded already."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # imports as if it were not installed
    try:
        yield
    finally:
        del sys.modules[module]
