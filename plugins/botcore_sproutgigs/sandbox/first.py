"""What a new account finds: money, lists of workers, and its first jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from botcore.sandbox import jobs, people, workers
from botcore.sandbox.checks import Fields
from botcore.sandbox.money import refund, units
from botcore.sandbox.world import Books

from .posting import Posting

_DEPOSIT = units(250)  # what is left to spend when the first jobs are paid
_CREW = 40
_POSITIONS = 400  # of each first job, beside those of the submissions that are there at the start

Lists = Mapping[str, slice]  # name -> who of the crew is on it

LISTS: Lists = {"Reliable": slice(25), "Good writers": slice(20, 34), "Native speakers": slice(34, 38)}
DRAFTS: Sequence[Mapping[str, Any]] = (
    {
        "zone_id": "int",
        "category_id": "0501",
        "title": "Sign up at Meadow Mail",
        "task_value": "0.10",
        "instructions": ["Open https://meadowmail.example/join", "Make a free account", "Open your profile"],
        "proofs": [
            {"type": "screenshot", "description": "Screenshot of your profile page"},
            {"type": "text", "description": "Your user name"},
        ],
    },
    {
        "zone_id": "int",
        "category_id": "2004",
        "title": "Watch our video about bees",
        "task_value": "0.06",
        "ttr": 5,
        "instructions": ["Open https://beehive.example/film", "Watch at least three minutes"],
        "proofs": [{"type": "screenshot", "description": "Screenshot of the whole page with the video playing"}],
    },
    {
        "zone_id": "int",
        "category_id": "9001",
        "title": "Short survey on online shopping",
        "task_value": "0.30",
        "ttr": 10,
        "workers_level": "expert",
        "workers_max_tasks": 5,
        "instructions": ["Open https://questions.example/shopping", "Answer all", "Copy the code at the end"],
        "proofs": [
            {"type": "text", "description": "The completion code"},
            {"type": "text", "description": "What would you improve? At least one sentence"},
        ],
    },
)


def furnish(
    books: Books,
    posting: Posting,
    room: int,
    lists: Lists = LISTS,
    drafts: Sequence[Mapping[str, Any]] = DRAFTS,
) -> Sequence[str]:
    """Recruits a crew, makes these lists of it, and posts these drafts with `room` for so many submissions and
    for more; the jobs' ids."""
    crew = [worker.id for worker in workers.recruit(books, _CREW)]
    for name, members in lists.items():
        people.make_list(books, name, crew[members])
    first = [posting.terms(books, Fields({**draft, "num_tasks": _POSITIONS + room})) for draft in drafts]
    refund(books, _DEPOSIT + sum(terms.price * terms.positions for terms in first))
    return [jobs.post(books, terms, running=True) for terms in first]
