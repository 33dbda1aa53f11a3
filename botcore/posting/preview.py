"""A draft as its card shows it: what a freelancer will see, what it costs, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..draft import CostLine, DraftField, Offers, Problem, Quote, Shape
from ..draft_text import options_of
from ..text import clean, cut, money, one_line
from ..ui import Block, Field, Fields, Text, Tone

LISTED = (Shape.LINES, Shape.PROOFS, Shape.VARIABLES, Shape.CHALLENGES)
LONGEST = 1_200  # characters of one text on a card
NO_TITLE = "A new job"


@dataclass(frozen=True, slots=True)
class Preview:
    """`facts` and `texts` by their labels; `costs` and `balance` in US dollars, the balance None where it is not known.
    `problems`: a field's label, and what is wrong there."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    costs: tuple[CostLine, ...] = ()
    notes: tuple[str, ...] = ()
    balance: Decimal | None = None
    problems: tuple[tuple[str, str], ...] = ()

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.costs), Decimal(0))

    @property
    def estimate(self) -> bool:
        return any(line.estimate for line in self.costs)


def preview_of(
    fields: Sequence[DraftField],
    answers: Mapping[str, str],
    offers: Offers,
    problems: Sequence[Problem],
    quote: Quote | None = None,
    balance: Decimal | None = None,
) -> Preview:
    """What there is to see of a draft."""
    labels = {one.name: one.label for one in fields}
    shown = [(one, answers.get(one.name, "").strip()) for one in fields if one.name != "title"]
    return Preview(
        title=one_line(answers.get("title", "")) or NO_TITLE,
        facts=tuple(
            (one.label, label_of(one, text, answers, offers))
            for one, text in shown
            if text and one.shape not in LISTED and one.shape is not Shape.PARAGRAPH and not _usual(one, text)
        ),
        texts=tuple(
            (one.label, _numbered(text) if one.shape is Shape.LINES else text)
            for one, text in shown
            if text and (one.shape in LISTED or one.shape is Shape.PARAGRAPH)
        ),
        costs=quote.lines if quote else (),
        notes=quote.notes if quote else (),
        balance=balance,
        problems=tuple((labels.get(problem.field, problem.field), problem.text) for problem in problems),
    )


def _usual(one: DraftField, text: str) -> bool:
    """An option that was left as it is."""
    return bool(one.group) and text == one.default


def label_of(one: DraftField, text: str, answers: Mapping[str, str], offers: Offers) -> str:
    """An answer in words: choices by their names."""
    if one.shape is Shape.MONEY:
        return f"${text.removeprefix('$')}"
    options = options_of(one, offers, answers.get("zone", ""))
    if options is None:
        return one_line(text)
    names = {option.id: option.label for option in options}
    return ", ".join(names.get(part.strip(), part.strip()) for part in text.split(","))


def blocks_of(preview: Preview) -> list[Block]:
    """What a card has of it."""
    blocks: list[Block] = []
    if preview.problems:
        lines = "\n".join(f"{label}: {text}" for label, text in preview.problems)
        blocks.append(Text(clean(lines, LONGEST), title="To be mended", tone=Tone.WARNING))
    if preview.facts:
        blocks.append(Fields(tuple(Field(label, clean(value, 300)) for label, value in preview.facts)))
    blocks += [Text(cut(clean(text), LONGEST)[0], title=label, quoted=True) for label, text in preview.texts]
    if preview.costs:
        blocks.append(Fields(costs_of(preview)))
    blocks += [Text(clean(note, 300), tone=Tone.INFO) for note in preview.notes]
    return blocks


def costs_of(preview: Preview) -> tuple[Field, ...]:
    """What it costs, line by line, and what that leaves."""
    about = "about " if preview.estimate else ""
    fields = [
        Field(line.what, money(line.amount) + (" (an estimate)" if line.estimate else "")) for line in preview.costs
    ]
    fields.append(Field("Total", f"{about}{money(preview.total)}"))
    if preview.balance is not None:
        left = preview.balance - preview.total
        fields.append(Field("Balance", f"{money(preview.balance)}, then {about}{money(left)}"))
    return tuple(fields)


def _numbered(text: str) -> str:
    return "\n".join(f"{n}. {line.strip()}" for n, line in enumerate(filter(str.strip, text.splitlines()), 1))
