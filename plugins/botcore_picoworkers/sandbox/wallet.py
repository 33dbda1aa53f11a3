"""Money from the buyer's credit card."""

from __future__ import annotations

from typing import Any

from botcore.sandbox import money
from botcore.sandbox.base import Call, Refusal
from botcore.sandbox.checks import Fields
from botcore.sandbox.world import Books

_LEAST, _MOST = 1_000, 1_000_000  # cents
_CENT = money.units("0.01")


def deposit(books: Books, call: Call) -> Any:
    cents = Fields(call.body()).integer("amount", _LEAST, _MOST)
    if books.quirk("deposits") == "off":
        raise Refusal("Deposits through the API are not enabled in your settings.")
    money.deposit(books, cents * _CENT)
    return {"ok": True, "message": "The deposit is on its way to your balance."}
