"""A verdict becomes a decision: who was first, what may be undone, and what the marketplace knew before us.

Functions of a transaction, pure but for it: the time is handed in, the winner is found by a conditional write.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from .delivery import touch
from .models import Satisfaction, Verdict
from .numbers import next_number
from .spending import Limits, OverLimit, job_key, release, reserve, takes_two
from .store.port import Reader, Row, Tx
from .text import money, short_id

OPEN = "('new', 'shown')"  # states of a submission that can be decided
HOW_RATED = ("", "approved", "rejected", "sent back for revision")  # notes of what was rated on the website
HURRY_MS = 3_600_000  # so close to its deadline a decision is not held


_NAME = re.compile("d-([1-9][0-9]{0,14})")


class NotPossible(Exception):  # noqa: N818
    """What was asked cannot be done; the message tells the person why."""


class TooLate(NotPossible):
    """Somebody, or the marketplace, was first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a person wants done with a submission. `hold_ms`: how long it can be undone."""

    submission: int
    verdict: Verdict
    person: str
    via: str
    hold_ms: int
    satisfaction: Satisfaction | None = None
    comment: str = ""
    bonus: Decimal = Decimal(0)
    block: bool = False  # the worker too, with a rejection
    revision: int | None = None  # what the person saw; None: whatever is there


@dataclass(frozen=True, slots=True)
class Made:
    """A decision, durable. It leaves at `due_at` (ms)."""

    id: int
    due_at: int
    submission: int
    verdict: Verdict


def decide(tx: Tx, ask: Ask, limits: Limits, now: int) -> Made:
    """Makes a decision, unless somebody was first. Raises `NotPossible`, `TooLate` or `OverLimit`."""
    _check(ask, limits)
    row = tx.one(
        "SELECT id, account, job_id, revision, state, state_note, deadline FROM submissions WHERE id = :id",
        id=ask.submission,
    )
    if row is None:
        raise NotPossible("there is no such submission")
    if row["state"] not in ("new", "shown"):
        raise TooLate(why_closed(tx, row))
    if ask.revision is not None and ask.revision != row["revision"]:
        raise TooLate("a newer revision has come in: look at its card")
    made = tx.one(
        f"""INSERT INTO decisions
               (id, submission, verdict, satisfaction, comment, bonus, block, person, via, decided_at, due_at, state)
           VALUES ({next_number("decisions")}, :submission, :verdict, :satisfaction, :comment, :bonus, :block,
               :person, :via, :now, :due_at, 'held')
           ON CONFLICT (submission) WHERE state NOT IN ('undone', 'refused') DO NOTHING
           RETURNING id, due_at""",  # noqa: S608
        submission=ask.submission,
        verdict=ask.verdict,
        satisfaction=ask.satisfaction,
        comment=ask.comment,
        bonus=str(ask.bonus),
        block=ask.block,
        person=ask.person,
        via=ask.via,
        now=now,
        due_at=now if leaves_at_once(row["deadline"], now) else now + ask.hold_ms,
    )
    if made is None:
        raise TooLate(why_closed(tx, row))
    job = job_key(row["account"], row["job_id"])
    reserve(tx, limits, f"decision:{made['id']}", ask.bonus, now, job)
    tx.q("UPDATE submissions SET state = 'decided' WHERE id = :id", id=ask.submission)
    note_act(tx, now, ask.person, ask.via, ask.verdict, f"submission:{ask.submission}", ask.comment)
    enqueue_rating(tx, row["account"], row["job_id"], made["due_at"])
    touch(tx, f"submission:{ask.submission}")
    return Made(made["id"], made["due_at"], ask.submission, ask.verdict)


def leaves_at_once(deadline: int | None, now: int) -> bool:
    """Whether a deadline is so near that a decision is not held, and cannot be undone."""
    return deadline is not None and deadline - now < HURRY_MS


def undo(tx: Tx, decision: int, person: str, via: str, now: int) -> int:
    """Takes back a decision that has not left yet; returns its submission. Raises `TooLate`."""
    row = tx.one(
        """UPDATE decisions SET state = 'undone', settled_at = :now, message = :message
           WHERE id = :id AND state = 'held' AND due_at > :now RETURNING submission""",
        id=decision,
        now=now,
        message=f"undone by {person}",
    )
    if row is None:
        raise TooLate("too late to undo: " + _state_of(tx, decision))
    release(tx, f"decision:{decision}")
    submission: int = row["submission"]
    tx.q("UPDATE submissions SET state = 'shown' WHERE id = :id AND state = 'decided'", id=submission)
    note_act(tx, now, person, via, "undo", f"submission:{submission}")
    touch(tx, f"submission:{submission}")
    return submission


def decision_name(number: int) -> str:
    """How buttons name a decision: like nothing that a submission, an operation or a bulk is called."""
    return f"d-{number}"


def parse_decision(name: str) -> int | None:
    """The number that `decision_name` made into this; None where it did not."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None


def last_undoable(reader: Reader, person: str, now: int) -> Row | None:
    """The newest decision of a person that can still be undone."""
    return reader.one(
        """SELECT id, decided_at FROM decisions WHERE state IN ('held', 'due', 'sending', 'in doubt')
           AND person = :person AND state = 'held' AND due_at > :now
           ORDER BY decided_at DESC, id DESC LIMIT 1""",
        person=person,
        now=now,
    )


def current_decision(reader: Reader, submission: int) -> Row | None:
    """The decision that holds a submission, or else the last one that did."""
    return reader.one(
        """SELECT * FROM decisions WHERE submission = :id
           ORDER BY state IN ('undone', 'refused'), id DESC LIMIT 1""",
        id=submission,
    )


def why_closed(reader: Reader, row: Row) -> str:
    """Who or what was first, in a sentence."""
    name = short_id(row["id"])
    match row["state"]:
        case "superseded":
            return f"{name} has a newer revision: decide that one"
        case "lapsed":
            return f"{name} was paid automatically at its deadline"
        case "elsewhere" if row["state_note"] in HOW_RATED:
            return f"{name} was rated on the website" + (f" ({row['state_note']})" if row["state_note"] else "")
        case "elsewhere":
            return f"{name} cannot be decided any more: {row['state_note']}"
    decision = current_decision(reader, row["id"])
    if decision is None or decision["state"] in ("undone", "refused"):
        return f"{name} cannot be decided now"
    return f"{decision['person']} was first: {Verdict(decision['verdict']).past} {name}"


def enqueue_rating(tx: Tx, account: str, job_id: str, not_before: int) -> None:
    tx.put(
        "rate",
        f"rate:{account}:{job_id}",
        rating_part(account, job_id),
        10,
        not_before,
        account=account,
        job=job_id,
    )


def rating_part(account: str, job_id: str) -> str:
    """The part of all work on a job's ratings."""
    return f"ratings:{account}/{job_id}"


def note_act(tx: Tx, now: int, person: str, via: str, act: str, subject: str = "", detail: str = "") -> None:
    """Who did what, when: kept for good."""
    tx.q(
        """INSERT INTO audit (at, person, via, act, subject, detail)
           VALUES (:at, :person, :via, :act, :subject, :detail)""",
        at=now,
        person=person,
        via=via,
        act=act,
        subject=subject,
        detail=detail,
    )


def _check(ask: Ask, limits: Limits) -> None:
    if ask.verdict is not Verdict.APPROVE and not ask.comment.strip():
        raise NotPossible(f"to {ask.verdict} needs a reason: the worker is told why")
    if ask.satisfaction and (ask.verdict is Verdict.REVISE or ask.satisfaction.verdict is not ask.verdict):
        raise NotPossible(f"{ask.satisfaction} does not go with {ask.verdict}")
    if ask.block and ask.verdict is not Verdict.REJECT:
        raise NotPossible("to block a worker goes only with a rejection")
    if not ask.bonus.is_finite() or ask.bonus < 0:
        raise NotPossible("a bonus is an amount of dollars, such as 0.25")
    if not ask.bonus:
        return
    if ask.verdict is not Verdict.APPROVE:
        raise NotPossible("a bonus goes only with an approval")
    if limits.max_bonus is None:
        raise OverLimit("bonuses are off: set max_bonus under [limits] in the config to allow them")
    if ask.bonus > limits.max_bonus:
        raise OverLimit(f"a bonus of {money(ask.bonus)} is over max_bonus, which is {money(limits.max_bonus)}")
    if takes_two(limits, ask.bonus):
        most = money(limits.second_person_above or ask.bonus)
        raise OverLimit(f"a bonus is given by one person: second_person_above allows them {most}")


def _state_of(reader: Reader, decision: int) -> str:
    row = reader.one("SELECT state, message FROM decisions WHERE id = :id", id=decision)
    if row is None:
        return "there is no such decision"
    words = {
        "held": "it is on its way",
        "due": "it is on its way",
        "sending": "it is on its way",
        "confirmed": "the marketplace has it, and ratings are final",
        "in doubt": "it was sent, and may have arrived",
        "undone": "it was undone already",
        "overtaken": "somebody rated it on the website",
        "refused": "the marketplace refused it",
    }
    return words[row["state"]]
