"""What a person types to change a job, as jobs/update takes it. All that is wrong is a `ValueError` for that person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

SCHEDULE = (60, 31_104_000)  # seconds
OFF = -1
MOST = 1_000_000

_LIMIT = re.compile(r"([0-9]{1,7})\s*(?:/|per|an?|each)\s*(hour|day)", re.IGNORECASE)
_SPAN = re.compile(r"([0-9]{1,9})\s*(s|min|m|h|d)?", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
_STEPS = re.compile(r"\n|\|")
_PROOF = re.compile(r"(text|image)\s*:\s*(\S.*)", re.IGNORECASE | re.DOTALL)


def changes_of(values: Mapping[str, Any]) -> dict[str, object]:
    """The changes that a command's values ask for. Raises `ValueError`, also where there are none."""
    changes: dict[str, object] = {}
    if "title" in values:
        changes["title"] = _filled(values["title"], "title")
    if "time" in values:
        changes["time"] = _within(values["time"], "time is in minutes")
    if "limit" in values:
        changes["job_limit"] = limit_of(values["limit"])
    if "instructions" in values:
        changes["expected"] = steps_of(values["instructions"], "instructions")
    if "proofs" in values:
        changes["proof"] = [proof_of(step) for step in steps_of(values["proofs"], "proofs")]
    if "restart" in values:
        changes["restart_schedule"] = schedule_of(values["restart"])
    if not changes:
        raise ValueError("say what to change: title=, time=, limit=, instructions=, proofs= or restart=")
    return changes


def limit_of(text: str) -> dict[str, object]:
    """`10/day` or `3/hour`."""
    match = _LIMIT.fullmatch(text.strip())
    if match is None:
        raise ValueError("limit is how many may be done in an hour or a day: limit=3/hour, limit=10/day")
    duration = "hourly" if match[2].lower() == "hour" else "daily"
    return {"limit": _within(int(match[1]), "limit is a number"), "duration": duration}


def steps_of(text: str, name: str) -> list[str]:
    """Texts on lines of their own, or with `|` between them."""
    steps = [step.strip() for step in _STEPS.split(text) if step.strip()]
    if not steps:
        raise ValueError(f"{name} must not be empty; put | between them")
    return steps


def proof_of(step: str) -> dict[str, object]:
    """`text: …` or `image: …`."""
    match = _PROOF.fullmatch(step)
    if match is None:
        raise ValueError("each proof is text: or image: and what to hand in, with | between them")
    return {"desc": match[2].strip(), "type": match[1].lower()}


def schedule_of(text: str) -> int:
    """`off`, or how often: `6h`, `2d`, `90min`, or seconds."""
    if text.strip().lower() in ("off", "never", "no", str(OFF)):
        return OFF
    match = _SPAN.fullmatch(text.strip())
    seconds = int(match[1]) * _SECONDS[(match[2] or "s").lower()] if match else 0
    least, most = SCHEDULE
    if not least <= seconds <= most:
        raise ValueError(f"restart is off, or how often: from 1min to {most // 86_400}d, such as restart=6h")
    return seconds


def _filled(text: str, name: str) -> str:
    if not text.strip():
        raise ValueError(f"{name} must not be empty")
    return text.strip()


def _within(number: int, what: str) -> int:
    if not 1 <= number <= MOST:
        raise ValueError(f"{what}, from 1 to {MOST}")
    return number
