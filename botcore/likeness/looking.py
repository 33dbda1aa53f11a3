"""Has pictures looked at by a process of their own: strangers' files are never decoded in the bot's."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path

from .measures import HASH_BYTES, THUMB_BYTES, Look

COMMAND = (sys.executable, "-P", "-m", "botcore.likeness.worker")
PASSED_ON = ("HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH")  # of the environment, which may hold secrets
START = 60.0  # seconds until it is ready: its libraries are large
TIMEOUT = 20.0  # seconds for one picture
IDLE = 30.0  # seconds without a picture, after which the process is ended


class LookFailed(Exception):  # noqa: N818
    """The process died of a picture, or took too long. The message is safe to show to a person."""


class NothingToSee(Exception):  # noqa: N818
    """A picture that cannot be compared: no picture, or an empty one. The message is safe to show to a person."""


class Looker:
    """One process, started with the first picture and ended when there are none. Pictures wait for each other."""

    def __init__(self, *, timeout: float = TIMEOUT, idle: float = IDLE) -> None:
        self._timeout = timeout
        self._idle = idle
        self._process: Process | None = None
        self._turn = asyncio.Lock()
        self._rest: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return self._process.pid if self._process else None

    async def look(self, path: Path) -> Look:
        """What the picture in a file (by its absolute path) looks like. Raises `NothingToSee` and `LookFailed`."""
        async with self._turn:
            if self._rest:
                self._rest.cancel()
            try:
                return await self._look(path)
            except NothingToSee:
                raise
            except BaseException:
                await self._end()  # it may still be at this picture: the next one gets another process
                raise
            finally:
                if self._process:
                    self._rest = asyncio.get_running_loop().call_later(self._idle, self._kill)

    async def close(self) -> None:
        """Ends the process. What is being looked at fails."""
        if self._rest:
            self._rest.cancel()
        await self._end()

    async def _look(self, path: Path) -> Look:
        try:
            process = self._process
            if process is None or process.returncode is not None:  # none yet, or something else ended it
                async with asyncio.timeout(START):
                    process = await self._start()
            async with asyncio.timeout(self._timeout):
                answer = json.loads(await _ask(process, path))
            if "refused" in answer:
                raise NothingToSee(str(answer["refused"])[:200])
            look = Look(bytes.fromhex(answer["hash"]), bytes.fromhex(answer["thumb"]))
        except TimeoutError as error:
            raise LookFailed("looking at it took too long") from error
        except (OSError, EOFError, ValueError, KeyError, TypeError, asyncio.LimitOverrunError) as error:
            raise LookFailed("looking at it failed") from error
        if len(look.hash) != HASH_BYTES or len(look.thumb) != THUMB_BYTES:
            raise LookFailed("looking at it failed")
        return look

    async def _start(self) -> Process:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        process = self._process = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd="/",
            env=environment | {"OPENBLAS_NUM_THREADS": "1"},  # each would take address space
        )
        await _answer(process)
        return process

    def _kill(self) -> Process | None:
        process, self._process = self._process, None
        if process:
            with suppress(ProcessLookupError):  # it has died by itself
                process.kill()
        return process

    async def _end(self) -> None:
        if process := self._kill():
            await process.wait()


async def _ask(process: Process, path: Path) -> bytes:
    assert process.stdin is not None  # noqa: S101 - it was made with a pipe
    process.stdin.write(json.dumps(str(path)).encode() + b"\n")
    await process.stdin.drain()
    return await _answer(process)


async def _answer(process: Process) -> bytes:
    assert process.stdout is not None  # noqa: S101
    return await process.stdout.readuntil()
