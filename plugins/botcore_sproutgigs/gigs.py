"""Gigs: what freelancers offer, read by the account's key. Requests are GETs whose parameters are a JSON body.

Source: SproutGigs' API documentation of 4 March 2024, which calls this part a beta.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Generic, TypeVar

from pydantic import BeforeValidator

from botcore.provider import Refused
from botcore.wire import Flag, Id, MaybeCount, MaybeMoment, MaybeMoney, Text, Wire, as_text, items

from .calls import Calls, listed_in, unreadable
from .wire import WireListed

G = TypeVar("G", bound=Wire)

PAGE_SIZE = 100  # the most that the marketplace gives at once
MOST_CHOSEN = 10  # of subcategories, or of countries, in one search
GIG_ORDERS = ("newest", "oldest", "price_highest", "price_lowest", "reviews_highest", "title")
QUESTION_ORDERS = ("oldest", "likes_lowest", "likes_highest")
REVIEW_ORDERS = ("oldest",)


def _addresses(value: object) -> tuple[str, ...]:
    """The addresses of a list of `{"url"}` objects, or of texts."""
    texts = (as_text(item.get("url") if isinstance(item, Mapping) else item) for item in items(value))
    return tuple(text for text in texts if text)


def _there(value: object) -> object:
    """An object, or nothing where PHP has an empty list for none."""
    return value if isinstance(value, Mapping) and value else None


Addresses = Annotated[tuple[str, ...], BeforeValidator(_addresses)]


class GigCategory(Wire):
    """A kind of gig, of gigs/get-categories."""

    category_id: Id
    subcategory_id: Id
    category: Text = ""
    subcategory: Text = ""
    min_price: MaybeMoney = None


class Gig(WireListed):
    """A gig as gigs/get-gigs lists it. Prices are US dollars."""

    title: Text = ""
    category_id: Text = ""
    category: Text = ""
    subcategory_id: Text = ""
    subcategory: Text = ""
    price: MaybeMoney = None
    url: Text = ""
    seller_nickname: Text = ""
    seller_gigs_total: MaybeCount = None
    seller_rating_total: MaybeMoney = None


class WholeGig(Gig):
    """A gig as gigs/get-gig tells it. Moments without a zone are taken to be UTC."""

    description: Text = ""
    images: Addresses = ()
    links: Addresses = ()
    delivery_time: Text = ""
    revisions: Text = ""
    published_at: MaybeMoment = None
    active_orders: MaybeCount = None
    seller_countryname: Text = ""
    seller_member_since: MaybeMoment = None
    seller_last_refresh_datetime: MaybeMoment = None
    seller_chats_response_time: Text = ""


class Question(Wire):
    """What somebody asked about a gig in public, and its answer, of gigs/get-gig-public-questions."""

    question: Text
    answer: Text = ""
    total_likes: MaybeCount = None
    created_at: MaybeMoment = None
    user_nickname: Text = ""
    user_countryname: Text = ""


class Opinion(Wire):
    """What one side said of the other."""

    rating: Text = ""
    comment: Text = ""
    created_at: MaybeMoment = None
    user_nickname: Text = ""
    user_countryname: Text = ""


class Review(Wire):
    """What a buyer said, and the seller after that, of gigs/get-gig-reviews."""

    buyer: Opinion
    seller: Annotated[Opinion | None, BeforeValidator(_there)] = None


class _WireMore(Wire):
    current_page: MaybeCount = None
    next_page: Flag = False


@dataclass(frozen=True, slots=True)
class Found(Generic[G]):
    """One page of a list, and whether there is another."""

    items: tuple[G, ...]
    number: int
    more: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which gigs are looked for. The marketplace heeds no filter beside a `term`; `price` is from and to."""

    term: str = ""
    category: str = ""
    subcategories: Sequence[str] = ()
    countries: Sequence[str] = ()
    price: tuple[Decimal, Decimal] | None = None
    order: str = ""  # one of `GIG_ORDERS`; "": the best selling first


class Gigs:
    """The endpoints of gigs. Raises `AuthFailed`, `RateLimited`, `Refused` and `Unavailable`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def categories(self) -> tuple[GigCategory, ...]:
        return await self._calls.catalogue("gigs/get-categories.php", GigCategory)

    async def gig(self, gig_id: str) -> WholeGig:
        """Raises `Refused` where there is no such gig."""
        endpoint = "gigs/get-gig.php"
        data = await self._calls.read(endpoint, body={"gig_id": gig_id})
        if not data:
            raise Refused(f"there is no gig {gig_id}")
        gig = self._calls.one(endpoint, data, WholeGig)
        if gig.id != gig_id:
            raise unreadable(endpoint, "id")
        return gig

    async def search(self, wanted: Wanted, page: int = 1) -> Found[Gig]:
        body: dict[str, object] = {}
        if wanted.term:
            body["search_term"] = wanted.term
        if wanted.category:
            body["category_id"] = wanted.category
        if wanted.subcategories:
            body["subcategory_ids"] = list(wanted.subcategories)
        if wanted.countries:
            body["countries"] = list(wanted.countries)
        if wanted.price:
            body["min_price"], body["max_price"] = wanted.price
        return await self._page("gigs/get-gigs.php", body, wanted.order, page, "gigs", Gig)

    async def questions(self, gig_id: str, order: str = "", page: int = 1) -> Found[Question]:
        """The newest first, or by one of `QUESTION_ORDERS`."""
        endpoint = "gigs/get-gig-public-questions.php"
        return await self._page(endpoint, {"gig_id": gig_id}, order, page, "questions", Question)

    async def reviews(self, gig_id: str, order: str = "", page: int = 1) -> Found[Review]:
        """The newest first, or by one of `REVIEW_ORDERS`."""
        endpoint = "gigs/get-gig-reviews.php"
        return await self._page(endpoint, {"gig_id": gig_id}, order, page, "reviews", Review)

    async def _page(
        self, endpoint: str, body: Mapping[str, object], order: str, page: int, key: str, kind: type[G]
    ) -> Found[G]:
        asked = {**body, "page": page, "results_per_page": PAGE_SIZE, **({"order": order} if order else {})}
        data = await self._calls.read(endpoint, body=asked)
        found, _ = self._calls.several(endpoint, listed_in(endpoint, data, key), kind)
        told = self._calls.one(endpoint, data, _WireMore)
        return Found(found, page if told.current_page is None else told.current_page, told.next_page)
