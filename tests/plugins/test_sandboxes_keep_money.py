"""No money appears or is lost at the simulated SproutGigs and Picoworkers, whatever a buyer does."""

from __future__ import annotations

import json
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from botcore.sandbox import Sandbox
from botcore_picoworkers.sandbox import PicoworkersSandbox
from botcore_sproutgigs.sandbox import SproutGigsSandbox
from tests.plugins.site_buyer import DRAFT, SiteBuyer, opened

STEPS = 160
UNIT = Decimal("0.0001")


@pytest.mark.parametrize("kind", [SproutGigsSandbox, PicoworkersSandbox])
async def test_what_was_there_is_spent_set_aside_or_left_after_every_step(kind: type[Sandbox]) -> None:
    luck = Random(kind.name)
    did = set()
    async with opened(kind, waiting=9) as buyer:
        start = await _owned(buyer)
        for _ in range(STEPS):
            did.add(await _anything(buyer, luck))
            assert await _owned(buyer) == start + _came_in(buyer) - _went_out(buyer)
            _check_what_is_set_aside(buyer)
    accepted = {name for name, ok in did if ok}
    assert {"post", "pause", "resume", "stop", "restart", "more", "rate", "submit"} <= accepted
    assert ("deposit" if kind is PicoworkersSandbox else "feature") in accepted


async def _anything(buyer: SiteBuyer, luck: Random) -> tuple[str, bool]:
    """One thing that a buyer or a worker may do, and whether it was accepted."""
    job_id = luck.choice(await buyer.jobs())["id"]
    acts: dict[str, tuple[str, dict[str, Any]]] = {
        "post": ("jobs/post-job", {**DRAFT, "num_tasks": luck.randint(10, 14), "premium_amount": luck.choice((0, 2))}),
        "pause": ("jobs/job-pause", {"job_id": job_id}),
        "resume": ("jobs/job-resume", {"job_id": job_id}),
        "stop": ("jobs/job-stop", {"job_id": job_id}),
        "restart": ("jobs/job-restart", {"job_id": job_id, "positions": luck.randint(0, 3)}),
        "more": ("jobs/add-positions", {"job_id": job_id, "positions": luck.randint(1, 5)}),
        "days": ("jobs/set-ttr", {"job_id": job_id, "ttr": luck.randint(1, 7)}),
        "feature": ("jobs/feature-job", {"job_id": job_id, "amount": luck.randint(1, 4)}),
        "deposit": ("wallet/deposit", {"amount": luck.randint(900, 2000)}),
    }
    name = luck.choice([*acts, "rate", "rate", "submit", "time"])
    if name == "time":
        buyer.clock.advance(luck.choice((30, 300, 86_400)))
        return name, True
    if name == "submit":
        return name, bool(buyer.server.submit(count=luck.randint(1, 6)))
    if name == "rate":
        tasks = await buyer.waiting()
        if not tasks:
            return name, False
        rating = luck.choice(("ok", "not_ok", "revise"))
        bonus = Decimal("0.05") if rating == "ok" and luck.random() < 0.5 else Decimal(0)
        return name, (await buyer.rate(luck.choice(tasks), rating, task_bonus=float(bonus)))["ok"]
    endpoint, body = acts[name]
    status, answer = await buyer.ask("POST", endpoint, body)
    return name, status == 200 and answer["ok"]


async def _owned(buyer: SiteBuyer) -> Decimal:
    spendable = await buyer.balance()  # first, since whatever is due happens when somebody asks
    reserved: int = buyer.server.world.db.execute("SELECT sum(reserved) FROM job").fetchone()[0]
    return spendable + reserved * UNIT


def _came_in(buyer: SiteBuyer) -> Decimal:
    everything = buyer.server.ledger(made_by="all")
    return sum((Decimal(each["amount"]) for each in everything if each["kind"] == "deposit arrived"), Decimal(0))


def _went_out(buyer: SiteBuyer) -> Decimal:
    """What workers and the site were paid: satisfied tasks with their bonuses, and places before others."""
    prices = {row["id"]: row["price"] * UNIT for row in buyer.server.world.db.execute("SELECT id, price FROM job")}
    paid = Decimal(0)
    for entry in buyer.server.ledger(made_by="all"):
        match entry:
            case {"kind": "rate", "rating": "ok"}:
                paid += prices[entry["job_id"]] + Decimal(entry["bonus"])
            case {"kind": "feature"}:
                paid += Decimal(entry["cost"])
            case {"kind": "post_job"}:
                paid += Decimal(entry["cost"]) - prices[entry["job_id"]] * entry["positions"]
    return paid


def _check_what_is_set_aside(buyer: SiteBuyer) -> None:
    """For every job: the price of each position that is open, unrated, or being done again."""
    for job in buyer.server.world.db.execute(
        "SELECT *, (SELECT count(*) FROM task WHERE job_id = job.id AND state IN ('unrated', 'revise')) AS due FROM job"
    ):
        still_open = 0 if job["stopped"] else job["positions"] - job["filled"]
        assert job["reserved"] == job["price"] * (job["due"] + still_open), json.dumps(dict(job))
