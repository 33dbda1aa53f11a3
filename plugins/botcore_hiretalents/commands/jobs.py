"""Jobs that are written anew, announced or hidden, and applications in all their states."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botcore import Card, Command, Kind, OperationKind, Param, Reply
from botcore.commands.asking import (
    ACCOUNT,
    JOB,
    BadInput,
    ask,
    at_once,
    find_job,
    job_facts,
    look_at_job,
    paged,
    standing,
)
from botcore.kinds import Args
from botcore.models import JobChange, Role
from botcore.provider import OutcomeUnknown, ProviderError
from botcore.text import clean, one_line
from botcore.ui import Table

from ..api import ALL
from ..revisions import APPROVED, DECLINED, NOT_COMPLETED, PENDING, REPORTED
from ..updates import changes_of
from .shared import HERE, asking, named

if TYPE_CHECKING:
    from botcore.dispatch import Context

    from ..provider import HireTalentsProvider

YES = "yes"
TWEETED = "it is announced on the marketplace's Twitter page"
HIDDEN = "it is hidden from search engines, and from who is not signed in"
STATES: Mapping[str, int | str] = {
    "pending": PENDING,
    "approved": APPROVED,
    "declined": DECLINED,
    "not-completed": NOT_COMPLETED,
    "reported": REPORTED,
    ALL: ALL,
}


async def _update(context: Context, values: Mapping[str, Any]) -> Reply:
    account, job = await find_job(context, values, provider=HERE)
    try:
        changes = changes_of(values)
    except ValueError as error:
        raise BadInput(str(error)) from error
    facts = [(param.name.capitalize(), named(str(values[name]))) for name, param in UPDATES.items() if name in values]
    args = {"job": job.id, "changes": json.dumps(changes)}
    words = f"Change what {named(job.title)} says."
    return await at_once(context, account, UPDATE, args, words, about=f"job:{job.id}", facts=facts)


async def _reopen(context: Context, values: Mapping[str, Any]) -> Reply:
    account, job = await find_job(context, values, provider=HERE)
    count: int = values["positions"]
    least, most = account.provider.positions_range
    if not least <= count <= most:
        raise BadInput(f"positions is a number from {least} to {most} there")
    tweet, hidden = bool(values.get("tweet")), bool(values.get("hide"))
    try:
        cost = await asking(account, lambda p: p.quoted_reopening(job, count, tweet=tweet, hidden=hidden))
    except OutcomeUnknown:
        raise  # it may have posted a job
    except ProviderError:
        cost = account.provider.cost_of_positions(job, count)
    shown = [words for words, wanted in ((TWEETED, tweet), (HIDDEN, hidden)) if wanted]
    return await ask(
        context,
        account,
        REOPEN,
        {"job": job.id, "positions": str(count), "tweet": YES * tweet, "hide": YES * hidden, "before": standing(job)},
        "; ".join([f"Resume {named(job.title)} with {count} new positions, which are paid now", *shown]) + ".",
        cost,
        estimate=True,
        about=f"job:{job.id}",
        facts=job_facts(job),
    )


async def _applications(context: Context, values: Mapping[str, Any]) -> Reply:
    account, job = await find_job(context, values, provider=HERE)
    state, number = values.get("state", ALL), values.get("page", 1)
    if number < 1:
        raise BadInput("page is a number from 1 on")
    found = await asking(account, lambda p: p.in_state(job.id, STATES[state], number))
    words = {value: name for name, value in STATES.items()}
    rows = tuple(
        (
            one.id,
            one.user_id,
            words.get(one.status, f"status {one.status}"),
            f"{one.appdate:%Y-%m-%d %H:%M}",
            clean(one_line(one.proof), 80),
            str(len(one.screenshot_url or one.screenshot) or ""),
            clean(one_line(one.showcause), 80),
        )
        for one in found
    )
    columns = ("Application", "Worker", "State", "Handed in", "Text", "Pictures", "Reason")
    card = Card(
        f"Applications for {named(job.title)}",
        subtitle=f"{job.id} · {account.name}",
        blocks=(Table(columns, rows, empty="There are none." if number == 1 else "There are no more."),),
        footer=f"there may be more: page={number + 1}" if rows else "",
    )
    return await paged(context, card)


# --- operations


async def _send_update(provider: HireTalentsProvider, args: Args) -> JobChange:
    return await provider.update(args["job"], json.loads(args["changes"]))


async def _send_reopen(provider: HireTalentsProvider, args: Args) -> JobChange:
    positions = int(args["positions"])
    return await provider.reopen(args["job"], positions, tweet=bool(args["tweet"]), hidden=bool(args["hide"]))


async def _price_reopening(provider: HireTalentsProvider, args: Args) -> Decimal | None:
    job, positions = await provider.job(args["job"]), int(args["positions"])
    return await provider.quoted_reopening(job, positions, tweet=bool(args["tweet"]), hidden=bool(args["hide"]))


UPDATE = OperationKind("update job", Role.MANAGER, _send_update, True, look=look_at_job)
REOPEN = OperationKind("reopen job", Role.MANAGER, _send_reopen, look=look_at_job, price=_price_reopening)

OPERATIONS = (UPDATE, REOPEN)


# --- commands

UPDATES = {
    "title": Param("title", "what it is called", Kind.TEXT, named_only=True),
    "time": Param("time", "how many minutes it takes", Kind.INTEGER, named_only=True),
    "limit": Param("limit", "how many may do it: 3/hour, 10/day", named_only=True),
    "instructions": Param("instructions", "its steps, with | between them", Kind.TEXT, named_only=True),
    "proofs": Param("proofs", "text: or image: and what to hand in, with | between them", Kind.TEXT, named_only=True),
    "restart": Param("restart", "how often the same workers may do it again: 6h, 2d, off", named_only=True),
}

COMMANDS = (
    Command(
        "job update",
        "change what a job says, and how often it can be done",
        Role.MANAGER,
        _update,
        (JOB, *UPDATES.values(), ACCOUNT),
        provider=HERE,
    ),
    Command(
        "job reopen",
        "put a job back with new positions, and have it tweeted or hidden",
        Role.MANAGER,
        _reopen,
        (
            JOB,
            Param("positions", "how many", Kind.INTEGER, required=True),
            Param("tweet", "announce it on the marketplace's Twitter page", Kind.FLAG),
            Param("hide", "from search engines, and from visitors who are not signed in", Kind.FLAG),
            ACCOUNT,
        ),
        provider=HERE,
    ),
    Command(
        "job applications",
        "a job's applications in any of their states",
        Role.VIEWER,
        _applications,
        (
            JOB,
            Param("state", "only these", named_only=True, choices=tuple(STATES)),
            Param("page", "which page of the marketplace's list", Kind.INTEGER, named_only=True),
            ACCOUNT,
        ),
        provider=HERE,
    ),
)
