"""Posting a job: what is sent of a draft, what it costs, how answers are taken, and which jobs are looked through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from botcore.draft import CostLine, JobDraft, Offers, Value
from botcore.draft_text import read_draft
from botcore.models import Category, ProofKind, ProofSlot, WorkerList, Zone
from botcore.pacing import OpenGate
from botcore.provider import OutcomeUnknown, ProviderTools, Refused, Unavailable
from botcore.testing.market import opened
from botcore_sproutgigs.posting.terms import posted_id
from botcore_sproutgigs.provider import SproutGigsProvider
from botcore_sproutgigs.sandbox import SproutGigsSandbox

if TYPE_CHECKING:
    from tests.plugins.sproutgigs.answering import Marketplace

POST = "jobs/post-job.php"
JOBS = "jobs/get-jobs.php"
JOB = "jobs/get-job.php"
URL = "https://sproutgigs.com/employer/campaign-details.php?Id=7c1d0a9be210"
POSTED = {"ok": True, "url": URL, "message": "Job posted successfully"}
GOOD = {"ok": True, "message": "The job is valid."}
SINCE = datetime(2026, 1, 2, 8, 0, 0, 700_000, tzinfo=UTC)

EVERYTHING = {
    "title": "Join the garden forum",
    "category": "0501",
    "zone": "west1",
    "price": "0.2405",
    "positions": "40",
    "instructions": "Open the forum\nName a flower of {{CITY}} in {{YEAR}}",
    "proofs": "screenshot: Your profile page\ntext: Your name there",
    "notes": "Thank you.\n\nCome again",
    "variables": "CITY: Rome | Paris\nYEAR: 1990 | 2000",
    "excluded": "us, nz",
    "level": "expert",
    "per_worker": "3",
    "distribution": "50",
    "challenges": "What colour is the logo? = green\nHow many roses? = 7",
    "challenge_action": "rate_nok_block",
    "auto_rate": "V+R",
    "days_to_rate": "12",
    "speed": "900",
    "start": "06:30",
    "end": "24:00",
    "hold_minutes": "20",
    "hold_required": "yes",
    "pause_after_approval": "yes",
    "notify_followers": "yes",
    "premium": "2.50",
}
SENT = {
    "zone_id": "west1",
    "excluded_countries": ["us", "nz"],
    "category_id": "0501",
    "title": "Join the garden forum",
    "notes": "Thank you.\n\nCome again",
    "instructions": ["Open the forum", "Name a flower of {{CITY}} in {{YEAR}}"],
    "variables": [{"name": "CITY", "values": ["Rome", "Paris"]}, {"name": "YEAR", "values": ["1990", "2000"]}],
    "proofs": [
        {"type": "screenshot", "description": "Your profile page"},
        {"type": "text", "description": "Your name there"},
    ],
    "challenges": [
        {"question": "What colour is the logo?", "answer": "green"},
        {"question": "How many roses?", "answer": "7"},
    ],
    "challenge_action": "rate_nok_block",
    "num_tasks": 40,
    "workers_level": "expert",
    "workers_max_tasks": 3,
    "task_value": "0.2405",
    "speed": 900,
    "start_time": "06:30",
    "end_time": "24:00",
    "ttr": 12,
    "autorate": "V+R",
    "pause_after_approval": 1,
    "hold_time": 20,
    "hold_required": 1,
    "distribution": 50,
    "notify_followers": 1,
    "premium_amount": "2.50",
}
OFFERS = Offers(
    zones=[Zone("int", "International", ("us", "bd")), Zone("west1", "USA & Western", ("us", "uk", "nz"))],
    categories=[Category("0501", "Sign up: Simple", {"int": Decimal("0.08"), "west1": Decimal("0.24")})],
    lists=[WorkerList("14118", "Good ones", 102), WorkerList("7", "New ones", 4), WorkerList("8", "Unknown", None)],
)


def draft_of(typed: Mapping[str, str]) -> JobDraft:
    draft, wrong = read_draft("main", SproutGigsProvider.draft_fields, typed, Offers())
    assert not wrong
    return draft


def basic(**values: Value) -> JobDraft:
    """The least that can be posted, with these values beside or instead."""
    least: dict[str, Value] = {
        "title": "Join",
        "category": "0501",
        "zone": "int",
        "price": Decimal("0.10"),
        "positions": 25,
        "instructions": ("Join",),
        "proofs": (ProofSlot(ProofKind.TEXT, "Your name"),),
    }
    return JobDraft("main", {name: value for name, value in {**least, **values}.items() if value != ""})


def charging(provider: SproutGigsProvider, percent: str) -> SproutGigsProvider:
    """The same account, where the fee is known."""
    settings = provider.settings.model_copy(update={"fee_percent": Decimal(percent)})
    return SproutGigsProvider(settings, ProviderTools("main", OpenGate(), provider.tools.clock))


# --- what is sent


async def test_every_field_is_sent_under_its_documented_name_and_type(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(POST, POSTED)
    posted = await provider.post(draft_of(EVERYTHING))
    assert (posted.job_id, posted.message, posted.cost) == ("7c1d0a9be210", "Job posted successfully", None)
    assert marketplace.bodies(POST) == [SENT]


async def test_what_was_left_empty_is_left_out_and_a_list_is_a_number(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(POST, POSTED)
    await provider.post(basic(zone="", list="14118"))
    assert marketplace.bodies(POST) == [
        {
            "list_id": 14118,
            "category_id": "0501",
            "title": "Join",
            "task_value": "0.10",
            "num_tasks": 25,
            "instructions": ["Join"],
            "proofs": [{"type": "text", "description": "Your name"}],
        }
    ]


async def test_the_simulated_marketplace_gets_exactly_every_field_and_has_the_job_like_that() -> None:
    async with opened(SproutGigsProvider, SproutGigsSandbox, {}, frozenset(), EVERYTHING) as market:
        draft = await market.draft()
        assert list(market.provider.problems(draft, await market.offers())) == []
        posted = await market.provider.post(draft)
        assert market.entry()["posted"] == SENT
        told = await market.provider.draft_of(posted.job_id)
        untold = {"variables", "hold_required", "notify_followers", "premium"}
        assert told == {name: answer for name, answer in EVERYTHING.items() if name not in untold}


# --- how answers are taken


async def test_a_test_is_no_order(marketplace: Marketplace, provider: SproutGigsProvider) -> None:
    marketplace.says(POST, GOOD)
    quote = await provider.quote(draft_of(EVERYTHING))
    assert marketplace.bodies(POST) == [{"test": 1, **SENT}]
    assert "SproutGigs has checked it: it can be posted." in quote.notes


@pytest.mark.parametrize("answer", [POSTED, {**POSTED, "url": "https://sproutgigs.com/jobs"}, {"url": URL}])
async def test_a_test_that_was_taken_for_an_order_is_in_doubt_and_not_made_again(
    marketplace: Marketplace, provider: SproutGigsProvider, answer: object
) -> None:
    marketplace.says(POST, answer)
    with pytest.raises(OutcomeUnknown, match="look on its website"):
        await provider.quote(basic())
    again = await provider.quote(basic())
    assert again.total == Decimal("2.50")
    assert any("order once" in note for note in again.notes)
    assert len(marketplace.heard) == 1


@pytest.mark.parametrize("answer", [{}, {"message": "?"}, [], "<html>", {"ok": "perhaps"}])
async def test_a_test_whose_answer_does_not_tell_was_not_made(
    marketplace: Marketplace, provider: SproutGigsProvider, answer: object
) -> None:
    marketplace.says(POST, answer)
    with pytest.raises(Unavailable):
        await provider.quote(basic())


async def test_what_is_refused_is_told_in_the_marketplaces_words(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(POST, {"ok": False, "message": "Your spendable balance is too low."})
    for asked in (provider.quote(basic()), provider.post(basic())):
        with pytest.raises(Refused, match=r"Your spendable balance is too low\."):
            await asked


@pytest.mark.parametrize(
    "answer",
    [
        {"ok": True},
        {"ok": True, "url": "https://sproutgigs.com/employer/jobs.php", "message": "Job posted successfully"},
        {"ok": True, "url": None},
        {"ok": False, "url": URL, "message": "?"},
        {"url": URL},
        {},
        [],
        "<html>",
        "",
    ],
)
async def test_a_post_whose_answer_tells_no_job_is_in_doubt(
    marketplace: Marketplace, provider: SproutGigsProvider, answer: object
) -> None:
    marketplace.says(POST, answer)
    with pytest.raises(OutcomeUnknown):
        await provider.post(basic())
    assert len(marketplace.heard) == 1


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (URL, "7c1d0a9be210"),
        ("/employer/campaign-details.php?Id=7c1d0a9be210", "7c1d0a9be210"),
        ("https://sproutgigs.com/x.php?new=1&id=7c1d#top", "7c1d"),
        ("https://sproutgigs.com/x.php?new=1&amp;Id=7c1d&Id=7c1d", "7c1d"),
        ("https://sproutgigs.com/x.php?Id=7c1d&id=8d2e", ""),
        ("https://sproutgigs.com/x.php?Id=", ""),
        ("https://sproutgigs.com/x.php", ""),
        ("https://[?Id=7c1d", ""),
        (f"{URL}{'0' * 5000}", ""),
        (f"https://sproutgigs.com/x.php?Id={'7' * 200}", ""),
        ("https://sproutgigs.com/x.php?Id=7%0Ac1d", ""),
        (7, ""),
        (None, ""),
    ],
)
def test_the_new_jobs_id_is_taken_from_its_address(url: object, told: str) -> None:
    assert posted_id(url) == told


# --- what it costs


async def test_an_estimate_has_all_that_is_documented_and_says_that_the_fee_is_not(
    provider: SproutGigsProvider,
) -> None:
    quote = provider.estimate(draft_of(EVERYTHING))
    assert quote.lines == (
        CostLine("40 × $0.2405", Decimal("9.62")),
        CostLine("Telling your followers", Decimal(1)),
        CostLine("Premium", Decimal("2.50")),
    )
    (note,) = quote.notes
    assert "fee_percent in [accounts.main]" in note


async def test_followers_cost_their_share_of_a_larger_job(provider: SproutGigsProvider) -> None:
    quote = provider.estimate(basic(positions=1001, price=Decimal("0.0805"), notify_followers=True))
    assert [line.amount for line in quote.lines] == [Decimal("80.5805"), Decimal("2.4175")]  # rounded up


@pytest.mark.parametrize(("percent", "fee"), [("10", "0.25"), ("7.5", "0.1875"), ("0.333", "0.0084"), ("0", None)])
async def test_a_known_fee_is_an_estimate_and_called_one(
    provider: SproutGigsProvider, percent: str, fee: str | None
) -> None:
    quote = charging(provider, percent).estimate(basic())
    assert [(line.amount, line.estimate) for line in quote.lines[1:]] == ([] if fee is None else [(Decimal(fee), True)])
    assert quote.estimate is (fee is not None)
    assert quote.total == Decimal("2.50") + Decimal(fee or 0)
    assert [line.what for line in quote.lines[1:]] == ([] if fee is None else [f"Fee, {percent} %"])
    assert quote.notes == ()


async def test_an_unfinished_draft_costs_what_is_known_of_it(provider: SproutGigsProvider) -> None:
    quote = provider.estimate(JobDraft("main", {"premium": Decimal(5), "notify_followers": True, "positions": 10}))
    assert [line.amount for line in quote.lines] == [Decimal(1), Decimal(5)]
    assert quote.estimate
    assert quote.notes[0] == "Without price, this is not all of it."


async def test_more_positions_are_quoted_with_the_fee_where_it_is_known(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(JOB, marketplace.job())
    job = await provider.job("7c1d0a9be210")
    assert provider.cost_of_positions(job, 10) == Decimal("1.20")
    assert charging(provider, "5").cost_of_positions(job, 10) == Decimal("1.26")
    assert charging(provider, "5").cost_of_positions(replace(job, price=None), 10) is None


# --- what is wrong with a draft


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"zone": ""}, "zone", "is missing: choose a zone, or one of your lists"),
        ({"list": "14118"}, "list", "does not go with a zone: empty one of the two"),
        ({"zone": "", "list": "7"}, "list", "needs at least 10 workers; New ones has 4"),
        ({"zone": "", "list": "14118", "excluded": ("us",)}, "excluded", "goes with a zone only: leave it empty for"),
        (
            {"excluded": ("us", "nz")},
            "excluded",
            "has nz, which cannot be left out of International; these can: us, bd",
        ),
        ({"price": Decimal("0.079")}, "price", "is at least $0.08 for Sign up: Simple in International"),
        ({"price": Decimal("0.23"), "zone": "west1"}, "price", "is at least $0.24 for Sign up: Simple in USA & West"),
        (
            {"price": Decimal("0.07"), "zone": "", "list": "8"},
            "price",
            "is at least $0.08 for Sign up: Simple and a list",
        ),
        ({"price": Decimal("0.10001")}, "price", "has 4 decimals at most, such as $0.0825"),
        ({"premium": Decimal("1.99")}, "premium", "is 0, or from $2.00 to $50.00"),
        ({"premium": Decimal("50.01")}, "premium", "is 0, or from $2.00 to $50.00"),
        ({"per_worker": 2}, "per_worker", "is 1 for the level Starter; for more, choose Expert or Advanced"),
        ({"per_worker": 2, "level": "starter"}, "per_worker", "is 1 for the level Starter"),
        ({"start": "24:00"}, "start", "is a time from 00:00 to 23:59, in UTC"),
        ({"instructions": ("To {{CITY}}",)}, "variables", "lack CITY, which the instructions name; write CITY: "),
        ({"instructions": ("To {{ CITY }}",)}, "instructions", "have {{ CITY }}, which names no variable: one is"),
    ],
)
async def test_what_is_wrong_is_said_of_its_field_with_what_is_allowed(
    provider: SproutGigsProvider, values: dict[str, Value], field: str, said: str
) -> None:
    (problem,) = provider.problems(basic(**values), OFFERS)
    assert problem.field == field
    assert problem.text.startswith(said)


async def test_all_that_is_wrong_is_said_at_once(provider: SproutGigsProvider) -> None:
    typed = {"challenges": "Colour? = red", "variables": "A: 1 | 2\nB: 1", "instructions": "{{A}}"}
    read, _ = read_draft("main", provider.draft_fields, typed, OFFERS)
    draft = JobDraft("main", {**basic(price=Decimal("0.01")).values, **read.values})
    assert [(problem.field, problem.text) for problem in provider.problems(draft, OFFERS)] == [
        ("price", "is at least $0.08 for Sign up: Simple in International"),
        ("challenge_action", "is missing: choose Reject, or Reject and block the worker"),
        ("variables", "need 2 to 999 values each; B has 1"),
        ("variables", "need the same number of values each; there are: A 2, B 1"),
        ("variables", "have B, which is not in the instructions: write {{B}} there"),
    ]


# --- the jobs that a post may have become


def jobs(marketplace: Marketplace, *found: tuple[str, str], number: int = 1, pages: int = 1) -> dict[str, Any]:
    listed = (marketplace.job(id=job_id, created_at=f"2026-01-02T{at}Z") for job_id, at in found)
    return marketplace.page("jobs", *listed, number=number, pages=pages)


async def test_jobs_are_looked_through_only_as_far_as_needed(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(
        JOBS,
        jobs(marketplace, ("e", "08:00:09"), ("d", "08:00:01"), number=1, pages=9),
        jobs(marketplace, ("c", "08:00:00"), ("b", "07:59:59"), number=2, pages=9),
        jobs(marketplace, ("a", "07:00:00"), number=3, pages=9),
    )
    assert [job.id for job in await provider.posted_since(SINCE)] == ["e", "d", "c"]  # whole seconds are told
    assert marketplace.queries(JOBS) == [{"order": "desc", "page": f"{page}"} for page in (1, 2, 3)]


async def test_a_list_in_another_order_is_looked_through_as_a_whole(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(
        JOBS,
        jobs(marketplace, ("a", "06:00:00"), ("b", "07:00:00"), number=1, pages=2),
        jobs(marketplace, ("c", "08:00:05"), ("d", "08:00:09"), number=2, pages=2),
    )
    assert [job.id for job in await provider.posted_since(SINCE)] == ["d", "c"]


async def test_a_job_of_unknown_age_may_be_the_one(marketplace: Marketplace, provider: SproutGigsProvider) -> None:
    found = [marketplace.job(id="old"), marketplace.job(id="new", created_at="2026-01-02T09:00:00Z")]
    odd = [marketplace.job(id="odd", created_at=value) for value in ("yesterday", None)]
    found[0]["created_at"] = "2026-01-01T09:00:00Z"
    marketplace.says(JOBS, marketplace.page("jobs", found[1], odd[0], found[0]))
    assert [job.id for job in await provider.posted_since(SINCE)] == ["odd", "new"]


async def test_texts_that_the_list_leaves_out_are_asked_for(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    short = {key: value for key, value in marketplace.job(id="n1").items() if key not in ("instructions", "proofs")}
    marketplace.says(JOBS, marketplace.page("jobs", short, marketplace.job(id="n2")))
    marketplace.says(JOB, marketplace.job(id="n1"))
    first, second = await provider.posted_since(SINCE)
    assert first.instructions == second.instructions == ("Open the forum", "Make an account")
    assert marketplace.queries(JOB) == [{"job_id": "n1"}]


async def test_a_job_that_cannot_be_read_may_be_the_one_so_nothing_is_told(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(JOBS, marketplace.page("jobs", {"title": "?"}, marketplace.job()))
    with pytest.raises(Unavailable):
        await provider.posted_since(SINCE)


# --- a job as a draft


async def test_a_job_for_a_list_has_no_zone_and_nothing_is_made_up(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(JOB, marketplace.job(zone_id="", notes="", hold_time="?", excluded_countries=None))
    assert await provider.draft_of("7c1d0a9be210") == {
        "zone": "",
        "title": "Join the garden forum",
        "category": "0501",
        "price": "0.12",
        "positions": "80",
        "instructions": "Open the forum\nMake an account",
        "proofs": "text: Your name there\nscreenshot: Your profile page",
        "days_to_rate": "4",
    }


async def test_an_answer_that_cannot_be_typed_is_left_out(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    asked = [{"question": "1 + 1", "answer": "= 2"}, {"question": "Colour?", "answer": "red"}]
    marketplace.says(JOB, marketplace.job(challenges=asked), marketplace.job(challenges=asked[1:]))
    assert "challenges" not in await provider.draft_of("7c1d0a9be210")
    assert (await provider.draft_of("7c1d0a9be210"))["challenges"] == "Colour? = red"
