"""A simulated marketplace, and a config for a bot that works on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from botcore.demo import account_sections
from botcore.host import Host
from botcore.sandbox import SandboxServer

CONFIG = """
[bot]
database = "{database}"
listen = "127.0.0.1:0"
undo_seconds = 600

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


@asynccontextmanager
async def town(folder: Path, name: str, *, waiting: int) -> AsyncIterator[Path]:
    """A config's path; `waiting` submissions are there, and no more come."""
    host = Host()
    host.load()
    sandbox = SandboxServer(host.sandboxes(), waiting=waiting, busy=False, page_size=1000)
    await sandbox.start()
    try:
        config = folder / f"{name}.toml"
        config.write_text(CONFIG.format(database=f"{name}.db", accounts=account_sections(sandbox.accounts)))
        yield config
    finally:
        await sandbox.stop()
        host.close()
