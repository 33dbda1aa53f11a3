"""`botcore do`, `botcore link` and `botcore sync`: through the running bot, or else by itself."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from .adapter import Finding
from .app import Bot
from .attached import BadFile, check_size, read_file
from .commands.parse import BadInput, find_command, quoted
from .config import Config
from .control import EXIT, BotGone, Done, ask_running, run_line, sync_all
from .draw import draw_reply
from .host import Host
from .pacing import Urgency
from .provider import ProviderError
from .ui import File, Reply, Result

log = logging.getLogger(__name__)

_NAMED = re.compile(r"[A-Za-z][A-Za-z0-9_-]*=")


async def do(config: Config, host: Host, words: Sequence[str], *, as_json: bool, yes: bool, wait: bool) -> int:
    """Runs one command as the local owner and prints its answer; returns the exit code."""
    line = " ".join(quoted(word) for word in words)
    files, bad = _named_files(words)
    body = {"line": line, "files": files, "yes": yes, "wait": wait}
    try:
        answer = await ask_running(config.bot.database, "/do", body)
    except BotGone as error:
        print(f"botcore: {error}", file=sys.stderr)
        return EXIT[Result.IN_DOUBT]
    if answer is not None:
        host.close()
        done = Done(answer["exit"], answer["reply"])
    else:
        done = await _alone(config, host, line, files, yes=yes)
    reply = TypeAdapter(Reply).validate_python(done.reply)
    _print(reply, done.reply, as_json=as_json)
    for why in bad if reply.result is Result.REFUSED else ():
        print(f"botcore: {why}", file=sys.stderr)
    return done.exit


def _print(reply: Reply, raw: Mapping[str, Any], *, as_json: bool) -> None:
    """What goes to standard output is the answer alone: a file as it is, or one JSON document; words go beside it."""
    if as_json:
        import json

        names = ("text", "result", "form", *(("card", "file") if reply.file else ()))
        shown = raw["card"] if reply.card and not reply.file else {name: raw[name] for name in names}
        print(json.dumps(shown, ensure_ascii=False))
        if reply.card and reply.text and not reply.file:
            print(reply.text, file=sys.stderr)
    elif reply.file is not None:
        print(draw_reply(reply), file=sys.stderr)
        sys.stdout.buffer.write(reply.file.text.encode())
        sys.stdout.flush()
    else:
        print(draw_reply(reply))


def _named_files(words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The texts of the files that these words name, for a command that takes one: the bot may not see them itself.
    And what is wrong with those that cannot be taken."""
    found: dict[str, str] = {}
    bad: list[str] = []
    for word in words:
        name = word.partition("=")[2] if _NAMED.match(word) else word
        path = Path(name)
        try:
            if path.is_file():
                check_size(name, path.stat().st_size)
                found[name] = read_file(name, path.read_bytes()).text
        except BadFile as error:
            bad.append(str(error))
        except (OSError, ValueError):  # no such name: the command says what it misses
            continue
    return found, bad


async def _alone(config: Config, host: Host, line: str, files: Mapping[str, str], *, yes: bool) -> Done:
    """No bot is running: takes the database, reads the marketplaces where needed, and sees its own work out."""
    bot = await Bot.open(config, host, immediate=True)
    try:
        await bot.work_alone()
        unread = await _read_work(bot) if _reads_work(bot, line) else 0
        attached = {word: File(Path(word).name, text) for word, text in files.items()}
        done = await run_line(bot, line, attached, yes=yes, wait=True)
        nothing_read = bool(unread) and unread == len(bot.accounts)
        return Done(EXIT[Result.REFUSED], done.reply) if nothing_read and not done.exit else done
    finally:
        await bot.stop()


async def _read_work(bot: Bot) -> int:
    """Reads what the marketplaces have, for a person who waits; returns how many accounts could not be read."""
    unread = 0
    for account in bot.accounts.values():
        try:
            await bot.intake.poll(account, Urgency.PERSON)
        except ProviderError as error:
            unread += 1
            log.warning("%s could not be read: %s", account.name, error)
    return unread


def _reads_work(bot: Bot, line: str) -> bool:
    try:
        return find_command(bot.dispatcher.house.commands, line)[0].reads_work
    except BadInput:
        return False


async def link(config: Config, host: Host, name: str) -> int:
    """Prints a sign-in link for a person; returns the exit code."""
    answer = await ask_running(config.bot.database, "/link", {"person": name})
    if answer is None:
        bot = await Bot.open(config, host)
        try:
            person = await bot.people.named(name)
            answer = {"known": person is not None, "link": await bot.link_for(person) if person else None}
        finally:
            await bot.stop()
    if answer["link"]:
        print(answer["link"])
        return 0
    why = (
        f"{name} has no page: give them web = true in the config, or `person add {name} role=... web=yes`, "
        "and have an [adapters.web] section"
        if answer["known"]
        else f"nobody is called {name}: see `botcore do person list`"
    )
    print(f"botcore: {why}", file=sys.stderr)
    return 1


async def sync(config: Config, host: Host) -> int:
    """Tells every messenger which commands there are, and prints what it says; returns the exit code."""
    answer = await ask_running(config.bot.database, "/sync", {})
    if answer is not None:
        host.close()
        told = [Finding(ok, text) for ok, text in answer["told"]]
    else:
        bot = await Bot.open(config, host)
        try:
            told = await sync_all(bot)
        finally:
            await bot.stop()
    for finding in told:
        print(f"{'ok' if finding.ok else 'FAILED':8}{finding.text}")
    return 0 if all(finding.ok for finding in told) else 1
