"""The picture on a message that once had one and has none to show: Telegram lets a message's picture be changed, but
not be taken away."""

from __future__ import annotations

import struct
import zlib

from .native import Photo

WIDTH, HEIGHT, GREY = 320, 40, 0xDD


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png() -> bytes:
    """A grey strip, eight bits a pixel (PNG, third edition)."""
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    lines = (b"\0" + bytes([GREY]) * WIDTH) * HEIGHT
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(lines)) + _chunk(b"IEND", b"")


BLANK = Photo("blank", _png(), "image/png", WIDTH, HEIGHT)
