"""What a reviewer should look at twice, and exact copies above all. A flag is never a verdict."""

from __future__ import annotations

from collections.abc import Iterable

from .models import ProofKind, Submission
from .store.port import Reader, Tx
from .text import clean, fingerprint, short_id


def prints_of(submission: Submission) -> list[tuple[str, str]]:
    """What a copy of a submission would be found by: kinds and fingerprints."""
    found = {
        ("text", value)
        for proof in submission.proofs
        if proof.kind is ProofKind.TEXT and (value := fingerprint(proof.text))
    }
    if submission.ip_address:
        found.add(("ip", f"{submission.account}:{submission.job_id}:{submission.ip_address}"))
    return sorted(found)


def keep_prints(tx: Tx, prints: Iterable[tuple[int, str, str]]) -> None:
    """Keeps what later copies would be found by: a submission's number, and one of its `prints_of`."""
    tx.many(
        "INSERT OR IGNORE INTO prints (kind, print, submission) VALUES (:kind, :value, :id)",
        ({"kind": kind, "value": value, "id": number} for number, kind, value in prints),
    )


COPIES = """
SELECT n.submission, n.kind, (
    SELECT p.submission FROM prints p JOIN submissions o ON o.id = p.submission
    WHERE p.kind = n.kind AND p.print = n.print AND p.submission < n.submission
    AND (o.account, o.task_id) != (s.account, s.task_id)
    ORDER BY p.submission LIMIT 1) AS first
FROM submissions s JOIN prints n ON n.submission = s.id WHERE s.id > :last AND first IS NOT NULL
"""


def flag_copies(tx: Tx, last: int) -> None:
    """Flags the submissions above `last` that have the same text (as any) or the same address (in the same job) as
    one from another task."""
    for row in tx.q(COPIES, last=last):
        words = "Same text as" if row["kind"] == "text" else "Same IP address as"
        add_flag(tx, row["submission"], row["kind"], f"{words} #{short_id(row['first'])}", row["first"])


def add_advice(tx: Tx, number: int, advice: Iterable[str]) -> None:
    """Flags what plugins say of a submission."""
    for text in advice:
        add_flag(tx, number, "advice", clean(text, 200))


def flag_picture(tx: Tx, number: int, sha256: str) -> list[int]:
    """Notes a picture that has been fetched; returns the submissions that turn out to have a copy, which need not be
    the one whose picture came last."""
    tx.q(
        "INSERT OR IGNORE INTO prints (kind, print, submission) VALUES ('picture', :sha, :id)",
        sha=sha256,
        id=number,
    )
    if (first := tx.value(EARLIER, print=sha256, id=number)) is not None:
        pairs = [(number, first)]
    else:
        pairs = [(later["id"], number) for later in tx.q(LATER, print=sha256, id=number)]
    return [copy for copy, first in pairs if add_flag(tx, copy, "picture", _same_picture(first), first)]


def add_flag(tx: Tx, number: int, kind: str, text: str, other: int | None = None) -> bool:
    """True where the flag is new. `other`: the submission it was compared with."""
    return bool(
        tx.q(
            """INSERT OR IGNORE INTO flags (submission, kind, text, other) VALUES (:id, :kind, :text, :other)
               RETURNING 1 AS new""",
            id=number,
            kind=kind,
            text=text,
            other=other,
        )
    )


def has_flag(reader: Reader, number: int, *kinds: str) -> bool:
    """Whether a submission has a flag of one of these kinds."""
    rows = reader.q("SELECT kind FROM flags WHERE submission = :id", id=number)
    return any(row["kind"] in kinds for row in rows)


def is_repeated(reader: Reader, number: int, text: str) -> bool:
    """Whether an earlier submission has the same text: whatever is like this one is like that one."""
    return bool(
        reader.value(
            "SELECT 1 FROM prints WHERE kind = 'text' AND print = :print AND submission < :id LIMIT 1",
            print=fingerprint(text),
            id=number,
        )
    )


def compared_with(reader: Reader, number: int) -> list[int]:
    """The submissions that the flags of this one name, what may be a copy first."""
    rows = reader.q(
        """SELECT other FROM flags WHERE submission = :id AND other IS NOT NULL
           ORDER BY kind NOT IN ('picture', 'text', 'like picture', 'like text'), kind LIKE 'like %', other""",
        id=number,
    )
    return list(dict.fromkeys(row["other"] for row in rows))


# the first submission of another task with the same picture
EARLIER = """
SELECT s.id FROM submissions mine CROSS JOIN prints p JOIN submissions s ON s.id = p.submission
WHERE mine.id = :id AND p.kind = 'picture' AND p.print = :print AND p.submission < :id
AND (s.account, s.task_id) != (mine.account, mine.task_id) ORDER BY p.submission LIMIT 1
"""
LATER = """
SELECT s.id FROM submissions mine CROSS JOIN prints p JOIN submissions s ON s.id = p.submission
WHERE mine.id = :id AND p.kind = 'picture' AND p.print = :print AND p.submission > :id
AND (s.account, s.task_id) != (mine.account, mine.task_id)
AND NOT EXISTS (SELECT 1 FROM flags f WHERE f.submission = s.id AND f.kind = 'picture') ORDER BY p.submission
"""  # copies whose picture came before that of the first


def _same_picture(first: int) -> str:
    return f"Same picture as #{short_id(first)}"
