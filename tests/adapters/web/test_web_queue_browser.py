"""A queue's card in a real Chromium, with a scripted bot behind it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from botcore.adapter import Actor
from botcore.ui import (
    Button,
    Card,
    Form,
    Input,
    InputKind,
    MessageRef,
    Picture,
    PictureState,
    Reply,
    Result,
    Text,
    Tone,
)

from .desk import Desk, png, queue, settled, waiting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LONG = Text("\n".join(f"line {n}" for n in range(17)), title="Long", quoted=True)
LONGER = Text("\n".join(f"line {n}" for n in range(60)), title="Longer", quoted=True)


def shown(n: int, **more: Any) -> Card:
    """The queue's card with its nth submission in hand, of 143."""
    last = f"A{n - 1} approved by ana" if n > 1 else ""
    return queue(f"A{n}", last=last, **{"count": 144 - n, "blocks": (LONG,) * 4, **more})


class Queue:
    """A channel's queue that moves on at every press, as the bot's does; `held` keeps it from being redrawn."""

    def __init__(self, site: Desk, ref: MessageRef) -> None:
        self.site = site
        self.ref = ref
        self.held = False
        site.script.after = self._press
        for n in range(1, 9):
            site.script.replies[f"press approve:q-3:{n}"] = Reply(f"A{n} approved. Undo within 20 s.")

    async def show(self, n: int, **more: Any) -> None:
        await self.site.adapter.edit(self.ref, shown(n, **more))

    async def _press(self, actor: Actor, pressed: str) -> None:
        verb, _, rest = pressed.partition(":")
        if not self.held and verb in ("approve", "skip", "undo"):
            await self.show(int(rest.rpartition(":")[2]) + (verb != "undo"))


async def with_queue(site: Desk) -> Queue:
    return Queue(site, await site.send(shown(1)))


def card(page: Page) -> Locator:
    return page.locator("article.queue")


def approve(page: Page) -> Locator:
    return card(page).get_by_role("button", name="Approve", exact=True)


async def in_hand(page: Page, n: int) -> None:
    await expect(page.get_by_role("article", name=f"A{n} Follow a page")).to_be_visible()


async def test_the_queue_is_worked_through_by_keyboard(page: Page, live_site: Desk) -> None:
    await with_queue(live_site)
    await in_hand(page, 1)
    await expect(page.locator("#count")).to_have_text("143")
    await page.keyboard.press("j")
    for n, key in enumerate("aas", 1):
        await in_hand(page, n)
        await expect(approve(page)).to_be_enabled()
        await page.keyboard.press(key)
    await in_hand(page, 4)
    await expect(approve(page)).to_be_enabled()
    await page.keyboard.press("u")
    await in_hand(page, 3)
    await expect(card(page)).to_have_attribute("aria-current", "true")
    await expect(card(page)).to_be_focused()
    await expect(page).to_have_title("(141) botcore")
    assert [what for _, what in live_site.script.acts()] == [
        "approve:q-3:1",
        "approve:q-3:2",
        "skip:q-3:3",
        "undo:q-3:3",
    ]


async def test_a_key_before_the_next_submission_is_there_does_nothing(page: Page, live_site: Desk) -> None:
    line = await with_queue(live_site)
    line.held = True
    await in_hand(page, 1)
    await page.keyboard.press("j")
    await page.keyboard.press("a")
    await expect(page.get_by_text("A1 approved.")).to_be_visible()
    await page.keyboard.press("a")
    await page.keyboard.press("r")
    await approve(page).click(force=True)
    await line.show(2, tone=Tone.WARNING)
    await expect(card(page).get_by_text("Flagged")).to_be_visible()
    await expect(approve(page)).to_be_enabled()
    await page.keyboard.press("a")
    await expect(page.get_by_text("A2 approved.")).to_be_visible()
    assert [what for _, what in live_site.script.acts()] == ["approve:q-3:1", "approve:q-3:2"]
    await expect(page.locator(".toast[data-result=refused]")).to_have_count(0)


async def test_a_queue_that_is_not_redrawn_can_be_used_again_soon(page: Page, live_site: Desk) -> None:
    line = await with_queue(live_site)
    line.held = True
    live_site.script.hold = asyncio.Event()
    await approve(page).click()
    await expect(approve(page)).to_be_disabled()
    live_site.script.hold.set()
    await expect(approve(page)).to_be_enabled()
    await expect(card(page)).to_have_attribute("data-hand", "q-3:1")


async def test_a_key_meant_for_what_somebody_else_just_decided_does_not_hit_the_next(
    page: Page, live_site: Desk
) -> None:
    line = await with_queue(live_site)
    await in_hand(page, 1)
    await page.keyboard.press("j")
    await page.evaluate(
        """() => new MutationObserver((_, observer) => {
            if (document.querySelector(".queue").dataset.hand !== "q-3:2") return;
            observer.disconnect();
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true }));
        }).observe(document.getElementById("open"), { childList: true })"""
    )
    await line.show(2)
    await in_hand(page, 2)
    await expect(approve(page)).to_be_enabled()
    assert live_site.script.acts() == []


async def test_a_refused_press_says_why_and_leaves_the_card_free(page: Page, live_site: Desk) -> None:
    line = await with_queue(live_site)
    line.held = True
    live_site.script.replies["press approve:q-3:1"] = Reply("Ben was first.", result=Result.REFUSED)
    await approve(page).click()
    await expect(page.get_by_text("Ben was first.")).to_be_visible()
    await expect(approve(page)).to_be_enabled()


async def test_the_buttons_stay_in_sight_and_the_next_submission_starts_at_its_top(page: Page, live_site: Desk) -> None:
    await with_queue(live_site)
    await in_hand(page, 1)
    await page.keyboard.press("j")
    for width, height in ((1280, 800), (390, 844)):
        await page.set_viewport_size({"width": width, "height": height})
        await page.mouse.move(180, 400)
        await page.mouse.wheel(0, 700)
        await page.wait_for_function("() => scrollY > 500")
        await expect(approve(page)).to_be_in_viewport(ratio=1)
        hand = await card(page).get_attribute("data-hand") or ""
        await expect(approve(page)).to_be_enabled()
        await page.keyboard.press("a")
        await expect(card(page)).not_to_have_attribute("data-hand", hand)
        await expect(card(page).locator(".strip")).to_be_in_viewport(ratio=1)
        await expect(approve(page)).to_be_in_viewport(ratio=1)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_change_of_the_counts_disturbs_nobody(page: Page, live_site: Desk) -> None:
    line = await with_queue(live_site)
    await line.show(1, count=200, blocks=(LONGER,))
    await card(page).get_by_role("button", name="Show the whole text").click()
    await approve(page).hover()
    await page.mouse.down()
    await line.show(1, count=500, footer="task 7", blocks=(LONGER,))
    await expect(page.locator("#count")).to_have_text("500")
    await expect(card(page).get_by_role("button", name="Show less")).to_be_visible()
    await page.mouse.up()
    await expect(page.get_by_text("A1 approved.")).to_be_visible()
    assert live_site.script.acts() == [("press", "approve:q-3:1")]


async def test_a_form_is_sent_by_keys_and_leads_back_to_the_queue(page: Page, live_site: Desk) -> None:
    line = await with_queue(live_site)
    words = Input("words", "Own words", InputKind.PARAGRAPH)
    live_site.script.replies["press revise:q-3:1"] = Reply(form=Form("revise:q-3:1", "Revise A1", (words,)))
    live_site.script.replies["form revise:q-3:1"] = Reply("A1 sent back.")
    await in_hand(page, 1)
    await page.keyboard.press("j")
    await page.keyboard.press("v")
    await expect(page.get_by_label("Own words")).to_be_focused()
    await page.keyboard.type("as a rule")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("A1 sent back.")).to_be_visible()
    await page.keyboard.press("a")
    await line.show(2)
    await in_hand(page, 2)
    await expect(approve(page)).to_be_enabled()
    await expect(card(page)).to_be_focused()
    assert live_site.script.acts() == [("press", "revise:q-3:1"), ("form", "revise:q-3:1")]


async def test_a_queue_comes_before_single_cards_whenever_it_opens(page: Page, live_site: Desk) -> None:
    await live_site.send(settled(waiting("A9")))
    ref = await live_site.send(Card("Queue", "queue:q-3", badge="Done", count=0))
    await live_site.send(waiting("A8", "A single one"))
    await expect(page.get_by_role("article", name="A single one")).to_be_visible()
    await live_site.adapter.edit(ref, shown(1))  # it stood under Recent
    await in_hand(page, 1)
    assert await page.locator("#open > article").evaluate_all("all => all.map((card) => card.id)") == ["m2", "m3"]
    await expect(page.locator("#more")).to_be_hidden()
    await page.reload()
    await in_hand(page, 1)
    assert await page.locator("#open > article").evaluate_all("all => all.map((card) => card.id)") == ["m2", "m3"]


async def own_queue(page: Page, site: Desk) -> Locator:
    """Opens a queue of one's own; every press in it is answered with the next card."""
    site.script.replies["press alone:q-3:1"] = Reply(card=queue("A2", 4))
    for n in range(2, 5):
        reply = Reply(f"A{n} approved.", card=queue(f"A{n + 1}", 4, last=f"A{n} approved by ana"), replaces=True)
        site.script.replies[f"press approve:q-4:{n}"] = reply
    await card(page).get_by_role("button", name="Review alone").click()
    return page.locator("#own-card")


async def test_a_queue_of_ones_own_is_worked_through_in_place(page: Page, live_site: Desk) -> None:
    line = await with_queue(live_site)
    line.held = True
    own = await own_queue(page, live_site)
    await expect(own.get_by_text("Only you see this")).to_be_visible()
    await expect(own).to_be_focused()
    for n in (2, 3):
        await expect(own).to_have_attribute("data-hand", f"q-4:{n}")
        await expect(own.get_by_role("button", name="Approve", exact=True)).to_be_enabled()
        await page.keyboard.press("a")
    await expect(own).to_have_attribute("data-hand", "q-4:4")
    await expect(own).to_be_focused()
    await page.keyboard.press("Escape")
    live_site.script.replies["press more:A4:0"] = Reply(card=Card("More for A4"))
    await own.get_by_role("button", name="More").click()
    await expect(page.locator("#reply").get_by_text("More for A4")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#reply")).to_be_hidden()
    await expect(own).to_have_attribute("data-hand", "q-4:4")
    assert [what for _, what in live_site.script.acts()] == [
        "alone:q-3:1",
        "approve:q-4:2",
        "approve:q-4:3",
        "more:A4:0",
    ]


async def test_a_queue_of_ones_own_ends_and_gives_the_keys_back_to_the_channels(page: Page, live_site: Desk) -> None:
    await with_queue(live_site)
    own = await own_queue(page, live_site)
    done = Card("Queue", "queue:q-4", badge="Done", blocks=(Text("Stopped."),), count=0)
    live_site.script.replies["press approve:q-4:2"] = Reply("A2 approved.", card=done, replaces=True)
    await own.get_by_role("button", name="Approve", exact=True).click()
    await expect(own).to_have_count(0)
    await expect(page.locator("#reply").get_by_text("Stopped.")).to_be_visible()
    await expect(card(page)).to_have_attribute("aria-current", "true")


async def test_a_queue_of_ones_own_that_ran_dry_goes_on_when_there_is_more(page: Page, live_site: Desk) -> None:
    await with_queue(live_site)
    own = await own_queue(page, live_site)
    stop = (Button("stop:q-4:0", "Stop"),)
    dry = Card("Queue", "queue:q-4", blocks=(Text("Nothing is left to decide."),), buttons=stop, count=0)
    live_site.script.replies["press approve:q-4:2"] = Reply("A2 approved.", card=dry, replaces=True)
    live_site.script.replies["press alone:q-4:0"] = Reply(card=dry)  # of the same accounts, which `review` forgets
    await own.get_by_role("button", name="Approve", exact=True).click()
    await expect(own.get_by_text("Nothing is left to decide.")).to_be_visible()
    live_site.script.replies["press alone:q-4:0"] = Reply(card=queue("A5", 4))
    await live_site.send(waiting("A9"))
    await expect(own).to_have_attribute("data-hand", "q-4:5")
    await expect(own).to_have_attribute("aria-current", "true")


async def test_a_refused_press_in_a_queue_of_ones_own_keeps_it(page: Page, live_site: Desk) -> None:
    await with_queue(live_site)
    own = await own_queue(page, live_site)
    late = Reply("Ben was first.", card=queue("A7", 4), replaces=True, result=Result.REFUSED)
    live_site.script.replies["press approve:q-4:2"] = late
    await own.get_by_role("button", name="Approve", exact=True).click()
    await expect(page.get_by_text("Ben was first.")).to_be_visible()
    await expect(own).to_have_attribute("data-hand", "q-4:7")


async def test_a_comparison_stands_wide_beside_the_queue_until_it_goes_on(page: Page, live_site: Desk) -> None:
    live_site.album.pictures["k"] = (png("#123456"), "image/png")
    await with_queue(live_site)
    pictures = tuple(Picture("k", name, PictureState.READY) for name in ("#A1 (98 %)", "#A7 (98 %)"))
    live_site.script.replies["press compare:A1:0"] = Reply(card=Card("#A1 beside #A7", blocks=pictures))
    await page.keyboard.press("j")
    await card(page).get_by_role("button", name="Compare").click()
    one, other = [await page.locator(f"#reply .thumb >> nth={n}").bounding_box() for n in (0, 1)]
    assert one is not None
    assert other is not None
    assert one["y"] == other["y"]
    assert other["x"] > one["x"] + one["width"]
    await expect(approve(page)).to_be_in_viewport(ratio=1)
    await expect(approve(page)).to_be_enabled()
    await page.keyboard.press("a")
    await in_hand(page, 2)
    await expect(page.locator("#reply")).to_be_hidden()


async def test_a_page_out_of_sight_keeps_no_stream_and_catches_up_when_it_is_seen(page: Page, live_site: Desk) -> None:
    async def see(hidden: bool) -> None:
        await page.evaluate(
            """hidden => {
                Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
                document.dispatchEvent(new Event("visibilitychange"));
            }""",
            hidden,
        )

    streams = live_site.adapter._wakers._events
    await live_site.send(waiting("A1", "Seen"))
    await expect(page.get_by_role("article", name="Seen")).to_be_visible()
    assert len(streams) == 1
    await see(hidden=True)
    async with asyncio.timeout(60):
        while streams:
            live_site.adapter._wakers.wake()  # a stream notices a closed connection when it has something to say
            await asyncio.sleep(0.05)
    await live_site.send(waiting("A2", "Missed"))
    await expect(page.get_by_role("article", name="Missed")).to_have_count(0)
    await see(hidden=False)
    await expect(page.get_by_role("article", name="Missed")).to_be_visible()
