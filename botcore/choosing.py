"""What somebody means who types words instead of touching a button: one of the choices, or some of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .text import clean, find_named, one_line
from .ui import Choice

NOTE = " · "
NAMED = 40  # characters of what was typed that a message repeats
_COMMA = re.compile(r"[,;\n]")


@dataclass(frozen=True, slots=True)
class Meant:
    """`values`: what is meant for sure. `among`: numbers of the choices of which the rest may be any. `error`: why
    there is a rest."""

    values: tuple[str, ...] = ()
    among: tuple[int, ...] = ()
    error: str = ""


def one_of(choices: Sequence[Choice], typed: str, among: Sequence[int] = ()) -> Meant:
    """`among`: those that were asked about just now, which are meant rather than others."""
    found = _found(choices, typed, among)
    if len(found) == 1:
        return Meant((choices[found[0]].value,))
    return Meant(among=tuple(found), error="" if found else f"nothing here is called “{_quoted(typed)}”")


def some_of(choices: Sequence[Choice], typed: str, among: Sequence[int] = ()) -> Meant:
    """The same for several, with commas or line ends between them; a name that has commas itself may stand alone."""
    whole = _found(choices, typed, among)
    words = [typed] if len(whole) == 1 else [word.strip() for word in _COMMA.split(typed) if word.strip()]
    parts = [(word, _found(choices, word, among)) for word in words]
    sure = dict.fromkeys(choices[found[0]].value for _, found in parts if len(found) == 1)
    unclear = dict.fromkeys(number for _, found in parts if len(found) > 1 for number in found)
    unknown = [f"“{_quoted(word)}”" for word, found in parts if not found]
    error = f"nothing here is called {' or '.join(unknown[:3])}" if unknown else ""
    return Meant(tuple(sure), tuple(unclear), error)


def name_of(choice: Choice) -> str:
    """A choice's label without what is said about it: `Simple Sign up · from $0.08`."""
    return choice.label.partition(NOTE)[0]


def split(value: str) -> tuple[str, ...]:
    """The values in the answer to a question for several."""
    return tuple(dict.fromkeys(word.strip() for word in value.split(",") if word.strip()))


def together(values: Iterable[str]) -> str:
    """Several values as one answer."""
    return ", ".join(dict.fromkeys(values))


def _found(choices: Sequence[Choice], typed: str, among: Sequence[int]) -> list[int]:
    found = find_named(range(len(choices)), typed, lambda n: (choices[n].value, choices[n].label))
    if len(found) > 1 and (named := find_named(found, typed, lambda n: (choices[n].value, name_of(choices[n])))):
        found = named
    return [number for number in found if number in among] or found if len(found) > 1 else found


def _quoted(text: str) -> str:
    return clean(one_line(text), NAMED)
