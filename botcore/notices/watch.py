"""What is looked at every few minutes though nobody asks: how jobs stand, and whether there is money for them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ..accounts import Accounts, keep_balance, save_job
from ..clock import Clock
from ..models import Job, JobStatus
from ..pacing import Urgency
from ..provider import Capability, ProviderError
from ..store.port import Later, Store, Tx, Work
from .conditions import Condition, State, settle
from .desk import Newsroom, is_anybody_told
from .kinds import Event

OF_JOBS = (
    Event.JOB_POSTED,
    Event.JOB_APPROVED,
    Event.JOB_FINISHED,
    Event.JOB_BLOCKED,
    Event.JOB_DECLINED,
    Event.BALANCE,
)


def ask_to_watch(tx: Tx, accounts: Sequence[str]) -> None:
    """At a start: each account is looked at, and from then on again and again."""
    for account in accounts:
        tx.put("watch", f"watch:{account}", f"watch:{account}", 65, 0, account=account)


class WatchDesk:
    """Handles the work `watch`, of one account. Where no channel hears what it finds, it asks for nothing."""

    def __init__(self, store: Store, clock: Clock, accounts: Accounts, room: Newsroom) -> None:
        self._store = store
        self._clock = clock
        self._accounts = accounts
        self._room = room

    async def watch(self, work: Work) -> None:
        account = self._accounts.get(work.args["account"])
        if account is None:
            return
        if await self._store.read(is_anybody_told, self._room, *OF_JOBS):
            account.keep_off(self._clock.ms())
            try:
                jobs = await account.call(lambda p: p.jobs(), Urgency.POLLING)
                balance = None
                if Capability.BALANCE in account.provider.capabilities:
                    balance = await account.call(lambda p: p.balance(), Urgency.POLLING)
            except ProviderError as error:
                raise Later(self._room.look_seconds, str(error), quiet=True) from error
            now = self._clock.ms()
            await self._store.tx(note_jobs, account.name, jobs, now)
            if balance is not None:
                await self._store.tx(keep_balance, account.name, balance, now)
                share = self._room.settings.low_balance
                await self._store.tx(note_balance, account.name, balance.spendable, jobs, share, now)
        raise Later(self._room.look_seconds, quiet=True)


def note_jobs(tx: Tx, account: str, jobs: Sequence[Job], now: int) -> None:
    """All jobs of an account as they stand. The first look is no news: from then on there is."""
    for job in jobs:
        save_job(tx, job, now)
    tx.q(
        """INSERT INTO accounts (name, watched_at) VALUES (:account, :now)
           ON CONFLICT (name) DO UPDATE SET watched_at = coalesce(watched_at, excluded.watched_at)""",
        account=account,
        now=now,
    )


def needs_of(jobs: Sequence[Job]) -> tuple[Decimal, int, int]:
    """What the open positions of running jobs come to, how many they are, and in how many jobs."""
    running = [job for job in jobs if job.status is JobStatus.RUNNING and job.price is not None and _open(job)]
    needs = sum((job.price * _open(job) for job in running if job.price is not None), Decimal(0))
    return needs, sum(map(_open, running)), len(running)


def note_balance(tx: Tx, account: str, spendable: Decimal, jobs: Sequence[Job], share: Decimal, now: int) -> None:
    """An account can spend less than that share of what its running jobs need, or enough again."""
    needs, positions, count = needs_of(jobs)
    low = spendable < needs * share
    told = {"spendable": str(spendable), "needs": str(needs), "positions": positions, "jobs": count}
    condition = Condition(State.DOWN if low else State.UP, "low", at_once=True)
    settle(tx, f"balance {account}", condition, now, event=Event.BALANCE, account=account, more=told)


def _open(job: Job) -> int:
    return max(job.positions - job.done, 0)
