"""What the bot asks of a marketplace that allows a call a second, counted there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from botcore.models import Rating, RatingResult
from botcore.pacing import PacedGate
from botcore.provider import ProviderTools
from botcore.text import short_id
from botcore.ui import Result
from tests.core.market import Market, ScriptedProvider
from tests.core.rig import Rig, Rigs, Setup

WAITING, PAGE = 10_000, 1_000


class OneASecond(ScriptedProvider):
    """Waits for its turn before it rates, and notes when that was."""

    def __init__(self, tools: ProviderTools, market: Market) -> None:
        async def load() -> int:
            return 0

        async def save(at: int) -> None:
            return None

        super().__init__(replace(tools, gate=PacedGate(tools.clock, 1.0, load, save)), market)
        self.rated_at: list[int] = []

    async def rate(self, job_id: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
        async with self.tools.gate.turn():
            self.rated_at.append(self.tools.clock.ms())
            return await super().rate(job_id, ratings)


async def waiting(rig: Rig, count: int) -> list[str]:
    """So many of one job, by the names that people use."""
    for number in range(count):
        rig.market.add(f"t{number}")
    await rig.poll()
    return [short_id(row["id"]) for row in await rig.rows("SELECT id FROM submissions ORDER BY id")]


async def approve(rig: Rig, name: str) -> None:
    reply = await rig.press("rob", f"approve:{name}:0")
    assert reply.result is Result.DONE, reply.text


async def test_presses_one_after_the_other_are_rated_by_one_call_a_second(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(provider=OneASecond, hold_ms=0))
    for name in await waiting(rig, 50):
        await approve(rig, name)
        rig.clock.advance(0.1)
    while len(rig.market.effects) < 50:
        rig.clock.advance(0.05)
        await rig.store.tx(lambda tx: None)  # behind what the engine has under way
    provider = rig.account.provider
    assert isinstance(provider, OneASecond)
    assert min(later - earlier for earlier, later in pairwise(provider.rated_at)) >= 1000
    assert len(provider.rated_at) <= 50 * 0.1 + 3
    assert set(rig.market.ledger().values()) == {1}


async def test_a_thousand_that_are_due_together_are_one_call(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(channels=()))
    for name in await waiting(rig, 1000):
        await approve(rig, name)
    await rig.turn(20)
    assert rig.market.sizes() == [1000]


async def test_ten_thousand_that_wait_are_read_in_exactly_their_pages(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(channels=()))
    turned = 0

    def turn() -> None:
        nonlocal turned
        turned += 1

    rig.market.page_size, rig.market.between_pages = PAGE, turn
    assert len(await waiting(rig, WAITING)) == WAITING
    assert rig.market.reads == [("J1", None)]
    assert turned + 1 == WAITING / PAGE
    await rig.poll()
    assert rig.market.reads == [("J1", None)]  # nothing is new: nothing is read
