"""Confirm and Cancel, and the wait for an operation's end."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ..accounts import Account
from ..delivery import announce
from ..kinds import OperationKind
from ..made import claim, look_again, token
from ..models import Role
from ..operations import REPRICED, Repriced, Stale, cancel, confirm, parse_operation, requote, waits_for
from ..pacing import Urgency
from ..posting.cards import card_of_operation
from ..posting.drafts import draft_of_operation
from ..review import NotPossible
from ..store.port import Row, Tx
from ..text import money, sentence
from ..ui import Reply, Result
from .balances import spendable
from .drafting import meant_draft, price_again
from .parse import BadInput

if TYPE_CHECKING:
    from ..dispatch import Context

WAIT = 10.0  # seconds a person waits for an operation's end before they are told that it is on its way


async def press_confirm(context: Context, subject: str, revision: int) -> Reply:
    """Confirms an operation and waits a little for its end. What it costs is asked again where that is long ago; where
    it takes two people, the second is asked."""
    row, kind = await _meant(context, subject)
    if kind is None:
        raise NotPossible(f"no plugin offers {row['kind']} any more")
    _check_role(context, kind)
    await check_first(context, row["first_by"], kind.role)
    alone = not await context.house.people.others(kind.role, context.person.name)
    try:
        goes = await _let_go_fresh(context, row, kind, partial(_let_go, context, row, revision, alone))
    except Repriced as error:
        card = await context.house.store.read(card_of_operation, row["id"])
        words = sentence(str(error))
        return Reply(words, card=card, result=Result.NEEDS_CONFIRMATION, operations=(row["id"],), replaces=True)
    if not goes:
        card = await context.house.store.read(card_of_operation, row["id"])
        words = f"Asked: this takes {kind.role.one} beside you, who confirms it."
        return Reply(words, card=card, result=Result.NEEDS_CONFIRMATION, replaces=True)
    return await see_out(context, row["id"])


async def check_first(context: Context, name: str, role: Role) -> None:
    """Who confirmed something first, and may not any more, does not count as one of two. "": nobody has."""
    if not await context.house.people.still(name, role):
        raise NotPossible(f"{name}, who confirmed this first, may not any more: ask for it again")


async def _let_go_fresh(context: Context, row: Row, kind: OperationKind, let_go: Callable[[Tx], bool]) -> bool:
    """Lets it go at the price of these minutes. Raises `Repriced` where that is another than was shown."""
    try:
        return await context.house.store.tx(let_go)
    except Stale:
        if not await _quote_again(context, row, kind):
            raise Repriced(REPRICED) from None
        return await context.house.store.tx(let_go)


def _let_go(context: Context, row: Row, seen: int, alone: bool, tx: Tx) -> bool:
    """Confirms it. A job that is posted has a card wherever its account is reviewed."""
    house, now = context.house, context.now()
    who = context.person.name, context.actor.adapter
    goes = confirm(tx, row["id"], *who, house.limits, now, seen=seen, alone=alone, channels=house.channels)
    draft = draft_of_operation(tx, row["id"])
    if goes and draft is not None:
        announce(tx, [c for c in house.channels if c.takes(row["account"])], f"draft:{draft}", now)
    return goes


async def _quote_again(context: Context, row: Row, kind: OperationKind) -> bool:
    """Whether it costs what it did. Raises `NotPossible` where that cannot be told."""
    number = await context.house.store.read(draft_of_operation, row["id"])
    if number is not None:
        return await price_again(context, await meant_draft(context, number), row["id"])
    account: Account | None = context.house.accounts.get(row["account"])
    price = kind.price
    if account is None or price is None:
        raise NotPossible("this was asked a while ago, and may cost something else by now: ask for it again")
    args = json.loads(row["args"])
    cost = await account.call(lambda p: price(p, args), Urgency.PERSON)
    if cost is None:
        raise NotPossible("what this costs cannot be told just now: ask for it again")
    facts = [(name, value) for name, value in json.loads(row["facts"]) if name != "Balance"]
    if (balance := await spendable(context, account)) is not None:
        facts.append(("Balance", f"{money(balance)} now"))
    return await context.house.store.tx(requote, row["id"], cost, facts, context.now(), estimate=bool(row["estimate"]))


async def press_cancel(context: Context, subject: str, revision: int) -> Reply:
    """Drops what nobody has confirmed, and what could not be sent yet: that takes somebody who could confirm it."""
    row, kind = await _meant(context, subject)
    if kind and row["state"] == "confirmed":
        _check_role(context, kind)
    await context.house.store.tx(cancel, row["id"], context.person.name, context.actor.adapter, context.now())
    return Reply("Cancelled; nothing was done.")


async def press_claim(context: Context, subject: str, revision: int) -> Reply:
    """Which of the jobs that were found an operation in doubt has made."""
    row, kind = await _meant(context, subject)
    job_id = next((job for job, _, _ in json.loads(row["likely"]) if token(job) == revision), None)
    if kind is None or job_id is None:
        raise NotPossible("this is settled already")
    _check_role(context, kind)
    words = f"{context.person.name} says it is this one"
    if not await context.house.store.tx(claim, row["id"], job_id, words, kind, context.now()):
        raise NotPossible("this is settled already")
    card = await context.house.store.read(card_of_operation, row["id"])
    return Reply(card=card, operations=(row["id"],), replaces=True)


async def press_look(context: Context, subject: str, revision: int) -> Reply:
    """Look again, whether what is in doubt has happened."""
    row, kind = await _meant(context, subject)
    if kind is None:
        raise NotPossible("this is settled already")
    _check_role(context, kind)
    if not await context.house.store.tx(look_again, row["id"]):
        raise NotPossible("this is settled already")
    return await see_out(context, row["id"])


async def see_out(context: Context, number: int) -> Reply:
    """The card of a confirmed operation once it has ended and been looked at, or a little later."""
    store = context.house.store
    until = context.now() + WAIT * 1000
    while context.now() < until and await store.read(waits_for, number, context.house.kinds):
        await context.house.clock.sleep(0.05)
    state = await store.read(lambda r: r.value("SELECT state FROM operations WHERE id = :id", id=number))
    result = {"refused": Result.REFUSED, "cancelled": Result.REFUSED, "in doubt": Result.IN_DOUBT}.get(
        state, Result.DONE
    )
    card = await store.read(card_of_operation, number)
    return Reply(card=card, result=result, operations=(number,), replaces=True)


async def _meant(context: Context, subject: str) -> tuple[Row, OperationKind | None]:
    """The operation that a button names, and its kind, where a plugin still offers it. Raises `BadInput`."""
    number = parse_operation(subject)
    if number is None:
        raise BadInput("this button cannot be read: look at the newest card")
    row = await context.house.store.read(lambda r: r.one("SELECT * FROM operations WHERE id = :id", id=number))
    if row is None:
        raise NotPossible("there is no such operation")
    return row, context.house.kinds.get(row["kind"])


def _check_role(context: Context, kind: OperationKind) -> None:
    if not context.may(kind.role):
        raise NotPossible(f"this needs {kind.role.one}")
