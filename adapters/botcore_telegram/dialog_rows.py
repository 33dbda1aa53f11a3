"""The dialogs that are open, in the database. Functions of a transaction."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from botcore.store.codec import dump, load
from botcore.store.port import Reader, Row, Tx

from .acts import Said
from .forms import Dialog

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Open:
    """A dialog, whose it is, and the messages it is asked with. `last`: the act that brought it where it is."""

    number: int
    chat: int
    user: str
    name: str
    dialog: Dialog
    panel: int | None = None
    box: int | None = None
    last: str = ""

    @property
    def messages(self) -> tuple[int, ...]:
        return tuple(message for message in (self.panel, self.box) if message is not None)


def insert(tx: Tx, chat: int, user: str, name: str, dialog: Dialog, now: int) -> Open:
    number = tx.value(
        """INSERT INTO telegram_dialogs (chat, user, name, kind, about, dialog, is_over, updated_at)
           VALUES (:chat, :user, :name, :kind, :about, :dialog, :over, :now) RETURNING id""",
        chat=chat,
        user=user,
        name=name,
        kind=dialog.kind,
        about=dialog.id,
        dialog=dump(dialog),
        over=dialog.is_over,
        now=now,
    )
    return Open(number, chat, user, name, dialog)


def save(tx: Tx, found: Open, now: int) -> None:
    tx.q(
        """UPDATE telegram_dialogs SET dialog = :dialog, panel = :panel, box = :box, last = :last, is_over = :over,
               updated_at = :now WHERE id = :id""",
        id=found.number,
        dialog=dump(found.dialog),
        panel=found.panel,
        box=found.box,
        last=found.last,
        over=found.dialog.is_over,
        now=now,
    )


def asked(tx: Tx, number: int, message: int, box: bool) -> None:
    column = "box" if box else "panel"
    tx.q(f"UPDATE telegram_dialogs SET {column} = :message WHERE id = :id", id=number, message=message)  # noqa: S608


def delete(tx: Tx, number: int) -> None:
    tx.q("DELETE FROM telegram_dialogs WHERE id = :id", id=number)


def prune(tx: Tx, before: int) -> None:
    tx.q("DELETE FROM telegram_dialogs WHERE updated_at < :before", before=before)


def by_number(reader: Reader, number: int) -> Open | None:
    return next(_read(reader.q("SELECT * FROM telegram_dialogs WHERE id = :id", id=number)), None)


def about(reader: Reader, chat: int, user: str, kind: str, about: str) -> Open | None:
    """The newest that this person has there about one thing, also one that was handed in."""
    rows = reader.q(
        """SELECT * FROM telegram_dialogs WHERE chat = :chat AND user = :user AND kind = :kind AND about = :about
           ORDER BY id DESC LIMIT 1""",
        chat=chat,
        user=user,
        kind=kind,
        about=about,
    )
    return next(_read(rows), None)


def of(reader: Reader, chat: int, user: str) -> list[Open]:
    """Those of one person in a chat, the newest first."""
    rows = reader.q(
        "SELECT * FROM telegram_dialogs WHERE chat = :chat AND user = :user ORDER BY updated_at DESC, id DESC",
        chat=chat,
        user=user,
    )
    return list(_read(rows))


def answered_by(reader: Reader, act: Said) -> Open | None:
    """The dialog that a message answers: by what it replies to; in a private chat by being written at all.

    A reply to a question whose number a crash kept from being known is one where just one question can be meant.
    """
    mine = of(reader, act.place.chat, act.actor.user_id)
    if replayed := [found for found in mine if found.last == said(act)]:
        return replayed[0]
    waiting = [found for found in mine if not found.dialog.is_over]
    if act.reply_to is not None and (meant := [found for found in waiting if act.reply_to in found.messages]):
        return meant[0]
    if act.place.private and act.reply_to is None:
        return next((found for found in waiting if found.dialog.takes_words), None)
    written = [found for found in waiting if found.dialog.is_written]
    unknown = [found for found in written if found.box is None]
    return unknown[0] if act.reply_to is not None and len(unknown) == 1 else None


def said(act: Said) -> str:
    return f"message {act.message}"


def _read(rows: Iterable[Row]) -> Iterator[Open]:
    for row in rows:
        try:
            dialog = load(Dialog, row["dialog"])
        except ValidationError:  # from another version of the bot: it is asked again
            log.warning("a question cannot be read any more")
            continue
        place = (row["id"], row["chat"], row["user"], row["name"])
        yield Open(*place, dialog, row["panel"], row["box"], row["last"])
