"""A draft's answers as people type them, and what they mean. Pure: nothing here asks a marketplace."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from .draft import (
    Challenge,
    DraftField,
    JobDraft,
    Offers,
    Option,
    Problem,
    Shape,
    Source,
    Value,
    Variable,
)
from .models import Category, ProofKind, ProofSlot, WorkerList
from .text import clean, find_named, money, one_line, plain

N = TypeVar("N", int, Decimal)
T = TypeVar("T")

SHOWN = 6  # choices that a message names

YES, NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0")
PROOF_WORDS: Mapping[str, ProofKind] = {
    "screenshot": ProofKind.PICTURE,
    "image": ProofKind.PICTURE,
    "picture": ProofKind.PICTURE,
    "text": ProofKind.TEXT,
}
_AMOUNT = re.compile(r"\$? ?([0-9]{1,7}(?:\.[0-9]{0,6})?|\.[0-9]{1,6})")
_WHOLE = re.compile(r"[0-9]{1,9}")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00", re.ASCII)
_PROOF = re.compile(rf"({'|'.join(PROOF_WORDS)})\s*:\s*(\S.*)", re.IGNORECASE)
_VARIABLE = re.compile(r"\{{0,2}([^\s:{}|]{1,100})\}{0,2}\s*:\s*(\S.*)")


class Wrong(Exception):  # noqa: N818
    """An answer that means nothing; the message says what is allowed."""


def read_draft(
    account: str, fields: Sequence[DraftField], answers: Mapping[str, str], offers: Offers
) -> tuple[JobDraft, list[Problem]]:
    """What was typed, as values, and all that is wrong with it; what is wrong, or was left empty, has no value."""
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    for one in fields:
        typed = clean(answers.get(one.name, "")).strip()
        if not typed:
            if one.required:
                problems.append(Problem(one.name, "is missing"))
            continue
        try:
            values[one.name] = read_answer(one, typed, options_of(one, offers, answers.get("zone", "")))
        except Wrong as wrong:
            problems.append(Problem(one.name, str(wrong)))
    return JobDraft(account, values), problems


def read_answer(one: DraftField, typed: str, options: Sequence[Option] | None) -> Value:
    """One answer's value. `options`: what may be chosen, None where that is not known. Raises `Wrong`."""
    return _READERS[one.shape](one, typed, options)


def canonical(one: DraftField, typed: str, options: Sequence[Option] | None) -> str:
    """An answer as it is kept: choices by their ids, whatever words they were typed in; what means nothing stays."""
    typed = clean(typed).strip()
    try:
        value = read_answer(replace(one, least=None, most=None), typed, options) if typed else ""
    except Wrong:
        return typed
    match one.shape:
        case Shape.ONE if isinstance(value, str):
            return value
        case Shape.SOME if isinstance(value, tuple):
            return ", ".join(str(item) for item in value)
        case Shape.FLAG:
            return ("yes" if value else "no") if typed else ""
    return typed


def typed(one: DraftField, value: Value) -> str:
    """A value as it is typed, to be read as the same again; "" for what cannot be, such as a challenge's answer with a
    = in it."""
    match value:
        case tuple():
            lines = [_typed_item(item) for item in value]
            return (", " if one.shape is Shape.SOME else "\n").join(lines) if all(lines) else ""
        case bool():
            return "yes" if value else "no"
        case int() if one.shape is Shape.FLAG:
            return "yes" if value else "no"
        case Decimal():
            return format(value, "f")
    return clean(str(value)).strip()


def options_of(one: DraftField, offers: Offers, zone: str) -> Sequence[Option] | None:
    """What a field's answer may be chosen from, where it is chosen and that is known."""
    if one.shape not in (Shape.ONE, Shape.SOME):
        return None
    if one.source is Source.FIXED:
        return one.options
    found = _OFFERED[one.source](offers, zone)
    return None if found is None else (*one.options, *found)


def least_pay(category: Category, zone: str = "") -> str:
    """The least that a category may pay a task, in words: in one zone, or over all of them."""
    amounts = [category.minimum[zone]] if zone in category.minimum else sorted(set(category.minimum.values()))
    since = "over" if category.over else "from"
    if not amounts:
        return ""
    if len(amounts) == 1:
        return f"{since} {money(amounts[0])}"
    return f"{since} {money(amounts[0])} to {money(amounts[-1])}, by zone"


def find_options(options: Sequence[Option], typed: str) -> list[Option]:
    """Those that are meant: the one of this id or this name, or else all that have these words."""
    return find_named(options, typed, lambda option: (option.id, option.label))


def _line(one: DraftField, typed: str, options: Sequence[Option] | None) -> str:
    if "\n" in typed:
        raise Wrong("must be on one line")
    return _not_too_long(one, typed)


def _paragraph(one: DraftField, typed: str, options: Sequence[Option] | None) -> str:
    return _not_too_long(one, typed)


def _lines(one: DraftField, typed: str, options: Sequence[Option] | None) -> tuple[str, ...]:
    return _counted(one, [_not_too_long(one, one_line(line)) for line in typed.splitlines() if line.strip()], "line")


def _proofs(one: DraftField, typed: str, options: Sequence[Option] | None) -> tuple[ProofSlot, ...]:
    found = [_proof(one, one_line(line)) for line in typed.splitlines() if line.strip()]
    return _counted(one, found, "proof")


def _proof(one: DraftField, line: str) -> ProofSlot:
    match = _PROOF.fullmatch(line)
    if match is None:
        raise Wrong(f"“{_quoted(line)}”: each begins with screenshot: or text:, such as screenshot: Your profile page")
    return ProofSlot(PROOF_WORDS[match[1].lower()], _not_too_long(one, match[2]))


def _variables(one: DraftField, typed: str, options: Sequence[Option] | None) -> tuple[Variable, ...]:
    found = [_variable(one, one_line(line)) for line in typed.splitlines() if line.strip()]
    names = [variable.name for variable in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Wrong(f"{twice} is there twice")
    return _counted(one, found, "variable")


def _variable(one: DraftField, line: str) -> Variable:
    match = _VARIABLE.fullmatch(line)
    if match is None:
        raise Wrong(f"“{_quoted(line)}”: each is a name and its values, such as CITY: Rome | Paris")
    return Variable(match[1], tuple(_not_too_long(one, v.strip()) for v in match[2].split("|") if v.strip()))


def _challenges(one: DraftField, typed: str, options: Sequence[Option] | None) -> tuple[Challenge, ...]:
    found = [_challenge(one, one_line(line)) for line in typed.splitlines() if line.strip()]
    return _counted(one, found, "question")


def _challenge(one: DraftField, line: str) -> Challenge:
    question, equals, answer = line.rpartition("=")
    if not equals or not question.strip() or not answer.strip():
        raise Wrong(f"“{_quoted(line)}”: each is a question and its answer, such as What colour is the logo? = blue")
    return Challenge(_not_too_long(one, question.strip()), _not_too_long(one, answer.strip()))


def _money(one: DraftField, typed: str, options: Sequence[Option] | None) -> Decimal:
    match = _AMOUNT.fullmatch(typed)
    if match is None:
        raise Wrong("is an amount of dollars, such as 0.10")
    return _within(one, Decimal(match[1]), money)


def _number(one: DraftField, typed: str, options: Sequence[Option] | None) -> int:
    if not _WHOLE.fullmatch(typed):
        raise Wrong("is a whole number, such as 25")
    return _within(one, int(typed), str)


def _flag(one: DraftField, typed: str, options: Sequence[Option] | None) -> bool:
    if typed.lower() not in (*YES, *NO):
        raise Wrong("is yes or no")
    return typed.lower() in YES


def _time(one: DraftField, typed: str, options: Sequence[Option] | None) -> str:
    if not _TIME.fullmatch(typed):
        raise Wrong("is a time from 00:00 to 24:00, in UTC, such as 08:30")
    return typed


def _one(one: DraftField, typed: str, options: Sequence[Option] | None) -> str:
    return _chosen(one, typed, options)


def _some(one: DraftField, typed: str, options: Sequence[Option] | None) -> tuple[str, ...]:
    words = [word.strip() for word in re.split(r"[,\n]", typed) if word.strip()]
    return _counted(one, list(dict.fromkeys(_chosen(one, word, options) for word in words)), "choice")


def _chosen(one: DraftField, typed: str, options: Sequence[Option] | None) -> str:
    if options is None:
        return typed
    found = find_options(options, typed)
    if one.source is Source.FIXED:  # of a few, part of a name may be another: R is not V+R
        found = [option for option in found if plain(typed) in (plain(option.id), plain(option.label))]
    if len(found) == 1:
        return found[0].id
    if found:
        raise Wrong(f"“{_quoted(typed)}” may be any of: {_some_of(found)}")
    raise Wrong(f"“{_quoted(typed)}” is not there; choose one of: {_some_of(options)}")


def _some_of(options: Sequence[Option]) -> str:
    named = ", ".join(o.label if plain(o.label) == plain(o.id) else f"{o.label} ({o.id})" for o in options[:SHOWN])
    return f"{named} and {len(options) - SHOWN} more" if len(options) > SHOWN else named or "none is there"


def _within(one: DraftField, value: N, shown: Callable[[N], str]) -> N:
    low, high = one.least, one.most
    if (low is None or value >= low) and (high is None or value <= high):
        return value
    least, most = (None if bound is None else shown(type(value)(bound)) for bound in (low, high))
    if least is None:
        raise Wrong(f"is {most} at most")
    raise Wrong(f"is at least {least}" if most is None else f"is from {least} to {most}")


def _counted(one: DraftField, items: Sequence[T], what: str) -> tuple[T, ...]:
    if one.least is not None and len(items) < one.least:
        raise Wrong(f"needs at least {one.least} {what}{'' if one.least == 1 else 's'}")
    if one.most is not None and len(items) > one.most:
        raise Wrong(f"takes at most {one.most} {what}{'' if one.most == 1 else 's'}; there are {len(items)}")
    return tuple(items)


def _not_too_long(one: DraftField, text: str) -> str:
    if len(text) > one.longest:
        raise Wrong(f"“{_quoted(text)}” has {len(text)} characters; at most {one.longest} are taken")
    return text


def _quoted(text: str) -> str:
    return clean(one_line(text), 40)


def _typed_item(item: str | ProofSlot | Variable | Challenge) -> str:
    match item:
        case ProofSlot():
            return f"{'screenshot' if item.kind is ProofKind.PICTURE else 'text'}: {one_line(item.description)}"
        case Variable():
            values = [one_line(value) for value in item.values]
            line = f"{item.name}: {' | '.join(values)}"
            return "" if any("|" in value for value in values) or not _VARIABLE.fullmatch(line) else line
        case Challenge():
            return "" if "=" in item.answer else f"{one_line(item.question)} = {one_line(item.answer)}"
    return one_line(item)


def _zones(offers: Offers, zone: str) -> list[Option] | None:
    return None if offers.zones is None else [Option(one.id, one_line(one.name)) for one in offers.zones]


def _categories(offers: Offers, zone: str) -> list[Option] | None:
    if offers.categories is None:
        return None
    return [Option(one.id, one_line(one.name), least_pay(one, zone)) for one in offers.categories]


def _countries(offers: Offers, zone: str) -> list[Option] | None:
    return None if offers.countries is None else [Option(one.id, one_line(one.name)) for one in offers.countries]


def _listed(items: Sequence[WorkerList] | None) -> list[Option] | None:
    if items is None:
        return None
    return [
        Option(one.id, one_line(one.name), "" if one.workers is None else f"{one.workers} workers") for one in items
    ]


def _excludable(offers: Offers, zone: str) -> list[Option] | None:
    found = offers.zone(zone)
    return None if found is None else [Option(code, code) for code in found.excludable]


_READERS: Mapping[Shape, Callable[[DraftField, str, Sequence[Option] | None], Value]] = {
    Shape.LINE: _line,
    Shape.PARAGRAPH: _paragraph,
    Shape.LINES: _lines,
    Shape.PROOFS: _proofs,
    Shape.VARIABLES: _variables,
    Shape.CHALLENGES: _challenges,
    Shape.MONEY: _money,
    Shape.NUMBER: _number,
    Shape.FLAG: _flag,
    Shape.ONE: _one,
    Shape.SOME: _some,
    Shape.TIME: _time,
}

_OFFERED: Mapping[Source, Callable[[Offers, str], list[Option] | None]] = {
    Source.ZONES: _zones,
    Source.CATEGORIES: _categories,
    Source.COUNTRIES: _countries,
    Source.LISTS: lambda offers, zone: _listed(offers.lists),
    Source.TEAMS: lambda offers, zone: _listed(offers.teams),
    Source.EXCLUDABLE: _excludable,
}
