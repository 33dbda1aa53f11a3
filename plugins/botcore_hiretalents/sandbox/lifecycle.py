"""What becomes of a job once it is posted."""

from __future__ import annotations

from typing import Any

from botcore.sandbox import jobs
from botcore.sandbox.base import Call
from botcore.sandbox.checks import Fields
from botcore.sandbox.money import UNIT, dollars, refund, spend
from botcore.sandbox.world import Books

from .costs import cost, fees, fees_back
from .posting import MOST_SEATS


def add_seat(books: Books, call: Call) -> Any:
    job = jobs.find(books, call.parts["job"])
    seats = Fields(call.body()).integer("seat_count", 1, MOST_SEATS)
    spend(books, fees(job.terms.price, seats))
    jobs.add_positions(books, job.id, seats)
    _touch(books, job.id)
    total = cost(job.terms.price, seats)
    books.note("add_positions", job_id=job.id, positions=seats, cost=dollars(total))
    return {"result": "ok", "cost": total * UNIT, "job_id": int(job.id)}


def pause(books: Books, call: Call) -> Any:
    job = jobs.find(books, call.parts["job"])
    back = fees_back(job.terms.price, job.open)
    refund(books, back)
    back += jobs.stop(books, job.id)
    jobs.drop_open(books, job.id)
    _touch(books, job.id)
    books.note("pause", job_id=job.id, seats=job.open, refund=dollars(back))
    return {"result": "ok", "job_id": int(job.id)}


def resume(books: Books, call: Call) -> Any:
    job, fields = jobs.find(books, call.parts["job"]), Fields(call.body())
    seats = fields.integer("seat_count", 1, MOST_SEATS)
    tweet, hidden = fields.flag("send_tweet"), fields.flag("hide_search_engines")
    spend(books, fees(job.terms.price, seats, tweet=tweet))
    jobs.drop_open(books, job.id)
    jobs.restart(books, job.id, seats)
    jobs.set_data(books, job.id, "send_tweet", int(tweet))
    jobs.set_data(books, job.id, "hide_search_engines", int(hidden))
    _touch(books, job.id)
    total = cost(job.terms.price, seats, tweet=tweet)
    books.note("resume", job_id=job.id, positions=seats, cost=dollars(total))
    return {"result": "ok", "cost": total * UNIT, "job_id": int(job.id)}


def restart(books: Books, call: Call) -> Any:
    job = jobs.find(books, call.parts["job"])
    jobs.forget_workers(books, job.id)
    _touch(books, job.id)
    books.note("restart", job_id=job.id)
    return {"result": "ok", "job_id": int(job.id)}


def _touch(books: Books, job_id: str) -> None:
    jobs.set_data(books, job_id, "updated_ms", books.at)
