"""Presses, commands and forms when things are not as usual: clocks apart, many at once, a disk that is full."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from botcore.adapter import Actor
from botcore.ui import File, Form, Input, Reply, Result
from botcore_discord import interactions
from tests.adapters.discord.crowd import Crowd, Through, a_crowd
from tests.adapters.discord.limits import Trouble
from tests.adapters.discord.post import card as a_drawn
from tests.adapters.discord.world import Message
from tests.journeys.conftest import until

CHANGES = (6, 7)


@pytest.fixture
async def crowd(tmp_path: Path) -> AsyncIterator[Crowd]:
    async with a_crowd(tmp_path) as crowd:
        yield crowd


async def a_card(crowd: Crowd, *tasks: str) -> Message:
    for task in tasks or ("a",):
        crowd.rig.market.add(task)
    await crowd.rig.intake.poll(crowd.rig.account)
    await crowd.until(lambda: bool(crowd.cards))
    return crowd.cards[0]


@pytest.mark.parametrize("ahead", [3_600, -3_600])
async def test_a_clock_that_is_wrong_is_in_nobodys_way(tmp_path: Path, ahead: float) -> None:
    async with a_crowd(tmp_path, ahead=ahead) as crowd:
        card = await a_card(crowd)
        asked = await crowd.click(card, "Reject")
        assert asked.kind == 9
        click = await crowd.click(card, "Approve")
        assert click.kind in CHANGES
        await crowd.until(lambda: "rob-d" in card.text)


async def test_of_many_who_press_at_once_each_is_answered_and_one_decides(crowd: Crowd) -> None:
    card = await a_card(crowd)
    clicks = await asyncio.gather(*(crowd.click(card, "Approve") for _ in range(60)))
    await crowd.until(lambda: sum("was first" in click.said for click in clicks) == 59)
    assert len(await crowd.rig.states()) == 1
    assert all(click.refused == [] for click in clicks)
    assert card.edits < 60, "one draws for all who wait"


async def test_a_click_is_acknowledged_in_time_though_its_card_is_being_changed(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions, "DECIDED", 0.2)
    card = await a_card(crowd)
    assert isinstance(crowd.rig.adapter, Through)
    async with crowd.rig.adapter.engine.sends.alone(card.id):  # as while Discord takes its time with an edit
        click = await crowd.fake.click(crowd.rob, card, "Approve")
        assert click.kind == 6
        assert await crowd.rig.states() != []
    await crowd.until(lambda: "rob-d" in card.text)


async def test_a_click_that_was_long_on_its_way_is_acknowledged_before_it_is_carried_out(crowd: Crowd) -> None:
    card = await a_card(crowd)
    press = crowd.rig.dispatch.press

    async def slow(actor: Actor, button: str) -> Reply:
        await click.acknowledged.wait()
        return await press(actor, button)

    crowd.rig.dispatch.press = slow  # type: ignore[method-assign]
    click = await crowd.fake.click(crowd.rob, card, "Approve", age=2.4, wait=False)
    await crowd.until(click.acknowledged.is_set)
    assert (click.kind, click.refused) == (6, [])
    await crowd.until(lambda: "rob-d" in card.text)


async def test_an_answer_that_discord_took_though_it_said_it_had_trouble_is_none_lost(crowd: Crowd) -> None:
    card = await a_card(crowd)
    crowd.fake.fault(Trouble.ERROR_AFTER, "POST", "/interactions/.*")
    click = await crowd.fake.click(crowd.rob, card, "Approve", age=2.6)
    await until(lambda: "rob-d" in card.text)
    assert click.kind == 6


async def test_a_card_that_the_database_has_forgotten_changes_at_once_all_the_same(crowd: Crowd) -> None:
    card = await a_card(crowd)
    await crowd.rig.store.tx(lambda tx: tx.q("DELETE FROM discord_messages"))
    click = await crowd.click(card, "Approve")
    assert click.kind in CHANGES
    assert "rob-d" in card.text


async def test_a_full_disk_is_said_and_nothing_is_decided(crowd: Crowd) -> None:
    card = await a_card(crowd)
    crowd.rig.store.down = True
    click = await crowd.click(card, "Approve")
    crowd.rig.store.down = False
    await crowd.until(lambda: "Not saved" in click.said)
    assert await crowd.rig.states() == []


@pytest.mark.parametrize("fails", ["refused", "crash", "disk"])
async def test_a_long_form_that_the_core_does_not_take_can_be_sent_again(crowd: Crowd, fails: str) -> None:
    card = await a_card(crowd)
    dispatch = crowd.rig.dispatch
    taken: list[Mapping[str, str]] = []

    async def press(actor: Actor, button: str) -> Reply:
        return Reply(form=Form("post:D1:0", "A new job", tuple(Input(f"q{n}", f"q{n} is asked") for n in range(7))))

    async def refuse(actor: Actor, form: str, values: Mapping[str, str]) -> Reply:
        if fails == "crash":
            raise RuntimeError("a plugin's")
        crowd.rig.store.down = fails == "disk"
        return Reply("Not saved: the disk is full.", result=Result.REFUSED)

    async def take(actor: Actor, form: str, values: Mapping[str, str]) -> Reply:
        taken.append(values)
        return Reply("It is posted.")

    dispatch.press, dispatch.submit_form = press, refuse  # type: ignore[method-assign]
    first = await crowd.fill_in(await crowd.click(card, "More"), q0="a long description")
    await crowd.until(lambda: first.original is not None)
    prompt = first.original
    assert prompt is not None
    await crowd.fill_in(await crowd.click(prompt, "Continue"), q6="the last")
    await crowd.until(lambda: "Send" in prompt.buttons)
    assert ("went wrong" if fails == "crash" else "Not saved") in prompt.text
    crowd.rig.store.down = False
    dispatch.submit_form = take  # type: ignore[method-assign]
    await crowd.click(prompt, "Send")
    await crowd.until(lambda: "It is posted" in prompt.text)
    assert [(values["q0"], values["q6"]) for values in taken] == [("a long description", "the last")]
    assert await crowd.rig.rows("SELECT token FROM discord_forms") == []


async def test_who_decided_on_a_card_that_was_deleted_meanwhile_is_told(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions, "DECIDED", 0.2)
    card = await a_card(crowd)
    assert isinstance(crowd.rig.adapter, Through)
    async with crowd.rig.adapter.engine.sends.alone(card.id):
        click = await crowd.fake.click(crowd.rob, card, "Approve")
        assert click.kind == 6
        card.deleted = True
    await crowd.until(lambda: "approved" in click.said)
    assert len(await crowd.rig.states()) == 1


async def test_who_gave_a_reason_for_a_card_that_was_deleted_meanwhile_is_told(crowd: Crowd) -> None:
    card = await a_card(crowd)
    asked = await crowd.click(card, "Reject")
    card.deleted = True
    sent = await crowd.fill_in(asked, reason="Spam")
    await crowd.until(lambda: "rejected" in sent.said)


async def test_where_an_answer_has_no_words_what_became_of_a_deleted_card_is_shown(crowd: Crowd) -> None:
    card = await a_card(crowd)
    press = crowd.rig.dispatch.press

    async def wordless(actor: Actor, button: str) -> Reply:
        card.deleted = True
        return replace(await press(actor, button), text="")

    crowd.rig.dispatch.press = wordless  # type: ignore[method-assign]
    click = await crowd.click(card, "Approve")
    await crowd.until(lambda: "rob-d" in click.said)


async def test_what_comes_of_a_form_whose_private_message_was_dismissed_is_told(crowd: Crowd) -> None:
    await a_card(crowd, "a", "b")
    opened = await crowd.slash("review")
    await crowd.until(lambda: opened.original is not None and bool(opened.original.buttons))
    own = opened.original
    assert own is not None
    asked = await crowd.click(own, "Reject")
    own.deleted = True
    sent = await crowd.fill_in(asked, reason="Spam")
    await crowd.until(lambda: "rejected" in sent.said)
    assert sent.original is not None
    assert "Approve" in sent.original.buttons, "the next one"


async def test_an_answer_whose_pictures_are_too_large_comes_without_them(crowd: Crowd) -> None:
    crowd.fake.largest = 20_000
    crowd.album.pictures = {"a" * 64: b"x" * 30_000}

    async def show(actor: Actor, line: str, file: File | None = None) -> Reply:
        return Reply(card=a_drawn(pictures={"a" * 64: "One"}))

    async def press(actor: Actor, button: str) -> Reply:
        return Reply(card=a_drawn(words="Decided", pictures={"a" * 64: "One"}), replaces=True)

    crowd.rig.dispatch.command, crowd.rig.dispatch.press = show, press  # type: ignore[method-assign, assignment]
    shown = await crowd.slash("status")
    await crowd.until(lambda: "Waiting" in shown.said)
    assert shown.original is not None
    await crowd.click(shown.original, "Approve")
    await crowd.until(lambda: "Decided" in shown.said)
    assert shown.whispers == []


async def test_a_queue_of_ones_own_goes_on_in_its_own_message(crowd: Crowd) -> None:
    await a_card(crowd, "a", "b", "c")
    opened = await crowd.slash("review")
    await crowd.until(lambda: opened.original is not None and bool(opened.original.buttons))
    own = opened.original
    assert own is not None
    assert own.is_private
    before = own.text
    click = await crowd.click(own, "Approve")
    assert click.kind in CHANGES
    await crowd.until(lambda: own.text != before)
    assert click.whispers == []
    assert len(await crowd.rig.states()) == 1
    await crowd.click(own, "Stop")
    await crowd.until(lambda: "Stopped" in own.text)
