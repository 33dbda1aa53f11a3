"""Files that people attach to a command, and the names under which files are handed to them. Pure."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from .text import clean, one_line
from .ui import File

MOST_BYTES = 256_000  # of a file for a command
NAME_LENGTH = 80  # characters
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


class BadFile(Exception):  # noqa: N818
    """It is not taken; the message says what to send instead, and is safe to show."""


def check_size(name: str, size: int) -> None:
    """Raises `BadFile` for more bytes than are taken."""
    if size > MOST_BYTES:
        raise BadFile(f"the file {shown_name(name)} is too large: at most {MOST_BYTES // 1000} kB are taken")


def read_file(name: str, data: bytes) -> File:
    """What somebody attached, as a command gets it. Raises `BadFile`."""
    check_size(name, len(data))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise BadFile(f"the file {shown_name(name)} is not text in UTF-8: save it as UTF-8, and send it again")
    return File(shown_name(name), text)


def shown_name(name: str) -> str:
    """The name of somebody's file, as it may be shown: without folders, on one line."""
    return clean(one_line(re.split(r"[/\\]", name)[-1]), NAME_LENGTH) or "file"


def file_name(file: File) -> str:
    """A name for a file that every messenger, browser and disk takes as it is."""
    path = PurePosixPath(_UNFIT.sub("-", file.name.strip()))
    stem, suffix = path.stem.strip(".-") or "file", path.suffix[:10].rstrip(".")
    return f"{stem[: NAME_LENGTH - len(suffix)]}{suffix}"
