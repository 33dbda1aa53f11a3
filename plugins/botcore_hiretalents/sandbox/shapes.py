"""Jobs and applications as they go out."""

from __future__ import annotations

import json
from typing import Any

from botcore.clock import from_ms
from botcore.sandbox import jobs, tasks
from botcore.sandbox.money import UNIT
from botcore.sandbox.proofs import Proof
from botcore.sandbox.workers import find_worker
from botcore.sandbox.world import Books

from .words import slug

DECLINED, REPORTED, APPROVED, PENDING, NOT_COMPLETED = 1, 2, 3, 4, 5
STATES: dict[int, tasks.State] = {
    DECLINED: "not_ok",
    REPORTED: "reported",
    APPROVED: "ok",
    PENDING: "unrated",
    NOT_COMPLETED: "revise",
}
_NUMBERS = {state: number for number, state in STATES.items()}
_ENDED = (jobs.Status.FINISHED, jobs.Status.BLOCKED, jobs.Status.DECLINED)


def job(books: Books, found: jobs.Job) -> dict[str, Any]:
    """A job by itself."""
    return {
        **_job(books, found),
        "type": 0,
        "dec_reason": _reason(found, jobs.Status.DECLINED),
        "rep_reason": _reason(found, jobs.Status.BLOCKED),
        "slug": _slug(books, found),
    }


def listed_job(books: Books, found: jobs.Job) -> dict[str, Any]:
    """A job in a list, which says a little less here and a little more there."""
    return {
        **_job(books, found),
        "dec_reason": _reason(found, jobs.Status.DECLINED) or None,
        "rep_reason": _reason(found, jobs.Status.BLOCKED) or None,
        "url": f"{books.site.url}/job/{_slug(books, found)}",
        "hide_search_engines": found.terms.data["hide_search_engines"],
    }


def application(books: Books, task: tasks.Task) -> dict[str, Any]:
    """An application; what a test handed in as it is takes the place of what would be there."""
    texts = [proof.value for proof in task.proofs if proof.kind == "text"]
    pictures = [_address(books, proof) for proof in task.proofs if proof.kind in ("picture", "url")]
    shape = {
        "id": int(task.id),
        "jobid": int(task.job_id),
        "user_id": int(task.worker_id),
        "owner_id": owner(books),
        "email": f"{find_worker(books, task.worker_id).name}@mail.example",
        "proof": "\n".join(texts),
        "status": _NUMBERS[task.state],
        "showcause": task.comment if task.state in ("not_ok", "revise") else None,
        "screenshot": json.dumps([address.rpartition("/")[2] for address in pictures]) if pictures else None,
        "appdate": task.finished_ms // 1000,
        "screenshot_url": pictures or None,
    }
    for proof in task.proofs:
        if proof.kind == "raw" and isinstance(proof.value, dict):
            shape.update(proof.value)
    return shape


def owner(books: Books) -> int:
    """The buyer's own number."""
    user_id = books.value("SELECT user_id FROM account WHERE name = :name", name=books.account)
    return 100_000 + int(user_id, 16) % 900_000


def stamp(ms: int) -> str:
    return f"{from_ms(ms):%Y-%m-%dT%H:%M:%S.%f}Z"


def _job(books: Books, found: jobs.Job) -> dict[str, Any]:
    terms, data = found.terms, found.terms.data
    limit, span_ms = terms.pace or (0, 0)
    updated = max(found.created_ms, found.started_ms, data.get("updated_ms", 0))
    return {
        "id": int(found.id),
        "title": terms.title,
        "total_app": books.value("SELECT count(*) FROM task WHERE job_id = :id", id=found.id),
        "availseats": terms.positions,
        "time": data["time"],
        "category": data["category"],
        "price": terms.price * UNIT,
        "country": data["country"],
        "expected": data["expected"],
        "proof": [
            {"desc": slot.description, "type": "image" if slot.type == "screenshot" else slot.type}
            for slot in terms.slots
        ],
        "image": None,
        "started": found.started_ms // 1000,
        "status": 3 if found.status in _ENDED else 1,
        "send_tweet": data["send_tweet"],
        "hourseats": limit,
        "hourlock": 0,
        "limitfreqseconds": span_ms // 1000,
        "created_at": stamp(found.created_ms),
        "updated_at": stamp(updated),
    }


def _reason(found: jobs.Job, status: jobs.Status) -> str:
    return (found.reason or "Against the rules.") if found.status == status else ""


def _slug(books: Books, found: jobs.Job) -> str:
    return f"{slug(found.terms.title)}-{books.ident(6, 'slug', found.id)}"


def _address(books: Books, proof: Proof) -> str:
    return books.site.picture(proof.value) if proof.kind == "picture" else str(proof.value)
