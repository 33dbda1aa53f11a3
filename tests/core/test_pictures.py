"""The book of pictures: real files, a real database, real HTTP on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import io
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

from botcore.clock import ManualClock
from botcore.pictures import GONE, MAX_FRAMES, Fetched, PictureBook, PictureUnavailable, remember
from botcore.store.port import Row, Tx
from botcore.store.sqlite import SqliteStore

HOUR = 3600


def png(colour: int = 0, size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (colour % 256, colour // 256, 99)).save(out, "PNG")
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A small file that would be gigabytes of pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(10_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


class Site:
    """A marketplace's picture host."""

    def __init__(self) -> None:
        self.files: dict[str, bytes | int] = {}  # by path: a body, or a status
        self.asked: list[str] = []
        self.reached = asyncio.Event()
        self.hold = asyncio.Event()
        self.hold.set()
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self.server = TestServer(app)

    def put(self, path: str, body: bytes | int) -> str:
        self.files[path] = body
        return str(self.server.make_url(path))

    @property
    def loopback(self) -> tuple[str, int]:
        return "127.0.0.1", self.server.port or 0

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        self.reached.set()
        await self.hold.wait()
        body = self.files[request.path]
        if isinstance(body, int):
            return web.Response(status=body)
        return web.Response(body=body, content_type="text/html" if b"<" in body[:1] else "image/png")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    await site.server.start_server()
    yield site
    site.hold.set()
    await site.server.close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(tmp_path / "test.db")
    yield store
    await store.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


class Book(PictureBook):
    """A book whose account is at the test's own site."""

    def __init__(self, store: SqliteStore, folder: Path, clock: ManualClock, site: Site, **limits: int) -> None:
        super().__init__(store, folder, clock, **{"max_bytes": 2**20, **limits})  # type: ignore[arg-type]
        self.folder = folder
        self.site = site

    async def get(self, url: str) -> Fetched:
        return await self.fetch(url, [], self.site.loopback)

    def files(self) -> set[str]:
        return {path.parent.name + path.name for path in self.folder.rglob("*") if path.is_file()}


@pytest.fixture
async def book(store: SqliteStore, tmp_path: Path, clock: ManualClock, site: Site) -> AsyncIterator[Book]:
    book = Book(store, tmp_path / "pictures", clock, site)
    yield book
    await book.close()


async def row_of(store: SqliteStore, url: str) -> Row:
    row = await store.read(lambda r: r.one("SELECT * FROM pictures WHERE url = :url", url=url))
    assert row is not None
    return row


async def test_a_picture_is_kept_by_its_content_and_read_back(store: SqliteStore, site: Site, book: Book) -> None:
    content = png(7)
    url = site.put("/1.png", content)
    await store.tx(remember, url, "main", 1)
    key = hashlib.sha256(content).hexdigest()

    assert await book.get(url) == Fetched("ready", key, "image/png", 40, 30, len(content))
    assert (book.folder / key[:2] / key[2:]).read_bytes() == content
    assert await book.read(key) == (content, "image/png")
    row = await row_of(store, url)
    assert (row["state"], row["account"], row["sha256"], row["attempts"]) == ("ready", "main", key, 1)
    assert (row["width"], row["height"], row["bytes"], row["note"]) == (40, 30, len(content), "")


async def test_the_same_picture_at_two_addresses_is_one_file(site: Site, book: Book) -> None:
    first = await book.get(site.put("/a.png", png()))
    second = await book.get(site.put("/b.png", png()))
    assert first == second
    assert book.files() == {first.sha256}


async def test_the_type_is_told_by_the_content_and_by_nothing_else(site: Site, book: Book) -> None:
    out = io.BytesIO()
    Image.new("RGB", (3, 4)).save(out, "WEBP")
    fetched = await book.get(site.put("/looks-like.png", out.getvalue()))
    assert (fetched.media_type, fetched.width, fetched.height) == ("image/webp", 3, 4)


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b"<html><body><script>alert(1)</script></body></html>", "not a picture"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "not a picture"),
        (b"", "not a picture"),
        (png()[:20], "not a picture"),
        (bomb(50_000, 50_000), "too large: 50000 × 50000 pixels"),
        (bomb(8_000, 5_001), "too large"),
        (png() + bytes(2**20), "larger than 1 MiB"),
    ],
    ids=["HTML", "SVG", "nothing", "half a header", "bomb", "just too many pixels", "too many bytes"],
)
async def test_what_is_not_to_be_shown_is_refused_with_a_reason(
    store: SqliteStore, site: Site, book: Book, content: bytes, note: str
) -> None:
    url = site.put("/proof.png", content)
    fetched = await book.get(url)
    assert fetched.state == "refused"
    assert note in fetched.note
    row = await row_of(store, url)
    assert (row["state"], row["note"], row["sha256"]) == ("refused", fetched.note, None)
    assert book.files() == set()


async def test_as_many_pixels_as_allowed_are_fine(site: Site, book: Book) -> None:
    assert (await book.get(site.put("/large.png", bomb(8_000, 5_000)))).state == "ready"


async def test_a_film_is_not_a_screenshot(site: Site, book: Book) -> None:
    frame = bytes([0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x4C, 1, 0])
    film = b"GIF89a\x01\x00\x01\x00\x00\x00\x00" + frame * (MAX_FRAMES + 1) + b";"
    assert "animation" in (await book.get(site.put("/film.gif", film))).note


async def test_a_picture_that_breaks_off_is_kept_for_what_can_be_seen_of_it(site: Site, book: Book) -> None:
    whole = png(size=(300, 300))
    assert (await book.get(site.put("/cut.png", whole[:-40]))).state == "ready"


async def test_an_address_elsewhere_is_refused_and_noted(store: SqliteStore, book: Book, site: Site) -> None:
    url = "http://127.0.0.1:1/1.png"
    assert (await book.get(url)).note == "not on the marketplace's own hosts"
    assert (await row_of(store, url))["state"] == "refused"
    assert site.asked == []


async def test_what_may_pass_is_told_apart_and_counted(store: SqliteStore, site: Site, book: Book) -> None:
    url = site.put("/1.png", 503)
    await store.tx(remember, url, "main", 1)
    for attempt in (1, 2):
        with pytest.raises(PictureUnavailable, match="503"):
            await book.get(url)
        row = await row_of(store, url)
        assert (row["state"], row["attempts"]) == ("loading", attempt)
        assert "503" in row["note"]
    site.put("/1.png", png())
    assert (await book.get(url)).state == "ready"
    assert (await row_of(store, url))["note"] == ""


async def test_a_failure_does_not_take_away_what_is_there(store: SqliteStore, site: Site, book: Book) -> None:
    url = site.put("/1.png", png())
    key = (await book.get(url)).sha256
    site.put("/1.png", 500)
    with pytest.raises(PictureUnavailable):
        await book.get(url)
    row = await row_of(store, url)
    assert (row["state"], row["sha256"], row["note"]) == ("ready", key, "")


@pytest.mark.parametrize("key", ["", "0" * 64, "../../etc/passwd", "A" * 64, "0" * 63, "tmp", "00/" + "0" * 61])
async def test_what_was_never_kept_is_not_read(book: Book, key: str) -> None:
    assert await book.read(key) is None


async def test_a_file_that_somebody_deleted_is_not_read(site: Site, book: Book) -> None:
    key = (await book.get(site.put("/1.png", png()))).sha256
    (book.folder / key[:2] / key[2:]).unlink()
    assert await book.read(key) is None


async def test_remembering_twice_changes_nothing(store: SqliteStore, site: Site, book: Book) -> None:
    url = site.put("/1.png", png())
    await store.tx(remember, url, "main", 1)
    assert (await row_of(store, url))["state"] == "loading"
    await book.get(url)
    before = await row_of(store, url)
    await store.tx(remember, url, "other", 2)
    assert await row_of(store, url) == before


async def test_looking_at_a_picture_is_noted_at_most_once_an_hour(
    store: SqliteStore, site: Site, book: Book, clock: ManualClock
) -> None:
    url = site.put("/1.png", png())
    key = (await book.get(url)).sha256
    fetched_at = clock.ms()
    clock.advance(HOUR - 1)
    await book.read(key)
    assert (await row_of(store, url))["used_at"] == fetched_at
    clock.advance(2)
    await book.read(key)
    assert (await row_of(store, url))["used_at"] == clock.ms()


def big(colour: int) -> bytes:
    """A picture of 100,000 bytes."""
    picture = png(colour)
    return picture + bytes(100_000 - len(picture))


@pytest.fixture
async def small_book(store: SqliteStore, tmp_path: Path, clock: ManualClock, site: Site) -> AsyncIterator[Book]:
    book = Book(store, tmp_path / "pictures", clock, site, cache_bytes=400_000)
    yield book
    await book.close()


async def fill(book: Book, site: Site, clock: ManualClock, count: int) -> list[tuple[str, str]]:
    """Addresses and keys of `count` pictures, fetched two hours apart."""
    kept = []
    for number in range(count):
        url = site.put(f"/{number}.png", big(number))
        kept.append((url, (await book.get(url)).sha256))
        clock.advance(2 * HOUR)
    return kept


async def test_the_pictures_looked_at_longest_ago_go_first(
    store: SqliteStore, site: Site, small_book: Book, clock: ManualClock
) -> None:
    kept = await fill(small_book, site, clock, 4)
    await small_book.read(kept[0][1])
    kept += [(url := site.put("/last.png", big(99)), (await small_book.get(url)).sha256)]

    assert small_book.files() == {kept[0][1], kept[3][1], kept[4][1]}
    assert await small_book.read(kept[1][1]) is None
    row = await row_of(store, kept[1][0])
    assert (row["state"], row["note"], row["sha256"]) == ("refused", GONE, None)


async def test_pictures_of_undecided_submissions_stay_whatever_their_age(
    store: SqliteStore, site: Site, small_book: Book, clock: ManualClock
) -> None:
    def hand_in(tx: Tx, url: str, state: str) -> None:
        number = tx.value(
            """INSERT INTO submissions (account, job_id, task_id, revision, worker_id, state, submitted_at, country,
                   ip_address, data, received_at, seen_at)
               VALUES ('main', 'j', :url, 0, 'w', :state, 0, '', '', '{}', 0, 0) RETURNING id""",
            url=url,
            state=state,
        )
        tx.q("INSERT INTO submission_pictures (submission, url) VALUES (:id, :url)", id=number, url=url)

    for number, state in enumerate(["new", "shown", "decided", "rated"]):
        await store.tx(hand_in, str(site.server.make_url(f"/{number}.png")), state)
    kept = await fill(small_book, site, clock, 5)
    assert small_book.files() == {key for _, key in kept[:3]}

    kept += await fill(small_book, site, clock, 3)
    assert {key for _, key in kept[:3]} <= small_book.files()


async def test_a_picture_let_go_is_fetched_again_when_it_is_handed_in_again(
    store: SqliteStore, site: Site, small_book: Book, clock: ManualClock
) -> None:
    kept = await fill(small_book, site, clock, 5)
    url = kept[0][0]
    assert (await row_of(store, url))["state"] == "refused"
    await store.tx(remember, url, "main", clock.ms())
    assert (await row_of(store, url))["state"] == "loading"
    assert (await small_book.get(url)).sha256 == kept[0][1]


async def test_files_that_no_row_knows_go_when_room_is_made(site: Site, book: Book) -> None:
    key = (await book.get(site.put("/1.png", png()))).sha256
    orphan = book.folder / "ab" / ("c" * 62)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"left by a crash")
    await book.prune()
    assert book.files() == {key}


async def test_nothing_is_left_of_a_fetch_that_was_cancelled_or_killed(
    store: SqliteStore, site: Site, book: Book, clock: ManualClock
) -> None:
    site.hold.clear()
    url = site.put("/1.png", png())
    fetching = asyncio.create_task(book.get(url))
    await site.reached.wait()
    fetching.cancel()
    await asyncio.gather(fetching, return_exceptions=True)
    assert book.files() == set()

    leftover = book.folder / "tmp" / "tmpkilled"
    leftover.write_bytes(b"half")
    site.hold.set()
    again = Book(store, book.folder, clock, site)
    key = (await again.get(url)).sha256
    await again.close()
    assert again.files() == {key}


async def test_many_at_once_are_all_kept(site: Site, book: Book) -> None:
    urls = [site.put(f"/{n}.png", png(n)) for n in range(30)]
    fetched = await asyncio.gather(*(book.get(url) for url in urls))
    assert book.files() == {one.sha256 for one in fetched}
    assert len(book.files()) == 30
