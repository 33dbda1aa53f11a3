"""The simulated world itself: the same from the same seed, going on after any end, with a back door."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from botcore.clock import ManualClock
from botcore.sandbox import SandboxClock, SandboxServer

Start = Callable[..., Awaitable[SandboxServer]]
Call = Callable[..., Awaitable[Any]]
Caller = Callable[[SandboxServer], Call]
Until = Callable[[Callable[[], object]], Awaitable[None]]
Back = Callable[..., Awaitable[Any]]


@pytest.fixture
def back(http: aiohttp.ClientSession, server: SandboxServer) -> Back:
    """Asks at the back door: `await back(path, body)`."""

    async def ask(path: str, body: Any = None, status: int = 200) -> Any:
        method = "GET" if body is None else "POST"
        async with http.request(method, f"{server.url}/_sandbox/{path}", json=body) as response:
            assert response.status == status, await response.text()
            return await response.json()

    return ask


def _contents(server: SandboxServer) -> list[str]:
    """Everything that happened, pictures and workers included, but for where it was served."""
    server.world.catch_up()
    tables = ("job", "task", "revision", "worker", "picture", "ledger", "member", "agenda")
    return [
        repr(tuple(row)) for table in tables for row in server.world.db.execute(f"SELECT * FROM {table} ORDER BY 1")
    ]


async def test_the_same_seed_is_the_same_world(start: Start) -> None:
    async def live(seed: int) -> list[str]:
        clock = ManualClock()
        server = await start(seed=seed, busy=True, clock=clock)
        for _ in range(20):
            clock.advance(30)
            server.world.catch_up()
        return _contents(server)

    assert await live(1) == await live(1)
    assert await live(1) != await live(2)


async def test_a_busy_world_gets_a_submission_every_eight_to_twenty_seconds(start: Start, clock: ManualClock) -> None:
    server = await start(busy=True, waiting=0)
    for _ in range(60):
        clock.advance(10)
        server.world.catch_up()
    made = server.state()["accounts"]["sprout"]["tasks"]["unrated"]
    assert 600 / 20 - 1 <= made <= 600 / 8


async def test_submissions_arrive_by_themselves_as_the_clock_goes_on(
    start: Start, clock: ManualClock, until: Until
) -> None:
    server = await start(busy=True, waiting=0)
    count = server.world.db.execute
    clock.advance(21)
    await until(lambda: count("SELECT count(*) FROM task").fetchone()[0] == 1)


async def test_workers_do_not_make_up_for_a_long_night(start: Start, clock: ManualClock) -> None:
    server = await start(busy=True, waiting=0)
    clock.advance(12 * 3600)
    assert server.state()["accounts"]["sprout"]["tasks"]["unrated"] <= 1
    clock.advance(60)
    assert server.state()["accounts"]["sprout"]["tasks"]["unrated"] >= 3


async def test_a_reopened_world_goes_on_as_if_nothing_had_happened(
    start: Start, tmp_path: Path, caller: Caller, clock: ManualClock
) -> None:
    async def live(restarts: bool, name: str) -> list[str]:
        clock = ManualClock()
        options: dict[str, Any] = {"database": tmp_path / name, "busy": True, "clock": clock}
        server = await start(**options)
        keys = server.accounts[0].settings["api_secret"]
        for step in range(12):
            clock.advance(45)
            call = caller(server)
            task = (await call("jobs/get-unrated-tasks"))["tasks"][0]
            rating = {"job_id": task["job_id"], "task_id": task["id"], "task_comment": f"step {step}"}
            await call("jobs/rate-single-task", {**rating, "task_rating": ("ok", "revise", "not_ok")[step % 3]})
            if restarts and step % 3 == 0:
                await server.stop()
                server = await start(**options, seed=99)
        assert server.accounts[0].settings["api_secret"] == keys
        return _contents(server)

    assert await live(True, "restarted.db") == await live(False, "straight.db")


_PROCESS = """
import asyncio, json, sys
from pathlib import Path
from botcore.sandbox import SandboxServer
from botcore_sproutgigs.sandbox import SproutGigsSandbox

async def main():
    server = SandboxServer({"sproutgigs": SproutGigsSandbox}, database=Path(sys.argv[1]), interval=0, waiting=30)
    await server.start()
    print(json.dumps(server.accounts[0].settings), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_what_was_answered_survives_a_kill(start: Start, http: aiohttp.ClientSession, tmp_path: Path) -> None:
    database = tmp_path / "world.db"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PROCESS, str(database), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        settings = json.loads(await process.stdout.readline())
        headers = {"Authorization": aiohttp.encode_basic_auth(settings["user_id"], settings["api_secret"])}
        async with http.get(settings["base_url"] + "jobs/get-unrated-tasks.php", headers=headers) as response:
            tasks = (await response.json())["tasks"]
        answered = []
        for task in tasks[:20]:
            rating = {"job_id": task["job_id"], "task_id": task["id"], "task_rating": "ok", "task_bonus": 0.5}
            url = settings["base_url"] + "jobs/rate-single-task.php"
            async with http.post(url, json=rating, headers=headers) as response:
                assert (await response.json())["ok"]
                answered.append(task["id"])
    finally:
        process.kill()
        await process.wait()

    server = await start(database=database, clock=None)
    assert [entry["task_id"] for entry in server.ledger()] == answered
    assert server.state()["accounts"]["sprout"]["spendable"] == "240.0000"
    assert server.accounts[0].settings["api_secret"] == settings["api_secret"]


async def test_time_never_goes_back_from_one_run_to_the_next(start: Start, tmp_path: Path) -> None:
    server = await start(database=tmp_path / "world.db", clock=None)
    server.advance(10 * 86_400)
    server.submit()
    then = server.clock.now()
    await server.stop()
    again = await start(database=tmp_path / "world.db", clock=None)
    assert again.clock.now() >= then.replace(microsecond=0)


async def test_two_accounts_at_one_marketplace_know_nothing_of_each_other(start: Start, caller: Caller) -> None:
    server = await start(accounts={"first": "sproutgigs", "second": "sproutgigs"})
    first, second = server.accounts
    assert (first.name, second.name) == ("first", "second")
    assert first.settings["api_secret"] != second.settings["api_secret"]
    tasks = (await caller(server)("jobs/get-unrated-tasks"))["tasks"]
    assert len(tasks) == 6
    assert server.state()["accounts"]["second"]["tasks"]["unrated"] == 6
    server.submit("second")
    assert (await caller(server)("jobs/get-unrated-tasks"))["tasks"] == tasks


async def test_a_taken_port_is_an_error_and_leaves_nothing_open(start: Start, server: SandboxServer) -> None:
    port = int(server.url.rpartition(":")[2])
    other = SandboxServer({}, clock=ManualClock())
    with pytest.raises(OSError, match="in use"):
        await other.start(port=port)
    await other.stop()


async def test_five_thousand_may_wait_at_the_start(start: Start, caller: Caller) -> None:
    server = await start(waiting=5000)
    assert server.state()["accounts"]["sprout"]["tasks"]["unrated"] == 5000
    page = await caller(server)("jobs/get-unrated-tasks", page=100)
    assert (page["pages"], len(page["tasks"])) == (100, 50)


async def test_the_back_door_tells_and_turns_the_clock(server: SandboxServer, back: Back, clock: ManualClock) -> None:
    before = clock.now()
    answer = await back("clock", {"advance": 90.5})
    assert (clock.now() - before).total_seconds() == 90.5
    assert answer["now"] == (await back("state"))["now"] == clock.now().isoformat()
    for nonsense in ({}, {"advance": -1}, {"advance": "1"}):
        assert "advance" in (await back("clock", nonsense, 400))["error"]


async def test_the_back_door_plays_a_worker(server: SandboxServer, back: Back, call: Call) -> None:
    job_id = (await call("jobs/get-jobs"))["jobs"][1]["id"]
    proofs = [{"text": "<script>"}, {"screenshot": "http://example.org/a.png"}, {"file": {"size": 3}}, "bare"]
    one = {"account": "sprout", "job_id": job_id, "proofs": proofs, "country": "ZZ", "ip": "192.0.2.1"}
    (task_id,) = (await back("submit", one))["task_ids"]
    (task,) = (await call("jobs/get-unrated-tasks", job_id=job_id, task_ids=task_id))["tasks"]
    assert (task["proofs"], task["country_code"], task["ip_address"]) == (proofs, "ZZ", "192.0.2.1")

    await call(
        "jobs/rate-single-task", {"job_id": job_id, "task_id": task_id, "task_rating": "revise", "task_comment": "?"}
    )
    await back("submit", {"task_id": task_id, "proofs": [{"text": "better"}]})
    (again,) = (await call("jobs/get-unrated-tasks", job_id=job_id, task_ids=task_id))["tasks"]
    assert (again["revision_number"], again["proofs"]) == (1, [{"text": "better"}])
    assert len((await back("submit", {"count": 4, "worker_id": task["worker_id"], "job_id": job_id}))["task_ids"]) == 4
    assert "Worker" in (await back("submit", {"worker_id": "nobody"}, 400))["error"]
    assert "account" in (await back("submit", {"account": "nobody"}, 400))["error"]


async def test_the_back_door_rates_as_the_buyer_on_the_site(server: SandboxServer, back: Back, call: Call) -> None:
    task = (await call("jobs/get-unrated-tasks"))["tasks"][0]
    await back("rate", {"job_id": task["job_id"], "task_id": task["id"], "rating": "ok"})
    assert await back("ledger") == []
    assert [entry["by"] for entry in await back("ledger?by=all")] == ["site"]
    assert await back("ledger?by=site&account=sprout") == await back("ledger?by=all")
    assert (
        "rated" in (await back("rate", {"job_id": task["job_id"], "task_id": task["id"], "rating": "ok"}, 400))["error"]
    )


async def test_the_back_door_sets_and_clears_faults(
    http: aiohttp.ClientSession, server: SandboxServer, back: Back, call: Call
) -> None:
    made = await back("faults", {"endpoint": "users/*", "kind": "garbage", "count": 1, "probability": 1})
    with pytest.raises(aiohttp.ContentTypeError):
        await call("users/get-balances")
    assert await back("faults") == [{**made, "fired": 1}]
    assert "kind" in (await back("faults", {"endpoint": "*", "kind": "bad mood"}, 400))["error"]
    async with http.delete(f"{server.url}/_sandbox/faults") as response:
        assert await response.json() == []
    assert server.faults.all() == []


async def test_the_back_door_counts_requests(server: SandboxServer, back: Back, call: Call) -> None:
    for _ in range(3):
        await call("jobs/get-jobs")
    count = await back("requests")
    assert count["accounts"] == {"sprout": {"jobs/get-jobs.php": {"requests": 3, "429": 0}}}
    assert (count["requests"], count["429"]) == (3, 0)


async def test_the_back_door_sets_the_webhook(server: SandboxServer, back: Back) -> None:
    await back("webhook", {"account": "sprout", "url": "http://127.0.0.1:9/x"})
    assert (await back("state"))["accounts"]["sprout"]["webhook"]["url"] == "http://127.0.0.1:9/x"


async def test_a_jump_of_the_sandboxes_clock_wakes_who_sleeps_through_it() -> None:
    clock = SandboxClock(start=datetime(2026, 1, 1, tzinfo=UTC))
    sleeping = asyncio.create_task(clock.sleep(3600))
    longer = asyncio.create_task(clock.sleep(7200))
    await asyncio.sleep(0.01)
    clock.advance(3600)
    await asyncio.wait_for(sleeping, 60)
    assert not longer.done()
    longer.cancel()


def test_the_light_names_import_nothing_heavy() -> None:
    code = (
        "import sys, botcore.sandbox, botcore_sproutgigs.sandbox;"
        "print([m for m in ('aiohttp', 'PIL', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_simulation_uses_nothing_of_its_plugins_client() -> None:
    code = (
        "import sys, botcore_sproutgigs.sandbox, botcore.sandbox.server;"
        "print([m for m in sys.modules if m.startswith(('botcore_', 'botcore.models', 'botcore.provider',"
        " 'botcore.transport', 'botcore.store')) and not m.startswith('botcore_sproutgigs.sandbox')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['botcore_sproutgigs']"
