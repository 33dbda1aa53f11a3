from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from botcore.ui import Choice, Form, Input, InputKind, Reply
from botcore_web.forms import Control, lay_out, with_typed
from botcore_web.render import Look, render_form, render_reply

from .job_form import BEGUN, DIFFERS, EXAMPLE, EXTRAS, TIME, WHO, categories, job_form
from .parsed import HOSTILE, Parsed

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
LOOK = Look("", "build")


def drawn(*inputs: Input) -> Parsed:
    return Parsed(render_form(Form("f", "F", inputs)))


def control(asked: Input, *others: Input) -> Control:
    return lay_out(Form("f", "F", (asked, *others))).basics.questions[0].control


def choices(count: int, words: str = "Choice") -> tuple[Choice, ...]:
    return tuple(Choice(str(n), f"{words} {n}") for n in range(count))


@pytest.mark.parametrize("count", [1, 12, 30], ids=["few", "more", "many"])
@pytest.mark.parametrize("group", ["", HOSTILE])
def test_a_form_escapes_what_it_shows_and_keeps(count: int, group: str) -> None:
    offered = (Choice(HOSTILE, HOSTILE), *choices(count - 1))
    inputs = tuple(
        Input(HOSTILE, HOSTILE, kind, value=HOSTILE, help=HOSTILE, error=HOSTILE, choices=offered, group=group)
        for kind in InputKind
    )
    form = Form(HOSTILE, HOSTILE, inputs, HOSTILE, intro=HOSTILE, live=True, note=HOSTILE)
    parsed = Parsed(render_form(form))
    assert not parsed.find("script")
    assert not parsed.find("img")
    assert all("onerror" not in attrs for _, attrs in parsed.elements)
    assert "49" not in parsed.text
    assert parsed.find("input", type="text", value=HOSTILE)
    assert len(parsed.find("form")) == 1


def test_a_form_that_comes_back_keeps_what_was_typed_and_shows_each_error_at_its_input() -> None:
    form = Form(
        "reject:A1:0",
        "Reject A1",
        (Input("words", "Words", error="say something more"), Input("bonus", "Bonus", InputKind.MONEY, value="0.10")),
    )
    reply = render_reply(Reply(form=form), NOW, LOOK, typed={"words": "half a sen", "bonus": "999"})
    parsed = Parsed(str(reply["form"]))
    (words,) = parsed.find("input", name="in.words")
    assert words["value"] == "half a sen"
    assert words["aria-invalid"] == "true"
    (error,) = parsed.find("p", id=str(words["aria-describedby"]))
    assert error["class"] == "error"
    assert parsed.find("input", name="in.bonus", value="0.10")


def test_choosing_nothing_is_possible_where_nothing_must_be_chosen() -> None:
    question = Input(
        "reason", "Reason", InputKind.CHOICE, choices=(Choice("late", "Too late"), Choice("copy", "A copy"))
    )
    optional = drawn(question)
    assert [radio["value"] for radio in optional.find("input", type="radio")] == ["", "late", "copy"]
    required = drawn(replace(question, required=True))
    assert [radio["value"] for radio in required.find("input", type="radio")] == ["late", "copy"]


def test_more_choices_make_a_list() -> None:
    parsed = drawn(Input("r", "R", InputKind.CHOICE, value="7", choices=choices(20)))
    assert len(parsed.find("option")) == 21
    assert [option["value"] for option in parsed.find("option") if "selected" in option] == ["7"]


def test_what_must_be_chosen_from_a_list_is_not_chosen_by_itself() -> None:
    question = Input("r", "R", InputKind.CHOICE, required=True, choices=choices(20))
    assert [option["value"] for option in drawn(question).find("option")][:2] == ["", "0"]
    assert [option["value"] for option in drawn(replace(question, value="3")).find("option")][:2] == ["0", "1"]


@pytest.mark.parametrize("count", [3, 20])
def test_what_was_chosen_and_is_not_there_any_more_is_not_lost(count: int) -> None:
    parsed = drawn(Input("r", "R", InputKind.CHOICE, value="gone", choices=choices(count)))
    kept = parsed.find("input", value="gone") + parsed.find("option", value="gone")
    assert len(kept) == 1
    assert kept[0].keys() & {"checked", "selected"}


def test_hundreds_of_choices_are_searched_by_typing() -> None:
    parsed = drawn(Input("c", "Category", InputKind.CHOICE, value="0102", choices=categories(), help="One of many"))
    (line,) = parsed.find("input", role="combobox")
    assert line["value"] == "Search and click: Simple sign · from $0.05"
    assert line["aria-autocomplete"] == "list"
    assert line["aria-describedby"] == "in-1-help"
    assert "name" not in line
    assert parsed.find("ul", id=str(line["aria-controls"]), role="listbox")
    (kept,) = parsed.find("input", type="hidden")
    assert (kept["name"], kept["value"]) == ("in.c", "0102")
    assert len(parsed.find("option")) == 150


def test_a_choice_of_none_is_no_choice_among_hundreds() -> None:
    parsed = drawn(Input("c", "C", InputKind.CHOICE, choices=(Choice("", "—"), *categories())))
    assert parsed.find("input", role="combobox", value="")
    assert not parsed.find("option", value="")


def test_words_that_are_no_choice_stay_as_they_were_typed() -> None:
    parsed = drawn(Input("c", "C", InputKind.CHOICE, value="sign up", choices=categories(), error="may be any of"))
    assert parsed.find("input", role="combobox", value="sign up", aria_invalid="true")
    assert parsed.find("input", type="hidden", value="sign up")


def test_several_of_a_few_are_boxes_and_of_many_are_searched() -> None:
    few = Input("s", "S", InputKind.SEVERAL, value="1, 2,gone", choices=choices(4))
    parsed = drawn(few)
    boxes = parsed.find("input", type="checkbox")
    assert [box["value"] for box in boxes if "checked" in box] == ["1", "2", "gone"]
    assert all("name" not in box for box in boxes)
    assert parsed.find("input", type="hidden", value="1, 2,gone")
    assert control(replace(few, choices=choices(30))) is Control.CHIPS


@pytest.mark.parametrize(("value", "off", "checked"), [("", "", False), ("no", "no", False), ("yes", "no", True)])
def test_a_box_that_is_not_checked_says_no_unless_nothing_was_ever_said(value: str, off: str, checked: bool) -> None:
    (box,) = drawn(Input("c", "C", InputKind.CHECK, value=value)).find("input", type="checkbox")
    assert (box["data-off"], "checked" in box) == (off, checked)


def test_where_nothing_is_known_to_choose_from_what_is_meant_is_typed() -> None:
    for kind in (InputKind.CHOICE, InputKind.SEVERAL):
        assert control(Input("z", "Zone", kind, value="int")) is Control.LINE


def test_in_a_long_form_choices_take_little_room() -> None:
    asked = Input("s", "S", InputKind.CHOICE, required=True, choices=choices(3, "A word or two"))
    assert control(asked) is Control.RADIOS
    others = tuple(Input(str(n), str(n)) for n in range(5))
    assert control(asked, *others) is Control.LIST
    assert control(replace(asked, choices=choices(2)), *others) is Control.RADIOS


def test_groups_are_folded_behind_the_basics_in_the_order_they_come_in() -> None:
    parsed = Parsed(render_form(job_form()))
    groups = parsed.find("details")
    assert [group["data-group"] for group in groups] == [WHO, DIFFERS, TIME, EXTRAS]
    assert not any("open" in group for group in groups)
    names = [attrs["data-input"] for _, attrs in parsed.elements if "data-input" in attrs]
    assert names == [one.name for one in job_form().inputs]


def test_a_group_with_something_to_correct_is_open() -> None:
    parsed = Parsed(render_form(job_form(errors={"hold_minutes": "is from 5 to 90"})))
    assert [group["data-group"] for group in parsed.find("details") if "open" in group] == [TIME]


def test_nothing_that_is_typed_into_a_live_form_is_cut() -> None:
    form = job_form()
    assert not [attrs for _, attrs in Parsed(render_form(form)).elements if "maxlength" in attrs]
    assert [a for _, a in Parsed(render_form(replace(form, live=False))).elements if "maxlength" in a]


def test_choices_that_changed_are_told_from_those_that_did_not() -> None:
    def versions(form: Form) -> dict[str, str]:
        layout = lay_out(form)
        questions = [q for group in (layout.basics, *layout.groups) for q in group.questions]
        return {q.input.name: q.version for q in questions}

    begun, filled = versions(job_form(BEGUN | {"zone": "int"})), versions(job_form(BEGUN | EXAMPLE))
    assert begun == filled
    moved = versions(job_form(BEGUN | EXAMPLE | {"zone": "eu"}))
    assert {name for name in moved if moved[name] != begun[name]} == {"category", "left_out"}


def test_a_form_that_is_looked_at_has_the_answers_as_they_were_typed() -> None:
    form = Form("f", "F", (Input("c", "C", value="0101"), Input("d", "D", value="kept")))
    assert [one.value for one in with_typed(form, {"c": "simple"}).inputs] == ["simple", "kept"]
    assert [one.value for one in with_typed(form, {"c": ""}).inputs] == ["", "kept"]
