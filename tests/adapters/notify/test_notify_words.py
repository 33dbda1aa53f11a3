"""Cards as notices: readable in every format, and inert whatever is in them."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import apprise
import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcore.testing.hostile import WRITTEN
from botcore.ui import Button, Card, Field, Fields, Picture, PictureState, Table, Text, Tone
from botcore_notify.services import Service
from botcore_notify.words import JOINER, Format, Notice, Style, inert, notice_of
from tests.core.market import START

SUMMARY = Card(
    "Summary of Monday",
    subtitle="all accounts",
    badge="3 lapsed",
    tone=Tone.WARNING,
    blocks=(
        Fields((Field("Approved", "412"), Field("Next deadline", "", START + timedelta(hours=2), countdown=True))),
        Text("Nothing was lost.", "Note"),
        Table(("Job", "Spent"), (("Follow a page", "$1.20"), ("Vote_up", "$0.08")), "By job"),
        Picture("key", "Bars", PictureState.READY),
    ),
    buttons=(Button("review:x:0", "Review now"),),
    footer="botcore",
)
PAGE = "https://bot.example.com/?a=1&b=2"


def drawn(card: Card, style: Style, page: str = PAGE) -> Notice:
    return notice_of(card, style, START, page)


def test_a_card_as_plain_text() -> None:
    assert drawn(SUMMARY, Style()) == Notice(
        "Summary of Monday — all accounts [3 lapsed]",
        "Approved: 412\n"
        f"Next deadline: {START + timedelta(hours=2):%Y-%m-%d %H:%M} UTC (2 h left)\n"
        "Note: Nothing was lost.\n"
        "By job\n"
        "Job · Spent\n"
        "Follow a page · $1.20\n"
        "Vote_up · $0.08\n"
        "botcore\n"
        f"Open: {PAGE}",
    )


def test_a_card_as_markdown_and_as_html_with_its_title_in_the_text() -> None:
    markdown = drawn(SUMMARY, Style(Format.MARKDOWN, title=0))
    assert markdown.title == ""
    assert markdown.body.startswith("**Summary of Monday — all accounts \\[3 lapsed\\]**  \nApproved: 412  \n")
    rich = drawn(SUMMARY, Style(Format.HTML, title=0))
    assert rich.body.startswith("<b>Summary of Monday — all accounts [3 lapsed]</b><br/>\nApproved: 412<br/>\n")
    assert rich.body.endswith('<a href="https://bot.example.com/?a=1&amp;b=2">Open the page</a>')


def test_only_what_has_buttons_leads_to_the_page_and_only_where_there_is_one() -> None:
    assert "Open" not in drawn(Card("News", blocks=(Text("x"),)), Style()).body
    assert "Open" not in drawn(SUMMARY, Style(), page="").body


def test_a_card_of_a_title_alone_has_a_text_all_the_same() -> None:
    assert drawn(Card("News"), Style()) == Notice("News", "News")
    assert drawn(Card(""), Style()) == Notice("…", "…")


@pytest.mark.parametrize("style", [Style(f, t, b) for f in Format for t in (0, 60) for b in (160, 2_000, 30_000)])
def test_what_is_too_long_is_cut_to_what_a_service_takes(style: Style) -> None:
    card = Card("T" * 500, blocks=(Text("word " * 5_000), Table(("a",), (("x" * 90,),) * 500)), buttons=SUMMARY.buttons)
    notice = drawn(card, style, "https://b.co")
    assert len(notice.title) <= max(style.title, 0)
    assert len(notice.body) <= style.body
    assert "https://b.co" in notice.body


EVIL = (
    "@everyone <!channel> <@U123> <!here|x> [free money](https://evil.example) https://evil.example/a www.evil.example "
    "evil.example **b** __u__ `c` ||s|| ~~d~~ <script>alert(1)</script> <b>x</b> &lt;i&gt; {{7*7}}"
)
LINKS = re.compile(r"://|www\.\w|\w\.(?:example|com)|@\w|<[!@#/a-z]|]\(", re.IGNORECASE)


@pytest.mark.parametrize("style", [Style(format_, title) for format_ in Format for title in (0, 200)])
def test_a_strangers_words_make_no_link_mention_nobody_and_are_no_markup(style: Style) -> None:
    card = Card(EVIL, EVIL[:50], blocks=(Text(EVIL, EVIL), Fields((Field(EVIL, EVIL),)), Table((EVIL,), ((EVIL,),))))
    notice = drawn(card, style)
    text = f"{notice.title}\n{notice.body}".replace("<br/>", "").replace("<b>", "", 1).replace("</b>", "", 1)
    if style.format is Format.HTML:
        assert "<" not in text
        text = html.unescape(text).replace("<", "")
    assert not LINKS.search(text)
    if style.format is Format.MARKDOWN:
        assert "\\*\\*b\\*\\*" in text
        assert "\\`c\\`" in text


def test_what_is_made_inert_looks_as_it_did() -> None:
    assert inert(EVIL).replace(JOINER, "") == EVIL
    assert inert("$0.08, 3.5 %, 12:30, a. b, C-3") == "$0.08, 3.5 %, 12:30, a. b, C-3"


@given(words=st.lists(st.one_of(st.sampled_from(WRITTEN), st.text(max_size=60)), min_size=1, max_size=6))
def test_no_words_break_a_notice(words: list[str]) -> None:
    card = Card(words[0], blocks=tuple(Text(word, word) for word in words), buttons=SUMMARY.buttons)
    for style in (Style(), Style(Format.MARKDOWN, 0, 300), Style(Format.HTML, 0, 300)):
        notice = drawn(card, style)
        assert notice.body
        assert len(notice.body) <= style.body + 20 * len(words)


# --- through Apprise, as it gives them to services


SERVICES = {
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general": Format.MARKDOWN,
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js": Format.MARKDOWN,
    "tgram://123456789:abcdefg_hijklmnop/12315544/": Format.HTML,
    "mailto://u:p@localhost:25?to=a@b.co&from=x@y.co": Format.HTML,
    "mailto://u:p@localhost:25?to=a@b.co&from=x@y.co&format=text": Format.TEXT,
    "ntfy://topic": Format.TEXT,
    "json://localhost": Format.TEXT,
    "matrix://u:p@localhost/#room": Format.TEXT,
    "mmosts://localhost/3ccdd113474722377935511fc85d3dd4": Format.TEXT,
}


@pytest.mark.parametrize("url", SERVICES)
def test_what_reaches_a_service_is_inert_in_the_format_that_it_reads(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(url)
    assert service.style.format is SERVICES[url]
    given: list[dict[str, Any]] = []

    def sent(**kwargs: Any) -> bool:
        given.append(kwargs)
        return True

    monkeypatch.setattr(service._service, "send", sent)
    for name in ("send_text", "send_markdown", "send_html"):
        monkeypatch.setattr(service._service, name, None, raising=False)
    card = Card(EVIL, blocks=(Text(EVIL),))
    assert service.tell(drawn(card, service.style), Tone.DANGER).fate.name == "SENT"
    (call,) = given
    assert call["notify_type"] is apprise.NotifyType.FAILURE
    text = f"{call['title']}\n{call['body']}"
    assert not re.search(r"://|@\w|<[!@]|]\(|<script", text)


def test_nothing_of_a_notice_is_fetched_from_elsewhere() -> None:
    for url in SERVICES:
        service = Service(url)._service
        assert not service.image_url(apprise.NotifyType.INFO)
