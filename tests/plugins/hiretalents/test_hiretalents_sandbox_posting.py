"""Writing jobs in the simulated HireTalents: every rule, the documented costs, and what can be changed later."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from botcore.clock import ManualClock
from botcore.sandbox import SandboxServer
from tests.plugins.hiretalents.buyer import DRAFT, Buyer

IMAGE = {"desc": "Your profile", "type": "image"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": None}, "title"),
        ({"title": " "}, "title"),
        ({"title": 7}, "title"),
        ({"price": None}, "price"),
        ({"price": "0.02"}, "price"),
        ({"price": "much"}, "price"),
        ({"price": -1}, "price"),
        ({"price": "0.00001"}, "price"),
        ({"availseats": None}, "availseats"),
        ({"availseats": 0}, "availseats"),
        ({"availseats": 1.5}, "availseats"),
        ({"country": None}, "country"),
        ({"country": "int"}, "country"),
        ({"country": 0}, "country"),
        ({"country": "1269750"}, "country"),
        ({"country": []}, "country"),
        ({"country": ["1269750", "1"]}, "country"),
        ({"country": [["1269750"]]}, "country"),
        ({"category": None}, "category"),
        ({"category": 9999}, "category"),
        ({"automated": 2}, "automated"),
        ({"automated": 1, "category": 97, "price": 1}, "automated"),
        ({"automated": 1}, "proof"),
        ({"automated": 1, "proof": [{"desc": "like_tweet", "type": "like_tweet"}]}, "proof"),
        ({"automated": 1, "proof": [{"desc": "send_tweet", "type": "send_tweet"}, IMAGE]}, "proof"),
        ({"time": None}, "time"),
        ({"time": 0}, "time"),
        ({"job_limit": 10}, "job_limit"),
        ({"job_limit": {"limit": 10}}, "job_limit.duration"),
        ({"job_limit": {"limit": 0, "duration": "daily"}}, "job_limit.limit"),
        ({"job_limit": {"limit": 10, "duration": "weekly"}}, "job_limit.duration"),
        ({"hourly_limit": 0}, "hourly_limit"),
        ({"expected": None}, "expected"),
        ({"expected": []}, "expected"),
        ({"expected": [""]}, "expected"),
        ({"expected": "Do this"}, "expected"),
        ({"proof": None}, "proof"),
        ({"proof": []}, "proof"),
        ({"proof": [{"desc": "x", "type": "video"}]}, "proof[0].type"),
        ({"proof": [IMAGE, {"type": "text"}]}, "proof[1].desc"),
        ({"proof": [{"desc": "send_tweet", "type": "send_tweet"}]}, "proof[0].type"),
        ({"send_tweet": "yes"}, "send_tweet"),
        ({"hide_search_engines": 2}, "hide_search_engines"),
        ({"team_id": 1, "country": 0}, "team_id"),
        ({"team_id": 12870}, "country"),
        ({"team_id": 12870, "country": False}, "country"),
        ({"get_cost": 3}, "get_cost"),
    ],
)
async def test_a_draft_that_breaks_a_rule_is_refused_and_costs_nothing(
    sandbox: SandboxServer, buyer: Buyer, changes: dict[str, Any], field: str
) -> None:
    status, answer = await buyer.ask("POST", "jobs/create", {**DRAFT, **changes})
    assert (status, list(answer["errors"])) == (422, [field])
    assert field in answer["errors"][field][0]
    assert await buyer.balance() == 250
    assert len(await buyer.get("jobs/all/1")) == 3
    assert sandbox.ledger() == []


async def test_a_body_that_is_no_object_is_refused(buyer: Buyer) -> None:
    for body in (["title"], None, "title"):
        assert (await buyer.post("jobs/create", body))["result"] == "error"


async def test_what_costs_more_than_there_is_is_refused(sandbox: SandboxServer, buyer: Buyer) -> None:
    answer = await buyer.post("jobs/create", {**DRAFT, "availseats": 100_000})
    assert answer["result"] == "error"
    assert "balance" in answer["message"]
    assert await buyer.balance() == 250
    assert sandbox.ledger() == []


async def test_the_documented_job_costs_what_the_document_says(sandbox: SandboxServer, buyer: Buyer) -> None:
    documented = {**DRAFT, "send_tweet": 1, "hourly_limit": 10}
    asked = await buyer.post("jobs/create", {**documented, "get_cost": "1"})
    assert asked == {"result": "ok", "cost": Decimal("4.875")}
    assert await buyer.balance() == 250
    assert len(await buyer.get("jobs/all/1")) == 3
    assert sandbox.ledger() == []

    made = await buyer.post("jobs/create", documented)
    assert made == {"result": "ok", "cost": Decimal("4.875"), "job_id": made["job_id"]}
    assert await buyer.balance() == Decimal("245.125")
    (entry,) = sandbox.ledger()
    assert (entry["kind"], entry["job_id"], entry["cost"]) == ("post_job", str(made["job_id"]), "4.875")


async def test_seats_without_a_tweet_cost_an_eighth_and_a_cent_more(buyer: Buyer) -> None:
    answer = await buyer.post("jobs/create", {**DRAFT, "price": 0.2, "availseats": 10, "get_cost": 1})
    assert answer["cost"] == Decimal("2.35")
    odd = await buyer.post("jobs/create", {**DRAFT, "availseats": 1, "get_cost": 1})
    assert odd["cost"] == Decimal("0.0438")


@pytest.mark.parametrize(("category", "kind"), [(13, "send_tweet"), (114, "like_tweet"), (112, "tweeter_followers")])
async def test_an_automated_job_approves_honest_work_by_itself(
    sandbox: SandboxServer, buyer: Buyer, sandbox_clock: ManualClock, category: int, kind: str
) -> None:
    proof = [{"desc": kind, "type": kind}]
    job_id = await buyer.create(category=str(category), automated="1", proof=proof)
    sandbox_clock.advance(200)
    sandbox.submit("hire", str(job_id), count=20)
    assert len(await buyer.get(f"job/{job_id}/applications/4/1")) == 20
    sandbox_clock.advance(90)
    approved = await buyer.get(f"job/{job_id}/applications/3/1")
    assert 10 <= len(approved) < 20
    assert sandbox.ledger(made_by="api")[1:] == []
    by_itself = [entry["task_id"] for entry in sandbox.ledger(made_by="auto") if entry["kind"] == "rate"]
    assert sorted(by_itself) == sorted(str(one["id"]) for one in approved)
    assert (await buyer.get(f"job/{job_id}"))["proof"] == proof
    assert (await buyer.ask("POST", f"job/{job_id}/update", {"proof": [IMAGE]}))[0] == 422


async def test_a_job_for_some_countries_gets_workers_from_there(
    sandbox: SandboxServer, buyer: Buyer, sandbox_clock: ManualClock
) -> None:
    job_id = await buyer.create(country=["2635167", 1282988])
    sandbox.submit("hire", str(job_id), count=8)
    homes = sandbox.world.db.execute("SELECT DISTINCT country FROM task WHERE job_id = ?", (str(job_id),))
    assert {row[0] for row in homes} <= {"UK", "NP"}
    assert (await buyer.get(f"job/{job_id}"))["country"] == "2635167,1282988"


@pytest.mark.parametrize(("limit", "seconds"), [({"limit": 3, "duration": "hourly"}, 3600), (None, 0)])
async def test_a_limited_job_gets_so_many_an_hour(
    sandbox: SandboxServer, buyer: Buyer, sandbox_clock: ManualClock, limit: Any, seconds: int
) -> None:
    for job in await buyer.get("jobs/1/1"):
        await buyer.post(f"job/{job['id']}/pause")
    job_id = await buyer.create(job_limit=limit)
    sandbox_clock.advance(200)
    sandbox.submit("hire", count=3)
    job = await buyer.get(f"job/{job_id}")
    assert (job["hourseats"], job["limitfreqseconds"], job["total_app"]) == (3 if limit else 0, seconds, 3)
    if limit:
        with pytest.raises(Exception, match="No running job"):
            sandbox.submit("hire")
        sandbox_clock.advance(3600)
    sandbox.submit("hire", count=3)


async def test_what_is_written_can_be_written_again(
    sandbox: SandboxServer, buyer: Buyer, sandbox_clock: ManualClock
) -> None:
    job_id = await buyer.create()
    before = await buyer.get(f"job/{job_id}")
    sandbox_clock.advance(1)
    changed = {
        "title": "New title", "time": "9", "expected": ["Only this"], "proof": [{"desc": "Your age", "type": "text"}],
    }  # fmt: skip
    limit = {"job_limit": {"limit": "10", "duration": "daily"}, "restart_schedule": 60}
    answer = await buyer.post(f"job/{job_id}/update", {**changed, **limit, "price": 100})
    assert answer == {"result": "ok", "job_id": job_id}
    after = await buyer.get(f"job/{job_id}")
    assert {name: value for name, value in after.items() if before[name] != value and name != "slug"} == {
        **changed, "time": 9, "hourseats": 10, "limitfreqseconds": 86_400, "updated_at": after["updated_at"],
    }  # fmt: skip
    assert [entry["fields"] for entry in sandbox.ledger() if entry["kind"] == "update"] == [
        sorted({**changed, **limit})
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": 7}, "title"),
        ({"time": 0}, "time"),
        ({"expected": []}, "expected"),
        ({"proof": [{"desc": "x"}]}, "proof[0].type"),
        ({"job_limit": {"limit": 1}}, "job_limit.duration"),
        ({"restart_schedule": 59}, "restart_schedule"),
        ({"restart_schedule": 31_104_001}, "restart_schedule"),
        ({"restart_schedule": -2}, "restart_schedule"),
    ],
)
async def test_a_change_that_breaks_a_rule_changes_nothing(
    sandbox: SandboxServer, buyer: Buyer, changes: dict[str, Any], field: str
) -> None:
    job_id = await buyer.create()
    before = await buyer.get(f"job/{job_id}")
    status, answer = await buyer.ask("POST", f"job/{job_id}/update", {"title": "New", **changes})
    assert (status, list(answer["errors"])) == (422, [field])
    assert await buyer.get(f"job/{job_id}") == before
    assert [entry["kind"] for entry in sandbox.ledger()] == ["post_job"]


async def test_a_schedule_lets_workers_come_again_until_it_is_taken_away(
    sandbox: SandboxServer, buyer: Buyer, sandbox_clock: ManualClock
) -> None:
    job_id = (await buyer.get("jobs/all/1"))[0]["id"]
    await buyer.post(f"job/{job_id}/update", {"restart_schedule": 3600})
    sandbox_clock.advance(2 * 3600)
    restarts = [entry for entry in sandbox.ledger(made_by="auto") if entry["kind"] == "restart"]
    assert len(restarts) == 1 + 1
    await buyer.post(f"job/{job_id}/update", {"restart_schedule": -1})
    sandbox_clock.advance(86_400)
    assert len([entry for entry in sandbox.ledger(made_by="auto") if entry["kind"] == "restart"]) == 2
