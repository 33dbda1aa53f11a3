"""sqlite-utils without numpy, which it loads wherever that is installed: time and 11 MB for what nobody here uses."""

from __future__ import annotations

from ..lean import without

with without("numpy"):
    from sqlite_utils import Database, Migrations

__all__ = ["Database", "Migrations"]
