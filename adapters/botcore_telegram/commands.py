"""Commands as Telegram has them: `/job_list`, and what was typed after it as the core reads it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from botcore.commands.parse import BadInput, find_command
from botcore.commands.registry import Command
from botcore.text import clean, cut, one_line

NAME = 32  # characters, as Telegram takes them
MENU = 100  # commands, likewise
DESCRIPTION = 100  # characters that a phone shows of the 256 it takes
_HEAD = re.compile(r"/(\S*)(.*)", re.DOTALL)
_CURLY = str.maketrans(dict.fromkeys("“”„«»", '"'))  # what phones make of quotation marks


def menu(commands: Sequence[Command]) -> list[tuple[str, str]]:
    """Names and descriptions, as people are offered them who type a slash."""
    named = [(slashed(command.name), one_line(command.help)) for command in commands]
    return [(name, cut(clean(text[:1].upper() + text[1:]), DESCRIPTION)[0] or name) for name, text in named if name][
        :MENU
    ]


def slashed(name: str) -> str:
    """A command's name as one types it there, which the core takes too; "" for one that cannot be."""
    joined = re.sub(r"[ -]", "_", name.lower())
    return joined if re.fullmatch(rf"[a-z0-9_]{{1,{NAME}}}", joined) else ""


def command_line(text: str, username: str) -> str | None:
    """The core's line for a message that begins with a slash; None where it is meant for another bot."""
    match = _HEAD.fullmatch(text)
    if match is None:
        return None
    name, at, bot = match[1].partition("@")
    if at and bot.casefold() != username.casefold():
        return None
    rest = match[2] if '"' in match[2] else match[2].translate(_CURLY)
    return f"{name}{rest}"


def after_name(line: str, command: Command) -> str:
    """What stands after a command's name on a line that `find_command` found it by, as it was typed."""
    for count in (2, 1):
        match = re.match(rf"\s*(?:\S+\s*){{{count}}}", line)
        if match and _names(match[0], command):
            return line[match.end() :]
    return ""


def is_near(line: str, commands: Sequence[Command]) -> bool:
    """Whether what is no command of ours may have been meant for one."""
    names = [part for command in commands for part in (slashed(command.name), command.name.split()[0])]
    return bool(difflib.get_close_matches(line.partition(" ")[0].lower(), names, 1))


def _names(text: str, command: Command) -> bool:
    try:
        return not find_command([command], text)[1]
    except BadInput:
        return False
