"""What a person means by an account, a submission, a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..accounts import Account
from ..provider import Capability
from ..store.port import Reader, Row
from ..text import one_line, parse_short_id, short_id
from ..ui import Completion
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


async def complete_job(context: Context, typed: str) -> Sequence[Completion]:
    rows = await context.house.store.read(_job_rows, typed)
    return [Completion(row["id"], one_line(row["title"]), row["account"]) for row in rows]


ACCOUNT = Param(
    "account", "the account's name in the config; left out: all", named_only=True, complete=complete_account
)
ACCOUNT_FIRST = Param("account", "the account's name in the config; left out: all", complete=complete_account)


def chosen_accounts(context: Context, values: Mapping[str, Any], needs: Capability | None = None) -> list[Account]:
    """The account that was named, or all that can do it."""
    accounts = context.house.accounts
    able = [a for a in accounts.values() if needs is None or needs in a.provider.capabilities]
    name = values.get("account")
    if name is None:
        if not accounts:
            raise BadInput("no account is configured: add one under [accounts.NAME] in the config")
        return able
    if name not in accounts:
        raise BadInput(f"there is no account {shown(name)}; one of: {', '.join(accounts) or 'none is configured'}")
    if accounts[name] not in able:
        others = ", ".join(a.name for a in able) or "no configured account can"
        raise BadInput(f"{name} ({accounts[name].provider.title}) cannot do that; these can: {others}")
    return [accounts[name]]


class NotThere(BadInput):
    """Nothing is called that."""


async def find_submission(context: Context, text: str, account: str | None = None) -> Row:
    """The submission that an id names, its newest revision. Raises `BadInput`, also where it is in two accounts."""
    rows = await context.house.store.read(_by_id, text, account)
    if not rows:
        raise NotThere(f"there is no submission {shown(text)}; see `pending`")
    if len({row["account"] for row in rows}) > 1:
        names = ", ".join(sorted({row["account"] for row in rows}))
        raise BadInput(f"{shown(text)} is in several accounts: say account= one of {names}")
    return rows[0]


def _by_id(reader: Reader, text: str, account: str | None) -> list[Row]:
    number = parse_short_id(text)
    found: list[Row] = []
    if number is not None:
        found += reader.q(
            "SELECT * FROM submissions WHERE id = :id AND (:account IS NULL OR account = :account)",
            id=number,
            account=account,
        )
    if not found:
        found += reader.q(
            """SELECT * FROM submissions WHERE task_id = :task AND (:account IS NULL OR account = :account)
               ORDER BY revision DESC""",
            task=text,
            account=account,
        )
    return found


def _waiting_rows(reader: Reader) -> Sequence[Row]:
    return reader.q(
        """SELECT s.id, s.worker_id, j.title FROM submissions s
           LEFT JOIN jobs j ON j.account = s.account AND j.id = s.job_id
           WHERE s.state IN ('new', 'shown', 'decided') AND s.state != 'decided'
           ORDER BY s.deadline IS NULL, s.deadline LIMIT 200"""
    )


def _job_rows(reader: Reader, typed: str) -> Sequence[Row]:
    pattern = "%" + typed.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return reader.q(
        """SELECT account, id, title FROM jobs WHERE id LIKE :pattern ESCAPE '\\' OR title LIKE :pattern ESCAPE '\\'
           ORDER BY read_at DESC LIMIT 25""",
        pattern=pattern,
    )
