"""A bot under fire: driven by random steps, killed at any of its transactions, and reckoned up at the end.

One event loop and one folder for each run of a machine; a killed bot starts again on what was on its disk.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from botcore.adapter import ChannelBroken, MessageGone, SendFailed, SendUnknown
from botcore.clock import ManualClock
from botcore.models import Channel, Rating, RatingResult, SightingState, Verdict
from botcore.provider import OutcomeUnknown, ProviderError
from botcore.store import engine
from botcore.store.backup import backup, restore
from botcore.store.codec import load
from botcore.store.port import Reader, StoreError, Tx
from botcore.store.sqlite import SqliteStore
from botcore.ui import Card, MessageRef, Reply
from tests.core.market import START, Market, Step
from tests.core.rig import FlakyStore, MemoryAdapter, Rigs, Setup, on_disk

P = ParamSpec("P")
T = TypeVar("T")

Strike = Callable[[str], object]  # hits the bot before it can save what it just heard: see Machine.strike

SHARED_MEMORY = Path("/dev/shm")
LATEST = 100.0  # seconds until a call that timed out has landed, if ever: before the second look, at twice 60
STATE_OF = {
    Verdict.APPROVE: SightingState.APPROVED,
    Verdict.REJECT: SightingState.REJECTED,
    Verdict.REVISE: SightingState.REVISED,
}


SPANS = (0, 0, 5, 21, 21, 61, 61, 130, 900, 4_000)  # seconds
MESSENGER = {
    "failed": SendFailed("busy", 5),
    "lost": SendUnknown("no answer"),
    "answer lost": SendUnknown("no answer"),  # and the message is there
    "broken": ChannelBroken("the bot was removed"),
    "deleted": MessageGone("deleted"),
}


BLOWS = ("kill", "kill once saved", "fill the disk")


class Killed(BaseException):
    """The process ended here. No handler of the bot's own sees it, as none sees a real one."""


class MortalStore(FlakyStore):
    """A database whose process can be killed before or after any transaction, and whose disk can be full for some."""

    kill_in: int | None = None  # transactions until the end
    kill_committed = False  # the last one still made it to the disk
    full_in = 0  # transactions until the disk is full
    full_for = 0  # transactions that find no room then
    image: Path | None = None  # what the kill left on the disk

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.refused: list[tuple[str, tuple[object, ...]]] = []  # transactions that found no room, by their names
        self.insisting: set[str] = set()  # of them, those of the engine's that it tries again soon

    async def tx(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._check_alive()
        name = getattr(fn, "__name__", "")  # a partial has none
        if self._finds_no_room():
            self.refused.append((name, args))
            if fn.__module__ == engine.__name__:
                self.insisting.add(f"{name} {args[:1]}")
            raise StoreError("the disk is full")
        last = self._counts_down()
        if last and not self.kill_committed:
            await self.die()
        try:
            answer = await super().tx(fn, *args, **kwargs)
        finally:
            self._check_alive()
        self.insisting.discard(f"{name} {args[:1]}")
        if last:
            await self.die()
        return answer

    async def read(self, fn: Callable[Concatenate[Reader, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._check_alive()
        try:
            return await super().read(fn, *args, **kwargs)
        finally:
            self._check_alive()

    @property
    def dead(self) -> bool:
        return self.image is not None

    async def die(self) -> None:
        """Nobody hears of anything any more; what is committed so far is what is left."""
        self.image = image = self.path.with_name(f"{self.path.stem}-k.db")
        await SqliteStore.tx(self, lambda tx: copy_database(self.path, image))  # no commit runs beside it
        raise Killed

    def _finds_no_room(self) -> bool:
        if not self.full_for:
            return False
        if self.full_in:
            self.full_in -= 1
            return False
        self.full_for -= 1
        return True

    def _counts_down(self) -> bool:
        if self.kill_in is None:
            return False
        self.kill_in -= 1
        return self.kill_in < 0

    def _check_alive(self) -> None:
        if self.dead:
            raise Killed


def copy_database(path: Path, target: Path) -> None:
    for suffix in ("", "-wal"):
        source = path.with_name(path.name + suffix)
        if source.exists():
            shutil.copy(source, target.with_name(target.name + suffix))


@dataclass
class Ledger(Market):
    """A marketplace that keeps books: which rating met which revision, and what became of a task without us."""

    met: list[tuple[Rating, int]] = field(default_factory=list)  # each rating that took effect, and the revision it met
    elsewhere: dict[tuple[str, int], Verdict | None] = field(
        default_factory=dict
    )  # rated on the website, or by the deadline
    landing: list[tuple[float, list[Rating]]] = field(default_factory=list)  # on their way still, until that moment
    late_deeds: list[tuple[float, str]] = field(default_factory=list)  # and what else is, by name
    deeds: Counter[str] = field(default_factory=Counter)  # what else took effect, and how often
    ahead: timedelta = timedelta(0)  # of the bot's clock
    strike: Strike = str  # a blow that hits nobody

    def time(self) -> float:
        return (self.now() + self.ahead).timestamp()

    def take(self, ratings: Sequence[Rating]) -> list[RatingResult]:
        results = super().take(ratings)
        taken = {result.task_id for result in results if result.ok}
        self.met += [(r, self.tasks[r.task_id].submission.revision) for r in ratings if r.task_id in taken]
        return results

    def rate_on_website(self, task: str, state: SightingState) -> None:
        verdict = next((verdict for verdict, told in STATE_OF.items() if told is state), None)
        if state is not SightingState.REPORTED:  # which nobody has rated yet
            self.elsewhere[task, self.tasks[task].submission.revision] = verdict
        super().rate_on_website(task, state)

    def pass_time(self) -> None:
        """What was on its way arrives, and what nobody rated until its deadline is paid."""
        due = [ratings for at, ratings in self.landing if at <= self.time()]
        self.landing = [(at, ratings) for at, ratings in self.landing if at > self.time()]
        for ratings in due:
            self.take(ratings)
        self.deeds.update(deed for at, deed in self.late_deeds if at <= self.time())
        self.late_deeds = [(at, deed) for at, deed in self.late_deeds if at > self.time()]
        for name, task in self.tasks.items():
            deadline = task.submission.deadline
            if task.state is SightingState.WAITING and deadline and deadline.timestamp() <= self.time():
                self.rate_on_website(name, SightingState.APPROVED)

    def next_moment(self) -> float | None:
        """When something happens by itself, in seconds since the epoch."""
        deadlines = [
            task.submission.deadline.timestamp()
            for task in self.tasks.values()
            if task.state is SightingState.WAITING and task.submission.deadline
        ]
        return min([*deadlines, *(at for at, _ in (*self.landing, *self.late_deeds))], default=None)

    def on_its_way(self, task: str) -> bool:
        return any(rating.task_id == task for _, ratings in self.landing for rating in ratings)

    def of(self, task: str, revision: int) -> list[Rating]:
        """Our ratings that this revision of a task got."""
        return [rating for rating, met in self.met if (rating.task_id, met) == (task, revision)]


async def arrives_late(market: Market, job: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
    """No answer in time; it takes effect at the latest moment that a call can."""
    assert isinstance(market, Ledger)
    market.landing.append((market.time() + LATEST, list(ratings)))
    raise OutcomeUnknown("no answer")


def struck(blow: str, *, effect: bool) -> Step:
    """The bot is hit before it can save the answer."""

    async def step(market: Market, job: str, ratings: Sequence[Rating]) -> Sequence[RatingResult]:
        assert isinstance(market, Ledger)
        results = market.take(ratings) if effect else []
        market.strike(blow)
        if not effect:
            raise OutcomeUnknown("no answer")
        return results

    return step


class FickleAdapter(MemoryAdapter):
    """A messenger that may say it does not know, though the message is there."""

    def __init__(self) -> None:
        super().__init__()
        self.strike: Strike = str
        self.moods: list[str] = []  # what becomes of the next sends and edits: names in MESSENGER
        self.copies: Counter[str] = Counter()  # key -> messages
        self.excused: Counter[str] = Counter()  # key -> messages whose sending the bot could not know of

    async def send(self, channel: Channel, card: Card, key: str) -> MessageRef:
        mood = await self._before()
        ref = await super().send(channel, card, key)
        self.copies[key] += 1
        if mood == "answer lost":
            self.excuse(key)
            raise MESSENGER[mood]
        if mood in BLOWS:
            self.strike(mood)
        return ref

    async def edit(self, ref: MessageRef, card: Card) -> None:
        mood = await self._before()
        if mood == "deleted":
            raise MESSENGER[mood]
        await super().edit(ref, card)
        if mood == "answer lost":
            raise MESSENGER[mood]
        if mood in BLOWS:
            self.strike(mood)

    async def _before(self) -> str:
        mood = self.moods.pop(0) if self.moods else ""
        if mood == "slow":
            await asyncio.sleep(0.005)  # others go on meanwhile
        if mood in ("failed", "lost", "broken"):
            raise MESSENGER[mood]
        return mood

    def excuse(self, key: str) -> None:
        """The bot was prevented from noting that it had sent this."""
        self.excused[key] += 1


class Machine(RuleBasedStateMachine):
    """The services, and what can happen to any of them. Every step ends when nothing is left to do at that moment."""

    def __init__(self) -> None:
        super().__init__()
        self.setup = self.make_setup()
        self.sound = True  # nothing has been found wrong yet
        self.folder = Path(tempfile.mkdtemp(dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None))
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(lambda loop, context: None)  # of those who were killed
        self.clock = ManualClock(START)
        self.rigs = Rigs(self.folder, self.clock)
        self.rig = self.loop.run_until_complete(self.rigs.start(self.setup))
        self.market.strike = self.adapter.strike = self.strike

    def make_setup(self) -> Setup:
        return Setup(market=Ledger, adapter=FickleAdapter, store=MortalStore)

    @property
    def market(self) -> Ledger:
        assert isinstance(self.rig.market, Ledger)
        return self.rig.market

    @property
    def adapter(self) -> FickleAdapter:
        assert isinstance(self.rig.adapter, FickleAdapter)
        return self.rig.adapter

    @property
    def store(self) -> MortalStore:
        assert isinstance(self.rig.store, MortalStore)
        return self.rig.store

    def strike(self, blow: str) -> None:
        """What hits the next transaction."""
        if blow == "fill the disk":
            self.store.full_in, self.store.full_for = 0, 1
        else:
            self.store.kill_in, self.store.kill_committed = 0, blow == "kill once saved"

    def run(self, step: Coroutine[Any, Any, object]) -> None:
        """Does a step and all that follows from it at that moment; a bot that was killed by it starts again."""
        self.loop.run_until_complete(self._run(step))

    def mend(self) -> None:
        """Ends the troubles that a machine has of its own."""

    def reckon(self) -> None:
        """What must be so once all is calm; every machine adds its own."""

    def teardown(self) -> None:
        try:
            if self.sound:
                rig = None
                while rig is not self.rig:  # a last kill may still have been on its way
                    rig = self.rig
                    self.run(self._calm())
                self.reckon()
        finally:
            self.loop.run_until_complete(self._close())
            self.loop.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, sql: str, **params: object) -> Sequence[Mapping[str, Any]]:
        return self.loop.run_until_complete(SqliteStore.read(self.store, lambda reader: reader.q(sql, **params)))

    # --- what happens to every machine

    @rule(seconds=st.sampled_from(SPANS))
    def time_passes(self, seconds: int) -> None:
        self.run(self.pass_time(seconds))

    @rule(seconds=st.sampled_from([-3_600, -70, 70, 3_600]))
    def clock_jumps(self, seconds: int) -> None:
        """On, as that of a laptop that slept; or back, as somebody set it."""
        if seconds > 0:
            self.run(self._sleep(seconds))
        elif self.market.ahead < timedelta(hours=2):
            self.clock.set_by(seconds)
            self.market.ahead -= timedelta(seconds=seconds)

    @rule(after=st.none() | st.integers(0, 9), committed=st.booleans())
    def kill(self, after: int | None, committed: bool) -> None:
        """Now, or in the middle of what comes next: after so many transactions."""
        if after is None:
            self.run(self.restart())
        else:
            self.store.kill_in, self.store.kill_committed = after, committed

    @rule(after=st.integers(0, 8), transactions=st.integers(1, 4))
    def fill_the_disk(self, after: int, transactions: int) -> None:
        self.store.full_in, self.store.full_for = after, transactions

    @rule(kinds=st.lists(st.sampled_from([*sorted(MESSENGER), *BLOWS, "slow"]), min_size=1, max_size=3))
    def next_messages_meet(self, kinds: list[str]) -> None:
        self.adapter.moods.extend(kinds)

    # --- what can happen

    async def pass_time(self, seconds: float) -> None:
        """Turns the clock on, from one thing that happens to the next."""
        await self.settle()
        end = self.clock.ms() + round(seconds * 1000)
        while (now := self.clock.ms()) < end:
            due = await self.rig.value("SELECT min(not_before) FROM work WHERE not_before > :now", now=now)
            ahead = round(self.market.ahead.total_seconds() * 1000)
            moment = self.market.next_moment()
            moments = [end, due or end, end if moment is None else max(round(moment * 1000) - ahead, now + 1)]
            self.clock.advance((min(moments) - now) / 1000)
            self.market.pass_time()
            await self.settle()

    async def settle(self) -> None:
        """Until nothing is running or due. While the database says no, that takes time."""
        running = self.rig._task
        assert running is not None
        idle = asyncio.ensure_future(self.rig.engine.idle())
        try:
            async with asyncio.timeout(60):
                while not idle.done():
                    hitch = bool(self.store.insisting)
                    await asyncio.wait({idle, running}, timeout=0.003 if hitch else 0.02, return_when="FIRST_COMPLETED")
                    if running.done():
                        running.result()
                    if hitch and not idle.done():
                        self.clock.advance(1)
                idle.result()
        finally:
            idle.cancel()
            await asyncio.gather(idle, return_exceptions=True)

    async def poll(self, *, sweep: bool = True) -> None:
        for name in self.rig.markets:
            try:
                await self.rig.intake.poll(self.rig.accounts[name], sweep=sweep)
            except (StoreError, ProviderError):
                continue  # the next one may go better
        await self.settle()

    async def restart(self, setup: Setup | None = None) -> None:
        """A kill at this moment, between two transactions."""
        if setup:
            self.rig.setup = setup
        await self.store.die()

    @property
    def backup(self) -> Path:
        return self.folder / "backup.db"

    async def keep_backup(self) -> None:
        await self.settle()
        self.backup.unlink(missing_ok=True)
        await asyncio.to_thread(backup, self.store.path, self.backup)

    async def restore_backup(self) -> None:
        """The bot is stopped, the older database put in its place, and started again."""
        old = self.rig
        await old.kill()
        path = self.folder / f"restored-{len(self.rigs._open)}.db"
        await asyncio.to_thread(restore, self.backup, path)
        self.adapter.copies.clear()  # what a restored bot does not know of, it sends again
        self.adapter.excused.clear()
        self.rig = await self.rigs.start(old.setup, path=path, world=old)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """What is found wrong in here needs no reckoning any more."""
        try:
            yield
        except BaseException:
            self.sound = False
            raise

    def reckon_cards(self) -> None:
        """Every card shows how things stand, and none was sent twice that the bot knew of."""
        for row in self.ask("SELECT * FROM deliveries"):
            assert row["state"] in ("sent", "gone"), f"a card is {row['state']}"
            extra = self.adapter.copies[f"{row['id']}"] - 1
            assert extra <= self.adapter.excused[f"{row['id']}"], "a message was sent twice"
            if row["state"] == "sent":
                assert row["shown"] == row["wanted"]
                shown = self.adapter.messages[load(MessageRef, row["ref"]).id][-1]
                card = self.loop.run_until_complete(self.rig._draw(row["subject"]))
                assert card is not None
                assert (shown.badge, shown.tone, shown.buttons) == (card.badge, card.tone, card.buttons)

    # --- inside

    async def _sleep(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.market.pass_time()

    async def _run(self, step: Coroutine[Any, Any, object]) -> None:
        try:
            await step
            await self.settle()
        except Killed:
            pass
        except BaseException:
            self.sound = False
            raise
        if self.store.dead:
            await self._start_again()
            await self._run(self.settle())

    async def _start_again(self) -> None:
        """On what the kill left on the disk."""
        old = self.rig
        self.excuse_refused()
        await old.kill()
        assert isinstance(old.store, MortalStore)
        assert old.store.image is not None
        self.excuse_killed(old.store.image)
        self.rig = await self.rigs.start(old.setup, path=old.store.image, world=old)

    def excuse_killed(self, image: Path) -> None:
        """What a kill left undecided on the disk: sends whose end nobody knows."""
        for (number,) in on_disk(image, "SELECT id FROM deliveries WHERE state = 'sending'"):
            self.adapter.excuse(f"{number}")

    def excuse_refused(self) -> None:
        """Sends whose end found no room on the disk."""
        for name, args in self.store.refused:
            if name == "_end":
                self.adapter.excuse(f"{args[0]}")
        self.store.refused.clear()

    async def _calm(self) -> None:
        """Everything works again, and hours pass."""
        self.mend()
        self.store.kill_in, self.store.full_for = None, 0
        self.market.steps.clear()
        self.market.errors.clear()
        self.market.hidden.clear()
        self.adapter.moods.clear()
        for _ in range(4):
            await self.pass_time(3600)
            await self.poll()
        await self.pass_time(600)
        self.excuse_refused()

    async def _close(self) -> None:
        for rig in self.rigs._open:
            await rig.kill()
        await self.loop.shutdown_default_executor()


def said(reply: Reply) -> str:
    """A reply's words; none of them may say that the bot itself failed."""
    assert "Something went wrong here" not in reply.text, reply.text
    return reply.text


def picked(things: Sequence[T], number: int) -> T | None:
    """One of them, where there is any."""
    return things[number % len(things)] if things else None


def try_hard(machine: type[Machine], *, examples: int, steps: int) -> None:
    """The same runs every time."""
    run_state_machine_as_test(machine, settings=_settings(examples, steps, derandomize=True))


def try_harder(machine: type[Machine], capsys: pytest.CaptureFixture[str], *, examples: int, steps: int) -> None:
    """Other runs every time; BOTCORE_SEED repeats those of a seed that was printed."""
    number = int(os.environ.get("BOTCORE_SEED") or random.SystemRandom().randrange(2**32))
    with capsys.disabled():
        print(f"\n{machine.__name__}: BOTCORE_SEED={number}")  # noqa: T201
    try:
        run_state_machine_as_test(seed(number)(machine), settings=_settings(examples, steps, derandomize=False))
    except BaseException as error:
        error.add_note(f"BOTCORE_SEED={number}")
        raise


def _settings(examples: int, steps: int, *, derandomize: bool) -> settings:
    phases = set(Phase) - {Phase.explain}
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=derandomize,
        database=None,
        deadline=None,
        phases=sorted(phases, key=list(Phase).index),
        suppress_health_check=list(HealthCheck),
    )
