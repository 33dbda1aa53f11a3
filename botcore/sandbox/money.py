"""Money in the books: whole ten-thousandths of a dollar."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from .base import Refusal
from .world import Books

UNIT = Decimal("0.0001")
MOST = Decimal(1_000_000)
_CARD_SECONDS = (20, 90)  # how long it takes until what a card paid can be spent


def units(value: Any) -> int:
    """Dollars as they came in (a number, or text holding one) in units. Raises `ValueError`."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError("not an amount")  # noqa: TRY004 - one error for all that is wrong with an amount
    try:
        amount = Decimal(value)
        if not amount.is_finite() or abs(amount) > MOST or amount != amount.quantize(UNIT):
            raise ValueError("not an amount")
    except InvalidOperation:
        raise ValueError("not an amount") from None
    return int(amount / UNIT)


def dollars(amount: int, places: int = 2) -> str:
    """Units as text in dollars, with at least so many decimal places."""
    whole = f"{amount * UNIT:.4f}"
    keep = len(whole) - 4 + places
    return whole[:keep] + whole[keep:].rstrip("0")


def spend(books: Books, amount: int) -> None:
    """Takes money from the spendable balance. Raises `Refusal` where there is not enough."""
    paid = books.q(
        "UPDATE account SET spendable = spendable - :amount WHERE name = :name AND spendable >= "
        ":amount RETURNING name",
        amount=amount, name=books.account,
    )  # fmt: skip
    if not paid:
        raise Refusal("Your spendable balance is too low.")


def refund(books: Books, amount: int) -> None:
    """Gives money back to the spendable balance."""
    books.q(
        "UPDATE account SET spendable = spendable + :amount WHERE name = :name",
        amount=amount,
        name=books.account,
    )


def deposit(books: Books, amount: int) -> None:
    """Charges the buyer's card at once; the money can be spent a little later."""
    n = books.value("SELECT coalesce(max(n), 0) FROM ledger")
    books.note("deposit", amount=dollars(amount))
    seconds = books.chance("deposit", books.account, n).uniform(*_CARD_SECONDS)
    books.later(books.at + round(seconds * 1000), "deposit", str(n), amount=amount)


def arrive(books: Books, data: Mapping[str, Any]) -> None:
    """What was deposited can be spent."""
    refund(books, data["amount"])
    books.note("deposit arrived", "auto", amount=dollars(data["amount"]))
