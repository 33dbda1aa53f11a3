"""Answers that are well-formed and wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection
from random import Random
from typing import Any

from .faults import FaultKind

_MOST = 3  # by which a count is off


def lie(kind: FaultKind, payload: Any, counts: Collection[str], luck: Random) -> Any:
    """The payload as this kind of fault has it; the truth where there is nothing to get wrong. `counts`: the names
    under which it counts things."""
    match kind:
        case FaultKind.PARTIAL:
            return _leave_out(payload, luck)
        case FaultKind.MISCOUNT:
            return _miscount(payload, counts, luck)
        case FaultKind.SHIFTED:
            return _in_longest_list(payload, lambda things: _shift(things, luck))
    return payload


def _leave_out(payload: Any, luck: Random) -> Any:
    if isinstance(payload, dict) and payload:
        short = _in_longest_list(payload, lambda things: things[: luck.randrange(len(things))])
        if short != payload and luck.random() < 0.5:
            return short
        gone = luck.choice(list(payload))
        return {name: value for name, value in payload.items() if name != gone}
    return payload[: luck.randrange(len(payload))] if isinstance(payload, list) and payload else payload


def _miscount(payload: Any, counts: Collection[str], luck: Random) -> Any:
    if isinstance(payload, list):
        return [_miscount(thing, counts, luck) for thing in payload]
    if not isinstance(payload, dict):
        return payload
    return {
        name: max(0, value + luck.randint(-_MOST, _MOST)) if name in counts else _miscount(value, counts, luck)
        for name, value in payload.items()
    }


def _shift(things: list[Any], luck: Random) -> list[Any]:
    kept = [*things]
    kept.pop(luck.randrange(len(kept)))
    return [*kept, luck.choice(kept)] if kept else kept


def _in_longest_list(payload: Any, change: Callable[[list[Any]], list[Any]]) -> Any:
    """The payload with its longest list changed, unless that is empty."""
    if isinstance(payload, list):
        return change(payload) if payload else payload
    if not isinstance(payload, dict):
        return payload
    lists = {name: value for name, value in payload.items() if isinstance(value, list) and value}
    if not lists:
        return payload
    longest = max(lists, key=lambda name: len(lists[name]))
    return {**payload, longest: change(lists[longest])}
