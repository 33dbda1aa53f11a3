"""What an account can spend, for those who are about to spend it."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING

from ..accounts import Account, keep_balance, known_balance
from ..models import Balance
from ..pacing import Urgency
from ..provider import Capability, ProviderError

if TYPE_CHECKING:
    from ..dispatch import Context

FRESH_MS = 60_000  # a balance read so lately needs no new look
WAIT = 3.0  # seconds a quote waits for it


async def spendable(context: Context, account: Account) -> Decimal | None:
    """What the account can spend, in US dollars, where that is known or quickly told."""
    store = context.house.store
    known = await store.read(known_balance, account.name, context.now() - FRESH_MS)
    if known is not None or Capability.BALANCE not in account.provider.capabilities:
        return known
    try:
        async with asyncio.timeout(WAIT):
            balance: Balance = await account.call(lambda p: p.balance(), Urgency.PERSON)
    except (ProviderError, TimeoutError):
        return None
    await store.tx(keep_balance, account.name, balance, context.now())
    return balance.spendable
