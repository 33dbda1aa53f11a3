"""What a plugin's own commands are made of, beside `botcore` itself: which account, an operation, a long list.

What spends or cannot be undone is an operation: `ask` shows what it would do and cost, and it leaves only once somebody
who may has confirmed it. Its kind is registered by the hook `register_operations`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from ..accounts import Account
from ..cards import operation_card
from ..catalogue import TEAMS, ask_for
from ..core_kinds import look_at_balance, look_at_job, price_as_asked, standing
from ..kinds import Found, OperationKind
from ..models import Job
from ..operations import Proposal, confirm, doubts_about, quote
from ..review import NotPossible
from ..store.port import Tx
from ..text import money, one_line
from ..ui import Reply, Result
from .balances import spendable
from .completing import complete_category, complete_country, complete_list, complete_team, complete_zone, words_match
from .confirming import see_out
from .finding import (
    ACCOUNT,
    ACCOUNT_FIRST,
    JOB,
    chosen_accounts,
    find_account,
    find_job,
    leading_account,
    meant_workers,
)
from .paging import paged
from .parse import BadInput

if TYPE_CHECKING:
    from ..dispatch import Context

__all__ = [
    "ACCOUNT",
    "ACCOUNT_FIRST",
    "JOB",
    "TEAMS",
    "Account",
    "BadInput",
    "Found",
    "NotPossible",
    "OperationKind",
    "ask",
    "ask_for",
    "at_once",
    "chosen_accounts",
    "complete_category",
    "complete_country",
    "complete_list",
    "complete_team",
    "complete_zone",
    "find_account",
    "find_job",
    "job_facts",
    "leading_account",
    "look_at_balance",
    "look_at_job",
    "meant_workers",
    "paged",
    "price_as_asked",
    "standing",
    "words_match",
]


async def ask(
    context: Context,
    account: Account,
    kind: OperationKind,
    args: Mapping[str, str],
    summary: str,
    cost: Decimal | None = Decimal(0),
    *,
    estimate: bool = False,
    adds: bool = False,
    about: str = "",
    facts: Sequence[tuple[str, str]] = (),
) -> Reply:
    """Quotes an operation: its card says what it does (`summary`, a sentence) and costs, with Confirm and Cancel.

    `cost` in US dollars; None where it cannot be told, which a day's limit forbids. An `estimate` is said to be one.
    `adds`: it is paid from elsewhere, and added to the balance.
    `about` names what it changes (`job:J1`): two operations about one thing never overlap. Raises `NotPossible`.
    """
    shown = list(facts)
    if cost is None:
        if context.house.limits.daily_spend is not None:
            raise NotPossible("what this costs cannot be told, and daily_spend is set: do it on the website")
        shown.append(("Cost", "cannot be told"))
    elif cost and (balance := await spendable(context, account)) is not None:
        then = balance + cost if adds else balance - cost
        shown.append(("Balance", f"{money(balance)}, then {'about ' if estimate else ''}{money(then)}"))
    for name, doubtful in await context.house.store.read(doubts_about, account.name, about):
        shown.append((f"{name} is in doubt", doubtful))
    proposal = _draft(context, account, kind, args, summary, cost or Decimal(0), estimate, about, shown)
    number = await context.house.store.tx(quote, proposal, context.now())
    card = await context.house.store.read(operation_card, number)
    return Reply(card=card, result=Result.NEEDS_CONFIRMATION, operations=(number,))


async def at_once(
    context: Context,
    account: Account,
    kind: OperationKind,
    args: Mapping[str, str],
    summary: str,
    *,
    about: str = "",
    facts: Sequence[tuple[str, str]] = (),
) -> Reply:
    """An operation that costs nothing and can be taken back: not asked about, but as durable; returns its end.

    Raises `NotPossible`.
    """

    def let_go(tx: Tx, proposal: Proposal, now: int) -> int:
        number = quote(tx, proposal, now)
        confirm(tx, number, proposal.person, proposal.via, context.house.limits, now)
        return number

    if not context.may(kind.role):
        raise NotPossible(f"this needs {kind.role.one}")
    proposal = _draft(context, account, kind, args, summary, Decimal(0), False, about, facts)
    return await see_out(context, await context.house.store.tx(let_go, proposal, context.now()))


def job_facts(job: Job) -> tuple[tuple[str, str], ...]:
    """What a card about a change of a job says of the job."""
    return ("Job", f"{one_line(job.title)} ({job.id})"), ("Now", standing(job))


def _draft(
    context: Context,
    account: Account,
    kind: OperationKind,
    args: Mapping[str, str],
    summary: str,
    cost: Decimal,
    estimate: bool,
    about: str,
    facts: Sequence[tuple[str, str]],
) -> Proposal:
    return Proposal(
        kind=kind,
        account=account.name,
        args=args,
        summary=summary,
        person=context.person.name,
        via=context.actor.adapter,
        cost=cost,
        estimate=estimate,
        about=about,
        facts=tuple(facts),
    )
