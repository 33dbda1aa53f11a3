"""The operations of the core: on workers, and on a job's life."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from .accounts import move_deadlines
from .catalogue import LISTS, ask_for
from .kinds import Args, Found, Kinds, OperationKind
from .models import Job, JobChange, Role
from .provider import Provider
from .store.port import Tx
from .text import days, money


def standing(job: Job) -> str:
    """How a job stands, in a few words."""
    return f"{job.status_text.lower()}, {job.done} of {job.positions} positions done"


async def look_at_job(provider: Provider, args: Args) -> Found:
    """Reads the job `args["job"]` again; `args["before"]` is how it stood when the operation was quoted."""
    job = await provider.job(args["job"])
    before = f" (before: {args['before']})" if args.get("before", standing(job)) != standing(job) else ""
    return Found(f"The job is {standing(job)}{before}.", job)


async def _look_at_time(provider: Provider, args: Args) -> Found:
    job = await provider.job(args["job"])
    if job.rate_within_days is None:
        return Found("The marketplace does not say how many days there are to rate now.", job)
    return Found(f"There {'is' if job.rate_within_days == 1 else 'are'} {days(job.rate_within_days)} to rate now.", job)


async def _look_at_list(provider: Provider, args: Args) -> Found:
    """How many are on it tells whether anybody was left out."""
    found = next((one for one in await provider.lists() if one.id == args["list"]), None)
    if found is None or found.workers is None:
        return Found(f"{provider.title} does not say how many are on the list.")
    before = f" (before: {args['before']})" if args.get("before") else ""
    return Found(f"The list has {found.workers} workers{before}.")


def _read_lists_again(tx: Tx, account: str, args: Args) -> None:
    ask_for(tx, account, LISTS)


async def look_at_balance(provider: Provider, args: Args) -> Found:
    """Reads what the account can spend now."""
    balance = await provider.balance()
    return Found(f"The account can spend {money(balance.spendable)} now.")


def _workers(args: Args) -> list[str]:
    return args["workers"].split(",")


def _mark_blocked(blocked: bool) -> Callable[[Tx, str, Args], None]:
    def mark(tx: Tx, account: str, args: Args) -> None:
        for worker in _workers(args):
            tx.q(
                """INSERT INTO worker_records (account, worker_id, blocked) VALUES (:account, :worker, :blocked)
                   ON CONFLICT (account, worker_id) DO UPDATE SET blocked = excluded.blocked""",
                account=account,
                worker=worker,
                blocked=blocked,
            )

    return mark


async def _resume(provider: Provider, args: Args) -> JobChange:
    return await provider.resume(args["job"], _positions(args))


async def _restart(provider: Provider, args: Args) -> JobChange:
    return await provider.restart(args["job"], _positions(args))


async def price_of_positions(provider: Provider, args: Args) -> Decimal | None:
    """What `args["positions"]` more positions of a job cost now; nothing where none are asked for."""
    if "positions" not in args:
        return Decimal(0)
    return await provider.quoted_positions(await provider.job(args["job"]), int(args["positions"]))


async def price_of_restart(provider: Provider, args: Args) -> Decimal | None:
    """What it costs now to start a job again: its open positions with those that are added, or all of them."""
    if not provider.restart_costs:
        return Decimal(0)
    job = await provider.job(args["job"])
    if "positions" not in args:
        return provider.cost_of_positions(job, job.positions)
    return await provider.quoted_positions(job, max(job.positions - job.done, 0) + int(args["positions"]))


async def price_as_asked(provider: Provider, args: Args) -> Decimal | None:
    """What costs the amount that was asked for, whenever it is done."""
    return Decimal(args["amount"])


def _positions(args: Args) -> int | None:
    return int(args["positions"]) if "positions" in args else None


def _move_deadlines(tx: Tx, account: str, args: Args) -> None:
    move_deadlines(tx, account, args["job"], int(args["days"]))


BLOCK = OperationKind("block", Role.MANAGER, lambda p, a: p.block(_workers(a)), True, _mark_blocked(True))
UNBLOCK = OperationKind("unblock", Role.MANAGER, lambda p, a: p.unblock(_workers(a)), True, _mark_blocked(False))
ADD_TO_LIST = OperationKind(
    "add to list",
    Role.REVIEWER,
    lambda p, a: p.add_to_list(a["list"], _workers(a)),
    True,
    _read_lists_again,
    _look_at_list,
)

PAUSE = OperationKind("pause job", Role.MANAGER, lambda p, a: p.pause(a["job"]), True, look=look_at_job)
RESUME = OperationKind("resume job", Role.MANAGER, _resume, look=look_at_job, price=price_of_positions)
STOP = OperationKind("stop job", Role.MANAGER, lambda p, a: p.stop(a["job"]), True, look=look_at_job)
RESTART = OperationKind("restart job", Role.MANAGER, _restart, look=look_at_job, price=price_of_restart)
ADD_POSITIONS = OperationKind(
    "add positions",
    Role.MANAGER,
    lambda p, a: p.add_positions(a["job"], int(a["positions"])),
    look=look_at_job,
    price=price_of_positions,
)
SPEED = OperationKind(
    "set speed", Role.MANAGER, lambda p, a: p.set_speed(a["job"], int(a["speed"])), True, look=look_at_job
)
TIME_TO_RATE = OperationKind(
    "set time to rate",
    Role.MANAGER,
    lambda p, a: p.set_time_to_rate(a["job"], int(a["days"])),
    True,
    _move_deadlines,
    _look_at_time,
)

CORE_KINDS: Kinds = {
    kind.name: kind
    for kind in (
        BLOCK,
        UNBLOCK,
        ADD_TO_LIST,
        PAUSE,
        RESUME,
        STOP,
        RESTART,
        ADD_POSITIONS,
        SPEED,
        TIME_TO_RATE,
    )
}
