"""What is said against a draft is what the simulated site, which has its own reading of the document, would refuse; and
what it would take goes out as the document says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from botcore.draft import Offers
from botcore.draft_text import read_draft
from botcore.sandbox import SandboxServer, jobs
from botcore.sandbox.base import Call, Refusal
from botcore.sandbox.money import refund
from botcore.text import clean
from botcore.transport import encode
from botcore_hiretalents.fields import FIELDS
from botcore_hiretalents.posting import problems_in, terms_of
from botcore_hiretalents.provider import HireTalentsProvider
from botcore_hiretalents.sandbox import posting

CHECKED = {"13": "send_tweet", "114": "like_tweet", "112": "tweeter_followers"}
TEAM, NO_TEAM = "12870", "77"
FLAG = {"yes": 1, "no": 0, "maybe": "maybe"}
DURATION = {"hour": "hourly", "day": "daily", "week": "weekly"}
RICH = 10**15  # enough for a million positions at a thousand dollars


@dataclass(frozen=True)
class Wish:
    """A job as somebody wants it; `None` and () are left out."""

    title: str
    category: str
    price: str
    positions: str
    minutes: str
    countries: tuple[str, ...]
    instructions: tuple[str, ...]
    proofs: tuple[tuple[str, str], ...]
    team: str
    limit: tuple[int, str] | None
    automated: str | None
    tweet: str | None
    hidden: str | None

    @property
    def typed(self) -> dict[str, str]:
        """As it is typed."""
        answers = {
            "title": self.title,
            "category": self.category,
            "price": self.price,
            "positions": self.positions,
            "minutes": self.minutes,
            "countries": ", ".join(self.countries),
            "instructions": "\n".join(self.instructions),
            "proofs": "\n".join(f"{kind}: {text}" for kind, text in self.proofs),
            "team": self.team,
            "limit": f"{self.limit[0]}/{self.limit[1]}" if self.limit else "",
            "automated": self.automated or "",
            "tweet": self.tweet or "",
            "hidden": self.hidden or "",
        }
        return {name: text for name, text in answers.items() if text}

    @property
    def said(self) -> dict[str, Any]:
        """As the document has it, by hand."""
        everybody = self.countries == ("INT",)
        proofs: list[Any] = [
            {"desc": text, "type": "image" if kind == "screenshot" else kind} for kind, text in self.proofs
        ]
        if self.automated == "yes" and not proofs and self.category in CHECKED:
            proofs = [{"desc": CHECKED[self.category], "type": CHECKED[self.category]}]
        body: dict[str, Any] = {
            "title": self.title,
            "category": self.category,
            "price": self.price,
            "availseats": self.positions,
            "time": self.minutes,
            "country": "INT" if everybody else list(self.countries),
            "expected": list(self.instructions),
            "proof": proofs,
        }
        if self.team:
            body |= {"team_id": self.team, "country": 0 if everybody or not self.countries else list(self.countries)}
        if self.limit:
            body["job_limit"] = {"limit": self.limit[0], "duration": DURATION[self.limit[1]]}
        flags = {"automated": self.automated, "send_tweet": self.tweet, "hide_search_engines": self.hidden}
        return body | {name: FLAG[word] for name, word in flags.items() if word}


SIGNS = st.characters(codec="utf-8", exclude_categories=["C", "Z"])
WORDS = st.text(SIGNS, min_size=1, max_size=12).filter(lambda text: clean(text) == text)  # nothing invisible is sent
LINES = st.lists(WORDS, min_size=1, max_size=4).map(tuple)
PROOFS = st.lists(st.tuples(st.sampled_from(["screenshot", "text"]), WORDS), min_size=1, max_size=4).map(tuple)
PRICES = st.decimals("0.0150", "1.0000", places=4).map(lambda amount: f"{amount:f}") | st.sampled_from(["0.02", "1000"])
COUNTRIES = st.lists(
    st.sampled_from(["1269750", "2635167", "6252001", "1282988"]), min_size=1, max_size=3, unique=True
).map(tuple)
FLAGS = st.sampled_from([None, "yes", "no"])
GOOD: Mapping[str, st.SearchStrategy[Any]] = {
    "title": WORDS,
    "category": st.sampled_from(["13", "114", "97", "45"]),
    "price": PRICES,
    "positions": st.integers(1, 1_000_000).map(str),
    "minutes": st.integers(1, 100_000).map(str),
    "countries": st.just(("INT",)) | COUNTRIES,
    "instructions": LINES,
    "proofs": PROOFS,
    "team": st.just(""),
    "limit": st.none() | st.tuples(st.integers(1, 1_000_000), st.sampled_from(["hour", "day"])),
    "automated": st.sampled_from([None, "no"]),
    "tweet": FLAGS,
    "hidden": FLAGS,
}
ODD: Mapping[str, Sequence[Any]] = {
    "title": ("", " "),
    "category": ("", "9999", "112", "40"),
    "price": ("", "0", "0.00001", "0.03001", "0.0300", "1000", "1000.0001", "much"),
    "positions": ("", "0", "1000001", "1.5", "-1", "ten"),
    "minutes": ("", "0", "100001", "0.5"),
    "countries": ((), ("INT",), ("INT", "1269750"), ("1269750", "999999")),
    "instructions": ((), ("Go",) * 100, ("Go",) * 101),
    "proofs": ((), (("video", "All"),), (("text", ""),), (("text", "x"),) * 20, (("text", "x"),) * 21),
    "team": (TEAM, TEAM, NO_TEAM),
    "limit": ((0, "day"), (1_000_001, "hour"), (3, "week")),
    "automated": ("yes", "maybe"),
    "tweet": ("maybe",),
    "hidden": ("maybe",),
}


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    """A job that is right but for a few oddities, some of which are right, too."""
    values = {name: draw(good) for name, good in GOOD.items()}
    if draw(st.integers(0, 3)) == 0:
        values |= {"category": draw(st.sampled_from(sorted(CHECKED))), "automated": "yes", "proofs": ()}
    for name in draw(st.sets(st.sampled_from(sorted(ODD)), max_size=2)):
        values[name] = draw(st.sampled_from(ODD[name]))
    return Wish(**values)


RIGHT = Wish(
    title="Say hello", category="13", price="0.03", positions="10", minutes="1", countries=("INT",),
    instructions=("Do this",), proofs=(("text", "Your name"),), team="", limit=None, automated=None, tweet=None,
    hidden=None,
)  # fmt: skip


class _Undo(Exception):  # noqa: N818
    def __init__(self, terms: jobs.Terms) -> None:
        self.terms = terms


def taken(server: SandboxServer, body: str) -> jobs.Terms | str:
    """The job that the site would make of it, or what it says against it."""
    with server.world.turn("hire", "hiretalents") as books:
        try:
            with books.attempt():
                refund(books, RICH)
                made = posting.create(books, Call("jobs/create", {}, body))
                raise _Undo(jobs.find(books, str(made["job_id"])).terms)
        except _Undo as undone:
            return undone.terms
        except Refusal as refusal:
            return str(refusal)


@pytest.fixture
async def offers(live: HireTalentsProvider) -> Offers:
    return Offers(categories=await live.categories(), countries=await live.countries(), teams=await live.teams())


@given(wish=wishes())
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_we_accept_it_accepts_and_what_it_refuses_we_refuse(
    sandbox: SandboxServer, offers: Offers, wish: Wish
) -> None:
    event("accepted" if agreed(sandbox, offers, wish) else "refused")


def test_every_oddity_alone_is_read_alike(sandbox: SandboxServer, offers: Offers) -> None:
    verdicts = {
        (name, value): agreed(sandbox, offers, replace(RIGHT, **{name: value}))
        for name, values in ODD.items()
        for value in values
    }
    assert agreed(sandbox, offers, RIGHT)
    assert {name for (name, _), taken in verdicts.items() if not taken} == set(ODD)


def agreed(sandbox: SandboxServer, offers: Offers, wish: Wish) -> bool:
    """Whether both sides take it; they must say the same of it, and make the same job of it."""
    draft, problems = read_draft("hire", FIELDS, wish.typed, offers)
    problems = [*problems, *problems_in(draft, offers)]
    site = taken(sandbox, json.dumps(wish.said))
    assert isinstance(site, str) == bool(problems), (site, problems)
    if isinstance(site, jobs.Terms):
        assert taken(sandbox, encode(terms_of(draft))) == site
    assert all(problem.text for problem in problems)
    assert {problem.field for problem in problems} <= {field.name for field in FIELDS}
    return not problems


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"price": "0.02"}, {"price": "must be more than $0.02 in “Twitter: Tweet”"}),
        ({"price": "0.03001"}, {"price": "has at most four decimals, such as 0.0325"}),
        ({"countries": ""}, {"countries": "is missing: Anywhere (INT), or some countries, or else a team"}),
        (
            {"countries": "anywhere, nepal"},
            {"countries": "is Anywhere (INT) alone, or some countries without it"},
        ),
        (
            {"countries": "Nepal", "team": "regulars"},
            {"countries": "is Anywhere (INT), or empty, for a team: choose countries or a team, not both"},
        ),
        ({"countries": "", "team": "Regulars"}, {}),
        ({"team": "Regulars"}, {}),
        (
            {"limit": "3/week"},
            {"limit": "is how many may do it in an hour or a day, from 1 to 1000000, such as 3/hour or 10/day"},
        ),
        ({"proofs": ""}, {"proofs": "is missing: at least one, such as screenshot: Your profile page"}),
        ({"automated": "yes"}, {"proofs": "must be empty where the work is checked automatically"}),
        ({"automated": "yes", "proofs": ""}, {}),
        (
            {"automated": "yes", "proofs": "", "category": "40", "price": "1"},
            {
                "automated": "goes only with the categories 13 (“Twitter: Tweet”), 114 (“Twitter: Like”) and "
                "112 (“Twitter: Follow”)"
            },
        ),
        (
            {"price": "0.02", "limit": "many", "countries": "INT, Nepal", "proofs": "", "title": ""},
            dict.fromkeys(("price", "limit", "countries", "proofs", "title")),
        ),
    ],
)
async def test_all_that_is_wrong_is_told_at_once_with_what_is_allowed(
    offers: Offers, changes: Mapping[str, str], said: Mapping[str, str | None]
) -> None:
    whole = {
        "title": "Say hello", "category": "13", "price": "0.03", "positions": "10", "minutes": "1",
        "countries": "INT", "instructions": "Do this", "proofs": "text: Your name",
    }  # fmt: skip
    draft, problems = read_draft("hire", FIELDS, {**whole, **changes}, offers)
    found = {problem.field: problem.text for problem in [*problems, *problems_in(draft, offers)]}
    assert set(found) == set(said)
    assert all(found[name] == text for name, text in said.items() if text is not None)


async def test_where_the_catalogue_is_not_known_nothing_is_said_against_it() -> None:
    answers = {"category": "nobody knows", "price": "0.0001", "countries": "Nowhere", "proofs": "text: x"}
    draft, _ = read_draft("hire", FIELDS, answers, Offers())
    assert draft.money("price") == Decimal("0.0001")
    assert list(problems_in(draft, Offers())) == []
    automated, _ = read_draft("hire", FIELDS, {"category": "7", "automated": "yes", "countries": "INT"}, Offers())
    (problem,) = problems_in(automated, Offers())
    assert problem.text == "goes only with the categories 13, 114 and 112"
