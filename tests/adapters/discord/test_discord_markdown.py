"""What somebody else wrote is drawn as it was written: no markup, mention, link or moment of theirs ever works."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcore.text import clean, one_line
from botcore_discord.markdown import escape, fewer_lines, fitted, line, moment, quotation, sentences, short, tidy, units
from tests.adapters.discord.reading import read

TRICKS = [
    "**bold** __under__ _it_ *it* ~~no~~ ||spoiler||",
    "# heading\n## two\n### three\n-# small",
    "- a\n* b\n+ c\n  - d\n1. one\n12) twelve",
    "> quote\n>>> all of it",
    "`code` ``more`` ```py\nfence\n```",
    "<@1> <@!2> <@&3> <#4> @everyone @here <id:customize> </approve:5>",
    "<t:1767614400:R> <:fake:6> <a:dance:7> :white_check_mark:",
    "[Approve](https://evil.example) https://evil.example <https://evil.example> discord://-/x",
    "back\\slash \\*star\\* \\\\",
    "\u202eevil\u202c \u200bzero\u200b \u00a0# no-break heading",
    "**Worker** good · **Record** 99 approved / 0 rejected",
]
# markup in any order and number, between letters and line ends
MARKUP = st.lists(
    st.sampled_from([*"\\*_~|`<>@#[]():-+.!&/ \n\t1a😀", "http://", "<t:1>", "@here", "```", "||", "\n# ", "\n-# "]),
    max_size=40,
).map("".join)
TEXTS = st.one_of(MARKUP, st.text(max_size=60), st.sampled_from(TRICKS))


@given(TEXTS)
def test_no_text_has_any_markup_once_it_is_escaped(text: str) -> None:
    found = read(escape(text))
    assert found.markup == []
    assert found.seen == clean(text)


@given(TEXTS)
def test_a_quotation_is_nothing_but_one(text: str) -> None:
    found = read(quotation(text))
    assert set(found.markup) == {"quote"}
    assert found.seen == tidy(text)
    assert all(one.startswith("> ") for one in quotation(text).split("\n"))


@given(TEXTS)
def test_what_the_bot_says_has_no_markup_but_what_is_to_be_typed(text: str) -> None:
    assert set(read(sentences(text)).markup) <= {"code"}


@given(TEXTS, st.integers(0, 60))
def test_a_line_is_one_and_not_too_long(text: str, limit: int) -> None:
    drawn = line(text, limit)
    assert "\n" not in drawn
    assert units(drawn) <= limit
    assert read(f"a {drawn}").markup == []
    assert units(short(text, limit)) <= limit


@given(TEXTS, st.integers(0, 80))
def test_as_much_as_fits_is_the_beginning_of_it(text: str, limit: int) -> None:
    drawn, was_cut = fitted(text, limit, escape)
    assert units(drawn) <= limit
    assert was_cut or drawn == escape(text)
    seen = read(drawn).seen
    assert clean(text).startswith(seen.removesuffix("…").rstrip()) or not was_cut


@pytest.mark.parametrize("text", TRICKS)
def test_each_trick_would_work_were_it_not_escaped(text: str) -> None:
    assert read(text).markup or read(text).seen != clean(text) or clean(text) != text


def test_a_moment_is_told_from_now_by_the_readers_own_client() -> None:
    assert moment(datetime(2026, 1, 5, 12, tzinfo=UTC)) == "<t:1767614400:R>"
    assert read(moment(datetime(2026, 1, 5, 12, tzinfo=UTC))).markup == ["time"]


def test_what_is_to_be_typed_is_drawn_as_code_and_the_rest_is_not() -> None:
    assert sentences("type `job list`, *not* this") == "type `job list`, \\*not\\* this"


def test_empty_lines_do_not_make_a_card_tall() -> None:
    assert tidy("\n\na\n\n\n\n \n\nb\n\n") == "a\n\nb"
    assert fewer_lines("\n".join("abcdef"), 3) == ("a\nb\nc…", True)


def test_lengths_are_those_of_the_strictest_count() -> None:
    assert units("a😀") == 3
    assert units(one_line("é")) == 1
