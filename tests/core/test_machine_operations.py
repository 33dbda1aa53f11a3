"""Operations through random orders of everything that can happen to them: what must not be repeated is not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from botcore.kinds import Args, OperationKind
from botcore.models import Role
from botcore.operations import Proposal, cancel, confirm, operation_name, quote
from botcore.provider import AuthFailed, OutcomeUnknown, Provider, RateLimited, Refused, Unavailable
from botcore.review import NotPossible
from botcore.spending import Limits, OverLimit
from botcore.store.port import Row, StoreError
from botcore.ui import Result
from tests.core.machine import BLOWS, LATEST, Machine, picked, said, try_hard, try_harder
from tests.core.rig import Setup

DAILY = Decimal("5.00")
LIMITS = Limits(None, DAILY, ZoneInfo("UTC"))
LIVE = ("confirmed", "sending", "in doubt", "done")
NOT_DONE = {
    "unavailable": Unavailable("down"),
    "rate-limited": RateLimited("slow down", 7),
    "wrong key": AuthFailed("wrong key"),
    "refused": Refused("not this"),
}
UNKNOWN = {
    "lost": OutcomeUnknown("no answer"),
    "late": OutcomeUnknown("no answer"),
    "bug": RuntimeError("a bug"),
    "cancelled": asyncio.CancelledError(),
}
MOODS = [*NOT_DONE, *UNKNOWN, *BLOWS, "lost after its effect"]


@dataclass(frozen=True)
class Asked:
    """An operation as somebody asked for it; its words are its own."""

    words: str
    kind: str
    cost: Decimal


Kept = tuple[dict[int, Asked], dict[str, Decimal], set[int]]  # what was so when a backup was made


class Operations(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.meets: list[str] = []  # what the next sends meet
        self.count = 0
        self.confirmed: dict[int, Asked] = {}
        self.cancelled: dict[int, Asked] = {}
        self.aside: dict[str, Decimal] = {}  # what sends before the last one may have cost
        self.freed: set[int] = set()  # of which the last send surely cost nothing
        self.kept: Kept | None = None

    def make_setup(self) -> Setup:
        kinds = (
            OperationKind("spend", Role.OWNER, self._send),
            OperationKind("tidy", Role.REVIEWER, self._send, repeatable=True),
        )
        return replace(super().make_setup(), limits=LIMITS, kinds={kind.name: kind for kind in kinds})

    async def _send(self, provider: Provider, args: Args) -> str:
        mood = self.meets.pop(0) if self.meets else ""
        if mood in NOT_DONE:
            raise NOT_DONE[mood]
        if mood == "late":
            self.market.late_deeds.append((self.market.time() + LATEST, args["words"]))
        elif mood != "lost":
            self.market.deeds[args["words"]] += 1
        if mood in BLOWS:
            self.strike(mood)
        if mood in UNKNOWN or mood == "lost after its effect":
            raise UNKNOWN.get(mood, OutcomeUnknown("no answer"))
        return "Thank you."

    # --- what people do

    @rule(
        kind=st.sampled_from(["spend", "spend", "tidy"]),
        cost=st.sampled_from(["0", "0.50", "2.00"]),
        about=st.sampled_from(["", "job:J1"]),
        confirmed=st.booleans(),
        meets=st.lists(st.sampled_from(MOODS), max_size=6),
    )
    def quote_one(self, kind: str, cost: str, about: str, confirmed: bool, meets: list[str]) -> None:
        """`meets`: what becomes of the next sends."""
        self.meets.extend(meets)
        self.run(self._quote(kind, Decimal(cost if kind == "spend" else "0"), about, confirmed))

    async def _quote(self, kind: str, cost: Decimal, about: str, confirmed: bool) -> None:
        self.count += 1
        words = f"Thing {self.count}."
        proposal = Proposal(
            kind=self.rig.setup.kinds[kind],
            account="main",
            args={"words": words},
            summary=words,
            person="olga",
            via="memory",
            cost=cost,
            about=about,
        )
        try:
            await self.store.tx(quote, proposal, self.clock.ms())
        except StoreError:
            return
        if confirmed:
            await self._confirm(-1, ("olga",))

    @rule(number=st.integers(0, 9), people=st.sampled_from([("olga",), ("olga", "mia"), ("olga", "mia", "rob")]))
    def confirm_one(self, number: int, people: tuple[str, ...]) -> None:
        self.run(self._confirm(number, people))

    async def _confirm(self, number: int, people: Sequence[str]) -> None:
        row = picked(await self.rig.rows("SELECT * FROM operations ORDER BY id"), number)
        if row is None:
            return
        results = await asyncio.gather(
            *(self.store.tx(confirm, row["id"], who, "memory", LIMITS, self.clock.ms()) for who in people),
            return_exceptions=True,
        )
        assert results.count(True) <= 1, "two confirmed it"
        if True in results:
            self.confirmed[row["id"]] = asked(row)
        for error in results:
            if isinstance(error, BaseException) and not isinstance(error, NotPossible | OverLimit | StoreError):
                raise error

    @rule(number=st.integers(0, 9))
    def cancel_one(self, number: int) -> None:
        self.run(self._cancel(number))

    async def _cancel(self, number: int) -> None:
        row = picked(await self.rig.rows("SELECT * FROM operations ORDER BY id"), number)
        if row is None:
            return
        try:
            await self.store.tx(cancel, row["id"], "mia", "memory", self.clock.ms())
        except (NotPossible, StoreError):
            return
        self.cancelled[row["id"]] = asked(row)
        self.confirmed.pop(row["id"], None)  # it could not be sent yet

    @rule(number=st.integers(0, 9), wish=st.sampled_from(["again", "leave"]))
    def answer_a_doubt(self, number: int, wish: str) -> None:
        self.run(self._answer_a_doubt(number, wish))

    async def _answer_a_doubt(self, number: int, wish: str) -> None:
        """They look at the website first, and see what is so."""
        rows = await self.rig.rows("SELECT * FROM operations WHERE state = 'in doubt' ORDER BY id")
        coming = {words for _, words in self.market.late_deeds}
        row = picked([row for row in rows if asked(row).words not in coming], number)
        if row is None:
            return
        answer = "went" if self.market.deeds[asked(row).words] else wish
        reply = await self.rig.press("olga", f"{answer}:{operation_name(row['id'])}:0")
        assert said(reply)
        if answer == "again" and reply.result is Result.DONE and asked(row).cost and row["id"] not in self.freed:
            ref = f"operation:{row['id']}:"
            self.aside[f"{ref}{sum(one.startswith(ref) for one in self.aside) + 1}"] = asked(row).cost
        if answer == "again" and reply.result is Result.DONE:
            self.freed.discard(row["id"])

    # --- backups

    @rule()
    def keep_or_restore_a_backup(self) -> None:
        if self.kept is not None:
            self._restore(self.kept)
            return
        self.run(self.keep_backup())
        if self.backup.exists():
            self.kept = (dict(self.confirmed), dict(self.aside), set(self.freed))

    def _restore(self, kept: Kept) -> None:
        self.run(self.restore_backup())
        self.confirmed, self.aside, self.freed = kept
        self.cancelled = {}
        self.kept = None

    # --- what is always so

    @invariant()
    def everything_is_as_was_said(self) -> None:
        with self.watched():
            self._check()

    def _check(self) -> None:
        rows = {row["id"]: row for row in self.ask("SELECT * FROM operations")}
        for number, one in self.confirmed.items():
            assert asked(rows[number]) == one, "a confirmed operation is lost or another"
            assert rows[number]["state"] not in ("quoted", "cancelled")
        for number, one in self.cancelled.items():
            assert rows[number]["state"] == "cancelled"
            assert not self.market.deeds[one.words], "it was cancelled, and done"
        for row in rows.values():
            one = asked(row)
            if one.kind == "spend":
                assert self.market.deeds[one.words] <= 1, "what must not be repeated was done twice"
                assert not (row["state"] == "refused" and self.market.deeds[one.words]), "done, and said to be refused"
            if row["state"] == "quoted":
                assert not self.market.deeds[one.words], "done, and nobody confirmed it"
            if row["state"] == "done":
                assert self.market.deeds[one.words], "said to be done, and it is not"
        under_way = [row["about"] for row in rows.values() if row["about"] and row["state"] in ("confirmed", "sending")]
        assert len(under_way) == len(set(under_way)), "two change one thing"
        self._check_spending(list(rows.values()))
        assert self.rig.engine.failures == 0, "work failed that nobody had made fail"

    def _check_spending(self, rows: Sequence[Row]) -> None:
        self.freed |= {row["id"] for row in rows if row["state"] == "in doubt" and was_refused_again(row)}
        counts = {
            f"operation:{row['id']}": asked(row).cost
            for row in rows
            if asked(row).cost and (row["state"] in LIVE or was_left(row)) and row["id"] not in self.freed
        } | self.aside
        spending = self.ask("SELECT * FROM spending")
        assert {row["ref"]: Decimal(row["amount"]) for row in spending} == counts
        for day in {row["day"] for row in spending}:
            assert sum(Decimal(row["amount"]) for row in spending if row["day"] == day) <= DAILY

    # --- what is so in the end

    def mend(self) -> None:
        self.meets.clear()

    def reckon(self) -> None:
        self._check()
        cards = {row["subject"] for row in self.ask("SELECT subject FROM deliveries")}
        for row in self.ask("SELECT * FROM operations"):
            assert row["state"] not in ("confirmed", "sending"), f"still {row['state']}"
            if row["state"] == "in doubt":
                assert f"operation:{row['id']}" in cards, "it is in doubt, and nobody is told"
        self.reckon_cards()
        left = self.ask("SELECT * FROM work")
        assert not left, f"something is left to do: {left}"


def asked(row: Row) -> Asked:
    return Asked(row["summary"], row["kind"], Decimal(row["cost"]))


def was_refused_again(row: Row) -> bool:
    """What it would have cost this time is free again; what the time before may have cost is not."""
    return bool(row["message"].startswith("refused when it was sent again"))


def was_left(row: Row) -> bool:
    return bool(row["message"].startswith("left as it is by"))


def test_no_order_of_events_repeats_or_loses_an_operation() -> None:
    try_hard(Operations, examples=30, steps=25)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_no_order_of_very_many_events_repeats_or_loses_an_operation(capsys: pytest.CaptureFixture[str]) -> None:
    try_harder(Operations, capsys, examples=1000, steps=60)
