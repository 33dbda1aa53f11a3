"""What adapters draw: cards, buttons and forms in neutral form, written once for every messenger.

Text in them may have been written by a worker: an adapter escapes all of it, always.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pydantic import TypeAdapter

BUTTON_BYTES = 64  # the least any messenger allows for a button's id (Telegram's callback_data)


class Tone(StrEnum):
    """The colour of a thing: what it means, not how it looks."""

    NEUTRAL = "neutral"
    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Button:
    """`id` is `verb:subject:revision`, at most 64 bytes, and carries no authority."""

    id: str
    label: str
    tone: Tone = Tone.NEUTRAL
    key: str = ""  # the shortcut on a keyboard, where there is one

    def __post_init__(self) -> None:
        if len(self.id.encode()) > BUTTON_BYTES:
            raise ValueError(f"button id over {BUTTON_BYTES} bytes: {self.id}")


@dataclass(frozen=True, slots=True)
class Field:
    """A named value. Where `when` is set, the value is that moment, drawn as the messenger draws times."""

    name: str
    value: str
    when: datetime | None = None
    countdown: bool = False  # the moment is a deadline: say how long is left


@dataclass(frozen=True, slots=True)
class Fields:
    fields: tuple[Field, ...]
    kind: Literal["fields"] = "fields"


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph. `quoted`: somebody's words, drawn as a quotation under its title."""

    text: str
    title: str = ""
    quoted: bool = False
    tone: Tone = Tone.NEUTRAL
    kind: Literal["text"] = "text"


class PictureState(StrEnum):
    LOADING = "loading"
    READY = "ready"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture. `key` names its bytes in the picture store once `state` is ready; `note` says why it was refused."""

    key: str
    title: str
    state: PictureState
    note: str = ""
    source: str = ""  # its address as the worker gave it: text, never a link
    kind: Literal["picture"] = "picture"


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    empty: str = "Nothing here."
    kind: Literal["table"] = "table"


@dataclass(frozen=True, slots=True)
class Series:
    """Values under one name, one for each label of a chart. They are there to be seen: money is counted elsewhere."""

    name: str
    values: tuple[float, ...]
    tone: Tone = Tone.INFO


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars, one for each label, with the series stacked on it. `unit` stands before every number: `$`."""

    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str = ""
    kind: Literal["chart"] = "chart"


Block = Fields | Text | Picture | Table | Chart


@dataclass(frozen=True, slots=True)
class Card:
    """A message about one thing. `subject` names it (`submission:A31`), `badge` is its state in a word or two."""

    title: str
    subject: str = ""
    subtitle: str = ""
    badge: str = ""
    tone: Tone = Tone.NEUTRAL
    blocks: tuple[Block, ...] = ()
    buttons: tuple[Button, ...] = ()
    footer: str = ""
    count: int = 1  # how many things wait on it: a queue's card stands for all of them


class InputKind(StrEnum):
    LINE = "line"
    PARAGRAPH = "paragraph"
    CHOICE = "choice"
    MONEY = "money"
    NUMBER = "number"
    CHECK = "check"
    SEVERAL = "several"  # some of the choices: their values, with commas between


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Input:
    """One question of a form. `error` says what was wrong with the last answer.

    Of more choices than a messenger can show, words of one may be typed: who takes the form finds it. A `group` is the
    heading under which a form that is shown as a whole folds what few need; where questions are asked one after
    another, or a few at a time, those of a group are left out: what the form is about has a button for each group.
    """

    name: str
    label: str
    kind: InputKind = InputKind.LINE
    required: bool = False
    value: str = ""
    choices: tuple[Choice, ...] = ()
    help: str = ""
    error: str = ""
    max_length: int = 1000
    group: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """Questions to answer. `id` has the shape of a button's and, like it, carries no authority.

    What is not answered stays as it is. A `live` form can be looked at while it is filled in (`Dispatch.check_form`);
    `note` says what the answers come to, such as a running total.
    """

    id: str
    title: str
    inputs: tuple[Input, ...]
    submit: str = "Send"
    tone: Tone = Tone.NEUTRAL
    intro: str = ""
    live: bool = False
    note: str = ""

    @property
    def basics(self) -> tuple[Input, ...]:
        """What is asked where questions come one after another: without those of groups, where there are others. What
        has an error is asked in any case."""
        if all(item.group for item in self.inputs):
            return self.inputs
        return tuple(item for item in self.inputs if not item.group or item.error)


@dataclass(frozen=True, slots=True)
class File:
    """A text file: what a person gets, such as an export, or what they attached to a command."""

    name: str
    text: str
    media_type: str = "text/plain"


class Result(StrEnum):
    """How a command, press or form ended."""

    DONE = "done"
    REFUSED = "refused"
    NEEDS_CONFIRMATION = "needs confirmation"
    IN_DOUBT = "in doubt"


@dataclass(frozen=True, slots=True)
class Reply:
    """What one person gets back, seen by them only: a line, a card, a file, or a form to fill in."""

    text: str = ""
    card: Card | None = None
    form: Form | None = None
    file: File | None = None
    result: Result = Result.DONE
    decisions: tuple[int, ...] = ()  # decisions this made or touched, for whoever waits for them to settle
    operations: tuple[int, ...] = ()
    bulks: tuple[int, ...] = ()
    replaces: bool = False  # this card takes the place of the private card that was pressed


@dataclass(frozen=True, slots=True)
class Completion:
    """One way to go on from what was typed: `text` replaces the word being typed."""

    text: str
    label: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class MessageRef:
    """Where a sent card is, in the adapter's own terms."""

    adapter: str
    channel: str
    id: str
    extra: Mapping[str, str] = field(default_factory=dict)


def to_json(value: object) -> str:
    """A card, form or reply as one JSON document: decimals as strings, moments as ISO 8601 in UTC."""
    from pydantic_core import to_json as dump  # not needed by who only prints help

    return dump(value).decode()


def card_from_json(text: str) -> Card:
    """The card that `to_json` wrote, for adapters that keep their messages."""
    return _cards().validate_json(text)


@cache
def _cards() -> TypeAdapter[Card]:
    from pydantic import TypeAdapter

    return TypeAdapter(Card)
