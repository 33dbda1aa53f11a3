"""Cards too long to show: lists by the page, and texts cut until somebody wants them whole."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from ..access import LOCAL
from ..review import NotPossible
from ..store.port import Reader, Tx
from ..text import cut
from ..ui import Block, Button, Card, Reply, Result, Table, Text, card_from_json, to_json

if TYPE_CHECKING:
    from ..dispatch import Context

ROWS = 20  # of a list on one page
TEXTS = 10  # of a card of texts on one page
MOST = 5_000  # rows that are kept of one list
LENGTH = 600  # characters of a text that may be shown whole
KEPT_MS = 60 * 60_000  # so long its pages can be turned
CACHE = "view:"


async def paged(context: Context, card: Card, *, result: Result = Result.DONE) -> Reply:
    """A card whose table may have any number of rows, and its texts any length (and number, where they are all there
    is), as one that can be shown.

    Its buttons turn the pages, also after a restart, for about an hour, and for this person alone. A terminal, where
    nothing can be pressed, gets all of it.
    """
    if context.actor.adapter == LOCAL or _page(card, "", 1, whole=False) == card:
        return Reply(card=card, result=result)
    token = secrets.token_hex(6)
    await context.house.store.tx(_keep, _key(context, token), to_json(_bounded(card)), context.now())
    return Reply(card=_page(_bounded(card), token, 1, whole=False), result=result)


async def press_page(context: Context, subject: str, revision: int) -> Reply:
    return await _turn(context, subject, revision, whole=False)


async def press_whole(context: Context, subject: str, revision: int) -> Reply:
    return await _turn(context, subject, revision, whole=True)


async def _turn(context: Context, token: str, number: int, *, whole: bool) -> Reply:
    text = await context.house.store.read(_kept, _key(context, token))
    if text is None:
        raise NotPossible("this list is from a while ago: ask for it again")
    return Reply(card=_page(card_from_json(text), token, number, whole=whole), replaces=True)


def _page(card: Card, token: str, number: int, *, whole: bool) -> Card:
    """One page of a card; the card itself where it has only one."""
    blocks: list[Block] = []
    buttons: list[Button] = []
    footer = card.footer
    was_cut = False
    listed = card.blocks
    if len(listed) > TEXTS and all(isinstance(block, Text) for block in listed):
        number, footer, buttons = _turned(token, number, len(listed), TEXTS, footer)
        listed = listed[(number - 1) * TEXTS : number * TEXTS]
    for block in listed:
        match block:
            case Table(rows=rows) if len(rows) > ROWS:
                number, footer, buttons = _turned(token, number, len(rows), ROWS, footer)
                blocks.append(replace(block, rows=rows[(number - 1) * ROWS : number * ROWS]))
            case Text() if not whole:
                text, shorter = cut(block.text, LENGTH)
                was_cut = was_cut or shorter
                blocks.append(replace(block, text=text))
            case _:
                blocks.append(block)
    if was_cut:
        buttons.append(Button(f"whole:{token}:{number}", "Show all"))
    return replace(card, blocks=tuple(blocks), buttons=(*card.buttons, *buttons), footer=footer)


def _turned(token: str, number: int, count: int, size: int, footer: str) -> tuple[int, str, list[Button]]:
    """The page that is meant, what is said of it, and where one can go from there."""
    pages = -(-count // size)
    number = min(max(number, 1), pages)
    said = f"page {number} of {pages}, {count} in all" + (f" · {footer}" if footer else "")
    back = [Button(f"page:{token}:{number - 1}", "Previous")] if number > 1 else []
    on = [Button(f"page:{token}:{number + 1}", "Next")] if number < pages else []
    return number, said, [*back, *on]


def _bounded(card: Card) -> Card:
    blocks = tuple(
        replace(block, rows=block.rows[:MOST]) if isinstance(block, Table) and len(block.rows) > MOST else block
        for block in card.blocks
    )
    left_out = "" if blocks == card.blocks else f"only the first {MOST} are shown"
    return replace(card, blocks=blocks, footer=" · ".join(part for part in (card.footer, left_out) if part))


def _key(context: Context, token: str) -> str:
    return f"{CACHE}{context.person.name}:{token}"


def _keep(tx: Tx, key: str, card: str, now: int) -> None:
    tx.q("DELETE FROM cache WHERE key GLOB :all AND at < :old", all=f"{CACHE}*", old=now - KEPT_MS)
    tx.q("INSERT OR REPLACE INTO cache (key, value, at) VALUES (:key, :card, :now)", key=key, card=card, now=now)


def _kept(reader: Reader, key: str) -> str | None:
    text: str | None = reader.value("SELECT value FROM cache WHERE key = :key", key=key)
    return text
