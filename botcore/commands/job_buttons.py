"""Pause, Resume, Stop, Restart, Add positions and Clone, on the card of a job."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..accounts import Account, known_job
from ..job_cards import named_job, parse_job
from ..text import clean, one_line
from ..ui import Form, Input, InputKind, Reply, Result
from .job_changes import add_positions, resume
from .parse import BadInput
from .posting import clone_job

if TYPE_CHECKING:
    from ..dispatch import Context

Run = Callable[["Context", Mapping[str, Any]], Awaitable[Reply]]


async def press_job(context: Context, subject: str, revision: int, run: Run) -> Reply:
    """What the command of that name does, of the job that the card is about."""
    return await run(context, await _job(context, subject))


async def press_resume(context: Context, subject: str, revision: int) -> Reply:
    """Where resuming takes new positions, how many is asked first."""
    values = await _job(context, subject)
    if context.house.accounts[values["account"]].provider.resume_needs_positions:
        return Reply(form=await _how_many(context, "job-resume", subject, values))
    return await resume(context, values)


async def press_add(context: Context, subject: str, revision: int) -> Reply:
    return Reply(form=await _how_many(context, "job-add", subject, await _job(context, subject)))


async def submit_add(context: Context, subject: str, revision: int, values: Mapping[str, str]) -> Reply:
    return await _with_count(context, "job-add", subject, values, add_positions)


async def submit_resume(context: Context, subject: str, revision: int, values: Mapping[str, str]) -> Reply:
    return await _with_count(context, "job-resume", subject, values, resume)


async def press_clone(context: Context, subject: str, revision: int) -> Reply:
    values = await _job(context, subject)
    account: Account = context.house.accounts[values["account"]]
    return await clone_job(context, account, values["job"])


async def _with_count(context: Context, verb: str, subject: str, values: Mapping[str, str], run: Run) -> Reply:
    job = await _job(context, subject)
    typed = values.get("positions", "").strip()
    if not typed.isascii() or not typed.isdigit() or len(typed) > 7:
        form = await _how_many(context, verb, subject, job, typed, "a whole number, such as 10")
        return Reply(form=form, result=Result.REFUSED)
    try:
        return await run(context, {**job, "positions": int(typed)})
    except BadInput as error:
        return Reply(form=await _how_many(context, verb, subject, job, typed, str(error)), result=Result.REFUSED)


async def _how_many(
    context: Context, verb: str, subject: str, values: Mapping[str, str], typed: str = "", error: str = ""
) -> Form:
    job = await context.house.store.read(known_job, values["account"], values["job"])
    title = f"“{clean(one_line(job.title), 60)}”" if job else values["job"]
    inputs = (Input("positions", "New positions", InputKind.NUMBER, True, typed, error=error, max_length=7),)
    return Form(f"{verb}:{subject}:0", f"How many for {title}?", inputs, "Go on")


async def _job(context: Context, subject: str) -> dict[str, str]:
    """The job that a button names, as commands take it. Raises `BadInput`."""
    number = parse_job(subject)
    row = None if number is None else await context.house.store.read(named_job, number)
    if row is None:
        raise BadInput("this button cannot be read: look at the newest card")
    if row["account"] not in context.house.accounts:
        raise BadInput(f"{row['account']} is no longer configured")
    return {"account": row["account"], "job": row["job_id"]}
