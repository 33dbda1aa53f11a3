"""The pretended Telegram reads markup as the real one does."""

from __future__ import annotations

import pytest

from tests.adapters.telegram.markup import MarkupError, Parsed, cover, finish, parse_html, utf16_length


def shown(source: str) -> tuple[str, list[tuple[str, str]]]:
    """The text, and what each entity covers."""
    parsed = parse_html(source)
    return parsed.text, [(entity.type, cover(parsed.text, entity)) for entity in parsed.entities]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("é<b", "Unclosed start tag at byte offset 2"),
        ("<br>", 'Unsupported start tag "br" at byte offset 0'),
        ("😀<script>x</script>", 'Unsupported start tag "script" at byte offset 4'),
        ("<b>x", 'can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<a =x>y</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href>x</a>", 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'),
        ("<a href x>y</a>", 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'),
        ("<a href=http://x>y</a>", "Unexpected end of name token at byte offset 8"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("&#xD800;", "Text contains invalid Unicode characters"),
    ],
)
def test_malformed_markup_is_refused_in_telegrams_words(source: str, words: str) -> None:
    with pytest.raises(MarkupError) as refused:
        parse_html(source)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("plain", "plain", []),
        ("<b>a<i>b</i></b>c", "abc", [("bold", "ab"), ("italic", "b")]),
        ("<STRONG>a</strong>", "a", [("bold", "a")]),
        ("<b>a</>", "a", [("bold", "a")]),
        ("<b></b>x", "x", []),
        ("😀<u>😀é</u>", "😀😀é", [("underline", "😀é")]),
        ("&lt;b&gt; &amp;amp; &quot;", '<b> &amp; "', []),
        ("&#60;&#x3e; &nbsp; &copy &", "<> &nbsp; &copy &", []),
        ('<a href="https://x.org/?a=1&amp;b=2">go</a>', "go", [("text_link", "go")]),
        ('<a href="javascript:alert(1)">go</a>', "go", []),
        ("<blockquote expandable>long</blockquote>", "long", [("expandable_blockquote", "long")]),
        ("<blockquote>a<b>b</b></blockquote>", "ab", [("blockquote", "ab"), ("bold", "b")]),
        ("<b>a<code>b</code>c</b>", "abc", [("bold", "a"), ("code", "b"), ("bold", "c")]),
        ('<pre><code class="language-sql">x</code></pre>', "x", [("pre", "x")]),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", "x")]),
    ],
)
def test_markup_becomes_text_and_entities(source: str, text: str, entities: list[tuple[str, str]]) -> None:
    assert shown(source) == (text, entities)


def test_offsets_count_utf16_units() -> None:
    (entity,) = parse_html("😀é<b>x😀</b>").entities
    assert (entity.offset, entity.length) == (3, 3)
    assert utf16_length("😀é") == 3


def test_space_around_a_text_is_taken_off_with_the_entities_in_it() -> None:
    parsed = finish(parse_html("  <b> a </b>b <i> </i>"))
    assert parsed.text == "a b"
    assert parsed.of("bold") == ["a "]
    assert parsed.of("italic") == []


def test_links_names_and_commands_are_found_by_themselves_but_not_in_code() -> None:
    found = finish(Parsed("@admin /start https://x.org/a t.me/b me@x.org #tag 3/4 a@b"))
    assert found.of("mention") == ["@admin"]
    assert found.of("bot_command") == ["/start"]
    assert found.of("url") == ["https://x.org/a", "t.me/b"]
    assert found.of("email") == ["me@x.org"]
    assert found.of("hashtag") == ["#tag"]
    assert {entity.type for entity in finish(parse_html("<code>@admin t.me/b</code>")).entities} == {"code"}
