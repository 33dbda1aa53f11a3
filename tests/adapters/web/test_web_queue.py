from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Migrations

from botcore.clock import ManualClock
from botcore.models import Channel
from botcore.store.port import Reader, Tx
from botcore.store.sqlite import SqliteStore
from botcore.ui import Button, Card, Text, Tone
from botcore_web import messages, schema
from botcore_web.messages import Message, Messages, Totals, verb_of, waits_for_somebody
from botcore_web.render import Look, queue_parts, render_card, render_reply_card

from .desk import REVIEW, Desk, queue, settled, waiting
from .parsed import HOSTILE, Parsed
from .test_web_render import everywhere

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
LOOK = Look("", "build")


async def totals(site: Desk) -> tuple[int, int]:
    async with site.visitor() as ana:
        status, text = await ana.get("/state")
        assert status == 200
        state = json.loads(text)
    return state["waiting"], state["cards"]


async def test_a_queues_card_comes_first_and_stands_for_all_that_wait(site: Desk) -> None:
    await site.send(waiting("A1", "A single one"))
    await site.send(queue("A2", count=143))
    async with site.visitor() as ana:
        _, html = await ana.get("/")
    assert html.index("A2 Follow a page") < html.index("A single one")
    assert '<strong id="count">143</strong>' in html
    assert 'id="more" class="more" hidden' in html
    assert await totals(site) == (143, 2)


@pytest.mark.parametrize(("count", "singles", "waits"), [(143, 2, 143), (1, 1, 1), (2, 5, 5), (0, 1, 1), (0, 0, 0)])
async def test_what_has_a_card_of_its_own_is_counted_once(site: Desk, count: int, singles: int, waits: int) -> None:
    await site.send(queue("A1", count=count))
    for n in range(singles):
        await site.send(waiting(f"A{n + 2}"))
    assert (await totals(site))[0] == waits


async def test_each_channels_queue_counts(tmp_path: Path, clock: ManualClock) -> None:
    channels = [REVIEW, Channel("second", "web", "inbox")]
    store = await SqliteStore.open(tmp_path / "bot.db", migrations=[schema.web])
    here = Messages(store, clock, channels, lambda: None)
    for number, channel in enumerate(channels):
        await here.send(channel.name, queue("A1", number, count=40), f"queue {number}")
        await here.send(channel.name, waiting("A2"), f"single {number}")
    assert await here.totals() == Totals(80, 4)
    await store.close()


async def test_a_queue_that_is_done_waits_no_more_until_it_opens_again(site: Desk) -> None:
    ref = await site.send(queue("A1"))
    done = Card("Queue", "queue:q-3", badge="Done", blocks=(Text("This queue is done."),), count=0)
    await site.adapter.edit(ref, done)
    assert await totals(site) == (0, 0)
    async with site.visitor() as ana:
        _, html = await ana.get("/")
    assert html.index('id="recent-list"') < html.index("This queue is done.")
    await site.adapter.edit(ref, queue("A2", count=9))
    assert await totals(site) == (9, 1)


async def test_the_count_is_for_people_who_are_signed_in(site: Desk) -> None:
    async with site.visitor_http() as http, http.get("/state") as answer:
        assert answer.status == 401


def test_buttons_that_decide_nothing_make_no_card_wait() -> None:
    aside = tuple(Button(f"{verb}:A1:0", verb) for verb in ("skip", "alone", "stop", "compare", "results", "more"))
    assert not waits_for_somebody(Card("Done", buttons=aside))
    assert waits_for_somebody(Card("Open", buttons=(*aside, Button("approve:A1:0", "Approve"))))


def test_what_is_about_the_queue_stands_apart_from_what_is_in_hand() -> None:
    card = queue("A31", last="A30 approved by ben", blocks=(Text("Same picture as #A1", "Flag"), Text("proof", "Q")))
    parts = queue_parts(card)
    assert [field.name for field in parts.strip] == ["Waiting", "Oldest", "Next deadline"]
    assert [text.text for text in parts.said] == ["A30 approved by ben"]
    assert [row[0].kind for row in parts.rows] == ["fields", "text", "text"]
    assert parts.hand == "q-3:31"
    assert [[verb_of(button) for button in part] for part in (parts.decide, parts.undo, parts.about, parts.others)] == [
        ["approve", "revise", "reject", "skip"],
        ["undo"],
        ["alone"],
        ["compare", "more"],
    ]


def test_a_queue_with_nothing_in_hand_can_be_drawn() -> None:
    card = Card("Queue", "queue:q-3", badge="2 waiting", blocks=(Text("The rest is reviewed by others."),), count=2)
    html = render_card(Message(1, "review", card, True, NOW, 1), NOW, LOOK)
    assert "The rest is reviewed by others." in html
    assert 'data-hand="none"' in html


def test_a_flagged_submission_is_marked() -> None:
    plain, flagged = (
        render_card(Message(1, "review", queue("A1", tone=tone), True, NOW, 1), NOW, LOOK)
        for tone in (Tone.INFO, Tone.WARNING)
    )
    assert "Flagged" not in plain
    assert "Flagged" in flagged


def test_what_a_worker_wrote_stays_text_in_a_queue_too() -> None:
    card = replace(everywhere(HOSTILE), subject=f"queue:{HOSTILE}", buttons=queue("A1").buttons)
    for html in (
        render_card(Message(1, "review", card, True, NOW, 1), NOW, LOOK),
        render_reply_card(card, NOW, LOOK),
    ):
        parsed = Parsed(html)
        assert not parsed.find("script")
        assert all("onerror" not in attrs for _, attrs in parsed.elements)


def test_a_queue_of_ones_own_says_that_nobody_else_sees_it() -> None:
    own = render_reply_card(queue("A1", 4), NOW, LOOK)
    assert "Only you see this" in own
    assert 'id="own-card"' in own
    done = render_reply_card(Card("Queue", "queue:q-4", badge="Done"), NOW, LOOK)
    assert 'id="reply-card"' in done


async def test_settled_cards_are_forgotten_after_a_month_but_for_the_newest(
    site: Desk, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "KEPT", 2)
    for name in ("A1", "A2", "A3"):
        await site.send(settled(waiting(name)))
    await site.send(Card("Queue", "queue:q-3", badge="Done", count=0))
    await site.send(waiting("A4"))
    clock.advance(timedelta(days=29).total_seconds())
    await site.send(settled(waiting("A5")))
    assert len(await cards(site)) == 6
    clock.advance(timedelta(days=2).total_seconds())
    await site.send(settled(waiting("A6")))
    assert await cards(site) == ["queue:q-3", "submission:A4", "submission:A5", "submission:A6"]
    versions = await site.store.read(lambda reader: [row["version"] for row in reader.q("SELECT * FROM web_messages")])
    assert max(versions) == 7  # it goes on counting: pages know what they have seen


async def cards(site: Desk) -> list[str]:
    def keys(reader: Reader) -> list[str]:
        return [row["key"] for row in reader.q("SELECT key FROM web_messages ORDER BY id")]

    return await site.store.read(keys)


async def test_cards_of_an_older_database_still_wait(tmp_path: Path, clock: ManualClock) -> None:
    older = Migrations("web")
    older()(schema.first)
    store = await SqliteStore.open(tmp_path / "bot.db", migrations=[older])

    def put(tx: Tx) -> None:
        tx.q(
            """INSERT INTO web_messages (channel, key, card, waiting, sent_at, updated_at, version)
               VALUES ('review', '1', '{"title": "Of before", "buttons": [{"id": "approve:A1:0", "label": "Approve"}]}',
                       1, 0, 0, 1)"""
        )

    await store.tx(put)
    await store.close()
    store = await SqliteStore.open(tmp_path / "bot.db", migrations=[schema.web])
    board = await Messages(store, clock, [REVIEW], lambda: None).board()
    assert [message.card.title for message in board.waiting] == ["Of before"]
    assert board.totals == Totals(1, 1)
    await store.close()
