"""A card's blocks as pieces of text that know how long they are, and can be made shorter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from botcore.text import one_line
from botcore.ui import Block, Field, Fields, Picture, PictureState, Table, Text, Tone

from .markdown import fewer_lines, fitted, line, moment, quotation, sentences, tidy, units

LINE = 58  # visible characters of neighbouring facts that stand on one line
NAME, VALUE, ROW = 120, 600, 1_200  # units, drawn, of a title, of a fact, and of the cells of a row together
SOURCE = 200  # of a picture's address
LEAST = 200  # that a text should have, however little room there is
TIME = 13  # visible characters of a moment, about
MARKS = {Tone.SUCCESS: "✅ ", Tone.WARNING: "⚠️ ", Tone.DANGER: "⛔ ", Tone.INFO: "", Tone.NEUTRAL: ""}


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to draw. `draw` makes it at most so many units long and says whether it left anything out;
    `whole` is what it takes without that, `least` what it should have."""

    draw: Callable[[int], tuple[str, bool]]
    whole: int
    least: int


def pieces(blocks: Iterable[Block], *, tall: bool = False) -> Iterator[Piece]:
    """The texts of these blocks, of which pictures have none. `tall`: with as many lines as there are."""
    for block in blocks:
        match block:
            case Fields(fields=fields):
                yield _listed([], facts(fields))
            case Text():
                yield _paragraph(block, tall=tall)
            case Table():
                yield _table(block)


def facts(fields: Sequence[Field]) -> list[str]:
    """Named values, several on a line where they are short."""
    lines: list[str] = []
    width = LINE
    for field in fields:
        seen, drawn = _fact(field)
        if width + 3 + seen > LINE:
            lines.append(drawn)
            width = seen
        else:
            lines[-1] += f" · {drawn}"
            width += 3 + seen
    return lines


def picture_notes(pictures: Sequence[Picture], shown: Sequence[Picture]) -> Piece:
    """What the pictures are called, and what became of those that are not `shown`."""
    lines = []
    titles = [one_line(picture.title) for picture in shown]
    if any(title and title != "Screenshot" for title in titles):
        named = [line(title or "Screenshot", NAME) for title in titles]
        numbered = [f"{number}. {title}" for number, title in enumerate(named, 1)]
        lines.append(f"-# {' · '.join(numbered if len(named) > 1 else named)}")
    lines += [f"-# {_absent(picture)}" for picture in pictures if picture not in shown]
    return _listed([], lines)


def divide(parts: Sequence[Piece], room: int) -> list[int]:
    """How many units each of them gets of `room`: the short ones what they need, the long ones equal shares."""
    shares = [0] * len(parts)
    left = max(room, 0)
    order = sorted(range(len(parts)), key=lambda number: parts[number].whole)
    for done, number in enumerate(order):
        part = parts[number]
        equal = left // (len(order) - done)
        shares[number] = min(part.whole, left, max(equal, part.least))
        left -= shares[number]
    return shares


def _fact(field: Field) -> tuple[int, str]:
    """How many characters of a fact are seen, about, and the fact."""
    value = line(field.value, VALUE)
    seen = len(one_line(field.name)) + 1 + len(one_line(field.value))
    if field.when is not None:
        value = f"{value} {moment(field.when)}".strip()
        seen += TIME
    return seen, f"**{line(field.name, NAME)}** {value or '—'}"


def _paragraph(block: Text, *, tall: bool) -> Piece:
    title = f"**{line(block.title, NAME)}**" if block.title else ""
    head = MARKS[block.tone] + title
    text = tidy(block.text)
    text, shorter = (text, False) if tall else fewer_lines(text)

    def draw(part: str) -> str:
        if block.quoted:
            return "\n".join(one for one in (head.strip(), quotation(part)) if one)
        return f"{head}{' ' if title else ''}{sentences(part)}"

    def to(limit: int) -> tuple[str, bool]:
        drawn, was_cut = fitted(text, limit, draw)
        return drawn, was_cut or shorter

    whole = units(draw(text))
    return Piece(to, whole, min(whole, LEAST))


def _table(table: Table) -> Piece:
    head = [f"**{line(table.title, VALUE // 2)}**"] if table.title else []
    return _listed(head, [_row(table.columns, row) for row in table.rows] or [sentences(table.empty)])


def _row(columns: Sequence[str], cells: Sequence[str]) -> str:
    """A row as it reads on a phone: what it is about, and below it the other cells with their columns' names."""
    limit = ROW // max(len(columns), 1)
    name = f"**{line(cells[0], limit) or '—'}**" if cells else ""
    if len(columns) == 2:
        return f"{name} · {line(cells[1], limit)}" if len(cells) > 1 and cells[1] else name
    named = [
        f"{line(column, NAME)} {line(cell, limit)}".strip()
        for column, cell in zip(columns[1:], cells[1:], strict=False)
        if cell and cell != "—"
    ]
    return f"{name}\n-# {' · '.join(named)}" if named else name


def _listed(head: Sequence[str], rows: Sequence[str]) -> Piece:
    whole = units("\n".join([*head, *rows]))
    return Piece(partial(_some, head, rows), whole, min(whole, 2 * LEAST))


def _some(head: Sequence[str], rows: Sequence[str], limit: int) -> tuple[str, bool]:
    """As many rows as fit, and how many more there are."""
    drawn = "\n".join([*head, *rows])
    if units(drawn) <= limit:
        return drawn, False
    kept: list[str] = []
    length = sum(units(one) + 1 for one in head)
    for done, row in enumerate(rows, 1):
        left_out = f"-# … and {len(rows) - done} more"
        length += units(row) + 1
        if length + units(left_out) > limit:
            break
        kept = [*head, *rows[:done], left_out]
    return "\n".join(kept), True


def _absent(picture: Picture) -> str:
    title = line(picture.title, NAME) or "Screenshot"
    note = line(picture.note, NAME)
    match picture.state:
        case PictureState.LOADING:
            return f"{title}: loading…" + (f" ({note})" if note else "")
        case PictureState.REFUSED:
            source = line(picture.source, SOURCE)
            return f"{title}: not shown, {note or 'refused'}" + (f" · {source}" if source else "")
    return f"{title}: not shown here"
