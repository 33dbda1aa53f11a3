"""Capabilities: each that is declared works, each that is not says so; and webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from decimal import Decimal

import pytest
from aiohttp import web

from ..draft import JobDraft
from ..models import Category, Country, Hints, JobChange, JobStatus, WebhookRequest, WorkerList, Zone
from ..provider import Capability, OutcomeUnknown, Provider
from ..sandbox import FaultKind
from .market import ACCOUNT, Contract, Market, assert_exact, error_of

COUNT = 3
SOON = 60.0  # real seconds

Call = Callable[[Provider, str, str, str], Awaitable[object]]  # of a job, a worker and a list

CATALOGUE: Mapping[Capability, Call] = {
    Capability.ZONES: lambda provider, job, worker, listed: provider.zones(),
    Capability.CATEGORIES: lambda provider, job, worker, listed: provider.categories(),
    Capability.COUNTRIES: lambda provider, job, worker, listed: provider.countries(),
    Capability.LISTS: lambda provider, job, worker, listed: provider.lists(),
    Capability.TEAMS: lambda provider, job, worker, listed: provider.teams(),
}
PEOPLE: Mapping[Capability, Call] = {
    Capability.ADD_TO_LIST: lambda provider, job, worker, listed: provider.add_to_list(listed, [worker]),
    Capability.BLOCK: lambda provider, job, worker, listed: provider.block([worker]),
    Capability.UNBLOCK: lambda provider, job, worker, listed: provider.unblock([worker]),
}
LIFE: Mapping[Capability, Call] = {
    Capability.PAUSE: lambda provider, job, worker, listed: provider.pause(job),
    Capability.RESUME: lambda provider, job, worker, listed: provider.resume(
        job, COUNT if provider.resume_needs_positions else None
    ),
    Capability.STOP: lambda provider, job, worker, listed: provider.stop(job),
    Capability.RESTART: lambda provider, job, worker, listed: provider.restart(
        job, COUNT if provider.restart_adds else None
    ),
    Capability.ADD_POSITIONS: lambda provider, job, worker, listed: provider.add_positions(job, COUNT),
    Capability.SPEED: lambda provider, job, worker, listed: provider.set_speed(job, provider.speed_range[1]),
    Capability.TIME_TO_RATE: lambda provider, job, worker, listed: provider.set_time_to_rate(
        job, provider.time_to_rate_range[0]
    ),
}
POSTING: tuple[Call, ...] = (
    lambda provider, job, worker, listed: provider.quote(JobDraft(ACCOUNT)),
    lambda provider, job, worker, listed: provider.post(JobDraft(ACCOUNT)),
    lambda provider, job, worker, listed: provider.posted_since(provider.tools.clock.now()),
    lambda provider, job, worker, listed: provider.draft_of(job),
)
CHANGES = {**PEOPLE, **LIFE}
AFTERWARDS = {
    Capability.PAUSE: {JobStatus.PAUSED, JobStatus.FINISHED},
    Capability.RESUME: {JobStatus.RUNNING},
    Capability.STOP: {JobStatus.FINISHED},
}
GARBAGE = (b"", b"[]", b"{}", b"null", b"{", b"\xff\xfe\x00", b"[" * 100_000, b'{"a": 1e999}', b'{"../x": ["\\ud800"]}')


class AbilitiesContract(Contract):
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Only what is declared is tried."""
        for name, calls in (("catalogue", CATALOGUE), ("change", CHANGES)):
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, [ability for ability in calls if ability in self.provider.capabilities])

    async def test_it_says_who_it_is(self, market: Market) -> None:
        assert market.kind.name
        assert market.kind.title
        for low, high in (market.kind.speed_range, market.kind.time_to_rate_range, market.kind.positions_range):
            assert 1 <= low <= high

    async def test_its_settings_show_no_key(self, market: Market) -> None:
        shown = f"{market.provider.settings!r} {market.provider.settings} {market.provider.settings.model_dump_json()}"
        assert not [secret for secret in market.secrets if secret in shown]

    async def test_what_is_not_declared_is_not_there(self, market: Market) -> None:
        for ability, call in {**CATALOGUE, **CHANGES}.items():
            if not market.can(ability):
                with pytest.raises(NotImplementedError):
                    await call(market.provider, market.job_id, "1", "1")
        if not market.can(Capability.POST):
            with pytest.raises(NotImplementedError):
                market.provider.estimate(JobDraft(ACCOUNT))
            for post in POSTING:
                with pytest.raises(NotImplementedError):
                    await post(market.provider, market.job_id, "1", "1")
        if not market.can(Capability.WEBHOOKS):
            with pytest.raises(NotImplementedError):
                market.provider.hints(WebhookRequest("POST", {}, {}, b"{}"))
        assert market.server.ledger() == []

    async def test_the_catalogue_is_told(self, market: Market, catalogue: Capability) -> None:
        found = await CATALOGUE[catalogue](market.provider, "", "", "")
        assert isinstance(found, list | tuple)
        assert found
        assert len({thing.id for thing in found}) == len(found)
        for thing in found:
            assert isinstance(thing, Zone | Category | Country | WorkerList)
            assert isinstance(thing.id, str)
            assert thing.id
            assert thing.name
            for amount in thing.minimum.values() if isinstance(thing, Category) else ():
                assert_exact(amount)

    async def test_a_change_is_made_once_and_told(self, market: Market, change: Capability) -> None:
        call = await prepared(market, change)
        before, there = await market.provider.job(market.job_id), len(market.server.ledger())
        money = market.spendable()
        told = await call()
        assert len(market.server.ledger()) == there + 1
        assert isinstance(told, str if change in PEOPLE else JobChange)
        if isinstance(told, JobChange) and told.cost is not None:
            assert_exact(told.cost)
            assert told.cost == money - market.spendable()
        after = await market.provider.job(market.job_id)
        assert change not in AFTERWARDS or after.status in AFTERWARDS[change]
        if change is Capability.ADD_POSITIONS:
            assert after.positions == before.positions + COUNT
        if change is Capability.TIME_TO_RATE:
            assert after.rate_within_days == market.kind.time_to_rate_range[0]

    async def test_a_quote_for_positions_is_money_and_changes_nothing(self, market: Market) -> None:
        job = await market.provider.job(market.job_id)
        for quote in (
            market.provider.cost_of_positions(job, COUNT),
            await market.provider.quoted_positions(job, COUNT),
        ):
            if quote is not None:
                assert_exact(quote)
                assert quote > Decimal(0)
        assert market.server.ledger() == []

    async def test_a_change_without_an_answer_is_in_doubt(self, market: Market, change: Capability) -> None:
        call = await prepared(market, change)
        before = len(market.server.ledger())
        for fault, done in ((FaultKind.ERROR, 0), (FaultKind.REDIRECT, 0), (FaultKind.DROP, 1)):
            market.break_change(fault)
            await error_of(market, call(), OutcomeUnknown)
            market.repair()
            assert len(market.server.ledger()) == before + done

    # --- webhooks

    async def test_a_webhook_names_what_was_handed_in(self, market: Market) -> None:
        """However the marketplace is in what its document leaves open."""
        if not market.can(Capability.WEBHOOKS):
            return
        async with Receiver() as receiver:
            await market.server.set_webhook("", receiver.url)
            ways = [(name, way) for name, values in market.site.quirks.items() for way in values] or [("", "")]
            for name, way in ways:
                if name:
                    market.server.set_quirk("", name, way)
                ids = market.submit(2)
                market.server.advance(market.site.tells_every + 1)
                named = set[str]()
                while not named.issuperset(ids):
                    hints = market.provider.hints(await receiver.next())
                    named.update(*hints.tasks.values())
                    assert set(hints.tasks) <= {market.job_id}

    async def test_anything_else_that_comes_to_a_webhook_is_turned_down(self, market: Market) -> None:
        if not market.can(Capability.WEBHOOKS):
            return
        kinds = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "")
        for body in GARBAGE:
            for kind in kinds:
                with suppress(ValueError, PermissionError):
                    found = market.provider.hints(WebhookRequest("POST", {}, {"content-type": kind}, body))
                    assert isinstance(found, Hints)


async def prepared(market: Market, ability: Capability) -> Callable[[], Awaitable[object]]:
    """A call of this ability that the marketplace can do."""
    provider, worker, listed = market.provider, "", ""
    if ability in PEOPLE:
        market.submit()
        worker = (await market.read())[0].worker_id
    if ability is Capability.ADD_TO_LIST:
        listed = (await provider.lists())[0].id
    first = {
        Capability.UNBLOCK: (Capability.BLOCK,),
        Capability.RESUME: (Capability.PAUSE,),
        Capability.RESTART: (Capability.STOP, Capability.PAUSE),
    }
    for before in [one for one in first.get(ability, ()) if market.can(one)][:1]:
        await CHANGES[before](provider, market.job_id, worker, listed)
    return lambda: CHANGES[ability](provider, market.job_id, worker, listed)


class Receiver:
    """Where webhooks come in."""

    async def __aenter__(self) -> Receiver:
        self._came = asyncio.Queue[WebhookRequest]()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hook"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def next(self) -> WebhookRequest:
        return await asyncio.wait_for(self._came.get(), SOON)

    async def _take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self._came.put_nowait(WebhookRequest(request.method, dict(request.query), headers, await request.read()))
        return web.Response()
