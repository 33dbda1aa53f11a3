"""Submissions that were read become rows, a page in one go: new ones, and those that are seen again."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .clock import to_ms
from .delivery import touch
from .flags import add_advice, flag_copies, keep_prints, prints_of
from .models import ProofKind, Submission
from .pictures import ask_for, remember
from .provider import NOT_LISTED, REPORTED
from .queues import New
from .settling import overtake
from .store.codec import dump
from .store.port import Reader, Row, Tx

NUMBERS_FROM = "numbers_from"  # in `meta`: no new submission gets this number, or one below it
FAR_ON = 100_000  # more than can have come in since a backup was made
SPREAD = 17_000_000  # where numbers go on after a restore: so that they still have three letters

Key = tuple[str, str, int]
OnKept = Callable[[Tx, Submission, int], None]  # of the transaction that keeps a new submission


@dataclass(frozen=True, slots=True)
class Ready:
    """A submission made ready for its transaction: all others wait for the one thread that writes."""

    submission: Submission
    row: Mapping[str, object]
    prints: Sequence[tuple[str, str]]
    pictures: Sequence[str]
    advice: Sequence[str]


def key_of(submission: Submission) -> Key:
    return submission.account, submission.task_id, submission.revision


def make_ready(s: Submission, advice: Sequence[str]) -> Ready:
    row = {
        "account": s.account,
        "job": s.job_id,
        "task": s.task_id,
        "revision": s.revision,
        "worker": s.worker_id,
        "submitted": to_ms(s.submitted_at),
        "deadline": None if s.deadline is None else to_ms(s.deadline),
        "price": None if s.price is None else str(s.price),
        "country": s.country,
        "ip": s.ip_address,
        "data": dump(s),
    }
    pictures = list(dict.fromkeys(p.url for p in s.proofs if p.kind is ProofKind.PICTURE and p.url))
    return Ready(s, row, prints_of(s), pictures, advice)


def known(reader: Reader, submissions: Sequence[Submission]) -> dict[Key, int]:
    """Those of these that are kept already, with their numbers."""
    rows = reader.q(
        """SELECT s.id, s.account, s.task_id, s.revision FROM json_each(:keys) k JOIN submissions s
           ON s.account = json_extract(k.value, '$[0]') AND s.task_id = json_extract(k.value, '$[1]')
           AND s.revision = json_extract(k.value, '$[2]')""",
        keys=json.dumps([key_of(s) for s in submissions]),
    )
    return {(row["account"], row["task_id"], row["revision"]): row["id"] for row in rows}


INSERT = """
INSERT INTO submissions (id, account, job_id, task_id, revision, worker_id, submitted_at, deadline, price, country,
    ip_address, data, received_at, seen_at)
VALUES (:id, :account, :job, :task, :revision, :worker, :submitted, :deadline, :price, :country, :ip, :data, :now, :now)
ON CONFLICT (account, task_id, revision) DO NOTHING
"""
SHOWS = "INSERT OR IGNORE INTO submission_pictures (submission, url) VALUES (:id, :url)"


def keep(tx: Tx, page: Sequence[Ready], on_kept: OnKept, now: int) -> tuple[list[tuple[Submission, int]], list[New]]:
    """What of a page is new, with its numbers, and what is to be shown: that, and what waits again."""
    last, floor = _last(tx), int(tx.value("SELECT value FROM meta WHERE key = :key", key=NUMBERS_FROM) or 0)
    numbered = range(floor + 1, floor + 1 + len(page)) if floor > last else (None,) * len(page)
    tx.many(INSERT, [{**ready.row, "id": number, "now": now} for ready, number in zip(page, numbered, strict=True)])
    rows = tx.q("SELECT id, account, task_id, revision FROM submissions WHERE id > :last", last=last)
    numbers = {(row["account"], row["task_id"], row["revision"]): row["id"] for row in rows}
    old = _close_older(tx, last, now)
    fresh = [(ready, n) for ready in page if (n := numbers.get(key_of(ready.submission))) and n not in old]
    keep_prints(tx, [(number, *found) for ready, number in fresh for found in ready.prints])
    flag_copies(tx, last)
    tx.many(SHOWS, [{"id": number, "url": url} for ready, number in fresh for url in ready.pictures])
    for ready, number in fresh:
        add_advice(tx, number, ready.advice)
        for url in ready.pictures:
            remember(tx, url, ready.submission.account, now)
            ask_for(tx, url, ready.submission.account)
        on_kept(tx, ready.submission, number)
    shown = [New(number, ready.submission.account, bool(ready.pictures)) for ready, number in fresh]
    if faster := [ready.submission for ready in page if key_of(ready.submission) not in numbers]:
        shown += see_again(tx, list(known(tx, faster).values()), now)
    return [(ready.submission, number) for ready, number in fresh], shown


def skip_numbers(tx: Tx) -> None:
    """After a restore: what came in since the backup had numbers, and its cards still hang there. Their buttons must
    never mean something else. Nor may those of an earlier restore of the same backup: where it goes on is drawn."""
    tx.q(
        "INSERT OR REPLACE INTO meta (key, value) VALUES (:key, :value)",
        key=NUMBERS_FROM,
        value=str(_last(tx) + FAR_ON + secrets.randbelow(SPREAD)),
    )


def _last(reader: Reader) -> int:
    number: int = reader.value("SELECT coalesce(max(id), 0) FROM submissions")
    return number


NEVER_LEFT = """
UPDATE decisions SET state = 'undone', message = 'it could not be rated for a while, and waits again'
WHERE state = 'overtaken' AND tries = 0 AND submission IN (SELECT id FROM submissions
    WHERE id IN (SELECT value FROM json_each(:ids)) AND state = 'elsewhere' AND state_note IN (:not_listed, :reported))
"""  # or nobody could decide what turned out to wait still
REOPEN = """
UPDATE submissions SET state = 'shown', state_note = ''
WHERE id IN (SELECT value FROM json_each(:ids)) AND state = 'elsewhere' AND state_note IN (:not_listed, :reported)
AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.submission = submissions.id AND d.state NOT IN ('undone', 'refused'))
RETURNING id, account
"""


def see_again(tx: Tx, numbers: Sequence[int], now: int) -> list[New]:
    """Notes that these are still unrated; returns what was out of reach for a while (in no list, or
    reported), and waits again."""
    ids = json.dumps(numbers)
    tx.q(
        "UPDATE submissions SET seen_at = :now, missed = 0 WHERE id IN (SELECT value FROM json_each(:ids))",
        now=now,
        ids=ids,
    )
    tx.q(NEVER_LEFT, ids=ids, not_listed=NOT_LISTED, reported=REPORTED)
    reopened = tx.q(REOPEN, ids=ids, not_listed=NOT_LISTED, reported=REPORTED)
    for row in reopened:
        touch(tx, f"submission:{row['id']}")
    return [New(row["id"], row["account"]) for row in reopened]


def _close_older(tx: Tx, last: int, now: int) -> set[int]:
    """Of the submissions above `last`, those read before their newer revision and told after it; what newer ones
    replace is closed."""
    pairs = tx.q(
        """SELECT CASE WHEN o.revision < n.revision THEN o.id ELSE n.id END AS older
           FROM submissions n JOIN submissions o
           ON o.account = n.account AND o.task_id = n.task_id AND o.revision != n.revision WHERE n.id > :last""",
        last=last,
    )
    for number in {pair["older"] for pair in pairs}:
        row = tx.one("SELECT * FROM submissions WHERE id = :id AND state IN ('new', 'shown', 'decided')", id=number)
        if row:
            supersede(tx, row, now)
    return {pair["older"] for pair in pairs if pair["older"] > last}


def supersede(tx: Tx, row: Row, now: int) -> None:
    """Closes what the worker has handed in anew. What is decided and may have left is for its settling to tell."""
    held = tx.one("SELECT * FROM decisions WHERE submission = :id AND state IN ('held', 'due')", id=row["id"])
    if row["state"] == "decided" and held is None:
        return
    tx.q("UPDATE submissions SET state = 'superseded' WHERE id = :id", id=row["id"])
    if held:
        overtake(tx, held, now, "a newer revision came in first")
    touch(tx, f"submission:{row['id']}")
