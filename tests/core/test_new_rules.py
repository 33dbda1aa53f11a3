"""A rule that is new begins with what waits already: once, bounded, and never over what people have said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from botcore.rules import desk
from tests.core.market import HOUR, START
from tests.core.rig import Rig, Rigs, Setup
from tests.core.test_rules import code, hand_in, load, rule_text


async def restarted(rigs: Rigs, rig: Rig, folder: Path, *rules: str) -> Rig:
    """The same bot with other rules, once it has read the marketplace."""
    await rig.stop()
    setup = replace(rig.setup, rules=load(folder, *rules).rules)
    after = await rigs.start(setup, path=rig.store.path, world=rig)
    after.clock.advance(1)
    await after.poll(sweep=True)
    await after.turn(HOUR)
    return after


async def found(rig: Rig) -> list[tuple[str, str, str]]:
    rows = await rig.rows(
        """SELECT s.task_id, f.rule, f.outcome FROM rule_findings f JOIN submissions s ON s.id = f.submission
           ORDER BY s.task_id, f.rule"""
    )
    return [(row["task_id"], row["rule"], row["outcome"]) for row in rows]


@pytest.mark.parametrize(("shadow", "outcome", "rated"), [("true", "shadow", 0), ("false", "approved", 1)])
async def test_a_new_rule_judges_what_waits(rigs: Rigs, tmp_path: Path, shadow: str, outcome: str, rated: int) -> None:
    rig = await rigs.start()
    await hand_in(rig, "t1")
    await hand_in(rig, "t2", proofs=(code("wrong"),))
    rig = await restarted(rigs, rig, tmp_path, rule_text("new", shadow=shadow))
    assert await found(rig) == [("t1", "new", outcome), ("t2", "new", "no")]
    assert len(rig.market.effects) == rated


async def test_a_rule_that_was_there_judges_nothing_anew(rigs: Rigs, tmp_path: Path) -> None:
    rules = [rule_text("old", shadow="true"), rule_text("other", shadow="true")]
    rig = await rigs.start(Setup(rules=load(tmp_path, rules[0]).rules))
    await hand_in(rig, "t1")
    rig = await restarted(rigs, rig, tmp_path, rules[0].replace("shadow = true", "shadow = false"), rules[1])
    assert await found(rig) == [("t1", "old", "shadow"), ("t1", "other", "shadow")]
    assert rig.market.effects == []


async def test_what_one_rule_has_left_to_people_no_new_one_approves(rigs: Rigs, tmp_path: Path) -> None:
    rig = await rigs.start(Setup(rules=load(tmp_path, rule_text("first", sample=1)).rules))
    await hand_in(rig, "t1")
    rig = await restarted(rigs, rig, tmp_path, rule_text("first", sample=1), rule_text("second"))
    assert await found(rig) == [("t1", "first", "sample")]
    assert rig.market.effects == []


async def test_what_somebody_has_taken_back_is_left_to_people(rigs: Rigs, tmp_path: Path) -> None:
    rig = await rigs.start()
    await hand_in(rig, "t1")
    await rig.say("rob", "approve t1")
    await rig.say("rob", "undo")
    rig = await restarted(rigs, rig, tmp_path, rule_text("new"))
    assert await found(rig) == []
    assert rig.market.effects == []


async def test_what_leaves_first_is_judged_first_and_not_all_of_a_flood(
    rigs: Rigs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "MOST_WAITING", 2)
    rig = await rigs.start()
    for days, task in enumerate(("late", "later", "soon", "sooner")):
        await hand_in(rig, task, deadline=START + timedelta(days=20 - days))
    rig = await restarted(rigs, rig, tmp_path, rule_text("new"))
    assert [task for task, _, _ in await found(rig)] == ["soon", "sooner"]


async def test_only_what_it_covers(rigs: Rigs, tmp_path: Path) -> None:
    rig = await rigs.start()
    await hand_in(rig, "t1")
    rig = await restarted(rigs, rig, tmp_path, rule_text("new", accounts=None, jobs='["J2"]'))
    assert await found(rig) == []
