"""Cards to channels: sends, edits that follow every change, and what a crash left in between."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from .adapter import Adapter, ChannelBroken, MessageGone, SendFailed, SendUnknown, Traffic
from .clock import Clock
from .models import Channel
from .provider import NOT_LISTED, REPORTED
from .store.codec import dump, load
from .store.port import Later, Reader, Row, Store, Tx, Work
from .ui import Card, MessageRef

log = logging.getLogger(__name__)

FIRST, EDIT, LAZY = 40, 20, 60  # priorities: an edit shows a decision, and goes before new cards
BROKEN_PAUSE = 300.0  # seconds until a channel that needs a person is tried again
LONGEST_PAUSE = 300.0  # seconds between sends that may each have made a message
PART = "to:"

NOT_CONFIGURED = "its channel is no longer configured"
NOTHING = "there is nothing to show any more"

Draw = Callable[[str], Awaitable[Card | None]]
Hold = Callable[[Row], Awaitable[float]]


async def no_hold(delivery: Row) -> float:
    return 0.0


def announce(tx: Tx, channels: Sequence[Channel], subject: str, now: int, not_before: int = 0) -> None:
    """Enqueues a card about `subject` for each channel, once."""
    for channel in channels:
        row = tx.one(
            """INSERT INTO deliveries (channel, adapter, subject, state, created_at)
               VALUES (:channel, :adapter, :subject, 'due', :now)
               ON CONFLICT (channel, subject) DO NOTHING RETURNING id""",
            channel=channel.name,
            adapter=channel.adapter,
            subject=subject,
            now=now,
        )
        if row:
            _enqueue(tx, row["id"], channel.name, FIRST, not_before)


def touch(tx: Tx, subject: str, not_before: int = 0, prio: int = EDIT) -> None:
    """What `subject` is about has changed: every card of it will show that, and every queue that a submission is in."""
    rows = tx.q(
        """UPDATE deliveries SET wanted = wanted + 1,
               state = CASE state WHEN 'sent' THEN 'edit due' ELSE state END
           WHERE subject IN (SELECT :subject UNION ALL
               SELECT 'queue:' || id FROM queues WHERE closed_at IS NULL AND person = '' AND :queued)
           AND state != 'gone' RETURNING id, channel, state""",
        subject=subject,
        queued=subject.startswith("submission:"),
    )
    for row in rows:
        _enqueue(tx, row["id"], row["channel"], _urgency(row["state"], prio), not_before)


def is_shown(reader: Reader, subject: str) -> bool:
    """Whether there is a card about `subject`, or will be one."""
    return bool(reader.value("SELECT 1 FROM deliveries WHERE subject = :subject AND state != 'gone'", subject=subject))


def _urgency(state: str, prio: int) -> int:
    """A card that is not there yet is a new one, whatever has changed on it; while it is being sent, what follows may
    be more urgent."""
    match state:
        case "edit due" | "editing":
            return prio
        case "sending":
            return min(prio, FIRST)
    return FIRST


def show_again(tx: Tx) -> None:
    """After a restore: cards may show what happened since the backup was made, but not those of what was over then."""
    tx.q(
        """UPDATE deliveries SET wanted = wanted + 1, state = 'edit due' WHERE state = 'sent'
           AND (subject NOT LIKE 'submission:%' OR subject IN
               (SELECT 'submission:' || id FROM submissions
                WHERE state IN ('new', 'shown', 'decided') OR state_note IN (:not_listed, :reported)))""",
        not_listed=NOT_LISTED,
        reported=REPORTED,
    )


def recover(tx: Tx) -> None:
    """After a crash: what was being sent may or may not be there."""
    tx.q("UPDATE deliveries SET state = 'in doubt' WHERE state NOT IN ('sent', 'gone') AND state = 'sending'")
    tx.q("UPDATE deliveries SET state = 'edit due' WHERE state NOT IN ('sent', 'gone') AND state = 'editing'")
    for row in tx.q("SELECT id, channel FROM deliveries WHERE state NOT IN ('sent', 'gone')"):
        _enqueue(tx, row["id"], row["channel"], LAZY, 0)


def _enqueue(tx: Tx, delivery: int, channel: str, prio: int, not_before: int) -> None:
    tx.put("deliver", f"deliver:{delivery}", f"{PART}{channel}", prio, not_before, delivery=delivery)


class Delivery:
    """Handles the work that `announce` and `touch` enqueue. `draw` makes the card as things stand now; `hold` says for
    how many seconds a card is not sent yet."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        channels: Mapping[str, Channel],
        adapters: Mapping[str, Adapter],
        draw: Draw,
        hold: Hold = no_hold,
    ) -> None:
        self._store = store
        self._clock = clock
        self._channels = channels
        self._adapters = adapters
        self._draw = draw
        self._hold = hold
        self.broken: dict[str, str] = {}  # channel -> what a person must mend
        self.reached: set[str] = set()  # channels that something went to since the start
        self._broken_until: dict[str, int] = {}  # channel -> when it is tried again, in ms
        self.sent = 0
        self.edited = 0

    async def deliver(self, work: Work) -> None:
        name = work.part.removeprefix(PART)
        left = (self._broken_until.get(name, 0) - self._clock.ms()) / 1000
        if 0 < left <= BROKEN_PAUSE:  # one try is for all its cards
            raise Later(left, quiet=True, part=True)
        if pause := self._pause(name, work.prio):
            raise Later(pause, quiet=True, part=True)
        row = await self._store.tx(_begin, int(work.args["delivery"]))
        if row is None:
            return
        channel = self._channels.get(row["channel"])
        adapter = self._adapters.get(row["adapter"])
        if not row["ref"] and (wait := await self._hold(row)):
            await self._store.tx(_not_sent, row["id"])
            raise Later(wait, quiet=True)
        card = await self._draw(row["subject"])
        if channel is None or adapter is None or card is None:
            there = channel is not None and adapter is not None
            await self._store.tx(_gone, row["id"], NOTHING if there else NOT_CONFIGURED)
            return
        try:
            if row["ref"]:
                await adapter.edit(load(MessageRef, row["ref"]), card)
                self.edited += 1
                ref = row["ref"]
            else:
                ref = dump(await adapter.send(channel, card, f"{row['id']}"))
                self.sent += 1
        except SendFailed as error:
            await self._store.tx(_not_sent, row["id"])
            raise Later(error.retry_after, str(error)) from error
        except SendUnknown as error:
            await self._store.tx(_in_doubt, row["id"])
            raise Later(min(2.0 ** (min(work.attempt, 10) + 1), LONGEST_PAUSE), str(error)) from error
        except MessageGone:
            await self._store.tx(_gone, row["id"], "deleted")
            return
        except ChannelBroken as error:
            self.broken[channel.name] = str(error)
            self._broken_until[channel.name] = self._clock.ms() + round(BROKEN_PAUSE * 1000)
            await self._store.tx(_not_sent, row["id"])
            raise Later(BROKEN_PAUSE, str(error), quiet=True, part=True) from error
        self.reached.add(channel.name)
        self.broken.pop(channel.name, None)
        self._broken_until.pop(channel.name, None)
        await self._store.tx(_end, row["id"], ref, row["wanted"], self._clock.ms())

    def _pause(self, name: str, prio: int) -> float:
        channel = self._channels.get(name)
        adapter = self._adapters.get(channel.adapter) if channel else None
        if channel is None or adapter is None:
            return 0.0
        traffic = Traffic.DECISION if prio < FIRST else Traffic.NEW if prio == FIRST else Traffic.OTHER
        return adapter.pause(channel, traffic)


def _begin(tx: Tx, delivery: int) -> Row | None:
    return tx.one(
        """UPDATE deliveries SET state = CASE WHEN ref IS NULL THEN 'sending' ELSE 'editing' END
           WHERE id = :id AND state != 'gone' AND (shown < wanted OR ref IS NULL) RETURNING *""",
        id=delivery,
    )


def _end(tx: Tx, delivery: int, ref: str, shown: int, now: int) -> None:
    """What changed meanwhile was enqueued as it did, with its own priority."""
    row = tx.one(
        """UPDATE deliveries SET ref = :ref, shown = :shown, sent_at = coalesce(sent_at, :now),
               state = CASE WHEN wanted > :shown THEN 'edit due' ELSE 'sent' END
           WHERE id = :id RETURNING subject""",
        id=delivery,
        ref=ref,
        shown=shown,
        now=now,
    )
    if row and row["subject"].startswith("submission:"):
        tx.q(
            "UPDATE submissions SET state = 'shown' WHERE id = :id AND state = 'new'",
            id=int(row["subject"].partition(":")[2]),
        )


def _not_sent(tx: Tx, delivery: int) -> None:
    tx.q(
        "UPDATE deliveries SET state = CASE WHEN ref IS NULL THEN 'due' ELSE 'edit due' END WHERE id = :id",
        id=delivery,
    )


def _in_doubt(tx: Tx, delivery: int) -> None:
    tx.q(
        "UPDATE deliveries SET state = CASE WHEN ref IS NULL THEN 'in doubt' ELSE 'edit due' END WHERE id = :id",
        id=delivery,
    )


def _gone(tx: Tx, delivery: int, why: str) -> None:
    tx.q("UPDATE deliveries SET state = 'gone', note = :why WHERE id = :id", id=delivery, why=why)


def backlog(reader: Reader) -> int:
    """Cards and edits not yet delivered."""
    count: int = reader.value("SELECT count(*) FROM deliveries WHERE state NOT IN ('sent', 'gone')")
    return count
