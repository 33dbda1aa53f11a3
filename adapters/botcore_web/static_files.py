"""The scripts, styles and icons of the page, read once and named by what is in them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files

MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    body: bytes
    media_type: str


def read_static() -> tuple[str, dict[str, StaticFile]]:
    """A short hash of all of them, which their addresses carry, and the files by name."""
    found: dict[str, StaticFile] = {}
    for entry in sorted(files(__package__).joinpath("static").iterdir(), key=lambda e: e.name):
        suffix = entry.name[entry.name.rfind(".") :]
        if suffix in MEDIA_TYPES:
            found[entry.name] = StaticFile(entry.read_bytes(), MEDIA_TYPES[suffix])
    digest = hashlib.sha256(b"\0".join(name.encode() + b"\0" + file.body for name, file in found.items()))
    return digest.hexdigest()[:12], found
