"""Drafts as files: TOML or JSON in, TOML out. What a marketplace itself calls its fields is understood too."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import tomli_w

from ..draft import DraftField, Problem, Shape
from ..draft_text import NO, PROOF_WORDS, YES
from ..models import ProofKind
from ..problems import did_you_mean
from ..text import one_line
from ..ui import File

OURS = ("account", "template")  # keys that say where a draft goes, and not what is in it
SEVERAL = (Shape.LINES, Shape.PROOFS, Shape.VARIABLES, Shape.CHALLENGES)


class FileError(ValueError):
    """A file that is no draft; the message says why."""


def read_file(file: File) -> dict[str, Any]:
    """What is in a file, by its keys. Raises `FileError`."""
    try:
        if file.text.lstrip().startswith("{"):
            found = json.loads(file.text, parse_float=Decimal)
        else:
            found = tomllib.loads(file.text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise FileError(f"{file.name} cannot be read: {one_line(str(error))}") from None
    if not isinstance(found, dict):
        raise FileError(f"{file.name} must hold one job: names and their values")
    return found


def answers_in(found: Mapping[str, Any], fields: Sequence[DraftField]) -> tuple[dict[str, str], list[Problem]]:
    """A file's values as they would be typed, and what is wrong with their names and kinds."""
    known = {name: one for one in fields for name in (one.name, *one.also)}
    answers: dict[str, str] = {}
    problems: list[Problem] = []
    for key, value in found.items():
        if key in OURS:
            continue
        one = known.get(key)
        if one is None:
            near = did_you_mean(key, [one.name for one in fields])
            problems.append(Problem(key, f"is no field of a job there{near}"))
            continue
        try:
            answers[one.name] = _typed(one, value)
        except FileError as error:
            problems.append(Problem(one.name, str(error)))
    return answers, problems


def as_toml(account: str, fields: Sequence[DraftField], answers: Mapping[str, str]) -> str:
    """A draft as a file that `read_file` reads back."""
    kept: dict[str, Any] = {"account": account} if account else {}
    for one in fields:
        if text := answers.get(one.name, "").strip():
            kept[one.name] = _value(one, text)
    return tomli_w.dumps(kept, multiline_strings=True)


def blank(account: str, title: str, fields: Sequence[DraftField]) -> str:
    """A file to fill in: every field that a marketplace has, with what is to be known of it."""
    lines = [f"# A job for {title}: take the # away before what you fill in.", f'account = "{account}"']
    group = ""
    for one in fields:
        if one.group != group:
            group = one.group
            lines += ["", f"# --- {group}"]
        lines += [
            "",
            f"# {one.label}{'' if one.required else ' (may be left out)'}" + (f": {one.help}" if one.help else ""),
        ]
        lines.append(f"{'' if one.required else '# '}{one.name} = {_example(one)}")
    return "\n".join(lines) + "\n"


def _typed(one: DraftField, value: object) -> str:
    """A file's value as a person would type it. Raises `FileError`."""
    match value:
        case bool():
            return YES[0] if value else NO[0]
        case int() | Decimal():
            return _flag_of(value) if one.shape is Shape.FLAG else str(value)
        case str():
            return value
        case list():
            separator = ", " if one.shape is Shape.SOME else "\n"
            return separator.join(_item(one, item) for item in value)
        case dict() if one.shape is Shape.VARIABLES:
            return "\n".join(_variable(name, values) for name, values in value.items())
        case dict() if set(value) == {"limit", "duration"}:
            return f"{value['limit']}/{'hour' if value['duration'] == 'hourly' else 'day'}"
        case None:
            return ""
    raise FileError("has a value that cannot be one")


def _flag_of(value: int | Decimal) -> str:
    if value == 0:
        return NO[0]
    return YES[0] if value == 1 else str(value)


def _item(one: DraftField, item: object) -> str:
    match item:
        case str() if one.shape is Shape.SOME:
            return item
        case str():
            return one_line(item)
        case int():
            return str(item)
        case {"type": str(kind), "description": str(text)} | {"type": str(kind), "desc": str(text)}:
            return f"{kind}: {one_line(text)}"
        case {"question": str(question), "answer": str(answer)}:
            return f"{one_line(question)} = {one_line(answer)}"
        case {"name": str(name), "values": list(values)}:
            return _variable(name, values)
    raise FileError("has an item that cannot be one")


def _variable(name: object, values: object) -> str:
    if not isinstance(name, str) or not isinstance(values, list):
        raise FileError("is names, each with its values: CITY = ['Rome', 'Paris']")
    texts = [one_line(str(value)) for value in values]
    if any("|" in text for text in texts):
        raise FileError("has a value with a | in it, which parts them: write it in another way")
    return f"{name}: {' | '.join(texts)}"


def _value(one: DraftField, text: str) -> Any:
    match one.shape:
        case Shape.FLAG:
            return text.lower() in YES
        case Shape.NUMBER if text.isascii() and text.isdigit():
            return int(text)
        case Shape.MONEY:
            return text.removeprefix("$").strip()
        case Shape.SOME:
            return [part.strip() for part in text.split(",") if part.strip()]
        case _ if one.shape in SEVERAL:
            return [line.strip() for line in text.splitlines() if line.strip()]
    return text


def _example(one: DraftField) -> str:
    if one.default and one.shape not in SEVERAL:
        return json.dumps(one.default) if one.shape is not Shape.FLAG else str(one.default in YES).lower()
    shot = next(word for word, kind in PROOF_WORDS.items() if kind is ProofKind.PICTURE)
    return {
        Shape.LINES: '[\n    "the first step",\n    "the second step",\n]',
        Shape.PROOFS: f'[\n    "{shot}: what it must show",\n]',
        Shape.VARIABLES: '["NAME: one value | another value"]',
        Shape.CHALLENGES: '["a question? = its answer"]',
        Shape.MONEY: '"0.10"',
        Shape.NUMBER: str(one.least or 1),
        Shape.FLAG: "false",
        Shape.SOME: "[]",
    }.get(one.shape, '""')
