"""Both forms of the simulated SproutGigs' webhook: the documented one, and the newer one with jobs in it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from botcore_sproutgigs.sandbox import SproutGigsSandbox
from tests.plugins.site_buyer import SiteBuyer, opened


@dataclass
class Ear:
    """A buyer's webhook: keeps what it is told."""

    url: str = ""
    heard: asyncio.Queue[tuple[bytes, dict[str, str]]] = field(default_factory=asyncio.Queue)

    async def handle(self, request: web.Request) -> web.Response:
        self.heard.put_nowait((await request.read(), dict(request.headers)))
        return web.Response()

    async def next(self) -> tuple[bytes, dict[str, str]]:
        return await asyncio.wait_for(self.heard.get(), 60)


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    ear = Ear()
    app = web.Application()
    app.router.add_post("/hook", ear.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    ear.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield ear
    await runner.cleanup()


@pytest.fixture
async def buyer() -> AsyncIterator[SiteBuyer]:
    async with opened(SproutGigsSandbox) as buyer:
        yield buyer


async def test_the_documented_form_tells_tasks_by_job_and_nothing_of_jobs(buyer: SiteBuyer, ear: Ear) -> None:
    await buyer.server.set_webhook("sprout", ear.url)
    job_id = (await buyer.jobs())[0]["id"]
    await buyer.post("jobs/job-pause", job_id=job_id)
    buyer.clock.advance(60)
    await buyer.post("jobs/job-resume", job_id=job_id)
    made = buyer.server.submit(job_id=job_id, count=2)
    buyer.clock.advance(60)
    body, headers = await ear.next()
    assert json.loads(body) == {job_id: made}
    assert headers["Content-Type"] == "application/json"
    assert "X-Sproutgigs-Signature" not in headers
    assert ear.heard.empty()


async def test_the_newer_form_tells_of_jobs_too_and_is_signed(buyer: SiteBuyer, ear: Ear) -> None:
    await buyer.server.set_webhook("sprout", ear.url, "hush")
    first, second = [job["id"] for job in (await buyer.jobs())[:2]]
    buyer.clock.advance(5)
    await buyer.post("jobs/job-pause", job_id=first)
    buyer.clock.advance(5)
    await buyer.post("jobs/job-resume", job_id=first)
    (made,) = buyer.server.submit(job_id=second)
    buyer.clock.advance(60)
    told = {}
    for body, headers in (await ear.next(), await ear.next()):
        signature = hmac.new(b"hush", body, hashlib.sha256).hexdigest()
        assert headers["X-Sproutgigs-Signature"] == f"sha256={signature}"
        payload = json.loads(body)
        assert set(payload) == {"event_type", "event_date", "event"}
        told[payload["event_type"]] = payload["event"]
    assert told["tasks_submitted"] == [{"job_id": second, "task_ids": [made]}]
    ((change,),) = [told["job_status_changed"]]
    assert (change["job_id"], [each["status"] for each in change["changes"]]) == (first, ["PAUSED", "RUNNING"])
    assert all(each["date"].endswith("Z") for each in change["changes"])


async def test_a_job_that_was_looked_at_filled_and_opened_again_is_told(buyer: SiteBuyer, ear: Ear) -> None:
    await buyer.server.set_webhook("sprout", ear.url, "hush")
    job_id = await buyer.post_job(num_tasks=10)
    changes = await _changes(ear)
    for task_id in buyer.server.submit(job_id=job_id, count=10)[:1]:
        await buyer.rate({"job_id": job_id, "id": task_id}, "not_ok")
    buyer.clock.advance(60)
    await ear.next()  # the tasks
    changes += await _changes(ear)
    assert changes == [(job_id, "RUNNING"), (job_id, "FINISHED"), (job_id, "RUNNING")]


@pytest.mark.parametrize("form", ["form", "newer"])
async def test_without_a_secret_it_may_come_as_a_form_or_in_the_newer_form(
    buyer: SiteBuyer, ear: Ear, form: str
) -> None:
    buyer.server.set_quirk("sprout", "webhook", form)
    await buyer.server.set_webhook("sprout", ear.url)
    (made,) = buyer.server.submit()
    buyer.clock.advance(60)
    body, headers = await ear.next()
    assert "X-Sproutgigs-Signature" not in headers
    if form == "form":
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"
        (field_,) = parse_qs(body.decode()).values()
        assert list(json.loads(field_[0]).values()) == [[made]]
    else:
        assert json.loads(body)["event"][0]["task_ids"] == [made]


async def _changes(ear: Ear) -> list[tuple[str, Any]]:
    body, _ = await ear.next()
    told = json.loads(body)
    assert told["event_type"] == "job_status_changed"
    return [(job["job_id"], change["status"]) for job in told["event"] for change in job["changes"]]
