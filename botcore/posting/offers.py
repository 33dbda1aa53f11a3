"""What an account's catalogue offers a draft, as it was last read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ..catalogue import CATEGORIES, COUNTRIES, LISTS, TEAMS, ZONES, Shelf, stock
from ..draft import Offers
from ..store.port import Reader

T = TypeVar("T")


def offers_of(reader: Reader, account: str) -> Offers:
    """All that is kept of an account's catalogue; never a call to a marketplace."""

    def kept(shelf: Shelf[T]) -> Sequence[T] | None:
        found = stock(reader, account, shelf)
        return found.items if found else None

    return Offers(kept(ZONES), kept(CATEGORIES), kept(COUNTRIES), kept(LISTS), kept(TEAMS))
