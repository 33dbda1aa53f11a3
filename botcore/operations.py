"""Every call but a rating that spends money or cannot be undone: quoted, confirmed by a person, sent once, settled."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .accounts import Accounts
from .clock import Clock
from .delivery import announce, touch
from .models import Channel, Role
from .pacing import Urgency
from .provider import AuthFailed, OutcomeUnknown, Provider, ProviderError, RateLimited, Refused, Unavailable
from .review import NotPossible, note_act
from .spending import Limits, release, reserve
from .store.port import Later, Reader, Row, Store, Tx, Work, being_cancelled

log = logging.getLogger(__name__)

TRIES = 5  # sends of a harmless-to-repeat operation whose answers were lost, then a person is asked
AUTH_PAUSE = 60.0
_NAME = re.compile("op-([1-9][0-9]{0,14})")

Args = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of operation. `repeatable`: doing it twice is the same as once, so a lost answer is no doubt.
    `done` writes down, in the transaction that ends it, what it changed."""

    name: str
    role: Role
    send: Callable[[Provider, Args], Awaitable[str]]
    repeatable: bool = False
    done: Callable[[Tx, str, Args], None] | None = None


def _workers(args: Args) -> list[str]:
    return args["workers"].split(",")


def _mark_blocked(blocked: bool) -> Callable[[Tx, str, Args], None]:
    def mark(tx: Tx, account: str, args: Args) -> None:
        for worker in _workers(args):
            tx.q(
                """INSERT INTO worker_records (account, worker_id, blocked) VALUES (:account, :worker, :blocked)
                   ON CONFLICT (account, worker_id) DO UPDATE SET blocked = excluded.blocked""",
                account=account,
                worker=worker,
                blocked=blocked,
            )

    return mark


BLOCK = Kind("block", Role.MANAGER, lambda p, a: p.block(_workers(a)), True, _mark_blocked(True))
UNBLOCK = Kind("unblock", Role.MANAGER, lambda p, a: p.unblock(_workers(a)), True, _mark_blocked(False))
ADD_TO_LIST = Kind("add to list", Role.REVIEWER, lambda p, a: p.add_to_list(a["list"], _workers(a)), True)

KINDS = {kind.name: kind for kind in (BLOCK, UNBLOCK, ADD_TO_LIST)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An operation before anybody confirmed it. `cost` in US dollars."""

    kind: Kind
    account: str
    args: Args
    summary: str
    person: str
    via: str
    cost: Decimal = Decimal(0)


def operation_name(number: int) -> str:
    """How buttons name an operation: like nothing that a submission is called."""
    return f"op-{number}"


def parse_operation(name: str) -> int | None:
    """The number that `operation_name` made into this; None where it did not."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None


def quote(tx: Tx, draft: Draft, now: int) -> int:
    """Writes an operation down, to be confirmed; returns its number."""
    row = tx.one(
        """INSERT INTO operations (kind, account, args, summary, cost, person, via, state, created_at)
           VALUES (:kind, :account, :args, :summary, :cost, :person, :via, 'quoted', :now) RETURNING id""",
        kind=draft.kind.name,
        account=draft.account,
        args=json.dumps(dict(draft.args)),
        summary=draft.summary,
        cost=str(draft.cost),
        person=draft.person,
        via=draft.via,
        now=now,
    )
    return int(row["id"]) if row else 0


def confirm(tx: Tx, operation: int, person: str, via: str, limits: Limits, now: int) -> None:
    """Lets an operation go, once. Raises `NotPossible`, `OverLimit`."""
    row = tx.one(
        """UPDATE operations SET state = 'confirmed', confirmed_by = :person, confirmed_at = :now
           WHERE id = :id AND state = 'quoted' RETURNING cost, summary""",
        id=operation,
        person=person,
        now=now,
    )
    if row is None:
        raise NotPossible(_why_not(tx, operation))
    reserve(tx, limits, f"operation:{operation}", Decimal(row["cost"]), now)
    note_act(tx, now, person, via, "confirm", f"operation:{operation}", row["summary"])
    _enqueue(tx, operation)


def cancel(tx: Tx, operation: int, person: str, via: str, now: int) -> None:
    """Drops an operation that nobody confirmed. Raises `NotPossible`."""
    if not tx.q(
        "UPDATE operations SET state = 'cancelled', settled_at = :now WHERE id = :id AND state = 'quoted' RETURNING id",
        id=operation,
        now=now,
    ):
        raise NotPossible(_why_not(tx, operation))
    note_act(tx, now, person, via, "cancel", f"operation:{operation}")


def answer_doubt(tx: Tx, operation: int, answer: str, person: str, via: str, now: int) -> None:
    """What a person says of an operation in doubt: `went`, `again` or `leave`. Raises `NotPossible`."""
    state, message = {
        "went": ("done", f"{person} says it went through"),
        "again": ("confirmed", ""),
        "leave": ("refused", f"left as it is by {person}"),
    }[answer]
    row = tx.one(
        """UPDATE operations SET state = :state, message = :message, tries = 0, settled_at = :now
           WHERE id = :id AND state = 'in doubt' RETURNING *""",
        id=operation,
        state=state,
        message=message,
        now=now,
    )
    if row is None:
        raise NotPossible(_why_not(tx, operation))
    note_act(tx, now, person, via, answer, f"operation:{operation}")
    if answer == "again":
        _enqueue(tx, operation)
    elif answer == "went":
        _note_done(tx, row)
    touch(tx, f"operation:{operation}")  # left as it is, what it may have cost goes on counting


def announce_doubts(tx: Tx, channels: Sequence[Channel], now: int) -> None:
    """A card for each operation in doubt, where its account is reviewed: a person must say what happened."""
    for row in tx.q("SELECT id, account FROM operations WHERE state = 'in doubt'"):
        announce(tx, [c for c in channels if c.takes(row["account"])], f"operation:{row['id']}", now)


def recover(tx: Tx) -> None:
    """After a crash: what was being sent may have happened."""
    for row in tx.q("SELECT id FROM operations WHERE state = 'sending'"):
        _find_unfinished(tx, row["id"])
    for row in tx.q("SELECT id FROM operations WHERE state = 'confirmed'"):
        _enqueue(tx, row["id"])


def all_in_doubt(tx: Tx) -> int:
    """After a restore: whatever was confirmed may have been done since, and what was quoted may have been confirmed.
    What is harmless to repeat is repeated. Returns how many are in doubt."""
    tx.q("UPDATE operations SET state = 'cancelled' WHERE state = 'quoted'")
    repeatable = json.dumps([kind.name for kind in KINDS.values() if kind.repeatable])
    return len(
        tx.q(
            """UPDATE operations SET state = 'in doubt' WHERE state IN ('confirmed', 'sending')
               AND kind NOT IN (SELECT value FROM json_each(:repeatable)) RETURNING id""",
            repeatable=repeatable,
        )
    )


def unfinished(reader: Reader, numbers: Sequence[int]) -> Sequence[Row]:
    """Those of these operations that are still on their way."""
    marks = ",".join(str(int(number)) for number in numbers) or "0"
    return reader.q(f"SELECT * FROM operations WHERE id IN ({marks}) AND state IN ('confirmed', 'sending')")  # noqa: S608


class OperationDesk:
    """Handles the work `operate`."""

    def __init__(self, store: Store, clock: Clock, accounts: Accounts, channels: Sequence[Channel] = ()) -> None:
        self._store = store
        self._channels = channels
        self._clock = clock
        self._accounts = accounts

    async def operate(self, work: Work) -> None:
        number = int(work.args["operation"])
        row = await self._store.tx(_begin, number, self._clock.ms())
        if row is None:
            return
        kind, args = KINDS[row["kind"]], json.loads(row["args"])
        account = self._accounts.get(row["account"])
        if account is None:
            await self._end(number, "refused", f"the account {row['account']} is no longer configured")
            return
        try:
            message = await account.call(lambda p: kind.send(p, args), Urgency.PERSON)
        except Refused as error:
            await self._end(number, "refused", str(error))
        except (Unavailable, RateLimited, AuthFailed) as error:
            await self._store.tx(_not_sent, number, str(error), lost=0)
            raise Later(_pause(error, work.attempt), str(error)) from error
        except (asyncio.CancelledError, Exception) as error:
            if isinstance(error, asyncio.CancelledError) and being_cancelled():
                raise  # still `sending`: the next start knows what that means
            if not isinstance(error, OutcomeUnknown):
                log.exception("operation %d ended unexpectedly", number)
            if kind.repeatable and row["tries"] + 1 < TRIES:
                await self._store.tx(_not_sent, number, "no answer; trying again", lost=1)
                raise Later(2.0 ** min(work.attempt, 6), "no answer") from error
            await self._end(number, "in doubt", str(error) or "no answer")
        else:
            await self._end(number, "done", message)

    async def _end(self, number: int, state: str, message: str) -> None:
        await self._store.tx(_settle, number, state, message, self._clock.ms())
        if state == "in doubt":
            await self._store.tx(announce_doubts, self._channels, self._clock.ms())


def _enqueue(tx: Tx, operation: int) -> None:
    tx.put("operate", f"operate:{operation}", f"operation:{operation}", 5, 0, operation=operation)


def _find_unfinished(tx: Tx, operation: int) -> None:
    """What is still being sent though nothing runs: it may have happened, and its end was not saved."""
    row = tx.one("SELECT kind FROM operations WHERE id = :id AND state = 'sending'", id=operation)
    if row is None:
        return
    kind = KINDS.get(row["kind"])
    tx.q(
        "UPDATE operations SET state = :state WHERE id = :id",
        id=operation,
        state="confirmed" if kind and kind.repeatable else "in doubt",
    )
    touch(tx, f"operation:{operation}")


def _begin(tx: Tx, operation: int, now: int) -> Row | None:
    _find_unfinished(tx, operation)
    return tx.one(
        "UPDATE operations SET state = 'sending', sent_at = :now WHERE id = :id AND state = 'confirmed' RETURNING *",
        id=operation,
        now=now,
    )


def _not_sent(tx: Tx, operation: int, why: str, lost: int) -> None:
    """It goes again; `lost` counts the sends that may have arrived."""
    tx.q(
        """UPDATE operations SET state = 'confirmed', tries = tries + :lost, message = :why
           WHERE id = :id AND state = 'sending'""",
        id=operation,
        why=why,
        lost=lost,
    )


def _settle(tx: Tx, operation: int, state: str, message: str, now: int) -> None:
    row = tx.one(
        """UPDATE operations SET state = :state, message = :message, settled_at = :now
           WHERE id = :id AND state = 'sending' RETURNING *""",
        id=operation,
        state=state,
        message=message,
        now=now,
    )
    if row and state == "done":
        _note_done(tx, row)
    if row and state == "refused":
        release(tx, f"operation:{operation}")
    touch(tx, f"operation:{operation}")


def _note_done(tx: Tx, row: Row) -> None:
    kind = KINDS[row["kind"]]
    if kind.done:
        kind.done(tx, row["account"], json.loads(row["args"]))


def _pause(error: ProviderError, attempt: int) -> float:
    match error:
        case RateLimited():
            return error.retry_after
        case AuthFailed():
            return AUTH_PAUSE
    return min(2.0 ** min(attempt, 10), 60.0)


def _why_not(reader: Reader, operation: int) -> str:
    row = reader.one("SELECT state, confirmed_by FROM operations WHERE id = :id", id=operation)
    if row is None:
        return "there is no such operation"
    if row["state"] == "quoted":
        return "this waits to be confirmed"
    if row["state"] == "cancelled":
        return "this was cancelled already"
    return f"{row['confirmed_by']} confirmed this already"
