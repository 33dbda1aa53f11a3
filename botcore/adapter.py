"""What a messenger plugin implements, and what the core lends it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from .models import Channel, Person, Role
from .ui import Card, Completion, File, Form, MessageRef, Reply

if TYPE_CHECKING:
    from aiohttp.web import Application
    from pydantic import BaseModel

    from .clock import Clock
    from .commands.registry import Command
    from .store.port import Store


class AdapterError(Exception):
    """A messenger could not do it. The message is short and safe to show to a person."""


class SendFailed(AdapterError):  # noqa: N818
    """Surely not sent: again after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SendUnknown(AdapterError):  # noqa: N818
    """Left, and no answer: it may be there."""


class MessageGone(AdapterError):  # noqa: N818
    """The message to edit is not there any more."""


class ChannelBroken(AdapterError):  # noqa: N818
    """The place cannot be written to (gone, kicked, no permission): a person must act."""


class Traffic(IntEnum):
    """What is written to a channel, the most urgent first."""

    ANSWER = 0  # to somebody who waits for it
    DECISION = 1  # an edit that people look for: it shows what somebody did
    NEW = 2  # a card
    OTHER = 3  # any other edit


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `botcore check`: what is right, or what is wrong and what to do about it."""

    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something, as the messenger vouches for it. What they may do is looked up at every act."""

    adapter: str
    user_id: str
    name: str  # as shown there; never trusted
    chat_id: str = ""
    roles: tuple[str, ...] = ()  # the messenger's own roles, where it has any


class Dispatch(Protocol):
    """What an adapter calls. Every call checks who asks; none raises for what a person did wrong: they say so."""

    async def command(self, actor: Actor, line: str, file: File | None = None) -> Reply:
        """Runs one command line, without a leading slash: `approve A31 bonus=0.10`. `file`: what was attached to it,
        for the command's parameter of that kind."""

    async def press(self, actor: Actor, button: str) -> Reply:
        """Does what a button's id says."""

    async def submit_form(self, actor: Actor, form: str, values: Mapping[str, str]) -> Reply:
        """Takes a filled-in form; a reply with a form says what to correct."""

    async def check_form(self, actor: Actor, form: str, values: Mapping[str, str]) -> Form | None:
        """A `live` form as these answers would leave it: what is wrong with each, and what they come to. Changes
        nothing; None where the form cannot be looked at."""

    async def complete(self, actor: Actor, line: str) -> Sequence[Completion]:
        """How the last word of a command line could go on; empty for who has no role."""

    async def commands(self, actor: Actor) -> Sequence[Command]:
        """The commands that this person may use, in the order of the help."""

    async def all_commands(self) -> Sequence[Command]:
        """Every command that an account here can serve, for messengers that keep a list; who may use them is checked
        at every use."""

    async def person(self, actor: Actor) -> Person | None:
        """Who this is; None for a stranger."""


class Pictures(Protocol):
    """The pictures that workers handed in, fetched and checked by the core."""

    async def read(self, key: str) -> tuple[bytes, str] | None:
        """A picture's bytes and media type (`image/png`, `image/jpeg`, `image/gif` or `image/webp`)."""


Draw = Callable[[str], Awaitable[Card | None]]


async def _no_card(subject: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class AdapterTools:
    """What the core lends an adapter. `draw` makes the card of a `Card.subject` as things stand now, for a messenger
    that changes a card in its answer to whoever pressed a button; None where nothing is known by that name."""

    store: Store
    clock: Clock
    pictures: Pictures
    people: PeopleBook
    public_url: str  # "" where none is configured
    channels: Sequence[Channel]  # those of this adapter
    draw: Draw = _no_card


class PeopleBook(Protocol):
    """Who may use the bot, as of now."""

    async def find(self, adapter: str, user_id: str) -> Person | None: ...

    async def named(self, name: str) -> Person | None: ...


class Adapter(ABC):
    """One messenger."""

    name: ClassVar[str]  # the word after `adapter =` and in `[adapters.NAME]`
    Settings: ClassVar[type[BaseModel]]  # the keys of `[adapters.NAME]`
    ChannelOptions: ClassVar[type[BaseModel] | None] = None  # the keys of its `[[channels]]` beyond the core's
    purposes: ClassVar[tuple[str, ...]] = ("review", "notify")  # that its channels may have
    idempotent_sends: ClassVar[bool] = False  # a repeated send with the same key makes no second message

    def __init__(self, settings: Any, tools: AdapterTools) -> None:
        self.settings = settings
        self.tools = tools

    @abstractmethod
    async def start(self, dispatch: Dispatch) -> None:
        """Gets ready to receive; returns once it is. Raises `AdapterError` where a person or time must help."""

    async def serve(self) -> None:
        """Runs from `start` until it is cancelled; raises `AdapterError` where the connection is lost for good, after
        which `stop` and `start` are called again."""
        await asyncio.Event().wait()

    @abstractmethod
    async def stop(self) -> None: ...

    @abstractmethod
    async def send(self, channel: Channel, card: Card, key: str) -> MessageRef:
        """Sends a card. `key` is the same for every try to send the same thing.
        Raises `SendFailed`, `SendUnknown` or `ChannelBroken`."""

    @abstractmethod
    async def edit(self, ref: MessageRef, card: Card) -> None:
        """Makes a sent message show this card. Raises `SendFailed`, `SendUnknown`, `MessageGone`, `ChannelBroken`."""

    def pause(self, channel: Channel, traffic: Traffic) -> float:
        """Seconds until this may be written to a channel, 0 for now. Asked before each send and edit, so that what is
        written once it may be is the most urgent, and shows how things are then."""
        return 0.0

    def grants(self) -> Mapping[str, Role]:
        """Which roles of its own (`Actor.roles`) give one of ours, beside those that `[[roles]]` names."""
        return {}

    async def check(self) -> Sequence[Finding]:
        """Asks the messenger whether the token, the places and the rights there are as they must be.

        Works without `start`, raises nothing for what is wrong with them, and changes nothing.
        """
        return ()

    async def sync(self, dispatch: Dispatch) -> str:
        """Tells the messenger which commands there are, whatever it has been told before; returns what was done in a
        few words, "" where it keeps no list. Works without `start`. Raises `AdapterError`."""
        return ""

    def condition(self) -> str:
        """How the connection is, in a few words for /status: `connected, 84 ms`."""
        return ""

    def mount(self, app: Application, base: str) -> None:
        """Adds this adapter's pages to the bot's web server, which people reach at `base`; by default none."""

    def mount_hooks(self, app: Application, base: str) -> None:
        """Adds what the messenger itself calls, where the bot has webhooks at all; by default none."""

    async def sign_in_link(self, person: Person, base: str) -> str | None:
        """A link that signs a person in once; None where people sign in elsewhere. Works without `start`."""
        return None
