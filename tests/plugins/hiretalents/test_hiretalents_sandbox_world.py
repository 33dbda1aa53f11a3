"""The simulated HireTalents as a world: it goes on after a restart, goes wrong on request, and is nobody's copy."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from botcore.clock import ManualClock
from botcore.sandbox import FaultKind, SandboxServer
from botcore_hiretalents.sandbox import HireTalentsSandbox
from botcore_sproutgigs.sandbox import SproutGigsSandbox
from tests.plugins.hiretalents.buyer import Buyer

Open = Callable[..., Awaitable[SandboxServer]]


async def test_a_reopened_world_has_everything_it_had(open_sandbox: Open, plain_http: Any, tmp_path: Path) -> None:
    options: dict[str, Any] = {"database": tmp_path / "world.db"}
    server = await open_sandbox(**options)
    buyer = Buyer(plain_http, server)
    server.set_quirk("hire", "balance", "string")
    team = (await buyer.post("teams/create", {"title": "Night shift"}))["id"]
    job_id = await buyer.create(availseats=5)
    one = (await buyer.pending())[0]
    await buyer.rate(one["id"], 5, "again")
    server.report("hire", str((await buyer.pending())[0]["id"]))
    paths = ["me", "teams", "jobs/3/1", f"application/{one['id']}", f"job/{one['jobid']}/applications/all/1"]
    before = [await buyer.get(path) for path in paths]
    jobs, ledger, key = await buyer.get("jobs/all/1"), server.ledger(made_by="all"), buyer.settings["api_key"]
    await server.stop()

    reopened = Buyer(plain_http, await open_sandbox(**options, seed=99, waiting=100))
    assert reopened.settings["api_key"] == key
    again = [await reopened.get(path) for path in paths]
    old, new = server.url, reopened.server.url
    assert again == _moved(before, old, new)
    assert await reopened.get("jobs/all/1") == _moved(jobs, old, new)
    assert reopened.server.ledger(made_by="all") == ledger
    assert (team, job_id) == ((await reopened.get("teams"))[-1]["id"], (await reopened.get("jobs/all/1"))[0]["id"])


async def test_a_world_of_another_version_is_refused(open_sandbox: Open, tmp_path: Path) -> None:
    await (await open_sandbox(database=tmp_path / "world.db")).stop()
    import sqlite3

    with sqlite3.connect(tmp_path / "world.db") as db:
        db.execute("PRAGMA user_version = 1")
    db.close()
    with pytest.raises(OSError, match="another version"):
        await open_sandbox(database=tmp_path / "world.db")


async def test_the_same_seed_is_the_same_world(open_sandbox: Open) -> None:
    async def live(seed: int) -> list[str]:
        clock = ManualClock()
        server = await open_sandbox(seed=seed, busy=True, clock=clock)
        for _ in range(10):
            clock.advance(60)
            server.world.catch_up()
        return [
            repr(tuple(row)) for row in server.world.db.execute("SELECT id, worker_id, proofs FROM task ORDER BY n")
        ]

    assert await live(1) == await live(1)
    assert await live(1) != await live(2)


async def test_two_marketplaces_live_in_one_server(sandbox_clock: ManualClock, plain_http: Any) -> None:
    kinds: dict[str, Any] = {"sproutgigs": SproutGigsSandbox, "hiretalents": HireTalentsSandbox}
    server = SandboxServer(kinds, clock=sandbox_clock, busy=True, waiting=9)
    await server.start()
    try:
        for _ in range(20):
            sandbox_clock.advance(60)
            server.world.catch_up()
        counts = {name: account["tasks"] for name, account in server.state()["accounts"].items()}
        assert set(counts) == {"sprout", "hire"}
        assert all(count["unrated"] > 30 for count in counts.values())
        key = next(account for account in server.accounts if account.name == "hire").settings
        headers = {"Authorization": f"Bearer {key['api_key']}", "Accept": "application/json"}
        async with plain_http.get(key["base_url"] + "jobs/all/1", headers=headers) as response:
            assert len(await response.json()) == 3
    finally:
        await server.stop()


async def test_what_no_marketplace_ever_is_is_refused(sandbox: SandboxServer, buyer: Buyer) -> None:
    async def quirk(name: str, value: str) -> int:
        body = {"account": "hire", "name": name, "value": value}
        async with buyer.http.post(f"{sandbox.url}/_sandbox/quirk", json=body) as response:
            return response.status

    assert await quirk("callback", "pigeon") == 400
    assert await quirk("weather", "fine") == 400
    assert await quirk("callback", "get") == 200


async def test_the_back_door_reports(sandbox: SandboxServer, buyer: Buyer) -> None:
    one = (await buyer.pending())[0]
    async with buyer.http.post(f"{sandbox.url}/_sandbox/report", json={"task_id": str(one["id"])}) as response:
        assert response.status == 200
    assert (await buyer.get(f"application/{one['id']}"))["status"] == 2


@pytest.mark.parametrize(
    ("kind", "status", "effects"),
    [
        (FaultKind.ERROR, 500, 0),
        (FaultKind.ERROR_AFTER, 500, 1),
        (FaultKind.GARBAGE, 200, 1),
        (FaultKind.RATE_LIMIT, 429, 0),
        (FaultKind.UNAUTHORIZED, 401, 0),
        (FaultKind.REDIRECT, 302, 0),
        (FaultKind.REDIRECT_AFTER, 302, 1),
        (FaultKind.PARTIAL, 200, 1),
    ],
)
async def test_faults_strike_by_the_path_that_was_asked_for(
    sandbox: SandboxServer, buyer: Buyer, kind: FaultKind, status: int, effects: int
) -> None:
    first, second = (await buyer.pending())[:2]
    fault = sandbox.faults.add(f"application/{first['id']}/set", kind)
    assert (await buyer.ask("POST", f"application/{first['id']}/set", {"status": 3}))[0] == status
    assert (len(sandbox.ledger()), fault.fired) == (effects, 1)
    if kind is not FaultKind.RATE_LIMIT:
        await buyer.rate(second["id"], 3)
        assert (len(sandbox.ledger()), fault.fired) == (effects + 1, 1)


@pytest.mark.parametrize(("kind", "effects"), [(FaultKind.REFUSE, 0), (FaultKind.DROP, 1), (FaultKind.CUT, 1)])
async def test_a_closed_connection_says_nothing_of_its_effect(
    sandbox: SandboxServer, buyer: Buyer, kind: FaultKind, effects: int
) -> None:
    one = (await buyer.pending())[0]
    sandbox.faults.add("application/*/set", kind)
    with pytest.raises(aiohttp.ClientError):
        await buyer.rate(one["id"], 3)
    assert len(sandbox.ledger()) == effects


async def test_a_late_effect_lands_though_its_path_names_a_thing(
    sandbox: SandboxServer, buyer: Buyer, sandbox_clock: ManualClock
) -> None:
    one = (await buyer.pending())[0]
    sandbox.faults.add("application/*/set", FaultKind.ERROR_LATE, seconds=30, count=1)
    assert (await buyer.ask("POST", f"application/{one['id']}/set", {"status": 1, "reason": "no"}))[0] == 500
    sandbox_clock.advance(29)
    assert sandbox.ledger() == []
    sandbox_clock.advance(1)
    assert [entry["rating"] for entry in sandbox.ledger()] == ["not_ok"]


async def test_lists_shift_and_counts_are_wrong_on_request(sandbox: SandboxServer, buyer: Buyer) -> None:
    jobs = await buyer.get("jobs/all/1")
    sandbox.faults.add("jobs/*", FaultKind.SHIFTED, count=1)
    assert len({job["id"] for job in await buyer.get("jobs/all/1")}) == len(jobs) - 1
    sandbox.faults.add("jobs/*", FaultKind.MISCOUNT)
    wrong = [await buyer.get("jobs/all/1") for _ in range(3)]
    assert any([job["availseats"] for job in seen] != [job["availseats"] for job in jobs] for seen in wrong)


async def test_requests_are_counted_by_endpoint_and_not_by_thing(sandbox: SandboxServer, buyer: Buyer) -> None:
    await buyer.pending()
    counted = {endpoint: number for (_, endpoint), number in sandbox.requests.all.items()}
    assert counted == {"jobs/{status}/{page}": 1, "job/{job}/applications/{status}/{page}": 3}


async def test_workers_keep_coming_by_themselves(
    open_sandbox: Open, plain_http: Any, sandbox_clock: ManualClock
) -> None:
    buyer = Buyer(plain_http, await open_sandbox(busy=True, waiting=0))
    for _ in range(10):
        sandbox_clock.advance(30)
        await buyer.get("me")
    await asyncio.sleep(0)
    assert len(await buyer.pending()) >= 10


def test_the_simulation_uses_nothing_of_its_plugins_client() -> None:
    code = (
        "import sys, botcore_hiretalents.sandbox, botcore.sandbox.server;"
        "print([m for m in sys.modules if m.startswith(('botcore_', 'botcore.models', 'botcore.provider',"
        " 'botcore.transport', 'botcore.store')) and not m.startswith('botcore_hiretalents.sandbox')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['botcore_hiretalents']"


def _moved(thing: Any, old: str, new: str) -> Any:
    """The same served from elsewhere."""
    match thing:
        case str():
            return thing.replace(old, new)
        case list():
            return [_moved(each, old, new) for each in thing]
        case dict():
            return {name: _moved(value, old, new) for name, value in thing.items()}
    return thing
