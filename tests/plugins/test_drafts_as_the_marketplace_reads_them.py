"""What is asked of a draft before it is sent, against what the simulated marketplaces ask of it, which have their own
reading of the documents: what one takes, the other takes, and what is sent is what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botcore.draft import Offers
from botcore.draft_text import read_draft
from botcore.sandbox import Refusal, Sandbox
from botcore.sandbox.base import Call
from botcore.testing.market import ACCOUNT, opened
from botcore.transport import encode
from botcore_picoworkers.provider import PicoworkersProvider
from botcore_picoworkers.sandbox import PicoworkersSandbox
from botcore_sproutgigs.common import CommonProvider
from botcore_sproutgigs.posting.terms import terms_of
from botcore_sproutgigs.provider import SproutGigsProvider
from botcore_sproutgigs.sandbox import SproutGigsSandbox

LISTS = {"good": "12870", "short": "12872"}  # 25 workers or so, and 4
BASICS = {
    "title": "Sign up at the garden forum",
    "category": "0501",
    "zone": "int",
    "price": "0.10",
    "positions": "25",
    "instructions": "Open the forum\nMake an account",
    "proofs": "screenshot: Your profile page",
}
NUMBER = {
    "positions": (9, 10, 11, 9999),
    "per_worker": (0, 1, 2, 10, 11),
    "distribution": (24, 25, 100, 101),
    "days_to_rate": (0, 1, 7, 8, 90, 91),
    "speed": (0, 1, 1000, 1001),
    "hold_minutes": (4, 5, 90, 91),
}
MANY = " | ".join(map(str, range(999)))
TYPED: Mapping[str, tuple[str, ...]] = {
    "title": ("", " ", "Naïve “title” 😀"),
    "category": ("", "88888", "0500", "9002", "2004"),
    "zone": ("", "int", "west1", "africa1", "mars"),
    "price": ("", "0", "0.0799", "0.08", "0.24", "0.2399", "0.50", "1.20", "$ 2", "0.08001", ".5", "free"),
    "instructions": (
        "",
        "Go to {{CITY}}",
        "Go to {{CITY}} by {{CAR}}",
        "Go to {{ CITY }}",
        "{{}} and {{CITY}}",
        "{{{CITY}}}",
        "say }} and {{",
        "{{CI:TY}} {{CITY}}",
    ),
    "proofs": (
        "",
        "text: Your name\nscreenshot: Your page",
        "\n".join(["text: Your name"] * 4),
        "\n".join(["text: Your name"] * 5),
        "video: You",
        "screenshot:",
    ),
    "notes": ("", "Thank you\n\nand come again"),
    "variables": (
        "",
        "CITY: Rome",
        "CITY: Rome | Paris",
        "CITY: Rome | Paris\nCAR: red | blue",
        "CITY: Rome | Paris\nCAR: red | blue | green",
        f"CITY: {MANY}",
        f"CITY: {MANY} | 999",
    ),
    "list": ("", LISTS["good"], LISTS["short"], "1"),
    "excluded": ("", "us", "us, uk", "bd, pk", "nz", "zz"),
    "level": ("", "starter", "expert", "advanced", "master"),
    "challenges": ("", "Colour? = blue", "1 + 1 = 2? = yes", "\n".join(["Colour? = blue"] * 4), "Colour?"),
    "challenge_action": ("", "rate_nok", "rate_nok_block", "shout"),
    "auto_rate": ("", "NO", "V", "V+R", "never"),
    "start": ("", "00:00", "08:30", "8:30", "23:60", "24:00"),
    "end": ("", "00:00", "24:00", "24:30", "23:59"),
    "hold_required": ("", "yes", "no", "perhaps"),
    "pause_after_approval": ("", "yes", "no", "2"),
    "notify_followers": ("", "yes", "no"),
    "premium": ("", "0", "1.99", "2", "50.00", "50.01", "2.00001"),
    **{name: ("", *map(str, values), "many", "1.5") for name, values in NUMBER.items()},
}
NAMES = {
    "category": "category_id", "zone": "zone_id", "price": "task_value", "positions": "num_tasks", "list": "list_id",
    "excluded": "excluded_countries", "level": "workers_level", "per_worker": "workers_max_tasks",
    "auto_rate": "autorate", "days_to_rate": "ttr", "start": "start_time", "end": "end_time",
    "hold_minutes": "hold_time", "premium": "premium_amount",
}  # fmt: skip

MARKETPLACES: list[tuple[type[CommonProvider[Any]], type[Sandbox]]] = [
    (SproutGigsProvider, SproutGigsSandbox),
    (PicoworkersProvider, PicoworkersSandbox),
]
each = pytest.mark.parametrize(("provider", "sandbox"), MARKETPLACES)


@st.composite
def answers(draw: st.DrawFn) -> dict[str, str]:
    """A draft that is good but for a few answers, which may be good as well."""
    changed = draw(st.lists(st.sampled_from(sorted(TYPED)), max_size=5, unique=True))
    # what makes sense together only
    together = draw(st.sampled_from([{}, {"zone": "", "list": LISTS["good"]}, {"level": "expert"}, CITY, QUESTION]))
    return {**BASICS, **together, **{name: draw(st.sampled_from(TYPED[name])) for name in changed}}


CITY = {"instructions": "Go to {{CITY}}", "variables": "CITY: Rome | Paris"}
QUESTION = {"challenges": "Colour? = blue", "challenge_action": "rate_nok"}


def as_posted(typed: Mapping[str, str]) -> dict[str, Any]:
    """What was typed under the names and types of the documents, whether it means anything or not."""
    return {NAMES.get(name, name): _value(name, text) for name, text in typed.items() if text.strip()}


def _value(name: str, text: str) -> Any:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    match name:
        case "price" | "premium":
            try:
                return Decimal(text.strip("$ "))
            except InvalidOperation:
                return text
        case "instructions":
            return lines
        case "excluded":
            return [code.strip() for code in text.split(",")]
        case "proofs":
            parts = [line.partition(":") for line in lines]
            return [{"type": kind, "description": said.strip()} for kind, _, said in parts]
        case "variables":
            named = [line.partition(":") for line in lines]
            return [{"name": one, "values": [value.strip() for value in v.split("|")]} for one, _, v in named]
        case "challenges":
            asked = [line.rpartition("=") for line in lines]
            return [{"question": question.strip(), "answer": answer.strip()} for question, _, answer in asked]
        case "hold_required" | "pause_after_approval" | "notify_followers":
            return {"yes": 1, "no": 0}.get(text, text)
        case _ if (name in NUMBER or name == "list") and text.isdigit():
            return int(text)
    return text


def stricter(typed: Mapping[str, str]) -> set[str]:
    """Fields for which more is asked here than there: what has no documented default, and a day that starts at its
    end."""
    return {name for name, value in (("positions", ""), ("start", "24:00")) if typed.get(name) == value}


@each
@pytest.mark.parametrize("examples", [150, pytest.param(10_000, marks=(pytest.mark.soak, pytest.mark.timeout(3600)))])
async def test_what_is_taken_here_is_taken_there_and_what_is_refused_there_is_refused_here(
    provider: type[CommonProvider[Any]], sandbox: type[Sandbox], examples: int
) -> None:
    fields = provider.draft_fields
    async with opened(provider, sandbox, {}, frozenset()) as market:
        asked = market.provider
        offers = Offers(zones=await asked.zones(), categories=await asked.categories(), lists=await asked.lists())

        def refusal(terms: Mapping[str, Any]) -> str:
            with market.books() as books:
                post = books.site.endpoints()["jobs/post-job.php"].answer
                try:
                    post(books, Call("jobs/post-job.php", {}, encode({**terms, "test": 1})))
                except Refusal as refused:
                    return str(refused)
            return ""

        taken: list[bool] = []

        def check(typed: Mapping[str, str]) -> None:
            typed = {one.name: typed.get(one.name, "") for one in fields}
            draft, wrong = read_draft(ACCOUNT, fields, typed, offers)
            wrong += asked.problems(draft, offers)
            assert all(problem.text.strip() and problem.field in typed for problem in wrong)
            said = refusal(as_posted(typed))
            if said:
                assert wrong, said
            elif wrong:
                assert {problem.field for problem in wrong} <= stricter(typed), wrong
            else:
                assert terms_of(draft, fields) == as_posted(typed)
            taken.append(not wrong)

        for name, text in ((name, text) for name, texts in TYPED.items() for text in texts):
            check({**BASICS, name: text})
        assert len(taken) / 4 < sum(taken) < len(taken)
        settings(max_examples=examples, suppress_health_check=list(HealthCheck))(given(answers())(check))()


@each
def test_every_field_of_the_table_is_tried(provider: type[CommonProvider[Any]], sandbox: type[Sandbox]) -> None:
    assert {one.name for one in provider.draft_fields} <= set(TYPED)
