"""A marketplace that answers what a test tells it to, over HTTP on loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

SECRET = "s3cret-of-the-account"


@dataclass(frozen=True)
class Heard:
    method: str
    endpoint: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    text: str
    target: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


@dataclass
class Marketplace:
    """`says` queues answers of an endpoint; the last of them is given for ever."""

    base_url: str = ""
    heard: list[Heard] = field(default_factory=list)
    answers: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def says(self, endpoint: str, *bodies: object, status: int = 200) -> None:
        """Bodies are JSON as text, or values to make it of."""
        texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
        self.answers.setdefault(endpoint, []).extend((status, text) for text in texts)

    def bodies(self, endpoint: str) -> list[Any]:
        """What was sent there, its fractions as they were spelled."""
        return [json.loads(one.text, parse_float=str) for one in self.heard if one.endpoint == endpoint]

    def queries(self, endpoint: str) -> list[dict[str, str]]:
        return [dict(one.query) for one in self.heard if one.endpoint == endpoint]

    async def handle(self, request: web.Request) -> web.Response:
        endpoint = request.path.removeprefix("/api/")
        self.heard.append(
            Heard(
                request.method,
                endpoint,
                dict(request.query),
                dict(request.headers),
                await request.text(),
                request.raw_path,
            )
        )
        queue = self.answers[endpoint]
        status, text = queue.pop(0) if len(queue) > 1 else queue[0]
        return web.Response(status=status, text=text, content_type="text/html")

    def job(self, **changes: object) -> dict[str, object]:
        return {
            "id": "7c1d0a9be210",
            "id_user": "u1",
            "zone_id": "west1",
            "excluded_countries": [],
            "category_id": "0501",
            "created_at": "2026-01-02T08:00:00Z",
            "status": "RUNNING",
            "task_value": 0.12,
            "tasks_done": 31,
            "num_tasks": 80,
            "unrated_tasks": 3,
            "ttr": 4,
            "title": "Join the garden forum",
            "instructions": ["Open the forum", "Make an account"],
            "notes": "",
            "proofs": [
                {"description": "Your name there", "type": "text"},
                {"description": "Your profile page", "type": "screenshot"},
            ],
            "challenges": [],
        } | changes

    def task(self, **changes: object) -> dict[str, object]:
        return {
            "id": "90001a",
            "job_id": "7c1d0a9be210",
            "worker_id": "w77",
            "finished_at": "2026-01-04T10:20:30Z",
            "ip_address": "192.0.2.7",
            "country_code": "uk",
            "revision_number": 0,
            "variables": [],
            "proofs": [{"text": "rose42"}],
        } | changes

    def page(self, key: str, *found: object, number: int = 1, pages: int = 1) -> dict[str, object]:
        return {"current_page": number, "pages": pages, key: list(found)}


@asynccontextmanager
async def opened() -> AsyncIterator[Marketplace]:
    """A marketplace that listens."""
    marketplace = Marketplace()
    app = web.Application()
    app.router.add_route("*", "/api/{endpoint:.+}", marketplace.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    marketplace.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    yield marketplace
    await runner.cleanup()
