"""Forms as modals: their questions in pages of five, and the answers that come back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import discord
from discord import ui

from botcore.choosing import name_of, one_of, some_of, split, together
from botcore.ui import Choice, Form, Input, InputKind

from .markdown import fitted, line, sentences, short, units

PAGE = 5  # questions of a modal
TITLE, LABEL, DESCRIPTION, OPTION = 45, 45, 100, 100  # units
OPTIONS = 25  # of one select; of more choices words are typed
BOXES = 10  # of one group of boxes to check
FEW = 5  # choices that are seen at once
INTRO = 1_000
MISTAKES = 1_800  # all that is said of them: there is a title and a text beside
LONGEST = 4_000  # characters of an answer
EXAMPLES = {InputKind.MONEY: "0.25", InputKind.NUMBER: "10"}
CHOOSING = (InputKind.CHOICE, InputKind.SEVERAL)
AS_IT_IS, BY_NUMBER = "=", "#"  # how an option's value stands for a choice's: Discord takes no empty or long ones
WORDS, MORE_WORDS = "A word or two of it", "A word or two of each, with commas between"
OTHERS = Choice("", "None of these: I write it again")


def pages_of(form: Form) -> list[list[Input]]:
    """A form's questions, modal by modal; one without any where it has none."""
    return [list(form.inputs[at : at + PAGE]) for at in range(0, len(form.inputs), PAGE)] or [[]]


def explains_itself(form: Form) -> bool:
    """Whether the answers of its modal mean something without the form."""
    long = any(units(choice.value) >= OPTION for asked in form.inputs for choice in asked.choices)
    return len(pages_of(form)) == 1 and not long and not any(has_many(i) or is_too_long(i) for i in form.inputs)


def has_many(asked: Input) -> bool:
    """More choices than one select holds: words of one are typed."""
    return asked.kind in CHOOSING and len(_choices(asked)) > OPTIONS


def is_too_long(asked: Input) -> bool:
    """Whether Discord cannot show its answer: that stays as it is, unless another is written."""
    return not (asked.choices and asked.kind in CHOOSING) and units(asked.value) > LONGEST


def modal(form: Form, page: int, custom_id: str) -> ui.Modal:
    """One page of a form, from 0 on, with what was answered before. The library keeps no reference to it."""
    pages = pages_of(form)
    title = form.title if len(pages) == 1 else f"{short(form.title, TITLE - 8)} ({page + 1}/{len(pages)})"
    drawn = ui.Modal(title=short(title, TITLE) or "…", custom_id=custom_id, timeout=None)
    questions = pages[page]
    intro = form.intro if page == 0 else ""
    if not questions:
        intro = intro or form.title or " "  # a modal is never empty
    if intro and len(questions) < PAGE:
        drawn.add_item(ui.TextDisplay(fitted(intro, INTRO, sentences)[0].strip() or "…"))
        intro = ""
    for number, question in enumerate(questions):
        drawn.add_item(_label(question, intro if number == 0 else ""))
    drawn.stop()
    return drawn


def answers(components: Sequence[Mapping[str, Any]], form: Form | None = None) -> dict[str, str]:
    """The answers by the inputs' names, from an interaction's raw components; `form` where it does not explain
    itself. What was left empty is ""; what could not be shown, and was left as it is, is not among them."""
    inputs = {asked.name: asked for asked in form.inputs} if form else {}
    found: dict[str, str] = {}
    for component in _controls(components):
        name = str(component.get("custom_id", ""))
        asked = inputs.get(name)
        text = _answer(component, asked)
        if text or asked is None or not is_too_long(asked):
            found[name] = text
    return found


def _label(asked: Input, intro: str) -> ui.Label[Any]:
    about = f"⚠ {asked.error}" if asked.error else asked.help or intro
    if units(asked.label) > LABEL and not about:
        about = asked.label
    return ui.Label(
        text=short(asked.label, LABEL) or "…", description=short(about, DESCRIPTION) or None, component=_control(asked)
    )


def _control(asked: Input) -> ui.Item[Any]:
    choices = _offered(asked)
    match asked.kind:
        case InputKind.CHECK:
            return ui.Checkbox(custom_id=asked.name, default=asked.value.lower() in ("yes", "true", "on", "1"))
        case InputKind.CHOICE if 1 < len(choices) <= FEW and (asked.required or _may_be_none(choices)):
            return ui.RadioGroup(
                custom_id=asked.name,
                required=asked.required,
                options=[
                    discord.RadioGroupOption(label=label, value=value, default=chosen)
                    for label, value, chosen in _options(asked, choices)
                ],
            )
        case InputKind.SEVERAL if 0 < len(choices) <= BOXES:
            return ui.CheckboxGroup(
                custom_id=asked.name,
                required=asked.required,
                min_values=int(asked.required),
                max_values=len(choices),
                options=[
                    discord.CheckboxGroupOption(label=label, value=value, default=chosen)
                    for label, value, chosen in _options(asked, choices)
                ],
            )
        case InputKind.CHOICE | InputKind.SEVERAL if choices:
            return ui.Select(
                custom_id=asked.name,
                required=asked.required,
                min_values=int(asked.required),
                max_values=len(choices) if asked.kind is InputKind.SEVERAL else 1,
                options=[
                    discord.SelectOption(label=label, value=value, default=chosen)
                    for label, value, chosen in _options(asked, choices)
                ],
            )
    return _text(asked)


def _text(asked: Input) -> ui.TextInput[Any]:
    many, kept = has_many(asked), is_too_long(asked)
    value = _spelled(asked) if many else asked.value
    longest = LONGEST if many or kept else min(max(asked.max_length, units(value), 1), LONGEST)
    hint = EXAMPLES.get(asked.kind)
    if many:
        hint = WORDS if asked.kind is InputKind.CHOICE else MORE_WORDS
    if kept:
        hint = f"{len(value):,} characters, which stay as they are unless you write others"
    several_lines = asked.kind is InputKind.PARAGRAPH or "\n" in value
    return ui.TextInput(
        custom_id=asked.name,
        style=discord.TextStyle.paragraph if several_lines else discord.TextStyle.short,
        placeholder=hint,
        default=None if kept else fitted(value, longest, str)[0] or None,
        required=asked.required and not kept,
        max_length=longest,
    )


def _choices(asked: Input) -> tuple[Choice, ...]:
    return tuple({choice.value: choice for choice in asked.choices}.values())


def _offered(asked: Input) -> tuple[Choice, ...]:
    """What can be chosen: of many choices, those that the words of the last answer may mean."""
    choices = _choices(asked)
    if len(choices) <= OPTIONS:
        return choices
    if asked.kind is not InputKind.CHOICE or not asked.value or any(c.value == asked.value for c in choices):
        return ()
    meant = one_of(choices, asked.value).among
    return (*(choices[number] for number in meant), OTHERS) if 0 < len(meant) < OPTIONS else ()


def _spelled(asked: Input) -> str:
    """An answer in words that mean it."""
    if asked.kind is not InputKind.SEVERAL:
        return _named(asked.choices, asked.value)
    named = (_named(asked.choices, value) for value in split(asked.value))
    return together(value if "," in name else name for name, value in zip(named, split(asked.value), strict=True))


def _named(choices: Sequence[Choice], value: str) -> str:
    name = next((name_of(choice) for choice in choices if choice.value == value), "")
    return name if name and one_of(choices, name).values == (value,) else value


def _may_be_none(choices: Sequence[Choice]) -> bool:
    """Of a group of radio buttons one can be changed for another, but not taken back."""
    return any(not choice.value for choice in choices)


def _options(asked: Input, choices: Sequence[Choice]) -> Iterator[tuple[str, str, bool]]:
    chosen = split(asked.value) if asked.kind is InputKind.SEVERAL else (asked.value,)
    for number, choice in enumerate(choices):
        too_long = units(choice.value) >= OPTION
        value = f"{BY_NUMBER}{number}" if too_long else f"{AS_IT_IS}{choice.value}"
        yield short(choice.label, OPTION) or "…", value, choice.value in chosen


def _controls(components: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for component in components:
        if isinstance(inner := component.get("component"), Mapping):
            yield inner
        elif "components" in component:
            yield from _controls(component["components"])
        elif "custom_id" in component:
            yield component


def _answer(component: Mapping[str, Any], asked: Input | None) -> str:
    values = component.get("values")
    if values is not None:
        return together(_choice(str(value), asked) for value in values)
    value = component.get("value")
    if isinstance(value, bool):
        return "yes" if value else ""
    if value is None:
        return ""
    if component.get("type") == discord.ComponentType.radio_group.value:
        return _choice(str(value), asked)
    return _meant(str(value), asked) if asked is not None and has_many(asked) else str(value)


def _choice(value: str, asked: Input | None) -> str:
    if value.startswith(AS_IT_IS):
        return value[len(AS_IT_IS) :]
    number = value.removeprefix(BY_NUMBER)
    choices = _offered(asked) if asked else ()
    return choices[int(number)].value if number.isdecimal() and int(number) < len(choices) else ""


def _meant(text: str, asked: Input) -> str:
    """The values of what was typed, where that is clear; else the words: whoever takes the form says what is wrong."""
    if not text.strip():
        return ""
    meant = (some_of if asked.kind is InputKind.SEVERAL else one_of)(asked.choices, text.strip())
    return text if meant.among or meant.error else together(meant.values)


def mistakes(form: Form) -> str:
    """What was wrong with the last answers, a line for each, of as many as there is room for."""
    wrong = [(a.label, a.error.removeprefix(a.label).lstrip() or a.error) for a in form.inputs if a.error]
    lines: list[str] = []
    left = MISTAKES
    for label, error in wrong:
        drawn = f"**{line(label, 200)}** {fitted(error, 600, sentences)[0]}"
        left -= units(drawn) + 1
        if left < 0:
            return "\n".join([*lines, f"{len(wrong) - len(lines)} more are to be corrected."])
        lines.append(drawn)
    return "\n".join(lines)
