"""Picoworkers simulated, read from its API document of June 2022 alone: what it accepts, and how it answers.

It is the same product as SproutGigs, under its old name and in an older dialect, and is built from the parts of that
simulation: what is silent in both documents is read the same way, see `botcore_sproutgigs.sandbox`. What only the
younger documents name is passed over here: an `order`, `task_ids`, variables, and times of the day do nothing.
A task sent back does not say what was handed in before. The first page has the oldest jobs. No rate limit is
documented; there is the one of the younger documents. What a card paid can be spent a minute or so later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar

from botcore.sandbox.base import Answerer, Endpoint, by_method
from botcore.sandbox.world import Books
from botcore_sproutgigs.sandbox import SproutGigsSandbox, lifecycle, people, rating
from botcore_sproutgigs.sandbox.catalogue import Catalogue
from botcore_sproutgigs.sandbox.first import furnish

from . import wallet
from .catalogue import CATEGORIES, ZONES
from .dialect import OlderPosting, OlderReading
from .first import DRAFTS, LISTS


class PicoworkersSandbox(SproutGigsSandbox):
    name = "picoworkers"
    title = "Picoworkers"
    account_name = "pico"
    tells = False
    quirks: ClassVar[Mapping[str, Sequence[str]]] = {"deposits": ("on", "off")}  # as the buyer set it on the site

    catalogue: ClassVar[Catalogue] = Catalogue(ZONES, CATEGORIES)
    posting: ClassVar[OlderPosting] = OlderPosting(catalogue, "https://picoworkers.com")
    reading: ClassVar[OlderReading] = OlderReading()

    def endpoints(self) -> Mapping[str, Endpoint]:
        gets: Mapping[str, Answerer] = {
            "jobs/get-categories.php": self.catalogue.get_categories,
            "jobs/get-job.php": self.reading.get_job,
            "jobs/get-jobs.php": self.reading.get_jobs,
            "jobs/get-lists.php": people.get_lists,
            "jobs/get-unrated-tasks.php": self.reading.get_unrated,
            "jobs/get-zones.php": self.catalogue.get_zones,
            "users/get-balances.php": self.reading.get_balances,
        }
        posts: Mapping[str, Answerer] = {
            "jobs/add-positions.php": lifecycle.add_positions,
            "jobs/job-pause.php": lifecycle.pause,
            "jobs/job-restart.php": lifecycle.restart,
            "jobs/job-resume.php": lifecycle.resume,
            "jobs/job-stop.php": lifecycle.stop,
            "jobs/post-job.php": self.posting.post_job,
            "jobs/rate-single-task.php": rating.rate_single,
            "jobs/set-speed.php": lifecycle.set_speed,
            "jobs/set-ttr.php": partial(lifecycle.set_ttr, self.posting.most_ttr_days),
            "lists/add-workers.php": people.add_workers,
            "wallet/deposit.php": wallet.deposit,
        }
        return by_method(gets, posts)

    def furnish(self, books: Books, room: int) -> Sequence[str]:
        return furnish(books, self.posting, room, LISTS, DRAFTS)
