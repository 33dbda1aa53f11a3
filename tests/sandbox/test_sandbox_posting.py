"""Posting and steering jobs in the simulated SproutGigs: every rule, and where the money goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from botcore.clock import ManualClock
from botcore.sandbox import SandboxServer

Call = Callable[..., Awaitable[Any]]

DRAFT: dict[str, Any] = {
    "zone_id": "int",
    "category_id": "0501",
    "title": "Join the club",
    "instructions": ["Go there", "Join"],
    "proofs": [{"type": "text", "description": "Your name"}],
    "num_tasks": 25,
    "task_value": 0.10,
}
QUESTION = {"question": "What colour?", "answer": "red"}


async def _spendable(call: Call) -> Decimal:
    return Decimal((await call("users/get-balances"))["spendable"])


async def _post(call: Call, **changes: Any) -> str:
    answer = await call("jobs/post-job", {**DRAFT, **changes})
    assert answer["ok"] is True, answer
    url: str = answer["url"]
    return url.partition("?Id=")[2]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"zone_id": None}, "zone_id"),
        ({"zone_id": "mars"}, "zone_id"),
        ({"list_id": 12870}, "list_id"),
        ({"zone_id": "", "list_id": 1}, "List not found"),
        ({"zone_id": "", "list_id": 12872}, "fewer than 10"),
        ({"excluded_countries": ["nz"]}, "excluded_countries"),
        ({"excluded_countries": "bd"}, "excluded_countries"),
        ({"category_id": 501}, "category_id"),
        ({"category_id": "501"}, "category_id"),
        ({"title": " "}, "title"),
        ({"instructions": []}, "instructions"),
        ({"instructions": [""]}, "instructions"),
        ({"instructions": ["Open {{URL}}"]}, "variables"),
        ({"variables": [{"name": "URL", "values": ["a", "b"]}]}, "variables"),
        ({"instructions": ["{{A}}"], "variables": [{"name": "A", "values": ["a"]}]}, "variables[0].values"),
        ({"instructions": ["{{A}}"], "variables": [{"name": "A", "values": ["a"] * 1000}]}, "variables[0].values"),
        (
            {
                "instructions": ["{{A}} {{B}}"],
                "variables": [{"name": "A", "values": ["1", "2"]}, {"name": "B", "values": ["1", "2", "3"]}],
            },
            "same number",
        ),
        ({"proofs": []}, "proofs"),
        ({"proofs": DRAFT["proofs"] * 5}, "proofs"),
        ({"proofs": [{"type": "video", "description": "x"}]}, "proofs[0].type"),
        ({"proofs": [{"type": "text"}]}, "proofs[0].description"),
        ({"challenges": [QUESTION]}, "challenge_action"),
        ({"challenges": [QUESTION], "challenge_action": "shout"}, "challenge_action"),
        ({"challenges": [QUESTION] * 4, "challenge_action": "rate_nok"}, "challenges"),
        ({"challenges": [{"question": "?"}], "challenge_action": "rate_nok"}, "challenges[0].answer"),
        ({"num_tasks": 9}, "num_tasks"),
        ({"num_tasks": 10.5}, "num_tasks"),
        ({"workers_level": "master"}, "workers_level"),
        ({"workers_max_tasks": 11, "workers_level": "expert"}, "workers_max_tasks"),
        ({"workers_max_tasks": 2}, "workers_max_tasks"),
        ({"task_value": None}, "task_value"),
        ({"task_value": 0.079}, "task_value"),
        ({"task_value": 0.239, "zone_id": "west1"}, "task_value"),
        ({"task_value": 0.079, "zone_id": "", "list_id": 12870}, "task_value"),
        ({"speed": 0}, "speed"),
        ({"speed": 1001}, "speed"),
        ({"start_time": "8:00"}, "start_time"),
        ({"end_time": "24:30"}, "end_time"),
        ({"ttr": 0}, "ttr"),
        ({"ttr": 91}, "ttr"),
        ({"autorate": "R"}, "autorate"),
        ({"pause_after_approval": 2}, "pause_after_approval"),
        ({"hold_time": 4}, "hold_time"),
        ({"hold_time": 91}, "hold_time"),
        ({"hold_required": "yes"}, "hold_required"),
        ({"distribution": 24}, "distribution"),
        ({"notify_followers": 2}, "notify_followers"),
        ({"premium_amount": 1.99}, "premium_amount"),
        ({"premium_amount": 50.01}, "premium_amount"),
        ({"num_tasks": 9999}, "balance"),
    ],
)
async def test_a_draft_that_breaks_a_rule_is_refused_and_costs_nothing(
    server: SandboxServer, call: Call, changes: dict[str, Any], said: str
) -> None:
    answer = await call("jobs/post-job", {**DRAFT, **changes})
    assert answer["ok"] is False
    assert said in answer["message"]
    assert await _spendable(call) == 250
    assert len((await call("jobs/get-jobs"))["jobs"]) == 3
    assert server.ledger() == []


async def test_a_test_post_is_checked_and_not_made(server: SandboxServer, call: Call) -> None:
    assert (await call("jobs/post-job", {**DRAFT, "test": 1}))["ok"] is True
    assert (await call("jobs/post-job", {**DRAFT, "test": 1, "ttr": 0}))["ok"] is False
    assert await _spendable(call) == 250
    assert server.ledger() == []


@pytest.mark.parametrize(
    ("changes", "cost"),
    [
        ({}, "2.50"),
        ({"premium_amount": 2.5}, "5.00"),
        ({"notify_followers": 1}, "3.50"),
        ({"notify_followers": 1, "num_tasks": 500}, "51.50"),
        ({"zone_id": None, "list_id": 12871, "task_value": "0.0805", "num_tasks": 10}, "0.805"),
    ],
)
async def test_a_post_costs_its_tasks_and_its_extras(
    server: SandboxServer, call: Call, changes: dict[str, Any], cost: str
) -> None:
    job_id = await _post(call, **changes)
    assert 250 - await _spendable(call) == Decimal(cost)
    entry = server.ledger()[-1]
    assert (entry["kind"], entry["job_id"], Decimal(entry["cost"])) == ("post_job", job_id, Decimal(cost))


async def test_a_posted_job_runs_once_the_site_has_looked_at_it(call: Call, clock: ManualClock) -> None:
    job_id = await _post(call, excluded_countries=["bd"], notes="thanks", speed=10)
    job = await call("jobs/get-job", job_id=job_id)
    assert (job["status"], job["excluded_countries"], job["notes"], job["speed"]) == (
        "PENDING_REVIEW",
        ["bd"],
        "thanks",
        10,
    )
    assert (await call("jobs/get-jobs", order="desc"))["jobs"][0]["id"] == job_id
    clock.advance(180)
    assert (await call("jobs/get-job", job_id=job_id))["status"] == "RUNNING"


async def test_a_job_may_pause_right_after_its_approval(call: Call, clock: ManualClock) -> None:
    job_id = await _post(call, pause_after_approval=1)
    clock.advance(180)
    assert (await call("jobs/get-job", job_id=job_id))["status"] == "PAUSED"


async def test_workers_come_from_where_the_job_wants_them_and_get_its_variables(
    server: SandboxServer, call: Call, clock: ManualClock
) -> None:
    values = ["one", "two", "three"]
    variables = [{"name": "WORD", "values": values}]
    job_id = await _post(
        call,
        zone_id="west1",
        excluded_countries=["us"],
        task_value=1,
        instructions=["Say {{WORD}}"],
        variables=variables,
    )
    clock.advance(180)
    server.submit(job_id=job_id, count=12)
    tasks = (await call("jobs/get-unrated-tasks", job_id=job_id))["tasks"]
    assert {task["country_code"] for task in tasks} <= {"UK", "CA", "AU", "NZ"}
    assert len({task["worker_id"] for task in tasks}) == 12
    assert {variable["value"] for task in tasks for variable in task["variables"]} == set(values)


async def test_a_job_for_a_list_is_done_by_its_members_only(
    server: SandboxServer, call: Call, clock: ManualClock
) -> None:
    job_id = await _post(call, zone_id=None, list_id=12871)
    clock.advance(180)
    server.submit(job_id=job_id, count=10)
    members = {row[0] for row in server.world.db.execute("SELECT worker_id FROM member WHERE list_id = 12871")}
    assert {task["worker_id"] for task in (await call("jobs/get-unrated-tasks", job_id=job_id))["tasks"]} <= members


async def test_who_is_blocked_comes_no_more(server: SandboxServer, call: Call) -> None:
    job_id = (await call("jobs/get-jobs"))["jobs"][2]["id"]
    known = [row[0] for row in server.world.db.execute("SELECT id FROM worker")]
    await call("lists/block-workers", {"workers": known})
    made = set(server.submit(job_id=job_id, count=10))
    tasks = (await call("jobs/get-unrated-tasks", job_id=job_id))["tasks"]
    assert not {task["worker_id"] for task in tasks if task["id"] in made} & set(known)


async def test_stopping_gives_back_what_nobody_worked_for(
    server: SandboxServer, call: Call, clock: ManualClock
) -> None:
    job_id = await _post(call, num_tasks=10, task_value=1)
    clock.advance(180)
    approved, rejected = server.submit(job_id=job_id, count=2)
    await call("jobs/job-stop", {"job_id": job_id})
    assert await _spendable(call) == 248

    tasks = [{"id": approved, "rating": "ok"}, {"id": rejected, "rating": "not_ok", "comment": "no"}]
    await call("jobs/rate-multiple-tasks", {"job_id": job_id, "tasks": tasks})
    assert await _spendable(call) == 249
    assert (await call("jobs/get-job", job_id=job_id))["status"] == "FINISHED"

    assert "notice" in await call("jobs/job-restart", {"job_id": job_id, "positions": 5})
    assert await _spendable(call) == 249 - 9 - 5
    job = await call("jobs/get-job", job_id=job_id)
    assert (job["status"], job["num_tasks"], job["tasks_done"]) == ("RUNNING", 15, 1)
    assert [entry["kind"] for entry in server.ledger()] == ["post_job", "stop", "rate", "rate", "restart"]


async def test_a_job_with_all_positions_filled_is_finished_until_one_is_rejected(
    server: SandboxServer, call: Call, clock: ManualClock
) -> None:
    job_id = await _post(call, num_tasks=10)
    clock.advance(180)
    task_id = server.submit(job_id=job_id, count=10)[0]
    assert (await call("jobs/get-job", job_id=job_id))["status"] == "FINISHED"
    assert (await call("jobs/job-restart", {"job_id": job_id}))["ok"] is False

    rating = {"job_id": job_id, "task_id": task_id, "task_rating": "not_ok", "task_comment": "no"}
    await call("jobs/rate-single-task", rating)
    assert (await call("jobs/get-job", job_id=job_id))["status"] == "RUNNING"


async def test_a_job_is_paused_resumed_and_set(server: SandboxServer, call: Call) -> None:
    job_id = (await call("jobs/get-jobs"))["jobs"][0]["id"]
    assert await call("jobs/job-pause", {"job_id": job_id}) == {"ok": True}
    assert (await call("jobs/job-pause", {"job_id": job_id}))["ok"] is False
    assert await call("jobs/job-resume", {"job_id": job_id}) == {"ok": True}
    assert (await call("jobs/job-resume", {"job_id": job_id}))["ok"] is False
    assert (await call("jobs/set-speed", {"job_id": job_id, "speed": 800}))["ok"] is True
    assert (await call("jobs/set-ttr", {"job_id": job_id, "ttr": 30}))["ok"] is True
    job = await call("jobs/get-job", job_id=job_id)
    assert (job["status"], job["speed"], job["ttr"]) == ("RUNNING", 800, 30)
    assert [entry["kind"] for entry in server.ledger()] == ["pause", "resume", "set_speed", "set_ttr"]


@pytest.mark.parametrize(
    ("endpoint", "more"),
    [
        ("jobs/add-positions", {"positions": 0}),
        ("jobs/add-positions", {"positions": 10_000}),
        ("jobs/add-positions", {"positions": 9_999}),
        ("jobs/set-speed", {"speed": 0}),
        ("jobs/set-speed", {}),
        ("jobs/set-ttr", {"ttr": 91}),
        ("jobs/job-restart", {}),
        ("jobs/job-stop", {"job_id": "000000000000"}),
        ("jobs/job-pause", {"job_id": None}),
    ],
)
async def test_what_a_job_does_not_allow_is_refused(
    server: SandboxServer, call: Call, endpoint: str, more: dict[str, Any]
) -> None:
    job_id = (await call("jobs/get-jobs"))["jobs"][0]["id"]
    assert (await call(endpoint, {"job_id": job_id, **more}))["ok"] is False
    assert server.ledger() == []
