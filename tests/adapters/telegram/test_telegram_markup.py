"""Nothing that a worker writes breaks the markup, fakes it, or becomes a link; and every limit holds."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botcore.text import clean
from botcore.ui import Button, Card, Field, Fields, Picture, PictureState, Table, Text, Tone
from botcore_telegram.html import CAPTION_UNITS, TEXT_UNITS, fit, quote, sentence, split, units, words
from botcore_telegram.native import Album, Note, Photo, Plan
from botcore_telegram.render import draw, media_of, redraw, says
from tests.adapters.telegram.markup import Parsed, finish, parse_html, utf16_length
from tests.core.market import START

LINKS = {"url", "mention", "email", "bot_command", "hashtag", "cashtag", "text_link", "phone_number"}
OURS = {"bold", "italic", "code", "pre", "expandable_blockquote", "blockquote"}
HOSTILE = [
    *("<b>bold</b>", "</blockquote>", "&lt;", "&#60;", "&", "<", ">", '"', "`", "<a href='tg://user?id=1'>you</a>"),
    *(
        "@admin",
        "@admin's",
        "t.me/x",
        "https://evil.example/?a=1&b=2",
        "javascript:alert(1)",
        "a@b.co",
        "mailto:a@b.co",
    ),
    *("/approve_all", "/approve@bot", "#tag", "$USD", "tg://resolve?domain=x", "10.0.0.1/x", "пример.рф", "भारत.भारत"),
    *(
        "4111 1111 1111 1111",
        "+1-212-555-0123",
        "\u202eevil",
        "\u200b",
        "\ufeff",
        "😀",
        "🇩🇪",
        "\n",
        "\n\n",
        " ",
        "\x00",
    ),
    *("x" * 1200, "😀" * 900, "word " * 300, "@a " * 200),
]
TEXTS = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=12), max_size=8).map("".join)
PHOTO = Photo("a" * 64, b"", "image/png", 800, 600)
PHOTOS = {PHOTO.key: PHOTO}


def parsed(html: str) -> Parsed:
    return finish(parse_html(html))


@st.composite
def cards(draw_one: st.DrawFn) -> Card:
    block = st.one_of(
        st.builds(Text, TEXTS, TEXTS, st.booleans(), st.sampled_from(Tone)),
        st.builds(lambda name, value: Fields((Field(name, value), Field("When", value, START))), TEXTS, TEXTS),
        st.builds(
            lambda rows, title, count: Table(("A", "B", "C"), tuple(rows) * count, title),
            st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=3),
            TEXTS,
            st.integers(1, 20),
        ),
        st.builds(Picture, st.just(PHOTO.key), TEXTS, st.sampled_from(PictureState), TEXTS, TEXTS),
    )
    subject = draw_one(st.sampled_from(["submission:A31", "queue:q-3", "operation:op-1", ""]))
    buttons = tuple(Button(f"verb:A31:{n}", draw_one(TEXTS)) for n in range(draw_one(st.integers(0, 9))))
    return Card(
        draw_one(TEXTS), subject, draw_one(TEXTS), draw_one(TEXTS), draw_one(st.sampled_from(Tone)),
        tuple(draw_one(st.lists(block, max_size=5))), buttons, draw_one(TEXTS),
    )  # fmt: skip


def check_note(note: Note) -> Parsed:
    text = parsed(note.html)
    kinds = {entity.type for entity in text.entities}
    assert not kinds & LINKS, [(e.type, text.of(e.type)) for e in text.entities if e.type in LINKS]
    assert kinds <= OURS
    assert len(text.entities) <= 100
    assert utf16_length(text.text) <= (CAPTION_UNITS if note.media else TEXT_UNITS)
    assert text.text or note.media  # a picture needs no words
    for row in note.keyboard:
        assert 1 <= len(row) <= 8
        assert all(key.label.strip() and len(key.data.encode()) <= 64 for key in row)
    assert sum(map(len, note.keyboard)) <= 100
    return text


def check_plan(plan: Plan) -> None:
    for part in (*plan.before, plan.card):
        if isinstance(part, Note):
            check_note(part)
            continue
        assert 2 <= len(part.items) <= 10
        assert len({media.document for media in part.items}) == 1
        for caption in part.captions:
            assert utf16_length(parsed(caption).text) <= CAPTION_UNITS


def check_card(card: Card) -> None:
    check_plan(draw(card, PHOTOS, now=START))
    check_plan(draw(card, {}, now=START))
    check_plan(draw(card, PHOTOS, now=START, whole=True))
    check_note(redraw(card, PHOTOS, now=START, picture=1, media=True))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(cards())
def test_any_card_is_within_the_limits_and_links_nowhere(card: Card) -> None:
    check_card(card)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@settings(max_examples=3_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(cards())
def test_very_many_cards_are_within_the_limits_and_link_nowhere(card: Card) -> None:
    check_card(card)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(TEXTS, TEXTS)
def test_what_was_written_is_shown_as_it_was_written(title: str, text: str) -> None:
    card = Card("Job", blocks=(Text(text, title="Proof", quoted=True), Text("after")))
    plan = draw(card, {}, now=START, whole=True)
    notes = [part for part in (*plan.before, plan.card) if isinstance(part, Note)]
    shown = "".join(check_note(note).text for note in notes)
    assert "".join(clean(text).split()) in "".join(shown.split())
    quotes = [text for note in notes for text in parsed(note.html).of("expandable_blockquote")]
    assert "after" not in "".join(quotes) or "after" in text


@pytest.mark.parametrize(
    "text",
    ["@admin", "(t.me/x)", "see http://a.b", "a@b.co", "/approve_all J1", "#spam", "$TON", "tg://x", "1.2.3.4/x",
     "пример.рф", "भारत.भारत", "😀.com", "4111 1111 1111 1111", "+1 212 555 0123", "@a " * 50],
)  # fmt: skip
def test_what_telegram_would_link_is_code_which_one_touch_copies(text: str) -> None:
    shown = parsed(quote(words(text)).markup)
    assert {entity.type for entity in shown.entities} == {"expandable_blockquote", "code"}
    assert shown.text == text.strip()


def test_many_bold_words_that_would_be_links_are_within_what_telegram_remembers() -> None:
    row = ("see t.me/x and @me today", "<b>", "4111 1111 1111 1111 <")
    check_card(Card("Job", blocks=(Table(("A", "B", "C"), (row,) * 40),)))


@pytest.mark.parametrize("text", ["and/or", "0.25", "$0.08", "12:30", "w-1", "e.g. this", "done. Next", "A31", "3/4"])
def test_ordinary_words_are_no_code(text: str) -> None:
    assert words(text).markup == text


def test_what_is_to_be_typed_is_code() -> None:
    assert sentence("There is none; see `job list`.").markup == "There is none; see <code>job list</code>."
    assert sentence("`" * 999).entities <= 1


@settings(max_examples=100, deadline=None, derandomize=True)
@given(TEXTS, st.integers(0, 300))
def test_a_text_is_cut_at_the_end_of_a_word_and_never_too_long(text: str, limit: int) -> None:
    text = clean(text)
    short, was_cut = fit(text, limit)
    assert units(short) <= limit
    assert was_cut == (short != text)
    assert short.removesuffix("…") in text or not was_cut
    if limit:
        first, rest = split(text, limit + 1)
        assert units(first) <= limit + 1
        assert "".join((first + rest).split()) == "".join(text.split())
        assert first or not text.strip() or not rest or text[0].isspace()


def test_a_cut_prefers_the_end_of_a_line_or_word() -> None:
    assert fit("one two three four", 12) == ("one two…", True)
    assert fit("one two\nthree four", 12) == ("one two…", True)
    assert fit("x" * 50, 10) == ("x" * 9 + "…", True)
    assert fit("😀" * 10, 9) == ("😀" * 4 + "…", True)
    assert units("😀é") == 3


def test_a_button_has_words_whatever_it_was_called() -> None:
    card = Card("x", buttons=(Button("more:A1:0", "\u202e"), Button("all:A1:0", "y" * 500)))
    assert [key.label for row in redraw(card, {}, now=START).keyboard for key in row] == ["…", "y" * 59 + "…"]


@pytest.mark.parametrize(
    ("width", "height", "size", "kind", "document"),
    [
        (1080, 1920, 10, "image/png", False),
        (400, 8000, 10, "image/png", False),
        (400, 8001, 10, "image/png", True),
        (5000, 5000, 10, "image/jpeg", False),
        (5000, 5001, 10, "image/jpeg", True),
        (800, 600, 10 * 2**20 + 1, "image/jpeg", True),
        (800, 600, 10, "image/gif", True),
        (0, 1, 10, "image/png", True),
    ],
)
def test_what_telegram_takes_for_no_photo_is_a_document(
    width: int, height: int, size: int, kind: str, document: bool
) -> None:
    assert media_of(Photo("k", bytes(size), kind, width, height)).document is document


def test_photos_and_documents_go_in_albums_of_their_own() -> None:
    photos = {f"{n}": Photo(f"{n}", b"", "image/png", 800, 600 if n < 12 else 60_000) for n in range(14)}
    blocks = tuple(Picture(key, f"Screenshot {key}", PictureState.READY) for key in photos)
    plan = draw(Card("x", "submission:A1", blocks=blocks), photos, now=START)
    assert [len(part.items) for part in plan.before if isinstance(part, Album)] == [10, 2, 2]
    assert plan.messages == 15


def test_a_picture_that_is_not_kept_any_more_is_said_to_be_so() -> None:
    card = Card("x", "submission:A1", blocks=(Picture("k", "Screenshot", PictureState.READY),))
    assert "it is not kept here any more" in redraw(card, {}, now=START).html
    assert redraw(card, {}, now=START, media=True).media is not None


@pytest.mark.parametrize(
    ("subject", "button", "data"),
    [
        ("submission:A31", "approve:A31:2", "=run:show A31"),
        ("queue:q-3", "approve:q-3:31", "=run:show A31"),
        ("bulk:b-7", "confirm-all:b-7:0", "=run:bulk show b-7"),
        ("submission:A31", "all:A31:0", "all:A31:0"),
        ("queue:q-3", "stop:q-3:0", ""),
        ("operation:op-1", "confirm:op-1:0", ""),
    ],
)
def test_what_does_not_fit_is_a_touch_away(subject: str, button: str, data: str) -> None:
    card = Card("x", subject, blocks=(Text("word " * 2_000, quoted=True),), buttons=(Button(button, "B"),))
    keys = [key.data for row in redraw(card, {}, now=START).keyboard for key in row]
    assert keys == list(dict.fromkeys(filter(None, (button, data))))
    short = Card("x", subject, blocks=(Text("word", quoted=True),), buttons=(Button(button, "B"),))
    assert [key.data for row in redraw(short, {}, now=START).keyboard for key in row] == [button]


def test_a_long_answer_goes_on_in_further_messages() -> None:
    notes = says("Said. " * 2_000)
    assert len(notes) == 3
    for note in notes:
        check_note(note)
    assert says("") == (Note("…"),)
