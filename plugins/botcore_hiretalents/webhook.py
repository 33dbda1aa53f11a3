"""The marketplace's callbacks: which applications and jobs they make worth reading. They are not signed, and what
they say is never believed.

Neither their method nor their encoding is documented: read from a query, a form or JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from urllib.parse import parse_qsl

from botcore.models import Hints, WebhookRequest

MOST_FIELDS = 50  # of a form; the marketplace needs three
MOST_EVENTS = 1_000

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FIELD = re.compile(r'name="?([^";\r\n]+)')


def read_hints(request: WebhookRequest) -> Hints:
    """The hints of one callback, or of a list of them. Raises `ValueError`."""
    for found in _readings(request):
        listed = found if isinstance(found, list) else [found]
        events = [event for event in listed if isinstance(event, Mapping) and "job_id" in event]
        if listed and len(events) == len(listed):
            return _hints(events[:MOST_EVENTS])
    raise ValueError("not one of the marketplace's callbacks")


def _readings(request: WebhookRequest) -> Iterator[object]:
    yield dict(request.query)
    body = request.body.decode("utf-8-sig", errors="replace")
    with suppress(ValueError, RecursionError):
        yield json.loads(body)
    fields = dict(_fields(request.headers.get("content-type", ""), body))
    yield fields
    for text in fields.values():
        with suppress(ValueError, RecursionError):
            yield json.loads(text)


def _fields(content_type: str, body: str) -> Iterator[tuple[str, str]]:
    if boundary := re.search(r'multipart/form-data.*boundary="?([^";]+)', content_type, re.IGNORECASE):
        for part in body.split("--" + boundary[1])[1 : MOST_FIELDS + 1]:
            head, _, value = part.partition("\r\n\r\n")
            if name := _FIELD.search(head):
                yield name[1], value.removesuffix("\r\n")
        return
    try:
        yield from parse_qsl(body, max_num_fields=MOST_FIELDS)
    except ValueError:
        return


def _hints(events: Sequence[Mapping[str, object]]) -> Hints:
    tasks: dict[str, tuple[str, ...]] = {}
    jobs: dict[str, None] = {}
    for event in events:
        job = _id(event["job_id"])
        if event.get("application_id") in (None, ""):
            jobs[job] = None
        else:
            tasks[job] = tuple(dict.fromkeys((*tasks.get(job, ()), _id(event["application_id"]))))
    return Hints(tasks=tasks, jobs=tuple(jobs))


def _id(value: object) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _ID.fullmatch(text.strip()):
        raise ValueError("not an id")
    return text.strip()
