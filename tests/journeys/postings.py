"""Jobs as people type them, and what their marketplace must get of each; together they have every field there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botcore.draft import DraftField
from botcore.provider import Provider

EMPTY = "—"  # what is answered where an optional choice is to be none


@dataclass(frozen=True, slots=True)
class Posting:
    """`answers`: what is typed, by field; `posted`: what then arrives, where lists and teams stand by their names."""

    name: str
    account: str
    answers: Mapping[str, str]
    posted: Mapping[str, Any]


EXAMPLE = Posting(  # that of SproutGigs' document
    "the document's example",
    "sprout",
    {
        "title": "Sign up to ACME website",
        "category": "simple sign up",
        "zone": "international",
        "price": "0.10",
        "positions": "25",
        "instructions": "visit the ACME website\nCreate an account",
        "proofs": "screenshot: Screenshot of your profile at ACME website",
    },
    {
        "zone_id": "int",
        "category_id": "0501",
        "title": "Sign up to ACME website",
        "instructions": ["visit the ACME website", "Create an account"],
        "proofs": [{"description": "Screenshot of your profile at ACME website", "type": "screenshot"}],
        "num_tasks": 25,
        "task_value": "0.10",
        "speed": 1000,
        "ttr": 7,
        "hold_time": 15,
        "workers_level": "starter",
        "workers_max_tasks": 1,
        "autorate": "NO",
        "start_time": "00:00",
        "end_time": "24:00",
        "hold_required": 0,
        "pause_after_approval": 0,
        "notify_followers": 0,
    },
)
MORE = {
    "notes": "Thank you.\n\nCome again",
    "excluded": "us, nz",
    "level": "Expert",
    "per_worker": "3",
    "distribution": "50",
    "challenges": "What colour is the logo? = green\nHow many roses? = 7",
    "challenge_action": "Reject and block the worker",
    "auto_rate": "Check and approve",
    "days_to_rate": "6",
    "speed": "900",
    "hold_minutes": "20",
    "hold_required": "yes",
    "pause_after_approval": "yes",
    "notify_followers": "yes",
    "premium": "2.50",
}
MORE_POSTED = {
    "notes": "Thank you.\n\nCome again",
    "excluded_countries": ["us", "nz"],
    "workers_level": "expert",
    "workers_max_tasks": 3,
    "distribution": 50,
    "challenges": [
        {"question": "What colour is the logo?", "answer": "green"},
        {"question": "How many roses?", "answer": "7"},
    ],
    "challenge_action": "rate_nok_block",
    "autorate": "V+R",
    "ttr": 6,
    "speed": 900,
    "hold_time": 20,
    "hold_required": 1,
    "pause_after_approval": 1,
    "notify_followers": 1,
    "premium_amount": "2.50",
}
GARDEN = {
    "title": "Join the garden forum",
    "category": "0501",
    "zone": "usa & western",
    "price": "0.2405",
    "positions": "40",
    "instructions": "Open the forum\nName a flower of {{CITY}} in {{YEAR}}",
    "proofs": "screenshot: Your profile page\ntext: Your name there",
}
GARDEN_POSTED = {
    "zone_id": "west1",
    "category_id": "0501",
    "title": "Join the garden forum",
    "instructions": ["Open the forum", "Name a flower of {{CITY}} in {{YEAR}}"],
    "proofs": [
        {"type": "screenshot", "description": "Your profile page"},
        {"type": "text", "description": "Your name there"},
    ],
    "num_tasks": 40,
    "task_value": "0.2405",
}
TIMES = {"variables": "CITY: Rome | Paris\nYEAR: 1990 | 2000", "start": "06:30", "end": "23:00"}
TIMES_POSTED = {
    "variables": [{"name": "CITY", "values": ["Rome", "Paris"]}, {"name": "YEAR", "values": ["1990", "2000"]}],
    "start_time": "06:30",
    "end_time": "23:00",
}
HELLO = {
    "title": "Say hello to the bakery",
    "category": "watch and comment",
    "price": "0.20",
    "positions": "10",
    "instructions": "Open https://bakery.example\nSay hello",
    "proofs": "screenshot: Your comment\ntext: Your name there",
}
HELLO_POSTED = {
    "title": "Say hello to the bakery",
    "price": "0.20",
    "availseats": 10,
    "category": 97,
    "expected": ["Open https://bakery.example", "Say hello"],
    "proof": [{"desc": "Your comment", "type": "image"}, {"desc": "Your name there", "type": "text"}],
    "automated": 0,
    "send_tweet": 0,
    "hide_search_engines": 0,
}
LISTED = {**EXAMPLE.answers, "title": "For those we know", "zone": EMPTY, "list": "reliable"}
LISTED_POSTED = {
    **{name: value for name, value in EXAMPLE.posted.items() if name != "zone_id"},
    "title": "For those we know",
}

POSTINGS = (
    Posting(
        "every field of SproutGigs but the list",
        "sprout",
        {**GARDEN, **MORE, **TIMES},
        {**GARDEN_POSTED, **MORE_POSTED, **TIMES_POSTED},
    ),
    Posting("a list of SproutGigs", "sprout", LISTED, {**LISTED_POSTED, "list_id": "Reliable"}),
    Posting(
        "every field of Picoworkers but the list",
        "pico",
        {**GARDEN, **MORE},
        {**GARDEN_POSTED, **MORE_POSTED},
    ),
    Posting(
        "a list of Picoworkers",
        "pico",
        {**LISTED, "list": "good work"},
        {
            **{name: value for name, value in LISTED_POSTED.items() if name not in ("start_time", "end_time")},
            "list_id": "Good work before",
            "hold_time": 5,
        },
    ),
    Posting(
        "countries, a limit, seen by few at HireTalents",
        "hire",
        {**HELLO, "countries": "United Kingdom, nepal", "minutes": "7", "limit": "3/day", "hidden": "yes"},
        {
            **HELLO_POSTED,
            "country": ["2635167", "1282988"],
            "time": 7,
            "job_limit": {"limit": 3, "duration": "daily"},
            "hide_search_engines": 1,
        },
    ),
    Posting(
        "a team of HireTalents",
        "hire",
        {**HELLO, "title": "For our team", "team": "regulars", "tweet": "yes"},
        {**HELLO_POSTED, "title": "For our team", "country": 0, "team_id": "Regulars", "time": 5, "send_tweet": 1},
    ),
    Posting(
        "checked automatically at HireTalents",
        "hire",
        {
            "title": "Like it",
            "category": "like",
            "price": "0.03",
            "positions": "100",
            "minutes": "3",
            "instructions": "https://twitter.example/hello/status/1521806850173374467",
            "automated": "yes",
        },
        {
            "title": "Like it",
            "price": "0.03",
            "country": "INT",
            "availseats": 100,
            "time": 3,
            "category": 114,
            "expected": ["https://twitter.example/hello/status/1521806850173374467"],
            "proof": [{"desc": "like_tweet", "type": "like_tweet"}],
            "automated": 1,
            "send_tweet": 0,
            "hide_search_engines": 0,
        },
    ),
)


async def expected(posting: Posting, provider: Provider) -> Mapping[str, Any]:
    """What must arrive, with the ids of lists and teams."""
    found = dict(posting.posted)
    for key, read in (("list_id", provider.lists), ("team_id", provider.teams)):
        if key in found:
            (found[key],) = [int(one.id) for one in await read() if one.name == found[key]]
    return found


def untried(account: str, provider: Provider) -> list[str]:
    """The fields of an account's marketplace that none of these has."""
    tried = {name for posting in POSTINGS if posting.account == account for name in posting.answers}
    return [one.name for one in provider.draft_fields if one.name not in tried]


def parts_of(provider: Provider, answers: Mapping[str, str]) -> list[tuple[str, list[DraftField]]]:
    """The forms that these answers take: the basics under "", then each heading that has some."""
    groups = list(dict.fromkeys(one.group for one in provider.draft_fields))
    forms = [(group, [one for one in provider.draft_fields if one.group == group]) for group in groups]
    return [(group, fields) for group, fields in forms if not group or any(one.name in answers for one in fields)]
