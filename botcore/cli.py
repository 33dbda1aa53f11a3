"""The command line. What a subcommand needs is imported when it runs, so that help comes at once."""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import __version__

if TYPE_CHECKING:
    from .config import Config
    from .host import Host

OK, FAILED, BAD_CONFIG = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one subcommand; returns its exit code."""
    options = _parser().parse_args(argv)
    from .problems import ConfigError
    from .store.port import StoreError

    try:
        code: int = options.run(options)
    except ConfigError as error:
        _complain(*error.lines)
        return BAD_CONFIG
    except StoreError as error:
        _complain(str(error))
        return FAILED
    except OSError as error:
        _complain(f"{error.filename or ''} {error.strerror or error}".strip())
        return FAILED
    except KeyboardInterrupt:
        return OK
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="botcore", description="Review micro-task submissions and run jobs from the chat your team already uses."
    )
    parser.add_argument("--version", action="version", version=f"botcore {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: object, text: str, *, config: bool = True) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        if config:
            sub.add_argument("--config", type=Path, default=Path("config.toml"), help="default: ./config.toml")
        return sub

    demo = add("demo", _demo, "simulated marketplaces, the bot and its page, no keys needed", config=False)
    demo.add_argument("--data", type=Path, default=Path(".botcore"), help="where it keeps its files (.botcore)")
    demo.add_argument("--fresh", action="store_true", help="forget what was done before")
    demo.add_argument("--port", type=int, default=8080, help="of the page; a free one is picked if it is taken")
    demo.add_argument("--sandbox-port", type=int, default=8090, help="of the simulated marketplaces, likewise")
    demo.add_argument("--seed", type=int, default=1)
    demo.add_argument("--speed", type=float, default=1.0, help="how fast the marketplaces' clock runs")
    demo.add_argument("--waiting", type=int, default=6, help="submissions that are there at the first start")
    demo.add_argument("--calm", action="store_true", help="no new submissions")

    add("run", _run, "run the bot")

    do = add("do", _do, "run one command as the local owner and print what it answers")
    do.add_argument("--json", action="store_true", help="print exactly one JSON document")
    do.add_argument("--yes", action="store_true", help="confirm what asks to be confirmed")
    do.add_argument("--wait", action="store_true", help="return when the decision has settled")
    do.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND ARGS...", help="such as: approve A31")

    check = add("check", _check, "check the settings, the keys, and what can be reached")
    check.add_argument("--send", action="store_true", help="send a test to every channel of notices")

    link = add("link", _link, "make a sign-in link for somebody")
    link.add_argument("person")

    add("sync", _sync, "tell the messengers which commands there are, also where they know already")

    add("plugins", _plugins, "list the plugins that are installed", config=False)

    sandbox = add("sandbox", _sandbox, "run simulated marketplaces alone", config=False)
    sandbox.add_argument("--port", type=int, default=8090)
    sandbox.add_argument("--database", type=Path, help="where they keep their state; left out: in memory")
    sandbox.add_argument("--seed", type=int, default=1)
    sandbox.add_argument("--speed", type=float, default=1.0, help="how fast their clock runs")
    sandbox.add_argument("--waiting", type=int, default=6, help="submissions that are there at the start")
    sandbox.add_argument("--page-size", type=int, default=50, help="entries on a page of every list")
    sandbox.add_argument("--calm", action="store_true", help="no new submissions")
    sandbox.add_argument("--webhook", help="where to tell of new submissions")

    backup = add("backup", _backup, "copy the database to a file, also while the bot runs")
    backup.add_argument("file", type=Path)
    restore = add("restore", _restore, "put a backup in the database's place; the bot must not run")
    restore.add_argument("file", type=Path)
    return parser


def _demo(options: argparse.Namespace) -> int:
    from .demo import DemoOptions, run_demo

    _set_up_logs()
    return asyncio.run(
        run_demo(
            DemoOptions(
                folder=options.data,
                fresh=options.fresh,
                port=options.port,
                sandbox_port=options.sandbox_port,
                seed=options.seed,
                speed=options.speed,
                waiting=options.waiting,
                busy=not options.calm,
            )
        )
    )


def _run(options: argparse.Namespace) -> int:
    gc.disable()  # until it has started: a start makes little garbage, and a tenth of it went into looking for it
    from .service import run_service

    config, host = _load(options)
    return asyncio.run(run_service(config, host))


def _do(options: argparse.Namespace) -> int:
    from .local import do

    words = list(options.words)
    for flag in ("--json", "--yes", "--wait"):  # also after the command's own words
        if flag in words:
            words.remove(flag)
            setattr(options, flag[2:], True)
    if not words:
        _complain("say which command, such as: botcore do pending")
        return FAILED
    config, host = _load(options)
    return asyncio.run(do(config, host, words, as_json=options.json, yes=options.yes, wait=options.wait))


def _check(options: argparse.Namespace) -> int:
    from .check import check

    config, host = _load(options)
    return asyncio.run(check(config, host, send=options.send))


def _link(options: argparse.Namespace) -> int:
    from .local import link

    config, host = _load(options)
    return asyncio.run(link(config, host, options.person))


def _sync(options: argparse.Namespace) -> int:
    from .local import sync

    config, host = _load(options)
    return asyncio.run(sync(config, host))


def _plugins(options: argparse.Namespace) -> int:
    from .draw import draw_card
    from .host import PluginState
    from .status import plugins_reply

    host = _load_host()
    card = plugins_reply(host.plugins).card
    if card:
        print(draw_card(card))
    healthy = all(plugin.state is PluginState.RUNNING for plugin in host.plugins)
    host.close()
    return OK if healthy else FAILED


def _sandbox(options: argparse.Namespace) -> int:
    from .demo import run_sandbox

    _set_up_logs()
    return asyncio.run(
        run_sandbox(
            port=options.port,
            database=options.database,
            seed=options.seed,
            speed=options.speed,
            waiting=options.waiting,
            page_size=options.page_size,
            busy=not options.calm,
            webhook=options.webhook,
        )
    )


def _backup(options: argparse.Namespace) -> int:
    from .config import load_config
    from .store.backup import backup

    size = backup(load_config(options.config).bot.database, options.file)
    print(f"{options.file}: {size} bytes")
    return OK


def _restore(options: argparse.Namespace) -> int:
    from .config import load_config
    from .store.backup import restore

    database = load_config(options.config).bot.database
    kept = restore(options.file, database)
    print(f"{database} is {options.file} now" + (f"; what was there is kept as {kept}" if kept else ""))
    print("At the next start the marketplaces are asked what became of everything that had not left yet.")
    return OK


def _load(options: argparse.Namespace) -> tuple[Config, Host]:
    from .config import load_config

    config = load_config(options.config)
    _set_up_logs(config.secrets)
    return config, _load_host()


def _load_host() -> Host:
    from .host import Host

    host = Host()
    host.load()
    return host


def _set_up_logs(secrets: frozenset[str] = frozenset()) -> None:
    from .logs import setup

    setup(secrets)


def _complain(*lines: str) -> None:
    for line in lines:
        print(f"botcore: {line}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
