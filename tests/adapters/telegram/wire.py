"""How a call of the Bot API reaches the server, and how it is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from tests.adapters.telegram.schema import is_json
from tests.adapters.telegram.world import Json


class ApiError(Exception):
    """Refused: `{"ok": false, ...}` with these words."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def to_json(self) -> Json:
        found: Json = {"ok": False, "error_code": self.code, "description": self.description}
        return found | ({"parameters": self.parameters} if self.parameters else {})


def bad_request(words: str, **parameters: int) -> ApiError:
    return ApiError(400, f"Bad Request: {words}", **parameters)


def forbidden(words: str) -> ApiError:
    return ApiError(403, f"Forbidden: {words}")


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    content: bytes
    media_type: str


@dataclass(slots=True)
class Call:
    """One call. `at`: seconds of the server's clock; `outcome`: the status it was answered with, 0 while it was not."""

    method: str
    params: dict[str, Any]
    files: Mapping[str, Upload] = field(default_factory=dict)
    at: float = 0.0
    outcome: int = 0
    answer: Json = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        value = self.params.get(name, default)
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str, default: int = 0) -> int:
        try:
            return int(self.params.get(name, default))
        except (TypeError, ValueError):
            raise bad_request(f"{name} must be an integer") from None

    def flag(self, name: str) -> bool:
        return str(self.params.get(name, "")).lower() in ("true", "1", "yes")

    def json(self, name: str) -> Any:
        return self.params.get(name)

    @property
    def chat_id(self) -> int | None:
        try:
            return int(self.params["chat_id"])
        except (KeyError, TypeError, ValueError):
            return None


async def read_call(request: web.Request, method: str, at: float) -> Call:
    """What was asked, from a query, a form, JSON or several parts. Raises `ApiError`."""
    raw: dict[str, Any] = dict(request.query)
    files: dict[str, Upload] = {}
    if request.content_type == "application/json":
        raw |= await request.json()
    elif request.content_type == "multipart/form-data":
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            content = bytes(await part.read())
            if part.filename is None:
                raw[part.name or ""] = content.decode()
            else:
                media_type = part.headers.get("Content-Type", "application/octet-stream")
                files[part.name or ""] = Upload(part.filename, content, media_type)
    else:
        raw |= dict(await request.post())
    return Call(method, {name: _decoded(method, name, value) for name, value in raw.items()}, files, at)


def _decoded(method: str, name: str, value: Any) -> Any:
    if not isinstance(value, str) or not is_json(method, name):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise bad_request(f"can't parse {name} JSON object") from None
