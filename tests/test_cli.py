"""The command line's promises: exit codes, what goes to which stream, and that it stops when told."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from botcore import __version__
from botcore.demo import account_sections
from botcore.host import Host
from botcore.sandbox import FaultKind, SandboxServer
from botcore.sandbox.tasks import Judgement

Botcore = Callable[..., Awaitable[Any]]

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONFIG = """
[bot]
database = "bot.db"
listen = "127.0.0.1:0"
poll_seconds = 600

{accounts}
[adapters.web]

[[channels]]
name = "review"
adapter = "web"
to = "inbox"
purpose = "review"

[people.ana]
role = "owner"
web = true
"""

HASTY = """
from botcore import hookimpl
from botcore_sproutgigs.provider import SproutGigsProvider


class Hasty(SproutGigsProvider):
    seconds_between_calls = 0.0


@hookimpl
def register_providers():
    return {"hasty": Hasty}
"""


class Desk:
    """A folder with a config and a database that has read the marketplace's work."""

    def __init__(self, folder: Path, sandbox: SandboxServer, tasks: list[str]) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self.tasks = tasks
        self.config = folder / "config.toml"
        self.database = folder / "bot.db"

    @property
    def secret(self) -> str:
        return self.sandbox.accounts[0].settings["api_secret"]

    def configure(self, old: str, new: str) -> None:
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))

    def did(self, kind: str) -> list[dict[str, Any]]:
        return [entry for entry in self.sandbox.ledger() if entry["kind"] == kind]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[SandboxServer]:
    host = Host()
    host.load()
    sandbox = SandboxServer(host.sandboxes(), accounts={"sprout": "sproutgigs"}, waiting=0, busy=False, interval=0)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()
    host.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(sandbox: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Its provider does not wait between requests, as the one that ships must."""
    job = sandbox.world.db.execute("SELECT id FROM job").fetchone()["id"]
    desk = Desk(tmp_path_factory.mktemp("office"), sandbox, sandbox.submit(job_id=job, count=4))
    info = desk.folder / "hasty-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hasty\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[botcore]\nhasty = hasty\n")
    (desk.folder / "hasty.py").write_text(HASTY)
    desk.config.write_text(CONFIG.format(accounts=account_sections(sandbox.accounts)))
    desk.configure('provider = "sproutgigs"', 'provider = "hasty"')
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "botcore",
        "do",
        "pending",
        cwd=desk.folder,
        env={**os.environ, "PYTHONPATH": str(desk.folder)},
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0
    return desk


@pytest.fixture
def desk(office: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("PYTHONPATH", str(office.folder))
    shutil.copytree(office.folder, tmp_path, dirs_exist_ok=True)
    office.sandbox.faults.clear()
    return Desk(tmp_path, office.sandbox, office.tasks)


@asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[tuple[asyncio.subprocess.Process, list[str]]]:
    """`botcore run` once it is up, and what it printed until then."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "botcore",
        "run",
        cwd=desk.folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    printed: list[str] = []
    try:
        while not (printed and printed[-1].startswith("The page: ")):
            line = await asyncio.wait_for(process.stdout.readline(), 60)
            assert line, f"it ended after {printed}"
            printed.append(line.decode().rstrip("\n"))
        yield process, printed
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


# --- help and settings


async def test_help_names_every_subcommand(botcore: Botcore) -> None:
    ran = await botcore("--help")
    assert (ran.code, ran.err) == (0, "")
    listed = {line.split()[0] for line in ran.out.splitlines() if line.startswith("    ")}
    assert {"demo", "run", "do", "check", "link", "plugins", "sandbox", "backup", "restore"} <= listed


async def test_the_version_is_the_packages(botcore: Botcore) -> None:
    assert (await botcore("--version")).out == f"botcore {__version__}\n"


@pytest.mark.parametrize(
    "argv",
    [["run"], ["do", "--json", "pending"], ["restore", "b.db"]],
    ids=lambda argv: argv[0],
)
async def test_a_wrong_config_is_a_line_for_each_mistake_and_exit_2(
    botcore: Botcore, tmp_path: Path, argv: list[str]
) -> None:
    (tmp_path / "config.toml").write_text(
        """
        [bot]
        poll_secconds = 60
        undo_seconds = "many"
        [accounts.main]
        provider = "sproutgigs"
        user_id = "u1"
        api_secret = { env = "NO_SUCH_VARIABLE_HERE" }
        """
    )
    ran = await botcore(*argv)
    assert (ran.code, ran.out) == (2, "")
    lines = ran.err.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("botcore: ") for line in lines)
    for line, key in zip(
        sorted(lines), ["accounts.main.api_secret", "bot.poll_secconds", "bot.undo_seconds"], strict=True
    ):
        assert key in line


async def test_a_provider_that_nobody_offers_is_named_with_those_that_are(botcore: Botcore, desk: Desk) -> None:
    desk.configure('provider = "hasty"', 'provider = "sproutgig"')
    ran = await botcore("do", "pending")
    assert (ran.code, ran.out) == (2, "")
    assert "accounts.sprout.provider" in ran.err
    assert "sproutgigs" in ran.err
    assert "Traceback" not in ran.err


async def test_without_a_config_it_says_where_to_begin(botcore: Botcore) -> None:
    ran = await botcore("run")
    assert (ran.code, ran.out) == (2, "")
    assert "config.example.toml" in ran.err
    assert "botcore demo" in ran.err


# --- do, with nobody else running


async def test_on_an_empty_database_the_marketplace_is_asked_first(botcore: Botcore, desk: Desk) -> None:
    desk.database.unlink()
    ran = await botcore("do", "--json", "pending")
    assert (ran.code, ran.err) == (0, "")
    assert len(ran.out.splitlines()) == 1
    (table,) = ran.document["blocks"]
    waiting = desk.sandbox.state()["accounts"]["sprout"]["tasks"]["unrated"]
    assert waiting > 0
    assert sum(int(row[3]) for row in table["rows"]) == waiting


async def test_an_approval_is_seen_through_to_the_marketplace(botcore: Botcore, desk: Desk) -> None:
    task = desk.tasks[0]
    ran = await botcore("do", "approve", task, "--json")
    assert ran.code == 0
    assert ran.document["badge"] == "Approved by local owner"
    assert [(entry["rating"], entry["revision"]) for entry in desk.did("rate") if entry["task_id"] == task] == [
        ("ok", 0)
    ]


async def test_what_was_rated_on_the_website_is_refused(botcore: Botcore, desk: Desk) -> None:
    task = desk.tasks[1]
    row = desk.sandbox.world.db.execute("SELECT job_id FROM task WHERE id = ?", (task,)).fetchone()
    desk.sandbox.rate_on_site("sprout", Judgement(job_id=row["job_id"], task_id=task, rating="ok"))
    ran = await botcore("do", "reject", task, "reason=Spam")
    assert ran.code == 1
    assert not [entry for entry in desk.did("rate") if entry["task_id"] == task]


@pytest.mark.parametrize("line", ["nonsense", "show Z999", "balance account=other"])
async def test_what_cannot_be_found_or_read_is_exit_1(botcore: Botcore, desk: Desk, line: str) -> None:
    desk.configure(desk.sandbox.url, "http://127.0.0.1:9")
    ran = await botcore("do", "--json", *line.split())
    assert ran.code == 1
    assert ran.document["text"]


async def test_what_cannot_be_undone_needs_a_yes(botcore: Botcore, desk: Desk) -> None:
    before = len(desk.did("block_workers"))
    asked = await botcore("do", "--json", "worker", "block", desk.tasks[2])
    assert asked.code == 3
    assert asked.document["badge"] == "Confirm?"
    assert len(desk.did("block_workers")) == before
    confirmed = await botcore("do", "--json", "--yes", "worker", "block", desk.tasks[2])
    assert confirmed.code == 0
    assert len(desk.did("block_workers")) == before + 1


async def test_what_the_marketplace_has_in_no_list_any_more_was_not_rated_by_us(botcore: Botcore, desk: Desk) -> None:
    task = desk.tasks[3]
    desk.configure("poll_seconds = 600", "doubt_seconds = 0")
    await botcore("do", "pending")  # what was seen long ago is looked at before it is rated, and that is not meant here
    desk.sandbox.faults.add("jobs/rate-single-task.php", FaultKind.ERROR)
    desk.sandbox.world.db.execute("DELETE FROM task WHERE id = ?", (task,))
    ran = await botcore("do", "--json", "approve", task)
    assert ran.code == 1
    assert "Sent back for revision or taken away: it is in no list." in ran.out


async def test_logs_go_to_stderr_one_object_a_line_and_hold_no_secret(botcore: Botcore, desk: Desk) -> None:
    desk.configure(desk.sandbox.url, "http://127.0.0.1:9")
    ran = await botcore("do", "--json", "pending")
    assert len(ran.out.splitlines()) == 1
    assert ran.document["title"] == "Pending"
    logged = [json.loads(line) for line in ran.err.splitlines()]
    assert any("sprout could not be read" in entry["message"] for entry in logged)
    assert desk.secret not in ran.out + ran.err


# --- check and link


async def test_check_has_a_line_for_everything_and_exit_0_where_all_is_well(botcore: Botcore, desk: Desk) -> None:
    ran = await botcore("check")
    assert (ran.code, ran.err) == (0, "")
    assert "ok      account sprout (SproutGigs): reached, $" in ran.out
    assert "note    limits.daily_spend is not set" in ran.out
    assert "FAILED" not in ran.out


async def test_check_fails_on_a_key_that_is_not_accepted_and_says_what_to_do(botcore: Botcore, desk: Desk) -> None:
    desk.configure(desk.secret, "not-the-key")
    ran = await botcore("check")
    assert ran.code == 1
    (line,) = [line for line in ran.out.splitlines() if line.startswith("FAILED")]
    assert "account sprout" in line
    assert "check its keys in the config" in line


async def test_link_prints_a_link_and_nothing_else(botcore: Botcore, desk: Desk) -> None:
    ran = await botcore("link", "ana")
    assert (ran.code, ran.err) == (0, "")
    (line,) = ran.out.splitlines()
    assert line.startswith("http://127.0.0.1")
    assert "/sign-in/" in line
    stranger = await botcore("link", "zoe")
    assert (stranger.code, stranger.out) == (1, "")
    assert "nobody is called zoe" in stranger.err


# --- backup and restore


async def test_a_backup_is_made_once_and_can_be_put_back(botcore: Botcore, desk: Desk) -> None:
    assert (await botcore("backup", "copy.db")).code == 0
    again = await botcore("backup", "copy.db")
    assert (again.code, "is there already" in again.err) == (1, True)
    ran = await botcore("restore", "copy.db")
    assert ran.code == 0
    assert list(desk.folder.glob("bot.db.before-*"))


async def test_what_is_no_backup_is_not_put_in_the_databases_place(botcore: Botcore, desk: Desk) -> None:
    (desk.folder / "picture.db").write_bytes(b"\x89PNG and more" * 100)
    before = desk.database.read_bytes()
    for source in ("picture.db", "nowhere.db"):
        ran = await botcore("restore", source)
        assert (ran.code, ran.out) == (1, "")
        assert "Traceback" not in ran.err
    assert desk.database.read_bytes() == before


# --- run


async def test_a_running_bot_prints_the_link_first_answers_do_and_stops_clean(botcore: Botcore, desk: Desk) -> None:
    desk.configure("[bot]", "[bot]\nundo_seconds = 3600")
    async with running(desk) as (process, printed):
        addresses = [line for line in printed if "http" in line]
        assert addresses[0].startswith("http://127.0.0.1:")
        assert "/sign-in/" in addresses[0]

        door = desk.folder / "bot.db.sock"
        assert stat.S_IMODE(door.stat().st_mode) == 0o600
        task = desk.tasks[2]
        ran = await botcore("do", "--json", "approve", task)
        assert ran.code == 0
        assert ran.document["badge"] == "Approved by local owner"
        assert not [e for e in desk.did("rate") if e["task_id"] == task]  # it can still be undone
        assert (await botcore("do", "undo")).code == 0

        second = await botcore("run")
        assert (second.code, "another botcore is using" in second.err) == (1, True)

        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 60) == 0
        assert not door.exists()


async def test_plugins_lists_what_is_installed(botcore: Botcore) -> None:
    ran = await botcore("plugins")
    assert (ran.code, ran.err) == (0, "")
    assert {"sproutgigs", "web"} <= {line.split()[0] for line in ran.out.splitlines() if line.startswith("  ")}
