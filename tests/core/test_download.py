"""Downloads from addresses that strangers chose: over real sockets on loopback."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from botcore.download import DownloadFailed, DownloadRefused, check_url, download, is_public

HOSTS = ("pics.example.com", ".cdn.example.com")
LIMIT = 2**20

Talk = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


class Names(AbstractResolver):
    """A DNS of the test's own."""

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        self.names = names
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if host not in self.names:
            raise OSError(None, "no such host")
        return [
            ResolveResult(
                hostname=host,
                host=ip,
                port=port,
                family=socket.AF_INET6 if ":" in ip else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for ip in self.names[host]
        ]

    async def close(self) -> None:
        return None


class Server:
    """Speaks as the test says; keeps the heads of the requests."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.heads: list[str] = []
        self.port = 0
        self.talks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def loopback(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk: asyncio.Task[None] | None = asyncio.current_task()
        assert talk is not None
        self.talks.add(talk)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            await self.talk(head.split(" ")[1], writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(talk: Talk) -> AsyncIterator[Server]:
    mine = Server(talk)
    server = await asyncio.start_server(mine.serve, "127.0.0.1", 0)
    mine.port = server.sockets[0].getsockname()[1]
    try:
        yield mine
    finally:
        server.close()
        for task in mine.talks:
            task.cancel()
        await asyncio.gather(*mine.talks, return_exceptions=True)


def says(body: bytes = b"picture", status: str = "200 OK", headers: str = "") -> Talk:
    async def talk(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    return talk


def redirects(*targets: str) -> Talk:
    """`/0` leads to the first target, `/1` to the second."""

    async def talk(path: str, writer: asyncio.StreamWriter) -> None:
        target = targets[int(path.lstrip("/"))]
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode())

    return talk


async def got(
    url: str, loopback: tuple[str, int] | None = None, names: AbstractResolver | None = None, timeout: float = 60
) -> bytes:
    body = bytearray()
    await download(
        url,
        body.extend,
        hosts=HOSTS,
        loopback=loopback,
        max_bytes=LIMIT,
        timeout=timeout,
        resolver=names or Names({}),
    )
    return bytes(body)


async def test_a_body_is_handed_on_from_the_exact_loopback_address_of_an_account() -> None:
    async with serving(says(b"x" * LIMIT)) as server:
        assert await got(f"{server.url}/a.png", server.loopback) == b"x" * LIMIT
        assert "accept-encoding: identity" in server.heads[0].lower()
        assert "cookie" not in server.heads[0].lower()


@pytest.mark.parametrize(
    "url",
    [
        "http://pics.example.com/1.png",
        "https://pics.example.com/1.png?size=large#top",
        "HTTPS://PICS.EXAMPLE.COM:443/1.png",
        "https://a.cdn.example.com/",
        "https://a.b.cdn.example.com/",
    ],
)
def test_the_marketplaces_own_hosts_are_allowed(url: str) -> None:
    assert check_url(URL(url), HOSTS) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://example.com/1.png", "own hosts"),
        ("https://cdn.example.com/1.png", "own hosts"),
        ("https://evilpics.example.com/1.png", "own hosts"),
        ("https://pics.example.com.evil.net/1.png", "own hosts"),
        ("https://xcdn.example.com/1.png", "own hosts"),
        ("https://.cdn.example.com/1.png", "own hosts"),
        ("https://pics.example.com./1.png", "own hosts"),
        ("https://pics.example.com@evil.net/1.png", "user name"),
        ("https://user@pics.example.com/1.png", "user name"),
        ("https://:secret@pics.example.com/1.png", "user name"),
        ("http://pics.example.com:8080/", "unusual port"),
        ("http://pics.example.com:443/", "unusual port"),
        ("https://pics.example.com:80/", "unusual port"),
        ("http://pics.example.com:0/", "unusual port"),
        ("http://pics.example.com:22/", "unusual port"),
        ("http://127.0.0.1:9001/", "own hosts"),
        ("http://127.0.0.1/", "own hosts"),
        ("http://localhost:9000/", "own hosts"),
        ("http://[::1]:9000/", "own hosts"),
        ("http://[::ffff:127.0.0.1]:9000/", "own hosts"),
        ("http://[::ffff:7f00:1]/", "own hosts"),
        ("http://[fe80::1%25lo]/", "own hosts"),
        ("http://2130706433:9000/", "own hosts"),
        ("http://0x7f000001/", "own hosts"),
        ("http://0x7f.1/", "own hosts"),
        ("http://0177.0.0.1/", "own hosts"),
        ("http://127.1/", "own hosts"),
        ("http://0/", "own hosts"),
        ("http://169.254.169.254/latest/meta-data/", "own hosts"),
        ("ftp://pics.example.com/1.png", "http"),
        ("file:///etc/passwd", "http"),
        ("data:image/png;base64,AAAA", "http"),
        ("javascript:alert(1)", "http"),
        ("gopher://pics.example.com:70/", "http"),
        ("//pics.example.com/1.png", "http"),
        ("/1.png", "http"),
        ("http:///1.png", "http"),
    ],
)
async def test_every_other_address_is_refused_without_a_connection_or_a_look_up(url: str, why: str) -> None:
    names = Names({})
    with pytest.raises(DownloadRefused, match=why):
        await got(url, ("127.0.0.1", 9000), names)
    assert names.asked == []


@pytest.mark.parametrize(
    "url",
    ["", "http://[::1", "http://pics.example.com:99999/", "http://a\\@pics.example.com/", "http://p\r\nHost: x/",
     "http://exa\udc00mple.com/", "https://" + "a" * 64 + ".cdn.example.com/", "https://a..cdn.example.com/"],
)  # fmt: skip
async def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(DownloadRefused, match="not an address"):
        await download(url, bytearray().extend, hosts=HOSTS, max_bytes=LIMIT, timeout=5)


@pytest.mark.parametrize(
    "ip",
    ["127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
     "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::", "::1", "fe80::1",
     "fe80::1%lo", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1",
     "::ffff:8.8.8.8", "::127.0.0.1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "64:ff9b::7f00:1",
     "64:ff9b::a00:1", "64:ff9b:1::1", "100::1", "nonsense", ""],
)  # fmt: skip
def test_addresses_inside_a_network_are_not_public(ip: str) -> None:
    assert not is_public(ip)


@pytest.mark.parametrize("ip", ["8.8.8.8", "104.16.0.1", "2606:4700::1111", "2a00:1450:4001::1", "64:ff9b::808:808"])
def test_addresses_of_the_internet_are_public(ip: str) -> None:
    assert is_public(ip)


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1"])
async def test_a_name_that_resolves_to_a_private_address_is_refused(inside: str) -> None:
    with pytest.raises(DownloadRefused, match="private network"):
        await got("http://pics.example.com/1.png", names=Names({"pics.example.com": [inside]}))


async def test_a_name_with_several_private_addresses_is_refused() -> None:
    names = Names({"pics.example.com": ["127.0.0.1", "::1", "10.0.0.1"]})
    with pytest.raises(DownloadRefused, match="private network"):
        await got("https://pics.example.com/1.png", names=names)


async def test_an_allowed_loopback_name_is_no_way_to_other_machines() -> None:
    names = Names({"market.test": ["10.0.0.1"]})
    with pytest.raises(DownloadRefused, match="private network"):
        await got("http://market.test:9000/1.png", ("market.test", 9000), names)


async def test_a_private_address_among_the_hosts_is_refused_all_the_same() -> None:
    with pytest.raises(DownloadRefused, match="private network"):
        await download("http://127.0.0.1/", bytearray().extend, hosts=["127.0.0.1"], max_bytes=LIMIT, timeout=5)


async def test_a_redirect_to_another_port_of_this_machine_is_refused() -> None:
    async with serving(says()) as other, serving(redirects(f"{other.url}/secret")) as server:
        with pytest.raises(DownloadRefused, match="own hosts"):
            await got(f"{server.url}/0", server.loopback)
        assert other.heads == []


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("http://pics.example.com/x", "private network"),
        ("http://evil.net/x", "own hosts"),
        ("http://user@pics.example.com/x", "user name"),
        ("file:///etc/passwd", "http"),
        ("//[::1]/", "own hosts"),
        ("http://[::1", "not an address"),
        ("", "not an address"),
    ],
)
async def test_every_hop_is_checked_again(target: str, why: str) -> None:
    names = Names({"pics.example.com": ["127.0.0.1"], "evil.net": ["127.0.0.1"]})
    async with serving(redirects(target)) as server:
        with pytest.raises(DownloadRefused, match=why):
            await got(f"{server.url}/0", server.loopback, names)
        assert len(server.heads) == 1


async def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    async def talk(path: str, writer: asyncio.StreamWriter) -> None:
        step = int(path.lstrip("/"))
        await (redirects(*[f"/{n - 1}" for n in range(10)])(path, writer) if step else says(b"here")(path, writer))

    async with serving(talk) as server:
        assert await got(f"{server.url}/3", server.loopback) == b"here"
        with pytest.raises(DownloadRefused, match="more than 3 redirects"):
            await got(f"{server.url}/4", server.loopback)


async def test_a_body_without_end_is_cut_off_at_the_limit() -> None:
    sent = 0

    async def talk(_: str, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            writer.write(bytes(65536))
            await writer.drain()
            sent += 65536

    async with serving(talk) as server:
        with pytest.raises(DownloadRefused, match="larger than 1 MiB"):
            await got(server.url, server.loopback)
    assert sent < 16 * LIMIT  # what fits into the sockets' buffers beside the limit


async def test_a_body_announced_as_too_large_is_not_read() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n"
    async with serving(lambda _, writer: _write(writer, head)) as server:
        with pytest.raises(DownloadRefused, match="larger than 1 MiB"):
            await got(server.url, server.loopback)


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)


async def test_chunked_bodies_are_counted_too() -> None:
    async def talk(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
            await writer.drain()

    async with serving(talk) as server:
        with pytest.raises(DownloadRefused, match="larger than"):
            await got(server.url, server.loopback)


async def test_a_slow_drip_is_given_up_on_in_time() -> None:
    async def talk(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with serving(talk) as server:
        with pytest.raises(DownloadFailed, match=r"longer than 0\.2 s"):
            await got(server.url, server.loopback, timeout=0.2)


async def test_silence_after_a_redirect_counts_toward_the_same_time() -> None:
    async def talk(path: str, writer: asyncio.StreamWriter) -> None:
        if path == "/silence":
            await asyncio.Event().wait()
        await redirects("/silence")(path, writer)

    async with serving(talk) as server:
        with pytest.raises(DownloadFailed, match="longer than 2 s"):
            await got(f"{server.url}/0", server.loopback, timeout=2)
        assert len(server.heads) == 2


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "x-unknown", "identity, gzip"])
async def test_compressed_transfers_are_refused_and_not_inflated(encoding: str) -> None:
    bomb = gzip.compress(bytes(2**20))
    async with serving(says(bomb, headers=f"Content-Encoding: {encoding}\r\n")) as server:
        with pytest.raises(DownloadRefused, match="compressed"):
            await got(server.url, server.loopback)


@pytest.mark.parametrize("status", ["500 Oops", "502 Bad", "503 Busy", "429 Slow down", "408 Late"])
async def test_troubles_that_may_pass_are_failures(status: str) -> None:
    async with serving(says(status=status)) as server:
        with pytest.raises(DownloadFailed, match=status[:3]):
            await got(server.url, server.loopback)


@pytest.mark.parametrize("status", ["404 Gone", "403 No", "401 Who", "204 Nothing", "206 Part", "304 Same", "418 Tea"])
async def test_other_answers_are_final(status: str) -> None:
    async with serving(says(status=status, body=b"")) as server:
        with pytest.raises(DownloadRefused, match=status[:3]):
            await got(server.url, server.loopback)


@pytest.mark.parametrize(
    "answer",
    [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", b"HTTP/1.1 2000 OK\r\n\r\n"],
)
async def test_answers_that_break_off_are_failures(answer: bytes) -> None:
    async with serving(lambda _, writer: _write(writer, answer)) as server:
        with pytest.raises(DownloadFailed, match="broke off"):
            await got(server.url, server.loopback)


async def test_a_refused_connection_and_an_unknown_name_are_failures() -> None:
    async with serving(says()) as server:
        pass
    with pytest.raises(DownloadFailed, match="cannot be reached"):
        await got(server.url, server.loopback)
    with pytest.raises(DownloadFailed, match="not known"):
        await got("http://pics.example.com/")
