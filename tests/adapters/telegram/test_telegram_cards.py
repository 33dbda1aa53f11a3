"""Every kind of card that the core draws, as Telegram shows it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from botcore.charts import PicturesOf
from botcore.clock import ManualClock
from botcore.intake import PICTURE_WAIT_MS
from botcore.models import Channel, Proof, ProofKind
from botcore.provider import OutcomeUnknown
from botcore.store.port import Tx
from botcore.ui import Card, Chart, Field, Fields, Reply, Series, Table, Text, Tone
from botcore_telegram.native import Note, Photo
from botcore_telegram.photos import load
from botcore_telegram.render import draw, redraw, wanted
from tests.adapters.telegram.drawn import check, note_text, plan_text
from tests.core.market import START, earlier, raises, refuses
from tests.core.rig import KeptPictures, Rig, Rigs, Setup

LONG = "I opened the page, waited for it to load and wrote down every word of the second paragraph. " * 60
PICTURES = {letter: Photo(letter * 64, b"", "image/png", 800, 600) for letter in "abc"}
PHOTOS = {photo.key: photo for photo in PICTURES.values()}


@dataclass
class Desk:
    """A bot's core, and what a card of it looks like in Telegram."""

    rig: Rig

    def card(self, subject: str) -> Card:
        return next(card for card in self.rig.adapter.shown() if card.subject == subject)

    async def poll(self) -> None:
        """Also for what waits for its pictures."""
        await self.rig.poll()
        await self.rig.turn(PICTURE_WAIT_MS / 1000)

    def shown(self, name: str, subject: str = "submission:A1", photos: Mapping[str, Photo] = PHOTOS) -> None:
        check(name, plan_text(draw(self.card(subject), photos, now=self.rig.clock.now())))

    async def answers(self, name: str, who: str, line: str, photos: Mapping[str, Photo] = PHOTOS) -> Reply:
        reply = await self.rig.patiently(self.rig.say(who, line))
        assert reply.card is not None, reply.text
        check(name, plan_text(draw(reply.card, photos, now=self.rig.clock.now(), whole=True)))
        return reply

    async def ready(self, *keys: str) -> None:
        """The pictures at u-a, u-b and so on have been fetched."""
        await self.rig.store.tx(_ready, keys)


def _ready(tx: Tx, keys: tuple[str, ...]) -> None:
    for key in keys:
        tx.q(
            "INSERT OR REPLACE INTO pictures (url, account, state, sha256) VALUES (:url, 'main', 'ready', :sha256)",
            url=f"https://pics.example/{key}.png",
            sha256=PICTURES[key].key,
        )


def pictures(*keys: str) -> tuple[Proof, ...]:
    return tuple(Proof(ProofKind.PICTURE, f"Screenshot {key}", url=f"https://pics.example/{key}.png") for key in keys)


NAME = Proof(ProofKind.TEXT, "Your name", "Ann")


@pytest.fixture
async def rigs(tmp_path: Path) -> AsyncIterator[Rigs]:
    rigs = Rigs(tmp_path, ManualClock(START + timedelta(hours=3)))
    yield rigs
    await rigs.close()


@pytest.fixture
async def desk(rigs: Rigs) -> Desk:
    return Desk(await rigs.start())


async def test_a_new_submission(desk: Desk) -> None:
    desk.rig.market.add("t1", submitted_at=START, country="us")
    await desk.poll()
    desk.shown("new")


async def test_a_long_text_is_cut_and_asked_for_whole(desk: Desk) -> None:
    desk.rig.market.add("t1", proofs=(Proof(ProofKind.TEXT, "What did you read?", LONG), NAME))
    await desk.poll()
    desk.shown("long")
    await desk.answers("long-whole", "rob", "show A1")


async def test_one_picture_is_on_the_card(desk: Desk) -> None:
    await desk.ready("a")
    desk.rig.market.add("t1", proofs=(NAME, *pictures("a")))
    await desk.poll()
    desk.shown("one-picture")


async def test_what_a_caption_has_no_room_for_is_behind_show_all(desk: Desk) -> None:
    await desk.ready("a")
    long = Proof(ProofKind.TEXT, "What did you read?", LONG[:1000])
    desk.rig.market.add("t1", proofs=(long, replace(long, prompt="And then?"), *pictures("a")))
    await desk.poll()
    desk.shown("one-picture-long")


async def test_two_pictures_are_an_album_ahead_of_the_card(desk: Desk) -> None:
    await desk.ready("a", "b")
    desk.rig.market.add("t1", proofs=(NAME, *pictures("a", "b")))
    await desk.poll()
    desk.shown("two-pictures")


async def test_pictures_on_their_way_and_refused_ones_are_told_of(desk: Desk) -> None:
    desk.rig.market.add("t1", proofs=(NAME, *pictures("a", "b")))
    await desk.rig.store.tx(
        lambda tx: tx.q(
            """INSERT INTO pictures (url, account, state, note)
               VALUES ('https://pics.example/b.png', 'main', 'refused', 'it is no picture')"""
        )
    )
    await desk.poll()
    desk.shown("no-pictures")
    await desk.ready("a")
    await desk.rig.poll(sweep=True)
    card = await desk.rig.say("rob", "show A1")
    assert card.card is not None
    check("late-picture", note_text(redraw(card.card, PHOTOS, now=desk.rig.clock.now())))


async def test_a_flagged_submission(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(advise=lambda s: ("same text as #A7 and @admin's", "2 s after the last")))
    desk = Desk(rig)
    rig.market.add("t1", earlier=(earlier("Bob", "Please give your real name."),), revision=1)
    await rig.poll()
    desk.shown("flagged")


async def test_a_decided_one_and_what_becomes_of_it(desk: Desk) -> None:
    desk.rig.market.add("t1")
    await desk.poll()
    await desk.rig.say("rob", 'reject A1 reason="Not what was asked"')
    await desk.rig.settle()
    desk.shown("held")
    await desk.rig.turn(20)
    desk.shown("confirmed")


async def test_a_refused_decision(desk: Desk) -> None:
    desk.rig.market.add("t1")
    desk.rig.market.steps = [refuses("t1", words="Budget <b>too low</b>, see t.me/help.")]
    await desk.poll()
    await desk.rig.say("rob", "approve A1")
    await desk.rig.turn(20)
    desk.shown("refused")


async def test_one_in_doubt(desk: Desk) -> None:
    desk.rig.market.add("t1")
    desk.rig.market.steps = [raises(OutcomeUnknown("no answer"))]
    await desk.poll()
    await desk.rig.say("rob", "approve A1")
    await desk.rig.turn(20)
    desk.shown("in-doubt")


async def test_a_queue_shows_one_picture_at_a_time(rigs: Rigs) -> None:
    few = Channel("inbox", "memory", "here", queue_above=2)
    desk = Desk(await rigs.start(Setup(channels=(few,))))
    await desk.ready("a", "b", "c")
    for number in range(1, 5):
        shots = pictures("a", "b", "c") if number == 1 else ()
        deadline = START + timedelta(days=number)
        desk.rig.market.add(f"t{number}", proofs=(NAME, *shots), deadline=deadline, submitted_at=START)
    await desk.poll()
    desk.shown("queue", "queue:q-1")
    now = desk.rig.clock.now()
    card = desk.card("queue:q-1")
    check("queue-turned", note_text(redraw(card, PHOTOS, now=now, picture=1, media=True)))
    await desk.rig.press("rob", next(b.id for b in card.buttons if b.label == "Approve"))
    await desk.rig.settle()
    check("queue-next", note_text(redraw(desk.card("queue:q-1"), PHOTOS, now=now, media=True)))
    await desk.answers("queue-own", "mia", "review")


async def test_a_bulk_and_its_results(desk: Desk) -> None:
    for number in range(1, 6):
        desk.rig.market.add(f"t{number}", worker_id=f"<b>w{number}")
    await desk.poll()
    await desk.answers("bulk", "mia", "approve-all J1")
    await desk.rig.press("mia", "confirm-all:b-1:0")
    await desk.rig.turn(60)
    await desk.answers("bulk-done", "mia", "bulk show b-1")


async def test_an_operation_from_its_quote_to_its_end(desk: Desk) -> None:
    desk.rig.market.add("t1")
    await desk.poll()
    await desk.answers("operation", "mia", "worker block A1")
    reply = await desk.rig.patiently(desk.rig.press("mia", "confirm:op-1:0"))
    assert reply.card is not None
    check("operation-done", plan_text(draw(reply.card, {}, now=desk.rig.clock.now(), whole=True)))


async def test_lists_and_facts(desk: Desk) -> None:
    desk.rig.market.add("t1")
    desk.rig.market.add("t2", "J2", worker_id="@admin t.me/x")
    await desk.poll()
    await desk.rig.say("rob", "approve A1")
    for line in ("help", "help approve", "balance", "job list", "job show J1", "pending", "history"):
        await desk.answers(line.replace(" ", "-"), "olga", line)
    for line in ("worker show A2", "catalogue categories", "catalogue lists", "person list"):
        await desk.answers(line.replace(" ", "-"), "olga", line)


async def test_two_submissions_side_by_side(desk: Desk) -> None:
    await desk.ready("a", "b")
    same = Proof(ProofKind.TEXT, "Your name", "the very same words, written by somebody else entirely")
    desk.rig.market.add("t1", proofs=(same, *pictures("a")))
    desk.rig.market.add("t2", proofs=(same, *pictures("b")))
    await desk.poll()
    reply = await desk.rig.press("rob", "compare:A2-A1:0")
    assert reply.card is not None
    check("compare", plan_text(draw(reply.card, PHOTOS, now=desk.rig.clock.now(), whole=True)))


async def test_an_operation_in_doubt_asks_a_person(desk: Desk) -> None:
    desk.rig.market.add("t1")
    desk.rig.market.errors["add_positions"] = [OutcomeUnknown("no answer")]
    await desk.poll()
    await desk.rig.patiently(desk.rig.say("mia", "job add-positions J1 10"))
    await desk.rig.patiently(desk.rig.press("mia", "confirm:op-1:0"))
    await desk.rig.turn(300)
    desk.shown("operation-in-doubt", "operation:op-1")


def test_facts_a_list_and_problems() -> None:
    facts = Fields((Field("Waiting", "12"), Field("Spent today", "$1.20 of $5.00")))
    rows = (
        ("account main", "running", "2 min ago (14:58 UTC)", "—"),
        ("adapter telegram", "running", "—", "@bot by polling, 84 ms"),
    )
    parts = Table(("Part", "State", "Last read", "Connection"), rows, title="Parts")
    problem = Text("channel review: the bot was removed from the group", tone=Tone.DANGER)
    card = Card("Status", badge="Needs attention", tone=Tone.WARNING, blocks=(facts, parts, problem))
    check("status", plan_text(draw(card, {}, now=START, whole=True)))


async def test_a_chart_is_the_cards_picture_and_goes_ahead_where_the_words_are_many() -> None:
    chart = Chart("Rated a day", ("4 Jan", "5 Jan"), (Series("approved", (3.0, 5.0), Tone.SUCCESS),))
    card = Card("The day", "notice:n-1", blocks=(Fields((Field("Approved", "8"),)), chart))
    photos = await load(PicturesOf(KeptPictures(), card), wanted(card))
    plan = draw(card, photos, now=START)
    assert plan.before == ()
    assert plan.card.media is not None
    assert (plan.card.media.document, plan.card.media.photo.media_type) == (False, "image/png")
    rows = tuple((f"Job number {n} with a rather long name", "12") for n in range(60))
    plan = draw(replace(card, blocks=(*card.blocks, Table(("Job", "Approved"), rows))), photos, now=START)
    (ahead,) = plan.before
    assert isinstance(ahead, Note)
    assert ahead.media is not None
    assert plan.card.media is None
    assert "Job number 40" in plan.card.html
