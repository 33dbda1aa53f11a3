"""What people type for a new job, and what is made of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from botcore.draft import Challenge, DraftField, JobDraft, Offers, Option, Problem, Shape, Source, Variable
from botcore.draft_text import canonical, options_of, read_answer, read_draft
from botcore.models import Category, ProofKind, ProofSlot, Zone
from botcore.posting.files import answers_in, read_file
from botcore.ui import File

ZONES = (
    Zone("int", "International", ("us", "de")),
    Zone("us", "USA"),
    Zone("eu", "Europe West"),
    Zone("ee", "Europe East"),
)
CATEGORIES = (
    Category("0501", "Sign up: Simple", {"int": Decimal("0.05"), "us": Decimal("0.15")}),
    Category("0502", "Sign up: With e-mail", {"int": Decimal("0.10")}),
)
OFFERS = Offers(zones=ZONES, categories=CATEGORIES)

ZONE = DraftField(name="zone", label="Where", shape=Shape.ONE, source=Source.ZONES)
CATEGORY = DraftField(name="category", label="Category", shape=Shape.ONE, source=Source.CATEGORIES, required=True)
EXCLUDED = DraftField(name="excluded", label="Not from", shape=Shape.SOME, source=Source.EXCLUDABLE)
PROOFS = DraftField(name="proofs", label="Proofs", shape=Shape.PROOFS, least=1, most=2)
PRICE = DraftField(name="price", label="Price", shape=Shape.MONEY, least=Decimal("0.02"))
COUNT = DraftField(name="positions", label="How many", shape=Shape.NUMBER, least=10, most=99)
LEVEL = DraftField(
    name="level", label="Level", shape=Shape.ONE, options=(Option("starter", "Starter"), Option("expert", "Expert"))
)


def of_shape(shape: Shape) -> DraftField:
    return DraftField(name="it", label="It", shape=shape)


def problems(one: DraftField, typed: str, **also: str) -> list[str]:
    return [p.text for p in read_draft("main", [one], {one.name: typed, **also}, OFFERS)[1]]


def value(one: DraftField, typed: str, **also: str) -> object:
    draft, wrong = read_draft("main", [one], {one.name: typed, **also}, OFFERS)
    assert not wrong
    return draft.values[one.name]


@pytest.mark.parametrize(
    ("shape", "typed", "meant"),
    [
        (Shape.LINE, " Sign up ", "Sign up"),
        (Shape.PARAGRAPH, "one\r\n\r\ntwo", "one\n\ntwo"),
        (Shape.LINES, "Open the page\n\n  Sign  up ", ("Open the page", "Sign up")),
        (
            Shape.PROOFS,
            "screenshot: Your profile\nText : your name",
            (ProofSlot(ProofKind.PICTURE, "Your profile"), ProofSlot(ProofKind.TEXT, "your name")),
        ),
        (
            Shape.VARIABLES,
            "CITY: Rome | Paris\n{{URL}}: https://a/?x=1|https://b",
            (Variable("CITY", ("Rome", "Paris")), Variable("URL", ("https://a/?x=1", "https://b"))),
        ),
        (Shape.CHALLENGES, "2 + 2 = 4 in words? = four", (Challenge("2 + 2 = 4 in words?", "four"),)),
        (Shape.MONEY, "$0.125", Decimal("0.125")),
        (Shape.MONEY, ".5", Decimal("0.5")),
        (Shape.NUMBER, "025", 25),
        (Shape.FLAG, "Yes", True),
        (Shape.FLAG, "no", False),
        (Shape.TIME, "24:00", "24:00"),
    ],
)
def test_what_is_typed_means(shape: Shape, typed: str, meant: object) -> None:
    assert value(of_shape(shape), typed) == meant


@pytest.mark.parametrize(
    ("shape", "typed", "said"),
    [
        (Shape.LINE, "a\nb", "must be on one line"),
        (
            Shape.PROOFS,
            "your name",
            "“your name”: each begins with screenshot: or text:, such as screenshot: Your profile page",
        ),
        (Shape.VARIABLES, "Rome, Paris", "“Rome, Paris”: each is a name and its values, such as CITY: Rome | Paris"),
        (Shape.VARIABLES, "A: 1|2\nA: 3|4", "A is there twice"),
        (
            Shape.CHALLENGES,
            "blue?",
            "“blue?”: each is a question and its answer, such as What colour is the logo? = blue",
        ),
        (Shape.MONEY, "ten", "is an amount of dollars, such as 0.10"),
        (Shape.MONEY, "-1", "is an amount of dollars, such as 0.10"),
        (Shape.NUMBER, "2.5", "is a whole number, such as 25"),
        (Shape.FLAG, "maybe", "is yes or no"),
        (Shape.TIME, "25:00", "is a time from 00:00 to 24:00, in UTC, such as 08:30"),
        (Shape.TIME, "24:01", "is a time from 00:00 to 24:00, in UTC, such as 08:30"),
    ],
)
def test_what_means_nothing_is_told_with_an_example(shape: Shape, typed: str, said: str) -> None:
    assert problems(of_shape(shape), typed) == [said]


def test_bounds_are_named() -> None:
    assert problems(COUNT, "9") == ["is from 10 to 99"]
    assert problems(PRICE, "0.01") == ["is at least $0.02"]
    assert problems(PROOFS, "text: a\ntext: b\ntext: c") == ["takes at most 2 proofs; there are 3"]
    assert problems(DraftField(name="it", label="It", shape=Shape.LINE, longest=3), "four") == [
        "“four” has 4 characters; at most 3 are taken"
    ]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    draft, wrong = read_draft("main", [CATEGORY, PRICE, COUNT], {"price": "x", "positions": "1"}, OFFERS)
    assert wrong == [
        Problem("category", "is missing"),
        Problem("price", "is an amount of dollars, such as 0.10"),
        Problem("positions", "is from 10 to 99"),
    ]
    assert draft == JobDraft("main", {})


@pytest.mark.parametrize("typed", ["0501", "sign up: simple", "SIMPLE", "up simple"])
def test_a_choice_is_found_by_its_id_its_name_or_words_of_it(typed: str) -> None:
    assert value(CATEGORY, typed) == "0501"


def test_words_that_fit_several_choices_are_asked_about() -> None:
    assert problems(CATEGORY, "sign up") == [
        "“sign up” may be any of: Sign up: Simple (0501), Sign up: With e-mail (0502)"
    ]
    assert problems(ZONE, "asia")[0].startswith("“asia” is not there; choose one of: International (int), USA (us)")


def test_one_of_a_few_that_are_fixed_is_named_in_full() -> None:
    assert value(LEVEL, "Expert") == "expert"
    assert problems(LEVEL, "exp") == ["“exp” is not there; choose one of: Starter, Expert"]


def test_an_exact_name_is_meant_though_its_words_are_in_others() -> None:
    assert value(ZONE, "us") == "us"


def test_a_part_of_an_id_means_nothing() -> None:
    assert problems(CATEGORY, "050")[0].startswith("“050” is not there")
    assert value(CATEGORY, "0502 e-mail") == "0502"


def test_what_the_catalogue_never_told_is_taken_as_it_is() -> None:
    draft, wrong = read_draft("main", [CATEGORY], {"category": "0707"}, Offers())
    assert (draft.text("category"), wrong) == ("0707", [])


def test_countries_to_leave_out_are_those_of_the_zone() -> None:
    assert value(EXCLUDED, "US, de", zone="int") == ("us", "de")
    assert problems(EXCLUDED, "fr", zone="int")[0].startswith("“fr” is not there")


def test_choices_are_kept_by_their_ids_and_nonsense_as_it_was_typed() -> None:
    assert canonical(CATEGORY, "e-mail", options_of(CATEGORY, OFFERS, "")) == "0502"
    assert canonical(CATEGORY, "sign up", options_of(CATEGORY, OFFERS, "")) == "sign up"
    assert canonical(LEVEL, "EXPERT", LEVEL.options) == "expert"
    assert canonical(of_shape(Shape.FLAG), "TRUE", None) == "yes"
    assert canonical(COUNT, " 5 ", None) == "5"


def test_a_category_tells_its_minimum_in_the_zone() -> None:
    options = options_of(CATEGORY, OFFERS, "us") or ()
    assert [option.note for option in options] == ["from $0.15", "from $0.10"]


def test_what_is_invisible_is_left_out() -> None:
    assert read_answer(of_shape(Shape.LINE), "Sign up", None) == "Sign up"
    assert value(of_shape(Shape.LINE), "Sign\u202e up\u200b") == "Sign up"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("1", "yes"),
        ("0", "no"),
        ("0.0", "no"),
        ("1.5", "1.5"),
        ("nan", "NaN"),
        ("-inf", "-Infinity"),
        ("1e999", "1E+999"),
    ],
)
def test_a_number_in_a_file_answers_yes_or_no_or_is_kept_to_be_mended(value: str, kept: str) -> None:
    flag = DraftField(name="hide", label="Hidden", shape=Shape.FLAG)
    assert answers_in(read_file(File("job.toml", f"hide = {value}")), [flag]) == ({"hide": kept}, [])
