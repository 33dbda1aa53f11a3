"""The way into a simulated API: key, rate limit, faults, the endpoint in a transaction, the answer."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from .base import Answer, Call, Login, Missing, Refusal, Sandbox
from .clock import first_of
from .faults import Fault, FaultBook, FaultKind
from .lies import lie
from .limits import RateLimit
from .routes import Routes
from .world import Books, World

_REMEMBERED = 100  # answers, for stale ones
_GARBAGE = '<html><body><h1>Oops</h1>{"ok": tr'


@dataclass(slots=True)
class RequestCount:
    """How many requests came, by account ("": a wrong key) and endpoint, and how many got a 429."""

    all: Counter[tuple[str, str]] = field(default_factory=Counter)
    limited: Counter[tuple[str, str]] = field(default_factory=Counter)


class Gateway:
    """Serves the APIs of all accounts of one marketplace."""

    def __init__(
        self,
        sandbox: Sandbox,
        logins: Sequence[Login],
        world: World,
        *,
        faults: FaultBook,
        limit: RateLimit,
        count: RequestCount,
        closing: asyncio.Event,
    ) -> None:
        self._sandbox = sandbox
        self._logins = logins
        self._world = world
        self._faults = faults
        self._limit = limit
        self._count = count
        self._closing = closing
        self._routes = Routes(sandbox.endpoints())
        self._late = itertools.count()
        self._told: dict[tuple[str, str, str], tuple[int, Answer]] = {}  # account, question -> when, what

    async def handle(self, request: web.Request) -> web.StreamResponse:
        now = self._world.clock.ms()
        self._world.catch_up()
        path = request.match_info["endpoint"]
        login = self._login(request.headers.get("Authorization", ""))
        name = login.account if login else ""
        route = self._routes.find(path)
        self._count.all[name, route.path if route else path] += 1
        if login is None:
            return self._say(request, self._sandbox.unauthorized())
        if not self._limit.admit(name, now):
            return self._too_many(name, path)
        if route is None:
            return self._say(request, replace(self._sandbox.refused(Missing("No such endpoint.")), status=404))
        if request.method != route.endpoint.method:
            return self._say(request, replace(self._sandbox.refused(Refusal("Method not allowed.")), status=405))
        call = Call(path, dict(request.query), (await request.read()).decode(errors="replace"), route.parts)
        question = (name, request.path_qs, call.content) if request.method == "GET" else None
        fault = self._faults.strike(path)
        if fault is not None:
            return await self._go_wrong(fault, request, login, call, question and self._told.get(question))
        answer = self._answer(login, call)
        if question is not None:
            self._told.pop(question, None)
            self._told[question] = now, answer
            if len(self._told) > _REMEMBERED:
                del self._told[next(iter(self._told))]
        return self._say(request, answer)

    def land(self, books: Books, data: Mapping[str, Any]) -> None:
        """A call whose effect was late takes effect now; nobody hears of it."""
        route = self._routes.find(data["endpoint"])
        if route is not None:
            call = Call(data["endpoint"], data["query"], data["content"], route.parts)
            with suppress(Refusal), books.attempt():
                route.endpoint.answer(books, call)

    async def _go_wrong(
        self, fault: Fault, request: web.Request, login: Login, call: Call, told: tuple[int, Answer] | None
    ) -> web.StreamResponse:
        """`told`: when this question was last answered truly, and how."""
        match fault.kind:
            case FaultKind.RATE_LIMIT:
                self._limit.punish(login.account, self._world.clock.ms())
                return self._too_many(login.account, call.endpoint)
            case FaultKind.UNAUTHORIZED:
                return self._say(request, self._sandbox.unauthorized())
            case FaultKind.ERROR:
                return _broken(fault)
            case FaultKind.ERROR_LATE:
                self._keep_for_later(fault.wait, login, call)
                return _broken(fault)
            case FaultKind.REFUSE:
                return _cut(request)
            case FaultKind.REDIRECT:
                return _elsewhere()
            case FaultKind.HANG_BEFORE:
                await self._hang(fault.wait)
                return _cut(request)
            case FaultKind.LATE:
                await self._until_given_up(fault.wait, login, call)
                return _cut(request)
            case FaultKind.STALE if told and self._world.clock.ms() - told[0] <= fault.wait * 1000:
                return _json(told[1])
        answer = self._answer(login, call)
        match fault.kind:
            case FaultKind.ERROR_AFTER:
                return _broken(fault)
            case FaultKind.REDIRECT_AFTER:
                return _elsewhere()
            case FaultKind.GARBAGE:
                return web.Response(text=_GARBAGE, content_type="text/html")
            case FaultKind.CUT:
                return await _break_off(request, answer)
            case FaultKind.DROP:
                return _cut(request)
            case FaultKind.HANG_AFTER:
                await self._hang(fault.wait)
                return _cut(request)
            case FaultKind.SLOW:
                await self._hang(fault.wait)
        wrong = lie(fault.kind, answer.payload, self._sandbox.counts, fault.luck)
        return self._say(request, replace(answer, payload=wrong))

    async def _until_given_up(self, seconds: float, login: Login, call: Call) -> None:
        try:
            await self._closing.wait()
        except asyncio.CancelledError:  # the client gave up: from here on the time is counted
            self._keep_for_later(seconds, login, call)
            raise

    def _keep_for_later(self, seconds: float, login: Login, call: Call) -> None:
        with self._world.turn(login.account, login.provider) as books:
            books.later(
                books.now + round(seconds * 1000), "late call", f"{books.now}-{next(self._late)}",
                endpoint=call.endpoint, query=dict(call.query), content=call.content,
            )  # fmt: skip

    async def _hang(self, seconds: float) -> None:
        await first_of(self._world.clock.sleep(seconds), self._closing.wait())

    def _say(self, request: web.Request, answer: Answer) -> web.Response:
        wrong = answer.status >= 400
        return _elsewhere() if wrong and not self._sandbox.speaks(request.headers.get("Accept", "")) else _json(answer)

    def _answer(self, login: Login, call: Call) -> Answer:
        route = self._routes.find(call.endpoint)
        assert route is not None  # noqa: S101 - a call is made of a route
        try:
            with self._world.turn(login.account, login.provider) as books:
                return Answer(route.endpoint.answer(books, call))
        except Refusal as refusal:
            return self._sandbox.refused(refusal)

    def _too_many(self, account: str, path: str) -> web.Response:
        route = self._routes.find(path)
        self._count.limited[account, route.path if route else path] += 1
        return _json(self._sandbox.too_many())

    def _login(self, authorization: str) -> Login | None:
        return next((login for login in self._logins if self._sandbox.opens(authorization, login)), None)


def _json(answer: Answer) -> web.Response:
    text = json.dumps(answer.payload, default=float)  # only decimals are foreign to JSON here
    return web.Response(text=text, status=answer.status, content_type="application/json")


def _broken(fault: Fault) -> web.Response:
    return web.Response(text="<h1>Server error</h1>", status=fault.status, content_type="text/html")


def _elsewhere() -> web.Response:
    return web.Response(status=302, headers={"Location": "/login"})


async def _break_off(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Half of an answer, though its head promised all of it."""
    body = json.dumps(answer.payload, default=float).encode()
    response = web.StreamResponse(status=answer.status, headers={"Content-Length": str(len(body))})
    response.content_type = "application/json"
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def _cut(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()  # goes nowhere
