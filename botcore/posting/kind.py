"""Posting a job, as an operation: sent once, looked for where it is unknown whether it was, and told afterwards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from ..core_kinds import standing
from ..draft import JobDraft, Offers
from ..draft_text import read_draft
from ..job_cards import name_job
from ..kinds import Args, Found, OperationKind
from ..models import Job, JobChange, Role
from ..operations import NEW
from ..provider import Provider, ProviderError, Refused
from ..store.port import Tx
from ..text import clean, money, one_line
from .drafts import Draft, became

ORIGIN = "draft"  # the argument that names the draft


def args_for(draft: Draft, balance: Decimal | None) -> dict[str, str]:
    """What an operation keeps of a draft: what is confirmed is what is sent, whatever becomes of the draft."""
    kept = {ORIGIN: str(draft.number), "account": draft.account, "answers": json.dumps(dict(draft.answers))}
    return kept if balance is None else {**kept, "balance": str(balance)}


def about(draft: Draft) -> str:
    """What posting a draft is about: the same for drafts of which `same_job` could take one's job for the other's. What
    else is in them a marketplace may not tell."""
    return NEW + hashlib.sha256(_plain(draft.answers.get("title", "")).encode()).hexdigest()[:32]


def same_job(draft: JobDraft, job: Job) -> bool:
    """Whether a job may be what was posted of a draft: nothing that both tell is different."""
    if _plain(draft.text("title")) != _plain(job.title):
        return False
    if job.price is not None and job.price != draft.money("price"):
        return False
    if job.positions and draft.number("positions") not in (None, job.positions):
        return False
    steps = [_plain(line) for line in draft.texts("instructions")]
    if job.instructions and [_plain(line) for line in job.instructions] != steps:
        return False
    slots = [(slot.kind, _plain(slot.description)) for slot in draft.proofs]
    return not (job.proofs and slots) or [(slot.kind, _plain(slot.description)) for slot in job.proofs] == slots


def _plain(text: str) -> str:
    return one_line(clean(text))


def _read(provider: Provider, args: Mapping[str, str]) -> JobDraft:
    """The draft that was confirmed. Raises `Refused` where it can no longer be read, as after an update."""
    draft, problems = read_draft(args["account"], provider.draft_fields, json.loads(args["answers"]), Offers())
    if problems:
        raise Refused("; ".join(f"{problem.field} {problem.text}" for problem in problems))
    return draft


async def _post(provider: Provider, args: Args) -> JobChange:
    posted = await provider.post(_read(provider, args))
    return JobChange(posted.message or "posted", posted.cost, posted.job_id)


async def _price(provider: Provider, args: Args) -> Decimal:
    return (await provider.quote(_read(provider, args))).total


async def _find(provider: Provider, args: Args, since: datetime) -> Sequence[Job]:
    draft = _read(provider, args)
    return [job for job in await provider.posted_since(since) if same_job(draft, job)]


async def _look(provider: Provider, args: Args) -> Found:
    """How the new job stands, and what it has really cost as far as the balance tells."""
    job = await provider.job(args["made"]) if "made" in args else None
    parts = [] if job is None else [f"The job is {standing(job)}."]
    before = Decimal(args["balance"]) if "balance" in args else None
    if before is not None:
        try:
            balance = await provider.balance()
        except ProviderError as error:
            parts.append(f"The balance could not be read: {error}.")
        else:
            parts.append(f"The balance went from {money(before)} to {money(balance.spendable)}.")
    return Found(" ".join(parts) or "It is posted.", job)


def _done(tx: Tx, account: str, args: Args) -> None:
    made = args.get("made", "")
    became(tx, int(args[ORIGIN]), made)
    if made:
        name_job(tx, account, made)


POST = OperationKind(
    "post job",
    Role.MANAGER,
    _post,
    done=_done,
    look=_look,
    price=_price,
    find=_find,
)
