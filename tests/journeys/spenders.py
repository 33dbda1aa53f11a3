"""Who spends while the bot lives and dies: people who order jobs and change them, and one who answers for doubts."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from aiohttp import ClientError

from botcore.control import BotGone, ask_running
from botcore.made import token
from botcore.sandbox import Refusal
from tests.journeys.crowd import Gone, Page
from tests.journeys.orders import (
    ACCOUNTS,
    KINDS,
    Key,
    Order,
    SpendingTally,
    draw_order,
    entry_key,
    operation_key,
    operations_in,
)
from tests.journeys.visitor import Visitor

SPENDING = "'" + "', '".join(KINDS) + "'"
BONUS = Decimal("0.05")


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody was told. `operations`: what waits to be confirmed, or went; `form`: one to be filled in."""

    result: str
    text: str
    operations: Sequence[int] = ()
    form: str = ""


class Way(Protocol):
    """How somebody reaches the bot. Each raises `Gone`."""

    async def say(self, line: str, order: Order | None = None, *, yes: bool = False) -> Answer: ...

    async def press(self, button: str) -> Answer: ...


class AtPage:
    """Commands with a file, buttons, forms."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor

    async def say(self, line: str, order: Order | None = None, *, yes: bool = False) -> Answer:
        attached = {"file_name": "job.json", "file": order.file} if order else {}
        return await self._post("/command", line=line, **attached)

    async def press(self, button: str) -> Answer:
        return await self._post("/act", button=button)

    async def fill_in(self, form: str, **values: str) -> Answer:
        return await self._post("/form", form=form, **{f"in.{name}": value for name, value in values.items()})

    async def _post(self, path: str, **fields: str) -> Answer:
        try:
            answer = await self.visitor.post(path, **fields)
        except (ClientError, OSError, ValueError) as error:
            raise Gone(repr(error)) from error
        form = re.search(r'data-form="([^"]+)"', answer.get("form", ""))
        asked = operations_in(answer.get("card", ""))
        return Answer(answer["result"], answer["text"], asked, form[1] if form else "")


class AtDoor:
    """`botcore do`, with a file, and --yes."""

    def __init__(self, town: Any) -> None:
        self._town = town

    async def say(self, line: str, order: Order | None = None, *, yes: bool = False) -> Answer:
        files = {"job.json": order.file} if order else {}
        body = {"line": f"{line} job.json" if order else line, "files": files, "yes": yes, "wait": False}
        try:
            answer = await ask_running(self._town.database, "/do", body)
        except BotGone as error:
            raise Gone(line) from error
        if answer is None:
            raise Gone(line)
        reply = answer["reply"]
        return Answer(reply["result"], reply["text"], reply["operations"])

    async def press(self, button: str) -> Answer:
        raise NotImplementedError("nobody presses buttons on a terminal")


class Spender:
    """Orders jobs, and changes those that were posted."""

    def __init__(self, town: Any, way: Way, name: str, tally: SpendingTally, dice: random.Random) -> None:
        self._town = town
        self._way = way
        self._name = name
        self._tally = tally
        self._dice = dice

    async def go_on(self, gone: asyncio.Event) -> None:
        """Until the bot is gone, which must be only when it was killed."""
        while not gone.is_set():
            await asyncio.sleep(self._dice.uniform(0.02, 0.2))
            try:
                await self._dice.choices((self._order, self._change, self._second), (5, 4, 3))[0]()
            except Gone:
                if not gone.is_set():
                    raise

    # --- jobs

    async def _order(self) -> None:
        order = self._tally.order(self._draw())
        at_once = isinstance(self._way, AtDoor) and self._dice.random() < 0.7
        answer = await self._way.say(f"job post account={order.account}", order, yes=at_once)
        for number in answer.operations:
            self._note_asked(number, order.key)
        if at_once:
            self._note_let_go(answer.operations, answer)
        elif answer.operations and isinstance(self._way, AtPage):
            await self._finish(self._way, order, answer.operations[0])

    def _draw(self) -> Order:
        """Now and then what was ordered before."""
        if self._tally.orders and self._dice.random() < 0.2:
            return self._dice.choice(list(self._tally.orders.values()))
        return draw_order(self._dice, self._dice.choice(list(ACCOUNTS)), len(self._tally.orders) + 1)

    async def _finish(self, page: AtPage, order: Order, number: int) -> None:
        """Post, perhaps after a change, perhaps beside one, perhaps twice."""
        drafts = self._town.rows("SELECT id FROM drafts WHERE operation = :number", number=number)
        if not drafts:
            return
        draft, luck = f"draft-{drafts[0]['id']}", self._dice.random()
        if luck < 0.2:
            number = await self._edit(page, draft, order) or number
        if luck < 0.1:
            return  # it waits for somebody else
        presses = [self._confirm(number) for _ in range(self._dice.choice((1, 1, 2)))]
        if 0.2 < luck < 0.35:
            await asyncio.gather(*presses, self._edit(page, draft, order))
        elif 0.35 < luck < 0.5:
            await asyncio.gather(*presses, self._price(page, draft, order))
        else:
            await asyncio.gather(*presses)

    async def _edit(self, page: AtPage, draft: str, order: Order) -> int | None:
        changed = self._tally.order(order.changed(self._dice.choice((11, 15, 30))))
        form = (await page.press(f"edit:{draft}:0")).form
        if not form:
            return None
        answer = await page.fill_in(form, positions=changed.key[-1])
        for number in answer.operations:
            self._note_asked(number, changed.key)
        return answer.operations[0] if answer.operations else None

    async def _price(self, page: AtPage, draft: str, order: Order) -> None:
        answer = await page.press(f"price:{draft}:0")
        for number in answer.operations:
            self._note_asked(number, order.key)
        for number in answer.operations:
            await self._confirm(number)

    async def _second(self) -> None:
        """What waits for another person, or for anybody."""
        rows = self._town.rows(
            f"SELECT id FROM operations WHERE state = 'quoted' AND kind IN ({SPENDING}) ORDER BY id DESC LIMIT 8"
        )
        if rows and isinstance(self._way, AtPage):
            await self._confirm(self._dice.choice(rows)["id"])

    async def _confirm(self, number: int) -> None:
        answer = await self._way.press(f"confirm:op-{number}:0")
        self._note_let_go([number], answer)

    # --- what was posted

    async def _change(self) -> None:
        rows = self._town.rows("SELECT account, job_id FROM drafts WHERE job_id != '' ORDER BY id DESC LIMIT 12")
        if not rows:
            return
        account, job = (row := self._dice.choice(rows))["account"], row["job_id"]
        verb = self._dice.choice(("add-positions", "add-positions", *CHANGES[account]))
        if verb in ("pause", "stop"):
            await self._way.say(f"job {verb} {job} account={account}", yes=True)
            return
        self._tally.changes[job] += 1
        number = 4 + self._tally.changes[job]
        told = {"feature": f"2.{number:02}", "resume": f"{number}" if account == "hire" else ""}.get(verb, f"{number}")
        key: Key = (KIND_OF[verb], account, job, told)
        yes = isinstance(self._way, AtDoor)
        answer = await self._way.say(f"job {verb} {job} {told} account={account}", yes=yes)
        for operation in answer.operations:
            self._note_asked(operation, key)
        if yes:
            self._note_let_go(answer.operations, answer)
        else:
            await asyncio.gather(
                *(self._confirm(each) for each in answer.operations for _ in range(self._dice.choice((1, 2))))
            )

    # --- what they were told

    def _note_asked(self, number: int, key: Key) -> None:
        self._tally.asked[number] = key

    def _note_let_go(self, numbers: Sequence[int], answer: Answer) -> None:
        self._tally.presses += 1
        if answer.result == "refused":
            self._tally.refusals[re.sub(r"\S*\d\S*", "#", answer.text)[:70]] += 1
        if answer.result in ("done", "in doubt") and not answer.text:
            self._tally.let_go |= dict.fromkeys(numbers, f"{self._name}: {answer}")


CHANGES: Mapping[str, Sequence[str]] = {
    "sprout": ("feature", "feature", "pause", "resume", "stop", "restart"),
    "pico": ("pause", "resume", "stop", "restart"),
    "hire": ("pause", "resume", "resume"),
}
KIND_OF = {"add-positions": "add_positions", "feature": "feature", "resume": "resume", "restart": "restart"}


class Giver:
    """Approves with a bonus."""

    def __init__(self, town: Any, visitor: Visitor, tally: SpendingTally, dice: random.Random) -> None:
        self._town = town
        self._page = Page(town, visitor, dice)
        self._tally = tally
        self._dice = dice

    async def go_on(self, gone: asyncio.Event) -> None:
        while not gone.is_set():
            await asyncio.sleep(self._dice.uniform(0.6, 2.0))
            rows = self._town.rows(
                "SELECT id, revision FROM submissions WHERE state IN ('new', 'shown') AND account = 'sprout' LIMIT 50"
            )
            if not rows:
                continue
            self._tally.presses += 1
            words = f"Merci {self._tally.presses}"
            try:
                self._tally.acknowledged += await self._page.decide([self._dice.choice(rows)], "approve", words, BONUS)
            except Gone:
                if not gone.is_set():
                    raise


class Site:
    """The marketplaces look at new jobs, and let them run; workers hand in what can be given a bonus."""

    def __init__(self, town: Any, dice: random.Random) -> None:
        self._town = town
        self._dice = dice

    async def go_on(self, gone: asyncio.Event) -> None:
        while not gone.is_set():
            await asyncio.sleep(self._dice.uniform(0.05, 0.3))
            jobs = "SELECT id, account FROM job WHERE status = 'pending_review'"
            for row in self._town.sandbox.world.db.execute(jobs).fetchall():
                with suppress(Refusal):
                    self._town.sandbox.judge_job(row["account"], row["id"], "approve")
            unrated = "SELECT count(*) FROM task WHERE account = 'sprout' AND state = 'unrated'"
            if self._town.sandbox.world.db.execute(unrated).fetchone()[0] < 3:
                self._town.sandbox.submit("sprout")


class Answerer:
    """Says of what is in doubt what is so, as the marketplaces' websites show it."""

    def __init__(self, town: Any, page: AtPage, tally: SpendingTally, dice: random.Random) -> None:
        self._town = town
        self._page = page
        self._tally = tally
        self._dice = dice

    async def go_on(self, gone: asyncio.Event) -> None:
        while not gone.is_set():
            await asyncio.sleep(0.1)
            with suppress(Gone):
                for row in self._asked():
                    await self._answer(row)

    def _asked(self) -> list[dict[str, Any]]:
        """What a person is asked: of a post only once looking has not told."""
        rows: list[dict[str, Any]] = self._town.rows(
            "SELECT * FROM operations WHERE state = 'in doubt' AND (kind != 'post job' OR found IS NOT NULL)"
        )
        coming = self._town.sandbox.world.db.execute("SELECT account FROM agenda WHERE kind = 'late call'").fetchall()
        return [row for row in rows if row["account"] not in {one["account"] for one in coming}]

    async def _answer(self, row: dict[str, Any]) -> None:
        name = f"op-{row['id']}"
        if row["kind"] not in KINDS:  # what costs nothing can be asked for again
            await self._page.press(f"leave:{name}:0")
            return
        key = operation_key(row)
        there = self._unclaimed(key)
        likely = [job for job, _, _ in json.loads(row["likely"])]
        which = next((job for job in there if job in likely), None)
        if which is not None:
            button, words = f"claim:{name}:{token(which)}", "it is this one"
        elif there:
            button, words = f"went:{name}:0", "it went through"
        elif row["kind"] == "post job" and self._dice.random() < 0.2:
            button, words = f"look:{name}:0", "look again"
        elif self._dice.random() < 0.7:
            button, words = f"again:{name}:0", "send again"
        else:
            button, words = f"leave:{name}:0", "leave it"
        answer = await self._page.press(button)
        if answer.result != "refused":
            self._tally.answers[f"{row['kind']}: {words}"] += 1
            if words != "look again":
                self._tally.reasons[reason_of(row)] += 1

    def _unclaimed(self, key: Key) -> list[str]:
        """The jobs of what was done of this, without those that other operations are known to have done."""
        done = [
            each
            for each in self._town.rows("SELECT * FROM operations WHERE state = 'done'")
            if each["kind"] in KINDS and operation_key(each) == key
        ]
        entries = [entry for entry in self._town.sandbox.ledger() if entry["kind"] == key[0]]
        jobs = [entry["job_id"] for entry in entries if entry_key(entry) == key]
        made = [each["made"] for each in done if each["made"]]
        left = [job for job in jobs if job not in made]
        return left[len(done) - len(made) :]


def reason_of(row: Mapping[str, Any]) -> str:
    """Why a person is asked."""
    if row["kind"] != "post job":
        return f"{row['kind']}: the marketplace has nothing to find it by"
    return f"{row['kind']}: {str(row['found']).partition(':')[0]}"
