"""Questions asked one after the other: which is next, and what an answer to it does. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from botcore.attached import BadFile, check_size, shown_name
from botcore.choosing import one_of, some_of, split, together
from botcore.commands.parse import BadInput, parse_money, quoted
from botcore.commands.registry import Command, Kind, Param
from botcore.text import clean
from botcore.ui import Choice, Completion, Form, Input, InputKind, Tone

from .acts import Attached

WRITTEN = frozenset({InputKind.LINE, InputKind.PARAGRAPH, InputKind.MONEY, InputKind.NUMBER})
KINDS = {Kind.MONEY: InputKind.MONEY, Kind.INTEGER: InputKind.NUMBER, Kind.FLAG: InputKind.CHECK}
YES, NO = Choice("yes", "Yes"), Choice("", "No")
STEPS = 2  # a form with more shows what was answered before it is handed in; so does one that can be looked at
CHOICES = 12  # shown at once
_WHOLE = re.compile(r"-?[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Dialog:
    """A form, or a command that lacks something, and how far it has come."""

    kind: Literal["form", "command"]
    id: str  # the form's, or the command's name
    title: str
    questions: tuple[Input, ...]
    submit: str = "Send"
    tone: Tone = Tone.NEUTRAL
    intro: str = ""
    given: str = ""  # of a command: what was typed after its name
    late: tuple[str, ...] = ()  # of a command: texts, which come last on its line
    suggested: tuple[str, ...] = ()  # questions whose choices are some of many: others may be typed
    files: tuple[str, ...] = ()  # of a command: questions that are answered by sending a file
    attached: Attached | None = None  # the file that was sent
    values: Mapping[str, str] | None = None
    seen: tuple[str, ...] = ()  # questions that were answered or passed over
    at: int = 0  # which question; as many as there are: the summary; one more: the end
    typing: bool = False  # the answer is typed, though there are choices
    page: int = 0  # of the choices
    among: tuple[int, ...] = ()  # numbers of the choices that what was typed may mean; none: all of them
    picked: tuple[str, ...] | None = None  # of several: what is chosen by now; None: nothing was touched yet
    error: str = ""
    origin: int | None = None
    live: bool = False  # what the answers come to can be asked
    note: str = ""  # what they come to

    @property
    def answers(self) -> Mapping[str, str]:
        return self.values or {}

    @property
    def question(self) -> Input | None:
        """The one that waits; None at the summary and at the end."""
        return self.questions[self.at] if self.at < len(self.questions) else None

    @property
    def is_over(self) -> bool:
        return self.at > len(self.questions)

    @property
    def is_long(self) -> bool:
        """What was answered is shown before it is handed in."""
        return len(self.questions) > (1 if self.live else STEPS)

    @property
    def is_written(self) -> bool:
        """Whether the answer is to be typed."""
        question = self.question
        if question is None or self.typing:
            return self.typing
        return question.kind in WRITTEN if not question.choices else self.kind == "form" and has_many(question)

    @property
    def takes_words(self) -> bool:
        """Whether what is written, and answers to nothing, may be meant for it."""
        return self.is_written or (self.kind == "form" and self.question is not None and not self.is_short)

    @property
    def takes_file(self) -> bool:
        """Whether the answer is a file."""
        return self.question is not None and self.question.name in self.files

    @property
    def is_short(self) -> bool:
        """One touch may do: the first is a choice, and the other may be left out."""
        if self.kind != "form" or self.live or not 0 < len(self.questions) <= STEPS:
            return False
        first, *rest = self.questions
        return first.kind is InputKind.CHOICE and not any(question.required for question in rest)

    @property
    def may_be_sent(self) -> bool:
        """At the summary; and a short form that has some answer, where none must be."""
        if self.is_short:
            return self.at == 0 and any(self.answers.values()) and not self.questions[0].required
        return self.at == len(self.questions)

    @property
    def is_complete(self) -> bool:
        """Nothing that must be answered is left."""
        return all(self.answers.get(question.name) for question in self.questions if question.required)

    @property
    def was_shown_whole(self) -> bool:
        """Every question has had its turn: what is changed now leads back to the summary."""
        return self.is_long and len(self.seen) == len(self.questions)

    @property
    def picks(self) -> tuple[str, ...]:
        """Of a question for several: what is chosen by now."""
        if self.picked is not None or self.question is None:
            return self.picked or ()
        return split(self.answers.get(self.question.name, ""))

    @property
    def line(self) -> str:
        """The command with what was answered."""
        given = {name: quoted(text) for name, text in self.answers.items() if text and name not in self.files}
        first = [f"{name}={text}" for name, text in given.items() if name not in self.late]
        last = [f"{name}={text}" for name, text in given.items() if name in self.late]
        return " ".join(part for part in (self.id, *first, self.given.strip(), *last) if part)


def for_form(form: Form, origin: int | None, before: Dialog | None = None) -> Dialog:
    """A form's dialog. One that comes back with errors keeps what was answered `before`, and asks for those anew; one
    that has all it must have begins with its summary, where each answer can be changed."""
    kept = dict(before.answers) if before else {}
    asked = form.basics
    values = {item.name: item.value or kept.get(item.name, "") for item in asked}
    dialog = Dialog(
        "form",
        form.id,
        form.title,
        tuple(_with_choices(item) for item in asked),
        form.submit,
        form.tone,
        form.intro,
        values={name: text for name, text in values.items() if text or name in kept},
        origin=origin,
        live=form.live,
        note=form.note,
    )
    wrong = [number for number, item in enumerate(asked) if item.error]
    if dialog.is_short:
        return replace(dialog, error=asked[0].error)
    if wrong:
        fine = tuple(item.name for item in asked if not item.error)
        seen = fine if before or dialog.is_long else ()
        return replace(dialog, at=wrong[0], seen=seen, error=asked[wrong[0]].error)
    if dialog.is_long and dialog.is_complete:
        return _at_summary(dialog)
    return dialog


def for_command(
    command: Command, missing: Sequence[Param], given: str, title: str, attached: Attached | None = None
) -> Dialog:
    """What asks for what a command line lacks. `attached`: the file that came with it."""
    return Dialog(
        "command",
        command.name,
        title,
        tuple(_question(param) for param in missing),
        submit="Go on",
        intro=command.help[:1].upper() + command.help[1:] + ".",
        given=given,
        late=tuple(param.name for param in missing if param.kind is Kind.TEXT),
        suggested=tuple(param.name for param in missing if param.complete),
        files=tuple(param.name for param in missing if param.kind is Kind.FILE),
        attached=attached,
    )


def suggest(dialog: Dialog, found: Sequence[Completion]) -> Dialog:
    """The dialog with what the question that waits could be answered with."""
    question = dialog.question
    if question is None:
        return dialog
    choices = tuple(Choice(c.text, f"{c.label} · {c.help}" if c.help else c.label) for c in found)
    questions = tuple(replace(q, choices=choices) if q is question else q for q in dialog.questions)
    return replace(dialog, questions=questions)


def told(dialog: Dialog, form: Form) -> Dialog:
    """The dialog with what its answers come to, and what is wrong with each."""
    wrong = {item.name: item.error for item in form.inputs}
    questions = tuple(replace(question, error=wrong.get(question.name, "")) for question in dialog.questions)
    return replace(dialog, questions=questions, note=form.note)


def choose(dialog: Dialog, number: int) -> Dialog:
    """One of the choices, by its place among them; where there may be several, it is one more or one less. A number
    that none has changes nothing."""
    question = dialog.question
    if question is None or number >= len(question.choices):
        return dialog
    value = question.choices[number].value
    if question.kind is not InputKind.SEVERAL:
        return _answered(dialog, question, value)
    others = tuple(one for one in dialog.picks if one != value)
    return replace(dialog, picked=others if value in dialog.picks else (*others, value), error="")


def done(dialog: Dialog) -> Dialog:
    """No more of several."""
    question = dialog.question
    if question is None or question.kind is not InputKind.SEVERAL or (question.required and not dialog.picks):
        return dialog
    return _answered(dialog, question, together(dialog.picks))


def write(dialog: Dialog, text: str) -> Dialog:
    """An answer that was typed; one that will not do stays at its question, with the reason."""
    question = dialog.question
    if question is None:
        return dialog
    text = clean(text).strip()
    try:
        if text and question.choices and question.name not in dialog.suggested:
            return _worded(dialog, question, text)
        return _answered(dialog, question, _checked(dialog, question, text))
    except BadInput as error:
        return replace(dialog, error=str(error))


def attach(dialog: Dialog, file: Attached) -> Dialog:
    """A file that was sent as the answer."""
    question = dialog.question
    if question is None:
        return dialog
    if not dialog.takes_file:
        return replace(dialog, error="this is answered in words, not with a file")
    try:
        check_file(file)
    except BadFile as error:
        return replace(dialog, error=str(error))
    return _answered(replace(dialog, attached=file), question, shown_name(file.name))


def check_file(file: Attached) -> None:
    """Raises `BadFile` for what need not be fetched to know that it cannot be read."""
    if not file.id:
        raise BadFile("a picture has no text to read: send a text file, as a document")
    check_size(file.name, file.size)


def skip(dialog: Dialog) -> Dialog:
    """Leaves the question as it is, where that may be."""
    question = dialog.question
    if question is None or (question.required and not dialog.answers.get(question.name)):
        return dialog
    return _gone_on(dialog, question)


def empty(dialog: Dialog) -> Dialog:
    """Takes an answer away, where none must be."""
    question = dialog.question
    return dialog if question is None or question.required else _answered(dialog, question, "")


def rest(dialog: Dialog) -> Dialog:
    """Leaves all that is left as it is, where that may be."""
    return _at_summary(dialog) if dialog.is_long and dialog.question and dialog.is_complete else dialog


def change(dialog: Dialog, number: int) -> Dialog:
    """Goes from the summary to one of the questions."""
    if dialog.question or dialog.is_over or number >= len(dialog.questions):
        return dialog
    return replace(dialog, at=number, error=dialog.questions[number].error)


def back(dialog: Dialog) -> Dialog:
    if dialog.typing or dialog.among:
        return replace(dialog, typing=False, among=(), page=0, error="")
    if dialog.question and dialog.was_shown_whole:
        return _at_summary(dialog)
    return replace(dialog, at=max(dialog.at - 1, 0), page=0, picked=None, error="")


def aside(dialog: Dialog, number: int) -> Dialog:
    """The question of a short form that may be left out."""
    return replace(dialog, at=number, error="") if dialog.is_short and number < len(dialog.questions) else dialog


def type_it(dialog: Dialog) -> Dialog:
    """For an answer that is not among the choices."""
    question = dialog.question
    return replace(dialog, typing=True, error="") if question and question.name in dialog.suggested else dialog


def turn(dialog: Dialog) -> Dialog:
    """The next of the choices; after the last, the first."""
    question = dialog.question
    pages = -(-len(dialog.among or question.choices) // CHOICES) if question else 1
    return replace(dialog, page=(dialog.page + 1) % max(pages, 1))


def send(dialog: Dialog) -> Dialog:
    """Hands it in, where it may be."""
    return replace(dialog, at=len(dialog.questions) + 1, error="") if dialog.may_be_sent else dialog


def has_many(question: Input) -> bool:
    """More choices than are shown at once: words of one may be typed."""
    return len(question.choices) > CHOICES


def _answered(dialog: Dialog, question: Input, value: str) -> Dialog:
    questions = tuple(replace(one, error="") if one is question else one for one in dialog.questions)
    dialog = replace(dialog, questions=questions, values={**dialog.answers, question.name: value})
    return _gone_on(dialog, question)


def _gone_on(dialog: Dialog, question: Input) -> Dialog:
    seen = tuple(dict.fromkeys((*dialog.seen, question.name)))
    dialog = replace(dialog, seen=seen, error="", typing=False, page=0, among=(), picked=None)
    end = len(dialog.questions)
    if dialog.is_short:
        return replace(dialog, at=0 if dialog.at else end + 1)
    later = range(dialog.at + 1, end)
    at = next((n for n in later if dialog.questions[n].name not in dialog.seen), end)
    if at < end:
        return replace(dialog, at=at, error=dialog.questions[at].error)
    return replace(dialog, at=end if dialog.is_long else end + 1)


def _at_summary(dialog: Dialog) -> Dialog:
    seen = tuple(question.name for question in dialog.questions)
    return replace(dialog, at=len(seen), seen=seen, error="", typing=False, page=0, among=(), picked=None)


def _worded(dialog: Dialog, question: Input, text: str) -> Dialog:
    """What is meant by words of the choices; where that is not clear, those that may be meant are asked about."""
    if question.kind is not InputKind.SEVERAL:
        meant = one_of(question.choices, text, dialog.among)
        if meant.values:
            return _answered(dialog, question, meant.values[0])
        return replace(dialog, among=meant.among, error=meant.error, page=0)
    meant = some_of(question.choices, text, dialog.among)
    picked = tuple(dict.fromkeys((*(dialog.picked or ()), *meant.values)))
    if not meant.among and not meant.error:
        return _answered(dialog, question, together(picked))
    return replace(dialog, picked=picked, among=meant.among, error=meant.error, page=0)


def _checked(dialog: Dialog, question: Input, text: str) -> str:
    """What is handed in for it. Raises `BadInput`."""
    if dialog.takes_file:
        raise BadInput("send the file itself, as a document")
    if not text:
        raise BadInput("write a few words" if question.required else "write a few words, or press Skip")
    if len(text) > question.max_length:
        raise BadInput(f"that is {len(text):,} characters, and at most {question.max_length:,} are taken")
    chosen = next((c for c in question.choices if text.casefold() in (c.value.casefold(), c.label.casefold())), None)
    if chosen:
        return chosen.value
    match question.kind:
        case InputKind.MONEY:
            parse_money(text, "this")
        case InputKind.NUMBER if not _WHOLE.fullmatch(text):
            raise BadInput("a whole number, such as 10")
    return text


def _with_choices(item: Input) -> Input:
    if item.kind is InputKind.CHECK:
        return replace(item, choices=(YES, NO), required=False)
    return item


def _question(param: Param) -> Input:
    label = param.name.replace("_", " ").replace("-", " ")
    choices = tuple(Choice(choice, choice) for choice in param.choices)
    kind = InputKind.CHOICE if choices else KINDS.get(param.kind, InputKind.LINE)
    item = Input(param.name, label[:1].upper() + label[1:], kind, required=True, choices=choices, help=param.help)
    return replace(item, choices=(YES, Choice("no", "No"))) if param.kind is Kind.FLAG else item
