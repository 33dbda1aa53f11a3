"""Every call but a rating that spends money or cannot be undone: quoted, confirmed by a person, sent once, settled."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from .delivery import announce, touch
from .kinds import Args, Kinds, OperationKind
from .models import Channel
from .notices.noting import note_operation
from .review import NotPossible, note_act
from .spending import Limits, release, reserve, set_aside
from .store.port import Reader, Row, Tx

log = logging.getLogger(__name__)

UNSENT = "(state = 'quoted' OR state = 'confirmed' AND NOT sent_before)"
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
    enqueue(tx, operation)


def cancel(tx: Tx, operation: int, person: str, via: str, now: int) -> None:
    """Drops an operation that nobody confirmed, or that could not be sent yet. Raises `NotPossible`."""
    if not tx.q(
        f"UPDATE operations SET state = 'cancelled', settled_at = :now WHERE id = :id AND {UNSENT} RETURNING id",  # noqa: S608
        id=operation,
        now=now,
    ):
        raise NotPossible(_why_not(tx, operation))
    release(tx, f"operation:{operation}")
    note_act(tx, now, person, via, "cancel", f"operation:{operation}")
    touch(tx, f"operation:{operation}")


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
               found = CASE :state WHEN 'confirmed' THEN NULL ELSE found END, sent_before = 1
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
        enqueue(tx, operation)
    elif answer == "went":
        note_done(tx, row, kinds.get(row["kind"]))
    touch(tx, f"operation:{operation}")  # left as it is, what it may have cost goes on counting


def announce_doubts(tx: Tx, channels: Sequence[Channel], now: int) -> None:
    """A card for each operation in doubt, where its account is reviewed: a person must say what happened."""
    for row in tx.q("SELECT id, account FROM operations WHERE state = 'in doubt'"):
        announce(tx, [c for c in channels if c.takes(row["account"])], f"operation:{row['id']}", now)
        note_operation(tx, row["id"], now)


def recover(tx: Tx) -> None:
    """After a crash: what was being sent may have happened."""
    for row in tx.q("SELECT id FROM operations WHERE state = 'sending'"):
        find_unfinished(tx, row["id"])
    for row in tx.q("SELECT id FROM operations WHERE state IN ('confirmed', 'in doubt')"):
        enqueue(tx, row["id"])


def all_in_doubt(tx: Tx) -> int:
    """After a restore: whatever was confirmed may have been done since, and what was quoted may have been confirmed.
    What is harmless to repeat is repeated, unless others may have changed the same thing since. Returns how many are in
    doubt."""
    tx.q("UPDATE operations SET state = 'cancelled' WHERE state = 'quoted'")
    tx.q("UPDATE operations SET sent_before = 1, tries = max(tries, 1) WHERE state IN ('confirmed', 'sending')")
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


def enqueue(tx: Tx, operation: int) -> None:
    account = tx.value("SELECT account FROM operations WHERE id = :id", id=operation)
    tx.put("operate", f"operate:{operation}", f"operations:{account}/{operation}", 5, 0, operation=operation)


def find_unfinished(tx: Tx, operation: int) -> None:
    """What is still being sent though nothing runs: it may have happened, and its end was not saved."""
    if tx.q(
        """UPDATE operations SET state = CASE WHEN repeatable THEN 'confirmed' ELSE 'in doubt' END,
               tries = tries + repeatable, sent_before = 1
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


def note_done(tx: Tx, row: Row, kind: OperationKind | None) -> None:
    if kind and kind.done:
        kind.done(tx, row["account"], json.loads(row["args"]))


def _why_not(reader: Reader, operation: int) -> str:
    row = reader.one("SELECT state, confirmed_by FROM operations WHERE id = :id", id=operation)
    if row is None:
        return "there is no such operation"
    if row["state"] == "quoted":
        return "this waits to be confirmed"
    if row["state"] == "cancelled":
        return "this was cancelled already"
    return f"{row['confirmed_by']} confirmed this already"
