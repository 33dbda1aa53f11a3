"""A draft as a form: the basics, then what few need, by its headings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..draft import DraftField, Offers, Option, Problem, Quote, Shape
from ..draft_text import options_of
from ..text import money
from ..ui import Choice, Form, Input, InputKind, Tone

KINDS = {
    Shape.LINE: InputKind.LINE,
    Shape.PARAGRAPH: InputKind.PARAGRAPH,
    Shape.LINES: InputKind.PARAGRAPH,
    Shape.PROOFS: InputKind.PARAGRAPH,
    Shape.VARIABLES: InputKind.PARAGRAPH,
    Shape.CHALLENGES: InputKind.PARAGRAPH,
    Shape.MONEY: InputKind.MONEY,
    Shape.NUMBER: InputKind.NUMBER,
    Shape.FLAG: InputKind.CHECK,
    Shape.ONE: InputKind.CHOICE,
    Shape.SOME: InputKind.SEVERAL,
    Shape.TIME: InputKind.LINE,
}
LONG = 4_000  # characters of an answer of several lines: as many as every messenger takes
SHORT = 500


def groups_of(fields: Sequence[DraftField]) -> list[str]:
    """The headings of what few need, in their order."""
    return list(dict.fromkeys(one.group for one in fields if one.group))


def fields_of(fields: Sequence[DraftField], part: int) -> list[DraftField]:
    """The fields of a form: 0 is all of them, 1 the first heading's and so on."""
    groups = groups_of(fields)
    if not 0 < part <= len(groups):
        return list(fields)
    return [one for one in fields if one.group == groups[part - 1]]


def draft_form(
    form: str,
    fields: Sequence[DraftField],
    part: int,
    answers: Mapping[str, str],
    offers: Offers,
    problems: Sequence[Problem] = (),
    quote: Quote | None = None,
    title: str = "",
) -> Form:
    """The form of a draft. `form` is its id, `title` the marketplace's; `quote`: what the answers come to so far."""
    wrong = {problem.field: problem.text for problem in reversed(problems)}
    asked = fields_of(fields, part)
    return Form(
        form,
        f"A new job at {title}" if title else "A new job",
        tuple(_input(one, answers, offers, wrong.get(one.name, "")) for one in asked),
        "Go on",
        Tone.INFO,
        live=True,
        note=note_of(quote) if quote else "",
    )


def note_of(quote: Quote) -> str:
    """What it comes to, as far as that can be told."""
    parts = [f"{line.what}: {money(line.amount)}" for line in quote.lines]
    if not parts:
        return ""
    total = f"{'about ' if quote.estimate else ''}{money(quote.total)}"
    return f"Total {total}" if len(parts) == 1 else f"Total {total} ({'; '.join(parts)})"


def _input(one: DraftField, answers: Mapping[str, str], offers: Offers, error: str) -> Input:
    options = options_of(one, offers, answers.get("zone", ""))
    several = one.shape in (Shape.LINES, Shape.PROOFS, Shape.VARIABLES, Shape.CHALLENGES, Shape.PARAGRAPH)
    choosing = one.shape in (Shape.ONE, Shape.SOME)
    kind = KINDS[one.shape]
    if choosing and not options:  # the catalogue was never read: the marketplace's own id is typed
        kind = InputKind.LINE
    return Input(
        one.name,
        one.label,
        kind,
        one.required,
        answers.get(one.name, ""),
        _choices(one, options or ()),
        one.help,
        f"{one.label} {error}" if error else "",
        LONG if several else SHORT,
        one.group,
    )


def _choices(one: DraftField, options: Sequence[Option]) -> tuple[Choice, ...]:
    listed = tuple(Choice(o.id, f"{o.label} · {o.note}" if o.note else o.label) for o in options)
    empty = one.shape is Shape.ONE and not one.required and listed
    return (Choice("", "—"), *listed) if empty else listed
