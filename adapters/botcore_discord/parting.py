"""A card that must be shown whole, in as many parts as it takes messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from botcore.text import cut
from botcore.ui import Block, Card, Fields, Picture, PictureState, Table, Text

from .markdown import tidy
from .pieces import NAME, SOURCE, pieces

FULL = 2_400  # units of the blocks of one message: there is a title, a footer and more beside them
CHUNK = 700  # characters of a text, which drawing may make three times as long
FACTS = 3  # of one block
PICTURES = 10


def parts_of(card: Card) -> list[Card]:
    """The card itself where it fits; else cards that each do, the last of which has the buttons."""
    groups: list[list[Block]] = [[]]
    used = pictures = 0
    for block in _small(card.blocks):
        size = _size(block)
        ready = isinstance(block, Picture) and block.state is PictureState.READY
        if groups[-1] and (used + size > FULL or (ready and pictures == PICTURES)):
            groups.append([])
            used = pictures = 0
        groups[-1].append(block)
        used += size or (NAME if ready else NAME + NAME + SOURCE)
        pictures += ready
    if len(groups) == 1:
        return [card]
    last = len(groups)
    return [
        replace(
            card,
            subtitle=card.subtitle if number == 1 else "",
            badge=card.badge if number == 1 else f"{number} of {last}",
            blocks=tuple(blocks),
            buttons=card.buttons if number == last else (),
            footer=card.footer if number == last else "",
        )
        for number, blocks in enumerate(groups, 1)
    ]


def _small(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """Blocks in the same order, of which each fits into a message."""
    for block in blocks:
        match block:
            case Text() if _size(block) > FULL:
                for number, text in enumerate(_chunks(tidy(block.text))):
                    yield replace(block, title="" if number else block.title, text=text)
            case Table() if _size(block) > FULL:
                yield from _rows(block)
            case Fields() if _size(block) > FULL:
                for first in range(0, len(block.fields), FACTS):
                    yield Fields(block.fields[first : first + FACTS])
            case _:
                yield block


def _rows(table: Table) -> Iterator[Table]:
    groups: list[list[tuple[str, ...]]] = [[]]
    for row in table.rows:
        longer = replace(table, rows=(*groups[-1], row))
        if groups[-1] and _size(longer) > FULL:
            groups.append([])
        groups[-1].append(row)
    for number, rows in enumerate(groups):
        yield replace(table, title=table.title if number == 0 else "", rows=tuple(rows))


def _size(block: Block) -> int:
    return sum(piece.whole + 1 for piece in pieces([block], tall=True))


def _chunks(text: str) -> Iterator[str]:
    """A text in pieces, parted between words where there are any."""
    while len(text) > CHUNK:
        end = max(text.rfind(" ", 0, CHUNK), text.rfind("\n", 0, CHUNK))
        if end < CHUNK // 2:
            end = len(cut(text, CHUNK)[0]) - 1  # without the ellipsis: what is one sign stays one
        yield text[:end]
        text = text[end:].lstrip(" \n")
    yield text
