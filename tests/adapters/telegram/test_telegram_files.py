"""Files in Telegram: sent with a command, sent because they are asked for, and given to who asked."""

from __future__ import annotations

import pytest

from botcore.attached import MOST_BYTES
from botcore.ui import File
from botcore_telegram.settings import TelegramSettings
from tests.adapters.telegram.bench import Bench
from tests.adapters.telegram.faults import broken, cut
from tests.adapters.telegram.server import Message, User
from tests.core.filing import TABLE, Filing
from tests.core.test_pictures import png

CONTENT = "\N{ZERO WIDTH NO-BREAK SPACE}title = “Façade”\n".encode()  # with a mark that editors put in front


@pytest.fixture
async def filing(bench: Bench) -> Filing:
    filing = Filing()
    bench.setup.commands += filing.commands()
    await bench.start()
    return filing


async def said(bench: Bench, user: User) -> Message:
    """The newest that the bot told somebody in private."""
    await bench.until_answered()
    return bench.fake.from_bot(user)[-1]


# --- in


async def test_a_file_comes_with_its_command_as_the_caption(bench: Bench, filing: Filing) -> None:
    sent = await bench.fake.sends(bench.mia, bench.group, "job.toml", CONTENT, "/load shelf")
    assert (await bench.fake.reply_to(sent)).text == "job.toml is in shelf."
    assert filing.taken == [(File("job.toml", "title = “Façade”\n"), "shelf")]


async def test_a_command_without_its_file_asks_for_it(bench: Bench, filing: Filing) -> None:
    await bench.fake.says(bench.mia, bench.group, "/load place=shelf")
    await bench.until_answered()
    asked, box = bench.fake.from_bot(bench.group)
    assert "Send the file" in asked.text
    assert box.force_reply is not None
    await bench.fake.sends(bench.mia, bench.group, "job.toml", CONTENT, reply_to=box)
    await bench.fake.card(bench.group, "job.toml is in shelf.")
    await bench.until_answered()
    assert asked.deleted
    assert [place for _, place in filing.taken] == ["shelf"]


async def test_what_else_is_missing_is_asked_for_and_the_file_is_kept_over_a_restart(
    bench: Bench, filing: Filing
) -> None:
    await bench.fake.sends(bench.mia, bench.mia, "job.toml", CONTENT, "/load")
    assert (await said(bench, bench.mia)).force_reply is not None
    await bench.kill()
    await bench.fake.says(bench.mia, bench.mia, "the shelf")
    await bench.until_answered()
    assert [(file.name, place) for file, place in filing.taken] == [("job.toml", "the shelf")]


async def test_words_do_not_answer_for_a_file_nor_a_file_for_words(bench: Bench, filing: Filing) -> None:
    await bench.fake.says(bench.mia, bench.mia, "/load")
    await bench.until_answered()
    await bench.fake.says(bench.mia, bench.mia, "job.toml")
    await bench.until_answered()
    assert any("Send the file itself" in m.text for m in bench.fake.from_bot(bench.mia))
    await bench.fake.sends(bench.mia, bench.mia, "job.toml", CONTENT)
    await bench.until_answered()
    await bench.fake.sends(bench.mia, bench.mia, "other.toml", CONTENT)
    await bench.until_answered()
    assert any("answered in words" in m.text for m in bench.fake.from_bot(bench.mia))
    await bench.fake.says(bench.mia, bench.mia, "shelf")
    await bench.until_answered()
    assert [(file.name, place) for file, place in filing.taken] == [("job.toml", "shelf")]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("big.csv", b"x" * (MOST_BYTES + 1), "file big.csv is too large: at most 256 kB are taken."),
        ("job.pdf", b"%PDF\xff\xfe", "file job.pdf is not text in UTF-8"),
        ("job.bin", b"a\0b", "file job.bin is not text in UTF-8"),
    ],
)
async def test_a_file_that_cannot_be_read_is_told_why(
    bench: Bench, filing: Filing, name: str, content: bytes, why: str
) -> None:
    await bench.fake.sends(bench.mia, bench.mia, name, content, "/load shelf")
    assert why in (await said(bench, bench.mia)).text
    assert filing.taken == []
    assert (name == "big.csv") == (bench.fake.calls_of("getFile") == []), "what is too large is not fetched"


async def test_a_picture_is_no_file_to_read(bench: Bench, filing: Filing) -> None:
    await bench.fake.sends(bench.mia, bench.mia, "", png(), "/load shelf", kind="photo")
    assert "send a text file, as a document" in (await said(bench, bench.mia)).text
    await bench.fake.says(bench.mia, bench.mia, "/load place=shelf")
    await bench.until_answered()
    await bench.fake.sends(bench.mia, bench.mia, "", png(), kind="photo")
    await bench.until_answered()
    assert "send a text file" in bench.fake.from_bot(bench.mia)[-2].text
    assert filing.taken == []


async def test_a_command_that_takes_no_file_says_so(bench: Bench, filing: Filing) -> None:
    await bench.fake.sends(bench.mia, bench.mia, "a.txt", b"a", "/whoami")
    assert "takes no file" in (await said(bench, bench.mia)).text


async def test_a_file_that_nobody_asked_for_is_asked_about_in_private_alone(bench: Bench, filing: Filing) -> None:
    await bench.fake.sends(bench.mia, bench.mia, "a.txt", b"a")
    assert "What is this for?" in (await said(bench, bench.mia)).text
    await bench.fake.sends(bench.mia, bench.group, "a.txt", b"a")
    await bench.until_answered()
    assert bench.fake.from_bot(bench.group) == []


async def test_nothing_is_fetched_for_a_stranger_or_for_who_may_not(bench: Bench, filing: Filing) -> None:
    await bench.fake.sends(bench.mallory, bench.mallory, "a.txt", b"a", "/load shelf")
    await bench.until_answered()
    assert bench.fake.from_bot(bench.mallory) == []
    assert bench.fake.calls_of("getFile") == []
    await bench.fake.sends(bench.rob, bench.rob, "a.txt", b"a", "/load shelf")
    assert "needs a manager" in (await said(bench, bench.rob)).text
    assert filing.taken == []


async def test_a_fetch_that_breaks_off_is_said(bench: Bench, filing: Filing) -> None:
    bench.fake.faults.add("getFile", broken(effect=False))
    await bench.fake.sends(bench.mia, bench.mia, "a.txt", b"a", "/load shelf")
    assert "send it again" in (await said(bench, bench.mia)).text
    await bench.fake.sends(bench.mia, bench.mia, "a.txt", b"a", "/load shelf")
    assert (await said(bench, bench.mia)).text == "a.txt is in shelf."


def test_files_are_fetched_from_the_server_that_is_configured() -> None:
    settings = {"token": "123456:" + "A" * 30}
    assert TelegramSettings.model_validate(settings).file_url == "https://api.telegram.org/file/bot"
    local = TelegramSettings.model_validate({**settings, "base_url": "http://127.0.0.1:8081/bot"})
    assert local.file_url == "http://127.0.0.1:8081/file/bot"


# --- out


async def test_a_file_is_a_document_in_private_with_the_words_as_its_caption(bench: Bench, filing: Filing) -> None:
    asked = await bench.fake.says(bench.rob, bench.rob, "/table")
    answer = await bench.fake.reply_to(asked)
    assert (answer.kind, answer.file_name, answer.text) == ("document", "decisions-2026.csv", "412 decisions.")
    assert answer.picture.decode() == TABLE


async def test_a_file_asked_for_in_a_group_goes_to_who_asked_alone(bench: Bench, filing: Filing) -> None:
    asked = await bench.fake.says(bench.rob, bench.group, "/table")
    assert (await bench.fake.reply_to(asked)).text == "The file is in our own chat, @reviews_bot."
    answer = await said(bench, bench.rob)
    assert answer.picture.decode() == TABLE
    assert all(message.kind == "text" for message in bench.fake.from_bot(bench.group))


async def test_who_never_pressed_start_is_told_to(bench: Bench, filing: Filing) -> None:
    bench.fake.chat(bench.rob).started = False
    asked = await bench.fake.says(bench.rob, bench.group, "/table")
    assert "press Start, and ask again" in (await bench.fake.reply_to(asked)).text
    await bench.until_answered()
    assert all(message.kind == "text" for message in bench.fake.from_bot(bench.group))


async def test_words_that_are_too_long_for_a_caption_stand_before_the_file(bench: Bench, filing: Filing) -> None:
    filing.text = "Every word of it. " * 80
    await bench.fake.says(bench.rob, bench.rob, "/table")
    await bench.until_answered()
    words, file = bench.fake.from_bot(bench.rob)
    assert words.text == filing.text.strip()
    assert (file.kind, file.text) == ("document", "")


async def test_an_empty_file_is_said_to_be_empty(bench: Bench, filing: Filing) -> None:
    filing.table = File("decisions.csv", "")
    await bench.fake.says(bench.rob, bench.rob, "/table")
    assert (await said(bench, bench.rob)).text == "412 decisions. decisions.csv is empty."


async def test_a_file_that_was_lost_on_the_way_does_not_end_the_bot(bench: Bench, filing: Filing) -> None:
    bench.fake.faults.add("sendDocument", cut(effect=False))
    await bench.fake.says(bench.rob, bench.rob, "/table")
    await bench.until_answered()
    await bench.fake.says(bench.rob, bench.rob, "/table")
    assert (await said(bench, bench.rob)).kind == "document"
