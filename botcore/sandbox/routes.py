"""Which endpoint a path means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from .base import Endpoint

_NAMED = re.compile(r"\{(\w+)\}")


class Route(NamedTuple):
    """An endpoint, the path it is registered by, and what of the path asked for stands for its names."""

    path: str
    endpoint: Endpoint
    parts: Mapping[str, str]


class Routes:
    """Endpoints by path, in which `{name}` stands for one segment."""

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._plain = {path: Route(path, endpoint, {}) for path, endpoint in endpoints.items() if "{" not in path}
        self._named = [
            (re.compile(_NAMED.sub(r"(?P<\1>[^/]+)", path)), path, endpoint)
            for path, endpoint in endpoints.items()
            if "{" in path
        ]

    def find(self, path: str) -> Route | None:
        if path in self._plain:
            return self._plain[path]
        for pattern, registered, endpoint in self._named:
            if found := pattern.fullmatch(path):
                return Route(registered, endpoint, found.groupdict())
        return None
