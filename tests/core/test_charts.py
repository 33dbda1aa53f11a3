"""Charts: laid out once, and drawn on the page, as a picture and in text."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO

import pytest
from PIL import Image

from botcore.charts import PICTURE, PicturesOf, as_pictures, chart_png, plot
from botcore.draw import draw_card
from botcore.ui import Card, Chart, Picture, PictureState, Series, Text, Tone, card_from_json, to_json
from tests.core.rig import KeptPictures

VERDICTS = Chart(
    "Rated a day",
    ("4 Jan", "5 Jan", "6 Jan"),
    (Series("approved", (3.0, 0.0, 12.0), Tone.SUCCESS), Series("rejected", (1.0, 0.0, 4.0), Tone.DANGER)),
)
PAID = Chart("Paid", ("4 Jan", "5 Jan"), (Series("paid", (0.07, 0.2)),), "$")
CARD = Card("Report", blocks=(Text("before"), VERDICTS, Text("between"), PAID))


def test_bars_stand_on_each_other_and_reach_as_high_as_they_are_worth() -> None:
    laid = plot(VERDICTS, 300, 200)
    assert [text for _, text in laid.ticks] == ["0", "5", "10", "15", "20"]
    assert laid.totals == ("4", "0", "16")
    low, high = [bar for bar in laid.bars if bar.label == "6 Jan"]
    assert (low.y + low.height, high.y + high.height) == pytest.approx((200, low.y))
    assert high.y == pytest.approx(200 * (1 - 16 / 20))
    assert all(bar.x >= 0 and bar.x + bar.width <= 300 and bar.y >= 0 for bar in laid.bars)


@pytest.mark.parametrize("top", [0.0, 0.004, 0.3, 1.0, 3.0, 7.0, 10.0, 99.0, 100.0, 12345.0])
def test_whatever_the_highest_is_there_are_a_few_lines_and_none_below_it(top: float) -> None:
    laid = plot(Chart("", ("a",), (Series("s", (top,)),)), 100, 100)
    assert 2 <= len(laid.ticks) <= 6
    assert all(bar.y >= -1e-6 for bar in laid.bars)


def test_many_labels_are_thinned_out_and_the_newest_stays() -> None:
    labels = tuple(f"d{n}" for n in range(30))
    laid = plot(Chart("", labels, (Series("s", (1.0,) * 30),)), 300, 100)
    assert len(laid.labels) <= 8
    assert laid.labels[-1][1] == "d29"


def test_an_empty_chart_is_no_error() -> None:
    laid = plot(Chart("", (), ()), 100, 100)
    assert (laid.bars, laid.labels, laid.totals) == ((), (), ())


def test_a_card_with_charts_survives_the_database() -> None:
    assert card_from_json(to_json(CARD)) == CARD


async def test_all_charts_of_a_card_are_one_picture_where_a_messenger_draws_none() -> None:
    drawn = as_pictures(CARD)
    assert [block.kind for block in drawn.blocks] == ["text", "picture", "text"]
    picture = drawn.blocks[1]
    assert isinstance(picture, Picture)
    assert (picture.title, picture.state) == ("Rated a day, Paid", PictureState.READY)
    assert picture.key.startswith(PICTURE)
    assert as_pictures(drawn) is drawn
    found = await PicturesOf(KeptPictures(), CARD).read(picture.key)
    assert found is not None
    with Image.open(BytesIO(found[0])) as image:
        assert (image.format, image.size, found[1]) == ("PNG", (900, 600), "image/png")
    assert await PicturesOf(KeptPictures(), Card("another")).read(picture.key) is None


async def test_pictures_of_others_come_from_their_own_store() -> None:
    kept = KeptPictures()
    kept.kept["shot"] = (b"bytes", "image/png")
    assert await PicturesOf(kept, CARD).read("shot") == (b"bytes", "image/png")


async def test_the_picture_shows_the_colours_of_the_series() -> None:
    with Image.open(BytesIO(await chart_png((VERDICTS,)))) as image:
        colours = {colour for _, colour in image.convert("RGB").getcolors(100_000) or ()}
    assert {(0x2D, 0x9D, 0x5F), (0xD6, 0x45, 0x45)} <= colours


def test_in_text_each_label_has_a_line_as_long_as_its_bar() -> None:
    lines = draw_card(Card("Report", blocks=(VERDICTS,))).splitlines()
    assert lines[1] == "  Rated a day: █ approved  ▒ rejected"
    assert lines[2] == "  4 Jan  ████████▒▒ 4"
    assert lines[3] == "  5 Jan  0"
    assert lines[4] == f"  6 Jan  {'█' * 30}{'▒' * 10} 16"


def test_who_draws_no_chart_never_loads_the_library_that_does() -> None:
    script = "import sys, botcore.app, botcore.charts; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
