"""job pause, resume, stop, restart, add-positions, speed, ttr."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..accounts import DAY_MS, Account
from ..core_kinds import (
    ADD_POSITIONS,
    PAUSE,
    RESTART,
    RESUME,
    SPEED,
    STOP,
    TIME_TO_RATE,
    standing,
)
from ..models import Job, Role
from ..provider import Capability
from ..store.port import Reader, Row
from ..text import clean, days, money, one_line
from ..ui import Reply
from .asking import ask, at_once, job_facts
from .finding import ACCOUNT, JOB, find_job
from .parse import BadInput
from .registry import Command, Kind, Param

if TYPE_CHECKING:
    from ..dispatch import Context


async def pause(context: Context, values: Mapping[str, Any]) -> Reply:
    account, job = await find_job(context, values, Capability.PAUSE)
    if not account.provider.pause_ends:
        return await at_once(context, account, PAUSE, _args(job), f"Pause {_name(job)}.", about=_about(job))
    left = max(job.positions - job.done, 0)
    refund = account.provider.cost_of_positions(job, left)
    back = f": about {money(refund)}" if refund else ""
    words = (
        f"Pause {_name(job)}: at {account.provider.title} that ends it. What its {left} open positions cost "
        f"comes back{back}; to go on, it takes new positions, which are paid anew."
    )
    return await ask(context, account, PAUSE, _args(job), words, about=_about(job), facts=job_facts(job))


async def resume(context: Context, values: Mapping[str, Any]) -> Reply:
    account, job = await find_job(context, values, Capability.RESUME)
    count: int | None = values.get("positions")
    title = account.provider.title
    if not account.provider.resume_needs_positions:
        if count is not None:
            raise BadInput(f"a job at {title} is resumed with the positions it has: leave the number out")
        words = f"Resume {_name(job)}: workers can do it again."
        return await ask(context, account, RESUME, _args(job), words, about=_about(job), facts=job_facts(job))
    if count is None:
        raise BadInput(f"a job at {title} is resumed with new positions: type `job resume {job.id} POSITIONS`")
    _check(count, "positions", account.provider.positions_range)
    return await ask(
        context,
        account,
        RESUME,
        _args(job, positions=count),
        f"Resume {_name(job)} with {count} new positions, which are paid now.",
        await _cost(account, job, count),
        estimate=True,
        about=_about(job),
        facts=job_facts(job),
    )


async def stop(context: Context, values: Mapping[str, Any]) -> Reply:
    account, job = await find_job(context, values, Capability.STOP)
    rest = f" What is handed in can still be rated: {job.unrated}." if job.unrated else ""
    words = f"Stop {_name(job)}: nobody can do it any more, and stopping cannot be undone.{rest}"
    return await ask(context, account, STOP, _args(job), words, about=_about(job), facts=job_facts(job))


async def restart(context: Context, values: Mapping[str, Any]) -> Reply:
    account, job = await find_job(context, values, Capability.RESTART)
    if "positions" in values:
        return await _restart_with(context, account, job, values["positions"])
    if not account.provider.restart_costs:
        words = f"Restart {_name(job)}: those who did it can do it again."
        return await ask(context, account, RESTART, _args(job), words, about=_about(job), facts=job_facts(job))
    return await ask(
        context,
        account,
        RESTART,
        _args(job),
        f"Restart {_name(job)}: all its {job.positions} positions are paid again.",
        account.provider.cost_of_positions(job, job.positions),
        estimate=True,
        about=_about(job),
        facts=job_facts(job),
    )


async def _restart_with(context: Context, account: Account, job: Job, count: int) -> Reply:
    if not account.provider.restart_adds:
        raise BadInput(f"a job at {account.provider.title} is restarted with what it has: leave the number out")
    _check(count, "positions", account.provider.positions_range)
    left = max(job.positions - job.done, 0)
    still = f" with the {left} that are open" if left else ""
    return await ask(
        context,
        account,
        RESTART,
        _args(job, positions=count),
        f"Restart {_name(job)} with {count} more positions, which are paid now{still}.",
        await _cost(account, job, left + count),
        estimate=True,
        about=_about(job),
        facts=job_facts(job),
    )


async def add_positions(context: Context, values: Mapping[str, Any]) -> Reply:
    account, job = await find_job(context, values, Capability.ADD_POSITIONS)
    count: int = values["positions"]
    _check(count, "positions", account.provider.positions_range)
    return await ask(
        context,
        account,
        ADD_POSITIONS,
        _args(job, positions=count),
        f"Add {count} positions to {_name(job)}: {job.positions + count} in all.",
        await _cost(account, job, count),
        estimate=True,
        about=_about(job),
        facts=job_facts(job),
    )


async def _speed(context: Context, values: Mapping[str, Any]) -> Reply:
    account, job = await find_job(context, values, Capability.SPEED)
    speed: int = values["speed"]
    _check(speed, "speed", account.provider.speed_range)
    words = f"Set the speed of {_name(job)} to {speed}."
    return await at_once(context, account, SPEED, _args(job, speed=speed), words, about=_about(job))


async def _time_to_rate(context: Context, values: Mapping[str, Any]) -> Reply:
    account, job = await find_job(context, values, Capability.TIME_TO_RATE)
    wanted: int = values["days"]
    _check(wanted, "days", account.provider.time_to_rate_range)
    words = f"Give {_name(job)} {days(wanted)} to rate"
    args = _args(job, days=wanted)
    if job.rate_within_days is not None and wanted >= job.rate_within_days:
        return await at_once(context, account, TIME_TO_RATE, args, f"{words}.", about=_about(job))
    now_days = f"{job.rate_within_days} now" if job.rate_within_days is not None else "what it has now is not told"
    lapsing = await _lapsing(context, account, job, wanted)
    return await ask(
        context,
        account,
        TIME_TO_RATE,
        args,
        f"{words} ({now_days}). {lapsing}",
        about=_about(job),
        facts=job_facts(job),
    )


async def _cost(account: Account, job: Job, count: int) -> Decimal | None:
    """Raises a provider's errors: what the limits count must be no less than what is paid, so there is no guessing."""
    return await account.ask(lambda p: p.quoted_positions(job, count))


async def _lapsing(context: Context, account: Account, job: Job, wanted: int) -> str:
    """What a shorter time would do to what waits."""
    row = await context.house.store.read(_waiting, job, context.now() - wanted * DAY_MS)
    known, late = int(row["known"]), int(row["late"] or 0)
    words = f"{late} of {known} waiting submissions would be paid at once, unrated."
    if (job.unrated or 0) > known:
        words += f" {(job.unrated or 0) - known} more wait at {account.provider.title} that are not read yet."
    return words


def _waiting(reader: Reader, job: Job, since: int) -> Row:
    (row,) = reader.q(
        """SELECT count(*) AS known, sum(submitted_at <= :since) AS late FROM submissions
           WHERE account = :account AND job_id = :job AND state IN ('new', 'shown', 'decided')""",
        account=job.account,
        job=job.id,
        since=since,
    )
    return row


def _args(job: Job, **more: int) -> dict[str, str]:
    return {"job": job.id, "before": standing(job), **{name: str(value) for name, value in more.items()}}


def _about(job: Job) -> str:
    return f"job:{job.id}"


def _name(job: Job) -> str:
    return f"“{clean(one_line(job.title), 60)}”"


def _check(value: int, name: str, limits: tuple[int, int]) -> None:
    least, most = limits
    if not least <= value <= most:
        raise BadInput(f"{name} is a number from {least} to {most} there")


POSITIONS = Param("positions", "how many", Kind.INTEGER)

COMMANDS = (
    Command(
        "job pause",
        "take a job off the market for a while; where that ends it, you are asked first",
        Role.MANAGER,
        pause,
        (JOB, ACCOUNT),
        Capability.PAUSE,
    ),
    Command(
        "job resume",
        "put a paused job back; some marketplaces need a number of new positions for it",
        Role.MANAGER,
        resume,
        (JOB, POSITIONS, ACCOUNT),
        Capability.RESUME,
    ),
    Command("job stop", "end a job for good", Role.MANAGER, stop, (JOB, ACCOUNT), Capability.STOP),
    Command(
        "job restart",
        "start a finished job again; some marketplaces can add positions with it",
        Role.MANAGER,
        restart,
        (JOB, POSITIONS, ACCOUNT),
        Capability.RESTART,
    ),
    Command(
        "job add-positions",
        "let more workers do a job",
        Role.MANAGER,
        add_positions,
        (JOB, Param("positions", "how many more", Kind.INTEGER, required=True), ACCOUNT),
        Capability.ADD_POSITIONS,
    ),
    Command(
        "job speed",
        "how fast a job is shown around",
        Role.MANAGER,
        _speed,
        (
            JOB,
            Param("speed", "in the marketplace's own measure, such as 1 to 1000", Kind.INTEGER, required=True),
            ACCOUNT,
        ),
        Capability.SPEED,
    ),
    Command(
        "job ttr",
        "how many days there are to rate, before work is paid unrated",
        Role.MANAGER,
        _time_to_rate,
        (JOB, Param("days", "how many days", Kind.INTEGER, required=True), ACCOUNT),
        Capability.TIME_TO_RATE,
    ),
)
