"""person list, add, remove, role."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..access import PersonError
from ..models import Role
from ..review import NotPossible, note_act
from ..text import clean
from ..ui import Card, Completion, Reply, Table
from .parse import BadInput
from .registry import Command, Param

if TYPE_CHECKING:
    from ..dispatch import Context

_NAME = re.compile(r"[a-z0-9_-]{1,32}")


async def _complete_person(context: Context, typed: str) -> Sequence[Completion]:
    people = await context.house.people.all()
    return [Completion(p.name, p.name, p.role) for p in people if p.name.startswith(typed)]


async def _list(context: Context, values: Mapping[str, Any]) -> Reply:
    rows = tuple(
        (
            person.name,
            person.role.value,
            ", ".join(f"{adapter} {user_id}" for adapter, user_id in person.identities.items()) or "—",
            "config" if person.from_config else "here",
        )
        for person in await context.house.people.all()
    )
    return Reply(
        card=Card("People", blocks=(Table(("Name", "Role", "Known as", "Kept in"), rows, empty="Nobody yet."),))
    )


def _adding(adapters: Sequence[str]) -> Any:
    async def add(context: Context, values: Mapping[str, Any]) -> Reply:
        name: str = values["name"].lower()
        if not _NAME.fullmatch(name):
            raise BadInput("a name is made of a-z, 0-9, - and _, at most 32 of them")
        identities = {a: values[a] for a in adapters if values.get(a, "no").lower() not in ("no", "false")}
        if "web" in identities and identities["web"].lower() in ("yes", "true"):
            identities["web"] = name
        if not identities:
            raise BadInput(
                f"say how they are known: {' or '.join(f'{a}=' for a in adapters) or 'configure an adapter'}"
            )
        role = Role(values["role"])
        await _change(
            context,
            "add",
            name,
            context.house.people.add(name, role, identities, by=context.person.name, now=context.now()),
        )
        link = f" `botcore link {name}` makes a sign-in link for them." if "web" in identities else ""
        return Reply(f"{name} is {role.one} now.{link}")

    return add


async def _remove(context: Context, values: Mapping[str, Any]) -> Reply:
    name = clean(values["name"], 40).lower()
    await _change(context, "remove", name, context.house.people.remove(name))
    return Reply(f"{name} is out, as of now.")


async def _role(context: Context, values: Mapping[str, Any]) -> Reply:
    name, role = clean(values["name"], 40).lower(), Role(values["role"])
    await _change(context, f"make {role}", name, context.house.people.set_role(name, role))
    return Reply(f"{name} is {role.one} now.")


async def _change(context: Context, act: str, name: str, change: Any) -> None:
    try:
        await change
    except PersonError as error:
        raise NotPossible(str(error)) from error
    await context.house.store.tx(
        note_act, context.now(), context.person.name, context.actor.adapter, f"person {act}", f"person:{name}"
    )


def people_commands(adapters: Sequence[str]) -> tuple[Command, ...]:
    """The commands about people; one parameter for each configured adapter takes an id there."""
    known = Param("name", "what they are called here", required=True, complete=_complete_person)
    role = Param("role", "what they may do", required=True, choices=tuple(role.value for role in Role))
    ids = tuple(
        Param(a, "yes, for a page of their own" if a == "web" else f"their id in {a}", named_only=True)
        for a in adapters
    )
    return (
        Command("person list", "who may use the bot", Role.MANAGER, _list),
        Command("person add", "let somebody in", Role.OWNER, _adding(adapters), (known, role, *ids)),
        Command("person remove", "shut somebody out, at once", Role.OWNER, _remove, (known,)),
        Command("person role", "give somebody another role", Role.OWNER, _role, (known, role)),
    )
