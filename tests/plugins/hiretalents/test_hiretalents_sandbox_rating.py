"""Ratings in the simulated HireTalents: what is taken, what is refused, and what follows."""

from __future__ import annotations

from typing import Any

import pytest

from botcore.clock import ManualClock
from botcore.sandbox import SandboxServer
from botcore.sandbox.proofs import Proof
from tests.plugins.hiretalents.buyer import Buyer

DAY = 86_400


@pytest.mark.parametrize(
    ("status", "reason", "rating"), [(3, None, "ok"), (1, "a blank page", "not_ok"), ("5", "the name", "revise")]
)
async def test_a_rating_is_told_and_once_in_the_ledger(
    sandbox: SandboxServer, buyer: Buyer, status: Any, reason: str | None, rating: str
) -> None:
    one = (await buyer.pending())[0]
    assert await buyer.rate(one["id"], status, reason) == {"result": "ok", "app_id": one["id"]}
    now = await buyer.get(f"application/{one['id']}")
    assert (now["status"], now["showcause"]) == (int(status), reason)
    (entry,) = sandbox.ledger()
    assert (entry["kind"], entry["job_id"], entry["task_id"]) == ("rate", str(one["jobid"]), str(one["id"]))
    assert (entry["rating"], entry["comment"], entry["bonus"]) == (rating, reason or "", "0.00")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "status"),
        ({"status": 2}, "status"),
        ({"status": 4, "reason": "x"}, "status"),
        ({"status": 0}, "status"),
        ({"status": "ok"}, "status"),
        ({"status": True}, "status"),
        ({"status": 1}, "reason"),
        ({"status": 5, "reason": "  "}, "reason"),
        ({"status": 1, "reason": 7}, "reason"),
        ({"status": 1, "reason": "half \ud800"}, "reason"),
    ],
)
async def test_a_wrong_rating_is_refused_and_changes_nothing(
    sandbox: SandboxServer, buyer: Buyer, body: dict[str, Any], field: str
) -> None:
    before = await buyer.pending()
    status, answer = await buyer.ask("POST", f"application/{before[0]['id']}/set", body)
    assert (status, list(answer["errors"])) == (422, [field])
    assert await buyer.pending() == before
    assert sandbox.ledger() == []


@pytest.mark.parametrize(("first", "second"), [(3, 1), (1, 3), (5, 3), (3, 3)])
async def test_what_is_rated_cannot_be_rated_again(
    sandbox: SandboxServer, buyer: Buyer, first: int, second: int
) -> None:
    one = (await buyer.pending())[0]
    await buyer.rate(one["id"], first, "so it is")
    answer = await buyer.rate(one["id"], second, "or not")
    assert answer["result"] == "error"
    assert (await buyer.get(f"application/{one['id']}"))["status"] == first
    assert len(sandbox.ledger()) == 1


async def test_what_was_not_completed_comes_back_under_the_same_number(
    buyer: Buyer, sandbox: SandboxServer, sandbox_clock: ManualClock
) -> None:
    one = (await buyer.pending())[0]
    await buyer.rate(one["id"], 5, "the name is missing")
    assert one["id"] not in {each["id"] for each in await buyer.pending()}
    sandbox_clock.advance(60)
    again = await buyer.get(f"application/{one['id']}")
    assert (again["status"], again["showcause"], again["user_id"]) == (4, None, one["user_id"])
    assert again["appdate"] > one["appdate"]
    assert (again["proof"], again["screenshot"]) != (one["proof"], one["screenshot"])
    await buyer.rate(one["id"], 3)
    assert [entry["revision"] for entry in sandbox.ledger()] == [0, 1]


async def test_a_worker_hands_in_again_when_told_to(sandbox: SandboxServer, buyer: Buyer) -> None:
    one = (await buyer.pending())[0]
    await buyer.rate(one["id"], 5, "again")
    sandbox.resubmit("hire", str(one["id"]), [Proof("text", "better")])
    assert (await buyer.get(f"application/{one['id']}"))["proof"] == "better"


async def test_what_is_reported_is_the_sites_to_settle(
    sandbox: SandboxServer, buyer: Buyer, sandbox_clock: ManualClock
) -> None:
    one = (await buyer.pending())[0]
    sandbox.report("hire", str(one["id"]))
    assert (await buyer.get(f"application/{one['id']}"))["status"] == 2
    assert one["id"] not in {each["id"] for each in await buyer.pending()}
    assert (await buyer.rate(one["id"], 3))["result"] == "error"
    sandbox_clock.advance(2 * DAY)
    assert (await buyer.get(f"application/{one['id']}"))["status"] == 1
    assert sandbox.ledger() == []
    told = [entry for entry in sandbox.ledger(made_by="auto") if entry["task_id"] == str(one["id"])]
    assert [entry["kind"] for entry in told] == ["report", "rate"]


async def test_some_of_what_spammers_hand_in_is_reported(
    sandbox: SandboxServer, buyer: Buyer, sandbox_clock: ManualClock
) -> None:
    sandbox.submit("hire", count=60)
    sandbox_clock.advance(3600)
    jobs = await buyer.get("jobs/all/1")
    assert 1 <= sum([len(await buyer.get(f"job/{job['id']}/applications/2/1")) for job in jobs]) <= 10


async def test_nothing_is_approved_by_itself_unless_the_site_does_so(
    sandbox: SandboxServer, buyer: Buyer, sandbox_clock: ManualClock
) -> None:
    worker = sandbox.world.db.execute("SELECT id FROM worker WHERE habit = 'honest' ORDER BY n").fetchone()["id"]
    (old,) = sandbox.submit("hire", worker_id=worker)
    sandbox.set_quirk("hire", "approve_after_days", "7")
    (new,) = sandbox.submit("hire", worker_id=worker)
    sandbox_clock.advance(7 * DAY - 1)
    assert (await buyer.get(f"application/{new}"))["status"] == 4
    sandbox_clock.advance(1)
    assert (await buyer.get(f"application/{new}"))["status"] == 3
    assert sandbox.ledger() == []
    sandbox_clock.advance(365 * DAY)
    assert (await buyer.get(f"application/{old}"))["status"] == 4


async def test_the_buyer_can_rate_on_the_site_too(sandbox: SandboxServer, buyer: Buyer) -> None:
    one = (await buyer.pending())[0]
    body = {"job_id": str(one["jobid"]), "task_id": str(one["id"]), "rating": "ok"}
    async with buyer.http.post(f"{sandbox.url}/_sandbox/rate", json=body) as response:
        assert response.status == 200
    assert (await buyer.get(f"application/{one['id']}"))["status"] == 3
    assert sandbox.ledger() == []
