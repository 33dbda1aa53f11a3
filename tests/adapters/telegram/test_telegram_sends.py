"""Cards on their way to Telegram: what is surely not there, what may be, and what is known to be."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from botcore.adapter import ChannelBroken, MessageGone, SendFailed, SendUnknown, Traffic
from botcore.models import Channel
from botcore.ui import Button, Card, MessageRef, Picture, PictureState, Text
from tests.adapters.telegram.bench import GROUP, REVIEW, Bench
from tests.adapters.telegram.faults import broken, cut, garbage, too_many

CARD = Card("Job J1", "submission:A1", badge="Waiting", blocks=(Text("Hello"),), buttons=(Button("more:A1:0", "More"),))


def picture(colour: str = "red", width: int = 60, height: int = 40) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(content, "PNG")
    return content.getvalue()


def with_pictures(bench: Bench, *pictures: bytes) -> Card:
    keys = [f"{number:064x}" for number in range(len(pictures))]
    bench.rig.pictures.kept = {key: (data, "image/png") for key, data in zip(keys, pictures, strict=True)}
    shown = tuple(Picture(key, f"Picture {key[-1]}", PictureState.READY) for key in keys)
    return replace(CARD, blocks=(*CARD.blocks, *shown))


async def send(bench: Bench, card: Card = CARD, key: str = "1") -> MessageRef:
    return await bench.adapter.send(REVIEW, card, key)


# one message


async def test_until_it_is_connected_a_channel_waits_as_a_whole_and_not_for_long(bench: Bench) -> None:
    await bench.start(listen=False)
    assert bench.adapter.pause(REVIEW, Traffic.DECISION) == 1.0
    await bench.adapter.start(bench.rig.dispatch)
    assert bench.adapter.pause(REVIEW, Traffic.DECISION) == 0.0


async def test_a_card_is_sent_and_edited_in_place(bench: Bench) -> None:
    await bench.start()
    ref = await send(bench)
    await bench.adapter.edit(ref, replace(CARD, badge="Approved by rob", buttons=()))
    (message,) = bench.fake.from_bot(bench.group)
    assert "Approved by rob" in message.text
    assert message.buttons == []
    assert ref.id.isdigit()


async def test_an_edit_that_would_change_nothing_is_not_made(bench: Bench) -> None:
    await bench.start()
    ref = await send(bench)
    await bench.adapter.edit(ref, CARD)
    assert bench.fake.calls_of("editMessageText") == []


async def test_what_is_not_modified_is_right(bench: Bench) -> None:
    await bench.start()
    ref = await send(bench)
    changed = replace(CARD, badge="Approved by rob")
    bench.fake.faults.add("editMessageText", cut(effect=True))
    with pytest.raises(SendUnknown):
        await bench.adapter.edit(ref, changed)
    await bench.adapter.edit(ref, changed)
    assert [call.outcome for call in bench.fake.calls_of("editMessageText")] == [0, 400]


async def test_what_cannot_reach_telegram_was_surely_not_sent(bench: Bench) -> None:
    await bench.start()
    await bench.fake.stop()
    with pytest.raises(SendFailed):
        await send(bench)
    await bench.fake.start()
    await send(bench)
    (message,) = bench.fake.from_bot(bench.group)
    assert "sent again" not in message.text


@pytest.mark.parametrize("fault", [cut(effect=True), broken(502, effect=True), garbage(effect=True)])
async def test_what_left_and_was_not_answered_may_be_there_and_says_so_when_it_comes_again(
    bench: Bench, fault: object
) -> None:
    await bench.start()
    bench.fake.faults.add("sendMessage", fault)  # type: ignore[arg-type]
    with pytest.raises(SendUnknown):
        await send(bench)
    ref = await send(bench)
    first, second = bench.fake.from_bot(bench.group)
    assert "sent again" in second.text
    assert "sent again" not in first.text
    await bench.adapter.edit(ref, replace(CARD, badge="Approved by rob"))
    assert "Approved by rob" in second.text
    assert "sent again" not in second.text


async def test_a_send_that_arrived_and_was_not_noted_by_the_core_is_not_repeated(bench: Bench) -> None:
    await bench.start()
    await send(bench)
    await send(bench, replace(CARD, badge="Approved by rob"))
    (message,) = bench.fake.from_bot(bench.group)
    assert "Approved by rob" in message.text


async def test_telegrams_own_pause_is_kept_in_that_chat_alone(bench: Bench) -> None:
    other = bench.fake.supergroup(-1002, "Others")
    channels = (REVIEW, Channel("other", "telegram", "-1002"))
    bench.channels = channels
    await bench.start()
    bench.fake.faults.add("sendMessage", too_many(30), chat=GROUP)
    with pytest.raises(SendFailed) as caught:
        await send(bench)
    assert caught.value.retry_after == 30
    assert 29 < bench.adapter.pause(REVIEW, Traffic.ANSWER) <= 31
    await bench.adapter.send(channels[1], CARD, "2")
    assert len(bench.fake.from_bot(other)) == 1
    with pytest.raises(SendFailed):
        await send(bench)
    assert len(bench.fake.calls_of("sendMessage", chat=bench.group)) == 1


async def test_a_message_that_somebody_deleted_is_gone(bench: Bench) -> None:
    await bench.start()
    ref = await send(bench)
    bench.fake.from_bot(bench.group)[0].deleted = True
    with pytest.raises(MessageGone):
        await bench.adapter.edit(ref, replace(CARD, badge="Approved by rob"))
    with pytest.raises(MessageGone):
        await bench.adapter.edit(replace(ref, id="4711"), CARD)


async def test_what_is_in_a_chat_of_before_is_in_no_other_cards_way(bench: Bench) -> None:
    await bench.start()
    ref = await send(bench)
    bench.fake.kick(bench.group)
    with pytest.raises(ChannelBroken, match="removed"):
        await bench.adapter.edit(ref, replace(CARD, badge="Approved by rob"))
    bench.adapter._chats._places.clear()
    with pytest.raises(MessageGone):
        await bench.adapter.edit(ref, replace(CARD, badge="Approved by rob"))


async def test_where_the_bot_was_removed_a_person_must_help(bench: Bench) -> None:
    await bench.start()
    bench.fake.kick(bench.group)
    with pytest.raises(ChannelBroken, match="removed"):
        await send(bench)


@pytest.mark.parametrize(("to", "words"), [("inbox", "/here"), ("-1009", "no such chat"), ("102", "not started")])
async def test_a_place_that_is_none_is_told_with_what_to_do(bench: Bench, to: str, words: str) -> None:
    bench.fake.chat(102).started = False
    bench.channels = (Channel("nowhere", "telegram", to),)
    await bench.start()
    with pytest.raises(ChannelBroken, match=words):
        await bench.adapter.send(bench.channels[0], CARD, "1")


# pictures


async def test_a_picture_is_on_the_card_and_uploaded_once(bench: Bench) -> None:
    await bench.start()
    card = with_pictures(bench, picture())
    ref = await send(bench, card)
    await bench.adapter.edit(ref, replace(card, badge="Approved by rob"))
    await send(bench, card, "2")
    first, second = bench.fake.from_bot(bench.group)
    assert first.picture == second.picture == picture()
    assert "Approved by rob" in first.text
    assert [len(call.files) for call in bench.fake.calls_of("sendPhoto")] == [1, 0]
    assert len(bench.fake.calls_of("editMessageCaption")) == 1


async def test_several_pictures_are_an_album_and_the_card_answers_to_it(bench: Bench) -> None:
    await bench.start()
    await send(bench, with_pictures(bench, picture(), picture("blue")))
    red, blue, card = bench.fake.from_bot(bench.group)
    assert (red.picture, blue.picture) == (picture(), picture("blue"))
    assert red.album == blue.album
    assert card.reply_to == red.id
    assert card.buttons


async def test_an_album_that_is_there_is_not_sent_again_with_its_card(bench: Bench) -> None:
    await bench.start()
    card = with_pictures(bench, picture(), picture("blue"))
    bench.fake.faults.add("sendMessage", broken(500, effect=False))
    with pytest.raises(SendUnknown):
        await send(bench, card)
    await send(bench, card)
    red, _, shown = bench.fake.from_bot(bench.group)
    assert shown.reply_to == red.id
    assert len(bench.fake.calls_of("sendMediaGroup")) == 1


async def test_what_telegram_takes_for_no_photo_goes_as_a_document(bench: Bench) -> None:
    await bench.start()
    bench.rig.pictures.kept = {"k" * 64: (b"\x89PNG\r\n\x1a\n" + b"not a picture after all", "image/png")}
    shown = Picture("k" * 64, "Screenshot", PictureState.READY)
    for key in ("1", "2"):
        await send(bench, replace(CARD, blocks=(shown,)), key)
    assert [message.kind for message in bench.fake.from_bot(bench.group)] == ["document", "document"]


async def test_a_file_that_telegram_forgot_is_uploaded_again(bench: Bench) -> None:
    await bench.start()
    card = with_pictures(bench, picture())
    await send(bench, card)
    bench.fake.world.files.clear()
    await send(bench, card, "2")
    assert [message.picture for message in bench.fake.from_bot(bench.group)] == [picture()] * 2


async def test_a_picture_that_is_loaded_later_joins_the_card(bench: Bench) -> None:
    await bench.start()
    card = with_pictures(bench, picture())
    loading = replace(card, blocks=(Picture("", "Screenshot", PictureState.LOADING),))
    ref = await send(bench, loading)
    await bench.adapter.edit(ref, card)
    (message,) = bench.fake.from_bot(bench.group)
    assert message.picture == picture()
    assert message.buttons


async def test_a_channels_topic_is_named_and_the_general_one_is_not(bench: Bench) -> None:
    forum = bench.fake.supergroup(-1003, "Forum", topics={7: "Reviews"})
    for number, topic in enumerate((7, 1)):
        channel = Channel(f"topic-{topic}", "telegram", "-1003", options={"topic": topic})
        bench.channels = (channel,)
        await bench.start()
        await bench.adapter.send(channel, CARD, str(number))
    assert [message.topic for message in bench.fake.from_bot(forum)] == [7, 0]


# groups that become supergroups


async def test_a_group_that_moves_is_followed_and_takes_what_waits_along(bench: Bench) -> None:
    old = bench.fake.group(-50, "Small", bench.rob)
    bench.channels = (Channel("review", "telegram", "-50"),)
    await bench.start()
    waiting = await bench.adapter.send(bench.channels[0], CARD, "1")
    await bench.adapter.send(bench.channels[0], replace(CARD, badge="Approved", buttons=()), "2")
    new = bench.fake.migrate(old, -1005)
    moved = await bench.turn_until(lambda: bench.fake.from_bot(new))
    assert "Waiting" in moved[0].text
    await bench.adapter.edit(waiting, replace(CARD, badge="Rejected by rob"))
    await bench.adapter.send(bench.channels[0], CARD, "3")
    assert ["Rejected by rob" in m.text for m in bench.fake.from_bot(new)] == [True, False]
    popped_up = bench.fake.press(bench.rob, moved[0], "More")
    await bench.until_answered()
    assert popped_up.answer is not None


async def test_a_group_that_moved_unseen_is_found_at_the_next_send(bench: Bench) -> None:
    old = bench.fake.group(-50, "Small", bench.rob)
    bench.channels = (Channel("review", "telegram", "-50"),)
    await bench.start()
    bench.fake.updates.allowed = frozenset({"nothing"})
    new = bench.fake.migrate(old, -1005)
    await bench.adapter.send(bench.channels[0], CARD, "1")
    assert len(bench.fake.from_bot(new)) == 1
    await bench.kill()
    await bench.adapter.send(bench.channels[0], CARD, "2")
    assert len(bench.fake.from_bot(new)) == 2
    assert len(bench.fake.calls_of("sendMessage", chat=old)) == 1
