"""The pictures that workers handed in: fetched, checked by their headers, kept by their content."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import mmap
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, ParamSpec, TypeVar

from .clock import Clock
from .picture_format import Shape, read_shape
from .store.port import Reader, Row, Store, Tx

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

MAX_FRAMES = 1000
TOUCH_MS = 3_600_000  # how exactly it is known when a picture was last looked at
ROOM = 0.9  # what is left of the cache's limit after making room
GONE = "no longer kept: see it at the marketplace"

_KEY = re.compile(r"[0-9a-f]{64}")


class PictureUnavailable(Exception):  # noqa: N818
    """A picture could not be had this time; another try may help. The message is safe to show to a person."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """How fetching a picture ended. `note` says why it was refused; what is unknown is empty or 0."""

    state: Literal["ready", "refused"]
    sha256: str = ""
    media_type: str = ""
    width: int = 0
    height: int = 0
    bytes: int = 0
    note: str = ""


class PictureBook:
    """Every picture by the hash of its content, in files under `folder`, with a row for each address in the store.

    `max_bytes` and `max_pixels` are for one picture, `timeout` is in seconds for one fetch, redirects included.
    Once there are more than `cache_bytes`, those not looked at for longest go, but none of an undecided submission.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        clock: Clock,
        *,
        max_bytes: int = 10 * 2**20,
        max_pixels: int = 40_000_000,
        timeout: float = 20.0,
        cache_bytes: int = 2**30,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._store = store
        self._folder = folder
        self._parts = folder / "tmp"  # downloads under way
        self._clock = clock
        self._max_bytes = max_bytes
        self._max_pixels = max_pixels
        self._timeout = timeout
        self._cache_bytes = cache_bytes
        self._resolver = resolver
        self._prune_at = cache_bytes
        # not the loop's own threads, which slow look-ups of names may hold for long
        self._threads = ThreadPoolExecutor(2, "botcore-pictures")
        self._kept: int | None = None  # bytes in all files; None: not counted yet
        self._files = asyncio.Lock()  # between a file and its row, nobody may take the file for an orphan

    async def fetch(self, url: str, hosts: Sequence[str], loopback: tuple[str, int] | None = None) -> Fetched:
        """Fetches a picture, keeps it, and notes in its row how that ended.

        `hosts`: exact names, or `.example.com` for all below; `loopback`: a host and port of this machine that is
        allowed as well. Raises `PictureUnavailable` for what may pass, and `OSError` where it cannot be kept.
        """
        async with self._files:
            if self._kept is None:
                self._kept = await self._in_thread(self._prepare)
        with self._new_part() as part:
            fetched = await self._fetch(url, hosts, loopback, part)
        if self._kept > self._prune_at:
            await self.prune()
        return fetched

    async def read(self, key: str) -> tuple[bytes, str] | None:
        """A picture's bytes and media type by its hash; None where it is not kept."""
        row = await self._store.read(_by_hash, key) if _KEY.fullmatch(key) else None
        if row is None:
            return None
        try:
            content = await self._in_thread(self.path(key).read_bytes)
        except FileNotFoundError:
            log.warning("picture %s is missing from %s", key, self._folder)
            return None
        now = self._clock.ms()
        if (row["used_at"] or 0) < now - TOUCH_MS:
            await self._store.tx(_touch, key, now)
        return content, row["media_type"]

    def path(self, key: str) -> Path:
        """Where a picture is, by its hash, as long as it is kept."""
        return self._folder / key[:2] / key[2:]

    async def prune(self) -> None:
        """Makes room: lets go of the pictures not looked at for longest, and of files that no row knows."""
        async with self._files:
            keep = await self._store.tx(_let_go, round(self._cache_bytes * ROOM))
            self._kept = await self._in_thread(self._remove_all_but, keep)
        # where what is needed fills the cache by itself, another try waits until there is more
        self._prune_at = max(self._cache_bytes, round(self._kept / ROOM))

    async def close(self) -> None:
        """Waits for what is just being read or written. No call may come after."""
        await asyncio.to_thread(self._threads.shutdown)

    # --- inside

    async def _in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        call = partial(function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def _fetch(
        self, url: str, hosts: Sequence[str], loopback: tuple[str, int] | None, part: IO[bytes]
    ) -> Fetched:
        from .download import DownloadFailed, DownloadRefused, download  # not needed before the first picture

        digest = hashlib.sha256()

        def sink(piece: bytes) -> None:
            digest.update(piece)
            part.write(piece)  # 64 KiB into the page cache: quicker than a thread for it

        try:
            await download(
                url,
                sink,
                hosts=hosts,
                loopback=loopback,
                max_bytes=self._max_bytes,
                timeout=self._timeout,
                resolver=self._resolver,
            )
            shape = await self._in_thread(self._check, part)
        except DownloadFailed as error:
            await self._store.tx(_note_failure, url, str(error), self._clock.ms())
            raise PictureUnavailable(str(error)) from error
        except (DownloadRefused, _Refused) as error:
            fetched = Fetched("refused", note=str(error))
            await self._store.tx(_note, url, fetched, self._clock.ms())
            return fetched
        size = part.tell()
        fetched = Fetched("ready", digest.hexdigest(), shape.media_type, shape.width, shape.height, size)
        async with self._files:
            if await self._in_thread(self._keep, part, fetched.sha256):
                self._kept = (self._kept or 0) + size
            await self._store.tx(_note, url, fetched, self._clock.ms())
        return fetched

    def _check(self, part: IO[bytes]) -> Shape:
        part.flush()
        try:
            with mmap.mmap(part.fileno(), 0, access=mmap.ACCESS_READ) as data:
                shape = read_shape(data)
        except ValueError as error:  # NotAPicture, or an empty file cannot be mapped
            raise _Refused("not a picture (PNG, JPEG, GIF and WebP are)") from error
        if shape.width * shape.height > self._max_pixels:
            raise _Refused(f"too large: {shape.width} × {shape.height} pixels")
        if shape.frames > MAX_FRAMES:
            raise _Refused(f"an animation of {shape.frames} frames")
        return shape

    def _prepare(self) -> int:
        """Clears away what a killed process left, and counts the bytes of what is kept."""
        shutil.rmtree(self._parts, ignore_errors=True)
        self._parts.mkdir(mode=0o700, parents=True)
        return sum(path.stat().st_size for path in self._all_files())

    @contextmanager
    def _new_part(self) -> Iterator[IO[bytes]]:
        """A file to download into, on the same disk as its place later; gone afterwards unless it was moved there."""
        with tempfile.NamedTemporaryFile(dir=self._parts, delete=False) as part:
            try:
                yield part
            finally:
                Path(part.name).unlink(missing_ok=True)

    def _keep(self, part: IO[bytes], key: str) -> bool:
        """Puts a downloaded file in its place; True where it was not there before."""
        path = self.path(key)
        new = not path.exists()
        path.parent.mkdir(mode=0o700, exist_ok=True)
        os.fsync(part.fileno())  # a name must never lead to half a picture, also after a power cut
        Path(part.name).replace(path)
        return new

    def _remove_all_but(self, keep: Collection[str]) -> int:
        kept = 0
        for path in self._all_files():
            if path.parent.name + path.name in keep:
                kept += path.stat().st_size
            else:
                path.unlink()
        return kept

    def _all_files(self) -> list[Path]:
        return list(self._folder.glob("[0-9a-f][0-9a-f]/*"))


def remember(tx: Tx, url: str, account: str, now: int) -> None:
    """Makes a row for a picture that is to be fetched, unless it has one. `now`: ms since the epoch."""
    tx.q(
        """INSERT INTO pictures (url, account, state, used_at) VALUES (:url, :account, 'loading', :now)
           ON CONFLICT (url) DO UPDATE SET state = 'loading', note = '', used_at = excluded.used_at
           WHERE pictures.state = 'refused' AND pictures.note = :gone""",
        url=url,
        account=account,
        now=now,
        gone=GONE,
    )


def ask_for(tx: Tx, url: str, account: str, prio: int = 45) -> None:
    """Enqueues the fetching of a picture: a few of an account at a time, so that a slow host costs only its own."""
    tx.put(
        "picture", f"picture:{url}", f"pictures:{account}/{sum(url.encode()) % 4}", prio, 0, url=url, account=account
    )


class _Refused(Exception):  # noqa: N818
    """Not a picture, or not one to keep. The message is for people."""


def _note(tx: Tx, url: str, fetched: Fetched, now: int) -> None:
    tx.q(
        """INSERT INTO pictures (url, account, state, sha256, media_type, width, height, bytes, note,
               attempts, fetched_at, used_at)
           VALUES (:url, '', :state, nullif(:sha256, ''), nullif(:media_type, ''), nullif(:width, 0),
               nullif(:height, 0), nullif(:bytes, 0), :note, 1, :now, :now)
           ON CONFLICT (url) DO UPDATE SET state = excluded.state, sha256 = excluded.sha256,
               media_type = excluded.media_type, width = excluded.width, height = excluded.height,
               bytes = excluded.bytes, note = excluded.note, attempts = pictures.attempts + 1,
               fetched_at = excluded.fetched_at, used_at = excluded.used_at""",
        url=url,
        now=now,
        **asdict(fetched),
    )


def _note_failure(tx: Tx, url: str, why: str, now: int) -> None:
    """One more try was in vain; what is already there stays."""
    tx.q(
        """INSERT INTO pictures (url, account, state, note, attempts, used_at)
           VALUES (:url, '', 'loading', :why, 1, :now)
           ON CONFLICT (url) DO UPDATE SET attempts = pictures.attempts + 1,
               note = CASE pictures.state WHEN 'loading' THEN excluded.note ELSE pictures.note END""",
        url=url,
        why=why,
        now=now,
    )


def _by_hash(reader: Reader, key: str) -> Row | None:
    return reader.one(
        """SELECT media_type, max(used_at) AS used_at FROM pictures
           WHERE sha256 = :key AND state = 'ready' GROUP BY sha256""",
        key=key,
    )


def _touch(tx: Tx, key: str, now: int) -> None:
    tx.q("UPDATE pictures SET used_at = :now WHERE sha256 = :key", key=key, now=now)


def _let_go(tx: Tx, room: int) -> frozenset[str]:
    """Marks the rows of pictures that do not fit into `room` bytes; returns the hashes of those that stay."""
    rows = tx.q(
        """SELECT p.sha256, max(p.bytes) AS bytes, max(coalesce(p.used_at, 0)) AS used,
               max(EXISTS (
                   SELECT 1 FROM submission_pictures l JOIN submissions s ON s.id = l.submission
                   WHERE l.url = p.url AND s.state IN ('new', 'shown', 'decided'))) AS needed
           FROM pictures p WHERE p.state = 'ready' GROUP BY p.sha256 ORDER BY needed DESC, used DESC"""
    )
    stay: set[str] = set()
    for row in rows:
        room -= row["bytes"]
        if row["needed"] or room >= 0:
            stay.add(row["sha256"])
        else:
            tx.q(
                """UPDATE pictures SET state = 'refused', note = :gone, sha256 = NULL, bytes = NULL
                   WHERE sha256 = :sha256""",
                gone=GONE,
                sha256=row["sha256"],
            )
    return frozenset(stay)
