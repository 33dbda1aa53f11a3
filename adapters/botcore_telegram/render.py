"""Cards as messages: pure, from the card, the moment and the pictures that are at hand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from botcore.charts import as_pictures, charts_of
from botcore.text import one_line, short_id
from botcore.ui import Card, Picture, PictureState

from .blank import BLANK
from .blocks import Shown, paragraphs, ready_pictures
from .html import CAPTION_UNITS, TEXT_UNITS, Html, fit, words
from .keyboard import card_keyboard
from .layout import Page, Paragraph, on_one, on_several
from .native import RUN, Album, Key, Media, Note, Photo, Plan

ALBUM = 10  # pictures in one
CAPTION = 200  # units of words under a picture of an album
SIDES, RATIO, PHOTO_BYTES = 10_000, 20, 10 * 2**20  # of a photo: width and height together, one by the other, its file
PHOTO_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
PAGING = ("page", "whole")  # verbs of cards that are turned in their place
_IN_HAND = re.compile(r"[a-z-]+:q-[0-9]+:([1-9][0-9]*)")


def wanted(card: Card, *, picture: int = 0, whole: bool = False) -> tuple[str, ...]:
    """The keys of the pictures that `draw` or `redraw` will need."""
    card = as_pictures(card)
    keys = [block.key for block in ready_pictures(card)]
    if not keys:
        return ()
    if whole and not is_queue(card):
        return tuple(dict.fromkeys(keys))
    return tuple(dict.fromkeys(keys)) if _is_album(card) else (keys[picture % len(keys)],)


def draw(card: Card, photos: Mapping[str, Photo], *, now: datetime, picture: int = 0, whole: bool = False) -> Plan:
    """A card as it is sent: one picture on the card itself, several in an album ahead of it.

    A queue's card, and one whose other pictures are still on their way, shows one at a time: an edit can turn that.
    `whole`: nothing is cut, on as many messages as that takes. A chart that leaves too little room for the words goes
    ahead of them.
    """
    charted, card = bool(charts_of(card)), as_pictures(card)
    if whole:
        return _whole(card, now, photos)
    if not _is_album(card) and not (charted and photos and _page(card, now, Shown(), CAPTION_UNITS).was_cut):
        return Plan(redraw(card, photos, now=now, picture=picture))
    before = _albums(ready_pictures(card), photos)
    return Plan(_note(card, now, _shown(card, photos, above=True)), before)


def redraw(
    card: Card,
    photos: Mapping[str, Photo],
    *,
    now: datetime,
    picture: int = 0,
    media: bool = False,
    above: bool = False,
) -> Note:
    """A card as its message shows it from now on.

    `media`: the message has a picture now, which it cannot lose: where the card has none, a blank one takes its place.
    `above`: its pictures were sent ahead of it, and it is a text.
    """
    card = as_pictures(card)
    ready = ready_pictures(card)
    at = picture % len(ready) if ready else 0
    photo = photos.get(ready[at].key) if ready else None
    if above or not (photo or media):
        return _note(card, now, _shown(card, photos, above=above))
    missing = frozenset({ready[at].key}) if ready and not photo else frozenset()
    shown = media_of(photo) if photo else Media(BLANK)
    return _note(card, now, Shown(at, missing=missing), shown, picture=at, pictures=len(ready))


def says(text: str) -> tuple[Note, ...]:
    """A text of the bot's, on as many messages as it takes."""
    return tuple(Note(page.markup) for page in on_several([Paragraph(Html(), text.strip() or "…")]))


def is_queue(card: Card) -> bool:
    return card.subject.startswith("queue:")


def media_of(photo: Photo) -> Media:
    """A picture as it can be sent: what Telegram takes for no photo is a document."""
    long, short = max(photo.width, photo.height), min(photo.width, photo.height)
    fits = long + short <= SIDES and long <= RATIO * short and len(photo.data) <= PHOTO_BYTES
    return Media(photo, document=not fits or photo.media_type not in PHOTO_TYPES)


def _whole(card: Card, now: datetime, photos: Mapping[str, Photo]) -> Plan:
    """All of a card. What is turned in its place, a queue or a long list, is one message all the same."""
    if is_queue(card):
        return Plan(redraw(card, photos, now=now))
    if any(button.id.partition(":")[0] in PAGING for button in card.buttons):
        return Plan(_note(card, now, _shown(card, photos, above=True)), _albums(ready_pictures(card), photos))
    ready = ready_pictures(card)
    if len(ready) == 1 and ready[0].key in photos:
        page = on_one(paragraphs(card, now, Shown()), CAPTION_UNITS)
        if not page.was_cut:
            return Plan(redraw(card, photos, now=now))
    *pages, last = on_several(paragraphs(card, now, _shown(card, photos, above=True)))
    before = (*_albums(ready, photos), *(Note(page.markup) for page in pages))
    return Plan(Note(last.markup, card_keyboard(card.buttons)), before)


def _is_album(card: Card) -> bool:
    waits = any(isinstance(block, Picture) and block.state is PictureState.LOADING for block in card.blocks)
    return len(ready_pictures(card)) > 1 and not waits and not is_queue(card)


def _shown(card: Card, photos: Mapping[str, Photo], *, above: bool) -> Shown:
    missing = () if above and not photos else ready_pictures(card)
    return Shown(above=above, missing=frozenset(p.key for p in missing if p.key not in photos))


def _note(
    card: Card, now: datetime, shown: Shown, media: Media | None = None, *, picture: int = 0, pictures: int = 0
) -> Note:
    page = _page(card, now, shown, CAPTION_UNITS if media else TEXT_UNITS)
    more = _show_all(card) if page.was_cut else ()
    return Note(page.html.markup, card_keyboard(card.buttons, picture=picture, pictures=pictures, more=more), media)


def _page(card: Card, now: datetime, shown: Shown, limit: int) -> Page:
    page = on_one(paragraphs(card, now, shown), limit)
    return on_one(paragraphs(card, now, shown, short=True), limit) if page.was_cut else page


def _show_all(card: Card) -> tuple[Key, ...]:
    """What shows the rest, unless the card has such a button already."""
    if any(button.id.partition(":")[0] in ("all", *PAGING) for button in card.buttons):
        return ()
    kind, _, name = card.subject.partition(":")
    if kind == "queue":
        held = next((match[1] for button in card.buttons if (match := _IN_HAND.fullmatch(button.id))), None)
        kind, name = ("submission", short_id(int(held))) if held else ("", "")
    line = {"submission": f"show {name}", "bulk": f"bulk show {name}"}.get(kind)
    return (Key("Show all", f"{RUN}{line}"),) if line else ()


def _albums(pictures: Sequence[Picture], photos: Mapping[str, Photo]) -> tuple[Album | Note, ...]:
    """Photos together and documents together, in their order."""
    kept = [(number, picture) for number, picture in enumerate(pictures, 1) if picture.key in photos]
    parts: list[Album | Note] = []
    for document in (False, True):
        items = [
            (media, _caption(picture, number, len(pictures)))
            for number, picture in kept
            if (media := media_of(photos[picture.key])).document is document
        ]
        for start in range(0, len(items), ALBUM):
            some = items[start : start + ALBUM]
            if len(some) == 1:
                parts.append(Note(some[0][1], media=some[0][0]))
            else:
                parts.append(Album(tuple(media for media, _ in some), tuple(caption for _, caption in some)))
    return tuple(parts)


def _caption(picture: Picture, number: int, count: int) -> str:
    place = f"{number}/{count} " if count > 1 else ""
    return words(f"{place}{fit(one_line(picture.title), CAPTION)[0]}").markup
