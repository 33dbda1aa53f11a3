"""Two weeks of three accounts at simulated marketplaces, on a clock that is turned: what people are told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from botcore.accounts import Account
from botcore.adapter import ChannelBroken
from botcore.clock import ManualClock, from_ms
from botcore.host import Host
from botcore.memory import StoredMemory
from botcore.models import Channel
from botcore.notices.kinds import Audience, Event, Hearing, Quiet
from botcore.notices.parts import Watchman, conditions_of
from botcore.notices.settings import NoticeSettings
from botcore.operations import operation_name
from botcore.pacing import OpenGate
from botcore.provider import ProviderError, ProviderTools
from botcore.sandbox import SandboxServer, jobs
from botcore.sandbox.money import dollars, units
from botcore.supervisor import PartState, PartStatus
from botcore.text import short_id
from botcore.ui import Card, MessageRef, Result
from tests.core.rig import LIMITS, FlakyStore, MemoryAdapter, Rig, Rigs, Setup

START = datetime(2026, 3, 23, 5, tzinfo=UTC)  # a Monday, 6 o'clock in Madrid; summer begins there the Sunday after
DAYS = 14
ZONE = "Europe/Madrid"
MARKETS = {"sprout": "sproutgigs", "pico": "picoworkers", "hire": "hiretalents"}
LEFT = {("sprout", 1, 1), ("sprout", 1, 2), ("pico", 0, 2), ("pico", 0, 6), ("pico", 1, 6)}  # account, job, day
NIGHT = Quiet(22 * 60, 7 * 60, ZONE)


@dataclass(frozen=True, slots=True)
class Sent:
    at: datetime
    channel: str
    card: Card


class Feed(MemoryAdapter):
    """A messenger that remembers when what was sent where; places may be dead."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(None, None)
        self._clock = clock
        self.sent: list[Sent] = []
        self.dead: set[str] = set()

    async def send(self, channel: Channel, card: Card, key: str) -> MessageRef:
        if channel.name in self.dead:
            raise ChannelBroken("the bot was thrown out of it")
        ref = await super().send(channel, card, key)
        self.sent.append(Sent(self._clock.now(), channel.name, card))
        return ref

    def of(self, channel: str, badge: str = "") -> list[Sent]:
        return [s for s in self.sent if s.channel == channel and badge in s.card.badge]


def channels() -> tuple[Channel, ...]:
    def notify(name: str, accounts: tuple[str, ...] = (), **hears: object) -> Channel:
        return Channel(name, "memory", name, "notify", accounts, hears=Hearing(**hears))  # type: ignore[arg-type]

    return (
        Channel("review", "memory", "review", queue_above=0),
        notify("team"),
        notify("reviewers", audience=Audience.REVIEWERS),
        notify("owner", audience=Audience.OWNER),
        notify("night", quiet=NIGHT, zone=ZONE),
        notify("dead"),
        notify("pico-only", accounts=("pico",)),
        notify("money", events=(Event.BALANCE, Event.SPENT, Event.LAPSED)),
    )


@dataclass
class Fortnight:
    """The bot, its marketplaces and what was sent. `happened`: what the test had happen, by name, and when."""

    rigs: Rigs
    clock: ManualClock
    server: SandboxServer
    feed: Feed
    rig: Rig
    watchman: Watchman
    poll_seconds: float
    happened: dict[str, datetime] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)  # tasks that nobody decides
    tiny: str = ""
    taken: int = 0
    hire: PartState = PartState.RUNNING

    def books(self, account: str):  # type: ignore[no-untyped-def]
        return self.server.world.turn(account, MARKETS[account])

    def post(self, account: str, title: str, *, positions: int, ttr: int = 0, price: str = "0.10") -> str:
        """A job like the first one of the account, on the website."""
        self.server.world.catch_up()
        with self.books(account) as books:
            first = jobs.listed(books)[0][0].terms
            ttr_days = ttr if first.ttr_days else 0
            terms = replace(first, title=title, positions=positions, ttr_days=ttr_days, price=units(price))
            job = jobs.post(books, terms)
        self.happened[f"posted {title}"] = self.clock.now()
        return job

    def mark(self, what: str) -> None:
        self.happened[what] = self.clock.now()

    def price_of(self, entry: Mapping[str, Any]) -> Decimal:
        """Of the job that an entry of the ledger is about."""
        price = self.server.world.db.execute("SELECT price FROM job WHERE id = ?", (entry["job_id"],)).fetchone()[0]
        return Decimal(dollars(price, 4))

    def deadlines_left(self) -> list[tuple[str, datetime]]:
        """The job's title and the deadline of each submission that nobody decided."""
        found = []
        for entry in self.lapses():
            row = self.server.world.db.execute(
                "SELECT job.title, job.ttr_days, task.finished_ms FROM task JOIN job ON job.id = task.job_id "
                "WHERE task.id = ?",
                (entry["task_id"],),
            ).fetchone()
            found.append((row["title"], from_ms(row["finished_ms"]) + timedelta(days=row["ttr_days"])))
        return found

    def lapses(self) -> list[dict[str, Any]]:
        """What the site approved by itself, of its ledger."""
        entries = self.server.ledger(made_by="auto")
        return [entry for entry in entries if entry["kind"] == "rate" and entry["rating"] == "ok"]

    def set_status(self, account: str, job: str, status: str) -> None:
        with self.books(account) as books:
            books.q("UPDATE job SET status = :status WHERE id = :id", status=status, id=job)

    async def until(self, moment: datetime) -> None:
        """Lets time pass, and asks the marketplaces every now and then."""
        while (left := (moment - self.clock.now()).total_seconds()) > 0:
            await self.rig.turn(min(self.poll_seconds, left))
            await self.poll()

    async def poll(self) -> None:
        for name in MARKETS:
            await self._poll(name)
        await self.watchman.note()
        await self.rig.settle()

    async def before_look(self, account: str) -> None:
        """Until twenty seconds before the account's jobs are looked at again."""
        await self.rig.turn((await self._next_look(account) - self.clock.ms()) / 1000 - 20)

    async def after_look(self, account: str) -> None:
        await self.rig.turn((await self._next_look(account) - self.clock.ms()) / 1000)

    async def _next_look(self, account: str) -> int:
        at: int = await self.rig.value("SELECT not_before FROM work WHERE key = :key", key=f"watch:{account}")
        return at

    async def _poll(self, name: str) -> None:
        try:
            await self.rig.poll(name)
        except ProviderError:
            self.hire = PartState.NEEDS_ATTENTION
        else:
            if name == "hire":
                self.hire = PartState.RUNNING

    def jobs_of(self, account: str) -> list[str]:
        with self.books(account) as books:
            return [job.id for job in jobs.listed(books)[0]]

    def submit(self, account: str, job: str, count: int) -> list[str]:
        return self.server.submit(account, job, count=count)

    async def hand_in(self, day: int, first: Mapping[str, Sequence[str]]) -> None:
        """A few submissions for every first job that takes them; some days' are never decided."""
        for account, own in first.items():
            for number, job in enumerate(own):
                with self.books(account) as books:
                    open_ = jobs.find(books, job).status is jobs.Status.RUNNING
                if not open_:
                    continue
                made = self.submit(account, job, 2 + (day + number) % 3)
                if (account, number, day) in LEFT:
                    self.left.update(made)
        await self.poll()

    async def decide_all(self) -> None:
        """Most of what waits is approved, some rejected, some sent back; what is left for good stays."""
        await self.poll()
        rows = await self.rig.rows("SELECT id, task_id FROM submissions WHERE state IN ('new', 'shown') ORDER BY id")
        names = [short_id(row["id"]) for row in rows if row["task_id"] not in self.left]
        for verdict, own in (
            ("approve", [name for n, name in enumerate(names) if n % 5 < 3]),
            ("reject", [name for n, name in enumerate(names) if n % 5 == 3]),
            ("revise", [name for n, name in enumerate(names) if n % 5 == 4]),
        ):
            if own:
                why = "" if verdict == "approve" else ' reason="Part of it is missing"'
                reply = await self.rig.say("rob" if len(own) % 2 else "mia", f"{verdict} {' '.join(own)}{why}")
                assert reply.result is Result.DONE, reply.text

    def statuses(self) -> list[PartStatus]:
        state = {"hire": self.hire}
        return [
            PartStatus(f"account {name}", state.get(name, PartState.RUNNING), self.clock.now(), 0, "refused")
            for name in MARKETS
        ]


async def begin(folder: Path, *, poll_seconds: float, look_seconds: float) -> Fortnight:
    clock = ManualClock(START)
    host = Host()
    host.load()
    server = SandboxServer(
        {name: host.sandboxes()[name] for name in MARKETS.values()},
        clock=clock,
        accounts=MARKETS,
        busy=False,
        waiting=0,
        interval=0,
    )
    await server.start()
    providers, logins = host.providers(), {account.name: account for account in server.accounts}

    def accounts(store: FlakyStore, clock: ManualClock) -> Mapping[str, Account]:
        made = {}
        for name, login in logins.items():
            kind = providers[login.provider]
            settings = kind.Settings.model_validate(login.settings)
            made[name] = Account(
                name, kind(settings, ProviderTools(name, OpenGate(), clock, StoredMemory(store, name, clock)))
            )
        return made

    rigs, feed = Rigs(folder, clock), Feed(clock)
    limits = replace(LIMITS, zone=ZoneInfo(ZONE), daily_spend=Decimal(500))
    setup = Setup(
        adapter=lambda: feed,
        channels=channels(),
        limits=limits,
        logins=accounts,
        notices=NoticeSettings(),
        look_seconds=look_seconds,
    )
    rig = await rigs.start(setup)
    found = Fortnight(rigs, clock, server, feed, rig, None, poll_seconds)  # type: ignore[arg-type]
    found.watchman = _watchman(found)
    host.close()
    return found


def _watchman(of: Fortnight) -> Watchman:
    def look():  # type: ignore[no-untyped-def]
        delivery = of.rig.delivery
        return conditions_of(of.statuses(), of.rig.accounts, delivery.broken, delivery.reached, {})

    return Watchman(of.rig.store, of.clock, look)


async def confirm(of: Fortnight, line: str) -> Result:
    """What an owner asks for and confirms."""
    asked = await of.rig.patiently(of.rig.say("olga", line))
    (operation,) = asked.operations
    done = await of.rig.patiently(of.rig.press("olga", f"confirm:{operation_name(operation)}:0"))
    of.mark("spent")
    await of.rig.turn(15)
    return done.result


async def killed(of: Fortnight) -> None:
    """The bot is killed and starts again on what is on the disk."""
    of.rig = await of.rigs.killed(of.rig)
    of.watchman = _watchman(of)
