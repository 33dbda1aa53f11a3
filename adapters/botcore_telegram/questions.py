"""How a question looks: on a message with buttons, and, where the answer is typed, on one that opens the box for it."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import replace

from botcore.text import clean, one_line
from botcore.ui import Input, InputKind, Tone

from .blocks import MARKS
from .forms import CHOICES, Dialog
from .html import TEXT_UNITS, Html, bold, fit, joined, plain, words
from .keyboard import STYLES, in_rows, label
from .layout import Paragraph, on_one
from .native import OWN, Ask, Key, Keyboard, Note

PRESS = f"{OWN}f:"
PLACEHOLDER = 64  # characters; what Telegram takes
KEPT = 20  # characters of an answer that its button shows
WRITES = {InputKind.MONEY: "an amount in dollars, such as 0.25", InputKind.NUMBER: "a whole number"}


def panel(dialog: Dialog, number: int, owner: str) -> Note:
    """The question that waits, or the summary. `owner`: whose it is, where others see it; "" where nobody does."""
    paragraphs = [Paragraph(_title(dialog, owner))]
    if dialog.at == 0 and dialog.intro:
        paragraphs.append(Paragraph(Html(), dialog.intro))
    if dialog.error:
        paragraphs.append(
            Paragraph(plain(MARKS[Tone.WARNING]), f"{dialog.error[:1].upper()}{dialog.error[1:]}.", inline=True)
        )
    question = dialog.question
    paragraphs += _question(dialog, question) if question else _answers(dialog)
    paragraphs.append(Paragraph(Html()))
    return Note(on_one(paragraphs, TEXT_UNITS).html.markup, _keyboard(dialog, number))


def box(dialog: Dialog, user: str, name: str) -> Note | None:
    """What opens the answer box of one person (`user`, shown to them as `name`; "" in a chat of their own)."""
    question = dialog.question
    if question is None or not dialog.is_written:
        return None
    asked = words(fit(one_line(question.label), 100)[0]).markup
    called = (
        f'<a href="tg://user?id={int(user)}">{html.escape(clean(one_line(name), 40) or "You", quote=False)}</a>, '
        if name
        else ""
    )
    hint = WRITES.get(question.kind) or one_line(question.help) or one_line(question.label)
    hint = "attach the file" if dialog.takes_file else hint
    end = ": send the file" if dialog.takes_file else "?"
    return Note(f"{_mark(dialog)} {called}{asked}{end}", ask=Ask(clean(hint, PLACEHOLDER)))


def data(number: int, at: int, act: str) -> str:
    """What a button says: which dialog, at which of its questions, and what to do."""
    return f"{PRESS}{number}:{at}:{act}"


def _mark(dialog: Dialog) -> str:
    return "📎" if dialog.takes_file else "✍️"


def _title(dialog: Dialog, owner: str) -> Html:
    title = bold(words(fit(one_line(dialog.title), 160)[0]))
    count = len(dialog.questions)
    place = f"{dialog.at + 1} of {count}" if count > 1 and dialog.question and not dialog.is_short else ""
    whose = words(fit(one_line(owner), 60)[0])
    return joined((title, whose, plain(place)), " · ")


def _question(dialog: Dialog, question: Input) -> Iterator[Paragraph]:
    written = dialog.is_written
    help_ = question.help[:1].upper() + question.help[1:]
    mark = plain(_mark(dialog)) if written else Html()
    yield Paragraph(joined((mark, bold(words(fit(one_line(question.label), 160)[0]))), " "), help_)
    if written:
        how = "Send the file, in a reply." if dialog.takes_file else "Answer in a reply."
        yield Paragraph(plain(how), close=True)
    others = [q for q in dialog.questions if q is not question and dialog.answers.get(q.name)]
    if dialog.is_short:
        for other in others:
            yield Paragraph(bold(words(f"{one_line(other.label)}:")), _said(dialog, other), inline=True)


def _answers(dialog: Dialog) -> Iterator[Paragraph]:
    for number, question in enumerate(dialog.questions):
        name = bold(words(f"{fit(one_line(question.label), 160)[0]}:"))
        yield Paragraph(name, _said(dialog, question), inline=True, close=number > 0)


def _said(dialog: Dialog, question: Input) -> str:
    value = dialog.answers.get(question.name, "")
    chosen = next((choice.label for choice in question.choices if choice.value == value), "")
    return chosen or value or "—"


def _keyboard(dialog: Dialog, number: int) -> Keyboard:
    def key(text: str, act: str) -> Key:
        return Key(label(text), data(number, dialog.at, act))

    keys = [key(text, act) for text, act in _choices(dialog)]
    moves = [key(text, act) for text, act in _moves(dialog)]
    if dialog.may_be_sent:
        moves.insert(0, replace(key(dialog.submit, "s"), style=STYLES.get(dialog.tone, "")))
    return (*in_rows(keys), *in_rows(moves))


def _choices(dialog: Dialog) -> Iterator[tuple[str, str]]:
    question = dialog.question
    if question is None or dialog.typing:
        return
    start = dialog.page * CHOICES
    for at, choice in list(enumerate(question.choices))[start : start + CHOICES]:
        yield choice.label, f"c{at}"
    if len(question.choices) > CHOICES:
        yield "More…", "p"
    if question.choices and question.name in dialog.suggested:
        yield "Type it…", "t"
    if dialog.is_short and dialog.at == 0:
        for at, other in enumerate(dialog.questions[1:], 1):
            yield f"{other.label}…", f"o{at}"


def _moves(dialog: Dialog) -> Iterator[tuple[str, str]]:
    if dialog.question and not dialog.is_short and (passing := _skip(dialog, dialog.question)):
        yield passing, "k"
    if dialog.at > 0 or dialog.typing:
        yield "Back", "b"
    yield "Cancel", "x"


def _skip(dialog: Dialog, question: Input) -> str:
    """What the button that passes over a question is called; "" where it must be answered."""
    if dialog.answers.get(question.name):
        return f"Keep “{clean(one_line(_said(dialog, question)), KEPT)}”"
    blank = any(not choice.value for choice in question.choices)
    return "" if question.required or blank else "Skip"
