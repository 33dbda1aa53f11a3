"""Forms as modals: their questions in pages of five, and the answers that come back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from botcore.ui import Choice, Form, Input, InputKind

from .markdown import fitted, line, sentences, short, units

PAGE = 5  # questions of a modal
TITLE, LABEL, DESCRIPTION, OPTION = 45, 45, 100, 100  # units
OPTIONS = 25  # of one select
FEW = 5  # choices that are seen at once
INTRO = 1_000
LONGEST = 4_000  # characters of an answer
EXAMPLES = {InputKind.MONEY: "0.25", InputKind.NUMBER: "10"}
AS_IT_IS, BY_NUMBER = "=", "#"  # how an option's value stands for a choice's: Discord takes no empty or long ones
PART = "~"


@dataclass(frozen=True, slots=True)
class Question:
    """An input as one question of a modal. Of more choices than one select holds, each part is a question."""

    input: Input
    choices: tuple[Choice, ...] = ()
    first: int = 0  # of `choices` among the input's own
    part: int = 0
    parts: int = 1

    @property
    def id(self) -> str:
        return f"{self.input.name}{PART}{self.part}" if self.parts > 1 else self.input.name


def pages_of(form: Form) -> list[list[Question]]:
    """A form's questions, modal by modal; one without any where it has none."""
    questions = [question for asked in form.inputs for question in _questions(asked)]
    return [questions[at : at + PAGE] for at in range(0, len(questions), PAGE)] or [[]]


def explains_itself(form: Form) -> bool:
    """Whether the answers of its modal mean something without the form."""
    long = (units(choice.value) >= OPTION for asked in form.inputs for choice in asked.choices)
    return len(pages_of(form)) == 1 and not any(long)


def modal(form: Form, page: int, custom_id: str) -> ui.Modal:
    """One page of a form, from 0 on, with what was answered before. The library keeps no reference to it."""
    pages = pages_of(form)
    title = form.title if len(pages) == 1 else f"{short(form.title, TITLE - 8)} ({page + 1}/{len(pages)})"
    drawn = ui.Modal(title=short(title, TITLE) or "…", custom_id=custom_id, timeout=None)
    questions = pages[page]
    intro = form.intro if page == 0 else ""
    if intro and len(questions) < PAGE:
        drawn.add_item(ui.TextDisplay(fitted(intro, INTRO, sentences)[0]))
        intro = ""
    for number, question in enumerate(questions):
        drawn.add_item(_label(question, intro if number == 0 else ""))
    drawn.stop()
    return drawn


def answers(components: Sequence[Mapping[str, Any]], form: Form | None = None) -> dict[str, str]:
    """The answers by the inputs' names, from an interaction's raw components; `form` where it does not explain
    itself. What was left empty is ""."""
    found: dict[str, str] = {}
    for component in _controls(components):
        name, part, _ = str(component.get("custom_id", "")).partition(PART)
        text = _answer(component, form, name)
        if text or not part or name not in found:
            found[name] = text or found.get(name, "")
    return found


def _questions(asked: Input) -> Iterator[Question]:
    choices = tuple({choice.value: choice for choice in asked.choices}.values())
    if asked.kind is not InputKind.CHOICE or len(choices) <= OPTIONS:
        yield Question(asked, choices)
        return
    parts = -(-len(choices) // OPTIONS)
    for part in range(parts):
        first = part * OPTIONS
        yield Question(asked, choices[first : first + OPTIONS], first, part, parts)


def _label(question: Question, intro: str) -> ui.Label[Any]:
    asked = question.input
    text = f"{asked.label} ({question.part + 1} of {question.parts})" if question.parts > 1 else asked.label
    about = f"⚠ {asked.error}" if asked.error else asked.help or intro
    if units(text) > LABEL and not about:
        about = text
    return ui.Label(
        text=short(text, LABEL) or "…", description=short(about, DESCRIPTION) or None, component=_control(question)
    )


def _control(question: Question) -> ui.Item[Any]:
    asked = question.input
    match asked.kind:
        case InputKind.CHECK:
            return ui.Checkbox(custom_id=question.id, default=asked.value.lower() in ("yes", "true", "on", "1"))
        case InputKind.CHOICE if 1 < len(question.choices) <= FEW and (asked.required or _may_be_none(question)):
            return ui.RadioGroup(
                custom_id=question.id,
                required=asked.required,
                options=[
                    discord.RadioGroupOption(label=label, value=value, default=chosen)
                    for label, value, chosen in _options(question)
                ],
            )
        case InputKind.CHOICE if question.choices:
            must = asked.required and question.parts == 1
            return ui.Select(
                custom_id=question.id,
                required=must,
                min_values=int(must),
                options=[
                    discord.SelectOption(label=label, value=value, default=chosen)
                    for label, value, chosen in _options(question)
                ],
            )
    longest = min(max(asked.max_length, 1), LONGEST)
    return ui.TextInput(
        custom_id=question.id,
        style=discord.TextStyle.paragraph if asked.kind is InputKind.PARAGRAPH else discord.TextStyle.short,
        placeholder=EXAMPLES.get(asked.kind),
        default=fitted(asked.value, longest, str)[0] or None,
        required=asked.required,
        max_length=longest,
    )


def _may_be_none(question: Question) -> bool:
    """Of a group of radio buttons one can be changed for another, but not taken back."""
    return any(not choice.value for choice in question.choices)


def _options(question: Question) -> Iterator[tuple[str, str, bool]]:
    for number, choice in enumerate(question.choices, question.first):
        too_long = units(choice.value) >= OPTION
        value = f"{BY_NUMBER}{number}" if too_long else f"{AS_IT_IS}{choice.value}"
        yield short(choice.label, OPTION) or "…", value, choice.value == question.input.value


def _controls(components: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for component in components:
        if isinstance(inner := component.get("component"), Mapping):
            yield inner
        elif "components" in component:
            yield from _controls(component["components"])
        elif "custom_id" in component:
            yield component


def _answer(component: Mapping[str, Any], form: Form | None, name: str) -> str:
    values = component.get("values")
    if values is not None:
        return _choice(str(values[0]), form, name) if values else ""
    value = component.get("value")
    if isinstance(value, bool):
        return "yes" if value else ""
    if value is None:
        return ""
    is_choice = component.get("type") == discord.ComponentType.radio_group.value
    return _choice(str(value), form, name) if is_choice else str(value)


def _choice(value: str, form: Form | None, name: str) -> str:
    if value.startswith(AS_IT_IS):
        return value[len(AS_IT_IS) :]
    asked = next((asked for asked in form.inputs if asked.name == name), None) if form else None
    number = value.removeprefix(BY_NUMBER)
    choices = tuple({choice.value: choice for choice in asked.choices}.values()) if asked else ()
    return choices[int(number)].value if number.isdecimal() and int(number) < len(choices) else ""


def mistakes(form: Form) -> str:
    """What was wrong with the last answers, a line for each."""
    return "\n".join(f"**{line(a.label, 200)}** {fitted(a.error, 600, sentences)[0]}" for a in form.inputs if a.error)
