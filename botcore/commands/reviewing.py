"""show, approve, revise, reject, undo, history: as commands, as buttons, and as the forms between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .. import operations, rating
from ..cards import DOUBT, submission_card
from ..clock import from_ms
from ..models import Role, Satisfaction, Verdict
from ..provider import Capability
from ..queues import hand_back
from ..review import Ask, Made, NotPossible, TooLate, current_decision, decide, last_undoable, undo
from ..spending import OverLimit
from ..store.port import Reader, Row, StoreError, Tx
from ..text import clean, money, one_line, parse_short_id, short_id
from ..ui import Button, Card, Choice, Form, Input, InputKind, Reply, Result, Table, Tone
from .finding import ACCOUNT, chosen_accounts, complete_submission, find_submission
from .parse import BadInput, parse_money
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
            raise NotPossible("to block a worker needs a manager")
        made: list[Made] = []
        lines: list[str] = []
        for text in values["ids"]:
            try:
                row = await find_submission(context, text, values.get("account"))
                if block:
                    chosen_accounts(context, {"account": row["account"]}, Capability.BLOCK_WHILE_RATING)
                made.append(await _decide(context, row["id"], None, verdict, satisfaction, comment, bonus, block))
                lines.append(f"{short_id(row['id'])} {verdict.past}")
            except (BadInput, NotPossible, OverLimit) as error:
                lines.append(str(error))  # the others are decided all the same
            except StoreError as error:
                lines.append(f"{text} is not saved: {error}")
        failed = len(made) < len(values["ids"])
        held = _held_words(context, made)
        card = None
        if len(made) == 1 and not failed:
            card = await context.house.store.read(submission_card, made[0].submission, context.now())
        return Reply(
            "; ".join(lines)[:1500] + f". {held}".rstrip(),
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
        params.append(Param("bonus", "dollars on top", Kind.MONEY, named_only=True))
    if verdict is not Verdict.REVISE:
        fitting = tuple(s.value for s in Satisfaction if s.verdict is verdict)
        params.append(Param("satisfaction", "how well it was done", named_only=True, choices=fitting))
    if verdict is Verdict.REJECT:
        params.append(Param("block", "keeps the worker from your jobs too, for good; for managers", Kind.FLAG))
    what = {"approve": "pay submissions", "revise": "send submissions back", "reject": "refuse submissions"}[verdict]
    return Command(verdict.value, what, Role.REVIEWER, run, (*params, ACCOUNT), reads_work=True)


async def _undo(context: Context, values: Mapping[str, Any]) -> Reply:
    store = context.house.store
    if "id" in values:
        row = await find_submission(context, values["id"], values.get("account"))
        return await _undo_submission(context, row["id"])
    decision = await store.read(last_undoable, context.person.name, context.now())
    if decision is None:
        raise NotPossible("none of your decisions can be undone any more")
    number = await store.tx(undo, decision, context.person.name, context.actor.adapter, context.now())
    return Reply(f"Undone: {short_id(number)} waits again.")


async def _undo_submission(context: Context, number: int, queue: Row | None = None) -> Reply:
    """Takes a decision back; where that was asked in a queue, the submission is in its hand again."""

    def take_back(tx: Tx) -> None:
        decision = current_decision(tx, number)
        if decision is None:
            raise NotPossible(f"nobody has decided {short_id(number)}")
        undo(tx, decision["id"], context.person.name, context.actor.adapter, context.now())
        if queue:
            hand_back(tx, queue["id"], number, context.now())

    await context.house.store.tx(take_back)
    return Reply(f"Undone: {short_id(number)} waits again.")


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
        made = await _decide(context, target.submission, target.revision, Verdict.APPROVE, None, "", Decimal(0))
        return Reply(f"{target.name} approved. {_held_words(context, [made])}".strip(), decisions=(made.id,))

    return await go_on(context, target, approve())


async def press_reject(context: Context, subject: str, revision: int) -> Reply:
    return await _open_form(context, subject, revision, Verdict.REJECT)


async def press_revise(context: Context, subject: str, revision: int) -> Reply:
    return await _open_form(context, subject, revision, Verdict.REVISE)


async def press_undo(context: Context, subject: str, revision: int) -> Reply:
    target = await find_target(context, subject, revision)
    return await go_on(context, target, _undo_submission(context, target.submission, target.queue))


async def press_all(context: Context, subject: str, revision: int) -> Reply:
    return await _whole(context, _number(subject))


async def press_doubt(context: Context, subject: str, revision: int, answer: str) -> Reply:
    """It went through / Send again / Leave it, of a submission or an operation."""
    who = (context.person.name, context.actor.adapter, context.now())
    store = context.house.store
    if operation := operations.parse_operation(subject):
        await _check_role(context, operation)
        await store.tx(
            operations.answer_doubt, operation, answer, *who[:2], context.house.kinds, context.house.limits, who[2]
        )
    else:
        decision = await store.read(current_decision, _number(subject))
        if decision is None:
            raise NotPossible("this is settled already")
        await store.tx(rating.answer_doubt, decision["id"], answer, *who)
    return Reply(f"{dict(DOUBT)[answer]}: noted for {subject}.")


async def _check_role(context: Context, operation: int) -> None:
    """Who may not let an operation go may not say what became of it either."""
    kind = await context.house.store.read(lambda r: r.value("SELECT kind FROM operations WHERE id = :id", id=operation))
    known = context.house.kinds.get(kind) if kind else None
    needed = known.role if known else Role.OWNER
    if not context.may(needed):
        raise NotPossible(f"this needs a role of {needed} or above")


async def press_bonus(context: Context, subject: str, revision: int) -> Reply:
    limit = context.house.limits.max_bonus
    if limit is None:
        raise OverLimit("bonuses are off: set max_bonus under [limits] in the config to allow them")
    await _still_open(context, _number(subject))
    return Reply(form=_bonus_form(subject, revision, limit))


async def _open_form(context: Context, subject: str, revision: int, verdict: Verdict) -> Reply:
    target = await find_target(context, subject, revision)

    async def ask() -> Reply:
        await _still_open(context, target.submission)
        return Reply(form=_reason_form(context, subject, revision, target, verdict))

    return await go_on(context, target, ask())


async def _still_open(context: Context, number: int) -> None:
    """Nobody fills in a form for what is decided already."""
    from ..review import why_closed

    def check(reader: Reader) -> None:
        row = reader.one("SELECT * FROM submissions WHERE id = :id", id=number)
        if row is None:
            raise NotPossible("there is no such submission")
        if row["state"] not in ("new", "shown"):
            raise TooLate(why_closed(reader, row))

    await context.house.store.read(check)


# forms


async def submit_reject(context: Context, subject: str, revision: int, values: Mapping[str, str]) -> Reply:
    return await _submit_reason(context, subject, revision, values, Verdict.REJECT)


async def submit_revise(context: Context, subject: str, revision: int, values: Mapping[str, str]) -> Reply:
    return await _submit_reason(context, subject, revision, values, Verdict.REVISE)


async def _submit_reason(
    context: Context, subject: str, revision: int, values: Mapping[str, str], verdict: Verdict
) -> Reply:
    comment, satisfaction = reason_filled_in(context, verdict, values)
    target = await find_target(context, subject, revision)
    if not comment:
        said = "choose a reason or write one: the worker is told why"
        return Reply(form=_reason_form(context, subject, revision, target, verdict, said), result=Result.REFUSED)

    async def decide_so() -> Reply:
        made = await _decide(context, target.submission, target.revision, verdict, satisfaction, comment, Decimal(0))
        return Reply(f"{target.name} {verdict.past}. {_held_words(context, [made])}".strip(), decisions=(made.id,))

    return await go_on(context, target, decide_so())


async def submit_bonus(context: Context, subject: str, revision: int, values: Mapping[str, str]) -> Reply:
    limit = context.house.limits.max_bonus or Decimal(0)
    try:
        bonus = parse_money(values.get("bonus", ""), "a bonus")
    except BadInput as error:
        return Reply(form=_bonus_form(subject, revision, limit, str(error), values), result=Result.REFUSED)
    if bonus > limit:
        said = f"at most {money(limit)}, which is max_bonus"
        return Reply(form=_bonus_form(subject, revision, limit, said, values), result=Result.REFUSED)
    satisfaction = Satisfaction(s) if (s := values.get("satisfaction")) in ("excellent", "good", "ok") else None
    comment = clean(values.get("words", "")).strip()
    made = await _decide(context, _number(subject), revision, Verdict.APPROVE, satisfaction, comment, bonus)
    words = f"{subject} approved with a bonus of {money(bonus)}." if bonus else f"{subject} approved."
    return Reply(f"{words} {_held_words(context, [made])}".strip(), decisions=(made.id,))


def _reason_form(
    context: Context, subject: str, revision: int, target: Target, verdict: Verdict, error: str = ""
) -> Form:
    label = verdict.value.capitalize()
    tone = Tone.DANGER if verdict is Verdict.REJECT else Tone.WARNING
    inputs = reason_inputs(context, verdict, error)
    return Form(f"{verdict}:{subject}:{revision}", f"{label} {target.name}", inputs, label, tone)


def _bonus_form(
    subject: str, revision: int, limit: Decimal, error: str = "", values: Mapping[str, str] | None = None
) -> Form:
    values = values or {}
    happy = (
        Choice("", "not said"),
        Choice("excellent", "Excellent"),
        Choice("good", "Good"),
        Choice("ok", "OK"),
    )
    return Form(
        f"bonus:{subject}:{revision}",
        f"Approve {subject} with a bonus",
        (
            Input(
                "bonus",
                "Bonus in dollars",
                InputKind.MONEY,
                True,
                values.get("bonus", ""),
                help=f"at most {money(limit)}",
                error=error,
            ),
            Input(
                "satisfaction",
                "Satisfaction",
                InputKind.CHOICE,
                value=values.get("satisfaction", ""),
                choices=happy,
            ),
            Input("words", "Words to the worker", InputKind.PARAGRAPH, value=values.get("words", "")),
        ),
        "Approve",
        Tone.SUCCESS,
    )


# shared


async def _decide(
    context: Context,
    number: int,
    revision: int | None,
    verdict: Verdict,
    satisfaction: Satisfaction | None,
    comment: str,
    bonus: Decimal,
    block: bool = False,
) -> Made:
    ask = Ask(
        submission=number,
        verdict=verdict,
        person=context.person.name,
        via=context.actor.adapter,
        hold_ms=context.hold_ms,
        satisfaction=satisfaction,
        comment=clean(comment).strip()[:2000],
        bonus=bonus,
        block=block,
        revision=revision,
    )
    made = await context.house.store.tx(_decide_if_configured, context, ask, context.now())
    context.house.decided(made)
    return made


def _decide_if_configured(tx: Tx, context: Context, ask: Ask, now: int) -> Made:
    """A decision that could never leave is not taken."""
    account = tx.value("SELECT account FROM submissions WHERE id = :id", id=ask.submission)
    if account is not None and account not in context.house.accounts:
        raise NotPossible(f"the account {account} is not in the config any more")
    return decide(tx, ask, context.house.limits, now)


def _number(subject: str) -> int:
    number = parse_short_id(subject)
    if number is None:
        raise BadInput("this button cannot be read: look at the newest card")
    return number


def _held_words(context: Context, made: Sequence[Made]) -> str:
    left = max((m.due_at for m in made), default=0) - context.now()
    return f"Undo within {-(-left // 1000)} s." if left > 0 else ""


def more_card(name: str, revision: int, *, waiting: bool, bonus: bool) -> Card:
    """The menu behind More."""
    buttons = [Button(f"bonus:{name}:{revision}", "Approve with a bonus…", Tone.SUCCESS)] if waiting and bonus else []
    buttons += [
        Button(f"all:{name}:{revision}", "Everything submitted"),
        Button(f"record:{name}:{revision}", "Worker's record"),
        Button(f"list:{name}:{revision}", "Add to a list…"),
        Button(f"block:{name}:{revision}", "Block the worker…", Tone.DANGER),
    ]
    if waiting:
        buttons += [
            Button(f"approve-all:{name}:{revision}", "Approve all of this job…", Tone.SUCCESS),
            Button(f"reject-all:{name}:{revision}", "Reject all of this job…", Tone.DANGER),
        ]
    return Card(f"More for {name}", buttons=tuple(buttons))


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
        "undo",
        "take back your last decision, or the one on a submission",
        Role.REVIEWER,
        _undo,
        (Param("id", "A31; left out: your last", complete=complete_submission), ACCOUNT),
    ),
    Command(
        "history",
        "what was decided, by whom",
        Role.VIEWER,
        _history,
        (Param("person", "only theirs", named_only=True), ACCOUNT),
    ),
)
