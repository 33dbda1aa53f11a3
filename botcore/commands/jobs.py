"""job list, job show, pending."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..accounts import Account, save_job
from ..cards import next_deadline
from ..job_cards import job_card, name_job
from ..models import Job, JobStatus, Role
from ..provider import ProviderError
from ..store.port import Reader, Row, Tx
from ..text import ago, money, one_line
from ..ui import Block, Card, Reply, Result, Table
from .finding import ACCOUNT, ACCOUNT_FIRST, JOB, chosen_accounts, find_job
from .general import problem_block
from .paging import paged
from .registry import Command, Param

if TYPE_CHECKING:
    from ..dispatch import Context


async def _job_list(context: Context, values: Mapping[str, Any]) -> Reply:
    accounts = chosen_accounts(context, values)
    status = values.get("status")
    jobs: list[Job] = []
    blocks: list[Block] = []
    for account, found in zip(accounts, await asyncio.gather(*map(_jobs, accounts)), strict=True):
        if isinstance(found, ProviderError):
            blocks.append(problem_block(f"{account.name}: {found}"))
            continue
        await context.house.store.tx(_save_jobs, found, context.now())
        jobs += [job for job in found if status in (None, job.status.value)]
    rows = tuple(
        (
            one_line(job.title),
            job.id,
            job.account,
            job.status_text.lower(),
            f"{job.done} / {job.positions}",
            "—" if job.unrated is None else str(job.unrated),
            money(job.price) if job.price is not None else "—",
        )
        for job in jobs
    )
    blocks.insert(0, Table(("Job", "Id", "Account", "Status", "Done", "To rate", "Price"), rows, empty="No jobs."))
    failed = len(blocks) > len(accounts)
    return await paged(context, Card("Jobs", blocks=tuple(blocks)), result=Result.REFUSED if failed else Result.DONE)


async def _jobs(account: Account) -> Sequence[Job] | ProviderError:
    try:
        return await account.ask(lambda p: p.jobs())
    except ProviderError as error:
        return error


async def _job_show(context: Context, values: Mapping[str, Any]) -> Reply:
    _, job = await find_job(context, values)
    number = await context.house.store.tx(name_job, job.account, job.id)
    card = await context.house.store.read(job_card, number)
    return await paged(context, card) if card else Reply("It could not be read just now.", result=Result.REFUSED)


async def _pending(context: Context, values: Mapping[str, Any]) -> Reply:
    accounts = [account.name for account in chosen_accounts(context, values)]
    rows = await context.house.store.read(_pending_rows)
    now = context.now()
    mine = [row for row in rows if row["account"] in accounts]
    total = sum(row["waiting"] for row in mine)
    table = Table(
        ("Job", "Id", "Account", "Waiting", "Oldest", "Next deadline"),
        tuple(
            (
                one_line(row["title"] or row["job_id"]),
                row["job_id"],
                row["account"],
                str(row["waiting"]),
                ago(timedelta(milliseconds=now - row["oldest"])),
                next_deadline(row, now),
            )
            for row in mine
        ),
        empty="Nothing is waiting to be rated.",
    )
    blocks: list[Block] = [table, *(problem_block(text) for text in _unread(context, accounts))]
    return await paged(context, Card("Pending", badge=f"{total} waiting", blocks=tuple(blocks)))


def _unread(context: Context, accounts: Sequence[str]) -> list[str]:
    """Accounts whose numbers may be old, and why."""
    found: list[Account] = [context.house.accounts[name] for name in accounts]
    return [f"{account.name} could not be read: {account.problem}" for account in found if account.problem]


def _pending_rows(reader: Reader) -> Sequence[Row]:
    return reader.q(
        """SELECT s.account, s.job_id, j.title, count(*) AS waiting, min(s.submitted_at) AS oldest,
               min(s.deadline) AS deadline
           FROM submissions s LEFT JOIN jobs j ON j.account = s.account AND j.id = s.job_id
           WHERE s.state IN ('new', 'shown', 'decided') AND s.state != 'decided' GROUP BY s.account, s.job_id
           ORDER BY min(s.deadline) IS NULL, min(s.deadline)"""
    )


def _save_jobs(tx: Tx, jobs: Sequence[Job], now: int) -> None:
    for job in jobs:
        save_job(tx, job, now)


COMMANDS = (
    Command(
        "job list",
        "the jobs of an account",
        Role.VIEWER,
        _job_list,
        (
            ACCOUNT_FIRST,
            Param("status", "only these", named_only=True, choices=tuple(status.value for status in JobStatus)),
        ),
    ),
    Command(
        "job show",
        "everything about a job",
        Role.VIEWER,
        _job_show,
        (JOB, ACCOUNT),
    ),
    Command("pending", "what waits to be rated, by job", Role.VIEWER, _pending, (ACCOUNT_FIRST,), reads_work=True),
)
