"""job post, job clone, job drafts, job draft, job blank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..access import LOCAL
from ..accounts import Account
from ..draft import Problem, with_defaults
from ..models import Role
from ..posting.drafts import draft_name, open_drafts
from ..posting.files import FileError, answers_in, blank, read_file
from ..posting.preview import Preview
from ..posting.templates import all_templates, fill, gaps_in, meant_template
from ..provider import Capability
from ..store.codec import load
from ..text import ago, one_line
from ..ui import Card, Choice, Completion, File, Form, Input, InputKind, Reply, Result, Table, Tone
from .completing import complete_category, complete_zone
from .drafting import Examined, draft_form_of, examine, pressed_draft, show_draft, write_draft
from .finding import ACCOUNT, ACCOUNT_FIRST, JOB, chosen_accounts, find_account, find_job
from .parse import BadInput, shown
from .registry import Command, Kind, Param

if TYPE_CHECKING:
    from ..dispatch import Context

ASKED = ("title", "category", "zone", "price", "positions")  # fields that may stand on the command's own line


async def _post(context: Context, values: Mapping[str, Any]) -> Reply:
    file: File | None = values.get("file")
    found: dict[str, Any] = {}
    if file:
        found = _read(file)
    if "account" not in values and isinstance(found.get("account"), str):
        values = {**values, "account": found["account"]}
    accounts = chosen_accounts(context, values, Capability.POST)
    if len(accounts) > 1:
        if context.actor.adapter == LOCAL or file:
            raise BadInput(f"say at which account: account= one of {', '.join(a.name for a in accounts)}")
        return Reply(form=_which_account(accounts, values.get("template", "")))
    return await begin_draft(context, accounts[0], values, found)


async def begin_draft(
    context: Context, account: Account, values: Mapping[str, Any], found: Mapping[str, Any] | None = None
) -> Reply:
    """A draft at one account, from a file's values, a template, and what was typed with the command."""
    fields = account.provider.draft_fields
    answers, problems = answers_in(found or {}, fields)
    left_out = ""
    name = values.get("template") or (found or {}).get("template")
    if name:
        template = await context.house.store.read(meant_template, str(name))
        known = {one.name for one in fields}
        filled = fill(template.answers, _given(values.get("fill", "")))
        answers = {**{key: text for key, text in filled.items() if key in known}, **answers}
        if lost := sorted(set(filled) - known):
            left_out = f"{account.provider.title} has no {', '.join(lost)}: left out."
    for key in ASKED:
        if key in values:
            if key not in {one.name for one in fields}:
                raise BadInput(f"a job at {account.provider.title} has no {key}")
            answers[key] = str(values[key])
    if context.actor.adapter == LOCAL or found:
        return await _from_file(context, account, answers, problems, left_out)
    draft, examined = await write_draft(context, account, answers)
    if gaps := gaps_in(draft.answers):
        return Reply(left_out, form=gaps_form(draft.name, gaps))
    if examined.problems or not name:
        return Reply(left_out, form=await draft_form_of(context, draft, 0, examined))
    return await show_draft(context, draft, examined, left_out)


async def _from_file(
    context: Context, account: Account, answers: Mapping[str, str], problems: Sequence[Problem], text: str
) -> Reply:
    """Straight to what it costs. On a terminal, what cannot be posted is no draft: the file is mended, read again."""
    if not answers and context.actor.adapter == LOCAL:
        raise BadInput("name a file: `job post FILE`; `job blank` prints one to fill in")
    if problems or context.actor.adapter == LOCAL:
        examined = await examine(context, account, with_defaults(account.provider.draft_fields, answers))
        wrong = [*problems, *examined.problems]
        if wrong and (problems or context.actor.adapter == LOCAL):
            return Reply(_told(examined, wrong), result=Result.REFUSED)
    draft, examined = await write_draft(context, account, answers)
    return await show_draft(context, draft, examined, text)


def _told(examined: Examined, problems: Sequence[Problem]) -> str:
    lines = "\n".join(f"  {problem.field} {problem.text}" for problem in problems)
    return f"This cannot be posted at {examined.account.name} yet:\n{lines}"


def _read(file: File) -> dict[str, Any]:
    try:
        return read_file(file)
    except FileError as error:
        raise BadInput(str(error)) from None


def _given(text: str) -> dict[str, str]:
    """`city: Rome | code: AB12`"""
    parts = [part.partition(":") for part in text.split("|") if part.strip()]
    return {name.strip(): value.strip() for name, _, value in parts}


def _which_account(accounts: Sequence[Account], template: str) -> Form:
    choices = tuple(Choice(a.name, f"{a.name} · {a.provider.title}") for a in accounts)
    inputs = [Input("account", "Account", InputKind.CHOICE, True, choices=choices)]
    if template:
        inputs.append(Input("template", "Template", value=template))
    return Form("pick:new:0", "A new job: at which account?", tuple(inputs), "Go on", Tone.INFO)


async def submit_pick(context: Context, subject: str, revision: int, values: Mapping[str, str]) -> Reply:
    """The account that a new job is for."""
    account = find_account(context, {"account": values.get("account", "")}, Capability.POST)
    return await begin_draft(context, account, {"template": values.get("template", "")})


def gaps_form(name: str, gaps: Sequence[str]) -> Form:
    """What a template leaves open."""
    inputs = tuple(Input(f"gap{n}", gap[:1].upper() + gap[1:], required=True) for n, gap in enumerate(gaps))
    return Form(f"fill:{name}:0", "What the template leaves open", inputs, "Go on", Tone.INFO)


async def _clone(context: Context, values: Mapping[str, Any]) -> Reply:
    account, job = await find_job(context, values, Capability.POST)
    return await clone_job(context, account, job.id)


async def clone_job(context: Context, account: Account, job_id: str) -> Reply:
    """A draft with all that the marketplace tells of a job."""
    answers = await account.ask(lambda p: p.draft_of(job_id))
    draft, examined = await write_draft(context, account, answers)
    if context.actor.adapter == LOCAL:
        return await show_draft(context, draft, examined)
    return Reply(form=await draft_form_of(context, draft, 0, examined))


async def _drafts(context: Context, values: Mapping[str, Any]) -> Reply:
    rows = await context.house.store.read(open_drafts)
    now = context.now()
    table = Table(
        ("Draft", "Title", "Account", "By", "Changed"),
        tuple(
            (
                draft_name(row["id"]),
                load(Preview, row["preview"]).title,
                row["account"],
                one_line(row["changed_by"]),
                f"{ago(timedelta(milliseconds=now - row['changed_at']))} ago",
            )
            for row in rows
        ),
        empty="No drafts. `job post` begins one.",
    )
    return Reply(card=Card("Drafts", blocks=(table,), footer="job draft DRAFT goes on with one" if rows else ""))


async def _draft(context: Context, values: Mapping[str, Any]) -> Reply:
    draft = await pressed_draft(context, values["draft"])
    from ..posting.cards import draft_card

    return Reply(card=await context.house.store.read(draft_card, draft.number))


async def _blank(context: Context, values: Mapping[str, Any]) -> Reply:
    account = find_account(context, values, Capability.POST)
    text = blank(account.name, account.provider.title, account.provider.draft_fields)
    return Reply(
        "Fill it in, then attach it to `job post`; on a terminal: `job post job.toml`.", file=File("job.toml", text)
    )


async def complete_draft(context: Context, typed: str) -> Sequence[Completion]:
    rows = await context.house.store.read(open_drafts)
    names = [(draft_name(row["id"]), load(Preview, row["preview"]).title) for row in rows]
    return [Completion(name, name, title) for name, title in names if shown(typed).lower() in f"{name} {title}".lower()]


async def complete_template(context: Context, typed: str) -> Sequence[Completion]:
    found = await context.house.store.read(all_templates)
    return [Completion(t.name, t.name, t.provider) for t in found if t.name.startswith(typed.lower())]


DRAFT = Param("draft", "the draft's name, such as draft-3", required=True, complete=complete_draft)
TEMPLATE = Param("template", "begin with this template", named_only=True, complete=complete_template)

COMMANDS = (
    Command(
        "job post",
        "write a job, see what it costs, and post it",
        Role.REVIEWER,
        _post,
        (
            Param("file", "a job as TOML or JSON", Kind.FILE),
            ACCOUNT,
            TEMPLATE,
            Param("title", "the job's title", named_only=True),
            Param("category", "what kind of work it is", named_only=True, complete=complete_category),
            Param("zone", "where its workers are", named_only=True, complete=complete_zone, needs=Capability.ZONES),
            Param("price", "dollars for each task", Kind.MONEY, named_only=True),
            Param("positions", "how many tasks", Kind.INTEGER, named_only=True),
            Param("fill", "for a template's gaps: `city: Rome | code: AB12`", named_only=True),
        ),
        Capability.POST,
    ),
    Command(
        "job clone", "a new draft like a job that there is", Role.REVIEWER, _clone, (JOB, ACCOUNT), Capability.POST
    ),
    Command("job drafts", "jobs that are being written", Role.REVIEWER, _drafts, (), Capability.POST),
    Command("job draft", "go on with a draft", Role.REVIEWER, _draft, (DRAFT,), Capability.POST),
    Command("job blank", "a file to fill in and post", Role.REVIEWER, _blank, (ACCOUNT_FIRST,), Capability.POST),
)
