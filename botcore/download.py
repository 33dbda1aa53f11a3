"""Downloads from an address that a stranger chose: only from named hosts, never from inside our own network.

Hosts are checked by name for every hop, addresses where the socket is made: what was checked is what is connected
to, whatever a name resolves to the next time.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from . import __version__

HOPS = 3  # redirects followed, at most
CHUNK = 64 * 1024
PORTS = {"http": 80, "https": 443}
REDIRECTS = (301, 302, 303, 307, 308)
TRY_AGAIN = (408, 425, 429)  # and every 5xx

PICTURES = "image/png, image/jpeg, image/gif, image/webp"
HEADERS = {"User-Agent": f"botcore/{__version__}", "Accept-Encoding": "identity"}


class DownloadRefused(Exception):  # noqa: N818
    """It must not, or can not, be downloaded: final. The message is short and safe to show to a person."""


class DownloadFailed(Exception):  # noqa: N818
    """It did not work this time. The message is short and safe to show to a person."""


async def download(
    url: str,
    sink: Callable[[bytes], object],
    *,
    hosts: Sequence[str],
    loopback: tuple[str, int] | None = None,
    max_bytes: int,
    timeout: float,
    resolver: AbstractResolver | None = None,
    accept: str = PICTURES,
) -> None:
    """Hands a body of at most `max_bytes` to `sink`, piece by piece, within `timeout` seconds for everything.

    `hosts`: exact names, or `.example.com` for all below. `loopback`: a host and port on this machine that may be
    asked as well. Raises `DownloadRefused`, or `DownloadFailed` where another try may help.
    """
    try:
        async with asyncio.timeout(timeout):
            target = _parsed(url)
            for _ in range(HOPS + 1):
                guard = _Guard(check_url(target, hosts, loopback))
                following = await _hop(target, guard, sink, max_bytes, resolver, accept)
                if following is None:
                    return
                target = following
    except TimeoutError as error:
        raise DownloadFailed(f"it took longer than {timeout:g} s") from error
    raise DownloadRefused(f"more than {HOPS} redirects")


def check_url(url: URL, hosts: Sequence[str], loopback: tuple[str, int] | None = None) -> int | None:
    """Raises `DownloadRefused` for an address that is not allowed.

    Returns the port where it is that of `loopback`, None where it is on one of `hosts`.
    """
    host = (url.raw_host or "").lower()
    if url.scheme not in PORTS or not host:
        raise DownloadRefused("not an http or https address")
    if url.raw_user is not None or url.raw_password is not None:
        raise DownloadRefused("its address has a user name in it")
    if loopback and (host, url.port) == (loopback[0].lower(), loopback[1]):
        return loopback[1]
    if not any(_covers(entry.lower(), host) for entry in hosts):
        raise DownloadRefused("not on the marketplace's own hosts")
    if url.port != PORTS[url.scheme]:
        raise DownloadRefused("on an unusual port")
    return None


def is_public(address: str) -> bool:
    """Whether an IP address is one of the Internet's, and no other in disguise."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if ip.version == 6:
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)))
        if ip not in _GLOBAL_UNICAST or ip.teredo or ip.sixtofour:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class _Guard:
    """Makes the sockets of one hop, and only toward addresses that it allows."""

    def __init__(self, loopback_port: int | None) -> None:
        self._loopback_port = loopback_port
        self.refused = False

    def __call__(self, address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, (ip, port, *_) = address
        if not self._allows(ip, port):
            self.refused = True
            raise PermissionError("not a public address")
        return socket.socket(family, kind, protocol)

    def _allows(self, ip: str, port: int) -> bool:
        if self._loopback_port is None:
            return is_public(ip)
        return port == self._loopback_port and ipaddress.ip_address(ip).is_loopback


async def _hop(
    url: URL,
    guard: _Guard,
    sink: Callable[[bytes], object],
    max_bytes: int,
    resolver: AbstractResolver | None,
    accept: str,
) -> URL | None:
    """One request; returns where it is redirected to, or None once the body has been handed on."""
    # a connection of its own for each: one that is kept alive was allowed for somebody else
    connector = aiohttp.TCPConnector(
        resolver=resolver, socket_factory=guard, use_dns_cache=False, force_close=True, limit=2
    )
    try:
        async with (
            aiohttp.ClientSession(
                connector=connector,
                headers={**HEADERS, "Accept": accept},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None),
                read_bufsize=CHUNK,
            ) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            if response.status in REDIRECTS:
                return url.join(_parsed(response.headers.get("Location", "")))
            _check_answer(response, max_bytes)
            received = 0
            async for piece in response.content.iter_chunked(CHUNK):
                received += len(piece)
                if received > max_bytes:
                    raise DownloadRefused(_too_large(max_bytes))
                sink(piece)
            return None
    except (aiohttp.InvalidURL, UnicodeError) as error:  # the latter from looking up a name too long for DNS
        raise DownloadRefused("not an address") from error
    except aiohttp.ClientError as error:
        if guard.refused:
            raise DownloadRefused("its host has an address inside a private network") from error
        if isinstance(error, TimeoutError):
            raise
        raise DownloadFailed(_in_words(error)) from error


def _check_answer(response: aiohttp.ClientResponse, max_bytes: int) -> None:
    if response.status >= 500 or response.status in TRY_AGAIN:
        raise DownloadFailed(f"its host answered with an error (HTTP {response.status})")
    if response.status != 200:
        raise DownloadRefused(f"it is not there (HTTP {response.status})")
    if response.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity"):
        raise DownloadRefused("sent compressed")
    # an early end for the honest; the count of what really comes is for the others
    if (response.content_length or 0) > max_bytes:
        raise DownloadRefused(_too_large(max_bytes))


def _parsed(url: str) -> URL:
    if not url or any(ord(char) < 0x20 or char == "\x7f" for char in url):
        raise DownloadRefused("not an address")
    try:
        return URL(url)
    except (ValueError, TypeError) as error:  # bad ports and hosts, and what cannot be encoded
        raise DownloadRefused("not an address") from error


def _covers(entry: str, host: str) -> bool:
    return host.endswith(entry) and host != entry if entry.startswith(".") else host == entry


def _too_large(max_bytes: int) -> str:
    return f"larger than {max_bytes / 2**20:g} MiB" if max_bytes >= 2**20 else f"larger than {max_bytes} bytes"


def _in_words(error: Exception) -> str:
    """Fixed words: an exception's own text can hold addresses with their query."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "its host is not known"
        case aiohttp.ClientSSLError() | aiohttp.ServerFingerprintMismatch():
            return "its host has no valid certificate"
        case aiohttp.ClientConnectorError():
            return "its host cannot be reached"
        case _:
            return "its host broke off"
