"""What people get back: in time, once, and where only they see it if it is theirs alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from botcore import Command, Reply
from botcore.adapter import Traffic
from botcore.dispatch import Context
from botcore.models import Role
from tests.adapters.telegram.bench import REVIEW, Bench
from tests.adapters.telegram.faults import broken, cut, too_many
from tests.core.rig import until


class Slow:
    """A command that takes its time."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def run(self, context: Context, values: Mapping[str, Any]) -> Reply:
        await self.go.wait()
        return Reply("Here it is at last.")

    def command(self) -> Command:
        return Command("slow", "takes its time", Role.VIEWER, self.run)


# presses


async def test_a_press_is_answered_in_time_whatever_takes_longer(bench: Bench) -> None:
    slow = Slow()
    bench.setup.commands += (slow.command(),)
    await bench.start()
    await bench.come_in("a")
    card = await bench.card()
    press = bench.fake.press(bench.rob, card, data="=run:slow")
    await bench.turn_until(lambda: press.answer)
    assert press.answer is not None
    assert press.answer.text == ""
    other = await bench.fake.presses(bench.rob, card, "Approve")  # nobody waits behind it
    assert other.text
    slow.go.set()
    await bench.fake.card(bench.group, "Here it is at last.")


async def test_what_somebody_says_next_does_not_wait_for_what_takes_longer(bench: Bench) -> None:
    slow = Slow()
    bench.setup.commands += (slow.command(),)
    await bench.start()
    asked = await bench.fake.says(bench.rob, bench.group, "/slow")
    assert await bench.fake.reply_to(await bench.fake.says(bench.rob, bench.group, "/whoami"))
    slow.go.set()
    assert (await bench.fake.reply_to(asked)).text == "Here it is at last."


async def test_a_press_of_long_ago_is_done_all_the_same(bench: Bench) -> None:
    await bench.start()
    await bench.come_in("a")
    card = await bench.card()
    await bench.adapter.stop()
    press = bench.fake.press(bench.rob, card, "Approve")
    bench.clock.advance(3600)
    await bench.adapter.start(bench.rig.dispatch)
    await bench.until_answered()
    assert press.answer is None
    assert await bench.rig.states() == ["held"]


async def test_a_press_whose_answer_is_lost_is_done(bench: Bench) -> None:
    await bench.start()
    await bench.come_in("a")
    card = await bench.card()
    bench.fake.faults.add("answerCallbackQuery", cut(effect=False))
    bench.fake.press(bench.rob, card, "Approve")
    await bench.until_answered()
    assert await bench.rig.states() == ["held"]


async def test_two_presses_at_once_and_the_second_is_told_who_was_first(bench: Bench) -> None:
    await bench.start()
    await bench.come_in("a")
    card = await bench.card()
    presses = [bench.fake.press(bench.rob, card, "Approve"), bench.fake.press(bench.mia, card, "Approve")]
    await bench.until_answered()
    assert len(await bench.rig.states()) == 1
    (late,) = [press for press in presses if press.answer and press.answer.alert]
    assert late.answer is not None
    assert ("mia" if late.user == bench.rob else "rob") in late.answer.text.lower()


@pytest.mark.parametrize("data", ["=", "=turn:x", "=turn:9999", "=run:", "=f:zzz", "nonsense", "approve:A999:0"])
async def test_a_forged_button_is_answered_and_does_nothing(bench: Bench, data: str) -> None:
    await bench.start()
    await bench.come_in("a")
    card = await bench.card()
    await bench.fake.presses(bench.rob, card, data=data)
    await bench.until_answered()
    assert await bench.rig.states() == []


# where


async def test_a_queue_of_ones_own_is_in_the_private_chat_and_moves_on_in_its_place(bench: Bench) -> None:
    await bench.start()
    await bench.come_in("a", "b")
    asked = await bench.fake.says(bench.rob, bench.group, "/review")
    assert "our own chat" in (await bench.fake.reply_to(asked)).text
    queue = await bench.fake.card(bench.rob, "#A1")
    bench.clock.advance(5)
    await bench.fake.presses(bench.rob, queue, "Approve")
    await bench.turn_until(lambda: "#A2" in queue.text)
    assert len(bench.fake.from_bot(bench.rob)) == 1
    assert (await bench.rig.states())[0] == "held"


async def test_who_has_not_started_the_bot_is_told_to(bench: Bench) -> None:
    bench.fake.chat(bench.rob).started = False
    await bench.start()
    await bench.come_in("a")
    asked = await bench.fake.says(bench.rob, bench.group, "/review")
    assert "press Start" in (await bench.fake.reply_to(asked)).text
    assert "#A1" not in (await bench.fake.reply_to(asked)).text


async def test_an_answer_is_in_the_topic_where_it_was_asked(bench: Bench) -> None:
    bench.fake.open_topic(bench.group, 8, "Talk")
    await bench.start()
    asked = await bench.fake.says(bench.rob, bench.group, "/whoami", topic=8)
    assert (await bench.fake.reply_to(asked)).topic == 8


async def test_a_very_long_text_is_a_file(bench: Bench) -> None:
    async def talk(context: Context, values: Mapping[str, Any]) -> Reply:
        return Reply("word " * 5_000)

    bench.setup.commands += (Command("talk", "talks", Role.VIEWER, talk),)
    await bench.start()
    answer = await bench.fake.reply_to(await bench.fake.says(bench.rob, bench.group, "/talk"))
    assert answer.kind == "document"
    assert answer.picture.count(b"word") == 5_000


async def test_start_helps_who_is_let_in(bench: Bench) -> None:
    await bench.start()
    answer = await bench.fake.reply_to(await bench.fake.says(bench.rob, bench.rob, "/start"))
    assert "balance" in answer.text


# trouble


@pytest.mark.parametrize("fault", [too_many(3), too_many(30)])
async def test_an_answer_waits_as_long_as_telegram_says(bench: Bench, fault: Any) -> None:
    await bench.start()
    bench.fake.faults.add("sendMessage", fault)
    asked = await bench.fake.says(bench.rob, bench.group, "/whoami")
    await until(lambda: len(bench.fake.calls_of("sendMessage")) == 1)
    answers = await bench.turn_until(lambda: bench.fake.replies(asked))
    assert len(answers) == 1


async def test_an_answer_in_doubt_is_not_repeated(bench: Bench) -> None:
    await bench.start()
    bench.fake.faults.add("sendMessage", broken(effect=True))
    asked = await bench.fake.says(bench.rob, bench.group, "/whoami")
    await bench.until_answered()
    assert len(bench.fake.replies(asked)) == 1


async def test_answers_go_before_edits_and_those_before_new_cards(bench: Bench) -> None:
    await bench.start()
    await bench.come_in("a", "b", "c")
    await bench.turn_until(lambda: bench.fake.from_bot(bench.group)[2:])
    pause = bench.adapter.pause
    while not pause(REVIEW, Traffic.NEW):
        await bench.fake.reply_to(await bench.fake.says(bench.rob, bench.group, "/whoami"))
    await bench.come_in("d")
    card = bench.fake.from_bot(bench.group)[0]
    await bench.fake.presses(bench.rob, card, "Approve")
    await bench.rig.settle()
    assert "Approved by rob" in card.text
    assert all("#A4" not in message.text for message in bench.fake.from_bot(bench.group))
    assert await bench.fake.reply_to(await bench.fake.says(bench.rob, bench.group, "/whoami"))
    await bench.turn_until(lambda: any("#A4" in message.text for message in bench.fake.from_bot(bench.group)))
