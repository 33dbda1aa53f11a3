"""Tells buyers of submitted tasks: once a minute, and every five minutes for a day until a 200 comes back."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Mapping
from typing import Any

import aiohttp

from ..clock import from_ms
from .base import Sandbox
from .world import Books, World

_RETRY_MS = 300_000
_GIVE_UP_MS = 86_400_000
_PATIENCE = 10.0  # real seconds for one post
_AT_ONCE = 8

log = logging.getLogger(__name__)


class Webhooks:
    """The queue of posts, in the database, and who sends them."""

    def __init__(self, world: World, sandboxes: Mapping[str, Sandbox]) -> None:
        self._world = world
        self._sandboxes = sandboxes
        self._session: aiohttp.ClientSession | None = None
        world.on("announce", _collect)

    def next_due(self) -> int | None:
        """When the next post is due, in ms since the epoch."""
        row = self._world.db.execute("SELECT min(next_ms) FROM webhook_post WHERE state = 'waiting'").fetchone()
        return None if row[0] is None else int(row[0])

    async def deliver_due(self) -> None:
        """Sends what is due, and writes down how it went."""
        rows = self._world.db.execute(
            "SELECT p.*, a.provider, a.webhook_url, a.signature_secret FROM webhook_post p "
            "JOIN account a ON a.name = p.account WHERE state = 'waiting' AND next_ms <= ? ORDER BY "
            "n LIMIT ?",
            (self._world.clock.ms(), _AT_ONCE),
        ).fetchall()
        await asyncio.gather(*(self._deliver(row) for row in rows))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _deliver(self, row: sqlite3.Row) -> None:
        state = "dropped"  # the buyer took the address away
        if row["webhook_url"]:
            state = "delivered" if await self._post(row) else "waiting"
        with self._world.turn(row["account"], row["provider"]) as books:
            if state == "waiting" and books.now + _RETRY_MS > row["created_ms"] + _GIVE_UP_MS:
                state = "given up"
            books.q(
                "UPDATE webhook_post SET state = :state, tries = tries + 1, next_ms = :next WHERE n = :n",
                state=state, next=books.now + _RETRY_MS, n=row["n"],
            )  # fmt: skip

    async def _post(self, row: sqlite3.Row) -> bool:
        body, headers = self._sandboxes[row["provider"]].webhook(
            json.loads(row["tasks"]), from_ms(row["created_ms"]), row["signature_secret"]
        )
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENCE))
        try:
            async with self._session.post(
                row["webhook_url"], data=body, headers=headers, allow_redirects=False
            ) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            log.info("webhook of %s not delivered: %s", row["account"], type(error).__name__)
            return False


def _collect(books: Books, data: Mapping[str, Any]) -> None:
    rows = books.q(
        "SELECT id, job_id FROM task WHERE account = :account AND announced = 0 ORDER BY finished_ms, n",
        account=books.account,
    )
    books.q("UPDATE task SET announced = 1 WHERE account = :account AND announced = 0", account=books.account)
    if not rows or not books.value("SELECT webhook_url FROM account WHERE name = :name", name=books.account):
        return
    submitted: dict[str, list[str]] = {}
    for row in rows:
        submitted.setdefault(row["job_id"], []).append(row["id"])
    books.q(
        "INSERT INTO webhook_post (account, tasks, created_ms, next_ms) VALUES (:account, :tasks, :at, :at)",
        account=books.account, tasks=json.dumps(submitted), at=books.at,
    )  # fmt: skip
