"""How a question looks: on a message with buttons, and, where the answer is typed, on one that opens the box for it."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from dataclasses import replace

from botcore.choosing import split
from botcore.text import clean, one_line
from botcore.ui import Input, InputKind, Tone

from .blocks import MARKS
from .forms import CHOICES, Dialog, has_many
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
    question = dialog.question
    if dialog.intro and (dialog.at == 0 or question is None):
        paragraphs.append(Paragraph(Html(), dialog.intro))
    if dialog.error:
        paragraphs.append(
            Paragraph(plain(MARKS[Tone.WARNING]), f"{dialog.error[:1].upper()}{dialog.error[1:]}.", inline=True)
        )
    paragraphs += _question(dialog, question, alone=not owner) if question else _answers(dialog)
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


def _question(dialog: Dialog, question: Input, *, alone: bool) -> Iterator[Paragraph]:
    written = dialog.is_written
    help_ = question.help[:1].upper() + question.help[1:]
    mark = plain(_mark(dialog)) if written else Html()
    yield Paragraph(joined((mark, bold(words(fit(one_line(question.label), 160)[0]))), " "), help_)
    if dialog.is_long and dialog.answers.get(question.name):
        yield _named("Now", _said(dialog, question))
    if question.kind is InputKind.SEVERAL and dialog.picked and has_many(question):
        yield _named("Chosen", _labels(question, dialog.picked))
    if dialog.among:
        yield Paragraph(Html(), "Which of these?")
    elif dialog.takes_file:
        yield Paragraph(plain("Send the file, in a reply."), close=True)
    elif written:
        yield Paragraph(plain(_how(dialog, question) if alone and dialog.is_long else "Answer in a reply."), close=True)
    others = [q for q in dialog.questions if q is not question and dialog.answers.get(q.name)]
    if dialog.is_short:
        for other in others:
            yield _named(other.label, _said(dialog, other))


def _how(dialog: Dialog, question: Input) -> str:
    """What to write, where all that is written is the answer."""
    if question.choices and not dialog.typing:
        several = ", with commas between" if question.kind is InputKind.SEVERAL else ""
        return f"Touch it, or write a word or two of it{several}."
    lines = ", with as many lines as you like" if question.kind is InputKind.PARAGRAPH else ""
    return f"Write {WRITES.get(question.kind) or f'it in one message{lines}'}."


def _answers(dialog: Dialog) -> Iterator[Paragraph]:
    for number, question in enumerate(dialog.questions):
        wrong = plain(MARKS[Tone.WARNING]) if question.error else Html()
        yield _named(question.label, _said(dialog, question), mark=wrong, close=number > 0)
        if question.error:
            yield Paragraph(Html(), f"{question.error[:1].upper()}{question.error[1:]}.", close=True)
    if dialog.note:
        yield Paragraph(Html(), dialog.note)


def _named(name: str, said: str, *, mark: Html | None = None, close: bool = False) -> Paragraph:
    """An answer beside its name; one with several lines stands below it."""
    head = joined((mark or Html(), bold(words(f"{fit(one_line(name), 160)[0]}:"))), " ")
    lines = "\n" in said
    return Paragraph(head, said, quoted=lines, inline=not lines, close=close)


def _said(dialog: Dialog, question: Input) -> str:
    value = dialog.answers.get(question.name, "")
    if question.kind is InputKind.SEVERAL:
        return _labels(question, split(value)) or "—"
    return _labels(question, (value,)) or value or "—"


def _labels(question: Input, values: Iterable[str]) -> str:
    labels = {choice.value: choice.label for choice in question.choices}
    return ", ".join(labels.get(value, value) for value in values)


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
    if question is None:
        if dialog.is_long and not dialog.is_over:
            for at, asked in enumerate(dialog.questions):
                yield f"{MARKS[Tone.WARNING]} {asked.label}" if asked.error else f"{asked.label}…", f"e{at}"
        return
    if dialog.typing:
        return
    numbers = dialog.among or range(len(question.choices))
    start = dialog.page * CHOICES
    picks = dialog.picks if question.kind is InputKind.SEVERAL else ()
    for at in numbers[start : start + CHOICES]:
        choice = question.choices[at]
        yield f"✓ {choice.label}" if choice.value in picks else choice.label, f"c{at}"
    if len(numbers) > CHOICES:
        yield "More…", "p"
    if question.choices and question.name in dialog.suggested:
        yield "Type it…", "t"
    if dialog.is_short and dialog.at == 0:
        for at, other in enumerate(dialog.questions[1:], 1):
            yield f"{other.label}…", f"o{at}"


def _moves(dialog: Dialog) -> Iterator[tuple[str, str]]:
    question = dialog.question
    if question and question.kind is InputKind.SEVERAL and dialog.picks:
        yield "Done", "d"
    elif question and not dialog.is_short and (passing := _skip(dialog, question)):
        yield passing, "k"
    if (
        question
        and dialog.is_long
        and dialog.answers.get(question.name)
        and not (question.required or _blank(question))
    ):
        yield "Leave it empty", "n"
    if (question and dialog.at > 0) or dialog.typing or dialog.among:
        yield "Back", "b"
    if question and dialog.is_long and dialog.is_complete and not dialog.was_shown_whole and _is_before_others(dialog):
        yield "Skip the rest", "r"
    yield "Cancel", "x"


def _is_before_others(dialog: Dialog) -> bool:
    return any(question.name not in dialog.seen for question in dialog.questions[dialog.at + 1 :])


def _skip(dialog: Dialog, question: Input) -> str:
    """What the button that passes over a question is called; "" where it must be answered."""
    if dialog.answers.get(question.name):
        return f"Keep “{clean(one_line(_said(dialog, question)), KEPT)}”"
    return "" if question.required or _blank(question) else "Skip"


def _blank(question: Input) -> bool:
    """Whether one of its choices is none of them."""
    return any(not choice.value for choice in question.choices)
