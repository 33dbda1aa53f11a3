"""A soak of everything that spends: all marketplaces at once, under limits that change from life to life."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from botcore.demo import account_sections
from tests.journeys.orders import SpendingTally
from tests.journeys.reckoning import what_is_undone
from tests.journeys.soaking import DOUBT, Soak
from tests.journeys.spenders import SPENDING, Answerer, AtDoor, AtPage, Giver, Site, Spender
from tests.journeys.spending_reckoning import ALONE, PER_JOB, SpendingReckoning, check_limits
from tests.ports import free_port

PATIENCE = 2.0  # seconds that the bot waits for an answer: on a busy machine, too
LONGEST_LIFE = 20.0  # seconds, where a limit is reached

HASTY = f'''
"""The marketplaces as they are, but asked more often and with less patience."""

from aiohttp import ClientTimeout

from botcore import hookimpl
from botcore_hiretalents.provider import HireTalentsProvider
from botcore_picoworkers.provider import PicoworkersProvider
from botcore_sproutgigs.provider import SproutGigsProvider


def hasty(kind):
    class Hasty(kind):
        seconds_between_calls = 0.03

        def __init__(self, settings, tools):
            super().__init__(settings, tools)
            self.transport._timeout = ClientTimeout(total=10, sock_connect=5, sock_read={PATIENCE})

    return Hasty


@hookimpl
def register_providers():
    kinds = (HireTalentsProvider, PicoworkersProvider, SproutGigsProvider)
    return {{f"hasty-{{kind.name}}": hasty(kind) for kind in kinds}}
'''

CONFIG = """
[bot]
database = "bot.db"
listen = "127.0.0.1:{port}"
poll_seconds = 1
undo_seconds = 0.4
doubt_seconds = {doubt}

{accounts}
[adapters.web]

[[channels]]
name = "review"
adapter = "web"
to = "inbox"
queue_above = 5

[people.ana]
role = "owner"
web = true

[people.ben]
role = "manager"
web = true

[people.cara]
role = "manager"
web = true

[limits]
max_bonus = 1.00
daily_spend = {daily_spend}
per_job = {per_job}
second_person_above = {alone}
"""


class SpendingSoak(Soak):
    """Ana and Ben spend at the page, the owner spends at the terminal, and Cara answers for what is in doubt."""

    reads: ClassVar[Sequence[str]] = ("*/get-*", "me", "job/*[0-9]", "jobs/[13a]*/*", "application/*[0-9]")
    changes: ClassVar[Sequence[str]] = ("jobs/[!g]*.php", "jobs/create", "job/*[a-z]", "application/*/set")
    people: ClassVar[Sequence[str]] = ("ana", "ben", "cara")
    doubts: ClassVar[str] = f"SELECT 1 FROM operations WHERE state IN ('sending', 'in doubt') AND kind IN ({SPENDING})"

    def __init__(self, town: Any, seed: int, longest: float) -> None:
        """`longest`: how many are let go in a life, at most."""
        self.spending = SpendingTally()
        super().__init__(town, seed, longest, self.spending)
        self._port = free_port()
        town.plug_in("hasty", HASTY)
        for account in town.sandbox.accounts:
            town.sandbox.set_balance(account.name, Decimal(100_000))
        self._allow(Decimal(20))

    async def round(self) -> None:
        counted = sum(Decimal(row["amount"]) for row in self.town.rows("SELECT amount FROM spending"))
        self._allow(counted + Decimal(self._dice.randint(800, 12_000)) / 100)
        await super().round()
        result = SpendingReckoning()
        check_limits(self.town, self.spending, result)
        assert not result.wrongs, "\n".join(result.wrongs)

    def spent_times(self) -> int:
        """Operations and bonuses that somebody has let go."""
        rows = self.town.rows(
            f"""SELECT (SELECT count(*) FROM operations WHERE kind IN ({SPENDING}) AND confirmed_at IS NOT NULL)
                + (SELECT count(*) FROM decisions WHERE bonus != '0') AS count"""
        )
        return int(rows[0]["count"])

    def crowd(self, gone: asyncio.Event) -> Iterator[Coroutine[Any, Any, None]]:
        for name in ("ana", "ben", "the owner"):
            for _ in range(2):  # at once
                way = AtPage(self._visitors[name]) if name in self._visitors else AtDoor(self.town)
                yield Spender(self.town, way, name, self.spending, self._new_dice()).go_on(gone)
        yield Giver(self.town, self._visitors["ben"], self.spending, self._new_dice()).go_on(gone)
        yield self._answerer().go_on(gone)
        yield Site(self.town, self._new_dice()).go_on(gone)

    async def settle(self, until: Any, seconds: float) -> None:
        gone = asyncio.Event()
        answering = asyncio.create_task(self._answerer().go_on(gone))
        try:
            await super().settle(until, seconds)
        finally:
            gone.set()
            await answering

    async def some_time(self) -> None:
        """Until so many more were let go: a life is as long on a slow machine as on a quick one."""
        enough = self.spent_times() + self._dice.uniform(0, self._longest)
        for _ in range(round(LONGEST_LIFE / 0.1)):
            if self.spent_times() >= enough:
                break
            await asyncio.sleep(0.1)
        await asyncio.sleep(self._dice.uniform(0, 1))

    def night(self) -> None:
        """Nothing: who else changes jobs is no concern here."""

    def what_is_open(self) -> list[str]:
        rows = self.town.rows("SELECT * FROM operations WHERE state IN ('confirmed', 'sending', 'in doubt')")
        looks = self.town.rows("SELECT * FROM work WHERE kind = 'operate'")
        return [
            *what_is_undone(self.town),
            *(f"operation {row['id']} ({row['kind']}) is {row['state']}: {row['message']}" for row in rows),
            *(f"{row['key']} is left to do" for row in looks),
        ]

    def _answerer(self) -> Answerer:
        return Answerer(self.town, AtPage(self._visitors["cara"]), self.spending, self._new_dice())

    def _allow(self, daily_spend: Decimal) -> None:
        """What may be spent in the next life; never less than in one before."""
        self.spending.daily_spend = max(self.spending.daily_spend, daily_spend)
        accounts = account_sections(self.town.sandbox.accounts)
        for kind in ("hiretalents", "picoworkers", "sproutgigs"):
            accounts = accounts.replace(f'provider = "{kind}"', f'provider = "hasty-{kind}"')
        accounts = accounts.replace('"hasty-hiretalents"', '"hasty-hiretalents"\nrequests_per_second = 20')
        self.town.config.write_text(
            CONFIG.format(
                port=self._port,
                doubt=DOUBT,
                accounts=accounts,
                daily_spend=self.spending.daily_spend,
                per_job=PER_JOB,
                alone=ALONE,
            )
        )
