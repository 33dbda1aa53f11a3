"""Jobs as buyers write them, and write them again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from botcore.sandbox import jobs, people
from botcore.sandbox.base import Call, Missing, Refusal
from botcore.sandbox.checks import Fields
from botcore.sandbox.money import UNIT, dollars, units
from botcore.sandbox.world import Books

from .catalogue import AUTOMATED, CATEGORIES, COUNTRIES
from .costs import cost, fees

MOST_SEATS = 1_000_000
_MOST_PAY = units(1000)
_MOST_MINUTES = 100_000
_SCHEDULE = (60, 31_104_000)  # seconds
_CHANGEABLE = {"title", "time", "expected", "proof", "job_limit", "hourly_limit", "restart_schedule"}
_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000


def create(books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    terms = _terms(books, fields)
    tweet = bool(terms.data["send_tweet"])
    total = cost(terms.price, terms.positions, tweet=tweet)
    if fields.flag("get_cost"):
        return {"result": "ok", "cost": total * UNIT}
    job_id = jobs.post(books, terms, extras=fees(terms.price, terms.positions, tweet=tweet))
    said = {"title": terms.title, "positions": terms.positions, "cost": dollars(total)}
    books.note("post_job", job_id=job_id, **said, posted=fields.sent())
    return {"result": "ok", "cost": total * UNIT, "job_id": int(job_id)}


def update(books: Books, call: Call) -> Any:
    job = jobs.find(books, call.parts["job"])
    fields, terms, data = Fields(call.body()), job.terms, dict(job.terms.data)
    if fields.given("title"):
        terms = replace(terms, title=fields.text("title"))
    if fields.given("time"):
        data["time"] = fields.integer("time", 1, _MOST_MINUTES)
    if fields.given("expected"):
        data["expected"] = fields.strings("expected", 1, 100)
    if fields.given("proof"):
        terms = replace(terms, slots=_slots(fields, AUTOMATED[data["category"]] if data["automated"] else None))
    if fields.given("job_limit") or fields.given("hourly_limit"):
        terms = replace(terms, pace=_pace(fields))
    if fields.given("restart_schedule"):
        jobs.forget_regularly(books, job.id, _schedule(fields))
    jobs.amend(books, job.id, replace(terms, data={**data, "updated_ms": books.at}))
    books.note("update", job_id=job.id, fields=sorted(_CHANGEABLE & set(call.body())))
    return {"result": "ok", "job_id": int(job.id)}


def _terms(books: Books, fields: Fields) -> jobs.Terms:
    title = fields.text("title")
    number = fields.integer("category", 1, 1_000_000)
    if number not in CATEGORIES:
        raise Refusal("The selected category is invalid.", "category")
    automated = fields.flag("automated")
    if automated and number not in AUTOMATED:
        raise Refusal("automated does not go with this category.", "automated")
    country, homes, list_id = _audience(books, fields)
    return jobs.Terms(
        title=title,
        price=fields.money("price", CATEGORIES[number].cost + 1, _MOST_PAY),
        positions=fields.integer("availseats", 1, MOST_SEATS),
        ttr_days=0,
        slots=_slots(fields, AUTOMATED[number] if automated else None),
        countries=homes,
        list_id=list_id,
        pace=_pace(fields),
        data={
            "category": number,
            "country": country,
            "time": fields.integer("time", 1, _MOST_MINUTES),
            "expected": fields.strings("expected", 1, 100),
            "automated": int(automated),
            "send_tweet": int(fields.flag("send_tweet")),
            "hide_search_engines": int(fields.flag("hide_search_engines")),
        },
    )


def _audience(books: Books, fields: Fields) -> tuple[str, tuple[str, ...], int | None]:
    """The country as it will be told, where workers must live, and the team that they must be of."""
    country = fields.raw("country")
    if fields.given("team_id"):
        team_id = fields.integer("team_id", 1, 1_000_000_000)
        try:
            people.find_list(books, team_id)
        except Missing:
            raise Refusal("The selected team_id is invalid.", "team_id") from None
        if isinstance(country, bool) or country not in (0, "0"):
            raise Refusal("country must be 0 for the job of a team.", "country")
        return "0", (), team_id
    if country == "INT":
        return "INT", (), None
    if not isinstance(country, list) or not country:
        raise Refusal("country must be INT or an array of country ids.", "country")
    chosen = [COUNTRIES.get(str(each)) for each in country]
    homes = tuple(each.home for each in chosen if each is not None)
    if len(homes) < len(chosen):
        raise Refusal("The selected country is invalid.", "country")
    return ",".join(str(each) for each in country), homes, None


def _slots(fields: Fields, automated: str | None) -> tuple[jobs.Slot, ...]:
    if automated is not None:
        if fields.raw("proof") != [{"desc": automated, "type": automated}]:
            raise Refusal(f"proof must be {automated} alone where it is checked automatically.", "proof")
        return (jobs.Slot(automated, automated),)
    return tuple(
        jobs.Slot("screenshot" if slot.choice("type", ("text", "image")) == "image" else "text", slot.text("desc"))
        for slot in fields.objects("proof", 1, 20)
    )


def _pace(fields: Fields) -> tuple[int, int] | None:
    if fields.given("job_limit"):
        if not isinstance(fields.raw("job_limit"), dict):
            raise Refusal("job_limit must have a limit and a duration.", "job_limit")
        inner = Fields(fields.raw("job_limit"), "job_limit.")
        limit, duration = inner.integer("limit", 1, MOST_SEATS), inner.choice("duration", ("hourly", "daily"))
        return limit, _HOUR_MS if duration == "hourly" else _DAY_MS
    if fields.given("hourly_limit"):
        return fields.integer("hourly_limit", 1, MOST_SEATS), _HOUR_MS
    return None


def _schedule(fields: Fields) -> int:
    seconds = fields.integer("restart_schedule", -1, _SCHEDULE[1])
    if -1 < seconds < _SCHEDULE[0]:
        raise Refusal(f"restart_schedule must be -1, or between {_SCHEDULE[0]} and {_SCHEDULE[1]}.", "restart_schedule")
    return max(seconds, 0)
