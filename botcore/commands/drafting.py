"""What becomes of a draft's answers: read, checked, priced, and shown as its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from ..accounts import Account, can_serve
from ..draft import JobDraft, Offers, Problem, Quote, with_defaults
from ..draft_text import canonical, options_of, read_draft
from ..operations import Proposal, quote, requote
from ..pacing import Urgency
from ..posting.cards import draft_card
from ..posting.drafts import Draft, begin, change, find_draft, parse_draft, posted_lately, priced, repriced
from ..posting.forms import draft_form
from ..posting.kind import POST, about, args_for
from ..posting.offers import offers_of
from ..posting.preview import Preview, preview_of
from ..posting.templates import gaps_in
from ..provider import Capability, Refused
from ..review import NotPossible
from ..store.port import Tx
from ..text import money
from ..ui import Card, Form, Reply, Result
from .balances import spendable
from .parse import BadInput

if TYPE_CHECKING:
    from ..dispatch import Context

PARTS = 10  # a form's number: how often the writer has changed, times this, and the form's part


@dataclass(frozen=True, slots=True)
class Examined:
    """Answers as they are kept, what they mean, all that is wrong with them, and what they come to so far."""

    account: Account
    answers: Mapping[str, str]
    offers: Offers
    draft: JobDraft
    problems: Sequence[Problem]
    estimate: Quote

    @property
    def preview(self) -> Preview:
        return preview_of(self.account.provider.draft_fields, self.answers, self.offers, self.problems, self.estimate)


async def examine(context: Context, account: Account, answers: Mapping[str, str]) -> Examined:
    """Reads and checks answers; asks nobody."""
    offers = await context.house.store.read(offers_of, account.name)
    fields, provider = account.provider.draft_fields, account.provider
    kept: dict[str, str] = {}
    for one in fields:
        text = canonical(one, answers.get(one.name, ""), options_of(one, offers, kept.get("zone", "")))
        if text:
            kept[one.name] = text
    draft, problems = read_draft(account.name, fields, kept, offers)
    problems += [
        Problem(name, f"still has [[{gap}]] in it") for name, text in kept.items() for gap in gaps_in({name: text})
    ]
    wrong = {problem.field for problem in problems}
    problems += [problem for problem in provider.problems(draft, offers) if problem.field not in wrong]
    return Examined(account, kept, offers, draft, tuple(problems), provider.estimate(draft))


async def write_draft(context: Context, account: Account, answers: Mapping[str, str]) -> tuple[Draft, Examined]:
    """A new draft with these answers, beside what the marketplace's fields begin with."""
    examined = await examine(context, account, with_defaults(account.provider.draft_fields, answers))
    who = context.person.name, context.actor.adapter, context.now()
    number = await context.house.store.tx(begin, account.name, examined.answers, examined.preview, *who)
    return await meant_draft(context, number), examined


async def rewrite_draft(context: Context, draft: Draft, answers: Mapping[str, str]) -> tuple[Draft, Examined]:
    """The draft with other answers. Raises `NotPossible`."""
    examined = await examine(context, account_of(context, draft), answers)
    if examined.answers == draft.answers:
        return draft, examined
    changed = await context.house.store.tx(
        change, draft, examined.answers, examined.preview, context.person.name, context.now()
    )
    return changed, examined


async def show_draft(context: Context, draft: Draft, examined: Examined, text: str = "") -> Reply:
    """The draft's card: with what it costs, ready to be posted, or with what is to be mended first."""
    if not examined.problems:
        return await price_draft(context, draft, examined, text)
    return Reply(text, card=await _card(context, draft.number), result=Result.REFUSED, replaces=True)


async def price_draft(context: Context, draft: Draft, examined: Examined, text: str = "") -> Reply:
    """Has the marketplace look at a draft and quotes it: its card has Post. Raises a provider's errors."""
    account = examined.account
    try:
        told = await account.call(lambda p: p.quote(examined.draft), Urgency.PERSON)
    except Refused as error:
        said = replace(examined.preview, problems=((account.provider.title, str(error)),))
        await context.house.store.tx(repriced, draft, said)
        return Reply(text, card=await _card(context, draft.number), result=Result.REFUSED, replaces=True)
    balance = await spendable(context, account)
    preview = _priced(examined, told, balance)
    if again := await context.house.store.read(posted_lately, account.name, about(draft), context.now()):
        preview = replace(preview, notes=(*preview.notes, f"The same was posted {again}: this would be another one."))
    proposal = Proposal(
        kind=POST,
        account=account.name,
        args=args_for(draft, balance),
        summary=f"Post “{preview.title}” at {account.provider.title}.",
        person=context.person.name,
        via=context.actor.adapter,
        cost=told.total,
        estimate=told.estimate,
        about=about(draft),
    )

    def write_down(tx: Tx) -> int:
        number = quote(tx, proposal, context.now())
        priced(tx, draft, preview, number, context.now())
        return number

    number = await context.house.store.tx(write_down)
    card = await _card(context, draft.number)
    return Reply(text, card=card, result=Result.NEEDS_CONFIRMATION, operations=(number,), replaces=True)


async def price_again(context: Context, draft: Draft, operation: int) -> bool:
    """Quotes what was quoted too long ago; whether it costs what it did. Raises `NotPossible`, a provider's errors."""
    examined = await examine(context, account_of(context, draft), draft.answers)
    if examined.problems:
        raise NotPossible("this can no longer be posted as it is: press Edit, and look at what is to be mended")
    told = await examined.account.call(lambda p: p.quote(examined.draft), Urgency.PERSON)
    preview = _priced(examined, told, await spendable(context, examined.account))

    def write_down(tx: Tx) -> bool:
        same = requote(tx, operation, told.total, (), context.now(), estimate=told.estimate)
        repriced(tx, draft, preview)
        return same

    return await context.house.store.tx(write_down)


def _priced(examined: Examined, told: Quote, balance: Decimal | None) -> Preview:
    preview = preview_of(examined.account.provider.draft_fields, examined.answers, examined.offers, (), told, balance)
    if balance is None or balance >= told.total:
        return preview
    short = f"The balance is {money(told.total - balance)} short of that."
    return replace(preview, notes=(*preview.notes, short))


async def draft_form_of(
    context: Context, draft: Draft, part: int, examined: Examined, *, problems: Sequence[Problem] = ()
) -> Form:
    """The form of a draft or of one of its parts, with these of its problems."""
    return draft_form(
        form_id(draft, part),
        examined.account.provider.draft_fields,
        part,
        examined.answers,
        examined.offers,
        problems,
        examined.estimate,
        examined.account.provider.title,
    )


def form_id(draft: Draft, part: int) -> str:
    """A form that was opened before somebody else changed the draft is known by its number."""
    return f"draft:{draft.name}:{draft.turns * PARTS + part}"


def account_of(context: Context, draft: Draft) -> Account:
    """The draft's account, where it still can post. Raises `NotPossible`."""
    account = context.house.accounts.get(draft.account)
    if account is None or not can_serve(account, Capability.POST):
        raise NotPossible(f"{draft.account} is no longer configured, or cannot post")
    return account


async def pressed_draft(context: Context, subject: str) -> Draft:
    """The draft that a button or a person names. Raises `BadInput`."""
    number = parse_draft(subject if subject.startswith("draft-") else f"draft-{subject}")
    if number is None:
        raise BadInput("that is no draft: see `job drafts`")
    return await meant_draft(context, number)


async def meant_draft(context: Context, number: int) -> Draft:
    """Raises `BadInput` where there is none."""
    draft = await context.house.store.read(find_draft, number)
    if draft is None:
        raise BadInput("there is no such draft: see `job drafts`")
    return draft


async def _card(context: Context, number: int) -> Card | None:
    return await context.house.store.read(draft_card, number)
