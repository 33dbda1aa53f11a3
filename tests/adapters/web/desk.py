"""A page served for real, with a scripted bot behind it."""

from __future__ import annotations

import asyncio
import io
import json
import re
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from PIL import Image, ImageDraw

from botcore.adapter import Actor, AdapterTools
from botcore.clock import Clock, ManualClock
from botcore.commands.registry import Command
from botcore.models import Channel, Person, Role
from botcore.store.sqlite import SqliteStore
from botcore.ui import Button, Card, Completion, Field, Fields, File, Form, MessageRef, Reply, Text, Tone
from botcore_web.adapter import WebAdapter, WebSettings
from botcore_web.schema import web as web_tables
from tests.ports import free_port

REVIEW = Channel("review", "web", "inbox")
ANA = Person("ana", Role.OWNER, {"web": "ana"})
BEN = Person("ben", Role.REVIEWER, {"web": "ben"})
EARLIER, LATER = datetime(2026, 1, 5, 9, tzinfo=UTC), datetime(2027, 1, 7, tzinfo=UTC)


class Book:
    """Who may use the bot, as a test says at this moment."""

    def __init__(self, *people: Person) -> None:
        self.people = {person.name: person for person in people}

    async def find(self, adapter: str, user_id: str) -> Person | None:
        for person in self.people.values():
            if person.identities.get(adapter) == user_id:
                return person
        return None

    async def named(self, name: str) -> Person | None:
        return self.people.get(name)


class Album:
    def __init__(self) -> None:
        self.pictures: dict[str, tuple[bytes, str]] = {}

    async def read(self, key: str) -> tuple[bytes, str] | None:
        return self.pictures.get(key)


@dataclass
class Script:
    """A bot that answers as it was told, and remembers what it was asked."""

    replies: dict[str, Reply | Callable[[Actor], Reply]] = field(default_factory=dict)
    completions: list[Completion] = field(default_factory=list)
    heard: list[tuple[str, Actor, str, Mapping[str, str]]] = field(default_factory=list)
    offered: Sequence[Command] = ()
    files: list[File] = field(default_factory=list)  # that came with commands
    hold: asyncio.Event | None = None  # while it is there and not set, answers wait
    after: Callable[[Actor, str], Any] | None = None  # awaited before an answer
    check: Callable[[Mapping[str, str]], Form | None] | None = None  # a form, as answers leave it

    def acts(self) -> list[tuple[str, str]]:
        return [(kind, what) for kind, _, what, _ in self.heard if kind not in ("complete", "check")]

    async def command(self, actor: Actor, line: str, file: File | None = None) -> Reply:
        self.files += [file] if file else []
        return await self._answer("command", actor, line)

    async def press(self, actor: Actor, button: str) -> Reply:
        return await self._answer("press", actor, button)

    async def submit_form(self, actor: Actor, form: str, values: Mapping[str, str]) -> Reply:
        return await self._answer("form", actor, form, values)

    async def check_form(self, actor: Actor, form: str, values: Mapping[str, str]) -> Form | None:
        self.heard.append(("check", actor, form, values))
        if self.hold is not None:
            await self.hold.wait()
        return self.check(values) if self.check else None

    async def complete(self, actor: Actor, line: str) -> Sequence[Completion]:
        self.heard.append(("complete", actor, line, {}))
        word = line.rsplit(" ", 1)[-1]
        return [c for c in self.completions if c.text.startswith(word)]

    async def commands(self, actor: Actor) -> Sequence[Command]:
        return self.offered

    async def all_commands(self) -> Sequence[Command]:
        return []

    async def person(self, actor: Actor) -> Person | None:
        return ANA

    async def _answer(self, kind: str, actor: Actor, what: str, values: Mapping[str, str] | None = None) -> Reply:
        self.heard.append((kind, actor, what, values or {}))
        if self.hold is not None:
            await self.hold.wait()
        if self.after is not None:
            await self.after(actor, what)
        reply = self.replies.get(f"{kind} {what}", Reply("Done."))
        return reply if isinstance(reply, Reply) else reply(actor)


class Desk:
    """The adapter, mounted on a server of its own."""

    def __init__(self, store: SqliteStore, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.people: Any = Book(ANA, BEN)
        self.album = Album()
        self.script = Script()
        self.adapter = self._new_adapter()
        self._port = free_port()
        self.base = f"http://127.0.0.1:{self._port}"
        self._runner: web.AppRunner | None = None

    async def serve(self, *, start: bool = True, base: str | None = None) -> None:
        """Opens the page; a second time at the same address, as after a restart."""
        server = socket.create_server(("127.0.0.1", self._port))
        self.adapter = self._new_adapter()
        app = web.Application()
        self.adapter.mount(app, base or self.base)
        if start:
            await self.adapter.start(self.script)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.SockSite(self._runner, server).start()

    async def close(self) -> None:
        await self.adapter.stop()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def send(self, card: Card, key: str = "") -> MessageRef:
        return await self.adapter.send(REVIEW, card, key or card.subject)

    async def link(self, person: Person = ANA) -> str:
        return await self.adapter.sign_in_link(person, self.base)

    @asynccontextmanager
    async def visitor(self, person: Person = ANA) -> AsyncIterator[Visitor]:
        """Somebody signed in, by HTTP alone."""
        async with self.visitor_http() as http:
            async with http.post(await self.link(person)) as answer:
                assert answer.status == 200, await answer.text()
                csrf = re.search(r'data-csrf="([^"]+)"', await answer.text())
            assert csrf is not None
            yield Visitor(http, csrf[1])

    def visitor_http(self) -> aiohttp.ClientSession:
        """A browser's memory, without the browser."""
        return aiohttp.ClientSession(self.base, cookie_jar=aiohttp.CookieJar(unsafe=True))

    def _new_adapter(self) -> WebAdapter:
        tools = AdapterTools(self.store, self.clock, self.album, self.people, "", (REVIEW,))
        return WebAdapter(WebSettings(), tools)


@dataclass(frozen=True)
class Visitor:
    http: aiohttp.ClientSession
    csrf: str

    async def post(self, path: str, **fields: str) -> tuple[int, dict[str, Any]]:
        async with self.http.post(path, data=fields, headers={"X-CSRF-Token": self.csrf}) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str) -> tuple[int, str]:
        async with self.http.get(path) as answer:
            return answer.status, await answer.text()


class Events:
    """A stream of server-sent events, read one by one."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer
        self.last_id = ""

    async def next(self, *names: str) -> tuple[str, dict[str, Any]]:
        """The next event with one of these names; `end` once the stream is over."""
        while True:
            name, data = await self._read()
            if name in (*names, "end"):
                return name, data

    async def _read(self) -> tuple[str, dict[str, Any]]:
        name, data = "", ""
        while line := (await asyncio.wait_for(self._answer.content.readline(), 60)).decode():
            if line == "\n" and name:
                return name, json.loads(data)
            key, _, value = line.rstrip("\n").partition(": ")
            if key == "event":
                name = value
            elif key == "data":
                data = value
            elif key == "id":
                self.last_id = value
        return "end", {}


@asynccontextmanager
async def desk(folder: Path, clock: Clock | None = None) -> AsyncIterator[Desk]:
    store = await SqliteStore.open(folder / "bot.db", migrations=[web_tables])
    here = Desk(store, clock or ManualClock())
    try:
        yield here
    finally:
        await here.close()
        await store.close()


DECIDE = (
    ("approve", "Approve", Tone.SUCCESS, "a"),
    ("revise", "Revise", Tone.WARNING, "v"),
    ("reject", "Reject", Tone.DANGER, "r"),
    ("more", "More", Tone.NEUTRAL, ""),
)


def waiting(name: str, title: str = "Follow a page", **more: Any) -> Card:
    """The card of a submission that waits."""
    buttons = tuple(Button(f"{verb}:{name}:0", label, tone, key) for verb, label, tone, key in DECIDE)
    card = Card(title, f"submission:{name}", badge="Waiting", tone=Tone.INFO, buttons=buttons)
    return replace(card, **more)


def queue(name: str, number: int = 3, *, last: str = "", **more: Any) -> Card:
    """The card of a queue that has this submission in hand; `last` is what was decided before it."""
    held, subject = name[1:], f"q-{number}"
    facts = (Field("Waiting", "143"), Field("Oldest", "", EARLIER), Field("Next deadline", "", LATER, countdown=True))
    said = (Text(last, "Last", tone=Tone.SUCCESS),) if last else ()
    buttons = [Button(f"{verb}:{subject}:{held}", label, tone, key) for verb, label, tone, key in DECIDE[:3]]
    buttons.append(Button(f"skip:{subject}:{held}", "Skip", key="s"))
    if last:
        buttons.append(Button(f"undo:{subject}:{int(held) - 1}", f"Undo A{int(held) - 1}", key="u"))
    buttons += [Button(f"alone:{subject}:{held}", "Review alone"), Button(f"compare:{name}:0", "Compare")]
    buttons.append(Button(f"more:{name}:0", "More"))
    blocks = (Fields(facts), *said, Fields((Field("Worker", "w1"),)), *more.pop("blocks", ()))
    card = Card(f"{name} Follow a page", f"queue:{subject}", f"#{name} · main", "143 waiting", Tone.INFO, blocks)
    return replace(card, buttons=tuple(buttons), **{"count": 143, **more})


def settled(card: Card, badge: str = "Approved by ana") -> Card:
    """The same once somebody decided, while it can be undone."""
    undo = Button(card.buttons[0].id.replace("approve", "undo"), "Undo", key="u")
    return replace(card, badge=badge, tone=Tone.SUCCESS, buttons=(undo,))


def png(colour: str, size: tuple[int, int] = (360, 640)) -> bytes:
    """A screenshot of nothing in particular."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, size[0], 70), fill=colour)
    for y in range(110, size[1] - 40, 70):
        draw.rectangle((24, y, size[0] - 24, y + 40), fill="#e6e9f0")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
