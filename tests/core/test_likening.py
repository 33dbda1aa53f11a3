"""What is found beside the work: texts like others', hasty answers, bursts; on cards, once, and through an index."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from botcore.likeness import desk as likening
from botcore.likeness import habits as habits
from botcore.likeness.desk import LikenessDesk, checked
from botcore.models import Proof, ProofKind
from botcore.store.port import Tx, Work
from tests.core.explaining import Explaining
from tests.core.market import START, make_job
from tests.core.rig import Rig, Rigs, Setup, words

OPINION = (
    "The page loads quickly and the menu is clear, but the text on my phone is a bit small and the prices should be "
    "shown before the last step"
)
LIKE = OPINION.replace("quickly", "fast").replace("my phone", "my old phone")
WORK = Work(1, "liken", "liken", "liken", {}, 0)


def text(words: str, prompt: str = "Your opinion") -> dict[str, Any]:
    return {"proofs": (Proof(ProofKind.TEXT, prompt, words),)}


def other_words(seed: int, count: int = 30) -> str:
    luck = Random(seed)
    return " ".join("".join(luck.choices("bcdfghklmnpraeiou", k=luck.randint(3, 9))) for _ in range(count))


async def flags(rig: Rig) -> list[tuple[int, str, str]]:
    rows = await rig.rows("SELECT submission, kind, text FROM flags ORDER BY submission, kind, text")
    return [(row["submission"], row["kind"], row["text"]) for row in rows]


async def likened(rig: Rig, *tasks: str, **more: Any) -> None:
    """These hand in, one after the other."""
    for task in tasks:
        rig.market.add(task, **more)
        await rig.poll()


# --- texts


async def test_a_text_like_another_is_flagged_on_its_card(rig: Rig) -> None:
    await likened(rig, "a", **text(OPINION))
    await likened(rig, "b", **text(other_words(1)))
    await likened(rig, "c", **text(LIKE))
    assert await flags(rig) == [(3, "like text", "Text like #A1 (88 %)")]
    assert "Flag: Text like #A1 (88 %)" in words(rig.adapter.shown()[2])
    assert "Flag" not in words(rig.adapter.shown()[0])


async def test_they_are_found_in_one_batch_and_across_accounts(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(accounts=("main", "second")))
    rig.markets["main"].add("a", **text(OPINION))
    rig.markets["main"].add("b", **text(LIKE))
    rig.markets["second"].add("x", **text(OPINION.replace("prices", "costs")))
    await rig.intake.poll(rig.accounts["main"])
    await rig.intake.poll(rig.accounts["second"])
    await rig.settle()
    found = await flags(rig)
    assert [number for number, *_ in found] == [2, 3]
    assert found[1][2].startswith("Text like #A")


async def test_the_likest_is_named(rig: Rig) -> None:
    await likened(rig, "a", **text(OPINION + " and " + other_words(2, 4)))
    await likened(rig, "b", **text(OPINION))
    await likened(rig, "c", **text(LIKE.replace("old ", "")))
    assert (3, "like text", "Text like #A2 (92 %)") in await flags(rig)


async def test_a_worker_may_repeat_themselves_when_asked_to_do_it_again(rig: Rig) -> None:
    await likened(rig, "a", **text(OPINION))
    rig.market.hand_in_again("a", **text(LIKE))
    rig.clock.advance(1)
    await rig.poll(sweep=True)
    assert await rig.states("submissions") == ["superseded", "shown"]
    assert await flags(rig) == []


async def test_who_hands_in_again_what_is_like_anothers_is_flagged_again(rig: Rig) -> None:
    await likened(rig, "a", **text(OPINION))
    await likened(rig, "b", **text(LIKE))
    rig.market.hand_in_again("b")
    rig.clock.advance(1)
    await rig.poll(sweep=True)
    assert [number for number, *_ in await flags(rig)] == [2, 3]


async def test_an_exact_copy_is_flagged_as_that_alone(rig: Rig) -> None:
    await likened(rig, "a", "b", "c", **text(OPINION))
    assert await flags(rig) == [(2, "text", "Same text as #A1"), (3, "text", "Same text as #A1")]
    filed = await rig.value("SELECT count(DISTINCT submission) FROM text_bands")
    assert filed == 1  # the first stands for all


async def test_short_answers_and_the_jobs_own_words_are_nobodys(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    job = replace(make_job(), instructions=(OPINION,))
    monkeypatch.setattr(rig.market, "job", lambda name: job)
    await likened(rig, "a", **text("Done sir, please approve it"))
    await likened(rig, "b", **text("Done sir, please approve it!!! thx"))
    await likened(rig, "c", **text(OPINION + " amina"))
    await likened(rig, "d", **text(OPINION + " bilal"))
    asked = "I have watched it to the end and liked it"
    await likened(rig, "e", **text(f"{asked}: amina", asked))
    await likened(rig, "f", **text(f"{asked}: bilal", asked))
    assert await flags(rig) == []


async def test_where_everybody_writes_the_same_each_is_flagged_once(rig: Rig) -> None:
    for number in range(60):
        rig.market.add(f"t{number}", **text(f"{OPINION}. My name there is {other_words(number, 1)}"))
    await rig.poll()
    found = await flags(rig)
    assert len(found) == 59
    assert {kind for _, kind, _ in found} == {"like text"}
    assert len({number for number, *_ in found}) == 59


# --- the work


async def test_it_goes_on_where_it_was_killed_and_doubles_nothing(rigs: Rigs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likening, "BATCH", 3)
    rig = await rigs.start()
    for number in range(10):
        rig.market.add(f"t{number}", **text(f"{OPINION} {other_words(number, 1)}"))
    await rig.poll()
    before = await flags(rig)
    bands = await rig.value("SELECT count(*) FROM text_bands")
    tallies = await rig.value("SELECT sum(n) FROM tallies")
    await rig.store.tx(lambda tx: tx.q("UPDATE meta SET value = '4' WHERE key = 'likened'"))
    again = await rigs.killed(rig)
    await again.settle()
    assert await flags(again) == before
    assert await again.value("SELECT count(*) FROM text_bands") == bands
    assert tallies == 10
    assert await again.value("SELECT value FROM meta WHERE key = 'likened'") == "10"


async def test_a_batch_that_is_noted_twice_counts_once(rig: Rig) -> None:
    await likened(rig, "a", **text(OPINION))
    for table in ("meta", "tallies"):
        await rig.store.tx(_empty, table)
    batch = await rig.store.read(likening._look)
    assert batch is not None
    await rig.store.tx(likening._note, batch)
    await rig.store.tx(likening._note, batch)
    assert await rig.value("SELECT sum(n) FROM tallies") == 1


async def test_what_an_older_version_left_is_looked_at_from_the_start(rigs: Rigs) -> None:
    rig = await rigs.start()
    await likened(rig, "a", **text(OPINION))
    await likened(rig, "b", **text(LIKE))
    for table in ("meta", "text_bands", "flags", "tallies"):
        await rig.store.tx(_empty, table)
    again = await rigs.killed(rig)
    await again.settle()
    assert len(await flags(again)) == 1


async def test_flags_of_what_is_settled_are_of_no_use(rig: Rig) -> None:
    await likened(rig, "a", **text(OPINION))
    await rig.store.tx(lambda tx: tx.q("DELETE FROM meta"))
    rig.market.add("b", **text(LIKE))
    await rig.store.tx(lambda tx: tx.q("UPDATE submissions SET state = 'rated' WHERE id = 1"))
    await rig.poll()
    assert [number for number, *_ in await flags(rig)] == [2]


async def test_a_submission_is_checked_once_its_text_and_all_its_pictures_are(rig: Rig) -> None:
    picture = Proof(ProofKind.PICTURE, "A screenshot", url="https://example.com/1.png")
    rig.market.add("a", proofs=(Proof(ProofKind.TEXT, "Your opinion", OPINION), picture))

    async def is_checked() -> bool:
        return await rig.store.read(checked, 1)

    await rig.intake.poll(rig.account)
    await rig.settle()
    assert not await is_checked()  # its picture is still to come
    await rig.store.tx(lambda tx: tx.q("UPDATE pictures SET state = 'ready', sha256 = 'x'"))
    assert not await is_checked()  # nobody has looked at it
    await rig.store.tx(lambda tx: tx.q("UPDATE submission_pictures SET compared = 1"))
    assert await is_checked()
    await rig.store.tx(lambda tx: tx.q("UPDATE submission_pictures SET compared = 0"))
    await rig.store.tx(lambda tx: tx.q("UPDATE pictures SET state = 'refused', sha256 = NULL"))
    assert await is_checked()
    await rig.store.tx(lambda tx: tx.q("UPDATE meta SET value = '0' WHERE key = 'likened'"))
    assert not await is_checked()
    assert not await rig.store.read(checked, 2)


async def test_a_card_that_waits_for_its_picture_waits_on_when_it_is_flagged(rig: Rig) -> None:
    await likened(rig, "a", **text(OPINION))
    picture = Proof(ProofKind.PICTURE, "A screenshot", url="https://example.com/1.png")
    rig.market.add("b", proofs=(Proof(ProofKind.TEXT, "Your opinion", LIKE), picture))
    await rig.poll()
    assert len(await flags(rig)) == 1
    assert len(rig.adapter.messages) == 1
    await rig.turn(5)
    assert "Text like #A1" in words(rig.adapter.shown()[1])


async def test_everything_is_found_through_an_index(rig: Rig) -> None:
    for number in range(20):
        rig.market.add(f"t{number}", worker_id=f"w{number % 3}", country="BD", **text(f"{OPINION} {number}"))
    await rig.poll()
    await rig.store.tx(lambda tx: tx.q("ANALYZE"))
    await rig.store.tx(_empty, "meta")

    def explain(tx: Tx) -> Explaining:
        reader = Explaining(tx)
        batch = likening._look(reader)
        assert batch is not None
        assert batch.flags
        checked(reader, 5)
        habits.bursts(reader, batch.tallies)
        return reader

    explained = await rig.store.tx(explain)
    assert explained.statements > 50
    assert explained.scans == []


def _empty(tx: Tx, table: str) -> None:
    tx.q(f"DELETE FROM {table}")


# --- habits


async def test_two_answers_of_a_worker_within_seconds_are_flagged(rig: Rig) -> None:
    await likened(rig, "a", worker_id="w1", **text(other_words(1)))
    rig.clock.advance(4)
    await likened(rig, "b", worker_id="w1", **text(other_words(2)))
    rig.clock.advance(4)
    await likened(rig, "c", worker_id="w2", **text(other_words(3)))
    rig.clock.advance(5)
    await likened(rig, "d", worker_id="w1", **text(other_words(4)))
    assert await flags(rig) == [(2, "haste", "Handed in 4 s after #A1, by the same worker")]


async def test_instructions_have_to_be_read(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    job = replace(make_job(), instructions=("word " * 200,))  # 20 s
    monkeypatch.setattr(rig.market, "job", lambda name: job)
    await likened(rig, "a", worker_id="w1", **text(other_words(1)))
    rig.clock.advance(19)
    await likened(rig, "b", worker_id="w1", **text(other_words(2)))
    rig.clock.advance(20)
    await likened(rig, "c", worker_id="w1", **text(other_words(3)))
    assert [number for number, *_ in await flags(rig)] == [2]
    assert habits.needed_ms(replace(job, instructions=("word " * 9_000,))) == 60_000
    assert habits.needed_ms(None) == 5_000


async def test_the_later_one_is_flagged_whichever_is_told_first(rig: Rig) -> None:
    await likened(rig, "late", worker_id="w1", submitted_at=START + timedelta(seconds=3), **text(other_words(1)))
    await likened(rig, "early", worker_id="w1", submitted_at=START, **text(other_words(2)))
    assert await flags(rig) == [(1, "haste", "Handed in 3 s after #A2, by the same worker")]


async def test_the_same_task_again_is_no_haste(rig: Rig) -> None:
    await likened(rig, "a", worker_id="w1", **text(other_words(1)))
    rig.market.hand_in_again("a", **text(other_words(2)))
    rig.clock.advance(1)
    await rig.poll(sweep=True)
    assert await flags(rig) == []


@pytest.fixture
async def quiet(rigs: Rigs) -> Rig:
    """A bot that shows nothing: a burst has many cards."""
    return await rigs.start(Setup(channels=()))


def hand_in(rig: Rig, lands: str, start: int, every: int, job: str = "J1") -> None:
    """One submission every so many seconds from these countries in turn, beginning `start` seconds after START."""
    first = len(rig.market.tasks)
    for number, land in enumerate(lands.split()):
        at = START + timedelta(seconds=start + number * every)
        rig.market.add(f"t{first + number}", job, country=land, submitted_at=at, **text(other_words(first + number)))


async def burst(rig: Rig) -> list[int]:
    return [number for number, kind, _ in await flags(rig) if kind == "burst"]


async def test_a_burst_from_one_country_is_flagged_and_nothing_before_it(quiet: Rig) -> None:
    hand_in(quiet, "US BD IN UK " * 10, 0, 300)  # an answer in five minutes, from everywhere
    await quiet.poll()
    assert await burst(quiet) == []
    quiet.clock.advance(40 * 300)
    hand_in(quiet, "PK " * 25 + "US IN", 40 * 300, 10)
    await quiet.poll()
    found = await burst(quiet)
    assert len(found) == 25
    rows = await quiet.rows("SELECT id FROM submissions WHERE country = 'PK' ORDER BY id")
    assert found == [row["id"] for row in rows]
    assert (found[0], "burst", "One of unusually many from PK within minutes") in await flags(quiet)


@pytest.mark.parametrize(
    ("usual", "sudden"),
    [
        pytest.param("PK " * 40, "PK " * 30, id="they always come from there"),
        pytest.param("PK US " * 20, "PK US " * 30, id="everybody came at once"),
        pytest.param("US IN " * 20, "PK " * 19, id="they are few"),
        pytest.param("US IN", "PK " * 30, id="nothing is known of the job"),
        pytest.param("US IN " * 20, "PK US IN " * 25, id="others came as well"),
    ],
)
async def test_no_burst(quiet: Rig, usual: str, sudden: str) -> None:
    hand_in(quiet, usual, 0, 300)
    await quiet.poll()
    start = 40 * 300
    hand_in(quiet, sudden, start, 5)
    await quiet.poll()
    assert await burst(quiet) == []


async def test_a_burst_that_goes_on_is_told_once_of_each(quiet: Rig) -> None:
    hand_in(quiet, "US IN " * 20, 0, 300)
    await quiet.poll()
    for part in range(3):
        hand_in(quiet, "PK " * 22, 40 * 300 + part * 300, 10)
        await quiet.poll()
    found = await burst(quiet)
    assert len(found) == len(set(found)) == 66


async def test_bursts_are_those_of_a_job(quiet: Rig) -> None:
    hand_in(quiet, "US IN " * 20, 0, 300)
    await quiet.poll()
    hand_in(quiet, "PK " * 15, 40 * 300, 10)
    hand_in(quiet, "PK " * 15, 40 * 300, 10, job="J2")
    await quiet.poll()
    assert await burst(quiet) == []


async def test_the_desk_has_nothing_to_do_where_there_is_nothing(quiet: Rig) -> None:
    await LikenessDesk(quiet.store).liken(WORK)
    assert await quiet.value("SELECT count(*) FROM meta WHERE key = 'likened'") == 0
