"""Many waiting in one group, on a clock that is turned: all are decided, at the pace that Telegram allows."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from PIL import Image

from botcore.models import Channel, Proof, ProofKind
from botcore.store.port import Tx
from tests.adapters.telegram.bench import GROUP, Bench
from tests.adapters.telegram.server import Message
from tests.core.market import START

ALLOWED = 20.0  # messages and edits a minute; a decision needs one edit of the queue's card, and no other call counts


@dataclass
class Pace:
    """How it went. `minutes` on the clock that was turned."""

    decisions: int = 0
    minutes: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)

    @property
    def per_minute(self) -> float:
        return self.decisions / self.minutes


@pytest.mark.parametrize("count", [40, pytest.param(1_000, marks=[pytest.mark.soak, pytest.mark.timeout(1_200)])])
async def test_a_group_decides_as_many_as_its_limits_allow(bench: Bench, count: int) -> None:
    bench.channels = (Channel("review", "telegram", str(GROUP), queue_above=5),)
    await bench.start()
    await hand_in(bench, count)
    pace = await decide_all(bench, count)

    assert pace.decisions == count
    assert bench.fake.broken_limits == []
    # what a minute's room is at the start is used at once: the first twenty are not held back
    assert pace.per_minute >= 0.9 * ALLOWED
    states = Counter(await bench.rig.states())
    assert states == {"confirmed": count}
    assert sum(map(len, bench.rig.market.sent)) == count
    shown = bench.fake.from_bot(bench.group)
    assert len(shown) == 1


async def hand_in(bench: Bench, count: int) -> None:
    """So many, each with a screenshot, of which there are three."""
    keys = []
    for colour in ("red", "green", "blue"):
        content = io.BytesIO()
        Image.new("RGB", (96, 60), colour).save(content, "PNG")
        key = hashlib.sha256(content.getvalue()).hexdigest()
        bench.rig.pictures.kept[key] = (content.getvalue(), "image/png")
        keys.append(key)
    rows = []
    for number in range(count):
        url = f"http://pictures.example/{number}.png"
        rows.append({"url": url, "sha": keys[number % 3]})
        proof = Proof(ProofKind.PICTURE, "A screenshot", url=url)
        deadline = START + timedelta(days=6, seconds=number)
        bench.rig.market.add(f"t{number}", proofs=(proof,), deadline=deadline)

    def hang(tx: Tx) -> None:
        tx.many(
            """INSERT INTO pictures (url, account, state, sha256, media_type, width, height, bytes, fetched_at)
               VALUES (:url, 'main', 'ready', :sha, 'image/png', 96, 60, 200, 1)""",
            rows,
        )

    await bench.rig.store.tx(hang)
    await bench.rig.poll()


async def decide_all(bench: Bench, count: int) -> Pace:
    """Rob decides each submission as soon as the queue's card shows it."""
    fake, clock, pace = bench.fake, bench.clock, Pace()
    card = await fake.card(bench.group, "Waiting")
    before, began = len(fake.calls), clock.ms()
    seen: set[str] = set()
    while pace.decisions < count:
        await _turn_until_new(bench, card, seen)
        await bench.fake.presses(bench.rob, card, "Approve")
        pace.decisions += 1
    pace.minutes = (clock.ms() - began) / 60_000
    pace.calls = Counter(call.method for call in fake.calls[before:])
    await bench.turn_until(lambda: len(bench.rig.confirmed) == count)
    return pace


async def _turn_until_new(bench: Bench, card: Message, seen: set[str]) -> None:
    """Until the card shows a submission that was not decided yet, with the clock going on meanwhile."""
    for _ in range(100_000):
        held = next((b.data for b in card.buttons if b.data.startswith("approve:")), "")
        if held and held not in seen:
            seen.add(held)
            return
        await bench.rig.settle()
        await asyncio.sleep(0.001)
        bench.clock.advance(0.2)
    raise AssertionError(bench.fake.describe())
