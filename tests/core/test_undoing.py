"""Undo takes back what was seen and meant: one decision, or all that one Confirm decided, and nobody else's."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from botcore.models import Channel
from botcore.ui import Card, Result
from tests.core.rig import LIMITS, Rig, Rigs, Setup


async def waiting(rig: Rig, *tasks: str) -> Rig:
    for task in tasks:
        rig.market.add(task)
    await rig.poll()
    return rig


def undo_button(card: Card | None) -> str:
    assert card is not None
    return next(button.id for button in card.buttons if button.id.startswith("undo:"))


async def test_an_old_button_leaves_a_newer_decision_alone(rig: Rig) -> None:
    await waiting(rig, "t1")
    await rig.say("rob", "approve A1")
    button = undo_button((await rig.say("vera", "show A1")).card)
    assert (await rig.press("rob", button)).text == "Undone: A1 waits again."
    await rig.say("mia", "reject A1 reason=Copied")
    reply = await rig.press("rob", button)
    assert reply.text == "That was undone already, and mia has decided A1 since."
    assert await rig.states() == ["undone", "held"]
    newer = undo_button((await rig.say("vera", "show A1")).card)
    assert (await rig.press("rob", newer)).result is Result.DONE  # whoever saw it may


async def test_a_button_pressed_twice_says_that_it_was_undone(rig: Rig) -> None:
    await waiting(rig, "t1")
    await rig.say("rob", "approve A1")
    button = undo_button((await rig.say("vera", "show A1")).card)
    await rig.press("rob", button)
    assert (await rig.press("mia", button)).text == "Too late to undo: it was undone already."


async def test_the_button_of_a_queue_names_the_decision_too(rigs: Rigs) -> None:
    inbox = Channel("inbox", "memory", "here", queue_above=1)
    rig = await waiting(await rigs.start(Setup(channels=(inbox,))), "t1", "t2", "t3")
    first = (await rig.say("rob", "review")).card
    assert first is not None
    approve = next(button.id for button in first.buttons if button.id.startswith("approve:"))
    shown = await rig.press("rob", approve)
    button = undo_button(shown.card)
    back = await rig.press("rob", button)
    assert back.card is not None
    assert back.card.subtitle == first.subtitle  # in hand again
    await rig.say("mia", f"reject {first.subtitle.partition(' ')[0]} reason=Copied")
    again = await rig.press("rob", button)
    assert again.text.startswith("That was undone already, and mia has decided")
    assert again.card is not None  # and the queue goes on
    assert (await rig.press("mia", button)).text == "Q-2 is the queue of rob: `review` opens your own."


@pytest.mark.parametrize("button", ["undo:A1:0", "undo:q-1:1"])
async def test_buttons_of_an_older_version_are_still_understood(rig: Rig, button: str) -> None:
    await waiting(rig, "t1")
    await rig.say("rob", "review")
    await rig.say("rob", "approve A1")
    assert (await rig.press("rob", button)).text == "Undone: A1 waits again."


@pytest.mark.parametrize("button", ["undo:d-9:0", "undo:d-0:0", "undo:d-:0", "undo:d-1:99"])
async def test_a_button_that_nobody_drew_undoes_nothing(rig: Rig, button: str) -> None:
    await waiting(rig, "t1")
    await rig.say("rob", "approve A1")
    assert (await rig.press("rob", button)).result is Result.REFUSED
    assert await rig.states() == ["held"]


# --- the word alone


async def test_the_last_of_many_at_once_is_all_of_them(rigs: Rigs) -> None:
    limits = replace(LIMITS, bulk_reject_share=Decimal(1))
    rig = await waiting(await rigs.start(Setup(limits=limits)), "t1", "t2", "t3")
    await rig.say("rob", "approve t1")
    await rig.say("rob", "approve-all J1")
    await rig.press("rob", "confirm-all:b-1:0")
    await rig.settle()
    assert await rig.states() == ["held"] * 3
    assert (await rig.say("rob", "undo")).text == "Undone: 2 submissions of b-1 wait again."
    assert sorted(await rig.states()) == ["held", "undone", "undone"]
    assert (await rig.say("rob", "undo")).text == "Undone: A1 waits again."
    assert (await rig.say("rob", "undo")).text == "None of your decisions can be undone any more."


async def test_one_of_many_is_taken_back_by_its_name(rig: Rig) -> None:
    await waiting(rig, "t1", "t2", "t3")
    await rig.say("rob", "approve-all J1")
    await rig.press("rob", "confirm-all:b-1:0")
    await rig.settle()
    assert (await rig.say("rob", "undo t2")).text == "Undone: A2 waits again."
    assert sorted(await rig.states()) == ["held", "held", "undone"]


async def test_what_was_decided_by_itself_since_comes_first(rig: Rig) -> None:
    await waiting(rig, "t1", "t2")
    await rig.say("rob", "approve-all J1")
    await rig.press("rob", "confirm-all:b-1:0")
    await rig.settle()
    await waiting(rig, "t3")
    rig.clock.advance(1)
    await rig.say("rob", "approve t3")
    assert (await rig.say("rob", "undo")).text == "Undone: A3 waits again."
