"""A long form, filled in by people at a pretended Telegram: by typing, by touching, across restarts, beside others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from botcore.adapter import Actor
from botcore.ui import Card, Form, Reply
from tests.adapters.telegram.bench import Bench
from tests.adapters.telegram.server import Chat, Message, User
from tests.adapters.telegram.test_telegram_long_forms import POST, WORKERS
from tests.core.rig import Rig


@dataclass
class Clerk:
    """Answers `post` and `workers` with their forms, and keeps what is handed in."""

    taken: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)  # what is wrong with an answer, by the input's name

    def stands_in(self, rig: Rig) -> None:
        for name in ("command", "submit_form", "check_form"):
            setattr(rig.dispatch, name, getattr(self, name))

    async def command(self, actor: Actor, line: str, file: object = None) -> Reply:
        forms = {"post": replace(POST, live=True), "workers": WORKERS}
        return Reply(form=forms[line]) if line in forms else Reply(f"ran {line}")

    async def submit_form(self, actor: Actor, form: str, values: Mapping[str, str]) -> Reply:
        self.taken.append((actor.user_id, form, dict(values)))
        if self.refuse:
            wrong = tuple(
                replace(i, value=values.get(i.name, i.value), error=self.refuse.get(i.name, "")) for i in POST.inputs
            )
            self.refuse = {}
            return Reply("Not yet.", form=replace(POST, inputs=wrong))
        return Reply(card=Card("The draft", "draft:d-12"))

    async def check_form(self, actor: Actor, form: str, values: Mapping[str, str]) -> Form:
        return replace(POST, note=f"{values.get('positions')} x {values.get('price')}")


@pytest.fixture
async def clerk(bench: Bench) -> Clerk:
    clerk = Clerk()
    clerk.stands_in(await bench.start(listen=False))
    await bench.adapter.start(bench.rig.dispatch)
    return clerk


async def says(bench: Bench, user: User, *texts: str) -> Message:
    """Writes them one after the other, in private; returns the last answer."""
    for text in texts:
        await bench.fake.says(user, user, text)
        await bench.until_answered()
    return bench.fake.from_bot(user)[-1]


async def touches(bench: Bench, user: User, message: Message, button: str) -> None:
    bench.fake.press(user, message, button)
    await bench.until_answered(90)


async def asked(bench: Bench, where: Chat | User, words: str) -> Message:
    await bench.until_answered()
    return [m for m in bench.fake.from_bot(where) if words in m.text and m.buttons][-1]


ANSWERS = ("Sign up to ACME website", "sign up kind 27", "international", "0.10", "30", "visit it\nsign up", "No hurry")
WHOLE = {
    "title": "Sign up to ACME website",
    "category": "0027",
    "zone": "int",
    "price": "0.10",
    "positions": "30",
    "instructions": "visit it\nsign up",
    "notes": "No hurry",
}


async def test_in_private_seven_messages_and_one_touch_fill_in_seven_questions(bench: Bench, clerk: Clerk) -> None:
    summary = await says(bench, bench.mia, "post", *ANSWERS)
    assert "30 x 0.10" in summary.text
    assert bench.fake.from_bot(bench.mia) == [summary]
    await touches(bench, bench.mia, summary, "Quote")
    assert clerk.taken == [("102", POST.id, WHOLE)]
    assert "The draft" in bench.fake.from_bot(bench.mia)[-1].text


async def test_all_typed_at_once_is_taken_in_its_order_and_asked_in_as_few_messages(bench: Bench, clerk: Clerk) -> None:
    question = await says(bench, bench.mia, "post")
    assert not question.force_reply
    before = len(bench.fake.calls_of("sendMessage"))
    for text in ANSWERS:
        await bench.fake.says(bench.mia, bench.mia, text)
    await bench.until_answered()
    assert len(bench.fake.calls_of("sendMessage")) - before == len(ANSWERS)
    assert "No hurry" in bench.fake.from_bot(bench.mia)[-1].text


async def test_what_does_not_fit_is_said_at_its_question_and_a_slash_is_still_a_command(
    bench: Bench, clerk: Clerk
) -> None:
    question = await says(bench, bench.mia, "post", "A title", "gardening")
    assert "Nothing here is called “gardening”." in question.text
    assert (await says(bench, bench.mia, "/help")).text == "ran help"
    question = await says(bench, bench.mia, "sign up kind 27", "int", "cheap")
    assert "This is an amount of dollars, such as 0.25." in question.text
    assert await says(bench, bench.mia, "/cancel")
    assert (await says(bench, bench.mia, "hello")).text == "ran hello"


async def test_choices_are_turned_page_by_page_by_the_same_button(bench: Bench, clerk: Clerk) -> None:
    question = await says(bench, bench.mia, "post", "A title")
    for _ in range(3):
        await touches(bench, bench.mia, question, "More…")
    assert question.labels[0] == "Search · Kind 36"


async def test_one_of_several_can_be_touched_on_off_and_on_again(bench: Bench, clerk: Clerk) -> None:
    summary = await says(bench, bench.mia, "workers")
    await touches(bench, bench.mia, summary, "Devices…")
    for _ in range(3):
        button = next(label for label in summary.labels if "Android" in label)
        await touches(bench, bench.mia, summary, button)
    assert "✓ Android" in summary.labels
    await touches(bench, bench.mia, summary, "Done")
    await touches(bench, bench.mia, summary, "Send")
    assert clerk.taken[-1][2]["devices"] == "and"


async def test_a_button_touched_twice_in_a_hurry_hands_in_once(bench: Bench, clerk: Clerk) -> None:
    summary = await says(bench, bench.mia, "post", *ANSWERS)
    data = summary.button("Quote").data
    for _ in range(2):
        bench.fake.press(bench.mia, summary, data=data)
    await bench.until_answered()
    assert len(clerk.taken) == 1


async def test_a_restart_in_the_middle_loses_nothing(bench: Bench, clerk: Clerk) -> None:
    await says(bench, bench.mia, "post", *ANSWERS[:3])
    clerk.stands_in(await bench.kill())
    summary = await says(bench, bench.mia, *ANSWERS[3:])
    await touches(bench, bench.mia, summary, "Quote")
    assert clerk.taken == [("102", POST.id, WHOLE)]


async def test_two_people_in_one_group_each_fill_in_their_own(bench: Bench, clerk: Clerk) -> None:
    people = {bench.mia: "mia", bench.rob: "rob"}
    for user in people:
        await bench.fake.says(user, bench.group, f"/post@{bench.fake.world.bot.username}")
    for number, answer in enumerate(ANSWERS):
        for user, name in people.items():
            await bench.until_answered(90)
            mine = f" · {user.name} · {number + 1} of"
            boxes = [m for m in bench.fake.from_bot(bench.group) if m.force_reply and user.name in m.text]
            to = boxes[-1] if boxes else await asked(bench, bench.group, mine)
            text = f"{answer} {name}" if number in (0, 5) else answer
            await bench.fake.says(user, bench.group, text, reply_to=to)
    for user in people:
        summary = await asked(bench, bench.group, f"A new job · {user.name}")
        await touches(bench, user, summary, "Quote")
    for user, name in people.items():
        own = {"title": f"{ANSWERS[0]} {name}", "instructions": f"{ANSWERS[5]} {name}"}
        assert (str(user.id), POST.id, {**WHOLE, **own}) in clerk.taken


async def test_what_is_refused_is_asked_again_one_after_the_other_and_the_rest_is_kept(
    bench: Bench, clerk: Clerk
) -> None:
    summary = await says(bench, bench.mia, "post", *ANSWERS)
    clerk.refuse = {"price": "is at least $0.20 there", "title": "is too short"}
    await touches(bench, bench.mia, summary, "Quote")
    question = bench.fake.from_bot(bench.mia)[-1]
    assert "Is too short." in question.text
    question = await says(bench, bench.mia, "A longer title")
    assert "Is at least $0.20 there." in question.text
    summary = await says(bench, bench.mia, "0.25")
    await touches(bench, bench.mia, summary, "Quote")
    assert clerk.taken[-1][2] == {**WHOLE, "title": "A longer title", "price": "0.25"}
