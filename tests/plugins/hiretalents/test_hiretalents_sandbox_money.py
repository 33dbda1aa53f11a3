"""A job's life in the simulated HireTalents, and that no money comes from nowhere or is lost."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from botcore.clock import ManualClock
from botcore.sandbox import SandboxServer
from botcore.sandbox.money import UNIT
from tests.plugins.hiretalents.buyer import Buyer


def _reserved(sandbox: SandboxServer) -> Decimal:
    return int(sandbox.world.db.execute("SELECT sum(reserved) FROM job").fetchone()[0]) * UNIT


async def test_seats_are_added_at_the_documented_cost(sandbox: SandboxServer, buyer: Buyer) -> None:
    job_id = await buyer.create(price=0.2, availseats=14)
    before = await buyer.balance()
    answer = await buyer.post(f"job/{job_id}/add_seat", {"seat_count": 10})
    assert answer == {"result": "ok", "cost": Decimal("2.35"), "job_id": job_id}
    assert before - await buyer.balance() == Decimal("2.35")
    assert (await buyer.get(f"job/{job_id}"))["availseats"] == 24
    assert sandbox.ledger()[-1]["cost"] == "2.35"


async def test_a_pause_ends_the_job_and_gives_back_the_seats_nobody_took(sandbox: SandboxServer, buyer: Buyer) -> None:
    before = await buyer.balance()
    job_id = await buyer.create(price=0.2, availseats=10, send_tweet=1)
    sandbox.submit("hire", str(job_id), count=4)
    assert await buyer.post(f"job/{job_id}/pause") == {"result": "ok", "job_id": job_id}

    job = await buyer.get(f"job/{job_id}")
    assert (job["status"], job["availseats"], job["total_app"]) == (3, 4, 4)
    assert before - await buyer.balance() == 4 * Decimal("0.235") + Decimal("0.50")
    assert (sandbox.ledger()[-1]["kind"], sandbox.ledger()[-1]["refund"]) == ("pause", "1.41")
    assert len(await buyer.get(f"job/{job_id}/applications/4/1")) == 4
    assert (await buyer.post(f"job/{job_id}/pause"))["result"] == "error"
    assert (await buyer.post(f"job/{job_id}/add_seat", {"seat_count": 1}))["result"] == "error"
    assert before - await buyer.balance() == 4 * Decimal("0.235") + Decimal("0.50")


async def test_what_is_declined_after_the_end_gives_its_price_back(sandbox: SandboxServer, buyer: Buyer) -> None:
    job_id = await buyer.create(price=0.2, availseats=10)
    (made,) = sandbox.submit("hire", str(job_id))
    await buyer.post(f"job/{job_id}/pause")
    before = await buyer.balance()
    await buyer.rate(int(made), 1, "no")
    assert await buyer.balance() - before == Decimal("0.2")
    assert (await buyer.get(f"job/{job_id}"))["status"] == 3


async def test_a_resumed_job_has_new_seats_at_the_documented_cost(sandbox: SandboxServer, buyer: Buyer) -> None:
    job_id = await buyer.create(price=0.2, availseats=20)
    (declined, _) = sandbox.submit("hire", str(job_id), count=2)
    await buyer.post(f"job/{job_id}/pause")
    await buyer.rate(int(declined), 1, "no")
    before = await buyer.balance()

    body = {"seat_count": "10", "send_tweet": "1", "hide_search_engines": "1"}
    answer = await buyer.post(f"job/{job_id}/resume", body)
    assert answer == {"result": "ok", "cost": Decimal("2.85"), "job_id": job_id}
    assert before - await buyer.balance() == Decimal("2.85")
    job = next(job for job in await buyer.get("jobs/1/1") if job["id"] == job_id)
    assert (job["status"], job["availseats"], job["send_tweet"], job["hide_search_engines"]) == (1, 11, 1, 1)
    assert (sandbox.ledger()[-1]["kind"], sandbox.ledger()[-1]["cost"]) == ("resume", "2.85")
    assert (await buyer.post(f"job/{job_id}/resume", body))["result"] == "error"


async def test_a_full_job_ends_and_can_be_resumed(sandbox: SandboxServer, buyer: Buyer) -> None:
    job_id = await buyer.create(availseats=2)
    sandbox.submit("hire", str(job_id), count=2)
    assert (await buyer.get(f"job/{job_id}"))["status"] == 3
    await buyer.post(f"job/{job_id}/resume", {"seat_count": 1})
    job = await buyer.get(f"job/{job_id}")
    assert (job["status"], job["availseats"]) == (1, 3)


async def test_a_declined_application_opens_its_seat_again(sandbox: SandboxServer, buyer: Buyer) -> None:
    job_id = await buyer.create(availseats=2)
    made = sandbox.submit("hire", str(job_id), count=2)
    balance = await buyer.balance()
    await buyer.rate(int(made[0]), 1, "no")
    assert ((await buyer.get(f"job/{job_id}"))["status"], await buyer.balance()) == (1, balance)


async def test_a_restart_costs_nothing_and_lets_the_same_workers_come_again(
    sandbox: SandboxServer, buyer: Buyer, sandbox_clock: ManualClock
) -> None:
    team = (await buyer.get("teams"))[1]
    job_id = await buyer.create(team_id=team["id"], country=0, availseats=30)
    sandbox_clock.advance(200)
    members = len(await buyer.post("teams/members", {"team_id": team["id"]}))
    sandbox.submit("hire", str(job_id), count=members)
    with pytest.raises(Exception, match="Nobody is left"):
        sandbox.submit("hire", str(job_id))
    before = await buyer.balance()
    assert await buyer.post(f"job/{job_id}/restart") == {"result": "ok", "job_id": job_id}
    sandbox.submit("hire", str(job_id), count=members)
    with pytest.raises(Exception, match="Nobody is left"):
        sandbox.submit("hire", str(job_id))
    assert await buyer.balance() == before
    assert sandbox.ledger()[-1]["kind"] == "restart"


@pytest.mark.parametrize("path", ["add_seat", "resume"])
@pytest.mark.parametrize("seats", [None, 0, -1, "ten", 1.5])
async def test_a_number_of_seats_that_is_none_is_refused(buyer: Buyer, path: str, seats: Any) -> None:
    job_id = await buyer.create()
    status, answer = await buyer.ask("POST", f"job/{job_id}/{path}", {"seat_count": seats})
    assert (status, list(answer["errors"])) == (422, ["seat_count"])


async def test_seats_that_cost_more_than_there_is_are_refused(sandbox: SandboxServer, buyer: Buyer) -> None:
    job_id = await buyer.create()
    before = await buyer.balance()
    assert (await buyer.post(f"job/{job_id}/add_seat", {"seat_count": 100_000}))["result"] == "error"
    await buyer.post(f"job/{job_id}/pause")
    after = await buyer.balance()
    assert (await buyer.post(f"job/{job_id}/resume", {"seat_count": 100_000}))["result"] == "error"
    assert (await buyer.get(f"job/{job_id}"))["status"] == 3
    assert (after > before, await buyer.balance()) == (True, after)


async def test_no_money_is_lost_whatever_happens(
    sandbox: SandboxServer, buyer: Buyer, sandbox_clock: ManualClock
) -> None:
    """What was there is what is there, what is set aside, what workers got, and the fees."""
    luck = random.Random(7)
    start, aside = await buyer.balance(), _reserved(sandbox)
    ids = [
        await buyer.create(price=luck.choice(["0.03", "0.0451", "0.2"]), availseats=luck.randint(1, 20)) for _ in "123"
    ]
    for _ in range(120):
        job_id = luck.choice(ids)
        waiting = [str(one["id"]) for one in await buyer.get(f"job/{job_id}/applications/4/1")]
        match luck.randrange(8):
            case 0:
                await buyer.post(f"job/{job_id}/pause")
            case 1:
                await buyer.post(
                    f"job/{job_id}/resume", {"seat_count": luck.randint(1, 9), "send_tweet": luck.randint(0, 1)}
                )
            case 2:
                await buyer.post(f"job/{job_id}/add_seat", {"seat_count": luck.randint(1, 9)})
            case 3:
                sandbox_clock.advance(luck.choice([10, 100, 1000]))
            case 4 | 5 if (await buyer.get(f"job/{job_id}"))["status"] == 1:
                sandbox.submit("hire", str(job_id))
            case 6 | 7 if waiting:
                await buyer.rate(int(luck.choice(waiting)), luck.choice([1, 3, 5]), "so it is")

    ledger = sandbox.ledger(made_by="all")
    spent = sum(Decimal(entry["cost"]) for entry in ledger if "cost" in entry)
    back = sum(Decimal(entry["refund"]) for entry in ledger if "refund" in entry)
    prices = {str(job["id"]): job["price"] for job in await buyer.get("jobs/all/1")}
    paid = sum(prices[entry["job_id"]] for entry in ledger if entry.get("rating") == "ok")
    kinds = {entry["kind"] for entry in ledger}
    assert kinds >= {"post_job", "pause", "resume", "add_positions", "rate"}
    declined_late = await buyer.balance() - (start - spent + back)
    assert declined_late >= 0
    assert declined_late == sum(_late_refunds(sandbox, prices))
    fees = sum(_fees(entry, prices) for entry in ledger)
    assert start + aside == await buyer.balance() + _reserved(sandbox) + paid + fees


def _late_refunds(sandbox: SandboxServer, prices: dict[str, Decimal]) -> list[Decimal]:
    """The prices of what was declined while its job had been paused."""
    paused: set[str] = set()
    back = []
    for entry in sandbox.ledger(made_by="all"):
        match entry["kind"]:
            case "pause":
                paused.add(entry["job_id"])
            case "resume":
                paused.discard(entry["job_id"])
            case "rate" if entry["rating"] == "not_ok" and entry["job_id"] in paused:
                back.append(prices[entry["job_id"]])
    return back


def _fees(entry: dict[str, Any], prices: dict[str, Decimal]) -> Decimal:
    """What of a cost is no price, less what of a refund is none."""
    if "cost" in entry:
        return Decimal(entry["cost"]) - prices[entry["job_id"]] * int(entry["positions"])
    if "refund" in entry:
        price = prices[entry["job_id"]]
        return price * int(entry["seats"]) - Decimal(entry["refund"])
    return Decimal(0)
