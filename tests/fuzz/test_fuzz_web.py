"""The page's addresses under everything a browser, a stranger or a scanner may send."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import strategies as st

from botcore.models import WebhookRequest
from tests.adapters.web.desk import Desk, desk, png, waiting
from tests.fuzz.fuzzing import NASTY, NUMBERS, Fuzz, Snapshot, entered, near
from tests.fuzz.raw_http import HEADER_BYTES, Asked, Told, ask, near_header, path, real_server

POSTS = ("/act", "/form", "/check", "/command", "/complete")
READS = ("/", "/board", "/state", "/events")
REFUSED = (0, *range(400, 500))
STRICT = b"default-src 'none'"
KINDS = ["application/x-www-form-urlencoded"] * 6 + [
    "application/json",
    "multipart/form-data; boundary=x",
    "text/plain",
]


@dataclass(frozen=True)
class Site:
    desk: Desk
    port: int
    before: Snapshot
    cookie: bytes  # ana's, as her browser sends it
    csrf: str
    link: str  # a sign-in link that nobody used

    @property
    def cookie_name(self) -> bytes:
        return self.cookie.partition(b"=")[0]

    async def is_untouched(self) -> bool:
        return not self.desk.script.heard and not self.before.changed(await self.before.now())


@asynccontextmanager
async def open_site(folder: Path) -> AsyncIterator[Site]:
    async with desk(folder) as here:
        server = real_server(no_webhooks, lambda account: None)
        here.base = server.url
        here.adapter.mount(server.app, server.url)
        await here.adapter.start(here.script)
        await server.start()
        here.album.pictures |= {"a1b2": (png("red", (8, 8)), "image/png"), "page": (b"<script>", "text/html")}
        await here.send(waiting("A1"))
        async with here.visitor() as ana:
            (cookie,) = ana.http.cookie_jar
            link = urlsplit(await here.link()).path
            before = await Snapshot.of(here.store)
            yield Site(here, server.port, before, f"{cookie.key}={cookie.value}".encode(), ana.csrf, link)
        await server.stop()


async def no_webhooks(account: str, request: WebhookRequest) -> None:
    raise AssertionError("no account has a secret")


@pytest.fixture(scope="module")
def site(runner: asyncio.Runner, folder: Path) -> Iterator[Site]:
    with entered(runner, open_site(folder)) as site:
        yield site


def check_answer(one: Asked, told: Told) -> None:
    assert told.status < 500, told
    if not told.status:
        assert len(one.body) > 10_000
        return
    if told.status not in (400, 404, 405) or b"text/plain" not in told.head:  # those never came to a page
        assert STRICT in told.head, told
    if b"application/json" in told.head and told.body:
        reply = json.loads(told.body)
        assert "Something went wrong" not in reply.get("text", "")


def headers(*more: st.SearchStrategy[tuple[bytes, bytes]]) -> st.SearchStrategy[list[tuple[bytes, bytes]]]:
    """Any of these, and what scanners send."""
    names = st.sampled_from([b"Last-Event-ID", b"X-CSRF-Token", b"Origin", b"Sec-Fetch-Site", b"Accept", b"Range"])
    return st.lists(st.one_of(*more, st.tuples(names, HEADER_BYTES)), max_size=3)


BODIES = (
    st.dictionaries(
        st.sampled_from(["button", "form", "line", "in.words", "in.", "csrf"]) | NASTY,
        st.sampled_from(["approve:A1:0", "reject:A1:0", "balance", "/approve A1"]) | NASTY,
        max_size=4,
    ).map(lambda fields: b"&".join(path(name) + b"=" + path(value) for name, value in fields.items()))
    | st.binary(max_size=200)
    | st.integers(0, 200).map(lambda n: b"&".join(b"in.x%d=1" % i for i in range(n)))
    | st.sampled_from([16 * 1024, 256 * 1024, 300 * 1024]).map(lambda n: b"line=" + b"x" * n)
)
TYPES = st.sampled_from(KINDS).map(lambda kind: (b"Content-Type", kind.encode()))


def cookies(site: Site) -> st.SearchStrategy[tuple[bytes, bytes]]:
    """Almost ana's, and what is none."""
    name, _, token = site.cookie.partition(b"=")
    values = near_header(token.decode()).filter(lambda made: token not in made) | HEADER_BYTES
    lines = values.map(lambda made: name + b"=" + made) | HEADER_BYTES | st.just(b"other=" + token)
    return lines.map(lambda line: (b"Cookie", line))


def parts(*strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[Asked]:
    return st.tuples(*strategies).map(lambda found: Asked(*found))


def test_requests_of_who_is_not_signed_in(fuzz: Fuzz, site: Site) -> None:
    async def check(one: Asked) -> None:
        told = await ask(site.port, one)
        check_answer(one, told)
        assert told.status in REFUSED or one.target.startswith((b"/static/", b"/sign-")), told
        assert await site.is_untouched()

    targets = st.one_of(
        st.sampled_from([*POSTS, *READS, "/pictures/a1b2", "/sign-out"]).map(str.encode),
        near(site.link.rpartition("/")[2]).map(lambda token: b"/sign-in/" + path(token)),
        NASTY.map(lambda name: b"/" + path(name)),
    )
    own = st.tuples(cookies(site), TYPES, headers()).map(lambda found: [found[0], found[1], *found[2]])
    methods = st.sampled_from(["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"])
    fuzz(parts(methods, targets, own, BODIES), check, some=120)


def test_posts_with_a_token_that_is_not_the_sessions(fuzz: Fuzz, site: Site) -> None:
    async def check(one: Asked) -> None:
        told = await ask(site.port, one)
        check_answer(one, told)
        assert told.status in REFUSED, told
        assert await site.is_untouched()

    forged = (near_header(site.csrf) | HEADER_BYTES).filter(lambda token: token.strip(b" \t") != site.csrf.encode())
    own = st.tuples(forged, TYPES).map(lambda found: [(b"Cookie", site.cookie), (b"X-CSRF-Token", found[0]), found[1]])
    targets = st.sampled_from([*POSTS, "/sign-out"]).map(str.encode)
    fuzz(parts(st.just("POST"), targets, own, BODIES), check, some=80)


def test_posts_of_who_may(fuzz: Fuzz, site: Site) -> None:
    async def check(one: Asked) -> None:
        told = await ask(site.port, replace(one, headers=[*one.headers, (b"X-CSRF-Token", site.csrf.encode())]))
        check_answer(one, told)
        heard, site.desk.script.heard = site.desk.script.heard, []
        assert len(heard) <= 1
        assert bool(heard) == (told.status == 200), told
        for _, actor, what, values in heard:
            assert (actor.adapter, actor.user_id) == ("web", "ana")
            "".join([what, *values, *values.values()]).encode()
        assert await site.is_untouched()

    own = st.tuples(TYPES, headers()).map(
        lambda found: [(b"Cookie", site.cookie), found[0], *(h for h in found[1] if h[0] != b"X-CSRF-Token")]
    )
    fuzz(parts(st.just("POST"), st.sampled_from(POSTS).map(str.encode), own, BODIES), check, some=80)


def test_reads_of_who_may(fuzz: Fuzz, site: Site) -> None:
    async def check(one: Asked) -> None:
        told = await ask(site.port, one)
        check_answer(one, told)
        assert b"root:" not in told.body
        assert await site.is_untouched()

    names = (
        st.sampled_from(["page.css", "app.js", "../adapter.py", "..", "a1b2", "page", "bot.db", "/etc/passwd"]) | NASTY
    )
    since = (NUMBERS.map(str) | NASTY).map(lambda text: b"/events?since=" + path(text))
    targets = st.one_of(
        st.sampled_from(READS).map(str.encode),
        since,
        names.map(lambda name: b"/pictures/" + path(name)),
        st.tuples(NASTY, names).map(lambda both: b"/static/" + path(both[0]) + b"/" + path(both[1])),
        names.map(lambda name: b"/static/" + name.encode("utf-8", "replace").translate(None, b" \r\n\x00\x0b\x0c\t")),
    )
    last = (NUMBERS.map(lambda n: b"%d" % n) | HEADER_BYTES).map(lambda raw: (b"Last-Event-ID", raw))
    own = headers(last, last).map(lambda found: [(b"Cookie", site.cookie), *found])
    fuzz(parts(st.sampled_from(["GET", "GET", "HEAD"]), targets, own, st.just(b"")), check, some=120)
