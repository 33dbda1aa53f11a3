"""The simulated Picoworkers: the older dialect, endpoint by endpoint."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from botcore.sandbox import Refusal
from botcore_picoworkers.sandbox import PicoworkersSandbox
from botcore_sproutgigs.sandbox import SproutGigsSandbox
from tests.plugins.site_buyer import DRAFT, SiteBuyer, opened

READ = {"jobs": "get-categories get-job get-jobs get-lists get-unrated-tasks get-zones", "users": "get-balances"}
CHANGED = {
    "jobs": "add-positions job-pause job-restart job-resume job-stop post-job rate-single-task set-speed set-ttr",
    "lists": "add-workers",
    "wallet": "deposit",
}
JOB = {
    "id", "id_user", "zone_id", "excluded_countries", "category_id", "created_at", "status", "task_value",
    "tasks_done", "num_tasks", "unrated_tasks", "workers_max_tasks", "workers_level", "speed", "ttr", "autorate",
    "pause_after_approval", "hold_time", "title", "instructions", "notes", "proofs", "challenge_action", "challenges",
}  # fmt: skip


@pytest.fixture
async def buyer() -> AsyncIterator[SiteBuyer]:
    async with opened(PicoworkersSandbox) as buyer:
        yield buyer


def test_the_eighteen_documented_endpoints_are_there_and_no_other() -> None:
    served = {(each.method, path) for path, each in PicoworkersSandbox("http://x").endpoints().items()}
    assert served == {
        (method, f"{folder}/{name}.php")
        for method, folders in (("GET", READ), ("POST", CHANGED))
        for folder, names in folders.items()
        for name in names.split()
    }
    assert len(served) == 18


async def test_what_only_the_younger_product_has_is_not_found(buyer: SiteBuyer) -> None:
    ours, theirs = (set(kind("http://x").endpoints()) for kind in (PicoworkersSandbox, SproutGigsSandbox))
    assert len(theirs - ours) == 11
    for path in theirs - ours:
        assert (await buyer.ask("GET", path.removesuffix(".php")))[0] == 404


async def test_an_account_has_two_keys_and_no_webhook(buyer: SiteBuyer) -> None:
    (account,) = buyer.server.accounts
    assert (account.name, account.provider) == ("pico", "picoworkers")
    assert set(account.settings) == {"base_url", "user_id", "api_secret"}
    with pytest.raises(Refusal, match="no webhook"):
        await buyer.server.set_webhook("pico", "http://127.0.0.1:9/x")
    buyer.server.submit()
    buyer.clock.advance(3600)
    assert buyer.server.state()["accounts"]["pico"]["webhook"] == {"url": "", "posts": {}}


async def test_one_request_a_second_is_admitted() -> None:
    async with opened(PicoworkersSandbox, interval=1.0) as buyer:
        statuses = []
        for seconds in (0, 0.5, 9, 1):
            buyer.clock.advance(seconds)
            statuses.append((await buyer.ask("GET", "jobs/get-zones"))[0])
        assert statuses == [200, 429, 429, 200]


async def test_jobs_and_tasks_have_the_older_shapes(buyer: SiteBuyer) -> None:
    listed = (await buyer.jobs())[0]
    assert set(listed) == JOB
    assert await buyer.get("jobs/get-job", job_id=listed["id"]) == listed
    task = (await buyer.waiting())[0]
    assert set(task) == {
        "id", "job_id", "worker_id", "finished_at", "ip_address", "country_code", "revision_number", "variables",
        "proofs",
    }  # fmt: skip
    assert task["variables"] == []


async def test_the_newest_job_is_on_the_last_page_whatever_order_is_asked_for() -> None:
    async with opened(PicoworkersSandbox, page_size=2) as buyer:
        job_id = await buyer.post_job()
        for query in ({}, {"order": "desc"}, {"order": "nonsense"}):
            answer = await buyer.get("jobs/get-jobs", page=2, **query)
            assert (answer["pages"], answer["jobs"][-1]["id"]) == (2, job_id)


async def test_jobs_are_filtered_by_status_and_by_unrated_tasks(buyer: SiteBuyer) -> None:
    first, second, _ = [job["id"] for job in await buyer.jobs()]
    await buyer.post("jobs/job-pause", job_id=second)
    assert [(job["id"], job["status"]) for job in await buyer.jobs(status="paused")] == [(second, "PAUSED")]
    for task in await buyer.waiting(job_id=first):
        await buyer.rate(task)
    assert first not in [job["id"] for job in await buyer.jobs(unrated_tasks=1)]
    assert "status" in (await buyer.get("jobs/get-jobs", status="PAUSED"))["message"]


async def test_tasks_are_read_by_job_and_page_and_never_by_id() -> None:
    async with opened(PicoworkersSandbox, waiting=9, page_size=4) as buyer:
        everything = [task for page in (1, 2, 3) for task in await buyer.waiting(page=page)]
        assert len({task["id"] for task in everything}) == 9
        one = everything[0]
        of_job = await buyer.waiting(job_id=one["job_id"])
        assert len(of_job) == 3
        assert await buyer.waiting(job_id=one["job_id"], task_ids=one["id"]) == of_job
        assert await buyer.waiting(task_ids="nonsense") == everything[:4]


async def test_a_task_that_was_sent_back_does_not_say_what_it_was(buyer: SiteBuyer) -> None:
    task = (await buyer.waiting())[0]
    assert (await buyer.rate(task, "revise"))["ok"] is True
    assert task["id"] not in [each["id"] for each in await buyer.waiting()]
    buyer.clock.advance(60)
    again = next(each for each in await buyer.waiting() if each["id"] == task["id"])
    assert again["revision_number"] == 1
    assert set(again) == set(task)
    assert again["proofs"] != task["proofs"]


async def test_the_catalogue_lacks_a_zone_in_both_of_its_halves(buyer: SiteBuyer) -> None:
    zones = {zone["id"]: zone for zone in await buyer.get("jobs/get-zones")}
    categories = await buyer.get("jobs/get-categories")
    assert "arab1" not in zones
    assert len(zones) == 8
    assert all(set(category["min_task_value"]) == set(zones) for category in categories)
    assert next(each for each in categories if each["id"] == "9002")["min_task_value"]["west1"] == "1.200"
    assert "uk" in zones["europe1"]["excludable_countries"]
    lists = await buyer.get("jobs/get-lists")
    assert all(set(found) == {"id", "name", "workers"} for found in lists)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ttr": 8}, "ttr"),
        ({"ttr": 0}, "ttr"),
        ({"hold_time": 4}, "hold_time"),
        ({"hold_time": 91}, "hold_time"),
        ({"proofs": DRAFT["proofs"] * 5}, "proofs"),
        ({"proofs": [{"type": "file", "description": "x"}]}, "proofs[0].type"),
        ({"zone_id": "arab1"}, "zone_id"),
        ({"zone_id": None}, "zone_id"),
        ({"excluded_countries": ["nz"]}, "excluded_countries"),
        ({"list_id": 12870}, "list_id"),
        ({"category_id": "501"}, "category_id"),
        ({"title": ""}, "title"),
        ({"num_tasks": 9}, "num_tasks"),
        ({"workers_max_tasks": 2}, "workers_level"),
        ({"task_value": 0.079}, "task_value"),
        ({"speed": 1001}, "speed"),
        ({"challenges": [{"question": "?", "answer": "!"}]}, "challenge_action"),
        ({"distribution": 24}, "distribution"),
        ({"premium_amount": 1}, "premium_amount"),
        ({"autorate": "yes"}, "autorate"),
        ({"num_tasks": 2501}, "balance"),
    ],
)
async def test_a_draft_that_breaks_a_rule_is_refused_and_costs_nothing(
    buyer: SiteBuyer, changes: dict[str, Any], said: str
) -> None:
    assert said in await buyer.refusal("jobs/post-job", **{**DRAFT, **changes})
    assert await buyer.balance() == 250
    assert len(await buyer.jobs()) == 3
    assert buyer.server.ledger() == []


async def test_instructions_and_proofs_may_be_left_out(buyer: SiteBuyer) -> None:
    job_id = await buyer.post_job(instructions=None, proofs=[])
    job = await buyer.get("jobs/get-job", job_id=job_id)
    assert (job["instructions"], job["proofs"], job["hold_time"], job["ttr"]) == ([], [], 5, 7)
    buyer.server.submit(job_id=job_id)
    assert [task["proofs"] for task in await buyer.waiting(job_id=job_id)] == [[]]


async def test_what_the_older_document_does_not_name_does_nothing(buyer: SiteBuyer) -> None:
    variables = [{"name": "WORD", "values": ["one"]}]
    job_id = await buyer.post_job(instructions=["Say {{WORD}}"], variables=variables, start_time="soon", end_time="9")
    assert set(await buyer.get("jobs/get-job", job_id=job_id)) == JOB
    buyer.server.submit(job_id=job_id)
    assert [task["variables"] for task in await buyer.waiting(job_id=job_id)] == [[]]


async def test_a_post_costs_its_tasks_and_extras_and_its_id_is_in_the_url(buyer: SiteBuyer) -> None:
    answer = await buyer.post("jobs/post-job", **DRAFT, premium_amount=2, notify_followers=1, test=1)
    assert (answer["ok"], "url" in answer, buyer.server.ledger()) == (True, False, [])
    answer = await buyer.post("jobs/post-job", **DRAFT, premium_amount=2, notify_followers=1)
    host, _, job_id = answer["url"].partition("?Id=")
    assert host == "https://picoworkers.com/employer/campaign-details.php"
    assert await buyer.balance() == 250 - 2 - 2 - 1
    (entry,) = buyer.server.ledger()
    assert (entry["kind"], entry["job_id"], entry["cost"]) == ("post_job", job_id, "5.00")


async def test_a_rating_pays_blocks_and_lists_its_worker(buyer: SiteBuyer) -> None:
    good, bad = (await buyer.waiting())[:2]
    lists = {found["id"]: found["workers"] for found in await buyer.get("jobs/get-lists")}
    list_id = next(iter(lists))
    more: dict[str, Any] = {"task_satisfaction": "excellent", "task_bonus": 0.5, "list_id": list_id}
    assert (await buyer.rate(good, **more))["ok"] is True
    assert (await buyer.rate(bad, "not_ok", task_satisfaction="spam", block_worker=True))["ok"] is True
    assert await buyer.balance() == Decimal("249.5")
    told = [(entry["rating"], entry["bonus"], entry["block_worker"]) for entry in buyer.server.ledger()]
    assert told == [("ok", "0.50", False), ("not_ok", "0.00", True)]
    assert (await buyer.rate(good))["message"] == "Task cannot be rated."
    await buyer.post("lists/add-workers", list_id=list_id, workers=[bad["worker_id"], "nobody"])
    assert buyer.server.ledger()[-1]["workers"] == []  # one is blocked, the other does not exist


async def test_a_task_that_nobody_rates_is_paid_by_the_site_after_its_days(buyer: SiteBuyer) -> None:
    job_id = (await buyer.jobs())[2]["id"]
    waiting = len(await buyer.waiting(job_id=job_id))
    assert "ttr" in await buyer.refusal("jobs/set-ttr", job_id=job_id, ttr=8)
    assert (await buyer.post("jobs/set-ttr", job_id=job_id, ttr=1))["ok"] is True
    buyer.clock.advance(86_400)
    assert await buyer.waiting(job_id=job_id) == []
    lapsed = [entry["job_id"] for entry in buyer.server.ledger(made_by="auto")]
    assert lapsed.count(job_id) == waiting > 0


async def test_a_job_is_steered_through_its_whole_life(buyer: SiteBuyer) -> None:
    job_id = await buyer.post_job(num_tasks=10, task_value=1)
    assert await buyer.post("jobs/job-pause", job_id=job_id) == {"ok": True}
    assert "paused" in (await buyer.get("jobs/get-job", job_id=job_id))["status"].lower()
    assert await buyer.post("jobs/job-resume", job_id=job_id) == {"ok": True}
    assert (await buyer.post("jobs/add-positions", job_id=job_id, positions=5))["ok"] is True
    assert (await buyer.post("jobs/set-speed", job_id=job_id, speed=10))["ok"] is True
    assert await buyer.balance() == 235
    buyer.server.submit(job_id=job_id, count=3)
    assert (await buyer.post("jobs/job-stop", job_id=job_id))["ok"] is True
    assert await buyer.balance() == 247
    assert "notice" in await buyer.post("jobs/job-restart", job_id=job_id, positions=2)
    assert await buyer.balance() == 233
    job = await buyer.get("jobs/get-job", job_id=job_id)
    assert (job["status"], job["num_tasks"], job["tasks_done"], job["speed"]) == ("RUNNING", 17, 3, 10)
    kinds = [entry["kind"] for entry in buyer.server.ledger()]
    assert kinds == ["post_job", "pause", "resume", "add_positions", "set_speed", "stop", "restart"]


def test_the_simulation_uses_nothing_of_its_plugins_clients() -> None:
    code = (
        "import sys, botcore_picoworkers.sandbox, botcore.sandbox.server;"
        "print([m for m in sys.modules if m.startswith(('botcore_', 'botcore.models', 'botcore.provider',"
        " 'botcore.transport', 'botcore.store')) and '.sandbox' not in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert sorted(done.stdout.strip("[]\n").split(", ")) == ["'botcore_picoworkers'", "'botcore_sproutgigs'"]
