"""A card's words: its heading, its blocks and its end, as paragraphs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botcore.text import ago, one_line
from botcore.ui import Card, Field, Fields, Picture, PictureState, Table, Text, Tone

from .html import Html, bold, fit, italic, joined, plain, pre, sentence, words
from .layout import Paragraph

DOTS = {Tone.NEUTRAL: "⚪", Tone.INFO: "🔵", Tone.SUCCESS: "🟢", Tone.WARNING: "🟠", Tone.DANGER: "🔴"}
MARKS = {Tone.NEUTRAL: "", Tone.INFO: "ℹ️", Tone.SUCCESS: "✅", Tone.WARNING: "⚠️", Tone.DANGER: "❗"}
PICTURE = "🖼"
TITLE, SUBTITLE, BADGE, FOOTER = 160, 90, 90, 110  # units: a caption has room for all of these
NAME, VALUE, CELL = 120, 700, 120
SHORT_CELL = 40  # of a table that is too long otherwise
ROW_ENTITIES = 40
PRE_COLUMNS, PRE_ROWS = 34, 25  # of a table that a phone shows as one
_ID = re.compile(r"#[A-Z]{1,8}[1-9][0-9]{0,2}(?![^\s])")


@dataclass(frozen=True, slots=True)
class Shown:
    """Which of a card's pictures are seen with it: the `one` on the message itself, or all of them, `above` it."""

    one: int = 0
    above: bool = False
    missing: frozenset[str] = frozenset()  # keys of those that are not kept any more


def paragraphs(card: Card, now: datetime, shown: Shown, *, short: bool = False) -> list[Paragraph]:
    """The first is the heading, the last the end. `short`: tables with less in their cells."""
    parts = [_heading(card)]
    ready = ready_pictures(card)
    for block in card.blocks:
        match block:
            case Fields():
                parts += _fields(block, now)
            case Text():
                parts.append(_text(block))
            case Table():
                parts += _table(block, SHORT_CELL if short else CELL)
            case Picture():
                parts += _picture(block, ready, shown)
    return [*parts, Paragraph(words(_fitted(card.footer, FOOTER)))]


def ready_pictures(card: Card) -> list[Picture]:
    """Those that could be fetched."""
    return [b for b in card.blocks if isinstance(b, Picture) and b.state is PictureState.READY and b.key]


def when(moment: datetime, now: datetime, *, countdown: bool = False) -> str:
    """A moment in UTC and how far off it is: `2 h 5 min left, until 2026-03-04 12:00 UTC`."""
    at = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    ahead = moment - now
    if countdown:
        return f"{ago(ahead)} left, until {at}" if ahead > timedelta(0) else f"time is up since {at}"
    return f"{at} (in {ago(ahead)})" if ahead > timedelta(0) else f"{at} ({ago(-ahead)} ago)"


def _heading(card: Card) -> Paragraph:
    title = joined((plain(DOTS[card.tone]), bold(words(_fitted(card.title, TITLE)))), " ")
    subtitle = _fitted(card.subtitle, SUBTITLE)
    ours = match[0] if (match := _ID.match(subtitle)) else ""  # a touch on our tag finds all about it in this chat
    named = joined((plain(ours), words(subtitle[len(ours) :])), "")
    badge = words(_fitted(card.badge, BADGE))
    return Paragraph(joined((title, joined((named, bold(badge) if badge else badge), " — ")), "\n"))


def _fields(block: Fields, now: datetime) -> Iterator[Paragraph]:
    for number, item in enumerate(block.fields):
        name = words(f"{_fitted(item.name, NAME)}:")
        yield Paragraph(joined((bold(name), _value(item, now)), " "), close=number > 0)


def _value(item: Field, now: datetime) -> Html:
    if item.when is None:
        return words(fit(item.value, VALUE)[0])
    moment = plain(when(item.when, now, countdown=item.countdown))
    return joined((words(fit(item.value, VALUE)[0]), moment), " ")


def _text(block: Text) -> Paragraph:
    title = words(_fitted(block.title, NAME) + ("" if block.quoted else ":")) if block.title else Html()
    head = joined((plain(MARKS[block.tone]), bold(title) if title else title), " ")
    return Paragraph(head, block.text, quoted=block.quoted, inline=not block.quoted)


def _picture(block: Picture, ready: Sequence[Picture], shown: Shown) -> Iterator[Paragraph]:
    title = _fitted(block.title, NAME)
    if block in ready and block.key not in shown.missing:
        at = next(number for number, picture in enumerate(ready) if picture is block)
        if shown.above:
            if at == 0:
                count = "The picture is" if len(ready) == 1 else f"{len(ready)} pictures are"
                yield Paragraph(plain(f"{PICTURE} {count} above."))
        elif at == shown.one:
            place = f"{at + 1} of {len(ready)}: " if len(ready) > 1 else ""
            yield Paragraph(joined((plain(f"{PICTURE} {place}"), words(title)), ""))
        return
    said = "being fetched" if block.state is PictureState.LOADING else "not shown"
    why = "it is not kept here any more" if block.state is PictureState.READY else _fitted(block.note, NAME)
    told = joined((bold(words(title)), words(f"— {said}{f': {why}' if why else ''}")), " ")
    source = words(_fitted(block.source, VALUE))
    yield Paragraph(joined((plain(PICTURE), told), " "))
    if source:
        yield Paragraph(source, close=True)


def _table(table: Table, cell: int) -> Iterator[Paragraph]:
    title = _fitted(table.title, 2 * NAME)
    if title:
        yield Paragraph(bold(words(title)))
    if not table.rows:
        yield Paragraph(sentence(fit(table.empty, VALUE)[0]), close=bool(title))
        return
    rows = [[_fitted(text, cell) for text in row] for row in (table.columns, *table.rows)]
    widths = [max(_columns(row[at]) for row in rows if at < len(row)) for at in range(len(table.columns))]
    if sum(widths) + 2 * len(widths) - 2 <= PRE_COLUMNS:
        lines = [_line(row, widths) for row in rows]
        for start in range(0, len(lines), PRE_ROWS):
            yield Paragraph(pre("\n".join(lines[start : start + PRE_ROWS])), close=bool(title) or start > 0)
        return
    if any(rows[0]):
        yield Paragraph(italic(" · ".join(name or "—" for name in rows[0])), close=bool(title))
    for row in rows[1:]:
        yield Paragraph(joined((plain("•"), _row(row)), " "), close=True)


def _row(row: Sequence[str]) -> Html:
    first, *rest = (words(text) if text else plain("—") for text in row)
    line = joined((bold(first), *rest), " · ")
    return line if line.entities <= ROW_ENTITIES else words(fit(" · ".join(row), VALUE)[0])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = zip(row, widths, strict=False)
    return "  ".join(text + " " * (width - _columns(text)) for text, width in cells).rstrip()


def _columns(text: str) -> int:
    """How wide it is drawn where every letter is as wide as the next."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def _fitted(text: str, limit: int) -> str:
    return fit(one_line(text), limit)[0]
