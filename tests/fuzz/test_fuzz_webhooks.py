"""Webhooks by anybody: the real server, the real plugins and a real database behind it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import strategies as st

from botcore.accounts import Account, Accounts
from botcore.clock import ManualClock
from botcore.intake import Intake
from botcore.models import WebhookRequest
from botcore.pacing import OpenGate
from botcore.provider import ProviderTools
from botcore.server import HOOK_BYTES
from botcore.store.sqlite import SqliteStore
from botcore_hiretalents.provider import HireTalentsProvider
from botcore_hiretalents.settings import HireTalentsSettings
from botcore_sproutgigs.provider import SproutGigsProvider
from botcore_sproutgigs.settings import SproutGigsSettings
from tests.fuzz.fuzzing import NASTY, NUMBERS, Fuzz, Snapshot, entered, mangled, near
from tests.fuzz.raw_http import HEADER_BYTES, Asked, ask, path, real_server

SECRET = "hush-hush-7hK2"
ACCOUNTS = ("sprout", "talents")
ANSWERS = {200, 400, 404, 405, 413}
ID = re.compile("[A-Za-z0-9_-]{1,64}")

SHAPES = (
    {"9c0de1": ["t1", "t2"], "77aa01": [15]},
    {
        "event_type": "tasks_submitted",
        "event_date": "2026-01-05T12:00:00Z",
        "event": [{"job_id": "9c0de1", "task_ids": ["t1", 15]}, {"job_id": "77aa01", "task_ids": ["t2"]}],
    },
    {"event_type": "job_status_changed", "event": [{"job_id": "9c0de1", "changes": [{"status": "PAUSED"}]}]},
    [{"job_id": "9c0de1", "application_id": 15, "status": "pending"}, {"job_id": "77aa01"}],
)
SCALARS = st.none() | st.booleans() | NUMBERS | st.floats() | NASTY
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NASTY | st.just("job_id"), inner, max_size=3),
    max_leaves=8,
)
DEEP = st.integers(1, 200_000).flatmap(lambda n: st.sampled_from([b"[" * n, b'{"a":' * n, b"[" * n + b"]" * n]))
HUGE = st.integers(HOOK_BYTES - 3, HOOK_BYTES + 3).map(bytes) | st.just(250_000).map(
    lambda n: b'{"j":[' + b'"t",' * n + b'"t"]}'
)
WRITTEN = (st.sampled_from(SHAPES).flatmap(lambda shape: mangled(shape, JSON)) | JSON).map(json.dumps)
FORMED = WRITTEN.map(lambda text: urlencode({"data": text}))
PARTS = WRITTEN.map(lambda text: f'--xY\r\nContent-Disposition: form-data; name="data"\r\n\r\n{text}\r\n--xY--\r\n')
BODIES = st.one_of(
    *[texts.map(str.encode) for texts in (WRITTEN, WRITTEN, WRITTEN, FORMED, PARTS)],
    WRITTEN.map(lambda text: text.encode("utf-16")),
    st.binary(max_size=200),
    st.tuples(WRITTEN, st.binary(max_size=5)).map(lambda both: both[0].encode() + both[1]),
)
KINDS = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=xY", "", "text/plain"]
HEADERS = st.lists(
    st.tuples(st.just(b"Content-Type"), st.sampled_from(KINDS).map(str.encode) | HEADER_BYTES)
    | st.tuples(
        st.sampled_from([b"X-SproutGigs-Signature", b"Content-Encoding", b"Cookie", b"Expect-Not"]), HEADER_BYTES
    ),
    max_size=3,
)
QUERIES = st.just(b"") | st.dictionaries(
    st.sampled_from(["job_id", "application_id", "x"]) | NASTY, st.sampled_from(["9c0de1", "15"]) | NASTY, max_size=3
).map(lambda query: b"?" + b"&".join(path(name) + b"=" + path(value) for name, value in query.items()))


@dataclass(frozen=True)
class House:
    port: int
    before: Snapshot


@asynccontextmanager
async def open_house(folder: Path) -> AsyncIterator[House]:
    store = await SqliteStore.open(folder / "hooks.db")
    tools = ProviderTools("x", OpenGate(), ManualClock())
    sprout = SproutGigsSettings.model_validate({"user_id": "u1", "api_secret": "x"})
    talents = HireTalentsSettings.model_validate({"api_key": "x"})
    accounts = Accounts(
        {
            "sprout": Account("sprout", SproutGigsProvider(sprout, tools), SECRET),
            "talents": Account("talents", HireTalentsProvider(talents, tools), SECRET),
            "closed": Account("closed", SproutGigsProvider(sprout, tools)),
        }
    )
    intake = Intake(store, ManualClock(), accounts, ())

    async def accept(account: str, request: WebhookRequest) -> None:
        await intake.take_hints(account, accounts[account].provider.hints(request))

    server = real_server(accept, lambda name: accounts[name].hook_secret if name in accounts else None)
    await server.start()
    yield House(server.port, await Snapshot.of(store))
    await server.stop()
    await accounts.close()
    await store.close()


@pytest.fixture(scope="module")
def house(runner: asyncio.Runner, folder: Path) -> Iterator[House]:
    with entered(runner, open_house(folder)) as house:
        yield house


def asked(
    methods: st.SearchStrategy[str], paths: st.SearchStrategy[bytes], bodies: st.SearchStrategy[bytes] = BODIES
) -> st.SearchStrategy[Asked]:
    targets = st.tuples(paths, QUERIES).map(b"".join)
    return st.tuples(methods, targets, HEADERS, bodies).map(lambda parts: Asked(*parts))


GOOD = st.sampled_from([f"/hooks/{account}/{SECRET}".encode() for account in ACCOUNTS])
STRAY = st.one_of(
    near(SECRET).map(lambda secret: b"/hooks/sprout/" + path(secret)),
    near("talents").map(lambda account: b"/hooks/" + path(account) + b"/" + SECRET.encode()),
    NASTY.map(lambda secret: b"/hooks/closed/" + path(secret)),
    st.sampled_from([b"/hooks", b"/hooks/", b"/hooks/sprout", b"/hooks//", b"/", b"*", b"/hooks/sprout/%00"]),
    NASTY.map(lambda text: b"/" + path(text)),
)


def test_webhooks_of_who_knows_the_secret(fuzz: Fuzz, house: House) -> None:
    met: set[int] = set()

    async def check(one: Asked) -> None:
        told = await ask(house.port, one)
        met.add(told.status)
        assert told.status in ANSWERS, told
        after = await house.before.now()
        changed = house.before.changed(after)
        try:
            assert changed <= ({"hints", "work"} if told.status == 200 else set())
            for row in after["hints"]:
                assert row["account"].encode() in one.target
                assert ID.fullmatch(row["job_id"])
                assert ID.fullmatch(row["task_id"])
            assert {row["kind"] for row in after["work"]} <= {"hint"}
        finally:
            if changed:
                await house.before.restore()

    fuzz(asked(st.sampled_from(["POST", "POST", "POST", "GET"]), GOOD), check, some=100)
    assert met >= {200, 400}


def test_webhooks_too_large_or_too_deep(fuzz: Fuzz, house: House) -> None:
    async def check(one: Asked) -> None:
        told = await ask(house.port, one)
        assert told.status in {0, *ANSWERS}, told
        if len(one.body) > HOOK_BYTES:
            assert told.status in (0, 400, 413)
        if house.before.changed(await house.before.now()):
            assert told.status == 200
            await house.before.restore()

    fuzz(asked(st.just("POST"), GOOD, DEEP | HUGE), check, some=10)


def test_webhooks_of_who_does_not_know_it(fuzz: Fuzz, house: House) -> None:
    async def check(one: Asked) -> None:
        told = await ask(house.port, one)
        assert 400 <= told.status < 500, told
        assert not house.before.changed(await house.before.now())

    methods = st.sampled_from(["POST", "GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "BREW"])
    stray = asked(methods, STRAY) | asked(methods.filter(lambda method: method not in ("POST", "GET")), GOOD)
    fuzz(stray, check, some=100)
