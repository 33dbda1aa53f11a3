"""What a card shows, by its subject, as things stand now."""

from __future__ import annotations

from .bulk.cards import bulk_card
from .cards import operation_card, submission_card
from .clock import Clock
from .queue_cards import queue_card
from .queues import take
from .store.port import Store
from .ui import Card


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
            return await store.read(operation_card, number)
        case "bulk":
            return await store.read(bulk_card, number, now)
    raise ValueError(f"no card is about {subject}")
