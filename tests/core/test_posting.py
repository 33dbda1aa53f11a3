"""Jobs from a draft to the market: checked, priced, guarded, and posted once."""

from __future__ import annotations

import asyncio
import csv
import io
from dataclasses import replace
from decimal import Decimal

import pytest

from botcore.adapter import Actor
from botcore.notices.words import BOUGHT
from botcore.operations import operation_name
from botcore.posting.drafts import change, draft_name, find_draft
from botcore.provider import OutcomeUnknown, Refused, Unavailable
from botcore.ui import Card, Fields, File, Form, Reply, Result
from tests.core.rig import LIMITS, PEOPLE, Rig, Rigs, Setup, actor, until, words

GOOD = {
    "title": "Sign up at ACME",
    "category": "0101",
    "zone": "int",
    "price": "0.10",
    "positions": "25",
    "instructions": "Visit the ACME site\nCreate an account",
    "proofs": "screenshot: Your profile",
}
MINUTE = 60


@pytest.fixture
async def rig(rigs: Rigs) -> Rig:
    return await rigs.start(Setup(limits=replace(LIMITS, daily_spend=Decimal(50))))


async def guarded(rigs: Rigs, *, per_job: Decimal | None = None, second_person_above: Decimal | None = None) -> Rig:
    """With a manager beside the owner."""
    allowed = replace(LIMITS, daily_spend=Decimal(50), per_job=per_job, second_person_above=second_person_above)
    return await rigs.start(Setup(limits=allowed))


def form_of(reply: Reply) -> Form:
    assert reply.form is not None, reply.text
    return reply.form


def card_of(reply: Reply) -> Card:
    assert reply.card is not None, reply.text
    return reply.card


def labels(reply: Reply) -> list[str]:
    return [button.label for button in card_of(reply).buttons]


def button(reply: Reply, label: str) -> str:
    return next(each.id for each in card_of(reply).buttons if each.label == label)


def facts(card: Card) -> dict[str, str]:
    return {f.name: f.value for block in card.blocks if isinstance(block, Fields) for f in block.fields}


async def written(rig: Rig, who: str = "mia", **other: str) -> Reply:
    """A draft with these answers, priced."""
    form = form_of(await rig.say(who, "job post"))
    return await rig.fill_in(who, form.id, **{**GOOD, **other})


async def posted(rig: Rig, who: str = "mia", **other: str) -> Reply:
    reply = await written(rig, who, **other)
    return await rig.patiently(rig.press(who, button(reply, "Post")))


# --- written


async def test_a_job_is_written_priced_and_posted(rig: Rig) -> None:
    ready = await written(rig)
    assert card_of(ready).badge == "Ready"
    assert labels(ready) == ["Post", "Edit", "More options", "Save as template", "Discard"]
    shown = facts(card_of(ready))
    assert shown["25 × $0.10"] == "$2.50"
    assert shown["Total"] == "$2.50"
    assert shown["Balance"] == "$12.34, then $9.84"
    assert "1. Visit the ACME site" in words(card_of(ready))
    assert rig.market.posts == []
    done = await rig.patiently(rig.press("mia", button(ready, "Post")))
    assert (done.result, card_of(done).badge) == (Result.DONE, "Running")
    (draft,) = rig.market.posts
    assert (draft.text("title"), draft.money("price"), draft.number("positions")) == (
        "Sign up at ACME",
        Decimal("0.10"),
        25,
    )
    assert draft.texts("instructions") == ("Visit the ACME site", "Create an account")
    assert rig.market.posted == ["P1"]
    assert await rig.value("SELECT amount FROM spending WHERE job = 'main/P1'") == "2.50"


async def test_what_a_job_cost_stands_in_its_own_report_and_beside_it_in_the_export(rig: Rig) -> None:
    await posted(rig)
    report = await rig.say("mia", "report 7 P1")
    assert facts(card_of(report))[BOUGHT] == "$2.50"
    file = (await rig.say("mia", "export spending")).file
    assert file is not None
    assert [(row["job"], row["amount"]) for row in csv.DictReader(io.StringIO(file.text))] == [("P1", "2.50")]


async def test_a_reviewer_writes_and_a_manager_posts(rig: Rig) -> None:
    reply = await written(rig, "rob")
    refused = await rig.press("rob", button(reply, "Post"))
    assert refused.text == "This needs a manager."
    done = await rig.patiently(rig.press("mia", button(reply, "Post")))
    assert done.result is Result.DONE
    assert (await rig.say("vera", "job post")).text.startswith("`job post` needs a reviewer")


async def test_what_was_typed_is_kept_whatever_is_wrong_with_it(rig: Rig) -> None:
    form = form_of(await rig.say("mia", "job post"))
    again = await rig.fill_in("mia", form.id, **{**GOOD, "price": "cheap", "positions": "5", "title": ""})
    assert again.result is Result.REFUSED
    errors = {item.name: item.error for item in form_of(again).inputs if item.error}
    assert errors == {
        "title": "Title is missing",
        "price": "Price is an amount of dollars, such as 0.10",
        "positions": "How many is from 10 to 9999",
    }
    assert {item.name: item.value for item in form_of(again).inputs}["price"] == "cheap"
    fixed = await rig.fill_in("mia", form_of(again).id, title="Sign up", price="0.05", positions="10")
    assert card_of(fixed).badge == "Ready"
    assert facts(card_of(fixed))["Total"] == "$0.50"


async def test_rules_about_several_answers_are_told_at_their_field(rig: Rig) -> None:
    await rig.say("mia", "catalogue categories")
    await rig.settle()
    form = form_of(await rig.say("mia", "job post"))
    again = await rig.fill_in("mia", form.id, **{**GOOD, "price": "0.01"})
    assert [item.error for item in form_of(again).inputs if item.error] == ["Price is at least $0.05 in this category"]


async def test_a_form_is_looked_at_while_it_is_filled_in(rig: Rig) -> None:
    form = form_of(await rig.say("mia", "job post"))
    assert form.live
    looked = await rig.dispatch.check_form(actor("mia"), form.id, {"price": "0.10", "positions": "30", "title": "x"})
    assert looked is not None
    assert looked.note == "Total $3.00"
    assert {item.name for item in looked.inputs if item.error} == {"instructions"}
    assert await rig.value("SELECT version FROM drafts") == 1
    assert await rig.dispatch.check_form(actor("vera"), form.id, {}) is None


async def test_more_options_are_forms_by_their_headings(rig: Rig) -> None:
    ready = await written(rig)
    options = await rig.press("mia", button(ready, "More options"))
    assert labels(options) == ["Extras", "Who", "Back"]
    assert card_of(await rig.press("mia", button(options, "Back"))) == card_of(ready)
    extras = form_of(await rig.press("mia", button(options, "Extras")))
    assert [item.name for item in extras.inputs] == ["notes", "quiet"]
    changed = await rig.fill_in("mia", extras.id, notes="Be kind.", quiet="yes")
    assert "Notes: Be kind." in words(card_of(changed))
    assert facts(card_of(changed))["Hidden"] == "yes"
    await rig.patiently(rig.press("mia", button(changed, "Post")))
    assert (rig.market.posts[0].text("notes"), rig.market.posts[0].flag("quiet")) == ("Be kind.", True)


async def test_somebody_elses_changes_are_not_overwritten_unseen(rig: Rig) -> None:
    form = form_of(await rig.say("mia", "job post"))
    await rig.fill_in("rob", form.id, **{**GOOD, "title": "Robs"})
    mine = await rig.fill_in("mia", form.id, title="Mine", price="0.20")
    assert mine.text == "Somebody else has changed this draft meanwhile: look at it, and send it again."
    assert {item.name: item.value for item in form_of(mine).inputs}["title"] == "Mine"
    assert (await rig.fill_in("mia", form_of(mine).id, title="Mine")).card is not None


async def test_what_the_marketplace_says_against_it_is_shown(rig: Rig) -> None:
    rig.market.errors["quote"] = [Refused("Too many links.")]
    reply = await written(rig)
    assert (reply.result, card_of(reply).badge) == (Result.REFUSED, "Not ready")
    assert "Scripted: Too many links." in words(card_of(reply))
    assert "Post" not in labels(reply)


async def test_a_marketplace_that_is_away_keeps_the_draft(rig: Rig) -> None:
    rig.market.errors["quote"] = [Unavailable("down")]
    form = form_of(await rig.say("mia", "job post"))
    assert (await rig.fill_in("mia", form.id, **GOOD)).text == "The marketplace: down."
    shown = await rig.say("mia", "job draft draft-1")
    assert labels(shown)[0] == "Price it"
    priced = await rig.press("mia", button(shown, "Price it"))
    assert card_of(priced).badge == "Ready"


async def test_a_draft_begun_here_is_finished_there(rig: Rig) -> None:
    await rig.say("rob", "job post title='x'")
    listed = await rig.say("mia", "job drafts")
    assert draft_name(1) in str(listed.card)
    opened = await rig.say("mia", "job draft 1")
    edited = form_of(await rig.press("mia", button(opened, "Edit")))
    assert card_of(await rig.fill_in("mia", edited.id, **GOOD)).badge == "Ready"


async def test_a_file_goes_straight_to_its_price(rig: Rig) -> None:
    text = """
title = "Sign up at ACME"
category_id = "0101"
price = 0.10
positions = 25
instructions = ["Visit the ACME site", "Create an account"]
proofs = [{ description = "Your profile", type = "screenshot" }]
"""
    reply = await rig.dispatch.command(actor("mia"), "job post", File("job.toml", text))
    assert (reply.result, card_of(reply).badge) == (Result.NEEDS_CONFIRMATION, "Ready")
    assert facts(card_of(reply))["Total"] == "$2.50"


async def test_all_that_is_wrong_with_a_file_is_told_at_once(rig: Rig) -> None:
    text = '{"titel": "x", "price": "cheap", "positions": 3, "instructions": [], "proofs": ["a photo"]}'
    reply = await rig.dispatch.command(actor("mia"), "job post", File("job.json", text))
    assert reply.result is Result.REFUSED
    for said in (
        "titel is no field of a job there (did you mean title?)",
        "title is missing",
        "price is an amount of dollars",
        "positions is from 10 to 9999",
        "instructions is missing",
        "each begins with screenshot: or text:",
    ):
        assert said in reply.text
    assert (await rig.dispatch.command(actor("mia"), "job post", File("j", "= 1"))).text.startswith("J cannot be read")


async def test_a_job_is_cloned_into_a_draft(rig: Rig) -> None:
    await posted(rig)
    form = form_of(await rig.say("mia", "job clone P1"))
    assert {item.name: item.value for item in form.inputs}["title"] == "Sign up at ACME"
    again = await rig.fill_in("mia", form.id, title="Another")
    await rig.patiently(rig.press("mia", button(again, "Post")))
    assert [draft.text("title") for draft in rig.market.posts] == ["Sign up at ACME", "Another"]


async def test_the_same_job_again_is_pointed_out(rig: Rig) -> None:
    await posted(rig)
    rig.clock.advance(5 * MINUTE)
    assert "The same was posted 5 min ago (P1): this would be another one." in words(card_of(await written(rig)))
    assert "The same" not in words(card_of(await written(rig, title="Another")))


async def test_a_discarded_draft_is_gone(rig: Rig) -> None:
    reply = await written(rig, "rob")
    post = button(reply, "Post")
    assert (await rig.press("mia", button(reply, "Discard"))).text == "Discarded draft-1."
    assert (await rig.press("mia", post)).text == "This was cancelled already."
    assert (await rig.say("mia", "job drafts")).card is not None
    assert rig.market.posts == []


# --- guarded


async def test_a_changed_draft_is_priced_again_before_it_is_posted(rig: Rig) -> None:
    old = await written(rig)
    form = form_of(await rig.press("mia", button(old, "Edit")))
    new = await rig.fill_in("mia", form.id, positions="50")
    assert (await rig.press("mia", button(old, "Post"))).text == "This was cancelled already."
    await rig.patiently(rig.press("mia", button(new, "Post")))
    assert [draft.number("positions") for draft in rig.market.posts] == [50]


async def test_a_draft_that_is_priced_twice_is_posted_once(rig: Rig) -> None:
    first = await written(rig)
    again = await rig.say("mia", "job draft draft-1")
    price = "price:draft-1:0"
    second, third = await asyncio.gather(rig.press("mia", price), rig.press("olga", price))
    presses = [rig.press("mia", button(reply, "Post")) for reply in (second, third) if "Post" in labels(reply)]
    ends = await rig.patiently_all([rig.press("mia", button(first, "Post")), *presses])
    assert [end.result for end in ends].count(Result.DONE) == 1
    assert (await rig.press("mia", button(again, "Post"))).text == "This was cancelled already."
    assert rig.market.posted == ["P1"]


async def test_what_is_being_posted_is_not_priced_anew(rig: Rig) -> None:
    await in_doubt(rig)
    assert (await rig.press("olga", "price:draft-1:0")).text == "This is being posted: wait for its end."
    assert await rig.value("SELECT count(*) FROM operations") == 1


async def test_a_price_that_comes_while_somebody_edits_is_not_posted(rig: Rig) -> None:
    """The old answers were priced after the editor had read the draft and before their change was kept."""
    rig.market.errors["quote"] = [Unavailable("down")]
    await rig.fill_in("mia", form_of(await rig.say("mia", "job post")).id, **GOOD)
    draft = await rig.store.read(find_draft, 1)
    assert draft is not None
    priced = await rig.press("mia", "price:draft-1:0")
    await rig.store.tx(change, draft, {**draft.answers, "positions": "50"}, draft.preview, "olga", rig.clock.ms())
    assert (await rig.press("mia", button(priced, "Post"))).text == "This was cancelled already."
    assert rig.market.posts == []


async def test_an_old_quote_is_asked_again_and_holds_where_nothing_changed(rig: Rig) -> None:
    reply = await written(rig)
    rig.clock.advance(11 * MINUTE)
    done = await rig.patiently(rig.press("mia", button(reply, "Post")))
    assert done.result is Result.DONE
    assert rig.market.posted == ["P1"]


async def test_an_old_quote_whose_price_has_changed_is_confirmed_anew(rig: Rig) -> None:
    reply = await written(rig)
    rig.clock.advance(11 * MINUTE)
    rig.market.fee = Decimal("0.10")
    asked = await rig.press("mia", button(reply, "Post"))
    assert (asked.result, asked.text) == (
        Result.NEEDS_CONFIRMATION,
        "It costs something else by now: look at it again.",
    )
    assert facts(card_of(asked))["Total"] == "about $2.75"
    assert rig.market.posts == []
    await rig.patiently(rig.press("mia", button(asked, "Post")))
    assert rig.market.posted == ["P1"]


async def test_a_new_price_is_confirmed_by_nobody_who_was_not_shown_it(rig: Rig) -> None:
    reply = await written(rig)
    post = button(reply, "Post")
    rig.clock.advance(11 * MINUTE)
    rig.market.fee = Decimal("0.10")
    both = await rig.patiently_all(rig.press(who, post) for who in ("mia", "olga"))
    late = await rig.patiently(rig.press("olga", post))
    for asked in (*both, late):
        assert asked.text == "It costs something else by now: look at it again."
        assert facts(card_of(asked))["Total"] == "about $2.75"
    assert rig.market.posts == []
    await rig.patiently(rig.press("olga", button(late, "Post")))
    assert rig.market.posted == ["P1"]


async def test_two_at_once_cannot_spend_more_than_the_day_allows(rigs: Rigs) -> None:
    rig = await guarded(rigs)
    replies = [await written(rig, title=f"Job {n}", price="1.00", positions="30") for n in range(2)]
    ends = await rig.patiently_all(
        rig.press(who, button(r, "Post")) for who, r in zip(("mia", "olga"), replies, strict=True)
    )
    assert sorted(end.result for end in ends) == [Result.DONE, Result.REFUSED]
    assert len(rig.market.posted) == 1


async def test_a_job_may_not_cost_more_than_a_job_may(rigs: Rigs) -> None:
    rig = await guarded(rigs, per_job=Decimal(3))
    assert "That would make $4.00 for this job; per_job is $3.00" in (await posted(rig, positions="40")).text
    assert (await posted(rig)).result is Result.DONE
    more = await rig.say("mia", "job add-positions P1 20")
    refused = await rig.press("mia", f"confirm:{operation_name(more.operations[0])}:0")
    assert refused.text == "That would make $4.50 for this job; per_job is $3.00."
    assert (await rig.say("mia", "job add-positions P1 5")).result is Result.NEEDS_CONFIRMATION


async def test_what_costs_much_takes_two_managers(rigs: Rigs) -> None:
    rig = await guarded(rigs, second_person_above=Decimal(2))
    reply = await written(rig)
    asked = await rig.press("mia", button(reply, "Post"))
    assert (asked.result, card_of(asked).badge) == (Result.NEEDS_CONFIRMATION, "Needs a second")
    await rig.settle()
    (card,) = rig.adapter.shown()
    assert "mia asked for it; $2.50 takes a second manager." in words(card)
    assert (await rig.press("mia", card.buttons[0].id)).text.startswith("You have asked for this already")
    assert (await rig.press("rob", card.buttons[0].id)).text == "This needs a manager."
    assert rig.market.posts == []
    done = await rig.patiently(rig.press("olga", card.buttons[0].id))
    assert done.result is Result.DONE
    assert rig.market.posted == ["P1"]


async def test_a_second_person_who_comes_late_confirms_the_same_price(rigs: Rigs) -> None:
    rig = await guarded(rigs, second_person_above=Decimal(2))
    asked = await rig.press("mia", button(await written(rig), "Post"))
    rig.clock.advance(3600)
    assert (await rig.patiently(rig.press("olga", button(asked, "Confirm")))).result is Result.DONE
    other = await rig.press("mia", button(await written(rig, title="Other"), "Post"))
    rig.clock.advance(3600)
    rig.market.fee = Decimal("0.10")
    again = await rig.press("olga", button(other, "Confirm"))
    assert again.text == "It costs something else by now: look at it again."
    assert len(rig.market.posted) == 1


async def test_who_was_let_out_is_not_one_of_two(rigs: Rigs) -> None:
    rig = await guarded(rigs, second_person_above=Decimal(2))
    await rig.say("olga", "person add eve manager memory=77")
    asked = await rig.dispatch.press(Actor("memory", "77", "Eve"), button(await written(rig), "Post"))
    await rig.say("olga", "person remove eve")
    reply = await rig.press("mia", button(asked, "Confirm"))
    assert reply.text == "Eve, who confirmed this first, may not any more: ask for it again."
    assert rig.market.posts == []


async def test_where_there_is_one_manager_the_setting_is_named(rigs: Rigs) -> None:
    limits = replace(LIMITS, daily_spend=Decimal(50), second_person_above=Decimal(2))
    rig = await rigs.start(Setup(limits=limits, people=tuple(p for p in PEOPLE if p.name != "mia")))
    reply = await written(rig, "olga")
    assert (await rig.press("olga", button(reply, "Post"))).text == (
        "$2.50 takes two managers, and there is only one: add another, or raise second_person_above, which is $2.00."
    )
    assert rig.market.posts == []


async def test_more_positions_take_two_managers_too(rigs: Rigs) -> None:
    rig = await guarded(rigs, second_person_above=Decimal(1))
    rig.market.edits["J1"] = {"positions": 40}
    asked = await rig.say("mia", "job add-positions J1 20")
    name = operation_name(asked.operations[0])
    assert (await rig.press("mia", f"confirm:{name}:0")).result is Result.NEEDS_CONFIRMATION
    assert rig.market.done == []
    await rig.patiently(rig.press("olga", f"confirm:{name}:0"))
    assert rig.market.done == ["add_positions J1 20"]


async def test_a_bonus_that_takes_two_is_not_given(rigs: Rigs) -> None:
    rig = await guarded(rigs, second_person_above=Decimal("0.50"))
    rig.market.add("a")
    await rig.poll()
    assert (
        "given by one person: second_person_above allows them $0.50"
        in (await rig.say("mia", "approve a bonus=0.60")).text
    )
    assert (await rig.say("mia", "approve a bonus=0.50")).result is Result.DONE


# --- posted once


async def test_a_double_click_posts_once(rig: Rig) -> None:
    post = button(await written(rig), "Post")
    ends = await rig.patiently_all(rig.press(who, post) for who in ("mia", "olga", "mia"))
    refused = [end.text for end in ends if end.result is Result.REFUSED]
    assert len(refused) == 2
    assert all(text.endswith(" confirmed this already.") for text in refused)
    assert rig.market.posted == ["P1"]


async def test_of_two_quotes_of_one_draft_the_newer_counts(rig: Rig) -> None:
    first = await written(rig)
    second = await rig.press("olga", "price:draft-1:0")
    assert (await rig.press("mia", button(first, "Post"))).text == "This was cancelled already."
    assert (await rig.patiently(rig.press("mia", button(second, "Post")))).result is Result.DONE
    assert rig.market.posted == ["P1"]


async def test_a_draft_that_is_being_posted_is_neither_priced_nor_changed(rig: Rig) -> None:
    await in_doubt(rig)
    for act in ("price:draft-1:0", "discard:draft-1:0"):
        assert (await rig.press("mia", act)).text == "This is being posted: wait for its end."
    assert (await rig.fill_in("mia", "draft:draft-1:0", title="Other")).text.startswith("This is being posted")
    assert await rig.states("operations") == ["in doubt"]


async def test_a_lost_answer_is_looked_for_and_found(rig: Rig) -> None:
    rig.market.unanswered.add("post")
    done = await posted(rig)
    assert card_of(done).badge == "Running"
    assert (rig.market.posted, len(rig.market.posts)) == (["P1"], 1)
    assert await rig.states("operations") == ["done"]
    assert await rig.value("SELECT job FROM spending") == "main/P1"


async def test_a_late_effect_is_found_after_the_quiet_time(rig: Rig) -> None:
    rig.market.unanswered.add("late")
    reply = await written(rig)
    task = asyncio.create_task(rig.press("mia", button(reply, "Post")))
    await until(lambda: bool(rig.market.late))
    await rig.settle()
    rig.market.post_late()
    await rig.turn(61)
    await rig.patiently(task)
    assert await rig.states("operations") == ["done"]
    assert len(rig.market.posts) == 1


async def in_doubt(rig: Rig) -> Card:
    """A post that was lost on its way, until a person is asked."""
    rig.market.errors["post"] = [OutcomeUnknown("no answer")]
    reply = await written(rig)
    await rig.patiently(rig.press("mia", button(reply, "Post")))
    await rig.turn(200)
    (card,) = rig.adapter.shown()
    assert card.badge == "In doubt"
    return card


async def test_where_looking_does_not_tell_a_person_is_asked_and_nothing_is_repeated(rig: Rig) -> None:
    card = await in_doubt(rig)
    assert [each.label for each in card.buttons] == ["It went through", "Send again", "Leave it", "Look again"]
    assert "No job like it was found." in words(card)
    await rig.turn(24 * 3600)
    assert len(rig.market.posts) == 1
    assert rig.market.posted == []


async def test_before_it_is_sent_again_it_is_looked_for_once_more(rig: Rig) -> None:
    card = await in_doubt(rig)
    rig.market.post(rig.market.posts[0])  # it has landed after all
    again = next(each.id for each in card.buttons if each.label == "Send again")
    await rig.press("mia", again)
    await rig.turn(5)
    assert len(rig.market.posts) == 1
    assert await rig.states("operations") == ["done"]


async def test_what_was_found_before_it_was_sent_again_is_paid_once(rig: Rig) -> None:
    card = await in_doubt(rig)
    rig.market.post(rig.market.posts[0])
    await rig.press("mia", next(each.id for each in card.buttons if each.label == "Send again"))
    await rig.turn(5)
    assert [(row["amount"], row["job"]) for row in await rig.rows("SELECT * FROM spending")] == [("2.50", "main/P1")]


async def test_where_a_fault_hinders_looking_nothing_is_sent_again_and_nothing_more_counts(rig: Rig) -> None:
    card = await in_doubt(rig)
    rig.market.errors["posted_since"] = [RuntimeError("a bug")] * 9
    await rig.press("mia", next(each.id for each in card.buttons if each.label == "Send again"))
    await rig.turn(200)
    assert len(rig.market.posts) == 1
    assert await rig.states("operations") == ["in doubt"]
    assert await rig.value("SELECT count(*) FROM spending") == 1
    assert "It could not be looked for: something went wrong here." in words(rig.adapter.shown()[0])


async def test_what_went_through_gets_the_name_of_its_job(rig: Rig) -> None:
    card = await in_doubt(rig)
    rig.market.post(rig.market.posts[0])
    await rig.press("mia", next(each.id for each in card.buttons if each.label == "It went through"))
    await rig.turn(5)
    assert await rig.value("SELECT made FROM operations") == "P1"
    assert await rig.value("SELECT job FROM spending") == "main/P1"
    assert rig.adapter.shown()[0].badge == "Running"


async def test_a_job_without_a_name_is_not_taken_for_the_next_ones(rig: Rig) -> None:
    card = await in_doubt(rig)
    rig.market.post(rig.market.posts[0])
    rig.market.errors["posted_since"] = [Refused("not now")]  # so that nobody learns which it is
    await rig.press("mia", next(each.id for each in card.buttons if each.label == "It went through"))
    await rig.turn(5)
    assert await rig.value("SELECT made FROM operations") == ""
    rig.market.errors["post"] = [OutcomeUnknown("no answer")]
    await rig.patiently(rig.press("mia", button(await written(rig), "Post")))
    await rig.turn(200)
    assert await rig.states("operations") == ["done", "in doubt"]
    assert "It is P1" in [each.label for each in rig.adapter.shown()[-1].buttons]


async def test_a_button_names_its_job_though_another_has_come_since(rig: Rig) -> None:
    rig.market.errors["post"] = [OutcomeUnknown("no answer")]
    reply = await written(rig)
    task = asyncio.create_task(rig.press("mia", button(reply, "Post")))
    for _ in range(2):
        rig.market.post(await rig.draft(1))
    card = card_of(await rig.patiently(task))
    rig.market.post(await rig.draft(1))
    await rig.patiently(rig.press("mia", "look:op-1:0"))
    await rig.patiently(rig.press("mia", next(each.id for each in card.buttons if each.label == "It is P1")))
    assert await rig.value("SELECT made FROM operations") == "P1"


async def test_send_again_posts_it_where_it_is_not_there(rig: Rig) -> None:
    card = await in_doubt(rig)
    await rig.press("mia", next(each.id for each in card.buttons if each.label == "Send again"))
    await rig.turn(5)
    assert (len(rig.market.posts), rig.market.posted) == (2, ["P1"])
    assert rig.adapter.shown()[0].badge == "Running"


async def test_several_that_may_be_it_are_shown_and_one_is_said(rig: Rig) -> None:
    rig.market.errors["post"] = [OutcomeUnknown("no answer")]
    reply = await written(rig)
    task = asyncio.create_task(rig.press("mia", button(reply, "Post")))
    for _ in range(2):
        rig.market.post(await rig.draft(1))
    await rig.patiently(task)
    await rig.settle()
    (card,) = rig.adapter.shown()
    assert [each.label for each in card.buttons][:2] == ["It is P2", "It is P1"]
    await rig.patiently(rig.press("mia", card.buttons[1].id))
    assert await rig.value("SELECT made FROM operations") == "P1"


async def test_what_another_draft_has_made_is_not_taken_for_this_one(rig: Rig) -> None:
    await posted(rig)
    rig.market.errors["post"] = [OutcomeUnknown("no answer")]
    reply = await written(rig)
    await rig.patiently(rig.press("mia", button(reply, "Post")))
    await rig.turn(200)
    assert await rig.states("operations") == ["done", "in doubt"]


async def test_of_two_that_are_the_same_one_is_on_its_way_at_a_time(rig: Rig) -> None:
    await in_doubt(rig)
    other = await written(rig)
    refused = await rig.press("olga", button(other, "Post"))
    assert "is in doubt, and would be called the same" in refused.text
    noted = await written(rig, notes="Which the marketplace may not tell.")
    assert "is in doubt, and would be called the same" in (await rig.press("olga", button(noted, "Post"))).text
    different = await written(rig, title="Another")
    assert (await rig.patiently(rig.press("olga", button(different, "Post")))).result is Result.DONE


@pytest.mark.parametrize("landed", [False, True])
async def test_a_kill_while_it_is_sent_posts_it_once(rigs: Rigs, rig: Rig, landed: bool) -> None:
    reply = await written(rig)
    hang = asyncio.Event()

    async def stuck(draft: object) -> None:
        rig.market.posts.append(draft)  # type: ignore[arg-type]
        if landed:
            rig.market.post(draft)  # type: ignore[arg-type]
        hang.set()
        await asyncio.Event().wait()

    rig.account.provider.post = stuck  # type: ignore[method-assign,assignment]
    task = asyncio.create_task(rig.press("mia", button(reply, "Post")))
    await hang.wait()
    fresh = await rigs.killed(rig)
    task.cancel()
    await fresh.turn(200)
    assert len(rig.market.posts) == 1
    assert await fresh.states("operations") == (["done"] if landed else ["in doubt"])


# --- afterwards


async def test_the_card_becomes_the_jobs_and_follows_it(rig: Rig) -> None:
    await posted(rig)
    await rig.settle()
    (card,) = rig.adapter.shown()
    assert card.badge == "Running"
    assert facts(card)["Done"].endswith("0 of 25 (0 %)")
    for task in ("a", "b"):
        rig.market.add(task, "P1")
    await rig.poll()
    await rig.turn(5)
    assert facts(rig.adapter.shown()[0])["To rate"] == "2"


async def test_the_jobs_buttons_do_what_the_commands_do(rig: Rig) -> None:
    await posted(rig)
    await rig.settle()
    (card,) = rig.adapter.shown()
    ids = {each.label: each.id for each in card.buttons}
    assert list(ids) == ["Pause", "Add positions", "Stop", "Clone"]
    await rig.patiently(rig.press("mia", ids["Pause"]))
    assert rig.market.done == ["pause P1"]
    form = form_of(await rig.press("mia", ids["Add positions"]))
    assert form_of(await rig.fill_in("mia", form.id, positions="many")).inputs[0].error == "a whole number, such as 10"
    asked = await rig.fill_in("mia", form.id, positions="10")
    await rig.patiently(rig.press("mia", card_of(asked).buttons[0].id))
    assert rig.market.done == ["pause P1", "add_positions P1 10"]
    assert (await rig.press("rob", ids["Stop"])).text == "This needs a manager; you are a reviewer."


async def test_what_it_really_cost_is_told_beside_the_estimate(rig: Rig) -> None:
    rig.market.fee = Decimal("0.1")
    done = await posted(rig)
    assert done.result is Result.DONE
    assert "The balance went from $12.34 to $12.34." in await rig.value("SELECT found FROM operations")


# --- templates


async def test_a_template_asks_for_what_it_leaves_open(rig: Rig) -> None:
    ready = await written(rig, title="Visit [[city]]", instructions="Go to [[city]]\nBring [[what]]")
    assert card_of(ready).badge == "Not ready"
    form = form_of(await rig.press("mia", button(ready, "Save as template")))
    assert (await rig.fill_in("mia", form.id, name="City Trip")).text.startswith("A template's name is")
    assert (await rig.fill_in("mia", form.id, name="trip")).text.startswith("Saved as trip.")
    gaps = form_of(await rig.say("rob", "job post template=trip"))
    assert [item.label for item in gaps.inputs] == ["City", "What"]
    filled = await rig.fill_in("rob", gaps.id, gap0="Rome", gap1="a friend")
    assert card_of(filled).badge == "Ready"
    assert card_of(filled).title == "Visit Rome"


async def test_templates_are_listed_shown_renamed_exported_imported_and_deleted(rig: Rig) -> None:
    await written(rig)
    assert (await rig.say("mia", "template save draft-1 acme")).result is Result.DONE
    assert "Sign up at ACME" in str((await rig.say("rob", "template list")).card)
    assert "Visit the ACME site" in str((await rig.say("rob", "template show acme")).card)
    await rig.say("mia", "template rename acme acme-2")
    exported = await rig.say("rob", "template export acme-2")
    assert exported.file is not None
    imported = await rig.dispatch.command(actor("rob"), "template import name=copy", exported.file)
    assert imported.text.startswith("Saved as copy.")
    before, after = await rig.rows("SELECT answers FROM templates ORDER BY name")
    assert before["answers"] == after["answers"]
    assert (await rig.say("rob", "template delete copy")).result is Result.REFUSED
    assert (await rig.say("mia", "template delete copy")).text == "copy is deleted."
    assert (await rig.say("mia", "job post template=copy")).text == "There is no template copy: see `template list`."


async def test_a_blank_file_has_every_field_and_is_read_back(rig: Rig) -> None:
    reply = await rig.say("mia", "job blank")
    assert reply.file is not None
    for name in ("title", "category", "zone", "price", "positions", "instructions", "proofs", "notes", "quiet"):
        assert f"{name} = " in reply.file.text
