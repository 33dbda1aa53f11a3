"""Texts as Discord draws them. Pure: nothing that somebody wrote can be markup, a mention or a link in what it returns.

Lengths are counted in UTF-16 units: nothing that fits so is too long by any other count.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from botcore.text import clean, cut, one_line

LINES = 24  # of one quotation; each is a line on a phone, whatever its length

_MARKUP = str.maketrans({mark: f"\\{mark}" for mark in r"\*_~|`<>@[]"})  # a backslash before these is not drawn
_COLON = re.compile(r":(?=\S)")  # begins an emoji's name, or belongs to a link
# what means something only where a line begins: headings, small print, lists
_LINE_START = re.compile(r"^([^\S\n]*)(?=[#+-]|[0-9]+[.)])([0-9]*)", re.MULTILINE)
_CODE = re.compile("`([^`\n]+)`")
_GAP = re.compile(r"\n(?:[ \t]*\n){2,}")


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def escape(text: str) -> str:
    """A text that is drawn as it was written; its lines stay."""
    return _from_line_start(_marked(clean(text)))


def line(text: str, limit: int) -> str:
    """A text on one line, at most `limit` units long once it is escaped."""
    return fitted(one_line(text), limit, escape)[0]


def sentences(text: str) -> str:
    """What the bot says: like `escape`, and what stands between backticks is to be typed."""
    text, parts, end = clean(text), [], 0
    for code in _CODE.finditer(text):
        parts += [_marked(text[end : code.start()]), code[0]]
        end = code.end()
    return _from_line_start("".join([*parts, _marked(text[end:])]))


def quotation(text: str) -> str:
    """Somebody's words, set off at the left."""
    return "\n".join(f"> {one}" for one in escape(tidy(text)).split("\n"))


def tidy(text: str) -> str:
    """A clean text without the empty lines that only make it tall."""
    return _GAP.sub("\n\n", clean(text)).strip("\n")


def moment(when: datetime) -> str:
    """A moment that each reader's client draws from now: `in 2 days`, `3 hours ago`."""
    return f"<t:{int(when.timestamp())}:R>"


def short(text: str, limit: int) -> str:
    """A plain text for where Discord draws no markup (labels, buttons, choices), at most `limit` units."""
    return fitted(one_line(text), limit, str)[0]


def fitted(text: str, limit: int, draw: Callable[[str], str]) -> tuple[str, bool]:
    """The beginning of a text that takes at most `limit` units once it is drawn, about as much as that, and whether
    it is less than all of it."""
    best = draw(text)
    if units(best) <= limit:
        return best, False
    shortest, longest = 0, len(text)  # characters: so many fit, so many do not
    fits, over, best = 0, units(best), ""
    while longest - shortest > 1 and limit - fits > limit // 50:
        share = (limit - fits) / (over - fits)
        middle = min(max(shortest + int((longest - shortest) * share), shortest + 1), longest - 1)
        drawn = draw(cut(text, middle)[0])
        if (size := units(drawn)) <= limit:
            shortest, fits, best = middle, size, drawn
        else:
            longest, over = middle, size
    return best, True


def fewer_lines(text: str, most: int = LINES) -> tuple[str, bool]:
    """At most so many lines of a text, and whether any were left out."""
    lines = text.split("\n")
    if len(lines) <= most:
        return text, False
    return "\n".join(lines[:most]) + "…", True


def _marked(text: str) -> str:
    return _COLON.sub(r"\:", text.translate(_MARKUP))


def _from_line_start(text: str) -> str:
    return _LINE_START.sub(r"\1\2\\", text)
