"""docs/marketplaces.md says what is there: endpoints, commands, settings and limits of each marketplace."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web

from botcore import Command
from botcore.commands.core import core_commands
from botcore.config import load_config
from botcore.host import Host
from botcore.models import Rating, Verdict
from botcore.pacing import OpenGate
from botcore.provider import Capability, Provider, ProviderError
from botcore.transport import Transport
from botcore_hiretalents.api import HireTalentsApi
from botcore_picoworkers.api import PicoworkersApi
from botcore_sproutgigs.api import SproutGigsApi
from botcore_sproutgigs.gigs import Gigs, Wanted
from botcore_sproutgigs.wire import WireStanding

PAGE = (Path(__file__).parents[1] / "docs" / "marketplaces.md").read_text()
DOCUMENTED = {"sproutgigs": 29, "picoworkers": 18, "hiretalents": 23}  # endpoints, and what calls us
LATER = "not yet reachable"
ALONE = ("reading new work", "settling doubts")  # what the bot does by itself
MEANS = {"endpoint", "read"}  # a method that takes one is no endpoint, but a way to ask any

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
RATING = Rating("t1", revision=0, verdict=Verdict.APPROVE)
VALUES: Mapping[str, Any] = {
    "amount": Decimal(10), "application_id": "a1", "category_id": "0501", "changes": {}, "count": 1, "days": 1,
    "gig_id": "g1", "ids": ["t1"], "job_id": "j1", "kind": WireStanding, "list_id": "1", "note": "n", "page": 1,
    "positions": 1, "rating": RATING, "ratings": [RATING], "reason": "r", "since": SINCE, "speed": 1,
    "status": "1", "team_id": "1", "terms": {}, "title": "t", "wanted": Wanted(), "worker_id": "w1", "workers": ["w1"],
}  # fmt: skip


class Entry(NamedTuple):
    what: str  # an endpoint with its method, or what calls us
    use: str

    @property
    def commands(self) -> list[str]:
        return re.findall(r"`([^`]+)`", self.use)

    @property
    def calls_us(self) -> bool:
        return self.what.startswith(("webhook", "callback"))


def loaded() -> tuple[Mapping[str, type[Provider]], Mapping[str, Any], list[Command]]:
    host = Host()
    host.load()
    found = host.providers(), host.sandboxes(), [*core_commands(["web"]), *host.commands()]
    host.close()
    return found


PROVIDERS, SANDBOXES, COMMANDS = loaded()
each = pytest.mark.parametrize("name", DOCUMENTED)


def section(name: str) -> str:
    found = re.search(rf"^## {PROVIDERS[name].title}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, name
    return found[1]


def table(name: str) -> list[Entry]:
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", section(name), re.MULTILINE)
    return [Entry(what, use) for what, use in rows[1:] if "---" not in what]


def endpoints(name: str) -> dict[str, Entry]:
    return {entry.what.strip("`"): entry for entry in table(name) if not entry.calls_us}


def served(name: str, command: Command) -> bool:
    kind = PROVIDERS[name]
    return command.provider in ("", name) and (command.needs is None or command.needs in kind.capabilities)


def special() -> list[Command]:
    """Commands that not every marketplace can serve."""
    return [command for command in COMMANDS if command.needs is not None or command.provider]


async def asked_by(name: str) -> set[str]:
    """Every endpoint that a client has: each of its methods is called once, and this is what it asked for first and,
    where that was refused, next."""
    asked: set[str] = set()

    async def refuse(request: web.Request) -> web.Response:
        asked.add(f"{request.method} {request.path.removeprefix('/api/')}")
        return web.json_response({}, status=404)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    transport = Transport(f"http://127.0.0.1:{runner.addresses[0][1]}/api/", OpenGate())
    try:
        for client in clients(name, transport):
            for _, method in inspect.getmembers(client, _asks):
                await _call(method)
    finally:
        await transport.close()
        await runner.cleanup()
    return asked


def clients(name: str, transport: Transport) -> list[object]:
    if name == "hiretalents":
        return [HireTalentsApi(transport)]
    if name == "picoworkers":
        return [PicoworkersApi(transport)]
    api = SproutGigsApi(transport)
    return [api, Gigs(api)]


def _asks(method: object) -> bool:
    if not (inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method)):
        return False
    return not method.__name__.startswith("_") and not MEANS & set(inspect.signature(method).parameters)


async def _call(method: Any) -> None:
    needed = [p.name for p in inspect.signature(method).parameters.values() if p.default is p.empty]
    started = method(**{parameter: VALUES[parameter] for parameter in needed})
    with suppress(ProviderError):
        await (anext(started) if inspect.isasyncgen(started) else started)


def templated(asked: str, templates: Mapping[str, Entry]) -> str:
    """The endpoint of the table that a request is of; the request itself where there is none."""
    for template in sorted(templates, key=lambda text: text.count("{")):
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), asked):
            return template
    return asked


@each
def test_the_table_has_what_the_marketplace_documents_and_nothing_else(name: str) -> None:
    simulated = SANDBOXES[name]("http://127.0.0.1:9").endpoints()
    assert set(endpoints(name)) == {f"{endpoint.method} {path}" for path, endpoint in simulated.items()}
    assert len(table(name)) == DOCUMENTED[name]


@each
async def test_the_table_has_what_the_client_asks_for_and_says_what_it_does_not(name: str) -> None:
    rows = endpoints(name)
    reached = {what for what, entry in rows.items() if entry.commands or LATER not in entry.use}
    assert {templated(asked, rows) for asked in await asked_by(name)} == reached


@each
def test_who_calls_us_is_in_the_table_where_anybody_does(name: str) -> None:
    called = any(entry.calls_us for entry in table(name))
    assert called == (Capability.WEBHOOKS in PROVIDERS[name].capabilities)


@each
def test_every_endpoint_has_a_use_and_every_command_it_names_is_served_there(name: str) -> None:
    there = {command.name for command in COMMANDS if served(name, command)}
    for entry in table(name):
        assert entry.commands or any(words in entry.use for words in (*ALONE, LATER)), entry
        assert set(entry.commands) <= there, entry


@each
def test_no_command_that_is_made_of_endpoints_is_left_out(name: str) -> None:
    named = {command for entry in table(name) for command in entry.commands}
    assert {command.name for command in special() if served(name, command)} <= named


@each
def test_what_it_cannot_do_are_the_commands_that_it_does_not_serve(name: str) -> None:
    found = re.search(r"\*\*What it cannot do\*\*\n\n((?:(?:- |  ).*\n)+)", section(name))
    assert found
    told = set(re.findall(r"`([^`]+)`", found[1]))
    names = {command.name for command in special()}
    cannot = {command.name for command in special() if not served(name, command)}
    assert cannot <= told
    # what is recommended in their stead is served
    assert all(served(name, command) for command in special() if command.name in (told & names) - cannot)


@each
def test_the_config_section_loads_and_has_every_key(name: str, tmp_path: Path) -> None:
    found = re.search(r"```toml\n(.*?)```", section(name), re.DOTALL)
    assert found
    (tmp_path / "config.toml").write_text(found[1])
    secrets = dict.fromkeys(re.findall(r'env = "(\w+)"', found[1]), "a-secret-of-twenty-characters")
    config = load_config(tmp_path / "config.toml", secrets)
    ((account, raw),) = config.accounts.items()
    assert raw.provider == name
    settings = config.account_settings(account, PROVIDERS[name].Settings)
    assert settings.model_fields_set == set(PROVIDERS[name].Settings.model_fields)
    defaults = {key: field.default for key, field in PROVIDERS[name].Settings.model_fields.items()}
    assert settings.model_dump()["base_url"] == defaults["base_url"]


def test_the_limits_are_those_that_commands_keep() -> None:
    rows = {cells[1].strip(): cells[2:-1] for line in PAGE.splitlines() if len(cells := line.split("|")) == 6}
    for column, name in enumerate(DOCUMENTED):
        kind = PROVIDERS[name]
        assert rows["Ratings in one call"][column].strip() == str(kind.batch_size)
        assert _span(kind.positions_range) in rows["Positions at once"][column]
        if Capability.TIME_TO_RATE in kind.capabilities:
            assert rows["Days to rate"][column].strip() == _span(kind.time_to_rate_range)
        if Capability.SPEED in kind.capabilities:
            assert rows["Speed of a job"][column].strip() == _span(kind.speed_range)
        yes = {Capability.BONUS, Capability.SATISFACTION} <= kind.capabilities
        assert rows["Bonus, satisfaction"][column].strip() == ("yes" if yes else "no")


def _span(limits: tuple[int, int]) -> str:
    return f"{limits[0]} to {limits[1]}"
