from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from botcore.ui import (
    Button,
    Card,
    Chart,
    Field,
    Fields,
    Picture,
    PictureState,
    Series,
    Table,
    Text,
    Tone,
)
from botcore_web.messages import Message, waits_for_somebody
from botcore_web.render import Look, excerpt, render_card, render_reply_card, when

from .desk import settled, waiting
from .parsed import HOSTILE, Parsed

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
LOOK = Look("", "build")


def card(shown: Card) -> Parsed:
    return Parsed(render_card(Message(1, "review", shown, waits_for_somebody(shown), NOW, 1), NOW, LOOK))


def everywhere(text: str) -> Card:
    """A card that has a text in every place that can hold one."""
    return Card(
        title=text,
        subject=f"submission:{text}",
        subtitle=text,
        badge=text,
        blocks=(
            Fields((Field(text, text),)),
            Text(text, title=text),
            Text(text, title=text, quoted=True),
            Picture(text, text, PictureState.READY, text, text),
            Picture(text, text, PictureState.REFUSED, text, text),
            Picture(text, text, PictureState.LOADING, text, text),
            Table((text,), ((text,),), title=text),
            Table((text,), (), title=text, empty=text),
        ),
        buttons=(Button("approve:A1:0", text),),
        footer=text,
    )


def test_what_a_worker_wrote_stays_text_in_every_place() -> None:
    parsed = card(everywhere(HOSTILE))
    assert not parsed.find("script")
    assert all("onerror" not in attrs for _, attrs in parsed.elements)
    assert {a["src"][:10] for a in parsed.find("img") if a["src"]} == {"/pictures/"}
    assert parsed.text.count("<script>alert(1)</script>") >= 15
    assert "49" not in parsed.text


def test_text_that_turns_its_surroundings_around_loses_the_power_to() -> None:
    parsed = card(everywhere("safe \u202egnp.exe\u2066\u200f\x00\x1b[31m\ud800 end"))
    assert not set(parsed.text) & set("\u202e\u2066\u200f\x00\x1b\ud800")
    assert "end" in parsed.text
    parsed.text.encode()


def test_a_hundred_thousand_letters_are_folded_and_none_is_in_the_way() -> None:
    parsed = card(waiting("A1", "x" * 100_000, blocks=(Text("y" * 100_000, quoted=True),)))
    assert parsed.text.count("x") <= 200
    assert parsed.text.count("y") == 100_000
    assert parsed.find("span", **{"class": "rest"})[0].keys() >= {"hidden"}
    assert len(excerpt("y" * 100_000).head) <= 1_300


def test_a_text_of_many_lines_is_folded_and_nothing_of_it_is_lost() -> None:
    text = "\n".join(f"line {n}" for n in range(500))
    folded = excerpt(text)
    assert folded.head.count("\n") < 20
    assert folded.head + folded.rest == text
    assert excerpt("short\ntext") == excerpt("short\ntext\n")
    assert excerpt("z" * 300_000).left_out == 100_000


def test_what_is_to_be_typed_looks_like_it_but_not_in_what_a_worker_wrote() -> None:
    html = render_card(
        Message(1, "review", waiting("A1", blocks=(Text("type `undo <i>A1`"),)), True, NOW, 1), NOW, LOOK
    )
    assert "type <code>undo &lt;i&gt;A1</code>" in html
    quoted = waiting("A1", blocks=(Text("my `code`", quoted=True),))
    assert "my `code`" in render_card(Message(1, "review", quoted, True, NOW, 1), NOW, LOOK)


@pytest.mark.parametrize(
    ("seconds", "text", "tone"),
    [
        (2 * 86400 + 4 * 3600 + 59, "2 d 4 h left", ""),
        (86400, "1 d left", ""),
        (86399, "23 h 59 min left", "warning"),
        (3600, "1 h left", "warning"),
        (3599, "59 min left", "danger"),
        (18, "18 s left", "danger"),
        (0.5, "1 s left", "danger"),
        (0, "time is up", "danger"),
        (-5, "time is up", "danger"),
    ],
)
def test_a_deadline_says_how_long_is_left_and_how_urgent_that_is(seconds: float, text: str, tone: str) -> None:
    shown = when(NOW + timedelta(seconds=seconds), NOW, countdown=True)
    assert (shown.text, shown.tone) == (text, tone)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "just now"), (-90, "1 min ago"), (-7300, "2 h ago"), (-200_000, "2 d ago"), (600, "in 10 min")],
)
def test_a_moment_is_told_from_now(seconds: float, text: str) -> None:
    assert when(NOW + timedelta(seconds=seconds), NOW).text == text


def test_a_moment_has_its_date_for_machines_and_for_who_points_at_it() -> None:
    parsed = card(waiting("A1", blocks=(Fields((Field("Left", "", NOW, countdown=True),)),)))
    (time,) = parsed.find("time")
    assert time["datetime"] == "2026-01-05T12:00:00.000+00:00"
    assert time["title"] == "2026-01-05 12:00 UTC"


def test_neighbouring_pictures_stand_together() -> None:
    picture = Picture("k", "t", PictureState.READY)
    parsed = card(waiting("A1", blocks=(picture, picture, Text("between"), picture)))
    assert len(parsed.find("ul", **{"class": "pictures"})) == 2
    assert all(image["loading"] == "lazy" for image in parsed.find("img"))


def test_a_refused_picture_says_why_and_its_address_is_no_link() -> None:
    address = "http://127.0.0.1/admin"
    parsed = card(waiting("A1", blocks=(Picture("", "Proof", PictureState.REFUSED, "not a picture host", address),)))
    assert "not a picture host" in parsed.text
    assert address in parsed.text
    assert not parsed.find("a")
    assert not parsed.find("img")


def test_a_settled_card_folds_what_was_handed_in_and_shows_what_became_of_it() -> None:
    proof = Text("what the worker wrote", quoted=True)
    shown = settled(waiting("A1", blocks=(proof, Text("Confirmed"))))
    html = render_card(Message(1, "review", shown, False, NOW, 1), NOW, LOOK)
    assert (
        html.index("<details") < html.index("what the worker wrote") < html.index("</details") < html.index("Confirmed")
    )


def test_a_card_is_named_by_its_title_and_short_id_once() -> None:
    html = render_card(Message(1, "review", waiting("A31", "Like a page"), True, NOW, 1), NOW, LOOK)
    assert 'aria-labelledby="m1-title m1-short"' in html
    html = render_card(Message(1, "review", waiting("A31", "Like a page (A31)"), True, NOW, 1), NOW, LOOK)
    assert 'aria-labelledby="m1-title"' in html


def test_a_button_goes_by_its_own_key_or_by_the_usual_one() -> None:
    buttons = (Button("approve:A1:0", "Approve"), Button("skip:A1:0", "Skip", key="s"), Button("more:A1:0", "More"))
    parsed = card(waiting("A1", buttons=buttons))
    assert [b.get("data-key") for b in parsed.find("button")] == ["a", "s", None]


def test_a_chart_is_drawn_with_its_numbers_and_read_out_and_nothing_in_it_runs() -> None:
    bad = "<script>x</script>"
    chart = Chart(bad, ("4 Jan", "5 Jan"), (Series(bad, (3.0, 0.0), Tone.SUCCESS), Series("b", (1.0, 2.0))))
    html = render_reply_card(Card("Report", blocks=(chart,)), NOW, LOOK)
    assert "<script>" not in html
    assert 'role="img"' in html
    assert "4 Jan 4, 5 Jan 2" in html
    assert html.count("<rect ") == 3
    assert "<title>4 Jan: 3 &lt;script&gt;" in html


def test_news_is_shown_whole_and_neither_waits_nor_looks_settled() -> None:
    table, button = Table(("A", "B"), (("1", "2"),)), Button("review:n-1:0", "Review now")
    card = Card("The day", "notice:n-1", blocks=(table,), buttons=(button,))
    html = render_card(Message(1, "team", card, waits_for_somebody(card), NOW, 1), NOW, LOOK)
    assert "settled" not in html
    assert "<details" not in html
    assert "n-1</span>" not in html
    assert "Review now" in html
