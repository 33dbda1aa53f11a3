"""What is looked at once submissions are kept, behind the work that people wait for.

Texts like others' texts, answers that came too fast, bursts from one country. A batch is one read and one
transaction: after a kill all of it is done again, or nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..delivery import LAZY, touch
from ..flags import add_flag, has_flag
from ..store.port import Reader, Row, Store, Tx, Work
from ..text import short_id
from .habits import Tally, bursts, haste, keep_tallies, neighbours, tally
from .measures import percent
from .texts import TextFinder

BATCH = 50  # submissions
PRIO = 70
DONE = "likened"  # in meta: the number of the last submission that was looked at
OPEN = ("new", "shown", "decided")


def ask_to_liken(tx: Tx) -> None:
    """Enqueues the looking at whatever has not been looked at."""
    tx.put("liken", "liken", "liken", PRIO)


def ask_to_look(tx: Tx, sha256: str) -> None:
    """Enqueues the comparing of a picture that has been fetched."""
    tx.put("look", f"look:{sha256}", "look", PRIO, sha256=sha256)


def recover(tx: Tx) -> None:
    """Enqueues what an older version has left: the newest database has all of it enqueued."""
    ask_to_liken(tx)
    for row in tx.q(
        """SELECT DISTINCT p.sha256 FROM submissions s JOIN submission_pictures l ON l.submission = s.id
           JOIN pictures p ON p.url = l.url
           WHERE s.state IN ('new', 'shown', 'decided') AND p.state = 'ready' AND NOT l.compared"""
    ):
        ask_to_look(tx, row["sha256"])


# of a submission `s` that may get flags yet: it, or one of its pictures that can be had, was not looked at
UNCHECKED = f"""(s.id > coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = '{DONE}'), 0)
    OR EXISTS (SELECT 1 FROM submission_pictures l JOIN pictures p ON p.url = l.url
        WHERE l.submission = s.id AND (p.state = 'loading' OR (p.state = 'ready' AND NOT l.compared))))"""  # noqa: S608


def checked(reader: Reader, number: int) -> bool:
    """Whether a submission has all its flags."""
    return bool(reader.value(f"SELECT NOT {UNCHECKED} FROM submissions s WHERE s.id = :id", id=number))  # noqa: S608


@dataclass(frozen=True, slots=True)
class Flag:
    number: int  # of the submission
    kind: str
    text: str
    other: int | None = None  # what it was compared with


def raise_flags(tx: Tx, flags: Iterable[Flag]) -> None:
    """Keeps flags and shows the new ones; a card that is still to be sent will have them by itself."""
    flagged = {flag.number for flag in flags if add_flag(tx, flag.number, flag.kind, flag.text, flag.other)}
    for number in sorted(flagged):
        subject = f"submission:{number}"
        to_be_sent = tx.value("SELECT min(state = 'due') FROM deliveries WHERE subject = :subject", subject=subject)
        if to_be_sent != 1:
            touch(tx, subject, prio=LAZY)


class LikenessDesk:
    """Handles the work `liken`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def liken(self, work: Work) -> None:
        while batch := await self._store.read(_look):
            await self._store.tx(_note, batch)


@dataclass(slots=True)
class _Batch:
    """Submissions after number `after`, up to number `until`, and what was found."""

    after: int
    until: int
    bands: list[tuple[int, int]] = field(default_factory=list)  # key, submission
    tallies: Counter[Tally] = field(default_factory=Counter)
    flags: list[Flag] = field(default_factory=list)


def _look(reader: Reader) -> _Batch | None:
    done = _done(reader)
    rows = reader.q(
        "SELECT * FROM submissions NOT INDEXED WHERE id > :done ORDER BY id LIMIT :most", done=done, most=BATCH
    )
    if not rows:
        return None
    batch = _Batch(done, rows[-1]["id"])
    finder = TextFinder(reader, rows[0]["id"])
    for row in rows:
        number: int = row["id"]
        batch.tallies[tally(row)] += 1
        if row["state"] in OPEN:
            if not has_flag(reader, number, "text") and (likest := finder.likest(row)):
                words = f"Text like #{short_id(likest.number)} ({percent(likest.likeness)})"
                batch.flags.append(Flag(number, "like text", words, likest.number))
            batch.flags += _hasty(reader, row, finder)
        batch.bands += [(band, number) for band in finder.file(row)]
    return batch


def _note(tx: Tx, batch: _Batch) -> None:
    if _done(tx) != batch.after:
        return  # it was noted already
    tx.q(
        """INSERT OR IGNORE INTO text_bands (band, submission)
           SELECT value ->> 0, value ->> 1 FROM json_each(:bands)""",
        bands=json.dumps(sorted(batch.bands)),
    )
    keep_tallies(tx, batch.tallies)
    raise_flags(tx, batch.flags)
    raise_flags(tx, [Flag(number, "burst", text) for number, text in bursts(tx, batch.tallies).items()])
    tx.q(
        "INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        key=DONE,
        value=str(batch.until),
    )


def _hasty(reader: Reader, row: Row, finder: TextFinder) -> list[Flag]:
    """Of two submissions that came too soon after each other the later one is flagged, whichever was told first."""
    found: list[Flag] = []
    others = neighbours(reader, row)
    job = finder.job(row["account"], row["job_id"])
    before = [other for other in others if other["submitted_at"] <= row["submitted_at"]]
    if before:
        last = max(before, key=lambda other: (other["submitted_at"], other["id"]))
        if words := haste(row, last, job):
            found.append(Flag(row["id"], "haste", words, last["id"]))
    for other in others:
        job = finder.job(other["account"], other["job_id"])
        if other["submitted_at"] > row["submitted_at"] and other["state"] in OPEN and (words := haste(other, row, job)):
            found.append(Flag(other["id"], "haste", words, row["id"]))
    return found


def _done(reader: Reader) -> int:
    return int(reader.value("SELECT value FROM meta WHERE key = :key", key=DONE) or 0)
