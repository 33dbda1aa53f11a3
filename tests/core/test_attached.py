"""Files that people attach: what is taken of them, and the names that files are given to them under."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcore.attached import MOST_BYTES, BadFile, check_size, file_name, read_file
from botcore.dispatch import Context
from botcore.ui import Completion, File, Table
from tests.core.filing import Filing
from tests.core.rig import Rigs, Setup, actor


def test_a_file_is_its_text_without_the_mark_that_editors_put_in_front() -> None:
    assert read_file("job.toml", "\ufeffé\r\n".encode()) == File("job.toml", "é\r\n")


def test_the_largest_file_is_taken_and_no_larger_one() -> None:
    assert len(read_file("a", b"x" * MOST_BYTES).text) == MOST_BYTES
    with pytest.raises(BadFile, match="the file a is too large: at most 256 kB"):
        read_file("a", b"x" * (MOST_BYTES + 1))
    check_size("a", MOST_BYTES)


@pytest.mark.parametrize("data", [b"\xff\xfea\0", b"a\0b", "é".encode("latin-1"), b"%PDF-1.7\n\xe2\xe3"])
def test_what_is_no_text_is_not_taken(data: bytes) -> None:
    with pytest.raises(BadFile, match=r"the file job\.bin is not text in UTF-8"):
        read_file("/home/ana/job.bin", data)


def test_names_are_shown_without_folders_and_without_what_is_invisible() -> None:
    assert read_file("C:\\Users\\ana\\a\u202eb\n.txt", b"").name == "ab .txt"
    assert read_file("../", b"").name == "file"
    assert len(read_file("n" * 500, b"").name) == 80


@given(name=st.text(max_size=200))
def test_every_name_becomes_one_that_is_taken_everywhere(name: str) -> None:
    made = file_name(File(name, ""))
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}", made)


def test_a_good_name_stays_as_it_is() -> None:
    assert file_name(File("decisions-2026.csv", "")) == "decisions-2026.csv"


async def test_a_file_is_never_what_is_completed_but_what_is_typed_after_it_is(rigs: Rigs) -> None:
    async def shelves(context: Context, typed: str) -> list[Completion]:
        return [Completion("shelf", "the shelf")]

    load, table = Filing().commands()
    file, place, note = load.params
    rig = await rigs.start(
        Setup(commands=(replace(load, params=(file, replace(place, complete=shelves), note)), table))
    )
    for line, offered in (("load ", ["shelf", "note="]), ("load file=", []), ("load place=", ["place=shelf"])):
        assert [c.text for c in await rig.dispatch.complete(actor("mia"), line)] == offered
    (shown,) = (await rig.say("mia", "help load")).card.blocks  # type: ignore[union-attr]
    assert isinstance(shown, Table)
    assert shown.title == "load FILE PLACE [note=] — load a file"
