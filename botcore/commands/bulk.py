"""approve-all and reject-all: first what it would come to, then Confirm, then how it goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..accounts import can_serve, known_job
from ..bulk.asking import (
    Confirmer,
    FlaggedSince,
    NeedsNumber,
    Wanted,
    cancel,
    confirm,
    first_of,
    look_again,
    parse_bulk,
    quote,
    submissions,
)
from ..bulk.cards import bulk_card, results_card
from ..bulk.desk import undo_all
from ..models import Role, Satisfaction, Verdict
from ..provider import Capability
from ..review import NotPossible
from ..store.port import Reader
from ..text import clean, sentence
from ..ui import Card, Form, Input, InputKind, Reply, Result, Tone
from .completing import complete_job
from .confirming import check_first
from .finding import ACCOUNT, chosen_accounts, pressed_submission
from .parse import BadInput, shown
from .reasons import complete_reason, reason_filled_in, reason_inputs, reason_named
from .registry import Command, Kind, Param
from .undoing import undone

if TYPE_CHECKING:
    from ..dispatch import Context

NUMBER = re.compile("[0-9]{1,9}")

# commands


async def _approve_all(context: Context, values: Mapping[str, Any]) -> Reply:
    return await _ask(context, Verdict.APPROVE, values, await _account(context, values))


async def _reject_all(context: Context, values: Mapping[str, Any]) -> Reply:
    comment, satisfaction = reason_named(context, Verdict.REJECT, values["reason"])
    account = await _account(context, values)
    return await _ask(context, Verdict.REJECT, values, account, comment, satisfaction)


async def _show(context: Context, values: Mapping[str, Any]) -> Reply:
    number = parse_bulk(values["bulk"].lower()) or 0
    card, results = await _card(context, number), await context.house.store.read(results_card, number)
    if card is None or results is None:
        raise BadInput(f"there is no {shown(values['bulk'])}; they are called b-7 and the like")
    return Reply(card=replace(card, blocks=(*card.blocks, *results.blocks), footer=results.footer or card.footer))


async def _account(context: Context, values: Mapping[str, Any]) -> str:
    """The account that has the job. Raises `BadInput`, also where it is in two."""
    job: str = values["job"]
    names = [account.name for account in chosen_accounts(context, values)]
    having = [name for name in names if await context.house.store.read(known_job, name, job)]
    if not having:
        raise BadInput(f"there is no job {shown(job)}; see `pending`")
    if len(having) > 1:
        raise BadInput(f"{shown(job)} is in several accounts: say account= one of {', '.join(having)}")
    return having[0]


async def _ask(
    context: Context,
    verdict: Verdict,
    values: Mapping[str, Any],
    account: str,
    comment: str = "",
    satisfaction: Satisfaction | None = None,
) -> Reply:
    if not can_serve(context.house.accounts[account], Capability.SATISFACTION):
        satisfaction = None
    wanted = Wanted(
        account=account,
        job_id=values["job"],
        verdict=verdict,
        person=context.person.name,
        via=context.actor.adapter,
        comment=clean(comment).strip()[:2000],
        satisfaction=satisfaction,
        worker=values.get("worker", ""),
        without_flags=values.get("without-flags", False),
        typed=values.get("number"),
    )
    number = await context.house.store.tx(quote, wanted, context.now())
    return Reply(card=await _card(context, number), result=Result.NEEDS_CONFIRMATION, bulks=(number,))


# buttons


async def press_approve_all(context: Context, subject: str, revision: int) -> Reply:
    """Approve all of this job, from the menu of one of its submissions."""
    row = await pressed_submission(context, subject)
    chosen_accounts(context, row)
    return await _ask(context, Verdict.APPROVE, {"job": row["job_id"]}, row["account"])


async def press_reject_all(context: Context, subject: str, revision: int) -> Reply:
    row = await pressed_submission(context, subject)
    count = await context.house.store.read(_waiting, row["account"], row["job_id"])
    if not count:
        raise NotPossible("nothing waits to be decided there")
    return Reply(form=_reject_form(context, subject, revision, count))


async def press_confirm_all(context: Context, subject: str, revision: int) -> Reply:
    return await _confirm(context, subject, revision)


async def press_cancel_all(context: Context, subject: str, revision: int) -> Reply:
    number = _number(subject)
    who = (context.person.name, context.person.role, context.actor.adapter)
    await context.house.store.tx(cancel, number, *who, context.now())
    return Reply("Cancelled; nothing was done.", card=await _card(context, number), replaces=True)


async def press_undo_all(context: Context, subject: str, revision: int) -> Reply:
    who = (context.person.name, context.actor.adapter, context.now())
    back = await context.house.store.tx(undo_all, _number(subject), *who)
    return Reply(undone(f"{submissions(back)} of {subject}", back))


async def press_results(context: Context, subject: str, revision: int) -> Reply:
    card = await context.house.store.read(results_card, _number(subject))
    if card is None:
        raise NotPossible(f"there is no {subject}")
    return Reply(card=card)


# forms


async def submit_reject_all(context: Context, subject: str, revision: int, values: Mapping[str, str]) -> Reply:
    """The reason and the number, typed before anybody has seen examples: Confirm asks once more, without the number."""
    row = await pressed_submission(context, subject)
    chosen_accounts(context, row)
    comment, satisfaction = reason_filled_in(context, Verdict.REJECT, values)
    count = await context.house.store.read(_waiting, row["account"], row["job_id"])
    if not comment:
        said = "choose a reason or write one: the workers are told why"
        form = _reject_form(context, subject, revision, count, reason_error=said)
        return Reply(form=form, result=Result.REFUSED)
    asked = {"job": row["job_id"], "number": _typed(values)}
    try:
        return await _ask(context, Verdict.REJECT, asked, row["account"], comment, satisfaction)
    except NeedsNumber as error:
        form = _reject_form(context, subject, revision, count, number_error=str(error))
        return Reply(form=form, result=Result.REFUSED)


async def submit_confirm_all(context: Context, subject: str, revision: int, values: Mapping[str, str]) -> Reply:
    return await _confirm(context, subject, revision, _typed(values))


async def _confirm(context: Context, subject: str, revision: int, typed: int | None = None) -> Reply:
    number = _number(subject)
    await check_first(context, await context.house.store.read(first_of, number), Role.MANAGER)
    who = Confirmer(
        person=context.person.name,
        role=context.person.role,
        via=context.actor.adapter,
        hold_ms=None if context.immediate else context.hold_ms,
        typed=typed,
        alone=not await context.house.people.others(Role.MANAGER, context.person.name),
        seen=revision - 1 if revision else None,  # 0: of a card that was drawn by an older version, or of none
    )
    try:
        gone = await context.house.store.tx(confirm, number, who, context.house.limits, context.now())
    except FlaggedSince as error:
        await context.house.store.tx(look_again, number)
        words = f"{sentence(str(error))} Look at it again before you confirm."
        card = await _card(context, number)
        return Reply(words, card=card, result=Result.NEEDS_CONFIRMATION, bulks=(number,), replaces=True)
    except NeedsNumber as error:
        form = Form(
            f"confirm-all:{subject}:{revision}",
            "Confirm the rejection",
            (_number_input("" if typed is None else str(error)),),
            "Reject",
            Tone.DANGER,
            sentence(str(error)),
        )
        result = Result.NEEDS_CONFIRMATION if typed is None else Result.REFUSED
        told = f"{sentence(str(error))} With a command: number={error.count}."
        return Reply(told, form=form, result=result, bulks=(number,))
    return Reply(
        "Confirmed." if gone else "A second manager must confirm this too: a card asks for one.",
        card=await _card(context, number),
        result=Result.DONE if gone else Result.NEEDS_CONFIRMATION,
        bulks=(number,),
        replaces=True,
    )


def _reject_form(
    context: Context,
    subject: str,
    revision: int,
    count: int,
    *,
    reason_error: str = "",
    number_error: str = "",
) -> Form:
    return Form(
        f"reject-all:{subject}:{revision}",
        "Reject all of this job",
        (
            *reason_inputs(context, Verdict.REJECT, reason_error),
            _number_input(number_error),
        ),
        "Go on",
        Tone.DANGER,
        f"{submissions(count)} of this job wait{'s' if count == 1 else ''}. "
        "You see some of them before anything is rejected.",
    )


def _number_input(error: str = "") -> Input:
    return Input("number", "How many are rejected", InputKind.NUMBER, True, help="type the number", error=error)


def _typed(values: Mapping[str, str]) -> int:
    """The number that was typed; -1, which nothing ever is, for what is none."""
    text = values.get("number", "").strip()
    return int(text) if NUMBER.fullmatch(text) else -1


def _waiting(reader: Reader, account: str, job: str) -> int:
    count: int = reader.value(
        """SELECT count(*) FROM submissions WHERE account = :account AND job_id = :job
           AND state IN ('new', 'shown', 'decided') AND state != 'decided'""",
        account=account,
        job=job,
    )
    return count


async def _card(context: Context, number: int) -> Card | None:
    return await context.house.store.read(bulk_card, number, context.now())


def _number(subject: str) -> int:
    number = parse_bulk(subject)
    if number is None:
        raise BadInput("this button cannot be read: look at the newest card")
    return number


JOB = Param("job", "the job's id at the marketplace", required=True, complete=complete_job)
WORKER = Param("worker", "only what this worker handed in", named_only=True)
WITHOUT_FLAGS = Param("without-flags", "leave out what is flagged", Kind.FLAG, named_only=True)
REASON = Param(
    "reason",
    "a canned reason's label, or own words",
    Kind.TEXT,
    required=True,
    named_only=True,
    complete=complete_reason(Verdict.REJECT),
)
NUMBER_PARAM = Param("number", "how many they are, to be sure", Kind.INTEGER, named_only=True)

COMMANDS = (
    Command(
        "approve-all",
        "pay all that waits of a job",
        Role.REVIEWER,
        _approve_all,
        (JOB, WORKER, WITHOUT_FLAGS, ACCOUNT),
        reads_work=True,
    ),
    Command(
        "reject-all",
        "refuse all that waits of a job",
        Role.MANAGER,
        _reject_all,
        (JOB, REASON, NUMBER_PARAM, WORKER, WITHOUT_FLAGS, ACCOUNT),
        reads_work=True,
    ),
    Command(
        "bulk show",
        "how an approve-all or reject-all went",
        Role.VIEWER,
        _show,
        (Param("bulk", "its name, such as b-7", required=True),),
    ),
)
