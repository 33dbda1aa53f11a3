"""Hostile text made fit to show, and things put into words."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from botcore.text import (
    ago,
    clean,
    country,
    cut,
    fingerprint,
    left,
    money,
    one_line,
    parse_short_id,
    short_id,
)

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
FAMILY = "👩‍👩‍👧"
ENGINEER = "👩🏽‍💻"


@given(ANY_TEXT)
def test_clean_text_holds_no_control_format_surrogate_or_private_character(text: str) -> None:
    for char in clean(text):
        assert char in "\n\t\u200d" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co")


@given(ANY_TEXT)
def test_clean_text_can_be_sent_and_is_clean_already(text: str) -> None:
    once = clean(text)
    once.encode()
    assert clean(once) == once


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"], max_codepoint=0x2000)))
def test_ordinary_writing_is_left_as_it_is(text: str) -> None:
    assume(not set(text) & set("\u115f\u1160"))
    assert clean(text) == text


@pytest.mark.parametrize("hidden", ["\u202e", "\u2067", "\u200f", "\u061c", "\u200b", "\u2060", "\ufeff", "\u00ad"])
def test_what_turns_or_hides_text_is_taken_out(hidden: str) -> None:
    assert clean(f"pay{hidden}pal") == "paypal"


@pytest.mark.parametrize("blank", ["\u3164", "\u115f", "\uffa0", "\u2800", "\u034f", "\U000e0041", "\ufdd0", "\uffff"])
def test_what_is_drawn_as_nothing_is_taken_out_whatever_its_category(blank: str) -> None:
    assert clean(f"a{blank}b") == "ab"


def test_every_kind_of_line_end_is_a_newline_and_tabs_stay() -> None:
    assert clean("a\r\nb\rc\u2028d\u2029e\x0bf\x0cg\x85h\ti") == "a\nb\nc\nd\ne\nf\ng\nh\ti"


def test_escape_sequences_of_terminals_lose_their_escape() -> None:
    assert clean("\x1b[31mred\x1b[0m") == "[31mred[0m"


def test_lone_surrogates_are_taken_out() -> None:
    assert clean("a\ud800b\udfff") == "ab"


@pytest.mark.parametrize("emoji", [FAMILY, ENGINEER, "❤️", "🏳️‍🌈", "🇩🇪", "1️⃣", "🫨"])
def test_emoji_stay_whole(emoji: str) -> None:
    assert clean(f"so {emoji}!") == f"so {emoji}!"


def test_joiners_and_selectors_outside_emoji_are_taken_out() -> None:
    assert clean("pay\u200dpal\u200d") == "paypal"
    assert clean("\ufe0fa \ufe0f b\ufe0f\ufe0f\ufe0f") == "a  b\ufe0f"


def test_markup_is_not_the_business_of_cleaning() -> None:
    assert clean("<script>@everyone</script>") == "<script>@everyone</script>"


def test_clean_keeps_to_its_limit() -> None:
    assert clean("x" * 100_000, 10) == "x" * 9 + "…"


@given(ANY_TEXT)
def test_one_line_is_one_line(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert line == line.strip()
    assert "  " not in line


@given(ANY_TEXT, st.integers(0, 20))
def test_a_cut_text_fits_and_says_whether_it_was_cut(text: str, limit: int) -> None:
    short, was_cut = cut(text, limit)
    assert len(short) <= limit
    assert was_cut == (len(text) > limit)
    assert short == text or short.rstrip("…") == text[: len(short) - 1] or limit == 0


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("hello world", 8, "hello w…"),
        ("hello world", 7, "hello…"),
        ("hello", 1, "…"),
        ("ab" + FAMILY, 5, "ab…"),
        ("ab" + ENGINEER + "cd", 5, "ab…"),
        ("ae\u0301\u0302x y", 4, "a…"),
        ("🇩🇪🇫🇷🇮🇹", 4, "🇩🇪…"),
        ("🇩🇪🇫🇷🇮🇹", 5, "🇩🇪🇫🇷…"),
    ],
)
def test_a_cut_does_not_go_through_what_is_drawn_as_one_sign(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit) == (expected, True)


def test_a_cut_through_endless_marks_is_made_all_the_same() -> None:
    short, was_cut = cut("a" + "\u0301" * 5000, 1000)
    assert was_cut
    assert len(short) == 1000


def test_copies_have_the_same_fingerprint_however_they_are_dressed_up() -> None:
    plain = fingerprint("I visited the page and signed up.")
    assert plain
    assert fingerprint("  i VISITED\nthe page\u200b and\tsigned\u00a0up. ") == plain
    assert fingerprint("Ｉ ｖｉｓｉｔｅｄ the page and signed up.") == plain
    assert fingerprint("I visited the page and signed in.") != plain


@pytest.mark.parametrize("text", ["", "done", "  ok   thanks ", "\u200b" * 50, "…" * 3])
def test_texts_too_short_to_mean_anything_have_no_fingerprint(text: str) -> None:
    assert fingerprint(text) == ""


@given(ANY_TEXT)
def test_any_text_has_the_fingerprint_of_itself_padded(text: str) -> None:
    assert fingerprint(f" \u200b{text}\n\u2067 ") == fingerprint(text)
    assert len(fingerprint(text)) in (0, 32)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0.08", "$0.08"),
        ("0", "$0.00"),
        ("-0.00", "$0.00"),
        ("5", "$5.00"),
        ("1.5", "$1.50"),
        ("0.125", "$0.125"),
        ("0.10000", "$0.10"),
        ("-1.5", "-$1.50"),
        ("1E+3", "$1000.00"),
        ("1E-7", "$0.0000001"),
        ("12345678901234567890123456789012345.01", "$12345678901234567890123456789012345.01"),
    ],
)
def test_money_is_exact_and_plain(amount: str, words: str) -> None:
    assert money(Decimal(amount)) == words


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9))
def test_money_can_be_read_back_to_the_same_amount(amount: Decimal) -> None:
    assert Decimal(money(amount).replace("$", "")) == amount


def test_what_is_no_amount_is_not_shown_as_one() -> None:
    with pytest.raises(ValueError, match="not an amount"):
        money(Decimal("NaN"))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "under a minute"),
        (59.9, "under a minute"),
        (60, "1 min"),
        (59 * 60 + 59, "59 min"),
        (3600, "1 h"),
        (3 * 3600 + 10 * 60 + 59, "3 h 10 min"),
        (86400, "1 d"),
        (2 * 86400 + 4 * 3600 + 59 * 60, "2 d 4 h"),
        (86400 + 59 * 60, "1 d"),
    ],
)
def test_spans_in_words(seconds: float, words: str) -> None:
    assert ago(timedelta(seconds=seconds)) == words


def test_time_left_ends() -> None:
    assert left(timedelta(hours=52)) == "2 d 4 h"
    assert left(timedelta(seconds=1)) == "under a minute"
    assert left(timedelta(0)) == "no time left"
    assert left(timedelta(days=-1)) == "no time left"


def test_countries_are_shown_as_the_marketplace_calls_them() -> None:
    assert country(" uk\u202e ") == "UK"


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (1, "A1"),
        (31, "A31"),
        (999, "A999"),
        (1000, "B1"),
        (26 * 999, "Z999"),
        (26 * 999 + 1, "AA1"),
        (27 * 26 * 999 + 1, "AAA1"),
    ],
)
def test_short_ids_count_on_through_the_letters(number: int, name: str) -> None:
    assert short_id(number) == name


@given(st.integers(1, 10**12))
def test_a_short_id_is_read_back(number: int) -> None:
    name = short_id(number)
    assert parse_short_id(name) == number
    assert parse_short_id(f" #{name.lower()} ") == number


@pytest.mark.parametrize("text", ["", "31", "A", "A0", "A031", "A1000", "#", "A3 1", "A31B", "Ä31", "A٣", "##A1"])
def test_what_is_no_short_id_is_none(text: str) -> None:
    assert parse_short_id(text) is None


@given(ANY_TEXT)
def test_whatever_reads_as_a_short_id_is_its_name(text: str) -> None:
    number = parse_short_id(text)
    assert number is None or short_id(number) == text.strip().lstrip("#").upper()


def test_numbers_start_at_one() -> None:
    with pytest.raises(ValueError, match="start at 1"):
        short_id(0)
