"""A buyer of the simulated HireTalents, who says over HTTP what the document says to say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import aiohttp

from botcore.sandbox import SandboxServer

DRAFT: dict[str, Any] = {
    "title": "Follow me on somewhere",
    "price": "0.03",
    "country": "INT",
    "availseats": "100",
    "time": "1",
    "category": "13",
    "expected": ["Do this", "And do this"],
    "proof": [{"desc": "Your profile", "type": "image"}, {"desc": "Your username", "type": "text"}],
}


@dataclass(frozen=True)
class Buyer:
    http: aiohttp.ClientSession
    server: SandboxServer

    @property
    def settings(self) -> Mapping[str, str]:
        return self.server.accounts[0].settings

    async def ask(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, accept: str = "application/json"
    ) -> tuple[int, Any]:
        """Status and payload; fractions in it are Decimal."""
        headers = {"Accept": accept, "Authorization": f"Bearer {self.settings['api_key'] if key is None else key}"}
        url = self.settings["base_url"] + path
        async with self.http.request(method, url, json=body, headers=headers, allow_redirects=False) as response:
            if response.content_type != "application/json":
                return response.status, await response.text()
            return response.status, await response.json(loads=_loads)

    async def get(self, path: str) -> Any:
        status, payload = await self.ask("GET", path)
        assert status == 200, payload
        return payload

    async def post(self, path: str, body: Any = None) -> Any:
        status, payload = await self.ask("POST", path, body)
        assert status == 200, payload
        return payload

    async def balance(self) -> Decimal:
        return Decimal((await self.get("me"))["current_balance"])

    async def create(self, **changes: Any) -> int:
        """Posts a job that lives at once; returns its id."""
        answer = await self.post("jobs/create", {**DRAFT, **changes})
        assert answer["result"] == "ok", answer
        job_id: int = answer["job_id"]
        return job_id

    async def pending(self) -> list[Any]:
        """What waits, of all jobs."""
        jobs = await self.get("jobs/all/1")
        return [one for job in jobs for one in await self.get(f"job/{job['id']}/applications/4/1")]

    async def rate(self, application: int, status: Any, reason: str | None = None) -> Any:
        body = {"status": status} if reason is None else {"status": status, "reason": reason}
        return await self.post(f"application/{application}/set", body)


def _loads(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)
