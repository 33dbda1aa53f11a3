"""Webhook posts over HTTP, answered once they are durable."""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from aiohttp import web

from benchmarks.figures import Figure, in_turns
from benchmarks.samples import SECRET, bare_database, open_bot, unreachable, write_config

POSTS = 2000


async def webhooks(folder: Path) -> list[Figure]:
    """Beside an aiohttp handler that reads the body, writes its hints and commits: no secret, no limits, no log."""
    names = (f"webhooks-{number}" for number in itertools.count())
    ours, bare = await in_turns(lambda: _ours(folder, next(names)), lambda: _bare(folder / f"{next(names)}.db"))
    return [Figure(what="webhook posts", ours=ours, baseline=bare, unit="/s", of="of bare aiohttp", least_ratio=1)]


async def _ours(folder: Path, name: str) -> float:
    async with open_bot(write_config(folder, name, unreachable(["one"])), started=True) as bot:
        assert bot.server is not None
        return await _posted(bot.server.port, f"/hooks/one/{SECRET}")


async def _bare(path: Path) -> float:
    with closing(bare_database(path)) as conn:
        conn.execute("CREATE TABLE hints (job_id TEXT, task_id TEXT, PRIMARY KEY (job_id, task_id)) WITHOUT ROWID")
        app = web.Application()
        app.router.add_post("/hooks/{account}/{secret}", lambda request: _take(conn, request))
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            return await _posted(runner.addresses[0][1], f"/hooks/one/{SECRET}")
        finally:
            await runner.cleanup()


async def _take(conn: sqlite3.Connection, request: web.Request) -> web.Response:
    hints = json.loads(await request.read())
    conn.execute("BEGIN IMMEDIATE")
    for job, tasks in hints.items():
        conn.executemany("INSERT OR IGNORE INTO hints VALUES (?, ?)", [(job, task) for task in tasks])
    conn.execute("COMMIT")
    return web.Response(text="ok\n")


async def _posted(port: int, path: str) -> float:
    """Posts a second."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.posts", "127.0.0.1", str(port), path, str(POSTS),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    return float(out)
