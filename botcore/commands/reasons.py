"""Why something is rejected or sent back: canned reasons and own words, typed or chosen in a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..models import Satisfaction, Verdict
from ..settings import Reason
from ..text import clean
from ..ui import Choice, Completion, Input, InputKind
from .registry import Completer

if TYPE_CHECKING:
    from ..dispatch import Context

OWN_WORDS = "Own words"


def reasons_for(context: Context, verdict: Verdict) -> list[Reason]:
    return [reason for reason in context.house.reasons if reason.verdict == verdict]


def reason_named(
    context: Context, verdict: Verdict, text: str, satisfaction: str | None = None
) -> tuple[str, Satisfaction | None]:
    """What the worker reads, and what goes with it, for a canned reason's label or somebody's own words."""
    chosen = next((r for r in reasons_for(context, verdict) if r.label.lower() == text.strip().lower()), None)
    said = Satisfaction(satisfaction) if satisfaction else (chosen.satisfaction if chosen else None)
    return (chosen.text if chosen else text), _fitting(verdict, said)


def reason_filled_in(context: Context, verdict: Verdict, values: Mapping[str, str]) -> tuple[str, Satisfaction | None]:
    """The same for the answers to `reason_inputs`; no words where neither was given."""
    words = clean(values.get("words", "")).strip()
    chosen = next((r for r in reasons_for(context, verdict) if r.label == values.get("reason")), None)
    if chosen is None:
        return words, _fitting(verdict, None)
    return f"{chosen.text} {words}".strip(), _fitting(verdict, chosen.satisfaction)


def reason_inputs(context: Context, verdict: Verdict, error: str = "") -> tuple[Input, ...]:
    """The questions of a form that asks for a reason."""
    choices = tuple(Choice(reason.label, reason.label) for reason in reasons_for(context, verdict))
    return (
        Input("reason", "Reason", InputKind.CHOICE, choices=choices, error=error),
        Input("words", OWN_WORDS, InputKind.PARAGRAPH, help="added to the reason; the worker reads it"),
    )


def complete_reason(verdict: Verdict) -> Completer:
    """Completes a verdict's canned reasons by their labels."""

    async def complete(context: Context, typed: str) -> Sequence[Completion]:
        return [
            Completion(f'"{reason.label}"' if " " in reason.label else reason.label, reason.label, reason.text)
            for reason in reasons_for(context, verdict)
            if reason.label.lower().startswith(typed.lower())
        ]

    return complete


def _fitting(verdict: Verdict, said: Satisfaction | None) -> Satisfaction | None:
    return Satisfaction.INCORRECT if verdict is Verdict.REJECT and said is None else said
