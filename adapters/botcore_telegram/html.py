"""Text as Telegram's HTML: escaped, counted as Telegram counts, and with nothing in it that becomes a link.

Source: Bot API, "Formatting options". Limits count UTF-16 units of what is left once the markup is read.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from botcore.text import clean, cut

TEXT_UNITS = 4096
CAPTION_UNITS = 1024
ENTITIES = 90  # of a message: Telegram forgets those after the 100th, and with them what they keep from being a link
CODES = 6  # a text with more that could become links is set as code from end to end
LOOKED_BACK = 80  # characters in which a better place to cut is looked for

# What Telegram makes a link of by itself, wherever it stands: addresses, @names, e-mail, /commands, #tags, $TAGS,
# long numbers. As code it is none, and one touch copies it exactly.
_LINK = re.compile(
    r"://|@\w|\S\.(?:[a-zA-Z]{2}|[^\x00-\x7f])|\d\.\d+\.\d+\.\d|(?<![\w/])/\w|(?<!\w)#\w|(?<![\w$])\$(?:1INCH|[A-Z])"
)
_NUMBER = re.compile(r"\+\d(?:[ ()-]{0,2}\d){6,}|\d(?:[ -]?\d){12,}")
_WORD = re.compile(r"\S+")
_TYPED = re.compile("`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Html:
    """Markup, how many units Telegram counts of it, and how many entities it makes."""

    markup: str = ""
    units: int = 0
    entities: int = 0

    def __add__(self, other: Html) -> Html:
        return Html(self.markup + other.markup, self.units + other.units, self.entities + other.entities)

    def __bool__(self) -> bool:
        return bool(self.markup)


def units(text: str) -> int:
    """How long Telegram takes a text to be."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def plain(text: str) -> Html:
    """Words of ours, in which what looks like a link may become one."""
    text = clean(text)
    return Html(html.escape(text, quote=False), units(text))


def words(text: str) -> Html:
    """Somebody's words: what could become a link is set as code."""
    return _marked(clean(text))


def sentence(text: str) -> Html:
    """Words of the bot, in which what stands between backticks is to be typed."""
    parts = _TYPED.split(clean(text))
    if len(parts) > 2 * CODES:
        return words(text)
    return joined((code(part) if number % 2 else _marked(part) for number, part in enumerate(parts)), "")


def code(text: str) -> Html:
    return _wrapped("<code>", plain(text), "</code>")


def pre(text: str) -> Html:
    return _wrapped("<pre>", plain(text), "</pre>")


def bold(inner: Html) -> Html:
    """Code is never bold: Telegram makes an entity of each part around it."""
    return replace(_wrapped("<b>", inner, "</b>"), entities=2 * inner.entities + 1) if inner else inner


def italic(text: str) -> Html:
    return _wrapped("<i>", plain(text), "</i>")


def quote(inner: Html) -> Html:
    """Somebody's words as a quotation, folded where it is long."""
    return _wrapped("<blockquote expandable>", inner, "</blockquote>")


def joined(parts: Iterable[Html], between: str) -> Html:
    """Those that hold anything, with `between` (words of ours) among them."""
    kept = [part for part in parts if part]
    return Html(
        html.escape(between, quote=False).join(part.markup for part in kept),
        sum(part.units for part in kept) + units(between) * max(len(kept) - 1, 0),
        sum(part.entities for part in kept),
    )


def fit(text: str, limit: int) -> tuple[str, bool]:
    """At most `limit` units of a text, the ellipsis included, cut after a line or word; and whether it was cut."""
    if units(text) <= limit:
        return text, False
    end = _within(text, limit - 1)
    if end <= 0:
        return "…" if limit > 0 else "", True
    at = _break(text, max(end - LOOKED_BACK, end // 2), end + 1)
    return (text[:at].rstrip() + "…" if at > 0 else cut(text, end + 1)[0]), True


def split(text: str, limit: int) -> tuple[str, str]:
    """The first at most `limit` units of a text, up to the end of a line or a word where it can be, and the rest."""
    if units(text) <= limit:
        return text, ""
    end = _within(text, limit)
    at = _break(text, end // 2, end + 1)
    if at <= 0:
        at = max(len(cut(text, end + 1)[0]) - 1, 1)
    return text[:at].rstrip(), text[at:].lstrip("\n ")


def _break(text: str, start: int, end: int) -> int:
    """Where a line ends in this stretch, or else a word; -1 where none does."""
    at = text.rfind("\n", start, end)
    return at if at > 0 else text.rfind(" ", start, end)


def _within(text: str, limit: int) -> int:
    """How many characters make at most so many units."""
    end = min(len(text), limit)
    while end > 0 and (over := units(text[:end]) - limit) > 0:
        end -= -(-over // 2)
    return end


def _marked(text: str) -> Html:
    spans = list(_spans(text))
    if len(spans) > CODES:
        return code(text)
    parts: list[Html] = []
    at = 0
    for start, end in spans:
        parts += [_escaped(text[at:start]), _wrapped("<code>", _escaped(text[start:end]), "</code>")]
        at = end
    parts.append(_escaped(text[at:]))
    return joined(parts, "")


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where something stands that could become a link, from its first character to its last."""
    found = [match.span() for match in _WORD.finditer(text) if _LINK.search(match[0])]
    found = sorted([*found, *(match.span() for match in _NUMBER.finditer(text))])
    start = end = -1
    for begin, stop in found:
        if begin <= end:
            end = max(end, stop)
            continue
        if end > 0:
            yield start, end
        start, end = begin, stop
    if end > 0:
        yield start, end


def _escaped(text: str) -> Html:
    return Html(html.escape(text, quote=False), units(text))


def _wrapped(opening: str, inner: Html, closing: str) -> Html:
    return Html(f"{opening}{inner.markup}{closing}", inner.units, inner.entities + 1) if inner else inner
