"""Simulated marketplaces in one HTTP server, with a back door for tests under `/_sandbox/`."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Coroutine, Mapping
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, get_args

from aiohttp import web

from ..clock import Clock, FastClock, from_ms
from . import control, life, oversight, pictures
from .base import Login, Refusal, Sandbox
from .clock import Turnable, first_of
from .faults import FaultBook
from .gateway import Gateway, RequestCount
from .limits import RateLimit
from .money import dollars, units
from .proofs import Proof
from .tasks import Judgement, State, rate, report, resubmit
from .webhooks import Webhooks
from .world import Books, World

_BODY_LIMIT = 4 * 1024 * 1024
_TOLERANCE = 0.05  # real seconds by which a request may be too early

log = logging.getLogger(__name__)


class SandboxAccount(NamedTuple):
    """An account and what a bot's configuration needs to use it."""

    name: str
    provider: str
    settings: dict[str, str]


class SandboxServer:
    """Serves simulated marketplaces. What is in the `database` file goes on, whatever else is said here.

    `sandboxes`: by provider name. `accounts`: name -> provider; one for each marketplace where nothing is
    said. Each finds `waiting` submissions at the first start; where it is `busy`, another every `gap` seconds or
    so. `page_size`: of every list of every API. `interval`: seconds between two requests of an account, 0 for no
    limit. Time, rate limits included, is that of `clock`, or of one that runs `speed` times as fast as the
    system's. Raises `OSError` where the file cannot be used, `OtherVersion` where it is another version's.
    """

    def __init__(
        self,
        sandboxes: Mapping[str, type[Sandbox]],
        *,
        database: Path | None = None,
        seed: int = 1,
        speed: float = 1.0,
        waiting: int = 6,
        busy: bool = True,
        gap: float = 14.0,
        clock: Clock | None = None,
        accounts: Mapping[str, str] | None = None,
        page_size: int = 50,
        interval: float = 1.0,
    ) -> None:
        self._kinds = dict(sandboxes)
        self._wanted = accounts or {kind.account_name: name for name, kind in sandboxes.items()}
        self._waiting = waiting
        self._busy = busy
        self._gap = gap
        self._page_size = page_size
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._living: asyncio.Task[None] | None = None
        self._url = ""
        self._sandboxes: dict[str, Sandbox] = {}
        self._logins: dict[str, Login] = {}
        self._gateways: dict[str, Gateway] = {}
        self.world = World(database, self._sandboxes, seed=seed, speed=speed, clock=clock)
        self.faults = FaultBook(self.world.seed)
        self.requests = RequestCount()
        self._limit = RateLimit(interval, tolerance=_TOLERANCE * _speed_of(self.world.clock))
        self._webhooks = Webhooks(self.world)

    @property
    def url(self) -> str:
        """Where it is served, without a slash at the end."""
        return self._url

    @property
    def clock(self) -> Clock:
        return self.world.clock

    @property
    def accounts(self) -> list[SandboxAccount]:
        """Who can use it; known once it is started."""
        return [
            SandboxAccount(login.account, login.provider, self._sandboxes[login.provider].settings(login))
            for login in self._logins.values()
        ]

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Serves; port 0 takes a free one. Raises `OSError` where the port is taken."""
        try:
            listening = socket.create_server((host, port), backlog=128)
            self._url = f"http://{host}:{listening.getsockname()[1]}"
            try:
                self._open()
                await self._serve(listening)
            except BaseException:
                listening.close()
                raise
        except BaseException:
            await self.stop()
            raise
        self._living = asyncio.create_task(self._live())
        self._living.add_done_callback(_complain)

    async def stop(self) -> None:
        """Stops at once, whatever hangs; harmless to repeat."""
        self._closing.set()
        if self._living is not None:
            self._living.cancel()
            await asyncio.wait([self._living])
        if self._runner is not None:
            await self._runner.cleanup()
        await self._webhooks.close()
        self.world.close()

    async def set_webhook(self, account: str, url: str, signature_secret: str | None = None) -> None:
        """Where to tell of an account's new submissions; "" for nowhere. With a secret: in the newer form,
        signed. Raises `Refusal` where the marketplace has no webhook."""
        with self._turn(account) as books:
            if not books.site.tells:
                raise Refusal(f"{books.site.title} has no webhook.")
            books.q(
                "UPDATE account SET webhook_url = :url, signature_secret = :secret WHERE name = :name",
                url=url, secret=signature_secret, name=books.account,
            )  # fmt: skip

    def submit(
        self,
        account: str = "",
        job_id: str | None = None,
        *,
        count: int = 1,
        worker_id: str | None = None,
        proofs: list[Proof] | None = None,
        country: str = "",
        ip: str = "",
        ago: float = 0.0,
    ) -> list[str]:
        """Makes workers submit now, or have submitted so many seconds `ago`; returns the tasks' ids. What is
        left out is theirs to choose. Raises `Refusal`."""
        self.world.catch_up()
        with self._turn(account) as books:
            then = books.ago(round(ago * 1000))
            return life.visit(then, job_id, worker_id, count, proofs=proofs, country=country, ip=ip)

    def resubmit(self, account: str, task_id: str, proofs: list[Proof] | None = None) -> None:
        """Makes a worker hand in now what was sent back. Raises `Refusal` where nobody asked."""
        self.world.catch_up()
        with self._turn(account) as books:
            resubmit(books, task_id, proofs)

    def rate_on_site(self, account: str, judgement: Judgement) -> None:
        """The buyer rates on the website. Raises `Refusal`."""
        self.world.catch_up()
        with self._turn(account) as books:
            rate(books, judgement, "site")

    def report(self, account: str, task_id: str) -> None:
        """Makes the site look at an unrated task, which nobody can rate meanwhile."""
        self.world.catch_up()
        with self._turn(account) as books:
            report(books, {"subject": task_id})

    def judge_job(self, account: str, job_id: str, judgement: oversight.Judgement, reason: str = "") -> None:
        """The site approves a new job at once, declines it, or blocks a job. Raises `Refusal`."""
        self.world.catch_up()
        with self._turn(account) as books:
            oversight.judge(books, job_id, judgement, reason)
        self.world.catch_up()

    def run_dry(self, account: str, job_id: str, *, dry: bool = True) -> None:
        """No worker comes to the job by themselves any more, or some do again; those whom a test sends do. Raises
        `Refusal` where there is no such job."""
        with self._turn(account) as books:
            oversight.run_dry(books, job_id, dry=dry)

    def set_balance(self, account: str, spendable: Decimal) -> None:
        """The buyer put money in or took it out on the website: so many dollars are left. Raises `Refusal`."""
        self.world.catch_up()
        with self._turn(account) as books:
            oversight.set_balance(books, units(spendable))

    def set_quirk(self, account: str, name: str, value: str) -> None:
        """Has the marketplace be so, for this account, in something that its document leaves open. Raises
        `Refusal` for what it never is."""
        with self._turn(account) as books:
            if value not in books.site.quirks.get(name, ()):
                raise Refusal(f"{books.site.title} has no {name} that is {value}.")
            books.q("INSERT OR REPLACE INTO quirk VALUES (:account, :name, :value)",
                    account=books.account, name=name, value=value)  # fmt: skip

    def advance(self, seconds: float) -> None:
        """Moves the clock on and lets happen what happens meanwhile. Raises `Refusal` where the clock cannot
        be moved."""
        if not isinstance(self.clock, Turnable):
            raise Refusal("This clock cannot be moved.")
        self.clock.advance(seconds)
        self.world.catch_up()

    def ledger(self, account: str = "", *, made_by: str = "api") -> list[dict[str, Any]]:
        """What changed, in order, one entry per effect: through the API, by the buyer on the `site`, or
        `auto` by the site itself; "all" for all of them."""
        self.world.catch_up()
        rows = self.world.db.execute(
            "SELECT * FROM ledger WHERE (:account = '' OR account = :account) AND (:by = 'all' OR "
            "made_by = :by) ORDER BY n",
            {"account": account, "by": made_by},
        )
        return [
            {
                "n": row["n"],
                "at": from_ms(row["at_ms"]).isoformat(),
                "account": row["account"],
                "kind": row["kind"],
                "by": row["made_by"],
                **json.loads(row["data"]),
            }
            for row in rows
        ]

    def job_changes(self, account: str = "") -> list[dict[str, Any]]:
        """Since when jobs were in another status than before, in order; that they were posted is in the ledger."""
        self.world.catch_up()
        rows = self.world.db.execute(
            "SELECT * FROM job_change WHERE :account = '' OR account = :account ORDER BY n", {"account": account}
        )
        return [
            {
                "at": from_ms(row["at_ms"]).isoformat(),
                "account": row["account"],
                "job_id": row["job_id"],
                "status": row["status"],
            }
            for row in rows
        ]

    def state(self) -> dict[str, Any]:
        """The clock, and for each account its money and how much of everything there is."""
        self.world.catch_up()
        return {
            "now": self.clock.now().isoformat(),
            "accounts": {name: self._state(name) for name in self._logins},
        }

    def _state(self, name: str) -> dict[str, Any]:
        with self._turn(name) as books:
            row = books.one("SELECT spendable, webhook_url FROM account WHERE name = :name", name=name)
            tasks = _counts(books, "SELECT state, count(*) FROM task WHERE account = :name GROUP BY state")
            posts = _counts(books, "SELECT state, count(*) FROM webhook_post WHERE account = :name GROUP BY state")
            jobs = books.value("SELECT count(*) FROM job WHERE account = :name", name=name)
        assert row is not None  # noqa: S101 - the account's own row
        return {
            "spendable": dollars(row["spendable"], 4),
            "jobs": jobs,
            "tasks": {state: tasks.get(state, 0) for state in get_args(State)},
            "webhook": {"url": row["webhook_url"], "posts": posts},
        }

    def _turn(self, account: str) -> AbstractContextManager[Books]:
        name = account or next(iter(self._logins))
        if name not in self._logins:
            raise Refusal(f"There is no account {name}.")
        return self.world.turn(name, self._logins[name].provider)

    def _open(self) -> None:
        self._sandboxes.update(
            {name: kind(f"{self._url}/{name}", self._page_size) for name, kind in self._kinds.items()}
        )
        life.start(self.world, self._gap)
        self.world.on("late call", lambda books, data: self._gateways[books.provider].land(books, data))
        for name, provider in self._wanted.items():
            with self.world.turn(name, provider) as books:
                if books.one("SELECT 1 FROM account WHERE name = :name", name=name) is None:
                    _sign_up(books)
                    first = self._sandboxes[provider].furnish(books.ago(life.FIRST_JOBS_MS), self._waiting)
                    life.begin(books, first, self._waiting)
                if self._busy:
                    life.keep_coming(books, self._gap)
                else:
                    life.stop_coming(books)
                self._logins[name] = _login(books)
        self._gateways = {
            name: Gateway(
                sandbox,
                [login for login in self._logins.values() if login.provider == name],
                self.world,
                faults=self.faults,
                limit=self._limit if sandbox.paced else RateLimit(0, tolerance=0),
                count=self.requests,
                closing=self._closing,
            )
            for name, sandbox in self._sandboxes.items()
        }

    async def _serve(self, listening: socket.socket) -> None:
        app = web.Application(client_max_size=_BODY_LIMIT)
        for name, gateway in self._gateways.items():
            site = self._sandboxes[name]
            app.router.add_route("*", f"/{name}/{site.api_folder}/{{endpoint:.+}}", gateway.handle)
            app.router.add_get(f"/{name}/{site.picture_folder}/{{id:[0-9a-f_]+}}.{{kind:png|jpg}}", self._picture)
        control.mount(app, self)
        # a handler that is cancelled when its client leaves is how a hanging call learns of it
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.SockSite(self._runner, listening).start()

    async def _picture(self, request: web.Request) -> web.Response:
        with self._turn("") as books:
            recipe = pictures.recipe_of(books, request.match_info["id"])
        if recipe is None:
            raise web.HTTPNotFound
        kind = request.match_info["kind"]
        body = await asyncio.to_thread(pictures.draw, recipe, kind)
        type_ = "image/jpeg" if kind == "jpg" else "image/png"
        return web.Response(body=body, content_type=type_, headers={"Cache-Control": "max-age=86400"})

    async def _live(self) -> None:
        while True:
            self.world.changed.clear()
            self.world.catch_up()
            await self._webhooks.deliver_due()
            due = [moment for moment in (self.world.next_due(), self._webhooks.next_due()) if moment is not None]
            waits: list[Coroutine[Any, Any, object]] = [self.world.changed.wait()]
            if due:
                waits.append(self.clock.sleep((min(due) - self.clock.ms()) / 1000))
            await first_of(*waits)


def _sign_up(books: Books) -> None:
    books.q(
        "INSERT INTO account (name, provider, user_id, api_secret, webhook_secret) "
        "VALUES (:name, :provider, :user, :key, :hook)",
        name=books.account, provider=books.provider, user=books.ident(8, "user", books.account),
        key=books.ident(40, "key", books.account), hook=books.ident(32, "hook", books.account),
    )  # fmt: skip


def _login(books: Books) -> Login:
    row = books.one("SELECT * FROM account WHERE name = :name", name=books.account)
    assert row is not None  # noqa: S101 - it was just made
    return Login(row["name"], row["provider"], row["user_id"], row["api_secret"], row["webhook_secret"])


def _counts(books: Books, sql: str) -> dict[str, int]:
    return {row[0]: row[1] for row in books.q(sql, name=books.account)}


def _speed_of(clock: Clock) -> float:
    return max(1.0, clock.speed) if isinstance(clock, FastClock) else 1.0


def _complain(living: asyncio.Task[None]) -> None:
    if not living.cancelled() and (error := living.exception()) is not None:
        log.error("the simulated world stands still", exc_info=error)
