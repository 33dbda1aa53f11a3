"""What a start does first of all: whatever the last process left half-done is found, and nothing of it is repeated."""

from __future__ import annotations

from collections.abc import Sequence

from . import delivery, keeping, numbers, operations, queues, rating, settling
from .bulk import desk as bulk_desk
from .likeness import desk as likeness_desk
from .models import Channel
from .store.backup import RESTORED
from .store.port import Tx


def recover(tx: Tx, channels: Sequence[Channel], now: int) -> int:
    """Puts in doubt what may have happened, and enqueues what is to be done. `channels`: those where is reviewed.

    Returns how many things are in doubt because the database is a restored one.
    """
    restored = tx.value("DELETE FROM meta WHERE key = :key RETURNING 1", key=RESTORED)
    doubts = rating.all_in_doubt(tx, now) + operations.all_in_doubt(tx) if restored else 0
    if restored:
        bulk_desk.after_restore(tx)
        keeping.skip_numbers(tx)
        numbers.go_on_elsewhere(tx)
        delivery.show_again(tx)
    rating.recover(tx, now)
    operations.recover(tx)
    bulk_desk.recover(tx, now)
    operations.announce_doubts(tx, channels, now)
    settling.announce_doubts(tx, channels, now)
    queues.catch_up(tx, channels, now)
    delivery.recover(tx)
    likeness_desk.recover(tx)
    return doubts
