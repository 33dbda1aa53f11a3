"""A marketplace gone mad: whatever it answers, nothing is decided or deleted, and what waits goes on to wait."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import strategies as st

from botcore.accounts import Account, Accounts
from botcore.clock import ManualClock
from botcore.drawing import draw
from botcore.intake import Intake
from botcore.models import Rating, RatingResult, Verdict
from botcore.pacing import OpenGate
from botcore.provider import OutcomeUnknown, ProviderError, ProviderTools
from botcore.review import Ask, decide
from botcore.store.sqlite import SqliteStore
from botcore.ui import to_json
from botcore_sproutgigs.provider import SproutGigsProvider
from botcore_sproutgigs.settings import SproutGigsSettings
from tests.core.market import START
from tests.core.rig import INBOX, LIMITS
from tests.fuzz.fuzzing import NASTY, NUMBERS, Fuzz, Snapshot, entered, mangled

SECRET = "s3cret-of-the-account"
JOBS, UNRATED, RATED = "jobs/get-jobs.php", "jobs/get-unrated-tasks.php", "jobs/get-rated-tasks.php"
RATE_ONE, RATE_MANY = "jobs/rate-single-task.php", "jobs/rate-multiple-tasks.php"
OPEN = ("new", "shown", "decided")


def task(name: str, **more: object) -> dict[str, Any]:
    return {
        "id": name,
        "job_id": "j1",
        "worker_id": f"w-{name}",
        "finished_at": "2026-01-04T10:20:30Z",
        "ip_address": "192.0.2.7",
        "country_code": "uk",
        "revision_number": 0,
        "variables": [{"name": "code", "value": "rose42"}],
        "proofs": [{"text": f"the proof of {name}"}, {"image": "https://sproutgigs.com/p/1.png"}],
        **more,
    }


JOB = {
    "id": "j1",
    "status": "RUNNING",
    "task_value": 0.12,
    "tasks_done": 31,
    "num_tasks": 80,
    "unrated_tasks": 3,
    "ttr": 4,
    "created_at": "2026-01-02T08:00:00Z",
    "title": "Join the garden forum",
    "instructions": ["Open it", "Join"],
    "proofs": [{"description": "Your name", "type": "text"}, {"description": "The page", "type": "screenshot"}],
}
EARLIER = [{"employer_comment": "again", "finished_at": "2026-01-03 10:00:00", "proofs": [{"text": "q"}]}]
WHOLE: dict[str, Any] = {
    JOBS: {"current_page": 1, "pages": 1, "jobs": [JOB]},
    "jobs/get-job.php": JOB,
    UNRATED: {
        "current_page": 1,
        "pages": 1,
        "tasks": [task("t1"), task("t2", revision_number=1, previous_proofs=EARLIER), task("t3")],
    },
    RATED: {"current_page": 1, "pages": 1, "tasks": [task("t0", status="OK")]},
    RATE_ONE: {"ok": True, "message": "Task rated."},
    RATE_MANY: {"tasks": [{"id": "t1", "ok": True, "message": "m"}, {"id": "t2", "ok": False, "message": "no"}]},
}

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | NUMBERS
    | st.floats()
    | st.sampled_from(
        ["1e999999", "-0", "NaN", "9999-12-31T23:59:59Z", "0001-01-01", "t1", "t9", "A1", "1" * 4000, SECRET]
    )
    | NASTY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NASTY | st.just("id"), inner, max_size=3),
    max_leaves=5,
)
STATUSES = st.sampled_from(
    [200, 200, 201, 204, 206, 299, 302, 307, 400, 401, 403, 404, 408, 418, 429, 500, 502, 503, 599]
)
KINDS = st.sampled_from(["application/json", "text/html", "application/octet-stream", "image/png", "text/plain"])


@dataclass(frozen=True)
class Said:
    """How one endpoint answers."""

    body: bytes
    status: int = 200
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def written(value: Any) -> bytes:
    return json.dumps(value).encode()


def spoilt(good: bytes) -> st.SearchStrategy[bytes]:
    """Bytes that were JSON until something happened to them."""
    places = st.integers(0, len(good))
    return st.one_of(
        places.map(lambda end: good[:end]),
        st.tuples(places, st.binary(min_size=1, max_size=4)).map(lambda at: good[: at[0]] + at[1] + good[at[0] :]),
        st.sampled_from(
            [b"\xef\xbb\xbf" + good, good.decode().encode("utf-16"), good + good, b"<html>" + good, b"\xff" * 50]
        ),
        st.sampled_from([b"", b"null", b"[]", b"{}", b"NaN", b"0", b'""', b"1e400", b"-" * 9, b"9" * 9_999]),
        st.integers(1, 100_000).map(lambda depth: b"[" * depth),
        st.integers(1, 100_000).map(lambda depth: b'{"tasks":' * depth),
        st.binary(max_size=100),
    )


def answers(endpoint: str) -> st.SearchStrategy[Said]:
    good = written(WHOLE[endpoint])
    told = mangled(WHOLE[endpoint], JUNK).map(written)
    headers = st.sampled_from([{}, {}, {"Retry-After": "9" * 30}, {"Retry-After": "-1"}, {"Location": "http://["}])
    odd = st.builds(Said, st.just(good) | told | spoilt(good), STATUSES, KINDS, headers)
    return told.map(Said) | told.map(Said) | spoilt(good).map(Said) | odd


def mad(*endpoints: str) -> st.SearchStrategy[dict[str, Said]]:
    """One or two of these endpoints answer in such a way."""
    some = st.lists(st.sampled_from(endpoints), min_size=1, max_size=2, unique=True)
    return some.flatmap(lambda chosen: st.fixed_dictionaries({name: answers(name) for name in chosen}))


class Market:
    """The marketplace: sane, but for what it is told to say."""

    def __init__(self) -> None:
        self.base_url = ""
        self.says: Mapping[str, Said] = {}

    async def handle(self, request: web.Request) -> web.Response:
        endpoint = request.path.removeprefix("/api/")
        said = self.says.get(endpoint) or Said(written(WHOLE[endpoint]))
        return web.Response(body=said.body, status=said.status, headers={"Content-Type": said.kind, **said.headers})


@dataclass(frozen=True)
class Bot:
    market: Market
    store: SqliteStore
    clock: ManualClock
    provider: SproutGigsProvider
    before: Snapshot

    async def poll(self) -> ProviderError | None:
        """A sweep as the bot makes it, on an account that knows of no trouble yet."""
        account = Account("main", self.provider)
        intake = Intake(self.store, self.clock, Accounts({"main": account}), (INBOX,))
        try:
            await intake.poll(account, sweep=True)
        except ProviderError as error:
            return error
        return None


@asynccontextmanager
async def open_bot(folder: Path) -> AsyncIterator[Bot]:
    market = Market()
    app = web.Application()
    app.router.add_route("*", "/api/{endpoint:.+}", market.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    market.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    settings = SproutGigsSettings.model_validate({"user_id": "u1", "api_secret": SECRET, "base_url": market.base_url})
    clock = ManualClock(START)
    provider = SproutGigsProvider(settings, ProviderTools("main", OpenGate(), clock))
    store = await SqliteStore.open(folder / "answers.db")
    empty = Bot(market, store, clock, provider, await Snapshot.of(store))
    assert await empty.poll() is None
    ask = Ask(submission=1, verdict=Verdict.APPROVE, person="rob", via="memory", hold_ms=20_000)
    await store.tx(decide, ask, LIMITS, clock.ms())
    yield Bot(market, store, clock, provider, await Snapshot.of(store))
    await provider.close()
    await store.close()
    await runner.cleanup()


@pytest.fixture(scope="module")
def bot(runner: asyncio.Runner, folder: Path) -> Iterator[Bot]:
    with pytest.MonkeyPatch.context() as patch, entered(runner, open_bot(folder)) as bot:
        patch.setattr("botcore_sproutgigs.api.SproutGigsApi.most_pages", 3)  # or endless lists take as long
        yield bot


def test_polls_of_a_marketplace_gone_mad(fuzz: Fuzz, bot: Bot) -> None:
    assert len(bot.before["submissions"]) == 3

    async def check(says: dict[str, Said]) -> None:
        bot.market.says = says
        try:
            error = await bot.poll()
            check_error(error)
            after = await bot.before.now()
            check_kept(bot.before, after, says)
            for row in after["submissions"]:
                card = await draw(bot.store, bot.clock, f"submission:{row['id']}")
                assert card is not None
                to_json(card).encode()
        finally:
            await bot.before.restore()

    fuzz(mad(JOBS, UNRATED, RATED), check, some=60)


def check_error(error: ProviderError | None) -> None:
    check_words("" if error is None else str(error))


def check_words(words: str) -> None:
    words.encode()
    assert SECRET not in words
    assert "\n" not in words
    assert len(words) < 600


def check_kept(before: Snapshot, after: Snapshot, says: Mapping[str, Said]) -> None:
    """What was known is as it was. Only the list of what is rated can end a wait, and a newer revision; only the jobs
    move a deadline."""
    assert not before.changed(after) & {"people", "identities", "operations", "bulks", "spending", "audit", "queues"}
    now = {row["id"]: row for row in after["submissions"]}
    newest = {row["task_id"]: row["revision"] for row in sorted(now.values(), key=lambda row: row["revision"])}
    ended = False
    free = {"state", "state_note", "missed", "seen_at", *(("deadline",) if JOBS in says else ())}
    for row in before["submissions"]:
        there = now[row["id"]]
        assert {key: there[key] for key in row.keys() - free} == {key: row[key] for key in row.keys() - free}
        if there["state"] not in OPEN:
            ended = True
            replaced = there["state"] == "superseded" and newest[row["task_id"]] > row["revision"]
            told = there["state"] in ("elsewhere", "lapsed") and RATED in says
            assert replaced or told, there
    (decision,) = before["decisions"]
    (held,) = after["decisions"]
    assert held == decision or (ended and held["state"] == "overtaken")


RATINGS = [Rating("t1", 0, Verdict.APPROVE), Rating("t2", 1, Verdict.REJECT, comment="no")]


def test_ratings_at_a_marketplace_gone_mad(fuzz: Fuzz, bot: Bot) -> None:
    async def check(says: dict[str, Said]) -> None:
        bot.market.says = says
        for ratings, endpoint in ((RATINGS, RATE_MANY), (RATINGS[:1], RATE_ONE)):
            said = says.get(endpoint)
            results: Sequence[RatingResult] = ()
            error: ProviderError | None = None
            try:
                results = await bot.provider.rate("j1", ratings)
            except ProviderError as raised:
                error = raised
            check_error(error)
            assert said or (results and not error)
            if said and not 200 <= said.status < 300:
                assert error
            if said and said.status >= 500:
                assert isinstance(error, OutcomeUnknown)
            assert {one.task_id for one in results} <= {"t1", "t2"}
            for one in results:
                check_words(one.message)
                assert not (one.ok and said) or b"true" in said.body.lower() or b"1" in said.body

    fuzz(mad(RATE_ONE, RATE_MANY), check, some=60)
