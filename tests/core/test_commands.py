"""What people type, press and fill in: understood or answered in one helpful line, and never more than they may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botcore.clock import ManualClock
from botcore.commands.core import FORMS, PRESSES, core_commands
from botcore.commands.parse import BadInput, find_command, parse_money, parse_values, quoted, split_line, usage
from botcore.commands.registry import Command, Kind, Param
from botcore.models import Role
from botcore.ui import Reply, Result
from tests.core.market import START
from tests.core.rig import Rig, Rigs, Setup, actor

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
    "pending": "pending",
    "show": "show A1",
    "approve": "approve A1",
    "revise": "revise A1 reason=More",
    "reject": "reject A1 reason=No",
    "undo": "undo A1",
    "history": "history",
    "worker show": "worker show A1",
    "worker block": "worker block A1",
    "worker unblock": "worker unblock A1",
    "person list": "person list",
    "person add": "person add ann viewer memory=50",
    "person remove": "person remove ann",
    "person role": "person role ann viewer",
}


async def _nothing(context: Any, values: Mapping[str, Any]) -> Reply:
    return Reply()


def values(line: str) -> dict[str, Any]:
    command, rest = find_command(COMMANDS, line)
    return parse_values(command, rest)


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(BadInput) as caught:
        call()
    return str(caught.value)


# --- what a line means


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("approve A31", ["approve", "A31"]),
        ("/approve  A31 ", ["approve", "A31"]),
        ('reject A1 reason="wrong page, sorry"', ["reject", "A1", "reason=wrong page, sorry"]),
        ("revise A1 reason=don't cut it", ["revise", "A1", "reason=don't", "cut", "it"]),
        ("show a\\b #x ; | &", ["show", "a\\b", "#x", ";", "|", "&"]),
        (r"reject A1 reason=¯\_(ツ)_/¯ C:\temp\\", ["reject", "A1", r"reason=¯\_(ツ)_/¯", "C:\\temp\\\\"]),
        (r'show "he said \"no\" \n"', ["show", r'he said "no" \n']),
        ('a"b c"d ""', ["ab cd", ""]),
        ("", []),
    ],
)
def test_a_line_falls_into_words(line: str, words: list[str]) -> None:
    assert split_line(line) == words


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("approve A31 A32", {"ids": ("A31", "A32")}),
        ("approve ids=A31,A32 bonus=0.10", {"ids": ("A31", "A32"), "bonus": Decimal("0.10")}),
        ("Approve A31 Bonus=$.5", {"ids": ("A31",), "bonus": Decimal("0.5")}),
        ("reject A1 reason=wrong page bonus is fine", {"ids": ("A1",), "reason": "wrong page bonus is fine"}),
        ("reject A1 reason=see a=b satisfaction=SPAM", {"ids": ("A1",), "reason": "see a=b", "satisfaction": "spam"}),
        ("approve A1 account=main reason=Very good", {"ids": ("A1",), "account": "main", "reason": "Very good"}),
        ("person add ann viewer my-chat=5 web=yes", {"name": "ann", "role": "viewer", "my-chat": "5", "web": "yes"}),
        ("help job list", {"command": "job list"}),
        ("job list main status=running", {"account": "main", "status": "running"}),
        ("undo", {}),
    ],
)
def test_a_line_means_its_values(line: str, meant: dict[str, Any]) -> None:
    assert values(line) == meant


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "type a command, such as `help`"),
        ("aprove A31", "there is no command `aprove`; did you mean `approve`?"),
        ("xyzzy", "there is no command `xyzzy`; see `help`"),
        ("job", "`job` goes with one of: list, show"),
        ("worker fire w1", "`worker` goes with one of: show, block, unblock"),
        ('reject A1 reason="wrong', 'a quotation mark (") is missing'),
        ("approve", "ids is missing: type `approve IDS... [reason=] [bonus=] [satisfaction=] [account=]`"),
        ("whoami please", "`please` is too much: type `whoami`"),
        ("show A1 A2", "`A2` is too much: type `show ID [account=]`"),
        ("approve A1 bonus=lots", "bonus is an amount of dollars, such as 0.25"),
        ("approve A1 satisfaction=meh", "satisfaction is one of: excellent, good, ok"),
        ("pending acount=main", "`pending` has no acount=; it is typed `pending [ACCOUNT]`"),
        ("x" * 5000, "that is longer than 4000 characters"),
        ('"two\nlines"', "there is no command `two lines`; see `help`"),
        ("y" * 3000, f"there is no command `{'y' * 39}…`; see `help`"),
    ],
)
def test_what_cannot_be_understood_is_answered_in_a_line_that_helps(line: str, said: str) -> None:
    assert refusal(lambda: values(line)) == said


def test_a_misspelled_bonus_is_no_approval_without_one() -> None:
    assert "approve` has no bonsu=;" in refusal(lambda: values("approve A31 bonsu=0.50"))


@pytest.mark.parametrize("text", ["0", "0.1", "$0.10", ".25", "1.", "1000000", "0.0001", " 0.5 ", "$ 2"])
def test_money_is_read_to_the_last_digit(text: str) -> None:
    assert parse_money(text) == Decimal(text.strip().lstrip("$ ") + ("0" if text == "1." else ""))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "-0",
        "+1",
        "1e2",
        "1E-2",
        "1_000",
        "0,10",
        "NaN",
        "inf",
        "1.00001",
        "1000001",
        "٣",
        "１",
        "0.1.1",
        "$",
        ".",
    ],
)
def test_what_is_no_plain_amount_is_no_money(text: str) -> None:
    assert refusal(lambda: parse_money(text, "a bonus")) == "a bonus is an amount of dollars, such as 0.25"


EVERY_KIND = Command(
    "every kind",
    "",
    Role.VIEWER,
    _nothing,
    (
        Param("word", "", required=True),
        Param("count", "", Kind.INTEGER),
        Param("price", "", Kind.MONEY, named_only=True),
        Param("very_quick", "", Kind.FLAG, named_only=True),
        Param("text", "", Kind.TEXT),
    ),
)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("w 5 some words here", {"word": "w", "count": 5, "text": "some words here"}),
        ("w -3 a=b very-quick price=2", {"word": "w", "count": -3, "text": "a=b", "very_quick": True, "price": 2}),
        ("w very_quick=no text=x y", {"word": "w", "very_quick": False, "text": "x y"}),
        ("count=1 word=w", {"word": "w", "count": 1}),
    ],
)
def test_parameters_of_every_kind(line: str, meant: dict[str, Any]) -> None:
    assert parse_values(EVERY_KIND, split_line(line)) == meant


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("w x", "count is a whole number, such as 10"),
        ("w 1.5", "count is a whole number, such as 10"),
        ("w very_quick=perhaps", "very quick is yes or no"),
        ("count=1", "word is missing: type `every kind WORD [COUNT] [price=] [very_quick] [TEXT]`"),
    ],
)
def test_what_does_not_fit_a_kind_is_said(line: str, said: str) -> None:
    assert refusal(lambda: parse_values(EVERY_KIND, split_line(line))) == said


_PIECES = "approve job list person add A1 A31 = reason= bonus= account=main \" ' \\ / ids= - very_quick 0.1 İ ß =x a==b"
FRAGMENTS = st.sampled_from([*_PIECES.split(), "\n", "\x00", "\u202e", " "])
TYPED = st.one_of(st.text(max_size=200), st.lists(st.one_of(FRAGMENTS, st.text(max_size=8)), max_size=12).map(" ".join))


@settings(max_examples=400, deadline=None)
@given(line=TYPED)
def test_no_line_does_more_than_be_understood_or_be_answered(line: str) -> None:
    for commands in (COMMANDS, [EVERY_KIND]):
        said = ""
        try:
            command, rest = find_command(commands, line)
            parse_values(command, rest)
        except BadInput as error:
            said = str(error)
        assert "\n" not in said
        assert len(said) < 250


@settings(max_examples=200, deadline=None)
@given(words=st.lists(st.one_of(FRAGMENTS, st.text(max_size=8)), max_size=8))
def test_no_words_break_a_command_of_every_kind(words: list[str]) -> None:
    said = ""
    try:
        parse_values(EVERY_KIND, words)
    except BadInput as error:
        said = str(error)
    assert "\n" not in said


@settings(max_examples=200, deadline=None)
@given(words=st.lists(st.one_of(FRAGMENTS, st.text(max_size=20)), min_size=1, max_size=8))
def test_words_that_are_quoted_are_read_back_as_they_were(words: list[str]) -> None:
    assert split_line("x " + " ".join(quoted(word) for word in words)) == ["x", *words]


def test_every_command_can_be_typed_as_its_usage_says() -> None:
    assert {command.name for command in COMMANDS} == set(LINES)
    for command in COMMANDS:
        assert find_command(COMMANDS, usage(command))[0] is command
        assert command.help
        assert all(param.help for param in command.params)


# --- who may


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    return {table for table in before if before[table] != after[table]}


async def everything(rig: Rig) -> dict[str, Any]:
    tables = ["decisions", "submissions", "operations", "spending", "people", "identities", "worker_records", "audit"]
    found: dict[str, Any] = {table: [dict(r) for r in await rig.rows(f"SELECT * FROM {table}")] for table in tables}
    return {**found, "sent": list(rig.market.sent), "done": list(rig.market.done)}


@pytest.fixture
async def town(rig: Rig) -> Rig:
    """One submission that waits, and somebody to change."""
    rig.market.add("a")
    await rig.poll()
    await rig.say("olga", "person add ann viewer memory=50")
    return rig


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
            text = f"`{command.name}` needs a {command.role}; you are a {ROLES[who]}."
        elif command.name == "whoami":
            text = f"You have no role here: {ID_LINE[0].lower()}{ID_LINE[1:]}."
        else:
            text = ID_LINE
        assert reply == Reply(text, result=Result.REFUSED)
    assert changed(before, await everything(town)) == set()
    for command in COMMANDS:
        if may(who, command.role):
            reply = await town.patiently(town.say(who, LINES[command.name]))
            assert " needs a " not in reply.text, command.name
            assert "Something went wrong" not in reply.text, command.name


@pytest.mark.parametrize("who", EVERYBODY)
async def test_a_press_needs_its_role(town: Rig, who: str) -> None:
    await town.say("mia", "worker block A1")
    buttons = {verb: f"{verb}:{'op-1' if verb in ('confirm', 'cancel') else 'A1'}:0" for verb in PRESSES}
    before = await everything(town)
    for verb, (role, _) in PRESSES.items():
        if not may(who, role):
            reply = await town.press(who, buttons[verb])
            text = ID_LINE if who == "nobody" else f"This needs a {role}; you are a {ROLES[who]}."
            assert reply == Reply(text, result=Result.REFUSED)
    assert changed(before, await everything(town)) == set()
    for verb, (role, _) in PRESSES.items():
        if may(who, role):
            reply = await town.patiently(town.press(who, buttons[verb]))
            assert "you are a" not in reply.text, verb
            assert "Something went wrong" not in reply.text, verb


@pytest.mark.parametrize("who", EVERYBODY)
async def test_a_form_needs_its_role(town: Rig, who: str) -> None:
    filled_in = {"words": "because", "bonus": "0.10", "list": "7"}
    before = await everything(town)
    for verb, (role, _) in FORMS.items():
        if not may(who, role):
            reply = await town.fill_in(who, f"{verb}:A1:0", **filled_in)
            text = ID_LINE if who == "nobody" else f"This needs a {role}; you are a {ROLES[who]}."
            assert reply == Reply(text, result=Result.REFUSED)
    assert changed(before, await everything(town)) == set()
    for number, (verb, (role, _)) in enumerate(FORMS.items(), 2):
        if may(who, role):
            town.market.add(f"more{number}")
            await town.poll()
            reply = await town.patiently(town.fill_in(who, f"{verb}:A{number}:0", **filled_in))
            assert reply.result is Result.DONE, reply.text


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
        ("app", ["approve"]),
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
    assert (await rig.say("mia", "approve A1 account=second")).text.startswith("there is no submission A1")
    assert (await rig.say("mia", "show 77 account=third")).result is Result.REFUSED


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
