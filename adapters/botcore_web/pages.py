"""The addresses of the page: who may open them, and what they answer."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from botcore.adapter import Actor, AdapterTools, Dispatch
from botcore.attached import MOST_BYTES, BadFile, read_file
from botcore.commands.parse import BadInput, find_command
from botcore.commands.registry import Command, Kind
from botcore.models import Person
from botcore.text import sentence
from botcore.ui import Completion, File, Reply, Result

from .forms import with_typed
from .guard import HEADERS, PICTURE_HEADERS, Guard, Refusal, check_csrf, read_fields
from .live import Stream, Wakers, cursor_of, state_of
from .messages import Messages
from .render import Look, clean, render_board, render_form, render_notice, render_page, render_reply
from .sessions import SESSION_LIFE, LinkState, Session, Sessions
from .static_files import read_static

log = logging.getLogger(__name__)

PRESS_BYTES = 16 * 1024
FORM_BYTES = 256 * 1024
COMMAND_BYTES = PRESS_BYTES + 3 * MOST_BYTES  # a byte of a file takes up to three in a form
COMPLETIONS = 50
PICTURE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class SignedOut(Refusal):
    def __init__(self) -> None:
        super().__init__(401, "You are signed out. Reload the page.")


class NoRole(Refusal):
    def __init__(self, session: Session) -> None:
        super().__init__(403, f"You have no role here. Ask an owner; your id is {session.user_id}.")
        self.session = session


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in and has a role, as of this request."""

    session: Session
    person: Person

    @property
    def actor(self) -> Actor:
        return Actor("web", self.session.user_id, self.person.name, chat_id=self.session.short_id)


class Pages:
    """The page's routes. `dispatch` is None while the bot starts or stops."""

    def __init__(self, tools: AdapterTools, messages: Messages, sessions: Sessions, wakers: Wakers, base: str) -> None:
        self.dispatch: Dispatch | None = None
        self._tools = tools
        self._messages = messages
        self._sessions = sessions
        self._wakers = wakers
        self._guard = Guard(base)
        build, self._static = read_static()
        self._look = Look(self._guard.prefix, build)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._page_of(self._index)),
            web.get("/static/{build}/{name}", self._page_of(self._static_file)),
            web.get("/sign-in/{token}", self._page_of(self._offer_sign_in)),
            web.post("/sign-in/{token}", self._page_of(self._sign_in)),
            web.post("/sign-out", self._page_of(self._sign_out)),
            web.get("/pictures/{key}", self._page_of(self._picture)),
            web.get("/board", self._data_of(self._board)),
            web.get("/state", self._data_of(self._state)),
            web.get("/events", self._data_of(self._events), allow_head=False),
            web.post("/act", self._data_of(self._act)),
            web.post("/form", self._data_of(self._submit_form)),
            web.post("/check", self._data_of(self._check_form)),
            web.post("/command", self._data_of(self._command)),
            web.post("/complete", self._data_of(self._complete)),
        ]

    # --- what people open

    async def _index(self, request: web.Request) -> web.Response:
        self._ready()
        visitor = await self._visitor(request)
        board = await self._messages.board()
        now = self._tools.clock.now()
        return _html(render_page(board, now, self._look, person=visitor.person, csrf=visitor.session.csrf))

    async def _static_file(self, request: web.Request) -> web.Response:
        file = self._static.get(request.match_info["name"])
        if file is None:
            raise Refusal(404, "There is nothing here.")
        current = request.match_info["build"] == self._look.build
        caching = "public, max-age=31536000, immutable" if current else "no-cache"
        return web.Response(
            body=file.body,
            content_type=file.media_type,
            charset="utf-8",
            headers={**HEADERS, "Cache-Control": caching},
        )

    async def _offer_sign_in(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        state = await self._sessions.link_state(token)
        if state is not LinkState.GOOD:
            return self._bad_link(state)
        return _html(render_notice("sign-in", self._look, token=token))

    async def _sign_in(self, request: web.Request) -> web.Response:
        opened = await self._sessions.redeem(request.match_info["token"])
        if isinstance(opened, LinkState):
            return self._bad_link(opened)
        response = self._redirect()
        response.set_cookie(
            self._guard.cookie,
            opened,
            max_age=SESSION_LIFE // 1000,
            path="/",
            secure=self._guard.secure,
            httponly=True,
            samesite="Lax",
        )
        return response

    async def _sign_out(self, request: web.Request) -> web.Response:
        session = await self._session(request)
        if session is not None:
            check_csrf(session.csrf, request, await read_fields(request, PRESS_BYTES))
            await self._sessions.end(request.cookies[self._guard.cookie])
            self._wakers.wake()
        response = self._redirect()
        response.del_cookie(self._guard.cookie, path="/", secure=self._guard.secure, httponly=True, samesite="Lax")
        return response

    async def _picture(self, request: web.Request) -> web.Response:
        await self._visitor(request)
        found = await self._tools.pictures.read(request.match_info["key"])
        if found is None or found[1] not in PICTURE_TYPES:
            raise Refusal(404, "There is no such picture.")
        body, media_type = found
        return web.Response(body=body, content_type=media_type, headers=PICTURE_HEADERS)

    # --- what the page's scripts ask for

    async def _board(self, request: web.Request) -> web.Response:
        await self._visitor(request)
        board = await self._messages.board()
        return _html(render_board(board, self._tools.clock.now(), self._look))

    async def _state(self, request: web.Request) -> web.Response:
        """For pages that nobody looks at, which keep no stream open."""
        await self._visitor(request)
        return _json(state_of(await self._messages.totals(), self._tools.clock, self._look))

    async def _events(self, request: web.Request) -> web.StreamResponse:
        await self._visitor(request)
        self._ready()
        response = web.StreamResponse(headers={**HEADERS, "X-Accel-Buffering": "no"})
        response.content_type = "text/event-stream"
        response.charset = "utf-8"
        await response.prepare(request)

        async def allowed() -> bool:
            try:
                await self._visitor(request)
            except Refusal:
                return False
            return True

        stream = Stream(self._messages, self._wakers, self._tools.clock, self._look, allowed)
        try:
            await stream.run(response, cursor_of(request))
        except Exception:
            log.exception("a page's stream broke off")  # too late for another answer: the page connects again
        return response

    async def _act(self, request: web.Request) -> web.Response:
        visitor, fields, dispatch = await self._post(request, PRESS_BYTES)
        return self._answer(await dispatch.press(visitor.actor, fields.get("button", "")))

    async def _submit_form(self, request: web.Request) -> web.Response:
        visitor, fields, dispatch = await self._post(request, FORM_BYTES)
        typed = _typed(fields)
        reply = await dispatch.submit_form(visitor.actor, fields.get("form", ""), typed)
        return self._answer(reply, typed)

    async def _check_form(self, request: web.Request) -> web.Response:
        visitor, fields, dispatch = await self._post(request, FORM_BYTES)
        typed = _typed(fields)
        form = await dispatch.check_form(visitor.actor, fields.get("form", ""), typed)
        return _json({"form": None if form is None else render_form(with_typed(form, typed))})

    async def _command(self, request: web.Request) -> web.Response:
        visitor, fields, dispatch = await self._post(request, COMMAND_BYTES)
        try:
            reply = await dispatch.command(visitor.actor, _line(fields), _file(fields))
        except BadFile as error:
            reply = Reply(sentence(str(error)), result=Result.REFUSED)
        return self._answer(reply)

    async def _complete(self, request: web.Request) -> web.Response:
        visitor, fields, dispatch = await self._post(request, PRESS_BYTES)
        line = _line(fields)
        found = await dispatch.complete(visitor.actor, line)
        takes_file = _takes_file(await dispatch.commands(visitor.actor), line)
        return _json({"completions": _completions(found), "file": takes_file})

    # --- what they have in common

    def _page_of(self, handler: Handler) -> Handler:
        """Refusals as pages that people read."""
        return self._guarded(handler, self._refusal_page)

    def _data_of(self, handler: Handler) -> Handler:
        """Refusals as data that the page's scripts show."""
        return self._guarded(
            handler, lambda refusal: _json({"result": "refused", "text": str(refusal)}, refusal.status)
        )

    def _guarded(self, handler: Handler, refused: Callable[[Refusal], web.Response]) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                self._guard.check(request)
                return await handler(request)
            except Refusal as refusal:
                return refused(refusal)
            except ConnectionError:
                raise  # the browser went away
            except Exception:
                reference = secrets.token_hex(3)
                log.exception("web %s failed (%s)", handler.__name__.strip("_"), reference)
                return refused(Refusal(500, f"Something went wrong here. The log tells more under {reference}."))

        return guarded

    def _refusal_page(self, refusal: Refusal) -> web.Response:
        if isinstance(refusal, SignedOut):
            return _html(render_notice("signed-out", self._look), 401)
        if isinstance(refusal, NoRole):
            session = refusal.session
            return _html(render_notice("no-role", self._look, user_id=session.user_id, csrf=session.csrf), 403)
        if refusal.status == 503:
            response = _html(render_notice("starting", self._look), 503)
            response.headers["Retry-After"] = "2"
            return response
        return _html(render_notice("refused", self._look, message=str(refusal)), refusal.status)

    def _bad_link(self, state: LinkState) -> web.Response:
        kind = "link-used" if state is LinkState.USED else "link-expired"
        return _html(render_notice(kind, self._look), 410)

    def _redirect(self) -> web.Response:
        return web.Response(status=303, headers={**HEADERS, "Location": f"{self._guard.prefix}/"})

    async def _session(self, request: web.Request) -> Session | None:
        token = request.cookies.get(self._guard.cookie)
        return await self._sessions.find(token) if token else None

    async def _visitor(self, request: web.Request) -> Visitor:
        """Who asks, looked up at every request. Raises `SignedOut` or `NoRole`."""
        session = await self._session(request)
        if session is None:
            raise SignedOut
        person = await self._tools.people.find("web", session.user_id)
        if person is None:
            raise NoRole(session)
        if not session.is_of(person):
            raise SignedOut
        return Visitor(session, person)

    def _ready(self) -> Dispatch:
        if self.dispatch is None:
            raise Refusal(503, "The bot is starting. Try again in a moment.")
        return self.dispatch

    async def _post(self, request: web.Request, limit: int) -> tuple[Visitor, dict[str, str], Dispatch]:
        visitor = await self._visitor(request)
        fields = await read_fields(request, limit)
        check_csrf(visitor.session.csrf, request, fields)
        return visitor, fields, self._ready()

    def _answer(self, reply: Reply, typed: dict[str, str] | None = None) -> web.Response:
        self._wakers.wake()  # it may have removed somebody, whose streams end now
        return _json(render_reply(reply, self._tools.clock.now(), self._look, typed=typed))


def _typed(fields: dict[str, str]) -> dict[str, str]:
    return {name[3:]: value for name, value in fields.items() if name.startswith("in.")}


def _line(fields: dict[str, str]) -> str:
    return fields.get("line", "").lstrip().removeprefix("/")


def _file(fields: dict[str, str]) -> File | None:
    """What was attached. Raises `BadFile`."""
    return read_file(fields["file_name"], fields.get("file", "").encode()) if "file_name" in fields else None


def _takes_file(commands: Sequence[Command], line: str) -> bool:
    try:
        command, _ = find_command(commands, line)
    except BadInput:
        return False
    return any(param.kind is Kind.FILE for param in command.params)


def _completions(found: Sequence[Completion]) -> list[dict[str, str]]:
    return [{"text": c.text, "label": clean(c.label, 200), "help": clean(c.help, 300)} for c in found[:COMPLETIONS]]


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


def _json(value: object, status: int = 200) -> web.Response:
    return web.json_response(value, status=status, headers=HEADERS)
