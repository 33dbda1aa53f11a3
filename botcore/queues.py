"""Many waiting: one submission in hand at a time, instead of a card for each.

A channel's queue is for everybody there; a person's own is seen by them alone and claims what it holds. Functions of
a transaction; what is in hand is chosen when a queue is looked at, nearest deadline first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .delivery import NOT_CONFIGURED, announce, is_shown, touch
from .models import Channel
from .pictures import ask_for
from .store.port import Later, Reader, Row, Tx

CLAIM_MS = 10 * 60_000  # so long nobody else is given what somebody has in a queue of their own
CALM_MS = 5 * 60_000  # a few that nobody has touched for so long become cards of their own
AHEAD = 4  # submissions whose pictures are fetched before their turn
SOON = 15  # priority of those pictures
FAR = 9223372036854775807  # sorts what has no deadline behind what has one

_NAME = re.compile("q-([1-9][0-9]{0,14})")

# The index on what waits serves these words alone, and gives it in this order.
OURS = """
FROM submissions s WHERE s.state IN ('new', 'shown')
AND (:accounts IS NULL OR s.account IN (SELECT value FROM json_each(:accounts)))
"""
CLAIMED = """
SELECT 1 FROM queues o WHERE o.submission = s.id AND o.closed_at IS NULL AND o.id != :queue
AND o.person != '' AND o.held_until > :now
"""
IN_A_CHANNEL = """
SELECT 1 FROM queues o WHERE o.submission = s.id AND o.closed_at IS NULL AND o.id != :queue AND o.person = ''
"""
SKIPPED = "SELECT 1 FROM queue_skips k WHERE k.queue = :queue AND k.submission = s.id"
NEAREST = "ORDER BY ifnull(s.deadline, 9223372036854775807), s.id LIMIT 1"

NEXT = f"SELECT s.id {OURS} AND NOT EXISTS ({CLAIMED}) AND NOT EXISTS ({SKIPPED}) {NEAREST}"
NEXT_ASIDE = f"""
SELECT s.id {OURS} AND NOT EXISTS ({CLAIMED}) AND NOT EXISTS ({SKIPPED}) AND NOT EXISTS ({IN_A_CHANNEL}) {NEAREST}
"""
NEXT_SKIPPED = f"""
SELECT s.id FROM queue_skips k CROSS JOIN submissions s ON s.id = k.submission
WHERE k.queue = :queue AND s.state IN ('new', 'shown') AND NOT EXISTS ({CLAIMED}) ORDER BY k.at, s.id LIMIT 1
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class New:
    """A submission that waits and has not been shown. `pictured`: it has pictures, which its card may wait for."""

    number: int
    account: str
    pictured: bool = False


@dataclass(frozen=True, slots=True)
class Crowd:
    """What waits in a queue. Moments in ms; `deadline` is the nearest, None where there is none."""

    waiting: int
    oldest: int
    deadline: int | None


def queue_name(number: int) -> str:
    """How buttons name a queue: like nothing that a submission is called."""
    return f"q-{number}"


def parse_queue(name: str) -> int | None:
    """The number that `queue_name` made into this; None where it did not."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None


def present(tx: Tx, channels: Sequence[Channel], new: Sequence[New], now: int, picture_wait: int = 0) -> None:
    """Shows what is new: a card for each while they are few, one queue for all of them where they are many."""
    for channel in channels:
        mine = [item for item in new if channel.takes(item.account)]
        if not mine:
            continue
        queue = open_queue(tx, channel.name)
        if queue and not is_shown(tx, f"queue:{queue['id']}"):
            _end(tx, queue["id"], now)  # somebody has deleted its card: there is a new one
            _open_for(tx, channel, now)
        elif queue:
            touch(tx, f"queue:{queue['id']}")
        elif _is_crowded(tx, channel):
            _open_for(tx, channel, now)
        else:
            for item in mine:
                announce(tx, [channel], f"submission:{item.number}", now, now + picture_wait if item.pictured else 0)


def catch_up(tx: Tx, channels: Sequence[Channel], now: int) -> None:
    """What is open and on no card, in review channels that are new in the config, or back in it; and the queues of
    channels that are gone from it end."""
    names = json.dumps([channel.name for channel in channels])
    for row in tx.q(
        """SELECT id FROM queues WHERE closed_at IS NULL AND person = ''
           AND channel NOT IN (SELECT value FROM json_each(:names))""",
        names=names,
    ):
        _end(tx, row["id"], now)
    for channel in channels:
        tx.q(
            """UPDATE deliveries SET wanted = wanted + 1, state = CASE WHEN ref IS NULL THEN 'due' ELSE 'edit due' END
               WHERE state = 'gone' AND note = :note AND channel = :channel""",
            note=NOT_CONFIGURED,
            channel=channel.name,
        )
        accounts = _accounts(channel)
        tx.q(
            "UPDATE queues SET accounts = :accounts WHERE closed_at IS NULL AND channel = :channel AND person = ''",
            accounts=accounts,
            channel=channel.name,
        )
        present(tx, [channel], [New(n["id"], n["account"]) for n in _unseen(tx, channel.name, accounts)], now)


def open_queue(reader: Reader, channel: str, person: str = "") -> Row | None:
    """A channel's queue, or a person's own (whose channel is "")."""
    return reader.one(
        "SELECT * FROM queues WHERE closed_at IS NULL AND channel = :channel AND person = :person",
        channel=channel,
        person=person,
    )


def open_own(tx: Tx, person: str, accounts: str | None, now: int) -> int:
    """A queue of a person's own, or the one they have, unless that is of other `accounts` than those asked for. None
    are all, but first what is left of the ones they have."""
    queue = open_queue(tx, "", person)
    if queue and (accounts == queue["accounts"] or (accounts is None and take(tx, queue["id"], now) is not None)):
        return int(queue["id"])
    if queue:
        stop_own(tx, queue["id"], now)
    return _insert(tx, "", person, accounts, now)


def stop_own(tx: Tx, number: int, now: int) -> None:
    """Ends a person's own queue: what it held is for everybody again."""
    _end(tx, number, now)
    _touch_channels(tx)


def take(tx: Tx, number: int, now: int) -> int | None:
    """The submission that a queue has in hand, chosen anew where the last one is decided, claimed or skipped.

    None where nothing is left for it; a channel's queue ends once nothing can come back to it.
    """
    queue = tx.one("SELECT * FROM queues WHERE id = :id AND closed_at IS NULL", id=number)
    if queue is None:
        return None
    asked = {"queue": number, "accounts": queue["accounts"], "now": now}
    held: int | None = queue["submission"]
    if held is None or not tx.one(f"SELECT 1 {OURS} AND s.id = :id AND NOT EXISTS ({CLAIMED})", id=held, **asked):
        held = _next(tx, bool(queue["person"]), asked)
        _hold(tx, queue, held, now)
    elif queue["person"]:
        tx.q("UPDATE queues SET held_until = :until WHERE id = :id", id=number, until=now + CLAIM_MS)
    if not queue["person"]:
        _look_for_calm(tx, queue, held, now)
    return held


def skip(tx: Tx, number: int, submission: int, now: int) -> None:
    """Puts what a queue has in hand behind all others; nothing where it has moved on already."""
    if tx.q(
        """UPDATE queues SET submission = NULL, moved_at = :now
           WHERE id = :id AND submission = :submission AND closed_at IS NULL RETURNING id""",
        id=number,
        submission=submission,
        now=now,
    ):
        last = tx.value("SELECT coalesce(max(at), 0) FROM queue_skips WHERE queue = :queue", queue=number)
        tx.q(
            """INSERT INTO queue_skips (queue, submission, at) VALUES (:queue, :submission, :at)
               ON CONFLICT (queue, submission) DO UPDATE SET at = excluded.at""",
            queue=number,
            submission=submission,
            at=last + 1,
        )
        touch(tx, f"queue:{number}")


def hand_back(tx: Tx, number: int, submission: int, now: int) -> None:
    """Puts what waits again into a queue's hand: whoever undid a decision wants to make another."""
    tx.q("DELETE FROM queue_skips WHERE queue = :queue AND submission = :id", queue=number, id=submission)
    queue = tx.one("SELECT * FROM queues WHERE id = :id AND closed_at IS NULL", id=number)
    asked = {"queue": number, "now": now, "accounts": None}
    if queue and tx.one(f"SELECT 1 {OURS} AND s.id = :id AND NOT EXISTS ({CLAIMED})", id=submission, **asked):
        _hold(tx, queue, submission, now)
        touch(tx, f"queue:{number}")


def crowd(reader: Reader, accounts: str | None) -> Crowd:
    """How many wait in a queue of these accounts, the oldest, and the nearest deadline."""
    row = reader.one(
        f"""SELECT count(*) AS waiting, min(s.submitted_at) AS oldest,
                min(ifnull(s.deadline, 9223372036854775807)) AS deadline {OURS}""",
        accounts=accounts,
    )
    if row is None or not row["waiting"]:
        return Crowd(0, 0, None)
    return Crowd(row["waiting"], row["oldest"], None if row["deadline"] == FAR else row["deadline"])


def calm_down(tx: Tx, number: int, channels: Sequence[Channel], now: int) -> None:
    """Ends a channel's queue of a few that nobody works on: they become cards of their own. Raises `Later`."""
    queue = tx.one("SELECT * FROM queues WHERE id = :id AND closed_at IS NULL", id=number)
    channel = next((c for c in channels if queue and c.name == queue["channel"]), None)
    if queue is None or channel is None:
        return
    if queue["submission"] is None:  # all of it was claimed, and some of that may be free again
        touch(tx, f"queue:{number}")
    if _is_crowded(tx, channel):
        return
    rested = now - queue["moved_at"]
    if 0 <= rested < CALM_MS:
        raise Later((CALM_MS - rested) / 1000, quiet=True)
    _end(tx, number, now)
    for row in _unseen(tx, channel.name, queue["accounts"]):
        announce(tx, [channel], f"submission:{row['id']}", now)
    touch(tx, f"queue:{number}")


# --- inside


def _accounts(channel: Channel) -> str | None:
    return json.dumps(channel.accounts) if channel.accounts else None


def _is_crowded(reader: Reader, channel: Channel) -> bool:
    limit = channel.queue_above
    count: int = reader.value(
        f"SELECT count(*) FROM (SELECT 1 {OURS} LIMIT :limit)",  # noqa: S608
        accounts=_accounts(channel),
        limit=limit + 1,
    )
    return count > limit


def _unseen(reader: Reader, channel: str, accounts: str | None) -> Sequence[Row]:
    """What is open and has no card of its own in a channel."""
    return reader.q(
        """SELECT s.id, s.account FROM submissions s WHERE s.state IN ('new', 'shown', 'decided')
           AND (:accounts IS NULL OR s.account IN (SELECT value FROM json_each(:accounts))) AND NOT EXISTS
               (SELECT 1 FROM deliveries d WHERE d.channel = :channel AND d.subject = 'submission:' || s.id)
           ORDER BY s.id""",
        channel=channel,
        accounts=accounts,
    )


def _open_for(tx: Tx, channel: Channel, now: int) -> None:
    number = _insert(tx, channel.name, "", _accounts(channel), now)
    announce(tx, [channel], f"queue:{number}", now)


def _insert(tx: Tx, channel: str, person: str, accounts: str | None, now: int) -> int:
    number: int = tx.value(
        """INSERT INTO queues (channel, person, accounts, opened_at, moved_at)
           VALUES (:channel, :person, :accounts, :now, :now) RETURNING id""",
        channel=channel,
        person=person,
        accounts=accounts,
        now=now,
    )
    return number


def _next(tx: Tx, own: bool, asked: dict[str, object]) -> int | None:
    """The nearest deadline first. A queue of one's own leaves alone what a channel looks at just now, while it can;
    what was skipped comes again when nothing else is left."""
    for sql in (NEXT_ASIDE, NEXT, NEXT_SKIPPED) if own else (NEXT, NEXT_SKIPPED):
        found: int | None = tx.value(sql, **asked)
        if found is not None:
            return found
    return None


def _hold(tx: Tx, queue: Row, submission: int | None, now: int) -> None:
    if queue["person"] and submission is not None:  # only a claim that has run out can be in the way
        tx.q(
            """UPDATE queues SET submission = NULL WHERE submission = :submission AND closed_at IS NULL
               AND person != '' AND id != :id""",
            id=queue["id"],
            submission=submission,
        )
    tx.q(
        "UPDATE queues SET submission = :submission, held_until = :until, moved_at = :now WHERE id = :id",
        id=queue["id"],
        submission=submission,
        until=now + CLAIM_MS,
        now=now,
    )
    if submission is None:
        return
    tx.q("UPDATE submissions SET state = 'shown' WHERE id = :id AND state = 'new'", id=submission)
    if queue["person"] and tx.one(
        "SELECT 1 FROM queues WHERE submission = :submission AND closed_at IS NULL AND person = ''",
        submission=submission,
    ):
        _touch_channels(tx)
    _fetch_ahead(tx, queue, submission)


def _fetch_ahead(tx: Tx, queue: Row, submission: int) -> None:
    """The pictures of what is in hand and of what comes next go before all others."""
    rows = tx.q(
        f"""SELECT p.url, p.account FROM (
                SELECT :submission AS id UNION ALL
                SELECT * FROM (SELECT s.id {OURS} ORDER BY ifnull(s.deadline, 9223372036854775807), s.id LIMIT :ahead)
            ) near
            JOIN submission_pictures sp ON sp.submission = near.id
            JOIN pictures p ON p.url = sp.url WHERE p.state = 'loading'""",  # noqa: S608
        submission=submission,
        accounts=queue["accounts"],
        ahead=AHEAD + 1,
    )
    for row in rows:
        ask_for(tx, row["url"], row["account"], SOON)


def _look_for_calm(tx: Tx, queue: Row, held: int | None, now: int) -> None:
    """Ends a channel's queue that has nothing left, also nothing that may come back when a rating is refused."""
    at = now + CALM_MS
    if held is None:
        if not crowd(tx, queue["accounts"]).waiting:
            if not _unseen(tx, queue["channel"], queue["accounts"]):
                _end(tx, queue["id"], now)
            return
        at = tx.value("SELECT min(held_until) FROM queues WHERE closed_at IS NULL AND held_until > :now", now=now) or at
    tx.put("calm", f"calm:{queue['id']}", "calm", 70, at, queue=queue["id"])


def _end(tx: Tx, number: int, now: int) -> None:
    tx.q("UPDATE queues SET closed_at = :now, submission = NULL WHERE id = :id", id=number, now=now)
    tx.q("DELETE FROM queue_skips WHERE queue = :id", id=number)
    touch(tx, f"queue:{number}")


def _touch_channels(tx: Tx) -> None:
    for row in tx.q("SELECT id FROM queues WHERE closed_at IS NULL AND person = ''"):
        touch(tx, f"queue:{row['id']}")
