"""`botcore do` with files: an answer's file is all there is on standard output, and words may name files."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from botcore import Command, hookimpl
from botcore.app import Bot
from botcore.attached import MOST_BYTES
from botcore.config import Config, load_config
from botcore.control import Door
from botcore.host import Host
from botcore.local import do
from botcore.ui import Card, File, Text
from tests.core.filing import TABLE, Filing

Captured = pytest.CaptureFixture[str]


class Desk:
    """A config whose commands are those of a test."""

    def __init__(self, folder: Path) -> None:
        self.filing = Filing()
        path = folder / "config.toml"
        path.write_text('[bot]\ndatabase = "bot.db"\nlisten = "127.0.0.1:0"\n')
        self.config: Config = load_config(path)

    @hookimpl
    def register_commands(self) -> Sequence[Command]:
        return self.filing.commands()

    def host(self) -> Host:
        host = Host()
        host.register("filing", self)
        return host

    async def do(self, *words: str, as_json: bool = False) -> int:
        return await do(self.config, self.host(), words, as_json=as_json, yes=False, wait=False)


@pytest.fixture(params=["alone", "through a running bot"])
async def desk(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    if request.param == "alone":
        yield desk
        return
    bot = await Bot.open(desk.config, desk.host())
    await bot.work_alone()
    door = Door(bot)
    await door.open()
    yield desk
    await door.close()
    await bot.stop()


async def test_a_file_is_all_that_goes_to_standard_output(desk: Desk, capsys: Captured) -> None:
    desk.filing.card = Card("Decisions", blocks=(Text("the last 14 days"),))
    assert await desk.do("table") == 0
    out, err = capsys.readouterr()
    assert out == TABLE
    assert "412 decisions." in err
    assert "the last 14 days" in err


async def test_the_json_document_has_the_file_and_what_is_said_of_it(desk: Desk, capsys: Captured) -> None:
    assert await desk.do("table", as_json=True) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["file"] == {"name": "decisions 2026.csv", "text": TABLE, "media_type": "text/csv"}
    assert (document["text"], document["result"], document["card"]) == ("412 decisions.", "done", None)
    assert err == ""


async def test_a_word_may_name_a_file(desk: Desk, capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "job.toml").write_bytes(b"\xef\xbb\xbftitle = 1\r\n")
    assert await desk.do("load", "job.toml", "shelf") == 0
    assert await desk.do("load", f"file={tmp_path / 'job.toml'}", "place=shelf") == 0
    assert desk.filing.taken == [(File("job.toml", "title = 1\r\n"), "shelf")] * 2


@pytest.mark.parametrize(
    ("content", "why"), [(b"x" * (MOST_BYTES + 1), "is too large"), (b"%PDF\xff", "is not text in UTF-8"), (None, "")]
)
async def test_a_file_that_cannot_be_taken_is_said_to_be(
    desk: Desk, capsys: Captured, tmp_path: Path, content: bytes | None, why: str
) -> None:
    if content is not None:
        (tmp_path / "job.pdf").write_bytes(content)
    assert await desk.do("load", "job.pdf", "shelf") == 1
    out, err = capsys.readouterr()
    assert "There is no file job.pdf" in out
    assert why in err
