"""Commands as Discord's application commands, and what people choose there as command lines. Pure.

Options that are typed go back to the core as `name=value`: it alone knows how a line is read.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from discord import app_commands

from botcore.commands.parse import BadInput, quoted, split_line
from botcore.commands.registry import Command, Kind, Param
from botcore.models import Role
from botcore.text import one_line
from botcore.ui import Completion

from .markdown import short, units

log = logging.getLogger(__name__)

TOP, GROUP, OPTIONS, CHOICES = 100, 25, 25, 25  # the most of each that Discord takes
DESCRIPTION = 100  # characters, of a choice's name and value too
WHOLE = 8_000  # characters of a command's names, descriptions and values together
WORD_LENGTH, TEXT_LENGTH = 300, 1_500  # that can be typed into an option
NAME = re.compile(r"[-_a-z0-9]{1,32}")
MENTION = re.compile(r"<@!?([0-9]{5,20})>")
SUBCOMMAND, STRING, INTEGER, BOOLEAN, NUMBER, ATTACHMENT = 1, 3, 4, 5, 10, 11
MANAGE_SERVER = str(1 << 5)  # who sees what is for managers, where the server's own settings do not say otherwise
MOST_MONEY = 1_000_000
TYPES = {Kind.INTEGER: INTEGER, Kind.MONEY: NUMBER, Kind.FLAG: BOOLEAN, Kind.FILE: ATTACHMENT}

# Names and descriptions in other languages, by Discord's locale and then by what they are of: `job`, `job list`,
# `job list account` for a name, and the same with `:` behind it for a description. The English ones stay valid.
Translations = Mapping[str, Mapping[str, str]]
TRANSLATIONS: Translations = {}


class SlashCommands:
    """Implements `seams.Commands`."""

    def __init__(self, translations: Translations = TRANSLATIONS) -> None:
        self._translations = translations

    def definitions(self, commands: Sequence[Command]) -> list[dict[str, Any]]:
        """The body of the bulk overwrite. What Discord would refuse is left out with a warning: it would refuse all."""
        tops: list[dict[str, Any]] = []
        for name, members in _by_first_word(commands).items():
            top = self._top(name, members) if len(tops) < TOP else None
            if top is None:
                _left_out(name)
            else:
                tops.append(top)
        return tops

    def line(self, data: Mapping[str, Any]) -> str:
        name, options = _chosen(data)
        return " ".join([name, *map(_word, _typed(options))])

    def partial_line(self, commands: Sequence[Command], data: Mapping[str, Any]) -> str:
        name, options = _chosen(data)
        others = [option for option in _typed(options) if not option.get("focused")]
        focused = _focused(options)
        typed = re.sub(r'["\\]', "", str(focused.get("value", "")))
        if _takes_many(commands, name, focused):
            typed = typed.rpartition(" ")[2]
        return " ".join([name, *map(_word, others), f'{focused["name"]}="{typed}'])

    def choices(
        self, commands: Sequence[Command], data: Mapping[str, Any], completions: Sequence[Completion]
    ) -> Sequence[app_commands.Choice[str]]:
        name, options = _chosen(data)
        focused = _focused(options)
        typed = str(focused.get("value", ""))
        before = f"{one_line(typed.rpartition(' ')[0])} ".lstrip() if _takes_many(commands, name, focused) else ""
        found: dict[str, app_commands.Choice[str]] = {}
        for completion in completions:
            value = before + _value(completion.text)
            if 0 < units(value) <= DESCRIPTION:
                found.setdefault(value, app_commands.Choice(name=_label(before, completion), value=value))
        return list(found.values())[:CHOICES]

    def _top(self, name: str, members: Sequence[Command]) -> dict[str, Any] | None:
        """One word with all that begins with it; None where Discord has no room for it."""
        options: list[dict[str, Any]] | None
        if len(members) == 1 and members[0].name == name:
            options, about = self._options(members[0]), members[0].help
        else:
            options = self._subs(members)
            about = f"{name}: {', '.join(option['name'] for option in options)}"
            if not options:
                return None
        if options is None or not NAME.fullmatch(name):
            return None
        definition = {**self._named(name, about), "type": 1, "options": options}
        if all(member.role.covers(Role.MANAGER) for member in members):
            definition["default_member_permissions"] = MANAGE_SERVER
        return definition if _size(definition) <= WHOLE else None

    def _subs(self, members: Sequence[Command]) -> list[dict[str, Any]]:
        subs: list[dict[str, Any]] = []
        for command in members:
            options = self._options(command)
            if options is None or not NAME.fullmatch(command.name.partition(" ")[2]) or len(subs) == GROUP:
                _left_out(command.name)
            else:
                subs.append({**self._named(command.name, command.help), "type": SUBCOMMAND, "options": options})
        return subs

    def _options(self, command: Command) -> list[dict[str, Any]] | None:
        """A command's options, those first that must be given; None where there are too many, or one has no name of
        its own or a choice that Discord refuses."""
        params = sorted(command.params, key=lambda param: not param.required)
        names = {param.name for param in params if NAME.fullmatch(param.name)}
        if len(params) > OPTIONS or len(names) < len(params):
            return None
        options = [self._option(command, param) for param in params]
        return options if all(_can_be_chosen(option.get("choices", ())) for option in options) else None

    def _option(self, command: Command, param: Param) -> dict[str, Any]:
        kind = TYPES.get(param.kind, STRING)
        option = {**self._named(f"{command.name} {param.name}", param.help), "type": kind, "required": param.required}
        if kind == NUMBER:
            option |= {"min_value": 0, "max_value": MOST_MONEY}
        if kind != STRING:
            return option
        option["max_length"] = TEXT_LENGTH if param.kind is Kind.TEXT or param.many else WORD_LENGTH
        if 0 < len(param.choices) <= CHOICES and not param.many:
            option["choices"] = [{"name": choice, "value": choice} for choice in param.choices]
        elif param.choices or param.complete:
            option["autocomplete"] = True
        return option

    def _named(self, path: str, about: str) -> dict[str, Any]:
        """What stands at every level: a name and a description, also in the languages that there are."""
        names = {locale: words[path] for locale, words in self._translations.items() if path in words}
        abouts = {locale: words[f"{path}:"] for locale, words in self._translations.items() if f"{path}:" in words}
        named: dict[str, Any] = {"name": path.rpartition(" ")[2], "description": short(about, DESCRIPTION) or "…"}
        if names:
            named["name_localizations"] = names
        if abouts:
            named["description_localizations"] = {at: short(text, DESCRIPTION) for at, text in abouts.items()}
        return named


def options_of(data: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The options that were given, of a command of one or two words."""
    return _chosen(data)[1]


def _left_out(name: str) -> None:
    log.warning("the command %s does not fit into Discord: it is not offered there", name)


def _can_be_chosen(choices: Sequence[Mapping[str, Any]]) -> bool:
    names = {choice["name"] for choice in choices}
    return len(names) == len(choices) and all(name.strip() and units(name) <= DESCRIPTION for name in names)


def _by_first_word(commands: Iterable[Command]) -> dict[str, list[Command]]:
    groups: dict[str, list[Command]] = {}
    for command in commands:
        groups.setdefault(command.name.partition(" ")[0], []).append(command)
    return groups


def _chosen(data: Mapping[str, Any]) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """The core's name of the command that was chosen, and its options."""
    options = data.get("options") or []
    if len(options) == 1 and options[0]["type"] == SUBCOMMAND:
        return f"{data['name']} {options[0]['name']}", options[0].get("options") or []
    return data["name"], options


def _typed(options: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """All but what was attached, which stands on no line."""
    return [option for option in options if option["type"] != ATTACHMENT]


def _focused(options: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next((option for option in options if option.get("focused")), {"name": "", "value": ""})


def _takes_many(commands: Iterable[Command], name: str, option: Mapping[str, Any]) -> bool:
    return any(c.name == name and any(p.name == option["name"] and p.many for p in c.params) for c in commands)


def _word(option: Mapping[str, Any]) -> str:
    return quoted(f"{option['name']}={_text(option['value'])}")


def _text(value: object) -> str:
    """An option's value as it is typed: amounts without an exponent, and a person who is mentioned by their id."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return format(Decimal(repr(value)), "f")
    text = str(value).strip()
    mention = MENTION.fullmatch(text)
    return mention[1] if mention else text


def _value(text: str) -> str:
    """What a completion would put behind the `=`."""
    try:
        return " ".join(split_line(text)).partition("=")[2]
    except BadInput:  # a quotation mark in somebody's id
        return text.partition("=")[2]


def _label(before: str, completion: Completion) -> str:
    text = _value(completion.text)
    parts = [before + (completion.label or text), text if text not in completion.label else "", completion.help]
    return short(" · ".join(one_line(part) for part in parts if part), DESCRIPTION) or "…"


def _size(definition: Mapping[str, Any]) -> int:
    """Characters as Discord adds them up: of names, descriptions and choices' values, the longest of all languages."""
    size = 0
    for word in ("name", "description"):
        size += max(map(len, [definition.get(word, ""), *definition.get(f"{word}_localizations", {}).values()]))
    size += sum(len(choice["name"]) + len(choice["value"]) for choice in definition.get("choices", ()))
    return size + sum(_size(option) for option in definition.get("options", ()))
