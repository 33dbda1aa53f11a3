"""Which jobs may hold pending applications, with the fewest calls.

No list tells how much of a job is pending: to know, its pending applications are read, one call a job where nothing is
new. Online jobs are read at every poll. Finished ones get nothing new but what was sent back and comes again: they are
read when they end, when their number of applications changes and by the slow sweep, until they were seen to be empty
and nothing was sent back for a while; then only rarely, a few at a time. Which were empty is kept over restarts: a
buyer may have hundreds of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from botcore.memory import Memory
from botcore.models import Job, Waiting

LIST_MS = 10 * 60_000  # so often the finished jobs are listed anew
EMPTY_MS = 6 * 3_600_000  # for so long, and up to twice as long, a finished job that was empty is not read
BACK_MS = 7 * 86_400_000  # for so long a worker may answer what was sent back, though the job is over
MOST_AT_ONCE = 20  # of those that were empty, in one poll


class Watch:
    """Remembers what is known of an account's jobs."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._running: frozenset[str] = frozenset()
        self._ended: set[str] = set()
        self._listed_at: int | None = None
        self._finished: Sequence[Job] = ()
        self._counts: dict[str, int] = {}  # by job: its number of applications
        self._read: dict[str, int] = {}  # and that when they were read

    def wants_finished(self, running: Sequence[Job], now: int) -> bool:
        """Whether the finished jobs must be listed: the list is old, or a job that was online is not any more."""
        if self._running - {job.id for job in running}:
            return True
        return self._listed_at is None or not 0 <= now - self._listed_at < LIST_MS

    async def waiting(
        self, running: Sequence[Job], finished: Sequence[Job] | None, counts: Mapping[str, int], now: int
    ) -> Sequence[Waiting]:
        """The jobs to be read or asked after. `finished`: as they were listed just now, None where they were not;
        `counts`: how many applications each of those has that were."""
        self._counts |= counts
        online = frozenset(job.id for job in running)
        if finished is not None:
            self._finished, self._listed_at = finished, now
        self._ended = (self._ended | (self._running - online)) - online
        self._running = online
        over = [job for job in self._finished if job.id not in online]
        seen = await self._memory.change([key(job.id) for job in over for key in (_key, _back_key)], dict)
        empty = {
            job.id: at
            for job in over
            if (at := self._empty_since(seen, job)) is not None and not _is_expected(seen, job, now)
        }
        due = sorted((at, job) for job, at in empty.items() if not 0 <= now - at < EMPTY_MS + _spread(job))
        again = {job for _, job in due[:MOST_AT_ONCE]}
        named = [job for job in over if job.id not in empty or job.id in again]
        return [
            *(Waiting(job, None) for job in running),
            *(Waiting(job, None, quiet=self._is_quiet(job) and job.id not in again) for job in named),
        ]

    async def note_read(self, job: Job, *, empty: bool, now: int) -> None:
        """The newest page of a job's pending applications was read."""
        count = self._counts.get(job.id, 0)
        self._read[job.id] = count
        self._ended.discard(job.id)
        await self._keep(job.id, f"{count} {now}" if empty and job.id not in self._running else "")

    async def note_found(self, job_id: str) -> None:
        """Something of the job is pending."""
        await self._keep(job_id, "")

    async def note_sent_back(self, job_id: str, now: int) -> None:
        """Something of the job went back to its worker, who may hand it in again: no number tells that."""
        await self._memory.change([_back_key(job_id)], lambda kept: {_back_key(job_id): str(now)})

    def _is_quiet(self, job: Job) -> bool:
        count = self._counts.get(job.id, 0)
        return job.id not in self._ended and self._read.get(job.id, count) == count

    def _empty_since(self, seen: Mapping[str, str], job: Job) -> int | None:
        """When a job was seen to be empty, unless it has got applications since."""
        count, _, at = seen.get(_key(job.id), "").partition(" ")
        return int(at) if at and count == str(self._counts.get(job.id, 0)) else None

    async def _keep(self, job_id: str, text: str) -> None:
        await self._memory.change([_key(job_id)], lambda kept: {_key(job_id): text})


def _spread(job_id: str) -> int:
    """Not all of them at the same time."""
    return int.from_bytes(hashlib.sha256(job_id.encode()).digest()[:4]) % EMPTY_MS


def _is_expected(seen: Mapping[str, str], job: Job, now: int) -> bool:
    at = seen.get(_back_key(job.id), "")
    return bool(at) and 0 <= now - int(at) < BACK_MS


def _key(job_id: str) -> str:
    return f"empty:{job_id}"


def _back_key(job_id: str) -> str:
    return f"back:{job_id}"
