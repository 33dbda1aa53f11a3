"""What became of a call of Apprise, as far as it tells.

Apprise answers yes or no. Yes means that the service took it. Why not stands only in what it logs: the HTTP status of a
service's answer (`error=404`), an SMTP server's code, or the error of the connection, from which follows whether
anything had left. Nothing of that text is shown or logged: it may hold addresses with keys in them.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

LOGGERS = ("apprise", "urllib3.connectionpool", "urllib3.util.retry")
TROUBLE = "Socket Exception"  # begins what Apprise logs of a connection's error
PAUSE_ASKED = 429
UNFIT = (400, 413, 415, 422)
HTTP_AGAIN = (408, 425)  # and every 5xx: it may have been taken before something broke

_HTTP = re.compile(r"\berror=(\d{3})\b")
_SMTP = re.compile(r"\((\d{3}), b?['\"]")
_MISMATCH = re.compile(r"not supported by server")  # such as signing in at a mail server that has no accounts
_SENT = re.compile(r"\bSent\b")
_NEVER_LEFT = re.compile(
    r"connection refused|newconnectionerror|connecttimeout|connect timeout|failed to resolve|nameresolutionerror|"
    r"getaddrinfo|name or service not known|nodename nor servname|temporary failure in name resolution|"
    r"network is unreachable|no route to host|certificate verify failed|wrong.version.number",
    re.IGNORECASE,
)


class Fate(Enum):
    SENT = auto()
    NOT_SENT = auto()  # surely; later it may go
    UNKNOWN = auto()  # it may be there
    REFUSED = auto()  # surely not there, and a person must act
    UNFIT = auto()  # surely not there, and it may be this notice that is not taken


@dataclass(frozen=True, slots=True)
class Outcome:
    """`why`: a few words that go on from the service's name, safe to show."""

    fate: Fate
    why: str = ""


def outcome_of(taken: bool, heard: Sequence[str]) -> Outcome:
    """From Apprise's yes or no and what it logged meanwhile.

    A service with several targets says no where one of them did: that some were reached is told by its `Sent ...`.
    """
    if taken:
        return Outcome(Fate.SENT)
    if any(_SENT.search(line) for line in heard):
        return Outcome(Fate.UNKNOWN, "reached some of its targets, and not all")
    statuses = [int(found[1]) for line in heard for found in _HTTP.finditer(line)]
    if statuses:
        return _http(statuses[-1])
    replies = [int(found[1]) for line in heard for found in _SMTP.finditer(line)]
    if replies:
        fate = Fate.REFUSED if replies[-1] >= 500 else Fate.NOT_SENT
        return Outcome(fate, f"refuses it (SMTP {replies[-1]})")
    if any(_MISMATCH.search(line) for line in heard):
        return Outcome(Fate.REFUSED, "cannot do what its URL asks for")
    if any(_NEVER_LEFT.search(line) for line in heard):
        return Outcome(Fate.NOT_SENT, "cannot be reached")
    return Outcome(Fate.UNKNOWN, "did not say whether it took the last notice")


def _http(status: int) -> Outcome:
    if status == PAUSE_ASKED:
        return Outcome(Fate.NOT_SENT, "asks for a pause")
    if status >= 500 or status in HTTP_AGAIN:
        return Outcome(Fate.UNKNOWN, f"has trouble of its own (HTTP {status})")
    if status in UNFIT:
        return Outcome(Fate.UNFIT, f"does not take it (HTTP {status})")
    return Outcome(Fate.REFUSED, f"refuses it (HTTP {status})")


class _Ear(logging.Filter):
    """Keeps what Apprise and its HTTP client log to itself: all of it may hold what is in a URL."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: dict[int, list[str]] = {}  # by thread

    def filter(self, record: logging.LogRecord) -> bool:
        heard = self.calls.get(threading.get_ident())
        if heard is None:
            return record.name != LOGGERS[0]
        text = record.getMessage()
        if record.levelno >= logging.INFO or text.startswith(TROUBLE):  # other lines quote what is sent
            heard.append(text)
        return False


_EAR = _Ear()


def listen() -> None:
    """From now on Apprise's own log goes to `hearing` alone. Harmless to repeat."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_EAR)
    logging.getLogger(LOGGERS[0]).setLevel(logging.DEBUG)  # why a connection failed is told there


@contextmanager
def hearing() -> Iterator[Sequence[str]]:
    """What this thread's calls of Apprise log meanwhile."""
    heard = _EAR.calls[threading.get_ident()] = []
    try:
        yield heard
    finally:
        del _EAR.calls[threading.get_ident()]
