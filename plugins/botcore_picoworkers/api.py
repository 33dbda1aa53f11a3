"""Picoworkers' endpoints: those that SproutGigs has too, and the wallet.

Source: Picoworkers' API documentation of 29 June 2022.
"""

from __future__ import annotations

from decimal import Decimal

from botcore_sproutgigs.api import CommonApi
from botcore_sproutgigs.calls import Said

LEAST_DEPOSIT = Decimal(10)
CENTS = Decimal("0.01")


class PicoworkersApi(CommonApi):
    """One account's endpoints."""

    async def deposit(self, amount: Decimal) -> Said:
        """Charges the account's credit card. `amount`: US dollars, whole cents; at least `LEAST_DEPOSIT`."""
        cents = amount / CENTS
        if amount < LEAST_DEPOSIT or cents != int(cents):
            raise ValueError("not an amount that can be deposited")
        return await self.change("wallet/deposit.php", {"amount": int(cents)})
