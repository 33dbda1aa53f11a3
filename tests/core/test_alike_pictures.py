"""Pictures like others' pictures: who is flagged, who is one of a crowd, and what becomes of a picture that kills."""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from botcore.flags import flag_picture
from botcore.likeness.desk import checked
from botcore.likeness.looking import Looker, LookFailed
from botcore.likeness.measures import EMPTY, Look
from botcore.likeness.pictures import CROWD, compare, keep_look, note_compared
from botcore.models import Proof, ProofKind
from botcore.picture_desk import PictureDesk, _note
from botcore.pictures import PictureBook
from botcore.store.port import Later, Tx, Work
from botcore.ui import Picture, PictureState
from tests.core.explaining import Explaining
from tests.core.rig import Rig, Rigs, Setup, words
from tests.core.test_looking import page, telephone


def look(seed: int) -> Look:
    """A picture that has nothing in common with those of other seeds."""
    luck = Random(seed)
    return Look(luck.randbytes(32), bytes(luck.randrange(256) for _ in range(1024)))


def recompressed(original: Look) -> Look:
    return Look(flipped(original.hash, 4), bytes(min(shade + 3, 255) for shade in original.thumb))


def redrawn(original: Look, cell: int = 100) -> Look:
    """The same page as somebody else sees it, or a part of it that was cut out."""
    thumb = bytearray(original.thumb)
    thumb[cell] ^= 64
    return Look(flipped(original.hash, 16), bytes(thumb))


def flipped(bits: bytes, count: int) -> bytes:
    value = int.from_bytes(bits)
    for bit in range(0, 10 * count, 10):
        value ^= 1 << bit
    return value.to_bytes(32)


async def hand_in(rig: Rig, task: str, seen: Look, job: str = "J1", name: str = "", **more: Any) -> int:
    """A submission with a picture that was fetched and looked at; the submission's number."""
    url = f"https://pictures.example/{name or task}.png"
    rig.market.add(task, job, proofs=(Proof(ProofKind.PICTURE, "A screenshot", url=url),), **more)
    rig.clock.advance(61)
    await rig.poll(sweep=True)
    return await picture(rig, url, name or task, seen)


async def picture(rig: Rig, url: str, content: str, seen: Look | None, why: str = "cannot be read") -> int:
    sha256 = hashlib.sha256(content.encode()).hexdigest()

    def fetched(tx: Tx) -> None:
        tx.q("UPDATE pictures SET state = 'ready', sha256 = :sha WHERE url = :url", sha=sha256, url=url)
        _note(tx, url, sha256)
        keep_look(tx, sha256, seen, "" if seen else why)

    await rig.store.tx(fetched)
    while (compared := await rig.store.read(compare, sha256)).numbers:
        await rig.store.tx(note_compared, sha256, compared)
    await rig.settle()
    return int(await rig.value("SELECT max(submission) FROM submission_pictures WHERE url = :url", url=url))


async def flags(rig: Rig) -> list[tuple[int, str]]:
    rows = await rig.rows("SELECT submission, text FROM flags ORDER BY submission, text")
    return [(row["submission"], row["text"]) for row in rows]


async def test_a_recompressed_copy_is_flagged_on_its_card(rig: Rig) -> None:
    await hand_in(rig, "a", look(1))
    await hand_in(rig, "b", look(2))
    number = await hand_in(rig, "c", recompressed(look(1)))
    assert await flags(rig) == [(3, "Picture like #A1 (98 %)")]
    assert "Flag: Picture like #A1 (98 %)" in words(rig.adapter.shown()[2])
    assert await rig.store.read(checked, number)


async def test_a_copy_of_a_picture_that_is_no_longer_kept_is_found(rig: Rig) -> None:
    await hand_in(rig, "a", look(1))
    await rig.store.tx(lambda tx: tx.q("UPDATE pictures SET state = 'refused', sha256 = NULL"))
    await hand_in(rig, "b", recompressed(look(1)))
    assert await flags(rig) == [(2, "Picture like #A1 (98 %)")]


async def test_one_page_as_many_of_a_job_see_it_is_not(rig: Rig) -> None:
    await hand_in(rig, "a", look(1))
    await hand_in(rig, "b", redrawn(look(1)))
    assert await flags(rig) == []


async def test_a_part_of_a_picture_of_another_job_is(rig: Rig) -> None:
    await hand_in(rig, "a", look(1))
    await hand_in(rig, "b", redrawn(look(1)), job="J2")
    assert await flags(rig) == [(2, "Picture like #A1 (93 %)")]


async def test_a_page_that_many_see_in_other_jobs_is_not(rig: Rig) -> None:
    for number in range(3):
        await hand_in(rig, f"a{number}", redrawn(look(1), number), job=f"J{number}")
    before = await flags(rig)
    await hand_in(rig, "b", redrawn(look(1)), job="J9")
    assert await flags(rig) == before


async def test_a_crowd_with_the_same_picture_is_left_alone(rig: Rig) -> None:
    for number in range(CROWD + 4):
        await hand_in(rig, f"t{number}", look(1), name=f"content {number}")
    flagged = [number for number, _ in await flags(rig)]
    assert flagged == list(range(2, CROWD + 1))


async def test_the_likest_of_several_is_named_and_of_equals_the_first(rig: Rig) -> None:
    await hand_in(rig, "a", Look(flipped(look(1).hash, 8), look(1).thumb))
    await hand_in(rig, "b", look(1), job="J2")
    await hand_in(rig, "c", look(1), job="J3")
    await hand_in(rig, "d", recompressed(look(1)), job="J4")
    assert (await flags(rig))[-1] == (4, "Picture like #A1 (98 %)")
    await hand_in(rig, "e", look(1), job="J5")
    assert (await flags(rig))[-1] == (5, "Picture like #A2 (100 %)")


async def test_an_exact_copy_is_flagged_as_that_alone(rig: Rig) -> None:
    await hand_in(rig, "a", look(1))
    await hand_in(rig, "b", recompressed(look(1)))
    url = "https://pictures.example/other.png"
    rig.market.add("c", proofs=(Proof(ProofKind.PICTURE, "A screenshot", url=url),))
    rig.clock.advance(1)
    await rig.poll(sweep=True)
    await picture(rig, url, "a", look(1))
    assert (await flags(rig))[-1] == (3, "Same picture as #A1")


async def test_accounts_are_no_border(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(accounts=("main", "second")))
    await hand_in(rig, "a", look(1))
    url = "https://pictures.example/x.png"
    rig.markets["second"].add("a", proofs=(Proof(ProofKind.PICTURE, "A screenshot", url=url),))
    await rig.poll("second")
    await picture(rig, url, "x", recompressed(look(1)))
    assert await flags(rig) == [(2, "Picture like #A1 (98 %)")]


async def test_who_is_asked_to_do_it_again_may_show_the_same(rig: Rig) -> None:
    await hand_in(rig, "a", look(1))
    url = "https://pictures.example/again.png"
    rig.market.hand_in_again("a", proofs=(Proof(ProofKind.PICTURE, "A screenshot", url=url),))
    rig.clock.advance(1)
    await rig.poll(sweep=True)
    assert await picture(rig, url, "again", recompressed(look(1))) == 2
    assert await flags(rig) == []


async def test_the_later_submission_is_flagged_whichever_picture_came_first(rig: Rig) -> None:
    for task in ("a", "b"):
        url = f"https://pictures.example/{task}.png"
        rig.market.add(task, proofs=(Proof(ProofKind.PICTURE, "A screenshot", url=url),))
        await rig.poll()
    await picture(rig, "https://pictures.example/b.png", "b", look(1))
    await picture(rig, "https://pictures.example/a.png", "a", recompressed(look(1)))
    assert await flags(rig) == [(2, "Picture like #A1 (98 %)")]


async def test_what_was_compared_is_not_compared_again(rig: Rig) -> None:
    await hand_in(rig, "a", look(1))
    await hand_in(rig, "b", recompressed(look(1)))
    sha256 = hashlib.sha256(b"b").hexdigest()
    assert (await rig.store.read(compare, sha256)).numbers == ()
    await rig.store.tx(lambda tx: tx.q("UPDATE submission_pictures SET compared = 0"))
    before = await flags(rig)
    await rig.store.tx(note_compared, sha256, await rig.store.read(compare, sha256))
    await rig.store.tx(keep_look, sha256, look(9), "")
    assert await flags(rig) == before
    assert await rig.value("SELECT count(*) FROM look_bands") == 32


async def test_a_picture_that_cannot_be_compared_keeps_nobody_waiting(rig: Rig) -> None:
    url = "https://pictures.example/a.png"
    rig.market.add("a", proofs=(Proof(ProofKind.PICTURE, "A screenshot", url=url),))
    await rig.poll()
    number = await picture(rig, url, "a", None)
    assert await rig.store.read(checked, number)


@pytest.mark.parametrize(("why", "flagged"), [("cannot be read: OSError", True), (EMPTY, False)])
async def test_a_picture_that_cannot_be_compared_is_flagged_unless_there_is_nothing_to_be_seen(
    rig: Rig, why: str, flagged: bool
) -> None:
    url = "https://pictures.example/a.png"
    rig.market.add("a", proofs=(Proof(ProofKind.PICTURE, "A screenshot", url=url),))
    await rig.poll()
    await rig.turn(5)
    await picture(rig, url, "a", None, why)
    assert await flags(rig) == [(1, "Picture cannot be compared")] * flagged
    assert ("Flag: Picture cannot be compared" in words(rig.adapter.shown()[0])) is flagged


async def test_everything_is_found_through_an_index(rig: Rig) -> None:
    for number in range(5):
        await hand_in(rig, f"t{number}", recompressed(look(1)) if number % 2 else look(1), job=f"J{number}")

    def explain(tx: Tx) -> Explaining:
        tx.q("UPDATE submission_pictures SET compared = 0")
        tx.q("DELETE FROM flags")
        reader = Explaining(tx)
        assert compare(reader, hashlib.sha256(b"t4").hexdigest()).flags
        return reader

    explained = await rig.store.tx(explain)
    assert explained.statements > 5
    assert explained.scans == []


# --- with real pictures, and the process that looks at them


class FailingLooker(Looker):
    """Dies of every picture."""

    async def look(self, path: Path) -> Look:
        raise LookFailed("looking at it failed")


@pytest.fixture
async def desk(rig: Rig, tmp_path: Path) -> AsyncIterator[PictureDesk]:
    looker = Looker()
    book = PictureBook(rig.store, tmp_path / "pictures", rig.clock)
    yield PictureDesk(rig.store, rig.accounts, book, looker)
    await looker.close()
    await book.close()


async def fetched(rig: Rig, desk: PictureDesk, task: str, body: bytes) -> Work:
    """Somebody hands in a picture that is here; the work of looking at it."""
    url = f"https://pictures.example/{task}"
    rig.market.add(task, proofs=(Proof(ProofKind.PICTURE, "A screenshot", url=url),))
    await rig.poll()
    sha256 = hashlib.sha256(body).hexdigest()
    path = desk._book.path(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)

    def note(tx: Tx) -> None:
        tx.q("UPDATE pictures SET state = 'ready', sha256 = :sha WHERE url = :url", sha=sha256, url=url)
        _note(tx, url, sha256)

    await rig.store.tx(note)
    return Work(1, "look", f"look:{sha256}", "look", {"sha256": sha256}, 0)


def saved(kind: str, scale: float = 1.0, user: str = "amina_k7") -> bytes:
    out = io.BytesIO()
    image = page(user, user)
    image.resize((int(image.width * scale), int(image.height * scale))).save(out, kind, quality=75)
    return out.getvalue()


async def test_copies_are_found_and_shown_side_by_side(rig: Rig, desk: PictureDesk) -> None:
    shot, copy = saved("PNG"), saved("JPEG", 0.7)
    telephone("amina_k7", "12:31").save(out := io.BytesIO(), "PNG")
    for task, body in (("a", shot), ("b", out.getvalue()), ("c", copy), ("d", copy[:-3])):
        await desk.look(await fetched(rig, desk, task, body))
    await rig.turn(5)
    (number, said), broken = await flags(rig)
    assert (number, broken) == (3, (4, "Picture cannot be compared"))
    assert said.startswith("Picture like #A1 (9")
    card = next(card for card in rig.adapter.shown() if card.subject == "submission:A3")
    assert "Compare" in [button.label for button in card.buttons]
    compared = (await rig.press("vera", "compare:A3:0")).card
    assert compared
    left, right = [block for block in compared.blocks if isinstance(block, Picture)]
    assert (left.key, right.key) == (hashlib.sha256(copy).hexdigest(), hashlib.sha256(shot).hexdigest())
    assert left.state is right.state is PictureState.READY
    assert left.title.startswith("#A3 (9")
    assert right.title.startswith("#A1 (9")
    for number in (1, 2, 3, 4):
        assert await rig.store.read(checked, number)
    assert await rig.value("SELECT note FROM looks WHERE hash IS NULL") == "cannot be read: OSError"


async def test_a_picture_that_kills_is_tried_twice_and_let_go(rig: Rig, tmp_path: Path) -> None:
    book = PictureBook(rig.store, tmp_path / "pictures", rig.clock)
    desk = PictureDesk(rig.store, rig.accounts, book, FailingLooker())
    work = await fetched(rig, desk, "a", b"x")
    with pytest.raises(Later):
        await desk.look(work)
    assert not await rig.store.read(checked, 1)
    await desk.look(Work(1, "look", work.key, "look", work.args, 1))
    assert await rig.store.read(checked, 1)
    assert await rig.value("SELECT note FROM looks") == "looking at it failed"
    assert await flags(rig) == [(1, "Picture cannot be compared")]
    await book.close()


async def test_a_copy_is_flagged_also_where_its_picture_came_before_that_of_the_first(rig: Rig) -> None:
    for task in ("a", "b", "c"):
        rig.market.add(task)
    await rig.poll()
    for number in (3, 2, 1):
        await rig.store.tx(flag_picture, number, "ab" * 32)
    rows = await rig.rows("SELECT submission, text, other FROM flags WHERE kind = 'picture' ORDER BY submission")
    assert [tuple(row.values()) for row in rows] == [(2, "Same picture as #A1", 1), (3, "Same picture as #A2", 2)]


@pytest.mark.parametrize("arrived", [(1, 2), (2, 1)])
async def test_the_same_picture_at_two_accounts_is_flagged_also_where_their_tasks_have_the_same_id(
    rigs: Rigs, arrived: tuple[int, ...]
) -> None:
    rig = await rigs.start(Setup(accounts=("main", "second")))
    for name, market in rig.markets.items():
        market.add("a")
        await rig.poll(name)
    for number in arrived:
        await rig.store.tx(flag_picture, number, "ab" * 32)
    assert await flags(rig) == [(2, "Same picture as #A1")]
