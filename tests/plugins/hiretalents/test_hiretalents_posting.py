"""Posting jobs: what is asked, what leaves, what it costs, and what is known when no answer came."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from botcore.clock import ManualClock
from botcore.draft import CostLine, JobDraft, Offers, Posted, Quote, Shape
from botcore.draft_text import canonical, options_of, read_draft
from botcore.models import Job, JobStatus, ProofKind, ProofSlot
from botcore.provider import (
    AuthFailed,
    Capability,
    OutcomeUnknown,
    Provider,
    ProviderError,
    RateLimited,
    Refused,
    Unavailable,
)
from botcore.sandbox import FaultKind, SandboxServer
from botcore_hiretalents.fields import FIELDS
from botcore_hiretalents.posting import CHECKED, FEES, FEES_LATER, FEES_UNTOLD
from botcore_hiretalents.provider import HireTalentsProvider
from tests.plugins.hiretalents.buyer import Buyer
from tests.plugins.hiretalents.conftest import OpenProvider
from tests.plugins.hiretalents.site import Site, job, listed_job

DEFAULTS = {field.name: field.default for field in FIELDS if field.default}
HELLO = {
    "title": "Say hello to the bakery",
    "category": "97",
    "price": "0.20",
    "positions": "10",
    "instructions": "Open https://bakery.example\nSay hello",
    "proofs": "screenshot: Your comment\ntext: Your name there",
}
TWEETED = {"title": "Like it", "price": "0.03", "positions": "100", "minutes": "3", "automated": "yes", "tweet": "yes"}
STATUS = "https://twitter.example/hello/status/1521806850173374467"

# typed, and what then leaves; together they hold every field, and all four examples of the document
POSTS: list[tuple[Mapping[str, str], Mapping[str, Any]]] = [
    (
        {
            "title": "Follow us there",
            "category": "13",
            "price": "0.03",
            "positions": "100",
            "minutes": "1",
            "instructions": "Do this\nAnd this\nThen this",
            "proofs": "screenshot: Your profile at ACME\ntext: Your name",
            "limit": "10/hour",
            "tweet": "yes",
        },
        {
            "title": "Follow us there",
            "price": "0.03",
            "country": "INT",
            "availseats": 100,
            "time": 1,
            "category": 13,
            "expected": ["Do this", "And this", "Then this"],
            "job_limit": {"limit": 10, "duration": "hourly"},
            "proof": [{"desc": "Your profile at ACME", "type": "image"}, {"desc": "Your name", "type": "text"}],
            "automated": 0,
            "send_tweet": 1,
            "hide_search_engines": 0,
        },
    ),
    *(
        (
            {**TWEETED, "category": category, "instructions": text},
            {
                "title": "Like it",
                "price": "0.03",
                "country": "INT",
                "availseats": 100,
                "time": 3,
                "category": int(category),
                "automated": 1,
                "expected": [text],
                "proof": [{"desc": kind, "type": kind}],
                "send_tweet": 1,
                "hide_search_engines": 0,
            },
        )
        for category, kind, text in (
            ("13", "send_tweet", "Hello to all bakers"),
            ("114", "like_tweet", STATUS),
            ("112", "tweeter_followers", STATUS),
        )
    ),
    (
        {**HELLO, "countries": "United Kingdom, nepal", "limit": "3/day", "hidden": "yes"},
        {
            "title": "Say hello to the bakery",
            "price": "0.20",
            "country": ["2635167", "1282988"],
            "availseats": 10,
            "time": 5,
            "category": 97,
            "expected": ["Open https://bakery.example", "Say hello"],
            "job_limit": {"limit": 3, "duration": "daily"},
            "proof": [{"desc": "Your comment", "type": "image"}, {"desc": "Your name there", "type": "text"}],
            "automated": 0,
            "send_tweet": 0,
            "hide_search_engines": 1,
        },
    ),
    (
        {**HELLO, "team": "regulars", "price": ".2", "automated": "", "tweet": "", "hidden": ""},
        {
            "title": "Say hello to the bakery",
            "price": "0.2",
            "country": 0,
            "team_id": 12870,
            "availseats": 10,
            "time": 5,
            "category": 97,
            "expected": ["Open https://bakery.example", "Say hello"],
            "proof": [{"desc": "Your comment", "type": "image"}, {"desc": "Your name there", "type": "text"}],
        },
    ),
]


async def offers_of(provider: Provider) -> Offers:
    return Offers(
        categories=await provider.categories(), countries=await provider.countries(), teams=await provider.teams()
    )


async def drafted(provider: Provider, answers: Mapping[str, str]) -> JobDraft:
    """What is typed beside the defaults, as a draft without problems."""
    offers = await offers_of(provider)
    draft, wrong = read_draft("hire", FIELDS, {**DEFAULTS, **answers}, offers)
    assert not [*wrong, *provider.problems(draft, offers)]
    return draft


def plain(**answers: str) -> JobDraft:
    """A draft without a catalogue to read it by."""
    return read_draft("hire", FIELDS, {**DEFAULTS, **HELLO, **answers}, Offers())[0]


# --- what is asked


def test_it_can_post() -> None:
    assert Capability.POST in HireTalentsProvider.capabilities
    assert HireTalentsProvider.draft_fields is FIELDS


def test_every_field_of_the_document_is_there_by_its_own_name_too() -> None:
    named = {name for field in FIELDS for name in (field.name, *field.also)}
    assert named >= {
        "title", "price", "availseats", "country", "category", "automated", "time", "job_limit", "expected", "proof",
        "send_tweet", "hide_search_engines", "team_id",
    }  # fmt: skip
    names = [name for field in FIELDS for name in (field.name, *field.also)]
    assert len(set(names)) == len(names)


def test_the_basics_come_first_and_nothing_more_is_needed() -> None:
    groups = [field.group for field in FIELDS]
    assert groups == sorted(groups, key=bool)
    assert not [field.name for field in FIELDS if field.required and field.group]
    assert all(field.help for field in FIELDS)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_what_a_draft_begins_with_means_something(field: Any) -> None:
    if field.default:
        assert not read_draft("hire", [field], {field.name: field.default}, Offers(countries=[]))[1]
    assert field.shape is not Shape.FLAG or field.default == "no"


# --- what leaves


@pytest.mark.parametrize(("answers", "sent"), POSTS)
async def test_a_job_is_posted_as_it_was_typed_at_the_cost_that_was_quoted(
    answers: Mapping[str, str], sent: Mapping[str, Any], sandbox: SandboxServer, live: HireTalentsProvider
) -> None:
    draft = await drafted(live, answers)
    before = (await live.balance()).spendable
    quote = await live.quote(draft)
    assert sandbox.ledger() == []
    posted = await live.post(draft)
    (entry,) = sandbox.ledger()
    assert entry["posted"] == sent
    assert [type(value) for value in entry["posted"].values()] == [type(sent[name]) for name in entry["posted"]]
    assert posted.job_id == entry["job_id"]
    assert posted.cost == quote.total == before - (await live.balance()).spendable
    assert not quote.estimate


def test_every_field_was_posted() -> None:
    assert {name for answers, _ in POSTS for name in {**DEFAULTS, **answers}} == {field.name for field in FIELDS}


async def test_a_price_leaves_exactly(site: Site, hire: HireTalentsProvider) -> None:
    site.says("jobs/create", {"result": "ok", "cost": "0.5", "job_id": "7"})
    assert await hire.post(plain(price="0.1000")) == Posted("7", "", Decimal("0.5"))
    assert '"price": 0.1000,' in site.heard[0].text
    site.answers["jobs/create"] = [(200, '{"result": "ok", "job_id": 8, "message": "It is looked at."}', {})]
    assert await hire.post(plain()) == Posted("8", "It is looked at.", None)


# --- costs


def test_what_is_known_of_a_cost_is_told_without_asking(hire: HireTalentsProvider) -> None:
    line = CostLine("10 positions at $0.20", Decimal("2.00"), estimate=True)
    assert hire.estimate(plain()) == Quote((line,), (FEES_LATER,))
    assert hire.estimate(plain(positions="1")).lines[0].what == "1 position at $0.20"
    for missing in ("price", "positions"):
        assert hire.estimate(plain(**{missing: ""})) == Quote((), (FEES_LATER,))
    assert hire.estimate(JobDraft("hire")).total == 0


async def test_a_quote_is_exact_and_tells_the_fees(site: Site, hire: HireTalentsProvider) -> None:
    site.says("jobs/create", {"result": "ok", "cost": 2.35})
    lines = (CostLine("10 positions at $0.20", Decimal("2.00")), CostLine(FEES, Decimal("0.35")))
    quote = await hire.quote(plain())
    assert quote == Quote(lines, (CHECKED,))
    assert (quote.total, quote.estimate) == (Decimal("2.35"), False)
    assert site.heard[0].body["get_cost"] == 1


async def test_a_cost_alone_answers_the_question_for_it(site: Site, hire: HireTalentsProvider) -> None:
    site.says("jobs/create", {"cost": 2.35})
    assert (await hire.quote(plain())).total == Decimal("2.35")


async def test_a_cost_that_the_site_reckoned_in_binary_fractions_is_what_it_meant(
    site: Site, hire: HireTalentsProvider
) -> None:
    site.says("jobs/create", '{"result": "ok", "cost": 2.3500000000000001}')
    site.says("me", '{"current_balance": 0.30000000000000004}')
    assert (await hire.quote(plain())).total == Decimal("2.35")
    assert (await hire.balance()).spendable == Decimal("0.3")


@pytest.mark.parametrize(
    ("status", "answer", "error", "words"),
    [
        (422, {"message": "No.", "errors": {"price": ["Too low."]}}, Refused, "No. Too low."),
        (200, {"result": "error", "message": "Your balance is too low."}, Refused, "balance"),
        (200, {"result": "ok", "cost": 2.35, "job_id": 9}, OutcomeUnknown, "answered with job 9"),
        (200, {"result": "ok"}, Unavailable, "readable cost"),
        (200, {}, Unavailable, "readable cost"),
        (200, [2.35], Unavailable, "without a result"),
        (200, {"cost": 2.35, "ok": 0}, Refused, "said no"),
        (200, {"cost": 2.35, "job_id": 9}, OutcomeUnknown, "answered with job 9"),
        (200, {"result": "created", "job_id": "9"}, OutcomeUnknown, "answered with job 9"),
        (200, {"result": "ok", "cost": "much", "job_id": 0}, Unavailable, "readable cost"),
        (500, "", Unavailable, "500"),
        (401, "", AuthFailed, "key"),
    ],
)
async def test_a_quote_that_cannot_be_had_says_why(
    status: int, answer: object, error: type[ProviderError], words: str, site: Site, hire: HireTalentsProvider
) -> None:
    site.says("jobs/create", answer, status=status)
    with pytest.raises(error, match=words):
        await hire.quote(plain())


async def test_once_a_question_was_taken_for_an_order_it_is_not_asked_again(
    site: Site, hire: HireTalentsProvider, open_provider: OpenProvider
) -> None:
    site.says("jobs/create", {"result": "ok", "cost": 2.35, "job_id": 9})
    with pytest.raises(OutcomeUnknown, match="look on its website"):
        await hire.quote(plain())
    for provider in (hire, open_provider(hire.tools.memory, base_url=site.base_url)):
        quote = await provider.quote(plain())
        assert (quote.total, quote.estimate, quote.notes) == (Decimal(2), True, (FEES_UNTOLD,))
    assert len(site.heard) == 1


# --- without an answer


@pytest.mark.parametrize(
    ("fault", "error", "posted"),
    [
        (FaultKind.DROP, OutcomeUnknown, 1),
        (FaultKind.CUT, OutcomeUnknown, 1),
        (FaultKind.GARBAGE, OutcomeUnknown, 1),
        (FaultKind.ERROR_AFTER, OutcomeUnknown, 1),
        (FaultKind.REDIRECT_AFTER, OutcomeUnknown, 1),
        (FaultKind.ERROR, OutcomeUnknown, 0),
        (FaultKind.REDIRECT, OutcomeUnknown, 0),
        (FaultKind.REFUSE, OutcomeUnknown, 0),
    ],
)
async def test_a_post_without_an_answer_was_sent_once_and_is_found_where_it_was_made(
    fault: FaultKind,
    error: type[ProviderError],
    posted: int,
    sandbox: SandboxServer,
    live: HireTalentsProvider,
    sandbox_clock: ManualClock,
) -> None:
    draft = await drafted(live, HELLO)
    before = sandbox_clock.now()
    assert await live.posted_since(before) == []
    sandbox.faults.add("jobs/create", fault, count=1)
    with pytest.raises(error):
        await live.post(draft)
    assert len(sandbox.ledger()) == posted
    found = await live.posted_since(before)
    assert [job.id for job in found] == [entry["job_id"] for entry in sandbox.ledger()]
    for one in found:
        assert (one.title, one.price, one.positions) == (HELLO["title"], Decimal("0.2"), 10)
        assert one.instructions == draft.texts("instructions")
        assert one.proofs == draft.proofs
        assert (one.category, one.created_at) == ("97", before)


BAD_IDS: list[object] = [None, "", 0, "0", "../1", [1], {}, True, "a b"]


@pytest.mark.parametrize("named", [{}, *({"job_id": bad} for bad in BAD_IDS)])
async def test_a_post_whose_answer_names_no_job_is_in_doubt(
    named: Mapping[str, object], site: Site, hire: HireTalentsProvider
) -> None:
    site.says("jobs/create", {"result": "ok", "cost": 2.35, **named})
    with pytest.raises(OutcomeUnknown, match="job_id: it may have been posted"):
        await hire.post(plain())
    assert len(site.heard) == 1


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (422, {"message": "No.", "errors": {"price": ["Too low."]}}, Refused),
        (200, {"result": "error", "message": "No."}, Refused),
        (200, {}, OutcomeUnknown),
        (200, "?", OutcomeUnknown),
        (502, "", OutcomeUnknown),
        (302, "", OutcomeUnknown),
        (401, "", AuthFailed),
        (429, "", RateLimited),
    ],
)
async def test_a_post_that_was_refused_is_told_from_one_in_doubt(
    status: int, answer: object, error: type[ProviderError], site: Site, hire: HireTalentsProvider
) -> None:
    site.says("jobs/create", answer, status=status)
    with pytest.raises(error):
        await hire.post(plain())
    assert len(site.heard) == 1


# --- what was posted since


NOW = datetime(2026, 3, 1, 12, 0, 5, 700_000, tzinfo=UTC)


def made(number: int, ago: float, **changes: object) -> dict[str, object]:
    return listed_job(id=number, created_at=f"{NOW - timedelta(seconds=ago):%Y-%m-%dT%H:%M:%S}.000000Z", **changes)


async def test_newest_jobs_are_read_until_they_are_older(site: Site, hire: HireTalentsProvider) -> None:
    site.lists("jobs/all", [made(9, 1), made(8, 60)], [made(7, 120), made(6, 3600)], [made(5, 7200), made(4, 7300)])
    assert [one.id for one in await hire.posted_since(NOW - timedelta(seconds=120))] == ["9", "8", "7"]
    assert site.paths == [f"GET jobs/all/{page}" for page in (1, 2, 3)]


async def test_a_date_that_was_cut_to_the_second_is_not_too_old(site: Site, hire: HireTalentsProvider) -> None:
    site.lists("jobs/all", [made(9, 0)])
    assert [one.id for one in await hire.posted_since(NOW - timedelta(milliseconds=300))] == ["9"]


async def test_a_list_in_another_order_is_read_to_its_end(site: Site, hire: HireTalentsProvider) -> None:
    site.lists("jobs/all", [made(1, 9000), made(2, 8000)], [made(3, 7000), made(3, 7000)], [made(8, 5), made(9, 1)])
    assert [one.id for one in await hire.posted_since(NOW - timedelta(seconds=60))] == ["9", "8"]
    site.lists("jobs/all", [made(1, 9000), made(2, 9000)], [made(9, 1)])
    assert [one.id for one in await hire.posted_since(NOW - timedelta(seconds=60))] == ["9"]


async def test_a_job_without_a_date_may_be_a_new_one(site: Site, hire: HireTalentsProvider) -> None:
    site.lists("jobs/all", [made(9, 1), listed_job(id=3, created_at=None)], [made(4, 900), made(3, 901)])
    assert [one.id for one in await hire.posted_since(NOW - timedelta(seconds=60))] == ["3", "9"]


async def test_a_list_that_cannot_be_read_whole_tells_nothing(site: Site, hire: HireTalentsProvider) -> None:
    site.lists("jobs/all", [made(9, 1), {"title": "?"}])
    with pytest.raises(Unavailable, match="cannot be read"):
        await hire.posted_since(NOW)


async def test_few_of_many_pages_are_read_at_the_simulated_site(
    open_sandbox: Any, open_provider: OpenProvider, sandbox_clock: ManualClock
) -> None:
    server = await open_sandbox(page_size=2, waiting=0)
    provider = open_provider(**server.accounts[0].settings)
    posted: list[str] = []
    for _ in range(3):
        sandbox_clock.advance(60)
        posted.insert(0, (await provider.post(await drafted(provider, HELLO))).job_id)
    calls = server.requests.all.total()
    found = await provider.posted_since(sandbox_clock.now() - timedelta(seconds=60))
    assert [one.id for one in found] == posted[:2]
    assert server.requests.all.total() - calls <= 3


# --- a job as a draft


@pytest.mark.parametrize(("answers", "sent"), POSTS)
async def test_a_posted_job_is_a_draft_again_as_far_as_it_tells(
    answers: Mapping[str, str], sent: Mapping[str, Any], live: HireTalentsProvider
) -> None:
    draft = await drafted(live, answers)
    job_id = (await live.post(draft)).job_id
    told = await live.draft_of(job_id)
    assert set(told) <= {field.name for field in FIELDS}
    again, wrong = read_draft("hire", FIELDS, {**DEFAULTS, **told}, await offers_of(live))
    assert not wrong
    untold = {"hidden", "team", "countries"} if "team" in draft else {"hidden"}
    flags = {"automated": False, "tweet": False}
    assert {**again.values, **dict.fromkeys(untold)} == {**flags, **draft.values, **dict.fromkeys(untold)}
    if "team" in draft:
        assert told["countries"] == ""


async def test_what_the_document_shows_is_a_draft(site: Site, hire: HireTalentsProvider) -> None:
    site.says("job/15341", job(hourseats=3, limitfreqseconds=86_400, country=["1269750", "1282988"], send_tweet=True))
    assert await hire.draft_of("15341") == {
        "title": "Say hello to the bakery",
        "category": "97",
        "price": "0.2",
        "positions": "24",
        "minutes": "5",
        "countries": "1269750, 1282988",
        "instructions": "Say hello",
        "proofs": "text: Your name there",
        "limit": "3/day",
        "automated": "no",
        "tweet": "yes",
    }


async def test_what_is_not_told_is_left_out_and_the_countries_are_left_to_the_buyer(
    site: Site, hire: HireTalentsProvider
) -> None:
    bare = {"id": 15341, "title": "Hi", "country": "0", "hourseats": 3, "limitfreqseconds": 7, "availseats": 0}
    site.says("job/15341", bare)
    assert await hire.draft_of("15341") == {"title": "Hi", "countries": "", "automated": "no", "tweet": "no"}
    with pytest.raises(Refused, match="Not found"):
        await hire.draft_of("1")


async def test_a_job_is_told_with_all_its_texts(site: Site, hire: HireTalentsProvider) -> None:
    site.lists("jobs/all", [listed_job()])
    (found,) = await hire.jobs()
    assert found == Job(
        account="hire",
        id="15356",
        title="Say hello to the bakery",
        status=JobStatus.REVIEW,
        status_text="in review",
        price=Decimal("0.03"),
        positions=100,
        done=0,
        unrated=None,
        rate_within_days=None,
        created_at=datetime(2022, 3, 18, 0, 34, 5, tzinfo=UTC),
        instructions=("Do this", "And this"),
        proofs=(ProofSlot(ProofKind.PICTURE, "Your profile page"), ProofSlot(ProofKind.TEXT, "Your address")),
        zone="INT",
        category="13",
    )


async def test_a_choice_is_kept_by_its_id(live: HireTalentsProvider, buyer: Buyer) -> None:
    offers = await offers_of(live)
    fields = {field.name: field for field in FIELDS}
    kept = {
        name: canonical(fields[name], typed, options_of(fields[name], offers, ""))
        for name, typed in {"countries": "anywhere", "category": "watch", "team": "translators", "tweet": "on"}.items()
    }
    assert kept == {"countries": "INT", "category": "97", "team": "12871", "tweet": "yes"}
