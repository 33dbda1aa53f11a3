"""sqlite-utils without numpy, which it loads wherever that is installed: time and 11 MB for what nobody here uses."""

from __future__ import annotations

import sys

_hidden = "numpy" not in sys.modules
if _hidden:
    sys.modules["numpy"] = None  # type: ignore[assignment]  # imports as if it were not installed
try:
    from sqlite_utils import Database, Migrations
finally:
    if _hidden:
        del sys.modules["numpy"]

__all__ = ["Database", "Migrations"]
