"""Commands and forms as people meet them, at a pretended Telegram."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from botcore.adapter import Actor
from botcore.models import Channel
from botcore_telegram.acts import Place, Pressed, Said
from botcore_telegram.dialogs import KEPT_MS, OVER, Talk
from tests.adapters.telegram.bench import Bench
from tests.adapters.telegram.server import Message, User
from tests.core.market import START


async def submission(bench: Bench) -> Message:
    await bench.start()
    await bench.come_in("a")
    return await bench.card()


async def question(bench: Bench, words: str) -> Message:
    """The newest question with these words that has buttons."""
    await bench.until_answered()
    found = [m for m in bench.fake.from_bot(bench.group) if words in m.text and m.buttons]
    return found[-1]


async def opened(bench: Bench, user: User) -> Message:
    """The newest message that opens this person's answer box."""
    await bench.until_answered()
    found = [m for m in bench.fake.from_bot(bench.group) if m.force_reply and user.name in m.text]
    return found[-1]


async def open_dialogs(bench: Bench) -> int:
    return int(await bench.rig.value("SELECT count(*) FROM telegram_dialogs WHERE NOT is_over"))


async def decision(bench: Bench, who: str) -> tuple[str, str]:
    row = (await bench.rig.rows("SELECT * FROM decisions WHERE person = :who ORDER BY id DESC", who=who))[0]
    return row["verdict"], row["comment"]


# --- forms


async def test_a_rejection_is_two_taps_and_leaves_no_question_behind(bench: Bench) -> None:
    card = await submission(bench)
    await bench.fake.presses(bench.rob, card, "Reject")
    asked = await question(bench, "Reject A1")
    popped_up = await bench.fake.presses(bench.rob, asked, "Not what was asked")
    await bench.until_answered()
    assert (popped_up.text or "").startswith("A1 rejected. Undo within")
    assert await decision(bench, "rob") == ("reject", "The proof does not show what the job asked for.")
    assert asked.deleted
    assert "Rejected by rob" in card.text


async def test_own_words_are_written_in_a_reply(bench: Bench) -> None:
    card = await submission(bench)
    await bench.fake.presses(bench.rob, card, "Reject")
    asked = await question(bench, "Reject A1")
    await bench.fake.presses(bench.rob, asked, "Own words…")
    box = await opened(bench, bench.rob)
    await bench.fake.says(bench.rob, bench.group, "The link is <b>dead</b>", reply_to=box)
    await bench.until_answered()
    again = await question(bench, "The link is <b>dead</b>")
    assert box.deleted
    assert asked.deleted
    await bench.fake.presses(bench.rob, again, "Reject")
    await bench.until_answered()
    assert await decision(bench, "rob") == ("reject", "The link is <b>dead</b>")


async def test_a_press_by_somebody_else_is_told_so_and_changes_nothing(bench: Bench) -> None:
    card = await submission(bench)
    await bench.fake.presses(bench.rob, card, "Reject")
    asked = await question(bench, "Reject A1")
    for button in ("Spam", "Cancel"):
        popped_up = await bench.fake.presses(bench.mia, asked, button)
        assert popped_up.text == "This question is for Rob."
    await bench.until_answered()
    assert await bench.rig.states() == []
    assert await open_dialogs(bench) == 1


async def test_forms_of_two_people_in_one_group_never_mix(bench: Bench) -> None:
    card = await submission(bench)
    for user in (bench.rob, bench.mia):
        await bench.fake.presses(user, card, "Reject")
        await bench.fake.presses(user, await question(bench, f"Reject A1 · {user.name}"), "Own words…")
    boxes = {user.id: await opened(bench, user) for user in (bench.rob, bench.mia)}
    await bench.fake.says(bench.mia, bench.group, "not mine to answer", reply_to=boxes[bench.rob.id])
    await bench.fake.says(bench.rob, bench.group, "just talking")
    await bench.fake.says(bench.mia, bench.group, "said by mia", reply_to=boxes[bench.mia.id])
    await bench.fake.says(bench.rob, bench.group, "said by rob", reply_to=boxes[bench.rob.id])
    await bench.until_answered()
    await bench.fake.presses(bench.mia, await question(bench, "said by mia"), "Reject")
    await bench.until_answered()
    assert await decision(bench, "mia") == ("reject", "said by mia")
    assert "said by rob" in (await question(bench, "Reject A1 · Rob")).text
    popped_up = await bench.fake.presses(bench.rob, await question(bench, "said by rob"), "Reject")
    await bench.until_answered()
    assert "Mia was first" in (popped_up.text or "")
    assert len(await bench.rig.states()) == 1


async def test_cancel_ends_it_and_an_old_button_says_so(bench: Bench) -> None:
    card = await submission(bench)
    await bench.fake.presses(bench.rob, card, "Revise")
    asked = await question(bench, "Revise A1")
    popped_up = await bench.fake.presses(bench.rob, asked, "Cancel")
    await bench.until_answered()
    assert popped_up.text == "Cancelled."
    assert asked.deleted
    assert await open_dialogs(bench) == 0
    popped_up = await bench.fake.presses(bench.rob, asked, "Cancel")
    assert popped_up.text == OVER


async def test_the_same_button_pressed_again_asks_once(bench: Bench) -> None:
    card = await submission(bench)
    for _ in range(2):
        await bench.fake.presses(bench.rob, card, "Reject")
        await bench.until_answered()
    assert len([m for m in bench.fake.from_bot(bench.group) if "Reject A1" in m.text]) == 1
    assert await open_dialogs(bench) == 1


async def test_a_long_form_shows_all_before_it_is_sent(bench: Bench) -> None:
    await bench.start()
    await bench.come_in("a", "b")
    await bench.fake.presses(bench.mia, await bench.card("#A1"), "More")
    await bench.fake.presses(bench.mia, await question(bench, "More for A1"), "Reject all of this job…")
    await bench.fake.presses(bench.mia, await question(bench, "Reject all"), "Spam")
    await bench.fake.presses(bench.mia, await question(bench, "Own words"), "Skip")
    await bench.until_answered()
    await bench.fake.says(bench.mia, bench.group, "3", reply_to=await opened(bench, bench.mia))
    await bench.until_answered()
    await bench.fake.presses(bench.mia, await question(bench, "How many are rejected: 3"), "Go on")
    await bench.until_answered()
    corrected = await question(bench, "Reject all of this job · Mia · 3 of 3")
    assert "⚠️" in corrected.text
    await bench.fake.says(bench.mia, bench.group, "2", reply_to=await opened(bench, bench.mia))
    await bench.until_answered()
    await bench.fake.presses(bench.mia, await question(bench, "How many are rejected: 2"), "Go on")
    await bench.until_answered()
    assert "Confirm?" in (await question(bench, "Reject 2 submissions")).text


async def test_a_restart_in_the_middle_of_a_form_goes_on(bench: Bench) -> None:
    card = await submission(bench)
    await bench.fake.presses(bench.rob, card, "Reject")
    await bench.fake.presses(bench.rob, await question(bench, "Reject A1"), "Own words…")
    box = await opened(bench, bench.rob)
    await bench.until_answered()
    await bench.kill()
    await bench.fake.says(bench.rob, bench.group, "after the restart", reply_to=box)
    await bench.until_answered()
    await bench.kill()
    await bench.fake.presses(bench.rob, await question(bench, "after the restart"), "Spam")
    await bench.until_answered()
    verdict, comment = await decision(bench, "rob")
    assert verdict == "reject"
    assert comment.endswith("after the restart")


async def test_what_was_abandoned_is_forgotten_after_a_day(bench: Bench) -> None:
    card = await submission(bench)
    await bench.fake.presses(bench.rob, card, "Reject")
    await bench.until_answered()
    asked = await question(bench, "Reject A1")
    bench.clock.advance(KEPT_MS / 1000 + 3_700)
    for _ in range(100):
        if not await open_dialogs(bench):
            break
        bench.clock.advance(60)
        await asyncio.sleep(0.01)
    popped_up = await bench.fake.presses(bench.rob, asked, "Spam")
    assert popped_up.text == OVER


async def test_what_another_version_asked_is_asked_again(bench: Bench) -> None:
    card = await submission(bench)
    await bench.fake.presses(bench.rob, card, "Reject")
    asked = await question(bench, "Reject A1")
    await bench.rig.store.tx(lambda tx: tx.q("UPDATE telegram_dialogs SET dialog = '{}'"))
    assert (await bench.fake.presses(bench.rob, asked, "Spam")).text == OVER
    await bench.fake.presses(bench.rob, card, "Reject")
    await bench.fake.presses(bench.rob, await question(bench, "Reject A1"), "Spam")
    await bench.until_answered()
    assert await bench.rig.states() == ["held"]


# --- commands


async def test_what_a_command_lacks_is_offered_as_buttons(bench: Bench) -> None:
    await bench.start()
    await bench.come_in("a", "b")
    await bench.fake.says(bench.rob, bench.group, "/show")
    asked = await question(bench, "/show")
    assert [label[:2] for label in asked.labels[:2]] == ["A1", "A2"]
    await bench.fake.presses(bench.rob, asked, asked.labels[1])
    await bench.until_answered()
    assert "#A2" in (await question(bench, "proof of b")).text
    assert asked.deleted


async def test_what_a_command_lacks_may_be_typed(bench: Bench) -> None:
    await bench.start()
    await bench.come_in("a", "b")
    await bench.fake.says(bench.rob, bench.group, "/approve reason=“Well done”")
    asked = await question(bench, "/approve")
    await bench.fake.presses(bench.rob, asked, "Type it…")
    await bench.fake.says(bench.rob, bench.group, "A1 A2", reply_to=await opened(bench, bench.rob))
    await bench.until_answered()
    await bench.rig.settle()
    assert await bench.rig.states() == ["held", "held"]
    assert await decision(bench, "rob") == ("approve", "Well done")


async def test_a_mistyped_argument_gets_one_helpful_line(bench: Bench) -> None:
    await submission(bench)
    for line, said in (
        ("/approve A1 bonus=lots", "Bonus is an amount of dollars, such as 0.25."),
        ("/aprove A1", "There is no command aprove; did you mean approve?"),
        ("/reject_all J1", "reject-all needs a manager; you are a reviewer."),
    ):
        asked = await bench.fake.says(bench.rob, bench.group, line)
        assert (await bench.fake.reply_to(asked)).text == said
    assert await bench.rig.states() == []


async def test_in_a_group_what_is_not_meant_for_the_bot_is_left_alone(bench: Bench) -> None:
    card = await submission(bench)
    for line in ("/weather tomorrow", "/approve@otherbot A1", "hello bot", "approve A1"):
        await bench.fake.says(bench.rob, bench.group, line)
    await bench.until_answered()
    assert bench.fake.from_bot(bench.group) == [card]
    assert await bench.rig.states() == []


async def test_in_a_private_chat_no_slash_and_no_reply_is_needed(bench: Bench) -> None:
    await submission(bench)

    async def says(text: str) -> list[str]:
        await bench.fake.says(bench.rob, bench.rob, text)
        await bench.until_answered()
        return [message.text for message in bench.fake.from_bot(bench.rob)]

    assert "Balance" in (await says("balance"))[-1]
    assert (await says("/worker_show"))[-1] == "✍️ Worker?"
    answers = await says("A1")
    assert "Worker w-a" in answers[-1]
    assert not any(text.endswith("Worker?") for text in answers)
    assert "/show" in (await says("/show"))[-1]
    assert "/show" not in (await says("/cancel"))[-1]
    assert await open_dialogs(bench) == 0


async def test_an_act_that_comes_twice_after_a_crash_changes_nothing_and_is_answered_alike(bench: Bench) -> None:
    rig = await bench.start(listen=False)
    await bench.come_in("a")
    talk = Talk(rig.store, rig.clock, "ourbot")
    rob, group = Actor("telegram", "103", "Rob"), Place(bench.group.id)
    form = (await rig.dispatch.press(rob, "reject:A1:0")).form
    assert form is not None
    begun = await talk.begin(rob, group, form, 9, rig.dispatch)
    await talk.asked(begun.dialog, 10)
    assert begun.note is not None
    own_words = next(key.data for row in begun.note.keyboard for key in row if key.label == "Own words…")
    for _ in range(2):
        asked = await talk.pressed(Pressed(rob, group, 10, own_words, "q"), rig.dispatch)
        assert asked.box is not None
        assert asked.replaces
    await talk.asked(asked.dialog, 10)
    for _ in range(2):  # the box's own number was lost in the crash
        again = await talk.said(Said(rob, group, 12, "so it was", reply_to=11), rig.dispatch)
        assert again is not None
        assert "so it was" in str(again.note)
    first = own_words.replace(":o1", ":c0")
    answers = {"reason": "Not what was asked", "words": "so it was"}
    for _ in range(2):
        over = await talk.pressed(Pressed(rob, group, 13, first, "q"), rig.dispatch)
        assert (over.form, dict(over.values), over.origin) == (form.id, answers, 9)
    other = await talk.pressed(Pressed(rob, group, 13, own_words, "q"), rig.dispatch)
    assert (other.form, other.toast) == ("", OVER)


async def test_an_answer_box_that_was_open_before_a_crash_stays_the_one_to_answer(bench: Bench) -> None:
    card = await submission(bench)
    await bench.fake.presses(bench.rob, card, "Reject")
    asked = await question(bench, "Reject A1")
    own_words = asked.button("Own words…").data
    await bench.fake.presses(bench.rob, asked, data=own_words)
    box = await opened(bench, bench.rob)
    await bench.fake.presses(bench.rob, asked, data=own_words)  # as Telegram tells it again
    assert await opened(bench, bench.rob) == box
    await bench.fake.says(bench.rob, bench.group, "The link is dead", reply_to=box)
    await bench.until_answered()
    assert await question(bench, "The link is dead")


async def test_a_forged_button_does_nothing(bench: Bench) -> None:
    card = await submission(bench)
    for data in ("=f:", "=f:1:0:c0", "=f:x:0:c", "=f:1:0:zz", "=f:999999999999999:0:s", "=", "=no:1"):
        assert (await bench.fake.presses(bench.rob, card, data=data)).text == OVER
    await bench.until_answered()
    assert bench.fake.from_bot(bench.group) == [card]


async def test_a_queue_moves_on_by_editing_one_message(bench: Bench) -> None:
    bench.channels = (Channel("review", "telegram", str(bench.group.id), queue_above=1),)
    await bench.start()
    for number in range(1, 4):
        bench.rig.market.add(f"t{number}", deadline=START + timedelta(days=number))
    await bench.rig.poll()
    card = await bench.card("3 waiting")
    await bench.fake.presses(bench.rob, card, "Reject")
    await bench.fake.presses(bench.rob, await question(bench, "Reject A1"), "Spam")
    await bench.turn_until(lambda: "2 waiting" in card.text)
    assert "A1 rejected by rob" in card.text
    assert len(bench.fake.from_bot(bench.group)) == 1
