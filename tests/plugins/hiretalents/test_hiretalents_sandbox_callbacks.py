"""The callbacks of the simulated HireTalents: at once, once, and in each of the ways it may use."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web

from botcore.clock import ManualClock
from botcore.sandbox import SandboxServer
from tests.plugins.hiretalents.buyer import Buyer


@dataclass(frozen=True)
class Heard:
    method: str
    kind: str
    query: dict[str, str]
    text: str


@dataclass
class Listener:
    url: str = ""
    status: int = 200
    heard: list[Heard] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.heard.append(Heard(request.method, request.content_type, dict(request.query), await request.text()))
        return web.Response(status=self.status)


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    listener = Listener()
    app = web.Application()
    app.router.add_route("*", "/hook", listener.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield listener
    await runner.cleanup()


def _read(heard: Heard) -> dict[str, Any]:
    match heard.method, heard.kind:
        case "GET", _:
            return {name: value for name, value in heard.query.items() if name != "key"}
        case _, "application/json":
            read: dict[str, Any] = json.loads(heard.text)
            return read
    return dict(parse_qsl(heard.text))


def _posts(server: SandboxServer, state: str) -> int:
    return int(server.state()["accounts"]["hire"]["webhook"]["posts"].get(state, 0))


def _all_done(server: SandboxServer, number: int) -> bool:
    return _posts(server, "delivered") + _posts(server, "given up") == number


@pytest.mark.parametrize(
    ("quirk", "method", "kind"),
    [
        ("json", "POST", "application/json"),
        ("form", "POST", "application/x-www-form-urlencoded"),
        ("get", "GET", "application/octet-stream"),
    ],
)
async def test_each_application_and_each_end_is_told_at_once(
    sandbox: SandboxServer, buyer: Buyer, listener: Listener, until: Any, quirk: str, method: str, kind: str
) -> None:
    job_id = await buyer.create(availseats=2)
    await sandbox.set_webhook("hire", f"{listener.url}?key=1")
    sandbox.set_quirk("hire", "callback", quirk)
    made = sandbox.submit("hire", str(job_id), count=2)
    await until(partial(_all_done, sandbox, 3))
    assert {(heard.method, heard.kind, heard.query["key"]) for heard in listener.heard} == {(method, kind, "1")}
    told = [{name: str(value) for name, value in _read(heard).items()} for heard in listener.heard]
    expected = [
        *({"job_id": str(job_id), "application_id": task, "event": "new-application"} for task in made),
        {"job_id": str(job_id), "event": "job-finished"},
    ]
    assert sorted(told, key=str) == sorted(expected, key=str)
    assert (await buyer.get("me"))["callback_url"] == f"{listener.url}?key=1"


async def test_a_pause_is_an_end(sandbox: SandboxServer, buyer: Buyer, listener: Listener, until: Any) -> None:
    job_id = await buyer.create()
    await sandbox.set_webhook("hire", listener.url)
    await buyer.post(f"job/{job_id}/pause")
    await until(partial(_all_done, sandbox, 1))
    assert [_read(heard) for heard in listener.heard] == [{"job_id": job_id, "event": "job-finished"}]


async def test_what_comes_again_is_told_again(
    sandbox: SandboxServer, buyer: Buyer, listener: Listener, until: Any, sandbox_clock: ManualClock
) -> None:
    one = (await buyer.pending())[0]
    await sandbox.set_webhook("hire", listener.url)
    await buyer.rate(one["id"], 5, "again")
    sandbox_clock.advance(60)
    await until(partial(_all_done, sandbox, 1))
    assert _read(listener.heard[0])["application_id"] == one["id"]


async def test_what_was_not_taken_is_not_told_again(
    sandbox: SandboxServer, buyer: Buyer, listener: Listener, until: Any, sandbox_clock: ManualClock
) -> None:
    listener.status = 500
    await sandbox.set_webhook("hire", listener.url)
    sandbox.submit("hire")
    await until(lambda: _posts(sandbox, "given up") == 1)
    sandbox_clock.advance(86_400)
    sandbox.state()
    assert len(listener.heard) == 1


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Any]:
    """Waits until something holds, and fails when it does not within a minute."""
    import asyncio

    async def wait(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(60):
            while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
                await asyncio.sleep(0.005)

    return wait
