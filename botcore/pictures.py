"""Pictures that workers handed in: fetched only from where they may come from, checked, kept by content."""

from __future__ import annotations

import asyncio
import hashlib
import io
import ipaddress
import logging
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from .clock import Clock
from .store.port import Reader, Row, Store, Tx

log = logging.getLogger(__name__)

HOPS = 3
TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
FRAMES = 200
Loopback = tuple[str, int] | None


class PictureUnavailable(Exception):  # noqa: N818
    """It could not be fetched this time: again later."""


class _Refusal(Exception):  # noqa: N818
    """It will never be shown; the message tells a person why."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of a picture. `state`: ready or refused; `note` says why it was refused."""

    state: str
    sha256: str = ""
    media_type: str = ""
    width: int = 0
    height: int = 0
    bytes: int = 0
    note: str = ""


def remember(tx: Tx, url: str, account: str, now: int) -> None:
    """Notes that a picture is wanted."""
    tx.q(
        "INSERT OR IGNORE INTO pictures (url, account, state, used_at) VALUES (:url, :account, 'loading', :now)",
        url=url,
        account=account,
        now=now,
    )


class PictureBook:
    """Keeps pictures as files named by their content under `folder`, at most `cache_bytes` of them."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        clock: Clock,
        *,
        max_bytes: int = 10 * 1024 * 1024,
        max_pixels: int = 40_000_000,
        timeout: float = 20.0,
        cache_bytes: int = 1024**3,
        resolver: Callable[[], AbstractResolver] | None = None,
    ) -> None:
        self._store = store
        self._folder = folder
        self._clock = clock
        self._max_bytes = max_bytes
        self._max_pixels = max_pixels
        self._timeout = timeout
        self._cache_bytes = cache_bytes
        self._resolver = resolver or aiohttp.ThreadedResolver

    async def read(self, key: str) -> tuple[bytes, str] | None:
        """A picture's bytes and media type; None where it is not kept (any more)."""
        row = await self._store.read(_by_content, key)
        path = self._path(key)
        if row is None or path is None:
            return None
        try:
            return await asyncio.to_thread(path.read_bytes), row["media_type"]
        except FileNotFoundError:
            return None

    async def fetch(self, url: str, hosts: Sequence[str], loopback: Loopback = None) -> Fetched:
        """Fetches and checks a picture, and notes what came of it. Raises `PictureUnavailable`.

        `hosts`: names, or `.example.com` for all below one. `loopback`: the one local host and port allowed.
        """
        try:
            data = await self._download(url, hosts, loopback)
            fetched = await asyncio.to_thread(self._keep, data)
        except _Refusal as refusal:
            fetched = Fetched("refused", note=str(refusal))
        await self._store.tx(_note, url, fetched, self._clock.ms())
        return fetched

    async def prune(self) -> int:
        """Deletes the files used longest ago until the rest fits; returns how many."""
        doomed = await self._store.tx(_forget_oldest, self._cache_bytes)
        for key in doomed:
            if path := self._path(key):
                await asyncio.to_thread(path.unlink, missing_ok=True)
        return len(doomed)

    async def close(self) -> None:
        """Nothing is held open between calls."""

    async def _download(self, url: str, hosts: Sequence[str], loopback: Loopback) -> bytes:
        for _ in range(HOPS + 1):
            is_local = _check_address(url, hosts, loopback)
            connector = aiohttp.TCPConnector(
                resolver=self._resolver() if is_local else _PublicOnly(self._resolver()), force_close=True
            )
            timeout = aiohttp.ClientTimeout(total=self._timeout)
            headers = {"Accept": "image/*", "Accept-Encoding": "identity"}
            try:
                async with (
                    aiohttp.ClientSession(
                        connector=connector, timeout=timeout, headers=headers, auto_decompress=False
                    ) as session,
                    session.get(url, allow_redirects=False) as response,
                ):
                    if response.status in (301, 302, 303, 307, 308) and "Location" in response.headers:
                        url = urljoin(url, response.headers["Location"])
                        continue
                    return await self._body(response)
            except aiohttp.InvalidURL:
                raise _Refusal("not a web address") from None
            except aiohttp.ClientConnectorError as error:
                if isinstance(error.os_error, _NotPublicError):
                    raise _Refusal("its host is a private address") from None
                raise PictureUnavailable("its host cannot be reached") from None
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                if isinstance(error, _NotPublicError):
                    raise _Refusal("its host is a private address") from None
                raise PictureUnavailable(type(error).__name__) from None
        raise _Refusal("redirected too often")

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        if response.status >= 500 or response.status == 429:
            raise PictureUnavailable(f"its host answered {response.status}")
        if response.status != 200:
            raise _Refusal(f"its host answered {response.status}")
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise _Refusal("not sent as it is")
        body = bytearray()
        async for chunk in response.content.iter_chunked(64 * 1024):
            body += chunk
            if len(body) > self._max_bytes:
                raise _Refusal(f"larger than {self._max_bytes // 1024 // 1024} MiB")
        return bytes(body)

    def _keep(self, data: bytes) -> Fetched:
        kind, width, height = self._inspect(data)
        key = hashlib.sha256(data).hexdigest()
        path = self._path(key)
        assert path is not None
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f"{path.name}.{os.getpid()}.part")
            partial.write_bytes(data)
            partial.replace(path)
        return Fetched("ready", key, kind, width, height, len(data))

    def _inspect(self, data: bytes) -> tuple[str, int, int]:
        """Type and size from the header alone: the pixels are never decoded here."""
        from PIL import Image, UnidentifiedImageError

        try:
            with Image.open(io.BytesIO(data), formats=tuple(TYPES)) as image:
                kind, (width, height) = TYPES[image.format or ""], image.size
                frames = getattr(image, "n_frames", 1) if image.format in ("GIF", "WEBP") else 1
        except Image.DecompressionBombError:
            raise _Refusal("too many pixels") from None
        except (UnidentifiedImageError, KeyError, OSError, ValueError, SyntaxError, EOFError):
            raise _Refusal("not a picture") from None
        if width * height > self._max_pixels or width * height * frames > self._max_pixels * 4 or frames > FRAMES:
            raise _Refusal(f"too many pixels ({width} x {height})")
        return kind, width, height

    def _path(self, key: str) -> Path | None:
        if len(key) != 64 or not set(key) <= set("0123456789abcdef"):
            return None
        return self._folder / key[:2] / key[2:]


class _NotPublicError(OSError):
    """A name that resolves to an address which is not on the public internet."""


class _PublicOnly(AbstractResolver):
    """Resolves names, and refuses all that is not public: what is checked is what is connected to."""

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if not found or any(not _public(result["host"]) for result in found):
            raise _NotPublicError(f"{host} is not public")
        return found

    async def close(self) -> None:
        await self._inner.close()


def _public(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_global and not ip.is_multicast


def _check_address(url: str, hosts: Sequence[str], loopback: Loopback) -> bool:
    """Whether it is the allowed local one; raises `_Refusal` for all that is neither that nor an allowed host's."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise _Refusal("not a web address") from None
    if parts.scheme not in ("http", "https"):
        raise _Refusal("not an http or https address")
    if parts.username or parts.password or not host:
        raise _Refusal("not a plain web address")
    if loopback and (host, port or (443 if parts.scheme == "https" else 80)) == loopback:
        return True
    allowed = any(host == name or (name.startswith(".") and host.endswith(name)) for name in hosts)
    if not allowed:
        raise _Refusal("not on the marketplace's own hosts")
    if port not in (None, 80, 443):
        raise _Refusal("on an unusual port")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    if not _public(host):
        raise _Refusal("its host is a private address")
    return False


def _note(tx: Tx, url: str, fetched: Fetched, now: int) -> None:
    tx.q(
        """UPDATE pictures SET state = :state, sha256 = :sha256, media_type = :media_type, width = :width,
               height = :height, bytes = :bytes, note = :note, attempts = attempts + 1, fetched_at = :now, used_at = :now
           WHERE url = :url""",
        url=url,
        state=fetched.state,
        sha256=fetched.sha256 or None,
        media_type=fetched.media_type or None,
        width=fetched.width,
        height=fetched.height,
        bytes=fetched.bytes,
        note=fetched.note,
        now=now,
    )


def _by_content(reader: Reader, key: str) -> Row | None:
    return reader.one("SELECT media_type FROM pictures WHERE sha256 = :key AND state = 'ready' LIMIT 1", key=key)


def _forget_oldest(tx: Tx, keep: int) -> list[str]:
    """Takes the oldest out of the book; those still waiting to be rated stay whatever their size."""
    rows: Sequence[Any] = tx.q(
        """SELECT sha256, max(bytes) AS bytes FROM pictures WHERE state = 'ready'
           GROUP BY sha256 ORDER BY max(used_at) DESC"""
    )
    total, doomed = 0, []
    for row in rows:
        total += row["bytes"]
        if total <= keep:
            continue
        needed = tx.one(
            """SELECT 1 FROM pictures p JOIN submission_pictures sp ON sp.url = p.url
               JOIN submissions s ON s.id = sp.submission
               WHERE p.sha256 = :key AND s.state IN ('new', 'shown', 'decided') LIMIT 1""",
            key=row["sha256"],
        )
        if not needed:
            doomed.append(row["sha256"])
            tx.q(
                "UPDATE pictures SET state = 'refused', note = 'no longer kept' WHERE sha256 = :key",
                key=row["sha256"],
            )
    return doomed
