"""What is kept to compare others with is forgotten after half a year, and nothing that is still needed."""

from __future__ import annotations

import pytest

from botcore.likeness import forgetting
from botcore.likeness.forgetting import KEEP_MS, ForgettingDesk, ask_to_forget
from botcore.likeness.measures import Look, picture_bands
from botcore.likeness.pictures import keep_look, look_of
from botcore.models import Proof, ProofKind
from botcore.store.port import Later, Tx, Work
from tests.core.market import DAY, HOUR
from tests.core.rig import Rig

HALF_A_YEAR = KEEP_MS / 1000
WORK = Work(1, "forget", "forget", "forget", {}, 0)
OLD, NEW = Look(b"\x01" * 32, b"t" * 64), Look(b"\x02" * 32, b"u" * 64)


async def hand_in(rig: Rig, *tasks: str) -> None:
    """Each with words of its own, from one address each."""
    for task in tasks:
        words = " ".join(f"{task}{word} is what I liked about page {number}" for number, word in enumerate("abcdefgh"))
        rig.market.add(
            task,
            proofs=(Proof(ProofKind.TEXT, "Say what you liked", words),),
            ip_address=f"192.0.2.{len(rig.market.tasks)}",
            country="BD",
            submitted_at=rig.clock.now(),
            deadline=None,
        )
    await rig.poll()
    await rig.turn(3)


async def forget(rig: Rig) -> None:
    with pytest.raises(Later) as again:
        await ForgettingDesk(rig.store, rig.clock).forget(WORK)
    assert again.value.seconds == DAY


async def kept(rig: Rig) -> dict[str, set[int]]:
    """Whose traces there are."""
    return {
        "texts": {row["submission"] for row in await rig.rows("SELECT DISTINCT submission FROM text_bands")},
        "addresses": {row["submission"] for row in await rig.rows("SELECT submission FROM prints WHERE kind = 'ip'")},
        "copies": {row["submission"] for row in await rig.rows("SELECT submission FROM prints WHERE kind = 'text'")},
    }


@pytest.mark.parametrize("step", [1, 3, 2_000])
async def test_what_came_in_long_ago_is_forgotten_and_the_rest_is_not(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(forgetting, "STEP", step)
    await hand_in(rig, "t1", "t2")
    rig.clock.advance(HALF_A_YEAR / 2)
    await hand_in(rig, "t3")
    everything = {1, 2, 3}
    assert await kept(rig) == {"texts": everything, "addresses": everything, "copies": everything}
    await forget(rig)
    assert (await kept(rig))["texts"] == everything
    rig.clock.advance(HALF_A_YEAR / 2 + HOUR)
    await forget(rig)
    assert await kept(rig) == {"texts": {3}, "addresses": {3}, "copies": everything}
    assert await rig.value("SELECT count(*) FROM tallies") == 1
    rig.clock.advance(HALF_A_YEAR)
    await forget(rig)
    assert await kept(rig) == {"texts": set(), "addresses": set(), "copies": everything}


async def test_what_a_picture_looks_like_is_kept_while_something_newer_shows_it(rig: Rig) -> None:
    await hand_in(rig, "t1")
    rig.clock.advance(HALF_A_YEAR)
    await hand_in(rig, "t2")

    def show(tx: Tx) -> None:
        for sha256, look, numbers in (("old", OLD, (1,)), ("both", NEW, (1, 2)), ("broken", None, (1,))):
            keep_look(tx, sha256, look, "")
            for number in numbers:
                tx.q(
                    "INSERT INTO prints (kind, print, submission) VALUES ('picture', :sha, :id)", sha=sha256, id=number
                )

    await rig.store.tx(show)
    await forget(rig)
    assert [row["sha256"] for row in await rig.rows("SELECT sha256 FROM looks")] == ["both"]
    assert await rig.store.read(look_of, "both") == NEW
    assert await rig.value("SELECT count(*) FROM look_bands") == len(picture_bands(NEW))


async def test_it_is_asked_for_once(rig: Rig) -> None:
    for _ in range(2):
        await rig.store.tx(ask_to_forget, rig.clock.ms())
        rig.clock.advance(60)
    (row,) = await rig.rows("SELECT not_before FROM work WHERE kind = 'forget'")
    assert row["not_before"] == rig.clock.ms() - 120_000 + forgetting.FIRST_MS


async def test_where_there_is_nothing_nothing_is_forgotten(rig: Rig) -> None:
    await forget(rig)
