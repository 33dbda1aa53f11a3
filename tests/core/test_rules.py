"""Rules approve what holds, within their limits, and leave everything else to people."""

from __future__ import annotations

import asyncio
import re
import textwrap
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from botcore.clock import ManualClock
from botcore.config import Config, ConfigError, load_config
from botcore.flags import flag_picture
from botcore.likeness.desk import LikenessDesk
from botcore.likeness.measures import EMPTY, Look
from botcore.likeness.pictures import compare, keep_look, note_compared
from botcore.models import Proof, ProofKind, Satisfaction, SightingState, Submission
from botcore.rules.matching import holds
from botcore.rules.settings import Rule
from botcore.store.port import Later, Tx, Work
from botcore.ui import Card, Result, Table
from tests.core.market import DAY, HOUR, START, make_submission
from tests.core.rig import LIMITS, Rig, Rigs, Setup, until, words

CODE = '{ proof = "code", is = "AB12" }'
EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
GUIDE = EXAMPLE.with_name("docs") / "rules.md"

SEEN = Look(bytes(32), bytes(1024))

Write = Callable[..., tuple[Rule, ...]]


def rule_text(name: str = "code-check", when: str = CODE, **keys: object) -> str:
    """A rule in TOML that approves all it can; keys of value None are left out."""
    given = {
        "accounts": '["main"]',
        "min_approvals": 0,
        "max_per_day": 100,
        "max_dollars_per_day": 10,
        "shadow": "false",
        "sample": 0,
        **keys,
    }
    lines = [f"{key} = {value}" for key, value in given.items() if value is not None]
    return "\n".join(["[[rules]]", f'name = "{name}"', f"when = [{when}]", *lines, ""])


def load(folder: Path, *rules: str) -> Config:
    path = folder / "rules.toml"
    path.write_text('[accounts.main]\nprovider = "scripted"\n' + "".join(rules))
    return load_config(path, {})


def problems(folder: Path, *rules: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, *rules)
    return caught.value.lines


@pytest.fixture
def setup(tmp_path: Path) -> Callable[..., Setup]:
    """A bot with these rules, or with one of these keys."""

    def make(*rules: str, **keys: object) -> Setup:
        return Setup(rules=load(tmp_path, *(rules or [rule_text(**keys)])).rules)  # type: ignore[arg-type]

    return make


def code(text: str = "ab12", prompt: str = "Enter the code") -> Proof:
    return Proof(ProofKind.TEXT, prompt, text)


async def hand_in(rig: Rig, *tasks: str, **more: Any) -> None:
    """Workers hand in, and rules look at it."""
    for task in tasks:
        rig.market.add(task, **{"proofs": (code(),), **more})
    await rig.poll()
    await rig.turn(3)  # it was compared with others meanwhile


async def outcomes(rig: Rig) -> list[str]:
    return [row["outcome"] for row in await rig.rows("SELECT outcome FROM rule_findings ORDER BY submission, rule")]


async def by_rule(rig: Rig) -> list[str]:
    """The tasks that rules decided."""
    rows = await rig.rows(
        "SELECT task_id FROM decisions d JOIN submissions s ON s.id = d.submission WHERE d.via = 'rule' ORDER BY d.id"
    )
    return [row["task_id"] for row in rows]


async def picture_came(
    rig: Rig, url: str, sha256: str = "aa", *, compared: bool = True, look: Look | None = SEEN, why: str = ""
) -> None:
    """A picture was fetched; `compared`: and compared with others, unless it has no `look`, for this reason."""

    def note(tx: Tx) -> None:
        tx.q("UPDATE pictures SET state = 'ready', sha256 = :sha WHERE url = :url", url=url, sha=sha256)
        if compared:
            keep_look(tx, sha256, look, why)
            note_compared(tx, sha256, compare(tx, sha256))
            for row in tx.q("SELECT submission FROM submission_pictures WHERE url = :url", url=url):
                flag_picture(tx, row["submission"], sha256)

    await rig.store.tx(note)


async def known_worker(rig: Rig, worker: str, approved: int, blocked: int = 0) -> None:
    await rig.store.tx(
        lambda tx: tx.q(
            "INSERT INTO worker_records (account, worker_id, approved, blocked) VALUES ('main', :w, :a, :b)",
            w=worker,
            a=approved,
            b=blocked,
        )
    )


def report(card: Card | None) -> list[dict[str, str]]:
    assert card is not None
    table = next(block for block in card.blocks if isinstance(block, Table))
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


# --- what holds


def submitted(*proofs: Proof | str) -> Submission:
    return make_submission("t1", proofs=tuple(p if isinstance(p, Proof) else code(p, "Your answer") for p in proofs))


SHOT = Proof(ProofKind.PICTURE, "The code on a screenshot", url="https://x.example/1.png")


@pytest.mark.parametrize(
    ("when", "handed_in", "expected"),
    [
        ('{ is = "AB12" }', submitted("AB12"), True),
        ('{ is = "AB12" }', submitted("  ab12 \n"), True),
        ('{ is = "AB12" }', submitted("ＡＢ１２"), True),  # full width, as some keyboards write
        ('{ is = "AB12" }', submitted("A\u200bB12"), True),  # with something invisible in it
        ('{ is = "thank you" }', submitted("Thank\n\t you"), True),
        ('{ is = "AB12" }', submitted("AB12!"), False),
        ('{ is = "AB12" }', submitted("the code is AB12"), False),
        ('{ is = "AB12" }', submitted("nothing", "AB12"), True),  # in any of them
        ('{ is = "AB12" }', submitted(), False),
        ('{ proof = 2, is = "AB12" }', submitted("x", "AB12"), True),
        ('{ proof = 1, is = "AB12" }', submitted("x", "AB12"), False),
        ('{ proof = 3, is = "AB12" }', submitted("x", "AB12"), False),
        ('{ proof = 1, is = "AB12" }', submitted(SHOT, "AB12"), False),  # a picture is no text
        ('{ proof = 2, is = "AB12" }', submitted(SHOT, "AB12"), True),
        ('{ proof = "code", is = "AB12" }', submitted(code("AB12", "Enter the CODE, please")), True),
        ('{ proof = "the code", is = "AB12" }', submitted(code("AB12", "Enter the code")), True),
        ('{ proof = "code", is = "AB12" }', submitted(code("AB12", "Enter the barcode")), False),
        ('{ proof = "code", is = "AB12" }', submitted(code("AB12", "")), False),
        ('{ one_of = ["AB12", "CD34"] }', submitted("cd34"), True),
        ('{ one_of = ["AB12", "CD34"] }', submitted("AB12 CD34"), False),
        ('{ contains = "Thank you" }', submitted("He said: THANK  YOU!"), True),
        ('{ contains = "Thank you" }', submitted("Thanks"), False),
        ('{ contains = "agree" }', submitted("I disagreed"), False),
        ('{ contains = "agree" }', submitted("I disagree, but they agree."), True),
        ('{ contains = "5.00" }', submitted("It was 15.00"), False),
        ('{ contains = "C++" }', submitted("I write C++11"), True),
        ('{ contains = "C++" }', submitted("I write C"), False),
        ('{ contains = "👍" }', submitted("ok👍ok"), True),
        ("{ matches = 'https://example\\.com/\\w+' }", submitted(" https://example.com/me\n"), True),
        ("{ matches = 'https://example\\.com/\\w+' }", submitted("https://example.com/me and more"), False),
        (
            "{ matches = 'https://example\\.com/\\w+' }",
            submitted("https://example.com/me\nhttps://evil.example"),
            False,
        ),
        ("{ matches = 'https://example\\.com/\\w+' }", submitted("HTTPS://EXAMPLE.COM/me"), False),
        ("{ matches = '(?i)https://example\\.com/\\w+' }", submitted("HTTPS://EXAMPLE.COM/me"), True),
        ("{ matches = '.*' }", submitted(" \n"), False),  # nothing is never enough
        ('{ is = "AB12" }, { contains = "ok" }', submitted("AB12", "it is ok"), True),
        ('{ is = "AB12" }, { contains = "ok" }', submitted("AB12", "no"), False),
    ],
)
def test_a_rule_holds_where_all_its_conditions_do(
    tmp_path: Path, when: str, handed_in: Submission, expected: bool
) -> None:
    (rule,) = load(tmp_path, rule_text(when=when)).rules
    assert holds(rule, handed_in) is expected


@pytest.mark.parametrize(
    "text",
    [
        "AB12" * 1_000_000,
        "AB12" + " " * 20_000,
        "\u0300" * 9_000,
        "\ufdfa" * 9_000,  # each becomes eighteen
        "\u202e\u0000\ud800",
        "(((((((((((((((" * 600,
    ],
)
def test_hostile_text_is_judged_soon_and_never_holds_by_its_length(tmp_path: Path, text: str) -> None:
    rules = load(tmp_path, rule_text(when='{ contains = "AB12AB12" }'), rule_text("b", when="{ matches = '(AB12)+' }"))
    began = time.perf_counter()
    assert not any(holds(rule, submitted(text)) for rule in rules.rules)
    assert time.perf_counter() - began < 1


async def test_a_pattern_that_never_ends_is_given_up_on_and_told(
    rigs: Rigs, setup: Callable[..., Setup], caplog: pytest.LogCaptureFixture
) -> None:
    rig = await rigs.start(setup(when="{ matches = '(a+)+b' }"))
    began = time.perf_counter()
    await hand_in(rig, "t1", proofs=(code("a" * 9_000),))
    await hand_in(rig, "t2", proofs=(code("a" * 9_000 + "c"),))
    await hand_in(rig, "t3", proofs=(code("ab"),))
    assert time.perf_counter() - began < 10
    assert await outcomes(rig) == ["no", "no", "approved"]
    assert rig.rules.broken == {"code-check": "a pattern takes too long on A1: make it simpler"}
    assert [r.message for r in caplog.records if "pattern" in r.message] == [
        "rule code-check: a pattern takes over 0.1 s on A1"
    ]


# --- what is decided


async def test_what_holds_is_approved_and_says_by_which_rule(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup(satisfaction='"good"', comment='"Thank you!"'))
    await hand_in(rig, "t1")
    (made,) = await rig.rows("SELECT * FROM decisions")
    assert (made["person"], made["via"], made["verdict"]) == ("rule code-check", "rule", "approve")
    assert made["due_at"] - made["decided_at"] == 20_000
    assert [m.id for m in rig.decided] == [made["id"]]
    (card,) = rig.adapter.shown()
    assert card.badge == "Approved by rule code-check"
    assert [button.label for button in card.buttons] == ["Undo"]
    await rig.turn(20)
    (rating,) = rig.market.effects
    assert (rating.task_id, rating.satisfaction, rating.comment) == ("t1", Satisfaction.GOOD, "Thank you!")
    history = report((await rig.say("vera", 'history person="rule code-check"')).card)
    assert [row["State"] for row in history] == ["confirmed (Task rated successfully.)"]
    assert await rig.value("SELECT person FROM audit") == "rule code-check"


async def test_what_does_not_hold_is_left_to_people_without_a_word(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup())
    await hand_in(rig, "t1", proofs=(code("XX99"),))
    assert await outcomes(rig) == ["no"]
    (versions,) = rig.adapter.messages.values()
    assert [(card.badge, "Rule" in words(card)) for card in versions] == [("Waiting", False)]


async def test_a_rule_looks_only_where_it_was_told_to(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup(accounts=None, jobs='["J2", 3]'))
    await hand_in(rig, "t1", job="J1")
    await hand_in(rig, "t2", job="J2")
    await hand_in(rig, "t3", job="3")
    assert await by_rule(rig) == ["t2", "t3"]
    assert await rig.value("SELECT count(*) FROM rule_findings") == 2


async def test_an_account_and_a_job_that_are_both_named_must_both_fit(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rules = setup(jobs='["J1"]').rules
    rig = await rigs.start(Setup(accounts=("main", "other"), rules=rules))
    for name, market in rig.markets.items():
        market.add("t1", "J1", proofs=(code(),))
        market.add("t2", "J2", proofs=(code(),))
        await rig.poll(name)
    await rig.turn(3)
    rows = await rig.rows("SELECT account, job_id FROM submissions WHERE state = 'decided'")
    assert [tuple(row.values()) for row in rows] == [("main", "J1")]


async def test_nothing_is_judged_where_no_rule_is(rig: Rig) -> None:
    await hand_in(rig, "t1")
    assert await outcomes(rig) == []
    assert await rig.states("submissions") == ["shown"]


async def test_a_person_who_was_first_keeps_their_decision(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup())
    await hand_in(rig, "t1", proofs=(code(), SHOT))  # its picture is on its way
    await rig.say("rob", "reject A1 reason=no")
    await picture_came(rig, SHOT.url)
    await rig.turn(HOUR)
    assert [row["person"] for row in await rig.rows("SELECT person FROM decisions")] == ["rob"]
    assert await outcomes(rig) == []
    assert rig.engine.failures == 0


async def test_a_person_who_comes_second_is_told_of_the_rule(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup())
    await hand_in(rig, "t1")
    reply = await rig.press("rob", "approve:A1:0")
    assert (reply.result, reply.text) == (Result.REFUSED, "Rule code-check was first: approved A1.")


# --- what stops it


@pytest.mark.parametrize(
    ("approved", "blocked", "expected"), [(2, 0, "worker"), (3, 0, "approved"), (9, 0, "approved"), (9, 1, "worker")]
)
async def test_a_worker_needs_so_many_approvals(
    rigs: Rigs, setup: Callable[..., Setup], approved: int, blocked: int, expected: str
) -> None:
    rig = await rigs.start(setup(min_approvals=3))
    await known_worker(rig, "w-t1", approved, blocked)
    await hand_in(rig, "t1")
    assert await outcomes(rig) == [expected]


async def test_by_default_nobody_is_approved_who_never_was(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup(min_approvals=None))
    await hand_in(rig, "t1", worker_id="w1")
    assert await outcomes(rig) == ["worker"]
    await rig.say("rob", "approve t1")
    await rig.turn(20)
    await hand_in(rig, "t2", worker_id="w1")
    assert await outcomes(rig) == ["worker", "approved"]


async def test_a_worker_who_was_blocked_is_never_approved(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup(min_approvals=0))
    await known_worker(rig, "w-t1", 0, blocked=1)
    await hand_in(rig, "t1")
    assert await outcomes(rig) == ["worker"]


async def test_a_flag_leaves_it_to_people(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(replace(setup(), advise=lambda s: ["odd"] if s.task_id == "t1" else []))
    await hand_in(rig, "t1", "t2")
    rows = await rig.rows("SELECT s.task_id, f.outcome FROM rule_findings f JOIN submissions s ON s.id = f.submission")
    assert {row["task_id"]: row["outcome"] for row in rows} == {"t1": "flagged", "t2": "approved"}


async def test_of_two_with_the_same_address_neither_is_approved(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup())
    await hand_in(rig, "t1", "t2", ip_address="192.0.2.7")
    assert await rig.value("SELECT count(*) FROM flags") == 1  # only the later one
    assert await outcomes(rig) == ["flagged", "flagged"]


async def test_of_two_with_the_same_text_at_two_accounts_neither_is_approved(
    rigs: Rigs, setup: Callable[..., Setup]
) -> None:
    rules = setup(accounts=None, jobs='["J1"]', when='{ contains = "liked" }').rules
    rig = await rigs.start(Setup(accounts=("main", "other"), rules=rules))
    for market in rig.markets.values():
        market.add("t1", proofs=(code("I liked the quiet page"),))
    await asyncio.gather(*(rig.poll(name) for name in rig.markets))
    await rig.turn(3)
    assert await outcomes(rig) == ["flagged", "flagged"]


async def test_it_waits_for_the_pictures_and_what_they_are_compared_with(
    rigs: Rigs, setup: Callable[..., Setup]
) -> None:
    rig = await rigs.start(setup())
    other = replace(SHOT, url="https://x.example/2.png")
    await hand_in(rig, "t1", proofs=(code(), SHOT, other))
    await rig.turn(60)
    await picture_came(rig, SHOT.url)
    await rig.turn(120)
    await picture_came(rig, other.url, "bb", compared=False)
    await rig.turn(300)
    assert await outcomes(rig) == []
    await picture_came(rig, other.url, "bb")
    await rig.turn(300)
    assert await outcomes(rig) == ["approved"]


async def test_it_waits_until_its_text_was_compared_with_others(
    rigs: Rigs, setup: Callable[..., Setup], clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = LikenessDesk.liken

    async def late(desk: LikenessDesk, work: Work) -> None:
        if clock.now() < START + timedelta(minutes=1):
            raise Later(60, quiet=True)
        await real(desk, work)

    monkeypatch.setattr(LikenessDesk, "liken", late)
    rig = await rigs.start(setup(when='{ contains = "I opened" }'))
    story = "I opened the page, looked around for some minutes, and then wrote down what I saw there: a {} house"
    for task, color in (("t1", "red"), ("t2", "blue")):
        await hand_in(rig, task, proofs=(code(story.format(color)),))
    await rig.turn(30)
    assert await outcomes(rig) == []
    await rig.turn(120)
    assert await outcomes(rig) == ["approved", "flagged"]


async def test_it_is_looked_at_less_and_less_often_while_pictures_load(
    rigs: Rigs, setup: Callable[..., Setup], monkeypatch: pytest.MonkeyPatch
) -> None:
    from botcore.rules import desk

    looks: list[int] = []
    monkeypatch.setattr(desk, "checked", lambda reader, number: looks.append(number))
    rig = await rigs.start(setup())
    await hand_in(rig, "t1")
    await rig.turn(6 * HOUR)
    assert 72 <= len(looks) <= 90  # every five minutes, in the end
    assert await rig.value("SELECT attempt FROM work WHERE kind = 'judge'") == 0


async def test_the_same_picture_in_another_task_stops_the_earlier_one_too(
    rigs: Rigs, setup: Callable[..., Setup]
) -> None:
    rig = await rigs.start(setup())
    other = replace(SHOT, url="https://x.example/2.png")
    await hand_in(rig, "t1", proofs=(code(), SHOT))
    await hand_in(rig, "t2", proofs=(code(), other))
    await picture_came(rig, other.url, "same")  # the later one is here first: nothing to flag it by
    await picture_came(rig, SHOT.url, "same")
    await rig.turn(600)
    assert await outcomes(rig) == ["flagged", "flagged"]


@pytest.mark.parametrize("url", [SHOT.url, ""])
async def test_a_picture_that_cannot_be_had_leaves_it_to_people(
    rigs: Rigs, setup: Callable[..., Setup], url: str
) -> None:
    rig = await rigs.start(setup())
    await hand_in(rig, "t1", proofs=(code(), replace(SHOT, url=url)))
    await rig.store.tx(lambda tx: tx.q("UPDATE pictures SET state = 'refused', note = 'not a picture'"))
    await rig.turn(600)
    assert await outcomes(rig) == ["picture"]


@pytest.mark.parametrize(
    ("why", "expected"),
    [("cannot be read: OSError", "flagged"), ("looking at it took too long", "flagged"), (EMPTY, "picture")],
)
async def test_a_picture_that_was_compared_with_nothing_leaves_it_to_people(
    rigs: Rigs, setup: Callable[..., Setup], why: str, expected: str
) -> None:
    rig = await rigs.start(setup())
    await hand_in(rig, "t1", proofs=(code(), SHOT))
    await picture_came(rig, SHOT.url, look=None, why=why)
    await rig.turn(600)
    assert await outcomes(rig) == [expected]


@pytest.mark.parametrize(("minutes", "expected"), [(59, "deadline"), (62, "approved")])
async def test_what_nobody_could_undo_before_its_deadline_is_left_to_people(
    rigs: Rigs, setup: Callable[..., Setup], minutes: int, expected: str
) -> None:
    rig = await rigs.start(setup())
    await hand_in(rig, "t1", deadline=START + timedelta(minutes=minutes))
    assert await outcomes(rig) == [expected]


async def test_what_nobody_knows_the_price_of_is_left_to_people(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup())
    await hand_in(rig, "t1", price=None)
    assert await outcomes(rig) == ["unpriced"]


# --- limits


async def test_no_more_than_its_number_a_day_however_many_arrive_at_once(
    rigs: Rigs, setup: Callable[..., Setup], clock: ManualClock
) -> None:
    rig = await rigs.start(setup(max_per_day=3))
    await hand_in(rig, *(f"t{n}" for n in range(20)))
    assert Counter(await outcomes(rig)) == {"approved": 3, "limit": 17}
    left = [card for card in rig.adapter.shown() if card.badge == "Waiting"]
    assert {words(card).split(" | ")[0] for card in left} == {
        "Rule code-check would approve this: its limit for that day was reached."
    }
    await rig.turn(DAY)
    await hand_in(rig, "next")
    assert Counter(await outcomes(rig)) == {"approved": 4, "limit": 17}  # what it left to people stays theirs


async def test_no_more_than_its_dollars_a_day_to_the_cent(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup(max_dollars_per_day="0.30"))
    await hand_in(rig, *(f"t{n}" for n in range(9)), price=Decimal("0.1"))
    assert Counter(await outcomes(rig)) == {"approved": 3, "limit": 6}
    await hand_in(rig, "free", price=Decimal(0))
    assert (await outcomes(rig))[-1] == "approved"


async def test_the_limits_of_two_rules_are_their_own(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(
        setup(rule_text("one", max_per_day=1), rule_text("two", when='{ is = "CD34" }', max_per_day=1))
    )
    await hand_in(rig, "t1", "t2")
    await hand_in(rig, "t3", "t4", proofs=(code("CD34"),))
    rows = await rig.rows("SELECT rule, approvals, dollars FROM rule_days ORDER BY rule")
    assert [tuple(row.values()) for row in rows] == [("one", 1, "0.10"), ("two", 1, "0.10")]


async def test_an_approval_that_was_undone_still_counts(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup(max_per_day=1))
    await hand_in(rig, "t1")
    await rig.press("rob", "undo:A1:0")
    await hand_in(rig, "t2")
    assert await outcomes(rig) == ["approved", "limit"]


async def test_the_day_is_that_of_the_bots_time_zone(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    from zoneinfo import ZoneInfo

    madrid = replace(LIMITS, zone=ZoneInfo("Europe/Madrid"))
    rig = await rigs.start(replace(setup(max_per_day=1), limits=madrid))
    await rig.turn((datetime(2026, 1, 5, 22, 59, tzinfo=UTC) - START).total_seconds())
    await hand_in(rig, "t1", "t2")
    await rig.turn(120)  # past midnight there
    await hand_in(rig, "t3")
    assert Counter(await outcomes(rig)) == {"approved": 2, "limit": 1}


# --- shadow, samples


async def test_by_default_a_rule_only_says_what_it_would_do(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup(shadow=None, sample=None))
    await hand_in(rig, "t1")
    assert await outcomes(rig) == ["shadow"]
    assert await by_rule(rig) == []
    (card,) = rig.adapter.shown()
    assert card.badge == "Waiting"
    assert words(card).startswith("Rule code-check would approve this: it only watches.")
    await rig.press("rob", "approve:A1:0")
    await rig.settle()
    (card,) = rig.adapter.shown()
    assert "Rule" not in words(card)


async def test_a_sample_is_left_to_people_and_is_the_same_in_every_replay(
    rigs: Rigs, setup: Callable[..., Setup]
) -> None:
    drawn = []
    for _ in range(2):
        rig = await rigs.start(replace(setup(sample=0.2, max_per_day=1000, max_dollars_per_day=1000), channels=()))
        await hand_in(rig, *(f"t{n}" for n in range(300)))
        rows = await rig.rows(
            """SELECT s.task_id FROM rule_findings f JOIN submissions s ON s.id = f.submission
               WHERE f.outcome = 'sample' AND s.state = 'new'"""
        )
        drawn.append({row["task_id"] for row in rows})
        assert Counter(await outcomes(rig)) == {"sample": len(drawn[0]), "approved": 300 - len(drawn[0])}
    assert drawn[0] == drawn[1]
    assert 40 <= len(drawn[0]) <= 80


async def test_a_sample_says_so_on_its_card(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup(sample=1))
    await hand_in(rig, "t1")
    (card,) = rig.adapter.shown()
    assert words(card).startswith("Rule code-check would approve this: left to you as a sample.")


async def test_the_first_rule_that_holds_has_the_say_and_those_that_watch_are_noted(
    rigs: Rigs, setup: Callable[..., Setup]
) -> None:
    rig = await rigs.start(
        setup(
            rule_text("c-watches", shadow="true"),
            rule_text("b-samples", sample=1),
            rule_text("a-approves"),
            rule_text("d-other", when='{ is = "CD34" }'),
        )
    )
    await hand_in(rig, "t1")
    rows = await rig.rows("SELECT rule, outcome FROM rule_findings ORDER BY rule")
    assert [tuple(row.values()) for row in rows] == [
        ("b-samples", "sample"),
        ("c-watches", "shadow"),
        ("d-other", "no"),
    ]
    assert await by_rule(rig) == []


async def test_what_another_rule_approved_is_no_persons_agreement(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup(rule_text("watches", shadow="true"), rule_text("approves")))
    await hand_in(rig, "t1")
    assert await by_rule(rig) == ["t1"]
    watches, approves = report((await rig.say("vera", "rules")).card)
    assert (watches["Would approve"], watches["People agreed"]) == ("1 ($0.10): 1 watching", "—")
    assert (approves["Would approve"], approves["People agreed"]) == ("0", "—")


async def test_the_report_tells_whether_people_agree(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup(shadow="true"))
    await hand_in(rig, "no", proofs=(code("wrong"),))
    await hand_in(rig, "yes", "refused", "back", "undecided", "there", "paid")
    await rig.say("rob", "approve yes")
    await rig.say("rob", "reject refused reason=no")
    await rig.say("rob", "revise back reason=more")
    rig.market.rate_on_website("there", SightingState.REJECTED)
    await rig.turn(HOUR)
    await rig.poll(sweep=True)
    (row,) = report((await rig.say("vera", "rules")).card)
    assert row == {
        "Rule": "code-check",
        "Mode": "only watches",
        "Judged": "7",
        "Approved": "0 ($0.00)",
        "Today": "0 of 100, $0.00 of $10.00",
        "Would approve": "6 ($0.60): 6 watching",
        "People agreed": "1 of 4",
    }
    names = {r["task_id"]: r["id"] for r in await rig.rows("SELECT task_id, id FROM submissions")}
    card = (await rig.say("vera", "rules 1")).card
    assert card is not None
    said = dict(re.findall(r"A(\d)+ \(([a-z ]+)\)", words(card)))
    assert {int(n): w for n, w in said.items()} == {
        names["refused"]: "rejected",
        names["back"]: "sent back for revision",
        names["there"]: "rejected",
    }


async def test_the_report_counts_what_was_approved_and_taken_back(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup(max_per_day=3))
    await hand_in(rig, "t1")
    await hand_in(rig, "t2")
    await hand_in(rig, "t3")
    await hand_in(rig, "t4")
    await rig.press("rob", "undo:A2:0")
    await rig.press("rob", "undo:A3:0")
    await rig.say("rob", "reject A3 reason=no")
    await rig.say("rob", "approve A4")
    card = (await rig.say("vera", "rules")).card
    (row,) = report(card)
    assert (row["Mode"], row["Approved"], row["Today"]) == ("approves", "3 ($0.30)", "3 of 3, $0.30 of $10.00")
    assert (row["Would approve"], row["People agreed"]) == ("1 ($0.10): 1 over its limit", "1 of 1")
    assert card is not None
    assert words(card) == "code-check: people said otherwise: A3 (rejected), A2 (undone)"


async def test_the_report_forgets_what_is_long_ago_and_shows_the_newest_ten(
    rigs: Rigs, setup: Callable[..., Setup]
) -> None:
    rig = await rigs.start(setup(shadow="true"))
    await hand_in(rig, *(f"t{n}" for n in range(12)))
    await rig.say("rob", f"reject {' '.join(f't{n}' for n in range(12))} reason=no")
    card = (await rig.say("vera", "rules")).card
    assert card is not None
    assert words(card).endswith(" (rejected) and more")
    assert words(card).count("(rejected)") == 10
    await rig.turn(2 * DAY)
    (row,) = report((await rig.say("vera", "rules 1")).card)
    assert (row["Judged"], row["People agreed"]) == ("0", "—")


async def test_the_report_of_no_rules_says_how_to_have_some(rig: Rig) -> None:
    assert "[[rules]]" in (await rig.say("vera", "rules")).text


async def test_the_report_wants_a_sensible_number_of_days(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup())
    for days in ("0", "-1", "9999"):
        assert (await rig.say("vera", f"rules {days}")).text == "Days is 1 to 365."


# --- undo, crashes, time


async def test_any_reviewer_undoes_it_and_the_rule_never_decides_it_again(
    rigs: Rigs, setup: Callable[..., Setup]
) -> None:
    rig = await rigs.start(setup())
    await hand_in(rig, "t1")
    assert (await rig.press("vera", "undo:A1:0")).result is Result.REFUSED
    assert (await rig.press("rob", "undo:A1:0")).result is Result.DONE
    await rig.store.tx(lambda tx: tx.put("judge", "judge:1", "judge:1", submission=1))  # as if it had been lost
    rig = await rigs.killed(rig)
    await rig.poll(sweep=True)
    await rig.turn(HOUR)
    assert await rig.states() == ["undone"]
    assert rig.market.effects == []


async def test_its_work_done_twice_decides_once(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup(shadow="true"))
    await hand_in(rig, "t1")
    for _ in range(2):
        await rig.store.tx(lambda tx: tx.put("judge", "judge:1", "judge:1", submission=1))
        await rig.turn(3)
    assert await outcomes(rig) == ["shadow"]
    assert rig.engine.failures == 0


@pytest.mark.parametrize("moment", ["before the transaction", "after the transaction"])
async def test_a_kill_at_any_moment_neither_loses_nor_doubles_a_decision(
    rigs: Rigs, setup: Callable[..., Setup], clock: ManualClock, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    rig = await rigs.start(setup(max_per_day=5))
    reached, never = asyncio.Event(), asyncio.Event()
    real = rig.store.tx

    async def stops(fn: Any, *args: Any, **kwargs: Any) -> Any:
        judging = getattr(fn, "__name__", "") == "_judge"
        if judging and moment.startswith("after"):
            await real(fn, *args, **kwargs)
        if judging:
            reached.set()
            await never.wait()
        return await real(fn, *args, **kwargs)

    monkeypatch.setattr(rig.store, "tx", stops)
    rig.market.add("t1", proofs=(code(),))
    await rig.intake.poll(rig.account)

    def there() -> bool:
        clock.advance(0.01)
        return reached.is_set()

    await until(there)
    rig = await rigs.killed(rig)
    never.set()  # on a disk that takes no more
    await rig.turn(20)
    await rig.poll(sweep=True)
    await rig.turn(HOUR)
    assert rig.market.ledger() == {"t1": 1}
    assert await rig.states() == ["confirmed"]
    assert await rig.value("SELECT approvals FROM rule_days") == 1


async def test_after_a_restart_it_waits_until_the_marketplace_shows_it_still_unrated(
    rigs: Rigs, setup: Callable[..., Setup], clock: ManualClock
) -> None:
    rig = await rigs.start(setup())
    await hand_in(rig, "t1", proofs=(code(), SHOT))
    clock.advance(60)
    rig = await rigs.killed(rig)  # as an old database that was put back: much may have happened since
    await picture_came(rig, SHOT.url)
    await rig.turn(HOUR)
    assert await outcomes(rig) == []
    rig.market.hand_in_again("t1", proofs=(code("wrong"),))
    await rig.poll(sweep=True)
    await rig.turn(HOUR)
    assert await outcomes(rig) == ["no"]  # of the revision that is there now
    assert rig.market.effects == []


async def test_a_new_revision_is_judged_anew(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(setup())
    await hand_in(rig, "t1", proofs=(code("wrong"),))
    rig.market.hand_in_again("t1", proofs=(code(),))
    await rig.poll(sweep=True)
    await rig.turn(23)
    assert await outcomes(rig) == ["no", "approved"]
    assert [rating.revision for rating in rig.market.effects] == [1]


async def test_what_the_marketplace_refuses_is_left_to_people_from_then_on(
    rigs: Rigs, setup: Callable[..., Setup]
) -> None:
    from tests.core.market import refuses

    rig = await rigs.start(setup())
    rig.market.steps = [refuses("t1")]
    await hand_in(rig, "t1")
    await rig.turn(HOUR)
    await rig.poll(sweep=True)
    await rig.turn(HOUR)
    assert await rig.states() == ["refused"]
    assert await outcomes(rig) == ["approved"]


async def test_hundreds_at_once_do_not_keep_people_waiting(rigs: Rigs, setup: Callable[..., Setup]) -> None:
    rig = await rigs.start(replace(setup(max_per_day=1000, max_dollars_per_day=1000), channels=()))
    rig.market.page_size = 500
    for n in range(300):
        rig.market.add(f"t{n}", proofs=(code("ab12" if n else "wrong"),))
    await rig.intake.poll(rig.account)
    number = await rig.value("SELECT id FROM submissions WHERE task_id = 't0'")
    assert (await rig.press("rob", f"approve:A{number}:0")).result is Result.DONE
    assert await rig.value("SELECT count(*) FROM rule_findings") < 299  # it was in between
    await rig.turn(60)
    assert len(await by_rule(rig)) == 299


# --- settings


def test_rules_arrive_typed(tmp_path: Path) -> None:
    text = """
    [[rules]]
    name = "links"
    jobs = [12, "J9"]
    when = [{ matches = 'https://example\\.com/.+' }, { proof = 2, one_of = ["Ja", "NEIN"] }]
    max_per_day = 5
    max_dollars_per_day = 0.125
    """
    (rule,) = load(tmp_path, textwrap.dedent(text)).rules
    assert (rule.name, rule.accounts, rule.jobs) == ("links", None, ("12", "J9"))
    assert (rule.min_approvals, rule.shadow, rule.sample) == (1, True, Decimal("0.1"))
    assert (rule.max_per_day, rule.max_dollars_per_day) == (5, Decimal("0.125"))
    assert rule.when[1].one_of == ("ja", "nein")


def test_there_are_no_rules_unless_they_are_written(tmp_path: Path) -> None:
    assert load(tmp_path).rules == ()


def test_a_rule_can_only_approve(tmp_path: Path) -> None:
    assert problems(tmp_path, rule_text(verdict='"reject"', satisfaction='"spam"')) == [
        "rules[0].verdict: is no key of a rule: a rule only approves; to reject or send back takes a person",
        "rules[0].satisfaction: must be excellent, good, ok: a rule only approves",
    ]


def test_a_rule_must_say_where_it_holds_and_how_much_it_may(tmp_path: Path) -> None:
    assert problems(tmp_path, rule_text(accounts=None, max_per_day=None, max_dollars_per_day=None)) == [
        "rules[0].jobs: is required, or accounts: a rule holds for what it names, and for nothing else",
        "rules[0].max_per_day: is required",
        "rules[0].max_dollars_per_day: is required",
    ]


@pytest.mark.parametrize(
    ("when", "line"),
    [
        ("", "when: must not be empty"),
        ("{ matches = '(' }", "when[0].matches: is no pattern: missing ) at position 1"),
        ("{ is = 12 }", "when[0].is: must be text in quotes"),
        ('{ is = " " }', "when[0].is: must not be empty"),
        ('{ one_of = ["a", ""] }', "when[0].one_of[1]: must not be empty"),
        ("{ one_of = [] }", "when[0].one_of: must not be empty"),
        ('{ contains = "\u200b" }', "when[0].contains: must not be empty"),
        ("{ proof = 1 }", "when[0]: must have one of is, one_of, contains, matches"),
        ('{ is = "a", contains = "b" }', "when[0]: must have one of is, one_of, contains, matches"),
        (
            '{ proof = 0, is = "a" }',
            'when[0].proof: must be a proof\'s number, such as 1, or a word of what it is asked by, such as "code"',
        ),
        (
            '{ proof = "?", is = "a" }',
            'when[0].proof: must be a proof\'s number, such as 1, or a word of what it is asked by, such as "code"',
        ),
        (
            '{ equals = "a" }',
            "when[0].equals: unknown key; allowed: contains, is, matches, one_of, proof",
        ),
        ('"AB12"', "when[0]: must be a table"),
        (
            f"{{ matches = '{'(' * 499}{')' * 499}' }}",
            "when[0].matches: is no pattern: too many brackets nested",
        ),
        (f"{{ matches = '{'a' * 1001}' }}", "when[0].matches: must be 1 to 1000 characters"),
    ],
)
def test_a_condition_that_is_none_is_told(tmp_path: Path, when: str, line: str) -> None:
    assert problems(tmp_path, rule_text(when=when)) == [f"rules[0].{line}"]


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("accounts", '["mian"]', "accounts[0]: there is no account mian; one of main, or add [accounts.mian]"),
        ("accounts", "[]", "accounts: must not be empty"),
        ("jobs", "[]", "jobs: must not be empty"),
        ("sample", "1.5", "sample: must be less than or equal to 1"),
        ("sample", '"10%"', "sample: must be a number, without quotes"),
        ("max_per_day", "0", "max_per_day: must be greater than or equal to 1"),
        ("max_per_day", "1.5", "max_per_day: must be a valid integer"),
        ("max_dollars_per_day", "0", "max_dollars_per_day: must be greater than 0"),
        ("min_approvals", "-1", "min_approvals: must be greater than or equal to 0"),
        ("shadow", '"no"', "shadow: must be true or false"),
    ],
)
def test_a_key_that_cannot_be_is_told(tmp_path: Path, key: str, value: str, line: str) -> None:
    assert problems(tmp_path, rule_text(**{key: value})) == [f"rules[0].{line}"]


def test_two_rules_are_told_apart_by_their_names(tmp_path: Path) -> None:
    assert problems(tmp_path, rule_text(), rule_text()) == ["rules[1].name: code-check is already the name of rules[0]"]


def test_everything_wrong_with_rules_is_told_at_once(tmp_path: Path) -> None:
    lines = problems(tmp_path, rule_text(sample=2), rule_text("b", when="{ is = 1 }, { matches = '[' }", typo=1))
    assert [line.partition(":")[0] for line in lines] == [
        "rules[0].sample",
        "rules[1].typo",
        "rules[1].when[0].is",
        "rules[1].when[1].matches",
    ]


def test_the_examples_rule_loads_once_its_marks_are_taken_away(tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    block = re.search(r"^# \[\[rules\]\]\n(?:# .+\n)+", text, re.MULTILINE)
    assert block
    (rule,) = load(tmp_path, re.sub(r"^# ", "", block[0], flags=re.MULTILINE)).rules
    assert set(Rule.model_fields) <= set(re.findall(r"^#? ?(\w+) = ", re.sub(r"^# ", "", block[0], flags=re.M), re.M))
    defaults = Rule.model_fields
    assert (rule.shadow, rule.sample, rule.min_approvals) == tuple(
        defaults[key].default for key in ("shadow", "sample", "min_approvals")
    )


def test_the_guides_rule_loads_as_it_stands(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    (rule,) = load(tmp_path, text).rules
    assert rule.shadow


def test_a_pattern_library_is_loaded_only_for_patterns(tmp_path: Path) -> None:
    import subprocess
    import sys

    load(tmp_path, rule_text())
    program = (
        "import sys; from pathlib import Path; from botcore.config import load_config; import botcore.rules.desk; "
        f"load_config(Path({str(tmp_path / 'rules.toml')!r}), {{}}); print('regex' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
