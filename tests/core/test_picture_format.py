"""Pictures told by their headers, against what an image library says of them."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from botcore.picture_format import STEPS, NotAPicture, Shape, read_shape

SIZE = (37, 23)


def made(kind: str, size: tuple[int, int] = SIZE, frames: int = 1, **options: object) -> bytes:
    pictures = [Image.new("RGB", size, (40 * n, 10, 200)) for n in range(frames)]
    out = io.BytesIO()
    more: dict[str, object] = {"save_all": True, "append_images": pictures[1:]} if frames > 1 else {}
    pictures[0].save(out, kind, **more, **options)
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


EXIF = Image.Exif()
EXIF[0x010E] = "x" * 3000

SAMPLES = {
    "PNG": made("PNG"),
    "interlaced palette PNG": made("PNG", optimize=True),
    "animated PNG": made("PNG", frames=3),
    "JPEG": made("JPEG"),
    "progressive JPEG": made("JPEG", progressive=True),
    "JPEG with EXIF": made("JPEG", exif=EXIF),
    "GIF": made("GIF"),
    "animated GIF": made("GIF", frames=4, comment=b"hello" * 100),
    "WebP": made("WEBP"),
    "lossless WebP": made("WEBP", lossless=True),
    "WebP with EXIF": made("WEBP", exif=EXIF),
    "animated WebP": made("WEBP", frames=5),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_shapes_agree_with_an_image_library(name: str) -> None:
    data = SAMPLES[name]
    with Image.open(io.BytesIO(data)) as known:
        expected = Shape(Image.MIME[known.format or ""], *known.size, getattr(known, "n_frames", 1))
    assert read_shape(data) == expected


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
@given(width=st.integers(1, 600), height=st.integers(1, 600))
def test_every_size_is_read_right(kind: str, width: int, height: int) -> None:
    shape = read_shape(made(kind, (width, height)))
    assert (shape.width, shape.height) == (width, height)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_picture_that_breaks_off_anywhere_is_read_or_refused_but_nothing_worse(name: str) -> None:
    data = SAMPLES[name]
    whole = read_shape(data)
    for end in range(len(data)):
        try:
            shape = read_shape(data[:end])
        except NotAPicture:
            continue
        assert shape.media_type == whole.media_type
        assert shape.width <= whole.width


@pytest.mark.parametrize("name", SAMPLES)
@given(change=st.tuples(st.integers(0, 200), st.binary(min_size=1, max_size=8)))
def test_mangled_pictures_are_read_or_refused_but_nothing_worse(name: str, change: tuple[int, bytes]) -> None:
    at, bytes_ = change
    data = SAMPLES[name]
    try:
        shape = read_shape(data[:at] + bytes_ + data[at + len(bytes_) :])
    except NotAPicture:
        return
    assert min(shape.width, shape.height, shape.frames) >= 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xda" + bytes(50),
        b"\xff\xd8\xff\xe0\x00\x00" * 20,
        b"RIFF\x00\x00\x00\x00WEBP",
        b"RIFF\x00\x00\x00\x00WEBPVP9 " + bytes(50),
        b"RIFF\x00\x00\x00\x00WAVEfmt " + bytes(50),
        b"<!DOCTYPE html><html><script>alert(1)</script></html>",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>',
        b"%PDF-1.7 " + bytes(50),
        b"BM" + bytes(60),
        b"II*\x00" + bytes(60),
        b"GIF89a\x00\x00\x00\x00" + bytes(20),
    ],
)
def test_what_is_no_picture_of_the_four_kinds_is_refused(data: bytes) -> None:
    with pytest.raises(NotAPicture):
        read_shape(data)


def test_the_size_of_a_decompression_bomb_is_told_without_opening_it() -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND", b"")
    assert read_shape(bomb) == Shape("image/png", 50_000, 50_000)


def test_a_gif_is_as_large_as_its_largest_frame() -> None:
    small = bytearray(made("GIF", (10, 10)))
    start = small.index(b"\x2c\x00\x00\x00\x00\x0a\x00\x0a\x00")
    small[start + 5 : start + 9] = struct.pack("<HH", 60_000, 50_000)
    assert read_shape(bytes(small)) == Shape("image/gif", 60_000, 50_000)


PIECES = STEPS + 1_000
IMAGE = b"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02"


@pytest.mark.parametrize(
    "data",
    [
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00" + IMAGE + b"\x01\x00" * PIECES + b"\x00;",
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00" + b"\x21\xff\x00" * PIECES,
        made("PNG")[:33] + chunk(b"teXt", b"") * PIECES + made("PNG")[33:],
        b"\xff\xd8" + b"\xff\xe0\x00\x02" * PIECES + made("JPEG")[2:],
        SAMPLES["animated WebP"] + (b"ANMF" + bytes(4)) * PIECES,
    ],
    ids=["GIF in bytes", "GIF of empty blocks", "PNG", "JPEG", "WebP"],
)
def test_a_picture_in_countless_pieces_is_not_counted_to_its_end(data: bytes) -> None:
    with pytest.raises(NotAPicture):
        read_shape(data)
