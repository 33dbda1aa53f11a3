"""A job's form as a marketplace with many options has it, and what it says of answers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from botcore.ui import Choice, Form, Input, InputKind, Tone

FORM = "draft:d-12:0"
WHO, DIFFERS, TIME, EXTRAS = "Who may do it", "What differs", "Time and pace", "Extras"
KINDS = ("Sign up", "Search and click", "Video", "Social media", "Review", "Mobile app", "Write", "Data")
LEVELS = ("Simple", "Simple with e-mail", "With verification", "Complex", "With deposit")
ZONES = {
    "int": ("International", ()),
    "us": ("USA, Canada, UK, Australia", ("ca", "au")),
    "eu": ("Western Europe", ("de", "fr", "es", "it", "nl", "be", "at", "ie", "pt")),
    **{f"z{n}": (f"Asia, part {n}", ("in", "bd", "lk")) for n in range(1, 8)},
}
COUNTRIES = {"ca": "Canada", "au": "Australia", "de": "Germany", "fr": "France", "es": "Spain", "it": "Italy"}
BEGUN = {
    "level": "any",
    "per_worker": "1",
    "distribution": "100",
    "speed": "1000",
    "days_to_rate": "7",
    "hold_minutes": "15",
}
EXAMPLE = {
    "title": "Sign up to ACME website",
    "category": "0101",
    "zone": "int",
    "price": "0.10",
    "positions": "25",
    "instructions": "visit the ACME website\nCreate an account",
    "proofs": "screenshot: Screenshot of your profile at ACME website",
}


def categories(zone: str = "int") -> tuple[Choice, ...]:
    """150 of them; what they pay at least depends on the zone."""
    made = []
    for number in range(150):
        kind, level = KINDS[number % len(KINDS)], LEVELS[number // len(KINDS) % len(LEVELS)]
        more = "" if number < 40 else f" {number // 40 + 1}"
        code = f"{number // 100 + 1:02}{number % 100 + 1:02}"
        made.append(Choice(code, f"{kind}: {level} sign{more} · from ${minimum(zone)}"))
    return tuple(made)


def minimum(zone: str) -> Decimal:
    return Decimal("0.05") if zone == "int" else Decimal("0.12")


def job_form(values: Mapping[str, str] = BEGUN, *, errors: Mapping[str, str] | None = None, note: str = "") -> Form:
    zone = values.get("zone", "")
    left_out = tuple(Choice(code, COUNTRIES.get(code, code)) for code in ZONES.get(zone, ("", ()))[1])
    wrong = errors or {}

    def ask(name: str, label: str, kind: InputKind = InputKind.LINE, **more: Any) -> Input:
        return Input(name, label, kind, value=values.get(name, ""), error=wrong.get(name, ""), **more)

    choices = {word: Choice(word, word.capitalize()) for word in ("any", "starter", "advanced", "expert")}
    lists = (Choice("list-1", "Good ones · 31 workers"), Choice("list-2", "Testers · 12 workers"))
    action = (Choice("reject", "Reject"), Choice("flag", "Flag it for me"))
    rated = (Choice("no", "No"), Choice("v", "Variables"), Choice("v+r", "Variables and questions"))
    number, money, check, paragraph = InputKind.NUMBER, InputKind.MONEY, InputKind.CHECK, InputKind.PARAGRAPH
    inputs = (
        ask("title", "Title", required=True, max_length=75),
        ask("category", "Category", InputKind.CHOICE, required=True, choices=categories(zone)),
        ask("zone", "Where", InputKind.CHOICE, choices=tuple(Choice(k, v[0]) for k, v in ZONES.items())),
        ask("price", "Pay for each task", money, required=True),
        ask("positions", "How many tasks", number, required=True),
        ask("instructions", "What to do", paragraph, required=True, help="One step a line."),
        ask("proofs", "Proofs", paragraph, required=True, help="One a line, such as screenshot: Your profile page"),
        ask("list", "List", InputKind.CHOICE, choices=lists, group=WHO, help="Instead of a zone: only these workers."),
        ask("left_out", "Countries left out", InputKind.SEVERAL, choices=left_out, group=WHO),
        ask("level", "Level", InputKind.CHOICE, choices=tuple(choices.values()), required=True, group=WHO),
        ask("per_worker", "Tasks for each worker", number, group=WHO),
        ask("distribution", "Distribution", number, group=WHO, help="Percent, from 25 to 100."),
        ask("variables", "Variables", paragraph, group=DIFFERS, help="One a line, such as CITY: Rome | Paris"),
        ask("challenges", "Questions", paragraph, group=DIFFERS, help="One a line: the question = the answer"),
        ask("challenge_action", "When a question is answered wrongly", InputKind.CHOICE, choices=action, group=DIFFERS),
        ask("speed", "Speed", number, group=TIME, help="From 1 to 1000."),
        ask("start", "From", group=TIME, max_length=5, help="HH:mm, in UTC"),
        ask("end", "To", group=TIME, max_length=5, help="HH:mm, in UTC"),
        ask("days_to_rate", "Days to rate", number, group=TIME),
        ask("hold_minutes", "Minutes for a task", number, group=TIME),
        ask("hold_required", "A worker must have opened it for so long", check, group=TIME),
        ask("pause_after_approval", "Pause once it is approved", check, group=TIME),
        ask("auto_rate", "Rate by itself", InputKind.CHOICE, choices=rated, group=TIME),
        ask("notes", "Notes for yourself", paragraph, group=EXTRAS),
        ask("notify_followers", "Tell my followers", check, group=EXTRAS, help="3 % of the total, at least $1"),
        ask("premium", "Premium", money, group=EXTRAS, help="0, or from $2.00 to $50.00"),
    )
    return Form(FORM, "A new job at SproutGigs (main)", inputs, "Preview", Tone.INFO, live=True, note=note)


def checked(values: Mapping[str, str]) -> Form:
    """The form as these answers leave it."""
    errors = {name: "is missing" for name in EXAMPLE if not values.get(name, "").strip()}
    price, positions = amount(values.get("price", "")), amount(values.get("positions", ""))
    if "price" not in errors:
        low = minimum(values.get("zone", ""))
        if price is None:
            errors["price"] = "is an amount of dollars, such as 0.10"
        elif price < low:
            errors["price"] = f"is at least ${low} in this zone"
    if "positions" not in errors and (positions is None or positions < 10):
        errors["positions"] = "is at least 10"
    hold = amount(values.get("hold_minutes", ""))
    if hold is not None and not 5 <= hold <= 90:
        errors["hold_minutes"] = "is from 5 to 90"
    good = price is not None and positions is not None
    note = f"{positions} × ${price} = ${positions * price:.2f}" if good else ""  # type: ignore[operator]
    return job_form(values, errors=errors, note=note)


def amount(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
