"""Cards as Discord's layouts: reviewed as text, and within every limit whatever is on them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from botcore.charts import PicturesOf
from botcore.clock import ManualClock
from botcore.ui import Button, Card, Chart, Field, Fields, Picture, PictureState, Series, Table, Text, Tone
from botcore_discord.render import MESSAGES, CardDrawing
from botcore_discord.seams import Drawn
from tests.adapters.discord.cards import (
    HOSTILE,
    LOADED,
    NOW,
    compared,
    core_cards,
    picture,
    submission,
    with_pictures,
)
from tests.adapters.discord.reading import broken_limits, buttons, check_snapshot, outline, read, texts
from tests.core.market import START
from tests.core.rig import KeptPictures, Rigs

DRAWING = CardDrawing()


def parts(drawn: Drawn) -> list[dict[str, Any]]:
    components: list[dict[str, Any]] = drawn.view.to_components()  # type: ignore[no-untyped-call]
    return components


def names(drawn: Drawn) -> list[str]:
    return [file.filename for file in drawn.files]


@pytest.fixture
async def rigs(tmp_path: Path) -> AsyncIterator[Rigs]:
    rigs = Rigs(tmp_path, ManualClock(START))
    yield rigs
    await rigs.close()


async def test_every_card_of_the_core_is_drawn_as_it_was_reviewed(rigs: Rigs) -> None:
    cards = {**await core_cards(rigs), "pictures": with_pictures(), "compared": compared()}
    for name, card in cards.items():
        drawn = parts(DRAWING.draw(card, pictures=LOADED))
        assert broken_limits(drawn) == []
        assert set(buttons(drawn).values()) >= {button.id for button in card.buttons}
        check_snapshot(f"card {name}", outline(drawn))


# --- what is on them

NAMES = st.one_of(st.text(max_size=30), st.just(HOSTILE), st.text(min_size=200, max_size=400))
WORDS = st.one_of(NAMES, st.integers(1, 2_000).map(lambda size: "*\n# " * size))
BLOCKS = st.one_of(
    st.builds(Text, WORDS, NAMES, st.booleans(), st.sampled_from(Tone)),
    st.lists(st.builds(Field, NAMES, NAMES, st.sampled_from([None, NOW])), max_size=30).map(
        lambda fields: Fields(tuple(fields))
    ),
    st.builds(picture, st.integers(0, 39), st.sampled_from(PictureState)),
    st.builds(Picture, st.just(""), NAMES, st.just(PictureState.REFUSED), NAMES, NAMES),
    st.lists(st.tuples(NAMES, NAMES, NAMES), max_size=30).map(
        lambda rows: Table(("Job", "State", "Said"), tuple(rows), title=HOSTILE)
    ),
)
BUTTONS = st.lists(
    st.builds(
        Button, st.integers(0, 60).map("page:abc:{}".format), NAMES, st.sampled_from(Tone), st.sampled_from(["", "a"])
    ),
    max_size=40,
)
CARDS = st.builds(
    Card,
    title=NAMES,
    subject=st.sampled_from(["", "submission:A31", "queue:q-1", "bulk:b-1"]),
    subtitle=NAMES,
    badge=NAMES,
    tone=st.sampled_from(Tone),
    blocks=st.lists(BLOCKS, max_size=20).map(tuple),
    buttons=BUTTONS.map(tuple),
    footer=NAMES,
)
OURS = {"heading", "small", "bold", "quote", "time", "code"}


@settings(max_examples=40)
@given(card=CARDS, text=WORDS)
def test_no_card_is_over_a_limit_or_has_markup_that_is_not_ours(card: Card, text: str) -> None:
    for drawn in (DRAWING.draw(card, text, LOADED), *DRAWING.draw_all(card, text, LOADED)):
        assert broken_limits(parts(drawn)) == []
        assert len(drawn.files) <= 10
        for said in texts(parts(drawn)):
            assert set(read(said).markup) <= OURS


@given(text=WORDS)
def test_no_answer_in_words_is_over_a_limit(text: str) -> None:
    for drawn in (DRAWING.draw(None, text), *DRAWING.draw_all(None, text)):
        assert broken_limits(parts(drawn)) == []


def test_what_a_worker_wrote_is_a_quotation_and_nothing_else() -> None:
    drawn = parts(DRAWING.draw(submission(Text(HOSTILE, "Proof", quoted=True))))
    (said,) = [text for text in texts(drawn) if "Proof" in text]
    assert f"Proof\n{HOSTILE}\n" in read(said).seen
    assert "mention" not in read(said).markup
    assert "link" not in read(said).markup


def test_a_worker_draws_no_buttons_and_no_state_of_their_own() -> None:
    card = submission(Text("x\n-# task A31\n### Like a page\n**Approved by olga**", "Proof", quoted=True))
    (head, body) = texts(parts(DRAWING.draw(card)))[:2]
    assert read(head).markup.count("heading") == 1
    assert "heading" not in read(body).markup
    assert read(body).markup.count("small") == 1  # the footer is ours


# --- pictures


def test_pictures_are_uploaded_and_stand_side_by_side() -> None:
    drawn = DRAWING.draw(with_pictures(), pictures=LOADED)
    assert names(drawn) == ["key1.png", "key2.png"]
    assert "attachment://key2.png" in outline(parts(drawn))
    assert DRAWING.pictures_of(with_pictures()) == ("key1", "key2")


def test_pictures_that_are_there_already_are_named_and_not_uploaded_again() -> None:
    drawn = DRAWING.draw(with_pictures(), pictures=LOADED, upload=False)
    assert drawn.files == ()
    assert outline(parts(drawn)) == outline(parts(DRAWING.draw(with_pictures(), pictures=LOADED)))


def test_a_picture_that_cannot_be_read_is_said_to_be_missing() -> None:
    drawn = DRAWING.draw(with_pictures(), pictures={"key1": LOADED["key1"]})
    assert names(drawn) == ["key1.png"]
    assert "Screenshot 2: not shown here" in outline(parts(drawn))


def test_a_message_has_ten_pictures_and_all_of_them_take_more_messages() -> None:
    card = submission(*(picture(number) for number in range(24)))
    assert len(DRAWING.pictures_of(card)) == 10
    assert len(DRAWING.pictures_of(card, whole=True)) == 24
    drawn = DRAWING.draw(card, pictures=LOADED)
    assert len(drawn.files) == 10
    assert "Show all" in buttons(parts(drawn))
    assert [len(one.files) for one in DRAWING.draw_all(card, pictures=LOADED)] == [10, 10, 4]


def test_one_picture_for_two_submissions_is_uploaded_once() -> None:
    drawn = DRAWING.draw(replace(compared(), blocks=(picture(1), picture(1))), pictures=LOADED)
    assert names(drawn) == ["key1.png"]
    assert outline(parts(drawn)).count("attachment://key1.png") == 2


# --- what is long


def test_what_is_cut_can_be_seen_whole_by_the_cores_own_button() -> None:
    long = submission(Text("word " * 2_000, "Proof", quoted=True))
    assert buttons(parts(DRAWING.draw(long)))["Show all"] == "all:A31:0"
    queue = replace(
        long,
        subject="queue:q-1",
        buttons=(Button("approve:q-1:31", "Approve", Tone.SUCCESS, "a"), Button("skip:q-1:31", "Skip")),
    )
    assert buttons(parts(DRAWING.draw(queue)))["Show all"] == "all:A31:0"
    assert "Show all" not in buttons(parts(DRAWING.draw(submission(Text("short", quoted=True)))))


def test_short_texts_stay_whole_beside_a_long_one() -> None:
    card = submission(Text("word " * 2_000, "Long", quoted=True), Text("all of this", "Short", quoted=True))
    assert "> all of this" in outline(parts(DRAWING.draw(card)))


def test_an_answer_is_shown_whole_in_several_messages() -> None:
    words = " ".join(f"word{number}" for number in range(900))
    drawn = DRAWING.draw_all(submission(Text(words, "Proof", quoted=True)))
    assert 1 < len(drawn) <= MESSAGES
    seen = read("\n".join(text for one in drawn for text in texts(parts(one)))).seen
    assert all(word in "".join(seen.split()) for word in ("word0", "word450", "word899"))
    assert [bool(buttons(parts(one))) for one in drawn] == [False] * (len(drawn) - 1) + [True]


def words_of(drawn: Sequence[Drawn]) -> str:
    """Everything that is seen of some messages, and what is in their files."""
    seen = [read(text).seen for one in drawn for text in texts(parts(one))]
    return "\n".join([*seen, *(file.fp.read().decode() for one in drawn for file in one.files)])


MARKED = st.integers(1, 900)  # words, each of which has a mark that nothing else has
NUMBERED = st.one_of(
    MARKED.map(lambda size: ("text", size)),
    MARKED.map(lambda size: ("quote", size)),
    st.integers(1, 90).map(lambda size: ("rows", size)),
)


@settings(max_examples=20, phases=[Phase.generate])
@given(blocks=st.lists(NUMBERED, min_size=1, max_size=5), said=st.integers(0, 300))
def test_nothing_is_left_out_of_what_is_shown_whole(blocks: list[tuple[str, int]], said: int) -> None:
    marks = iter(range(10_000))

    def words(count: int) -> str:
        return " ".join(f"<{next(marks)}>" for _ in range(count))

    made: list[Text | Table] = []
    for kind, size in blocks:
        if kind == "rows":
            made.append(
                Table(("Job", "State", "Said"), tuple((words(1), words(1), words(3)) for _ in range(size)), words(1))
            )
        else:
            made.append(Text(words(size).replace("5> ", "5>\n"), words(1), quoted=kind == "quote"))
    seen = words_of(DRAWING.draw_all(submission(*made), words(said), LOADED))
    assert [mark for mark in range(next(marks)) if f"<{mark}>" not in seen] == []


def test_what_is_longer_than_anybody_reads_in_a_chat_is_a_file() -> None:
    (drawn,) = DRAWING.draw_all(submission(Text("line\n" * 20_000, "Proof", quoted=True)))
    assert names(drawn) == ["A31.txt"]
    assert drawn.files[0].fp.read().count(b"line") == 20_000
    assert "[file attachment://A31.txt]" in outline(parts(drawn))


# --- how the library sees it


async def test_the_library_keeps_no_reference_to_a_view() -> None:
    view = DRAWING.draw(with_pictures(), pictures=LOADED).view
    assert view.is_finished()
    assert not view.is_dispatchable()
    assert not any(isinstance(item, discord.ui.DynamicItem) for item in view.walk_children())


def test_the_same_card_is_drawn_the_same() -> None:
    one, other = (DRAWING.draw(with_pictures(), "Hello.", LOADED) for _ in range(2))
    assert parts(one) == parts(other)
    assert one.view is not other.view


async def test_charts_are_one_picture_in_a_gallery() -> None:
    chart = Chart("Rated a day", ("4 Jan", "5 Jan"), (Series("approved", (3.0, 5.0), Tone.SUCCESS),))
    card = Card("Report", blocks=(Fields((Field("Approved", "8"),)), chart, replace(chart, title="Paid")))
    (key,) = DRAWING.pictures_of(card)
    found = await PicturesOf(KeptPictures(), card).read(key)
    assert found is not None
    drawn = DRAWING.draw(card, pictures={key: found})
    assert not broken_limits(parts(drawn))
    assert [file.filename for file in drawn.files] == [f"{key[:40]}.png"]
    assert "Rated a day, Paid" in str(parts(drawn))
    (whole,) = DRAWING.draw_all(card, pictures={key: found})
    assert [file.filename for file in whole.files] == [f"{key[:40]}.png"]
