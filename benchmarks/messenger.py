"""A pretended messenger, as a bot's config and a benchmark see it: the process is `pretended`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

Messenger = Literal["discord", "telegram"]

LONGEST_LINE = 2**24  # of its answers


@dataclass(frozen=True, slots=True)
class Pretended:
    """Where it is, and who its people are there. `guild` is Discord's."""

    messenger: Messenger
    base_url: str
    token: str
    channel: str
    people: Sequence[str]
    guild: str
    process: asyncio.subprocess.Process

    @property
    def section(self) -> str:
        """Of a config."""
        guild = f'guild = "{self.guild}"\n' if self.guild else ""
        return f'[adapters.{self.messenger}]\ntoken = "{self.token}"\nbase_url = "{self.base_url}"\n{guild}'

    @property
    def review_channel(self) -> str:
        """Of a config: where cards go."""
        return f'[[channels]]\nname = "{self.messenger}"\nadapter = "{self.messenger}"\nto = "{self.channel}"\n'

    async def ready(self) -> None:
        """Once a bot listens."""
        await self._ask("ready")

    async def press(self, names: Sequence[str]) -> list[float]:
        """People approve these; how many seconds each waited."""
        return await self._ask("press", names)

    async def command(self, names: Sequence[str]) -> list[float]:
        """People have these shown; how many seconds each waited."""
        return await self._ask("command", names)

    async def _ask(self, *what: Any) -> list[float]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what).encode() + b"\n")
        return await _answer(self.process)  # type: ignore[no-any-return]


@asynccontextmanager
async def pretended(messenger: Messenger) -> AsyncIterator[Pretended]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.pretended", messenger,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LONGEST_LINE,
    )  # fmt: skip
    try:
        said = await _answer(process)
        yield Pretended(
            messenger,
            said["base_url"],
            said["token"],
            str(said["channel"]),
            said["people"],
            said.get("guild", ""),
            process,
        )
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answer(process: asyncio.subprocess.Process) -> Any:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError("the pretended messenger has ended")
    return json.loads(line)
