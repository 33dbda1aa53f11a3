"""Cards and replies as Discord's layouts. Pure: the same card and pictures make the same components."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any

import discord
from discord import ui

from botcore.attached import file_name
from botcore.charts import as_pictures
from botcore.draw import draw_card
from botcore.text import clean, short_id
from botcore.ui import Block, Button, Card, Fields, File, Picture, PictureState, Tone

from .markdown import fitted, line, sentences, short, units
from .parting import parts_of
from .pieces import divide, picture_notes, pieces
from .seams import NOTHING, PICTURES, Drawn, Loaded

ROOM = 4_000  # units over all texts of a message
ABOVE = 1_500  # of them at most for what is said above a card,
BESIDE = 500  # and above one that is shown whole; what is longer is a message of its own
MESSAGES = 4  # so many make up one long answer; what is longer than these is a file
ROWS, ROW = 5, 5  # of buttons
ITEMS = 10  # of a gallery
COLOURS = {
    Tone.NEUTRAL: 0x80848E,
    Tone.INFO: 0x5865F2,
    Tone.SUCCESS: 0x2D9D5F,
    Tone.WARNING: 0xF0B232,
    Tone.DANGER: 0xDA373C,
}
STYLES = {
    Tone.NEUTRAL: discord.ButtonStyle.secondary,
    Tone.INFO: discord.ButtonStyle.primary,
    Tone.SUCCESS: discord.ButtonStyle.success,
    Tone.WARNING: discord.ButtonStyle.secondary,
    Tone.DANGER: discord.ButtonStyle.danger,
}
EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}

Item = ui.Item[Any]


class Layout(ui.LayoutView):
    """A message's components. The library keeps no reference to it: presses find their way by their custom ids."""

    def __init__(self, *items: Item) -> None:
        super().__init__(timeout=None)
        for item in items:
            self.add_item(item)
        self.stop()

    def is_dispatchable(self) -> bool:
        return False


class CardDrawing:
    """Implements `seams.Drawing`."""

    def pictures_of(self, card: Card, *, whole: bool = False) -> Sequence[str]:
        keys = dict.fromkeys(picture.key for picture in _ready(as_pictures(card).blocks))
        return tuple(keys) if whole else tuple(keys)[:PICTURES]

    def file_name(self, key: str, media_type: str) -> str:
        return f"{key[:40]}.{EXTENSIONS.get(media_type, 'bin')}"

    def draw(self, card: Card | None, text: str = "", pictures: Loaded = NOTHING, *, upload: bool = True) -> Drawn:
        above = _above(text, ABOVE if card else ROOM)[0]
        card = as_pictures(card) if card else None
        return self._message(card, above, pictures, upload=upload)

    def draw_all(self, card: Card | None, text: str = "", pictures: Loaded = NOTHING) -> Sequence[Drawn]:
        above, was_cut = _above(text, ROOM)
        if was_cut:
            file = _as_file(None, _above(text, ABOVE)[0], text)
            return [file, *self.draw_all(card, "", pictures)] if card else [file]
        if card is None:
            return [self._message(None, above, NOTHING)]
        whole, card = card, as_pictures(card)
        alone = units(above) > BESIDE
        drawn = [self._message(None, above, NOTHING)] if alone else []
        above = "" if alone else above
        parts = parts_of(card)
        if len(parts) > MESSAGES:
            return [*drawn, _as_file(replace(card, blocks=(), footer=""), above, draw_card(whole))]
        for number, part in enumerate(parts):
            drawn.append(self._message(part, "" if number else above, pictures, tall=True))
        return drawn

    def draw_file(self, file: File, text: str = "") -> Drawn:
        above, name = _above(text, ROOM)[0], file_name(file)
        items: list[Item] = [ui.TextDisplay(above)] if above else []
        upload = discord.File(BytesIO(file.text.encode()), name)
        return Drawn(Layout(*items, ui.File(f"attachment://{name}")), (upload,))

    def _message(
        self, card: Card | None, above: str, pictures: Loaded, *, upload: bool = True, tall: bool = False
    ) -> Drawn:
        if card is None:
            return Drawn(Layout(ui.TextDisplay(above or "…")))
        shown = [picture for picture in _ready(card.blocks) if picture.key in pictures][:ITEMS]
        gallery = self._gallery(shown, pictures)
        box = _container(card, shown, gallery, ROOM - units(above), tall=tall)
        files = self._files(shown, pictures) if upload else ()
        return Drawn(Layout(*([ui.TextDisplay(above)] if above else []), box), files)

    def _gallery(self, shown: Sequence[Picture], pictures: Loaded) -> ui.MediaGallery[Any] | None:
        if not shown:
            return None
        return ui.MediaGallery(
            *(
                discord.MediaGalleryItem(
                    f"attachment://{self.file_name(picture.key, pictures[picture.key][1])}",
                    description=short(picture.title, 250) or None,
                )
                for picture in shown
            )
        )

    def _files(self, shown: Sequence[Picture], pictures: Loaded) -> tuple[discord.File, ...]:
        keys = dict.fromkeys(picture.key for picture in shown)
        return tuple(discord.File(BytesIO(pictures[key][0]), self.file_name(key, pictures[key][1])) for key in keys)


@dataclass(slots=True)
class _Body:
    """What stands in a container, from top to bottom. Neighbouring texts become one: a message holds few components."""

    items: list[Item] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        if text:
            self.texts.append(text)

    def put(self, item: Item) -> None:
        self.flush()
        self.items.append(item)

    def flush(self) -> None:
        if self.texts:
            self.items.append(ui.TextDisplay("\n".join(self.texts)))
            self.texts = []


def _container(
    card: Card, shown: Sequence[Picture], gallery: ui.MediaGallery[Any] | None, room: int, *, tall: bool
) -> ui.Container[Any]:
    head, foot = _head(card), f"-# {line(card.footer, 300)}" if card.footer else ""
    notes = picture_notes(_pictures(card.blocks), shown)
    drawn_blocks = [list(pieces([block], tall=tall)) for block in card.blocks]
    every = [notes, *(piece for own in drawn_blocks for piece in own)]
    of_notes, *others = divide(every, room - units(head) - units(foot) - 2 - len(every))
    shares = iter(others)
    body, was_cut, noted = _Body(), False, False
    body.say(head)
    if card.blocks:
        body.put(ui.Separator())
    strip = _is_queue(card)  # its first facts are about the queue, its next ones about the submission
    for number, (block, own) in enumerate(zip(card.blocks, drawn_blocks, strict=True)):
        if strip and number and isinstance(block, Fields):
            strip = False
            body.put(ui.Separator())
        for piece in own:
            drawn, shorter = piece.draw(next(shares))
            was_cut = was_cut or shorter
            body.say(drawn)
        if isinstance(block, Picture) and not noted:  # the others stand beside it
            noted = True
            body.say(notes.draw(of_notes)[0])
            if gallery is not None:
                body.put(gallery)
    body.say(foot)
    body.flush()
    missing = len(_ready(card.blocks)) > ITEMS
    return ui.Container(*body.items, *_rows(_with_show_all(card, was_cut or missing)), accent_colour=COLOURS[card.tone])


def _head(card: Card) -> str:
    title = line(card.title, 300) or "…"
    said = [f"**{line(card.badge, 200)}**"] if card.badge else []
    said += [line(card.subtitle, 200)] if card.subtitle else []
    return f"### {title}" + (f"\n{' · '.join(said)}" if said else "")


def _above(text: str, room: int) -> tuple[str, bool]:
    return fitted(clean(text).strip(), room, sentences)


def _as_file(card: Card | None, above: str, whole: str) -> Drawn:
    """A message with a file for what is too long to be read in a chat."""
    name = f"{card.subject.rpartition(':')[2] if card else ''}.txt"
    name = "answer.txt" if name == ".txt" else name
    items: list[Item] = [ui.TextDisplay(above)] if above else []
    if card is not None:
        items.append(_container(card, (), None, ROOM - units(above), tall=False))
    items.append(ui.File(f"attachment://{name}"))
    return Drawn(Layout(*items), (discord.File(BytesIO(clean(whole).encode()), name),))


def _rows(buttons: Sequence[Button]) -> Iterator[ui.ActionRow[Any]]:
    """Buttons in rows; where one does not hold them, those that decide stand in the first."""
    unique = list({button.id: button for button in buttons}.values())
    first = sum(1 for _ in itertools.takewhile(lambda button: bool(button.key), unique))
    first = first if len(unique) > ROW and 1 < first <= ROW else ROW
    rows = [unique[:first], *(unique[at : at + ROW] for at in range(first, len(unique), ROW))]
    for row in rows[:ROWS]:
        if row:
            yield ui.ActionRow(*(_button(button) for button in row))


def _button(button: Button) -> ui.Button[Any]:
    return ui.Button(style=STYLES[button.tone], label=short(button.label, 80) or "…", custom_id=button.id)


def _with_show_all(card: Card, was_cut: bool) -> Sequence[Button]:
    """A card's buttons, with the core's own one for everything where not all of a submission is on it."""
    name = _submission(card) if was_cut and card.buttons else ""
    if not name or any(button.id.startswith("all:") for button in card.buttons):
        return card.buttons
    return (*card.buttons, Button(f"all:{name}:0", "Show all"))


def _submission(card: Card) -> str:
    """The submission that a card shows, by the name that buttons have for it; "" where it shows none."""
    kind, _, name = card.subject.partition(":")
    if kind == "submission":
        return name
    if kind == "queue":
        held = (button.id.split(":") for button in card.buttons)
        numbers = [parts[2] for parts in held if parts[0] in ("approve", "skip", "alone") and parts[2].isdigit()]
        return short_id(int(numbers[0])) if numbers and int(numbers[0]) else ""
    return ""


def _is_queue(card: Card) -> bool:
    return card.subject.startswith("queue:")


def _pictures(blocks: Sequence[Block]) -> list[Picture]:
    return [block for block in blocks if isinstance(block, Picture)]


def _ready(blocks: Sequence[Block]) -> list[Picture]:
    return [picture for picture in _pictures(blocks) if picture.state is PictureState.READY]
