"""Files in Discord: chosen for a command's option, and handed to who asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from botcore.attached import MOST_BYTES, BadFile
from botcore.models import Role
from botcore.ui import Card, File, Text
from botcore_discord.attachments import fetch
from botcore_discord.commands import SlashCommands
from tests.adapters.discord import rules
from tests.adapters.discord.crowd import Crowd, a_crowd
from tests.adapters.discord.world import Interaction, Upload, User
from tests.core.filing import TABLE, Filing

CONTENT = "\N{ZERO WIDTH NO-BREAK SPACE}title = “Façade”\n".encode()


@pytest.fixture
def filing() -> Filing:
    return Filing()


@pytest.fixture
async def crowd(tmp_path: Path, filing: Filing) -> AsyncIterator[Crowd]:
    async with a_crowd(tmp_path, commands=filing.commands()) as crowd:
        yield crowd


@pytest.fixture
async def mia(crowd: Crowd) -> User:
    mia = crowd.fake.world.user("mia")
    await crowd.rig.people.add("mia-d", Role.MANAGER, {"discord": mia.id}, by="test", now=crowd.rig.clock.ms())
    return mia


async def answered(crowd: Crowd, asked: Interaction, words: str) -> None:
    await crowd.until(lambda: words in asked.said)


# --- in


def test_a_parameter_for_a_file_is_an_option_that_takes_one(filing: Filing) -> None:
    definitions = SlashCommands().definitions(filing.commands())
    rules.check_commands(definitions)
    (load,) = [definition for definition in definitions if definition["name"] == "load"]
    assert load["options"][0] == {"name": "file", "description": "what to load", "type": 11, "required": True}


async def test_a_chosen_file_reaches_its_command(crowd: Crowd, filing: Filing, mia: User) -> None:
    asked = await crowd.slash("load", mia, file=Upload("job.toml", CONTENT), place="the shelf")
    await answered(crowd, asked, "job.toml is in the shelf")
    assert filing.taken == [(File("job.toml", "title = “Façade”\n"), "the shelf")]


@pytest.mark.parametrize(
    ("upload", "why"),
    [
        (Upload("big.csv", b"x" * (MOST_BYTES + 1)), "too large: at most 256 kB"),
        (Upload("small.csv", b"x" * (MOST_BYTES + 1), size=9), "could not be fetched"),
        (Upload("job.pdf", b"%PDF\xff\xfe"), "is not text in UTF-8"),
        (Upload("a.txt", b"a", url="https://cdn.example.com/a.txt"), "could not be fetched"),
        (Upload("a.txt", b"a", url="http://127.0.0.1:1/a.txt"), "could not be fetched"),
        (Upload("a.txt", b"a", url="file:///etc/hostname"), "could not be fetched"),
        (Upload("a.txt", b"a", url="https://[bad"), "could not be fetched"),
    ],
)
async def test_a_file_that_cannot_be_read_is_told_why(
    crowd: Crowd, filing: Filing, mia: User, upload: Upload, why: str
) -> None:
    asked = await crowd.slash("load", mia, file=upload, place="shelf")
    await answered(crowd, asked, why)
    assert filing.taken == []


async def test_only_discords_own_hosts_are_asked_and_only_over_https() -> None:
    for url in ("http://cdn.discordapp.com/a", "https://cdn.discordapp.com.example.com/a", "http://127.0.0.1/a"):
        with pytest.raises(BadFile, match="could not be fetched"):
            await fetch({"filename": "a.txt", "size": 1, "url": url}, "https://discord.com/api/v10")


async def test_nothing_is_fetched_for_a_stranger_and_nothing_done_for_who_may_not(crowd: Crowd, filing: Filing) -> None:
    asked = await crowd.slash("load", crowd.fake.world.user("mallory"), file=Upload("a.txt", b"a"), place="shelf")
    await answered(crowd, asked, "Ask an owner to let you in")
    assert not [path for _, path in crowd.fake.requests if "attachments" in path]
    asked = await crowd.slash("load", file=Upload("a.txt", b"a"), place="shelf")
    await answered(crowd, asked, "needs a manager")
    assert filing.taken == []


# --- out


async def test_a_file_is_attached_to_the_answer_that_one_person_sees(crowd: Crowd) -> None:
    asked = await crowd.slash("table")
    await answered(crowd, asked, "412 decisions.")
    assert asked.original is not None
    assert asked.original.is_private
    assert {name: content.decode() for name, content in asked.original.files.items()} == {"decisions-2026.csv": TABLE}
    assert crowd.cards == []


async def test_a_file_comes_after_the_card_that_it_belongs_to(crowd: Crowd, filing: Filing) -> None:
    filing.card = Card("The last 14 days", blocks=(Text("412 decisions"),))
    asked = await crowd.slash("table")
    await crowd.until(lambda: bool(asked.whispers))
    assert asked.original is not None
    assert "The last 14 days" in asked.original.text
    assert list(asked.whispers[0].files) == ["decisions-2026.csv"]
    assert asked.whispers[0].is_private


async def test_an_empty_file_and_one_that_is_too_large_are_said_to_be(crowd: Crowd, filing: Filing) -> None:
    filing.table = File("decisions.csv", "")
    await answered(crowd, await crowd.slash("table"), "decisions.csv is empty.")
    filing.table = File("decisions.csv", "x" * 11_000_000)
    await answered(crowd, await crowd.slash("table"), "too large for Discord")
