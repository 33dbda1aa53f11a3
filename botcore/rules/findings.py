"""What rules found, each once: what it counts toward their limits, what cards say of it, what people said after."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from ..store.port import Reader, Row, Tx
from .settings import Rule

VIA = "rule"  # where a rule's decisions are made, in the place of a messenger's name


class Outcome(StrEnum):
    """What came of a rule's look at a submission."""

    APPROVED = "approved"
    SHADOW = "shadow"  # it would have approved, but only watches
    SAMPLE = "sample"  # it would have, but some are left to people
    LIMIT = "limit"  # it would have, but had approved enough that day
    UNPRICED = "unpriced"  # nobody knows what it costs
    FLAGGED = "flagged"
    PICTURE = "picture"  # one is missing, or cannot be compared with others
    DEADLINE = "deadline"  # so near that nobody could undo an approval
    WORKER = "worker"  # blocked, or not approved often enough
    NO = "no"  # not what it asks for


LEFT_TO_PEOPLE = {
    Outcome.SHADOW: "it only watches",
    Outcome.SAMPLE: "left to you as a sample",
    Outcome.LIMIT: "its limit for that day was reached",
}


SPOKE = {Outcome.APPROVED, Outcome.SAMPLE, Outcome.LIMIT, Outcome.UNPRICED}  # of the rule that has the only say


def note(tx: Tx, rule: Rule, submission: int, outcome: Outcome, now: int) -> None:
    tx.q(
        "INSERT INTO rule_findings (submission, rule, outcome, at) VALUES (:submission, :rule, :outcome, :now)",
        submission=submission,
        rule=rule.name,
        outcome=outcome,
        now=now,
    )


def findings(reader: Reader, submission: int) -> dict[str, Outcome]:
    """What was found about a submission, by rule."""
    rows = reader.q("SELECT rule, outcome FROM rule_findings WHERE submission = :id", id=submission)
    return {row["rule"]: Outcome(row["outcome"]) for row in rows}


def count_in(tx: Tx, rule: Rule, day: str, price: Decimal) -> bool:
    """Counts an approval toward a rule's limits of a day; False where they leave no room for it.

    It counts for good, also where the approval is undone: the limit is on what a rule does, not on what stays of it.
    """
    before, dollars = counted(tx, rule.name, day)
    if before >= rule.max_per_day or dollars + price > rule.max_dollars_per_day:
        return False
    return bool(
        tx.q(
            """INSERT INTO rule_days (rule, day, approvals, dollars) VALUES (:rule, :day, 1, :dollars)
               ON CONFLICT (rule, day) DO UPDATE SET approvals = approvals + 1, dollars = excluded.dollars
               WHERE approvals = :before RETURNING 1 AS counted""",
            rule=rule.name,
            day=day,
            dollars=str(dollars + price),
            before=before,
        )
    )


def counted(reader: Reader, rule: str, day: str) -> tuple[int, Decimal]:
    """How many a rule has approved on a day, and for how much."""
    row = reader.one("SELECT * FROM rule_days WHERE rule = :rule AND day = :day", rule=rule, day=day)
    return (row["approvals"], Decimal(row["dollars"])) if row else (0, Decimal(0))


def notes_for_card(reader: Reader, submission: int) -> list[str]:
    """Which rules would have approved a submission that waits for people, and why they did not."""
    rows = reader.q("SELECT rule, outcome FROM rule_findings WHERE submission = :id ORDER BY rule", id=submission)
    return [
        f"Rule {row['rule']} would approve this: {LEFT_TO_PEOPLE[Outcome(row['outcome'])]}."
        for row in rows
        if row["outcome"] in LEFT_TO_PEOPLE
    ]


# What people said of a submission, here or at the marketplace; `undone` where they only took the approval back.
SAID = f"""
SELECT f.submission, f.outcome, f.at, s.price, CASE WHEN f.outcome IN ('approved', 'shadow', 'sample', 'limit') THEN
    coalesce(
        (SELECT d.verdict FROM decisions d WHERE d.submission = f.submission AND d.via != '{VIA}'
         AND d.state NOT IN ('undone', 'refused', 'overtaken') ORDER BY d.id DESC LIMIT 1),
        CASE WHEN s.state = 'elsewhere' THEN CASE s.state_note
            WHEN 'approved' THEN 'approve' WHEN 'rejected' THEN 'reject' WHEN 'sent back for revision' THEN 'revise' END
        END,
        (SELECT 'undone' FROM decisions d WHERE d.submission = f.submission AND d.via = '{VIA}'
         AND d.person = :person AND d.state = 'undone')
    ) END AS said
FROM rule_findings f JOIN submissions s ON s.id = f.submission WHERE f.rule = :rule AND f.at >= :since
"""  # noqa: S608 - our words


def tally(reader: Reader, rule: Rule, since: int) -> Sequence[Row]:
    """How many findings of a rule there are by `outcome`, `price` and what people `said`. `since`: ms."""
    return reader.q(
        f"SELECT outcome, price, said, count(*) AS number FROM ({SAID}) GROUP BY 1, 2, 3",  # noqa: S608
        rule=rule.name,
        person=rule.person,
        since=since,
    )


def disagreements(reader: Reader, rule: Rule, since: int, limit: int) -> Sequence[Row]:
    """The newest submissions that a rule approved, or would have, and people did not."""
    return reader.q(
        f"""SELECT submission, said FROM ({SAID}) WHERE said IN ('reject', 'revise', 'undone')
            ORDER BY at DESC, submission DESC LIMIT :limit""",  # noqa: S608
        rule=rule.name,
        person=rule.person,
        since=since,
        limit=limit,
    )
