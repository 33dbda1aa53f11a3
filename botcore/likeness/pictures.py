"""Finds the pictures that look like another, by keys that the database has an index of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ..flags import has_flag
from ..store.port import Reader, Row, Tx
from ..text import short_id
from .desk import OPEN, Flag, raise_flags
from .measures import EMPTY, PICTURE_ALIKE, Look, percent, picture_bands, picture_likeness, same_picture

SEEN = 200  # of those that share a key, the newest
COMPARED = 50  # of those, the ones that share most keys
CROWD = 8  # so many tasks of one job with the same picture: everybody's looks like that
FEW = 2  # so many tasks elsewhere with a picture that is alike; more are a page that many people see

SHARING = """
SELECT l.sha256, l.hash, l.thumb FROM (
    SELECT t.look, count(*) AS keys FROM json_each(:bands) b CROSS JOIN look_bands t
    ON t.band = b.value AND t.look IN (SELECT look FROM look_bands WHERE band = b.value ORDER BY look DESC LIMIT :seen)
    GROUP BY t.look ORDER BY keys DESC, t.look LIMIT :compared) f
JOIN looks l ON l.id = f.look
"""
NEW = """
SELECT s.id, s.account, s.job_id, s.task_id, s.state FROM pictures p
JOIN submission_pictures l ON l.url = p.url JOIN submissions s ON s.id = l.submission
WHERE p.sha256 = :sha256 AND NOT l.compared LIMIT :most
"""
# also of pictures that are no longer kept
EVER = """
SELECT s.id, s.account, s.job_id, s.task_id, s.state FROM prints f JOIN submissions s ON s.id = f.submission
WHERE f.kind = 'picture' AND f.print = :sha256 ORDER BY f.submission DESC LIMIT :most
"""


@dataclass(frozen=True, slots=True)
class _Alike:
    """A submission of another task with a picture that is alike. `same`: one picture but for size and compression."""

    row: Row
    likeness: float
    same: bool


def is_known(reader: Reader, sha256: str) -> bool:
    """Whether a picture was looked at before."""
    return bool(reader.value("SELECT 1 FROM looks WHERE sha256 = :sha256", sha256=sha256))


def keep_look(tx: Tx, sha256: str, look: Look | None, note: str) -> None:
    """Keeps what a picture looks like, or why that is not known."""
    number = tx.value(
        """INSERT INTO looks (sha256, hash, thumb, note) VALUES (:sha256, :hash, :thumb, :note)
           ON CONFLICT (sha256) DO NOTHING RETURNING id""",
        sha256=sha256,
        hash=look.hash if look else None,
        thumb=look.thumb if look else None,
        note=note,
    )
    if number is None or look is None:
        return
    for band in picture_bands(look):
        tx.q("INSERT INTO look_bands (band, look) VALUES (:band, :look)", band=band, look=number)


def look_of(reader: Reader, sha256: str) -> Look | None:
    """What a picture looks like, where it was looked at and can be compared."""
    row = reader.one("SELECT hash, thumb FROM looks WHERE sha256 = :sha256 AND hash IS NOT NULL", sha256=sha256)
    return Look(row["hash"], row["thumb"]) if row else None


@dataclass(frozen=True, slots=True)
class Compared:
    """Submissions whose picture was compared, and what to say of them."""

    numbers: tuple[int, ...]
    flags: tuple[Flag, ...]


def compare(reader: Reader, sha256: str) -> Compared:
    """Compares a picture for submissions that it was not compared for; one batch of them."""
    rows = reader.q(NEW, sha256=sha256, most=SEEN)
    waiting = [row for row in rows if row["state"] in OPEN]
    look = look_of(reader, sha256)
    flags = _like_others(reader, sha256, look, waiting) if look else _like_nothing(reader, sha256, waiting)
    return Compared(tuple(row["id"] for row in rows), tuple(flags))


def note_compared(tx: Tx, sha256: str, compared: Compared) -> None:
    raise_flags(tx, compared.flags)
    for number in compared.numbers:
        tx.q(
            """UPDATE submission_pictures SET compared = 1
               WHERE submission = :id AND url IN (SELECT url FROM pictures WHERE sha256 = :sha256)""",
            id=number,
            sha256=sha256,
        )


def _like_others(reader: Reader, sha256: str, look: Look, rows: Sequence[Row]) -> list[Flag]:
    mine = [row for row in rows if not _is_flagged(reader, row)]
    others = _alike(reader, sha256, look) if mine else []
    return [
        flag for row in mine for flag in _flags(reader, row, [one for one in others if _task(one.row) != _task(row)])
    ]


def _like_nothing(reader: Reader, sha256: str, rows: Sequence[Row]) -> list[Flag]:
    """A picture that nobody could look at may be anybody's; an empty one is nobody's."""
    if not rows or reader.value("SELECT note FROM looks WHERE sha256 = :sha256", sha256=sha256) == EMPTY:
        return []
    return [Flag(row["id"], "uncompared picture", "Picture cannot be compared") for row in rows]


def _alike(reader: Reader, sha256: str, look: Look) -> list[_Alike]:
    """The submissions with a picture like this one, the likest first, and of those the first."""
    found: list[_Alike] = []
    for row in reader.q(SHARING, bands=json.dumps(picture_bands(look)), seen=SEEN, compared=COMPARED):
        if row["sha256"] == sha256:
            continue
        other = Look(row["hash"], row["thumb"])
        likeness = picture_likeness(look, other)
        if likeness >= PICTURE_ALIKE:
            same = same_picture(look, other)
            shown = reader.q(EVER, sha256=row["sha256"], most=SEEN)
            found += [_Alike(submission, likeness, same) for submission in shown]
    return sorted(found, key=lambda alike: (-alike.likeness, alike.row["id"]))


def _flags(reader: Reader, row: Row, others: Sequence[_Alike]) -> list[Flag]:
    """One at most for this submission, and for those that were told later and looked at before.

    In one job everybody's screenshots are of the same page: there only the same picture counts, and not where it is
    that of a crowd. Elsewhere one that is alike counts, unless it is a page that many people see.
    """
    same = [other for other in others if other.same]
    here = {_task(other.row) for other in same if _job(other.row) == _job(row)}
    if same:
        chosen = same if len(here) < CROWD else []
    else:
        elsewhere = len({_task(other.row) for other in others}) <= FEW
        chosen = list(others) if elsewhere and all(_job(other.row) != _job(row) for other in others) else []
    flags: list[Flag] = []
    earlier = [other for other in chosen if other.row["id"] < row["id"]]
    if earlier:
        flags.append(_flag(row, earlier[0].row, earlier[0].likeness))
    flags += [
        _flag(other.row, row, other.likeness)
        for other in same[:FEW]
        if other in chosen and other.row["id"] > row["id"] and other.row["state"] in OPEN
        if not _is_flagged(reader, other.row)
    ]
    return flags


def _is_flagged(reader: Reader, row: Row) -> bool:
    return has_flag(reader, row["id"], "picture", "like picture")


def _flag(row: Row, other: Row, likeness: float) -> Flag:
    words = f"Picture like #{short_id(other['id'])} ({percent(likeness)})"
    return Flag(row["id"], "like picture", words, other["id"])


def _job(row: Row) -> tuple[str, str]:
    return row["account"], row["job_id"]


def _task(row: Row) -> tuple[str, str]:
    return row["account"], row["task_id"]
