"""What every request must satisfy before anything looks at it, and the headers that every answer carries."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

DEFAULT_PORTS = {"http": 80, "https": 443}

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

PICTURE_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
    "Cache-Control": "private, max-age=86400, immutable",
}


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """A request that gets no further. The message is short and safe to show."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Guard:
    """Knows by which names people reach the page. `base` is its public address, such as `http://127.0.0.1:8080`."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        self.secure = parts.scheme == "https"
        self.prefix = parts.path.rstrip("/")  # which a proxy in front takes off
        self._base = (parts.scheme, _host(parts.netloc, parts.scheme))
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        # cookies know no ports: two bots on one machine must not sign each other out
        self.cookie = "__Host-botcore" if self.secure else f"botcore-{port}"

    def check(self, request: web.Request) -> None:
        """Raises `Refusal` for a foreign `Host` (DNS rebinding) and for what another site's page posts."""
        host = request.headers.get("Host", "")
        if not self._is_ours(request, host):
            raise Refusal(403, "This address is not one of the bot's: open the page by its configured address.")
        if request.method not in ("GET", "HEAD"):
            self._check_origin(request, host)

    def _is_ours(self, request: web.Request, host: str) -> bool:
        if _host(host, self._base[0]) == self._base[1]:
            return True
        name, port = _host(host, "http") or ("", 0)
        return _is_loopback(name) and port == _listening_port(request)

    def _is_direct(self, host: str) -> bool:
        """Whether the page was opened on this machine, past the proxy."""
        return _host(host, self._base[0]) != self._base[1]

    def _check_origin(self, request: web.Request, host: str) -> None:
        origin = request.headers.get("Origin")
        site = request.headers.get("Sec-Fetch-Site")
        if origin is None or origin == "null":
            # a form on a page without referrers posts "null"; what is no browser's page sends neither header
            if site == "same-origin" or (origin is None and site is None):
                return
        else:
            scheme, _, netloc = origin.partition("://")
            sender = (scheme, _host(netloc, scheme))
            if sender == self._base or (self._is_direct(host) and sender == ("http", _host(host, "http"))):
                return
        raise Refusal(403, "Another site's page sent this. Nothing was done.")


def check_csrf(expected: str, request: web.Request, fields: Mapping[str, str]) -> None:
    """Raises `Refusal` unless the request carries its session's token, in a header or a field."""
    given = request.headers.get("X-CSRF-Token") or fields.get("csrf", "")
    if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode()):
        raise Refusal(403, "This page is out of date. Reload it and try again.")


async def read_fields(request: web.Request, limit: int) -> dict[str, str]:
    """The fields of a posted form of at most `limit` bytes; of a repeated name the last. Raises `Refusal`."""
    if request.content_type not in ("application/x-www-form-urlencoded", "application/octet-stream"):
        raise Refusal(415, "Only forms are taken here.")
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise Refusal(413, f"That is too long: at most {limit // 1024} KiB fit.")
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=100))
    except ValueError as error:
        raise Refusal(400, "That form has too many fields.") from error


def _host(netloc: str, scheme: str) -> tuple[str, int] | None:
    """A `Host` header's name and port; None for what is none."""
    try:
        parts = urlsplit(f"//{netloc}")
        port = parts.port or DEFAULT_PORTS.get(scheme, 0)
    except ValueError:
        return None
    if not parts.hostname or "@" in netloc or parts.path or parts.query or parts.fragment:
        return None
    return parts.hostname.rstrip("."), port


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _listening_port(request: web.Request) -> int | None:
    address = None if request.transport is None else request.transport.get_extra_info("sockname")
    return address[1] if isinstance(address, tuple) else None
