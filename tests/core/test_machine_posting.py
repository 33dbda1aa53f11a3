"""Posting through random orders of everything that can happen to it: a draft becomes one job, and is paid once."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from botcore.clock import from_ms
from botcore.draft import JobDraft, Offers, Posted
from botcore.draft_text import read_draft
from botcore.made import token
from botcore.models import Job
from botcore.operations import operation_name
from botcore.posting.drafts import draft_name
from botcore.provider import AuthFailed, OutcomeUnknown, RateLimited, Refused, Unavailable
from botcore.spending import Limits
from botcore.store.port import StoreError
from botcore.ui import Reply, Result
from tests.core.machine import BLOWS, LATEST, Ledger, Machine, picked, said, try_hard, try_harder
from tests.core.market import ScriptedProvider
from tests.core.rig import Setup, on_disk

DAILY, PER_JOB, ALONE = Decimal(15), Decimal("2.50"), Decimal("1.50")
LIMITS = Limits(None, DAILY, ZoneInfo("UTC"), per_job=PER_JOB, second_person_above=ALONE)
PRICE = Decimal("0.10")
UNDER_WAY = ("confirmed", "sending", "in doubt")
NOT_DONE = {
    "unavailable": Unavailable("down"),
    "rate-limited": RateLimited("slow down", 7),
    "wrong key": AuthFailed("wrong key"),
    "refused": Refused("not this"),
}
UNKNOWN = ("lost", "late", "bug", "lost after its effect")
MOODS = [*NOT_DONE, *UNKNOWN, "lost", "late", "lost after its effect", *BLOWS]
LOOKS = ["blind", "blind", "down", "bug"]

Content = tuple[str, int, str]  # title, positions, and notes, which the marketplace does not tell


@dataclass
class Bazaar(Ledger):
    """Its books also tell which jobs were posted, and by whom."""

    ours: dict[str, Content] = field(default_factory=dict)  # by the bot
    theirs: dict[str, Content] = field(default_factory=dict)  # by somebody at the website
    left: Counter[Content] = field(default_factory=Counter)  # calls that may have had an effect
    called: dict[Content, datetime] = field(default_factory=dict)  # of them, when each was in this step
    coming: list[tuple[float, JobDraft]] = field(default_factory=list)
    meets: list[str] = field(default_factory=list)  # what the next sends meet
    looks_meet: list[str] = field(default_factory=list)  # and what the next looks do

    def post(self, draft: JobDraft, *, at_website: bool = False) -> str:
        job = super().post(draft)
        self.edits[job]["created_at"] = datetime.fromtimestamp(self.time(), UTC)
        (self.theirs if at_website else self.ours)[job] = content_of(draft)
        return job

    def pass_time(self) -> None:
        super().pass_time()
        due = [draft for at, draft in self.coming if at <= self.time()]
        self.coming = [(at, draft) for at, draft in self.coming if at > self.time()]
        for draft in due:
            self.post(draft)

    def next_moment(self) -> float | None:
        moments = [at for at, _ in self.coming]
        before = super().next_moment()
        return min(moments if before is None else [*moments, before], default=None)


class FickleProvider(ScriptedProvider):
    """Its answers may be lost, and its lists may lack what was just posted."""

    async def post(self, draft: JobDraft) -> Posted:
        market = self.market
        assert isinstance(market, Bazaar)
        mood = market.meets.pop(0) if market.meets else ""
        if mood in NOT_DONE:
            raise NOT_DONE[mood]
        market.called[content_of(draft)] = market.now()
        market.left[content_of(draft)] += 1
        job = ""
        if mood == "late":
            market.coming.append((market.time() + LATEST, draft))
        elif mood not in ("lost", "bug"):
            job = market.post(draft)
        if mood in BLOWS:
            market.strike(mood)
        if mood in UNKNOWN:
            raise RuntimeError("a bug") if mood == "bug" else OutcomeUnknown("no answer")
        return Posted(job, "Posted.")

    async def posted_since(self, since: datetime) -> Sequence[Job]:
        assert isinstance(self.market, Bazaar)
        mood = self.market.looks_meet.pop(0) if self.market.looks_meet else ""
        if mood == "down":
            raise Unavailable("down")
        if mood == "bug":
            raise RuntimeError("a bug")
        return [] if mood == "blind" else await super().posted_since(since)


class Posting(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.confirmed: dict[int, Content] = {}  # operations that somebody was told go, or may go

    def make_setup(self) -> Setup:
        return replace(super().make_setup(), market=Bazaar, provider=FickleProvider, limits=LIMITS)

    @property
    def bazaar(self) -> Bazaar:
        assert isinstance(self.market, Bazaar)
        return self.market

    # --- what people do

    @rule(
        title=st.sampled_from(["Sign up", "Sign up", "Vote"]),
        positions=st.sampled_from([10, 10, 20, 30]),
        notes=st.sampled_from(["", "Be kind."]),
        posted=st.booleans(),
    )
    def write(self, title: str, positions: int, notes: str, posted: bool) -> None:
        """Also the very same that somebody else has written."""
        self.run(self._write((title, positions, notes), posted))

    async def _write(self, content: Content, posted: bool) -> None:
        reply = await self._as_far_as_it_goes(self.rig.say("mia", "job post"))
        if reply is None or reply.form is None:
            return
        reply = await self._as_far_as_it_goes(self.rig.fill_in("mia", reply.form.id, **answers(content)))
        if posted and reply and reply.operations:
            await self._confirm(reply.operations[0], ("mia", "olga"))

    @rule(number=st.integers(0, 9), positions=st.sampled_from([10, 20]), who=st.sampled_from(["mia", "rob"]))
    def edit(self, number: int, positions: int, who: str) -> None:
        self.run(self._edit(number, positions, who))

    async def _edit(self, number: int, positions: int, who: str) -> None:
        """Also while it is on its way."""
        row = picked(await self.rig.rows("SELECT id FROM drafts ORDER BY id DESC"), number)
        if row is None:
            return
        reply = await self._as_far_as_it_goes(self.rig.press(who, f"edit:{draft_name(row['id'])}:0"))
        if reply and reply.form:
            await self._as_far_as_it_goes(self.rig.fill_in(who, reply.form.id, positions=f"{positions}"))

    @rule(number=st.integers(0, 9), people=st.sampled_from([("mia",), ("mia", "olga")]))
    def price(self, number: int, people: Sequence[str]) -> None:
        self.run(self._press_draft(number, "price", people))

    @rule(number=st.integers(0, 9))
    def discard(self, number: int) -> None:
        self.run(self._press_draft(number, "discard", ("olga",)))

    async def _press_draft(self, number: int, verb: str, people: Sequence[str]) -> None:
        row = picked(await self.rig.rows("SELECT id FROM drafts ORDER BY id DESC"), number)
        if row is not None:
            await self._all_at_once(self.rig.press(who, f"{verb}:{draft_name(row['id'])}:0") for who in people)

    @rule(number=st.integers(0, 9), people=st.sampled_from([("mia",), ("olga",), ("mia", "olga"), ("mia", "mia")]))
    def press_post(self, number: int, people: Sequence[str]) -> None:
        """Any that was ever asked about, by several at once."""
        self.run(self._press_post(number, people))

    async def _press_post(self, number: int, people: Sequence[str]) -> None:
        row = picked(await self.rig.rows("SELECT id FROM operations ORDER BY id DESC"), number)
        if row is not None:
            await self._confirm(row["id"], people)

    async def _confirm(self, operation: int, people: Sequence[str]) -> None:
        before = await self.rig.value("SELECT state FROM operations WHERE id = :id", id=operation)
        button = f"confirm:{operation_name(operation)}:0"
        replies = await self._all_at_once(self.rig.press(who, button) for who in people)
        went = [reply for reply in replies if reply.result in (Result.DONE, Result.IN_DOUBT)]
        assert len(went) <= (before == "quoted"), "two confirmed it"
        if went:
            row = (await self.rig.rows("SELECT * FROM operations WHERE id = :id", id=operation))[0]
            self.confirmed[operation] = content_in(row)

    @rule(
        sends=st.lists(st.sampled_from(MOODS), max_size=3),
        looks=st.lists(st.sampled_from(LOOKS), max_size=3),
    )
    def next_calls_meet(self, sends: list[str], looks: list[str]) -> None:
        self.bazaar.meets.extend(sends)
        self.bazaar.looks_meet.extend(looks)

    @rule(number=st.integers(0, 9))
    def somebody_posts_the_same(self, number: int) -> None:
        """At the website."""
        rows = self.ask("SELECT answers FROM drafts ORDER BY id DESC")
        if row := picked(rows, number):
            self.bazaar.post(draft_in(row["answers"]), at_website=True)

    def excuse_killed(self, image: Path) -> None:
        """What was noted as being sent may have been, for all the bot can tell, also where no call was made yet."""
        super().excuse_killed(image)
        for args, sent_at in on_disk(image, "SELECT args, sent_at FROM operations WHERE state = 'sending'"):
            content = content_in({"args": args})
            if content not in self.bazaar.called or self.bazaar.called[content] < from_ms(sent_at):
                self.bazaar.left[content] += 1

    def excuse_refused(self) -> None:
        """And so may a post whose end found no room on the disk: any that was let go, as none of them is named."""
        if any(name in ("_not_sent", "settle") for name, _ in self.store.refused):
            let_go = on_disk(self.store.path, "SELECT args FROM operations WHERE state NOT IN ('quoted', 'cancelled')")
            self.bazaar.left.update({content_in({"args": args}) for (args,) in let_go})
        super().excuse_refused()

    # --- what a person says of a doubt

    @rule(number=st.integers(0, 9), wish=st.sampled_from(["again", "leave"]), looks=st.booleans())
    def answer_a_doubt(self, number: int, wish: str, looks: bool) -> None:
        self.run(self._answer_a_doubt(number, wish, looks))

    async def _answer_a_doubt(self, number: int, wish: str, looks: bool) -> None:
        """They look at the website first, and see what is so."""
        rows = await self.rig.rows("SELECT * FROM operations WHERE state = 'in doubt' ORDER BY id")
        on_their_way = {content_of(draft) for _, draft in self.bazaar.coming}
        row = picked([row for row in rows if content_in(row) not in on_their_way], number)
        if row is None:
            return
        there = await self._unclaimed(content_in(row))
        likely = [job for job, _, _ in json.loads(row["likely"])]
        which = next((token(job) for job in there if job in likely), None)
        button = f"{wish}:{operation_name(row['id'])}:0"
        if there:
            button = f"went:{operation_name(row['id'])}:0"
        if which is not None:
            button = f"claim:{operation_name(row['id'])}:{which}"
        if looks:
            button = f"look:{operation_name(row['id'])}:0"
        await self._all_at_once([self.rig.press("olga", button)])

    async def _unclaimed(self, content: Content) -> list[str]:
        """What is there of this that no other operation has made, as far as anybody can tell."""
        jobs = [job for job, posted in self.bazaar.ours.items() if posted == content]
        rows = await self.rig.rows("SELECT * FROM operations WHERE state = 'done'")
        made = {row["made"] for row in rows}
        nameless = sum(not row["made"] and content_in(row) == content for row in rows)
        return [job for job in jobs if job not in made][nameless:]

    # --- what is always so

    @invariant()
    def everything_is_as_was_said(self) -> None:
        self.excuse_refused()
        with self.watched():
            self._check()
        self.bazaar.called.clear()

    def _check(self) -> None:
        rows = {row["id"]: row for row in self.ask("SELECT * FROM operations")}
        for number, content in self.confirmed.items():
            assert content_in(rows[number]) == content, "what was confirmed is another now"
            assert rows[number]["state"] not in ("quoted", "cancelled"), "a confirmed post is lost"
        for row in rows.values():
            if row["state"] not in ("quoted", "cancelled") and Decimal(row["cost"]) > ALONE:
                assert row["first_by"] not in ("", row["confirmed_by"]), "one person alone spent too much"
        self._check_posts(list(rows.values()))
        self._check_spending(list(rows.values()))
        assert self.rig.engine.failures == 0, "work failed that nobody had made fail"

    def _check_posts(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """No more was posted than was let go, draft by draft and content by content."""
        posted = Counter(self.bazaar.ours.values())
        may_be = Counter(content_in(row) for row in rows if row["state"] in (*UNDER_WAY, "done") or was_left(row))
        assert posted <= may_be, "more was posted than was confirmed"
        made = Counter(row["made"] for row in rows if row["made"])
        assert all(count == 1 for count in made.values()), "two have made one job"
        done = Counter(json.loads(row["args"])["draft"] for row in rows if row["state"] in (*UNDER_WAY, "done"))
        assert all(count == 1 for count in done.values()), "a draft is posted twice"
        drafts = {f"{row['id']}": row for row in self.ask("SELECT * FROM drafts")}
        for row in rows:
            draft = drafts[json.loads(row["args"])["draft"]]
            if row["state"] == "done":
                assert (draft["state"], draft["job_id"]) == ("posted", row["made"])
            if row["state"] in UNDER_WAY:
                assert (draft["state"], draft["operation"]) == ("open", row["id"]), "its draft has gone on without it"

    def _check_spending(self, rows: Sequence[Mapping[str, Any]]) -> None:
        spending = self.ask("SELECT * FROM spending")
        for day in {row["day"] for row in spending}:
            assert sum(Decimal(row["amount"]) for row in spending if row["day"] == day) <= DAILY
        on_job: Counter[str] = Counter()
        for row in spending:
            on_job[row["job"]] += Decimal(row["amount"])  # type: ignore[assignment]
        assert all(Decimal(amount) <= PER_JOB for amount in on_job.values())
        counted = Counter(int(row["ref"].split(":")[1]) for row in spending)
        by_number = {row["id"]: row for row in rows}
        entries: Counter[Content] = Counter()
        for number, count in counted.items():
            entries[content_in(by_number[number])] += count
        for row in rows:
            if row["state"] in (*UNDER_WAY, "done") or was_left(row):
                assert counted[row["id"]] or was_refused_again(row), "what may be spent does not count"
            if row["state"] in ("quoted", "cancelled"):
                assert not counted[row["id"]], "what was not sent counts"
        waiting = Counter(content_in(row) for row in rows if row["state"] in UNDER_WAY)
        assert entries <= self.bazaar.left + waiting, "more counts than was sent"

    # --- what is so in the end

    def mend(self) -> None:
        self.bazaar.meets.clear()
        self.bazaar.looks_meet.clear()

    def reckon(self) -> None:
        self._check()
        rows = self.ask("SELECT * FROM operations")
        cards = {row["subject"] for row in self.ask("SELECT subject FROM deliveries")}
        for row in rows:
            assert row["state"] not in ("confirmed", "sending"), f"still {row['state']}"
            if row["state"] == "in doubt":
                assert row["found"] is not None, "nobody is asked"
                assert f"draft:{json.loads(row['args'])['draft']}" in cards, "it is in doubt, and nobody is told"
        posted = Counter(self.bazaar.ours.values())
        done = Counter(content_in(row) for row in rows if row["state"] == "done")
        doubtful = Counter(content_in(row) for row in rows if row["state"] == "in doubt")
        assert posted <= done + doubtful, "posted, and nobody knows"
        alike = {content[:2] for content in self.bazaar.theirs.values()}  # no telling one from the other
        for content, count in done.items():
            assert count <= posted[content] or content[:2] in alike, "said to be posted, and it is not"
        self.reckon_cards()
        left = self.ask("SELECT * FROM work")
        assert not left, f"something is left to do: {left}"

    # --- inside

    async def _as_far_as_it_goes(self, asked: Coroutine[Any, Any, Reply]) -> Reply | None:
        replies = await self._all_at_once([asked])
        return replies[0] if replies else None

    async def _all_at_once(self, asked: Any) -> list[Reply]:
        """The answers; who waits for an end is given the time."""
        tasks = [asyncio.ensure_future(one) for one in asked]
        try:
            while (await asyncio.wait(tasks, timeout=0.002))[1]:
                await self.pass_time(3)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        replies = [end for end in ends if isinstance(end, Reply)]
        for end in ends:
            if isinstance(end, BaseException) and not isinstance(end, StoreError):
                raise end
        for reply in replies:
            said(reply)
        return replies


def answers(content: Content) -> dict[str, str]:
    title, positions, notes = content
    steps = "Visit the site\nSign up"
    given = {"title": title, "price": f"{PRICE}", "positions": f"{positions}", "instructions": steps, "notes": notes}
    return {**given, "category": "0101", "zone": "int", "proofs": "screenshot: Your profile"}


def draft_in(kept: str) -> JobDraft:
    return read_draft("main", FickleProvider.draft_fields, json.loads(kept), Offers())[0]


def content_of(draft: JobDraft) -> Content:
    return draft.text("title"), draft.number("positions") or 0, draft.text("notes")


def content_in(row: Mapping[str, Any]) -> Content:
    return content_of(draft_in(json.loads(row["args"])["answers"]))


def was_refused_again(row: Mapping[str, Any]) -> bool:
    return bool(row["message"].startswith("refused when it was sent again"))


def was_left(row: Mapping[str, Any]) -> bool:
    return bool(row["message"].startswith("left as it is by"))


def test_no_order_of_events_posts_a_draft_twice_or_loses_it() -> None:
    try_hard(Posting, examples=20, steps=25)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_no_order_of_very_many_events_posts_a_draft_twice_or_loses_it(capsys: pytest.CaptureFixture[str]) -> None:
    try_harder(Posting, capsys, examples=1000, steps=60)
