"""Questions one after the other, each as it looks, and what every answer leads to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from botcore.commands.core import core_commands
from botcore.commands.parse import Missing, find_command, parse_values
from botcore.ui import Choice, Completion, Form, Input, InputKind, Tone
from botcore_telegram import forms
from botcore_telegram.commands import after_name, command_line, is_near, menu, slashed
from botcore_telegram.forms import Dialog, for_command, for_form
from botcore_telegram.questions import box, data, panel
from tests.adapters.telegram.drawn import check, note_text

COMMANDS = core_commands(["telegram", "web"])
REASONS = (Choice("Spam", "Spam"), Choice("Wrong page", "Wrong page"))
HAPPY = (Choice("", "not said"), Choice("good", "Good"))
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
        Input("bonus", "Bonus in dollars", InputKind.MONEY, required=True, help="at most $5.00"),
        Input(
            "satisfaction", "Satisfaction", InputKind.CHOICE, choices=(Choice("", "not said"), Choice("good", "Good"))
        ),
        Input("public", "Say it in public", InputKind.CHECK),
        Input("words", "Words to the worker", InputKind.PARAGRAPH, max_length=20),
    ),
    "Approve",
    Tone.SUCCESS,
    "They see it with the payment.",
)


def shown(dialog: Dialog, owner: str = "") -> str:
    opened = box(dialog, "103", owner)
    return note_text(panel(dialog, 7, owner), *([opened] if opened else []))


def labels(dialog: Dialog) -> list[str]:
    return [key.label for row in panel(dialog, 7, "").keyboard for key in row]


def command(line: str) -> Dialog:
    found, words = find_command(COMMANDS, line)
    with pytest.raises(Missing) as caught:
        parse_values(found, words)
    return for_command(found, caught.value.params, after_name(line, found), f"/{slashed(found.name)}")


# --- a short form


def test_a_reason_is_one_touch_after_reject() -> None:
    dialog = for_form(REJECT, 5)
    check("form-reject", shown(dialog, "Rob"))
    dialog = forms.choose(dialog, 1)
    assert dialog.is_over
    assert (dialog.answers, dialog.origin) == ({"reason": "Wrong page"}, 5)


def test_own_words_are_a_step_aside_and_go_with_a_reason_or_alone() -> None:
    dialog = forms.aside(for_form(REJECT, None), 1)
    check("form-reject-words", shown(dialog, "Rob <b> t.me/x"))
    dialog = forms.write(dialog, "  The link is dead. ")
    check("form-reject-written", shown(dialog))
    assert dict(forms.choose(dialog, 0).answers) == {"words": "The link is dead.", "reason": "Spam"}
    alone = forms.send(dialog)
    assert alone.is_over
    assert dict(alone.answers) == {"words": "The link is dead."}


def test_a_short_form_with_no_answer_is_not_handed_in() -> None:
    dialog = for_form(REJECT, None)
    assert forms.send(dialog) == dialog
    assert not forms.skip(dialog).answers
    assert "Reject" not in labels(dialog)


# --- a long one


def test_a_long_form_goes_from_step_to_step_and_shows_all_before_it_is_handed_in() -> None:
    dialog = for_form(BONUS, None)
    check("form-bonus-1", shown(dialog, "Rob"))
    dialog = forms.write(dialog, "lots")
    check("form-bonus-1-wrong", shown(dialog, "Rob"))
    dialog = forms.write(dialog, "$0.50")
    check("form-bonus-2", shown(dialog))
    dialog = forms.choose(dialog, 1)
    dialog = forms.choose(dialog, 0)
    check("form-bonus-4", shown(dialog))
    dialog = forms.skip(dialog)
    check("form-bonus-summary", shown(dialog))
    assert not dialog.is_over
    dialog = forms.send(dialog)
    assert dialog.is_over
    assert dict(dialog.answers) == {"bonus": "$0.50", "satisfaction": "good", "public": "yes"}


def test_back_goes_to_the_question_before_with_its_answer_kept() -> None:
    dialog = forms.back(forms.write(for_form(BONUS, None), "0.50"))
    assert dialog.at == 0
    assert "Keep “0.50”" in labels(dialog)
    assert forms.skip(dialog).at == 1
    assert forms.back(dialog).at == 0


def test_what_must_be_answered_cannot_be_skipped() -> None:
    dialog = for_form(BONUS, None)
    assert forms.skip(dialog) == dialog
    assert "Skip" not in labels(dialog)
    assert forms.write(dialog, " ").error == "write a few words"


def test_what_is_too_long_or_no_choice_is_said_at_its_question() -> None:
    dialog = forms.choose(forms.choose(forms.write(for_form(BONUS, None), "1"), 0), 1)
    assert forms.write(dialog, "x" * 21).error == "that is 21 characters, and at most 20 are taken"
    choice = forms.write(for_form(BONUS, None), "1")
    assert forms.write(choice, "dunno").error == "nothing here is called “dunno”"
    assert forms.write(choice, "GOOD").answers["satisfaction"] == "good"
    number = for_form(Form("n:A1:0", "N", (Input("n", "N", InputKind.NUMBER, required=True),)), None)
    assert forms.write(number, "ten").error == "a whole number, such as 10"
    assert forms.write(number, "10").is_over


def test_a_form_that_comes_back_goes_on_where_it_was_wrong() -> None:
    done = forms.send(forms.skip(forms.choose(forms.choose(forms.write(for_form(BONUS, None), "9"), 1), 1)))
    wrong = replace(BONUS, inputs=(replace(BONUS.inputs[0], error="at most $5.00"), *BONUS.inputs[1:]))
    dialog = for_form(wrong, None, done)
    check("form-bonus-back", shown(dialog))
    dialog = forms.write(dialog, "2")
    assert dialog.question is None
    assert dict(dialog.answers) == {"bonus": "2", "satisfaction": "good", "public": ""}


@pytest.mark.parametrize("number", [2, 99])
def test_a_choice_that_is_none_changes_nothing(number: int) -> None:
    dialog = for_form(REJECT, None)
    assert forms.choose(dialog, number) == dialog
    assert forms.aside(dialog, number) == dialog


def test_many_choices_are_turned_like_pages() -> None:
    choices = tuple(Choice(f"{n}", f"List {n}") for n in range(30))
    form = Form("list:A1:0", "Add to a list", (Input("list", "List", InputKind.CHOICE, True, choices=choices),), "Add")
    dialog = for_form(form, None)
    assert labels(dialog) == [*(f"List {n}" for n in range(12)), "More…", "Cancel"]
    assert labels(forms.turn(forms.turn(dialog)))[0] == "List 24"
    assert forms.turn(forms.turn(forms.turn(dialog))) == dialog
    assert forms.choose(forms.turn(dialog), 13).answers == {"list": "13"}


def test_no_button_of_a_question_is_too_long_or_looks_like_one_of_the_cores() -> None:
    assert data(10**14, 99, "c999").startswith("=")
    assert len(data(10**14, 99, "c999").encode()) <= 64


def test_a_form_without_questions_is_a_summary_to_send() -> None:
    dialog = for_form(Form("sure:A1:0", "Sure?", (), "Yes"), None)
    assert labels(dialog) == ["Yes", "Cancel"]
    assert forms.send(dialog).is_over


# --- commands that lack something


def test_a_command_asks_for_what_it_lacks() -> None:
    dialog = command("worker_show account=main")
    dialog = forms.suggest(dialog, [])
    check("command-worker", shown(dialog, "Rob"))
    assert forms.write(dialog, "w 7").line == 'worker show worker="w 7" account=main'


def test_what_may_be_meant_is_offered_and_anything_may_be_typed() -> None:
    dialog = forms.suggest(command("approve"), [Completion("A1", "A1", "Job · w-1"), Completion("A2", "A2")])
    check("command-approve", shown(dialog, "Rob"))
    assert forms.choose(dialog, 1).line == "approve ids=A2"
    typing = forms.type_it(dialog)
    check("command-approve-typing", shown(typing, "Rob"))
    assert forms.write(typing, "A7 A8").line == 'approve ids="A7 A8"'
    assert forms.back(typing) == dialog
    assert parse_values(*find_command(COMMANDS, forms.write(typing, "A7 A8").line))["ids"] == ("A7", "A8")


def test_choices_are_buttons() -> None:
    dialog = forms.write(command("person add"), "ann")
    assert labels(dialog) == ["owner", "manager", "reviewer", "viewer", "Back", "Cancel"]
    assert forms.choose(dialog, 3).line == "person add name=ann role=viewer"


def test_a_text_comes_last_and_takes_no_word_that_was_typed() -> None:
    dialog = forms.write(forms.write(command("reject-all number=3"), "J1"), 'not "done", account=x')
    values = parse_values(*find_command(COMMANDS, dialog.line))
    assert values == {"job": "J1", "reason": 'not "done", account=x', "number": 3}


# --- what is typed


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("/job_list", "job_list"),
        ("/job_list@OurBot main", "job_list main"),
        ("/job_list@otherbot main", None),
        ("/reject A1\nreason=two\nlines", "reject A1\nreason=two\nlines"),
        ("/reject A1 reason=“Not this”", 'reject A1 reason="Not this"'),
        ('/reject A1 reason="a “b”"', 'reject A1 reason="a “b”"'),
        ("/", ""),
    ],
)
def test_a_message_is_a_line_of_the_core(text: str, line: str | None) -> None:
    assert command_line(text, "ourbot") == line


def test_every_command_is_on_the_menu_under_a_name_that_telegram_takes() -> None:
    listed = menu(COMMANDS)
    assert len(listed) == len(COMMANDS)
    assert ("job_add_positions", "Let more workers do a job") in listed
    assert all(1 <= len(text) <= 100 and len(name) <= 32 for name, text in listed)
    for (name, _), found in zip(listed, COMMANDS, strict=True):
        assert find_command(COMMANDS, name)[0] is found


@pytest.mark.parametrize(("line", "near"), [("aprove A1", True), ("job", True), ("weather", False), ("", False)])
def test_what_looks_like_a_command_of_ours_is_near(line: str, near: bool) -> None:
    assert is_near(line, COMMANDS) is near
