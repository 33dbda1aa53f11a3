"""show, approve, revise, reject, undo, history: as commands, as buttons, and as the forms between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .. import operations, rating
from ..cards import DOUBT, submission_card
from ..clock import from_ms
from ..models import Role, Satisfaction, Verdict
from ..review import Ask, Made, NotPossible, TooLate, current_decision, decide, last_undoable, undo
from ..settings import Reason
from ..spending import OverLimit
from ..store.port import Reader, Row, StoreError
from ..text import clean, money, one_line, parse_short_id, short_id
from ..ui import Button, Card, Choice, Form, Input, InputKind, Reply, Result, Table, Tone
from .finding import ACCOUNT, complete_submission, find_submission
from .parse import BadInput, parse_money
from .registry import Command, Kind, Param

if TYPE_CHECKING:
    from ..dispatch import Context

OWN_WORDS = "Own words"
HISTORY = 30  # decisions shown at once


def reasons_for(context: Context, verdict: Verdict) -> list[Reason]:
    return [reason for reason in context.house.reasons if reason.verdict == verdict]


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
        comment, satisfaction = _reason(context, verdict, values.get("reason", ""), values.get("satisfaction"))
        bonus = values.get("bonus", Decimal(0))
        made: list[Made] = []
        lines: list[str] = []
        for text in values["ids"]:
            try:
                row = await find_submission(context, text, values.get("account"))
                made.append(await _decide(context, row["id"], None, verdict, satisfaction, comment, bonus))
                lines.append(f"{short_id(row['id'])} {verdict.past}")
            except (BadInput, NotPossible, OverLimit, StoreError) as error:
                lines.append(str(error))  # the others are decided all the same
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
            complete=_complete_reason(verdict),
        ),
    ]
    if verdict is Verdict.APPROVE:
        params.append(Param("bonus", "dollars on top", Kind.MONEY, named_only=True))
    if verdict is not Verdict.REVISE:
        fitting = tuple(s.value for s in Satisfaction if s.verdict is verdict)
        params.append(Param("satisfaction", "how well it was done", named_only=True, choices=fitting))
    what = {"approve": "pay submissions", "revise": "send submissions back", "reject": "refuse submissions"}[verdict]
    return Command(verdict.value, what, Role.REVIEWER, run, (*params, ACCOUNT), reads_work=True)


def _complete_reason(verdict: Verdict) -> Any:
    async def complete(context: Context, typed: str) -> Sequence[Any]:
        from ..ui import Completion

        return [
            Completion(f'"{reason.label}"' if " " in reason.label else reason.label, reason.label, reason.text)
            for reason in reasons_for(context, verdict)
            if reason.label.lower().startswith(typed.lower().lstrip('"'))
        ]

    return complete


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


async def _undo_submission(context: Context, number: int) -> Reply:
    decision = await context.house.store.read(current_decision, number)
    if decision is None:
        raise NotPossible(f"nobody has decided {short_id(number)}")
    await context.house.store.tx(undo, decision["id"], context.person.name, context.actor.adapter, context.now())
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
    return reader.q(
        """SELECT d.* FROM decisions d JOIN submissions s ON s.id = d.submission
           WHERE (:person IS NULL OR d.person = :person) AND (:account IS NULL OR s.account = :account)
           ORDER BY d.id DESC LIMIT :limit""",
        person=person,
        account=account,
        limit=HISTORY,
    )


# buttons


async def press_approve(context: Context, subject: str, revision: int) -> Reply:
    made = await _decide(context, _number(subject), revision, Verdict.APPROVE, None, "", Decimal(0))
    return Reply(f"{subject} approved. {_held_words(context, [made])}".strip(), decisions=(made.id,))


async def press_reject(context: Context, subject: str, revision: int) -> Reply:
    return await _open_form(context, subject, revision, Verdict.REJECT)


async def press_revise(context: Context, subject: str, revision: int) -> Reply:
    return await _open_form(context, subject, revision, Verdict.REVISE)


async def press_undo(context: Context, subject: str, revision: int) -> Reply:
    return await _undo_submission(context, _number(subject))


async def press_all(context: Context, subject: str, revision: int) -> Reply:
    return await _whole(context, _number(subject))


async def press_doubt(context: Context, subject: str, revision: int, answer: str) -> Reply:
    """It went through / Send again / Leave it, of a submission or an operation."""
    who = (context.person.name, context.actor.adapter, context.now())
    store = context.house.store
    if operation := operations.parse_operation(subject):
        await store.tx(operations.answer_doubt, operation, answer, *who)
    else:
        decision = await store.read(current_decision, _number(subject))
        if decision is None:
            raise NotPossible("this is settled already")
        await store.tx(rating.answer_doubt, decision["id"], answer, *who)
    return Reply(f"{dict(DOUBT)[answer]}: noted for {subject}.")


async def press_bonus(context: Context, subject: str, revision: int) -> Reply:
    limit = context.house.limits.max_bonus
    if limit is None:
        raise OverLimit("bonuses are off: set max_bonus under [limits] in the config to allow them")
    await _still_open(context, _number(subject))
    return Reply(form=_bonus_form(subject, revision, limit))


async def _open_form(context: Context, subject: str, revision: int, verdict: Verdict) -> Reply:
    await _still_open(context, _number(subject))
    return Reply(form=_reason_form(context, subject, revision, verdict))


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
    chosen, words = values.get("reason", ""), clean(values.get("words", "")).strip()
    satisfaction: Satisfaction | None = None
    comment = words
    if chosen and (reason := next((r for r in reasons_for(context, verdict) if r.label == chosen), None)):
        satisfaction = reason.satisfaction
        comment = f"{reason.text} {words}".strip()
    if not comment:
        form = _reason_form(context, subject, revision, verdict, "choose a reason or write one: the worker is told why")
        return Reply(form=form, result=Result.REFUSED)
    if verdict is Verdict.REJECT and satisfaction is None:
        satisfaction = Satisfaction.INCORRECT
    made = await _decide(context, _number(subject), revision, verdict, satisfaction, comment, Decimal(0))
    return Reply(f"{subject} {verdict.past}. {_held_words(context, [made])}".strip(), decisions=(made.id,))


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


def _reason_form(context: Context, subject: str, revision: int, verdict: Verdict, error: str = "") -> Form:
    choices = tuple(Choice(reason.label, reason.label) for reason in reasons_for(context, verdict))
    inputs = [
        Input("reason", "Reason", InputKind.CHOICE, choices=choices, error=error),
        Input("words", OWN_WORDS, InputKind.PARAGRAPH, help="added to the reason; the worker reads it"),
    ]
    label = verdict.value.capitalize()
    tone = Tone.DANGER if verdict is Verdict.REJECT else Tone.WARNING
    return Form(f"{verdict}:{subject}:{revision}", f"{label} {subject}", tuple(inputs), label, tone)


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
        revision=revision,
    )
    await _configured(context, number)
    made = await context.house.store.tx(decide, ask, context.house.limits, context.now())
    context.house.decided(made)
    return made


async def _configured(context: Context, number: int) -> None:
    """A decision that could never leave is not taken."""
    account = await context.house.store.read(_account_of, number)
    if account is not None and account not in context.house.accounts:
        raise NotPossible(f"the account {account} is not in the config any more")


def _account_of(reader: Reader, number: int) -> str | None:
    found: str | None = reader.value("SELECT account FROM submissions WHERE id = :id", id=number)
    return found


def _reason(context: Context, verdict: Verdict, text: str, satisfaction: str | None) -> tuple[str, Satisfaction | None]:
    chosen = next((r for r in reasons_for(context, verdict) if r.label.lower() == text.strip().lower()), None)
    said = Satisfaction(satisfaction) if satisfaction else (chosen.satisfaction if chosen else None)
    if verdict is Verdict.REJECT and said is None:
        said = Satisfaction.INCORRECT
    return (chosen.text if chosen else text), said


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
