"""Spans and times of day as people write them. Pure."""

from __future__ import annotations

import re

_SPAN = re.compile(r"([0-9]{1,4}) ?(m|min|h|d)")
_SECONDS = {"m": 60, "min": 60, "h": 3600, "d": 86_400}
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")


def parse_span(text: object) -> int:
    """Seconds of `30m`, `6h` or `2d`. Raises `ValueError`."""
    match = _SPAN.fullmatch(text.strip().lower()) if isinstance(text, str) else None
    if match is None or not (seconds := int(match[1]) * _SECONDS[match[2]]):
        raise ValueError('must be a time span, such as "30m", "6h" or "2d"')
    return seconds


def span_words(seconds: float) -> str:
    """A span as it is written: `30m`, `6h`, `2d`."""
    for unit in ("d", "h"):
        if seconds >= _SECONDS[unit] and seconds % _SECONDS[unit] == 0:
            return f"{round(seconds / _SECONDS[unit])}{unit}"
    return f"{round(seconds / 60)}m"


def parse_time(text: str) -> int:
    """Minutes since midnight of `08:30`. Raises `ValueError`."""
    match = _TIME.fullmatch(text.strip())
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise ValueError('must be a time of day, such as "08:00"')
    return int(match[1]) * 60 + int(match[2])


def parse_hours(text: str) -> tuple[int, int]:
    """Start and end of `22:00-07:00`, in minutes since midnight. Raises `ValueError`."""
    start, dash, end = text.partition("-")
    try:
        hours = parse_time(start), parse_time(end)
    except ValueError:
        hours = (0, 0)
    if not dash or hours[0] == hours[1]:
        raise ValueError('must be the hours to be left alone, such as "22:00-07:00"')
    return hours
