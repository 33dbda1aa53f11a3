"""The local door: a unix socket beside the database, by which `botcore do` and others reach a running bot."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout, UnixConnector, web

from .access import LOCAL
from .adapter import Actor, AdapterError, Finding
from .app import Bot
from .bulk.asking import bulk_name
from .bulk.cards import bulk_card
from .bulk.desk import tally, unfinished_bulks
from .cards import submission_card
from .operations import operation_name, unfinished
from .posting.cards import card_of_operation
from .rating import unsettled
from .review import why_closed
from .store.port import Reader, Row, StoreError
from .trying import try_channels
from .ui import Card, File, Reply, Result, to_json

LONGEST_PATH = 100  # bytes; the system allows a little more for a unix socket's
EXIT = {Result.DONE: 0, Result.REFUSED: 1, Result.NEEDS_CONFIRMATION: 3, Result.IN_DOUBT: 4}
FATES = {"late": "overtaken", "stopped": "undone"}  # what was not decided in a bulk, as a decision's state
OWNER = Actor(LOCAL, "owner", "local owner")


class BotGone(StoreError):  # noqa: N818
    """The running bot took a command and did not answer: it may have done it."""


@dataclass(frozen=True, slots=True)
class Done:
    """What one command line came to: an exit code and a reply as JSON."""

    exit: int
    reply: dict[str, Any]


def socket_path(database: Path) -> Path:
    """Where a bot with this database listens."""
    beside = database.with_name(database.name + ".sock")
    if len(os.fsencode(beside)) <= LONGEST_PATH:
        return beside
    from platformdirs import user_runtime_path

    name = hashlib.sha256(os.fsencode(database.absolute())).hexdigest()[:24]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where the system has no such folder, a private one elsewhere will do
        return user_runtime_path("botcore", ensure_exists=True) / f"{name}.sock"


async def run_line(bot: Bot, line: str, files: Mapping[str, File] | None = None, *, yes: bool, wait: bool) -> Done:
    """Runs one command as the local owner. `files`: what its words may name. `yes` confirms what asks for it, `wait`
    returns once it has settled."""
    reply = await bot.dispatcher.command(OWNER, line, sure=yes, files=files)
    if reply.result is Result.NEEDS_CONFIRMATION and yes:
        for operation in reply.operations:
            reply = await bot.dispatcher.press(OWNER, f"confirm:{operation_name(operation)}:0")
        for bulk in reply.bulks:
            reply = await bot.dispatcher.press(OWNER, f"confirm-all:{bulk_name(bulk)}:0")
    if wait and (reply.decisions or reply.operations or reply.bulks) and reply.result is not Result.NEEDS_CONFIRMATION:
        reply = await _settled(bot, reply)
    return Done(EXIT[reply.result], json.loads(to_json(reply)))


async def sync_all(bot: Bot) -> list[Finding]:
    """Tells every messenger which commands there are."""
    told: list[Finding] = []
    for name, adapter in bot.adapters.items():
        try:
            words = await adapter.sync(bot.dispatcher)
        except AdapterError as error:
            told.append(Finding(False, f"adapter {name}: {error}"))
        else:
            told.append(Finding(True, f"adapter {name}: {words or 'keeps no list of commands'}"))
    return told


async def _settled(bot: Bot, reply: Reply) -> Reply:
    while accounts := await bot.store.read(_under_way, reply):
        helpless = all(bot.accounts[name].needs_person for name in accounts if name in bot.accounts)
        if helpless and not await bot.store.read(_is_leaving, reply, bot.clock.ms()):
            break  # no waiting helps: a key must be mended first
        await bot.clock.sleep(0.05)
    ends = await bot.store.read(_ends, reply, bot.clock.ms())
    states = {end.state for end in ends}
    result = reply.result
    if states - {"confirmed", "done", "refused", "cancelled", "undone", "overtaken"}:
        result = Result.IN_DOUBT
    elif states - {"confirmed", "done"}:
        result = Result.REFUSED
    words = "; ".join(end.words for end in ends)
    if reply.result is Result.REFUSED:  # some of it was: that stays said
        words = f"{reply.text} {words}".strip()
    card = reply.card
    if card and ends and (len(ends) == 1 or reply.bulks):
        card = await bot.store.read(_card, ends[0], bot.clock.ms())
    return replace(reply, text=words or reply.text, card=card, form=None, result=result)


@dataclass(frozen=True, slots=True)
class _End:
    """How a decision or an operation stands."""

    subject: str
    number: int  # of the submission or the operation
    state: str
    words: str


def _under_way(reader: Reader, reply: Reply) -> set[str]:
    """The accounts at which something of this reply is still on its way."""
    waiting = {row["account"] for row in unsettled(reader, reply.decisions)}
    waiting |= {row["account"] for row in unfinished(reader, reply.operations)}
    return waiting | unfinished_bulks(reader, reply.bulks)


def _ends(reader: Reader, reply: Reply, now: int) -> list[_End]:
    found: list[_End] = []
    for decision in reply.decisions:
        row = reader.one("SELECT * FROM decisions WHERE id = :id", id=decision)
        submission = row and reader.one("SELECT * FROM submissions WHERE id = :id", id=row["submission"])
        if row and submission:
            words = why_closed(reader, submission) if row["state"] == "overtaken" else _words(row)
            found.append(_End("submission", row["submission"], row["state"], words))
    for operation in reply.operations:
        row = reader.one("SELECT * FROM operations WHERE id = :id", id=operation)
        if row:
            found.append(_End("operation", operation, row["state"], _words(row)))
    for bulk in reply.bulks:
        for state, count in tally(reader, bulk, now).items():
            words = f"{count} {'not decided' if state in FATES else state}"
            found.append(_End("bulk", bulk, FATES.get(state, state), words))
    return found


def _is_leaving(reader: Reader, reply: Reply, now: int) -> bool:
    return any(end.state == "sending" for end in _ends(reader, reply, now))


def _words(row: Row) -> str:
    return f"{row['state']} ({row['message']})" if row["message"] else f"{row['state']}"


def _card(reader: Reader, end: _End, now: int) -> Card | None:
    match end.subject:
        case "submission":
            return submission_card(reader, end.number, now)
        case "bulk":
            return bulk_card(reader, end.number, now)
    return card_of_operation(reader, end.number)


class Door:
    """Serves the socket of a running bot; only its own user can open it."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self.path = socket_path(bot.config.bot.database)
        self._runner: web.AppRunner | None = None

    async def open(self) -> None:
        app = web.Application()
        app.router.add_post("/do", self._do)
        app.router.add_post("/link", self._link)
        app.router.add_post("/sync", self._sync)
        app.router.add_post("/try", self._try)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        self.path.unlink(missing_ok=True)  # left by a kill: the database's lock says nobody listens there
        before = os.umask(0o177)
        try:
            await web.UnixSite(self._runner, str(self.path)).start()
        finally:
            os.umask(before)

    async def close(self) -> None:
        if self._runner:
            await self._runner.cleanup()
        self.path.unlink(missing_ok=True)

    async def _do(self, request: web.Request) -> web.Response:
        asked = await request.json()
        files = {str(word): File(Path(word).name, str(text)) for word, text in asked.get("files", {}).items()}
        done = await run_line(self._bot, str(asked["line"]), files, yes=bool(asked["yes"]), wait=bool(asked["wait"]))
        return web.json_response({"exit": done.exit, "reply": done.reply})

    async def _link(self, request: web.Request) -> web.Response:
        asked = await request.json()
        person = await self._bot.people.named(str(asked["person"]))
        link = await self._bot.link_for(person) if person else None
        return web.json_response({"known": person is not None, "link": link})

    async def _sync(self, request: web.Request) -> web.Response:
        return web.json_response({"told": [[told.ok, told.text] for told in await sync_all(self._bot)]})

    async def _try(self, request: web.Request) -> web.Response:
        told = await try_channels(self._bot, running=True)
        return web.json_response({"told": [[finding.ok, finding.text] for finding in told]})


async def ask_running(database: Path, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
    """Asks a running bot; None where none is running on this database.

    Raises `BotGone` where it was reached and did not answer: what was asked for may have been done.
    """
    socket = socket_path(database)
    if not socket.exists():
        return None
    try:
        async with (
            ClientSession(connector=UnixConnector(str(socket)), timeout=ClientTimeout(total=None)) as session,
            session.post(f"http://bot{path}", json=body, raise_for_status=True) as response,
        ):
            answer: dict[str, Any] = await response.json()
            return answer
    except ClientConnectorError:
        return None
    except (ClientError, OSError, ValueError) as error:
        raise BotGone("the running bot did not answer: see `botcore do history` before you repeat it") from error
