"""Sends what was confirmed, once, and finds out what became of it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from decimal import Decimal

from .accounts import Account, Accounts, forget_balance, save_job
from .clock import Clock
from .kinds import Found, Kinds, OperationKind
from .made import Finder
from .models import Channel, JobChange
from .notices.noting import note_operation
from .operations import announce_doubts, args_of, changed, enqueue, find_unfinished, job_of, note_done
from .pacing import Urgency
from .provider import AuthFailed, OutcomeUnknown, ProviderError, RateLimited, Refused, Unavailable
from .spending import Limits, correct, release
from .store.port import Later, Reader, Row, Store, Tx, Work, being_cancelled

log = logging.getLogger(__name__)

TRIES = 5  # sends of a harmless-to-repeat operation whose answers were lost, then a person is asked
LOOKS = 5  # tries to read how things stand afterwards
AUTH_PAUSE = 60.0


class OperationDesk:
    """Handles the work `operate`: sends what is confirmed, then looks how things stand."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        accounts: Accounts,
        kinds: Kinds,
        limits: Limits,
        channels: Sequence[Channel] = (),
        doubt_seconds: float = 60.0,
    ) -> None:
        self._store = store
        self._channels = channels
        self._clock = clock
        self._accounts = accounts
        self._kinds = kinds
        self._limits = limits
        self._finder = Finder(store, clock, channels, doubt_seconds)

    async def operate(self, work: Work) -> None:
        number = int(work.args["operation"])
        row = await self._store.tx(_begin, number, self._channels, self._clock.ms())
        if row is None:
            await self._look(number, work.attempt)
            return
        kind, account = self._kinds.get(row["kind"]), self._accounts.get(row["account"])
        if account is None:
            await self._end(number, kind, "refused", f"the account {row['account']} is no longer configured")
        elif kind is None:
            await self._end(number, kind, "refused", f"no plugin offers {row['kind']} any more")
        else:
            await self._send(row, kind, account, work.attempt)

    async def _send(self, row: Row, kind: OperationKind, account: Account, attempt: int) -> None:
        number, args = row["id"], json.loads(row["args"])
        try:
            if row["sent_before"] and kind.find and await self._finder.was_made(row, kind, account):
                return
            answer = await account.call(lambda p: kind.send(p, args), Urgency.PERSON)
        except Refused as error:
            await self._end(number, kind, "refused", str(error))
        except (Unavailable, RateLimited, AuthFailed) as error:
            await self._store.tx(_not_sent, number, str(error), lost=0)
            raise Later(_pause(error, attempt), str(error)) from error
        except (asyncio.CancelledError, Exception) as error:
            if isinstance(error, asyncio.CancelledError) and being_cancelled():
                raise  # still `sending`: the next start knows what that means
            if not isinstance(error, OutcomeUnknown):
                log.exception("operation %d ended unexpectedly", number)
            if kind.repeatable and row["tries"] + 1 < TRIES:
                await self._store.tx(_not_sent, number, "no answer; trying again", lost=1)
                raise Later(2.0 ** min(attempt, 6), "no answer") from error
            await self._end(number, kind, "in doubt", str(error) or "no answer")
        else:
            change = JobChange(answer) if isinstance(answer, str) else answer
            await self._end(number, kind, "done", change.message, change.cost, change.job_id)

    async def _end(
        self,
        number: int,
        kind: OperationKind | None,
        state: str,
        message: str,
        cost: Decimal | None = None,
        made: str = "",
    ) -> None:
        def settle(tx: Tx) -> None:
            _settle(tx, number, kind, state, message, cost, made, self._limits, self._clock.ms())
            announce_doubts(tx, self._channels, self._clock.ms())
            note_operation(tx, number, self._clock.ms())

        await self._store.tx(settle)

    async def _look(self, number: int, attempt: int) -> None:
        """How things stand at the marketplace: told on the card of what is done, and of what is in doubt."""
        row = await self._store.read(_unlooked, number)
        if row is None:
            return
        kind, account = self._kinds.get(row["kind"]), self._accounts.get(row["account"])
        if account and kind and kind.find and row["state"] == "in doubt":
            await self._finder.settle(row, kind, account, attempt)
            return
        look = kind.look if kind else None
        if account is None or look is None:
            return
        try:
            args = args_of(await self._named(row, kind, account))
            found = await account.call(lambda p: look(p, args), Urgency.PERSON)
        except Exception as error:
            if isinstance(error, Unavailable | RateLimited | AuthFailed) and attempt < LOOKS:
                raise Later(_pause(error, attempt), str(error)) from error
            if not isinstance(error, ProviderError):
                log.exception("what became of operation %d cannot be looked up", number)
            why = str(error) if isinstance(error, ProviderError) else "something went wrong here"
            found = Found(f"How it stands now could not be read: {why}.")
        await self._store.tx(_note_found, number, found, self._clock.ms())

    async def _named(self, row: Row, kind: OperationKind | None, account: Account) -> Row:
        """The operation, with the name of what it made where that was not known."""
        if kind is None or kind.find is None or row["made"]:
            return row
        await self._finder.name(row, kind, account)
        return await self._store.read(_unlooked, row["id"]) or row


def _begin(tx: Tx, operation: int, channels: Sequence[Channel], now: int) -> Row | None:
    find_unfinished(tx, operation)
    announce_doubts(tx, channels, now)  # also one whose end could not be saved
    return tx.one(
        "UPDATE operations SET state = 'sending', sent_at = :now WHERE id = :id AND state = 'confirmed' RETURNING *",
        id=operation,
        now=now,
    )


def _not_sent(tx: Tx, operation: int, why: str, lost: int) -> None:
    """It goes again; `lost` counts the sends that may have arrived."""
    tx.q(
        """UPDATE operations SET state = 'confirmed', tries = tries + :lost, sent_before = sent_before OR :lost,
               message = :why
           WHERE id = :id AND state = 'sending'""",
        id=operation,
        why=why,
        lost=lost,
    )


def _settle(
    tx: Tx,
    operation: int,
    kind: OperationKind | None,
    state: str,
    message: str,
    cost: Decimal | None,
    made: str,
    limits: Limits,
    now: int,
) -> None:
    ref = f"operation:{operation}"
    changed(tx, operation)
    before = tx.one("SELECT tries, sent_before FROM operations WHERE id = :id AND state = 'sending'", id=operation)
    if before is None:
        return
    refused = state == "refused"
    if refused and before["sent_before"]:  # which may be why
        state, message = "in doubt", f"refused when it was sent again ({message}); the time before may have worked"
    row = tx.one(
        """UPDATE operations SET state = :state, message = :message, settled_at = :now,
               cost = coalesce(:cost, cost), estimate = estimate AND :cost IS NULL, made = :made, looks = 0
           WHERE id = :id RETURNING *""",
        id=operation,
        state=state,
        message=message,
        cost=None if cost is None else str(cost),
        made=made,
        now=now,
    )
    if cost is not None and row:
        correct(tx, limits, ref, cost, now, job_of(row))
    if row and state == "done":
        note_done(tx, row, kind)
    if refused and not before["tries"]:  # what a time before may have cost is counted by itself
        release(tx, ref)
    if row and state != "refused":
        forget_balance(tx, row["account"])  # also what costs nothing may give money back, such as a job's end
        if kind and (kind.look or kind.find):
            enqueue(tx, operation)


def _unlooked(reader: Reader, operation: int) -> Row | None:
    return reader.one(
        "SELECT * FROM operations WHERE id = :id AND state IN ('done', 'in doubt') AND found IS NULL", id=operation
    )


def _note_found(tx: Tx, operation: int, found: Found, now: int) -> None:
    tx.q(
        """UPDATE operations SET found = :text, found_at = :now WHERE id = :id AND state IN ('done', 'in doubt')""",
        id=operation,
        text=found.text,
        now=now,
    )
    if found.job:
        save_job(tx, found.job, now)
    changed(tx, operation)


def _pause(error: Exception, attempt: int) -> float:
    match error:
        case RateLimited():
            return error.retry_after
        case AuthFailed():
            return AUTH_PAUSE
    return min(2.0 ** min(attempt, 10), 60.0)
