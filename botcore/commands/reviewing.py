"""show, approve, revise, reject, history: as commands, as buttons, and as the forms between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..access import LOCAL
from ..cards import submission_card
from ..clock import from_ms
from ..models import Role, Satisfaction, Verdict
from ..provider import Capability
from ..review import Made, NotPossible
from ..spending import OverLimit
from ..store.port import Reader, Row, StoreError
from ..text import clean, money, one_line, sentence, short_id
from ..ui import Card, Form, Reply, Result, Table, Tone
from .deciding import decide_for, held_words, still_open
from .finding import ACCOUNT, chosen_accounts, complete_submission, find_submission, pressed_number
from .parse import BadInput
from .queueing import Target, find_target, go_on
from .reasons import complete_reason, reason_filled_in, reason_inputs, reason_named
from .registry import Command, Kind, Param

if TYPE_CHECKING:
    from ..dispatch import Context

HISTORY = 30  # decisions shown at once


# commands


async def _show(context: Context, values: Mapping[str, Any]) -> Reply:
    row = await find_submission(context, values["id"], values.get("account"))
    return await _whole(context, row["id"])


async def _whole(context: Context, number: int) -> Reply:
    card = await context.house.store.read(submission_card, number, context.now(), whole=True)
    if card is None:
        raise NotPossible("there is no such submission")
    return Reply(card=card)


def _command_for(verdict: Verdict) -> Command:
    async def run(context: Context, values: Mapping[str, Any]) -> Reply:
        comment, satisfaction = reason_named(context, verdict, values.get("reason", ""), values.get("satisfaction"))
        bonus = values.get("bonus", Decimal(0))
        block = values.get("block", False)
        if block and not context.may(Role.MANAGER):
            raise NotPossible(f"to block a worker needs {Role.MANAGER.one}")
        if block and context.actor.adapter == LOCAL and not context.sure:
            said = "A worker who is blocked with a rejection stays so: run it again with `--yes`."
            return Reply(said, result=Result.NEEDS_CONFIRMATION)
        made: list[Made] = []
        lines: list[str] = []
        for text in values["ids"]:
            try:
                row = await find_submission(context, text, values.get("account"))
                if "satisfaction" in values:
                    chosen_accounts(context, {"account": row["account"]}, Capability.SATISFACTION)
                made.append(await decide_for(context, row["id"], None, verdict, satisfaction, comment, bonus, block))
                lines.append(f"{short_id(row['id'])} {verdict.past}")
            except (BadInput, NotPossible, OverLimit) as error:
                lines.append(str(error))  # the others are decided all the same
            except StoreError as error:
                lines.append(f"{text} is not saved: {error}")
        failed = len(made) < len(values["ids"])
        held = held_words(context, made)
        card = None
        if len(made) == 1 and not failed:
            card = await context.house.store.read(submission_card, made[0].submission, context.now())
        return Reply(
            f"{sentence('; '.join(lines)[:1500])} {held}".rstrip(),
            card=card,
            result=Result.REFUSED if failed else Result.DONE,
            decisions=tuple(m.id for m in made),
        )

    params = [
        Param(
            "ids",
            "submissions: A31 A32, or the marketplace's own ids",
            required=True,
            many=True,
            complete=complete_submission,
        ),
        Param(
            "reason",
            "a canned reason's label, or own words",
            Kind.TEXT,
            named_only=True,
            complete=complete_reason(verdict),
        ),
    ]
    if verdict is Verdict.APPROVE:
        params.append(Param("bonus", "dollars on top", Kind.MONEY, named_only=True, needs=Capability.BONUS))
    if verdict is not Verdict.REVISE:
        fitting = tuple(s.value for s in Satisfaction if s.verdict is verdict)
        params.append(
            Param(
                "satisfaction",
                "how well it was done",
                named_only=True,
                choices=fitting,
                needs=Capability.SATISFACTION,
            )
        )
    if verdict is Verdict.REJECT:
        params.append(
            Param(
                "block",
                "keeps the worker from your jobs too, for good; for managers",
                Kind.FLAG,
                needs=Capability.BLOCK_WHILE_RATING,
            )
        )
    what = {"approve": "pay submissions", "revise": "send submissions back", "reject": "refuse submissions"}[verdict]
    return Command(verdict.value, what, Role.REVIEWER, run, (*params, ACCOUNT), reads_work=True)


async def _history(context: Context, values: Mapping[str, Any]) -> Reply:
    rows = await context.house.store.read(_history_rows, values.get("person"), values.get("account"))
    table = Table(
        ("When", "Submission", "Decision", "By", "State", "Said"),
        tuple(
            (
                f"{from_ms(row['decided_at']):%Y-%m-%d %H:%M}",
                short_id(row["submission"]),
                row["verdict"] + (f" + {money(Decimal(row['bonus']))}" if Decimal(row["bonus"]) else ""),
                row["person"],
                row["state"] + (f" ({clean(row['message'], 80)})" if row["message"] else ""),
                one_line(row["comment"])[:80],
            )
            for row in rows
        ),
        empty="No decisions yet.",
    )
    return Reply(card=Card("History", blocks=(table,), footer=f"the newest {HISTORY}, times in UTC"))


def _history_rows(reader: Reader, person: str | None, account: str | None) -> Sequence[Row]:
    whose, newest = ("d.person = :person", "d.decided_at DESC, d.id DESC") if person else ("1", "d.id DESC")
    return reader.q(
        f"""SELECT d.* FROM decisions d JOIN submissions s ON s.id = d.submission
            WHERE {whose} AND (:account IS NULL OR s.account = :account) ORDER BY {newest} LIMIT :limit""",  # noqa: S608
        person=person,
        account=account,
        limit=HISTORY,
    )


# buttons


async def press_approve(context: Context, subject: str, revision: int) -> Reply:
    target = await find_target(context, subject, revision)

    async def approve() -> Reply:
        made = await decide_for(context, target.submission, target.revision, Verdict.APPROVE, None, "")
        return Reply(f"{target.name} approved. {held_words(context, [made])}".strip(), decisions=(made.id,))

    return await go_on(context, target, approve())


async def press_reject(context: Context, subject: str, revision: int) -> Reply:
    return await _open_form(context, subject, revision, Verdict.REJECT)


async def press_revise(context: Context, subject: str, revision: int) -> Reply:
    return await _open_form(context, subject, revision, Verdict.REVISE)


async def press_all(context: Context, subject: str, revision: int) -> Reply:
    return await _whole(context, pressed_number(subject))


async def _open_form(context: Context, subject: str, revision: int, verdict: Verdict, error: str = "") -> Reply:
    """`error`: what was wrong with the one that was filled in."""
    target = await find_target(context, subject, revision)

    async def ask() -> Reply:
        await still_open(context, target.submission)
        form = _reason_form(context, subject, revision, target, verdict, error)
        return Reply(form=form, result=Result.REFUSED if error else Result.DONE)

    return await go_on(context, target, ask())


# forms


async def submit_reject(context: Context, subject: str, revision: int, values: Mapping[str, str]) -> Reply:
    return await _submit_reason(context, subject, revision, values, Verdict.REJECT)


async def submit_revise(context: Context, subject: str, revision: int, values: Mapping[str, str]) -> Reply:
    return await _submit_reason(context, subject, revision, values, Verdict.REVISE)


async def _submit_reason(
    context: Context, subject: str, revision: int, values: Mapping[str, str], verdict: Verdict
) -> Reply:
    comment, satisfaction = reason_filled_in(context, verdict, values)
    if not comment:
        said = "choose a reason or write one: the worker is told why"
        return await _open_form(context, subject, revision, verdict, said)
    target = await find_target(context, subject, revision)

    async def decide_so() -> Reply:
        made = await decide_for(context, target.submission, target.revision, verdict, satisfaction, comment)
        return Reply(f"{target.name} {verdict.past}. {held_words(context, [made])}".strip(), decisions=(made.id,))

    return await go_on(context, target, decide_so())


def _reason_form(context: Context, subject: str, revision: int, target: Target, verdict: Verdict, error: str) -> Form:
    label = verdict.value.capitalize()
    tone = Tone.DANGER if verdict is Verdict.REJECT else Tone.WARNING
    inputs = reason_inputs(context, verdict, error)
    return Form(f"{verdict}:{subject}:{revision}", f"{label} {target.name}", inputs, label, tone)


COMMANDS = (
    Command(
        "show",
        "everything about a submission",
        Role.VIEWER,
        _show,
        (
            Param("id", "A31, or the marketplace's own id", required=True, complete=complete_submission),
            ACCOUNT,
        ),
        reads_work=True,
    ),
    *(_command_for(verdict) for verdict in (Verdict.APPROVE, Verdict.REVISE, Verdict.REJECT)),
    Command(
        "history",
        "what was decided, by whom",
        Role.VIEWER,
        _history,
        (Param("person", "only theirs", named_only=True), ACCOUNT),
    ),
)
