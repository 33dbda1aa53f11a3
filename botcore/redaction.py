"""Takes out of a text what must not be in a log: secrets, and what looks like one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
SHORTEST = 4  # a shorter "secret" keeps nothing safe, and hiding it everywhere would make the logs unreadable

# each of these is linear in the text, which may be a worker's and as long as they like
_SHAPES = (
    # Authorization headers, whatever the scheme; and Basic or Bearer credentials anywhere
    (re.compile(r"(?i)(\bauthorization[\"']?\s*[:=,]\s*b?[\"']?(?:[a-z]+\s+)?)[^\s\"',]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(basic|bearer)\s+(?!authentication\b)[\w.~+/=-]{6,}"), rf"\1 {HIDDEN}"),
    # the last part of a webhook's address
    (re.compile(r"(/hooks/[^/\s?#\"']+/)[^\s?#\"']+"), rf"\1{HIDDEN}"),
    # user:password in an address, and the query parameters that carry keys
    (re.compile(r"(://)[^/\s@:\"']*:[^/\s@\"']+@"), rf"\1{HIDDEN}@"),
    (
        re.compile(r"(?i)([?&](?:[a-z_]*token|[a-z_]*secret|api_?key|key|password|signature)=)[^&\s\"'#]+"),
        rf"\1{HIDDEN}",
    ),
    # Telegram's bot tokens
    (re.compile(r"(?<!\d)\d{6,12}:[\w-]{30,}"), HIDDEN),
    # e-mail addresses
    (re.compile(r"(?<![\w.%+-])[\w.%+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+"), HIDDEN),
)


class Redactor:
    """Hides the secrets it was told of, and what has the shape of one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._known: re.Pattern[str] | None = None
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Hides these too from now on."""
        self._secrets |= {secret for secret in secrets if len(secret) >= SHORTEST}
        spellings = {spelling for secret in self._secrets for spelling in _spellings(secret)}
        if spellings:
            longest_first = sorted(spellings, key=lambda spelling: (-len(spelling), spelling))
            self._known = re.compile("|".join(map(re.escape, longest_first)))

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for shape, replacement in _SHAPES:
            text = shape.sub(replacement, text)
        return text


def _spellings(secret: str) -> Iterator[str]:
    """A secret as it stands in a text, an address, a form, a repr and a JSON document."""
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield repr(secret)[1:-1]
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
