"""What is ordered at a marketplace, in its own words: told apart by numbers that its looking for a job cannot see."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.journeys.crowd import Tally

# One thing that may be done, whoever asks for it: its kind in the marketplace's books, the account, and what it is of.
Key = tuple[str, ...]
Body = Mapping[str, Any]

ACCOUNTS = {"sprout": "sproutgigs", "hire": "hiretalents", "pico": "picoworkers"}
KINDS = {  # the bot's name of what spends, and the marketplace's
    "post job": "post_job",
    "add positions": "add_positions",
    "resume job": "resume",
    "restart job": "restart",
    "feature job": "feature",
}
TITLES = ("Sign up at ACME", "Vote for our cat", "Find the hidden page", "Rate our film", "Read <b>this</b> & tell")
DEFAULTS: Mapping[str, Mapping[str, Any]] = {  # what a draft begins with, where a file leaves it out
    "sprout": {
        "workers_level": "starter",
        "workers_max_tasks": 1,
        "autorate": "NO",
        "ttr": 7,
        "speed": 1000,
        "start_time": "00:00",
        "end_time": "24:00",
        "hold_time": 15,
        "hold_required": 0,
        "pause_after_approval": 0,
        "notify_followers": 0,
    },
    "pico": {
        "workers_level": "starter",
        "workers_max_tasks": 1,
        "autorate": "NO",
        "ttr": 7,
        "speed": 1000,
        "hold_time": 5,
        "hold_required": 0,
        "pause_after_approval": 0,
        "notify_followers": 0,
    },
    "hire": {"automated": 0, "send_tweet": 0, "hide_search_engines": 0},
}


@dataclass(frozen=True, slots=True)
class Order:
    """A job as its buyer wants it: what the marketplace must get. What a file does not say is DEFAULTS'."""

    account: str
    body: Body

    @property
    def key(self) -> Key:
        return posted_key(self.account, self.body)

    @property
    def file(self) -> str:
        return json.dumps(self.body)

    def changed(self, positions: int) -> Order:
        name = "availseats" if self.account == "hire" else "num_tasks"
        return Order(self.account, {**self.body, name: positions})


@dataclass
class SpendingTally(Tally):
    """What was ordered beside it, and what people were told."""

    orders: dict[Key, Order] = field(default_factory=dict)
    asked: dict[int, Key] = field(default_factory=dict)  # what somebody was told that an operation would do
    let_go: dict[int, str] = field(default_factory=dict)  # operations that somebody was told go, and how it was put
    changes: Counter[str] = field(default_factory=Counter)  # of each job, which numbers them
    answers: Counter[str] = field(default_factory=Counter)  # what a person said of doubts
    reasons: Counter[str] = field(default_factory=Counter)  # why they were asked
    refusals: Counter[str] = field(default_factory=Counter)
    daily_spend: Decimal = Decimal(0)

    def order(self, order: Order) -> Order:
        """Noted before anybody is asked: also what was never answered may come to be."""
        self.orders[order.key] = order
        return order


def draw_order(dice: random.Random, account: str, number: int) -> Order:
    """Of few titles and sizes: many are the same to whom cannot see `number`, or ever so nearly."""
    title, positions = dice.choice(TITLES), dice.choice((10, 12, 20, 24, 40))
    body: dict[str, Any] = {"title": title}
    if account == "hire":
        body |= {"category": 31, "price": "0.10", "availseats": positions, "country": "INT", "time": number}
        body |= {"expected": ["Open the page", "Do it"], "proof": [{"desc": "Your profile", "type": "image"}]}
        return Order(account, body)
    body |= {
        "zone_id": "int",
        "category_id": "0501",
        "task_value": dice.choice(("0.10", "0.125")),
        "num_tasks": positions,
    }
    body |= {"instructions": ["Open the page", "Do it"], "notes": f"Order {number}"}
    body |= {"proofs": [{"type": "screenshot", "description": "Your profile"}, {"type": "text", "description": "Name"}]}
    if dice.random() < 0.2:
        body |= {"notify_followers": 1, "premium_amount": "2.00"}
    return Order(account, body)


def posted_key(account: str, body: Body) -> Key:
    """Of a job as the marketplace was told of it."""
    if account == "hire":
        return "post_job", account, str(body["time"]), amount(body["price"]), str(body["availseats"])
    number = str(body["notes"]).removeprefix("Order ")
    return "post_job", account, number, amount(body["task_value"]), str(body["num_tasks"])


def operation_key(row: Mapping[str, Any]) -> Key:
    """Of an operation as the bot keeps it."""
    args = json.loads(row["args"])
    if row["kind"] != "post job":
        return KINDS[row["kind"]], row["account"], args["job"], args.get("positions") or args.get("amount", "")
    answers = json.loads(args["answers"])
    number = answers["minutes"] if row["account"] == "hire" else answers["notes"].removeprefix("Order ")
    return "post_job", row["account"], number, amount(answers["price"]), answers["positions"]


def entry_key(entry: Mapping[str, Any]) -> Key:
    """Of something in the marketplace's books."""
    if entry["kind"] == "post_job":
        return posted_key(entry["account"], entry["posted"])
    told = entry.get("cost") if entry["kind"] == "feature" else entry.get("positions")
    return entry["kind"], entry["account"], entry["job_id"], "" if told is None else str(told)


def amount(value: object) -> str:
    return format(Decimal(str(value)).normalize(), "f")


def operations_in(text: str) -> list[int]:
    """Those that a page offers to confirm."""
    return [int(number) for number in dict.fromkeys(re.findall(r"confirm:op-(\d+):0", text))]
