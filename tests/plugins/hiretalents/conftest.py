"""HireTalents on loopback: simulated, on a clock that stands still, with a buyer there; and one that answers as told.
Providers for both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from botcore.clock import ManualClock
from botcore.memory import Memory, ShortMemory
from botcore.pacing import OpenGate
from botcore.provider import ProviderTools
from botcore.sandbox import SandboxServer
from botcore_hiretalents.provider import HireTalentsProvider
from botcore_hiretalents.sandbox import HireTalentsSandbox
from botcore_hiretalents.settings import HireTalentsSettings
from tests.plugins.hiretalents.buyer import Buyer
from tests.plugins.hiretalents.site import KEY, Site

OpenProvider = Callable[..., HireTalentsProvider]


@pytest.fixture
def sandbox_clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def open_sandbox(sandbox_clock: ManualClock) -> AsyncIterator[Callable[..., Awaitable[SandboxServer]]]:
    """Starts sandboxes; quiet unless told otherwise."""
    started = []

    async def begin(**options: Any) -> SandboxServer:
        given: dict[str, Any] = {"clock": sandbox_clock, "busy": False, **options}
        server = SandboxServer({"hiretalents": HireTalentsSandbox}, **given)
        started.append(server)
        await server.start()
        return server

    yield begin
    for server in started:
        await server.stop()


@pytest.fixture
async def sandbox(open_sandbox: Callable[..., Awaitable[SandboxServer]]) -> SandboxServer:
    return await open_sandbox()


@pytest.fixture
async def plain_http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        yield session


@pytest.fixture
def buyer(plain_http: aiohttp.ClientSession, sandbox: SandboxServer) -> Buyer:
    return Buyer(plain_http, sandbox)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_route("*", "/api/v1/{path:.+}", site.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v1/"
    yield site
    await runner.cleanup()


@pytest.fixture
async def open_provider(sandbox_clock: ManualClock) -> AsyncIterator[OpenProvider]:
    """Makes providers of these settings; `memory` is what an earlier one of the account kept."""
    opened = []

    def make(memory: Memory | None = None, **given: Any) -> HireTalentsProvider:
        settings = HireTalentsSettings.model_validate({"api_key": KEY, **given})
        tools = ProviderTools("hire", OpenGate(), sandbox_clock, memory or ShortMemory())
        opened.append(HireTalentsProvider(settings, tools))
        return opened[-1]

    yield make
    for provider in opened:
        await provider.close()


@pytest.fixture
def hire(site: Site, open_provider: OpenProvider) -> HireTalentsProvider:
    """A provider that asks the site that answers as told."""
    return open_provider(base_url=site.base_url)


@pytest.fixture
def live(sandbox: SandboxServer, open_provider: OpenProvider) -> HireTalentsProvider:
    """A provider that asks the simulated site."""
    return open_provider(**sandbox.accounts[0].settings)
