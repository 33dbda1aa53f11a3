"""What only SproutGigs has: gigs, and jobs that are paid to be shown before others."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar, cast

from botcore import Card, Command, Kind, OperationKind, Param, Provider, Reply
from botcore.commands.asking import (
    ACCOUNT,
    ACCOUNT_FIRST,
    JOB,
    Account,
    BadInput,
    ask,
    chosen_accounts,
    complete_category,
    find_job,
    job_facts,
    leading_account,
    look_at_balance,
    paged,
    price_as_asked,
    words_match,
)
from botcore.models import Role
from botcore.provider import ProviderError
from botcore.text import clean, money, one_line
from botcore.ui import Block, Field, Fields, Table, Text

from .gigs import (
    GIG_ORDERS,
    MOST_CHOSEN,
    QUESTION_ORDERS,
    REVIEW_ORDERS,
    Found,
    Opinion,
    Question,
    Review,
    Wanted,
    WholeGig,
)

if TYPE_CHECKING:
    from botcore.dispatch import Context

    from .provider import SproutGigsProvider

T = TypeVar("T")

HERE = "sproutgigs"
LEAST_TO_FEATURE = Decimal(2)
CENT = Decimal("0.01")
LONGEST = 10_000  # characters of somebody's text
NOTHING = "—"
NEWEST = "newest"


# --- gigs


async def _categories(context: Context, values: Mapping[str, Any]) -> Reply:
    values = leading_account(context, values, "words")
    words: str = values.get("words", "")
    found = await _asking(_any(context, values), lambda p: p.gigs.categories())
    rows = [
        (one.category_id, one_line(one.category), one.subcategory_id, one_line(one.subcategory), _price(one.min_price))
        for one in found
    ]
    columns = ("Category", "", "Subcategory", "", "Minimum")
    table = Table(columns, tuple(row for row in rows if words_match(words, *row[:4])), empty="There are none.")
    return await paged(context, Card("Categories of gigs", blocks=(table,)))


async def _search(context: Context, values: Mapping[str, Any]) -> Reply:
    values = leading_account(context, values, "term")
    wanted, number = _wanted(values), _page_number(values)
    found = await _asking(_any(context, values), lambda p: p.gigs.search(wanted, number))
    rows = tuple(
        (
            gig.id,
            clean(one_line(gig.title), 100),
            _price(gig.price),
            clean(one_line(gig.subcategory or gig.category), 60),
            clean(one_line(gig.seller_nickname), 40),
            _number(gig.seller_rating_total),
        )
        for gig in found.items
    )
    table = Table(("Gig", "Title", "Price", "Category", "Seller", "Rating"), rows, empty=_none(found))
    return await paged(context, Card("Gigs", blocks=(table,), footer=_more(found)))


async def _show(context: Context, values: Mapping[str, Any]) -> Reply:
    gig = await _asking(_any(context, values), lambda p: p.gigs.gig(values["gig"]))
    blocks: list[Block] = [Fields(tuple(_facts(gig)))]
    for title, text in (
        ("Description", clean(gig.description, LONGEST).strip()),
        ("Pictures", "\n".join(clean(one_line(address), 300) for address in gig.images[:50])),
        ("Links", "\n".join(clean(one_line(address), 300) for address in gig.links[:50])),
    ):
        if text:
            blocks.append(Text(text, title=title, quoted=True))
    return await paged(context, Card(clean(one_line(gig.title), 200) or gig.id, subtitle=gig.id, blocks=tuple(blocks)))


async def _questions(context: Context, values: Mapping[str, Any]) -> Reply:
    order, number = _talk_order(values), _page_number(values)
    found = await _asking(_any(context, values), lambda p: p.gigs.questions(values["gig"], order, number))
    return await _talk(context, f"Questions about {_shown(values['gig'])}", [_asked(one) for one in found.items], found)


async def _reviews(context: Context, values: Mapping[str, Any]) -> Reply:
    order, number = _talk_order(values), _page_number(values)
    found = await _asking(_any(context, values), lambda p: p.gigs.reviews(values["gig"], order, number))
    return await _talk(context, f"Reviews of {_shown(values['gig'])}", [_reviewed(one) for one in found.items], found)


async def _talk(context: Context, title: str, texts: Sequence[Text], found: Found[Any]) -> Reply:
    blocks = tuple(texts) or (Text(_none(found)),)
    return await paged(context, Card(title, blocks=blocks, footer=_more(found)))


def _talk_order(values: Mapping[str, Any]) -> str:
    """An order of questions or reviews as the marketplace takes it, whose own has no name."""
    order: str = values.get("order", NEWEST)
    return "" if order == NEWEST else order


def _wanted(values: Mapping[str, Any]) -> Wanted:
    """The filters of a search, as the marketplace takes them. Raises `BadInput`."""
    term = values.get("term", "").strip()
    filters = [name for name in ("category", "subcategory", "country", "min", "max") if name in values]
    if term and filters:
        raise BadInput(f"with words to look for the marketplace heeds no {filters[0]}=: leave one or the other out")
    if ("min" in values) != ("max" in values):
        raise BadInput("say both min= and max=: the marketplace takes them together")
    price = (values["min"], values["max"]) if "min" in values else None
    if price and price[0] > price[1]:
        raise BadInput("the amount of min= is over that of max=")
    for name in ("subcategory", "country"):
        if len(values.get(name, ())) > MOST_CHOSEN:
            raise BadInput(f"{name}= takes {MOST_CHOSEN} at most")
    countries = [country.lower() for country in values.get("country", ())]
    for country in countries:
        if not re.fullmatch("[a-z]{2}", country):
            raise BadInput(f"{_shown(country)} is no country's code of two letters, such as us")
    return Wanted(
        term,
        values.get("category", ""),
        values.get("subcategory", ()),
        countries,
        price,
        values.get("order", ""),
    )


def _facts(gig: WholeGig) -> list[Field]:
    seller = ", ".join(one_line(part) for part in (gig.seller_nickname, gig.seller_countryname) if part)
    texts = (
        ("Price", _price(gig.price)),
        ("Category", ": ".join(part for part in (gig.category, gig.subcategory) if part)),
        ("Delivery", gig.delivery_time),
        ("Revisions", gig.revisions),
        ("Active orders", _number(gig.active_orders)),
        ("Seller", seller),
        ("Seller's rating", _number(gig.seller_rating_total)),
        ("Seller's gigs", _number(gig.seller_gigs_total)),
        ("Answers within", gig.seller_chats_response_time),
    )
    moments = (
        ("Published", gig.published_at),
        ("Seller since", gig.seller_member_since),
        ("Seller was there", gig.seller_last_refresh_datetime),
    )
    facts = [Field(name, clean(one_line(text), 100)) for name, text in texts if text and text != NOTHING]
    return facts + [Field(name, "", moment) for name, moment in moments if moment]


def _asked(one: Question) -> Text:
    likes = f"{one.total_likes} {'like' if one.total_likes == 1 else 'likes'}" if one.total_likes else ""
    answer = f"\n\nAnswer: {clean(one.answer, LONGEST).strip()}" if one.answer.strip() else ""
    who = _who(one.user_nickname, one.user_countryname, one.created_at, likes)
    return Text(clean(one.question, LONGEST).strip() + answer, title=who, quoted=True)


def _reviewed(one: Review) -> Text:
    answer = f"\n\nSeller: {_opinion(one.seller)}" if one.seller else ""
    who = _who(one.buyer.user_nickname, one.buyer.user_countryname, one.buyer.created_at)
    return Text(_opinion(one.buyer) + answer, title=who, quoted=True)


def _opinion(one: Opinion) -> str:
    rating = f"{clean(one_line(one.rating), 10)} of 5" if one.rating else ""
    return ". ".join(part for part in (rating, clean(one.comment, LONGEST).strip()) if part)


def _who(name: str, country: str, moment: datetime | None, more: str = "") -> str:
    day = f"{moment:%Y-%m-%d}" if moment else ""
    return " · ".join(clean(one_line(part), 60) for part in (name, country, day, more) if part)


def _none(found: Found[Any]) -> str:
    return "There are none." if found.number == 1 else "There are no more."


def _more(found: Found[Any]) -> str:
    if not found.items:
        return ""
    if found.more:
        return f"there are more: page={found.number + 1}"
    return f"page={found.number} is the last" if found.number > 1 else ""


# --- featured jobs


async def _feature(context: Context, values: Mapping[str, Any]) -> Reply:
    amount: Decimal = values["amount"]
    if amount < LEAST_TO_FEATURE:
        raise BadInput(f"an amount is {money(LEAST_TO_FEATURE)} or more here")
    if amount % CENT:
        raise BadInput("an amount is a whole number of cents here")
    account, job = await find_job(context, values, provider=HERE)
    return await ask(
        context,
        account,
        FEATURE,
        {"job": job.id, "amount": str(amount)},
        f"Feature “{clean(one_line(job.title), 60)}” for {money(amount)}: it is shown before what paid less.",
        amount,
        about=f"job:{job.id}",
        facts=(*job_facts(job), *await _predicted(account, job.category, amount)),
    )


async def _predicted(account: Account, category: str, amount: Decimal) -> Sequence[tuple[str, str]]:
    """Where that would put it, where the marketplace says so: a quote does without."""
    try:
        return (("Predicted place", await _place(account, category, amount)),) if category else ()
    except ProviderError:
        return ()


async def _position(context: Context, values: Mapping[str, Any]) -> Reply:
    category: str = values["category"]
    amount: Decimal = values["amount"]
    place = await _place(_any(context, values), category, amount)
    return Reply(f"For {money(amount)}, a job of category {_shown(category)} would be {place}.")


async def _place(account: Account, category: str, amount: Decimal) -> str:
    told = await _asking(account, lambda p: p.predicted_position(category, amount))
    return f"number {told.position_in_all} of all, number {told.position_in_category} in its category"


# --- shared


def _any(context: Context, values: Mapping[str, Any]) -> Account:
    """The account that was named, or the first that works: what it reads is the same for each."""
    return min(chosen_accounts(context, values, provider=HERE), key=lambda account: bool(account.problem))


async def _asking(account: Account, what: Callable[[SproutGigsProvider], Awaitable[T]]) -> T:
    """An answer for a person who waits, of an account that is at this marketplace."""
    return await account.ask(cast("Callable[[Provider], Awaitable[T]]", what))


def _page_number(values: Mapping[str, Any]) -> int:
    number: int = values.get("page", 1)
    if number < 1:
        raise BadInput("page is a number from 1 on")
    return number


def _price(amount: Decimal | None) -> str:
    return NOTHING if amount is None else money(amount)


def _number(amount: Decimal | int | None) -> str:
    return NOTHING if amount is None else format(amount, "f" if isinstance(amount, Decimal) else "d")


def _shown(text: str) -> str:
    return clean(one_line(text), 40)


FEATURE = OperationKind(
    "feature job",
    Role.MANAGER,
    lambda p, a: p.feature(a["job"], Decimal(a["amount"])),
    look=look_at_balance,
    price=price_as_asked,
)

GIG = Param("gig", "the gig's id, of `gig search`", required=True)
PAGE = Param("page", "which hundred of them", Kind.INTEGER, named_only=True)

OPERATIONS = (FEATURE,)
COMMANDS = (
    Command(
        "gig categories",
        "kinds of gigs, and the least they cost",
        Role.VIEWER,
        _categories,
        (ACCOUNT_FIRST, Param("words", "only what is called that", Kind.TEXT)),
        provider=HERE,
    ),
    Command(
        "gig search",
        "gigs by words of their titles, or by category, country and price",
        Role.VIEWER,
        _search,
        (
            ACCOUNT_FIRST,
            Param("term", "words of the title; goes with no other filter", Kind.TEXT),
            Param("category", "a category's id, of `gig categories`", named_only=True),
            Param("subcategory", "ids of subcategories", named_only=True, many=True),
            Param("country", "two-letter codes of the sellers' countries", named_only=True, many=True),
            Param("min", "the least they cost; goes with max=", Kind.MONEY, named_only=True),
            Param("max", "the most they cost; goes with min=", Kind.MONEY, named_only=True),
            Param("order", "what comes first; left out: what sells best", named_only=True, choices=GIG_ORDERS),
            PAGE,
        ),
        provider=HERE,
    ),
    Command("gig show", "everything about a gig", Role.VIEWER, _show, (GIG, ACCOUNT), provider=HERE),
    Command(
        "gig questions",
        "what was asked about a gig, and answered",
        Role.VIEWER,
        _questions,
        (
            GIG,
            Param("order", "left out: the newest first", named_only=True, choices=(NEWEST, *QUESTION_ORDERS)),
            PAGE,
            ACCOUNT,
        ),
        provider=HERE,
    ),
    Command(
        "gig reviews",
        "what buyers said of a gig, and its seller of them",
        Role.VIEWER,
        _reviews,
        (
            GIG,
            Param("order", "left out: the newest first", named_only=True, choices=(NEWEST, *REVIEW_ORDERS)),
            PAGE,
            ACCOUNT,
        ),
        provider=HERE,
    ),
    Command(
        "job feature",
        "pay for a job to be shown before others",
        Role.MANAGER,
        _feature,
        (JOB, Param("amount", "dollars, 2 or more", Kind.MONEY, required=True), ACCOUNT),
        provider=HERE,
    ),
    Command(
        "job position",
        "where a job would be shown for an amount",
        Role.MANAGER,
        _position,
        (
            Param("category", "a category's id", required=True, complete=complete_category),
            Param("amount", "dollars", Kind.MONEY, required=True),
            ACCOUNT,
        ),
        provider=HERE,
    ),
)
