"""The bot: puts the parts together, starts them, stops them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .accounts import Account
from .adapter import Adapter
from .assembly import Parts, assemble, check_plugins, log_death
from .bulk.desk import BulkDesk
from .catalogue import CatalogueDesk, stock_up
from .clock import Clock, SystemClock
from .commands.core import CHECKS, FORMS, KINDS, PRESSES, core_commands
from .config import Config
from .delivery import Delivery
from .dispatch import Dispatcher, House
from .drawing import draw
from .host import Host
from .likeness.desk import LikenessDesk
from .likeness.forgetting import ForgettingDesk, ask_to_forget
from .likeness.looking import Looker
from .models import Person, Rating, Role, Submission, WebhookRequest
from .notices.conditions import Condition
from .notices.desk import Newsroom, NoticeDesk
from .notices.newsdesk import begin_notices, notice_handlers
from .notices.parts import Watchman, conditions_of
from .operating import OperationDesk
from .picture_desk import PictureDesk
from .queues import calm_down
from .rating import FRESH, RatingDesk, rating_of
from .recovery import recover
from .review import Made, current_decision
from .rules.desk import RuleDesk, ask_new_rules
from .server import Health, Server
from .spending import Limits
from .status import plugins_reply, read_counts, status_reply
from .store.codec import load
from .store.port import Handler, Reader, Work
from .store.sqlite import SqliteStore
from .supervisor import Factory, Patience, Supervisor
from .text import short_id
from .ui import Card, Reply

log = logging.getLogger(__name__)

PERSON_SECONDS = 300.0  # between looks whether a person has mended what only they can


class Bot:
    """One config, one database, one process.

    `await Bot.open(...)`, then either `start` (everything) or `work_alone` (only what one command needs), then `stop`.
    """

    def __init__(self, parts: Parts, *, immediate: bool) -> None:
        self.config = parts.config
        self.host = parts.host
        self.clock = parts.clock
        self.store = parts.store
        self.engine = parts.engine
        self.accounts = parts.accounts
        self.people = parts.people
        self.intake = parts.intake
        self.adapters = parts.adapters
        self.pictures = parts.pictures
        self.metrics = parts.metrics
        self.server: Server | None = None
        self.supervisor = Supervisor(self.clock, patience=Patience(person=PERSON_SECONDS))
        self._background: set[asyncio.Task[Any]] = set()
        self._engine_task: asyncio.Task[None] | None = None
        channels = {channel.name: channel for channel in self.config.channels}
        self.newsroom = Newsroom(self.config.channels, self.config.notices, self.config.bot.timezone)
        self._notices = NoticeDesk(self.store, self.clock, self.newsroom)
        self.delivery = Delivery(self.store, self.clock, channels, self.adapters, self._draw, self._notices.hold)
        self._review_channels = [channel for channel in self.config.channels if channel.purpose == "review"]
        self._ratings = RatingDesk(
            self.store,
            self.clock,
            self.accounts,
            self.config.bot.doubt_seconds,
            self._tell_confirmed,
            self._review_channels,
            self.intake.ask_after,
            min(FRESH, 2 * self.config.bot.poll_seconds),
        )
        kinds = {**self.host.operations(taken=KINDS), **KINDS}
        self._catalogue = CatalogueDesk(self.store, self.clock, self.accounts)
        self._looker = Looker()
        self._picture_desk = PictureDesk(self.store, self.accounts, self.pictures, self._looker)
        limits = self.config.limits
        self.limits = Limits(
            limits.max_bonus,
            limits.daily_spend,
            self.config.zone(),
            limits.bulk_reject_share,
            limits.per_job,
            limits.second_person_above,
        )
        self._operations = OperationDesk(
            self.store,
            self.clock,
            self.accounts,
            kinds,
            self.limits,
            self._review_channels,
            self.config.bot.doubt_seconds,
        )
        hold_ms = round(self.config.bot.undo_seconds * 1000)
        self.rules = RuleDesk(
            self.store, self.clock, self.accounts, self.config.rules, self.limits, hold_ms, self._tell_decided
        )
        self._bulks = BulkDesk(
            self.store, self.clock, self.accounts, self.limits, self._review_channels, self._tell_decided
        )
        commands = core_commands(list(self.adapters)) + list(self.host.commands())
        self.dispatcher = Dispatcher(
            House(
                store=self.store,
                clock=self.clock,
                accounts=self.accounts,
                people=self.people,
                intake=self.intake,
                limits=self.limits,
                reasons=self.config.reasons,
                hold_ms=hold_ms,
                decided=self._tell_decided,
                status=self._status,
                plugins=lambda: plugins_reply(self.host.plugins),
                commands=commands,
                kinds=kinds,
                rules=self.config.rules,
                channels=self._review_channels,
                newsroom=self.newsroom,
            ),
            PRESSES,
            FORMS,
            CHECKS,
            immediate=immediate,
        )

    @classmethod
    async def open(cls, config: Config, host: Host, clock: Clock | None = None, *, immediate: bool = False) -> Bot:
        """Opens the database and builds every part; nothing is sent anywhere yet.

        `immediate`: decisions have no undo window. Raises `ConfigError` for what plugins refuse, `StoreError`.
        """
        clock = clock or SystemClock()
        check_plugins(config, host)
        store = await SqliteStore.open(config.bot.database, host.migrations().values())
        try:
            return cls(assemble(config, host, clock, store), immediate=immediate)
        except BaseException:
            await store.close()
            raise

    @property
    def url(self) -> str:
        """Where people reach the page."""
        if self.config.bot.public_url:
            return self.config.bot.public_url
        return self.server.url if self.server else f"http://{self.config.bot.listen}"

    async def start(self) -> None:
        """Starts the server, the engine, the messengers and the polling. Raises `OSError` where the port is taken."""
        await self._recover()
        self.server = self._make_server()
        self.server.bind()
        if self.config.server.page:
            for adapter in self.adapters.values():
                adapter.mount(self.server.app, self.url)
        if self.config.server.webhooks:
            for adapter in self.adapters.values():
                adapter.mount_hooks(self.server.app, self.url)
        await self.server.start()
        self._start_engine(
            {
                "deliver": self.delivery.deliver,
                "picture": self._picture_desk.fetch,
                "look": self._picture_desk.look,
                "liken": LikenessDesk(self.store).liken,
                "forget": ForgettingDesk(self.store, self.clock).forget,
                "hint": self.intake.follow,
                "calm": self._calm_down,
                "judge": self.rules.judge,
                "catalogue": self._catalogue.refresh,
                **notice_handlers(self.store, self.clock, self._notices, self.accounts, self.people.all),
                **self._money_handlers(),
            }
        )
        await self.store.tx(ask_to_forget, self.clock.ms())
        await self.store.tx(stock_up, self.accounts, self.clock.ms())
        await self.store.tx(ask_new_rules, self.config.rules)
        await self.store.tx(begin_notices, list(self.accounts))
        for name, adapter in self.adapters.items():
            self.supervisor.supervise(f"adapter {name}", self._run_adapter(adapter))
        for account in self.accounts.values():
            self.supervisor.supervise(f"account {account.name}", self._run_account(account))
        self._spawn(Watchman(self.store, self.clock, self._conditions).watch())
        self._spawn(self.host.acall("bot_started"))

    async def work_alone(self) -> None:
        """Only what one command needs: ratings and operations leave, nothing else runs."""
        await self._recover()
        self._start_engine(self._money_handlers())

    async def stop(self) -> None:
        """Lets what is under way end, for a second or two, and closes everything. Nothing is lost by a kill either."""
        await asyncio.wait([asyncio.ensure_future(self.host.acall("bot_stopping"))], timeout=0.5)
        await self.supervisor.stop()
        if self.server:
            await self.server.stop()
        if self._engine_task:
            self._engine_task.cancel()
            await asyncio.gather(self._engine_task, return_exceptions=True)
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._looker.close()
        await self.accounts.close()
        await self.pictures.close()
        await self.store.close()
        self.host.close()

    async def owner_link(self) -> str | None:
        """A sign-in link for the first owner who has a page."""
        for person in self.config.people:
            if person.role is Role.OWNER and (link := await self.link_for(person)):
                return link
        return None

    async def link_for(self, person: Person) -> str | None:
        """A sign-in link for a person; None where no messenger of theirs signs in by link."""
        for name, adapter in self.adapters.items():
            if name in person.identities and (link := await adapter.sign_in_link(person, self.url)):
                return link
        return None

    # --- inside

    async def _recover(self) -> None:
        if doubts := await self.store.tx(recover, self._review_channels, self.clock.ms()):
            log.warning("restored from a backup: %d things may have happened since; asking the marketplaces", doubts)

    def _money_handlers(self) -> dict[str, Handler]:
        return {
            "rate": self._ratings.rate,
            "settle": self._ratings.settle,
            "operate": self._operations.operate,
            "bulk": self._bulks.work,
        }

    def _start_engine(self, handlers: Mapping[str, Handler]) -> None:
        self.store.on_work = self.engine.wake
        self._engine_task = asyncio.create_task(self.engine.run(handlers), name="engine")
        self._engine_task.add_done_callback(log_death)

    def _make_server(self) -> Server:
        return Server(
            (self.config.bot.host, self.config.bot.port),
            webhooks=self.config.server.webhooks,
            metrics=self.config.server.metrics,
            numbers=self.metrics,
            gauges=lambda: self.store.read(read_counts),
            health=self._health,
            accept_hook=self._accept_hook,
            hook_secret=lambda name: self.accounts[name].hook_secret if name in self.accounts else None,
        )

    def _health(self) -> Health:
        alive = self._engine_task is not None and not self._engine_task.done()
        parts: dict[str, int] = {}
        for part in self.supervisor.statuses():
            parts[str(part.state)] = parts.get(str(part.state), 0) + 1
        return Health(ok=alive, parts=parts)

    async def _accept_hook(self, name: str, request: WebhookRequest) -> None:
        hints = self.accounts[name].provider.hints(request)
        await self.intake.take_hints(name, hints)

    def _run_adapter(self, adapter: Adapter) -> Factory:
        async def run(ready: Callable[[], None]) -> None:
            await adapter.start(self.dispatcher)
            ready()
            try:
                await adapter.serve()
            finally:
                await adapter.stop()

        return run

    def _run_account(self, account: Account) -> Factory:
        async def run(ready: Callable[[], None]) -> None:
            while True:
                await self.intake.poll(account)
                ready()
                await self.clock.sleep(self.config.bot.poll_seconds)

        return run

    async def _draw(self, subject: str) -> Card | None:
        return await draw(self.store, self.clock, subject)

    def _conditions(self) -> Mapping[str, Condition]:
        delivery = self.delivery
        return conditions_of(
            self.supervisor.statuses(), self.accounts, delivery.broken, delivery.reached, self.rules.broken
        )

    async def _calm_down(self, work: Work) -> None:
        await self.store.tx(calm_down, int(work.args["queue"]), self._review_channels, self.clock.ms())

    async def _status(self) -> Reply:
        return await status_reply(self)

    def _tell_decided(self, made: Made) -> None:
        self.metrics.decided(made.verdict)
        self._tell(made.submission, "decision_made")

    def _tell_confirmed(self, submission: int) -> None:
        self.metrics.rated("confirmed")
        self._tell(submission, "rating_confirmed")

    def _tell(self, number: int, hook: str) -> None:
        if self.host.listens(hook):
            self._spawn(self._tell_plugins(number, hook))

    async def _tell_plugins(self, number: int, hook: str) -> None:
        """Tells plugins what became of a submission."""
        found = await self.store.read(_decided, number)
        if found:
            submission, rated, person = found
            known = {"person": person} if hook == "decision_made" else {}
            await self.host.acall(hook, submission=submission, short_id=short_id(number), rating=rated, **known)

    def _spawn(self, work: Awaitable[Any]) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        task.add_done_callback(log_death)


def _decided(reader: Reader, number: int) -> tuple[Submission, Rating, str] | None:
    row = reader.one("SELECT * FROM submissions WHERE id = :id", id=number)
    decision = current_decision(reader, number)
    if row is None or decision is None:
        return None
    return load(Submission, row["data"]), rating_of({**row, **decision}), decision["person"]
