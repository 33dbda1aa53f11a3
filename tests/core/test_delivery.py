"""Cards follow what they are about, in every channel, through every failure of a messenger."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from botcore import delivery
from botcore.adapter import ChannelBroken, MessageGone, SendFailed, SendUnknown, Traffic
from botcore.models import Channel, Proof, ProofKind
from botcore.notices.kinds import Event, Hearing
from botcore.ui import Card, MessageRef
from tests.core.market import HOUR, lost_after
from tests.core.rig import INBOX, Rig, Rigs, Setup, until

TEAM = Channel("team", "memory", "there")
SECOND_ONLY = Channel("second", "memory", "elsewhere", accounts=("second",))
NEWS = Channel("news", "memory", "news", purpose="notify", hears=Hearing(events=(Event.SUMMARY,)))


async def come_in(rig: Rig, *tasks: str, **more: Any) -> None:
    for task in tasks:
        rig.market.add(task, **more)
    await rig.poll()


async def due(rig: Rig) -> list[str]:
    return [row["state"] for row in await rig.rows("SELECT state FROM deliveries ORDER BY id")]


# --- where cards go


async def test_a_card_goes_to_every_channel_that_takes_its_account(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(accounts=("main", "second"), channels=(INBOX, TEAM, SECOND_ONLY, NEWS)))
    rig.markets["main"].add("a")
    rig.markets["second"].add("b")
    for name in rig.markets:
        await rig.poll(name)
    assert sorted(rig.adapter.where.values()) == ["inbox", "inbox", "second", "team", "team"]


async def test_every_change_reaches_every_copy(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(channels=(INBOX, TEAM)))
    await come_in(rig, "a")
    await rig.press("rob", "approve:A1:0")
    await rig.settle()
    assert rig.adapter.badges() == ["Approved by rob"] * 2
    assert [button.label for button in rig.adapter.shown()[0].buttons] == ["Undo"]
    await rig.press("mia", "undo:A1:0")
    await rig.settle()
    assert rig.adapter.badges() == ["Waiting"] * 2
    await rig.press("rob", "approve:A1:0")
    rig.market.steps = [lost_after]
    await rig.turn(80)
    for versions in rig.adapter.messages.values():
        assert [card.badge for card in versions][:3] == ["Waiting", "Approved by rob", "Waiting"]
        assert versions[-1] == rig.adapter.shown()[0]
        assert [button.label for button in versions[-1].buttons] == ["More"]


async def test_many_changes_before_an_edit_are_one_edit(rig: Rig) -> None:
    await come_in(rig, "a")
    for _ in range(10):
        await rig.store.tx(delivery.touch, "submission:1", rig.clock.ms() + 1000)
    await rig.turn(1)
    await rig.settle()
    assert rig.adapter.edits == 1


async def test_a_change_that_nobody_waits_for_does_not_hurry_because_it_came_during_an_edit(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await come_in(rig, "a")
    in_flight, go = asyncio.Event(), asyncio.Event()
    edit = rig.adapter.edit

    async def slow(ref: MessageRef, card: Card) -> None:
        in_flight.set()
        await go.wait()
        await edit(ref, card)

    monkeypatch.setattr(rig.adapter, "edit", slow)
    await rig.store.tx(delivery.touch, "submission:1", 0, delivery.LAZY)
    await asyncio.wait_for(in_flight.wait(), 60)
    rig.adapter.pauses = {Traffic.OTHER: 9}
    await rig.store.tx(delivery.touch, "submission:1", 0, delivery.LAZY)
    go.set()
    await until(lambda: rig.adapter.edits == 1)
    await rig.settle()
    assert rig.adapter.edits == 1
    rows = await rig.rows("SELECT state, shown, wanted FROM deliveries")
    assert [(row["state"], row["wanted"] - row["shown"]) for row in rows] == [("edit due", 1)]


async def test_cards_that_change_all_the_time_in_twenty_channels_take_nobodys_place(rigs: Rigs) -> None:
    channels = tuple(Channel(f"c{n}", "memory", "there", queue_above=1_000) for n in range(20))
    rig = await rigs.start(Setup(channels=channels))
    await come_in(rig, "a", "b")
    rig.adapter.pauses = {Traffic.OTHER: 60}
    for _ in range(3):
        await rig.store.tx(delivery.touch, "submission:2", 0, delivery.LAZY)
        await rig.turn(1)
    await come_in(rig, "c")
    await rig.say("rob", "approve a")
    await rig.settle()
    assert len(rig.adapter.messages) == 60
    assert rig.adapter.badges().count("Approved by rob") == rig.adapter.edits == 20
    rig.adapter.pauses = {}
    await rig.turn(60)
    await rig.settle()
    assert rig.adapter.edits >= 40
    assert set(await due(rig)) == {"sent"}


async def test_a_change_during_a_send_is_shown_after_it(rig: Rig) -> None:
    in_flight, go = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        in_flight.set()
        await go.wait()

    rig.adapter.before_send = slow
    rig.market.add("a")
    await rig.intake.poll(rig.account)
    await asyncio.wait_for(in_flight.wait(), 60)
    await rig.say("rob", "approve a")
    go.set()
    await rig.settle()
    assert [[card.badge for card in versions] for versions in rig.adapter.messages.values()] == [
        ["Waiting", "Approved by rob"]
    ]


async def test_a_quick_answer_saves_the_edit_that_says_it_is_on_its_way(rig: Rig) -> None:
    await come_in(rig, "a")
    await rig.say("rob", "approve a")
    await rig.turn(30)
    badges = [(card.badge, len(card.buttons)) for card in rig.adapter.messages["1"]]
    assert badges == [("Waiting", 4), ("Approved by rob", 1), ("Approved by rob", 1)]


async def test_an_edit_that_shows_a_decision_goes_before_new_cards(rig: Rig) -> None:
    order: list[str] = []
    in_flight, go = asyncio.Event(), asyncio.Event()

    async def note() -> None:
        order.append("send")
        if len(order) == 2:
            in_flight.set()
            await go.wait()

    rig.adapter.before_send = note
    await come_in(rig, "a")
    for task in "bcdef":
        rig.market.add(task)
    await rig.intake.poll(rig.account)
    await asyncio.wait_for(in_flight.wait(), 60)
    await rig.say("rob", "approve a")
    go.set()
    await until(lambda: rig.adapter.edits == 1)
    assert len(order) <= 3
    await rig.settle()
    assert len(order) == 6


async def test_a_messenger_says_when_and_then_the_most_urgent_goes_first_as_things_are_by_then(rig: Rig) -> None:
    await come_in(rig, "a")
    rig.adapter.pauses = {Traffic.DECISION: 3, Traffic.NEW: 9, Traffic.OTHER: 9}
    await come_in(rig, "b", "c")
    await rig.say("rob", "approve a")
    await rig.settle()
    assert rig.adapter.badges() == ["Waiting"]
    await rig.say("mia", "undo a")
    await rig.say("mia", "reject a reason=no")
    rig.adapter.pauses = {Traffic.NEW: 6}
    await rig.turn(3)
    assert [card.badge for card in rig.adapter.messages["1"]] == ["Waiting", "Rejected by mia"]
    assert len(rig.adapter.messages) == 1
    rig.adapter.pauses = {}
    await rig.turn(6)
    assert len(rig.adapter.messages) == 3


async def test_a_card_waits_a_little_for_its_pictures(rig: Rig) -> None:
    picture = Proof(ProofKind.PICTURE, "A screenshot", url="https://example.com/1.png")
    await come_in(rig, "a", proofs=(picture,))
    assert rig.adapter.messages == {}
    await rig.turn(4)
    assert len(rig.adapter.messages) == 1


async def test_what_was_shown_is_no_longer_new(rig: Rig) -> None:
    rig.adapter.errors = [SendFailed("busy", 5)]
    await come_in(rig, "a")
    assert await rig.states("submissions") == ["new"]
    await rig.turn(5)
    assert await rig.states("submissions") == ["shown"]


async def test_what_is_not_shown_yet_can_be_decided_already(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(channels=()))
    await come_in(rig, "a")
    assert await rig.states("submissions") == ["new"]
    await rig.say("rob", "approve a")
    await rig.turn(20)
    assert await rig.states() == ["confirmed"]


# --- when a messenger fails


async def test_what_was_surely_not_sent_is_sent_when_the_messenger_says(rig: Rig) -> None:
    rig.adapter.errors = [SendFailed("too many", 30)]
    await come_in(rig, "a")
    assert await due(rig) == ["due"]
    await rig.turn(29)
    assert rig.adapter.calls == 1
    await rig.turn(1)
    assert len(rig.adapter.messages) == 1
    assert rig.adapter.keys == ["1"]


async def test_an_edit_that_was_not_made_is_made_later(rig: Rig) -> None:
    await come_in(rig, "a")
    rig.adapter.errors = [SendFailed("too many", 30), SendUnknown("no answer")]
    await rig.say("rob", "approve a")
    await rig.turn(40)
    assert rig.adapter.badges() == ["Approved by rob"]
    assert await due(rig) == ["sent"]


async def test_a_send_without_an_answer_is_repeated_under_the_same_key(rig: Rig) -> None:
    rig.adapter.errors = [SendUnknown("no answer")]
    await come_in(rig, "a")
    assert await due(rig) == ["in doubt"]
    await rig.turn(10)
    assert rig.adapter.keys == ["1"]
    assert await due(rig) == ["sent"]


async def test_a_messenger_that_never_answers_gets_no_flood_of_copies(rig: Rig) -> None:
    rig.adapter.errors = [SendUnknown("no answer") for _ in range(1000)]
    await come_in(rig, "a")
    await rig.turn(HOUR)
    assert rig.adapter.calls <= 22


async def test_a_kill_during_a_send_shows_the_card(rigs: Rigs) -> None:
    rig = await rigs.start()
    in_flight, go = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        in_flight.set()
        await go.wait()

    rig.adapter.before_send = hang
    rig.market.add("a")
    await rig.intake.poll(rig.account)
    await asyncio.wait_for(in_flight.wait(), 60)
    rig.adapter.before_send = None
    after = await rigs.killed(rig)
    await after.settle()
    assert await due(after) == ["sent"]
    assert after.adapter.badges() == ["Waiting"]
    go.set()


async def test_a_kill_during_an_edit_makes_the_edit(rigs: Rigs) -> None:
    rig = await rigs.start()
    await come_in(rig, "a")
    await rig.store.tx(lambda tx: tx.q("UPDATE deliveries SET state = 'editing', wanted = 2"))
    after = await rigs.killed(rig)
    await after.settle()
    assert await due(after) == ["sent"]
    assert after.adapter.edits == 1


async def test_a_broken_channel_pauses_and_loses_nothing(rig: Rig) -> None:
    rig.adapter.errors = [ChannelBroken("the bot was removed from the group") for _ in range(3)]
    await come_in(rig, *(f"t{n}" for n in range(20)))
    assert rig.delivery.broken == {"inbox": "the bot was removed from the group"}
    await rig.turn(14 * 60)
    assert rig.adapter.calls == 3  # one try every five minutes, not one for each card
    assert rig.adapter.messages == {}
    await rig.turn(6 * 60)
    assert len(rig.adapter.messages) == 20
    assert rig.delivery.broken == {}


async def test_a_broken_channel_does_not_hold_up_another(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(channels=(INBOX, TEAM)))
    rig.adapter.errors = [ChannelBroken("gone")]
    await come_in(rig, "a", "b")
    assert len(rig.adapter.messages) == 2
    assert len(set(rig.adapter.where.values())) == 1
    assert len(rig.delivery.broken) == 1


async def test_a_deleted_message_is_left_alone(rig: Rig) -> None:
    await come_in(rig, "a")
    rig.adapter.errors = [MessageGone("deleted")]
    await rig.say("rob", "approve a")
    await rig.turn(HOUR)
    assert await due(rig) == ["gone"]
    assert rig.adapter.calls == 2
    assert await rig.states() == ["confirmed"]


@pytest.mark.parametrize("error", [RuntimeError("a bug in it"), asyncio.CancelledError()])
async def test_a_messenger_with_a_bug_is_tried_again(rig: Rig, error: BaseException) -> None:
    rig.adapter.errors = [error]
    await come_in(rig, "a")
    await rig.turn(5)
    assert rig.adapter.badges() == ["Waiting"]


async def test_a_card_for_a_channel_that_was_taken_from_the_config_is_dropped(rigs: Rigs) -> None:
    rig = await rigs.start()
    rig.adapter.errors = [SendFailed("busy", 60)]
    await come_in(rig, "a")
    path = rigs.copy(rig)
    rig.store.down = True
    after = await rigs.start(Setup(channels=(TEAM,)), path=path, world=rig)
    await after.turn(120)
    assert await after.value("SELECT state FROM deliveries WHERE channel = 'inbox'") == "gone"
    assert set(after.adapter.where.values()) == {TEAM.name}  # what is open has a card there now
