"""What marketplaces offer: kept with its age, read again behind people's backs, and what completes their lines."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import pytest

from botcore.catalogue import LISTS, ZONES, ask_for, stock, stock_up
from botcore.models import WorkerList, Zone
from botcore.provider import AuthFailed, Capability, Refused, Unavailable
from botcore.ui import Reply, Result, Table
from tests.core.market import DAY, HOUR, ScriptedProvider, make_job
from tests.core.rig import Rig, Rigs, Setup, actor

SHELVES = ["zones", "categories", "countries", "lists", "teams"]


class NoZones(ScriptedProvider):
    """Without zones, countries and teams."""

    title: ClassVar[str] = "Small"
    capabilities: ClassVar[frozenset[Capability]] = frozenset(Capability) - {Capability.ZONES, Capability.TEAMS}


async def start_up(rig: Rig) -> None:
    await rig.store.tx(stock_up, rig.accounts, rig.clock.ms())
    await rig.settle()


def rows(reply: Reply) -> list[tuple[str, ...]]:
    assert reply.card is not None, reply.text
    return [row for block in reply.card.blocks if isinstance(block, Table) for row in block.rows]


async def offered(rig: Rig, line: str) -> list[tuple[str, str, str]]:
    return [(c.text, c.label, c.help) for c in await rig.dispatch.complete(actor("mia"), line)]


# --- kept, with its age


async def test_a_start_reads_everything_and_so_does_every_day_after(rig: Rig) -> None:
    await start_up(rig)
    assert rig.market.asked == dict.fromkeys(SHELVES, 1)
    await rig.turn(3 * DAY + HOUR)
    assert rig.market.asked == dict.fromkeys(SHELVES, 4)


async def test_a_start_just_after_another_reads_nothing_again(rig: Rig) -> None:
    await start_up(rig)
    rig.clock.advance(60)
    await start_up(rig)
    assert rig.market.asked == dict.fromkeys(SHELVES, 1)
    rig.clock.advance(HOUR)
    await start_up(rig)
    assert rig.market.asked == dict.fromkeys(SHELVES, 2)


async def test_only_what_an_account_has_is_read(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(provider=NoZones))
    await start_up(rig)
    assert sorted(rig.market.asked) == ["categories", "countries", "lists"]


async def test_it_comes_back_as_it_was_told(rig: Rig) -> None:
    zones = [Zone("int", "Interna\u202etional\n", ("pk",)), Zone("usa", "USA")]
    rig.market.offers["zones"] = zones
    await start_up(rig)
    kept = await rig.store.read(stock, "main", ZONES)
    assert kept is not None
    assert kept.items == zones
    assert kept.read_at == rig.clock.ms()
    assert await rig.store.read(stock, "other", ZONES) is None


async def test_what_cannot_be_read_keeps_what_was_there_and_is_tried_again(rig: Rig) -> None:
    await start_up(rig)
    rig.market.offers["lists"] = [WorkerList("8", "New", 1)]
    rig.market.errors["lists"] = [Unavailable("down"), AuthFailed("wrong key"), Refused("not today")]
    await rig.store.tx(ask_for, "main", LISTS)
    await rig.turn(HOUR)
    kept = await rig.store.read(stock, "main", LISTS)
    assert kept is not None
    assert [item.id for item in kept.items] == ["7"]
    assert rig.market.errors["lists"] == []
    await rig.turn(DAY)
    kept = await rig.store.read(stock, "main", LISTS)
    assert kept is not None
    assert [item.id for item in kept.items] == ["8"]


async def test_work_of_an_account_that_is_gone_ends(rig: Rig) -> None:
    await rig.store.tx(ask_for, "gone", LISTS)
    await rig.settle()
    assert await rig.value("SELECT count(*) FROM work") == 0


# --- shown


async def test_a_person_sees_what_is_kept_and_it_is_read_again_behind_them(rig: Rig) -> None:
    await start_up(rig)
    rig.clock.advance(2 * HOUR)
    rig.market.offers["zones"] = [Zone("eu", "Europe")]
    reply = await rig.say("vera", "catalogue zones")
    assert rows(reply) == [("int", "International", "pk, bd")]
    assert reply.card is not None
    assert reply.card.footer == "as read 2 h ago"
    await rig.settle()
    assert rows(await rig.say("vera", "catalogue zones")) == [("eu", "Europe", "")]
    assert rig.market.asked["zones"] == 2


async def test_what_was_never_read_is_read_while_they_wait(rig: Rig) -> None:
    assert rows(await rig.say("vera", "catalogue countries")) == [("1282988", "Nepal", "AS")]
    rig.market.errors["lists"] = [Unavailable("the marketplace is down")]
    failed = await rig.say("vera", "catalogue lists")
    assert failed.result is Result.REFUSED
    assert "main: the marketplace is down" in str(failed.card)


async def test_where_nobody_reads_it_again_old_things_are_read_at_once(rig: Rig) -> None:
    await start_up(rig)
    rig.clock.advance(2 * HOUR)
    rig.market.offers["zones"] = [Zone("eu", "Europe")]
    rig.dispatch._immediate = True
    assert rows(await rig.say("vera", "catalogue zones")) == [("eu", "Europe", "")]
    rig.clock.advance(2 * HOUR)
    rig.market.errors["zones"] = [Unavailable("down")]
    assert rows(await rig.say("vera", "catalogue zones")) == [("eu", "Europe", "")]


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("catalogue categories", ["0105", "0101"]),
        ("catalogue categories main", ["0105", "0101"]),
        ("catalogue categories review SIGN", ["0105"]),
        ("catalogue categories main review", ["0105"]),
        ("catalogue categories 0101", ["0101"]),
        ("catalogue categories zone=usa", ["0105"]),
        ("catalogue categories nothing like it", []),
        ("list show", ["7"]),
        ("list show good", ["7"]),
        ("list show main good ones", ["7"]),
        ("list show bad", []),
    ],
)
async def test_it_is_filtered_by_account_and_words(rig: Rig, line: str, ids: list[str]) -> None:
    assert [row[0] for row in rows(await rig.say("mia", line))] == ids


async def test_categories_tell_the_least_they_may_pay(rig: Rig) -> None:
    assert [row[2] for row in rows(await rig.say("vera", "catalogue categories"))] == [
        "from $0.10 to $0.30, by zone",
        "from $0.05",
    ]
    assert [row[2] for row in rows(await rig.say("vera", "catalogue categories zone=usa"))] == ["$0.30"]


async def test_several_accounts_are_told_apart_and_those_without_are_left_out(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(accounts=("main", "small", "second")))
    rig.accounts["small"].provider = NoZones(rig.accounts["small"].provider.tools, rig.markets["small"])
    assert [row[-1] for row in rows(await rig.say("vera", "catalogue zones"))] == ["main", "second"]
    assert (await rig.say("vera", "catalogue zones small")).text == (
        "Small (Small) cannot do that; these can: main, second."
    )


# --- workers on a list


async def test_workers_are_put_on_a_list_by_id_or_by_submission(rig: Rig) -> None:
    rig.market.add("a", worker_id="w7")
    await rig.poll()
    reply = await rig.patiently(rig.say("mia", "list add good A1 w9,w7"))
    assert reply.result is Result.DONE, reply.text
    assert rig.market.done == ["list 7 w7,w9"]
    assert await rig.value("SELECT found FROM operations") == "The list has 3 workers (before: 3)."


async def test_a_submission_of_another_account_is_no_worker_of_this_one(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(accounts=("main", "other")))
    rig.markets["other"].add("a", worker_id="w7")
    await rig.poll("other")
    reply = await rig.say("mia", "list add 7 A1 account=main")
    assert (reply.result, reply.text) == (
        Result.REFUSED,
        "A1 is a submission at other, not at main: name a worker there.",
    )
    assert rig.markets["main"].done == []


async def test_a_zone_that_is_not_there_says_so(rig: Rig) -> None:
    await start_up(rig)
    reply = await rig.say("vera", "catalogue categories zone=mars")
    assert "in the zone mars; see `catalogue zones`" in str(reply.card)


async def test_how_many_are_on_a_list_may_not_be_told(rig: Rig) -> None:
    await start_up(rig)
    rig.market.offers["lists"] = [WorkerList("7", "Good ones", None)]
    await rig.patiently(rig.say("mia", "list add 7 w1"))
    assert await rig.value("SELECT found FROM operations") == "Scripted does not say how many are on the list."


async def test_a_list_that_could_be_several_is_asked_about(rig: Rig) -> None:
    rig.market.offers["lists"] = [WorkerList("7", "Good ones", 3), WorkerList("17", "Good ones too", None)]
    assert (await rig.say("mia", "list add good w1")).text == (
        "Good could be several lists: 7 (main: Good ones), 17 (main: Good ones too)"
    )
    assert (await rig.say("mia", "list add best w1")).text == "There is no list best; see `list show`."
    assert (await rig.patiently(rig.say("mia", "list add 17 w1"))).result is Result.DONE
    assert rig.market.done == ["list 17 w1"]


# --- completion


async def test_lines_are_completed_from_what_is_kept_and_nothing_is_asked(rig: Rig) -> None:
    await start_up(rig)
    rig.market.asked.clear()
    assert ("7", "Good ones", "main · 3 workers") in await offered(rig, "list add go")
    assert ("zone=int", "International", "main") in await offered(rig, "catalogue categories zone=")
    assert not rig.market.asked


async def test_jobs_are_completed_by_words_of_their_titles(rig: Rig) -> None:
    rig.market.edits |= {
        "J1": {"title": "Sign up at Acme"},
        "J2": {"title": "Review Acme"},
        "J3": {"title": "100%_sure"},
    }
    await start_up(rig)
    for typed, ids in {
        "acme": {"J1", "J2"},
        '"acme sign': {"J1"},
        "j2": {"J2"},
        "%": {"J3"},
        "_": {"J3"},
        "nothing": set(),
        '"acme nothing': set(),
    }.items():
        assert {text for text, _, _ in await offered(rig, f"job stop {typed}")} == ids, typed


async def test_what_was_typed_before_narrows_what_is_offered(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(accounts=("main", "second")))
    rig.markets["second"].edits["J9"] = {}
    rig.market.edits["J1"] = {}
    await start_up(rig)
    assert {text for text, _, _ in await offered(rig, "job stop account=second J")} == {"J9"}


@pytest.mark.parametrize("shelf", ["zones", "lists"])
async def test_nothing_is_offered_where_nothing_was_read(rig: Rig, shelf: str) -> None:
    line = {"zones": "catalogue categories zone=", "lists": "list add x"}[shelf]
    assert await offered(rig, line) == []


@pytest.mark.parametrize(
    "typed", ['"', "\\", "%", "(", "[", "\x00", "\u202e", "İ ß", "x=y", "=", "account=", '"a" "', "x" * 5_000]
)
async def test_whatever_is_typed_completing_it_is_no_error(rig: Rig, typed: str) -> None:
    rig.market.edits["J1"] = {"title": "Odd ( [ % name"}
    await start_up(rig)
    for start in ("list add ", "job stop ", "job stop J1 account=", "catalogue categories zone=", "catalogue zones "):
        assert isinstance(await rig.dispatch.complete(actor("mia"), start + typed), list)


# --- lists that are long


async def test_thousands_of_jobs_are_turned_by_the_page(rig: Rig) -> None:
    rig.market.edits = {f"J{n}": {} for n in range(1, 1_001)}
    first = await rig.say("vera", "job list")
    assert first.card is not None
    assert len(rows(first)) == 20
    assert first.card.footer == "page 1 of 50, 1000 in all"
    (following,) = first.card.buttons
    second = await rig.press("vera", following.id)
    assert second.card is not None
    assert second.replaces
    assert rows(second)[0][1] == "J21"
    assert [button.label for button in second.card.buttons] == ["Previous", "Next"]
    assert rows(await rig.press("vera", second.card.buttons[0].id)) == rows(first)


async def test_pages_are_for_who_asked_and_survive_a_restart(rigs: Rigs) -> None:
    rig = await rigs.start()
    rig.market.edits = {f"J{n}": {} for n in range(1, 42)}
    first = await rig.say("vera", "job list")
    assert first.card is not None
    button = first.card.buttons[0].id
    assert (await rig.press("mia", button)).text == "This list is from a while ago: ask for it again."
    after = await rigs.killed(rig)
    assert rows(await after.press("vera", button))[0][1] == "J21"
    last = await after.press("vera", button.rpartition(":")[0] + ":99")
    assert len(rows(last)) == 1


async def test_old_lists_are_forgotten(rig: Rig) -> None:
    rig.market.edits = {f"J{n}": {} for n in range(1, 42)}
    first = await rig.say("vera", "job list")
    assert first.card is not None
    rig.clock.advance(2 * HOUR)
    await rig.say("mia", "job list")
    assert (await rig.press("vera", first.card.buttons[0].id)).result is Result.REFUSED
    assert await rig.value("SELECT count(*) FROM cache WHERE key GLOB 'view:*'") == 1


async def test_a_terminal_gets_all_of_it(rig: Rig) -> None:
    rig.market.edits = {f"J{n}": {} for n in range(1, 42)}
    reply = await rig.dispatch.command(replace(actor("olga"), adapter="local", user_id="owner"), "job list")
    assert len(rows(reply)) == 41
    assert reply.card is not None
    assert reply.card.buttons == ()


async def test_long_instructions_are_cut_and_shown_whole_when_asked(rig: Rig) -> None:
    rig.market.edits["J1"] = {"instructions": ("x" * 2_000, "The end.")}
    reply = await rig.say("vera", "job show J1")
    assert "The end." not in str(reply.card)
    assert reply.card is not None
    button = next(button for button in reply.card.buttons if button.label == "Show all")
    whole = await rig.press("vera", button.id)
    assert "The end." in str(whole.card)
    assert make_job("J1").title in str(whole.card)
