"""Buttons, forms and lines that nobody drew or meant, by everybody and by nobody: answered in words, and what is
refused changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from botcore.clock import ManualClock
from botcore.commands.core import FORMS, PRESSES, core_commands
from botcore.dispatch import stranger
from botcore.models import Channel, Role
from botcore.ui import Card, Reply, Result, to_json
from tests.core.market import START
from tests.core.rig import PEOPLE, Rig, Rigs, Setup, actor
from tests.fuzz.fuzzing import NASTY, NUMBERS, Fuzz, Snapshot, near

ROLES = {person.name: person.role for person in PEOPLE}
WHO = st.sampled_from(["olga", "mia", "rob", "rob", "vera", "vera", "nobody"])
READING = {"accounts", "cache", "jobs", "work"}  # what may be kept of what was only looked at
DECIDING = ("decisions", "operations", "bulks")  # whose rows say who made them
INSIDE = ("Traceback", "sqlite", "Errno", "codec", "not saved", "Something went wrong")  # no words for people

COMMANDS = [command.name for command in core_commands(["memory", "web"])]
_WORDS = """
A1 A2 A3 A7 #A3 A99 a b j-b ZZZZZZZZ999 AAAAAAAAA1 J1 J2 K3 q-1 q-2 b-1 op-1 w-a w-b main nobody olga vera owner 3
reason=Copied reason= bonus=0.10 bonus=1e9 satisfaction=good account=main account=x worker=w-a number=1
without-flags memory=66 web=yes speed=5 -1 999999999999 99999999999999999999 " = =x ,
"""
WORDS = _WORDS.split()
FIELDS = ["reason", "words", "bonus", "list", "satisfaction", "number", "x"]
ANSWERS = ["Copied", "0.10", "1", "-1", "7", "1e5", "good", "9" * 30]


@dataclass(frozen=True)
class Act:
    kind: str
    who: str
    text: str
    values: Mapping[str, str]


class Town:
    """A bot with one of each thing that a button can name; its engine stands still."""

    def __init__(self, rig: Rig, before: Snapshot) -> None:
        self.rig = rig
        self.before = before

    async def ask(self, act: Act) -> Reply:
        """Acts; whoever waits for the engine waits until they are told that it takes a while."""
        asked = asyncio.ensure_future(self._asked(act))
        while not (await asyncio.wait({asked}, timeout=0.05))[0]:
            self.rig.clock.advance(5)
        return asked.result()

    def _asked(self, act: Act) -> Awaitable[Reply]:
        match act.kind:
            case "press":
                return self.rig.press(act.who, act.text)
            case "form":
                return self.rig.dispatch.submit_form(actor(act.who), act.text, act.values)
        return self.rig.say(act.who, act.text)


@pytest.fixture(scope="module")
def town(runner: asyncio.Runner, folder: Path) -> Iterator[Town]:
    rigs = Rigs(folder, ManualClock(START))

    async def build() -> Town:
        rig = await rigs.start(Setup(channels=(Channel("inbox", "memory", "here", queue_above=2),)))
        for task in ("a", "b", "A2", "c"):
            rig.market.add(task, "J1")
        rig.market.add("j-a", "J2")
        rig.market.add("j-b", "J2", worker_id="A3")
        for number in range(25):
            rig.market.add(f"t{number}", f"K{number}")
        await rig.poll()
        await rig.say("rob", "approve a")
        await rig.say("mia", "worker block A2")
        await rig.say("olga", "reject-all J2 reason=Copied number=2")
        await rig.say("mia", "review")
        await rig.say("rob", "review")
        await rig.say("vera", "job list")
        await rig.say("olga", "person add ann reviewer memory=50")
        await rig.settle()
        assert rig._task
        rig._task.cancel()
        return Town(rig, await Snapshot.of(rig.store))

    yield runner.run(build())
    runner.run(rigs.close())


def buttons(town: Town) -> st.SearchStrategy[str]:
    lists = [row["key"].rpartition(":")[2] for row in town.before["cache"] if row["key"].startswith("view:")]
    queues = [f"q-{row['id']}" for row in town.before["queues"]]
    assert lists
    assert len(queues) == 3
    real = ["A1", "A2", "A3", "A5", "A6", "A2-A3", "op-1", "b-1", *queues, *lists]
    forged = [
        "A99",
        "ZZZZZZZZ999",
        "op-999999999999999",
        "b-0",
        "q-99",
        "op-²",
        "#A3",
        "a",
        "t1",
        "A3-",
        " A3",
        "%",
        "",
    ]
    verbs = st.sampled_from([*PRESSES, *FORMS])
    subjects = st.sampled_from(real) | st.sampled_from([*real, *forged]) | st.sampled_from(real).flatmap(near) | NASTY
    revisions = st.sampled_from(["0", "0", "1", "2", "3", "5", "٣", "-1", "00", "9" * 20]) | NUMBERS.map(str) | NASTY
    whole = st.tuples(verbs, subjects, revisions).map(":".join)
    return whole | whole | whole.flatmap(near) | st.tuples(NASTY, subjects, revisions).map(":".join) | NASTY


ANY_WORD = st.sampled_from(WORDS) | st.sampled_from(WORDS) | st.sampled_from(WORDS).flatmap(near) | NASTY
NAMED = st.tuples(st.sampled_from(["reason=", "bonus=", "account=", "worker=", "number=", "web=", "x="]), NASTY)
NAMES = st.sampled_from(COMMANDS)
ARGUMENTS = st.lists(ANY_WORD | ANY_WORD | NAMED.map("".join), max_size=5).map(" ".join)
LINES = st.tuples(NAMES | NAMES | NAMES | NAMES.flatmap(near), ARGUMENTS).map(" ".join) | NASTY
VALUES = st.dictionaries(st.sampled_from(FIELDS) | NASTY, st.sampled_from(ANSWERS) | NASTY, max_size=4)


def acts(kind: str, texts: st.SearchStrategy[str]) -> st.SearchStrategy[Act]:
    return st.builds(Act, st.just(kind), WHO, texts, VALUES if kind == "form" else st.just({}))


def test_buttons_that_nobody_drew(fuzz: Fuzz, town: Town) -> None:
    fuzz(acts("press", buttons(town)), checking(town), some=200)


def test_forms_that_nobody_drew(fuzz: Fuzz, town: Town) -> None:
    fuzz(acts("form", buttons(town)), checking(town), some=150)


def test_lines_that_nobody_meant(fuzz: Fuzz, town: Town) -> None:
    fuzz(acts("line", LINES), checking(town), some=200)


def test_lines_that_somebody_begins(fuzz: Fuzz, town: Town) -> None:
    async def check(act: Act) -> None:
        found = await town.rig.dispatch.complete(actor(act.who), act.text)
        assert len(found) <= 25
        assert not found or act.who != "nobody"
        to_json(found).encode()
        assert not town.before.changed(await town.before.now())

    fuzz(acts("line", LINES), check, some=100)


def checking(town: Town) -> Any:
    async def check(act: Act) -> None:
        try:
            reply = await town.ask(act)
            check_words(act, reply)
            check_effects(act, reply, town.before, await town.before.now())
        finally:
            if town.before.changed(await town.before.now()):
                await town.before.restore()

    return check


def check_words(act: Act, reply: Reply) -> None:
    assert not any(word in reply.text for word in INSIDE), reply.text
    assert reply.text or reply.card or reply.form
    assert len(reply.text) <= 2_000
    to_json(reply).encode()
    for button in reply.card.buttons if isinstance(reply.card, Card) else ():
        assert len(button.id.encode()) <= 64
    if reply.form:
        assert len(reply.form.id.encode()) <= 64
    if act.who == "nobody":
        known = actor("nobody")
        assert stranger(known)[1:] in reply.text
        assert (reply.result, reply.card, reply.form) == (Result.REFUSED, None, None)


def check_effects(act: Act, reply: Reply, before: Snapshot, after: Snapshot) -> None:
    changed = before.changed(after)
    if act.who == "nobody":
        assert not changed
    elif act.who == "vera":
        assert changed <= READING
    elif reply.result is Result.REFUSED and not reply.decisions:
        assert changed <= READING | {"queues"}, reply  # a queue of their own goes on, whatever was refused
    if act.who != "olga":
        assert not changed & {"people", "identities"}
    for table in DECIDING:
        known = {row["id"]: row for row in before[table]}
        made = [row for row in after[table] if row["id"] not in known]
        assert len(after[table]) == len(known) + len(made), "something is gone"
        assert {row["person"] for row in made} <= {act.who}
        assert not made or ROLES[act.who].covers(Role.REVIEWER)
    others = {row["id"]: row for row in before["queues"] if row["person"] not in ("", act.who)}
    for row in after["queues"]:
        if row["id"] in others and not changed & {"decisions", "submissions"}:
            assert row == others[row["id"]], "somebody else's queue"
