"""Bulks that were confirmed, on their way: decided chunk by chunk, shown, undone.

Each submission's result and its decision are one transaction, so that a crash in the middle costs nothing: the next
start goes on with what has no result yet. Nothing leaves before the last one is decided and its undo window is over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence

from ..clock import Clock
from ..delivery import announce, touch
from ..models import Channel, Satisfaction, Verdict
from ..review import HURRY_MS, Ask, Made, NotPossible, TooLate, decide, note_act, undo
from ..spending import Limits, OverLimit
from ..store.port import Later, Reader, Row, Store, Tx, Work
from .asking import enqueue, room, why_not

CHUNK = 100  # decided in one transaction: a press beside it waits no longer than for these
TELL_MS = 1_000  # between two edits that only count on
LONGEST_LOOK = 300.0  # seconds between looks at ratings that have not settled
UNSETTLED = frozenset({"held", "due", "sending", "in doubt"})


class BulkDesk:
    """Handles the work `bulk`. `decided` is told of each decision once it is durable."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        accounts: Mapping[str, object],
        limits: Limits,
        channels: Sequence[Channel] = (),
        decided: Callable[[Made], None] = lambda made: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._accounts = accounts
        self._limits = limits
        self._channels = channels
        self._decided = decided

    async def work(self, work: Work) -> None:
        """Decides all of a bulk, then shows what becomes of it until the last of it has ended."""
        bulk = int(work.args["bulk"])
        await self._store.tx(_begin, bulk, self._channels, self._accounts.keys(), self._clock.ms())
        while (made := await self._store.tx(_decide_some, bulk, self._limits, self._clock.ms())) is not None:
            for one in made:
                self._decided(one)
        wait = await self._store.tx(_show_results, bulk, self._clock.ms())
        if wait is not None:
            raise Later(wait or min(2.0 ** min(work.attempt, 10), LONGEST_LOOK), quiet=wait > 0)


def undo_all(tx: Tx, bulk: int, person: str, via: str, now: int) -> int:
    """Takes back all of it that has not left, and what is not decided yet stays so; returns how many wait again.

    Raises `NotPossible`, `TooLate`.
    """
    state = tx.value("SELECT state FROM bulks WHERE id = :id", id=bulk)
    if state not in ("confirmed", "done"):
        raise NotPossible("there is nothing to undo: " + why_not(tx, bulk))
    back = _stop(tx, bulk, f"stopped by {person}") if state == "confirmed" else 0
    for row in tx.q(
        """SELECT d.id FROM bulk_items i JOIN decisions d ON d.id = i.decision
           WHERE i.bulk = :bulk AND d.state = 'held' AND d.due_at > :now""",
        bulk=bulk,
        now=now,
    ):
        undo(tx, row["id"], person, via, now)
        back += 1
    if not back:
        raise TooLate("too late to undo: all of it is on its way, or was undone before")
    note_act(tx, now, person, via, "undo all", f"bulk:{bulk}", str(back))
    touch(tx, f"bulk:{bulk}")
    return back


def last_confirmed(reader: Reader, person: str, now: int) -> Row | None:
    """The newest bulk that a person let go, of which something can still be undone."""
    return reader.one(
        """SELECT b.id, b.confirmed_at FROM bulks b
           WHERE b.confirmed_by = :person AND b.state IN ('confirmed', 'done') AND b.due_at > :now
           AND EXISTS (SELECT 1 FROM bulk_items i LEFT JOIN decisions d ON d.id = i.decision WHERE i.bulk = b.id
               AND (i.state = 'waiting' OR (d.state = 'held' AND d.due_at > :now)))
           ORDER BY b.confirmed_at DESC, b.id DESC LIMIT 1""",
        person=person,
        now=now,
    )


def bulk_of(reader: Reader, decision: int) -> int | None:
    """The bulk that made a decision, where one did."""
    bulk: int | None = reader.value("SELECT bulk FROM bulk_items WHERE decision = :decision", decision=decision)
    return bulk


def tally(reader: Reader, bulk: int, now: int) -> dict[str, int]:
    """How many of a bulk are in which state: `waiting`, `late`, `stopped`, or that of their decision; what is held
    no longer counts as `due`."""
    rows = reader.q(
        """SELECT CASE WHEN i.state != 'decided' THEN i.state
                  WHEN d.state = 'held' AND d.due_at <= :now THEN 'due' ELSE d.state END AS state, count(*) AS n
           FROM bulk_items i LEFT JOIN decisions d ON d.id = i.decision WHERE i.bulk = :bulk GROUP BY 1""",
        bulk=bulk,
        now=now,
    )
    return {row["state"]: row["n"] for row in rows}


def unfinished_bulks(reader: Reader, bulks: Sequence[int]) -> set[str]:
    """The accounts of those of these bulks of which something is still to be decided or on its way to an end,
    a person's answer aside."""
    rows = reader.q(
        """SELECT b.account FROM bulks b WHERE b.id IN (SELECT value FROM json_each(:bulks)) AND (
               b.state = 'confirmed' OR EXISTS (
                   SELECT 1 FROM bulk_items i JOIN decisions d ON d.id = i.decision
                   WHERE i.bulk = b.id AND d.asks IS NULL AND d.state IN ('held', 'due', 'sending', 'in doubt')))""",
        bulks=json.dumps(list(bulks)),
    )
    return {row["account"] for row in rows}


def recover(tx: Tx, now: int) -> None:
    """After a start: what was being decided goes on, and what is decided of it stays held with the rest."""
    for row in tx.q("SELECT * FROM bulks WHERE state = 'confirmed'"):
        _keep_window(tx, row, now)
        enqueue(tx, row["id"])


def after_restore(tx: Tx) -> None:
    """What was asked for in an old file may have been done or dropped since: it is not done by itself."""
    for row in tx.q("SELECT id FROM bulks WHERE state = 'confirmed'"):
        _stop(tx, row["id"], "stopped: the database was restored from a backup")
    for row in tx.q("UPDATE bulks SET state = 'cancelled' WHERE state IN ('quoted', 'second') RETURNING id"):
        touch(tx, f"bulk:{row['id']}")


def _begin(tx: Tx, bulk: int, channels: Sequence[Channel], accounts: Collection[str], now: int) -> None:
    row = tx.one("SELECT account, state FROM bulks WHERE id = :id AND state IN ('second', 'confirmed')", id=bulk)
    if row is None:
        return
    announce(tx, [c for c in channels if c.takes(row["account"])], f"bulk:{bulk}", now)
    if row["state"] == "confirmed" and row["account"] not in accounts:
        _stop(tx, bulk, f"the account {row['account']} is not in the config any more")


def _decide_some(tx: Tx, bulk: int, limits: Limits, now: int) -> list[Made] | None:
    """Decides the next few; None once there is nothing left to decide."""
    row = tx.one("SELECT * FROM bulks WHERE id = :id AND state = 'confirmed'", id=bulk)
    if row is None:
        return None
    items = tx.q(
        """SELECT submission, EXISTS (SELECT 1 FROM flags f WHERE f.submission = i.submission) AS flagged
           FROM bulk_items i WHERE bulk = :id AND state = 'waiting' ORDER BY submission LIMIT :chunk""",
        id=bulk,
        chunk=CHUNK,
    )
    due_at = _keep_window(tx, row, now)
    made: list[Made] = []
    for item in items:
        if row["without_flags"] and item["flagged"]:
            _note(tx, bulk, item["submission"], "late", "flagged since this was asked for")
            continue
        ask = Ask(
            submission=item["submission"],
            verdict=Verdict(row["verdict"]),
            person=row["first_by"],
            via=row["confirmed_via"],
            hold_ms=max(0, due_at - now),
            satisfaction=Satisfaction(row["satisfaction"]) if row["satisfaction"] else None,
            comment=row["comment"],
        )
        try:
            made.append(decide(tx, ask, limits, now))
        except (NotPossible, OverLimit) as error:  # raised before it has written anything
            _note(tx, bulk, item["submission"], "late", str(error))
        else:
            _note(tx, bulk, item["submission"], "decided", decision=made[-1].id)
    if len(items) < CHUNK:
        tx.q("UPDATE bulks SET state = 'done' WHERE id = :id", id=bulk)
        touch(tx, f"bulk:{bulk}")
    else:
        touch(tx, f"bulk:{bulk}", now + TELL_MS)
    return made


def _show_results(tx: Tx, bulk: int, now: int) -> float | None:
    """Has the card show what has changed. Returns the seconds until the undo window closes, 0 where ratings are under
    way, None once all of it has ended."""
    row = tx.one("SELECT told, due_at FROM bulks WHERE id = :id AND state = 'done'", id=bulk)
    if row is None:
        return None
    counts = tally(tx, bulk, now)
    told = json.dumps(counts, sort_keys=True)
    if told != row["told"]:
        tx.q("UPDATE bulks SET told = :told WHERE id = :id", id=bulk, told=told)
        touch(tx, f"bulk:{bulk}")
    if not counts.keys() & UNSETTLED:
        return None
    return max(0, int(row["due_at"]) - now) / 1000


def _keep_window(tx: Tx, row: Row, now: int) -> int:
    """Until when all of it can be undone; moved on where the rest would have less than its time."""
    due_at, hold_ms = int(row["due_at"]), int(row["hold_ms"])
    if now + hold_ms <= due_at:
        return due_at
    waiting = tx.value("SELECT count(*) FROM bulk_items WHERE bulk = :id AND state = 'waiting'", id=row["id"])
    due_at = now + hold_ms + room(hold_ms, waiting)
    tx.q("UPDATE bulks SET due_at = :due_at WHERE id = :id", id=row["id"], due_at=due_at)
    if not hold_ms:
        return due_at
    for held in tx.q(  # those so near their deadline that they were not held are left alone
        """UPDATE decisions SET due_at = :due_at
           WHERE state IN ('held', 'due', 'sending', 'in doubt') AND state = 'held' AND due_at > decided_at
           AND id IN (SELECT decision FROM bulk_items WHERE bulk = :bulk)
           AND NOT EXISTS (SELECT 1 FROM submissions s WHERE s.id = decisions.submission AND s.deadline < :hurry)
           RETURNING submission""",
        bulk=row["id"],
        due_at=due_at,
        hurry=now + HURRY_MS,
    ):
        touch(tx, f"submission:{held['submission']}")
    return due_at


def _stop(tx: Tx, bulk: int, why: str) -> int:
    """What is not decided yet stays undecided; returns how many."""
    stopped = tx.q(
        """UPDATE bulk_items SET state = 'stopped', note = :why WHERE bulk = :bulk AND state = 'waiting'
           RETURNING submission""",
        bulk=bulk,
        why=why,
    )
    tx.q("UPDATE bulks SET state = 'done' WHERE id = :id AND state = 'confirmed'", id=bulk)
    touch(tx, f"bulk:{bulk}")
    return len(stopped)


def _note(tx: Tx, bulk: int, submission: int, state: str, note: str = "", decision: int | None = None) -> None:
    tx.q(
        """UPDATE bulk_items SET state = :state, note = :note, decision = :decision
           WHERE bulk = :bulk AND submission = :submission""",
        bulk=bulk,
        submission=submission,
        state=state,
        note=note,
        decision=decision,
    )
