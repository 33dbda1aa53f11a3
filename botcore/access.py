"""Who may do what: people of the config beside those kept in the database. Who is in neither may do nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Concatenate, ParamSpec, TypeVar

from .adapter import Actor
from .models import Person, Role, RoleGrant
from .store.port import Reader, Store, Tx
from .text import one_line

P = ParamSpec("P")
T = TypeVar("T")

GUEST_LETTERS = 24  # of the name that a messenger shows for somebody without an entry
LOCAL = "local"  # the adapter's name of who runs commands on this machine: files guard that door
LOCAL_OWNER = Person("local owner", Role.OWNER, {LOCAL: "owner"}, from_config=True)


class PersonError(ValueError):
    """A change of people that cannot be made; the message says why and what to do."""


class People:
    """Finds people. Who was found in the database is remembered until anybody is changed there, which only this
    process can do; a change counts at once."""

    def __init__(self, store: Store, configured: Iterable[Person], grants: Iterable[RoleGrant] = ()) -> None:
        self._store = store
        self._grants: dict[tuple[str, str], Role] = {}
        self._guests: dict[tuple[str, str], str] = {}
        self.trust(grants)
        self._configured = {person.name: person for person in configured}
        self._by_identity = {
            (adapter, user_id): person
            for person in (*self._configured.values(), LOCAL_OWNER)
            for adapter, user_id in person.identities.items()
        }
        self._found: dict[tuple[str, str], Person] = {}
        self._changes = 0

    def trust(self, grants: Iterable[RoleGrant]) -> None:
        """Lets in whoever has these roles in their messenger."""
        self._grants |= {(grant.adapter, grant.theirs): grant.role for grant in grants}

    async def of(self, actor: Actor) -> Person | None:
        """Who this is. Who is listed by name has the role of the list; others the highest that a grant gives."""
        return await self.find(actor.adapter, actor.user_id) or await self._guest(actor)

    async def _guest(self, actor: Actor) -> Person | None:
        granted = [
            self._grants[actor.adapter, theirs] for theirs in actor.roles if (actor.adapter, theirs) in self._grants
        ]
        if not granted:
            return None
        identity = actor.adapter, actor.user_id
        if identity not in self._guests:
            self._guests[identity] = await self._store.tx(_guest_name, *identity, actor.name)
        role = min(granted, key=list(Role).index)
        return Person(self._guests[identity], role, {actor.adapter: actor.user_id})

    async def find(self, adapter: str, user_id: str) -> Person | None:
        """The person with this id in this messenger."""
        identity, changes = (adapter, user_id), self._changes
        if known := self._by_identity.get(identity) or self._found.get(identity):
            return known
        kept = await self._store.read(_find, adapter, user_id)
        if kept is None:
            return None
        person = self._configured.get(kept.name, kept)  # the config says what its people may do
        if changes == self._changes:  # else this may be how it was before
            self._found[identity] = person
        return person

    async def named(self, name: str) -> Person | None:
        return self._configured.get(name) or await self._store.read(_named, name)

    async def all(self) -> Sequence[Person]:
        """Everybody, those of the config first."""
        return (*self._configured.values(), *await self._store.read(_all))

    async def others(self, role: Role, name: str) -> bool:
        """Whether anybody but this person may do what this role may; true where a messenger's own roles give it, since
        nobody here knows to whom."""
        if any(granted.covers(role) for granted in self._grants.values()):
            return True
        return any(person.role.covers(role) for person in await self.all() if person.name != name)

    async def still(self, name: str, role: Role) -> bool:
        """Whether somebody who did something under this name may still do what this role may. Of those whom a
        messenger's role lets in, that messenger alone knows, and it is believed of them."""
        if not name or name == LOCAL_OWNER.name or await self._store.read(_is_guest, name):
            return True
        person = await self.named(name)
        return person is not None and person.role.covers(role)

    async def add(self, name: str, role: Role, identities: Mapping[str, str], *, by: str, now: int) -> Person:
        """Adds a person, or identities to one kept in the database. Raises `PersonError`."""
        if name in self._configured or name == LOCAL_OWNER.name:
            raise PersonError(f"{name} is in the config file: change them there")
        for adapter, user_id in identities.items():
            if holder := self._by_identity.get((adapter, user_id)):
                raise PersonError(f"{adapter} {user_id} is already {holder.name}")
        return await self._store.tx(self._changing(_add), name, role, dict(identities), by, now)

    async def remove(self, name: str) -> None:
        """Takes every right from a person, at once. Raises `PersonError`."""
        self._only_kept(name)
        if not await self._store.tx(self._changing(_remove), name):
            raise PersonError(f"nobody is called {name}: see `person list`")

    async def set_role(self, name: str, role: Role) -> None:
        """Gives a person another role, at once. Raises `PersonError`."""
        self._only_kept(name)
        if not await self._store.tx(self._changing(_set_role), name, role):
            raise PersonError(f"nobody is called {name}: see `person list`")

    def _changing(self, fn: Callable[Concatenate[Tx, P], T]) -> Callable[Concatenate[Tx, P], T]:
        """Has everybody looked up anew once this is durable, whether or not somebody still waits for it."""

        def change(tx: Tx, /, *args: P.args, **kwargs: P.kwargs) -> T:
            tx.after_commit(self._forget)
            return fn(tx, *args, **kwargs)

        return change

    def _forget(self) -> None:
        self._changes += 1
        self._found.clear()

    def _only_kept(self, name: str) -> None:
        if name in self._configured:
            raise PersonError(f"{name} is in the config file: change them there")


def _person(reader: Reader, name: str, role: str) -> Person:
    rows = reader.q("SELECT adapter, user_id FROM identities WHERE person = :name", name=name)
    since = reader.value("SELECT added_at FROM people WHERE name = :name", name=name)
    return Person(name, Role(role), {row["adapter"]: row["user_id"] for row in rows}, since=since)


def _guest_name(tx: Tx, adapter: str, user_id: str, shown: str) -> str:
    """What somebody without an entry is called. It stays as it was first, whatever they call themselves later, and
    the id in it makes it nobody else's: who decided and who confirmed are told apart by their names."""
    name = f"{one_line(shown)[:GUEST_LETTERS].strip() or 'somebody'} ({adapter} {user_id})"
    tx.q(
        """INSERT INTO guests (adapter, user_id, name) VALUES (:adapter, :user_id, :name)
           ON CONFLICT (adapter, user_id) DO NOTHING""",
        adapter=adapter,
        user_id=user_id,
        name=name,
    )
    kept: str = tx.value(
        "SELECT name FROM guests WHERE adapter = :adapter AND user_id = :user_id", adapter=adapter, user_id=user_id
    )
    return kept


def _is_guest(reader: Reader, name: str) -> bool:
    return bool(reader.value("SELECT 1 FROM guests WHERE name = :name", name=name))


def _find(reader: Reader, adapter: str, user_id: str) -> Person | None:
    row = reader.one(
        """SELECT name, role FROM people JOIN identities ON person = name
           WHERE adapter = :adapter AND user_id = :user_id""",
        adapter=adapter,
        user_id=user_id,
    )
    return _person(reader, row["name"], row["role"]) if row else None


def _named(reader: Reader, name: str) -> Person | None:
    row = reader.one("SELECT name, role FROM people WHERE name = :name", name=name)
    return _person(reader, row["name"], row["role"]) if row else None


def _all(reader: Reader) -> list[Person]:
    rows = reader.q("SELECT name, role FROM people ORDER BY name")
    return [_person(reader, row["name"], row["role"]) for row in rows]


def _add(tx: Tx, name: str, role: Role, identities: dict[str, str], by: str, now: int) -> Person:
    tx.q(
        """INSERT INTO people (name, role, added_by, added_at) VALUES (:name, :role, :by, :now)
           ON CONFLICT (name) DO UPDATE SET role = excluded.role""",
        name=name,
        role=role,
        by=by,
        now=now,
    )
    for adapter, user_id in identities.items():
        holder = tx.value(
            """INSERT INTO identities (adapter, user_id, person) VALUES (:adapter, :user_id, :name)
               ON CONFLICT (adapter, user_id) DO UPDATE SET person = person RETURNING person""",
            adapter=adapter,
            user_id=user_id,
            name=name,
        )
        if holder != name:
            raise PersonError(f"{adapter} {user_id} is already {holder}")
    return _person(tx, name, role)


def _remove(tx: Tx, name: str) -> bool:
    tx.q("DELETE FROM identities WHERE person = :name", name=name)
    return bool(tx.q("DELETE FROM people WHERE name = :name RETURNING name", name=name))


def _set_role(tx: Tx, name: str, role: Role) -> bool:
    return bool(tx.q("UPDATE people SET role = :role WHERE name = :name RETURNING name", name=name, role=role))
