"""template list, show, save, delete, rename, export, import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..accounts import can_serve
from ..draft import DraftField
from ..models import Role
from ..posting.files import FileError, answers_in, as_toml, read_file
from ..posting.templates import Template, all_templates, delete, gaps_in, meant_template, rename, save
from ..provider import Capability
from ..review import NotPossible
from ..text import clean, one_line
from ..ui import Card, Field, Fields, File, Reply, Table, Text
from .drafting import account_of, pressed_draft
from .finding import ACCOUNT, chosen_accounts
from .paging import paged
from .parse import BadInput
from .posting import DRAFT, complete_template
from .registry import Command, Kind, Param

if TYPE_CHECKING:
    from ..dispatch import Context

KIND = "template_for"  # in an exported file: whose fields it has


async def _list(context: Context, values: Mapping[str, Any]) -> Reply:
    rows = tuple(
        (one.name, one_line(one.answers.get("title", "")), one.provider, ", ".join(gaps_in(one.answers)), one.person)
        for one in await context.house.store.read(all_templates)
    )
    table = Table(
        ("Template", "Title", "For", "Asks for", "By"),
        rows,
        empty="No templates. A draft's Save as template makes one.",
    )
    return await paged(context, Card("Templates", blocks=(table,)))


async def _show(context: Context, values: Mapping[str, Any]) -> Reply:
    template = await context.house.store.read(meant_template, values["name"])
    labels = {one.name: one.label for one in _fields(context, template.provider)}
    facts = [Field("For", template.provider), Field("By", template.person)]
    if gaps := gaps_in(template.answers):
        facts.append(Field("Asks for", ", ".join(gaps)))
    texts = [Text(clean(text), title=labels.get(name, name)) for name, text in template.answers.items()]
    return await paged(context, Card(template.name, blocks=(Fields(tuple(facts)), *texts)))


async def _save(context: Context, values: Mapping[str, Any]) -> Reply:
    draft = await pressed_draft(context, values["draft"])
    provider = account_of(context, draft).provider.name
    return await keep_template(context, Template(values["name"], provider, draft.answers, context.person.name))


async def _delete(context: Context, values: Mapping[str, Any]) -> Reply:
    await context.house.store.tx(delete, values["name"], *_who(context))
    return Reply(f"{values['name']} is deleted.")


async def _rename(context: Context, values: Mapping[str, Any]) -> Reply:
    await context.house.store.tx(rename, values["name"], values["to"], *_who(context))
    return Reply(f"{values['name']} is called {values['to']} now.")


async def _export(context: Context, values: Mapping[str, Any]) -> Reply:
    template = await context.house.store.read(meant_template, values["name"])
    text = as_toml("", _fields(context, template.provider), template.answers)
    return Reply(
        f"{template.name}, for {template.provider}.",
        file=File(f"{template.name}.toml", f'{KIND} = "{template.provider}"\n{text}', "application/toml"),
    )


async def _import(context: Context, values: Mapping[str, Any]) -> Reply:
    file: File = values["file"]
    try:
        found = read_file(file)
    except FileError as error:
        raise BadInput(str(error)) from None
    kind = found.pop(KIND, None)
    if not isinstance(kind, str):
        able = chosen_accounts(context, values, Capability.POST)
        if len({account.provider.name for account in able}) > 1:
            raise BadInput("say whose fields it has: account= one of " + ", ".join(a.name for a in able))
        kind = able[0].provider.name
    answers, problems = answers_in(found, _fields(context, kind))
    if problems:
        raise BadInput("; ".join(f"{problem.field} {problem.text}" for problem in problems))
    name = values.get("name") or file.name.rpartition("/")[2].removesuffix(".toml").removesuffix(".json")
    return await keep_template(context, Template(name, kind, answers, context.person.name))


async def keep_template(context: Context, template: Template) -> Reply:
    """Saves a template, and says how it is used. Raises `NotPossible`."""
    replaced = await context.house.store.tx(save, template, context.actor.adapter, context.now())
    was = ", in place of the one of this name" if replaced else ""
    return Reply(f"Saved as {template.name}{was}. `job post template={template.name}` begins with it.")


def _fields(context: Context, provider: str) -> tuple[DraftField, ...]:
    """The fields of a marketplace's jobs. Raises `NotPossible` where no account is there."""
    for account in context.house.accounts.values():
        if account.provider.name == provider and can_serve(account, Capability.POST):
            return account.provider.draft_fields
    raise NotPossible(f"no account at {one_line(provider)[:40]} is configured that can post")


def _who(context: Context) -> tuple[str, str, int]:
    return context.person.name, context.actor.adapter, context.now()


NAME = Param("name", "the template's name", required=True, complete=complete_template)

COMMANDS = (
    Command("template list", "templates of jobs", Role.REVIEWER, _list, (), Capability.POST),
    Command("template show", "what is in a template", Role.REVIEWER, _show, (NAME,), Capability.POST),
    Command(
        "template save",
        "keep a draft to begin others with",
        Role.REVIEWER,
        _save,
        (DRAFT, Param("name", "what it is called: a-z, 0-9, _ and -", required=True)),
        Capability.POST,
    ),
    Command("template delete", "delete a template", Role.MANAGER, _delete, (NAME,), Capability.POST),
    Command(
        "template rename",
        "call a template something else",
        Role.MANAGER,
        _rename,
        (NAME, Param("to", "its new name", required=True)),
        Capability.POST,
    ),
    Command("template export", "a template as a TOML file", Role.REVIEWER, _export, (NAME,), Capability.POST),
    Command(
        "template import",
        "keep a TOML or JSON file as a template",
        Role.REVIEWER,
        _import,
        (
            Param("file", "what `template export` made, or a job as a file", Kind.FILE, required=True),
            Param("name", "what it is called; left out: as the file", named_only=True),
            ACCOUNT,
        ),
        Capability.POST,
    ),
)
