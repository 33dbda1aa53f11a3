"""Who is obeyed, where, and what everybody else learns: nothing."""

from __future__ import annotations

import asyncio

import pytest

from botcore.models import Channel, Role
from tests.adapters.telegram.bench import GROUP, REVIEW, Bench
from tests.adapters.telegram.faults import broken


async def silence(bench: Bench, *chats: int) -> None:
    """Nothing is written, and nothing is kept."""
    await bench.until_answered()
    await asyncio.sleep(0.05)
    for chat in chats:
        assert bench.fake.from_bot(bench.fake.chat(chat)) == []


# people


async def test_a_stranger_learns_their_id_from_start_and_nothing_else(bench: Bench) -> None:
    await bench.start()
    await bench.fake.says(bench.mallory, bench.mallory, "/balance")
    await bench.fake.says(bench.mallory, bench.mallory, "hello?")
    await silence(bench, bench.mallory.id)
    asked = await bench.fake.says(bench.mallory, bench.mallory, "/start x")
    answer = await bench.fake.reply_to(asked)
    assert answer.text.endswith("ask an owner to let you in: your id here is 666 (telegram).")
    assert answer.buttons == []


async def test_a_stranger_who_asks_and_asks_keeps_nobody_waiting(bench: Bench) -> None:
    await bench.start()
    for _ in range(300):
        await bench.fake.says(bench.mallory, bench.mallory, "/start")
    await bench.come_in("a")
    await bench.fake.presses(bench.rob, await bench.card(), "Approve")
    await bench.until_answered()
    assert len(bench.fake.from_bot(bench.mallory)) < 5
    assert await bench.rig.states() == ["held"]


async def test_a_stranger_in_the_group_is_not_heard_and_presses_in_vain(bench: Bench) -> None:
    await bench.start()
    await bench.come_in("a")
    card = await bench.card()
    await bench.fake.says(bench.mallory, bench.group, "/approve A1")
    popped_up = await bench.fake.presses(bench.mallory, card, "Approve")
    forged = await bench.fake.presses(bench.mallory, card, data="=run:approve A1")
    turned = await bench.fake.presses(bench.mallory, card, data="=turn:1")
    await bench.until_answered()
    assert "666" in popped_up.text
    assert popped_up.text == forged.text == turned.text
    assert popped_up.alert
    assert bench.fake.from_bot(bench.group) == [card]
    assert await bench.rig.states() == []


async def test_people_are_obeyed_in_private_and_in_channels_and_nowhere_else(bench: Bench) -> None:
    elsewhere = bench.fake.supergroup(-1009, "Elsewhere", bench.rob)
    await bench.start()
    for chat in (bench.group, bench.rob):
        answer = await bench.fake.reply_to(await bench.fake.says(bench.rob, chat, "/whoami"))
        assert "rob" in answer.text
        bench.clock.advance(2)
    before = await bench.rig.value("SELECT count(*) FROM telegram_updates")
    await bench.fake.says(bench.rob, elsewhere, "/whoami")
    await silence(bench, elsewhere.id)
    assert await bench.rig.value("SELECT count(*) FROM telegram_updates") == before


async def test_a_button_in_a_chat_that_is_no_channel_does_nothing(bench: Bench) -> None:
    elsewhere = bench.fake.supergroup(-1009, "Elsewhere", bench.rob)
    bench.channels = (REVIEW, Channel("old", "telegram", "-1009"))
    await bench.start()
    await bench.come_in("a")
    card = await bench.fake.card(elsewhere, "Waiting")
    await bench.adapter.stop()
    bench.channels = (REVIEW,)
    await bench.start()
    popped_up = await bench.fake.presses(bench.rob, card, "Approve")
    assert popped_up.text == ""
    assert await bench.rig.states() == []


async def test_who_lost_their_role_presses_in_vain(bench: Bench) -> None:
    await bench.start()
    await bench.rig.say("olga", "whoami")
    await bench.rig.people.add("mallory", Role.REVIEWER, {"telegram": "666"}, by="olga", now=0)
    await bench.come_in("a", "b")
    first, second = await bench.turn_until(lambda: (found := bench.fake.from_bot(bench.group))[1:] and found)
    await bench.fake.presses(bench.mallory, first, "Approve")
    await bench.rig.people.remove("mallory")
    popped_up = await bench.fake.presses(bench.mallory, second, "Approve")
    assert "666" in popped_up.text
    assert await bench.rig.states() == ["held"]


async def test_what_is_passed_on_or_said_in_a_chats_name_is_no_command(bench: Bench) -> None:
    await bench.start()
    await bench.come_in("a")
    await bench.adapter.stop()
    forwarded = await bench.fake.says(bench.rob, bench.group, "/approve A1")
    bench.fake.updates.pending.clear()
    origin = {"type": "user", "date": forwarded.date, "sender_user": bench.mallory.to_json()}
    bench.fake.updates.put("message", forwarded.to_json() | {"forward_origin": origin})
    await bench.adapter.start(bench.rig.dispatch)
    await bench.until_answered()
    assert bench.fake.replies(forwarded) == []
    asked = await bench.fake.says(None, bench.group, "/approve A1", anonymous=True)
    answer = await bench.fake.reply_to(asked)
    assert "remain anonymous" in answer.text
    assert await bench.rig.states() == []


async def test_a_command_for_another_bot_is_not_ours(bench: Bench) -> None:
    await bench.start()
    await bench.fake.says(bench.rob, bench.group, "/whoami@somebody_elses_bot")
    await silence(bench, GROUP)
    asked = await bench.fake.says(bench.rob, bench.group, "/whoami@Reviews_Bot")
    assert await bench.fake.reply_to(asked)


# administrators


async def test_administrators_of_a_channels_group_have_the_role_that_the_config_gives_them(bench: Bench) -> None:
    bench.settings = {"trust_admins_as": Role.REVIEWER}
    await bench.start()
    await bench.come_in("a", "b", "c")
    cards = await bench.turn_until(lambda: (found := bench.fake.from_bot(bench.group))[2:] and found)
    assert (await bench.fake.presses(bench.mallory, cards[0], "Approve")).alert
    bench.clock.advance(301)
    bench.fake.appoint(bench.group, bench.mallory, "administrator")
    assert not (await bench.fake.presses(bench.mallory, cards[0], "Approve")).alert
    asked = await bench.fake.says(bench.mallory, bench.mallory, "/whoami")
    assert "reviewer" in (await bench.fake.reply_to(asked)).text
    bench.fake.appoint(bench.group, bench.mallory, "member")
    await bench.fake.presses(bench.mallory, cards[1], "Approve")
    assert len(await bench.rig.states()) == 2  # remembered for five minutes
    bench.clock.advance(301)
    assert (await bench.fake.presses(bench.mallory, cards[2], "Approve")).alert
    assert len(await bench.rig.states()) == 2
    assert len(bench.fake.calls_of("getChatMember")) == 3


async def test_who_cannot_be_looked_up_has_no_role(bench: Bench) -> None:
    bench.settings = {"trust_admins_as": Role.REVIEWER}
    await bench.start()
    bench.fake.appoint(bench.group, bench.mallory, "administrator")
    await bench.come_in("a")
    card = await bench.card()
    bench.fake.faults.add("getChatMember", broken(effect=False))
    assert (await bench.fake.presses(bench.mallory, card, "Approve")).alert
    assert not (await bench.fake.presses(bench.mallory, card, "Approve")).alert


# setting up


async def test_here_prints_what_to_paste_and_only_for_an_owner(bench: Bench) -> None:
    new = bench.fake.supergroup(-1009, "New", bench.olga, bench.mia, topics={5: "Reviews"})
    await bench.start()
    await bench.fake.says(bench.mia, new, "/here")
    await bench.fake.says(bench.mallory, new, "/here")
    await silence(bench, new.id)
    answer = await bench.fake.reply_to(await bench.fake.says(bench.olga, new, "/here", topic=5))
    (block,) = answer.parsed.of("pre")
    assert block.splitlines() == [
        "[[channels]]",
        'name = "review"',
        'adapter = "telegram"',
        'to = "-1009"',
        "topic = 5",
        'purpose = "review"',
    ]


async def test_the_commands_are_told_once(bench: Bench) -> None:
    await bench.start()
    while not await bench.rig.value("SELECT count(*) FROM telegram_notes"):  # noqa: ASYNC110 - a row has no event
        await asyncio.sleep(0.005)
    await bench.kill()
    bench.clock.advance(3600)
    await bench.rig.settle()
    assert len(bench.fake.calls_of("setMyCommands")) == 2
    kinds = {scope for scope, *_ in bench.fake.world.commands}
    assert kinds == {"all_private_chats", "all_group_chats"}
    assert await bench.adapter.sync(bench.rig.dispatch)
    assert len(bench.fake.calls_of("setMyCommands")) == 4


async def test_check_says_what_is_right(bench: Bench) -> None:
    await bench.start(listen=False)
    assert [(found.ok, found.text) for found in await bench.adapter.check()] == [
        (True, "the token is that of @reviews_bot"),
        (True, "channel review: Reviewers, and the bot may write there"),
    ]


@pytest.mark.parametrize(
    ("standing", "denied", "words"),
    [
        ("left", (), "not a member"),
        ("kicked", (), "removed"),
        ("restricted", ("can_send_photos",), "may not send photos in Reviewers"),
        ("restricted", ("can_send_messages", "can_send_documents"), "may not send messages, send files"),
    ],
)
async def test_check_says_what_is_missing(bench: Bench, standing: str, denied: tuple[str, ...], words: str) -> None:
    await bench.start(listen=False)
    bench.fake.appoint(bench.group, bench.fake.bot, standing, *denied)  # type: ignore[arg-type]
    found = (await bench.adapter.check())[-1]
    assert not found.ok
    assert words in found.text


async def test_check_knows_wrong_places_and_channels_of_broadcast(bench: Bench) -> None:
    bench.fake.channel(-1010, "News")
    bench.fake.channel(-1011, "Old news", bot_is_admin=False)
    bench.fake.migrate(bench.fake.group(-50, "Small", bench.rob), -1012)
    bench.channels = (
        Channel("word", "telegram", "inbox"),
        Channel("nowhere", "telegram", "-1099"),
        Channel("topical", "telegram", str(GROUP), options={"topic": 5}),
        Channel("news", "telegram", "-1010"),
        Channel("old", "telegram", "-1011"),
        Channel("me", "telegram", "101"),
    )
    await bench.start(listen=False)
    found = {text.split(":")[0]: (ok, text) for ok, text in ((f.ok, f.text) for f in await bench.adapter.check())}
    assert "/here" in found["channel word"][1]
    assert "no such chat" in found["channel nowhere"][1]
    assert "no topics" in found["channel topical"][1]
    assert found["channel news"][0]
    assert not found["channel old"][0]
    assert found["channel me"][0]


async def test_check_with_a_wrong_token_says_where_to_get_one(bench: Bench) -> None:
    bench.settings = {"token": "123456:AAwrongwrongwrongwrongwrongwrong"}
    await bench.start(listen=False)
    (found,) = await bench.adapter.check()
    assert not found.ok
    assert "@BotFather" in found.text
