"""Text for people: what workers wrote, made harmless, and numbers and times in words."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import timedelta
from decimal import Decimal

ELLIPSIS = "…"
SHORTEST_PRINT = 12  # characters: shorter texts are alike by chance
BLOCK = 999  # short ids with the same letters

_JOINER = "\u200d"  # holds emoji together
_EMOJI_JOINED = re.compile(
    r"(?<=[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d(?=[\u2600-\u27bf\U0001f000-\U0001faff])"
)
_SHORT_ID = re.compile(r"#?([A-Za-z]{1,6})([1-9][0-9]{0,2})")
_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5\u180e")


def clean(text: str, limit: int | None = None) -> str:
    """Text without what could fake or hide content: controls, bidirectional marks, invisible characters."""
    if limit is not None:
        text = text[: limit * 4]  # a bound on the work; `cut` has the last word
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    joined = {match.start() for match in _EMOJI_JOINED.finditer(text)}
    kept = "".join(c for i, c in enumerate(text) if _visible(c) or i in joined)
    return kept if limit is None else cut(kept, limit)[0]


def one_line(text: str) -> str:
    """Clean text on one line."""
    return " ".join(clean(text).split())


def cut(text: str, limit: int) -> tuple[str, bool]:
    """At most `limit` characters, with an ellipsis where something is missing, and whether it is."""
    if len(text) <= limit:
        return text, False
    end = max(0, limit - 1)
    while end and (unicodedata.combining(text[end]) or text[end] in (_JOINER, "\ufe0f") or text[end - 1] == _JOINER):
        end -= 1  # a letter keeps its accents, an emoji its parts
    return text[: end or max(0, limit - 1)].rstrip() + ELLIPSIS, True


def fingerprint(text: str) -> str:
    """The same for texts that differ in case, spacing or letter forms only; "" for one too short to mean anything."""
    plain = " ".join(unicodedata.normalize("NFKC", clean(text)).casefold().split())
    return hashlib.sha256(plain.encode()).hexdigest()[:32] if len(plain) >= SHORTEST_PRINT else ""


def money(amount: Decimal) -> str:
    """Dollars to the last digit that counts, with two decimals at least: `$0.08`, `-$3.3482`."""
    exact = f"{abs(amount).normalize():f}"
    whole, _, fraction = exact.partition(".")
    return f"{'-' if amount < 0 else ''}${whole}.{fraction.ljust(2, '0')}"


def ago(span: timedelta) -> str:
    """A length of time in at most two units: `2 d 4 h`, `3 h 10 min`, `under a minute`."""
    minutes = int(abs(span.total_seconds()) // 60)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{n} {unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if n]
    return " ".join(parts[:2]) or "under a minute"


def short_id(number: int) -> str:
    """A submission's number as people say it: 1 is A1, 999 A999, 1000 B1."""
    block, rest = divmod(number - 1, BLOCK)
    letters = ""
    block += 1
    while block:
        block, letter = divmod(block - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{rest + 1}"


def parse_short_id(text: str) -> int | None:
    """The number that `short_id` wrote, with or without a #, in any case; None where it is none."""
    match = _SHORT_ID.fullmatch(text.strip())
    if match is None:
        return None
    block = 0
    for letter in match[1].upper():
        block = block * 26 + ord(letter) - ord("A") + 1
    return (block - 1) * BLOCK + int(match[2])


def _visible(character: str) -> bool:
    if character in "\n\t":
        return True
    category = unicodedata.category(character)
    return category not in ("Cc", "Cf", "Cs", "Co", "Cn") and character not in _INVISIBLE
