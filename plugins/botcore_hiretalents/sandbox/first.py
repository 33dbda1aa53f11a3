"""What a new account finds: money, two teams, and its first jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from botcore.sandbox import jobs, people, workers
from botcore.sandbox.money import refund, units
from botcore.sandbox.world import Books

from .costs import cost, fees

_DEPOSIT = units(250)  # what is left to spend when the first jobs are paid


def furnish(books: Books, room: int) -> Sequence[str]:
    """Money, teams and first jobs, each with room for so many applications and for more; the jobs' ids."""
    crew = workers.recruit(books, 30)
    for title, of_it, note in (("Regulars", crew[:20], "works fast"), ("Translators", crew[18:24], "two languages")):
        team_id = people.make_list(books, title)
        people.add_to_list(books, team_id, [worker.id for worker in of_it], note)
    first = _jobs(room)
    refund(books, _DEPOSIT + sum(cost(terms.price, terms.positions) for terms in first))
    return [jobs.post(books, terms, extras=fees(terms.price, terms.positions), running=True) for terms in first]


def _jobs(room: int) -> list[jobs.Terms]:
    return [
        jobs.Terms(
            title="Follow our bakery and say hello",
            price=units("0.08"),
            positions=400 + room,
            ttr_days=0,
            slots=(
                jobs.Slot("screenshot", "Screenshot of your profile with the bakery followed"),
                jobs.Slot("text", "Your user name"),
            ),
            data=_data(112, 4, "Open https://bakery.example/social", "Follow the page", "Leave a kind comment"),
        ),
        jobs.Terms(
            title="Watch a film about rivers to its end",
            price=units("0.06"),
            positions=400 + room,
            ttr_days=0,
            slots=(jobs.Slot("screenshot", "Screenshot of the whole page with the video at its end"),),
            data=_data(97, 6, "Open https://rivers.example/film", "Watch all of it"),
        ),
        jobs.Terms(
            title="What do you think of our travel site?",
            price=units("0.25"),
            positions=400 + room,
            ttr_days=0,
            slots=(jobs.Slot("text", "Your opinion in your own words"),),
            data=_data(40, 10, "Open https://travel.example", "Look for a trip that you like", "Tell us about it"),
        ),
    ]


def _data(category: int, minutes: int, *expected: str) -> dict[str, Any]:
    return {
        "category": category,
        "country": "INT",
        "time": minutes,
        "expected": list(expected),
        "automated": 0,
        "send_tweet": 0,
        "hide_search_engines": 0,
    }
