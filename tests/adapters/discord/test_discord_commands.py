"""Commands as Discord takes them, within its limits, and what is chosen there as the core reads it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcore.commands.core import core_commands
from botcore.commands.parse import ATTACHED, find_command, parse_values
from botcore.commands.registry import Command, Kind, Param
from botcore.host import Host
from botcore.models import Role
from botcore.ui import Completion, File, Reply
from botcore_discord.commands import SlashCommands
from tests.adapters.discord.rules import check_commands

SLASH = SlashCommands()


def every_command() -> list[Command]:
    """The core's commands and those of the plugins that come with it."""
    host = Host()
    host.load()
    commands = [*core_commands(["web", "discord", "my-chat"]), *host.commands()]
    host.close()
    return commands


COMMANDS = every_command()
DEFINITIONS = SLASH.definitions(COMMANDS)


async def nothing(context: Any, values: Mapping[str, Any]) -> Reply:
    return Reply()


def command(name: str, *params: Param, role: Role = Role.VIEWER, about: str = "does it") -> Command:
    return Command(name, about, role, nothing, params)


def leaves(definitions: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What can be chosen, by the core's name."""
    for top in definitions:
        subs = [option for option in top["options"] if option["type"] == 1]
        yield from ((f"{top['name']} {sub['name']}", sub) for sub in subs)
        if not subs:
            yield top["name"], top


def chosen(line: str, focused: str = "", **options: Any) -> dict[str, Any]:
    """What Discord sends for a command and its options."""
    first, _, second = line.partition(" ")
    kinds = {str: 3, int: 4, bool: 5, float: 10, File: 11}
    given: list[dict[str, Any]] = [
        {
            "name": name.replace("__", "-"),
            "type": kinds[type(value)],
            "value": "900000000000000001" if isinstance(value, File) else value,
        }
        for name, value in options.items()
    ]
    for option in given:
        if option["name"] == focused:
            option["focused"] = True
    if second:
        given = [{"name": second, "type": 1, "options": given}]
    return {"id": "1", "name": first, "type": 1, "options": given}


def values(line: str, **options: Any) -> dict[str, Any]:
    """What the core reads of what was chosen."""
    found, words = find_command(COMMANDS, SLASH.line(chosen(line, **options)))
    assert found.name == line
    file = next((one for one in options.values() if isinstance(one, File)), None)
    return parse_values(found, words, {ATTACHED: file} if file else {})


# --- definitions


def test_every_command_of_the_bot_is_there(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        definitions = SLASH.definitions(COMMANDS)
    assert dict(leaves(definitions)).keys() == {command.name for command in COMMANDS}
    assert caplog.records == []


def test_every_command_is_within_discords_limits() -> None:
    assert len(DEFINITIONS) <= 100
    for top in DEFINITIONS:
        assert characters(top) <= 8_000
    for name, leaf in [*((top["name"], top) for top in DEFINITIONS), *leaves(DEFINITIONS)]:
        assert re.fullmatch(r"[-_'a-z0-9]{1,32}", leaf["name"]), name
        assert 1 <= len(leaf["description"]) <= 100, name
        assert len(leaf["options"]) <= 25, name
        options = [option for option in leaf["options"] if option["type"] != 1]
        assert len({option["name"] for option in options}) == len(options)
        required = [option["required"] for option in options]
        assert required == sorted(required, reverse=True), f"{name}: what must be given comes first"
        for option in options:
            assert re.fullmatch(r"[-_'a-z0-9]{1,32}", option["name"]), name
            assert 1 <= len(option["description"]) <= 100, name
            assert len(option.get("choices", ())) <= 25
            assert not (option.get("choices") and option.get("autocomplete"))
            assert 1 <= option.get("max_length", 1) <= 6_000


def characters(definition: Mapping[str, Any]) -> int:
    """As Discord counts a command: names, descriptions and values, all the way down."""
    own = len(definition["name"]) + len(definition.get("description", "")) + len(str(definition.get("value", "")))
    below = (*definition.get("options", ()), *definition.get("choices", ()))
    return own + sum(map(characters, below))


def test_options_have_the_types_of_what_they_take() -> None:
    found = dict(leaves(DEFINITIONS))
    kinds = {Kind.WORD: 3, Kind.TEXT: 3, Kind.INTEGER: 4, Kind.FLAG: 5, Kind.MONEY: 10, Kind.FILE: 11}
    for one in COMMANDS:
        options = {option["name"]: option for option in found[one.name]["options"]}
        assert options.keys() == {param.name for param in one.params}
        for param in one.params:
            option = options[param.name]
            assert option["type"] == kinds[param.kind], (one.name, param.name)
            assert option["required"] == param.required
            assert [choice["value"] for choice in option.get("choices", ())] == list(param.choices)
            assert bool(option.get("autocomplete")) == (param.complete is not None), (one.name, param.name)


def test_only_commands_for_managers_and_owners_ask_for_a_permission() -> None:
    for top in DEFINITIONS:
        members = [one for one in COMMANDS if one.name.split()[0] == top["name"]]
        for_managers = all(one.role.covers(Role.MANAGER) for one in members)
        assert ("default_member_permissions" in top) == for_managers, top["name"]
    asking = {top["name"] for top in DEFINITIONS if "default_member_permissions" in top}
    assert {"person", "plugins", "reject-all"} <= asking
    assert not {"approve", "job", "help"} & asking


def test_what_discord_would_refuse_costs_only_itself(caplog: pytest.LogCaptureFixture) -> None:
    strange = [
        command("good"),
        command("Ümlaut!"),
        command("crowded", *(Param(f"p{number}", "a word") for number in range(26))),
        command("group one"),
        command("group TWO!"),
        command(
            "wordy", *(Param(f"p{n}", "x" * 100, choices=tuple(f"{n}{c}" * 20 for c in "abcdefghi")) for n in range(25))
        ),
    ]
    definitions = SLASH.definitions(strange)
    assert [name for name, _ in leaves(definitions)] == ["good", "group one"]
    for name in ("Ümlaut!", "crowded", "group TWO!", "wordy"):
        assert name in caplog.text


def test_more_commands_than_there_is_room_for_leave_out_the_last(caplog: pytest.LogCaptureFixture) -> None:
    many = [command(f"c{number}") for number in range(103)] + [command(f"c0 s{number}") for number in range(30)]
    definitions = SLASH.definitions(many)
    assert len(definitions) == 100
    assert len(definitions[0]["options"]) == 25
    assert "c102" in caplog.text
    assert "c0 s29" in caplog.text


@pytest.mark.parametrize(
    "params",
    [
        (Param("list", "which", choices=("x" * 101, "b")),),
        (Param("list", "which", choices=("a", "b", "a")),),
        (Param("list", "which", choices=("", "b")),),
        (Param("list", "which"), Param("list", "which")),
    ],
    ids=["long", "twice", "empty", "one name"],
)
def test_a_command_that_discord_would_refuse_is_left_out_and_said(
    params: tuple[Param, ...], caplog: pytest.LogCaptureFixture
) -> None:
    good = Param("list", "which", choices=("x" * 100, "b"))
    (gig,) = SLASH.definitions([command("gig show", good), command("gig list", *params), command("odd", *params)])
    assert [sub["name"] for sub in gig["options"]] == ["show"]
    assert re.findall(r"the command ([a-z ]+) does not fit", caplog.text) == ["gig list", "odd"]
    check_commands([gig])


def test_names_in_other_languages_stand_beside_the_english_ones() -> None:
    german = {"job": "auftrag", "job list": "liste", "job list account": "konto", "job list:": "die Aufträge"}
    (job,) = SlashCommands({"de": german}).definitions([c for c in COMMANDS if c.name == "job list"])
    (sub,) = job["options"]
    account = next(option for option in sub["options"] if option["name"] == "account")
    assert (job["name"], job["name_localizations"]) == ("job", {"de": "auftrag"})
    assert (sub["name"], sub["name_localizations"]) == ("list", {"de": "liste"})
    assert sub["description_localizations"] == {"de": "die Aufträge"}
    assert account["name_localizations"] == {"de": "konto"}


# --- lines


def test_what_is_chosen_is_what_the_core_reads() -> None:
    assert values("approve", ids="A31 A32,A33", bonus=0.1, satisfaction="good", reason="well done") == {
        "ids": ("A31", "A32", "A33"),
        "bonus": Decimal("0.1"),
        "satisfaction": "good",
        "reason": "well done",
    }
    assert values("reject", ids="A1", block=False, reason='he said "no" \\ =2')["reason"] == 'he said "no" \\ =2'
    assert values("reject", ids="A1", block=True)["block"] is True
    assert values("job add-positions", job="J1", positions=10) == {"job": "J1", "positions": 10}
    assert values("approve-all", job="J1", without__flags=True) == {"job": "J1", "without-flags": True}
    assert values("help", command="job list") == {"command": "job list"}
    assert values("whoami") == {}


@pytest.mark.parametrize(
    ("typed", "amount"), [(0.25, "0.25"), (10, "10"), (10.0, "10.0"), (0.0001, "0.0001"), (1e5, "100000.0")]
)
def test_amounts_are_exact(typed: float, amount: str) -> None:
    assert values("approve", ids="A1", bonus=float(typed))["bonus"] == Decimal(amount)


def test_a_person_can_be_mentioned_where_their_id_is_asked() -> None:
    assert values("person add", name="ann", role="viewer", discord="<@222333444>")["discord"] == "222333444"


@given(st.text(min_size=1, max_size=200), st.sampled_from(["reason", "account"]))
def test_a_text_stays_one_whatever_is_in_it(text: str, name: str) -> None:
    line = SLASH.line(chosen("reject", ids="A1", **{name: text}))
    found, words = find_command(COMMANDS, line)
    assert parse_values(found, words) == {"ids": ("A1",), name: text.strip()}


def test_every_command_can_be_chosen_with_all_its_options() -> None:
    samples: Mapping[Kind, Any] = {Kind.INTEGER: 3, Kind.MONEY: 2.5, Kind.FLAG: True, Kind.FILE: File("a.toml", "")}
    for one in COMMANDS:
        options = {p.name: p.choices[0] if p.choices else samples.get(p.kind, "some words") for p in one.params}
        assert values(one.name, **options).keys() == options.keys(), one.name


# --- completion


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (chosen("job show", "job", job="like a pa"), 'job show job="like a pa'),
        (chosen("job show", "job", account="main", job=""), 'job show account=main job="'),
        (chosen("approve", "ids", ids="A31 A3"), 'approve ids="A3'),
        (chosen("reject", "reason", ids="A1", reason='say "no" \\'), 'reject ids=A1 reason="say no '),
    ],
)
def test_what_is_typed_so_far_is_a_line_that_is_not_finished(data: dict[str, Any], line: str) -> None:
    assert SLASH.partial_line(COMMANDS, data) == line


def test_choices_replace_what_was_typed() -> None:
    data = chosen("reject", "reason", ids="A1", reason="not")
    offered = [Completion('reason="Not what was asked"', "Not what was asked", "The proof does not show it.")]
    (choice,) = SLASH.choices(COMMANDS, data, offered)
    assert choice.value == "Not what was asked"
    assert choice.name == "Not what was asked · The proof does not show it."


@pytest.mark.parametrize(("typed", "value"), [("A3", "A31"), ("A1 A3", "A1 A31"), ("A1  A2 ", "A1 A2 A31")])
def test_of_several_words_the_last_is_completed(typed: str, value: str) -> None:
    (choice,) = SLASH.choices(
        COMMANDS, chosen("approve", "ids", ids=typed), [Completion("ids=A31", "A31", "Like · w1")]
    )
    assert choice.value == value


def test_choices_are_within_discords_limits() -> None:
    data = chosen("job show", "job", job="")
    found = [Completion(f"job={number}", f"A job's\nname {'x' * 200}", "main") for number in range(40)]
    choices = SLASH.choices(COMMANDS, data, [Completion(f"job={'9' * 101}", "too long"), *found, *found])
    assert [choice.value for choice in choices] == [str(number) for number in range(25)]
    assert all(1 <= len(choice.name) <= 100 and "\n" not in choice.name for choice in choices)


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_completion_breaks_the_choices(text: str, label: str) -> None:
    data = chosen("job show", "job", job=label)
    SLASH.choices(COMMANDS, data, [Completion(text, label, text), Completion(f"job={text}", label)])
    SLASH.partial_line(COMMANDS, data)
