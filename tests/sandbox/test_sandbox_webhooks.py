"""The postbacks of submitted tasks: when they come, how often they are tried, and when they stop."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from aiohttp import web

from botcore.clock import ManualClock
from botcore.sandbox import SandboxServer

Until = Callable[[Callable[[], object]], Awaitable[None]]


@dataclass
class Receiver:
    """A buyer's webhook: answers with `status` and keeps what it got."""

    url: str = ""
    status: int = 200
    got: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.got.append((await request.read(), dict(request.headers)))
        return web.Response(status=self.status, headers={"Location": "/elsewhere"} if self.status == 302 else {})

    async def elsewhere(self, request: web.Request) -> web.Response:
        return web.Response()

    def bodies(self) -> list[Any]:
        return [json.loads(body) for body, _ in self.got]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.handle)
    app.router.add_route("*", "/elsewhere", receiver.elsewhere)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()


def _posts(server: SandboxServer, state: str) -> int:
    return int(server.state()["accounts"]["sprout"]["webhook"]["posts"].get(state, 0))


async def test_new_submissions_are_told_together_at_the_full_minute(
    server: SandboxServer, receiver: Receiver, clock: ManualClock, until: Until
) -> None:
    await server.set_webhook("sprout", receiver.url)
    clock.advance(10)
    made = server.submit(count=3)
    clock.advance(49)
    server.state()
    assert not receiver.got
    clock.advance(1)
    await until(lambda: _posts(server, "delivered") == 1)

    (body,) = receiver.bodies()
    assert sorted(task_id for ids in body.values() for task_id in ids) == sorted(made)
    jobs = {row[0] for row in server.world.db.execute("SELECT id FROM job")}
    assert set(body) <= jobs
    clock.advance(3600)
    server.state()
    assert len(receiver.got) == 1


async def test_a_new_revision_is_told_too(
    server: SandboxServer, receiver: Receiver, clock: ManualClock, until: Until
) -> None:
    (task_id,) = server.submit()
    clock.advance(60)
    server.state()
    await server.set_webhook("sprout", receiver.url)
    server.world.db.execute("UPDATE task SET state = 'revise' WHERE id = ?", (task_id,))
    server.resubmit("sprout", task_id)
    clock.advance(60)
    await until(lambda: _posts(server, "delivered") == 1)
    assert [ids for body in receiver.bodies() for ids in body.values()] == [[task_id]]


@pytest.mark.parametrize("status", [500, 404, 302, 201])
async def test_all_but_a_200_is_tried_again_every_five_minutes(
    server: SandboxServer, receiver: Receiver, clock: ManualClock, until: Until, status: int
) -> None:
    receiver.status = status
    await server.set_webhook("sprout", receiver.url)
    server.submit()
    clock.advance(60)
    for tries in (1, 2, 3):
        await until(partial(_has_tried, server, tries))
        clock.advance(299)
        server.state()
        assert len(receiver.got) == tries
        clock.advance(1)
    receiver.status = 200
    await until(lambda: _tries(server) == 4)
    clock.advance(300)
    await until(lambda: _posts(server, "delivered") == 1)
    assert len({body for body, _ in receiver.got}) == 1


async def test_after_a_day_it_gives_up(
    server: SandboxServer, receiver: Receiver, clock: ManualClock, until: Until
) -> None:
    receiver.status = 500
    await server.set_webhook("sprout", receiver.url)
    server.submit()
    clock.advance(60)
    await until(lambda: _tries(server) == 1)
    clock.advance(86_400 - 300)
    await until(lambda: _tries(server) == 2)
    assert _posts(server, "waiting") == 1
    clock.advance(300)
    await until(lambda: _posts(server, "given up") == 1)
    clock.advance(86_400)
    server.state()
    assert len(receiver.got) == 3


async def test_with_a_secret_it_comes_in_the_newer_form_and_signed(
    server: SandboxServer, receiver: Receiver, clock: ManualClock, until: Until
) -> None:
    await server.set_webhook("sprout", receiver.url, "hush")
    (task_id,) = server.submit()
    clock.advance(60)
    await until(lambda: receiver.got)
    body, headers = receiver.got[0]
    told = json.loads(body)
    assert told["event_type"] == "tasks_submitted"
    assert told["event"][0]["task_ids"] == [task_id]
    assert headers["X-Sproutgigs-Signature"] == "sha256=" + hmac.new(b"hush", body, hashlib.sha256).hexdigest()


async def test_without_an_address_nothing_is_kept_for_later(
    server: SandboxServer, receiver: Receiver, clock: ManualClock
) -> None:
    server.submit()
    clock.advance(60)
    server.state()
    await server.set_webhook("sprout", receiver.url)
    clock.advance(600)
    assert server.state()["accounts"]["sprout"]["webhook"]["posts"] == {}


async def test_an_address_taken_away_stops_what_is_waiting(
    server: SandboxServer, receiver: Receiver, clock: ManualClock, until: Until
) -> None:
    receiver.status = 500
    await server.set_webhook("sprout", receiver.url)
    server.submit()
    clock.advance(60)
    await until(lambda: _tries(server) == 1)
    await server.set_webhook("sprout", "")
    clock.advance(300)
    await until(lambda: _posts(server, "dropped") == 1)
    assert len(receiver.got) == 1


async def test_nobody_listening_is_tried_again(
    server: SandboxServer, receiver: Receiver, clock: ManualClock, until: Until
) -> None:
    await server.set_webhook("sprout", "http://127.0.0.1:1/hook")
    server.submit()
    clock.advance(60)
    await until(lambda: _tries(server) == 1)
    await server.set_webhook("sprout", receiver.url)
    clock.advance(300)
    await until(lambda: receiver.got)


def _tries(server: SandboxServer) -> int:
    return int(server.world.db.execute("SELECT coalesce(sum(tries), 0) FROM webhook_post").fetchone()[0])


def _has_tried(server: SandboxServer, tries: int) -> bool:
    return _tries(server) == tries
