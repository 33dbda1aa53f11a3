"""Jobs of the simulated SproutGigs beyond posting them: all endpoints, featured places, and rating by rule."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from botcore_sproutgigs.sandbox import SproutGigsSandbox
from tests.plugins.site_buyer import SiteBuyer, opened

READ = {
    "gigs": "get-categories get-gig get-gigs get-gig-public-questions get-gig-reviews",
    "jobs": "get-categories get-job get-jobs get-lists get-rated-tasks get-unrated-tasks get-zones",
    "users": "get-balances",
}
CHANGED = {
    "jobs": "add-positions feature-job get-predicted-position job-pause job-restart job-resume job-stop post-job "
    "rate-multiple-tasks rate-single-task set-speed set-ttr",
    "lists": "add-workers block-workers unblock-workers",
}
QUESTION = [{"question": "What colour?", "answer": "red"}]


@pytest.fixture
async def buyer() -> AsyncIterator[SiteBuyer]:
    async with opened(SproutGigsSandbox) as buyer:
        yield buyer


def test_every_documented_endpoint_is_there_by_its_method() -> None:
    served = {(each.method, path) for path, each in SproutGigsSandbox("http://x").endpoints().items()}
    assert served == {
        (method, f"{folder}/{name}.php")
        for method, folders in (("GET", READ), ("POST", CHANGED))
        for folder, names in folders.items()
        for name in names.split()
    }
    assert len(served) == 28


async def test_featuring_a_job_costs_what_it_says_and_adds_up(buyer: SiteBuyer) -> None:
    job_id = (await buyer.jobs())[0]["id"]
    assert await buyer.post("jobs/feature-job", job_id=job_id, amount=2) == {"ok": True}
    assert await buyer.post("jobs/feature-job", job_id=job_id, amount="2.50") == {"ok": True}
    assert await buyer.balance() == 250 - 2 - 2.5
    assert [(entry["kind"], entry["job_id"], entry["cost"]) for entry in buyer.server.ledger()] == [
        ("feature", job_id, "2.00"),
        ("feature", job_id, "2.50"),
    ]
    assert "premium" not in (await buyer.get("jobs/get-job", job_id=job_id))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"amount": 1.99}, "amount"),
        ({}, "amount"),
        ({"amount": 251}, "balance"),
        ({"amount": 2, "job_id": "000000000000"}, "Job not found"),
    ],
)
async def test_a_place_that_cannot_be_had_costs_nothing(buyer: SiteBuyer, asked: dict[str, Any], said: str) -> None:
    job_id = (await buyer.jobs())[0]["id"]
    assert said in await buyer.refusal("jobs/feature-job", **{"job_id": job_id, **asked})
    assert await buyer.balance() == 250
    assert buyer.server.ledger() == []


async def test_a_job_that_ended_cannot_be_featured(buyer: SiteBuyer) -> None:
    job_id = (await buyer.jobs())[0]["id"]
    await buyer.post("jobs/job-stop", job_id=job_id)
    assert "ended" in await buyer.refusal("jobs/feature-job", job_id=job_id, amount=2)


async def test_the_predicted_position_is_behind_all_that_paid_as_much(buyer: SiteBuyer) -> None:
    async def position(amount: float, category: str = "0501") -> tuple[int, int]:
        answer = await buyer.post("jobs/get-predicted-position", category_id=category, amount=amount)
        assert set(answer) == {"position_in_all", "position_in_category"}
        return answer["position_in_all"], answer["position_in_category"]

    assert await position(999) == (1, 1)
    cheap, in_category = await position(2)
    assert cheap > 10
    assert in_category < cheap
    job_id = (await buyer.jobs())[0]["id"]  # in category 0501
    await buyer.post("jobs/feature-job", job_id=job_id, amount=100)
    assert await position(100) == (2, 2)
    assert await position(100, "2004") == (2, 1)
    assert await position(100.01) == (1, 1)
    await buyer.post("jobs/job-pause", job_id=job_id)
    assert await position(100) == (1, 1)
    assert "category_id" in await buyer.refusal("jobs/get-predicted-position", category_id="501", amount=2)
    assert "amount" in await buyer.refusal("jobs/get-predicted-position", category_id="0501")
    assert [entry["kind"] for entry in buyer.server.ledger()] == ["feature", "pause"]


async def test_a_premium_paid_with_the_post_counts_as_featured(buyer: SiteBuyer) -> None:
    await buyer.post_job(premium_amount=50)
    answer = await buyer.post("jobs/get-predicted-position", category_id="0501", amount=50)
    assert answer == {"position_in_all": 2, "position_in_category": 2}


async def test_a_second_sprint_of_a_jobs_life_costs_and_gives_back_what_it_should(buyer: SiteBuyer) -> None:
    job_id = await buyer.post_job(num_tasks=10, task_value=1)
    assert await buyer.balance() == 240
    await buyer.post("jobs/job-pause", job_id=job_id)
    await buyer.post("jobs/add-positions", job_id=job_id, positions=2)
    assert await buyer.balance() == 238
    await buyer.post("jobs/job-resume", job_id=job_id)
    buyer.server.submit(job_id=job_id, count=12)
    assert (await buyer.get("jobs/get-job", job_id=job_id))["status"] == "FINISHED"
    assert "active" in await buyer.refusal("jobs/add-positions", job_id=job_id, positions=1)
    assert await buyer.post("jobs/job-restart", job_id=job_id, positions=3) == {
        "ok": True,
        "notice": "The job runs again.",
    }
    assert await buyer.balance() == 235
    assert (await buyer.post("jobs/job-stop", job_id=job_id))["ok"] is True
    assert await buyer.balance() == 238
    told = [(entry["kind"], entry.get("cost") or entry.get("refund")) for entry in buyer.server.ledger()]
    assert told == [
        ("post_job", "10.00"),
        ("pause", None),
        ("add_positions", "2.00"),
        ("resume", None),
        ("restart", "3.00"),
        ("stop", "3.00"),
    ]


@pytest.mark.parametrize("action", ["rate_nok", "rate_nok_block"])
async def test_who_fails_a_challenge_is_rejected_by_the_site(buyer: SiteBuyer, action: str) -> None:
    job_id = await buyer.post_job(num_tasks=60, challenges=QUESTION, challenge_action=action)
    buyer.server.submit(job_id=job_id, count=40)
    rejected = [entry for entry in buyer.server.ledger(made_by="auto") if entry["rating"] == "not_ok"]
    blocked = buyer.server.world.db.execute("SELECT count(*) FROM blocked").fetchone()[0]
    assert 0 < len(rejected) < 40
    assert blocked == (len(rejected) if action == "rate_nok_block" else 0)
    job = await buyer.get("jobs/get-job", job_id=job_id)
    assert (job["unrated_tasks"], job["tasks_done"]) == (40 - len(rejected), 40 - len(rejected))


async def test_a_right_code_is_approved_by_the_site_where_the_job_says_so(buyer: SiteBuyer) -> None:
    checked, rated = [await buyer.post_job(autorate=mode) for mode in ("V", "V+R")]
    for job_id in (checked, rated):
        buyer.server.submit(job_id=job_id, count=15)
    approved = buyer.server.ledger(made_by="auto")
    assert {(entry["job_id"], entry["rating"]) for entry in approved} == {(rated, "ok")}
    assert len(await buyer.waiting(job_id=rated)) == 15 - len(approved)
    assert len(await buyer.waiting(job_id=checked)) == 15


async def test_what_was_sent_back_is_never_rated_by_rule(buyer: SiteBuyer) -> None:
    job_id = await buyer.post_job(num_tasks=60, autorate="V+R")
    buyer.server.submit(job_id=job_id, count=30)
    again = (await buyer.waiting(job_id=job_id))[0]
    await buyer.rate(again, "revise")
    buyer.server.resubmit("", again["id"])
    assert [task["revision_number"] for task in await buyer.waiting(job_id=job_id, task_ids=again["id"])] == [1]
