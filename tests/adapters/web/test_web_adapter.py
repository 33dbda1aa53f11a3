from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from botcore.adapter import MessageGone
from botcore.models import Channel
from botcore.ui import Button, MessageRef
from botcore_web.adapter import WebSettings
from botcore_web.messages import BATCH

from .desk import Desk, Events, settled, waiting


async def test_a_repeated_send_makes_one_card_and_shows_the_newer_text(site: Desk) -> None:
    first = await site.send(waiting("A1", "Before"), key="delivery:1")
    second = await site.send(waiting("A1", "After"), key="delivery:1")
    assert first == second
    async with site.visitor() as ana:
        _, html = await ana.get("/")
    assert html.count("<article") == 1
    assert "After" in html
    assert "Before" not in html


async def test_a_card_that_was_never_sent_cannot_be_edited(site: Desk) -> None:
    for unknown in ("7", "nonsense", "", "٧"):
        with pytest.raises(MessageGone):
            await site.adapter.edit(MessageRef("web", "review", unknown), waiting("A1"))


async def test_cards_survive_a_restart(site: Desk) -> None:
    ref = await site.send(waiting("A1"))
    await site.close()
    await site.serve()
    await site.adapter.edit(ref, settled(waiting("A1")))
    async with site.visitor() as ana:
        _, html = await ana.get("/")
    assert "Approved by ana" in html


async def test_what_waits_comes_oldest_first_and_what_is_settled_stands_under_recent(site: Desk) -> None:
    first = await site.send(waiting("A1", "Oldest"))
    await site.send(waiting("A2", "Newer"))
    await site.send(waiting("A3", "Newest"))
    await site.adapter.edit(first, settled(waiting("A1", "Oldest")))
    async with site.visitor() as ana:
        _, html = await ana.get("/")
    places = [html.index(word) for word in ("Newer", "Newest", 'id="recent-list"', "Oldest")]
    assert places == sorted(places)
    assert '<strong id="count">2</strong>' in html


async def test_a_settled_card_with_something_more_to_read_does_not_wait(site: Desk) -> None:
    more = (Button("more:A1:0", "More"), Button("all:A1:0", "Show all"))
    await site.send(replace(waiting("A1"), buttons=more))
    async with site.visitor() as ana:
        _, html = await ana.get("/")
    assert '<strong id="count">0</strong>' in html


async def test_a_jobs_card_waits_for_nobody_but_one_that_needs_a_second_person_does(site: Desk) -> None:
    verbs = ("job-pause", "job-resume", "job-stop", "job-restart", "job-add", "clone")
    job = replace(waiting("J1", "A job"), buttons=tuple(Button(f"{verb}:job-1:0", verb) for verb in verbs))
    await site.send(job)
    await site.send(replace(waiting("J2", "A draft"), buttons=(Button("confirm:op-1:0", "Confirm"),)))
    async with site.visitor() as ana:
        _, html = await ana.get("/")
    assert '<strong id="count">1</strong>' in html
    places = [html.index(word) for word in ("A draft", 'id="recent-list"', "A job")]
    assert places == sorted(places)


async def test_cards_of_a_channel_that_is_configured_no_more_are_not_shown(site: Desk) -> None:
    await site.adapter.send(Channel("old", "web", "inbox"), waiting("A1", "Of yesterday"), "k")
    async with site.visitor() as ana:
        _, html = await ana.get("/")
    assert "Of yesterday" not in html


async def test_the_page_says_how_many_more_wait_than_it_shows(site: Desk) -> None:
    for number in range(1, 204):
        await site.send(waiting(f"A{number}"))
    async with site.visitor() as ana:
        _, html = await ana.get("/")
    assert html.count("<article") == 200
    assert '<span id="more-count">3</span> more wait' in html


async def test_a_stream_tells_of_new_and_changed_cards(site: Desk) -> None:
    async with site.visitor() as ana, ana.http.get("/events?since=0") as answer:
        events = Events(answer)
        assert (await events.next("state"))[1]["waiting"] == 0
        ref = await site.send(waiting("A1", "Hello"))
        _, new = await events.next("card")
        assert "Hello" in new["html"]
        assert new["waiting"] is True
        assert (await events.next("state"))[1]["waiting"] == 1
        await site.adapter.edit(ref, settled(waiting("A1", "Hello")))
        _, changed = await events.next("card")
        assert changed["id"] == new["id"]
        assert changed["version"] > new["version"]
        assert changed["waiting"] is False


async def test_an_edit_that_changes_nothing_is_not_told(site: Desk) -> None:
    ref = await site.send(waiting("A1"))
    async with site.visitor() as ana, ana.http.get("/events?since=0") as answer:
        events = Events(answer)
        await events.next("card")
        await events.next("state")
        await site.adapter.edit(ref, waiting("A1"))
        await site.send(waiting("A2", "The next one"))
        assert "The next one" in (await events.next("card"))[1]["html"]


async def test_what_changes_nothing_is_not_told_to_every_page(site: Desk) -> None:
    """A queue of one's own that has run dry is asked for again whenever the state is told."""
    async with site.visitor() as ana, ana.http.get("/events?since=0") as answer:
        events = Events(answer)
        await events.next("state")
        await ana.post("/command", line="review")
        await site.send(waiting("A1"))
        assert (await events.next("card", "state"))[0] == "card"
        assert (await events.next("card", "state"))[0] == "state"


async def test_a_page_that_lost_its_connection_is_told_all_it_missed(site: Desk) -> None:
    many = BATCH + 7
    async with site.visitor() as ana:
        async with ana.http.get("/events?since=0") as answer:
            events = Events(answer)
            await site.send(waiting("A1"))
            await events.next("card")
            seen = events.last_id
        for number in range(2, 2 + many):
            await site.send(waiting(f"A{number}"))
        await site.close()
        await site.serve()  # the bot was restarted meanwhile
        async with ana.http.get("/events?since=0", headers={"Last-Event-ID": seen}) as answer:
            events = Events(answer)
            told = [(await events.next("card"))[1]["id"] for _ in range(many)]
            assert told == list(range(2, 2 + many))
            assert (await events.next("card", "state"))[0] == "state"


@pytest.mark.parametrize("missed", [1000, -5])
async def test_a_page_far_behind_or_ahead_is_told_to_read_everything_again(site: Desk, missed: int) -> None:
    ref = await site.send(waiting("A1"))
    for turn in range(450):
        await site.adapter.edit(ref, waiting("A1", f"Turn {turn}"))
    since = 0 if missed > 0 else 451 - missed
    async with site.visitor() as ana, ana.http.get(f"/events?since={since}") as answer:
        events = Events(answer)
        assert (await events.next("board", "card"))[0] == "board"
        assert events.last_id == "451"
        assert (await events.next("card", "state"))[0] == "state"


async def test_streams_end_when_the_bot_stops(site: Desk) -> None:
    async with site.visitor() as ana, ana.http.get("/events") as answer:
        events = Events(answer)
        await events.next("state")
        await site.adapter.stop()
        assert (await events.next())[0] == "end"


async def test_the_page_says_starting_until_the_bot_has_started(site: Desk) -> None:
    await site.close()
    await site.serve(start=False)
    link = await site.link()  # links are made before the start
    async with site.visitor_http() as http:
        async with http.get("/") as answer:
            assert answer.status == 503
            assert answer.headers["Retry-After"] == "2"
            assert "Starting" in await answer.text()
        async with http.post(link, allow_redirects=False) as answer:
            assert answer.status == 303
        await site.adapter.start(site.script)
        async with http.get("/") as answer:
            assert answer.status == 200


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ValidationError):
        WebSettings.model_validate({"colour": "blue"})
