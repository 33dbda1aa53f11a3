"""Slash commands in neutral form: what they are called, what they take, who may use them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ..models import Role
from ..provider import Capability
from ..ui import Completion, Reply

if TYPE_CHECKING:
    from ..dispatch import Context


class Kind(StrEnum):
    """What a parameter's text must be."""

    WORD = "word"
    TEXT = "text"  # takes the rest of the line where it is the last positional one
    INTEGER = "integer"
    MONEY = "money"
    FLAG = "flag"  # yes or no
    FILE = "file"  # a `ui.File` that came with the command; on a terminal, the path of one


Completer = Callable[["Context", str], Awaitable[Sequence[Completion]]]


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter. Positional in the order declared, unless `named_only`; always also `name=value`.

    `many`: takes every positional word that is left; its value is a tuple. `needs`: offered only where an account can
    serve it; typed all the same, `run` says so.
    """

    name: str
    help: str
    kind: Kind = Kind.WORD
    required: bool = False
    many: bool = False
    named_only: bool = False
    choices: tuple[str, ...] = ()
    complete: Completer | None = None
    needs: Capability | None = None


Runner = Callable[["Context", Mapping[str, Any]], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Command:
    """A command. `name` may be of two words (`job list`). `needs`: shown only where an account can serve it;
    `provider`: only where an account is at that marketplace (the word after `provider =` in the config).

    `run` gets checked, typed values: str, int, Decimal, bool, or a tuple of str; what was left out is absent.
    """

    name: str
    help: str
    role: Role
    run: Runner
    params: tuple[Param, ...] = ()
    needs: Capability | None = None
    open_to_strangers: bool = False
    aliases: tuple[str, ...] = ()
    reads_work: bool = False  # a bot that was not running reads the marketplace first
    provider: str = ""
