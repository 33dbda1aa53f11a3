"""Where the older dialect differs in what can be asked and posted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from botcore.sandbox import jobs, tasks
from botcore.sandbox.base import Call
from botcore.sandbox.checks import Fields
from botcore.sandbox.world import Books
from botcore_sproutgigs.sandbox import shapes
from botcore_sproutgigs.sandbox.posting import Posting
from botcore_sproutgigs.sandbox.reading import Reading


class OlderPosting(Posting):
    most_ttr_days = 7
    hold_minutes = 5
    fewest_proofs = 0
    fewest_instructions = 0

    def hours(self, fields: Fields) -> Mapping[str, str]:
        return {}

    def variables(self, fields: Fields, instructions: Sequence[str]) -> list[dict[str, Any]]:
        return []


class OlderReading(Reading):
    def get_job(self, books: Books, call: Call) -> Any:
        return shapes.job(books, jobs.find(books, Fields(call.query).text("job_id")))

    def newest_first(self, query: Fields) -> bool:
        return False

    def wanted(self, query: Fields) -> list[str]:
        return []

    def task(self, books: Books, task: tasks.Task) -> dict[str, Any]:
        return shapes.task(books, task)
