"""What must be so of money in the end: the bot's operations held against the marketplaces' books."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.journeys.orders import DEFAULTS, KINDS, Key, SpendingTally, amount, entry_key, operation_key
from tests.journeys.reckoning import Reckoning, reckon

PER_JOB, ALONE = Decimal(6), Decimal(4)


@dataclass
class SpendingReckoning:
    """How operations and bonuses ended, and everything that is not as it should be."""

    ends: Counter[str] = field(default_factory=Counter)
    bonuses: Reckoning = field(default_factory=Reckoning)
    spent: Decimal = Decimal(0)
    nameless: int = 0  # posts of which it is not known which job they made
    wrongs: list[str] = field(default_factory=list)


def spending_entries(town: Any) -> list[dict[str, Any]]:
    """What was done through the API that costs, or may."""
    return [entry for entry in town.sandbox.ledger() if entry["kind"] in KINDS.values()]


def reckon_spending(town: Any, tally: SpendingTally) -> SpendingReckoning:
    """Compares everything with everything; the bot is to have settled."""
    result = SpendingReckoning(bonuses=reckon(town, tally))
    result.wrongs += result.bonuses.wrongs
    rows = [row for row in town.rows("SELECT * FROM operations ORDER BY id") if row["kind"] in KINDS]
    entries: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for entry in spending_entries(town):
        entries[entry_key(entry)].append(entry)
    _check_once(result, rows, entries)
    _check_words(result, tally, entries)
    _check_told(result, tally, rows)
    _check_drafts(town, result, rows)
    _check_counted(town, result, rows, entries)
    check_limits(town, tally, result)
    return result


def check_limits(town: Any, tally: SpendingTally, result: SpendingReckoning) -> None:
    """Never more than the limits, at any moment between two lives."""
    paid = Counter[str]()
    for entry in town.sandbox.ledger():
        cost = Decimal(entry.get("bonus" if entry["kind"] == "rate" else "cost") or 0)
        if entry["kind"] in (*KINDS.values(), "rate"):
            paid[entry["job_id"]] += cost  # type: ignore[assignment]
    result.spent = Decimal(sum(Decimal(cost) for cost in paid.values()))
    if result.spent > tally.daily_spend:
        result.wrongs.append(f"spent {result.spent}, and daily_spend was never more than {tally.daily_spend}")
    named = {row["job_id"] for row in town.rows("SELECT job_id FROM drafts WHERE job_id != ''")}
    result.wrongs += [
        f"{cost} was spent on {job}, and per_job is {PER_JOB}"
        for job, cost in paid.items()
        if Decimal(cost) > PER_JOB and job in named
    ]


def _check_once(
    result: SpendingReckoning, rows: Sequence[Mapping[str, Any]], entries: Mapping[Key, Sequence[Mapping[str, Any]]]
) -> None:
    """What is done is in the books exactly once, and nothing else is."""
    done: dict[Key, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        result.ends[f"{row['kind']} {row['state']}"] += 1
        if row["state"] == "done":
            done[operation_key(row)].append(row)
        elif row["state"] not in ("refused", "cancelled", "quoted"):
            result.wrongs.append(f"not settled: {dict(row)}")
        went = row["state"] in ("done", "refused")
        if went and Decimal(row["cost"]) > ALONE and row["first_by"] in ("", row["confirmed_by"]):
            result.wrongs.append(f"one person alone spent {row['cost']}: {dict(row)}")
    for key in {*done, *entries}:
        if len(done[key]) != len(entries.get(key, ())):
            result.wrongs.append(
                f"{key}: {len(entries.get(key, ()))} in the books, done by {[dict(row) for row in done[key]]}"
                f" of {[(row['id'], row['state'], row['message']) for row in rows if operation_key(row) == key]}"
            )
        jobs = {entry["job_id"] for entry in entries.get(key, ())}
        for row in done[key]:
            if row["made"] and row["made"] not in jobs:
                result.wrongs.append(f"{row['made']} is of another: {dict(row)}")
            result.nameless += row["kind"] == "post job" and not row["made"]


def _check_words(
    result: SpendingReckoning, tally: SpendingTally, entries: Mapping[Key, Sequence[Mapping[str, Any]]]
) -> None:
    """Every field that was posted is what was ordered."""
    for key, those in entries.items():
        if key[0] != "post_job":
            continue
        wanted = {**DEFAULTS[key[1]], **tally.orders[key].body}
        for entry in those:
            if _plain(entry["posted"]) != _plain(wanted):
                result.wrongs.append(f"ordered was {_plain(wanted)}, and posted {_plain(entry['posted'])}")


def _check_told(result: SpendingReckoning, tally: SpendingTally, rows: Sequence[Mapping[str, Any]]) -> None:
    """What somebody was told of is what was kept."""
    known = {row["id"]: row for row in rows}
    for number, key in tally.asked.items():
        if number not in known or operation_key(known[number]) != key:
            result.wrongs.append(f"op-{number} was to be {key}: {known.get(number)}")
    for number, said in tally.let_go.items():
        if number not in known or known[number]["state"] in ("quoted", "cancelled"):
            result.wrongs.append(f"acknowledged ({said}) and lost: {known.get(number)}")


def _check_drafts(town: Any, result: SpendingReckoning, rows: Sequence[Mapping[str, Any]]) -> None:
    drafts = {f"{row['id']}": row for row in town.rows("SELECT * FROM drafts")}
    posted = [row for row in rows if row["kind"] == "post job" and row["state"] == "done"]
    times = Counter(json.loads(row["args"])["draft"] for row in posted)
    result.wrongs += [f"draft-{number} is posted {count} times" for number, count in times.items() if count > 1]
    for row in posted:
        draft = drafts[json.loads(row["args"])["draft"]]
        if (draft["state"], draft["job_id"], draft["operation"]) != ("posted", row["made"], row["id"]):
            result.wrongs.append(f"its draft does not know: {dict(row)} {draft}")
    result.wrongs += [
        f"draft-{number} is posted, and no operation did it" for number, draft in drafts.items()
        if draft["state"] == "posted" and number not in times
    ]  # fmt: skip


def _check_counted(
    town: Any,
    result: SpendingReckoning,
    rows: Sequence[Mapping[str, Any]],
    entries: Mapping[Key, Sequence[Mapping[str, Any]]],
) -> None:
    """What counts toward the limits is at least what was spent, and nothing that was surely not sent."""
    counted: dict[int, list[Decimal]] = defaultdict(list)
    for row in town.rows("SELECT * FROM spending WHERE ref LIKE 'operation:%'"):
        counted[int(row["ref"].split(":")[1])].append(Decimal(row["amount"]))
    for row in rows:
        found = entries.get(operation_key(row), ())
        true = max((Decimal(entry.get("cost") or 0) for entry in found), default=Decimal(0))
        if row["state"] == "done" and sum(counted[row["id"]]) < true and row["kind"] != "restart job":
            result.wrongs.append(f"{true} was spent, and {counted[row['id']]} counts: {dict(row)}")
        if row["state"] in ("quoted", "cancelled") and counted[row["id"]]:
            result.wrongs.append(f"nothing was sent, and {counted[row['id']]} counts: {dict(row)}")
        if row["state"] == "refused" and counted[row["id"]] and not row["sent_before"]:
            result.wrongs.append(f"refused, and {counted[row['id']]} counts: {dict(row)}")


def _plain(value: Any) -> Any:
    """The same for the same, whether it came as a number or as its text."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    text = str(value)
    return amount(text) if text.replace(".", "", 1).isdigit() else text


def spending_report(tally: SpendingTally, result: SpendingReckoning, seed: int) -> str:
    """The soak in some lines."""

    def listed(counts: Mapping[str, int]) -> str:
        return "".join(f"\n  {count:5} {what}" for what, count in sorted(counts.items(), key=lambda each: -each[1]))

    asked = sum(tally.reasons.values())
    ends = ", ".join(f"{count} {state}" for state, count in sorted(result.bonuses.ends.items()))
    return f"""\
seed {seed}: {tally.rounds} rounds in {tally.seconds:.0f} s, {tally.settling:.0f} of them to settle what was left
{tally.kills} kills, {tally.kills_in_doubt} of them while something was sent or in doubt, \
{tally.kills_at_start} before it was ready
{tally.presses} presses; {result.spent} dollars were spent, of {tally.daily_spend} that it was allowed
operations:{listed(result.ends)}
bonuses: {ends}; with a person {result.bonuses.asked.total()}
a person was asked {asked} times:{listed(tally.reasons)}
and said:{listed(tally.answers)}
posts that went through without a name for their job: {result.nameless}
refused presses:{listed(tally.refusals)}
{tally.calls} calls of the marketplaces, {sum(tally.faults.values())} of them wrong:{listed(tally.faults)}
"""
