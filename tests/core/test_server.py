"""The server as strangers meet it: real HTTP on loopback."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Mapping

import aiohttp
import pytest
from aiohttp import web

from botcore.metrics import Metrics
from botcore.models import WebhookRequest
from botcore.provider import Unavailable
from botcore.server import HOOK_BYTES, SECURITY, STOP_SECONDS, CannotListen, Health, Server
from botcore.store.port import StoreError

SECRET = "hush-hush-7hK2"
HOOK = f"/hooks/main/{SECRET}"


class House:
    """What the server asks the bot."""

    def __init__(self) -> None:
        self.health = Health(True, {"running": 3})
        self.taken: list[tuple[str, WebhookRequest]] = []
        self.trouble: Exception | None = None
        self.commit: Awaitable[None] | None = None
        self.numbers = Metrics()
        self.secrets: dict[str, str | None] = {"main": SECRET, "closed": None, "empty": "", "umlaut": "grüße"}

    async def accept(self, account: str, request: WebhookRequest) -> None:
        if self.commit is not None:
            await self.commit
        if self.trouble is not None:
            raise self.trouble
        self.taken.append((account, request))

    async def gauges(self) -> Mapping[str, int]:
        return {"waiting": 4}

    def server(self, *, webhooks: bool = True, metrics: bool = True, port: int = 0) -> Server:
        return Server(
            ("127.0.0.1", port),
            webhooks=webhooks,
            metrics=metrics,
            numbers=self.numbers,
            gauges=self.gauges,
            health=lambda: self.health,
            accept_hook=self.accept,
            hook_secret=self.secrets.get,
        )

    def hooks(self, result: str) -> float:
        return self.numbers._registry.get_sample_value("botcore_webhooks_total", {"result": result}) or 0


@pytest.fixture
def house() -> House:
    return House()


async def _boom(request: web.Request) -> web.Response:
    raise RuntimeError("the token is 12345")


async def _half(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"half")
    raise RuntimeError("no more")


async def _page(request: web.Request) -> web.Response:
    return web.Response(text=f"{len(await request.read())}", headers={"Content-Security-Policy": "img-src 'self'"})


async def _full(request: web.Request) -> web.Response:
    raise StoreError("the disk is full")


async def _stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b"data: hello\n\n")
    await asyncio.Event().wait()
    return response


@pytest.fixture
async def server(house: House) -> AsyncIterator[Server]:
    server = house.server()
    server.app.router.add_get("/boom/{secret}", _boom)
    server.app.router.add_get("/half", _half)
    server.app.router.add_get("/full", _full)
    server.app.router.add_get("/stream", _stream)
    server.app.router.add_route("*", "/page", _page)
    server.bind()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def http(server: Server) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.url) as session:
        yield session


async def raw(server: Server, request: bytes) -> bytes:
    """What the server says to bytes that no client library would send."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(65536), 60)
    writer.close()
    return answer


async def test_health_is_told_without_names(house: House, http: aiohttp.ClientSession) -> None:
    async with http.get("/healthz") as response:
        assert (response.status, await response.json()) == (200, {"status": "ok", "parts": {"running": 3}})
    house.health = Health(False, {"backing off": 1})
    async with http.get("/healthz") as response:
        assert (response.status, await response.json()) == (503, {"status": "failing", "parts": {"backing off": 1}})


async def test_metrics_tell_counters_and_what_there_is_now(house: House, http: aiohttp.ClientSession) -> None:
    house.numbers.received("main")
    async with http.get("/metrics") as response:
        text = await response.text()
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'botcore_submissions_received_total{account="main"} 1.0' in text
    assert 'botcore_now{what="waiting"} 4.0' in text


async def test_what_is_switched_off_is_not_there(house: House) -> None:
    server = house.server(webhooks=False, metrics=False)
    server.bind()
    await server.start()
    try:
        async with aiohttp.ClientSession(server.url) as http:
            assert (await http.get("/metrics")).status == 404
            assert (await http.post(HOOK, data=b"{}")).status == 404
            assert (await http.get("/healthz")).status == 200
    finally:
        await server.stop()
    assert house.taken == []


async def test_a_webhook_comes_in_as_it_was_sent(house: House, http: aiohttp.ClientSession) -> None:
    body = b'{"task":  "\xc3\xa9"}\n'
    async with http.post(HOOK + "?job=j1", data=body, headers={"X-Signature": "sha256=abc"}) as response:
        assert response.status == 200
    ((account, request),) = house.taken
    assert (account, request.method, request.query, request.body) == ("main", "POST", {"job": "j1"}, body)
    assert request.headers["x-signature"] == "sha256=abc"
    assert house.hooks("taken") == 1


async def test_a_webhook_may_be_a_get(house: House, http: aiohttp.ClientSession) -> None:
    assert (await http.get(HOOK + "?id=5")).status == 200
    assert house.taken[0][1].query == {"id": "5"}
    assert (await http.head(HOOK)).status == 405
    assert len(house.taken) == 1


async def test_a_webhook_is_answered_only_once_it_is_durable(house: House, http: aiohttp.ClientSession) -> None:
    house.commit = committed = asyncio.get_running_loop().create_future()
    asking = asyncio.create_task(_status(http, "POST", HOOK))
    done, _ = await asyncio.wait([asking], timeout=0.05)
    assert not done
    committed.set_result(None)
    assert await asking == 200


async def _status(http: aiohttp.ClientSession, method: str, path: str, **options: object) -> int:
    async with http.request(method, path, **options) as response:  # type: ignore[arg-type]
        return response.status


@pytest.mark.parametrize(
    "path",
    [
        "/hooks/main/wrong",
        f"/hooks/main/{SECRET}x",
        f"/hooks/main/{SECRET[:-1]}",
        f"/hooks/nobody/{SECRET}",
        "/hooks/closed/None",
        "/hooks/closed/-",
        "/hooks/empty/-",
        "/hooks/umlaut/gr%fc%dfe",
        "/hooks/main/%00",
        "/hooks/main/%ff%fe",
    ],
)
async def test_wrong_secrets_and_unknown_accounts_look_the_same(
    house: House, http: aiohttp.ClientSession, path: str
) -> None:
    async def seen(path: str) -> tuple[int, str, list[str]]:
        async with http.post(path, data=b"{}") as response:
            return response.status, await response.text(), [name for name in response.headers if name != "Date"]

    assert await seen(path) == await seen("/hooks/who/whatever")
    assert (await seen(path))[0] == 404
    assert house.taken == []
    assert house.hooks("unknown") >= 2


async def test_secrets_may_be_of_any_letters(house: House, http: aiohttp.ClientSession) -> None:
    assert await _status(http, "POST", "/hooks/umlaut/gr%C3%BC%C3%9Fe") == 200


async def test_a_wrong_secret_is_answered_without_reading_the_body(house: House, server: Server) -> None:
    head = b"POST /hooks/main/wrong HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    assert (await raw(server, head)).startswith(b"HTTP/1.1 404")


async def test_a_body_up_to_the_limit_is_taken_and_a_longer_one_is_not(
    house: House, http: aiohttp.ClientSession
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield bytes(65536)

    assert await _status(http, "POST", HOOK, data=io.BytesIO(bytes(HOOK_BYTES))) == 200
    assert await _status(http, "POST", HOOK, data=io.BytesIO(bytes(HOOK_BYTES + 1))) == 413
    assert await _status(http, "POST", HOOK, data=endless()) == 413
    assert [len(request.body) for _, request in house.taken] == [HOOK_BYTES]
    assert house.hooks("too large") == 2


async def test_compressed_bodies_are_not_inflated(house: House, http: aiohttp.ClientSession) -> None:
    bomb = gzip.compress(bytes(50 * 2**20))
    assert await _status(http, "POST", HOOK, data=bomb, headers={"Content-Encoding": "gzip"}) == 200
    assert house.taken[0][1].body == bomb


@pytest.mark.parametrize(
    ("trouble", "status", "result"),
    [
        (ValueError("odd"), 400, "unreadable"),
        (json.JSONDecodeError("odd", "{", 1), 400, "unreadable"),
        (PermissionError("hmac differs"), 403, "unsigned"),
        (StoreError("full"), 503, "failed"),
        (Unavailable("down"), 503, "failed"),
        (NotImplementedError(), 503, "failed"),
        (RuntimeError("a plugin's mistake"), 503, "failed"),
    ],
)
async def test_what_was_not_kept_is_never_answered_with_200(
    house: House, http: aiohttp.ClientSession, trouble: Exception, status: int, result: str
) -> None:
    house.trouble = trouble
    async with http.post(HOOK, data=b"{}") as response:
        assert response.status == status
        assert str(trouble) not in await response.text() or not str(trouble)
        assert ("Retry-After" in response.headers) == (status == 503)
    assert house.hooks(result) == 1


async def test_the_log_never_holds_a_webhooks_path(
    house: House, server: Server, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("asyncio").setLevel(logging.INFO)
    for trouble in (None, ValueError("odd"), PermissionError(), StoreError("full"), RuntimeError("oops")):
        house.trouble = trouble
        await _status(http, "POST", HOOK, data=b"{}")
    for line in ("HTTP/9.9", "HTTP/1.1\r\nbad header", "HTTP/1.1\r\nHost: x\r\nContent-Length: -1"):
        assert (await raw(server, f"POST {HOOK} {line}\r\n\r\n".encode())).startswith(b"HTTP/1.0 400")
    await raw(server, f"GET {HOOK}{'x' * 10_000} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert "main" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "request_",
    [
        b"NONSENSE\r\n\r\n",
        b"\x16\x03\x01\x00\xa5\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /page HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /page HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n",
        f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n".encode(),
    ],
)
async def test_malformed_requests_are_the_clients_fault_and_make_no_noise(
    house: House, server: Server, caplog: pytest.LogCaptureFixture, request_: bytes
) -> None:
    status = int((await raw(server, request_)).split(b" ")[1])
    assert 400 <= status < 500
    assert caplog.text == ""
    assert house.taken == []


async def test_a_failing_page_tells_a_reference_and_nothing_else(
    house: House, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    async with http.get("/boom/my-secret") as response:
        text = await response.text()
        assert response.status == 500
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "12345" not in text
    assert "Traceback" not in text
    (record,) = caplog.records
    assert record.ref in text  # type: ignore[attr-defined]
    assert record.getMessage() == "GET /boom/{secret} failed"
    assert house.numbers._registry.get_sample_value("botcore_errors_total", {"part": "server"}) == 1


async def test_a_page_that_fails_half_way_is_broken_off(
    http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    async with http.get("/half") as response:
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()
    assert [record.getMessage() for record in caplog.records] == ["GET /half failed"]


async def test_a_database_in_trouble_is_a_reason_to_come_back_later(http: aiohttp.ClientSession) -> None:
    async with http.get("/full") as response:
        assert response.status == 503
        assert "disk" not in await response.text()


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/nowhere", "/hooks/main/wrong", "/boom/x", "/page"])
async def test_every_answer_carries_the_security_headers(http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(path) as response:
        for name, value in SECURITY.items():
            own = path == "/page" and name == "Content-Security-Policy"
            assert response.headers[name] == ("img-src 'self'" if own else value)
        assert "aiohttp" not in response.headers["Server"]


async def test_pages_take_no_large_bodies(http: aiohttp.ClientSession) -> None:
    assert await _status(http, "POST", "/page", data=bytes(200_000)) == 200
    assert await _status(http, "POST", "/page", data=bytes(300_000)) == 413


async def test_a_client_that_goes_away_makes_no_noise(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    async with aiohttp.ClientSession(server.url) as http:
        assert await _status(http, "GET", "/healthz") == 200
    assert caplog.text == ""


async def test_it_stops_within_a_second_with_streams_open(
    house: House, server: Server, http: aiohttp.ClientSession
) -> None:
    streams = [await http.get("/stream") for _ in range(5)]
    for stream in streams:
        assert await stream.content.readline() == b"data: hello\n"
    assert 2 * STOP_SECONDS < 1
    async with asyncio.timeout(30):
        await server.stop()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", server.port)
    await server.stop()


async def test_the_port_is_known_before_anything_is_answered(house: House) -> None:
    server = house.server()
    server.bind()
    assert server.port > 0
    assert server.url == f"http://127.0.0.1:{server.port}"
    await server.stop()


async def test_a_taken_port_is_said_in_words(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotListen, match=f"127.0.0.1:{port}: another program is there already") as caught:
            house.server(port=port).bind()
    assert isinstance(caught.value, OSError)


async def test_an_address_of_another_machine_is_said_in_words(house: House) -> None:
    server = Server(
        ("192.0.2.1", 0), webhooks=True, metrics=True, numbers=house.numbers, gauges=house.gauges,
        health=lambda: house.health, accept_hook=house.accept, hook_secret=house.secrets.get,
    )  # fmt: skip
    with pytest.raises(CannotListen, match=r"cannot listen on 192\.0\.2\.1:0"):
        server.bind()


async def test_it_does_not_start_unbound(house: House) -> None:
    with pytest.raises(RuntimeError, match="bind first"):
        await house.server().start()
