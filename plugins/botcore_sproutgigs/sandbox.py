"""SproutGigs simulated, read from its API document of March 2024 alone: what it accepts, and how it answers.

Where the document is silent, this is how it is read here: jobs and tasks come oldest first. `task_ids` needs
a `job_id`. A task sent back is in neither list until its worker hands in again. A bonus goes with a satisfied
rating only, and a satisfaction never with a revision. A screenshot is `{"screenshot": address}`. A refused
request is a 200 with `ok` false. Positions filled by submissions that were not rejected count as done.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from botcore.clock import from_ms
from botcore.sandbox import jobs, people, tasks, workers
from botcore.sandbox.base import Answer, Call, Endpoint, Login, Refusal, Sandbox
from botcore.sandbox.checks import Fields
from botcore.sandbox.money import UNIT, dollars, refund, units
from botcore.sandbox.proofs import Proof
from botcore.sandbox.world import Books

_CAMPAIGN = "https://sproutgigs.com/employer/campaign-details.php?Id="
_BATCH = 1000
_MOST = 10_000_000  # units; no single amount is higher
_FAR = 1_000_000  # pages and list ids end somewhere
_SATISFACTIONS = {"ok": ("excellent", "good", "ok"), "not_ok": ("incorrect", "spam", "dupe"), "revise": ()}
_LEVELS = ("starter", "expert", "advanced")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00", re.ASCII)
_UNTOLD = ("distribution", "hold_required", "variables")  # not in the shape of a job in a list
_VARIABLE = re.compile(r"\{\{(.*?)\}\}")


class SproutGigsSandbox(Sandbox):
    name = "sproutgigs"
    title = "SproutGigs"
    account_name = "sprout"

    def endpoints(self) -> Mapping[str, Endpoint]:
        gets = {
            "jobs/get-categories.php": _categories,
            "jobs/get-job.php": _get_job,
            "jobs/get-jobs.php": self._get_jobs,
            "jobs/get-lists.php": _get_lists,
            "jobs/get-rated-tasks.php": self._get_rated,
            "jobs/get-unrated-tasks.php": self._get_unrated,
            "jobs/get-zones.php": _zones,
            "users/get-balances.php": _balances,
        }
        posts = {
            "jobs/add-positions.php": _add_positions,
            "jobs/job-pause.php": _pause,
            "jobs/job-restart.php": _restart,
            "jobs/job-resume.php": _resume,
            "jobs/job-stop.php": _stop,
            "jobs/post-job.php": _post_job,
            "jobs/rate-multiple-tasks.php": _rate_multiple,
            "jobs/rate-single-task.php": _rate_single,
            "jobs/set-speed.php": _set_speed,
            "jobs/set-ttr.php": _set_ttr,
            "lists/add-workers.php": _add_workers,
            "lists/block-workers.php": _block_workers,
            "lists/unblock-workers.php": _unblock_workers,
        }
        return {
            **{path: Endpoint("GET", answer) for path, answer in gets.items()},
            **{path: Endpoint("POST", answer) for path, answer in posts.items()},
        }

    def opens(self, authorization: str, login: Login) -> bool:
        scheme, _, token = authorization.partition(" ")
        try:
            given = base64.b64decode(token, validate=True)
        except (binascii.Error, ValueError):
            return False
        return scheme == "Basic" and hmac.compare_digest(given, f"{login.user_id}:{login.api_secret}".encode())

    def settings(self, login: Login) -> dict[str, str]:
        return {
            "base_url": f"{self.url}/api/",
            "user_id": login.user_id,
            "api_secret": login.api_secret,
            "webhook_secret": login.webhook_secret,
        }

    def unauthorized(self) -> Answer:
        return Answer({"message": "Unauthorized"}, 401)

    def too_many(self) -> Answer:
        return Answer({"message": "Too Many Requests"}, 429)

    def refused(self, refusal: Refusal) -> Answer:
        return Answer({"ok": False, "message": str(refusal)})

    def furnish(self, books: Books, room: int) -> Sequence[str]:
        crew = [worker.id for worker in workers.recruit(books, 40)]
        people.make_list(books, "Reliable", crew[:25])
        people.make_list(books, "Good writers", crew[20:34])
        people.make_list(books, "Native speakers", crew[34:38])
        first = _first_jobs(room)
        refund(books, _DEPOSIT + sum(terms.price * terms.positions for terms in first))
        return [jobs.post(books, terms, running=True) for terms in first]

    def webhook(
        self, tasks: Mapping[str, Sequence[str]], when: datetime, secret: str | None
    ) -> tuple[bytes, dict[str, str]]:
        headers = {"Content-Type": "application/json"}
        if secret is None:
            return json.dumps(tasks).encode(), headers
        event = [{"job_id": job_id, "task_ids": ids} for job_id, ids in tasks.items()]
        body = json.dumps({"event_type": "tasks_submitted", "event_date": _iso(when), "event": event}).encode()
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return body, {**headers, "X-Sproutgigs-Signature": f"sha256={digest}"}

    def _get_jobs(self, books: Books, call: Call) -> Any:
        query = Fields(call.query)
        page = query.integer("page", 1, _FAR, 1)
        found, total = jobs.listed(
            books,
            status=query.choice("status", list(jobs.Status), ""),
            unrated=query.integer("unrated_tasks", 0, 1, 0) == 1,
            newest_first=query.choice("order", ("asc", "desc"), "asc") == "desc",
            limit=self.page_size,
            offset=(page - 1) * self.page_size,
        )
        return self._page(page, total, "jobs", [_job(books, job) for job in found])

    def _get_unrated(self, books: Books, call: Call) -> Any:
        return self._tasks(books, call, tasks.UNRATED)

    def _get_rated(self, books: Books, call: Call) -> Any:
        return self._tasks(books, call, tasks.RATED)

    def _tasks(self, books: Books, call: Call, states: Sequence[tasks.State]) -> Any:
        query = Fields(call.query)
        page = query.integer("page", 1, _FAR, 1)
        job_id = query.text("job_id", "") or None
        ids = [text.strip() for text in query.text("task_ids", "").split(",") if text.strip()]
        if ids and job_id is None:
            raise Refusal("task_ids needs a job_id.")
        if job_id is not None:
            jobs.find(books, job_id)
        found, total = tasks.listed(
            books,
            states,
            job_id=job_id,
            ids=ids or None,
            limit=self.page_size,
            offset=(page - 1) * self.page_size,
        )
        return self._page(page, total, "tasks", [self._task(books, task) for task in found])

    def _task(self, books: Books, task: tasks.Task) -> dict[str, Any]:
        shape: dict[str, Any] = {
            "id": task.id,
            "job_id": task.job_id,
            "worker_id": task.worker_id,
            "finished_at": _iso(from_ms(task.finished_ms)),
            "ip_address": task.ip,
            "country_code": task.country,
            "revision_number": task.revision,
            "variables": _own_values(books, task),
            "proofs": [self._proof(proof) for proof in task.proofs],
        }
        rated = task.state in tasks.RATED
        if rated:
            shape["status"] = task.state.upper()
        if rated or task.earlier:
            shape["previous_proofs"] = [
                {
                    "employer_comment": earlier.comment,
                    "finished_at": f"{from_ms(earlier.finished_ms):%Y-%m-%d %H:%M:%S}",
                    "proofs": [self._proof(proof) for proof in earlier.proofs],
                }
                for earlier in task.earlier
            ]
        return shape

    def _proof(self, proof: Proof) -> Any:
        match proof.kind:
            case "text":
                return {"text": proof.value}
            case "picture":
                return {"screenshot": self.picture(proof.value)}
            case "url":
                return {"screenshot": proof.value}
        return proof.value

    def _page(self, page: int, total: int, name: str, things: list[Any]) -> dict[str, Any]:
        return {"current_page": page, "pages": max(1, -(-total // self.page_size)), name: things}


# What is read.


def _get_job(books: Books, call: Call) -> Any:
    job = jobs.find(books, Fields(call.query).text("job_id"))
    return {**_job(books, job), "distribution": job.terms.data["distribution"]}


def _job(books: Books, job: jobs.Job) -> dict[str, Any]:
    terms = job.terms
    own = {name: value for name, value in terms.data.items() if name not in _UNTOLD}
    return {
        "id": job.id,
        "id_user": books.value("SELECT user_id FROM account WHERE name = :name", name=books.account),
        "excluded_countries": list(terms.excluded),
        "created_at": _iso(from_ms(job.created_ms)),
        "status": job.status.upper(),
        "title": terms.title,
        "task_value": terms.price * UNIT,
        "tasks_done": job.filled,
        "num_tasks": terms.positions,
        "unrated_tasks": job.unrated,
        "workers_max_tasks": terms.per_worker,
        "ttr": terms.ttr_days,
        "proofs": [{"description": slot.description, "type": slot.type} for slot in terms.slots],
        **own,
    }


def _get_lists(books: Books, call: Call) -> Any:
    return [{"id": found.id, "name": found.name, "workers": found.workers} for found in people.lists(books)]


def _balances(books: Books, call: Call) -> Any:
    row = books.one("SELECT earned, spendable FROM account WHERE name = :name", name=books.account)
    return None if row is None else {name: dollars(row[name], 4) for name in ("earned", "spendable")}


def _zones(books: Books, call: Call) -> Any:
    return [
        {"id": zone.id, "zone": zone.name, "excludable_countries": list(zone.countries)} for zone in _ZONES.values()
    ]


def _categories(books: Books, call: Call) -> Any:
    return [
        {
            "id": category.id,
            "category": category.name,
            "subcategory": category.sub,
            "min_task_value": {zone: dollars(category.minimum(zone), 3) for zone in _ZONE_ORDER},
        }
        for category in _CATEGORIES.values()
    ]


def _own_values(books: Books, task: tasks.Task) -> list[dict[str, str]]:
    variables = json.loads(books.value("SELECT data ->> 'variables' FROM job WHERE id = :id", id=task.job_id))
    return [{"name": each["name"], "value": each["values"][task.n % len(each["values"])]} for each in variables]


# Ratings.


def _rate_single(books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    job = jobs.find(books, fields.text("job_id"))
    tasks.rate(books, _judgement(fields, job.id, "task_id", "task_"))
    return {"ok": True, "message": "Task rated successfully."}


def _rate_multiple(books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    job = jobs.find(books, fields.text("job_id"))
    return {"tasks": [_rate_one(books, job.id, item) for item in fields.objects("tasks", 1, _BATCH)]}


def _rate_one(books: Books, job_id: str, fields: Fields) -> dict[str, Any]:
    task_id = fields.raw("id")
    try:
        tasks.rate(books, _judgement(fields, job_id, "id", ""))
    except Refusal as refusal:
        return {"id": task_id, "ok": False, "message": str(refusal)}
    return {"id": task_id, "ok": True, "message": "Task rated successfully."}


def _judgement(fields: Fields, job_id: str, id_name: str, prefix: str) -> tasks.Judgement:
    rating = fields.choice(f"{prefix}rating", _SATISFACTIONS)
    bonus = fields.money(f"{prefix}bonus", 0, _MOST, 0)
    comment = fields.text(f"{prefix}comment", "")
    satisfaction = fields.text(f"{prefix}satisfaction", "") or None
    if satisfaction is not None and satisfaction not in _SATISFACTIONS[rating]:
        raise Refusal(f"{prefix}satisfaction does not go with {rating}.")
    if rating != "ok" and not comment.strip():
        raise Refusal(f"{prefix}comment is required with {rating}.")
    if rating != "ok" and bonus:
        raise Refusal(f"{prefix}bonus goes with ok only.")
    return tasks.Judgement(
        job_id=job_id,
        task_id=fields.text(id_name),
        rating=cast("Any", rating),
        satisfaction=satisfaction,
        comment=comment,
        bonus=bonus,
        list_id=fields.integer("list_id", 0, _FAR, 0) or None,
        block_worker=fields.flag("block_worker"),
    )


# A job's life.


def _pause(books: Books, call: Call) -> Any:
    job_id = Fields(call.body()).text("job_id")
    jobs.pause(books, job_id)
    books.note("pause", job_id=job_id)
    return {"ok": True}


def _resume(books: Books, call: Call) -> Any:
    job_id = Fields(call.body()).text("job_id")
    jobs.resume(books, job_id)
    books.note("resume", job_id=job_id)
    return {"ok": True}


def _stop(books: Books, call: Call) -> Any:
    job_id = Fields(call.body()).text("job_id")
    back = jobs.stop(books, job_id)
    books.note("stop", job_id=job_id, refund=dollars(back))
    return {"ok": True, "message": "The job was stopped."}


def _restart(books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    job_id, positions = fields.text("job_id"), fields.integer("positions", 0, 9999, 0)
    cost = jobs.restart(books, job_id, positions)
    books.note("restart", job_id=job_id, positions=positions, cost=dollars(cost))
    return {"ok": True, "notice": "The job runs again."}


def _add_positions(books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    job_id, positions = fields.text("job_id"), fields.integer("positions", 1, 9999)
    cost = jobs.add_positions(books, job_id, positions)
    books.note("add_positions", job_id=job_id, positions=positions, cost=dollars(cost))
    return {"ok": True, "message": "Positions were added."}


def _set_speed(books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    job_id, speed = fields.text("job_id"), fields.integer("speed", 1, 1000)
    jobs.set_data(books, job_id, "speed", speed)
    books.note("set_speed", job_id=job_id, speed=speed)
    return {"ok": True, "message": "The speed was changed."}


def _set_ttr(books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    job_id, days = fields.text("job_id"), fields.integer("ttr", 1, 90)
    jobs.set_ttr(books, job_id, days)
    books.note("set_ttr", job_id=job_id, ttr=days)
    return {"ok": True, "message": "The time to rate was changed."}


def _post_job(books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    terms = _terms(books, fields)
    extras = _extras(fields, terms)
    if fields.flag("test"):
        return {"ok": True, "message": "The job is valid."}
    job_id = jobs.post(books, terms, extras=extras, paused=bool(terms.data["pause_after_approval"]))
    cost = terms.price * terms.positions + extras
    books.note("post_job", job_id=job_id, title=terms.title, positions=terms.positions, cost=dollars(cost))
    return {"ok": True, "url": _CAMPAIGN + job_id, "message": "The job was posted."}


def _terms(books: Books, fields: Fields) -> jobs.Terms:
    category = _CATEGORIES[fields.choice("category_id", _CATEGORIES)]
    zone, excluded, list_id = _audience(books, fields)
    level = fields.choice("workers_level", _LEVELS, "starter")
    per_worker = fields.integer("workers_max_tasks", 1, 10, 1)
    if per_worker > 1 and level == "starter":
        raise Refusal("workers_max_tasks above 1 needs a workers_level above starter.")
    instructions = fields.strings("instructions", 1, 100)
    challenges = [
        {name: challenge.text(name) for name in ("question", "answer")}
        for challenge in fields.objects("challenges", 0, 3, required=False)
    ]
    action = fields.choice("challenge_action", ("rate_nok", "rate_nok_block"), None if challenges else "-")
    data = {
        "zone_id": zone.id if zone else "",
        "category_id": category.id,
        "workers_level": level,
        "start_time": _time(fields, "start_time", "00:00"),
        "end_time": _time(fields, "end_time", "24:00"),
        "speed": fields.integer("speed", 1, 1000, 1000),
        "autorate": fields.choice("autorate", ("NO", "V", "V+R"), "NO"),
        "pause_after_approval": fields.integer("pause_after_approval", 0, 1, 0),
        "hold_time": fields.integer("hold_time", 5, 90, 15),
        "hold_required": fields.integer("hold_required", 0, 1, 0),
        "instructions": instructions,
        "variables": _variables(fields, instructions),
        "notes": fields.text("notes", ""),
        "challenge_action": action if challenges else "",
        "challenges": challenges,
        "distribution": fields.integer("distribution", 25, 100, 100),
    }
    return jobs.Terms(
        title=fields.text("title"),
        price=fields.money("task_value", category.minimum(zone.id if zone else "int"), _MOST),
        positions=fields.integer("num_tasks", 10, _FAR, 10),
        ttr_days=fields.integer("ttr", 1, 90, 7),
        slots=tuple(
            jobs.Slot(slot.choice("type", ("text", "screenshot")), slot.text("description"))
            for slot in fields.objects("proofs", 1, 4)
        ),
        per_worker=per_worker,
        countries=zone.countries if zone and zone.id != "int" else (),
        excluded=excluded,
        list_id=list_id,
        data=data,
    )


def _audience(books: Books, fields: Fields) -> tuple[_Zone | None, tuple[str, ...], int | None]:
    if fields.given("zone_id") == fields.given("list_id"):
        raise Refusal("Either zone_id or list_id is required, and not both.")
    excluded = tuple(fields.strings("excluded_countries", 0, 100, required=False))
    if fields.given("list_id"):
        found = people.find_list(books, fields.integer("list_id", 1, _FAR))
        if found.workers < 10:
            raise Refusal("The list has fewer than 10 freelancers.")
        if excluded:
            raise Refusal("excluded_countries goes with zone_id only.")
        return None, (), found.id
    zone = _ZONES[fields.choice("zone_id", _ZONES)]
    if not set(excluded) <= set(zone.countries):
        raise Refusal("excluded_countries has countries that cannot be excluded from the zone.")
    return zone, excluded, None


def _variables(fields: Fields, instructions: Sequence[str]) -> list[dict[str, Any]]:
    made = [
        {"name": variable.text("name"), "values": variable.strings("values", 2, 999)}
        for variable in fields.objects("variables", 0, 100, required=False)
    ]
    if {variable["name"] for variable in made} != set(_VARIABLE.findall("\n".join(instructions))):
        raise Refusal("variables must be those that the instructions name.")
    if len({len(variable["values"]) for variable in made}) > 1:
        raise Refusal("variables must all have the same number of values.")
    return made


def _time(fields: Fields, name: str, default: str) -> str:
    value = fields.text(name, default)
    if not _TIME.fullmatch(value):
        raise Refusal(f"{name} must be a time as HH:mm.")
    return value


def _extras(fields: Fields, terms: jobs.Terms) -> int:
    premium = fields.money("premium_amount", 0, units(50), 0)
    if 0 < premium < units(2):
        raise Refusal("premium_amount must be 0, or between 2.00 and 50.00.")
    if not fields.flag("notify_followers"):
        return premium
    return premium + max(units(1), -(-terms.price * terms.positions * 3 // 100))


# Workers.


def _add_workers(books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    list_id, ids = fields.integer("list_id", 1, _FAR), fields.strings("workers", 1, _FAR)
    books.note("add_workers", list_id=list_id, workers=people.add_to_list(books, list_id, ids))
    return {"ok": True, "message": "The list was extended."}


def _block_workers(books: Books, call: Call) -> Any:
    ids = Fields(call.body()).strings("workers", 1, _FAR)
    books.note("block_workers", workers=people.block(books, ids))
    return {"ok": True, "message": "Blocked."}


def _unblock_workers(books: Books, call: Call) -> Any:
    ids = Fields(call.body()).strings("workers", 1, _FAR)
    books.note("unblock_workers", workers=people.unblock(books, ids))
    return {"ok": True, "message": "Unblocked."}


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


# The catalogue.


@dataclass(frozen=True, slots=True)
class _Zone:
    id: str
    name: str
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Category:
    """`prices`: the least for a task in int, west1, europe1, europe2, and everywhere else."""

    id: str
    name: str
    sub: str
    prices: str

    def minimum(self, zone: str) -> int:
        return units(self.prices.split()[{"int": 0, "west1": 1, "europe1": 2, "europe2": 3}.get(zone, 4)])


_ZONE_ORDER = ("int", "west1", "europe1", "europe2", "asia1", "africa1", "latin", "muslim", "arab1")
_ZONES = {
    zone: _Zone(zone, name, tuple(countries.split()))
    for zone, name, countries in (
        ("africa1", "Africa", "ao bw cg eg et gh ke ly ma mz ng rw za tz ug zw tn"),
        ("arab1", "Arab Countries", "ae bh kw sa ye qa om jo sy lb ps iq eg ma ly tn dz sd mr so dj km"),
        ("asia1", "Asia", "bd cn in id jp kr lk my pk ph sg th vn"),
        ("europe1", "Europe West", "at be ch de dk es fi fr uk ie is it lu mc no pt se sm"),
        ("europe2", "Europe East", "al am by ba bg cy cz ee gr hu hr lt mk mt rs ru si sk tr ua pl ro"),
        (
            "int",
            "International",
            "al pk bd id in ph ro eg pl my np vn cn lt ma us ca uk au de fr lk si ve co",
        ),
        ("latin", "Latin America", "ar bo br cl co ec fk gf gy mx py pe sr uy ve"),
        ("muslim", "Muslim Countries", "dz id in pk bd ma ng eg ir tr tn"),
        ("west1", "USA & Western", "us uk ca au nz"),
    )
}
_CATEGORIES = {
    number: _Category(number, name, sub, prices)
    for number, name, sub, prices in (
        ("0500", "Sign up", "Email submit only", "0.08 0.24 0.20 0.16 0.10"),
        ("0501", "Sign up", "Simple Sign up", "0.08 0.24 0.20 0.16 0.10"),
        ("0502", "Sign up", "Complex Sign up", "0.15 0.45 0.40 0.30 0.20"),
        ("1001", "Search", "Search and visit", "0.05 0.15 0.13 0.10 0.06"),
        ("1504", "Social", "Follow a page", "0.05 0.15 0.13 0.10 0.06"),
        ("2004", "Video", "Play video", "0.05 0.15 0.13 0.10 0.06"),
        ("2501", "Writing", "Review of a website", "0.30 0.90 0.80 0.60 0.40"),
        ("9001", "Surveys / Offers", "Up to 20 questions", "0.25 0.60 0.50 0.40 0.30"),
        ("9002", "Surveys / Offers", "Up to 50 questions", "0.50 1.20 1.00 0.80 0.60"),
        ("9900", "Other", "Describe and set acceptable price", "0.05 0.15 0.13 0.10 0.06"),
    )
}


_DEPOSIT = units(250)  # what is left to spend when the first jobs are paid


def _first_jobs(room: int) -> list[jobs.Terms]:
    sign_up = jobs.Terms(
        title="Sign up at Meadow Mail",
        price=units("0.10"),
        positions=400 + room,
        ttr_days=7,
        slots=(
            jobs.Slot("screenshot", "Screenshot of your profile page"),
            jobs.Slot("text", "Your user name"),
        ),
        data=_settings("0501", "Open https://meadowmail.example/join", "Make a free account", "Open your profile"),
    )
    film = jobs.Terms(
        title="Watch our video about bees",
        price=units("0.06"),
        positions=400 + room,
        ttr_days=5,
        slots=(jobs.Slot("screenshot", "Screenshot of the whole page with the video playing"),),
        data=_settings("2004", "Open https://beehive.example/film", "Watch at least three minutes"),
    )
    survey = jobs.Terms(
        title="Short survey on online shopping",
        price=units("0.30"),
        positions=400 + room,
        ttr_days=10,
        per_worker=5,
        slots=(
            jobs.Slot("text", "The completion code"),
            jobs.Slot("text", "What would you improve? At least one sentence"),
        ),
        data=_settings("9001", "Open https://questions.example/shopping", "Answer all", "Copy the code at the end"),
    )
    return [sign_up, film, replace(survey, data={**survey.data, "workers_level": "expert"})]


def _settings(category_id: str, *instructions: str) -> dict[str, Any]:
    return {
        "zone_id": "int",
        "category_id": category_id,
        "workers_level": "starter",
        "start_time": "00:00",
        "end_time": "24:00",
        "speed": 1000,
        "autorate": "NO",
        "pause_after_approval": 0,
        "hold_time": 15,
        "hold_required": 0,
        "instructions": list(instructions),
        "variables": [],
        "notes": "",
        "challenge_action": "",
        "challenges": [],
        "distribution": 100,
    }
