"""A pretended Discord or Telegram in a process of its own, with people who press and type there when they are told to.

Says in a line of JSON where it is and who its people are. Then each line that comes in, `["press", ["A1", ...]]` or
`["command", ["A1", ...]]`, has them do so, and is answered by how many seconds each of them waited; `["ready"]` is
answered once a bot listens. Ends when its input does.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from tests.adapters.discord.rules import BUTTON, CONTAINER, ROW, TEXT, V2
from tests.adapters.discord.server import TOKEN, FakeDiscord
from tests.adapters.discord.world import IN_TIME, REVIEW, Interaction
from tests.adapters.telegram.server import PATIENCE, FakeTelegram

AT_ONCE = 201  # people in Discord who do something again as soon as they are answered: each has 200 beside them
PEOPLE = 30  # in Telegram, each in a chat of their own
PACE = 20.0  # a second, in Telegram, which takes no more than 30 answers
GROUP = -1001

Act = Callable[[int, str], Awaitable[float]]  # by whom, on what; returns how long they waited


class Place(Protocol):
    """What people do in a messenger. Seconds until each was answered, or until that had failed."""

    async def start(self) -> dict[str, Any]: ...

    async def ready(self) -> None: ...

    async def press(self, names: Sequence[str]) -> list[float]: ...

    async def command(self, names: Sequence[str]) -> list[float]: ...

    async def stop(self) -> None: ...


class Discord:
    """Its limits are not for what is measured here."""

    def __init__(self) -> None:
        self._fake = FakeDiscord(told_limits=False)
        self._fake.limits.calls = self._fake.limits.all_calls = sys.maxsize
        self._people = [self._fake.world.user(f"person-{number}") for number in range(AT_ONCE)]

    async def start(self) -> dict[str, Any]:
        await self._fake.start()
        return {
            "base_url": self._fake.base_url,
            "token": TOKEN,
            "guild": self._fake.world.guild,
            "channel": REVIEW,
            "people": [person.id for person in self._people],
        }

    async def ready(self) -> None:
        await _until(lambda: self._fake.gateway.connected)

    async def press(self, names: Sequence[str]) -> list[float]:
        """`Approve` on a card for each, acknowledged."""
        world = self._fake.world
        cards = {name: world.add(REVIEW, {"components": _card(name), "flags": V2}, {}) for name in names}

        async def press(person: int, name: str) -> float:
            return _waited(await self._fake.click(self._people[person], cards[name], "Approve"))

        return await _always(press, names)

    async def command(self, names: Sequence[str]) -> list[float]:
        """`/show`, acknowledged."""

        async def command(person: int, name: str) -> float:
            return _waited(await self._fake.slash(self._people[person], "show", {"submission": name}))

        return await _always(command, names)

    async def stop(self) -> None:
        await self._fake.stop()


class Telegram:
    """Everybody is in a private chat of their own, and in the group."""

    def __init__(self) -> None:
        self._fake = FakeTelegram()
        self._people = [self._fake.user(f"Person {number}", 1000 + number) for number in range(PEOPLE)]
        self._fake.supergroup(GROUP, "Reviewers", *self._people)

    async def start(self) -> dict[str, Any]:
        await self._fake.start()
        people = [str(person.id) for person in self._people]
        return {"base_url": self._fake.base_url, "token": self._fake.token, "channel": GROUP, "people": people}

    async def ready(self) -> None:
        polls = self._fake.updates.polls
        await _until(lambda: self._fake.updates.polls > polls)

    async def press(self, names: Sequence[str]) -> list[float]:
        """`Approve` under what the bot has shown to each before."""
        shown = [self._fake.from_bot(person)[-1] for person in self._people]

        async def press(person: int, name: str) -> float:
            began = time.perf_counter()
            await self._fake.presses(self._people[person], shown[person], data=f"approve:{name}:0")
            return time.perf_counter() - began

        return await _paced(press, names)

    async def command(self, names: Sequence[str]) -> list[float]:
        """`/show`, answered."""

        async def command(person: int, name: str) -> float:
            began = time.perf_counter()
            user = self._people[person]
            await self._fake.reply_to(await self._fake.says(user, user, f"/show {name}"))
            return time.perf_counter() - began

        return await _paced(command, names)

    async def stop(self) -> None:
        await self._fake.stop()


PLACES: dict[str, Callable[[], Place]] = {"discord": Discord, "telegram": Telegram}


async def main(messenger: str) -> None:
    place = PLACES[messenger]()
    print(json.dumps(await place.start()), flush=True)
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(await _do(place, *json.loads(line))), flush=True)
    finally:
        await place.stop()


async def _do(place: Place, what: str, names: Sequence[str] = ()) -> list[float]:
    match what:
        case "press":
            return await place.press(names)
        case "command":
            return await place.command(names)
    await place.ready()
    return []


async def _always(act: Act, names: Sequence[str]) -> list[float]:
    """Everybody goes on as soon as they are answered."""
    left = iter(names)

    async def person(number: int) -> list[float]:
        return [await act(number, name) for name in left]

    return [wait for waits in await asyncio.gather(*(person(n) for n in range(AT_ONCE))) for wait in waits]


async def _paced(act: Act, names: Sequence[str]) -> list[float]:
    """Each when it is due, by one after the other."""
    began = time.perf_counter()

    async def one(number: int, name: str) -> float:
        await asyncio.sleep(max(0.0, began + number / PACE - time.perf_counter()))
        return await act(number % PEOPLE, name)

    return await asyncio.gather(*(one(number, name) for number, name in enumerate(names)))


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(6 * PATIENCE):
        while not condition():  # noqa: ASYNC110 - another process changes it
            await asyncio.sleep(0.002)


def _waited(interaction: Interaction) -> float:
    return interaction.took if interaction.kind else IN_TIME


def _card(name: str) -> list[dict[str, Any]]:
    """As large as those that the bot posts; what it is about is in its buttons."""
    said = (
        f"**{name}** one · new\nThe page was quick and I liked it best. I would visit it again: all was easy to find."
    )
    buttons = [
        {"type": BUTTON, "style": 2, "label": verb.title(), "custom_id": f"{verb}:{name}:0"}
        for verb in ("approve", "reject", "revise")
    ]
    return [{"type": CONTAINER, "components": [{"type": TEXT, "content": said}, {"type": ROW, "components": buttons}]}]


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
