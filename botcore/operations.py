"""Every call but a rating that spends money or cannot be undone: quoted, confirmed by a person, sent once, settled."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from .accounts import Account, Accounts, forget_balance, save_job
from .clock import Clock
from .delivery import announce, touch
from .kinds import Args, Found, Kinds, OperationKind
from .models import Channel, JobChange
from .pacing import Urgency
from .provider import AuthFailed, OutcomeUnknown, ProviderError, RateLimited, Refused, Unavailable
from .review import NotPossible, note_act
from .spending import Limits, correct, release, reserve, set_aside
from .store.port import Later, Reader, Row, Store, Tx, Work, being_cancelled

log = logging.getLogger(__name__)

TRIES = 5  # sends of a harmless-to-repeat operation whose answers were lost, then a person is asked
LOOKS = 5  # tries to read how things stand afterwards
AUTH_PAUSE = 60.0
QUOTE_MS = 86_400_000  # so long what was quoted can be confirmed
_NAME = re.compile("op-([1-9][0-9]{0,14})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An operation before anybody confirmed it. `cost` in US dollars, an `estimate` unless the marketplace told it.

    `about` names what it changes (`job:J1`): of two operations about one thing, one ends before the other leaves.
    `facts` are shown with it, by name.
    """

    kind: OperationKind
    account: str
    args: Args
    summary: str
    person: str
    via: str
    cost: Decimal = Decimal(0)
    estimate: bool = False
    about: str = ""
    facts: Sequence[tuple[str, str]] = ()


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
        """INSERT INTO operations (kind, account, args, summary, cost, estimate, repeatable, about, facts, person, via,
               state, created_at)
           VALUES (:kind, :account, :args, :summary, :cost, :estimate, :repeatable, :about, :facts, :person, :via,
               'quoted', :now) RETURNING id""",
        kind=draft.kind.name,
        account=draft.account,
        args=json.dumps(dict(draft.args)),
        summary=draft.summary,
        cost=str(draft.cost),
        estimate=draft.estimate,
        repeatable=draft.kind.repeatable,
        about=draft.about,
        facts=json.dumps(list(draft.facts)),
        person=draft.person,
        via=draft.via,
        now=now,
    )
    return int(row["id"]) if row else 0


def confirm(tx: Tx, operation: int, person: str, via: str, limits: Limits, now: int) -> None:
    """Lets an operation go, once. Raises `NotPossible`, `OverLimit`."""
    row = tx.one(
        """UPDATE operations SET state = 'confirmed', confirmed_by = :person, confirmed_at = :now
           WHERE id = :id AND state = 'quoted' RETURNING id, account, about, cost, summary, created_at""",
        id=operation,
        person=person,
        now=now,
    )
    if row is None:
        raise NotPossible(_why_not(tx, operation))
    if now - row["created_at"] > QUOTE_MS:
        raise NotPossible("this was asked more than a day ago, and may cost something else by now: ask for it again")
    if doubt := _doubted_since(tx, row):
        raise NotPossible(f"{operation_name(doubt)} is in doubt since this was asked: ask for it again")
    if other := _in_its_way(tx, row):
        raise NotPossible(f"{operation_name(other['id'])} ({other['kind']}) is still on its way; wait for its end")
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


def answer_doubt(
    tx: Tx, operation: int, answer: str, person: str, via: str, kinds: Kinds, limits: Limits, now: int
) -> None:
    """What a person says of an operation in doubt: `went`, `again` or `leave`. Raises `NotPossible`, `OverLimit`."""
    state, message = {
        "went": ("done", f"{person} says it went through"),
        "again": ("confirmed", ""),
        "leave": ("refused", f"left as it is by {person}"),
    }[answer]
    row = tx.one(
        """UPDATE operations SET state = :state, message = :message, tries = 0, settled_at = :now,
               found = CASE :state WHEN 'confirmed' THEN NULL ELSE found END
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
        if other := _in_its_way(tx, row):
            raise NotPossible(f"{operation_name(other['id'])} ({other['kind']}) is still on its way; wait for its end")
        set_aside(tx, f"operation:{operation}", f"operation:{operation}:{now}")  # the first may have gone through too
        reserve(tx, limits, f"operation:{operation}", Decimal(row["cost"]), now)
        _enqueue(tx, operation)
    elif answer == "went":
        _note_done(tx, row, kinds.get(row["kind"]))
    touch(tx, f"operation:{operation}")  # left as it is, what it may have cost goes on counting


def announce_doubts(tx: Tx, channels: Sequence[Channel], now: int) -> None:
    """A card for each operation in doubt, where its account is reviewed: a person must say what happened."""
    for row in tx.q("SELECT id, account FROM operations WHERE state = 'in doubt'"):
        announce(tx, [c for c in channels if c.takes(row["account"])], f"operation:{row['id']}", now)


def recover(tx: Tx) -> None:
    """After a crash: what was being sent may have happened."""
    for row in tx.q("SELECT id FROM operations WHERE state = 'sending'"):
        _find_unfinished(tx, row["id"])
    for row in tx.q("SELECT id FROM operations WHERE state IN ('confirmed', 'in doubt')"):
        _enqueue(tx, row["id"])


def all_in_doubt(tx: Tx) -> int:
    """After a restore: whatever was confirmed may have been done since, and what was quoted may have been confirmed.
    What is harmless to repeat is repeated, unless others may have changed the same thing since. Returns how many are in
    doubt."""
    tx.q("UPDATE operations SET state = 'cancelled' WHERE state = 'quoted'")
    return len(
        tx.q(
            """UPDATE operations SET state = 'in doubt' WHERE state IN ('confirmed', 'sending')
               AND NOT (repeatable AND about = '') RETURNING id"""
        )
    )


def unfinished(reader: Reader, numbers: Sequence[int]) -> Sequence[Row]:
    """Those of these operations that are still on their way."""
    marks = ",".join(str(int(number)) for number in numbers) or "0"
    return reader.q(f"SELECT * FROM operations WHERE id IN ({marks}) AND state IN ('confirmed', 'sending')")  # noqa: S608


def waits_for(reader: Reader, operation: int, kinds: Kinds) -> bool:
    """Whether an operation is on its way, or about to be looked at."""
    row = reader.one("SELECT kind, state, found FROM operations WHERE id = :id", id=operation)
    if row is None or row["state"] in ("confirmed", "sending"):
        return row is not None
    kind = kinds.get(row["kind"])
    return bool(kind and kind.look) and row["state"] in ("done", "in doubt") and row["found"] is None


def doubts_about(reader: Reader, account: str, about: str) -> list[tuple[str, str]]:
    """Operations about the same thing of which nobody has said yet what became of them: names, and what they do."""
    rows = reader.q(
        """SELECT id, summary FROM operations WHERE state = 'in doubt' AND about = :about AND about != ''
           AND account = :account""",
        account=account,
        about=about,
    )
    return [(operation_name(row["id"]), row["summary"]) for row in rows]


class OperationDesk:
    """Handles the work `operate`: sends what is confirmed, then looks how things stand."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        accounts: Accounts,
        kinds: Kinds,
        channels: Sequence[Channel] = (),
    ) -> None:
        self._store = store
        self._channels = channels
        self._clock = clock
        self._accounts = accounts
        self._kinds = kinds

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
            await self._end(number, kind, "done", change.message, change.cost)

    async def _end(
        self, number: int, kind: OperationKind | None, state: str, message: str, cost: Decimal | None = None
    ) -> None:
        def settle(tx: Tx) -> None:
            _settle(tx, number, kind, state, message, cost, self._clock.ms())
            announce_doubts(tx, self._channels, self._clock.ms())

        await self._store.tx(settle)

    async def _look(self, number: int, attempt: int) -> None:
        """How things stand at the marketplace: told on the card of what is done, and of what is in doubt."""
        row = await self._store.read(_unlooked, number)
        if row is None:
            return
        kind, account, args = self._kinds.get(row["kind"]), self._accounts.get(row["account"]), json.loads(row["args"])
        look = kind.look if kind else None
        if account is None or look is None:
            return
        try:
            found = await account.call(lambda p: look(p, args), Urgency.PERSON)
        except Exception as error:
            if isinstance(error, Unavailable | RateLimited | AuthFailed) and attempt < LOOKS:
                raise Later(_pause(error, attempt), str(error)) from error
            if not isinstance(error, ProviderError):
                log.exception("what became of operation %d cannot be looked up", number)
            why = str(error) if isinstance(error, ProviderError) else "something went wrong here"
            found = Found(f"How it stands now could not be read: {why}.")
        await self._store.tx(_note_found, number, found, self._clock.ms())


def _enqueue(tx: Tx, operation: int) -> None:
    account = tx.value("SELECT account FROM operations WHERE id = :id", id=operation)
    tx.put("operate", f"operate:{operation}", f"operations:{account}/{operation}", 5, 0, operation=operation)


def _find_unfinished(tx: Tx, operation: int) -> None:
    """What is still being sent though nothing runs: it may have happened, and its end was not saved."""
    if tx.q(
        """UPDATE operations SET state = CASE WHEN repeatable THEN 'confirmed' ELSE 'in doubt' END
           WHERE id = :id AND state = 'sending' RETURNING id""",
        id=operation,
    ):
        touch(tx, f"operation:{operation}")


def _in_its_way(reader: Reader, row: Row) -> Row | None:
    """Another operation about the same thing that has not ended yet."""
    return reader.one(
        """SELECT id, kind FROM operations WHERE state IN ('confirmed', 'sending') AND about = :about AND about != ''
           AND account = :account AND id != :id""",
        id=row["id"],
        account=row["account"],
        about=row["about"],
    )


def _doubted_since(reader: Reader, row: Row) -> int | None:
    """An operation about the same thing that came into doubt after this one was shown, and may have done it."""
    found: int | None = reader.value(
        """SELECT id FROM operations WHERE state = 'in doubt' AND about = :about AND about != '' AND account = :account
           AND id != :id AND sent_at >= :since""",
        id=row["id"],
        account=row["account"],
        about=row["about"],
        since=row["created_at"],
    )
    return found


def _begin(tx: Tx, operation: int, channels: Sequence[Channel], now: int) -> Row | None:
    _find_unfinished(tx, operation)
    announce_doubts(tx, channels, now)  # also one whose end could not be saved
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


def _settle(
    tx: Tx, operation: int, kind: OperationKind | None, state: str, message: str, cost: Decimal | None, now: int
) -> None:
    ref = f"operation:{operation}"
    row = tx.one(
        """UPDATE operations SET state = :state, message = :message, settled_at = :now,
               cost = coalesce(:cost, cost), estimate = estimate AND :cost IS NULL
           WHERE id = :id AND state = 'sending' RETURNING *""",
        id=operation,
        state=state,
        message=message,
        cost=None if cost is None else str(cost),
        now=now,
    )
    if row and state == "done":
        _note_done(tx, row, kind)
    if row and cost is not None:
        correct(tx, ref, cost)
    if row and state == "refused":
        release(tx, ref)
    elif row and Decimal(row["cost"]):
        forget_balance(tx, row["account"])
    if row and kind and kind.look and state != "refused":
        _enqueue(tx, operation)
    touch(tx, ref)


def _note_done(tx: Tx, row: Row, kind: OperationKind | None) -> None:
    if kind and kind.done:
        kind.done(tx, row["account"], json.loads(row["args"]))


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
    touch(tx, f"operation:{operation}")


def _pause(error: Exception, attempt: int) -> float:
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
