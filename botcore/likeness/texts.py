"""Finds the submission whose text is most like another's, by keys that the database has an index of."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass

from ..accounts import known_job
from ..flags import is_repeated
from ..models import Job, ProofKind, Submission
from ..store.codec import load
from ..store.port import Reader, Row
from .measures import TEXT_ALIKE, Shingles, pieces, shingles, text_bands, text_likeness

SEEN = 50  # of those that share a key, the newest
COMPARED = 10  # of those, the ones that share most keys
ENOUGH = 0.95  # no other will be much more alike

SHARING = """
SELECT t.submission, count(*) AS keys FROM json_each(:bands) b CROSS JOIN text_bands t
ON t.band = b.value AND t.submission IN (
    SELECT submission FROM text_bands WHERE band = b.value AND submission < :before
    ORDER BY submission DESC LIMIT :seen)
GROUP BY t.submission ORDER BY keys DESC, t.submission LIMIT :compared
"""


@dataclass(frozen=True, slots=True)
class Likest:
    number: int
    likeness: float


@dataclass(frozen=True, slots=True)
class _Read:
    """A submission's texts, each with what is its worker's own of it and the keys of that."""

    task: tuple[str, str]  # account, task
    texts: tuple[str, ...]
    own: tuple[Shingles, ...]
    bands: tuple[tuple[int, ...], ...]


class TextFinder:
    """For a batch of submissions, whose first is `before`: what came before it is in the database."""

    def __init__(self, reader: Reader, before: int) -> None:
        self._reader = reader
        self._before = before
        self._jobs: dict[tuple[str, str], tuple[Job | None, Shingles]] = {}
        self._read: dict[int, _Read] = {}
        self._filed: defaultdict[int, list[int]] = defaultdict(list)  # key -> submissions of the batch

    def likest(self, row: Row) -> Likest | None:
        """The submission of another task whose text is most like this one's, where one is alike."""
        mine = self._texts(row)
        keys = {band for bands in mine.bands for band in bands}
        if not keys:
            return None
        found = self._reader.q(
            SHARING, bands=json.dumps(sorted(keys)), before=self._before, seen=SEEN, compared=COMPARED
        )
        shared = Counter({other["submission"]: other["keys"] for other in found})
        for band in keys:
            shared.update(self._filed[band][-SEEN:])
        best: Likest | None = None
        # of several equally alike the first, which is most likely where it comes from
        for number, _ in sorted(shared.items(), key=lambda item: (-item[1], item[0]))[:COMPARED]:
            likeness = self.likeness(mine, self._known(number))
            if likeness >= TEXT_ALIKE and (best is None or likeness > best.likeness):
                best = Likest(number, likeness)
                if likeness >= ENOUGH:
                    break
        return best

    def file(self, row: Row) -> list[int]:
        """The keys by which later ones find this submission; those of a text that was there before find that one."""
        number: int = row["id"]
        read = self._texts(row)
        new = {
            band
            for text, bands in zip(read.texts, read.bands, strict=True)
            if bands and not is_repeated(self._reader, number, text)
            for band in bands
        }
        for band in new:
            self._filed[band].append(number)
        return sorted(new)

    def job(self, account: str, job_id: str) -> Job | None:
        return self._job(account, job_id)[0]

    @staticmethod
    def likeness(one: _Read, other: _Read | None) -> float:
        """That of the two texts that are most alike; none where they are of one task."""
        if other is None or one.task == other.task:
            return 0.0
        return max((text_likeness(a, b) for a in one.own for b in other.own), default=0.0)

    def _known(self, number: int) -> _Read | None:
        if number in self._read:
            return self._read[number]
        row = self._reader.one("SELECT id, data FROM submissions WHERE id = :id", id=number)
        return self._texts(row) if row else None

    def _texts(self, row: Row) -> _Read:
        number: int = row["id"]
        if number not in self._read:
            submission = load(Submission, row["data"])
            asked = self._job(submission.account, submission.job_id)[1]
            asked |= pieces(" ".join(proof.prompt for proof in submission.proofs))
            texts = tuple(proof.text for proof in submission.proofs if proof.kind is ProofKind.TEXT)
            own = tuple(shingles(text, asked) for text in texts)
            task = (submission.account, submission.task_id)
            self._read[number] = _Read(task, texts, own, tuple(tuple(text_bands(one)) for one in own))
        return self._read[number]

    def _job(self, account: str, job_id: str) -> tuple[Job | None, Shingles]:
        """A job and the words that it uses itself, which tell nothing of who repeats them."""
        if (account, job_id) not in self._jobs:
            job = known_job(self._reader, account, job_id)
            words = (job.title, *job.instructions, job.notes, *(slot.description for slot in job.proofs)) if job else ()
            self._jobs[account, job_id] = job, pieces(" ".join(words))
        return self._jobs[account, job_id]
