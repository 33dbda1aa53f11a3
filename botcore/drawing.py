"""What a card shows, by its subject, as things stand now."""

from __future__ import annotations

from .bulk.asking import parse_bulk
from .bulk.cards import bulk_card
from .cards import submission_card
from .clock import Clock
from .job_cards import job_card, parse_job
from .notices.cards import notice_card, parse_bulletin
from .operations import parse_operation
from .posting.cards import card_of_operation, draft_card
from .posting.drafts import parse_draft
from .queue_cards import queue_card
from .queues import parse_queue, take
from .store.port import Store
from .text import parse_short_id
from .ui import Card

NAMES = {
    "submission": parse_short_id,
    "queue": parse_queue,
    "operation": parse_operation,
    "bulk": parse_bulk,
    "draft": parse_draft,
    "job": parse_job,
    "notice": parse_bulletin,
}


async def draw(store: Store, clock: Clock, subject: str) -> Card | None:
    """The card of `submission:31` and the like; None where there is nothing of that number."""
    kind, _, text = subject.partition(":")
    number, now = int(text), clock.ms()
    match kind:
        case "submission":
            return await store.read(submission_card, number, now)
        case "queue":
            await store.tx(take, number, now)
            return await store.read(queue_card, number, now)
        case "operation":
            return await store.read(card_of_operation, number)
        case "draft":
            return await store.read(draft_card, number)
        case "job":
            return await store.read(job_card, number)
        case "bulk":
            return await store.read(bulk_card, number, now)
        case "notice":
            return await store.read(notice_card, number, now)
    raise ValueError(f"no card is about {subject}")


async def draw_named(store: Store, clock: Clock, subject: str) -> Card | None:
    """The same by a card's own subject, `submission:A31`, or by its name in buttons alone, `A31`; None where it names
    nothing."""
    kind, colon, name = subject.rpartition(":")
    for known, parse in NAMES.items():
        if (not colon or kind == known) and (number := parse(name)) is not None:
            return await draw(store, clock, f"{known}:{number}")
    return None
