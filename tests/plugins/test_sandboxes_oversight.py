"""What the simulated marketplaces make of jobs by themselves and when they are told to, as their APIs tell it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from botcore.clock import ManualClock
from botcore.models import JobStatus
from botcore.provider import Capability, Provider, Refused
from botcore.sandbox import Refusal, Sandbox, SandboxServer, jobs
from botcore.sandbox.tasks import Judgement
from botcore.testing import Market, a_rating
from botcore.testing.market import opened
from botcore_hiretalents.provider import HireTalentsProvider
from botcore_hiretalents.sandbox import HireTalentsSandbox
from botcore_picoworkers.provider import PicoworkersProvider
from botcore_picoworkers.sandbox import PicoworkersSandbox
from botcore_sproutgigs.provider import SproutGigsProvider
from botcore_sproutgigs.sandbox import SproutGigsSandbox

PRICE, POSITIONS = Decimal("0.5"), 10
UNIT = Decimal("0.0001")
LOOKED_AT = 180.0  # seconds until the site has looked at a new job, at most

Back = Callable[..., Awaitable[Any]]


@pytest.fixture(
    params=[
        (SproutGigsProvider, SproutGigsSandbox),
        (PicoworkersProvider, PicoworkersSandbox),
        (HireTalentsProvider, HireTalentsSandbox),
    ],
    ids=["sproutgigs", "picoworkers", "hiretalents"],
)
async def there(request: pytest.FixtureRequest) -> AsyncIterator[Market]:
    provider: type[Provider]
    sandbox: type[Sandbox]
    provider, sandbox = request.param
    async with opened(provider, sandbox, {}, frozenset()) as market:
        yield market


def post(market: Market) -> str:
    """A new job, as any that is there but for its price and positions."""
    with market.books() as books:
        first = jobs.find(books, market.job_id).terms
        terms = jobs.Terms(
            title="Join the garden forum",
            price=int(PRICE / UNIT),
            positions=POSITIONS,
            ttr_days=first.ttr_days,
            slots=first.slots,
            data=first.data,
        )
        return jobs.post(books, terms)


async def stands(market: Market, job_id: str) -> JobStatus:
    return (await market.provider.job(job_id)).status


def became(market: Market, job_id: str) -> list[str]:
    return [change["status"] for change in market.server.job_changes() if change["job_id"] == job_id]


async def test_a_new_job_is_approved_after_a_while(there: Market) -> None:
    job_id, start = post(there), there.clock.now()
    assert await stands(there, job_id) is JobStatus.REVIEW
    assert became(there, job_id) == []
    there.server.advance(LOOKED_AT)
    assert await stands(there, job_id) is JobStatus.RUNNING
    (change,) = there.server.job_changes(there.server.accounts[0].name)
    assert (change["job_id"], change["status"]) == (job_id, "running")
    assert start.isoformat() < change["at"] <= (start + timedelta(seconds=LOOKED_AT)).isoformat()
    assert there.server.job_changes("nobody") == []


async def test_a_new_job_is_approved_at_once_when_the_site_is_told_to(there: Market) -> None:
    job_id = post(there)
    there.server.judge_job("", job_id, "approve")
    assert await stands(there, job_id) is JobStatus.RUNNING
    for judgement in ("approve", "decline"):
        with pytest.raises(Refusal, match="already"):
            there.server.judge_job("", job_id, judgement)
    there.server.advance(LOOKED_AT)
    assert became(there, job_id) == ["running"]


async def test_a_declined_job_never_ran_and_costs_nothing(there: Market) -> None:
    before = there.spendable()
    job_id = post(there)
    assert there.spendable() == before - PRICE * POSITIONS
    there.server.judge_job("", job_id, "decline", "It is spam.")
    fees = Decimal("0.725") if there.site is HireTalentsSandbox else 0  # of seats that nobody took
    assert there.spendable() == before + fees
    there.server.advance(LOOKED_AT)
    assert await stands(there, job_id) is JobStatus.BLOCKED
    assert became(there, job_id) == ["declined"]
    (entry,) = [one for one in there.server.ledger(made_by="auto") if one["kind"] == "decline"]
    assert (entry["job_id"], entry["reason"]) == (job_id, "It is spam.")
    assert Decimal(entry["refund"]) == PRICE * POSITIONS + fees
    if there.site is HireTalentsSandbox:
        assert (await there.provider.job(job_id)).notes == "Declined: It is spam."
        assert job_id in {job.id for job in await there.provider.jobs()}


async def test_a_blocked_job_is_over_but_what_was_handed_in_is_to_be_rated(there: Market) -> None:
    job_id = post(there)
    there.server.judge_job("", job_id, "approve")
    approved, rejected = there.submit(2, job_id)
    before = there.spendable()
    there.server.judge_job("", job_id, "block")
    fees = Decimal("0.58") if there.site is HireTalentsSandbox else 0
    assert there.spendable() == before + PRICE * (POSITIONS - 2) + fees
    assert await stands(there, job_id) is JobStatus.BLOCKED
    assert {one.task_id for one in await there.read(job_id)} == {approved, rejected}
    await there.provider.rate(job_id, [a_rating(approved)])
    there.server.rate_on_site("", _rejection(job_id, rejected))
    assert there.spendable() == before + PRICE * (POSITIONS - 1) + fees
    assert await stands(there, job_id) is JobStatus.BLOCKED
    with there.books() as books:
        assert jobs.find(books, job_id).reserved == 0


async def test_a_blocked_job_cannot_be_put_back(there: Market) -> None:
    job_id = post(there)
    there.server.judge_job("", job_id, "block")
    money = there.spendable()
    positions = 5 if there.kind.resume_needs_positions else None
    calls: dict[Capability, Callable[[], Awaitable[object]]] = {
        Capability.RESUME: lambda: there.provider.resume(job_id, positions),
        Capability.ADD_POSITIONS: lambda: there.provider.add_positions(job_id, 5),
        Capability.PAUSE: lambda: there.provider.pause(job_id),
        Capability.STOP: lambda: there.provider.stop(job_id),
    }
    for ability, call in calls.items():
        if there.can(ability):
            with pytest.raises(Refused):
                await call()
    with pytest.raises(Refusal, match="ended already"):
        there.server.judge_job("", job_id, "block")
    assert there.spendable() == money
    assert became(there, job_id) == ["blocked"]


async def test_a_job_is_finished_with_its_last_position_and_goes_on_when_one_is_rejected(there: Market) -> None:
    job_id = post(there)
    there.server.judge_job("", job_id, "approve")
    tasks = there.submit(POSITIONS, job_id)
    assert await stands(there, job_id) is JobStatus.FINISHED
    there.server.rate_on_site("", _rejection(job_id, tasks[0]))
    assert await stands(there, job_id) is JobStatus.RUNNING
    assert became(there, job_id) == ["running", "finished", "running"]


@pytest.mark.parametrize("kind", [SproutGigsSandbox, PicoworkersSandbox, HireTalentsSandbox])
async def test_nobody_comes_to_a_job_that_ran_dry(kind: type[Sandbox]) -> None:
    clock = ManualClock()
    server = SandboxServer({kind.name: kind}, clock=clock, waiting=0, gap=10, interval=0)
    await server.start()
    try:
        with server.world.turn(server.accounts[0].name, kind.name) as books:
            dry, *others = [job.id for job in jobs.listed(books)[0]]
        server.run_dry("", dry)
        assert await _arrivals(server, clock, dry) == 0
        assert await _arrivals(server, clock, others[0]) > 0
        assert server.submit("", dry)  # whom a test sends does come
        server.run_dry("", dry, dry=False)
        assert await _arrivals(server, clock, dry) > 0
        with pytest.raises(Refusal, match="not found"):
            server.run_dry("", "404404")
    finally:
        await server.stop()


async def test_money_comes_and_goes_on_the_website(there: Market) -> None:
    there.server.set_balance("", Decimal("0.75"))
    assert (await there.provider.balance()).spendable == Decimal("0.75")
    with pytest.raises(Refusal, match="below 0"):
        there.server.set_balance("", Decimal(-1))
    with pytest.raises(Refusal, match="too low"):
        post(there)
    assert [entry["spendable"] for entry in there.server.ledger(made_by="site")] == ["0.75"]


async def test_all_of_it_can_be_had_at_the_back_door(there: Market) -> None:
    async def back(path: str, body: Any = None, status: int = 200) -> Any:
        method = "GET" if body is None else "POST"
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, f"{there.server.url}/_sandbox/{path}", json=body) as response,
        ):
            assert response.status == status, await response.text()
            return await response.json()

    job_id = post(there)
    await back("job", {"job_id": job_id, "judgement": "approve"})
    await back("job", {"job_id": job_id, "judgement": "block", "reason": "No."})
    assert [change["status"] for change in await back("changes")] == ["running", "blocked"]
    await back("dry", {"job_id": there.job_id})
    await back("dry", {"job_id": there.job_id, "dry": 0})
    await back("balance", {"spendable": "12.5"})
    assert there.spendable() == Decimal("12.5")
    for path, body in (
        ("job", {"job_id": job_id, "judgement": "praise"}),
        ("job", {"job_id": "404404", "judgement": "block"}),
        ("job", {"job_id": job_id, "judgement": "decline"}),
        ("dry", {"job_id": "404404"}),
        ("balance", {"spendable": "-1"}),
        ("balance", {}),
    ):
        assert "error" in await back(path, body, 400)


def _rejection(job_id: str, task_id: str) -> Judgement:
    return Judgement(job_id=job_id, task_id=task_id, rating="not_ok", comment="No.")


async def _arrivals(server: SandboxServer, clock: ManualClock, job_id: str) -> int:
    """How many came within a quarter of an hour."""
    count = "SELECT count(*) FROM task WHERE job_id = ?"
    before: int = server.world.db.execute(count, (job_id,)).fetchone()[0]
    for _ in range(30):
        clock.advance(30)
        server.world.catch_up()
    after: int = server.world.db.execute(count, (job_id,)).fetchone()[0]
    return after - before
