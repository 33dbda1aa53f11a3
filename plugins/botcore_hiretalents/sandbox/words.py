"""Words as they stand in addresses."""

from __future__ import annotations

import re

_OTHER = re.compile(r"[^a-z0-9]+")


def slug(title: str) -> str:
    """A title in lower case, its words joined by hyphens."""
    return _OTHER.sub("-", title.lower()).strip("-")
