"""What people do, whatever messenger they do it in: commands, presses and forms, each checked at every act."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .access import People
from .accounts import Accounts, can_serve
from .adapter import Actor
from .clock import Clock
from .commands.parse import ATTACHED, BadInput, complete_words, find_command, parse_values
from .commands.registry import Command
from .intake import Intake
from .kinds import Kinds
from .logs import reference
from .models import Channel, Person, Role
from .notices.desk import NO_NEWS, Newsroom
from .provider import Capability, ProviderError
from .review import Made, NotPossible
from .rules.settings import Rule
from .settings import Reason
from .spending import Limits, OverLimit
from .store.port import Store, StoreError
from .text import sentence, storable
from .ui import Completion, File, Form, Reply, Result

log = logging.getLogger(__name__)

# a verb, what it is about by a name of ours, and a number that a database can hold
_BUTTON = re.compile(r"([a-z-]{1,20}):([A-Za-z0-9-]{1,26}):([0-9]{1,15})")


@dataclass(frozen=True, slots=True)
class House:
    """What commands work with."""

    store: Store
    clock: Clock
    accounts: Accounts
    people: People
    intake: Intake
    limits: Limits
    reasons: Sequence[Reason]
    hold_ms: int
    decided: Callable[[Made], None]  # told of each decision once it is durable
    status: Callable[[], Awaitable[Reply]]
    plugins: Callable[[], Reply]
    commands: Sequence[Command]
    kinds: Kinds  # of operations, by name
    rules: Sequence[Rule] = ()
    channels: Sequence[Channel] = ()  # those where is reviewed
    newsroom: Newsroom = NO_NEWS

    def offers(self, role: Role) -> list[Command]:
        """The commands that somebody of this role may use and a configured account can serve, each with the parameters
        that one can."""
        return [
            replace(command, params=tuple(param for param in command.params if self.can_serve(param.needs)))
            for command in self.commands
            if role.covers(command.role) and self.can_serve(command.needs, command.provider)
        ]

    def can_serve(self, needs: Capability | None, provider: str = "") -> bool:
        """Whether nothing is needed, or a configured account has it."""
        if needs is None and not provider:
            return True
        return any(can_serve(account, needs, provider) for account in self.accounts.values())


@dataclass(frozen=True, slots=True)
class Context:
    """Who asks, and what they may use."""

    house: House
    actor: Actor
    person: Person
    immediate: bool = False  # no undo window: nobody is there to press Undo
    sure: bool = False  # it was confirmed beforehand
    typed: Mapping[str, str] = field(default_factory=dict)  # of a line that is being completed: what is there, by name

    def now(self) -> int:
        return self.house.clock.ms()

    @property
    def hold_ms(self) -> int:
        return 0 if self.immediate else self.house.hold_ms

    def may(self, role: Role) -> bool:
        return self.person.role.covers(role)


Press = Callable[[Context, str, int], Awaitable[Reply]]
Submit = Callable[[Context, str, int, Mapping[str, str]], Awaitable[Reply]]
Check = Callable[[Context, str, int, Mapping[str, str]], Awaitable[Form]]


class Forbidden(Exception):  # noqa: N818
    """Who asks may not; the message says who may."""


class Dispatcher:
    """Implements `adapter.Dispatch`. `presses`, `forms` and `checks` (of live forms): by verb, with the role each
    needs."""

    def __init__(
        self,
        house: House,
        presses: Mapping[str, tuple[Role, Press]],
        forms: Mapping[str, tuple[Role, Submit]],
        checks: Mapping[str, tuple[Role, Check]],
        *,
        immediate: bool = False,
    ) -> None:
        self.house = house
        self._presses = presses
        self._forms = forms
        self._checks = checks
        self._immediate = immediate

    async def command(
        self,
        actor: Actor,
        line: str,
        file: File | None = None,
        *,
        sure: bool = False,
        files: Mapping[str, File] | None = None,
    ) -> Reply:
        """`sure`: what would be asked about, and could not be taken back, is confirmed. `files`: those that words of
        the line name."""
        line = storable(line)
        files = {ATTACHED: file} if file else files or {}

        async def run() -> Reply:
            person = await self.house.people.of(actor)
            if person is None:
                return await self._for_stranger(actor, line)
            command, rest = find_command(self.house.commands, line)
            if not person.role.covers(command.role):
                raise Forbidden(f"`{command.name}` needs {command.role.one}; you are {person.role.one}")
            values = parse_values(command, rest, files)
            return await command.run(replace(self._context(actor, person), sure=sure), values)

        return await self._guarded(actor, f"/{line[:60]}", run)

    async def press(self, actor: Actor, button: str) -> Reply:
        async def run() -> Reply:
            person = await self._somebody(actor)
            verb, subject, revision = _parts(button)
            if verb not in self._presses:
                raise BadInput("this button is from another version: look at the newest card")
            role, handler = self._presses[verb]
            return await handler(self._allowed(actor, person, role), subject, revision)

        return await self._guarded(actor, storable(button[:64]), run)

    async def submit_form(self, actor: Actor, form: str, values: Mapping[str, str]) -> Reply:
        async def run() -> Reply:
            person = await self._somebody(actor)
            verb, subject, revision = _parts(form)
            if verb not in self._forms:
                raise BadInput("this form is from another version: press the button again")
            role, handler = self._forms[verb]
            typed = {storable(name): storable(text) for name, text in values.items()}
            return await handler(self._allowed(actor, person, role), subject, revision, typed)

        return await self._guarded(actor, storable(form[:64]), run)

    async def check_form(self, actor: Actor, form: str, values: Mapping[str, str]) -> Form | None:
        person = await self.house.people.of(actor)
        try:
            verb, subject, revision = _parts(form)
            if person is None or verb not in self._checks:
                return None
            role, handler = self._checks[verb]
            typed = {storable(name): storable(text) for name, text in values.items()}
            return await handler(self._allowed(actor, person, role), subject, revision, typed)
        except (BadInput, Forbidden, NotPossible, OverLimit, ProviderError, StoreError) as error:
            log.debug("a form cannot be looked at: %s", error)
            return None

    async def complete(self, actor: Actor, line: str) -> Sequence[Completion]:
        person = await self.house.people.of(actor)
        if person is None:
            return []
        try:
            return await complete_words(await self.commands(actor), self._context(actor, person), storable(line))
        except (BadInput, ProviderError, StoreError) as error:
            log.debug("no completion: %s", error)
            return []

    async def commands(self, actor: Actor) -> Sequence[Command]:
        person = await self.house.people.of(actor)
        if person is None:
            return [command for command in self.house.commands if command.open_to_strangers]
        return self.house.offers(person.role)

    async def all_commands(self) -> Sequence[Command]:
        return self.house.offers(Role.OWNER)

    async def person(self, actor: Actor) -> Person | None:
        return await self.house.people.of(actor)

    def _context(self, actor: Actor, person: Person) -> Context:
        return Context(self.house, actor, person, self._immediate)

    async def _for_stranger(self, actor: Actor, line: str) -> Reply:
        """They learn their id and nothing else, not even which commands there are."""
        try:
            command, rest = find_command([c for c in self.house.commands if c.open_to_strangers], line)
            values = parse_values(command, rest)
        except BadInput:
            raise Forbidden(stranger(actor)) from None
        return await command.run(self._context(actor, Person(actor.name, Role.VIEWER)), values)

    async def _somebody(self, actor: Actor) -> Person:
        person = await self.house.people.of(actor)
        if person is None:
            raise Forbidden(stranger(actor))
        return person

    def _allowed(self, actor: Actor, person: Person, role: Role) -> Context:
        if not person.role.covers(role):
            raise Forbidden(f"this needs {role.one}; you are {person.role.one}")
        return self._context(actor, person)

    async def _guarded(self, actor: Actor, what: str, run: Callable[[], Awaitable[Reply]]) -> Reply:
        """A person gets a sentence, whatever happens; the log has the rest."""
        try:
            return await run()
        except (BadInput, Forbidden, NotPossible, OverLimit) as error:
            return Reply(sentence(str(error)), result=Result.REFUSED)
        except ProviderError as error:
            return Reply(sentence(f"the marketplace: {error}"), result=Result.REFUSED)
        except StoreError as error:
            log.error("%s by %s: %s", what, actor.adapter, error)
            return Reply(sentence(f"not saved: {error}"), result=Result.REFUSED)
        except Exception:
            ref = reference()
            log.exception("%s failed", what, extra={"ref": ref})
            return Reply(
                f"Something went wrong here. Quote {ref} to whoever runs the bot.",
                result=Result.REFUSED,
            )


def stranger(actor: Actor) -> str:
    """All that somebody without a role is told."""
    return f"ask an owner to let you in: your id here is {actor.user_id} ({actor.adapter})"


def _parts(button: str) -> tuple[str, str, int]:
    match = _BUTTON.fullmatch(button)
    if match is None:
        raise BadInput("this button cannot be read: look at the newest card")
    return match[1], match[2], int(match[3])
