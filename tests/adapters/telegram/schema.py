"""Every request and answer against the models of aiogram, which neither the bot nor its library wrote. They take
seconds to load: only tests that speak to the pretended Telegram wait for them."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

if TYPE_CHECKING:
    from aiogram.methods.base import TelegramMethod

Json = dict[str, Any]

_PLAIN = (str, int, float, bool, type(None))


def wrong_in_request(method: str, params: Mapping[str, Any]) -> list[str]:
    """What a method does not take: unknown names, wrong types, what is missing. `params` are decoded; files are
    bytes."""
    from aiogram.types import BufferedInputFile

    model = _models().get(method.lower())
    if model is None:
        return [f"{method}: there is no such method"]
    filled = {name: BufferedInputFile(v, "file") if isinstance(v, bytes) else v for name, v in params.items()}
    try:
        checked = model.model_validate(filled)
    except ValidationError as error:
        return [f"{method}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5]]
    return [f"{method}: unknown {where}" for where in _unknown(checked, "")]


def wrong_in_answer(method: str, answer: Json) -> list[str]:
    """What an answer of this method can never be."""
    model = _models().get(method.lower())
    if model is None:
        return []
    try:
        checked: BaseModel = _response(method.lower()).validate_python(answer)
    except ValidationError as error:
        return [f"answer to {method}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5]]
    return [f"answer to {method}: unknown {where}" for where in _unknown(checked, "")]


def wrong_in_update(update: Json) -> list[str]:
    """What an update can never be."""
    from aiogram.types import Update

    try:
        checked = Update.model_validate(update)
    except ValidationError as error:
        return [f"update: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5]]
    return [f"update: unknown {where}" for where in _unknown(checked, "")]


def is_json(method: str, name: str) -> bool:
    """Whether a parameter is written as JSON where a request is a form."""
    model = _models().get(method.lower())
    field = model.model_fields.get(name) if model else None
    if field is None:
        return False
    return not all(kind in _PLAIN or _is_file(kind) or _is_default(kind) for kind in _leaves(field.annotation))


@cache
def _models() -> dict[str, type[TelegramMethod[Any]]]:
    from aiogram import methods
    from aiogram.methods.base import TelegramMethod

    found = (getattr(methods, name) for name in methods.__all__)
    return {
        model.__api_method__.lower(): model
        for model in found
        if isinstance(model, type) and issubclass(model, TelegramMethod) and model is not TelegramMethod
    }


@cache
def _response(method: str) -> TypeAdapter[Any]:
    from aiogram.methods.base import Response

    return TypeAdapter(Response[_models()[method].__returning__])  # type: ignore[misc]


def _unknown(value: object, path: str) -> Iterator[str]:
    """Names that no model knows, wherever they are: the models themselves let them pass."""
    if isinstance(value, BaseModel):
        for name in value.model_extra or {}:
            yield f"{path}{name} in {type(value).__name__}"
        for name in value.model_fields_set & set(type(value).model_fields):
            yield from _unknown(getattr(value, name), f"{path}{name}.")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _unknown(item, f"{path}{number}.")


def _leaves(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) in (Union, types.UnionType):
        for inner in get_args(annotation):
            yield from _leaves(inner)
    else:
        yield annotation


def _is_file(kind: Any) -> bool:
    from aiogram.types import InputFile

    return isinstance(kind, type) and issubclass(kind, InputFile)


def _is_default(kind: Any) -> bool:
    return re.search(r"\bDefault\b|datetime|timedelta", repr(kind)) is not None
