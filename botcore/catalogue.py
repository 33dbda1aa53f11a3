"""What an account's marketplace offers (zones, categories, countries, lists, teams), kept with its age.

Read again once a day, at every start, and whenever somebody has looked at what was getting old: nobody waits for that.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .accounts import Account, Accounts, can_serve, save_job
from .clock import Clock
from .models import Category, Country, Job, WorkerList, Zone
from .pacing import Urgency
from .provider import Capability, Provider, ProviderError, RateLimited, Refused
from .store.codec import dump, load
from .store.port import Later, Reader, Store, Tx, Work

log = logging.getLogger(__name__)

T = TypeVar("T")

DAY_MS = 86_400_000
OLD_MS = 600_000  # looked at when it is older than this, it is read again
LONGEST_PAUSE = 3600.0  # seconds between tries of what cannot be read
PRIO = 90  # behind all that anybody waits for


@dataclass(frozen=True, slots=True)
class Shelf(Generic[T]):
    """One thing that a marketplace offers: how it is called here, who has it, and how it is read."""

    name: str
    needs: Capability | None
    read: Callable[[Provider], Awaitable[Sequence[T]]]
    model: type[T]


@dataclass(frozen=True, slots=True)
class Stock(Generic[T]):
    """What was read of a shelf, and when (ms)."""

    items: Sequence[T]
    read_at: int


ZONES = Shelf("zones", Capability.ZONES, lambda p: p.zones(), Zone)
CATEGORIES = Shelf("categories", Capability.CATEGORIES, lambda p: p.categories(), Category)
COUNTRIES = Shelf("countries", Capability.COUNTRIES, lambda p: p.countries(), Country)
LISTS = Shelf("lists", Capability.LISTS, lambda p: p.lists(), WorkerList)
TEAMS = Shelf("teams", Capability.TEAMS, lambda p: p.teams(), WorkerList)
JOBS = Shelf("jobs", None, lambda p: p.jobs(), Job)

SHELVES: Mapping[str, Shelf[Any]] = {s.name: s for s in (ZONES, CATEGORIES, COUNTRIES, LISTS, TEAMS, JOBS)}


def stock(reader: Reader, account: str, shelf: Shelf[T]) -> Stock[T] | None:
    """What is kept of a shelf; None where it was never read."""
    row = reader.one("SELECT value, at FROM cache WHERE key = :key", key=_key(account, shelf.name))
    return Stock(load(list[shelf.model], row["value"]), row["at"]) if row else None  # type: ignore[name-defined]


def keep_stock(tx: Tx, account: str, shelf: Shelf[T], items: Sequence[T], now: int) -> None:
    """Keeps what was just read of a shelf; jobs go where all jobs are kept, and leave only the time here."""
    for item in items:
        if isinstance(item, Job):
            save_job(tx, item, now)
    tx.q(
        "INSERT OR REPLACE INTO cache (key, value, at) VALUES (:key, :value, :now)",
        key=_key(account, shelf.name),
        value=dump([item for item in items if not isinstance(item, Job)]),
        now=now,
    )


def ask_for(tx: Tx, account: str, shelf: Shelf[Any], at: int = 0) -> None:
    """Has a shelf read again in the background, not before `at` (ms)."""
    key = _key(account, shelf.name)
    tx.put("catalogue", key, f"catalogue:{account}", PRIO, at, account=account, shelf=shelf.name)


def stock_up(tx: Tx, accounts: Accounts, now: int) -> None:
    """At a start: reads everything again, but for what was read just before."""
    for account in accounts.values():
        for shelf in _shelves(account):
            kept = tx.value("SELECT at FROM cache WHERE key = :key", key=_key(account.name, shelf.name))
            ask_for(tx, account.name, shelf, 0 if kept is None or now - kept > OLD_MS else kept + DAY_MS)


class CatalogueDesk:
    """Handles the work `catalogue`: reads one shelf of one account, and again a day later."""

    def __init__(self, store: Store, clock: Clock, accounts: Accounts) -> None:
        self._store = store
        self._clock = clock
        self._accounts = accounts

    async def refresh(self, work: Work) -> None:
        account, shelf = self._accounts.get(work.args["account"]), SHELVES.get(work.args["shelf"])
        if account is None or shelf is None or not can_serve(account, shelf.needs):
            return
        account.keep_off(self._clock.ms())
        try:
            items: Sequence[Any] | None = await account.call(shelf.read, Urgency.POLLING)
        except Refused as error:
            log.warning("%s: its %s cannot be read: %s", account.name, shelf.name, error)
            items = None
        except ProviderError as error:
            pause = error.retry_after if isinstance(error, RateLimited) else min(2.0 ** min(work.attempt + 4, 20), 3600)
            raise Later(min(pause, LONGEST_PAUSE), str(error)) from error
        await self._store.tx(self._keep, account.name, shelf, items, self._clock.ms())

    def _keep(self, tx: Tx, account: str, shelf: Shelf[Any], items: Sequence[Any] | None, now: int) -> None:
        if items is not None:
            keep_stock(tx, account, shelf, items, now)
        ask_for(tx, account, shelf, now + DAY_MS)


def _shelves(account: Account) -> list[Shelf[Any]]:
    return [shelf for shelf in SHELVES.values() if can_serve(account, shelf.needs)]


def _key(account: str, shelf: str) -> str:
    return f"catalogue:{account}:{shelf}"
