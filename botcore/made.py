"""Whether what makes a job has made it, where the marketplace did not say: looked for before anybody is asked."""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Sequence

from .accounts import Account, save_job
from .clock import Clock, from_ms
from .delivery import announce
from .kinds import OperationKind
from .models import Channel, Job
from .notices.noting import note_operation
from .operations import card_subject, changed, enqueue, note_done
from .pacing import Urgency
from .provider import ProviderError, RateLimited, Refused
from .spending import release
from .store.port import Later, Reader, Row, Store, Tx
from .text import one_line

log = logging.getLogger(__name__)

LOOKS = 2  # complete ones that found nothing, a quiet period apart; then a person is asked
CLOCKS_MS = 120_000  # how far the marketplace's clock may be behind ours
PAUSE = 60.0  # seconds between tries of a look that failed, at most
TRIES = 8  # of those


class Finder:
    """Settles doubts of operations whose kind has `find`."""

    def __init__(self, store: Store, clock: Clock, channels: Sequence[Channel], doubt_seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._channels = channels
        self._doubt_seconds = doubt_seconds

    async def settle(self, row: Row, kind: OperationKind, account: Account, attempt: int) -> None:
        """Looks for what an operation in doubt may have made. Raises `Later` until that tells, or a person is asked."""
        try:
            jobs = await self._look(row, kind, account)
        except ProviderError as error:
            if attempt < TRIES:
                pause = error.retry_after if isinstance(error, RateLimited) else min(2.0 ** (attempt + 1), PAUSE)
                raise Later(pause, str(error)) from error
            await self._store.tx(self._ask, row, f"It could not be looked for: {error}.", ())
            return
        except Exception:
            log.exception("what operation %d made cannot be looked for", row["id"])
            await self._store.tx(self._ask, row, "It could not be looked for: something went wrong here.", ())
            return
        if not await self._store.tx(self._looked, row, kind, jobs):
            raise Later(self._doubt_seconds, "not there yet", quiet=True)

    async def was_made(self, row: Row, kind: OperationKind, account: Account) -> bool:
        """Before it is sent again: whether the time before has worked after all; then this ends it. Raises what a look
        does, and `Refused` where none is possible: nothing has left then."""
        try:
            jobs = await self._look(row, kind, account)
        except ProviderError:
            raise
        except Exception as error:
            log.exception("what operation %d made cannot be looked for", row["id"])
            raise Refused("it could not be looked for first: something went wrong here") from error
        return await self._store.tx(self._made_before, row, kind, jobs)

    async def name(self, row: Row, kind: OperationKind, account: Account) -> None:
        """Which job it is that somebody says was made, where only one may be it. Raises what a look does."""
        jobs = await self._look(row, kind, account)
        await self._store.tx(self._name, row, kind, jobs)

    async def _look(self, row: Row, kind: OperationKind, account: Account) -> Sequence[Job]:
        if kind.find is None:
            raise ValueError(f"{kind.name} makes nothing")
        find, args = kind.find, json.loads(row["args"])
        return await account.call(lambda p: find(p, args, from_ms(_since(row))), Urgency.PERSON)

    def _made(self, tx: Tx, row: Row, kind: OperationKind, jobs: Sequence[Job]) -> bool:
        mine = _the_one(tx, row, jobs)
        if mine is None:
            return False
        claim(tx, row["id"], mine.id, "found at the marketplace", kind, self._clock.ms())
        save_job(tx, mine, self._clock.ms())
        return True

    def _made_before(self, tx: Tx, row: Row, kind: OperationKind, jobs: Sequence[Job]) -> bool:
        if not self._made(tx, row, kind, jobs):
            return False
        release(tx, f"operation:{row['id']}")  # what the time before cost was set aside; this time nothing leaves
        return True

    def _name(self, tx: Tx, row: Row, kind: OperationKind, jobs: Sequence[Job]) -> None:
        mine = _the_one(tx, row, jobs)
        if mine is None:
            return
        named = tx.one(
            "UPDATE operations SET made = :job WHERE id = :id AND state = 'done' AND made = '' RETURNING *",
            id=row["id"],
            job=mine.id,
        )
        if named is not None:
            note_done(tx, named, kind)
            save_job(tx, mine, self._clock.ms())

    def _looked(self, tx: Tx, row: Row, kind: OperationKind, jobs: Sequence[Job]) -> bool:
        """Whether that was the last look."""
        if self._made(tx, row, kind, jobs):
            return True
        if mine := _unclaimed(tx, row, jobs):
            self._ask(tx, row, "These may be it, or another's; say which it is.", mine)
            return True
        looks = tx.value(
            "UPDATE operations SET looks = looks + 1 WHERE id = :id AND state = 'in doubt' RETURNING looks",
            id=row["id"],
        )
        if looks is None:
            return True
        if looks < LOOKS:
            return False
        self._ask(tx, row, "No job like it was found.", ())
        return True

    def _ask(self, tx: Tx, row: Row, text: str, jobs: Sequence[Job]) -> None:
        """A person is asked, on the operation's card."""
        now = self._clock.ms()
        likely = [
            (job.id, one_line(job.title), "" if job.created_at is None else f"{job.created_at:%H:%M}") for job in jobs
        ]
        if tx.q(
            """UPDATE operations SET found = :text, found_at = :now, likely = :likely
               WHERE id = :id AND state = 'in doubt' RETURNING id""",
            id=row["id"],
            text=text,
            now=now,
            likely=json.dumps(likely),
        ):
            announce(tx, [c for c in self._channels if c.takes(row["account"])], card_subject(tx, row["id"]), now)
            note_operation(tx, row["id"], now)
            changed(tx, row["id"])


def claim(tx: Tx, operation: int, job_id: str, message: str, kind: OperationKind, now: int) -> bool:
    """Ends an operation whose job is known now. False where it has ended already, or another has made that job."""
    row = tx.one(
        """UPDATE operations SET state = 'done', made = :job, message = :message, settled_at = :now, found = NULL,
               likely = '[]'
           WHERE id = :id AND state IN ('in doubt', 'sending') AND NOT EXISTS (
               SELECT 1 FROM operations o WHERE o.account = operations.account AND o.made = :job AND o.id != :id)
           RETURNING *""",
        id=operation,
        job=job_id,
        message=message,
        now=now,
    )
    if row is None:
        return False
    note_done(tx, row, kind)
    note_operation(tx, operation, now)
    changed(tx, operation)
    if kind.look:
        enqueue(tx, operation)
    return True


def look_again(tx: Tx, operation: int) -> bool:
    """Has the marketplace looked at once more, for a person who waits. False where there is nothing in doubt."""
    row = tx.one(
        """UPDATE operations SET found = NULL, likely = '[]', looks = :looks
           WHERE id = :id AND state = 'in doubt' RETURNING id""",
        id=operation,
        looks=LOOKS - 1,
    )
    if row is None:
        return False
    changed(tx, operation)
    enqueue(tx, operation)
    return True


def token(job_id: str) -> int:
    """How a button names one of the jobs that an operation may have made, in whatever order they are found."""
    return zlib.crc32(job_id.encode())


def _the_one(reader: Reader, row: Row, jobs: Sequence[Job]) -> Job | None:
    """The job that this operation has made, if it is the only one that can have made it. Another of which it was said
    that it went through, or that it is left as it is, may have made one that it has no name for."""
    mine = _unclaimed(reader, row, jobs)
    nameless = reader.value(
        """SELECT 1 FROM operations WHERE account = :account AND about = :about AND id != :id AND made = ''
           AND sent_before AND state IN ('done', 'refused') AND settled_at >= :since LIMIT 1""",
        account=row["account"],
        about=row["about"],
        id=row["id"],
        since=_since(row),
    )
    return mine[0] if len(mine) == 1 and nameless is None else None


def _since(row: Row) -> int:
    """What an operation has made was not there before (ms)."""
    return int(row["confirmed_at"]) - CLOCKS_MS


def _unclaimed(reader: Reader, row: Row, jobs: Sequence[Job]) -> list[Job]:
    """Those of these jobs that no other operation has made."""
    taken = {
        each["made"]
        for each in reader.q(
            "SELECT made FROM operations WHERE account = :account AND made != '' AND id != :id",
            account=row["account"],
            id=row["id"],
        )
    }
    return [job for job in jobs if job.id not in taken]
