"""rules: what each rule did, and whether people would have done the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..clock import from_ms
from ..models import Role, Verdict
from ..rules.findings import LEFT_TO_PEOPLE, Outcome, counted, disagreements, tally
from ..rules.settings import Rule
from ..store.port import Reader
from ..text import money, short_id
from ..ui import Block, Card, Reply, Table, Text, Tone
from .parse import BadInput
from .registry import Command, Kind, Param

if TYPE_CHECKING:
    from ..dispatch import Context

DAYS = 30  # that are looked back on where nothing is said
MOST_DAYS = 365
NEWEST = 10  # disagreements shown for each rule
DAY_MS = 86_400_000

COLUMNS = ("Rule", "Mode", "Judged", "Approved", "Today", "Would approve", "People agreed")
WHY = {Outcome.SHADOW: "watching", Outcome.SAMPLE: "as a sample", Outcome.LIMIT: "over its limit"}


async def _rules(context: Context, values: Mapping[str, Any]) -> Reply:
    days = values.get("days", DAYS)
    if not 1 <= days <= MOST_DAYS:
        raise BadInput(f"days is 1 to {MOST_DAYS}")
    rules = context.house.rules
    if not rules:
        return Reply("No rules: everything is left to people. They are written as [[rules]] in the config.")
    now = context.now()
    since, today = now - days * DAY_MS, context.house.limits.day(from_ms(now))
    store = context.house.store
    rows = tuple([await store.read(_row, rule, since, today) for rule in rules])
    otherwise = [await store.read(_otherwise, rule, since) for rule in rules]
    blocks: tuple[Block, ...] = (Table(COLUMNS, rows), *(text for text in otherwise if text))
    return Reply(card=Card("Rules", subtitle="the last day" if days == 1 else f"the last {days} days", blocks=blocks))


def _row(reader: Reader, rule: Rule, since: int, today: str) -> tuple[str, ...]:
    found: Counter[Outcome] = Counter()
    dollars: defaultdict[Outcome, Decimal] = defaultdict(Decimal)
    said: Counter[str] = Counter()  # of what was left to people although it would have approved
    for row in tally(reader, rule, since):
        outcome, number = Outcome(row["outcome"]), row["number"]
        found[outcome] += number
        dollars[outcome] += number * Decimal(row["price"] or 0)
        if outcome in LEFT_TO_PEOPLE and row["said"]:
            said[row["said"]] += number
    approvals, spent = counted(reader, rule.name, today)
    would = sum(found[outcome] for outcome in LEFT_TO_PEOPLE)
    would_cost = sum((dollars[outcome] for outcome in LEFT_TO_PEOPLE), Decimal(0))
    why = ", ".join(f"{found[outcome]} {words}" for outcome, words in WHY.items() if found[outcome])
    return (
        rule.name,
        "only watches" if rule.shadow else "approves",
        str(found.total()),
        f"{found[Outcome.APPROVED]} ({money(dollars[Outcome.APPROVED])})",
        f"{approvals} of {rule.max_per_day}, {money(spent)} of {money(rule.max_dollars_per_day)}",
        f"{would} ({money(would_cost)}): {why}" if would else "0",
        f"{said[Verdict.APPROVE]} of {said.total()}" if said else "—",
    )


def _otherwise(reader: Reader, rule: Rule, since: int) -> Text | None:
    """Where people did not do what a rule did, or would have done: the newest."""
    rows = disagreements(reader, rule, since, NEWEST + 1)
    if not rows:
        return None
    words = {verdict.value: verdict.past for verdict in Verdict}
    shown = [f"{short_id(row['submission'])} ({words.get(row['said'], row['said'])})" for row in rows[:NEWEST]]
    more = " and more" if len(rows) > NEWEST else ""
    return Text(", ".join(shown) + more, title=f"{rule.name}: people said otherwise", tone=Tone.WARNING)


COMMANDS = (
    Command(
        "rules",
        "what the rules did, and whether people agree",
        Role.VIEWER,
        _rules,
        (Param("days", f"how many to look back on; left out: {DAYS}", Kind.INTEGER),),
    ),
)
