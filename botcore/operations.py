"""Every call but a rating that spends money or cannot be undone: quoted, confirmed by a person, sent once, settled."""

from __future__ import annotations

import json
import logging
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from .delivery import announce, touch
from .kinds import Args, Kinds, OperationKind
from .models import Channel
from .notices.noting import note_operation
from .numbers import next_number
from .review import NotPossible, note_act
from .spending import Limits, OverLimit, belongs_to, job_key, release, reserve, set_aside, takes_two
from .store.port import Reader, Row, Tx
from .text import money

log = logging.getLogger(__name__)

NEW = "new:"  # begins what an operation is about that makes a thing: of two that could be mixed up, one must end
UNSENT = "(state = 'quoted' OR state = 'confirmed' AND NOT sent_before)"
QUOTE_MS = 86_400_000  # so long what was quoted can be confirmed
FRESH_MS = 600_000  # and so long where it costs something
REPRICED = "it costs something else by now: look at it again"
_NAME = re.compile("op-([1-9][0-9]{0,14})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An operation before anybody confirmed it. `cost` in US dollars, an `estimate` unless the marketplace told it.

    `about` names what it changes (`job:J1`): of two operations about one thing, one ends before the other leaves.
    `facts` are shown with it, by name.
    """

    kind: OperationKind
    account: str
    args: Args
    summary: str
    person: str
    via: str
    cost: Decimal = Decimal(0)
    estimate: bool = False
    about: str = ""
    facts: Sequence[tuple[str, str]] = ()


class Stale(NotPossible):
    """What it costs was quoted too long ago: it must be quoted again."""


class Repriced(NotPossible):
    """It costs something else than whoever confirms it was shown."""


def operation_name(number: int) -> str:
    """How buttons name an operation: like nothing that a submission is called."""
    return f"op-{number}"


def parse_operation(name: str) -> int | None:
    """The number that `operation_name` made into this; None where it did not."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None


def price_token(cost: Decimal) -> int:
    """How Confirm names what an operation costs on its card: nobody lets a price go that they were not shown. 0 where
    it costs nothing."""
    return zlib.crc32(money(cost).encode()) or 1 if cost else 0


def confirm_button(row: Row) -> str:
    """The id of the button that lets an operation go, at the price that stands beside it."""
    return f"confirm:{operation_name(row['id'])}:{price_token(Decimal(row['cost']))}"


def quote(tx: Tx, proposal: Proposal, now: int) -> int:
    """Writes an operation down, to be confirmed; returns its number."""
    row = tx.one(
        f"""INSERT INTO operations (id, kind, account, args, summary, cost, estimate, repeatable, about, facts, person,
               via, state, created_at)
           VALUES ({next_number("operations")}, :kind, :account, :args, :summary, :cost, :estimate, :repeatable, :about,
               :facts, :person, :via, 'quoted', :now) RETURNING id""",  # noqa: S608
        kind=proposal.kind.name,
        account=proposal.account,
        args=json.dumps(dict(proposal.args)),
        summary=proposal.summary,
        cost=str(proposal.cost),
        estimate=proposal.estimate,
        repeatable=proposal.kind.repeatable,
        about=proposal.about,
        facts=json.dumps(list(proposal.facts)),
        person=proposal.person,
        via=proposal.via,
        now=now,
    )
    return int(row["id"]) if row else 0


def confirm(
    tx: Tx,
    operation: int,
    person: str,
    via: str,
    limits: Limits,
    now: int,
    *,
    seen: int = 0,
    alone: bool = False,
    channels: Sequence[Channel] = (),
) -> bool:
    """Lets an operation go, once; False where it takes a second person, who is asked in `channels`. `seen`: the token
    of the price that they were shown, 0 for whatever it costs; `alone`: there is no other who could. Raises
    `NotPossible` (`Stale`, `Repriced`), `OverLimit`."""
    row = tx.one(
        """UPDATE operations SET state = 'confirmed', confirmed_by = :person, confirmed_at = :now
           WHERE id = :id AND state = 'quoted' RETURNING *""",
        id=operation,
        person=person,
        now=now,
    )
    if row is None:
        raise NotPossible(_why_not(tx, operation))
    cost = Decimal(row["cost"])
    if now - row["created_at"] > QUOTE_MS:
        raise Stale("this was asked more than a day ago, and may cost something else by now: ask for it again")
    if cost and now - row["created_at"] > FRESH_MS:
        raise Stale("what this costs was asked more than 10 minutes ago: ask for it again")
    if seen and seen != price_token(cost):
        raise Repriced(REPRICED)
    if doubt := _doubted_since(tx, row):
        raise NotPossible(f"{operation_name(doubt)} is in doubt since this was asked: ask for it again")
    _make_way(tx, row)
    ref = f"operation:{operation}"
    reserve(tx, limits, ref, cost, now, job_of(row))
    if takes_two(limits, cost) and row["first_by"] in ("", person):
        release(tx, ref)
        _ask_second(tx, row, person, via, limits, now, alone, channels)
        return False
    note_act(tx, now, person, via, "confirm", ref, row["summary"])
    enqueue(tx, operation)
    changed(tx, row["id"])
    return True


def requote(
    tx: Tx, operation: int, cost: Decimal, facts: Sequence[tuple[str, str]], now: int, *, estimate: bool
) -> bool:
    """What an operation that nobody let go yet costs now. True where that is what it cost before; else whoever was
    first to confirm it is asked again. Raises `NotPossible`."""
    row = tx.one("SELECT cost, first_by FROM operations WHERE id = :id AND state = 'quoted'", id=operation)
    if row is None:
        raise NotPossible(_why_not(tx, operation))
    same = Decimal(row["cost"]) == cost
    tx.q(
        """UPDATE operations SET cost = :cost, estimate = :estimate, facts = :facts, created_at = :now,
               first_by = :first_by WHERE id = :id""",
        id=operation,
        cost=str(cost),
        estimate=estimate,
        facts=json.dumps(list(facts)),
        now=now,
        first_by=row["first_by"] if same else "",
    )
    changed(tx, operation)
    return same


def _ask_second(
    tx: Tx,
    row: Row,
    person: str,
    via: str,
    limits: Limits,
    now: int,
    alone: bool,
    channels: Sequence[Channel],
) -> None:
    """It waits for another person. Raises `NotPossible` where the same one confirms again, `OverLimit` where there is
    no other."""
    most = money(limits.second_person_above or Decimal(0))
    if alone:
        raise OverLimit(
            f"{money(Decimal(row['cost']))} takes two managers, and there is only one: add another, or raise "
            f"second_person_above, which is {most}"
        )
    if row["first_by"] == person:
        raise NotPossible(f"you have asked for this already: more than {most} takes a second manager, who confirms it")
    tx.q(
        """UPDATE operations SET state = 'quoted', confirmed_by = NULL, confirmed_at = NULL, first_by = :person
           WHERE id = :id""",
        id=row["id"],
        person=person,
    )
    ref = f"operation:{row['id']}"
    note_act(tx, now, person, via, "ask for a second", ref, row["summary"])
    announce(tx, [c for c in channels if c.takes(row["account"])], card_subject(tx, row["id"]), now)
    changed(tx, row["id"])


def job_of(row: Row) -> str:
    """How spending names the job that an operation is about; for one that makes a job, what stands for that."""
    kind, _, name = row["about"].partition(":")
    return job_key(row["account"], name) if kind == "job" else f"operation:{row['id']}"


def cancel(tx: Tx, operation: int, person: str, via: str, now: int) -> None:
    """Drops an operation that nobody confirmed, or that could not be sent yet. Raises `NotPossible`."""
    if not tx.q(
        f"UPDATE operations SET state = 'cancelled', settled_at = :now WHERE id = :id AND {UNSENT} RETURNING id",  # noqa: S608
        id=operation,
        now=now,
    ):
        raise NotPossible(_why_not(tx, operation))
    release(tx, f"operation:{operation}")
    note_act(tx, now, person, via, "cancel", f"operation:{operation}")
    changed(tx, operation)


def cancel_quoted(tx: Tx, operation: int, now: int) -> None:
    """Drops what was quoted and that nobody let go: what it was about has changed."""
    tx.q(
        "UPDATE operations SET state = 'cancelled', settled_at = :now WHERE id = :id AND state = 'quoted'",
        id=operation,
        now=now,
    )
    changed(tx, operation)


def answer_doubt(
    tx: Tx, operation: int, answer: str, person: str, via: str, kinds: Kinds, limits: Limits, now: int
) -> None:
    """What a person says of an operation in doubt: `went`, `again` or `leave`. Raises `NotPossible`, `OverLimit`."""
    state, message = {
        "went": ("done", f"{person} says it went through"),
        "again": ("confirmed", ""),
        "leave": ("refused", f"left as it is by {person}"),
    }[answer]
    row = tx.one(
        """UPDATE operations SET state = :state, message = :message, tries = 0, settled_at = :now, looks = 0,
               found = CASE :state WHEN 'confirmed' THEN NULL ELSE found END, sent_before = 1
           WHERE id = :id AND state = 'in doubt' RETURNING *""",
        id=operation,
        state=state,
        message=message,
        now=now,
    )
    if row is None:
        raise NotPossible(_why_not(tx, operation))
    note_act(tx, now, person, via, answer, f"operation:{operation}")
    if answer == "again":
        _make_way(tx, row)
        set_aside(tx, f"operation:{operation}")  # the first may have gone through too
        reserve(tx, limits, f"operation:{operation}", Decimal(row["cost"]), now, job_of(row))
        enqueue(tx, operation)
    elif answer == "went":
        kind = kinds.get(row["kind"])
        note_done(tx, row, kind)
        if kind and kind.find:  # what it made is looked for, now that somebody knows that it is there
            tx.q("UPDATE operations SET found = NULL, likely = '[]' WHERE id = :id", id=operation)
            enqueue(tx, operation)
    changed(tx, operation)  # left as it is, what it may have cost goes on counting


def announce_doubts(tx: Tx, channels: Sequence[Channel], now: int) -> None:
    """A card for each operation in doubt, where its account is reviewed: a person must say what happened."""
    for row in tx.q("SELECT id, account FROM operations WHERE state = 'in doubt'"):
        announce(tx, [c for c in channels if c.takes(row["account"])], card_subject(tx, row["id"]), now)
        note_operation(tx, row["id"], now)


def card_subject(reader: Reader, operation: int) -> str:
    """Whose card shows an operation: that of the draft that it would post, or its own."""
    draft = reader.value("SELECT id FROM drafts WHERE operation = :id", id=operation)
    return f"operation:{operation}" if draft is None else f"draft:{draft}"


def changed(tx: Tx, operation: int) -> None:
    """Cards that show an operation follow it."""
    touch(tx, f"operation:{operation}")
    if (subject := card_subject(tx, operation)) != f"operation:{operation}":
        touch(tx, subject)


def recover(tx: Tx) -> None:
    """After a crash: what was being sent may have happened."""
    for row in tx.q("SELECT id FROM operations WHERE state = 'sending'"):
        find_unfinished(tx, row["id"])
    for row in tx.q("SELECT id FROM operations WHERE state IN ('confirmed', 'in doubt')"):
        enqueue(tx, row["id"])


def all_in_doubt(tx: Tx) -> int:
    """After a restore: whatever was confirmed may have been done since, and what was quoted may have been confirmed.
    What is harmless to repeat is repeated, unless others may have changed the same thing since. Returns how many are in
    doubt."""
    tx.q("UPDATE operations SET state = 'cancelled' WHERE state = 'quoted'")
    tx.q("UPDATE operations SET sent_before = 1, tries = max(tries, 1) WHERE state IN ('confirmed', 'sending')")
    return len(
        tx.q(
            """UPDATE operations SET state = 'in doubt' WHERE state IN ('confirmed', 'sending')
               AND NOT (repeatable AND about = '') RETURNING id"""
        )
    )


def unfinished(reader: Reader, numbers: Sequence[int]) -> Sequence[Row]:
    """Those of these operations that are still on their way."""
    marks = ",".join(str(int(number)) for number in numbers) or "0"
    return reader.q(f"SELECT * FROM operations WHERE id IN ({marks}) AND state IN ('confirmed', 'sending')")  # noqa: S608


def waits_for(reader: Reader, operation: int, kinds: Kinds) -> bool:
    """Whether an operation is on its way, or about to be looked at."""
    row = reader.one("SELECT kind, state, found FROM operations WHERE id = :id", id=operation)
    if row is None or row["state"] in ("confirmed", "sending"):
        return row is not None
    kind = kinds.get(row["kind"])
    return bool(kind and (kind.look or kind.find)) and row["state"] in ("done", "in doubt") and row["found"] is None


def doubts_about(reader: Reader, account: str, about: str) -> list[tuple[str, str]]:
    """Operations about the same thing of which nobody has said yet what became of them: names, and what they do."""
    rows = reader.q(
        """SELECT id, summary FROM operations WHERE state = 'in doubt' AND about = :about AND about != ''
           AND account = :account""",
        account=account,
        about=about,
    )
    return [(operation_name(row["id"]), row["summary"]) for row in rows]


def enqueue(tx: Tx, operation: int) -> None:
    account = tx.value("SELECT account FROM operations WHERE id = :id", id=operation)
    tx.put("operate", f"operate:{operation}", f"operations:{account}/{operation}", 5, 0, operation=operation)


def find_unfinished(tx: Tx, operation: int) -> None:
    """What is still being sent though nothing runs: it may have happened, and its end was not saved."""
    if tx.q(
        """UPDATE operations SET state = CASE WHEN repeatable THEN 'confirmed' ELSE 'in doubt' END,
               tries = tries + repeatable, sent_before = 1
           WHERE id = :id AND state = 'sending' RETURNING id""",
        id=operation,
    ):
        changed(tx, operation)


def _make_way(reader: Reader, row: Row) -> None:
    """Raises `NotPossible` while another operation about the same thing has not ended."""
    other = reader.one(
        """SELECT id, kind, state FROM operations
           WHERE about = :about AND about != '' AND account = :account AND id != :id
               AND (state IN ('confirmed', 'sending') OR state = 'in doubt' AND :new)""",
        id=row["id"],
        account=row["account"],
        about=row["about"],
        new=row["about"].startswith(NEW),
    )
    if other is None:
        return
    name = f"{operation_name(other['id'])} ({other['kind']})"
    if other["state"] == "in doubt":
        raise NotPossible(f"{name} is in doubt, and would be called the same: it must be known first what became of it")
    raise NotPossible(f"{name} is still on its way; wait for its end")


def _doubted_since(reader: Reader, row: Row) -> int | None:
    """An operation about the same thing that came into doubt after this one was shown, and may have done it."""
    found: int | None = reader.value(
        """SELECT id FROM operations WHERE state = 'in doubt' AND about = :about AND about != '' AND account = :account
           AND id != :id AND sent_at >= :since""",
        id=row["id"],
        account=row["account"],
        about=row["about"],
        since=row["created_at"],
    )
    return found


def note_done(tx: Tx, row: Row, kind: OperationKind | None) -> None:
    if row["made"]:
        belongs_to(tx, f"operation:{row['id']}", job_key(row["account"], row["made"]))
    if kind and kind.done:
        kind.done(tx, row["account"], args_of(row))


def args_of(row: Row) -> dict[str, str]:
    """An operation's arguments, with the id of the job that it made as `made`."""
    args: dict[str, str] = json.loads(row["args"])
    return {**args, "made": row["made"]} if row["made"] else args


def _why_not(reader: Reader, operation: int) -> str:
    row = reader.one("SELECT state, confirmed_by FROM operations WHERE id = :id", id=operation)
    if row is None:
        return "there is no such operation"
    if row["state"] == "quoted":
        return "this waits to be confirmed"
    if row["state"] == "cancelled":
        return "this was cancelled already"
    return f"{row['confirmed_by']} confirmed this already"
