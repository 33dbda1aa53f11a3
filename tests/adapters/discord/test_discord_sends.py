"""A card is in the channel once, whatever broke on the way, and shows what it was last told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from botcore.adapter import ChannelBroken, MessageGone, SendFailed, SendUnknown
from botcore.models import Channel
from botcore.store.port import Tx
from botcore.ui import MessageRef
from botcore_discord import client
from botcore_discord.pace import PERIOD
from botcore_discord.sends import UNHURRIED
from tests.adapters.discord.limits import Trouble
from tests.adapters.discord.post import CHANNEL, Post, a_post, card
from tests.adapters.discord.world import ATTACH, HISTORY, SEND, VIEW
from tests.journeys.conftest import until

MESSAGES = "/channels/.*/messages"
ONE = "/channels/.*/messages/.*"


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with a_post(tmp_path) as post:
        yield post


async def sent_in_doubt(post: Post, **more: bool) -> None:
    post.fake.fault(Trouble.UNAVAILABLE_AFTER, "POST", MESSAGES)
    with pytest.raises(SendUnknown):
        await post.sends.send(CHANNEL, card(**more), "1")  # type: ignore[arg-type]


async def test_within_two_minutes_the_nonce_finds_the_message_that_is_there_already(post: Post) -> None:
    await sent_in_doubt(post)
    await post.again()
    post.clock.advance(100)
    ref = await post.sends.send(CHANNEL, card(words="Decided"), "1")
    (message,) = post.fake.world.shown()
    assert ref.id == message.id
    assert "Decided" in message.text
    assert ("GET", f"/channels/{CHANNEL.to}/messages") not in post.fake.requests


@pytest.mark.parametrize("buttons", [True, False])
async def test_later_the_channels_history_is_looked_at_before_anything_is_sent(post: Post, buttons: bool) -> None:
    await sent_in_doubt(post, buttons=buttons)
    await post.again()
    post.clock.advance(3_600)
    ref = await post.sends.send(CHANNEL, card(words="Decided", buttons=buttons), "1")
    (message,) = post.fake.world.shown()
    assert ref.id == message.id
    assert "Decided" in message.text
    assert len([r for r in post.fake.requests if r[0] == "POST"]) == 1


async def test_what_is_not_in_the_history_is_sent(post: Post) -> None:
    post.fake.fault(Trouble.UNAVAILABLE, "POST", MESSAGES)
    with pytest.raises(SendUnknown):
        await post.sends.send(CHANNEL, card(), "1")
    await post.patiently(post.sends.send(CHANNEL, card("A2"), "2"))
    post.clock.advance(3_600)
    await post.sends.send(CHANNEL, card(), "1")
    assert ["A2" in message.text for message in post.fake.world.shown()] == [True, False]


async def test_a_card_about_the_same_thing_that_is_known_is_not_taken_for_the_one_in_doubt(post: Post) -> None:
    known = await post.sends.send(CHANNEL, card(), "1")
    post.fake.fault(Trouble.UNAVAILABLE, "POST", MESSAGES)
    with pytest.raises(SendUnknown):
        await post.sends.send(CHANNEL, card(), "2")
    post.clock.advance(3_600)
    other = await post.sends.send(CHANNEL, card(), "2")
    assert other.id != known.id


async def test_a_send_that_the_database_knows_to_be_done_is_not_repeated(post: Post) -> None:
    first = await post.sends.send(CHANNEL, card(), "1")
    await post.again()
    second = await post.sends.send(CHANNEL, card(words="Decided"), "1")
    assert second == first
    (message,) = post.fake.world.shown()
    assert "Decided" in message.text


async def test_a_key_that_a_restored_backup_uses_again_makes_a_message_of_its_own(post: Post) -> None:
    await post.sends.send(CHANNEL, card("A1"), "1")
    await post.store.tx(lambda tx: tx.q("DELETE FROM discord_sends"))
    await post.again()
    post.clock.advance(1)
    await post.sends.send(CHANNEL, card("A2"), "1")
    assert len(post.fake.world.shown()) == 2


async def test_a_card_keeps_the_pictures_that_it_has_and_gets_those_that_are_new(post: Post) -> None:
    post.album.pictures = {"a" * 64: b"first", "b" * 64: b"second"}
    ref = await post.sends.send(CHANNEL, card(pictures={"a" * 64: "One"}), "1")
    await post.sends.edit(ref, card(words="Decided", pictures={"a" * 64: "One"}))
    assert post.album.reads == 1
    await post.sends.edit(ref, card(words="Next", pictures={"b" * 64: "Two"}))
    (message,) = post.fake.world.shown()
    assert message.pictures == [b"second"]
    assert list(message.files.values()) == [b"second"]


async def test_a_card_whose_pictures_are_too_large_is_sent_and_changed_without_them(post: Post) -> None:
    post.fake.largest = 10_000
    post.album.pictures = {"a" * 64: b"x" * 20_000, "b" * 64: b"second"}
    ref = await post.sends.send(CHANNEL, card(pictures={"b" * 64: "Two"}), "1")
    for words in ("Decided", "Confirmed"):
        await post.sends.edit(ref, card(words=words, pictures={"a" * 64: "One"}))
        (message,) = post.fake.world.shown()
        assert words in message.text
        assert message.pictures == []
    large = await post.sends.send(CHANNEL, card("A2", pictures={"a" * 64: "One"}), "2")
    await post.sends.edit(large, card("A2", "Decided", pictures={"a" * 64: "One"}))
    assert "Decided" in post.fake.world.messages[large.id].text


async def test_large_pictures_have_the_time_that_they_take(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_SECONDS", 1.0)
    monkeypatch.setattr(client, "UPLOAD_SPEED", 5_000)
    post.fake.uplink = 100_000.0
    post.album.pictures = {"a" * 64: b"x" * 200_000}
    ref = await post.sends.send(CHANNEL, card(words="x", pictures={"a" * 64: "One"}), "1")
    assert post.fake.world.messages[ref.id].pictures == [b"x" * 200_000]
    post.fake.uplink = 100.0
    with pytest.raises(SendUnknown):
        await post.sends.edit(ref, card(words="x" * 200))


async def test_pictures_that_a_message_has_lost_are_sent_again(post: Post) -> None:
    post.album.pictures = {"a" * 64: b"first"}
    ref = await post.sends.send(CHANNEL, card(pictures={"a" * 64: "One"}), "1")
    (message,) = post.fake.world.shown()
    message.files.clear()
    await post.sends.edit(ref, card(words="Decided", pictures={"a" * 64: "One"}))
    assert message.pictures == [b"first"]
    assert post.fake.violations.pop().endswith("is not attached")


async def test_the_same_card_is_not_sent_twice_to_a_message_that_shows_it(post: Post) -> None:
    ref = await post.sends.send(CHANNEL, card(), "1")
    await post.sends.edit(ref, card(words="Decided"))
    await post.sends.edit(ref, card(words="Decided"))
    (message,) = post.fake.world.shown()
    assert message.edits == 1


async def test_an_edit_without_an_answer_is_made_again_even_to_what_was_shown_before(post: Post) -> None:
    ref = await post.sends.send(CHANNEL, card(), "1")
    post.fake.fault(Trouble.UNAVAILABLE_AFTER, "PATCH", ONE)
    with pytest.raises(SendUnknown):
        await post.sends.edit(ref, card(words="Decided"))
    await post.sends.edit(ref, card())
    (message,) = post.fake.world.shown()
    assert "Decided" not in message.text


async def test_an_edit_that_had_to_wait_does_not_undo_what_was_shown_meanwhile(post: Post) -> None:
    ref = await post.sends.send(CHANNEL, card(), "1")
    for number in range(5):
        await post.sends.edit(ref, card(words=f"State {number}"))
    waiting = asyncio.create_task(post.sends.edit(ref, card(words="State 5")))
    await asyncio.sleep(0)
    post.sends.drawing(ref.id)
    await post.sends.changed(ref.id, card(words="State 6"), {})  # in the answer to a click
    await post.patiently(waiting)
    (message,) = post.fake.world.shown()
    assert message.edits == 5


@pytest.mark.parametrize("missing", [VIEW, SEND, HISTORY, ATTACH], ids=["view", "send", "history", "attach"])
async def test_one_refusal_says_that_a_person_must_act(post: Post, missing: int) -> None:
    await sent_in_doubt(post)
    post.clock.advance(3_600)
    post.fake.world.shown()[0].deleted = True
    post.fake.world.denied[CHANNEL.to] = missing
    post.album.pictures = {"a" * 64: b"first"}
    before = len(post.fake.requests)
    with pytest.raises(ChannelBroken, match="permission is missing"):
        await post.sends.send(CHANNEL, card(pictures={"a" * 64: "One"}), "1")
    assert len(post.fake.requests) - before <= 2


async def test_all_that_is_old_is_forgotten_however_much_it_is(post: Post) -> None:
    def fill(tx: Tx) -> None:
        for number in range(1_500):
            tx.q("INSERT INTO discord_interactions (id, at) VALUES (:number, 0)", number=str(number))

    await post.store.tx(fill)
    await post.records.claim("new")
    await post.records.prune()
    assert await post.store.read(lambda r: r.value("SELECT group_concat(id) FROM discord_interactions")) == "new"


async def test_a_channel_that_is_none_needs_a_person(post: Post) -> None:
    for place in ("999", "review"):
        with pytest.raises(ChannelBroken):
            await post.sends.send(Channel("x", "discord", place), card(), place)


async def test_a_deleted_message_is_gone(post: Post) -> None:
    ref = await post.sends.send(CHANNEL, card(), "1")
    post.fake.world.messages[ref.id].deleted = True
    with pytest.raises(MessageGone):
        await post.sends.edit(ref, card(words="Decided"))
    with pytest.raises(MessageGone):
        await post.sends.edit(MessageRef("discord", CHANNEL.to, "no number"), card())


async def test_what_is_in_a_channel_of_before_is_in_no_other_cards_way(post: Post) -> None:
    for channel, means in (("999", MessageGone), (CHANNEL.to, ChannelBroken)):
        post.fake.world.channels.pop(channel, None)
        with pytest.raises(means):
            await post.sends.edit(MessageRef("discord", channel, "300000000000000001"), card())


async def test_where_nothing_listens_nothing_was_sent(post: Post) -> None:
    await post.fake.stop()
    with pytest.raises(SendFailed):
        await post.sends.send(CHANNEL, card(), "1")


async def test_a_send_is_not_cut_short_when_its_caller_is_cancelled(post: Post) -> None:
    post.fake.fault(Trouble.PAUSE_ALL, "POST", MESSAGES, seconds=0.1)
    sending = asyncio.create_task(post.sends.send(CHANNEL, card(), "1"))
    await until(lambda: post.fake.requests[-1][0] == "POST")
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await post.sends.finish(5)
    (message,) = post.fake.world.shown()
    ref = await post.sends.send(CHANNEL, card(), "1")
    assert ref.id == message.id, "and others can send"


async def test_edits_of_old_messages_rest_once_discord_had_enough_of_them(post: Post) -> None:
    old = await post.sends.send(CHANNEL, card("A1"), "1")
    post.clock.advance(2 * 3_600)
    new = await post.sends.send(CHANNEL, card("A2"), "2")
    post.fake.fault(Trouble.OLD_EDITS, "PATCH", ONE)
    for _ in range(3):
        with pytest.raises(SendFailed) as failed:
            await post.sends.edit(old, card("A1", "Decided"))
        assert 50 <= failed.value.retry_after <= 60
    assert [r[0] for r in post.fake.requests].count("PATCH") == 1
    await post.sends.edit(new, card("A2", "Decided"))
    post.clock.advance(61)
    await post.sends.edit(old, card("A1", "Decided"))
    assert "Decided" in post.fake.world.messages[old.id].text


async def test_a_channel_is_written_to_no_oftener_than_discord_allows(post: Post) -> None:
    async def everything() -> None:
        refs = await asyncio.gather(*(post.sends.send(CHANNEL, card(f"A{n}"), f"{n}") for n in range(40)))
        await asyncio.gather(*(post.sends.edit(ref, card(words="Decided")) for ref in refs))

    began = post.clock.now()
    await post.patiently(everything())
    assert post.fake.limits.broken == []
    assert len(post.fake.world.shown()) == 40
    assert (post.clock.now() - began).total_seconds() < 2 * 40 * 1.2


async def test_cards_that_change_all_the_time_leave_room_for_edits_that_people_look_for(post: Post) -> None:
    refs = [await post.patiently(post.sends.send(CHANNEL, card(f"A{n}"), f"{n}")) for n in range(5)]
    post.clock.advance(60)
    slow = 0
    while not post.sends.pause(CHANNEL.to):
        await post.sends.edit(refs[slow], card(f"A{slow}", "12 of 25 done"))
        slow += 1
    assert slow == UNHURRIED
    began = post.clock.ms()
    for number in range(slow, 5):
        await post.sends.edit(refs[number], card(f"A{number}", "Approved"))
    assert post.clock.ms() == began
    assert post.sends.pause(CHANNEL.to) == pytest.approx(PERIOD)
    post.clock.advance(PERIOD)
    assert post.sends.pause(CHANNEL.to) == 0


async def test_cards_that_change_all_the_time_wait_while_discord_takes_no_edits_of_old_messages(post: Post) -> None:
    ref = await post.sends.send(CHANNEL, card(), "1")
    post.clock.advance(3_700)
    post.fake.fault(Trouble.OLD_EDITS, "PATCH", ONE)
    with pytest.raises(SendFailed) as refused:
        await post.sends.edit(ref, card(words="12 of 25 done"))
    assert post.sends.pause(CHANNEL.to) == pytest.approx(refused.value.retry_after, abs=1)
