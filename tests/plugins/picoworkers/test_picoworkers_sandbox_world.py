"""The simulated Picoworkers as a world: its wallet, restarts, and what goes wrong on request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from botcore.clock import ManualClock
from botcore.sandbox import FaultKind, Sandbox, SandboxServer
from botcore_picoworkers.sandbox import PicoworkersSandbox
from botcore_sproutgigs.sandbox import SproutGigsSandbox
from tests.plugins.site_buyer import SiteBuyer, opened

LATE = 90


@pytest.fixture
async def buyer() -> AsyncIterator[SiteBuyer]:
    async with opened(PicoworkersSandbox) as buyer:
        yield buyer


async def test_a_deposit_is_charged_once_in_cents_and_arrives_a_little_later(buyer: SiteBuyer) -> None:
    assert (await buyer.post("wallet/deposit", amount=1250))["ok"] is True
    assert [(entry["kind"], entry["amount"]) for entry in buyer.server.ledger()] == [("deposit", "12.50")]
    assert await buyer.balance() == 250
    buyer.clock.advance(LATE)
    assert await buyer.balance() == 262.5
    assert [entry["kind"] for entry in buyer.server.ledger(made_by="auto")] == ["deposit arrived"]


async def test_two_deposits_at_one_moment_are_two(buyer: SiteBuyer) -> None:
    for _ in range(2):
        await buyer.post("wallet/deposit", amount="1000")
    buyer.clock.advance(LATE)
    assert await buyer.balance() == 270


@pytest.mark.parametrize("amount", [999, -1000, 10.5, "ten", None, True, 1_000_001])
async def test_no_card_is_charged_for_a_wrong_amount(buyer: SiteBuyer, amount: Any) -> None:
    assert "amount" in await buyer.refusal("wallet/deposit", amount=amount)
    buyer.clock.advance(LATE)
    assert await buyer.balance() == 250
    assert buyer.server.ledger(made_by="all") == []


async def test_deposits_can_be_off_in_the_accounts_settings(buyer: SiteBuyer) -> None:
    buyer.server.set_quirk("pico", "deposits", "off")
    assert "not enabled" in await buyer.refusal("wallet/deposit", amount=1000)
    assert buyer.server.ledger() == []


async def test_a_reopened_world_has_everything_it_had_and_a_deposit_still_arrives(tmp_path: Path) -> None:
    options: dict[str, Any] = {"database": tmp_path / "world.db"}
    async with opened(PicoworkersSandbox, **options) as buyer:
        clock, keys = buyer.clock, buyer.server.accounts[0].settings
        job_id = await buyer.post_job(num_tasks=10)
        await buyer.rate((await buyer.waiting())[0])
        await buyer.post("jobs/job-pause", job_id=job_id)
        buyer.server.set_quirk("pico", "deposits", "on")
        await buyer.post("wallet/deposit", amount=2000)
        jobs, lists = await buyer.jobs(), await buyer.get("jobs/get-lists")
        tasks = [task["id"] for task in await buyer.waiting()]
        ledger = buyer.server.ledger(made_by="all")
    async with opened(PicoworkersSandbox, **options, clock=clock, seed=99, waiting=50) as again:
        assert again.server.accounts[0].settings["api_secret"] == keys["api_secret"]
        assert (await again.jobs(), await again.get("jobs/get-lists")) == (jobs, lists)
        assert [task["id"] for task in await again.waiting()] == tasks
        assert again.server.ledger(made_by="all") == ledger
        assert await again.balance() == 249
        clock.advance(LATE)
        assert await again.balance() == 269


@pytest.mark.parametrize(
    ("kind", "status", "effects"),
    [
        (FaultKind.RATE_LIMIT, 429, 0),
        (FaultKind.UNAUTHORIZED, 401, 0),
        (FaultKind.ERROR, 503, 0),
        (FaultKind.ERROR_AFTER, 503, 1),
        (FaultKind.REDIRECT, 302, 0),
        (FaultKind.REDIRECT_AFTER, 302, 1),
        (FaultKind.GARBAGE, 200, 1),
        (FaultKind.PARTIAL, 200, 1),
    ],
)
@pytest.mark.parametrize("endpoint", ["jobs/rate-single-task", "wallet/deposit"])
async def test_a_wrong_answer_says_nothing_of_its_effect(
    buyer: SiteBuyer, endpoint: str, kind: FaultKind, status: int, effects: int
) -> None:
    task = (await buyer.waiting())[0]
    rating = {"job_id": task["job_id"], "task_id": task["id"], "task_rating": "ok"}
    body = rating if endpoint.startswith("jobs") else {"amount": 1000}
    fault = buyer.server.faults.add(f"{endpoint}.php", kind, count=1, status=503)
    assert (await buyer.ask("POST", endpoint, body))[0] == status
    assert (len(buyer.server.ledger()), fault.fired) == (effects, 1)


@pytest.mark.parametrize(("kind", "effects"), [(FaultKind.REFUSE, 0), (FaultKind.DROP, 1), (FaultKind.CUT, 1)])
async def test_a_closed_connection_may_have_charged_the_card(buyer: SiteBuyer, kind: FaultKind, effects: int) -> None:
    buyer.server.faults.add("wallet/*", kind)
    with pytest.raises(aiohttp.ClientError):
        await buyer.post("wallet/deposit", amount=1000)
    assert len(buyer.server.ledger()) == effects


async def test_a_deposit_may_be_made_long_after_its_error(buyer: SiteBuyer) -> None:
    buyer.server.faults.add("wallet/*", FaultKind.ERROR_LATE, seconds=40, count=1)
    assert (await buyer.ask("POST", "wallet/deposit", {"amount": 1000}))[0] == 500
    assert buyer.server.ledger() == []
    buyer.clock.advance(40)
    assert [entry["kind"] for entry in buyer.server.ledger()] == ["deposit"]


async def test_lists_shift_counts_lie_and_old_answers_are_given_again(buyer: SiteBuyer) -> None:
    jobs = await buyer.jobs()
    buyer.server.faults.add("jobs/get-jobs.php", FaultKind.SHIFTED, count=1)
    assert len({job["id"] for job in await buyer.jobs()}) == len(jobs) - 1
    buyer.server.faults.add("jobs/get-jobs.php", FaultKind.MISCOUNT, count=3)
    wrong = [await buyer.jobs() for _ in range(3)]
    assert any([job["unrated_tasks"] for job in seen] != [job["unrated_tasks"] for job in jobs] for seen in wrong)
    task = (await buyer.waiting())[0]
    buyer.server.faults.add("jobs/get-unrated-tasks.php", FaultKind.STALE, seconds=60)
    await buyer.rate(task)
    assert task in await buyer.waiting()


async def test_a_marketplace_that_a_file_knows_and_nobody_serves_stands_still(tmp_path: Path) -> None:
    options: dict[str, Any] = {"database": tmp_path / "world.db", "clock": ManualClock(), "busy": True, "waiting": 0}
    both: dict[str, type[Sandbox]] = {"picoworkers": PicoworkersSandbox, "sproutgigs": SproutGigsSandbox}

    async def live(sandboxes: dict[str, type[Sandbox]]) -> dict[str, int]:
        """Five minutes of it: how many tasks each account has then."""
        server = SandboxServer(sandboxes, **options)
        await server.start()
        server.advance(300)
        rows = server.world.db.execute("SELECT account, count(*) FROM task GROUP BY account").fetchall()
        await server.stop()
        return {row[0]: row[1] for row in rows}

    first = await live(both)
    alone = await live({"sproutgigs": SproutGigsSandbox})
    last = await live(both)
    assert first["sprout"] < alone["sprout"] < last["sprout"]
    assert first["pico"] == alone["pico"] < last["pico"]


async def test_workers_keep_coming_by_themselves() -> None:
    async with opened(PicoworkersSandbox, busy=True, waiting=0, gap=30) as buyer:
        for _ in range(10):
            buyer.clock.advance(60)
            buyer.server.state()
        assert 14 <= len(await buyer.waiting()) <= 35


async def test_its_pictures_are_at_its_own_address(buyer: SiteBuyer) -> None:
    task = (await buyer.waiting())[0]
    shot = next(proof["screenshot"] for proof in task["proofs"] if "screenshot" in proof)
    assert shot.startswith(f"{buyer.server.url}/picoworkers/pictures/")
    async with buyer.http.get(shot) as response:
        assert (response.status, response.content_type) == (200, "image/png")
