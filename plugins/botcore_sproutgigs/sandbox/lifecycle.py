"""What becomes of a job once it is posted."""

from __future__ import annotations

from typing import Any

from botcore.sandbox import jobs
from botcore.sandbox.base import Call
from botcore.sandbox.checks import Fields
from botcore.sandbox.money import dollars
from botcore.sandbox.world import Books

_MOST_POSITIONS = 9999


def pause(books: Books, call: Call) -> Any:
    job_id = Fields(call.body()).text("job_id")
    jobs.pause(books, job_id)
    books.note("pause", job_id=job_id)
    return {"ok": True}


def resume(books: Books, call: Call) -> Any:
    job_id = Fields(call.body()).text("job_id")
    jobs.resume(books, job_id)
    books.note("resume", job_id=job_id)
    return {"ok": True}


def stop(books: Books, call: Call) -> Any:
    job_id = Fields(call.body()).text("job_id")
    back = jobs.stop(books, job_id)
    books.note("stop", job_id=job_id, refund=dollars(back))
    return {"ok": True, "message": "The job was stopped."}


def restart(books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    job_id, positions = fields.text("job_id"), fields.integer("positions", 0, _MOST_POSITIONS, 0)
    cost = jobs.restart(books, job_id, positions)
    books.note("restart", job_id=job_id, positions=positions, cost=dollars(cost))
    return {"ok": True, "notice": "The job runs again."}


def add_positions(books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    job_id, positions = fields.text("job_id"), fields.integer("positions", 1, _MOST_POSITIONS)
    cost = jobs.add_positions(books, job_id, positions)
    books.note("add_positions", job_id=job_id, positions=positions, cost=dollars(cost))
    return {"ok": True, "message": "Positions were added."}


def set_speed(books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    job_id, speed = fields.text("job_id"), fields.integer("speed", 1, 1000)
    jobs.set_data(books, job_id, "speed", speed)
    books.note("set_speed", job_id=job_id, speed=speed)
    return {"ok": True, "message": "The speed was changed."}


def set_ttr(most_days: int, books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    job_id, days = fields.text("job_id"), fields.integer("ttr", 1, most_days)
    jobs.set_ttr(books, job_id, days)
    books.note("set_ttr", job_id=job_id, ttr=days)
    return {"ok": True, "message": "The time to rate was changed."}
