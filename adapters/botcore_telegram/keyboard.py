"""Buttons in rows, as they fit a phone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from botcore.text import clean, one_line
from botcore.ui import Button, Tone

from .native import TURN, Key, Keyboard

Style = Literal["", "success", "danger", "primary"]

ROW = 3  # buttons beside each other,
WIDE = 30  # and the characters on all of them
LABEL = 60
ROWS = 30  # Telegram takes 100 buttons on a message
DECIDING = frozenset({"approve", "revise", "reject", "confirm", "cancel", "confirm-all", "cancel-all"})
STYLES: Mapping[Tone, Style] = {Tone.SUCCESS: "success", Tone.DANGER: "danger"}


def card_keyboard(
    buttons: Sequence[Button], *, picture: int = 0, pictures: int = 0, more: Iterable[Key] = ()
) -> Keyboard:
    """A card's buttons: what decides together, then the rest. Above them, where there are several `pictures` of which
    one is shown, what turns to the others."""
    deciding = [_key(button) for button in buttons if button.id.partition(":")[0] in DECIDING]
    others = [_key(button) for button in buttons if button.id.partition(":")[0] not in DECIDING]
    turning = (_turning(picture, pictures),) if pictures > 1 else ()
    return (*turning, *in_rows(deciding), *in_rows([*others, *more]))[:ROWS]


def in_rows(keys: Sequence[Key]) -> Keyboard:
    """Keys in their order, as many beside each other as can be read."""
    rows: list[tuple[Key, ...]] = []
    row: list[Key] = []
    for key in keys:
        if row and (len(row) == ROW or sum(len(k.label) for k in row) + len(key.label) > WIDE):
            rows.append(tuple(row))
            row = []
        row.append(key)
    return (*rows, tuple(row)) if row else tuple(rows)


def label(text: str) -> str:
    """Words for a button: one line, and never none."""
    return clean(one_line(text), LABEL) or "…"


def _key(button: Button) -> Key:
    return Key(label(button.label), button.id, STYLES.get(button.tone, ""))


def _turning(at: int, count: int) -> tuple[Key, ...]:
    """Round and round: the first follows the last."""
    return (
        Key("◀", f"{TURN}{(at - 1) % count}"),
        Key(f"{at + 1}/{count}", f"{TURN}{at}"),
        Key("▶", f"{TURN}{(at + 1) % count}"),
    )
