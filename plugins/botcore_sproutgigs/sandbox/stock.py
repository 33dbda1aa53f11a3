"""The gigs that are on offer, who offers them, and what was asked and said about them: made up from the seed, the
same at every look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from botcore.sandbox import prose
from botcore.sandbox.money import UNIT, units
from botcore.sandbox.world import Books

_SELLERS = 14
_SINCE = datetime(2020, 1, 6, 9, 0, tzinfo=UTC)
_OPENED = datetime(2024, 1, 8, 8, 0, tzinfo=UTC)  # when the oldest gig was published
_MOST_TALK = 40  # questions or reviews of one gig


@dataclass(frozen=True, slots=True)
class Category:
    """A subcategory, with the category that it is in. `least`: what a gig must cost, in units."""

    id: str
    name: str
    sub_id: str
    sub: str
    least: int


@dataclass(frozen=True, slots=True)
class Person:
    nickname: str
    country: str  # two letters, lower case, as ISO has them
    avatar: str


@dataclass(frozen=True, slots=True)
class Seller:
    person: Person
    sold: int
    rating: Decimal
    since: datetime
    seen: datetime
    answers_in: str


@dataclass(frozen=True, slots=True)
class Gig:
    n: int
    id: str
    title: str
    category: Category
    price: Decimal
    seller: Seller
    published: datetime
    description: str
    pictures: int
    days: int
    revisions: int
    orders: int
    sold: int
    questions: int
    reviews: int


@dataclass(frozen=True, slots=True)
class Question:
    asked: str
    answer: str
    likes: int
    at: datetime
    by: Person


@dataclass(frozen=True, slots=True)
class Review:
    stars: int
    comment: str
    at: datetime
    by: Person
    seller_comment: str
    seller_at: datetime


def gigs(books: Books) -> list[Gig]:
    """All that are on offer, oldest first."""
    sellers = [_seller(books, i) for i in range(_SELLERS)]
    offers = [(category, title) for category in CATEGORIES for title in _OFFERS[category.sub_id]]
    books.chance("order of gigs").shuffle(offers)
    return [_gig(books, n, *offer, sellers) for n, offer in enumerate(offers)]


def questions(books: Books, gig: Gig) -> list[Question]:
    """What was asked in public about a gig, oldest first."""
    luck = books.chance("questions", gig.id)
    return [
        Question(
            luck.choice(_QUESTIONS).format(nickname=gig.seller.person.nickname),
            luck.choice(_ANSWERS),
            luck.choice((0, 0, 0, 1, 2, 3, luck.randint(4, 30))),
            _after(gig.published, i, luck),
            _person(books, luck),
        )
        for i in range(gig.questions)
    ]


def reviews(books: Books, gig: Gig) -> list[Review]:
    """What buyers of a gig and its seller said of each other, oldest first."""
    luck = books.chance("reviews", gig.id)
    return [
        Review(
            luck.choices((5, 4, 3, 1), (70, 20, 6, 4))[0],
            luck.choice(_PRAISE),
            at := _after(gig.published, i, luck),
            _person(books, luck),
            luck.choice(_THANKS),
            at + timedelta(minutes=luck.randint(3, 2_000)),
        )
        for i in range(gig.reviews)
    ]


def country_name(code: str) -> str:
    return _COUNTRIES[code]


def _gig(books: Books, n: int, category: Category, title: str, sellers: Sequence[Seller]) -> Gig:
    luck = books.chance("gig", n)
    return Gig(
        n,
        books.ident(12, "gig", n),
        title,
        category,
        (category.least + units(luck.randint(0, 2400)) // 100) * UNIT,
        luck.choice(sellers),
        _OPENED + timedelta(days=n * 9, minutes=luck.randint(0, 600)),
        f"Hello,\r\n\r\n\U0001f7e9 {title}\r\n\r\n" + "\r\n".join(f"\u2714\ufe0f {line}" for line in _PROMISES),
        luck.randint(1, 5),
        luck.choice((1, 2, 3, 5, 7)),
        luck.randint(0, 5),
        luck.randint(0, 40),
        luck.randint(0, 900),
        luck.choice((0, luck.randint(0, _MOST_TALK))),
        luck.choice((0, luck.randint(0, _MOST_TALK), _MOST_TALK)),
    )


def _seller(books: Books, i: int) -> Seller:
    luck = books.chance("seller", i)
    since = _SINCE + timedelta(days=luck.randint(0, 1_200), seconds=luck.randint(0, 80_000))
    return Seller(
        _person(books, luck),
        luck.randint(1, 999),
        Decimal(luck.randint(35, 50)) / 10,
        since,
        since + timedelta(days=luck.randint(1_300, 1_500)),
        luck.choice(("20 min", "1 hr", "3 hrs", "1 day")),
    )


def _person(books: Books, luck: Random) -> Person:
    nickname = prose.user_name(luck)
    avatar = f"{books.site.url}/avatars/{books.ident(8, 'avatar', nickname)}.png"
    return Person(nickname, luck.choice(list(_COUNTRIES)), avatar)


def _after(published: datetime, i: int, luck: Random) -> datetime:
    return published + timedelta(days=i * 3, minutes=luck.randint(1, 4_000))


CATEGORIES = tuple(
    Category(sub_id[:2], name, sub_id, sub, units(least))
    for sub_id, name, sub, least in (
        ("0215", "Artificial Intelligence", "AI Consulting", "1.00"),
        ("0220", "Artificial Intelligence", "AI Development", "1.00"),
        ("2040", "Digital Marketing", "Influencer Marketing", "1.00"),
        ("2082", "Digital Marketing", "Search Engine Optimization (SEO)", "1.00"),
        ("3010", "Graphics & Design", "Logo Design", "1.00"),
        ("3025", "Graphics & Design", "Banners", "1.00"),
        ("4001", "Web Development", "Web Development", "2.00"),
        ("4012", "Web Development", "Bug Fixes", "1.50"),
        ("5005", "Writing & Translation", "Proofreading", "1.00"),
        ("9511", "Telemarketing", "Business Consulting", "1.00"),
    )
)
_OFFERS = {
    "0215": ("Plan where a chat assistant helps your shop", "Choose the right language model for your budget"),
    "0220": (
        "Build a bot that answers your customers",
        "Train a model that sorts your pictures",
        "Connect your shop to a speech service",
    ),
    "2040": (
        "Show your brand to my gardening followers",
        "Mention your café in my travel stories",
        "Promote your song on my dance channel",
    ),
    "2082": (
        "Find the search words your rivals forgot",
        "Check your site for what search engines dislike",
        "Get your page linked from fifty honest blogs",
        "Write titles and descriptions for 20 pages",
    ),
    "3010": (
        "Draw a minimalist logo in two colours",
        "Turn your sketch into a vector logo",
        "Design a vintage logo for your bakery",
        "Make a logo for your football club <b>today</b>",
        "Refresh an old logo without losing it",
    ),
    "3025": ("Design a banner for your channel", "Make ten animated banners in all sizes", "Paint a header by hand"),
    "4001": (
        "Set up a blog that is ready for adverts",
        "Build a one-page site for your restaurant",
        "Move your website to another host in a night",
        "Add a booking calendar to your site",
        "Make your old site work on phones",
        "Install a shop with three ways to pay",
    ),
    "4012": ("Repair a layout that breaks on phones", "Find out why your form sends no mail", "Clean a hacked blog"),
    "5005": (
        "Proofread 1000 words of English",
        "Make your application letter sound like you",
        "Read your thesis before your professor does",
    ),
    "9511": ("Call 50 companies from your list", "Write a script for your sales calls"),
}
_PROMISES = ("Done by hand, not by a script", "Changes until you are happy", "Files are yours to keep")
_QUESTIONS = (
    "Hello {nickname}, how soon could you start?",
    "Do you also do this in Arabic?",
    "What do you need from me before I order?\r\n\r\nI have no account there yet.",
    "can you send an example of earlier work please",
    "Is the price for one page or for the whole site?",
    "@everyone best price here: cheap-gigs.example \u202eetisbew",
)
_ANSWERS = (
    "Yes of course. ",
    "As soon as you order, usually the same day.",
    "Everything is in the description,\r\njust ask if something is missing.",
    "For the whole site. ",
)
_PRAISE = (
    "Very nice work, I will come back.",
    "Good.",
    "Quick and friendly \U0001f60a",
    "Took longer than promised, but the result is fine.",
    "Not what I had asked for",
)
_THANKS = ("Thank you, it was a pleasure.", "Great client", "Thanks for the order, see you again!")
_COUNTRIES = {
    "bd": "Bangladesh",
    "br": "Brazil",
    "de": "Germany",
    "gb": "United Kingdom",
    "in": "India",
    "ke": "Kenya",
    "lk": "Sri Lanka",
    "ma": "Morocco",
    "ng": "Nigeria",
    "us": "United States",
}
