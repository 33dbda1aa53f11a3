"""Posting a job: what its buyer may ask for, and what it costs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from botcore.sandbox import jobs, people
from botcore.sandbox.base import Call, Refusal
from botcore.sandbox.checks import Fields
from botcore.sandbox.money import MOST, dollars, units
from botcore.sandbox.world import Books

from .catalogue import Catalogue, Zone

_MOST_PAY = units(MOST)
_FAR = 999_999_999  # positions and list ids end somewhere
_MANY = 1_000_000  # so do instructions and variables
_FEWEST_ON_LIST = 10
_LEVELS = ("starter", "expert", "advanced")
_PREMIUM = (units(2), units(50))
_FOLLOWERS_FEE = 3, units(1)  # percent of what all tasks cost, and the least
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00", re.ASCII)
_VARIABLE = re.compile(r"\{\{(.*?)\}\}")


class Posting:
    """Its methods answer requests. What is not private says how this marketplace does it; another may differ.

    `site` is the marketplace's address, where the page of a new job is.
    """

    most_ttr_days: ClassVar[int] = 90
    hold_minutes: ClassVar[int] = 15  # where nobody says
    fewest_proofs: ClassVar[int] = 1
    fewest_instructions: ClassVar[int] = 1

    def __init__(self, catalogue: Catalogue, site: str) -> None:
        self._catalogue = catalogue
        self._site = site

    def post_job(self, books: Books, call: Call) -> Any:
        fields = Fields(call.body())
        terms = self.terms(books, fields)
        extras = terms.data["premium"] + _followers_fee(fields, terms)
        if fields.flag("test"):
            return {"ok": True, "message": "The job is valid."}
        job_id = jobs.post(books, terms, extras=extras, paused=bool(terms.data["pause_after_approval"]))
        cost = terms.price * terms.positions + extras
        books.note(
            "post_job",
            job_id=job_id,
            title=terms.title,
            positions=terms.positions,
            cost=dollars(cost),
            posted=fields.sent(),
        )
        url = f"{self._site}/employer/campaign-details.php?Id={job_id}"
        return {"ok": True, "url": url, "message": "The job was posted."}

    def terms(self, books: Books, fields: Fields) -> jobs.Terms:
        """A draft as a job. Raises `Refusal` where it breaks a rule."""
        category = self._catalogue.categories[fields.choice("category_id", self._catalogue.categories)]
        zone, excluded, list_id = self._audience(books, fields)
        level = fields.choice("workers_level", _LEVELS, "starter")
        per_worker = fields.integer("workers_max_tasks", 1, 10, 1)
        if per_worker > 1 and level == "starter":
            raise Refusal("workers_max_tasks above 1 needs a workers_level above starter.")
        return jobs.Terms(
            title=fields.text("title"),
            price=fields.money("task_value", category.minimum(zone.id if zone else "int"), _MOST_PAY),
            positions=fields.integer("num_tasks", 10, _FAR, 10),
            ttr_days=fields.integer("ttr", 1, self.most_ttr_days, 7),
            slots=tuple(
                jobs.Slot(slot.choice("type", ("text", "screenshot")), slot.text("description"))
                for slot in fields.objects("proofs", self.fewest_proofs, 4, required=self.fewest_proofs > 0)
            ),
            per_worker=per_worker,
            countries=zone.countries if zone and zone.id != "int" else (),
            excluded=excluded,
            list_id=list_id,
            data={
                "zone_id": zone.id if zone else "",
                "category_id": category.id,
                "workers_level": level,
                **self.hours(fields),
                "speed": fields.integer("speed", 1, 1000, 1000),
                "autorate": fields.choice("autorate", ("NO", "V", "V+R"), "NO"),
                "pause_after_approval": fields.integer("pause_after_approval", 0, 1, 0),
                "hold_time": fields.integer("hold_time", 5, 90, self.hold_minutes),
                "hold_required": fields.integer("hold_required", 0, 1, 0),
                **self._work(fields),
                "notes": fields.text("notes", ""),
                **_challenges(fields),
                "distribution": fields.integer("distribution", 25, 100, 100),
                "premium": _premium(fields),
            },
        )

    def hours(self, fields: Fields) -> Mapping[str, str]:
        """When workers see the job, where the buyer can say so."""
        return {"start_time": _time(fields, "start_time", "00:00"), "end_time": _time(fields, "end_time", "24:00")}

    def variables(self, fields: Fields, instructions: Sequence[str]) -> list[dict[str, Any]]:
        """What differs from task to task, where the marketplace has such a thing."""
        made = [
            {"name": variable.text("name"), "values": variable.strings("values", 2, 999)}
            for variable in fields.objects("variables", 0, _MANY, required=False)
        ]
        if {variable["name"] for variable in made} != set(_VARIABLE.findall("\n".join(instructions))):
            raise Refusal("variables must be those that the instructions name.")
        if len({len(variable["values"]) for variable in made}) > 1:
            raise Refusal("variables must all have the same number of values.")
        return made

    def _work(self, fields: Fields) -> dict[str, Any]:
        fewest = self.fewest_instructions
        instructions = fields.strings("instructions", fewest, _MANY, required=fewest > 0)
        return {"instructions": instructions, "variables": self.variables(fields, instructions)}

    def _audience(self, books: Books, fields: Fields) -> tuple[Zone | None, tuple[str, ...], int | None]:
        if fields.given("zone_id") == fields.given("list_id"):
            raise Refusal("Either zone_id or list_id is required, and not both.")
        excluded = tuple(fields.strings("excluded_countries", 0, 100, required=False))
        if fields.given("list_id"):
            found = people.find_list(books, fields.integer("list_id", 1, _FAR))
            if found.workers < _FEWEST_ON_LIST:
                raise Refusal(f"The list has fewer than {_FEWEST_ON_LIST} workers.")
            if excluded:
                raise Refusal("excluded_countries goes with zone_id only.")
            return None, (), found.id
        zone = self._catalogue.zones[fields.choice("zone_id", self._catalogue.zones)]
        if not set(excluded) <= set(zone.countries):
            raise Refusal("excluded_countries has countries that cannot be excluded from the zone.")
        return zone, excluded, None


def _challenges(fields: Fields) -> dict[str, Any]:
    asked = [
        {name: challenge.text(name) for name in ("question", "answer")}
        for challenge in fields.objects("challenges", 0, 3, required=False)
    ]
    action = fields.choice("challenge_action", ("rate_nok", "rate_nok_block"), None if asked else "-")
    return {"challenge_action": action if asked else "", "challenges": asked}


def _premium(fields: Fields) -> int:
    least, most = _PREMIUM
    premium = fields.money("premium_amount", 0, most, 0)
    if 0 < premium < least:
        raise Refusal(f"premium_amount must be 0, or between {dollars(least)} and {dollars(most)}.")
    return premium


def _followers_fee(fields: Fields, terms: jobs.Terms) -> int:
    if not fields.flag("notify_followers"):
        return 0
    percent, least = _FOLLOWERS_FEE
    return max(least, -(-terms.price * terms.positions * percent // 100))


def _time(fields: Fields, name: str, default: str) -> str:
    value = fields.text(name, default)
    if not _TIME.fullmatch(value):
        raise Refusal(f"{name} must be a time as HH:mm.")
    return value
