"""The page in a real Chromium, over a real server, with a scripted bot behind it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from botcore.adapter import Actor
from botcore.models import Person
from botcore.ui import (
    Button,
    Card,
    Chart,
    Choice,
    Completion,
    Field,
    Fields,
    Form,
    Input,
    InputKind,
    MessageRef,
    Picture,
    PictureState,
    Reply,
    Result,
    Series,
    Text,
    Tone,
)

from .desk import ANA, BEN, Desk, png, settled, waiting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def article(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name)


def button(page: Page, card: str, name: str) -> Locator:
    return article(page, card).get_by_role("button", name=name, exact=True)


async def decide_for_real(site: Desk, *names: str) -> dict[str, MessageRef]:
    """Puts cards up, and lets a press on Approve settle its card as the bot would."""
    refs = {name: await site.send(waiting(name, f"Job of {name}")) for name in names}

    async def press(actor: Actor, pressed: str) -> None:
        verb, name, _ = (*pressed.split(":"), "", "")[:3]
        if name in refs and verb in ("approve", "undo"):
            card = waiting(name, f"Job of {name}")
            shown = settled(card, f"Approved by {actor.name}") if verb == "approve" else card
            await site.adapter.edit(refs[name], shown)

    site.script.after = press
    return refs


async def test_a_link_signs_in_by_itself_where_scripts_run(browser: Browser, live_site: Desk) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(await live_site.link())
    await expect(page.get_by_role("heading", name="Nothing is waiting for you")).to_be_visible()
    assert page.url == f"{live_site.base}/"
    await context.close()


async def test_a_link_signs_in_by_its_button_where_scripts_do_not_run(browser: Browser, live_site: Desk) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(await live_site.link())
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"{live_site.base}/")
    await context.close()


async def test_a_used_link_says_so(browser: Browser, live_site: Desk) -> None:
    link = await live_site.link()
    for heading in ("Nothing is waiting for you", "This link was used already"):
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(link)
        await expect(page.get_by_role("heading", name=heading)).to_be_visible()
        await context.close()


async def test_cards_appear_by_themselves_behind_those_that_are_there(page: Page, live_site: Desk) -> None:
    await live_site.send(waiting("A1", "The first"))
    await expect(article(page, "The first A1")).to_be_visible()
    await live_site.send(waiting("A2", "The second"))
    await expect(article(page, "The second A2")).to_be_visible()
    assert [await a.get_attribute("id") for a in await page.get_by_role("article").all()] == ["m1", "m2"]
    await expect(page.locator("#count")).to_have_text("2")
    await expect(page).to_have_title("(2) botcore")
    await expect(page.get_by_text("Nothing is waiting for you")).to_be_hidden()


async def test_a_press_reaches_the_bot_and_the_card_tells_who_decided(page: Page, live_site: Desk) -> None:
    await decide_for_real(live_site, "A1")
    live_site.script.replies["press approve:A1:0"] = Reply("Approved A1.")
    await button(page, "A1", "Approve").click()
    await expect(article(page, "A1").get_by_text("Approved by ana")).to_be_visible()
    await expect(page.get_by_text("Approved A1.")).to_be_visible()
    await button(page, "A1", "Undo").click()
    await expect(button(page, "A1", "Approve")).to_be_visible()
    assert live_site.script.acts() == [("press", "approve:A1:0"), ("press", "undo:A1:0")]


async def test_the_other_person_sees_it_at_once(page: Page, browser: Browser, live_site: Desk) -> None:
    await decide_for_real(live_site, "A1")
    context = await browser.new_context()
    ben = await context.new_page()
    await ben.goto(await live_site.link(BEN))
    await button(ben, "A1", "Approve").click()
    await expect(article(page, "A1").get_by_text("Approved by ben")).to_be_visible()
    await context.close()


async def test_a_double_click_sends_once(page: Page, live_site: Desk) -> None:
    await live_site.send(waiting("A1"))
    live_site.script.hold = asyncio.Event()
    approve = button(page, "A1", "Approve")
    await approve.dblclick()
    await expect(approve).to_be_disabled()
    await expect(button(page, "A1", "Reject")).to_be_disabled()
    await live_site.send(waiting("A1", "Redrawn meanwhile"), key="submission:A1")
    await expect(article(page, "Redrawn meanwhile A1")).to_be_visible()
    await expect(approve).to_be_disabled()
    live_site.script.hold.set()
    await expect(approve).to_be_enabled()
    assert live_site.script.acts() == [("press", "approve:A1:0")]


async def test_the_keyboard_works_through_the_cards(page: Page, live_site: Desk) -> None:
    await decide_for_real(live_site, "A1", "A2", "A3")
    await expect(article(page, "A3")).to_be_visible()
    await page.keyboard.press("a")  # nothing is selected: nothing happens
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await expect(article(page, "A1")).to_have_attribute("aria-current", "true")
    for name in ("A1", "A2"):
        await expect(article(page, name)).to_have_attribute("aria-current", "true")
        await page.keyboard.press("a")
        await expect(article(page, name).get_by_text("Approved by ana")).to_be_visible()
    await expect(article(page, "A3")).to_have_attribute("aria-current", "true")
    await page.keyboard.press("u")  # what was decided last, though the selection has moved on
    await expect(button(page, "A2", "Approve")).to_be_visible()
    assert [what for _, what in live_site.script.acts()] == ["approve:A1:0", "approve:A2:0", "undo:A2:0"]


async def test_letters_typed_into_the_command_box_decide_nothing(page: Page, live_site: Desk) -> None:
    await live_site.send(waiting("A1"))
    await expect(article(page, "A1")).to_be_visible()
    await page.keyboard.press("j")
    await page.keyboard.press("/")
    await page.keyboard.type("arv")
    await expect(page.get_by_role("combobox", name="Command")).to_have_value("arv")
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await page.keyboard.press("a")
    assert live_site.script.acts() == []


REASONS = (Choice("late", "Too late"), Choice("copy", "A copy"))


def reject_form(error: str = "") -> Form:
    return Form(
        "reject:A1:0",
        "Reject A1",
        (
            Input("reason", "Reason", InputKind.CHOICE, choices=REASONS),
            Input("words", "Own words", InputKind.PARAGRAPH, error=error),
        ),
        "Reject",
        Tone.DANGER,
    )


async def test_a_form_keeps_what_was_typed_and_shows_what_to_correct(page: Page, live_site: Desk) -> None:
    await live_site.send(waiting("A1"))
    live_site.script.replies["press reject:A1:0"] = Reply(form=reject_form())
    live_site.script.replies["form reject:A1:0"] = Reply(form=reject_form("say a little more"), result=Result.REFUSED)
    await button(page, "A1", "Reject").click()
    dialog = page.get_by_role("dialog", name="Reject A1")
    await dialog.get_by_label("Own words").fill("no")
    await dialog.get_by_role("button", name="Reject", exact=True).click()
    await expect(dialog.get_by_label("Own words")).to_have_accessible_description("say a little more")
    await expect(dialog.get_by_label("Own words")).to_have_value("no")
    await expect(dialog.get_by_label("Own words")).to_be_focused()

    live_site.script.replies["form reject:A1:0"] = Reply("Rejected A1.")
    await dialog.get_by_role("radio", name="A copy").check()
    await dialog.get_by_role("button", name="Reject", exact=True).click()
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_text("Rejected A1.")).to_be_visible()
    values = [values for kind, _, _, values in live_site.script.heard if kind == "form"]
    assert values == [{"reason": "", "words": "no"}, {"reason": "copy", "words": "no"}]


async def test_a_form_that_gets_no_answer_loses_nothing(page: Page, live_site: Desk) -> None:
    await live_site.send(waiting("A1"))
    live_site.script.replies["press reject:A1:0"] = Reply(form=reject_form())
    await button(page, "A1", "Reject").click()
    dialog = page.get_by_role("dialog", name="Reject A1")
    await dialog.get_by_label("Own words").fill("a long explanation")
    await live_site.close()
    await dialog.get_by_role("button", name="Reject", exact=True).click()
    await expect(dialog.get_by_role("alert")).to_contain_text("No answer from the bot")
    await live_site.serve()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    live_site.script.replies["form reject:A1:0"] = Reply("Rejected A1.")
    await dialog.get_by_role("button", name="Reject", exact=True).click()
    await expect(page.get_by_text("Rejected A1.")).to_be_visible()
    assert live_site.script.heard[-1][3]["words"] == "a long explanation"


async def test_a_card_in_a_reply_is_seen_by_one_and_its_buttons_work(
    page: Page, browser: Browser, live_site: Desk
) -> None:
    await live_site.send(waiting("A1"))
    more = Card("More for A1", buttons=waiting("A1").buttons[:1])
    live_site.script.replies["press more:A1:0"] = Reply(card=more)
    context = await browser.new_context()
    ben = await context.new_page()
    await ben.goto(await live_site.link(BEN))
    await button(page, "A1", "More").click()
    reply = page.get_by_role("region", name="Only you see this")
    await expect(reply.get_by_role("heading", name="More for A1")).to_be_visible()
    await expect(ben.get_by_text("More for A1")).to_have_count(0)
    live_site.script.replies["press approve:A1:0"] = Reply("Approved with a bonus.")
    await reply.get_by_role("button", name="Approve", exact=True).click()
    await expect(reply.get_by_text("Approved with a bonus.")).to_be_visible()
    await reply.get_by_role("button", name="Dismiss").click()
    await expect(reply).to_be_hidden()
    await context.close()


async def test_an_answer_that_comes_late_leaves_the_card_that_is_being_read(page: Page, live_site: Desk) -> None:
    post = Button("confirm:op-1:0", "Post", Tone.SUCCESS)
    script = live_site.script
    script.replies["command one"] = Reply(card=Card("The first", buttons=(post,)))
    script.replies["command two"] = Reply(card=Card("The second", buttons=(replace(post, id="confirm:op-2:0"),)))
    script.replies["press confirm:op-1:0"] = Reply(card=Card("The first", badge="Posted"))
    script.replies["press confirm:op-2:0"] = Reply("The second is on its way.")
    held = asyncio.Event()

    async def wait(actor: Actor, what: str) -> None:
        if what == "confirm:op-1:0":
            await held.wait()

    script.after = wait
    reply = page.get_by_role("region", name="Only you see this")
    line = page.get_by_role("combobox", name="Command")
    for word in ("one", "two"):
        await line.fill(word)
        await line.press("Escape")
        await line.press("Enter")
        await expect(reply.get_by_role("heading", name=f"The {'first' if word == 'one' else 'second'}")).to_be_visible()
        if word == "one":
            await reply.get_by_role("button", name="Post").click()
    held.set()
    await expect(page.get_by_text("The first: Posted")).to_be_visible()
    await expect(reply.get_by_role("heading", name="The second")).to_be_visible()
    await reply.get_by_role("button", name="Post").click()
    await expect(reply.get_by_text("The second is on its way.")).to_be_visible()


async def test_commands_complete_run_and_are_remembered(page: Page, live_site: Desk) -> None:
    live_site.script.completions = [
        Completion("balance", "balance", "what can be spent"),
        Completion("account=", "account="),
        Completion("pending", "pending"),
    ]
    live_site.script.replies["command balance account=main"] = Reply(card=Card("Balance", blocks=(Text("$182.40"),)))
    line = page.get_by_role("combobox", name="Command")
    await line.press_sequentially("/b")
    await expect(page.get_by_role("option", name="balance")).to_be_visible()
    await line.press("ArrowDown")
    await expect(page.get_by_role("option", name="balance")).to_have_attribute("aria-selected", "true")
    await line.press("Enter")
    await expect(line).to_have_value("/balance ")
    await line.press_sequentially("acc")
    await expect(page.get_by_role("option")).to_have_count(1)
    await line.press("Tab")
    await expect(line).to_have_value("/balance account=")
    await line.press_sequentially("main")
    await line.press("Enter")
    await expect(page.get_by_text("$182.40")).to_be_visible()
    await expect(line).to_have_value("")
    await line.press("ArrowUp")
    await expect(line).to_have_value("/balance account=main")
    assert live_site.script.acts() == [("command", "balance account=main")]


async def test_pictures_open_large_and_turn_by_keys(page: Page, live_site: Desk) -> None:
    live_site.album.pictures |= {"one": (png("#5865d8"), "image/png"), "two": (png("#17996b"), "image/png")}
    pictures = tuple(Picture(key, f"Screenshot {key}", PictureState.READY) for key in ("one", "two"))
    await live_site.send(waiting("A1", blocks=pictures))
    await page.get_by_role("link", name="Open picture: Screenshot one").click()
    viewer = page.get_by_role("dialog", name="Picture")
    large = viewer.get_by_role("img")
    await expect(large).to_have_js_property("naturalWidth", 360)
    await expect(large).to_have_accessible_name("Screenshot one")
    await page.keyboard.press("ArrowRight")
    await expect(large).to_have_accessible_name("Screenshot two")
    await page.keyboard.press("ArrowRight")
    await expect(large).to_have_accessible_name("Screenshot one")
    await page.keyboard.press("Escape")
    await expect(viewer).to_be_hidden()


async def test_the_page_catches_up_by_itself_after_a_restart(page: Page, live_site: Desk) -> None:
    refs = await decide_for_real(live_site, "A1")
    await expect(article(page, "A1")).to_be_visible()
    await live_site.close()
    await expect(page.get_by_text("Reconnecting")).to_be_visible()
    await live_site.send(waiting("A2", "Came meanwhile"))
    await live_site.adapter.edit(refs["A1"], settled(waiting("A1"), "Approved by ben"))
    await live_site.serve()
    await expect(article(page, "Came meanwhile A2")).to_be_visible()
    await expect(page.get_by_text("Approved by ben")).to_have_count(1)
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()


async def test_a_removed_person_is_shown_out(page: Page, live_site: Desk) -> None:
    await live_site.send(waiting("A1"))
    await expect(article(page, "A1")).to_be_visible()
    del live_site.people.people["ana"]
    await live_site.send(waiting("A2"))
    await expect(page.get_by_role("heading", name="You have no role here")).to_be_visible()
    await expect(page.get_by_role("article")).to_have_count(0)


async def test_signing_out_by_the_menu(page: Page, live_site: Desk) -> None:
    await page.get_by_label("You: ana").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()


async def test_a_change_elsewhere_does_not_move_what_is_being_read(page: Page, live_site: Desk) -> None:
    long = Text("\n".join(f"line {n}" for n in range(12)), quoted=True)
    refs = [await live_site.send(waiting(f"A{n}", blocks=(long,))) for n in range(1, 7)]
    await expect(article(page, "A6")).to_be_visible()
    for _ in range(4):
        await page.keyboard.press("j")
    reading = article(page, "A4")
    await expect(reading).to_have_attribute("aria-current", "true")
    before = await reading.bounding_box()
    for n, ref in enumerate(refs[:3], 1):
        await live_site.adapter.edit(ref, settled(waiting(f"A{n}", blocks=(long,))))
        await expect(button(page, f"A{n}", "Undo")).to_be_attached()
    await live_site.send(waiting("A7"))
    await expect(article(page, "A7")).to_be_attached()
    after = await reading.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 2


async def test_hostile_text_neither_runs_nor_breaks_the_layout(page: Page, live_site: Desk) -> None:
    hostile = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    blocks = (
        Fields((Field(hostile, "x" * 100_000),)),
        Text("y" * 100_000, quoted=True),
        Text("\u202eslaisrever\u202c @everyone " + "a\u0300\u0301\u0302" * 300, title=hostile, quoted=True),
        Picture("", hostile, PictureState.REFUSED, hostile, "http://127.0.0.1/" + "z" * 2000),
    )
    for width in (1280, 390):
        await page.set_viewport_size({"width": width, "height": 844})
        await live_site.send(waiting("A1", "w" * 100_000 + str(width), blocks=blocks), key=str(width))
        card = page.get_by_role("article").last
        await expect(card.get_by_role("button", name="Approve", exact=True)).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await card.get_by_role("button", name="Show the whole text").first.click()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await expect(page).to_have_title("(2) botcore")


async def test_every_control_has_a_name_and_every_id_is_there_once(page: Page, live_site: Desk) -> None:
    live_site.album.pictures["k"] = (png("#123456"), "image/png")
    picture = Picture("k", "Screenshot", PictureState.READY)
    soon = Fields((Field("Left", "", live_site.clock.now() + timedelta(minutes=20), countdown=True),))
    await live_site.send(waiting("A1", blocks=(soon, picture)))
    await expect(article(page, "A1")).to_be_visible()
    nameless = await page.evaluate(
        """[...document.querySelectorAll("button, a, input, summary, select, textarea")].filter(
            (e) => !(e.ariaLabel || e.textContent.trim() || e.labels?.length || e.type === "hidden")
        ).map((e) => e.outerHTML)"""
    )
    assert nameless == []
    twice = await page.evaluate(
        """[...document.querySelectorAll("[id]")].map((e) => e.id).filter((id, i, all) => all.indexOf(id) !== i)"""
    )
    assert twice == []
    await expect(page.locator("time.danger")).to_have_text("19 min left")


async def test_somebody_without_a_role_learns_the_id_to_pass_on(browser: Browser, live_site: Desk) -> None:
    stranger = Person("zoe", ANA.role, {"web": "zoe"})
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(await live_site.link(stranger))
    await expect(page.get_by_role("heading", name="You have no role here")).to_be_visible()
    await expect(page.get_by_text("zoe", exact=True)).to_be_visible()
    await context.close()


async def test_news_appears_by_itself_in_a_list_of_its_own_and_waits_for_nobody(page: Page, live_site: Desk) -> None:
    bars = Chart("Rated a day", ("4 Jan", "5 Jan"), (Series("approved", (3.0, 5.0), Tone.SUCCESS),))
    now = Button("review:n-1:0", "Review now")
    await live_site.send(Card("The day", "notice:n-1", blocks=(bars,), buttons=(now,)))
    news = page.locator("#news-list")
    await expect(news.get_by_role("img", name="Rated a day: 4 Jan 3, 5 Jan 5")).to_be_visible()
    await expect(page.locator("#count")).to_have_text("0")
    live_site.script.replies["press review:n-1:0"] = Reply("Your queue.")
    await news.get_by_role("button", name="Review now").click()
    await expect(page.get_by_text("Your queue.")).to_be_visible()
    assert live_site.script.acts() == [("press", "review:n-1:0")]
    await page.reload()
    await expect(news.get_by_role("heading", name="The day")).to_be_visible()
