"""Logging: for people on a terminal, one JSON object a line elsewhere, and no secret in either."""

from __future__ import annotations

import json
import logging
import re
import secrets as randomness
import sys
from abc import abstractmethod
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

from .redaction import Redactor

_REFERENCE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is easily taken for another
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_TALKATIVE = ("aiohttp.access", "asyncio", "discord", "httpcore", "httpx", "PIL", "urllib3")


def setup(secrets: Iterable[str] = (), *, stream: TextIO | None = None, level: int | str = logging.INFO) -> Redactor:
    """Sends every log line of the process, redacted, to `stream` (stderr), in place of any earlier handlers.

    A terminal gets lines for people, anything else JSON. Returns the redactor, to `add` secrets found later.
    """
    stream = stream or sys.stderr
    redactor = Redactor(secrets)
    handler = RedactingHandler(stream)
    handler.setFormatter(HumanFormatter(redactor) if stream.isatty() else JsonFormatter(redactor))
    root = logging.getLogger()
    for earlier in root.handlers[:]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    return redactor


def reference() -> str:
    """A short random id that a person can quote; logged as `extra={"ref": ref}` beside the whole story."""
    return "".join(randomness.choice(_REFERENCE_LETTERS) for _ in range(4))


class RedactingHandler(logging.StreamHandler[TextIO]):
    """Writes what its formatter redacted, and never the raw record."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name for it
        """The standard handler prints the record's raw arguments when it fails: they may hold a secret."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            return  # nobody reads the stream any more, so there is nobody to tell
        where = f"{record.name} ({record.filename}:{record.lineno})"
        failed = logging.makeLogRecord(
            {
                "name": __name__,
                "levelno": logging.ERROR,
                "levelname": "ERROR",
                "msg": f"a log line of {where} could not be written: {type(error).__name__}",
            }
        )
        self.stream.write(self.format(failed) + self.terminator)


class _Formatter(logging.Formatter):
    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self.redactor = redactor

    @abstractmethod
    def format(self, record: logging.LogRecord) -> str: ...

    def extras(self, record: logging.LogRecord) -> dict[str, str]:
        return {key: self.redactor(str(value)) for key, value in vars(record).items() if key not in _STANDARD}

    def trouble(self, record: logging.LogRecord) -> str:
        """The traceback. Unlike the standard formatter's it is not kept on the record: it is redacted."""
        parts = [self.formatException(record.exc_info)] if record.exc_info and record.exc_info[0] else []
        if record.stack_info:
            parts.append(self.formatStack(record.stack_info))
        return self.redactor("\n".join(parts))


class HumanFormatter(_Formatter):
    """`12:00:00 WARNING botcore.intake: what happened (account=main) (ref K7QX)`, in local time."""

    def format(self, record: logging.LogRecord) -> str:
        extras = self.extras(record)
        ref = extras.pop("ref", "")
        text = self.redactor(record.getMessage())
        if extras:
            text += f" ({', '.join(f'{key}={value}' for key, value in extras.items())})"
        if ref:
            text += f" (ref {ref})"
        if trouble := self.trouble(record):
            text += f"\n{trouble}"
        # a worker's words must not pass for a log line of their own, nor steer the terminal
        text = _CONTROL.sub(lambda found: ascii(found.group())[1:-1], text).replace("\n", "\n    ")
        when = datetime.fromtimestamp(record.created).astimezone()
        return f"{when:%H:%M:%S} {record.levelname} {record.name}: {text}"


class JsonFormatter(_Formatter):
    """One object a line: `time` (UTC), `level`, `logger`, `message`, what `extra` gave, `traceback`."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC)
        fields = {
            "time": when.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.redactor(record.getMessage()),
            **self.extras(record),
        }
        if trouble := self.trouble(record):
            fields["traceback"] = trouble
        return json.dumps(fields, ensure_ascii=False)
