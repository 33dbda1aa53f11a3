"""A clock that was set back: what waits for a time that has been once already would wait for all of it again."""

from __future__ import annotations

from .queues import CLAIM_MS
from .store.port import Tx


def set_back(tx: Tx, now: int) -> None:
    """Moments that are still to come by the new clock, though they were noted by the old one, become now: an undo
    window and a quiet period begin anew, a claim ends no later than one that is made now, a price that was told is as
    old as a new one."""
    tx.q(
        """UPDATE decisions SET
               due_at = CASE WHEN state != 'held' THEN min(due_at, :now)
                   WHEN decided_at > :now THEN :now + due_at - decided_at ELSE due_at END,
               decided_at = min(decided_at, :now), sent_at = min(sent_at, :now)
           WHERE state IN ('held', 'due', 'sending', 'in doubt')""",
        now=now,
    )
    tx.q(
        """UPDATE operations SET created_at = min(created_at, :now), confirmed_at = min(confirmed_at, :now),
               sent_at = min(sent_at, :now)
           WHERE state IN ('quoted', 'confirmed', 'sending', 'in doubt')""",
        now=now,
    )
    tx.q(
        "UPDATE bulks SET due_at = :now + due_at - confirmed_at, confirmed_at = :now WHERE confirmed_at > :now",
        now=now,
    )
    tx.q(
        """UPDATE queues SET held_until = min(held_until, :until), moved_at = min(moved_at, :now)
           WHERE closed_at IS NULL""",
        now=now,
        until=now + CLAIM_MS,
    )
    tx.q("UPDATE accounts SET swept_at = min(swept_at, :now), polled_at = min(polled_at, :now)", now=now)
