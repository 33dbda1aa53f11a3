"""Who is about while the bot lives and dies: people who press, work that comes and goes, a website that rates too."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from aiohttp import ClientError

from botcore.sandbox import Refusal
from botcore.sandbox.tasks import Judgement
from botcore.text import short_id
from tests.journeys.visitor import Visitor


@dataclass(frozen=True, slots=True)
class Press:
    """A decision that somebody was told is made. `words`: what it says to the worker, among other things."""

    submission: int
    verdict: str
    words: str = ""
    bonus: Decimal = Decimal(0)


@dataclass
class Tally:
    """What was done, and what people were told is done."""

    rounds: int = 0
    kills: int = 0
    kills_in_doubt: int = 0  # while a doubt was being settled
    kills_at_start: int = 0  # before it was ready
    presses: int = 0
    acknowledged: list[Press] = field(default_factory=list)
    undone: list[int] = field(default_factory=list)  # submissions
    bulks: list[int] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)  # MB of each process, ready and at its end
    calls: int = 0  # of the marketplace
    faults: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    settling: float = 0.0  # of them, until all was known after the last round


class Gone(Exception):  # noqa: N818
    """The bot did not answer."""


class Way(Protocol):
    """How somebody reaches the bot. Each returns what was acknowledged, and raises `Gone`."""

    async def decide(self, rows: list[dict[str, Any]], verdict: str, words: str, bonus: Decimal) -> list[Press]: ...

    async def undo(self, submission: int) -> bool: ...


class Page:
    """Buttons and forms, on a submission's own card or in the queue's."""

    def __init__(self, town: Any, visitor: Visitor, dice: random.Random) -> None:
        self._town = town
        self._visitor = visitor
        self._dice = dice

    async def decide(self, rows: list[dict[str, Any]], verdict: str, words: str, bonus: Decimal) -> list[Press]:
        row = rows[0]
        on = self._subject(row["id"], row["revision"])
        if verdict != "approve":
            answer = await self._post("/form", form=f"{verdict}:{on}", **{"in.words": words})
        elif bonus:
            filled = {"in.bonus": str(bonus), "in.words": words, "in.satisfaction": "good"}
            answer = await self._post("/form", form=f"bonus:{short_id(row['id'])}:{row['revision']}", **filled)
        else:
            words = ""
            answer = await self._post("/act", button=f"approve:{on}")
        done = answer["result"] == "done" and answer["text"].startswith(f"{short_id(row['id'])} ")
        return [Press(row["id"], verdict, words, bonus)] if done else []

    async def undo(self, submission: int) -> bool:
        answer = await self._post("/act", button=f"undo:{self._subject(submission, 0)}")
        return answer["text"].startswith("Undone")

    def _subject(self, submission: int, revision: int) -> str:
        queues = self._town.rows("SELECT id FROM queues WHERE closed_at IS NULL AND person = ''")
        if queues and self._dice.random() < 0.5:
            return f"q-{queues[0]['id']}:{submission}"
        return f"{short_id(submission)}:{revision}"

    async def _post(self, path: str, **fields: str) -> dict[str, str]:
        try:
            return await self._visitor.post(path, **fields)
        except (ClientError, OSError, ValueError) as error:
            raise Gone(repr(error)) from error


class Door:
    """`botcore do`, which decides several at once."""

    def __init__(self, town: Any) -> None:
        self._town = town

    async def decide(self, rows: list[dict[str, Any]], verdict: str, words: str, bonus: Decimal) -> list[Press]:
        names = " ".join(short_id(row["id"]) for row in rows)
        answer = await self._ask(f"{verdict} {names}" + (f" bonus={bonus}" if bonus else "") + f" reason={words}")
        if answer["exit"] == 0:
            made = {row["id"] for row in rows}
        else:  # one by one: "A1 approved; Ana was first: rejected A2."
            said = answer["reply"]["text"].split("; ")
            made = {row["id"] for row in rows if any(line.startswith(f"{short_id(row['id'])} ") for line in said)}
            made = made if len(made) == len(answer["reply"]["decisions"]) else set()
        return [Press(number, verdict, words, bonus) for number in sorted(made)]

    async def undo(self, submission: int) -> bool:
        return bool((await self._ask(f"undo {short_id(submission)}"))["exit"] == 0)

    async def _ask(self, line: str) -> dict[str, Any]:
        answer: dict[str, Any] | None = await self._town.ask(line)
        if answer is None:
            raise Gone(line)
        return answer


class Reviewer:
    """Decides what waits, mostly, and sometimes what does not; changes their mind now and then."""

    def __init__(self, town: Any, way: Way, tally: Tally, dice: random.Random, *, at_once: int = 1) -> None:
        self._town = town
        self._way = way
        self._tally = tally
        self._dice = dice
        self._at_once = at_once

    async def go_on(self, gone: asyncio.Event) -> None:
        """Until the bot is gone, which must be only when it was killed."""
        while not gone.is_set():
            await asyncio.sleep(self._dice.uniform(0.02, 0.3))
            try:
                await self._act()
            except Gone:
                if not gone.is_set():
                    raise

    async def _act(self) -> None:
        rows = self._choose()
        if not rows:
            return
        verdict = self._dice.choices(("approve", "reject", "revise"), (5, 2, 3))[0]
        bonus = Decimal(self._dice.choice(("0", "0", "0.05", "0.01"))) if verdict == "approve" else Decimal(0)
        self._tally.presses += 1
        words = f"Merci — 谢谢 🐝 <b>{self._tally.presses}</b>"
        made = await self._way.decide(rows, verdict, words, bonus)
        self._tally.acknowledged += made
        if made and self._dice.random() < 0.12:
            self._tally.presses += 1
            if await self._way.undo(made[0].submission):
                self._tally.undone.append(made[0].submission)

    def _choose(self) -> list[dict[str, Any]]:
        states = "'new', 'shown'" if self._dice.random() < 0.95 else "'decided', 'rated', 'superseded', 'elsewhere'"
        rows: list[dict[str, Any]] = self._town.rows(
            f"SELECT id, revision FROM submissions WHERE state IN ({states}) ORDER BY id DESC LIMIT 200"
        )
        count = 1 if self._dice.random() < 0.7 else self._at_once
        return self._dice.sample(rows, min(count, len(rows)))


class Manager:
    """Approves, now and then, all that waits of a job."""

    def __init__(self, town: Any, tally: Tally, dice: random.Random) -> None:
        self._town = town
        self._tally = tally
        self._dice = dice

    async def go_on(self, gone: asyncio.Event) -> None:
        if self._dice.random() > 0.2:
            return
        await asyncio.sleep(self._dice.uniform(0.0, 2.0))
        jobs = self._town.rows("SELECT DISTINCT job_id FROM submissions WHERE state IN ('new', 'shown')")
        if jobs and not gone.is_set():
            self._tally.presses += 1
            answer = await self._town.ask(f"approve-all {self._dice.choice(jobs)['job_id']}", yes=True)
            assert answer or gone.is_set()
            if answer and answer["exit"] == 0:
                self._tally.bulks += answer["reply"]["bulks"]


class Marketplace:
    """What goes on there without the bot: new work, revised work, the website, deadlines."""

    def __init__(self, town: Any, dice: random.Random) -> None:
        self._town = town
        self._sandbox = town.sandbox
        self._dice = dice

    async def go_on(self, gone: asyncio.Event) -> None:
        happenings = (
            (self._submit, 10),
            (self._submit_late, 2),
            (self._resubmit, 5),
            (self._rate_on_site, 3),
            (self._time_passes, 1),
        )
        while not gone.is_set():
            await asyncio.sleep(self._dice.uniform(0.02, 0.25))
            with suppress(Refusal):
                self._dice.choices([what for what, _ in happenings], [often for _, often in happenings])[0]()

    def night(self) -> None:
        """While the bot is down, the buyer works at the website, and workers answer. What ran out gets more room."""
        self._sandbox.world.db.execute(
            "UPDATE job SET positions = positions + 500, reserved = reserved + 500 * price, status = 'running' "
            "WHERE status = 'finished'"
        )
        for _ in range(3):
            self._rate_on_site()
        self._sandbox.advance(90)

    def _submit(self) -> None:
        self._sandbox.submit(count=self._dice.randint(1, 3))

    def _submit_late(self) -> None:
        """Work whose time to be rated is nearly over."""
        running = self._rows("SELECT id, account, ttr_days FROM job WHERE status = 'running' AND ttr_days")
        if not running:
            return
        job = self._dice.choice(running)
        self._sandbox.submit(job["account"], job["id"], ago=86_400 * job["ttr_days"] - self._dice.uniform(1, 8))

    def _resubmit(self) -> None:
        """Somebody who was sent back at least four seconds ago hands in again."""
        soon = self._sandbox.clock.ms() + 11_000  # of fifteen and more
        rows = self._rows("SELECT account, subject FROM agenda WHERE kind = 'resubmit' AND due_ms < ?", soon)
        if rows:
            self._sandbox.resubmit(*self._dice.choice(rows))

    def _rate_on_site(self) -> None:
        """The buyer rates on the website, sometimes just what the bot is in doubt about."""
        doubts = self._town.rows(
            """SELECT s.task_id FROM decisions d JOIN submissions s ON s.id = d.submission
               WHERE d.state IN ('held', 'due', 'sending', 'in doubt')"""
        )
        known = {row["task_id"] for row in doubts} if self._dice.random() < 0.4 else set()
        rows = self._rows("SELECT id, job_id, account FROM task WHERE state = 'unrated' ORDER BY n")
        if not rows:
            return
        row = self._dice.choice([row for row in rows if row["id"] in known] or rows)
        rating, satisfaction = self._dice.choice((("ok", "good"), ("not_ok", "spam"), ("revise", None)))
        self._sandbox.rate_on_site(
            row["account"],
            Judgement(
                job_id=row["job_id"],
                task_id=row["id"],
                rating=rating,  # type: ignore[arg-type]
                satisfaction=satisfaction,
                comment="" if rating == "ok" else "Written on the website.",
            ),
        )

    def _time_passes(self) -> None:
        self._sandbox.advance(self._dice.uniform(1, 5))

    def _rows(self, sql: str, *params: object) -> list[Any]:
        return list(self._sandbox.world.db.execute(sql, params).fetchall())
