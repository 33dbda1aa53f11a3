"""The back door: JSON over HTTP, by which tests turn the clock, set faults, play workers and the site, and count.

Below `/_sandbox/`, an `account` being the first of all where it is left out:

    GET  ledger?account=&by=     what changed, through the api, on the site, auto, or all
    GET  changes?account=        jobs that came into another status
    GET  state                   the clock; money, jobs and submissions of each account
    GET  requests                how many were made, and how many of them answered with a 429
    POST clock                   {advance}: seconds
    POST faults                  {endpoint, kind, probability, count, seconds, status}; DELETE takes all away
    POST submit                  {account, job_id, count, worker_id, proofs, country, ip}, or {account, task_id}: again
    POST rate                    {account, job_id, task_id, rating, …}: the buyer rates on the website
    POST report                  {account, task_id}: nobody can rate it until the site has looked at it
    POST job                     {account, job_id, judgement, reason}: the site approves, declines or blocks a job
    POST dry                     {account, job_id, dry}: no worker comes to a job by themselves any more; 0: again
    POST balance                 {account, spendable}: the buyer put money in or took it out on the website
    POST quirk                   {account, name, value}: how the site is in what its document leaves open
    POST webhook                 {account, url, signature_secret}
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from aiohttp import web

from . import tasks
from .base import Call, Refusal
from .checks import Fields
from .faults import Fault, FaultKind
from .money import UNIT
from .oversight import JUDGEMENTS
from .proofs import given

if TYPE_CHECKING:
    from .server import SandboxServer

_MANY = 1_000_000
_MONEY = 10_000_000  # in units


def mount(app: web.Application, server: SandboxServer) -> None:
    """Adds the routes below `/_sandbox/`. A request that makes no sense gets a 400 with `{"error": …}`."""
    back = _BackDoor(server)
    app.router.add_get("/_sandbox/ledger", _told(back.ledger))
    app.router.add_get("/_sandbox/changes", _told(back.changes))
    app.router.add_get("/_sandbox/state", _told(back.state))
    app.router.add_get("/_sandbox/requests", _told(back.requests))
    app.router.add_get("/_sandbox/faults", _told(back.faults))
    app.router.add_post("/_sandbox/faults", _told(back.add_fault))
    app.router.add_delete("/_sandbox/faults", _told(back.clear_faults))
    app.router.add_post("/_sandbox/clock", _told(back.clock))
    app.router.add_post("/_sandbox/submit", _told(back.submit))
    app.router.add_post("/_sandbox/rate", _told(back.rate))
    app.router.add_post("/_sandbox/report", _told(back.report))
    app.router.add_post("/_sandbox/job", _told(back.job))
    app.router.add_post("/_sandbox/dry", _told(back.dry))
    app.router.add_post("/_sandbox/balance", _told(back.balance))
    app.router.add_post("/_sandbox/quirk", _told(back.quirk))
    app.router.add_post("/_sandbox/webhook", _told(back.webhook))


class _BackDoor:
    def __init__(self, server: SandboxServer) -> None:
        self._server = server

    async def ledger(self, request: web.Request) -> Any:
        query = Fields(dict(request.query))
        made_by = query.choice("by", ("api", "site", "auto", "all"), "api")
        return self._server.ledger(query.text("account", ""), made_by=made_by)

    async def changes(self, request: web.Request) -> Any:
        return self._server.job_changes(Fields(dict(request.query)).text("account", ""))

    async def state(self, request: web.Request) -> Any:
        return self._server.state()

    async def requests(self, request: web.Request) -> Any:
        count = self._server.requests
        accounts: dict[str, dict[str, dict[str, int]]] = {}
        for (account, endpoint), number in count.all.items():
            limited = count.limited[account, endpoint]
            accounts.setdefault(account, {})[endpoint] = {"requests": number, "429": limited}
        return {"requests": count.all.total(), "429": count.limited.total(), "accounts": accounts}

    async def faults(self, request: web.Request) -> Any:
        return [_fault(fault) for fault in self._server.faults.all()]

    async def add_fault(self, request: web.Request) -> Any:
        body = await _body(request)
        fault = self._server.faults.add(
            body.text("endpoint"),
            body.choice("kind", list(FaultKind)),
            probability=_number(body, "probability", 1.0) or 0.0,
            count=body.integer("count", 0, _MANY) if body.given("count") else None,
            seconds=_number(body, "seconds", None),
            status=body.integer("status", 500, 599, 500),
        )
        return _fault(fault)

    async def clear_faults(self, request: web.Request) -> Any:
        self._server.faults.clear()
        return []

    async def clock(self, request: web.Request) -> Any:
        seconds = _number(await _body(request), "advance", None)
        if seconds is None or seconds < 0:
            raise Refusal("advance must be a number of seconds.")
        self._server.advance(seconds)
        return {"now": self._server.clock.now().isoformat()}

    async def submit(self, request: web.Request) -> Any:
        body = await _body(request)
        proofs = [given(proof) for proof in body.array("proofs")] if body.given("proofs") else None
        account = body.text("account", "")
        if body.given("task_id"):
            self._server.resubmit(account, body.text("task_id"), proofs)
            return {"task_ids": [body.text("task_id")]}
        made = self._server.submit(
            account,
            body.text("job_id", "") or None,
            count=body.integer("count", 1, _MANY, 1),
            worker_id=body.text("worker_id", "") or None,
            proofs=proofs,
            country=body.text("country", ""),
            ip=body.text("ip", ""),
        )
        return {"task_ids": made}

    async def rate(self, request: web.Request) -> Any:
        body = await _body(request)
        judgement = tasks.Judgement(
            job_id=body.text("job_id"),
            task_id=body.text("task_id"),
            rating=cast("Any", body.choice("rating", ("ok", "not_ok", "revise"))),
            satisfaction=body.text("satisfaction", "") or None,
            comment=body.text("comment", ""),
            bonus=body.money("bonus", 0, _MONEY, 0),
        )
        self._server.rate_on_site(body.text("account", ""), judgement)
        return {"ok": True}

    async def report(self, request: web.Request) -> Any:
        body = await _body(request)
        self._server.report(body.text("account", ""), body.text("task_id"))
        return {"ok": True}

    async def job(self, request: web.Request) -> Any:
        body = await _body(request)
        judgement = cast("Any", body.choice("judgement", JUDGEMENTS))
        self._server.judge_job(body.text("account", ""), body.text("job_id"), judgement, body.text("reason", ""))
        return {"ok": True}

    async def dry(self, request: web.Request) -> Any:
        body = await _body(request)
        dry = body.integer("dry", 0, 1, 1) == 1
        self._server.run_dry(body.text("account", ""), body.text("job_id"), dry=dry)
        return {"ok": True}

    async def balance(self, request: web.Request) -> Any:
        body = await _body(request)
        self._server.set_balance(body.text("account", ""), body.money("spendable", 0, _MONEY) * UNIT)
        return {"ok": True}

    async def quirk(self, request: web.Request) -> Any:
        body = await _body(request)
        self._server.set_quirk(body.text("account", ""), body.text("name"), body.text("value"))
        return {"ok": True}

    async def webhook(self, request: web.Request) -> Any:
        body = await _body(request)
        secret = body.text("signature_secret", "") or None
        await self._server.set_webhook(body.text("account", ""), body.text("url", ""), secret)
        return {"ok": True}


def _told(tell: Callable[[web.Request], Awaitable[Any]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(request: web.Request) -> web.Response:
        try:
            return web.json_response(await tell(request))
        except Refusal as refusal:
            return web.json_response({"error": str(refusal)}, status=400)

    return handler


async def _body(request: web.Request) -> Fields:
    return Fields(Call("", {}, await request.text()).body())


def _number(body: Fields, name: str, default: float | None) -> float | None:
    if not body.given(name):
        return default
    value = body.raw(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Refusal(f"{name} must be a number.")
    return float(value)


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "n": fault.n,
        "endpoint": fault.endpoint,
        "kind": fault.kind,
        "probability": fault.probability,
        "count": fault.count,
        "seconds": fault.seconds,
        "status": fault.status,
        "fired": fault.fired,
    }
