"""A small Telegram of the tests' own, over real HTTP, with the people who use it.

    fake = FakeTelegram()
    await fake.start()                               # the bot's base_url is fake.base_url, its token fake.token
    ana = fake.user("Ana", 111)
    group = fake.supergroup(-1001, "Reviewers", ana, topics={5: "Reviews"})
    asked = await fake.says(ana, group, "/balance", topic=5)
    answer = await fake.reply_to(asked)              # waits until the bot replied
    card = await fake.card(group, "Waiting")         # waits for a message of the bot with these words
    popped_up = await fake.presses(ana, card, "Approve")
    fake.faults.add("sendMessage", cut(effect=True)) # what goes wrong: tests.adapters.telegram.faults
    fake.check()                                     # nothing was sent that Telegram would not take; no limit broken

In tests, ask for the fixture `telegram`, which checks that at its end. `clock` tells the seconds by which limits are
counted and messages dated, so that a test can turn them; waiting for updates is always real.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeVar

from tests.adapters.telegram.door import Door
from tests.adapters.telegram.faults import Faults
from tests.adapters.telegram.limits import Broken, Limits
from tests.adapters.telegram.markup import Parsed, finish
from tests.adapters.telegram.messages import nothing_shown
from tests.adapters.telegram.state import Answer, Press, World, member_of
from tests.adapters.telegram.updates import Updates
from tests.adapters.telegram.wire import Call, Upload
from tests.adapters.telegram.world import Chat, ChatKind, Json, Member, Message, Shown, Standing, User

TOKEN = "7000000001:AAtestTESTtestTESTtestTESTtestTEST_-x"
PATIENCE = 60.0  # seconds that a test waits for the bot

T = TypeVar("T")


class FakeTelegram:
    """The server, what it knows, and what people do there. One bot; its updates go to whoever has its token."""

    def __init__(
        self,
        *,
        token: str = TOKEN,
        username: str = "reviews_bot",
        clock: Callable[[], float] = time.time,
        limits: Limits | None = None,
        privacy: bool = True,
    ) -> None:
        self.token = token
        self.bot = User(int(token.partition(":")[0]), "Reviews", username, is_bot=True)
        self.world = World(self.bot, clock, limits or Limits(), privacy)
        self._door = Door(self.world, token)

    async def start(self) -> FakeTelegram:
        """Opens it at a port of its own, or at its port again after `stop`."""
        await self._door.open()
        return self

    async def stop(self) -> None:
        """The server is gone: connections end, new ones are refused. Nothing that it knows is lost."""
        await self._door.close()

    # where it is, and what was asked of it

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._door.port}/bot"

    @property
    def faults(self) -> Faults:
        return self._door.faults

    @property
    def updates(self) -> Updates:
        return self.world.updates

    @property
    def calls(self) -> list[Call]:
        return self._door.calls

    def calls_of(self, *methods: str, chat: Chat | None = None) -> list[Call]:
        return [call for call in self.calls if call.method in methods and (chat is None or call.chat_id == chat.id)]

    @property
    def wrongs(self) -> list[str]:
        """What was sent or answered that the models of aiogram do not know."""
        return self.world.wrongs

    @property
    def broken_limits(self) -> list[Broken]:
        return self.world.meter.broken

    @property
    def presses_made(self) -> list[Press]:
        return self.world.presses

    @property
    def unanswered(self) -> list[Press]:
        """Presses whose button still shows that it is waiting."""
        return [press for press in self.world.presses if press.answer is None]

    def check(self) -> None:
        """Raises where something was wrong on the wire, or a limit was broken."""
        assert self.wrongs == []
        assert self.broken_limits == []

    # who and what there is

    def user(self, name: str, number: int, *, username: str = "", started: bool = True) -> User:
        """A person, and their private chat with the bot, to which it may write once it was `started`."""
        user = User(number, name, username)
        self.world.users[number] = user
        self.world.chats[number] = Chat(number, "private", name, user, started=started)
        return user

    def group(self, number: int, title: str, *people: User, admins: Iterable[User] = ()) -> Chat:
        """A basic group: a negative number."""
        return self._place(number, "group", title, people, admins)

    def supergroup(
        self,
        number: int,
        title: str,
        *people: User,
        admins: Iterable[User] = (),
        topics: Mapping[int, str] | None = None,
    ) -> Chat:
        """A supergroup, with `topics` a forum; -100... on the real one."""
        chat = self._place(number, "supergroup", title, people, admins)
        for topic, name in (topics or {}).items():
            self.open_topic(chat, topic, name)
        return chat

    def channel(self, number: int, title: str, *people: User, bot_is_admin: bool = True) -> Chat:
        chat = self._place(number, "channel", title, people, ())
        self.appoint(chat, self.bot, "administrator" if bot_is_admin else "member")
        return chat

    def chat(self, number: int | str | User) -> Chat:
        """By its number; a user stands for their private chat."""
        return self.world.chats[number.id if isinstance(number, User) else int(number)]

    def open_topic(self, chat: Chat, topic: int, name: str) -> None:
        """A topic, whose number is that of the message that says so."""
        chat.topics[topic] = name
        chat.next_id = max(chat.next_id, topic)
        created = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
        message = self.world.post(chat, self.bot, nothing_shown(), topic=topic, service=created)
        message.id = topic

    def appoint(self, chat: Chat, user: User, standing: Standing, *denied: str, anonymous: bool = False) -> None:
        """Changes somebody's standing; of the bot's own it is told."""
        old = member_of(chat, user)
        new = Member(user, standing, frozenset(denied), anonymous)
        chat.members[user.id] = new
        if user == self.bot and old.standing != new.standing:
            self._tell_standing(chat, old, new)

    def kick(self, chat: Chat) -> None:
        """Somebody removes the bot, or blocks it in private."""
        if chat.kind == "private":
            assert chat.user is not None
            old, new = (Member(self.bot, s) for s in ("member", "kicked"))
            chat.blocked = True
            self._tell_standing(chat, old, new)
        else:
            self.appoint(chat, self.bot, "kicked")

    def migrate(self, chat: Chat, number: int) -> Chat:
        """A basic group becomes a supergroup: both say so, and the old one takes nothing more."""
        people = [member.user for member in chat.members.values() if member.user != self.bot]
        admins = [member.user for member in chat.members.values() if member.is_admin]
        new = self._place(number, "supergroup", chat.title, people, admins)
        new.members.update(chat.members)
        chat.migrated_to = number
        for place, words in ((chat, {"migrate_to_chat_id": number}), (new, {"migrate_from_chat_id": chat.id})):
            self._tell("message", self.world.post(place, people[0], nothing_shown(), service=words))
        return new

    # what people do

    async def says(
        self,
        user: User | None,
        chat: Chat | User,
        text: str,
        *,
        topic: int = 0,
        reply_to: Message | None = None,
        anonymous: bool = False,
    ) -> Message:
        """Somebody writes; nobody (`user` None) posts in a channel. The bot is told if it may hear it."""
        return self._writes(user, chat, Shown(finish(Parsed(text))), topic, reply_to, anonymous)

    async def sends(
        self,
        user: User,
        chat: Chat | User,
        name: str,
        content: bytes,
        caption: str = "",
        *,
        kind: Literal["document", "photo"] = "document",
        topic: int = 0,
        reply_to: Message | None = None,
    ) -> Message:
        """Somebody sends a file, or a picture."""
        file = self.world.keep(Upload(name, content, "text/csv" if kind == "document" else "image/png"), kind)
        shown = Shown(finish(Parsed(caption)), file=file, kind=kind)
        return self._writes(user, chat, shown, topic, reply_to)

    def press(self, user: User, message: Message, button: str = "", *, data: str | None = None) -> Press:
        """Somebody presses a button (by label, id or verb) and does not wait; `data` is what a forged client sends."""
        world = self.world
        sent = message.button(button).data if data is None else data
        press = Press(f"{4_000_000_000_000 + world.number()}", user, message, sent, world.now())
        query = {
            "id": press.id,
            "from": user.to_json(),
            "message": message.to_json(),
            "chat_instance": f"{-message.chat.id}7",
            "data": sent,
        }
        world.presses.append(press)
        number = world.updates.put("callback_query", query)
        press.update = {"update_id": number, "callback_query": query}
        return press

    async def presses(
        self,
        user: User,
        message: Message,
        button: str = "",
        *,
        data: str | None = None,
        seconds: float = PATIENCE,
    ) -> Answer:
        """Somebody presses a button; returns how it was answered, which is what pops up (mostly: nothing)."""
        press = self.press(user, message, button, data=data)
        return await self.until(lambda: press.answer, seconds, f"no answer to {press.data}")

    def repeat(self, press: Press) -> None:
        """Telegram delivers the same press (the same update_id) once more."""
        self.world.updates.repeat(press.update)

    # what there is to see

    def from_bot(self, chat: Chat | User, *, topic: int | None = None, after: Message | None = None) -> list[Message]:
        """What the bot wrote and did not delete, oldest first; `topic` 0: in no topic, or in General."""
        place = self.chat(chat) if isinstance(chat, User) else chat
        author = None if place.kind == "channel" else self.bot
        return [
            message
            for message in place.messages
            if message.sender == author
            and message.kind != "service"
            and not message.deleted
            and (topic is None or message.topic == topic)
            and (after is None or message.id > after.id)
        ]

    def replies(self, message: Message) -> list[Message]:
        """What the bot replied to a message."""
        return [reply for reply in self.from_bot(message.chat) if reply.reply_to == message.id]

    async def reply_to(self, message: Message, seconds: float = PATIENCE) -> Message:
        """The bot's first reply to a message, once it is there."""
        replies = await self.until(lambda: self.replies(message), seconds, f"no reply to {message.text!r}")
        return replies[0]

    async def card(
        self,
        chat: Chat | User,
        words: str,
        *,
        topic: int | None = None,
        after: Message | None = None,
        seconds: float = PATIENCE,
    ) -> Message:
        """The bot's newest message that shows these words now, once there is one."""

        def find() -> Message | None:
            shown = [m for m in self.from_bot(chat, topic=topic, after=after) if words in m.text]
            return shown[-1] if shown else None

        return await self.until(find, seconds, f"nothing says {words!r}")

    async def until(self, condition: Callable[[], T | None], seconds: float = PATIENCE, why: str = "") -> T:
        """Lets the bot work until it is so; returns what the condition gave."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not (value := condition()):
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"still not so after {seconds} s: {why}\n{self.describe()}")
            await asyncio.sleep(0.005)
        return value

    def describe(self) -> str:
        """The last messages of every chat, for whoever reads why a test failed."""
        lines = [f"{call.method} -> {call.outcome or 'no answer'}" for call in self.calls[-5:]]
        for chat in self.world.chats.values():
            for message in chat.messages[-4:]:
                who = message.sender.name if message.sender else chat.title
                lines.append(f"{chat.id} #{message.id} {who}: {message.text[:100]!r} {message.labels}")
        return "\n".join([*lines, *self.wrongs])

    def _place(self, number: int, kind: ChatKind, title: str, people: Iterable[User], admins: Iterable[User]) -> Chat:
        assert number < 0
        chat = Chat(number, kind, title)
        members: list[Member] = [Member(user) for user in (self.bot, *people)]
        members += [Member(user, "administrator") for user in admins]
        chat.members = {member.user.id: member for member in members}
        self.world.chats[number] = chat
        return chat

    def _writes(
        self,
        user: User | None,
        chat: Chat | User,
        shown: Shown,
        topic: int,
        reply_to: Message | None,
        anonymous: bool = False,
    ) -> Message:
        place = self.chat(chat) if isinstance(chat, User) else chat
        if place.kind == "private":
            place.started, place.blocked = True, False
        message = self.world.post(
            place,
            user,
            shown,
            topic=topic or (reply_to.topic if reply_to else 0),
            reply_to=reply_to.id if reply_to else 0,
            anonymous=anonymous,
        )
        if self.world.person_may_be_heard(message):
            self._tell("channel_post" if place.kind == "channel" else "message", message)
        return message

    def _tell(self, kind: str, message: Message) -> None:
        self.world.updates.put(kind, message.to_json())

    def _tell_standing(self, chat: Chat, old: Member, new: Member) -> None:
        who = chat.user or next((m.user for m in chat.members.values() if m.user != self.bot), self.bot)
        content: dict[str, Any] = {
            "chat": chat.to_json(),
            "from": who.to_json(),
            "date": self.world.seconds(),
            "old_chat_member": old.to_json(chat.kind),
            "new_chat_member": new.to_json(chat.kind),
        }
        self.world.updates.put("my_chat_member", content)


__all__ = ["Answer", "Call", "Chat", "FakeTelegram", "Json", "Limits", "Message", "Press", "User"]
