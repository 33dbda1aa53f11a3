"""Files on the page: with a command, and with its answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Page, expect

from botcore.attached import MOST_BYTES
from botcore.ui import Card, File, Reply, Text
from tests.core.filing import TABLE, Filing

from .desk import Desk

TEXT = "title = “Façade”\n100 % & + =\n"


# --- by HTTP alone


async def test_a_file_goes_with_a_command(site: Desk) -> None:
    async with site.visitor() as ana:
        status, said = await ana.post("/command", line="load shelf", file=f"\ufeff{TEXT}", file_name="C:\\job.toml")
        assert (status, said["text"]) == (200, "Done.")
        await ana.post("/command", line="pending")
    assert site.script.files == [File("job.toml", TEXT)]
    assert site.script.acts() == [("command", "load shelf"), ("command", "pending")]


@pytest.mark.parametrize(
    ("text", "why"),
    [("x" * (MOST_BYTES + 1), "is too large: at most 256 kB are taken"), ("a\0b", "is not text in UTF-8")],
)
async def test_a_file_that_cannot_be_read_is_told_why(site: Desk, text: str, why: str) -> None:
    async with site.visitor() as ana:
        status, said = await ana.post("/command", line="load shelf", file=text, file_name="job.toml")
    assert status == 200
    assert said["result"] == "refused"
    assert why in said["text"]
    assert site.script.acts() == []


async def test_the_largest_file_fits_whatever_is_in_it(site: Desk) -> None:
    text = "é" * (MOST_BYTES // 2)
    async with site.visitor() as ana:
        assert (await ana.post("/command", line="load shelf", file=text, file_name="a"))[0] == 200
    assert site.script.files == [File("a", text)]


@pytest.mark.parametrize(("line", "takes"), [("load", True), ("load she", True), ("table", False), ("lo", False)])
async def test_completion_knows_which_commands_take_a_file(site: Desk, line: str, takes: bool) -> None:
    site.script.offered = Filing().commands()
    async with site.visitor() as ana:
        _, said = await ana.post("/complete", line=line)
    assert said["file"] is takes


async def test_a_file_comes_whole_with_an_answer(site: Desk) -> None:
    site.script.replies["command table"] = Reply("412 decisions.", file=File("decisions 2026.csv", TABLE, "text/csv"))
    async with site.visitor() as ana:
        _, said = await ana.post("/command", line="table")
    assert said["file"] == {"name": "decisions-2026.csv", "text": TABLE}


# --- in a browser


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
class TestInABrowser:
    async def test_a_chooser_appears_for_a_command_that_takes_a_file(self, page: Page, live_site: Desk) -> None:
        live_site.script.offered = Filing().commands()
        line = page.get_by_role("combobox", name="Command")
        chooser = page.get_by_label("Attach a file")
        await line.fill("table")
        await expect(chooser).to_be_hidden()
        await line.fill("load shelf")
        await expect(page.get_by_text("Attach a file")).to_be_visible()
        await chooser.set_input_files(FilePayload(name="job.toml", mimeType="", buffer=f"\ufeff{TEXT}".encode()))
        await expect(page.get_by_text("job.toml")).to_be_visible()
        await line.press("Enter")
        await expect(page.get_by_text("Done.")).to_be_visible()
        await expect(page.get_by_text("job.toml")).to_be_hidden()
        assert live_site.script.files == [File("job.toml", TEXT)]
        await line.press("ArrowUp")
        await expect(page.get_by_text("Attach a file")).to_be_visible()

    async def test_a_file_can_be_dropped_on_the_page_and_taken_away_again(self, page: Page, live_site: Desk) -> None:
        drop = """(name) => {
            const data = new DataTransfer();
            data.items.add(new File(["a = 1"], name));
            document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }"""
        await page.evaluate(drop, "first.toml")
        await expect(page.get_by_text("first.toml")).to_be_visible()
        await page.get_by_role("button", name="Take the file away").click()
        await expect(page.get_by_text("first.toml")).to_be_hidden()
        await page.evaluate(drop, "second.toml")
        await expect(page.get_by_text("second.toml")).to_be_visible()
        await page.get_by_role("combobox", name="Command").fill("load shelf")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Done.")).to_be_visible()
        assert live_site.script.files == [File("second.toml", "a = 1")]

    @pytest.mark.parametrize(
        ("content", "why"), [(b"%PDF\xff", "is not text in UTF-8"), (b"x" * (MOST_BYTES + 1), "is too large")]
    )
    async def test_a_file_that_cannot_be_read_is_refused_where_it_is_chosen(
        self, page: Page, live_site: Desk, content: bytes, why: str
    ) -> None:
        await page.locator("#file").set_input_files(FilePayload(name="job.pdf", mimeType="", buffer=content))
        await expect(page.get_by_text(why)).to_be_visible()
        await page.get_by_role("combobox", name="Command").fill("load")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Done.")).to_be_visible()
        assert live_site.script.files == []

    async def test_the_file_of_an_answer_is_saved_by_its_button(
        self, page: Page, live_site: Desk, tmp_path: Path
    ) -> None:
        card = Card("Decisions", blocks=(Text("<b>412</b>"),))
        live_site.script.replies["command table"] = Reply("Here.", card, file=File("decisions.csv", TABLE, "text/csv"))
        await page.get_by_role("combobox", name="Command").fill("table")
        await page.keyboard.press("Enter")
        async with page.expect_download() as saving:
            await page.get_by_role("link", name="Save decisions.csv").click()
        saved = await saving.value
        assert saved.suggested_filename == "decisions.csv"
        await saved.save_as(tmp_path / "saved.csv")
        assert (tmp_path / "saved.csv").read_text() == TABLE
        await expect(page.get_by_text("<b>412</b>")).to_be_visible()
