"""Paragraphs on one message, cut where they are too long for it, or on as many as they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .html import ENTITIES, TEXT_UNITS, Html, fit, joined, plain, quote, sentence, split, units, words

CUT = plain("… (cut)")
BETWEEN = "\n\n"
LEAST = 40  # units of a text below which it is left out rather than cut
ROOM = 300  # units of a text that are worth beginning it on a message that has other things


@dataclass(frozen=True, slots=True)
class Paragraph:
    """What always stands together and is short, and after it a text that may be cut.

    `quoted`: the text is somebody's words. `inline`: it goes on in the line of its heading. `close`: right under the
    paragraph before.
    """

    head: Html
    text: str = ""
    quoted: bool = False
    inline: bool = False
    close: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    html: Html
    was_cut: bool = False


def on_one(paragraphs: Sequence[Paragraph], limit: int) -> Page:
    """All of them on one message of at most `limit` units. The first is its heading and the last its end: these stay,
    and have to be short."""
    space = limit - sum(_fixed(paragraph) for paragraph in paragraphs)
    share = _share([units(paragraph.text) for paragraph in paragraphs], space)
    kept = [_cut(paragraph, share) for paragraph in paragraphs]
    was_cut = any(before.text != after.text for before, after in zip(paragraphs, kept, strict=True))
    page, count = _as_many(kept, limit, ENTITIES)
    if count == len(kept):
        return Page(page, was_cut)
    end = _after(CUT, kept[-1])
    page, _ = _as_many(kept[:-1], limit - end.units - len(BETWEEN), ENTITIES - end.entities)
    return Page(joined((page, end), BETWEEN), was_cut=True)


def on_several(paragraphs: Sequence[Paragraph], limit: int = TEXT_UNITS) -> list[Html]:
    """All of them, on as many messages as they take: a text goes on where the message before it was full."""
    pages: list[Html] = []
    page = Html()
    left = list(reversed(paragraphs))
    while left:
        paragraph = left.pop()
        longer = _after(page, paragraph)
        if _fits(longer, limit):
            page = longer
            continue
        room = limit - page.units - _fixed(paragraph)
        if ROOM <= room < units(paragraph.text):
            first, rest = split(paragraph.text, room)
            left.append(replace(paragraph, head=Html(), text=rest))
            left.append(replace(paragraph, text=first))
        elif page:
            pages.append(page)
            page = Html()
            left.append(paragraph)
        else:
            raise ValueError("a heading that is longer than a message")
    return [*pages, page] if page else pages


def _share(lengths: Sequence[int], space: int) -> int:
    """The most units that each may have, so that all have room: the short ones leave theirs to the long ones."""
    left = max(space, 0)
    waiting = sorted(length for length in lengths if length)
    while waiting:
        fair = left // len(waiting)
        if waiting[0] > fair:
            return fair
        left -= waiting.pop(0)
    return max(space, 0)


def _cut(paragraph: Paragraph, share: int) -> Paragraph:
    if units(paragraph.text) <= share:
        return paragraph
    return replace(paragraph, text=fit(paragraph.text, share)[0] if share >= LEAST else "…")


def _fixed(paragraph: Paragraph) -> int:
    """What it takes beside its text: the line ends before it and between its parts too."""
    return paragraph.head.units + 3


def _drawn(paragraph: Paragraph) -> Html:
    text = quote(words(paragraph.text)) if paragraph.quoted else sentence(paragraph.text)
    return joined((paragraph.head, text), " " if paragraph.inline else "\n")


def _as_many(paragraphs: Sequence[Paragraph], limit: int, entities: int) -> tuple[Html, int]:
    """The first of them, as many as have room; and how many those are."""
    page = Html()
    for count, paragraph in enumerate(paragraphs):
        longer = _after(page, paragraph)
        if longer.units > limit or longer.entities > entities:
            return page, count
        page = longer
    return page, len(paragraphs)


def _after(page: Html, paragraph: Paragraph) -> Html:
    return joined((page, _drawn(paragraph)), "\n" if paragraph.close else BETWEEN)


def _fits(page: Html, limit: int) -> bool:
    return page.units <= limit and page.entities <= ENTITIES
