"""HTTP to a marketplace: through the account's gate, and with errors that say what surely did not happen."""

from __future__ import annotations

import errno
import json
import unicodedata
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any, NoReturn
from urllib.parse import urljoin, urlsplit

import aiohttp

from . import __version__
from .pacing import Gate
from .provider import AuthFailed, OutcomeUnknown, ProviderError, RateLimited, Refused, Unavailable
from .settings import is_loopback

PAUSE_AFTER_429 = 10.0  # seconds, where the marketplace asks for no longer one
LONGEST_PAUSE = 3600.0  # seconds: an answer must not stop an account for good
WORDS = 200  # characters of a marketplace's message that are kept

Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a marketplace answered with a 2xx status. `data` is the decoded JSON, its fractions `Decimal`."""

    status: int
    data: Any
    text: str


class Transport:
    """Requests to one marketplace for one account. Nothing is opened before the first; `close` ends it.

    `base_url`: https, or http on loopback (`ValueError` otherwise). Time-outs are in seconds; waiting at the
    gate counts toward none of them. `secrets` are cut out of every message. Cancelling a request is safe for
    the gate and the connection; whether a cancelled `post` took effect is unknown.
    """

    def __init__(
        self,
        base_url: str,
        gate: Gate,
        *,
        headers: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
        connect_timeout: float = 10.0,
        read_timeout: float = 30.0,
        total_timeout: float = 120.0,
        max_body: int = 32 * 2**20,
        user_agent: str = f"botcore/{__version__}",
    ) -> None:
        self.base_url = checked_base_url(base_url)
        self.host = urlsplit(self.base_url).hostname or ""
        self._gate = gate
        self._headers = {"Accept": "application/json", "User-Agent": user_agent, **(headers or {})}
        token = self._headers.get("Authorization", "").rpartition(" ")[2]
        self._secrets = [secret for secret in (*secrets, token) if secret]
        self._timeout = aiohttp.ClientTimeout(
            total=total_timeout, connect=connect_timeout, sock_connect=connect_timeout, sock_read=read_timeout
        )
        self._max_body = max_body
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def get(self, path: str, params: Params | None = None, *, json: object = None) -> Answer:
        """Reads. A request that fails for whatever reason was surely not done, so it is `Unavailable`.

        Raises `AuthFailed`, `RateLimited`, `Refused` (any other 4xx, or a redirect) or `Unavailable`.
        """
        return await self._request("GET", path, params, json, changes=False)

    async def post(self, path: str, json: object = None) -> Answer:
        """Changes something: sent once, never repeated, never redirected.

        Raises `AuthFailed`, `RateLimited`, `Refused`, `Unavailable` (surely not done) or `OutcomeUnknown`.
        """
        return await self._request("POST", path, None, json, changes=True)

    async def close(self) -> None:
        """Gives the connections back; requests after it are `Unavailable`."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def safe(self, text: str) -> str:
        """A marketplace's words, fit to be shown: one short line, no control characters, no secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return clean(text)

    async def _request(self, method: str, path: str, params: Params | None, body: object, *, changes: bool) -> Answer:
        headers = dict(self._headers)
        payload = None
        if body is not None:
            payload = encode(body).encode()
            headers["Content-Type"] = "application/json"
        async with self._gate.turn():
            if self._closed:
                raise Unavailable(f"the connection to {self.host} is closed")
            progress = SimpleNamespace(connected=False)
            try:
                async with self._open().request(
                    method,
                    self.base_url + path,
                    params=params,
                    data=payload,
                    headers=headers,
                    allow_redirects=False,
                    trace_request_ctx=progress,
                ) as response:
                    return await self._take(response, path, changes=changes)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise failure(error, self.host, connected=progress.connected, changes=changes) from error

    async def _take(self, response: aiohttp.ClientResponse, path: str, *, changes: bool) -> Answer:
        text = await self._body(response)
        data, readable = (None, False) if text is None else decode(text)
        retry_after = wait_asked(response.headers)
        error = classify(
            response.status,
            changes=changes,
            readable=readable,
            words=self.safe(message_in(data) if readable else plain_text(text or "")),
            retry_after=retry_after,
            moved_to=moved(response.status, response.headers.get("Location", ""), self.base_url, path),
        )
        if response.status == 429:
            await self._gate.pause(retry_after)
        if error is not None:
            raise error
        return Answer(response.status, data, text or "")

    async def _body(self, response: aiohttp.ClientResponse) -> str | None:
        """The whole body, or None where it is too large or breaks off: then the status alone must tell."""
        body = bytearray()
        try:
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > self._max_body:
                    return None
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None
        return body.decode("utf-8-sig", errors="replace")

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            traces = aiohttp.TraceConfig()
            traces.on_connection_create_end.append(_note_connection)
            traces.on_connection_reuseconn.append(_note_connection)
            self._session = aiohttp.ClientSession(
                # A kept connection may be dead already, which would put a change in doubt for nothing. At the
                # pace that gates allow, a new one each time is cheap.
                connector=aiohttp.TCPConnector(force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                trace_configs=[traces],
                middlewares=[_once],
            )
        return self._session


class _Lost(aiohttp.ClientError):
    """The connection broke after it was made."""


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """aiohttp repeats a GET whose connection broke, at once and past the gate; but not after this error."""
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Lost from error


async def _note_connection(session: aiohttp.ClientSession, context: SimpleNamespace, params: object) -> None:
    context.trace_request_ctx.connected = True


def checked_base_url(url: str) -> str:
    """The address with one slash at its end. Raises `ValueError` unless it is https, or http on loopback."""
    what = "must be an https address (http only on loopback)"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(what) from None
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        raise ValueError(what)
    if parts.query or parts.fragment or "@" in parts.netloc or any(c.isspace() for c in url):
        raise ValueError(f"{what}, without a user, spaces, ? or #")
    return url.rstrip("/") + "/"


def basic_auth(user: str, secret: str) -> dict[str, str]:
    """The header of HTTP Basic authentication."""
    return {"Authorization": f"Basic {b64encode(f'{user}:{secret}'.encode()).decode()}"}


def classify(
    status: int,
    *,
    changes: bool,
    readable: bool = True,
    words: str = "",
    retry_after: float = PAUSE_AFTER_429,
    moved_to: str = "",
) -> ProviderError | None:
    """What an answer means; None where it can be used.

    `readable`: its body is JSON. `moved_to`: the base URL that a redirect of the very same request points to.
    """
    doubt = OutcomeUnknown if changes else Unavailable
    match status:
        case _ if 200 <= status < 300:
            return None if readable else doubt("the marketplace's answer could not be read")
        case _ if moved_to:
            return Refused(f"the marketplace is at another address: set base_url to {moved_to}", status)
        case _ if 300 <= status < 400:
            return doubt(f"the marketplace redirects elsewhere (HTTP {status}): check base_url")
        case 401 | 403:
            return AuthFailed(f"the marketplace does not accept the key{_quoted(words)}")
        case 408:
            return doubt("the marketplace gave up waiting for the request")
        case 429:
            return RateLimited("the marketplace asks for a pause", retry_after)
        case _ if 400 <= status < 500:
            return Refused(words or f"the marketplace said no (HTTP {status})", status)
        case _:
            return doubt(f"the marketplace is in trouble (HTTP {status})")


def failure(error: Exception, host: str, *, connected: bool, changes: bool) -> ProviderError:
    """What it means that no answer came. Before there was a connection, surely nothing was sent."""
    if not connected:
        return Unavailable(f"{host} cannot be reached: {_reason(error)}")
    if changes:
        return OutcomeUnknown(f"{host} did not answer ({_reason(error)}): it may have been done")
    return Unavailable(f"{host} did not answer: {_reason(error)}")


def encode(value: object) -> str:
    """JSON with `Decimal` as exact numbers. Raises `TypeError` for a float: money must never be one."""
    match value:
        case Decimal():
            if not value.is_finite():
                raise ValueError("not a finite number")
            return format(value, "f")
        case None | bool() | int() | str():
            return json.dumps(value)
        case Mapping():
            parts = (f"{json.dumps(str(key))}: {encode(part)}" for key, part in value.items())
            return "{" + ", ".join(parts) + "}"
        case Sequence() if not isinstance(value, bytes | bytearray):
            return "[" + ", ".join(encode(part) for part in value) + "]"
        case _:
            raise TypeError(f"not for JSON: {type(value).__name__}")


def decode(text: str) -> tuple[Any, bool]:
    """JSON with fractions as `Decimal`, and whether it was JSON at all."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant), True
    except (ValueError, InvalidOperation, RecursionError):  # there are exponents that no `Decimal` has
        return None, False


def clean(text: str) -> str:
    """Somebody else's text as one short line without control or direction characters."""
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text[: 10 * WORDS])
    line = " ".join(kept.split())
    return line if len(line) <= WORDS else line[: WORDS - 1] + "…"


def message_in(data: object) -> str:
    """The message of an answer, under whichever of the usual names."""
    if isinstance(data, str):
        return data
    if isinstance(data, Mapping):
        for name in ("message", "notice", "error", "errors", "detail"):
            match data.get(name):
                case str() as text if text.strip():
                    more = [part for part in _texts(data.get("errors")) if part not in text]
                    return " ".join([text, *more]) if name == "message" else text
                case list() | dict() as many if many:
                    return "; ".join(_texts(many))
    return ""


def _texts(value: object) -> list[str]:
    """The texts of a list or an object, and of the lists in it: errors by the field they are about."""
    parts = list(value.values()) if isinstance(value, Mapping) else value
    if not isinstance(parts, list):
        return []
    flat = [text for part in parts for text in (part if isinstance(part, list) else [part])]
    return [text for text in flat if isinstance(text, str)]


def plain_text(text: str) -> str:
    """The words of a body that is not JSON; nothing for a page made for browsers."""
    return "" if text.lstrip().startswith("<") else text


def wait_asked(headers: Mapping[str, str]) -> float:
    """Seconds to wait after a 429: `Retry-After` (a number or a date), but at least the usual pause."""
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        seconds = float(asked)
    else:
        try:  # measured by the server's clock: ours may differ
            seconds = (parsedate_to_datetime(asked) - parsedate_to_datetime(headers["Date"])).total_seconds()
        except (KeyError, TypeError, ValueError, OverflowError):  # a time zone can be too far off for a number
            seconds = 0.0
    return min(max(seconds, PAUSE_AFTER_429), LONGEST_PAUSE)


def moved(status: int, location: str, base_url: str, path: str) -> str:
    """The base URL that a redirect asks for, or "".

    301, 307 and 308 say that nothing was done and where to ask instead. A 302 or 303 says so only where it
    points to the same call at another address; to anywhere else it may answer a call that was carried out.
    """
    if status not in (301, 302, 303, 307, 308) or not location:
        return ""
    try:
        target = urlsplit(urljoin(base_url + path, location))
        port = f":{target.port}" if target.port else ""
    except ValueError:
        return ""
    host = target.hostname or ""
    if not host or not (target.scheme == "https" or (target.scheme == "http" and is_loopback(host))):
        return ""
    there = clean(f"{target.scheme}://{f'[{host}]' if ':' in host else host}{port}{target.path}")
    if there.endswith("/" + path):
        return there.removesuffix(path)
    return there if status in (301, 307, 308) else ""


def _quoted(words: str) -> str:
    return f": {words}" if words else ""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError) and error.errno == errno.ECONNREFUSED:
        return "connection refused"
    return next((words for kind, words in _REASONS if isinstance(error, kind)), "connection lost")


# Fixed words: an exception's own text can hold addresses with their query.
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.ClientConnectorDNSError, "no such host"),
    (aiohttp.ClientConnectorCertificateError, "its certificate is not valid"),
    (aiohttp.ClientSSLError, "no TLS connection"),
    (aiohttp.ClientConnectorError, "no connection"),
    (TimeoutError, "timed out"),
    (aiohttp.ClientResponseError, "not an HTTP answer"),
    (aiohttp.ClientPayloadError, "the answer broke off"),
)
