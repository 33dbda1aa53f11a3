"""Forms in a real Chromium: a long one, its choices, and what is said of it while it is filled in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from botcore.ui import Choice, Form, Input, InputKind, Reply, Result

from .desk import Desk, waiting
from .job_form import BEGUN, DIFFERS, EXAMPLE, FORM, TIME, WHO, checked, job_form
from .parsed import HOSTILE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SOON = 350  # ms after an answer, when the form is looked at


async def open_form(page: Page, site: Desk, form: Form | Reply) -> Locator:
    """The form as a command brings it."""
    reply = form if isinstance(form, Reply) else Reply(form=form)
    assert reply.form is not None
    site.script.replies["command job post"] = reply
    line = page.get_by_role("combobox", name="Command")
    await line.fill("job post")
    await line.press("Escape")
    await line.press("Enter")
    dialog = page.get_by_role("dialog", name=reply.form.title)
    await expect(dialog).to_be_visible()
    return dialog


def group(dialog: Locator, name: str) -> Locator:
    return dialog.locator(".group").filter(has=dialog.page.get_by_text(name, exact=True))


def options(dialog: Locator, name: str) -> Locator:
    return dialog.get_by_role("listbox", name=name).get_by_role("option")


def looked_at(site: Desk) -> list[Mapping[str, str]]:
    return [values for kind, _, _, values in site.script.heard if kind == "check"]


def sent(site: Desk) -> list[Mapping[str, str]]:
    return [values for kind, _, _, values in site.script.heard if kind == "form"]


async def fill_example(dialog: Locator) -> None:
    await dialog.get_by_label("Title").fill(EXAMPLE["title"])
    await dialog.get_by_role("combobox", name="Category").fill("sign up: simple sign")
    await dialog.get_by_role("combobox", name="Category").press("Enter")
    await dialog.get_by_label("Where").select_option(EXAMPLE["zone"])
    await dialog.get_by_label("Pay for each task").fill(EXAMPLE["price"])
    await dialog.get_by_label("How many tasks").fill(EXAMPLE["positions"])
    await dialog.get_by_label("What to do").fill(EXAMPLE["instructions"])
    await dialog.get_by_label("Proofs").fill(EXAMPLE["proofs"])


def everything() -> dict[str, str]:
    """All that the form sends when nothing but the example was filled in."""
    return {one.name: "" for one in job_form().inputs} | BEGUN | EXAMPLE


async def test_the_basics_are_enough_and_all_the_rest_goes_along_as_it_came(page: Page, live_site: Desk) -> None:
    dialog = await open_form(page, live_site, job_form())
    await expect(dialog.get_by_label("Title")).to_be_focused()
    await fill_example(dialog)
    await dialog.get_by_label("Proofs").press("Control+Enter")
    await expect(dialog).to_be_hidden()
    assert sent(live_site) == [everything()]


async def test_every_option_reaches_the_bot(page: Page, live_site: Desk) -> None:
    dialog = await open_form(page, live_site, job_form(BEGUN | {"zone": "eu"}))
    await fill_example(dialog)
    await dialog.get_by_label("Where").select_option("eu")
    for name in await dialog.locator(".group-name").all_text_contents():
        await dialog.get_by_text(name, exact=True).click()
    countries = dialog.get_by_role("combobox", name="Countries left out")
    for country in ("fra", "ger"):
        await countries.fill(country)
        await countries.press("Enter")
    await dialog.get_by_label("List", exact=True).select_option("list-2")
    await dialog.get_by_label("Level").select_option("expert")
    await dialog.get_by_label("Flag it for me").check()
    await dialog.get_by_label("Rate by itself").select_option("v+r")
    typed = {
        "Tasks for each worker": "3",
        "Distribution": "25",
        "Variables": "CITY: Rome | Paris",
        "Questions": "What colour? = blue",
        "Speed": "7",
        "From": "08:30",
        "To": "24:00",
        "Days to rate": "2",
        "Minutes for a task": "20",
        "Notes for yourself": "one\ntwo",
        "Premium": "2.50",
    }
    for label, value in typed.items():
        await dialog.get_by_label(label, exact=True).fill(value)
    for label in ("A worker must have opened", "Pause once", "Tell my followers"):
        await dialog.get_by_label(label).check()
    await dialog.get_by_role("button", name="Preview").click()
    await expect(dialog).to_be_hidden()
    assert sent(live_site) == [
        {
            **EXAMPLE,
            "zone": "eu",
            "list": "list-2",
            "left_out": "fr,de",
            "level": "expert",
            "per_worker": "3",
            "distribution": "25",
            "variables": "CITY: Rome | Paris",
            "challenges": "What colour? = blue",
            "challenge_action": "flag",
            "speed": "7",
            "start": "08:30",
            "end": "24:00",
            "days_to_rate": "2",
            "hold_minutes": "20",
            "hold_required": "yes",
            "pause_after_approval": "yes",
            "auto_rate": "v+r",
            "notes": "one\ntwo",
            "notify_followers": "yes",
            "premium": "2.50",
        }
    ]


async def test_thirty_questions_with_a_fault_in_a_folded_group_open_it_and_go_there(
    page: Page, live_site: Desk
) -> None:
    wrong = {"hold_minutes": "is from 5 to 90", "premium": "is 0, or from $2.00 to $50.00"}
    form = replace(job_form(BEGUN | EXAMPLE, errors=wrong), id="draft:d-12:10")  # the draft was kept as it is
    live_site.script.replies[f"form {FORM}"] = Reply(
        "Two answers are to be corrected.", form=form, result=Result.REFUSED
    )
    dialog = await open_form(page, live_site, job_form(BEGUN | EXAMPLE))
    await group(dialog, DIFFERS).locator("summary").click()
    await dialog.get_by_role("button", name="Preview").click()
    minutes = dialog.get_by_label("Minutes for a task")
    await expect(minutes).to_be_focused()
    await expect(minutes).to_be_in_viewport()
    await expect(minutes).to_have_accessible_description("is from 5 to 90")
    await expect(dialog.get_by_role("alert")).to_have_text("Two answers are to be corrected.")
    await expect(dialog.get_by_role("button", name="2 to correct")).to_be_visible()
    await expect(dialog.get_by_label("Variables")).to_be_visible()  # it was unfolded
    await expect(dialog.get_by_label("Tasks for each worker")).to_be_hidden()  # nothing is wrong there
    await group(dialog, TIME).locator("summary").click()
    await expect(minutes).to_be_hidden()
    await expect(group(dialog, TIME).get_by_text("1 to correct")).to_be_visible()
    await dialog.get_by_role("button", name="2 to correct").click()
    await expect(minutes).to_be_focused()


async def test_once_a_form_was_sent_all_its_answers_count_as_given(page: Page, live_site: Desk) -> None:
    live_site.script.check = checked
    form = job_form(EXAMPLE | {"positions": "x"}, errors={"positions": "is at least 10"})
    live_site.script.replies[f"form {FORM}"] = Reply(form=form, result=Result.REFUSED)
    dialog = await open_form(page, live_site, job_form(EXAMPLE | {"positions": "x"}))
    await dialog.get_by_role("button", name="Preview").click()
    positions = dialog.get_by_label("How many tasks")
    await expect(positions).to_be_focused()
    await positions.fill("25")
    await expect(dialog.get_by_role("button", name="to correct")).to_be_hidden()
    await dialog.get_by_label("Where").select_option("eu")  # where the price, which nobody has touched, is too little
    price = dialog.get_by_label("Pay for each task")
    await expect(price).to_have_accessible_description("is at least $0.12 in this zone")
    await page.keyboard.press("Escape")
    await expect(dialog.get_by_role("alertdialog")).to_be_visible()


async def test_what_a_reply_says_beside_its_form_is_read_in_the_form(page: Page, live_site: Desk) -> None:
    form = replace(job_form(), title="A job")
    dialog = await open_form(page, live_site, Reply("This marketplace has no teams: left out.", form=form))
    await expect(dialog.get_by_text("This marketplace has no teams: left out.")).to_be_visible()
    await expect(dialog.get_by_role("alert")).to_be_hidden()


async def test_a_folded_group_says_what_is_set_in_it(page: Page, live_site: Desk) -> None:
    dialog = await open_form(page, live_site, job_form(BEGUN | {"zone": "eu", "left_out": "fr,de"}))
    said = group(dialog, WHO).locator(".group-set")
    await expect(said).to_have_text(
        "Countries left out: France, Germany · Level: Any · Tasks for each worker: 1 · Distribution: 100"
    )
    await group(dialog, WHO).locator("summary").click()
    await dialog.get_by_label("List", exact=True).select_option("list-1")
    await dialog.get_by_label("Level").select_option("expert")
    await dialog.get_by_label("Distribution").fill("")
    await dialog.get_by_role("button", name="Remove France").click()
    await group(dialog, WHO).locator("summary").click()
    await expect(said).to_have_text(
        "List: Good ones · 31 workers · Countries left out: Germany · Level: Expert · Tasks for each worker: 1"
    )


async def test_a_category_is_found_by_any_of_its_words_without_the_mouse(page: Page, live_site: Desk) -> None:
    dialog = await open_form(page, live_site, job_form())
    line = dialog.get_by_role("combobox", name="Category")
    await line.focus()
    await expect(line).to_have_attribute("aria-expanded", "false")
    await page.keyboard.type("click  COMPLEX")
    await expect(line).to_have_attribute("aria-expanded", "true")
    await expect(options(dialog, "Category")).to_have_count(4)
    pointed = await line.get_attribute("aria-activedescendant")
    await expect(dialog.locator(f"#{pointed}")).to_contain_text("Search and click: Complex sign")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(line).to_have_value("Search and click: Complex sign 2 · from $0.12")
    await expect(line).to_have_attribute("aria-expanded", "false")
    await expect(dialog.locator("[name='in.category']")).to_have_value("0166")
    await page.keyboard.press("ArrowDown")  # again: all of them, at the one that was chosen
    await expect(options(dialog, "Category")).to_have_count(150)
    chosen = dialog.get_by_role("listbox", name="Category").get_by_role("option", selected=True)
    await expect(chosen).to_contain_text("Search and click: Complex sign 2")
    await expect(chosen).to_be_in_viewport()
    await page.keyboard.press("Escape")
    await expect(dialog.get_by_role("listbox", name="Category")).to_be_hidden()
    await expect(dialog).to_be_visible()


async def test_words_that_are_no_choice_are_sent_as_they_were_typed(page: Page, live_site: Desk) -> None:
    dialog = await open_form(page, live_site, job_form(BEGUN | {"zone": "eu"}))
    line = dialog.get_by_role("combobox", name="Category")
    await line.fill("paint my house")
    await expect(dialog.get_by_text("None has these words")).to_be_visible()
    await group(dialog, WHO).locator("summary").click()
    countries = dialog.get_by_role("combobox", name="Countries left out")
    await countries.fill("atlantis, Spain")
    await dialog.get_by_role("button", name="Preview").click()
    await expect(dialog).to_be_hidden()
    assert (sent(live_site)[0]["category"], sent(live_site)[0]["left_out"]) == ("paint my house", "atlantis,es")


async def test_what_can_only_mean_one_choice_is_that_choice(page: Page, live_site: Desk) -> None:
    dialog = await open_form(page, live_site, job_form())
    line = dialog.get_by_role("combobox", name="Category")
    await line.fill("video verification 4")
    await dialog.get_by_label("Title").click()
    await expect(line).to_have_value("Video: With verification sign 4 · from $0.12")
    await line.fill("video with")  # several are meant: nothing is guessed
    await dialog.get_by_label("Title").click()
    await expect(line).to_have_value("video with")
    await line.fill("0102")
    await line.press("Tab")
    await expect(line).to_have_value("Search and click: Simple sign · from $0.12")


async def test_several_countries_are_chosen_and_taken_out_by_keys(page: Page, live_site: Desk) -> None:
    dialog = await open_form(page, live_site, job_form(BEGUN | {"zone": "eu"}))
    await group(dialog, WHO).locator("summary").click()
    line = dialog.get_by_role("combobox", name="Countries left out")
    kept = dialog.locator("[name='in.left_out']")
    await line.press_sequentially("spa")
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_role("option", name="Spain")).to_have_attribute("aria-selected", "true")
    await expect(options(dialog, "Countries left out")).to_have_count(9)
    await page.keyboard.type("it,nl,")
    await expect(kept).to_have_value("es,it,nl")
    await expect(dialog.get_by_role("list", name="Chosen for Countries left out").get_by_role("button")).to_have_count(
        3
    )
    await page.keyboard.press("Backspace")
    await expect(kept).to_have_value("es,it")
    await dialog.get_by_role("option", name="France").click()
    await expect(kept).to_have_value("es,it,fr")
    await expect(line).to_be_focused()
    await dialog.get_by_role("button", name="Remove Spain").click()
    await expect(kept).to_have_value("it,fr")


async def test_boxes_of_a_few_choices_make_one_answer(page: Page, live_site: Desk) -> None:
    offered = (Choice("a", "Alpha"), Choice("b", "Beta"), Choice("c", "Gamma"))
    form = Form("pick:x:0", "Pick some", (Input("some", "Some", InputKind.SEVERAL, value="b", choices=offered),))
    dialog = await open_form(page, live_site, form)
    some = dialog.get_by_role("group", name="Some")
    await some.get_by_label("Gamma").check()
    await some.get_by_label("Beta").uncheck()
    await some.get_by_label("Alpha").check()
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog).to_be_hidden()
    assert sent(live_site) == [{"some": "a,c"}]


async def test_the_total_runs_and_only_what_was_answered_is_corrected(page: Page, live_site: Desk) -> None:
    live_site.script.check = checked
    dialog = await open_form(page, live_site, job_form(BEGUN | {"zone": "int"}))
    price = dialog.get_by_label("Pay for each task")
    await dialog.get_by_label("How many tasks").fill("25")
    await price.press_sequentially("0.01")
    await expect(dialog.get_by_text("25 × $0.01 = $0.25")).to_be_visible()
    await expect(price).to_have_accessible_description("is at least $0.05 in this zone")
    await expect(price).to_be_focused()
    assert await price.evaluate("input => input.selectionStart") == 4
    await expect(dialog.locator(".error:not(:empty)")).to_have_count(
        1
    )  # the title is missing, but nobody has left it out
    await price.fill("0.10")
    await expect(dialog.get_by_text("25 × $0.10 = $2.50")).to_be_visible()
    await expect(price).to_have_accessible_description("")
    await expect(price).not_to_have_attribute("aria-invalid", "true")
    await expect(dialog.get_by_role("button", name="to correct")).to_be_hidden()
    await dialog.get_by_label("Title").fill("x")
    await dialog.get_by_label("Title").fill("")
    await dialog.get_by_label("Title").blur()
    await expect(dialog.get_by_label("Title")).to_have_accessible_description("is missing")


async def test_what_can_be_chosen_follows_the_zone_and_what_was_chosen_stays(page: Page, live_site: Desk) -> None:
    live_site.script.check = checked
    dialog = await open_form(page, live_site, job_form(BEGUN | EXAMPLE))
    category = dialog.get_by_role("combobox", name="Category")
    await expect(category).to_have_value("Sign up: Simple sign · from $0.05")
    await group(dialog, WHO).locator("summary").click()
    await dialog.get_by_label("Where").select_option("us")
    await expect(category).to_have_value("Sign up: Simple sign · from $0.12")
    await dialog.get_by_role("group", name="Countries left out").get_by_label("Canada").check()
    await dialog.get_by_label("Where").select_option("eu")
    countries = dialog.get_by_role("combobox", name="Countries left out")
    await expect(dialog.get_by_role("button", name="Remove ca")).to_be_visible()
    await category.click()
    await category.press_sequentially("data with")
    await expect(options(dialog, "Category").first).to_contain_text("from $0.12")
    await expect(category).to_have_value("data with")
    await category.press("Enter")
    await countries.fill("Italy")
    await countries.press("Enter")
    await dialog.get_by_role("button", name="Preview").click()
    await expect(dialog).to_be_hidden()
    assert (sent(live_site)[0]["category"], sent(live_site)[0]["left_out"]) == ("0116", "ca,it")


async def test_one_look_at_a_time_and_the_newest_counts(page: Page, live_site: Desk) -> None:
    live_site.script.check = checked
    dialog = await open_form(page, live_site, job_form(BEGUN | EXAMPLE))
    live_site.script.hold = asyncio.Event()
    await page.clock.install()
    positions = dialog.get_by_label("How many tasks")
    await positions.fill("30")
    await page.clock.run_for(SOON)
    await until(lambda: len(looked_at(live_site)) == 1)
    for number in ("40", "50", "60"):
        await positions.fill(number)
        await page.clock.run_for(SOON)
    assert len(looked_at(live_site)) == 1
    live_site.script.hold.set()
    await expect(dialog.get_by_text("60 × $0.10 = $6.00")).to_be_visible()
    assert [values["positions"] for values in looked_at(live_site)] == ["30", "60"]
    await expect(positions).to_have_value("60")


async def test_a_look_that_fails_says_nothing_and_loses_nothing(page: Page, live_site: Desk) -> None:
    live_site.script.check = checked
    dialog = await open_form(page, live_site, job_form(BEGUN | EXAMPLE))
    await live_site.close()
    async with page.expect_event("requestfailed", lambda request: request.url.endswith("/check")):
        await dialog.get_by_label("How many tasks").fill("30")
    await expect(dialog.get_by_role("alert")).to_be_hidden()
    await live_site.serve()
    await dialog.get_by_label("How many tasks").fill("31")
    await expect(dialog.get_by_text("31 × $0.10 = $3.10")).to_be_visible()


async def test_a_form_whose_questions_change_keeps_the_caret_and_what_is_unfolded(page: Page, live_site: Desk) -> None:
    more = Input("reason", "Why so many", InputKind.PARAGRAPH)

    def check(values: Mapping[str, str]) -> Form:
        form = checked(values)
        extra = (more,) if values["positions"] == "999" else ()
        return Form(form.id, form.title, (*extra, *form.inputs), form.submit, live=True, note=form.note)

    live_site.script.check = check
    dialog = await open_form(page, live_site, job_form(BEGUN | EXAMPLE))
    await group(dialog, TIME).locator("summary").click()
    positions = dialog.get_by_label("How many tasks")
    await positions.fill("99")
    await positions.press("Home")
    await page.keyboard.type("9")
    await expect(dialog.get_by_label("Why so many")).to_be_visible()
    await expect(positions).to_be_focused()
    await page.keyboard.type("8")
    await expect(positions).to_have_value("9899")
    await expect(dialog.get_by_label("Why so many")).to_have_count(0)
    await expect(dialog.get_by_label("Speed")).to_be_visible()
    await expect(dialog.get_by_role("combobox", name="Category")).to_have_value("Sign up: Simple sign · from $0.05")


async def test_leaving_asks_once_something_was_typed(page: Page, live_site: Desk) -> None:
    dialog = await open_form(page, live_site, job_form())
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    dialog = await open_form(page, live_site, job_form())
    title = dialog.get_by_label("Title")
    await title.fill("Half a title")
    question = dialog.get_by_role("alertdialog", name="Nothing has been sent")
    for _ in range(2):
        await page.keyboard.press("Escape")
        await expect(question).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(question).to_be_hidden()
        await expect(title).to_be_focused()
    await dialog.get_by_role("button", name="Cancel").click()
    await question.get_by_role("button", name="Go on writing").click()
    await expect(title).to_have_value("Half a title")
    await page.keyboard.press("Escape")
    await question.get_by_role("button", name="Leave").click()
    await expect(dialog).to_be_hidden()
    assert sent(live_site) == []


async def test_a_page_with_something_typed_is_not_left_without_a_question(page: Page, live_site: Desk) -> None:
    dialog = await open_form(page, live_site, job_form())
    await dialog.get_by_label("Title").press_sequentially("Half")
    asked: list[str] = []

    async def stay(question: Any) -> None:
        asked.append(question.type)
        await question.dismiss()

    page.on("dialog", stay)
    await page.evaluate("location.reload()")
    await until(lambda: asked == ["beforeunload"])
    await expect(dialog.get_by_label("Title")).to_have_value("Half")


async def test_paragraphs_grow_with_what_is_written(page: Page, live_site: Desk) -> None:
    dialog = await open_form(page, live_site, job_form())
    area = dialog.get_by_label("What to do")
    before = await area.bounding_box()
    await area.fill("\n".join(f"Step {n}" for n in range(9)))
    after = await area.bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] > before["height"] + 60
    assert await area.evaluate("area => area.scrollHeight <= area.clientHeight + 1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_form_fits_a_phone_and_its_foot_stays_in_sight(page: Page, live_site: Desk, scheme: str) -> None:
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.set_viewport_size({"width": 390, "height": 844})
    live_site.script.check = checked
    dialog = await open_form(page, live_site, job_form(BEGUN | EXAMPLE | {"zone": "eu"}))
    for name in await dialog.locator(".group-name").all_text_contents():
        await dialog.get_by_text(name, exact=True).click()
    await dialog.get_by_label("How many tasks").fill("26")
    await expect(dialog.get_by_text("26 × $0.10 = $2.60")).to_be_in_viewport(ratio=1)
    await expect(dialog.get_by_role("button", name="Preview")).to_be_in_viewport(ratio=1)
    assert await dialog.evaluate("form => form.scrollWidth <= innerWidth")
    assert await dialog.locator(".form-body").evaluate("body => body.scrollWidth <= body.clientWidth")
    line = dialog.get_by_role("combobox", name="Countries left out")
    await line.click()
    await expect(dialog.get_by_role("option", name="Germany")).to_be_in_viewport(ratio=1)


async def test_a_forms_controls_have_names_and_its_ids_are_there_once(page: Page, live_site: Desk) -> None:
    wrong = {"title": "is missing", "level": "is missing", "challenge_action": "is missing"}
    dialog = await open_form(page, live_site, job_form(BEGUN | {"zone": "us"}, errors=wrong))
    nameless = await dialog.evaluate(
        """dialog => [...dialog.querySelectorAll("button, input:not([type=hidden]), select, textarea")].filter(
            (e) => !(e.ariaLabel || e.textContent.trim() || e.labels?.length || e.hidden)
        ).map((e) => e.outerHTML)"""
    )
    assert nameless == []
    broken = await page.evaluate(
        """[...document.querySelectorAll("[aria-describedby], [aria-controls], [aria-labelledby]")].flatMap((e) =>
            ["aria-describedby", "aria-controls", "aria-labelledby"].flatMap((a) => e.getAttribute(a)?.split(" ") ?? [])
        ).filter((id) => document.querySelectorAll(`[id="${id}"]`).length !== 1)"""
    )
    assert broken == []
    await expect(dialog.get_by_label("Title")).to_have_attribute("aria-required", "true")
    await expect(dialog.get_by_role("radiogroup", name="When a question")).to_have_accessible_description("is missing")


async def test_hostile_labels_and_answers_stay_text_in_every_control(page: Page, live_site: Desk) -> None:
    offered = tuple(Choice(f"{HOSTILE}{n}", f"{HOSTILE} · {HOSTILE} {n}") for n in range(30))
    inputs = tuple(
        Input(f"{kind}'\"]<", HOSTILE, kind, value=f"{HOSTILE}3", choices=offered, help=HOSTILE, group=HOSTILE)
        for kind in InputKind
    )
    form = Form("pick:x:0", HOSTILE, inputs, HOSTILE, live=True, note=HOSTILE)
    live_site.script.check = lambda _: Form(form.id, form.title, inputs[::-1], form.submit, live=True, note=HOSTILE)
    dialog = await open_form(page, live_site, form)
    line = dialog.get_by_role("combobox").last  # where there is nothing but a group, it is open
    await line.fill("onerror")
    await expect(dialog.get_by_role("listbox").last.get_by_role("option").first).to_contain_text("onerror=alert(1)")
    await until(lambda: looked_at(live_site))
    await expect(dialog.locator(".input").first).to_have_attribute("data-input", "several'\"]<")
    assert await dialog.evaluate("dialog => dialog.querySelectorAll('script, img').length") == 0
    assert await dialog.evaluate("dialog => dialog.scrollWidth <= dialog.clientWidth")


async def test_a_short_form_stays_beside_the_queue_it_is_about(page: Page, live_site: Desk) -> None:
    await live_site.send(waiting("A1"))
    form = Form("reject:A1:0", "Reject A1", (Input("words", "Own words", InputKind.PARAGRAPH),))
    dialog = await open_form(page, live_site, form)
    box = await dialog.bounding_box()
    assert box is not None
    assert box["width"] < 560


async def until(condition: Callable[[], object]) -> None:
    """Polls until it holds."""
    deadline = asyncio.get_running_loop().time() + 60
    while not condition():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.02)
