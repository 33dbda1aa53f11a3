"""Forms with many questions and many choices: little to type, little to touch, and nothing lost."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings

from botcore.ui import Choice, Form, Input, InputKind, Tone
from botcore_telegram import forms
from botcore_telegram.forms import CHOICES, Dialog, for_form
from botcore_telegram.html import TEXT_UNITS
from botcore_telegram.questions import box, panel
from tests.adapters.telegram.drawn import check, note_text
from tests.adapters.telegram.markup import finish, parse_html, utf16_length
from tests.adapters.telegram.test_telegram_markup import LINKS, TEXTS

SUBJECTS = ("Sign up", "Search", "Social media", "Surveys", "Mobile")
CATEGORIES = tuple(
    Choice(f"{number:04}", f"{subject} · Kind {number}")
    for number, subject in enumerate(subject for subject in SUBJECTS for _ in range(30))
)
ZONES = (Choice("int", "International"), Choice("west", "USA & Western"))
LANDS = tuple(Choice(f"c{number}", f"Land {number}") for number in range(40))
DEVICES = (Choice("ios", "iPhone"), Choice("and", "Android"), Choice("pc", "Computer"))
POST = Form(
    "draft:d-12:0",
    "A new job",
    (
        Input("title", "Title", required=True),
        Input("category", "Category", InputKind.CHOICE, required=True, choices=CATEGORIES),
        Input("zone", "Where", InputKind.CHOICE, value="int", choices=ZONES),
        Input("price", "Price", InputKind.MONEY, required=True, help="what a worker earns"),
        Input("positions", "Positions", InputKind.NUMBER, required=True, value="25"),
        Input("instructions", "Instructions", InputKind.PARAGRAPH, required=True, help="one a line"),
        Input("notes", "Notes", InputKind.PARAGRAPH),
        Input("speed", "Speed", InputKind.NUMBER, group="Pace", value="1000"),
    ),
    "Quote",
    Tone.SUCCESS,
    note="$2.50, and a fee",
)
WORKERS = Form(
    "draft:d-12:3",
    "Workers",
    (
        Input("devices", "Devices", InputKind.SEVERAL, choices=DEVICES, group="Workers"),
        Input("without", "Without", InputKind.SEVERAL, choices=LANDS, value="c1, c2", group="Workers"),
        Input("followers", "Tell followers", InputKind.CHECK, value="yes", group="Workers"),
        Input("level", "Level", InputKind.CHOICE, value="pro", choices=(Choice("pro", "Pro"),), group="Workers"),
    ),
)


def shown(dialog: Dialog, owner: str = "") -> str:
    opened = box(dialog, "103", owner) if owner else None
    return note_text(panel(dialog, 7, owner), *([opened] if opened else []))


def labels(dialog: Dialog) -> list[str]:
    return [key.label for row in panel(dialog, 7, "").keyboard for key in row]


def typed(dialog: Dialog, *lines: str) -> Dialog:
    for line in lines:
        dialog = forms.write(dialog, line)
        assert not dialog.error
    return dialog


def at(name: str, form: Form = POST) -> Dialog:
    """The question of a form that nobody has answered yet."""
    asked = next(replace(item, group="") for item in form.inputs if item.name == name)
    others = tuple(Input(f"q{number}", "Q", required=True) for number in range(2))
    return for_form(replace(form, inputs=(asked, *others)), None)


# --- one after the other


def test_answers_are_typed_one_after_the_other_with_nothing_to_touch_between() -> None:
    dialog = typed(
        for_form(POST, None),
        "Sign up to ACME website",
        "sign up kind 27",
        "international",
        "0.10",
        "25",
        "visit the ACME website\nCreate an account",
        "none",
    )
    assert dialog.question is None
    check("form-post-summary", shown(dialog))
    assert forms.send(dialog).is_over
    assert dict(dialog.answers) == {
        "title": "Sign up to ACME website",
        "category": "0027",
        "zone": "int",
        "price": "0.10",
        "positions": "25",
        "instructions": "visit the ACME website\nCreate an account",
        "notes": "none",
    }


def test_those_of_a_group_are_left_out_beside_others_unless_something_is_wrong_with_them() -> None:
    assert "speed" not in [question.name for question in for_form(POST, None).questions]
    wrong = tuple(replace(i, error="is at most 1000") if i.name == "speed" else i for i in POST.inputs)
    dialog = for_form(replace(POST, inputs=wrong), None)
    assert dialog.question == replace(POST.inputs[-1], error="is at most 1000")


def test_a_form_of_one_group_asks_all_of_it() -> None:
    assert [question.name for question in for_form(WORKERS, None).questions] == [i.name for i in WORKERS.inputs]


def test_what_is_there_already_is_shown_and_kept_with_one_touch() -> None:
    dialog = typed(for_form(POST, None), "A title", "kind 77")
    check("form-post-zone", shown(dialog))
    assert labels(dialog)[:3] == ["International", "USA & Western", "Keep “International”"]
    assert forms.skip(dialog).answers["zone"] == "int"


def test_what_may_be_left_can_be_left_all_at_once() -> None:
    dialog = typed(for_form(POST, None), "A title", "kind 77", "int", "1", "30")
    assert "Skip the rest" not in labels(dialog)
    assert forms.rest(dialog) == dialog
    back = forms.back(typed(dialog, "Do it"))
    assert "Skip the rest" in labels(back)
    assert forms.rest(back).may_be_sent


# --- the summary


def test_what_has_all_it_must_have_begins_with_the_summary() -> None:
    filled = {"title": "T", "category": "0007", "price": "1", "instructions": "I"}
    form = replace(POST, inputs=tuple(replace(i, value=i.value or filled.get(i.name, "")) for i in POST.inputs))
    dialog = for_form(form, None)
    assert labels(dialog) == [
        *("Title…", "Category…", "Where…", "Price…", "Positions…", "Instructions…", "Notes…"),
        *("Quote", "Cancel"),
    ]
    changed = forms.change(dialog, 3)
    check("form-post-price", shown(changed, "Rob"))
    assert forms.back(changed) == dialog
    again = typed(changed, "0.20")
    assert again.question is None
    assert dict(again.answers) == {**filled, "zone": "int", "price": "0.20", "positions": "25"}


def test_an_answer_can_be_taken_away_and_is_sent_as_empty() -> None:
    dialog = for_form(WORKERS, None)
    emptied = forms.empty(forms.change(dialog, 1))
    assert dict(forms.send(emptied).answers) == {"without": "", "followers": "yes", "level": "pro"}
    unchecked = forms.choose(forms.change(dialog, 2), 1)
    assert unchecked.answers["followers"] == ""
    required = for_form(POST, None)
    assert forms.empty(required) == required
    assert "Leave it empty" not in labels(required)


def test_a_number_that_is_no_question_changes_nothing() -> None:
    dialog = for_form(WORKERS, None)
    assert forms.change(dialog, 4) == dialog
    assert forms.change(forms.change(dialog, 1), 2) == forms.change(dialog, 1)


def test_what_the_answers_come_to_stands_at_the_summary_with_what_is_wrong() -> None:
    dialog = for_form(WORKERS, None)
    wrong = tuple(replace(i, error="is in no zone") if i.name == "without" else i for i in WORKERS.inputs)
    told = forms.told(dialog, replace(WORKERS, inputs=wrong, note="$25.00 in all"))
    check("form-workers-told", shown(told))
    assert forms.change(told, 1).error == "is in no zone"
    mended = forms.choose(forms.change(told, 1), 0)
    assert "is in no zone" not in shown(forms.done(mended)).lower()


# --- one of many


def test_of_many_choices_words_that_fit_one_are_taken() -> None:
    assert at("category").is_written
    check("form-post-category", shown(at("category")))
    for words in ("0041", "SEARCH  41", "Search · Kind 41", "41 kind search"):
        assert forms.write(at("category"), words).answers["category"] == "0041"


def test_words_that_fit_several_bring_those_as_buttons() -> None:
    dialog = forms.write(at("category"), "kind 14")
    check("form-post-category-which", shown(dialog))
    assert next(label for label in labels(dialog) if "Kind" in label) == "Sign up · Kind 14"
    assert forms.choose(dialog, 141).answers["category"] == "0141"
    assert forms.write(dialog, "mobile 5").answers == {"category": "0145"}
    assert forms.back(dialog) == at("category")


def test_words_that_fit_more_than_are_shown_at_once_are_turned_like_pages() -> None:
    dialog = forms.write(at("category"), "sign")
    assert len(dialog.among) == 30
    assert len([label for label in labels(dialog) if "Kind" in label]) == CHOICES
    assert [label for label in labels(forms.turn(forms.turn(dialog))) if "Kind" in label][-1] == "Sign up · Kind 29"
    assert forms.turn(forms.turn(forms.turn(dialog))) == dialog


def test_words_that_fit_nothing_are_said_so_and_all_are_shown_again() -> None:
    dialog = forms.write(forms.write(at("category"), "kind 14"), "gardening")
    assert dialog.error == "nothing here is called “gardening”"
    assert not dialog.among
    assert not dialog.answers


def test_two_of_the_same_name_are_asked_about() -> None:
    lists = (Choice("1", "Best"), Choice("2", "Best"), Choice("3", "Others"))
    dialog = forms.write(at("l", replace(POST, inputs=(Input("l", "List", InputKind.CHOICE, choices=lists),))), "best")
    assert dialog.among == (0, 1)
    assert forms.choose(dialog, 1).answers["l"] == "2"


# --- some of several


def test_few_are_touched_on_and_off_until_it_is_done() -> None:
    dialog = at("devices", WORKERS)
    assert "Done" not in labels(dialog)
    dialog = forms.choose(forms.choose(forms.choose(dialog, 0), 2), 1)
    dialog = forms.choose(dialog, 2)
    check("form-workers-devices", shown(dialog))
    assert forms.done(dialog).answers["devices"] == "ios, and"
    assert forms.write(at("devices", WORKERS), "computer, iphone").answers["devices"] == "pc, ios"


def test_what_was_chosen_before_is_marked_and_done_keeps_it() -> None:
    dialog = at("without", WORKERS)
    assert labels(dialog)[:3] == ["Land 0", "✓ Land 1", "✓ Land 2"]
    assert forms.done(dialog).answers["without"] == "c1, c2"
    assert forms.done(forms.choose(dialog, 1)).answers["without"] == "c2"
    assert forms.write(dialog, "land 30").answers["without"] == "c30"


def test_many_are_typed_with_commas_and_what_is_not_clear_is_asked() -> None:
    start = at("without", WORKERS)
    assert forms.write(start, "Land 7, c9\nland 12").answers["without"] == "c7, c9, c12"
    dialog = forms.write(start, "land 7, land 3, 38, moon")
    assert dialog.picked == ("c7", "c3", "c38")
    assert dialog.error == "nothing here is called “moon”"
    dialog = forms.write(start, "land 7, nd 39, nd 2")
    check("form-workers-which", shown(dialog))
    assert forms.done(forms.choose(dialog, 22)).answers["without"] == "c7, c39, c22"
    assert forms.write(dialog, "nd 25").answers["without"] == "c7, c39, c25"
    assert forms.write(dialog, "land 5").answers["without"] == "c7, c39, c5"


def test_of_several_that_must_be_some_none_is_not_done() -> None:
    required = replace(WORKERS, inputs=(replace(WORKERS.inputs[0], required=True),))
    dialog = at("devices", required)
    assert forms.done(dialog) == dialog
    off = forms.choose(forms.choose(dialog, 0), 0)
    assert not forms.done(off).answers


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, TEXTS, TEXTS)
def test_hostile_labels_and_answers_stay_words(name: str, label: str, answer: str) -> None:
    choices = tuple(Choice(f"{number}", f"{label}{number}") for number in range(30))
    hostile = Form(
        "draft:d-1:0",
        name,
        (
            Input("a", label, InputKind.CHOICE, choices=choices, help=name, value="3"),
            Input("b", label, InputKind.SEVERAL, choices=choices, error=name),
            Input("c", label, InputKind.PARAGRAPH, value=f"{answer}\n{answer}"),
        ),
        name,
        intro=name,
        note=name,
    )
    dialog = for_form(hostile, None)
    for number in range(3):
        dialog = forms.write(replace(dialog, at=number, error=""), answer)
        for state in (dialog, replace(dialog, at=number), replace(dialog, at=3)):
            note = panel(state, 7, name)
            parsed = finish(parse_html(note.html))
            assert utf16_length(parsed.text) <= TEXT_UNITS
            assert not {entity.type for entity in parsed.entities} & LINKS
            assert all(len(key.data.encode()) <= 64 and key.label for row in note.keyboard for key in row)
