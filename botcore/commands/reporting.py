"""report: what the last days came to, in figures and as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..models import Role
from ..notices.figures import Day, Scope, count, days_until
from ..notices.pictures import charts, in_figures
from ..notices.words import BY_JOB
from ..store.port import Reader
from ..text import days as days_of
from ..text import one_line
from ..ui import Block, Card, Reply, Table
from .completing import complete_job
from .finding import ACCOUNT, chosen_accounts
from .paging import paged
from .parse import BadInput, shown
from .registry import Command, Kind, Param

if TYPE_CHECKING:
    from ..dispatch import Context

USUAL, MOST = 7, 90  # days


async def _report(context: Context, values: Mapping[str, Any]) -> Reply:
    number = days_asked(values, USUAL)
    names = [account.name for account in chosen_accounts(context, values)] if "account" in values else []
    scope = Scope(names, [values["job"]] if "job" in values else [])
    now = context.house.clock.now() + timedelta(milliseconds=1)  # what has just happened, too
    days = days_until(now, number, context.house.limits.zone)
    card = await context.house.store.read(_card, scope, days)
    return await paged(context, card)


def days_asked(values: Mapping[str, Any], usual: int) -> int:
    """Raises `BadInput` for more than there can be."""
    number: int = values.get("days", usual)
    if not 1 <= number <= MOST:
        raise BadInput(f"days is a number from 1 to {MOST}")
    return number


def _card(reader: Reader, scope: Scope, days: list[Day]) -> Card:
    about = ""
    if scope.jobs:
        (job,) = scope.jobs
        having = [
            row["title"]
            for row in reader.q("SELECT account, title FROM jobs WHERE id = :job", job=job)
            if not scope.accounts or row["account"] in scope.accounts
        ]
        if not having:
            raise BadInput(f"there is no job {shown(job)}; see `job list`")
        about = one_line(having[0])
    found = count(reader, scope, days[0].start, days[-1].end)
    blocks: list[Block] = [*in_figures(reader, found), *charts(reader, scope, days)]
    if scope.jobs:  # by job there is nothing to tell apart
        blocks = [block for block in blocks if not (isinstance(block, Table) and block.columns == BY_JOB)]
    title = f"The last {days_of(len(days))}" if len(days) > 1 else "The last day"
    card = Card(title, subtitle=", ".join(scope.accounts), blocks=tuple(blocks))
    return replace(card, title=f"{title}: {about}") if about else card


DAYS = Param("days", f"how many, up to {MOST}; left out: {USUAL}", Kind.INTEGER)

COMMANDS = (
    Command(
        "report",
        "what the last days came to, with a picture",
        Role.VIEWER,
        _report,
        (DAYS, Param("job", "only this job: its id", complete=complete_job), ACCOUNT),
    ),
)
