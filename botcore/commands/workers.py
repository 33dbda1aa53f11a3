"""worker show, block, unblock, and what More offers about a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..accounts import Account, can_serve
from ..cards import record
from ..catalogue import LISTS
from ..clock import from_ms
from ..core_kinds import ADD_TO_LIST, BLOCK, UNBLOCK
from ..kinds import OperationKind
from ..models import Role
from ..provider import Capability, ProviderError
from ..review import NotPossible
from ..store.port import Reader, Row
from ..text import clean, one_line, short_id
from ..ui import Button, Card, Choice, Field, Fields, Form, Input, InputKind, Reply, Table, Tone
from .asking import ask, at_once
from .catalogue import on_shelf
from .finding import ACCOUNT, NotThere, chosen_accounts, find_submission, means_one, pressed_submission
from .parse import BadInput, shown
from .registry import Command, Param

if TYPE_CHECKING:
    from ..dispatch import Context

RECENT = 10


async def _show(context: Context, values: Mapping[str, Any]) -> Reply:
    account, worker = await _worker(context, values)
    return Reply(card=await context.house.store.read(_worker_card, account.name, worker))


def _worker_card(reader: Reader, account: str, worker: str) -> Card:
    rows = reader.q(
        """SELECT id, state, submitted_at, job_id FROM submissions WHERE account = :account AND worker_id = :worker
           ORDER BY id DESC LIMIT :limit""",
        account=account,
        worker=worker,
        limit=RECENT,
    )
    table = Table(
        ("Submission", "When", "State", "Job"),
        tuple(
            (short_id(r["id"]), f"{from_ms(r['submitted_at']):%Y-%m-%d %H:%M}", r["state"], r["job_id"]) for r in rows
        ),
        title="Recent",
        empty="Nothing seen of them yet.",
    )
    blocked = reader.value(
        "SELECT blocked FROM worker_records WHERE account = :account AND worker_id = :worker",
        account=account,
        worker=worker,
    )
    return Card(
        f"Worker {one_line(worker)}",
        subject=f"worker:{worker}",
        badge="Blocked" if blocked else "",
        tone=Tone.DANGER if blocked else Tone.NEUTRAL,
        blocks=(Fields((Field("Account", account), Field("Record", record(reader, account, worker)))), table),
    )


def _quoting(kind: OperationKind, needs: Capability, words: str) -> Any:
    async def run(context: Context, values: Mapping[str, Any]) -> Reply:
        account, worker = await _worker(context, values, needs)
        return await ask(context, account, kind, {"workers": worker}, words.format(worker=one_line(worker)))

    return run


async def _worker(context: Context, values: Mapping[str, Any], needs: Capability | None = None) -> tuple[Account, str]:
    """The worker that was named, by their id or by a submission of theirs."""
    text: str = values["worker"]
    if "account" in values:  # who is no worker there need not be known to say that nobody can do it there
        chosen_accounts(context, values, needs)
    rows = await context.house.store.read(_worker_rows, text, values.get("account"))
    if not rows:
        try:
            row = await find_submission(context, text, values.get("account"))
        except NotThere:
            raise BadInput(f"nothing has been seen of a worker {shown(text)}") from None
        rows = [{"account": row["account"], "worker_id": row["worker_id"]}]
    if len(rows) > 1:
        names = ", ".join(sorted(row["account"] for row in rows))
        raise BadInput(f"{shown(text)} works for several accounts: say account= one of {names}")
    return chosen_accounts(context, {"account": rows[0]["account"]}, needs)[0], rows[0]["worker_id"]


def _worker_rows(reader: Reader, worker: str, account: str | None) -> Sequence[Row]:
    means_one(reader, worker, account)
    return reader.q(
        """SELECT DISTINCT account, worker_id FROM submissions WHERE worker_id = :worker
           AND (:account IS NULL OR account = :account)""",
        worker=worker,
        account=account,
    )


# buttons


async def press_more(context: Context, subject: str, revision: int) -> Reply:
    row = await pressed_submission(context, subject)
    return Reply(card=_more_card(context, row, revision))


def _more_card(context: Context, row: Row, revision: int) -> Card:
    """The menu behind More: what can be done with a submission at its marketplace."""
    name, account = short_id(row["id"]), context.house.accounts.get(row["account"])
    waiting = row["state"] in ("new", "shown")

    def can(needs: Capability) -> bool:
        return account is not None and can_serve(account, needs)

    buttons: list[Button] = []
    if waiting and context.house.limits.max_bonus is not None and can(Capability.BONUS):
        buttons.append(Button(f"bonus:{name}:{revision}", "Approve with a bonus…", Tone.SUCCESS))
    buttons += [
        Button(f"all:{name}:{revision}", "Everything submitted"),
        Button(f"record:{name}:{revision}", "Worker's record"),
    ]
    if can(Capability.ADD_TO_LIST):
        buttons.append(Button(f"list:{name}:{revision}", "Add to a list…"))
    if can(Capability.BLOCK):
        buttons.append(Button(f"block:{name}:{revision}", "Block the worker…", Tone.DANGER))
    if waiting:
        buttons += [
            Button(f"approve-all:{name}:{revision}", "Approve all of this job…", Tone.SUCCESS),
            Button(f"reject-all:{name}:{revision}", "Reject all of this job…", Tone.DANGER),
        ]
    return Card(f"More for {name}", buttons=tuple(buttons))


async def press_record(context: Context, subject: str, revision: int) -> Reply:
    row = await pressed_submission(context, subject)
    return Reply(card=await context.house.store.read(_worker_card, row["account"], row["worker_id"]))


async def press_block(context: Context, subject: str, revision: int) -> Reply:
    row = await pressed_submission(context, subject)  # never a worker whose id happens to look like a submission's
    account = chosen_accounts(context, {"account": row["account"]}, Capability.BLOCK)[0]
    words = BLOCK_WORDS.format(worker=one_line(row["worker_id"]))
    return await ask(context, account, BLOCK, {"workers": row["worker_id"]}, words)


async def press_list(context: Context, subject: str, revision: int) -> Reply:
    row = await pressed_submission(context, subject)
    account = chosen_accounts(context, {"account": row["account"]}, Capability.ADD_TO_LIST)[0]
    kept = await on_shelf(context, account, LISTS)
    if isinstance(kept, ProviderError):
        raise kept
    if not kept.items:
        raise NotPossible("this account has no lists: make one on the website first")
    choices = tuple(
        Choice(item.id, one_line(item.name) + (f" ({item.workers})" if item.workers is not None else ""))
        for item in kept.items
    )
    inputs = (Input("list", "List", InputKind.CHOICE, required=True, choices=choices),)
    return Reply(form=Form(f"list:{subject}:{revision}", f"Add {one_line(row['worker_id'])} to a list", inputs, "Add"))


async def submit_list(context: Context, subject: str, revision: int, values: Mapping[str, str]) -> Reply:
    row = await pressed_submission(context, subject)
    account = chosen_accounts(context, {"account": row["account"]}, Capability.ADD_TO_LIST)[0]
    chosen = values.get("list", "")
    if not chosen:
        raise BadInput("choose a list")
    summary = f"Add worker {one_line(row['worker_id'])} to the list {clean(chosen, 40)}."
    return await at_once(context, account, ADD_TO_LIST, {"workers": row["worker_id"], "list": chosen}, summary)


BLOCK_WORDS = "Block worker {worker}: they can do none of your jobs any more, and leave all your lists."
UNBLOCK_WORDS = "Unblock worker {worker}: they can do your jobs again."
WORKER = Param("worker", "a worker's id, or a submission of theirs", required=True)

COMMANDS = (
    Command("worker show", "a worker's record", Role.VIEWER, _show, (WORKER, ACCOUNT)),
    Command(
        "worker block",
        "keep a worker from your jobs",
        Role.MANAGER,
        _quoting(BLOCK, Capability.BLOCK, BLOCK_WORDS),
        (WORKER, ACCOUNT),
        Capability.BLOCK,
    ),
    Command(
        "worker unblock",
        "let a blocked worker back",
        Role.MANAGER,
        _quoting(UNBLOCK, Capability.UNBLOCK, UNBLOCK_WORDS),
        (WORKER, ACCOUNT),
        Capability.UNBLOCK,
    ),
)
