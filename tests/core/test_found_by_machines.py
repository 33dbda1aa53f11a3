"""What random orders of events have found, told as plain stories."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from botcore.kinds import Args, OperationKind
from botcore.models import Role, SightingState
from botcore.operations import Proposal, confirm, quote
from botcore.provider import OutcomeUnknown
from botcore.store.backup import backup, restore
from botcore.ui import Result
from tests.core.rig import INBOX, LIMITS, Rig, Rigs, Setup, until, words


async def test_a_decision_overtaken_by_a_list_that_was_wrong_keeps_nobody_from_deciding_again(rig: Rig) -> None:
    await rig.decide("a")
    rig.market.hidden.add("a")
    await rig.poll(sweep=True)
    await rig.poll(sweep=True)
    assert await rig.states() == ["overtaken"]
    rig.market.hidden.clear()
    await rig.poll(sweep=True)
    assert rig.adapter.badges() == ["Waiting"]
    await rig.press("mia", "approve:A1:0")
    await rig.turn(20)
    assert await rig.states() == ["undone", "confirmed"]
    assert rig.market.ledger() == {"a": 1}


async def restored(rigs: Rigs, rig: Rig, backup: Path) -> Rig:
    """The bot that starts on an older database."""
    await rig.kill()
    path = backup.with_name("restored.db")
    restore(backup, path)
    return await rigs.start(path=path, world=rig)


async def test_a_card_from_after_a_backup_never_comes_to_mean_another_submission(rigs: Rigs, tmp_path: Path) -> None:
    rig = await rigs.start()
    backup(rig.store.path, tmp_path / "old")
    for task in ("a", "b"):
        rig.market.add(task)
        await rig.poll()
    after = await restored(rigs, rig, tmp_path / "old")
    rig.market.rate_on_website("a", SightingState.APPROVED)
    await after.poll()
    (of_a, of_b, _) = after.adapter.shown()
    for card in (of_a, of_b):
        reply = await after.press("rob", card.buttons[0].id)
        assert (reply.result, reply.text) == (Result.REFUSED, "There is no such submission.")


async def test_a_card_that_shows_what_a_restored_database_does_not_know_is_drawn_anew(
    rigs: Rigs, tmp_path: Path
) -> None:
    rig = await rigs.start()
    rig.market.add("a")
    await rig.poll()
    backup(rig.store.path, tmp_path / "old")
    await rig.press("rob", "approve:A1:0")
    await rig.settle()
    after = await restored(rigs, rig, tmp_path / "old")
    await after.settle()
    assert after.adapter.badges() == ["Waiting"]


async def test_what_may_wait_again_is_drawn_anew_after_a_restore(rigs: Rigs, tmp_path: Path) -> None:
    rig = await rigs.start()
    rig.market.add("a")
    await rig.poll()
    rig.market.rate_on_website("a", SightingState.REPORTED)
    await rig.poll(sweep=True)
    assert rig.adapter.badges() == ["Reported"]
    backup(rig.store.path, tmp_path / "old")
    rig.market.tasks["a"].state = SightingState.WAITING
    await rig.poll()
    await rig.press("rob", "approve:A1:0")
    await rig.settle()
    after = await restored(rigs, rig, tmp_path / "old")
    await after.settle()
    assert after.adapter.badges() == ["Reported"]


async def test_a_doubt_whose_answer_could_not_be_saved_is_told_at_once(rigs: Rigs) -> None:
    async def fill_the_disk(provider: Any, args: Args) -> str:
        rig.store.down = True
        raise OutcomeUnknown("no answer")

    kind = OperationKind("spend", Role.OWNER, fill_the_disk)
    rig = await rigs.start(Setup(kinds={kind.name: kind}))
    proposal = Proposal(kind=kind, account="main", args={}, summary="Spend.", person="olga", via="memory")
    number = await rig.store.tx(quote, proposal, rig.clock.ms())
    await rig.store.tx(confirm, number, "olga", "memory", LIMITS, rig.clock.ms())
    await until(lambda: rig.store.down)
    rig.store.down = False
    await rig.patiently(rig.engine.idle())
    assert rig.adapter.badges() == ["In doubt"]


async def test_what_reviewers_left_lying_in_queues_of_their_own_comes_back_to_the_channel(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(channels=(replace(INBOX, queue_above=1),)))
    rig.market.add("a")
    rig.market.add("b")
    await rig.poll()
    for who in ("rob", "mia"):
        await rig.say(who, "review")
    await rig.settle()
    assert "The rest is being reviewed by others." in words(rig.adapter.shown()[0])
    await rig.turn(15 * 60)
    assert "Approve" in [button.label for button in rig.adapter.shown()[0].buttons]
