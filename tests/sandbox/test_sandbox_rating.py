"""Ratings in the simulated SproutGigs: what is taken, what is refused, and what follows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from botcore.clock import ManualClock
from botcore.sandbox import SandboxServer
from botcore.sandbox.tasks import Judgement

Call = Callable[..., Awaitable[Any]]

DAY = 86_400


async def _waiting(call: Call) -> list[Any]:
    tasks: list[Any] = (await call("jobs/get-unrated-tasks"))["tasks"]
    return tasks


async def _ids(call: Call, endpoint: str) -> set[str]:
    return {task["id"] for task in (await call(endpoint))["tasks"]}


async def _spendable(call: Call) -> Decimal:
    return Decimal((await call("users/get-balances"))["spendable"])


def _single(task: Any, rating: str = "ok", **more: Any) -> dict[str, Any]:
    return {"job_id": task["job_id"], "task_id": task["id"], "task_rating": rating, **more}


async def test_an_approval_is_in_the_rated_list_and_once_in_the_ledger(
    server: SandboxServer, call: Call, clock: ManualClock
) -> None:
    task = (await _waiting(call))[0]
    more: dict[str, Any] = {"task_satisfaction": "good", "task_comment": "nice", "task_bonus": 0.25}
    answer = await call("jobs/rate-single-task", _single(task, **more))

    assert answer == {"ok": True, "message": "Task rated successfully."}
    assert task["id"] not in await _ids(call, "jobs/get-unrated-tasks")
    rated = (await call("jobs/get-rated-tasks"))["tasks"]
    assert [(one["id"], one["status"], one["previous_proofs"]) for one in rated] == [(task["id"], "OK", [])]
    assert server.ledger() == [
        {
            "n": 1, "at": clock.now().isoformat(), "account": "sprout", "kind": "rate", "by": "api",
            "job_id": task["job_id"], "task_id": task["id"], "revision": 0, "rating": "ok", "satisfaction": "good",
            "comment": "nice", "bonus": "0.25", "list_id": None, "block_worker": False,
        }
    ]  # fmt: skip


async def test_a_task_is_rated_once(server: SandboxServer, call: Call) -> None:
    task = (await _waiting(call))[0]
    await call("jobs/rate-single-task", _single(task))
    again = await call("jobs/rate-single-task", _single(task, "not_ok", task_comment="no"))
    assert again == {"ok": False, "message": "Task cannot be rated."}
    assert len(server.ledger()) == 1


@pytest.mark.parametrize(
    ("rating", "more"),
    [
        ("nok", {}),
        ("not_ok", {}),
        ("revise", {"task_comment": "  "}),
        ("ok", {"task_satisfaction": "spam"}),
        ("not_ok", {"task_comment": "no", "task_satisfaction": "good"}),
        ("revise", {"task_comment": "again", "task_satisfaction": "ok"}),
        ("ok", {"task_bonus": -1}),
        ("ok", {"task_bonus": "much"}),
        ("ok", {"task_bonus": 0.00001}),
        ("not_ok", {"task_comment": "no", "task_bonus": 0.1}),
        ("ok", {"task_bonus": 250.01}),
        ("ok", {"list_id": 99}),
        ("ok", {"block_worker": "maybe"}),
        ("ok", {"task_comment": 7}),
        ("ok", {"task_comment": "half \ud800"}),
        ("ok", {"task_id": ""}),
        ("ok", {"task_id": "00000000000000"}),
        ("ok", {"job_id": "000000000000"}),
    ],
)
async def test_a_wrong_rating_is_refused_and_changes_nothing(
    server: SandboxServer, call: Call, rating: str, more: dict[str, Any]
) -> None:
    before, money = await _waiting(call), await _spendable(call)
    answer = await call("jobs/rate-single-task", {**_single(before[0], rating), **more})
    assert answer["ok"] is False
    assert await _waiting(call) == before
    assert await _spendable(call) == money
    assert server.ledger() == []


async def test_a_body_that_is_no_object_is_refused(call: Call) -> None:
    assert (await call("jobs/rate-single-task", ["ok"]))["ok"] is False
    assert (await call("jobs/rate-multiple-tasks", {"job_id": "x"}))["ok"] is False


async def test_a_task_of_another_job_cannot_be_rated(call: Call) -> None:
    first, other = (await _waiting(call))[:2]
    answer = await call("jobs/rate-single-task", {**_single(first), "job_id": other["job_id"]})
    assert answer == {"ok": False, "message": "Task cannot be rated."}


async def test_in_a_batch_each_task_is_judged_by_itself(server: SandboxServer, call: Call) -> None:
    job_id = (await _waiting(call))[0]["job_id"]
    good, bad = [task["id"] for task in (await call("jobs/get-unrated-tasks", job_id=job_id))["tasks"]]
    batch = [
        {"id": good, "rating": "ok", "satisfaction": "excellent", "bonus": 0.0, "list_id": 0, "block_worker": False},
        {"id": bad, "rating": "not_ok"},
        {"id": good, "rating": "ok"},
        {"id": bad, "rating": "not_ok", "comment": "empty", "satisfaction": "spam"},
    ]
    answer = await call("jobs/rate-multiple-tasks", {"job_id": job_id, "tasks": batch})

    assert [(one["id"], one["ok"]) for one in answer["tasks"]] == [
        (good, True),
        (bad, False),
        (good, False),
        (bad, True),
    ]
    assert answer["tasks"][2]["message"] == "Task cannot be rated."
    assert [(entry["task_id"], entry["rating"]) for entry in server.ledger()] == [(good, "ok"), (bad, "not_ok")]
    rated = (await call("jobs/get-rated-tasks", job_id=job_id, task_ids=bad))["tasks"]
    assert [task["status"] for task in rated] == ["NOT_OK"]


@pytest.mark.parametrize("size", [0, 1001])
async def test_a_batch_holds_one_to_a_thousand(server: SandboxServer, call: Call, size: int) -> None:
    task = (await _waiting(call))[0]
    batch = [{"id": task["id"], "rating": "ok"}] * size
    answer = await call("jobs/rate-multiple-tasks", {"job_id": task["job_id"], "tasks": batch})
    assert answer["ok"] is False
    assert server.ledger() == []


async def test_a_bonus_leaves_the_balance_and_the_price_was_paid_before(call: Call) -> None:
    task, money = (await _waiting(call))[0], await _spendable(call)
    await call("jobs/rate-single-task", _single(task, task_bonus="0.105"))
    assert money - await _spendable(call) == Decimal("0.105")


async def test_bonuses_of_a_batch_stop_where_the_balance_ends(call: Call) -> None:
    job_id = (await _waiting(call))[0]["job_id"]
    ids = [task["id"] for task in (await call("jobs/get-unrated-tasks", job_id=job_id))["tasks"]]
    batch = [{"id": task_id, "rating": "ok", "bonus": 150} for task_id in ids]
    answer = await call("jobs/rate-multiple-tasks", {"job_id": job_id, "tasks": batch})
    assert [one["ok"] for one in answer["tasks"]] == [True, False]
    assert await _spendable(call) == 100
    assert ids[1] in await _ids(call, "jobs/get-unrated-tasks")


async def test_a_rejection_opens_the_position_again(call: Call) -> None:
    task = (await _waiting(call))[0]
    done = (await call("jobs/get-job", job_id=task["job_id"]))["tasks_done"]
    await call("jobs/rate-single-task", _single(task, "not_ok", task_comment="no"))
    job = await call("jobs/get-job", job_id=task["job_id"])
    assert (job["tasks_done"], job["status"]) == (done - 1, "RUNNING")


async def test_a_revision_comes_back_under_the_same_id(server: SandboxServer, call: Call, clock: ManualClock) -> None:
    task = (await _waiting(call))[0]
    await call("jobs/rate-single-task", _single(task, "revise", task_comment="the name is missing"))
    assert task["id"] not in await _ids(call, "jobs/get-unrated-tasks")
    assert task["id"] not in await _ids(call, "jobs/get-rated-tasks")

    clock.advance(60)
    again = (await call("jobs/get-unrated-tasks", job_id=task["job_id"], task_ids=task["id"]))["tasks"][0]
    assert again["revision_number"] == 1
    assert again["proofs"] != task["proofs"]
    told = task["finished_at"].replace("T", " ").removesuffix("Z")
    assert again["previous_proofs"] == [
        {"employer_comment": "the name is missing", "finished_at": told, "proofs": task["proofs"]}
    ]

    await call("jobs/rate-single-task", _single(task))
    rated = (await call("jobs/get-rated-tasks"))["tasks"][0]
    assert (rated["revision_number"], len(rated["previous_proofs"])) == (1, 1)
    assert [(entry["revision"], entry["rating"]) for entry in server.ledger()] == [(0, "revise"), (1, "ok")]


async def test_unrated_tasks_are_paid_when_their_time_is_over(
    server: SandboxServer, call: Call, clock: ManualClock
) -> None:
    job = (await call("jobs/get-jobs"))["jobs"][0]
    (task_id,) = server.submit(job_id=job["id"])
    clock.advance(job["ttr"] * DAY - 1)
    assert task_id in await _ids(call, "jobs/get-unrated-tasks")

    clock.advance(1)
    rated = (await call("jobs/get-rated-tasks", job_id=job["id"], task_ids=task_id))["tasks"]
    assert [task["status"] for task in rated] == ["OK"]
    assert server.ledger() == []
    entry = server.ledger(made_by="auto")[-1]
    assert (entry["task_id"], entry["at"]) == (task_id, clock.now().isoformat())


async def test_no_time_runs_while_the_worker_is_at_it_again(
    server: SandboxServer, call: Call, clock: ManualClock
) -> None:
    job = (await call("jobs/get-jobs"))["jobs"][0]
    (task_id,) = server.submit(job_id=job["id"])
    clock.advance(job["ttr"] * DAY - 10)
    await call(
        "jobs/rate-single-task", {"job_id": job["id"], "task_id": task_id, "task_rating": "revise", "task_comment": "?"}
    )
    clock.advance(job["ttr"] * DAY)
    assert task_id in await _ids(call, "jobs/get-unrated-tasks")
    clock.advance(60)
    assert task_id in await _ids(call, "jobs/get-rated-tasks")


async def test_a_shorter_time_to_rate_counts_for_what_is_waiting(
    server: SandboxServer, call: Call, clock: ManualClock
) -> None:
    job = (await call("jobs/get-jobs"))["jobs"][0]
    (task_id,) = server.submit(job_id=job["id"])
    clock.advance(2 * DAY)
    await call("jobs/set-ttr", {"job_id": job["id"], "ttr": 3})
    assert task_id in await _ids(call, "jobs/get-unrated-tasks")
    await call("jobs/set-ttr", {"job_id": job["id"], "ttr": 1})
    assert task_id in await _ids(call, "jobs/get-rated-tasks")
    lapsed = {entry["task_id"]: entry["at"] for entry in server.ledger(made_by="auto")}
    assert lapsed[task_id] == (clock.now() - timedelta(days=1)).isoformat()


async def test_what_the_buyer_rates_on_the_site_is_not_in_the_apis_ledger(server: SandboxServer, call: Call) -> None:
    task = (await _waiting(call))[0]
    server.rate_on_site("sprout", Judgement(job_id=task["job_id"], task_id=task["id"], rating="not_ok"))
    assert (await call("jobs/rate-single-task", _single(task)))["ok"] is False
    assert server.ledger() == []
    assert [entry["rating"] for entry in server.ledger(made_by="site")] == ["not_ok"]


async def test_a_worker_is_listed_and_blocked_along_with_the_rating(server: SandboxServer, call: Call) -> None:
    (task_id,) = server.submit()
    task = next(task for task in await _waiting(call) if task["id"] == task_id)
    lists = {found["id"]: found["workers"] for found in await call("jobs/get-lists")}
    await call("lists/unblock-workers", {"workers": [task["worker_id"]]})
    fresh = next(list_id for list_id in lists if not _member(server, list_id, task["worker_id"]))

    await call("jobs/rate-single-task", _single(task, list_id=fresh))
    assert {found["id"]: found["workers"] for found in await call("jobs/get-lists")}[fresh] == lists[fresh] + 1
    await call("lists/block-workers", {"workers": [task["worker_id"], "no one"]})
    assert not _member(server, fresh, task["worker_id"])
    await call("lists/add-workers", {"list_id": fresh, "workers": [task["worker_id"], "no one"]})
    assert not _member(server, fresh, task["worker_id"])
    await call("lists/unblock-workers", {"workers": [task["worker_id"]]})
    await call("lists/add-workers", {"list_id": fresh, "workers": [task["worker_id"], "no one"]})
    assert _member(server, fresh, task["worker_id"])
    assert [(entry["kind"], entry.get("workers")) for entry in server.ledger()][-4:] == [
        ("block_workers", [task["worker_id"]]),
        ("add_workers", []),
        ("unblock_workers", [task["worker_id"]]),
        ("add_workers", [task["worker_id"]]),
    ]


def _member(server: SandboxServer, list_id: int, worker_id: str) -> bool:
    found = server.world.db.execute("SELECT 1 FROM member WHERE list_id = ? AND worker_id = ?", (list_id, worker_id))
    return found.fetchone() is not None
