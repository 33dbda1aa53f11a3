"""Ratings: the buyer's, one or many at a time, and those that the buyer had the site make by itself."""

from __future__ import annotations

from typing import Any, cast

from botcore.sandbox import jobs, tasks
from botcore.sandbox.base import Call, Refusal
from botcore.sandbox.checks import Fields
from botcore.sandbox.workers import Worker
from botcore.sandbox.world import Books

_BATCH = 1000
_MOST = 10_000_000  # units; no bonus is higher
_FAR = 1_000_000  # list ids end somewhere
_SATISFACTIONS = {"ok": ("excellent", "good", "ok"), "not_ok": ("incorrect", "spam", "dupe"), "revise": ()}
_DONE = "Task rated successfully."


def rate_single(books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    job = jobs.find(books, fields.text("job_id"))
    tasks.rate(books, _judgement(fields, job.id, "task_id", "task_"))
    return {"ok": True, "message": _DONE}


def rate_multiple(books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    job = jobs.find(books, fields.text("job_id"))
    return {"tasks": [_rate_one(books, job.id, item) for item in fields.objects("tasks", 1, _BATCH)]}


def rate_by_rule(books: Books, job_id: str, task_id: str, worker: Worker) -> None:
    """Rates what was just handed in where the job says how: a wrong answer to its challenges is not satisfying,
    a right code is. Careless workers get both wrong, honest ones both right; a second attempt is the buyer's."""
    data = jobs.find(books, job_id).terms.data
    if tasks.find(books, task_id).revision:
        return
    if data["challenges"] and worker.habit in ("careless", "spammer"):
        block = data["challenge_action"] == "rate_nok_block"
        wrong = tasks.Judgement(
            job_id=job_id, task_id=task_id, rating="not_ok", comment="A challenge was not met.", block_worker=block
        )
        tasks.rate(books, wrong, "auto")
    elif data["autorate"] == "V+R" and worker.habit == "honest":
        tasks.rate(books, tasks.Judgement(job_id=job_id, task_id=task_id, rating="ok"), "auto")


def _rate_one(books: Books, job_id: str, fields: Fields) -> dict[str, Any]:
    task_id = fields.raw("id")
    try:
        tasks.rate(books, _judgement(fields, job_id, "id", ""))
    except Refusal as refusal:
        return {"id": task_id, "ok": False, "message": str(refusal)}
    return {"id": task_id, "ok": True, "message": _DONE}


def _judgement(fields: Fields, job_id: str, id_name: str, prefix: str) -> tasks.Judgement:
    rating = fields.choice(f"{prefix}rating", _SATISFACTIONS)
    bonus = fields.money(f"{prefix}bonus", 0, _MOST, 0)
    comment = fields.text(f"{prefix}comment", "")
    satisfaction = fields.text(f"{prefix}satisfaction", "") or None
    if satisfaction is not None and satisfaction not in _SATISFACTIONS[rating]:
        raise Refusal(f"{prefix}satisfaction does not go with {rating}.")
    if rating != "ok" and not comment.strip():
        raise Refusal(f"{prefix}comment is required with {rating}.")
    if rating != "ok" and bonus:
        raise Refusal(f"{prefix}bonus goes with ok only.")
    return tasks.Judgement(
        job_id=job_id,
        task_id=fields.text(id_name),
        rating=cast("Any", rating),
        satisfaction=satisfaction,
        comment=comment,
        bonus=bonus,
        list_id=fields.integer("list_id", 0, _FAR, 0) or None,
        block_worker=fields.flag("block_worker"),
    )
