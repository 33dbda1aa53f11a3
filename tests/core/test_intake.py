"""Work comes in once, whatever the marketplace tells in which order; what leaves it is noticed."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from botcore.intake import _note_sightings
from botcore.models import EarlierRevision, Hints, Proof, ProofKind, Sighting, SightingState
from botcore.provider import Unavailable
from tests.core.market import HOUR, START, make_submission
from tests.core.rig import Rig, Rigs, Setup, words

MINUTE = 60


async def next_poll(rig: Rig, *, sweep: bool = False) -> None:
    """A minute later, as in life: nothing that is there is as old as this poll."""
    await rig.turn(MINUTE)
    await rig.poll(sweep=sweep)


# --- once


async def test_a_submission_comes_in_once_however_often_it_is_read(rig: Rig) -> None:
    for task in ("a", "b"):
        rig.market.add(task)
    for _ in range(4):
        await next_poll(rig, sweep=True)
    assert await rig.states("submissions") == ["shown", "shown"]
    assert rig.received == [1, 2]
    assert len(rig.adapter.messages) == 2


async def test_a_poll_and_a_webhook_at_once_make_one_of_it(rig: Rig) -> None:
    rig.market.add("a")
    await rig.intake.take_hints("main", Hints(tasks={"J1": ("a",)}))
    await rig.poll()
    assert rig.received == [1]
    assert len(rig.adapter.messages) == 1


async def test_a_task_that_is_on_a_page_twice_comes_in_once(rig: Rig) -> None:
    submission = rig.market.add("a")
    await rig.intake.ingest([submission, submission])
    await rig.settle()
    assert rig.received == [1]
    assert len(rig.adapter.messages) == 1


async def test_two_who_read_a_page_at_once_make_one_of_each(rig: Rig) -> None:
    page = [rig.market.add(f"t{number}") for number in range(5)]
    await asyncio.gather(rig.intake.ingest(page), rig.intake.ingest(page))
    await rig.settle()
    assert rig.received == [1, 2, 3, 4, 5]
    assert len(rig.adapter.messages) == 5


async def test_copies_on_one_page_are_flagged(rig: Rig) -> None:
    text = (Proof(ProofKind.TEXT, "Say why", "I liked the quiet page and its colours."),)
    await rig.intake.ingest([rig.market.add(task, proofs=text) for task in ("a", "b", "c")])
    await rig.settle()
    flags = await rig.rows("SELECT submission, text FROM flags WHERE kind = 'text' ORDER BY submission")
    assert [(row["submission"], row["text"]) for row in flags] == [(2, "Same text as #A1"), (3, "Same text as #A1")]


async def test_the_same_task_at_two_accounts_is_two_submissions(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(accounts=("main", "second")))
    for name, market in rig.markets.items():
        market.add("a")
        await rig.poll(name)
    accounts = [row["account"] for row in await rig.rows("SELECT account FROM submissions ORDER BY id")]
    assert accounts == ["main", "second"]


async def test_a_copy_at_another_account_is_flagged_also_where_its_task_has_the_same_id(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(accounts=("main", "second")))
    for name, market in rig.markets.items():
        market.add("a", proofs=(Proof(ProofKind.TEXT, "Say why", "I liked the quiet page and its colours."),))
        await rig.poll(name)
    flags = await rig.rows("SELECT submission, text FROM flags")
    assert [(row["submission"], row["text"]) for row in flags] == [(2, "Same text as #A1")]


async def test_a_kill_after_reading_neither_loses_nor_repeats(rigs: Rigs) -> None:
    rig = await rigs.start()
    rig.market.add("a")
    await rig.intake.poll(rig.account)
    after = await rigs.killed(rig)
    await after.poll()
    await after.settle()
    assert await after.states("submissions") == ["shown"]
    assert await after.value("SELECT count(*) FROM deliveries") == 1


async def test_pages_that_shift_while_they_are_read_lose_nothing(rig: Rig) -> None:
    rig.market.page_size = 5
    for number in range(20):
        rig.market.add(f"t{number}", submitted_at=START + timedelta(seconds=number))

    def somebody_hands_in() -> None:
        count = len(rig.market.tasks)
        rig.market.add(f"t{count}", submitted_at=START + timedelta(seconds=count))

    rig.market.between_pages = somebody_hands_in
    await rig.poll()
    rig.market.between_pages = lambda: None
    await next_poll(rig)
    assert len(await rig.states("submissions")) == len(rig.market.tasks)


async def test_pages_that_shrink_while_they_are_read_lose_nothing(rig: Rig) -> None:
    rig.market.page_size = 5
    for number in range(20):
        rig.market.add(f"t{number}", submitted_at=START + timedelta(seconds=number))
    doomed = iter(["t19", "t18", "t17"])

    def somebody_rates_on_the_website() -> None:
        if task := next(doomed, None):
            rig.market.rate_on_website(task, SightingState.APPROVED)

    rig.market.between_pages = somebody_rates_on_the_website
    await rig.poll()
    rig.market.between_pages = lambda: None
    await next_poll(rig)
    await next_poll(rig)
    waiting = await rig.rows("SELECT task_id FROM submissions WHERE state = 'shown'")
    assert sorted(row["task_id"] for row in waiting) == sorted(f"t{n}" for n in range(17))


async def test_what_the_pages_did_not_show_is_not_gone(rig: Rig) -> None:
    rig.market.page_size = 2
    for number in range(6):
        rig.market.add(f"t{number}", submitted_at=START + timedelta(seconds=number))
    await rig.poll()

    def shift() -> None:
        rig.market.add(f"new{len(rig.market.tasks)}", submitted_at=START + timedelta(hours=1))
        rig.market.between_pages = lambda: None

    rig.market.between_pages = shift
    await next_poll(rig, sweep=True)
    assert set(await rig.states("submissions")) == {"shown"}


# --- how much is read


async def test_a_job_whose_counts_are_known_is_not_read_again(rig: Rig) -> None:
    rig.market.add("a", "J1")
    rig.market.add("b", "J2")
    await rig.poll()
    assert len(rig.market.reads) == 2
    for _ in range(5):
        await next_poll(rig)
    assert len(rig.market.reads) == 2
    rig.market.add("c", "J2")
    await next_poll(rig)
    assert rig.market.reads[2:] == [("J2", None)]
    await next_poll(rig)
    assert len(rig.market.reads) == 3


async def test_one_that_came_and_one_that_went_are_noticed_though_the_count_is_the_same(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    rig.market.rate_on_website("a", SightingState.REJECTED)
    rig.market.add("b")
    await next_poll(rig)
    assert await rig.states("submissions") == ["elsewhere", "shown"]


async def test_everything_is_read_every_quarter_of_an_hour_whatever_the_counts_say(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    rig.market.hand_in_again("a")
    for _ in range(14):
        await next_poll(rig)
    assert await rig.states("submissions") == ["shown"]
    await next_poll(rig)
    assert await rig.states("submissions") == ["superseded", "shown"]


async def test_a_poll_that_fails_half_way_is_made_good_by_the_next(rig: Rig) -> None:
    rig.market.add("a", "J1")
    rig.market.add("b", "J2")
    rig.market.errors["pending"] = [Unavailable("down")]
    with pytest.raises(Unavailable):
        await rig.poll()
    assert await rig.value("SELECT polled_at FROM accounts") is None
    await next_poll(rig)
    assert len(await rig.states("submissions")) == 2


# --- what becomes of it


@pytest.mark.parametrize(
    ("state", "note"),
    [
        (SightingState.APPROVED, "approved"),
        (SightingState.REJECTED, "rejected"),
        (SightingState.REVISED, "sent back for revision"),
        (SightingState.RATED, ""),
    ],
)
async def test_what_was_rated_on_the_website_says_so_on_its_card(rig: Rig, state: SightingState, note: str) -> None:
    rig.market.add("a")
    await rig.poll()
    rig.market.rate_on_website("a", state)
    await next_poll(rig)
    assert await rig.states("submissions") == ["elsewhere"]
    card = rig.adapter.shown()[0]
    assert card.badge == "Rated elsewhere"
    assert (note or "Rated on the website.") in words(card)
    assert card.buttons == ()


async def test_an_approval_after_the_deadline_was_the_marketplaces_own(rig: Rig) -> None:
    rig.market.add("a", deadline=START + timedelta(hours=1))
    await rig.poll()
    await rig.turn(HOUR)
    rig.market.rate_on_website("a", SightingState.APPROVED)
    await next_poll(rig)
    assert await rig.states("submissions") == ["lapsed"]
    assert rig.adapter.badges() == ["Paid automatically"]


async def test_what_is_in_no_list_is_gone_only_after_two_looks(rig: Rig) -> None:
    rig.market.add("a")
    rig.market.add("b")
    await rig.poll()
    rig.market.hidden.add("a")
    await next_poll(rig)
    assert await rig.states("submissions") == ["shown", "shown"]
    await next_poll(rig)
    assert await rig.states("submissions") == ["elsewhere", "shown"]


@pytest.mark.parametrize("with_others", [True, False])
async def test_what_is_back_between_the_looks_was_never_gone(rig: Rig, with_others: bool) -> None:
    rig.market.add("a")
    if with_others:
        rig.market.add("b")
    await rig.poll()
    for _ in range(4):
        rig.market.hidden.add("a")
        await next_poll(rig)
        rig.market.hidden.clear()
        await next_poll(rig, sweep=True)
    assert set(await rig.states("submissions")) == {"shown"}


async def test_a_look_that_finds_it_starts_the_count_anew(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    for _ in range(4):
        rig.market.hidden.add("a")
        await next_poll(rig)
        rig.market.hidden.clear()
        rig.market.unlisted.add("a")
        await next_poll(rig)
    assert await rig.states("submissions") == ["shown"]


async def test_what_was_taken_for_gone_and_is_there_waits_again(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    rig.market.hidden.add("a")
    await next_poll(rig)
    await next_poll(rig)
    assert await rig.states("submissions") == ["elsewhere"]
    rig.market.hidden.clear()
    await next_poll(rig)
    assert await rig.states("submissions") == ["shown"]
    assert rig.adapter.badges() == ["Waiting"]
    edits = rig.adapter.edits
    await next_poll(rig, sweep=True)
    assert rig.adapter.edits == edits


async def test_a_held_decision_on_what_the_website_rated_first_is_overtaken(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    rig.clock.advance(1)
    await rig.say("rob", "approve a")
    rig.market.rate_on_website("a", SightingState.REJECTED)
    await rig.poll()
    assert await rig.states() == ["overtaken"]
    assert "rob had approved it here; that was not sent." in words(rig.adapter.shown()[0])
    await rig.turn(HOUR)
    assert rig.market.sent == []


async def test_a_decision_that_may_have_left_is_not_taken_for_the_websites(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    await rig.say("rob", "approve a")
    later = rig.clock.ms() + 10 * HOUR * 1000
    await rig.store.tx(lambda tx: tx.q("UPDATE decisions SET state = 'due', tries = 1, due_at = :at", at=later))
    rig.market.rate_on_website("a", SightingState.APPROVED)
    await next_poll(rig, sweep=True)
    assert await rig.states() == ["due"]


async def test_what_the_bot_rated_itself_was_not_rated_elsewhere(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    await rig.say("rob", "approve a")
    await rig.turn(20)
    for _ in range(3):
        await next_poll(rig, sweep=True)
    assert await rig.states("submissions") == ["rated"]
    assert rig.adapter.badges() == ["Approved by rob"]


# --- revisions


async def test_a_new_revision_is_a_card_of_its_own_and_closes_the_old_one(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    old = EarlierRevision((Proof(ProofKind.TEXT, "Your name", "first try"),), "More please.", START)
    rig.market.hand_in_again("a", earlier=(old,))
    await next_poll(rig, sweep=True)
    first, second = rig.adapter.shown()
    assert (first.badge, first.buttons) == ("Newer revision", ())
    assert second.badge == "Waiting"
    assert "Said to revision 0: More please." in words(second)
    assert "first try" in words(second)


async def test_a_revision_that_answers_our_revise_leaves_that_as_it_was(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    await rig.say("rob", "revise a reason=More please")
    await rig.turn(20)
    rig.market.hand_in_again("a")
    await next_poll(rig)
    assert rig.adapter.badges() == ["Sent back by rob", "Waiting"]
    assert await rig.states("submissions") == ["rated", "shown"]


async def test_a_held_decision_does_not_go_to_a_newer_revision(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    await rig.say("rob", "approve a")
    rig.market.hand_in_again("a")
    rig.clock.advance(1)
    await rig.poll(sweep=True)
    await rig.turn(HOUR)
    assert await rig.states() == ["overtaken"]
    assert await rig.states("submissions") == ["superseded", "shown"]
    assert rig.market.sent == []


async def test_an_older_revision_told_late_is_no_new_work(rig: Rig) -> None:
    old = make_submission("a")
    new = rig.market.add("a", revision=1)
    await rig.intake.ingest([new])
    await rig.intake.ingest([old])
    await rig.settle()
    assert await rig.states("submissions") == ["shown", "superseded"]
    assert len(rig.adapter.messages) == 1
    assert rig.received == [1]


async def test_a_look_that_tells_of_a_newer_revision_fetches_it(rig: Rig) -> None:
    rig.market.add("a")
    rig.market.add("b")
    await rig.poll()
    rig.market.hand_in_again("a")
    rig.market.rate_on_website("b", SightingState.APPROVED)
    rig.market.page_size = 1
    await next_poll(rig)
    assert sorted(await rig.states("submissions")) == ["elsewhere", "shown", "superseded"]


# --- hints


async def test_a_hinted_task_is_read_at_once_and_alone(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    rig.market.reads.clear()
    rig.market.add("b")
    await rig.intake.take_hints("main", Hints(tasks={"J1": ("b",)}))
    await rig.settle()
    assert rig.market.reads == [("J1", ("b",))]
    assert len(rig.adapter.messages) == 2
    assert await rig.rows("SELECT * FROM hints") == []


async def test_hints_are_durable_before_they_are_answered(rigs: Rigs) -> None:
    rig = await rigs.start()
    rig.market.add("a")
    rig.market.errors["pending"] = [Unavailable("down")] * 2
    await rig.intake.take_hints("main", Hints(tasks={"J1": ("a",)}))
    after = await rigs.killed(rig)
    await after.turn(MINUTE)
    assert await after.states("submissions") == ["shown"]
    assert await after.rows("SELECT * FROM hints") == []


async def test_a_hint_of_what_is_not_there_is_forgotten(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    await rig.intake.take_hints(
        "main", Hints(tasks={"J1": ("never heard of",), "no such job": ("x",)}, jobs=("nor this",))
    )
    await rig.settle()
    assert await rig.rows("SELECT * FROM hints") == []
    assert await rig.value("SELECT count(*) FROM work") == 0
    assert len(await rig.states("submissions")) == 1


async def test_a_hint_about_a_job_reads_the_job_again(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    rig.market.add("b")
    await rig.intake.take_hints("main", Hints(jobs=("J1",)))
    await rig.settle()
    assert '"unrated":2' in await rig.value("SELECT data FROM jobs")


async def test_an_outage_keeps_hints_until_it_is_over(rig: Rig) -> None:
    rig.market.add("a")
    rig.market.errors["pending"] = [Unavailable("down")] * 4
    await rig.intake.take_hints("main", Hints(tasks={"J1": ("a",)}))
    await rig.turn(1)
    assert rig.account.problem == "down"
    await rig.turn(5 * MINUTE)
    assert await rig.states("submissions") == ["shown"]


# --- much


async def test_thousands_that_wait_come_in_and_go_out(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(channels=()))
    for number in range(3000):
        rig.market.add(f"t{number}", submitted_at=START + timedelta(seconds=number))
    rig.market.page_size = 200
    await rig.poll()
    assert len(await rig.states("submissions")) == 3000
    for task in rig.market.tasks:
        rig.market.rate_on_website(task, SightingState.APPROVED)
    await next_poll(rig)
    assert Counter(await rig.states("submissions")) == {"elsewhere": 3000}
    assert max(len(ids) for ids in rig.market.looks) <= 200


async def test_thousands_of_hints_of_one_job_are_all_followed(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(channels=()))
    for number in range(2500):
        rig.market.add(f"t{number}")
    await rig.intake.take_hints("main", Hints(tasks={"J1": tuple(rig.market.tasks)}))
    await rig.settle()
    assert len(await rig.states("submissions")) == 2500
    assert await rig.rows("SELECT * FROM hints") == []


# --- flags and advice


async def test_exact_copies_are_flagged_and_advice_is_shown(rigs: Rigs) -> None:
    rig = await rigs.start(
        Setup(advise=lambda submission: ("looks hurried\u202e",) if submission.task_id == "b" else ())
    )
    text = (Proof(ProofKind.TEXT, "Say why", "I liked the quiet page and its colours."),)
    rig.market.add("a", proofs=text, ip_address="192.0.2.1")
    await rig.poll()
    rig.market.add("b", proofs=text, ip_address="192.0.2.1")
    await next_poll(rig)
    first, second = rig.adapter.shown()
    assert "Flag: " not in words(first)
    for flag in ("Same text as #A1", "Same IP address as #A1", "looks hurried"):
        assert f"Flag: {flag} |" in words(second)


async def test_a_revision_is_no_copy_of_what_the_worker_handed_in_before(rig: Rig) -> None:
    text = (Proof(ProofKind.TEXT, "Say why", "I liked the quiet page and its colours."),)
    rig.market.add("a", proofs=text)
    await rig.poll()
    rig.market.hand_in_again("a")
    await next_poll(rig, sweep=True)
    assert "Flag: " not in words(rig.adapter.shown()[1])


async def test_a_look_at_an_older_revision_says_nothing_of_the_newer_one(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    rig.market.hand_in_again("a")
    rig.clock.advance(1)
    await rig.poll(sweep=True)
    stale = [Sighting("a", SightingState.REVISED, 0)]  # seen before the worker handed in again, told after
    await rig.store.tx(_note_sightings, "main", "J1", stale, rig.clock.ms())
    assert await rig.states("submissions") == ["superseded", "shown"]
