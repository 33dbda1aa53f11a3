"""What people type, press and fill in: never more than they may, and never an error of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botcore.clock import ManualClock
from botcore.commands.core import FORMS, PRESSES, core_commands
from botcore.commands.registry import Command
from botcore.models import Role
from botcore.provider import Unavailable
from botcore.ui import Reply, Result
from tests.core.market import START
from tests.core.rig import Rig, Rigs, Setup, actor
from tests.core.typed import TYPED

COMMANDS = core_commands(["memory", "web", "my-chat"])
ROLES = {"olga": Role.OWNER, "mia": Role.MANAGER, "rob": Role.REVIEWER, "vera": Role.VIEWER}
ID_LINE = "Ask an owner to let you in: your id here is 666 (memory)"

LINES = {
    "help": "help",
    "whoami": "whoami",
    "status": "status",
    "balance": "balance",
    "plugins": "plugins",
    "job list": "job list",
    "job show": "job show J1",
    "job post": "job post",
    "job clone": "job clone J1",
    "job drafts": "job drafts",
    "job draft": "job draft draft-1",
    "job blank": "job blank",
    "job pause": "job pause J1",
    "job resume": "job resume J1",
    "job stop": "job stop J1",
    "job restart": "job restart J1",
    "job add-positions": "job add-positions J1 10",
    "job speed": "job speed J1 500",
    "job ttr": "job ttr J1 3",
    "template list": "template list",
    "template show": "template show acme",
    "template save": "template save draft-1 acme",
    "template delete": "template delete acme",
    "template rename": "template rename acme other",
    "template export": "template export acme",
    "template import": "template import",
    "pending": "pending",
    "review": "review",
    "show": "show A1",
    "approve": "approve A1",
    "revise": "revise A1 reason=More",
    "reject": "reject A1 reason=No",
    "undo": "undo A1",
    "approve-all": "approve-all J1",
    "reject-all": "reject-all J1 reason=No number=1",
    "bulk show": "bulk show b-1",
    "history": "history",
    "rules": "rules",
    "mute": "mute waiting for=2h",
    "unmute": "unmute",
    "subscribe": "subscribe lapsed",
    "subscriptions": "subscriptions",
    "report": "report 14",
    "export": "export decisions",
    "audit": "audit",
    "worker show": "worker show A1",
    "worker block": "worker block A1",
    "worker unblock": "worker unblock A1",
    "catalogue zones": "catalogue zones",
    "catalogue categories": "catalogue categories",
    "catalogue countries": "catalogue countries",
    "catalogue lists": "catalogue lists",
    "list show": "list show",
    "list add": "list add 7 w1",
    "person list": "person list",
    "person add": "person add ann viewer memory=50",
    "person remove": "person remove ann",
    "person role": "person role ann viewer",
}


FORM_SUBJECTS = {
    "confirm-all": "b-1",
    "pick": "new",
    "draft": "draft-1",
    "fill": "draft-1",
    "template": "draft-1",
    "job-add": "job-1",
    "job-resume": "job-1",
}
FORM_ENDS = {  # two ask for Confirm; an unfinished draft; a marketplace where jobs are resumed as they are
    "reject-all": Result.NEEDS_CONFIRMATION,
    "job-add": Result.NEEDS_CONFIRMATION,
    "pick": Result.REFUSED,
    "draft": Result.REFUSED,
    "job-resume": Result.REFUSED,
}

# --- who may


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    return {table for table in before if before[table] != after[table]}


async def everything(rig: Rig) -> dict[str, Any]:
    tables = [
        "decisions",
        "submissions",
        "operations",
        "bulks",
        "spending",
        "people",
        "identities",
        "worker_records",
        "audit",
        "drafts",
        "templates",
    ]
    found: dict[str, Any] = {table: [dict(r) for r in await rig.rows(f"SELECT * FROM {table}")] for table in tables}
    return {**found, "sent": list(rig.market.sent), "done": list(rig.market.done)}


@pytest.fixture
async def town(rig: Rig) -> Rig:
    """One submission that waits, and somebody to change."""
    rig.market.add("a")
    await rig.poll()
    await rig.say("olga", "person add ann viewer memory=50")
    await rig.say("olga", "job post title=Sign")
    await rig.say("olga", "template save draft-1 acme")
    await rig.say("olga", "job show J1")
    return rig


def test_every_command_is_tried_below() -> None:
    assert {command.name for command in COMMANDS} == set(LINES)


EVERYBODY = [*ROLES, "nobody"]


def may(who: str, role: Role) -> bool:
    return who in ROLES and ROLES[who].covers(role)


@pytest.mark.parametrize("who", EVERYBODY)
async def test_a_command_needs_its_role(town: Rig, who: str) -> None:
    before = await everything(town)
    for command in COMMANDS:
        if may(who, command.role):
            continue
        reply = await town.say(who, LINES[command.name])
        if who != "nobody":
            text = f"`{command.name}` needs {command.role.one}; you are {ROLES[who].one}."
        elif command.name == "whoami":
            text = f"You have no role here: {ID_LINE[0].lower()}{ID_LINE[1:]}."
        else:
            text = ID_LINE
        assert reply == Reply(text, result=Result.REFUSED)
    assert changed(before, await everything(town)) == set()
    for command in COMMANDS:
        if may(who, command.role):
            reply = await town.patiently(town.say(who, LINES[command.name]))
            assert " needs a" not in reply.text, command.name
            assert "Something went wrong" not in reply.text, command.name


@pytest.mark.parametrize("who", EVERYBODY)
async def test_a_press_needs_its_role(town: Rig, who: str) -> None:
    await town.say("mia", "worker block A1")
    await town.say("mia", "approve-all J1")
    subjects = dict.fromkeys(("confirm", "cancel"), "op-1")
    subjects |= dict.fromkeys(("claim", "look"), "op-1")
    subjects |= dict.fromkeys(("edit", "options", "price", "template", "discard"), "draft-1")
    subjects |= {verb: "job-1" for verb in PRESSES if verb.startswith("job-") or verb == "clone"}
    subjects |= dict.fromkeys(("confirm-all", "cancel-all", "undo-all", "results"), "b-1")
    buttons = {verb: f"{verb}:{subjects.get(verb, 'A1')}:0" for verb in PRESSES}
    before = await everything(town)
    for verb, (role, _) in PRESSES.items():
        if not may(who, role):
            reply = await town.press(who, buttons[verb])
            text = ID_LINE if who == "nobody" else f"This needs {role.one}; you are {ROLES[who].one}."
            assert reply == Reply(text, result=Result.REFUSED)
    assert changed(before, await everything(town)) == set()
    for verb, (role, _) in PRESSES.items():
        if may(who, role):
            reply = await town.patiently(town.press(who, buttons[verb]))
            assert "you are a" not in reply.text, verb
            assert "Something went wrong" not in reply.text, verb


@pytest.mark.parametrize("who", EVERYBODY)
async def test_a_form_needs_its_role(town: Rig, who: str) -> None:
    await town.say("mia", "approve-all J1")
    filled_in = {"words": "because", "bonus": "0.10", "list": "7", "positions": "20", "name": "other"}
    before = await everything(town)
    for verb, (role, _) in FORMS.items():
        if not may(who, role):
            reply = await town.fill_in(who, f"{verb}:A1:0", **filled_in)
            text = ID_LINE if who == "nobody" else f"This needs {role.one}; you are {ROLES[who].one}."
            assert reply == Reply(text, result=Result.REFUSED)
    assert changed(before, await everything(town)) == set()
    for number, (verb, (role, _)) in enumerate(FORMS.items(), 2):
        if may(who, role):
            town.market.add(f"more{number}")
            await town.poll()
            subject = FORM_SUBJECTS.get(verb, f"A{number}")
            filled_in["number"] = str(await town.value("SELECT sum(state IN ('new', 'shown')) FROM submissions"))
            reply = await town.patiently(town.fill_in(who, f"{verb}:{subject}:0", **filled_in))
            assert reply.result is FORM_ENDS.get(verb, Result.DONE), reply.text


@pytest.mark.parametrize("line", ["", "aprove", "job", 'approve "', "x" * 5000, "whoami please", "approve A1 bonus=x"])
async def test_a_stranger_learns_their_id_and_nothing_else(town: Rig, line: str) -> None:
    assert await town.say("nobody", line) == Reply(ID_LINE, result=Result.REFUSED)


@pytest.mark.parametrize("button", ["", "approve", "approve:A1:0", "nonsense:A1:0", "confirm:op-1:0", ":::", "x" * 99])
async def test_a_stranger_with_any_button_or_form_learns_no_more(town: Rig, button: str) -> None:
    assert await town.press("nobody", button) == Reply(ID_LINE, result=Result.REFUSED)
    assert await town.fill_in("nobody", button) == Reply(ID_LINE, result=Result.REFUSED)


async def test_a_stranger_is_offered_nothing_but_to_ask_who_they_are(town: Rig) -> None:
    assert [command.name for command in await town.dispatch.commands(actor("nobody"))] == ["whoami"]
    assert await town.dispatch.complete(actor("nobody"), "") == []
    assert await town.dispatch.complete(actor("nobody"), "approve ") == []
    assert await town.dispatch.person(actor("nobody")) is None


@pytest.mark.parametrize("who", sorted(ROLES))
async def test_a_person_is_offered_what_they_may_and_no_more(town: Rig, who: str) -> None:
    offered = [command.name for command in await town.dispatch.commands(actor(who))]
    assert offered == [c.name for c in COMMANDS if ROLES[who].covers(c.role)]
    completed = {c.text for start in ("", "p", "w") for c in await town.dispatch.complete(actor(who), start)}
    assert completed <= set(offered)
    helped = (await town.say(who, "help")).card
    assert helped is not None
    assert ("person add" in str(helped)) == (who == "olga")


# --- completion


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        ("app", ["approve", "approve-all"]),
        ("approve-all J1 w", ["worker=", "without-flags"]),
        ("/wor", ["worker show", "worker block", "worker unblock"]),
        ("worker ", ["worker show", "worker block", "worker unblock"]),
        ("approve ", ["A1", "A2", "reason=", "bonus=", "satisfaction=", "account="]),
        ("approve A1 a", ["A1", "A2", "account="]),
        ("approve A1 account=", ["account=main"]),
        ("approve A1 satisfaction=g", ["satisfaction=good"]),
        ('reject A1 reason="Not', ['reason="Not what was asked"']),
        ("reject A1 reason=spam", ["reason=Spam"]),
        ("job show ", ["J1", "account="]),
        ("job show J", ["J1"]),
        ("person role a", ["ann"]),
        ("person role ann ", ["owner", "manager", "reviewer", "viewer"]),
        ("show #a2", ["A2"]),
        ("nonsense ", []),
    ],
)
async def test_a_line_is_completed_by_what_there_is(town: Rig, line: str, texts: list[str]) -> None:
    town.market.add("b")
    await town.poll()
    found = await town.dispatch.complete(actor("olga"), line)
    assert [completion.text for completion in found] == texts


# --- ids


async def test_an_id_is_the_short_one_or_the_marketplaces_own(town: Rig) -> None:
    for text in ("A1", "a1", "#A1", "a"):
        reply = await town.say("vera", f"show {text}")
        assert reply.card is not None
        assert reply.card.subject == "submission:A1"
    assert (await town.say("vera", "show A99")).text == "There is no submission A99; see `pending`."


async def test_the_marketplaces_id_means_the_newest_revision(town: Rig) -> None:
    town.market.hand_in_again("a")
    town.clock.advance(1)
    await town.poll(sweep=True)
    reply = await town.say("rob", "approve a")
    assert reply.text.startswith("A2 approved")


async def test_an_id_found_in_two_accounts_asks_which(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(accounts=("main", "second")))
    for name, market in rig.markets.items():
        market.add("77", worker_id="w")
        await rig.poll(name)
    for line in ("approve 77", "show 77", "undo 77", "worker block w", "worker show 77"):
        reply = await rig.say("mia", line)
        assert reply.result is Result.REFUSED
        assert "say account= one of main, second" in reply.text, line
    assert await rig.states() == []
    assert (await rig.say("mia", "approve 77 account=second")).text.startswith("A2 approved")
    assert (await rig.say("mia", "approve A1 account=second")).text.startswith("There is no submission A1")
    assert (await rig.say("mia", "show 77 account=third")).result is Result.REFUSED


async def test_what_an_account_refuses_to_tell_is_no_problem_of_the_account(town: Rig) -> None:
    assert (await town.say("vera", "job show nope")).text == "There is no job nope; see `job list`."
    reply = await town.say("vera", "pending")
    assert "could not be read" not in str(reply.card)
    town.market.errors["balance"] = [Unavailable("the marketplace is down")]
    assert (await town.say("vera", "balance")).result is Result.REFUSED
    assert "main could not be read: the marketplace is down" in str((await town.say("vera", "pending")).card)


# --- several at once


async def test_of_several_ids_each_is_done_or_said(town: Rig) -> None:
    for task in ("b", "c"):
        town.market.add(task)
    await town.poll()
    await town.say("mia", "approve b")
    reply = await town.say("rob", "reject a b nope reason=Spam")
    assert reply.result is Result.REFUSED
    assert reply.text.startswith(
        "A1 rejected; mia was first: approved A2; there is no submission nope; see `pending`. Undo within 20 s."
    )
    assert len(reply.decisions) == 1
    row = (await town.rows("SELECT * FROM decisions WHERE person = 'rob'"))[0]
    assert (row["comment"], row["satisfaction"]) == ("The submission has nothing to do with the job.", "spam")


async def test_a_bonus_over_the_limit_stops_the_approval_too(town: Rig) -> None:
    reply = await town.say("rob", "approve a bonus=1.01")
    assert "over max_bonus" in reply.text
    assert await town.states() == []


async def test_the_last_decision_is_undone_by_a_word(town: Rig) -> None:
    await town.say("rob", "approve a")
    assert (await town.say("mia", "undo")).text == "None of your decisions can be undone any more."
    assert (await town.say("rob", "undo")).text == "Undone: A1 waits again."
    assert (await town.say("rob", "undo A1")).text == "Too late to undo: it was undone already."


# --- forms


@pytest.mark.parametrize("verb", ["reject", "revise"])
async def test_a_form_without_a_reason_comes_back(town: Rig, verb: str) -> None:
    opened = await town.press("rob", f"{verb}:A1:0")
    assert opened.form is not None
    assert opened.form.id == f"{verb}:A1:0"
    again = await town.fill_in("rob", opened.form.id, words="  ")
    assert again.form is not None
    assert again.form.inputs[0].error == "choose a reason or write one: the worker is told why"
    assert await town.states() == []


async def test_a_canned_reason_and_own_words_go_together(town: Rig) -> None:
    await town.fill_in("rob", "reject:A1:0", reason="Copied", words="See A7.")
    row = (await town.rows("SELECT * FROM decisions"))[0]
    assert row["comment"] == "The same proof has been handed in before. See A7."
    assert row["satisfaction"] == "dupe"


@pytest.mark.parametrize("bonus", ["", "abc", "-1", "1.01", "1e1", "NaN"])
async def test_a_bonus_that_is_none_comes_back_with_what_was_typed(town: Rig, bonus: str) -> None:
    reply = await town.fill_in("rob", "bonus:A1:0", bonus=bonus, words="Thanks")
    assert reply.form is not None
    by_name = {asked.name: asked for asked in reply.form.inputs}
    assert by_name["bonus"].error
    assert (by_name["bonus"].value, by_name["words"].value) == (bonus, "Thanks")
    assert await town.states() == []


async def test_nobody_fills_in_a_form_for_what_is_decided(town: Rig) -> None:
    await town.say("mia", "approve a")
    for verb in ("reject", "revise", "bonus"):
        assert (await town.press("rob", f"{verb}:A1:0")).text == "Mia was first: approved A1."
        assert (
            await town.fill_in("rob", f"{verb}:A1:0", words="no", bonus="0.1")
        ).text == "Mia was first: approved A1."
    assert len(await town.states()) == 1


# --- ids that look like others, and what no database can hold


@pytest.fixture
async def lookalikes(rig: Rig) -> Rig:
    """Two submissions, each called by the marketplace as the other is here; and one that is called the same in both."""
    for task in ("A2", "A1", "A3"):
        rig.market.add(task)
        await rig.poll()
    return rig


async def test_an_id_that_means_two_submissions_decides_neither(lookalikes: Rig) -> None:
    reply = await lookalikes.say("rob", "approve A1")
    assert reply.text == "A1 is one submission here and another at the marketplace: say #A1 or #A2."
    assert reply.result is Result.REFUSED
    assert await lookalikes.states() == []


@pytest.mark.parametrize(("typed", "task"), [("#A1", "A2"), ("#A2", "A1"), ("A3", "A3")])
async def test_after_a_hash_an_id_is_ours(lookalikes: Rig, typed: str, task: str) -> None:
    assert (await lookalikes.say("rob", f"approve {typed}")).result is Result.DONE
    assert await lookalikes.value("SELECT task_id FROM submissions WHERE state = 'decided'") == task


async def test_a_worker_who_is_called_like_a_submission_is_asked_about(rig: Rig) -> None:
    for task, worker in (("t1", "w1"), ("t2", "A1"), ("t3", "A3")):
        rig.market.add(task, worker_id=worker)
        await rig.poll()
    said = "A1 is a worker, and a submission of another: say #A2, a submission of that worker, or #A1."
    for line in ("worker show A1", "worker block A1", "worker unblock A1", "list add 7 A1"):
        assert await rig.say("mia", line) == Reply(said, result=Result.REFUSED)
    for typed, worker in (("#A1", "w1"), ("#A2", "A1"), ("A3", "A3"), ("A2", "A1")):
        card = (await rig.say("vera", f"worker show {typed}")).card
        assert card is not None
        assert card.title == f"Worker {worker}"
    assert await rig.states("operations") == []


async def test_buttons_name_submissions_by_our_ids_alone(lookalikes: Rig) -> None:
    card = (await lookalikes.press("vera", "record:A1:0")).card
    assert card is not None
    assert card.title == "Worker w-A2"
    assert (await lookalikes.press("vera", "record:A9:0")).text == "There is no submission #A9; see `pending`."


async def test_half_a_surrogate_pair_is_read_as_a_question_mark(town: Rig) -> None:
    assert (await town.say("vera", "show \ud83e")).text == "There is no submission ?; see `pending`."
    await town.fill_in("rob", "reject:A1:0", words="No \ud83e.")
    assert (await town.rows("SELECT comment FROM decisions"))[0]["comment"] == "No ?."
    assert await town.dispatch.complete(actor("vera"), "show \ud83e") == []


@pytest.mark.parametrize(
    "button", ["approve:q-1:9223372036854775808", "approve:A1:9223372036854775808", "approve:#A1:0"]
)
async def test_a_button_that_nobody_drew_cannot_be_read(town: Rig, button: str) -> None:
    assert (await town.press("rob", button)).text == "This button cannot be read: look at the newest card."


# --- forged

VERBS = st.sampled_from([*PRESSES, *FORMS, "", "APPROVE", "drop"])
SUBJECTS = st.one_of(
    st.sampled_from(
        ["A1", "A2", "Z999", "a", "op-1", "op-99", "O1", "op-²", "A²", "AAAAAAAA999", "op-999999999999999"]
    ),
    st.text(max_size=20),
)
REVISIONS = st.one_of(st.sampled_from(["0", "1", "٣", "²", "-1", "9" * 40, ""]), st.text(max_size=5))
BUTTONS = st.one_of(
    st.tuples(VERBS, SUBJECTS, REVISIONS).map(":".join), st.text(max_size=80), st.just("approve:A1:0:extra")
)
VALUES = st.dictionaries(
    st.sampled_from(["reason", "words", "bonus", "list", "satisfaction", "x"]), st.text(max_size=40), max_size=5
)


@pytest.fixture
def forged(tmp_path: Path) -> Any:
    """A loop and a rig that many examples share: nothing in them may change it."""
    with asyncio.Runner() as runner:
        rigs = Rigs(tmp_path, ManualClock(START))

        async def set_up() -> tuple[Rig, dict[str, Any]]:
            rig = await rigs.start()
            rig.market.add("a")
            await rig.poll()
            await rig.say("mia", "worker block A1")
            return rig, await everything(rig)

        rig, before = runner.run(set_up())
        yield runner, rig, before
        runner.run(rigs.close())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(button=BUTTONS, values=VALUES, who=st.sampled_from(["vera", "nobody"]))
def test_no_forged_button_or_form_of_who_may_not_changes_anything(
    forged: Any, button: str, values: dict[str, str], who: str
) -> None:
    runner, rig, before = forged

    async def act() -> Sequence[Reply]:
        return [
            await rig.press(who, button),
            await rig.dispatch.submit_form(actor(who), button, values),
            await rig.say(who, button),
        ]

    for reply in runner.run(act()):
        assert "Something went wrong" not in reply.text
    assert changed(before, runner.run(everything(rig))) == set()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(verb=VERBS, subject=SUBJECTS, revision=REVISIONS, values=VALUES)
def test_no_forged_button_or_form_breaks_or_reaches_what_it_does_not_name(
    forged: Any, verb: str, subject: str, revision: str, values: dict[str, str]
) -> None:
    runner, rig, before = forged
    if (subject.strip().lstrip("#").upper() in ("A1", "A") and revision == "0") or subject == "op-1":
        return  # that one is real
    if verb in ("list", "block", "record", "more") and subject.strip().lstrip("#").upper() in ("A1", "A"):
        return

    async def act() -> Sequence[Reply]:
        button = f"{verb}:{subject}:{revision}"
        return [await rig.press("olga", button), await rig.dispatch.submit_form(actor("olga"), button, values)]

    for reply in runner.run(act()):
        assert "Something went wrong" not in reply.text
    assert changed(before, runner.run(everything(rig))) == set()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=TYPED)
def test_no_line_breaks_completion(forged: Any, line: str) -> None:
    runner, rig, _ = forged
    found = runner.run(rig.dispatch.complete(actor("olga"), line))
    assert len(found) <= 25


async def test_a_mistake_of_ours_is_a_sentence_and_a_reference(town: Rig) -> None:
    async def broken(context: Any, values: Mapping[str, Any]) -> Reply:
        raise KeyError("secret detail")

    rig_commands = [Command("break", "", Role.VIEWER, broken)]
    object.__setattr__(town.dispatch.house, "commands", rig_commands)
    reply = await town.say("vera", "break")
    assert reply.result is Result.REFUSED
    assert reply.text.startswith("Something went wrong here. Quote ")
    assert "secret" not in reply.text
