"""Cards as the title and text of a notice: plain, as Markdown, or as HTML, whichever a service reads. Pure.

Whatever is in a card may be a stranger's: it makes no link, mentions nobody, and is no markup.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from botcore.text import ago, clean, cut, left, one_line
from botcore.ui import Block, Card, Chart, Field, Fields, Picture, Table, Text

TITLE_LENGTH = 200
BODY_LENGTH = 4_000
ROWS = 30  # of a table
JOINER = "\u2060"  # invisible, and no part of an address or a name

# what services make a mention or a link of by themselves
_ACTIVE = re.compile(r"@(?=\S)|(?<=:)//|(?<=\w)\.(?=[^\W\d_]{2})|(?<=])\(")
_MARKS = re.compile(  # what Markdown reads, wherever it stands or at the beginning of a line
    r"[\\`*\[\]]|(?<!\w)_|_(?!\w)|~(?=~)|\|(?=\|)|^\s*(?:#(?=#*\s)|[-+](?=\s)|\d+[.)](?=\s)|-{3,}|={3,})"
)
_TAGS = str.maketrans("<>", "‹›")


class Format(StrEnum):
    """Named as Apprise names them."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Notice:
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Style:
    """What a service reads. `title`, `body`: the longest that it takes; a `title` of 0 stands in the text."""

    format: Format = Format.TEXT
    title: int = TITLE_LENGTH
    body: int = BODY_LENGTH


def notice_of(card: Card, style: Style, now: datetime, page: str = "") -> Notice:
    """`page`: the address of the bot's page, for what a card's buttons are for; "" where there is none."""
    head = " — ".join(part for part in (one_line(card.title), one_line(card.subtitle)) if part) or "…"
    head += f" [{one_line(card.badge)}]" if card.badge else ""
    title = cut(head, min(style.title if style.title > 0 else style.body // 3, TITLE_LENGTH))[0]
    escape, end, link = _ESCAPES[style.format], _ENDS[style.format], _link(page, style) if card.buttons else ""
    body = cut("\n".join(_lines(card, now)), max(_room(style) - len(link) - len(title), 1))[0]
    lines = [escape(line) for line in body.splitlines()]
    if style.title <= 0:
        lines.insert(0, _bold(escape(title), style.format))
    lines += [link] if link else []
    text = end.join(lines) or escape(title)
    return Notice(_ESCAPES[Format.TEXT](title) if style.title > 0 else "", text)


def inert(text: str) -> str:
    """A text that makes no link and mentions nobody, wherever it is shown; it looks as it did."""
    return _ACTIVE.sub(lambda found: f"{found[0]}{JOINER}" if found[0] in "@." else f"{JOINER}{found[0]}", clean(text))


def _plain(text: str) -> str:
    return inert(text).translate(_TAGS)


def _markdown(text: str) -> str:
    return _MARKS.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", _plain(text))


def _html(text: str) -> str:
    return html.escape(inert(text))


_ESCAPES: dict[Format, Callable[[str], str]] = {
    Format.TEXT: _plain,
    Format.MARKDOWN: _markdown,
    Format.HTML: _html,
}
_ENDS = {Format.TEXT: "\n", Format.MARKDOWN: "  \n", Format.HTML: "<br/>\n"}


def _bold(title: str, style: Format) -> str:
    match style:
        case Format.MARKDOWN:
            return f"**{title}**"
        case Format.HTML:
            return f"<b>{title}</b>"
    return title


def _link(page: str, style: Style) -> str:
    if not page:
        return ""
    return f'<a href="{html.escape(page)}">Open the page</a>' if style.format is Format.HTML else f"Open: {page}"


def _room(style: Style) -> int:
    """Characters before they are escaped, which takes its own."""
    return min(style.body, BODY_LENGTH) * (9 if style.format is Format.TEXT else 6) // 10


def _lines(card: Card, now: datetime) -> Iterator[str]:
    for block in card.blocks:
        yield from _block(block, now)
    if card.footer:
        yield one_line(card.footer)


def _block(block: Block, now: datetime) -> Iterator[str]:
    match block:
        case Fields():
            yield from (f"{one_line(field.name)}: {_value(field, now)}" for field in block.fields)
        case Text():
            title = f"{one_line(block.title)}: " if block.title else ""
            yield from f"{title}{clean(block.text)}".splitlines()
        case Table():
            yield from _table(block)
        case Picture() | Chart():
            return  # a file beside the text, where a service takes files


def _value(field: Field, now: datetime) -> str:
    if field.when is None:
        return one_line(field.value)
    ahead = field.when - now
    if field.countdown:
        spoken = left(ahead) if ahead <= timedelta(0) else f"{left(ahead)} left"
    else:
        spoken = f"in {ago(ahead)}" if ahead > timedelta(0) else f"{ago(-ahead)} ago"
    return f"{field.when.astimezone(UTC):%Y-%m-%d %H:%M} UTC ({spoken})"


def _table(table: Table) -> Iterator[str]:
    if table.title:
        yield one_line(table.title)
    if not table.rows:
        yield one_line(table.empty)
        return
    yield " · ".join(map(one_line, table.columns))
    for row in table.rows[:ROWS]:
        yield " · ".join(map(one_line, row))
    if len(table.rows) > ROWS:
        yield f"and {len(table.rows) - ROWS} more"
