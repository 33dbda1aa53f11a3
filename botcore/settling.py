"""What becomes of a decision: confirmed, refused, overtaken, or in doubt until complete reads tell.

Functions of a transaction, each a conditional write.
"""

from __future__ import annotations

from collections.abc import Sequence

from .delivery import announce, touch
from .models import Channel, Outcome, Verdict, Verdicted
from .notices.kinds import Event
from .notices.noting import note_rating
from .review import enqueue_rating, rating_part
from .spending import release
from .store.port import Reader, Row, Tx

TELL_SLOWLY_MS = 1_500  # an edit that only says "on its way" is saved where the answer comes sooner

# A partial index serves only a query that repeats its condition to the letter: hence the states, twice.
LEFT_SENDING = """
UPDATE decisions SET state = 'in doubt', reads = 0, said_no = 0, tries = tries + 1
WHERE state IN ('held', 'due', 'sending', 'in doubt') AND state = 'sending' AND (:account IS NULL OR EXISTS
    (SELECT 1 FROM submissions s WHERE s.id = decisions.submission AND s.account = :account AND s.job_id = :job))
RETURNING submission
"""
OPEN_OF_JOB = """
SELECT d.*, s.task_id, s.revision, s.deadline, s.account, s.job_id FROM decisions d
JOIN submissions s ON s.id = d.submission
WHERE d.state IN ('held', 'due', 'sending', 'in doubt') AND d.state = :state
AND s.account = :account AND s.job_id = :job
"""


def overtake(tx: Tx, row: Row, now: int, why: str, state: str = "elsewhere", *, spent: bool = False) -> None:
    """Somebody or something else settled the submission, which ends in `state`: this decision never counts.
    `spent`: nobody knows whether its bonus went, so it goes on counting toward the day's limit."""
    _end(tx, row, "overtaken", now, why)
    if not spent:
        release(tx, f"decision:{row['id']}")
    tx.q(
        """UPDATE submissions SET state = :state, state_note = :why
           WHERE id = :id AND state NOT IN ('lapsed', 'superseded', 'elsewhere')""",
        id=row["submission"],
        state=state,
        why=why,
    )


def confirm(tx: Tx, row: Row, now: int, message: str, unverified: str = "") -> bool:
    """The marketplace has it. False where that was known already."""
    if not _end(tx, row, "confirmed", now, message, unverified):
        return False
    tx.q("UPDATE submissions SET state = 'rated' WHERE id = :id AND state = 'decided'", id=row["submission"])
    tx.q(
        """UPDATE jobs SET rated = rated + 1
           WHERE (account, id) = (SELECT account, job_id FROM submissions WHERE id = :id)""",
        id=row["submission"],
    )
    column = {"approve": "approved", "reject": "rejected", "revise": "revised"}[row["verdict"]]
    tx.q(
        f"""INSERT INTO worker_records (account, worker_id, {column})
            SELECT account, worker_id, 1 FROM submissions WHERE id = :id
            ON CONFLICT (account, worker_id) DO UPDATE SET {column} = {column} + 1""",  # noqa: S608 - our words
        id=row["submission"],
    )
    if row["block"] and not unverified:
        tx.q(
            """UPDATE worker_records SET blocked = 1
               WHERE (account, worker_id) = (SELECT account, worker_id FROM submissions WHERE id = :id)""",
            id=row["submission"],
        )
    return True


def refuse(tx: Tx, row: Row, now: int) -> None:
    """The marketplace said no and it is still unrated: it can be decided again."""
    if _end(tx, row, "refused", now, row["message"]):
        note_rating(tx, Event.REFUSED, row, row["message"], now)
    release(tx, f"decision:{row['id']}")
    tx.q("UPDATE submissions SET state = 'shown' WHERE id = :id AND state = 'decided'", id=row["submission"])


def _end(tx: Tx, row: Row, state: str, now: int, message: str, unverified: str = "") -> bool:
    ended = tx.q(
        """UPDATE decisions SET state = :state, settled_at = :now, message = :message, unverified = :unverified,
               asks = NULL
           WHERE id = :id AND state IN ('held', 'due', 'sending', 'in doubt') RETURNING id""",
        id=row["id"],
        state=state,
        now=now,
        message=message,
        unverified=unverified,
    )
    touch(tx, f"submission:{row['submission']}")
    return bool(ended)


def newer_known(reader: Reader, row: Row) -> bool:
    """Whether the worker has handed in again: the marketplace knows the task by the same id still."""
    return bool(
        reader.value(
            "SELECT 1 FROM submissions WHERE account = :account AND task_id = :task AND revision > :revision",
            account=row["account"],
            task=row["task_id"],
            revision=row["revision"],
        )
    )


def by_newer(row: Row) -> Outcome:
    """What a newer revision tells of a rating, where the marketplace's list tells no revision."""
    if row["verdict"] == Verdict.REVISE:
        return Outcome(row["task_id"], Verdicted.MATCHES, ("comment",))
    return Outcome(row["task_id"], Verdicted.DIFFERS, note="a newer revision has come in")


def put_in_doubt(tx: Tx, row: Row, now: int, said_no: str = "") -> None:
    """Not answered, or answered with a no that may only mean that an earlier send had worked."""
    tx.q(
        """UPDATE decisions SET state = 'in doubt', reads = 0, sent_at = :now, said_no = :said_no, message = :message,
               tries = tries + :more WHERE id = :id AND state = 'sending'""",
        id=row["id"],
        now=now,
        said_no=bool(said_no),
        message=said_no,
        more=not said_no,
    )
    touch(tx, f"submission:{row['submission']}", now + TELL_SLOWLY_MS if said_no else 0)


def in_doubt(reader: Reader, row: Row) -> bool:
    return bool(reader.value("SELECT 1 FROM decisions WHERE id = :id AND state = 'in doubt'", id=row["id"]))


def read_again(tx: Tx, row: Row, said: str, now: int) -> None:
    """This look said `said`, and one that says the same must follow."""
    tx.q(
        """UPDATE decisions SET reads = reads + 1, read_as = :said, sent_at = :now, asks = NULL
           WHERE id = :id AND state = 'in doubt'""",
        id=row["id"],
        said=said,
        now=now,
    )
    if row["asks"]:
        touch(tx, f"submission:{row['submission']}")


def put_back(tx: Tx, row: Row, words: str) -> None:
    """The marketplace said no to a whole call: each of it leaves again, with fewer others, until one is left."""
    tx.q(
        "UPDATE decisions SET state = 'due', said_no = 1, message = :words WHERE id = :id AND state = 'sending'",
        id=row["id"],
        words=words,
    )


def send_again(tx: Tx, row: Row, at: int) -> None:
    tx.q(
        """UPDATE decisions SET state = 'due', due_at = :at, tries = :tries, asks = NULL
           WHERE id = :id AND state = 'in doubt'""",
        id=row["id"],
        at=at,
        tries=row["tries"],
    )
    enqueue_rating(tx, row["account"], row["job_id"], at)
    touch(tx, f"submission:{row['submission']}")


def ask_person(tx: Tx, row: Row, why: str, now: int, read_as: str | None = None) -> None:
    """`read_as` `UNREACHABLE`: it goes on being looked at, and whoever is first settles it."""
    asked = tx.q(
        """UPDATE decisions SET asks = :why, read_as = :read_as
           WHERE id = :id AND state = 'in doubt' AND (asks IS NULL OR read_as IS NOT :read_as) RETURNING id""",
        id=row["id"],
        why=why,
        read_as=read_as,
    )
    if asked:
        touch(tx, f"submission:{row['submission']}")
        note_rating(tx, Event.DOUBT, row, why, now)


def announce_doubts(tx: Tx, channels: Sequence[Channel], now: int) -> None:
    """A card for each rating in doubt that waits for a person, where it was in a queue and has none."""
    for row in tx.q(
        """SELECT s.id, s.account FROM decisions d JOIN submissions s ON s.id = d.submission
           WHERE d.state IN ('held', 'due', 'sending', 'in doubt') AND d.state = 'in doubt' AND d.asks IS NOT NULL"""
    ):
        announce(tx, [c for c in channels if c.takes(row["account"])], f"submission:{row['id']}", now)


UNREACHABLE = "unreachable"  # `read_as` of a doubt that the marketplace could not be asked about
LOOKED_AT = f"(d.asks IS NULL OR d.read_as = '{UNREACHABLE}')"  # the doubts that may settle by themselves

# The last look comes right before it is sent again; the pause before that look doubles with each time.
RIPE_AT = """CASE WHEN d.said_no AND d.reads = 0 THEN 0
    WHEN d.reads = 0 THEN coalesce(d.sent_at, 0) + :doubt
    ELSE coalesce(d.sent_at, 0) + :doubt * (1 << (max(d.tries, 1) - 1)) END"""


def ripe(tx: Tx, account: str, job: str, doubt: int, now: int) -> list[Row]:
    """What has been quiet for long enough to be looked at; the rest is enqueued for when it has.

    Of a task one revision at a time, the oldest first: outcomes go by the task's id.
    """
    rows = tx.q(
        OPEN_OF_JOB + f"AND {LOOKED_AT} AND {RIPE_AT} <= :now ORDER BY s.revision DESC",
        state="in doubt",
        account=account,
        job=job,
        doubt=doubt,
        now=now,
    )
    if not rows:
        enqueue_settling(tx, account, job, doubt, now)
    return list({row["task_id"]: row for row in rows}.values())


def enqueue_settling(tx: Tx, account: str, job: str, doubt: int, now: int) -> None:
    at = tx.value(
        f"""SELECT min({RIPE_AT}) FROM decisions d JOIN submissions s ON s.id = d.submission
            WHERE d.state IN ('held', 'due', 'sending', 'in doubt') AND d.state = 'in doubt' AND {LOOKED_AT}
            AND s.account = :account AND s.job_id = :job""",  # noqa: S608
        account=account,
        job=job,
        doubt=doubt,
    )
    if at is not None:
        put_settling(tx, account, job, max(at, now))


def put_settling(tx: Tx, account: str, job: str, at: int) -> None:
    tx.put("settle", f"settle:{account}:{job}", rating_part(account, job), 15, at, account=account, job=job)


def find_unfinished(tx: Tx, account: str, job: str, now: int) -> None:
    """Work of one job never runs twice at once: what is still being sent is from a call whose end was not saved."""
    rows = tx.q(LEFT_SENDING, account=account, job=job)
    for row in rows:
        touch(tx, f"submission:{row['submission']}")
    if rows:
        put_settling(tx, account, job, now)
