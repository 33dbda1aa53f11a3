"""Cards of every kind, as the core makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from botcore.models import Channel, Proof, ProofKind
from botcore.ui import Button, Card, Field, Fields, Picture, PictureState, Table, Text, Tone
from tests.core.market import START, lost_after
from tests.core.rig import Rig, Rigs, Setup

QUEUE = Channel("inbox", "memory", "here", queue_above=2)
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
LOADED = {f"key{number}": (b"picture", "image/png") for number in range(40)}
HOSTILE = "# Approved\n**by olga** <@1> @everyone [Approve](https://evil.example)\n<t:1767614400:R> `code` ||spoiler||"
PROOFS = (
    Proof(ProofKind.TEXT, "Your profile's address", "https://example.com/users/ann_b"),
    Proof(ProofKind.TEXT, "What you saw", HOSTILE),
)


async def core_cards(rigs: Rigs) -> Mapping[str, Card]:
    """Cards that a bot has sent or answered with, by what they are of."""
    cards: dict[str, Card] = {}
    rig = await rigs.start()
    rig.market.add("t1", proofs=PROOFS, country="us", price=Decimal("0.10"), deadline=START + timedelta(days=3))
    await rig.poll()
    cards["new"] = rig.adapter.shown()[-1]
    cards["whole"] = await asked(rig, "show A1")
    cards["held"] = await answered(rig, "approve A1 reason=thanks")
    await rig.turn(20)
    cards["confirmed"] = rig.adapter.shown()[0]
    cards["history"] = await asked(rig, "history")
    cards["worker"] = await asked(rig, "worker show A1")
    cards["jobs"] = await asked(rig, "job list")
    cards["help"] = await asked(rig, "help approve")
    cards["commands"] = await asked(rig, "help")
    cards["pause"] = await asked(rig, "job stop J1")
    for number in range(2, 5):
        rig.market.add(f"t{number}", worker_id=f"w{number}")
    await rig.poll()
    cards["bulk asked"] = await asked(rig, "approve-all J1")
    cards["bulk under way"] = await pressed(rig, cards["bulk asked"], "confirm-all")
    await rig.turn(60)
    cards["bulk results"] = await pressed(rig, cards["bulk under way"], "results")
    return {**cards, **await _in_doubt(rigs), **await _queues(rigs)}


async def _in_doubt(rigs: Rigs) -> Mapping[str, Card]:
    rig = await rigs.start()
    rig.market.steps.append(lost_after)
    await rig.decide("t1")
    await rig.turn(21)
    return {"in doubt": rig.adapter.shown()[0]}


async def _queues(rigs: Rigs) -> Mapping[str, Card]:
    rig = await rigs.start(Setup(channels=(QUEUE,), advise=lambda submission: ["looks like A9"]))
    for number in range(4):
        rig.market.add(f"t{number}", proofs=PROOFS[:1], deadline=START + timedelta(days=2, hours=number))
    await rig.poll()
    card = next(card for card in rig.adapter.shown() if card.subject.startswith("queue:"))
    own = await asked(rig, "review", who="rob")
    moved = await pressed(rig, own, "approve", who="rob")
    return {"queue": card, "queue of one's own": own, "queue moved on": moved}


async def asked(rig: Rig, line: str, who: str = "mia") -> Card:
    reply = await rig.say(who, line)
    assert reply.card is not None, reply.text
    return reply.card


async def answered(rig: Rig, line: str) -> Card:
    await asked(rig, line)
    await rig.settle()
    return rig.adapter.shown()[0]


async def pressed(rig: Rig, card: Card, verb: str, who: str = "mia") -> Card:
    button = next(button.id for button in card.buttons if button.id.startswith(f"{verb}:"))
    reply = await rig.press(who, button)
    assert reply.card is not None, reply.text
    await rig.settle()
    return reply.card


def picture(number: int, state: PictureState = PictureState.READY, note: str = "", source: str = "") -> Picture:
    return Picture(f"key{number}" if state is PictureState.READY else "", f"Screenshot {number}", state, note, source)


def submission(*blocks: Fields | Text | Picture | Table, name: str = "A31") -> Card:
    """One that waits, with what somebody handed in."""
    return Card(
        "Like a page",
        f"submission:{name}",
        f"#{name} · main",
        "Waiting",
        Tone.INFO,
        (Fields((Field("Worker", "w-1"), Field("Submitted", "", NOW))), *blocks),
        (
            Button(f"approve:{name}:0", "Approve", Tone.SUCCESS, "a"),
            Button(f"revise:{name}:0", "Revise", Tone.WARNING, "v"),
            Button(f"reject:{name}:0", "Reject", Tone.DANGER, "r"),
            Button(f"more:{name}:0", "More"),
        ),
        f"task {name}",
    )


def with_pictures() -> Card:
    return submission(
        picture(1),
        Text("done", "Your name", quoted=True),
        picture(2),
        picture(3, PictureState.LOADING),
        picture(4, PictureState.REFUSED, note="not a picture host", source="http://127.0.0.1/*x*"),
    )


def compared() -> Card:
    facts = (
        ("Worker", "w-1", "w-2"),
        ("Submitted", "2026-01-05 12:00:00", "2026-01-05 12:04:10"),
        ("State", "waiting", "approved"),
    )
    return Card(
        "#A40 beside #A31",
        blocks=(
            Text("its picture is 98 % that of A31", "Flag", tone=Tone.WARNING),
            Table(("", "#A40", "#A31"), facts),
            replace(picture(1), title="#A40 (98 %) Your profile"),
            replace(picture(2), title="#A31 (98 %) Your profile"),
            Text("I did it", "#A40 What you did", quoted=True),
            Text("I did that", "#A31 What you did", quoted=True),
        ),
        buttons=(Button("compare:A40-A12:0", "Beside #A12"),),
    )
