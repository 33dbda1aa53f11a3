"""Secrets in a config: `{ env = "NAME" }` and `{ file = "path" }` become their values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from .problems import Problems, dotted

if TYPE_CHECKING:
    from pydantic import BaseModel

SHORTEST_KEY = 8  # of a part of a URL
_URL_PARTS = re.compile(r"[/:@?&=#,;]")
_NO_KEY = re.compile(r"[a-z]{,11}|[\d.]+|(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24}")
_SECRET_KEY = re.compile(r"(secret|token|password|passphrase|api_?key)$", re.IGNORECASE)


class SecretReader:
    """Replaces references by what they stand for. `found`: every secret seen, for the logs to leave out."""

    def __init__(self, folder: Path, env: Mapping[str, str], problems: Problems) -> None:
        self.found: set[str] = set()
        self._folder = folder
        self._env = env
        self._problems = problems

    def read_table(self, table: Mapping[str, object], at: str) -> dict[str, object]:
        """`table` with the references in it replaced; one that leads nowhere is noted and becomes ""."""
        return {key: self._entry(key, value, dotted(at, key)) for key, value in table.items()}

    def read_place(self, channel: Mapping[str, object], at: str) -> tuple[dict[str, object], bool]:
        """A channel's table with its references replaced, and whether its `to` is a secret: one of those, or a URL,
        the parts of which are secrets as well."""
        to = channel.get("to")
        read = self.read_table(channel, at)
        place = read.get("to")
        if isinstance(place, str) and "://" in place:
            self._keep(place)
            self.found |= url_secrets(place)
        elif isinstance(to, dict) and place == "":
            read["to"] = "?"  # what is wrong with it is said already
        return read, isinstance(to, dict) or (isinstance(place, str) and "://" in place)

    def _entry(self, key: str, value: object, at: str) -> object:
        read = self._read(value, at)
        if isinstance(read, str) and _SECRET_KEY.search(key):
            self._keep(read)
        return read

    def _read(self, value: object, at: str) -> object:
        match value:
            case {"env": _, "file": _, **more} if not more:
                self._problems.add(at, "give either env or file, not both")
                return ""
            case {"env": name, **more} if not more:
                return self._keep(self._from_env(name, at))
            case {"file": name, **more} if not more:
                return self._keep(self._from_file(name, at))
            case dict():
                return self.read_table(value, at)
            case list():
                return [self._read(part, dotted(at, index)) for index, part in enumerate(value)]
            case _:
                return value

    def _keep(self, secret: str) -> str:
        if secret:
            self.found.add(secret)
        return secret

    def _from_env(self, name: object, at: str) -> str:
        if not isinstance(name, str) or not name:
            self._problems.add(at, 'env must name an environment variable, such as { env = "NAME" }')
            return ""
        value = self._env.get(name, "")
        if not value:
            self._problems.add(at, f"the environment variable {name} is not set, or empty")
        return value

    def _from_file(self, name: object, at: str) -> str:
        if not isinstance(name, str) or not name:
            self._problems.add(at, 'file must be the path of a file, such as { file = "secret.txt" }')
            return ""
        path = self._folder / Path(name).expanduser()
        try:
            value = path.read_text("utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            self._problems.add(at, f"the file {path} is not text in UTF-8")
            return ""
        except OSError as error:
            self._problems.add(at, f"the file {path} cannot be read: {error.strerror or error}")
            return ""
        if not value:
            self._problems.add(at, f"the file {path} is empty")
        return value


def url_secrets(url: str) -> set[str]:
    """The parts of a URL that may be keys: not its scheme, host names, short words, and what is too short for one."""
    rest = url.partition("://")[2]
    parts = {part for piece in _URL_PARTS.split(rest) for part in (piece, unquote(piece))}
    return {part for part in parts if len(part) >= SHORTEST_KEY and not _NO_KEY.fullmatch(part)}


def secrets_in(settings: BaseModel) -> frozenset[str]:
    """The values that a plugin's settings keep as `SecretStr`."""
    return frozenset(value for value in _secret_values(settings) if value)


def _secret_values(value: object) -> Iterator[str]:
    from pydantic import BaseModel, SecretStr

    match value:
        case SecretStr():
            yield value.get_secret_value()
        case BaseModel():
            for _, part in value:
                yield from _secret_values(part)
        case Mapping():
            for part in value.values():
                yield from _secret_values(part)
        case list() | tuple() | set() | frozenset():
            for part in value:
                yield from _secret_values(part)
