"""What must hold of a draft beyond what its fields say of themselves: rules over several of them, or the catalogue.

Sources: the table of jobs/post-job, in SproutGigs' API documentation of 4 March 2024 and Picoworkers' of 29 June 2022.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from botcore.draft import JobDraft, Offers, Problem, Variable
from botcore.text import money, one_line

from .fields import EVERYWHERE, STARTER

Rule = Callable[[JobDraft, Offers], Iterator[Problem]]

FEWEST_ON_LIST = 10
LEAST_PREMIUM, MOST_PREMIUM = Decimal(2), Decimal(50)
FEWEST_VALUES, MOST_VALUES = 2, 999
DECIMALS = 4  # of what balances are told in
SHOWN = 12  # countries that a message names

_NAMED = re.compile(r"\{\{(.*?)\}\}")
_NAME = re.compile(r"[^\s:{}|]+")


def audience(draft: JobDraft, offers: Offers) -> Iterator[Problem]:
    """A zone or a list, and a list that is long enough."""
    zone, listed = draft.text("zone"), draft.text("list")
    if not zone and not listed:
        yield Problem("zone", "is missing: choose a zone, or one of your lists")
    if zone and listed:
        yield Problem("list", "does not go with a zone: empty one of the two")
    found = offers.list(listed)
    if found is not None and found.workers is not None and found.workers < FEWEST_ON_LIST:
        yield Problem("list", f"needs at least {FEWEST_ON_LIST} workers; {one_line(found.name)} has {found.workers}")


def exclusions(draft: JobDraft, offers: Offers) -> Iterator[Problem]:
    excluded, zone = draft.texts("excluded"), offers.zone(draft.text("zone"))
    if excluded and draft.text("list") and not draft.text("zone"):
        yield Problem("excluded", "goes with a zone only: leave it empty for a list")
    wrong = [] if zone is None else [code for code in excluded if code not in zone.excludable]
    if zone is not None and wrong:
        there = ", ".join(zone.excludable[:SHOWN]) + (" and more" if len(zone.excludable) > SHOWN else "")
        where = f"cannot be left out of {one_line(zone.name)}"
        yield Problem("excluded", f"has {', '.join(wrong)}, which {where}; these can: {there or 'none'}")


def pay(draft: JobDraft, offers: Offers) -> Iterator[Problem]:
    """At least the category's minimum for the zone; for a list, the international one."""
    price, category = draft.money("price"), offers.category(draft.text("category"))
    zone = draft.text("zone") or (EVERYWHERE if draft.text("list") else "")
    least = None if category is None else category.minimum.get(zone)
    if price is None or category is None or least is None or price >= least:
        return
    found = offers.zone(zone)
    where = f" in {one_line(found.name)}" if found is not None and draft.text("zone") else ""
    yield Problem("price", f"is at least {money(least)} for {one_line(category.name)}{where or ' and a list'}")


def amounts(draft: JobDraft, offers: Offers) -> Iterator[Problem]:
    """A premium within its bounds, and nothing finer than balances are told in."""
    premium = draft.money("premium")
    if premium and not LEAST_PREMIUM <= premium <= MOST_PREMIUM:
        yield Problem("premium", f"is 0, or from {money(LEAST_PREMIUM)} to {money(MOST_PREMIUM)}")
    for name in ("price", "premium"):
        amount = draft.money(name)
        if amount is not None and amount != round(amount, DECIMALS):
            yield Problem(name, f"has {DECIMALS} decimals at most, such as $0.0825")


def levels(draft: JobDraft, offers: Offers) -> Iterator[Problem]:
    if (draft.number("per_worker") or 1) > 1 and draft.text("level") in ("", STARTER):
        yield Problem("per_worker", "is 1 for the level Starter; for more, choose Expert or Advanced")


def questions(draft: JobDraft, offers: Offers) -> Iterator[Problem]:
    if draft.challenges and not draft.text("challenge_action"):
        yield Problem("challenge_action", "is missing: choose Reject, or Reject and block the worker")


def hours(draft: JobDraft, offers: Offers) -> Iterator[Problem]:
    if draft.text("start") == "24:00":
        yield Problem("start", "is a time from 00:00 to 23:59, in UTC; the day begins with 00:00")


def variables(draft: JobDraft, offers: Offers) -> Iterator[Problem]:
    """Each as long as the others, and those that the instructions name."""
    made = draft.variables
    for one in made:
        if not FEWEST_VALUES <= len(one.values) <= MOST_VALUES:
            bounds = f"{FEWEST_VALUES} to {MOST_VALUES} values"
            yield Problem("variables", f"need {bounds} each; {one.name} has {len(one.values)}")
    if len({len(one.values) for one in made}) > 1:
        counts = ", ".join(f"{one.name} {len(one.values)}" for one in made)
        yield Problem("variables", f"need the same number of values each; there are: {counts}")
    if "instructions" in draft:
        yield from _named(draft.texts("instructions"), made)


def _named(instructions: tuple[str, ...], made: tuple[Variable, ...]) -> Iterator[Problem]:
    named = list(dict.fromkeys(name for line in instructions for name in _NAMED.findall(line)))
    odd = [name for name in named if not _NAME.fullmatch(name)]
    for name in odd:
        yield Problem("instructions", f"have {{{{{name}}}}}, which names no variable: one is written like {{{{CITY}}}}")
    there = {one.name for one in made}
    for name in named:
        if name not in there and name not in odd:
            yield Problem("variables", f"lack {name}, which the instructions name; write {name}: one value | another")
    for one in made:
        if one.name not in named:
            yield Problem(
                "variables", f"have {one.name}, which is not in the instructions: write {{{{{one.name}}}}} there"
            )


COMMON: tuple[Rule, ...] = (audience, exclusions, pay, amounts, levels, questions)
