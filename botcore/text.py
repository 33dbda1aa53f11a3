"""Other people's text made fit to show, and numbers, spans and ids put into words. All of it pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

T = TypeVar("T")

FINGERPRINT_LENGTH = 12  # shorter texts ("done", "ok thanks") are alike by chance
LONGEST_CLUSTER = 32  # characters that can belong together; what is longer is made to annoy
BLOCK = 999  # short ids with the same letters


def clean(text: str, limit: int | None = None) -> str:
    """A text without what is invisible, turns its surroundings around, or is no character at all.

    Line ends become newlines, tabs stay. `limit`: characters, the ellipsis included. Takes every `str`.
    """
    if not (text.isascii() and text.isprintable()):  # most texts are, and hold nothing of all this
        text = _LINE_END.sub("\n", text)
        text = _ODD.sub(_kept, text)
        text = _LONE_JOINER.sub("", text)
        text = _LONE_SELECTOR.sub("", text)
    return text if limit is None else cut(text, limit)[0]


def storable(text: str) -> str:
    """A text that UTF-8 can hold: with a ? for each half of a surrogate pair, which JSON can spell."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text


def one_line(text: str) -> str:
    """A clean text with every run of white space as one blank."""
    return " ".join(clean(text).split())


def cut(text: str, limit: int) -> tuple[str, bool]:
    """At most `limit` characters of a text, the ellipsis included, and whether any were left out.

    What is drawn as one sign (a letter and its marks, a family, a flag) is not cut apart.
    """
    if len(text) <= limit:
        return text, False
    if limit < 1:
        return "", True
    end = limit - 1
    for back in range(min(end, LONGEST_CLUSTER)):
        if not _belongs_together(text, end - back):
            end -= back
            break
    return text[:end].rstrip() + "…", True


def fingerprint(text: str) -> str:
    """The same for texts that differ only in case, white space, width or invisible characters.

    Empty for a text too short to mean anything.
    """
    words = plain(text)
    if len(words) < FINGERPRINT_LENGTH:
        return ""
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def plain(text: str) -> str:
    """A text as it is compared: on one line, without case, width or what is invisible."""
    folded = unicodedata.normalize("NFKC", clean(text)).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def find_named(items: Sequence[T], typed: str, names: Callable[[T], tuple[str, str]]) -> list[T]:
    """Those that somebody may mean: what has this id, or else this name, or else all that have these words in their
    names; an id is a word only as a whole. `names`: an item's id and its name."""
    words = plain(typed)
    for same in (lambda n: n[0].casefold() == typed.casefold(), lambda n: plain(n[1]) == words):
        if exact := [item for item in items if same(names(item))]:
            return exact
    return [item for item in items if all(_is_in(word, *names(item)) for word in words.split())]


def _is_in(word: str, item_id: str, name: str) -> bool:
    return word in plain(name) or word == plain(item_id)


def money(amount: Decimal) -> str:
    """US dollars, exact, with two decimals or as many as it takes: `$0.08`, `-$1.50`, `$0.125`."""
    if not amount.is_finite():
        raise ValueError("not an amount of money")
    whole, _, fraction = format(amount.copy_abs(), "f").partition(".")
    sign = "-" if amount < 0 else ""
    return f"{sign}${whole}.{fraction.rstrip('0').ljust(2, '0')}"


def ago(span: timedelta) -> str:
    """How long something has lasted: `2 d 4 h`, `3 h 10 min`, `under a minute`; months of it in days alone."""
    minutes = int(span.total_seconds()) // 60
    if minutes < 1:
        return "under a minute"
    days, hours = divmod(minutes // 60, 24)
    parts = [(days, "d"), (hours, "h"), (minutes % 60, "min")]
    while not parts[0][0]:
        del parts[0]
    return " ".join(f"{count} {unit}" for count, unit in parts[: 1 if days >= 60 else 2] if count)


def days(count: int) -> str:
    """`1 day`, `7 days`."""
    return f"{count} {'day' if count == 1 else 'days'}"


def left(span: timedelta) -> str:
    """How long there is until something happens, as `ago` says it; `no time left` once it has."""
    return ago(span) if span > timedelta(0) else "no time left"


def sentence(text: str) -> str:
    """A message as a sentence: with a capital and a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!", ")", "…")) else ".")


def country(code: str) -> str:
    """A country's code in upper case; the marketplaces have codes of their own, so none is looked up."""
    return one_line(code).upper()


def short_id(number: int) -> str:
    """How people name submission `number` (from 1 on): A1 to A999, B1 and so on, AA1 after Z999."""
    if number < 1:
        raise ValueError("numbers start at 1")
    block, rest = divmod(number - 1, BLOCK)
    letters = ""
    block += 1
    while block:
        block, letter = divmod(block - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{rest + 1}"


def parse_short_id(text: str) -> int | None:
    """The number that `short_id` made into this text, with or without a #; None where it did not."""
    match = _SHORT_ID.fullmatch(text.strip())
    if match is None:
        return None
    block = 0
    for letter in match[1].upper():
        block = block * 26 + ord(letter) - ord("A") + 1
    return (block - 1) * BLOCK + int(match[2])


_SHORT_ID = re.compile(r"#?([A-Za-z]{1,8})([1-9][0-9]{0,2})")

_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_ODD = re.compile(r"[^\x20-\x7e\n\t]")
_JOINER = "\u200d"
_SELECTORS = "\ufe0e\ufe0f"  # text or emoji style
_EMOJI = r"\u2190-\u2bff\u3030\u303d\U0001f000-\U0001faff"
_LONE_JOINER = re.compile(rf"(?<![{_EMOJI}\ufe0f]){_JOINER}|{_JOINER}(?![{_EMOJI}])")
_LONE_SELECTOR = re.compile(rf"(?<![^\s{_SELECTORS}{_JOINER}])[{_SELECTORS}]+")
# drawn as nothing, whatever their category: fillers, joiners, selectors, and what is reserved for such
_BLANK = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0d\uffa0\ufff0-\ufffc\ufffe\uffff"
    r"\ufdd0-\ufdef\U000e0000-\U000e0fff]"
)


def _kept(match: re.Match[str]) -> str:
    char = match[0]
    if char == _JOINER:
        return char
    # unassigned characters stay: they are the emoji that are newer than this Python
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co") or ord(char) & 0xFFFE == 0xFFFE:
        return ""
    return _BLANK.sub("", char)


def _belongs_together(text: str, at: int) -> bool:
    """Whether a cut before `text[at]` would go through something drawn as one sign."""
    following = text[at]
    if text[at - 1] == _JOINER or following == _JOINER or following in _SELECTORS:
        return True
    if unicodedata.category(following)[0] == "M" or "\U0001f3fb" <= following <= "\U0001f3ff":
        return True
    return _is_flag_letter(following) and _flag_letters_before(text, at) % 2 == 1


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _flag_letters_before(text: str, at: int) -> int:
    start = at
    while start and _is_flag_letter(text[start - 1]):
        start -= 1
    return at - start
