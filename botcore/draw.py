"""Cards on a terminal."""

from __future__ import annotations

import itertools
import shutil
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from .charts import plot
from .text import ago, clean, one_line
from .ui import Block, Card, Chart, Field, Fields, Form, Picture, Reply, Table, Text

NARROWEST = 12  # columns of a cell, however little room there is
BAR = 40  # columns of a chart's longest
SIGNS = "█▒░#"
ROOM = 120  # columns of a table where nobody says how wide the terminal is


def draw_reply(reply: Reply) -> str:
    """A reply as plain text."""
    parts = [clean(reply.text)] if reply.text else []
    if reply.card:
        parts.append(draw_card(reply.card))
    if reply.form:
        parts.append(_form(reply.form))
    return "\n\n".join(parts)


def draw_card(card: Card) -> str:
    """A card as plain text."""
    head = " — ".join(part for part in (one_line(card.title), one_line(card.subtitle)) if part)
    lines = [head + (f"  [{one_line(card.badge)}]" if card.badge else "")]
    lines += [text for block in card.blocks if (text := _block(block))]
    if card.footer:
        lines.append(one_line(card.footer))
    return "\n".join(lines)


def _block(block: Block) -> str:
    match block:
        case Fields():
            width = max((len(field.name) for field in block.fields), default=0)
            return "\n".join(f"  {field.name:<{width}}  {_value(field)}" for field in block.fields)
        case Text():
            title = f"{one_line(block.title)}: " if block.title else ""
            body = clean(block.text)
            return "\n".join(f"  {'> ' if block.quoted else ''}{line}" for line in f"{title}{body}".splitlines())
        case Picture():
            return f"  [picture] {one_line(block.title)}: {one_line(block.source)} {block.note}".rstrip()
        case Table():
            return _table(block)
        case Chart():
            return _chart(block)


def _value(field: Field) -> str:
    if field.when is None:
        return clean(field.value)
    ahead = field.when - datetime.now(UTC)
    spoken = f"in {ago(ahead)}" if ahead > timedelta(0) else f"{ago(-ahead)} ago"
    return f"{field.when:%Y-%m-%d %H:%M} UTC ({spoken})"


def _table(table: Table) -> str:
    title = f"  {one_line(table.title)}\n" if table.title else ""
    if not table.rows:
        return f"{title}  {table.empty}"
    cells = [[one_line(cell) for cell in row] for row in (table.columns, *table.rows)]
    widths = _widths([max(_columns(row[i]) for row in cells) for i in range(len(table.columns))])
    lines = [_row([_fit(cell, width) for cell, width in zip(row, widths, strict=False)], widths) for row in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return title + "\n".join(f"  {line}".rstrip() for line in lines)


def _chart(chart: Chart) -> str:
    """A line of text for each label, as long as its bar; each series is drawn with a sign of its own."""
    width = max(map(len, chart.labels), default=0)
    totals = plot(chart, 1, 1).totals
    sums = [sum(max(one.values[at], 0.0) for one in chart.series) for at in range(len(chart.labels))]
    longest = max(sums, default=0.0) or 1.0
    signed = list(zip(itertools.cycle(SIGNS), chart.series, strict=False))
    legend = "  ".join(f"{sign} {one_line(one.name)}" for sign, one in signed)
    lines = [f"  {one_line(chart.title)}" + (f": {legend}" if len(signed) > 1 else "")]
    for at, label in enumerate(chart.labels):
        bar = "".join(sign * round(BAR * max(one.values[at], 0.0) / longest) for sign, one in signed)
        lines.append(f"  {label:>{width}}  {bar}{' ' if bar else ''}{totals[at]}")
    return "\n".join(lines)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell + " " * (width - _columns(cell)) for cell, width in zip(cells, widths, strict=False))


def _widths(wanted: Sequence[int]) -> list[int]:
    """The widths of a table's columns: what they want, less what the widest must give until the terminal is enough."""
    widths = list(wanted)
    room = shutil.get_terminal_size((ROOM, 24)).columns - 2 * len(widths)
    while sum(widths) > room and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _fit(text: str, width: int) -> str:
    if _columns(text) <= width:
        return text
    kept = text[: width - 1]
    while _columns(kept) >= width:
        kept = kept[:-1]
    return kept + "…"


def _columns(text: str) -> int:
    """How wide a terminal draws it."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def _form(form: Form) -> str:
    asks = "\n".join(f"  {item.label}{': ' + item.error if item.error else ''}" for item in form.inputs)
    return f"{form.title}\n{asks}"
