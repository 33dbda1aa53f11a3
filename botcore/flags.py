"""What a reviewer should look at twice: exact copies. A flag is never a verdict."""

from __future__ import annotations

from collections.abc import Sequence

from .models import ProofKind, Submission
from .store.port import Row, Tx
from .text import clean, fingerprint, short_id


def keep_prints(tx: Tx, number: int, submission: Submission) -> None:
    """Keeps what a later copy of this would be found by."""
    for kind, value in _prints(submission):
        tx.q(
            "INSERT OR IGNORE INTO prints (kind, print, submission) VALUES (:kind, :value, :id)",
            kind=kind,
            value=value,
            id=number,
        )


def flag_copies(tx: Tx, number: int, submission: Submission, advice: Sequence[str]) -> None:
    """Flags the same text (anywhere) and the same address (in the same job) from another worker or task."""
    for kind, value in _prints(submission):
        if other := _earlier(tx, kind, value, number, submission.task_id):
            words = "Same text as" if kind == "text" else "Same IP address as"
            add_flag(tx, number, kind, f"{words} {short_id(other['id'])}")
    for text in advice:
        add_flag(tx, number, "advice", clean(text, 200))


def flag_picture(tx: Tx, number: int, sha256: str) -> bool:
    """Notes a picture that has been fetched; True where it flagged it as a copy."""
    tx.q(
        "INSERT OR IGNORE INTO prints (kind, print, submission) VALUES ('picture', :sha, :id)",
        sha=sha256,
        id=number,
    )
    task = tx.value("SELECT task_id FROM submissions WHERE id = :id", id=number)
    other = _earlier(tx, "picture", sha256, number, task)
    return bool(other) and add_flag(tx, number, "picture", f"Same picture as {short_id(other['id'])}" if other else "")


def add_flag(tx: Tx, number: int, kind: str, text: str) -> bool:
    """True where the flag is new."""
    return bool(
        tx.q(
            "INSERT OR IGNORE INTO flags (submission, kind, text) VALUES (:id, :kind, :text) RETURNING 1 AS new",
            id=number,
            kind=kind,
            text=text,
        )
    )


def _prints(submission: Submission) -> list[tuple[str, str]]:
    found = {
        ("text", value)
        for proof in submission.proofs
        if proof.kind is ProofKind.TEXT and (value := fingerprint(proof.text))
    }
    if submission.ip_address:
        found.add(("ip", f"{submission.account}:{submission.job_id}:{submission.ip_address}"))
    return sorted(found)


def _earlier(tx: Tx, kind: str, value: str, number: int, task: str) -> Row | None:
    """The first other task's submission with the same print."""
    return tx.one(
        """SELECT s.id FROM prints p JOIN submissions s ON s.id = p.submission
           WHERE p.kind = :kind AND p.print = :value AND p.submission < :id AND s.task_id != :task
           ORDER BY p.submission LIMIT 1""",
        kind=kind,
        value=value,
        id=number,
        task=task,
    )
