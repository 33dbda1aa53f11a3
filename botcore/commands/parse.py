"""Command lines: which command, which values, and how a line could go on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..text import clean, one_line
from ..ui import Completion, File
from .registry import Command, Kind, Param

if TYPE_CHECKING:
    from ..dispatch import Context

MAX_LINE = 4_000
ATTACHED = ""  # the name of the file that came with a command
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_WORD = re.compile(rf"(?:{_QUOTED.pattern}|\S)+", re.DOTALL)
_BEGUN = re.compile(r'(?:"(?:[^"\\]|\\.)*(?:"|$)|[^\s"])+', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_NAMED = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)=(.*)", re.DOTALL)
_NO_FILES: Mapping[str, File] = {}
_NOT_TYPED = (Kind.FLAG, Kind.FILE)  # where messengers complete: a flag has a name, a file is attached
_MONEY = re.compile(r"\$? ?([0-9]{1,7}(?:\.[0-9]{0,4})?|\.[0-9]{1,4})")


class BadInput(Exception):  # noqa: N818
    """What was typed cannot be done; the message says what to type instead."""


class Missing(BadInput):
    """Something that a command needs was not typed: `params`, in their order."""

    def __init__(self, command: Command, params: Sequence[Param]) -> None:
        name = params[0].name.replace("_", " ")
        how = "attach it to the command" if params[0].kind is Kind.FILE else f"type `{usage(command)}`"
        super().__init__(f"{name} is missing: {how}")
        self.params = tuple(params)


def split_line(line: str) -> list[str]:
    """The words of a line. Double quotes hold words together; a backslash means something only before a quote or
    a backslash inside them, and an apostrophe is one."""
    if len(line) > MAX_LINE:
        raise BadInput(f"that is longer than {MAX_LINE} characters")
    words = [match[0] for match in _WORD.finditer(line.strip().removeprefix("/"))]
    if any(_QUOTED.sub("", word).count('"') for word in words):
        raise BadInput('a quotation mark (") is missing')
    return [_QUOTED.sub(lambda match: _ESCAPED.sub(r"\1", match[1]), word) for word in words]


def quoted(word: str) -> str:
    """A word as `split_line` reads it back."""
    plain = word and not any(character in ' "\\' or character.isspace() for character in word)
    return word if plain else '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def find_command(commands: Sequence[Command], line: str) -> tuple[Command, list[str]]:
    """The command that a line names, and the words after its name. Raises `BadInput` with the nearest one.

    A name may be joined in any way: some messengers have `job_list` where others have `job list`.
    """
    words = split_line(line)
    if not words:
        raise BadInput("type a command, such as `help`")
    for length in (2, 1):
        name = _joined(" ".join(words[:length]))
        for command in commands:
            if len(words) >= length and name in map(_joined, (command.name, *command.aliases)):
                return command, words[length:]
    names = [command.name for command in commands]
    group = [name for name in names if name.startswith(words[0].lower() + " ")]
    if group:
        raise BadInput(f"`{shown(words[0])}` goes with one of: {', '.join(name.split()[1] for name in group)}")
    near = difflib.get_close_matches(" ".join(words[:2]).lower(), names, 1) or difflib.get_close_matches(
        words[0].lower(), names, 1
    )
    hint = f"; did you mean `{near[0]}`?" if near else "; see `help`"
    raise BadInput(f"there is no command `{shown(words[0])}`{hint}")


def _joined(name: str) -> str:
    return name.lower().replace(" ", "-").replace("_", "-")


def shown(word: str) -> str:
    """Something that was typed, as an answer quotes it: on one line, and not all of it."""
    return clean(one_line(word), 40)


def usage(command: Command) -> str:
    """How a command is typed: `approve ID... [reason=] [bonus=]`."""
    return " ".join([command.name, *(_usage(param) for param in command.params)])


def parse_values(command: Command, words: Sequence[str], files: Mapping[str, File] = _NO_FILES) -> dict[str, Any]:
    """Checked, typed values of a command's parameters. Raises `BadInput` in one helpful line: `Missing` where what is
    there is right, and something is not there. `files`: what came with the line, by what is typed for it."""
    params = {param.name: param for param in command.params}
    named: dict[str, str] = {}
    positional: list[str] = []
    open_text = ""  # a text that goes on until the next name: reason=wrong page
    free_text = any(param.kind is Kind.TEXT and not param.named_only for param in command.params)
    for word in words:
        match = _NAMED.fullmatch(word)
        if match and (name := _param_name(params, match[1])):
            named[name] = match[2]
            open_text = name if params[name].kind is Kind.TEXT else ""
        elif (flag := params.get(_param_name(params, word))) and flag.kind is Kind.FLAG:
            named[flag.name] = "yes"  # also after a text: quoted, it is part of that
        elif open_text:
            named[open_text] += f" {word}"
        elif match and not free_text:  # `bonsu=1` must not pass for one more id
            raise BadInput(f"`{command.name}` has no {shown(match[1])}=; it is typed `{usage(command)}`")
        else:
            positional.append(word)
    if ATTACHED in files:  # then it does not stand on the line
        named = {param.name: ATTACHED for param in command.params if param.kind is Kind.FILE} | named
    raw = _with_files(command, _by_position(command, positional, named), files)
    values = {name: _typed(params[name], value) for name, value in raw.items()}
    if missing := [param for param in command.params if param.required and param.name not in raw]:
        raise Missing(command, missing)
    return values


def _param_name(params: Mapping[str, Param], typed: str) -> str:
    """The parameter that is meant, whatever its case and dashes; "" where there is none."""
    plain = typed.lower()
    return next((name for name in (plain, plain.replace("-", "_"), plain.replace("_", "-")) if name in params), "")


def _by_position(command: Command, words: list[str], named: Mapping[str, str]) -> dict[str, Any]:
    raw: dict[str, Any] = dict(named)
    places = [param for param in command.params if not param.named_only and param.name not in named]
    for place, param in enumerate(places):
        if not words:
            break
        if not param.required and len(words) <= sum(later.required for later in places[place + 1 :]):
            continue  # `deposit 25`: what may be left out is, where the words are needed for what may not
        if param.many:
            raw[param.name] = tuple(words)
            words = []
        elif param.kind is Kind.TEXT and param is places[-1]:
            raw[param.name], words = " ".join(words), []
        else:
            raw[param.name] = words.pop(0)
    if words:
        raise BadInput(f"`{shown(words[0])}` is too much: type `{usage(command)}`")
    return raw


def _with_files(command: Command, raw: dict[str, Any], files: Mapping[str, File]) -> dict[str, Any]:
    param = next((param for param in command.params if param.kind is Kind.FILE), None)
    if param is None:
        if ATTACHED in files:
            raise BadInput(f"`{command.name}` takes no file; it is typed `{usage(command)}`")
        return raw
    typed = raw.get(param.name, ATTACHED)
    if typed in files:
        return {**raw, param.name: files[typed]}
    if param.name in raw:
        raise BadInput(f"there is no file {shown(typed)}: attach it to the command; on a terminal, give its path")
    return raw


def _typed(param: Param, value: Any) -> Any:
    if param.many:
        words = value if isinstance(value, tuple) else tuple(value.replace(",", " ").split())
        return tuple(_typed_one(param, word) for text in words for word in text.split(",") if word)
    return _typed_one(param, value)


def _typed_one(param: Param, text: Any) -> Any:
    if isinstance(text, File):
        return text
    name = param.name.replace("_", " ")
    if param.choices and text.lower() not in param.choices:
        raise BadInput(f"{name} is one of: {', '.join(param.choices)}")
    match param.kind:
        case Kind.INTEGER:
            if not re.fullmatch(r"-?[0-9]{1,12}", text):
                raise BadInput(f"{name} is a whole number, such as 10")
            return int(text)
        case Kind.MONEY:
            return parse_money(text, name)
        case Kind.FLAG:
            if text.lower() not in ("yes", "no", "true", "false"):
                raise BadInput(f"{name} is yes or no")
            return text.lower() in ("yes", "true")
    return text.lower() if param.choices else text


def parse_money(text: str, name: str = "an amount") -> Decimal:
    """Dollars, to the last digit. Raises `BadInput`."""
    match = _MONEY.fullmatch(text.strip())
    if match is None or (amount := Decimal(match[1])) > 1_000_000:
        raise BadInput(f"{name} is an amount of dollars, such as 0.25")
    return amount


def _usage(param: Param) -> str:
    name = param.name.upper() + ("..." if param.many else "")
    if param.named_only or param.kind is Kind.FLAG:
        name = param.name + ("" if param.kind is Kind.FLAG else "=")
    return name if param.required else f"[{name}]"


async def complete_words(commands: Sequence[Command], context: Context, line: str) -> list[Completion]:
    """How the last word of a line could go on."""
    text = line.lstrip().removeprefix("/")
    matches = [c for c in commands if c.name.startswith(text.lower())]
    exact = next((c for c in commands if text.lower() == c.name or text.lower().startswith(c.name + " ")), None)
    if exact is None or (len(matches) > 1 and text.lower() != exact.name):
        return [Completion(c.name, usage(c), c.help) for c in matches[:25]]
    rest = text[len(exact.name) :]
    if not rest:
        return [Completion(exact.name, usage(exact), exact.help)]
    return (await _complete_param(exact, context, _begun_words(rest)))[:25]


def _begun_words(rest: str) -> list[str]:
    """The words of a line as it is typed, the last one unfinished: a quotation mark may still be open."""
    words = [match[0] for match in _BEGUN.finditer(rest)]
    return [*words, ""] if not words or not rest.endswith(words[-1]) else words


async def _complete_param(command: Command, context: Context, words: list[str]) -> list[Completion]:
    last = words[-1]
    used = {word.partition("=")[0] for word in words[:-1] if "=" in word}
    context = replace(context, typed=_so_far(command, words[:-1]))
    if match := _NAMED.fullmatch(last):
        param = next((p for p in command.params if p.name == match[1]), None)
        found = await _values(param, context, match[2]) if param else []
        return [Completion(f"{match[1]}={c.text}", c.label, c.help) for c in found]
    places = [p for p in command.params if not p.named_only and p.name not in used and p.kind not in _NOT_TYPED]
    index = len([word for word in words[:-1] if "=" not in word])
    param = places[min(index, len(places) - 1)] if places and (index < len(places) or places[-1].many) else None
    found = await _values(param, context, last) if param else []
    named = [
        Completion(p.name if p.kind is Kind.FLAG else f"{p.name}=", p.name, p.help)
        for p in command.params
        if p.name.startswith(last.lower()) and p.name not in used and (p.named_only or p.kind is Kind.FLAG)
    ]
    return [*found, *named]


def _so_far(command: Command, words: Sequence[str]) -> dict[str, str]:
    """What stands on an unfinished line, by parameter."""
    params = {param.name: param for param in command.params}
    named = {match[1]: match[2] for word in words if (match := _NAMED.fullmatch(word)) and match[1] in params}
    places = [n for n, p in params.items() if not p.named_only and n not in named and p.kind is not Kind.FILE]
    placed = dict(zip(places, (word for word in words if "=" not in word), strict=False))
    return {name: text.replace('"', "") for name, text in {**placed, **named}.items()}


async def _values(param: Param | None, context: Context, typed: str) -> list[Completion]:
    if param is None:
        return []
    if param.choices:
        return [Completion(c, c) for c in param.choices if c.startswith(typed.lower())]
    return list(await param.complete(context, typed.replace('"', ""))) if param.complete else []
