"""Compare: two submissions side by side, for whoever may look."""

from __future__ import annotations

from typing import Any

from botcore.models import Proof, ProofKind
from botcore.ui import Card, Result, Table, Text
from tests.core.rig import Rig, words
from tests.core.test_likening import LIKE, OPINION, likened, text


def quotes(card: Card) -> list[tuple[str, str]]:
    return [(block.title, block.text) for block in card.blocks if isinstance(block, Text) and block.quoted]


def table(card: Card) -> dict[str, list[str]]:
    (found,) = [block for block in card.blocks if isinstance(block, Table)]
    return {name: values for name, *values in [found.columns, *found.rows]}


async def pressed(rig: Rig, who: str, button: str) -> Card:
    reply = await rig.press(who, button)
    assert reply.card, reply.text
    return reply.card


def labels(card: Card) -> list[str]:
    return [button.label for button in card.buttons]


async def test_a_flagged_card_that_waits_offers_it(rig: Rig) -> None:
    await likened(rig, "a", **text(OPINION))
    await likened(rig, "b", worker_id="w-b", country="bd", **text(LIKE))
    first, second = rig.adapter.shown()
    assert "Compare" not in labels(first)
    assert "compare:A2:0" in [button.id for button in second.buttons]
    card = await pressed(rig, "vera", "compare:A2:0")
    assert card.title == "#A2 beside #A1"
    assert "Flag: Text like #A1 (88 %)" in words(card)
    assert quotes(card) == [("#A2 Your opinion", LIKE), ("#A1 Your opinion", OPINION)]
    assert table(card)[""] == ["#A2", "#A1"]
    assert table(card)["Worker"] == ["w-b", "w-a"]
    assert table(card)["Country"] == ["BD", ""]
    assert table(card)["State"] == ["waiting", "waiting"]
    await rig.say("rob", "approve A2")
    await rig.settle()
    assert "Compare" not in labels(rig.adapter.shown()[1])
    assert table(await pressed(rig, "vera", "compare:A2:0"))["State"] == ["approved", "waiting"]


async def test_exact_copies_and_shared_addresses_offer_it_too(rig: Rig) -> None:
    await likened(rig, "a", ip_address="198.18.0.9", **text(OPINION))
    await likened(rig, "b", **text(OPINION))
    await likened(rig, "c", ip_address="198.18.0.9", **text("something else altogether, and long enough"))
    assert [labels(card)[-1] for card in rig.adapter.shown()] == ["More", "Compare", "Compare"]
    assert (await pressed(rig, "rob", "compare:A3:0")).title == "#A3 beside #A1"


async def test_all_that_the_flags_name_can_be_seen_one_after_the_other(rig: Rig) -> None:
    await likened(rig, "a", ip_address="198.18.0.9", **text("something else altogether, and long enough"))
    await likened(rig, "b", **text(OPINION))
    await likened(rig, "c", ip_address="198.18.0.9", **text(OPINION))
    card = await pressed(rig, "rob", "compare:A3:0")
    assert card.title == "#A3 beside #A2"  # a copy before an address
    (button,) = card.buttons
    assert (button.id, button.label) == ("compare:A3-A1:0", "Beside #A1")
    reply = await rig.press("rob", button.id)
    assert reply.card
    assert reply.replaces
    assert reply.card.title == "#A3 beside #A1"


async def test_what_is_most_alike_stands_side_by_side(rig: Rig) -> None:
    def two(first: str, second: str) -> dict[str, Any]:
        return {"proofs": (Proof(ProofKind.TEXT, "Name", first), Proof(ProofKind.TEXT, "Opinion", second))}

    await likened(rig, "a", **two(OPINION, "amina"))
    await likened(rig, "b", **two("bilal", LIKE))
    card = await pressed(rig, "vera", "compare:A2:0")
    assert quotes(card) == [("#A2 Opinion", LIKE), ("#A1 Name", OPINION)]


async def test_what_a_worker_wrote_is_cleaned_and_cut(rig: Rig) -> None:
    await likened(rig, "a", **text(OPINION + " " + "x" * 5_000))
    await likened(rig, "b", **text("\u202e" + LIKE + " " + "x" * 5_000))
    shown = [words for _, words in quotes(await pressed(rig, "vera", "compare:A2:0"))]
    assert all(len(words) <= 1_200 and "\u202e" not in words for words in shown)


async def test_buttons_that_lead_nowhere_are_refused(rig: Rig) -> None:
    await likened(rig, "a", **text(OPINION))
    for button in ("compare:A1:0", "compare:A7:0", "compare:A1-A7:0", "compare:A1-:0", "compare:-A1:0", "compare:x:0"):
        reply = await rig.press("vera", button)
        assert (reply.card, reply.result) == (None, Result.REFUSED)
    assert (await rig.press("nobody", "compare:A1:0")).result is Result.REFUSED
