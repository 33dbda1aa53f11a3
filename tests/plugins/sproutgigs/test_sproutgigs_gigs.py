"""Gigs: what is asked in the body of a GET, and what is read of the answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.provider import Refused, Unavailable
from botcore.transport import Answer, Params, clean, decode
from botcore_sproutgigs.calls import Calls
from botcore_sproutgigs.gigs import GigCategory, Gigs, Wanted

if TYPE_CHECKING:
    from botcore_sproutgigs.provider import SproutGigsProvider
    from tests.plugins.sproutgigs.answering import Marketplace

CATEGORIES = "gigs/get-categories.php"
GIG = "gigs/get-gig.php"
GIGS = "gigs/get-gigs.php"
QUESTIONS = "gigs/get-gig-public-questions.php"
REVIEWS = "gigs/get-gig-reviews.php"

CATEGORY = {
    "category_id": "03",
    "subcategory_id": "0307",
    "category": "Music",
    "subcategory": "Mixing",
    "min_price": "2.50",
}
LISTED = {
    "id": "5e1f00c0ffee",
    "title": "I will mix your song",
    "category_id": "03",
    "category": "Music",
    "subcategory_id": "0307",
    "subcategory": "Mixing",
    "price": 7.25,
    "cover_image": "https://static.sproutgigs.com/g/1.png",
    "seller_nickname": "tonmeister",
    "seller_gigs_total": 41,
    "seller_rating_total": 4.9,
    "url": "https://sproutgigs.com/g/5e1f00c0ffee/i-will-mix-your-song",
}
WHOLE = {name: value for name, value in LISTED.items() if name not in ("cover_image", "url")} | {
    "links": [],
    "images": [{"url": "https://static.sproutgigs.com/g/1.png"}, {"url": "https://static.sproutgigs.com/g/2.png"}],
    "description": "Hello,\r\n\r\n\ud83d\udfea Two rounds of changes.\r\n",
    "seller_member_since": "2019-05-06 07:08:09",
    "seller_avatar": "https://static.sproutgigs.com/a.png",
    "seller_last_refresh_datetime": "2026-01-04 05:06:07",
    "seller_countrycode": "at",
    "seller_countryname": "Austria",
    "delivery_time": "2d",
    "revisions": 2,
    "seller_chats_response_time": "3 hrs",
    "published_at": "2025-11-12 13:14:15",
    "active_orders": 3,
}
QUESTION = {
    "question": "Also for films?",
    "answer": "Yes.\r\n",
    "total_likes": 6,
    "created_at": "2025-12-01 10:11:12",
    "user_countrycode": "pt",
    "user_avatar": "https://static.sproutgigs.com/b.png",
    "user_nickname": "joana",
    "user_countryname": "Portugal",
}
OPINION = {
    "rating": "4",
    "comment": "Very clear \u263a",
    "created_at": "2025-12-03 10:11:12",
    "user_countrycode": "lk",
    "user_nickname": "oshan",
    "user_countryname": "Sri Lanka",
    "user_avatar": "https://static.sproutgigs.com/c.gif",
}
REVIEW = {"buyer": OPINION, "seller": OPINION | {"rating": "5", "user_nickname": "tonmeister"}}


def page(key: str, *found: object, number: int = 1, more: object = False) -> dict[str, object]:
    return {"current_page": number, "results_per_page": 100, "next_page": more, key: list(found)}


# --- what is read


async def test_categories_keep_their_ids_and_exact_prices(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(CATEGORIES, [CATEGORY, {"category": "no ids"}])
    (category,) = await provider.gigs.categories()
    assert category == GigCategory(
        category_id="03", subcategory_id="0307", category="Music", subcategory="Mixing", min_price=Decimal("2.50")
    )
    assert provider.api.unreadable == {CATEGORIES: 1}


async def test_gigs_of_a_search_are_read(marketplace: Marketplace, provider: SproutGigsProvider) -> None:
    marketplace.says(GIGS, page("gigs", LISTED, 5, number=3, more=True))
    found = await provider.gigs.search(Wanted(), 3)
    (gig,) = found.items
    assert (gig.id, gig.title, gig.price) == ("5e1f00c0ffee", "I will mix your song", Decimal("7.25"))
    assert (gig.subcategory, gig.seller_nickname, gig.seller_rating_total) == ("Mixing", "tonmeister", Decimal("4.9"))
    assert (found.number, found.more) == (3, True)


async def test_a_gig_is_read_whole(marketplace: Marketplace, provider: SproutGigsProvider) -> None:
    marketplace.says(GIG, WHOLE)
    gig = await provider.gigs.gig("5e1f00c0ffee")
    assert gig.images == ("https://static.sproutgigs.com/g/1.png", "https://static.sproutgigs.com/g/2.png")
    assert (gig.links, gig.delivery_time, gig.revisions, gig.active_orders) == ((), "2d", "2", 3)
    assert gig.published_at == datetime(2025, 11, 12, 13, 14, 15, tzinfo=UTC)
    assert gig.seller_member_since == datetime(2019, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert gig.description.startswith("Hello,\r\n\r\n🟪 ")


async def test_questions_and_reviews_are_read(marketplace: Marketplace, provider: SproutGigsProvider) -> None:
    marketplace.says(QUESTIONS, page("questions", QUESTION, {"question": "No answer yet?"}))
    marketplace.says(REVIEWS, page("reviews", REVIEW, {"buyer": OPINION, "seller": []}))
    first, second = (await provider.gigs.questions("g")).items
    assert (first.question, first.answer, first.total_likes) == ("Also for films?", "Yes.\r\n", 6)
    assert (second.answer, second.created_at) == ("", None)
    both, alone = (await provider.gigs.reviews("g")).items
    assert both.seller
    assert (both.buyer.rating, both.buyer.comment, both.seller.rating) == ("4", "Very clear ☺", "5")
    assert alone.seller is None


# --- what is asked


async def test_everything_is_a_get_with_a_json_body(marketplace: Marketplace, provider: SproutGigsProvider) -> None:
    marketplace.says(CATEGORIES, [])
    marketplace.says(GIG, WHOLE)
    marketplace.says(GIGS, page("gigs"))
    marketplace.says(QUESTIONS, page("questions"))
    marketplace.says(REVIEWS, page("reviews"))
    await provider.gigs.categories()
    await provider.gigs.gig("5e1f00c0ffee")
    await provider.gigs.search(
        Wanted("", "03", ("0307", "0308"), ("at", "pt"), (Decimal("1.50"), Decimal(20)), "newest"), 2
    )
    await provider.gigs.search(Wanted("a song"))
    await provider.gigs.questions("5e1f00c0ffee", "likes_highest")
    await provider.gigs.reviews("5e1f00c0ffee", page=4)
    assert {(heard.method, len(heard.query)) for heard in marketplace.heard} == {("GET", 0)}
    assert marketplace.heard[0].text == ""
    assert marketplace.heard[1].headers["Content-Type"] == "application/json"
    assert marketplace.bodies(GIG) == [{"gig_id": "5e1f00c0ffee"}]
    assert marketplace.bodies(GIGS) == [
        {
            "category_id": "03",
            "subcategory_ids": ["0307", "0308"],
            "countries": ["at", "pt"],
            "min_price": "1.50",
            "max_price": 20,
            "page": 2,
            "results_per_page": 100,
            "order": "newest",
        },
        {"search_term": "a song", "page": 1, "results_per_page": 100},
    ]
    about = {"gig_id": "5e1f00c0ffee", "results_per_page": 100}
    assert marketplace.bodies(QUESTIONS) == [{**about, "page": 1, "order": "likes_highest"}]
    assert marketplace.bodies(REVIEWS) == [{**about, "page": 4}]


# --- what goes wrong


@pytest.mark.parametrize("answer", [{"ok": False, "message": "No such gig"}, [], None])
async def test_a_gig_that_is_not_there_is_refused(
    answer: object, marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(GIG, answer)
    with pytest.raises(Refused, match=r"(?i)gig"):
        await provider.gigs.gig("nope")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"title": "no id"}, r"gigs/get-gig\.php .* id"),
        (WHOLE | {"id": "another"}, r"gigs/get-gig\.php .* id"),
        ([1], r"gigs/get-gig\.php .* an object"),
    ],
)
async def test_a_gig_that_cannot_be_read_names_endpoint_and_field(
    answer: object, words: str, marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(GIG, answer)
    with pytest.raises(Unavailable, match=words):
        await provider.gigs.gig("5e1f00c0ffee")


@pytest.mark.parametrize("answer", [[], {}, {"gigs": {"a": 1}}, "null"])
async def test_a_list_that_cannot_be_read_names_endpoint_and_field(
    answer: object, marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(GIGS, answer)
    with pytest.raises(Unavailable, match=r"gigs/get-gigs\.php .* gigs"):
        await provider.gigs.search(Wanted())


async def test_a_page_that_does_not_say_whether_there_is_more_is_the_last(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(GIGS, {"gigs": [LISTED]})
    found = await provider.gigs.search(Wanted(), 2)
    assert (len(found.items), found.number, found.more) == (1, 2, False)


ANSWERS: dict[str, Any] = {
    CATEGORIES: [CATEGORY],
    GIG: WHOLE,
    GIGS: page("gigs", LISTED),
    QUESTIONS: page("questions", QUESTION),
    REVIEWS: page("reviews", REVIEW),
}
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([10**400, "1e9999", "NaN", "\ud83e"]) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("id"), inner, max_size=3),
    max_leaves=6,
)


class Mangled:
    """Stands where the transport stands: gives an endpoint's answer with one place of it replaced."""

    def __init__(self, place: int, junk: object) -> None:
        self.place = place
        self.junk = junk

    async def get(self, path: str, params: Params | None = None, *, json: object = None) -> Answer:
        return self.answer({"root": decode(_text(ANSWERS[path]))[0]})

    def answer(self, whole: Any) -> Answer:
        places = list(_places(whole))
        inside, key = places[self.place % len(places)]
        inside[key] = decode(_text(self.junk))[0]
        return Answer(200, whole["root"], "")

    def safe(self, text: str) -> str:
        return clean(text)


def _text(value: object) -> str:
    return json.dumps(value)


def _places(value: Any) -> Any:
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 60), junk=JUNK)
async def test_a_mangled_answer_is_a_gig_or_a_providers_error(place: int, junk: object) -> None:
    gigs = Gigs(Calls(Mangled(place, junk)))  # type: ignore[arg-type]
    for call in (
        gigs.categories,
        lambda: gigs.gig("5e1f00c0ffee"),
        lambda: gigs.search(Wanted()),
        lambda: gigs.questions("g"),
        lambda: gigs.reviews("g"),
    ):
        try:
            found = await call()
        except (Refused, Unavailable):
            continue
        repr(found).encode()
