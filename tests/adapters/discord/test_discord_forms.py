"""Forms as modals: within Discord's limits, whole after a restart, and never mixed up."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.adapter import Actor
from botcore.clock import ManualClock
from botcore.store.sqlite import SqliteStore
from botcore.ui import Choice, Form, Input, InputKind, Tone
from botcore_discord.forms import KEPT_MS, OLD, THEIRS, FormDesk
from botcore_discord.modals import answers, explains_itself, modal, pages_of
from botcore_discord.schema import discord as tables
from botcore_discord.seams import Drawn, Filled
from tests.adapters.discord.cards import HOSTILE
from tests.adapters.discord.reading import broken_limits, buttons, check_snapshot, outline, read, texts, units

ANA, BEN = Actor("discord", "1", "Ana"), Actor("discord", "2", "Ben")
REASONS = tuple(Choice(label, label) for label in ("Not what was asked", "Spam", "Copied"))
HAPPY = (Choice("", "not said"), Choice("excellent", "Excellent"), Choice("good", "Good"), Choice("ok", "OK"))
REJECT = Form(
    "reject:A31:0",
    "Reject A31",
    (
        Input("reason", "Reason", InputKind.CHOICE, choices=REASONS),
        Input("words", "Own words", InputKind.PARAGRAPH, help="added to the reason; the worker reads it"),
    ),
    "Reject",
    Tone.DANGER,
)
BONUS = Form(
    "bonus:A31:0",
    "Approve A31 with a bonus",
    (
        Input("bonus", "Bonus in dollars", InputKind.MONEY, required=True, help="at most $1.00"),
        Input("satisfaction", "Satisfaction", InputKind.CHOICE, choices=HAPPY),
        Input("words", "Words to the worker", InputKind.PARAGRAPH),
        Input("sure", "Tell the team", InputKind.CHECK, value="yes"),
    ),
    "Approve",
    Tone.SUCCESS,
    "The worker gets it with the approval.",
)
LONG = Form(
    "post:D1:0",
    "A new job",
    tuple(Input(f"q{number}", f"Question {number}", required=number == 1) for number in range(1, 13)),
    intro="Three steps.",
)
WORKERS = Form(
    "list:A31:0",
    "Add w-1 to a list",
    (
        Input(
            "list",
            "List",
            InputKind.CHOICE,
            required=True,
            choices=tuple(Choice(str(n), f"List {n}") for n in range(60)),
        ),
    ),
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(tmp_path / "bot.db", [tables])
    yield store
    await store.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def desk(store: SqliteStore, clock: ManualClock) -> FormDesk:
    return FormDesk(store, clock)


def payload(opened: object) -> dict[str, Any]:
    assert isinstance(opened, discord.ui.Modal)
    return opened.to_dict()


def said(shown: object) -> str:
    assert isinstance(shown, Drawn)
    return outline(parts(shown))


def parts(drawn: Drawn) -> list[dict[str, Any]]:
    components: list[dict[str, Any]] = drawn.view.to_components()  # type: ignore[no-untyped-call]
    return components


def filled_in(shown: Mapping[str, Any], **values: str | bool | Sequence[str]) -> list[dict[str, Any]]:
    """What Discord sends for a modal that somebody filled in: choices by their labels, a text as it is."""
    return [
        {"type": 18, "component": _filled(label["component"], values)}
        for label in shown["components"]
        if label["type"] == 18
    ]


def _filled(control: Mapping[str, Any], values: Mapping[str, str | bool | Sequence[str]]) -> dict[str, Any]:
    own = {"type": control["type"], "custom_id": control["custom_id"]}
    value = values.get(control["custom_id"])
    by_label = {option["label"]: option["value"] for option in control.get("options", ())}
    match control["type"]:
        case 3 | 22:
            chosen = [value] if isinstance(value, str) else list(value) if isinstance(value, Sequence) else []
            return {**own, "values": [by_label[label] for label in chosen if label]}
        case 21:
            return {**own, "value": by_label[str(value)] if value else None}
        case 23:
            return {**own, "value": bool(value)}
    return {**own, "value": value or ""}


def broken(shown: Mapping[str, Any]) -> list[str]:
    """What Discord would refuse a modal for."""
    labels = [component for component in shown["components"] if component["type"] == 18]
    controls = [label["component"] for label in labels]
    options = [option for control in controls for option in control.get("options", ())]
    ids = [control["custom_id"] for control in controls]
    rules = {
        "title": not 1 <= units(shown["title"]) <= 45,
        "custom id": not 1 <= units(shown["custom_id"]) <= 100,
        "components": not 1 <= len(shown["components"]) <= 5,
        "label": any(not 1 <= units(label["label"]) <= 45 for label in labels),
        "description": any(not 1 <= units(label.get("description", "x")) <= 100 for label in labels),
        "ids": len(set(ids)) < len(ids) or any(not 1 <= units(one) <= 100 for one in ids),
        "select": any(not 1 <= len(c["options"]) <= 25 for c in controls if c["type"] == 3),
        "radio": any(not 2 <= len(c["options"]) <= 10 for c in controls if c["type"] == 21),
        "boxes": any(not 1 <= len(c["options"]) <= 10 for c in controls if c["type"] == 22),
        "how many": any(
            not 0 <= c.get("min_values", 1) <= c.get("max_values", 1) <= len(c["options"])
            or bool(c.get("required", True)) != bool(c.get("min_values", 1))
            or sum(bool(o.get("default")) for o in c["options"]) > c.get("max_values", 1)
            for c in controls
            if c["type"] in (3, 22)
        ),
        "placeholder": any(units(c.get("placeholder") or "") > 100 for c in controls),
        "option": any(not 1 <= units(o[key]) <= 100 for o in options for key in ("label", "value")),
        "options twice": any(
            len({o["value"] for o in c["options"]}) < len(c["options"]) for c in controls if "options" in c
        ),
        "text": any(
            not 1 <= c.get("max_length", 1) <= 4000 or units(c.get("value") or "") > c["max_length"]
            for c in controls
            if c["type"] == 4
        ),
    }
    return [rule for rule, is_broken in rules.items() if is_broken]


# --- modals


@pytest.mark.parametrize(("name", "form"), [("reject", REJECT), ("bonus", BONUS), ("long", LONG), ("workers", WORKERS)])
def test_forms_are_drawn_as_they_were_reviewed(name: str, form: Form) -> None:
    drawn = []
    for page in range(len(pages_of(form))):
        shown = modal(form, page, f"~form:{page}").to_dict()
        assert broken(shown) == []
        drawn.append(f"[modal {shown['title']}]\n{outline(shown['components'], 1)}")
    check_snapshot(f"form {name}", "\n".join(drawn))


NAMES = st.one_of(st.text(max_size=60), st.just(HOSTILE * 3), st.just(""))
INPUTS = st.builds(
    Input,
    name=st.integers(0, 999).map("in{}".format),
    label=NAMES,
    kind=st.sampled_from(InputKind),
    required=st.booleans(),
    value=st.one_of(NAMES, st.just("x" * 5_000)),
    choices=st.lists(st.builds(Choice, NAMES, NAMES), max_size=60).map(tuple),
    help=NAMES,
    error=NAMES,
    max_length=st.integers(0, 9_000),
)
FORMS = st.builds(
    Form,
    id=st.just("reject:A31:0"),
    title=NAMES,
    inputs=st.lists(INPUTS, max_size=12, unique_by=lambda asked: asked.name).map(tuple),
    intro=NAMES,
)


@settings(max_examples=40)
@given(FORMS)
def test_no_form_is_over_a_limit(form: Form) -> None:
    for page in range(len(pages_of(form))):
        shown = modal(form, page, "~form:@0123456789abcdef:0#01234567").to_dict()
        assert broken(shown) == []
        for text in texts(shown["components"]):
            assert set(read(text).markup) <= {"code"}


@settings(max_examples=40)
@given(FORMS, st.data())
def test_whatever_is_chosen_is_what_the_form_meant(form: Form, data: st.DataObject) -> None:
    """What a form brings comes back as it was, whatever it is asked with: nothing is lost by opening it."""
    wanted: dict[str, str] = {}
    for asked in form.inputs:
        values = [choice.value for choice in asked.choices]
        match asked.kind:
            case InputKind.CHOICE if values:
                wanted[asked.name] = data.draw(st.sampled_from(values))
            case InputKind.SEVERAL if values := [v for v in values if v and v == v.strip() and "," not in v]:
                some = data.draw(st.lists(st.sampled_from(values), max_size=5, unique=True))
                order = list(dict.fromkeys(c.value for c in asked.choices))
                wanted[asked.name] = ", ".join(sorted(some, key=order.index))
    form = replace(form, inputs=tuple(replace(i, value=wanted.get(i.name, i.value)) for i in form.inputs))
    got: dict[str, str] = {}
    for page in range(len(pages_of(form))):
        sent = []
        for label in modal(form, page, "x").to_dict()["components"]:
            control = label.get("component", {})
            chosen = [option["value"] for option in control.get("options", ()) if option.get("default")]
            match control.get("type"):
                case 3 | 22:
                    sent.append({"type": 18, "component": {**control, "values": chosen}})
                case 21:
                    sent.append({"type": 18, "component": {**control, "value": chosen[0] if chosen else None}})
                case 4:
                    sent.append({"type": 18, "component": {**control, "value": control.get("value", "")}})
        got |= answers(sent, form)
    assert {name: got[name] for name in wanted} == wanted


def test_a_reason_is_one_modal_with_a_select_and_a_text() -> None:
    shown = modal(REJECT, 0, "~form:x").to_dict()
    assert [label["component"]["type"] for label in shown["components"]] == [3, 4]
    assert not any(label["component"].get("required") for label in shown["components"])


def test_a_few_choices_that_can_be_taken_back_are_seen_at_once() -> None:
    shown = modal(BONUS, 0, "~form:x").to_dict()
    assert [component["type"] for component in shown["components"]] == [10, 18, 18, 18, 18]
    assert [label["component"]["type"] for label in shown["components"][1:]] == [4, 21, 4, 23]


def test_a_form_that_asks_nothing_says_what_it_is_about() -> None:
    shown = modal(Form("x:A1:0", "Sure?", ()), 0, "~form:x").to_dict()
    assert broken(shown) == []
    assert texts(shown["components"]) == ["Sure?"]


# --- from a modal to the core


async def test_a_form_of_one_modal_needs_nothing_to_be_remembered(desk: FormDesk, store: SqliteStore) -> None:
    shown = payload(await desk.open(ANA, REJECT))
    assert explains_itself(REJECT)
    assert await store.read(lambda r: r.value("SELECT count(*) FROM discord_forms")) == 0
    taken = await desk.take(ANA, shown["custom_id"], filled_in(shown, reason="Spam", words="Sorry."))
    assert taken == Filled("reject:A31:0", {"reason": "Spam", "words": "Sorry."})


async def test_every_modal_has_a_custom_id_of_its_own(desk: FormDesk) -> None:
    ids = {payload(await desk.open(ANA, form))["custom_id"] for form in (REJECT, REJECT, LONG, LONG)}
    assert len(ids) == 4


async def test_what_was_left_empty_is_empty(desk: FormDesk) -> None:
    shown = payload(await desk.open(ANA, BONUS))
    taken = await desk.take(ANA, shown["custom_id"], filled_in(shown, bonus="0.10"))
    assert taken == Filled("bonus:A31:0", {"bonus": "0.10", "satisfaction": "", "words": "", "sure": ""})
    taken = await desk.take(ANA, shown["custom_id"], filled_in(shown, bonus="1", satisfaction="Good", sure=True))
    assert isinstance(taken, Filled)
    assert (taken.values["satisfaction"], taken.values["sure"]) == ("good", "yes")


async def test_of_many_choices_one_is_found_by_words_of_it(desk: FormDesk) -> None:
    for words, value in (("59", "59"), ("list 7", "7"), ("LIST  41", "41"), ("garden", "garden"), ("list", "list")):
        shown = payload(await desk.open(ANA, WORKERS))
        assert [label["component"]["type"] for label in shown["components"]] == [4]
        taken = await desk.take(ANA, shown["custom_id"], filled_in(shown, list=words))
        assert taken == Filled("list:A31:0", {"list": value})


async def test_a_choice_too_long_for_discord_is_kept_here(desk: FormDesk) -> None:
    long = tuple(Choice(f"{number}" * 300, f"Number {number}") for number in range(3))
    form = Form("x:A1:0", "X", (Input("it", "It", InputKind.CHOICE, choices=long),))
    shown = payload(await desk.open(ANA, form))
    assert await desk.take(ANA, shown["custom_id"], filled_in(shown, it="Number 2")) == Filled(
        "x:A1:0", {"it": "2" * 300}
    )


# --- more than one modal holds


async def fill_in_twelve(desk: FormDesk, actor: Actor, word: str, restarted: FormDesk | None = None) -> Filled | Drawn:
    shown = payload(await desk.open(actor, LONG))
    step = await desk.take(actor, shown["custom_id"], filled_in(shown, q1=f"{word} 1", q5=f"{word} 5"))
    for page in (1, 2):
        desk = restarted or desk
        assert isinstance(step, Drawn)
        assert f"{page} of 3 steps" in said(step)
        shown = payload(await desk.reopen(actor, buttons(parts(step))["Continue"]))
        assert broken(shown) == []
        step = await desk.take(actor, shown["custom_id"], filled_in(shown, q6=f"{word} 6", q12=f"{word} 12"))
    return step


def answered(word: str) -> dict[str, str]:
    return {f"q{n}": f"{word} {n}" if n in (1, 5, 6, 12) else "" for n in range(1, 13)}


async def test_more_questions_are_several_modals_with_a_button_between(desk: FormDesk) -> None:
    assert await fill_in_twelve(desk, ANA, "a") == Filled("post:D1:0", answered("a"))


async def test_a_form_goes_on_after_a_restart(desk: FormDesk, store: SqliteStore, clock: ManualClock) -> None:
    assert await fill_in_twelve(desk, ANA, "a", FormDesk(store, clock)) == Filled("post:D1:0", answered("a"))


async def test_two_people_who_fill_in_the_same_form_stay_apart(desk: FormDesk) -> None:
    first = payload(await desk.open(ANA, LONG))
    second = payload(await desk.open(BEN, LONG))
    mine = await desk.take(ANA, first["custom_id"], filled_in(first, q1="ana"))
    await desk.take(BEN, second["custom_id"], filled_in(second, q1="ben"))
    assert isinstance(mine, Drawn)
    go_on = buttons(parts(mine))["Continue"]
    assert said(await desk.reopen(BEN, go_on)) == THEIRS
    assert said(await desk.take(BEN, first["custom_id"], filled_in(first, q1="ben"))) == THEIRS
    back = payload(await desk.reopen(ANA, buttons(parts(mine))["Back"]))
    assert back["components"][0]["component"]["value"] == "ana"


async def test_what_was_answered_can_be_changed_before_it_is_sent(desk: FormDesk) -> None:
    shown = payload(await desk.open(ANA, LONG))
    step = await desk.take(ANA, shown["custom_id"], filled_in(shown, q1="one"))
    assert isinstance(step, Drawn)
    again = payload(await desk.reopen(ANA, buttons(parts(step))["Back"]))
    step = await desk.take(ANA, again["custom_id"], filled_in(again, q1="uno"))
    assert isinstance(step, Drawn)
    for _ in range(2):
        shown = payload(await desk.reopen(ANA, buttons(parts(step))["Continue"]))
        step = await desk.take(ANA, shown["custom_id"], filled_in(shown))
        if isinstance(step, Filled):
            break
    assert isinstance(step, Filled)
    assert step.values["q1"] == "uno"


async def test_what_was_sent_or_forgotten_is_not_taken_again(desk: FormDesk, clock: ManualClock) -> None:
    shown = payload(await desk.open(ANA, LONG))
    step = await desk.take(ANA, shown["custom_id"], filled_in(shown, q1="a"))
    assert isinstance(step, Drawn)
    clock.advance(KEPT_MS / 1000 - 1)
    await desk.prune()
    assert isinstance(await desk.reopen(ANA, buttons(parts(step))["Continue"]), discord.ui.Modal)
    clock.advance(2)
    await desk.prune()
    assert said(await desk.reopen(ANA, buttons(parts(step))["Continue"])) == OLD
    assert said(await desk.take(ANA, shown["custom_id"], filled_in(shown, q1="a"))) == OLD


async def test_what_is_being_sent_is_not_sent_twice_and_is_there_again_where_it_was_refused(desk: FormDesk) -> None:
    sent = await fill_in_twelve(desk, ANA, "a")
    assert isinstance(sent, Filled)
    assert sent.kept is not None
    send = f"~send:@{sent.kept.token}"
    assert said(await desk.reopen(ANA, send)) == OLD
    refused = await desk.refused(sent, "The marketplace: try later.")
    assert refused is not None
    assert "try later" in said(refused)
    assert broken_limits(parts(refused)) == []
    back = payload(await desk.reopen(ANA, buttons(parts(refused))["Back"]))
    assert back["title"] == "A new job (3/3)"
    assert back["components"][1]["component"]["value"] == "a 12"
    again = await desk.reopen(ANA, buttons(parts(refused))["Send"])
    assert again == sent
    assert isinstance(again, Filled)
    await desk.settled(again)
    assert said(await desk.reopen(ANA, send)) == OLD


async def test_what_was_being_sent_when_the_bot_stopped_can_be_sent_again(
    desk: FormDesk, store: SqliteStore, clock: ManualClock
) -> None:
    sent = await fill_in_twelve(desk, ANA, "a")
    assert isinstance(sent, Filled)
    assert sent.kept is not None
    restarted = FormDesk(store, clock)
    await restarted.recover()
    assert await restarted.reopen(ANA, f"~send:@{sent.kept.token}") == sent


@pytest.mark.parametrize(
    "custom_id",
    ["~form:", "~form:@0123456789abcdef:0#01234567", "~form:@x:0", "~open:@0123456789abcdef:99", "~", "~what:1"],
)
async def test_what_nobody_drew_is_told_so(desk: FormDesk, custom_id: str) -> None:
    assert said(await desk.reopen(ANA, custom_id)) == OLD
    assert said(await desk.take(ANA, custom_id, [])) == OLD


# --- the form of a draft


def draft(**values: str) -> Form:
    """Two modals of basics; one question of a group is left out of them."""
    lands = tuple(Choice(f"c{number}", f"Land {number}") for number in range(40))
    inputs = (
        Input("title", "Title", required=True),
        Input("category", "Category", InputKind.CHOICE, True, choices=KINDS),
        Input("zone", "Where", InputKind.CHOICE, value="int", choices=(Choice("int", "Everywhere"), *lands[:3])),
        Input("without", "Without", InputKind.SEVERAL, choices=lands),
        Input("price", "Price", InputKind.MONEY, True),
        Input("devices", "Devices", InputKind.SEVERAL, choices=lands[:4]),
        Input("lands", "Lands", InputKind.SEVERAL, choices=lands[:20]),
        Input("proofs", "Proofs", InputKind.PARAGRAPH, max_length=100),
        Input("speed", "Speed", InputKind.NUMBER, value="1000", group="Pace"),
    )
    filled = tuple(replace(asked, value=values.get(asked.name, asked.value)) for asked in inputs)
    return Form("draft:d-1:0", "A new job", filled, "Go on", note="Total $2.50")


KINDS = tuple(Choice(f"{number:04}", f"Kind {number} · from $0.{number}") for number in range(10, 70))


async def test_the_questions_of_groups_are_left_out_beside_others(desk: FormDesk) -> None:
    asked = [asked["component"]["custom_id"] for asked in payload(await desk.open(ANA, draft()))["components"]]
    assert asked == ["title", "category", "zone", "without", "price"]
    of_a_group = replace(draft(), inputs=draft().inputs[-1:])
    assert payload(await desk.open(ANA, of_a_group))["components"][0]["component"]["value"] == "1000"


async def test_what_was_answered_before_is_in_every_kind_of_question_and_comes_back_as_it_was(desk: FormDesk) -> None:
    values = {"title": "T", "category": "0041", "zone": "c2", "without": "c7, c30", "price": "0.10"}
    more = {"devices": "c1, c3", "lands": "c5, c19", "proofs": "screenshot: it\ntext: that"}
    shown = payload(await desk.open(ANA, draft(**values, **more)))
    assert broken(shown) == []
    first = {label["component"]["custom_id"]: label["component"] for label in shown["components"]}
    assert (first["category"]["value"], first["without"]["value"]) == ("Kind 41", "Land 7, Land 30")
    step = await desk.take(ANA, shown["custom_id"], as_it_is(shown))
    assert isinstance(step, Drawn)
    shown = payload(await desk.reopen(ANA, buttons(parts(step))["Continue"]))
    assert broken(shown) == []
    check_snapshot("form draft", outline(shown["components"], 1))
    assert await desk.take(ANA, shown["custom_id"], as_it_is(shown)) == Filled("draft:d-1:0", {**values, **more})


def as_it_is(shown: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What Discord sends for a modal that is sent without a touch."""
    sent = []
    for label in shown["components"]:
        control = label["component"]
        chosen = [option["value"] for option in control.get("options", ()) if option.get("default")]
        value = {3: {"values": chosen}, 22: {"values": chosen}, 21: {"value": (chosen or [None])[0]}}
        sent.append({"type": 18, "component": {**control, **value.get(control["type"], {})}})
    return sent


async def test_several_are_chosen_by_boxes_a_menu_or_words(desk: FormDesk) -> None:
    shown = payload(await desk.open(ANA, draft()))
    typed = filled_in(shown, title="T", category="kind 33", zone="Everywhere", without="land 7, LAND 12,c3", price="1")
    step = await desk.take(ANA, shown["custom_id"], typed)
    assert isinstance(step, Drawn)
    shown = payload(await desk.reopen(ANA, buttons(parts(step))["Continue"]))
    assert [label["component"]["type"] for label in shown["components"]] == [22, 3, 4]
    taken = await desk.take(
        ANA, shown["custom_id"], filled_in(shown, devices=["Land 0", "Land 2"], lands=["Land 9"], proofs="text: it")
    )
    assert isinstance(taken, Filled)
    assert taken.values == {
        "title": "T",
        "category": "0033",
        "zone": "int",
        "without": "c7, c12, c3",
        "price": "1",
        "devices": "c0, c2",
        "lands": "c9",
        "proofs": "text: it",
    }


async def test_words_that_fit_several_become_a_menu_of_those(desk: FormDesk) -> None:
    shown = payload(await desk.open(ANA, WORKERS))
    taken = await desk.take(ANA, shown["custom_id"], filled_in(shown, list="list 4"))
    assert taken == Filled("list:A31:0", {"list": "4"})
    shown = payload(await desk.open(ANA, WORKERS))
    taken = await desk.take(ANA, shown["custom_id"], filled_in(shown, list="ist 4"))
    assert taken == Filled("list:A31:0", {"list": "ist 4"})
    refused = replace(WORKERS, inputs=(replace(WORKERS.inputs[0], error="may be any of several"),))
    invitation = await desk.invite(ANA, refused, "", taken if isinstance(taken, Filled) else None)
    again = payload(await desk.reopen(ANA, buttons(parts(invitation))["Edit"]))
    assert broken(again) == []
    labels = [option["label"] for option in again["components"][0]["component"]["options"]]
    fits = [f"List {n}" for n in range(60) if "4" in str(n)]
    assert labels == [*fits, "None of these: I write it again"]
    assert await desk.take(ANA, again["custom_id"], filled_in(again, list="List 44")) == Filled(
        "list:A31:0", {"list": "44"}
    )


async def test_the_rest_can_be_left_as_it_is_where_nothing_must_be_answered_there(desk: FormDesk) -> None:
    shown = payload(await desk.open(ANA, draft(devices="c1")))
    step = await desk.take(ANA, shown["custom_id"], filled_in(shown, title="T", category="0033", price="1"))
    assert isinstance(step, Drawn)
    send = buttons(parts(step))["Go on"]
    assert said(await desk.reopen(BEN, send)) == THEIRS
    taken = await desk.reopen(ANA, send)
    assert taken == Filled("draft:d-1:0", {"title": "T", "category": "0033", "zone": "", "without": "", "price": "1"})
    assert said(await desk.reopen(ANA, send)) == OLD


async def test_what_must_be_answered_is_not_left_out(desk: FormDesk) -> None:
    must = replace(draft(), inputs=tuple(replace(i, required=i.name == "proofs") for i in draft().inputs))
    shown = payload(await desk.open(ANA, must))
    step = await desk.take(ANA, shown["custom_id"], filled_in(shown))
    assert isinstance(step, Drawn)
    assert set(buttons(parts(step))) == {"Continue", "Back"}


async def test_what_was_changed_stands_there_when_the_page_is_opened_again(desk: FormDesk) -> None:
    shown = payload(await desk.open(ANA, draft(title="old", zone="c1")))
    step = await desk.take(ANA, shown["custom_id"], filled_in(shown, title="new", category="0033", price="1"))
    assert isinstance(step, Drawn)
    again = payload(await desk.reopen(ANA, buttons(parts(step))["Back"]))
    assert again["components"][0]["component"]["value"] == "new"
    assert not any(option.get("default") for option in again["components"][2]["component"]["options"])


async def test_between_the_pages_stands_what_it_comes_to_and_what_is_wrong_so_far(
    store: SqliteStore, clock: ManualClock
) -> None:
    seen: list[Mapping[str, str]] = []

    async def check(actor: Actor, form: str, values: Mapping[str, str]) -> Form:
        seen.append(values)
        wrong = {"price": "Price is at least $0.20", "proofs": "is missing"}
        inputs = tuple(replace(i, error=wrong.get(i.name, "")) for i in draft().inputs)
        return replace(draft(), inputs=inputs, note="Total $7.50")

    desk = FormDesk(store, clock, check)
    shown = payload(await desk.open(ANA, replace(draft(), live=True)))
    step = await desk.take(ANA, shown["custom_id"], filled_in(shown, title="T", price="0.1"))
    assert broken_limits(parts(step)) == []  # type: ignore[arg-type]
    check_snapshot("form between", re.sub("@[0-9a-f]{16}", "@token", said(step)))
    assert seen[0]["price"] == "0.1"


async def test_an_answer_longer_than_a_question_takes_stays_whole(desk: FormDesk) -> None:
    longer, longest = "x" * 3_000, "y" * 9_000
    form = replace(draft(proofs=longer), inputs=draft(proofs=longer).inputs[-2:-1])
    shown = payload(await desk.open(ANA, form))
    assert await desk.take(ANA, shown["custom_id"], as_it_is(shown)) == Filled(form.id, {"proofs": longer})
    form = replace(form, inputs=(replace(form.inputs[0], value=longest, required=True),))
    shown = payload(await desk.open(ANA, form))
    assert broken(shown) == []
    assert "9,000 characters" in shown["components"][0]["component"]["placeholder"]
    assert await desk.take(ANA, shown["custom_id"], as_it_is(shown)) == Filled(form.id, {})
    shown = payload(await desk.open(ANA, form))
    assert await desk.take(ANA, shown["custom_id"], filled_in(shown, proofs="z")) == Filled(form.id, {"proofs": "z"})


# --- what has to be corrected


async def test_mistakes_are_said_and_edited_with_what_was_typed(desk: FormDesk) -> None:
    shown = payload(await desk.open(ANA, BONUS))
    taken = await desk.take(ANA, shown["custom_id"], filled_in(shown, bonus="7", words="Thanks", satisfaction="Good"))
    assert isinstance(taken, Filled)
    refused = replace(
        BONUS,
        inputs=tuple(
            replace(i, error="at most $1.00, which is max_bonus" if i.name == "bonus" else "") for i in BONUS.inputs
        ),
    )
    invitation = await desk.invite(ANA, refused, "", taken)
    assert broken_limits(parts(invitation)) == []
    check_snapshot("form refused", re.sub("@[0-9a-f]{16}", "@token", said(invitation)))
    again = payload(await desk.reopen(ANA, buttons(parts(invitation))["Edit"]))
    money, happy, words, _ = (label for label in again["components"] if label["type"] == 18)
    assert money["description"] == "⚠ at most $1.00, which is max_bonus"
    assert money["component"]["value"] == "7"
    assert [o["label"] for o in happy["component"]["options"] if o.get("default")] == ["Good"]
    assert words["component"]["value"] == "Thanks"


async def test_of_many_long_mistakes_those_are_said_for_which_there_is_room(desk: FormDesk) -> None:
    wrong = replace(LONG, inputs=tuple(replace(i, error="this is what was wrong, " * 40) for i in LONG.inputs))
    drawn = parts(
        await desk.invite(ANA, wrong, "The marketplace: " + "it is so, " * 200, Filled(LONG.id, answered("a")))
    )
    assert broken_limits(drawn) == []
    assert "**Question 2**" in outline(drawn)
    assert "10 more are to be corrected" in outline(drawn)


async def test_the_step_with_the_mistake_is_opened(desk: FormDesk) -> None:
    refused = replace(LONG, inputs=tuple(replace(i, error="no" if i.name == "q8" else "") for i in LONG.inputs))
    invitation = await desk.invite(ANA, refused, "Not yet.", Filled("post:D1:0", answered("a")))
    shown = payload(await desk.reopen(ANA, buttons(parts(invitation))["Edit"]))
    assert shown["title"] == "A new job (2/3)"


async def test_a_form_that_came_too_late_waits_behind_a_button(desk: FormDesk) -> None:
    invitation = await desk.invite(ANA, BONUS)
    assert "The worker gets it with the approval." in said(invitation)
    shown = payload(await desk.reopen(ANA, buttons(parts(invitation))["Fill in"]))
    taken = await desk.take(ANA, shown["custom_id"], filled_in(shown, bonus="0.10"))
    assert isinstance(taken, Filled)
    assert taken.form == "bonus:A31:0"


async def test_hostile_words_in_a_form_are_words(desk: FormDesk) -> None:
    form = Form("x:A1:0", HOSTILE, (Input("a", HOSTILE, error=HOSTILE),), intro=HOSTILE)
    drawn: Sequence[Mapping[str, Any]] = parts(await desk.invite(ANA, form, HOSTILE))
    assert broken_limits(drawn) == []
    for text in texts(drawn):
        assert set(read(text).markup) <= {"heading", "bold", "code"}
