"""What a person means by an account, a submission, a worker."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..accounts import Account, can_serve, known_job, save_job
from ..models import Job
from ..provider import Capability, ProviderError, Refused
from ..store.port import Reader, Row
from ..text import one_line, parse_short_id, short_id
from ..ui import Completion
from .completing import complete_job
from .parse import BadInput, shown
from .registry import Param

if TYPE_CHECKING:
    from ..dispatch import Context


async def complete_account(context: Context, typed: str) -> Sequence[Completion]:
    return [
        Completion(name, name, account.provider.title)
        for name, account in context.house.accounts.items()
        if name.startswith(typed.lower())
    ]


async def complete_submission(context: Context, typed: str) -> Sequence[Completion]:
    rows = await context.house.store.read(_waiting_rows)
    wanted = typed.upper().removeprefix("#")
    return [
        Completion(short_id(row["id"]), short_id(row["id"]), f"{one_line(row['title'] or '')} · {row['worker_id']}")
        for row in rows
        if short_id(row["id"]).startswith(wanted)
    ]


ACCOUNT = Param(
    "account", "the account's name in the config; left out: all", named_only=True, complete=complete_account
)
ACCOUNT_FIRST = Param("account", "the account's name in the config; left out: all", complete=complete_account)


JOB = Param("job", "the job's id", required=True, complete=complete_job)


CANNOT = {
    Capability.BONUS: "cannot give a bonus",
    Capability.SATISFACTION: "cannot tell a satisfaction",
    Capability.BLOCK_WHILE_RATING: "cannot block a worker with a rating",
}


def chosen_accounts(
    context: Context, values: Mapping[str, Any], needs: Capability | None = None, provider: str = ""
) -> list[Account]:
    """The account that was named, or all that can do it: those with a capability, or at a marketplace (the word after
    `provider =`). Raises `BadInput`, which names those that can."""
    accounts = context.house.accounts
    able = [a for a in accounts.values() if can_serve(a, needs, provider)]
    name = values.get("account")
    if name is None:
        if not accounts:
            raise BadInput("no account is configured: add one under [accounts.NAME] in the config")
        if not able:
            raise BadInput("no configured account can do that")
        return able
    if name not in accounts:
        raise BadInput(f"there is no account {shown(name)}; one of: {', '.join(accounts) or 'none is configured'}")
    if accounts[name] not in able:
        others = f"these can: {', '.join(a.name for a in able)}" if able else "no configured account can"
        cannot = CANNOT.get(needs, "cannot do that") if needs else "cannot do that"
        raise BadInput(f"{name} ({accounts[name].provider.title}) {cannot}; {others}")
    return [accounts[name]]


def find_account(
    context: Context, values: Mapping[str, Any], needs: Capability | None = None, provider: str = ""
) -> Account:
    """The one account that is meant: the one that was named, or the only one that can. Raises `BadInput`."""
    able = chosen_accounts(context, values, needs, provider)
    if len(able) > 1:
        raise BadInput(f"several accounts can do that: say account= one of {', '.join(a.name for a in able)}")
    return able[0]


def leading_account(context: Context, values: Mapping[str, Any], rest: str) -> dict[str, Any]:
    """The values of a command whose first word may be an account's name or already the first of `rest`."""
    name = values.get("account")
    if name is None or name in context.house.accounts:
        return dict(values)
    others = {key: value for key, value in values.items() if key != "account"}
    return {**others, rest: " ".join(part for part in (name, values.get(rest)) if part)}


async def find_job(
    context: Context, values: Mapping[str, Any], needs: Capability | None = None, provider: str = ""
) -> tuple[Account, Job]:
    """The job that `values["job"]` names, as the marketplace has it now, and its account. Raises `BadInput`, also where
    it is in two accounts, in one that cannot do what is asked, or cannot be read."""
    wanted: str = values["job"]
    able = chosen_accounts(context, values, needs, provider)
    accounts = able if "account" in values else chosen_accounts(context, {})
    having = await context.house.store.read(_having, wanted, [account.name for account in accounts])
    asked = [context.house.accounts[name] for name in having] or accounts
    answers = await asyncio.gather(*(_job_of(account, wanted) for account in asked))
    found = [(a, answer) for a, answer in zip(asked, answers, strict=True) if isinstance(answer, Job)]
    problems = [f"{a.name}: {answer}" for a, answer in zip(asked, answers, strict=True) if isinstance(answer, str)]
    if not found:
        raise BadInput("; ".join(problems) or f"there is no job {shown(wanted)}; see `job list`")
    if len(found) > 1:
        names = ", ".join(account.name for account, _ in found)
        raise BadInput(f"{shown(wanted)} is in several accounts: say account= one of {names}")
    account, job = found[0]
    chosen_accounts(context, {"account": account.name}, needs, provider)
    await context.house.store.tx(save_job, job, context.now())
    return account, job


async def _job_of(account: Account, job_id: str) -> Job | str | None:
    """The job; None where the account has none of this id, and why where that cannot be told."""
    try:
        return await account.ask(lambda p: p.job(job_id))
    except Refused:
        return None
    except ProviderError as error:
        return str(error)


class NotThere(BadInput):
    """Nothing is called that."""


async def find_submission(context: Context, text: str, account: str | None = None) -> Row:
    """The submission that an id names, its newest revision; after a #, only a short id is one. Raises `BadInput`, also
    where it is in two accounts, and where the marketplace's id of one is the short id of another."""
    ours, theirs = await context.house.store.read(_by_id, text, account)
    if ours and theirs and ours["id"] not in {row["id"] for row in theirs}:
        names = f"say #{short_id(ours['id'])} or #{short_id(theirs[0]['id'])}"
        raise BadInput(f"{shown(text)} is one submission here and another at the marketplace: {names}")
    rows = [ours] if ours else theirs
    if not rows:
        raise NotThere(f"there is no submission {shown(text)}; see `pending`")
    if len({row["account"] for row in rows}) > 1:
        names = ", ".join(sorted({row["account"] for row in rows}))
        raise BadInput(f"{shown(text)} is in several accounts: say account= one of {names}")
    return rows[0]


async def pressed_submission(context: Context, subject: str) -> Row:
    """The submission that a button names, by its short id. Raises `BadInput`."""
    return await find_submission(context, f"#{subject}")


def pressed_number(subject: str) -> int:
    """The number of the submission that a button names, whether there is one or not. Raises `BadInput`."""
    number = parse_short_id(subject)
    if number is None:
        raise BadInput("this button cannot be read: look at the newest card")
    return number


def meant_workers(reader: Reader, account: str, texts: Sequence[str]) -> list[str]:
    """Workers by their ids, or by submissions of theirs; an id that was never seen here is left as it is. Raises
    `BadInput` for a submission of another account, and for what could be either."""
    return list(dict.fromkeys(_worker(reader, account, text) for text in texts))


def means_one(reader: Reader, text: str, account: str | None) -> None:
    """Raises `BadInput` for what is a worker's id and, as a short id, a submission of somebody else."""
    number = parse_short_id(text)
    of_worker = reader.one(
        """SELECT id, worker_id FROM submissions WHERE worker_id = :worker AND (:account IS NULL OR account = :account)
           ORDER BY id DESC LIMIT 1""",
        worker=text,
        account=account,
    )
    named = reader.one(
        "SELECT worker_id FROM submissions WHERE id = :id AND (:account IS NULL OR account = :account)",
        id=number,
        account=account,
    )
    if of_worker and named and named["worker_id"] != text:
        raise BadInput(
            f"{shown(text)} is a worker, and a submission of another: say #{short_id(of_worker['id'])}, a submission "
            f"of that worker, or #{short_id(number or 0)}"
        )


def _worker(reader: Reader, account: str, text: str) -> str:
    means_one(reader, text, account)
    seen = reader.value(
        "SELECT 1 FROM submissions WHERE worker_id = :text AND account = :account LIMIT 1", text=text, account=account
    )
    number = None if seen else parse_short_id(text)
    if number is None:
        return text
    row = reader.one("SELECT worker_id, account FROM submissions WHERE id = :id", id=number)
    if row is None:
        return text
    if row["account"] != account:
        raise BadInput(f"{shown(text)} is a submission at {row['account']}, not at {account}: name a worker there")
    worker: str = row["worker_id"]
    return worker


def _by_id(reader: Reader, text: str, account: str | None) -> tuple[Row | None, Sequence[Row]]:
    """The submission with this short id, and the revisions, newest first, of that with this id at its marketplace."""
    ours = reader.one(
        "SELECT * FROM submissions WHERE id = :id AND (:account IS NULL OR account = :account)",
        id=parse_short_id(text),
        account=account,
    )
    theirs = reader.q(
        """SELECT * FROM submissions WHERE task_id = :task AND (:account IS NULL OR account = :account)
           ORDER BY revision DESC""",
        task=text,
        account=account,
    )
    return ours, theirs


def _waiting_rows(reader: Reader) -> Sequence[Row]:
    return reader.q(
        """SELECT s.id, s.worker_id, j.title FROM submissions s
           LEFT JOIN jobs j ON j.account = s.account AND j.id = s.job_id
           WHERE s.state IN ('new', 'shown', 'decided') AND s.state != 'decided'
           ORDER BY s.deadline IS NULL, s.deadline LIMIT 200"""
    )


def _having(reader: Reader, job: str, accounts: Sequence[str]) -> list[str]:
    """Those of these accounts that are known to have a job of this id."""
    return [name for name in accounts if known_job(reader, name, job)]
