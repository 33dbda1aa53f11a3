"""Applications: what workers handed in, and what buyers make of it."""

from __future__ import annotations

from typing import Any, cast

from botcore.sandbox import jobs, tasks
from botcore.sandbox.base import Call, Refusal
from botcore.sandbox.checks import Fields
from botcore.sandbox.world import Books

from . import shapes
from .account import page_of

_RATINGS = {shapes.DECLINED: "not_ok", shapes.APPROVED: "ok", shapes.NOT_COMPLETED: "revise"}


def by_status(books: Books, call: Call) -> Any:
    job = jobs.find(books, call.parts["job"])
    status = Fields(call.parts).choice("status", ("all", *map(str, shapes.STATES)))
    found, _ = tasks.listed(
        books,
        list(shapes.STATES.values()) if status == "all" else [shapes.STATES[int(status)]],
        job_id=job.id,
        newest_first=True,
        limit=books.site.page_size,
        offset=(page_of(call) - 1) * books.site.page_size,
    )
    return [shapes.application(books, task) for task in found]


def one(books: Books, call: Call) -> Any:
    task = tasks.find(books, call.parts["application"])
    return {"affect_success_rate": 0, **shapes.application(books, task)}


def rate(books: Books, call: Call) -> Any:
    task, fields = tasks.find(books, call.parts["application"]), Fields(call.body())
    status = fields.integer("status", min(_RATINGS), max(_RATINGS))
    if status not in _RATINGS:
        raise Refusal("status must be 1, 3 or 5.", "status")
    reason = fields.text("reason", "")
    if status != shapes.APPROVED and not reason.strip():
        raise Refusal("reason is required when status is 1 or 5.", "reason")
    if task.state != "unrated":
        raise Refusal("Only a pending application can be rated.")
    tasks.rate(
        books,
        tasks.Judgement(job_id=task.job_id, task_id=task.id, rating=cast("Any", _RATINGS[status]), comment=reason),
    )
    return {"result": "ok", "app_id": int(task.id)}
