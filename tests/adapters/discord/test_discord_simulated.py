"""What people do in a Discord server, from the first card to a restart, played by simcord."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import simcord

from botcore.models import Channel, Proof, ProofKind
from botcore.store.port import Tx
from botcore.ui import Completion, Form, Input, Reply
from botcore_discord import interactions
from tests.adapters.discord.cards import HOSTILE
from tests.adapters.discord.reading import buttons, outline, read, texts
from tests.adapters.discord.simulated import Simulated, said, simulated
from tests.adapters.discord.world import IN_TIME
from tests.core.rig import Setup

ALONE = Channel("inbox", "memory", "here", queue_above=2)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Simulated]:
    async with simulated(tmp_path) as town:
        town.rig.market.add("t1", proofs=(Proof(ProofKind.TEXT, "Your name", HOSTILE),))
        await town.poll()
        yield town


def shown(town: Simulated, number: int = 0) -> list[dict[str, Any]]:
    """The components of a message in the channel, as it is now."""
    message = town.messages[number]
    return [component.to_dict() for component in message.components]  # type: ignore[misc]


def words(result: simcord.InteractionResult) -> str:
    return "\n".join(text for components in said(result) for text in texts(components))


def modal(result: simcord.InteractionResult) -> dict[str, Any]:
    assert result.modal is not None
    return result.modal


# --- cards


async def test_a_card_stands_in_the_channel_with_its_buttons(town: Simulated) -> None:
    assert list(buttons(shown(town))) == ["Approve", "Revise", "Reject", "More"]
    assert town.messages[0].mentions == []
    assert not town.messages[0].mention_everyone
    assert HOSTILE in read("\n".join(texts(shown(town)))).seen


async def test_a_click_decides_and_the_card_says_so_at_once(town: Simulated) -> None:
    result = await town.click("rob", town.messages[0], "Approve")
    assert result.acknowledged
    assert await town.rig.states() == ["held"]
    assert "Approved by rob-d" in outline(shown(town))
    assert list(buttons(shown(town))) == ["Undo"]


async def test_who_has_no_role_is_told_so_alone(town: Simulated) -> None:
    for who in ("nobody", "vera"):
        assert words(await town.click(who, town.messages[0], "Approve"))
    assert await town.rig.states() == []
    assert "you are a viewer" in words(await town.slash("vera", "approve", ids="A1"))
    assert "ask an owner to let you in" in words(await town.slash("nobody", "status")).lower()


async def test_a_queue_moves_on_with_each_decision(tmp_path: Path) -> None:
    async with simulated(tmp_path, Setup(channels=(ALONE,))) as town:
        for number in range(4):
            town.rig.market.add(f"t{number}")
        await town.poll()
        (card,) = town.messages
        assert "4 waiting" in outline(shown(town))
        await town.click("rob", card, "Approve")
        assert len(town.messages) == 1
        assert "3 waiting" in outline(shown(town))
        assert any(label.startswith("Undo") for label in buttons(shown(town)))


async def test_a_queue_of_ones_own_is_private_and_goes_on_in_place(town: Simulated) -> None:
    for number in range(2, 4):
        town.rig.market.add(f"t{number}")
    await town.poll()
    opened = await town.slash("rob", "review")
    (first,) = said(opened)
    assert "3 waiting" in outline(first)
    assert opened.response is not None
    moved = await town.click("rob", opened.response, "Approve")
    assert moved.followups == []
    assert opened.response is not None
    assert "2 waiting" in outline(opened.response.components)


# --- commands


async def test_commands_are_told_once_and_again_when_they_change(town: Simulated) -> None:
    def told() -> int:
        return sum(name.startswith("PUT") and "commands" in name for _, name, _ in town.env.backend.transcript)

    before = told()
    await town.start()
    await town.engine._sync(force=False)
    assert told() == before
    await town.engine.sync()
    assert told() == before + 1


async def test_managers_commands_are_hidden_from_others_and_checked_all_the_same(town: Simulated) -> None:
    offered = town.members["rob"].available_commands(town.channel)
    assert "approve" in offered
    assert "job pause" in offered  # a group has one permission, and others in it are for everybody
    assert "person add" not in offered
    assert "person add" in town.members["mia"].available_commands(town.channel)
    assert "needs an owner" in words(await town.slash("mia", "person remove", name="vera-d"))
    assert "needs a manager" in words(await town.slash("rob", "job pause", job="J1"))


async def test_a_command_with_typed_options_is_done(town: Simulated) -> None:
    town.rig.market.add("t2")
    await town.poll()
    result = await town.slash("rob", "reject", ids="A1 A2", reason="Not what was asked", satisfaction="incorrect")
    assert words(result).startswith("A1 rejected; A2 rejected")
    assert len(await town.rig.states()) == 2


async def test_what_could_be_typed_is_offered_from_what_is_kept(town: Simulated) -> None:
    assert [c["value"] for c in await town.complete("rob", "show", "id", "A")] == ["A1"]
    assert [c["value"] for c in await town.complete("rob", "show", "account", "")] == ["main"]
    offered = await town.complete("rob", "reject", "reason", "not", ids="A1")
    assert [c["value"] for c in offered] == ["Not what was asked"]
    assert await town.complete("nobody", "show", "id", "") == []
    assert town.rig.market.asked.total() == 0


async def test_where_nothing_is_found_in_time_nothing_is_offered(
    town: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def complete(actor: Any, line: str) -> list[Completion]:
        await asyncio.sleep(60)
        return [Completion("id=A1", "A1")]

    town.rig.dispatch.complete = complete  # type: ignore[method-assign]
    assert interactions.COMPLETED < IN_TIME - 1
    monkeypatch.setattr(interactions, "COMPLETED", 0.1)
    assert await town.complete("rob", "show", "id", "A") == []
    assert "callback" in town.env.backend.transcript[-1][1]


async def test_a_long_answer_is_whole_in_private_messages(town: Simulated) -> None:
    town.rig.market.add("t2", proofs=(Proof(ProofKind.TEXT, "Story", " ".join(f"w{n}" for n in range(1_200))),))
    await town.poll()
    assert "Show all" in buttons(shown(town, 1))
    result = await town.click("rob", town.messages[1], "Show all")
    assert len(said(result)) > 1
    assert "w1199" in words(result)


# --- forms


async def test_a_rejection_is_one_click_and_one_modal(town: Simulated) -> None:
    opened = await town.click("rob", town.messages[0], "Reject")
    assert [label["label"] for label in modal(opened)["components"]] == ["Reason", "Own words"]
    await town.fill_in("rob", opened, reason=["=Spam"], words="Please read the job.")
    (row,) = await town.rig.rows("SELECT verdict, comment, person FROM decisions")
    assert row["verdict"] == "reject"
    assert row["comment"].endswith("Please read the job.")
    assert row["person"] == "rob-d"
    assert "Rejected by rob-d" in outline(shown(town))


async def test_what_was_wrong_in_a_modal_is_said_and_edited_with_what_was_typed(town: Simulated) -> None:
    more = await town.click("rob", town.messages[0], "More")
    assert more.response is not None
    opened = await town.click("rob", more.response, "Approve with a bonus…")
    refused = await town.fill_in("rob", opened, bonus="seven", words="Thanks")
    assert "is an amount of dollars" in words(refused)
    message = refused.response or refused.followups[0]
    again = await town.click("rob", message, "Edit")
    values = {label["component"]["custom_id"]: label["component"].get("value") for label in modal(again)["components"]}
    assert (values["bonus"], values["words"]) == ("seven", "Thanks")
    await town.fill_in("rob", again, bonus="0.50", words="Thanks")
    assert await town.rig.value("SELECT bonus FROM decisions") == "0.50"


async def test_a_modal_that_was_open_over_a_restart_is_taken(town: Simulated) -> None:
    opened = await town.click("rob", town.messages[0], "Reject")
    await town.start()
    await town.fill_in("rob", opened, reason=["=Copied"])
    assert await town.rig.states() == ["held"]


async def test_a_form_of_many_questions_goes_from_modal_to_modal(town: Simulated) -> None:
    asked = Form("post:D1:0", "A new job", tuple(Input(f"q{n}", f"Question {n}") for n in range(7)))
    got: list[dict[str, str]] = []

    async def press(actor: Any, button: str) -> Reply:
        return Reply(form=asked)

    async def take(actor: Any, form: str, values: Any) -> Reply:
        got.append(dict(values))
        return Reply("Posted.")

    town.rig.dispatch.press, town.rig.dispatch.submit_form = press, take  # type: ignore[method-assign]
    opened = await town.click("rob", town.messages[0], "More")
    step = await town.fill_in("rob", opened, q0="first")
    assert "1 of 2 steps" in words(step)
    await town.start()
    assert step.response is not None
    last = await town.click("rob", step.response, "Continue")
    done = await town.fill_in("rob", last, q6="last")
    assert got == [{**{f"q{n}": "" for n in range(7)}, "q0": "first", "q6": "last"}]
    assert "Posted." in words(step) + words(done)


async def test_two_people_reject_at_once_and_one_of_them_is_first(town: Simulated) -> None:
    mine = await town.click("rob", town.messages[0], "Reject")
    theirs = await town.click("mia", town.messages[0], "Reject")
    await town.fill_in("mia", theirs, reason=["=Copied"])
    late = await town.fill_in("rob", mine, reason=["=Spam"])
    assert words(late) == "Mia-d was first: rejected A1."
    assert await town.rig.value("SELECT person FROM decisions") == "mia-d"


# --- time


async def test_a_button_from_before_a_restart_works(town: Simulated) -> None:
    card = town.messages[0]
    await town.start()
    await town.click("rob", card, "Approve")
    assert await town.rig.states() == ["held"]


async def test_a_click_that_arrives_late_counts_and_is_answered(town: Simulated) -> None:
    town.rig.clock.advance(2.8)  # a little more, and Discord would have given up
    result = await town.members["rob"].click(town.messages[0], label="Approve")
    assert result.acknowledged
    assert await town.rig.states() == ["held"]


async def test_a_form_that_cannot_be_opened_in_time_waits_behind_a_button(town: Simulated) -> None:
    town.rig.clock.advance(2.8)
    late = await town.members["rob"].click(town.messages[0], label="Reject")
    assert late.modal is None
    message = late.response if late.response and late.response.ephemeral else late.followups[0]
    opened = await town.click("rob", message, "Fill in")
    await town.fill_in("rob", opened, reason=["=Spam"])
    assert await town.rig.states() == ["held"]


# --- pictures


async def test_pictures_are_attached_and_stay_when_the_card_changes(town: Simulated) -> None:
    shots = tuple(Proof(ProofKind.PICTURE, f"Page {n}", url=f"https://pictures.example/{n}.png") for n in (1, 2))
    town.rig.market.add("t2", proofs=shots)
    await town.poll()
    for number in (1, 2):
        town.album.pictures[f"key{number}"] = (b"\x89PNG", "image/png")

    def arrive(tx: Tx) -> None:
        tx.q("UPDATE pictures SET state = 'ready', sha256 = 'key' || substr(url, -5, 1), media_type = 'image/png'")

    await town.rig.store.tx(arrive)
    await town.turn(60)  # so long a card waits for its pictures, at most
    assert [file.filename for file in town.messages[1].attachments] == ["key1.png", "key2.png"]
    await town.click("rob", town.messages[1], "Approve")
    assert [file.filename for file in town.messages[1].attachments] == ["key1.png", "key2.png"]
    await town.click("rob", town.messages[1], "Undo")
    assert [file.filename for file in town.messages[1].attachments] == ["key1.png", "key2.png"]
    assert outline(shown(town, 1)).count("[picture ") == 2
