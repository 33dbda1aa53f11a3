"""A simulated SproutGigs on loopback, on a clock that stands still, and a plain HTTP client for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from botcore.clock import ManualClock
from botcore.sandbox import SandboxServer
from botcore_sproutgigs.sandbox import SproutGigsSandbox

Start = Callable[..., Awaitable[SandboxServer]]
Call = Callable[..., Awaitable[Any]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def start(clock: ManualClock) -> AsyncIterator[Start]:
    """Starts sandboxes; quiet and without a rate limit unless told otherwise."""
    started = []

    async def begin(**options: Any) -> SandboxServer:
        given: dict[str, Any] = {"clock": clock, "busy": False, "interval": 0, **options}
        server = SandboxServer({"sproutgigs": SproutGigsSandbox}, **given)
        started.append(server)
        await server.start()
        return server

    yield begin
    for server in started:
        await server.stop()


@pytest.fixture
async def server(start: Start) -> SandboxServer:
    return await start()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        yield session


@pytest.fixture
def caller(http: aiohttp.ClientSession) -> Callable[[SandboxServer], Call]:
    """Makes a caller of a server's API: `await call(endpoint, body, name=value…)` gives the payload of a 200."""

    def make(server: SandboxServer) -> Call:
        settings = server.accounts[0].settings
        headers = {"Authorization": aiohttp.encode_basic_auth(settings["user_id"], settings["api_secret"])}

        async def call(endpoint: str, body: Any = None, **query: Any) -> Any:
            method = "GET" if body is None else "POST"
            url = f"{settings['base_url']}{endpoint}.php"
            async with http.request(method, url, json=body, params=query, headers=headers) as response:
                assert response.status == 200, await response.text()
                return await response.json()

        return call

    return make


@pytest.fixture
def call(server: SandboxServer, caller: Callable[[SandboxServer], Call]) -> Call:
    return caller(server)


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """Waits until something holds, and fails when it does not within a minute."""

    async def wait(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(60):
            while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
                await asyncio.sleep(0.005)

    return wait
