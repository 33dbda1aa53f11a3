"""What is wrong with a config, in lines that a person can act on: all of them at once."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, get_args

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

M = TypeVar("M", bound="BaseModel")

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN_WORDS = {
    "missing": "is required",
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "dict_type": "must be a table",
    "mapping_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "tuple_type": "must be a list in square brackets",
    "list_type": "must be a list in square brackets",
    "bool_type": "must be true or false",
}


class ConfigError(Exception):
    """The config cannot be used. `lines`: one for each problem, naming its key and what is allowed."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = list(lines)
        super().__init__("\n".join(self.lines))


class Problems:
    """Collects what is wrong, so that a person hears of everything at once."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, at: str, text: str) -> None:
        self.lines.append(f"{at}: {text}")

    def unknown_key(self, at: str, key: str, allowed: Iterable[str]) -> None:
        self.add(dotted(at, key), unknown_key(key, allowed))

    def check(self, model: type[M], raw: object, at: str, context: object = None) -> M | None:
        """The checked values, or None once their problems are noted."""
        from pydantic import ValidationError

        if not isinstance(raw, Mapping):
            self.add(at, f"must be a table, [{at}]")
            return None
        known = _keys(model)
        strangers = set() if model.model_config.get("extra") == "allow" else set(raw) - known
        for key in sorted(strangers):
            self.unknown_key(at, key, known)
        try:
            values = model.model_validate({k: raw[k] for k in raw if k not in strangers}, context=context)
        except ValidationError as error:
            self.lines += explain(error.errors(include_url=False), model, raw, at)
            return None
        return None if strangers else values


def explain(errors: Sequence[ErrorDetails], model: type[BaseModel], raw: object, at: str) -> Iterator[str]:
    """Pydantic's errors as lines, one for each key; never with the value, which may be a secret."""
    by_key: dict[str, list[str]] = {}
    for error in errors:
        path = list(_real_path(error["loc"], raw))
        if error["type"] == "extra_forbidden":
            text = unknown_key(str(path[-1]), _keys_at(model, path[:-1]))
        elif error["type"] == "value_error":
            text = str(error["ctx"]["error"])
        else:
            words = error["msg"].replace("Input should be", "must be")
            text = _PLAIN_WORDS.get(error["type"], words[:1].lower() + words[1:])
        by_key.setdefault(dotted(at, *path), []).append(text)
    for key, texts in by_key.items():
        yield f"{key}: {' or '.join(dict.fromkeys(texts))}"


def unknown_key(key: str, allowed: Iterable[str]) -> str:
    """What to say of a key that nobody knows."""
    names = sorted(allowed)
    if not names:
        return "unknown key; none is allowed here"
    return f"unknown key; allowed: {', '.join(names)}{did_you_mean(key, names)}"


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """` (did you mean X?)`, or nothing where nothing is near."""
    near = difflib.get_close_matches(word, list(allowed), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def dotted(at: str, *path: str | int) -> str:
    """A key's place as one reads it in the file: `channels[2].to`."""
    for part in path:
        if isinstance(part, int):
            at += f"[{part}]"
        else:
            key = part if _BARE_KEY.fullmatch(part) else json.dumps(part)
            at += f".{key}" if at else key
    return at


def _real_path(loc: Sequence[str | int], raw: object) -> Iterator[str | int]:
    """A location without what pydantic adds to it, such as the names of a union's members."""
    for part in loc:
        if isinstance(raw, Mapping) and isinstance(part, str):
            raw = raw.get(part)
        elif isinstance(raw, list) and isinstance(part, int) and part < len(raw):
            raw = raw[part]
        else:
            return
        yield part


def _keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def _keys_at(model: type[BaseModel], path: Sequence[str | int]) -> set[str]:
    """The keys that the model at this place inside `model` knows."""
    for part in path:
        field = {f.alias or n: f for n, f in model.model_fields.items()}.get(str(part))
        if field is not None:
            model = next(_models_in(field.annotation), model)
    return _keys(model)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    from pydantic import BaseModel

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
