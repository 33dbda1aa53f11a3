"""Each way to go wrong, seen from the client and in the ledger."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from botcore.clock import ManualClock
from botcore.sandbox import FaultKind, SandboxServer
from botcore.sandbox.faults import Fault, FaultBook

Start = Callable[..., Awaitable[SandboxServer]]
Call = Callable[..., Awaitable[Any]]
Until = Callable[[Callable[[], object]], Awaitable[None]]

RATE = "jobs/rate-single-task.php"


@pytest.fixture
async def rating(call: Call) -> dict[str, str]:
    """A rating that nothing is wrong with."""
    task = (await call("jobs/get-unrated-tasks"))["tasks"][0]
    return {"job_id": task["job_id"], "task_id": task["id"], "task_rating": "ok"}


@pytest.fixture
def send(
    http: aiohttp.ClientSession, server: SandboxServer, rating: dict[str, str]
) -> Callable[[], Awaitable[tuple[int, str]]]:
    """Sends the rating; returns status and body as they come."""
    settings = server.accounts[0].settings
    headers = {"Authorization": aiohttp.encode_basic_auth(settings["user_id"], settings["api_secret"])}

    async def go() -> tuple[int, str]:
        url = settings["base_url"] + RATE
        async with http.post(url, json=rating, headers=headers, allow_redirects=False) as response:
            return response.status, await response.text()

    return go


Send = Callable[[], Awaitable[tuple[int, str]]]


@pytest.mark.parametrize(
    ("kind", "status", "effects"),
    [
        (FaultKind.ERROR, 503, 0),
        (FaultKind.ERROR_AFTER, 503, 1),
        (FaultKind.GARBAGE, 200, 1),
        (FaultKind.REDIRECT, 302, 0),
        (FaultKind.REDIRECT_AFTER, 302, 1),
    ],
)
async def test_a_broken_answer_says_nothing_of_its_effect(
    server: SandboxServer, send: Send, kind: FaultKind, status: int, effects: int
) -> None:
    fault = server.faults.add(RATE, kind, status=503)
    answer = await send()
    assert answer[0] == status
    assert not answer[1].startswith("{")
    assert (len(server.ledger()), fault.fired) == (effects, 1)


async def test_an_answer_that_breaks_off_has_had_its_effect(server: SandboxServer, send: Send) -> None:
    server.faults.add(RATE, FaultKind.CUT)
    with pytest.raises(aiohttp.ClientPayloadError):
        await send()
    assert len(server.ledger()) == 1


async def test_a_good_key_is_turned_away_and_nothing_is_done(server: SandboxServer, send: Send) -> None:
    server.faults.add(RATE, FaultKind.UNAUTHORIZED, count=1)
    assert (await send())[0] == 401
    assert server.ledger() == []
    assert (await send())[0] == 200


async def test_a_slow_answer_is_the_true_one(
    server: SandboxServer, send: Send, clock: ManualClock, until: Until
) -> None:
    fault = server.faults.add(RATE, FaultKind.SLOW, seconds=3)
    sending = asyncio.ensure_future(send())
    await until(lambda: fault.fired)
    await asyncio.sleep(0)
    clock.advance(3)
    assert json.loads((await sending)[1])["ok"]


async def test_an_effect_may_come_after_an_error(server: SandboxServer, send: Send, clock: ManualClock) -> None:
    server.faults.add(RATE, FaultKind.ERROR_LATE, seconds=10, status=504)
    assert (await send())[0] == 504
    assert server.ledger() == []
    clock.advance(10)
    assert [entry["kind"] for entry in server.ledger()] == ["rate"]


@pytest.mark.parametrize(("kind", "effects"), [(FaultKind.REFUSE, 0), (FaultKind.DROP, 1)])
async def test_a_closed_connection_says_nothing_of_its_effect(
    server: SandboxServer, send: Send, kind: FaultKind, effects: int
) -> None:
    server.faults.add(RATE, kind)
    with pytest.raises(aiohttp.ClientConnectionError):
        await send()
    assert len(server.ledger()) == effects


@pytest.mark.parametrize(("kind", "effects"), [(FaultKind.HANG_BEFORE, 0), (FaultKind.HANG_AFTER, 1)])
async def test_a_call_that_hangs_is_closed_in_the_end(
    server: SandboxServer, send: Send, clock: ManualClock, until: Until, kind: FaultKind, effects: int
) -> None:
    fault = server.faults.add(RATE, kind, seconds=120)
    sending = asyncio.create_task(_never_answered(send))
    await until(lambda: fault.fired)
    assert len(server.ledger()) == effects
    await asyncio.sleep(0)
    clock.advance(119)
    done, _ = await asyncio.wait([sending], timeout=0.05)
    assert not done
    clock.advance(1)
    await sending
    assert len(server.ledger()) == effects


async def test_a_late_effect_lands_after_the_client_gave_up(
    server: SandboxServer, send: Send, clock: ManualClock, until: Until
) -> None:
    fault = server.faults.add(RATE, FaultKind.LATE, seconds=30)
    await _given_up(send, until, fault)
    await until(lambda: _agenda(server, "late call"))
    clock.advance(29.9)
    assert server.ledger() == []
    clock.advance(0.1)
    assert [entry["kind"] for entry in server.ledger()] == ["rate"]
    clock.advance(3600)
    assert len(server.ledger()) == 1


async def test_a_late_effect_that_comes_too_late_is_none(
    server: SandboxServer, send: Send, clock: ManualClock, until: Until
) -> None:
    fault = server.faults.add(RATE, FaultKind.LATE, count=1)
    await _given_up(send, until, fault)
    await until(lambda: _agenda(server, "late call"))
    assert (await send())[0] == 200
    clock.advance(60)
    assert len(server.ledger()) == 1


async def test_a_limit_out_of_nothing_closes_the_account_for_ten_seconds(
    server: SandboxServer, send: Send, call: Call, clock: ManualClock
) -> None:
    server.faults.add(RATE, "429", count=1)
    assert (await send())[0] == 429
    clock.advance(9)
    assert (await send())[0] == 429
    clock.advance(1)
    assert (await send())[0] == 200
    assert len(server.ledger()) == 1
    assert server.requests.limited["sprout", RATE] == 2


async def test_counts_are_wrong_and_the_things_are_right(server: SandboxServer, call: Call) -> None:
    true = await call("jobs/get-jobs")
    server.faults.add("jobs/get-jobs.php", FaultKind.MISCOUNT)
    told = [await call("jobs/get-jobs") for _ in range(5)]
    assert len({(answer["pages"], *(job["unrated_tasks"] for job in answer["jobs"])) for answer in told}) > 1
    for answer in told:
        assert [(job["id"], job["task_value"]) for job in answer["jobs"]] == [
            (job["id"], job["task_value"]) for job in true["jobs"]
        ]


async def test_a_list_that_shifts_leaves_out_one_thing_and_has_another_twice(server: SandboxServer, call: Call) -> None:
    true = [task["id"] for task in (await call("jobs/get-unrated-tasks"))["tasks"]]
    server.faults.add("jobs/get-unrated-tasks.php", FaultKind.SHIFTED)
    told = [task["id"] for task in (await call("jobs/get-unrated-tasks"))["tasks"]]
    assert len(told) == len(true)
    assert len(set(told)) == len(true) - 1
    assert set(told) < set(true)


async def test_an_answer_leaves_something_out(server: SandboxServer, call: Call) -> None:
    true = await call("jobs/get-unrated-tasks")
    server.faults.add("jobs/get-unrated-tasks.php", FaultKind.PARTIAL)
    for _ in range(10):
        told = await call("jobs/get-unrated-tasks")
        assert len(told) < len(true) or len(told["tasks"]) < len(true["tasks"])
        assert told.items() <= true.items() or told["tasks"] == true["tasks"][: len(told["tasks"])]


async def test_a_stale_answer_is_what_was_true_a_while_ago(
    server: SandboxServer, send: Send, call: Call, clock: ManualClock
) -> None:
    before = await call("jobs/get-unrated-tasks")
    server.faults.add("*", FaultKind.STALE, seconds=60)
    assert (await send())[0] == 200
    assert len(server.ledger()) == 1
    assert await call("jobs/get-unrated-tasks") == before
    clock.advance(61)
    assert len((await call("jobs/get-unrated-tasks"))["tasks"]) == len(before["tasks"]) - 1


async def test_a_fault_strikes_its_endpoint_and_as_often_as_said(server: SandboxServer, send: Send, call: Call) -> None:
    fault = server.faults.add("jobs/rate-*", "5xx", count=2)
    assert [(await send())[0] for _ in range(3)] == [500, 500, 200]
    assert (await call("users/get-balances"))["spendable"]
    assert fault.fired == 2


async def test_cleared_faults_strike_no_more(server: SandboxServer, send: Send) -> None:
    server.faults.add("*", "5xx")
    server.faults.clear()
    assert (await send())[0] == 200


def test_luck_is_the_same_for_the_same_seed() -> None:
    def pattern(seed: int) -> list[bool]:
        book = FaultBook(seed)
        book.add("*", "5xx", probability=0.2)
        return [book.strike("anything") is not None for _ in range(1000)]

    assert pattern(7) == pattern(7) != pattern(8)
    assert 150 < sum(pattern(7)) < 250


async def test_a_server_stops_at_once_though_calls_hang(server: SandboxServer, send: Send, until: Until) -> None:
    fault = server.faults.add(RATE, FaultKind.HANG_BEFORE)
    sending = asyncio.create_task(_never_answered(send))
    await until(lambda: fault.fired)
    async with asyncio.timeout(30):
        await server.stop()
        await sending


async def _given_up(send: Send, until: Until, fault: Fault) -> None:
    """Whoever sends it waits no longer once it has arrived."""
    sending = asyncio.ensure_future(send())
    await until(lambda: fault.fired)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending


async def _never_answered(send: Send) -> None:
    with pytest.raises(aiohttp.ClientConnectionError):
        await send()


def _agenda(server: SandboxServer, kind: str) -> bool:
    return server.world.db.execute("SELECT 1 FROM agenda WHERE kind = ?", (kind,)).fetchone() is not None
