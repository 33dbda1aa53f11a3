"""The card of a bulk, from its first question to its last result, and the table behind Results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ..accounts import known_job
from ..clock import from_ms
from ..models import ProofKind, Submission, Verdict
from ..store.codec import load
from ..store.port import Reader, Row
from ..text import clean, money, one_line, sentence, short_id
from ..ui import Block, Button, Card, Field, Fields, Table, Text, Tone
from .asking import bulk_name, flagged, submissions, unchecked
from .desk import tally

EXAMPLES = 3
MOST_RESULTS = 50
LABELS = {  # of `tally`, in the order in which they are told
    "waiting": "To be decided",
    "held": "Can be undone",
    "due": "On their way",
    "sending": "On their way",
    "confirmed": "Confirmed",
    "refused": "Refused by the marketplace",
    "in doubt": "In doubt",
    "overtaken": "Rated elsewhere first",
    "late": "Not decided here",
    "undone": "Undone",
    "stopped": "Stopped",
}
GOOD = ("waiting", "held", "due", "sending", "confirmed")


@dataclass(frozen=True, slots=True)
class _State:
    badge: str
    tone: Tone
    blocks: tuple[Block, ...] = ()
    buttons: tuple[Button, ...] = ()


def bulk_card(reader: Reader, number: int, now: int) -> Card | None:
    """What a bulk will do, is doing, or did. None where there is no such bulk."""
    row = reader.one("SELECT * FROM bulks WHERE id = :id", id=number)
    if row is None:
        return None
    job = known_job(reader, row["account"], row["job_id"])
    verdict = Verdict(row["verdict"])
    state = _state(reader, row, verdict, now)
    blocks: list[Block] = [Fields(_facts(row, verdict, job.title if job else ""))]
    if row["comment"]:
        blocks.append(Text(row["comment"], title="Told the workers", quoted=True))
    return Card(
        f"{verdict.value.capitalize()} {submissions(row['count'])}",
        subject=f"bulk:{bulk_name(number)}",
        subtitle=f"{bulk_name(number)} · {row['account']}",
        badge=state.badge,
        tone=state.tone,
        blocks=(*blocks, *state.blocks),
        buttons=state.buttons,
        footer=f"asked for by {row['person']} in {row['via']}",
    )


def results_card(reader: Reader, number: int) -> Card | None:
    """What became of each, those first that did not go well. None where there is no such bulk."""
    bulk = reader.one("SELECT * FROM bulks WHERE id = :id", id=number)
    if bulk is None:
        return None
    rows = reader.q(
        """SELECT i.submission, i.note, s.worker_id, d.message,
               CASE WHEN i.state = 'decided' THEN d.state ELSE i.state END AS state
           FROM bulk_items i JOIN submissions s ON s.id = i.submission LEFT JOIN decisions d ON d.id = i.decision
           WHERE i.bulk = :id ORDER BY coalesce(d.state, i.state) IN ('waiting', 'held', 'due', 'sending', 'confirmed'),
               i.submission LIMIT :most""",
        id=number,
        most=MOST_RESULTS,
    )
    table = Table(
        ("Submission", "Worker", "Result", "Said"),
        tuple(
            (
                short_id(row["submission"]),
                clean(one_line(row["worker_id"]), 40),
                row["state"] if row["state"] != "late" else "not decided here",
                clean(one_line(row["note"] or row["message"] or ""), 120),
            )
            for row in rows
        ),
    )
    more = f"{bulk['count'] - len(rows)} more, which went no worse" if bulk["count"] > len(rows) > 0 else ""
    return Card(f"Results of {bulk_name(number)}", blocks=(table,), footer=more)


def _facts(row: Row, verdict: Verdict, title: str) -> tuple[Field, ...]:
    amount = money(Decimal(row["money"])) + (f", and {row['unpriced']} of unknown price" if row["unpriced"] else "")
    facts = [Field("Job", clean(one_line(f"{title} ({row['job_id']})" if title else row["job_id"]), 200))]
    if row["worker"]:
        facts.append(Field("Worker", clean(one_line(row["worker"]), 60)))
    facts.append(Field("Pays the workers" if verdict is Verdict.APPROVE else "The workers do not get", amount))
    if row["left_out"]:
        facts.append(Field("Left out", row["left_out"]))
    return tuple(facts)


def _state(reader: Reader, row: Row, verdict: Verdict, now: int) -> _State:
    name = bulk_name(row["id"])
    seen = flagged(reader, row["id"]) + 1  # as many as stand here; 0 would be of a card that does not say
    ask = (
        Button(f"confirm-all:{name}:{seen}", "Confirm", Tone.SUCCESS if verdict is Verdict.APPROVE else Tone.DANGER),
        Button(f"cancel-all:{name}:0", "Cancel"),
    )
    match row["state"]:
        case "quoted":
            return _State("Confirm?", Tone.WARNING, _preview(reader, row), ask)
        case "second":
            said = sentence(f"{row['brake']}; {row['first_by']} has confirmed it, and a second manager must too")
            blocks = (Text(said, tone=Tone.WARNING), *_preview(reader, row))
            return _State("Needs a second manager", Tone.WARNING, blocks, ask)
        case "cancelled":
            return _State("Cancelled", Tone.NEUTRAL, (Text("Nothing was done."),))
    return _under_way(row, verdict, tally(reader, row["id"], now), now)


def _under_way(row: Row, verdict: Verdict, counts: Mapping[str, int], now: int) -> _State:
    name, count = bulk_name(row["id"]), row["count"]
    decided = count - sum(counts.get(state, 0) for state in ("waiting", "late", "stopped"))
    people = row["first_by"] + (f" and {row['confirmed_by']}" if row["brake"] else "")
    facts = [Field("Confirmed by", people), Field("Decided", f"{decided:,} of {count:,}")]
    told: dict[str, int] = {}
    for state, label in LABELS.items():
        if counts.get(state):
            told[label] = told.get(label, 0) + counts[state]
    facts += [Field(label, f"{number:,}") for label, number in told.items()]
    held = counts.get("held", 0)
    if held and row["state"] == "done":
        facts.append(Field("Leaves", "", from_ms(row["due_at"]), countdown=True))
    buttons = [Button(f"results:{name}:0", "Results")]
    if held or row["state"] == "confirmed":
        buttons.insert(0, Button(f"undo-all:{name}:0", "Undo all"))
    if row["state"] == "confirmed":
        badge, tone = f"{count - counts.get('waiting', 0):,} of {count:,}", Tone.INFO
    elif not decided or decided == counts.get("undone"):
        badge, tone = "Undone" if decided or counts.get("stopped") else "Nothing left to decide", Tone.NEUTRAL
    else:
        badge = f"{decided - counts.get('undone', 0):,} {verdict.past}"
        well = not any(number for state, number in counts.items() if state not in (*GOOD, "undone", "stopped"))
        tone = (Tone.SUCCESS if verdict is Verdict.APPROVE else Tone.DANGER) if well else Tone.WARNING
    return _State(badge, tone, (Fields(tuple(facts)),), tuple(buttons))


def _preview(reader: Reader, row: Row) -> tuple[Block, ...]:
    """Three of them, flagged ones first: who confirms should see the worst."""
    rows = reader.q(
        """SELECT s.id, s.worker_id, s.data, (SELECT group_concat(f.text, '; ') FROM flags f
               WHERE f.submission = s.id) AS flags
           FROM bulk_items i JOIN submissions s ON s.id = i.submission WHERE i.bulk = :bulk
           ORDER BY flags IS NULL, s.id LIMIT :examples""",
        bulk=row["id"],
        examples=EXAMPLES,
    )
    table = Table(
        ("Submission", "Worker", "Proof", "Flags"),
        tuple(
            (
                short_id(found["id"]),
                clean(one_line(found["worker_id"]), 40),
                _first_words(load(Submission, found["data"])),
                clean(one_line(found["flags"] or ""), 120),
            )
            for found in rows
        ),
        title="Examples",
    )
    hints = []
    if count := flagged(reader, row["id"]):
        hints.append(f"{count} of them {'is' if count == 1 else 'are'} flagged; `without-flags` leaves those out.")
    if row["verdict"] == Verdict.APPROVE and (count := unchecked(reader, row["id"])):
        hints.append(f"{count} of them {'is' if count == 1 else 'are'} not compared with others yet.")
    return (*(Text(hint, tone=Tone.WARNING) for hint in hints), table)


def _first_words(submission: Submission) -> str:
    words = next((one_line(p.text) for p in submission.proofs if p.kind is ProofKind.TEXT and p.text.strip()), "")
    pictures = sum(p.kind is ProofKind.PICTURE for p in submission.proofs)
    return clean(words, 80) or ("(a picture)" if pictures else "(empty)")
