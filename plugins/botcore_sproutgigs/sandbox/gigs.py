"""Gigs: their list with its filters, each of them, and the talk about them. Every question is a JSON body, also
though it is a GET."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from botcore.sandbox import pictures
from botcore.sandbox.base import Call, Missing, Refusal
from botcore.sandbox.checks import Fields
from botcore.sandbox.money import UNIT, dollars
from botcore.sandbox.world import Books

from . import stock

T = TypeVar("T")
_Order = tuple[Callable[[T], Any], bool]  # by what, and whether the highest comes first

_FAR = 1_000_000  # pages end somewhere
_MOST = 10_000_000  # units
_MOST_CHOSEN = 10  # subcategories, or countries
_SITE = "https://sproutgigs.com"
_COUNTRY = re.compile(r"[A-Za-z]{2}", re.ASCII)
_NO_WORD = re.compile(r"[^a-z0-9]+")

_GIG_ORDERS: Mapping[str, _Order[stock.Gig]] = {
    "": (lambda gig: gig.sold, True),
    "newest": (lambda gig: gig.published, True),
    "oldest": (lambda gig: gig.published, False),
    "price_highest": (lambda gig: gig.price, True),
    "price_lowest": (lambda gig: gig.price, False),
    "reviews_highest": (lambda gig: gig.reviews, True),
    "title": (lambda gig: gig.title.casefold(), False),
}
_QUESTION_ORDERS: Mapping[str, _Order[stock.Question]] = {
    "": (lambda question: question.at, True),
    "oldest": (lambda question: question.at, False),
    "likes_lowest": (lambda question: question.likes, False),
    "likes_highest": (lambda question: question.likes, True),
}
_REVIEW_ORDERS: Mapping[str, _Order[stock.Review]] = {
    "": (lambda review: review.at, True),
    "oldest": (lambda review: review.at, False),
}


def get_categories(books: Books, call: Call) -> Any:
    return [
        {
            "category_id": category.id,
            "subcategory_id": category.sub_id,
            "category": category.name,
            "subcategory": category.sub,
            "min_price": dollars(category.least),
        }
        for category in stock.CATEGORIES
    ]


def get_gig(books: Books, call: Call) -> Any:
    gig = _find(books, _asked(call))
    seller = gig.seller
    return {
        **_what(gig),
        "links": [],
        "images": [{"url": _picture(books, gig, i)} for i in range(gig.pictures)],
        "description": f"{gig.description}\r\n\r\nRegards,\r\n{seller.person.nickname}",
        **_sold_by(seller),
        "seller_member_since": _stamp(seller.since),
        "seller_avatar": seller.person.avatar,
        "seller_last_refresh_datetime": _stamp(seller.seen),
        "seller_countrycode": seller.person.country,
        "seller_countryname": stock.country_name(seller.person.country),
        "delivery_time": f"{gig.days}d",
        "revisions": gig.revisions,
        "seller_chats_response_time": seller.answers_in,
        "published_at": _stamp(gig.published),
        "active_orders": gig.orders,
    }


def get_gigs(books: Books, call: Call) -> Any:
    fields = _asked(call)
    words = fields.text("search_term", "").casefold()
    found = stock.gigs(books)
    if words:  # and no other filter counts
        found = [gig for gig in found if words in gig.title.casefold()]
    else:
        wanted = _filter(fields)
        found = [gig for gig in found if wanted(gig)]
    return _page(fields, "gigs", found, _GIG_ORDERS, lambda gig: _listed(books, gig))


def get_questions(books: Books, call: Call) -> Any:
    fields = _asked(call)
    found = stock.questions(books, _find(books, fields))
    return _page(fields, "questions", found, _QUESTION_ORDERS, _question)


def get_reviews(books: Books, call: Call) -> Any:
    fields = _asked(call)
    gig = _find(books, fields)
    return _page(fields, "reviews", stock.reviews(books, gig), _REVIEW_ORDERS, lambda review: _review(gig, review))


def _asked(call: Call) -> Fields:
    return Fields(call.body() if call.content.strip() else {})


def _find(books: Books, fields: Fields) -> stock.Gig:
    gig_id = fields.text("gig_id")
    for gig in stock.gigs(books):
        if gig.id == gig_id:
            return gig
    raise Missing("Gig not found.")


def _filter(fields: Fields) -> Callable[[stock.Gig], bool]:
    category = fields.choice("category_id", sorted({category.id for category in stock.CATEGORIES}), "")
    subs = fields.strings("subcategory_ids", 1, _MOST_CHOSEN, required=False)
    if not set(subs) <= {category.sub_id for category in stock.CATEGORIES}:
        raise Refusal("subcategory_ids has ids that do not exist.")
    countries = [country.lower() for country in fields.strings("countries", 1, _MOST_CHOSEN, required=False)]
    if not all(_COUNTRY.fullmatch(country) for country in countries):
        raise Refusal("countries must hold codes of two letters.")
    if fields.given("min_price") != fields.given("max_price"):
        raise Refusal("min_price and max_price go together.")
    least, most = (fields.money(name, 0, _MOST, default) for name, default in (("min_price", 0), ("max_price", _MOST)))

    def wanted(gig: stock.Gig) -> bool:
        return (
            category in ("", gig.category.id)
            and (not subs or gig.category.sub_id in subs)
            and (not countries or gig.seller.person.country in countries)
            and least * UNIT <= gig.price <= most * UNIT
        )

    return wanted


def _page(
    fields: Fields, name: str, found: Sequence[T], orders: Mapping[str, _Order[T]], shape: Callable[[T], Any]
) -> dict[str, Any]:
    page = fields.integer("page", 1, _FAR, 1)
    size = fields.integer("results_per_page", 10, 100, 10)
    by, highest_first = orders[fields.choice("order", orders, "")]
    ordered = sorted(found, key=by, reverse=highest_first)
    return {
        "current_page": page,
        "results_per_page": size,
        "next_page": page * size < len(ordered),
        name: [shape(thing) for thing in ordered[(page - 1) * size : page * size]],
    }


def _listed(books: Books, gig: stock.Gig) -> dict[str, Any]:
    return {
        **_what(gig),
        "cover_image": _picture(books, gig, 0),
        **_sold_by(gig.seller),
        "url": f"{_SITE}/g/{gig.id}/{_NO_WORD.sub('-', gig.title.lower()).strip('-')}",
    }


def _what(gig: stock.Gig) -> dict[str, Any]:
    return {
        "id": gig.id,
        "title": gig.title,
        "category_id": gig.category.id,
        "category": gig.category.name,
        "subcategory_id": gig.category.sub_id,
        "subcategory": gig.category.sub,
        "price": gig.price,
    }


def _sold_by(seller: stock.Seller) -> dict[str, Any]:
    return {
        "seller_nickname": seller.person.nickname,
        "seller_gigs_total": seller.sold,
        "seller_rating_total": seller.rating,
    }


def _question(question: stock.Question) -> dict[str, Any]:
    return {
        "question": question.asked,
        "answer": question.answer,
        "total_likes": question.likes,
        "created_at": _stamp(question.at),
        **_said_by(question.by),
    }


def _review(gig: stock.Gig, review: stock.Review) -> dict[str, Any]:
    return {
        "buyer": _opinion(review.stars, review.comment, review.at, review.by),
        "seller": _opinion(5, review.seller_comment, review.seller_at, gig.seller.person),
    }


def _opinion(stars: int, comment: str, at: datetime, by: stock.Person) -> dict[str, Any]:
    return {"rating": str(stars), "comment": comment, "created_at": _stamp(at), **_said_by(by)}


def _said_by(person: stock.Person) -> dict[str, str]:
    return {
        "user_countrycode": person.country,
        "user_nickname": person.nickname,
        "user_countryname": stock.country_name(person.country),
        "user_avatar": person.avatar,
    }


def _picture(books: Books, gig: stock.Gig, i: int) -> str:
    """The address of a gig's picture, which is hung up when it is first told of."""
    picture_id = books.ident(24, "gig picture", gig.id, i)
    if pictures.recipe_of(books, picture_id) is None:
        recipe = pictures.Recipe("profile", gig.title, gig.seller.person.nickname, picture_id)
        pictures.hang(books, picture_id, recipe)
    return books.site.picture(picture_id)


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
