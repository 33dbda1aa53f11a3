"""The pretended Telegram behaves as the documents, and the source of the real server, say."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import telegram as ptb
from aiohttp import ClientError, ClientSession, web
from PIL import Image
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, NetworkError, RetryAfter, TimedOut
from telegram.request import HTTPXRequest

from botcore.clock import ManualClock
from tests.adapters.telegram.faults import Weather, broken, cut, garbage, hang, slow, too_many
from tests.adapters.telegram.limits import Limits
from tests.adapters.telegram.schema import wrong_in_answer, wrong_in_request, wrong_in_update
from tests.adapters.telegram.server import Chat, FakeTelegram, User

GROUP = -1001

pytestmark = pytest.mark.filterwarnings("ignore:.*`retry_after` will be of type:DeprecationWarning")


@pytest.fixture
async def bot(telegram: FakeTelegram) -> AsyncIterator[ptb.Bot]:
    async with client(telegram) as found:
        yield found


@pytest.fixture
def ana(telegram: FakeTelegram) -> User:
    return telegram.user("Ana", 111, username="ana")


@pytest.fixture
def group(telegram: FakeTelegram, ana: User) -> Chat:
    return telegram.supergroup(GROUP, "Reviewers", ana)


def picture(width: int = 60, height: int = 40, colour: str = "red") -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(content, "PNG")
    return content.getvalue()


def keyboard(*labels: str, style: str | None = None) -> ptb.InlineKeyboardMarkup:
    buttons = [ptb.InlineKeyboardButton(label, callback_data=f"do:{label}", style=style) for label in labels]
    return ptb.InlineKeyboardMarkup([buttons])


def refused(error: type[Exception], words: str) -> pytest.RaisesExc[Exception]:
    """With these words, whose first letter the library makes a capital and the rest small."""
    return pytest.raises(error, match=f"(?i){re.escape(words)}")


def client(fake: FakeTelegram) -> ptb.Bot:
    """The library that the bot uses, at a pretended Telegram: without TLS, whose certificates take long to read."""
    return ptb.Bot(fake.token, base_url=fake.base_url, request=_patient(), get_updates_request=_patient())


def _patient() -> HTTPXRequest:
    limits = {"read_timeout": 60, "write_timeout": 60, "connect_timeout": 60, "pool_timeout": 60}
    return HTTPXRequest(**limits, httpx_kwargs={"verify": False})  # type: ignore[arg-type]


async def post(telegram: FakeTelegram, method: str, **params: object) -> tuple[int, dict[str, Any]]:
    """A call as somebody else's library makes it."""
    url = f"{telegram.base_url}{telegram.token}/{method}"
    async with ClientSession() as session, session.post(url, json=params) as response:
        return response.status, await response.json()


# what is shown


async def test_a_message_is_shown_with_its_markup_and_buttons(
    telegram: FakeTelegram, bot: ptb.Bot, group: Chat
) -> None:
    sent = await bot.send_message(
        GROUP,
        "<b>A31</b> &lt;i&gt;",
        "HTML",
        reply_markup=keyboard("Approve", style="success"),
        link_preview_options=ptb.LinkPreviewOptions(is_disabled=True),
    )
    (message,) = telegram.from_bot(group)
    assert (message.text, message.parsed.of("bold")) == ("A31 <i>", ["A31"])
    assert [(b.label, b.data, b.style) for b in message.buttons] == [("Approve", "do:Approve", "success")]
    assert (sent.message_id, sent.text, sent.parse_entities()) == (message.id, message.text, {sent.entities[0]: "A31"})


async def test_pictures_documents_and_albums_keep_their_bytes(
    telegram: FakeTelegram, bot: ptb.Bot, group: Chat
) -> None:
    red, blue = picture(), picture(colour="blue")
    first = await bot.send_photo(GROUP, red, "one", parse_mode="HTML", reply_markup=keyboard("Approve"))
    album = await bot.send_media_group(GROUP, [ptb.InputMediaPhoto(red), ptb.InputMediaPhoto(blue)])
    await bot.send_document(GROUP, blue, filename="tall.png", reply_parameters=ptb.ReplyParameters(first.message_id))
    again = await bot.send_photo(GROUP, first.photo[-1].file_id)
    shown = telegram.from_bot(group)
    assert [message.kind for message in shown] == ["photo", "photo", "photo", "document", "photo"]
    assert [message.picture for message in shown] == [red, red, blue, blue, red]
    assert shown[1].album == shown[2].album == album[0].media_group_id != ""
    assert shown[3].reply_to == shown[0].id
    assert shown[3].file_name == "tall.png"
    file = await bot.get_file(again.photo[-1].file_id)
    assert file.file_path


@pytest.mark.parametrize(
    ("sides", "words"),
    [((9_500, 501), "PHOTO_INVALID_DIMENSIONS"), ((42, 2), "PHOTO_INVALID_DIMENSIONS"), (None, "IMAGE_PROCESS_FAILED")],
)
async def test_what_is_no_photo_is_refused(
    telegram: FakeTelegram, bot: ptb.Bot, group: Chat, sides: tuple[int, int] | None, words: str
) -> None:
    content = picture(*sides) if sides else b"no picture"
    with refused(BadRequest, words):
        await bot.send_photo(GROUP, content)
    await bot.send_document(GROUP, content)
    assert [message.kind for message in telegram.from_bot(group)] == ["document"]


async def test_an_edit_replaces_the_keyboard(telegram: FakeTelegram, bot: ptb.Bot, group: Chat) -> None:
    sent = await bot.send_message(GROUP, "waiting", reply_markup=keyboard("Approve"))
    await bot.edit_message_text("approved", GROUP, sent.message_id)
    (message,) = telegram.from_bot(group)
    assert (message.text, message.labels) == ("approved", [])
    assert [shown.parsed.text for shown in message.edits] == ["waiting"]
    with refused(BadRequest, "message is not modified"):
        await bot.edit_message_text("approved", GROUP, sent.message_id)
    await bot.edit_message_media(ptb.InputMediaPhoto(picture(), "seen"), GROUP, sent.message_id)
    assert (message.kind, message.text, message.picture) == ("photo", "seen", picture())
    with refused(BadRequest, "there is no text in the message to edit"):
        await bot.edit_message_text("more", GROUP, sent.message_id)
    await bot.delete_message(GROUP, sent.message_id)
    with refused(BadRequest, "message to edit not found"):
        await bot.edit_message_caption(GROUP, sent.message_id, caption="more")


async def test_a_picture_of_an_album_takes_no_buttons(bot: ptb.Bot, group: Chat) -> None:
    sent = await bot.send_media_group(GROUP, [ptb.InputMediaPhoto(picture())] * 2)
    with pytest.raises(BadRequest):
        await bot.edit_message_reply_markup(GROUP, sent[0].message_id, reply_markup=keyboard("Approve"))


@pytest.mark.parametrize(
    ("text", "markup", "words"),
    [
        ("<b>", None, "can't parse entities: can't find end tag"),
        ("x" * 4097, None, "message is too long"),
        ("😀" * 2049, None, "message is too long"),
        (" <b> </b> ", None, "message text is empty"),
        ("x", [{"text": "a", "callback_data": "é" * 33}], "BUTTON_DATA_INVALID"),
        ("x", [{"text": "a"}], "Text buttons are unallowed"),
        ("x", [{"text": "a", "callback_data": "b", "style": "green"}], "invalid button style"),
    ],
)
async def test_what_telegram_would_refuse_is_refused(
    telegram: FakeTelegram, group: Chat, text: str, markup: list[Any] | None, words: str
) -> None:
    more = {"reply_markup": {"inline_keyboard": [markup]}} if markup else {}
    status, answer = await post(telegram, "sendMessage", chat_id=GROUP, text=text, parse_mode="HTML", **more)
    assert status == 400
    assert words in answer["description"]
    assert telegram.from_bot(group) == []


# where it may be said


async def test_a_place_that_cannot_be_written_to_says_why(telegram: FakeTelegram, bot: ptb.Bot, group: Chat) -> None:
    stranger = telegram.user("Zoe", 999, started=False)
    with refused(Forbidden, "bot can't initiate conversation"):
        await bot.send_message(stranger.id, "hello")
    await telegram.says(stranger, stranger, "/start")
    await bot.send_message(stranger.id, "hello")
    telegram.kick(telegram.chat(stranger))
    with refused(Forbidden, "bot was blocked by the user"):
        await bot.send_message(stranger.id, "hello")
    with refused(BadRequest, "chat not found"):
        await bot.send_message(-1, "hello")
    telegram.appoint(group, telegram.bot, "restricted", "can_send_photos")
    await bot.send_message(GROUP, "hello")
    with refused(BadRequest, "not enough rights to send photos"):
        await bot.send_photo(GROUP, picture())
    telegram.kick(group)
    with refused(Forbidden, "bot was kicked from the supergroup chat"):
        await bot.send_message(GROUP, "hello")
    channel = telegram.channel(-1002, "News", bot_is_admin=False)
    with refused(BadRequest, "need administrator rights in the channel chat"):
        await bot.send_message(channel.id, "hello")


async def test_topics_are_named_but_for_general(telegram: FakeTelegram, bot: ptb.Bot) -> None:
    forum = telegram.supergroup(-1003, "Forum", topics={5: "Reviews"})
    await bot.send_message(forum.id, "in general")
    await bot.send_message(forum.id, "in reviews", message_thread_id=5)
    assert [m.text for m in telegram.from_bot(forum, topic=5)] == ["in reviews"]
    assert [m.text for m in telegram.from_bot(forum, topic=0)] == ["in general"]
    for wrong in (1, 6):
        with refused(BadRequest, "message thread not found"):
            await bot.send_message(forum.id, "nowhere", message_thread_id=wrong)


async def test_a_group_that_became_a_supergroup_says_where_it_is(
    telegram: FakeTelegram, bot: ptb.Bot, ana: User
) -> None:
    old = telegram.group(-55, "Reviewers", ana)
    await bot.send_message(-55, "before")
    new = telegram.migrate(old, -10055)
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(-55, "after")
    assert moved.value.new_chat_id == new.id
    await bot.send_message(new.id, "after")
    told = [update.message for update in await bot.get_updates(timeout=0) if update.message]
    assert [(m.chat.id, m.migrate_to_chat_id, m.migrate_from_chat_id) for m in told] == [
        (-55, -10055, None),
        (-10055, None, -55),
    ]


async def test_standings_are_told(telegram: FakeTelegram, bot: ptb.Bot, ana: User, group: Chat) -> None:
    assert (await bot.get_me()).username == telegram.bot.username
    assert (await bot.get_chat(GROUP)).title == "Reviewers"
    telegram.appoint(group, ana, "administrator")
    assert (await bot.get_chat_member(GROUP, ana.id)).status == "administrator"
    assert [m.user.id for m in await bot.get_chat_administrators(GROUP)] == [ana.id]
    telegram.appoint(group, ana, "left")
    assert (await bot.get_chat_member(GROUP, ana.id)).status == "left"


async def test_commands_are_kept_by_scope(telegram: FakeTelegram, bot: ptb.Bot, group: Chat) -> None:
    await bot.set_my_commands([("balance", "What is left")], ptb.BotCommandScopeAllPrivateChats())
    await bot.set_my_commands([("job_list", "Jobs")], ptb.BotCommandScopeChat(GROUP))
    assert [c.command for c in await bot.get_my_commands(ptb.BotCommandScopeChat(GROUP))] == ["job_list"]
    assert await bot.get_my_commands() == ()
    await bot.delete_my_commands(ptb.BotCommandScopeChat(GROUP))
    assert set(telegram.world.commands) == {("all_private_chats", 0, 0, "")}
    with refused(BadRequest, "BOT_COMMAND_INVALID"):
        await bot.set_my_commands([("job list", "Jobs")])


# what the bot is told


async def test_polling_waits_for_what_is_new_and_confirms_by_offset(
    telegram: FakeTelegram, bot: ptb.Bot, ana: User
) -> None:
    waiting = asyncio.create_task(bot.get_updates(timeout=5))
    await telegram.until(lambda: telegram.updates.polls)
    await asyncio.sleep(0)
    assert not waiting.done()
    await telegram.says(ana, ana, "/start")
    (first,) = await waiting
    assert first.message is not None
    assert first.message.text == "/start"
    await telegram.says(ana, ana, "more")
    again = await bot.get_updates(timeout=0)
    assert [update.update_id for update in again] == [first.update_id, first.update_id + 1]
    assert [u.update_id for u in await bot.get_updates(timeout=0, limit=1)] == [first.update_id]
    (rest,) = await bot.get_updates(offset=first.update_id + 1, timeout=0)
    assert rest.message is not None
    assert rest.message.text == "more"
    assert await bot.get_updates(offset=rest.update_id + 1, timeout=0) == ()
    assert telegram.updates.pending == {}


async def test_what_was_not_asked_for_is_not_told(telegram: FakeTelegram, bot: ptb.Bot, ana: User, group: Chat) -> None:
    await bot.get_updates(timeout=0, allowed_updates=["message"])
    telegram.kick(group)
    await telegram.says(ana, ana, "hello")
    assert [update.message is not None for update in await bot.get_updates(timeout=0)] == [True]


async def test_a_second_poll_ends_the_first_with_a_conflict(telegram: FakeTelegram, bot: ptb.Bot, ana: User) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=5))
    await telegram.until(lambda: telegram.updates.polls == 1)
    second = asyncio.create_task(post(telegram, "getUpdates", timeout=5))
    with refused(Conflict, "terminated by other getUpdates request"):
        await first
    await telegram.says(ana, ana, "hello")
    status, answer = await second
    assert (status, len(answer["result"])) == (200, 1)


async def test_a_webhook_is_posted_to_until_it_takes_it(
    telegram: FakeTelegram, bot: ptb.Bot, ana: User, group: Chat
) -> None:
    seen: list[tuple[str | None, int]] = []
    statuses = [500, 503, 200]

    async def take(request: web.Request) -> web.Response:
        seen.append((request.headers.get("X-Telegram-Bot-Api-Secret-Token"), (await request.json())["update_id"]))
        return web.Response(status=statuses[len(seen) - 1] if len(seen) <= 3 else 200)

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    telegram.updates.webhook_pause = 0.01
    await bot.set_webhook(f"http://127.0.0.1:{runner.addresses[0][1]}/hook", secret_token="shh")
    with refused(Conflict, "webhook is active"):
        await bot.get_updates(timeout=0)
    await telegram.says(ana, group, "/balance")
    await telegram.until(lambda: not telegram.updates.pending)
    assert [posted.status for posted in telegram.updates.posted] == [500, 503, 200]
    assert {secret for secret, _ in seen} == {"shh"}
    assert len({number for _, number in seen}) == 1
    assert "503" in ((await bot.get_webhook_info()).last_error_message or "")
    await bot.delete_webhook()
    assert (await bot.get_webhook_info()).url == ""
    await runner.cleanup()


async def test_in_a_group_the_bot_hears_what_is_meant_for_it(
    telegram: FakeTelegram, bot: ptb.Bot, ana: User, group: Chat
) -> None:
    sent = await bot.send_message(GROUP, "why?", reply_markup=ptb.ForceReply(selective=True))
    question = telegram.from_bot(group)[-1]
    assert question.force_reply is not None
    for text in ("chatter", "/balance", "/balance@other_bot", f"/balance@{telegram.bot.username}"):
        await telegram.says(ana, group, text)
    await telegram.says(ana, group, "because", reply_to=question)
    heard = [update.message for update in await bot.get_updates(timeout=0)]
    assert [m.text for m in heard if m] == ["/balance", f"/balance@{telegram.bot.username}", "because"]
    assert heard[-1] is not None
    assert heard[-1].reply_to_message is not None
    assert heard[-1].reply_to_message.message_id == sent.message_id


async def test_a_press_is_answered_once_and_not_too_late(telegram: FakeTelegram, bot: ptb.Bot, ana: User) -> None:
    await bot.send_message(ana.id, "card", reply_markup=keyboard("✅ Approve", "Reject"))
    card = telegram.from_bot(ana)[0]
    pressed = asyncio.create_task(telegram.presses(ana, card, "Approve"))
    (update,) = await bot.get_updates(timeout=5)
    assert update.callback_query is not None
    assert (update.callback_query.data, update.callback_query.from_user.id) == ("do:✅ Approve", ana.id)
    assert telegram.unanswered != []
    await bot.answer_callback_query(update.callback_query.id, "Done", show_alert=True)
    answer = await pressed
    assert (answer.text, answer.alert) == ("Done", True)
    with refused(BadRequest, "query is too old"):
        await bot.answer_callback_query(update.callback_query.id)
    telegram.repeat(telegram.presses_made[0])
    (again,) = await bot.get_updates(offset=update.update_id + 1, timeout=0)
    assert again.update_id == update.update_id
    with pytest.raises(AssertionError, match="no button 'Pay'"):
        telegram.press(ana, card, "Pay")


# what goes wrong


@pytest.mark.parametrize(
    ("fault", "error", "arrives"),
    [
        (cut(effect=False), NetworkError, False),
        (cut(effect=True), NetworkError, True),
        (hang(effect=False), TimedOut, False),
        (hang(effect=True), TimedOut, True),
        (garbage(effect=True), NetworkError, True),
        (garbage(effect=False), NetworkError, False),
        (broken(502, effect=True), NetworkError, True),
        (broken(503, effect=False), NetworkError, False),
        (too_many(7), RetryAfter, False),
    ],
)
async def test_an_answer_goes_wrong_with_or_without_its_effect(
    telegram: FakeTelegram, bot: ptb.Bot, group: Chat, fault: Any, error: type[Exception], arrives: bool
) -> None:
    telegram.faults.add("sendMessage", fault)
    with pytest.raises(Exception) as raised:  # noqa: PT011 - garbage is told by an error of the library's own
        await bot.send_message(GROUP, "hello", read_timeout=0.3 if fault.kind == "hang" else 60)
    assert isinstance(raised.value, error) or fault.kind == "garbage"
    await telegram.until(lambda: not telegram.faults.left)
    assert [m.text for m in telegram.from_bot(group)] == (["hello"] if arrives else [])
    await bot.send_message(GROUP, "and on")


async def test_the_server_is_gone_and_back_at_its_address(telegram: FakeTelegram, bot: ptb.Bot, group: Chat) -> None:
    await bot.send_message(GROUP, "before")
    await telegram.stop()
    with pytest.raises(NetworkError):
        await bot.send_message(GROUP, "meanwhile")
    await telegram.start()
    await bot.send_message(GROUP, "after")
    assert [m.text for m in telegram.from_bot(group)] == ["before", "after"]


async def test_the_same_seed_brings_the_same_weather(telegram: FakeTelegram, group: Chat) -> None:
    async def storm() -> list[tuple[str, Any]]:
        telegram.faults.happened.clear()
        telegram.faults.weather(Weather(seed=3, share=0.5, seconds=0.0))
        for _ in range(8):
            try:
                await post(telegram, "getChat", chat_id=GROUP)
            except ClientError:
                continue
        return list(telegram.faults.happened)

    first = await storm()
    assert first == await storm()
    assert len(first) > 1


async def test_a_slow_answer_is_a_right_one(telegram: FakeTelegram, bot: ptb.Bot, group: Chat) -> None:
    telegram.faults.add("sendMessage", slow(0.05))
    assert (await bot.send_message(GROUP, "hello")).text == "hello"


# limits, by a clock that is turned


@pytest.fixture
async def paced() -> AsyncIterator[tuple[FakeTelegram, ManualClock]]:
    clock = ManualClock()
    fake = FakeTelegram(clock=lambda: clock.now().timestamp(), limits=Limits(overall_per_second=12))
    await fake.start()
    yield fake, clock
    await fake.stop()
    assert fake.wrongs == []


async def test_a_group_takes_twenty_a_minute_edits_and_pictures_of_albums_counted(
    paced: tuple[FakeTelegram, ManualClock],
) -> None:
    fake, clock = paced
    fake.supergroup(GROUP, "Reviewers")
    async with client(fake) as bot:
        card = await bot.send_message(GROUP, "0")
        for number in range(1, 10):
            await bot.edit_message_text(f"{number}", GROUP, card.message_id)
        clock.advance(10)
        await bot.send_media_group(GROUP, [ptb.InputMediaPhoto(picture())] * 9)
        await bot.send_message(GROUP, "the twentieth")
        assert fake.broken_limits == []
        with pytest.raises(RetryAfter) as told:
            await bot.send_message(GROUP, "one too many")
        assert told.value.retry_after == 50
        assert [(broke.which, broke.chat) for broke in fake.broken_limits] == [("group", GROUP)]
        clock.advance(50)
        await bot.send_message(GROUP, "a minute after the first")
    assert len(fake.broken_limits) == 1


async def test_a_private_chat_takes_a_small_burst_and_then_one_a_second(
    paced: tuple[FakeTelegram, ManualClock],
) -> None:
    fake, clock = paced
    ana = fake.user("Ana", 111)
    statuses = []
    for _ in range(4):
        statuses.append((await post(fake, "sendMessage", chat_id=ana.id, text="x"))[0])
    clock.advance(1)
    statuses.append((await post(fake, "sendMessage", chat_id=ana.id, text="x"))[0])
    assert statuses == [200, 200, 200, 429, 200]
    assert [broke.which for broke in fake.broken_limits] == ["private"]


async def test_all_chats_together_have_a_limit(paced: tuple[FakeTelegram, ManualClock]) -> None:
    fake, clock = paced
    for number in range(14):
        fake.user("Somebody", 200 + number)
    statuses = [(await post(fake, "sendMessage", chat_id=200 + n, text="x"))[0] for n in range(13)]
    clock.advance(1)
    statuses.append((await post(fake, "sendMessage", chat_id=213, text="x"))[0])
    assert statuses == [200] * 12 + [429, 200]
    assert [broke.which for broke in fake.broken_limits] == ["overall"]


# what is checked


async def test_what_the_documents_do_not_know_is_told_at_the_end(group: Chat) -> None:
    fake = FakeTelegram()
    await fake.start()
    fake.supergroup(GROUP, "Reviewers")
    await post(fake, "sendMessage", chat_id=GROUP, text="x", parse_mod="HTML")
    await post(fake, "sendMesage", chat_id=GROUP, text="x")
    await fake.stop()
    assert fake.wrongs == [
        "sendMessage: unknown parse_mod in SendMessage",
        "sendMesage: there is no such method",
    ]
    with pytest.raises(AssertionError):
        fake.check()


def test_a_wrong_request_answer_or_update_is_found() -> None:
    assert wrong_in_request("sendMessage", {"chat_id": 1, "text": "x"}) == []
    assert wrong_in_request("sendMessage", {"chat_id": 1}) == ["sendMessage: text: Field required"]
    markup = {"inline_keyboard": [[{"text": "a", "callback": "b"}]]}
    (wrong,) = wrong_in_request("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": markup})
    assert wrong.endswith("unknown reply_markup.inline_keyboard.0.0.callback in InlineKeyboardButton")
    message = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}}
    assert wrong_in_answer("sendMessage", {"ok": True, "result": message}) == []
    assert wrong_in_answer("sendMessage", {"ok": True, "result": {**message, "txt": "x"}}) != []
    assert wrong_in_answer("sendMessage", {"ok": True, "result": {"message_id": 1}}) != []
    assert wrong_in_answer("getUpdates", {"ok": True, "result": message}) != []
    assert wrong_in_update({"update_id": 1, "message": message}) == []
    assert wrong_in_update({"update_id": 1, "mesage": message}) != []


async def test_a_wrong_token_opens_nothing(telegram: FakeTelegram, group: Chat) -> None:
    url = f"{telegram.base_url}7000000001:wrong/getMe"
    async with ClientSession() as session, session.get(url) as response:
        assert (response.status, (await response.json())["description"]) == (401, "Unauthorized")
