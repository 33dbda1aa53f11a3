"""What a buyer's webhook is told: in the documented form, or in the newer one that has been seen since."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from botcore.clock import from_ms
from botcore.sandbox.base import JobChange, Post
from botcore.sandbox.world import Books

from .shapes import iso

FORMS = ("json", "form", "newer")  # how it comes where no secret is set; with one, always in the newer form
SIGNATURE = "X-Sproutgigs-Signature"


def news(books: Books, tasks: Mapping[str, Sequence[str]], changes: Sequence[JobChange]) -> Sequence[Any]:
    """Bodies of posts, but for when they are sent. The documented form knows nothing of jobs."""
    if not _newer(books):
        return [tasks] if tasks else []
    changed: dict[str, list[dict[str, str]]] = {}
    for change in changes:
        told = {"status": change.status.upper(), "date": iso(from_ms(change.at_ms))}
        changed.setdefault(change.job_id, []).append(told)
    events = {
        "tasks_submitted": [{"job_id": job_id, "task_ids": ids} for job_id, ids in tasks.items()],
        "job_status_changed": [{"job_id": job_id, "changes": told} for job_id, told in changed.items()],
    }
    return [{"event_type": kind, "event": event} for kind, event in events.items() if event]


def post(books: Books, told: Any, when: datetime, secret: str | None) -> Post:
    """One of the `news` as it goes out, signed where a secret is set."""
    newer = "event_type" in told
    if newer:
        told = {"event_type": told["event_type"], "event_date": iso(when), "event": told["event"]}
    body = json.dumps(told).encode()
    if not newer and books.quirk("webhook") == "form":
        form = urlencode({"data": body.decode()}).encode()
        return Post(form, {"Content-Type": "application/x-www-form-urlencoded"})
    headers = {"Content-Type": "application/json"}
    if secret is not None:
        headers[SIGNATURE] = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return Post(body, headers)


def _newer(books: Books) -> bool:
    secret = books.value("SELECT signature_secret FROM account WHERE name = :name", name=books.account)
    return secret is not None or books.quirk("webhook") == "newer"
