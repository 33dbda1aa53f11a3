"""What plugins' commands are made of: the account that is meant, operations of their own, cards of any length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from botcore.commands.asking import BadInput, find_account, job_facts, paged
from botcore.core_kinds import CORE_KINDS
from botcore.dispatch import Context
from botcore.host import Host, PluginState
from botcore.ui import Card, Reply, Result, Table, Text
from tests.core.market import ScriptedProvider, make_job
from tests.core.rig import Rig, Rigs, Setup, actor, words

GUIDE = Path(__file__).parents[2] / "docs" / "plugins.md"


class Folder(ScriptedProvider):
    """The marketplace of the guide's raffle."""

    name: ClassVar[str] = "folder"
    title: ClassVar[str] = "Folder"

    async def raffle(self, prize: object) -> str:
        return self._do("raffle", [str(prize)])


@pytest.fixture
def raffle() -> ModuleType:
    """The guide's plugin with an operation, as it stands there."""
    source = GUIDE.read_text().partition("# botcore_raffle.py\n")[2].partition("```")[0]
    module = ModuleType("botcore_raffle")
    exec(source, vars(module))
    return module


@pytest.fixture
async def rig(rigs: Rigs, raffle: ModuleType) -> Rig:
    host = Host()
    host.register("raffle", raffle)
    setup = Setup(
        provider=Folder,
        commands=tuple(host.commands()),
        kinds={**host.operations(taken=CORE_KINDS), **CORE_KINDS},
    )
    host.close()
    return await rigs.start(setup)


# --- operations of plugins


async def test_the_guides_operation_is_quoted_confirmed_and_sent(rig: Rig) -> None:
    asked = await rig.say("olga", "raffle 2.50")
    assert asked.result is Result.NEEDS_CONFIRMATION
    assert asked.card is not None
    assert words(asked.card) == "Raffle $2.50 among your workers."
    assert "$12.34, then $9.84" in str(asked.card)
    assert rig.market.done == []
    assert (await rig.press("mia", "confirm:op-1:0")).text == "This needs an owner."
    done = await rig.patiently(rig.press("olga", "confirm:op-1:0"))
    assert done.result is Result.DONE
    assert rig.market.done == ["raffle 2.50"]


async def test_a_plugins_operation_counts_toward_the_days_limit(rig: Rig) -> None:
    await rig.say("olga", "raffle 5.01")
    assert "daily_spend is $5.00" in (await rig.press("olga", "confirm:op-1:0")).text


async def test_a_command_of_one_marketplace_is_offered_only_where_an_account_is_there(rigs: Rigs, rig: Rig) -> None:
    assert "raffle" in [command.name for command in await rig.dispatch.commands(actor("olga"))]
    elsewhere = await rigs.start(Setup(commands=rig.setup.commands, kinds=rig.setup.kinds))
    assert "raffle" not in [command.name for command in await elsewhere.dispatch.commands(actor("olga"))]
    assert (await elsewhere.say("olga", "raffle 1")).text == "No configured account can do that."
    assert (await elsewhere.say("olga", "raffle 1 account=main")).text == (
        "Main (Scripted) cannot do that; no configured account can."
    )


@pytest.mark.parametrize(
    ("offered", "error"),
    [
        ([CORE_KINDS["block"]], "register_operations must return operations of its own: block is the bot's"),
        (["raffle"], "register_operations must return a list of operation kinds"),
        ({"raffle": 1}, "register_operations must return a list of operation kinds"),
    ],
)
def test_what_is_no_operation_of_a_plugins_own_is_told_of_that_plugin(
    raffle: ModuleType, offered: Any, error: str
) -> None:
    host = Host()
    vars(raffle)["RAFFLE_OFFERED"] = offered
    exec("register_operations = hookimpl(lambda: RAFFLE_OFFERED)", vars(raffle))
    host.register("raffle", raffle)
    assert host.operations(taken=CORE_KINDS) == {}
    (info,) = host.plugins
    assert (info.state, info.error) == (PluginState.RUNNING, error)
    host.close()


# --- the account that is meant


def context_of(rig: Rig) -> Context:
    return rig.dispatch._context(actor("mia"), rig.people._configured["mia"])


async def test_the_only_account_that_can_is_meant(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(accounts=("main", "other")))
    rig.accounts["other"].provider = Folder(rig.accounts["other"].provider.tools, rig.markets["other"])
    assert find_account(context_of(rig), {}, provider="folder").name == "other"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "several accounts can do that: say account= one of main, other"),
        ({"account": "third"}, "there is no account third; one of: main, other"),
    ],
)
async def test_an_account_that_is_not_clear_is_asked_about(rigs: Rigs, values: Mapping[str, str], said: str) -> None:
    rig = await rigs.start(Setup(accounts=("main", "other")))
    with pytest.raises(BadInput, match=said):
        find_account(context_of(rig), values)


# --- cards of any length


def table(count: int) -> Table:
    return Table(("N",), tuple((str(n),) for n in range(count)))


async def test_a_card_that_fits_is_left_as_it_is(rig: Rig) -> None:
    card = Card("Short", blocks=(table(20), Text("x" * 600)), footer="all of it")
    assert await paged(context_of(rig), card) == Reply(card=card)
    assert await rig.value("SELECT count(*) FROM cache") == 0


async def test_a_page_that_is_turned_stays_whole_or_cut_as_it_was_asked(rig: Rig) -> None:
    reply = await paged(context_of(rig), Card("Long", blocks=(table(45), Text("y" * 700))), result=Result.REFUSED)
    assert reply.result is Result.REFUSED
    assert reply.card is not None
    turn, whole = reply.card.buttons
    assert (turn.label, whole.label) == ("Next", "Show all")
    shown = await rig.press("mia", whole.id)
    assert "y" * 700 in str(shown.card)
    turned = await rig.press("mia", turn.id)
    assert "page 2 of 3, 45 in all" in str(turned.card)


async def test_many_texts_are_turned_by_the_page(rig: Rig) -> None:
    talk = Card("Talk", blocks=tuple(Text(f"Text {n}.", quoted=True) for n in range(1, 24)), footer="so far")
    first = (await paged(context_of(rig), talk)).card
    assert first is not None
    assert (len(first.blocks), first.footer) == (10, "page 1 of 3, 23 in all · so far")
    last = await rig.press("mia", first.buttons[0].id.rpartition(":")[0] + ":3")
    assert last.card is not None
    assert [block.text for block in last.card.blocks if isinstance(block, Text)] == ["Text 21.", "Text 22.", "Text 23."]
    assert [button.label for button in last.card.buttons] == ["Previous"]


async def test_of_a_list_without_end_the_first_thousands_are_kept(rig: Rig) -> None:
    reply = await paged(context_of(rig), Card("Endless", blocks=(table(6_000),), footer="as read now"))
    assert reply.card is not None
    assert reply.card.footer == "page 1 of 250, 5000 in all · as read now · only the first 5000 are shown"


def test_a_title_cannot_break_a_card_apart() -> None:
    (_, name), _ = job_facts(replace(make_job(), title="Sign\nup\u202e"))
    assert name == "Sign up (J1)"
