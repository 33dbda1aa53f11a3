"""Strangers' pictures are looked at in a process of their own: whatever they do to it, they do to it alone."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import struct
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image, ImageDraw

from botcore.likeness.looking import COMMAND, Looker, LookFailed, NothingToSee
from botcore.likeness.measures import Look, picture_likeness, same_picture
from botcore.sandbox.pictures import Recipe, draw

pytestmark = pytest.mark.asyncio(loop_scope="module")


def page(user: str = "amina_k7", luck: str = "a") -> Image.Image:
    """A page on somebody's screen."""
    return Image.open(io.BytesIO(draw(Recipe("profile", "Create an account", user, luck)))).convert("RGB")


def telephone(user: str, clock: str) -> Image.Image:
    """A page of an app on somebody's telephone: all see the same but for their name and the time."""
    image = Image.new("RGB", (720, 1480), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, 720, 50), fill=(30, 30, 40))
    pen.text((20, 10), clock, fill="white", font_size=26)
    pen.rectangle((0, 50, 720, 150), fill=(40, 90, 160))
    pen.text((30, 80), user, fill="white", font_size=36)
    for top in range(200, 1400, 150):
        pen.rectangle((30, top, 690, top + 60), fill=(200, 40 + top // 10, 90))
        pen.text((30, top + 80), "The menu is clear and the pictures fit what is said.", fill="black", font_size=24)
    return image


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def looker() -> AsyncIterator[Looker]:
    """One for all tests: a new process loads large libraries."""
    looker = Looker()
    yield looker
    await looker.close()


class Album:
    """Files of pictures, and what they look like."""

    def __init__(self, folder: Path, looker: Looker) -> None:
        self._folder = folder
        self._looker = looker

    async def look(self, image: Image.Image | bytes, kind: str = "PNG", **options: int) -> Look:
        path = self._folder / "picture"
        if isinstance(image, bytes):
            path.write_bytes(image)
        else:
            image.save(path, kind, **options)
        return await self._looker.look(path)


@pytest.fixture
def album(tmp_path: Path, looker: Looker) -> Album:
    return Album(tmp_path, looker)


def is_there(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


async def test_copies_are_the_same_picture_and_others_are_not(album: Album) -> None:
    original = page()
    width, height = original.size
    mine = await album.look(original)
    for copy in (
        await album.look(original, "JPEG", quality=40),
        await album.look(original.resize((width // 2, height // 2), Image.Resampling.LANCZOS), "JPEG", quality=80),
        await album.look(original.resize((width * 3, height * 3)), "WEBP", quality=70),
    ):
        assert picture_likeness(mine, copy) >= 0.95
        assert same_picture(mine, copy)
    cut = await album.look(original.crop((8, 6, width - 8, height - 6)))
    assert picture_likeness(mine, cut) >= 0.88
    other = await album.look(telephone("amina_k7", "12:31"))
    assert picture_likeness(mine, other) < 0.75
    assert not same_picture(mine, other)


async def test_one_page_as_two_people_see_it_is_not_the_same_picture(album: Album) -> None:
    screens = [("amina_k7", "12:31"), ("bilalkhan22", "9:05"), ("c.torres", "17:48"), ("dinesh81", "0:12")]
    looks = [await album.look(telephone(user, clock)) for user, clock in screens]
    looks += [await album.look(page(user, user)) for user, _ in screens]
    assert not any(same_picture(a, b) for i, a in enumerate(looks) for b in looks[:i])


async def test_what_is_transparent_hides_nothing(album: Album) -> None:
    shown = page()
    hidden = Image.new("RGBA", shown.size, (0, 0, 0, 0))
    hidden.paste(shown)
    mask = Image.new("L", shown.size, 255)
    assert same_picture(await album.look(shown), await album.look(hidden))
    hidden.putalpha(mask.point(lambda _: 0))
    with pytest.raises(NothingToSee, match="nothing to be seen"):
        await album.look(hidden)


async def test_the_first_picture_of_an_animation_counts(album: Album) -> None:
    first, second = page(), telephone("amina_k7", "12:31").resize(page().size)
    path = io.BytesIO()
    first.save(path, "PNG")
    still = await album.look(path.getvalue())
    moving = io.BytesIO()
    first.save(moving, "WEBP", save_all=True, append_images=[second], quality=90)
    assert picture_likeness(still, await album.look(moving.getvalue())) > 0.95


def bomb() -> bytes:
    """A small file that would be gigabytes of pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def half_of_a_page() -> bytes:
    out = io.BytesIO()
    page().save(out, "PNG")
    return out.getvalue()[: out.tell() // 2]


HOSTILE = (
    b"",
    b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",  # a program
    bomb(),
    half_of_a_page(),
    b"GIF89a" + bytes(40),
)


async def test_what_cannot_be_read_is_said_and_nothing_else(album: Album, looker: Looker) -> None:
    await album.look(page())
    pid = looker.pid
    for body in HOSTILE:
        with pytest.raises(NothingToSee, match="cannot be read"):
            await album.look(body)
    await album.look(page())
    assert looker.pid == pid


async def test_an_empty_page_is_compared_with_nothing(album: Album) -> None:
    almost = Image.new("RGB", (900, 600), "white")
    ImageDraw.Draw(almost).text((20, 20), "ok", fill="black")
    for image in (Image.new("RGB", (40, 30), (12, 99, 40)), almost):
        with pytest.raises(NothingToSee, match="nothing to be seen"):
            await album.look(image)


async def test_a_picture_that_ends_the_process_costs_only_itself(album: Album, looker: Looker) -> None:
    await album.look(page())
    pid = looker.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    failing = asyncio.create_task(album.look(page()))
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(LookFailed):
        await failing
    await album.look(page())
    assert looker.pid not in (None, pid)


async def test_one_that_takes_too_long_costs_only_itself(
    album: Album, looker: Looker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await album.look(page())
    pid = looker.pid
    assert pid
    monkeypatch.setattr(looker, "_timeout", 0.1)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(LookFailed, match="too long"):
        await album.look(page())
    assert not is_there(pid)
    assert looker.pid is None


async def test_who_gives_up_waiting_leaves_nothing_behind(album: Album, looker: Looker) -> None:
    await album.look(page())
    pid = looker.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    waiting = asyncio.create_task(album.look(page()))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not is_there(pid)


async def test_it_ends_when_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    looker = Looker(idle=0.05)
    album = Album(tmp_path, looker)
    await album.look(page())
    pid = looker.pid
    assert pid
    async with asyncio.timeout(60):
        while is_there(pid):  # noqa: ASYNC110 - nobody is told of its end
            await asyncio.sleep(0.01)
    assert looker.pid is None
    await looker.close()
    await looker.close()


async def test_it_knows_no_secrets_and_has_little_room(
    album: Album, looker: Looker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOTCORE_TOKEN", "very-secret")
    await album.look(page())
    environment = about(looker, "environ")
    assert "PATH=" in environment
    assert "very-secret" not in environment
    limits = " ".join(about(looker, "limits").split())
    assert f"Max address space {2**30}" in limits
    assert "Max file size 0" in limits


def about(looker: Looker, what: str) -> str:
    return Path(f"/proc/{looker.pid}/{what}").read_text()


async def test_it_ends_with_its_stdin() -> None:
    process = await asyncio.to_thread(subprocess.run, COMMAND, input=b"", capture_output=True, timeout=60, check=True)
    assert process.stdout == b"{}\n"


async def test_the_bot_itself_opens_no_picture() -> None:
    program = "import sys, botcore.app; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    loaded = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=True, text=True)
    assert not {"PIL", "numpy", "scipy", "imagehash"} & set(loaded.stdout.split())
