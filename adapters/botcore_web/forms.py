"""A form as the page lays it out: the control that each question gets, and what stands together. Pure."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from botcore.ui import Choice, Form, Input, InputKind

RADIOS = 8  # more choices than these make a list to pick from,
LISTED = 24  # and more than these one that is searched by typing
BOXES = 8  # of which several may be chosen
LARGE = 6  # questions, from which on a form takes the room there is
FEW_RADIOS, FEW_WORDS = 3, 36  # in such a form: radio buttons and all their characters, beside each other
SHORT, SHORT_CHOICE = 40, 36  # characters; what is longer takes a whole row
NONE = "None of these"
TRUE = frozenset({"yes", "true", "on", "1"})


class Control(StrEnum):
    LINE = "line"
    PARAGRAPH = "paragraph"
    MONEY = "money"
    NUMBER = "number"
    CHECK = "check"
    RADIOS = "radios"
    LIST = "list"
    COMBO = "combo"
    BOXES = "boxes"
    CHIPS = "chips"


FIELDSETS = frozenset({Control.RADIOS, Control.BOXES})


@dataclass(frozen=True, slots=True)
class Question:
    """An input with its control. `version` changes with what can be chosen."""

    id: str
    input: Input
    control: Control
    options: tuple[Choice, ...]
    wide: bool

    @property
    def is_set(self) -> bool:
        return self.input.value.strip().casefold() in TRUE

    @property
    def is_fieldset(self) -> bool:
        return self.control in FIELDSETS

    @property
    def chosen(self) -> frozenset[str]:
        return frozenset(_parts(self.input.value))

    @property
    def shown(self) -> str:
        """What a searched list shows: the label of what is chosen, or the words as they were typed."""
        return next((c.label for c in self.options if c.value == self.input.value), self.input.value)

    @property
    def version(self) -> str:
        told = "\0".join(f"{choice.value}\1{choice.label}" for choice in self.input.choices)
        return f"{self.control}-{zlib.crc32(told.encode('utf-8', 'replace')):x}"


@dataclass(frozen=True, slots=True)
class Group:
    """Questions under a heading; the basics have none. It is open where something is to be corrected in it."""

    name: str
    questions: tuple[Question, ...]

    @property
    def open(self) -> bool:
        return any(question.input.error for question in self.questions)


@dataclass(frozen=True, slots=True)
class Layout:
    large: bool
    basics: Group
    groups: tuple[Group, ...]


def lay_out(form: Form) -> Layout:
    """Basics first, then the groups in the order in which they first appear."""
    large = len(form.inputs) >= LARGE or any(one.group for one in form.inputs)
    questions = [_question(f"in-{number}", one, large) for number, one in enumerate(form.inputs, 1)]
    names = dict.fromkeys(("", *(one.group for one in form.inputs)))
    groups = [Group(name, tuple(q for q in questions if q.input.group == name)) for name in names]
    return Layout(large, groups[0], tuple(groups[1:]))


def keep_typed(form: Form, typed: Mapping[str, str]) -> Form:
    """The form with the answers that were given, where it brings none of its own."""
    return replace(form, inputs=tuple(replace(i, value=i.value or typed.get(i.name, "")) for i in form.inputs))


def with_typed(form: Form, typed: Mapping[str, str]) -> Form:
    """The form with the answers as they were typed, also where it would put them otherwise."""
    return replace(form, inputs=tuple(replace(i, value=typed.get(i.name, i.value)) for i in form.inputs))


def _question(name: str, asked: Input, large: bool) -> Question:
    control = _control(asked, large)
    options = _options(asked, control)
    return Question(name, asked, control, options, _is_wide(asked, control, options))


def _control(asked: Input, large: bool) -> Control:
    count = len(asked.choices)
    if asked.kind in (InputKind.CHOICE, InputKind.SEVERAL) and not count:
        return Control.LINE  # nothing is known to choose from: what is meant is typed
    if asked.kind is InputKind.CHOICE:
        if count > LISTED:
            return Control.COMBO
        return Control.RADIOS if _fit(asked, large) else Control.LIST
    if asked.kind is InputKind.SEVERAL:
        return Control.CHIPS if count > BOXES else Control.BOXES
    return Control(asked.kind.value)


def _fit(asked: Input, large: bool) -> bool:
    """Whether all choices can be shown at once, with that of choosing none."""
    labels = [choice.label for choice in asked.choices] + [NONE] * (not asked.required)
    if large:
        return len(labels) <= FEW_RADIOS and sum(map(len, labels)) <= FEW_WORDS
    return len(labels) <= RADIOS


def _options(asked: Input, control: Control) -> tuple[Choice, ...]:
    """What can be chosen; where nothing must be, that too; and what was chosen, though it is not there any more."""
    offered = list(asked.choices)
    if control in (Control.COMBO, Control.CHIPS):
        return tuple(choice for choice in offered if choice.value)  # none is chosen by leaving it empty
    known = {choice.value for choice in offered}
    if control is Control.BOXES:
        offered += [Choice(value, value) for value in _parts(asked.value) if value not in known]
    elif control in (Control.RADIOS, Control.LIST):
        if asked.value and asked.value not in known:
            offered.append(Choice(asked.value, asked.value))
        if not asked.required and "" not in known:
            offered.insert(0, Choice("", NONE))
        elif control is Control.LIST and asked.required and not asked.value:
            offered.insert(0, Choice("", "Choose one"))
    return tuple(offered)


def _is_wide(asked: Input, control: Control, options: Iterable[Choice]) -> bool:
    if control in (Control.PARAGRAPH, Control.CHIPS, Control.BOXES):
        return True
    if control is Control.LINE:
        return asked.max_length > SHORT and not asked.group
    return any(len(choice.label) > SHORT_CHOICE for choice in itertools.islice(options, 400))


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.replace("\n", ",").split(",") if part.strip()]
