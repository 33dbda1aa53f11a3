"""Cards on a terminal: as wide as it is, and no wider."""

from __future__ import annotations

import pytest

from botcore.draw import draw_card
from botcore.ui import Card, Table

LONG = "a text that goes on and on until nobody reads it any more, and then a little further"


@pytest.mark.parametrize("columns", [60, 100, 200])
def test_a_table_fits_the_terminal_and_shows_all_that_there_is_room_for(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    drawn = draw_card(Card("Commands", blocks=(Table(("Type", "To"), (("list add", LONG), ("世界" * 20, "short"))),)))
    lines = drawn.splitlines()[1:]
    wide = [sum(2 if c in "世界" else 1 for c in line) for line in lines]
    assert max(wide) <= columns
    assert (LONG in drawn) == (columns == 200)
    assert ("…" in drawn) == (columns < 200)
    assert "list add" in drawn


def test_a_terminal_that_is_too_narrow_for_anything_still_shows_the_beginnings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "5")
    drawn = draw_card(Card("x", blocks=(Table(("A", "B"), ((LONG, LONG),)),)))
    assert drawn.splitlines()[-1].split() == ["a", "text", "that…", "a", "text", "that…"]
