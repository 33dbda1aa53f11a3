"""What kind of picture some bytes are, told from their headers alone.

Nothing is decoded, inflated or handed to a C library: these bytes come from strangers, and an image library allocates
for them (text chunks, a canvas) before it tells the size. Sizes and frames are as viewers will take them.
Sources: PNG (W3C, third edition), GIF89a, JPEG (ITU T.81, annex B), WebP container (RFC 9649).
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass

Data = bytes | mmap.mmap

STEPS = 200_000  # parts looked at, at most: several times what an honest picture of 10 MiB has


class NotAPicture(ValueError):  # noqa: N818
    """These bytes are no PNG, JPEG, GIF or WebP, or end before they say how large they are."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A picture's media type, its size in pixels, and how many frames it has (at least 1)."""

    media_type: str
    width: int
    height: int
    frames: int = 1


def read_shape(data: Data) -> Shape:
    """What the headers say. A picture that breaks off after them still has a shape. Raises `NotAPicture`."""
    try:
        if data[:8] == b"\x89PNG\r\n\x1a\n":
            shape = _png(data)
        elif data[:3] == b"\xff\xd8\xff":
            shape = _jpeg(data)
        elif data[:6] in (b"GIF87a", b"GIF89a"):
            shape = _gif(data)
        elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            shape = _webp(data)
        else:
            raise NotAPicture
    except (IndexError, struct.error) as error:
        raise NotAPicture from error
    if not (shape.width and shape.height):
        raise NotAPicture
    return shape


def _png(data: Data) -> Shape:
    if data[12:16] != b"IHDR":
        raise NotAPicture
    width, height = struct.unpack_from(">II", data, 16)
    frames, at = 1, 33
    # an animation says so before the first pixels
    for _ in range(STEPS):
        if at + 8 > len(data) or (kind := data[at + 4 : at + 8]) in (b"IDAT", b"IEND"):
            return Shape("image/png", width, height, frames)
        if kind == b"acTL":
            frames = max(1, struct.unpack_from(">I", data, at + 8)[0])
        at += 12 + struct.unpack_from(">I", data, at)[0]
    raise NotAPicture


_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_JPEG_TOO_LATE = frozenset({0xD9, 0xDA})  # the end, or pixels: no size came before


def _jpeg(data: Data) -> Shape:
    at = 2
    for _ in range(STEPS):
        if data[at] != 0xFF:
            raise NotAPicture
        while (marker := data[at]) == 0xFF:
            at += 1
        at += 1
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 3)
            return Shape("image/jpeg", width, height)
        if marker in _JPEG_TOO_LATE:
            raise NotAPicture
        if marker not in _JPEG_ALONE:
            length = struct.unpack_from(">H", data, at)[0]
            if length < 2:
                raise NotAPicture
            at += length
    raise NotAPicture


def _gif(data: Data) -> Shape:
    width, height = struct.unpack_from("<HH", data, 6)
    frames, steps, at = 0, 0, 13 + _gif_colours(data[10])
    try:
        while (block := data[at]) in (0x21, 0x2C):
            steps += 1
            if block == 0x21:
                at += 2
            else:
                frames += 1
                left, top, wide, high = struct.unpack_from("<HHHH", data, at + 1)
                # some viewers make the canvas as large as what is drawn on it
                width, height = max(width, left + wide), max(height, top + high)
                at += 11 + _gif_colours(data[at + 9])
            while (length := data[at]) and steps <= STEPS:
                at += 1 + length
                steps += 1
            if steps > STEPS:
                raise NotAPicture
            at += 1
    except (IndexError, struct.error):
        pass  # it breaks off here: viewers show what came before
    return Shape("image/gif", width, height, max(1, frames))


def _gif_colours(flags: int) -> int:
    """Bytes of the table of colours that follows, if any."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _webp(data: Data) -> Shape:
    kind = data[12:16]
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
        return Shape("image/webp", width, height)
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = struct.unpack_from("<I", data, 21)[0]
        return Shape("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        data[29]  # the last byte of the size must be there
        return Shape("image/webp", width, height, max(1, _webp_frames(data)))
    raise NotAPicture


def _webp_frames(data: Data) -> int:
    frames, at = 0, 12
    for _ in range(STEPS):
        if at + 8 > len(data):
            return frames
        frames += data[at : at + 4] == b"ANMF"
        length = struct.unpack_from("<I", data, at + 4)[0]
        at += 8 + length + length % 2
    raise NotAPicture
