"""What a line means, or the one helpful line that answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.commands.core import core_commands
from botcore.commands.parse import (
    BadInput,
    Missing,
    find_command,
    parse_money,
    parse_values,
    quoted,
    split_line,
    usage,
)
from botcore.commands.registry import Command, Kind, Param
from botcore.models import Role
from botcore.ui import File, Reply
from tests.core.typed import FRAGMENTS, TYPED

COMMANDS = core_commands(["memory", "web", "my-chat"])


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
    ("line", "meant"),
    [
        ("25", {"amount": Decimal(25)}),
        ("main 25", {"account": "main", "amount": Decimal(25)}),
        ("25 account=main", {"account": "main", "amount": Decimal(25)}),
        ("amount=25 main", {"account": "main", "amount": Decimal(25)}),
    ],
)
def test_what_may_be_left_out_makes_way_for_what_may_not(line: str, meant: dict[str, Any]) -> None:
    params = (Param("account", "whose"), Param("amount", "how much", Kind.MONEY, required=True))
    assert parse_values(Command("pay", "pay", Role.OWNER, _nothing, params), split_line(line)) == meant


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
        ("template", "`template` goes with one of: list, show, save, delete, rename, export, import"),
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
        ("w text=x y very-quick", {"word": "w", "very_quick": True, "text": "x y"}),
        ('w text="x very-quick"', {"word": "w", "text": "x very-quick"}),
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
    for command in COMMANDS:
        assert find_command(COMMANDS, usage(command))[0] is command
        assert command.help
        assert all(param.help for param in command.params)


@pytest.mark.parametrize("joined", ["job add-positions", "job_add_positions", "job-add-positions", "JOB_add-Positions"])
def test_a_name_may_be_joined_in_any_way(joined: str) -> None:
    command, rest = find_command(COMMANDS, f"/{joined} J1 5")
    assert (command.name, rest) == ("job add-positions", ["J1", "5"])


def test_no_two_commands_are_one_when_their_names_are_joined() -> None:
    joined = [command.name.replace(" ", "_").replace("-", "_") for command in COMMANDS]
    assert len(set(joined)) == len(joined)


def test_what_is_missing_is_told_once_what_is_there_is_right() -> None:
    with pytest.raises(Missing) as caught:
        values("reject-all number=3")
    assert [param.name for param in caught.value.params] == ["job", "reason"]
    assert refusal(lambda: values("reject-all number=three")) == "number is a whole number, such as 10"


NOTE = Param("note", "words", Kind.TEXT)
FILED = Command("load", "load", Role.OWNER, _nothing, (Param("file", "what", Kind.FILE), NOTE))


def test_an_attached_file_is_the_value_of_the_parameter_for_files() -> None:
    file = File("job.toml", "title = 1")
    assert parse_values(FILED, [], {"": file}) == {"file": file}
    assert parse_values(FILED, ["note=as", "agreed"], {"": file}) == {"file": file, "note": "as agreed"}


def test_a_file_that_is_named_on_the_line_is_the_one_that_came_under_that_name() -> None:
    file = File("job.toml", "title = 1")
    assert parse_values(FILED, ["/tmp/job.toml"], {"/tmp/job.toml": file, "note": file}) == {"file": file}


def test_a_file_that_is_not_there_is_asked_for() -> None:
    assert refusal(lambda: parse_values(FILED, ["job.toml"])).startswith("there is no file job.toml: attach it")


def test_a_command_without_files_takes_none() -> None:
    assert "takes no file" in refusal(lambda: parse_values(EVERY_KIND, ["a"], {"": File("x.txt", "")}))


def test_with_an_attached_file_the_first_word_is_for_the_parameter_after_it() -> None:
    place = Param("place", "where", required=True)
    load = replace(FILED, params=(Param("file", "what", Kind.FILE, required=True), place))
    file = File("job.toml", "title = 1")
    assert parse_values(load, ["shelf"], {"": file}) == {"file": file, "place": "shelf"}
    assert parse_values(load, ["file=a.toml", "shelf"], {"a.toml": file}) == {"file": file, "place": "shelf"}
    assert refusal(lambda: parse_values(load, ["place=shelf"])) == "file is missing: attach it to the command"
