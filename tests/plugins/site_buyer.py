"""A buyer at a simulated SproutGigs or Picoworkers, who says over HTTP what the documents say to say."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import aiohttp

from botcore.clock import ManualClock
from botcore.sandbox import Sandbox, SandboxServer

DRAFT: dict[str, Any] = {
    "zone_id": "int",
    "category_id": "0501",
    "title": "Join the club",
    "instructions": ["Go there", "Join"],
    "proofs": [{"type": "text", "description": "Your name"}],
    "num_tasks": 20,
    "task_value": 0.10,
}


@dataclass(frozen=True)
class SiteBuyer:
    http: aiohttp.ClientSession
    server: SandboxServer
    clock: ManualClock

    async def ask(self, method: str, endpoint: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        """Status and payload; fractions in it are Decimal."""
        settings = self.server.accounts[0].settings
        headers = {"Authorization": aiohttp.encode_basic_auth(settings["user_id"], settings["api_secret"])}
        url = f"{settings['base_url']}{endpoint}.php"
        async with self.http.request(
            method, url, json=body, params=query, headers=headers, allow_redirects=False
        ) as response:
            if response.content_type != "application/json":
                return response.status, await response.text()
            return response.status, await response.json(loads=_loads)

    async def get(self, endpoint: str, body: Any = None, **query: Any) -> Any:
        status, payload = await self.ask("GET", endpoint, body, **query)
        assert status == 200, payload
        return payload

    async def post(self, endpoint: str, **body: Any) -> Any:
        status, payload = await self.ask("POST", endpoint, body)
        assert status == 200, payload
        return payload

    async def refusal(self, endpoint: str, **body: Any) -> str:
        """What was said against a request that must be refused."""
        answer = await self.post(endpoint, **body)
        assert answer["ok"] is False, answer
        return str(answer["message"])

    async def balance(self) -> Decimal:
        return Decimal((await self.get("users/get-balances"))["spendable"])

    async def jobs(self, **query: Any) -> list[Any]:
        found: list[Any] = (await self.get("jobs/get-jobs", **query))["jobs"]
        return found

    async def waiting(self, **query: Any) -> list[Any]:
        tasks: list[Any] = (await self.get("jobs/get-unrated-tasks", **query))["tasks"]
        return tasks

    async def post_job(self, **changes: Any) -> str:
        """Posts a job and waits until it runs; returns its id."""
        answer = await self.post("jobs/post-job", **{**DRAFT, **changes})
        assert answer["ok"] is True, answer
        self.clock.advance(180)
        self.server.world.catch_up()
        job_id: str = answer["url"].partition("?Id=")[2]
        return job_id

    async def rate(self, task: Any, rating: str = "ok", **more: Any) -> Any:
        body = {"job_id": task["job_id"], "task_id": task["id"], "task_rating": rating, "task_comment": "so it is"}
        return await self.post("jobs/rate-single-task", **body, **more)


@asynccontextmanager
async def opened(kind: type[Sandbox], **options: Any) -> AsyncIterator[SiteBuyer]:
    """A buyer at a marketplace of this kind on a clock that stands still; quiet and without a rate limit unless told
    otherwise."""
    clock = options.setdefault("clock", ManualClock())
    server = SandboxServer({kind.name: kind}, **{"busy": False, "interval": 0, **options})
    await server.start()
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as http:
            yield SiteBuyer(http, server, clock)
    finally:
        await server.stop()


def _loads(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)
