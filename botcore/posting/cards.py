"""The card of a draft, from its first answer to the job that it became."""

from __future__ import annotations

import json
from decimal import Decimal

from ..cards import DOUBT, DOUBTFUL, cancel_button, operation_card
from ..job_cards import job_card, number_of
from ..made import token
from ..operations import confirm_button, operation_name
from ..store.port import Reader, Row
from ..text import clean, money
from ..ui import Block, Button, Card, Field, Fields, Text, Tone
from .drafts import Draft, draft_of_operation, find_draft
from .preview import blocks_of


def draft_card(reader: Reader, number: int) -> Card | None:
    """A draft as things stand now: a preview, or the card of the job that was posted. None where there is none."""
    draft = find_draft(reader, number)
    if draft is None:
        return None
    if draft.job_id:
        job = number_of(reader, draft.account, draft.job_id)
        card = job_card(reader, job, f"draft:{draft.name}") if job else None
        if card:
            return card
    operation = reader.one("SELECT * FROM operations WHERE id = :id", id=draft.operation) if draft.operation else None
    badge, tone, said, buttons = _state(draft, operation)
    return Card(
        title=draft.preview.title,
        subject=f"draft:{draft.name}",
        subtitle=f"{draft.name} · {draft.account}",
        badge=badge,
        tone=tone,
        blocks=(*said, *blocks_of(draft.preview)),
        buttons=buttons,
        footer=f"written by {draft.person}",
    )


Drawn = tuple[str, Tone, list[Block], tuple[Button, ...]]


def _state(draft: Draft, operation: Row | None) -> Drawn:
    if draft.state == "discarded":
        return "Discarded", Tone.NEUTRAL, [], ()
    if draft.state == "posted":
        return "Posted", Tone.SUCCESS, _answer(operation), ()
    if operation is None or operation["state"] == "cancelled":
        if draft.preview.problems:
            return "Not ready", Tone.WARNING, [], _editing(draft)
        return "Draft", Tone.NEUTRAL, [], (Button(f"price:{draft.name}:0", "Price it", Tone.INFO), *_editing(draft))
    match operation["state"]:
        case "quoted" if operation["first_by"]:
            words = f"{operation['first_by']} asked for it; {_cost(operation)} takes a second manager."
            confirm = Button(confirm_button(operation), "Confirm", Tone.SUCCESS)
            return "Needs a second", Tone.WARNING, [Text(words, tone=Tone.WARNING)], (confirm, *_editing(draft))
        case "quoted":
            return "Ready", Tone.INFO, [], (Button(confirm_button(operation), "Post", Tone.SUCCESS), *_editing(draft))
        case "refused":
            again = Button(f"price:{draft.name}:0", "Try again")
            return "Refused", Tone.DANGER, _answer(operation), (again, *_editing(draft))
        case "in doubt":
            said, buttons = doubt_of_new(operation)
            return "In doubt", Tone.WARNING, said, buttons
    return "On its way", Tone.INFO, _answer(operation), cancel_button(operation)


def doubt_of_new(operation: Row) -> tuple[list[Block], tuple[Button, ...]]:
    """What is said and asked while it is not known whether something was made."""
    name = operation_name(operation["id"])
    said = _answer(operation)
    if operation["found"] is None:
        words = (
            "It was sent and not answered. The marketplace is being looked at; if that does not tell, you are asked."
        )
        return [*said, Text(words, tone=Tone.WARNING)], ()
    likely = json.loads(operation["likely"])
    said.append(Text(f"{DOUBTFUL} {operation['found']}", tone=Tone.DANGER))
    said += [
        Fields((Field("May be it", clean(" · ".join(filter(None, (title, job, at))), 200)),))
        for job, title, at in likely
    ]
    which = tuple(Button(f"claim:{name}:{token(job)}", f"It is {clean(job, 20)}", Tone.INFO) for job, _, _ in likely)
    rest = [Button(f"{verb}:{name}:0", label) for verb, label in DOUBT if not (which and verb == "went")]
    return said, (*which[:3], *rest, Button(f"look:{name}:0", "Look again"))


def _answer(operation: Row | None) -> list[Block]:
    if operation is None or not operation["message"]:
        return []
    return [Text(clean(operation["message"], 300), title="Answer", quoted=True)]


def _cost(operation: Row) -> str:
    return ("about " if operation["estimate"] else "") + money(Decimal(operation["cost"]))


def _editing(draft: Draft) -> tuple[Button, ...]:
    return (
        Button(f"edit:{draft.name}:0", "Edit"),
        Button(f"options:{draft.name}:0", "More options"),
        Button(f"template:{draft.name}:0", "Save as template"),
        Button(f"discard:{draft.name}:0", "Discard"),
    )


def card_of_operation(reader: Reader, operation: int) -> Card | None:
    """What an operation will do, or did: the draft's card, where it would post one."""
    draft = draft_of_operation(reader, operation)
    return operation_card(reader, operation) if draft is None else draft_card(reader, draft)
