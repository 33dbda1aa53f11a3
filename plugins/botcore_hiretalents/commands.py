"""What only HireTalents has: teams, jobs that can be written anew, and applications in all their states."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from botcore import Card, Command, Kind, OperationKind, Param, Provider, Reply
from botcore.catalogue import TEAMS, ask_for
from botcore.commands.asking import (
    ACCOUNT,
    ACCOUNT_FIRST,
    JOB,
    Account,
    BadInput,
    Found,
    ask,
    at_once,
    chosen_accounts,
    complete_team,
    find_account,
    find_job,
    look_at_job,
    meant_workers,
    paged,
    words_match,
)
from botcore.kinds import Args
from botcore.models import JobChange, Role, WorkerList
from botcore.provider import ProviderError
from botcore.store.port import Tx
from botcore.text import clean, one_line
from botcore.ui import Result, Table, Text, Tone

from .api import ALL
from .revisions import APPROVED, DECLINED, NOT_COMPLETED, PENDING, REPORTED
from .updates import changes_of

if TYPE_CHECKING:
    from botcore.dispatch import Context

    from .provider import HireTalentsProvider, Member

T = TypeVar("T")

HERE = "hiretalents"
STATES: Mapping[str, int | str] = {
    "pending": PENDING,
    "approved": APPROVED,
    "declined": DECLINED,
    "not-completed": NOT_COMPLETED,
    "reported": REPORTED,
    ALL: ALL,
}


# --- teams


async def _list(context: Context, values: Mapping[str, Any]) -> Reply:
    accounts = chosen_accounts(context, values, provider=HERE)
    teams, problems = await _teams(accounts)
    rows = tuple((team.id, one_line(team.name), account.name) for account, team in teams)
    table = Table(("Id", "Team", "Account"), rows, empty="There are none: make one with `team create`.")
    troubles = [Text(f"{account.name}: {error}", tone=Tone.WARNING) for account, error in problems]
    result = Result.REFUSED if len(problems) == len(accounts) else Result.DONE
    return await paged(context, Card("Teams", blocks=(table, *troubles)), result=result)


async def _members(context: Context, values: Mapping[str, Any]) -> Reply:
    account, team = await _find_team(context, values)
    members = await _asking(account, lambda p: p.members(team.id))
    rows = tuple((member.worker_id, clean(one_line(member.note), 200)) for member in members)
    card = Card(
        f"Members of {_name(team.name)}",
        subtitle=f"{team.id} · {account.name}",
        badge=str(len(rows)),
        blocks=(Table(("Worker", "Note"), rows, empty="Nobody yet: put workers in with `team add`."),),
    )
    return await paged(context, card)


async def _create(context: Context, values: Mapping[str, Any]) -> Reply:
    account = find_account(context, values, provider=HERE)
    title = _title(values)
    words = f"Make a team called {_name(title)}."
    return await at_once(context, account, CREATE, {"title": title}, words, about=f"new team:{title}")


async def _rename(context: Context, values: Mapping[str, Any]) -> Reply:
    account, team = await _find_team(context, values)
    title = _title(values)
    words = f"Call the team {_name(team.name)} {_name(title)} from now on."
    return await at_once(context, account, RENAME, {"team": team.id, "title": title}, words, about=_about(team))


async def _delete(context: Context, values: Mapping[str, Any]) -> Reply:
    account, team = await _find_team(context, values)
    members = await _asking(account, lambda p: p.members(team.id))
    words = f"Delete the team {_name(team.name)} with its {_many(members)}: it cannot be brought back."
    facts = (("Team", f"{one_line(team.name)} ({team.id})"),)
    return await ask(context, account, DELETE, {"team": team.id}, words, about=_about(team), facts=facts)


async def _add(context: Context, values: Mapping[str, Any]) -> Reply:
    account, team, worker = await _team_and_worker(context, values)
    note: str = values.get("note", "").strip() or worker  # the marketplace wants one
    words = f"Put worker {worker} in the team {_name(team.name)}, as {_name(note)}."
    args = {"team": team.id, "worker": worker, "note": note}
    return await at_once(context, account, ADD, args, words, about=_about(team))


async def _remove(context: Context, values: Mapping[str, Any]) -> Reply:
    account, team, worker = await _team_and_worker(context, values)
    words = f"Take worker {worker} out of the team {_name(team.name)}."
    return await at_once(context, account, REMOVE, {"team": team.id, "worker": worker}, words, about=_about(team))


# --- jobs


async def _update(context: Context, values: Mapping[str, Any]) -> Reply:
    account, job = await find_job(context, values, provider=HERE)
    try:
        changes = changes_of(values)
    except ValueError as error:
        raise BadInput(str(error)) from error
    said = ", ".join(name for name in UPDATES if name in values)
    words = f"Change {_name(job.title)}: {said}."
    args = {"job": job.id, "changes": json.dumps(changes)}
    return await at_once(context, account, UPDATE, args, words, about=f"job:{job.id}")


async def _applications(context: Context, values: Mapping[str, Any]) -> Reply:
    account, job = await find_job(context, values, provider=HERE)
    state, number = values.get("state", ALL), values.get("page", 1)
    if number < 1:
        raise BadInput("page is a number from 1 on")
    found = await _asking(account, lambda p: p.in_state(job.id, STATES[state], number))
    words = {value: name for name, value in STATES.items()}
    rows = tuple(
        (
            one.id,
            one.user_id,
            words.get(one.status, f"status {one.status}"),
            f"{one.appdate:%Y-%m-%d %H:%M}",
            clean(one_line(one.proof), 80),
            str(len(one.screenshot_url or one.screenshot) or ""),
            clean(one_line(one.showcause), 80),
        )
        for one in found
    )
    columns = ("Application", "Worker", "State", "Handed in", "Text", "Pictures", "Reason")
    card = Card(
        f"Applications for {_name(job.title)}",
        subtitle=f"{job.id} · {account.name}",
        blocks=(Table(columns, rows, empty="There are none." if number == 1 else "There are no more."),),
        footer=f"there may be more: page={number + 1}" if rows else "",
    )
    return await paged(context, card)


# --- who and what is meant


async def _asking(account: Account, what: Callable[[HireTalentsProvider], Awaitable[T]]) -> T:
    return await account.ask(cast("Callable[[Provider], Awaitable[T]]", what))


async def _teams(
    accounts: Sequence[Account],
) -> tuple[list[tuple[Account, WorkerList]], list[tuple[Account, ProviderError]]]:
    """All teams of these accounts, and what kept some from being read."""
    answers = await asyncio.gather(*(_asking(a, lambda p: p.teams()) for a in accounts), return_exceptions=True)
    teams: list[tuple[Account, WorkerList]] = []
    problems: list[tuple[Account, ProviderError]] = []
    for account, answer in zip(accounts, answers, strict=True):
        if isinstance(answer, ProviderError):
            problems.append((account, answer))
        elif isinstance(answer, BaseException):
            raise answer
        else:
            teams += [(account, team) for team in answer]
    return teams, problems


async def _find_team(context: Context, values: Mapping[str, Any]) -> tuple[Account, WorkerList]:
    """The team that an id names, or words that only one team's name has. Raises `BadInput`, `ProviderError`."""
    text: str = values["team"]
    known, problems = await _teams(chosen_accounts(context, values, provider=HERE))
    found = [pair for pair in known if pair[1].id == text] or [p for p in known if words_match(text, p[1].name)]
    if not found and problems:
        raise problems[0][1]
    if not found:
        raise BadInput(f"there is no team {_name(text)}; see `team list`")
    if len(found) > 1:
        some = ", ".join(f"{team.id} ({account.name}: {_name(team.name)})" for account, team in found[:5])
        raise BadInput(f"{_name(text)} could be several teams: {some}")
    return found[0]


async def _team_and_worker(context: Context, values: Mapping[str, Any]) -> tuple[Account, WorkerList, str]:
    account, team = await _find_team(context, values)
    (worker,) = await context.house.store.read(meant_workers, account.name, [values["worker"]])
    return account, team, clean(one_line(worker), 64)


def _title(values: Mapping[str, Any]) -> str:
    title: str = one_line(values["title"])
    if not title:
        raise BadInput("a team needs a name")
    return title


def _name(text: str) -> str:
    return f"“{clean(one_line(text), 60)}”"


def _many(members: Sequence[Member]) -> str:
    return "one member" if len(members) == 1 else f"{len(members)} members"


def _about(team: WorkerList) -> str:
    return f"team:{team.id}"


# --- operations


async def _send_create(provider: HireTalentsProvider, args: Args) -> str:
    return f"Team {(await provider.create_team(args['title'])).id} was made."


async def _send_rename(provider: HireTalentsProvider, args: Args) -> str:
    return f"It is called {_name((await provider.rename_team(args['team'], args['title'])).name)} now."


async def _send_delete(provider: HireTalentsProvider, args: Args) -> str:
    return await provider.delete_team(args["team"])


async def _send_add(provider: HireTalentsProvider, args: Args) -> str:
    return await provider.add_member(args["team"], args["worker"], args["note"])


async def _send_remove(provider: HireTalentsProvider, args: Args) -> str:
    return await provider.remove_member(args["team"], args["worker"])


async def _send_update(provider: HireTalentsProvider, args: Args) -> JobChange:
    return await provider.update(args["job"], json.loads(args["changes"]))


async def _look_for_title(provider: HireTalentsProvider, args: Args) -> Found:
    count = sum(team.name == args["title"] for team in await provider.teams())
    called = {0: "no team is", 1: "one team is"}.get(count, f"{count} teams are")
    return Found(f"At {provider.title} {called} called {_name(args['title'])}.")


async def _look_at_team(provider: HireTalentsProvider, args: Args) -> Found:
    found = next((team for team in await provider.teams() if team.id == args["team"]), None)
    if found is None:
        return Found(f"There is no team {args['team']} at {provider.title}.")
    return Found(f"Team {args['team']} is called {_name(found.name)}.")


async def _look_at_members(provider: HireTalentsProvider, args: Args) -> Found:
    members = await provider.members(args["team"])
    there = "is" if any(member.worker_id == args["worker"] for member in members) else "is not"
    return Found(f"Worker {args['worker']} {there} in the team, which has {_many(members)}.")


def _read_teams_again(tx: Tx, account: str, args: Args) -> None:
    ask_for(tx, account, TEAMS)


CREATE = OperationKind("create team", Role.MANAGER, _send_create, done=_read_teams_again, look=_look_for_title)
RENAME = OperationKind("rename team", Role.MANAGER, _send_rename, True, _read_teams_again, _look_at_team)
DELETE = OperationKind("delete team", Role.MANAGER, _send_delete, True, _read_teams_again, _look_at_team)
ADD = OperationKind("add to team", Role.MANAGER, _send_add, True, look=_look_at_members)
REMOVE = OperationKind("remove from team", Role.MANAGER, _send_remove, True, look=_look_at_members)
UPDATE = OperationKind("update job", Role.MANAGER, _send_update, True, look=look_at_job)

OPERATIONS = (CREATE, RENAME, DELETE, ADD, REMOVE, UPDATE)


# --- commands

TEAM = Param("team", "a team's id, or words of its name", required=True, complete=complete_team)
TITLE = Param("title", "what it is called", Kind.TEXT, required=True)
WORKER = Param("worker", "a worker's id, or a submission of theirs", required=True)

UPDATES = {
    "title": Param("title", "what it is called", Kind.TEXT, named_only=True),
    "time": Param("time", "how many minutes it takes", Kind.INTEGER, named_only=True),
    "limit": Param("limit", "how many may do it: 3/hour, 10/day", named_only=True),
    "instructions": Param("instructions", "its steps, with | between them", Kind.TEXT, named_only=True),
    "proofs": Param("proofs", "text: or image: and what to hand in, with | between them", Kind.TEXT, named_only=True),
    "restart": Param("restart", "how often the same workers may do it again: 6h, 2d, off", named_only=True),
}

COMMANDS = (
    Command("team list", "your teams", Role.MANAGER, _list, (ACCOUNT_FIRST,), provider=HERE),
    Command("team create", "make a team", Role.MANAGER, _create, (TITLE, ACCOUNT), provider=HERE),
    Command("team rename", "call a team something else", Role.MANAGER, _rename, (TEAM, TITLE, ACCOUNT), provider=HERE),
    Command("team delete", "delete a team; you are asked first", Role.MANAGER, _delete, (TEAM, ACCOUNT), provider=HERE),
    Command("team members", "who is in a team", Role.MANAGER, _members, (TEAM, ACCOUNT), provider=HERE),
    Command(
        "team add",
        "put a worker in a team",
        Role.MANAGER,
        _add,
        (TEAM, WORKER, Param("note", "your own words for them", Kind.TEXT), ACCOUNT),
        provider=HERE,
    ),
    Command(
        "team remove", "take a worker out of a team", Role.MANAGER, _remove, (TEAM, WORKER, ACCOUNT), provider=HERE
    ),
    Command(
        "job update",
        "change what a job says, and how often it can be done",
        Role.MANAGER,
        _update,
        (JOB, *UPDATES.values(), ACCOUNT),
        provider=HERE,
    ),
    Command(
        "job applications",
        "a job's applications in any of their states",
        Role.VIEWER,
        _applications,
        (
            JOB,
            Param("state", "only these", named_only=True, choices=tuple(STATES)),
            Param("page", "which page of the marketplace's list", Kind.INTEGER, named_only=True),
            ACCOUNT,
        ),
        provider=HERE,
    ),
)
