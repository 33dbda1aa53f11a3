"""The plugin's own commands, as people type them: what is asked of the marketplace, and what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from botcore.models import Role
from botcore.ui import Card, Fields, Reply, Result, Table, Text
from botcore_sproutgigs.commands import COMMANDS, FEATURE
from tests.core.rig import Rig, actor, words
from tests.plugins.sproutgigs.test_sproutgigs_gigs import (
    CATEGORIES,
    CATEGORY,
    GIG,
    GIGS,
    LISTED,
    OPINION,
    QUESTION,
    QUESTIONS,
    REVIEW,
    REVIEWS,
    WHOLE,
    page,
)

if TYPE_CHECKING:
    from botcore_sproutgigs.provider import SproutGigsProvider
    from tests.plugins.sproutgigs.answering import Marketplace

JOB = "7c1d0a9be210"
FEATURES = "jobs/feature-job.php"
POSITION = "jobs/get-predicted-position.php"
HOSTILE = "@everyone\u202e \x1b[31m[free](http://x.example) \ud83e" + "a\u0301" * 3


def card(reply: Reply) -> Card:
    assert reply.card is not None, reply.text
    return reply.card


def rows(reply: Reply) -> list[tuple[str, ...]]:
    return [row for block in card(reply).blocks if isinstance(block, Table) for row in block.rows]


def facts(reply: Reply) -> dict[str, str]:
    return {f.name: f.value for block in card(reply).blocks if isinstance(block, Fields) for f in block.fields}


def hostile(whole: Any) -> Any:
    """An answer all of whose texts are meant to do harm, but for its ids."""
    if isinstance(whole, dict):
        return {name: part if name.endswith("id") else hostile(part) for name, part in whole.items()}
    if isinstance(whole, list):
        return [hostile(part) for part in whole]
    return HOSTILE if isinstance(whole, str) else whole


# --- gigs


async def test_categories_of_gigs_by_words(marketplace: Marketplace, rig: Rig) -> None:
    marketplace.says(CATEGORIES, [CATEGORY, CATEGORY | {"subcategory_id": "0308", "subcategory": "Singing"}])
    assert rows(await rig.say("vera", "gig categories main sing")) == [("03", "Music", "0308", "Singing", "$2.50")]
    assert len(rows(await rig.say("vera", "gig categories music"))) == 2


async def test_a_search_by_words(marketplace: Marketplace, rig: Rig) -> None:
    marketplace.says(GIGS, page("gigs", LISTED, more=True))
    found = await rig.say("vera", "gig search main term=mix a song")
    assert rows(found) == [("5e1f00c0ffee", "I will mix your song", "$7.25", "Mixing", "tonmeister", "4.9")]
    assert card(found).footer == "there are more: page=2"
    await rig.say("vera", "gig search mix a song page=2 order=price_lowest")
    assert marketplace.bodies(GIGS) == [
        {"search_term": "mix a song", "page": 1, "results_per_page": 100},
        {"search_term": "mix a song", "page": 2, "results_per_page": 100, "order": "price_lowest"},
    ]


async def test_a_search_by_filters(marketplace: Marketplace, rig: Rig) -> None:
    marketplace.says(GIGS, page("gigs"))
    line = "gig search category=03 subcategory=0307,0308 country=AT min=1.5 max=20 order=newest account=main"
    found = await rig.say("vera", line)
    assert rows(found) == []
    assert marketplace.bodies(GIGS) == [
        {
            "category_id": "03",
            "subcategory_ids": ["0307", "0308"],
            "countries": ["at"],
            "min_price": "1.5",
            "max_price": 20,
            "page": 1,
            "results_per_page": 100,
            "order": "newest",
        }
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("gig search term=logo country=at", "heeds no country="),
        ("gig search min=3", "Say both min= and max="),
        ("gig search max=3", "Say both min= and max="),
        ("gig search min=3 max=2", "over that of max="),
        ("gig search country=austria", "Austria is no country's code"),
        ("gig search country=" + ",".join(["at"] * 11), "Country= takes 10 at most."),
        ("gig search subcategory=" + ",".join(["0307"] * 11), "Subcategory= takes 10 at most."),
        ("gig search order=best", "Order is one of: newest,"),
        ("gig search page=0", "Page is a number from 1 on."),
        ("job feature 7c1d0a9be210 2.005", "An amount is a whole number of cents here."),
        ("gig reviews g order=likes_highest", "Order is one of: newest, oldest."),
        ("gig show", "Gig is missing"),
        ("gig show g account=other", "Other (Scripted) cannot do that; these can: main."),
    ],
)
async def test_what_cannot_be_asked_is_not(line: str, said: str, marketplace: Marketplace, rig: Rig) -> None:
    reply = await rig.say("olga", line)
    assert said in reply.text
    assert (reply.result, marketplace.heard) == (Result.REFUSED, [])


async def test_everything_about_a_gig(marketplace: Marketplace, rig: Rig) -> None:
    marketplace.says(GIG, WHOLE | {"links": ["https://example.com/me"]})
    shown = await rig.say("vera", "gig show 5e1f00c0ffee")
    assert (card(shown).title, card(shown).subtitle) == ("I will mix your song", "5e1f00c0ffee")
    known = facts(shown)
    assert (known["Price"], known["Category"], known["Seller"]) == ("$7.25", "Music: Mixing", "tonmeister, Austria")
    assert (known["Delivery"], known["Revisions"], known["Active orders"]) == ("2d", "2", "3")
    assert words(card(shown)) == (
        "Description: Hello,\n\n🟪 Two rounds of changes. | "
        "Pictures: https://static.sproutgigs.com/g/1.png\nhttps://static.sproutgigs.com/g/2.png | "
        "Links: https://example.com/me"
    )


async def test_a_gig_of_which_little_is_told(marketplace: Marketplace, rig: Rig) -> None:
    marketplace.says(GIG, {"id": "g"})
    shown = await rig.say("vera", "gig show g")
    assert (card(shown).title, facts(shown), words(card(shown))) == ("g", {}, "")


async def test_questions_and_reviews(marketplace: Marketplace, rig: Rig) -> None:
    marketplace.says(QUESTIONS, page("questions", QUESTION, {"question": "And now?", "total_likes": 1}))
    marketplace.says(REVIEWS, page("reviews", REVIEW, {"buyer": {"rating": "5"}}, number=2))
    assert words(card(await rig.say("vera", "gig questions g"))) == (
        "joana · Portugal · 2025-12-01 · 6 likes: Also for films?\n\nAnswer: Yes. | 1 like: And now?"
    )
    reviews = card(await rig.say("vera", "gig reviews g page=2"))
    assert words(reviews) == (
        "oshan · Sri Lanka · 2025-12-03: 4 of 5. Very clear ☺\n\nSeller: 5 of 5. Very clear ☺ | 5 of 5"
    )
    assert reviews.footer == "page=2 is the last"


async def test_many_reviews_are_turned_by_the_page(marketplace: Marketplace, rig: Rig) -> None:
    marketplace.says(REVIEWS, page("reviews", *[REVIEW] * 25, more=True))
    first = card(await rig.say("vera", "gig reviews g"))
    assert (len(first.blocks), first.footer) == (10, "page 1 of 3, 25 in all · there are more: page=2")
    last = await rig.press("vera", first.buttons[0].id.rpartition(":")[0] + ":3")
    assert len(card(last).blocks) == 5
    assert len(marketplace.heard) == 1


async def test_a_gig_without_questions_says_so(marketplace: Marketplace, rig: Rig) -> None:
    marketplace.says(QUESTIONS, page("questions"))
    assert words(card(await rig.say("vera", "gig questions g"))) == "There are none."


async def test_the_newest_can_be_asked_for_by_name_and_a_page_beyond_the_last_says_so(
    marketplace: Marketplace, rig: Rig
) -> None:
    marketplace.says(QUESTIONS, {**page("questions"), "current_page": 9})
    shown = card(await rig.say("vera", "gig questions g order=newest page=9"))
    assert (words(shown), shown.footer) == ("There are no more.", "")
    assert "order" not in marketplace.bodies(QUESTIONS)[0]


async def test_what_strangers_wrote_is_made_harmless(marketplace: Marketplace, rig: Rig) -> None:
    marketplace.says(GIGS, hostile(page("gigs", LISTED)))
    marketplace.says(GIG, hostile(WHOLE))
    marketplace.says(QUESTIONS, hostile(page("questions", QUESTION)))
    marketplace.says(REVIEWS, hostile(page("reviews", {"buyer": OPINION, "seller": OPINION})))
    marketplace.says(CATEGORIES, hostile([CATEGORY]))
    for line in ("gig search", "gig show 5e1f00c0ffee", "gig questions g", "gig reviews g", "gig categories"):
        shown = str(card(await rig.say("vera", line)))
        assert "@everyone" in shown
        for harm in ("\\u202e", "\\x1b", "\\ud83e"):
            assert harm not in shown, line


async def test_a_description_without_end_is_cut(marketplace: Marketplace, rig: Rig) -> None:
    marketplace.says(GIG, WHOLE | {"description": "x" * 1_000_000})
    shown = card(await rig.say("vera", "gig show 5e1f00c0ffee"))
    whole = await rig.press("vera", next(b.id for b in shown.buttons if b.label == "Show all"))
    assert next(len(t.text) for t in card(whole).blocks if isinstance(t, Text)) == 10_000


async def test_a_marketplace_that_is_down_is_said_to_be(marketplace: Marketplace, rig: Rig) -> None:
    marketplace.says(GIGS, "{}", status=503)
    assert "in trouble (HTTP 503)" in (await rig.say("vera", "gig search")).text


# --- featured jobs


def with_job(marketplace: Marketplace) -> None:
    marketplace.says("jobs/get-job.php", marketplace.job())
    marketplace.says("users/get-balances.php", {"spendable": "12.34", "earned": "0"})
    marketplace.says(POSITION, {"position_in_all": 4, "position_in_category": 1})


async def test_featuring_a_job_is_quoted_and_waits_for_confirm(marketplace: Marketplace, rig: Rig) -> None:
    with_job(marketplace)
    marketplace.says(FEATURES, {"ok": True})
    asked = await rig.say("mia", f"job feature {JOB} 2.5")
    assert asked.result is Result.NEEDS_CONFIRMATION
    known = facts(asked)
    assert (known["Cost"], known["Balance"]) == ("$2.50", "$12.34, then $9.84")
    assert known["Predicted place"] == "number 4 of all, number 1 in its category"
    assert words(card(asked)) == "Feature “Join the garden forum” for $2.50: it is shown before what paid less."
    assert marketplace.bodies(FEATURES) == []
    done = await rig.patiently(rig.press("mia", f"confirm:op-{asked.operations[0]}:0"))
    assert (done.result, card(done).badge) == (Result.DONE, "Done")
    assert marketplace.bodies(FEATURES) == [{"job_id": JOB, "amount": "2.5"}]
    assert "The account can spend $12.34 now." in str(done.card)


async def test_a_quote_does_without_a_predicted_place(marketplace: Marketplace, rig: Rig) -> None:
    with_job(marketplace)
    marketplace.answers[POSITION] = [(500, "{}")]
    asked = await rig.say("mia", f"job feature {JOB} 2")
    assert asked.result is Result.NEEDS_CONFIRMATION
    assert "Predicted place" not in facts(asked)


async def test_a_feature_whose_answer_was_lost_is_not_paid_twice(marketplace: Marketplace, rig: Rig) -> None:
    with_job(marketplace)
    marketplace.says(FEATURES, "{}", status=502)
    asked = await rig.say("mia", f"job feature {JOB} 2")
    done = await rig.patiently(rig.press("mia", f"confirm:op-{asked.operations[0]}:0"))
    assert done.result is Result.IN_DOUBT
    await rig.turn(600)
    assert len(marketplace.bodies(FEATURES)) == 1
    assert not FEATURE.repeatable


async def test_less_than_two_dollars_feature_nothing(marketplace: Marketplace, rig: Rig) -> None:
    assert (await rig.say("mia", f"job feature {JOB} 1.99")).text == "An amount is $2.00 or more here."
    assert marketplace.heard == []


async def test_a_job_of_another_marketplace_is_not_featured(rig: Rig) -> None:
    rig.markets["other"].edits["J1"] = {}
    assert "these can: main" in (await rig.say("mia", "job feature J1 5 account=other")).text


async def test_a_place_can_be_asked_for(marketplace: Marketplace, rig: Rig) -> None:
    marketplace.says(POSITION, {"position_in_all": 4, "position_in_category": 1})
    assert (await rig.say("mia", "job position 0501 3.10")).text == (
        "For $3.10, a job of category 0501 would be number 4 of all, number 1 in its category."
    )
    assert marketplace.bodies(POSITION) == [{"category_id": "0501", "amount": "3.10"}]


# --- who may, and where


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
async def test_viewers_read_gigs_and_managers_feature_jobs(command: Any, rig: Rig) -> None:
    assert command.role is (Role.VIEWER if command.name.startswith("gig ") else Role.MANAGER)
    names = [one.name for one in await rig.dispatch.commands(actor("mia"))]
    assert command.name in names


async def test_without_an_account_there_none_of_it_is_offered(provider: SproutGigsProvider, rig: Rig) -> None:
    rig.accounts["main"].provider = rig.accounts["other"].provider
    names = {one.name for one in await rig.dispatch.commands(actor("olga"))}
    assert not names & {command.name for command in COMMANDS}
