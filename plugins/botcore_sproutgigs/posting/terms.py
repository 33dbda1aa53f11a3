"""A draft as it is sent to jobs/post-job, and what is read back: the new job's id, a job's answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

from botcore.draft import Challenge, DraftField, JobDraft, Source, Value, Variable
from botcore.draft_text import typed
from botcore.models import ProofKind, ProofSlot
from botcore.wire import as_id, as_text, items, or_none

from ..proofs import read_slots
from ..wire import WireTerms
from .fields import posted_name

PROOF_TYPES = {ProofKind.PICTURE: "screenshot", ProofKind.TEXT: "text"}
LONGEST_ADDRESS = 4096


def terms_of(draft: JobDraft, fields: Iterable[DraftField]) -> dict[str, object]:
    """A draft under the marketplace's own names; what was left empty is left out."""
    return {posted_name(one): _posted(one, draft.values[one.name]) for one in fields if one.name in draft}


def posted_id(url: object) -> str:
    """The id of the job that an address is of, which ends with `?Id=JOB_ID`; "" where it tells none, or several."""
    if not isinstance(url, str) or len(url) > LONGEST_ADDRESS:
        return ""
    try:
        query = parse_qsl(urlsplit(url.replace("&amp;", "&")).query)
    except ValueError:
        return ""
    found = {value.strip() for name, value in query if name.lower() == "id"}
    return (or_none(found.pop(), as_id) or "") if len(found) == 1 else ""


def answers_of(job: WireTerms, fields: Iterable[DraftField]) -> dict[str, str]:
    """A job as the answers it could have been posted with, as far as the marketplace tells them. A job for a list tells
    no zone, nor which list."""
    told: dict[str, Value | None] = {
        "title": job.title,
        "category": job.category_id,
        "price": job.task_value,
        "positions": job.num_tasks,
        "instructions": job.instructions,
        "proofs": read_slots(job.proofs),
        "notes": job.notes,
        "variables": _variables(job.variables),
        "list": job.list_id,
        "excluded": job.excluded_countries,
        "level": job.workers_level,
        "per_worker": job.workers_max_tasks,
        "distribution": job.distribution,
        "challenges": _challenges(job.challenges),
        "challenge_action": job.challenge_action,
        "auto_rate": job.autorate,
        "days_to_rate": job.ttr,
        "speed": job.speed,
        "start": job.start_time,
        "end": job.end_time,
        "hold_minutes": job.hold_time,
        "hold_required": job.hold_required,
        "pause_after_approval": job.pause_after_approval,
    }
    answers = {one.name: typed(one, value) for one in fields if (value := told.get(one.name)) is not None}
    return {"zone": job.zone_id} | {name: answer for name, answer in answers.items() if answer}


def _posted(one: DraftField, value: Value) -> object:
    match value:
        case bool():
            return int(value)
        case tuple():
            return [_part(item) for item in value]
        case str() if one.source is Source.LISTS and value.isascii() and value.isdigit():
            return int(value)
    return value


def _part(item: str | ProofSlot | Variable | Challenge) -> object:
    match item:
        case ProofSlot():
            return {"type": PROOF_TYPES[item.kind], "description": item.description}
        case Variable():
            return {"name": item.name, "values": list(item.values)}
        case Challenge():
            return {"question": item.question, "answer": item.answer}
    return item


def _variables(raw: Sequence[object]) -> tuple[Variable, ...]:
    named = [item for item in raw if isinstance(item, Mapping)]
    return tuple(Variable(as_text(one.get("name")), tuple(map(as_text, items(one.get("values"))))) for one in named)


def _challenges(raw: Sequence[object]) -> tuple[Challenge, ...]:
    asked = [item for item in raw if isinstance(item, Mapping)]
    return tuple(Challenge(as_text(one.get("question")), as_text(one.get("answer"))) for one in asked)
