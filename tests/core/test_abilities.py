"""What an account cannot do is neither offered nor taken there, and is said in words."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import ClassVar

import pytest

from botcore.commands.core import core_commands
from botcore.commands.registry import Kind
from botcore.draw import draw_card
from botcore.provider import Capability
from botcore.rules.settings import Rule
from botcore.ui import Card, Result
from tests.core.market import ScriptedProvider
from tests.core.rig import LIMITS, Rig, Rigs, Setup, actor
from tests.core.test_commands import LINES

TELLING = {Capability.BONUS, Capability.SATISFACTION, Capability.BLOCK_WHILE_RATING}


class Plain(ScriptedProvider):
    """A verdict and words, and nothing else."""

    title: ClassVar[str] = "Plain"
    capabilities: ClassVar[frozenset[Capability]] = frozenset()


@pytest.fixture
async def plain(rigs: Rigs) -> Rig:
    rig = await rigs.start(Setup(provider=Plain))
    rig.market.add("t1")
    await rig.poll()
    return rig


@pytest.fixture
async def both(rigs: Rigs) -> Rig:
    """One submission at each of two accounts: A1 at one that can everything, A2 at one that can nothing."""
    rig = await rigs.start(Setup(accounts=("main", "hire")))
    rig.accounts["hire"].provider = Plain(rig.accounts["hire"].provider.tools, rig.markets["hire"])
    for name, market in rig.markets.items():
        market.add(f"{name}-1", f"J-{name}")
        await rig.poll(name)
    return rig


def verbs(card: Card | None) -> set[str]:
    assert card is not None
    return {button.id.partition(":")[0] for button in card.buttons}


# --- what is offered


async def test_help_lists_what_the_configured_accounts_can_serve(rig: Rig, plain: Rig) -> None:
    special = {command.name for command in core_commands(["memory"]) if command.needs is not None}
    assert special
    for one, expected in ((rig, special), (plain, set[str]())):
        helped = (await one.say("olga", "help")).card
        assert helped is not None
        text = draw_card(helped)
        assert {name for name in special if f" {name} " in text} == expected
        assert {command.name for command in await one.dispatch.commands(actor("olga"))} & special == expected


async def test_help_of_what_no_account_can_serve_says_so(plain: Rig) -> None:
    assert (await plain.say("olga", "help job stop")).text == "No configured account can do what `job stop` does."
    assert (await plain.say("vera", "help job stop")).text == "There is no command job stop; see `help`."


async def test_parameters_that_no_account_can_serve_are_not_offered(rig: Rig, plain: Rig) -> None:
    for one, there in ((rig, True), (plain, False)):
        for command, name in (("approve", "bonus"), ("approve", "satisfaction"), ("reject", "block")):
            helped = (await one.say("mia", f"help {command}")).card
            assert helped is not None
            assert (name in draw_card(helped)) == there
            offered = [c.text for c in await one.dispatch.complete(actor("mia"), f"{command} A1 {name[:2]}")]
            assert any(text.startswith(name) for text in offered) == there


OF_AN_ACCOUNT = [
    command
    for command in core_commands(["memory"])
    if command.needs
    and any(param.name == "account" for param in command.params)
    and not any(param.kind is Kind.FILE and param.required for param in command.params)
]


@pytest.mark.parametrize("command", OF_AN_ACCOUNT, ids=lambda c: c.name)
async def test_asked_of_an_account_that_cannot_a_command_names_those_that_can(both: Rig, command: object) -> None:
    line = LINES[getattr(command, "name", "")].replace("J1", "J-hire").replace("A1", "A2")
    reply = await both.say("olga", f"{line} account=hire")
    assert reply.text == "Hire (Plain) cannot do that; these can: main."
    assert reply.result is Result.REFUSED
    assert await both.states("operations") == []


async def test_an_account_that_cannot_block_says_so_whoever_the_worker_is(both: Rig) -> None:
    reply = await both.say("olga", "worker block nobody account=hire")
    assert reply.text == "Hire (Plain) cannot do that; these can: main."


# --- decisions


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("approve A2 bonus=0.10", "cannot give a bonus"),
        ("approve A2 satisfaction=good", "cannot tell a satisfaction"),
        ("reject A2 reason=No satisfaction=spam", "cannot tell a satisfaction"),
        ("reject A2 reason=No block", "cannot block a worker with a rating"),
    ],
)
async def test_what_could_never_leave_is_not_decided(both: Rig, line: str, said: str) -> None:
    reply = await both.say("mia", line)
    assert reply.text == f"Hire (Plain) {said}; these can: main."
    assert await both.states() == []
    assert await both.value("SELECT count(*) FROM spending") == 0


async def test_of_several_those_that_can_are_decided(both: Rig) -> None:
    reply = await both.say("mia", "approve A1 A2 bonus=0.10")
    assert reply.text.startswith("A1 approved; hire (Plain) cannot give a bonus; these can: main.")
    assert await both.states() == ["held"]


async def test_a_canned_reasons_satisfaction_stays_out_where_nobody_is_told(both: Rig) -> None:
    assert (await both.say("mia", "reject A1 A2 reason=Spam")).result is Result.DONE
    rows = await both.rows("SELECT submission, satisfaction FROM decisions ORDER BY submission")
    assert [row["satisfaction"] for row in rows] == ["spam", None]
    for name, shown in (("A1", True), ("A2", False)):
        assert ("Satisfaction" in str((await both.say("vera", f"show {name}")).card)) == shown


async def test_a_form_decides_without_it_too(both: Rig) -> None:
    assert (await both.fill_in("rob", "reject:A2:0", reason="Spam")).result is Result.DONE
    assert await both.value("SELECT satisfaction FROM decisions") is None


async def test_more_offers_what_the_account_can(both: Rig) -> None:
    can_all = verbs((await both.press("mia", "more:A1:0")).card)
    can_none = verbs((await both.press("mia", "more:A2:0")).card)
    assert can_all - can_none == {"bonus", "list", "block"}


async def test_a_bonus_button_of_before_opens_no_form(both: Rig) -> None:
    reply = await both.press("rob", "bonus:A2:0")
    assert (reply.form, reply.text) == (None, "Hire (Plain) cannot give a bonus; these can: main.")
    assert (await both.fill_in("rob", "bonus:A2:0", bonus="0.10")).result is Result.REFUSED
    assert await both.states() == []


async def test_a_bonus_form_asks_for_a_satisfaction_where_it_is_told(rig: Rig, both: Rig) -> None:
    asked = await both.press("rob", "bonus:A1:0")
    assert asked.form is not None
    assert [one.name for one in asked.form.inputs] == ["bonus", "satisfaction", "words"]
    both.accounts["main"].provider = _Generous(both.accounts["main"].provider.tools, both.market)
    asked = await both.press("rob", "bonus:A1:0")
    assert asked.form is not None
    assert [one.name for one in asked.form.inputs] == ["bonus", "words"]
    await both.fill_in("rob", "bonus:A1:0", bonus="0.10", satisfaction="good")
    row = (await both.rows("SELECT bonus, satisfaction FROM decisions"))[0]
    assert (row["bonus"], row["satisfaction"]) == ("0.10", None)


class _Generous(Plain):
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.BONUS})


@pytest.mark.parametrize(("account", "said"), [("main", "spam"), ("hire", None)])
async def test_many_at_once_are_rejected_without_it_too(both: Rig, account: str, said: str | None) -> None:
    await both.say("mia", f"reject-all J-{account} reason=Spam number=1")
    assert await both.value("SELECT satisfaction FROM bulks") == said


@pytest.mark.parametrize(("provider", "said"), [(ScriptedProvider, "good"), (Plain, None)])
async def test_a_rule_tells_a_satisfaction_where_it_can(
    rigs: Rigs, provider: type[ScriptedProvider], said: str | None
) -> None:
    rule = Rule.model_validate(
        {
            "name": "code",
            "accounts": ["main"],
            "when": [{"contains": "proof"}],
            "max_per_day": 5,
            "max_dollars_per_day": Decimal(5),
            "shadow": False,
            "sample": 0,
            "min_approvals": 0,
            "satisfaction": "good",
        }
    )
    limits = replace(LIMITS, daily_spend=None)
    rig = await rigs.start(Setup(provider=provider, rules=(rule,), limits=limits))
    rig.market.add("t1")
    await rig.poll()
    await rig.turn(3)  # it was compared with others meanwhile
    rows = await rig.rows("SELECT person, satisfaction FROM decisions")
    assert [(row["person"], row["satisfaction"]) for row in rows] == [("rule code", said)]
