"""Cards through random orders of everything that can happen to them: whatever waits can be seen, and as it stands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from botcore.models import Channel, SightingState
from botcore.notices.kinds import Event, Hearing
from botcore.ui import Button, Card, Result
from tests.core.machine import SPANS, Machine, picked, said, try_hard, try_harder
from tests.core.rig import INBOX, Setup

CROWDED = Channel("crowded", "memory", "there", queue_above=2)  # one card for all, soon
SECOND = Channel("second", "memory", "elsewhere", accounts=("second",), queue_above=1)
NEWS = Channel("news", "memory", "news", purpose="notify", hears=Hearing(events=(Event.SUMMARY,)))
CHANNELS = (INBOX, CROWDED, SECOND, NEWS)
PEOPLE = ("rob", "mia", "olga")
PRESSED = ("approve", "undo", "skip", "more", "all", "alone", "stop")
Press = tuple[int, int, str]  # which card, which of its buttons, by whom
PRESSES = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from([0, 0, 1, 2, 3]), st.sampled_from(PEOPLE)), min_size=1, max_size=3
)


class Deliveries(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.private: dict[str, Card] = {}  # what each person sees alone

    def make_setup(self) -> Setup:
        return replace(super().make_setup(), accounts=("main", "second"), channels=CHANNELS)

    # --- what there is to show

    @initialize(number=st.integers(0, 4))
    def begin(self, number: int) -> None:
        for _ in range(number):
            self.hand_in("main")

    @rule(account=st.sampled_from(["main", "main", "second"]))
    def hand_in(self, account: str) -> None:
        self.count += 1
        self.rig.markets[account].add(f"t{self.count}", f"J-{account}")
        self.run(self.poll())

    @rule(number=st.integers(0, 9))
    def hand_in_again(self, number: int) -> None:
        """Sent back on the website, and handed in once more."""
        waiting = [name for name, task in self.market.tasks.items() if task.state is SightingState.WAITING]
        if task := picked(waiting, number):
            self.market.rate_on_website(task, SightingState.REVISED)
            self.market.hand_in_again(task)
        self.run(self.poll())

    @rule(number=st.integers(0, 9), account=st.sampled_from(["main", "second"]))
    def rate_elsewhere(self, number: int, account: str) -> None:
        market = self.rig.markets[account]
        waiting = [name for name, task in market.tasks.items() if task.state is SightingState.WAITING]
        if task := picked(waiting, number):
            market.rate_on_website(task, SightingState.APPROVED)
        self.run(self.poll())

    # --- what people do with it

    @rule(presses=PRESSES, seconds=st.sampled_from(SPANS))
    def press(self, presses: list[Press], seconds: int) -> None:
        """One after the other, and nobody waits for the cards to follow."""
        self.run(self._press_all(presses, seconds))

    # once more: some rules are left out of each run
    @rule(presses=PRESSES, seconds=st.sampled_from(SPANS))
    def press_more(self, presses: list[Press], seconds: int) -> None:
        self.run(self._press_all(presses, seconds))

    async def _press_all(self, presses: list[Press], seconds: int) -> None:
        for number, which, who in presses:
            pressable = [card for card in self.adapter.shown() if any(verb_of(b) in PRESSED for b in card.buttons)]
            if card := picked(pressable, number):
                await self._press(card, which, who)
        await self.pass_time(seconds)

    @rule(who=st.sampled_from(PEOPLE))
    def review_alone(self, who: str) -> None:
        self.run(self._review(who))

    async def _review(self, who: str) -> None:
        reply = await self.rig.say(who, "review")
        if said(reply) or reply.card:
            self.private[who] = reply.card or Card("")

    @rule(which=st.integers(0, 9), who=st.sampled_from(PEOPLE))
    def press_alone(self, which: int, who: str) -> None:
        if card := self.private.get(who):
            self.run(self._press(card, which, who))

    async def _press(self, card: Card, which: int, who: str) -> None:
        button: Button | None = picked([b for b in card.buttons if verb_of(b) in PRESSED], which)
        if button is None:
            return
        reply = await self.rig.press(who, button.id)
        assert said(reply) or reply.card
        if reply.replaces and reply.card:
            self.private[who] = reply.card
        if button.label.startswith(("Approve", "Undo")) and reply.result is Result.DONE:
            assert reply.text, "it was done, and nobody is told"

    # --- the config

    @rule(gone=st.sets(st.sampled_from(["inbox", "crowded", "second"]), max_size=2))
    def configure(self, gone: set[str]) -> None:
        """Starts again with other channels."""
        channels = tuple(channel for channel in CHANNELS if channel.name not in gone)
        self.run(self.restart(replace(self.rig.setup, channels=channels)))

    # --- what is always so

    @invariant()
    def no_two_hold_the_same(self) -> None:
        with self.watched():
            held = [
                row["submission"]
                for row in self.ask(
                    "SELECT submission FROM queues WHERE closed_at IS NULL AND person != '' AND submission IS NOT NULL"
                )
            ]
            assert len(held) == len(set(held)), "two reviewers hold one submission"
            assert self.rig.engine.failures == 0, "work failed that nobody had made fail"

    # --- what is so in the end

    def reckon(self) -> None:
        configured = {channel.name: channel for channel in self.rig.setup.channels}
        for row in self.ask("SELECT * FROM deliveries WHERE state = 'sent' OR state = 'gone'"):
            assert configured.get(row["channel"], INBOX).purpose == "review"
        self.reckon_cards()
        for channel in configured.values():
            if channel.purpose == "review":
                self._reckon_channel(channel)
        left = self.ask("SELECT * FROM work WHERE kind != 'calm'")
        assert not left, f"something is left to do: {left}"

    def _reckon_channel(self, channel: Channel) -> None:
        """Whatever waits is on a card of its own, or in a queue whose card is there."""
        queues = self.ask(
            """SELECT q.id, d.state FROM queues q JOIN deliveries d ON d.subject = 'queue:' || q.id
               WHERE q.closed_at IS NULL AND q.channel = :channel AND d.channel = :channel""",
            channel=channel.name,
        )
        assert len(queues) <= 1
        cards = {
            row["subject"]
            for row in self.ask("SELECT subject FROM deliveries WHERE channel = :channel", channel=channel.name)
        }
        for row in self.ask("SELECT id, account FROM submissions WHERE state IN ('new', 'shown')"):
            if channel.takes(row["account"]) and not queues:
                assert f"submission:{row['id']}" in cards, f"nobody can see it in {channel.name}"


def verb_of(button: Button) -> str:
    return button.id.partition(":")[0]


def test_no_order_of_events_hides_what_waits() -> None:
    try_hard(Deliveries, examples=20, steps=25)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_no_order_of_very_many_events_hides_what_waits(capsys: pytest.CaptureFixture[str]) -> None:
    try_harder(Deliveries, capsys, examples=1000, steps=60)
