"""Decisions through random orders of everything that can happen to them: none lost, none doubled, none made up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from botcore.models import Rating, RatingResult, SightingState, Verdict
from botcore.provider import AuthFailed, OutcomeUnknown, ProviderError, RateLimited, Refused, Unavailable
from botcore.review import decision_name
from botcore.spending import Limits
from botcore.store.port import Row
from botcore.text import short_id
from botcore.ui import Result
from tests.core.machine import (
    BLOWS,
    SPANS,
    Machine,
    arrives_late,
    picked,
    said,
    struck,
    try_hard,
    try_harder,
)
from tests.core.market import LOST, Market, Step, lost_after, raises
from tests.core.rig import Setup

JOBS = ("JA", "JA", "JB")
PEOPLE = ("rob", "mia", "olga")
DEADLINES = (None, 25, 3_000, 500_000, 500_000)  # seconds
DAILY = Decimal("1.20")
BONUSES = ("", "", "0.10", "0.55", "1.00")
LIVE = ("held", "due", "sending", "in doubt")
SEEN_ELSEWHERE = [state for state in SightingState if state not in (SightingState.WAITING, SightingState.ABSENT)]

DECISIONS = """
SELECT d.*, s.task_id, s.revision, s.state AS subject FROM decisions d JOIN submissions s ON s.id = d.submission
"""


async def refuses_half(market: Market, job: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
    no = [RatingResult(rating.task_id, ok=False, message="Not this one.") for rating in ratings[::2]]
    return [*market.take(ratings[1::2]), *no]


async def answers_for_half(market: Market, job: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
    return market.take(ratings)[1::2]


async def answers_for_another(market: Market, job: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
    market.take(ratings[::2])
    return [RatingResult("somebody-elses", ok=True, message="")]


CALLS: Mapping[str, Step] = {
    "lost": LOST,
    "lost after its effect": lost_after,
    "late": arrives_late,
    "refuses half": refuses_half,
    "answers for half": answers_for_half,
    "answers for another": answers_for_another,
    "unavailable": raises(Unavailable("down")),
    "rate-limited": raises(RateLimited("slow down", 7)),
    "wrong key": raises(AuthFailed("wrong key")),
    "refused": raises(Refused("no such job")),
    "bug": raises(RuntimeError("a bug")),
    "cancelled": raises(asyncio.CancelledError()),
    **{f"{blow}, {effect=}": struck(blow, effect=effect) for blow in BLOWS for effect in (True, False)},
}
READS: Mapping[str, ProviderError] = {
    "unavailable": Unavailable("down"),
    "rate-limited": RateLimited("slow down", 7),
    "wrong key": AuthFailed("wrong key"),
    "refused": Refused("no such job"),
    "unknown": OutcomeUnknown("no answer"),
}


Press = tuple[str, Verdict, str]  # who, how, and the bonus
DECIDING: Mapping[str, Any] = {
    "number": st.integers(0, 5),
    "presses": st.lists(
        st.tuples(st.sampled_from(PEOPLE), st.sampled_from([Verdict.APPROVE, *Verdict]), st.sampled_from(BONUSES)),
        min_size=1,
        max_size=3,
    ),
    "meets": st.just([]) | st.lists(st.sampled_from(sorted(CALLS)), max_size=3),
    "times": st.sampled_from([1, 1, 3]),
    "seconds": st.sampled_from(SPANS),
}


@dataclass(frozen=True)
class Told:
    """A decision as its person was told of it."""

    task: str
    revision: int
    verdict: str
    comment: str
    bonus: Decimal
    person: str


class Decisions(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.words = 0
        self.acknowledged: dict[int, Told] = {}
        self.undone: set[int] = set()
        self.asked: set[Told] = set()  # every decision there ever was
        self.forgotten: set[tuple[str, int]] = set()  # of which a restored database may not know all
        self.kept: dict[int, Told] | None = None

    def make_setup(self) -> Setup:
        return replace(super().make_setup(), limits=Limits(Decimal("1.00"), DAILY, ZoneInfo("UTC")))

    # --- the marketplace

    @initialize(deadlines=st.lists(st.sampled_from(DEADLINES), min_size=1, max_size=4))
    def begin(self, deadlines: list[int | None]) -> None:
        for seconds in deadlines:
            self.run(self._hand_in(seconds))

    @rule(seconds=st.sampled_from(DEADLINES))
    def hand_in(self, seconds: int | None) -> None:
        self.run(self._hand_in(seconds))

    async def _hand_in(self, seconds: int | None) -> None:
        """What was sent back comes first."""
        market = self.market
        deadline = None if seconds is None else market.now() + market.ahead + timedelta(seconds=seconds)
        sent_back = [name for name, task in market.tasks.items() if task.state is SightingState.REVISED]
        if again := [name for name in sent_back if not market.on_its_way(name)]:
            # no rating names a revision: of a newer one the bot must hear before it sends anything
            market.hand_in_again(again[0], deadline=deadline)
            market.errors.clear()
            market.hidden.discard(again[0])
            self.store.full_for, self.store.kill_in = 0, None
        else:
            number = len(market.tasks) + 1
            market.add(f"t{number}", JOBS[number % len(JOBS)], deadline=deadline)
        await self.poll()

    @rule(number=st.integers(0, 3), state=st.none() | st.sampled_from(SEEN_ELSEWHERE))
    def rate_elsewhere(self, number: int, state: SightingState | None) -> None:
        """On the website; or it only leaves all lists (None), or comes back to them."""
        reported = [task for task in self.market.tasks.values() if task.state is SightingState.REPORTED]
        if state is None:
            self.market.hidden ^= {picked(sorted(self.market.tasks), number) or ""}
            for task in reported:
                task.state = SightingState.WAITING
            return
        waiting = [name for name, task in self.market.tasks.items() if task.state is SightingState.WAITING]
        name = picked([name for name in waiting if not self.market.on_its_way(name)], number)
        if name:
            self.market.rate_on_website(name, state)
            if state is SightingState.REVISED:
                self.market.tasks[name].said += ("Said on the website.",)

    @rule(
        method=st.sampled_from(["waiting", "pending", "look", "look"]),
        kinds=st.lists(st.sampled_from(sorted(READS)), min_size=1, max_size=3),
        times=st.sampled_from([1, 1, 8]),
    )
    def next_reads_meet(self, method: str, kinds: list[str], times: int) -> None:
        self.market.errors.setdefault(method, []).extend([READS[kind] for kind in kinds] * times)

    @rule(sweep=st.booleans())
    def look_around(self, sweep: bool) -> None:
        self.run(self.poll(sweep=sweep))

    # --- people

    @rule(**DECIDING)
    def decide(self, **drawn: Any) -> None:
        """One or several press at once; `meets`: what becomes of the next ratings; then `seconds` pass."""
        self._decides(**drawn)

    # again and again: some rules are left out of each run, and without decisions there is nothing to see
    @rule(**DECIDING)
    def decide_more(self, **drawn: Any) -> None:
        self._decides(**drawn)

    @rule(**DECIDING)
    def decide_still_more(self, **drawn: Any) -> None:
        self._decides(**drawn)

    def _decides(self, number: int, presses: list[Press], meets: list[str], times: int, seconds: int) -> None:
        self.market.steps.extend([CALLS[kind] for kind in meets] * times)
        self.run(self._decide(number, presses, seconds, stale=number == 5))

    async def _decide(self, number: int, presses: list[Press], seconds: int, *, stale: bool) -> None:
        if not await self._submissions(stale=False):
            await self._hand_in(None)
        row = picked(await self._submissions(stale=stale), number)
        if row is not None:
            made = await asyncio.gather(*(self._press(row, *press) for press in presses), return_exceptions=True)
            for error in made:
                if isinstance(error, BaseException):
                    raise error
            assert made.count(True) <= 1, "two were first"
        await self.pass_time(seconds)

    async def _submissions(self, *, stale: bool) -> Sequence[Row]:
        """Those that wait; `stale`: the others."""
        return await self.rig.rows(
            "SELECT * FROM submissions WHERE (state IN ('new', 'shown')) != :stale ORDER BY id", stale=stale
        )

    async def _press(self, row: Row, who: str, verdict: Verdict, bonus: str) -> bool:
        """True where it made a decision."""
        self.words += 1
        comment = f"Words {self.words}."
        button = f"{short_id(row['id'])}:{row['revision']}"
        if verdict is not Verdict.APPROVE:
            bonus = ""
            reply = await self.rig.fill_in(who, f"{verdict}:{button}", words=comment)
        elif bonus:
            reply = await self.rig.fill_in(who, f"bonus:{button}", bonus=bonus, words=comment)
        else:
            comment = ""
            reply = await self.rig.press(who, f"approve:{button}")
        assert said(reply) or reply.form
        if reply.result is not Result.DONE:
            return False
        (decision,) = reply.decisions
        amount = Decimal(bonus or "0")
        self.acknowledged[decision] = Told(row["task_id"], row["revision"], verdict, comment, amount, who)
        return True

    @rule(number=st.integers(0, 9), who=st.sampled_from(PEOPLE))
    def press_what_is_shown(self, number: int, who: str) -> None:
        self.run(self._press_what_is_shown(number, who))

    async def _press_what_is_shown(self, number: int, who: str) -> None:
        """Approves by a message, also by one that the bot knows no more; it means what it shows."""
        shown = [card for card in self.adapter.shown() if any(b.id.startswith("approve:") for b in card.buttons)]
        card = picked(shown, number)
        if card is None:
            return
        reply = await self.rig.press(who, next(b.id for b in card.buttons if b.id.startswith("approve:")))
        if said(reply) and reply.result is Result.DONE:
            task, _, revision = card.footer.removeprefix("task ").partition(", revision ")
            self.acknowledged[reply.decisions[0]] = Told(task, int(revision or 0), "approve", "", Decimal(0), who)

    @rule(number=st.integers(0, 3), who=st.sampled_from(PEOPLE), stale=st.sampled_from([False, False, True]))
    def undo(self, number: int, who: str, stale: bool) -> None:
        self.run(self._undo(number, who, stale))

    async def _undo(self, number: int, who: str, stale: bool) -> None:
        rows = await self.rig.rows(
            """SELECT submission, max(id) AS id, state FROM decisions
               GROUP BY submission HAVING (state = 'held') != :stale""",
            stale=stale,
        )
        row = picked(rows, number)
        if row is None:
            return
        reply = await self.rig.press(who, f"undo:{decision_name(row['id'])}:0")
        if said(reply) and reply.result is Result.DONE:
            self.undone.add(row["id"])

    @rule(number=st.integers(0, 3), wish=st.sampled_from(["again", "leave"]))
    def answer_a_doubt(self, number: int, wish: str) -> None:
        self.run(self._answer_a_doubt(number, wish))

    async def _answer_a_doubt(self, number: int, wish: str) -> None:
        """They look at the website first, and see what is so."""
        rows = await self.rig.rows(DECISIONS + "WHERE d.state = 'in doubt' AND d.asks IS NOT NULL ORDER BY d.id")
        row = picked([row for row in rows if not self.market.on_its_way(row["task_id"])], number)
        if row is None:
            return
        rated = self.market.of(row["task_id"], row["revision"])
        answer = "went" if any(rating.verdict == row["verdict"] for rating in rated) else wish
        reply = await self.rig.press("mia", f"{answer}:{short_id(row['submission'])}:{row['revision']}")
        assert said(reply)

    # --- backups

    @rule()
    def keep_or_restore_a_backup(self) -> None:
        if self.kept is not None:
            self._restore(self.kept)
            return
        self.run(self.keep_backup())
        if self.backup.exists():
            self.kept = dict(self.acknowledged)

    def _restore(self, kept: dict[int, Told]) -> None:
        self.forgotten |= {(one.task, one.revision) for one in self.asked}
        self.run(self._restore_and_look())
        self.acknowledged = kept
        self.undone = set()  # what was undone since may be held in it
        self.kept = None

    async def _restore_and_look(self) -> None:
        await self.restore_backup()
        self.market.errors.clear()
        await self.poll()

    # --- what is always so

    @invariant()
    def everything_is_as_was_said(self) -> None:
        with self.watched():
            self._check()

    def _check(self) -> None:
        rows = {row["id"]: row for row in self.ask(DECISIONS)}
        self.asked |= {told(row) for row in rows.values()}
        for number, one in self.acknowledged.items():
            assert told(rows[number]) == one, "an acknowledged decision is lost or another"
        for number in self.undone:
            assert rows[number]["state"] == "undone"
        holding = [row["submission"] for row in rows.values() if row["state"] not in ("undone", "refused")]
        assert len(holding) == len(set(holding)), "two decisions hold one submission"
        open_ones = {row["submission"] for row in rows.values() if row["state"] in LIVE}
        assert open_ones == {row["id"] for row in self.ask("SELECT id FROM submissions WHERE state = 'decided'")}
        self._check_ledger()
        self._check_spending(rows)
        assert self.rig.engine.failures == 0, "work failed that nobody had made fail"

    def _check_ledger(self) -> None:
        seen: set[tuple[str, int]] = set()
        for rating, met in self.market.met:
            assert met == rating.revision, "it met a revision that nobody had judged"
            assert (rating.task_id, met) not in seen, "rated twice"
            seen.add((rating.task_id, met))
            assert any(same(rating, one) for one in self.asked), "nobody asked for this rating"

    def _check_spending(self, rows: Mapping[int, Row]) -> None:
        counts = {
            f"decision:{row['id']}": Decimal(row["bonus"])
            for row in rows.values()
            if Decimal(row["bonus"]) and (row["state"] in (*LIVE, "confirmed") or was_left(row))
        }
        spending = self.ask("SELECT * FROM spending")
        assert {row["ref"]: Decimal(row["amount"]) for row in spending} == counts
        for day in {row["day"] for row in spending}:
            assert sum(Decimal(row["amount"]) for row in spending if row["day"] == day) <= DAILY

    # --- what is so in the end

    def reckon(self) -> None:
        self._check()
        rows = self.ask(DECISIONS)
        for row in rows:
            self._reckon_decision(row)
        for rating, met in self.market.met:
            owners = [row for row in rows if (row["task_id"], row["revision"]) == (rating.task_id, met)]
            known = any(row["state"] == "confirmed" or row["asks"] for row in owners)
            assert known or (rating.task_id, met) in self.forgotten, f"{rating} took effect, and nobody knows"
        self._reckon_submissions()
        self.reckon_cards()
        left = self.ask("SELECT * FROM work")
        assert not left, f"something is left to do: {left}"

    def _reckon_decision(self, row: Row) -> None:
        task, revision = row["task_id"], row["revision"]
        rated = self.market.of(task, revision)
        assert row["state"] in ("confirmed", "refused", "overtaken", "undone") or row["asks"], f"still open: {row}"
        if row["state"] != "confirmed":
            return
        if not rated:  # an answer was lost, and what was done elsewhere cannot be told from what we did
            assert self.market.elsewhere.get((task, revision)) == row["verdict"], "confirmed, and it never arrived"
            assert row["tries"] > 0
        elif (task, revision) in self.forgotten:
            assert rated[0].verdict == row["verdict"]
        else:
            assert same(rated[0], told(row)), "the marketplace has another rating than was confirmed"

    def _reckon_submissions(self) -> None:
        for name, task in self.market.tasks.items():
            rows = self.ask(
                "SELECT * FROM submissions WHERE task_id = :task AND revision = :revision",
                task=name,
                revision=task.submission.revision,
            )
            if task.state is not SightingState.WAITING:
                assert not {row["state"] for row in rows} & {"new", "shown"}, f"{name} is rated, and is offered to be"
                continue
            (row,) = rows
            owners = self.ask("SELECT * FROM decisions WHERE submission = :id", id=row["id"])
            if not any(owner["asks"] or was_left(owner) for owner in owners):
                assert row["state"] == "shown", f"{name} waits, and is {row['state']}: {row['state_note']}"


def told(row: Row) -> Told:
    return Told(row["task_id"], row["revision"], row["verdict"], row["comment"], Decimal(row["bonus"]), row["person"])


def was_left(row: Row) -> bool:
    """Somebody left it as it is."""
    return bool(row["state"] == "overtaken" and row["message"].startswith("left as it is by"))


def same(rating: Rating, one: Told) -> bool:
    asked = (one.task, one.revision, one.verdict, one.comment, one.bonus)
    return (rating.task_id, rating.revision, rating.verdict, rating.comment, rating.bonus) == asked


def test_no_order_of_events_loses_or_doubles_a_decision() -> None:
    try_hard(Decisions, examples=30, steps=25)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_no_order_of_very_many_events_loses_or_doubles_a_decision(capsys: pytest.CaptureFixture[str]) -> None:
    try_harder(Decisions, capsys, examples=1500, steps=60)
