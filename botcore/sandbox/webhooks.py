"""Tells buyers of submitted tasks: once a minute, and every five minutes for a day until a 200 comes back."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Mapping
from typing import Any

import aiohttp
from yarl import URL

from ..clock import from_ms
from .base import JobChange
from .world import Books, World

_RETRY_MS = 300_000
_GIVE_UP_MS = 86_400_000
_PATIENCE = 10.0  # real seconds for one post
_AT_ONCE = 8

log = logging.getLogger(__name__)


class Webhooks:
    """The queue of posts, in the database, and who sends them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._session: aiohttp.ClientSession | None = None
        world.on("announce", _collect)

    def next_due(self) -> int | None:
        """When the next post is due, in ms since the epoch."""
        row = self._world.db.execute(
            "SELECT min(next_ms) FROM webhook_post p JOIN account a ON a.name = p.account "
            "WHERE state = 'waiting' AND provider IN (SELECT value FROM json_each(?))",
            (self._world.served,),
        ).fetchone()
        return None if row[0] is None else int(row[0])

    async def deliver_due(self) -> None:
        """Sends what is due, and writes down how it went."""
        rows = self._world.db.execute(
            "SELECT p.*, a.provider, a.webhook_url, a.signature_secret FROM webhook_post p "
            "JOIN account a ON a.name = p.account WHERE state = 'waiting' AND next_ms <= ? "
            "AND provider IN (SELECT value FROM json_each(?)) ORDER BY n LIMIT ?",
            (self._world.clock.ms(), self._world.served, _AT_ONCE),
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
            too_late = books.now + _RETRY_MS > row["created_ms"] + _GIVE_UP_MS
            if state == "waiting" and (too_late or not books.site.tells_again):
                state = "given up"
            books.q(
                "UPDATE webhook_post SET state = :state, tries = tries + 1, next_ms = :next WHERE n = :n",
                state=state, next=books.now + _RETRY_MS, n=row["n"],
            )  # fmt: skip

    async def _post(self, row: sqlite3.Row) -> bool:
        with self._world.turn(row["account"], row["provider"]) as books:
            news, when = json.loads(row["news"]), from_ms(row["created_ms"])
            post = books.site.webhook(books, news, when, row["signature_secret"])
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENCE))
        try:
            address = URL(row["webhook_url"]).update_query(post.query)
            async with self._session.request(
                post.method, address, data=post.body or None, headers=post.headers, allow_redirects=False
            ) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            log.info("webhook of %s not delivered: %s", row["account"], type(error).__name__)
            return False


def _collect(books: Books, data: Mapping[str, Any]) -> None:
    rows = _unannounced(books, "task", "finished_ms, n")
    changes = [JobChange(row["job_id"], row["status"], row["at_ms"]) for row in _unannounced(books, "job_change", "n")]
    if not books.value("SELECT webhook_url FROM account WHERE name = :name", name=books.account):
        return
    submitted: dict[str, list[str]] = {}
    for row in rows:
        submitted.setdefault(row["job_id"], []).append(row["id"])
    for news in books.site.news(books, submitted, changes):
        books.q(
            "INSERT INTO webhook_post (account, news, created_ms, next_ms) VALUES (:account, :news, :at, :at)",
            account=books.account, news=json.dumps(news), at=books.at,
        )  # fmt: skip


def _unannounced(books: Books, table: str, order: str) -> list[sqlite3.Row]:
    new = "account = :account AND announced = 0"
    rows = books.q(f"SELECT * FROM {table} WHERE {new} ORDER BY {order}", account=books.account)  # noqa: S608
    books.q(f"UPDATE {table} SET announced = 1 WHERE {new}", account=books.account)  # noqa: S608
    return rows
