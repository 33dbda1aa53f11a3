"""The card of a queue: what waits, and the submission in hand."""

from __future__ import annotations

import json
from dataclasses import replace

from .cards import submission_card
from .clock import from_ms
from .models import Verdict
from .queues import Crowd, crowd, queue_name
from .review import decision_name
from .store.port import Reader, Row
from .text import short_id
from .ui import Block, Button, Card, Field, Fields, Text, Tone

DECIDING = ("approve", "revise", "reject")
RECENT = 50  # decisions among which a channel's last one is looked for


def queue_card(reader: Reader, number: int, now: int) -> Card | None:
    """A queue as it stands, with what it has in hand. None where there is no such queue."""
    queue = reader.one("SELECT * FROM queues WHERE id = :id", id=number)
    if queue is None:
        return None
    subject = f"queue:{queue_name(number)}"
    waits = crowd(reader, queue["accounts"])
    if queue["closed_at"] is not None:
        left = f"{waits.waiting} more wait on cards of their own or in another queue." if waits.waiting else ""
        said = "Stopped." if queue["person"] else "This queue is done."
        return Card("Queue", subject, badge="Done", blocks=(Text(f"{said} {left}".strip()),), count=0)
    last = _last(reader, queue)
    limit = ", ".join(json.loads(queue["accounts"])) if queue["accounts"] else ""
    blocks = (_head(waits, limit), *_said(last))
    held = queue["submission"]
    card = submission_card(reader, held, now) if held is not None else None
    if card is None:
        nothing = f"Nothing is left in {limit}." if limit else "Nothing is left to decide."
        rest = "The rest is being reviewed by others." if waits.waiting else nothing
        return Card(
            "Queue",
            subject,
            badge=f"{waits.waiting} waiting",
            blocks=(*blocks, Text(rest)),
            buttons=_after(queue, last, now),
            count=waits.waiting,
        )
    flagged = any(isinstance(block, Text) and block.title == "Flag" for block in card.blocks)
    return replace(
        card,
        subject=subject,
        badge=f"{waits.waiting} waiting" + (", this one flagged" if flagged else ""),
        tone=Tone.WARNING if flagged else card.tone,
        blocks=(*blocks, *card.blocks),
        buttons=_buttons(queue, card.buttons, last, now),
        count=waits.waiting,
    )


def _head(waits: Crowd, limit: str) -> Fields:
    fields = [Field("Waiting", f"{waits.waiting:,}")]
    if waits.waiting:
        fields.append(Field("Oldest", "", from_ms(waits.oldest)))
    if waits.deadline is not None:
        fields.append(Field("Next deadline", "", from_ms(waits.deadline), countdown=True))
    if limit:
        fields.append(Field("Accounts", f"{limit} only"))
    return Fields(tuple(fields))


def _last(reader: Reader, queue: Row) -> Row | None:
    """The decision that people made last, since this queue was opened."""
    if queue["person"]:
        return reader.one(
            """SELECT * FROM decisions WHERE person = :person AND decided_at >= :since AND state != 'undone'
               ORDER BY decided_at DESC, id DESC LIMIT 1""",
            person=queue["person"],
            since=queue["opened_at"],
        )
    return reader.one(
        """SELECT d.* FROM (SELECT * FROM decisions WHERE via != 'rule' ORDER BY id DESC LIMIT :recent) d
           JOIN submissions s ON s.id = d.submission WHERE d.state != 'undone' AND d.decided_at >= :since
           AND (:accounts IS NULL OR s.account IN (SELECT value FROM json_each(:accounts)))
           ORDER BY d.id DESC LIMIT 1""",
        recent=RECENT,
        since=queue["opened_at"],
        accounts=queue["accounts"],
    )


def _said(last: Row | None) -> tuple[Block, ...]:
    if last is None:
        return ()
    what = f"{short_id(last['submission'])} {Verdict(last['verdict']).past} by {last['person']}"
    tone = {"approve": Tone.SUCCESS, "revise": Tone.WARNING, "reject": Tone.DANGER}[last["verdict"]]
    return (Text(what, title="Last", tone=tone),)


def _buttons(queue: Row, own: tuple[Button, ...], last: Row | None, now: int) -> tuple[Button, ...]:
    """A submission's buttons, of which those that decide go on to the next one, and the queue's own."""
    name, held = queue_name(queue["id"]), queue["submission"]
    deciding = [replace(b, id=f"{_verb(b)}:{name}:{held}") for b in own if _verb(b) in DECIDING]
    others = [b for b in own if _verb(b) not in DECIDING]
    return (*deciding, Button(f"skip:{name}:{held}", "Skip", key="s"), *_after(queue, last, now), *others)


def _after(queue: Row, last: Row | None, now: int) -> tuple[Button, ...]:
    name = queue_name(queue["id"])
    buttons = []
    if last and last["state"] == "held" and last["due_at"] > now:
        button = f"undo:{decision_name(last['id'])}:{queue['id']}"
        buttons.append(Button(button, f"Undo {short_id(last['submission'])}", key="u"))
    if queue["person"]:
        buttons.append(Button(f"stop:{name}:0", "Stop"))
    elif queue["submission"] is not None:
        buttons.append(Button(f"alone:{name}:{queue['submission']}", "Review alone"))
    return tuple(buttons)


def _verb(button: Button) -> str:
    return button.id.partition(":")[0]
