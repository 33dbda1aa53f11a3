"""What the connection asks of the drawing, the forms and the commands: who talks to Discord knows no more of them.

The connection routes interactions by their raw custom_id, so that buttons of any age work. Every view and modal it is
given must be fresh and stopped (`view.stop()`): the library keeps no reference to a stopped one, and never handles
its clicks. Custom ids that begin with `~` are the adapter's own; all others are the core's button ids as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from botcore.adapter import Actor
from botcore.commands.registry import Command
from botcore.ui import Card, Completion, File, Form

if TYPE_CHECKING:
    import discord

PICTURES = 10  # the most that one message carries
Loaded = Mapping[str, tuple[bytes, str]]  # pictures by key: bytes and media type
NOTHING: Loaded = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Drawn:
    """A message to send once: a LayoutView and its files, both fresh, both spent after the call."""

    view: discord.ui.LayoutView
    files: tuple[discord.File, ...] = ()


class Drawing(Protocol):
    """Pure: no network, no database. `render.py` is one."""

    def pictures_of(self, card: Card, *, whole: bool = False) -> Sequence[str]:
        """The keys of the pictures that a card shows, in its order: those of one message, or of all (`whole`)."""

    def draw(self, card: Card | None, text: str = "", pictures: Loaded = NOTHING, *, upload: bool = True) -> Drawn:
        """A message with a line above a card; either may be missing. `upload` False: its files are there already, the
        view still names them (`attachment://`), `files` is empty, and only the media types are asked of `pictures`.
        A picture that is not in `pictures` is said to be missing. Of a submission, what does not fit is behind the
        core's own button for everything (`all:A31:0`)."""

    def draw_all(self, card: Card | None, text: str = "", pictures: Loaded = NOTHING) -> Sequence[Drawn]:
        """The same in as many messages as it takes, for an answer that one person sees."""

    def draw_file(self, file: File, text: str = "") -> Drawn:
        """A file with a line above it."""


class Forms(Protocol):
    """Forms as modals, kept in the database until they are sent. `forms.py` is one."""

    async def open(self, actor: Actor, form: Form) -> discord.ui.Modal:
        """The (first) modal of a form, for an answer to an interaction."""

    async def invite(self, actor: Actor, form: Form, text: str = "", filled: Filled | None = None) -> Drawn:
        """A message with a button that opens a form; what was wrong with the last answers is said in it. `filled`: the
        answers that were refused, which stand in the form again."""

    async def reopen(self, actor: Actor, custom_id: str) -> discord.ui.Modal | Drawn | Filled:
        """What a press of such a button opens, or the words why it cannot be opened any more; all answers, where they
        are sent without what is left of the questions."""

    async def take(self, actor: Actor, custom_id: str, components: Sequence[Mapping[str, Any]]) -> Filled | Drawn:
        """A modal was sent: all answers of the form, or what to show: the invitation to the rest of the questions, or
        that it is not theirs or too old. `components` is raw, from the interaction."""

    async def settled(self, filled: Filled) -> None:
        """The core has the answers: they are kept no longer."""

    async def refused(self, filled: Filled, text: str) -> Drawn | None:
        """The core does not have the answers, and said why: they can be sent again, by the message's buttons. None
        where they were not kept."""

    async def prune(self) -> None:
        """Forgets forms that nobody will send any more. Called once an hour."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A whole form, for `dispatch.submit_form`."""

    form: str
    values: Mapping[str, str]
    kept: Kept | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """A form whose answers are in the database until the core has them."""

    token: str
    form: Form


class Commands(Protocol):
    """Commands as Discord's application commands. `commands.py` is one."""

    def definitions(self, commands: Sequence[Command]) -> list[dict[str, Any]]:
        """The body of the bulk overwrite for one server."""

    def line(self, data: Mapping[str, Any]) -> str:
        """A core command line, quoted as needed, from an interaction's raw data (its name and options), without what
        was attached."""

    def partial_line(self, commands: Sequence[Command], data: Mapping[str, Any]) -> str:
        """The line up to the option that is being typed, for `dispatch.complete`."""

    def choices(
        self, commands: Sequence[Command], data: Mapping[str, Any], completions: Sequence[Completion]
    ) -> Sequence[discord.app_commands.Choice[str]]:
        """At most 25, for the option being typed."""
