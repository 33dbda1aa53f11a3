"""What is drawn for Telegram: messages ready to be sent, before anything of the Bot API's library.

Texts are HTML as Telegram takes it, escaped and within its limits already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OWN = "="  # begins the data of the adapter's own buttons; the core's begin with a letter
TURN = "=turn:"  # and a number: shows that picture (from 0) of the card
RUN = "=run:"  # and a command line, run for whoever presses it


@dataclass(frozen=True, slots=True)
class Key:
    """An inline button. `data`: the core's id of it, or one of our own, which begins with `OWN`."""

    label: str
    data: str
    style: Literal["", "success", "danger", "primary"] = ""


Keyboard = tuple[tuple[Key, ...], ...]  # in rows


@dataclass(frozen=True, slots=True)
class Ask:
    """Opens the answer box of whoever is answered to, and of nobody else, with this hint in it."""

    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture of the core's store, as it was measured. `data` is the whole file."""

    key: str
    data: bytes
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Media:
    """A picture in a message: as a photo, or as a document where it is too tall or large for one."""

    photo: Photo
    document: bool = False

    @property
    def name(self) -> str:
        return f"{self.photo.key[:12]}.{self.photo.media_type.rpartition('/')[2]}"


@dataclass(frozen=True, slots=True)
class Note:
    """One message: a text, or one picture with the text as its caption. `ask` goes without a keyboard."""

    html: str
    keyboard: Keyboard = ()
    media: Media | None = None
    ask: Ask | None = None
    file: bytes | None = None  # instead of a picture: sent as a text file
    file_name: str = ""


@dataclass(frozen=True, slots=True)
class Album:
    """2 to 10 pictures in one message each; all of them photos, or all of them documents."""

    items: tuple[Media, ...]
    captions: tuple[str, ...] = ()  # HTML, one for each item, or none at all


@dataclass(frozen=True, slots=True)
class Plan:
    """A card as messages, sent in this order: what goes before, and the message that has the buttons, which answers to
    the first of those and is the only one that is edited later."""

    card: Note
    before: tuple[Album | Note, ...] = ()

    @property
    def messages(self) -> int:
        """How many messages Telegram counts."""
        return 1 + sum(len(part.items) if isinstance(part, Album) else 1 for part in self.before)
