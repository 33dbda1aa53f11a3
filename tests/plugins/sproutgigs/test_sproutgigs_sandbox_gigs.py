"""The gigs of the simulated SproutGigs: asked for by GET, with a JSON body."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from botcore.sandbox import FaultKind
from botcore_sproutgigs.sandbox import SproutGigsSandbox
from tests.plugins.site_buyer import SiteBuyer, opened

LISTED = [
    "id", "title", "category_id", "category", "subcategory_id", "subcategory", "price", "cover_image",
    "seller_nickname", "seller_gigs_total", "seller_rating_total", "url",
]  # fmt: skip


@pytest.fixture
async def buyer() -> AsyncIterator[SiteBuyer]:
    async with opened(SproutGigsSandbox, waiting=0) as buyer:
        yield buyer


async def search(buyer: SiteBuyer, **asked: Any) -> list[Any]:
    """All that is found, in one page."""
    answer = await buyer.get("gigs/get-gigs", {"results_per_page": 100, **asked})
    assert answer["next_page"] is False
    found: list[Any] = answer["gigs"]
    return found


async def talked_of(buyer: SiteBuyer, kind: str, more_than: int = 10) -> tuple[str, list[Any]]:
    """A gig with more than so many questions or reviews, and all of them."""
    for gig in await search(buyer):
        answer = await buyer.get(f"gigs/get-gig-{kind}", {"gig_id": gig["id"], "results_per_page": 100})
        found = answer["questions" if "questions" in answer else "reviews"]
        if len(found) > more_than:
            return gig["id"], found
    raise AssertionError(f"nothing has {kind}")


async def test_a_page_has_ten_gigs_in_the_documented_shape_unless_asked_otherwise(buyer: SiteBuyer) -> None:
    answer = await buyer.get("gigs/get-gigs")
    assert (answer["current_page"], answer["results_per_page"], answer["next_page"]) == (1, 10, True)
    assert len(answer["gigs"]) == 10
    assert all(list(gig) == LISTED for gig in answer["gigs"])
    assert all(isinstance(gig["price"], Decimal | int) for gig in answer["gigs"])


async def test_the_pages_hold_every_gig_once_and_the_last_says_so(buyer: SiteBuyer) -> None:
    everything = await search(buyer)
    pages = [await buyer.get("gigs/get-gigs", {"page": page}) for page in range(1, 6)]
    assert [gig for page in pages for gig in page["gigs"]] == everything
    assert [page["next_page"] for page in pages] == [page * 10 < len(everything) for page in range(1, 6)]


@pytest.mark.parametrize(
    ("order", "key", "descending"),
    [
        ("price_highest", "price", True),
        ("price_lowest", "price", False),
        ("title", "title", False),
    ],
)
async def test_gigs_come_in_the_order_asked_for(buyer: SiteBuyer, order: str, key: str, descending: bool) -> None:
    found = [gig[key] for gig in await search(buyer, order=order)]
    assert found == sorted(
        found, reverse=descending, key=lambda value: str(value).casefold() if key == "title" else value
    )


async def test_newest_is_the_reverse_of_oldest_and_neither_is_best_selling(buyer: SiteBuyer) -> None:
    newest, oldest, best = [await search(buyer, order=order) for order in ("newest", "oldest", "")]
    assert newest == oldest[::-1]
    assert best not in (newest, oldest)
    dates = [(await buyer.get("gigs/get-gig", {"gig_id": gig["id"]}))["published_at"] for gig in newest[:5]]
    assert dates == sorted(dates, reverse=True)


async def test_gigs_are_filtered_by_category_seller_and_price(buyer: SiteBuyer) -> None:
    everything = await search(buyer)
    one = everything[0]
    assert await search(buyer, category_id=one["category_id"]) == [
        gig for gig in everything if gig["category_id"] == one["category_id"]
    ]
    subs = [everything[0]["subcategory_id"], everything[-1]["subcategory_id"]]
    assert await search(buyer, subcategory_ids=subs) == [gig for gig in everything if gig["subcategory_id"] in subs]
    cheap = await search(buyer, min_price=5, max_price=9.5)
    assert cheap == [gig for gig in everything if 5 <= gig["price"] <= Decimal("9.5")]
    home = (await buyer.get("gigs/get-gig", {"gig_id": one["id"]}))["seller_countrycode"]
    from_there = await search(buyer, countries=[home.upper()])
    assert one in from_there
    assert 0 < len(from_there) < len(everything)


async def test_a_search_term_looks_in_titles_and_sets_every_other_filter_aside(buyer: SiteBuyer) -> None:
    found = await search(buyer, search_term="LOGO")
    assert found
    assert all("logo" in gig["title"].lower() for gig in found)
    aside = {"category_id": "nonsense", "min_price": 1, "countries": ["zz"]}
    assert await search(buyer, search_term="LOGO", **aside) == found
    assert await search(buyer, search_term="LOGO", order="title") == sorted(found, key=lambda gig: gig["title"].lower())
    assert await search(buyer, search_term="no such thing") == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"min_price": 1}, "go together"),
        ({"max_price": 1}, "go together"),
        ({"min_price": "cheap", "max_price": 2}, "min_price"),
        ({"results_per_page": 9}, "results_per_page"),
        ({"results_per_page": 101}, "results_per_page"),
        ({"page": 0}, "page"),
        ({"order": "best"}, "order"),
        ({"category_id": "2"}, "category_id"),
        ({"subcategory_ids": ["2082"] * 11}, "subcategory_ids"),
        ({"subcategory_ids": ["82"]}, "subcategory_ids"),
        ({"countries": ["us"] * 11}, "countries"),
        ({"countries": ["usa"]}, "countries"),
        ([], "JSON object"),
    ],
)
async def test_a_wrong_question_is_refused_naming_the_field(buyer: SiteBuyer, asked: Any, said: str) -> None:
    answer = await buyer.get("gigs/get-gigs", asked)
    assert answer["ok"] is False
    assert said in answer["message"]


async def test_what_stands_in_the_query_string_is_not_read(buyer: SiteBuyer) -> None:
    assert (await buyer.get("gigs/get-gigs", page=3))["current_page"] == 1
    assert (await buyer.get("gigs/get-gig", gig_id="abc"))["ok"] is False


async def test_categories_tell_the_least_price_as_text(buyer: SiteBuyer) -> None:
    categories = await buyer.get("gigs/get-categories")
    least = {each["subcategory_id"]: Decimal(each["min_price"]) for each in categories}
    assert all(len(each["category_id"]) == 2 and isinstance(each["min_price"], str) for each in categories)
    assert any(each["category_id"].startswith("0") for each in categories)
    assert all(gig["price"] >= least[gig["subcategory_id"]] for gig in await search(buyer))


async def test_a_gig_is_told_in_full(buyer: SiteBuyer) -> None:
    listed = (await search(buyer))[0]
    gig = await buyer.get("gigs/get-gig", {"gig_id": listed["id"]})
    shared = set(LISTED) - {"cover_image", "url"}
    assert {name: gig[name] for name in shared} == {name: listed[name] for name in shared}
    assert set(gig) - shared == {
        "links", "images", "description", "seller_member_since", "seller_avatar", "seller_last_refresh_datetime",
        "seller_countrycode", "seller_countryname", "delivery_time", "revisions", "seller_chats_response_time",
        "published_at", "active_orders",
    }  # fmt: skip
    assert gig["images"][0]["url"] == listed["cover_image"]
    async with buyer.http.get(listed["cover_image"]) as response:
        assert (response.status, response.content_type) == (200, "image/png")


async def test_a_gig_that_is_not_there_is_refused(buyer: SiteBuyer) -> None:
    for endpoint in ("get-gig", "get-gig-public-questions", "get-gig-reviews"):
        answer = await buyer.get(f"gigs/{endpoint}", {"gig_id": "000000000000"})
        assert answer == {"ok": False, "message": "Gig not found."}
        assert "gig_id" in (await buyer.get(f"gigs/{endpoint}", {}))["message"]


async def test_questions_are_paged_and_ordered(buyer: SiteBuyer) -> None:
    gig_id, newest = await talked_of(buyer, "public-questions")

    async def ordered(order: str) -> list[Any]:
        asked = {"gig_id": gig_id, "results_per_page": 100, "order": order}
        found: list[Any] = (await buyer.get("gigs/get-gig-public-questions", asked))["questions"]
        return found

    assert [one["created_at"] for one in newest] == sorted((one["created_at"] for one in newest), reverse=True)
    assert await ordered("oldest") == sorted(newest, key=lambda one: one["created_at"])
    likes = [one["total_likes"] for one in await ordered("likes_highest")]
    assert likes == sorted(likes, reverse=True)
    assert [one["total_likes"] for one in await ordered("likes_lowest")] == likes[::-1]
    first = await buyer.get("gigs/get-gig-public-questions", {"gig_id": gig_id})
    assert (first["questions"], first["next_page"]) == (newest[:10], True)
    wrong = await buyer.get("gigs/get-gig-public-questions", {"gig_id": gig_id, "order": "newest"})
    assert "order" in wrong["message"]


async def test_a_review_has_a_buyers_and_a_sellers_side(buyer: SiteBuyer) -> None:
    gig_id, newest = await talked_of(buyer, "reviews")
    seller = (await buyer.get("gigs/get-gig", {"gig_id": gig_id}))["seller_nickname"]
    side = {"rating", "comment", "created_at", "user_countrycode", "user_nickname", "user_countryname", "user_avatar"}
    for review in newest:
        assert set(review["buyer"]) == set(review["seller"]) == side
        assert review["seller"]["user_nickname"] == seller
        assert review["buyer"]["rating"] in {"1", "3", "4", "5"}
    oldest = await buyer.get("gigs/get-gig-reviews", {"gig_id": gig_id, "order": "oldest", "results_per_page": 100})
    assert [review["buyer"]["created_at"] for review in oldest["reviews"]] == sorted(
        review["buyer"]["created_at"] for review in newest
    )


async def test_gigs_are_the_same_at_every_look_and_for_the_same_seed_only(buyer: SiteBuyer) -> None:
    titles = [gig["id"] for gig in await search(buyer)]
    assert [gig["id"] for gig in await search(buyer)] == titles
    async with opened(SproutGigsSandbox, waiting=0, seed=2) as other:
        assert [gig["id"] for gig in await search(other)] != titles


async def test_faults_strike_gigs_too_and_a_stale_answer_is_one_to_the_same_question(buyer: SiteBuyer) -> None:
    logos = await search(buyer, search_term="logo")
    buyer.server.faults.add("gigs/*", FaultKind.STALE, seconds=60)
    assert await search(buyer, search_term="logo") == logos
    assert await search(buyer, search_term="blog") != logos
    buyer.server.faults.clear()
    buyer.server.faults.add("gigs/get-gigs.php", FaultKind.SHIFTED, count=1)
    assert len({gig["id"] for gig in await search(buyer)}) == len(await search(buyer)) - 1
    buyer.server.faults.add("gigs/*", FaultKind.ERROR, status=503)
    assert (await buyer.ask("GET", "gigs/get-categories"))[0] == 503
