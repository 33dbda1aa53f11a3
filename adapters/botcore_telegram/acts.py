"""What people do in Telegram, as far as the bot obeys it, and what a dialog answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from botcore import Actor, Dispatch
from botcore.ui import Form

from .native import Note


@dataclass(frozen=True, slots=True)
class Place:
    """A chat, or a topic of one. `thread` is None in the General topic too."""

    chat: int
    thread: int | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that somebody sent: `id` names it at Telegram, "" for a picture, which is no file to read. `size`: bytes,
    0 where Telegram does not say."""

    id: str
    name: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody wrote a message. `reply_to`: the message it answers to. `text` is the caption of a `file`."""

    actor: Actor
    place: Place
    message: int
    text: str
    reply_to: int | None = None
    file: Attached | None = None


@dataclass(frozen=True, slots=True)
class Pressed:
    """Somebody pressed a button of `message`."""

    actor: Actor
    place: Place
    message: int
    data: str
    query: str  # answered once, by whoever handles this


@dataclass(frozen=True, slots=True)
class Step:
    """What a dialog wants done. Several may be set; `line` and `form` end the dialog.

    `note` is sent as an answer to who acted, or takes the place of the pressed message (`replaces`). `box` goes after
    it, as a message of its own that opens the answer box: an inline keyboard and that cannot be on one message.
    `dialog` names the dialog that waits at them, which is told their numbers by `Dialogs.asked`.
    """

    note: Note | None = None
    replaces: bool = False
    box: Note | None = None
    drop: tuple[int, ...] = ()  # questions that are answered: messages of ours to delete, as far as they are there
    dialog: str = ""
    toast: str = ""  # shown to who pressed, for a moment
    line: str = ""  # a command line to run for who acted
    file: Attached | None = None  # with `line`
    form: str = ""  # the id of a form to hand in, with `values`
    values: Mapping[str, str] = field(default_factory=dict)
    origin: int | None = None  # with `form`: what `begin` was given


class Dialogs(Protocol):
    """Commands that are typed, and questions asked step by step. Kept in the database: a restart goes on."""

    async def said(self, act: Said, dispatch: Dispatch) -> Step | None:
        """What a message means: a command line to run, the answer to a question, or a question back.
        None for what is not meant for the bot, which stays silent then."""

    async def pressed(self, act: Pressed, dispatch: Dispatch) -> Step:
        """A button of the adapter's own, other than `native.TURN` and `native.RUN`."""

    async def begin(self, actor: Actor, place: Place, form: Form, origin: int | None, dispatch: Dispatch) -> Step:
        """Asks a form's first question. `origin`: the message whose button led to it, where there was one.
        A form that comes back to be corrected goes on with what was answered before."""

    async def asked(self, dialog: str, message: int, *, box: bool = False) -> None:
        """A question was sent, as this message."""

    async def prune(self) -> None:
        """Forgets what was abandoned long ago."""
