"""Jobs that are shown before others because their buyers paid for it."""

from __future__ import annotations

from typing import Any

from botcore.sandbox import jobs
from botcore.sandbox.base import Call, Refusal
from botcore.sandbox.checks import Fields
from botcore.sandbox.money import dollars, spend, units
from botcore.sandbox.world import Books

from .catalogue import CATEGORIES

_LEAST, _MOST = units(2), 10_000_000  # units
_RIVALS = 24  # featured jobs of buyers who are not simulated
_ENDED = (jobs.Status.FINISHED, jobs.Status.BLOCKED, jobs.Status.DECLINED)


def feature(books: Books, call: Call) -> Any:
    """Adds to what was paid for a job's place before."""
    fields = Fields(call.body())
    job, amount = jobs.find(books, fields.text("job_id")), fields.money("amount", _LEAST, _MOST)
    if job.status in _ENDED:
        raise Refusal("A job that has ended cannot be featured.")
    spend(books, amount)
    jobs.set_data(books, job.id, "premium", job.terms.data.get("premium", 0) + amount)
    books.note("feature", job_id=job.id, cost=dollars(amount))
    return {"ok": True}


def predict_position(books: Books, call: Call) -> Any:
    """The place of a job that would be featured for this much: behind all that paid as much or more."""
    fields = Fields(call.body())
    category = fields.choice("category_id", [category.id for category in CATEGORIES])
    amount = fields.money("amount", 1, _MOST)
    ahead = [where for where, paid in _featured(books) if paid >= amount]
    return {"position_in_all": len(ahead) + 1, "position_in_category": ahead.count(category) + 1}


def _featured(books: Books) -> list[tuple[str, int]]:
    """Category and premium of every featured job that runs."""
    rows = books.q(
        "SELECT data ->> 'category_id' AS category, data ->> 'premium' AS premium FROM job "
        "JOIN account ON account.name = job.account WHERE provider = :p AND status = 'running' AND premium > 0",
        p=books.provider,
    )
    return [*((row["category"], row["premium"]) for row in rows), *(_rival(books, i) for i in range(_RIVALS))]


def _rival(books: Books, i: int) -> tuple[str, int]:
    luck = books.chance("rival", i)
    return luck.choice(CATEGORIES).id, units(luck.randint(4, 60)) // 2
