"""A real bot in a process of its own, against a simulated marketplace in this one."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from botcore.control import BotGone, ask_running
from botcore.demo import account_sections
from botcore.host import Host
from botcore.sandbox import SandboxServer

CONFIG = """
[bot]
database = "bot.db"
listen = "127.0.0.1:0"
poll_seconds = {poll}
undo_seconds = {undo}
doubt_seconds = {doubt}

{accounts}
[adapters.web]

[[channels]]
name = "review"
adapter = "web"
to = "inbox"
queue_above = {queue_above}

[people.ana]
role = "owner"
web = true

[people.ben]
role = "reviewer"
web = true

[limits]
max_bonus = 1.00
daily_spend = 50.00
"""


# the marketplace as it is, but asked more often than once a second
HURRIED = """
from botcore import hookimpl
from botcore_sproutgigs.provider import SproutGigsProvider


class Hurried(SproutGigsProvider):
    name = "hurried"
    seconds_between_calls = 0.03


@hookimpl
def register_providers():
    return {"hurried": Hurried}
"""


class BotProcess:
    """`botcore run` (or another subcommand) with what it printed; `kill` is a kill -9."""

    def __init__(self, *argv: str, cwd: Path, env: Mapping[str, str] | None = None) -> None:
        self._argv = (sys.executable, "-m", "botcore", *argv)
        self._cwd = cwd
        self._env = env or {}
        self._process: asyncio.subprocess.Process | None = None
        self.link = ""
        self.url = ""
        self.errors = cwd / "stderr.txt"

    async def spawn(self) -> BotProcess:
        """Starts it, and does not wait until it is ready."""
        with self.errors.open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *self._argv,
                cwd=self._cwd,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **self._env},
            )
        return self

    async def start(self) -> BotProcess:
        await self.spawn()
        assert self._process is not None
        assert self._process.stdout is not None
        while line := (await self._process.stdout.readline()).decode().strip():
            if "/sign-in/" in line:
                self.link = line
            if line.startswith("The page: "):
                self.url = line.removeprefix("The page: ")
                return self
        raise AssertionError(f"it did not start: {self.errors.read_text()[-2000:]}")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def stop(self) -> int:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        return await self._process.wait()


class Town:
    """A marketplace, a config that knows it, and bots on it."""

    def __init__(self, folder: Path, sandbox: SandboxServer) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self.config = folder / "config.toml"
        self.database = folder / "bot.db"
        self.env: dict[str, str] = {}
        self._bots: list[BotProcess] = []

    def configure(
        self, *, undo: float = 0, doubt: float = 1, poll: float = 2, queue_above: int = 1_000, more: str = ""
    ) -> None:
        accounts = account_sections(self.sandbox.accounts)
        filled = CONFIG.format(accounts=accounts, undo=undo, doubt=doubt, poll=poll, queue_above=queue_above)
        self.config.write_text(filled + more)

    def plug_in(self, name: str, source: str) -> None:
        """Its bots find a provider installed, and use it in the place of SproutGigs'."""
        site = self.folder / "site"
        info = site / f"{name}-0.1.dist-info"
        info.mkdir(parents=True)
        (site / f"{name}.py").write_text(source)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
        (info / "entry_points.txt").write_text(f"[botcore]\n{name} = {name}\n")
        self.env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH", "")]))
        self.config.write_text(self.config.read_text().replace('"sproutgigs"', f'"{name}"'))

    async def bot(self) -> BotProcess:
        return await self.new_process().start()

    def new_process(self) -> BotProcess:
        """A bot that has not been started."""
        process = BotProcess("run", "--config", str(self.config), cwd=self.folder, env=self.env)
        self._bots.append(process)
        return process

    def rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        """What the bot's database holds now, read beside it."""
        with closing(sqlite3.connect(f"{self.database.as_uri()}?mode=ro", uri=True)) as conn:
            conn.row_factory = sqlite3.Row
            return [dict(row) for row in conn.execute(sql, params)]

    async def ask(self, line: str, *, yes: bool = False, wait: bool = False) -> dict[str, Any] | None:
        """One command through the running bot's local door; None where it did not answer."""
        try:
            return await ask_running(self.database, "/do", {"line": line, "yes": yes, "wait": wait})
        except BotGone:
            return None

    def ratings(self) -> list[dict[str, Any]]:
        return [entry for entry in self.sandbox.ledger() if entry["kind"] == "rate"]

    async def close(self) -> None:
        for bot in self._bots:
            await bot.stop()


@pytest.fixture
async def make_town(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Makes a town with these accounts, by name; at each, `waiting` submissions are there from the start. Where the
    bot is `hurried`, it does not wait a second between its calls."""
    made: list[tuple[Town, SandboxServer]] = []
    host = Host()
    host.load()

    async def make(
        *,
        waiting: int = 6,
        interval: float = 0.02,
        seed: int = 1,
        page_size: int = 50,
        accounts: Mapping[str, str] = {"sprout": "sproutgigs"},
        hurried: bool = False,
        **settings: Any,
    ) -> Town:
        sandbox = SandboxServer(
            host.sandboxes(),
            accounts=accounts,
            waiting=waiting,
            busy=False,
            interval=interval,
            seed=seed,
            page_size=page_size,
        )
        await sandbox.start()
        town = Town(tmp_path, sandbox)
        town.configure(**settings)
        if hurried:
            town.plug_in("hurried", HURRIED)
        made.append((town, sandbox))
        return town

    yield make
    for town, sandbox in made:
        await town.close()
        await sandbox.stop()
    host.close()


async def until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Polls a condition (plain or async) until it holds; returns what it gave."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        value = condition()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return value
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"still not so after {seconds} s")
        await asyncio.sleep(0.02)


@pytest.fixture(name="until")
def until_fixture() -> Callable[..., Any]:
    return until
