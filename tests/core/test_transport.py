"""What the transport makes of answers, and of answers that never come: over real sockets on loopback."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcore.clock import SystemClock
from botcore.pacing import Gate, OpenGate, PacedGate
from botcore.provider import (
    AuthFailed,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Refused,
    Unavailable,
)
from botcore.transport import (
    Transport,
    basic_auth,
    checked_base_url,
    classify,
    clean,
    decode,
    encode,
    failure,
    moved,
    wait_asked,
)
from tests.ports import free_port

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class RawServer:
    """A server that says byte for byte what a test wants, and keeps what it heard."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.heard: list[bytes] = []
        self.connections = 0
        self.arrived = asyncio.Event()
        self.base_url = ""
        self.talks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        talk: asyncio.Task[None] | None = asyncio.current_task()
        assert talk is not None
        self.talks.add(talk)
        try:
            while request := await self._request(reader):
                self.heard.append(request)
                self.arrived.set()
                await self.talk(reader, writer)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return b""
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        return head + await reader.readexactly(length)


@asynccontextmanager
async def raw_server(talk: Talk) -> AsyncIterator[RawServer]:
    heard = RawServer(talk)
    server = await asyncio.start_server(heard.serve, "127.0.0.1", 0)
    heard.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/"
    try:
        yield heard
    finally:
        server.close()
        for talk_task in heard.talks:
            talk_task.cancel()
        await asyncio.gather(*heard.talks, return_exceptions=True)


@asynccontextmanager
async def transport_to(base_url: str, gate: Gate | None = None, **options: float) -> AsyncIterator[Transport]:
    transport = Transport(
        base_url,
        gate or OpenGate(),
        headers=basic_auth("u1", "hush-hush"),
        secrets=["hush-hush"],
        connect_timeout=options.get("connect_timeout", 60),
        read_timeout=options.get("read_timeout", 60),
        total_timeout=options.get("total_timeout", 60),
        max_body=int(options.get("max_body", 2**20)),
    )
    try:
        yield transport
    finally:
        await transport.close()


def says(body: bytes = b'{"ok": true}', status: str = "200 OK", headers: str = "Content-Type: text/html") -> Talk:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        extra = headers + "\r\n" if headers else ""
        writer.write(f"HTTP/1.1 {status}\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    return talk


async def hangs(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def resets(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hangs_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def babbles(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"I am no web server\r\n\r\n")
    writer.close()


async def stops_midway(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"ok": tr')
    writer.close()


async def stalls_midway(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"ok": tr')
    await writer.drain()
    await asyncio.Event().wait()


async def drips(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


class NotingGate(OpenGate):
    def __init__(self) -> None:
        self.pauses: list[float] = []

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


# --- what is surely not done, and what may be


LOST = [hangs, resets, hangs_up, babbles, stops_midway, stalls_midway]
SILENT = (hangs, stalls_midway)  # only a limit ends these
UNREADABLE = [
    says(b"<html>oops</html>"),
    says(b""),
    says(b'{"a": NaN}'),
    says(b'{"a": 1e9999999999999999999}'),
    says(b'{"a": 1e-9999999999999999999}'),
    says(b"[" * 100_000),
    says(b'"' + b"x" * 2**20 + b'"'),
    says(gzip.compress(b'"' + b"x" * 2**21 + b'"'), headers="Content-Encoding: gzip"),
    says(b"not gzip", headers="Content-Encoding: gzip"),
    says(status="500 Internal Server Error"),
    says(status="502 Bad Gateway", body=b"<html>"),
    says(status="408 Request Timeout"),
    says(status="302 Found", headers="Location: /login"),
    says(status="303 See Other", headers="Location: /done"),
    says(status="304 Not Modified", body=b""),
]


@pytest.mark.parametrize("talk", [*LOST, *UNREADABLE])
async def test_a_change_without_a_clear_answer_is_unknown_and_is_sent_once(talk: Talk) -> None:
    limit = 0.1 if talk in SILENT else 60
    async with raw_server(talk) as server, transport_to(server.base_url, read_timeout=limit) as transport:
        with pytest.raises(OutcomeUnknown):
            await transport.post("rate.php", {"task": "1"})
        await server.arrived.wait()
        assert len(server.heard) == 1


@pytest.mark.parametrize("talk", [*LOST, *UNREADABLE])
async def test_a_read_without_a_clear_answer_may_be_repeated_and_is_sent_once(talk: Talk) -> None:
    limit = 0.1 if talk in SILENT else 60
    async with raw_server(talk) as server, transport_to(server.base_url, read_timeout=limit) as transport:
        with pytest.raises(Unavailable):
            await transport.get("get.php")
        await server.arrived.wait()
        assert len(server.heard) == 1


async def test_an_answer_that_only_drips_is_given_up_on() -> None:
    async with raw_server(drips) as server, transport_to(server.base_url, total_timeout=0.2) as transport:
        with pytest.raises(OutcomeUnknown):
            await transport.post("rate.php")


async def test_a_refused_connection_is_surely_not_done() -> None:
    async with transport_to(f"http://127.0.0.1:{free_port()}/") as transport:
        with pytest.raises(Unavailable, match="connection refused"):
            await transport.post("rate.php", {})


async def test_a_failed_tls_handshake_is_surely_not_done() -> None:
    async def answer_plainly(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 This is no TLS port\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer_plainly, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with transport_to(f"https://127.0.0.1:{port}/") as transport:
            with pytest.raises(Unavailable, match="cannot be reached"):
                await transport.post("rate.php", {})


async def test_a_connection_that_is_not_made_in_time_is_surely_not_done() -> None:
    async with raw_server(hangs) as server:
        https = server.base_url.replace("http:", "https:")  # its handshake is never answered
        async with transport_to(https, connect_timeout=0.1) as transport:
            with pytest.raises(Unavailable, match="timed out"):
                await transport.post("rate.php", {})


def test_an_unknown_host_is_surely_not_done_and_named() -> None:
    error = aiohttp.ClientConnectorDNSError(None, OSError(-2, "Name or service not known"))  # type: ignore[arg-type]
    told = failure(error, "nowhere.example", connected=False, changes=True)
    assert isinstance(told, Unavailable)
    assert str(told) == "nowhere.example cannot be reached: no such host"


async def test_a_closed_transport_sends_nothing() -> None:
    async with raw_server(says()) as server:
        async with transport_to(server.base_url) as transport:
            await transport.get("a.php")
        await transport.close()
        with pytest.raises(Unavailable):
            await transport.post("rate.php")
        assert len(server.heard) == 1


# --- statuses


@pytest.mark.parametrize(
    ("status", "read", "change"),
    [
        (200, None, None),
        (201, None, None),
        (400, Refused, Refused),
        (401, AuthFailed, AuthFailed),
        (403, AuthFailed, AuthFailed),
        (404, Refused, Refused),
        (408, Unavailable, OutcomeUnknown),
        (422, Refused, Refused),
        (429, RateLimited, RateLimited),
        (500, Unavailable, OutcomeUnknown),
        (503, Unavailable, OutcomeUnknown),
        (524, Unavailable, OutcomeUnknown),
        (302, Unavailable, OutcomeUnknown),
        (304, Unavailable, OutcomeUnknown),
        (101, Unavailable, OutcomeUnknown),
    ],
)
def test_a_status_tells_what_was_done(
    status: int, read: type[ProviderError] | None, change: type[ProviderError] | None
) -> None:
    for changes, expected in ((False, read), (True, change)):
        error = classify(status, changes=changes, words="no")
        assert (None if error is None else type(error)) is expected


@pytest.mark.parametrize("changes", [False, True])
def test_a_redirect_to_the_same_call_says_what_to_set(changes: bool) -> None:
    error = classify(301, changes=changes, moved_to="https://www.example.com/api/")
    assert isinstance(error, Refused)
    assert "set base_url to https://www.example.com/api/" in str(error)


@pytest.mark.parametrize(
    ("status", "location", "asked"),
    [
        (301, "https://www.market.example/api/jobs/get.php", "https://www.market.example/api/"),
        (302, "https://www.market.example/api/jobs/get.php?key=1#x", "https://www.market.example/api/"),
        (303, "/v2/jobs/get.php", "https://market.example/v2/"),
        (307, "https://user:pw@else.example:8443/moved", "https://else.example:8443/moved"),
        (308, "//www.market.example/api/jobs/get.php", "https://www.market.example/api/"),
        (302, "https://market.example/login", ""),
        (303, "/thanks", ""),
        (301, "", ""),
        (301, "http://market.example/api/jobs/get.php", ""),
        (301, "javascript:alert(1)", ""),
        (301, "https://[broken/", ""),
        (304, "https://www.market.example/api/jobs/get.php", ""),
    ],
)
def test_only_a_redirect_of_the_very_call_names_an_address(status: int, location: str, asked: str) -> None:
    assert moved(status, location, "https://market.example/api/", "jobs/get.php") == asked


async def test_a_redirect_is_never_followed() -> None:
    async with raw_server(says(status="301 Moved")) as server, transport_to(server.base_url) as transport:
        elsewhere = server.base_url.replace("/api/", "/v2/")
        server.talk = says(status="301 Moved", headers=f"Location: {elsewhere}rate.php?token=abc")
        with pytest.raises(Refused, match=f"set base_url to {elsewhere}$"):
            await transport.post("rate.php", {})
        assert len(server.heard) == 1


async def test_a_refusal_holds_the_marketplaces_words_cut_and_cleaned() -> None:
    body = b'{"message": "No\\u202e such\\u0000 task hush-hush' + b"x" * 1000 + b'"}'
    async with raw_server(says(body, "422 No")) as server, transport_to(server.base_url) as transport:
        with pytest.raises(Refused) as refused:
            await transport.post("rate.php")
    words = str(refused.value)
    assert words.startswith("No such task ***xxx")
    assert len(words) <= 200


@pytest.mark.parametrize("body", [b"", b"<html><b>No</b>", b"\xff\xfe", b"{", b"[[[[", b'{"message": []}'])
async def test_an_error_body_can_be_anything(body: bytes) -> None:
    async with raw_server(says(body, "400 Bad")) as server, transport_to(server.base_url) as transport:
        with pytest.raises(Refused) as refused:
            await transport.get("a.php")
    assert "<" not in str(refused.value)
    assert str(refused.value)


async def test_messages_hold_no_key_even_if_the_marketplace_repeats_it() -> None:
    token = basic_auth("u1", "hush-hush")["Authorization"]
    body = f"bad key {token}, hush-hush".encode()
    async with raw_server(says(body, "401 No")) as server, transport_to(server.base_url) as transport:
        with pytest.raises(AuthFailed) as failed:
            await transport.get("a.php")
    assert "hush" not in str(failed.value)
    assert token.split()[1] not in str(failed.value)


# --- pauses and the gate


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 10),
        ({"Retry-After": "3"}, 10),
        ({"Retry-After": "25"}, 25),
        ({"Retry-After": "9" * 400}, 3600),
        ({"Retry-After": "-5"}, 10),
        ({"Retry-After": "soon"}, 10),
        ({"Retry-After": "٣٣"}, 10),
        ({"Retry-After": "Mon, 05 Jan 2026 12:00:40 GMT", "Date": "Mon, 05 Jan 2026 12:00:00 GMT"}, 40),
        ({"Retry-After": "Mon, 05 Jan 2026 12:00:40 GMT"}, 10),
        ({"Retry-After": "Mon, 05 Jan 2026 12:00:40 GMT", "Date": "today"}, 10),
        ({"Retry-After": "Mon, 05 Jan 2026 12:00:40 +99999999999999", "Date": "Mon, 05 Jan 2026 12:00:00 GMT"}, 10),
    ],
)
def test_the_pause_is_what_was_asked_and_never_less_than_ten_seconds(headers: dict[str, str], seconds: float) -> None:
    assert wait_asked(headers) == seconds


@pytest.mark.parametrize(("asked", "seconds"), [("", 10), ("Retry-After: 30", 30)])
async def test_too_many_requests_pauses_the_whole_account(asked: str, seconds: float) -> None:
    gate = NotingGate()
    async with (
        raw_server(says(b"slow down", "429 Slow", asked)) as server,
        transport_to(server.base_url, gate) as transport,
    ):
        with pytest.raises(RateLimited) as limited:
            await transport.post("rate.php")
    assert limited.value.retry_after == seconds
    assert gate.pauses == [seconds]


async def test_a_429_whose_body_breaks_off_still_pauses() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 429 Slow\r\nContent-Length: 100\r\n\r\nslo")
        writer.close()

    gate = NotingGate()
    async with raw_server(talk) as server, transport_to(server.base_url, gate) as transport:
        with pytest.raises(RateLimited):
            await transport.post("rate.php")
    assert gate.pauses == [10]


def paced() -> PacedGate:
    async def load() -> int:
        return 0

    async def save(_: int) -> None:
        return None

    return PacedGate(SystemClock(), 0.0, load, save)


async def test_a_cancelled_change_is_cancelled_and_lets_the_next_one_through() -> None:
    async with raw_server(hangs) as server, transport_to(server.base_url, paced()) as transport:
        sent = asyncio.create_task(transport.post("rate.php", {"task": 1}))
        await server.arrived.wait()
        waiting = asyncio.create_task(transport.get("a.php"))
        server.talk = says()
        sent.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sent
        assert (await waiting).data == {"ok": True}


async def test_a_request_cancelled_at_the_gate_never_leaves() -> None:
    async with raw_server(hangs) as server, transport_to(server.base_url, paced()) as transport:
        first = asyncio.create_task(transport.get("a.php"))
        await server.arrived.wait()
        second = asyncio.create_task(transport.post("rate.php"))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert [request.split()[0] for request in server.heard] == [b"GET"]


async def test_no_connection_is_used_twice() -> None:
    async with raw_server(says()) as server, transport_to(server.base_url) as transport:
        for _ in range(3):
            await transport.get("a.php")
            await transport.post("rate.php", {})
        assert server.connections == len(server.heard) == 6
        assert all(b"connection: close" in request.lower() for request in server.heard)


# --- what goes out and what comes in


async def test_money_is_exact_both_ways_whatever_the_content_type() -> None:
    async with (
        raw_server(says(b'\xef\xbb\xbf{"price": 0.10, "n": 3}')) as server,
        transport_to(server.base_url) as transport,
    ):
        answer = await transport.post("rate.php", {"bonus": Decimal("0.10"), "list": [Decimal("1E+1"), None]})
    assert str(answer.data["price"]) == "0.10"
    assert answer.data["n"] == 3
    assert server.heard[0].endswith(b'{"bonus": 0.10, "list": [10, null]}')
    assert b"Content-Type: application/json" in server.heard[0]


async def test_a_get_can_have_a_query_and_a_body() -> None:
    async with raw_server(says()) as server, transport_to(server.base_url) as transport:
        await transport.get("gigs/get.php", {"page": 2, "ids": "a&b"}, json={"page": 1})
    assert server.heard[0].startswith(b"GET /api/gigs/get.php?page=2&ids=a%26b HTTP/1.1\r\n")
    assert server.heard[0].endswith(b'\r\n\r\n{"page": 1}')
    assert b"Authorization: Basic dTE6aHVzaC1odXNo" in server.heard[0]
    assert b"User-Agent: botcore/" in server.heard[0]


@pytest.mark.parametrize("value", [0.1, float("nan"), Decimal("NaN"), Decimal("Infinity"), b"raw", object()])
def test_what_is_no_exact_json_is_not_sent(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        encode({"value": value})


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False, places=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(JSON)
def test_what_is_encoded_decodes_to_the_same(value: object) -> None:
    assert decode(encode(value)) == (value, True)


@given(st.text())
def test_cleaned_text_is_one_short_printable_line(text: str) -> None:
    line = clean(text)
    assert len(line) <= 200
    assert line == " ".join(line.split())
    line.encode()


# --- addresses


@pytest.mark.parametrize(
    "url",
    [
        "https://sproutgigs.com/api/",
        "https://sproutgigs.com/api",
        "http://127.0.0.1:8080/api",
        "http://localhost/api/",
        "http://[::1]:80/",
    ],
)
def test_an_address_ends_in_one_slash(url: str) -> None:
    assert checked_base_url(url) == url.rstrip("/") + "/"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sproutgigs.com",
        "http://sproutgigs.com/api/",
        "http://10.0.0.1/",
        "http://127.0.0.1.example.com/",
        "ftp://127.0.0.1/",
        "https://user:pw@sproutgigs.com/",
        "https://sproutgigs.com/?a=1",
        "https://sproutgigs.com/#a",
        "https://sprout gigs.com/",
        "https://sproutgigs.com:port/",
        "https://[::1/",
        "https:///api/",
    ],
)
def test_an_address_that_could_leak_the_key_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        checked_base_url(url)
