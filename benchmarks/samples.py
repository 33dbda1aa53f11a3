"""What the benchmarks work on: submissions as they come, bots as they are configured, and databases without a bot."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from botcore.app import Bot
from botcore.clock import Clock
from botcore.config import load_config
from botcore.host import Host
from botcore.models import Proof, ProofKind, Submission

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
PAGE = 100  # submissions a poll reads at once
SECRET = "bench-webhook-secret"  # of accounts that no marketplace has

CONFIG = """
[bot]
database = "{name}.db"
listen = "127.0.0.1:0"
undo_seconds = {undo}
poll_seconds = {poll}

{accounts}
[adapters.web]

{adapters}
[[channels]]
name = "review"
adapter = "web"
to = "inbox"
purpose = "review"

[people.ana]
role = "owner"
web = true
"""

# A port where nobody listens: its marketplace is never reached.
ACCOUNT = """
[accounts.{name}]
provider = "sproutgigs"
user_id = "1"
api_secret = "none"
webhook_secret = "{secret}"
base_url = "http://127.0.0.1:9/"
"""


def submission(account: str, number: int, *, pictured: bool = True) -> Submission:
    """Two texts and a picture, of a worker who comes back now and then."""
    code = f"{number * 7919 % 1_000_003:06x}-{account}"
    liked = f"The page was quick and I liked number {number} best. I would visit {account} again: all was easy to find."
    proofs = [
        Proof(ProofKind.TEXT, "Paste the code that the last page shows", code),
        Proof(ProofKind.TEXT, "Say in two sentences what you liked", liked),
    ]
    if pictured:
        url = f"https://pictures.example.com/{account}/{number:07}.jpg"
        proofs.append(Proof(ProofKind.PICTURE, "A screenshot of the page after signing up", url=url))
    handed_in = START + timedelta(seconds=number)
    return Submission(
        account=account,
        job_id=f"job-{number // 500}",
        task_id=f"{account}-{number:07}",
        revision=0,
        worker_id=f"worker-{number % 3000}",
        submitted_at=handed_in,
        deadline=handed_in + timedelta(days=3650),  # not so near that a decision leaves at once
        price=Decimal("0.10"),
        proofs=tuple(proofs),
        country="US",
        ip_address=f"10.{number % 250}.{number // 250 % 250}.{number // 62_500}",
    )


def pages(account: str, count: int, *, pictured: bool = True) -> list[list[Submission]]:
    """`count` submissions as a poll brings them."""
    everything = [submission(account, number, pictured=pictured) for number in range(count)]
    return [everything[start : start + PAGE] for start in range(0, count, PAGE)]


def write_config(
    folder: Path, name: str, accounts: str, *, undo: float = 600, poll: float = 60, adapters: str = ""
) -> Path:
    """`adapters`: those beside the web's, and their channels."""
    path = folder / f"{name}.toml"
    path.write_text(CONFIG.format(name=name, accounts=accounts, undo=undo, poll=poll, adapters=adapters))
    return path


def unreachable(names: Sequence[str]) -> str:
    """The accounts' part of a config."""
    return "".join(ACCOUNT.format(name=name, secret=SECRET) for name in names)


@asynccontextmanager
async def open_bot(config: Path, *, started: bool = False, clock: Clock | None = None) -> AsyncIterator[Bot]:
    """A bot with all its parts, which do something by themselves only once it is `started`."""
    host = Host()
    host.load()
    bot = await Bot.open(load_config(config), host, clock)
    try:
        if started:
            await bot.start()
        yield bot
    finally:
        await bot.stop()


def bare_database(path: Path) -> sqlite3.Connection:
    """A database with the settings that the bot's has."""
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    return conn
