"""HireTalents simulated, read from its API document alone: what it accepts, and how it answers.

Where the document is silent, this is how it is read here: jobs and applications come newest first. `availseats` are
a job's seats in all, taken or not. A job that the site has yet to look at is online and was `started` at 0. One that
it declines or blocks is over and says why: `dec_reason`, `rep_reason`; no callback tells of it. A
declined application opens its seat again; one sent back keeps it, and is pending again under the same id when its
worker hands in anew. Only a pending application can be rated, once and for all. Reported ones are the site's to
settle. The fees of seats that nobody took come back with their price, the fee for a tweet does not. What is wrong
with one field is a 422, what is not there a 404, anything else refused a 200 whose `result` is not ok. Who does not
accept JSON is sent to a page for browsers when something is wrong. What cannot be guessed at all is a quirk.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from botcore.sandbox import jobs
from botcore.sandbox.base import Answer, Endpoint, JobChange, Login, Missing, Post, Refusal, Sandbox
from botcore.sandbox.workers import Worker
from botcore.sandbox.world import Books

from . import account, applications, first, lifecycle, posting, teams
from .costs import fees_back

_VERIFIED_SECONDS = (20, 90)  # how long an automatic check takes
_REPORTED_SECONDS = (600, 3600)  # how long it takes until somebody reports what is spam
_GAP = 7  # other buyers' things get numbers too


class HireTalentsSandbox(Sandbox):
    name = "hiretalents"
    title = "HireTalents"
    account_name = "hire"
    counts = frozenset({"total_app", "availseats"})
    api_folder = "api/v1"
    picture_folder = "proof_uploads"
    picture_type = "jpg"
    paced = False
    tells_every = 0
    tells_again = False
    quirks: ClassVar[Mapping[str, Sequence[str]]] = {
        "approve_after_days": ("0", "1", "3", "7", "14", "30"),  # 0: never by itself
        "balance": ("number", "string"),
        "callback": ("json", "form", "get"),
        "categories": ("object", "list"),
        "team_delete": ("documented", "separate", "both"),  # at teams/update, at teams/delete, or at either
    }

    def endpoints(self) -> Mapping[str, Endpoint]:
        gets = {
            "me": account.me,
            "countries": account.countries,
            "categories": account.categories,
            "job/{job}": account.job,
            "jobs/{status}/{page}": account.jobs_by_status,
            "job/{job}/applications/{status}/{page}": applications.by_status,
            "application/{application}": applications.one,
            "teams": teams.all_of_them,
        }
        posts = {
            "jobs/create": posting.create,
            "job/{job}/update": posting.update,
            "job/{job}/add_seat": lifecycle.add_seat,
            "job/{job}/pause": lifecycle.pause,
            "job/{job}/resume": lifecycle.resume,
            "job/{job}/restart": lifecycle.restart,
            "application/{application}/set": applications.rate,
            "teams/create": teams.create,
            "teams/update": teams.update,
            "teams/delete": teams.delete,
            "teams/members": teams.members,
            "teams/add_member": teams.add_member,
            "teams/delete_member": teams.delete_member,
        }
        return {
            **{path: Endpoint("GET", answer) for path, answer in gets.items()},
            **{path: Endpoint("POST", answer) for path, answer in posts.items()},
        }

    def opens(self, authorization: str, login: Login) -> bool:
        scheme, _, token = authorization.partition(" ")
        return scheme == "Bearer" and hmac.compare_digest(token.encode(), login.api_secret.encode())

    def settings(self, login: Login) -> dict[str, str]:
        return {
            "base_url": f"{self.url}/{self.api_folder}/",
            "api_key": login.api_secret,
            "webhook_secret": login.webhook_secret,
        }

    def speaks(self, accept: str) -> bool:
        return "application/json" in accept.lower()

    def unauthorized(self) -> Answer:
        return Answer({"message": "Unauthenticated."}, 401)

    def too_many(self) -> Answer:
        return Answer({"message": "Too Many Attempts."}, 429)

    def refused(self, refusal: Refusal) -> Answer:
        if isinstance(refusal, Missing):
            return Answer({"message": str(refusal)}, 404)
        if refusal.field:
            errors = {refusal.field: [str(refusal)]}
            return Answer({"message": "The given data was invalid.", "errors": errors}, 422)
        return Answer({"result": "error", "message": str(refusal)})

    def furnish(self, books: Books, room: int) -> Sequence[str]:
        return first.furnish(books, room)

    def handed_in(self, books: Books, job_id: str, task_id: str, worker: Worker) -> None:
        luck = books.chance("handed in", task_id)
        days = int(books.quirk("approve_after_days"))
        if days:
            books.later(books.at + days * jobs.DAY_MS, "deadline", task_id)
        if worker.habit == "spammer" and luck.random() < 0.5:
            books.later(books.now + round(luck.uniform(*_REPORTED_SECONDS) * 1000), "report", task_id)
        elif worker.habit == "honest" and jobs.find(books, job_id).terms.data["automated"]:
            books.later(books.at + round(luck.uniform(*_VERIFIED_SECONDS) * 1000), "deadline", task_id)

    def fees_back(self, job: jobs.Job) -> int:
        return fees_back(job.terms.price, job.open)

    def news(self, books: Books, tasks: Mapping[str, Sequence[str]], changes: Sequence[JobChange]) -> Sequence[Any]:
        new = [
            {"job_id": int(job_id), "application_id": int(task_id), "event": "new-application"}
            for job_id, ids in tasks.items()
            for task_id in ids
        ]
        ended = [
            {"job_id": int(change.job_id), "event": "job-finished"}
            for change in changes
            if change.status == jobs.Status.FINISHED
        ]
        return [*new, *ended]

    def webhook(self, books: Books, news: Any, when: datetime, secret: str | None) -> Post:
        match books.quirk("callback"):
            case "get":
                return Post(method="GET", query={name: str(value) for name, value in news.items()})
            case "form":
                return Post(urlencode(news).encode(), {"Content-Type": "application/x-www-form-urlencoded"})
        return Post(json.dumps(news).encode(), {"Content-Type": "application/json"})

    def job_id(self, books: Books, n: int) -> str:
        return _number(books, "job", 15_300, n)

    def task_id(self, books: Books, n: int) -> str:
        return _number(books, "application", 501_100, n)

    def worker_id(self, books: Books, n: int) -> str:
        return _number(books, "worker", 1_200_000, n)

    def picture_id(self, books: Books, task_n: int, revision: int, i: int) -> str:
        return f"{590_000 + task_n}{revision:02}_{i}"


def _number(books: Books, kind: str, first: int, n: int) -> str:
    return str(first + n * _GAP + books.chance("gap", kind, n).randrange(_GAP))
