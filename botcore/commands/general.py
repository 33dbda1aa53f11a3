"""help, whoami, status, balance, plugins."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..accounts import Account, keep_balance
from ..dispatch import stranger
from ..models import Role
from ..provider import Capability, ProviderError
from ..text import money
from ..ui import Card, Reply, Result, Table, Text, Tone
from .finding import ACCOUNT_FIRST, chosen_accounts
from .parse import BadInput, shown, usage
from .registry import Command, Kind, Param

if TYPE_CHECKING:
    from ..dispatch import Context


async def _help(context: Context, values: Mapping[str, Any]) -> Reply:
    mine = context.house.offers(context.person.role)
    name = values.get("command", "").lower()
    if not name:
        rows = tuple((usage(c), c.help) for c in mine)
        return Reply(card=Card("Commands", blocks=(Table(("Type", "To"), rows),), footer="help COMMAND tells more"))
    found = [c for c in mine if c.name == name or c.name.startswith(name + " ")]
    if not found and any(c.name == name and context.may(c.role) for c in context.house.commands):
        raise BadInput(f"no configured account can do what `{shown(name)}` does")
    if not found:
        raise BadInput(f"there is no command {shown(name)}; see `help`")
    blocks = tuple(
        Table(
            ("Parameter", "What it is"),
            tuple((p.name, p.help + (f" ({', '.join(p.choices)})" if p.choices else "")) for p in c.params),
            title=f"{usage(c)} — {c.help}",
            empty="It takes no parameters.",
        )
        for c in found
    )
    return Reply(card=Card(name.capitalize(), blocks=blocks))


async def _whoami(context: Context, values: Mapping[str, Any]) -> Reply:
    person = await context.house.people.of(context.actor)
    if person is None:
        return Reply(f"You have no role here: {stranger(context.actor)}.", result=Result.REFUSED)
    return Reply(
        f"You are {person.name}, {person.role}. Your id here is {context.actor.user_id} ({context.actor.adapter})."
    )


async def _status(context: Context, values: Mapping[str, Any]) -> Reply:
    return await context.house.status()


async def _plugins(context: Context, values: Mapping[str, Any]) -> Reply:
    return context.house.plugins()


async def _balance(context: Context, values: Mapping[str, Any]) -> Reply:
    accounts = chosen_accounts(context, values, Capability.BALANCE)
    answers = await asyncio.gather(*(_ask_balance(context, account) for account in accounts))
    rows = tuple(row for row, _ in answers)
    failed = [account.name for account, (_, ok) in zip(accounts, answers, strict=True) if not ok]
    card = Card("Balance", blocks=(Table(("Account", "Spendable", "Other"), rows),))
    all_failed = bool(failed) and len(failed) == len(accounts)
    return Reply(card=card, result=Result.REFUSED if all_failed else Result.DONE)


async def _ask_balance(context: Context, account: Account) -> tuple[tuple[str, str, str], bool]:
    try:
        balance = await account.ask(lambda p: p.balance())
    except ProviderError as error:
        return (account.name, "—", str(error)), False
    await context.house.store.tx(keep_balance, account.name, balance, context.now())
    extra = ", ".join(f"{name} {money(amount)}" for name, amount in balance.extra)
    return (account.name, money(balance.spendable), extra), True


def problem_block(problem: str) -> Text:
    return Text(problem, tone=Tone.WARNING)


COMMANDS = (
    Command("help", "what can be typed here", Role.VIEWER, _help, (Param("command", "a command", Kind.TEXT),)),
    Command("whoami", "who you are to the bot", Role.VIEWER, _whoami, open_to_strangers=True, aliases=("start",)),
    Command("status", "how everything is doing", Role.VIEWER, _status),
    Command("balance", "what an account can spend", Role.VIEWER, _balance, (ACCOUNT_FIRST,), Capability.BALANCE),
    Command("plugins", "the plugins and how they are doing", Role.MANAGER, _plugins),
)
