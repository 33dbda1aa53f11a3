"""Edit, More options, Price it, Save as template, Discard; and the forms of a draft."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..accounts import Account
from ..draft import Shape
from ..models import Role
from ..posting.cards import draft_card
from ..posting.drafts import discard
from ..posting.forms import fields_of, groups_of
from ..posting.templates import Template, fill, gaps_in
from ..review import NotPossible
from ..ui import Button, Card, Form, Input, Reply, Result, Tone
from .drafting import (
    PARTS,
    account_of,
    draft_form_of,
    examine,
    pressed_draft,
    rewrite_draft,
    show_draft,
)
from .posting import gaps_form
from .templates import keep_template

if TYPE_CHECKING:
    from ..dispatch import Context


async def press_edit(context: Context, subject: str, revision: int) -> Reply:
    """The draft's form, or that of one of its headings."""
    draft = await pressed_draft(context, subject)
    examined = await examine(context, account_of(context, draft), draft.answers)
    if gaps := gaps_in(draft.answers):
        return Reply(form=gaps_form(draft.name, gaps))
    return Reply(form=await draft_form_of(context, draft, revision, examined))


async def press_options(context: Context, subject: str, revision: int) -> Reply:
    """The headings of what few need."""
    draft = await pressed_draft(context, subject)
    groups = groups_of(account_of(context, draft).provider.draft_fields)
    buttons = [Button(f"edit:{draft.name}:{n}", group) for n, group in enumerate(groups, 1)]
    buttons.append(Button(f"draft:{draft.name}:0", "Back"))
    card = Card("More options", subtitle=f"{draft.name} · {draft.account}", buttons=tuple(buttons))
    return Reply(card=card, replaces=True)


async def press_draft(context: Context, subject: str, revision: int) -> Reply:
    """The draft as it stands, from the headings of what few need."""
    draft = await pressed_draft(context, subject)
    return Reply(card=await context.house.store.read(draft_card, draft.number), replaces=True)


async def press_price(context: Context, subject: str, revision: int) -> Reply:
    draft = await pressed_draft(context, subject)
    draft, examined = await rewrite_draft(context, draft, draft.answers)
    return await show_draft(context, draft, examined)


async def press_discard(context: Context, subject: str, revision: int) -> Reply:
    draft = await pressed_draft(context, subject)
    if draft.person != context.person.name and not context.may(Role.MANAGER):
        raise NotPossible(f"{draft.person} wrote it: they, or a manager, may discard it")
    who = context.person.name, context.actor.adapter, context.now()
    await context.house.store.tx(discard, draft.number, *who)
    card = await context.house.store.read(draft_card, draft.number)
    return Reply(f"Discarded {draft.name}.", card=card, replaces=True)


async def press_template(context: Context, subject: str, revision: int) -> Reply:
    draft = await pressed_draft(context, subject)
    words = "Write [[city]] where something differs each time: it is asked for when the template is used."
    name = Input("name", "Name", required=True, help="1 to 32 of a-z, 0-9, _ and -", max_length=32)
    return Reply(form=Form(f"template:{draft.name}:0", "Save as a template", (name,), "Save", Tone.INFO, words))


async def submit_template(context: Context, subject: str, revision: int, values: Mapping[str, str]) -> Reply:
    draft = await pressed_draft(context, subject)
    provider = account_of(context, draft).provider.name
    name = values.get("name", "").strip()
    return await keep_template(context, Template(name, provider, draft.answers, context.person.name))


async def submit_fill(context: Context, subject: str, revision: int, values: Mapping[str, str]) -> Reply:
    """What a template leaves open was filled in."""
    draft = await pressed_draft(context, subject)
    given = {gap: values.get(f"gap{n}", "") for n, gap in enumerate(gaps_in(draft.answers))}
    draft, examined = await rewrite_draft(context, draft, fill(draft.answers, given))
    if gaps := gaps_in(draft.answers):
        return Reply(form=gaps_form(draft.name, gaps), result=Result.REFUSED)
    if examined.problems:
        return Reply(form=await draft_form_of(context, draft, 0, examined))
    return await show_draft(context, draft, examined)


async def submit_draft(context: Context, subject: str, revision: int, values: Mapping[str, str]) -> Reply:
    """Keeps the answers whatever is wrong with them; what is wrong with those that were given is asked again. Who sends
    the same again sees the draft: what is amiss may be mended elsewhere, as where a list is to take a zone's place."""
    turns, part = divmod(revision, PARTS)
    draft = await pressed_draft(context, subject)
    account = account_of(context, draft)
    given = _given(account, part, values)
    answers = {**draft.answers, **given}
    if turns != draft.turns:
        examined = await examine(context, account, answers)
        form = await draft_form_of(context, draft, part, examined)
        return Reply("Somebody else has changed this draft meanwhile: look at it, and send it again.", form=form)
    before = draft.version
    draft, examined = await rewrite_draft(context, draft, answers)
    asked = given.keys() - {
        name for name, text in draft.answers.items() if gaps_in({name: text})
    }  # a template in the making
    wrong = [problem for problem in examined.problems if problem.field in asked]
    if wrong and draft.version != before:
        form = await draft_form_of(context, draft, part, examined, problems=wrong)
        return Reply(form=form, result=Result.REFUSED)
    return await show_draft(context, draft, examined)


async def check_draft(context: Context, subject: str, revision: int, values: Mapping[str, str]) -> Form:
    """The form as these answers would leave it; nothing is kept."""
    part = revision % PARTS
    draft = await pressed_draft(context, subject)
    account = account_of(context, draft)
    examined = await examine(context, account, {**draft.answers, **_given(account, part, values)})
    return await draft_form_of(context, draft, part, examined, problems=examined.problems)


def _given(account: Account, part: int, values: Mapping[str, str]) -> dict[str, str]:
    """What a form brings of its own questions. A box that is not ticked says no."""
    fields = [one for one in fields_of(account.provider.draft_fields, part) if one.name in values]
    return {one.name: values[one.name] or ("no" if one.shape is Shape.FLAG else "") for one in fields}
