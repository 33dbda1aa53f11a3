"""The configured accounts at work: a provider behind its gate, and how it is doing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from .clock import Clock
from .delivery import LAZY, touch
from .models import Balance, Job
from .notices.noting import look_at_deadlines, note_job
from .pacing import PacedGate, Urgency, urgency
from .provider import AuthFailed, Capability, Provider, ProviderError, Refused, Unavailable
from .store.codec import dump, load
from .store.port import Later, Reader, Store, Tx

T = TypeVar("T")

DAY_MS = 86_400_000
AUTH_PAUSE = 60.0  # seconds between looks whether a key works again
PATIENCE = 15.0  # seconds that a person waits for an answer: a pause after a 429 fits in
LITTLE_PATIENCE = 4.0  # and where the last answer stayed away, too
log = logging.getLogger(__name__)


@dataclass
class Account:
    """One login at one marketplace. `problem` is what is wrong just now, in words for a person; `heard`: it has
    answered since the start."""

    name: str
    provider: Provider
    hook_secret: str | None = None
    problem: str = ""
    needs_person: bool = False
    heard: bool = False
    patience: float = PATIENCE
    _unreachable: bool = field(default=False, repr=False)
    _probe_at: int = field(default=0, repr=False)
    on_call: Callable[[str, float], None] | None = field(default=None, repr=False)  # told how long it took

    async def call(self, what: Callable[[Provider], Awaitable[T]], level: Urgency) -> T:
        """Asks the marketplace, at this urgency, and notes how it went."""
        began = time.monotonic()
        try:
            with urgency(level):
                answer = await what(self.provider)
        except Refused:  # an answer like any other: the account works
            self._answered()
            raise
        except ProviderError as error:
            self.failed(error)
            raise
        self._answered()
        if self.on_call:
            self.on_call(self.name, time.monotonic() - began)
        return answer

    async def ask(self, what: Callable[[Provider], Awaitable[T]]) -> T:
        """Reads something for a person who waits, and gives up before they do: raises `Unavailable` after `patience`
        seconds. Not for what changes anything: nobody knows what became of a call that was given up on."""
        patience = min(self.patience, LITTLE_PATIENCE) if self._unreachable else self.patience
        try:
            async with asyncio.timeout(patience) as limit:
                return await self.call(what, Urgency.PERSON)
        except TimeoutError:
            if not limit.expired():
                raise
            error = Unavailable(f"no answer within {patience:g} s")
            if not self.problem:
                self.failed(error)
            raise error from None

    def keep_off(self, now: int) -> None:
        """Raises `Later` while the key is known to be wrong: one call a minute looks whether it works again."""
        if not self.needs_person:
            return
        left = (self._probe_at - now) / 1000
        if 0 < left <= AUTH_PAUSE:  # more, and the clock was set back
            raise Later(left, quiet=True)
        self._probe_at = now + round(AUTH_PAUSE * 1000)

    def failed(self, error: ProviderError) -> None:
        self.problem = str(error)
        self.needs_person = isinstance(error, AuthFailed)
        self._unreachable = isinstance(error, Unavailable)

    def _answered(self) -> None:
        self.problem, self.needs_person, self._unreachable, self.heard = "", False, False, True


def can_serve(account: Account, needs: Capability | None = None, provider: str = "") -> bool:
    """Whether an account has a capability, and is at a marketplace (by the word after `provider =`)."""
    if provider and account.provider.name != provider:
        return False
    return needs is None or needs in account.provider.capabilities


class Accounts(Mapping[str, Account]):
    """By name, in the order of the config."""

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        self._accounts = dict(accounts)

    def __getitem__(self, name: str) -> Account:
        return self._accounts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._accounts)

    def __len__(self) -> int:
        return len(self._accounts)

    async def close(self) -> None:
        for account in self._accounts.values():
            try:
                await account.provider.close()
            except Exception:
                log.exception("%s did not close", account.name)  # the others, and the database, still do


def gate_for(store: Store, clock: Clock, account: str, interval: float) -> PacedGate:
    """The gate of an account, whose next call is a row in the database."""

    async def load_next() -> int:
        return await store.read(_next_call, account)

    async def save_next(at: int) -> None:
        await store.tx(_save_next_call, account, at)

    return PacedGate(clock, interval, load_next, save_next)


def _next_call(reader: Reader, account: str) -> int:
    return reader.value("SELECT next_call_at FROM accounts WHERE name = :account", account=account) or 0


def _save_next_call(tx: Tx, account: str, at: int) -> None:
    tx.q(
        """INSERT INTO accounts (name, next_call_at) VALUES (:account, :at)
           ON CONFLICT (name) DO UPDATE SET next_call_at = excluded.next_call_at""",
        account=account,
        at=at,
    )


def keep_balance(tx: Tx, account: str, balance: Balance, now: int) -> None:
    """Keeps what an account can spend as the marketplace told it."""
    tx.q(
        """INSERT INTO accounts (name, spendable, balance_at) VALUES (:account, :spendable, :now)
           ON CONFLICT (name) DO UPDATE SET spendable = excluded.spendable, balance_at = excluded.balance_at""",
        account=account,
        spendable=str(balance.spendable),
        now=now,
    )


def forget_balance(tx: Tx, account: str) -> None:
    """What an account can spend has changed, and is not known until it is read again."""
    tx.q("UPDATE accounts SET spendable = NULL, balance_at = NULL WHERE name = :account", account=account)


def known_balance(reader: Reader, account: str, since: int) -> Decimal | None:
    """What an account can spend, where that was read at `since` or later (ms)."""
    text = reader.value(
        "SELECT spendable FROM accounts WHERE name = :account AND balance_at >= :since", account=account, since=since
    )
    return None if text is None else Decimal(text)


def save_job(tx: Tx, job: Job, now: int) -> None:
    """Keeps a job as the marketplace told it, writes down what that says beside how it was before, and has its cards
    and its deadlines follow."""
    before, data = _kept_job(tx, job.account, job.id), dump(job)
    changed = data != before
    if changed:
        since = tx.value("SELECT watched_at FROM accounts WHERE name = :account", account=job.account)
        note_job(tx, load(Job, before) if before else None, job, since, now)
    tx.q(
        """INSERT INTO jobs (account, id, title, data, read_at) VALUES (:account, :id, :title, :data, :now)
           ON CONFLICT (account, id) DO UPDATE SET
               title = excluded.title, data = excluded.data, read_at = excluded.read_at""",
        account=job.account,
        id=job.id,
        title=job.title,
        data=data,
        now=now,
    )
    if changed:
        _touch_cards(tx, job)
    if changed and before and job.rate_within_days not in (None, load(Job, before).rate_within_days):
        move_deadlines(tx, job.account, job.id, job.rate_within_days)


def move_deadlines(tx: Tx, account: str, job: str, days: int) -> None:
    """What waits is due so many days after it was handed in, as the marketplace reckons from now on."""
    for row in tx.q(
        """UPDATE submissions SET deadline = submitted_at + :span, reminded = NULL
           WHERE account = :account AND job_id = :job AND state IN ('new', 'shown', 'decided')
           AND deadline IS NOT submitted_at + :span RETURNING id""",
        account=account,
        job=job,
        span=days * DAY_MS,
    ):
        touch(tx, f"submission:{row['id']}")
    look_at_deadlines(tx)


def _touch_cards(tx: Tx, job: Job) -> None:
    for row in tx.q(
        """SELECT 'job:' || id AS subject FROM job_names WHERE account = :account AND job_id = :job
           UNION ALL SELECT 'draft:' || id FROM drafts WHERE account = :account AND job_id = :job AND job_id != ''""",
        account=job.account,
        job=job.id,
    ):
        touch(tx, row["subject"], prio=LAZY)


def known_job(reader: Reader, account: str, job_id: str) -> Job | None:
    """A job as it was last read."""
    data = _kept_job(reader, account, job_id)
    return load(Job, data) if data else None


def _kept_job(reader: Reader, account: str, job_id: str) -> str | None:
    data: str | None = reader.value(
        "SELECT data FROM jobs WHERE account = :account AND id = :id", account=account, id=job_id
    )
    return data
