"""Jobs and tasks as they go out."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from botcore.clock import from_ms
from botcore.sandbox import jobs, tasks
from botcore.sandbox.money import UNIT
from botcore.sandbox.proofs import Proof
from botcore.sandbox.world import Books

_UNTOLD = ("distribution", "hold_required", "premium", "variables")  # not in the shape of a job in a list


def job(books: Books, found: jobs.Job) -> dict[str, Any]:
    """A job as it is in a list."""
    terms = found.terms
    own = {name: value for name, value in terms.data.items() if name not in _UNTOLD}
    return {
        "id": found.id,
        "id_user": books.value("SELECT user_id FROM account WHERE name = :name", name=books.account),
        "excluded_countries": list(terms.excluded),
        "created_at": iso(from_ms(found.created_ms)),
        "status": found.status.upper(),
        "title": terms.title,
        "task_value": terms.price * UNIT,
        "tasks_done": found.filled,
        "num_tasks": terms.positions,
        "unrated_tasks": found.unrated,
        "workers_max_tasks": terms.per_worker,
        "ttr": terms.ttr_days,
        "proofs": [{"description": slot.description, "type": slot.type} for slot in terms.slots],
        **own,
    }


def task(books: Books, found: tasks.Task) -> dict[str, Any]:
    """A task without what was handed in before."""
    shape: dict[str, Any] = {
        "id": found.id,
        "job_id": found.job_id,
        "worker_id": found.worker_id,
        "finished_at": iso(from_ms(found.finished_ms)),
        "ip_address": found.ip,
        "country_code": found.country,
        "revision_number": found.revision,
        "variables": _own_values(books, found),
        "proofs": [_proof(books, proof) for proof in found.proofs],
    }
    if found.state in tasks.RATED:
        shape["status"] = found.state.upper()
    return shape


def previous_proofs(books: Books, found: tasks.Task) -> list[dict[str, Any]]:
    return [
        {
            "employer_comment": earlier.comment,
            "finished_at": f"{from_ms(earlier.finished_ms):%Y-%m-%d %H:%M:%S}",
            "proofs": [_proof(books, proof) for proof in earlier.proofs],
        }
        for earlier in found.earlier
    ]


def iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _proof(books: Books, proof: Proof) -> Any:
    match proof.kind:
        case "text":
            return {"text": proof.value}
        case "picture":
            return {"screenshot": books.site.picture(proof.value)}
        case "url":
            return {"screenshot": proof.value}
    return proof.value


def _own_values(books: Books, found: tasks.Task) -> list[dict[str, str]]:
    """What the job's variables are for this task."""
    made = json.loads(books.value("SELECT data ->> 'variables' FROM job WHERE id = :id", id=found.job_id) or "[]")
    return [{"name": each["name"], "value": each["values"][found.n % len(each["values"])]} for each in made]
