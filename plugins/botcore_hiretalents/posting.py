"""A draft as a job there: what is wrong with it, how it is sent, what it costs; and a job as a draft again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from botcore.draft import CostLine, JobDraft, Offers, Problem, Quote, Value
from botcore.draft_text import typed
from botcore.models import ProofKind
from botcore.text import money, one_line
from botcore.wire import as_text

from .fields import AUTOMATED, FIELDS, FLAGS
from .mapping import INTERNATIONAL
from .proofs import read_slots
from .updates import limit_of
from .wire import WireJob, as_number

DECIMALS = 4  # of a price
TYPES: Mapping[ProofKind, str] = {ProofKind.PICTURE: "image", ProofKind.TEXT: "text"}
SPANS: Mapping[int, str] = {3600: "hour", 86_400: "day"}  # seconds

FEES = "Fees, as HireTalents tells them"
FEES_LATER = "HireTalents' fees come on top: it tells them when it is asked for the quote."
FEES_UNTOLD = (
    "HireTalents' fees come on top. They are not known: it has once taken the question for an order, and is not asked "
    "again."
)
CHECKED = "HireTalents has looked at it, and would take it."


def problems_in(draft: JobDraft, offers: Offers) -> list[Problem]:
    """All that is wrong with several answers together, or by the catalogue."""
    return [*_price(draft, offers), *_audience(draft), *_limit(draft), *_proofs(draft, offers)]


def terms_of(draft: JobDraft) -> dict[str, object]:
    """A draft without problems as jobs/create takes it, each value in the document's own type."""
    category, team = draft.text("category"), draft.text("team")
    countries = draft.texts("countries")
    terms: dict[str, object] = {
        "title": draft.text("title"),
        "price": draft.money("price"),
        "availseats": draft.number("positions"),
        "country": INTERNATIONAL if countries == (INTERNATIONAL,) else list(countries),
        "category": as_number(category),
        "time": draft.number("minutes"),
        "expected": list(draft.texts("instructions")),
        "proof": [{"desc": slot.description, "type": TYPES[slot.kind]} for slot in draft.proofs],
    }
    if draft.flag("automated") and category in AUTOMATED:
        terms["proof"] = [{"desc": AUTOMATED[category], "type": AUTOMATED[category]}]
    if team:
        terms |= {"team_id": as_number(team), "country": 0}
    if "limit" in draft:
        terms["job_limit"] = limit_of(draft.text("limit"))
    return terms | {theirs: int(draft.flag(ours)) for ours, theirs in FLAGS.items() if ours in draft}


def terms_like(job: WireJob, positions: int) -> dict[str, object]:
    """The terms of a job, for so many positions."""
    countries = [part.strip() for part in job.country.split(",") if part.strip() not in ("", "0", INTERNATIONAL)]
    return {
        "title": job.title,
        "price": job.price,
        "availseats": positions,
        "country": countries or INTERNATIONAL,
        "category": job.category,
        "time": job.time or 1,
        "expected": list(job.expected),
        "proof": list(job.proof),
        **({"automated": 1} if _is_automated(job) else {}),
    }


def estimate_of(draft: JobDraft) -> Quote:
    """What is known without asking: nothing of the fees, and nothing at all where price or positions are missing."""
    return Quote(tuple(_work(draft, estimate=True)), (FEES_LATER,))


def quote_of(draft: JobDraft, cost: Decimal | None) -> Quote:
    """What it costs with the fees, as the marketplace told it; None: it cannot be asked."""
    if cost is None:
        return Quote(tuple(_work(draft, estimate=True)), (FEES_UNTOLD,))
    work = tuple(_work(draft, estimate=False))
    return Quote((*work, CostLine(FEES, cost - sum(line.amount for line in work))), (CHECKED,))


def answers_of(job: WireJob) -> dict[str, str]:
    """A job as a draft's answers. It does not tell its team: where it may have one, the countries are left to the
    buyer, so that nothing meant for a few is offered to everybody. Whether it is hidden is not told either."""
    automated = _is_automated(job)
    span = SPANS.get(job.limitfreqseconds or 0)
    told: dict[str, Value | None] = {
        "title": job.title,
        "category": job.category,
        "price": job.price,
        "positions": job.availseats or None,
        "minutes": job.time or None,
        "instructions": job.expected,
        "proofs": () if automated else read_slots(job.proof),
        "limit": f"{job.hourseats}/{span}" if job.hourseats and span else None,
        "automated": automated,
        "tweet": job.send_tweet,
    }
    answers = {one.name: typed(one, value) for one in FIELDS if (value := told.get(one.name)) is not None}
    countries = "" if job.country == "0" else job.country
    return {"countries": countries} | {name: answer for name, answer in answers.items() if answer}


def _price(draft: JobDraft, offers: Offers) -> Iterator[Problem]:
    price, category = draft.money("price"), offers.category(draft.text("category"))
    if price is None:
        return
    if price != round(price, DECIMALS):
        yield Problem("price", "has at most four decimals, such as 0.0325")
    least = category.minimum.get(INTERNATIONAL) if category else None
    if category and least is not None and price <= least:
        yield Problem("price", f"must be more than {money(least)} in “{one_line(category.name)}”")


def _audience(draft: JobDraft) -> Iterator[Problem]:
    wanted = draft.texts("countries")
    if draft.text("team"):
        if set(wanted) - {INTERNATIONAL}:
            yield Problem("countries", "is Anywhere (INT), or empty, for a team: choose countries or a team, not both")
    elif not wanted:
        yield Problem("countries", "is missing: Anywhere (INT), or some countries, or else a team")
    elif INTERNATIONAL in wanted and len(wanted) > 1:
        yield Problem("countries", "is Anywhere (INT) alone, or some countries without it")


def _limit(draft: JobDraft) -> Iterator[Problem]:
    try:
        if "limit" in draft:
            limit_of(draft.text("limit"))
    except ValueError:
        words = "is how many may do it in an hour or a day, from 1 to 1000000, such as 3/hour or 10/day"
        yield Problem("limit", words)


def _proofs(draft: JobDraft, offers: Offers) -> Iterator[Problem]:
    category = draft.text("category")
    if not draft.flag("automated"):
        if not draft.proofs:
            yield Problem("proofs", "is missing: at least one, such as screenshot: Your profile page")
        return
    if category and category not in AUTOMATED:
        yield Problem("automated", f"goes only with the categories {_named(offers)}")
    if draft.proofs:
        yield Problem("proofs", "must be empty where the work is checked automatically")


def _named(offers: Offers) -> str:
    """The categories whose work can be checked, by their names where those are known."""
    known = {one: offers.category(one) for one in AUTOMATED}
    names = [f"{one} (“{one_line(found.name)}”)" if found else one for one, found in known.items()]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _work(draft: JobDraft, *, estimate: bool) -> Iterator[CostLine]:
    price, positions = draft.money("price"), draft.number("positions")
    if price is not None and positions is not None:
        noun = "position" if positions == 1 else "positions"
        yield CostLine(f"{positions} {noun} at {money(price)}", price * positions, estimate)


def _is_automated(job: WireJob) -> bool:
    return any(isinstance(slot, Mapping) and as_text(slot.get("type")) in AUTOMATED.values() for slot in job.proof)
