"""HTTP as no client library would send it: whatever bytes a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from botcore.metrics import Metrics
from botcore.models import WebhookRequest
from botcore.server import Health, Server
from tests.fuzz.fuzzing import near

PATIENCE = 60.0  # seconds for an answer
STREAM = b"text/event-stream"

# What a header may hold on the wire: any bytes but line ends and NUL, which would make it another request.
NO_HEADER = b"\r\n\x00"
HEADER_BYTES = st.binary(max_size=40).map(lambda raw: raw.translate(None, NO_HEADER))


@dataclass(frozen=True, repr=False)
class Asked:
    method: str
    target: bytes
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""

    def __repr__(self) -> str:
        """All of it but for the rest of a large body."""
        return f"Asked({self.method!r}, {self.target!r}, {self.headers!r}, {self.body[:2000]!r} [{len(self.body)}])"

    def _repr_pretty_(self, printer: Any, cycle: object) -> None:
        printer.text(repr(self))


@dataclass(frozen=True)
class Told:
    status: int  # 0 where the connection was broken off before all was sent
    head: bytes
    body: bytes


async def ask(port: int, asked: Asked) -> Told:
    """Sends a request on a connection of its own. Of a stream of events only the beginning is awaited."""
    given = {name.lower() for name, _ in asked.headers}
    own = [(b"Connection", b"close"), (b"Content-Length", b"%d" % len(asked.body))]
    own += [] if b"host" in given else [(b"Host", b"127.0.0.1:%d" % port)]
    lines = [b"%s %s HTTP/1.1" % (asked.method.encode(), asked.target)]
    lines += [b"%s: %s" % header for header in (*own, *asked.headers)]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(PATIENCE):
            writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + asked.body)
            head = await reader.readuntil(b"\r\n\r\n")
            streams = STREAM in head
            body = await reader.readline() if streams else await reader.read()
    except ConnectionError:
        return Told(0, b"", b"")
    finally:
        writer.close()
    return Told(int(head.split(b" ", 2)[1]), head, body)


def near_header(text: str) -> st.SearchStrategy[bytes]:
    """Almost this; where only what no header holds made the difference, this."""
    return near(text).map(lambda made: made.encode("utf-8", "surrogatepass").translate(None, NO_HEADER))


def real_server(
    accept: Callable[[str, WebhookRequest], Awaitable[None]], secret: Callable[[str], str | None]
) -> Server:
    """The bot's own, on any free port; whoever asks for it starts it and stops it."""

    async def gauges() -> Mapping[str, int]:
        return {}

    server = Server(
        ("127.0.0.1", 0),
        webhooks=True,
        metrics=False,
        numbers=Metrics(),
        gauges=gauges,
        health=lambda: Health(ok=True),
        accept_hook=accept,
        hook_secret=secret,
    )
    server.bind()
    return server


def path(text: str) -> bytes:
    """A part of a path that a server reads as this text, half surrogate pairs as the bytes they stand for."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="").encode()
