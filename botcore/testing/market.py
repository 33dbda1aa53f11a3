"""A simulated marketplace with a provider that asks it, and what a test does to both."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Literal

import pytest
import pytest_asyncio

from ..clock import ManualClock
from ..draft import JobDraft, Offers
from ..draft_text import read_draft
from ..memory import Memory, ShortMemory
from ..models import Outcome, Rating, RatingResult, SightingState, Submission, Verdict
from ..pacing import Gate
from ..provider import Capability, Provider, ProviderError, ProviderTools
from ..sandbox import Books, Fault, FaultKind, Sandbox, SandboxServer, jobs, tasks

ACCOUNT = "mine"  # the bot's name for it, which need not be the marketplace's
PAGE_SIZE = 3
WORDS = "so it is"
LONGEST_MESSAGE = 1000

SiteWord = Literal["ok", "revise", "not_ok"]
SITE: Mapping[Verdict, SiteWord] = {Verdict.APPROVE: "ok", Verdict.REVISE: "revise", Verdict.REJECT: "not_ok"}
STATES = {
    Verdict.APPROVE: SightingState.APPROVED,
    Verdict.REVISE: SightingState.REVISED,
    Verdict.REJECT: SightingState.REJECTED,
}
UNTOLD = frozenset({SightingState.RATED, SightingState.ABSENT})  # what is said of a state that is not told


@pytest.mark.asyncio
class Contract:
    """What the tests of a contract start from; an author says the first two."""

    provider: ClassVar[type[Provider]]
    sandbox: ClassVar[type[Sandbox]]
    settings: ClassVar[Mapping[str, object]] = {}  # keys of the account that the sandbox does not give
    tells: ClassVar[frozenset[SightingState]] = frozenset(SightingState) - UNTOLD  # what the marketplace tells apart
    answers: ClassVar[
        Mapping[str, str]
    ] = {}  # what is typed for a job that can be posted, beside what is there already

    @pytest_asyncio.fixture
    async def market(self) -> AsyncIterator[Market]:
        """A quiet marketplace on a clock that stands still, its pages short, with an account that has jobs."""
        async with opened(self.provider, self.sandbox, self.settings, self.tells, self.answers) as market:
            yield market

    @pytest.fixture(autouse=True)
    def _no_secret_is_logged(self, market: Market, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
        caplog.set_level(logging.DEBUG)
        yield
        logged = "\n".join(logging.Formatter().format(record) for record in caplog.get_records("call"))
        assert not [secret for secret in market.secrets if secret in logged]


class CountingGate(Gate):
    """Counts who passes, one after the other."""

    def __init__(self) -> None:
        self.turns = 0
        self.inside = 0
        self.most_inside = 0

    def turn(self) -> AbstractAsyncContextManager[None]:
        return self._turn()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        self.turns += 1
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            yield
        finally:
            self.inside -= 1

    async def pause(self, seconds: float) -> None:
        return None


@dataclass
class Market:
    """`server` is the marketplace; `provider` asks it for the bot's account `mine`."""

    server: SandboxServer
    clock: ManualClock
    kind: type[Provider]
    site: type[Sandbox]
    more_settings: Mapping[str, object]
    tells: frozenset[SightingState]
    answers: Mapping[str, str] = field(default_factory=dict)
    memory: Memory = field(default_factory=ShortMemory)
    gate: CountingGate = field(default_factory=CountingGate)

    def __post_init__(self) -> None:
        with self.books() as books:
            row = books.one("SELECT api_secret, webhook_secret FROM account WHERE name = :name", name=books.account)
            assert row is not None
            self.job_id, *others = [job.id for job in jobs.listed(books)[0]]
            self.other_job_id = others[0]
        given = self.server.accounts[0].settings.values()
        self.key = str(row["api_secret"])
        self.secrets = [secret for secret in (self.key, str(row["webhook_secret"])) if secret in given]
        self.provider = self._make({})

    # --- the bot's side

    async def restart(self, **other: object) -> None:
        """As when the bot is started anew: only its memory stays. `other` takes the place of settings."""
        await self.provider.close()
        self.provider = self._make(other)

    def can(self, *capabilities: Capability) -> bool:
        return self.kind.capabilities.issuperset(capabilities)

    async def read(self, job_id: str = "", ids: Sequence[str] | None = None) -> list[Submission]:
        """A job's unrated work."""
        job = await self.provider.job(job_id or self.job_id)
        return [one async for page in self.provider.pending(job, ids) for one in page.submissions]

    async def rate(self, *ratings: Rating) -> Sequence[RatingResult]:
        return await self.provider.rate(self.job_id, ratings)

    async def look(self, *ids: str) -> list[SightingState]:
        """Where these stand, in this order."""
        seen = {sighting.task_id: sighting.state for sighting in await self.provider.look(self.job_id, ids)}
        return [seen[task_id] for task_id in ids]

    async def outcome(self, rating: Rating) -> Outcome:
        (outcome,) = await self.provider.outcome(self.job_id, [rating])
        assert outcome.task_id == rating.task_id
        return outcome

    async def offers(self) -> Offers:
        """What the account's catalogue holds."""
        one = self.provider
        return Offers(
            zones=await one.zones() if self.can(Capability.ZONES) else None,
            categories=await one.categories() if self.can(Capability.CATEGORIES) else None,
            countries=await one.countries() if self.can(Capability.COUNTRIES) else None,
            lists=await one.lists() if self.can(Capability.LISTS) else None,
            teams=await one.teams() if self.can(Capability.TEAMS) else None,
        )

    async def draft(self, **changes: str) -> JobDraft:
        """A job that can be posted, as somebody types it, with these `changes`."""
        begun = {one.name: one.default for one in self.kind.draft_fields}
        typed = {**begun, **self.answers, **changes}
        draft, wrong = read_draft(ACCOUNT, self.kind.draft_fields, typed, await self.offers())
        assert not wrong, wrong
        return draft

    def told(self, state: SightingState) -> frozenset[SightingState]:
        """What may be said of something in this state."""
        return frozenset({state}) if state in self.tells else UNTOLD

    # --- the marketplace's side

    def books(self) -> AbstractContextManager[Books]:
        """What is true."""
        return self.server.world.turn(self.server.accounts[0].name, self.site.name)

    def submit(self, count: int = 1, job_id: str = "", **what: Any) -> list[str]:
        """Workers hand in; the tasks' ids."""
        return self.server.submit(job_id=job_id or self.job_id, count=count, **what)

    def rate_on_site(self, task_id: str, verdict: Verdict) -> None:
        with self.books() as books:
            job_id = tasks.find(books, task_id).job_id
        judgement = tasks.Judgement(job_id=job_id, task_id=task_id, rating=SITE[verdict], comment=WORDS)
        self.server.rate_on_site(self.server.accounts[0].name, judgement)

    def rated(self) -> dict[str, str]:
        """By task, the verdict that was taken from the provider; each once."""
        entries = [entry for entry in self.server.ledger() if entry["kind"] == "rate"]
        assert len({entry["task_id"] for entry in entries}) == len(entries), "rated twice"
        return {entry["task_id"]: entry["rating"] for entry in entries}

    def entry(self) -> dict[str, Any]:
        """The latest thing that the provider changed."""
        return self.server.ledger()[-1]

    def spendable(self) -> Decimal:
        return Decimal(self.server.state()["accounts"][self.server.accounts[0].name]["spendable"])

    def break_all(self, kind: FaultKind) -> Fault:
        """From now on every request goes wrong."""
        self.server.faults.clear()
        return self.server.faults.add("*", kind)

    def break_change(self, kind: FaultKind, seconds: float | None = None) -> None:
        """The next request that changes something goes wrong."""
        self.server.faults.clear()
        for path, endpoint in self.site("http://nowhere").endpoints().items():
            if endpoint.method != "GET":
                parts = ("*" if part.startswith("{") else part for part in path.split("/"))
                self.server.faults.add("/".join(parts), kind, count=1, seconds=seconds)

    def repair(self) -> None:
        self.server.faults.clear()

    def _make(self, other: Mapping[str, object]) -> Provider:
        settings = {**self.server.accounts[0].settings, **self.more_settings, **other}
        tools = ProviderTools(ACCOUNT, self.gate, self.clock, self.memory)
        return self.kind(self.kind.Settings.model_validate(settings), tools)


def a_rating(task_id: str, verdict: Verdict = Verdict.APPROVE, **more: Any) -> Rating:
    return Rating(**{"task_id": task_id, "revision": 0, "verdict": verdict, "comment": WORDS, **more})


async def error_of(market: Market, what: Awaitable[object], *kinds: type[ProviderError]) -> ProviderError:
    """The error, which must be of these kinds, and safe to show."""
    with pytest.raises(kinds) as caught:
        await what
    text = f"{caught.value} {caught.value!r}"
    assert not [secret for secret in market.secrets if secret in text]
    assert str(caught.value).strip()
    assert len(str(caught.value)) <= LONGEST_MESSAGE
    return caught.value


def assert_exact(amount: object) -> None:
    """Money that was never a binary fraction."""
    assert isinstance(amount, Decimal)
    assert amount.is_finite()
    assert amount == round(amount, 6)


@asynccontextmanager
async def opened(
    provider: type[Provider],
    sandbox: type[Sandbox],
    settings: Mapping[str, object],
    tells: frozenset[SightingState],
    answers: Mapping[str, str] | None = None,
) -> AsyncIterator[Market]:
    clock = ManualClock()
    server = SandboxServer({sandbox.name: sandbox}, clock=clock, busy=False, waiting=0, interval=0, page_size=PAGE_SIZE)
    await server.start()
    try:
        market = Market(server, clock, provider, sandbox, settings, tells, answers or {})
        try:
            yield market
        finally:
            await market.provider.close()
    finally:
        await server.stop()
