"""What must be so in the end, whatever went wrong: the bot's database held against the marketplace's ledger."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.journeys.crowd import Press, Tally

WORDS = {"approve": "ok", "reject": "not_ok", "revise": "revise"}
DECISIONS = """
SELECT d.*, s.task_id, s.revision FROM decisions d JOIN submissions s ON s.id = d.submission ORDER BY d.id
"""
UNSHOWN = """
SELECT s.id FROM submissions s WHERE s.state IN ('new', 'shown')
AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.subject = 'submission:' || s.id AND d.ref IS NOT NULL)
AND NOT EXISTS (
    SELECT 1 FROM queues q JOIN deliveries d ON d.subject = 'queue:' || q.id
    WHERE q.closed_at IS NULL AND q.person = '' AND d.ref IS NOT NULL
    AND (q.accounts IS NULL OR s.account IN (SELECT value FROM json_each(q.accounts))))
"""


@dataclass
class Reckoning:
    """How decisions ended, and everything that is not as it should be."""

    ends: Counter[str] = field(default_factory=Counter)
    alike: int = 0  # confirmed, though it was the website that rated so while it was in doubt
    asked: Counter[str] = field(default_factory=Counter)  # why a person was asked
    wrongs: list[str] = field(default_factory=list)


def what_is_open(town: Any) -> list[str]:
    """What the bot still has to do, and work that it does not know or show yet."""
    return [*what_is_undone(town), *_what_is_unknown(town)]


def what_is_undone(town: Any) -> list[str]:
    """Decisions that are not settled, and cards that are not sent."""
    found = [
        f"decision {d['id']} is {d['state']}"
        for d in town.rows("SELECT * FROM decisions WHERE asks IS NULL")
        if d["state"] in ("held", "due", "sending", "in doubt")
    ]
    found += [
        f"{d['subject']} is {d['state']} in {d['channel']}"
        for d in town.rows("SELECT * FROM deliveries WHERE state NOT IN ('sent', 'gone')")
    ]
    return found


def _what_is_unknown(town: Any) -> list[str]:
    waiting = {
        (row["task_id"], row["revision"])
        for row in town.rows("SELECT task_id, revision FROM submissions WHERE state IN ('new', 'shown')")
    }
    unrated = {(row["id"], row["revision"]) for row in _tasks(town, "unrated")}
    asked = {(d["task_id"], d["revision"]) for d in town.rows(DECISIONS) if d["state"] == "in doubt" and d["asks"]}
    found = [f"{task} waits, and the bot does not know" for task in sorted(unrated - waiting - asked)]
    found += [f"{task} waits for the bot alone" for task in sorted(waiting - unrated)]
    return found


def reckon(town: Any, tally: Tally | None = None) -> Reckoning:
    """Compares everything with everything; the bot is to have settled."""
    result = Reckoning()
    decisions = town.rows(DECISIONS)
    ledger: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for entry in town.sandbox.ledger(made_by="all"):
        if entry["kind"] == "rate":
            ledger[entry["task_id"], entry["revision"]].append(entry)
    result.wrongs += [f"rated {len(them)} times: {them}" for them in ledger.values() if len(them) > 1]
    accounted: set[int] = set()
    for decision in decisions:
        entries = ledger[decision["task_id"], decision["revision"]]
        _judge(result, decision, entries, accounted)
    result.wrongs += [
        f"a rating without its decision: {entry}"
        for entries in ledger.values()
        for entry in entries
        if entry["by"] == "api" and entry["n"] not in accounted
    ]
    _check_shown(town, result, decisions)
    _check_money(town, result, decisions)
    if tally:
        _check_acknowledged(result, tally, decisions)
        _check_bulks(town, result, tally.bulks)
    if (sound := town.rows("PRAGMA integrity_check")) != [{"integrity_check": "ok"}]:
        result.wrongs.append(f"the database is not sound: {sound}")
    return result


def report(tally: Tally, result: Reckoning, seed: int) -> str:
    """The soak in a dozen lines."""
    ready, ended = zip(*tally.memory, strict=True)
    states = ", ".join(f"{count} {state}" for state, count in sorted(result.ends.items()))
    reasons = "".join(f"; {count} x {why}" for why, count in result.asked.most_common())
    faults = ", ".join(f"{kind} {count}" for kind, count in sorted(tally.faults.items()))
    return f"""\
seed {seed}: {tally.rounds} rounds in {tally.seconds:.0f} s, {tally.settling:.0f} of them to settle what was left
{tally.kills} kills, {tally.kills_in_doubt} while doubts were settled, {tally.kills_at_start} before it was ready
{tally.presses} presses, and of them acknowledged {len(tally.acknowledged)} decisions, {len(tally.undone)} times undo, \
{len(tally.bulks)} times approve-all
decisions: {states}
confirmed, since the website had rated in the same way meanwhile: {result.alike}
with a person: {result.asked.total()}{reasons}
{tally.calls} calls of the marketplace, {sum(tally.faults.values())} of them wrong: {faults}
memory: {min(ready):.0f} to {max(ready):.0f} MB when ready, {min(ended):.0f} to {max(ended):.0f} MB at the end, \
at most {max(end - start for start, end in tally.memory):.0f} MB more within one life
"""


def _judge(result: Reckoning, decision: dict[str, Any], entries: list[dict[str, Any]], accounted: set[int]) -> None:
    """One decision and what the marketplace knows of its submission."""
    ours = [entry for entry in entries if entry["by"] == "api"]
    state = decision["state"]
    result.ends[state if not decision["asks"] else "with a person"] += 1
    if decision["asks"]:
        result.asked[decision["asks"]] += 1
        accounted.update(entry["n"] for entry in ours)
    elif state == "confirmed":
        if [_facts(entry) for entry in ours] == [_asked(decision)]:
            accounted.add(ours[0]["n"])
        elif not ours and [entry["rating"] for entry in entries] == [WORDS[decision["verdict"]]] and decision["tries"]:
            result.alike += 1
            said = {"bonus": Decimal(decision["bonus"]), "comment": decision["comment"]}
            if unsaid := [name for name, value in said.items() if value and name not in decision["unverified"]]:
                result.wrongs.append(f"what never went counts as verified ({', '.join(unsaid)}): {decision}")
        else:
            result.wrongs.append(f"confirmed, and the ledger differs: {decision} {entries}")
    elif state not in ("refused", "overtaken", "undone"):
        result.wrongs.append(f"not settled: {decision}")


def _asked(decision: dict[str, Any]) -> tuple[object, ...]:
    unsaid = "incorrect" if decision["verdict"] == "reject" else None
    return (
        WORDS[decision["verdict"]],
        decision["satisfaction"] or unsaid,
        decision["comment"],
        Decimal(decision["bonus"]),
    )


def _facts(entry: dict[str, Any]) -> tuple[object, ...]:
    return entry["rating"], entry["satisfaction"], entry["comment"] or "", Decimal(str(entry["bonus"]))


def _check_acknowledged(result: Reckoning, tally: Tally, decisions: Iterable[dict[str, Any]]) -> None:
    """Every press that somebody was told of has its decision, and every undoing."""
    left = list(decisions)
    for press in tally.acknowledged:
        found = next((d for d in left if _is_of(press, d)), None)
        if found is None:
            result.wrongs.append(f"acknowledged and lost: {press}")
        else:
            left.remove(found)
    undone = Counter(d["submission"] for d in decisions if d["state"] == "undone")
    lost = Counter(tally.undone) - undone
    result.wrongs += [f"undone, and it was not: submission {number}" for number in lost]


def _check_bulks(town: Any, result: Reckoning, acknowledged: Iterable[int]) -> None:
    """What was decided at once is decided one by one by now, and none of it waits."""
    states = {row["id"]: row["state"] for row in town.rows("SELECT id, state FROM bulks")}
    result.wrongs += [f"confirmed, and the bulk is {states.get(b)}" for b in acknowledged if states.get(b) != "done"]
    result.wrongs += [
        f"left behind in a bulk: {row}"
        for row in town.rows(
            """SELECT i.* FROM bulk_items i JOIN bulks b ON b.id = i.bulk
               WHERE b.state = 'done' AND (i.state = 'waiting' OR (i.state = 'decided' AND i.decision IS NULL))"""
        )
    ]


def _is_of(press: Press, decision: dict[str, Any]) -> bool:
    return (
        decision["submission"] == press.submission
        and decision["verdict"] == press.verdict
        and press.words in decision["comment"]
        and Decimal(decision["bonus"]) == press.bonus
    )


def _check_shown(town: Any, result: Reckoning, decisions: Iterable[dict[str, Any]]) -> None:
    """What waits is on a card or in a queue, and what waits for a person says so on a card of its own."""
    result.wrongs += [f"submission {row['id']} is on no card and in no queue" for row in town.rows(UNSHOWN)]
    cards = {row["subject"] for row in town.rows("SELECT subject FROM deliveries WHERE state = 'sent'")}
    result.wrongs += [
        f"nobody was asked about {d}" for d in decisions if d["asks"] and f"submission:{d['submission']}" not in cards
    ]


def _check_money(town: Any, result: Reckoning, decisions: Iterable[dict[str, Any]]) -> None:
    """What counts toward the day's limit is what was, or may have been, paid."""
    counted = {
        row["ref"]: Decimal(row["amount"]) for row in town.rows("SELECT * FROM spending WHERE ref LIKE 'decision:%'")
    }
    paid = {
        f"decision:{d['id']}": Decimal(d["bonus"])
        for d in decisions
        if Decimal(d["bonus"]) and (d["state"] == "confirmed" or d["asks"])
    }
    if counted != paid:
        result.wrongs.append(f"the day's spending is wrong: {set(counted.items()) ^ set(paid.items())}")


def _tasks(town: Any, state: str) -> list[Any]:
    return list(town.sandbox.world.db.execute("SELECT * FROM task WHERE state = ?", (state,)).fetchall())
