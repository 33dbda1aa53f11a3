"""The commands on teams: whom a job can be kept for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botcore import Card, Command, Kind, OperationKind, Param, Reply
from botcore.commands.asking import (
    ACCOUNT,
    ACCOUNT_FIRST,
    TEAMS,
    Account,
    BadInput,
    Found,
    ask,
    ask_for,
    at_once,
    chosen_accounts,
    complete_team,
    find_account,
    meant_workers,
    paged,
    words_match,
)
from botcore.kinds import Args
from botcore.models import Role, WorkerList
from botcore.provider import ProviderError
from botcore.store.port import Tx
from botcore.text import clean, one_line
from botcore.ui import Result, Table, Text, Tone

from .shared import HERE, asking, named

if TYPE_CHECKING:
    from botcore.dispatch import Context

    from ..provider import HireTalentsProvider, Member


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
    members = await asking(account, lambda p: p.members(team.id))
    rows = tuple((member.worker_id, clean(one_line(member.note), 200)) for member in members)
    card = Card(
        f"Members of {named(team.name)}",
        subtitle=f"{team.id} · {account.name}",
        badge=str(len(rows)),
        blocks=(Table(("Worker", "Note"), rows, empty="Nobody yet: put workers in with `team add`."),),
    )
    return await paged(context, card)


async def _create(context: Context, values: Mapping[str, Any]) -> Reply:
    account = find_account(context, values, provider=HERE)
    title = _title(values)
    words = f"Make a team called {named(title)}."
    return await at_once(context, account, CREATE, {"title": title}, words, about=f"new team:{title}")


async def _rename(context: Context, values: Mapping[str, Any]) -> Reply:
    account, team = await _find_team(context, values)
    title = _title(values)
    words = f"Rename the team {named(team.name)} to {named(title)}."
    return await at_once(context, account, RENAME, {"team": team.id, "title": title}, words, about=_about(team))


async def _delete(context: Context, values: Mapping[str, Any]) -> Reply:
    account, team = await _find_team(context, values)
    members = await asking(account, lambda p: p.members(team.id))
    words = f"Delete the team {named(team.name)} with its {_many(members)}: it cannot be brought back."
    facts = (("Team", f"{one_line(team.name)} ({team.id})"),)
    return await ask(context, account, DELETE, {"team": team.id}, words, about=_about(team), facts=facts)


async def _add(context: Context, values: Mapping[str, Any]) -> Reply:
    account, team, worker = await _team_and_worker(context, values)
    note: str = values.get("note", "").strip() or worker  # the marketplace wants one
    words = f"Put worker {worker} in the team {named(team.name)}, as {named(note)}."
    args = {"team": team.id, "worker": worker, "note": note}
    return await at_once(context, account, ADD, args, words, about=_about(team))


async def _remove(context: Context, values: Mapping[str, Any]) -> Reply:
    account, team, worker = await _team_and_worker(context, values)
    words = f"Take worker {worker} out of the team {named(team.name)}."
    return await at_once(context, account, REMOVE, {"team": team.id, "worker": worker}, words, about=_about(team))


# --- who and what is meant


async def _teams(
    accounts: Sequence[Account],
) -> tuple[list[tuple[Account, WorkerList]], list[tuple[Account, ProviderError]]]:
    """All teams of these accounts, and what kept some from being read."""
    answers = await asyncio.gather(*(asking(a, lambda p: p.teams()) for a in accounts), return_exceptions=True)
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
        raise BadInput(f"there is no team {named(text)}; see `team list`")
    if len(found) > 1:
        some = ", ".join(f"{team.id} ({account.name}: {named(team.name)})" for account, team in found[:5])
        raise BadInput(f"{named(text)} could be several teams: {some}")
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


def _many(members: Sequence[Member]) -> str:
    return "one member" if len(members) == 1 else f"{len(members)} members"


def _about(team: WorkerList) -> str:
    return f"team:{team.id}"


# --- operations


async def _send_create(provider: HireTalentsProvider, args: Args) -> str:
    return f"Team {(await provider.create_team(args['title'])).id} was made."


async def _send_rename(provider: HireTalentsProvider, args: Args) -> str:
    return f"It is called {named((await provider.rename_team(args['team'], args['title'])).name)} now."


async def _send_delete(provider: HireTalentsProvider, args: Args) -> str:
    return await provider.delete_team(args["team"])


async def _send_add(provider: HireTalentsProvider, args: Args) -> str:
    return await provider.add_member(args["team"], args["worker"], args["note"])


async def _send_remove(provider: HireTalentsProvider, args: Args) -> str:
    return await provider.remove_member(args["team"], args["worker"])


async def _look_for_title(provider: HireTalentsProvider, args: Args) -> Found:
    count = sum(team.name == args["title"] for team in await provider.teams())
    called = {0: "no team is", 1: "one team is"}.get(count, f"{count} teams are")
    return Found(f"At {provider.title} {called} called {named(args['title'])}.")


async def _look_at_team(provider: HireTalentsProvider, args: Args) -> Found:
    found = next((team for team in await provider.teams() if team.id == args["team"]), None)
    if found is None:
        return Found(f"There is no team {args['team']} at {provider.title}.")
    return Found(f"Team {args['team']} is called {named(found.name)}.")


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

OPERATIONS = (CREATE, RENAME, DELETE, ADD, REMOVE)


# --- commands

TEAM = Param("team", "a team's id, or words of its name", required=True, complete=complete_team)
ONE = "the account's name in the config; left out: the only one there is here"
TITLE = Param("title", "what it is called", Kind.TEXT, required=True)
WORKER = Param("worker", "a worker's id, or a submission of theirs", required=True)

COMMANDS = (
    Command("team list", "your teams", Role.MANAGER, _list, (ACCOUNT_FIRST,), provider=HERE),
    Command("team create", "make a team", Role.MANAGER, _create, (TITLE, replace(ACCOUNT, help=ONE)), provider=HERE),
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
)
