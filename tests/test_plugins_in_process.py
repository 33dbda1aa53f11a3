"""Strangers' plugins, installed as strangers install them: found, used, and when they break, alone in it.

The plugins that work are those of docs/plugins.md, word for word.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import signal
import sys
import textwrap
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from botcore import hookspecs
from botcore.demo import account_sections
from botcore.host import Host
from botcore.sandbox import SandboxServer

Botcore = Callable[..., Awaitable[Any]]

GUIDE = Path(__file__).parents[1] / "docs" / "plugins.md"
HOOKS = [name for name, hook in vars(hookspecs).items() if inspect.isfunction(hook) and hasattr(hook, "botcore_spec")]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder that plugins are installed in."""
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxServer]:
    host = Host()
    host.load()
    sandbox = SandboxServer(host.sandboxes(), accounts={"sprout": "sproutgigs"}, waiting=0, busy=False, interval=0)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()
    host.close()


def install(site: Path, name: str, source: str, module: str = "") -> None:
    """What `pip install --target` leaves of a plugin of one module."""
    module = module or f"third_party_{name}"
    (site / f"{module}.py").write_text(textwrap.dedent(source))
    info = site / f"{module}-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(f"[botcore]\n{name} = {module}\n")


def install_from_guide(site: Path, name: str) -> None:
    """A plugin as the guide has it: its module, and the entry point that its pyproject.toml declares."""
    module = f"botcore_{name}"
    (source,) = (code for title, code in blocks("python") if title == f"{module}.py")
    projects = [tomllib.loads(code) for title, code in blocks("toml") if title == "pyproject.toml"]
    entry_points = {k: v for project in projects for k, v in project["project"]["entry-points"]["botcore"].items()}
    assert entry_points[name] == module
    install(site, name, source, module)


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """The guide's code by the file name in its first line."""
    for code in re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE):
        yield code.partition("\n")[0].removeprefix("# "), code


def seeing(site: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(site)}


def rows(table: str) -> dict[str, str]:
    """A printed table's lines by their first word."""
    return {line.split()[0]: line for line in table.splitlines() if line.startswith("  ")}


# --- plugins that work


async def test_the_guides_first_plugin_is_found_and_its_command_works(botcore: Botcore, site: Path) -> None:
    install_from_guide(site, "hello")
    (site.parent / "config.toml").write_text("")
    listed = await botcore("plugins", env=seeing(site))
    assert listed.code == 0
    assert "running" in rows(listed.out)["hello"]
    assert {"sproutgigs", "web"} <= rows(listed.out).keys()
    greeted = await botcore("do", "hello", "Ana", env=seeing(site))
    assert (greeted.code, greeted.out) == (0, "Hello, Ana! 0 accounts are configured.\n")


async def test_the_guides_marketplace_is_read_and_rated(botcore: Botcore, site: Path, tmp_path: Path) -> None:
    install_from_guide(site, "folder")
    work = tmp_path / "work"
    work.mkdir()
    (work / "essay.txt").write_text("All that was asked.")
    (tmp_path / "config.toml").write_text(f'[accounts.desk]\nprovider = "folder"\nfolder = "{work}"\n')
    ran = await botcore("do", "--json", "approve", "essay", env=seeing(site))
    assert ran.code == 0
    assert "All that was asked." in ran.out
    assert (work / "approve" / "essay.txt").exists()


async def test_the_guides_messenger_shows_cards_and_takes_commands(site: Path, tmp_path: Path) -> None:
    install_from_guide(site, "folder")
    install_from_guide(site, "notebook")
    install(site, "diary", diary(tmp_path / "diary.txt"))
    work = tmp_path / "work"
    work.mkdir()
    (work / "essay.txt").write_text("All that was asked.")
    (tmp_path / "config.toml").write_text(
        f"""
        [bot]
        listen = "127.0.0.1:0"
        undo_seconds = 0
        [accounts.desk]
        provider = "folder"
        folder = "{work}"
        [adapters.notebook]
        commands = "{tmp_path}/commands.txt"
        [[channels]]
        name = "notes"
        adapter = "notebook"
        to = "{tmp_path}/cards.txt"
        [people.ana]
        role = "owner"
        notebook = "me"
        """
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "botcore", "run", cwd=tmp_path, env={**os.environ, **seeing(site)},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await says(tmp_path / "cards.txt", "#A1")
        with (tmp_path / "commands.txt").open("a") as commands:
            commands.write("approve A1\n")
        await says(tmp_path / "cards.txt", "Approved by ana")
        await says(tmp_path / "diary.txt", "rating_confirmed")
        assert (work / "approve" / "essay.txt").exists()
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 60) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    told = (tmp_path / "diary.txt").read_text().split()
    assert set(told) == {hook for hook in HOOKS if not hook.startswith("register_")}


async def says(file: Path, text: str) -> None:
    async with asyncio.timeout(60):
        while not _holds(file, text):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)


def _holds(file: Path, text: str) -> bool:
    return file.exists() and text in file.read_text()


def diary(file: Path) -> str:
    """A plugin that notes every hook that tells something."""
    hooks = [f"@hookimpl\ndef {hook}(): note('{hook}')" for hook in HOOKS if not hook.startswith("register_")]
    note = f"def note(hook):\n    with open({str(file)!r}, 'a') as file:\n        file.write(hook + '\\n')"
    return "\n\n".join(["from botcore import hookimpl", note, *hooks])


# --- plugins that do not

RAISES_IN_EVERY_HOOK = "from botcore import hookimpl\n" + "".join(
    f"\n@hookimpl\ndef {hook}(): raise RuntimeError('ouch')\n" for hook in HOOKS
)
HANGS = """
    import asyncio, time
    from botcore import hookimpl

    @hookimpl
    def advise(submission):
        time.sleep(600)

    @hookimpl
    async def bot_stopping():
        await asyncio.sleep(600)
"""


async def test_broken_plugins_are_listed_with_what_is_wrong(botcore: Botcore, site: Path) -> None:
    install(site, "lost", "import no_such_library")
    install(site, "typo", "from botcore import hookimpl\n@hookimpl\ndef submission_recieved(): ...")
    ran = await botcore("plugins", env=seeing(site))
    assert ran.code == 1
    listed = rows(ran.out)
    assert "failed" in listed["lost"]
    assert "refused" in listed["typo"]
    assert "running" in listed["sproutgigs"]
    assert "running" in listed["web"]
    assert "No module named 'no_such_library'" in ran.err
    assert "did you mean submission_received?" in ran.err


@pytest.mark.parametrize(
    ("name", "source"),
    [("lost", "import no_such_library"), ("ouch", RAISES_IN_EVERY_HOOK), ("stuck", HANGS)],
    ids=["fails at import", "raises in every hook", "hangs, blocking and not"],
)
async def test_a_broken_plugin_costs_only_itself(
    botcore: Botcore, site: Path, tmp_path: Path, sandbox: SandboxServer, name: str, source: str
) -> None:
    install(site, name, source)
    sandbox.submit()
    (tmp_path / "config.toml").write_text(account_sections(sandbox.accounts))
    ran = await botcore("do", "--json", "pending", env=seeing(site))
    assert ran.code == 0
    assert ran.document["badge"] == "1 waiting"
    assert f"plugin {name}: " in ran.err


async def test_ratings_leave_and_other_plugins_work_beside_one_that_raises_in_every_hook(
    botcore: Botcore, site: Path, tmp_path: Path, sandbox: SandboxServer
) -> None:
    install_from_guide(site, "hello")
    install(site, "ouch", RAISES_IN_EVERY_HOOK)
    (task,) = sandbox.submit()
    (tmp_path / "config.toml").write_text(account_sections(sandbox.accounts))
    rated = await botcore("do", "approve", task, env=seeing(site))
    assert rated.code == 0
    assert [entry["task_id"] for entry in sandbox.ledger() if entry["kind"] == "rate"] == [task]
    assert (await botcore("do", "hello", env=seeing(site))).code == 0
