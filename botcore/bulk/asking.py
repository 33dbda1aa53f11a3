"""All that waits of a job, decided at once: what waits at this moment is counted, and a person confirms it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from ..delivery import touch
from ..likeness.desk import UNCHECKED
from ..models import Role, Satisfaction, Verdict
from ..numbers import next_number
from ..review import NotPossible, note_act
from ..spending import Limits
from ..store.port import Reader, Row, Tx

HANDFUL = 5
LEAST_HOLD_MS = 30_000  # more than a handful can be undone so long at least, however short the window of one is
ROOM_MS = 1  # for deciding one submission, ten times what it takes; where that is not enough, the window is moved
DAY_MS = 86_400_000

_NAME = re.compile("b-([1-9][0-9]{0,14})")


class NeedsNumber(NotPossible):
    """A rejection of `count`, whose number was not typed, or another one was."""

    def __init__(self, count: int) -> None:
        super().__init__(f"to reject {submissions(count)}, type that number: {count}")
        self.count = count


class FlaggedSince(NotPossible):
    """So many were flagged since somebody asked."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{submissions(count)} of it {'was' if count == 1 else 'were'} flagged since you asked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person wants done with all that waits of a job. `worker` empty: of all workers.

    `typed`: how many they say it is, where they were asked.
    """

    account: str
    job_id: str
    verdict: Verdict
    person: str
    via: str
    comment: str = ""
    satisfaction: Satisfaction | None = None
    worker: str = ""
    without_flags: bool = False
    typed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmer:
    """Who confirms. `hold_ms` None: there is no undo window. `alone`: nobody else could be the second manager.

    `seen`: how many were flagged on the card that they confirm; None: as many as were told last.
    """

    person: str
    role: Role
    via: str
    hold_ms: int | None
    typed: int | None = None
    alone: bool = False
    seen: int | None = None


def bulk_name(number: int) -> str:
    """How buttons and people name a bulk: like nothing that a submission or an operation is called."""
    return f"b-{number}"


def parse_bulk(name: str) -> int | None:
    """The number that `bulk_name` made into this; None where it did not."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None


def quote(tx: Tx, wanted: Wanted, now: int) -> int:
    """Writes down what waits at this moment, to be confirmed; returns its number.

    Raises `NotPossible`, `NeedsNumber` where another number was typed than wait.
    """
    if wanted.verdict is not Verdict.APPROVE and not wanted.comment.strip():
        raise NotPossible(f"to {wanted.verdict} needs a reason: the workers are told why")
    _drop_old(tx, now)
    bulk: int = tx.value(
        f"""INSERT INTO bulks (id, account, job_id, verdict, satisfaction, comment, worker, without_flags, person, via,
               state, created_at)
           VALUES ({next_number("bulks")}, :account, :job, :verdict, :satisfaction, :comment, :worker, :without_flags,
               :person, :via, 'quoted', :now) RETURNING id""",  # noqa: S608
        account=wanted.account,
        job=wanted.job_id,
        verdict=wanted.verdict,
        satisfaction=wanted.satisfaction,
        comment=wanted.comment,
        worker=wanted.worker,
        without_flags=wanted.without_flags,
        person=wanted.person,
        via=wanted.via,
        now=now,
    )
    left_out = _take_down(tx, bulk, wanted)
    prices = tx.q(
        """SELECT s.price, count(*) AS n FROM bulk_items i JOIN submissions s ON s.id = i.submission
           WHERE i.bulk = :bulk GROUP BY s.price""",
        bulk=bulk,
    )
    count = sum(row["n"] for row in prices)
    if not count:
        raise NotPossible(f"nothing waits to be decided there{f' ({left_out} left out)' if left_out else ''}")
    if wanted.typed is not None and wanted.typed != count:
        raise NeedsNumber(count)
    tx.q(
        """UPDATE bulks SET count = :count, money = :money, unpriced = :unpriced, left_out = :left_out,
               flagged = :flagged, typed_by = :typed_by WHERE id = :bulk""",
        bulk=bulk,
        count=count,
        money=str(sum((Decimal(row["price"]) * row["n"] for row in prices if row["price"] is not None), Decimal(0))),
        unpriced=sum(row["n"] for row in prices if row["price"] is None),
        left_out=left_out,
        flagged=flagged(tx, bulk),
        typed_by=wanted.person if wanted.typed is not None else "",
    )
    return bulk


def confirm(tx: Tx, bulk: int, who: Confirmer, limits: Limits, now: int) -> bool:
    """Lets it go, once; False where a second manager must confirm it too.

    Raises `NotPossible`, `NeedsNumber`, `FlaggedSince`.
    """
    row = _open(tx, bulk, who.role)
    if (row["confirmed_at"] or row["created_at"]) < now - DAY_MS:
        raise NotPossible("this was asked more than a day ago: ask for it again")
    rejects = row["verdict"] == Verdict.REJECT
    if row["first_by"] == who.person:
        raise NotPossible("you have confirmed this: now a second manager must")
    seen = row["flagged"] if who.seen is None else who.seen
    if not rejects and not row["without_flags"] and (more := flagged(tx, bulk) - seen) > 0:
        raise FlaggedSince(more)
    if rejects and who.typed != row["count"] and (who.typed is not None or row["typed_by"] != who.person):
        raise NeedsNumber(row["count"])
    brake = _brake(tx, row, limits, now) if rejects and row["state"] == "quoted" else ""
    if brake and who.alone:
        raise NotPossible(
            f"{brake}, and there is no second manager here: let one in (`person add`), or raise bulk_reject_share"
        )
    hold_ms = max(who.hold_ms, LEAST_HOLD_MS if row["count"] > HANDFUL else 0) if who.hold_ms is not None else 0
    if not tx.q(
        """UPDATE bulks SET state = :state, brake = :brake || brake, first_by = :first, confirmed_by = :person,
               confirmed_via = :via, confirmed_at = :now, hold_ms = :hold_ms, due_at = :due_at
           WHERE id = :id AND state = :seen RETURNING id""",
        id=bulk,
        seen=row["state"],
        state="second" if brake else "confirmed",
        brake=brake,
        first=row["first_by"] or who.person,
        person=who.person,
        via=who.via,
        now=now,
        hold_ms=hold_ms,
        due_at=now + hold_ms + room(hold_ms, row["count"]),
    ):
        raise NotPossible(why_not(tx, bulk))
    note_act(tx, now, who.person, who.via, "confirm", f"bulk:{bulk}", f"{row['verdict']} {row['count']}")
    touch(tx, f"bulk:{bulk}")
    enqueue(tx, bulk)
    return not brake


def first_of(reader: Reader, bulk: int) -> str:
    """Who has confirmed what a second manager must confirm too; "" where nobody has."""
    return reader.value("SELECT first_by FROM bulks WHERE id = :id AND state = 'second'", id=bulk) or ""


def look_again(tx: Tx, bulk: int) -> None:
    """Whoever asked sees what is flagged by now."""
    tx.q("UPDATE bulks SET flagged = :flagged WHERE id = :id", id=bulk, flagged=flagged(tx, bulk))


def flagged(reader: Reader, bulk: int) -> int:
    """How many of it are flagged."""
    count: int = reader.value(
        """SELECT count(*) FROM bulk_items i WHERE i.bulk = :bulk
           AND EXISTS (SELECT 1 FROM flags f WHERE f.submission = i.submission)""",
        bulk=bulk,
    )
    return count


def unchecked(reader: Reader, bulk: int) -> int:
    """How many of it may be flagged yet."""
    count: int = reader.value(
        f"""SELECT count(*) FROM bulk_items i CROSS JOIN submissions s ON s.id = i.submission
            WHERE i.bulk = :bulk AND {UNCHECKED}""",  # noqa: S608
        bulk=bulk,
    )
    return count


def cancel(tx: Tx, bulk: int, person: str, role: Role, via: str, now: int) -> None:
    """Drops what has not been let go. Raises `NotPossible`."""
    row = _open(tx, bulk, role)
    tx.q(
        "UPDATE bulks SET state = 'cancelled', confirmed_by = :person WHERE id = :id AND state = :seen",
        id=bulk,
        person=person,
        seen=row["state"],
    )
    tx.q("DELETE FROM bulk_items WHERE bulk = :id", id=bulk)
    note_act(tx, now, person, via, "cancel", f"bulk:{bulk}")
    touch(tx, f"bulk:{bulk}")


def submissions(count: int) -> str:
    """A number of them, in words."""
    return "1 submission" if count == 1 else f"{count:,} submissions"


def role_for(verdict: Verdict) -> Role:
    """Who may give this verdict to many at once."""
    return Role.REVIEWER if verdict is Verdict.APPROVE else Role.MANAGER


def enqueue(tx: Tx, bulk: int) -> None:
    """Has the desk decide it, or ask for the second manager."""
    tx.put("bulk", f"bulk:{bulk}", f"bulk:{bulk}", 5, 0, bulk=bulk)


def room(hold_ms: int, count: int) -> int:
    """Milliseconds that deciding so many may take, on top of the undo window."""
    return ROOM_MS * count if hold_ms else 0


def why_not(reader: Reader, bulk: int) -> str:
    """How it stands, to somebody who asked for what cannot be done."""
    row = reader.one("SELECT state, confirmed_by FROM bulks WHERE id = :id", id=bulk)
    if row is None:
        return f"there is no {bulk_name(bulk)}"
    if row["state"] in ("quoted", "second"):
        return "this waits to be confirmed"
    if row["state"] == "cancelled":
        return f"this was cancelled ({row['confirmed_by'] or 'nobody confirmed it in time'}): ask for it again"
    return f"{row['confirmed_by']} confirmed this already"


def _take_down(tx: Tx, bulk: int, wanted: Wanted) -> str:
    """Keeps which submissions it is about; returns what of the job is left out, in words."""
    tx.q(
        f"""INSERT INTO bulk_items (bulk, submission) SELECT :bulk, s.id FROM submissions s
            WHERE s.account = :account AND s.job_id = :job
            AND s.state IN ('new', 'shown', 'decided') AND s.state != 'decided'
            AND (:worker = '' OR s.worker_id = :worker)
            AND NOT (:without_flags AND (EXISTS (SELECT 1 FROM flags f WHERE f.submission = s.id) OR {UNCHECKED}))""",  # noqa: S608
        bulk=bulk,
        account=wanted.account,
        job=wanted.job_id,
        worker=wanted.worker,
        without_flags=wanted.without_flags,
    )
    rows = tx.q(
        """SELECT CASE WHEN s.state = 'decided' THEN 'decided already'
                  WHEN :worker != '' AND s.worker_id != :worker THEN 'of other workers'
                  WHEN EXISTS (SELECT 1 FROM flags f WHERE f.submission = s.id) THEN 'flagged'
                  ELSE 'not compared with others yet' END AS why,
               count(*) AS n
           FROM submissions s WHERE s.account = :account AND s.job_id = :job
           AND s.state IN ('new', 'shown', 'decided')
           AND NOT EXISTS (SELECT 1 FROM bulk_items i WHERE i.bulk = :bulk AND i.submission = s.id)
           GROUP BY 1 ORDER BY 1""",
        bulk=bulk,
        account=wanted.account,
        job=wanted.job_id,
        worker=wanted.worker,
    )
    return ", ".join(f"{row['n']} {row['why']}" for row in rows)


def _brake(reader: Reader, row: Row, limits: Limits, now: int) -> str:
    """Why a rejection takes two people; empty where one will do."""
    whole = reader.value(  # of tasks: what was sent back and handed in anew is one
        """SELECT count(*) FROM (
                SELECT task_id FROM submissions WHERE account = :account AND job_id = :job
                AND state IN ('new', 'shown', 'decided')
                UNION SELECT task_id FROM submissions WHERE account = :account AND job_id = :job
                AND state IN ('rated', 'elsewhere', 'lapsed', 'superseded'))""",
        account=row["account"],
        job=row["job_id"],
    )
    rejected = reader.value(  # CROSS: from the few of a day to their submissions, and not from all of a job
        """SELECT count(*) FROM (
                SELECT s.task_id FROM decisions d CROSS JOIN submissions s ON s.id = d.submission
                WHERE d.verdict = 'reject' AND d.decided_at > :since
                AND d.state NOT IN ('undone', 'refused', 'overtaken') AND s.account = :account AND s.job_id = :job
                UNION
                SELECT s.task_id FROM bulks b CROSS JOIN bulk_items i ON i.bulk = b.id AND i.state = 'waiting'
                CROSS JOIN submissions s ON s.id = i.submission
                WHERE (b.state = 'confirmed' OR b.id = :bulk) AND b.verdict = 'reject'
                AND b.account = :account AND b.job_id = :job AND s.state IN ('new', 'shown'))""",
        since=now - DAY_MS,
        bulk=row["id"],
        account=row["account"],
        job=row["job_id"],
    )
    if rejected <= limits.bulk_reject_share * whole:
        return ""
    return (
        f"with this, {rejected} of the {whole} submissions of {row['job_id']} are rejected within a day, more than "
        f"one person may ([limits] bulk_reject_share = {limits.bulk_reject_share})"
    )


def _open(reader: Reader, bulk: int, role: Role) -> Row:
    """What waits to be confirmed, for somebody who may. Raises `NotPossible`."""
    row = reader.one("SELECT * FROM bulks WHERE id = :id AND state IN ('quoted', 'second')", id=bulk)
    if row is None:
        raise NotPossible(why_not(reader, bulk))
    needed = role_for(Verdict(row["verdict"]))
    if not role.covers(needed):
        raise NotPossible(f"this needs {needed.one}")
    return row


def _drop_old(tx: Tx, now: int) -> None:
    """What nobody confirmed within a day is not asked about any more."""
    for row in tx.q(
        """UPDATE bulks SET state = 'cancelled' WHERE state IN ('quoted', 'second')
           AND coalesce(confirmed_at, created_at) < :old RETURNING id""",
        old=now - DAY_MS,
    ):
        touch(tx, f"bulk:{row['id']}")
        tx.q("DELETE FROM bulk_items WHERE bulk = :id", id=row["id"])
