"""Drafts in the database: who writes them, what is in them, and which job one became."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from ..delivery import touch
from ..numbers import next_number
from ..operations import cancel_quoted
from ..review import NotPossible, note_act
from ..store.codec import dump, load
from ..store.port import Reader, Row, Tx
from ..text import ago
from .preview import Preview

DAY_MS = 86_400_000
KEPT_MS = 30 * DAY_MS  # an open draft that nobody has touched for so long is forgotten
MOST_LISTED = 50
_NAME = re.compile("draft-([1-9][0-9]{0,14})")


@dataclass(frozen=True, slots=True)
class Draft:
    """A job that is being written. `version` counts its changes, and `turns` how often somebody else made them;
    `state`: `open`, `posted` or `discarded`; `operation`: the last that would post it."""

    number: int
    account: str
    answers: Mapping[str, str]
    preview: Preview
    version: int
    turns: int
    state: str
    person: str
    operation: int | None
    job_id: str

    @property
    def name(self) -> str:
        return draft_name(self.number)


def draft_name(number: int) -> str:
    """How buttons and people name a draft."""
    return f"draft-{number}"


def parse_draft(name: str) -> int | None:
    """The number that `draft_name` made into this; None where it did not."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None


def begin(tx: Tx, account: str, answers: Mapping[str, str], preview: Preview, person: str, via: str, now: int) -> int:
    """A new draft; returns its number."""
    tx.q("DELETE FROM drafts WHERE state = 'open' AND changed_at < :old AND operation IS NULL", old=now - KEPT_MS)
    row = tx.one(
        f"""INSERT INTO drafts (id, account, answers, preview, person, via, created_at, changed_by, changed_at)
           VALUES ({next_number("drafts")}, :account, :answers, :preview, :person, :via, :now, :person, :now)
           RETURNING id""",  # noqa: S608
        account=account,
        answers=json.dumps(dict(answers)),
        preview=dump(preview),
        person=person,
        via=via,
        now=now,
    )
    number: int = row["id"] if row else 0
    note_act(tx, now, person, via, "draft", f"draft:{number}", preview.title)
    return number


def change(tx: Tx, draft: Draft, answers: Mapping[str, str], preview: Preview, person: str, now: int) -> Draft:
    """The draft with other answers; what was quoted for it counts no more. Raises `NotPossible`, also where somebody
    else has changed it meanwhile."""
    _drop_quote(tx, draft.number, now)
    row = tx.one(
        """UPDATE drafts SET answers = :answers, preview = :preview, version = version + 1,
               turns = turns + (changed_by != :person), changed_by = :person, changed_at = :now, operation = NULL
           WHERE id = :id AND version = :version AND state = 'open' RETURNING *""",
        id=draft.number,
        version=draft.version,
        answers=json.dumps(dict(answers)),
        preview=dump(preview),
        person=person,
        now=now,
    )
    if row is None:
        raise NotPossible("somebody else has just changed this draft: look at it again")
    touch(tx, f"draft:{draft.number}")
    return _draft(row)


def priced(tx: Tx, draft: Draft, preview: Preview, operation: int, now: int) -> Draft:
    """The draft with what it costs, and the one operation that would post it. Raises `NotPossible`."""
    _drop_quote(tx, draft.number, now)
    row = tx.one(
        """UPDATE drafts SET preview = :preview, operation = :operation
           WHERE id = :id AND version = :version AND state = 'open' RETURNING *""",
        id=draft.number,
        version=draft.version,
        preview=dump(preview),
        operation=operation,
    )
    if row is None:
        raise NotPossible("somebody else has just changed this draft: look at it again")
    touch(tx, f"draft:{draft.number}")
    return _draft(row)


def repriced(tx: Tx, draft: Draft, preview: Preview) -> None:
    """What a draft's card shows is known better now; the draft itself is as it was."""
    tx.q(
        "UPDATE drafts SET preview = :preview WHERE id = :id AND version = :version",
        id=draft.number,
        version=draft.version,
        preview=dump(preview),
    )
    touch(tx, f"draft:{draft.number}")


def discard(tx: Tx, number: int, person: str, via: str, now: int) -> None:
    """Drops a draft. Raises `NotPossible`."""
    _drop_quote(tx, number, now)
    tx.q(
        "UPDATE drafts SET state = 'discarded', changed_by = :person, changed_at = :now WHERE id = :id",
        id=number,
        person=person,
        now=now,
    )
    note_act(tx, now, person, via, "discard", f"draft:{number}")
    touch(tx, f"draft:{number}")


def became(tx: Tx, number: int, job_id: str) -> None:
    """A draft has been posted."""
    tx.q("UPDATE drafts SET state = 'posted', job_id = :job WHERE id = :id", id=number, job=job_id)
    touch(tx, f"draft:{number}")


def find_draft(reader: Reader, number: int) -> Draft | None:
    row = reader.one("SELECT * FROM drafts WHERE id = :id", id=number)
    return _draft(row) if row else None


def draft_of_operation(reader: Reader, operation: int) -> int | None:
    """The draft that an operation would post, or has."""
    number: int | None = reader.value("SELECT id FROM drafts WHERE operation = :id", id=operation)
    return number


def posted_lately(reader: Reader, account: str, about: str, now: int) -> str:
    """When the same was posted here within a day, in words; "" where it was not."""
    row = reader.one(
        """SELECT made, settled_at FROM operations WHERE account = :account AND about = :about AND state = 'done'
           AND settled_at > :since ORDER BY settled_at DESC LIMIT 1""",
        account=account,
        about=about,
        since=now - DAY_MS,
    )
    if row is None:
        return ""
    return f"{ago(timedelta(milliseconds=now - row['settled_at']))} ago" + (f" ({row['made']})" if row["made"] else "")


def open_drafts(reader: Reader) -> list[Row]:
    """Drafts that are neither posted nor discarded, those changed last first."""
    return list(
        reader.q(
            """SELECT id, account, preview, person, changed_by, changed_at FROM drafts WHERE state = 'open'
               ORDER BY changed_at DESC, id DESC LIMIT :most""",
            most=MOST_LISTED,
        )
    )


def _drop_quote(tx: Tx, number: int, now: int) -> None:
    """What was quoted for a draft counts no more. Raises `NotPossible` where somebody has let it go, or it is over."""
    row = tx.one(
        """SELECT d.state, d.operation, o.state AS sent FROM drafts d LEFT JOIN operations o ON o.id = d.operation
           WHERE d.id = :id""",
        id=number,
    )
    if row is None:
        raise NotPossible("there is no such draft")
    if row["state"] == "posted":
        raise NotPossible("this is posted already; `job clone` makes another draft of it")
    if row["state"] == "discarded":
        raise NotPossible("this was discarded")
    if row["sent"] in ("confirmed", "sending", "in doubt"):
        raise NotPossible("this is being posted: wait for its end")
    if row["operation"]:
        cancel_quoted(tx, row["operation"], now)


def _draft(row: Row) -> Draft:
    return Draft(
        number=row["id"],
        account=row["account"],
        answers=json.loads(row["answers"]),
        preview=load(Preview, row["preview"]),
        version=row["version"],
        turns=row["turns"],
        state=row["state"],
        person=row["person"],
        operation=row["operation"],
        job_id=row["job_id"],
    )
