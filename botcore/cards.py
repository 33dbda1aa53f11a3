"""The card of a submission and of an operation, as things stand now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from .accounts import known_job
from .clock import from_ms
from .flags import compared_with
from .models import Job, Proof, ProofKind, Submission, Verdict
from .operations import confirm_button, operation_name
from .provider import REPORTED
from .review import HOW_RATED, current_decision, decision_name
from .rules.findings import VIA, notes_for_card
from .store.codec import load
from .store.port import Reader, Row
from .text import ago, clean, cut, money, one_line, short_id
from .ui import Block, Button, Card, Field, Fields, Picture, PictureState, Text, Tone

PROOF_LENGTH = 1_200  # characters of one proof on a card; "Show all" has the rest

DECIDE = (
    ("approve", "Approve", Tone.SUCCESS, "a"),
    ("revise", "Revise", Tone.WARNING, "v"),
    ("reject", "Reject", Tone.DANGER, "r"),
    ("more", "More", Tone.NEUTRAL, ""),
)
DOUBTFUL = "It was sent and not answered: it may have happened, or may do so yet. Look before it is sent again."
DOUBT = (("went", "It went through"), ("again", "Send again"), ("leave", "Leave it"))


@dataclass(frozen=True, slots=True)
class Fresh:
    """A submission as the database has it now."""

    row: Row
    submission: Submission
    job: Job | None
    decision: Row | None

    @property
    def name(self) -> str:
        return short_id(self.row["id"])


def look_up(reader: Reader, number: int) -> Fresh | None:
    row = reader.one("SELECT * FROM submissions WHERE id = :id", id=number)
    if row is None:
        return None
    submission = load(Submission, row["data"])
    job = known_job(reader, row["account"], row["job_id"])
    return Fresh(row, submission, job, current_decision(reader, number))


def submission_card(reader: Reader, number: int, now: int, *, whole: bool = False) -> Card | None:
    """The card of a submission; `whole` shows everything that was handed in. None where there is none."""
    fresh = look_up(reader, number)
    if fresh is None:
        return None
    row, submission, job = fresh.row, fresh.submission, fresh.job
    state = _state(fresh, now)
    was_cut = False
    proofs: list[Block] = []
    for proof in submission.proofs:
        block, shorter = _proof(reader, proof, whole)
        proofs.append(block)
        was_cut = was_cut or shorter
    blocks: list[Block] = [Fields(_facts(reader, fresh))]
    blocks += [Text(flag["text"], tone=Tone.WARNING, title="Flag") for flag in _flags(reader, number)]
    if row["state"] in ("new", "shown"):
        blocks += [Text(note, tone=Tone.INFO) for note in notes_for_card(reader, number)]
    blocks += proofs
    if submission.variables and whole:
        blocks.append(Fields(tuple(Field(clean(k, 60), clean(v, 300)) for k, v in submission.variables)))
    blocks += _earlier(reader, submission, whole)
    blocks += state.blocks
    buttons = list(state.buttons)
    if row["state"] in ("new", "shown") and compared_with(reader, number):
        buttons.append(_button("compare", fresh, "Compare"))
    if was_cut:
        buttons.append(_button("all", fresh, "Show all"))
    return Card(
        title=one_line(job.title) if job else f"Job {row['job_id']}",
        subject=f"submission:{fresh.name}",
        subtitle=f"#{fresh.name} · {row['account']}",
        badge=state.badge,
        tone=state.tone,
        blocks=tuple(blocks),
        buttons=tuple(buttons),
        footer=f"task {row['task_id']}" + (f", revision {row['revision']}" if row["revision"] else ""),
    )


def operation_card(reader: Reader, number: int) -> Card | None:
    """What an operation will do, or did."""
    row = reader.one("SELECT * FROM operations WHERE id = :id", id=number)
    if row is None:
        return None
    name = operation_name(number)
    badge, tone = {
        "quoted": ("Confirm?", Tone.WARNING),
        "cancelled": ("Cancelled", Tone.NEUTRAL),
        "confirmed": ("On its way", Tone.INFO),
        "sending": ("On its way", Tone.INFO),
        "done": ("Done", Tone.SUCCESS),
        "refused": ("Refused", Tone.DANGER),
        "in doubt": ("In doubt", Tone.WARNING),
    }[row["state"]]
    facts = [Field("Account", row["account"])]
    if Decimal(row["cost"]):
        facts.append(Field("Cost", money(Decimal(row["cost"])) + (" (an estimate)" if row["estimate"] else "")))
    facts += [Field(key, clean(value, 200)) for key, value in json.loads(row["facts"])]
    blocks: list[Block] = [Text(row["summary"]), Fields(tuple(facts))]
    if row["message"]:
        blocks.append(Text(clean(row["message"], 300), title="Answer", quoted=True))
    if row["state"] == "in doubt":
        blocks.append(Text(DOUBTFUL, tone=Tone.WARNING))
    if row["found"]:
        blocks.append(Text(clean(row["found"], 300), title=f"Looked up at {from_ms(row['found_at']):%H:%M} UTC"))
    if row["state"] == "quoted" and row["first_by"]:
        badge = "Needs a second"
        blocks.append(Text(f"{row['first_by']} asked for this; it takes a second manager.", tone=Tone.WARNING))
    buttons = cancel_button(row)
    if row["state"] == "quoted":
        buttons = (
            Button(confirm_button(row), "Confirm", Tone.DANGER),
            Button(f"cancel:{name}:0", "Cancel"),
        )
    elif row["state"] == "in doubt":
        buttons = tuple(Button(f"{verb}:{name}:0", label) for verb, label in DOUBT)
    return Card(
        title=row["kind"].capitalize(),
        subject=f"operation:{name}",
        badge=badge,
        tone=tone,
        blocks=tuple(blocks),
        buttons=buttons,
    )


def cancel_button(operation: Row) -> tuple[Button, ...]:
    """Of an operation that was confirmed and has surely not been sent."""
    if operation["state"] != "confirmed" or operation["sent_before"]:
        return ()
    return (Button(f"cancel:{operation_name(operation['id'])}:0", "Cancel"),)


@dataclass(frozen=True, slots=True)
class _State:
    badge: str
    tone: Tone = Tone.NEUTRAL
    blocks: tuple[Block, ...] = ()
    buttons: tuple[Button, ...] = ()


def _button(verb: str, fresh: Fresh, label: str, tone: Tone = Tone.NEUTRAL, key: str = "") -> Button:
    return Button(f"{verb}:{fresh.name}:{fresh.row['revision']}", label, tone, key)


def _state(fresh: Fresh, now: int) -> _State:
    match fresh.row["state"]:
        case "new" | "shown":
            return _waiting(fresh)
        case "decided" | "rated":
            return _decided(fresh, now)
        case "lapsed":
            return _State("Paid automatically", Tone.NEUTRAL, (Text("Its deadline passed: it was paid by itself."),))
        case "superseded":
            return _State("Newer revision", Tone.NEUTRAL, (Text("The worker handed in again: see the newer card."),))
    note = fresh.row["state_note"]
    told = note in HOW_RATED
    said = f"Rated on the website{f': {note}' if note else ''}." if told else f"{note[:1].upper()}{note[1:]}."
    blocks: tuple[Block, ...] = (Text(said),)
    if fresh.decision and fresh.decision["state"] == "overtaken":
        verdict = Verdict(fresh.decision["verdict"]).past
        fate = "does not count" if fresh.decision["sent_at"] else "was not sent"
        blocks += (Text(f"{fresh.decision['person']} had {verdict} it here; that {fate}."),)
    return _State("Reported" if note == REPORTED else "Rated elsewhere", Tone.NEUTRAL, blocks)


def _waiting(fresh: Fresh) -> _State:
    buttons = tuple(_button(verb, fresh, label, tone, key) for verb, label, tone, key in DECIDE)
    refused = fresh.decision if fresh.decision and fresh.decision["state"] == "refused" else None
    if refused is None:
        return _State("Waiting", Tone.INFO, (), buttons)
    words = f"{Verdict(refused['verdict']).past.capitalize()} by {refused['person']}, but the marketplace refused it"
    said = clean(refused["message"], 300)
    return _State("Refused", Tone.DANGER, (Text(said, title=words, quoted=True, tone=Tone.DANGER),), buttons)


def _decided(fresh: Fresh, now: int) -> _State:
    decision = fresh.decision
    if decision is None:
        return _State("Rated")
    verdict = Verdict(decision["verdict"])
    words = {"approve": "Approved", "reject": "Rejected", "revise": "Sent back"}[verdict]
    tone = {"approve": Tone.SUCCESS, "reject": Tone.DANGER, "revise": Tone.WARNING}[verdict]
    badge = f"{words} by {decision['person']}"
    facts = [
        Field("Decision", badge if decision["via"] == VIA else f"{badge} in {decision['via']}"),
        Field("When", "", from_ms(decision["decided_at"])),
    ]
    if decision["satisfaction"]:
        facts.append(Field("Satisfaction", decision["satisfaction"]))
    if Decimal(decision["bonus"]):
        facts.append(Field("Bonus", money(Decimal(decision["bonus"]))))
    if decision["block"]:
        facts.append(Field("Worker", "blocked with it"))
    blocks: list[Block] = [Fields(tuple(facts))]
    if decision["comment"]:
        blocks.append(Text(decision["comment"], title="Told the worker", quoted=True))
    buttons: tuple[Button, ...] = ()
    match decision["state"]:
        case "held" if decision["due_at"] > now:
            blocks.append(Fields((Field("Leaves", "", from_ms(decision["due_at"]), countdown=True),)))
            buttons = (Button(f"undo:{decision_name(decision['id'])}:0", "Undo", key="u"),)
        case "confirmed":
            sure = (
                f"Confirmed; its {decision['unverified']} could not be verified"
                if decision["unverified"]
                else "Confirmed"
            )
            blocks.append(Text(sure, tone=Tone.WARNING if decision["unverified"] else Tone.SUCCESS))
            buttons = (_button("more", fresh, "More"),)
        case "in doubt" if decision["asks"]:
            blocks.append(
                Text(
                    f"In doubt: {decision['asks']}. Look at the website, then say what happened.",
                    tone=Tone.DANGER,
                )
            )
            buttons = tuple(_button(verb, fresh, label) for verb, label in DOUBT)
        case "in doubt":
            blocks.append(
                Text(
                    "In doubt: it was sent and not answered. The marketplace is asked what happened, and it is only "
                    "sent again if it is still unrated.",
                    tone=Tone.WARNING,
                )
            )
        case _:
            late = f": {clean(decision['message'], 200)}" if decision["message"] else ""
            blocks.append(Text(f"On its way to the marketplace{late}", tone=Tone.INFO))
    return _State(badge, tone, tuple(blocks), buttons)


def _facts(reader: Reader, fresh: Fresh) -> tuple[Field, ...]:
    row = fresh.row
    facts = [
        Field("Worker", one_line(row["worker_id"])),
        Field("Record", record(reader, row["account"], row["worker_id"])),
    ]
    if row["country"]:
        facts.append(Field("Country", row["country"].upper()))
    if row["price"] is not None:
        facts.append(Field("Price", money(Decimal(row["price"]))))
    facts.append(Field("Submitted", "", from_ms(row["submitted_at"])))
    if row["deadline"] is not None and row["state"] in ("new", "shown", "decided"):
        facts.append(Field("Time left to rate", "", from_ms(row["deadline"]), countdown=True))
    return tuple(facts)


def record(reader: Reader, account: str, worker: str) -> str:
    """A worker's record so far, in a few words."""
    row = reader.one(
        "SELECT * FROM worker_records WHERE account = :account AND worker_id = :worker",
        account=account,
        worker=worker,
    )
    if row is None or not (row["approved"] or row["rejected"] or row["revised"]):
        words = "first time here"
    else:
        words = f"{row['approved']} approved / {row['rejected']} rejected / {row['revised']} revised"
    return words + (" (blocked)" if row and row["blocked"] else "")


def _flags(reader: Reader, number: int) -> list[Row]:
    return list(reader.q("SELECT text FROM flags WHERE submission = :id ORDER BY kind, text", id=number))


def _proof(reader: Reader, proof: Proof, whole: bool) -> tuple[Block, bool]:
    title = clean(one_line(proof.prompt), 200) or ("Screenshot" if proof.kind is ProofKind.PICTURE else "Proof")
    if proof.kind is ProofKind.PICTURE:
        return picture_block(reader, proof, title), False
    text, was_cut = cut(clean(proof.text), 100_000 if whole else PROOF_LENGTH)
    return Text(text or "(empty)", title=title, quoted=True), was_cut


def picture_block(reader: Reader, proof: Proof, title: str) -> Picture:
    """A picture that was handed in, as far as it has been fetched."""
    row = reader.one("SELECT * FROM pictures WHERE url = :url", url=proof.url)
    source = clean(one_line(proof.url), 300)
    if row is None or row["state"] == "loading":
        note = row["note"] if row else ""
        return Picture("", title, PictureState.LOADING, note, source)
    if row["state"] == "ready":
        return Picture(row["sha256"], title, PictureState.READY, "", source)
    return Picture("", title, PictureState.REFUSED, row["note"], source)


def _earlier(reader: Reader, submission: Submission, whole: bool) -> list[Block]:
    blocks: list[Block] = []
    for index, earlier in enumerate(submission.earlier):
        if earlier.comment:
            blocks.append(Text(clean(earlier.comment, 500), title=f"Said to revision {index}", quoted=True))
        for proof in earlier.proofs:
            shown = clean(proof.text or proof.url)
            text, _ = cut(shown, 100_000 if whole else 300)
            blocks.append(Text(text, title=f"Revision {index}: {one_line(proof.prompt) or 'proof'}", quoted=True))
    return blocks


def next_deadline(row: Mapping[str, object], now: int) -> str:
    """How long is left until a deadline in ms, in words; a dash where there is none."""
    deadline = row["deadline"]
    if not isinstance(deadline, int):
        return "—"
    return ago(timedelta(milliseconds=deadline - now)) if deadline > now else "passed"
