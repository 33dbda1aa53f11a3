"""A bot's core in parts, put together as the bot does it, on a clock that a test turns."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Concatenate, ParamSpec, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from sqlite_utils import Migrations

from botcore import delivery
from botcore.access import People
from botcore.accounts import Account, Accounts
from botcore.adapter import Actor, Adapter, AdapterTools, Dispatch, Traffic
from botcore.bulk.desk import BulkDesk
from botcore.catalogue import CatalogueDesk
from botcore.clock import ManualClock
from botcore.commands.core import CHECKS, FORMS, KINDS, PRESSES, core_commands
from botcore.commands.registry import Command
from botcore.dispatch import Dispatcher, House
from botcore.draft import JobDraft, Offers
from botcore.draft_text import read_draft
from botcore.drawing import draw
from botcore.intake import Intake
from botcore.kinds import OperationKind
from botcore.likeness.desk import LikenessDesk
from botcore.models import (
    Channel,
    Person,
    Role,
    RoleGrant,
    Submission,
)
from botcore.notices.desk import Newsroom, NoticeDesk
from botcore.notices.newsdesk import begin_notices, notice_handlers
from botcore.notices.settings import NoticeSettings
from botcore.operating import OperationDesk
from botcore.pacing import OpenGate
from botcore.provider import ProviderTools
from botcore.queues import calm_down
from botcore.rating import RatingDesk
from botcore.recovery import recover
from botcore.review import Made
from botcore.rules.desk import RuleDesk, ask_new_rules, ask_rules
from botcore.rules.settings import Rule
from botcore.set_back import set_back
from botcore.settings import DEFAULT_REASONS
from botcore.spending import Limits
from botcore.store.engine import SqliteEngine
from botcore.store.port import Reader, Row, StoreError, Tx, Work
from botcore.store.sqlite import SqliteStore
from botcore.ui import Card, MessageRef, Reply, Result, Text
from tests.core.market import Hang, Market, NoSettings, ScriptedProvider

P = ParamSpec("P")
T = TypeVar("T")


class MemoryAdapter(Adapter):
    """A messenger whose messages stay in memory: every state that each of them ever showed."""

    name: ClassVar[str] = "memory"
    Settings: ClassVar[type[BaseModel]] = NoSettings

    def __init__(self, settings: Any = None, tools: AdapterTools | None = None) -> None:
        self.settings = settings
        self.messages: dict[str, list[Card]] = {}
        self.where: dict[str, str] = {}  # message -> channel
        self.keys: list[str] = []
        self.errors: list[BaseException] = []  # raised once each, by sends and edits
        self.calls = 0
        self.edits = 0
        self.before_send: Callable[[], Awaitable[None]] | None = None
        self.pauses: dict[Traffic, float] = {}

    async def start(self, dispatch: Dispatch) -> None:
        return None

    async def stop(self) -> None:
        return None

    async def send(self, channel: Channel, card: Card, key: str) -> MessageRef:
        self.calls += 1
        if self.before_send:
            await self.before_send()
        if self.errors:
            raise self.errors.pop(0)
        self.keys.append(key)
        number = f"{len(self.messages) + 1}"
        self.messages[number] = [card]
        self.where[number] = channel.name
        return MessageRef(self.name, channel.name, number)

    async def edit(self, ref: MessageRef, card: Card) -> None:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        self.edits += 1
        self.messages[ref.id].append(card)

    def pause(self, channel: Channel, traffic: Traffic) -> float:
        return self.pauses.get(traffic, 0.0)

    def shown(self) -> list[Card]:
        """What each message shows now."""
        return [versions[-1] for versions in self.messages.values()]

    def badges(self) -> list[str]:
        return [card.badge for card in self.shown()]


class KeptPictures:
    """A store of pictures that has what a test puts there."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[bytes, str]] = {}

    async def read(self, key: str) -> tuple[bytes, str] | None:
        return self.kept.get(key)


INBOX = Channel("inbox", "memory", "here", queue_above=1_000)  # as many cards as there are
LIMITS = Limits(Decimal("1.00"), Decimal("5.00"), ZoneInfo("UTC"))
PEOPLE = (
    Person("olga", Role.OWNER, {"memory": "1"}, from_config=True),
    Person("mia", Role.MANAGER, {"memory": "2"}, from_config=True),
    Person("rob", Role.REVIEWER, {"memory": "3"}, from_config=True),
    Person("vera", Role.VIEWER, {"memory": "4"}, from_config=True),
)


def actor(name: str) -> Actor:
    """Somebody at the messenger; who is not in PEOPLE is a stranger."""
    ids = {person.name: person.identities["memory"] for person in PEOPLE}
    return Actor("memory", ids.get(name, "666"), name)


class FlakyStore(SqliteStore):
    """A database whose disk a test can fill, and which says whether it has something to do."""

    down = False
    said_no = 0  # times
    active = 0  # what is asked of it now
    _blank = b""  # a database as it is made, as making one takes longer than most tests

    @classmethod
    async def open(cls, path: Path, migrations: Iterable[Migrations] = ()) -> Self:
        if not FlakyStore._blank:
            with TemporaryDirectory() as folder:
                blank = Path(folder) / "blank.db"
                await (await SqliteStore.open(blank)).close()
                FlakyStore._blank = blank.read_bytes()
        with suppress(FileExistsError), path.open("xb") as file:
            file.write(FlakyStore._blank)
        return await super().open(path, migrations)

    async def tx(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self.down:
            self.said_no += 1
            raise StoreError("the disk is full")
        self.active += 1
        try:
            return await super().tx(fn, *args, **kwargs)
        finally:
            self.active -= 1

    async def read(self, fn: Callable[Concatenate[Reader, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self.active += 1
        try:
            return await super().read(fn, *args, **kwargs)
        finally:
            self.active -= 1


Logins = Callable[[FlakyStore, ManualClock], Mapping[str, Account]]


@dataclass
class Setup:
    """How a rig is built."""

    provider: type[ScriptedProvider] = ScriptedProvider
    market: type[Market] = Market
    adapter: Callable[[], MemoryAdapter] = MemoryAdapter
    store: type[FlakyStore] = FlakyStore
    accounts: tuple[str, ...] = ("main",)
    channels: tuple[Channel, ...] = (INBOX,)
    limits: Limits = LIMITS
    hold_ms: int = 20_000
    doubt_seconds: float = 60.0
    advise: Callable[[Submission], Sequence[str]] = lambda submission: ()
    rules: tuple[Rule, ...] = ()
    commands: tuple[Command, ...] = ()
    kinds: dict[str, OperationKind] = field(default_factory=lambda: dict(KINDS))
    people: tuple[Person, ...] = PEOPLE
    messengers: Mapping[str, Callable[[AdapterTools], Adapter]] = field(
        default_factory=dict
    )  # beside the one in memory
    migrations: tuple[Migrations, ...] = ()
    public_url: str = ""
    notices: NoticeSettings | None = None  # None: nothing is looked at on a schedule
    look_seconds: float = 600.0
    logins: Logins | None = None  # accounts elsewhere, instead of those at scripted markets


class Rig:
    """The services on one database, put together as the bot does it, and turned by hand."""

    def __init__(
        self,
        store: FlakyStore,
        clock: ManualClock,
        markets: Mapping[str, Market],
        setup: Setup,
        adapter: MemoryAdapter,
    ) -> None:
        self.store = store
        self.clock = clock
        self.markets = markets
        self.market = next(iter(markets.values()), Market())
        self.setup = setup
        self.review_channels = [channel for channel in setup.channels if channel.purpose == "review"]
        self.adapter = adapter
        self.engine = SqliteEngine(store, clock, set_back)
        self.accounts = Accounts(
            setup.logins(store, clock)
            if setup.logins
            else {
                name: Account(name, setup.provider(ProviderTools(name, OpenGate(), clock), market))
                for name, market in markets.items()
            }
        )
        self.confirmed: list[int] = []
        self.received: list[int] = []
        self.decided: list[Made] = []
        self.intake = Intake(
            store,
            clock,
            self.accounts,
            setup.channels,
            advise=self._advise,
            on_received=lambda submission, number: self.received.append(number),
            on_kept=partial(ask_rules, setup.rules),
        )
        self.ratings = RatingDesk(
            store,
            clock,
            self.accounts,
            setup.doubt_seconds,
            self.confirmed.append,
            self.review_channels,
            self.intake.ask_after,
        )
        self.operations = OperationDesk(
            store, clock, self.accounts, setup.kinds, setup.limits, self.review_channels, setup.doubt_seconds
        )
        self.catalogue = CatalogueDesk(store, clock, self.accounts)
        self.people = People(store, setup.people)
        self.pictures = KeptPictures()
        self.messengers: dict[str, Adapter] = {"memory": self.adapter}
        self.newsroom = Newsroom(
            setup.channels, setup.notices or NoticeSettings(), str(setup.limits.zone), setup.look_seconds
        )
        self.notices = NoticeDesk(store, clock, self.newsroom)
        self.delivery = delivery.Delivery(
            store, clock, {c.name: c for c in setup.channels}, self.messengers, self._draw, self.notices.hold
        )
        self.rules = RuleDesk(
            store, clock, self.accounts, setup.rules, setup.limits, setup.hold_ms, self.decided.append
        )
        self.bulks = BulkDesk(store, clock, self.accounts, setup.limits, self.review_channels, self.decided.append)
        for name, make in setup.messengers.items():
            own = [channel for channel in setup.channels if channel.adapter == name]
            tools = AdapterTools(store, clock, self.pictures, self.people, setup.public_url, own)
            self.messengers[name] = make(tools)
            self.people.trust(RoleGrant(name, theirs, role) for theirs, role in self.messengers[name].grants().items())
        self.dispatch = Dispatcher(
            House(
                store=store,
                clock=clock,
                accounts=self.accounts,
                people=self.people,
                intake=self.intake,
                limits=setup.limits,
                reasons=DEFAULT_REASONS,
                hold_ms=setup.hold_ms,
                decided=self.decided.append,
                status=self._say,
                plugins=lambda: Reply("plugins"),
                commands=[*core_commands(["memory", "web"]), *setup.commands],
                kinds=setup.kinds,
                rules=setup.rules,
                channels=self.review_channels,
                newsroom=self.newsroom,
            ),
            PRESSES,
            FORMS,
            CHECKS,
        )
        self._task: asyncio.Task[None] | None = None  # the engine

    @property
    def account(self) -> Account:
        return next(iter(self.accounts.values()))

    async def start(self) -> None:
        await self.store.tx(recover, self.review_channels, self.clock.ms())
        await self.store.tx(ask_new_rules, self.setup.rules)
        if self.setup.notices is not None:
            await self.store.tx(begin_notices, list(self.accounts))
        self.store.on_work = self.engine.wake
        self._task = asyncio.create_task(
            self.engine.run(
                {
                    "rate": self.ratings.rate,
                    "settle": self.ratings.settle,
                    "operate": self.operations.operate,
                    "bulk": self.bulks.work,
                    "catalogue": self.catalogue.refresh,
                    "deliver": self.delivery.deliver,
                    "hint": self.intake.follow,
                    "calm": self._calm_down,
                    "judge": self.rules.judge,
                    "liken": LikenessDesk(self.store).liken,
                    "picture": _no_picture,
                    "look": _no_picture,
                    **notice_handlers(self.store, self.clock, self.notices, self.accounts, self.people.all),
                }
            )
        )

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.store.close()

    async def kill(self) -> None:
        """Ends it in the middle of whatever it does: nothing more is saved."""
        self.store.down = True
        tasks = [*self.engine._running.values(), *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.store.close()

    async def settle(self) -> None:
        """Until nothing is running or due."""
        await asyncio.wait_for(self.engine.idle(), 60)

    async def turn(self, seconds: float) -> None:
        """Turns the clock on, from one due work to the next, and lets all of it run."""
        end = self.clock.ms() + round(seconds * 1000)
        await self.settle()
        while (now := self.clock.ms()) < end:
            due = await self.value("SELECT min(not_before) FROM work WHERE not_before > :now", now=now)
            self.clock.advance((min(due or end, end) - now) / 1000)
            await self.settle()

    async def poll(self, account: str | None = None, *, sweep: bool = False) -> None:
        await self.intake.poll(self.accounts[account] if account else self.account, sweep=sweep)
        await self.settle()

    async def rows(self, sql: str, **params: object) -> Sequence[Row]:
        return await self.store.read(lambda r: r.q(sql, **params))

    async def value(self, sql: str, **params: object) -> Any:
        return await self.store.read(lambda r: r.value(sql, **params))

    async def states(self, table: str = "decisions") -> list[str]:
        return [row["state"] for row in await self.rows(f"SELECT state FROM {table} ORDER BY id")]

    async def say(self, who: str, line: str) -> Reply:
        return await self.dispatch.command(actor(who), line)

    async def press(self, who: str, button: str) -> Reply:
        return await self.dispatch.press(actor(who), button)

    async def fill_in(self, who: str, form: str, **values: str) -> Reply:
        return await self.dispatch.submit_form(actor(who), form, values)

    async def decide(self, *tasks: str, **more: Any) -> None:
        """These hand in and are approved."""
        for task in tasks:
            self.market.add(task, **more)
        await self.poll()
        reply = await self.say("rob", f"approve {' '.join(tasks)}")
        assert reply.result is Result.DONE, reply.text

    async def approve(self, *tasks: str, **more: Any) -> None:
        """These hand in and are approved, and their undo windows pass."""
        await self.decide(*tasks, **more)
        await self.turn(20)

    async def patiently(self, asked: Awaitable[T]) -> T:
        """For what waits a little: the clock goes on meanwhile, but not while the disk is at work."""
        task = asyncio.ensure_future(asked)
        while not task.done():
            await asyncio.sleep(0.001)
            if not self.store.active:
                self.clock.advance(0.05)
        return await task

    async def patiently_all(self, asked: Iterable[Awaitable[Reply]]) -> list[Reply]:
        """The same, of several at once."""
        return list(await asyncio.gather(*(self.patiently(one) for one in asked)))

    async def draft(self, number: int) -> JobDraft:
        """What a draft's answers mean."""
        answers = json.loads(await self.value("SELECT answers FROM drafts WHERE id = :id", id=number))
        return read_draft("main", self.account.provider.draft_fields, answers, Offers())[0]

    async def _say(self) -> Reply:
        return Reply("status")

    async def _advise(self, submission: Submission) -> Sequence[str]:
        return self.setup.advise(submission)

    async def _calm_down(self, work: Work) -> None:
        await self.store.tx(calm_down, int(work.args["queue"]), self.review_channels, self.clock.ms())

    async def _draw(self, subject: str) -> Card | None:
        return await draw(self.store, self.clock, subject)


async def _no_picture(work: Work) -> None:
    return None


class Rigs:
    """Makes rigs, and what becomes of them when the bot is killed or its database is restored."""

    def __init__(self, folder: Path, clock: ManualClock) -> None:
        self._folder = folder
        self._clock = clock
        self._open: list[Rig] = []
        self._hangs: list[Hang] = []

    async def start(self, setup: Setup | None = None, *, path: Path | None = None, world: Rig | None = None) -> Rig:
        """A bot at a marketplace and a messenger of its own, or at those of another (`world`)."""
        setup = setup or Setup()
        names = () if setup.logins else setup.accounts
        markets = world.markets if world else {name: setup.market(now=self._clock.now) for name in names}
        store = await setup.store.open(path or self._folder / f"bot-{len(self._open)}.db", setup.migrations)
        rig = Rig(store, self._clock, markets, setup, world.adapter if world else setup.adapter())
        self._open.append(rig)
        await rig.start()
        return rig

    def hang(self, *, effect: bool) -> Hang:
        """A call that hangs, let go at the end of the test."""
        self._hangs.append(Hang(effect=effect))
        return self._hangs[-1]

    async def killed(self, rig: Rig) -> Rig:
        """A bot that starts on what a kill at this moment would have left on the disk; the old one does no more."""
        path = self.copy(rig)
        rig.store.down = True
        return await self.start(rig.setup, path=path, world=rig)

    def copy(self, rig: Rig) -> Path:
        """A copy of a database as it is on the disk."""
        path = self._folder / f"after-{len(self._open)}.db"
        for suffix in ("", "-wal"):
            source = rig.store.path.with_name(rig.store.path.name + suffix)
            if source.exists():
                shutil.copy(source, path.with_name(path.name + suffix))
        return path

    async def close(self) -> None:
        for hang in self._hangs:
            hang.go.set()
        for rig in self._open:
            rig.store.down = False
        self._clock.advance(60)  # who waits for a disk waits no longer
        for rig in self._open:
            await rig.stop()


def words(card: Card) -> str:
    """The paragraphs of a card, with their titles."""
    texts = [block for block in card.blocks if isinstance(block, Text)]
    return " | ".join(f"{text.title}: {text.text}" if text.title else text.text for text in texts)


def on_disk(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """What somebody else reads in a database: only what is committed."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as conn:
        return conn.execute(sql).fetchall()


async def until(condition: Callable[[], bool]) -> None:
    """Lets others run until it is so."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)
