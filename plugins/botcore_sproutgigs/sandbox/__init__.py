"""SproutGigs simulated, read from its API documents alone: what it accepts, and how it answers.

Where they are silent, this is how they are read here: jobs and tasks come oldest first. `task_ids` needs a `job_id`.
A task sent back is in neither list until its worker hands in again. A bonus goes with a satisfied rating only, and a
satisfaction never with a revision. A screenshot is `{"screenshot": address}`. A refused request is a 200 with `ok`
false. What a document does not name is passed over. Positions filled by submissions that were not rejected count as
done. What was paid to feature a job adds up, and is not given back. Where gigs are filtered, unknown categories are
refused. Working hours, hold times, shares of countries and speed are kept, and change nothing of who comes.

Its parts are made to be shared with the simulation of Picoworkers, which is the same product in an older dialect:
what differs is an attribute or a method that is not private.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from botcore.sandbox.base import Answer, Answerer, Endpoint, JobChange, Login, Post, Refusal, Sandbox, by_method
from botcore.sandbox.workers import Worker
from botcore.sandbox.world import Books

from . import featuring, first, gigs, lifecycle, people, postbacks, rating
from .catalogue import CATEGORIES, ZONES, Catalogue
from .posting import Posting
from .reading import Reading


class SproutGigsSandbox(Sandbox):
    name = "sproutgigs"
    title = "SproutGigs"
    account_name = "sprout"
    counts = frozenset({"current_page", "pages", "tasks_done", "unrated_tasks"})
    quirks: ClassVar[Mapping[str, Sequence[str]]] = {"webhook": postbacks.FORMS}

    catalogue: ClassVar[Catalogue] = Catalogue(ZONES, CATEGORIES)
    posting: ClassVar[Posting] = Posting(catalogue, "https://sproutgigs.com")
    reading: ClassVar[Reading] = Reading()

    def endpoints(self) -> Mapping[str, Endpoint]:
        gets: Mapping[str, Answerer] = {
            "gigs/get-categories.php": gigs.get_categories,
            "gigs/get-gig.php": gigs.get_gig,
            "gigs/get-gig-public-questions.php": gigs.get_questions,
            "gigs/get-gig-reviews.php": gigs.get_reviews,
            "gigs/get-gigs.php": gigs.get_gigs,
            "jobs/get-categories.php": self.catalogue.get_categories,
            "jobs/get-job.php": self.reading.get_job,
            "jobs/get-jobs.php": self.reading.get_jobs,
            "jobs/get-lists.php": people.get_lists,
            "jobs/get-rated-tasks.php": self.reading.get_rated,
            "jobs/get-unrated-tasks.php": self.reading.get_unrated,
            "jobs/get-zones.php": self.catalogue.get_zones,
            "users/get-balances.php": self.reading.get_balances,
        }
        posts: Mapping[str, Answerer] = {
            "jobs/add-positions.php": lifecycle.add_positions,
            "jobs/feature-job.php": featuring.feature,
            "jobs/get-predicted-position.php": featuring.predict_position,
            "jobs/job-pause.php": lifecycle.pause,
            "jobs/job-restart.php": lifecycle.restart,
            "jobs/job-resume.php": lifecycle.resume,
            "jobs/job-stop.php": lifecycle.stop,
            "jobs/post-job.php": self.posting.post_job,
            "jobs/rate-multiple-tasks.php": rating.rate_multiple,
            "jobs/rate-single-task.php": rating.rate_single,
            "jobs/set-speed.php": lifecycle.set_speed,
            "jobs/set-ttr.php": partial(lifecycle.set_ttr, self.posting.most_ttr_days),
            "lists/add-workers.php": people.add_workers,
            "lists/block-workers.php": people.block_workers,
            "lists/unblock-workers.php": people.unblock_workers,
        }
        return by_method(gets, posts)

    def opens(self, authorization: str, login: Login) -> bool:
        scheme, _, token = authorization.partition(" ")
        try:
            given = base64.b64decode(token, validate=True)
        except (binascii.Error, ValueError):
            return False
        return scheme == "Basic" and hmac.compare_digest(given, f"{login.user_id}:{login.api_secret}".encode())

    def settings(self, login: Login) -> dict[str, str]:
        keys = {
            "base_url": f"{self.url}/{self.api_folder}/",
            "user_id": login.user_id,
            "api_secret": login.api_secret,
        }
        return {**keys, "webhook_secret": login.webhook_secret} if self.tells else keys

    def unauthorized(self) -> Answer:
        return Answer({"message": "Unauthorized"}, 401)

    def too_many(self) -> Answer:
        return Answer({"message": "Too Many Requests"}, 429)

    def refused(self, refusal: Refusal) -> Answer:
        return Answer({"ok": False, "message": str(refusal)})

    def furnish(self, books: Books, room: int) -> Sequence[str]:
        return first.furnish(books, self.posting, room)

    def handed_in(self, books: Books, job_id: str, task_id: str, worker: Worker) -> None:
        rating.rate_by_rule(books, job_id, task_id, worker)

    def news(self, books: Books, tasks: Mapping[str, Sequence[str]], changes: Sequence[JobChange]) -> Sequence[Any]:
        return postbacks.news(books, tasks, changes)

    def webhook(self, books: Books, news: Any, when: datetime, secret: str | None) -> Post:
        return postbacks.post(books, news, when, secret)
