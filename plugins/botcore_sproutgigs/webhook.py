"""The marketplace's webhook: which tasks and jobs it makes worth reading. What it says is never believed."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from botcore.models import Hints, WebhookRequest
from botcore.wire import items, or_none

SIGNATURE = "x-sproutgigs-signature"
KINDS = ("tasks_submitted", "job_status_changed")  # of events, that are known
MOST_FIELDS = 50  # of a form; the marketplace needs one

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check_signature(request: WebhookRequest, secret: str) -> None:
    """Raises `PermissionError` unless the raw body is signed: `sha256=` and its HMAC in hex."""
    right = "sha256=" + hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
    given = request.headers.get(SIGNATURE, "").strip().lower()
    if not hmac.compare_digest(given.encode(errors="replace"), right.encode()):
        raise PermissionError("the webhook's signature is missing or wrong")


def read_hints(request: WebhookRequest) -> Hints:
    """The hints of either shape, sent as JSON or as a form with JSON in a field. Raises `ValueError`."""
    for text in _candidates(request):
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(data, Mapping) and "event_type" in data:
            return _of_kind(data["event_type"], data.get("event"))
        if isinstance(data, Mapping):
            return Hints(tasks={_id(job): _ids(tasks) for job, tasks in data.items()})
        if data == []:  # how PHP spells an empty object
            return Hints()
    raise ValueError("not one of the marketplace's webhooks")


def _candidates(request: WebhookRequest) -> Iterator[str]:
    body = request.body.decode("utf-8-sig", errors="replace")
    yield body
    kind = request.headers.get("content-type", "")
    if boundary := re.search(r'multipart/form-data.*boundary="?([^";]+)', kind, re.IGNORECASE):
        for part in body.split("--" + boundary[1])[1 : MOST_FIELDS + 1]:
            yield part.partition("\r\n\r\n")[2]
        return
    try:
        for _, value in parse_qsl(body, max_num_fields=MOST_FIELDS):
            yield value
    except ValueError:
        return


def _of_kind(kind: object, events: object) -> Hints:
    """Of an event of a kind that is not known, whatever it names: a refusal would have it sent again all day."""
    try:
        return _of_events(events)
    except ValueError:
        if kind in KINDS:
            raise
    named = [entry.get("job_id") for entry in items(events) if isinstance(entry, Mapping)]
    return Hints(jobs=tuple(dict.fromkeys(job for one in named if (job := or_none(one, _id)))))


def _of_events(events: object) -> Hints:
    """Entries with task ids are about those tasks, entries without are about their job."""
    tasks: dict[str, tuple[str, ...]] = {}
    jobs: dict[str, None] = {}
    for entry in _list(events):
        if not isinstance(entry, Mapping):
            raise ValueError("an event that is not an object")  # noqa: TRY004 - one error for all that is wrong
        job = _id(entry.get("job_id"))
        if "task_ids" in entry:
            tasks[job] = tuple(dict.fromkeys((*tasks.get(job, ()), *_ids(entry["task_ids"]))))
        else:
            jobs[job] = None
    return Hints(tasks=tasks, jobs=tuple(jobs))


def _ids(value: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_id(item) for item in _list(value)))


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("not a list")  # noqa: TRY004
    return value


def _id(value: object) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise ValueError("not an id")
    return text
