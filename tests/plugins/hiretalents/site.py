"""A HireTalents that answers what a test tells it to, over HTTP on loopback."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

KEY = "k3y-of-the-account"
ADDRESS = "rosa.worker@mail.example"


@dataclass(frozen=True)
class Heard:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


@dataclass
class Site:
    """`says` queues answers of a path; the last of them is given for ever. Any other path is a 404."""

    base_url: str = ""
    heard: list[Heard] = field(default_factory=list)
    answers: dict[str, list[tuple[int, str, dict[str, str]]]] = field(default_factory=dict)

    def says(self, path: str, *bodies: object, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Bodies are JSON as text, or values to make it of."""
        texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
        self.answers.setdefault(path, []).extend((status, text, dict(headers or {})) for text in texts)

    def lists(self, path: str, *pages: object) -> None:
        """These pages of a list, and an empty one behind them."""
        for number, page in enumerate((*pages, []), start=1):
            self.answers.pop(f"{path}/{number}", None)
            self.says(f"{path}/{number}", page)

    @property
    def paths(self) -> list[str]:
        return [f"{one.method} {one.path}" for one in self.heard]

    async def handle(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix("/api/v1/")
        self.heard.append(Heard(request.method, path, dict(request.query), dict(request.headers), await request.text()))
        queue = self.answers.get(path, [(404, '{"message": "Not found."}', {})])
        status, text, headers = queue.pop(0) if len(queue) > 1 else queue[0]
        return web.Response(status=status, text=text, content_type="application/json", headers=headers)


def job(**changes: object) -> dict[str, object]:
    """A job as the document shows one by itself."""
    return {
        "id": 15341,
        "title": "Say hello to the bakery",
        "total_app": 0,
        "availseats": 24,
        "time": 5,
        "category": 97,
        "price": 0.2,
        "country": "0",
        "expected": ["Say hello"],
        "proof": [{"desc": "Your name there", "type": "text"}],
        "image": None,
        "started": 1647741550,
        "status": 1,
        "type": 0,
        "send_tweet": 0,
        "hourseats": 0,
        "hourlock": 0,
        "limitfreqseconds": 0,
        "dec_reason": "",
        "rep_reason": "",
        "slug": "hello-x1apm3",
        "created_at": "2022-03-18T00:34:05.000000Z",
        "updated_at": "2022-03-20T01:59:10.000000Z",
    } | changes


def listed_job(**changes: object) -> dict[str, object]:
    """A job as the document shows one in a list."""
    whole = job(id=15356, availseats=100, time=1, category=13, price=0.03, country="INT", started=0, send_tweet=1)
    proofs = [{"desc": "Your profile page", "type": "image"}, {"desc": "Your address", "type": "text"}]
    more = {"url": "https://www.hiretalents.com/job/hello-6xwyfl", "hide_search_engines": 1, "proof": proofs}
    del whole["type"], whole["slug"]
    return whole | {"dec_reason": None, "rep_reason": None, "expected": ["Do this", "And this"]} | more | changes


def application(**changes: object) -> dict[str, object]:
    """An application as the document shows one in a list."""
    return {
        "id": 501143,
        "jobid": 15356,
        "user_id": 12333,
        "owner_id": 6,
        "email": ADDRESS,
        "proof": "rosa_42",
        "status": 4,
        "showcause": None,
        "screenshot": None,
        "appdate": 1643857018,
        "screenshot_url": None,
    } | changes


def with_pictures(**changes: object) -> dict[str, object]:
    """An application as the document shows one by itself."""
    return application(
        **{
            "id": 501141,
            "user_id": 12332,
            "owner_id": 3123311,
            "status": 1,
            "showcause": "no",
            "screenshot": '["590555_0.jpg","590555_1.jpg"]',
            "affect_success_rate": 0,
            "screenshot_url": [
                "https://www.hiretalents.com/proof_uploads/590555_0.jpg",
                "https://www.hiretalents.com/proof_uploads/590555_1.jpg",
            ],
        }
        | changes
    )
