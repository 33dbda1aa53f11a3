"""The way into a simulated API: key, rate limit, faults, the endpoint in a transaction, the answer."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from .base import Answer, Call, Login, Refusal, Sandbox
from .clock import first_of
from .faults import Fault, FaultBook, FaultKind
from .limits import RateLimit
from .world import Books, World

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
        self._endpoints = sandbox.endpoints()
        self._late = itertools.count()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        now = self._world.clock.ms()
        self._world.catch_up()
        path = request.match_info["endpoint"]
        login = self._login(request.headers.get("Authorization", ""))
        name = login.account if login else ""
        self._count.all[name, path] += 1
        if login is None:
            return _json(self._sandbox.unauthorized())
        if not self._limit.admit(name, now):
            return self._too_many(name, path)
        endpoint = self._endpoints.get(path)
        if endpoint is None:
            return _json(self._sandbox.refused(Refusal("No such endpoint.")), 404)
        if request.method != endpoint.method:
            return _json(self._sandbox.refused(Refusal("Method not allowed.")), 405)
        call = Call(path, dict(request.query), (await request.read()).decode(errors="replace"))
        fault = self._faults.strike(path)
        if fault is None:
            return _json(self._answer(login, call))
        return await self._go_wrong(fault, request, login, call)

    def land(self, books: Books, data: Mapping[str, Any]) -> None:
        """A call whose effect was late takes effect now; nobody hears of it."""
        call = Call(data["endpoint"], data["query"], data["content"])
        with suppress(Refusal), books.attempt():
            self._endpoints[call.endpoint].answer(books, call)

    async def _go_wrong(self, fault: Fault, request: web.Request, login: Login, call: Call) -> web.StreamResponse:
        match fault.kind:
            case FaultKind.RATE_LIMIT:
                self._limit.punish(login.account, self._world.clock.ms())
                return self._too_many(login.account, call.endpoint)
            case FaultKind.ERROR:
                return _broken(fault)
            case FaultKind.REFUSE:
                return _cut(request)
            case FaultKind.HANG_BEFORE:
                await self._hang(fault.wait)
                return _cut(request)
            case FaultKind.LATE:
                await self._keep_for_later(fault.wait, login, call)
                return _cut(request)
        self._answer(login, call)
        match fault.kind:
            case FaultKind.ERROR_AFTER:
                return _broken(fault)
            case FaultKind.GARBAGE:
                return web.Response(text=_GARBAGE, content_type="text/html")
            case FaultKind.HANG_AFTER:
                await self._hang(fault.wait)
        return _cut(request)

    async def _keep_for_later(self, seconds: float, login: Login, call: Call) -> None:
        try:
            await self._closing.wait()
        except asyncio.CancelledError:  # the client gave up: from here on the time is counted
            with self._world.turn(login.account, login.provider) as books:
                books.later(
                    books.now + round(seconds * 1000), "late call", f"{books.now}-{next(self._late)}",
                    endpoint=call.endpoint, query=dict(call.query), content=call.content,
                )  # fmt: skip
            raise

    async def _hang(self, seconds: float) -> None:
        await first_of(self._world.clock.sleep(seconds), self._closing.wait())

    def _answer(self, login: Login, call: Call) -> Answer:
        try:
            with self._world.turn(login.account, login.provider) as books:
                return Answer(self._endpoints[call.endpoint].answer(books, call))
        except Refusal as refusal:
            return self._sandbox.refused(refusal)

    def _too_many(self, account: str, path: str) -> web.Response:
        self._count.limited[account, path] += 1
        return _json(self._sandbox.too_many())

    def _login(self, authorization: str) -> Login | None:
        return next((login for login in self._logins if self._sandbox.opens(authorization, login)), None)


def _json(answer: Answer, status: int | None = None) -> web.Response:
    text = json.dumps(answer.payload, default=float)  # only decimals are foreign to JSON here
    return web.Response(text=text, status=status or answer.status, content_type="application/json")


def _broken(fault: Fault) -> web.Response:
    return web.Response(text="<h1>Server error</h1>", status=fault.status, content_type="text/html")


def _cut(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()  # goes nowhere
