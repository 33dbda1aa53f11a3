"""HireTalents' callbacks: in whatever encoding, hints and nothing more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from botcore.models import Hints, WebhookRequest
from botcore.sandbox import SandboxServer
from botcore_hiretalents.provider import HireTalentsProvider
from botcore_hiretalents.webhook import read_hints

NEW = {"job_id": 15356, "application_id": 501143, "event": "new-application"}
OVER = {"job_id": 15356, "event": "job-finished"}


def by_query(event: dict[str, Any]) -> WebhookRequest:
    return WebhookRequest("GET", {name: str(value) for name, value in event.items()}, {}, b"")


def by_json(event: Any) -> WebhookRequest:
    return WebhookRequest("POST", {}, {"content-type": "application/json"}, json.dumps(event).encode())


def by_form(event: dict[str, Any]) -> WebhookRequest:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return WebhookRequest("POST", {}, kind, urlencode(event).encode())


def by_field(event: Any) -> WebhookRequest:
    return by_form({"payload": json.dumps(event)})


def by_parts(event: dict[str, Any]) -> WebhookRequest:
    parts = "".join(
        f'--xyz\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in event.items()
    )
    return WebhookRequest(
        "POST", {}, {"content-type": "multipart/form-data; boundary=xyz"}, f"{parts}--xyz--\r\n".encode()
    )


WAYS: list[Callable[[Any], WebhookRequest]] = [by_query, by_json, by_form, by_field, by_parts]


@pytest.mark.parametrize("way", WAYS)
def test_a_new_application_is_a_hint_in_any_encoding(way: Callable[[Any], WebhookRequest]) -> None:
    assert read_hints(way(NEW)) == Hints(tasks={"15356": ("501143",)})


@pytest.mark.parametrize("way", WAYS)
def test_a_job_that_ended_is_a_hint_in_any_encoding(way: Callable[[Any], WebhookRequest]) -> None:
    assert read_hints(way(OVER)) == Hints(jobs=("15356",))


@pytest.mark.parametrize("way", [by_json, by_field])
def test_several_at_once_are_taken(way: Callable[[Any], WebhookRequest]) -> None:
    assert read_hints(way([NEW, {**NEW, "application_id": "7"}, OVER, NEW])) == Hints(
        tasks={"15356": ("501143", "7")}, jobs=("15356",)
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b"hello",
        b'{"application_id": 3}',
        b'{"job_id": null}',
        b'{"job_id": ["1"]}',
        b'{"job_id": "../../me"}',
        b'{"job_id": 1.5}',
        b'{"job_id": true}',
        b'[{"job_id": 1}, 3]',
        b'{"job_id": 1, "application_id": {"a": 1}}',
        b"\xff\xfe",
        b"[" * 100_000,
        b"a&" * 10_000,
    ],
)
def test_what_is_no_callback_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"callback|id"):
        read_hints(WebhookRequest("POST", {}, {}, body))


@given(st.binary(max_size=200), st.dictionaries(st.text(max_size=5) | st.just("job_id"), st.text(max_size=9)))
def test_no_bytes_at_all_break_it(body: bytes, query: dict[str, str]) -> None:
    try:
        hints = read_hints(WebhookRequest("POST", query, {"content-type": "multipart/form-data; boundary=a"}, body))
    except ValueError:
        return
    assert all(job.strip() == job for job in (*hints.tasks, *hints.jobs))


@pytest.mark.parametrize("encoding", ["json", "form", "get"])
async def test_what_the_simulated_site_calls_back_is_read_from_the_api(
    encoding: str, sandbox: SandboxServer, live: HireTalentsProvider
) -> None:
    heard: asyncio.Queue[Hints] = asyncio.Queue()

    async def listen(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        hook = WebhookRequest(request.method, dict(request.query), headers, await request.read())
        heard.put_nowait(live.hints(hook))
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/hook", listen)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sandbox.set_quirk("hire", "callback", encoding)
    await sandbox.set_webhook("hire", f"http://127.0.0.1:{runner.addresses[0][1]}/hook")
    [task] = sandbox.submit("hire")
    async with asyncio.timeout(60):
        hints = await heard.get()
    await runner.cleanup()
    [(job_id, ids)] = hints.tasks.items()
    assert ids == (task,)
    job = await live.job(job_id)
    assert [one.task_id async for page in live.pending(job, ids) for one in page.submissions] == [task]
