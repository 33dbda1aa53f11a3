"""Posts webhooks from a process of its own, over connections that stay open, and prints how many a second."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator

CONNECTIONS = 32


async def main(host: str, port: int, path: str, count: int) -> None:
    numbers = iter(range(count))
    began = time.perf_counter()
    await asyncio.gather(*(_connection(host, port, path, numbers) for _ in range(CONNECTIONS)))
    print(count / (time.perf_counter() - began))


async def _connection(host: str, port: int, path: str, numbers: Iterator[int]) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    for number in numbers:
        body = b'{"job-%d": ["task-%07d"]}' % (number % 10, number)
        head = f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(answer.decode())
        length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()
    await writer.wait_closed()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
