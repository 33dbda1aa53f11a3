"""What the site itself makes of a buyer's jobs when a test tells it to, and jobs that nobody comes to any more."""

from __future__ import annotations

from typing import Literal

from . import jobs
from .base import Refusal
from .money import dollars, refund
from .world import Books

Judgement = Literal["approve", "decline", "block"]

JUDGEMENTS: tuple[Judgement, ...] = ("approve", "decline", "block")


def judge(books: Books, job_id: str, judgement: Judgement, reason: str = "") -> None:
    """A new job is approved at once or declined, one that has not ended is blocked: both of these give back what no
    submission has a claim on. Raises `Refusal`."""
    job = jobs.find(books, job_id)
    if judgement == "approve":
        jobs.approve_at_once(books, job_id)
        return
    fees = books.site.fees_back(job)
    back = jobs.decline(books, job_id, reason) if judgement == "decline" else jobs.block(books, job_id, reason)
    refund(books, fees)
    books.note(judgement, "auto", job_id=job_id, reason=reason, refund=dollars(back + fees))


def run_dry(books: Books, job_id: str, *, dry: bool) -> None:
    """From now on no worker comes to a job by themselves, or some do again."""
    jobs.find(books, job_id)
    books.q("UPDATE job SET dry = :dry WHERE id = :id", dry=dry, id=job_id)


def set_balance(books: Books, spendable: int) -> None:
    """The buyer put money in or took it out on the website, in units: so much is left. Raises `Refusal`."""
    if spendable < 0:
        raise Refusal("A balance cannot be below 0.")
    books.q("UPDATE account SET spendable = :left WHERE name = :name", left=spendable, name=books.account)
    books.note("balance", "site", spendable=dollars(spendable))
