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


def payload(opened: discord.ui.Modal | Drawn) -> dict[str, Any]:
    assert isinstance(opened, discord.ui.Modal)
    return opened.to_dict()


def said(shown: object) -> str:
    assert isinstance(shown, Drawn)
    return outline(parts(shown))


def parts(drawn: Drawn) -> list[dict[str, Any]]:
    components: list[dict[str, Any]] = drawn.view.to_components()  # type: ignore[no-untyped-call]
    return components


def filled_in(shown: Mapping[str, Any], **values: str | bool) -> list[dict[str, Any]]:
    """What Discord sends for a modal that somebody filled in: a choice by its label, a text as it is."""
    return [
        {"type": 18, "component": _filled(label["component"], values)}
        for label in shown["components"]
        if label["type"] == 18
    ]


def _filled(control: Mapping[str, Any], values: Mapping[str, str | bool]) -> dict[str, Any]:
    own = {"type": control["type"], "custom_id": control["custom_id"]}
    value = values.get(control["custom_id"])
    by_label = {option["label"]: option["value"] for option in control.get("options", ())}
    match control["type"]:
        case 3:
            return {**own, "values": [by_label[str(value)]] if value else []}
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
    inputs=st.lists(INPUTS, min_size=1, max_size=12, unique_by=lambda asked: asked.name).map(tuple),
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
    wanted = {i.name: data.draw(st.sampled_from(i.choices)).value for i in form.inputs if i.choices}
    got: dict[str, str] = {}
    for page in range(len(pages_of(form))):
        shown = modal(
            replace(form, inputs=tuple(replace(i, value=wanted.get(i.name, "")) for i in form.inputs)), page, "x"
        )
        sent = []
        for label in shown.to_dict()["components"]:
            control = label.get("component", {})
            chosen = [option["value"] for option in control.get("options", ()) if option.get("default")]
            if control.get("type") == 3:
                sent.append({"type": 18, "component": {**control, "values": chosen}})
            elif control.get("type") == 21:
                sent.append({"type": 18, "component": {**control, "value": chosen[0] if chosen else None}})
        for name, value in answers(sent, form).items():
            got[name] = value or got.get(name, "")
    chosen_ones = {i.name for i in form.inputs if i.kind is InputKind.CHOICE and i.choices}
    assert got == {name: value for name, value in wanted.items() if name in chosen_ones}


def test_a_reason_is_one_modal_with_a_select_and_a_text() -> None:
    shown = modal(REJECT, 0, "~form:x").to_dict()
    assert [label["component"]["type"] for label in shown["components"]] == [3, 4]
    assert not any(label["component"].get("required") for label in shown["components"])


def test_a_few_choices_that_can_be_taken_back_are_seen_at_once() -> None:
    shown = modal(BONUS, 0, "~form:x").to_dict()
    assert [component["type"] for component in shown["components"]] == [10, 18, 18, 18, 18]
    assert [label["component"]["type"] for label in shown["components"][1:]] == [4, 21, 4, 23]


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


async def test_a_choice_from_many_is_found_in_whichever_part_it_is(desk: FormDesk) -> None:
    shown = payload(await desk.open(ANA, WORKERS))
    assert [label["label"] for label in shown["components"]] == ["List (1 of 3)", "List (2 of 3)", "List (3 of 3)"]
    for part, label in (("list~0", "List 7"), ("list~2", "List 59")):
        taken = await desk.take(ANA, shown["custom_id"], filled_in(shown, **{part: label}))
        assert taken == Filled("list:A31:0", {"list": label.removeprefix("List ")})


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


@pytest.mark.parametrize(
    "custom_id",
    ["~form:", "~form:@0123456789abcdef:0#01234567", "~form:@x:0", "~open:@0123456789abcdef:99", "~", "~what:1"],
)
async def test_what_nobody_drew_is_told_so(desk: FormDesk, custom_id: str) -> None:
    assert said(await desk.reopen(ANA, custom_id)) == OLD
    assert said(await desk.take(ANA, custom_id, [])) == OLD


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
