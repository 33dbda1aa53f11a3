"""What only Picoworkers has: money put into the account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botcore import Command, Kind, OperationKind, Param, Reply
from botcore.commands.asking import ACCOUNT_FIRST, BadInput, ask, find_account, look_at_balance, price_as_asked
from botcore.models import Role
from botcore.text import money

from .api import CENTS, LEAST_DEPOSIT

if TYPE_CHECKING:
    from botcore.dispatch import Context

HERE = "picoworkers"
ONE = "the account's name in the config; left out: the only one there is here"


async def _deposit(context: Context, values: Mapping[str, Any]) -> Reply:
    amount: Decimal = values["amount"]
    if amount < LEAST_DEPOSIT:
        raise BadInput(f"a deposit is {money(LEAST_DEPOSIT)} or more")
    if amount % CENTS:
        raise BadInput("a deposit is a whole number of cents")
    account = find_account(context, values, provider=HERE)
    return await ask(
        context,
        account,
        DEPOSIT,
        {"amount": str(amount)},
        f"Charge the credit card of {account.name} with {money(amount)}, for its balance at {account.provider.title}.",
        amount,
        adds=True,
        about="wallet",
    )


DEPOSIT = OperationKind(
    "deposit",
    Role.OWNER,
    lambda p, a: p.deposit(Decimal(a["amount"])),
    look=look_at_balance,
    price=price_as_asked,
)

OPERATIONS = (DEPOSIT,)
COMMANDS = (
    Command(
        "deposit",
        "put money into an account from its credit card",
        Role.OWNER,
        _deposit,
        (replace(ACCOUNT_FIRST, help=ONE), Param("amount", "dollars, 10 or more", Kind.MONEY, required=True)),
        provider=HERE,
    ),
)
